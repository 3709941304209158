"""What the engines say, in the language of Slicer: their errors, and whatever else comes as a `Sentence`.

Their templates are collected for the translators as the texts of the panels are, in a context of each engine.
"""

from __future__ import annotations

from slicer.i18n import translate

from mednca.errors import MedNCAError, Sentence, fields

CONTEXTS = ("mednca", "mednca_train")
_MODELS = "models"


def sentenceText(said: Sentence | BaseException) -> str:
    """A sentence in the language of Slicer, with the sentences within it.

    Args:
        said: the sentence, or an error; one that is not of the engines is told as it is.
    """
    if isinstance(said, MedNCAError):
        said = said.sentence
    return str(said.mapped(_translated) if isinstance(said, Sentence) else said)


def modelsText(text: str) -> str:
    """What a model says of itself, in the language of Slicer where it is one that comes with the extension; others are
    told in their makers' language."""
    return translate(_MODELS, text)


def _translated(template):
    """In English where there is no translation, or one with other fields."""
    texts = (translate(context, template) for context in (*CONTEXTS, _MODELS))
    return next((text for text in texts if text != template and fields(text) == fields(template)), template)

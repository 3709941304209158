"""Stand-in for slicer.i18n: texts in the application's language, by the context of the file that asks."""

import re
import sys
from pathlib import Path

import slicer


def translate(context, text):
    """By the translators that the application has loaded; the text itself without any."""
    app = getattr(slicer, "app", None)
    return app.translate(context, text) if app else text


def tr(text):
    """The context is the file's name, after that of its package if it is in one."""
    path = Path(sys._getframe(1).f_code.co_filename)
    isInPackage = (path.parent / "__init__.py").is_file()
    translated = translate(f"{path.parent.name}.{path.stem}" if isInPackage else path.stem, text)
    return translated if _places(text) == _places(translated) else text


def _places(text):
    """As in Slicer, a translation that has other placeholders is not used."""
    return set(re.findall(r"(?<!\{)\{([^{}]+)\}(?!\})", text))

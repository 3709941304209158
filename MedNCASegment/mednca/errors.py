"""The one kind of error a user is meant to read, and the sentences that it is made of.

Anything raised as `MedNCAError` says what is wrong, why, and what to do, in one sentence or two; the command line
prints it as it is, and the module in the language of Slicer, by its template. Every other exception is a bug.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST = 600  # characters of a message; what it quotes may be a whole file
_FIELD = re.compile(r"\{(\w+)\}")


def fields(template: str) -> set[str]:
    """What a template wants filled in."""
    return set(_FIELD.findall(template))


@dataclass(frozen=True, init=False)
class Sentence:
    """A sentence for people that can be translated, because it keeps what is filled in apart. As text it is English.

    Attributes:
        template: a literal in the code, so that translators find it, with named fields: "{path} is empty."
        values: of its fields; a sentence within it can be translated, too.
    """

    template: str
    values: dict[str, str | Sentence]

    def __init__(self, template: str, /, **values: object):
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", {name: _value(value) for name, value in values.items()})

    def __str__(self) -> str:
        return plain(_FIELD.sub(lambda field: str(self.values.get(field[1], field[0])), self.template))

    def mapped(self, template: Callable[[str], str] = str, value: Callable[[str], str] = str) -> Sentence:
        """The same in other words, down to the sentences within it.

        Args:
            template: makes another template of each.
            value: makes another value of each that is a text.
        """
        values = {
            name: each.mapped(template, value) if isinstance(each, Sentence) else value(each)
            for name, each in self.values.items()
        }
        return Sentence(template(self.template), **values)

    @classmethod
    def from_json(cls, data: str | dict) -> Sentence:
        """data: checked against `schema.SENTENCE`; a text is one that cannot be translated."""
        if isinstance(data, str):
            return cls(data)
        inner = {
            name: value if isinstance(value, str) else cls.from_json(value) for name, value in data["values"].items()
        }
        return cls(data["template"], **inner)

    def to_json(self) -> dict:
        """Template and values, down to the sentences within it."""
        inner = {name: value.to_json() if isinstance(value, Sentence) else value for name, value in self.values.items()}
        return {"template": self.template, "values": inner}


class MedNCAError(Exception):
    """A problem the user can act on: bad input, a broken model, an impossible request.

    Args:
        template: one sentence or two: what is wrong, why, and what to do, with named fields.
        values: of the fields, as of `Sentence`; another error is the sentence that it says.
    """

    def __init__(self, template: str, /, **values: object):
        self.sentence = Sentence(template, **values)
        super().__init__(str(self.sentence))

    @classmethod
    def of(cls, sentence: Sentence) -> MedNCAError:
        """The error that says a sentence."""
        return cls(sentence.template, **sentence.values)


class NothingFound(MedNCAError):
    """Where somebody clicked there is nothing that a model could have meant; no result, and no fault either."""


def _value(value: object) -> str | Sentence:
    """As a sentence keeps it: nothing that a line of JSON or a terminal could not take."""
    if isinstance(value, MedNCAError):
        return value.sentence
    return value if isinstance(value, Sentence) else plain(value)


def sentence_of(error: BaseException) -> Sentence | None:
    """The sentence that an error of another kind was raised with; None where it was another's."""
    return next((each for each in error.args if isinstance(each, Sentence)), None)


def unforeseen(error: BaseException) -> Sentence:
    """What is told of an error that is nobody's but ours."""
    return Sentence("{kind}: {cause}", kind=type(error).__name__, cause=error)


def plain(text: object, longest: int = _LONGEST) -> str:
    """One line that any terminal and any encoding can show: names and values come from files that anybody wrote.

    What does not print (escape codes, writing direction, half a surrogate pair) is spelled out; of a text that is too
    long the middle is left out.

    Args:
        text: a text, or anything that `str` makes one of.
        longest: characters that are kept, about.

    Returns:
        The line.
    """
    text = " ".join(str(text).splitlines())
    text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    return text if len(text) <= longest else f"{text[: 2 * longest // 3]} ... {text[-longest // 3 :]}"

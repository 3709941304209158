"""The one kind of error a user is meant to read.

Anything raised as `MedNCAError` says what is wrong, why, and what to do, in one sentence or two;
the command line and the module print it as it is. Every other exception is a bug.
"""

_LONGEST = 600  # characters of a message; what it quotes may be a whole file


class MedNCAError(Exception):
    """A problem the user can act on: bad input, a broken model, an impossible request.

    Args:
        message: one sentence or two: what is wrong, why, and what to do.
    """

    def __init__(self, message: str):
        super().__init__(plain(message))


class NothingFound(MedNCAError):
    """Where somebody clicked there is nothing that a model could have meant; no result, and no fault either."""


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

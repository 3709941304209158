"""What goes wrong with one image of many: a row of a list, which `terminal.complain` tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import MedNCAError, plain

Failure = dict[str, str]  # with "image" and "error"


def failure(image: object, error: object) -> Failure:
    """The row of an image."""
    return {"image": plain(image), "error": plain(error)}


@contextmanager
def apart(failures: list[Failure], image: object) -> Iterator[None]:
    """What goes wrong with one image becomes a row of `failures` and costs the others nothing."""
    try:
        yield
    except MedNCAError as error:
        failures.append(failure(image, error))
    except Exception as error:  # a bug, or a library's: the person reads which image it was
        failures.append(failure(image, f"{type(error).__name__}: {error}"))

"""Tables on disk. A spreadsheet may have opened them: its formulas, and what it saves, are its own."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ..errors import MedNCAError

_FORMULA = ("=", "+", "-", "@")


def read_rows(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns of a CSV file, and its rows: texts by column, None where a row is too short.

    Raises:
        MedNCAError: it cannot be read, or is no CSV file in UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            separator = "," if "," in file.readline() else ";"  # as spreadsheets have it where a comma is a point
            file.seek(0)
            rows = csv.DictReader(file, delimiter=separator)
            return list(rows.fieldnames or ()), list(rows)
    except OSError as error:
        raise MedNCAError(
            "{path} cannot be read ({cause}); check the path.", path=path, cause=error.strerror
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise MedNCAError("{path} is no CSV file in UTF-8; save it as CSV UTF-8, with commas.", path=path) from error


def quoted(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def unquoted(value: Any) -> Any:
    """What `quoted` was given."""
    return value[1:] if isinstance(value, str) and value.startswith(tuple(f"'{sign}" for sign in _FORMULA)) else value

"""How history.csv of a run grows: a row an iteration, and never one that its checkpoint does not hold.

`run_folder` says what a row is, and reads them.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.files import write_bytes

from ..run_folder import HISTORY_COLUMNS, HistoryRow


def append_rows(path: Path, rows: list[HistoryRow]) -> None:
    """Add rows to the history, in place of any that an interrupted saving added already."""
    kept = _rows_up_to(path, rows[0].iteration - 1) if rows else []
    if rows or not path.exists():
        _write(path, [*kept, *(row.columns() for row in rows)])


def drop_rows_after(path: Path, iteration: int) -> None:
    """Drop rows after the checkpoint: they are about to be made again."""
    if path.exists():
        _write(path, _rows_up_to(path, iteration))


def _rows_up_to(path: Path, iteration: int) -> list[dict[str, str]]:
    """As they stand there: no digit of them may change."""
    if not path.exists():
        return []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if int(row["iteration"]) <= iteration]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise MedNCAError(
            "{path} is not as a training writes it, perhaps as a spreadsheet saved it; restore it, or delete it.",
            path=path,
        ) from error


def _write(path: Path, rows: list[dict]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())

"""history.csv of a run: a row an iteration, and never one that its checkpoint does not hold."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mednca.files import write_bytes

_FIELDS = ("iteration", "loss", "gradient_norm", "learning_rate", "seconds", "dice_union", "dice_labels")
_HEADER = (",".join(_FIELDS) + "\n").encode()


def append_rows(path: Path, rows) -> None:
    """Add rows to the history, in place of any that an interrupted saving added already."""
    kept = _rows_up_to(path, rows[0]["iteration"] - 1) if rows else []
    if rows or not path.exists():
        write_bytes(path, _HEADER + _history([*kept, *rows]))


def drop_rows_after(path: Path, iteration: int) -> None:
    """Drop rows after the checkpoint: they are about to be made again."""
    if path.exists():
        write_bytes(path, _HEADER + _history(_rows_up_to(path, iteration)))


def _rows_up_to(path: Path, iteration: int) -> list[dict]:
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["iteration"]) <= iteration]


def _history(rows) -> bytes:
    text = io.StringIO()
    csv.DictWriter(text, _FIELDS, restval="", extrasaction="ignore", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()

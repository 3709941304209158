"""The rows of the table of results, one a structure, and the table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import plain
from ..quality.verdict import WORDS
from ..result import Finding, Report
from .csv_file import quoted

_FIRST = (
    "image", "file", "structure", "same_as", "side", "verdict", "reason", "expected_dice", "dice_low", "dice_high",
    "target_dice", "objection", "volume_ml",
)  # fmt: skip
_LAST = (
    "distance_from_click_mm", "r", "a", "s", "members", "seed", "device", "seconds", "program", "model",
    "model_version", "sha256", "notes", "error",
)  # fmt: skip
_VOLUME, _SIGNAL = "volume_ml ", "signal "  # with a label's, a signal's name behind it
_RANK = {"grey": 0, "red": 1, "amber": 2, "green": 3}

Row = dict[str, Any]


def rows_of(name: str, report: Report) -> list[Row]:
    """A row for each structure of a result.

    Args:
        name: of its folder.
        report: of it.

    Returns:
        By column; volumes in ml, places in RAS mm, seconds of the whole volume.
    """
    return [_row(name, report, number, finding) for number, finding in enumerate(report.findings, start=1)]


def failure_row(name: str, file: str, error: str) -> Row:
    """The row of a volume that has no result, with the sentence that says why."""
    return {"image": plain(name), "file": plain(file), "error": plain(error)}  # also where they are no text


def _row(name: str, report: Report, number: int, finding: Finding) -> Row:
    verdict, volumes = finding.verdict, dict(finding.volume_mm3)
    row: Row = {
        "image": name,
        "file": report.image.file,
        "structure": number,
        "same_as": finding.again,
        "side": finding.side,
        "verdict": verdict.color,
        "reason": " ".join((verdict.reason, *finding.remarks)),
        "expected_dice": verdict.predicted_dice,
        "dice_low": verdict.low,
        "dice_high": verdict.high,
        "target_dice": report.target_dice,
        "objection": finding.objection.key if finding.objection else None,
        "volume_ml": volumes.pop("union") / 1000,
    }
    row |= {_VOLUME + label: volume / 1000 for label, volume in volumes.items() if len(volumes) > 1}
    row |= {_SIGNAL + signal: value for signal, value in finding.signals.items()}
    row |= {"distance_from_click_mm": finding.distance_mm}
    row |= dict(zip("ras", finding.center, strict=True))
    return row | {
        "members": report.members,
        "seed": report.seed,
        "device": report.device,
        "seconds": sum(report.seconds.values()),
        "program": report.program,
        "model": report.model.id,
        "model_version": report.model.version,
        "sha256": report.model.sha256,
        "notes": " ".join(map(str, report.notes)) or None,
    }


def as_csv(rows: Iterable[Row]) -> str:
    """Rows as CSV, for statistics: a point in numbers, nothing where there is nothing; labels and signals have columns
    of their own."""
    rows, text = list(rows), io.StringIO()
    own = dict.fromkeys(key for row in rows for key in row)
    columns = [
        *_FIRST,
        *sorted(key for key in own if key.startswith(_VOLUME)),
        *sorted(key for key in own if key.startswith(_SIGNAL)),
        *_LAST,
    ]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    return quoted(value)


def doubt(row: Row) -> tuple:
    """Sorts rows: what failed, what has no verdict, then red, amber and green, each from the worst expected Dice to the
    best; then by name."""
    return (not row.get("error"), _RANK.get(row.get("verdict") or "", 0), row.get("expected_dice") or 0.0, row["image"])


def counted(rows: Sequence[Row]) -> str:
    """How many structures rows with a result are of, and of which color."""
    colors = ", ".join(f"{sum(row['verdict'] == color for row in rows)} {color}" for color in WORDS)
    return f"Structures: {len(rows)} ({colors})"


def verdict_text(row: Row) -> str:
    """Of a row with a result the verdict's word, where the reason does not begin with it, and the reason."""
    word, reason = WORDS[row["verdict"]], row["reason"]
    return reason if reason.startswith(word) else f"{word}. {reason}"

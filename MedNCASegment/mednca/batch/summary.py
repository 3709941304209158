"""The table of a folder of results: summary.csv, a row a structure, and summary.html, what is doubtful first."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..errors import MedNCAError, plain
from ..files import write_bytes
from ..quality.verdict import COLORS
from ..result import Finding, Report
from .csv_file import quoted
from .jobs import OVERVIEW, read_result

CSV, HTML = "summary.csv", "summary.html"
_WRITE_SECONDS = 30.0  # between two writings, while results still come
_FIRST = (
    "image", "file", "structure", "same_as", "side", "verdict", "reason", "expected_dice", "dice_low", "dice_high",
    "target_dice", "objection", "volume_ml",
)  # fmt: skip
_LAST = (
    "distance_from_click_mm", "r", "a", "s", "members", "seed", "device", "seconds", "model", "model_version", "sha256",
    "error",
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
        "model": report.model.id,
        "model_version": report.model.version,
        "sha256": report.model.sha256,
    }


class Summary:
    """The two files of a folder of results, written now and then while results come, and at the end.

    They tell of all results that lie there, also of those that were there before.

    Args:
        folder: of the results' folders.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._rows: dict[str, list[Row]] = {}
        self._look()
        self._written = time.monotonic()

    def add(self, name: str, rows: list[Row]) -> None:
        """Take in a volume, and write where it is time; where that cannot be, `finish` says so."""
        self._rows[name] = rows
        if time.monotonic() - self._written > _WRITE_SECONDS:
            with suppress(MedNCAError):
                self._write()
            self._written = time.monotonic()

    def finish(self) -> None:
        """Write both files at the end, with what other calls have put there meanwhile; nothing where no result is.

        Raises:
            MedNCAError: where they cannot be written.
        """
        self._look()
        if any(not row.get("error") for rows in self._rows.values() for row in rows):
            self._write()

    def _look(self) -> None:
        """Take in the results of the folder that are not known yet."""
        try:
            there = sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))
        except OSError:  # it is not there yet, or what is there is no folder, which whoever writes there is told
            return
        for path in there:
            is_known = any(not row.get("error") for row in self._rows.get(path.name, ()))
            if not is_known and path.is_dir() and (report := read_result(path)):
                self._rows[path.name] = rows_of(path.name, report)

    def _write(self) -> None:
        rows = [row for _name, rows in sorted(self._rows.items()) for row in rows]
        write_bytes(self.folder / CSV, as_csv(rows).encode("utf-8"))
        write_bytes(self.folder / HTML, as_html(rows).encode("utf-8"))


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
    """Sorts rows: what failed, what has no verdict, then from the worst expected Dice to the best."""
    return (not row.get("error"), _RANK.get(row.get("verdict") or "", 0), row.get("expected_dice") or 0.0, row["image"])


_STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;color:#222}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(24rem,1fr));gap:1rem}
article{border:1px solid #ccc;border-radius:6px;padding:.6rem;border-left:8px solid #999}
img{width:100%;height:12rem;object-fit:contain;background:#000}
h2{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.3rem 0}"""


def as_html(rows: Iterable[Row]) -> str:
    """Rows as a page of thumbnails, what is doubtful first; the pictures lie in the results' folders beside it."""
    rows = sorted(rows, key=doubt)
    counts = [f"{sum(row.get('verdict') == color for row in rows)} {color}" for color in COLORS]
    failed = sum(bool(row.get("error")) for row in rows)
    told = f"{len(rows) - failed} structures: {', '.join(counts)}; {failed} volumes without a result."
    cards = "\n".join(_card(row) for row in rows)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Results, what is doubtful first</title>\n'
        f"<style>\n{_STYLE}\n</style>\n<h1>Results, what is doubtful first</h1>\n<p>{told} mednca {__version__}. "
        f"Research and education only; a person must review every result.</p>\n<main>\n{cards}\n</main>\n</html>\n"
    )


def _card(row: Row) -> str:
    if row.get("error"):
        return f"<article><h2>{escape(row['image'])}</h2><p>No result: {escape(row['error'])}</p></article>"
    expected = row["expected_dice"]
    dice = (
        "" if expected is None
        else f"Expected Dice {expected:.2f} ({row['dice_low']:.2f} to {row['dice_high']:.2f}). "
    )  # fmt: skip
    side = f", {row['side']}" if row["side"] else ""
    folder = quote(row["image"])
    return (
        f'<article style="border-left-color:{COLORS[row["verdict"]]}"><h2>{escape(row["image"])}{escape(side)}</h2>'
        f"<p><b>{row['verdict']}</b> {dice}{row['volume_ml']:.2f} ml. {escape(row['reason'])}</p>"
        f'<a href="{folder}/{OVERVIEW}"><img loading="lazy" alt="{escape(row["image"])}" src="{folder}/{OVERVIEW}"></a>'
        "</article>"
    )

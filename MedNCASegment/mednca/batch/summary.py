"""The table of a folder of results: summary.csv, a row a structure, and summary.html, what is doubtful first."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..errors import MedNCAError, plain
from ..files import write_bytes
from ..quality.verdict import COLORS
from ..result import Finding, Report
from .csv_file import quoted, read_rows, unquoted
from .jobs import OVERVIEW, held_soon, read_result

CSV, HTML = "summary.csv", "summary.html"
_WRITE_SECONDS = 30.0  # between two writings at least, while results still come
_SHARE = 0.05  # of the time at most, that writing takes meanwhile: a table of many is read and written as a whole
_PATIENCE = 600.0  # seconds to wait in the end for other calls that write the same table
_FIRST = (
    "image", "file", "structure", "same_as", "side", "verdict", "reason", "expected_dice", "dice_low", "dice_high",
    "target_dice", "objection", "volume_ml",
)  # fmt: skip
_LAST = (
    "distance_from_click_mm", "r", "a", "s", "members", "seed", "device", "seconds", "program", "model",
    "model_version", "sha256", "notes", "error",
)  # fmt: skip
_NUMBERS = (
    "expected_dice", "dice_low", "dice_high", "target_dice", "volume_ml", "distance_from_click_mm", "r", "a", "s",
    "seconds",
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


class Summary:
    """The two files of a folder of results, written now and then while results come, and at the end.

    They tell of all results that lie there, also of those that were there before and that other calls add meanwhile.
    The rows of these are taken from the table as it was written last, where they are no younger: so a call for one
    image need not read the reports of ten thousand.

    Args:
        folder: of the results' folders.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._own: dict[str, list[Row]] = {}  # of this call, by result
        self._failed: dict[str, Row] = {}  # of this call
        self._due = time.monotonic() + _WRITE_SECONDS

    def add(self, name: str, rows: list[Row]) -> None:
        """Take in a result, and write where it is time; where that cannot be, `finish` says so."""
        self._own[name] = rows
        self._write_in_time()

    def fail(self, name: str, file: str, error: str) -> None:
        """Take in why a volume has no result of this call, as `add` does. An older result keeps its rows."""
        self._failed[name] = failure_row(name, file, error)
        self._write_in_time()

    def finish(self) -> None:
        """Write the two files at the end; nothing where no result is.

        Raises:
            MedNCAError: where they cannot be written.
        """
        self._write(_PATIENCE)

    def _write_in_time(self) -> None:
        begun = time.monotonic()
        if begun >= self._due:
            with suppress(MedNCAError):
                self._write(0.0)
            now = time.monotonic()
            self._due = now + max(_WRITE_SECONDS, (now - begun) / _SHARE)

    def _write(self, patience: float) -> None:
        if not self.folder.is_dir():
            return
        with held_soon(self.folder / CSV, patience):  # others' rows must not come between reading and writing
            written, at = _read_table(self.folder)
            results = self._others(written, at) | self._own
            if not results:
                return
            failed = {row["image"]: row for row in written if row.get("error") and row["image"] not in self._own}
            failed |= {row["image"]: row for row in self._failed.values()}
            rows = [*(row for own in results.values() for row in own), *failed.values()]
            rows.sort(key=lambda row: row["image"])
            table = as_csv(rows).encode("utf-8")
            write_bytes(self.folder / CSV, table)
            write_bytes(self.folder / HTML, as_html(rows, sha256(table).hexdigest()).encode("utf-8"))

    def _others(self, written: list[Row], at: int) -> dict[str, list[Row]]:
        """The rows of the results that lie in the folder and are not this call's: those of the table that was written
        last, at a time (ns), or, where they are no older than that, of their reports."""
        known: dict[str, list[Row]] = {}
        for row in written:
            if not row.get("error"):
                known.setdefault(row["image"], []).append(row)
        found = {}
        for entry in os.scandir(self.folder):
            if entry.name.startswith(".") or entry.name in self._own or not entry.is_dir(follow_symlinks=False):
                continue
            if entry.name in known and entry.stat(follow_symlinks=False).st_mtime_ns < at:
                found[entry.name] = known[entry.name]
            elif report := read_result(Path(entry)):
                found[entry.name] = rows_of(entry.name, report)
        return found


def _read_table(folder: Path) -> tuple[list[Row], int]:
    """The rows of a folder's table, and when it was written (ns); nothing where there is none, or somebody has changed
    it since: its page knows its checksum."""
    path = folder / CSV
    with suppress(OSError, UnicodeDecodeError, MedNCAError, ValueError):
        at = path.stat().st_mtime_ns
        if sha256(path.read_bytes()).hexdigest() in (folder / HTML).read_text("utf-8"):
            return [{key: _value(key, cell) for key, cell in row.items() if cell} for row in read_rows(path)[1]], at
    return [], 0


def _value(column: str, cell: str) -> Any:
    is_number = column in _NUMBERS or column.startswith((_VOLUME, _SIGNAL))
    return float(cell) if is_number else unquoted(cell)


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


def as_html(rows: Iterable[Row], checksum: str = "") -> str:
    """Rows as a page of thumbnails, what is doubtful first; the pictures lie in the results' folders beside it.

    Args:
        rows: in any order.
        checksum: SHA-256 of the table beside the page.
    """
    rows = sorted(rows, key=doubt)
    counts = [f"{sum(row.get('verdict') == color for row in rows)} {color}" for color in COLORS]
    failed = {row["image"] for row in rows if row.get("error")}
    there = {row["image"] for row in rows if not row.get("error")}
    structures = sum(not row.get("error") for row in rows)
    told = f"{structures} structures: {', '.join(counts)}; {len(failed - there)} volumes without a result."
    if older := len(failed & there):
        told += f" {older} volumes failed, and what is shown of them is older."
    cards = "\n".join(_card(row, row["image"] in there) for row in rows)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="{CSV}" content="{checksum}">\n<title>Results, what is doubtful first</title>\n'
        f"<style>\n{_STYLE}\n</style>\n<h1>Results, what is doubtful first</h1>\n<p>{told} mednca {__version__}. "
        f"Research and education only; a person must review every result.</p>\n<main>\n{cards}\n</main>\n</html>\n"
    )


def _card(row: Row, has_result: bool) -> str:
    if row.get("error"):
        what = "No new result, an older one stands" if has_result else "No result"
        return f"<article><h2>{escape(row['image'])}</h2><p>{what}: {escape(row['error'])}</p></article>"
    expected, notes = row.get("expected_dice"), row.get("notes")
    dice = (
        "" if expected is None
        else f"Expected Dice {expected:.2f} ({row['dice_low']:.2f} to {row['dice_high']:.2f}). "
    )  # fmt: skip
    side = f", {row['side']}" if row.get("side") else ""
    folder = quote(row["image"])
    return (
        f'<article style="border-left-color:{COLORS[row["verdict"]]}"><h2>{escape(row["image"])}{escape(side)}</h2>'
        f"<p><b>{row['verdict']}</b> {dice}{row['volume_ml']:.2f} ml. {escape(row['reason'])}</p>"
        f"{f'<p>Note: {escape(notes)}</p>' if notes else ''}"
        f'<a href="{folder}/{OVERVIEW}"><img loading="lazy" alt="{escape(row["image"])}" src="{folder}/{OVERVIEW}"></a>'
        "</article>"
    )

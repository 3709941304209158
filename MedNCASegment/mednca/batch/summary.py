"""The table of a folder of results: summary.csv, a row a structure, and summary.html, what is doubtful first."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..errors import MedNCAError, plain
from ..files import write_bytes
from ..quality.verdict import COLORS
from ..result import Finding, Report
from .csv_file import quoted, read_rows, unquoted
from .jobs import OVERVIEW, REPORT, held_soon, read_result

CSV, HTML = "summary.csv", "summary.html"
_WRITE_SECONDS = 30.0  # between two writings at least, while results still come
_SHARE = 0.05  # of the time at most, that writing takes meanwhile: a table of many is written as a whole
_PATIENCE = 600.0  # seconds to wait in the end for other calls that write the same table
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


@dataclass(frozen=True)
class _Made:
    """A result that lies in the folder. state: of its report's file, by which it is known again; rows: of the table."""

    state: tuple[int, int, int]
    rows: list[Row]


@dataclass(frozen=True)
class _Failed:
    """An image that a call got no result of. at: when, ns since 1970."""

    row: Row
    at: int


class Summary:
    """The two files of a folder of results, written now and then while results come, and at the end.

    They tell of what lies there whenever they are written, whoever made it: a report is read once, and again where its
    file has changed. So several calls may write one table.

    Args:
        folder: of the results' folders.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._made: dict[str, _Made] = {}
        self._failed: dict[str, _Failed] = {}  # of this call
        self._due = time.monotonic() + _WRITE_SECONDS

    def add(self) -> None:
        """A result has come: write where it is time; where that cannot be, `finish` says so."""
        begun = time.monotonic()
        if begun >= self._due:
            with suppress(MedNCAError):
                self._write(0.0)
            now = time.monotonic()
            self._due = now + max(_WRITE_SECONDS, (now - begun) / _SHARE)

    def fail(self, name: str, file: str, error: str) -> None:
        """Take in why a volume has no result of this call, as `add` does. An older result keeps its rows."""
        self._failed[name] = _Failed(failure_row(name, file, error), time.time_ns())
        self.add()

    def finish(self) -> None:
        """Write the two files at the end; nothing where no result is.

        Raises:
            MedNCAError: where they cannot be written.
        """
        self._write(_PATIENCE)

    def _write(self, patience: float) -> None:
        if not self.folder.is_dir():
            return
        with held_soon(self.folder / CSV, patience):  # between reading and writing no other call's failures get lost
            failed = _written_failures(self.folder / CSV) | self._failed
            self._made = {name: made for name in self._names() if (made := self._look(name))}
            if not self._made:
                return
            rows = [row for made in self._made.values() for row in made.rows]
            rows += [each.row for name, each in failed.items() if not self._is_made_since(name, each.at)]
            rows.sort(key=lambda row: row["image"])
            write_bytes(self.folder / CSV, as_csv(rows).encode("utf-8"))
            write_bytes(self.folder / HTML, as_html(rows).encode("utf-8"))

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.folder) if not name.startswith("."))
        except OSError:  # whoever writes there is told
            return []

    def _look(self, name: str) -> _Made | None:
        """The result of a name; None where there is none, or none any more."""
        folder = self.folder / name
        try:
            status = os.stat(folder / REPORT)
        except OSError:
            return None
        state, known = (status.st_mtime_ns, status.st_size, status.st_ino), self._made.get(name)
        if known and known.state == state:
            return known
        report = read_result(folder)
        return _Made(state, rows_of(name, report)) if report else None

    def _is_made_since(self, name: str, at: int) -> bool:
        """Whether a result is younger than a failure: another call made it."""
        return name in self._made and self._made[name].state[0] > at


def _written_failures(table: Path) -> dict[str, _Failed]:
    """The images that a table says to have failed, by their results' names, as of when it was written. What has no such
    name, as an image whose name another one has, is told by its own call alone."""
    with suppress(OSError, MedNCAError):
        at, found = table.stat().st_mtime_ns, {}
        for row in read_rows(table)[1]:
            image, file, error = (unquoted(row.get(key) or "") for key in ("image", "file", "error"))
            if error and image and PurePath(image).name == image:
                found[image] = _Failed(failure_row(image, file, error), at)
        return found
    return {}


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
    failed = {row["image"] for row in rows if row.get("error")}
    there = {row["image"] for row in rows if not row.get("error")}
    structures = sum(not row.get("error") for row in rows)
    told = f"{structures} structures: {', '.join(counts)}; {len(failed - there)} volumes without a result."
    if older := len(failed & there):
        told += f" {older} volumes failed, and what is shown of them is older."
    cards = "\n".join(_card(row, row["image"] in there) for row in rows)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Results, what is doubtful first</title>\n'
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

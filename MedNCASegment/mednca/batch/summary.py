"""The table of a folder of results while they come: summary.csv, a row a structure, and summary.html, its page."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import MedNCAError
from ..files import write_bytes
from .csv_file import read_rows, unquoted
from .jobs import REPORT, held_soon, read_result
from .rows import Row, as_csv, failure_row, rows_of
from .summary_page import as_html

CSV, HTML = "summary.csv", "summary.html"
_WRITE_SECONDS = 30.0  # between two writings at least, while results still come
_SHARE = 0.05  # of the time at most, that writing takes meanwhile: a table of many is written as a whole
_PATIENCE = 600.0  # seconds to wait in the end for other calls that write the same table


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
            return sorted(name for name in os.listdir(self.folder) if not name.startswith(".") and _is_text(name))
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


def _is_text(name: str) -> bool:
    """Whether it can be written: no result of ours has another name, but a folder of somebody else's may."""
    with suppress(UnicodeEncodeError):
        return bool(name.encode())
    return False


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

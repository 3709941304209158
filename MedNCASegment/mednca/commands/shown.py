"""What commands say at their end: plain data, or the structures that were found, with their verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..batch.rows import counted, verdict_text
from ..errors import plain
from ..terminal import complain, remark, say, show

if TYPE_CHECKING:
    from ..batch.call import Call, Done, Work
    from ..batch.rows import Row

_MOST_ROWS = 100  # of a table that people read in a terminal


def print_json(data: Any) -> None:
    """Plain data, on standard output."""
    print(json.dumps(data, indent=1))


def tell_all(call: Call, work: Work, done: Sequence[Done]) -> None:
    """Say what came out of a call, in the order of its images."""
    if call.as_json:
        results = [{"image": each.job.image, "folder": each.job.folder, "report": each.report} for each in done]
        print_json({"results": results, "failures": work.failures})
    else:
        _tell_rows([row for each in done for row in each.rows], work.folder)
    _tell_notes(done)
    tell_failures(work.failures)


def tell_failures(failures: Iterable[Mapping[str, str]]) -> None:
    """Name the images that something went wrong with."""
    for failure in failures:
        complain(failure)


def _tell_notes(done: Iterable[Done]) -> None:
    """Each note once, with the images that have it."""
    notes: dict[str, list[str]] = {}
    for each in done:
        for note in each.notes:
            notes.setdefault(note, []).append(each.job.name)
    for note, of in notes.items():
        remark(f"{note} ({', '.join(of[:3])}{', ...' if len(of) > 3 else ''})", "Note: ", "bold yellow")


def _tell_rows(rows: list[Row], folder: Path) -> None:
    """rows: those of this call; folder: of the summary."""
    if len(rows) > _MOST_ROWS:
        say(f"{counted(rows)}. See {folder / 'summary.html'}")
    elif rows:
        table = Table("Image", "Side", "Where", "Volume (ml)", "NQM", "Verdict")
        for row in rows:
            quality = row.get("signal nqm")
            table.add_row(
                plain(row["file"] or row["image"]),
                row["side"] or "-",
                ", ".join(f"{row[axis]:.0f}" for axis in "ras"),
                f"{row['volume_ml']:.2f}",
                f"{quality:.3f}" if quality is not None else "-",
                plain(verdict_text(row)),
            )
        show(table)

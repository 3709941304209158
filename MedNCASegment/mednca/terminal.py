"""What commands say: what was asked for on standard output, all else on standard error, as bars or as lines.

Nothing in a text is markup, or an emoji's name: names come from files that anybody wrote.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich import progress as bars
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .errors import MedNCAError, plain
from .files import held, write_json
from .scores import CaseScore, Summary

_PLAIN: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
out, err = Console(**_PLAIN), Console(stderr=True, **_PLAIN)
LINE_SECONDS = 30.0  # between two lines of progress, where there is no terminal
_LOOK_SECONDS = 1.0  # between two looks whether it is time for one
_PACE_SECONDS = 600.0  # so long ago is what the time left follows
_LINE = 100_000  # characters of a line, at most
_WIDTH = 400  # of a table where there is no terminal, at most
_is_quiet = False  # as this call's --quiet says


def be_quiet(quiet: bool) -> None:
    """Say from now on whether `progress` shows nothing."""
    global _is_quiet
    _is_quiet = quiet


def say(text: object) -> None:
    """A line of what was asked for, on standard output; of whatever names, and as long as it is."""
    out.print(plain(text, _LINE), soft_wrap=True)


def show(table: Table) -> None:
    """A table of what was asked for; in a file or a pipe as wide as it is, so that nothing is cut."""
    (out if out.is_terminal else Console(width=_WIDTH, **_PLAIN)).print(table)


def remark(text: object, word: str = "", style: str = "") -> None:
    """A line beside that, on standard error, after a word that says what kind it is."""
    err.print(Text(word, style).append(plain(text, _LINE), ""), soft_wrap=True)


def complain(failure: Mapping[str, str], word: str = "Failed: ") -> None:
    """Tell what went wrong with one image. failure: with "image" and "error"; word: what became of it."""
    case = "" if failure["error"].startswith(failure["image"]) else f"{failure['image']}: "
    remark(case + failure["error"], word, "bold red")


def progress(quiet: bool = False, pace: float = _PACE_SECONDS) -> bars.Progress:
    """Bars on a terminal, on standard error; elsewhere a line now and then. Nothing where --quiet was given.

    Args:
        quiet: nothing is shown here either.
        pace: seconds back that the time left follows; longer than what is counted takes.
    """
    quiet = quiet or _is_quiet
    if not quiet and not err.is_terminal:
        return _Lines(pace)
    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TextColumn("{task.completed}/{task.total}"),
        bars.TimeRemainingColumn(),
    )
    return bars.Progress(*columns, console=err, transient=True, disable=quiet, speed_estimate_period=pace)


class _Lines(bars.Progress):
    """What bars show, as a line every half minute, also where nothing moves: for files and pipes."""

    def __init__(self, pace: float):
        super().__init__(disable=True, speed_estimate_period=pace)
        self._begun = self._told = time.monotonic()
        self._ended = threading.Event()
        self._telling = threading.Lock()

    def start(self) -> None:
        """As of rich's."""
        self._ended.clear()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """As of rich's."""
        self._ended.set()

    def update(self, *arguments, **changes) -> None:
        """As of rich's."""
        super().update(*arguments, **changes)
        self._tell()

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self._tell()

    def _tell(self) -> None:
        with self._telling:
            now, line = time.monotonic(), self._line()
            if line and now - self._told >= LINE_SECONDS and not self._ended.is_set():
                self._told = now
                remark(f"{clock(now - self._begun)} {line}")

    def _line(self) -> str:
        parts = []
        for task in self.tasks:
            if task.total and task.visible and not task.finished:
                left = task.time_remaining
                told = f"{task.description} {task.completed:g}/{task.total:g}".strip()
                parts.append(told + (f", {clock(left)} left" if left else ""))
        return "; ".join(parts)


def clock(seconds: float) -> str:
    """Hours, minutes and seconds, as people read them."""
    return str(timedelta(seconds=round(seconds)))


def tell_scores(scores: Iterable[CaseScore], mean: Summary) -> None:
    """Print scores as a table, and the mean Dice of each label below it.

    Args:
        scores: a row each.
        mean: their summary.
    """
    table = Table("Case", "Dice", "HD95 (mm)", "NQM", "Predicted Dice", "Verdict")

    def text(value, digits=3):
        return "-" if value is None else f"{value:.{digits}f}"

    for score in scores:
        table.add_row(
            plain(score.title), text(score.dice["union"]), text(score.hd95_mm["union"], 2), text(score.nqm),
            text(score.predicted_dice), score.verdict,
        )  # fmt: skip
    show(table)
    for name, value in mean.dice.items():
        say(f"Mean Dice, {name}: {text(value)} +- {text(mean.dice_sd[name])}")


@contextmanager
def json_output(path: Path) -> Iterator[Callable[[Any], None]]:
    """Hold the file that a command's figures go to while it works.

    A file that is there now is replaced, one that appears meanwhile is not.

    Args:
        path: of the .json file: a slip of the hand must not cost an image.

    Yields:
        A function that writes the figures.

    Raises:
        MedNCAError: before the work, where it cannot be written.
    """
    if path.suffix.lower() != ".json":
        raise MedNCAError("{path} is no name of a JSON file; it must end in .json.", path=path)
    with held(path):
        if os.path.isdir(path):
            raise MedNCAError("{path} is a folder; a file is needed.", path=path)
        replace = os.path.lexists(path)
        yield lambda data: write_json(path, data, replace)

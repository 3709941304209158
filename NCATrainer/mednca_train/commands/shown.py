"""What the commands show while they work and say at their end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mednca import terminal
from mednca.messages import Progress

from ..plan.fingerprint import Fingerprint
from ..progress import ProgressCallback

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# What people read of the stages of `progress`.
_STAGES = {
    "examining": "Looking at the cases",
    "measuring": "Measuring on validation cases",
    "comparing": "Comparing with the base model",
    "calibrating": "Calibrating",
}


@contextmanager
def told_how_to_go_on(how: Callable[[], str]) -> Iterator[None]:
    """Within it, Ctrl-C says how to go on, as it is then."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(how()) from None


@contextmanager
def bar(quiet: bool = False) -> Iterator[tuple[Bar, ProgressCallback]]:
    """A progress display, and a function of a `Progress` that moves its second bar."""
    with terminal.progress(quiet) as bar:
        tasks = []

        def stage(told: Progress) -> None:
            if not tasks:
                tasks.append(bar.add_task("", total=1))
            move(bar, tasks[0], _STAGES[told.stage], told.step, told.total)

        yield bar, stage


def move(bar: Bar, task: TaskID, description: str, completed: float | None, total: float | None) -> None:
    """Move a bar, which begins anew where less is done than before, as in the next fold: to rich what was done once is
    done for good."""
    if (completed or 0) < next(each.completed for each in bar.tasks if each.id == task):
        bar.reset(task)
    bar.update(task, description=description, completed=completed, total=total)


def tell_left_out(found: Fingerprint) -> None:
    """Name the cases that cannot be trained with."""
    for name, problem in found.problems.items():
        terminal.complain({"image": name, "error": str(problem)}, "Left out: ")


def end(found: Fingerprint | None = None, failures: Iterable[Mapping] = ()) -> None:
    """Name again what was left out or failed, and end with the status that says whether anything was."""
    if found is not None:
        tell_left_out(found)
    for failure in failures:
        terminal.complain(failure)
    if failures or (found is not None and found.problems):
        raise typer.Exit(1)

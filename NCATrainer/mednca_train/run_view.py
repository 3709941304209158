"""How runs are doing, for whoever looks at their folders from outside. Nothing here imports torch, or locks a run."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from mednca.errors import MedNCAError
from mednca.models.library import user_folder

from .run_folder import HistoryRow, RunState, RunSummary, find_runs, read_history, summary_of

# Seconds without a saving, after which nobody is likely at work: a training saves itself every minute, or after an
# iteration that takes longer; measuring and calibrating what is trained save nothing on the way.
_SILENT = {RunState.WAITING: 1200.0, RunState.TRAINING: 1200.0, RunState.TRAINED: 4 * 3600.0}
_LATEST = 30  # iterations that a pace is taken from


@dataclass(frozen=True)
class RunView:
    """A run as it looks from outside.

    Attributes:
        folder, name: of the run.
        state: as state.json has it; "silent" where it says that work goes on and nothing was saved for long, as after a
            kill.
        iteration, of: done, and planned.
        loss: mean of the latest iterations; None before the first one.
        dice, best_dice: of the last, and of the best validation; None before the first one.
        seconds_left: of the iterations, by the latest ones; None where nothing is to come, or nothing to go by.
        seconds_ago: that it was saved last.
    """

    folder: str
    name: str
    state: str
    iteration: int
    of: int
    loss: float | None
    dice: float | None
    best_dice: float | None
    seconds_left: float | None
    seconds_ago: float

    def to_json(self) -> dict:
        """Rounded."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def runs_folder() -> Path:
    """Where the module NCA Trainer keeps its runs: $MEDNCA_RUNS, or beside the user's models."""
    return Path(os.environ.get("MEDNCA_RUNS") or user_folder().parent / "Runs")


def view_runs(folder: str | Path) -> list[RunView]:
    """How the runs of a folder are doing, the one saved last first.

    Args:
        folder: a run's, or one whose subfolders are, or hold some, as those of folds.

    Raises:
        MedNCAError: where there is no such folder, or no run.
    """
    folder, now = Path(folder), time.time()
    if not folder.is_dir():
        raise MedNCAError("{folder} is no folder.", folder=folder)
    own = summary_of(folder)
    runs = [own] if own else find_runs(folder) or [run for each in _subfolders(folder) for run in find_runs(each)]
    if not runs:
        raise MedNCAError("{folder} holds no training run.", folder=folder)
    return [_view(run, now) for run in runs]


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def is_going_on(view: RunView) -> bool:
    """Whether a run is likely to change yet."""
    return view.state in {state.value for state in _SILENT}


def _view(run: RunSummary, now: float) -> RunView:
    rows = _history(run.folder)
    latest = rows[-_LATEST:]
    dice = next((row.dice_union for row in reversed(rows) if row.dice_union is not None), None)
    quiet, ago = (max(now - then, 0.0) for then in (run.changed, run.saved))
    state = "silent" if quiet > _SILENT.get(run.state, quiet) else run.state.value
    seconds = [row.seconds for row in latest if row.seconds is not None]
    left = median(seconds) * (run.of - run.iteration) if seconds and state == RunState.TRAINING.value else None
    loss = sum(row.loss for row in latest) / len(latest) if latest else None
    return RunView(str(run.folder), run.name, state, run.iteration, run.of, loss, dice, run.best_dice, left, ago)


def _history(folder: Path) -> list[HistoryRow]:
    try:
        return read_history(folder)
    except MedNCAError:  # damaged, or being replaced just now: the rest can be told
        return []

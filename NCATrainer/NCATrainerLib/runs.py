"""The folder of this computer's trainings: where a new one goes, which there are, which may be deleted.

Beside the runs it holds the data sets that were exported from scenes for them, each as long as it is needed. What lies
in the folder of one run is the business of `mednca_train.run_folder`.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.models.library import Library
from mednca_train.plan.metadata import slug
from mednca_train.run_folder import CASES, RunSummary, find_runs, holds_run
from mednca_train.run_lock import run_lock

_DATASETS = "datasets"  # of pairs of the scene, as files
_BEGUN = "runs"  # in an export: an empty file for each run that was begun on it, called like the run
_KEPT_SECONDS = 24 * 3600  # that another Slicer's exported data set stays although no run was begun with it


def runsFolder(library: Library) -> Path:
    """Where trainings are kept: beside the user's models, or in $MEDNCA_RUNS."""
    chosen = os.environ.get("MEDNCA_RUNS")
    return Path(chosen) if chosen else Path(library.user).parent / "Runs"


class Runs:
    """The runs of a folder, and the data sets that were exported for them."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self._exports: set[Path] = set()  # data sets that this program exported

    def all(self) -> list[RunSummary]:
        """The one saved last first."""
        return find_runs(self.folder)

    def holds(self, run: Path) -> bool:
        """Whether a run is one of this folder; a script may go on with one of somewhere else."""
        return run.parent == self.folder

    def newRun(self, name: str) -> Path:
        """A folder that is not taken, for the training of a model of this name; it is not made."""
        return _notTaken(self.folder, slug(name))

    def newExport(self) -> Path:
        """A new folder for a data set."""
        folder = _notTaken(self.folder / _DATASETS, "pairs")
        folder.mkdir(parents=True)
        self._exports.add(folder)
        return folder

    def noteBegun(self, run: Path, export: Path) -> None:
        """A training is about to begin: what it reads stays until the run is deleted here, wherever that lies then."""
        (export / _BEGUN).mkdir(exist_ok=True)
        (export / _BEGUN / run.name).touch()

    def checkDeletable(self, run: Path) -> None:
        """Raises MedNCAError where a folder is none of these runs, or another program trains it."""
        if not self.holds(run) or not holds_run(run):
            raise MedNCAError(_("{folder} is no run.").format(folder=run))
        with run_lock(run):
            pass

    def isTaken(self, run: Path) -> bool:
        """Whether another program works in a run's folder."""
        try:
            with run_lock(run):
                return False
        except MedNCAError:
            return run.is_dir()

    def delete(self, run: Path, kept: Path | None) -> None:
        """Delete one of these runs and what was exported for it alone. kept: as of `dropUnused`."""
        for export in self._allExports():
            mark = export / _BEGUN / run.name
            if mark.exists() or _isMentioned(export, [run]):
                self._exports.add(export)
                mark.unlink(missing_ok=True)
        shutil.rmtree(run, ignore_errors=True)
        self.dropUnused(kept)

    def dropUnused(self, kept: Path | None = None) -> None:
        """Delete exported data sets that no run needs, wherever that lies now, except one that is about to be trained
        on; those of another Slicer, which may be about to train with them, only when they are old."""
        runs = list(self.folder.glob("*"))
        for export in self._allExports():
            isOurs = export in self._exports and export != kept
            isNeeded = any((export / _BEGUN).glob("*")) or _isMentioned(export, runs)
            if (isOurs or _isOld(export)) and not isNeeded:
                shutil.rmtree(export, ignore_errors=True)

    def _allExports(self) -> list[Path]:
        return list((self.folder / _DATASETS).glob("*"))


def _notTaken(parent: Path, name: str) -> Path:
    stem, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}", 1
    folder = parent / stem
    while folder.exists():
        number += 1
        folder = parent / f"{stem}-{number}"
    return folder


def _isOld(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _KEPT_SECONDS
    except OSError:  # another Slicer deleted it just now
        return False


def _isMentioned(export: Path, runs: list[Path]) -> bool:
    """Whether one of the runs reads its cases from an exported data set; also one whose list of cases is damaged."""
    path = re.compile(rf"[/\\]{re.escape(export.name)}[/\\]")  # whole: two of one second begin alike
    for run in runs:
        try:
            if path.search((run / CASES).read_text(encoding="utf-8", errors="replace")):
                return True
        except OSError:  # no run, or just being deleted
            continue
    return False

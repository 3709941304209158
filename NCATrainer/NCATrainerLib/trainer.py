"""A training from the panel's side: what was asked for, what is being done, what came out. It knows no widgets.

Data set -> plan -> training -> result; each step is a job of the worker. The run folder holds all that matters, so
that a closed scene, or a closed Slicer, costs nothing but the time since the last checkpoint.
"""

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import qt
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.schema import LINE, NUMBER, optional, read_json, record
from mednca_train.run_folder import read_name
from mednca_train.run_lock import run_lock

from .client import TrainingClient
from .pairs import export
from .training_request import NEW

IDLE, EXPORTING, EXAMINING, PLANNING, TRAINING, PAUSING = (
    "idle", "exporting", "examining", "planning", "training", "pausing",
)  # fmt: skip
_DATASETS = "datasets"  # of pairs of the scene, as files
# As much of a run's files as is shown.
_STATE = record(
    {"state": LINE, "iteration": {"type": "integer"}, "of": {"type": "integer"}, "best_dice": optional(NUMBER)},
    ("state", "iteration", "of"),
    others=True,
)
_REPORT = record({"mean": record({}, ("cases", "dice", "dice_sd"), others=True)}, ("mean",), others=True)
_KEPT_SECONDS = 24 * 3600  # that another Slicer's exported data set stays although no run was begun with it


class Dataset:
    """What was found: rows (one per case, `mednca_train.data.fingerprint.CaseFacts` as data), files, label names."""

    def __init__(self, answer, problems):
        """problems: of pairs of the scene, as `pairs.export` tells them; empty for a folder."""
        found = {row["name"]: row for row in answer["cases"]}
        self.rows = [found.get(name) or _badRow(name, problems[name]) for name in problems or found]
        self.files = answer["files"]
        self.labelNames = {int(value): name for value, name in answer["label_names"].items()}

    @property
    def usable(self):
        return [row for row in self.rows if row["problem"] is None]

    @property
    def unusable(self):
        return [row for row in self.rows if row["problem"] is not None]

    @property
    def usableFiles(self):
        names = {row["name"] for row in self.usable}
        return [file for file in self.files if file[0] in names]


def _badRow(name, problem):
    return {"name": name, "size": [], "labels": None, "sides": None, "problem": problem}


@dataclass(frozen=True)
class Result:
    """What came out of a run: its report, and the model in `folder`."""

    run: Path
    name: str
    report: dict

    @property
    def folder(self):
        return self.run / "result"


class Trainer:
    """changed() is called whenever anything changes, row(row) with each row of a training's history, failed(text) when
    something went wrong, log(text) with lines for people.

    wanted: what the data set and the plan were made from. run: the folder of the training that runs, or ran last.
    """

    def __init__(self, runsFolder, changed=lambda: None, row=lambda row: None, failed=lambda text: None,
                 log=lambda text: None):  # fmt: skip
        self.runsFolder = Path(runsFolder)
        self.changed, self.row, self.failed, self.log = changed, row, failed, log
        self.client = TrainingClient(self._onJob, self._onTold, log)
        self.state, self.job, self.progress = IDLE, None, (None, None, None, None)
        self.run = self.result = None
        self.forget()
        self._then = None  # what follows the job that runs
        self._discard = False
        self._exporting, self._problems = None, {}
        self._exports = set()  # folders of data sets that this program made
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._exportOn)

    @property
    def isBusy(self):
        return self.state != IDLE

    @property
    def isTraining(self):
        """Also while it is being paused."""
        return self.job is not None and self.job.request["command"] == "train"

    def forget(self):
        """The data set and the plan: the next training looks at the data anew."""
        self.wanted = self.dataset = self.plan = self.reasons = self.estimate = self._export = None
        self.isStale = self.isChanged = False

    def keep(self, wanted):
        """Forget the data set and the plan unless they were made from this. isStale says so."""
        if self.wanted is not None and self.wanted != wanted:
            self.forget()
            self.isStale = True

    # --- the steps

    def examine(self, wanted, then=None):
        """Look at the data set; pairs of the scene are written to files before."""
        self._mustBeIdle()
        if not wanted.pairs and not wanted.folder:
            raise MedNCAError(_("Add volumes and their segmentations, or choose a folder."))
        self.forget()
        self._dropUnused()
        self.wanted, self._then, self._problems = wanted, then, {}
        if not wanted.pairs:
            self._submit(EXAMINING, command="examine", data=wanted.folder)
            return
        self._export = self._newFolder(self.runsFolder / _DATASETS, "pairs")
        self._export.mkdir(parents=True)
        self._exports.add(self._export)
        self._exporting = export(wanted.pairs, wanted.values, self._export)
        self._set(EXPORTING)
        self._timer.start()

    def propose(self, wanted, changes=None, then=None):
        """A plan; the data set is looked at first where that was not done. changes: to fields of the plan."""
        self._mustBeIdle()
        self.keep(wanted)
        if self.dataset is None:
            self.examine(wanted, lambda: self.propose(wanted, changes, then))
            return
        labels = {value: label for label, value in wanted.numbers.items()} or self.dataset.labelNames
        isNew = wanted.start in NEW
        self._then = then
        self._submit(
            PLANNING, command="plan", cases=self.dataset.rows, base=None if isNew else wanted.start,
            family=wanted.start if isNew else None, labels={str(value): name for value, name in labels.items()},
            changes=changes or {},
        )  # fmt: skip

    def train(self, wanted):
        """Begin to train by the plan."""
        self._mustBeIdle()
        self.keep(wanted)
        if self.plan is None:
            raise MedNCAError(_("Propose a plan first."))
        self.run = self._newFolder(self.runsFolder, slug(wanted.name))
        self._submit(
            TRAINING, command="train", run=str(self.run), plan=self.plan, cases=self.dataset.usableFiles,
            name=wanted.name, id=slug(wanted.name), base=None if wanted.start in NEW else wanted.start,
            device=wanted.device,
        )  # fmt: skip

    def resume(self, run, device="auto"):
        """Go on with a run that was paused, or interrupted."""
        self._mustBeIdle()
        self.run = Path(run)
        self._submit(TRAINING, command="train", run=str(run), device=device)

    def open(self, run):
        """Show the result of a run that is done."""
        self._mustBeIdle()
        self.result = readResult(run)
        self.changed()

    def pause(self):
        """Stop a training so that it can go on later; other work is dropped."""
        self._then = None
        self._timer.stop()
        if self.job is not None:
            self._set(PAUSING)
            self.client.cancel(self.job)
        elif self._exporting is not None:
            self._exporting = None
            self._end()

    def cancel(self):
        """Stop what is done; a training's run is deleted."""
        self._discard = self.isTraining
        self.pause()

    def shutdown(self):
        """End the worker, silently. A training that runs can be resumed from its last checkpoint."""
        self._timer.stop()
        self._exporting, self.job, self._then, self.state = None, None, None, IDLE
        self.client.shutdown()
        self.forget()
        self._dropUnused()

    def wait(self, seconds=600):
        """Run the event loop until nothing is done any more."""
        import slicer

        deadline = time.monotonic() + seconds
        while self.isBusy and time.monotonic() < deadline:
            self.client.wait(20)
            slicer.app.processEvents()

    # --- runs

    def runs(self):
        """[{folder, name, state, iteration, of, best_dice}], newest first; a state of "done" has a result."""
        found = []
        for state in self.runsFolder.glob("*/state.json"):
            folder = state.parent
            try:
                told = read_json(state, _STATE)
                name, changed = nameOf(folder), state.stat().st_mtime
            except (OSError, MedNCAError):  # damaged, or just being deleted
                continue
            if (folder / "plan.json").exists():
                found.append({"folder": str(folder), "name": name, "changed": changed, **told})
        return sorted(found, key=lambda run: -run["changed"])

    def deleteRun(self, folder):
        """Delete a run of this computer's run folder, and what was exported for it alone; nothing else."""
        self._mustBeIdle()
        folder = Path(folder)
        if folder.parent != self.runsFolder or not (folder / "plan.json").exists():
            raise MedNCAError(_("{folder} is no run.").format(folder=folder))
        with run_lock(folder):  # raises where another Slicer trains it
            pass
        self._delete(folder)
        self.changed()

    def _delete(self, run):
        if run.parent != self.runsFolder:  # a run of somewhere else, that a script goes on with
            return
        exports = {export for export in self._allExports() if _isMentioned(export, [run])}
        shutil.rmtree(run, ignore_errors=True)
        if self.run == run:
            self.run = None
        if self.result and self.result.run == run:
            self.result = None
        self._exports |= exports
        self._dropUnused()

    # --- from the worker

    def _submit(self, state, **request):
        self.job = self.client.submit(**request)
        self._set(state)
        if self.job.finished:  # the worker could not even be started
            self._onJob(self.job)

    def _exportOn(self):
        try:
            done, total = next(self._exporting)
        except StopIteration as end:
            self._timer.stop()
            self._exporting = None
            files, self._problems = end.value
            self._submit(EXAMINING, command="examine", cases=files)
        except Exception as error:  # the person waiting must hear of whatever it is
            self._timer.stop()
            self._exporting = None
            self._end(str(error) or type(error).__name__)
        else:
            self.progress = ("exporting", done, total, None)
            self.changed()

    def _onTold(self, job, message):
        if message["event"] == "row":
            self.row(message["row"])
        elif message["event"] == "told":
            self.log(message["text"])

    def _onJob(self, job):
        if job is not self.job:
            return
        self.progress = job.progress
        if not job.finished:
            self.changed()
            return
        self.job = None
        error = "" if job.state in ("done", "cancelled") else job.error
        if job.state == "done":
            try:
                self._take(job)
            except MedNCAError as problem:
                error = str(problem)
        self._end(error)

    def _take(self, job):
        """What a job that is done brought."""
        answer = job.answer
        if job.request["command"] == "examine":
            self.dataset = Dataset(answer, self._problems)
        elif job.request["command"] == "plan":
            self.plan, self.reasons, self.estimate = answer["plan"], answer["reasons"], answer["estimate"]
            self.isChanged = bool(job.request["changes"])
        else:
            self.result = readResult(self.run)

    def _end(self, error=""):
        discard, self._discard = self._discard, False
        if self.run and (discard or not (self.run / "plan.json").exists()):  # the latter: it did not even begin
            self._delete(self.run)
        if self.wanted is not None and self.dataset is None:  # the examination failed, or was stopped
            self.forget()
            self._dropUnused()
        if self._then and not error:
            qt.QTimer.singleShot(0, self._goOn)  # not within the worker's own signal; busy until then
            return
        self._then = None
        self._set(IDLE)
        if error:
            self.failed(error)

    def _goOn(self):
        then, self._then, self.state = self._then, None, IDLE
        try:
            if then:
                then()
        except (MedNCAError, OSError) as error:
            self.failed(str(error))
        self.changed()

    def _set(self, state):
        self.state = state
        self.changed()

    def _mustBeIdle(self):
        if self.isBusy:
            raise MedNCAError(_("Wait until what is being done has ended, or cancel it."))

    def _newFolder(self, parent, name):
        """A path that is not taken."""
        stem, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}", 1
        folder = parent / stem
        while folder.exists():
            number += 1
            folder = parent / f"{stem}-{number}"
        return folder

    def _allExports(self):
        return list((self.runsFolder / _DATASETS).glob("*"))

    def _dropUnused(self):
        """Delete exported data sets that no run needs; those of another Slicer, which may be about to train with them,
        only when they are old."""
        runs = list(self.runsFolder.glob("*"))
        for folder in self._allExports():
            isOurs = folder in self._exports and folder != self._export
            if (isOurs or _isOld(folder)) and not _isMentioned(folder, runs):
                shutil.rmtree(folder, ignore_errors=True)


def _isOld(folder):
    try:
        return time.time() - folder.stat().st_mtime > _KEPT_SECONDS
    except OSError:  # another Slicer deleted it just now
        return False


def _isMentioned(export, runs):
    """Whether one of the runs reads its cases from an exported data set."""
    for run in runs:
        try:
            if export.name in (run / "cases.json").read_text(encoding="utf-8"):
                return True
        except OSError:  # no run, or just being deleted
            continue
    return False


def nameOf(run):
    """What the model of a run is called."""
    return read_name(run)


def readResult(run):
    """The `Result` of a run that is done; raises MedNCAError where there is none."""
    run = Path(run)
    try:
        result = Result(run, nameOf(run), read_json(run / "report.json", _REPORT))
    except MedNCAError as error:
        raise MedNCAError(_("{folder} holds no result: {error}").format(folder=run, error=error)) from error
    if not (result.folder / "model.json").is_file():
        raise MedNCAError(_("{folder} holds no model.").format(folder=result.folder))
    return result


def slug(name):
    """A model's id from a name that people chose."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64] or "model"

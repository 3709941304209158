"""A training from the panel's side: what was asked for, what is being done, what came out. It knows no widgets.

Data set -> plan -> training -> result; each step is a job of the worker. The run folder holds all that matters, so
that a closed scene, or a closed Slicer, costs nothing but the time since the last checkpoint.
"""

import json
import re
import shutil
import time
from pathlib import Path

import qt
from slicer.i18n import tr as _

from MedNCALib.errors import MedNCAError

from .client import TrainingClient
from .pairs import export

IDLE, EXPORTING, EXAMINING, PLANNING, TRAINING, PAUSING = (
    "idle", "exporting", "examining", "planning", "training", "pausing",
)  # fmt: skip
_DATASETS = "datasets"  # of pairs of the scene, as files


class Dataset:
    """What was found: rows (one per case, `NCATrainerLib.fingerprint.CaseFacts` as data), files, label names."""

    def __init__(self, answer):
        self.rows, self.files = answer["cases"], answer["files"]
        self.labelNames = {int(value): name for value, name in answer["label_names"].items()}

    @property
    def usable(self):
        return [row for row in self.rows if row["problem"] is None]

    @property
    def usableFiles(self):
        names = {row["name"] for row in self.usable}
        return [file for file in self.files if file[0] in names]


class Trainer:
    """changed() is called whenever anything changes, row(row) with each row of a training's history, failed(text) when
    something went wrong, log(text) with lines for people."""

    def __init__(self, runsFolder, changed=lambda: None, row=lambda row: None, failed=lambda text: None,
                 log=lambda text: None):  # fmt: skip
        self.runsFolder = Path(runsFolder)
        self.changed, self.row, self.failed, self.log = changed, row, failed, log
        self.client = TrainingClient(self._onJob, self._onTold, log)
        self.state, self.job, self.progress = IDLE, None, (None, None, None, None)
        self.dataset = self.plan = self.reasons = self.estimate = None
        self.run = self.report = None
        self._then = []  # what follows the job that runs
        self._discard = False
        self._exporting = None
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._exportOn)

    @property
    def isBusy(self):
        return self.state != IDLE

    # --- the steps

    def examinePairs(self, pairs, values, then=None):
        """Write the scene's pairs to files and look at them. values: {segment name: label value}."""
        self._mustBeIdle()
        if not pairs:
            raise MedNCAError(_("Add volumes and their segmentations first."))
        self._dropUnused()
        self._exporting = export(pairs, values, self._newFolder(self.runsFolder / _DATASETS, "pairs"))
        self._then = [then] if then else []
        self._set(EXPORTING)
        self._timer.start()

    def examineFolder(self, folder, then=None):
        """Look at a data set in a folder."""
        self._mustBeIdle()
        self._then = [then] if then else []
        self._submit(EXAMINING, command="examine", data=str(folder))

    def propose(self, base=None, family="m3d-nca", labels=None, changes=None, then=None):
        """A plan for the data set. base: id of the model to go on from, or None."""
        self._mustBeIdle()
        if self.dataset is None:
            raise MedNCAError(_("Look at the data set first."))
        self._then = [then] if then else []
        self._submit(
            PLANNING, command="plan", cases=self.dataset.rows, base=base, family=family,
            labels={str(value): name for value, name in (labels or {}).items()}, changes=changes or {},
        )  # fmt: skip

    def train(self, name, base=None, device="cpu"):
        """Begin to train by the plan."""
        self._mustBeIdle()
        if self.plan is None:
            raise MedNCAError(_("Propose a plan first."))
        self.run, self.report = self._newFolder(self.runsFolder, slug(name)), None
        self._submit(
            TRAINING, command="train", run=str(self.run), plan=self.plan, cases=self.dataset.usableFiles,
            name=name, id=slug(name), base=base, device=device,
        )  # fmt: skip

    def resume(self, run, device="cpu"):
        """Go on with a run that was paused, or interrupted."""
        self._mustBeIdle()
        self.run, self.report = Path(run), None
        self._submit(TRAINING, command="train", run=str(run), device=device)

    def pause(self):
        """Stop a training so that it can go on later; other work is dropped."""
        self._then = []
        self._timer.stop()
        if self.job is not None:
            self._set(PAUSING)
            self.client.cancel(self.job)
        elif self._exporting is not None:
            self._exporting = None
            self._set(IDLE)

    def cancel(self):
        """Stop a training and delete its run."""
        self._discard = self.state in (TRAINING, PAUSING)
        self.pause()

    def shutdown(self):
        """End the worker, silently. A training that runs can be resumed from its last checkpoint."""
        self._timer.stop()
        self._exporting, self.job, self._then, self.state = None, None, [], IDLE
        self.client.shutdown()

    def wait(self, seconds=600):
        """Run the event loop until nothing is done any more."""
        import slicer

        deadline = time.monotonic() + seconds
        while self.isBusy and time.monotonic() < deadline:
            self.client.wait(20)
            slicer.app.processEvents()

    # --- runs

    def unfinishedRuns(self):
        """[{folder, name, state, iteration, of, best_dice}] of runs that can go on, newest first."""
        return [run for run in self.runs() if run["state"] != "done"]

    def runs(self):
        found = []
        for state in self.runsFolder.glob("*/state.json"):
            folder = state.parent
            try:
                told = json.loads(state.read_text())
                name = json.loads((folder / "texts.json").read_text())["texts"]["name"]
            except (OSError, ValueError, KeyError):
                continue
            if (folder / "plan.json").exists():
                found.append({"folder": str(folder), "name": name, "changed": state.stat().st_mtime, **told})
        return sorted(found, key=lambda run: -run["changed"])

    def deleteRun(self, folder):
        """Delete a run of this computer's run folder, and nothing else."""
        folder = Path(folder)
        if folder.parent != self.runsFolder or not (folder / "plan.json").exists():
            raise MedNCAError(_("{folder} is no run.").format(folder=folder))
        shutil.rmtree(folder)

    @property
    def resultFolder(self):
        return self.run / "result" if self.run and self.report else None

    # --- from the worker

    def _submit(self, state, **request):
        self.job = self.client.submit(**request)
        self._set(state)

    def _exportOn(self):
        try:
            done, total = next(self._exporting)
            self.progress = ("exporting", done, total, None)
            self.changed()
        except StopIteration as end:
            self._timer.stop()
            self._exporting = None
            self._submit(EXAMINING, command="examine", cases=end.value)
        except Exception as error:  # the person waiting must hear of whatever it is
            self._timer.stop()
            self._exporting = None
            self._end(str(error) or type(error).__name__)

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
        if job.state == "done":
            self._take(job)
            self._end()
        else:
            self._end(job.error if job.state == "failed" else "")

    def _take(self, job):
        """What a job that is done brought."""
        answer = job.answer
        if job.request["command"] == "examine":
            self.dataset, self.plan = Dataset(answer), None
        elif job.request["command"] == "plan":
            self.plan, self.reasons, self.estimate = answer["plan"], answer["reasons"], answer["estimate"]
        else:
            self.report = answer["report"]

    def _end(self, error=""):
        discard, self._discard = self._discard, False
        if discard and self.run:
            shutil.rmtree(self.run, ignore_errors=True)
            self._dropUnused()
            self.run = None
        self._set(IDLE)
        if error:
            self._then = []
            self.failed(error)
        elif self._then:
            qt.QTimer.singleShot(0, self._then.pop())

    def _set(self, state):
        self.state = state
        self.changed()

    def _mustBeIdle(self):
        if self.isBusy:
            raise MedNCAError(_("Wait until what is being done has ended, or cancel it."))

    def _newFolder(self, parent, name):
        """An empty folder of its own."""
        stem, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}", 1
        folder = parent / stem
        while folder.exists():
            number += 1
            folder = parent / f"{stem}-{number}"
        folder.mkdir(parents=True)
        return folder

    def _dropUnused(self):
        """Delete the exported data sets that no run was begun with."""
        mentioned = "".join(cases.read_text() for cases in self.runsFolder.glob("*/cases.json"))
        for folder in (self.runsFolder / _DATASETS).glob("*"):
            if json.dumps(folder.name)[1:-1] not in mentioned:
                shutil.rmtree(folder, ignore_errors=True)


def slug(name):
    """A model's id from a name that people chose."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64] or "model"

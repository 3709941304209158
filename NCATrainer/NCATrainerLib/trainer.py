"""From a training request to a model: data set -> plan -> training -> result; each step is a job of the worker.

What is being done and what came of it stands here; it knows no widgets. The run folder holds all that matters, so that
a closed scene, or a closed Slicer, costs nothing but the time since the last checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import qt
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.messages import Progress
from mednca_train.data.cases import Case
from mednca_train.messages import (
    ExamineAnswer,
    ExamineRequest,
    NewRun,
    PlanAnswer,
    PlanRequest,
    TrainRequest,
)
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.metadata import slug
from mednca_train.run_folder import HistoryRow, RunResult, holds_run, read_result
from MedNCASegmentLib.sentences import sentenceText
from MedNCASegmentLib.worker_client import Job, RequestState

from .client import TrainingClient
from .pair_export import ExportedPairs, PairExport
from .runs import Runs
from .training_request import TrainingRequest

_LONG = 3 * 3600.0  # seconds
Request = ExamineRequest | PlanRequest | TrainRequest


class TrainerState(Enum):
    """What is being done."""

    IDLE = "idle"
    EXPORTING = "exporting"  # pairs of the scene become files
    EXAMINING = "examining"
    PLANNING = "planning"
    TRAINING = "training"
    PAUSING = "pausing"  # a job was asked to end


@dataclass(frozen=True)
class Preparation:
    """What was made of a training request so far, on the way to a training.

    Attributes:
        request: that all of it was made for; None before there is one.
        export: the folder that the request's pairs were written to, if it has pairs.
        data: the cases that were examined, usable or not.
        planned: the plan, its reasons and its cost.
        isChanged: whether the user changed the plan that was proposed.
    """

    request: TrainingRequest | None = None
    export: Path | None = None
    data: ExamineAnswer | None = None
    planned: PlanAnswer | None = None
    isChanged: bool = False

    @property
    def isLong(self) -> bool:
        """Whether the plan takes so long that one for less time is worth a thought, where there is one."""
        estimate = self.planned.estimate if self.planned else None
        isFree = self.request is not None and self.request.isNew and not self.request.hours
        return isFree and estimate is not None and (estimate.seconds_free or estimate.seconds) > _LONG

    @property
    def facts(self) -> tuple[CaseFacts, ...]:
        """Of all cases that were examined."""
        return self.data.fingerprint.cases if self.data else ()

    @property
    def unusable(self) -> list[CaseFacts]:
        """The cases that cannot be trained on, with their problem."""
        return [case for case in self.facts if case.problem is not None]

    @property
    def usableCases(self) -> tuple[Case, ...]:
        """The files of those that can."""
        usable = {case.name for case in self.facts if case.problem is None}
        return tuple(case for case in self.data.cases if case.name in usable) if self.data else ()


@dataclass(frozen=True)
class TrainerStatus:
    """All that a panel shows of a trainer, as it is at one moment.

    Attributes:
        state: what is being done.
        isTraining: whether a training runs, also while it is being paused.
        progress: of what is being done.
        preparation: what was made of the training request so far.
        isStale: whether something was forgotten because the request changed.
        isDiscarding: whether the training that is being stopped is then deleted.
        result: of the run that was trained or opened last, or None.
    """

    state: TrainerState
    isTraining: bool
    progress: Progress
    preparation: Preparation
    isStale: bool
    isDiscarding: bool
    result: RunResult | None

    @property
    def isBusy(self) -> bool:
        return self.state != TrainerState.IDLE


class Trainer:
    """Does one thing at a time.

    Args:
        runs: where trainings are kept.
        changed: called whenever anything changes.
        row: called with rows of a training's history as they come.
        failed: called with a sentence when something went wrong.
        log: called with lines for people.

    Attributes:
        preparation, result: as of `TrainerStatus`.
        run: the folder of the training that runs, or ran last.
    """

    def __init__(
        self,
        runs: Runs,
        changed: Callable[[], None] = lambda: None,
        row: Callable[[HistoryRow], None] = lambda row: None,
        failed: Callable[[str], None] = lambda text: None,
        log: Callable[[str], None] = lambda text: None,
    ):
        self.runs, self.changed, self.failed = runs, changed, failed
        self.client = TrainingClient(self._onJob, row, log)
        self.state, self.job, self.progress = TrainerState.IDLE, None, Progress("waiting")
        self.run: Path | None = None
        self.result: RunResult | None = None
        self.forget()
        self._then: Callable[[], None] | None = None  # what follows the job that runs
        self._discard = False  # the run, once its job has ended
        self._pairExport = PairExport(self._onExportAdvanced, self._onExported, self._end)
        self._exported: ExportedPairs | None = None

    @property
    def status(self) -> TrainerStatus:
        """A snapshot for whoever shows it."""
        return TrainerStatus(
            self.state, self.isTraining, self.progress, self.preparation, self.isStale, self._discard, self.result
        )

    @property
    def isBusy(self) -> bool:
        return self.state != TrainerState.IDLE

    @property
    def isTraining(self) -> bool:
        """Also while it is being paused."""
        return self.job is not None and self.job.request["command"] == TrainRequest.command

    def forget(self) -> None:
        """Forget the data set and the plan: the next training examines the data anew."""
        self.preparation, self.isStale = Preparation(), False

    def keep(self, request: TrainingRequest) -> None:
        """Forget the data set and the plan unless they were made for this request, of which isStale says so; the plan
        alone, where it is another time that there is."""
        made = self.preparation.request
        if made is None or made == request:
            return
        if made == replace(request, hours=made.hours):
            self.preparation = replace(self.preparation, request=request, planned=None, isChanged=False)
        else:
            self.forget()
            self.isStale = True

    # --- the steps

    def examine(self, request: TrainingRequest, then: Callable[[], None] | None = None) -> None:
        """Examine the data set; pairs of the scene are written to files before. then: called when that is done."""
        self.checkIdle()
        if not request.hasData:
            raise MedNCAError(_("Add volumes and their segmentations, or choose a folder."))
        self.forget()
        self.runs.dropUnused()
        export = self.runs.newExport() if request.pairs else None
        self.preparation, self._then, self._exported = Preparation(request, export), then, None
        if export is None:
            self._submit(TrainerState.EXAMINING, ExamineRequest(data=Path(request.folder)))
            return
        self._pairExport.start(request.pairs, request.segmentValues, export)
        self.progress = Progress("exporting")
        self._set(TrainerState.EXPORTING)

    def propose(
        self,
        request: TrainingRequest,
        changes: dict | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Propose a plan; the data set is examined first where that was not done. changes: to fields of the plan, as
        JSON has them. then: called when that is done."""
        self.checkIdle()
        self.keep(request)
        data = self.preparation.data
        if data is None:
            self.examine(request, lambda: self.propose(request, changes, then))
            return
        names = {value: label for label, value in request.labelValues.items()} or data.label_names
        shown = self.preparation.planned if changes else None
        asked = PlanRequest(
            data.fingerprint, label_names=names, changes=changes or {}, hours=request.hours, shown=shown
        )
        self._then = then
        self._submit(
            TrainerState.PLANNING,
            replace(asked, family=request.start) if request.isNew else replace(asked, base=request.start),
        )

    def train(self, request: TrainingRequest) -> None:
        """Begin to train by the plan."""
        self.checkIdle()
        self.keep(request)
        if self.preparation.planned is None:
            raise MedNCAError(_("Propose a plan first."))
        self.run, self._then = self.runs.newRun(request.name), None
        new = NewRun(
            self.preparation.planned.plan,
            self.preparation.usableCases,
            id=slug(request.name),
            name=request.name,
            base=None if request.isNew else request.start,
            calibration_cases=self.preparation.planned.calibration_cases,
        )
        if self.preparation.export:
            self.runs.noteBegun(self.run, self.preparation.export)
        self._submit(TrainerState.TRAINING, TrainRequest(self.run, new, request.device))

    def resume(self, run: Path, device: str = "auto") -> None:
        """Go on with a run that was paused, or interrupted."""
        self.checkIdle()
        self.run, self._then = Path(run), None
        self._submit(TrainerState.TRAINING, TrainRequest(self.run, device=device))

    def open(self, run: Path) -> None:
        """Show the result of a run that is done."""
        self.checkIdle()
        self.result = _resultOf(run)
        self.changed()

    def pause(self) -> None:
        """Stop a training so that it can go on later; other work is dropped."""
        self._then = None
        if self.job is not None:
            self._set(TrainerState.PAUSING)
            self.client.cancel(self.job)
        elif self._pairExport.isRunning:
            self._pairExport.stop()
            self._end()

    def cancel(self) -> None:
        """Stop what is done; a training's run is deleted."""
        self._discard = self.isTraining
        self.pause()

    def deleteRun(self, run: Path) -> None:
        """Delete a run of this computer's folder of runs, and what was exported for it alone; nothing else."""
        self.checkIdle()
        run = Path(run)
        self.runs.checkDeletable(run)
        self._delete(run)
        self.changed()

    def shutdown(self) -> None:
        """End the worker, silently. A training that runs can be resumed from its last checkpoint."""
        self._pairExport.stop()
        self.job, self._then, self.state = None, None, TrainerState.IDLE
        self.client.shutdown()
        self.forget()
        self.runs.dropUnused()

    def wait(self, seconds: float = 600) -> None:
        """Run the event loop until nothing is done any more."""
        deadline = time.monotonic() + seconds
        while self.isBusy and time.monotonic() < deadline:
            self.client.wait(20)

    def checkIdle(self) -> None:
        """Raises MedNCAError where something is being done."""
        if self.isBusy:
            raise MedNCAError(_("Wait until what is being done has ended, or cancel it."))

    # --- from the export and the worker

    def _onExportAdvanced(self, progress: Progress) -> None:
        self.progress = progress
        self.changed()

    def _onExported(self, exported: ExportedPairs) -> None:
        self._exported = exported
        self._submit(TrainerState.EXAMINING, ExamineRequest(cases=exported.cases))

    def _submit(self, state: TrainerState, request: Request) -> None:
        self.job = self.client.submit(**request.to_json())
        self._set(state)
        if self.job.state.isOver:  # the worker could not even be started
            self._onJob(self.job)

    def _onJob(self, job: Job) -> None:
        if job is not self.job:
            return
        self.progress = job.progress
        if not job.state.isOver:
            self.changed()
            return
        self.job = None
        error = "" if job.state in (RequestState.DONE, RequestState.CANCELED) else job.error
        if job.state == RequestState.DONE:
            try:
                self._take(job)
            except MedNCAError as problem:
                error = sentenceText(problem)
        self._end(error)

    def _take(self, job: Job) -> None:
        """What a job that is done brought."""
        command = job.request["command"]
        if command == ExamineRequest.command:
            data = _withProblems(ExamineAnswer.from_json(job.answer), self._exported)
            self.preparation = replace(self.preparation, data=data)
        elif command == PlanRequest.command:
            planned, asked = PlanAnswer.from_json(job.answer), job.request
            self.preparation = replace(self.preparation, planned=planned, isChanged=bool(asked["changes"]))
        elif self.run is not None:
            self.result = _resultOf(self.run)

    def _end(self, error: str = "") -> None:
        """A job, or an export, is over."""
        discard, self._discard = self._discard, False
        if self.run and (discard or not holds_run(self.run)):  # the latter: it did not even begin
            self._delete(self.run)
        if self.preparation.request is not None and self.preparation.data is None:  # not examined, or not to the end
            self.forget()
            self.runs.dropUnused()
        if self._then and not error:
            qt.QTimer.singleShot(0, self._goOn)  # not within the worker's own signal; busy until then
            return
        self._then = None
        self._set(TrainerState.IDLE)
        if error:
            self.failed(error)

    def _goOn(self) -> None:
        then, self._then, self.state = self._then, None, TrainerState.IDLE
        try:
            if then:
                then()
        except (MedNCAError, OSError) as error:
            self.failed(sentenceText(error))
        self.changed()

    def _delete(self, run: Path) -> None:
        """A run of somewhere else, that a script goes on with, stays; so does one that another program trains."""
        if not self.runs.holds(run) or self.runs.isTaken(run):
            return
        self.runs.delete(run, kept=self.preparation.export)
        if self.run == run:
            self.run = None
        if self.result and self.result.run == run:
            self.result = None

    def _set(self, state: TrainerState) -> None:
        self.state = state
        self.changed()


def _withProblems(data: ExamineAnswer, exported: ExportedPairs | None) -> ExamineAnswer:
    """With the pairs that could not be written, in their order. exported: None where a folder was examined."""
    if exported is None:
        return data
    found = {case.name: case for case in data.fingerprint.cases}
    facts = (found.get(name) or CaseFacts(name, problem=exported.problems[name]) for name in exported.names)
    return replace(data, fingerprint=Fingerprint(tuple(facts)))


def _resultOf(run: Path) -> RunResult:
    """The result of a run that is done; raises MedNCAError where there is none."""
    try:
        return read_result(run)
    except MedNCAError as error:
        raise MedNCAError(
            _("{folder} holds no result: {error}").format(folder=run, error=sentenceText(error))
        ) from error

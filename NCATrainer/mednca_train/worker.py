"""The training engine as a process of its own, so that torch never enters Slicer.

Run as `python -m mednca_train.worker`. It speaks the JSON lines of `mednca.worker`; its commands examine, plan and
train are the requests of `messages`, which also says what is answered. While it trains it tells a `Row` of the history
now and then, and a `Told` for people. Canceling a training pauses it: what was done is saved. A worker that is ended
loses what it did since the last checkpoint, at most a minute of training.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mednca.errors import Sentence
from mednca.messages import Progress, Row, Told
from mednca.worker import Worker, main

from .messages import (
    ExamineAnswer,
    ExamineRequest,
    NewRun,
    PlanAnswer,
    PlanRequest,
    TrainAnswer,
    TrainRequest,
)
from .progress import Pace
from .run_folder import CALIBRATION_CASES, HistoryRow, RunOptions, begun_on
from .run_lock import run_lock

if TYPE_CHECKING:
    from .training_run import Work

_ROW_SECONDS = 0.25  # rows are told no faster than this


class TrainingWorker(Worker):
    """Examines data sets, proposes plans, trains."""

    def warm_up(self) -> None:
        from . import training_run  # noqa: F401  torch, torchio

    def commands(self) -> dict:
        return {
            ExamineRequest.command: (self._examine, ExamineRequest.schema),
            PlanRequest.command: (self._plan, PlanRequest.schema),
            TrainRequest.command: (self._train, TrainRequest.schema),
        }

    def _examine(self, request: dict, job: str) -> dict:
        from .data.cases import case_set_of
        from .data.examine import fingerprint
        from .data.layouts import find_dataset

        asked = ExamineRequest.from_json(request)
        case_set = find_dataset(asked.data) if asked.data else case_set_of(asked.cases or ())
        found = fingerprint(case_set, progress=self.progress(job))
        return ExamineAnswer(found, case_set.cases, case_set.label_names).to_json()

    def _plan(self, request: dict, job: str) -> dict:
        from mednca.models.library import Library

        from .data.cases import held_out
        from .plan.budget import plan_for
        from .plan.finetuning import finetuning_plan
        from .plan.propose import propose, with_changes
        from .training.estimate import estimate

        asked = PlanRequest.from_json(request)
        found, names = asked.fingerprint, asked.label_names
        self.progress(job)(Progress("estimating", 0, 1))
        if asked.shown:
            plan = with_changes(asked.shown.plan, asked.changes)
            return replace(asked.shown, plan=plan, estimate=estimate(plan, found)).to_json()
        if asked.hours and not asked.base:
            fitting = plan_for(
                found, 3600 * asked.hours, lambda plan: estimate(plan, found), held_out, names, asked.family
            )  # fmt: skip
            plan = with_changes(fitting.proposal.plan, asked.changes)
            cost = estimate(plan, found) if asked.changes else fitting.estimate
            return PlanAnswer(plan, fitting.proposal.reasons, cost, fitting.calibration_cases).to_json()
        if asked.base:
            base = Library().load(asked.base)
            plan = finetuning_plan(base, found, names)
            stays = Sentence("It goes on from {model}; its grid, intensities and field of view stay.", model=base.name)
            reasons = {"start": stays}
        else:
            proposal = propose(found, names, asked.family)
            plan, reasons = proposal.plan, proposal.reasons
        plan = with_changes(plan, asked.changes)
        cost = estimate(plan, found) if asked.estimate else None
        return PlanAnswer(plan, reasons, cost).to_json()

    def _train(self, request: dict, job: str) -> dict:
        from . import training_run

        asked, progress, last = TrainRequest.from_json(request), self.progress(job), 0.0
        progress(Progress("preparing", 0, 1))

        def tell(sentence: Sentence) -> None:
            self.tell(Told(job, str(sentence), sentence))

        def report(row: HistoryRow) -> None:
            nonlocal last
            now = time.monotonic()
            if row.dice_union is not None or now - last >= _ROW_SECONDS:
                last = now
                self.tell(Row(job, row.to_json()))
            of = work.run.plan.total_iterations
            left = pace.seconds_left(row.iteration, row.dice_union is not None)
            progress(Progress("training", row.iteration, of, seconds_left=left))

        with run_lock(asked.run, make=asked.new is not None):
            device = self._device(asked, tell)
            work = _begin(asked.run, asked.new, device) if asked.new else training_run.reopen(asked.run, device)
            pace = Pace(work.run.plan.total_iterations, work.run.plan.validate_every)
            result = training_run.complete(work, None, report, tell, progress)
        return TrainAnswer(training_run.result_folder(work), result).to_json()

    def _device(self, asked: TrainRequest, tell) -> str:
        """Chosen by itself: what there is; for a run that goes on, what it was begun on."""
        from mednca.nca.devices import choose_device

        name = begun_on(asked.run) if asked.device == "auto" and asked.new is None else asked.device
        device, note = choose_device(name)
        if note:
            tell(note)
        return str(device)


def _begin(run: Path, new: NewRun, device: str) -> Work:
    """A new run in its folder."""
    from mednca.models.library import Library

    from .plan.metadata import metadata_for
    from .training_run import begin

    base = Library().load(new.base) if new.base else None
    options = RunOptions(
        device, command="made in the NCATrainer module", keep_names=new.keep_names,
        calibration_cases=min(new.calibration_cases or CALIBRATION_CASES, CALIBRATION_CASES),
    )  # fmt: skip
    return begin(run, new.plan, list(new.cases), metadata_for(new.id, new.name, base, new.plan.labels), base, options)


if __name__ == "__main__":
    main(TrainingWorker)

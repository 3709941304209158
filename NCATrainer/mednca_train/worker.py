"""The training engine as a process of its own, so that torch never enters Slicer.

Run as `python -m mednca_train.worker`. It speaks the JSON lines of `mednca.worker`; its commands are:

    {"command": "examine", "job": J, "cases": [[NAME, IMAGE, LABELS]] or "data": FOLDER}
        done: cases: a row per case (`fingerprint.CaseFacts`), files: [[NAME, IMAGE, LABELS]], label_names, summary
    {"command": "plan", "job": J, "cases": rows of examine, "base": model or null, "labels": {VALUE: NAME},
     "family": F, "changes": {...}, "estimate": true}
        done: plan (data), reasons, estimate
    {"command": "train", "job": J, "run": FOLDER}   a run that is new, paused or was killed; or, to begin it, also
     "plan": {...}, "cases": [[NAME, IMAGE, LABELS]], "name": TEXT, "base": model or null, "keep_names": false;
     "device" in both cases: auto (default), cpu, cuda, mps
        row events: {"event": "row", "row": {...}}; said: {"event": "told", "text": T}; done: report, out
    {"command": "cancel", "job": J}                 pauses a training: what was done is saved

A worker that is ended loses what it did since the last checkpoint, at most a minute of training.
"""

from __future__ import annotations

import time
from pathlib import Path

from mednca.files import alone
from mednca.messages import Progress, Row, Told
from mednca.schema import ID, LINE, TEXT, named, optional
from mednca.worker import PATH, Worker, main, request_schema

from .data.fingerprint import ROWS_SCHEMA

_ROW_SECONDS = 0.25  # rows are told no faster than this
_CASES = {"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 3, "maxItems": 3}}
_EXAMINE = request_schema({"data": PATH, "cases": _CASES}) | {
    "oneOf": [{"required": ["data"]}, {"required": ["cases"]}],
}
_PLAN = request_schema(
    {
        "cases": ROWS_SCHEMA,
        "base": optional(PATH),
        "labels": optional(named(LINE)),
        "family": optional(LINE),
        "changes": optional({"type": "object"}),
        "estimate": {"type": "boolean"},
    },
    ("cases",),
)
_TRAIN = request_schema(
    {
        "run": PATH,
        "plan": {"type": "object"},
        "cases": _CASES,
        "id": ID,
        "name": LINE,
        "base": optional(PATH),
        "keep_names": {"type": "boolean"},
        "device": LINE,
    },
    ("run",),
) | {"dependentRequired": {"plan": ["cases", "id", "name"]}}


class TrainingWorker(Worker):
    """Looks at data sets, proposes plans, trains."""

    def warm_up(self) -> None:
        from . import run_folder  # noqa: F401  torch, torchio

    def commands(self) -> dict:
        return {
            "examine": (self._examine, _EXAMINE),
            "plan": (self._plan, _PLAN),
            "train": (self._train, _TRAIN),
        }

    def _examine(self, request: dict, job: str) -> dict:
        from .data.dataset import Case, Dataset, find_dataset
        from .data.fingerprint import fingerprint

        progress = self.progress(job)
        if "data" in request:
            dataset = find_dataset(request["data"])
        else:
            dataset = Dataset(
                tuple(Case(name, Path(image), Path(labels)) for name, image, labels in request["cases"]), {}
            )
        found = fingerprint(dataset, progress=lambda done, total: progress(Progress("examining", done, total)))
        return {
            "cases": found.to_json(),
            "files": [[case.name, str(case.image), str(case.labels)] for case in dataset.cases],
            "label_names": dataset.label_names,
            "summary": found.summary(),
        }

    def _plan(self, request: dict, job: str) -> dict:
        from mednca.models.library import Library

        from .data.fingerprint import Fingerprint
        from .plan.propose import propose, with_changes
        from .training.estimate import estimate
        from .training.finetune import finetuning_plan

        found = Fingerprint.from_json(request["cases"])
        names = {int(value): name for value, name in (request.get("labels") or {}).items()}
        if request.get("base"):
            base = Library().load(request["base"])
            plan = finetuning_plan(base, found, names)
            reasons = {"start": f"It goes on from {base.name}; its grid, intensities and field of view stay."}
        else:
            proposal = propose(found, names, request.get("family") or "m3d-nca")
            plan, reasons = proposal.plan, proposal.reasons
        plan = with_changes(plan, request.get("changes") or {})
        self.check(job)
        self.progress(job)(Progress("estimating", 0, 1))
        cost = estimate(plan, len(found.usable)).to_json() if request.get("estimate", True) else None
        return {"plan": plan.to_json(), "reasons": reasons, "estimate": cost}

    def _train(self, request: dict, job: str) -> dict:
        from . import run_folder

        progress, last, folder = self.progress(job), [0.0], Path(request["run"])
        progress(Progress("preparing", 0, 1))

        def tell(text):
            self.tell(Told(job, text))

        def report(row):
            now = time.monotonic()
            if "dice_union" in row or now - last[0] >= _ROW_SECONDS:
                last[0] = now
                self.tell(Row(job, row))
            progress(Progress("training", row["iteration"], work.run.plan.total_iterations))

        with alone(folder, make=bool(request.get("plan"))):
            device = self._device(request, tell)
            work = self._begin(request, device) if request.get("plan") else run_folder.reopen(folder, device)
            result = run_folder.complete(work, None, report, tell, lambda *told: progress(Progress(*told)))
        return {"out": str(run_folder.result_folder(work)), "report": result}

    def _device(self, request: dict, tell) -> str:
        """Chosen by itself: what there is; for a run that goes on, what it was begun on."""
        from mednca.nca.devices import choose_device

        from . import run_folder

        name = request.get("device", "auto")
        if name == "auto" and not request.get("plan"):
            name = run_folder.begun_on(request["run"])
        device, note = choose_device(name)
        if note:
            tell(note)
        return str(device)

    def _begin(self, request: dict, device: str):
        from mednca.models.library import Library

        from . import run_folder
        from .data.dataset import Case
        from .plan.plan import Plan

        cases = [Case(name, Path(image), Path(labels)) for name, image, labels in request["cases"]]
        base = Library().load(request["base"]) if request.get("base") else None
        metadata = run_folder.metadata_for(request["id"], request["name"], base=base)
        options = {"command": "made in the NCATrainer module", "keep_names": bool(request.get("keep_names"))}
        plan = Plan.from_json(request["plan"])
        return run_folder.begin(request["run"], plan, cases, metadata, base, options, device)


if __name__ == "__main__":
    main(TrainingWorker)

"""What the training worker and the program that started it say to each other, beside `mednca.messages`; without torch.

Three requests, each with what is answered to it. A label's value that is a key is a whole number here, and a string
in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mednca.errors import Sentence
from mednca.messages import PATH, request_schema
from mednca.schema import ID, LINE, TEXT, named, optional

from .data.cases import Case
from .plan.estimate import Estimate
from .plan.fingerprint import FINGERPRINT_SCHEMA, Fingerprint
from .plan.plan import Plan
from .validation_report import ValidationReport

_CASES = {"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 3, "maxItems": 18}}


@dataclass(frozen=True)
class ExamineRequest:
    """Examine a data set: either a folder, or cases: name, files of the image, of the labels, of further channels."""

    command = "examine"
    schema = request_schema({"data": PATH, "cases": _CASES}) | {
        "oneOf": [{"required": ["data"]}, {"required": ["cases"]}],
    }
    data: Path | None = None
    cases: tuple[Case, ...] | None = None

    @classmethod
    def from_json(cls, data: dict) -> ExamineRequest:
        if "data" in data:
            return cls(data=Path(data["data"]))
        return cls(cases=_cases(data["cases"]))

    def to_json(self) -> dict:
        """The request, without its job."""
        content = {"data": str(self.data)} if self.data else {"cases": _rows(self.cases or ())}
        return {"command": self.command} | content


@dataclass(frozen=True)
class ExamineAnswer:
    """What was found: what each case is like, the cases, and what the labels' values are called."""

    fingerprint: Fingerprint
    cases: tuple[Case, ...]
    label_names: dict[int, str]

    @classmethod
    def from_json(cls, data: dict) -> ExamineAnswer:
        return cls(Fingerprint.from_json(data["cases"]), _cases(data["files"]), _by_value(data["label_names"]))

    def to_json(self) -> dict:
        """The content of `Done`."""
        return {
            "cases": self.fingerprint.to_json(),
            "files": _rows(self.cases),
            "label_names": _by_string(self.label_names),
        }


@dataclass(frozen=True)
class PlanRequest:
    """Propose a plan.

    Attributes:
        fingerprint: of the data set.
        base: id or folder of the model that is to be fine-tuned; None for a new one.
        family: of a new model.
        label_names: what the labels' values are called.
        changes: to fields of the plan that is proposed, as JSON has them.
        estimate: whether to measure what the plan costs.
        hours: that there are for a new model, from its first case to its end (`plan.budget.plan_for`); None for as long
            as it takes.
        shown: what was proposed for the same before, to be changed; None to propose anew.
    """

    command = "plan"
    schema = request_schema(
        {
            "cases": FINGERPRINT_SCHEMA,
            "base": optional(PATH),
            "labels": optional(named(LINE) | {"propertyNames": {"pattern": r"\A[0-9]{1,3}\Z"}}),
            "family": optional(LINE),
            "changes": optional({"type": "object"}),
            "estimate": {"type": "boolean"},
            "hours": optional({"type": "number", "exclusiveMinimum": 0, "maximum": 1000}),
            "shown": optional({"type": "object"}),
        },
        ("cases",),
    )
    fingerprint: Fingerprint
    base: str | None = None
    family: str = "m3d-nca"
    label_names: dict[int, str] = field(default_factory=dict)
    changes: dict = field(default_factory=dict)
    estimate: bool = True
    hours: float | None = None
    shown: PlanAnswer | None = None

    @classmethod
    def from_json(cls, data: dict) -> PlanRequest:
        return cls(
            Fingerprint.from_json(data["cases"]),
            data.get("base") or None,
            data.get("family") or cls.family,
            _by_value(data.get("labels") or {}),
            data.get("changes") or {},
            data.get("estimate", True),
            data.get("hours"),
            PlanAnswer.from_json(data["shown"]) if data.get("shown") else None,
        )

    def to_json(self) -> dict:
        """The request, without its job."""
        return {
            "command": self.command, "cases": self.fingerprint.to_json(), "base": self.base, "family": self.family,
            "labels": _by_string(self.label_names), "changes": self.changes, "estimate": self.estimate,
            "hours": self.hours, "shown": self.shown.to_json() if self.shown else None,
        }  # fmt: skip


@dataclass(frozen=True)
class PlanAnswer:
    """A plan, a sentence for each of its decisions, what it costs where that was asked for, and of how many cases a
    calibration fits into the time, where there is one."""

    plan: Plan
    reasons: dict[str, Sentence]
    estimate: Estimate | None
    calibration_cases: int | None = None

    @classmethod
    def from_json(cls, data: dict) -> PlanAnswer:
        estimate = Estimate(**data["estimate"]) if data["estimate"] else None
        reasons = {what: Sentence.from_json(why) for what, why in data["reasons"].items()}
        return cls(Plan.from_json(data["plan"]), reasons, estimate, data["calibration_cases"])

    def to_json(self) -> dict:
        """The content of `Done`."""
        estimate = self.estimate.to_json() if self.estimate else None
        return {
            "plan": self.plan.to_json(), "reasons": {what: why.to_json() for what, why in self.reasons.items()},
            "estimate": estimate,
            "calibration_cases": self.calibration_cases,
        }  # fmt: skip


@dataclass(frozen=True)
class NewRun:
    """What a run is begun with.

    Attributes:
        plan: what decides the training.
        cases: to train with, and to hold out.
        id, name: of the model to be made.
        base: id or folder of the model that is fine-tuned; None for a new one.
        keep_names: write the cases' names into the model.
        calibration_cases: to make the calibration with, at most; None for as many as are usual.
    """

    plan: Plan
    cases: tuple[Case, ...]
    id: str
    name: str
    base: str | None = None
    keep_names: bool = False
    calibration_cases: int | None = None


@dataclass(frozen=True)
class TrainRequest:
    """Begin a run in a folder, where `new` says with what, or go on with the one that is there.

    device: auto, cpu, cuda or mps; auto is what there is, or what the run was begun on.
    """

    command = "train"
    schema = request_schema(
        {
            "run": PATH,
            "plan": {"type": "object"},
            "cases": _CASES,
            "id": ID,
            "name": LINE,
            "base": optional(PATH),
            "keep_names": {"type": "boolean"},
            "calibration_cases": optional({"type": "integer", "minimum": 1}),
            "device": LINE,
        },
        ("run",),
    ) | {"dependentRequired": {"plan": ["cases", "id", "name"]}}
    run: Path
    new: NewRun | None = None
    device: str = "auto"

    @classmethod
    def from_json(cls, data: dict) -> TrainRequest:
        new = None
        if "plan" in data:
            plan, cases = Plan.from_json(data["plan"]), _cases(data["cases"])
            base, keep_names = data.get("base") or None, data.get("keep_names", False)
            new = NewRun(plan, cases, data["id"], data["name"], base, keep_names, data.get("calibration_cases"))
        return cls(Path(data["run"]), new, data.get("device", cls.device))

    def to_json(self) -> dict:
        """The request, without its job."""
        told = {"command": self.command, "run": str(self.run), "device": self.device}
        if self.new:
            told |= {
                "plan": self.new.plan.to_json(), "cases": _rows(self.new.cases), "id": self.new.id,
                "name": self.new.name, "base": self.new.base, "keep_names": self.new.keep_names,
                "calibration_cases": self.new.calibration_cases,
            }  # fmt: skip
        return told


@dataclass(frozen=True)
class TrainAnswer:
    """A training has come to its end: the model's folder, and the validation report."""

    out: Path
    report: ValidationReport

    @classmethod
    def from_json(cls, data: dict) -> TrainAnswer:
        return cls(Path(data["out"]), ValidationReport.from_json(data["report"]))

    def to_json(self) -> dict:
        """The content of `Done`."""
        return {"out": str(self.out), "report": self.report.to_json()}


def _cases(rows: list) -> tuple[Case, ...]:
    return tuple(
        Case(name, Path(image), Path(labels), tuple(map(Path, others))) for name, image, labels, *others in rows
    )


def _rows(cases) -> list[list[str]]:
    return [[case.name, str(case.image), str(case.labels), *map(str, case.others)] for case in cases]


def _by_value(names: dict[str, str]) -> dict[int, str]:
    return {int(value): name for value, name in names.items()}


def _by_string(names: dict[int, str]) -> dict[str, str]:
    return {str(value): name for value, name in names.items()}

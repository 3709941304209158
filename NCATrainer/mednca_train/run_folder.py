"""The folder of a training run, file by file: names, states, and how each is written and read.

    plan.json               the `Plan`; written last of all that a run needs, so that there is a run once it is there
    split.json              which cases are trained with, and which are held out to check with, by name
    cases.json              where the cases lie; it stays here, since a model holds no paths
    metadata.json           the metadata of the model to be made, and the run's options (texts.json before version 0.2)
    base/                   the model that is fine-tuned, if one is
    history.csv             a row an iteration
    checkpoint.safetensors  weights, optimizer and counters; `training.checkpoint` reads it
    state.json              how far its checkpoint is, for whoever does not open that
    watched.nrrd, .json     what the last validation found in one of its cases, on the model's grid, and how good it is
    samples.jsonl           what was measured for the calibration so far, of this run's model
    report.json, result/    at the end: how good the model is, and its folder

The loop, the commands and Slicer's panel all read it here, so nothing here imports torch. What is done with a run is
`training_run`'s business.
"""

from __future__ import annotations

import csv
import json
import math
import secrets
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from mednca.errors import MedNCAError
from mednca.files import write_json
from mednca.imaging.reading import checksum
from mednca.models.schema import SPLIT_SCHEMA
from mednca.schema import LINE, NUMBER, TEXT, optional, read_json, record

from .data.cases import Case
from .plan.plan import Plan
from .validation_report import ValidationReport

PLAN, SPLIT, CASES, METADATA = "plan.json", "split.json", "cases.json", "metadata.json"
HISTORY, CHECKPOINT, STATE, REPORT = "history.csv", "checkpoint.safetensors", "state.json", "report.json"
WATCHED, WATCHED_LABELS = "watched.json", "watched.nrrd"
SAMPLES = "samples.jsonl"
BASE, RESULT = "base", "result"  # model folders
CALIBRATION_CASES = 90  # to make a calibration with, at most, and to try it on

TENSORBOARD = "tensorboard"
_BEFORE_ITS_END = {
    PLAN, SPLIT, CASES, METADATA, HISTORY, CHECKPOINT, STATE, REPORT, WATCHED, WATCHED_LABELS, BASE, TENSORBOARD,
}  # fmt: skip
_TEXTS = "texts.json"  # metadata.json's name before version 0.2, when its "metadata" was called "texts"
_WHOLE = {"type": "integer", "minimum": 0}
_CASES_SCHEMA = {
    "type": "array",
    "items": record(
        {
            "name": LINE,
            "image": TEXT,
            "labels": TEXT,
            "others": {"type": "array", "items": TEXT},
            "labels_sha256": optional(TEXT),
            "channels_sha256": {"type": "array", "items": optional(TEXT)},
        },
        ("name", "image", "labels"),
    ),
}
_OPTIONS_SCHEMA = record(
    {
        "device": TEXT,
        "salt": TEXT,
        "command": TEXT,
        "out": optional(TEXT),
        "keep_names": {"type": "boolean"},
        "calibration_cases": _WHOLE,
    },
    ("device", "salt"),
    others=True,
)
_WATCHED_SCHEMA = record({"case": LINE, "dice": NUMBER}, ("case", "dice"), others=True)
_TRAINED_SCHEMA = record({"training": record({}, others=True)}, others=True)
_REPORT_SCHEMA = record({"mean": record({}, ("cases", "dice", "dice_sd"), others=True)}, ("mean",), others=True)


class RunState(str, Enum):
    """How a run is, by what was last done with it; a run that was killed still says "training"."""

    WAITING = "waiting"  # begun, not trained yet
    TRAINING = "training"
    PAUSED = "paused"
    TRAINED = "trained"  # to its end; measuring and calibrating are still to be done
    DONE = "done"  # result/, or the folder that was asked for, holds the model
    FAILED = "failed"  # it diverged, or the memory was not enough


_STATE_SCHEMA = record(
    {
        "state": {"enum": [state.value for state in RunState]},
        "iteration": _WHOLE,
        "of": _WHOLE,
        "best_dice": optional(NUMBER),
        "best_iteration": _WHOLE,
    },
    ("state", "iteration", "of"),
    others=True,
)


@dataclass(frozen=True)
class RunStatus:
    """The content of state.json.

    Attributes:
        state: what was last done.
        iteration, of: iterations done, as the checkpoint has them, and planned.
        best_dice: of the union, of one member, on some validation cases; None before there is one.
        best_iteration: after which it was measured; 0 before there is one.
    """

    state: RunState
    iteration: int
    of: int
    best_dice: float | None = None
    best_iteration: int = 0


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; none of it changes the weights, except by the device's rounding.

    Attributes:
        device: that it was begun on, and goes on with by default.
        salt: of the hashes that stand in the model for the cases' names.
        command: what made the model, for its card.
        out: the model's folder; None for result/ in the run's folder.
        keep_names: write the cases' names into the model, for public data.
        calibration_cases: to make the calibration with, at most, and to try it on.
    """

    device: str = "cpu"
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    command: str = ""
    out: str | None = None
    keep_names: bool = False
    calibration_cases: int = CALIBRATION_CASES


@dataclass(frozen=True)
class HistoryRow:
    """One iteration, a row of history.csv.

    Attributes:
        iteration: its number, from 1 on.
        loss, gradient_norm, learning_rate: of this iteration; the norm before it is clipped. A gradient that is not
            finite changes no weight.
        seconds: that it took, without validation.
        dice_union, dice_labels: of a validation after it, union and each label; None where there was none.
    """

    iteration: int
    loss: float
    gradient_norm: float | None
    learning_rate: float
    seconds: float | None = None
    dice_union: float | None = None
    dice_labels: tuple[float, ...] | None = None

    def columns(self) -> dict:
        """By the names of the columns of history.csv; labels as a list, None where there is nothing."""
        return asdict(self) | {"dice_labels": None if self.dice_labels is None else list(self.dice_labels)}

    def to_json(self) -> dict:
        """As JSON has it, which knows no infinite numbers."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in self.columns().items()
        }

    @classmethod
    def from_json(cls, data: dict) -> HistoryRow:
        """Raises TypeError where it is none."""
        told: dict[str, Any] = dict(data)
        if told.get("dice_labels") is not None:
            told["dice_labels"] = tuple(told["dice_labels"])
        return cls(**told)


@dataclass(frozen=True)
class Watched:
    """The content of watched.json, about watched.nrrd.

    Attributes:
        case: its name, as cases.json has it.
        dice: of the union with what was drawn there.
    """

    case: str
    dice: float


HISTORY_COLUMNS = tuple(each.name for each in fields(HistoryRow))


@dataclass(frozen=True)
class RunSummary:
    """A run as a list shows it.

    Attributes:
        folder, name, state, iteration, of, best_dice: of the run, as `RunStatus` has them.
        changed: when its state was written last, seconds since the epoch.
        saved: when the last of what it has come to was: its checkpoint, or, of one that is done, its model.
    """

    folder: Path
    name: str
    state: RunState
    iteration: int
    of: int
    best_dice: float | None
    changed: float
    saved: float


@dataclass(frozen=True)
class RunResult:
    """What came out of a run that is done: the model, and how good it is.

    Attributes:
        run: its folder.
        name: of the model.
        report: of `model.build.finish`.
        chosen: whether the cases that the model was measured on also chose which weights are kept.
    """

    run: Path
    name: str
    report: ValidationReport
    chosen: bool = False

    @property
    def folder(self) -> Path:
        """The model's folder."""
        return self.run / RESULT


def holds_run(folder: str | Path) -> bool:
    """Whether a run was begun in a folder."""
    return (Path(folder) / PLAN).exists()


def check_begun(folder: str | Path) -> None:
    """Raises MedNCAError where a folder holds no run."""
    if not holds_run(folder):
        if find_runs(folder):
            raise MedNCAError(
                "{folder} holds several runs, as those of folds; give one of them, or again the command that began "
                "them.",
                folder=folder,
            )
        raise MedNCAError("{folder} holds no training run (no {file}).", folder=folder, file=PLAN)


def strangers_in(folder: str | Path) -> list[str]:
    """Names of what a folder holds and no run makes before its end, sorted; hidden files do not count. It need not
    exist."""
    try:
        names = sorted(path.name for path in Path(folder).iterdir())
    except OSError:
        return []
    return [name for name in names if name not in _BEFORE_ITS_END and not name.startswith(".")]


def find_runs(folder: str | Path) -> list[RunSummary]:
    """The runs that lie in a folder, the one saved last first; damaged ones, or such as are just deleted, are left out.

    Args:
        folder: whose subfolders may be run folders; it need not exist.
    """
    found = [summary_of(state.parent) for state in Path(folder).glob(f"*/{STATE}")]
    return sorted((run for run in found if run), key=lambda run: -run.changed)


def summary_of(folder: Path) -> RunSummary | None:
    """A run of this folder as a list shows it; None where there is none, or it is damaged."""
    try:
        status, name, changed = read_status(folder), read_name(folder), (folder / STATE).stat().st_mtime
        kept = folder / (STATE if status.state == RunState.DONE or not (folder / CHECKPOINT).exists() else CHECKPOINT)
        saved = kept.stat().st_mtime
    except (OSError, MedNCAError):
        return None
    if not holds_run(folder):
        return None
    return RunSummary(folder, name, status.state, status.iteration, status.of, status.best_dice, changed, saved)


# --- each file


def write_plan(folder: str | Path, plan: Plan) -> None:
    """From now on there is a run: it must be whole before."""
    write_json(Path(folder) / PLAN, plan.to_json())


def read_plan(folder: str | Path) -> Plan:
    """Raises MedNCAError where it cannot be read or understood."""
    return Plan.from_json(read_json(Path(folder) / PLAN))


def write_split(folder: str | Path, split: dict[str, list[str]]) -> None:
    """split: case names, under "training" and "validation"."""
    write_json(Path(folder) / SPLIT, split)


def read_split(folder: str | Path) -> dict[str, list[str]]:
    """Raises MedNCAError where it cannot be read."""
    return read_json(Path(folder) / SPLIT, SPLIT_SCHEMA)


def write_cases(folder: str | Path, cases: list[Case]) -> None:
    """Where the cases lie, and the SHA-256 sums of what lies there."""
    rows = [
        {
            "name": case.name,
            "image": str(case.image.resolve()),
            "labels": str(case.labels.resolve()),
            "others": [str(other.resolve()) for other in case.others],
            "labels_sha256": _sha256(case.labels),
            "channels_sha256": [_sha256(channel) for channel in case.channels],
        }
        for case in cases
    ]
    write_json(Path(folder) / CASES, rows)


def read_cases(folder: str | Path) -> list[Case]:
    """Raises MedNCAError where a case's file is gone."""
    rows = read_json(Path(folder) / CASES, _CASES_SCHEMA)
    cases = [
        Case(row["name"], Path(row["image"]), Path(row["labels"]), tuple(map(Path, row.get("others", ()))))
        for row in rows
    ]
    for case in cases:
        for file in (*case.channels, case.labels):
            if not file.exists():
                raise MedNCAError("{case}: {file} is gone; put it back to go on.", case=case.name, file=file)
    return cases


def check_unchanged(folder: str | Path) -> None:
    """Raises MedNCAError where a label map or an image was changed since the run was begun: it would learn from both,
    and be measured on one. Older runs know fewer sums, or none."""
    for row in read_json(Path(folder) / CASES, _CASES_SCHEMA):
        channels = zip((row["image"], *row.get("others", ())), row.get("channels_sha256", ()), strict=False)
        if _is_changed(row["labels"], row.get("labels_sha256")):
            raise MedNCAError(
                "The label map of {case} was changed since the run in {folder} was begun; put the old one back, or "
                "begin a new run.",
                case=row["name"],
                folder=folder,
            )
        if any(_is_changed(path, then) for path, then in channels):
            raise MedNCAError(
                "The image of {case} was changed since the run in {folder} was begun; put the old one back, or begin "
                "a new run.",
                case=row["name"],
                folder=folder,
            )


def _is_changed(path: str, then: str | None) -> bool:
    """Whether there is something else now than what had this sum; not where either is unknown."""
    return then is not None and _sha256(Path(path)) not in (then, None)


def _sha256(path: Path) -> str | None:
    try:
        return checksum(path)
    except (OSError, MedNCAError):  # whoever reads it says why
        return None


def write_metadata(folder: str | Path, metadata: dict, options: RunOptions) -> None:
    """metadata: of the model, as `plan.metadata.metadata_for` makes it."""
    write_json(Path(folder) / METADATA, {"metadata": metadata, "options": asdict(options)})


def read_metadata(folder: str | Path) -> tuple[dict, RunOptions]:
    """The model's metadata, and the run's options. Raises MedNCAError where they cannot be read."""
    metadata, told = _read_metadata(folder, {}, {"options": _OPTIONS_SCHEMA})
    known = {each.name for each in fields(RunOptions)}
    return metadata, RunOptions(**{key: value for key, value in told["options"].items() if key in known})


def read_name(folder: str | Path) -> str:
    """What the model of a run is called. Raises MedNCAError where that cannot be read."""
    return _read_metadata(folder, {"name": LINE}, {})[0]["name"]


def _read_metadata(folder: str | Path, metadata: dict, others: dict) -> tuple[dict, dict]:
    """The metadata, which must have some properties, and the whole file, which must have others."""
    path, key = Path(folder) / METADATA, "metadata"
    if not path.exists() and (path.parent / _TEXTS).exists():
        path, key = path.parent / _TEXTS, "texts"
    content = {key: record(metadata, tuple(metadata), others=True)} | others
    told = read_json(path, record(content, tuple(content), others=True))
    return told[key], told


def begun_on(folder: str | Path) -> str:
    """The device that a run was begun on; "cpu" where that cannot be read, which whoever opens the run is told."""
    try:
        return read_metadata(folder)[1].device
    except MedNCAError:
        return "cpu"


def write_status(folder: str | Path, status: RunStatus) -> None:
    """What others read of a run without opening its checkpoint."""
    write_json(Path(folder) / STATE, asdict(status) | {"state": status.state.value})


def read_status(folder: str | Path) -> RunStatus:
    """Raises MedNCAError where it cannot be read."""
    told = read_json(Path(folder) / STATE, _STATE_SCHEMA)
    best = {key: told[key] for key in ("best_dice", "best_iteration") if key in told}
    try:
        return RunStatus(RunState(told["state"]), told["iteration"], told["of"], **best)
    except ValueError as error:  # where jsonschema is not there to refuse it
        raise MedNCAError(
            "{file} names a state that this version does not know: {cause}.", file=Path(folder) / STATE, cause=error
        ) from error


def read_history(folder: str | Path) -> list[HistoryRow]:
    """The rows of history.csv; none where there is no such file. Raises MedNCAError where it is damaged."""
    path = Path(folder) / HISTORY
    if not path.exists():
        return []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [_history_row(row) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MedNCAError("{path} cannot be read ({cause}).", path=path, cause=error) from error


def _history_row(row: dict[str, str]) -> HistoryRow:
    """From the strings of a line; a field that is empty is left out."""
    readers = {"iteration": int, "dice_labels": json.loads}
    return HistoryRow.from_json({key: readers.get(key, float)(row[key]) for key in HISTORY_COLUMNS if row.get(key)})


def write_watched(folder: str | Path, watched: Watched) -> None:
    """Whose labels lie in watched.nrrd."""
    write_json(Path(folder) / WATCHED, asdict(watched))


def read_watched(folder: str | Path) -> Watched:
    """Raises MedNCAError where it cannot be read."""
    told = read_json(Path(folder) / WATCHED, _WATCHED_SCHEMA)
    return Watched(told["case"], told["dice"])


def write_report(folder: str | Path, report: ValidationReport) -> None:
    """How good the model is."""
    write_json(Path(folder) / REPORT, report.to_json())


def read_result(folder: str | Path) -> RunResult:
    """What came out of a run whose model lies in its folder. Raises MedNCAError where there is none."""
    folder = Path(folder)
    report = ValidationReport.from_json(read_json(folder / REPORT, _REPORT_SCHEMA))
    description = folder / RESULT / "model.json"
    if not description.is_file():
        raise MedNCAError("{folder} holds no model.", folder=folder / RESULT)
    chosen = bool(read_json(description, _TRAINED_SCHEMA).get("training", {}).get("best_iteration"))
    return RunResult(folder, read_name(folder), report, chosen)

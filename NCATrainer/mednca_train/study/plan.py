"""A study as data: which models are measured, on which cases, under which changes, with which seeds.

A part of it is one question: some contenders on the same cases, along one axis (`changes.AXES`) or none. What a study
file may hold is STUDY_SCHEMA; docs/study has examples.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from mednca.errors import MedNCAError
from mednca.schema import ID, LINE, NUMBER, SEED, TEXT, optional, read_json, record, tuples

from .changes import AXES

_CONTENDER = record(
    {
        "model": LINE,
        "name": LINE,
        "members": {"type": "integer", "minimum": 1, "maximum": 1000},
        "steps": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
        "fire_rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "live_norm": {"type": "boolean"},
    },
    ("model",),
)
_TRAINED = record(
    {
        "id": ID,
        "name": LINE,
        "data": LINE,
        "like": LINE,
        "minutes": {"type": "number", "exclusiveMinimum": 0, "maximum": 100_000},
        "unet": {"type": "integer", "minimum": 1, "maximum": 256},
        "slices": {"type": "boolean"},
        "teacher": ID,
        "architecture": {"type": "object"},
        "plan": {"type": "object"},
        "seed": SEED,
    },
    ("id", "name", "data", "like", "minutes"),
)
_SEEDS = {"type": "array", "items": SEED, "minItems": 1, "maxItems": 100}
_PART = record(
    {
        "name": ID,
        "title": LINE,
        "text": TEXT,
        "data": LINE,
        "contenders": {"type": "array", "items": _CONTENDER, "minItems": 1, "maxItems": 100},
        "axis": {"enum": sorted(AXES)},
        "values": {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 100},
        "cases": optional({"type": "integer", "minimum": 1}),
        "scans": {"type": "boolean"},
        "pictures": {"type": "boolean"},
        "seeds": _SEEDS,
    },
    ("name", "title", "data", "contenders"),
)
_MACHINE = record(
    {
        "name": ID,
        "title": LINE,
        "text": TEXT,
        "data": LINE,
        "contenders": {"type": "array", "items": _CONTENDER, "minItems": 1, "maxItems": 100},
        "threads": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 256}, "minItems": 1},
        "memory_mb": {"type": "integer", "minimum": 1},
        "cases": {"type": "integer", "minimum": 1},
        "scans": {"type": "boolean"},
    },
    ("name", "title", "data", "contenders"),
)
STUDY_SCHEMA = record(
    {
        "title": LINE,
        "text": TEXT,
        "seeds": _SEEDS,
        "trained": {"type": "array", "items": _TRAINED, "maxItems": 1000},
        "parts": {"type": "array", "items": _PART, "minItems": 1, "maxItems": 1000},
        "machines": {"type": "array", "items": _MACHINE, "maxItems": 1000},
    },
    ("title", "seeds", "parts"),
)


@dataclass(frozen=True)
class Contender:
    """A model, and how it is run.

    Attributes:
        model: id in the library.
        name: what it is called in tables and figures.
        members: of the ensemble; None for the model's own.
        steps: of each level, times those that it was trained with.
        fire_rate: None for the model's own.
        live_norm: whether its batch norm takes the statistics of what it sees, those of each member's cells that
            fire, instead of those that training has frozen.
    """

    model: str
    name: str
    members: int | None = None
    steps: float = 1.0
    fire_rate: float | None = None
    live_norm: bool = False


@dataclass(frozen=True)
class Trained:
    """A contender that the study trains for itself, on another model's split (`training`).

    Attributes:
        id: that contenders name as their model.
        name: what it is called.
        data: name of the data set.
        like: id of the library's model whose split, grid, labels and plan it takes.
        minutes: of one core, that its iterations may take.
        unet: filters of a U-Net's first level; None for an NCA.
        slices: whether the U-Net is a 2D one, along that model's slice axis.
        teacher: id of a U-Net of the study, whose probabilities are half of what an NCA learns; None for labels alone.
        architecture: of an NCA, what differs from that model's.
        plan: what differs from that model's plan; "augmentation": false is none.
        seed: of everything random.
    """

    id: str
    name: str
    data: str
    like: str
    minutes: float
    unet: int | None = None
    slices: bool = False
    teacher: str | None = None
    architecture: dict | None = None
    plan: dict = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """One question of a study.

    Attributes:
        name: of its folder.
        title, text: for people.
        data: name of the data set.
        contenders: measured on the same cases, none of which any of them was trained with.
        axis: of `changes.AXES`.
        values: along it.
        cases: at most; None for all. Of more, the study's first seed draws which.
        scans: whether every value of the label maps is the organ, as where another protocol drew them.
        seeds: of the fire masks and of whatever is random in a change.
        pictures: whether each contender's best, median and worst case are drawn, at the first value and seed.
    """

    name: str
    title: str
    data: str
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    text: str = ""
    axis: str = "none"
    values: tuple[float, ...] = (0.0,)
    cases: int | None = None
    scans: bool = False
    pictures: bool = False


@dataclass(frozen=True)
class Machine:
    """Whether a small computer would do: models as they are, in a process with few cores and little memory.

    Attributes:
        name, title, text, data, scans: as of `Part`.
        contenders: by their models; how they are run is the models' own.
        threads: one trial for each.
        memory_mb: that the process may hold; 2048 as in the paper's Raspberry Pi 4.
        cases: at most, none of them trained with by any contender, where there are such.
    """

    name: str
    title: str
    data: str
    contenders: tuple[Contender, ...]
    text: str = ""
    threads: tuple[int, ...] = (1, 2, 4)
    memory_mb: int = 2048
    cases: int = 3
    scans: bool = False


@dataclass(frozen=True)
class Study:
    """What is measured, and in which words.

    Attributes:
        title, text: for people.
        seeds: stated before anything is measured; of all parts that state none of their own.
        parts: in the order of the report.
        trained: before anything is measured.
        machines: that models are tried on.
    """

    title: str
    seeds: tuple[int, ...]
    parts: tuple[Part, ...]
    text: str = ""
    trained: tuple[Trained, ...] = ()
    machines: tuple[Machine, ...] = ()

    def to_json(self) -> dict:
        """As a study file has it."""
        return asdict(self)


@dataclass(frozen=True)
class Measurement:
    """The smallest piece of work: a contender on one case, changed in one way.

    Attributes:
        contender: with what the axis changes in it.
        data, case: the data set's and the case's name.
        axis, value: what is changed in the case.
        scans: as of the part.
        seed: as of the part.
    """

    contender: Contender
    data: str
    case: str
    axis: str
    value: float
    scans: bool
    seed: int


def read_study(path: str | Path) -> Study:
    """Read a study file.

    Args:
        path: of it, JSON.

    Returns:
        The study.

    Raises:
        MedNCAError: where it is none, or two parts, or two contenders of a part, have one name.
    """
    data = read_json(path, STUDY_SCHEMA)
    seeds = tuple(data["seeds"])
    parts = tuple(_part(part, seeds) for part in data["parts"])
    machines = tuple(_machine(machine) for machine in data.get("machines", ()))
    _check_apart([part.name for part in (*parts, *machines)], f"{path}: two parts are called")
    trained = tuple(Trained(**each) for each in data.get("trained", ()))
    _check_apart([each.id for each in trained], f"{path}: two that are trained are called")
    return Study(data["title"], seeds, parts, data.get("text", ""), trained, machines)


def _part(data: dict, seeds: tuple[int, ...]) -> Part:
    fields: dict[str, Any] = tuples({"seeds": list(seeds), **data})
    fields["contenders"] = _contenders(data)
    return Part(**fields)


def _machine(data: dict) -> Machine:
    fields: dict[str, Any] = tuples(data)
    fields["contenders"] = _contenders(data)
    return Machine(**fields)


def _contenders(data: dict) -> tuple[Contender, ...]:
    contenders = tuple(Contender(**{"name": each["model"], **each}) for each in data["contenders"])
    _check_apart([each.name for each in contenders], f"In the part {data['name']} two contenders are called")
    return contenders


def _check_apart(names: list[str], told: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise MedNCAError("{told} {name}.", told=told, name=name)


def measurements(part: Part, cases: list[str]) -> list[tuple[str, float, Measurement]]:
    """The work of a part: (the contender's name, the value along the axis, what is measured), in a fixed order.

    Args:
        part: of a study.
        cases: names of the cases that it is measured on.
    """
    axis, found = AXES[part.axis], []
    for contender, value in product(part.contenders, part.values):
        is_changed = not axis.of_run and value != axis.neutral
        run = _varied(contender, axis.of_run, value) if axis.of_run else contender
        change = (part.axis, value) if is_changed else ("none", 0.0)  # so that parts share what is as it is
        for case, seed in product(cases, part.seeds):
            found.append((contender.name, value, Measurement(run, part.data, case, *change, part.scans, seed)))
    return found


def _varied(contender: Contender, field: str, value: float) -> Contender:
    changed: dict[str, Any] = {field: int(value) if field == "members" else value}
    return replace(contender, **changed)

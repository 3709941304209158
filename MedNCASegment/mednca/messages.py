"""What a worker process and the program that started it say to each other: a dataclass a line of JSON, without torch.

The same classes are written on one side and read on the other, so that the format stands here alone. `Progress` is
also what every long function of the engines tells its caller.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from .axes import triple
from .errors import MedNCAError, Sentence
from .schema import LINE, MOST_CHANNELS, SEED, SENTENCE, check_schema, numbers, optional, parse_json, record

_JOB = {"type": ["string", "integer"]}
ARTIFACTS = ("noise", "ghosting", "bias", "motion")  # of `imaging.disturb.Disturbance`
PATH = {"type": "string", "minLength": 1, "maxLength": 4000, "pattern": r"\A[^\0]*\Z"}
REQUEST_SCHEMA = record({"command": {"type": "string"}, "job": _JOB}, ("command",), others=True)  # of any command


def request_schema(properties: dict, required: Sequence[str] = ()) -> dict:
    """Make the schema of a command's requests.

    Args:
        properties: schema by name, beside the command, its job and "out", a folder for what it makes.
        required: those that must be there.

    Returns:
        The schema.
    """
    return record({"command": {"type": "string"}, "job": _JOB, "out": PATH} | properties, required)


def _fields(kind, data: dict, *apart: str) -> dict[str, Any]:
    """What a request's line says of its fields, but for those that are read apart."""
    names = {each.name for each in dataclasses.fields(kind)} - {"others", *apart}
    others = {"others": tuple(data["others"])} if "others" in data else {}
    return others | {name: value for name, value in data.items() if name in names}


@dataclass(frozen=True)
class Progress:
    """How far a piece of work has come.

    Attributes:
        stage: one of a few fixed words, as "reading", "locating", "ensemble", "growing", "writing", "training".
        step, total: how much of the stage is done; None where that is not known.
        field, fields: which of several fields of view (clicks) the stage is at.
        seconds_left: of the stage; None where that is not known yet.
    """

    stage: str
    step: int | None = None
    total: int | None = None
    field: int = 1
    fields: int = 1
    seconds_left: float | None = None


@dataclass(frozen=True)
class SegmentRequest:
    """Segment an image that lies in a file.

    Attributes:
        image: its file.
        model: its id in the library, or its folder.
        others: files of the image's further channels; those beyond the model's are left aside.
        clicks: RAS mm; none for the whole image.
        out: the folder that is to be made; None where whoever sends the request says it.
        members, seed, device, target_dice, memory_limit: as of `segment.segment_image`; None: its own default.
    """

    command = "segment"
    schema = request_schema(
        {
            "image": PATH,
            "others": {"type": "array", "items": PATH, "maxItems": MOST_CHANNELS - 1},
            "model": PATH,
            "clicks": {"type": "array", "items": numbers(3, -1e6, 1e6), "maxItems": 1000},
            "members": optional({"type": "integer", "minimum": 1, "maximum": 1000}),
            "seed": optional(SEED),
            "device": optional(LINE),
            "target_dice": optional({"type": "number", "minimum": 0, "maximum": 1}),
            "memory_limit": optional({"type": "number", "exclusiveMinimum": 0, "maximum": 1e9}),
        },
        ("image", "model", "out"),
    )
    image: str
    model: str
    clicks: tuple[tuple[float, float, float], ...] = ()
    out: str | None = None
    members: int | None = None
    seed: int | None = None
    device: str | None = None
    target_dice: float | None = None
    memory_limit: float | None = None
    others: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """What was asked for of `segment.segment_image`'s options."""
        names = ("members", "seed", "device", "target_dice", "memory_limit")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def from_json(cls, data: dict) -> SegmentRequest:
        """data: checked against the schema."""
        clicks = tuple(triple(click) for click in data.get("clicks", ()))
        return cls(clicks=clicks, **_fields(cls, data, "clicks"))

    def to_json(self) -> dict:
        """The request, without its job."""
        told = {key: value for key, value in asdict(self).items() if value is not None}
        return {"command": self.command} | told | {"clicks": [list(click) for click in self.clicks]}


@dataclass(frozen=True)
class FindRequest:
    """Find a model's structures in an image that lies in a file, where the model says that they usually lie.

    Attributes:
        image, model, others: as of `SegmentRequest`.
        seed, device, memory_limit: as of `segment.find_structures`; None: its own default.
    """

    command = "find"
    schema = request_schema(
        {
            name: SegmentRequest.schema["properties"][name]
            for name in ("image", "others", "model", "seed", "device", "memory_limit")
        },
        ("image", "model"),
    )
    image: str
    model: str
    seed: int | None = None
    device: str | None = None
    memory_limit: float | None = None
    others: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """What was asked for of `segment.find_structures`' options."""
        names = ("seed", "device", "memory_limit")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def from_json(cls, data: dict) -> FindRequest:
        """data: checked against the schema."""
        return cls(**_fields(cls, data))

    def to_json(self) -> dict:
        """The request, without its job."""
        return {"command": self.command} | {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class GrowRequest:
    """Watch how one member comes to its result, step by step.

    Attributes:
        image, model, others: as of `SegmentRequest`.
        click, members, seed, memory_limit: as of `growth.watch_growth`; None: its own default.
    """

    command = "grow"
    schema = request_schema(
        {"click": optional(numbers(3, -1e6, 1e6))}
        | {
            name: SegmentRequest.schema["properties"][name]
            for name in ("image", "others", "model", "members", "seed", "memory_limit")
        },
        ("image", "model", "out"),
    )
    image: str
    model: str
    click: tuple[float, float, float] | None = None
    members: int | None = None
    seed: int | None = None
    memory_limit: float | None = None
    others: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """What was asked for of `growth.watch_growth`'s options."""
        names = ("click", "members", "seed", "memory_limit")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def from_json(cls, data: dict) -> GrowRequest:
        """data: checked against the schema."""
        click = triple(data["click"]) if data.get("click") else None
        return cls(click=click, **_fields(cls, data, "click"))

    def to_json(self) -> dict:
        """The request, without its job."""
        return {"command": self.command} | {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class DisturbRequest:
    """Put artifacts on a copy of an image.

    Attributes:
        image: as of `SegmentRequest`.
        noise, ghosting, bias, motion: as of `imaging.disturb.Disturbance`.
        seed: as of `imaging.disturb.disturb_image`.
    """

    command = "disturb"
    schema = request_schema(
        {"image": PATH, "seed": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}}
        | {name: {"type": "number", "minimum": 0, "maximum": 1} for name in ARTIFACTS},
        ("image", "out"),
    )
    image: str
    noise: float = 0.0
    ghosting: float = 0.0
    bias: float = 0.0
    motion: float = 0.0
    seed: int = 0

    @property
    def severities(self) -> dict[str, float]:
        """Of each artifact, by its name."""
        return {name: getattr(self, name) for name in ARTIFACTS}

    @classmethod
    def from_json(cls, data: dict) -> DisturbRequest:
        """data: checked against the schema."""
        return cls(**_fields(cls, data))

    def to_json(self) -> dict:
        """The request, without its job."""
        return {"command": self.command} | asdict(self)


@dataclass(frozen=True)
class Event:
    """What a worker says. job: which request it is about; None where it is about none."""

    event: ClassVar[str] = ""
    job: str | None = None

    def to_line(self) -> str:
        """As a line of JSON, without its end."""
        content = {key: value for key, value in asdict(self).items() if key != "job" or value is not None}
        return json.dumps({"event": self.event} | content)


@dataclass(frozen=True)
class Started(Event):
    """At once. pid: of the worker, which also names its process group; a launcher may stand between."""

    event = "started"
    pid: int = 0


@dataclass(frozen=True)
class Ready(Event):
    """torch is loaded."""

    event = "ready"


@dataclass(frozen=True)
class Advanced(Event):
    """A job got on."""

    event = "progress"
    progress: Progress = Progress("")


@dataclass(frozen=True)
class Row(Event):
    """An iteration of a training, as a row of its history."""

    event = "row"
    row: dict = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Told(Event):
    """A sentence for people while a job goes on. text: in English."""

    event = "told"
    text: str = ""
    sentence: Sentence | None = None


@dataclass(frozen=True)
class Done(Event):
    """A job ended well. answer: what its command says it answers, as JSON has it."""

    event = "done"
    answer: dict = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Failed(Event):
    """A job came to nothing.

    Attributes:
        error: why, in English.
        sentence: the same, to be translated; None where it is no sentence of ours.
        bug: not the user's to mend.
        missed: nothing lies where somebody clicked.
    """

    event = "failed"
    error: str = ""
    sentence: Sentence | None = None
    bug: bool = False
    missed: bool = False


@dataclass(frozen=True)
class Stopped(Event):
    """A job was canceled."""

    event = "canceled"


_EVENTS = {each.event: each for each in (Started, Ready, Advanced, Row, Told, Done, Failed, Stopped)}


def read_event(line: bytes | str) -> Event:
    """The event of a worker's line; raises MedNCAError where it is none."""
    what = Sentence("A line of the worker")
    data = parse_json(line, what)
    try:
        kind = _EVENTS[data.pop("event")]
        if "progress" in data:
            data["progress"] = Progress(**data["progress"])
        if data.get("sentence"):
            check_schema(data["sentence"], SENTENCE, what)
            data["sentence"] = Sentence.from_json(data["sentence"])
        return kind(**data)
    except (TypeError, KeyError, AttributeError) as error:
        raise MedNCAError("A line of the worker cannot be understood ({cause}).", cause=repr(error)) from error

"""What a worker process and the program that started it say to each other: a dataclass a line of JSON, without torch.

The same classes are written on one side and read on the other, so that the format stands here alone. `Progress` is
also what every long function of the engines tells its caller.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict, dataclass
from typing import ClassVar

from .errors import MedNCAError
from .schema import parse_json


@dataclass(frozen=True)
class Progress:
    """How far a piece of work has come.

    Attributes:
        stage: one of a few fixed words, as "reading", "locating", "ensemble", "writing", "training", "measuring".
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
    """A sentence for people while a job goes on."""

    event = "told"
    text: str = ""


@dataclass(frozen=True)
class Done(Event):
    """A job ended well. answer: what its command says it answers, as JSON has it."""

    event = "done"
    answer: dict = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Failed(Event):
    """A job came to nothing. bug: not the user's to mend; missed: nothing lies where somebody clicked."""

    event = "failed"
    error: str = ""
    bug: bool = False
    missed: bool = False


@dataclass(frozen=True)
class Stopped(Event):
    """A job was cancelled."""

    event = "cancelled"


_EVENTS = {each.event: each for each in (Started, Ready, Advanced, Row, Told, Done, Failed, Stopped)}


def read_event(line: bytes | str) -> Event:
    """The event of a worker's line; raises MedNCAError where it is none."""
    data = parse_json(line, "A line of the worker")
    try:
        kind = _EVENTS[data.pop("event")]
        if "progress" in data:
            data["progress"] = Progress(**data["progress"])
        return kind(**data)
    except (TypeError, KeyError, AttributeError) as error:
        raise MedNCAError(f"A line of the worker cannot be understood ({error!r}).") from error

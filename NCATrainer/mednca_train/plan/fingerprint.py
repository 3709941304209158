"""What a data set is like, case by case, as data: what the planner and the panel know of it. Nothing is read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from mednca.errors import MedNCAError, Sentence
from mednca.imaging.header import SPACING_LIMITS
from mednca.models.schema import PREPROCESSING
from mednca.schema import LINE, NUMBER, SENTENCE, TEXT, check_schema, named, numbers, optional, record, tuples

_OF_VALUES = {"propertyNames": {"pattern": r"\A[0-9]{1,3}\Z"}}  # keys are labels' values
_ROW = record(
    {
        "name": LINE,
        "size": numbers(3, 0, 1e6, "integer"),
        "spacing": numbers(3, 0),
        "labels": optional(named({"type": "integer", "minimum": 1}) | _OF_VALUES),
        "extent": numbers(3, 0),
        "sides": optional(named(NUMBER) | _OF_VALUES),
        "digest": TEXT,
        "problem": {"anyOf": [SENTENCE, {"type": "null"}]},
        "channels": PREPROCESSING["properties"]["channels"],
        "beside": {"type": "number", "minimum": 0, "maximum": 1},
    },
    ("name", "size", "spacing", "labels", "extent", "sides", "digest", "problem"),
)
_USABLE = record(
    {
        "size": numbers(3, 1, 1e6, "integer"),
        "spacing": numbers(3, *SPACING_LIMITS),
        "labels": {"type": "object", "minProperties": 1},
        "sides": {"type": "object"},
    },
    others=True,
)
FINGERPRINT_SCHEMA = {  # of `Fingerprint.to_json`
    "type": "array",
    "items": _ROW | {"if": {"properties": {"problem": {"type": "null"}}}, "then": _USABLE},
}


def check_channels(taker: str, needed: Sequence[str], given: Sequence[str]) -> None:
    """Whether images have the channels that are needed, in their order, as far as their names tell.

    Args:
        taker: a model or a plan, as people call it.
        needed: what its channels are called.
        given: what those of the images are called.

    Raises:
        MedNCAError: where there are others, or the same in another order.
    """
    if len(given) != len(needed):
        raise MedNCAError(
            "{model} needs images of {needed} channel(s) ({names}); these have {count}.",
            model=taker,
            needed=len(needed),
            names=", ".join(needed),
            count=len(given),
        )
    wanted, found = ([name.casefold() for name in names] for names in (needed, given))
    if wanted != found and set(wanted) == set(found):
        raise MedNCAError(
            "{model} takes the channels in the order {needed}; these images have them as {given}.",
            model=taker,
            needed=", ".join(needed),
            given=", ".join(given),
        )


@dataclass(frozen=True)
class CaseFacts:
    """What one case is like. Axes are R, A, S.

    Attributes:
        name: of the case.
        size: voxels.
        spacing: mm.
        labels: voxels per label value other than 0.
        extent: mm of the labels' bounding box.
        sides: per label value, how far its middle lies to the right (R) of the image's middle, mm.
        digest: of the image's voxels.
        problem: why it cannot be trained on, in a sentence, or None. The rest may be empty then.
        channels: what the image's channels are called.
        beside: of the label of which it is the most, the share of voxels outside the largest piece of all labels.
    """

    name: str
    size: tuple[int, int, int] = (0, 0, 0)
    spacing: tuple[float, float, float] = (0.0, 0.0, 0.0)
    labels: dict[int, int] = field(default_factory=dict)
    extent: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sides: dict[int, float] = field(default_factory=dict)
    digest: str = ""
    problem: Sentence | None = None
    channels: tuple[str, ...] = ("image",)
    beside: float = 0.0

    def to_json(self) -> dict:
        """As JSON has it: label values are strings where they are keys."""
        told = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        told["labels"] = {str(value): voxels for value, voxels in self.labels.items()}
        told["sides"] = {str(value): mm for value, mm in self.sides.items()}
        return told

    @classmethod
    def from_json(cls, data: dict) -> CaseFacts:
        """From a row that `Fingerprint.from_json` has checked."""
        told = tuples(data)
        told["labels"] = {int(value): voxels for value, voxels in (data["labels"] or {}).items()}
        told["sides"] = {int(value): mm for value, mm in (data["sides"] or {}).items()}
        told["problem"] = None if data["problem"] is None else Sentence.from_json(data["problem"])
        return cls(**told)


@dataclass(frozen=True)
class Fingerprint:
    """What a data set is like: the facts of all its cases, in their order."""

    cases: tuple[CaseFacts, ...]

    @property
    def usable(self) -> list[CaseFacts]:
        """The cases that can be trained with."""
        return [case for case in self.cases if case.problem is None]

    @property
    def problems(self) -> dict[str, Sentence]:
        """By name, why the others cannot."""
        return {case.name: case.problem for case in self.cases if case.problem is not None}

    @property
    def values(self) -> list[int]:
        """The labels' values that occur in usable cases."""
        return sorted({value for case in self.usable for value in case.labels})

    @property
    def channels(self) -> tuple[str, ...]:
        """What the images' channels are called, which are the same in all usable cases."""
        return self.usable[0].channels

    def to_json(self) -> list[dict]:
        """A row per case."""
        return [case.to_json() for case in self.cases]

    @classmethod
    def from_json(cls, rows: list[dict]) -> Fingerprint:
        """Raises MedNCAError where the rows cannot be understood."""
        check_schema(rows, FINGERPRINT_SCHEMA, Sentence("The fingerprint"))
        return cls(tuple(CaseFacts.from_json(row) for row in rows))

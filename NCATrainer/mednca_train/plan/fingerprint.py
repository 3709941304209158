"""What a data set is like, case by case, as data: what the planner and the panel know of it. Nothing is read here."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from mednca.imaging.header import SPACING_LIMITS
from mednca.schema import LINE, NUMBER, TEXT, named, numbers, optional, record

_OF_VALUES = {"propertyNames": {"pattern": r"\A[0-9]{1,3}\Z"}}  # keys are labels' values
_ROW = record(
    {
        "name": LINE,
        "size": numbers(3, 0, 1e6, "integer"),
        "spacing": numbers(3, 0),
        "intensities": numbers(3),
        "labels": optional(named({"type": "integer", "minimum": 1}) | _OF_VALUES),
        "extent": numbers(3, 0),
        "sides": optional(named(NUMBER) | _OF_VALUES),
        "digest": TEXT,
        "problem": optional(TEXT),
    },
    ("name", "size", "spacing", "intensities", "labels", "extent", "sides", "digest", "problem"),
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
ROWS_SCHEMA = {  # of `Fingerprint.to_json`
    "type": "array",
    "items": _ROW | {"if": {"properties": {"problem": {"type": "null"}}}, "then": _USABLE},
}


@dataclass(frozen=True)
class CaseFacts:
    """One case. Axes are R, A, S.

    size: voxels; spacing: mm; intensities: percentiles 0.5, 50 and 99.5. labels: voxels per value other than 0.
    extent: mm of the labels' bounding box. sides: per label, how far its middle lies to the right (R) of the image's,
    mm. digest: of the image's voxels. problem: why it cannot be trained on, in a sentence, or None.
    """

    name: str
    size: tuple[int, int, int] = (0, 0, 0)
    spacing: tuple[float, float, float] = (0.0, 0.0, 0.0)
    intensities: tuple[float, float, float] = (0.0, 0.0, 0.0)
    labels: dict[int, int] | None = None
    extent: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sides: dict[int, float] | None = None
    digest: str = ""
    problem: str | None = None


@dataclass(frozen=True)
class Fingerprint:
    """All cases, in their order."""

    cases: tuple[CaseFacts, ...]

    @property
    def usable(self) -> list[CaseFacts]:
        return [case for case in self.cases if case.problem is None]

    @property
    def problems(self) -> dict[str, str]:
        return {case.name: case.problem for case in self.cases if case.problem is not None}

    @property
    def values(self) -> list[int]:
        """The labels' values that occur in usable cases."""
        return sorted({value for case in self.usable for value in case.labels})

    def summary(self) -> dict:
        """Plain data: medians and ranges, for people and for the run folder."""
        cases = self.usable
        if not cases:
            return {"cases": len(self.cases), "usable": 0, "problems": self.problems}
        return {
            "cases": len(self.cases),
            "usable": len(cases),
            "problems": self.problems,
            "size": _range([c.size for c in cases]),
            "spacing_mm": _range([c.spacing for c in cases]),
            "intensity_median": _range([c.intensities[1] for c in cases]),
            "organ_extent_mm": _range([c.extent for c in cases]),
            "label_voxels": {v: _range([c.labels[v] for c in cases if v in c.labels]) for v in self.values},
            "cases_with_label": {v: sum(v in c.labels for c in cases) for v in self.values},
        }

    def to_json(self) -> list[dict]:
        return [asdict(case) for case in self.cases]

    @classmethod
    def from_json(cls, rows: list[dict]) -> Fingerprint:
        """JSON has texts for keys and lists for tuples."""
        facts = []
        for row in rows:
            row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
            for key in ("labels", "sides"):
                row[key] = {int(value): number for value, number in (row[key] or {}).items()}
            facts.append(CaseFacts(**row))
        return cls(tuple(facts))


def _range(values):
    """[least, median, largest], per axis where there are axes."""
    array = np.array(values, dtype=float)
    ends = (array.min(0), np.median(array, axis=0), array.max(0))
    return [np.round(end, 3).tolist() for end in ends]

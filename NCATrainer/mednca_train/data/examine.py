"""What a data set is like, case by case, and what is wrong with it, before anything is trained."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np

from mednca.errors import MedNCAError
from mednca.imaging.geometry import CanonicalImage, normalize
from mednca.imaging.header import SPACING_LIMITS
from mednca.imaging.reading import check_same_grid, read_image, read_labels
from mednca.schema import LINE, NUMBER, TEXT, named, numbers, optional, record

from .cases import Case, Dataset

# What a case must not be called where its name goes into a model: DICOM's person names, dates of birth, paths.
_PERSONAL = re.compile(r"\^|,|[/\\]|(?<!\d)(19|20)\d{2}[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")

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


def fingerprint(dataset: Dataset, values=None, progress=None) -> Fingerprint:
    """Read every case once. values: the labels to be trained (None: whatever occurs). progress(done, total)."""
    cases, facts = dataset.cases, []
    for case in cases:
        facts.append(examine(case, values))
        if progress:
            progress(len(facts), len(cases))
    facts += [CaseFacts(name, problem=problem) for name, problem in dataset.problems.items()]
    return Fingerprint(tuple(_mark_duplicates(facts)))


def examine(case: Case, values=None) -> CaseFacts:
    """One case's facts, or its problem; other cases do not pay for a bad one."""
    try:
        image, labels = read_image(case.image), read_labels(case.labels)
        check_same_grid(case.name, image, labels)
        canonical, label_view = CanonicalImage.of(image), CanonicalImage.of(labels)
        found = {int(v): int(n) for v, n in zip(*np.unique(label_view.array, return_counts=True), strict=True) if v}
        if values is not None:
            unknown = sorted(set(found) - set(values))
            if unknown:
                raise MedNCAError(f"Its label map holds the value {unknown[0]}, which is none of the labels to learn.")
        if not found:
            raise MedNCAError("Its label map is empty.")
        normalize(canonical.array)  # refuses an image without contrast
        corners = [
            np.flatnonzero((label_view.array > 0).any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))
        ]
        return CaseFacts(
            case.name,
            tuple(int(n) for n in canonical.array.shape),
            _rounded(canonical.spacing, 4),
            _rounded(np.percentile(canonical.array, (0.5, 50, 99.5)), 4),
            found,
            _rounded([(high - low + 1) * mm for (low, high), mm in zip(corners, canonical.spacing, strict=True)], 2),
            _sides(label_view, found),
            hashlib.sha256(canonical.array.tobytes()).hexdigest()[:16],
        )
    except MedNCAError as error:
        return CaseFacts(case.name, problem=str(error))
    except Exception as error:  # a file that breaks a library must not cost the others their place
        return CaseFacts(case.name, problem=f"It cannot be read ({type(error).__name__}: {error}).")


def _sides(labels: CanonicalImage, values) -> dict[int, float]:
    """Middle of each label along R, mm from the image's middle."""
    places = np.arange(labels.array.shape[0]) - (labels.array.shape[0] - 1) / 2
    sides = {}
    for value in values:
        counts = (labels.array == value).sum((1, 2))
        sides[value] = round(float((counts * places).sum() / counts.sum() * labels.spacing[0]), 2)
    return sides


def check_names(names) -> None:
    """Raises MedNCAError where a case's name, about to be written into a model, looks like a person's or a path."""
    for name in names:
        if _PERSONAL.search(name):
            raise MedNCAError(
                f"The case name {name!r} looks like a person's name, a date or a path, and would be written into the "
                "model. Rename the case, or keep names out of the model."
            )


def _mark_duplicates(facts):
    """The same image twice would stand on both sides of the split: all but the first are left out."""
    first = {}
    for case in facts:
        if case.problem is None and case.digest in first:
            case = replace(case, problem=f"It is the same image as {first[case.digest]}.")
        elif case.problem is None:
            first[case.digest] = case.name
        yield case
    again = [name for name, count in Counter(case.name for case in facts).items() if count > 1]
    if again:
        raise MedNCAError(f"Two cases are called {again[0]}; give each its own name.")


def _range(values):
    """[least, median, largest], per axis where there are axes."""
    array = np.array(values, dtype=float)
    ends = (array.min(0), np.median(array, axis=0), array.max(0))
    return [np.round(end, 3).tolist() for end in ends]


def _rounded(values, digits):
    return tuple(round(float(v), digits) for v in values)

"""What a data set is like, case by case, and what is wrong with it, before anything is trained."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from mednca.axes import bounding_box, triple
from mednca.errors import MedNCAError, Sentence
from mednca.imaging.geometry import CanonicalImage, normalize_channels
from mednca.imaging.reading import check_same_grid, read_image, read_labels
from mednca.imaging.structures import small_pieces

from ..plan.fingerprint import CaseFacts, Fingerprint
from ..progress import ProgressCallback, counter
from .cases import ONE_CHANNEL, Case, CaseSet


def fingerprint(
    case_set: CaseSet, values: Collection[int] | None = None, progress: ProgressCallback | None = None
) -> Fingerprint:
    """Read every case once, and say what it is like and what is wrong with it.

    Args:
        case_set: the labeled volumes.
        values: of the labels to be trained; a case with any other one is a problem. None: whatever occurs.
        progress: called in the stage "examining"; it may raise to stop.

    Returns:
        The facts of each case, in their order, then of what is no case; those that cannot be trained with have a
        problem, such as a file that cannot be read, or the same image as another's.

    Raises:
        MedNCAError: where two cases have the same name.
    """
    facts, step = [], counter(progress, "examining", len(case_set.cases))
    for case in case_set.cases:
        facts.append(examine(case, values, case_set.channels))
        step()
    facts += [CaseFacts(name, problem=problem) for name, problem in case_set.problems.items()]
    return Fingerprint(tuple(_mark_duplicates(facts)))


def examine(case: Case, values: Collection[int] | None = None, channels: tuple[str, ...] = ONE_CHANNEL) -> CaseFacts:
    """One case's facts, or its problem; other cases do not pay for a bad one. Arguments as of `fingerprint`."""
    try:
        image, labels = read_image(*case.channels), read_labels(case.labels)
        count = image.GetNumberOfComponentsPerPixel()
        if count != len(channels):
            raise MedNCAError("It has {count} channel(s), others have {others}.", count=count, others=len(channels))
        check_same_grid(case.name, image, labels)
        canonical, canonical_labels = CanonicalImage.of(image), CanonicalImage.of(labels)
        found = {
            int(v): int(n) for v, n in zip(*np.unique(canonical_labels.array, return_counts=True), strict=True) if v
        }
        if values is not None:
            unknown = sorted(set(found) - set(values))
            if unknown:
                raise MedNCAError(
                    "Its label map holds the value {value}, which is none of the labels to learn.", value=unknown[0]
                )
        if not found:
            raise MedNCAError("Its label map is empty.")
        normalize_channels(canonical.channels)  # refuses an image without contrast
        first, last = bounding_box(canonical_labels.array > 0)
        outside = canonical_labels.array[small_pieces(canonical_labels.array)]
        beside = max(np.count_nonzero(outside == value) / count for value, count in found.items())
        return CaseFacts(
            case.name,
            triple(int(n) for n in canonical.array.shape),
            _rounded(canonical.spacing, 4),
            found,
            _rounded((last - first + 1) * canonical.spacing, 2),
            _sides(canonical_labels, found),
            hashlib.sha256(canonical.array.tobytes()).hexdigest()[:16],
            channels=channels,
            beside=round(float(beside), 4),
        )
    except MedNCAError as error:
        return CaseFacts(case.name, problem=error.sentence)
    except Exception as error:  # a file that breaks a library must cost the others nothing
        cause = f"{type(error).__name__}: {error}"
        return CaseFacts(case.name, problem=Sentence("It cannot be read ({cause}).", cause=cause))


def _sides(labels: CanonicalImage, values) -> dict[int, float]:
    """Middle of each label along R, mm from the image's middle."""
    positions = np.arange(labels.array.shape[0]) - (labels.array.shape[0] - 1) / 2
    sides = {}
    for value in values:
        counts = (labels.array == value).sum((1, 2))
        sides[value] = round(float((counts * positions).sum() / counts.sum() * labels.spacing[0]), 2)
    return sides


def _mark_duplicates(facts):
    """The same image twice would stand on both sides of the split: all but the first are left out."""
    first = {}
    for case in facts:
        if case.problem is None and case.digest in first:
            case = replace(case, problem=Sentence("It is the same image as {other}.", other=first[case.digest]))
        elif case.problem is None:
            first[case.digest] = case.name
        yield case
    again = [name for name, count in Counter(case.name for case in facts).items() if count > 1]
    if again:
        raise MedNCAError("Two cases are called {name}; give each its own name.", name=again[0])


def _rounded(values, digits: int) -> tuple[float, float, float]:
    return triple(round(float(v), digits) for v in values)

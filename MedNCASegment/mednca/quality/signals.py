"""What the members of an ensemble say about how steady a result is: one number a signal, each by its name.

NQM (M3D-NCA, Eq. 1) is the paper's. A new signal is a `Signal` more in `SIGNALS`; a calibration says which one it was
made with, and the verdict follows that one. What a number is worth is `calibration`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .evidence import Evidence

UNION = -1  # the channel of the union in an ensemble's statistics
LEAST = 0.5  # voxels that must be found for Eq. (1) to mean something


def nqm(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """NCA quality metric, M3D-NCA Eq. (1): sum of the members' standard deviation over the sum of their mean.

    Args:
        parts: means and variances of the members' probabilities, of a label or of the union, of any equal shape, part
            by part of what is looked at.

    Returns:
        0 where all members agree, more where they do not; None where less than half a voxel was found.
    """
    found = deviation = 0.0
    for means, variances in parts:
        found += float(means.sum(dtype=np.float64))
        deviation += float(np.sqrt(variances).sum(dtype=np.float64))
    return None if found < LEAST else deviation / found


def nqm_near(evidence: Evidence, channel: int = UNION) -> float | None:
    """Eq. (1) on and near the kept piece.

    Args:
        evidence: of a result.
        channel: of its statistics, a label's or the union's.
    """
    return nqm(evidence.means_and_variances(channel))


def nqm_field(evidence: Evidence) -> float | None:
    """Eq. (1) as the paper has it, over all that was computed, dropped pieces and all: the whole field of view, or its
    region of interest."""
    statistics = evidence.statistics
    return nqm(zip(statistics.means[..., UNION], statistics.variances[..., UNION], strict=True))


def worst_member(evidence: Evidence) -> float:
    """1 - Dice of the member that agrees least with the result, on and near the kept piece; it grows with the number of
    members."""
    return max(_disagreements(evidence))


def mean_member(evidence: Evidence) -> float:
    """1 - Dice of a member with the result, on and near the kept piece, on average."""
    return float(np.mean(_disagreements(evidence)))


def _disagreements(evidence: Evidence) -> list[float]:
    """1 - Dice of each member with the result, near the kept piece."""
    kept, size = evidence.kept, int(np.count_nonzero(evidence.kept))
    return [
        1 - 2 * int(np.count_nonzero(mask & kept)) / (int(np.count_nonzero(mask)) + size)
        for mask in evidence.members_masks()
    ]


def population_scale(members: int, others: int) -> float:
    """How a population standard deviation depends on how many members it is of: it grows as sqrt((N - 1) / N).

    Args:
        members: that it is of, two or more.
        others: whose it is compared with, two or more.

    Returns:
        What a deviation of `members` is multiplied with to be like one of `others`.
    """
    return float(np.sqrt((1 - 1 / others) / (1 - 1 / members)))


@dataclass(frozen=True)
class Signal:
    """A number that rises where a result gets worse.

    Attributes:
        measure: from what the members say on and near the kept piece; None where it cannot be told.
        scale: (members, others) -> factor that brings a value of so many members to that of `others`; None where there
            is none: of fewer members the worst one is not as bad.
        near: whether it is about the kept piece and what lies near it. What was dropped far from it says nothing about
            it, so a verdict goes by another signal only where it is told to.
        title: what it is, for people; empty: its name will do.
    """

    measure: Callable[[Evidence], float | None]
    scale: Callable[[int, int], float] | None = None
    near: bool = True
    title: str = ""


SIGNALS: dict[str, Signal] = {
    "nqm": Signal(nqm_near, population_scale, title="NQM on and near the kept piece"),
    "nqm field": Signal(nqm_field, population_scale, near=False, title="NQM of the whole field of view"),
    "worst member": Signal(worst_member, title="how far the worst member is from the result (1 - Dice)"),
    "mean member": Signal(
        mean_member, population_scale, title="how far the members are from the result on average (1 - Dice)"
    ),
}


def measure_signals(evidence: Evidence | None) -> dict[str, float | None]:
    """Measure every signal, of the union of the labels.

    Args:
        evidence: of a result; None where nothing was found.

    Returns:
        Its value by the signal's name; None where nothing was found.
    """
    return {name: signal.measure(evidence) if evidence else None for name, signal in SIGNALS.items()}

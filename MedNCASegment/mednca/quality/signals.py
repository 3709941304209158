"""What the members of an ensemble say about how steady a result is: one number a signal, each by its name.

NQM (M3D-NCA, Eq. 1) is the paper's. A new signal is a `Signal` more in `SIGNALS`; a calibration says which one it was
made with, and the verdict follows that one. What a number is worth is `calibration`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..nca.ensemble import Statistics
    from ..nca.moments import Sums


def nqm(sums: Sums) -> float | None:
    """NCA quality metric, M3D-NCA Eq. (1): sum of the members' standard deviation over the sum of their mean.

    Args:
        sums: over the voxels, of a label or of the union.

    Returns:
        0 where all members agree, more where they do not; None where less than half a voxel was found.
    """
    return None if sums.mean < 0.5 else sums.deviation / sums.mean


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
        measure: from an ensemble's statistics in one field of view; None where nothing was found.
        scale: (members, others) -> factor that brings a value of so many members to that of `others`.
    """

    measure: Callable[[Statistics], float | None]
    scale: Callable[[int, int], float] = lambda members, others: 1.0


SIGNALS: dict[str, Signal] = {"nqm": Signal(lambda statistics: nqm(statistics.sums[-1]), population_scale)}


def measure_signals(statistics: Statistics) -> dict[str, float | None]:
    """Measure every signal, of the union of the labels.

    Args:
        statistics: of an ensemble in one field of view.

    Returns:
        Its value by the signal's name; None where nothing was found.
    """
    return {name: signal.measure(statistics) for name, signal in SIGNALS.items()}

"""What the members of an ensemble say about how steady a result is: the NCA quality metric."""

from __future__ import annotations

import numpy as np


def nqm(mean: np.ndarray, variance: np.ndarray) -> float | None:
    """NCA quality metric, M3D-NCA Eq. (1): sum of the members' standard deviation over the sum of their mean.

    mean, variance: of the members' probabilities, any equal shape. None where nothing was found at all.
    """
    return nqm_of_sums(*nqm_sums(mean, variance))


def nqm_sums(mean: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """The two sums of `nqm`, so that a large volume can be added up in parts."""
    return float(np.sqrt(variance).sum(dtype=np.float64)), float(mean.sum(dtype=np.float64))


def nqm_of_sums(deviation: float, mean: float) -> float | None:
    """`nqm` from the two sums over the voxels."""
    return None if mean < 0.5 else deviation / mean  # less than half a voxel is nothing

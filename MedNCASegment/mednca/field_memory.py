"""How much memory one field of view takes once its ensemble has run: its results on the image's grid.

What the ensemble itself takes, and how it stays below a limit, is `nca.memory`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .nca.architecture import Architecture
from .quality import hotspots

_FLOAT = 4  # bytes of a number
_PIECES = 13  # bytes a voxel that connected components take


def results_peak(architecture: Architecture, shape: Sequence[int], shown: int, aligned: bool, pieces: bool) -> float:
    """Bytes that one field's results take once its ensemble has run.

    Args:
        architecture: of the model.
        shape: voxels (R, A, S) of the field on the model's grid.
        shown: how many voxels it has on the image's grid.
        aligned: whether the two grids are the same.
        pieces: whether only the largest piece is kept.
    """
    voxels, number = math.prod(shape), shown * _FLOAT
    statistics = ((architecture.labels + 1) * _FLOAT + 1) * voxels  # mean per label, variance, mask
    results = shown + 2 * number  # labels, variance, probability
    counting = results - number + shown  # the statistics' variance; where a label is, to be counted
    interpolating = (architecture.labels + 3) * number + 2 * _FLOAT * voxels  # all of them, and two copies of one
    return max(
        statistics + (counting if aligned else interpolating),
        statistics + (_PIECES * voxels if pieces else 0),
        results + 2 * number,  # one of them in the image's order of voxels, and as an image
        results + number + hotspots.BYTES_A_VOXEL * min(shown, hotspots.MAX_VOXELS),
    )

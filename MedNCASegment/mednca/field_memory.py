"""How much memory one field of view takes once its ensemble has run: its results on the image's grid.

What the ensemble itself takes, and how it stays below a limit, is `nca.memory`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .axes import whole
from .nca.architecture import Architecture
from .nca.memory import channels, statistics_bytes
from .quality import evidence, hotspots

_FLOAT = 4  # bytes of a number
_PIECES = 13  # bytes a voxel that connected components take
_EVIDENCE = 5  # bytes a voxel of masks: what is kept, what is near that, and what one member says there


def results_peak(
    architecture: Architecture, shape: Sequence[int], shown: int, aligned: bool, pieces: bool, members: int
) -> float:
    """Bytes that one field's results take once its ensemble has run.

    Args:
        architecture: of the model.
        shape: voxels (R, A, S) of the field on the model's grid.
        shown: how many voxels it has on the image's grid.
        aligned: whether the two grids are the same.
        pieces: whether only the largest piece is kept.
        members: of the ensemble.
    """
    voxels, number = math.prod(shape), shown * _FLOAT
    means, variance = channels(architecture) * _FLOAT * voxels, _FLOAT * voxels
    masks = (1 + pieces) * voxels  # of the labels, and of what is dropped
    statistics = statistics_bytes(architecture, whole(shape), members) + masks
    results = shown + 2 * number  # labels, variance, probability
    counting = results - number + shown  # the statistics' variance; where a label is, to be counted
    interpolating = (architecture.labels + 3) * number + 2 * _FLOAT * voxels  # all of them, and two copies of one
    return max(
        statistics + (_PIECES * voxels if pieces else 0),
        statistics + _EVIDENCE * voxels + evidence.BYTES_A_VOXEL * min(voxels, evidence.BLOCK),
        statistics + (variance if architecture.labels > 1 else 0),  # the largest over the labels
        means + variance + masks + (counting if aligned else interpolating),
        results + 2 * number,  # one of them in the image's order of voxels, and as an image
        results + 2 * number + hotspots.BYTES_A_VOXEL * min(shown, hotspots.MAX_VOXELS),
    )

"""What the members say on and near the piece that is kept: what signals are measured on.

Pieces that are dropped from the mask say nothing about the one that is kept, so their doubt must not either. What a
signal is, is `signals`' business; which piece is kept, `field`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ..axes import Box, bounding_box, triple, within
from ..nca.architecture import widen

if TYPE_CHECKING:
    from ..nca.ensemble import Statistics  # which needs torch

_ROUNDING = 1e-3  # mm, of distances in single precision: whole voxels often lie at NEAR
_EDGE = 96  # voxels of a block whose distances are in memory at once
BLOCK = _EDGE**3
BYTES_A_VOXEL = 45  # of a block that its distances take, margins of voxels of a millimeter included; measured
NEAR = 4.0  # mm from the kept piece that belong to it: as far as its outline could reasonably be wrong


@dataclass(frozen=True)
class Evidence:
    """The members on and near the kept piece.

    Attributes:
        statistics: of the ensemble in the field of view.
        kept: the piece, bool (R, A, S), in the box.
        near: it and what lies within NEAR mm of it, bool (R, A, S), in the box.
        box: slices of the statistics' region.
    """

    statistics: Statistics
    kept: np.ndarray
    near: np.ndarray
    box: Box

    def means_and_variances(self, channel: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Of the members' probabilities near the piece, (n,) each, plane by plane: there may be no room for copies.

        Args:
            channel: of the statistics: a label's, or the union's, which is the last one.
        """
        means, variances = self.statistics.means[self.box], self.statistics.variances[self.box]
        for plane, near in enumerate(self.near):
            yield means[plane, near, channel], variances[plane, near, channel]

    def members_masks(self) -> Iterator[np.ndarray]:
        """Each member's own mask of the union, near the piece, bool (R, A, S), in the box."""
        for mask in self.statistics.members_masks(self.box):
            yield mask & self.near


def gather(statistics: Statistics, kept: np.ndarray, spacing: Sequence[float] | np.ndarray) -> Evidence | None:
    """Take out what the members say on and near the kept piece.

    Args:
        statistics: of the ensemble in the field of view.
        kept: bool (R, A, S), of the statistics' region.
        spacing: mm along R, A, S.

    Returns:
        None where nothing was kept.
    """
    if not kept.any():
        return None
    margins = np.ceil(NEAR / np.asarray(spacing)).astype(int)
    low, high = bounding_box(kept)
    box = triple(
        slice(max(int(first) - m, 0), min(int(last) + 1 + int(m), n))
        for first, last, m, n in zip(low, high, margins, kept.shape, strict=True)
    )
    return Evidence(statistics, kept[box], _within(kept[box], spacing), box)


def _within(mask: np.ndarray, spacing: Sequence[float] | np.ndarray) -> np.ndarray:
    """Bool: a mask and what lies within NEAR mm of it. Done in blocks, each with what can matter to it around it."""
    near = mask.copy()
    margins = triple(math.ceil(NEAR / mm) for mm in spacing)
    for start in product(*(range(0, n, _EDGE) for n in mask.shape)):
        block = triple(slice(at, min(at + _EDGE, n)) for at, n in zip(start, mask.shape, strict=True))
        outer = widen(block, margins, triple(mask.shape))
        if mask[outer].any():
            near[block] |= (_distance(mask[outer], spacing) <= NEAR + _ROUNDING)[within(block, outer)]
    return near


def _distance(mask: np.ndarray, spacing: Sequence[float] | np.ndarray) -> np.ndarray:
    """mm from the middle of each voxel to that of the nearest one of a mask, negative inside it."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(mm) for mm in spacing][::-1])  # SimpleITK's axes run backward
    return sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True))

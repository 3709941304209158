"""What the members say on and near the piece that is kept: what signals are measured on.

Pieces that are dropped from the mask say nothing about the one that is kept, so their doubt must not either. What a
signal is, is `signals`' business; which piece is kept, `field`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..axes import Box, bounding_box, triple
from ..nca.ensemble import Statistics

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

    def means(self, channel: int) -> np.ndarray:
        """Of the members' probabilities near the piece, (n,): of a label, or of the union, which is the last one."""
        return self.statistics.means[self.box][self.near, channel]

    def variances(self, channel: int) -> np.ndarray:
        """The members' population variance near the piece, (n,); channel as of `means`."""
        return self.statistics.variances[self.box][self.near, channel]

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
        slice(max(int(first) - m, 0), min(int(last) + 1 + m, n))
        for first, last, m, n in zip(low, high, margins, kept.shape, strict=True)
    )
    return Evidence(statistics, kept[box], _within(kept[box], spacing), box)


def _within(mask: np.ndarray, spacing: Sequence[float] | np.ndarray) -> np.ndarray:
    """Bool: a mask and what lies within NEAR mm of it."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(mm) for mm in spacing][::-1])  # SimpleITK's axes run backward
    distance = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return sitk.GetArrayViewFromImage(distance) <= NEAR

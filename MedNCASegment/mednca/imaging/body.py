"""The box of a body part in an image, by which a place in a head of any size and orientation is named.

What lies where in it is the models' business (`models.description.Seed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..errors import NothingFound
from .geometry import CanonicalImage

_COARSE = 4.0  # mm between the voxels that are looked at
# Of the largest plane: planes with less of the body are none of its box, so that ears and the tip of the nose, which
# only some images show, leave it as it is.
_LEAST_PLANE = 0.15
# Of the box's width: a neck, of which images show more or less, is left out of a head's box.
_MOST_HEIGHT = 1.0
_LEAST_WIDTH = 0.55  # of the box's depth: a head's is 0.65 and more of it, that of one of its halves 0.4


@dataclass(frozen=True)
class Body:
    """The box of what is not air, in voxels of a canonical image.

    Attributes:
        low, high: continuous voxel index (R, A, S) of its first and last corner.
        spacing: mm along R, A, S.
        is_cut: whether it reaches the image's first or last plane along R: its middle is not the body's then.
    """

    low: np.ndarray
    high: np.ndarray
    spacing: np.ndarray
    is_cut: bool = False

    @classmethod
    def of(cls, canonical: CanonicalImage) -> Body:
        """Find it, by Otsu's threshold on every fourth millimeter.

        Args:
            canonical: the image.

        Returns:
            The box of the largest piece that is brighter than the air around it; no taller than it is wide, from its
            top.

        Raises:
            NothingFound: for an image without contrast.
        """
        step = np.maximum(np.round(_COARSE / canonical.spacing).astype(int), 1)
        mask = _largest_bright(canonical.array[tuple(slice(None, None, n) for n in step)])
        ends = np.array([_ends(mask, axis) for axis in range(3)])
        low, high = (ends[:, 0] - 0.5) * step, (ends[:, 1] + 0.5) * step
        width = (high[0] - low[0]) * canonical.spacing[0]
        low[2] = max(low[2], high[2] - _MOST_HEIGHT * width / canonical.spacing[2])
        is_cut = bool(ends[0, 0] == 0 or ends[0, 1] == mask.shape[0] - 1)
        return cls(low, high, canonical.spacing, is_cut)

    @property
    def shows_middle(self) -> bool:
        """Whether the middle of the box, along R, is about the body's: not in an image of one half of a head."""
        size = (self.high - self.low) * self.spacing
        return not self.is_cut and bool(size[0] >= _LEAST_WIDTH * size[1])

    def at(self, fractions: Sequence[float]) -> np.ndarray:
        """The continuous voxel index (R, A, S) at fractions of the box along R, A, S."""
        return self.low + np.asarray(fractions) * (self.high - self.low)

    def fractions_of(self, index: np.ndarray) -> np.ndarray:
        """The fractions of the box, along R, A, S, at a continuous voxel index (R, A, S)."""
        return (np.asarray(index) - self.low) / (self.high - self.low)

    def right_of_middle(self, index: np.ndarray) -> float:
        """mm that a continuous voxel index (R, A, S) lies to the right of the box's middle; less than 0 on the left."""
        return float((index[0] - (self.low[0] + self.high[0]) / 2) * self.spacing[0])


def _largest_bright(array: np.ndarray) -> np.ndarray:
    low, high = np.percentile(array, (0.5, 99))  # a few bright spots would pull the threshold up
    if not low < high:
        raise NothingFound("The image has no contrast; is it an image, not a label map?")
    image = sitk.GetImageFromArray(np.clip(array, low, high).astype(np.float32))
    bright = sitk.BinaryMorphologicalClosing(sitk.OtsuThreshold(image, 0, 1), [1, 1, 1])
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(bright), sortByObjectSize=True)
    return sitk.GetArrayFromImage(pieces) == 1


def _ends(mask: np.ndarray, axis: int) -> tuple[int, int]:
    """First and last plane across an axis with enough of the mask."""
    counts = mask.sum(axis=tuple(other for other in range(3) if other != axis))
    planes = np.flatnonzero(counts >= _LEAST_PLANE * counts.max())
    return int(planes[0]), int(planes[-1])

"""What the fields of one request paint on the image's own voxels, and how it is joined and put back on the image.

It knows probabilities and voxels; where a field lies and what it is worth is `field`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import SimpleITK as sitk

from .axes import Box, triple, within
from .imaging.geometry import CanonicalImage, Grid
from .nca.labels import to_labels, union
from .result import Region

PARTS = ("labels", "variance", "probability")


class Canvas:
    """The painted fields, in the order of the clicks.

    Args:
        canonical: the image that is segmented.
        values: the label map's values of the model's labels, in their order.
    """

    def __init__(self, canonical: CanonicalImage, values: Iterable[int]):
        self.canonical = canonical
        self.values = np.array([0, *values], dtype=np.uint8)
        self._painted: list[tuple[Box, list[np.ndarray]]] = []

    @property
    def nbytes(self) -> int:
        """Bytes of all that was painted."""
        return sum(part.nbytes for _region, parts in self._painted for part in parts)

    def paint(self, grid: Grid, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Interpolate a field's probabilities to the image's voxels and make labels there.

        Args:
            grid: of the probabilities, in the canonical image.
            mean: of the members' probabilities, (R, A, S, labels) on that grid.
            variance: of them, (R, A, S).

        Returns:
            The labels, uint8 (R, A, S), on the voxels of `grid.region`.
        """
        shape = self.canonical.array.shape
        variance, mean = grid.insert(variance, shape), grid.insert(mean, shape)
        labels, probability = to_labels(mean), np.empty_like(variance)
        for i in range(len(labels)):  # plane by plane, as in `to_labels`
            labels[i], probability[i] = self.values[labels[i]], union(mean[i])
        self._painted.append((grid.region(shape), [labels, variance, probability]))
        return labels

    def put_back(self, image: sitk.Image) -> tuple[Region, dict[str, sitk.Image]]:
        """All that was painted, in one box of the image's own voxels; the canvas is empty afterward.

        Args:
            image: the one that the canonical image was made of.

        Returns:
            The box, and the images of `PARTS` by name.
        """
        box = around([region for region, _parts in self._painted])
        start, size = self.canonical.image_region([part.start for part in box], [part.stop for part in box])
        # One after another, each dropped as it is joined: a large volume has no room for all of them twice.
        parts = {name: self.canonical.restore(self._next_joined(box), image, start) for name in PARTS}
        return Region(triple(start), triple(size)), parts

    def _next_joined(self, box: Box) -> np.ndarray:
        """The next of what each field painted, on the voxels of the box."""
        painted = [(region, parts.pop(0)) for region, parts in self._painted]
        if len(painted) == 1:
            return painted[0][1]
        joined = np.zeros([part.stop - part.start for part in box], painted[0][1].dtype)
        for region, values in painted:
            there = joined[within(region, box)]
            # A later click adds labels where it found some, and does not erase.
            np.copyto(there, values, where=values > (0 if joined.dtype == np.uint8 else there))
        return joined


def around(regions: Sequence[Box]) -> Box:
    """The smallest box that holds some boxes, one at least."""
    return triple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*regions, strict=True)
    )

"""Where to look first: the most uncertain places of a result, from its variance volume.

The variance is a thin shell around a structure, thick where the members disagree. It is cut along its valleys, so
that each place is one bump of the shell; SimpleITK does the work.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import SimpleITK as sitk

MAX_PLACES = 10
SMOOTHING = 1.5  # mm, standard deviation; details finer than this are no place of their own
MAX_VOXELS = 16_000_000  # of a region; a larger one is looked at on a grid of half as many along each axis
_LEAST_DEVIATION = 0.1  # of the members' probability, smoothed; below, nothing is doubtful
NEAR = 4.0  # mm from the structure; what is doubtful farther off was not taken for it, and comes last
_VALLEY = 0.02  # how deep, in deviation, a valley must be to part two places


@dataclass(frozen=True)
class Place:
    """position: RAS mm of its most uncertain voxel; volume_mm3: how much is doubtful there; deviation: the largest
    standard deviation of the members' probability there, smoothed, 0 to 0.5; weight: the deviation summed over the
    place, mm^3, by which places are ranked (a large mild doubt counts as much as a small strong one). distance: mm
    from its position to the structure that was found, 0 inside; None where nothing was found."""

    position: tuple[float, float, float]
    volume_mm3: float
    deviation: float
    weight: float
    distance: float | None = None

    @property
    def rank(self) -> tuple:
        """Sorts places in the order in which they should be looked at."""
        return self.distance is not None and self.distance > NEAR, -self.weight

    def to_json(self) -> dict:
        return asdict(self)


def uncertain_places(variance: sitk.Image, mask: sitk.Image, most: int = MAX_PLACES) -> list[Place]:
    """The most uncertain places of a variance image (3D, 0 to 0.25), at most `most`.

    mask: on the same grid, not 0 where the structure was found. Places at the structure come first, the heaviest
    first of all. In a region of more than MAX_VOXELS, positions are those of a coarser grid.
    """
    while variance.GetNumberOfPixels() > MAX_VOXELS:  # the steps below take tens of bytes a voxel
        mask, variance = _halved(sitk.Cast(mask != 0, sitk.sitkFloat32)), _halved(variance)
    box = _around_the_doubt(variance)
    if box is None:
        return []
    distance = _distance(mask)
    variance, distance = variance[box], distance and distance[box]
    deviation = sitk.Sqrt(sitk.Cast(variance, sitk.sitkFloat32))
    smooth = sitk.DiscreteGaussian(deviation, variance=SMOOTHING**2, maximumKernelWidth=64)
    basins = sitk.MorphologicalWatershed(-smooth, level=_VALLEY, markWatershedLine=False, fullyConnected=True)
    bumps = sitk.ScalarConnectedComponent(basins, smooth > _LEAST_DEVIATION, 0, True)
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    statistics.Execute(bumps, smooth)
    voxel = float(np.prod(variance.GetSpacing()))
    places = [
        Place(
            _ras(variance, statistics.GetMaximumIndex(label)),
            round(statistics.GetPhysicalSize(label), 2),
            round(statistics.GetMaximum(label), 4),
            round(statistics.GetSum(label) * voxel, 3),
            distance and round(max(distance[statistics.GetMaximumIndex(label)], 0.0), 1),
        )
        for label in statistics.GetLabels()
    ]
    return sorted(places, key=lambda place: place.rank)[:most]


def _halved(image: sitk.Image) -> sitk.Image:
    """Means of two voxels along each axis that has two."""
    return sitk.BinShrink(image, [min(n, 2) for n in image.GetSize()])


def _distance(mask: sitk.Image) -> sitk.Image | None:
    """mm to the mask, negative inside; None where it is empty."""
    found = sitk.Cast(mask != 0, sitk.sitkUInt8)
    if not sitk.GetArrayViewFromImage(found).any():
        return None
    return sitk.SignedMaurerDistanceMap(found, squaredDistance=False, useImageSpacing=True)


def _around_the_doubt(variance: sitk.Image):
    """The box (slices i, j, k) that holds doubt, with room for the smoothing; None where there is none."""
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(sitk.Cast(variance > _LEAST_DEVIATION**2, sitk.sitkUInt8))
    if not shape.HasLabel(1):
        return None
    box = shape.GetBoundingBox(1)
    room = [int(np.ceil(3 * SMOOTHING / spacing)) for spacing in variance.GetSpacing()]
    start = [max(s - r, 0) for s, r in zip(box[:3], room, strict=True)]
    stop = [min(s + n + r, of) for s, n, r, of in zip(box[:3], box[3:], room, variance.GetSize(), strict=True)]
    return tuple(slice(a, b) for a, b in zip(start, stop, strict=True))


def _ras(image: sitk.Image, index) -> tuple[float, float, float]:
    x, y, z = image.TransformIndexToPhysicalPoint([int(i) for i in index])
    return round(-x, 2), round(-y, 2), round(z, 2)

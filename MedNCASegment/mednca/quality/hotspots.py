"""Where to look first: the most uncertain regions of a result, from its variance volume.

The variance is a thin shell around a structure, thick where the members disagree. It is cut along its valleys, so
that each hotspot is one bump of the shell; SimpleITK does the work. Whether the result can be trusted is `verdict`'s
business.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import SimpleITK as sitk

from ..axes import bounding_box

MAX_HOTSPOTS = 10
SMOOTHING = 1.5  # mm, standard deviation; details finer than this are no hotspot of their own
MAX_VOXELS = 1_000_000  # of a region; a larger one is searched on a coarser grid
BYTES_A_VOXEL = 150  # that it takes to part doubt into hotspots, where there is doubt everywhere; measured
_LEAST_DEVIATION = 0.1  # of the members' probability, smoothed; below, nothing is doubtful
NEAR = 4.0  # mm from the structure; what is doubtful farther off was not taken for it, and comes last
_VALLEY = 0.02  # how deep, in deviation, a valley must be to part two hotspots


@dataclass(frozen=True)
class Hotspot:
    """One uncertain region.

    Attributes:
        position: RAS mm of its most uncertain voxel.
        volume_mm3: how much is doubtful there.
        deviation: the largest standard deviation of the members' probability there, smoothed, 0 to 0.5.
        weight: the deviation summed over the region, mm^3, by which hotspots are ranked: a large mild doubt counts as
            much as a small strong one.
        distance: mm from its position to the structure that was found, 0 inside; None where nothing was found.
    """

    position: tuple[float, float, float]
    volume_mm3: float
    deviation: float
    weight: float
    distance: float | None = None

    @property
    def rank(self) -> tuple[bool, float]:
        """Sort key: puts hotspots in the order in which a person should go through them."""
        return self.distance is not None and self.distance > NEAR, -self.weight

    def to_json(self) -> dict:
        """As a report has it."""
        return asdict(self)


def find_hotspots(variance: sitk.Image, mask: sitk.Image, most: int = MAX_HOTSPOTS) -> list[Hotspot]:
    """Find the most uncertain regions of a result.

    Args:
        variance: 3D, of the members' probabilities, 0 to 0.25.
        mask: on the same grid, not 0 where the structure was found.
        most: how many at most.

    Returns:
        Those at the structure first, of them the heaviest first. Where more than MAX_VOXELS are around the doubt,
        positions are those of a coarser grid.
    """
    box = _around_the_doubt(variance)
    if box is None:
        return []
    distance = _distance(_coarse(sitk.Cast(mask != 0, sitk.sitkFloat32)))
    variance = _coarse(variance[box])
    deviation = sitk.Sqrt(sitk.Cast(variance, sitk.sitkFloat32))
    smooth = sitk.DiscreteGaussian(deviation, variance=[SMOOTHING**2] * 3, maximumKernelWidth=64)
    basins = sitk.MorphologicalWatershed(-smooth, level=_VALLEY, markWatershedLine=False, fullyConnected=True)
    bumps = sitk.ScalarConnectedComponent(basins, smooth > _LEAST_DEVIATION, 0, True)
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    statistics.Execute(bumps, smooth)
    voxel = float(np.prod(variance.GetSpacing()))
    found = []
    for label in statistics.GetLabels():
        point = variance.TransformIndexToPhysicalPoint(statistics.GetMaximumIndex(label))
        found.append(
            Hotspot(
                _ras(point),
                round(statistics.GetPhysicalSize(label), 2),
                round(statistics.GetMaximum(label), 4),
                round(statistics.GetSum(label) * voxel, 3),
                None if distance is None else round(max(_at(distance, point), 0.0), 1),
            )
        )
    return sorted(found, key=lambda hotspot: hotspot.rank)[:most]


def _coarse(image: sitk.Image) -> sitk.Image:
    """Means over blocks of voxels, at most MAX_VOXELS of them, as isotropic as they come."""
    while image.GetNumberOfPixels() > MAX_VOXELS:
        axes = list(zip(image.GetSize(), image.GetSpacing(), strict=True))
        finest = min(mm for n, mm in axes if n > 1)
        factors = [2 if n > 1 and mm < 2 * finest else 1 for n, mm in axes]
        odd = [n % factor for (n, _mm), factor in zip(axes, factors, strict=True)]
        image = sitk.BinShrink(sitk.ZeroFluxNeumannPad(image, [0, 0, 0], odd) if any(odd) else image, factors)
    return image


def _distance(mask: sitk.Image) -> sitk.Image | None:
    """mm to the mask, negative inside; None where it is empty."""
    found = sitk.Cast(mask != 0, sitk.sitkUInt8)
    if not sitk.GetArrayViewFromImage(found).any():
        return None
    return sitk.SignedMaurerDistanceMap(found, squaredDistance=False, useImageSpacing=True)


def _at(image: sitk.Image, point) -> float:
    """The value of the voxel nearest to a point (LPS mm); a coarser grid may end half a voxel before it."""
    index = np.clip(image.TransformPhysicalPointToIndex(point), 0, np.array(image.GetSize()) - 1)
    return image[index.tolist()]


def _around_the_doubt(variance: sitk.Image):
    """The box (slices i, j, k) that holds doubt, with a margin for the smoothing; None where there is none."""
    doubt = (sitk.GetArrayViewFromImage(variance) > _LEAST_DEVIATION**2).transpose(2, 1, 0)
    if not doubt.any():
        return None
    margins = [int(np.ceil(3 * SMOOTHING / mm)) for mm in variance.GetSpacing()]
    ends = bounding_box(doubt).T.tolist()
    return tuple(slice(max(first - m, 0), last + m + 1) for (first, last), m in zip(ends, margins, strict=True))


def _ras(point) -> tuple[float, float, float]:
    x, y, z = point
    return round(-x, 2), round(-y, 2), round(z, 2)

"""Where to look first: the most uncertain regions on and near a result, from its variance and probability volumes.

The variance is a thin shell around a structure, thick where the members disagree. It is cut along its valleys, so
that each hotspot is one bump of the shell; SimpleITK does the work. What is doubtful elsewhere was not taken for the
structure and is no hotspot. Whether the result can be trusted is `verdict`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import SimpleITK as sitk

from ..axes import bounding_box
from .evidence import NEAR

MAX_HOTSPOTS = 10
SMOOTHING = 1.5  # mm, standard deviation; details finer than this are no hotspot of their own
MAX_VOXELS = 1_000_000  # of a region; a larger one is searched on a coarser grid
BYTES_A_VOXEL = 70  # that it takes to part doubt into hotspots, where there is doubt everywhere; measured
_LEAST_DEVIATION = 0.06  # of the members' probability, smoothed; below, nothing is doubtful
_LEAST_VOLUME = 5.0  # mm^3; a smaller one is nothing to look at
_VALLEY = 0.02  # how deep, in deviation, a valley must be to part two hotspots
# The side of a structure that a hotspot lies on, by the axis (LPS) along which its outward normal is longest.
SURFACES = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))


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
        surface: the side of the structure that it lies on, of `SURFACES`; "inside" where it does not reach the outline,
            as at the border between two labels; None where nothing was found.
        outward_mm, inward_mm: how far the outline lies further out, or in, where the members that differ by one
            standard deviation have it.
    """

    position: tuple[float, float, float]
    volume_mm3: float
    deviation: float
    weight: float
    distance: float | None = None
    surface: str | None = None
    outward_mm: float = 0.0
    inward_mm: float = 0.0

    @property
    def rank(self) -> float:
        """Sort key: puts hotspots in the order in which a person should go through them."""
        return -self.weight

    def to_json(self) -> dict:
        """As a report has it."""
        return asdict(self)


def find_hotspots(variance: sitk.Image, mask: sitk.Image, probability: sitk.Image) -> list[Hotspot]:
    """Find the most uncertain regions on and near a result; where nothing was found, anywhere.

    Args:
        variance: 3D, of the members' probabilities, 0 to 0.25.
        mask: on the same grid, not 0 where the structure was found.
        probability: on the same grid, the members' mean probability of the structure.

    Returns:
        The heaviest first, `MAX_HOTSPOTS` at most. Where more than MAX_VOXELS are around the doubt, positions are those
        of a coarser grid.
    """
    box = _around_the_doubt(variance)
    if box is None:
        return []
    distance = _distance(_coarse(sitk.Cast(mask[box] != 0, sitk.sitkFloat32)))
    if distance is None and sitk.GetArrayViewFromImage(mask).any():  # all doubt is further away than NEAR
        return []
    variance, probability = _coarse(variance[box]), _coarse(probability[box])
    deviation = sitk.Sqrt(sitk.Cast(variance, sitk.sitkFloat32))
    smooth = sitk.DiscreteGaussian(deviation, variance=[SMOOTHING**2] * 3, maximumKernelWidth=64)
    doubtful = smooth > _LEAST_DEVIATION
    if distance is not None:
        doubtful = sitk.And(doubtful, distance <= NEAR)
    box = _box_of(sitk.GetArrayViewFromImage(doubtful) > 0, margin=(1, 1, 1))
    if box is None:
        return []
    smooth, doubtful = smooth[box], doubtful[box]  # what is left takes the watershed a fraction of the time
    variance, probability, deviation = variance[box], probability[box], deviation[box]
    distance = None if distance is None else distance[box]
    # In whole thousandths: the flood keeps a queue for each value that occurs, which of floats would take 200 MB.
    # Level where there is no doubt, so that nothing is flooded there.
    depth = sitk.Maximum(smooth * sitk.Cast(doubtful, sitk.sitkFloat32), _LEAST_DEVIATION)
    height = sitk.Cast(sitk.Round(depth * -1000), sitk.sitkInt16)
    basins = sitk.MorphologicalWatershed(height, level=1000 * _VALLEY, markWatershedLine=False, fullyConnected=True)
    bumps = sitk.ScalarConnectedComponent(basins, doubtful, 0, True)
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    statistics.Execute(bumps, smooth)
    outline = None if distance is None else _Outline(distance, probability, deviation)
    voxel = float(np.prod(variance.GetSpacing()))
    large = (label for label in statistics.GetLabels() if statistics.GetPhysicalSize(label) >= _LEAST_VOLUME)
    heaviest = sorted(large, key=lambda label: -statistics.GetSum(label))[:MAX_HOTSPOTS]
    found = []
    for label in heaviest:
        index = statistics.GetMaximumIndex(label)
        about = {} if outline is None else outline.about(index, _region(statistics, bumps, label))
        found.append(
            Hotspot(
                _ras(variance.TransformIndexToPhysicalPoint(index)),
                round(statistics.GetPhysicalSize(label), 2),
                round(statistics.GetMaximum(label), 4),
                round(statistics.GetSum(label) * voxel, 3),
                **about,
            )
        )
    return found


class _Outline:
    """The outline of what was found, and how far the members would move it.

    Args:
        distance: mm to the structure, negative inside.
        probability, deviation: mean and standard deviation of the members', on the same grid.
    """

    def __init__(self, distance: sitk.Image, probability: sitk.Image, deviation: sitk.Image):
        self.image, self.distance = distance, sitk.GetArrayFromImage(distance)
        mean, spread = sitk.GetArrayViewFromImage(probability), sitk.GetArrayViewFromImage(deviation)
        # Where the members above, and below, the mean by one standard deviation differ from the result.
        self.gained = (mean + spread > 0.5) & (self.distance > 0)
        self.lost = (mean - spread < 0.5) & (self.distance <= 0)

    def about(self, index, region: tuple[tuple[slice, ...], np.ndarray]) -> dict:
        """What a hotspot says of the outline. index: (i, j, k) of its position; region: slices (k, j, i) of a box,
        and where in it the hotspot is (bool)."""
        box, inside = region
        distance = self.distance[box]
        half = float(min(self.image.GetSpacing())) / 2  # from a voxel's middle to the outline beside it
        outward, inward = (
            round(float(np.max(sign * distance, where=inside & moved[box], initial=-half)) + half, 1)
            for sign, moved in ((1, self.gained), (-1, self.lost))
        )
        is_inside = not outward and not inward
        there = float(self.distance[index[::-1]])
        return {
            "distance": round(max(0.0, there), 1),
            "surface": "inside" if is_inside else self._side(index),
            "outward_mm": outward,
            "inward_mm": inward,
        }

    def _side(self, index) -> str:
        """The side that the distance grows to, seen over some voxels around a place."""
        middle = index[::-1]
        box = tuple(slice(max(at - 2, 0), at + 3) for at in middle)
        slope = [float(np.diff(self.distance[box], axis=axis).mean()) if self.distance[box].shape[axis] > 1 else 0.0
                 for axis in (2, 1, 0)]  # fmt: skip
        along = [each / mm for each, mm in zip(slope, self.image.GetSpacing(), strict=True)]
        normal = np.reshape(self.image.GetDirection(), (3, 3)) @ along
        axis = int(np.argmax(np.abs(normal)))
        return SURFACES[axis][int(normal[axis] > 0)]


def _region(statistics: sitk.LabelIntensityStatisticsImageFilter, bumps: sitk.Image, label: int):
    """The box of a bump, slices (k, j, i), and where in it the bump is (bool)."""
    bounds = statistics.GetBoundingBox(label)
    box = tuple(slice(first, first + size) for first, size in zip(bounds[2::-1], bounds[:2:-1], strict=True))
    return box, sitk.GetArrayViewFromImage(bumps)[box] == label


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


def _around_the_doubt(variance: sitk.Image):
    """The box (slices i, j, k) that holds doubt, with a margin for the smoothing; None where there is none."""
    doubt = sitk.GetArrayViewFromImage(variance) > _LEAST_DEVIATION**2
    return _box_of(doubt, [int(np.ceil(3 * SMOOTHING / mm)) for mm in variance.GetSpacing()])


def _box_of(mask: np.ndarray, margin: Sequence[int]):
    """The box (slices i, j, k) around a mask (k, j, i), with a margin in voxels (i, j, k); None where it is empty."""
    if not mask.any():
        return None
    ends = bounding_box(mask.transpose(2, 1, 0)).T.tolist()
    return tuple(slice(max(first - m, 0), last + m + 1) for (first, last), m in zip(ends, margin, strict=True))


def _ras(point) -> tuple[float, float, float]:
    x, y, z = point
    return round(-x, 2), round(-y, 2), round(z, 2)

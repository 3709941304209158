"""Clicks that miss a structure's middle, as people's do, or the structure altogether."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from mednca.axes import triple
from mednca.imaging.geometry import CanonicalImage

Click = tuple[float, float, float]  # RAS mm
ELSEWHERE, AIR = "elsewhere in the body", "in air"
_DRAWS = 100
_FAR = 30.0  # mm from every structure, at least, that a click elsewhere lies
_COUNT = 6  # clicks elsewhere in the body


def click_beside(image: sitk.Image, middle: Click, mm: float, draw: np.random.Generator) -> Click:
    """A click so far from a structure's middle, in a direction that is drawn until it lies within the image.

    Args:
        image: that is clicked.
        middle: of the structure, RAS mm.
        mm: how far.
        draw: what draws.

    Returns:
        The click, RAS mm; outside the image where that reaches so far in hardly any direction.
    """
    canonical, click = CanonicalImage.of(image), np.array(middle)
    last = np.array(canonical.array.shape) - 1
    for _ in range(_DRAWS):
        direction = draw.normal(size=3)
        click = np.array(middle) + mm * direction / np.linalg.norm(direction)
        index = canonical.index_of(triple(click.tolist()))
        if np.all(index >= 0) and np.all(index <= last):
            break
    return triple(click.tolist())


def clicks_elsewhere(image: sitk.Image, truth: sitk.Image, draw: np.random.Generator) -> dict[str, list[Click]]:
    """Clicks where none of the structures is: in other parts of the body, and in air.

    Args:
        image: that is clicked, of one channel or more.
        truth: its label map; every value is a structure.
        draw: what draws.

    Returns:
        Clicks, RAS mm, by place: `ELSEWHERE`, in what is brighter than Otsu's threshold, and `AIR`, in what is darkest.
        Fewer, or none, where the image has no such place so far from the structures.
    """
    canonical, inside = CanonicalImage.of(image), CanonicalImage.of(truth).array > 0
    first = sitk.VectorIndexSelectionCast(image, 0) if image.GetNumberOfComponentsPerPixel() > 1 else image
    body = CanonicalImage.of(sitk.OtsuThreshold(first, 0, 1)).array > 0
    mask = sitk.GetImageFromArray(np.ascontiguousarray(inside.transpose(2, 1, 0)).astype(np.uint8))
    mask.SetSpacing(canonical.spacing.tolist())
    distance = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True))
    far = distance.transpose(2, 1, 0) >= _FAR
    places = {ELSEWHERE: (far & body, _COUNT), AIR: (far & (canonical.array <= canonical.array.min()), 1)}
    return {
        name: [triple(canonical.ras_of(index).tolist()) for index in _drawn(where, count, draw)]
        for name, (where, count) in places.items()
    }


def _drawn(where: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """The indices of some voxels of a mask."""
    voxels = np.argwhere(where)
    return voxels[draw.choice(len(voxels), min(count, len(voxels)), replace=False)]

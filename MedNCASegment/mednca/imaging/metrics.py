"""Overlap and surface distance between two masks on one voxel grid. SimpleITK measures.

Which masks are compared is not its business: `mednca.evaluate` knows that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..axes import bounding_box


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Measure the overlap of two masks.

    Args:
        a, b: bool, of one shape.

    Returns:
        The hard Dice coefficient, 0 to 1; 1 where both are empty.
    """
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2.0 * int((a & b).sum()) / total


def hd95(a: np.ndarray, b: np.ndarray, spacing: Sequence[float]) -> float | None:
    """Measure how far the surfaces of two masks lie apart.

    Args:
        a, b: bool (k, j, i), SimpleITK's array order.
        spacing: mm along i, j, k.

    Returns:
        The 95th percentile of the symmetric surface distance, mm; None where one of the masks is empty. At the image's
        side a mask has a surface, too.
    """
    if not a.any() or not b.any():
        return None
    around = _around(a | b)  # a distance map of a whole head takes seconds
    a, b = np.pad(a[around], 1), np.pad(b[around], 1)
    distances = np.concatenate([_surface_distances(a, b, spacing), _surface_distances(b, a, spacing)])
    return float(np.percentile(distances, 95))


def _around(mask: np.ndarray) -> tuple[slice, ...]:
    """The box of a mask."""
    return tuple(slice(first, last + 1) for first, last in bounding_box(mask).T.tolist())


def _surface_distances(a: np.ndarray, b: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Distance from each surface voxel of a to the surface of b."""
    surface_a, surface_b = (sitk.LabelContour(_image(mask, spacing)) for mask in (a, b))
    distance = sitk.Abs(
        sitk.SignedMaurerDistanceMap(surface_b, squaredDistance=False, useImageSpacing=True, insideIsPositive=False)
    )
    return sitk.GetArrayViewFromImage(distance)[sitk.GetArrayViewFromImage(surface_a) > 0]


def _image(mask: np.ndarray, spacing: Sequence[float]) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(mask).astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing])
    return image

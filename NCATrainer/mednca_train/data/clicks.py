"""Clicks that miss a structure's middle, as people's do."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from mednca.axes import triple
from mednca.imaging.geometry import CanonicalImage

_DRAWS = 100


def click_beside(
    image: sitk.Image, middle: tuple[float, float, float], mm: float, draw: np.random.Generator
) -> tuple[float, float, float]:
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

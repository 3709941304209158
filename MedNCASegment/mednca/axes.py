"""Three values, one for each axis, and boxes: what every room says of sizes, spacings, margins and parts of arrays.

Which axes they are (R, A, S, or an image's own i, j, k) is for whoever says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

T = TypeVar("T")

Box = tuple[slice, slice, slice]  # a part of an array, from a first voxel or cell to one after the last along each axis


def whole(shape: Iterable[int]) -> Box:
    """The box that holds all of an array of this shape."""
    return triple(slice(0, n) for n in shape)


def within(box: Box, outer: Box) -> Box:
    """A box's place in a larger one that holds it."""
    return triple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, outer, strict=True))


def triple(values: Iterable[T]) -> tuple[T, T, T]:
    """Say that there are three.

    Args:
        values: one for each axis.

    Returns:
        The same.

    Raises:
        ValueError: there are more or fewer than three.
    """
    first, second, third = values
    return first, second, third


def bounding_box(mask: np.ndarray) -> np.ndarray:
    """Where a mask lies.

    Args:
        mask: bool, three axes.

    Returns:
        First and last index along each axis: whole numbers (2, 3).

    Raises:
        ValueError: the mask is empty.
    """
    if not mask.any():
        raise ValueError("an empty mask lies nowhere")
    return np.array([np.flatnonzero(mask.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))]).T

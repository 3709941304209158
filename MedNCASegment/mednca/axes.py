"""Three values, one for each axis, as types: what every room says of sizes, spacings, margins and boxes.

Which axes they are (R, A, S, or an image's own i, j, k) is for whoever says it. No arithmetic: numpy's arrays do that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

Box = tuple[slice, slice, slice]  # a part of an array, from a first voxel or cell to one after the last along each axis


def whole(shape: Iterable[int]) -> Box:
    """The box that holds all of an array of this shape."""
    return triple(slice(0, n) for n in shape)


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

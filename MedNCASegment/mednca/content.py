"""A fingerprint of a segment that survives a saved scene: by it is known whether somebody corrected the segment.

What follows from that is not asked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

_SAME_PLACE = 1e-3  # mm, or voxels: files round


@dataclass(frozen=True)
class Content:
    """A fingerprint of a segment's voxels and their place.

    Not the modification time: saving a scene changes that, as Slicer then puts segments that do not overlap into one
    shared label map.

    Attributes:
        corner: of its first voxel, mm in the segmentation's own space (RAS).
        shape: of its voxels, (k, j, i).
        sha256: of them.
        index: of its first voxel, (i, j, k) in the volume that it was made on: that stays where both are moved, as by
            hardening a transform. None where nobody knows.
    """

    corner: tuple[float, ...]
    shape: tuple[int, ...]
    sha256: str
    index: tuple[float, ...] | None = None

    @classmethod
    def of(cls, mask: np.ndarray, corner: Iterable[float], index: Iterable[float] | None = None) -> Content:
        """Of a segment.

        Args:
            mask: bool, (k, j, i), cut to the voxels that are there.
            corner, index: of the first of them, as the attributes.
        """
        sha256 = hashlib.sha256(np.ascontiguousarray(mask).tobytes()).hexdigest()
        return cls(_rounded(corner), mask.shape, sha256, None if index is None else _rounded(index))

    def is_like(self, other: Content | None) -> bool:
        """Whether it is the same voxels at the same place."""
        if other is None or (self.shape, self.sha256) != (other.shape, other.sha256):
            return False
        return _is_same(self.corner, other.corner) or _is_same(self.index, other.index)

    def to_json(self) -> list:
        """As a record has it."""
        known = [list(self.corner), list(self.shape), self.sha256]
        return known if self.index is None else [*known, list(self.index)]

    @classmethod
    def from_json(cls, data: list) -> Content:
        """Raises ValueError or TypeError where it is none."""
        corner, shape, sha256, index = data if len(data) == 4 else (*data, None)
        places = (corner, shape) if index is None else (corner, shape, index)
        if any(len(place) != 3 for place in places) or not isinstance(sha256, str):
            raise ValueError("content")
        place = None if index is None else tuple(float(x) for x in index)
        return cls(tuple(float(x) for x in corner), tuple(int(n) for n in shape), sha256, place)


def are_alike(some: Mapping[str, Content | None], others: Mapping[str, Content | None]) -> bool:
    """Whether the same segments, by id, have the same voxels at the same places; None of an empty one."""
    return some.keys() == others.keys() and all(
        others[id] is None if each is None else each.is_like(others[id]) for id, each in some.items()
    )


def _rounded(place):
    return tuple(round(float(x), 4) for x in place)


def _is_same(place, other):
    return place is not None and other is not None and bool(np.allclose(place, other, rtol=0, atol=_SAME_PLACE))

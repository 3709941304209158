"""A fingerprint of a segment that survives a saved scene: by it is known whether somebody corrected the segment.

What follows from that is not asked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_SAME_PLACE = 1e-3  # mm: files round; a voxel is larger


@dataclass(frozen=True)
class Content:
    """A fingerprint of a segment's voxels and their place.

    Not the modification time: saving a scene changes that, as Slicer then puts segments that do not overlap into one
    shared label map.

    Attributes:
        corner: of its first voxel, mm in the segmentation's own space (RAS).
        shape: of its voxels, (k, j, i).
        sha256: of them.
    """

    corner: tuple[float, ...]
    shape: tuple[int, ...]
    sha256: str

    @classmethod
    def of(cls, mask: np.ndarray, corner: Iterable[float]) -> Content:
        """Of a segment. mask: bool, (k, j, i), cut to the voxels that are there; corner: of the first, mm (RAS)."""
        sha256 = hashlib.sha256(np.ascontiguousarray(mask).tobytes()).hexdigest()
        return cls(tuple(round(float(x), 4) for x in corner), mask.shape, sha256)

    def is_like(self, other: Content | None) -> bool:
        """Whether it is the same voxels at the same place."""
        if other is None or (self.shape, self.sha256) != (other.shape, other.sha256):
            return False
        return bool(np.allclose(self.corner, other.corner, rtol=0, atol=_SAME_PLACE))

    def to_json(self) -> list:
        """As a record has it."""
        return [list(self.corner), list(self.shape), self.sha256]

    @classmethod
    def from_json(cls, data: list) -> Content:
        """Raises ValueError or TypeError where it is none."""
        corner, shape, sha256 = data
        if len(corner) != 3 or len(shape) != 3 or not isinstance(sha256, str):
            raise ValueError("content")
        return cls(tuple(float(x) for x in corner), tuple(int(n) for n in shape), sha256)

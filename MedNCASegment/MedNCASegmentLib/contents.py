"""What is in a segment: its voxels, cut to where they are, and a fingerprint of them that survives a saved scene.

By the fingerprint it is known whether somebody corrected a segment; what follows from that is not asked here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from mednca.axes import triple

from .volumes import asArray

LABELMAP = "Binary labelmap"
_SAME_PLACE = 1e-3  # mm: files round; a voxel is larger


@dataclass(frozen=True)
class Voxels:
    """A segment's own voxels, also where several segments share one label map.

    Attributes:
        mask: bool, (k, j, i), cut to the voxels that are there.
        start: (i, j, k) of its first voxel in the label map.
        geometry: 4x4, voxel (i, j, k) of the label map -> mm in the segmentation's own space.
    """

    mask: np.ndarray
    start: tuple[int, int, int]
    geometry: np.ndarray


@dataclass(frozen=True)
class Content:
    """A fingerprint of a segment's voxels and their place.

    Not the modification time: saving a scene changes that, as Slicer then puts segments that do not overlap into one
    shared label map.

    Attributes:
        corner: of its first voxel, mm in the segmentation's own space.
        shape: of its voxels, (k, j, i).
        sha256: of them.
    """

    corner: tuple[float, ...]
    shape: tuple[int, ...]
    sha256: str

    def isLike(self, other: Content | None) -> bool:
        """Whether it is the same voxels at the same place."""
        isSame = other is not None and (self.shape, self.sha256) == (other.shape, other.sha256)
        return isSame and bool(np.allclose(self.corner, other.corner, rtol=0, atol=_SAME_PLACE))

    def toJSON(self) -> list:
        """As a record has it."""
        return [list(self.corner), list(self.shape), self.sha256]

    @classmethod
    def fromJSON(cls, data: list) -> Content:
        """Raises ValueError or TypeError where it is none."""
        corner, shape, sha256 = data
        if len(corner) != 3 or len(shape) != 3 or not isinstance(sha256, str):
            raise ValueError("content")
        return cls(tuple(float(x) for x in corner), tuple(int(n) for n in shape), sha256)


def voxelsOf(segment: slicer.vtkSegment) -> Voxels | None:
    """The voxels of a segment; None of an empty one."""
    labelmap = segment.GetRepresentation(LABELMAP)
    if labelmap is None or labelmap.IsEmpty():
        return None
    first = labelmap.GetExtent()[::2]
    shape = tuple(reversed(labelmap.GetDimensions()))
    isThere = numpy_support.vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(shape) == segment.GetLabelValue()
    box = boxOf(isThere)
    if box is None:
        return None
    start = triple(int(a + part.start) for a, part in zip(first, reversed(box), strict=True))
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    return Voxels(isThere[box], start, asArray(matrix))


def boxOf(mask: np.ndarray) -> tuple[slice, ...] | None:
    """Where in a mask something is, as a slice of each axis; None where nothing is."""
    box = []
    for axis in range(mask.ndim):
        found = np.flatnonzero(mask.any(tuple(other for other in range(mask.ndim) if other != axis)))
        if len(found) == 0:
            return None
        box.append(slice(int(found[0]), int(found[-1]) + 1))
    return tuple(box)


def contentOf(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str) -> Content | None:
    """The fingerprint of a segment; None of an empty one."""
    voxels = voxelsOf(segmentationNode.GetSegmentation().GetSegment(segmentId))
    if voxels is None:
        return None
    corner = (voxels.geometry @ (*voxels.start, 1))[:3]
    sha256 = hashlib.sha256(np.ascontiguousarray(voxels.mask).tobytes()).hexdigest()
    return Content(tuple(round(float(x), 4) for x in corner), voxels.mask.shape, sha256)

"""What is in a segment: its voxels, cut to where they are, and a fingerprint of them.

What the fingerprint is made of, and for, is `mednca.content`'s business.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from mednca.axes import triple
from mednca.content import Content
from mednca.errors import MedNCAError

from .record import volumeOf
from .volumes import asArray, geometryIn, matrixToWorld

LABELMAP = "Binary labelmap"


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

    def places(self, toWorld: np.ndarray) -> np.ndarray:
        """The middles of the voxels, (n, 3), world RAS mm. toWorld: 4x4, of the segmentation."""
        found = np.argwhere(self.mask)[:, ::-1] + self.start
        matrix = toWorld @ self.geometry
        return found @ matrix[:3, :3].T + matrix[:3, 3]

    def distanceTo(self, position: tuple[float, float, float], toWorld: np.ndarray) -> float:
        """mm from a point (world RAS) to the middle of the nearest voxel. toWorld: 4x4, of the segmentation."""
        return float(np.linalg.norm(self.places(toWorld) - position, axis=1).min())


def voxelsOf(segment: slicer.vtkSegment) -> Voxels | None:
    """The voxels of a segment; None of an empty one."""
    labelmap = segment.GetRepresentation(LABELMAP)
    if labelmap is None or labelmap.IsEmpty():
        return None
    first = labelmap.GetExtent()[::2]
    shape = tuple(reversed(labelmap.GetDimensions()))
    values = numpy_support.vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(shape)
    box = boxOf(values, segment.GetLabelValue())
    if box is None:
        return None
    start = triple(int(a + part.start) for a, part in zip(first, reversed(box), strict=True))
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    return Voxels(values[box] == segment.GetLabelValue(), start, asArray(matrix))


def boxOf(labels: np.ndarray, value: int | None = None) -> tuple[slice, slice, slice] | None:
    """Where in labels, (k, j, i), a value is (default: any but 0), as a slice of each axis; None where it is not.

    A slice at a time: an array of a whole volume may be large.
    """
    found = [np.zeros(n, bool) for n in labels.shape]
    for k, plane in enumerate(labels):
        isThere = plane != 0 if value is None else plane == value
        found[0][k] = isThere.any()
        found[1] |= isThere.any(1)
        found[2] |= isThere.any(0)
    if not found[0].any():
        return None
    ends = [np.flatnonzero(each)[[0, -1]] for each in found]
    return triple(slice(int(low), int(high) + 1) for low, high in ends)


def contentOf(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    segmentId: str,
    volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> Content | None:
    """The fingerprint of a segment; None of an empty one. volumeNode: that it was made on; default, as the segmentation
    says."""
    voxels = voxelsOf(segmentationNode.GetSegmentation().GetSegment(segmentId))
    if voxels is None:
        return None
    corner, index = voxels.geometry @ (*voxels.start, 1), None
    if volumeNode := volumeNode or volumeOf(segmentationNode):
        with suppress(MedNCAError, np.linalg.LinAlgError):  # under a transform that is not linear nobody knows
            index = (np.linalg.inv(geometryIn(segmentationNode, volumeNode)) @ corner)[:3]
    return Content.of(voxels.mask, corner[:3], index)


def milliliters(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str) -> float:
    """The volume of a segment's voxels in the world, as the report has it: a transform may scale it. Under one that is
    not linear, as they are."""
    voxels = voxelsOf(segmentationNode.GetSegmentation().GetSegment(segmentId))
    if voxels is None:
        return 0.0
    matrix = voxels.geometry
    with suppress(MedNCAError):
        matrix = matrixToWorld(segmentationNode) @ matrix
    return float(np.count_nonzero(voxels.mask) * abs(np.linalg.det(matrix[:3, :3]))) / 1000

"""A segment as it was, to be put back: its voxels, its surfaces, its place among the others, how it is displayed.

Whose run it belongs to is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import slicer
import vtk

from .contents import LABELMAP, voxelsOf
from .volumes import imageDataFromArray

_DISPLAYED = (
    "Visibility", "Visibility3D", "Visibility2DFill", "Visibility2DOutline", "Opacity3D", "Opacity2DFill",
    "Opacity2DOutline", "Pickable",
)  # fmt: skip


@dataclass
class SegmentCopy:
    """A copy that shares nothing with the segmentation.

    Attributes:
        id: of the segment.
        segment: in no segmentation, with a label map of its own.
        followers: ids of the segments that came after it.
        displayed: of each display node, by its ID, what `_DISPLAYED` and the overriding color were.
    """

    id: str
    segment: slicer.vtkSegment
    followers: list[str]
    displayed: dict[str, dict[str, tuple]] = field(default_factory=dict)


def copySegment(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str) -> SegmentCopy:
    """Of a segment that is there."""
    segmentation = segmentationNode.GetSegmentation()
    original, copy = segmentation.GetSegment(segmentId), slicer.vtkSegment()
    copy.DeepCopyMetadata(original)
    for name in _representationNames(segmentation):
        representation = original.GetRepresentation(name)
        if name == LABELMAP and representation is not None:
            copy.SetLabelValue(1)
            copy.AddRepresentation(name, _ownLabelmap(original))
        elif representation is not None:
            own = representation.NewInstance()
            own.DeepCopy(representation)
            copy.AddRepresentation(name, own)
    ids = list(segmentation.GetSegmentIDs())
    displays = [segmentationNode.GetNthDisplayNode(n) for n in range(segmentationNode.GetNumberOfDisplayNodes())]
    displayed = {display.GetID(): _displayed(display, segmentId) for display in filter(None, displays)}
    return SegmentCopy(segmentId, copy, ids[ids.index(segmentId) + 1 :], displayed)


def restoreSegment(segmentationNode: slicer.vtkMRMLSegmentationNode, copy: SegmentCopy) -> str:
    """Put a copy back where it was; returns its id, which is another one where somebody took the old one meanwhile."""
    segmentation = segmentationNode.GetSegmentation()
    there = set(segmentation.GetSegmentIDs())
    segmentId = segmentation.GenerateUniqueSegmentID(copy.id) if copy.id in there else copy.id
    segmentation.AddSegment(copy.segment, segmentId, next((id for id in copy.followers if id in there), ""))
    for displayId, values in copy.displayed.items():
        display = slicer.mrmlScene.GetNodeByID(displayId)
        if display is not None:
            for name, value in values.items():
                getattr(display, f"SetSegment{name}")(segmentId, *value)
    return segmentId


def _representationNames(segmentation):
    names = []
    segmentation.GetContainedRepresentationNames(names)
    return names


def _ownLabelmap(segment):
    """A label map of this segment alone, cut to its voxels."""
    voxels = voxelsOf(segment)
    own = slicer.vtkOrientedImageData()
    if voxels is not None:
        own.ShallowCopy(imageDataFromArray(voxels.mask.astype(np.uint8), voxels.start))
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy(voxels.geometry.ravel().tolist())
        own.SetGeometryFromImageToWorldMatrix(matrix)
    return own


def _displayed(display, segmentId):
    values = {name: (getattr(display, f"GetSegment{name}")(segmentId),) for name in _DISPLAYED}
    color = tuple(display.GetSegmentOverrideColor(segmentId))
    return values | ({"OverrideColor": color} if min(color) >= 0 else {})  # negative: none

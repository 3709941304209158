"""From a result's label image to the segments of a segmentation node, and a fingerprint of what is in one.

Not the maps, the record and the table that belong to them.
"""

from __future__ import annotations

import hashlib

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from mednca.models.description import LEFT, RIGHT, Label
from mednca.result import Report

from .volumes import orientedImageData

# Coded modifiers of a type, as DICOM and Slicer's terminologies have them.
_SIDES = {
    LEFT: {"scheme": "SCT", "code": "7771000", "meaning": "Left"},
    RIGHT: {"scheme": "SCT", "code": "24028007", "meaning": "Right"},
}


def contentOf(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str) -> tuple | None:
    """A fingerprint of a segment's voxels and their place; None of an empty one.

    Not the modification time: saving a scene changes that, as Slicer then puts segments that do not overlap into one
    shared label map.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    labelmap = segment.GetRepresentation("Binary labelmap")
    if labelmap is None or labelmap.IsEmpty():
        return None
    extent = labelmap.GetExtent()
    shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
    scalars = numpy_support.vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(shape)
    found = np.argwhere(scalars == segment.GetLabelValue())
    if len(found) == 0:
        return None
    low, high = found.min(0), found.max(0) + 1
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    corner = matrix.MultiplyPoint([*(int(low[2 - axis]) + extent[2 * axis] for axis in range(3)), 1])
    mask = scalars[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] == segment.GetLabelValue()
    return tuple(round(x, 2) for x in corner), mask.shape, hashlib.sha256(mask.tobytes()).hexdigest()


def milliliters(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str) -> float:
    """The volume of a segment's voxels."""
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    labelmap = segment.GetRepresentation("Binary labelmap")
    if labelmap is None or labelmap.IsEmpty():
        return 0.0
    scalars = numpy_support.vtk_to_numpy(labelmap.GetPointData().GetScalars())
    voxel = float(np.prod(labelmap.GetSpacing()))
    return int(np.count_nonzero(scalars == segment.GetLabelValue())) * voxel / 1000


def newSegmentationNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """An empty segmentation for a volume, under the same transform."""
    name = slicer.mrmlScene.GenerateUniqueName(volumeNode.GetName() + " segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    return node


def complete(segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Give a segmentation node what one made by a selector widget lacks: display nodes and a reference geometry.

    Its transform must be set before: the geometry is brought into the segmentation's own space.
    """
    if segmentationNode.GetDisplayNode() is None:
        segmentationNode.CreateDefaultDisplayNodes()
        display = segmentationNode.GetDisplayNode()
        display.SetVisibility2DFill(False)  # outlines: what lies under a fill cannot be checked
        display.SetSliceIntersectionThickness(2)
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    if not segmentationNode.GetSegmentation().GetConversionParameter(name):
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)


def makeSegment(
    mask: np.ndarray,
    label: Label,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    report: Report,
) -> slicer.vtkSegment:
    """A segment that is not added yet.

    Args:
        mask: uint8, (k, j, i), of report.region.
        label: which gives its name, color and terminology.
        volumeNode: on whose grid the mask lies.
        segmentationNode: that it is for.
        report: which it says it comes from.
    """
    segment, side = slicer.vtkSegment(), _sideOf(report)
    segment.SetName(_sidedName(label.name, side))
    segment.SetColor(*(c / 255 for c in label.color))
    if label.terminology:
        terminology = label.terminology | ({"modifier": _SIDES[side]} if side else {})
        segment.SetTag(segment.GetTerminologyEntryTagName(), _terminologyEntry(terminology))
    segment.SetTag("MedNCA.Model", report.model.id)
    segment.SetTag("MedNCA.ModelSHA256", report.model.sha256)
    segment.SetTag("MedNCA.MembersAndSeed", f"{report.members} {report.seed}")
    image = orientedImageData(mask, volumeNode, segmentationNode, report.region.start)
    segment.AddRepresentation("Binary labelmap", image)
    return segment


def addSegment(segmentation: slicer.vtkSegmentation, segment: slicer.vtkSegment) -> str:
    """Add under a name and an id of its own; returns the id."""
    taken = {segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())}
    name, number = segment.GetName(), 1
    while segment.GetName() in taken:
        number += 1
        segment.SetName(f"{name} {number}")
    segmentId = segmentation.GenerateUniqueSegmentID(segment.GetName())
    segmentation.AddSegment(segment, segmentId)
    return segmentId


def _sideOf(report):
    """Of all that a result found; None where it found structures on both sides, or nobody can tell."""
    sides = {finding.side for finding in report.findings}
    return sides.pop() if len(sides) == 1 else None


def _sidedName(name, side):
    """As in "Left anterior hippocampus": in English, as the labels' own names and the terminology are."""
    if side is None:
        return name
    isPlainWord = name[1:2].islower()  # not "MCA", not "T2"
    return f"{_SIDES[side]['meaning']} {name[0].lower() + name[1:] if isPlainWord else name}"


def _terminologyEntry(terminology):
    """Slicer's serialized form: context~category~type~modifier~anatomic context~region~region modifier."""

    def code(key):
        entry = terminology.get(key)
        return "^".join((entry["scheme"], entry["code"], entry["meaning"])) if entry else "^^"

    segmentContext = "Segmentation category and type - DICOM master list"
    regionContext = "Anatomic codes - DICOM master list"
    return "~".join(
        (segmentContext, code("category"), code("type"), code("modifier"), regionContext, code("region"), "^^")
    )

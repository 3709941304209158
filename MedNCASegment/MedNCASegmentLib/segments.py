"""From a result's label image to the segments of a segmentation node.

Not the maps, the record and the table that belong to them.
"""

from __future__ import annotations

import numpy as np
import slicer
from slicer.i18n import tr as _

from mednca.models.description import LEFT, RIGHT, Label
from mednca.result import Report

from .volumes import orientedImageData

ALGORITHM_TYPE_TAG, ALGORITHM_NAME_TAG = "DICOM.SegmentAlgorithmType", "DICOM.SegmentAlgorithmName"
AUTOMATIC, SEMIAUTOMATIC = "AUTOMATIC", "SEMIAUTOMATIC"
# Coded modifiers of a type, as DICOM and Slicer's terminologies have them.
_SIDES = {
    LEFT: {"scheme": "SCT", "code": "7771000", "meaning": "Left"},
    RIGHT: {"scheme": "SCT", "code": "24028007", "meaning": "Right"},
}


def newSegmentationNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """An empty segmentation for a volume, under the same transform."""
    name = slicer.mrmlScene.GenerateUniqueName(_("{volume} segmentation").format(volume=volumeNode.GetName()))
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
    tagAlgorithm(segment, report)
    segment.SetTag("MedNCA.Model", report.model.id)
    segment.SetTag("MedNCA.ModelSHA256", report.model.sha256)
    segment.SetTag("MedNCA.MembersAndSeed", f"{report.members} {report.seed}")
    image = orientedImageData(mask, volumeNode, segmentationNode, report.region.start)
    segment.AddRepresentation("Binary labelmap", image)
    return segment


def tagAlgorithm(segment: slicer.vtkSegment, report: Report) -> None:
    """Let a segment say by what it was made, as DICOM SEG has it: semiautomatic where somebody clicked."""
    isClicked = any(finding.click for finding in report.findings)
    segment.SetTag(ALGORITHM_TYPE_TAG, SEMIAUTOMATIC if isClicked else AUTOMATIC)
    segment.SetTag(ALGORITHM_NAME_TAG, " ".join(filter(None, ("MedNCA", report.model.id, report.model.version))))


def tagAutomatic(segment: slicer.vtkSegment) -> None:
    """The click that a segment came from was nobody's: a search chose the place."""
    segment.SetTag(ALGORITHM_TYPE_TAG, AUTOMATIC)


def tagCorrected(segment: slicer.vtkSegment) -> None:
    """Somebody had a hand in it."""
    segment.SetTag(ALGORITHM_TYPE_TAG, SEMIAUTOMATIC)


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

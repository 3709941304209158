"""From a result's label image to the segments of a segmentation node.

Not the maps, the record and the table that belong to them.
"""

from __future__ import annotations

import numpy as np
import slicer

from mednca.models.description import Label
from mednca.result import Report

from .volumes import orientedImageData


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
    segment = slicer.vtkSegment()
    segment.SetName(label.name)
    segment.SetColor(*(c / 255 for c in label.color))
    if label.terminology:
        segment.SetTag(segment.GetTerminologyEntryTagName(), _terminologyEntry(label.terminology))
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

"""From an engine result to MRML nodes: segments, the variance volume, the report on the nodes, their place."""

import json

import numpy as np
import SimpleITK as sitk
import slicer

from .volumes import addVolumeNode, orientedImageData

VARIANCE_LIMIT = 0.25  # the largest variance of a probability; the fixed window of every variance volume
VARIANCE_SHOWN_FROM = 0.005
REPORT_ATTRIBUTE = "MedNCA.Report"


def addResult(volumeNode, result, model, segmentationNode=None):
    """Put a `MedNCALib.segment.Segmentation` into the scene.

    Returns (segmentation node, variance node). Segments that are already there stay as they are; each new one
    carries its own record of how it was made.
    """
    isNew = segmentationNode is None
    segmentationNode = segmentationNode or _newSegmentationNode(volumeNode)
    labels = sitk.GetArrayFromImage(result.labels)
    try:
        segments = [
            _segment((labels == label.value).astype(np.uint8), label, volumeNode, segmentationNode, result.report)
            for label in model.labels
        ]
    except Exception:
        if isNew:
            slicer.mrmlScene.RemoveNode(segmentationNode)
        raise
    segmentation = segmentationNode.GetSegmentation()
    for segment in segments:
        segmentation.AddSegment(segment, segmentation.GenerateUniqueSegmentID(segment.GetName()))
    varianceName = volumeNode.GetName() + " variance"
    varianceNode = addVolumeNode(sitk.GetArrayViewFromImage(result.variance), volumeNode, varianceName)
    _setVarianceDisplay(varianceNode)
    for node in (segmentationNode, varianceNode):
        _setReport(node, result.report)
        _placeBeside(node, volumeNode)
    return segmentationNode, varianceNode


def reportFromNode(node):
    """The report that a result node carries, or None."""
    text = node.GetAttribute(REPORT_ATTRIBUTE)
    return json.loads(text) if text else None


def _newSegmentationNode(volumeNode):
    name = slicer.mrmlScene.GenerateUniqueName(volumeNode.GetName() + " segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    return node


def _segment(mask, label, volumeNode, segmentationNode, report):
    segment = slicer.vtkSegment()
    segment.SetName(label.name)
    segment.SetColor(*(c / 255 for c in label.color))
    if label.terminology:
        segment.SetTag(segment.GetTerminologyEntryTagName(), _terminologyEntry(label.terminology))
    segment.SetTag("MedNCA.Model", report["model"]["id"])
    segment.SetTag("MedNCA.ModelSHA256", report["model"]["sha256"])
    segment.SetTag("MedNCA.MembersAndSeed", f"{report['members']} {report['seed']}")
    segment.AddRepresentation("Binary labelmap", orientedImageData(mask, volumeNode, segmentationNode))
    return segment


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


def _setVarianceDisplay(node):
    """Fixed window, so that two results compare; zero is not shown; Inferno where Slicer has it."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    for colors in ("vtkMRMLColorTableNodeFileInferno.txt", "vtkMRMLColorTableNodeInferno", "vtkMRMLColorTableNodeIron"):
        if slicer.mrmlScene.GetNodeByID(colors):
            display.SetAndObserveColorNodeID(colors)
            break
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, VARIANCE_LIMIT)
    display.SetThreshold(VARIANCE_SHOWN_FROM, VARIANCE_LIMIT)
    display.ApplyThresholdOn()


def _setReport(node, report):
    node.SetAttribute(REPORT_ATTRIBUTE, json.dumps(report))
    node.SetAttribute("MedNCA.Model", report["model"]["id"])
    node.SetAttribute("MedNCA.ModelSHA256", report["model"]["sha256"])
    node.SetAttribute("MedNCA.Members", str(report["members"]))
    node.SetAttribute("MedNCA.Seed", str(report["seed"]))


def _placeBeside(node, volumeNode):
    """Under the same study or folder as the input."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is None:
        return
    volumeItem = hierarchy.GetItemByDataNode(volumeNode)
    parent = hierarchy.GetItemParent(volumeItem) if volumeItem else hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:  # where no subject hierarchy plugin makes items for new nodes
        hierarchy.CreateItem(parent, node)

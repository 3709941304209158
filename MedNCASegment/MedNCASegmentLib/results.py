"""From an engine result to MRML nodes: segments, the variance volume, the report and the table, and back out again.

A run is one call of the engine. The segmentation node keeps the record of all its runs in an attribute, so that the
verdict, the table and the list of doubtful places come back with the scene.
"""

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util import numpy_support

from mednca.errors import NothingFound

from .record import (
    PROBABILITY_ROLE,
    REPORT_ATTRIBUTE,
    TABLE_ROLE,
    VARIANCE_ROLE,
    VOLUME_ROLE,
    checkFits,
    runsOf,
    setRuns,
)
from .volumes import addVolumeNode, ijkToRAS, orientedImageData, voxels

VARIANCE_LIMIT = 0.25  # the largest variance of a probability; the fixed window of every variance volume
VARIANCE_SHOWN_FROM = 0.005
_COLUMNS = (  # name, kind
    ("Segment", str),
    ("Run", int),
    ("NQM", float),
    ("NQM union", float),
    ("Volume (ml)", float),
    ("Verdict", str),
    ("Expected Dice", float),
    ("Dice low", float),
    ("Dice high", float),
    ("Members", int),
    ("Seed", int),
    ("Model", str),
    ("SHA-256", str),
)


@dataclass
class AddedRun:
    """What one run brought into the scene, as much as is needed to take it out again.

    maps: (volume node, the run's own values in its region) of each volume that several runs share.
    """

    id: int
    segmentationNode: object
    varianceNode: object
    tableNode: object
    report: dict
    segmentIds: list
    probabilityNode: object = None
    maps: list = field(default_factory=list)
    stamps: dict = field(default_factory=dict)  # segment id -> modification time of its label map when it was added


def addResult(volumeNode, images, report, segmentationNode=None):
    """Put a result into the scene; returns an `AddedRun`.

    images: labels and variance of `mednca.segment.Segmentation.parts`, on the volume's voxels from
    report["region"] on; the mean probability, too, where it is to be kept. Segments that are already there stay as
    they are. Raises NothingFound where nothing was found, and MedNCAError where the segmentation belongs to another
    volume. No half a segment stays behind where it fails.
    """
    import SimpleITK as sitk

    checkFits(segmentationNode, volumeNode)
    report = _withoutMisses(report, volumeNode)
    slicer.mrmlScene.SaveStateForUndo()
    start = report["region"]["start"]
    isNew = segmentationNode is None
    segmentationNode = segmentationNode or _newSegmentationNode(volumeNode)
    _complete(segmentationNode, volumeNode)
    known = {segmentationNode.GetNodeReferenceID(role) for role in (VARIANCE_ROLE, PROBABILITY_ROLE, TABLE_ROLE)}
    labels = sitk.GetArrayViewFromImage(images["labels"])
    try:
        segments = [
            _segment((labels == label["value"]).astype(np.uint8), label, volumeNode, segmentationNode, report)
            for label in report["model"]["labels"]
        ]
    except Exception:
        if isNew:
            slicer.mrmlScene.RemoveNode(segmentationNode)
        raise
    segmentIds = [_addSegment(segmentationNode.GetSegmentation(), segment) for segment in segments]
    segmentationNode.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
    varianceNode = _mapNode(segmentationNode, volumeNode, VARIANCE_ROLE, "variance", np.float32)
    maps = [(varianceNode, sitk.GetArrayFromImage(images["variance"]))]
    probabilityNode = None
    if "probability" in images:
        probabilityNode = _mapNode(segmentationNode, volumeNode, PROBABILITY_ROLE, "mean probability", np.float32)
        maps.append((probabilityNode, sitk.GetArrayFromImage(images["probability"])))
    for node, values in maps:
        _paste(node, values, start)
    runs = runsOf(segmentationNode)
    id = 1 + max((run["id"] for run in runs), default=0)
    setRuns(segmentationNode, [*runs, {"id": id, "segments": segmentIds, "report": report}])
    tableNode = _updateTable(segmentationNode, volumeNode)
    for node in (segmentationNode, varianceNode, probabilityNode):
        if node:
            _setReport(node, report)
    for node in (segmentationNode if isNew else None, varianceNode, probabilityNode, tableNode):
        if node and node.GetID() not in known:
            _placeBeside(node, volumeNode)
    added = AddedRun(id, segmentationNode, varianceNode, tableNode, report, segmentIds, probabilityNode, maps)
    added.stamps = {segmentId: contentOf(segmentationNode, segmentId) for segmentId in segmentIds}
    return added


def removeResult(added, others, keepEdited=False):
    """Take a run's segments and its part of the variance volume out again.

    others: the `AddedRun`s that stay; where their regions overlap with this one, their variance is put back.
    keepEdited:
    leave segments that were changed since then.
    """
    segmentation = added.segmentationNode.GetSegmentation()
    kept = editedSegments(added) if keepEdited else ()
    for segmentId in added.segmentIds:
        if segmentation.GetSegment(segmentId) and segmentId not in kept:
            segmentation.RemoveSegment(segmentId)
    for node, values in added.maps:
        if slicer.mrmlScene.IsNodePresent(node):
            region = _regionOf(node, added.report["region"]["start"], values.shape)
            region[region <= values] = 0  # what is larger came from another run, perhaps of another session
            for other in others:
                for otherNode, otherValues in other.maps:
                    if otherNode is node:
                        _paste(node, otherValues, other.report["region"]["start"])
            _touch(node)
    setRuns(added.segmentationNode, [run for run in runsOf(added.segmentationNode) if run["id"] != added.id])
    _updateTable(added.segmentationNode, added.segmentationNode.GetNodeReference(VOLUME_ROLE))


def editedSegments(added):
    """Ids of a run's segments that were corrected since they were added."""
    segmentation = added.segmentationNode.GetSegmentation()
    return [
        segmentId
        for segmentId, stamp in added.stamps.items()
        if segmentation.GetSegment(segmentId) and contentOf(added.segmentationNode, segmentId) != stamp
    ]


def contentOf(segmentationNode, segmentId):
    """A fingerprint of a segment's voxels and their place. Not the modification time: saving a scene changes that, as
    Slicer then puts segments that do not overlap into one shared label map."""
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


def _withoutMisses(report, volumeNode):
    """The report without the clicks where nothing was found: they make no row and no verdict."""
    found = [finding for finding in report["findings"] if finding["volume_mm3"]["union"] > 0]
    if not found:
        where = _("at the click in {name}") if report["findings"][0]["click"] else _("in {name}")
        told = _("Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.")
        raise NothingFound(told.format(where=where.format(name=volumeNode.GetName())))
    return report | {"findings": found}


def _newSegmentationNode(volumeNode):
    name = slicer.mrmlScene.GenerateUniqueName(volumeNode.GetName() + " segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    return node


def _complete(segmentationNode, volumeNode):
    """What a node made by a selector widget lacks. The transform must be set before: the geometry is brought into the
    segmentation's own space."""
    if segmentationNode.GetDisplayNode() is None:
        segmentationNode.CreateDefaultDisplayNodes()
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    if not segmentationNode.GetSegmentation().GetConversionParameter(name):
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)


def _segment(mask, label, volumeNode, segmentationNode, report):
    segment = slicer.vtkSegment()
    segment.SetName(label["name"])
    segment.SetColor(*(c / 255 for c in label["color"]))
    if label["terminology"]:
        segment.SetTag(segment.GetTerminologyEntryTagName(), _terminologyEntry(label["terminology"]))
    segment.SetTag("MedNCA.Model", report["model"]["id"])
    segment.SetTag("MedNCA.ModelSHA256", report["model"]["sha256"])
    segment.SetTag("MedNCA.MembersAndSeed", f"{report['members']} {report['seed']}")
    image = orientedImageData(mask, volumeNode, segmentationNode, report["region"]["start"])
    segment.AddRepresentation("Binary labelmap", image)
    return segment


def _addSegment(segmentation, segment):
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


def _mapNode(segmentationNode, volumeNode, role, name, dtype):
    """The volume that a segmentation's runs share for a map; a new one of zeros where there is none that fits."""
    node = segmentationNode.GetNodeReference(role)
    if node and node.GetImageData() and _sameGrid(node, volumeNode):
        return node
    shape = tuple(reversed(volumeNode.GetImageData().GetDimensions()))
    node = addVolumeNode(np.zeros(shape, dtype), volumeNode, f"{volumeNode.GetName()} {name}")
    segmentationNode.SetNodeReferenceID(role, node.GetID())
    if role == VARIANCE_ROLE:
        _setVarianceDisplay(node)
    else:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(0.0, 1.0)
    return node


def _sameGrid(node, volumeNode):
    close = np.allclose(ijkToRAS(node), ijkToRAS(volumeNode), atol=1e-4)
    sameSize = node.GetImageData().GetDimensions() == volumeNode.GetImageData().GetDimensions()
    return close and sameSize and node.GetTransformNodeID() == volumeNode.GetTransformNodeID()


def _paste(node, values, start):
    """Raise the node's values to the given ones from voxel `start` on."""
    region = _regionOf(node, start, values.shape)
    np.maximum(region, values, out=region)
    _touch(node)


def _regionOf(node, start, shape):
    """A writable view, (k, j, i), of a node's voxels from `start` (i, j, k) on."""
    return voxels(node)[tuple(slice(a, a + n) for a, n in zip(reversed(start), shape, strict=True))]


def _touch(node):
    node.GetImageData().GetPointData().GetScalars().Modified()
    node.GetImageData().Modified()


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
    node.SetAttribute("MedNCA.NQM", json.dumps([finding["nqm"] for finding in report["findings"]]))


def _updateTable(segmentationNode, volumeNode):
    """One row per segment and run; made anew from the record, so that it never disagrees with it."""
    node = segmentationNode.GetNodeReference(TABLE_ROLE)
    if node is None:
        name = slicer.mrmlScene.GenerateUniqueName((volumeNode or segmentationNode).GetName() + " quality")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
        segmentationNode.SetNodeReferenceID(TABLE_ROLE, node.GetID())
    rows = [row for run in runsOf(segmentationNode) for row in _tableRows(segmentationNode, run)]
    node.RemoveAllColumns()
    for number, (name, kind) in enumerate(_COLUMNS):
        column = {str: vtk.vtkStringArray, int: vtk.vtkIntArray, float: vtk.vtkDoubleArray}[kind]()
        column.SetName(name)
        for row in rows:
            value = row[number]
            column.InsertNextValue(float("nan") if value is None and kind is float else kind(value))
        node.AddColumn(column)
    return node


def _tableRows(segmentationNode, run):
    report = run["report"]
    findings, model = report["findings"], report["model"]
    for label, segmentId in zip(model["labels"], run["segments"], strict=True):
        segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
        if segment is None:
            continue
        for finding in findings:
            verdict = finding["verdict"]
            yield (
                segment.GetName(),
                run["id"],
                finding["nqm"][label["name"]],
                finding["nqm"]["union"],
                finding["volume_mm3"][label["name"]] / 1000,
                verdict["word"],
                verdict["predicted_dice"],
                verdict["low"],
                verdict["high"],
                report["members"],
                report["seed"],
                model["id"],
                model["sha256"],
            )


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

"""From an engine result to MRML nodes: segments, the variance volume, the report and the table, and back out again.

A run is one call of the engine. The segmentation node keeps the record of all its runs in an attribute, so that the
verdict, the table and the list of doubtful places come back with the scene.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import slicer
from slicer.i18n import tr as _

from mednca.errors import NothingFound

from .maps import mapNode, paste, regionOf, touch
from .quality_table import updateTable
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
from .segments import addSegment, complete, contentOf, makeSegment, newSegmentationNode


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
    segmentationNode = segmentationNode or newSegmentationNode(volumeNode)
    complete(segmentationNode, volumeNode)
    known = {segmentationNode.GetNodeReferenceID(role) for role in (VARIANCE_ROLE, PROBABILITY_ROLE, TABLE_ROLE)}
    labels = sitk.GetArrayViewFromImage(images["labels"])
    try:
        segments = [
            makeSegment((labels == label["value"]).astype(np.uint8), label, volumeNode, segmentationNode, report)
            for label in report["model"]["labels"]
        ]
    except Exception:
        if isNew:
            slicer.mrmlScene.RemoveNode(segmentationNode)
        raise
    segmentIds = [addSegment(segmentationNode.GetSegmentation(), segment) for segment in segments]
    segmentationNode.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
    varianceNode = mapNode(segmentationNode, volumeNode, VARIANCE_ROLE, "variance", np.float32)
    maps = [(varianceNode, sitk.GetArrayFromImage(images["variance"]))]
    probabilityNode = None
    if "probability" in images:
        probabilityNode = mapNode(segmentationNode, volumeNode, PROBABILITY_ROLE, "mean probability", np.float32)
        maps.append((probabilityNode, sitk.GetArrayFromImage(images["probability"])))
    for node, values in maps:
        paste(node, values, start)
    runs = runsOf(segmentationNode)
    id = 1 + max((run["id"] for run in runs), default=0)
    setRuns(segmentationNode, [*runs, {"id": id, "segments": segmentIds, "report": report}])
    tableNode = updateTable(segmentationNode, volumeNode)
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
            region = regionOf(node, added.report["region"]["start"], values.shape)
            region[region <= values] = 0  # what is larger came from another run, perhaps of another session
            for other in others:
                for otherNode, otherValues in other.maps:
                    if otherNode is node:
                        paste(node, otherValues, other.report["region"]["start"])
            touch(node)
    setRuns(added.segmentationNode, [run for run in runsOf(added.segmentationNode) if run["id"] != added.id])
    updateTable(added.segmentationNode, added.segmentationNode.GetNodeReference(VOLUME_ROLE))


def editedSegments(added):
    """Ids of a run's segments that were corrected since they were added."""
    segmentation = added.segmentationNode.GetSegmentation()
    return [
        segmentId
        for segmentId, stamp in added.stamps.items()
        if segmentation.GetSegment(segmentId) and contentOf(added.segmentationNode, segmentId) != stamp
    ]


def _withoutMisses(report, volumeNode):
    """The report without the clicks where nothing was found: they make no row and no verdict."""
    found = [finding for finding in report["findings"] if finding["volume_mm3"]["union"] > 0]
    if not found:
        where = _("at the click in {name}") if report["findings"][0]["click"] else _("in {name}")
        told = _("Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.")
        raise NothingFound(told.format(where=where.format(name=volumeNode.GetName())))
    return report | {"findings": found}


def _setReport(node, report):
    node.SetAttribute(REPORT_ATTRIBUTE, json.dumps(report))
    node.SetAttribute("MedNCA.Model", report["model"]["id"])
    node.SetAttribute("MedNCA.ModelSHA256", report["model"]["sha256"])
    node.SetAttribute("MedNCA.Members", str(report["members"]))
    node.SetAttribute("MedNCA.Seed", str(report["seed"]))
    node.SetAttribute("MedNCA.NQM", json.dumps([finding["nqm"] for finding in report["findings"]]))


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

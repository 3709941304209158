"""From a result of the engine to MRML nodes: segments, maps, the record and the table, and back out again.

Each of them is made in a file of its own; here is the order in which they belong together, so that nothing half done
stays behind. Whether a result can be taken back is the business of `undo`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from mednca.errors import NothingFound
from mednca.result import Report

from .maps import mapNode, paste, takeOut
from .quality_table import updateTable
from .record import (
    PROBABILITY_ROLE,
    TABLE_ROLE,
    VARIANCE_ROLE,
    VOLUME_ROLE,
    Run,
    addRun,
    checkFits,
    removeRun,
    setReport,
)
from .segments import addSegment, complete, contentOf, makeSegment, newSegmentationNode


@dataclass
class AddedRun:
    """What one run brought into the scene, as much as is needed to take it out again.

    Attributes:
        run: its record.
        segmentationNode, varianceNode, tableNode: that it was added to.
        probabilityNode: the same; None where the mean probability was not kept.
        maps: (volume node, the run's own values in its region, (k, j, i)) of each volume that several runs share.
        contents: segment id -> `segments.contentOf` it when it was added.
    """

    run: Run
    segmentationNode: slicer.vtkMRMLSegmentationNode
    varianceNode: slicer.vtkMRMLScalarVolumeNode
    tableNode: slicer.vtkMRMLTableNode
    probabilityNode: slicer.vtkMRMLScalarVolumeNode | None = None
    maps: list[tuple[slicer.vtkMRMLScalarVolumeNode, np.ndarray]] = field(default_factory=list)
    contents: dict[str, tuple | None] = field(default_factory=dict)

    @property
    def report(self) -> Report:
        """Of the run, without the clicks where nothing was found."""
        return self.run.report

    @property
    def segmentIds(self) -> tuple[str, ...]:
        """Of the run's segments, in the order of the model's labels."""
        return self.run.segmentIds


def addResult(
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    images: dict[str, sitk.Image],
    report: Report,
    segmentationNode: slicer.vtkMRMLSegmentationNode | None = None,
) -> AddedRun:
    """Put a result into the scene. Segments that are already there stay as they are.

    Args:
        volumeNode: that was segmented.
        images: "labels" and "variance" of `mednca.result.Segmentation.parts`, on the volume's voxels from
            report.region on; "probability", too, where it is to be kept.
        report: of the result.
        segmentationNode: to add to; default, a new one.

    Returns:
        What was added.

    Raises:
        NothingFound: where nothing was found.
        MedNCAError: where the segmentation belongs to another volume. No half a segment stays behind.
    """
    checkFits(segmentationNode, volumeNode)
    report = _withoutMisses(report, volumeNode)
    slicer.mrmlScene.SaveStateForUndo()
    isNew = segmentationNode is None
    segmentationNode = segmentationNode or newSegmentationNode(volumeNode)
    complete(segmentationNode, volumeNode)
    known = {segmentationNode.GetNodeReferenceID(role) for role in (VARIANCE_ROLE, PROBABILITY_ROLE, TABLE_ROLE)}
    try:
        segmentIds = _addSegments(images["labels"], report, volumeNode, segmentationNode)
    except Exception:
        if isNew:
            slicer.mrmlScene.RemoveNode(segmentationNode)
        raise
    segmentationNode.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
    maps = _addMaps(images, report, volumeNode, segmentationNode)
    run = addRun(segmentationNode, segmentIds, report)
    tableNode = updateTable(segmentationNode, volumeNode)
    varianceNode, probabilityNode = (maps.get(kind, (None,))[0] for kind in ("variance", "probability"))
    for node in (segmentationNode, varianceNode, probabilityNode):
        if node:
            setReport(node, report)
    for node in (segmentationNode if isNew else None, varianceNode, probabilityNode, tableNode):
        if node and node.GetID() not in known:
            _placeBeside(node, volumeNode)
    contents = {segmentId: contentOf(segmentationNode, segmentId) for segmentId in segmentIds}
    return AddedRun(run, segmentationNode, varianceNode, tableNode, probabilityNode, list(maps.values()), contents)


def removeResult(added: AddedRun, others: Iterable[AddedRun], keepEdited: bool = False) -> None:
    """Take a run's segments and its part of the maps out again.

    Args:
        added: the run.
        others: those that stay; where their regions overlap with this one, their maps are put back.
        keepEdited: leave segments that were changed since then.
    """
    segmentation = added.segmentationNode.GetSegmentation()
    kept = editedSegments(added) if keepEdited else ()
    for segmentId in added.segmentIds:
        if segmentation.GetSegment(segmentId) and segmentId not in kept:
            segmentation.RemoveSegment(segmentId)
    for node, values in added.maps:
        if slicer.mrmlScene.IsNodePresent(node):
            takeOut(node, values, added.report.region.start)
            for other in others:
                for otherNode, otherValues in other.maps:
                    if otherNode is node:
                        paste(node, otherValues, other.report.region.start)
    removeRun(added.segmentationNode, added.run)
    updateTable(added.segmentationNode, added.segmentationNode.GetNodeReference(VOLUME_ROLE))


def editedSegments(added: AddedRun) -> list[str]:
    """Ids of a run's segments that were corrected since they were added."""
    segmentation = added.segmentationNode.GetSegmentation()
    return [
        segmentId
        for segmentId, content in added.contents.items()
        if segmentation.GetSegment(segmentId) and contentOf(added.segmentationNode, segmentId) != content
    ]


def _withoutMisses(report, volumeNode):
    """The report without the clicks where nothing was found: they make no row and no verdict."""
    found = tuple(finding for finding in report.findings if not finding.is_empty)
    if not found:
        where = _("at the click in {name}") if report.findings[0].click else _("in {name}")
        told = _("Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.")
        raise NothingFound(told.format(where=where.format(name=volumeNode.GetName())))
    return replace(report, findings=found)


def _addSegments(labelImage, report, volumeNode, segmentationNode):
    """A segment of each of the model's labels; all are made before the first is added. Returns their ids."""
    values = sitk.GetArrayViewFromImage(labelImage)
    segments = [
        makeSegment((values == label.value).astype(np.uint8), label, volumeNode, segmentationNode, report)
        for label in report.model.labels
    ]
    return [addSegment(segmentationNode.GetSegmentation(), segment) for segment in segments]


def _addMaps(images, report, volumeNode, segmentationNode):
    """Of the variance, and of the mean probability where there is one: kind -> (volume node, values)."""
    maps = {}
    for kind, role, name in (
        ("variance", VARIANCE_ROLE, "variance"),
        ("probability", PROBABILITY_ROLE, "mean probability"),
    ):
        if kind in images:
            node = mapNode(segmentationNode, volumeNode, role, name)
            values = sitk.GetArrayFromImage(images[kind])
            paste(node, values, report.region.start)
            maps[kind] = (node, values)
    return maps


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

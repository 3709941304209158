"""From a result of the engine to MRML nodes: segments, maps, the record and the table, in place of earlier ones.

Each of them is made in a file of its own; here is the order in which they belong together, so that nothing half done
stays behind. A result replaces earlier ones of the same structure (`overlap`). Whether a result can be taken back is
the business of `undo`, how a run is taken out and put back that of `removal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from mednca.errors import NothingFound
from mednca.quality.domain import FAR
from mednca.result import Report

from .added_run import AddedRun, TakenOut
from .contents import contentOf
from .maps import MapPart, mapNode, overwrite, raiseMap, whatIsThere
from .overlap import overlappingRuns, pieceOf
from .quality_table import updateTable
from .record import (
    PROBABILITY_ROLE,
    TABLE_ROLE,
    VARIANCE_ROLE,
    VOLUME_ROLE,
    Run,
    addRun,
    checkFits,
    isInRecord,
    newRunId,
    removeRun,
    setReport,
)
from .removal import putBack, refresh, takeRunOut
from .segments import addSegment, complete, makeSegment, newSegmentationNode
from .subject_hierarchy import placeBeside
from .volumes import fingerprintOf, ijkToWorld

_ROLES = (VARIANCE_ROLE, PROBABILITY_ROLE, TABLE_ROLE)


def addResult(
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    images: dict[str, sitk.Image],
    report: Report,
    segmentationNode: slicer.vtkMRMLSegmentationNode | None = None,
    known: Iterable[AddedRun] = (),
    replaces: Iterable[AddedRun] = (),
    place: np.ndarray | None = None,
) -> AddedRun:
    """Put a result into the scene. It replaces earlier runs that it overlaps with, but for what was corrected by hand;
    one that lies far from its click does not replace what was found near another one.

    Args:
        volumeNode: that was segmented.
        images: "labels" and "variance" of `mednca.result.Segmentation.parts`, on the volume's voxels from
            report.region on; "probability", too, where it is to be kept.
        report: of the result.
        segmentationNode: to add to; default, a new one. Segments of nobody's run stay as they are.
        known: runs of this session, whose own values in the maps are known.
        replaces: those of them that are replaced in any case, as they are of the same click.
        place: where the volume lay when it was segmented (`volumes.ijkToWorld`); default, as it does now.

    Returns:
        What was added, and what it replaced.

    Raises:
        NothingFound: where nothing was found, or nothing but what lies far from the click and is there already.
        MedNCAError: where the segmentation belongs to another volume. Whatever fails, all is as it was before.
    """
    checkFits(segmentationNode, volumeNode)
    report = _withoutMisses(report, volumeNode)
    slicer.mrmlScene.SaveStateForUndo()
    with ExitStack() as onFailure:  # undoes what was done, the last first
        where = ijkToWorld(volumeNode) if place is None else place
        added = _add(volumeNode, images, report, segmentationNode, list(known), replaces, where, onFailure)
        onFailure.pop_all()
    return added


def _add(volumeNode, images, report, segmentationNode, known, replaces, place, onFailure):
    """As `addResult`; each step tells onFailure how it is undone."""
    isNew = segmentationNode is None
    if isNew:
        segmentationNode = newSegmentationNode(volumeNode)
        onFailure.callback(_removeNode, segmentationNode)
    complete(segmentationNode, volumeNode)
    nodesBefore = set(_nodesOf(segmentationNode))
    onFailure.callback(_removeNewNodes, segmentationNode, nodesBefore)
    segments = _makeSegments(images["labels"], report, volumeNode, segmentationNode)
    runId = newRunId(segmentationNode)
    replaced: list[TakenOut] = []
    for node, run in _earlier(segmentationNode, volumeNode, images["labels"], report, replaces):
        replaced.append(takeRunOut(node, run, known, keepEdited=True))
        onFailure.callback(putBack, replaced[-1])
    segmentIds = _addSegments(segments, segmentationNode, onFailure)
    maps = _addMaps(images, report, volumeNode, segmentationNode, runId, onFailure)
    contents = {segmentId: contentOf(segmentationNode, segmentId, volumeNode) for segmentId in segmentIds}
    run = Run(runId, tuple(segmentIds), report, contents, {}, tuple(place.ravel().tolist()), fingerprintOf(volumeNode))
    onFailure.callback(removeRun, segmentationNode, run)
    addRun(segmentationNode, run)
    tableNode = updateTable(segmentationNode, volumeNode)
    for node in (segmentationNode, *(part.node for part in maps.values())):
        setReport(node, report)
    segmentationNode.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
    for node in _nodesOf(segmentationNode):
        if node not in nodesBefore:
            placeBeside(node, volumeNode)
    if isNew:
        placeBeside(segmentationNode, volumeNode)
    return AddedRun(run, segmentationNode, maps["variance"].node, tableNode, list(maps.values()), replaced)


def _earlier(segmentationNode, volumeNode, labelImage, report, replaces):
    """(segmentation node, run) of each earlier run that goes: of the same click, or of the same structure."""
    isThere = slicer.mrmlScene.IsNodePresent
    sameClick = [(added.segmentationNode, added.run) for added in replaces if isThere(added.segmentationNode)]
    piece = pieceOf(sitk.GetArrayViewFromImage(labelImage), report.region.start)
    same = overlappingRuns(segmentationNode, volumeNode, piece) if piece else []
    _checkNotFar(report, [run for run in same if (segmentationNode, run) not in sameClick])
    runs = [*sameClick, *((segmentationNode, run) for run in same)]
    found = {(node.GetID(), run.id): (node, run) for node, run in runs if isInRecord(node, run)}
    return list(found.values())


def _checkNotFar(report, earlier):
    """Raises NothingFound where a result lies far from its click, so that its verdict is grey, and is what was found
    near another one before: that one's verdict is worth more."""
    if _isFar(report) and not all(_isFar(run.report) for run in earlier):
        told = _(
            "What was found lies {distance:.0f} mm from the click and is segmented already; nothing was changed. Click "
            "on the middle of the organ that is meant."
        )
        raise NothingFound(told.format(distance=report.findings[0].distance_mm))


def _isFar(report):
    """Whether all that was found lies far from where somebody clicked."""
    return all((finding.distance_mm or 0) > FAR for finding in report.findings)


def _withoutMisses(report, volumeNode):
    """The report without the clicks where nothing was found: they make no row and no verdict."""
    found = tuple(finding for finding in report.findings if not finding.is_empty)
    if not found:
        where = _("at the click in {name}") if report.findings[0].click else _("in {name}")
        told = _("Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.")
        raise NothingFound(told.format(where=where.format(name=volumeNode.GetName())))
    return replace(report, findings=found)


def _makeSegments(labelImage, report, volumeNode, segmentationNode):
    """A segment of each of the model's labels; none is added yet."""
    values = sitk.GetArrayViewFromImage(labelImage)
    return [
        makeSegment((values == label.value).astype(np.uint8), label, volumeNode, segmentationNode, report)
        for label in report.model.labels
    ]


def _addSegments(segments, segmentationNode, onFailure):
    """Returns their ids."""
    segmentation = segmentationNode.GetSegmentation()
    segmentIds = []
    for segment in segments:
        segmentIds.append(addSegment(segmentation, segment))
        onFailure.callback(segmentation.RemoveSegment, segmentIds[-1])
    return segmentIds


def _addMaps(images, report, volumeNode, segmentationNode, runId, onFailure):
    """Of the variance, and of the mean probability where there is one: kind -> the run's part of it."""
    maps = {}
    for kind, role, name in (
        ("variance", VARIANCE_ROLE, _("{volume} variance")),
        ("probability", PROBABILITY_ROLE, _("{volume} mean probability")),
    ):
        if kind in images:
            node = mapNode(segmentationNode, volumeNode, role, name.format(volume=volumeNode.GetName()))
            part = MapPart(node, report.region, sitk.GetArrayFromImage(images[kind]), None, runId)
            under = whatIsThere(part)
            onFailure.callback(overwrite, part, under)
            raiseMap(part)
            maps[kind] = replace(part, under=under)
    return maps


def _nodesOf(segmentationNode):
    """The maps and the table of a segmentation."""
    return list(filter(None, map(segmentationNode.GetNodeReference, _ROLES)))


def _removeNewNodes(segmentationNode, nodesBefore):
    """Maps and table that a failed attempt made; what was there follows the record again."""
    for node in _nodesOf(segmentationNode):
        if node not in nodesBefore:
            _removeNode(node)
    refresh(segmentationNode)


def _removeNode(node):
    """With its display nodes, which would stay."""
    displays = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] if _isShown(node) else []
    for each in (node, *filter(None, displays)):
        if slicer.mrmlScene.IsNodePresent(each):  # Slicer takes displays away with their node, a scene alone does not
            slicer.mrmlScene.RemoveNode(each)


def _isShown(node):
    return node.IsA("vtkMRMLDisplayableNode")

"""Runs taken out of the scene and put back: segments, their part of the maps, record and table.

Which run goes, and when one comes back, is the business of `results` and `undo`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import slicer

from .added_run import AddedRun, TakenOut
from .contents import contentOf
from .maps import MapPart, raiseMap, takeOut
from .quality_table import updateTable
from .record import (
    PROBABILITY_ROLE,
    TABLE_ROLE,
    VARIANCE_ROLE,
    Run,
    newRunId,
    removeRun,
    restoreRun,
    runsOf,
    setReport,
    volumeOf,
)
from .segment_copy import copySegment, restoreSegment
from .segments import tagCorrected


def takeRunOut(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    run: Run,
    known: Iterable[AddedRun] = (),
    keepEdited: bool = False,
) -> TakenOut:
    """Take a run's segments and its part of the maps out of the scene, and the run out of the record.

    Args:
        segmentationNode: that it is in; in the scene.
        run: of its record, also as it came with a scene.
        known: runs of this session, whose own values in the maps are known.
        keepEdited: leave segments that were corrected by hand.

    Returns:
        What `putBack` needs. Where taking it out fails, all is as it was.
    """
    taken = TakenOut(segmentationNode, run)
    segmentation = segmentationNode.GetSegmentation()
    kept = editedSegments(segmentationNode, run) if keepEdited else ()
    going = [id for id in run.segmentIds if segmentation.GetSegment(id) and id not in kept]
    copies = [copySegment(segmentationNode, id) for id in going]
    try:
        for copy in copies:
            segmentation.RemoveSegment(copy.id)
            taken.segments.append(copy)
        others = [each for other in runsOf(segmentationNode) for each in _parts(segmentationNode, other, known)]
        for part in _parts(segmentationNode, run, known):
            rest = [other for other in others if other.node is part.node and other.age != run.id]
            taken.maps.append((part, takeOut(part, rest)))
        taken.entry = removeRun(segmentationNode, run)
        refresh(segmentationNode)
    except Exception:
        putBack(taken)
        raise
    for segment in filter(None, map(segmentation.GetSegment, kept)):
        tagCorrected(segment)  # from here on no record tells
    return taken


def putBack(taken: TakenOut) -> None:
    """Put a run back where it was, as it was. Several go back in the reverse of the order in which they went."""
    node, run = taken.segmentationNode, taken.run
    if not slicer.mrmlScene.IsNodePresent(node):
        return
    ids = {copy.id: restoreSegment(node, copy) for copy in reversed(taken.segments)}
    if any(old != new for old, new in ids.items()):  # somebody took an id meanwhile: it is another run from here on
        segmentIds = tuple(ids.get(id, id) for id in run.segmentIds)
        contents = {ids.get(id, id): content for id, content in run.contents.items()}
        run = replace(run, id=max(newRunId(node), run.id + 1), segmentIds=segmentIds, contents=contents)
    for part, values in taken.maps:
        if part.isThere:
            raiseMap(replace(part, values=values))
    if taken.entry:
        restoreRun(node, run, taken.entry)
    refresh(node)


def editedSegments(segmentationNode: slicer.vtkMRMLSegmentationNode, run: Run) -> list[str]:
    """Ids of a run's segments that were corrected since they were added, as far as the record knows; also of those that
    were removed, unless they were empty."""
    segmentation = segmentationNode.GetSegmentation()
    now = {id: contentOf(segmentationNode, id) for id in run.contents if segmentation.GetSegment(id)}
    return [id for id, content in run.contents.items() if not _isAs(content, now.get(id))]


def refresh(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """Let the table, and what the nodes say of the last run, follow the record."""
    runs = runsOf(segmentationNode)
    if segmentationNode.GetNodeReference(TABLE_ROLE):
        updateTable(segmentationNode, volumeOf(segmentationNode))
    maps = (segmentationNode.GetNodeReference(role) for role in (VARIANCE_ROLE, PROBABILITY_ROLE))
    for node in (segmentationNode, *maps):
        if node and runs:
            setReport(node, runs[-1].report)


def _isAs(before, now):
    return now is None if before is None else before.is_like(now)


def _parts(segmentationNode, run, known):
    """A run's parts of the maps that are there; of a run that came with a scene nobody knows its own values."""
    for added in known:
        if added.segmentationNode is segmentationNode and added.run.id == run.id:
            return [part for part in added.maps if part.isThere]
    nodes = [segmentationNode.GetNodeReference(role) for role in (VARIANCE_ROLE, PROBABILITY_ROLE)]
    parts = [MapPart(node, run.report.region, None, None, run.id) for node in nodes if node]
    return [part for part in parts if part.isThere and _isOnGrid(part, run)]


def _isOnGrid(part, run):
    return part.node.GetImageData().GetDimensions() == run.report.image.size

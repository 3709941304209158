"""The table node of a segmentation's runs: one row per segment and run, made anew from the record.

The table of the panel, which follows the target Dice, is `result_view`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import slicer
import vtk
from slicer.i18n import tr as _

from .record import TABLE_ROLE, Run, runsOf

_COLUMNS = (  # name, by which scripts look for it, so that it is never translated; kind
    ("Segment", str),
    ("Run", int),
    ("NQM", float),
    ("NQM union", float),
    ("Signal", str),
    ("Signal value", float),
    ("Volume (ml)", float),
    ("Verdict", str),
    ("Expected Dice", float),
    ("Dice low", float),
    ("Dice high", float),
    ("Context", str),
    ("Distance (mm)", float),
    ("Members", int),
    ("Seed", int),
    ("Model", str),
    ("SHA-256", str),
)


def updateTable(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode | None
) -> slicer.vtkMRMLTableNode:
    """Make the table anew from the record, so that it never disagrees with it.

    Args:
        segmentationNode: whose runs it shows, a row per segment and run.
        volumeNode: after which a new table is named; None for the segmentation's own name.

    Returns:
        The table node.
    """
    node = segmentationNode.GetNodeReference(TABLE_ROLE)
    if node is None:
        name = _("{volume} quality").format(volume=(volumeNode or segmentationNode).GetName())
        name = slicer.mrmlScene.GenerateUniqueName(name)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
        segmentationNode.SetNodeReferenceID(TABLE_ROLE, node.GetID())
    rows = [row for run in runsOf(segmentationNode) for row in _tableRows(segmentationNode, run)]
    node.RemoveAllColumns()
    for number, (name, kind) in enumerate(_COLUMNS):
        column = {str: vtk.vtkStringArray, int: vtk.vtkIntArray, float: vtk.vtkDoubleArray}[kind]()
        column.SetName(name)
        for row in rows:
            value = row[number]
            column.InsertNextValue(float("nan") if value is None else kind(value))
        node.AddColumn(column)
    return node


def _tableRows(segmentationNode, run: Run) -> Iterator[tuple]:
    """Of the run's segments that are still there."""
    report, model = run.report, run.report.model
    for label, segmentId in zip(model.labels, run.segmentIds, strict=True):
        segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
        if segment is None:
            continue
        for finding in report.findings:
            verdict = finding.verdict
            yield (
                segment.GetName(),
                run.id,
                finding.nqm[label.name],
                finding.nqm["union"],
                verdict.signal or "",
                finding.signals.get(verdict.signal or ""),
                finding.volume_mm3[label.name] / 1000,
                verdict.word,
                verdict.predicted_dice,
                verdict.low,
                verdict.high,
                finding.context,
                finding.distance_mm,
                report.members,
                report.seed,
                model.id,
                model.sha256,
            )

"""What a segmentation node says of itself: its runs, their reports, and the volume that it belongs to.

Nothing of one patient gets into another's segmentation, or is drawn over another's image: whoever adds to a
segmentation, chooses one or shows one asks here whose it is. A run is one call of the engine; the record of all runs
comes back with the scene. What a program of another version wrote and this one cannot read stays in the record as it
is, and is left out of what is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.linalg import inv
from slicer.i18n import tr as _

from mednca.content import Content
from mednca.errors import MedNCAError
from mednca.quality.calibration import CONTEXTS
from mednca.result import Report
from mednca.schema import parse_json

from .sentences import sentenceText
from .volumes import asArray, fingerprintOf, ijkToRAS, ijkToWorld

RUNS_ATTRIBUTE = "MedNCA.Runs"
REPORT_ATTRIBUTE = "MedNCA.Report"
VOLUME_ROLE, VARIANCE_ROLE, TABLE_ROLE, PROBABILITY_ROLE, ORIGINAL_ROLE = (
    f"MedNCA.{name}" for name in ("volume", "variance", "table", "probability", "original")
)
# What a person did at a hotspot, in the order in which it counts: a correction is not undone by looking again.
LOOKED_AT, ACCEPTED, CORRECTED = REVIEWED = ("looked at", "accepted", "corrected")
# Why the light of a run says nothing of what is there now.
EDITED, OTHER_VOXELS = "edited", "voxels"


@dataclass(frozen=True)
class Run:
    """One result in a segmentation.

    Attributes:
        id: its number among the segmentation's runs, from 1.
        segmentIds: of the segments that it brought, in the order of the model's labels; some may be gone.
        report: without the clicks where nothing was found.
        contents: segment id -> what was in it when it was added, None of an empty one; versions before 0.2 did not
            write that down.
        reviewed: number of a hotspot of the report -> one of `REVIEWED`, of those that somebody went to.
        place: where the volume lay when it was segmented: 4x4 row by row, voxel index (i, j, k) -> world RAS mm.
        voxels: fingerprint of what the volume held then (`volumes.fingerprintOf`). Versions before 0.2 wrote down
            neither.
    """

    id: int
    segmentIds: tuple[str, ...]
    report: Report
    contents: dict[str, Content | None] = field(default_factory=dict)
    reviewed: dict[int, str] = field(default_factory=dict)
    place: tuple[float, ...] | None = None
    voxels: str | None = None

    def rejudged(self, target: float) -> Run:
        """The same against another target Dice; nothing is run again."""
        return replace(self, report=self.report.rejudged(target))

    def toJSON(self) -> dict:
        """As the record has it."""
        contents = {id: None if each is None else each.to_json() for id, each in self.contents.items()}
        return {
            "id": self.id,
            "segments": list(self.segmentIds),
            "report": self.report.to_json(),
            "contents": contents,
            "reviewed": {str(number): state for number, state in self.reviewed.items()},
            "place": None if self.place is None else list(self.place),
            "voxels": self.voxels,
        }

    @classmethod
    def fromJSON(cls, data: dict) -> Run:
        """Raises MedNCAError where it cannot be understood, or not be shown."""
        try:
            contents = data.get("contents", {}).items()
            known = {id: None if content is None else Content.from_json(content) for id, content in contents}
            reviewed = {int(number): state for number, state in data.get("reviewed", {}).items()}
            place = None if data.get("place") is None else tuple(float(x) for x in data["place"])
            run = cls(
                int(data["id"]), tuple(data["segments"]), Report.from_json(data["report"]), known, reviewed,
                place, data.get("voxels"),
            )  # fmt: skip
            _checkShown(run)
        except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
            raise MedNCAError(_("its record is damaged ({error})").format(error=repr(error))) from error
        return run


def _checkShown(run):
    """Raises where a table, a verdict or the list of hotspots could not be made of it."""
    names = [label.name for label in run.report.model.labels]
    if len(names) != len(run.segmentIds) or not all(isinstance(id, str) for id in run.segmentIds):
        raise ValueError("segments")
    run.rejudged(run.report.target_dice)
    for finding in run.report.findings:
        for name in (*names, "union"):
            float(finding.volume_mm3[name])
            float(finding.nqm[name] or 0)
        float(finding.distance_mm or 0)
        float(finding.dropped_mm3)
        if finding.context not in CONTEXTS:
            raise ValueError("context")
        if finding.objection:
            str(finding.objection.text)
    for hotspot in run.report.hotspots:
        _r, _a, _s = (float(x) for x in hotspot.position)
        numbers = hotspot.volume_mm3, hotspot.deviation, hotspot.weight, hotspot.outward_mm, hotspot.inward_mm
        for number in (*numbers, hotspot.distance or 0):
            float(number)
        if not isinstance(hotspot.surface, (str, type(None))):
            raise ValueError("surface")
    if not all(state in REVIEWED for state in run.reviewed.values()):
        raise ValueError("reviewed")
    if run.place is not None and (len(run.place) != 16 or not abs(np.linalg.det(_matrix(run.place))) > 0):
        raise ValueError("place")
    if not isinstance(run.voxels, (str, type(None))):
        raise ValueError("voxels")


@dataclass(frozen=True)
class Entry:
    """What a record had of a run, perhaps by a program of another version. place: among its entries."""

    place: int
    data: dict


def runsOf(segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> list[Run]:
    """The runs of a segmentation node that can be read, oldest first."""
    return list(_read(_textOf(segmentationNode))[0])


def presentRuns(segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> list[Run]:
    """Those of which a segment is still there: what is gone has no verdict, and is told of nowhere. Their places are
    those of now, wherever the volume lay when they were made."""
    segments = segmentationNode.GetSegmentation() if segmentationNode else None
    volumeNode = volumeOf(segmentationNode) if segmentationNode else None
    runs = [run for run in runsOf(segmentationNode) if any(map(segments.GetSegment, run.segmentIds))]
    return [_whereItIs(run, volumeNode) for run in runs]


def _whereItIs(run, volumeNode):
    """Of other voxels, as of a part that was cropped, nobody knows where they lie in what was segmented."""
    if run.place is None or volumeNode is None or run.voxels != fingerprintOf(volumeNode):
        return run
    try:
        now = ijkToWorld(volumeNode)
    except MedNCAError:  # under a transform that is not linear nobody knows
        return run
    then = _matrix(run.place)
    return run if np.allclose(now, then, rtol=0, atol=1e-6) else replace(run, report=run.report.moved(now @ inv(then)))


def _matrix(place):
    return np.array(place).reshape(4, 4)


def problemsOf(segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> list[str]:
    """Why other runs of it are left out, a sentence each."""
    told = _("A result in {name} is not shown: {why}")
    return [told.format(name=segmentationNode.GetName(), why=why) for why in _read(_textOf(segmentationNode))[1]]


def hasRuns(segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether results were added to it, also such as cannot be read here."""
    return bool(_entries(_textOf(segmentationNode)))


def newRunId(segmentationNode: slicer.vtkMRMLSegmentationNode) -> int:
    """One that no run of the record has. Take it before others are replaced: they may come back."""
    return 1 + max(filter(None, map(_idOf, _entries(_textOf(segmentationNode)))), default=0)


def addRun(segmentationNode: slicer.vtkMRMLSegmentationNode, run: Run) -> None:
    """Write a new run, with an id of its own, into the record."""
    _write(segmentationNode, [*_entries(_textOf(segmentationNode)), run.toJSON()])


def removeRun(segmentationNode: slicer.vtkMRMLSegmentationNode, run: Run) -> Entry | None:
    """Take a run out of the record, if it is there; returns what `restoreRun` needs."""
    entries: list[Any] = _entries(_textOf(segmentationNode))
    ids = list(map(_idOf, entries))
    if run.id not in ids:
        return None
    entry = Entry(ids.index(run.id), entries.pop(ids.index(run.id)))
    _write(segmentationNode, entries)
    return entry


def restoreRun(segmentationNode: slicer.vtkMRMLSegmentationNode, run: Run, entry: Entry) -> None:
    """Put a run back where it stood in the record, as it was written there, unless its id or its segments changed."""
    entries = _entries(_textOf(segmentationNode))
    changes = {key: value for key, value in run.toJSON().items() if key in ("id", "segments", "contents")}
    isSame = Run.fromJSON(entry.data) == run
    entries.insert(entry.place, entry.data if isSame else entry.data | changes)
    _write(segmentationNode, entries)


def setReviewed(segmentationNode: slicer.vtkMRMLSegmentationNode, runId: int, hotspot: int, state: str) -> None:
    """Write down what was done at a hotspot: one of `REVIEWED`.

    A run that is gone is left alone. hotspot: its number in the report of the run.
    """
    entries: list[Any] = _entries(_textOf(segmentationNode))
    for entry in entries:
        if _idOf(entry) == runId:
            entry["reviewed"] = entry.get("reviewed", {}) | {str(hotspot): state}
            _write(segmentationNode, entries)


def isInRecord(segmentationNode: slicer.vtkMRMLSegmentationNode, run: Run) -> bool:
    """Whether a run is in the record, and was not replaced."""
    return run.id in map(_idOf, _entries(_textOf(segmentationNode)))


def _write(segmentationNode, entries):
    segmentationNode.SetAttribute(RUNS_ATTRIBUTE, json.dumps(entries))


def _textOf(segmentationNode):
    return (segmentationNode.GetAttribute(RUNS_ATTRIBUTE) if segmentationNode else None) or "[]"


def _entries(text):
    """The runs as JSON has them; something else that was written there is one that cannot be read."""
    try:
        entries = parse_json(text, _("The record"))
    except MedNCAError:
        return [text]
    return entries if isinstance(entries, list) else [entries]


def _idOf(entry):
    id = entry.get("id") if isinstance(entry, dict) else None
    return id if isinstance(id, int) else None


@lru_cache(maxsize=16)
def _read(text):
    """(runs, why the others cannot be read); the panel asks often for the same record."""
    runs, problems = [], []
    for entry in _entries(text):
        try:
            runs.append(Run.fromJSON(entry))
        except MedNCAError as error:
            problems.append(sentenceText(error))
    return tuple(runs), tuple(problems)


def setReport(node: slicer.vtkMRMLNode, report: Report) -> None:
    """Let a result node say where it comes from: the report, and what a person may look for in the attributes."""
    node.SetAttribute(REPORT_ATTRIBUTE, json.dumps(report.to_json()))
    node.SetAttribute("MedNCA.Model", report.model.id)
    node.SetAttribute("MedNCA.ModelSHA256", report.model.sha256)
    node.SetAttribute("MedNCA.Members", str(report.members))
    node.SetAttribute("MedNCA.Seed", str(report.seed))
    node.SetAttribute("MedNCA.NQM", json.dumps([finding.nqm for finding in report.findings]))


def isImage(node: slicer.vtkMRMLNode | None) -> bool:
    """Whether a node is a volume to segment: no label map, no result of ours, no growth."""
    return node is not None and node.GetClassName() == "vtkMRMLScalarVolumeNode" and not _isResult(node)


def whyNoImage(node: slicer.vtkMRMLNode | None) -> str:
    """A sentence where a volume is a result of ours, such as its variance; otherwise ""."""
    if node is None or not _isResult(node):
        return ""
    return _("{name} is a result, not an image: choose the image.").format(name=node.GetName())


def _isResult(node):
    return bool(node.GetAttribute(REPORT_ATTRIBUTE) or node.GetNodeReferenceID(VOLUME_ROLE))


def originalOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode:
    """The volume that a disturbed copy was made of, as long as it is there; otherwise the volume itself."""
    return volumeNode.GetNodeReference(ORIGINAL_ROLE) or volumeNode


def ownResults() -> list[slicer.vtkMRMLSegmentationNode]:
    """All segmentation nodes with a record of ours."""
    return [
        node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if node.GetAttribute(RUNS_ATTRIBUTE)
    ]


def volumeOf(node: slicer.vtkMRMLNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The volume that a segmentation or clicks belong to; None where nobody said, or it is not in the scene any more.

    A segmentation without a record of ours belongs to the image that it was made on.
    """
    volumeNode = node.GetNodeReference(VOLUME_ROLE)
    if volumeNode is None and node.IsA("vtkMRMLSegmentationNode"):
        madeOn = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        volumeNode = madeOn if isImage(madeOn) else None
    return volumeNode


def segmentationOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode | None:
    """The segmentation with a record of ours that belongs to a volume, the latest of several; or None."""
    return next((node for node in reversed(ownResults()) if volumeOf(node) is volumeNode), None)


def fits(segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> bool:
    """Whether a volume's results may be added to a segmentation: it belongs to that volume, or to nobody yet."""
    owner = volumeOf(segmentationNode)
    if owner is not None:
        return owner is volumeNode
    return not hasRuns(segmentationNode) and _isOnGrid(segmentationNode, volumeNode)


def checkFits(
    segmentationNode: slicer.vtkMRMLSegmentationNode | None, volumeNode: slicer.vtkMRMLScalarVolumeNode
) -> None:
    """Raises MedNCAError where a segmentation belongs to another volume."""
    if segmentationNode is None or fits(segmentationNode, volumeNode):
        return
    owner = volumeOf(segmentationNode)
    if owner:
        why = _("{segmentation} belongs to {owner}, not to {name}.")
    else:
        why = _("{segmentation} was made on another volume than {name}.")
    remedy = _("Choose a segmentation of {name}, or none, and a new one is made.")
    names = {"segmentation": segmentationNode.GetName(), "owner": owner and owner.GetName()}
    raise MedNCAError(f"{why} {remedy}".format(name=volumeNode.GetName(), **names))


def _isOnGrid(segmentationNode, volumeNode):
    """Whether a segmentation that came without its volume, from a file, could have been made on this one."""
    converter = slicer.vtkSegmentationConverter
    name = converter.GetReferenceImageGeometryParameterName()
    text = segmentationNode.GetSegmentation().GetConversionParameter(name)
    grid, image = slicer.vtkOrientedImageData(), volumeNode.GetImageData() if volumeNode else None
    if not text or image is None or not converter.DeserializeImageGeometry(text, grid):
        return True
    matrix = vtk.vtkMatrix4x4()
    grid.GetImageToWorldMatrix(matrix)
    isSameSize = grid.GetDimensions() == image.GetDimensions()
    return isSameSize and np.allclose(asArray(matrix), ijkToRAS(volumeNode), atol=1e-3)

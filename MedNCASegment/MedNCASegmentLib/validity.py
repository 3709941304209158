"""Whether the light of a run still is about what is there: about these segments, on these voxels.

What is shown in its place is the business of `messages`.
"""

from __future__ import annotations

from collections.abc import Iterable

import slicer

from .record import EDITED, OTHER_VOXELS, Run, volumeOf
from .removal import editedSegments
from .volumes import fingerprintOf


def unjudged(segmentationNode: slicer.vtkMRMLSegmentationNode, runs: Iterable[Run]) -> dict[int, str]:
    """Of which runs, by id, the light says nothing any more, and why: `record.EDITED` or `record.OTHER_VOXELS`."""
    found = {run.id: _why(segmentationNode, run) for run in runs}
    return {id: why for id, why in found.items() if why}


def _why(segmentationNode, run):
    """The volume may hold another frame of a sequence, or have been filtered."""
    volumeNode = volumeOf(segmentationNode)
    now = fingerprintOf(volumeNode) if volumeNode else ""
    if run.voxels and now and run.voxels != now:
        return OTHER_VOXELS
    return EDITED if editedSegments(segmentationNode, run) else ""

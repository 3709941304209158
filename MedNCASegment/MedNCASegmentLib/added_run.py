"""What a run brought into the scene, and what of a run was taken out of it.

Plain data, which `results` and `removal` fill.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import slicer

from mednca.result import Report

from .maps import MapPart
from .record import Entry, Run
from .segment_copy import SegmentCopy


@dataclass
class TakenOut:
    """A run that was taken out of the scene, as much as is needed to put it back.

    Attributes:
        segmentationNode: that it was in.
        run: its record.
        entry: what the record had of it.
        segments: copies of those that went; what was corrected by hand may have stayed.
        maps: (the run's part of a map, all that the map had there), of each map.
    """

    segmentationNode: slicer.vtkMRMLSegmentationNode
    run: Run
    entry: Entry | None = None
    segments: list[SegmentCopy] = field(default_factory=list)
    maps: list[tuple[MapPart, np.ndarray]] = field(default_factory=list)


@dataclass
class AddedRun:
    """What one run brought into the scene.

    Attributes:
        run: its record.
        segmentationNode, varianceNode, tableNode: that it was added to.
        maps: its parts of the volumes that several runs share.
        replaced: earlier runs of the same structure or click, which went for it; `removal.putBack` brings them back.
    """

    run: Run
    segmentationNode: slicer.vtkMRMLSegmentationNode
    varianceNode: slicer.vtkMRMLScalarVolumeNode
    tableNode: slicer.vtkMRMLTableNode
    maps: list[MapPart] = field(default_factory=list)
    replaced: list[TakenOut] = field(default_factory=list)

    @property
    def report(self) -> Report:
        """Of the run, without the clicks where nothing was found."""
        return self.run.report

    @property
    def segmentIds(self) -> tuple[str, ...]:
        """Of the run's segments, in the order of the model's labels."""
        return self.run.segmentIds

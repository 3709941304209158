"""The list of hotspots: the most uncertain regions, walked one by one, and what a person did at each.

What was done is written into the record of the run, so that it comes back with the scene. A hotspot counts as corrected
where the segments of its run were edited while it was the one that is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import dist
from typing import Any

import slicer
from slicer.i18n import tr as _

from mednca.content import Content, are_alike
from mednca.quality.hotspots import Hotspot
from mednca.result import Report

from . import messages
from .contents import contentOf
from .record import ACCEPTED, CORRECTED, LOOKED_AT, REVIEWED, Run, presentRuns, setReviewed
from .review import jumpTo
from .tables import FittingHeight, fillRow, setHeader


@dataclass(frozen=True)
class Doubt:
    """A hotspot of a run. number: in the report of the run; state: one of `record.REVIEWED`, None where nobody was;
    side: of the body, that its structure is on, where there is one on each."""

    run: int
    number: int
    hotspot: Hotspot
    state: str | None
    side: str | None

    @property
    def isReviewed(self) -> bool:
        """Whether somebody said that it is right, or made it right."""
        return self.state in (ACCEPTED, CORRECTED)


def doubtsOf(runs: list[Run]) -> list[Doubt]:
    """The hotspots of all runs, in the order in which to go through them."""
    doubts = [
        Doubt(run.id, number, hotspot, run.reviewed.get(number), _sideOf(hotspot, run.report))
        for run in runs
        for number, hotspot in enumerate(run.report.hotspots)
    ]
    return sorted(doubts, key=lambda doubt: doubt.hotspot.rank)


def _sideOf(hotspot: Hotspot, report: Report) -> str | None:
    """Of the nearest of the structures that were found."""
    nearest = min(report.findings, key=lambda finding: dist(finding.center, hotspot.position), default=None)
    return nearest.side if nearest else None


class HotspotList:
    """Works on the widgets of the panel."""

    def __init__(self, ui: Any):
        self.ui = ui
        self._node: slicer.vtkMRMLSegmentationNode | None = None
        self._doubts: list[Doubt] = []
        self._current, self._isFilling = -1, False
        self._contents: dict[str, Content | None] = {}  # of the run's segments when the views were moved to the hotspot
        self._height = FittingHeight(ui.hotspotsTable)
        setHeader(ui.hotspotsTable, [_("Where"), _("May move"), _("Reviewed")], 1)
        ui.hotspotsTable.connect("cellClicked(int,int)", self._onClicked)
        ui.hotspotsTable.connect("currentCellChanged(int,int,int,int)", self._onMoved)
        ui.previousButton.connect("clicked(bool)", self._onPrevious)
        ui.nextButton.connect("clicked(bool)", self._onNext)
        ui.acceptButton.connect("clicked(bool)", self._onAccept)
        self._fill()

    def show(self, segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> None:
        """The hotspots of a segmentation node, or of none."""
        doubts = doubtsOf(presentRuns(segmentationNode))
        isAsBefore = segmentationNode is self._node and list(map(_key, doubts)) == list(map(_key, self._doubts))
        if isAsBefore and doubts == self._doubts:
            return
        self._node, self._doubts = segmentationNode, doubts
        if not isAsBefore:
            self._current = -1
        self._fill()

    @property
    def hotspot(self) -> Hotspot | None:
        """The one that is looked at, or None."""
        return self._doubts[self._current].hotspot if self._current >= 0 else None

    def noticeEdit(self) -> None:
        """Segments may have been edited."""
        if self._current >= 0 and not are_alike(self._contents, self._contentsNow()):
            self._contents = self._contentsNow()
            self._mark(CORRECTED)

    def _fill(self):
        table = self.ui.hotspotsTable
        self._isFilling = True
        table.setRowCount(len(self._doubts))
        for row, doubt in enumerate(self._doubts):
            where, move = messages.placeText(doubt.hotspot, doubt.side), messages.outlineText(doubt.hotspot)
            fillRow(table, row, (where, move, messages.reviewedText(doubt.state)), messages.hotspotTip(doubt.hotspot))
        self._height.fit()
        if self._current < 0:
            table.clearSelection()
        self._isFilling = False
        done = sum(doubt.isReviewed for doubt in self._doubts)
        self.ui.hotspotsLabel.text = messages.reviewText(done, len(self._doubts))
        self.ui.hotspotsLabel.visible = bool(self._doubts)
        self.ui.previousButton.enabled = self.ui.nextButton.enabled = bool(self._doubts)
        self.ui.acceptButton.enabled = self._current >= 0

    def _onClicked(self, row, column):
        self._goTo(row)

    def _onMoved(self, row, *others):
        """By the arrow keys, which select a row, too: neither by the focus that comes, nor by what is done here."""
        item = self.ui.hotspotsTable.item(row, 0)
        if row not in (self._current, -1) and not self._isFilling and item and item.isSelected():
            self._goTo(row)

    def _onPrevious(self):
        self._goTo(self._current - 1 if self._current >= 0 else -1)

    def _onNext(self):
        self._goTo(self._current + 1)

    def _onAccept(self):
        """And on to the next one that nobody accepted or corrected, if there is one."""
        self._mark(ACCEPTED)
        count = len(self._doubts)
        others = [(self._current + step) % count for step in range(1, count)]
        left = [number for number in others if not self._doubts[number].isReviewed]
        if left:
            self._goTo(left[0])

    def _goTo(self, number):
        """Move all slice views to a hotspot; after the last comes the first."""
        self._current = number % len(self._doubts)
        jumpTo(self._doubts[self._current].hotspot.position)
        self._contents = self._contentsNow()
        self._mark(LOOKED_AT)
        self.ui.hotspotsTable.selectRow(self._current)

    def _mark(self, state):
        """Write down what was done at the current one. More than that may have been done before: looking again at what
        was accepted, or accepting what was corrected, changes nothing."""
        doubt = self._doubts[self._current]
        if doubt.state is None or REVIEWED.index(state) > REVIEWED.index(doubt.state):
            setReviewed(self._node, doubt.run, doubt.number, state)
            self.show(self._node)
        self.ui.acceptButton.enabled = self._current >= 0  # its segments may be gone

    def _contentsNow(self):
        """What is in the segments of the current hotspot's run."""
        run = next((run for run in presentRuns(self._node) if run.id == self._doubts[self._current].run), None)
        segmentation = self._node.GetSegmentation()
        return {id: contentOf(self._node, id) for id in (run.segmentIds if run else ()) if segmentation.GetSegment(id)}


def _key(doubt):
    return doubt.run, doubt.number

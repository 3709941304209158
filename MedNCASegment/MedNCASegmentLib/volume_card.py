"""The card of volumes: left, right, their sum and their asymmetry, of each part, as the segments are now.

Measured on the segments' own voxels, so that a correction by hand counts at once; what the engine measured stays in the
report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from mednca.models.description import LEFT, RIGHT, SIDES

from .contents import milliliters
from .messages import sideTitle
from .record import Run, runsOf, volumeOf
from .tables import FittingHeight, copyTable, fillRow, saveTable, setHeader


@dataclass(frozen=True)
class Structure:
    """A structure that was found, as its segments are now.

    Attributes:
        side: `models.description.LEFT` or `RIGHT`; None where that cannot be told.
        run: its number.
        parts: ml by the label's name, of the segments that are still there.
    """

    side: str | None
    run: int
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """ml of all parts."""
        return sum(self.parts.values())


def structuresOf(segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> list[Structure]:
    """The structures of a segmentation's runs: left before right, then in the order in which they were found."""
    found = [_structure(segmentationNode, run) for run in runsOf(segmentationNode)]
    order = {side: number for number, side in enumerate(SIDES)}
    return sorted((each for each in found if each.parts), key=lambda each: order.get(each.side or "", len(SIDES)))


def _structure(segmentationNode, run: Run) -> Structure:
    segmentation, sides = segmentationNode.GetSegmentation(), {finding.side for finding in run.report.findings}
    parts = {
        label.name: milliliters(segmentationNode, segmentId)
        for label, segmentId in zip(run.report.model.labels, run.segmentIds, strict=True)
        if segmentation.GetSegment(segmentId)
    }
    return Structure(sides.pop() if len(sides) == 1 else None, run.id, parts)


def asymmetry(left: float, right: float) -> float | None:
    """Asymmetry index: the difference, left minus right, over the mean of both; None where there is nothing."""
    return (left - right) / ((left + right) / 2) if left + right else None


def tableOf(structures: list[Structure]) -> list[list[str]]:
    """The card as texts, the header first: a row for each part and one for all, a column for each structure; with one
    left and one right also their sum and their asymmetry."""
    isPair = [each.side for each in structures] == [LEFT, RIGHT]
    names = list(dict.fromkeys(name for each in structures for name in each.parts))
    rows = [
        (short, [each.parts.get(name) for each in structures]) for name, short in zip(names, _short(names), strict=True)
    ]
    if len(names) > 1:
        rows.append((_("Together"), [each.total for each in structures]))
    header = [_("ml"), *_titles(structures)] + ([_("Sum"), _("Asymmetry")] if isPair else [])
    return [header, *([name, *map(_text, values), *(_pair(*values) if isPair else ())] for name, values in rows)]


def _short(names):
    """Without the last words that they share: "Anterior" and "Posterior" of a hippocampus."""
    words = [name.split() for name in names]
    while len(words) > 1 and min(map(len, words)) > 1 and len({each[-1] for each in words}) == 1:
        words = [each[:-1] for each in words]
    return [" ".join(each) for each in words]


def _titles(structures):
    """Sides, where each is there once; otherwise numbers."""
    sides = [each.side for each in structures]
    isClear = None not in sides and len(set(sides)) == len(sides)
    if len(structures) == 1 and not isClear:
        return [_("Volume")]
    return [sideTitle(each.side) if isClear else str(each.run) for each in structures]


def _text(value):
    return "-" if value is None else f"{value:.2f}"


def _pair(left, right):
    if left is None or right is None:
        return ["-", "-"]
    index = asymmetry(left, right)
    return [_text(left + right), "-" if index is None else f"{100 * index:+.1f} %"]


class VolumeCard(VTKObservationMixin):
    """Shows the card, copies it, writes it, and follows the segments.

    edited() is called a moment after segments changed, log(text) with what was done.
    """

    def __init__(self, ui: Any, edited: Callable[[], None], log: Callable[[str], None]):
        VTKObservationMixin.__init__(self)
        self.ui, self.edited, self.log = ui, edited, log
        self.node: slicer.vtkMRMLSegmentationNode | None = None
        self.rows: list[list[str]] = []
        self._soon = qt.QTimer()  # an edit with a brush is many events
        self._soon.setSingleShot(True)
        self._soon.setInterval(200)
        self._soon.connect("timeout()", self._onChanged)
        self._height = FittingHeight(ui.volumesTable)
        ui.copyVolumesButton.connect("clicked(bool)", self._onCopy)
        ui.saveVolumesButton.connect("clicked(bool)", self._onSave)
        ui.statisticsButton.connect("clicked(bool)", self._onStatistics)

    def follow(self, segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Show the volumes of a segmentation, or none, from now on."""
        if segmentationNode is not self.node:
            self.removeObservers()
            self.node = segmentationNode
            if segmentationNode:
                segmentation = segmentationNode.GetSegmentation()
                for event in (segmentation.SourceRepresentationModified, segmentation.SegmentRemoved):
                    self.addObserver(segmentation, event, self._onEdited)
        self.fill()

    def cleanup(self) -> None:
        """Watch no more."""
        self._soon.stop()
        self.removeObservers()
        self.node = None

    def fill(self) -> None:
        """As the segments are now."""
        isThere = self.node is not None and slicer.mrmlScene.IsNodePresent(self.node)
        structures = structuresOf(self.node) if isThere else []
        self.rows = tableOf(structures) if structures else []
        table, header = self.ui.volumesTable, self.rows[0] if self.rows else [_("ml")]
        setHeader(table, header, 0)
        table.setRowCount(max(len(self.rows) - 1, 0))
        for number, row in enumerate(self.rows[1:]):
            fillRow(table, number, row, row[0], aligned=1)
        self._height.fit()
        for button in (self.ui.copyVolumesButton, self.ui.saveVolumesButton, self.ui.statisticsButton):
            button.enabled = bool(self.rows)

    def _onEdited(self, caller, event):
        self._soon.start()

    def _onChanged(self):
        self.fill()
        self.edited()

    def _onCopy(self):
        copyTable(self.rows)
        self.log(_("The volumes are on the clipboard."))

    def _onSave(self):
        saveTable(self.rows, _("Save the volumes"), "volumes.csv", self.log)

    def _onStatistics(self):
        """Slicer's own module for everything else that can be measured of segments."""
        slicer.util.selectModule("SegmentStatistics")
        widget = slicer.modules.segmentstatistics.widgetRepresentation().self()
        widget.segmentationSelector.setCurrentNode(self.node)
        widget.scalarSelector.setCurrentNode(volumeOf(self.node))

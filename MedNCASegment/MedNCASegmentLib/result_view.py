"""The part of the panel that shows results: the verdict and the overlay.

It changes no result; what it says of one stands in `messages`, what it does to the slice views in `review`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from mednca.quality.verdict import COLORS
from mednca.result import Finding

from . import messages, review
from .record import EDITED, OTHER_VOXELS, VARIANCE_ROLE, Run, presentRuns, problemsOf
from .sentences import sentenceText
from .tables import FittingHeight, fillRow, setHeader
from .validity import unjudged

_GRAVITY = ("grey", "red", "amber", "green")  # of the lights, the gravest first


class ResultView:
    """Works on the widgets of the panel. log(text) is called with why a result cannot be shown."""

    def __init__(self, ui: Any, log: Callable[[str], None]):
        self.ui, self.log = ui, log
        self._shown = self._overlay = None
        self._unjudged: dict[int, str] = {}  # numbers of the runs whose verdict says nothing any more, and why
        self._height = FittingHeight(ui.verdictTable)
        setHeader(ui.verdictTable, [_("Structure"), _("Verdict"), messages.coverageText(())], 0, 1)

    def show(self, segmentationNode: slicer.vtkMRMLSegmentationNode | None, targetDice: float) -> None:
        """The verdicts on a segmentation node (or none), against a target Dice."""
        runs = presentRuns(segmentationNode)
        segments = segmentationNode.GetSegmentation() if segmentationNode else None
        names = [segments.GetNthSegment(n).GetName() for n in range(segments.GetNumberOfSegments())] if segments else []
        shown = (segmentationNode, [run.id for run in runs], names, targetDice)
        if shown == self._shown:
            return
        newRuns = self._shown is None or shown[:2] != self._shown[:2]
        self._shown = shown
        self._unjudged = unjudged(segmentationNode, runs)
        judged = [run.rejudged(targetDice) for run in runs]
        self._showLight(judged)
        self._fillVerdicts(judged, segments)
        if newRuns:
            for problem in problemsOf(segmentationNode):
                self.log(problem)
        self.ui.editButton.enabled = bool(runs)

    def showOverlay(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode | None,
        visible: bool,
        opacity: float,
        threshold: float,
        legend: bool,
    ) -> None:
        """Lay the variance of a segmentation (or none) over the image, as the user chose; an earlier one goes."""
        varianceNode = segmentationNode.GetNodeReference(VARIANCE_ROLE) if segmentationNode else None
        before = self._overlay[0] if self._overlay else None
        if before is not None and before is not varianceNode and slicer.mrmlScene.IsNodePresent(before):
            review.hideOverlay(before, isBack=False)
            review.setLegend(before, False)
        if varianceNode is None or varianceNode.GetDisplayNode() is None:
            self._overlay = None
            return
        overlay = (varianceNode, visible, opacity)
        if overlay != self._overlay:  # otherwise what the user put in the foreground since stays
            self._overlay = overlay
            if visible:
                review.showOverlay(varianceNode, opacity)
            else:
                review.hideOverlay(varianceNode)
        review.setThreshold(varianceNode, threshold)
        review.setLegend(varianceNode, visible and legend and review.isOver(varianceNode))

    def forgetOverlay(self) -> None:
        """The next `showOverlay` brings the overlay to the front again: there is a new result."""
        self._overlay = None

    def noticeEdit(self) -> None:
        """Segments may have been corrected by hand, or the volume changed: the next `show` looks at them."""
        if self._shown is not None:
            self._shown = (*self._shown[:3], None)  # no target is that

    def _showLight(self, judged: list[Run]):
        """The gravest of the verdicts that still hold."""
        worst = gravest(judged, self._unjudged)
        if worst is None and judged:
            why = _gravestReason(self._unjudged)
            self.ui.lightLabel.text, self.ui.reasonLabel.text = messages.unjudgedLight(why), messages.unjudgedText(why)
            return
        self.ui.lightLabel.text = messages.lightText(worst.verdict if worst else None)
        self.ui.reasonLabel.text = " ".join((messages.findingText(worst), *self._notes(judged)))

    def _notes(self, judged: list[Run]) -> list[str]:
        """What else is to be known of the results whose verdicts still hold, each sentence once."""
        held = (run for run in judged if run.id not in self._unjudged)
        return list(dict.fromkeys(sentenceText(note) for run in held for note in run.report.notes))

    def _fillVerdicts(self, judged: list[Run], segments):
        rows = [(run, *row) for run in judged for row in verdictRows(run, segments)]
        table = self.ui.verdictTable
        table.setRowCount(len(rows))
        interval = messages.coverageText(run.report.model.calibration for run in judged)
        table.horizontalHeaderItem(table.columnCount - 1).setText(interval)
        for row, (run, finding, structure, *verdict) in enumerate(rows):
            why = self._unjudged.get(run.id)
            told = (messages.unjudgedWord(why), "-") if why else verdict
            fillRow(table, row, (structure, *told), messages.unjudgedText(why) if why else messages.findingTip(finding))
            color = COLORS["grey" if why else finding.verdict.color]
            table.item(row, 1).setForeground(qt.QBrush(qt.QColor(color)))
        self._height.fit()


def overall(segmentationNode: slicer.vtkMRMLSegmentationNode, targetDice: float) -> tuple[str, str]:
    """The word and the color of all results in a segmentation together, against a target Dice."""
    judged = [run.rejudged(targetDice) for run in presentRuns(segmentationNode)]
    without = unjudged(segmentationNode, judged)
    worst = gravest(judged, without)
    if worst is None:
        return messages.unjudgedWord(_gravestReason(without)), COLORS["grey"]
    return messages.word(worst.verdict.color), COLORS[worst.verdict.color]


def _gravestReason(unjudged: dict[int, str]) -> str:
    """That the volume holds other voxels is graver than a correction."""
    return OTHER_VOXELS if OTHER_VOXELS in unjudged.values() else EDITED


def gravest(judged: list[Run], without: Collection[int]) -> Finding | None:
    """The finding by whose verdict a set of runs must be treated; None without any. without: numbers of the runs whose
    verdict says nothing any more."""
    findings = [finding for run in judged if run.id not in without for finding in run.report.findings]

    def gravity(finding):
        verdict = finding.verdict
        signal = finding.signals.get(verdict.signal or "") or 0.0
        return _GRAVITY.index(verdict.color), *(end or 0.0 for end in (verdict.predicted_dice, verdict.low)), -signal

    return min(findings, key=gravity, default=None)


def verdictRows(run: Run, segments: slicer.vtkSegmentation) -> Iterator[tuple[Finding, str, str, str]]:
    """(finding, structure, word, interval) of each finding of the run, as long as one of its segments is there."""
    names = [segments.GetSegment(id).GetName() for id in run.segmentIds if segments.GetSegment(id)]
    for finding in run.report.findings if names else ():
        structure = messages.sideTitle(finding.side) or ", ".join(names)
        yield finding, structure, messages.word(finding.verdict.color), messages.intervalText(finding.verdict)

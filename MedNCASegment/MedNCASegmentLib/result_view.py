"""The part of the panel that shows results: the verdict, the list of doubtful places, and the overlay."""

import qt
import slicer
from slicer.i18n import tr as _

from . import messages, review
from .record import VARIANCE_ROLE, runsOf


class ResultView:
    """Works on the widgets of the panel. It shows a segmentation node's record and changes no result."""

    def __init__(self, ui):
        self.ui = ui
        self._shown = self._overlay = None
        self._places, self._placeNumber = [], -1
        _setHeader(ui.verdictTable, [_("Segment"), _("Verdict"), _("NQM"), _("Volume"), _("Dice, 90 %")])
        _setHeader(ui.placesTable, [_("Position (R, A, S)"), _("Size"), _("Members differ by")])
        ui.placesTable.connect("cellClicked(int,int)", self._onPlaceClicked)
        ui.previousButton.connect("clicked(bool)", self._onPrevious)
        ui.nextButton.connect("clicked(bool)", self._onNext)

    def show(self, segmentationNode, targetDice):
        """Verdict and places of a segmentation node (or none), against a target Dice."""
        runs = runsOf(segmentationNode)
        segments = segmentationNode.GetSegmentation() if segmentationNode else None
        names = [segments.GetNthSegment(n).GetName() for n in range(segments.GetNumberOfSegments())] if segments else []
        shown = (segmentationNode, [run["id"] for run in runs], names, targetDice)
        if shown == self._shown:
            return
        newRuns = self._shown is None or shown[:2] != self._shown[:2]
        self._shown = shown
        judged = messages.judgeRuns(runs, targetDice)
        worst = messages.gravest([each for _run, _number, each in judged]) if judged else None
        self.ui.lightLabel.text = messages.lightText(worst)
        self.ui.reasonLabel.text = messages.escape(messages.reasonText(worst))
        self._fillVerdicts(judged, segments)
        if newRuns:
            self._fillPlaces(review.placesOf(runs))
        self.ui.editButton.enabled = bool(runs)

    def showOverlay(self, segmentationNode, visible, opacity, threshold, legend):
        """The variance of a segmentation's runs over the image, as wanted."""
        varianceNode = segmentationNode.GetNodeReference(VARIANCE_ROLE) if segmentationNode else None
        before = self._overlay[0] if self._overlay else None
        if before is not None and before is not varianceNode and slicer.mrmlScene.IsNodePresent(before):
            review.hideOverlay(before)
            review.setLegend(before, False)
        if varianceNode is None or varianceNode.GetDisplayNode() is None:
            self._overlay = None
            return
        wanted = (varianceNode, visible, opacity)
        if wanted != self._overlay:  # otherwise what the user put in the foreground since stays
            self._overlay = wanted
            if visible:
                review.showOverlay(varianceNode, opacity)
            else:
                review.hideOverlay(varianceNode)
        review.setThreshold(varianceNode, threshold)
        review.setLegend(varianceNode, visible and legend)

    def forgetOverlay(self):
        """The next `showOverlay` brings the overlay to the front again: there is a new result."""
        self._overlay = None

    def _fillVerdicts(self, judged, segments):
        rows = []
        for run, number, each in judged:
            finding, labels = run["report"]["findings"][number], run["report"]["model"]["labels"]
            for label, segmentId in zip(labels, run["segments"]):
                segment = segments.GetSegment(segmentId)
                if segment:
                    nqm, volume = finding["nqm"][label["name"]], finding["volume_mm3"][label["name"]] / 1000
                    shown = "-" if nqm is None else f"{nqm:.3f}"
                    rows.append((each, segment.GetName(), shown, f"{volume:.2f} ml", messages.intervalText(each)))
        table = self.ui.verdictTable
        table.setRowCount(len(rows))
        for row, (each, name, *rest) in enumerate(rows):
            for column, text in enumerate((name, messages.word(each.color), *rest)):
                table.setItem(row, column, qt.QTableWidgetItem(text))
            table.item(row, 1).setForeground(qt.QBrush(qt.QColor(messages.LIGHTS[each.color])))
            table.item(row, 1).setToolTip(messages.reasonText(each))

    def _fillPlaces(self, places):
        self._places, self._placeNumber = places, -1
        table = self.ui.placesTable
        table.setRowCount(len(places))
        for row, place in enumerate(places):
            position = ", ".join(f"{x:.0f}" for x in place.position)
            unsure = f"\u00b1{place.deviation:.0%}"
            for column, text in enumerate((position, f"{place.volume_mm3:.0f} mm\u00b3", unsure)):
                table.setItem(row, column, qt.QTableWidgetItem(text))
        table.clearSelection()
        self.ui.previousButton.enabled = self.ui.nextButton.enabled = bool(places)

    def _onPlaceClicked(self, row, column):
        self._goTo(row)

    def _onPrevious(self):
        self._goTo(self._placeNumber - 1 if self._placeNumber >= 0 else -1)

    def _onNext(self):
        self._goTo(self._placeNumber + 1)

    def _goTo(self, number):
        """Move all slice views to a doubtful place; after the last comes the first."""
        self._placeNumber = number % len(self._places)
        review.jumpTo(self._places[self._placeNumber].position)
        self.ui.placesTable.selectRow(self._placeNumber)


def _setHeader(table, names):
    table.setColumnCount(len(names))
    table.setHorizontalHeaderLabels(names)
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
    table.setWordWrap(False)

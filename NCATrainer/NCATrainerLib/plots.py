"""Slicer's plot nodes: loss and validation Dice while a model is trained, and its calibration afterward.

Where the numbers come from is not known here.
"""

from __future__ import annotations

import math

import slicer
import vtk
from slicer.i18n import tr as _

from mednca.quality.calibration import Calibration
from mednca_train.run_folder import HistoryRow
from MedNCASegmentLib.messages import signals

_ATTRIBUTE = "NCATrainer.plot"
_COLORS = ((0.12, 0.44, 0.55), (0.75, 0.42, 0.17), (0.35, 0.35, 0.35))


class TrainingPlot:
    """A table and a chart of a training's loss and validation Dice; they stay in the scene until it is closed."""

    def __init__(self) -> None:
        self.table = self.chart = self.title = None
        self._lastDice = 0.0

    @property
    def isThere(self) -> bool:
        return self.table is not None and bool(slicer.mrmlScene.IsNodePresent(self.table))

    def start(self, title: str) -> None:
        """Begin an empty chart."""
        self.title = title
        self.table, self.chart = _chart(
            "training", title, _("iteration"), _("loss, Dice"),
            (_("iteration"), _("loss"), _("validation Dice")), ((1, True), (2, False)),
        )  # fmt: skip
        self._lastDice = 0.0

    def add(self, row: HistoryRow) -> None:
        """A row of the history."""
        if self.isThere:
            self._append(row)
            self._changed()

    def _append(self, row):
        """Between two validations the last Dice stands."""
        if row.dice_union is not None:  # 0.0 is a Dice, and one to be shown
            self._lastDice = row.dice_union
        loss = math.nan if row.loss is None else row.loss  # JSON knows no infinite numbers
        table = self.table.GetTable()
        number = table.InsertNextBlankRow()
        for column, value in enumerate((float(row.iteration), loss, self._lastDice)):
            table.SetValue(number, column, vtk.vtkVariant(value))

    def _changed(self):
        self.table.GetTable().Modified()
        self.table.Modified()
        fitChart(self.chart)

    def load(self, rows: list[HistoryRow], most: int = 500) -> None:
        """The rows of a history, thinned out to about so many."""
        step = max(len(rows) // most, 1)
        for number, row in enumerate(rows):
            if number % step == 0 or row.dice_union is not None:
                self._append(row)
        self._changed()

    def forget(self) -> None:
        """They went with the scene."""
        self.table = self.chart = None


def calibrationPlot(calibration: Calibration, title: str) -> slicer.vtkMRMLPlotChartNode:
    """A chart of the expected Dice and its interval against the signal that they are read from.

    It shows the context that most samples are of.

    Args:
        calibration: of a model.
        title: of the chart.

    Returns:
        The chart node, new.
    """
    curve = max(calibration.curves.values(), key=lambda each: each.samples)
    signal = ({"nqm": "NQM"} | signals()).get(curve.signal, curve.signal)
    names = (signal, _("expected Dice"), _("low"), _("high"))
    table, chart = _chart("calibration", title, signal, _("Dice"), names, ((1, True), (2, False), (3, False)))
    for knot in zip(curve.knots, curve.dice, curve.low, curve.high, strict=True):
        row = table.GetTable().InsertNextBlankRow()
        for column, value in enumerate(knot):
            table.GetTable().SetValue(row, column, vtk.vtkVariant(float(value)))
    table.Modified()
    return chart


def showChart(chart: slicer.vtkMRMLPlotChartNode) -> None:
    """In the layout, where this Slicer has plots."""
    plots = getattr(slicer.modules, "plots", None)
    if plots is not None:
        plots.logic().ShowChartInLayout(chart)


def fitChart(chart: slicer.vtkMRMLPlotChartNode) -> None:
    """The axes do not follow a growing table by themselves."""
    layout = slicer.app.layoutManager()
    for number in range(layout.plotViewCount if layout else 0):
        widget = layout.plotWidget(number)
        node = widget.mrmlPlotViewNode() if widget else None  # none before a plot was ever shown
        if node and node.GetPlotChartNodeID() == chart.GetID():
            widget.plotView().fitToContent()


def _chart(kind, title, xTitle, yTitle, columns, series):
    """(table node, chart node), new; the ones of this kind that were there before give way.

    series: (column, solid line) each, against the first column.
    """
    scene = slicer.mrmlScene
    for className in ("vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode", "vtkMRMLTableNode"):
        for node in slicer.util.getNodesByClass(className):
            if node.GetAttribute(_ATTRIBUTE) == kind:
                scene.RemoveNode(node)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", title)
    table.SetAttribute(_ATTRIBUTE, kind)
    for name in columns:
        array = vtk.vtkDoubleArray()
        array.SetName(name)
        table.AddColumn(array)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", title)
    chart.SetAttribute(_ATTRIBUTE, kind)
    chart.SetTitle(title)
    chart.SetXAxisTitle(xTitle)
    chart.SetYAxisTitle(yTitle)
    for (column, solid), color in zip(series, _COLORS, strict=False):
        node = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", columns[column])
        node.SetAttribute(_ATTRIBUTE, kind)
        node.SetAndObserveTableNodeID(table.GetID())
        node.SetXColumnName(columns[0])
        node.SetYColumnName(columns[column])
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetLineStyle(
            slicer.vtkMRMLPlotSeriesNode.LineStyleSolid if solid else slicer.vtkMRMLPlotSeriesNode.LineStyleDash
        )
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        node.SetColor(*color)
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    return table, chart

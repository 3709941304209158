"""The panel's tables: cases and what is wrong with them, segments and labels, the result. They show; they decide
nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from mednca_train.plan.fingerprint import CaseFacts
from mednca_train.run_folder import RunResult
from MedNCASegmentLib.sentences import sentenceText
from MedNCASegmentLib.tables import FittingHeight, fillRow, setHeader

from .pairs import Pair

_HIGHEST = 220  # pixels; longer tables scroll


def _fill(table, height, headers, rows, stretched=(0, 1)):
    """Show rows of (texts, tool tip), read only, in a table as high as they are; the stretched columns share what the
    others leave. Nothing stays selected: another case may stand in a selected row now."""
    table.clearSelection()
    setHeader(table, headers, *stretched)
    table.setRowCount(len(rows))
    for number, (texts, tip) in enumerate(rows):
        fillRow(table, number, texts, tip)
        for column in range(len(texts)):
            table.item(number, column).setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
    height.fit()


class CaseTable:
    """Pairs of the scene, or the cases that were examined, each with its state and the reason."""

    def __init__(self, table: qt.QTableWidget):
        self.table, self._shown = table, None
        self._height = FittingHeight(table, _HIGHEST)
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)

    def showPairs(self, pairs: list[Pair]) -> None:
        """Pairs that were not examined yet."""
        names = [(volume.GetName(), segmentation.GetName()) for volume, segmentation in pairs]
        self._show((_("Volume"), _("Segmentation")), [(each, "\n".join(each)) for each in names])

    def showCases(self, cases: tuple[CaseFacts, ...]) -> None:
        """Cases that were examined."""
        self._show((_("Case"), _("State")), [((case.name, _stateOf(case)), _tipOf(case)) for case in cases])

    @property
    def selectedRows(self) -> set[int]:
        return {index.row() for index in self.table.selectionModel().selectedRows()}

    def _show(self, headers, rows):
        if (headers, rows) != self._shown:
            self._shown = (headers, rows)
            _fill(self.table, self._height, headers, rows)


def _stateOf(case):
    return _("ready") if case.problem is None else sentenceText(case.problem)


def _tipOf(case):
    size = " x ".join(str(n) for n in case.size)
    state = _("{size} voxels").format(size=size) if case.problem is None else sentenceText(case.problem)
    return f"{case.name}: {state}"


class LabelTable:
    """Which segment is which label.

    Args:
        table: the widget.
        edited: called with {segment name: label name} when the user changes it.
    """

    def __init__(self, table: qt.QTableWidget, edited: Callable[[dict[str, str]], None]):
        self.table, self.edited = table, edited
        table.connect("itemChanged(QTableWidgetItem*)", self._onChanged)
        self._height = FittingHeight(table, _HIGHEST)

    def show(self, labels: dict[str, str]) -> None:
        """labels: {segment name: label name}"""
        if labels == self.values():
            return
        wasBlocked = self.table.blockSignals(True)
        tip = _("{segment}: double-click on its label to rename it.")
        rows = [(each, tip.format(segment=each[0])) for each in labels.items()]
        _fill(self.table, self._height, (_("Segment"), _("Label")), rows)
        for number in range(len(labels)):
            item = self.table.item(number, 1)
            item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled | qt.Qt.ItemIsEditable)
        self.table.blockSignals(wasBlocked)

    def values(self) -> dict[str, str]:
        """{segment name: label name}, in the table's order."""
        return {self.table.item(n, 0).text(): self.table.item(n, 1).text().strip() for n in range(self.table.rowCount)}

    def _onChanged(self, item):
        self.edited(self.values())


class ResultTable:
    """Dice per label, beside the base model's where there is one."""

    def __init__(self, table: qt.QTableWidget):
        self.table, self._shown = table, ()
        self._height = FittingHeight(table, _HIGHEST)

    def show(self, result: RunResult | None) -> None:
        """None: an empty table."""
        if result is self._shown:
            return
        self._shown = result
        mean, compared = (result.report.mean, result.report.comparison) if result else (None, None)
        own, spread = (mean.dice, mean.dice_sd) if mean else ({}, {})
        base = dict(compared.base.dice) if compared else {}
        if base.keys() != own.keys():
            base.pop("union", None)  # of other labels
        rows = []
        for name, dice in own.items():
            label, before = _("together") if name == "union" else name, f"{base[name]:.3f}" if name in base else ""
            around = f" \u00b1 {spread[name]:.3f}" if mean.cases > 1 else ""
            rows.append(((label, f"{dice:.3f}{around}", before), self.table.toolTip))
        _fill(self.table, self._height, (_("Label"), _("Overlap (Dice)"), _("Before")), rows, (0,))
        self.table.setColumnHidden(2, not base)

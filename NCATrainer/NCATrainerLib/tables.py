"""The panel's tables: cases and what is wrong with them, segments and labels, the result. They show; they decide
nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from mednca_train.plan.fingerprint import CaseFacts
from mednca_train.run_folder import RunResult

from .pairs import Pair


def _fill(table, headers, rows):
    """Show rows of texts, read only. Nothing stays selected: another case may stand in a selected row now."""
    table.clearSelection()
    table.setColumnCount(len(headers))
    table.setHorizontalHeaderLabels(headers)
    table.setRowCount(len(rows))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
            table.setItem(number, column, item)
    table.resizeColumnsToContents()
    table.horizontalHeader().setStretchLastSection(True)


class CaseTable:
    """Pairs of the scene, or the cases that were examined, each with its state and the reason."""

    def __init__(self, table: qt.QTableWidget):
        self.table, self._shown = table, None
        table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)

    def showPairs(self, pairs: list[Pair]) -> None:
        """Pairs that were not examined yet."""
        rows = [(volume.GetName(), segmentation.GetName(), "") for volume, segmentation in pairs]
        self._show((_("Volume"), _("Segmentation"), _("State")), rows)

    def showCases(self, cases: tuple[CaseFacts, ...]) -> None:
        """Cases that were examined."""
        rows = []
        for case in cases:
            size = " x ".join(str(n) for n in case.size) if case.problem is None else ""
            rows.append((case.name, size, _("ready") if case.problem is None else case.problem))
        self._show((_("Case"), _("Voxels"), _("State")), rows)

    @property
    def selectedRows(self) -> set[int]:
        return {index.row() for index in self.table.selectionModel().selectedRows()}

    def _show(self, headers, rows):
        if (headers, rows) != self._shown:
            self._shown = (headers, rows)
            _fill(self.table, headers, rows)


class LabelTable:
    """Which segment is which label.

    Args:
        table: the widget.
        edited: called with {segment name: label name} when the user changes it.
    """

    def __init__(self, table: qt.QTableWidget, edited: Callable[[dict[str, str]], None]):
        self.table, self.edited = table, edited
        table.connect("itemChanged(QTableWidgetItem*)", self._onChanged)

    def show(self, labels: dict[str, str]) -> None:
        """labels: {segment name: label name}"""
        if labels == self.values():
            return
        wasBlocked = self.table.blockSignals(True)
        _fill(self.table, (_("Segment"), _("Label")), list(labels.items()))
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
        rows = [
            (_("together") if name == "union" else name, f"{dice:.3f} \u00b1 {spread[name]:.3f}",
             f"{base[name]:.3f}" if name in base else "")
            for name, dice in own.items()
        ]  # fmt: skip
        _fill(self.table, (_("Label"), _("Dice"), _("base model")), rows)
        self.table.setColumnHidden(2, not base)

"""Tables in a narrow panel: filled row by row, as high as they must be, and no room taken where they are empty."""

from __future__ import annotations

from collections.abc import Sequence

import qt


def setHeader(table: qt.QTableWidget, names: Sequence[str], stretched: int) -> None:
    """Name the columns of a table that one only reads; the stretched one takes what the others leave."""
    table.setColumnCount(len(names))
    table.setHorizontalHeaderLabels(list(names))
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    header = table.horizontalHeader()
    for column in range(len(names)):
        isStretched = column == stretched
        header.setSectionResizeMode(column, qt.QHeaderView.Stretch if isStretched else qt.QHeaderView.ResizeToContents)
    table.setWordWrap(False)
    table.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)


def fillRow(table: qt.QTableWidget, row: int, texts: Sequence[str], tip: str, aligned: int = 0) -> None:
    """The texts of a row, and its tool tip; from column `aligned` on they are numbers, if that is not 0."""
    for column, text in enumerate(texts):
        item = qt.QTableWidgetItem(text)
        item.setToolTip(tip)
        if aligned and column >= aligned:
            item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        table.setItem(row, column, item)


def fitHeight(table: qt.QTableWidget) -> None:
    """As high as its rows; no room taken without any."""
    table.setVisible(table.rowCount > 0)
    table.resizeRowsToContents()
    rows = sum(table.rowHeight(row) for row in range(table.rowCount))
    table.setFixedHeight(rows + table.horizontalHeader().sizeHint.height() + 2 * table.frameWidth)

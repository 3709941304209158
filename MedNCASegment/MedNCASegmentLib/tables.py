"""Tables in a narrow panel: filled row by row, as high as they must be, and no room taken where they are empty; and the
ways on which their texts leave the panel."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

import qt
import slicer
from slicer.i18n import tr as _


def setHeader(table: qt.QTableWidget, names: Sequence[str], *stretched: int) -> None:
    """Name the columns of a table that one only reads; the stretched ones share what the others leave, and wrap."""
    table.setColumnCount(len(names))
    table.setHorizontalHeaderLabels(list(names))
    table.verticalHeader().setVisible(False)
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    header = table.horizontalHeader()
    for column in range(len(names)):
        isStretched = column in stretched
        header.setSectionResizeMode(column, qt.QHeaderView.Stretch if isStretched else qt.QHeaderView.ResizeToContents)
    table.setWordWrap(True)
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
    """As high as its rows, from now on, also where a narrower panel breaks them; no room taken without any."""
    table.setSizeAdjustPolicy(qt.QAbstractScrollArea.AdjustToContents)
    table.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
    table.setVisible(table.rowCount > 0)
    table.resizeRowsToContents()
    table.updateGeometry()


def copyTable(rows: list[list[str]]) -> None:
    """To the clipboard, for a spreadsheet or a report."""
    slicer.app.clipboard().setText("\n".join("\t".join(row) for row in rows))


def saveTable(rows: list[list[str]], title: str, name: str, log: Callable[[str], None]) -> None:
    """As CSV, where a dialog with a title says, which proposes a name. log(text) is called where it was written."""
    path = qt.QFileDialog.getSaveFileName(None, title, name, _("Tables (*.csv)"))
    if not path:
        return
    content = io.StringIO()
    csv.writer(content).writerows(rows)
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(content.getvalue())
    except OSError as error:
        slicer.util.errorDisplay(_("The volumes were not saved: {why}").format(why=error))
    else:
        log(_("Volumes written to {path}.").format(path=path))

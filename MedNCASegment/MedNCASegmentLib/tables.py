"""Tables in a narrow panel: filled row by row, as high as they must be, and no room taken where they are empty; and the
ways on which their texts leave the panel."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

import qt
import slicer
from slicer.i18n import tr as _

from mednca.batch.csv_file import quoted
from mednca.errors import MedNCAError
from mednca.files import write_bytes

from .save_dialog import askForFile
from .sentences import sentenceText


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


class FittingHeight(qt.QObject):
    """Keeps a table as high as its rows, also where a narrower panel breaks them, and no higher than `most` pixels.

    No room is taken without any row. Whoever makes one keeps it as long as the table.
    """

    def __init__(self, table: qt.QTableWidget, most: int | None = None):
        qt.QObject.__init__(self)
        self.table, self.most = table, most
        table.installEventFilter(self)
        self.fit()

    def eventFilter(self, watched: qt.QObject, event: qt.QEvent) -> bool:
        """As Qt calls it, before the table itself knows."""
        if event.type() == qt.QEvent.Resize:
            qt.QTimer.singleShot(0, self.fit)
        return False

    def fit(self) -> None:
        """To the rows that are there now."""
        table = self.table
        table.setVisible(table.rowCount > 0)
        table.resizeRowsToContents()
        rows = sum(table.rowHeight(row) for row in range(table.rowCount))
        height = rows + table.horizontalHeader().sizeHint.height() + 2 * table.frameWidth
        table.setFixedHeight(height if self.most is None else min(height, self.most))


def copyTable(rows: list[list[str]]) -> None:
    """To the clipboard, for a spreadsheet or a report."""
    slicer.app.clipboard().setText("\n".join("\t".join(row) for row in rows))


def saveTable(rows: list[list[str]], title: str, name: str, log: Callable[[str], None]) -> None:
    """As CSV, where a dialog with a title says, which proposes a name. log(text) is called where it was written."""
    path = askForFile(title, name, _("Tables (*.csv)"))
    if not path:
        return
    content = io.StringIO()
    csv.writer(content).writerows([quoted(name), *values] for name, *values in rows)
    try:
        write_bytes(path, content.getvalue().encode("utf-8"))
    except MedNCAError as error:
        slicer.util.errorDisplay(_("The volumes were not saved: {why}").format(why=sentenceText(error)))
    else:
        log(_("Volumes written to {path}.").format(path=path))

"""The volumes of the scene in one table: which of them to segment in one go, and what is known of each.

It shows, copies and writes; the work is done by a `Batch`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from mednca.quality.verdict import COLORS

from .batch import Batch
from .messages import batchText
from .record import isImage
from .result_view import overall
from .tables import FittingHeight, copyTable, fillRow, saveTable, setHeader
from .volume_card import structuresOf, tableOf


@dataclass(frozen=True)
class Known:
    """What is known of a volume.

    Attributes:
        name: of its node.
        table: its volumes, as `volume_card.tableOf` has them; empty where it has no result.
        word, color: the verdict, or where it stands.
        why: a sentence more, or "".
    """

    name: str
    table: list[list[str]]
    word: str
    color: str
    why: str = ""


def together(known: list[Known], whole: bool) -> list[list[str]]:
    """One table of several volumes, the header first.

    whole: every part of every structure, with sums and asymmetries; otherwise one row for each volume.
    """
    aside = () if whole else (_("Sum"), _("Asymmetry"))
    titles = dict.fromkeys(title for each in known for title in (each.table or [[]])[0][1:] if title not in aside)
    rows = [[_("Volume"), *([_("Part")] if whole else []), *titles, _("Verdict")]]
    for each in known:
        header, *parts = each.table or [[]]
        shown = parts if whole else parts[-1:]
        for name, *values in shown or [["-"]]:
            value = dict(zip(header[1:], values, strict=True)) if values else {}
            texts = [value.get(title, "-") for title in titles]
            rows.append([each.name, *([name] if whole else []), *texts, each.word])
    return rows


class SeveralVolumes:
    """Works on the widgets of the panel.

    segmentationOf(volumeNode) is the segmentation that holds a volume's results, or None; target() the target Dice;
    log(text) is called with what was done.
    """

    def __init__(
        self,
        ui: Any,
        batch: Batch,
        segmentationOf: Callable[[slicer.vtkMRMLScalarVolumeNode], slicer.vtkMRMLSegmentationNode | None],
        target: Callable[[], float],
        log: Callable[[str], None],
    ):
        self.ui, self.batch, self.segmentationOf, self.target, self.log = ui, batch, segmentationOf, target, log
        self.volumeNodes: list[slicer.vtkMRMLScalarVolumeNode] = []  # a row each
        self._unchecked: set[str] = set()  # IDs
        self._isFilling, self._whyNot = False, ""
        self._soon = qt.QTimer()  # a slider, a scene that is loaded: many changes at once
        self._soon.setSingleShot(True)
        self._soon.setInterval(100)
        self._soon.connect("timeout()", self.fill)
        self._height = FittingHeight(ui.severalTable)
        ui.severalTable.connect("cellChanged(int,int)", self._onCellChanged)
        ui.severalCollapsibleButton.connect("contentsCollapsed(bool)", self._onCollapsed)
        ui.copySeveralButton.connect("clicked(bool)", self._onCopy)
        ui.saveSeveralButton.connect("clicked(bool)", self._onSave)

    @property
    def chosen(self) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """Those that are checked."""
        return [node for node in self.volumeNodes if node.GetID() not in self._unchecked]

    def forget(self) -> None:
        """The scene is about to close: the next one's nodes may have the same IDs."""
        self.volumeNodes, self._unchecked, self.batch.told = [], set(), {}
        self.ui.severalTable.setRowCount(0)
        self.showState(None)

    def fillSoon(self) -> None:
        """Something changed: fill, once all that is happening has happened."""
        self._soon.start()

    def cleanup(self) -> None:
        """Fill no more."""
        self._soon.stop()

    def fill(self) -> None:
        """As the scene is now; a closed section is filled when it is opened."""
        if self.ui.severalCollapsibleButton.collapsed:
            return
        self.volumeNodes = list(filter(isImage, slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")))
        known = list(map(self._known, self.volumeNodes))
        header, *rows = together(known, whole=False)
        table = self.ui.severalTable
        self._isFilling = True
        setHeader(table, header, 0, len(header) - 1)
        table.setRowCount(len(rows))
        for number, (row, each) in enumerate(zip(rows, known, strict=True)):
            fillRow(table, number, row, " ".join(filter(None, (each.name + ":", each.word + ".", each.why))))
            table.item(number, table.columnCount - 1).setForeground(qt.QBrush(qt.QColor(each.color)))
            isChecked = self.volumeNodes[number].GetID() not in self._unchecked
            table.item(number, 0).setCheckState(qt.Qt.Checked if isChecked else qt.Qt.Unchecked)
        self._height.fit()
        self._isFilling = False
        self.showState(None)

    def showState(self, whyNot: str | None) -> None:
        """Buttons and progress. whyNot: why nothing can be begun now, "" where it can; None for as it was."""
        ui = self.ui
        if whyNot is not None:
            self._whyNot = whyNot
        ui.severalButton.text = _("Cancel") if self.batch.isRunning else _("Segment all that are checked")
        ui.severalButton.enabled = self.batch.isRunning or (not self._whyNot and bool(self.chosen))
        tip = _("One after the other, as if each was chosen and segmented by itself.")
        ui.severalButton.toolTip = self._whyNot or tip
        ui.severalLabel.visible = self.batch.isRunning
        ui.severalLabel.text = batchText(self.batch.number, self.batch.count)
        ui.copySeveralButton.enabled = ui.saveSeveralButton.enabled = bool(self.volumeNodes)

    def _known(self, volumeNode):
        segmentationNode = self.segmentationOf(volumeNode)
        structures = structuresOf(segmentationNode) if segmentationNode else []
        why = self.batch.told.get(volumeNode.GetID(), "")
        if self.batch.isOn(volumeNode):
            word, color = _("Running"), COLORS["grey"]
        elif structures:
            word, color = overall(segmentationNode, self.target())
        else:
            word, color = (_("Not segmented") if why else "-"), COLORS["grey"]
        return Known(volumeNode.GetName(), tableOf(structures) if structures else [], word, color, why)

    def _onCollapsed(self, collapsed):
        self.fill()

    def _onCellChanged(self, row, column):
        if self._isFilling or column:
            return
        id = self.volumeNodes[row].GetID()
        isChecked = self.ui.severalTable.item(row, 0).checkState() == qt.Qt.Checked
        self._unchecked = self._unchecked - {id} if isChecked else self._unchecked | {id}
        self.showState(None)

    def _rows(self):
        return together(list(map(self._known, self.volumeNodes)), whole=True)

    def _onCopy(self):
        copyTable(self._rows())
        self.log(_("The volumes are on the clipboard."))

    def _onSave(self):
        saveTable(self._rows(), _("Save the volumes"), "volumes.csv", self.log)

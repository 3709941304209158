"""The part of the panel by which a result leaves Slicer: as a page for people, as DICOM SEG for other programs.

What is on the page is the business of `html_report`, what the export needs that of `dicom_export`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.files import write_bytes
from mednca.models.library import Library

from .dicom_export import exportDICOM, whyNoDICOM
from .html_report import reportOf
from .record import presentRuns, volumeOf
from .save_dialog import askForFile
from .sentences import sentenceText


class ResultFiles:
    """Two buttons. target() is the target Dice that the user chose, log(text) is called with what was done."""

    def __init__(self, ui: Any, library: Library, target: Callable[[], float], log: Callable[[str], None]):
        self.ui, self.library, self.target, self.log = ui, library, target, log
        self.node: slicer.vtkMRMLSegmentationNode | None = None
        ui.reportButton.connect("clicked(bool)", self._onReport)
        ui.dicomButton.connect("clicked(bool)", self._onDICOM)

    def follow(self, segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Offer what can be done with the results in a segmentation, or in none."""
        isThere = segmentationNode is not None and slicer.mrmlScene.IsNodePresent(segmentationNode)
        self.node = segmentationNode if isThere else None
        self.ui.reportButton.enabled = bool(self.node and volumeOf(self.node) and presentRuns(self.node))
        reason = whyNoDICOM(self.node)
        self.ui.dicomButton.enabled = not reason
        tip = _("Write the segments as DICOM SEG, and add them to the study in Slicer's DICOM database.")
        self.ui.dicomButton.toolTip = reason or tip

    def _onReport(self):
        name = fileName(_("{volume} report").format(volume=volumeOf(self.node).GetName())) + ".html"
        path = askForFile(_("Save the report"), name, _("Web pages (*.html)"))
        if not path:
            return
        models = [entry.description for entry in self.library.entries() if entry.description]
        try:
            write_bytes(path, reportOf(self.node, self.target(), models).encode("utf-8"))
        except MedNCAError as error:
            slicer.util.errorDisplay(_("The report was not saved: {why}").format(why=sentenceText(error)))
            return
        self.log(_("Report written to {path}.").format(path=path))
        if slicer.util.confirmYesNoDisplay(_("The report was written to {path}. Open it?").format(path=path)):
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(Path(path).absolute())))

    def _onDICOM(self):
        folder = qt.QFileDialog.getExistingDirectory(None, _("Export as DICOM into a folder"), "")
        if not folder:
            return
        try:
            exportDICOM(self.node, folder)
        except MedNCAError as error:
            slicer.util.errorDisplay(_("Nothing was exported: {why}").format(why=sentenceText(error)))
        else:
            told = _("DICOM SEG written into {folder}, and added to Slicer's DICOM database.")
            self.log(told.format(folder=folder))


def fileName(text: str) -> str:
    """A text as the name of a file, on every system."""
    return re.sub(r"[^\w .()-]+", "_", text).strip(" .") or "_"

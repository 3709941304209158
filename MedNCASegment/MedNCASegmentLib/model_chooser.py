"""The part of the panel that chooses a model: the list, what it says of each, terms, import and export.

What a model is, and whether it is whole, is the business of the engine's library.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from html import escape
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.models.description import Description
from mednca.models.library import Entry, Library

from .messages import modelText
from .save_dialog import askForFile
from .sentences import modelsText, sentenceText


@contextmanager
def _told(what):
    """A mistake that the user can do something about is told in a dialog, without a trace in the console."""
    try:
        yield
    except (MedNCAError, OSError) as error:
        slicer.util.errorDisplay(f"{what}\n\n{sentenceText(error)}")


def checkTerms(description: Description) -> None:
    """Raises MedNCAError where a model's terms are not accepted. They are asked for once."""
    name, terms, key = description.name, description.terms, f"MedNCA/Terms/{description.id}"
    settings = slicer.app.userSettings()
    if not terms or settings.value(key) == terms:
        return
    question = _("{model} may be used on these terms only:\n\n{terms}\n\nDo you accept them?")
    if not slicer.util.confirmOkCancelDisplay(question.format(model=name, terms=modelsText(terms))):
        raise MedNCAError(_("The terms of {model} were not accepted.").format(model=name))
    settings.setValue(key, terms)


class ModelChooser:
    """Works on the widgets of the panel. changed(id) is called when the user chooses another model."""

    def __init__(self, ui: Any, library: Library, changed: Callable[[str], None], log: Callable[[str], None]):
        self.ui, self.library, self.changed, self.log = ui, library, changed, log
        self._entries = {}
        ui.modelComboBox.connect("currentIndexChanged(int)", self._onChosen)
        ui.importButton.connect("clicked(bool)", self._onImport)
        ui.exportButton.connect("clicked(bool)", self._onExport)
        ui.modelFolderButton.connect("clicked(bool)", self._onFolder)
        self.fill()

    @property
    def entry(self) -> Entry | None:
        """The chosen one of the library, or None."""
        return self._entries.get(self.ui.modelComboBox.currentData)

    @property
    def isUsable(self) -> bool:
        """Whether a model is chosen that is not broken."""
        return self.entry is not None and self.entry.description is not None

    @property
    def description(self) -> Description | None:
        """Of the chosen model, where it is not broken."""
        return self.entry.description if self.entry else None

    @property
    def sides(self) -> int:
        """On how many sides of the body the chosen model's organ is."""
        return self.sidesOf(self.entry.id) if self.entry else 1

    def sidesOf(self, id: str) -> int:
        """The same of any model."""
        entry = self._entries.get(id)
        seeds = entry.description.seeds if entry and entry.description else ()
        return 2 if any(seed.side for seed in seeds) else 1

    def fill(self) -> None:
        """All models of the library; broken ones too, with the reason."""
        combo = self.ui.modelComboBox
        chosen = combo.currentData
        wasBlocked = combo.blockSignals(True)
        combo.clear()
        self._entries = {entry.id: entry for entry in self.library.entries()}
        for id, entry in self._entries.items():
            combo.addItem(entry.description.name if entry.description else _("{id} (broken)").format(id=id), id)
        self.select(chosen)
        combo.blockSignals(wasBlocked)  # not before: nobody chose

    def select(self, id: str | None) -> str | None:
        """Show a model as chosen; the first one where there is none of that id. Returns the id that is shown."""
        combo = self.ui.modelComboBox
        index = combo.findData(id) if id else -1
        combo.setCurrentIndex(max(index, 0) if self._entries else -1)
        self._show()
        return self.entry.id if self.entry else None

    def check(self) -> None:
        """Raises MedNCAError for a model that cannot be used, or whose terms are not accepted (asked once)."""
        if self.entry is None:
            raise MedNCAError(_("Choose a model first."))
        if self.entry.description is None:
            raise MedNCAError(self._problem)
        checkTerms(self.entry.description)

    @property
    def _problem(self) -> str:
        """Why the chosen one is broken."""
        problem = self.entry.problem if self.entry else None
        return sentenceText(problem) if problem else ""

    def _show(self):
        if self.entry is None:
            text = _("No models found.")
        elif self.entry.description is None:
            text = escape(self._problem)
        else:
            text = modelText(self.entry.description)
        self.ui.modelInfoLabel.text = text
        self.ui.exportButton.enabled = self.isUsable

    def _onChosen(self, index):
        self._show()
        if self.entry:
            self.changed(self.entry.id)

    def _onImport(self):
        path = qt.QFileDialog.getOpenFileName(None, _("Import a model"), "", _("Models (*.zip)"))
        if path:
            with _told(_("The model was not imported.")):
                entry = self.library.import_model(path)
                self.fill()
                self.select(entry.id)
                self.changed(entry.id)
                self.log(_("Model {id} imported.").format(id=entry.id))

    def _onExport(self):
        path = askForFile(_("Export the model"), f"{self.entry.id}.zip", _("Models (*.zip)"))
        if path:
            with _told(_("The model was not exported.")):
                self.library.export_model(self.entry.id, path, replace=True)  # the dialog asked
                self.log(_("Model written to {path}.").format(path=path))

    def _onFolder(self):
        self.library.user.mkdir(parents=True, exist_ok=True)
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.library.user)))

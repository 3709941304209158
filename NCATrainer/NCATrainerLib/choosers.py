"""The panel's lists: what a training starts from, the time that there is, and the trainings that are there. They show;
they decide nothing."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import qt
from slicer.i18n import tr as _

from mednca.models.library import Entry
from mednca.nca.families import planned_families
from mednca_train.run_folder import RunState, RunSummary

from .messages import familyText, runText


class StartChooser:
    """What a training starts from: a new model of a family, or one that is fine-tuned."""

    def __init__(self, combo: qt.QComboBox):
        self.combo = combo

    @property
    def chosen(self) -> str | None:
        """The family, or the model's id."""
        return self.combo.currentData

    def fill(self, entries: list[Entry]) -> None:
        """entries: models of the library; broken ones are left out. What was chosen stays so."""
        chosen = self.chosen
        with _silently(self.combo):
            self.combo.clear()
            for family in planned_families():
                self.combo.addItem(familyText(family), family)
            for entry in entries:
                if entry.description:
                    self.combo.addItem(_("Fine-tune {name}").format(name=entry.description.name), entry.id)
        self.choose(chosen)

    def choose(self, start: str | None) -> bool:
        """Show a start as chosen; the first one, and False, where there is none of that name."""
        index = self.combo.findData(start)
        with _silently(self.combo):
            self.combo.setCurrentIndex(max(index, 0))
        return index >= 0


class TimeChooser:
    """The time that there is for a new model, in hours; 0 for as long as it takes."""

    def __init__(self, combo: qt.QComboBox):
        self.combo = combo
        with _silently(combo):
            for text, hours in (
                (_("as long as it takes"), 0.0),
                (_("30 minutes"), 0.5),
                (_("1 hour"), 1.0),
                (_("overnight, 10 hours"), 10.0),
            ):
                combo.addItem(text, hours)

    @property
    def chosen(self) -> float:
        return self.combo.currentData

    def choose(self, hours: float) -> None:
        """Show a time as chosen; one that is none of the list is added."""
        with _silently(self.combo):
            if self.combo.findData(hours) < 0:
                self.combo.addItem(_("{n} hours").format(n=f"{hours:g}"), hours)
            self.combo.setCurrentIndex(self.combo.findData(hours))


class RunChooser:
    """The trainings that are there, with the buttons to go on with one, or to delete it."""

    def __init__(self, combo: qt.QComboBox, resumeButton: qt.QPushButton, deleteButton: qt.QPushButton):
        self.combo, self.resumeButton, self.deleteButton = combo, resumeButton, deleteButton
        self._runs: list[RunSummary] = []
        self._latest: Path | None = None
        combo.connect("currentIndexChanged(int)", self._onChosen)

    @property
    def chosen(self) -> RunSummary | None:
        index = self.combo.currentIndex
        return self._runs[index] if 0 <= index < len(self._runs) else None

    def show(self, runs: list[RunSummary], latest: Path | None) -> None:
        """What was chosen stays so, until another training than before is the latest.

        Args:
            runs: in their order.
            latest: the folder of the training that ran last, if one did.
        """
        chosen = self.chosen.folder if self.chosen else None
        if latest not in (None, self._latest):
            chosen = self._latest = latest
        folders = [run.folder for run in runs]
        with _silently(self.combo):
            if runs != self._runs:
                self._runs = runs
                self.combo.clear()
                for run in runs:
                    self.combo.addItem(runText(run))
            self.combo.setCurrentIndex(folders.index(chosen) if chosen in folders else 0)
        self._onChosen()

    def setEnabled(self, isIdle: bool) -> None:
        """While something is done, nothing can be chosen. Without any training there is nothing to see."""
        for widget in (self.combo, self.resumeButton, self.deleteButton):
            widget.visible, widget.enabled = bool(self._runs), bool(self._runs) and isIdle

    def _onChosen(self, index=None) -> None:
        isDone = self.chosen is not None and self.chosen.state == RunState.DONE
        self.resumeButton.text = _("Open") if isDone else _("Resume")


@contextmanager
def _silently(widget):
    """Nobody hears of what the program itself does to a widget."""
    wasBlocked = widget.blockSignals(True)
    try:
        yield
    finally:
        widget.blockSignals(wasBlocked)

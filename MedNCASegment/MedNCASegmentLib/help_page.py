"""A module's help page: it comes with the module, to be read without a network, and each section has a link to it."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _


class HelpPage:
    """An HTML file with named anchors, in a window of its own."""

    def __init__(self, path: str | Path):
        self.path = _translated(Path(path))
        self._dialog = self._browser = None

    def addLink(self, layout: qt.QLayout, anchor: str) -> qt.QLabel:
        """A link to an anchor at the end of a section, whose layout is a column or a form."""
        link = qt.QLabel(f'<a href="{anchor}">' + _("Help") + "</a>")
        link.alignment = qt.Qt.AlignRight
        link.textInteractionFlags = qt.Qt.TextBrowserInteraction  # by the keyboard, too
        link.toolTip = _("What this section is for.")
        link.connect("linkActivated(QString)", self.show)
        if layout.inherits("QFormLayout"):
            layout.addRow(link)
        else:
            layout.addWidget(link)
        return link

    def show(self, anchor: str) -> None:
        """Open the page at an anchor; the window stays while the module is used."""
        if self._dialog is None:
            self._make()
        url = qt.QUrl.fromLocalFile(str(self.path))
        url.setFragment(anchor)
        self._browser.setSource(url)
        self._dialog.show()
        self._dialog.raise_()

    def close(self) -> None:
        """For good."""
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = self._browser = None

    def _make(self):
        self._dialog = qt.QDialog(slicer.util.mainWindow())
        self._dialog.windowTitle = _("Help")
        self._dialog.resize(520, 640)
        self._browser = qt.QTextBrowser(self._dialog)
        self._browser.openExternalLinks = True
        layout = qt.QVBoxLayout(self._dialog)
        layout.addWidget(self._browser)


def _translated(path):
    """The page in the application's language, as NAME.de.html, where there is one."""
    language = str(slicer.app.applicationLocaleName).split("_")[0]
    other = path.with_suffix(f".{language}.html")
    return other if other.is_file() else path

"""Where the user wants a file to go."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _


def askForFile(title: str, name: str, kind: str) -> str:
    """Ask where to write a file. Qt's own dialog, as on Linux, adds no suffix, and has not asked then about the file
    with it.

    Args:
        title: of the dialog.
        name: that it proposes; the file gets its suffix.
        kind: what the dialog shows, such as "Tables (*.csv)".

    Returns:
        The path, which may be written over; "" where the user does not want to.
    """
    path, suffix = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name, kind), Path(name).suffix
    if not path or Path(path).suffix.lower() == suffix:
        return path
    path += suffix
    question = _("{path} is there already. Replace it?").format(path=path)
    return path if not Path(path).exists() or slicer.util.confirmYesNoDisplay(question) else ""

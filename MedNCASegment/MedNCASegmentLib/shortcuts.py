"""Keys of the module, as long as it is open. What they do is the panel's business.

Slicer's slice views have keys of their own, which one of these would take away: B, F, G, R, T, V and the brackets.
"""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer


class Shortcuts:
    """Letters of Slicer's main window.

    A list, a table or a tree that has the focus looks a letter up and keeps it. actions: by letter, what is called;
    ours: a table that does not.
    """

    def __init__(self, actions: dict[str, Callable[[], None]], ours: qt.QTableWidget):
        self.actions, self.ours = actions, ours
        self.shortcuts: list = []

    def install(self) -> None:
        """From now on; without a main window (a script, a test) there are none."""
        window = slicer.util.mainWindow()
        if self.shortcuts or window is None:
            return
        for key, action in self.actions.items():
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.connect("activated()", lambda key=key, action=action: self._onPressed(key, action))
            self.shortcuts.append(shortcut)

    def _onPressed(self, key, action):
        focused = qt.QApplication.focusWidget()  # PythonQt's classes do not know which ones they inherit
        isList = focused is not None and (focused.inherits("QComboBox") or focused.inherits("QAbstractItemView"))
        if isList and focused != self.ours:
            event = qt.QKeyEvent(qt.QEvent.KeyPress, ord(key), qt.Qt.NoModifier, key.lower())
            qt.QApplication.sendEvent(focused, event)
        else:
            action()

    def remove(self) -> None:
        """Another module may have keys of its own."""
        for shortcut in self.shortcuts:
            shortcut.disconnect("activated()")
            shortcut.setParent(None)
        gone, self.shortcuts = self.shortcuts, []
        qt.QTimer.singleShot(0, gone.clear)  # not within the signal of one of them, as of E, which leaves the module

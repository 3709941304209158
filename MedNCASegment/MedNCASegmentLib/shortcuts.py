"""Keys of the module, as long as it is open. What they do is the panel's business.

Slicer's slice views have keys of their own, which one of these would take away: B, F, G, R, T, V and the brackets.
"""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer


class Shortcuts:
    """Keys of Slicer's main window. actions: by key, as QKeySequence has it, what is called."""

    def __init__(self, actions: dict[str, Callable[[], None]]):
        self.actions = actions
        self.shortcuts: list = []

    def install(self) -> None:
        """From now on; without a main window (a script, a test) there are none."""
        window = slicer.util.mainWindow()
        if self.shortcuts or window is None:
            return
        for key, action in self.actions.items():
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.connect("activated()", action)
            self.shortcuts.append(shortcut)

    def remove(self) -> None:
        """Another module may have keys of its own."""
        for shortcut in self.shortcuts:
            shortcut.disconnect("activated()")
            shortcut.setParent(None)
        self.shortcuts = []

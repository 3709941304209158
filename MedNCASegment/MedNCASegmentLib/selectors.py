"""Slicer's node selectors: what is removed from the scene leaves none chosen in ours.

By themselves they choose the next one of their list, which may be another patient's.
"""

from __future__ import annotations

from collections.abc import Iterable

import slicer


def letGo(selectors: Iterable[slicer.qMRMLNodeComboBox], node: slicer.vtkMRMLNode) -> None:
    """Choose none where a node is chosen that is about to be removed: before the selectors hear of it, as Slicer's do
    after everybody else."""
    for selector in selectors:
        if selector.currentNode() is node:
            selector.setCurrentNode(None)

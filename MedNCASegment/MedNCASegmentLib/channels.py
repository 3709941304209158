"""The further channels of a volume: other volumes of the scene that show the same body in the same place, as an ADC map
does beside a T2-weighted image.

They are node references of the volume, so that they are saved with the scene, and whatever is done with the volume is
done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from mednca.models.description import Description

_ROLE = "MedNCA.channel."  # and its number, from 1


def channelsOf(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """A volume and its further channels, in their order, up to the first one that is not chosen."""
    channels = [volumeNode]
    while volumeNode and (channel := volumeNode.GetNodeReference(f"{_ROLE}{len(channels)}")):
        channels.append(channel)
    return channels


def secondChannelOf(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The first of its further channels, or None."""
    return next(iter(channelsOf(volumeNode)[1:]), None) if volumeNode else None


def setChannel(
    volumeNode: slicer.vtkMRMLScalarVolumeNode, number: int, channel: slicer.vtkMRMLScalarVolumeNode | None
) -> None:
    """Choose a further channel of a volume, or none. number: from 1."""
    volumeNode.SetNodeReferenceID(f"{_ROLE}{number}", channel.GetID() if channel else None)


def copyChannels(source: slicer.vtkMRMLScalarVolumeNode, target: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Let a volume have the further channels of another one."""
    for number, channel in enumerate(channelsOf(source)[1:], start=1):
        setChannel(target, number, channel)


def whatLacks(volumeNode: slicer.vtkMRMLScalarVolumeNode | None, model: Description | None) -> str:
    """A sentence where a volume has not all channels that a model needs; otherwise ""."""
    if volumeNode is None or model is None:
        return ""
    names, count = model.preprocessing.channels, len(channelsOf(volumeNode))
    return _("Choose the volume of the channel {name} first.").format(name=names[count]) if count < len(names) else ""


class ChannelChooser:
    """A selector for each further channel of the chosen model's, in a widget with a form. changed() is called when the
    user chooses a volume."""

    def __init__(self, widget: qt.QWidget, changed: Callable[[], None]):
        self.widget, self.changed = widget, changed
        self._rows: list[tuple[qt.QLabel, Any]] = []
        self._volumeNode, self._isShowing = None, False

    @property
    def selectors(self) -> list[slicer.qMRMLNodeComboBox]:
        """Those that there are."""
        return [selector for _label, selector in self._rows]

    def follow(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None, model: Description | None) -> None:
        """Show the channels of a volume, as far as a model needs them."""
        self._volumeNode = volumeNode
        names = model.preprocessing.channels[1:] if volumeNode and model else ()
        while len(self._rows) < len(names):
            self._addRow()
        self._isShowing = True
        for number, (label, selector) in enumerate(self._rows, start=1):
            isNeeded = number <= len(names)
            label.visible = selector.visible = isNeeded
            # One out of sight keeps no node, whose removal would take the channel of the volume that is chosen now.
            node = volumeNode.GetNodeReference(f"{_ROLE}{number}") if isNeeded else None
            selector.setCurrentNode(node)
            if isNeeded:
                label.text = f"{names[number - 1]}:"
        self._isShowing = False
        self.widget.visible = bool(names)

    def _addRow(self) -> None:
        number, label, selector = len(self._rows) + 1, qt.QLabel(), slicer.qMRMLNodeComboBox()
        selector.objectName = f"channelSelector{number}"
        selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        selector.addEnabled = selector.removeEnabled = selector.showChildNodeTypes = False
        selector.noneEnabled = True
        selector.toolTip = _("Another image of the same body in the same place, which this model needs, too.")
        selector.setMRMLScene(slicer.mrmlScene)
        selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self._onChosen(number, node))
        self.widget.layout().addRow(label, selector)
        self._rows.append((label, selector))

    def _onChosen(self, number: int, node: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        if self._volumeNode and not self._isShowing:
            setChannel(self._volumeNode, number, node)
            self.changed()

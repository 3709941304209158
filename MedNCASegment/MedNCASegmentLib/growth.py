"""How one run grew, as a sequence of Slicer's Sequences module: a volume over the image that changes step by step.

A volume has one growth at most: the browser, the sequence and the volume that is seen refer to it (`record.volumeOf`),
and go together.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import qt
import SimpleITK as sitk
import slicer
import vtk
from slicer.i18n import tr as _

from .record import VOLUME_ROLE, volumeOf
from .review import hideOverlay, isOver, showOverlay
from .volumes import imageDataFromArray, matrixToWorld

SHOWN_FROM = 10  # percent; what is less likely is not seen
_OPACITY = 0.6
_RATE = 4.0  # steps a second
_CLASSES = ("vtkMRMLSequenceBrowserNode", "vtkMRMLSequenceNode", "vtkMRMLScalarVolumeNode")
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from LPS, and back


def addGrowth(
    volumeNode: slicer.vtkMRMLScalarVolumeNode, image: sitk.Image, levels: Iterable[int]
) -> slicer.vtkMRMLSequenceBrowserNode:
    """Put a growth into the scene, in place of an earlier one of the volume.

    Args:
        volumeNode: that was segmented.
        image: of `mednca.growth.Growth`: percent, in world space, of i, j, k and the steps.
        levels: its levels.

    Returns:
        The browser that plays it.
    """
    removeGrowth(volumeNode)
    name, frames = volumeNode.GetName(), sitk.GetArrayFromImage(image)
    sequenceNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", _("{name} steps").format(name=name))
    sequenceNode.SetIndexName(_("step"))
    sequenceNode.SetIndexUnit("")
    for number, (frame, level) in enumerate(zip(frames, levels, strict=True), start=1):
        step = slicer.vtkMRMLScalarVolumeNode()
        step.SetName(_("step {number}, level {level}").format(number=number, level=level + 1))
        step.SetAndObserveImageData(imageDataFromArray(frame))
        step.SetIJKToRASMatrix(_placeIn(volumeNode, image))
        sequenceNode.SetDataNodeAtValue(step, str(number))
    browserNode = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSequenceBrowserNode", _("How {name} grew").format(name=name)
    )
    browserNode.SetAndObserveMasterSequenceNodeID(sequenceNode.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browserNode)
    seen = _seenOf(browserNode)
    seen.SetName(slicer.mrmlScene.GenerateUniqueName(_("{name} growing").format(name=name)))
    seen.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    _setDisplay(seen)
    for node in (browserNode, sequenceNode, seen):
        node.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())
    return browserNode


def play(browserNode: slicer.vtkMRMLSequenceBrowserNode) -> None:
    """Lay a growth over the image and play it once, in the toolbar of the Sequences module; the last step stays."""
    showOverlay(_seenOf(browserNode), _OPACITY)
    slicer.modules.sequences.showSequenceBrowser(browserNode)
    browserNode.SetPlaybackLooped(False)
    browserNode.SetPlaybackItemSkippingEnabled(False)
    browserNode.SetPlaybackRateFps(_RATE)
    browserNode.SetSelectedItemNumber(0)
    browserNode.SetPlaybackActive(True)
    tag = browserNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: _onPlayed(caller, tag))


def _onPlayed(browserNode, tag):
    """Slicer goes back to the first step at the end; whoever stopped it before that stays where it was stopped."""
    if not browserNode.GetPlaybackActive():
        browserNode.RemoveObserver(tag)
        qt.QTimer.singleShot(0, lambda: browserNode.GetSelectedItemNumber() or browserNode.SelectLastItem())


def growthOf(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLSequenceBrowserNode | None:
    """The browser of a volume's growth, or None."""
    return next((node for node in _growths() if volumeNode and volumeOf(node) is volumeNode), None)


def removeGrowth(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Take a volume's growth out of the scene, if there is one."""
    _remove(lambda owner: owner is volumeNode)


def removeOrphans() -> None:
    """Take out what is left of growths of volumes that are not in the scene any more."""
    _remove(lambda owner: owner is None)


def _remove(isMeant):
    nodes = [node for name in _CLASSES for node in slicer.util.getNodesByClass(name) if isGrowth(node)]
    for node in nodes:
        if isMeant(volumeOf(node)) and slicer.mrmlScene.IsNodePresent(node):
            hideOverlay(node)
            slicer.mrmlScene.RemoveNode(node)


def hideOthers(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> None:
    """Stop, and take out of the slice views, what is of another volume; stop what nobody sees."""
    for browserNode in _growths():
        seen = _seenOf(browserNode)
        if seen and volumeOf(browserNode) is not volumeNode:
            hideOverlay(seen)
        if browserNode.GetPlaybackActive() and not (seen and isOver(seen)):
            browserNode.SetPlaybackActive(False)


def isGrowth(node: slicer.vtkMRMLNode) -> bool:
    """Whether a browser, a sequence or a volume is of a growth."""
    return bool(node.GetNodeReferenceID(VOLUME_ROLE))


def _growths():
    return [node for node in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode") if isGrowth(node)]


def _seenOf(browserNode):
    return browserNode.GetProxyNode(browserNode.GetMasterSequenceNode())


def _placeIn(volumeNode, image):
    """IJK to RAS, in the volume's own space: under the same transform the growth lies where the image does."""
    world = np.eye(4)
    world[:3, :3] = np.array(image.GetDirection()).reshape(4, 4)[:3, :3] * image.GetSpacing()[:3]
    world[:3, 3] = image.GetOrigin()[:3]
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((np.linalg.inv(matrixToWorld(volumeNode)) @ _RAS @ world).ravel().tolist())
    return matrix


def _setDisplay(node):
    """From cyan to green, no color of a bundled segment or of the variance; what is unlikely is not seen."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeWarm3")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 100)
    display.SetThreshold(SHOWN_FROM, 100)
    display.ApplyThresholdOn()
    display.SetInterpolate(False)  # each cell is seen

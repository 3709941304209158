"""Which image the slice views show: asked, set, and watched. What lies over it is the business of `review`."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from .record import isImage


class SliceViews(VTKObservationMixin):
    """changed() is called, from the event loop, after what any slice view shows has changed."""

    def __init__(self, changed: Callable[[], None]):
        VTKObservationMixin.__init__(self)
        self._soon = qt.QTimer()  # the views change one after another, and perhaps in the middle of a scene's loading
        self._soon.setSingleShot(True)
        self._soon.connect("timeout()", changed)
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.NodeAddedEvent, self._onNodeAdded)
        for composite in compositeNodes():
            self._watch(composite)

    def cleanup(self) -> None:
        """Watch no more."""
        self._soon.stop()
        self.removeObservers()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAdded(self, caller, event, node):
        """Another layout may bring more views."""
        if node.IsA("vtkMRMLSliceCompositeNode"):
            self._watch(node)

    def _watch(self, composite):
        self.addObserver(composite, vtk.vtkCommand.ModifiedEvent, self._onModified)

    def _onModified(self, caller, event):
        self._soon.start(0)


def compositeNodes() -> list[slicer.vtkMRMLSliceCompositeNode]:
    """What each slice view shows, layer by layer."""
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def shownImage() -> slicer.vtkMRMLScalarVolumeNode | None:
    """The image that all slice views show which show any; None where they differ."""
    ids = {composite.GetBackgroundVolumeID() for composite in compositeNodes()} - {None}
    node = slicer.mrmlScene.GetNodeByID(ids.pop()) if len(ids) == 1 else None
    return node if isImage(node) else None


def shownImages() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The images that slice views show, in the order of the views."""
    ids = dict.fromkeys(composite.GetBackgroundVolumeID() for composite in compositeNodes())
    return [node for id in ids if id and isImage(node := slicer.mrmlScene.GetNodeByID(id))]


def imageUnderMouse() -> slicer.vtkMRMLScalarVolumeNode | None:
    """The image of the slice view that the mouse is in; None where it is in none, or the view shows no image."""
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    sliceNode = crosshair.GetCursorPositionXYZ([0.0, 0.0, 0.0]) if crosshair else None
    logic = slicer.app.applicationLogic().GetSliceLogic(sliceNode) if sliceNode else None
    id = logic.GetSliceCompositeNode().GetBackgroundVolumeID() if logic else None
    node = slicer.mrmlScene.GetNodeByID(id) if id else None
    return node if isImage(node) else None


def showImage(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """In all slice views, as Slicer's segmentation modules do when a volume is chosen."""
    hasVoxels = volumeNode.GetImageData() is not None
    if hasVoxels and any(each.GetBackgroundVolumeID() != volumeNode.GetID() for each in compositeNodes()):
        slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)

"""Reviewing a result: the variance overlay and its legend, the views moved to a place, and the way to the editor.

What belongs to another volume than the chosen one is hidden here, too. Only the foreground layer of the slice views is
used; the window of the background is the user's.
"""

from __future__ import annotations

import contextlib

import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.quality.hotspots import Hotspot
from mednca.result import VARIANCE_LIMIT

from .contents import voxelsOf
from .record import PROBABILITY_ROLE, VARIANCE_ROLE, ownResults, volumeOf
from .slice_views import compositeNodes
from .volumes import matrixToWorld

_HIDDEN = "MedNCA.Hidden"  # says of a node that it was hidden here, and not by the user
# Of a slice view, as references and an attribute of its composite node, so that scenes keep them: what was laid over
# the image here, and what the user had in the foreground before.
_OVERLAY, _BEFORE, _OPACITY = "MedNCA.overlay", "MedNCA.before", "MedNCA.Opacity"


def showOverlay(node: slicer.vtkMRMLScalarVolumeNode, opacity: float) -> None:
    """The variance, or a growth, as the foreground of all slice views."""
    for composite in compositeNodes():
        _remember(composite)
        composite.SetNodeReferenceID(_OVERLAY, node.GetID())
    slicer.util.setSliceViewerLayers(foreground=node, foregroundOpacity=opacity)


def _remember(composite):
    """What the user has in the foreground now, unless that is an overlay."""
    shown = composite.GetForegroundVolumeID()
    if shown is None or shown != composite.GetNodeReferenceID(_OVERLAY):
        composite.SetNodeReferenceID(_BEFORE, shown)
        composite.SetAttribute(_OPACITY, str(composite.GetForegroundOpacity()))


def hideOverlay(node: slicer.vtkMRMLScalarVolumeNode, isBack: bool = True) -> None:
    """Take it out of the slice views that show it. isBack: what the user had there before comes back."""
    for composite in compositeNodes():
        if composite.GetForegroundVolumeID() == node.GetID():
            composite.SetForegroundVolumeID(composite.GetNodeReferenceID(_BEFORE) if isBack else None)
            if opacity := composite.GetAttribute(_OPACITY):
                composite.SetForegroundOpacity(float(opacity))
            for role in (_OVERLAY, _BEFORE):
                composite.SetNodeReferenceID(role, None)
            composite.RemoveAttribute(_OPACITY)


def isOver(node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether a slice view shows a volume as its foreground."""
    return any(composite.GetForegroundVolumeID() == node.GetID() for composite in compositeNodes())


def setThreshold(varianceNode: slicer.vtkMRMLScalarVolumeNode, threshold: float) -> None:
    """Hide what is less uncertain than the threshold."""
    varianceNode.GetDisplayNode().SetThreshold(threshold, VARIANCE_LIMIT)


def setLegend(varianceNode: slicer.vtkMRMLScalarVolumeNode, visible: bool) -> None:
    """The color legend of the overlay, where Slicer has legends: a small one, in one view."""
    colors = slicer.modules.colors.logic()
    legend = colors.GetColorLegendDisplayNode(varianceNode)
    if legend is None and visible:
        legend = colors.AddDefaultColorLegendDisplayNode(varianceNode)
        legend.SetTitleText(_("Unsure"))
        legend.SetSize(0.05, 0.2)
        legend.SetPosition(0.97, 0.03)
        legend.SetLabelFormat("%.2f")
        legend.SetNumberOfLabels(2)
        legend.AddViewNodeID(_firstView())
    if legend is not None:
        legend.SetVisibility(visible)


def _firstView():
    """The ID of the axial view, as most layouts have it; otherwise of any slice view."""
    views = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    axial = [view for view in views if view.GetName() == "Red"]
    return (axial or views)[0].GetID()


def showOnly(volumeNode: slicer.vtkMRMLScalarVolumeNode, clicks: list[slicer.vtkMRMLMarkupsFiducialNode]) -> None:
    """Put the results and clicks of other volumes out of sight, and bring back those of this one.

    clicks: all markups nodes of clicks. What the user hid stays hidden.
    """
    for node in (*ownResults(), *clicks):
        if volumeOf(node) is volumeNode:
            _unhide(node)
        else:
            hide(node)


def hide(node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """A segmentation with its maps, or clicks, until `showOnly` brings them back."""
    if node.GetDisplayVisibility():
        node.SetDisplayVisibility(False)
        node.SetAttribute(_HIDDEN, "1")
    for role in (VARIANCE_ROLE, PROBABILITY_ROLE):
        mapNode = node.GetNodeReference(role)
        if mapNode:
            hideOverlay(mapNode, isBack=False)  # what the user saw with one person does not go over another
            setLegend(mapNode, False)


def _unhide(node):
    if node.GetAttribute(_HIDDEN):
        node.SetDisplayVisibility(True)
        node.RemoveAttribute(_HIDDEN)


def jumpTo(position: tuple[float, float, float]) -> None:
    """Move all slice views to a point (world RAS mm), in their middle, and the crosshair with them."""
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair:
        crosshair.SetCrosshairRAS(list(position))
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *position, slicer.vtkMRMLSliceNode.CenteredJumpSlice)


def editInSegmentEditor(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    hotspot: Hotspot | None = None,
) -> None:
    """Switch to Slicer's Segment Editor, with this segmentation over this volume, and with the segment nearest to a
    hotspot, if there is one, as the one to be painted."""
    slicer.util.selectModule("SegmentEditor")
    editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
    editor.setSegmentationNode(segmentationNode)
    editor.setSourceVolumeNode(volumeNode)
    nearest = None
    if hotspot:
        with contextlib.suppress(MedNCAError):  # under a transform that is not linear nobody knows
            nearest = nearestSegment(segmentationNode, hotspot.position)
    if nearest:
        editor.setCurrentSegmentID(nearest)
        editor.setActiveEffectByName("Paint")


def nearestSegment(
    segmentationNode: slicer.vtkMRMLSegmentationNode, position: tuple[float, float, float]
) -> str | None:
    """The ID of the segment whose voxels lie nearest to a point (world RAS mm); None without any."""
    segmentation, toWorld = segmentationNode.GetSegmentation(), matrixToWorld(segmentationNode)
    best = (float("inf"), None)
    for number in range(segmentation.GetNumberOfSegments()):
        voxels = voxelsOf(segmentation.GetNthSegment(number))
        if voxels is not None:
            best = min(best, (voxels.distanceTo(position, toWorld), segmentation.GetNthSegmentID(number)))
    return best[1]

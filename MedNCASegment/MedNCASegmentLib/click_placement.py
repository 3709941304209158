"""Clicks of the user: a markups node for each volume, Slicer's place mode, and word of each new point.

What is done at a point is the panel's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from mednca.axes import triple

from .record import VOLUME_ROLE, volumeOf

_CLICKS = "MedNCA.Clicks"  # says of a markups node that it is for clicks of ours


class Point(NamedTuple):
    """A control point. id: (ID of its markups node, ID in there); position: world RAS mm."""

    id: tuple[str, str]
    position: tuple[float, float, float]


class ClickPlacement(VTKObservationMixin):
    """Keeps the place button and Slicer's place mode in step.

    placed(points) is called after each click, removed(ids) when points are gone.
    """

    def __init__(
        self, button: qt.QPushButton, placed: Callable[[list[Point]], None], removed: Callable[[set[tuple]], None]
    ):
        VTKObservationMixin.__init__(self)
        self.button, self.placed, self.removed = button, placed, removed
        self.node = None
        self._pointEvents = VTKObservationMixin()
        self._known: dict[str, set] = {}  # ID of a markups node -> ids of its points
        self._persistence = None  # of Slicer's place mode, as it was before ours
        interaction, selection = _interactionNode(), _selectionNode()
        self.addObserver(interaction, interaction.InteractionModeChangedEvent, self._onModeChanged)
        self.addObserver(selection, selection.ActivePlaceNodeIDChangedEvent, self._onModeChanged)

    def follow(self, node: slicer.vtkMRMLMarkupsFiducialNode | None) -> None:
        """Watch a markups node, or none. Points that are there already are not reported."""
        if node is self.node:
            return
        self._pointEvents.removeObservers()  # all at once: removed one by one they would keep the node in memory
        self.node = node
        if node:
            self._forgetGone()
            self._known[node.GetID()] = {point.id for point in pointsOf(node)}
            self._pointEvents.addObserver(node, node.PointPositionDefinedEvent, self._onDefined)
            self._pointEvents.addObserver(node, node.PointRemovedEvent, self._onRemoved)

    def start(self) -> None:
        """Slicer's place mode, for points of the node that is followed, until it is ended."""
        selection, interaction = _selectionNode(), _interactionNode()
        selection.SetReferenceActivePlaceNodeClassName(self.node.GetClassName())
        selection.SetActivePlaceNodeID(self.node.GetID())
        if self._persistence is None:
            self._persistence = interaction.GetPlaceModePersistence()
        interaction.SetPlaceModePersistence(1)
        interaction.SetCurrentInteractionMode(interaction.Place)
        self._onModeChanged(None, None)  # perhaps all of it was so before, and nobody called

    def add(self, node: slicer.vtkMRMLMarkupsFiducialNode, position: tuple[float, float, float], name: str) -> Point:
        """A point of a markups node, where nobody clicked (world RAS mm): it is not reported as placed."""
        index = node.AddControlPointWorld(vtk.vtkVector3d(*position), name)
        point = next(point for point in pointsOf(node) if point.id[1] == node.GetNthControlPointID(index))
        self._known.setdefault(node.GetID(), set()).add(point.id)
        return point

    def stop(self) -> None:
        """Only our own placing; another module's is its own business, and does not go into our markups node."""
        if self._isPlacing():
            interaction = _interactionNode()
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
        if self._isActive():
            _selectionNode().SetActivePlaceNodeID(None)
        self.button.checked = False

    def cleanup(self) -> None:
        """Watch no more."""
        self.stop()
        self.follow(None)
        self.removeObservers()

    def _onModeChanged(self, caller, event):
        """Ours was begun, or ended: by the button, by a right click or Escape, or as another module places."""
        self.button.checked = self._isPlacing()
        if not self._isPlacing() and self._persistence is not None:
            before, self._persistence = self._persistence, None
            _interactionNode().SetPlaceModePersistence(before)

    def _isActive(self):
        return self.node is not None and _selectionNode().GetActivePlaceNodeID() == self.node.GetID()

    def _isPlacing(self):
        interaction = _interactionNode()
        return self._isActive() and interaction.GetCurrentInteractionMode() == interaction.Place

    def _onDefined(self, caller, event):
        """The markups node is still busy with the click: report once it is done."""
        qt.QTimer.singleShot(0, self._report)

    def _onRemoved(self, caller, event):
        self._forgetGone()

    def _forgetGone(self):
        """Ids of points that are gone are given away again."""
        known = self._known.get(self.node.GetID(), set())
        gone = known - {point.id for point in pointsOf(self.node)}
        known -= gone
        if gone:
            self.removed(gone)

    def _report(self):
        if self.node:
            known = self._known[self.node.GetID()]
            new = [point for point in pointsOf(self.node) if point.id not in known]
            known |= {point.id for point in new}
            if new:
                self.placed(new)


def createClicks(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLMarkupsFiducialNode:
    """A markups node for clicks on a volume."""
    name = slicer.mrmlScene.GenerateUniqueName(_("{volume} clicks").format(volume=volumeNode.GetName()))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetPointLabelsVisibility(False)
    _mark(node, volumeNode)
    return node


def adoptClicks(
    node: slicer.vtkMRMLMarkupsFiducialNode | None, volumeNode: slicer.vtkMRMLScalarVolumeNode | None
) -> None:
    """Scenes of before kept one markups node for all: its clicks belong to the volume that was chosen last."""
    if node and volumeNode and not node.GetAttribute(_CLICKS):
        _mark(node, volumeNode)


def _mark(node, volumeNode):
    node.SetAttribute(_CLICKS, "1")
    node.SetNodeReferenceID(VOLUME_ROLE, volumeNode.GetID())


def allClicks() -> list[slicer.vtkMRMLMarkupsFiducialNode]:
    """The markups nodes of clicks, of all volumes."""
    return [node for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode") if node.GetAttribute(_CLICKS)]


def clicksOf(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLMarkupsFiducialNode | None:
    """The markups node of the clicks on a volume, or None."""
    return next((node for node in allClicks() if volumeNode and volumeOf(node) is volumeNode), None)


def pointsOf(node: slicer.vtkMRMLMarkupsFiducialNode) -> list[Point]:
    """All points of a markups node that have a position."""
    points = []
    for n in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(n) == node.PositionDefined:
            position = [0.0, 0.0, 0.0]
            node.GetNthControlPointPositionWorld(n, position)
            points.append(Point((node.GetID(), node.GetNthControlPointID(n)), triple(position)))
    return points


def removePoints(points: Iterable[Point]) -> None:
    """From their markups nodes, as far as they are still there."""
    for (nodeID, id), _position in points:
        node = slicer.mrmlScene.GetNodeByID(nodeID)
        index = node.GetNthControlPointIndexByID(id) if node else -1
        if index >= 0:
            node.RemoveNthControlPoint(index)


def _interactionNode():
    return slicer.app.applicationLogic().GetInteractionNode()


def _selectionNode():
    return slicer.app.applicationLogic().GetSelectionNode()

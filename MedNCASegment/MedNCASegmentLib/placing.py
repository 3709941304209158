"""Clicks of the user: a markups node, Slicer's place mode, and word of each new point.

A point is (control point id, world RAS mm).
"""

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin


class Placer(VTKObservationMixin):
    """Keeps the place button and Slicer's place mode in step.

    placed(points) is called after each click, removed(ids) when points are gone: their ids are given away again.
    """

    def __init__(self, button, placed, removed):
        VTKObservationMixin.__init__(self)
        self.button, self.placed, self.removed = button, placed, removed
        self.node = None
        self._known = set()
        interaction = _interactionNode()
        self.addObserver(interaction, interaction.InteractionModeChangedEvent, self._onModeChanged)

    def follow(self, node):
        """Watch a markups node, or none. Points that are there already are not reported."""
        if node is self.node:
            return
        if self.node:
            self.removeObserver(self.node, self.node.PointPositionDefinedEvent, self._onDefined)
            self.removeObserver(self.node, self.node.PointRemovedEvent, self._onRemoved)
            gone, self._known = self._known, set()
            self.removed(gone)  # another node counts its points from 1 again
        self.node = node
        if node:
            self._known = {id for id, _position in pointsOf(node)}
            self.addObserver(node, node.PointPositionDefinedEvent, self._onDefined)
            self.addObserver(node, node.PointRemovedEvent, self._onRemoved)

    def start(self):
        selection = slicer.app.applicationLogic().GetSelectionNode()
        selection.SetReferenceActivePlaceNodeClassName(self.node.GetClassName())
        selection.SetActivePlaceNodeID(self.node.GetID())
        interaction = _interactionNode()
        interaction.SetPlaceModePersistence(1)
        interaction.SetCurrentInteractionMode(interaction.Place)

    def stop(self):
        """Only our own placing; another module's is its own business."""
        interaction = _interactionNode()
        if self.button.checked and interaction.GetCurrentInteractionMode() == interaction.Place:
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
        self.button.checked = False

    def cleanup(self):
        self.stop()
        self.follow(None)
        self.removeObservers()

    def _onModeChanged(self, caller, event):
        selection = slicer.app.applicationLogic().GetSelectionNode()
        isOurs = self.node is not None and selection.GetActivePlaceNodeID() == self.node.GetID()
        self.button.checked = isOurs and caller.GetCurrentInteractionMode() == caller.Place

    def _onDefined(self, caller, event):
        """The markups node is still busy with the click: report once it is done."""
        qt.QTimer.singleShot(0, self._report)

    def _onRemoved(self, caller, event):
        gone = self._known - {id for id, _position in pointsOf(self.node)}
        self._known -= gone
        if gone:
            self.removed(gone)

    def _report(self):
        if self.node:
            new = [point for point in pointsOf(self.node) if point[0] not in self._known]
            self._known |= {id for id, _position in new}
            if new:
                self.placed(new)


def createPoints():
    """A markups node for clicks."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", _("MedNCA clicks"))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetPointLabelsVisibility(False)
    return node


def pointsOf(node):
    """All points of a markups node that have a position."""
    points = []
    for n in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(n) == node.PositionDefined:
            position = [0.0, 0.0, 0.0]
            node.GetNthControlPointPositionWorld(n, position)
            points.append((node.GetNthControlPointID(n), tuple(position)))
    return points


def removePoints(node, points):
    for id, _position in points:
        index = node.GetNthControlPointIndexByID(id)
        if index >= 0:
            node.RemoveNthControlPoint(index)


def _interactionNode():
    return slicer.app.applicationLogic().GetInteractionNode()

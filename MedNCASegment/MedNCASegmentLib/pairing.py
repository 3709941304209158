"""The panel's volume, its segmentation and its clicks: always those of one volume, whatever the user chooses.

Which volume a segmentation belongs to is `record`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from . import click_placement, record, review, slice_views


class Pairing:
    """Keeps volume, segmentation and clicks of a parameter node together.

    told(text) is called with a sentence where something else is chosen than the user chose, isOpen() says whether the
    module is: slice views, and what is seen of other volumes, are its business only then.
    """

    def __init__(self, told: Callable[[str], None], isOpen: Callable[[], bool]):
        self.told, self.isOpen = told, isOpen
        self._latest = {}  # volume's node ID -> ID of the segmentation that was chosen for it last
        self.forget()

    def forget(self) -> None:
        """There is no parameter node any more, and perhaps no scene."""
        self.volumeNode = self.segmentationNode = None  # as they were reconciled last
        self._latest.clear()

    def reconcile(self, node: Any) -> bool:
        """Make a parameter node's nodes belong together after a change; returns whether another volume is chosen now.

        Another volume brings its own segmentation, or none, and its own clicks. A segmentation of another volume
        brings that volume, as in Slicer's Segment Editor.
        """
        if slicer.mrmlScene.IsBatchProcessing():  # half a scene
            return False
        before = self.volumeNode
        self.volumeNode, self.segmentationNode = self._reconciled(node.inputVolume, node.segmentation)
        if self.volumeNode and self.segmentationNode:
            self._latest[self.volumeNode.GetID()] = self.segmentationNode.GetID()
        # From here on the parameter node calls back: all is known already.
        if node.inputVolume is not self.volumeNode:
            node.inputVolume = self.volumeNode
        if node.segmentation is not self.segmentationNode:
            node.segmentation = self.segmentationNode
        isAnother = self.volumeNode is not before
        if isAnother:
            node.points = click_placement.clicksOf(self.volumeNode)
        if isAnother and self.isOpen():
            self.show(isForSure=before is not None)
        return isAnother

    def show(self, isForSure: bool = False) -> None:
        """The volume alone, with what is its own, where nothing is seen yet: what a scene shows stays. isForSure: in
        any case."""
        if self.volumeNode:
            review.showOnly(self.volumeNode, click_placement.allClicks())
            if isForSure or not slice_views.shownImages():
                slice_views.showImage(self.volumeNode)

    def target(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode | None:
        """The segmentation that results of a volume go into now; None for a new one."""
        if volumeNode is self.volumeNode:
            return self.segmentationNode if slicer.mrmlScene.IsNodePresent(self.segmentationNode) else None
        id = self._latest.get(volumeNode.GetID())
        latest = slicer.mrmlScene.GetNodeByID(id) if id else None
        return latest if latest and record.fits(latest, volumeNode) else record.segmentationOf(volumeNode)

    def _reconciled(self, volumeNode, segmentationNode):
        """(volume, segmentation) that belong together, from what was chosen."""
        isOther = volumeNode is not self.volumeNode
        isChosen = segmentationNode is not self.segmentationNode
        if segmentationNode is None or record.fits(segmentationNode, volumeNode):
            return volumeNode, segmentationNode if isChosen or not isOther else self._own(volumeNode)
        owner = record.volumeOf(segmentationNode)
        if isOther or not isChosen:
            return volumeNode, self._own(volumeNode)
        if owner is None:
            told = _("{name} was made on another volume; results go into a segmentation of their own.")
            self.told(told.format(name=segmentationNode.GetName()))
            return volumeNode, self._own(volumeNode)
        told = _("{segmentation} belongs to {volume}, which is chosen now.")
        self.told(told.format(segmentation=segmentationNode.GetName(), volume=owner.GetName()))
        return owner, segmentationNode

    def _own(self, volumeNode):
        own = self.target(volumeNode) if volumeNode else None
        return own if own and record.fits(own, volumeNode) else None

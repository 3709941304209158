"""Which results can be taken back, one after the other; with each one, what it had replaced comes back.

How a result is put into the scene is the business of `results`, how it is taken out that of `removal`.
"""

from __future__ import annotations

from collections.abc import Iterable

import SimpleITK as sitk
import slicer

from mednca.result import Report

from .added_run import AddedRun
from .click_placement import Point
from .record import isInRecord
from .removal import putBack, takeRunOut
from .requests import Request
from .results import addResult
from .segments import tagAutomatic

_STEPS = 20  # each keeps its part of the maps, and what it replaced


class UndoHistory:
    """Requests that are done, of all volumes, as long as their result can be taken back.

    One that was replaced by a later one stays: it can be taken back once the later one was.
    """

    def __init__(self):
        self.requests: list[Request] = []  # oldest first

    @property
    def last(self) -> Request | None:
        """The request whose result `undo` takes back, or None."""
        return next((request for request in reversed(self.requests) if _isThere(request.brought)), None)

    @property
    def known(self) -> list[AddedRun]:
        """What the requests brought."""
        return [request.brought for request in self.requests]

    def addResult(self, request: Request, images: dict[str, sitk.Image], report: Report) -> AddedRun:
        """Put what came of a request into the scene, in place of what the same click gave before."""
        target = request.target()
        same = [each.brought for each in self.requests if each.isForTheSameAs(request, target)]
        added = addResult(request.volumeNode, images, report, target, self.known, same, request.place)
        if request.isFound:
            for id in added.segmentIds:
                tagAutomatic(added.segmentationNode.GetSegmentation().GetSegment(id))
        return added

    def add(self, request: Request) -> None:
        """Take in one that is done."""
        self.requests = [*self.requests, request][-_STEPS:]

    def undo(self) -> None:
        """Take the last result back, and put back what it replaced."""
        request = self.last
        assert request is not None
        added = request.brought
        takeRunOut(added.segmentationNode, added.run, self.known)
        for taken in reversed(added.replaced):
            putBack(taken)
        self.requests.remove(request)

    def isAnswered(self, points: Iterable[Point]) -> bool:
        """Whether one of the points has a result."""
        ids = {point.id for point in points}
        return any(ids & {point.id for point in request.points} for request in self.requests)

    def replacedPoints(self) -> list[Point]:
        """Points of searches whose result was replaced by a later one, that is not of the same point."""
        present = [each for each in self.requests if _isThere(each.brought)]
        held = {point.id for each in present for point in each.points}
        replaced = [each for each in self.requests if each.isFound and each not in present]
        return [point for request in replaced for point in request.points if point.id not in held]

    def forget(self) -> None:
        """Nothing can be taken back any more."""
        self.requests = []

    def forgetRemovedNodes(self) -> None:
        """What lost its segmentation node cannot be taken back any more."""
        isThere = slicer.mrmlScene.IsNodePresent
        self.requests = [request for request in self.requests if isThere(request.brought.segmentationNode)]


def _isThere(added):
    """Whether a result is in the scene: a script's result, which is not in the history, may have replaced it."""
    return isInRecord(added.segmentationNode, added.run)

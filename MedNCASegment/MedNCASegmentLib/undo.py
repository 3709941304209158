"""Which results can be taken back, and what a new result of the same click replaces.

How a result is taken out of the scene is the business of `results`.
"""

from __future__ import annotations

from collections.abc import Iterable

import slicer

from .click_placement import Point
from .requests import Request
from .results import removeResult

_STEPS = 20  # each keeps its part of the maps


class UndoHistory:
    """Requests that are done, of all volumes, as long as their result can be taken back."""

    def __init__(self):
        self.requests: list[Request] = []  # oldest first

    @property
    def last(self) -> Request | None:
        """The request whose result `undo` takes back, or None."""
        return self.requests[-1] if self.requests else None

    def add(self, request: Request) -> None:
        """Take in one that is done. An earlier result of the same click goes, but for what was corrected by hand."""
        for earlier in [each for each in self.requests if each.isForTheSameAs(request)]:
            self.requests.remove(earlier)
            removeResult(earlier.brought, [each.brought for each in (*self.requests, request)], keepEdited=True)
        self.requests = [*self.requests, request][-_STEPS:]

    def undo(self) -> None:
        """Take the last result back."""
        request = self.requests.pop()
        removeResult(request.brought, [each.brought for each in self.requests])

    def isAnswered(self, points: Iterable[Point]) -> bool:
        """Whether one of the points has a result."""
        ids = {point.id for point in points}
        return any(ids & {point.id for point in request.points} for request in self.requests)

    def forget(self) -> None:
        """Nothing can be taken back any more."""
        self.requests = []

    def forgetRemovedNodes(self) -> None:
        """What lost its segmentation node cannot be taken back any more."""
        isThere = slicer.mrmlScene.IsNodePresent
        self.requests = [request for request in self.requests if isThere(request.brought.segmentationNode)]

"""Several volumes of the scene segmented one after the other, each as if somebody had chosen it and pressed the button.

Which volumes, and what is shown of them, is the business of `several_volumes`; how one of them is segmented that of the
panel.
"""

from __future__ import annotations

from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError

from .requests import Request, Search
from .sentences import sentenceText
from .worker_client import RequestState


class Batch:
    """A list of volumes, of which one at a time is being segmented.

    changed() is called when another one is begun and when all is over.
    """

    def __init__(self, changed: Callable[[], None]):
        self.changed = changed
        self.told: dict[str, str] = {}  # ID of a volume -> why it has no result, of the last batch
        self._waiting: list[slicer.vtkMRMLScalarVolumeNode] = []
        self._current: slicer.vtkMRMLScalarVolumeNode | None = None
        self._segment: Callable[[slicer.vtkMRMLScalarVolumeNode], None] = lambda volumeNode: None
        self.count = 0

    @property
    def isRunning(self) -> bool:
        """Whether it is not over."""
        return self._current is not None

    @property
    def number(self) -> int:
        """Of the volume that is being segmented, from 1."""
        return self.count - len(self._waiting)

    def begin(
        self,
        volumeNodes: list[slicer.vtkMRMLScalarVolumeNode],
        segment: Callable[[slicer.vtkMRMLScalarVolumeNode], None],
    ) -> None:
        """Segment these; nothing else is running. segment(volumeNode) begins with one, or raises MedNCAError."""
        self._segment = segment
        self.told, self._waiting, self.count = {}, list(volumeNodes), len(volumeNodes)
        self._next()

    def stop(self) -> None:
        """Begin with no other one."""
        if self.isRunning:
            self._waiting, self._current = [], None
            self.changed()

    def isOn(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Whether a volume is the one that is being segmented."""
        return volumeNode is self._current

    def owns(self, request: Request | Search) -> bool:
        """Whether a request is one of this batch."""
        return self.isRunning and self.isOn(request.volumeNode)

    def note(self, request: Request | Search, isBusy: bool) -> None:
        """A request of the batch changed; isBusy: whether anything is still being computed."""
        if request.state is RequestState.CANCELED:
            self.stop()
            return
        if request.error:
            self.told[request.volumeNode.GetID()] = request.error
        if request.isOver and not isBusy:
            self._next()

    def _next(self):
        """Begin with the next one that can be begun with."""
        self._current = None
        while self._waiting and self._current is None:
            self._current = self._waiting.pop(0)
            try:
                self._begin(self._current)
            except MedNCAError as error:
                self.told[self._current.GetID()] = sentenceText(error)
                self._current = None
        self.changed()

    def _begin(self, volumeNode):
        if not slicer.mrmlScene.IsNodePresent(volumeNode):
            raise MedNCAError(_("The volume was removed before it could be segmented."))
        self._segment(volumeNode)

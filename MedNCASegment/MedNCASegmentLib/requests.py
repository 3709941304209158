"""From a request on MRML nodes to a result in the scene: hand the volume over, let the worker run, add what it made.

Everything happens by the event loop. Nodes may vanish and scenes may close at any moment; a result is added only
where its volume is still there and the worker ended the job well. How nodes are made of it is the business of
`results`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import qt
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from mednca.axes import triple
from mednca.errors import MedNCAError
from mednca.messages import DisturbRequest, FindRequest, GrowRequest, Progress, SegmentRequest
from mednca.result import Place, Report

from .added_run import AddedRun
from .channels import channelsOf, copyChannels
from .click_placement import Point
from .growth import addGrowth
from .record import ORIGINAL_ROLE, checkFits, whyNoImage
from .sentences import sentenceText
from .volumes import addVolumeNode, ijkToWorld, lpsGeometry, volumeStamp, voxelStamp, writeVolume
from .worker_client import Job, RequestState, WorkerClient

Add = Callable[["Request", "dict[str, sitk.Image]", Report], AddedRun]  # puts a result into the scene


class _Pending:
    """Something that somebody asked of the worker.

    Attributes:
        volumeNode: the volume that it is about.
        asked: the rest of it, as the worker takes it; the image's file is not known yet.
        finished: called with the request once, at the end.
        points: the control points that asked for it, as far as they are still there.
        started: when it was made, by time.monotonic().
        job: how it stands with the worker.
    """

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        asked: SegmentRequest | FindRequest | GrowRequest | DisturbRequest,
        finished: Callable[[Any], None] | None,
    ):
        self.volumeNode, self.asked, self.finished = volumeNode, asked, finished
        self.points: list[Point] = []
        self.started = time.monotonic()
        self.isOfScript = False  # which is told by an exception, and knows what to do with a result
        self.channelCount: int | None = None  # that the model takes, where that is known
        self.job = Job()
        self.place: np.ndarray | None = None  # where the volume lay when it was handed over
        self._handedOver: list[tuple] = []  # (volume, stamp of its voxels then)

    @property
    def state(self) -> RequestState:
        """Where it stands."""
        return self.job.state

    @property
    def isOver(self) -> bool:
        """Whether nothing more will happen."""
        return self.job.state.isOver

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return self.job.progress

    @property
    def error(self) -> str:
        """A sentence, when missed or failed."""
        return self.job.error

    def check(self) -> None:
        """Raises MedNCAError, before anything is computed, for what cannot be done."""
        for channel in self.channels:
            lpsGeometry(channel)
            if told := whyNoImage(channel):
                raise MedNCAError(told)
        _checkThere(self.channels)

    @property
    def channels(self) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """What is handed over: the volume, and what else belongs to it, as far as the model takes that."""
        return channelsOf(self.volumeNode)[: self.channelCount]

    def noteVoxels(self) -> None:
        """They are handed over as they are now."""
        self._handedOver = [(channel, voxelStamp(channel)) for channel in self.channels]
        self.place = ijkToWorld(self.volumeNode)

    def forgetVoxels(self) -> None:
        """It is over: a volume that is removed must not stay in memory for its sake."""
        self._handedOver = []

    def checkVoxels(self) -> None:
        """Raises MedNCAError where they were changed since; a result goes along with a volume that was only moved."""
        if any(voxelStamp(channel) != stamp for channel, stamp in self._handedOver):
            raise MedNCAError(_("The volume was changed meanwhile; the result is not used."))

    def withFiles(self, image: str, *others: str) -> Any:
        """What is asked of the worker, once the files are known."""
        return replace(self.asked, image=image, others=others)

    def take(self, job: Job, add: Add) -> None:
        """Use what the worker answered; add puts a result into the scene. Raises MedNCAError where that fails."""
        raise NotImplementedError


class Search(_Pending):
    """Structures to be found where the model says that they usually lie.

    Attributes:
        places: where they were found, in world RAS mm, when done.
    """

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        model: str,
        finished: Callable[[Search], None] | None = None,
        **options: Any,
    ):
        super().__init__(volumeNode, FindRequest("", model, **options), finished)
        self.places: list[Place] = []

    def take(self, job: Job, add: Add) -> None:
        """Where the structures are."""
        self.places = [Place.from_json(place) for place in job.answer["places"]]


class Growing(_Pending):
    """One run to be watched, step by step.

    Attributes:
        browserNode: of the sequence that it brought, when done.
    """

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        model: str,
        finished: Callable[[Growing], None] | None = None,
        **options: Any,
    ):
        """options: click, members, seed and memory_limit as of `mednca.growth.watch_growth`."""
        super().__init__(volumeNode, GrowRequest("", model, **options), finished)
        self.browserNode: slicer.vtkMRMLSequenceBrowserNode | None = None

    def take(self, job: Job, add: Add) -> None:
        """Put the steps into the scene."""
        self.browserNode = addGrowth(self.volumeNode, job.images(["growth"])["growth"], job.answer["levels"])


class Disturbing(_Pending):
    """A disturbed copy of a volume to be made.

    Attributes:
        copyNode: the copy, when done.
    """

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        finished: Callable[[Disturbing], None] | None = None,
        **options: Any,
    ):
        """options: of `mednca.messages.DisturbRequest`: severities and seed."""
        super().__init__(volumeNode, DisturbRequest("", **options), finished)
        self.copyNode: slicer.vtkMRMLScalarVolumeNode | None = None

    @property
    def channels(self) -> list[slicer.vtkMRMLScalarVolumeNode]:
        """Only the volume itself is disturbed; what else belongs to it belongs to the copy, too."""
        return [self.volumeNode]

    def withFiles(self, image: str, *others: str) -> Any:
        """Of one volume."""
        return replace(self.asked, image=image)

    def take(self, job: Job, add: Add) -> None:
        """Put the copy into the scene, on the volume's own grid."""
        image = job.images(["disturbed"])["disturbed"]
        name = _("{name} (disturbed)").format(name=self.volumeNode.GetName())
        self.copyNode = addVolumeNode(sitk.GetArrayFromImage(image), self.volumeNode, name)
        self.copyNode.SetNodeReferenceID(ORIGINAL_ROLE, self.volumeNode.GetID())
        copyChannels(self.volumeNode, self.copyNode)
        self.copyNode.CreateDefaultDisplayNodes()


class Request(_Pending):
    """One segmentation that somebody asked for.

    Attributes:
        keepProbability: whether the mean probability is added, too.
        isFound: whether a search chose the place, and nobody clicked.
        target: called when the result is there; the segmentation node to add to, or None for a new one.
        added: what it brought, when done.
    """

    asked: SegmentRequest

    def __init__(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        model: str,
        clicks: Iterable[tuple[float, float, float]] = (),
        target: Callable[[], slicer.vtkMRMLSegmentationNode | None] = lambda: None,
        finished: Callable[[Request], None] | None = None,
        keepProbability: bool = False,
        isFound: bool = False,
        **options: Any,
    ):
        points = tuple(triple(float(x) for x in click) for click in clicks)
        super().__init__(volumeNode, SegmentRequest("", model, points, **options), finished)
        self.target, self.keepProbability, self.isFound = target, keepProbability, isFound
        self.added: AddedRun | None = None

    @property
    def brought(self) -> AddedRun:
        """What it added; it is done."""
        assert self.added is not None
        return self.added

    def isForTheSameAs(self, other: Request, target: slicer.vtkMRMLSegmentationNode | None) -> bool:
        """Whether both are for the same click, or both for the same whole volume, and for the same segmentation.

        This one is done; the result of the other one is about to go into `target`.
        """
        if self.brought.segmentationNode is not target:
            return False
        if self.asked.clicks or other.asked.clicks:
            return bool({point.id for point in self.points} & {point.id for point in other.points})
        return self.volumeNode is other.volumeNode

    def check(self) -> None:
        """Raises MedNCAError for a volume that cannot be segmented, another one's segmentation, or no place."""
        super().check()
        if not all(map(isfinite, chain.from_iterable(self.asked.clicks))):
            raise MedNCAError(_("A click has no place: its coordinates are no numbers."))
        checkFits(self.target(), self.volumeNode)

    def take(self, job: Job, add: Add) -> None:
        """Put the result into the scene."""
        report = Report.from_json(job.answer["report"])
        names = ["labels", "variance"] + (["probability"] if self.keepProbability else [])
        self.added = add(self, job.images(names), report)


AnyRequest = Request | Search | Growing | Disturbing


class SegmentationClient(WorkerClient):
    """taken(job) is called with a job that is done: its result goes into the scene."""

    def __init__(self, changed: Callable[[Job], None], taken: Callable[[Job], None], log: Callable[[str], None]):
        super().__init__(changed, log)
        self.taken = taken

    def isWhole(self, job: Job, answer: dict) -> bool:
        """Whether the folder with the images, which comes whole or not at all, is there where there should be one."""
        return "out" not in answer or job.folder.is_dir()

    def take(self, job: Job) -> None:
        """Hand it over; its files are not needed any more."""
        try:
            self.taken(job)
        finally:
            job.forget()


class RequestQueue:
    """Runs requests, of whatever kind, one after the other in the worker.

    changed(request) is called at every step of one, add(request, images, report) to put the result of a segmentation
    into the scene.
    """

    def __init__(
        self,
        changed: Callable[[Any], None],
        log: Callable[[str], None],
        add: Add,
    ):
        self.changed, self.log, self.add = changed, log, add
        self.client = SegmentationClient(self._onJobChanged, self._take, log)
        self.pending: list[AnyRequest] = []  # those that are not over, oldest first
        self._files: dict[tuple, Path] = {}  # by its stamp, the file of each volume that was handed over last
        self._stale: set[Path] = set()  # files of volumes that changed since, until no job reads them any more
        self._sending: tuple | None = None  # stamp, path and generator of the one on its way
        self._count = 0
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._sendChunk)

    def start(self, request: AnyRequest) -> None:
        """Begin. Raises MedNCAError at once for a volume that cannot be segmented, or another one's segmentation."""
        request.check()
        self.client.start()
        self.pending.append(request)
        self.changed(request)
        self._timer.start()

    def wait(self, request: AnyRequest) -> None:
        """Run the event loop until a request is over."""
        while not request.isOver:
            self.client.wait(20)

    def cancel(self) -> None:
        """Cancel all requests."""
        for request in list(self.pending):
            self.client.cancel(request.job)

    def shutdown(self) -> None:
        """End the process and drop all requests without a word: nodes and widgets may be gone."""
        self._timer.stop()
        self._drop()
        self._files, self._stale = {}, set()
        for request in self.pending:
            request.job.enter(RequestState.CANCELED)
        self.pending = []
        self.client.shutdown()

    def _sendChunk(self):
        """Hand the next bit of a volume over; called by the timer while there is anything to hand over."""
        request = next((request for request in self.pending if not request.job.request), None)
        if request is None:
            self._timer.stop()
            self._drop()
            return
        try:
            paths = self._handedOver(request.channels)
            if paths:
                request.noteVoxels()
                self.client.submit(request.job, **request.withFiles(*(path.name for path in paths)).to_json())
        except (MedNCAError, OSError) as error:
            self._drop()
            self.client.end(request.job, RequestState.FAILED, sentenceText(error))

    def _handedOver(self, volumeNodes):
        """The files of some volumes once they are whole, otherwise None. Those that did not change are not written
        again."""
        _checkThere(volumeNodes)
        stamps = {volumeStamp(node): node for node in volumeNodes}
        for stamp, node in stamps.items():
            if stamp not in self._files or not self._files[stamp].exists():
                self._write(stamp, node)
                return None
        old, self._files = self._files, {stamp: self._files[stamp] for stamp in stamps}
        self._stale |= {old[stamp] for stamp in old.keys() - stamps.keys()}
        self._removeStale()
        return [self._files[volumeStamp(node)] for node in volumeNodes]  # one of them may be named twice

    def forgetFiles(self) -> None:
        """The scene is about to go, and with it whoever its images are of."""
        self._stale |= set(self._files.values())
        self._files = {}
        self._removeStale()

    def _removeStale(self):
        """Unless a job may still read them: also one that is about to be handed to another worker."""
        requests = [request.job.request for request in self.pending]
        needed = {name for each in requests for name in (each.get("image"), *each.get("others", ()))}
        for path in [path for path in self._stale if path.name not in needed]:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            self._stale.discard(path)

    def _drop(self):
        """What is on its way is not needed any more."""
        if self._sending:
            _stamp, path, generator = self._sending
            generator.close()
            self._stale.add(path)
            self._sending = None
            self._removeStale()

    def _write(self, stamp, volumeNode):
        """The next bit of a volume's file."""
        if self._sending is None or self._sending[0] != stamp:
            self._drop()
            self._count += 1
            path = self.client.scratch / f"volume-{self._count}.nrrd"
            self._sending = (stamp, path, writeVolume(volumeNode, path))
        try:
            next(self._sending[2])
        except StopIteration:
            self._files[stamp] = self._sending[1]
            self._sending = None

    def _onJobChanged(self, job):
        request = self._requestOf(job)
        if request is None:
            return
        if job.state.isOver:
            self.pending.remove(request)
            request.forgetVoxels()
            self._removeStale()
            if job.error:
                self.log(job.error)
            if request.finished:
                request.finished(request)
        self.changed(request)

    def _requestOf(self, job):
        return next((request for request in self.pending if request.job is job), None)

    def _take(self, job):
        """Use an answer, unless its volume is gone."""
        request = self._requestOf(job)
        assert request is not None
        if not slicer.mrmlScene.IsNodePresent(request.volumeNode):
            raise MedNCAError(_("The volume was removed meanwhile; the result is not used."))
        request.checkVoxels()
        request.take(job, self.add)


def _checkThere(volumeNodes):
    if not all(map(slicer.mrmlScene.IsNodePresent, volumeNodes)):
        raise MedNCAError(_("The volume was removed before it could be segmented."))

"""From a request on MRML nodes to a result in the scene: hand the volume over, let the worker run, add what it made.

Everything happens by the event loop. Nodes may vanish and scenes may close at any moment; a result is added only
where its volume is still there and the worker ended the job well.
"""

import qt
import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError, NothingFound

from .record import checkFits
from .results import addResult
from .volumes import lpsGeometry, volumeStamp, writeVolume
from .worker_client import WorkerClient


class Request:
    """One segmentation that somebody asked for.

    target: called when the result is there; the segmentation node to add to, or None for a new one. finished(request)
    is called once, at the end. state: waiting, running, done, missed (nothing was found), failed or cancelled; error: a
    sentence, when missed or failed; added: the `results.AddedRun`, when done; progress: as of `worker.Job`.
    """

    def __init__(
        self, volumeNode, model, clicks=(), target=lambda: None, finished=None, keepProbability=False, **options
    ):
        self.volumeNode, self.model = volumeNode, model
        self.clicks = [tuple(float(x) for x in click) for click in clicks]
        self.target, self.finished, self.keepProbability, self.options = target, finished, keepProbability, options
        self.state, self.error, self.added = "waiting", "", None
        self.progress = ("sending", None, None, None)
        self.points = ()  # the control points that asked for it
        self.job = None

    @property
    def isOver(self):
        return self.state in ("done", "missed", "failed", "cancelled")


class Engine:
    """Runs requests one after the other in the worker. changed(request) is called at every step of one."""

    def __init__(self, changed=lambda request: None, log=lambda text: None):
        self.changed, self.log = changed, log
        self.worker = WorkerClient(self._onJobChanged, log)
        self.requests = []  # those that are not over
        self._file = None  # (stamp, path) of the volume that was handed over last
        self._sending = None  # (stamp, path, generator) of the one on its way
        self._files = 0
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._sendChunk)

    def start(self, request):
        """Begin; raises MedNCAError at once for a volume that cannot be segmented, or another one's segmentation."""
        lpsGeometry(request.volumeNode)
        checkFits(request.target(), request.volumeNode)
        self.worker.start()
        self.requests.append(request)
        self.changed(request)
        self._timer.start()
        return request

    def wait(self, request):
        """Run the event loop until a request is over."""
        while not request.isOver:
            self.worker.wait(20)

    def cancel(self):
        """Cancel all requests."""
        for request in list(self.requests):
            if request.job:
                self.worker.cancel(request.job)
            else:
                self._end(request, "cancelled")

    def shutdown(self):
        """End the process and drop all requests without a word: nodes and widgets may be gone."""
        self._timer.stop()
        self._sending = self._file = None
        for request in self.requests:
            request.state = "cancelled"
        self.requests = []
        self.worker.shutdown()

    def _sendChunk(self):
        """Hand the next bit of a volume over; called by the timer while there is anything to hand over."""
        request = next((request for request in self.requests if request.job is None), None)
        if request is None:
            self._timer.stop()
            return
        try:
            path = self._handedOver(request.volumeNode)
            if path:
                request.job = self.worker.submit(
                    image=path.name, model=request.model, clicks=request.clicks, **request.options
                )
                self._onJobChanged(request.job)
        except (MedNCAError, OSError) as error:
            self._sending = None
            self._end(request, "failed", str(error))

    def _handedOver(self, volumeNode):
        """The file of a volume once it is whole, otherwise None. A volume that did not change is not written again."""
        if not slicer.mrmlScene.IsNodePresent(volumeNode):
            raise MedNCAError(_("The volume was removed before it could be segmented."))
        stamp = volumeStamp(volumeNode)
        if self._file and self._file[0] == stamp and self._file[1].exists():
            return self._file[1]
        if self._sending is None or self._sending[0] != stamp:
            self._files += 1
            path = self.worker.scratch / f"volume-{self._files}.nrrd"
            self._sending = (stamp, path, writeVolume(volumeNode, path))
        try:
            next(self._sending[2])
        except StopIteration:
            old, self._file = self._file, self._sending[:2]
            self._sending = None
            if old and not any(request.job for request in self.requests):
                old[1].unlink(missing_ok=True)
        return None

    def _onJobChanged(self, job):
        request = next((request for request in self.requests if request.job is job), None)
        if request is None:
            return
        request.progress = job.progress
        if not job.finished:
            request.state = job.state
            self.changed(request)
        elif job.state == "done":
            self._add(request, job)
        else:
            self._end(request, job.state, job.error)

    def _add(self, request, job):
        """Put the result into the scene, unless the scene has changed so much that it would not fit."""
        state, error = "done", ""
        try:
            if not slicer.mrmlScene.IsNodePresent(request.volumeNode):
                raise MedNCAError(_("The volume was removed meanwhile; the result is not used."))
            if list(request.volumeNode.GetImageData().GetDimensions()) != job.report["image"]["size"]:
                raise MedNCAError(_("The volume was changed meanwhile; the result is not used."))
            names = ("labels", "variance", "probability") if request.keepProbability else ("labels", "variance")
            request.added = addResult(request.volumeNode, job.images(names), job.report, request.target())
        except NothingFound as miss:
            state, error = "missed", str(miss)
        except Exception as problem:  # whatever it is, the person waiting must hear of it
            state, error = "failed", str(problem) or type(problem).__name__
        job.forget()
        self._end(request, state, error)

    def _end(self, request, state, error=""):
        request.state, request.error = state, error
        if request in self.requests:
            self.requests.remove(request)
        if error:
            self.log(error)
        if request.finished:
            request.finished(request)
        self.changed(request)

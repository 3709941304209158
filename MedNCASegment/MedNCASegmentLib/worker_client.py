"""The other end of `mednca.worker`: a QProcess that runs an engine, kept warm between clicks, and the jobs it is given.

torch lives in that process only. What it says arrives by the event loop, so the window goes on answering. It ends
when this program ends, however that happens: its standard input closes. What a job is about, and what becomes of its
result, is the business of those who submit it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import qt
import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError, NothingFound
from mednca.messages import Advanced, Done, Event, Failed, Progress, Ready, Started, Stopped, read_event

from .sentences import sentenceText

_KEPT_ERROR_LINES = 30
_ENDING = 3000  # ms that a process may take to go once it was ended


class RequestState(Enum):
    """Where a request stands, from the moment that somebody asks until its result is in the scene."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELING = "canceling"  # asked to stop, and not stopped yet
    DONE = "done"
    MISSED = "missed"  # nothing lies where somebody clicked
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def isOver(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RequestState.DONE, RequestState.MISSED, RequestState.FAILED, RequestState.CANCELED)


class Job:
    """One request on its way to a worker and back. Its client alone changes it.

    Attributes:
        state: where it stands.
        progress: how far the work has come; its stage is "sending" until it is submitted, then "starting" or "waiting"
            until the worker begins.
        error: a sentence, when missed or failed.
        answer: what the worker answered, as JSON has it; empty before.
        request: as it was submitted; empty before.
        folder: where the worker leaves files; not before it is submitted.
    """

    folder: Path

    def __init__(self):
        self.state = RequestState.WAITING
        self.progress = Progress("sending")
        self.error = ""
        self.answer: dict = {}
        self.request: dict = {}
        self.id = ""

    def enter(self, state: RequestState, error: str = "") -> bool:
        """Take on another state, here and nowhere else.

        What is over stays over, and what is being canceled does not run again; returns whether it is in that state.
        """
        if self.state.isOver or (self.state is RequestState.CANCELING and not state.isOver):
            return self.state is state
        self.state, self.error = state, error
        return True

    def images(self, names: list[str]) -> dict[str, sitk.Image]:
        """The result's images (labels, variance, probability) by name."""
        return {name: sitk.ReadImage(str(self.folder / f"{name}.nrrd")) for name in names}

    def forget(self) -> None:
        """Delete the files of the result."""
        shutil.rmtree(self.folder, ignore_errors=True)


class WorkerClient:
    """Starts the worker when it is needed and hands it jobs.

    changed(job) is called whenever a job's progress or state changes, log(text) with lines for people. Subclasses run
    other workers that speak the same lines, and say what becomes of a result (`isWhole`, `take`, `heard`).
    """

    module = "mednca.worker"
    folders = (Path(__file__).resolve().parents[1],)  # where Python finds it
    cancelPatience = 5000  # ms that a worker may take to hear a cancel before its process is ended

    def __init__(self, changed: Callable[[Job], None], log: Callable[[str], None] = lambda text: None):
        self.changed, self.log = changed, log
        self.jobs: dict[str, Job] = {}  # submitted and not over, by id
        self.process = None
        self.pid: int | None = None  # of the worker itself; the process may be a launcher that started it
        self.isReady = False
        self._scratch: Path | None = None
        self._count = 0
        self._rest = b""
        self._errors: list[str] = []
        self._retired: list = []  # processes that ended, until their last signal is over
        self._impatience = qt.QTimer()
        self._impatience.setSingleShot(True)
        self._impatience.connect("timeout()", self._onImpatience)

    @property
    def scratch(self) -> Path:
        """The folder of what goes to and fro; removed by `shutdown`."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="MedNCA-"))
        self._scratch.mkdir(exist_ok=True)
        return self._scratch

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.state() != qt.QProcess.NotRunning

    def start(self) -> None:
        """Start the process if it does not run; torch loads meanwhile."""
        if self.running:
            return
        self._rest, self._errors, self.isReady, self.pid = b"", [], False, None
        if self.process is not None:
            self._retire(self.process)
        self.process = qt.QProcess()
        self.process.setWorkingDirectory(str(self.scratch))  # names in requests are relative: plain ASCII everywhere
        environment = qt.QProcessEnvironment.systemEnvironment()
        others = environment.value("PYTHONPATH")
        paths = [*map(str, self.folders), *([others] if others else [])]
        environment.insert("PYTHONPATH", os.pathsep.join(paths))
        environment.insert("MEDNCA_SCRATCH", str(self.scratch))  # the worker removes it if Slicer crashes
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        self.process.setProcessEnvironment(environment)
        for name, slot in self._connections():
            self.process.connect(name, slot)
        self.process.start(pythonExecutable(), ["-m", self.module])
        if self.running:
            self.log(_("Worker started."))

    def submit(self, job: Job | None = None, /, **request: Any) -> Job:
        """Hand over a job. Jobs run one after the other.

        Args:
            job: one that was made before; default, a new one.
            request: of the worker, as its module describes it: a command and what that needs. Files are named
                relative to `scratch`.

        Returns:
            The job. It may have failed already, where the worker cannot be started.
        """
        job = job or Job()
        self._count += 1
        job.id, job.request = str(self._count), request
        job.folder = self.scratch / f"result-{job.id}"
        self.jobs[job.id] = job  # before the start, which on Windows may fail at once
        self.start()
        if not job.state.isOver:
            self._say({"job": job.id, "out": job.folder.name} | request)
            job.progress = Progress("waiting" if self.isReady else "starting")
            self.changed(job)
        return job

    def cancel(self, job: Job) -> None:
        """Ask for the end of a job; a worker that does not listen is ended with all that it started."""
        if job.state.isOver:
            return
        if job.id not in self.jobs:
            self.end(job, RequestState.CANCELED)
            return
        self._say({"command": "cancel", "job": job.id})
        job.enter(RequestState.CANCELING)
        self.changed(job)
        if not self._impatience.isActive():
            self._impatience.start(self.cancelPatience)

    def end(self, job: Job, state: RequestState, error: str = "") -> None:
        """A job is over, submitted or not: tell it, once."""
        job.enter(state, error)
        self.jobs.pop(job.id, None)
        if not any(other.state is RequestState.CANCELING for other in self.jobs.values()):
            self._impatience.stop()
        self.changed(job)

    def isWhole(self, job: Job, answer: dict) -> bool:
        """Whether a job that says it is done left what it should."""
        return True

    def take(self, job: Job) -> None:
        """Use what a job brought (`job.answer`, `job.folder`), before it counts as done.

        Raises NothingFound or MedNCAError where that cannot be used; then it counts as missed, or as failed.
        """

    def heard(self, job: Job, event: Event) -> None:
        """Other events, of other workers."""

    def shutdown(self) -> None:
        """End the process and forget all jobs, silently; the client can be used again afterward."""
        self._impatience.stop()
        for job in self.jobs.values():
            job.enter(RequestState.CANCELED)
        self.jobs = {}
        process, self.process = self.process, None
        if process is not None:
            self._retire(process)
            endProcessTree(process, self.pid)
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)

    def wait(self, milliseconds: int) -> None:
        """Let the worker talk for a while; for callers that wait without an event loop of their own."""
        if self.running:
            self.process.waitForReadyRead(milliseconds)
        slicer.app.processEvents()

    def _retire(self, process):
        """Hear no more of a process. It may be in the middle of telling that it ended, and PythonQt deletes an object
        with its last reference: that is kept until the event loop comes round."""
        for name, slot in self._connections():
            process.disconnect(name, slot)
        self._retired.append(process)
        qt.QTimer.singleShot(0, lambda: self._retired.clear())

    def _connections(self):
        return (
            ("readyReadStandardOutput()", self._onOutput),
            ("readyReadStandardError()", self._onErrorOutput),
            ("finished(int,QProcess::ExitStatus)", self._onFinished),
            ("errorOccurred(QProcess::ProcessError)", self._onProcessError),
        )

    def _say(self, request):
        if self.running:
            self.process.write(json.dumps(request).encode("utf-8") + b"\n")

    def _onOutput(self):
        if self.process is None:
            return
        lines = (self._rest + self.process.readAllStandardOutput().data()).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            try:
                event = read_event(line)
            except MedNCAError:
                self.log(line.decode("utf-8", "replace"))
            else:
                self._hear(event)

    def _onErrorOutput(self):
        if self.process is None:
            return
        for line in self.process.readAllStandardError().data().decode("utf-8", "replace").splitlines():
            self._errors = [*self._errors, line][-_KEPT_ERROR_LINES:]
            self.log(line)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Started):
            self.pid = event.pid
        elif isinstance(event, Ready):
            self.isReady = True
            self.log(_("PyTorch is loaded; the worker is ready."))
        elif event.job in self.jobs:
            self._hearOf(self.jobs[event.job], event)

    def _hearOf(self, job: Job, event: Event) -> None:
        if isinstance(event, Advanced):
            if job.enter(RequestState.RUNNING):
                job.progress = event.progress
                self.changed(job)
        elif isinstance(event, Done):
            self._onDone(job, event.answer)
        elif isinstance(event, Stopped):
            self.end(job, RequestState.CANCELED)
        elif isinstance(event, Failed):
            error = sentenceText(event.sentence) if event.sentence else event.error
            self.end(job, RequestState.MISSED if event.missed else RequestState.FAILED, error)
        else:
            self.heard(job, event)

    def _onDone(self, job: Job, answer: dict) -> None:
        if job.state is RequestState.CANCELING:
            job.forget()
            self.end(job, RequestState.CANCELED)
            return
        job.answer = answer
        try:
            if not self.isWhole(job, answer):
                raise MedNCAError(_("The worker left no result."))
            self.take(job)
        except NothingFound as miss:
            self.end(job, RequestState.MISSED, sentenceText(miss))
        except Exception as problem:  # whatever it is, the person waiting must hear of it
            self.end(job, RequestState.FAILED, sentenceText(problem) or type(problem).__name__)
        else:
            self.end(job, RequestState.DONE)

    def _onImpatience(self):
        """The worker is ended before anybody hears that a job is: whoever does may delete what it was working on. What
        somebody asked for meanwhile goes to the next worker."""
        self.log(_("The worker does not answer; it is ended."))
        others = [job for job in self.jobs.values() if job.state is not RequestState.CANCELING]
        for job in others:
            del self.jobs[job.id]
        endProcessTree(self.process, self.pid)
        self.process.waitForFinished(_ENDING)  # tells `_onFinished`
        self._failAll("")  # where it did not
        for job in others:
            if not job.state.isOver:
                self.submit(job, **job.request)

    def _onProcessError(self, error):
        if error == qt.QProcess.FailedToStart:
            self._failAll(_("The worker could not be started: {cause}.").format(cause=self.process.errorString()))

    def _onFinished(self, code, status):
        self._onOutput()
        self._onErrorOutput()
        tail = "\n".join(self._errors[-4:])
        self._failAll(
            _("The worker ended unexpectedly (exit code {code}). {tail}").format(code=code, tail=tail).strip()
        )

    def _failAll(self, error):
        self._impatience.stop()
        for job in list(self.jobs.values()):
            if job.state is RequestState.CANCELING:
                self.end(job, RequestState.CANCELED)
            else:
                self.end(job, RequestState.FAILED, error)


def pythonExecutable() -> str:
    """Slicer's own Python; outside Slicer the one that runs."""
    return shutil.which("PythonSlicer") or sys.executable


def endProcessTree(process: qt.QProcess, worker: int | None) -> None:
    """End a worker and all that it started.

    Args:
        process: what was started, which in Slicer is a launcher.
        worker: the worker's own process id, which is that of its process group; None where it has not told it yet.
    """
    if process.state() == qt.QProcess.NotRunning:
        return
    if os.name == "nt":
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        command = ["taskkill", "/F", "/T", "/PID", str(int(process.processId()))]
        subprocess.run(command, creationflags=hidden, check=False, capture_output=True)
    elif worker:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
    process.kill()
    process.waitForFinished(5000)

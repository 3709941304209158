"""The other end of `mednca.worker`: a QProcess that runs the engine, kept warm between clicks.

torch lives in that process only. What it says arrives by the event loop, so the window goes on answering. It ends
when this program ends, however that happens: its standard input closes.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

_KEPT_ERROR_LINES = 30


class Job:
    """One request on its way. state: waiting, running, done, missed (nothing lies there), failed or cancelled.

    progress: stage, step, total, seconds left (the last three may be None). error: a sentence, when missed or failed.
    """

    def __init__(self, id, request, folder):
        self.id, self.request, self.folder = id, request, folder
        self.state = "waiting"
        self.error = ""
        self.report = self.answer = None  # of the result; the whole message that told of it
        self.progress = ("waiting", None, None, None)

    @property
    def finished(self):
        return self.state in ("done", "missed", "failed", "cancelled")

    def images(self, names):
        """The result's images (labels, variance, probability) of a job that is done."""
        import SimpleITK as sitk

        return {name: sitk.ReadImage(str(self.folder / f"{name}.nrrd")) for name in names}

    def forget(self):
        """Delete the files of the result."""
        shutil.rmtree(self.folder, ignore_errors=True)


class WorkerClient:
    """Starts the worker when it is needed and hands it jobs.

    changed(job) is called whenever a job's progress or state changes, log(text) with lines for people. Subclasses run
    other workers that speak the same lines.
    """

    module = "mednca.worker"
    folders = (Path(__file__).resolve().parents[1],)  # where Python finds it
    cancelPatience = 5000  # ms that a worker may take to hear a cancel before its process is ended

    def __init__(self, changed, log=lambda text: None):
        self.changed, self.log = changed, log
        self.jobs = {}
        self.process = None
        self.pid = None  # of the worker itself; the process may be a launcher that started it
        self.isReady = False
        self._scratch = None
        self._count = 0
        self._rest = b""
        self._errors = []
        self._retired = []  # processes that ended, until their last signal is over
        self._impatience = qt.QTimer()
        self._impatience.setSingleShot(True)
        self._impatience.connect("timeout()", self._onImpatience)

    @property
    def scratch(self):
        """The folder of what goes to and fro; removed by `shutdown`."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="MedNCA-"))
        self._scratch.mkdir(exist_ok=True)
        return self._scratch

    @property
    def running(self):
        return self.process is not None and self.process.state() != qt.QProcess.NotRunning

    def start(self):
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

    def submit(self, **request):
        """Hand over a request of `mednca.worker`; returns its `Job`. Jobs run one after the other.

        Files are named relative to `scratch`. The job may have failed already, where the worker cannot be started.
        """
        self._count += 1
        id = str(self._count)
        job = Job(id, request, self.scratch / f"result-{id}")
        self.jobs[id] = job  # before the start, which on Windows may fail at once
        self.start()
        if not job.finished:
            self._say({"command": "segment", "job": id, "out": job.folder.name} | request)
            self._progress(job, "waiting" if self.isReady else "starting")
        return job

    def cancel(self, job):
        """Ask for the end of a job; a worker that does not listen is ended with all that it started."""
        if job.finished:
            return
        self._say({"command": "cancel", "job": job.id})
        self._progress(job, "cancelling")
        if not self._impatience.isActive():
            self._impatience.start(self.cancelPatience)

    def shutdown(self):
        """End the process and forget all jobs, silently; the client can be used again afterward."""
        self._impatience.stop()
        for job in self.jobs.values():
            job.state = job.state if job.finished else "cancelled"
        self.jobs = {}
        process, self.process = self.process, None
        if process is not None:
            self._retire(process)
            endProcessTree(process, self.pid)
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)

    def wait(self, milliseconds):
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
                self._hear(json.loads(line))
            except ValueError:
                self.log(line.decode("utf-8", "replace"))

    def _onErrorOutput(self):
        if self.process is None:
            return
        for line in self.process.readAllStandardError().data().decode("utf-8", "replace").splitlines():
            self._errors = [*self._errors, line][-_KEPT_ERROR_LINES:]
            self.log(line)

    def _hear(self, message):
        event, job = message["event"], self.jobs.get(message.get("job"))
        if event == "started":
            self.pid = message["pid"]
        elif event == "ready":
            self.isReady = True
            self.log(_("PyTorch is loaded; the worker is ready."))
        elif job is None or job.finished:
            return
        elif event == "progress":
            if job.progress[0] != "cancelling":
                job.state = "running"
                self._progress(job, message["stage"], message["step"], message["total"], message["seconds_left"])
        elif event == "done" and job.progress[0] == "cancelling":
            job.forget()
            self._finish(job, "cancelled")
        elif event == "done":
            self._finish(job, "done" if self.isWhole(job, message) else "failed", message.get("report"), answer=message)
        elif event == "cancelled":
            self._finish(job, "cancelled")
        elif event == "failed":
            self._finish(job, "missed" if message.get("missed") else "failed", error=message["error"])
        else:
            self.heard(job, message)

    def isWhole(self, job, message):
        """Whether a job that says it is done left what it should."""
        return (job.folder / "report.json").is_file()

    def heard(self, job, message):
        """Other events, of other workers."""

    def _progress(self, job, stage, step=None, total=None, secondsLeft=None):
        job.progress = (stage, step, total, secondsLeft)
        self.changed(job)

    def _finish(self, job, state, report=None, error="", answer=None):
        job.state, job.report, job.answer = state, report, answer
        job.error = error or (_("The worker left no result.") if state == "failed" else "")
        del self.jobs[job.id]
        if all(other.progress[0] != "cancelling" for other in self.jobs.values()):
            self._impatience.stop()
        self.changed(job)

    def _onImpatience(self):
        self.log(_("The worker does not answer; it is ended."))
        for job in list(self.jobs.values()):
            self._finish(job, "cancelled")
        endProcessTree(self.process, self.pid)

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
            cancelling = job.progress[0] == "cancelling"
            self._finish(job, "cancelled" if cancelling else "failed", error="" if cancelling else error)


def pythonExecutable():
    """Slicer's own Python; outside Slicer the one that runs."""
    return shutil.which("PythonSlicer") or sys.executable


def endProcessTree(process, worker):
    """End a worker and all that it started.

    process: what was started, which in Slicer is a launcher; worker: the worker's own process id, which is that of
    its process group, or None where it has not told it yet.
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

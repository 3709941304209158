"""The engine as a process of its own, kept warm between clicks, so that torch never enters Slicer.

Run as `python -m mednca.worker`. It speaks JSON lines. On standard input:

    {"command": "segment", "job": "1", "image": PATH, "model": ID_OR_FOLDER, "clicks": [[R, A, S]], "out": FOLDER}
                                                      and the options of `messages.SegmentRequest`
    {"command": "find", "job": "2", "image": PATH, "model": ID_OR_FOLDER}
                                                      and the options of `messages.FindRequest`
    {"command": "grow", "job": "3", "image": PATH, "model": ID_OR_FOLDER, "out": FOLDER}
                                                      and the options of `messages.GrowRequest`
    {"command": "disturb", "job": "4", "image": PATH, "noise": 0.5, "out": FOLDER}
                                                      and the options of `messages.DisturbRequest`
    {"command": "cancel", "job": "1"}
    {"command": "quit"}

On standard output it writes the events of `messages`, one a line: started and ready, of itself; progress, done, failed
and canceled, of a job, which they name. The answer of "done" to "segment" holds "out", the folder, which was renamed
into place, and "report" (`result.Report`); that to "find" holds "places" (`result.Place`); that to "grow" holds "out",
a folder with growth.nrrd, and "levels" (`growth.Growth`); that to "disturb" holds "out", a folder with disturbed.nrrd.

The folder of "segment" holds labels.nrrd, variance.nrrd, probability.nrrd and report.json: the image's own voxels, cut
to the report's region, so that a click in a large volume moves little data. The process ends when its standard input
does, so that it never outlives the program that started it, and leads a process group, so that it can be ended with all
that it started. Before it goes it removes the folder that MEDNCA_SCRATCH names: images must not stay behind a program
that crashed.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TextIO

from .errors import MedNCAError, NothingFound, Sentence
from .files import utf8_names
from .messages import (
    REQUEST_SCHEMA,
    Advanced,
    DisturbRequest,
    Done,
    Event,
    Failed,
    FindRequest,
    GrowRequest,
    Progress,
    Ready,
    SegmentRequest,
    Started,
    Stopped,
)
from .schema import check_schema, parse_json

Command = Callable[[dict, str], dict]  # a request and its job's id -> the answer
_LONGEST_LINE = 100_000_000  # bytes
_PATIENCE = 3.0  # seconds from the end of standard input to the end of the process, at most


class Canceled(Exception):
    """The running job was asked to stop."""


class Worker:
    """Takes jobs from one stream and tells about them on another. Subclasses know other commands.

    Args:
        source: lines of bytes, each a request.
        sink: takes lines of text, each an event.
        ended: called when the source is at its end.
    """

    def __init__(self, source: BinaryIO, sink: TextIO, ended: Callable[[], None] | None = None):
        self.source, self.sink = source, sink
        self.jobs: queue.Queue = queue.Queue()
        self.canceled: set[str] = set()
        self.image: tuple | None = None
        self.ended = ended
        self.speaking = threading.Lock()

    def run(self) -> None:
        """Work until asked to quit or until the input ends."""
        self.tell(Started(pid=os.getpid()))
        threading.Thread(target=self._listen, daemon=True).start()
        self.warm_up()
        self.tell(Ready())
        while (request := self.jobs.get()) is not None:
            self._do(request)

    def warm_up(self) -> None:
        """Load what takes long, once."""
        from . import segment  # noqa: F401  torch

    def commands(self) -> dict[str, tuple[Command, dict]]:
        """What this worker can do.

        Returns:
            By each command's name, the function that does it and the schema of its requests. The function takes the
            request and the job's id; what it returns is the answer that goes with "done".
        """
        return {
            SegmentRequest.command: (self._segment, SegmentRequest.schema),
            FindRequest.command: (self._find, FindRequest.schema),
            GrowRequest.command: (self._grow, GrowRequest.schema),
            DisturbRequest.command: (self._disturb, DisturbRequest.schema),
        }

    def tell(self, event: Event) -> None:
        """Say it; where nobody listens any more, all work stops."""
        try:
            with self.speaking:
                self.sink.write(event.to_line() + "\n")
                self.sink.flush()
        except OSError:
            self.canceled.add("*")

    def _listen(self) -> None:
        """Canceling must be heard while a job runs; the rest waits in the queue."""
        for line in self._lines():
            try:
                request = self._understood(line)
            except MedNCAError as error:
                self.tell(Failed(error=str(error), sentence=error.sentence))
                continue
            if request["command"] == "quit":
                break
            if request["command"] == "cancel":
                self.canceled.add(request["job"])
            else:
                self.canceled.discard(request["job"])  # a late cancel was for an earlier job of this name
                self.jobs.put(request)
        self.canceled.add("*")
        self.jobs.put(None)
        if ended := self.ended:
            ended()

    def _lines(self) -> Iterator[bytes]:
        """Lines of the source, in bytes, up to its end; of one that is too long, pieces, which are no commands."""
        while line := self.source.readline(_LONGEST_LINE):
            if line.strip():
                yield line

    def _understood(self, line: bytes) -> dict:
        """The request of a line, with its job as text. Raises MedNCAError where it is none."""
        request = parse_json(line, Sentence("A request"))
        check_schema(request, REQUEST_SCHEMA, Sentence("A request"))
        return request | {"job": str(request.get("job", ""))}

    def _do(self, request: dict) -> None:
        job = request["job"]
        try:
            if request["command"] not in self.commands():
                raise MedNCAError("Unknown command {command}.", command=repr(request["command"]))
            command, schema = self.commands()[request["command"]]
            check_schema(request, schema, Sentence("The request"))
            self.tell(Done(job, command(request, job)))
        except Canceled:
            self.tell(Stopped(job))
        except MedNCAError as error:
            self.tell(Failed(job, str(error), error.sentence, missed=isinstance(error, NothingFound)))
        except Exception as error:  # what failed must reach the user whole
            traceback.print_exc()
            self.tell(Failed(job, f"{type(error).__name__}: {error}", bug=True))
        self.canceled.discard(job)

    def _segment(self, request: dict, job: str) -> dict:
        from .files import staged, write_json
        from .imaging.reading import write_image
        from .segment import segment_image

        asked, progress = SegmentRequest.from_json(request), self.progress(job)
        progress(Progress("reading", 0, 1))
        image, model = self._image_and_model(asked)
        result = segment_image(image, model, asked.clicks, progress=progress, **asked.options)
        report = result.report.to_json()
        progress(Progress("writing", 0, 1))
        with staged(Path(request["out"])) as folder:
            for name, part in result.parts.items():
                write_image(part, folder / f"{name}.nrrd", compress=False)
            write_json(folder / "report.json", report)
            self.check(job)
        return {"out": request["out"], "report": report}

    def _find(self, request: dict, job: str) -> dict:
        from .segment import find_structures

        asked, progress = FindRequest.from_json(request), self.progress(job)
        progress(Progress("reading", 0, 1))
        image, model = self._image_and_model(asked)
        places = find_structures(image, model, progress=progress, **asked.options)
        return {"places": [place.to_json() for place in places]}

    def _grow(self, request: dict, job: str) -> dict:
        from .growth import watch_growth

        asked, progress = GrowRequest.from_json(request), self.progress(job)
        progress(Progress("reading", 0, 1))
        image, model = self._image_and_model(asked)
        growth = watch_growth(image, model, progress=progress, **asked.options)
        self._leave(request["out"], "growth", growth.image, job)
        return {"out": request["out"], "levels": list(growth.levels)}

    def _disturb(self, request: dict, job: str) -> dict:
        from .imaging.disturb import Disturbance, disturb_image

        asked, progress = DisturbRequest.from_json(request), self.progress(job)
        progress(Progress("reading", 0, 1))
        disturbed = disturb_image(
            self._image(asked.image),
            Disturbance(**asked.severities),
            asked.seed,
            lambda done, total: progress(Progress("disturbing", done, total)),
        )
        self._leave(request["out"], "disturbed", disturbed, job)
        return {"out": request["out"]}

    def _leave(self, out: str, name: str, image, job: str) -> None:
        """A folder with one image."""
        from .files import staged
        from .imaging.reading import write_raw_nrrd

        with staged(Path(out)) as folder:
            write_raw_nrrd(image, folder / f"{name}.nrrd")
            self.check(job)

    def _image_and_model(self, asked: SegmentRequest | FindRequest | GrowRequest):
        """What a request is about; of the image as many channels as the model takes."""
        from .models.library import Library

        model = Library().load(asked.model)
        return self._image(asked.image, *asked.others[: model.architecture.input_channels - 1]), model

    def _image(self, *channels: str):
        """The image of some files; the last one is kept, as clicks come in rows on one volume."""
        from .imaging.reading import read_image

        paths = [Path(channel) for channel in channels]
        whole = all(path.is_file() for path in paths)
        stamp = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths] if whole else None
        if stamp is None or self.image is None or self.image[0] != stamp:
            self.image = None  # first let go of the old one
            self.image = (stamp, read_image(*paths))
        return self.image[1]

    def progress(self, job: str) -> Callable[[Progress], None]:
        """Make a callback that tells how a job gets on, with the seconds left of its stage where it is not told them.

        Args:
            job: its id.

        Returns:
            The callback; it raises Canceled where the job was asked to stop.
        """
        begun: dict[tuple[str, int], tuple[float, int]] = {}  # in the middle, where a training is resumed

        def progress(told: Progress) -> None:
            self.check(job)
            if told.step is not None and told.total is not None:
                now = time.monotonic()
                start, first = begun.setdefault((told.stage, told.field), (now, told.step))
                if told.seconds_left is None and told.step > first:
                    left = (now - start) / (told.step - first) * (told.total - told.step)
                    told = replace(told, seconds_left=round(left, 1))
            self.tell(Advanced(job, told))

        return progress

    def check(self, job: str) -> None:
        """Raises Canceled where the job was asked to stop."""
        if job in self.canceled or "*" in self.canceled:
            raise Canceled


def main(kind: type[Worker] = Worker) -> None:
    """Run a worker on standard input and output, as a process of its own.

    The streams are kept for the protocol: whatever else prints goes to standard error, and whatever else reads finds
    nothing (on Windows, a library that looks at standard input while it is read from waits for ever).

    Args:
        kind: of the worker.
    """
    utf8_names()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        kind(source, sink, _leave_soon).run()
    finally:
        _clear()


def _leave_soon() -> None:
    """Nobody listens any more: a step that does not come to its end must not keep the process."""

    def leave():
        _clear()
        os._exit(1)

    timer = threading.Timer(_PATIENCE, leave)
    timer.daemon = True
    timer.start()


def _clear() -> None:
    if scratch := os.environ.get("MEDNCA_SCRATCH"):
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()

"""The way of a call that segments many images: what there is to do, the doing, and the table of what came out."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich import progress as bars

from ..errors import MedNCAError, plain
from ..imaging.reading import file_name
from ..messages import Progress
from ..models.weights import Model
from ..pool import Outcome, Pool, outcome_of
from ..terminal import progress, remark
from .bids import RESULTS, BidsDataset, Derivatives
from .clicks import read_clicks
from .cluster import run_on_cluster
from .failures import Failure, apart, failure
from .jobs import Job, Request, for_cluster, repeatable, segment_volume
from .naming import Named, called, result_name, with_channels
from .rows import Row, rows_of
from .summary import Summary


@dataclass(frozen=True)
class Call:
    """How a call segments many images.

    Attributes:
        request: of each.
        model: of the request.
        out: where the results go.
        points: clicks in every image, RAS mm.
        clicks: CSV file of others, or None.
        processes, scheduler: who does the work.
        as_json: whether plain data are printed, the reports among them, and no bars are shown.
        with_folder: whether results are called after the images' folders, too.
    """

    request: Request
    model: Model
    out: Path
    points: Sequence[tuple[float, float, float]]
    clicks: Path | None
    processes: int
    scheduler: str | None
    as_json: bool
    with_folder: bool = False


@dataclass(frozen=True)
class Work:
    """What a call is to do.

    Attributes:
        jobs: one an image.
        failures: of images that are no job; takes those that come.
        folder: of the results' folders, and of their table.
        derivatives: that the results of a BIDS data set become, too; None of other images.
    """

    jobs: list[Job]
    failures: list[Failure]
    folder: Path
    derivatives: Derivatives | None = None


@dataclass(frozen=True)
class Done:
    """Of a job that has a result, what is told of it. report: as JSON has it, where that is asked for."""

    job: Job
    rows: list[Row]
    notes: list[str]
    report: dict | None


def work_of_images(call: Call, images: Iterable[Path], others: Sequence[Path]) -> Work:
    """The work of some images.

    Args:
        call: how they are segmented.
        images, others: as of `naming.with_channels`.

    Raises:
        MedNCAError: the further channels do not fit, or the file of clicks cannot be read, or names no image.
    """
    named, failures = with_channels(images, others, call.model.preprocessing.channels, call.with_folder)
    return Work(_jobs(call, named, failures, call.out), failures, call.out)


def work_of_data_set(call: Call, folder: Path, suffixes: Sequence[str], participants: Sequence[str]) -> Work:
    """The work of a BIDS data set, whose results become derivatives.

    Args:
        call: how its images are segmented.
        folder: of the data set.
        suffixes: of its images, as T1w: one for each of the model's channels.
        participants: labels, several in one text, too; empty for all.

    Raises:
        MedNCAError: the suffixes do not fit, or as of `BidsDataset.images`, `read_clicks` and `Derivatives`.
    """
    channels = call.model.preprocessing.channels
    if len(suffixes) != len(channels):
        raise MedNCAError(
            "{model} needs a --suffix for each of its channels ({channels}), in order.",
            model=call.model.name,
            channels=", ".join(channels),
        )
    told = [label.removeprefix("sub-") for text in participants for label in re.split(r"[\s,]+", text) if label]
    labels = dict.fromkeys(told)
    if participants and not labels:
        raise MedNCAError("--participant-label names nobody; is a variable without a value behind it?")
    dataset = BidsDataset(folder, tuple(suffixes), tuple(labels))
    named, problems = dataset.images()
    failures = [failure(*problem) for problem in problems.items()]
    jobs = _jobs(call, named, failures, call.out / RESULTS)
    derivatives = Derivatives(call.out, dataset, call.model.labels, call.model.name)
    return Work(jobs, failures, derivatives.results, derivatives)


def _jobs(call: Call, named: Named, failures: list[Failure], folder: Path) -> list[Job]:
    """A job for each image. folder: of the results' folders."""
    files = {name: first for name, (first, *_others) in named}
    at = read_clicks(call.clicks, called(files, failures), files) if call.clicks else {}
    return [
        Job(
            call.request, name, str(first), str(folder / name), (*call.points, *at.get(name, ())),
            tuple(map(str, others)),
        )
        for name, (first, *others) in named
    ]  # fmt: skip


def segment_all(call: Call, work: Work) -> list[Done]:
    """Do a call's work, with a bar for people, and write the table of the results' folder.

    Returns:
        What has a result, in the order of the jobs.

    Raises:
        KeyboardInterrupt: somebody stopped it; says how to go on, and the table is there all the same.
    """
    summary, wanted, done = _begun(call, work), {job.name: job for job in work.jobs}, {}
    was_there = os.path.lexists(work.folder)
    with progress(call.as_json, math.inf) as bar, _table_of_what_is_done(summary, done, len(work.jobs)):
        total = bar.add_task("Images", total=len(work.jobs))
        for outcome in _outcomes(call, work.jobs, bar, total):
            job, report = wanted[outcome.job.name], outcome.result
            if outcome.error:
                work.failures.append(failure(job.image, outcome.error))
                summary.fail(job.name, file_name(job.image), str(outcome.error))
            else:
                rows, notes = rows_of(job.name, report), list(map(str, report.notes))
                done[job.name] = Done(job, rows, notes, report.to_json() if call.as_json else None)
                summary.add()
                if work.derivatives:
                    with apart(work.failures, job.image):
                        work.derivatives.add(job.name, tuple(map(Path, (job.image, *job.others))), report.to_json())
            bar.update(total, advance=1)
    with apart(work.failures, work.folder):
        summary.finish()
    if not done and not was_there:
        with suppress(OSError):  # where something lies in it
            work.folder.rmdir()
    return [done[job.name] for job in work.jobs if job.name in done]


def _begun(call: Call, work: Work) -> Summary:
    """The table, with the images that are no job."""
    summary, names = Summary(work.folder), {job.name for job in work.jobs}
    for each in work.failures:
        image, name = each["image"], result_name(Path(each["image"]), call.with_folder)
        name = image if name in names else name  # another image's result is called so
        summary.fail(name, file_name(image), each["error"])
    return summary


@contextmanager
def _table_of_what_is_done(summary: Summary, done: dict[str, Done], total: int) -> Iterator[None]:
    """Who stops a call has the table of what it did."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(MedNCAError):
            summary.finish()
        raise KeyboardInterrupt(
            f"Images with a result: {len(done)} of {total}; the same command with --missing goes on."
        ) from None


def _outcomes(call: Call, jobs: list[Job], bar: bars.Progress, total: bars.TaskID) -> Iterator[Outcome]:
    """The jobs' outcomes, as they are done."""
    scheduler = call.scheduler
    if scheduler or call.processes > 1:
        checked = [outcome_of(repeatable, job) for job in jobs]
        yield from (outcome for outcome in checked if outcome.error)
        jobs = [outcome.result for outcome in checked if not outcome.error]
    if scheduler:
        if scheduler.endswith(".json") and not os.path.exists(scheduler):
            remark(f"{scheduler} is not there yet; its scheduler is waited for.")
        yield from run_on_cluster(scheduler, segment_volume, map(for_cluster, jobs), remark)
    elif call.processes > 1:
        with Pool(min(call.processes, max(len(jobs), 1))) as pool:
            yield from pool.run(segment_volume, jobs, as_done=True)
    else:
        step = bar.add_task("", total=1)

        def told(told: Progress) -> None:
            bar.update(step, description=_stage(told), completed=told.step, total=told.total)

        for job in jobs:
            bar.update(total, description=plain(job.name))
            yield outcome_of(lambda job: segment_volume(job, told), job)


def _stage(told: Progress) -> str:
    """What a bar says of a stage."""
    return told.stage if told.fields == 1 else f"{told.stage} {told.field}/{told.fields}"

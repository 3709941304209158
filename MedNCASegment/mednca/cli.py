"""The command line over the engine: models, segment, bids, review, evaluate, benchmark, export, onnx, import, remove.

Training adds its own commands (`mednca_train.commands`).

Exit status: 0 all went well; 1 some image or case failed, each told in a sentence; 2 the request itself is wrong.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import progress as bars
from rich.table import Table
from typer.core import TyperCommand, TyperGroup

from . import __version__
from .errors import MedNCAError, Sentence, plain
from .files import utf8_names
from .imaging.header import MAX_VOXELS
from .imaging.reading import case_name, file_name, find_images, group_channels, pair_by_name
from .messages import Progress
from .models.library import Library
from .models.schema import SPLIT_SCHEMA
from .quality.verdict import DEFAULT_TARGET, WORDS
from .schema import read_json
from .scores import CaseScore, Summary
from .terminal import be_quiet, complain, json_output, progress, remark, say, show, tell_scores

if TYPE_CHECKING:
    from .batch.bids import BidsDataset, Derivatives
    from .batch.jobs import Job, Request
    from .batch.summary import Row
    from .models.weights import Model
    from .pool import Outcome


class _Commands(TyperGroup):
    """The commands; --quiet may stand behind a command as well as before it."""

    def parse_args(self, ctx, args):
        quiet = [word for word in args if word in ("--quiet", "-q")]
        return super().parse_args(ctx, [*quiet, *(word for word in args if word not in quiet)])

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:  # a command says how to go on
            remark(" ".join(["Stopped.", *map(str, stopped.args)]))
            raise typer.Exit(130) from None


class _BidsApp(TyperCommand):
    """A command as BIDS apps have it: several labels may follow one option."""

    def parse_args(self, ctx, args):
        return super().parse_args(ctx, list(_one_by_one(args)))


def _one_by_one(words: Iterable[str]) -> Iterator[str]:
    """The same words with the option of labels before each of them."""
    option, is_first = None, True
    for word in words:
        if word.startswith("-"):
            option, is_first = (word if word in _LABELS else None), True
        elif option and not is_first:
            yield option
        else:
            is_first = False
        yield word


app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
# Of a path that nobody may look at, or that no file can have; another OSError is a bug.
_OF_PATHS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
_MOST_ROWS = 100  # of a table that people read in a terminal
_LABELS = ("--participant-label", "--participant_label")
_CHANNEL = re.compile(r"_\d{4}\Z")  # behind a name, as nnU-Net has it

ModelOption = Annotated[str, typer.Option("--model", help="A model of the library, or a model folder.")]
MembersOption = Annotated[int | None, typer.Option(help="Ensemble members; default: the model's own.")]
SeedOption = Annotated[int | None, typer.Option(help="Seed of the fire masks; default: the model's own.")]
MemoryOption = Annotated[float | None, typer.Option(help="MB it may take, image and results included.")]
RoiOption = Annotated[bool | None, typer.Option(help="Refine only where something was found; default: if large.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
ClicksOption = Annotated[Path | None, typer.Option(help="CSV file of clicks: columns image, r, a, s in mm.")]
FindOption = Annotated[
    bool, typer.Option("--find", help="Find the organs where the model says that they usually lie; no clicks.")
]
TargetOption = Annotated[float, typer.Option(help="Dice that the verdict is measured against.")]
OverwriteOption = Annotated[bool, typer.Option(help="Replace results that are already there.")]
MissingOption = Annotated[
    bool, typer.Option("--missing", help="Take results that are there, and segment what has none yet.")
]
SuffixOption = Annotated[
    list[str] | None, typer.Option(help="Of a BIDS data set's images; default: T1w. Of several channels one for each.")
]
ParticipantOption = Annotated[
    list[str] | None, typer.Option(*_LABELS, help="Of a BIDS data set: only this participant; may be repeated.")
]
JobsOption = Annotated[int, typer.Option(min=1, max=1000, help="Images at a time, a process and a core each.")]
SchedulerOption = Annotated[
    str | None, typer.Option(help="Address, or scheduler file, of a dask cluster that does the work.")
]
# Elsewhere --json says how to print; here it stays as the name that version 0.1 gave to --out.
_FIGURES = typer.Option("--out", "--json", help="The .json file where the figures go.")
JsonFlag = Annotated[bool, typer.Option("--json", help="Print plain data instead of text.")]


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"mednca {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Say which one this is, and end.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not say how far the work is.")] = False,
) -> None:
    """MedNCA: tiny models that segment, say where they are unsure, and whether to trust them."""
    be_quiet(quiet)


def main() -> None:
    """Run a command; a problem the user can act on becomes one sentence and status 2."""
    utf8_names()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal's encoding lacks is told all the same
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_words(sys.argv[1:])
        app()
    except MedNCAError as error:
        remark(error, "Error: ", "bold red")
        sys.exit(2)
    except OSError as error:
        if not error.filename or error.errno not in _OF_PATHS:
            raise
        told = Sentence("{path} cannot be read ({cause}); check the path.", path=error.filename, cause=error.strerror)
        remark(told, "Error: ", "bold red")
        sys.exit(2)


def _check_words(words) -> None:
    """An empty path would be the current folder, which nobody asked for."""
    for number, word in enumerate(words, start=1):
        if not word or (word.startswith("--") and word.endswith("=")):
            raise MedNCAError(
                "Argument {number} ({word}) is empty; is a variable without a value behind it?",
                number=number,
                word=repr(word),
            )


@app.command()
def models(as_json: JsonFlag = False) -> None:
    """List the models at hand, and why any of them is broken."""
    entries = [entry.summary() for entry in Library().entries()]
    if as_json:
        print(json.dumps(entries, indent=1))
        return
    table = Table("Model", "What it is for", "Parameters", "Dice", "State")
    for entry in entries:
        dice = entry.get("metrics", {}).get("dice", {}).get("union")
        state = entry["problem"] or ("ready" if entry["calibrated"] else "ready, not calibrated")
        size = "" if entry["problem"] else f"{entry['parameters']:,}"
        table.add_row(
            plain(entry["id"]),
            plain(entry.get("description", "")),
            size,
            f"{dice:.3f}" if dice else "",
            plain(state),
        )
    if entries:
        show(table)
    else:
        say("No models found.")


@app.command()
def segment(
    images: Annotated[list[Path], typer.Argument(help="Images, folders of images, or folders with a DICOM series.")],
    model: ModelOption,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the result folders go, one per image.")],
    click: Annotated[list[str] | None, typer.Option(help="R,A,S in mm: a point in the organ; may be repeated.")] = None,
    clicks: ClicksOption = None,
    channel: Annotated[
        list[Path] | None,
        typer.Option(help="The image's next channel, for a model of several; or name them NAME_0000, NAME_0001."),
    ] = None,
    find: FindOption = False,
    members: MembersOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    target: TargetOption = DEFAULT_TARGET,
    overwrite: OverwriteOption = False,
    bids: Annotated[
        bool, typer.Option("--bids", help="The folder is a BIDS data set, and --out becomes one of its derivatives.")
    ] = False,
    suffix: SuffixOption = None,
    participant_label: ParticipantOption = None,
    missing: MissingOption = False,
    memory_limit: MemoryOption = None,
    roi: RoiOption = None,
    jobs: JobsOption = 1,
    scheduler: SchedulerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Segment images: per image a folder with segmentation, variance, report and overview, and a table of them all."""
    if not bids and (suffix or participant_label):
        raise MedNCAError("--suffix and --participant-label belong to --bids.")
    batch = _batch(
        model, out_folder, [_point(text) for text in click or ()], clicks, find, members, seed, device, target,
        overwrite, missing, memory_limit, roi, jobs, scheduler, as_json,
    )  # fmt: skip
    if bids:
        if len(images) != 1 or channel:
            raise MedNCAError("--bids takes one folder, that of the data set, and no --channel.")
        _segment_data_set(batch, images[0], suffix, participant_label)
    else:
        named, failures = _with_channels(images, channel or [], batch.model.preprocessing.channels)
        _segment_all(batch, _jobs(batch, named, failures, out_folder), failures, out_folder)


@app.command("bids", cls=_BidsApp)
def bids_app(
    bids_dir: Annotated[Path, typer.Argument(help="A BIDS data set.")],
    output_dir: Annotated[Path, typer.Argument(help="Becomes one of its derivatives.")],
    analysis_level: Annotated[str, typer.Argument(help="participant: there is no other one.")],
    model: ModelOption,
    clicks: ClicksOption = None,
    find: FindOption = False,
    members: MembersOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    target: TargetOption = DEFAULT_TARGET,
    overwrite: OverwriteOption = False,
    suffix: SuffixOption = None,
    participant_label: ParticipantOption = None,
    missing: MissingOption = False,
    memory_limit: MemoryOption = None,
    roi: RoiOption = None,
    jobs: JobsOption = 1,
    scheduler: SchedulerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Segment a BIDS data set, called as BIDS apps are: `segment --bids` in other words."""
    if analysis_level != "participant":
        raise MedNCAError(
            "There is no level {level}: each participant is segmented alone; give participant.",
            level=repr(analysis_level),
        )
    batch = _batch(
        model, output_dir, (), clicks, find, members, seed, device, target, overwrite, missing, memory_limit, roi,
        jobs, scheduler, as_json,
    )  # fmt: skip
    _segment_data_set(batch, bids_dir, suffix, participant_label)


@dataclass(frozen=True)
class _Batch:
    """How a call segments many images.

    Attributes:
        request: of each.
        model: of the request.
        out: where the results go.
        points: clicks in every image, RAS mm.
        clicks: CSV file of others, or None.
        jobs, scheduler: who does the work.
        as_json: whether plain data are printed.
    """

    request: Request
    model: Model
    out: Path
    points: Sequence[tuple[float, float, float]]
    clicks: Path | None
    jobs: int
    scheduler: str | None
    as_json: bool


def _batch(
    model: str, out: Path, points: Sequence, clicks: Path | None, find: bool, members: int | None, seed: int | None,
    device: str, target: float, overwrite: bool, missing: bool, memory_limit: float | None, roi: bool | None,
    jobs: int, scheduler: str | None, as_json: bool,
) -> _Batch:  # fmt: skip
    """What the options ask for. Raises MedNCAError where they contradict each other, or cannot be met."""
    from .batch.jobs import Request
    from .nca.devices import choose_device
    from .segment import check_numbers

    library = Library()
    loaded = library.load(model)
    if find and not loaded.seeds:
        raise MedNCAError(
            "--find cannot be used: {model} does not say where its organs usually lie; give --click or --clicks.",
            model=loaded.name,
        )
    if find and (points or clicks):
        raise MedNCAError("--find cannot be used: clicks say where.")
    if scheduler and jobs > 1:
        raise MedNCAError("Give either --jobs or --scheduler.")
    check_numbers(members, seed, target, memory_limit)
    if not scheduler:  # whose workers have devices of their own
        choose_device(device)
    if os.path.isfile(out):
        raise MedNCAError("{out} is no folder; choose another --out.", out=out)
    request = Request(
        str(library.find(model).resolve()), loaded.sha256, members, seed, device, target, memory_limit, roi, find,
        overwrite, missing,
    )  # fmt: skip
    return _Batch(request, loaded, out, points, clicks, jobs, scheduler, as_json)


def _segment_data_set(batch: _Batch, folder: Path, suffixes, participants) -> None:
    """Segment a BIDS data set into derivatives."""
    from .batch.bids import RESULTS, Derivatives

    dataset = _bids_dataset(folder, suffixes, participants, batch.model)
    named, problems = dataset.images()
    failures = [_failure(*problem) for problem in problems.items()]
    work = _jobs(batch, named, failures, batch.out / RESULTS)
    derivatives = Derivatives(batch.out, dataset, batch.model.labels, batch.model.name)
    _segment_all(batch, work, failures, derivatives.results, derivatives)


def _bids_dataset(folder: Path, suffixes, participants, model: Model) -> BidsDataset:
    """The one that the options name."""
    from .batch.bids import BidsDataset

    chosen, channels = tuple(suffixes or ("T1w",)), model.preprocessing.channels
    if len(chosen) != len(channels):
        raise MedNCAError(
            "{model} needs a --suffix for each of its channels ({channels}), in order.",
            model=model.name,
            channels=", ".join(channels),
        )
    labels = [label for text in participants or () for label in re.split(r"[\s,]+", text) if label]
    return BidsDataset(folder, chosen, tuple(labels))


def _with_channels(images, others: list[Path], channels: Sequence[str]):
    """(case name, files of its channels) of every image, and what cannot be one."""
    named, failures = _named_images(images, len(channels) > 1 and not others)
    if not others:
        whole, problems = group_channels(named, channels)
        return whole, failures + [_failure(*problem) for problem in problems.items()]
    if len(named) != 1 or len(channels) != 1 + len(others):
        raise MedNCAError(
            "--channel is for one image and each further channel of the model's ({channels}); name the channels of "
            "several images NAME_0000, NAME_0001, ...",
            channels=", ".join(channels),
        )
    return [(name, (path, *others)) for name, path in named], failures


def _jobs(batch: _Batch, named: list, failures: list[dict], folder: Path) -> list[Job]:
    """A job for each image. folder: of the results' folders."""
    from .batch.clicks import read_clicks
    from .batch.jobs import Job

    files = {name: first for name, (first, *_others) in named}
    at = read_clicks(batch.clicks, _called(files, failures), files) if batch.clicks else {}
    return [
        Job(
            batch.request, name, str(first), str(folder / name), (*batch.points, *at.get(name, ())),
            tuple(map(str, others)),
        )
        for name, (first, *others) in named
    ]  # fmt: skip


def _called(files: dict[str, Path], failures: list[dict]) -> dict[str, str | None]:
    """What a file of clicks may call the images: a result's name, or that of the image's first file, with its folder's
    before it where several have the same. files: by result."""
    often = Counter(map(case_name, files.values()))
    alone = {case_name(file): name for name, file in files.items() if often[case_name(file)] == 1}
    with_folder = {_with_folder(file): name for name, file in files.items()}
    own = {name: name for name in files}
    return {case_name(each["image"]): None for each in failures} | with_folder | alone | own


@dataclass(frozen=True)
class _Done:
    """Of an image, what is told of its result. report: as JSON has it, where that is asked for."""

    rows: list[Row]
    notes: list[str]
    report: dict | None


def _segment_all(
    batch: _Batch, work: list[Job], failures: list[dict], folder: Path, derivatives: Derivatives | None = None
) -> None:
    """Do a call's jobs, with a bar for people; write the table of the results' folder, say what came out, and end.

    failures: of images that are no job; takes those that come.
    """
    from .batch.summary import Summary, rows_of

    summary, wanted, done = Summary(folder), {job.name: job for job in work}, {}
    for failure in failures:
        image, name = failure["image"], case_name(failure["image"])
        name = image if name in wanted else name  # another image's result is called so
        summary.fail(name, file_name(image), failure["error"])
    with progress(batch.as_json, math.inf) as bar, _table_of_what_is_done(summary, done, len(work)):
        total = bar.add_task("Images", total=len(work))
        for outcome in _outcomes(batch, work, bar, total):
            job, report = wanted[outcome.job.name], outcome.result
            if outcome.error:
                failures.append(_failure(job.image, outcome.error))
                summary.fail(job.name, file_name(job.image), str(outcome.error))
            else:
                rows, notes = rows_of(job.name, report), list(map(str, report.notes))
                done[job.name] = _Done(rows, notes, report.to_json() if batch.as_json else None)
                summary.add(job.name, rows)
                if derivatives:
                    with _apart(failures, job.image):
                        derivatives.add(job.name, tuple(map(Path, (job.image, *job.others))), report.to_json())
            bar.update(total, advance=1)
    with _apart(failures, folder):
        summary.finish()
    _tell_all([(job, done[job.name]) for job in work if job.name in done], failures, folder, batch.as_json)
    raise typer.Exit(1 if failures else 0)


@contextmanager
def _table_of_what_is_done(summary, done: dict[str, _Done], total: int) -> Iterator[None]:
    """Who stops a call has the table of what it did."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(MedNCAError):
            summary.finish()
        raise KeyboardInterrupt(
            f"{len(done)} of {total} images have a result; the same command with --missing goes on."
        ) from None


def _outcomes(batch: _Batch, work: list[Job], bar: bars.Progress, total) -> Iterator[Outcome]:
    """The jobs' outcomes, as they are done."""
    from .batch.cluster import run_on_cluster
    from .batch.jobs import for_cluster, repeatable, segment_volume
    from .pool import Pool, outcome_of

    scheduler = batch.scheduler
    if scheduler or batch.jobs > 1:
        checked = [outcome_of(repeatable, job) for job in work]
        yield from (outcome for outcome in checked if outcome.error)
        work = [outcome.result for outcome in checked if not outcome.error]
    if scheduler:
        if scheduler.endswith(".json") and not os.path.exists(scheduler):
            remark(f"{scheduler} is not there yet; its scheduler is waited for.")
        yield from run_on_cluster(scheduler, segment_volume, map(for_cluster, work), remark)
    elif batch.jobs > 1:
        with Pool(min(batch.jobs, max(len(work), 1))) as pool:
            yield from pool.run(segment_volume, work, as_done=True)
    else:
        step = bar.add_task("", total=1)

        def told(told: Progress) -> None:
            bar.update(step, description=_stage(told), completed=told.step, total=told.total)

        for job in work:
            bar.update(total, description=plain(job.name))
            yield outcome_of(lambda job: segment_volume(job, told), job)


def _tell_all(done: list[tuple[Job, _Done]], failures: list[dict], folder: Path, as_json: bool) -> None:
    """Say what came out of a call, in the order of its images. folder: of the table."""
    if as_json:
        results = [{"image": job.image, "folder": job.folder, "report": each.report} for job, each in done]
        print(json.dumps({"results": results, "failures": failures}, indent=1))
    else:
        _tell([row for _job, each in done for row in each.rows], folder)
    notes: dict[str, list[str]] = {}
    for job, each in done:
        for note in each.notes:
            notes.setdefault(note, []).append(job.name)
    for note, of in notes.items():
        remark(f"{note} ({', '.join(of[:3])}{', ...' if len(of) > 3 else ''})", "Note: ", "bold yellow")
    for failure in failures:
        complain(failure)


@app.command()
def review(
    summary: Annotated[Path, typer.Argument(help="summary.csv of a folder of results.")],
    images: Annotated[Path, typer.Option(help="Folder of the images.")],
    out_file: Annotated[Path, typer.Option("--out", help="Scene for Slicer, an .mrb file.")],
    most: Annotated[int, typer.Option(min=1, help="So many images at most.")] = 20,
) -> None:
    """Put the doubtful results of a table into one scene for Slicer, where MedNCA Segment shows their verdicts."""
    from .batch.review import doubtful, write_review

    chosen, more, failed = doubtful(summary, images, most)
    lacking = f" {failed} images have no result." if failed else ""
    if not chosen:
        say(f"There is nothing doubtful to review, so no scene is written.{lacking}")
        return
    write_review(chosen, out_file)
    left = f"; {more} more are doubtful (--most)" if more else ""
    say(f"Written: {out_file}, {len(chosen)} images, the most doubtful first{left}.{lacking}")


@app.command()
def evaluate(
    model: ModelOption,
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of label maps with the same names.")],
    out: Annotated[Path, _FIGURES],
    members: MembersOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    cases: Annotated[Path | None, typer.Option(help="A split.json; only its validation cases are used.")] = None,
    union: Annotated[
        bool, typer.Option("--union", help="Every value of the label maps is the organ; measure the union only.")
    ] = False,
) -> None:
    """Measure a model on cases with known answers.

    An image larger than the model's field of view is measured structure by structure (left and right organ), each with
    a click into its middle, as a person would. Where each structure has a label value of its own, the values tell
    structures apart, not parts, and the union alone is measured.
    """
    from .evaluate import evaluate_case

    loaded = Library().load(model)
    pairs, problems = pair_by_name(images, labels)
    if cases:
        validation = set(read_json(cases, SPLIT_SCHEMA)["validation"])
        pairs = [pair for pair in pairs if pair[0] in validation]
        problems = {name: why for name, why in problems.items() if name in validation}
        if lacking := sorted(validation - {pair[0] for pair in pairs} - set(problems)):
            remark(f"{len(lacking)} validation cases of {cases} are not there, as {lacking[0]}; they are left out.")
        if not pairs:
            raise MedNCAError("None of the validation cases of {cases} lies in {images}.", cases=cases, images=images)
    scores: list[CaseScore] = []
    failures = [_failure(*problem) for problem in problems.items()]
    with json_output(out) as write:
        with progress(pace=math.inf) as bar:
            task = bar.add_task("Cases", total=len(pairs))
            for pair in pairs:
                bar.update(task, description=plain(pair[0]))
                with _apart(failures, pair[0]):
                    scores += evaluate_case(*pair, loaded, members, seed, device, union_only=union)
                bar.update(task, advance=1)
        if scores:
            mean = Summary.of(scores)
            tell_scores(scores, mean)
            _tell_uncounted(scores)
            rows = [score.to_json() for score in scores]
            identity = {"model": loaded.id, "sha256": loaded.sha256}
            write(identity | {"cases": rows, "mean": mean.to_json(), "failures": failures})
    for failure in failures:
        complain(failure)
    raise typer.Exit(1 if failures or not scores else 0)


def _tell_uncounted(scores: list[CaseScore]) -> None:
    """Say which values of the label maps counted nowhere."""
    values = sorted({value for score in scores for value in score.uncounted})
    if values:
        told = ", ".join(map(str, values))
        remark(
            f"The label maps hold the value(s) {told}, which the model does not know and which counted nowhere; "
            "--union takes every value as the organ.",
            "Note: ",
            "bold yellow",
        )


@app.command()
def benchmark(
    preset: Annotated[str | None, typer.Option(help="A model of the papers at its paper's size.")] = None,
    model: Annotated[str | None, typer.Option(help="A model of the library; needs --shape.")] = None,
    shape: Annotated[str | None, typer.Option(help="X,Y,Z: voxels of the image (R, A, S).")] = None,
    members: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Ensemble members; default: as many as there are cores.")
    ] = None,
    memory_limit: Annotated[float | None, typer.Option(help="MB the ensemble may take.")] = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="Timed runs, after one that is not.")] = 5,
    roi: Annotated[bool, typer.Option(help="Compute only a region of the size of an organ.")] = False,
    training: Annotated[bool, typer.Option(help="Also time a pass with its way back.")] = False,
    reference: Annotated[bool, typer.Option(help="Also time the papers' text written down plainly.")] = True,
    out: Annotated[Path | None, _FIGURES] = None,
) -> None:
    """Measure seconds and memory of one pass, with untrained weights."""
    from .benchmark.timing import PRESETS, benchmark

    if preset is not None and model is None:
        if preset not in PRESETS:
            raise MedNCAError(
                "There is no preset {preset}; known are {known}.", preset=repr(preset), known=", ".join(PRESETS)
            )
        architecture, size = PRESETS[preset].architecture, PRESETS[preset].shape
    elif model is not None and preset is None:
        architecture, size = Library().load(model).architecture, None
    else:
        raise MedNCAError("Give either --preset or --model.")
    size = _shape(shape) if shape else size
    if size is None:
        raise MedNCAError("--model needs --shape X,Y,Z.")
    with json_output(out) if out else nullcontext(_print_json) as write:
        figures = {"preset": preset, "model": model} | benchmark(
            architecture, size, members, memory_limit, repeats, reference, roi, training,
            remark,
        )  # fmt: skip
        write(figures)


def _print_json(data) -> None:
    print(json.dumps(data, indent=1))


def _shape(text: str) -> tuple[int, int, int]:
    try:
        r, a, s = (int(part) for part in text.split(","))
        if min(r, a, s) < 1 or r * a * s > MAX_VOXELS:
            raise ValueError
    except ValueError as error:
        raise MedNCAError(
            "--shape {text} is not three whole numbers X,Y,Z above 0 of an image.", text=repr(text)
        ) from error
    return r, a, s


@app.command("export")
def export_model(model: str, file: Path) -> None:
    """Write a model as a zip file that others can import."""
    say(f"Written: {Library().export_model(model, file)}")


@app.command("onnx")
def export_onnx(model: str, folder: Path) -> None:
    """Write the steps of a model's levels as ONNX graphs, for runtimes without torch (docs/onnx)."""
    from .models.onnx_export import export_steps

    for path in export_steps(Library().load(model), folder):
        say(f"Written: {path}")


@app.command("import")
def import_model(
    file: Path, replace: Annotated[bool, typer.Option(help="Replace a model of the same id.")] = False
) -> None:
    """Add a model from a zip file to your own."""
    entry = Library().import_model(file, replace)
    say(f"Imported {entry.id} to {entry.folder}")


@app.command("remove")
def remove_model(model: str) -> None:
    """Delete one of your own models; the bundled ones stay."""
    Library().remove_model(model)
    say(f"Removed {model}")


def _named_images(paths: Iterable[Path], has_channels: bool = False):
    """(case name, path) of every image, and what cannot be one; names decide the result folders. Where those of several
    folders have the same name, as T1 of each patient, the folders' names stand before it.

    has_channels: whether the number of a channel stands behind a name, and is no part of it.
    """
    found, failures = [], []
    for given in paths:
        with _apart(failures, given):
            found += find_images(given)

    def alike(path: Path) -> str:  # some file systems tell them apart, others do not
        name = case_name(file_name(path)).casefold()
        return _CHANNEL.sub("", name) if has_channels else name

    folders: dict[str, set[str]] = {}
    for path in found:
        folders.setdefault(alike(path), set()).add(_folder_name(path))
    named, taken = [], {}
    for path in found:
        name = _with_folder(path) if len(folders[alike(path)]) > 1 else case_name(file_name(path))
        if other := taken.get(name.casefold()):
            told = f"{path} and {other} would both be called {name!r}; give one of them another --out."
            failures.append(_failure(path, told))
            continue
        taken[name.casefold()] = path
        named.append((name, path))
    return named, failures


def _folder_name(path: Path) -> str:
    return Path(os.path.abspath(path)).parent.name


def _with_folder(path: Path) -> str:
    """A case's name, with that of the folder that it lies in before it."""
    return f"{_folder_name(path)}_{case_name(file_name(path))}"


@contextmanager
def _apart(failures: list, image):
    """What goes wrong with one image becomes a row of `failures` and costs the others nothing."""
    try:
        yield
    except MedNCAError as error:
        failures.append(_failure(image, error))
    except Exception as error:  # a bug, or a library's: the person reads which image it was
        failures.append(_failure(image, f"{type(error).__name__}: {error}"))


def _failure(image, error) -> dict:
    return {"image": plain(image), "error": plain(error)}


def _point(text: str) -> tuple[float, float, float]:
    try:
        r, a, s = (float(part) for part in text.split(","))
        if not all(map(math.isfinite, (r, a, s))):
            raise ValueError(text)
    except ValueError as error:
        raise MedNCAError(
            "--click {text} is not three numbers R,A,S in mm, like --click=-27,-22,-14.", text=repr(text)
        ) from error
    return r, a, s


def _stage(told: Progress) -> str:
    """What a bar says of a stage."""
    return told.stage if told.fields == 1 else f"{told.stage} {told.field}/{told.fields}"


def _tell(rows: list[dict], folder: Path) -> None:
    """rows: of `batch.summary`, those of this call; folder: of the summary."""
    if len(rows) > _MOST_ROWS:
        counts = ", ".join(f"{sum(row['verdict'] == color for row in rows)} {color}" for color in WORDS)
        say(f"{len(rows)} structures: {counts}. See {folder / 'summary.html'}")
    elif rows:
        table = Table("Image", "Side", "Where", "Volume (ml)", "NQM", "Verdict")
        for row in rows:
            quality = row.get("signal nqm")
            table.add_row(
                plain(row["file"] or row["image"]),
                row["side"] or "-",
                ", ".join(f"{row[axis]:.0f}" for axis in "ras"),
                f"{row['volume_ml']:.2f}",
                f"{quality:.3f}" if quality is not None else "-",
                plain(_verdict(row)),
            )
        show(table)


def _verdict(row: dict) -> str:
    """Of a row of `batch.summary`: the word, where the reason does not begin with it, and the reason."""
    word, reason = WORDS[row["verdict"]], row["reason"]
    return reason if reason.startswith(word) else f"{word}. {reason}"

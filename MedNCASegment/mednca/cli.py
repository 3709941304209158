"""The command line over the engine: models, segment, review, evaluate, benchmark, export, onnx, import, remove.

Training adds its own commands (`mednca_train.commands`).

Exit status: 0 all went well; 1 some image or case failed, each told in a sentence; 2 the request itself is wrong.
"""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import progress as bars
from rich.table import Table
from typer.core import TyperGroup

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


app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
# Of a path that nobody may look at, or that no file can have; another OSError is a bug.
_OF_PATHS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
_MOST_ROWS = 100  # of a table that people read in a terminal

ModelOption = Annotated[str, typer.Option("--model", help="A model of the library, or a model folder.")]
MembersOption = Annotated[int | None, typer.Option(help="Ensemble members; default: the model's own.")]
SeedOption = Annotated[int | None, typer.Option(help="Seed of the fire masks; default: the model's own.")]
MemoryOption = Annotated[float | None, typer.Option(help="MB it may take, image and results included.")]
RoiOption = Annotated[bool | None, typer.Option(help="Refine only where something was found; default: if large.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
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
    clicks: Annotated[Path | None, typer.Option(help="CSV file of clicks: columns image, r, a, s in mm.")] = None,
    channel: Annotated[
        list[Path] | None,
        typer.Option(help="The image's next channel, for a model of several; or name them NAME_0000, NAME_0001."),
    ] = None,
    find: Annotated[
        bool, typer.Option("--find", help="Find the organs where the model says that they usually lie; no clicks.")
    ] = False,
    members: MembersOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    target: Annotated[float, typer.Option(help="Dice that the verdict is measured against.")] = DEFAULT_TARGET,
    overwrite: Annotated[bool, typer.Option(help="Replace results that are already there.")] = False,
    bids: Annotated[
        bool, typer.Option("--bids", help="The folder is a BIDS data set, and --out becomes one of its derivatives.")
    ] = False,
    suffix: Annotated[
        list[str] | None,
        typer.Option(help="With --bids: of the images; default: T1w. Of several channels one for each."),
    ] = None,
    participant_label: Annotated[
        list[str] | None, typer.Option(help="With --bids: only this participant; may be repeated.")
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Take results that are there, and segment what has none yet.")
    ] = False,
    memory_limit: MemoryOption = None,
    roi: RoiOption = None,
    jobs: Annotated[int, typer.Option(min=1, max=1000, help="Images at a time, a process and a core each.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address, or scheduler file, of a dask cluster that does the work.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Segment images: per image a folder with segmentation, variance, report and overview, and a table of them all."""
    from .batch.bids import Derivatives
    from .batch.clicks import read_clicks
    from .batch.jobs import Job, Request
    from .batch.summary import Summary, failure_row, rows_of
    from .nca.devices import choose_device
    from .segment import check_numbers

    library, points = Library(), [_point(text) for text in click or ()]
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
    if os.path.isfile(out_folder):
        raise MedNCAError("{out} is no folder; choose another --out.", out=out_folder)
    request = Request(
        str(library.find(model).resolve()), loaded.sha256, members, seed, device, target, memory_limit, roi, find,
        overwrite, missing,
    )  # fmt: skip
    derivatives, results_folder = None, out_folder
    if bids:
        source = _bids_dataset(images, suffix, participant_label, channel, loaded)
        named, problems = source.images()
        failures = [_failure(*problem) for problem in problems.items()]
    elif suffix or participant_label:
        raise MedNCAError("--suffix and --participant-label belong to --bids.")
    else:
        named, failures = _with_channels(images, channel or [], loaded.preprocessing.channels)
    files = {name: first for name, (first, *_others) in named}
    at = read_clicks(clicks, _called(named, failures), files) if clicks else {}
    if bids:
        derivatives = Derivatives(out_folder, source, loaded.labels, loaded.name)
        results_folder = derivatives.results
    work = [
        Job(
            request, name, str(first), str(results_folder / name), (*points, *at.get(name, ())), tuple(map(str, others))
        )
        for name, (first, *others) in named
    ]
    summary, results, rows, notes = Summary(results_folder), [], [], {}
    channels_of = dict(named)
    for failure in failures:
        image, name = failure["image"], case_name(failure["image"])
        name = image if name in channels_of else name  # another image's result is called so
        summary.add(name, [failure_row(name, file_name(image), failure["error"])])
    done: list[str] = []
    with progress(quiet=as_json) as bar, _table_of_what_is_done(summary, done, len(work)):
        total = bar.add_task("Images", total=len(work))
        for outcome in _outcomes(work, jobs, scheduler, bar, total):
            job = outcome.job
            if outcome.error:
                failures.append(_failure(job.image, outcome.error))
                summary.add(job.name, [failure_row(job.name, file_name(job.image), str(outcome.error))])
            else:
                report, own = outcome.result, rows_of(job.name, outcome.result)
                done.append(job.name)
                summary.add(job.name, own)
                if as_json:
                    results.append({"image": job.image, "folder": job.folder, "report": report.to_json()})
                if derivatives:
                    with _apart(failures, job.image):
                        derivatives.add(job.name, channels_of[job.name], report.to_json())
                rows += own
                for note in map(str, report.notes):
                    notes.setdefault(note, []).append(job.name)
            bar.update(total, advance=1)
    with _apart(failures, results_folder):
        summary.finish()
    if as_json:
        print(json.dumps({"results": results, "failures": failures}, indent=1))
    else:
        _tell(rows, results_folder)
    for note, of in notes.items():
        remark(f"{note} ({', '.join(of[:3])}{', ...' if len(of) > 3 else ''})", "Note: ", "bold yellow")
    for failure in failures:
        complain(failure)
    raise typer.Exit(1 if failures else 0)


@contextmanager
def _table_of_what_is_done(summary, done: list[str], total: int) -> Iterator[None]:
    """Who stops a call has the table of what it did."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(MedNCAError):
            summary.finish()
        raise KeyboardInterrupt(
            f"{len(done)} of {total} images have a result; the same command with --missing goes on."
        ) from None


def _called(named: list, failures: list[dict]) -> dict[str, str | None]:
    """What a file of clicks may call the images: a result's name, or that of the image's first file."""
    files = {case_name(first): name for name, (first, *_others) in named}
    return {case_name(each["image"]): None for each in failures} | files | {name: name for name, _paths in named}


def _bids_dataset(images: list[Path], suffixes, participants, others, model):
    """The one that the options name."""
    from .batch.bids import BidsDataset

    chosen, channels = tuple(suffixes or ("T1w",)), model.preprocessing.channels
    if len(images) != 1 or others:
        raise MedNCAError("--bids takes one folder, that of the data set, and no --channel.")
    if len(chosen) != len(channels):
        raise MedNCAError(
            "{model} needs a --suffix for each of its channels ({channels}), in order.",
            model=model.name,
            channels=", ".join(channels),
        )
    return BidsDataset(images[0], chosen, tuple(participants or ()))


def _with_channels(images, others: list[Path], channels: Sequence[str]):
    """(case name, files of its channels) of every image, and what cannot be one."""
    named, failures = _named_images(images)
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


def _outcomes(work: list, jobs: int, scheduler: str | None, bar: bars.Progress, total) -> Iterator[Outcome]:
    """The jobs' outcomes: of a cluster as they are done, else in their order."""
    from .batch.cluster import run_on_cluster
    from .batch.jobs import repeatable, segment_volume
    from .pool import Pool, outcome_of

    if scheduler or jobs > 1:
        checked = [outcome_of(repeatable, job) for job in work]
        yield from (outcome for outcome in checked if outcome.error)
        work = [outcome.result for outcome in checked if not outcome.error]
    if scheduler:
        if scheduler.endswith(".json") and not os.path.exists(scheduler):
            remark(f"{scheduler} is not there yet; its scheduler is waited for.")
        # A worker has a folder of its own to begin in.
        yield from run_on_cluster(
            scheduler, segment_volume,
            [
                replace(
                    job, image=os.path.abspath(job.image), folder=os.path.abspath(job.folder),
                    others=tuple(map(os.path.abspath, job.others)),
                )
                for job in work
            ],
        )  # fmt: skip
    elif jobs > 1:
        with Pool(min(jobs, max(len(work), 1))) as pool:
            yield from pool.run(segment_volume, work)
    else:
        step = bar.add_task("", total=1)

        def told(told: Progress) -> None:
            bar.update(step, description=_stage(told), completed=told.step, total=told.total)

        for job in work:
            bar.update(total, description=plain(job.name))
            yield outcome_of(lambda job: segment_volume(job, told), job)


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
        with progress() as bar:
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


def _named_images(paths):
    """(case name, path) of every image, and what cannot be one; names decide the result folders."""
    named, failures, taken = [], [], {}
    for given in paths:
        found = []
        with _apart(failures, given):
            found = find_images(given)
        for path in found:
            name = case_name(file_name(path))
            key = name.casefold()  # some file systems tell them apart, others do not
            if key in taken:
                told = f"{path} and {taken[key]} would both be called {name!r}; give one of them another --out."
                failures.append(_failure(path, told))
                continue
            taken[key] = path
            named.append((name, path))
    return named, failures


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

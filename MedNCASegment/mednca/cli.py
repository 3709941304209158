"""The command line over the engine: models, segment, evaluate, benchmark, export, import, remove.

Training adds its own commands (`mednca_train.cli`).

Exit status: 0 all went well; 1 some image or case failed, each told in a sentence; 2 the request itself is wrong.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import progress as bars
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from . import __version__
from .errors import MedNCAError, plain
from .files import held, staged, write_json
from .imaging.header import MAX_VOXELS
from .imaging.reading import case_name, find_images, pair_by_name, read_image, write_image
from .messages import Progress
from .models.library import Library
from .models.schema import SPLIT_SCHEMA
from .quality.verdict import DEFAULT_TARGET
from .result import Report, Segmentation
from .schema import read_json
from .scores import CaseScore, Summary

if TYPE_CHECKING:
    import SimpleITK as sitk

    from .models.weights import Model  # needs torch, which takes long to load

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
out, err = Console(), Console(stderr=True)
LINE_SECONDS = 30.0  # between two lines of progress, where there is no terminal
_is_quiet = False  # as this call's --quiet says

ModelOption = Annotated[str, typer.Option("--model", help="A model of the library, or a model folder.")]
MembersOption = Annotated[int | None, typer.Option(help="Ensemble members; default: the model's own.")]
SeedOption = Annotated[int | None, typer.Option(help="Seed of the fire masks; default: the model's own.")]
MemoryOption = Annotated[float | None, typer.Option(help="MB it may take, image and results included.")]
RoiOption = Annotated[bool | None, typer.Option(help="Refine only where something was found; default: if large.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
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
    global _is_quiet
    _is_quiet = quiet


def main() -> None:
    """Run a command; a problem the user can act on becomes one sentence and status 2."""
    try:
        _check_words(sys.argv[1:])
        app()
    except MedNCAError as error:
        err.print(f"[bold red]Error:[/] {_plain(error)}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("Stopped.")
        sys.exit(130)


def _check_words(words) -> None:
    """An empty path would be the current folder, which nobody asked for."""
    for number, word in enumerate(words, start=1):
        if not word or (word.startswith("--") and word.endswith("=")):
            raise MedNCAError(f"Argument {number} ({word!r}) is empty; is a variable without a value behind it?")


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
            _plain(entry["id"]),
            _plain(entry.get("description", "")),
            size,
            f"{dice:.3f}" if dice else "",
            _plain(state),
        )
    out.print(table if entries else "No models found.")


@app.command()
def segment(
    images: Annotated[list[Path], typer.Argument(help="Images, folders of images, or folders with a DICOM series.")],
    model: ModelOption,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the result folders go, one per image.")],
    click: Annotated[list[str] | None, typer.Option(help="R,A,S in mm: a point in the organ; may be repeated.")] = None,
    find: Annotated[
        bool, typer.Option("--find", help="Find the organs where the model says that they usually lie; no clicks.")
    ] = False,
    members: MembersOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    target: Annotated[float, typer.Option(help="Dice that the verdict is measured against.")] = DEFAULT_TARGET,
    overwrite: Annotated[bool, typer.Option(help="Replace results that are already there.")] = False,
    memory_limit: MemoryOption = None,
    roi: RoiOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Segment images: per image a folder with segmentation, variance, report and overview."""
    clicks = [_point(text) for text in click or ()]
    loaded = Library().load(model)
    if find and (clicks or not loaded.seeds):
        why = "clicks say where" if clicks else f"{loaded.name} does not say where its organs usually lie; give --click"
        raise MedNCAError(f"--find cannot be used: {why}.")
    jobs, failures = _jobs(images)
    results = []
    with progress(quiet=as_json) as bar:
        total = bar.add_task("Images", total=len(jobs))
        step = bar.add_task("", total=1)
        for name, path in jobs:
            bar.update(total, description=_plain(name))
            folder = out_folder / name
            with _apart(failures, path), held(folder):
                report = _segment_one(
                    path, folder, overwrite, loaded, clicks, find, members, seed, device, target, memory_limit, roi,
                    lambda told: bar.update(step, description=_stage(told), completed=told.step, total=told.total),
                )  # fmt: skip
                results.append({"image": str(path), "folder": str(folder), "report": report})
            bar.update(total, advance=1)
    _tell(results, failures, as_json)
    raise typer.Exit(1 if failures else 0)


@app.command()
def evaluate(
    model: ModelOption,
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of label maps with the same names.")],
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
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
        if not pairs:
            raise MedNCAError(f"None of the validation cases of {cases} lies in {images}.")
    scores: list[CaseScore] = []
    failures = [_failure(*problem) for problem in problems.items()]
    with json_output(json_file) as write:
        with progress() as bar:
            task = bar.add_task("Cases", total=len(pairs))
            for pair in pairs:
                bar.update(task, description=_plain(pair[0]))
                with _apart(failures, pair[0]):
                    scores += evaluate_case(*pair, loaded, members, seed, device, union_only=union)
                bar.update(task, advance=1)
        if scores:
            mean = Summary.of(scores)
            table(scores, mean)
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
        err.print(
            f"[bold yellow]Note:[/] The label maps hold the value(s) {told}, which the model does not know and which "
            "counted nowhere; --union takes every value as the organ.", highlight=False, soft_wrap=True,
        )  # fmt: skip


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
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
) -> None:
    """Measure seconds and memory of one pass, with untrained weights."""
    from .benchmark.timing import PRESETS, benchmark

    if preset is not None and model is None:
        if preset not in PRESETS:
            raise MedNCAError(f"There is no preset {preset!r}; known are {', '.join(PRESETS)}.")
        architecture, size = PRESETS[preset].architecture, PRESETS[preset].shape
    elif model is not None and preset is None:
        architecture, size = Library().load(model).architecture, None
    else:
        raise MedNCAError("Give either --preset or --model.")
    size = _shape(shape) if shape else size
    if size is None:
        raise MedNCAError("--model needs --shape X,Y,Z.")
    with json_output(json_file) if json_file else nullcontext(_print_json) as write:
        figures = {"preset": preset, "model": model} | benchmark(
            architecture, size, members, memory_limit, repeats, reference, roi, training,
            lambda text: err.print(text, highlight=False),
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
        raise MedNCAError(f"--shape {text!r} is not three whole numbers X,Y,Z above 0 of an image.") from error
    return r, a, s


@app.command("export")
def export_model(model: str, file: Path) -> None:
    """Write a model as a zip file that others can import."""
    out.print(f"Written: {Library().export_model(model, file)}", highlight=False)


@app.command("onnx")
def export_onnx(model: str, folder: Path) -> None:
    """Write the steps of a model's levels as ONNX graphs, for runtimes without torch (docs/onnx)."""
    from .models.onnx_export import export_steps

    for path in export_steps(Library().load(model), folder):
        out.print(f"Written: {path}", highlight=False)


@app.command("import")
def import_model(
    file: Path, replace: Annotated[bool, typer.Option(help="Replace a model of the same id.")] = False
) -> None:
    """Add a model from a zip file to your own."""
    entry = Library().import_model(file, replace)
    out.print(f"Imported {entry.id} to {entry.folder}", highlight=False)


@app.command("remove")
def remove_model(model: str) -> None:
    """Delete one of your own models; the bundled ones stay."""
    Library().remove_model(model)
    out.print(f"Removed {model}", highlight=False)


RESULT_FILES = ("segmentation.nii.gz", "variance.nii.gz", "report.json", "overview.png")


def write_result(image: sitk.Image, result: Segmentation, model: Model, folder: Path, replace: bool = False) -> None:
    """Write the four files of a result, in a folder that appears whole or not at all.

    Args:
        image: that was segmented.
        result: of it.
        model: that made it.
        folder: of the result.
        replace: whether a folder that is there may go.

    Raises:
        MedNCAError: where it cannot be written.
    """
    from .overview import draw_overview

    with staged(folder, replace) as made:
        write_image(result.labels, made / "segmentation.nii.gz")
        write_image(result.variance, made / "variance.nii.gz")
        write_json(made / "report.json", result.report.to_json())
        draw_overview(image, result, model, made / "overview.png")


def _segment_one(
    path, folder, overwrite, model, clicks, find, members, seed, device, target, memory_limit, roi, progress
) -> Report:
    from .segment import find_structures, segment_image

    _check_target(folder, overwrite)
    progress(Progress("reading", 0, 1))
    image = read_image(path)
    if find:
        clicks = [place.point for place in find_structures(image, model, seed, device, progress, memory_limit)]
    result = segment_image(
        image, model, clicks, members, seed, device, target, progress, memory_limit, roi, Path(path).name
    )
    _check_target(folder, overwrite)  # once more: whatever is there now was perhaps put there meanwhile
    write_result(image, result, model, folder, replace=overwrite)
    return result.report


@contextmanager
def json_output(path: Path) -> Iterator[Callable[[Any], None]]:
    """Hold the file that a command's figures go to while it works.

    A file that is there now is replaced, one that appears meanwhile is not.

    Args:
        path: of the file.

    Yields:
        A function that writes the figures.

    Raises:
        MedNCAError: before the work, where it cannot be written.
    """
    with held(path):
        if path.is_dir():
            raise MedNCAError(f"{path} is a folder; a file is needed.")
        replace = os.path.lexists(path)
        yield lambda data: write_json(path, data, replace)


def _jobs(paths):
    """(case name, path) of every image, and what cannot be one; names decide the result folders."""
    jobs, failures, taken = [], [], {}
    for given in paths:
        found = []
        with _apart(failures, given):
            found = find_images(given)
        for path in found:
            name = case_name(os.path.abspath(path))
            if name in taken:
                told = f"{path} and {taken[name]} would both be called {name!r}; segment one of them in another call."
                failures.append(_failure(path, told))
                continue
            taken[name] = path
            jobs.append((name, path))
    return jobs, failures


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


def _check_target(folder: Path, overwrite: bool) -> None:
    """Raises MedNCAError where something is there that may not go."""
    if os.path.lexists(folder) and not overwrite:
        raise MedNCAError(f"{folder} already exists; choose another --out, or add --overwrite.")
    if os.path.lexists(folder) and not _is_result(folder):
        raise MedNCAError(f"{folder} is no result of MedNCA, so it is not replaced; choose another --out.")


def _is_result(folder: Path) -> bool:
    """Whether a folder is what `write_result` makes: these regular files and a report of ours, nothing else."""
    try:
        whole = not folder.is_symlink() and all(
            path.name in RESULT_FILES and path.is_file() and not path.is_symlink() for path in list(folder.iterdir())
        )
        return whole and bool(Report.from_json(read_json(folder / "report.json")).findings)
    except (OSError, MedNCAError):
        return False


def _point(text: str) -> tuple[float, float, float]:
    try:
        r, a, s = (float(part) for part in text.split(","))
    except ValueError as error:
        raise MedNCAError(f"--click {text!r} is not three numbers R,A,S in mm, like --click=-27,-22,-14.") from error
    return r, a, s


def progress(quiet: bool = False) -> bars.Progress:
    """Bars on a terminal, on standard error; elsewhere a line now and then. Nothing where --quiet was given."""
    quiet = quiet or _is_quiet
    if not quiet and not err.is_terminal:
        return _Lines()
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.completed}/{task.total}"),
        bars.TimeRemainingColumn(),
    )
    return bars.Progress(*columns, console=err, transient=True, disable=quiet)


class _Lines(bars.Progress):
    """What bars show, as a line every half minute: for files and pipes."""

    def __init__(self):
        super().__init__(disable=True)
        self._begun = self._told = time.monotonic()

    def update(self, *arguments, **changes) -> None:
        """As of rich's."""
        super().update(*arguments, **changes)
        now, line = time.monotonic(), self._line()
        if line and now - self._told >= LINE_SECONDS:
            self._told = now
            err.print(f"{clock(now - self._begun)} {line}", highlight=False, soft_wrap=True, markup=False)

    def _line(self) -> str:
        parts = []
        for task in self.tasks:
            if task.total and task.visible and not task.finished:
                left = task.time_remaining
                told = f"{task.description} {task.completed:g}/{task.total:g}".strip()
                parts.append(told + (f", {clock(left)} left" if left else ""))
        return "; ".join(parts)


def clock(seconds: float) -> str:
    """Hours, minutes and seconds, as people read them."""
    return str(timedelta(seconds=round(seconds)))


def _stage(told: Progress) -> str:
    """What a bar says of a stage."""
    return told.stage if told.fields == 1 else f"{told.stage} {told.field}/{told.fields}"


def _tell(results: list[dict], failures, as_json: bool) -> None:
    """results: of each image its path, its result folder and its `Report`."""
    if as_json:
        rows = [result | {"report": result["report"].to_json()} for result in results]
        print(json.dumps({"results": rows, "failures": failures}, indent=1))
    elif results:
        table = Table("Image", "Side", "Where", "Volume (ml)", "NQM", "Verdict")
        for result in results:
            for finding in result["report"].findings:
                quality, verdict = finding.nqm["union"], finding.verdict
                where = ", ".join(f"{x:.0f}" for x in finding.center)
                told = " ".join((f"{verdict.word}.", verdict.reason, *finding.remarks))
                table.add_row(
                    _plain(Path(result["image"]).name),
                    finding.side or "-",
                    where,
                    f"{finding.volume_mm3['union'] / 1000:.2f}",
                    f"{quality:.3f}" if quality is not None else "-",
                    told,
                )
        out.print(table)
    for note in dict.fromkeys(note for result in results for note in result["report"].notes):
        err.print(f"[bold yellow]Note:[/] {_plain(note)}", highlight=False, soft_wrap=True)
    for failure in failures:
        complain(failure)


def table(scores: Iterable[CaseScore], mean: Summary) -> None:
    """Print scores as a table, and the mean Dice of each label below it.

    Args:
        scores: a row each.
        mean: their summary.
    """
    table = Table("Case", "Dice", "HD95 (mm)", "NQM", "Predicted Dice", "Verdict")

    def text(value, digits=3):
        return "-" if value is None else f"{value:.{digits}f}"

    for score in scores:
        table.add_row(
            _plain(score.title), text(score.dice["union"]), text(score.hd95_mm["union"], 2), text(score.nqm),
            text(score.predicted_dice), score.verdict,
        )  # fmt: skip
    out.print(table)
    for name, value in mean.dice.items():
        out.print(f"Mean Dice, {name}: {text(value)} +- {text(mean.dice_sd[name])}", highlight=False)


def complain(failure: Mapping[str, str]) -> None:
    """Tell what went wrong with one image. failure: with "image" and "error"."""
    case = f"{failure['image']}: " if failure["image"] not in failure["error"] else ""
    err.print(f"[bold red]Failed:[/] {_plain(case + failure['error'])}", highlight=False, soft_wrap=True)


def _plain(text) -> str:
    """As `errors.plain`; and square brackets in it are not rich's markup."""
    return escape(plain(text))

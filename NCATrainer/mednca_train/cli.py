"""The `mednca` command: the engine's commands, and those of training. `training_run` and its like do the work."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mednca import cli, terminal
from mednca.errors import MedNCAError, plain
from mednca.files import held
from mednca.messages import Progress
from mednca.models.library import Library
from mednca.models.schema import SPLIT_SCHEMA
from mednca.schema import read_json

from .plan.metadata import metadata_for, slug
from .run_folder import CALIBRATION_CASES, SAMPLES, HistoryRow, RunOptions, begun_on, check_begun, holds_run

# What people read of the stages of `progress`.
_STAGES = {
    "examining": "Looking at the cases",
    "measuring": "Measuring on validation cases",
    "comparing": "Comparing with the base model",
    "calibrating": "Calibrating",
}
_FOLDERS = (
    "--data", "--images", "--labels", "--scan-images", "--scan-labels", "--run", "--run-folder", "--out", "--plan",
    "--cases",
)  # fmt: skip
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder in the layout of the Medical Segmentation Decathlon or nnU-Net, or with "
                 "images/ and labels/."),
]  # fmt: skip
ImagesOption = Annotated[Path | None, typer.Option(help="Folder of images, in place of --data.")]
LabelsOption = Annotated[Path | None, typer.Option(help="Folder of label maps with the same names.")]
RunOption = Annotated[
    Path,
    typer.Option("--run", "--run-folder", help="Run folder: plan, history, checkpoints; a new one."),
]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Where the model's folder goes; default: where the run was to put it, else result/ in the run."),
]
IterationsOption = Annotated[int | None, typer.Option(min=1, max=10_000_000, help="Instead of the plan's.")]
SeedOption = Annotated[int | None, typer.Option(help="Instead of the plan's.")]
FoldOption = Annotated[int | None, typer.Option(min=0, help="Of cross-validation, from 0; instead of the plan's.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
HoursOption = Annotated[
    float | None,
    typer.Option(min=0.02, max=1000, help="The time that there is, to the model: grid and iterations fit into it."),
]
NameOption = Annotated[str | None, typer.Option(help="What people call the model.")]
LabelNames = Annotated[list[str] | None, typer.Option("--label", help="VALUE=NAME of a label; may be repeated.")]
KeepNames = Annotated[bool, typer.Option(help="Write the cases' names into the model: for public data only.")]
CalibrationOption = Annotated[
    int, typer.Option(min=1, help="Cases to make the calibration with, at most, and to try it on.")
]


@cli.app.command()
def plan(
    out: Annotated[Path, typer.Option(help="Where the plan goes, as JSON; change it as you like.")],
    data: DataOption = None,
    images: ImagesOption = None,
    labels: LabelsOption = None,
    label: LabelNames = None,
    family: Annotated[str, typer.Option(help="m3d-nca or med-nca.")] = "m3d-nca",
    iterations: IterationsOption = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    estimate: Annotated[bool, typer.Option(help="Measure what an iteration takes here.")] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="A coarser grid and fewer iterations: a first answer.")
    ] = False,
    hours: HoursOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a plan that is already there.")] = False,
) -> None:
    """Look at a data set, say what is wrong with it, and propose a plan with its reasons and its cost."""
    _require_training_packages()
    from .plan.propose import propose
    from .training.estimate import estimate as measure

    case_set = _case_set(data, images, labels)
    names = case_set.label_names
    if os.path.lexists(out) and not overwrite:
        raise MedNCAError("{out} exists already; choose another --out, or add --overwrite.", out=out)
    with terminal.json_output(out) as write:
        found = _fingerprint(case_set)
        if hours and (iterations or quick):
            raise MedNCAError(
                "--hours says how fine the grid is and how many iterations there are; leave the others out."
            )
        if hours:
            budgeted = _budgeted(found, names, hours, family, seed)
            proposal, cost = budgeted.proposal, budgeted.estimate
        else:
            proposal, cost = propose(found, names, family, iterations, seed, quick), None
        named = _named(proposal.plan, _names(label))
        write(named.to_json())
    table = Table("What", "Why")
    for what, why in proposal.reasons.items():
        table.add_row(what, plain(why))
    terminal.show(table)
    if estimate and not cost:
        cost = measure(named, len(found.usable))
        if cost.is_busy and cost.seconds_free is not None:
            terminal.say(
                f"The computer was busy meanwhile; it takes about {cost.seconds_free / 60:.0f} minutes on a free one."
            )
        terminal.say(
            f"About {cost.seconds / 60:.0f} minutes here ({cost.seconds_per_iteration:.2f} s an iteration), "
            f"{cost.peak_mb:.0f} MB, and {cost.loader_mb:.0f} MB to read and augment."
        )
    terminal.say(f"Written: {out}")
    if hours:
        where = [f"--{key}={value}" for key, value in (("data", data), ("images", images), ("labels", labels)) if value]
        rest = [f"--plan={out}", f"--calibration-cases={budgeted.calibration_cases}", "--run=RUN"]
        command = shlex.join(["mednca", "train", *where, *rest])
        terminal.say(f"To train within the time: {command}")
    _end(found)


@cli.app.command()
def train(
    run: RunOption,
    out: OutOption = None,
    data: DataOption = None,
    images: ImagesOption = None,
    labels: LabelsOption = None,
    preset: Annotated[
        str | None, typer.Option(help="Name of a training plan of ours; for data of your own, give a --name, too.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan as JSON; default: one is proposed.")] = None,
    label: LabelNames = None,
    name: NameOption = None,
    iterations: IterationsOption = None,
    seed: SeedOption = None,
    fold: FoldOption = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, max=100, help="Cross-validation: so many models, then the one that ships, of all cases."),
    ] = None,
    device: DeviceOption = "auto",
    keep_names: KeepNames = False,
    calibration_cases: CalibrationOption = CALIBRATION_CASES,
    hours: HoursOption = None,
) -> None:
    """Train a model from labeled volumes, measure and calibrate it, and write its folder."""
    _require_training_packages()
    from . import training_run
    from .plan.presets import PRESETS
    from .plan.propose import propose

    case_set = _case_set(data, images, labels)
    if preset and preset not in PRESETS:
        raise MedNCAError(
            "There is no preset {preset}; known are {known}.", preset=repr(preset), known=", ".join(PRESETS)
        )
    if hours and folds:
        raise MedNCAError("--hours is the time for one model; --folds takes as many times longer. Give one of them.")
    if sum(map(bool, (preset, plan, hours))) > 1 or (hours and iterations):
        raise MedNCAError("Give one of --preset, --plan and --hours, which says how many --iterations there are.")
    chosen = PRESETS[preset].plan if preset else _read_plan(plan) if plan else None
    called = name or run.name
    metadata = _metadata_of(PRESETS[preset], case_set) if preset and not name else metadata_for(slug(called), called)
    values = [label.value for label in chosen.labels] if chosen else None
    if folds:
        if fold is not None:
            raise MedNCAError("Give either --fold or --folds.")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise MedNCAError("--folds trains in one process; start it without torchrun.")
        found = _fingerprint(case_set, values)
        chosen = _named(chosen or propose(found, case_set.label_names).plan, _names(label))
        cases = _usable(case_set, found, strict=bool(preset))
        _check_labels(chosen.labels, found)
        options = _options(device, out, keep_names, calibration_cases)
        _cross_validate(run, _with(chosen, iterations, seed, None), cases, metadata, folds, options, found)
        return
    with _together(device), training_run.locked_once(run, make=True), _holding(out):
        if holds_run(run):
            work = training_run.reopen(run, _device(begun_on(run) if device == "auto" else device))
            _check_resumed(
                work, _named(_with(chosen or work.run.plan, iterations, seed, fold), _names(label)), name,
                None if hours else calibration_cases,
            )  # fmt: skip
            found = _fingerprint(case_set, values)
            training_run.check_same(work, _usable(case_set, found, strict=bool(preset)), keep_names)
            terminal.remark(f"Resuming {run} at iteration {work.run.iteration}.")
        else:
            _check_free(out)
            found = _fingerprint(case_set, values)
            if hours:
                budgeted = _budgeted(found, case_set.label_names, hours, "m3d-nca", seed or 0)
                chosen = budgeted.proposal.plan
                calibration_cases = min(calibration_cases, budgeted.calibration_cases)
                terminal.remark(budgeted.proposal.reasons["time"])
            chosen = _named(chosen or propose(found, case_set.label_names).plan, _names(label))
            cases = _usable(case_set, found, strict=bool(preset))
            _check_labels(chosen.labels, found)
            options = _options(device, out, keep_names, calibration_cases)
            work = training_run.begin(run, _with(chosen, iterations, seed, fold), cases, metadata, None, options)
        _complete(work, out, found)


@cli.app.command()
def resume(
    run: Path,
    out: OutOption = None,
    device: Annotated[str | None, typer.Option(help="Default: the one that it was begun on.")] = None,
) -> None:
    """Go on with a run that was stopped, or killed, at its last checkpoint."""
    _require_training_packages()
    from . import training_run

    check_begun(run)
    device = device or begun_on(run)
    with _together(device), training_run.locked_once(run):
        work = training_run.reopen(run, _device(device))
        terminal.remark(f"Resuming {run} at iteration {work.run.iteration}.")
        _complete(work, out)


@cli.app.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="A run, or a folder of runs.")],
    watch: Annotated[
        float | None, typer.Option(min=1, help="Look again every so many seconds, as long as one goes on.")
    ] = None,
    as_json: cli.JsonFlag = False,
) -> None:
    """How trainings are doing that run elsewhere: state, loss, Dice, and how long they will take yet."""
    from .run_view import is_going_on, view_runs

    while True:
        views = view_runs(folder)
        if as_json:
            print(json.dumps([view.to_json() for view in views]), flush=True)
        else:
            terminal.show(_runs_table(views))
        if watch is None or not any(map(is_going_on, views)):
            return
        time.sleep(watch)


def _runs_table(views) -> Table:
    """views: `run_view.RunView`s."""
    table = Table("Run", "Model", "State", "Iteration", "Loss", "Dice", "Best", "Left", "Saved")

    def number(value):
        return "-" if value is None else f"{value:.3f}"

    for view in views:
        left = "-" if view.seconds_left is None else terminal.clock(view.seconds_left)
        table.add_row(
            *(plain(text) for text in (Path(view.folder).name, view.name, view.state)),
            f"{view.iteration} / {view.of}", number(view.loss), number(view.dice), number(view.best_dice), left,
            f"{terminal.clock(view.seconds_ago)} ago",
        )  # fmt: skip
    return table


@cli.app.command()
def finetune(
    model: str,
    run: RunOption,
    out: OutOption = None,
    data: DataOption = None,
    images: ImagesOption = None,
    labels: LabelsOption = None,
    label: LabelNames = None,
    name: NameOption = None,
    iterations: IterationsOption = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    trained: Annotated[str, typer.Option(help="all weights, or update: only those of the dense layers.")] = "all",
    device: DeviceOption = "auto",
    keep_names: KeepNames = False,
    calibration_cases: CalibrationOption = CALIBRATION_CASES,
) -> None:
    """Go on training a model of the library on labeled volumes of your own, and say whether that helped."""
    _require_training_packages()
    from . import training_run
    from .plan.finetuning import finetuning_plan

    with _together(device), training_run.locked_once(run, make=True), _holding(out):
        if holds_run(run):
            raise MedNCAError("{run} holds a run already; go on with: mednca resume {run}", run=run)
        _check_free(out)
        base = Library().load(model)
        case_set = _case_set(data, images, labels)
        found = _fingerprint(case_set)
        _warn_of_known(base, found)
        chosen = finetuning_plan(base, found, case_set.label_names | _names(label), iterations, trained, seed)
        called = name or f"{base.name}, fine-tuned"
        metadata = metadata_for(slug(called), called, base)
        options = _options(device, out, keep_names, calibration_cases)
        work = training_run.begin(run, chosen, _usable(case_set, found), metadata, base, options)
        _complete(work, out, found)


ScanImages = Annotated[
    Path | None,
    typer.Option(help="Folder of larger images, such as whole heads: clicked at the middle of their structures."),
]
ScanLabels = Annotated[Path | None, typer.Option(help="Folder of their label maps; all their values count.")]
Unseen = Annotated[
    bool, typer.Option("--unseen", help="The model was neither trained nor calibrated with any of these cases.")
]


@cli.app.command()
def calibrate(
    model: str,
    out: Annotated[Path, typer.Option(help="Where the calibrated model's folder goes.")],
    data: DataOption = None,
    images: ImagesOption = None,
    labels: LabelsOption = None,
    cases: Annotated[Path | None, typer.Option(help="A split.json; default: the model's, or else a new one.")] = None,
    unseen: Unseen = False,
    scan_images: ScanImages = None,
    scan_labels: ScanLabels = None,
    signal: Annotated[str | None, typer.Option(help="That the verdict goes by, as nqm; default: the best.")] = None,
    coverage: Annotated[float, typer.Option(min=0.5, max=0.99, help="Of the interval.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Of the split and the artifacts.")] = 0,
    calibration_cases: CalibrationOption = CALIBRATION_CASES,
    keep_names: KeepNames = False,
    reuse: Annotated[
        bool, typer.Option(help="Take the samples that the model carries; measure the scans, and the model, only.")
    ] = False,
) -> None:
    """Make a model's calibration anew on your own cases, clean and degraded, and try it on others.

    Without any data it is made of the samples that were saved with the model, as for another --coverage. The same
    command goes on where it was stopped: what was measured lies beside --out until the model is there.
    """
    _require_training_packages()
    from mednca.quality.calibration import CONTEXTS
    from mednca.quality.signals import SIGNALS

    from .model.build import Wanted, recalibrate
    from .model.build import calibrate as make

    loaded = Library().load(model)
    signals: dict[str, str] | None = dict.fromkeys(CONTEXTS, signal) if signal else None
    if signal and signal not in SIGNALS:
        raise MedNCAError(
            "There is no signal {signal}; known are {known}.", signal=repr(signal), known=", ".join(SIGNALS)
        )
    with _holding(out):
        _check_free(out)
        if data is None and images is None and labels is None:
            if scan_images or scan_labels or cases or unseen or reuse:
                raise MedNCAError(
                    "Without --data (or --images and --labels) the saved samples are taken; leave out --cases, "
                    "--unseen, --reuse and the scans, or give the data."
                )
            recalibrate(loaded, signals, coverage)
            loaded.id = slug(out.name)
            _write_recalibrated(loaded, Library().find(model), out)
            return
        scans = _scans(scan_images, scan_labels)
        facts, training, validation = _divided(loaded, _case_set(data, images, labels), cases, unseen, seed, scans)
        wanted = Wanted(
            training, validation, scans, calibration_cases, seed, signals, coverage,
            None if keep_names else secrets.token_hex(16), reuse,
            kept=out.with_name(f"{out.name}.{SAMPLES}"),
        )  # fmt: skip
        loaded.id = slug(out.name)
        with _bar() as (_, stage):
            report = make(loaded, wanted, out, _command(), stage)
        if wanted.kept:
            wanted.kept.unlink(missing_ok=True)
    terminal.tell_scores(report.cases, report.mean)
    assert report.calibration is not None  # else nothing would have been written
    terminal.say(f"Calibrated with {report.calibration.samples} samples.")
    _end(facts, report.failures)


@cli.app.command("verdict-report")
def verdict_report(
    model: str,
    out: Annotated[Path, typer.Option(help="Folder for verdicts.json, verdicts.md and verdicts.png.")],
    data: DataOption = None,
    images: ImagesOption = None,
    labels: LabelsOption = None,
    cases: Annotated[Path | None, typer.Option(help="A split.json; default: the model's, or else all cases.")] = None,
    unseen: Unseen = False,
    scan_images: ScanImages = None,
    scan_labels: ScanLabels = None,
    clicks: Annotated[int, typer.Option(min=0, help="Scans in which clicks beside the middle are tried.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the artifacts and the clicks.")] = 0,
    reuse: Annotated[bool, typer.Option(help="Take the samples that the model carries of these cases.")] = False,
) -> None:
    """Measure what a model's light is worth: on cases that it has not seen, clean, degraded and nonsense, and by clicks
    in larger images, each judged by a calibration that was made without it."""
    _require_training_packages()
    from .model.verdict_report import count_steps, measure_verdicts, write_verdicts
    from .progress import counter

    if os.path.lexists(out) and not os.path.isdir(out):  # before all is measured
        raise MedNCAError("{path} is a file; --out names the folder that the report goes to.", path=out)
    library = Library()
    folder, loaded = library.find(model), library.load(model)
    scans = _scans(scan_images, scan_labels)
    facts, _training, held_out = _divided(
        loaded, _case_set(data, images, labels), cases, unseen, seed, scans, all_for_trying=True, reuse=reuse
    )
    with held(out), _bar() as (_, stage):
        tried = scans[:clicks]
        step = counter(stage, "measuring", count_steps(held_out, scans, tried, reuse))
        report, judged = measure_verdicts(loaded, folder, held_out, scans, tried, seed, step, reuse)
        write_verdicts(report, judged, out, _command())
    terminal.out.print((out / "verdicts.md").read_text(encoding="utf-8"))
    _end(facts, [{"image": name, "error": error} for name, error in report["failed"].items()])


@cli.app.command()
def study(
    plan: Annotated[Path, typer.Argument(help="A study file: which models are measured, on which cases, how changed.")],
    out: Annotated[Path, typer.Option(help="Folder of the study; what is measured there already is taken.")],
    data: Annotated[list[str], typer.Option(help="NAME=FOLDER of a data set of the study; may be repeated.")],
) -> None:
    """Measure what a study file asks, and write study.html, study.md and study.json; goes on where it was stopped."""
    _require_training_packages()
    from .data.layouts import find_dataset
    from .study.plan import read_study
    from .study.report import write_report
    from .study.run import run_study, try_machines

    asked = read_study(plan)
    sets = {name: find_dataset(folder) for name, folder in map(_named_folder, data)}
    with held(out), terminal.progress() as bar:
        task = bar.add_task("Measuring", total=None)
        answers = run_study(
            asked, sets, out, Library(), lambda done, total: bar.update(task, completed=done, total=total)
        )
        trying = bar.add_task("Trying machines", total=None, visible=bool(asked.machines))
        tried = try_machines(
            asked, sets, out, Library(), lambda done, total: bar.update(trying, completed=done, total=total)
        )
        write_report(asked, answers, tried, out, _command())
    terminal.say(f"Written: {out / 'study.html'}")
    failed = {case: why for answer in (*answers, *tried) for case, why in answer.failed.items()}
    _end(failures=[{"image": case, "error": why} for case, why in failed.items()])


def _named_folder(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not name or not folder:
        raise MedNCAError("--data {text} is not NAME=FOLDER.", text=repr(text))
    return name, Path(folder)


def _write_recalibrated(model, old: Path, out: Path) -> None:
    """A model whose calibration alone has changed. old: its folder."""
    from mednca.files import staged
    from mednca.models.description import CARD_NAME
    from mednca.models.weights import save_model

    from .model.build import tell_command
    from .model.card import recalibrated_card

    path = old / CARD_NAME
    card = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else f"# {model.name}\n"
    tell_command(model, _command())
    with staged(out) as made:
        save_model(model, made, recalibrated_card(card, model, _command()))
    terminal.say(f"Calibrated anew with {model.calibration.samples} saved samples: {out}")


def _divided(
    model, case_set, split_file: Path | None, unseen: bool, seed: int, scans: list, all_for_trying: bool = False,
    reuse: bool = False,
):  # fmt: skip
    """The fingerprint of a data set, and its cases for making and for trying a calibration: as a split.json says, or
    the model's own split where it holds their names, or else a new one, where it was trained with none of them; or all
    for trying, where nothing is made. reuse: the samples of the model's folds are taken, which had not seen them."""
    from .data.cases import check_unseen, split
    from .model.privacy import learned_names, readable_split

    if split_file and not (unseen or reuse) and model.info.get("training", {}).get("folds"):
        raise MedNCAError(
            "{model} has learned from all cases of its folds, whatever their split.json says. Give other cases, with "
            "--unseen.",
            model=model.name,
        )
    own = {} if split_file or unseen else readable_split(model.info)
    facts = _fingerprint(case_set, [label.value for label in model.labels])
    found = _usable(case_set, facts)
    _check_labels(model.labels, facts)
    names = {case.name for case in found}
    if split_file:
        divided = read_json(split_file, SPLIT_SCHEMA)
        _tell_lacking({*divided["training"], *divided["validation"]} - names, split_file)
    elif own and names & set(own["training"]) and names & set(own["validation"]):
        divided = own
    elif all_for_trying:
        divided = {"training": [], "validation": sorted(names)}
    elif own and names & set(own["training"]):
        divided = {"training": own["training"], "validation": sorted(names - set(own["training"]))}
    else:
        divided = split(found, 0.3, seed)
    training, validation = (
        [case for case in found if case.name in set(divided[part])] for part in ("training", "validation")
    )
    if not validation or not (training or all_for_trying):
        raise MedNCAError(
            "A calibration needs cases to be made with and cases to be tried on, which the model was not trained with."
        )
    if not (unseen or all_for_trying):
        check_unseen((*validation, *scans), learned_names(model.info))
    return facts, training, validation


def _tell_lacking(names: set[str], split_file: Path) -> None:
    """Figures of fewer cases than a split names are those of other cases."""
    if names:
        terminal.remark(f"{len(names)} cases of {split_file} are not there, as {min(names)}; they are left out.")


def _warn_of_known(base, found) -> None:
    """A model is better on what it learned from: measured on that, it would seem that fine-tuning brings nothing."""
    from .model.privacy import learned_names, readable_split

    try:
        readable_split(base.info)
    except MedNCAError:  # only hashes of their names
        return
    if known := sorted(learned_names(base.info) & {case.name for case in found.usable}):
        terminal.remark(
            f"{base.name} has learned from {len(known)} of these cases ({', '.join(known[:3])}, ...): what is measured "
            "on them says little. Give it cases that it has not seen."
        )


def _named(plan, names: dict[int, str]):
    """A plan whose labels have these names, by value. Raises MedNCAError where it has no such label."""
    unknown = sorted(set(names) - {label.value for label in plan.labels})
    if unknown:
        raise MedNCAError(
            "There is no label {value} to be called {name}.", value=unknown[0], name=repr(names[unknown[0]])
        )
    return replace(plan, labels=tuple(replace(each, name=names.get(each.value, each.name)) for each in plan.labels))


def _scans(images: Path | None, labels: Path | None) -> list:
    """The larger images with their label maps, or none."""
    if images is None and labels is None:
        return []
    return list(_case_set(None, images, labels).cases)


def main() -> None:
    """Entry point of `mednca`."""
    cli.main()


def _cross_validate(run: Path, plan, cases, metadata, count: int, options: RunOptions, found) -> None:
    """Train folds and the model that ships, with a bar for people. found: the fingerprint, whose bad cases were left
    out."""
    from .folds import CrossValidation, cross_validate
    from .run_lock import run_lock

    with run_lock(run, make=True), _bar() as (bar, stage):
        task = bar.add_task("Training", total=None)

        def report(name: str, row: HistoryRow) -> None:
            _move(bar, task, f"{name}, loss {row.loss:.3f}", row.iteration, plan.total_iterations)

        work = CrossValidation(run, plan, cases, metadata, count, options)
        with _told_how_to_go_on("The same command goes on."):
            result = cross_validate(work, report, terminal.remark, stage)
    terminal.tell_scores(result.cases, result.mean)
    for number, fold in enumerate(result.folds, start=1):
        dice, spread = fold.dice["union"], fold.dice_sd["union"]
        terminal.say(f"Fold {number}: union Dice {dice:.3f} +- {spread:.3f} on {fold.cases} cases.")
    if result.calibration_note:
        terminal.say(result.calibration_note)
    terminal.say(f"Model written to {options.out or run / 'result'}")
    _end(found, result.failures)


@contextmanager
def _told_how_to_go_on(how: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(how) from None


def _complete(work, out, found=None) -> None:
    """Train, measure and write, with a bar for people; of several processes only the first one talks. found: the
    fingerprint, whose bad cases were left out."""
    from . import training_run
    from .training import distributed

    if not distributed.is_first():
        training_run.train_along(work)
        return
    run = work.run
    with _bar() as (bar, stage):
        task = bar.add_task("Training", total=run.plan.total_iterations, completed=run.iteration)

        def report(row: HistoryRow) -> None:
            bar.update(task, completed=row.iteration, description=f"Training, loss {row.loss:.3f}")

        with _told_how_to_go_on(f"Go on with: {shlex.join(['mednca', 'resume', str(run.folder)])}"):
            result = training_run.complete(work, out, report, terminal.remark, stage)
    terminal.tell_scores(result.cases, result.mean)
    if compared := result.comparison:
        helped = "Fine-tuning helped" if compared.helped else "Fine-tuning did not help"
        own, base = compared.own.dice["union"], compared.base.dice["union"]
        terminal.say(f"{helped}: union Dice {own:.3f} against {base:.3f} of the base model.")
    if result.calibration_note:
        terminal.say(result.calibration_note)
    terminal.say(f"Model written to {training_run.result_folder(work, out)}")
    _end(found, result.failures)


@contextmanager
def _bar(quiet: bool = False):
    """A progress display, and a function of a `Progress` that moves its second bar."""
    with terminal.progress(quiet) as bar:
        tasks = []

        def stage(told: Progress) -> None:
            if not tasks:
                tasks.append(bar.add_task("", total=1))
            _move(bar, tasks[0], _STAGES[told.stage], told.step, told.total)

        yield bar, stage


def _move(bar, task, description: str, completed: float | None, total: float | None) -> None:
    """Move a bar, which begins anew where less is done than before, as in the next fold: to rich what was done once is
    done for good."""
    if (completed or 0) < next(each.completed for each in bar.tasks if each.id == task):
        bar.reset(task)
    bar.update(task, description=description, completed=completed, total=total)


@contextmanager
def _together(device: str):
    """Within it, the processes that `torchrun` started know of each other."""
    from .training import distributed

    distributed.join(_device(device))
    try:
        yield
    finally:
        distributed.leave()


def _case_set(data, images, labels):
    """The `CaseSet` that the options name."""
    from .data.layouts import find_dataset, pair_folders

    if (data is None) == (images is None and labels is None):
        raise MedNCAError("Give either --data, or --images and --labels.")
    if data is not None:
        return find_dataset(data)
    if images is None or labels is None:
        raise MedNCAError("--images and --labels belong together.")
    return pair_folders(images, labels)


def _fingerprint(case_set, values=None):
    from .data.examine import fingerprint
    from .training import distributed

    with _bar(quiet=not distributed.is_first()) as (_, stage):
        return fingerprint(case_set, values, stage)


def _budgeted(found, names, hours: float, family: str, seed: int):
    """The `Budgeted` plan of a fingerprint, measured here; of several processes by the first one, for all."""
    from .plan.budget import plan_for
    from .training.distributed import from_first
    from .training.estimate import estimate

    cases = len(found.usable)
    return from_first(
        lambda: plan_for(found, 3600 * hours, lambda plan: estimate(plan, cases), names, family, seed)
    )  # fmt: skip


def _metadata_of(preset, case_set) -> dict:
    """A preset's, which tell of its own cases."""
    if strange := [case.name for case in case_set.cases if not re.fullmatch(preset.cases, case.name)]:
        raise MedNCAError(
            "{case} is none of the cases that {preset} was made with; give a --name to a model of your own.",
            case=strange[0],
            preset=preset.metadata["id"],
        )
    return preset.metadata


def _usable(case_set, found, strict: bool = False):
    """The cases without a problem; the others are told by name, or, where strict, end it."""
    if strict and found.problems:
        name, problem = next(iter(found.problems.items()))
        raise MedNCAError("{name}: {problem}", name=name, problem=problem)
    _tell_left_out(found)
    bad = set(found.problems)
    usable = [case for case in case_set.cases if case.name not in bad]
    if len(usable) < 2:
        raise MedNCAError(
            "Two usable cases at least are needed, one of them to check with; there are {count}.",
            count=len(usable),
        )
    return usable


def _tell_left_out(found) -> None:
    for name, problem in found.problems.items():
        terminal.complain({"image": name, "error": str(problem)}, "Left out: ")


def _end(found=None, failures=()) -> None:
    """Name again what was left out or failed, and end with the status that says whether anything was."""
    if found is not None:
        _tell_left_out(found)
    for failure in failures:
        terminal.complain(failure)
    if failures or (found is not None and found.problems):
        raise typer.Exit(1)


def _check_labels(labels, found) -> None:
    """Each label of a plan or a model must occur in a case. found: the fingerprint."""
    missing = [label for label in labels if label.value not in found.values]
    if missing:
        raise MedNCAError("No case holds the label {value} ({name}).", value=missing[0].value, name=missing[0].name)


def _holding(out: Path | None):
    """Within it no other program makes a model there; of several processes the first one sees to it."""
    from .training import distributed

    return distributed.in_first(lambda: held(out)) if out else nullcontext()


def _check_free(out: Path | None) -> None:
    if out and os.path.lexists(out):
        raise MedNCAError("{out} exists already; choose another folder.", out=out)


def _options(device: str, out: Path | None, keep_names: bool, calibration_cases: int) -> RunOptions:
    """What `training_run.begin` keeps for the end of the run."""
    where = str(out.resolve()) if out else None
    return RunOptions(
        _device(device), command=_command(), out=where, keep_names=keep_names, calibration_cases=calibration_cases
    )


def _check_resumed(work, plan, name: str | None, calibration_cases: int | None) -> None:
    """What is asked for now must be what the run was begun with. name, calibration_cases: None where any will do."""
    folder, begun = work.run.folder, work.metadata.get("name")
    if work.run.plan != plan:
        raise MedNCAError(
            "{folder} was begun with another plan (see its plan.json); choose another --run.", folder=folder
        )
    if name is not None and name != begun:
        raise MedNCAError(
            "The model of {folder} is called {name}; go on with that --name, or choose another --run.",
            folder=folder,
            name=repr(begun),
        )
    if calibration_cases not in (None, work.options.calibration_cases):
        raise MedNCAError(
            "{folder} was begun with --calibration-cases {count}; go on with the same, or choose another --run.",
            folder=folder,
            count=work.options.calibration_cases,
        )


def _with(plan, iterations, seed, fold):
    asked = {"iterations": iterations, "seed": seed, "fold": fold}
    return replace(plan, **{key: value for key, value in asked.items() if value is not None})


def _read_plan(path: Path):
    from .plan.plan import Plan

    try:
        return Plan.from_json(read_json(path))
    except MedNCAError as error:
        raise MedNCAError("{path} is no plan: {cause}", path=path, cause=error) from error


def _names(texts) -> dict[int, str]:
    names = {}
    for text in texts or ():
        value, equals, name = text.partition("=")
        if not equals or not value.strip().isdecimal() or not name.strip():
            raise MedNCAError("--label {text} is not VALUE=NAME.", text=repr(text))
        names[int(value)] = name.strip()
    return names


def _device(name: str) -> str:
    from mednca.nca.devices import choose_device

    device, note = choose_device(name)
    if note:
        terminal.remark(note)
    return str(device)


def _command() -> str:
    """The command line as the card shows it: in place of folders, which may be called after people, what they are."""
    words, shown = iter(sys.argv[1:]), []
    for word in words:
        option, equals, _value = word.partition("=")
        if option not in _FOLDERS:
            shown.append(re.split(r"[/\\]", word)[-1])
            continue
        if not equals:
            next(words, None)
        shown += [option, option.removeprefix("--").upper()]
    return "mednca " + shlex.join(shown)


def _require_training_packages() -> None:
    try:
        import scipy  # noqa: F401
        import torchio  # noqa: F401
    except ImportError as error:
        raise MedNCAError(
            "Training needs the package {package}; install it, in MedNCA's unpacked repository, with: "
            "pip install '.[train]'.",
            package=error.name,
        ) from error

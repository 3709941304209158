"""The commands that make a model: plan, train, resume, finetune; and runs, which looks at them."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mednca import cli, terminal
from mednca.commands.options import JsonFlag
from mednca.errors import MedNCAError, plain
from mednca.models.library import Library

from ..plan.metadata import metadata_for, slug
from ..run_folder import CALIBRATION_CASES, HistoryRow, RunOptions, begun_on, check_begun, holds_run
from . import given, shown

_MEASURING = "Measuring how fast this computer trains ..."


@cli.app.command()
def plan(
    out: Annotated[Path, typer.Option(help="Where the plan goes, as JSON; change it as you like.")],
    data: given.DataOption = None,
    images: given.ImagesOption = None,
    labels: given.LabelsOption = None,
    label: given.LabelNames = None,
    family: Annotated[str, typer.Option(help="m3d-nca or med-nca.")] = "m3d-nca",
    iterations: given.IterationsOption = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    estimate: Annotated[bool, typer.Option(help="Measure what an iteration takes here.")] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="A coarser grid and fewer iterations: a first answer.")
    ] = False,
    hours: given.HoursOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a plan that is already there.")] = False,
) -> None:
    """Look at a data set, say what is wrong with it, and propose a plan with its reasons and its cost."""
    given.require_training_packages()
    from ..plan.propose import propose
    from ..training.estimate import estimate as measure

    case_set = given.case_set(data, images, labels)
    names = case_set.label_names
    if os.path.lexists(out) and not overwrite:
        raise MedNCAError("{out} exists already; choose another --out, or add --overwrite.", out=out)
    with terminal.json_output(out) as write:
        found = given.fingerprint(case_set)
        if hours and (iterations or quick):
            raise MedNCAError(
                "--hours says how fine the grid is and how many iterations there are; leave the others out."
            )
        if hours:
            budgeted = _budgeted(found, names, hours, family, seed)
            proposal, cost = budgeted.proposal, budgeted.estimate
        else:
            proposal, cost = propose(found, names, family, iterations, seed, quick), None
        named = given.with_names(proposal.plan, given.label_names(label))
        write(named.to_json())
    _tell_reasons(proposal)
    if estimate and not cost:
        terminal.remark(_MEASURING)
        cost = measure(named, found)
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
    shown.end(found)


@cli.app.command()
def train(
    run: given.RunOption,
    out: given.OutOption = None,
    data: given.DataOption = None,
    images: given.ImagesOption = None,
    labels: given.LabelsOption = None,
    preset: Annotated[
        str | None, typer.Option(help="Name of a training plan of ours; for data of your own, give a --name, too.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan as JSON; default: one is proposed.")] = None,
    label: given.LabelNames = None,
    name: given.NameOption = None,
    iterations: given.IterationsOption = None,
    seed: given.SeedOption = None,
    fold: given.FoldOption = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, max=100, help="Cross-validation: so many models, then the one that ships, of all cases."),
    ] = None,
    device: given.DeviceOption = "auto",
    keep_names: given.KeepNames = False,
    calibration_cases: given.CalibrationOption = CALIBRATION_CASES,
    hours: given.HoursOption = None,
) -> None:
    """Train a model from labeled volumes, measure and calibrate it, and write its folder."""
    given.require_training_packages()
    from .. import training_run
    from ..plan.presets import PRESETS
    from ..plan.propose import propose
    from ..training import distributed

    case_set = given.case_set(data, images, labels)
    if preset and preset not in PRESETS:
        raise MedNCAError(
            "There is no preset {preset}; known are {known}.", preset=repr(preset), known=", ".join(PRESETS)
        )
    if hours and folds:
        raise MedNCAError("--hours is the time for one model; --folds takes as many times longer. Give one of them.")
    if sum(map(bool, (preset, plan, hours))) > 1 or (hours and iterations):
        raise MedNCAError("Give one of --preset, --plan and --hours, which says how many --iterations there are.")
    chosen = PRESETS[preset].plan if preset else given.read_plan(plan) if plan else None
    called = name or run.name
    metadata = _metadata_of(PRESETS[preset], case_set) if preset and not name else metadata_for(slug(called), called)
    values = [label.value for label in chosen.labels] if chosen else None
    if folds:
        if fold is not None:
            raise MedNCAError("Give either --fold or --folds.")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise MedNCAError("--folds trains in one process; start it without torchrun.")
        found = given.fingerprint(case_set, values)
        chosen = given.with_names(chosen or propose(found, case_set.label_names).plan, given.label_names(label))
        cases = given.usable(case_set, found, strict=bool(preset))
        given.check_fits("The plan", chosen.labels, chosen.preprocessing, found)
        options = _options(device, out, keep_names, calibration_cases)
        _cross_validate(run, _with(chosen, iterations, seed, None), cases, metadata, folds, options, found)
        return
    with _together(device), training_run.locked_once(run, make=True), given.holding(out):
        if holds_run(run):
            work = training_run.reopen(run, given.device(begun_on(run) if device == "auto" else device))
            asked = given.with_names(_with(chosen or work.run.plan, iterations, seed, fold), given.label_names(label))
            _check_resumed(work, asked, name, None if hours else calibration_cases)
            found = given.fingerprint(case_set, values)
            training_run.check_same(work, given.usable(case_set, found, strict=bool(preset)), keep_names)
            terminal.remark(f"Resuming {run} at iteration {work.run.iteration}.")
        else:
            given.check_free(out)
            found = given.fingerprint(case_set, values)
            if hours:
                budgeted = _budgeted(found, case_set.label_names, hours, "m3d-nca", seed or 0)
                chosen = budgeted.proposal.plan
                calibration_cases = min(calibration_cases, budgeted.calibration_cases)
                if distributed.is_first():
                    _tell_reasons(budgeted.proposal)
            chosen = given.with_names(chosen or propose(found, case_set.label_names).plan, given.label_names(label))
            cases = given.usable(case_set, found, strict=bool(preset))
            given.check_fits("The plan", chosen.labels, chosen.preprocessing, found)
            options = _options(device, out, keep_names, calibration_cases)
            work = training_run.begin(run, _with(chosen, iterations, seed, fold), cases, metadata, None, options)
        _complete(work, out, found)


@cli.app.command()
def resume(
    run: Path,
    out: given.OutOption = None,
    device: Annotated[str | None, typer.Option(help="Default: the one that it was begun on.")] = None,
) -> None:
    """Go on with a run that was stopped, or killed, at its last checkpoint."""
    given.require_training_packages()
    from .. import training_run

    check_begun(run)
    device = device or begun_on(run)
    with _together(device), training_run.locked_once(run):
        work = training_run.reopen(run, given.device(device))
        terminal.remark(f"Resuming {run} at iteration {work.run.iteration}.")
        _complete(work, out)


@cli.app.command()
def finetune(
    model: str,
    run: given.RunOption,
    out: given.OutOption = None,
    data: given.DataOption = None,
    images: given.ImagesOption = None,
    labels: given.LabelsOption = None,
    label: given.LabelNames = None,
    name: given.NameOption = None,
    iterations: given.IterationsOption = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    trained: Annotated[str, typer.Option(help="all weights, or update: only those of the dense layers.")] = "all",
    device: given.DeviceOption = "auto",
    keep_names: given.KeepNames = False,
    calibration_cases: given.CalibrationOption = CALIBRATION_CASES,
) -> None:
    """Go on training a model of the library on labeled volumes of your own, and say whether that helped."""
    given.require_training_packages()
    from .. import training_run
    from ..plan.finetuning import finetuning_plan

    with _together(device), training_run.locked_once(run, make=True), given.holding(out):
        if holds_run(run):
            raise MedNCAError("{run} holds a run already; go on with: mednca resume {run}", run=run)
        given.check_free(out)
        base = Library().load(model)
        case_set = given.case_set(data, images, labels)
        found = given.fingerprint(case_set)
        given.warn_of_known(base, found)
        chosen = finetuning_plan(
            base, found, case_set.label_names | given.label_names(label), iterations, trained, seed
        )
        called = name or f"{base.name}, fine-tuned"
        metadata = metadata_for(slug(called), called, base, chosen.labels)
        options = _options(device, out, keep_names, calibration_cases)
        work = training_run.begin(run, chosen, given.usable(case_set, found), metadata, base, options)
        _complete(work, out, found)


@cli.app.command()
def runs(
    folder: Annotated[
        Path | None, typer.Argument(help="A run, or a folder of runs; default: those of Slicer's panel.")
    ] = None,
    watch: Annotated[
        float | None, typer.Option(min=1, help="Look again every so many seconds, as long as one goes on.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """How trainings are doing that run elsewhere: state, loss, Dice, and how long they will take yet."""
    from ..run_view import is_going_on, runs_folder, view_runs

    folder = folder or runs_folder()
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


def _cross_validate(run: Path, plan, cases, metadata, count: int, options: RunOptions, found) -> None:
    """Train folds and the model that ships, with a bar for people. found: the fingerprint, whose bad cases were left
    out."""
    from ..folds import CrossValidation, cross_validate
    from ..run_lock import run_lock

    with run_lock(run, make=True), shown.bar() as (bar, stage):
        task = bar.add_task("Training", total=None)

        def report(name: str, row: HistoryRow) -> None:
            shown.move(bar, task, f"{name}, loss {row.loss:.3f}", row.iteration, plan.total_iterations)

        work = CrossValidation(run, plan, cases, metadata, count, options)
        with shown.told_how_to_go_on(lambda: "The same command goes on."):
            result = cross_validate(work, report, terminal.remark, stage)
    terminal.tell_scores(result.cases, result.mean)
    for number, fold in enumerate(result.folds, start=1):
        dice, spread = fold.dice["union"], fold.dice_sd["union"]
        terminal.say(f"Fold {number}: union Dice {dice:.3f} +- {spread:.3f} on {fold.cases} cases.")
    if result.calibration_note:
        terminal.say(result.calibration_note)
    terminal.say(f"Model written to {options.out or run / 'result'}")
    shown.end(found, result.failures)


def _complete(work, out, found=None) -> None:
    """Train, measure and write, with a bar for people; of several processes only the first one talks. found: the
    fingerprint, whose bad cases were left out."""
    from .. import training_run
    from ..training import distributed

    if not distributed.is_first():
        training_run.train_along(work)
        return
    run = work.run
    with shown.bar() as (bar, stage):
        task = bar.add_task("Training", total=run.plan.total_iterations, completed=run.iteration)

        def report(row: HistoryRow) -> None:
            bar.update(task, completed=row.iteration, description=f"Training, loss {row.loss:.3f}")

        again = shlex.join(["mednca", "resume", str(run.folder)])
        with shown.told_how_to_go_on(lambda: f"It is saved at iteration {run.kept.iteration}; go on with: {again}"):
            result = training_run.complete(work, out, report, terminal.remark, stage)
    terminal.tell_scores(result.cases, result.mean)
    if compared := result.comparison:
        helped = "Fine-tuning helped" if compared.helped else "Fine-tuning did not help"
        own, base = compared.own.dice["union"], compared.base.dice["union"]
        terminal.say(f"{helped}: union Dice {own:.3f} against {base:.3f} of the base model.")
    if result.calibration_note:
        terminal.say(result.calibration_note)
    terminal.say(f"Model written to {training_run.result_folder(work, out)}")
    shown.end(found, result.failures)


@contextmanager
def _together(device: str):
    """Within it, the processes that `torchrun` started know of each other."""
    from ..training import distributed

    distributed.join(given.device(device))
    try:
        yield
    finally:
        distributed.leave()


def _budgeted(found, names, hours: float, family: str, seed: int):
    """The `Budgeted` plan of a fingerprint, measured here; of several processes by the first one, for all."""
    from ..data.cases import held_out
    from ..plan.budget import plan_for
    from ..training.distributed import from_first
    from ..training.estimate import estimate

    def measured():
        terminal.remark(_MEASURING)
        return plan_for(found, 3600 * hours, lambda plan: estimate(plan, found), held_out, names, family, seed)

    return from_first(measured)


def _tell_reasons(proposal) -> None:
    """Say why a plan is as it is; of one for a time, what was given up for it and what more would bring, too."""
    table = Table("What", "Why")
    for what, why in proposal.reasons.items():
        table.add_row(what, plain(why))
    terminal.show(table)


def _metadata_of(preset, case_set) -> dict:
    """A preset's, which tell of its own cases."""
    if strange := [case.name for case in case_set.cases if not re.fullmatch(preset.cases, case.name)]:
        raise MedNCAError(
            "{case} is none of the cases that {preset} was made with; give a --name to a model of your own.",
            case=strange[0],
            preset=preset.metadata["id"],
        )
    return preset.metadata


def _with(plan, iterations, seed, fold):
    asked = {"iterations": iterations, "seed": seed, "fold": fold}
    return replace(plan, **{key: value for key, value in asked.items() if value is not None})


def _options(device: str, out: Path | None, keep_names: bool, calibration_cases: int) -> RunOptions:
    """What `training_run.begin` keeps for the end of the run."""
    where = str(out.resolve()) if out else None
    return RunOptions(
        given.device(device),
        command=given.command(),
        out=where,
        keep_names=keep_names,
        calibration_cases=calibration_cases,
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

"""A training from its beginning to the model: begun in a run folder, opened again, and brought to its end.

The command line, the worker and scripts all come through here. What the folder holds is `run_folder`'s business, the
iterations are `training.loop`'s, the model folder is made by `model.build`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mednca.errors import MedNCAError, Sentence
from mednca.files import held, remove_folder
from mednca.messages import Progress
from mednca.models.description import read_model_json
from mednca.models.weights import Model, checksum, save_model

from .data.case_reader import check_cases
from .data.cases import Case, split
from .model.build import check_description, finish
from .model.privacy import check_names
from .plan.plan import Plan
from .run_folder import (
    BASE,
    RESULT,
    HistoryRow,
    RunOptions,
    RunState,
    begun_on,
    check_begun,
    check_unchanged,
    read_cases,
    read_metadata,
    write_cases,
    write_metadata,
    write_report,
)
from .run_lock import run_lock
from .training import distributed
from .training.board import board
from .training.estimate import check_affordable
from .training.finetune import starting_weights
from .training.loop import Run, check_new
from .training.validation import validator
from .validation_report import ValidationReport


@dataclass
class Work:
    """A run with all that is needed to bring it to its end.

    Attributes:
        run: the training.
        cases: all of the run, those to train with and those held out.
        metadata: of the model to be made (`plan.metadata`).
        base: folder of the model that is fine-tuned, or None.
        options: as the run was begun.
    """

    run: Run
    cases: list[Case]
    metadata: dict
    base: Path | None
    options: RunOptions


def begin(
    folder: str | Path,
    plan: Plan,
    cases: list[Case],
    metadata: dict,
    base: Model | None = None,
    options: RunOptions | None = None,
    divided: dict[str, list[str]] | None = None,
) -> Work:
    """Begin a run in a folder; there is one, to be opened again, only once all of it is written.

    Args:
        folder: of the run; made where it is not there.
        plan: what decides the training.
        cases: labeled volumes without a problem (`data.examine`); they are split by the plan's share and seed.
        metadata: of the model to be made (`plan.metadata`).
        base: a model whose weights it begins with, for fine-tuning.
        options: default: those of `RunOptions`.
        divided: case names under "training" and "validation", of which there may be none then; default: by the plan's
            share, seed and fold.

    Returns:
        The run, at iteration 0.

    Raises:
        MedNCAError: where the folder holds a run already, or anything else, or another program works there, or it
            cannot be written; a case name must not go into a model; a case does not fit the plan
            (`data.case_reader.check_cases`); there are too few cases, or no such fold; a batch does not fit into
            memory, or has fewer samples than there are processes; `base` has too few channels for the labels; or the
            model could not be written in the end.
    """
    folder, options = Path(folder), options or RunOptions()
    check_new(folder)
    check_description(plan, metadata)
    check_affordable(plan)
    if options.keep_names:
        check_names(case.name for case in cases)
    check_cases(cases, plan)
    if divided is None:
        divided = split(cases, plan.validation_share, plan.seed, plan.fold)
        if not divided["training"] or not divided["validation"]:
            raise MedNCAError("Training needs two cases at least: one to learn from, one to check with.")
    start = starting_weights(base, plan.labels) if base else None
    with locked_once(folder, make=True):
        check_new(folder)  # once more: now nobody else can begin one
        if distributed.is_first():
            if (folder / BASE).exists():  # of a beginning that was killed
                remove_folder(folder / BASE)
            write_cases(folder, cases)
            write_metadata(folder, metadata, options)
            if base:
                save_model(base, folder / BASE, "The model that is fine-tuned.")
        run = Run.create(folder, plan, divided, start, options.device)
    return Work(run, list(cases), metadata, folder / BASE if base else None, options)


def locked_once(folder: str | Path, make: bool = False) -> AbstractContextManager:
    """`run_lock` on a run's folder, which of several processes of one training the first one takes for all."""
    return distributed.in_first(lambda: run_lock(folder, make))


def reopen(folder: str | Path, device: str | None = None) -> Work:
    """The run of a folder, at its last checkpoint.

    Args:
        folder: of a run that waits, was paused, or was killed.
        device: default, the one that it was begun on.

    Returns:
        The run; it goes on to the same numbers that it would have had without a pause.

    Raises:
        MedNCAError: where there is none, it is damaged, a case is gone, its image or label map was changed since, or
            another program works there.
    """
    folder = Path(folder)
    check_begun(folder)
    check_unchanged(folder)
    metadata, options = read_metadata(folder)
    with locked_once(folder):
        run = Run.resume(folder, device or begun_on(folder))
    base = folder / BASE
    return Work(run, read_cases(folder), metadata, base if base.is_dir() else None, options)


def check_same(work: Work, cases: list[Case], keep_names: bool) -> None:
    """Refuse to go on with a run by a command that asks for something else than it was begun with.

    Args:
        work: of `reopen`.
        cases: that are asked for now, without a problem.
        keep_names: whether their names are to be written into the model.

    Raises:
        MedNCAError: where the run has other cases, or decided otherwise about their names.
    """
    folder, options = work.run.folder, work.options
    if options.keep_names and not keep_names:
        raise MedNCAError(
            "{folder} was begun with --keep-names; go on with it, or choose another --run.", folder=folder
        )
    if keep_names and not options.keep_names:
        raise MedNCAError(
            "{folder} was begun without --keep-names; go on without it, or choose another --run.", folder=folder
        )
    begun, asked = ({case.name: case for case in some} for some in (work.cases, cases))
    for name in sorted({*begun, *asked}):
        if name not in begun or name not in asked or not _is_same(begun[name], asked[name]):
            raise MedNCAError(
                "{folder} was begun with other cases: {case} differs; go on with the same, or choose another --run.",
                folder=folder,
                case=name,
            )


def _is_same(one: Case, other: Case) -> bool:
    """Whether two cases are the same files; one that is gone is not the same as any."""
    ones, others = ((*case.channels, case.labels) for case in (one, other))
    return len(ones) == len(others) and all(
        file.exists() and file.samefile(another) for file, another in zip(ones, others, strict=True)
    )


def complete(
    work: Work,
    out: str | Path | None = None,
    report: Callable[[HistoryRow], None] | None = None,
    tell: Callable[[Sentence], None] = lambda sentence: None,
    progress: Callable[[Progress], None] | None = None,
) -> ValidationReport:
    """Train to the end, measure, calibrate, and write the model to `result_folder`.

    Of several processes of one training the first one does it; the others `train_along`.

    Args:
        work: of `begin` or `reopen`.
        out: the model's folder, in place of the one of the run's options.
        report, tell: as of `Run.train`.
        progress: called while the model is measured and calibrated; it may raise to stop: at the next try the
            calibration goes on from the samples that were kept, and the held-out cases are measured again.

    Returns:
        The validation report, as `model.build.finish` makes it.

    Raises:
        MedNCAError: where the training fails (`Run.train`), the model's folder is there already and not of this run,
            another program makes it, the run holds no case out (`folds`), a case's name must not go into a model, no
            case can be measured, or the folder cannot be written. What `report` and `progress` raise goes on.
    """
    run, target, options = work.run, result_folder(work, out), work.options
    if not run.split["validation"]:
        raise MedNCAError(
            "{folder} is the part of a cross-validation that learns from all cases; go on with the command that "
            "began it.",
            folder=run.folder,
        )
    validate = validator(run.plan, run.split, work.cases, run.folder)
    with locked_once(run.folder), held(target):
        check_target(target, run.folder / RESULT, run)
        with board(run.folder, run.plan, run.iteration) as add:

            def told(row: HistoryRow) -> None:
                add(row)
                if report:
                    report(row)

            run.train(work.cases, validate, told, tell)
        check_target(target, run.folder / RESULT, run)
        result = finish(
            run,
            work.cases,
            work.metadata,
            target,
            command=options.command,
            calibration_cases=options.calibration_cases,
            progress=progress,
            base=work.base,
            salt=None if options.keep_names else options.salt,
            replace=True,
        )
        write_report(run.folder, result)
        run.set_state(RunState.DONE)
    return result


def train_along(work: Work) -> None:
    """What the other processes of a training do while the first one completes it: train with it, no more."""
    run = work.run
    run.train(work.cases, validator(run.plan, run.split, work.cases))


def result_folder(work: Work, out: str | Path | None = None) -> Path:
    """Where a run's model goes: what is asked for now, or was when it was begun, or result/ in the run's folder."""
    return Path(out or work.options.out or work.run.folder / RESULT)


def check_target(target: Path, own: Path | None, run: Run | None) -> None:
    """Refuse to write a model where something is that its run did not make.

    Args:
        target: folder of the model.
        own: that of the run, which may be replaced; None where what is there must be of the run, wherever it is.
        run: that the model is made of, so that one of its weights is what it wrote before it was killed; None where it
            was not begun.

    Raises:
        MedNCAError: where something else is there.
    """
    if not os.path.lexists(target) or target == own:
        return
    try:
        is_own = run is not None and run.is_over and read_model_json(target)["sha256"] == checksum(run.result)
    except MedNCAError:
        is_own = False
    if not is_own:
        raise MedNCAError(
            "{target} exists already and is not of this run; choose another folder with --out.", target=target
        )

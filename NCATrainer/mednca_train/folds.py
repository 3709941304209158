"""Cross-validation: a model for each fold, measured on the cases that it has not seen, and the one that ships, trained
with all of them.

The figures and the calibration are the folds': every case has been held out once. That is honest where there are few
cases; a calibration made with cases of the training expects more than unseen ones keep (docs/experiments.md).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from mednca.errors import MedNCAError, Sentence
from mednca.files import held, staged
from mednca.messages import Progress
from mednca.models.weights import Model, save_model
from mednca.pool import Pool
from mednca.scores import CaseScore, Summary

from . import training_run
from .data.cases import Case, groups
from .model.build import untested_model, with_calibration
from .model.calibration import COVERAGE, verdicts_apart
from .model.card import BY_FOLDS, model_card
from .model.privacy import hidden_name
from .model.samples import CLEAN, Sample, conditions, measure_degraded, samples_json
from .plan.plan import Plan
from .progress import ProgressCallback, counter
from .run_folder import (
    RESULT,
    SAMPLES,
    HistoryRow,
    RunOptions,
    RunState,
    holds_run,
    read_result,
    read_status,
    write_report,
)
from .validation_report import ValidationReport

ALL = "all"  # folder of the run that is trained with all cases


@dataclass
class CrossValidation:
    """What is trained, in runs that are subfolders of one: fold-1, fold-2, ..., all.

    Attributes:
        folder: of all of them; what is there of another call goes on.
        plan: of each; its share and fold do not count.
        cases: without a problem.
        metadata: of the model to be made (`plan.metadata`).
        count: of folds.
        options: of the run that is trained with all.
    """

    folder: Path
    plan: Plan
    cases: list[Case]
    metadata: dict
    count: int
    options: RunOptions


def split_into_folds(cases: list[Case], count: int, seed: int) -> list[dict[str, list[str]]]:
    """Hold out every case once, balanced over groups (`data.cases.groups`).

    Args:
        cases: of the data set.
        count: of folds.
        seed: of the choice; the order of the cases does not matter.

    Returns:
        For each fold, case names, sorted, under "training" and "validation".

    Raises:
        MedNCAError: with fewer than two folds, or fewer people than folds.
    """
    centers = groups(cases)
    people = sum(map(len, centers))
    if count < 2 or count > people:
        raise MedNCAError(
            "{cases} cases of {people} people cannot be divided into {count} folds; ask for 2 to {people}.",
            cases=len(cases),
            people=people,
            count=count,
        )
    dealt: list[list[str]] = [[] for _ in range(count)]
    number = 0
    for center in centers:
        random.Random(seed).shuffle(center)
        for names in center:  # one person after the other; the count goes on, so that the folds are equally large
            dealt[number % count] += names
            number += 1
    every = {case.name for case in cases}
    return [{"training": sorted(every - set(own)), "validation": sorted(own)} for own in dealt]


def cross_validate(
    work: CrossValidation,
    report: Callable[[str, HistoryRow], None] = lambda run, row: None,
    tell: Callable[[Sentence], None] = lambda sentence: None,
    progress: ProgressCallback | None = None,
) -> ValidationReport:
    """Train all folds and the model that ships, measure, calibrate, and write its folder.

    What was done before a call was stopped is taken: folds that are done, runs at their last checkpoint.

    Args:
        work: what is asked for.
        report: called after each iteration with the run's name and the row of its history; it may raise to stop.
        tell: called with sentences for people.
        progress: called while models are measured and calibrated.

    Returns:
        The validation report: every case by the fold that has not seen it; `folds` has each fold's summary.

    Raises:
        MedNCAError: as `training_run.begin` and `training_run.complete`; where the folder is of other folds, or itself
            a run.
    """
    divided = split_into_folds(work.cases, work.count, work.plan.seed)
    target = Path(work.options.out or work.folder / RESULT)
    if holds_run(work.folder):
        raise MedNCAError("{folder} holds a single training; choose another --run for the folds.", folder=work.folder)
    with held(target):
        there = training_run.reopen(work.folder / ALL, "cpu").run if holds_run(work.folder / ALL) else None
        training_run.check_target(target, None, there)
        reports = [_fold(work, number, each, report, tell, progress) for number, each in enumerate(divided, start=1)]
        whole = _train_with_all(work, report, tell)
        training_run.check_target(target, None, whole.run)
        result = _finish(work, whole, divided, reports, target, progress)
        write_report(whole.run.folder, result)
        whole.run.set_state(RunState.DONE)
    return result


def _fold(work: CrossValidation, number: int, divided: dict, report, tell, progress) -> ValidationReport:
    """Train and measure a fold; one that is done is taken. It gets no calibration of its own."""
    folder, options = work.folder / f"fold-{number}", replace(work.options, out=None, calibration_cases=0)
    fold = _begun(work, folder, divided, work.plan, options)
    if read_status(folder).state == RunState.DONE:
        return read_result(folder).report
    tell(Sentence(
        "{fold}: {training} cases to learn from, {validation} to check with.",
        fold=folder.name, training=len(divided["training"]), validation=len(divided["validation"]),
    ))  # fmt: skip
    return training_run.complete(fold, None, lambda row: report(folder.name, row), tell, progress)


def _begun(work: CrossValidation, folder: Path, divided: dict, plan: Plan, options: RunOptions) -> training_run.Work:
    if not holds_run(folder):
        return training_run.begin(folder, plan, work.cases, work.metadata, None, options, divided)
    there = training_run.reopen(folder, options.device)  # the one that it was begun on may be another computer's
    if there.run.split != divided or there.run.plan != plan:
        raise MedNCAError("{folder} was begun with other cases or another plan; choose another folder.", folder=folder)
    training_run.check_same(there, work.cases, options.keep_names)
    return there


def _train_with_all(work: CrossValidation, report, tell) -> training_run.Work:
    """As long as the folds took, to their best where that is kept, as nothing is left to check with."""
    ended = [training_run.reopen(work.folder / f"fold-{number + 1}", "cpu").run for number in range(work.count)]
    took = [run.best_iteration if work.plan.keep == "best" and run.best_iteration else run.iteration for run in ended]
    plan = work.plan
    if plan.keep == "best" or plan.patience:
        plan = _lasting(replace(plan, keep="last", patience=0), max(round(median(took)), 1))
    every = {"training": sorted(case.name for case in work.cases), "validation": []}
    whole = _begun(work, work.folder / ALL, every, plan, replace(work.options, out=None))
    tell(Sentence(
        "{fold}: {training} cases to learn from, {iterations} iterations.",
        fold=ALL, training=len(work.cases), iterations=plan.total_iterations,
    ))  # fmt: skip
    with training_run.locked_once(whole.run.folder):
        whole.run.train(work.cases, None, lambda row: report(ALL, row), tell)
    return whole


def _lasting(plan: Plan, iterations: int) -> Plan:
    """A plan of so many iterations in all, of which the second phase has what is beyond the first."""
    phase, left = plan.second_phase, iterations - plan.iterations
    if phase and left > 0:
        return replace(plan, second_phase=replace(phase, iterations=left))
    # Batch norm is frozen at the iteration at which the folds' was.
    live = math.ceil(plan.freeze_norm * plan.iterations)
    share = min(max(live - 0.5, 0.0) / iterations, 1.0)
    return replace(plan, iterations=iterations, freeze_norm=share, second_phase=None)


def _finish(
    work: CrossValidation, whole: training_run.Work, divided: list[dict], reports: list[ValidationReport], target: Path,
    progress: Callable[[Progress], None] | None,
) -> ValidationReport:  # fmt: skip
    """The model that ships, with the folds' figures and a calibration of their samples."""
    options = whole.options  # as it was begun: the salt of a call that goes on with it is another one
    salt = None if options.keep_names else options.salt
    model = untested_model(whole.run, work.cases, work.metadata, options.command, salt)
    naming = (lambda name: hidden_name(name, salt)) if salt else str
    model.info["training"]["folds"] = [sorted(map(naming, each["validation"])) for each in divided]
    chosen, rest = _chosen(work, divided)
    failed: dict[str, str] = {}
    samples = _samples(work, chosen, conditions(), "calibrating", progress, failed)
    note = with_calibration(model, samples_json(samples, samples, salt), None, COVERAGE)
    others = _samples(work, rest, [CLEAN], "measuring", progress, failed) if model.calibration else []
    scores = _judged([score for each in reports for score in each.cases], samples, others, model)
    failures = [failure for each in reports for failure in each.failures]
    known = {failure["image"] for failure in failures}
    failures += [{"image": name, "error": why} for name, why in failed.items() if name not in known]
    result = ValidationReport(
        tuple(scores), Summary.of(scores), tuple(failures), calibration=model.calibration,
        calibration_note=note, folds=tuple(each.mean for each in reports),
    )  # fmt: skip
    model.info["eval_metrics"] = result.mean.to_json()
    with staged(target, replace=True) as made:
        save_model(model, made, "Being written.")  # which tells its weights' checksum, for the card
        save_model(model, made, model_card(model, result, options.command, BY_FOLDS))
    return result


def _chosen(work: CrossValidation, divided: list[dict]) -> tuple[list[list[str]], list[list[str]]]:
    """Of each fold, the cases that the calibration is made with, and the others that it has not seen."""
    most = max(work.options.calibration_cases // work.count, 1)
    chosen = [sorted(random.Random(work.plan.seed).sample(each["validation"], min(most, len(each["validation"]))))
              for each in divided]  # fmt: skip
    rest = [sorted(set(each["validation"]) - set(names)) for each, names in zip(divided, chosen, strict=True)]
    return chosen, rest


def _samples(
    work: CrossValidation, chosen: list[list[str]], under: Sequence[str], stage: str,
    progress: ProgressCallback | None, failed: dict[str, str],
) -> list[Sample]:  # fmt: skip
    """Of every fold's model on some of the cases that it has not seen, under these conditions. failed: takes, by case,
    why one could not be measured."""
    by_name, samples = {case.name: case for case in work.cases}, []
    step = counter(progress, stage, sum(map(len, chosen)) * len(under))
    with Pool() as pool:
        for number, names in enumerate(chosen):
            run, cases = work.folder / f"fold-{number + 1}", [by_name[name] for name in names]
            samples += measure_degraded(
                pool, run / RESULT, cases, work.plan.seed + number, step, failed, under, kept=run / SAMPLES
            )
    return samples


def _judged(
    scores: list[CaseScore], made_with: list[Sample], others: list[Sample], model: Model
) -> list[CaseScore]:  # fmt: skip
    """The scores with what the light says of each, by a calibration that its case had no part in.

    Args:
        scores: of the folds.
        made_with: the samples that the calibration is made with.
        others: of the cases that it is made without.
        model: with its calibration.
    """
    calibration = model.calibration
    if calibration is None:
        return scores
    clean = [sample for sample in (*made_with, *others) if sample.condition == CLEAN]
    said: dict[str, list] = {}
    for sample, verdict in zip(clean, verdicts_apart(calibration, made_with, clean), strict=True):
        said.setdefault(sample.case, []).append(verdict)
    judged = []
    for score in scores:
        own = said.get(score.case)
        verdict = own.pop(0) if own else None  # its structures are measured in one order
        judged.append(
            replace(score, verdict=verdict.color, predicted_dice=verdict.predicted_dice) if verdict else score
        )
    return judged

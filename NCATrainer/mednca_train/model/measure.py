"""How good a model is on the validation cases, and whether fine-tuning bettered it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case
from mednca.models.description import read_description
from mednca.models.weights import Model, load_model
from mednca.pool import Pool
from mednca.scores import CaseScore, Summary

from ..data.cases import Case
from ..plan.finetuning import own_labels
from ..progress import ProgressCallback, counter
from ..validation_report import Comparison, ValidationReport

_HELPED = 0.005  # Dice by which fine-tuning must better the base model to be said to have helped


def validate(
    pool: Pool,
    folder: Path,
    cases: list[Case],
    step: Callable[[], None] = lambda: None,
    truth_values: dict[int, int] | None = None,
) -> ValidationReport:
    """Do what `mednca evaluate` does for some cases, in parallel.

    Args:
        pool: whose processes do it.
        folder: of the model.
        cases: to measure it on.
        step: called after each case; it may raise to stop.
        truth_values: a label's value in the model -> its value in the label maps (default: the same, for all labels).

    Returns:
        The scores, their summary and the failures; neither comparison nor calibration.

    Raises:
        MedNCAError: where none of them can be measured.
    """
    scores, failures, why = [], [], None
    jobs = [(str(folder), case, truth_values) for case in cases]
    for outcome in pool.run(_evaluate_one, jobs):
        scores += outcome.result or ()
        if outcome.error:
            why = why or outcome.error
            failures.append({"image": outcome.job[1].name, "error": str(outcome.error)})
        step()
    if not scores:
        raise MedNCAError("None of the validation cases can be measured: {why}", why=why or "")
    return ValidationReport(tuple(scores), Summary.of(scores), tuple(failures))


def _evaluate_one(job) -> list[CaseScore]:
    folder, case, truth_values = job
    return evaluate_case(
        case.name, case.channels, case.labels, load_model(folder), device="cpu", truth_values=truth_values
    )  # fmt: skip


def compare(
    pool: Pool,
    model: Model,
    folder: Path,
    base: Path,
    cases: list[Case],
    report: ValidationReport,
    progress: ProgressCallback | None = None,
) -> Comparison | None:
    """Put a fine-tuned model beside the one that it was made from, on the same cases, by the labels that both know.

    Args:
        pool: whose processes do it.
        model, folder: the new model, and where it lies.
        base: folder of the model that was fine-tuned.
        cases: that both are measured on.
        report: of the new model on them, as of `validate`.
        progress: called in the stage "comparing".

    Returns:
        The comparison; None where they have no label in common.

    Raises:
        MedNCAError: where none of the cases can be measured.
    """
    original = read_description(base)
    common = own_labels(original, model.labels)
    if not common:
        return None
    values = {label.value: value for value, label in common.items()}
    alike = len(common) == len(model.labels)
    step = counter(progress, "comparing", len(cases) if alike else 2 * len(cases))
    names = {label.name: name.name for name in model.labels if (label := common.get(name.value))}
    old = validate(pool, base, cases, step, values).mean.renamed(names)
    own = report.mean
    if not alike:
        same = {value: value for value in common}
        own = validate(pool, folder, cases, step, same).mean
    return Comparison(old, own, own.dice["union"] - old.dice["union"] > _HELPED)

"""How good a model is on the validation cases, and whether fine-tuning bettered it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case, summarize
from mednca.models.description import read_description
from mednca.models.weights import Model, load_model

from ..data.cases import Case
from ..plan.finetuning import own_labels
from ..pool import Pool
from ..progress import ProgressCallback, counter

_HELPED = 0.005  # Dice by which fine-tuning must better the base model to be said to have helped


def validate(
    pool: Pool,
    folder: Path,
    cases: list[Case],
    step: Callable[[], None] = lambda: None,
    truth_values: dict[int, int] | None = None,
) -> dict:
    """The report of `mednca evaluate` for some cases, made in parallel.

    Args:
        pool: whose processes do it.
        folder: of the model.
        cases: to measure it on.
        step: called after each case; it may raise to stop.
        truth_values: a label's value in the model -> its value in the label maps (default: the same, for all labels).

    Returns:
        cases: a row for each structure, as of `mednca.evaluate.evaluate_case`; mean: their summary; failures: of each
        case that could not be measured, image and error.

    Raises:
        MedNCAError: where none of them can be measured.
    """
    rows, failures = [], []
    jobs = [(str(folder), case, truth_values) for case in cases]
    for outcome in pool.run(_evaluate_one, jobs):
        rows += outcome.result or ()
        if outcome.error:
            failures.append({"image": outcome.job[1].name, "error": outcome.error})
        step()
    if not rows:
        raise MedNCAError(f"None of the validation cases can be measured: {failures[0]['error'] if failures else ''}")
    return {"cases": rows, "mean": summarize(rows), "failures": failures}


def _evaluate_one(job) -> list[dict]:
    folder, case, truth_values = job
    return evaluate_case(
        case.name, case.image, case.labels, load_model(folder), device="cpu", truth_values=truth_values
    )  # fmt: skip


def compare(
    pool: Pool,
    model: Model,
    folder: Path,
    base: Path,
    cases: list[Case],
    report: dict,
    progress: ProgressCallback | None = None,
) -> dict:
    """A fine-tuned model beside the one that it was made from, on the same cases, by the labels that both know.

    Args:
        pool: whose processes do it.
        model, folder: the new model, and where it lies.
        base: folder of the model that was fine-tuned.
        cases: that both are measured on.
        report: of the new model on them, as of `validate`.
        progress: called in the stage "comparing".

    Returns:
        base: the base model's means, under the new model's names of the labels; own: the new model's means on those
        labels alone; helped: whether the union's Dice is better by more than its noise. Empty where they have no label
        in common.

    Raises:
        MedNCAError: where none of the cases can be measured.
    """
    original = read_description(base)
    common = own_labels(original, model.labels)
    if not common:
        return {}
    values = {label.value: value for value, label in common.items()}
    alike = len(common) == len(model.labels)
    step = counter(progress, "comparing", len(cases) if alike else 2 * len(cases))
    old = validate(pool, base, cases, step, values)["mean"]
    names = {label.name: name.name for name in model.labels if (label := common.get(name.value))}
    old = {key: {names.get(name, name): number for name, number in value.items()} if isinstance(value, dict) else value
           for key, value in old.items()}  # fmt: skip
    own = report["mean"]
    if not alike:
        same = {value: value for value in common}
        own = validate(pool, folder, cases, step, same)["mean"]
    return {"base": old, "own": own, "helped": own["dice"]["union"] - old["dice"]["union"] > _HELPED}

"""How good a model is on the validation cases, and whether fine-tuning bettered it."""

from __future__ import annotations

from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case, summarize
from mednca.models.description import read_description
from mednca.models.weights import Model, load_model

from ..data.cases import Case
from ..plan.finetuning import own_labels
from ..pool import Pool

_HELPED = 0.005  # Dice by which fine-tuning must better the base model to be said to have helped


def validate(pool: Pool, folder, cases: list[Case], progress=None, truth_values=None) -> dict:
    """The report of `mednca evaluate` for some cases, made in parallel. truth_values: see `evaluate_case`.

    Raises MedNCAError where none of them can be measured.
    """
    rows, failures = [], []
    jobs = [(str(folder), case, truth_values) for case in cases]
    for done, outcome in enumerate(pool.run(_evaluate_one, jobs), start=1):
        rows += outcome.result or ()
        if outcome.error:
            failures.append({"image": outcome.job[1].name, "error": outcome.error})
        if progress:
            progress(done, len(cases))
    if not rows:
        raise MedNCAError(f"None of the validation cases can be measured: {failures[0]['error'] if failures else ''}")
    return {"cases": rows, "mean": summarize(rows), "failures": failures}


def _evaluate_one(job) -> list[dict]:
    folder, case, truth_values = job
    return evaluate_case(
        case.name, case.image, case.labels, load_model(folder), device="cpu", truth_values=truth_values
    )  # fmt: skip


def compare(pool, model: Model, folder, base, cases, report: dict, tell) -> dict:
    """The base model on the same cases, judged by the labels that both models know, under the new model's names.

    base: its measures; own: the new model's on those labels alone; helped: whether the union's Dice is better by more
    than its noise. Nothing where they have no label in common.
    """
    original = read_description(base)
    common = own_labels(original, model.labels)
    if not common:
        return {}
    values = {label.value: value for value, label in common.items()}
    old = validate(pool, base, cases, lambda d, t: tell("measuring the base model", d, t), values)["mean"]
    names = {label.name: name.name for name in model.labels if (label := common.get(name.value))}
    old = {key: {names.get(name, name): number for name, number in value.items()} if isinstance(value, dict) else value
           for key, value in old.items()}  # fmt: skip
    own = report["mean"]
    if len(common) < len(model.labels):
        same = {value: value for value in common}
        own = validate(pool, folder, cases, lambda d, t: tell("measuring the common labels", d, t), same)["mean"]
    return {"base": old, "own": own, "helped": own["dice"]["union"] - old["dice"]["union"] > _HELPED}

"""How good a model is on the validation cases, and whether fine-tuning bettered it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case
from mednca.models.description import read_description
from mednca.models.weights import Model, load_model
from mednca.scores import CaseScore, Summary

from ..data.cases import Case
from ..plan.finetuning import own_labels
from ..pool import Pool
from ..progress import ProgressCallback, counter

_HELPED = 0.005  # Dice by which fine-tuning must better the base model to be said to have helped


@dataclass(frozen=True)
class Comparison:
    """A fine-tuned model beside the one that it was made from, on the same cases, by the labels that both know.

    Attributes:
        base: the base model's scores, under the new model's names of the labels.
        own: the new model's, on those labels alone.
        helped: whether the union's Dice is better by more than its noise.
    """

    base: Summary
    own: Summary
    helped: bool


@dataclass(frozen=True)
class ValidationReport:
    """How good a model is: what `report.json` of a run and MODEL_CARD.md are made of.

    Attributes:
        cases: a score for each structure of each case.
        mean: their summary.
        failures: of each case that could not be measured, image and error.
        comparison: with the model that was fine-tuned; None where there is none, or no label in common.
        calibration: as model.json has it; None where there is none.
        calibration_note: why there is none.
    """

    cases: tuple[CaseScore, ...]
    mean: Summary
    failures: tuple[dict[str, str], ...] = ()
    comparison: Comparison | None = None
    calibration: dict | None = None
    calibration_note: str | None = None

    def to_json(self) -> dict:
        """As JSON has it: the comparison's fields stand beside the others, or are not there."""
        return {
            "cases": [score.to_json() for score in self.cases],
            "mean": self.mean.to_json(),
            "failures": list(self.failures),
            **(asdict(self.comparison) if self.comparison else {}),
            "calibration": self.calibration,
            "calibration_note": self.calibration_note,
        }


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
    scores, failures = [], []
    jobs = [(str(folder), case, truth_values) for case in cases]
    for outcome in pool.run(_evaluate_one, jobs):
        scores += outcome.result or ()
        if outcome.error:
            failures.append({"image": outcome.job[1].name, "error": outcome.error})
        step()
    if not scores:
        raise MedNCAError(f"None of the validation cases can be measured: {failures[0]['error'] if failures else ''}")
    return ValidationReport(tuple(scores), Summary.of(scores), tuple(failures))


def _evaluate_one(job) -> list[CaseScore]:
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

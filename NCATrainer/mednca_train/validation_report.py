"""What a training came to: plain dataclasses, without torch. How it is measured is `model.measure`'s business."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mednca.scores import CaseScore, Summary


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

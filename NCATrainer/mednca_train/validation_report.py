"""What a training came to: plain dataclasses, without torch. How it is measured is `model.measure`'s business."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mednca.errors import MedNCAError, Sentence
from mednca.quality.calibration import Calibration
from mednca.scores import CaseScore, Summary


@dataclass(frozen=True)
class Comparison:
    """A fine-tuned model beside the one that it was made from, on the same cases, by the labels that both know.

    Attributes:
        base: the base model's scores, under the new model's names of the labels.
        own: the new model's, on those labels alone.
        helped: whether the union's mean Dice is better by `model.measure`'s least gain or more.
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
        calibration: of the model; None where there is none.
        calibration_note: why there is none.
        folds: of cross-validation, each fold's summary; the cases are then each measured by the fold that has not seen
            it.
    """

    cases: tuple[CaseScore, ...]
    mean: Summary
    failures: tuple[dict[str, str], ...] = ()
    comparison: Comparison | None = None
    calibration: Calibration | None = None
    calibration_note: Sentence | None = None
    folds: tuple[Summary, ...] = ()

    def to_json(self) -> dict:
        """As JSON has it: the comparison's fields stand beside the others, or are not there."""
        return {
            "cases": [score.to_json() for score in self.cases],
            "mean": self.mean.to_json(),
            "failures": list(self.failures),
            **(asdict(self.comparison) if self.comparison else {}),
            "calibration": self.calibration.to_json() if self.calibration else None,
            "calibration_note": self.calibration_note.to_json() if self.calibration_note else None,
            **({"folds": [fold.to_json() for fold in self.folds]} if self.folds else {}),
        }

    @classmethod
    def from_json(cls, data: dict) -> ValidationReport:
        """Also of a report that version 0.1 wrote. Raises MedNCAError where it cannot be understood."""
        try:
            comparison = None
            if "helped" in data:
                base, own = Summary.from_json(data["base"]), Summary.from_json(data["own"])
                comparison = Comparison(base, own, data["helped"])
            return cls(
                tuple(CaseScore.from_json(score) for score in data.get("cases", ())),
                Summary.from_json(data["mean"]),
                tuple(data.get("failures", ())),
                comparison,
                Calibration.from_json(data["calibration"]) if data.get("calibration") else None,
                Sentence.from_json(data["calibration_note"]) if data.get("calibration_note") else None,
                tuple(Summary.from_json(fold) for fold in data.get("folds", ())),
            )
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise MedNCAError("A validation report cannot be read ({cause}).", cause=repr(error)) from error

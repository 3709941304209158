"""What a model's uncertainty means: Dice against NQM on cases with known answers, clean and degraded.

The regression is made on training cases enriched with artifacts (M3D-NCA, section 2.3) and tried on validation
cases it has not seen. Cases are run in several processes, one thread each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.optimize import isotonic_regression

from mednca.evaluate import structures_of
from mednca.imaging.metrics import dice
from mednca.imaging.reading import read_image, read_labels
from mednca.models.weights import load_model
from mednca.nca.firing import mix
from mednca.quality.calibration import Calibration
from mednca.quality.verdict import DEFAULT_TARGET
from mednca.segment import segment_image

from ..data.artifacts import ARTIFACTS, Artifact, degrade
from ..data.cases import Case
from ..pool import Pool

COVERAGE = 0.90  # of the interval
_SAMPLES_PER_KNOT, _MAX_KNOTS = 20, 24
MIN_SAMPLES = 2 * _SAMPLES_PER_KNOT  # fewer say nothing about an interval that holds nine times of ten
_STREAM = 77  # keeps this module's draws apart from the training's


@dataclass(frozen=True)
class Sample:
    """One structure of a case, clean or degraded: how good the result was, and how steady.

    Attributes:
        case: its name.
        condition: "clean", or the artifact's name.
        dice: of the union, on native voxels.
        signals: of the union, by name (`quality.signals`); None where nothing was found.
    """

    case: str
    condition: str
    dice: float
    signals: dict[str, float | None]

    @property
    def nqm(self) -> float | None:
        """Eq. (1) of M3D-NCA, which the card's tables show whatever the verdict goes by."""
        return self.signals["nqm"]


def conditions() -> dict[str, Artifact | None]:
    """What every case is measured under, by name: as it is, and with each artifact that there is."""
    return {"clean": None, **ARTIFACTS}


def measure_degraded(
    pool: Pool,
    folder: Path,
    cases: list[Case],
    seed: int,
    step: Callable[[], None] = lambda: None,
    failed: dict[str, str] | None = None,
    only: dict[str, Artifact | None] | None = None,
) -> list[Sample]:
    """Segment every structure of every case under every condition.

    Args:
        pool: whose processes do it.
        folder: of the model.
        cases: with known answers.
        seed: of the artifacts' severity and chance.
        step: called after each case under each condition; it may raise to stop.
        failed: takes, by case, why one could not be measured.
        only: these conditions; default: all of `conditions()`.

    Returns:
        A sample for each structure of each case under each condition.
    """
    jobs = [
        (str(folder), case, name, artifact, mix((seed, _STREAM, i, j)))
        for i, case in enumerate(cases)
        for j, (name, artifact) in enumerate((only or conditions()).items())
    ]
    samples = []
    for outcome in pool.run(_measure_one, jobs):
        samples += outcome.result or ()
        if outcome.error and failed is not None:
            failed[outcome.job[1].name] = outcome.error
        step()
    return samples


def fit(samples: list[Sample], members: int, validation: list[Sample], signal: str = "nqm") -> Calibration | None:
    """The calibration: monotone regression of Dice, and of its interval, on a signal.

    Args:
        samples: that it is made of, of training cases (M3D-NCA, section 2.3).
        members: of the ensemble that they were measured with.
        validation: samples of other cases, for what it detects (`detection`).
        signal: one of `quality.signals.SIGNALS`.

    Returns:
        None where there are too few samples for it.
    """
    pairs = sorted((value, s.dice) for s in samples if (value := s.signals.get(signal)) is not None)
    if len(pairs) < MIN_SAMPLES:
        return None
    values, scores = (np.array(column) for column in zip(*pairs, strict=True))
    groups = np.array_split(np.arange(len(pairs)), min(len(pairs) // _SAMPLES_PER_KNOT, _MAX_KNOTS))
    knots = np.array([np.median(values[g]) for g in groups])
    curves = [
        isotonic_regression(np.array([statistic(scores[g]) for g in groups]), increasing=False).x
        for statistic in (np.mean, _low_end, lambda d: -_low_end(-d))
    ]
    knots, first = np.unique(np.round(knots, 5), return_index=True)
    curves = [curve[first] for curve in curves]
    curves[1], curves[2] = np.minimum(curves[1], curves[0]), np.maximum(curves[2], curves[0])
    slope, intercept = np.polyfit(values, scores, 1)
    calibration = Calibration(
        *(tuple(np.round(curve, 5).tolist()) for curve in (knots, *curves)),
        members=members,
        samples=len(pairs),
        linear=(round(float(slope), 5), round(float(intercept), 5)),
        detection={},
        signal=signal,
    )
    return Calibration(**{**calibration.to_json(), "detection": detection(calibration, validation)})


def _low_end(scores):
    """The low end of the interval, as conformal prediction takes it: the rank that holds for one more sample of the
    same kind, not only for these (a plain quantile of few samples is too narrow)."""
    rank = max(int((len(scores) + 1) * (1 - COVERAGE) / 2), 1)
    return float(np.sort(scores)[rank - 1])


def detection(calibration: Calibration, samples: list[Sample], target: float = DEFAULT_TARGET) -> dict:
    """What the calibrated verdict finds on cases it was not made with.

    A failure is a Dice below the target; it is found when the verdict is not green: amber, red, or grey because
    nothing was found.
    """
    rows = [(s, _predicted(calibration, s)) for s in samples]
    failed = [row for row in rows if row[0].dice < target]
    good = [row for row in rows if row[0].dice >= target]

    def share(part, whole):
        return round(len(part) / len(whole), 4) if whole else None

    judged = [(s, p) for s, p in rows if p is not None]
    return {
        "target_dice": target,
        "samples": len(rows),
        "failures": len(failed),
        "failures_below_target": share([r for r in failed if r[1] is None or r[1][0] < target], failed),
        "failures_not_green": share([r for r in failed if r[1] is None or r[1][1] < target], failed),
        "good_called_red": share([r for r in good if r[1] is None or r[1][0] < target], good),
        "good_not_green": share([r for r in good if r[1] is None or r[1][1] < target], good),
        "interval_coverage": share([1 for s, p in judged if p[1] <= s.dice <= p[2]], judged),
        "mean_absolute_error": round(float(np.mean([abs(s.dice - p[0]) for s, p in judged])), 4) if judged else None,
        "conditions": {
            name: {
                "dice": round(float(np.mean([s.dice for s in samples if s.condition == name])), 4),
                "nqm": _rounded_mean([s.nqm for s in samples if s.condition == name and s.nqm is not None]),
            }
            for name in dict.fromkeys(s.condition for s in samples)
        },
    }


def _predicted(calibration: Calibration, sample: Sample) -> tuple[float, float, float] | None:
    value = sample.signals[calibration.signal]
    return None if value is None else calibration.predict(value, calibration.members)


def _rounded_mean(values):
    return round(float(np.mean(values)), 4) if values else None


_loaded: dict = {}  # model folder -> model, one per worker process


def _measure_one(job) -> list[Sample]:
    folder, case, condition, artifact, seed = job
    if folder not in _loaded:
        _loaded[folder] = load_model(folder)
    model = _loaded[folder]
    image, truth = read_image(case.image), read_labels(case.labels)
    values = [label.value for label in model.labels]
    degraded, samples = degrade(image, artifact, seed), []
    for structure in structures_of(model, truth, values):
        result = segment_image(degraded, model, structure.clicks, device="cpu")
        found = sitk.GetArrayFromImage(result.labels) > 0
        samples.append(Sample(case.name, condition, dice(found, structure.mask), result.findings[0].signals))
    return samples

"""What a model's uncertainty means: Dice against NQM on cases with known answers, clean and degraded.

The regression is made on training cases enriched with artifacts (M3D-NCA, section 2.3) and tried on validation
cases it has not seen. Cases are run in several processes, one thread each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torchio as tio
from scipy.optimize import isotonic_regression

from mednca.evaluate import structures_of
from mednca.imaging.geometry import CanonicalImage
from mednca.imaging.metrics import dice
from mednca.imaging.reading import read_image, read_labels
from mednca.models.weights import load_model
from mednca.nca.firing import mix
from mednca.quality.calibration import Calibration
from mednca.quality.verdict import DEFAULT_TARGET
from mednca.segment import segment_image

from ..data.augmentation import apply_artifact
from ..data.dataset import Case
from ..pool import Pool

COVERAGE = 0.90  # of the interval
_SAMPLES_PER_KNOT, _MAX_KNOTS = 20, 24
MIN_SAMPLES = 2 * _SAMPLES_PER_KNOT
_STREAM = 77  # keeps this module's draws apart from the training's

# Each takes a severity in 0..1; the worst are the paper's own test artifacts (section 3.2).
CONDITIONS = {
    "clean": None,
    "noise": lambda s: tio.RandomNoise(std=(0.05 + 0.45 * s,) * 2),
    "spike": lambda s: tio.RandomSpike(num_spikes=1, intensity=(0.3 + 4.7 * s,) * 2),
    "ghosting": lambda s: tio.RandomGhosting(num_ghosts=6, intensity=(0.3 + 2.2 * s,) * 2),
    "bias field": lambda s: tio.RandomBiasField(coefficients=(0.2 + 0.8 * s,) * 2),
    "motion": lambda s: tio.RandomMotion(degrees=2 + 10 * s, translation=1 + 8 * s, num_transforms=2),
}


@dataclass(frozen=True)
class Sample:
    """One degraded case: how good the result was, and how steady."""

    case: str
    condition: str
    dice: float
    nqm: float | None


def measure(
    pool: Pool, folder, cases: list[Case], seed: int, conditions=None, progress=None, failed=None
) -> list[Sample]:
    """Segment every structure of every case under every condition with the model in a folder, union Dice on native
    voxels.

    progress(done, total) after each. failed: a dictionary that takes, by case, why one could not be measured.
    """
    names = list(conditions or CONDITIONS)
    jobs = [
        (str(folder), case, name, mix((seed, _STREAM, i, j)))
        for i, case in enumerate(cases)
        for j, name in enumerate(names)
    ]
    samples = []
    for done, outcome in enumerate(pool.run(_measure_one, jobs), start=1):
        samples += outcome.result or ()
        if outcome.error and failed is not None:
            failed[outcome.job[1].name] = outcome.error
        if progress:
            progress(done, len(jobs))
    return samples


def enough(samples: list[Sample]) -> bool:
    """Whether there are enough for `fit`: fewer say nothing about an interval that holds nine times of ten."""
    return sum(s.nqm is not None for s in samples) >= MIN_SAMPLES


def fit(samples: list[Sample], members: int, validation: list[Sample]) -> Calibration | None:
    """Monotone regression of Dice and of its interval on NQM; None where there are too few samples for it."""
    if not enough(samples):
        return None
    pairs = sorted((s.nqm, s.dice) for s in samples if s.nqm is not None)
    values, scores = (np.array(column) for column in zip(*pairs, strict=True))
    groups = np.array_split(np.arange(len(pairs)), min(len(pairs) // _SAMPLES_PER_KNOT, _MAX_KNOTS))
    knots = np.array([np.median(values[g]) for g in groups])
    curves = [
        isotonic_regression([statistic(scores[g]) for g in groups], increasing=False).x
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
    rows = [(s, calibration.predict(s.nqm, calibration.members) if s.nqm is not None else None) for s in samples]
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


def _rounded_mean(values):
    return round(float(np.mean(values)), 4) if values else None


def degrade(image: sitk.Image, condition: str, seed: int) -> sitk.Image:
    """A copy of an image with an artifact whose severity the seed draws."""
    if CONDITIONS[condition] is None:
        return image
    canonical = CanonicalImage.of(image)
    severity = mix((seed, 1)) / 2**64
    return canonical.restore(apply_artifact(canonical.array, CONDITIONS[condition](severity), seed), image)


_loaded: dict = {}  # model folder -> model, one per worker process


def _measure_one(job) -> list[Sample]:
    folder, case, condition, seed = job
    if folder not in _loaded:
        _loaded[folder] = load_model(folder)
    model = _loaded[folder]
    image, truth = read_image(case.image), read_labels(case.labels)
    values = [label.value for label in model.labels]
    degraded, samples = degrade(image, condition, seed), []
    for structure in structures_of(model, truth, values):
        result = segment_image(degraded, model, structure.clicks, device="cpu")
        found = sitk.GetArrayFromImage(result.labels) > 0
        samples.append(Sample(case.name, condition, dice(found, structure.mask), result.findings[0].nqm["union"]))
    return samples

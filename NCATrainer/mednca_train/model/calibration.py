"""What a model's uncertainty means: Dice against a signal such as NQM, from samples with known answers.

The regression is made on training cases enriched with artifacts (M3D-NCA, section 2.3) and tried on validation cases
it has not seen. Where the samples come from is `samples`' business.

An interval must hold in nine of ten results of each kind, not only on average. So it is made of the nearest samples of
the same context (locally, as quantile regression), and widened by what it lacks on cases that were left out (conformal
prediction: Romano, Patterson, Candes, Conformalized Quantile Regression, NeurIPS 2019), as an average over the groups.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import isotonic_regression

from mednca.quality.calibration import CONTEXTS, Calibration, Curve
from mednca.quality.verdict import DEFAULT_TARGET, Verdict, judge

from .samples import Sample

SIGNAL = "mean member"  # that the verdict goes by; docs/experiments.md compares it with the others
COVERAGE = 0.90  # of the interval
CAUTION = 5.0  # what a failure that is not foreseen costs, in false alarms; so much does a failed sample weigh
MIN_SAMPLES = 40  # of a context; fewer say nothing about an interval that holds nine times of ten
_EXPECTED = 25  # nearest samples that the expected Dice is made of
_INTERVAL = (25, 60)  # that an interval's ends are made of, at least and at most: an eighth of all
_KNOTS = 60
_LEAST = 1e-4  # of a signal: they are compared by their logarithms


def fit(samples: list[Sample], members: int, signal: str = SIGNAL, coverage: float = COVERAGE) -> Calibration | None:
    """The calibration: monotone regression of Dice, and of its interval, on a signal, in each context.

    The expected Dice is the median of the nearest samples, in which a failure (Dice below 0.8, as the paper has it)
    counts `CAUTION` times.

    Args:
        samples: that it is made of, of training cases (M3D-NCA, section 2.3).
        members: of the ensemble that they were measured with.
        signal: one of `quality.signals.SIGNALS`.
        coverage: of the interval.

    Returns:
        The calibration, which nobody has tried yet; None where there are too few samples for it, in any context.
    """
    usable = [s for s in samples if s.objection is None and s.signals.get(signal) is not None]
    curves = {}
    for context in CONTEXTS:
        within = [s for s in usable if s.context == context]
        if len(within) >= MIN_SAMPLES:
            curves[context] = _curve(within, signal, coverage)
    if not curves:
        return None
    values, scores = _columns(usable, signal)
    slope, intercept = np.polyfit(np.exp(values), scores, 1)
    return Calibration(
        curves=curves,
        members=members,
        linear=(round(float(slope), 5), round(float(intercept), 5)),
        detection={},
        signal=signal,
        coverage=coverage,
    )


def without(samples: list[Sample], case: str) -> list[Sample]:
    """The samples of all other cases: with them a case is judged that a calibration was made with."""
    return [sample for sample in samples if sample.case != case]


def _columns(samples: list[Sample], signal: str) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of a signal, ascending, and the Dice."""
    pairs = sorted((float(np.log(max(s.signals[signal] or 0.0, _LEAST))), s.dice) for s in samples)
    values, scores = np.array(pairs).T
    return values, scores


def _curve(samples: list[Sample], signal: str, coverage: float) -> Curve:
    values, scores = _columns(samples, signal)
    knots, dice, low, high = _local(values, scores, coverage)
    wider = _lacking(samples, signal, coverage)
    low, high = np.minimum(low - wider, dice), np.maximum(high + wider, dice)
    ends = [np.clip(each, 0, 1) for each in (dice, low, high)]
    rounded, first = np.unique(np.round(np.exp(knots), 5), return_index=True)
    curves = (tuple(np.round(each[first], 5).tolist()) for each in ends)
    return Curve(tuple(rounded.tolist()), *curves, samples=len(samples))


def _local(values: np.ndarray, scores: np.ndarray, coverage: float) -> tuple[np.ndarray, ...]:
    """Knots, and the expected Dice and the interval's ends there, of the nearest samples, made monotone."""
    knots = np.quantile(values, np.linspace(0, 1, _KNOTS))
    weights, tail = np.where(scores < DEFAULT_TARGET, CAUTION, 1.0), (1 - coverage) / 2
    rows, count = [], int(np.clip(len(values) // 8, *_INTERVAL))
    for knot in knots:
        nearest = np.argsort(np.abs(values - knot), kind="stable")
        few, many = nearest[:_EXPECTED], scores[nearest[:count]]
        rows.append((_weighted_median(scores[few], weights[few]), _quantile(many, tail), _quantile(many, 1 - tail)))
    return (knots, *(isotonic_regression(column, increasing=False).x for column in np.array(rows).T))


def _weighted_median(scores: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(scores)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(scores[order][np.searchsorted(share, 0.5)])


def _quantile(scores: np.ndarray, share: float) -> float:
    """As conformal prediction takes it: the rank that holds for one more sample of the same kind, not only for these
    (a plain quantile of few samples is too narrow)."""
    ranks = np.arange(1, len(scores) + 1)
    return float(np.interp((len(scores) + 1) * share, ranks, np.sort(scores)))


def _lacking(samples: list[Sample], signal: str, coverage: float) -> float:
    """By how much the interval must be widened (less than 0: narrowed) so that it holds on cases that were left out:
    what each group lacks, on average over the groups."""
    lacks: dict[str, list[float]] = {}
    for case in dict.fromkeys(s.case for s in samples):
        others = without(samples, case)
        if len(others) < MIN_SAMPLES:
            continue
        knots, _dice, low, high = _local(*_columns(others, signal), coverage)
        for sample in samples:
            if sample.case == case:
                (value,), (score,) = _columns([sample], signal)
                beyond = max(np.interp(value, knots, low) - score, score - np.interp(value, knots, high))
                lacks.setdefault(sample.group, []).append(float(beyond))
    return float(np.mean([_quantile(np.array(group), coverage) for group in lacks.values()])) if lacks else 0.0


def verdicts(calibration: Calibration, samples: Iterable[Sample], target: float = DEFAULT_TARGET) -> list[Verdict]:
    """What the light says of each sample."""
    return [judge(s.signals, calibration.members, calibration, target, s.grey, s.context) for s in samples]


def verdicts_apart(
    calibration: Calibration, made_with: list[Sample], samples: list[Sample], target: float = DEFAULT_TARGET
) -> list[Verdict]:
    """What the light says of each sample, where a case that the calibration was made with is judged by one that was
    made without it.

    Args:
        calibration: of a model.
        made_with: the samples that it was made with.
        samples: to be judged.
        target: Dice that they are judged against.
    """
    own, apart = {sample.case for sample in made_with}, {}
    for case in own & {sample.case for sample in samples}:
        others = fit(without(made_with, case), calibration.members, calibration.signal, calibration.coverage)
        apart[case] = others or calibration
    return [verdict for s in samples for verdict in verdicts(apart.get(s.case, calibration), [s], target)]


def found_by(samples: list[Sample], judged: list[Verdict], target: float = DEFAULT_TARGET) -> dict:
    """What verdicts found on samples.

    Args:
        samples: with known answers.
        judged: a verdict on each of them.
        target: Dice that they were judged against.

    Returns:
        Shares of the failures and of the good ones, the interval's coverage and the mean absolute error of the expected
        Dice, of all and by group; mean Dice and NQM by condition.
    """
    rows = list(zip(samples, judged, strict=True))
    groups = dict.fromkeys(s.group for s in samples)
    return {
        "target_dice": target,
        **_shares(rows, target),
        "groups": {name: _shares([row for row in rows if row[0].group == name], target) for name in groups},
        "conditions": {
            name: {
                "dice": _mean([s.dice for s in samples if s.condition == name]),
                "nqm": _mean([s.nqm for s in samples if s.condition == name and s.nqm is not None]),
            }
            for name in dict.fromkeys(s.condition for s in samples)
        },
    }


def _shares(rows: list[tuple[Sample, Verdict]], target: float) -> dict:
    failed = [row for row in rows if row[0].dice < target]
    good = [row for row in rows if row[0].dice >= target]
    told = [(s.dice, v.low, v.predicted_dice, v.high) for s, v in rows
            if v.low is not None and v.predicted_dice is not None and v.high is not None]  # fmt: skip
    return {
        "samples": len(rows),
        "failures": len(failed),
        "failures_green": sum(v.color == "green" for _s, v in failed),
        "failures_below_target": _share(v.color in ("red", "grey") for _s, v in failed),
        "failures_not_green": _share(v.color != "green" for _s, v in failed),
        "good_called_red": _share(v.color == "red" for _s, v in good),
        "good_grey": _share(v.color == "grey" for _s, v in good),
        "good_not_green": _share(v.color != "green" for _s, v in good),
        "interval_coverage": _share(low <= score <= high for score, low, _expected, high in told),
        "mean_absolute_error": _mean([abs(score - expected) for score, _low, expected, _high in told]),
    }


def _share(answers: Iterable[bool]) -> float | None:
    return _mean([float(answer) for answer in answers])


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None

"""What a model's uncertainty means: Dice against a signal such as NQM, from samples with known answers.

The regression is made on training cases enriched with artifacts (M3D-NCA, section 2.3) and tried on validation cases
it has not seen. Where the samples come from is `samples`' business.

Which signal is read is chosen in each context by cases that were left out, among those of the kept piece and what lies
near it: none is the best for every model.

An interval must hold in nine of ten results, be they clean or degraded, crops or clicks in larger images. So it is made
of the nearest samples of the same context (locally, as quantile regression), and widened by what it lacks on cases that
were left out (conformal prediction: Romano, Patterson, Candes, Conformalized Quantile Regression, NeurIPS 2019). Nobody
knows of a new image whether it counts as degraded, so that there is one width a context: what its two groups lack, on
average. That it holds in each of them is not certain; `found_by` tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.optimize import isotonic_regression

from mednca.quality.calibration import CONTEXTS, Calibration, Curve
from mednca.quality.signals import SIGNALS
from mednca.quality.verdict import DEFAULT_TARGET, Verdict, judge

from ..data.cases import people_of
from .privacy import holds_hidden
from .samples import Sample

COVERAGE = 0.90  # of the interval
PAPER_SIGNAL = "nqm field"  # Eq. (1) over the whole field of view, as the paper has it
CAUTION = 4.0  # what a failure that is not foreseen costs, in false alarms; so much does a failed sample weigh
MIN_SAMPLES = 40  # of a context; fewer say nothing about an interval that holds nine times of ten
_EXPECTED = (25, 50)  # nearest samples that the expected Dice is made of, at least and at most: a 25th of all
_INTERVAL = (25, 60)  # that an interval's ends are made of, at least and at most: an eighth of all
_KNOTS = 60
_LEAST = 1e-4  # of a signal: they are compared by their logarithms


def fit(
    samples: list[Sample], members: int, signals: Mapping[str, str] | None = None, coverage: float = COVERAGE
) -> Calibration | None:
    """The calibration: monotone regression of Dice, and of its interval, on a signal, in each context.

    The expected Dice is the median of the nearest samples, in which a failure (Dice below 0.8, as the paper has it)
    counts `CAUTION` times.

    Args:
        samples: that it is made of, of training cases (M3D-NCA, section 2.3).
        members: of the ensemble that they were measured with.
        signals: names in `quality.signals.SIGNALS` that are read, by context; in the others it is the one near the
            kept piece that serves best on cases that were left out.
        coverage: of the interval.

    Returns:
        The calibration, which nobody has tried yet, of the contexts that have enough samples, and cases enough to leave
        one out; None where none has.
    """
    usable = usable_of(samples)
    near = [name for name, signal in SIGNALS.items() if signal.near]
    curves = {}
    for context in CONTEXTS:
        within = [s for s in usable if s.context == context]
        names = [signals[context]] if signals and context in signals else near
        measured = [name for name in names if all(s.signals.get(name) is not None for s in within)]
        if _are_enough(within) and (curve := _best_curve(within, measured, coverage)):
            curves[context] = curve
    if not curves:
        return None
    slope, intercept = _line(usable)
    return Calibration(
        curves=curves,
        members=members,
        linear=(round(slope, 5), round(intercept, 5)),
        detection={},
        coverage=coverage,
    )


def _line(samples: list[Sample]) -> tuple[float, float]:
    """The paper's linear regression: slope and intercept, of the samples that have its signal; flat where that says
    nothing."""
    measured = [(value, s.dice) for s in samples if (value := s.signals.get(PAPER_SIGNAL)) is not None]
    if len({value for value, _dice in measured}) < 2:
        return 0.0, float(np.mean([s.dice for s in samples]))
    values, scores = zip(*measured, strict=True)
    slope, intercept = np.polyfit(values, scores, 1)
    return float(slope), float(intercept)


def without(samples: list[Sample], case: str) -> list[Sample]:
    """The samples of all other people (`data.cases.people_of`): with them a case is judged that a calibration was made
    with."""
    person = _people(frozenset({case, *(sample.case for sample in samples)}))
    return [sample for sample in samples if person[sample.case] != person[case]]


@lru_cache(maxsize=4)
def _people(cases: frozenset[str]) -> dict[str, str]:
    """Hashes tell of nobody: there those of one person are one (`privacy.hidden_people`)."""
    return {case: case for case in cases} if holds_hidden(cases) else people_of(sorted(cases))


def triable(calibration: Calibration, made_with: list[Sample], tried: list[Sample]) -> Calibration | None:
    """The calibration without the contexts in which it cannot be tried, as too few samples remain without a case that
    it was made with. None where no context is left. Arguments as of `verdicts_apart`."""
    curves = {}
    for context, curve in calibration.curves.items():
        within = [sample for sample in usable_of(made_with) if sample.context == context]
        cases = {sample.case for sample in tried if sample.context == context}
        if all(_are_enough(others) for case in cases if len(others := without(within, case)) < len(within)):
            curves[context] = curve
    return replace(calibration, curves=curves) if curves else None


def usable_of(samples: list[Sample]) -> list[Sample]:
    """Those that a calibration can be made of."""
    return [sample for sample in samples if sample.objection is None and sample.nqm is not None]


def _are_enough(samples: list[Sample]) -> bool:
    """Whether a context's samples make a curve: many, and of several people, so that one can be left out to know how
    far its interval holds."""
    cases = {sample.case for sample in samples}
    return len(samples) >= MIN_SAMPLES and any(len(without(samples, case)) >= _INTERVAL[0] for case in cases)


def _columns(samples: list[Sample], signal: str) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of a signal, ascending, and the Dice."""
    values, scores = np.array(sorted((_logarithm(s, signal), s.dice) for s in samples)).T
    return values, scores


def _logarithm(sample: Sample, signal: str) -> float:
    return float(np.log(max(sample.signals[signal] or 0.0, _LEAST)))


def _best_curve(samples: list[Sample], signals: Iterable[str], coverage: float) -> Curve | None:
    """Of the signal whose light is the least wrong on cases that were left out; None where none can be left out, as too
    few samples would remain: nobody would know how far the interval holds."""
    tried = {signal: told for signal in signals if (told := _left_out(samples, signal, coverage))}
    if not tried:
        return None
    signal = min(tried, key=lambda name: _cost(tried[name], coverage))
    return _curve(samples, signal, coverage, _lacking(tried[signal], coverage))


def _curve(samples: list[Sample], signal: str, coverage: float, wider: float) -> Curve:
    knots, dice, low, high = _local(*_columns(samples, signal), coverage)
    low, high = np.minimum(low - wider, dice), np.maximum(high + wider, dice)
    ends = [np.clip(each, 0, 1) for each in (dice, low, high)]
    rounded, first = np.unique(np.round(np.exp(knots), 5), return_index=True)
    curves = (tuple(np.round(each[first], 5).tolist()) for each in ends)
    return Curve(signal, tuple(rounded.tolist()), *curves, samples=len(samples))


def _local(values: np.ndarray, scores: np.ndarray, coverage: float) -> tuple[np.ndarray, ...]:
    """Knots, and the expected Dice and the interval's ends there, of the nearest samples, made monotone."""
    knots = np.quantile(values, np.linspace(0, 1, _KNOTS))
    weights, tail = np.where(scores < DEFAULT_TARGET, CAUTION, 1.0), (1 - coverage) / 2
    rows, count = [], int(np.clip(len(values) // 8, *_INTERVAL))
    around = int(np.clip(len(values) // 25, *_EXPECTED))
    for knot in knots:
        distance = np.abs(values - knot)
        few, many = (np.flatnonzero(distance <= np.sort(distance)[n - 1]) for n in (around, count))  # and what ties
        ends = (_quantile(scores[many], share) for share in (tail, 1 - tail))
        rows.append((_weighted_median(scores[few], weights[few]), *ends))
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


@dataclass(frozen=True)
class _Told:
    """What was told of a sample by the samples of all other cases, before the interval is widened."""

    group: str
    dice: float
    expected: float
    low: float
    high: float

    @property
    def beyond(self) -> float:
        """How far the Dice lies outside the interval; less than 0 inside."""
        return max(self.low - self.dice, self.dice - self.high)


def _left_out(samples: list[Sample], signal: str, coverage: float) -> list[_Told]:
    told = []
    for case in dict.fromkeys(s.case for s in samples):
        others = without(samples, case)
        if len(others) < _INTERVAL[0]:
            continue
        knots, *curves = _local(*_columns(others, signal), coverage)
        own = [s for s in samples if s.case == case]
        values = np.exp([_logarithm(s, signal) for s in own])  # between knots as `Calibration.predict` has it
        told_of = [np.interp(values, np.exp(knots), curve).tolist() for curve in curves]
        told += [_Told(s.group, s.dice, *values) for s, *values in zip(own, *told_of, strict=True)]
    return told


def _lacking(told: list[_Told], coverage: float) -> float:
    """By how much the interval must be widened (less than 0: narrowed) so that it holds on cases that were left out:
    what each group lacks, on average over the groups."""
    groups = {each.group: [other.beyond for other in told if other.group == each.group] for each in told}
    return float(np.mean([_quantile(np.array(group), coverage) for group in groups.values()])) if groups else 0.0


def _cost(told: list[_Told], coverage: float) -> float:
    """How wrong the light would be at the usual target, on average over the groups: a good result counts 1 where it is
    amber and 2 where it is red; a failure 1 where it is amber, and `CAUTION` where it is green."""
    wider = _lacking(told, coverage)
    costs: dict[str, list[float]] = {}
    for each in told:
        green, red = each.low - wider >= DEFAULT_TARGET, each.expected < DEFAULT_TARGET
        good, failed = (0.0 if green else 2.0 if red else 1.0), (CAUTION if green else 0.0 if red else 1.0)
        costs.setdefault(each.group, []).append(good if each.dice >= DEFAULT_TARGET else failed)
    return float(np.mean([np.mean(group) for group in costs.values()])) if costs else 0.0


def verdicts(calibration: Calibration | None, samples: Iterable[Sample]) -> list[Verdict]:
    """What the light says of each sample at the usual target; without a calibration it is grey."""
    members = calibration.members if calibration else 0
    return [judge(s.signals, members, calibration, DEFAULT_TARGET, s.grey, s.context) for s in samples]


def verdicts_apart(calibration: Calibration, made_with: list[Sample], samples: list[Sample]) -> list[Verdict]:
    """What the light says of each sample at the usual target, where a case that the calibration was made with is judged
    by one that was made without it; grey, where there would be none for such an image without it.

    Args:
        calibration: of a model.
        made_with: the samples that it was made with.
        samples: to be judged.
    """
    apart = _apart(calibration, made_with, samples)

    def of(sample: Sample) -> Calibration | None:
        others = apart.get(sample.case, calibration)
        is_known = others and (sample.context in others.curves or sample.context not in calibration.curves)
        return others if is_known else None

    return [verdict for s in samples for verdict in verdicts(of(s), [s])]


def _apart(
    calibration: Calibration, made_with: list[Sample], samples: list[Sample]
) -> dict[str, Calibration | None]:  # fmt: skip
    """By case of the samples, as far as the calibration was made with that person: what it would be without it."""
    signals = {context: curve.signal for context, curve in calibration.curves.items()}
    person = _people(frozenset(sample.case for sample in (*made_with, *samples)))
    own = {person[sample.case] for sample in made_with}
    return {
        case: fit(without(made_with, case), calibration.members, signals, calibration.coverage)
        for case in {sample.case for sample in samples}
        if person[case] in own
    }


def found_by(samples: list[Sample], judged: list[Verdict]) -> dict:
    """What verdicts found on samples.

    Args:
        samples: with known answers.
        judged: a verdict on each of them, at the usual target.

    Returns:
        Shares of the failures and of the good ones, the interval's coverage and the mean absolute error of the expected
        Dice, of all and by group; mean Dice and NQM by condition.
    """
    rows = list(zip(samples, judged, strict=True))
    groups = dict.fromkeys(s.group for s in samples)
    return {
        "target_dice": DEFAULT_TARGET,
        **_shares(rows),
        "groups": {name: _shares([row for row in rows if row[0].group == name]) for name in groups},
        "conditions": {
            name: {
                "dice": _mean([s.dice for s in samples if s.condition == name]),
                "nqm": _mean([s.nqm for s in samples if s.condition == name and s.nqm is not None]),
            }
            for name in dict.fromkeys(s.condition for s in samples)
        },
    }


def _shares(rows: list[tuple[Sample, Verdict]]) -> dict:
    failed = [row for row in rows if row[0].dice < DEFAULT_TARGET]
    good = [row for row in rows if row[0].dice >= DEFAULT_TARGET]
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

"""Ensemble statistics, NQM, calibration and verdict, against their definitions."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mednca.axes import whole
from mednca.nca.ensemble import Ensemble, Statistics, run_ensemble
from mednca.nca.labels import to_labels, union
from mednca.nca.moments import Moments
from mednca.quality import evidence
from mednca.quality.calibration import CROP, SCAN, Calibration, Curve
from mednca.quality.domain import FAR, Circumstances, Domain, Objection, objection_to
from mednca.quality.evidence import gather
from mednca.quality.signals import measure_signals, nqm
from mednca.quality.verdict import judge
from phantoms import ellipsoid, m3d, random_pyramid

CURVE = Curve("nqm", (0.1, 0.2, 0.5), dice=(0.9, 0.8, 0.3), low=(0.85, 0.6, 0.0), high=(0.95, 0.9, 0.6), samples=100)
CALIBRATION = Calibration({CROP: CURVE}, members=10, linear=(-1.0, 1.0), detection={})


def test_streaming_moments():
    values = torch.rand(7, 3, 4)
    moments = Moments()
    for value in values:
        moments.add(value)
    assert torch.allclose(moments.mean, values.mean(0), atol=1e-6)
    assert torch.allclose(moments.variance, values.var(0, unbiased=False), atol=1e-6)


def test_ensemble_is_the_statistics_of_its_members_and_nqm_equation_1():
    pyramid = random_pyramid(m3d(labels=2))
    image = np.random.default_rng(0).normal(size=(9, 10, 11)).astype(np.float32)
    statistics = run_ensemble(pyramid, image, 4, seed=7)
    with torch.no_grad():
        runs = torch.sigmoid(pyramid(torch.from_numpy(image)[..., None], 7, range(4))).numpy()
    np.testing.assert_allclose(statistics.mean, runs.mean(0), atol=1e-5)
    np.testing.assert_allclose(statistics.variance, runs.var(0).max(-1), atol=1e-5)
    union_of_each = np.minimum(runs.sum(-1), 1)
    for channel, each in enumerate((runs[..., 0], runs[..., 1], union_of_each)):
        np.testing.assert_allclose(statistics.means[..., channel], each.mean(0), atol=1e-5)
        np.testing.assert_allclose(statistics.variances[..., channel], each.var(0), atol=1e-5)
        expected = each.std(0).sum() / each.mean(0).sum()
        assert nqm([(statistics.means[..., channel], statistics.variances[..., channel])]) == pytest.approx(
            expected, rel=1e-4
        )
    for box in (whole((9, 10, 11)), (slice(2, 5), slice(1, 10), slice(3, 9))):
        for mask, each in zip(statistics.members_masks(box), union_of_each, strict=True):
            assert mask.dtype == bool and np.array_equal(mask, each[box] > 0.5)


def test_members_that_ran_are_not_run_again():
    pyramid = random_pyramid(m3d(labels=2))
    image = np.random.default_rng(0).normal(size=(9, 10, 11)).astype(np.float32)
    some, done = Ensemble(pyramid, image, seed=7), []
    two = some.run(2)
    five = some.run(5, lambda *call: done.append(call))
    assert done == [(3, 5), (4, 5), (5, 5)] and two.members == 2
    at_once = run_ensemble(pyramid, image, 5, seed=7)
    assert np.array_equal(five.mean, at_once.mean) and np.array_equal(five.variance, at_once.variance)
    assert np.array_equal(five.variances, at_once.variances) and np.array_equal(five.masks, at_once.masks)


def test_overlaps_and_gaps_are_resolved():
    mean = np.array([[0.9, 0.2], [0.4, 0.6], [0.3, 0.3], [0.1, 0.2], [0.8, 0.9]], np.float32)[:, None, None]
    assert to_labels(mean).ravel().tolist() == [1, 2, 1, 0, 2]
    assert union(mean).max() == 1.0


def test_nqm_of_nothing():
    assert nqm([(np.zeros((3, 3)), np.zeros((3, 3)))]) is None
    assert gather(_statistics(np.zeros((3, 4, 4, 4))), np.zeros((4, 4, 4), bool), (1, 1, 1)) is None
    assert set(measure_signals(None).values()) == {None}


# --- evidence: what the members say on and near the kept piece


def _statistics(members: np.ndarray) -> Statistics:
    """Of members' probabilities of one label, (N, R, A, S)."""
    masks = np.packbits(members > 0.5, axis=-1)
    moments = (part[..., None].astype(np.float32) for part in (members.mean(0), members.var(0)))
    return Statistics(*moments, masks, 1, len(members), whole(members.shape[1:]))


BOX = (40, 30, 21)  # the last axis is no multiple of eight
BALL = ellipsoid(BOX, (10, 15, 17), (5, 6, 4))  # up to the last slice


def _members(far=0.0, seed=0, count=6):
    """Probabilities of a ball, each member's of another size; a second piece that `far` of the members' doubt is of."""
    rng = np.random.default_rng(seed)
    members = np.stack(
        [ellipsoid(BOX, (10, 15, 17), np.array((5, 6, 4)) * rng.uniform(0.9, 1.1)) for _ in range(count)]
    )
    members = members * 0.9 + 0.02
    piece = ellipsoid(BOX, (32, 15, 8), (4, 4, 4))
    members[:, piece] += far * rng.uniform(0, 1, (count, 1))
    return members


def test_a_far_doubtful_piece_that_is_dropped_says_nothing_of_the_kept_one():
    alone, beside = (measure_signals(gather(_statistics(_members(far)), BALL, (1, 1, 1))) for far in (0, 0.9))
    assert beside["nqm field"] > 1.3 * alone["nqm field"]
    for name in ("nqm", "worst member", "mean member"):
        assert beside[name] == alone[name] > 0


def test_the_fields_nqm_is_equation_1_over_all_of_it():
    members = _members(0.9)
    expected = members.std(0).sum() / members.mean(0).sum()
    assert measure_signals(gather(_statistics(members), BALL, (1, 1, 1)))["nqm field"] == pytest.approx(
        expected, rel=1e-4
    )


def test_the_doubt_beside_the_kept_piece_counts():
    steady, members = (_members() for _ in range(2))
    members[::2, 16:18, 15, 17] = 0.5  # 1 to 2 mm beside it
    one, other = (measure_signals(gather(_statistics(each), BALL, (1, 1, 1)))["nqm"] for each in (steady, members))
    assert other > one


@pytest.mark.parametrize(("spacing", "reach"), [((1.0, 1.0, 1.0), (4, 4, 4)), ((0.5, 1.0, 3.0), (8, 4, 1))])
@pytest.mark.parametrize("edge", [96, 7])
def test_near_is_4_mm_not_4_voxels(spacing, reach, edge, monkeypatch):
    monkeypatch.setattr(evidence, "_EDGE", edge)
    kept = np.zeros((31, 29, 27), bool)
    kept[15, 14, 13] = True
    found = gather(_statistics(np.zeros((2, *kept.shape))), kept, spacing)
    near = np.zeros_like(kept)
    near[found.box] = found.near
    offsets = (np.indices(kept.shape) - np.reshape((15, 14, 13), (3, 1, 1, 1))) * np.reshape(spacing, (3, 1, 1, 1))
    assert np.array_equal(near, np.sqrt((offsets**2).sum(0)) <= 4 + 1e-6)
    ends = [np.flatnonzero(near.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    assert tuple((each[-1] - each[0]) // 2 for each in ends) == reach


def test_members_are_compared_with_the_result_near_it():
    """One agrees, one has half of it, one has as much more beside it; what they find far away is nobody's business."""
    kept = np.zeros((30, 20, 12), bool)
    kept[4:8, 4:8, 4:8] = True
    members = np.stack([kept * 1.0] * 3)
    members[1, 4:6] = 0
    members[2, 8:12] = members[2, 4:8]
    members[:, 25:] = members[:, 10:12, 10:12, 10:12] = 1  # the latter 5 mm away, off a corner
    signals = measure_signals(gather(_statistics(members), kept, (1, 1, 1)))
    assert signals["worst member"] == pytest.approx(1 / 3)  # both Dice are 2/3
    assert signals["mean member"] == pytest.approx(2 / 9)


@pytest.mark.parametrize(
    ("value", "target", "color"),
    [(0.05, 0.8, "green"), (0.15, 0.8, "amber"), (0.3, 0.8, "red"), (9.0, 0.8, "red"), (0.15, 0.5, "green")],
)
def test_traffic_light(value, target, color):
    verdict = judge({"nqm": value}, 10, CALIBRATION, target, None)
    assert verdict.color == color
    assert verdict.low <= verdict.predicted_dice <= verdict.high
    assert "correct" not in (verdict.word + verdict.reason).lower()


@pytest.mark.parametrize(("target", "told"), [(0.8, False), (0.99, True)])
def test_a_target_that_nothing_can_reach_is_told(target, told):
    """Else somebody waits for a green light that never comes."""
    verdict = judge({"nqm": 0.0}, 10, CALIBRATION, target, None)
    assert verdict.signal == "nqm" and verdict.ceiling == CALIBRATION.curve().low[0]
    assert verdict.is_out_of_reach == told == ("is never green there" in verdict.reason)
    assert (verdict.color == "green") != told
    assert not judge({"nqm": 0.0}, 10, None, target, None).is_out_of_reach


@pytest.mark.parametrize(
    ("value", "calibration", "objection", "word"),
    [
        (None, CALIBRATION, None, "nothing was found"),
        (0.1, None, None, "no calibration"),
        (0.1, CALIBRATION, Objection("edge", {}), "edge"),
    ],
)
def test_grey_with_reason(value, calibration, objection, word):
    verdict = judge({"nqm": value}, 10, calibration, 0.8, objection)
    assert verdict.color == "grey" and verdict.predicted_dice is None and word in verdict.reason


DOMAIN = Domain((0.5, 1.5), ((20, 20, 20), (60, 60, 60)), (1000, 6000))
INSIDE = Circumstances(10, (1, 1, 1), (36, 52, 36), 3000.0, touches=False, dropped=500.0, distance=3.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, None),
        ({"members": 4}, "too few"),
        ({"volume": 0.0}, "nothing"),
        ({"touches": True}, "edge"),
        ({"spacing": (1, 1, 3)}, "voxels"),
        ({"extent": (180, 200, 180)}, "click"),
        ({"volume": 20_000.0}, "plausible"),
        ({"distance": 15.0}, None),
        ({"distance": 15.4}, "lies 15 mm from the click"),
        ({"distance": None}, None),
        ({"dropped": 750.0}, None),
        ({"dropped": 760.0}, "0.76 ml were found beside"),
    ],
)
def test_objections(change, word):
    objection = objection_to(replace(INSIDE, **change), DOMAIN)
    assert (objection is None) if word is None else (word in objection.text)


def test_the_image_comes_before_the_result_and_the_place_before_the_size():
    """Of several reasons the one to act on first is told."""
    worst = replace(INSIDE, spacing=(1, 1, 3), distance=FAR + 1, touches=True, dropped=2000.0, volume=7000.0)
    keys = []
    for change in ({}, {"spacing": (1, 1, 1)}, {"distance": 0.0}, {"touches": False}, {"dropped": 0.0}):
        worst = replace(worst, **change)
        keys.append(objection_to(worst, DOMAIN).key)
    assert keys == ["spacing", "far", "edge", "rival", "volume"]


def test_without_a_domain_the_result_is_looked_at_all_the_same():
    strange = replace(INSIDE, spacing=(9, 9, 9), extent=(900, 900, 900), volume=1e9)
    assert objection_to(strange, None) is None
    assert objection_to(replace(strange, distance=40.0), None).key == "far"


def test_more_members_do_not_change_the_verdict():
    """Eq. (1) grows with the number of members; the same uncertainty must mean the same Dice."""
    members = np.random.default_rng(0).uniform(0.3, 0.7, (4000, 40))
    predicted = []
    for n in (5, 10, 20):
        values = [nqm([(part.mean(0), part.var(0))]) / 2 for part in np.split(members, len(members) // n)]
        predicted.append(np.mean([CALIBRATION.predict(value, n)[0] for value in values]))
    assert np.ptp(predicted) < 0.02


@pytest.mark.parametrize(
    "change",
    [{"knots": (0.1, 0.1, 0.5)}, {"low": (0.99, 0.6, 0.0)}, {"dice": (0.9, float("nan"), 0.3)}, {"high": (1.0,)}],
)
def test_senseless_curves_are_refused(change):
    with pytest.raises(ValueError):
        replace(CURVE, **change)


@pytest.mark.parametrize("change", [{"curves": {}}, {"curves": {"elsewhere": CURVE}}, {"members": 1}])
def test_senseless_calibrations_are_refused(change):
    with pytest.raises(ValueError):
        replace(CALIBRATION, **change)


WORSE = replace(CURVE, dice=(0.7, 0.6, 0.1), low=(0.5, 0.4, 0.0), high=(0.8, 0.7, 0.3), samples=20)


def test_each_context_has_a_curve_of_its_own():
    both = replace(CALIBRATION, curves={CROP: CURVE, SCAN: WORSE})
    assert both.predict(0.2, 10, CROP) == (0.8, 0.6, 0.9) and both.predict(0.2, 10, SCAN) == (0.6, 0.4, 0.7)
    assert both.samples == 120
    colors = [judge({"nqm": 0.1}, 10, both, 0.8, None, context).color for context in (CROP, SCAN)]
    assert colors == ["green", "red"]


@pytest.mark.parametrize("measured", [CROP, SCAN])
def test_a_context_that_nothing_was_measured_in_counts_as_the_other(measured):
    calibration = replace(CALIBRATION, curves={measured: WORSE})
    assert {calibration.predict(0.2, 10, context) for context in (CROP, SCAN)} == {(0.6, 0.4, 0.7)}


def test_calibration_round_trip():
    both = replace(CALIBRATION, curves={CROP: CURVE, SCAN: replace(WORSE, signal="worst member")}, coverage=0.8)
    assert Calibration.from_json(json.loads(json.dumps(both.to_json()))) == both
    assert Domain.from_json(json.loads(json.dumps(DOMAIN.to_json()))) == DOMAIN


@pytest.mark.parametrize("knots", ["nqm", "knots"])
def test_a_calibration_of_version_0_1_judges_by_the_whole_fields_nqm(knots):
    """What its knots were values of."""
    curve = {name: getattr(CURVE, name) for name in ("dice", "low", "high", "samples")}
    old = {knots: CURVE.knots, **curve, "members": 10, "linear": (-1.0, 1.0), "detection": {}}
    calibration = Calibration.from_json(json.loads(json.dumps(old)))
    assert calibration == replace(CALIBRATION, curves={CROP: replace(CURVE, signal="nqm field")})
    green, red = ({"nqm": near, "nqm field": field} for near, field in ((9.0, 0.05), (0.05, 9.0)))
    assert [judge(signals, 10, calibration, 0.8, None).color for signals in (green, red)] == ["green", "red"]


@pytest.mark.parametrize(
    ("signal", "factor"), [("nqm", math.sqrt(0.9 / 0.8)), ("mean member", math.sqrt(0.9 / 0.8)), ("worst member", 1.0)]
)
def test_a_signal_is_brought_to_the_members_of_the_calibration(signal, factor):
    """A population deviation grows with the members, and so does their distance from what they make together."""
    few = replace(CALIBRATION, curves={CROP: replace(CURVE, signal=signal)}).predict(0.2 / factor, 5)
    assert few == pytest.approx((0.8, 0.6, 0.9))

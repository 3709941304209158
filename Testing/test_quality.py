"""Ensemble statistics, NQM, calibration and verdict, against their definitions."""

import json

import numpy as np
import pytest
import torch

from mednca.nca.ensemble import Ensemble, run_ensemble
from mednca.nca.labels import to_labels, union
from mednca.nca.moments import Moments, Sums
from mednca.quality.calibration import Calibration
from mednca.quality.domain import Domain, Objection, objection_to
from mednca.quality.signals import nqm
from mednca.quality.verdict import judge
from phantoms import m3d, random_pyramid

CALIBRATION = Calibration(
    knots=(0.1, 0.2, 0.5), dice=(0.9, 0.8, 0.3), low=(0.85, 0.6, 0.0), high=(0.95, 0.9, 0.6),
    members=10, samples=100, linear=(-1.0, 1.0), detection={},
)  # fmt: skip


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
    whole = np.minimum(runs.sum(-1), 1)
    expected = [each.std(0).sum() / each.mean(0).sum() for each in (runs[..., 0], runs[..., 1], whole)]
    assert [nqm(sums) for sums in statistics.sums] == pytest.approx(expected, rel=1e-4)


def test_members_that_ran_are_not_run_again():
    pyramid = random_pyramid(m3d(labels=2))
    image = np.random.default_rng(0).normal(size=(9, 10, 11)).astype(np.float32)
    some, done = Ensemble(pyramid, image, seed=7), []
    two = some.run(2)
    five = some.run(5, lambda *call: done.append(call))
    assert done == [(3, 5), (4, 5), (5, 5)] and two.members == 2
    at_once = run_ensemble(pyramid, image, 5, seed=7)
    assert np.array_equal(five.mean, at_once.mean) and np.array_equal(five.variance, at_once.variance)
    assert five.sums == at_once.sums


def test_overlaps_and_gaps_are_resolved():
    mean = np.array([[0.9, 0.2], [0.4, 0.6], [0.3, 0.3], [0.1, 0.2], [0.8, 0.9]], np.float32)[:, None, None]
    assert to_labels(mean).ravel().tolist() == [1, 2, 1, 0, 2]
    assert union(mean).max() == 1.0


def test_nqm_of_nothing():
    assert nqm(Sums.of(np.zeros((3, 3)), np.zeros((3, 3)))) is None


@pytest.mark.parametrize(
    ("value", "target", "color"),
    [(0.05, 0.8, "green"), (0.15, 0.8, "amber"), (0.3, 0.8, "red"), (9.0, 0.8, "red"), (0.15, 0.5, "green")],
)
def test_traffic_light(value, target, color):
    verdict = judge({"nqm": value}, 10, CALIBRATION, target, None)
    assert verdict.color == color
    assert verdict.low <= verdict.predicted_dice <= verdict.high
    assert "correct" not in (verdict.word + verdict.reason).lower()


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
INSIDE = {
    "members": 10,
    "spacing": (1, 1, 1),
    "extent": (36, 52, 36),
    "volume": 3000.0,
    "touches": False,
    "domain": DOMAIN,
}


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
        ({"domain": None}, None),
    ],
)
def test_objections(change, word):
    objection = objection_to(**(INSIDE | change))
    assert (objection is None) if word is None else (word in objection.text)


def test_more_members_do_not_change_the_verdict():
    """Eq. (1) grows with the number of members; the same uncertainty must mean the same Dice."""
    members = np.random.default_rng(0).uniform(0.3, 0.7, (4000, 40))
    predicted = []
    for n in (5, 10, 20):
        values = [nqm(Sums.of(part.mean(0), part.var(0))) / 2 for part in np.split(members, len(members) // n)]
        predicted.append(np.mean([CALIBRATION.predict(value, n)[0] for value in values]))
    assert np.ptp(predicted) < 0.02


@pytest.mark.parametrize(
    "change",
    [{"knots": (0.1, 0.1, 0.5)}, {"low": (0.99, 0.6, 0.0)}, {"dice": (0.9, float("nan"), 0.3)}, {"high": (1.0,)}],
)
def test_senseless_calibrations_are_refused(change):
    with pytest.raises(ValueError):
        Calibration(**(CALIBRATION.to_json() | change))


def test_calibration_round_trip():
    data = json.loads(json.dumps(CALIBRATION.to_json()))
    assert Calibration.from_json(data) == CALIBRATION
    old = {"nqm" if key == "knots" else key: value for key, value in data.items() if key != "signal"}
    assert Calibration.from_json(old) == CALIBRATION  # as version 0.1 wrote it
    assert Domain.from_json(json.loads(json.dumps(DOMAIN.to_json()))) == DOMAIN

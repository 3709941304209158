"""The bundled model does what its card says, on real data where it is present."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from conftest import ROOT
from mednca.evaluate import evaluate_case
from mednca.imaging.metrics import dice
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.quality.calibration import SCAN
from mednca.quality.verdict import DEFAULT_TARGET
from mednca.segment import segment_image
from mednca_train.data.artifacts import NONSENSE

ID = "hippocampus-m3dnca"
CLICKS = {"left": (-27.0, -22.0, -14.0), "right": (27.0, -22.0, -14.0)}


@pytest.fixture(scope="module")
def model():
    return Library(bundled=ROOT / "Resources" / "Models").load(ID)


def test_size_and_record(model):
    assert model.architecture.parameter_count() == 12_480 and len(model.architecture.levels) == 2
    record = model.info["training"]
    training, validation = (set(record["split"][part]) for part in ("training", "validation"))
    assert len(training) + len(validation) == 196 and not training & validation
    assert "--preset hippocampus-m3dnca" in record["command"]
    mean = model.info["eval_metrics"]["dice"]
    assert mean["union"] >= 0.897 and min(mean["Anterior hippocampus"], mean["Posterior hippocampus"]) >= 0.87
    assert model.calibration.members == model.members == 10


def test_recorded_figures_are_reproduced(model, hippocampus):
    """The first validation cases give again what the training recorded."""
    names = model.info["training"]["split"]["validation"][:2]
    for name in names:
        (score,) = evaluate_case(
            name, [hippocampus / "images" / f"{name}.nii.gz"], hippocampus / "labels" / f"{name}.nii.gz", model
        )
        distance = score.hd95_mm["union"]
        assert score.dice["union"] > 0.8 and distance is not None and distance < 5, score


@pytest.mark.parametrize(("side", "shifts"), [
    ("left", [(0, -14, 0)]),
    pytest.param("left", [(0, 0, -20)], marks=pytest.mark.slow),
    pytest.param("right", [(0, -14, 0), (0, 0, -20)], marks=pytest.mark.slow),
])  # fmt: skip
def test_a_click_on_a_real_brain(model, brain, side, shifts):
    """Right size, right place, and green; 14 to 20 mm beside it gives the same mask and the same color."""
    click = np.array(CLICKS[side])
    result = segment_image(brain, model, [click])
    finding = result.findings[0]
    assert 3500 <= finding.volume_mm3["union"] <= 4800
    assert np.linalg.norm(np.array(finding.center) - click) < 8
    assert finding.verdict.color == "green" and finding.context == "scan" and finding.nqm["union"] < 0.06
    centered = sitk.GetArrayFromImage(result.labels) > 0
    for shift in shifts:
        beside = segment_image(brain, model, [click + shift])
        assert dice(centered, sitk.GetArrayFromImage(beside.labels) > 0) >= 0.98, shift
        assert beside.findings[0].verdict.color == "green", shift


@pytest.mark.parametrize("place", [
    (-10, 10, 12), *(pytest.param(at, marks=pytest.mark.slow) for at in ((-10, -20, 8), (25, -65, -40), (-38, 5, 0))),
])  # fmt: skip
def test_a_click_elsewhere_is_never_green(model, brain, place):
    """Thalamus, ventricle, cerebellum, insula: nothing, or a hippocampus that is said to be far."""
    finding = segment_image(brain, model, [place]).findings[0]
    assert finding.verdict.color == "grey" and finding.objection.key in ("nothing", "far")
    if finding.objection.key == "far":
        assert finding.distance_mm > 15 and f"{finding.distance_mm:.0f} mm" in finding.verdict.reason


def test_a_whole_head_without_a_click_gets_no_verdict(model, brain):
    """The model was trained on crops; it must not pretend to know a head. (A piece of one: the test is about words.)"""
    piece = brain[40:90, 70:130, 50:100]
    finding = segment_image(piece, model, members=5).findings[0]
    assert finding.verdict.color == "grey" and "click" in finding.verdict.reason


@pytest.fixture(scope="module")
def flat():
    return Library(bundled=ROOT / "Resources" / "Models").load("hippocampus-mednca")


def test_the_2d_model(model, flat):
    """Its floor, on the same cases as the 3D one."""
    assert flat.architecture.parameter_count() == 70_016 and flat.info["eval_metrics"]["dice"]["union"] >= 0.87
    assert flat.info["training"]["split"] == model.info["training"]["split"] and flat.calibration.members == 10


@pytest.mark.parametrize("name", ["hippocampus-m3dnca", "hippocampus-mednca", "prostate-m3dnca"])
def test_every_light_can_be_green(name):
    """In each context that it was calibrated for: one that never is says nothing."""
    calibration = Library(bundled=ROOT / "Resources" / "Models").load(name).calibration
    assert calibration.curves
    told = Library(bundled=ROOT / "Resources" / "Models").load(name).info["quality"].get("scans")
    assert bool(told) == (SCAN in calibration.curves)  # what larger images it was measured on
    for context, curve in calibration.curves.items():
        assert max(curve.low) >= DEFAULT_TARGET, context


@pytest.mark.slow
def test_the_2d_model_agrees_with_the_3d_one_on_a_real_brain(model, flat, brain):
    masks = [
        sitk.GetArrayFromImage(segment_image(brain, each, [CLICKS["left"]], 3).labels) > 0 for each in (model, flat)
    ]
    assert dice(*masks) >= 0.9


def test_the_prostate_model():
    """Its floor, its terms, and cases of all four centers in each of its folds, all of which it was trained with."""
    model = Library(bundled=ROOT / "Resources" / "Models").load("prostate-m3dnca")
    assert model.architecture.parameter_count() == 37_248 and "research use" in model.terms
    assert model.info["eval_metrics"]["dice"]["union"] >= 0.83
    found = model.calibration.detection
    assert found["failures"] >= 100 and found["failures_green"] <= 1 and found["good_not_green"] < 0.45
    assert 0.88 <= found["interval_coverage"] <= 0.94 and found["mean_absolute_error"] < 0.04
    training = model.info["training"]
    assert training["split"]["validation"] == [] and len(training["folds"]) == 3 and "--folds 3" in training["command"]
    for fold in training["folds"]:
        assert len({name.rstrip("0123456789") for name in fold}) == 4


def test_what_of_the_prostate_model_s_failures_is_not_red():
    """They are nearly good, as README says."""
    report = json.loads((ROOT / "docs" / "verdicts" / "prostate-m3dnca" / "verdicts.json").read_text(encoding="utf-8"))
    assert report["sha256"] == Library(bundled=ROOT / "Resources" / "Models").load("prostate-m3dnca").sha256
    told = [row for row in report["samples_judged"] if row["condition"] not in NONSENSE and row["color"] != "grey"]
    missed = [row for row in told if row["dice"] < 0.8 and row["color"] != "red"]
    assert sum(row["color"] == "green" for row in missed) == 1 and min(row["dice"] for row in missed) > 0.775
    clean = {row["case"]: row for row in told if row["condition"] == "clean"}
    assert [row["color"] for row in clean.values() if row["dice"] < 0.7] == ["red"] * 3


@pytest.mark.parametrize("folder", sorted((ROOT / "Resources" / "Models").iterdir()), ids=lambda folder: folder.name)
def test_the_card_states_the_figures(folder):
    model = load_model(folder)
    card = (folder / "MODEL_CARD.md").read_text()
    assert f"{model.info['eval_metrics']['dice']['union']:.3f}" in card and model.sha256 in card
    assert f"--preset {model.id}" in card and model.id == folder.name

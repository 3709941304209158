"""Images several times larger than a field of view, with two organs: evaluated, calibrated and trained on, each organ
in a field of its own."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from conftest import ROOT
from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case
from mednca.imaging.structures import separate
from mednca.models.library import Library
from mednca.scores import Summary
from mednca_train import cli, training_run
from mednca_train.data.case_reader import CaseReader, check_cases
from mednca_train.data.layouts import pair_folders
from mednca_train.model.samples import measure_degraded
from mednca_train.plan.plan import Augmentation
from mednca_train.run_folder import RunOptions
from phantoms import InlinePool, bright_model, ellipsoid, image_of, save
from training_phantoms import METADATA, plan

SHAPE, FIELD = (96, 40, 36), (24.0, 26.0, 22.0)
RAS = np.diag([-1.0, -1.0, 1.0])
DATA = ROOT.parent / "shared" / "data"


def _organ(shape, center):
    """Two halves, as `phantoms.organ_case` has them."""
    mask = ellipsoid(shape, center, (6, 8, 5))
    front = np.arange(shape[1])[None, :, None] > center[1]
    return np.where(mask, np.where(front, 1, 2), 0).astype(np.uint8)


def _head(folder, name, seed, sides=False):
    """A wide image with an organ on each side. sides: label 1 is the left one, 2 the right, instead of halves."""
    rng = np.random.default_rng(seed)
    left, right = _organ(SHAPE, (18, 20, 18)), _organ(SHAPE, (77, 21, 17))
    labels = np.where(left, 1, np.where(right, 2, 0)).astype(np.uint8) if sides else left + right
    image = (100 + 60 * (labels > 0) + rng.normal(size=SHAPE)).astype(np.float32)
    for part, array in (("images", image), ("labels", labels)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image_of(array, direction=RAS), str(folder / part / f"{name}.nii.gz"))
    return folder / "images" / f"{name}.nii.gz", folder / "labels" / f"{name}.nii.gz"


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    for number in range(4):
        _head(folder, f"head_{number}", number)
    return folder


@pytest.fixture
def bright(tmp_path):
    return save(bright_model("bright", (1.0, 1.0, 1.0), FIELD, labels=2, keep_largest=True), tmp_path / "bright")


def run(*words):
    return CliRunner().invoke(cli.cli.app, [str(word) for word in words])


def test_structures_are_what_fits_into_one_field():
    mask = (_organ(SHAPE, (18, 20, 18)) + _organ(SHAPE, (77, 21, 17))) > 0
    first, second = separate(mask, (1, 1, 1), FIELD)
    assert (first | second).sum() == mask.sum() and not (first & second).any()
    assert {int(part.any((1, 2)).argmax()) for part in (first, second)} == {12, 71}
    left, right = (mask[half].sum() for half in (slice(48), slice(48, None)))
    assert len(separate(mask, (1, 1, 1), (80.0, 30.0, 30.0))) == 1  # both fit
    assert len(separate(mask, (1, 1, 1), None)) == 1
    assert separate(np.zeros(SHAPE, bool), (1, 1, 1), FIELD) == []
    mask[50, 5, 5] = True  # a stray voxel is no structure
    assert sorted(part.sum() for part in separate(mask, (1, 1, 1), FIELD)) == sorted((left + 1, right))


def test_each_structure_is_evaluated_in_a_field_of_its_own(heads, bright):
    model = Library().load(str(bright))
    scores = evaluate_case(
        "head", [heads / "images" / "head_0.nii.gz"], heads / "labels" / "head_0.nii.gz", model, members=2
    )
    assert [score.structure for score in scores] == [1, 2] and all(score.clicked for score in scores)
    assert all(score.dice["union"] > 0.9 and set(score.dice) == {"Label 1", "Label 2", "union"} for score in scores)
    assert (Summary.of(scores).cases, Summary.of(scores).structures) == (1, 2)


def test_a_label_that_a_case_lacks_has_no_dice_there(heads, bright, tmp_path):
    """Nothing found where nothing is would count as 1, and make a bad label look good; the others keep their figures."""
    model = Library().load(str(bright))
    image, labels = heads / "images" / "head_0.nii.gz", sitk.ReadImage(str(heads / "labels" / "head_0.nii.gz"))
    sitk.WriteImage(labels * sitk.Cast(labels == 1, labels.GetPixelID()), str(tmp_path / "one.nii.gz"))
    whole = evaluate_case("head", [image], heads / "labels" / "head_0.nii.gz", model, members=2)
    half = evaluate_case("half", [image], tmp_path / "one.nii.gz", model, members=2)
    assert all(set(score.dice) == set(score.hd95_mm) == {"Label 1", "union"} for score in half)
    both, alone = Summary.of([*half, *whole]), Summary.of(whole)
    assert list(both.dice) == ["Label 1", "Label 2", "union"] and both.dice["Label 2"] == alone.dice["Label 2"]


def test_values_that_tell_structures_apart_are_no_parts(tmp_path, bright):
    image, labels = _head(tmp_path, "sides", 0, sides=True)
    scores = evaluate_case("sides", [image], labels, Library().load(str(bright)), members=2)
    assert [set(score.dice) for score in scores] == [{"union"}] * 2
    assert all(score.dice["union"] > 0.9 for score in scores)


def test_values_that_the_model_does_not_know(tmp_path):
    model = save(bright_model("one", (1.0, 1.0, 1.0), FIELD, keep_largest=True), tmp_path / "one")
    _head(tmp_path, "sides", 0, sides=True)
    words = ("evaluate", "--model", model, "--images", tmp_path / "images", "--labels", tmp_path / "labels",
             "--out", tmp_path / "f.json", "--members", 2)  # fmt: skip
    result = run(*words)
    assert result.exit_code == 0 and "value(s) 2" in result.output, result.output
    assert len(json.loads((tmp_path / "f.json").read_text())["cases"]) == 1
    result = run(*words, "--union")
    assert result.exit_code == 0 and "value(s)" not in result.output
    assert len(json.loads((tmp_path / "f.json").read_text())["cases"]) == 2


def test_a_large_image_without_labels_is_told(tmp_path, bright):
    image, labels = _head(tmp_path, "none", 0)
    sitk.WriteImage(image_of(np.zeros(SHAPE, np.uint8), direction=RAS), str(labels))
    with pytest.raises(MedNCAError, match="nothing to measure"):
        evaluate_case("none", [image], labels, Library().load(str(bright)))


def test_evaluate_goes_on_after_bad_cases(tmp_path, heads, bright):
    for number in range(3):
        _head(tmp_path, f"head_{number}", number)
    (tmp_path / "images" / "head_1.nii.gz").write_bytes(b"damaged")
    (tmp_path / "labels" / "head_2.nii.gz").unlink()
    result = run("evaluate", "--model", bright, "--images", tmp_path / "images", "--labels", tmp_path / "labels",
                 "--out", tmp_path / "f.json", "--members", 2)  # fmt: skip
    told = json.loads((tmp_path / "f.json").read_text())
    assert result.exit_code == 1 and len(told["cases"]) == 2
    assert {failure["image"] for failure in told["failures"]} == {"head_1", "head_2"}
    assert "head_1" in result.output and "no label map" in result.output


def test_calibration_measures_every_structure(heads, bright):
    cases = list(pair_folders(heads / "images", heads / "labels").cases)
    samples = measure_degraded(InlinePool(), bright, cases[:2], 0, only=["clean"])
    assert [sample.case for sample in samples] == ["head_0", "head_0", "head_1", "head_1"]
    assert all(sample.dice > 0.9 for sample in samples)


def test_training_takes_a_field_around_each_structure(heads):
    cases = list(pair_folders(heads / "images", heads / "labels").cases)
    windows = CaseReader(plan())(cases[0])
    assert len(windows) == 2
    whole = sitk.GetArrayFromImage(sitk.ReadImage(str(cases[0].labels)))
    assert sum((labels > 0).sum() for _image, labels in windows) == (whole > 0).sum()
    check_cases(cases, plan())


def test_structures_of_different_values_cannot_be_learned(tmp_path):
    _head(tmp_path, "sides", 0, sides=True)
    (case,) = pair_folders(tmp_path / "images", tmp_path / "labels").cases
    with pytest.raises(MedNCAError, match="2 structures by different values"):
        check_cases([case], plan())
    check_cases([case], plan(field_of_view=(96, 40, 36), patch=(14, 14, 14)))  # a field of both


@pytest.mark.slow
def test_training_measures_and_calibrates_on_whole_heads(tmp_path, heads):
    """From heads to a model by the run's own steps: what is written was measured on every structure."""
    cases = list(pair_folders(heads / "images", heads / "labels").cases)
    quick = plan(iterations=2, augmentation=Augmentation(shift=2, rotation=0, scaling=0, elastic=0))
    work = training_run.begin(tmp_path / "run", quick, cases, METADATA, options=RunOptions(calibration_cases=1))
    report = training_run.complete(work)
    assert report.mean.structures == 2 * report.mean.cases and not report.failures


def test_a_shared_brain_is_found_by_clicks(tmp_path):
    """One of the whole brains of another cohort: 1 is the left, 2 the right hippocampus."""
    brains = DATA / "brains"
    if not brains.is_dir():
        pytest.skip("the whole brains are not here")
    model = Library().load("hippocampus-m3dnca")
    for image in sorted((brains / "images").iterdir())[:1]:
        scores = evaluate_case(image.name, [image], brains / "labels" / image.name, model, members=2)
        assert len(scores) == 2 and all(score.dice["union"] > 0.7 for score in scores), scores

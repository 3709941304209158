"""What the verdict report tells of clicks: beside a structure's middle, elsewhere in the body, in air."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from conftest import InlinePool
from mednca.errors import NothingFound
from mednca.imaging.geometry import CanonicalImage
from mednca_train.data.cases import Case
from mednca_train.data.clicks import AIR, ELSEWHERE, clicks_elsewhere
from mednca_train.model import samples
from mednca_train.model.calibration import verdicts
from mednca_train.model.clicked import DISPLACEMENTS, REFUSED, DisplacedClick, _same, measure_clicks
from mednca_train.model.samples import CLEAN, measure_degraded
from phantoms import head_case, image_of, save, standout_model

RAS = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def head():
    image, organs = head_case()
    return image_of(image.astype(np.float32), direction=RAS), image_of(organs.astype(np.uint8), direction=RAS)


@pytest.fixture(scope="module")
def case(head, tmp_path_factory):
    folder = tmp_path_factory.mktemp("head")
    for image, name in zip(head, ("image.nii.gz", "labels.nii.gz"), strict=True):
        sitk.WriteImage(image, str(folder / name))
    return Case("head", folder / "image.nii.gz", folder / "labels.nii.gz")


def test_clicks_elsewhere_are_far_from_every_structure_and_where_they_say(head):
    image, truth = head
    clicks = clicks_elsewhere(image, truth, np.random.default_rng(0))
    assert [len(clicks[place]) for place in (ELSEWHERE, AIR)] == [6, 1]
    canonical, organs = CanonicalImage.of(image), np.argwhere(CanonicalImage.of(truth).array)
    for place, points in clicks.items():
        for point in points:
            index = np.round(canonical.index_of(point)).astype(int)
            assert np.linalg.norm(organs - index, axis=1).min() >= 30
            assert (canonical.array[tuple(index)] > 20) == (place == ELSEWHERE)


def test_an_image_of_nothing_else_has_no_place_elsewhere():
    organ = image_of(np.ones((8, 8, 8), np.uint8))
    image = image_of(np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32))
    assert clicks_elsewhere(image, organ, np.random.default_rng(0)) == {ELSEWHERE: [], AIR: []}


def test_clicks_are_counted_by_distance_and_place(case, tmp_path):
    folder, steps, failed = save(standout_model(), tmp_path / "model"), [], {}
    found = measure_clicks(InlinePool(), folder, [case], 0, lambda: steps.append(1), failed)
    assert failed == {} and len(steps) == 1
    assert list(found["distances"]) == [f"{distance:g} mm" for distance in DISPLACEMENTS]
    near = found["distances"]["8 mm"]
    assert near["clicks"] == near["same_mask"] == near["same_color"] == 2 and near["least_dice"] >= 0.98
    assert set(found["elsewhere"][ELSEWHERE]) == {"grey"} and sum(found["elsewhere"][ELSEWHERE].values()) == 6
    assert sum(found["elsewhere"][AIR].values()) == 1 and set(found["elsewhere"][AIR]) <= {REFUSED, "grey"}
    assert 0 < found["verdict_share_of_time"] < 1

    lost = replace(case, labels=tmp_path / "lost.nii.gz")
    found = measure_clicks(InlinePool(), folder, [lost], 0, lambda: None, failed)
    assert list(failed) == ["head"] and found == {"distances": {}, "elsewhere": {}, "verdict_share_of_time": None}


def test_a_worse_mask_or_another_color_is_not_the_same():
    clicks = [DisplacedClick(8.0, *rest, (1.0, 0.1)) for rest in ((0.97, ("green", "green")), (0.99, ("green", "red")))]
    assert _same(clicks) == {"clicks": 2, "same_mask": 1, "same_color": 1, "least_dice": 0.97}


def test_nonsense_that_is_refused_is_grey_and_a_clean_case_that_is_failed(case, tmp_path, monkeypatch):
    """Where a head is rolled, a click into what was an organ lies in air."""
    monkeypatch.setattr(samples, "segment_image", lambda *_, **__: (_ for _ in ()).throw(NothingFound("no contrast")))
    folder, failed = save(standout_model(), tmp_path / "model"), {}
    found = measure_degraded(InlinePool(), folder, [case], 0, failed=failed, only=["rolled", CLEAN], all_values=True)
    assert [(each.condition, each.objection, each.dice, each.nqm) for each in found] == [
        ("rolled", "nothing", 0, None)
    ] * 2
    assert {verdict.color for verdict in verdicts(None, found)} == {"grey"} and failed == {"head": "no contrast"}

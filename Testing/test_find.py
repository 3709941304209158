"""Structures found without a click: the body's box, the places that a model names in it, and on which side they are."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca import cli
from mednca.errors import MedNCAError, NothingFound
from mednca.imaging.body import Body
from mednca.imaging.geometry import CanonicalImage
from mednca.imaging.metrics import dice
from mednca.imaging.structures import separate
from mednca.quality.domain import Domain
from mednca.segment import find_structures, segment_image
from mednca_train.model.seeds import MIN_CASES, SeedCollector
from phantoms import (
    HEAD,
    HEAD_HALF,
    HEAD_MIDDLE,
    ORGAN_RADII,
    ORGANS,
    bright_model,
    ellipsoid,
    head_case,
    head_seeds,
    image_of,
    save,
    standout_model,
)  # fmt: skip

FIELD = (36.0, 44.0, 36.0)
RAS = np.diag([-1.0, -1.0, 1.0])  # an image's directions whose voxels are mm along R, A, S


@pytest.fixture(scope="module")
def model():
    return standout_model(field_of_view=FIELD, seeds=head_seeds())


def _image(array, order=(0, 1, 2), flips=(False, False, False)):
    """The head with its axes in another order and turned, in the same place of the room."""
    axes = np.eye(3)[:, list(order)] * np.where(flips, -1, 1)
    corner = np.where(flips, np.array(HEAD)[list(order)] - 1, 0)
    turned = np.flip(array.transpose(order), [axis for axis in range(3) if flips[axis]])
    origin = np.zeros(3)
    origin[list(order)] = corner
    return image_of(turned.astype(np.float32), direction=RAS @ axes, origin=RAS @ origin)


@pytest.mark.parametrize("neck", [0, 30])
def test_the_box_of_a_head_leaves_out_ears_and_neck(neck):
    body = Body.of(CanonicalImage.of(_image(head_case(neck=neck)[0])))
    assert body.low == pytest.approx(HEAD_MIDDLE - HEAD_HALF, abs=8) and body.high == pytest.approx(
        HEAD_MIDDLE + HEAD_HALF, abs=8
    )
    assert body.fractions_of(body.at((0.2, 0.5, 0.9))) == pytest.approx((0.2, 0.5, 0.9))
    assert body.right_of_middle(np.array((80.0, 0, 0))) == pytest.approx(20, abs=3)


def test_no_box_without_contrast():
    with pytest.raises(NothingFound, match="contrast"):
        Body.of(CanonicalImage.of(image_of(np.ones((20, 20, 20), np.float32))))


@pytest.mark.parametrize(
    ("order", "flips"),
    [((0, 1, 2), (False, False, False)), ((0, 1, 2), (True, True, False)), ((1, 2, 0), (False, True, True))],
)
def test_both_organs_are_found_however_the_image_lies(model, order, flips):
    """Left and right of the person, not of the array; and each then segmented as by a click into its middle."""
    array, organs = head_case()
    image = _image(array, order, flips)
    places = find_structures(image, model)
    assert [place.side for place in places] == ["left", "right"]
    for place in places:
        assert place.point == pytest.approx(ORGANS[place.side], abs=1)
    result = segment_image(image, model, [place.point for place in places], members=2)
    assert [finding.side for finding in result.findings] == ["left", "right"]
    assert [finding.distance_mm for finding in result.findings] == [0, 0]
    assert (
        dice(sitk.GetArrayFromImage(result.labels) > 0, sitk.GetArrayFromImage(_image(organs, order, flips)) > 0) > 0.98
    )


@pytest.mark.parametrize("shift", [(0, 18, 0), (0, -10, -22), (9, 0, 18)])
def test_organs_beside_their_usual_place_are_found(model, shift):
    model.info["seeds"], usual = head_seeds(shift), model.info["seeds"]
    places = find_structures(_image(head_case()[0]), model)
    model.info["seeds"] = usual
    assert [place.side for place in places] == ["left", "right"]
    assert all(place.point == pytest.approx(ORGANS[place.side], abs=1) for place in places)


def test_only_what_is_there_is_found(model):
    assert [place.side for place in find_structures(_image(head_case(["right"])[0]), model)] == ["right"]
    with pytest.raises(NothingFound, match="found nothing where"):
        find_structures(_image(head_case([])[0]), model)


def test_a_search_tells_how_far_it_is_and_can_be_stopped(model):
    told = []
    with pytest.raises(NothingFound):
        find_structures(_image(head_case([])[0]), model, progress=told.append)
    steps = [each.step for each in told]
    assert steps == sorted(steps) and len(set(steps)) == told[0].total == 14 and told[0].stage == "finding"

    def stop(progress):
        if progress.step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_structures(_image(head_case([])[0]), model, progress=stop)


def test_what_is_found_on_the_other_side_is_not_taken(model):
    """Both seeds lie at the right organ, which is none of the left side."""
    usual = model.info["seeds"]
    model.info["seeds"] = [{"position": usual[1]["position"], "side": side} for side in ("left", "right")]
    places = find_structures(_image(head_case(["right"])[0]), model)
    model.info["seeds"] = usual
    assert [place.side for place in places] == ["right"]


def test_a_side_is_told_only_where_it_can_be(model):
    """Neither in an image of one field of view, nor of a model of a single organ, nor near the middle."""
    array, _organs = head_case()
    crop = array[22:58, 48:92, 42:78]
    assert segment_image(_crop(crop), model, members=2).findings[0].side is None
    single = {**head_seeds()[0], "side": None}
    model.info["seeds"], usual = [single], model.info["seeds"]
    found = segment_image(_image(array), model, [tuple(ORGANS["left"])], members=2).findings[0]
    model.info["seeds"] = usual
    assert found.side is None
    middle = np.roll(head_case(["left"])[0], 8, axis=0)  # the head too, and so its middle: the organ stays on its left
    assert segment_image(_image(middle), model, [ORGANS["left"] + (8, 0, 0)], members=2).findings[0].side == "left"
    moved = head_case([])[0] + 12 * ellipsoid(HEAD, ORGANS["left"] + (17, 0, 0), ORGAN_RADII)
    assert segment_image(_image(moved), model, [ORGANS["left"] + (17, 0, 0)], members=2).findings[0].side is None


@pytest.mark.parametrize("first", [0, 6, 12])
def test_no_side_is_told_in_an_image_of_one_side(model, first):
    """Its middle is not the body's: a right organ would be called left."""
    array, _organs = head_case(["right"])
    wide = array.shape[0]
    half = array[wide // 2 - first :]  # some more than the right half, or just that
    point = np.array(ORGANS["right"]) - ((wide // 2 - first), 0, 0)
    found = segment_image(_image(half), model, [tuple(point)], members=2).findings[0]
    assert found.volume_mm3["union"] > 0 and found.side is None
    padded = np.pad(half, ((10, 10), (0, 0), (0, 0)))  # of a half with air around it
    found = segment_image(_image(padded), model, [tuple(point + (10, 0, 0))], members=2).findings[0]
    assert found.volume_mm3["union"] > 0 and found.side is None


def test_an_image_that_is_nearly_all_air_has_a_result_without_a_side(model):
    array = np.zeros(HEAD, np.float32)
    organ = head_case(["left"])[0]
    r, a, s = (int(x) for x in ORGANS["left"])
    box = (slice(r - 9, r + 10), slice(a - 9, a + 10), slice(s - 9, s + 10))
    array[box] = organ[box]
    found = segment_image(_image(array), model, [ORGANS["left"]], members=2).findings[0]
    assert found.side is None


def _crop(array):
    return image_of(array.astype(np.float32), direction=RAS)


def test_it_says_why_it_cannot_look(model):
    with pytest.raises(MedNCAError, match="as a whole"):
        find_structures(_crop(head_case()[0][22:58, 48:92, 42:78]), model)
    wide = _image(head_case()[0])
    wide.SetSpacing((1, 1, 5))
    whole, size = model.info, (10.0, 10.0, 10.0)
    model.info = whole | {"quality": {"domain": Domain((0.5, 1.5), (size, (90.0, 90.0, 90.0)), (1, 9000)).to_json()}}
    with pytest.raises(MedNCAError, match=r"voxels \(1 x 1 x 5 mm\) are outside the range"):
        find_structures(wide, model)
    model.info = whole
    plain = bright_model(spacing=(1.0, 1.0, 1.0), field_of_view=FIELD)
    with pytest.raises(MedNCAError, match="does not say"):
        find_structures(_image(head_case()[0]), plain)


def test_the_command_line_finds_both(model, tmp_path):
    folder = save(model, tmp_path / "model")
    sitk.WriteImage(_image(head_case()[0]), str(tmp_path / "head.nii.gz"))
    words = ["segment", str(tmp_path / "head.nii.gz"), "--model", str(folder), "--members", "5", "--find"]
    result = CliRunner().invoke(cli.app, [*words, "--out", str(tmp_path / "results"), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "results" / "head" / "report.json").read_text(encoding="utf-8"))
    assert [finding["side"] for finding in report["findings"]] == ["left", "right"]
    shown = CliRunner().invoke(cli.app, [*words, "--out", str(tmp_path / "others")])
    assert "left" in shown.output and "right" in shown.output
    whole = CliRunner().invoke(cli.app, [*words[:-1], "--out", str(tmp_path / "whole")])  # without --find
    assert whole.exit_code == 1 and "give a --click, or --find" in whole.output.replace("\n", " ")
    other = CliRunner().invoke(cli.app, [*words, "--seed", "77", "--out", str(tmp_path / "others"), "--missing"])
    assert other.exit_code == 1 and "is of another request" in other.output.replace("\n", " ")
    clicked = ["--out", str(tmp_path / "clicked"), f"--click={','.join(map(str, report['findings'][0]['click']))}"]
    assert report["found"] is True and CliRunner().invoke(cli.app, [*words[:-1], *clicked]).exit_code == 0
    again = CliRunner().invoke(cli.app, [*words, *clicked[:2], "--missing"])  # one side, that somebody clicked on
    assert again.exit_code == 1 and "is of another request" in again.output.replace("\n", " ")
    refused = CliRunner().invoke(cli.app, [*words, "--out", str(tmp_path / "no"), "--click=0,0,0"])
    assert "--find cannot be used" in str(refused.exception)


# --- what a training learns of it


def _collected(arrays):
    """What cases of (image, organs) have in common."""
    collector = SeedCollector(FIELD)
    for array, organs in arrays:
        image, mask = CanonicalImage.of(_image(array)), CanonicalImage.of(_image(organs)).array > 0
        collector.add(image, separate(mask, image.spacing, FIELD))
    return collector.seeds()


def test_a_training_on_heads_learns_where_the_organs_are():
    seeds = _collected([head_case()] * MIN_CASES)
    assert [seed["side"] for seed in seeds] == ["left", "right"]
    for seed, usual in zip(seeds, head_seeds(), strict=True):
        assert seed["position"] == pytest.approx(usual["position"], abs=0.06)
    (single,) = _collected([head_case(["right"])] * MIN_CASES)
    assert single["side"] is None and single["position"] == pytest.approx(head_seeds()[1]["position"], abs=0.06)


def test_a_training_on_few_unlike_or_small_images_learns_nothing_of_that():
    assert _collected([head_case()] * (MIN_CASES - 1)) == []
    assert _collected([head_case(), *[head_case(["left"])] * MIN_CASES]) == []
    array, organs = head_case()
    assert _collected([(array, np.roll(organs, 40 * (number % 2), axis=1)) for number in range(MIN_CASES + 1)]) == []
    collector = SeedCollector(FIELD)
    crop = CanonicalImage.of(_crop(head_case()[0][22:58, 48:92, 42:78]))
    for _case in range(MIN_CASES):
        collector.add(crop, [crop.array > 35])
    assert collector.seeds() == []


def test_the_command_line_names_the_side_on_which_nothing_is_found(tmp_path, model):
    """A table of one row would not show it."""
    save(model, tmp_path / "model")
    sitk.WriteImage(_image(head_case(["left"])[0]), str(tmp_path / "head.nii.gz"))
    words = ["segment", tmp_path / "head.nii.gz", "--model", tmp_path / "model", "--find", "--out", tmp_path / "out"]
    result = CliRunner().invoke(cli.app, [*map(str, words), "--members", "2"])
    assert result.exit_code == 0 and "Nothing was found on the right side" in " ".join(result.output.split())
    report = json.loads((tmp_path / "out" / "head" / "report.json").read_text("utf-8"))
    assert [note["values"]["side"] for note in report["notes"]] == ["right"]

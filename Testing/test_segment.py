"""The one function that segments: the result lies on the input's voxels, exactly, whatever the geometry."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from mednca import segment
from mednca.axes import whole
from mednca.errors import MedNCAError
from mednca.field import touches_side
from mednca.imaging.geometry import CanonicalImage, Grid, normalize
from mednca.imaging.metrics import dice, hd95
from mednca.nca.ensemble import Ensemble
from mednca.quality.calibration import Calibration, Curve
from mednca.quality.domain import Circumstances, Domain, objection_to
from mednca.quality.verdict import judge
from mednca.result import Report
from mednca.segment import segment_image
from phantoms import array_of, bright_model, ellipsoid, image_of, rotation

SHAPE = (30, 34, 26)
BALL = ellipsoid(SHAPE, (12, 20, 11), (6, 7, 5))
FLIPS = np.diag([-1.0, 1.0, 1.0])
GEOMETRIES = {
    "LPS": np.eye(3),
    "RAS": np.diag([-1.0, -1.0, 1.0]),
    "left-handed": FLIPS,
    "permuted": np.eye(3)[[2, 0, 1]],
    "oblique": rotation(25, 0) @ rotation(-15, 2),
    "oblique, flipped, permuted": rotation(20, 1) @ FLIPS @ np.eye(3)[[1, 2, 0]],
}


def _same_geometry(a, b):
    return all(getattr(a, get)() == getattr(b, get)() for get in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"))


@pytest.mark.parametrize("direction", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_native_spacing_is_exact(direction, dtype):
    """Without resampling the mask is the ball, voxel by voxel."""
    image = image_of((BALL * 100 + 20).astype(dtype), (0.9, 1.2, 2.5), direction, (-40, 30, 12))
    result = segment_image(image, bright_model(), members=1)
    assert _same_geometry(result.labels, image) and _same_geometry(result.variance, image)
    assert np.array_equal(array_of(result.labels), BALL)


@pytest.mark.parametrize("direction", GEOMETRIES.values(), ids=GEOMETRIES)
def test_resampled_and_clicked(direction):
    """With another spacing and a crop around a click the ball is found again, and nothing of its twin."""
    shape = (60, 50, 40)
    spacing = np.array((0.8, 1.1, 1.7))
    ball, twin = ellipsoid(shape, (15, 25, 20), (7, 6, 4)), ellipsoid(shape, (48, 25, 20), (7, 6, 4))
    image = image_of((ball | twin).astype(np.float32) * 50, spacing, direction, (5, -60, 33))
    point = np.array(image.TransformContinuousIndexToPhysicalPoint((15, 25, 20))) * (-1, -1, 1)
    model = bright_model(spacing=(1.0, 1.0, 1.0), field_of_view=(22.0, 22.0, 22.0))
    result = segment_image(image, model, [point], members=1)
    found = array_of(result.labels) > 0
    assert _same_geometry(result.labels, image)
    # The threshold is the field's mean, so the resampled ball comes out fatter, but not displaced.
    assert dice(found, ball) > 0.85 and not (found & twin).any()
    centers = [np.argwhere(mask).mean(0) for mask in (found, ball)]
    np.testing.assert_allclose(*centers, atol=0.15)
    np.testing.assert_allclose(result.findings[0].center, point, atol=1.0)


def test_anisotropic_field_of_view_follows_anatomy_not_storage():
    """A field that is long front to back lies front to back, also where the array's axes are permuted."""
    canonical = CanonicalImage.of(
        image_of(np.random.default_rng(0).normal(size=(40, 40, 40)), direction=np.eye(3)[[2, 0, 1]])
    )
    assert Grid.around(canonical, None, (20, 20, 20), (10, 30, 20)).size == (10, 30, 20)


@pytest.mark.parametrize("direction", GEOMETRIES.values(), ids=GEOMETRIES)
def test_the_canonical_image_is_undone_exactly(direction):
    array = np.random.default_rng(1).normal(size=(5, 6, 7)).astype(np.float32)
    image = image_of(array, (1, 2, 3), direction, (7, 8, 9))
    canonical = CanonicalImage.of(image)
    assert np.array_equal(array_of(canonical.restore(canonical.array, image)), array)
    index = (1, 2, 3)
    lps = np.array(canonical.ras_of(index)) * (-1, -1, 1)
    stored = image.TransformPhysicalPointToIndex(lps.tolist())
    assert array[stored] == canonical.array[index]
    np.testing.assert_allclose(canonical.index_of(canonical.ras_of(index)), index, atol=1e-9)
    # Each canonical axis runs nearest to R, A, S.
    axes = canonical.to_ras[:3, :3] / canonical.spacing
    assert (np.diag(axes) > 0.5).all()


def test_the_canonical_array_outlives_its_image_and_never_changes():
    image = image_of(np.random.default_rng(0).random((60, 70, 80), np.float32))
    array = CanonicalImage.of(image).array
    before, shared = array.copy(), sitk.Image(image)
    image[0, 0, 0] = 7.0  # from here on `image` has voxels of its own
    del image, shared
    others = [sitk.Image((80, 70, 60), sitk.sitkFloat32) + 9 for _ in range(4)]
    assert np.array_equal(array, before) and not array.flags.writeable and others


def test_grid_round_trip_is_smooth():
    """Up and down again, a smooth image stays what it was."""
    r, a, s = np.meshgrid(*(np.linspace(0, 3, n) for n in (40, 44, 30)), indexing="ij")
    array = np.sin(r) + np.cos(a) + s
    canonical = CanonicalImage.of(image_of(array.astype(np.float32), (0.7, 0.8, 1.1), np.diag([-1.0, -1.0, 1.0])))
    grid = Grid.whole(canonical, (0.9, 0.9, 0.9))
    back, region = grid.insert(grid.extract(canonical.array), canonical.array.shape), grid.region(canonical.array.shape)
    assert back.shape == canonical.array.shape
    assert abs(back - canonical.array[region])[2:-2, 2:-2, 2:-2].max() < 0.05


def test_an_off_center_click_finds_the_same():
    shape = (64, 64, 64)
    ball = ellipsoid(shape, (32, 30, 34), (8, 10, 7))
    noise = np.random.default_rng(0).normal(size=shape)
    image = image_of((100 * ball + noise).astype(np.float32), direction=np.diag([-1.0, -1.0, 1.0]))
    model = bright_model(field_of_view=(26.0, 30.0, 24.0), keep_largest=True)
    masks = []
    for shift in ((0, 0, 0), (6, 0, 0), (0, -7, 0), (0, 0, 6), (4, 4, -4)):
        masks.append(array_of(segment_image(image, model, [np.add((32, 30, 34), shift)], members=1).labels))
    assert all(dice(masks[0] > 0, mask > 0) > 0.999 for mask in masks)


def test_a_second_click_adds():
    shape = (60, 30, 30)
    left, right = ellipsoid(shape, (14, 15, 15), (5, 5, 5)), ellipsoid(shape, (45, 15, 15), (5, 5, 5))
    image = image_of((left | right).astype(np.float32), direction=np.diag([-1.0, -1.0, 1.0]))
    model = bright_model(field_of_view=(20.0, 20.0, 20.0))
    result = segment_image(image, model, [(14, 15, 15), (45, 15, 15)], members=1)
    assert np.array_equal(array_of(result.labels) > 0, left | right)
    assert len(result.findings) == 2


def test_reproducible_from_the_recorded_seed():
    image = image_of((BALL * 3 + np.random.default_rng(0).normal(size=SHAPE)).astype(np.float32))
    model = bright_model(fire_rate=0.5)
    first = segment_image(image, model, members=3, seed=11)
    again = segment_image(image, model, members=first.report.members, seed=first.report.seed)
    other = segment_image(image, model, members=3, seed=12)
    assert np.array_equal(array_of(first.variance), array_of(again.variance))
    assert not np.array_equal(array_of(first.variance), array_of(other.variance))
    assert array_of(first.variance).min() >= 0 and array_of(first.variance).max() <= 0.25


def test_progress_can_cancel():
    class Canceled(Exception):
        pass

    def progress(told):
        if told.stage == "ensemble" and told.step == 2:
            raise Canceled

    with pytest.raises(Canceled):
        segment_image(image_of(BALL * 1.0), bright_model(), members=9, progress=progress)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"clicks": [(500, 0, 0)]}, "outside"),
        ({"clicks": [(float("nan"), 0, 0)]}, "outside"),
        ({"members": 0}, "members"),
        ({"target_dice": 1.5}, "target"),
        ({"device": "abacus"}, "device"),
    ],
)
def test_impossible_requests(options, word):
    with pytest.raises(MedNCAError, match=word):
        segment_image(image_of(BALL * 1.0), bright_model(), **options)


def test_an_image_smaller_than_the_kernel():
    with pytest.raises(MedNCAError, match="at least"):
        segment_image(image_of(np.random.default_rng(0).normal(size=(2, 9, 9))), bright_model(), members=1)


def test_a_field_without_contrast():
    array = np.zeros((60, 30, 30), np.float32)
    array[55] = 1
    image = image_of(array, direction=np.diag([-1.0, -1.0, 1.0]))
    with pytest.raises(MedNCAError, match="contrast"):
        segment_image(image, bright_model(field_of_view=(12.0, 12.0, 12.0)), [(10, 15, 15)], members=1)


def test_unavailable_device_falls_back_and_says_so():
    if torch.cuda.is_available():
        pytest.skip("has a GPU")
    result = segment_image(image_of(BALL * 1.0), bright_model(), members=1, device="cuda")
    assert result.report.device == "cpu" and "cuda" in str(result.report.notes[0])


def test_a_structure_that_two_clicks_find_is_told():
    """A table of volumes would count it twice."""
    two = np.concatenate([BALL, BALL])
    image = image_of((two * 50 + np.random.default_rng(0).normal(0, 0.1, two.shape)).astype(np.float32))
    middle = np.argwhere(BALL).mean(0)
    places = [middle, middle + (len(BALL), 0, 0), middle + (1, 1, 0)]
    clicks = [(-x, -y, z) for x, y, z in places]
    model = bright_model(field_of_view=tuple(float(n) for n in BALL.shape))
    findings = segment_image(image, model, clicks, members=2).findings
    assert [finding.again for finding in findings] == [None, None, 1]
    assert findings[2].remarks[-1] == "It is the structure of click 1 again: do not count it twice."
    assert not any("again" in remark for remark in findings[1].remarks)


def test_rejudging_does_not_run_again():
    result = segment_image(image_of(BALL * 1.0), bright_model(), members=6)
    assert result.report.rejudged(0.7).findings[0].verdict.color == "grey"


def test_a_report_comes_back_from_its_json():
    """And one of version 0.1, whose hotspots were called places, whose findings had no signals."""
    image = image_of((BALL * 3 + np.random.default_rng(0).normal(size=SHAPE)).astype(np.float32))
    report = segment_image(image, bright_model(fire_rate=0.5), members=6).report
    data = json.loads(json.dumps(report.to_json()))
    assert Report.from_json(data) == report
    data["places"] = data.pop("hotspots")
    for hotspot in data["places"]:
        for name in ("surface", "outward_mm", "inward_mm"):
            del hotspot[name]
    for finding in data["findings"]:
        for name in ("signals", "context", "distance_mm", "dropped_mm3"):
            del finding[name]
    old = Report.from_json(data)
    assert [hotspot.position for hotspot in old.hotspots] == [hotspot.position for hotspot in report.hotspots]
    (finding,) = old.findings
    assert finding.signals == {"nqm field": finding.nqm["union"]}  # NQM was of the whole field then
    assert (finding.context, finding.distance_mm, finding.dropped_mm3) == ("crop", None, 0)
    del data["findings"][0]["nqm"]
    with pytest.raises(MedNCAError, match="report"):
        Report.from_json(data)


def test_normalization_ignores_the_intensity_scale():
    array = np.random.default_rng(0).gamma(2, size=(9, 9, 9))
    np.testing.assert_allclose(normalize(array), normalize(array * 1e6 - 300), atol=1e-3)


def test_measures_against_known_values():
    a, b = np.zeros((20, 20, 20), bool), np.zeros((20, 20, 20), bool)
    a[5:15, 5:15, 5:15] = True
    b[5:15, 5:15, 7:17] = True
    assert dice(a, b) == pytest.approx(0.8)
    assert hd95(a, b, (2.0, 1.0, 1.0)) == pytest.approx(4.0)  # shifted by 2 voxels of 2 mm along i
    assert hd95(a, a, (1, 1, 1)) == 0 and hd95(a, a & False, (1, 1, 1)) is None
    assert hd95(a, a | True, (1, 1, 1)) > 0  # what fills the image ends there
    slab, thinner = np.ones((10, 9, 9), bool), np.ones((10, 9, 9), bool)
    thinner[:3] = False  # a result that lacks the first slices, where both reach the image's side
    assert hd95(slab, thinner, (1.0, 1.0, 2.1)) == pytest.approx(6.3, abs=0.01)
    assert dice(a & False, b & False) == 1


def test_variance_is_the_largest_over_the_labels():
    image = image_of((BALL * 3 + np.random.default_rng(0).normal(size=SHAPE)).astype(np.float32))
    model = bright_model(labels=2, fire_rate=0.5)
    result = segment_image(image, model, members=4)
    assert set(np.unique(sitk.GetArrayFromImage(result.labels))) <= {0, 1, 2}
    assert set(result.findings[0].nqm) == {"Label 1", "Label 2", "union"}


def test_an_accelerator_that_runs_out_of_memory_is_given_up_once(monkeypatch):
    image = image_of((BALL * 100 + 20).astype(np.float32))
    model, devices, run = bright_model(), [], Ensemble.run
    monkeypatch.setattr(segment, "choose_device", lambda name: (torch.device("cuda"), None))
    monkeypatch.setattr(type(model.pyramid), "to", lambda self, device: devices.append(device.type))

    def full(*arguments):
        if devices == ["cuda"]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return run(*arguments)

    monkeypatch.setattr(Ensemble, "run", full)
    result = segment_image(image, model, members=2)
    assert devices == ["cuda", "cpu"] and result.report.device == "cpu"
    (note,) = Report.from_json(json.loads(json.dumps(result.report.to_json()))).notes
    assert str(note) == "The cuda device ran out of memory; the processor (cpu) is used instead."
    assert array_of(result.labels).any()


def test_the_region_of_interest_gives_the_same_mask_for_less():
    """A ball that the coarse level finds as well; what it finds far away does not widen the region."""
    shape = (96, 80, 64)
    far = ellipsoid(shape, (10, 10, 10), (5, 5, 5)) & (np.indices(shape).sum(0) % 2 == 0)
    array = (ellipsoid(shape, (60, 45, 38), (20, 18, 14)) | far) * 100 + 20.0
    model = bright_model(levels=2, keep_largest=True, field_of_view=tuple(float(n) for n in shape))
    whole, part = (segment_image(image_of(array), model, members=2, roi=roi) for roi in (False, True))
    assert np.array_equal(array_of(whole.labels), array_of(part.labels)) and array_of(part.labels).any()
    assert whole.findings[0].computed_share == 1 and part.findings[0].computed_share < 0.3
    assert part.findings[0].nqm["union"] == pytest.approx(whole.findings[0].nqm["union"], abs=0.02)
    assert part.report.region.size != shape


def test_a_gamma_lifts_the_dark_and_never_breaks():
    """Whatever the scale: in single precision the lower limit may lie a trifle above the values clipped to it."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        array = (rng.gamma(0.3, 300, (12, 13, 14)) + rng.uniform(-50, 50)).astype(np.float32)
        lifted = normalize(array, (0.5, 99.0), 0.5)
        assert np.isfinite(lifted).all() and abs(lifted.mean()) < 1e-3 and lifted.std() == pytest.approx(1, abs=1e-3)
        assert np.median(lifted) > np.median(normalize(array, (0.5, 99.0)))


# --- what is said of a result beside its voxels: context, distance, pieces that were dropped, the edge

RAS = np.diag([-1.0, -1.0, 1.0])  # an image's index is its RAS mm


def _finding(array, click=None, spacing=(1, 1, 1), **preprocessing):
    """Of a phantom, by six members; most of it, of several fields, is empty."""
    model = bright_model(**preprocessing)
    clicks = () if click is None else [click]
    return segment_image(image_of(array.astype(np.float32), spacing, RAS), model, clicks, members=6).findings[0]


@pytest.mark.parametrize(
    ("field", "click", "context"),
    [
        ((24.0, 24.0, 24.0), (20, 20, 20), "scan"),
        ((24.0, 24.0, 24.0), None, "crop"),
        ((34.0, 34.0, 34.0), (20, 20, 20), "crop"),  # 50 mm are less than one and a half fields
        (None, (20, 20, 20), "crop"),
    ],
)
def test_a_click_in_a_large_image_is_a_scan_and_one_in_a_crop_is_a_crop(field, click, context):
    ball = ellipsoid((50, 48, 46), (20, 20, 20), (6, 7, 5))
    assert _finding(ball, click, field_of_view=field).context == context


def test_the_context_chooses_the_curve():
    """Also where it is judged again, from the report alone."""
    crop, scan = (Curve("nqm", (0.0, 1.0), (dice, dice), (dice, dice), (dice, dice), 9) for dice in (0.9, 0.6))
    calibration = Calibration({"crop": crop, "scan": scan}, 10, (0.0, 0.0), {})
    model = bright_model(field_of_view=(24.0, 24.0, 24.0), fire_rate=0.9)
    model.info["quality"] = {"calibration": calibration.to_json()}
    image = image_of(ellipsoid((50, 48, 46), (20, 20, 20), (6, 7, 5)).astype(np.float32), direction=RAS)
    report = segment_image(image, model, [(20, 20, 20)], members=6).report
    assert report.findings[0].verdict.predicted_dice == 0.6
    again = Report.from_json(json.loads(json.dumps(report.to_json()))).rejudged(0.5)
    assert again.findings[0].verdict.predicted_dice == 0.6 and again.findings[0].verdict.color == "green"


@pytest.mark.parametrize(
    ("click", "distance"), [((20, 20, 20), 0.0), ((29, 20, 20), 2.5), ((24, 24, 25), 0.6), ((29, 20, 26), 3.0)]
)
def test_a_click_beside_the_structure_is_told_in_mm(click, distance):
    """From the side of the nearest voxel: a cube of 13 mm, from 13.5 to 26.5 along R; its S ends at 24.4."""
    cube = np.zeros((50, 48, 46), bool)
    cube[14:27, 14:27, 13:20] = True
    finding = _finding(cube, click, spacing=(1.0, 1.0, 1.25), field_of_view=(26.0, 26.0, 26.0))
    assert finding.distance_mm == pytest.approx(distance, abs=0.06) and finding.objection is None


def test_a_click_whose_image_is_resampled_is_measured_in_mm():
    cube = np.zeros((50, 48, 46), bool)
    cube[14:27, 14:27, 14:27] = True
    options = {"spacing": (0.8, 1.2, 2.0), "field_of_view": (30.0, 30.0, 40.0)}
    finding = _finding_of(cube, (32 * 0.8, 20 * 1.2, 20 * 2.0), **options)
    assert finding.distance_mm == pytest.approx(5.5 * 0.8, abs=1)


def _finding_of(array, click, spacing, **options):
    """On a grid of 1 mm, whatever the image's own."""
    model = bright_model(spacing=(1.0, 1.0, 1.0), **options)
    return segment_image(image_of(array.astype(np.float32), spacing, RAS), model, [click], members=6).findings[0]


def test_what_lies_far_from_the_click_may_not_be_what_was_meant():
    ball = ellipsoid((80, 60, 60), (22, 30, 30), (6, 6, 6))
    finding = _finding(ball, (46, 30, 30), field_of_view=(56.0, 40.0, 40.0), keep_largest=True)
    assert finding.distance_mm == pytest.approx(17.5, abs=0.6)
    assert finding.objection.key == "far" and finding.verdict.color == "grey"
    assert _finding(ball, None, field_of_view=(56.0, 40.0, 40.0), keep_largest=True).distance_mm is None


@pytest.mark.parametrize("field", [(50.0, 44.0, 44.0), None])
def test_a_second_piece_that_is_nearly_as_large_is_a_rival(field):
    """Small ones are dropped without a word but for their volume; also by a model that takes whole images."""
    kept, keys = ellipsoid((50, 44, 44), (14, 22, 22), (7, 7, 7)), []
    for radius in (2, 6):
        other = ellipsoid((50, 44, 44), (36, 22, 22), (radius,) * 3)
        finding = _finding(kept | other, field_of_view=field, keep_largest=True)
        assert finding.dropped_mm3 == other.sum() and finding.volume_mm3["union"] == kept.sum()
        keys.append(finding.objection and finding.objection.key)
    assert keys == [None, "rival"]


def test_a_dropped_piece_leaves_nqm_alone():
    kept = ellipsoid((50, 44, 44), (14, 22, 22), (7, 7, 7))
    other = ellipsoid((50, 44, 44), (36, 22, 22), (5, 5, 5))
    array = np.where(kept, 100.0, 0) + np.where(other, 60.0, 0)  # less sure than the kept one
    model = bright_model(field_of_view=(50.0, 44.0, 44.0), keep_largest=True, fire_rate=0.7)
    finding = segment_image(image_of(array.astype(np.float32), direction=RAS), model, members=8).findings[0]
    assert finding.dropped_mm3 > 0 and finding.nqm["union"] == finding.signals["nqm"]
    assert finding.signals["nqm field"] != pytest.approx(finding.signals["nqm"], rel=0.01)


@pytest.mark.parametrize("side", [(0, 0), (0, -1), (1, 0), (1, -1), (2, 0), (2, -1)])
@pytest.mark.parametrize("is_one", [True, False])
def test_one_structure_that_reaches_the_images_own_side_may_go_on_behind_it(side, is_one):
    """Where everything is segmented, whole organs reach the sides; where one is looked for, it is cut."""
    axis, at = side
    cube = np.zeros((40, 38, 36), bool)
    cube[15:25, 14:24, 13:23] = True
    np.moveaxis(cube, axis, 0)[(slice(0, 20) if at == 0 else slice(-20, None)), 15:22, 15:22] = True
    finding = _finding(cube, field_of_view=(40.0,) * 3 if is_one else (20.0,) * 3)
    assert (finding.objection and finding.objection.key) == ("edge" if is_one else None)


@pytest.mark.parametrize(("shape", "touches"), [((9, 9, 1), False), ((9, 9, 2), True)])
def test_a_single_slice_has_no_sides(shape, touches):
    canonical = CanonicalImage.of(image_of(np.zeros(shape, np.float32), direction=RAS))
    mask = np.zeros(shape, np.uint8)
    mask[3:6, 3:6] = 1
    grid = Grid.whole(canonical, None)
    assert touches_side(mask, grid.cut(whole(shape)), canonical, is_single=True) == touches
    mask[0, 4] = 1
    assert touches_side(mask, grid, canonical, is_single=True)


def test_a_click_into_a_piece_that_is_dropped_is_told():
    """The largest piece is kept: it may not be what was clicked on."""
    model = bright_model(field_of_view=(40.0, 40.0, 40.0), keep_largest=True)
    shape = (60, 60, 60)
    small, large = ellipsoid(shape, (30, 30, 24), (3, 3, 3)), ellipsoid(shape, (30, 30, 38), (6, 6, 6))
    image = image_of((1000 * (small | large)).astype(np.float32), direction=np.diag([-1.0, -1.0, 1.0]))
    click = (30.0, 30.0, 24.0)
    found = segment_image(image, model, [click], members=5).findings[0]
    assert found.distance_mm > 5 and found.verdict.color == "grey" and found.objection.key == "clicked"
    assert found.objection.values["volume"] == pytest.approx(small.sum() / 1000, rel=0.2)
    other = segment_image(image, model, [(30.0, 30.0, 38.0)], members=5).findings[0]
    assert other.objection is None or other.objection.key != "clicked"


def test_a_verdict_by_a_calibration_of_other_images_says_so():
    model = bright_model(field_of_view=(20.0, 20.0, 20.0))
    curve = Curve("nqm", (0.0, 1.0), (0.9, 0.5), (0.8, 0.4), (1.0, 0.6), samples=50)
    model.info["quality"] = {"calibration": Calibration({"crop": curve}, 5, (0.0, 0.9), {}).to_json()}
    array = 1000 * ellipsoid((60, 60, 60), (30, 30, 30), (5, 5, 5)).astype(np.float32)
    image = image_of(array, direction=np.diag([-1.0, -1.0, 1.0]))
    noted = segment_image(image, model, [(30.0, 30.0, 30.0)], members=5)
    assert noted.findings[0].context == "scan"
    assert "calibrated on images of about one field of view only" in str(noted.report.notes[-1])
    crop = segment_image(image[20:40, 20:40, 20:40], model, members=5)
    assert not crop.report.notes
    steady = {"nqm": 0.0}  # green where it was measured, and no more than amber where it was not
    lights = [judge(steady, 5, model.calibration, 0.8, None, context) for context in ("crop", "scan")]
    assert [(each.color, each.is_borrowed) for each in lights] == [("green", False), ("amber", True)]
    assert "calibrated on other images" in lights[1].reason and not lights[1].is_out_of_reach


def test_a_verdict_in_a_larger_image_says_what_its_calibration_was_measured_on():
    model = bright_model(field_of_view=(20.0, 20.0, 20.0))
    curve = Curve("nqm", (0.0, 1.0), (0.9, 0.5), (0.8, 0.4), (1.0, 0.6), samples=50)
    calibration = Calibration({"crop": curve, "scan": curve}, 5, (0.0, 0.9), {}).to_json()
    model.info["quality"] = {"calibration": calibration, "scans": "phantoms"}
    image = image_of(1000 * ellipsoid((60, 60, 60), (30, 30, 30), (5, 5, 5)).astype(np.float32), direction=RAS)
    clicked = segment_image(image, model, [(30.0, 30.0, 30.0)], members=5).report
    assert ["measured on phantoms only" in str(note) for note in clicked.notes] == [True]
    few = segment_image(image, model, [(30.0, 30.0, 30.0)], members=2).report  # no verdict, nothing to rely on
    assert not few.notes and not segment_image(image[20:40, 20:40, 20:40], model, members=5).report.notes


@pytest.mark.parametrize(("volume", "text"), [(163_000, "163 ml"), (5_300, "5.3 ml"), (34.56, "0.0346 ml")])
def test_volumes_are_told_in_plain_numbers(volume, text):
    domain = Domain((0.1, 9.0), ((1.0,) * 3, (999.0,) * 3), (200_000, 1_500_000))
    circumstances = Circumstances(10, (1.0,) * 3, (99.0,) * 3, volume, touches=False)
    told = objection_to(circumstances, domain).text
    assert text in told and "200 to 1500 ml" in told

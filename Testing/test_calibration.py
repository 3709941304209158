"""What a signal is worth: degraded cases, the curves that are made of them, and what the light finds by them."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from conftest import ROOT, InlinePool, measure_here
from mednca import __version__
from mednca.errors import MedNCAError
from mednca.imaging.geometry import CanonicalImage
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.quality.calibration import CROP, SCAN
from mednca.quality.domain import OBJECTIONS
from mednca.quality.signals import SIGNALS, Signal
from mednca.quality.verdict import judge
from mednca_train import cli
from mednca_train.data import artifacts
from mednca_train.data.artifacts import ARTIFACTS, NONSENSE, PAPER_ARTIFACTS, bias_field, degrade, noise, shift
from mednca_train.model import calibration as module
from mednca_train.model.build import OBJECTED, recalibrate, with_calibration
from mednca_train.model.calibration import fit, found_by, verdicts, verdicts_apart, without
from mednca_train.model.privacy import hidden_name, hidden_names, holds_hidden
from mednca_train.model.samples import Sample, measure_degraded, samples_json, samples_of
from mednca_train.run_folder import RunOptions, write_metadata
from phantoms import bright_model, image_of, organ_case, save
from training_phantoms import METADATA

EVERY = {**ARTIFACTS, **PAPER_ARTIFACTS, **NONSENSE}


def _samples(count, seed=0, context=CROP, shift=0.0, per_case=4, spread=0.03):
    """Dice falls with NQM; a case has an offset of its own, as labels have, and each fourth sample is clean."""
    rng = np.random.default_rng(seed)
    samples = []
    for number in range(count):
        offset = np.random.default_rng((seed, number // per_case)).normal(0, 0.02)
        value = float(np.exp(rng.uniform(np.log(0.03), np.log(0.3))))
        score = float(np.clip(1.0 - shift - 2 * value + offset + rng.normal(0, spread), 0, 1))
        condition = "clean" if number % per_case == 0 else "noise"
        samples.append(Sample(f"{context} {number // per_case}", condition, score, {"nqm": value}, context))
    return samples


def _fit(samples, members, coverage=0.9):
    return fit(samples, members, coverage=coverage)


def _found(calibration, samples):
    return found_by(samples, verdicts(calibration, samples))


def test_curves_are_monotone_and_hold_on_other_cases():
    calibration, others = _fit(_samples(800), 10), _samples(800, seed=1)
    curve = calibration.curves[CROP]
    for ends in (curve.dice, curve.low, curve.high):
        assert list(ends) == sorted(ends, reverse=True)
    assert calibration.predict(0.05, 10)[0] == pytest.approx(0.9, abs=0.03)
    found = _found(calibration, others)
    assert set(found["groups"]) == {"crop, clean", "crop, degraded"}
    for group in found["groups"].values():
        assert 0.84 < group["interval_coverage"] < 0.97
    assert found["failures_below_target"] > 0.95 and found["failures_green"] <= 2


def test_a_failure_weighs_more_than_a_success(monkeypatch):
    """Where failures begin the expected Dice errs to the careful side; far from there it does not."""
    careful = _fit(_samples(400), 10)
    monkeypatch.setattr(module, "CAUTION", 1.0)
    plain = _fit(_samples(400), 10)
    assert careful.predict(0.09, 10)[0] < plain.predict(0.09, 10)[0] - 0.005
    assert careful.predict(0.04, 10)[0] == plain.predict(0.04, 10)[0]


def test_samples_of_the_same_value_count_alike():
    """Of many ties the worst would be taken for all."""
    rng = np.random.default_rng(0)
    same = [Sample(f"case {n // 4}", "clean", float(rng.uniform(0.8, 0.96)), {"nqm": 0.05}) for n in range(400)]
    assert _fit(same, 10).predict(0.05, 10)[0] == pytest.approx(0.88, abs=0.01)


def test_the_worst_of_fewer_members_is_not_compared_with_that_of_more():
    samples = [replace(each, signals={"worst member": each.signals["nqm"]}) for each in _samples(400)]
    calibration = fit([replace(s, signals=s.signals | {"nqm": 0.1}) for s in samples], 10, {CROP: "worst member"})
    few, many = (judge({"worst member": 0.03}, n, calibration, 0.8, None) for n in (5, 10))
    assert few.color == "grey" and "use 10 or more" in few.reason and many.color == "green"


def test_each_context_has_a_curve_of_its_own():
    both = _fit(_samples(200) + _samples(200, context=SCAN, shift=0.06), 10)
    crop, scan = (both.predict(0.035, 10, context)[0] for context in (CROP, SCAN))
    assert crop - scan == pytest.approx(0.06, abs=0.025)
    assert set(_fit(_samples(200) + _samples(20, context=SCAN), 10).curves) == {CROP}  # too few scans
    assert _fit(_samples(30), 10) is None


def test_each_context_reads_the_signal_that_serves_best():
    """One is told by NQM, the other by the worst member; each finds nothing but chance in the other signal."""
    values = np.random.default_rng(3).uniform(0.03, 0.3, 200)
    both = [
        Sample(s.case, s.condition, s.dice, {signal: s.nqm, other: value}, context)
        for context, signal, other in ((CROP, "nqm", "worst member"), (SCAN, "worst member", "nqm"))
        for s, value in zip(_samples(200, context=context), values.tolist(), strict=True)
    ]
    assert {c: curve.signal for c, curve in fit(both, 10).curves.items()} == {CROP: "nqm", SCAN: "worst member"}
    forced = fit(both, 10, {CROP: "worst member"})
    assert {c: curve.signal for c, curve in forced.curves.items()} == {CROP: "worst member", SCAN: "worst member"}


def test_a_signal_of_what_was_dropped_elsewhere_is_read_only_where_it_is_told_to():
    values = np.random.default_rng(3).uniform(0.03, 0.3, 200).tolist()
    samples = [
        Sample(s.case, s.condition, s.dice, {"nqm field": s.nqm, "nqm": value})
        for s, value in zip(_samples(200), values, strict=True)
    ]
    for wanted, read in ((None, "nqm"), ({CROP: "nqm field"}, "nqm field")):
        assert fit(samples, 10, wanted).curve(CROP).signal == read


def test_a_larger_coverage_is_a_wider_interval():
    narrow, wide = (_fit(_samples(400), 10, coverage=share) for share in (0.8, 0.95))
    widths = [np.subtract(*each.predict(0.06, 10)[:0:-1]) for each in (narrow, wide)]
    assert widths[1] > 1.3 * widths[0] > 0


def test_what_has_an_objection_counts_as_grey_and_is_not_learned_from():
    good = _samples(200)
    wrong = [Sample(s.case, s.condition, 0.0, s.signals, s.context, "edge") for s in good[:100]]
    assert _fit(good + wrong, 10) == _fit(good, 10)
    nothing = Sample("x", "noise", 0.0, {"nqm": None}, CROP, "nothing")
    colors = [verdict.color for verdict in verdicts(_fit(good, 10), [*wrong[:3], nothing])]
    assert colors == ["grey"] * 4
    found = _found(_fit(good, 10), [nothing])
    assert found["failures_below_target"] == 1 and found["mean_absolute_error"] is None


def test_a_case_is_judged_without_its_own_samples():
    """One case that is much worse than its signal says: what was made with it has heard of it."""
    others = _samples(120, spread=0.005)
    strange = [Sample("strange", "noise", 0.5, {"nqm": 0.04 + n / 1e4}, CROP) for n in range(40)]
    calibration = _fit(others + strange, 10)
    assert {v.color for v in verdicts(calibration, strange)} != {"green"}
    apart = verdicts_apart(calibration, others + strange, strange + others[:4])
    assert {v.color for v in apart[:40]} == {"green"} and len(apart) == 44
    assert without(others + strange, "strange") == others


def test_a_context_without_a_case_to_leave_out_has_no_curve():
    """Nobody would know how far its interval holds; and what has too few samples without a case is not judged by the
    other context's curve."""
    crops = _samples(120)
    assert fit(_samples(44, context=SCAN, per_case=22), 10) is None
    assert set(fit(crops + _samples(44, context=SCAN, per_case=22), 10).curves) == {CROP}
    scans = _samples(56, context=SCAN, per_case=28)
    calibration = fit(crops + scans, 10)
    assert set(calibration.curves) == {CROP, SCAN}
    apart = verdicts_apart(calibration, crops + scans, crops[:4] + scans[:4])
    assert [v.color == "grey" for v in apart] == [False] * 4 + [True] * 4
    only_crops = fit(crops, 10)  # whose light is that of scans, too
    assert {v.color for v in verdicts_apart(only_crops, crops, scans)} != {"grey"}


def test_images_of_one_person_are_left_out_together():
    """Also where the model that carries the samples has only hashes of the names."""
    names = [f"sub-{person:02}_ses-{scan}" for person in range(5) for scan in (1, 2)]
    samples = [replace(sample, case=name) for sample, name in zip(_samples(10), names, strict=True)]
    assert [sample.case for sample in without(samples, "sub-00_ses-1")] == names[2:]
    hidden, _tried = samples_of(samples_json(samples, [], "salt"))
    assert len({sample.case for sample in hidden}) == 5
    assert [s.dice for s in without(hidden, hidden[0].case)] == pytest.approx([s.dice for s in samples[2:]], abs=1e-5)


@pytest.mark.parametrize(("cases", "each", "ships"), [(3, 14, False), (4, 12, False), (4, 14, True)])
def test_a_calibration_that_cannot_be_tried_without_a_case_does_not_ship(cases, each, ships):
    """All would be grey in the trial, and look as if no failure had been called good."""
    model, samples = bright_model(), _samples(cases * each, per_case=each)
    note = with_calibration(model, samples_json(samples, samples), None, 0.9)
    assert (model.calibration is not None) == (note is None) == ships
    if ships:
        assert model.calibration.detection["interval_coverage"] is not None
    else:
        assert f"{cases * each} samples of {cases} cases. 40 are needed, also without each case" in str(note)


def test_samples_round_trip():
    samples = [
        Sample("a", "clean", 0.91234, dict.fromkeys(SIGNALS, 0.04)),
        Sample("b", "noise", 0.0, dict.fromkeys(SIGNALS), SCAN, "nothing"),
    ]
    assert samples_of(json.loads(json.dumps(samples_json(samples, samples[:1])))) == (samples, samples[:1])
    hidden = [s.case for s in samples_of(samples_json(samples, [], "salt"))[0]]
    assert hidden == [hidden_name(s.case, "salt") for s in samples] and holds_hidden(hidden)
    assert samples_of(None) == ([], [])


@pytest.mark.parametrize("name", ["clean", *EVERY])
def test_artifacts_change_the_image_not_its_grid(name):
    image = image_of(organ_case(0)[0], (1, 1.2, 0.9), np.diag([-1.0, 1.0, 1.0]), (3, 4, 5))
    artifact = EVERY.get(name)
    worse, again = degrade(image, artifact, 4), degrade(image, artifact, 4)
    assert worse.GetSize() == image.GetSize() and worse.GetOrigin() == image.GetOrigin()
    assert np.array_equal(sitk.GetArrayViewFromImage(worse), sitk.GetArrayViewFromImage(again))
    same = np.array_equal(sitk.GetArrayViewFromImage(worse), sitk.GetArrayViewFromImage(image))
    assert same == (name == "clean")


def test_a_coils_field_varies_over_the_scan_not_over_the_crop():
    """The same severity changes a crop much less where it is a part of a scan."""
    image = image_of(np.full((20, 20, 20), 5.0, np.float32) + np.arange(20, dtype=np.float32) / 10, (2, 2, 2))

    def unevenness(as_scan):
        shares = []
        for seed in range(6):
            plain = sitk.GetArrayFromImage(degrade(image, _nothing, seed, as_scan)) + 1
            ratio = (sitk.GetArrayFromImage(degrade(image, bias_field, seed, as_scan)) + 1) / plain
            shares.append(np.ptp(np.log(ratio)))
        return np.median(shares)

    assert unevenness(True) < 0.6 * unevenness(False)


def _nothing(severity):
    return lambda scan: scan


def test_fine_voxels_are_mirrored_outward_as_far_as_memory_allows():
    assert artifacts._lacks((36, 50, 35), (1.0, 1.0, 1.0)) == [114, 100, 115]
    shape, spacing = (300, 300, 300), (0.1, 0.1, 0.1)
    padded = np.add(shape, artifacts._lacks(shape, spacing))
    assert padded.min() > 300 and np.prod(padded) <= artifacts._MOST_VOXELS
    assert artifacts._lacks((700, 700, 700), spacing) == [0, 0, 0]


def test_mild_severities_come_more_often():
    image = image_of(np.zeros((8, 8, 8), np.float32) + np.arange(8, dtype=np.float32))
    drawn = [sitk.GetArrayFromImage(degrade(image, noise, seed, as_scan=False)).std() for seed in range(60)]
    least, most = 0.02, 0.5
    assert np.mean(np.array(drawn) ** 2 < (0.33 + ((least + most) / 2) ** 2)) > 0.6


def test_a_shifted_crop_loses_a_side_and_keeps_its_place():
    image, labels = (image_of(array.astype(np.float32), (1, 2, 1.5)) for array in organ_case(0))
    smaller = set()
    for seed in range(8):
        cut, its_labels = shift(image, labels, seed)
        assert cut.GetSize() == its_labels.GetSize() and cut.GetOrigin() == its_labels.GetOrigin()
        assert all(0.74 * n <= m <= n for n, m in zip(image.GetSize(), cut.GetSize(), strict=True))
        there = CanonicalImage.of(cut).ras_of((2, 2, 2))
        index = np.round(CanonicalImage.of(image).index_of(there)).astype(int)
        assert CanonicalImage.of(cut).array[2, 2, 2] == CanonicalImage.of(image).array[tuple(index)]
        smaller.add(cut.GetSize())
    assert len(smaller) > 4


def test_a_calibration_that_calls_failures_good_does_not_ship():
    """One that was made with cases on which the model is far better than on those that it is tried on."""
    for worse, ships in ((0.0, True), (0.12, False)):
        model = bright_model()
        held_out = [replace(sample, case=f"other {sample.case}") for sample in _samples(100, seed=1, shift=worse)]
        note = with_calibration(model, samples_json(_samples(200), held_out), None, 0.9)
        assert (model.calibration is not None) == (note is None) == ships
    assert (
        model.info["quality"]["calibration_note"] == str(note) and "called" in str(note) and "samples" not in str(note)
    )
    model.info["quality"]["samples"] = samples_json(_samples(200), held_out)
    with pytest.raises(MedNCAError, match="it would have called"):  # nor one that is made anew of what was saved
        recalibrate(model, None, 0.9)


def test_what_stands_against_most_results_is_told():
    """A model that finds much, but nothing that could be judged, does not seem to find nothing."""
    model = bright_model()
    samples = [replace(s, objection="edge" if n else "volume") for n, s in enumerate(_samples(56))]
    note = with_calibration(model, samples_json(samples, []), None, 0.9)
    assert "in none of 56 images" in str(note) and "in 55 of 56 the result reaches the edge of the image" in str(note)
    assert note.values["why"].values["why"] == OBJECTED["edge"]  # which can be translated
    note = with_calibration(model, samples_json([replace(s, objection="nonsense") for s in samples], []), None, 0.9)
    assert "in 56 of 56 nonsense" in str(note)


def test_what_stands_against_results_is_said_as_everywhere():
    """`model.build.OBJECTED` has each objection, with dots for its values."""
    dotted = {key: re.sub(r"{.*?}", "...", text) for key, text in OBJECTIONS.items() if key != "calibration"}
    assert {key: str(sentence) for key, sentence in OBJECTED.items()} == dotted


def test_saved_samples_that_lack_a_signal_are_told(monkeypatch):
    """Not that they are too few; and a context that lacks it does not lose its curve unsaid."""
    monkeypatch.setitem(SIGNALS, "new", Signal(lambda evidence: 0.5))
    model = bright_model()
    for lacking in (CROP, SCAN):
        samples = [
            sample if sample.context == lacking else replace(sample, signals=sample.signals | {"new": sample.nqm})
            for context in (CROP, SCAN) for sample in _samples(80, context=context)
        ]  # fmt: skip
        model.info["quality"] = {"samples": samples_json(samples, [])}
        with pytest.raises(MedNCAError, match=r"saved samples of .* lack the signal 'new'; give it cases"):
            recalibrate(model, {CROP: "new", SCAN: "new"}, 0.9)
    recalibrate(model, {CROP: "new", SCAN: "nqm"}, 0.9)
    assert {curve.signal for curve in model.calibration.curves.values()} == {"new", "nqm"}


def test_the_paper_s_line_is_of_the_samples_that_have_its_signal():
    samples = [replace(s, signals=s.signals | {"nqm field": s.nqm}) for s in _samples(200)]
    line = _fit(samples, 10).linear
    assert line[0] < -1.5
    assert _fit([*samples, *_samples(200, seed=1)], 10).linear == line
    assert _fit(_samples(200), 10).linear[0] == 0.0


def test_a_case_that_is_left_out_is_told_what_a_curve_would_tell():
    """Also far from the knots: no interval is widened by what another interpolation would have said."""
    samples = [
        replace(sample, signals={"nqm": (0.03, 0.3)[number % 2]}, dice=(0.95, 0.4)[number % 2])
        for number, sample in enumerate(_samples(200))
    ]
    between = replace(samples[0], case="between", signals={"nqm": 0.1})
    (told,) = (each for each in module._left_out([*samples, between], "nqm", 0.9) if 0.41 < each.expected < 0.94)
    expected, low, high = replace(_fit(samples, 10), curves={CROP: module._curve(samples, "nqm", 0.9, 0.0)}).predict(
        0.1, 10
    )
    assert (told.expected, told.low, told.high) == pytest.approx((expected, low, high), abs=1e-3)


def test_what_was_measured_is_kept_from_who_is_killed(cases, tmp_path, monkeypatch):
    """Stopped in the middle of a line; the samples are those of who was not stopped, and of other weights, another
    version or other signals none is taken."""
    folder, kept, steps = save(bright_model(labels=2, fire_rate=0.5), tmp_path / "bright"), tmp_path / "s.jsonl", []

    def measure(step=lambda: None, model=folder, file=kept):
        return measure_degraded(InlinePool(), model, cases[:2], 0, step, only=("clean", "noise"), kept=file)

    def stop():
        steps.append(len(kept.read_text().splitlines()))
        if len(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(stop)
    assert steps == [1, 2, 3]
    kept.write_bytes(kept.read_bytes()[:-20])
    steps.clear()
    whole = measure(lambda: steps.append(len(kept.read_text().splitlines())))
    assert steps == [2, 2, 3, 4] and whole == measure(file=None) and len(whole) == 4
    other = bright_model(labels=2, fire_rate=0.5)
    for weights in other.pyramid.parameters():
        weights.data += 0.001
    measure(model=save(other, tmp_path / "other"))
    assert len(kept.read_text().splitlines()) == 8
    for path in (cases[0].image, cases[0].labels):
        (tmp_path / path.parent.name).mkdir()
        shutil.copy(path, tmp_path / path.parent.name / path.name)
    copy = replace(cases[0], image=tmp_path / "images" / cases[0].image.name)
    mended = replace(copy, labels=tmp_path / "labels" / cases[0].labels.name)
    labels = sitk.ReadImage(str(mended.labels))
    sitk.WriteImage(sitk.Cast(labels > 1, labels.GetPixelID()), str(mended.labels))
    for case, lines in ((copy, 8), (mended, 10)):  # elsewhere the same; but not with other labels
        measure_degraded(InlinePool(), folder, [case], 0, only=("clean", "noise"), kept=kept)
        assert len(kept.read_text().splitlines()) == lines
    for patch, lines in (
        (lambda: monkeypatch.setattr("mednca_train.model.samples.__version__", "0.0"), 14),
        (lambda: monkeypatch.setitem(SIGNALS, "new", Signal(lambda evidence: 0.5)), 18),
    ):
        patch()
        again = measure()
        assert len(kept.read_text().splitlines()) == lines
    assert again == measure(file=None) and all(sample.signals["new"] == 0.5 for sample in again)


# --- by command


def _run(*words):
    return CliRunner().invoke(cli.cli.app, [str(word) for word in words])


@pytest.fixture(scope="module")
def calibrated(cases, tmp_path_factory):
    """A phantom model calibrated by command on four of the eight phantoms, and tried on another."""
    folder = tmp_path_factory.mktemp("calibrated")
    model = bright_model(labels=2, fire_rate=0.9, keep_largest=True)
    for cell in model.pyramid.cells:  # only what stands out: noise that reaches the edge would make all grey
        cell.hidden.bias[0], cell.update.weight[1, 1], cell.update.weight[1, 2] = -1.0, 0.0, -4.0
    base = save(model, folder / "base")
    split = {"training": [f"case_{n}" for n in range(4)], "validation": ["case_4"]}
    (folder / "split.json").write_text(json.dumps(split), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        measure_here(patch)
        result = _run("calibrate", base, "--out", folder / "made", "--data", cases[0].image.parents[1],
                      "--cases", folder / "split.json", "--keep-names")  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder


def test_a_model_keeps_its_light_where_none_can_be_made(calibrated, cases, monkeypatch):
    measure_here(monkeypatch)
    result = _run("calibrate", calibrated / "made", "--out", calibrated / "none", "--data", cases[0].image.parents[1],
                  "--cases", calibrated / "split.json", "--calibration-cases", 1, "--keep-names")  # fmt: skip
    told = str(result.exception)
    assert "Too few cases" in told and "Nothing is written" in told and "stays grey" not in told, result.output
    assert not (calibrated / "none").exists()


def test_a_calibration_is_saved_with_its_samples(calibrated):
    model = load_model(calibrated / "made")
    samples, tried = samples_of(model.info["quality"]["samples"])
    assert {sample.case for sample in tried} == {"case_4"}
    assert {sample.case for sample in samples} == {f"case_{n}" for n in range(4)}
    assert fit(samples, model.members).curves == model.calibration.curves
    assert model.calibration.detection["samples"] == 2 + len(ARTIFACTS) + len(PAPER_ARTIFACTS)
    card = (calibrated / "made" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "crop, degraded" in card and "paper's noise" in card
    least = model.calibration.curves["crop"].low[0]
    assert f"The interval's low end is at most {least:.3f} in images of about one field of view:" in card
    assert "calibration was made with:" not in card and "calibration was made with." not in card
    assert model.info["quality"]["calibration_code"].startswith(__version__)
    assert model.info["eval_metrics"]["verdicts"]["grey"] == 0  # measured with its light, not before there was one


def test_another_coverage_and_signal_need_no_data(calibrated):
    made = calibrated / "made"
    result = _run("calibrate", made, "--out", calibrated / "wider", "--coverage", 0.95, "--signal", "worst member")
    assert result.exit_code == 0, result.output
    model = load_model(calibrated / "wider")
    assert model.calibration.coverage == 0.95
    assert {curve.signal for curve in model.calibration.curves.values()} == {"worst member"}
    card, old = ((calibrated / name / "MODEL_CARD.md").read_text(encoding="utf-8") for name in ("wider", "made"))
    assert "an interval of 95%" in card and "Made anew of saved samples" in card and "an interval of 90%" not in card
    kept = [part for part in old.split("\n## ") if not part.startswith("When it is unsure")]
    assert len(kept) > 5 and all(part.strip() in card for part in kept)  # license, intended use and all
    assert "no signal" in str(_run("calibrate", made, "--out", calibrated / "x", "--signal", "guess").exception)
    assert "samples" in str(_run("calibrate", calibrated / "base", "--out", calibrated / "x").exception)


def test_scans_are_added_to_what_the_model_carries(calibrated, cases, tmp_path, inline_pool, few_conditions):
    """What was measured of crops stays; scans that it has samples of already are replaced."""
    folder, options = calibrated / "made", ("--data", cases[0].image.parents[1], "--cases", calibrated / "split.json")
    for case in cases[5:7]:
        for path in (case.image, case.labels):
            (tmp_path / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / path.parent.name / path.name)
    before = samples_of(load_model(folder).info["quality"]["samples"])
    for name in ("once", "twice"):
        result = _run("calibrate", folder, "--out", tmp_path / name, *options, "--reuse", "--keep-names",
                      "--scan-images", tmp_path / "images", "--scan-labels", tmp_path / "labels")  # fmt: skip
        assert result.exit_code == 0, result.output
        folder, after = tmp_path / name, samples_of(load_model(tmp_path / name).info["quality"]["samples"])
        assert [some[: len(old)] == old for some, old in zip(after, before, strict=True)] == [True, True]
        assert [sorted({s.case for s in some[len(old):]}) for some, old in zip(after, before, strict=True)] == [
            ["case_5", "case_6"]] * 2  # fmt: skip
    assert load_model(folder).info["quality"]["calibration_command"].count("; ") == 2
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "Cases that the calibration was made with, too: 2." in card

    result = _run("verdict-report", folder, "--out", tmp_path / "report", *options, "--reuse", "--clicks", 1,
                  "--scan-images", tmp_path / "images", "--scan-labels", tmp_path / "labels")  # fmt: skip
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report" / "verdicts.json").read_text(encoding="utf-8"))
    assert report["scans"] == ["case_5", "case_6"] and report["cases"] == ["case_4"]
    counted = [[sum(colors.values()) for colors in report[key].values()] for key in ("nonsense", "nonsense_in_scans")]
    assert counted == [[1] * len(NONSENSE), [2] * len(NONSENSE)]
    assert "| scan, inverted |" in (tmp_path / "report" / "verdicts.md").read_text(encoding="utf-8")


def test_a_calibration_that_was_stopped_goes_on(calibrated, cases, tmp_path, inline_pool, monkeypatch):
    """What was measured lies beside the model's folder until that is there."""
    words = ("calibrate", calibrated / "base", "--out", tmp_path / "made", "--data", cases[0].image.parents[1],
             "--cases", calibrated / "split.json")  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr("mednca_train.model.build.validate", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert _run(*words).exit_code != 0
    assert [path.name for path in tmp_path.iterdir()] == ["made.samples.jsonl"]
    monkeypatch.setattr("mednca_train.model.samples._measure_one", lambda job: pytest.fail("measured again"))
    result = _run(*words)
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_verdict_report_measures_and_refuses_what_was_trained_with(calibrated, cases, tmp_path, inline_pool):
    options = ("--data", cases[0].image.parents[1], "--cases", calibrated / "split.json")
    for how in ((), ("--reuse",)):
        result = _run("verdict-report", calibrated / "made", "--out", tmp_path / "report", *options, *how)
        assert result.exit_code == 0, result.output
        report = json.loads((tmp_path / "report" / "verdicts.json").read_text(encoding="utf-8"))
        model = load_model(calibrated / "made")
        assert report["cases"] == ["case_4"] and report["sha256"] == model.sha256
        assert report["samples"] == 2 + len(ARTIFACTS) + len(PAPER_ARTIFACTS)
        assert set(report["nonsense"]) == set(NONSENSE) and report["failed"] == {}
        assert not any(report["nonsense_in_scans"].values())
        assert report["with_nonsense"]["failures"] >= len(NONSENSE)
    carried = samples_of(model.info["quality"]["samples"])[1]
    told = [(row["condition"], row["dice"]) for row in report["samples_judged"] if row["condition"] not in NONSENSE]
    assert told == [(sample.condition, round(sample.dice, 4)) for sample in carried]
    assert "| crop, degraded |" in (tmp_path / "report" / "verdicts.md").read_text(encoding="utf-8")
    assert sitk.ReadImage(str(tmp_path / "report" / "verdicts.png")).GetSize()[0] > 300

    (tmp_path / "others.json").write_text(
        json.dumps({"training": ["case_0"], "validation": ["case_1", "gone"]}), "utf-8"
    )
    seen = dict(model.info, training={"split": {"training": ["case_4"], "validation": ["case_3"]}})
    model.info.clear()
    model.info.update(seen)
    save(model, tmp_path / "seen")
    result = _run("verdict-report", tmp_path / "seen", "--out", tmp_path / "other", *options)
    assert "case_4 was trained with" in str(result.exception)
    result = _run("calibrate", tmp_path / "seen", "--out", tmp_path / "other", *options)
    assert "case_4 was trained with" in str(result.exception)
    model.info["training"] = {"split": {"training": ["case_4"], "validation": []}, "folds": [["case_4"]]}
    save(model, tmp_path / "folds")  # trained with all in the end; the samples are of a fold that had not seen the case
    for command in ("verdict-report", "calibrate"):  # a fold's split.json says nothing of it
        result = _run(command, tmp_path / "folds", "--out", tmp_path / "other", *options)
        assert "has learned from all cases of its folds" in str(result.exception)
    result = _run("verdict-report", tmp_path / "folds", "--out", tmp_path / "other", *options[:2], "--unseen")
    assert "was trained with" in str(result.exception)
    scans = ("--scan-images", cases[4].image.parent, "--scan-labels", cases[4].labels.parent)
    result = _run("verdict-report", tmp_path / "seen", "--out", tmp_path / "other", *options[:2],
                  "--cases", tmp_path / "others.json", *scans)  # fmt: skip
    assert "case_4 was trained with" in str(result.exception)  # nor may a scan be
    result = _run("verdict-report", tmp_path / "folds", "--out", tmp_path / "report", *options, "--reuse")
    assert result.exit_code == 0, result.output
    assert "scan, inverted" not in (tmp_path / "report" / "verdicts.md").read_text("utf-8")
    (tmp_path / "report.md").write_text("all of it", encoding="utf-8")
    taken = _run("verdict-report", tmp_path / "folds", "--out", tmp_path / "report.md", *options, "--reuse")
    assert "is a file" in str(taken.exception)
    assert "1 cases in folds, each by a model that has not" in (tmp_path / "report" / "verdicts.md").read_text("utf-8")
    model.info["training"]["split"]["training"] = []
    (tmp_path / "split.json").write_text(json.dumps({"training": [], "validation": ["case_7"]}), encoding="utf-8")
    save(model, tmp_path / "unseen")
    result = _run("verdict-report", tmp_path / "unseen", "--out", tmp_path / "other", *options[:2],
                  "--cases", tmp_path / "split.json", "--reuse")  # fmt: skip
    assert "no samples of case_7" in str(result.exception)


def test_a_calibration_is_not_tried_on_what_was_trained_with(calibrated, cases, inline_pool):
    """Where the model's own split does not say on what: none of its validation cases is there, as of folds."""
    options, names = ("--data", cases[0].image.parents[1], "--keep-names"), [case.name for case in cases]
    for trained in (names, names[:6]):
        model = load_model(calibrated / "made")
        model.info["training"] = {"split": {"training": trained, "validation": []}}
        folder = save(model, calibrated / f"with {len(trained)}")
        result = _run("calibrate", folder, "--out", calibrated / "again", *options)
        if trained == names:
            assert "which the model was not trained with" in str(result.exception)
    assert result.exit_code == 0, result.output
    assert load_model(calibrated / "again").info["eval_metrics"]["cases"] == 2  # those that are left


def test_what_is_said_to_be_unseen_is_not_believed_where_the_model_names_it(calibrated, cases, tmp_path, inline_pool):
    """By its names, or by their hashes where the run beside the split tells their key; of hashes alone the card tells
    who says it."""
    data, salt, base = cases[0].image.parents[1], "salt", load_model(calibrated / "base")
    learned = {"training": ["case_1", "case_2"], "validation": ["case_3"]}
    for name, split in (("named", learned), ("hidden", hidden_names(learned, salt))):
        base.info["training"] = {"split": split}
        save(base, tmp_path / name)
    result = _run("calibrate", tmp_path / "named", "--out", tmp_path / "made", "--data", data, "--unseen")
    assert "case_1 was trained with" in str(result.exception) and not (tmp_path / "made").exists()

    run = tmp_path / "run"
    run.mkdir()
    write_metadata(run, METADATA, RunOptions(salt=salt))
    for validation, told in (("case_2", "case_2 was trained with"), ("case_4", None)):
        split = {"training": [f"case_{n}" for n in (0, 1, 5, 6)], "validation": [validation]}
        (run / "split.json").write_text(json.dumps(split), encoding="utf-8")
        result = _run("calibrate", tmp_path / "hidden", "--out", tmp_path / f"by {validation}", "--data", data,
                      "--cases", run / "split.json")  # fmt: skip
        assert told in str(result.exception) if told else result.exit_code == 0, result.output
    result = _run("calibrate", tmp_path / "hidden", "--out", tmp_path / "said", "--data", data, "--unseen")
    assert result.exit_code == 0, result.output
    known, said = ((tmp_path / name / "MODEL_CARD.md").read_text(encoding="utf-8") for name in ("by case_4", "said"))
    assert "Cases of its calibration, with none of which it was trained: 1;" in known
    assert "Cases of its calibration, with none of which it was trained, as whoever calibrated it says: 2;" in said


def test_a_light_that_is_lost_is_told(calibrated, cases, tmp_path, inline_pool, monkeypatch):
    """Before an hour is spent where it is certain; else once it is known."""
    model = load_model(calibrated / "made")
    curves = model.info["quality"]["calibration"]["curves"]
    curves["scan"] = curves["crop"]
    save(model, tmp_path / "both")
    words = ("calibrate", tmp_path / "both", "--data", cases[0].image.parents[1], "--cases", calibrated / "split.json")
    told = "was calibrated on larger images before; the new calibration is not"
    result = _run(*words, "--out", tmp_path / "again", "--reuse", "--keep-names")
    assert result.exit_code == 0 and result.output.count(told) == 1, result.output
    assert told not in _run("calibrate", calibrated / "made", "--out", tmp_path / "same", "--coverage", 0.8).output
    monkeypatch.setattr("mednca_train.model.build.calibrate", lambda *_: 1 / 0)
    assert told in _run(*words, "--out", tmp_path / "more").output
    assert told not in _run(*words, "--out", tmp_path / "more", "--reuse").output


def test_bundled_models_were_calibrated_without_their_validation_cases():
    """Each model that carries samples: all but those whose calibration is still that of version 0.1."""
    with_samples = set()
    for entry in Library(bundled=ROOT / "Resources" / "Models").entries():
        info = load_model(entry.folder).info
        split, (made_with, tried) = info["training"]["split"], samples_of(info["quality"].get("samples"))
        validation, made_with = set(split["validation"]), {sample.case for sample in made_with}
        if folds := info["training"].get("folds"):  # each sample is of a fold that had not seen its case
            held_out = sorted(name for fold in folds for name in fold)
            assert held_out == split["training"] == sorted(made_with) == sorted({sample.case for sample in tried})
            continue
        assert not validation & (made_with | set(split["training"])), entry.id
        assert not {sample.case for sample in tried} & set(split["training"]), entry.id
        if made_with:
            with_samples.add(entry.id)
    assert with_samples >= {"hippocampus-m3dnca", "hippocampus-mednca"}

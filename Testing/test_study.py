"""Studies: a file that says what is measured, a command that measures what is missing, a report that says it all."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from typer.testing import CliRunner

from conftest import ROOT, InlinePool
from mednca.errors import MedNCAError
from mednca.imaging.geometry import CanonicalImage
from mednca.imaging.metrics import dice
from mednca.models.description import Label, Preprocessing
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.nca.architecture import Architecture, Level
from mednca_train import cli
from mednca_train.data.layouts import find_dataset
from mednca_train.plan.plan import Augmentation, Plan
from mednca_train.study.changes import AXES, beside
from mednca_train.study.machine import Trial, try_out
from mednca_train.study.measure import Job, measure
from mednca_train.study.networks import Network, Spec, load_network
from mednca_train.study.plan import Contender, Machine, Measurement, Part, Study, Trained, read_study
from mednca_train.study.quality import judged
from mednca_train.study.report import machine_summaries, write_report
from mednca_train.study.run import ROWS, Answer, _Models, run_study, try_machines
from mednca_train.study.training import NetworkTraining, TaughtRun, job_of, train
from mednca_train.training.batches import Batches
from mednca_train.training.estimate import made_up_batch
from panel import CALIBRATION
from phantoms import image_of, m3d, organ_case, random_pyramid, save, standout_model

FLAT = Architecture("med-nca", 4, 4, (Level((2, 2, 1), 3, 2), Level((1, 1, 1), 3, 2)), slice_axis=2)
SMALL = ROOT / "docs" / "study" / "small.json"


@pytest.fixture
def phantoms(tmp_path):
    """Eight cases, bright organs in a little noise."""
    for name in ("images", "labels"):
        (tmp_path / "phantoms" / name).mkdir(parents=True)
    for number in range(8):
        image, labels = organ_case(number, noise=0.02)
        for name, array in (("images", image), ("labels", (labels > 0).astype(np.uint8))):
            sitk.WriteImage(image_of(array), str(tmp_path / "phantoms" / name / f"case_{number}.nii.gz"))
    return tmp_path / "phantoms"


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The library has a model by hand, which was trained with two of the cases, and whose light has seen a third."""
    monkeypatch.setenv("MEDNCA_MODELS", str(tmp_path / "models"))
    model = standout_model("organ", field_of_view=(24.0, 26.0, 22.0), fire_rate=0.9)
    signals = ["nqm", "nqm field", "worst member", "mean member"]
    row = ["case_2", "clean", "crop", None, 0.9, *[0.1] * 4]
    model.info |= {
        "training": {"split": {"training": ["case_0", "case_1"], "validation": ["case_3"]}},
        "quality": {"calibration": CALIBRATION, "samples": {"signals": signals, "made_with": [row], "tried": []}},
    }
    save(model, tmp_path / "models" / "organ")
    return tmp_path / "models"


def _run(plan, out, data):
    return CliRunner().invoke(cli.cli.app, ["study", str(plan), "--out", str(out), "--data", f"phantoms={data}"])


@pytest.mark.slow
def test_the_small_study(phantoms, models, tmp_path):
    """By its command; nobody was trained with the cases; all say the same figures; again, nothing is measured."""
    result = _run(SMALL, tmp_path / "out", phantoms)
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "out" / "study.json").read_text("utf-8"))
    assert told["parts"]["models"]["cases"] == [f"case_{n}" for n in range(2, 8)]
    assert set(told["parts"]["noise"]["cases"]) < set(told["parts"]["models"]["cases"])
    first = told["parts"]["models"]["figures"]["ten members"]
    assert first["dice"]["union"]["mean"] > 0.8
    machine = told["machines"]["machine"]["figures"]["organ, 1 thread"]
    assert machine["threads"] == machine["cores"] == 1 and 0 < machine["before_mb"] <= machine["peak_mb"] < 2048
    assert machine["processor_seconds"] > 0 and machine["least_dice"] > 0.8
    assert told["machines"]["machine"]["bytes"]["organ"] > 1000
    assert first["contender"] == "ten members" and first["rows"] == 6 * 2 and first["judged"] == 5 * 2
    assert list(told["parts"]["noise"]["figures"]) == ["organ at 0", "organ at 0.3", "organ at 1"]
    page = (tmp_path / "out" / "study.md").read_text("utf-8")
    html = (tmp_path / "out" / "study.html").read_text("utf-8")
    for text in (f"{first['dice']['union']['mean']:.3f}", "The more noise, the worse the mask.", "A small machine"):
        assert text in page and text in html
    for name in ("models", "noise", "members"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"]({name}.png)" in page
    for number in (1, 2):
        assert (tmp_path / "out" / f"models-pictures-{number}.png").read_bytes().startswith(b"\x89PNG")
    assert html.count("<img ") == 5 and 'src="models.png"' in html and "<script" not in html and "http" not in html
    files = [tmp_path / "out" / name / ROWS for name in ("models", "noise", "machine")]
    assert not (tmp_path / "out" / "members" / ROWS).exists()  # all of it is known from the other parts
    written = {file: file.stat().st_mtime_ns for file in files}
    assert _run(SMALL, tmp_path / "out", phantoms).exit_code == 0
    assert written == {file: file.stat().st_mtime_ns for file in files}
    assert json.loads((tmp_path / "out" / "study.json").read_text("utf-8")) == told


class Stop(Exception):
    pass


def test_a_label_map_that_was_corrected_is_measured_anew(phantoms, models, inline_pool, tmp_path):
    study, data = read_study(SMALL), {"phantoms": find_dataset(phantoms)}
    study = replace(study, parts=study.parts[1:2], machines=())
    (before,) = run_study(study, data, tmp_path / "out", Library())
    name = before.rows[0]["case"]
    path = phantoms / "labels" / f"{name}.nii.gz"
    labels = sitk.ReadImage(str(path))
    sitk.WriteImage(sitk.BinaryErode(labels, [2, 2, 2], sitk.sitkBall, 0, 1), str(path))
    (after,) = run_study(study, data, tmp_path / "out", Library())
    changed = {a["case"] for a, b in zip(after.rows, before.rows, strict=True) if a["dice"] != b["dice"]}
    assert changed == {name}


def test_a_study_that_was_stopped_and_cut_goes_on(phantoms, models, inline_pool, tmp_path):
    """To the rows of one that was not stopped; what it has is not measured again, and a half line is."""
    study, data, library = read_study(SMALL), {"phantoms": find_dataset(phantoms)}, Library()
    study = replace(study, parts=study.parts[1:], machines=())
    whole = run_study(study, data, tmp_path / "whole", library)

    def stop(done, total):
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        run_study(study, data, tmp_path / "out", library, stop)
    rows = tmp_path / "out" / "noise" / ROWS
    assert len(rows.read_bytes().splitlines()) == 5
    rows.write_bytes(rows.read_bytes()[:-30])
    seen = []
    again = run_study(study, data, tmp_path / "out", library, lambda done, total: seen.append((done, total)))
    assert seen[0] == (4, 9 + 2) and seen[-1] == (11, 11)  # the second part shares two of its four with the first
    assert [_without_time(answer.rows) for answer in again] == [_without_time(answer.rows) for answer in whole]


def _without_time(rows):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in rows]


def test_another_name_measures_nothing_and_other_weights_do(phantoms, models, inline_pool, tmp_path):
    study, data = read_study(SMALL), {"phantoms": find_dataset(phantoms)}
    study = replace(study, parts=study.parts[2:])
    run_study(study, data, tmp_path / "out", Library())
    (part,) = study.parts
    renamed = replace(study, parts=(replace(part, contenders=(replace(part.contenders[0], name="other"),)),))
    seen = []
    answers = run_study(renamed, data, tmp_path / "out", Library(), lambda done, total: seen.append(done))
    assert seen == [4] and {row["contender"] for row in answers[0].rows} == {"other"}
    changed = load_model(models / "organ")
    for weights in changed.pyramid.parameters():
        weights.data += 1e-4
    shutil.rmtree(models / "organ")
    save(changed, models / "organ")
    seen.clear()
    run_study(study, data, tmp_path / "out", Library(), lambda done, total: seen.append(done))
    assert seen[0] == 0 and seen[-1] == 4
    changed.info["quality"] = changed.info["quality"] | {"calibration": CALIBRATION | {"coverage": 0.8}}
    shutil.rmtree(models / "organ")
    save(changed, models / "organ")  # the same weights, whose light is another one
    seen.clear()
    run_study(study, data, tmp_path / "out", Library(), lambda done, total: seen.append(done))
    assert seen[0] == 0 and seen[-1] == 4


def test_another_version_measures_anew(phantoms, models, inline_pool, tmp_path, monkeypatch):
    study, data, seen = read_study(SMALL), {"phantoms": find_dataset(phantoms)}, []
    study = replace(study, parts=study.parts[2:], machines=())
    for version in (None, None, "0.0"):
        if version:
            monkeypatch.setattr("mednca_train.study.measure.__version__", version)
        run_study(study, data, tmp_path / "out", Library(), lambda done, total: seen.append(done))
    assert [done for done in seen if done in (0, 4)] == [0, 4, 4, 0, 4]


def test_what_cannot_be_measured_is_told_and_the_rest_is(phantoms, models, inline_pool, tmp_path):
    """A damaged case; a light that has seen a case says nothing of it; the exit says that something failed."""
    (phantoms / "labels" / "case_5.nii.gz").write_bytes(b"no image")
    told = json.loads(SMALL.read_text("utf-8"))
    told |= {"parts": told["parts"][:1], "machines": [], "seeds": [0]}
    (tmp_path / "plan.json").write_text(json.dumps(told), "utf-8")
    result = _run(tmp_path / "plan.json", tmp_path / "out", phantoms)
    assert result.exit_code == 1 and "case_5" in result.output
    told = json.loads((tmp_path / "out" / "study.json").read_text("utf-8"))
    assert set(told["parts"]["models"]["failed"]) == {"case_5"}
    assert told["parts"]["models"]["figures"]["ten members"]["rows"] == 5
    assert "Not measured: case_5" in (tmp_path / "out" / "study.md").read_text("utf-8")


_LEARNER = {"name": "x", "data": "phantoms", "like": "organ", "minutes": 1}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.update(seeds=[]), "seeds"),
        (lambda s: s["parts"][0].update(axis="luck"), "luck"),
        (lambda s: s["parts"][1].update(name="models"), "two parts are called models"),
        (lambda s: s["parts"][0]["contenders"][1].update(name="ten members"), "two contenders are called ten members"),
        (lambda s: s["parts"][0].update(data="others"), "needs the data set others"),
        (lambda s: s["parts"][0]["contenders"][0].update(model="nobody"), "nobody"),
        (lambda s: s["machines"][0].update(name="models"), "two parts are called models"),
        (lambda s: s["machines"][0].update(threads=[0]), "threads"),
        (
            lambda s: s.update(trained=[_LEARNER | {"id": "a", "teacher": "b"}, _LEARNER | {"id": "b"}]),
            "b cannot teach a",
        ),
    ],
)
def test_a_wrong_study_is_one_sentence(phantoms, models, tmp_path, change, told):
    study = json.loads(SMALL.read_text("utf-8"))
    change(study)
    (tmp_path / "wrong.json").write_text(json.dumps(study), "utf-8")
    with pytest.raises(MedNCAError, match=told):
        read = read_study(tmp_path / "wrong.json")
        run_study(read, {"phantoms": find_dataset(phantoms)}, tmp_path / "out", Library())


def test_a_part_without_an_unseen_case_is_refused(phantoms, models, tmp_path):
    model = load_model(models / "organ")
    model.info["training"]["split"]["training"] = [f"case_{n}" for n in range(8)]
    shutil.rmtree(models / "organ")
    save(model, models / "organ")
    with pytest.raises(MedNCAError, match="trained with all"):
        run_study(read_study(SMALL), {"phantoms": find_dataset(phantoms)}, tmp_path / "out", Library())


@pytest.mark.parametrize("axis", [name for name, axis in AXES.items() if axis.change])
def test_a_change_keeps_the_answer_where_the_organ_is(axis):
    """Where the organ is bright in the changed image, the changed label map says so; 0 (or 1) changes nothing."""
    array, labels = organ_case(3, noise=0.0)
    image, truth = image_of(array, (1.0, 1.2, 1.5)), image_of(labels, (1.0, 1.2, 1.5))
    value, none = {"scale": (1.3, 1), "rotation": (20, 0), "translation": (4, 0), "shape": (5, 0)}.get(axis, (0.3, 0))
    changed, answer = AXES[axis].change(image, truth, value, 7)
    assert changed.GetSize() == answer.GetSize() and changed.GetSpacing() == answer.GetSpacing()
    voxels, known = sitk.GetArrayFromImage(changed), sitk.GetArrayFromImage(answer) > 0
    bright = voxels > (voxels.min() + voxels.max()) / 2
    assert dice(bright, known) > (0.5 if axis in ("darker", "brighter", "ghosting", "spike", "motion") else 0.9)
    again, _ = AXES[axis].change(image, truth, value, 7)
    assert np.array_equal(sitk.GetArrayFromImage(again), voxels)
    same, untouched = AXES[axis].change(image, truth, none, 7)
    assert np.allclose(sitk.GetArrayFromImage(same), sitk.GetArrayFromImage(image), atol=1e-3)
    assert np.array_equal(sitk.GetArrayFromImage(untouched), sitk.GetArrayFromImage(truth))


def test_a_click_is_moved_as_far_as_it_says():
    canonical = CanonicalImage.of(image := image_of(organ_case(0)[0]))
    last = np.array(canonical.array.shape) - 1
    middle, corner = (canonical.ras_of(index) for index in (last / 2, last))
    assert np.linalg.norm(np.subtract(beside(image, middle, 8.0, 5), middle)) == pytest.approx(8)
    assert not np.allclose(beside(image, middle, 8.0, 5), beside(image, middle, 8.0, 6))
    for seed in range(8):  # never out of the image, where it would say nothing of the model
        index = canonical.index_of(beside(image, corner, 8.0, seed))
        assert np.all(index >= 0) and np.all(index <= last)


def test_a_contender_runs_as_it_says(phantoms, models):
    """More steps and another fire rate, with the same weights; the model itself is as it was."""
    (case,) = [case for case in find_dataset(phantoms).cases if case.name == "case_4"]

    def rows(**changed):
        what = Measurement(Contender("organ", "x", members=2, **changed), "phantoms", "case_4", "none", 0.0, False, 0)
        return _without_time(measure(Job(what, case, str(models / "organ"))))

    own = rows()
    assert rows(steps=1.0) == own and rows(fire_rate=0.9) == own
    assert rows(fire_rate=0.1) != own and rows(steps=4) != own and rows() == own


def test_a_live_norm_takes_the_statistics_of_what_it_sees(phantoms, models):
    """Frozen to what training saw, a norm differs from a live one; a norm of the same statistics does not."""
    model = load_model(models / "organ")
    architecture = replace(model.architecture, norm="batch")
    shutil.rmtree(models / "organ")
    save(replace(model, architecture=architecture, pyramid=random_pyramid(architecture)), models / "organ")
    (case,) = [case for case in find_dataset(phantoms).cases if case.name == "case_4"]
    job = Job(Measurement(Contender("organ", "x", 2), "phantoms", "case_4", "none", 0.0, False, 0), case,
              str(models / "organ"))  # fmt: skip
    frozen = measure(job)
    live = replace(job, what=replace(job.what, contender=replace(job.what.contender, live_norm=True)))
    assert _without_time(measure(live)) != _without_time(frozen) == _without_time(measure(job))


def test_a_machine_without_enough_memory_is_told(phantoms, models):
    (case,) = [case for case in find_dataset(phantoms).cases if case.name == "case_4"]
    trial = Trial(str(models / "organ"), case.name, str(case.image), str(case.labels), False, 1, 60, 0)
    with pytest.raises(MedNCAError, match="case_4, 1 threads, 60 MB: "):
        try_out(trial)


@pytest.mark.parametrize("name", ["case_2", "case-0123456789"])
def test_a_light_counts_where_its_calibration_surely_did_not_see_the_case(
    phantoms, models, inline_pool, tmp_path, name
):
    """Of hashed names nobody can tell."""
    model = load_model(models / "organ")
    model.info["quality"]["samples"]["made_with"][0][0] = name
    shutil.rmtree(models / "organ")
    save(model, models / "organ")
    part = Part("part", "Part", "phantoms", (Contender("organ", "organ", members=5),), seeds=(0,))
    (answer,) = run_study(Study("", (0,), (part,)), {"phantoms": find_dataset(phantoms)}, tmp_path / "out", Library())
    judged = {row["case"] for row in answer.rows if row["verdict"]}
    assert judged == ({"case_3", "case_4", "case_5", "case_6", "case_7"} if name == "case_2" else set())


def test_a_light_counts_for_nothing_where_its_calibration_saw_the_person(phantoms, models, inline_pool, tmp_path):
    """In another image: it is as little new to it as the image that it saw."""
    for path in [*phantoms.glob("*/case_*")]:
        number = int(path.name[5])
        path.rename(path.with_name(f"sub-{number // 2:02}_ses-{number % 2}.nii.gz"))
    model = load_model(models / "organ")
    model.info["training"]["split"] = {"training": ["sub-00_ses-0"], "validation": []}
    model.info["quality"]["samples"]["made_with"][0][0] = "sub-01_ses-0"
    shutil.rmtree(models / "organ")
    save(model, models / "organ")
    part = Part("part", "Part", "phantoms", (Contender("organ", "organ", members=5),), seeds=(0,))
    (answer,) = run_study(Study("", (0,), (part,)), {"phantoms": find_dataset(phantoms)}, tmp_path / "out", Library())
    judged = {row["case"]: bool(row["verdict"]) for row in answer.rows}
    assert judged == {f"sub-{person:02}_ses-{scan}": person > 1 for person in (1, 2, 3) for scan in (0, 1)}


def test_a_model_of_all_cases_is_timed_and_gets_no_dice(phantoms, models, tmp_path):
    """As one of folds: nothing is left to measure a part on, which is told; seconds and memory need no unseen case."""
    model = load_model(models / "organ")
    model.info["training"]["split"] = {"training": [f"case_{number}" for number in range(8)], "validation": []}
    shutil.rmtree(models / "organ")
    save(model, models / "organ")
    machine = Machine("machine", "A small machine", "phantoms", (Contender("organ", "organ"),), threads=(1,), cases=1)
    data = {"phantoms": find_dataset(phantoms)}
    (tried,) = try_machines(Study("", (0,), (), machines=(machine,)), data, tmp_path / "out", Library())
    assert tried.is_seen and tried.rows[0]["dice"] > 0.8 and not tried.failed
    (told,) = machine_summaries(tried)
    assert told["least_dice"] is None and told["seconds"] > 0
    part = Part("part", "Part", "phantoms", machine.contenders, seeds=(0,))
    with pytest.raises(MedNCAError, match="The part part has no cases: its models were trained with all of phantoms"):
        run_study(Study("", (0,), (part,)), data, tmp_path / "out", Library())


def test_the_full_study_can_be_read_and_names_bundled_models():
    study = read_study(SMALL.with_name("full.json"))
    bundled = {path.name for path in (ROOT / "Resources" / "Models").iterdir()}
    trained = {each.id for each in study.trained}
    assert {contender.model for part in study.parts for contender in part.contenders} <= bundled | trained
    assert {each.like for each in study.trained} <= bundled
    minutes = {each.id: each.minutes for each in study.trained}
    for part in study.parts:  # what is compared had the same time
        assert len({minutes[each.model] for each in part.contenders if each.model in minutes}) <= 1, part.name
    assert len(study.seeds) == 3


def _row(true, light, metric, expected=None):
    return {
        "contender": "organ", "value": 0.0, "case": f"{true} {light} {metric}", "structure": 0, "seed": 0,
        "verdict": light, "dice": {"union": true}, "predicted_dice": expected,
        "interval": [None, None] if expected is None else [expected - 0.1, expected + 0.1],
        "signals": {"nqm field": metric}, "hd95_mm": {"union": 1.0}, "nqm": metric, "seconds": 1.0,
        "processor_seconds": 1.0,
    }  # fmt: skip


def test_the_light_and_the_paper_s_line_side_by_side(models, tmp_path):
    """Of four failures the light tells three and the line two; nothing found counts as told by both."""
    model = load_model(models / "organ")
    samples = model.info["quality"]["samples"]
    samples["made_with"] = [["x", "clean", "crop", None, 1 - 2 * x, x, x, x, x] for x in (0.0, 0.1, 0.3)]
    (part,) = [part for part in read_study(SMALL).parts if part.name == "noise"]
    plain = replace(part, contenders=(replace(part.contenders[0], members=None),))
    rows = [
        _row(0.9, "green", 0.05, 0.88), _row(0.9, "amber", 0.15, 0.7), _row(0.7, "red", 0.2, 0.72),
        _row(0.7, "red", 0.05, 0.75), _row(0.6, "amber", 0.05, 0.85), _row(0.0, "grey", None),
    ]  # fmt: skip
    answer = Answer(plain, ["case_4"], {"organ": model}, rows)
    (light,) = judged([answer])
    assert light.line == pytest.approx((-2, 1)) and light.threshold == pytest.approx(0.1)
    told = light.figures()
    assert {name: each["failures_told"] for name, each in told.items()} == {
        "light, red or grey": 0.75, "light, not green": 1.0, "the paper's line": 0.5,
    }  # fmt: skip
    assert [each["good_called_failures"] for each in told.values()] == [0.0, 0.5, 0.5]
    assert light.interval()["rows"] == 5 and light.interval()["coverage"] == 0.6
    rows += [_row(0.9, "green", 0.05, 0.88) | {"value": 0.3}]
    again = Answer(replace(plain, axis="spike"), ["case_4"], {"organ": model}, rows[:2])  # undisturbed, as before
    scans = Answer(replace(plain, axis="scale", scans=True), ["case_4"], {"organ": model}, rows[:1])
    (grouped,) = judged([answer, again, scans])
    assert {name: (each["rows"], each["coverage"]) for name, each in grouped.intervals().items()} == {
        "crops, as they are": (5, 0.6), "crops, artifacts": (1, 1.0), "whole scans, size, place or shape": (1, 1.0),
    }  # fmt: skip
    rows.pop()
    write_report(replace(read_study(SMALL), parts=(plain,)), [answer], [], tmp_path, "mednca study")
    assert "75.0%" in (tmp_path / "study.md").read_text("utf-8")
    assert json.loads((tmp_path / "study.json").read_text("utf-8"))["quality"]["organ"]["told"] == told
    assert (tmp_path / "quality-organ.png").is_file()
    assert judged([Answer(part, ["case_4"], {"organ": model}, rows)]) == []  # three members are not the model's own


PLAN = Plan(
    architecture=m3d(),
    preprocessing=Preprocessing((1.0, 1.0, 1.0), (0.5, 99.5), (24.0, 26.0, 22.0), keep_largest=True),
    labels=(Label(1, "Organ", (200, 0, 0)),),
    field_of_view=(20, 22, 18),
    patch=(12, 12, 12),
    batch=1,
    augmentation=Augmentation(shift=2.0, elastic=0.0),
)


@pytest.fixture
def trained_study(models):
    """Three contenders trained for seconds: an NCA without augmentation, a U-Net, a 2D U-Net."""
    model = load_model(models / "organ")
    for name, plan in (("third", PLAN), ("flat", replace(PLAN, architecture=FLAT))):
        info = model.info | {"training": model.info["training"] | {"plan": plan.to_json()}}
        pyramid = random_pyramid(plan.architecture)
        made = replace(model, id=name, architecture=plan.architecture, labels=plan.labels, info=info, pyramid=pyramid)
        save(made, models / name)
    own = (
        Trained("own-nca", "an NCA", "phantoms", "third", 0.005, plan={"augmentation": False, "duplication": 2}),
        Trained("own-unet", "a U-Net", "phantoms", "third", 0.01, unet=4),
        Trained("own-slices", "a 2D U-Net", "phantoms", "flat", 0.005, unet=4, slices=True),
        Trained("own-taught", "a taught NCA", "phantoms", "third", 0.005, teacher="own-unet"),
    )
    contenders = tuple(Contender(each.id, each.name) for each in own)
    part = Part("side-by-side", "Side by side", "phantoms", contenders, (0,), cases=2)
    return Study("Trained", (0,), (part,), trained=own)


def test_another_description_is_another_training(trained_study, phantoms, models, inline_pool, tmp_path, monkeypatch):
    """What was trained by the old one is not measured under the new one."""
    monkeypatch.setattr("mednca_train.study.run.train", lambda job: job.folder.mkdir(parents=True))
    data, pool = {"phantoms": find_dataset(phantoms)}, InlinePool()
    first, *others = trained_study.trained

    def train_missing(*trained):
        study = replace(trained_study, trained=(*trained, *others))
        _Models(study, data, tmp_path / "models", Library()).train_missing(pool)

    train_missing(first)
    train_missing(replace(first, name="another name"))
    with pytest.raises(MedNCAError, match="otherwise by now how own-nca is trained"):
        train_missing(replace(first, minutes=9.0))


@pytest.mark.slow
def test_a_study_trains_its_own(trained_study, phantoms, models, inline_pool, tmp_path):
    """On the split of the model that they are like, once; what they were trained with is measured by none."""
    data, out = {"phantoms": find_dataset(phantoms)}, tmp_path / "out"
    (answer,) = run_study(trained_study, data, out, Library())
    assert {row["contender"] for row in answer.rows} == {each.name for each in trained_study.trained}
    assert not answer.failed
    assert not set(answer.cases) & {"case_0", "case_1"}
    assert all(row["verdict"] is None and 0 <= row["dice"]["union"] <= 1 for row in answer.rows)
    nca = load_model(out / "models" / "own-nca")
    assert nca.info["training"]["split"]["training"] == ["case_0", "case_1"]
    plan = nca.info["training"]["plan"]
    assert plan["duplication"] == 2 and plan["augmentation"]["noise"] == 0 == plan["augmentation"]["shift"]
    unet = load_network(out / "models" / "own-unet")
    assert unet.info["training"]["split"] == nca.info["training"]["split"] and unet.parameter_count > 1000
    assert load_network(out / "models" / "own-slices").spec.slice_axis == 2
    times = [path.stat().st_mtime_ns for path in sorted((out / "models").rglob("*.safetensors"))]
    run_study(trained_study, data, out, Library())
    assert times == [path.stat().st_mtime_ns for path in sorted((out / "models").rglob("*.safetensors"))]
    write_report(trained_study, [answer], [], out, "mednca study")
    assert f"{unet.parameter_count:,}" in (out / "study.md").read_text("utf-8")


def test_a_taught_nca_learns_labels_and_probabilities_in_halves():
    spec = Spec.for_field(PLAN.field_of_view, (1.0, 1.0, 1.0), 4, 1)
    network = spec.build().eval()
    run = TaughtRun("", replace(PLAN, iterations=10), {"training": [], "validation": []})
    images, labels = made_up_batch(PLAN)
    before = [weight.clone() for weight in run.parameters]
    assert run.targets(images, labels) is None
    run.teacher = Network("teacher", spec, PLAN.preprocessing, PLAN.labels, {}, network)
    targets = run.targets(images, labels)
    probability = torch.sigmoid(spec.logits(network, images[..., 0]))
    assert torch.allclose(targets, (probability + (labels[..., None] == 1)) / 2) and 0 < targets.min() < 0.5
    run.step(images, labels)
    taught = [weight.clone() for weight in run.parameters]
    other = TaughtRun("", run.plan, run.split)
    assert all(torch.equal(a, b) for a, b in zip(before, other.parameters, strict=True))
    other.step(images, labels)
    assert not all(torch.equal(a, b) for a, b in zip(taught, other.parameters, strict=True))


@pytest.mark.parametrize("slice_axis", [None, 0, 2])
def test_a_u_net_takes_any_size_and_a_2d_one_sees_slices(slice_axis):
    spec = Spec.for_field((20, 22, 18), (1.0, 1.0, 1.0), 4, 2, slice_axis)
    torch.manual_seed(0)
    network = spec.build().eval()
    image = torch.randn(1, 21, 19, 17)
    with torch.inference_mode():
        whole = spec.logits(network, image)
        assert whole.shape == (1, 21, 19, 17, 2)
        changed = image.clone()
        changed.select((slice_axis or 0) + 1, 5).add_(3.0)
        differs = ((spec.logits(network, changed) - whole).abs().amax(dim=(0, 4)) > 1e-4).numpy()
    others = tuple(axis for axis in range(3) if axis != (slice_axis or 0))
    reached = differs.any(axis=others).nonzero()[0].tolist()
    assert reached == [5] if slice_axis is not None else len(reached) > 5


def test_a_u_net_goes_on_where_it_was_killed(trained_study, phantoms, models, tmp_path):
    """From its checkpoint, with the iterations that were planned first, to the same weights."""
    like, cases, weights = Library().load("third"), list(find_dataset(phantoms).cases), []
    for folder, stopped_at in ((tmp_path / "whole", 0), (tmp_path / "again", 2)):
        job = job_of(trained_study.trained[1], like, cases, folder / "unet")
        work = folder / "unet.training"
        work.mkdir(parents=True)
        (work / "iterations.json").write_text("5", "ascii")
        if stopped_at:
            plan = replace(job.plan, iterations=5)
            training = NetworkTraining(Spec.for_field(PLAN.field_of_view, (1.0, 1.0, 1.0), 4, 1), plan)
            own = [case for case in cases if case.name in job.split["training"]]
            for number in range(stopped_at):
                training.step(*Batches(own, plan, 0)[number])
            training.save(work / "checkpoint.safetensors")
        train(job)
        weights.append(list(load_network(folder / "unet").network.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))

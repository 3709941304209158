"""The command line as a user types it: results, one bad image among good ones, exit status, nothing half-written."""

import csv
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

import mednca_train.cli  # noqa: F401  adds its commands
from conftest import ROOT
from mednca import __version__, cli, terminal
from mednca.batch.naming import named_images, with_channels
from mednca.errors import MedNCAError
from mednca.models.description import Label, Preprocessing
from mednca.models.weights import Model
from mednca.nca.architecture import Architecture, Level
from phantoms import BALL, METADATA, array_of, bright_model, image_of, random_pyramid, save, write_balls

FOUR = {"segmentation.nii.gz", "variance.nii.gz", "report.json", "overview.png"}


@pytest.fixture
def model(tmp_path):
    return str(save(bright_model(fire_rate=0.9), tmp_path / "bright"))


@pytest.fixture
def images(tmp_path):
    return write_balls(tmp_path / "images", ("a", "b"), (1, 1.5, 2))


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def test_segment_a_folder(tmp_path, model, images):
    result = run("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 5, "--seed", 3)
    assert result.exit_code == 0, result.output
    for name in ("a", "b"):
        folder = tmp_path / "out" / name
        assert {f.name for f in folder.iterdir()} == FOUR
        mask = sitk.ReadImage(str(folder / "segmentation.nii.gz"))
        assert np.array_equal(array_of(mask) > 0, BALL)
        report = json.loads((folder / "report.json").read_text())
        assert (report["members"], report["seed"], report["model"]["id"]) == (5, 3, "bright")
        assert report["findings"][0]["verdict"]["color"] == "grey"


def test_without_a_terminal_progress_is_a_line_now_and_then(tmp_path, model, images, monkeypatch):
    """What is done and what is left, on standard error; --quiet says nothing of it; neither changes the rest."""
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
    words = ("segment", images, "--model", model, "--members", 2)
    told = run(*words, "--out", tmp_path / "out")
    lines = [line for line in told.stderr.splitlines() if "/2" in line]
    assert lines and all(line.startswith("0:00:0") for line in lines)
    assert any("b 1/2; ensemble 1/2" in line for line in lines), lines
    before = run("--quiet", *words, "--out", tmp_path / "before")
    behind = run(*words, "--out", tmp_path / "behind", "--quiet")
    for quiet in (before, behind):
        assert quiet.exit_code == 0 and not quiet.stderr and quiet.stdout == told.stdout
    monkeypatch.setattr(terminal, "LINE_SECONDS", 30.0)
    assert not run(*words, "--out", tmp_path / "short").stderr


def test_a_line_comes_also_where_nothing_moves(monkeypatch, capsys):
    """As while the first of many images is segmented elsewhere; nothing comes once the work has ended."""
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.05)
    monkeypatch.setattr(terminal, "_LOOK_SECONDS", 0.01)
    with terminal.progress() as bar:
        bar.add_task("Images", total=10)
        until = time.monotonic() + 20
        while (told := capsys.readouterr().err) == "":
            assert time.monotonic() < until
            time.sleep(0.01)
    assert told.startswith("0:00:00 Images 0/10")
    capsys.readouterr()
    time.sleep(0.2)
    assert not capsys.readouterr().err


def test_the_time_left_stays_where_images_take_long(monkeypatch):
    """Longer than the half minute that rich goes back."""
    now = [0.0]
    with terminal.progress(pace=math.inf) as bar:
        bar.get_time = lambda: now[0]
        task = bar.add_task("Images", total=10)
        for _ in range(3):
            now[0] += 500.0
            bar.update(task, advance=1)
        assert bar.tasks[0].time_remaining == 3500 and "1/10" not in bar._line() and "left" in bar._line()


def test_the_version_is_told():
    result = run("--version")
    assert result.exit_code == 0 and result.stdout == f"mednca {__version__}\n"


@pytest.mark.parametrize(("along", "told"), [(-20.7, True), (-12, False)])
def test_a_click_beside_the_structure_is_told(tmp_path, model, images, monkeypatch, along, told):
    """In the table and in the picture."""
    from matplotlib.axes import Axes

    drawn, text = [], Axes.text
    monkeypatch.setattr(
        Axes, "text", lambda axes, x, y, words, **how: drawn.append(words) or text(axes, x, y, words, **how)
    )
    words = ("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "out", "--members", 5)
    result = run(*words, "--click", f"{along},-19.5,22")
    assert result.exit_code == 0, result.output
    assert ("It lies 3 mm from the click." in result.output) == told
    assert ("It lies 3 mm from the click." in "".join(drawn)) == told


def test_one_bad_image_does_not_stop_the_rest(tmp_path, model, images):
    (images / "aa.nii.gz").write_bytes(b"nonsense")
    result = run("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [Path(r["image"]).name for r in told["results"]] == ["a.nii.gz", "b.nii.gz"]
    assert len(told["failures"]) == 1 and "aa.nii.gz" in told["failures"][0]["error"]
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["a", "b", "summary.csv", "summary.html"]


def test_nothing_is_overwritten(tmp_path, model, images):
    words = ("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert run(*words).exit_code == 0
    before = (tmp_path / "out" / "a" / "report.json").read_bytes()
    again = run(*words)
    assert again.exit_code == 1 and "already exists" in again.output
    assert (tmp_path / "out" / "a" / "report.json").read_bytes() == before
    assert run(*words, "--overwrite").exit_code == 0


def test_overwrite_replaces_results_only(tmp_path, model, images):
    """Not the DICOM folder that stands where the result would go, nor anything else that is not ours."""
    precious = tmp_path / "out" / "a"
    precious.mkdir(parents=True)
    (precious / "thesis.txt").write_text("years of work")
    words = ("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "out", "--members", 1, "--overwrite")
    assert run(*words).exit_code == 1 and (precious / "thesis.txt").read_text() == "years of work"


def test_a_name_is_never_empty_or_upward(images, monkeypatch):
    monkeypatch.chdir(images)
    jobs, failures = named_images([Path(".")])
    assert [name for name, _ in jobs] == ["a", "b"] and not failures
    (images / "a.nii.gz").rename(images / "b.nrrd")  # the same name twice: told, and the rest goes on
    jobs, failures = named_images([images])
    assert [name for name, _ in jobs] == ["b"] and "would both be called" in failures[0]["error"]


def test_a_single_slice_with_a_2d_model(tmp_path):
    flat = Architecture("med-nca", 8, 16, (Level((2, 2, 1), 3, 2), Level((1, 1, 1), 3, 2)), slice_axis=2)
    model = Model(
        "flat",
        flat,
        Preprocessing(None),
        (Label(1, "x", (9, 9, 9)),),
        info=dict(METADATA),
        pyramid=random_pyramid(flat),
    )
    image = np.random.default_rng(0).normal(size=(30, 28, 1)).astype(np.float32)
    sitk.WriteImage(image_of(image), str(tmp_path / "slice.nrrd"))
    result = run(
        "segment", tmp_path / "slice.nrrd", "--model", save(model, tmp_path / "flat"), "--out", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output


def test_a_failed_write_leaves_nothing(tmp_path, model, images, monkeypatch):
    from mednca.batch import jobs

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(jobs, "draw_overview", fail)
    result = run("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert result.exit_code == 1 and "disk full" in result.output
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine").mkdir()
    assert run("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "mine").exit_code == 1
    assert list((tmp_path / "mine").iterdir()) == []  # a folder that was there stays


def test_an_image_without_a_result_has_its_row_also_where_another_has_its_name(tmp_path, model, images):
    other = tmp_path / "other" / images.name
    other.mkdir(parents=True)
    shutil.copy(images / "a.nii.gz", other)
    (other / "c.nii.gz").write_bytes(b"no image")
    result = run("segment", images, other, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert result.exit_code == 1 and "one of them another --out" in result.output.replace("\n", " ")
    rows = list(csv.DictReader((tmp_path / "out" / "summary.csv").read_text("utf-8").splitlines()))
    assert sorted((row["image"], row["file"], bool(row["error"])) for row in rows) == [
        (str(other / "a.nii.gz"), "a.nii.gz", True),
        ("a", "a.nii.gz", False), ("b", "b.nii.gz", False), ("c", "c.nii.gz", True),
    ]  # fmt: skip
    table = tmp_path / "out" / "summary.csv"
    told = run("review", table, "--images", images, "--out", tmp_path / "d.mrb")
    assert told.exit_code == 0 and "Images without a result: 2 (" in told.output.replace("\n", " "), told.output


def test_same_names_are_told(tmp_path, model, images):
    other = tmp_path / "other" / images.name
    other.mkdir(parents=True)
    (other / "a.nii.gz").write_bytes((images / "a.nii.gz").read_bytes())
    result = run("segment", images, other, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert result.exit_code == 1 and "would both be called" in result.output.replace("\n", " ")


def test_images_of_one_name_may_be_called_after_their_folders(tmp_path, model, images):
    """All of a call's, so that their names do not depend on which others are in it; clicks name them by either."""
    for patient, name in (("p1", "T1"), ("p2", "T1"), ("p2", "T2")):
        (tmp_path / patient).mkdir(exist_ok=True)
        shutil.copy(images / "a.nii.gz", tmp_path / patient / f"{name}.nii.gz")
    (tmp_path / "p3").mkdir()
    (tmp_path / "p3" / "T1.nii.gz").write_bytes(b"no image")
    clicks, out = tmp_path / "clicks.csv", tmp_path / "out"
    clicks.write_text("image,r,a,s\np1/T1.nii.gz,-12,-19,22\np2_T1,-12,-19,23\np3/T1.nii.gz,1,2,3\n", encoding="utf-8")
    folders = [tmp_path / name for name in ("p1", "p2", "p3")]
    words = ("--model", model, "--members", 1, "--clicks", clicks)
    result = run("segment", *folders, *words, "--out", out, "--with-folder")
    assert result.exit_code == 1, result.output
    reports = {path.parent.name: json.loads(path.read_text()) for path in out.glob("*/report.json")}
    assert {name: report["findings"][0]["click"] for name, report in reports.items()} == {
        "p1_T1": [-12, -19, 22], "p2_T1": [-12, -19, 23], "p2_T2": None,
    }  # fmt: skip
    rows = list(csv.DictReader((out / "summary.csv").read_text("utf-8").splitlines()))
    assert [row["image"] for row in rows if row["error"]] == ["p3_T1"]
    told = run("segment", *folders[:2], "--model", model, "--members", 1, "--out", tmp_path / "again")
    assert told.exit_code == 1 and "give --with-folder, or one of them another --out" in told.output.replace("\n", " ")
    clicks.write_text("image,r,a,s\nT1,-12,-19,22\n", encoding="utf-8")
    refused = run("segment", *folders[:2], *words, "--out", tmp_path / "third", "--with-folder")
    assert "none of the images is called 'T1'" in str(refused.exception)
    shutil.copy(tmp_path / "p1" / "T1.nii.gz", tmp_path / "p1" / "x_0001.nii.gz")
    shutil.copy(tmp_path / "p1" / "T1.nii.gz", tmp_path / "p2" / "x_0000.nii.gz")
    parts = [tmp_path / "p2" / "x_0000.nii.gz", tmp_path / "p1" / "x_0001.nii.gz"]
    ((name, files),), failures = with_channels(parts, (), ("T2", "ADC"))  # a folder a channel
    assert name == "x" and list(files) == parts and not failures


def test_clicks(tmp_path, model, images):
    result = run(
        "segment",
        images / "a.nii.gz",
        "--model",
        model,
        "--out",
        tmp_path / "out",
        "--click=-12,-19,22",
        "--members",
        1,
    )
    assert result.exit_code == 0, result.output
    outside = run("segment", images / "a.nii.gz", "--model", model, "--out", tmp_path / "o2", "--click=900,0,0")
    assert outside.exit_code == 1 and "outside" in outside.output
    with pytest.raises(MedNCAError, match="three numbers"):
        CliRunner().invoke(
            cli.app,
            ["segment", str(images), "--model", model, "--out", str(tmp_path / "o3"), "--click", "1,2"],
            catch_exceptions=False,
        )


def test_evaluate(tmp_path, model, images):
    labels = tmp_path / "labels"
    labels.mkdir()
    for name in ("a", "b"):
        sitk.WriteImage(image_of(BALL, (1, 1.5, 2)), str(labels / f"{name}.nii.gz"))
    file = tmp_path / "figures.json"
    result = run("evaluate", "--model", model, "--images", images, "--labels", labels, "--out", file, "--members", 5)
    assert result.exit_code == 0, result.output
    figures = json.loads(file.read_text())
    assert figures["mean"]["dice"] == {"Label 1": 1.0, "union": 1.0}
    measures = {"dice", "hd95_mm", "nqm", "predicted_dice", "verdict", "clicked", "uncounted"}
    assert set(figures["cases"][0]) == {"case", "structure", *measures}
    assert figures["cases"][0]["hd95_mm"]["union"] == 0
    sitk.WriteImage(image_of(BALL, (1, 1.5, 2), origin=(50, 0, 0)), str(labels / "a.nii.gz"))
    words = ("evaluate", "--model", model, "--images", images, "--labels", labels, "--out", file)
    moved = run(*words, "--members", 1)
    assert moved.exit_code == 1 and "differ" in moved.output
    before = file.read_bytes()
    assert run(*words, "--members", 0).exit_code == 1 and file.read_bytes() == before


def test_cases_that_a_model_was_trained_with_are_told(tmp_path, images):
    model = bright_model(fire_rate=0.9)
    model.info["training"] = {"split": {"training": ["a", "z"], "validation": ["b"]}}
    words = ("evaluate", "--model", save(model, tmp_path / "trained"), "--images", images, "--labels", images)
    for name in ("a", "b"):
        sitk.WriteImage(image_of(BALL, (1, 1.5, 2)), str(images / f"{name}.nii.gz"))
    result = run(*words, "--members", 2, "--out", tmp_path / "figures.json")
    told = "Cases among these that the model was trained with, by their names: 1, as a."
    assert result.exit_code == 0 and told in result.output.replace("\n", " "), result.output
    assert json.loads((tmp_path / "figures.json").read_text())["trained_with"] == ["a"]


def test_an_empty_label_map_is_no_case(tmp_path, model, images):
    """Its Dice would be 0 whatever the model finds, and the means of the labels would lack it."""
    labels = tmp_path / "labels"
    labels.mkdir()
    for name, value in (("a", 1), ("b", 0)):
        sitk.WriteImage(image_of((BALL * value).astype(np.uint8), (1, 1.5, 2)), str(labels / f"{name}.nii.gz"))
    words = ("evaluate", "--model", model, "--images", images, "--labels", labels, "--out", tmp_path / "f.json")
    result = run(*words, "--members", 2)
    assert result.exit_code == 1 and "nothing to measure" in result.output.replace("\n", " ")
    mean = json.loads((tmp_path / "f.json").read_text())["mean"]
    assert mean["cases"] == 1 and min(mean["dice"].values()) > 0.9


def test_an_image_given_twice_is_segmented_once(tmp_path, model, images):
    result = run("segment", images / "a.nii.gz", images, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert result.exit_code == 0 and {f.name for f in (tmp_path / "out").iterdir() if f.is_dir()} == {"a", "b"}


def test_figures_go_into_no_image(tmp_path, model, images):
    """A slip of the hand must not cost the expert's label map."""
    before = (images / "a.nii.gz").read_bytes()
    words = ("evaluate", "--model", model, "--images", images, "--labels", images, "--members", 1)
    result = run(*words, "--out", images / "a.nii.gz")
    assert "must end in .json" in str(result.exception) and (images / "a.nii.gz").read_bytes() == before


def test_labels_of_another_organ_are_no_case(tmp_path, model, images):
    labels = tmp_path / "labels"
    labels.mkdir()
    for name, value in (("a", 1), ("b", 7)):
        sitk.WriteImage(image_of((BALL * value).astype(np.uint8), (1, 1.5, 2)), str(labels / f"{name}.nii.gz"))
    words = ("evaluate", "--model", model, "--images", images, "--labels", labels, "--out", tmp_path / "f.json")
    result = run(*words, "--members", 1)
    assert result.exit_code == 1 and "none of the model's labels (1), but 7." in result.output.replace("\n", " ")
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))["mean"]["dice"]["union"] > 0.9
    assert run(*words, "--members", 1, "--union").exit_code == 0


def test_who_stops_a_call_has_the_table_and_is_told_how_to_go_on(tmp_path, model, images, monkeypatch):
    from mednca.batch import jobs

    segment, calls = jobs.segment_image, []

    def stopped(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return segment(*arguments)

    monkeypatch.setattr(jobs, "segment_image", stopped)
    words = ("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1)
    result = run(*words)
    assert result.exit_code == 130
    assert "Stopped. Images with a result: 1 of 2; the same command with --missing goes on." in result.output
    assert "\na,a.nii.gz," in (tmp_path / "out" / "summary.csv").read_text("utf-8")
    assert run(*words, "--missing").exit_code == 0 and len(calls) == 3


def test_a_head_without_a_click_is_told_before_minutes_are_spent(tmp_path):
    """And what no computer has is told once, not of each image."""
    folder = tmp_path / "heads"
    folder.mkdir()
    for name in "ab":
        sitk.WriteImage(image_of(np.pad((BALL * 50).astype(np.float32), 60)), str(folder / f"{name}.nii.gz"))
    words = ("segment", folder, "--model", "hippocampus-m3dnca", "--out", tmp_path / "out", "--members", 1)
    result = run(*words)
    told = result.output.replace("\n", " ")
    assert (
        result.exit_code == 1
        and told.count("shows more than one organ: give a --click, or --find.") == 2
        and "a.nii.gz" in told
    )
    small = run(*words[:1], sorted(folder.iterdir())[0], *words[2:], "--click=0,0,0")
    assert "shows more" not in small.output
    unknown = run(*words, "--device", "gpu")
    assert isinstance(unknown.exception, MedNCAError) and "gpu" in str(unknown.exception)


def test_evaluate_only_the_validation_cases_of_a_split(tmp_path, model, images):
    split, file = tmp_path / "split.json", tmp_path / "figures.json"
    words = ("evaluate", "--model", model, "--images", images, "--labels", images, "--out", file, "--cases", split)
    for text, told in (("{}", "required"), ('{"training": [], "validation": ["z"]}', "None of the validation cases")):
        split.write_text(text)
        refused = run(*words)
        assert refused.exit_code == 1 and told in str(refused.exception) and not file.exists()
    labels = tmp_path / "labels"
    labels.mkdir()
    for name in ("a", "b"):
        sitk.WriteImage(image_of(BALL, (1, 1.5, 2)), str(labels / f"{name}.nii.gz"))
    split.write_text('{"training": ["a"], "validation": ["b"]}')
    assert run(*words[:5], "--labels", labels, *words[7:]).exit_code == 0
    assert [case["case"] for case in json.loads(file.read_text())["cases"]] == ["b"]


def test_a_model_goes_out_as_a_zip_comes_back_and_goes(tmp_path, model):
    file, user = tmp_path / "bright.zip", tmp_path / "user-models"
    assert run("export", model, file).exit_code == 0
    assert run("import", file).exit_code == 0 and (user / "bright" / "model.json").exists()
    again = run("import", file)
    assert again.exit_code == 1 and run("import", file, "--replace").exit_code == 0
    assert run("remove", "bright").exit_code == 0 and not (user / "bright").exists()
    assert run("remove", "bright").exit_code == 1
    assert run("remove", "hippocampus-m3dnca").exit_code == 1  # bundled


def test_models_lists_the_broken_with_the_reason(tmp_path, monkeypatch):
    save(bright_model(), tmp_path / "user-models" / "mine")
    (tmp_path / "user-models" / "broken").mkdir()
    told = {entry["id"]: entry for entry in json.loads(run("models", "--json").stdout)}
    assert told["bright"]["problem"] is None and "missing" in told["broken"]["problem"]
    assert run("models").exit_code == 0


def _command(folder, *words):
    """The real command in a process of its own, from the given folder of packages, or several as PYTHONPATH has them."""
    code = "import sys; from mednca_train.cli import main; sys.argv[0] = 'mednca'; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, words)], cwd="/", capture_output=True, text=True,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": "/"}, timeout=200,
    )  # fmt: skip


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel's content, unpacked; built from a copy, so that no older build can slip in."""
    folder = tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "runs", "demo-output", "__pycache__")
    source = shutil.copytree(ROOT, folder / "source", ignore=left_out)
    words = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(folder),
        str(source),
    ]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.slow
def test_the_wheel_segments_outside_the_checkout(wheel, tmp_path, images):
    told = _command(wheel, "models", "--json")
    entries = {entry["id"]: entry for entry in json.loads(told.stdout)}
    entry = entries["hippocampus-m3dnca"]
    assert all(each["problem"] is None for each in entries.values())
    assert Path(entry["folder"]).is_relative_to(wheel)
    done = _command(
        wheel,
        "segment",
        images / "a.nii.gz",
        "--model",
        "hippocampus-m3dnca",
        "--out",
        tmp_path / "out",
        "--members",
        2,
    )
    assert done.returncode == 0, done.stderr
    assert {f.name for f in (tmp_path / "out" / "a").iterdir()} == FOUR
    assert (wheel / "mednca_train" / "training" / "loop.py").exists()


def test_help_comes_without_torch():
    """Which takes seconds to import. The commands have their order, the engine's before those of training."""
    code = "import sys; sys.modules['torch'] = None; from mednca_train.cli import main; main()"
    packages = os.pathsep.join(str(ROOT / name) for name in ("MedNCASegment", "NCATrainer"))
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": packages}
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = "models segment bids review evaluate benchmark export onnx import remove plan"
    places = [re.search(rf"^\W*{name} ", done.stdout, re.MULTILINE).start() for name in names.split()]
    assert places == sorted(places)


def test_a_wrong_request_is_one_sentence_and_status_2(tmp_path):
    packages = os.pathsep.join(str(ROOT / name) for name in ("MedNCASegment", "NCATrainer"))
    done = _command(packages, "segment", tmp_path / "x.nii", "--model", "nobody", "--out", tmp_path / "out")
    assert done.returncode == 2 and "no model 'nobody'" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [
    ("runs", "n" * 300), ("resume", "n" * 300), ("plan", "--data", "n" * 300, "--out", "p.json"),
    ("review", "n" * 300, "--images", ".", "--out", "a.mrb"),
    ("segment", "n" * 300, "--bids", "--model", "hippocampus-m3dnca", "--out", "out"),
])  # fmt: skip
def test_a_name_that_no_file_can_have_is_one_sentence(images, monkeypatch, capsys, words):
    monkeypatch.chdir(images)
    monkeypatch.setattr(sys, "argv", ["mednca", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code in (1, 2) and "nnn" in told and "Traceback" not in told


def test_another_error_of_the_system_is_a_bug(monkeypatch):
    """Whose trace is worth more than a sentence that blames a path."""
    for error in (TimeoutError("worker gone"), OSError(28, "No space left on device", "x")):
        monkeypatch.setattr(cli, "app", lambda e=error: (_ for _ in ()).throw(e))
        monkeypatch.setattr(sys, "argv", ["mednca", "models"])
        with pytest.raises(OSError):
            cli.main()


def test_a_name_that_is_no_text_is_written_nowhere(tmp_path, model, images):
    """C++ libraries would end the process."""
    out = os.fsdecode(os.fsencode(tmp_path) + b"/x\xff")
    result = run("segment", images / "a.nii.gz", "--model", model, "--out", out, "--members", 1)
    assert result.exit_code == 1 and "is a name that is not text" in result.output
    assert not os.path.lexists(out)


def test_names_are_not_markup(tmp_path, images):
    """Square brackets stay as they are, in tables and in sentences."""
    odd = bright_model()
    odd = replace(odd, labels=(replace(odd.labels[0], name="T1 [/T2] $x{$ :brain:"),))
    folder = str(save(odd, tmp_path / "odd [bold]"))
    labels = tmp_path / "labels"
    labels.mkdir()
    for path in sorted(images.iterdir()):
        like = sitk.ReadImage(str(path))
        mask = image_of(BALL.astype(np.uint8))
        mask.CopyInformation(like)
        sitk.WriteImage(mask, str(labels / path.name))
    measured = run("evaluate", "--model", folder, "--images", images, "--labels", labels, "--members", 1,
                   "--out", tmp_path / "figures [1].json")  # fmt: skip
    assert measured.exit_code == 0 and "Mean Dice, T1 [/T2] $x{$ :brain:: " in measured.stdout, measured.output
    assert (tmp_path / "figures [1].json").is_file()
    assert run("segment", images, "--model", folder, "--out", tmp_path / "out [a]", "--members", 1).exit_code == 0
    written = run("export", folder, tmp_path / "a[red].zip")
    assert f"Written: {tmp_path / 'a[red].zip'}" in written.stdout, written.output


@pytest.mark.parametrize("words", [
    ("segment", "", "--model", "hippocampus-m3dnca", "--out", "out"),
    ("segment", "a.nii.gz", "--model", "hippocampus-m3dnca", "--out", ""),
    ("segment", "a.nii.gz", "--model", "hippocampus-m3dnca", "--out="),
])  # fmt: skip
def test_an_empty_path_is_not_the_current_folder(images, monkeypatch, capsys, words):
    """As of a shell's variable that has no value."""
    monkeypatch.chdir(images)
    monkeypatch.setattr(sys, "argv", ["mednca", *words])
    before = sorted(images.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2 and "is empty" in capsys.readouterr().err
    assert sorted(images.rglob("*")) == before

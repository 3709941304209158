"""Commands over many files, some of them bad in every way that a folder can hold: each bad one is named, the others go
on."""

import csv
import json
import os
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca.batch import jobs
from mednca_train import cli
from phantoms import bright_model, image_of, organ_case, save

RAS = np.diag([-1.0, -1.0, 1.0])
GOOD = ("good_0", "good_1", "good_2")
BAD = ("bin", "cut", "dirs", "empty", "loop", "nan", "neg", "pipe", r"escape_\x1b[31m", r"notext_\udcff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images and label maps of three good cases and of many bad ones."""
    folder = tmp_path_factory.mktemp("batch")
    for part, pick in (("images", 0), ("labels", 1)):
        there = folder / part
        there.mkdir()
        for number, name in enumerate(GOOD):
            sitk.WriteImage(image_of(organ_case(number)[pick], direction=RAS), str(there / f"{name}.nii.gz"))
        _spoil(there, (there / "good_0.nii.gz").read_bytes())
    save(bright_model("bright", (1.0, 1.0, 1.0), (24.0, 26.0, 22.0), labels=2, keep_largest=True), folder / "bright")
    return folder


def _spoil(there, good):
    header = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 9 9 9\nencoding: ascii\n\n"
    for name, data in (
        (b"cut.nii.gz", good[:-60]), (b"empty.nii.gz", b""), (b"escape_\x1b[31m.nii.gz", b"rubbish"),
        (b"notext_\xff.nii.gz", good), (b"bin.nrrd", header + os.urandom(900)),
        (b"neg.mha", b"ObjectType = Image\nNDims = -1\nDimSize = 4 4 4\nElementDataFile = LOCAL\n" + bytes(64)),
    ):  # fmt: skip
        with open(os.path.join(os.fsencode(there), name), "wb") as file:
            file.write(data)
    nothing = sitk.GetImageFromArray(np.full((9, 9, 9), np.nan, np.float32))
    sitk.WriteImage(nothing, str(there / "nan.nii.gz"))
    os.symlink("loop.nii.gz", there / "loop.nii.gz")
    os.mkfifo(there / "pipe.nii")
    (there / "dirs.nii.gz").mkdir()


def run(*words):
    result = CliRunner().invoke(cli.cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert result.output.isprintable() or not set(result.output) & {"\x1b", "\udcff"}
    return result


def _check(result):
    assert result.exit_code == 1
    told = result.output.replace("\n", "")
    assert not [name for name in BAD if name not in told] and not [name for name in GOOD if f"Failed: {name}" in told]


def test_segment(folder, tmp_path):
    _check(run("segment", folder / "images", "--model", folder / "bright", "--out", tmp_path, "--members", 2))
    assert sorted(made.name for made in tmp_path.iterdir()) == [*GOOD, "summary.csv", "summary.html"]
    rows = list(csv.DictReader((tmp_path / "summary.csv").read_text("utf-8").splitlines()))
    assert {row["image"] for row in rows} == {*GOOD, *BAD}


def test_evaluate(folder, tmp_path):
    file = tmp_path / "figures.json"
    words = ("--images", folder / "images", "--labels", folder / "labels", "--out", file, "--members", 2)
    _check(run("evaluate", "--model", folder / "bright", *words))
    told = json.loads(file.read_text())
    assert [row["case"] for row in told["cases"]] == list(GOOD) and len(told["failures"]) == len(BAD)


def test_a_bug_in_one_case_costs_no_other(folder, tmp_path, monkeypatch):
    from mednca import evaluate

    measure = evaluate.evaluate_case

    def broken(name, *rest, **options):
        if name == "good_1":
            raise ZeroDivisionError("a bug")
        return measure(name, *rest, **options)

    monkeypatch.setattr(evaluate, "evaluate_case", broken)
    file = tmp_path / "figures.json"
    words = ("--images", folder / "images", "--labels", folder / "labels", "--out", file, "--members", 2)
    result = run("evaluate", "--model", folder / "bright", *words)
    assert "good_1: ZeroDivisionError: a bug" in result.output.replace("\n", "")
    assert [row["case"] for row in json.loads(file.read_text())["cases"]] == ["good_0", "good_2"]


@pytest.mark.slow
def test_plan_train_and_calibrate(folder, tmp_path, few_conditions):
    data = ("--images", folder / "images", "--labels", folder / "labels")
    _check(run("plan", *data, "--out", tmp_path / "plan.json", "--no-estimate"))
    plan = json.loads((tmp_path / "plan.json").read_text())
    quick = plan | {"iterations": 1, "batch": 1, "patch": [12, 12, 12], "freeze_norm": 0.0}
    (tmp_path / "quick.json").write_text(json.dumps(quick))
    options = ("--run", tmp_path / "run", "--plan", tmp_path / "quick.json", "--calibration-cases", 1)
    _check(run("train", *data, *options))
    assert (tmp_path / "run" / "result" / "model.json").is_file()
    words = ("calibrate", folder / "bright", *data, "--out", tmp_path / "calibrated", "--calibration-cases", 1)
    refused = CliRunner().invoke(
        cli.cli.app, [str(word) for word in words]
    )  # one case is too few; the bad ones are told all the same
    _check(refused)
    assert "Nothing is written" in str(refused.exception) and not (tmp_path / "calibrated").exists()


def test_a_full_disk_costs_one_image(folder, tmp_path, monkeypatch):
    """Of three results the second finds no room: it is told, the third is written."""
    write = jobs.write_image

    def full(image, path, *rest):
        if "good_1" in str(path):
            raise OSError(28, "No space left on device")
        return write(image, path, *rest)

    monkeypatch.setattr(jobs, "write_image", full)
    images = tmp_path / "images"
    images.mkdir()
    for name in GOOD:
        shutil.copy(folder / "images" / f"{name}.nii.gz", images)
    result = run("segment", images, "--model", folder / "bright", "--out", tmp_path / "out", "--members", 2)
    assert result.exit_code == 1 and "good_1" in result.output and "No space left" in result.output
    assert sorted(made.name for made in (tmp_path / "out").iterdir() if made.is_dir()) == ["good_0", "good_2"]

"""BIDS in, BIDS derivatives out: by the validator's rules where the validator is installed, by the names' own always."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca import cli
from mednca.batch.bids import BidsDataset
from mednca.errors import MedNCAError
from phantoms import BALL, bright_model, difference_model, image_of, save

# Of BIDS 1.10: entities in their order, and a suffix.
_NAME = re.compile(
    r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?(_acq-[A-Za-z0-9]+)?(_run-[0-9]+)?_desc-mednca_dseg\.(nii\.gz|json)"
)


def _write(root, name, bright=True):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(name)).normal(0, 0.2, BALL.shape)
    sitk.WriteImage(image_of((BALL * 50 * bright + noise).astype(np.float32)), str(path))
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text('{"MagneticFieldStrength": 3}', encoding="utf-8")


@pytest.fixture
def raw(tmp_path):
    root = tmp_path / "raw"
    for name in (
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/sub-01_T2w.nii.gz",
        "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz",
        "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii.gz",
        "sub-02/ses-b/anat/sub-02_ses-b_T2w.nii.gz",
    ):
        _write(root, name)
    described = {
        "Name": "Phantoms",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "License": "CC0",
        "Authors": ["A B"],
    }
    (root / "dataset_description.json").write_text(json.dumps(described), encoding="utf-8")
    (root / "README.md").write_text("Phantoms, made by code, to try a program with.\n" * 5, encoding="utf-8")
    return root


@pytest.fixture
def model(tmp_path):
    return str(save(bright_model(), tmp_path / "bright"))


def _run(*words):
    return CliRunner().invoke(cli.app, ["segment", *map(str, words), "--members", "2"])


def _files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_data_set_on_another_drive(raw, model, tmp_path, monkeypatch):
    """As on Windows, where no relative path leads from one to another."""

    def relpath(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("mednca.batch.bids.os.path.relpath", relpath)
    assert _run(raw, "--bids", "--participant-label", "01", "--model", model, "--out", tmp_path / "out").exit_code == 0
    described = json.loads((tmp_path / "out" / "dataset_description.json").read_text("utf-8"))
    assert described["DatasetLinks"]["raw"] == raw.resolve().as_uri()


def test_derivatives_of_a_data_set(raw, model, tmp_path):
    out = tmp_path / "derivatives"
    result = _run(raw, "--bids", "--model", model, "--out", out)
    assert result.exit_code == 0, result.output
    made = [file for file in _files(out) if not file.startswith("mednca")]
    assert made == [
        ".bidsignore", "README.md", "dataset_description.json", "desc-mednca_dseg.tsv",
        "sub-01/anat/sub-01_desc-mednca_dseg.json",
        "sub-01/anat/sub-01_desc-mednca_dseg.nii.gz",
        "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_desc-mednca_dseg.json",
        "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_desc-mednca_dseg.nii.gz",
        "sub-02/ses-b/anat/sub-02_ses-b_desc-mednca_dseg.json",
        "sub-02/ses-b/anat/sub-02_ses-b_desc-mednca_dseg.nii.gz",
    ]  # fmt: skip
    assert all(_NAME.fullmatch(Path(file).name) for file in made[4:])
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(out / made[5]))).transpose(2, 1, 0)
    assert np.array_equal(found > 0, BALL)
    told = json.loads((out / made[6]).read_text("utf-8"))
    assert told["Sources"] == ["bids:raw:sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz"]
    assert told["MedNCA"]["findings"][0]["verdict"]["color"] == "grey"
    described = json.loads((out / "dataset_description.json").read_text("utf-8"))
    assert described["DatasetType"] == "derivative" and described["DatasetLinks"] == {"raw": "../raw"}
    assert (out / "desc-mednca_dseg.tsv").read_text("utf-8") == "index\tname\tcolor\n1\tLabel 1\t#c80000\n"
    assert (out / "mednca" / "summary.csv").is_file() and (out / ".bidsignore").read_text("utf-8") == "/mednca\n"


def _app(*words):
    return CliRunner().invoke(cli.app, ["bids", *map(str, words), "--members", "2"])


@pytest.mark.parametrize("labels", [
    ("--participant-label", "01", "02"), ("--participant_label", "sub-01", "02"), ("--participant-label", "01,sub-02"),
    ("--participant_label", "01 02"), ("--participant-label", "01", "--participant-label", "02"),
    ("--participant-label", "01", "sub-01", "02"), (),
])  # fmt: skip
def test_called_as_bids_apps_are(raw, model, tmp_path, labels):
    """Where they have it; the same comes out as of `segment --bids`."""
    shutil.copytree(raw / "sub-01", raw / "sub-03")
    for path in list((raw / "sub-03").rglob("sub-01*")):
        path.rename(path.with_name(path.name.replace("sub-01", "sub-03")))
    result = _app(raw, tmp_path / "out", "participant", *labels, "--model", model)
    assert result.exit_code == 0, result.output
    made = {path.name for path in (tmp_path / "out").glob("sub-*")}
    assert made == {"sub-01", "sub-02"} | (set() if labels else {"sub-03"})
    if labels:
        return
    assert _run(raw, "--bids", "--model", model, "--out", tmp_path / "other").exit_code == 0
    assert _files(tmp_path / "out") == _files(tmp_path / "other")


def test_a_label_of_nothing_is_not_everybody(raw, model, tmp_path):
    result = _app(raw, tmp_path / "out", "participant", "--participant-label", " , ", "--model", model)
    assert "names nobody" in str(result.exception)


def test_there_is_no_level_but_that_of_participants(raw, model, tmp_path):
    result = _app(raw, tmp_path / "out", "group", "--model", model)
    assert "There is no level 'group'" in str(result.exception) and not (tmp_path / "out").exists()


def test_the_validator_has_nothing_against_it(raw, model, tmp_path):
    validator = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent)) or shutil.which(
        "bids-validator-deno"
    )
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    out = tmp_path / "derivatives"
    assert _run(raw, "--bids", "--model", model, "--out", out).exit_code == 0
    told = subprocess.run([validator, "--json", str(out)], capture_output=True, text=True, check=False)
    issues = json.loads(told.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_what_is_missing_and_some_participants(raw, model, tmp_path):
    out = tmp_path / "derivatives"
    options = ("--bids", "--model", model, "--out", out)
    assert _run(raw, *options, "--participant-label", "01").exit_code == 0
    first = out / "sub-01/anat/sub-01_desc-mednca_dseg.nii.gz"
    made = first.read_bytes()
    first.unlink()  # its result is there: it is written again, not segmented
    stamp = (out / "mednca/sub-01/report.json").stat().st_mtime_ns
    result = _run(raw, *options, "--missing")
    assert result.exit_code == 0, result.output
    assert first.read_bytes() == made and (out / "mednca/sub-01/report.json").stat().st_mtime_ns == stamp
    assert len(list(out.rglob("*_dseg.nii.gz"))) == 3


def test_clicks_call_an_image_as_its_file_or_its_result(raw, model, tmp_path):
    """And those of an image that cannot be segmented are passed over."""
    for place in ("anat/sub-03_T1w.nii", "anat/sub-03_T1w.nii.gz", "other/sub-03_T1w.nii.gz"):
        _write(raw, f"sub-03/{place}")
    clicks = tmp_path / "clicks.csv"
    rows = [f"{name},-11,-13,10" for name in ("sub-01_T1w.nii.gz", "sub-02_ses-b", "sub-03")]
    clicks.write_text("\n".join(["image,r,a,s", *rows, ""]), encoding="utf-8")
    out = tmp_path / "out"
    result = _run(raw, "--bids", "--model", model, "--out", out, "--clicks", clicks)
    assert result.exit_code == 1 and "have the same name" in result.output, result.output
    assert sorted(path.parent.name for path in out.rglob("report.json")) == [
        "sub-01", "sub-02_ses-a_acq-mprage_run-1", "sub-02_ses-b",
    ]  # fmt: skip
    told = json.loads((out / "sub-01/anat/sub-01_desc-mednca_dseg.json").read_text("utf-8"))
    assert told["MedNCA"]["findings"][0]["click"] == [-11, -13, 10]


def test_label_maps_with_other_labels_have_a_place_of_their_own(raw, model, tmp_path):
    """One table names the labels of all that lie there."""
    out = tmp_path / "out"
    out.mkdir()
    (out / ".DS_Store").write_bytes(b"")  # a folder that somebody looked into is new all the same
    assert _run(raw, "--bids", "--participant-label", "01", "--model", model, "--out", out).exit_code == 0
    before = {file: (out / file).read_bytes() for file in _files(out)}
    other = str(save(bright_model(id="other", labels=2), tmp_path / "other"))
    result = _run(raw, "--bids", "--participant-label", "02", "--model", other, "--out", out)
    assert "with other labels; choose another --out" in str(result.exception)
    assert {file: (out / file).read_bytes() for file in _files(out)} == before


def test_channels_are_suffixes(raw, tmp_path):
    two = str(save(difference_model(), tmp_path / "two"))
    found, problems = BidsDataset(raw, ("T1w", "T2w")).images()
    assert [name for name, _paths in found] == ["sub-01", "sub-02_ses-b"]
    assert {name: str(problem) for name, problem in problems.items()} == {
        "sub-02_ses-a_acq-mprage_run-1": "sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz lacks its channel T2w, the file "
        "sub-02_ses-a_acq-mprage_run-1_T2w."
    }
    result = _run(raw, "--bids", "--model", two, "--out", tmp_path / "out", "--suffix", "T1w", "--suffix", "T2w")
    assert result.exit_code == 1 and "lacks its channel T2w" in result.output  # and the others are segmented
    assert len(list((tmp_path / "out").rglob("*_dseg.nii.gz"))) == 2
    alone = _run(raw, "--bids", "--model", two, "--out", tmp_path / "alone")
    assert "needs a --suffix for each of its channels (T2, ADC)" in str(alone.exception)


def test_what_is_no_raw_data_set_is_told(raw, model, tmp_path):
    options = ("--bids", "--model", model, "--out", tmp_path / "out")
    with pytest.raises(MedNCAError, match="no BIDS data set"):
        BidsDataset(tmp_path).images()
    with pytest.raises(MedNCAError, match="no participant sub-09"):
        BidsDataset(raw, participants=("sub-09",)).images()
    with pytest.raises(MedNCAError, match="no image with the suffix bold"):
        BidsDataset(raw, ("bold",)).images()
    assert "one folder" in str(_run(raw, raw, *options).exception)
    assert "belong to --bids" in str(_run(raw, "--suffix", "T1w", *options[1:]).exception)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "README.md").write_text("of somebody", encoding="utf-8")
    described = {
        "Name": "x",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "fMRIPrep"}],
    }
    (tmp_path / "fmriprep").mkdir()
    (tmp_path / "fmriprep" / "dataset_description.json").write_text(json.dumps(described), encoding="utf-8")
    for folder in (raw, tmp_path / "others", tmp_path / "fmriprep"):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        told = str(_run(raw, "--bids", "--model", model, "--out", folder).exception)
        assert "something else than derivatives of MedNCA" in told
        assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert _run(raw, *options).exit_code == 0
    assert "derivatives, not of images" in str(_run(tmp_path / "out", *options).exception)

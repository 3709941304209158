"""What the command line segmented is reviewed in Slicer: the doubtful ones as one scene, as if it had been made there."""

import csv
import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca import cli
from mednca.errors import MedNCAError
from mednca.models.weights import load_model
from panel import CALIBRATION, ball_model
from phantoms import array_of, ellipsoid, image_of, save

BALL = ellipsoid((24, 26, 22), (12, 13, 11), (5, 6, 4))


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


@pytest.fixture
def results(tmp_path):
    """Three volumes, one of them noise, oblique and anisotropic, segmented by a calibrated model."""
    model = ball_model()
    model.info["quality"] = model.info.get("quality", {}) | {"calibration": CALIBRATION}
    save(model, tmp_path / "model")
    (tmp_path / "images").mkdir()
    turned = sitk.VersorTransform((0, 0, 1), 0.2).GetMatrix()
    for name, loud in (("a;b", 0.2), ("noisy 100%", 40.0), ("ü", 0.2)):
        noise = np.random.default_rng(0).normal(0, loud, BALL.shape)
        image = image_of((BALL * 50 + noise).astype(np.float32), (1, 1.1, 1.2))
        image.SetDirection(turned)
        sitk.WriteImage(image, str(tmp_path / "images" / f"{name}.nii.gz"))
    words = ("--model", tmp_path / "model", "--members", 5, "--out", tmp_path / "out")
    assert run("segment", tmp_path / "images", *words).exit_code == 0
    return tmp_path / "out"


def test_the_doubtful_ones_open_in_slicer_as_if_they_were_made_there(results, tmp_path, host):
    import slicer

    from MedNCASegmentLib.record import isImage, problemsOf, runsOf, volumeOf
    from MedNCASegmentLib.removal import editedSegments

    rows = list(csv.DictReader((results / "summary.csv").read_text("utf-8").splitlines()))
    doubtful = [row["image"] for row in rows if row["verdict"] != "green"]
    told = run("review", results / "summary.csv", "--images", tmp_path / "images", "--out", tmp_path / "look.mrb")
    assert told.exit_code == 0, told.output
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "look.mrb"), True)
    nodes = list(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
    assert len(nodes) == len(doubtful) > 0
    volumes = list(filter(isImage, slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")))
    # Variances are no images to segment.
    assert {node.GetID() for node in volumes} == {volumeOf(node).GetID() for node in nodes}
    for node in nodes:
        name = node.GetName().split(" ", 1)[1].rsplit(" (", 1)[0]
        assert name in doubtful and not problemsOf(node)
        (found,) = runsOf(node)
        assert found.report.findings[0].verdict.color in node.GetName()
        assert [node.GetSegmentation().GetSegment(id).GetName() for id in found.segmentIds] == [
            label.name for label in load_model(tmp_path / "model").labels
        ]
        volume = volumeOf(node)
        whole = sitk.ReadImage(str(tmp_path / "images" / f"{name}.nii.gz"))
        assert np.allclose(slicer.util.arrayFromVolume(volume), sitk.GetArrayFromImage(whole), atol=1e-3)
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, found.segmentIds[0], volume)
        expected = sitk.ReadImage(str(results / name / "segmentation.nii.gz"))
        assert np.array_equal(mask > 0, array_of(expected).transpose(2, 1, 0) > 0)
        assert node.GetNodeReference("MedNCA.variance").GetImageData() is not None
        assert editedSegments(node, found) == []
        mask[tuple(np.argwhere(mask)[0])] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, found.segmentIds[0], volume)
        assert editedSegments(node, found) == [found.segmentIds[0]]  # what was corrected there is known


def test_images_may_lie_deeper_as_in_a_bids_data_set(results, tmp_path):
    words = ("review", results / "summary.csv", "--images", tmp_path, "--out", tmp_path / "look.mrb")
    assert run(*words).exit_code == 0
    (tmp_path / "copy").mkdir()
    for path in (tmp_path / "images").iterdir():
        shutil.copy(path, tmp_path / "copy")
    (tmp_path / "look.mrb").unlink()
    assert run(*words).exit_code == 0  # they are the same
    (tmp_path / "look.mrb").unlink()
    for path in results.glob("*/report.json"):  # as version 0.1 wrote them
        report = json.loads(path.read_text("utf-8"))
        del report["image"]["sha256"]
        path.write_text(json.dumps(report), "utf-8")
    assert "several files named" in str(run(*words).exception)


def test_of_several_channels_in_a_file_the_first_is_reviewed(results, tmp_path):
    path = tmp_path / "images" / "ü.nii.gz"
    image = sitk.ReadImage(str(path))
    sitk.WriteImage(sitk.JoinSeries([image, image * 2]), str(path))
    out = tmp_path / "look.mrb"
    told = run("review", results / "summary.csv", "--images", tmp_path / "images", "--out", out, "--most", 3)
    assert told.exit_code == 0, told.output


def test_an_image_that_is_gone_costs_the_others_nothing(results, tmp_path):
    table = results / "summary.csv"
    table.write_text(table.read_text("utf-8").replace(",green,", ",amber,"), "utf-8")
    gone = tmp_path / "images" / "noisy 100%.nii.gz"
    gone.unlink()
    told = run("review", table, "--images", tmp_path / "images", "--out", tmp_path / "look.mrb")
    assert told.exit_code == 1 and (tmp_path / "look.mrb").is_file(), told.output
    assert (
        "Images, the most doubtful first: 2." in told.output and f"Left out: noisy 100%: {gone} is not" in told.output
    )


def test_what_cannot_be_reviewed_is_one_sentence(results, tmp_path):
    words = ("review", results / "summary.csv", "--images", tmp_path / "images", "--out")
    for more, told in (
        ((tmp_path / "look.zip",), "must end in .mrb"),
        ((tmp_path / "look.mrb", "--images", tmp_path / "out"), "is not there; give the folder"),
    ):
        result = run(*words, *more)
        assert isinstance(result.exception, MedNCAError) and told in str(result.exception)
    text = (results / "summary.csv").read_text("utf-8")
    (results / "summary.csv").write_text("a,b\n1,2\n", "utf-8")
    result = run(*words, tmp_path / "look.mrb")
    assert isinstance(result.exception, MedNCAError) and "is no table" in str(result.exception)
    all_green = text.replace(",grey,", ",green,").replace(",red,", ",green,").replace(",amber,", ",green,")
    (results / "summary.csv").write_text(all_green, "utf-8")
    result = run(*words, tmp_path / "look.mrb")  # no error: a pipeline goes on
    assert result.exit_code == 0 and "No result is doubtful" in result.output
    assert not list(tmp_path.glob("look*"))

"""A model's steps as ONNX, and the runner around them: the engine's own mask, without torch."""

import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from typer.testing import CliRunner

from conftest import ROOT
from mednca import cli
from mednca.errors import MedNCAError
from mednca.imaging.metrics import dice
from mednca.imaging.reading import read_image
from mednca.models.onnx_export import export_steps, step_graph
from mednca.models.weights import load_model
from mednca.nca.architecture import Architecture, Level
from mednca.nca.cells import CELLS
from mednca.segment import segment_image
from phantoms import bright_model, image_of, m3d, organ_case, random_pyramid, save

RUNNER = ROOT / "docs" / "onnx" / "run.py"


@pytest.mark.parametrize(
    "architecture",
    [
        m3d(),
        m3d(norm="batch"),
        Architecture("med-nca", 6, 8, (Level((1, 1, 1), 5, 1),), slice_axis=1),
        Architecture("backbone-nca", 6, 8, (Level((1, 1, 1), 3, 1),), slice_axis=0),
        Architecture("seg-nca", 6, 8, (Level((1, 1, 1), 3, 1),), slice_axis=2),
        m3d(input_channels=2, labels=2),
    ],
    ids=lambda a: f"{a.family}-{a.norm}-{a.input_channels}",
)
def test_a_step_is_the_cell_s(architecture):
    """Of every family, on odd sizes; the image's channels stay."""
    import onnxruntime

    pyramid = random_pyramid(architecture)
    for cell in pyramid.cells:
        state = torch.randn(1, 9, 11, 8, architecture.channels)
        fire = torch.rand(1, 9, 11, 8) < 0.5
        with torch.no_grad():
            expected = cell.step(state, fire, *cell.folded_hidden())
        session = onnxruntime.InferenceSession(step_graph(cell))
        given = {"state": state.movedim(-1, 1).contiguous().numpy(), "fire": fire[:, None].float().numpy()}
        (found,) = session.run(None, given)
        assert np.allclose(np.moveaxis(found, 1, -1), expected.numpy(), atol=1e-5)
        image = architecture.input_channels
        assert np.array_equal(found[:, :image], given["state"][:, :image])
    assert set(CELLS) >= {architecture.family}


@pytest.mark.slow
@pytest.mark.parametrize("orientation", ["LPS", "AIL"])
def test_the_runner_gives_the_engine_s_mask(tmp_path, brain, orientation):
    """On a trained model, from other orientations, too."""
    first = brain.TransformPhysicalPointToIndex((27.0, 22.0, -14.0))  # the left hippocampus
    crop = sitk.RegionOfInterest(brain, (35, 51, 37), [n - half for n, half in zip(first, (17, 25, 18), strict=True)])
    _compare(tmp_path, ROOT / "Resources" / "Models" / "hippocampus-m3dnca", sitk.DICOMOrient(crop, orientation))


def test_the_runner_gives_the_engine_s_mask_of_a_phantom(tmp_path):
    folder = save(bright_model(fire_rate=0.9, labels=2), tmp_path / "model")
    _compare(tmp_path, folder, sitk.DICOMOrient(image_of(organ_case(0)[0]), "AIL"))


def _compare(tmp_path, folder, image):
    """By the command and a process without torch."""
    sitk.WriteImage(image, str(tmp_path / "image.nii.gz"))
    result = CliRunner().invoke(cli.app, ["onnx", str(folder), str(tmp_path / "steps")])
    assert result.exit_code == 0, result.output
    environment = os.environ | {"PYTHONPATH": str(_without_torch(tmp_path))}
    files = [tmp_path / name for name in ("steps", "image.nii.gz", "mask.nii.gz")]
    subprocess.run([sys.executable, str(RUNNER), *map(str, files)], check=True, env=environment, timeout=240)
    model = load_model(folder)
    own = sitk.GetArrayFromImage(segment_image(read_image(files[1]), model).labels)
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(files[2])))
    assert found.shape == own.shape and (own > 0).sum() > 500
    for value in np.unique(own[own > 0]):
        assert dice(found == value, own == value) > 0.999


def _without_torch(folder):
    """A folder in which torch is something that cannot be imported."""
    (folder / "blocked").mkdir()
    (folder / "blocked" / "torch.py").write_text("raise ImportError('no torch here')\n", "ascii")
    return folder / "blocked"


def test_the_runner_is_short():
    lines = [
        line
        for line in RUNNER.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith(("import", "from"))
    ]
    assert len(lines) <= 65


def test_nothing_is_replaced(tmp_path):
    model = load_model(ROOT / "Resources" / "Models" / "hippocampus-m3dnca")
    (tmp_path / "steps").mkdir()
    with pytest.raises(MedNCAError):
        export_steps(model, tmp_path / "steps")


def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = save(load_model(ROOT / "Resources" / "Models" / "hippocampus-m3dnca"), tmp_path / "model")
    result = CliRunner().invoke(cli.app, ["onnx", str(model), str(tmp_path / "steps")])
    assert isinstance(result.exception, MedNCAError) or result.exit_code == 2
    assert not (tmp_path / "steps").exists()

"""Weights and checkpoints that were written when a cell's perception was called "sight" are still read."""

import dataclasses
import hashlib
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import ROOT
from mednca.models.weights import load_model
from mednca.nca.architecture import Architecture, Level
from mednca.nca.cells import current_names
from mednca_train.plan.presets import HIPPOCAMPUS_M3DNCA
from mednca_train.run_folder import RunState
from mednca_train.training.loop import Run
from phantoms import bright_model, save

BUNDLED = sorted(path.parent for path in (ROOT / "Resources" / "Models").glob("*/model.json"))


def _with_old_names(path):
    tensors = load_file(path)
    assert any(".perception." in name for name in tensors) and not any(".sight." in name for name in tensors)
    save_file({name.replace(".perception.", ".sight."): tensor for name, tensor in tensors.items()}, path)


def test_a_model_folder_with_old_names_is_read_and_written_with_new_ones(tmp_path):
    model = bright_model()
    weights = save(model, tmp_path / "bright") / "weights.safetensors"
    written = weights.read_bytes()
    _with_old_names(weights)
    info = json.loads((tmp_path / "bright" / "model.json").read_text(encoding="utf-8"))
    info["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    (tmp_path / "bright" / "model.json").write_text(json.dumps(info), encoding="utf-8")
    again = load_model(tmp_path / "bright")
    for mine, theirs in zip(again.pyramid.state_dict().values(), model.pyramid.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)
    save(again, tmp_path / "again")
    assert (tmp_path / "again" / "weights.safetensors").read_bytes() == written


@pytest.mark.parametrize("folder", BUNDLED, ids=lambda folder: folder.name)
def test_bundled_models_are_as_they_were_published(folder):
    model = load_model(folder)
    stored = current_names(load_file(folder / "weights.safetensors"))
    ours = {name: value for name, value in model.pyramid.state_dict().items() if name in stored}
    assert set(ours) == set(stored) and all(torch.equal(ours[name], stored[name]) for name in stored)


def test_a_checkpoint_with_old_names_is_read(tmp_path):
    levels = (Level((2, 2, 2), 3, 2), Level((1, 1, 1), 3, 2))
    plan = dataclasses.replace(
        HIPPOCAMPUS_M3DNCA.plan, architecture=Architecture("m3d-nca", 8, 8, levels, norm="batch", labels=2)
    )
    run = Run.create(tmp_path / "run", plan, {"training": [], "validation": []})
    for pyramid in (run.pyramid, run.average, run.best):
        for parameter in pyramid.parameters():
            torch.nn.init.normal_(parameter.data)
    run.save([], RunState.PAUSED)
    _with_old_names(tmp_path / "run" / "checkpoint.safetensors")
    again = Run.resume(tmp_path / "run")
    for mine, theirs in ((again.pyramid, run.pyramid), (again.average, run.average), (again.best, run.best)):
        for a, b in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True):
            assert torch.equal(a, b)

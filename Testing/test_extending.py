"""What varies is added from outside, as an extension of the house would: nothing but the files that are meant for it."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch
import torchio as tio
from torch import nn

from mednca.benchmark.reference import ReferencePyramid
from mednca.benchmark.timing import useful_flops
from mednca.errors import MedNCAError
from mednca.models.description import Label
from mednca.models.weights import Model, load_model
from mednca.nca.architecture import Architecture, Level
from mednca.nca.cells import CELLS, Cell, cell_of
from mednca.nca.ensemble import run_ensemble
from mednca.nca.families import FAMILIES, Family, Planning
from mednca.nca.memory import plan_memory
from mednca.nca.pyramid import Pyramid
from mednca.pool import Pool
from mednca.quality.calibration import CROP
from mednca.quality.signals import SIGNALS, UNION, Signal
from mednca.result import Report
from mednca.segment import segment_image
from mednca_train.data import artifacts, layouts
from mednca_train.data.cases import Case, CaseSet
from mednca_train.data.layouts import find_dataset
from mednca_train.model.calibration import fit
from mednca_train.model.samples import Sample, conditions, measure_degraded
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.propose import propose
from mednca_train.training.finetune import starting_weights
from phantoms import bright_model, image_of, organ_case, random_pyramid, save, standout_model

# --- a cell family: a record in nca/families.py, a cell in nca/cells.py


@pytest.fixture(name="architecture")
def _family_from_outside(monkeypatch):
    """Three depthwise filters a channel, 3D: no family of ours perceives that much."""
    monkeypatch.setitem(
        FAMILIES, "wide-nca",
        Family("wide-nca", "Wide-NCA", dims=3, perceived=3, depthwise=True,
               planning=Planning(8, 16, "batch", kernels=(5, 3), steps=(4, 9), fine_steps=7)),
    )  # fmt: skip
    monkeypatch.setitem(CELLS, "wide-nca", None)  # so that what is registered below is taken away again

    @cell_of("wide-nca")
    class WideCell(Cell):
        def __init__(self, architecture, level):
            super().__init__(architecture, level)
            c = architecture.channels
            self.perception = nn.Conv3d(c, 3 * c, level.kernel, groups=c)

        def perception_kernel(self):
            return self.perception.weight, self.perception.bias, self.perception.groups

    levels = (Level((2, 2, 2), 5, 3), Level((1, 1, 1), 3, 4))
    return Architecture("wide-nca", 6, 16, levels, norm="batch", labels=2)


def _image(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_a_family_from_outside_runs_the_same_on_every_path(architecture, monkeypatch):
    pyramid, image = random_pyramid(architecture), _image(13, 12, 11)
    fast = run_ensemble(pyramid, image, 3, seed=1)
    tiled = run_ensemble(pyramid, image, 3, seed=1, memory_limit=1.2)
    pyramid.requires_grad_(True)
    gradient = torch.sigmoid(pyramid(torch.from_numpy(image)[..., None], 1, [0, 1, 2]))
    gradient.mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in pyramid.cells[-1].parameters())
    pyramid.requires_grad_(False)
    monkeypatch.setattr(Cell, "forward", Cell.plain)
    plain = run_ensemble(pyramid, image, 3, seed=1)
    assert plain.mean.std() > 1e-3
    for other in (fast.mean, tiled.mean, gradient.detach().mean(0).numpy()):
        assert np.allclose(other, plain.mean, atol=1e-4)


def test_a_family_from_outside_is_counted(architecture):
    parameters = sum(p.numel() for p in Pyramid(architecture).parameters())
    assert architecture.parameter_count() == parameters == 2 * (4 * 6 * 16 + 16 + 32 + 16 * 6 + 18) + 18 * (125 + 27)
    shape, whole = (8, 8, 8), (slice(0, 8),) * 3
    perceived, dense = (18 * 125, 18 * 27), 4 * 6 * 16 + 16 * 6
    by_hand = 64 * 3 * (perceived[0] + dense) + 512 * 4 * (perceived[1] + dense)
    assert useful_flops(architecture, shape, whole) == 2 * 0.5 * by_hand
    plans = [plan_memory(architecture, (96, 96, 96), limit, 2) for limit in (None, 60)]
    assert plans[0].tile is None and plans[1].peak < 60e6 < plans[0].peak
    assert ReferencePyramid(architecture)(torch.randn(*shape, 1)).shape == (2, *shape)


@torch.no_grad()
def test_a_family_from_outside_can_be_fine_tuned(architecture):
    labels = (Label(1, "Front", (0, 0, 0)), Label(2, "Rear", (0, 0, 0)))
    model = Model("wide", architecture, None, labels, info={}, pyramid=random_pyramid(architecture))
    image = torch.from_numpy(_image(10, 9, 11))[..., None]
    before = model.pyramid(image, 0, [0])
    after = starting_weights(model, labels[::-1]).eval()(image, 0, [0])
    assert before.std() > 1e-3 and torch.allclose(after, before.flip(-1), atol=1e-5)


def test_a_family_from_outside_is_planned(architecture):
    facts = {"size": (40, 44, 36), "spacing": (1.0, 1.0, 1.0), "labels": {1: 900}, "sides": {1: 0.0}}
    cases = tuple(CaseFacts(name, extent=(20.0, 20.0, 20.0), **facts) for name in "ab")
    plan = propose(Fingerprint(cases), family="wide-nca").plan
    assert plan.architecture.family == "wide-nca" and plan.architecture.channels == 8
    assert [(level.kernel, level.steps) for level in plan.architecture.levels] == [(5, 9), (3, 7)]


# --- an artifact: a line in mednca_train/data/artifacts.py


def blackout(severity: float) -> tio.Transform:
    """An artifact of this test: of every image nothing is left but a little noise."""
    return tio.Compose([tio.Lambda(lambda image: image * 0), tio.RandomNoise(std=0.001 * (1 + severity))])


def test_a_new_artifact_is_used_by_calibrations(cases, tmp_path, monkeypatch):
    """Registered by its name alone; its samples are made in other processes."""
    monkeypatch.setitem(artifacts.ARTIFACTS, "blackout", blackout)
    assert "blackout" in conditions()
    image = image_of(organ_case(0)[0])
    assert (
        np.ptp(sitk.GetArrayFromImage(artifacts.degrade(image, blackout, 1)))
        < 0.1
        < np.ptp(sitk.GetArrayFromImage(image))
    )
    folder = save(bright_model(labels=2), tmp_path / "bright")
    chosen = ("clean", "blackout")
    with Pool(1) as pool:
        samples = measure_degraded(pool, folder, cases[:2], 0, only=chosen)
    dice = {name: [sample.dice for sample in samples if sample.condition == name] for name in chosen}
    assert len(samples) == 4
    assert all(clean > 2 * black for clean, black in zip(dice["clean"], dice["blackout"], strict=True))


# --- a verdict signal: a line in mednca/quality/signals.py, and a calibration that is made with it


def _roughness(evidence) -> float | None:
    """A signal of this test: the share of what is near the result that is unsure."""
    variances = np.concatenate([variances for _means, variances in evidence.means_and_variances(UNION)])
    return float(np.mean(variances > 0.01))


def test_a_new_signal_is_reported_calibrated_and_judged_by(cases, tmp_path, monkeypatch):
    """Models that were calibrated with NQM go on by NQM; where nobody knows the signal there is no verdict."""
    monkeypatch.setitem(SIGNALS, "roughness", Signal(_roughness))
    model, image = standout_model(field_of_view=None, fire_rate=0.5), image_of(organ_case(0)[0])
    signals = segment_image(image, model, members=5).findings[0].signals
    assert set(signals) == set(SIGNALS) > {"nqm", "roughness"} and 0 < signals["roughness"] < 1
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, 200)
    samples = [
        Sample(str(n), "clean", float(np.clip(1 - 0.6 * v + rng.normal(0, 0.02), 0, 1)), {"nqm": v / 5, "roughness": v})
        for n, v in enumerate(values.tolist())
    ]
    calibration = fit(samples, 5, {CROP: "roughness"})
    model.info["quality"] = {"calibration": json.loads(json.dumps(calibration.to_json()))}
    loaded = load_model(save(model, tmp_path / "rough"))
    result = segment_image(image, loaded, members=5)
    verdict = result.findings[0].verdict
    assert verdict.predicted_dice == calibration.predict(signals["roughness"], 5)[0]
    assert (
        Report.from_json(json.loads(json.dumps(result.report.to_json()))).rejudged(0.8).findings[0].verdict == verdict
    )
    monkeypatch.delitem(SIGNALS, "roughness")
    assert segment_image(image, loaded, members=5).findings[0].verdict.color == "grey"


# --- a layout of data sets: a function in mednca_train/data/layouts.py


def test_a_new_layout_of_data_sets_is_found(tmp_path, monkeypatch):
    """A folder a person, as BIDS has it."""

    def by_person(folder):
        masks = sorted(folder.glob("sub-*/anat/*_mask.nii.gz"))
        return CaseSet(tuple(
            Case(mask.parents[1].name, mask.with_name(mask.name.replace("_mask", "_T1w")), mask) for mask in masks
        ), {1: "Organ"}) if masks else None  # fmt: skip

    for name in ("sub-01", "sub-02"):
        (tmp_path / name / "anat").mkdir(parents=True)
        for part in ("T1w", "mask"):
            (tmp_path / name / "anat" / f"{name}_{part}.nii.gz").touch()
    with pytest.raises(MedNCAError, match="no data set"):
        find_dataset(tmp_path)
    monkeypatch.setattr(layouts, "LAYOUTS", [*layouts.LAYOUTS, by_person])
    found = find_dataset(tmp_path)
    assert [case.name for case in found.cases] == ["sub-01", "sub-02"] and found.label_names == {1: "Organ"}

"""The training core: it learns, resumes to the same numbers, and its parts do what they say."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from mednca.errors import MedNCAError
from mednca.imaging.metrics import dice
from mednca.models.library import Library
from mednca.nca.architecture import Architecture, Level
from mednca.segment import segment_image
from mednca_train.data.augmentation import IGNORE, training_sample
from mednca_train.data.case_reader import CaseReader
from mednca_train.data.cases import split
from mednca_train.data.elastic import RandomElastic
from mednca_train.data.transforms import tio
from mednca_train.model.build import finish
from mednca_train.plan.plan import Augmentation, Plan, SecondPhase
from mednca_train.training.batches import Batches
from mednca_train.training.loop import Run
from mednca_train.training.losses import bce_loss, dice_focal, dice_loss, focal_loss
from mednca_train.training.patch_pyramid import training_pass
from phantoms import image_of, organ_case
from training_phantoms import METADATA, history, plan


def _train(folder, cases, plan, stop_after=None):
    class Stop(Exception):
        pass

    def report(row):
        if row.iteration == stop_after:
            raise Stop

    run = Run.resume(folder) if (folder / "plan.json").exists() else Run.create(folder, plan, split(cases, 0.25, 0))
    with contextlib.suppress(Stop):
        run.train(cases, report=report)
    return run


def test_resume_gives_the_same_numbers(cases, tmp_path):
    whole = _train(tmp_path / "whole", cases, plan())
    _train(tmp_path / "cut", cases, plan(), stop_after=5)  # the last checkpoint is that of iteration 3
    resumed = _train(tmp_path / "cut", cases, plan())
    assert history(tmp_path / "cut") == history(tmp_path / "whole") and len(history(tmp_path / "cut")) == 8
    for mine, theirs in zip(resumed.average.state_dict().values(), whole.average.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.slow
def test_it_learns_and_ships(cases, tmp_path, few_conditions):
    """From scratch to a calibrated model folder that segments an unseen phantom."""
    run = _train(
        tmp_path / "run",
        cases,
        plan(iterations=110, learning_rate=5e-3, ema=0.95, freeze_norm=0.1, checkpoint_every=1000),
    )
    report = finish(run, cases, METADATA, tmp_path / "user" / "phantom", "mednca train ...", calibration_cases=3)
    (entry,) = Library(bundled=tmp_path / "none", user=tmp_path / "user").entries()
    assert entry.problem is None
    assert report.mean.dice["union"] > 0.85
    image, labels = organ_case(99)
    result = segment_image(
        image_of(image, direction=np.diag([-1.0, -1.0, 1.0])), Library(user=tmp_path / "user").load(entry.id)
    )
    found = sitk.GetArrayFromImage(result.labels).transpose(2, 1, 0)
    assert dice(found > 0, labels > 0) > 0.85
    info = json.loads((entry.folder / "model.json").read_text())
    assert set(info["training"]["split"]) == {"training", "validation"}
    assert str(tmp_path) not in json.dumps(info)  # no path of this machine in a model
    card = (entry.folder / "MODEL_CARD.md").read_text()
    assert "mednca train" in card and "Worst case" in card


@pytest.mark.parametrize(
    "changes",
    [{}, {"recompute": True}, {"coarse_first": 4}, {"coarse_weight": 0.0}, {"trained": "update"}, {"freeze_norm": 1.0}],
    ids=str,
)
def test_sample_by_sample_the_gradient_is_that_of_the_batch(cases, changes):
    """To rounding; and to the last digit the same, however many threads there are."""
    made = plan(**{"freeze_norm": 0.0, "batch": 3} | changes)
    found, threads = {}, torch.get_num_threads()
    try:
        for way, count in (("apart", 1), ("together", 1), ("apart", 2), ("apart", 3)):
            torch.set_num_threads(count)
            run = Run("", made, {"training": [], "validation": []})
            with torch.no_grad():  # moving, not as at first
                for cell in run.pyramid.cells:
                    cell.update.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(0))
            run._set_norms_live()
            loss = getattr(run, f"_{way}")(*Batches(cases, made, 0)[0])
            statistics = [cell.norm.running_var for cell in run.pyramid.cells]
            found[way, count] = [loss, *statistics, *(parameter.grad for parameter in run.parameters)]
    finally:
        torch.set_num_threads(threads)
    largest = max(float(each.abs().max()) for each in found["together", 1][3:] if each is not None)
    nothing = 1e-5 * largest if made.freeze_norm else 0.0  # a live norm leaves the bias before it but rounding
    for one, batch, *others in zip(
        found["apart", 1], found["together", 1], found["apart", 2], found["apart", 3], strict=True
    ):
        assert (one is None) == (batch is None)
        if one is not None:
            assert torch.allclose(one, batch, rtol=1e-3, atol=1e-5 * float(batch.abs().max()) + 1e-8 + nothing)
            assert all(torch.equal(one, other) for other in others)


def test_norm_is_live_then_frozen(cases, tmp_path):
    run = Run.create(tmp_path / "run", plan(freeze_norm=0.25), split(cases, 0.25, 0))
    images, labels = Batches(cases, run.plan, 0)[0]
    before = run.pyramid.cells[0].norm.running_mean.clone()
    run.step(images, labels)
    live = run.pyramid.cells[0].norm.running_mean.clone()
    assert not torch.equal(before, live)
    run.counters.iteration = 2
    run.step(images, labels)
    assert torch.equal(live, run.pyramid.cells[0].norm.running_mean)


def test_the_second_phase_is_a_phase_of_its_own(cases):
    calm = Augmentation(shift=1, rotation=0)
    phased = plan(iterations=6, second_phase=SecondPhase(4, 1e-3, (20, 20, 20), calm))
    assert phased.total_iterations == 10 and len(Batches(cases, phased, 3)) == 7
    assert phased.augmentation_at(5) == phased.augmentation and phased.augmentation_at(6) == calm
    assert phased.patch_at(5) == (14, 14, 14) and phased.patch_at(6) == (20, 20, 20)
    long = dataclasses.replace(phased, iterations=1000, second_phase=SecondPhase(500, 1e-3, (20, 20, 20), calm))
    rates = [long.learning_rate_at(i) for i in range(1500)]
    assert max(rates[:1000]) > 1.9e-3 and rates[999] < 5e-5 and 0.8e-3 < max(rates[1000:]) <= 1e-3 and rates[-1] < 3e-5
    assert Plan.from_json(json.loads(json.dumps(phased.to_json()))) == phased


def test_three_levels_and_duplication(cases):
    levels = (Level((4, 4, 4), 5, 2), Level((2, 2, 2), 3, 2), Level((1, 1, 1), 3, 2))
    deep = plan(architecture=Architecture("m3d-nca", 8, 8, levels, labels=2), duplication=2, patch=(8, 8, 8))
    images, labels = Batches(cases, deep, 0)[1]
    assert len(images) == 4 and torch.equal(images[0], images[1]) and not torch.equal(images[1], images[2])
    from mednca.nca.pyramid import Pyramid

    outputs = training_pass(Pyramid(deep.architecture), images, labels, deep, 1)
    assert [tuple(o[0].shape[1:4]) for o in outputs] == [(6, 7, 6), (8, 8, 8), (8, 8, 8)]


def test_the_coarse_level_may_be_trained_alone_at_first(cases, tmp_path):
    """Then its norm lives first, and the finer level's when that begins; until then the finer one does not move."""
    phased = plan(iterations=8, freeze_norm=0.25, coarse_first=4)
    run = Run.create(tmp_path / "run", phased, split(cases, 0.25, 0))
    fine = [parameter.clone() for parameter in run.pyramid.cells[1].parameters()]
    coarse = [parameter.clone() for parameter in run.pyramid.cells[0].parameters()]
    live = []
    for number in range(8):
        images, labels = Batches(cases, phased, 0)[number]
        assert len(training_pass(run.pyramid, images, labels, phased, number)) == (1 if number < 4 else 2)
        run.step(images, labels)
        live.append([cell.live_norm for cell in run.pyramid.cells])
        moved = [not torch.equal(a, b) for a, b in zip(fine, run.pyramid.cells[1].parameters(), strict=True)]
        assert not any(moved) if number < 4 else any(moved)
    assert not all(torch.equal(a, b) for a, b in zip(coarse, run.pyramid.cells[0].parameters(), strict=True))
    assert [each[0] for each in live] == [True, True, *[False] * 6]
    assert [each[1] for each in live] == [*[False] * 4, True, True, False, False]
    assert run.frozen_at == 6


def test_patches_match_their_labels(cases):
    """The image channel that a patch's state carries is the image where the targets were cut."""
    from mednca.nca.pyramid import Pyramid

    still = plan(loss_margin=0, coarse_weight=0)
    pyramid = Pyramid(still.architecture)  # untrained: the state is the image and zeros
    seen = []
    pyramid.logits = lambda state: (seen.append(state[..., :1]), state[..., 1:3])[1]
    images, labels = Batches(cases, still, 0)[0]
    images = (labels == 1).float()[..., None] + 2 * (labels == 2).float()[..., None]
    outputs = training_pass(pyramid, images, labels, still, 0)
    _, targets, valid = outputs[-1]
    assert torch.equal(seen[-1] * valid, (targets[..., :1] + 2 * targets[..., 1:]) * valid)
    assert targets.sum() > 0


def test_samples_are_reproducible_and_keep_image_and_labels_together(cases):
    reader = CaseReader(plan())
    ((image, labels),) = reader(cases[0])
    first, again, other = (training_sample(image, labels, plan(), seed) for seed in (5, 5, 6))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (24, 26, 22, 1) and set(np.unique(first[1])) <= {IGNORE, 0, 1, 2}
    quiet = plan(
        augmentation=Augmentation(noise=0, spike=0, ghosting=0, motion=0, bias_field=0, gamma=0, blur=0, anisotropy=0)
    )
    moved, where = training_sample(image, labels, quiet, 7)
    assert moved[where > 0].mean() > moved[where == 0].mean() + 1  # bright stays bright under every flip and shift


@pytest.mark.parametrize("shape", [(44, 60, 30), (20, 1, 9), (5, 4, 3)])
def test_elastic_deformation_is_that_of_torchio(shape):
    """Within a tenth of a voxel, but for the outermost ones, where rounding says what is outside."""
    where = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij"))
    moved = []
    for kind in (tio.RandomElasticDeformation, RandomElastic):
        torch.manual_seed(3)
        image = tio.ScalarImage(tensor=torch.from_numpy(where), affine=np.diag([1.0, 1.5, 2.0, 1.0]))
        moved.append(kind(num_control_points=7, max_displacement=3.5, locked_borders=2)(image).data.numpy())
    inner = (slice(None), *(slice(1, -1) if n > 2 else slice(None) for n in shape))
    torchios, ours = (each[inner] for each in moved)
    assert np.abs(torchios - ours).max() < 0.1  # voxels
    if min(shape) > 20:
        assert np.abs(torchios - where[inner]).max() > 1


def test_the_cache_is_bounded(cases):
    reader = CaseReader(plan(), bound=3 * 24 * 26 * 22)
    for case in cases:
        reader(case)
    assert len(reader.cache) == 3


def test_split_is_recorded_balanced_and_stable(cases):
    first = split(cases, 0.25, 0)
    assert first == split(list(reversed(cases)), 0.25, 0) and len(first["validation"]) == 2
    assert not set(first["training"]) & set(first["validation"])
    named = [dataclasses.replace(cases[0], name=f"sub-{n:02d}_T1w") for n in range(20)]
    assert len(split(named, 0.2, 0)["validation"]) == 4
    centers = [dataclasses.replace(cases[0], name=f"prostate_{c}_{n}") for c in ("UCL", "HK") for n in range(10)]
    held = split(centers, 0.2, 1)["validation"]
    assert sum("UCL" in name for name in held) == sum("HK" in name for name in held) == 2


def test_folds_hold_out_every_case_once(cases):
    centers = [dataclasses.replace(cases[0], name=f"prostate_{c}_{n}") for c in ("UCL", "HK") for n in range(9)]
    folds = [split(centers, 0.2, 0, fold) for fold in range(5)]
    held = [name for fold in folds for name in fold["validation"]]
    assert sorted(held) == sorted(case.name for case in centers) and folds[0] == split(centers, 0.2, 0)
    assert [len(fold["validation"]) for fold in folds] == [4, 4, 4, 4, 2]
    assert all(not set(fold["training"]) & set(fold["validation"]) for fold in folds)
    with pytest.raises(MedNCAError, match="no fold 5"):
        split(centers, 0.2, 0, 5)


def test_geometry_mismatch_names_the_case(cases, tmp_path):
    shifted = sitk.ReadImage(str(cases[0].labels))
    shifted.SetOrigin((50, 0, 0))
    sitk.WriteImage(shifted, str(tmp_path / "l.nii.gz"))
    with pytest.raises(MedNCAError, match="case_0"):
        CaseReader(plan())(dataclasses.replace(cases[0], labels=tmp_path / "l.nii.gz"))


def test_plan_round_trip():
    assert Plan.from_json(json.loads(json.dumps(plan().to_json()))) == plan()
    with pytest.raises(MedNCAError, match="plan"):
        Plan.from_json({"labels": []})


def test_losses_against_hand_values():
    valid = torch.ones(1, 1, 1, 2, 1)
    logits, targets = (
        torch.tensor([20.0, -20.0]).reshape(1, 1, 1, 2, 1),
        torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2, 1),
    )
    assert dice_loss(logits, targets, valid) < 1e-6 and bce_loss(logits, targets, valid) < 1e-6
    assert dice_loss(-logits, targets, valid) > 0.6 and bce_loss(-logits, targets, valid) > 10
    ignored = torch.zeros_like(valid)
    assert bce_loss(-logits, targets, ignored) == 0


def test_the_focal_term_weighs():
    """Its gradient leans to the hard voxel far more than that of the cross-entropy, and is not near zero."""
    targets = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2, 1)
    valid = torch.ones(1, 1, 1, 2, 1)

    def pull(loss):
        logits = torch.tensor([-1.0, -2.0]).reshape(1, 1, 1, 2, 1).requires_grad_()  # hard, easy
        hard, easy = torch.autograd.grad(loss(logits, targets, valid), logits)[0].abs().flatten().tolist()
        return hard, hard / easy

    (_, plain), (hard, focal) = pull(bce_loss), pull(focal_loss)
    assert focal > 5 * plain and hard > 0.1
    assert dice_focal(torch.zeros(1, 1, 1, 2, 1), targets, valid).isfinite()

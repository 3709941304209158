"""From a data set to a model: what is wrong with it is told, a plan is proposed, runs survive, fine-tuning is judged."""

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from typer.testing import CliRunner

from mednca.benchmark.timing import resident_peak
from mednca.errors import MedNCAError, Sentence
from mednca.imaging.metrics import dice
from mednca.models.description import Label, Preprocessing
from mednca.models.weights import Model, load_model
from mednca.quality.domain import Circumstances, objection_to
from mednca.scores import Summary
from mednca_train import run_folder, training_run
from mednca_train.commands import given
from mednca_train.data.case_reader import CaseReader, check_cases
from mednca_train.data.cases import Case, CaseSet, split
from mednca_train.data.examine import fingerprint
from mednca_train.data.layouts import find_dataset, pair_folders
from mednca_train.model import card as model_card
from mednca_train.model.build import _geometry
from mednca_train.model.privacy import check_names, check_unseen, known_of
from mednca_train.plan.finetuning import finetuning_plan, own_labels
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.metadata import metadata_for
from mednca_train.plan.plan import Plan
from mednca_train.plan.propose import flip_axes, propose, with_changes
from mednca_train.progress import Pace
from mednca_train.run_folder import RunOptions, RunState, read_cases, read_history, read_status, write_cases
from mednca_train.training import loop, validation
from mednca_train.training.estimate import estimate
from mednca_train.training.finetune import starting_weights
from mednca_train.training.loop import Run
from mednca_train.training.validation import Scores, validator
from mednca_train.training.watching import WatchedCase
from mednca_train.validation_report import Comparison
from phantoms import (
    ARCHITECTURES,
    array_of,
    bright_model,
    ellipsoid,
    image_of,
    organ_case,
    random_pyramid,
    rotation,
    save,
)
from training_phantoms import COARSE, METADATA, history, plan, write_case

ROOT = Path(__file__).resolve().parents[1]


# --- examining the data


def test_every_mistake_is_told_with_its_case(tmp_path):
    image, labels = organ_case(0)
    write_case(tmp_path, "good", image, labels)
    write_case(tmp_path, "also_good", *organ_case(1))
    write_case(tmp_path, "the_same", image, labels)
    write_case(tmp_path, "empty", organ_case(2)[0], np.zeros_like(labels))
    write_case(tmp_path, "unknown", organ_case(3)[0], np.where(labels > 0, 9, 0).astype(labels.dtype))
    write_case(tmp_path, "flat", np.full_like(image, 7), labels)
    write_case(tmp_path, "shifted", organ_case(4)[0], labels)
    moved = sitk.ReadImage(str(tmp_path / "labels" / "shifted.nii.gz"))
    moved.SetOrigin((5, 0, 0))
    sitk.WriteImage(moved, str(tmp_path / "labels" / "shifted.nii.gz"))
    write_case(tmp_path, "cut", *organ_case(5))
    whole = (tmp_path / "images" / "cut.nii.gz").read_bytes()
    (tmp_path / "images" / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])

    found = fingerprint(pair_folders(tmp_path / "images", tmp_path / "labels"), values=(1, 2))
    assert {case.name for case in found.usable} == {"also_good", "good"}
    expected = {"the_same": "same image as good", "empty": "empty", "unknown": "value 9", "flat": "constant",
                "shifted": "shifted", "cut": ""}  # fmt: skip
    assert set(found.problems) == set(expected)
    for name, words in expected.items():
        assert words in str(found.problems[name])
    assert found.values == [1, 2]


def test_names_that_must_not_go_into_a_model():
    check_names(["hippocampus_001", "prostate_UCL_36", "case-17", "scan 2", "19990000"])
    for name in ("DOE^JOHN", "Doe, John", "mr_19631207", "1963-12-07", "C:\\data\\x", "home/x"):
        with pytest.raises(MedNCAError, match="looks like"):
            check_names(["fine", name])


@pytest.mark.parametrize("layout", ["decathlon", "nnunet", "images/labels", "imagesTr/labelsTr"])
def test_the_usual_layouts_are_understood(tmp_path, layout):
    images, labels = ("images", "labels") if layout == "images/labels" else ("imagesTr", "labelsTr")
    for n in range(2):
        suffix = "_0000" if layout == "nnunet" else ""
        write_case(tmp_path, f"c{n}", *organ_case(n), images=images, label_folder=labels, image_name=f"c{n}{suffix}")
    described = {
        "decathlon": {"labels": {"0": "background", "1": "Front", "2": "Back"}, "modality": {"0": "MRI"}},
        "nnunet": {"labels": {"background": 0, "Front": 1, "Back": 2}, "channel_names": {"0": "MRI"}},
    }.get(layout)
    if described:
        (tmp_path / "dataset.json").write_text(json.dumps(described))
    dataset = find_dataset(tmp_path)
    assert [case.name for case in dataset.cases] == ["c0", "c1"]
    assert dataset.label_names == ({1: "Front", 2: "Back"} if described else {})
    assert all(case.image.exists() and case.labels.exists() for case in dataset.cases)


def test_what_is_no_data_set_is_told(tmp_path):
    with pytest.raises(MedNCAError, match="holds no data set"):
        find_dataset(tmp_path)
    with pytest.raises(MedNCAError, match="nope is not there; check the path"):
        find_dataset(tmp_path / "nope")
    (tmp_path / "dataset.json").write_text('{"labels": {"0": "b", "1": "x"}, "modality": {"0": "T1", "1": "T2"}}')
    with pytest.raises(MedNCAError, match="imagesTr is not a folder"):
        find_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text("[")
    with pytest.raises(MedNCAError, match="not valid JSON"):
        find_dataset(tmp_path)
    for described, words in (
        ({"modality": 3}, "modality"),
        ({"labels": {"1": 2}}, "the label '1' is 2"),
        ({"labels": {"organ": [1, 2]}}, "regions that several labels make up"),
        ({"labels": {"background": 0, "organ": 1, "ignore": 2}}, "the label ignore"),
        ({"labels": [["x"] * 50] * 50}, "labels"),
    ):
        (tmp_path / "dataset.json").write_text(json.dumps(described))
        with pytest.raises(MedNCAError, match=words):
            find_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text("[" * 100_000)
    with pytest.raises(MedNCAError, match="not valid JSON"):
        find_dataset(tmp_path)


# --- proposing a plan


def _facts(name="c", size=(40, 50, 40), spacing=(1.0, 1.0, 1.0), extent=(15.0, 25.0, 15.0), sides=None):
    return CaseFacts(name, size, spacing, {1: 2000}, extent, sides or {1: 0.0}, name)


TEN = Fingerprint(tuple(_facts(f"c{number}") for number in range(10)))


def test_a_plan_is_proposed_with_its_reasons():
    proposal = propose(Fingerprint(tuple(_facts(f"c{n}") for n in range(5))), {1: "Organ"})
    plan = proposal.plan
    assert plan.field_of_view == (40, 50, 40) and plan.labels[0].name == "Organ"
    assert all(str(text).endswith(".") for text in proposal.reasons.values())
    assert with_changes(plan, {"iterations": 7, "augmentation": {"flip": []}}).augmentation.flip == ()
    with pytest.raises(MedNCAError, match="no 'nonsense'"):
        with_changes(plan, {"nonsense": 1})


def test_a_plan_fits_its_images():
    head = [_facts(f"c{n}", (180, 220, 180), sides={1: -27.0}) for n in range(4)]
    plan = propose(Fingerprint(tuple(head))).plan
    assert max(plan.field_of_view) < 60 and plan.augmentation.flip == ()  # a field around it; always on the left
    both = [_facts(f"c{n}", (180, 220, 180), sides={1: -27.0, 2: 27.0}) for n in range(4)]
    assert propose(Fingerprint(tuple(both))).plan.augmentation.flip == ()  # a left and a right one must not swap
    either = [_facts(f"c{n}", (180, 220, 180), sides={1: -27.0 * (-1) ** n}) for n in range(4)]
    assert propose(Fingerprint(tuple(either))).plan.augmentation.flip == (0,)
    thick = [_facts(f"c{n}", (384, 384, 20), (0.5, 0.5, 3.6), (50.0, 40.0, 45.0)) for n in range(4)]
    plan = propose(Fingerprint(tuple(thick))).plan
    assert plan.field_of_view[2] == 20 and plan.architecture.levels[0].scale[2] < plan.architecture.levels[0].scale[0]
    flat = propose(Fingerprint(tuple(thick)), family="med-nca").plan.architecture
    assert flat.slice_axis == 2 and flat.parameter_count() == 70016
    with pytest.raises(MedNCAError, match="two usable cases"):
        propose(Fingerprint((_facts(), dataclasses.replace(_facts("b"), problem=Sentence("It is empty.")))))


def test_labels_beside_each_other_are_not_mirrored():
    """A left and a right thalamus lie near the middle; prostate zones lie one within the other."""
    near = [
        _facts(f"c{n}", (180, 220, 180), extent=(50.0, 30.0, 20.0), sides={1: -11.0 - n, 2: 13.0}) for n in range(9)
    ]
    assert flip_axes(near) == ()
    assert flip_axes([*near, _facts("mirrored", (180, 220, 180), sides={1: 12.0, 2: -12.0})]) == ()  # one of ten
    within = [_facts(f"c{n}", extent=(50.0, 40.0, 40.0), sides={1: 0.5 * n, 2: 0.5 * n - 2.0}) for n in range(6)]
    assert flip_axes(within) == (0,)
    rare = dataclasses.replace(within[0], name="lesion", sides={1: 0.0, 2: 0.0, 3: 40.0})
    assert flip_axes([*within, *within, rare]) == (0,)  # one case decides nothing
    one = [_facts(f"c{n}", (180, 220, 180), sides={1: -27.0}) for n in range(11)]
    assert flip_axes([*one, _facts("oddly cut", (180, 220, 180), sides={1: -3.0})]) == ()


def test_an_organ_of_several_pieces_keeps_them(tmp_path):
    image = np.random.default_rng(0).normal(100, 10, (40, 30, 30))
    for number in range(4):
        labels = ellipsoid((40, 30, 30), (10, 15, 15), (5, 6, 6)) * 1
        labels += ellipsoid((40, 30, 30), (29, 15 + number, 15), (5, 6, 6))
        write_case(tmp_path / "pair", f"case_{number}", image + number, labels.astype(np.uint8))
        labels = ellipsoid((40, 30, 30), (20, 15, 15), (8, 8, 6)).astype(np.uint8)
        labels[1, 1, 1] = 1  # a stray voxel
        write_case(tmp_path / "single", f"case_{number}", image + number, labels)
    pair, single = (fingerprint(find_dataset(tmp_path / name)) for name in ("pair", "single"))
    assert all(0.4 < case.beside < 0.6 for case in pair.cases) and all(case.beside < 0.01 for case in single.cases)
    assert Fingerprint.from_json(pair.to_json()) == pair
    for number in range(4):  # the label of a small part that lies apart
        labels = 2 * ellipsoid((40, 30, 30), (33, 15, 15), (2, 2, 2)) + ellipsoid((40, 30, 30), (15, 15, 15), (9, 9, 9))
        write_case(tmp_path / "part", f"case_{number}", image + number, labels.astype(np.uint8))
    assert not propose(fingerprint(find_dataset(tmp_path / "part"))).plan.preprocessing.keep_largest
    kept, largest = propose(pair), propose(single)
    assert not kept.plan.preprocessing.keep_largest and "in 4 cases" in str(kept.reasons["pieces"])
    assert largest.plan.preprocessing.keep_largest and "largest piece" in str(largest.reasons["pieces"])


def test_thin_images_get_cells_that_fit_or_are_refused(tmp_path):
    """Not after hours of training."""
    thin = [_facts(f"c{n}", (60, 60, 6), (1.5, 1.5, 1.5), (30.0, 30.0, 6.0)) for n in range(4)]
    architecture = propose(Fingerprint(tuple(thin))).plan.architecture
    architecture.check_size((60, 60, 6))
    assert architecture.levels[0].kernel == 5
    slices = [dataclasses.replace(case, size=(60, 60, 1)) for case in thin]
    assert propose(Fingerprint(tuple(slices)), family="med-nca").plan.architecture.slice_axis == 2
    with pytest.raises(MedNCAError, match=r"x 1 voxels .* another family"):
        propose(Fingerprint(tuple(slices)))
    write_case(tmp_path, "flat_1", np.zeros((24, 26, 4)), np.ones((24, 26, 4), np.uint8))
    with pytest.raises(MedNCAError, match=r"flat_1: The image has only 24 x 26 x 4 voxels"):
        check_cases(find_dataset(tmp_path).cases, plan())


def test_images_that_were_trained_whole_are_judged_whole(tmp_path):
    """Those between one and one and a half fields of view are one field to whoever segments them."""
    labels = ellipsoid((34, 28, 24), (17, 14, 12), (5, 6, 5)).astype(np.uint8)
    write_case(tmp_path, "wide_1", np.random.default_rng(0).normal(0, 1, labels.shape), labels)
    _anchor, domain, _seeds = _geometry(list(find_dataset(tmp_path).cases), plan())  # a field of 24 x 26 x 22 mm
    circumstances = Circumstances(10, (1.0,) * 3, (34.0, 28.0, 24.0), float(labels.sum()), touches=False)
    assert objection_to(circumstances, domain) is None
    assert objection_to(dataclasses.replace(circumstances, extent=(44.0, 28.0, 24.0)), domain).key == "extent R"


def test_a_small_organ_stays_in_sight():
    tiny = [_facts(f"c{n}", (60, 60, 60), (0.1,) * 3, (3.0, 3.0, 3.0)) for n in range(3)]
    assert propose(Fingerprint(tuple(tiny))).plan.augmentation.shift < 1


def test_a_label_that_a_case_lacks_is_measured_where_it_is(tmp_path):
    """Else a case without it counts as wholly right or wholly wrong, by a single voxel."""
    found = np.zeros((24, 26, 22), np.uint8)
    found[8:16, 8:16, 8:16] = 1
    found[0, 0, 0] = 2
    half = found.copy()
    half[12:16, 8:16, 8:16] = 2
    for name, labels in (("without_1", np.minimum(found, 1)), ("with_2", half)):
        write_case(tmp_path, name, np.random.default_rng(0).normal(0, 1, found.shape), labels)
    cases = find_dataset(tmp_path).cases
    names = {"training": [], "validation": [case.name for case in cases]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "_found", lambda *_: half)
        scores = validation.validator(plan(), names, list(cases))(None)
    assert scores.dice_labels == (pytest.approx((1 + 2 / 3) / 2, abs=1e-3), 1.0)


def test_another_image_of_a_person_is_not_unseen():
    names, others = [f"sub-{n:02}_ses-2" for n in range(4)], _learned("sub-04_ses-1", "sub-05_ses-1")
    check_unseen(names, others)
    with pytest.raises(MedNCAError, match="sub-03_ses-2 was trained with, or another image"):
        check_unseen(names, _learned("sub-03_ses-1", "sub-05_ses-1"))
    check_unseen(names, _learned("sub-03_ses-1"), by_person=False)  # of another center, somebody says
    with pytest.raises(MedNCAError, match="sub-03_ses-2"):
        check_unseen(names, _learned("sub-03_ses-2"), by_person=False)
    hashes = _learned(*(f"case-{n:010x}" for n in range(30)))
    assert known_of([f"case-{n}" for n in range(20)], hashes) == []  # of which nobody can tell


def _learned(*names):
    return {"training": {"split": {"training": list(names)}}}


def test_what_was_fine_tuned_to_another_organ_is_not_looked_for_where_the_first_lies():
    base = bright_model()
    base.info["seeds"] = [{"position": [0.3, 0.5, 0.3], "side": "left"}]
    assert "seeds" in metadata_for("own", "Own", base, base.labels)
    assert "seeds" not in metadata_for("own", "Own", base, (dataclasses.replace(base.labels[0], name="Kidney"),))


def test_fine_tuning_keeps_the_pieces_of_the_new_organ():
    """As far as they lie in one field of view; what lies farther apart has a field each."""
    base = bright_model(field_of_view=(40.0, 50.0, 40.0), keep_largest=True)
    pair = tuple(dataclasses.replace(_facts(f"c{n}"), beside=0.5) for n in range(5))
    assert not finetuning_plan(base, Fingerprint(pair)).preprocessing.keep_largest
    apart = tuple(dataclasses.replace(case, extent=(90.0, 20.0, 20.0)) for case in pair)
    assert finetuning_plan(base, Fingerprint(apart)).preprocessing.keep_largest
    assert finetuning_plan(base, Fingerprint(tuple(_facts(f"c{n}") for n in range(5)))).preprocessing.keep_largest


@pytest.mark.slow
def test_the_estimate_is_near_the_measured_peak(cases, tmp_path):
    """Within 20 %, of a training in a process of its own."""
    quick = plan(iterations=4, freeze_norm=0.2, batch=4, validate_every=4)
    with ProcessPoolExecutor(1, torch.multiprocessing.get_context("spawn")) as pool:
        measured = pool.submit(_train_and_measure, str(tmp_path / "run"), quick, cases).result()
    predicted = estimate(quick, Fingerprint(tuple(_facts(case.name) for case in cases)))
    assert abs(predicted.peak_mb / measured - 1) < 0.2, (predicted.peak_mb, measured)
    assert predicted.seconds > 0 and predicted.loader_mb > 100


@pytest.mark.slow
def test_the_estimate_says_what_a_free_computer_would_take(monkeypatch):
    """It is measured beside programs that never rest, two for each processor."""
    monkeypatch.setattr("mednca_train.training.estimate.torch.get_num_threads", lambda: 1)  # they wait for each other
    count = 2 * (os.cpu_count() or 1)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _number in range(count)]
    try:
        found = estimate(plan(), TEN)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert found.is_busy and 0 < found.seconds_free < found.seconds / 1.5
    assert not dataclasses.replace(found, seconds_free=found.seconds).is_busy


def test_the_time_that_is_left_follows_the_latest_iterations(monkeypatch):
    """Three times as slow since 40 iterations; a validation of 10 s is still to come, and does not count as one."""
    pace, now = Pace(200, 100), 0.0
    monkeypatch.setattr("mednca_train.progress.time.monotonic", lambda: now)
    assert pace.seconds_left(1, False) is None
    for iteration in range(2, 141):
        validated = iteration == 100
        now += 10 if validated else 1.0 if iteration < 100 else 3.0
        left = pace.seconds_left(iteration, validated)
    assert left == pytest.approx(60 * 3.0 + 7.0)
    pace = Pace(300, 100)
    for iteration in range(1, 151):
        now += 10 if iteration == 100 else 1.0
        left = pace.seconds_left(iteration, iteration == 100)
    assert left == pytest.approx(150 * 1.0 + 2 * 9.0)


def test_a_quick_plan_is_coarse_and_short():
    large = dataclasses.replace(_facts(), size=(150, 150, 150), extent=(80.0, 80.0, 80.0))
    slow, quick = (propose(Fingerprint((large, large)), quick=quick) for quick in (False, True))
    assert max(slow.plan.field_of_view) > 64 >= max(quick.plan.field_of_view)
    assert quick.plan.iterations < slow.plan.iterations and "64 voxels" in str(quick.reasons["spacing"])
    assert math.prod(quick.plan.patch) < math.prod(slow.plan.patch)


def test_what_a_validation_finds_can_be_watched(cases, tmp_path):
    """On the image's own place, also where the image is oblique and the grid another one."""
    preprocessing = dataclasses.replace(plan().preprocessing, spacing=(0.9, 1.0, 1.2))
    options = dataclasses.replace(plan(), preprocessing=preprocessing)
    image, labels = organ_case(3)
    direction = rotation(20, 0) @ rotation(-15, 2)
    files = [tmp_path / "image.nrrd", tmp_path / "labels.nrrd"]
    for file, array in zip(files, (image, labels), strict=True):
        sitk.WriteImage(image_of(array, (1, 1.1, 1.3), direction, (5, -7, 11)), str(file))
    case = Case("oblique", *files)
    ((_image, found),) = CaseReader(options)(case)
    WatchedCase(tmp_path, case, options).write(found, 0.5)
    left = sitk.ReadImage(str(tmp_path / run_folder.WATCHED_LABELS))
    back = sitk.Resample(left, sitk.ReadImage(str(files[1])), sitk.Transform(), sitk.sitkNearestNeighbor)
    assert dice(array_of(back) > 0, labels > 0) > 0.93
    assert run_folder.read_watched(tmp_path) == run_folder.Watched("oblique", 0.5)


def _train_and_measure(folder, quick, cases):
    work = training_run.begin(folder, quick, cases, METADATA)
    work.run.train(cases, validator(quick, work.run.split, cases))
    return resident_peak()


def test_what_cannot_become_a_model_is_told_before_it_is_trained(cases, tmp_path):
    personal = [dataclasses.replace(case, name=f"DOE^JOHN {n}") for n, case in enumerate(cases)]
    for bad, chosen, options, words in (
        (plan(), personal, RunOptions(keep_names=True), "looks like a person"),
        (plan(field_of_view=(900, 900, 900), batch=64), cases, None, "GB at least"),
        (plan(), cases[:1], None, "two cases at least"),
    ):
        with pytest.raises(MedNCAError, match=words):
            training_run.begin(tmp_path / "run", bad, chosen, METADATA, None, options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": "nonsense"}, "at loss: 'nonsense' is not one of"),
        ({"validate_every": 0}, "at validate_every: 0 is less"),
        ({"iterations": "many"}, "at iterations: 'many' is not of type"),
        ({"iterations": True}, "at iterations"),
        ({"iterations": 3.0}, "at iterations"),
        ({"batch": 10**9}, "at batch: 1000000000 is greater"),
        ({"betas": [2, 2]}, "at betas"),
        ({"seed": "x"}, "at seed"),
        ({"learning_rate": -1}, "at learning_rate"),
        ({"freeze_norm": 2}, "at freeze_norm"),
        ({"patch": [8, 8]}, "at patch"),
        ({"labels": []}, "at labels"),
        ({"labels": plan().to_json()["labels"][:1] * 2}, "same value"),
        ({"augmentation": None}, "at augmentation"),
        ({"augmentation": {"noise": 5}}, r"at augmentation\.noise"),
        ({"preprocessing": plan().to_json()["preprocessing"] | {"percentiles": [9, 1]}}, "not ascending"),
        ({"trained": "nothing"}, "at trained"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(changes, words):
    with pytest.raises(MedNCAError, match=words):
        Plan.from_json(plan().to_json() | changes)


# --- runs


def test_a_beginning_that_is_killed_can_begin_again(cases, tmp_path, monkeypatch):
    """There is a run only once all that it needs to be resumed is there."""
    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "save", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            training_run.begin(tmp_path / "run", plan(), cases, METADATA)
    with pytest.raises(MedNCAError, match="no training run"):
        training_run.reopen(tmp_path / "run")
    training_run.begin(tmp_path / "run", plan(), cases, METADATA)
    assert training_run.reopen(tmp_path / "run").run.iteration == 0


def test_an_interrupt_within_an_iteration_leaves_the_last_checkpoint(cases, tmp_path, monkeypatch):
    """Half an iteration, with running statistics moved, is no state to go on from."""
    quick, calls, real = plan(checkpoint_every=2, freeze_norm=1.0), [], loop.total_loss
    work = training_run.begin(tmp_path / "run", quick, cases, METADATA)

    def interrupted(outputs, plan):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(outputs, plan)

    monkeypatch.setattr(loop, "total_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work.run.train(cases)
    monkeypatch.undo()
    again = training_run.reopen(tmp_path / "run")
    assert again.run.iteration == 2 and len(read_history(tmp_path / "run")) == 2
    again.run.train(cases)
    training_run.begin(tmp_path / "whole", quick, cases, METADATA).run.train(cases)
    assert history(tmp_path / "run") == history(tmp_path / "whole")


@pytest.fixture
def ctrl_c():
    """Python listens to it, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("presses", "at", "reached"), [(1, 4, 4), (2, 4, 3), (1, 6, 5)])
def test_ctrl_c_waits_for_the_iteration_and_the_state_tells_what_is_kept(
    cases, tmp_path, monkeypatch, ctrl_c, presses, at, reached
):
    """A second one does not wait, nor is a validation waited for: then it goes on from the last checkpoint, and that is
    what others read."""
    quick, real, told = plan(checkpoint_every=3, validate_every=6, freeze_norm=1.0), loop.total_loss, []
    work = training_run.begin(tmp_path / "run", quick, cases, METADATA)

    def pressed(outputs, plan):
        if work.run.iteration == at - 1:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
        return real(outputs, plan)

    def validate(pyramid):
        return Scores(0.1 * work.run.iteration, (0.1, 0.1))

    with monkeypatch.context() as patch:
        patch.setattr(loop, "total_loss", pressed)
        with pytest.raises(KeyboardInterrupt):
            work.run.train(cases, validate, tell=lambda sentence: told.append(str(sentence)))
    assert len(told) == 1 and "after this iteration" in told[0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    status = read_status(tmp_path / "run")
    assert (status.state, status.iteration, status.best_dice) == (RunState.PAUSED, reached, None)
    assert len(read_history(tmp_path / "run")) == reached
    work = training_run.reopen(tmp_path / "run")
    assert work.run.iteration == reached
    work.run.train(cases, validate)
    work = training_run.begin(tmp_path / "whole", quick, cases, METADATA)
    work.run.train(cases, validate)
    assert history(tmp_path / "run") == history(tmp_path / "whole")
    assert read_status(tmp_path / "run") == read_status(tmp_path / "whole")


def test_a_run_that_is_gone_on_with_says_so_at_once(cases, tmp_path):
    """Not only when it is saved next."""

    class Stop(Exception):
        pass

    def stop(row):
        states.append(read_status(tmp_path / "run").state)
        raise Stop

    states, slow = [], plan(checkpoint_every=1000)
    training_run.begin(tmp_path / "run", slow, cases, METADATA)
    for _ in range(2):
        with pytest.raises(Stop):
            training_run.reopen(tmp_path / "run").run.train(cases, report=stop)
        assert read_status(tmp_path / "run").state == RunState.PAUSED
    assert states == [RunState.TRAINING] * 2


def test_a_loss_that_is_not_a_number_is_rolled_back_and_told(cases, tmp_path, monkeypatch):
    work, told, calls, real = training_run.begin(tmp_path / "run", plan(), cases, METADATA), [], [], loop.total_loss

    def broken(outputs, plan):
        calls.append(1)
        return real(outputs, plan) * (float("nan") if len(calls) == 6 else 1.0)

    monkeypatch.setattr(loop, "total_loss", broken)
    work.run.train(cases, tell=lambda sentence: told.append(str(sentence)))
    assert work.run.iteration == 8 and len(told) == 1 and "iteration 6" in told[0] and "half" in told[0]
    rates = [row.learning_rate for row in read_history(tmp_path / "run")]
    assert rates[3] == pytest.approx(0.5 * work.run.plan.learning_rate_at(3))  # back at iteration 3, once more
    assert all(np.isfinite(row.loss) for row in read_history(tmp_path / "run"))


def test_gradients_that_are_no_numbers_are_counted_across_a_pause(cases, tmp_path, monkeypatch):
    """Three in a row, two of them before it, set the run back as they would without a pause."""
    monkeypatch.setattr(loop, "_BAD_GRADIENTS", 3)
    move, told = Run._move, []

    def moved(run, norm):
        is_bad = run.iteration in (3, 4, 5) and not run.counters.rollbacks
        move(run, norm * float("nan") if is_bad else norm)

    def pause(row):
        if row.iteration == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_move", moved)
    work = training_run.begin(tmp_path / "run", plan(), cases, METADATA)
    with pytest.raises(KeyboardInterrupt):
        work.run.train(cases, report=pause)
    again = training_run.reopen(tmp_path / "run").run
    assert (again.iteration, again.counters.bad_gradients) == (5, 2)
    again.train(cases, tell=lambda sentence: told.append(str(sentence)))
    assert len(told) == 1 and "iteration 6; back to iteration 5" in told[0] and again.iteration == 8
    assert again.counters.bad_gradients == 0


def test_a_training_that_always_diverges_is_given_up(cases, tmp_path, monkeypatch):
    work = training_run.begin(tmp_path / "run", plan(), cases, METADATA)
    monkeypatch.setattr(loop, "total_loss", lambda outputs, plan: outputs[-1][0].sum() * float("nan"))
    with pytest.raises(MedNCAError, match="diverged"):
        work.run.train(cases)
    assert read_status(tmp_path / "run").state == RunState.FAILED


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes."), "memory of cpu"),
        (MemoryError(), "memory of cpu"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."), "process that reads the cases died"),
    ],
)
def test_too_little_memory_is_one_sentence(cases, tmp_path, monkeypatch, error, told):
    work, real = training_run.begin(tmp_path / "run", plan(), cases, METADATA), loop.total_loss

    def lacks(outputs, plan):
        if work.run.iteration == 2:
            raise error
        return real(outputs, plan)

    monkeypatch.setattr(loop, "total_loss", lacks)
    with pytest.raises(MedNCAError, match=told):
        work.run.train(cases)
    assert read_status(tmp_path / "run").state == RunState.FAILED
    monkeypatch.setattr(loop, "total_loss", real)
    work = training_run.reopen(tmp_path / "run")
    work.run.train(cases)
    assert work.run.is_over


def _die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def _allocate_too_much(*_):
    torch.empty(2**60)


def test_an_estimate_whose_process_dies_is_one_sentence(monkeypatch):
    monkeypatch.setattr("mednca_train.training.estimate._probe", _die)
    with pytest.raises(MedNCAError, match="process that tried this plan died"):
        estimate(plan(), TEN)
    monkeypatch.setattr("mednca_train.training.estimate._probe", _allocate_too_much)
    with pytest.raises(MedNCAError, match="memory of cpu is not enough for this plan"):
        estimate(plan(), TEN)


def test_an_estimate_counts_the_cases_that_are_held_out(monkeypatch):
    """As the split does: of each center some."""
    monkeypatch.setattr("mednca_train.training.estimate._probed", lambda plan: (1.0, 1.0, 0.0, 0.0, 1.0, 100.0, 0.0))
    names = [f"scan_{center}_{number:02}" for center in ("A", "B") for number in range(6)]
    found = Fingerprint(tuple(_facts(name) for name in names))
    quick = plan(validation_share=0.25, validation_cases=99)
    held = len(split([Case(name, Path(), Path()) for name in names], 0.25, quick.seed)["validation"])
    case = estimate(dataclasses.replace(quick, validation_cases=1), found).peak_mb - 100
    assert held == 4 and (estimate(quick, found).peak_mb - 100) / case == pytest.approx(held)


def test_the_best_is_kept_and_training_ends_early(cases, tmp_path):
    scores = iter((0.5, 0.7, 0.6, 0.65, 0.9, 0.9))
    quick = plan(iterations=100, validate_every=2, keep="best", patience=2, freeze_norm=0.0)
    work = training_run.begin(tmp_path / "run", quick, cases, METADATA)
    best = {}

    def validate(pyramid):
        score = next(scores)
        best[score] = {key: value.clone() for key, value in pyramid.state_dict().items()}
        return Scores(score, ())

    work.run.train(cases, validate)
    assert work.run.iteration == 8 and work.run.best_iteration == 4
    again = Run.resume(tmp_path / "run")
    assert again.is_over and again.best_score == 0.7
    for key, value in again.result.state_dict().items():
        assert torch.equal(value, best[0.7][key])


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_numbers(coarse_cases, tmp_path):
    """kill -9 in the middle, through the command line; then `mednca resume`."""
    quick = plan(iterations=14, checkpoint_every=4, freeze_norm=0.0, validate_every=100, **COARSE)
    (tmp_path / "plan.json").write_text(json.dumps(quick.to_json()))
    folder = coarse_cases[0].image.parents[1]
    command = [sys.executable, "-m", "mednca_train", "train", "--data", str(folder), "--plan",
               str(tmp_path / "plan.json"), "--calibration-cases", "1"]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'MedNCASegment'}{os.pathsep}{ROOT / 'NCATrainer'}"}
    started = subprocess.Popen([*command, "--run", str(tmp_path / "killed")], env=environment, start_new_session=True)
    state = tmp_path / "killed" / "state.json"
    deadline = time.monotonic() + 120
    while not (state.exists() and json.loads(state.read_text())["iteration"] >= 4):
        assert time.monotonic() < deadline and started.poll() is None
        time.sleep(0.02)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert Run.resume(tmp_path / "killed").iteration < 14
    Run.create(tmp_path / "whole", quick, json.loads((tmp_path / "killed" / "split.json").read_text())).train(
        coarse_cases
    )
    resumed = subprocess.run(
        [sys.executable, "-m", "mednca_train", "resume", str(tmp_path / "killed")], env=environment, check=True
    )
    assert resumed.returncode == 0
    assert history(tmp_path / "killed") == history(tmp_path / "whole")
    model = load_model(tmp_path / "killed" / "result")
    assert model.calibration is None and "The verdict stays grey." in model.info["quality"]["calibration_note"]
    written = (tmp_path / "killed" / "result" / "model.json").read_text()
    assert "case_0" not in written and str(folder) not in written  # no names, no paths
    assert read_status(tmp_path / "killed").state == RunState.DONE


ONE_OF_TWO = """
import sys
from mednca_train import training_run
from mednca_train.training import distributed
distributed.join()
work = training_run.reopen(sys.argv[1])
work.run.train(work.cases)
distributed.leave()
"""


def _torchrun(*command):
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'MedNCASegment'}{os.pathsep}{ROOT / 'NCATrainer'}", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*torchrun, *map(str, command)], env=environment, check=True, timeout=250)


@pytest.mark.parametrize(("batch", "duplication"), [(2, 2), (3, 1)])
def test_two_processes_have_the_gradient_of_one(coarse_cases, tmp_path, batch, duplication):
    """torchrun, gloo, two CPU processes: after some iterations the weights are those of one process, also while batch
    norm is live, and where one process has twice as many samples as the other."""
    quick = plan(
        iterations=4, batch=batch, duplication=duplication, freeze_norm=0.5, validation_share=0.25, **COARSE
    )  # fmt: skip
    one = training_run.begin(tmp_path / "one", quick, coarse_cases, METADATA)
    training_run.begin(tmp_path / "two", quick, coarse_cases, METADATA)
    one.run.train(coarse_cases)
    (tmp_path / "one_of_two.py").write_text(ONE_OF_TWO)
    _torchrun(tmp_path / "one_of_two.py", tmp_path / "two")
    two = Run.resume(tmp_path / "two")
    assert two.iteration == 4 and quick.architecture.norm == "batch"
    theirs = one.run.pyramid.state_dict()
    for name, mine in two.pyramid.state_dict().items():
        assert torch.allclose(mine, theirs[name], atol=2e-5), name
    assert [float(a[1]) for a in history(tmp_path / "two")] == pytest.approx(
        [float(b[1]) for b in history(tmp_path / "one")], rel=1e-4
    )


@pytest.mark.slow
def test_torchrun_by_command(coarse_cases, tmp_path):
    """The first of two processes writes the model; both end."""
    quick = plan(iterations=4, batch=2, duplication=2, validation_share=0.25, **COARSE)
    (tmp_path / "plan.json").write_text(json.dumps(quick.to_json()))
    _torchrun("-m", "mednca_train", "train", "--data", coarse_cases[0].image.parents[1], "--run-folder", tmp_path / "two",
              "--plan", tmp_path / "plan.json", "--calibration-cases", "1")  # fmt: skip
    assert read_status(tmp_path / "two").state == RunState.DONE
    assert load_model(tmp_path / "two" / "result").architecture == quick.architecture


def test_a_run_does_not_go_on_with_label_maps_that_were_corrected(tmp_path):
    """It would have learned from both, and be measured on one."""
    for number in range(3):
        write_case(tmp_path / "data", f"case_{number}", *organ_case(number))
    cases = list(find_dataset(tmp_path / "data").cases)
    training_run.begin(tmp_path / "run", plan(), cases, METADATA)
    training_run.reopen(tmp_path / "run")
    write_case(tmp_path / "data", "case_1", organ_case(1)[0], organ_case(2)[1])
    with pytest.raises(MedNCAError, match=r"label map of case_1 was changed since .* put the old one back"):
        training_run.reopen(tmp_path / "run")
    write_case(tmp_path / "data", "case_1", *organ_case(1))
    training_run.reopen(tmp_path / "run")
    write_case(tmp_path / "data", "case_1", organ_case(2)[0], organ_case(1)[1])
    with pytest.raises(MedNCAError, match=r"image of case_1 was changed since .* put the old one back"):
        training_run.reopen(tmp_path / "run")
    path = tmp_path / "run" / run_folder.CASES
    older = [{key: row[key] for key in row if key != "channels_sha256"} for row in json.loads(path.read_text("utf-8"))]
    path.write_text(json.dumps(older), encoding="utf-8")
    training_run.reopen(tmp_path / "run")  # of before images had sums


def test_an_image_of_several_files_is_known_again(tmp_path):
    """A folder of DICOM, by what its files hold, and each further channel."""
    files = [tmp_path / "series" / f"{number}.dcm" for number in range(2)]
    files[0].parent.mkdir()
    for file in files:
        file.write_bytes(bytes(128) + b"DICM" + file.name.encode())
    for name in ("labels", "t2"):
        sitk.WriteImage(image_of(np.ones((4, 4, 4))), str(tmp_path / f"{name}.nii.gz"))
    case = Case("a", tmp_path / "series", tmp_path / "labels.nii.gz", (tmp_path / "t2.nii.gz",))
    write_cases(tmp_path, [case])
    run_folder.check_unchanged(tmp_path)
    files[1].rename(files[1].with_name("another.dcm"))
    run_folder.check_unchanged(tmp_path)
    for change in (
        lambda: sitk.WriteImage(image_of(np.zeros((4, 4, 4))), str(case.others[0])),
        lambda: files[0].write_bytes(bytes(128) + b"DICM other"),
    ):
        write_cases(tmp_path, [case])
        change()
        with pytest.raises(MedNCAError, match="The image of a was changed"):
            run_folder.check_unchanged(tmp_path)


def test_where_the_cases_lie_is_remembered(cases, tmp_path):
    write_cases(tmp_path, cases)
    assert read_cases(tmp_path) == list(cases)
    write_cases(tmp_path, [Case("gone", tmp_path / "no.nii", tmp_path / "no.nii")])
    with pytest.raises(MedNCAError, match="gone"):
        read_cases(tmp_path)


# --- fine-tuning


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_labels_can_be_reordered_and_added(name):
    """The same rule with its channels renumbered: known labels' outputs stay, whatever their order."""
    architecture = dataclasses.replace(ARCHITECTURES[name], labels=2, norm="none")
    pyramid = random_pyramid(architecture)
    labels = (Label(1, "One", (0, 0, 0)), Label(5, "Five", (0, 0, 0)))
    model = Model("m", architecture, Preprocessing((1.0, 1.0, 1.0)), labels, pyramid=pyramid)
    image = torch.randn(10, 9, 8, architecture.input_channels)
    with torch.no_grad():
        before = pyramid(image, 0, [0])
        for order in ((5, 1), (5,), (1, 7, 5)):
            asked = tuple(Label(value, "x", (0, 0, 0)) for value in order)
            after = starting_weights(model, asked)(image, 0, [0])
            for n, value in enumerate(order):
                if value != 7:
                    assert torch.allclose(after[..., n], before[..., (1, 5).index(value)], atol=1e-4)


def test_fine_tuning_says_whether_it_helped(cases, tmp_path, few_conditions):
    """Too short to help: it says so. And what it makes can be used."""
    learned = {"split": {"training": ["x"], "validation": ["y"]}, "learned_before": ["w"]}
    base = Model("base", plan().architecture, plan().preprocessing, plan().labels,
                 info=METADATA | {"name": "Base", "quality": {}, "training": learned},
                 pyramid=random_pyramid(plan().architecture))  # fmt: skip
    found = fingerprint(CaseSet(tuple(cases), {}))
    quick = dataclasses.replace(
        finetuning_plan(base, found, {2: "Rear"}, iterations=2), patch=(14, 14, 14), batch=2, validate_every=2
    )
    assert [label.name for label in quick.labels] == ["Front", "Rear"]
    metadata = metadata_for("tuned", "Tuned", base, quick.labels)
    work = training_run.begin(tmp_path / "run", quick, cases, metadata, base, RunOptions(calibration_cases=1))
    report = training_run.complete(work)
    assert report.comparison.helped is False and set(report.comparison.base.dice) == {"Front", "Rear", "union"}
    card = (tmp_path / "run" / "result" / "MODEL_CARD.md").read_text()
    assert "did not help" in card and "Fine-tuned from Base" in card
    assert load_model(tmp_path / "run" / "result").info["training"]["learned_before"] == ["w", "x"]  # not y


@pytest.mark.parametrize(("own", "helped", "told"), [
    (0.6, False, "Fine-tuning did not help: the base model is as good or better."), (0.95, True, "Fine-tuning helped."),
])  # fmt: skip
def test_a_card_does_not_call_a_worse_model_as_good(own, helped, told):
    none = {"union": None}
    base, tuned = (Summary(5, 5, {"union": dice}, none, none, none, 0, None, {}) for dice in (0.9, own))
    assert told in model_card._comparison(Comparison(base, tuned, helped))


def test_fine_tuning_is_judged_by_what_both_models_know(cases, tmp_path, few_conditions):
    """A base that finds one of two labels is not called bad for the other; a label that it calls the same
    under another value is the same."""
    base = bright_model()
    base.labels = (Label(4, "Front", (0, 0, 0)),)
    found = fingerprint(CaseSet(tuple(cases), {}))
    quick = dataclasses.replace(
        finetuning_plan(base, found, {1: "Front", 2: "Rear"}, iterations=1), patch=(14, 14, 14), batch=2
    )
    assert own_labels(base, quick.labels) == {1: base.labels[0]}
    metadata = metadata_for("tuned", "Tuned", base, quick.labels)
    work = training_run.begin(tmp_path / "run", quick, cases, metadata, base, RunOptions(calibration_cases=1))
    report = training_run.complete(work)
    base, own = report.comparison.base.dice, report.comparison.own.dice
    assert set(base) == set(own) == {"Front", "union"}
    assert base["union"] == base["Front"] > 0.1
    assert set(report.mean.dice) == {"Front", "Rear", "union"}


def test_only_a_part_of_the_weights_can_be_trained(cases, tmp_path):
    quick = plan(iterations=2, trained="update", freeze_norm=0.0)
    work = training_run.begin(tmp_path / "run", quick, cases, METADATA)
    before = {key: value.clone() for key, value in work.run.pyramid.state_dict().items()}
    work.run.train(cases)
    for key, value in work.run.pyramid.state_dict().items():
        assert torch.equal(value, before[key]) == (".perception." in key or "running" in key or "num_batches" in key)


# --- the command line


def _run(*arguments):
    import mednca_train.cli  # noqa: F401  adds its commands
    from mednca.cli import app

    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_plan_finetune_and_calibrate_by_command(cases, tmp_path, few_conditions):
    """The plan is data that can be changed; what is made carries no name and no path of this machine."""
    folder = cases[0].image.parents[1]
    result = _run("plan", "--data", folder, "--out", tmp_path / "plan.json", "--label", "2=Rear", "--no-estimate")
    assert result.exit_code == 0, result.output
    proposed = json.loads((tmp_path / "plan.json").read_text())
    assert [label["name"] for label in proposed["labels"]] == ["Label 1", "Rear"] and "median" in result.output

    base = Model("base", plan().architecture, plan().preprocessing, plan().labels,
                 info=METADATA | {"name": "Base", "quality": {}}, pyramid=random_pyramid(plan().architecture))  # fmt: skip
    save(base, tmp_path / "base")
    result = _run("finetune", tmp_path / "base", "--data", folder, "--run", tmp_path / "run", "--iterations", 1,
                  "--calibration-cases", 1, "--out", tmp_path / "tuned", "--name", "Tuned")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "did not help" in result.output and "No light: in none of 4 images" in result.output
    card = (tmp_path / "tuned" / "MODEL_CARD.md").read_text()
    text = (tmp_path / "tuned" / "model.json").read_text() + card
    assert str(tmp_path) not in text and "case_1" not in text
    assert "Cases for training: 6; held out for validation: 2. " in card and "by keyed hashes of their names" in card
    assert "**License.**" in card and "**Authors.**" not in card and "Cases held out for validation: 2;" in card
    assert isinstance(_run("finetune", tmp_path / "base", "--data", folder, "--run", tmp_path / "run").exception,
                      MedNCAError)  # fmt: skip

    assert "exists already" in str(
        _run(
            "finetune", tmp_path / "base", "--data", folder, "--run", tmp_path / "b", "--out", tmp_path / "base"
        ).exception
    )

    calibrate = ("calibrate", tmp_path / "tuned", "--data", folder, "--out", tmp_path / "calibrated",
                 "--calibration-cases", 1)  # fmt: skip
    for command in (calibrate, ("verdict-report", *calibrate[1:6])):  # which cases it has seen it does not say
        assert "only hashes" in str(_run(*command).exception)
    told = str(_run("verdict-report", *calibrate[1:6], "--unseen").exception)
    assert "no calibration" in told and "make one with more cases by mednca calibrate" in told
    result = _run(*calibrate, "--cases", tmp_path / "run" / "split.json")
    assert "No light" in str(result.exception) and not (tmp_path / "calibrated").exists()


def test_a_command_given_again_must_ask_for_the_same_and_tells_what_was_left_out(tmp_path, few_conditions, monkeypatch):
    """Above all whether names go into the model; what else was silently ignored, too."""
    for folder in (tmp_path / "data", tmp_path / "copy"):
        for number in range(3):
            write_case(folder, f"case_{number}", *organ_case(number))
        write_case(folder, "empty", organ_case(3)[0], np.zeros_like(organ_case(3)[1]))
    (tmp_path / "plan.json").write_text(json.dumps(plan(iterations=2).to_json()))
    fixed = ("train", "--plan", tmp_path / "plan.json", "--run", tmp_path / "run")
    asked = {"--data": tmp_path / "data", "--name": "Mine", "--calibration-cases": 1}

    def words(changes=None, *others):
        return *fixed, *(word for pair in (asked | (changes or {})).items() for word in pair), *others

    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(training_run, "complete", stop)
        assert isinstance(_run(*words(None, "--keep-names")).exception, Stop)
    for other, told in (
        (words(), "was begun with --keep-names; go on with it"),
        (words({"--name": "Other"}, "--keep-names"), "is called 'Mine'"),
        (words({"--calibration-cases": 2}, "--keep-names"), "was begun with --calibration-cases 1"),
        (words({"--data": tmp_path / "copy"}, "--keep-names"), "with other cases: case_0 differs"),
    ):
        assert told in str(_run(*other).exception)
    result = _run(*words(None, "--keep-names"))
    assert result.exit_code == 1 and "Resuming" in result.output, result.output
    assert result.output.count("Left out: empty") == 2  # at the beginning, and at the end
    assert read_status(tmp_path / "run").state == RunState.DONE


def test_a_card_names_no_folder(monkeypatch):
    words = [
        "train",
        "--data=/x/Doe_Hans",
        "--scan-images",
        "/x/Doe",
        "--run",
        "C:\\Users\\doe\\run",
        "--out",
        "doe",
        "--seed",
        "1",
        "/y/model",
    ]
    monkeypatch.setattr(sys, "argv", ["mednca", *words])
    assert given.command() == "mednca train --data DATA --scan-images SCAN-IMAGES --run RUN --out OUT --seed 1 model"


def test_a_calibration_needs_the_models_labels(cases, tmp_path):
    base = bright_model()
    base.labels = (Label(9, "Other", (0, 0, 0)),)
    save(base, tmp_path / "base")
    result = _run("calibrate", tmp_path / "base", "--data", cases[0].image.parents[1], "--out", tmp_path / "out")
    assert isinstance(result.exception, MedNCAError) and not (tmp_path / "out").exists()


def test_a_plan_is_named_by_labels_and_not_written_over(cases, tmp_path):
    folder, out = cases[0].image.parents[1], tmp_path / "plan.json"
    words = ("plan", "--data", folder, "--out", out, "--no-estimate")
    assert _run(*words, "--label", "2=Back").exit_code == 0
    first = json.loads(out.read_text("utf-8"))
    assert [label["name"] for label in first["labels"]] == ["Label 1", "Back"]
    assert "add --overwrite" in str(_run(*words).exception) and json.loads(out.read_text("utf-8")) == first
    assert _run(*words, "--overwrite").exit_code == 0 and json.loads(out.read_text("utf-8")) != first
    named = given.with_names(Plan.from_json(first), {1: "Front"})  # as train does with a plan of its own
    assert [label.name for label in named.labels] == ["Front", "Back"]


def test_a_label_that_few_cases_have_is_told():
    stray = dataclasses.replace(_facts("stray"), labels={1: 900, 7: 1})
    proposal = propose(Fingerprint((stray, *(_facts(str(n)) for n in range(5)))), {7: "Seven"})
    assert "7 (Seven): 1. Is that meant?" in str(proposal.reasons["labels"])
    assert "meant" not in str(propose(Fingerprint(tuple(_facts(str(n)) for n in range(5)))).reasons["labels"])


def test_fine_tuning_on_what_the_base_has_learned_is_told(cases, capsys):
    base, facts = bright_model(labels=2), Fingerprint(tuple(CaseFacts(f"case_{n}", labels={1: 9}) for n in range(4)))
    base.info["training"] = {"split": {"training": ["case_1", "case_2"], "validation": ["case_3"]}}
    given.warn_of_known(base, facts)
    assert "has learned from 2 of these cases, or of these people (case_1, case_2" in capsys.readouterr().err
    for learned in ("other", "case-0123456789"):
        base.info["training"] = {"split": {"training": [learned], "validation": []}}
        given.warn_of_known(base, facts)
    assert not capsys.readouterr().err


def test_mistaken_commands_are_told(cases, tmp_path):
    folder = cases[0].image.parents[1]
    (tmp_path / "bad.json").write_text("[", encoding="utf-8")
    (tmp_path / "mine" / "result").mkdir(parents=True)  # somebody's: the model of a run is no reason to delete it
    for wrong, words in (
        (("plan", "--out", tmp_path / "p.json"), "either --data"),
        (("train", "--run", tmp_path / "r", "--data", folder, "--preset", "none"), "no preset"),
        (
            ("train", "--run", tmp_path / "r", "--data", folder, "--preset", "hippocampus-m3dnca"),
            "case_0 is none of the cases that hippocampus-m3dnca was made with; give a --name",
        ),
        (("train", "--run", tmp_path / "r", "--images", folder / "images"), "belong together"),
        (("train", "--run", tmp_path / "r", "--data", folder, "--plan", tmp_path / "gone.json"), "is not there; check"),
        (("train", "--run", tmp_path / "r", "--data", folder, "--plan", tmp_path / "bad.json"), "is no plan"),
        (("plan", "--out", tmp_path / "p.json", "--data", folder, "--label", "x"), "VALUE=NAME"),
        (("plan", "--out", tmp_path / "p.json", "--data", folder, "--label", "²=x"), "VALUE=NAME"),
        (("resume", tmp_path / "nothing"), "no training run"),
        (("train", "--run", tmp_path / "r", "--data", folder, "--hours", "1", "--folds", "3"), "time for one model"),
        (("plan", "--out", tmp_path / "p.json", "--data", folder, "--no-estimate", "--label", "9=x"), "no label 9"),
        (
            ("calibrate", "hippocampus-m3dnca", "--out", tmp_path / "c", "--scan-images", folder / "images"),
            "saved samples",
        ),
        (("calibrate", "hippocampus-m3dnca", "--out", tmp_path / "c", "--unseen"), "saved samples"),
        (("train", "--run", folder, "--data", folder, "--iterations", "1"), "holds something else"),
        (("train", "--run", tmp_path / "mine", "--data", folder, "--iterations", "1"), "holds something else (result)"),
    ):
        assert words in str(_run(*wrong).exception)

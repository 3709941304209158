"""Cross-validation: every case is held out once, stopped ones go on, and the model says what its figures are."""

import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca import terminal
from mednca.errors import MedNCAError
from mednca.messages import Progress
from mednca.models.weights import load_model
from mednca.quality.signals import SIGNALS
from mednca.scores import CaseScore
from mednca_train import cli, folds, training_run
from mednca_train.data.cases import Case, split
from mednca_train.data.layouts import pair_folders
from mednca_train.folds import CrossValidation, cross_validate, split_into_folds
from mednca_train.model.calibration import fit
from mednca_train.model.samples import CLEAN, Sample, conditions, samples_of
from mednca_train.plan.plan import Augmentation, SecondPhase
from mednca_train.run_folder import HistoryRow, RunOptions, RunState, read_status
from mednca_train.run_lock import run_lock
from phantoms import bright_model, image_of, organ_case
from training_phantoms import METADATA, plan

NAMES = [f"case_{center}_{number}" for center in ("A", "B") for number in range(3)]


def _cases(names):
    return [Case(name, None, None) for name in names]


def test_every_case_is_held_out_once_and_centers_are_spread():
    for count in (2, 3, 5):
        divided = split_into_folds(_cases(reversed(NAMES)), count, 7)
        held = [name for each in divided for name in each["validation"]]
        assert sorted(held) == NAMES and len(divided) == count
        for each in divided:
            assert not set(each["training"]) & set(each["validation"])
            assert sorted((*each["training"], *each["validation"])) == NAMES
        sizes = [len(each["validation"]) for each in divided]
        assert max(sizes) - min(sizes) <= 1
    assert divided == split_into_folds(_cases(NAMES), 5, 7) != split_into_folds(_cases(NAMES), 5, 8)
    by_three = split_into_folds(_cases(NAMES), 3, 7)
    assert all({name[5] for name in each["validation"]} == {"A", "B"} for each in by_three)
    for count in (1, 7):
        with pytest.raises(MedNCAError, match="6 cases of 6 people cannot be divided"):
            split_into_folds(_cases(NAMES), count, 0)


@pytest.mark.parametrize("name", [
    "sub-{person:02}_ses-{scan}_T1w", "patient{person}_visit{scan}", "OAS1_{person:04}_MR{scan}", "HK_p{person}_{scan}",
])  # fmt: skip
def test_images_of_one_person_stay_on_one_side(name):
    names = [name.format(person=person, scan=scan) for person in range(10) for scan in (1, 2)]
    for divided in (split(_cases(names), 0.2, 0), *split_into_folds(_cases(names), 5, 0)):
        people = [{each[:-5] if each.endswith("T1w") else each[:-1] for each in divided[part]} for part in divided]
        assert not people[0] & people[1] and len(divided["validation"]) == 4
    with pytest.raises(MedNCAError, match="20 cases of 10 people cannot be divided into 11 folds"):
        split_into_folds(_cases(names), 11, 0)


@pytest.mark.parametrize("names", [
    [f"sub-{person:02}_ses-{scan}" for person in range(3) for scan in range(4)],  # BIDS says it, however few they are
    [f"sub-{person:02}_ses-{scan:02}" for person in range(8) for scan in range(12)],  # and however many of each
    [f"{side}_p{person:02}" for person in range(12) for side in "LR"],
    [f"p{person:02}-{side}" for person in range(3) for side in ("left", "right")],
    [f"{name}_{side}" for name in ("anna", "bert", "carl", "dora") for side in ("lh", "rh")],
    [f"{name}{scan}" for name in ("anna", "bert", "carl", "dora") for scan in (1, 2)],
])  # fmt: skip
def test_whose_image_it_is_as_the_names_tell(names):
    def person(name):
        return re.sub(r"^[LR]_|[-_](left|right|lh|rh|ses.*)$|(?<=[a-z])\d$", "", name)

    for divided in (split(_cases(names), 0.2, 0), *split_into_folds(_cases(names), 3, 0)):
        training, validation = ({person(name) for name in divided[part]} for part in ("training", "validation"))
        assert training and validation and not training & validation


@pytest.mark.parametrize(("names", "held"), [
    ([f"site{site}_{number:03}" for site in (1, 2, 3) for number in range(12)], 6),  # centers of many cases
    ([f"MRBrainS13_{number:03}" for number in range(7)], 1),  # the data set's own number
    (["anna", "bert", "carl", "dora", "emil"], 1),
])  # fmt: skip
def test_a_number_of_a_center_or_of_the_data_set_is_no_person(names, held):
    assert len(split(_cases(names), 0.2, 0)["validation"]) == held
    assert {len(each["validation"]) for each in split_into_folds(_cases(names), len(names), 0)} == {1}


@pytest.fixture
def data(tmp_path):
    """Four phantoms."""
    for name in ("images", "labels"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for number in range(4):
        for name, array in zip(("images", "labels"), organ_case(number, noise=0.02), strict=True):
            sitk.WriteImage(image_of(array), str(tmp_path / "data" / name / f"case_{number}.nii.gz"))
    return tmp_path / "data"


class Stop(Exception):
    pass


def _begun_on_a_card(run):
    """As of another computer, whose device this one has not."""
    metadata = json.loads((run / "metadata.json").read_text("utf-8"))
    metadata["options"]["device"] = "cuda:77"
    (run / "metadata.json").write_text(json.dumps(metadata), "utf-8")


def test_folds_are_trained_stopped_and_gone_on_with(data, tmp_path, few_conditions):
    """To one model of all cases with the folds' figures; what is done is not done again; other folds are refused."""
    cases = list(pair_folders(data / "images", data / "labels").cases)
    quick = plan(iterations=2, batch=1, keep="best", validate_every=1, patience=6)
    options = RunOptions(keep_names=True, calibration_cases=2, command="mednca train --folds 2")
    work = CrossValidation(tmp_path / "run", quick, cases, METADATA, 2, options)

    def stop(run, row):
        if run == "fold-2" and row.iteration == 2:
            raise Stop

    with pytest.raises(Stop):
        cross_validate(work, stop)
    for name in ("fold-1", "fold-2"):
        _begun_on_a_card(tmp_path / "run" / name)
    with pytest.raises(MedNCAError, match="was begun with --keep-names; go on with it"):
        cross_validate(replace(work, options=replace(options, keep_names=False)))
    first = (tmp_path / "run" / "fold-1" / "result" / "weights.safetensors").stat().st_mtime_ns
    trained, said = [], []
    result = cross_validate(work, lambda run, row: trained.append(run), said.append)
    assert "fold-1" not in trained and trained.count("all") in (1, 2)
    assert first == (tmp_path / "run" / "fold-1" / "result" / "weights.safetensors").stat().st_mtime_ns
    assert [score.case for score in result.cases].count("case_0") == 1 and len(result.cases) == 4
    assert [fold.cases for fold in result.folds] == [2, 2] and str(said[-1]).startswith("all: 4 cases to learn from")
    model = load_model(tmp_path / "run" / "result")
    record = model.info["training"]
    assert record["split"] == {"training": [f"case_{n}" for n in range(4)], "validation": []}
    assert sorted(name for fold in record["folds"] for name in fold) == record["split"]["training"]
    assert model.info["eval_metrics"]["cases"] == 4 and model.calibration is None
    card = (tmp_path / "run" / "result" / "MODEL_CARD.md").read_text("utf-8")
    for text in (
        "Cases, each measured by the fold that has not seen it: 4;",
        "in `model.json` lists, by name.",
        "| fold | cases |",
        "2 folds",
        "nobody has",
    ):
        assert text in card
    for name in ("fold-1", "fold-2", "all"):
        assert read_status(tmp_path / "run" / name).state == RunState.DONE
    report = json.loads((tmp_path / "run" / "all" / "report.json").read_text("utf-8"))
    assert len(report["folds"]) == 2
    _begun_on_a_card(tmp_path / "run" / "all")
    again = cross_validate(replace(work, options=replace(options, out=str(tmp_path / "run" / "result"))))
    assert again.mean == result.mean
    with pytest.raises(MedNCAError, match="learns from all cases; go on with the command that began it"):
        training_run.complete(training_run.reopen(tmp_path / "run" / "all", "cpu"))
    for other in (replace(work, plan=replace(quick, seed=3)), replace(work, count=4)):
        with pytest.raises(MedNCAError, match="other cases or another plan"):
            cross_validate(other)


def test_the_model_that_ships_is_trained_as_long_as_the_folds_to_their_best():
    two = plan(iterations=30, second_phase=SecondPhase(15, 1e-3, (14, 14, 14), Augmentation()))
    for best, (first, second) in {20: (20, 0), 30: (30, 0), 40: (30, 10)}.items():
        lasting = folds._lasting(two, best)
        assert lasting.total_iterations == best and lasting.iterations == first
        assert (lasting.second_phase.iterations if lasting.second_phase else 0) == second


@pytest.mark.parametrize("took", [500, 2999, 3000])
def test_the_model_that_ships_freezes_its_norm_when_the_folds_did(took):
    frozen = math.ceil(plan(iterations=3000).freeze_norm * 3000)
    lasting = folds._lasting(plan(iterations=3000), took)
    assert math.ceil(lasting.freeze_norm * lasting.iterations) == frozen
    assert folds._lasting(plan(iterations=3000, freeze_norm=0.0), took).freeze_norm == 0


def test_folds_write_over_nothing_of_others(data, tmp_path, monkeypatch):
    """A folder that is there is refused before anything is trained; also one that appears meanwhile. While the last model is
    trained nobody else may write into its run."""
    mine = tmp_path / "Documents"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all of it", encoding="utf-8")
    cases = list(pair_folders(data / "images", data / "labels").cases)[:2]
    work = CrossValidation(tmp_path / "run", plan(iterations=1, batch=1), cases, METADATA, 2, RunOptions(out=str(mine)))
    with pytest.raises(MedNCAError, match="exists already and is not of this run"):
        cross_validate(work)
    assert not (tmp_path / "run").exists()

    def appears(run, row):
        if run == "all":
            with ThreadPoolExecutor(1) as others, pytest.raises(MedNCAError, match="another"):
                others.submit(run_lock(tmp_path / "run" / "all").__enter__).result()
            (tmp_path / "late").mkdir()

    with pytest.raises(MedNCAError, match="exists already and is not of this run"):
        cross_validate(replace(work, options=RunOptions(out=str(tmp_path / "late"), calibration_cases=0)), appears)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"] and not any((tmp_path / "late").iterdir())


def test_folds_are_not_begun_where_a_single_run_or_its_model_is(data, tmp_path):
    """Whose result/ they would replace in the end."""
    cases = list(pair_folders(data / "images", data / "labels").cases)[:2]
    work = CrossValidation(tmp_path / "mine", plan(iterations=1, batch=1), cases, METADATA, 2, RunOptions())
    (tmp_path / "mine" / "result").mkdir(parents=True)
    (tmp_path / "mine" / "result" / "thesis.txt").write_text("all of it", encoding="utf-8")
    with pytest.raises(MedNCAError, match="exists already and is not of this run"):
        cross_validate(work)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["result"]
    assert (tmp_path / "mine" / "result" / "thesis.txt").exists()
    training_run.begin(tmp_path / "single", work.plan, cases, METADATA)
    with pytest.raises(MedNCAError, match="holds a single training"):
        cross_validate(replace(work, folder=tmp_path / "single"))
    assert not (tmp_path / "single" / "fold-1").exists()


def test_cases_beyond_those_of_the_calibration_are_judged_too(data, tmp_path, few_conditions, monkeypatch):
    """Each is measured clean for that, and has no part in the calibration."""

    def measured(pool, folder, cases, seed, step, failed, only, **_):
        draw, found = np.random.default_rng(seed), []
        for case in cases:
            for condition in only:
                for _structure in range(1 if len(only) == 1 else 25):
                    signals = dict.fromkeys(SIGNALS, 0.1 + 0.001 * draw.random())
                    found.append(Sample(case.name, condition, 0.95, signals))
                step()
        return found

    monkeypatch.setattr(folds, "measure_degraded", measured)
    cases = list(pair_folders(data / "images", data / "labels").cases)
    options, told = RunOptions(keep_names=True, calibration_cases=3), []
    work = CrossValidation(tmp_path / "run", plan(iterations=1, batch=1), cases, METADATA, 3, options)
    result = cross_validate(work, progress=told.append)
    made_with = {
        sample.case for sample in samples_of(load_model(tmp_path / "run" / "result").info["quality"]["samples"])[0]
    }
    others = [score for score in result.cases if score.case not in made_with]
    assert len(made_with) == 3 and [score.verdict for score in others] == ["green"]
    stages = [(each.stage, each.step, each.total) for each in told]
    assert ("calibrating", 12, 12) in stages and stages[-1] == ("measuring", 1, 1)


def test_the_command_asks_for_folds(data, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(folds, "cross_validate", lambda work, *_: asked.append(work) or (_ for _ in ()).throw(Stop))
    words = ["train", "--data", str(data), "--run", str(tmp_path / "run"), "--name", "Mine", "--iterations", "3"]
    result = CliRunner().invoke(cli.cli.app, [*words, "--folds", "2"])
    assert isinstance(result.exception, Stop), result.output
    (work,) = asked
    assert (work.count, work.plan.iterations, len(work.cases)) == (2, 3, 4) and work.metadata["name"] == "Mine"
    both = CliRunner().invoke(cli.cli.app, [*words, "--folds", "2", "--fold", "1"])
    assert isinstance(both.exception, MedNCAError)


def test_each_fold_is_told_of_where_there_is_no_terminal(data, tmp_path, monkeypatch):
    def train(work, report, tell, stage):
        for name in ("fold-1", "fold-2"):
            for iteration in (1, 2, 3):
                report(name, HistoryRow(iteration, 0.5, 1.0, 0.1))
            for step in (1, 2):
                stage(Progress("measuring", step, 2))
        raise Stop

    monkeypatch.setattr(folds, "cross_validate", train)
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0)
    words = ["train", "--data", str(data), "--run", str(tmp_path / "run"), "--name", "Mine", "--iterations", "3"]
    told = CliRunner().invoke(cli.cli.app, [*words, "--folds", "2"]).output
    for name in ("fold-1", "fold-2"):
        assert f"{name}, loss 0.500 1/3" in told and f"{name}, loss 0.500 2/3" in told
    assert told.count("Measuring on validation cases 1/2") == 2


def test_a_case_is_judged_by_a_calibration_without_it():
    """Its own samples say that all is well, those of the others that nothing is."""
    draw, samples = np.random.default_rng(0), []
    for case in ("a", "b", "c", "d"):
        for condition in conditions() * 2:
            dice = 0.95 if case == "a" else 0.5
            signals = dict.fromkeys(("nqm", "nqm field", "worst member", "mean member"), 0.1 + 0.001 * draw.random())
            samples.append(Sample(case, condition, dice, signals))
    model = bright_model()
    calibration = fit(samples, model.members)
    model.info["quality"] = {"calibration": calibration.to_json()}
    score = CaseScore("a", None, {"union": 0.95}, {"union": 1.0}, 0.1, None, "grey", False)
    scores = [replace(score, case=case) for case in ("a", "other", "unknown")]
    others = [replace(samples[-1], case="other", condition=CLEAN)]
    judged, other, unknown = folds._judged(scores, samples, others, model)
    assert judged.verdict == "red" and judged.predicted_dice == pytest.approx(0.5)
    assert other.verdict == "red" and unknown.verdict == "grey"

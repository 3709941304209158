"""A plan for the time that there is: as fine as enough iterations allow, and open about what that gave up."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from mednca.errors import MedNCAError
from mednca_train import cli
from mednca_train.commands import given
from mednca_train.data.cases import held_out
from mednca_train.model.samples import conditions
from mednca_train.plan import budget
from mednca_train.plan.budget import ENOUGH, enough_of, plan_for, work_of
from mednca_train.plan.estimate import Estimate
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.propose import propose

ATRIA = Fingerprint(
    tuple(
        CaseFacts(f"atrium_{n}", (183, 140, 88), (0.625,) * 3, {1: 90_000}, (70.0, 55.0, 40.0), {1: 1.0}, str(n))
        for n in range(20)
    )
)  # fmt: skip


def a_computer(seconds_per_work, asked=None):
    """One on which every iteration takes as long as its work; asked: takes the plans that are measured."""

    def measure(plan):
        if asked is not None:
            asked.append(plan)
        each = seconds_per_work * work_of(plan)
        return Estimate(each * plan.total_iterations, each, 500.0, 300.0, each * plan.total_iterations)

    return measure


def test_the_more_time_the_finer_and_never_too_few_iterations():
    coarse = propose(ATRIA, largest=64).plan
    speed = 0.8 / work_of(coarse)  # so that the plan of 64 voxels takes 0.8 s an iteration
    plans = {hours: plan_for(ATRIA, 3600 * hours, a_computer(speed), held_out) for hours in (0.1, 0.5, 1, 8)}
    spacing = [plans[hours].proposal.plan.preprocessing.spacing[0] for hours in plans]
    assert spacing == sorted(spacing, reverse=True) and len(set(spacing)) >= 3
    for hours, each in plans.items():
        plan = each.proposal.plan
        training = plan.iterations * speed * work_of(plan)
        assert each.estimate.seconds == each.estimate.seconds_free == pytest.approx(training)
        assert training <= 0.75 * 3600 * hours and (plan.iterations >= 0.8 * enough_of(plan) or hours == 0.1)
        assert each.calibration_cases >= 4 and plan.patience == 0 and plan.validate_every <= plan.iterations
        assert plan.field_of_view == propose(ATRIA, largest=max(plan.field_of_view)).plan.field_of_view
    assert plans[8].proposal.plan.field_of_view[0] > 150 and "resolution" not in plans[8].proposal.reasons
    little = {
        hours: "little for a good model" in str(each.proposal.reasons["iterations"]) for hours, each in plans.items()
    }
    assert little == {0.1: True, 0.5: False, 1: False, 8: False}
    told = {what: str(why) for what, why in plans[1].proposal.reasons.items()}
    assert (
        "0.71 mm" in told["resolution"] and "would do for" in told["more time"] and told["time"].startswith("60 min:")
    )


def test_little_is_measured_and_too_little_time_is_a_sentence():
    asked = []
    plan_for(ATRIA, 3600, a_computer(1e-9, asked), held_out)
    assert len(asked) == 2
    with pytest.raises(MedNCAError, match="is too little here, even for the coarsest plan"):
        plan_for(ATRIA, 60, a_computer(1.0), held_out)


def test_a_plan_that_is_slower_than_foretold_is_given_up():
    """As where a larger patch no longer fits into the processor's cache."""
    coarse = propose(ATRIA, largest=64).plan
    speed, asked = 0.8 / work_of(coarse), []

    def measure(plan):
        found = a_computer(speed, asked)(plan)
        return replace(found, seconds=found.seconds * (8 if max(plan.field_of_view) > 64 else 1))

    found = plan_for(ATRIA, 3600, measure, held_out)
    assert max(found.proposal.plan.field_of_view) <= 64 < max(asked[1].field_of_view)


def test_the_conditions_of_a_calibration_are_counted():
    assert len(conditions()) == budget._CONDITIONS


def test_no_more_time_is_told_than_there_is_to_do():
    """Nor more cases to calibrate with than there are to learn from."""
    quick = plan_for(ATRIA, 36_000, a_computer(1e-13), held_out)
    assert quick.calibration_cases == 16 and "10 h" not in str(quick.proposal.reasons["time"])


def test_the_commands_take_hours(tmp_path, monkeypatch):
    monkeypatch.setattr(given, "case_set", lambda *_: type("Set", (), {"label_names": {}, "cases": ()})())
    monkeypatch.setattr(given, "fingerprint", lambda *_: ATRIA)
    monkeypatch.setattr("mednca_train.training.estimate.estimate", lambda plan, found: a_computer(1e-10)(plan))
    words = ["plan", "--data", str(tmp_path), "--out", str(tmp_path / "plan.json"), "--hours", "1"]
    result = CliRunner().invoke(cli.cli.app, words)
    assert result.exit_code == 0, result.output
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert plan["iterations"] >= ENOUGH and "60 min" in result.output
    assert "Measuring how fast this computer trains" in result.stderr
    told = result.stdout.split("\nWritten:")[0]
    assert "Given up for it" in told and "more time" in told
    words = ("train", "--data", str(tmp_path), "--run", str(tmp_path / "run"), "--hours", "1")
    monkeypatch.setattr(given, "usable", lambda *_, **__: (_ for _ in ()).throw(MedNCAError("Enough.")))
    trained = CliRunner().invoke(cli.cli.app, words)  # as far as the data
    assert str(trained.exception) == "Enough." and trained.stdout == told + "\n"
    assert "Measuring how fast this computer trains" in trained.stderr
    both = CliRunner().invoke(cli.cli.app, ["train", "--data", "x", "--run", "y", "--hours", "1", "--iterations", "9"])
    assert isinstance(both.exception, MedNCAError)
    assert budget._time(59) == "1 min" and budget._time(7260) == "2 h 01 min"


def test_images_that_are_too_thin_on_a_coarse_grid_get_a_plan_on_a_finer_one():
    slabs = [
        CaseFacts(f"slab_{n}", (240, 240, 10), (1.0, 1.0, 1.0), {1: 9000}, (60.0, 60.0, 10.0), {1: 1.0}, str(n))
        for n in range(9)
    ]
    budgeted = plan_for(Fingerprint(tuple(slabs)), 3600.0, a_computer(1e-9), held_out)
    budgeted.proposal.plan.architecture.check_size(budgeted.proposal.plan.field_of_view)

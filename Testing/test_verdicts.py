"""What is claimed of the bundled models' lights stands in the reports that `mednca verdict-report` wrote, of the weights and
the calibration that ship."""

import json
from collections import Counter

import pytest

from conftest import ROOT

HIPPOCAMPUS = ("hippocampus-m3dnca", "hippocampus-mednca")
MODELS = (*HIPPOCAMPUS, "prostate-m3dnca")
SHARED = ("failures", "failures_green", "good_not_green", "good_called_red", "interval_coverage", "mean_absolute_error")


def _report(model):
    return json.loads((ROOT / "docs" / "verdicts" / model / "verdicts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", MODELS)
def test_a_report_is_of_the_light_that_ships(model):
    description = json.loads((ROOT / "Resources" / "Models" / model / "model.json").read_text(encoding="utf-8"))
    report, calibration = _report(model), description["quality"]["calibration"]
    assert report["sha256"] == description["sha256"] and report["members"] == description["ensemble"]["members"]
    assert report["signals"] == {context: curve["signal"] for context, curve in calibration["curves"].items()}
    assert report["commit"] and not report["commit"].endswith("+")
    assert all("no contrast" in why for why in report["failed"].values())  # refused: rolled, a click lies in air
    for group, shares in report["groups"].items():
        told = calibration["detection"]["groups"][group]
        for key in SHARED:  # the samples that it is made anew of have five digits
            assert shares[key] == pytest.approx(told[key], abs=2e-4), (group, key)


@pytest.mark.parametrize("model", HIPPOCAMPUS)
def test_nonsense_is_never_green(model):
    report = _report(model)
    for colors in (*report["nonsense"].values(), *report["nonsense_in_scans"].values()):
        assert colors.get("green", 0) == 0
    for place, colors in report["clicks"]["elsewhere"].items():
        assert colors and colors.get("green", 0) == 0, place


def test_most_brains_are_not_red_and_of_the_good_ones_most_are_green():
    rows = [row for row in _report("hippocampus-m3dnca")["samples_judged"]
            if (row["context"], row["condition"]) == ("scan", "clean")]  # fmt: skip
    colors = Counter(row["color"] for row in rows)
    good = [row["color"] for row in rows if row["dice"] >= 0.8]
    assert len(rows) == 30 and colors["red"] <= 5 and good.count("green") > len(good) / 2


@pytest.mark.parametrize("model", HIPPOCAMPUS)
def test_a_verdict_costs_no_more_than_a_tenth_of_the_time(model):
    assert 0 < _report(model)["clicks"]["verdict_share_of_time"] <= 0.1


def test_clicks_beside_the_middle_give_the_same_mask_and_color():
    """Of 8 and 14 mm all, of 20 mm all but one, whose hippocampus is lost."""
    for distance, fewest in (("8 mm", 10), ("14 mm", 10), ("20 mm", 8)):
        found = _report("hippocampus-m3dnca")["clicks"]["distances"][distance]
        assert found["clicks"] == 10 and min(found["same_mask"], found["same_color"]) >= fewest, distance

"""Every figure that the documents link to a file of numbers stands there; those of tables and cards are compared, too.

A link's fragment is a JSON pointer (RFC 6901): [0.900](docs/study/report/study.json#/parts/...).
"""

import json
import re
from functools import lru_cache
from urllib.parse import unquote

import pytest

from conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = re.compile(r"\[([^\]\[]+)\]\(([^)#\s]+\.json)#(/[^)\s]+)\)")
STUDY = ROOT / "docs" / "study" / "report" / "study.json"
SAME = 0.0021  # a card's Dice has one seed's fire masks, the study's the mean of three


@lru_cache
def _numbers(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _at(data, pointer):
    for part in pointer.split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def _says(text, value):
    """Whether a text of a figure is a value, rounded to the text's digits: "0.900", ".9", "97 %", "12,480"."""
    number = re.fullmatch(r"(-?[\d,]*)(?:\.(\d+))?( ?%)?", text.strip())
    assert number, f"{text!r} is no figure"
    digits, shown = len(number[2] or ""), float(f"{number[1].replace(',', '') or 0}.{number[2] or 0}")
    return abs(shown - value * (100 if number[3] else 1)) <= 0.5 * 10**-digits + 1e-9


def _links():
    return [
        (document, *found) for document in DOCUMENTS for found in LINKED.findall(document.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(
    ("text", "value", "is_so"),
    [("0.900", 0.89996, True), ("0.900", 0.8994, False), ("97 %", 0.9744, True), ("96 %", 0.9744, False),
     ("12,480", 12480, True), ("3", 3, True), (".83", 0.826, True), ("2.6 %", 0.0256, True)],
)  # fmt: skip
def test_a_figure_is_read_as_people_do(text, value, is_so):
    assert _says(text, value) == is_so


def test_every_linked_figure_stands_in_its_file():
    links = _links()
    assert len(links) >= 20
    wrong = []
    for document, text, target, pointer in links:
        value = _at(_numbers((document.parent / target).resolve()), pointer)
        if not _says(text, value):
            wrong.append(f"{document.name} says {text}, {pointer} {value}")
    assert not wrong, "\n".join(wrong)


def _cells(path, first):
    """Of the table's row that begins so: what stands in its other cells."""
    (line,) = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


@pytest.mark.parametrize(
    ("row", "group"),
    [
        ("crops, clean", "crop, clean"),
        ("crops, degraded", "crop, degraded"),
        ("whole brains (without skull) of another labeling protocol, clean", "scan, clean"),
        ("whole brains, degraded", "scan, degraded"),
    ],
)
def test_the_table_of_the_light_is_that_of_the_verdict_report(row, group):
    report = _numbers(ROOT / "docs" / "verdicts" / "hippocampus-m3dnca" / "verdicts.json")["groups"][group]
    count, green, red, failures, holds = _cells(ROOT / "README.md", row)
    assert _says(count, report["samples"]) and _says(green, 1 - report["good_not_green"])
    assert _says(red, report["good_called_red"]) and _says(holds, report["interval_coverage"])
    told = failures.split(" of ")
    assert failures == "none failed" if not report["failures"] else [int(told[0]), int(told[1])] == [
        report["failures_green"], report["failures"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (
            "crops, [nonsense](docs/verdicts/hippocampus-m3dnca/verdicts.md): inverted, wrapped, front to back, upside down, rolled, noise",
            "nonsense",
        ),
        ("whole brains, nonsense, clicked", "nonsense_in_scans"),
    ],
)
def test_the_rows_of_nonsense_are_those_of_the_verdict_report(row, key):
    verdicts = ROOT / "docs" / "verdicts" / "hippocampus-m3dnca"
    count, _green, _red, failures, _holds = _cells(ROOT / "README.md", row)
    lights = [color for kind in _numbers(verdicts / "verdicts.json")[key].values() for color in kind.items()]
    results = sum(number for _color, number in lights)
    assert _says(count, results)
    assert failures == f"{sum(number for color, number in lights if color == 'green')} of {results}"


def test_the_table_of_speed_is_that_of_the_benchmark():
    table = _numbers(ROOT / "docs" / "speed.json")["table"]
    own = {(each["preset"], each["members"], each["threads"]): each for each in table if "times_faster" in each}
    rows = [
        ("M3D-NCA, 36 x 52 x 36, 10 + 10 steps, in an ensemble of ten", ("paper-hippocampus", 10), "exact"),
        ("M3D-NCA, 320 x 320 x 24, 20 + 40 steps, in an ensemble of two", ("paper-prostate", 2), "exact"),
        ("the same, around an organ only", ("paper-prostate", 2), "roi"),
        ("Med-NCA, 256 x 256, 64 + 64 steps", ("paper-mednca", 1), "exact"),
    ]
    for row, (preset, members), how in rows:
        each = own[preset, members, 2]
        seconds = each.get("exact_seconds_per_pass") if how == "exact" else None
        ours, reference, faster = _cells(ROOT / "docs" / "architecture.md", row)
        assert _says(ours.removesuffix(" s"), (seconds or each["seconds_per_pass"])["median"])
        assert _says(reference.removesuffix(" s"), each["reference_seconds_per_pass"]["median"])
        assert _says(faster, each["times_faster"][how])


@pytest.mark.parametrize("model", ["hippocampus-m3dnca", "hippocampus-mednca"])
def test_a_card_s_figures_are_the_study_s(model):
    """On the same cases, with the same weights."""
    description = _numbers(ROOT / "Resources" / "Models" / model / "model.json")
    part = _numbers(STUDY)["parts"]["hippocampus-models"]
    assert sorted(part["cases"]) == sorted(description["training"]["split"]["validation"])
    assert part["models"][model] == description["sha256"]
    figures = part["figures"][model]["dice"]
    for name, value in description["eval_metrics"]["dice"].items():
        assert abs(figures[name]["mean"] - value) <= SAME, (name, figures[name]["mean"], value)


def test_the_prostate_card_s_figures_are_the_folds():
    """Each case by the fold that had not seen it; the report of the run that made the model has them all."""
    description = _numbers(ROOT / "Resources" / "Models" / "prostate-m3dnca" / "model.json")
    cases = _numbers(ROOT / "docs" / "experiments" / "prostate-folds.json")["cases"]
    held_out = sorted(name for fold in description["training"]["folds"] for name in fold)
    assert sorted(case["case"] for case in cases) == held_out == description["training"]["split"]["training"]
    mean = sum(case["dice"]["union"] for case in cases) / len(cases)
    assert abs(mean - description["eval_metrics"]["dice"]["union"]) < 1e-9

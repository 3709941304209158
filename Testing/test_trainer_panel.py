"""The trainer as a person uses it: real widgets and buttons, real nodes, the real worker process, real training."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer", reason="slicer-core is not installed")

import slicerhost
from conftest import ROOT
from demo import add_mni152
from documents import scripts
from mednca.errors import Sentence
from mednca.messages import Progress
from mednca.quality.calibration import Calibration
from mednca_train import run_folder
from mednca_train.data.case_reader import CaseReader
from mednca_train.data.cases import Case
from mednca_train.messages import PlanAnswer, PlanRequest
from mednca_train.plan.estimate import Estimate
from mednca_train.plan.fingerprint import Fingerprint
from mednca_train.plan.plan import Plan
from mednca_train.plan.propose import propose
from mednca_train.run_folder import RunState, read_plan, write_plan
from mednca_train.run_lock import run_lock
from mednca_train.training.watching import WatchedCase
from mednca_train.validation_report import ValidationReport
from nodes import add_volume, drawn_pair, segment_mask
from panel import CALIBRATION as JUDGED
from phantoms import bright_model, organ_case, save
from training_phantoms import plan as phantom_plan
from training_phantoms import write_case

QUICK = {"iterations": 24, "validate_every": 12, "freeze_norm": 0.0, "patience": 0}
SMALL = {"batch": 1, "patch": [12, 12, 12]}  # soon measured


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The user's models and trainings, for the whole module: the worker keeps the environment it was started with."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDNCA_MODELS", str(folder / "Models"))
        patch.setenv("MEDNCA_RUNS", str(folder / "Runs"))
        patch.setenv("OMP_NUM_THREADS", "1")  # where others work, too, threads wait for each other far longer
        yield folder


@pytest.fixture(autouse=True)
def own_user_folder(folders):
    """Instead of the one of conftest."""


@pytest.fixture(scope="module")
def shared_host(folders):
    host = slicerhost.startApplication()
    yield host
    host.quit()


@pytest.fixture
def host(host):
    """That of conftest; no run and no result stays for the next test."""
    yield host
    _clean(host)


def _clean(host):
    """Leave no run and no result."""
    import slicer

    logic = slicer.util.getModuleWidget("NCATrainer").logic
    logic.cancel()
    host.wait(lambda: not logic.status.isBusy, 60)
    logic.trainer.forget()
    logic.trainer.result = None
    for run in logic.runs():
        logic.deleteRun(run.folder)


@pytest.fixture
def panel(host):
    return _open_panel(host)


def _open_panel(host):
    panel = host.openModule(ROOT / "NCATrainer" / "NCATrainer.py")
    panel.parent.resize(500, 1500)  # Slicer's panel scrolls; squeezed, some buttons would be too flat to hit
    return panel


def _pair(number, name=None, spacing=3.0, **options):
    """Of large voxels: a scan of 150 mm, in which the artifacts of a calibration are made, is small then."""
    import slicer

    return drawn_pair(slicer, *organ_case(number), name or f"Scan {number}", spacing=spacing, **options)


def _wait(host, panel, seconds=170):
    """Until nothing is done any more and nothing follows."""
    quiet = []

    def over():
        quiet.append(not panel.logic.status.isBusy)
        return len(quiet) > 3 and all(quiet[-3:])

    assert host.wait(over, seconds), panel.ui.logText.plainText


def _propose(host, panel, **changes):
    """Have a plan made, as the changed plan in the editor has it made."""
    panel.logic.propose(panel._request(), changes)
    _wait(host, panel)
    assert host.dialogs == [] and panel.ui.planLabel.text.startswith("With your changes")


def _plan(panel):
    """The plan that is shown."""
    return panel.logic.status.preparation.planned.plan


def _set_plan(panel, **changes):
    """A plan as after its proposal, without measuring what it costs. Returns it."""
    trainer = panel.logic.trainer
    plan = replace(propose(trainer.preparation.data.fingerprint).plan, **changes)
    trainer.preparation = replace(trainer.preparation, planned=PlanAnswer(plan, {}, None))
    panel._show()
    return plan


def _texts(table, column):
    return [table.item(row, column).text() for row in range(table.rowCount)]


@pytest.fixture(scope="module")
def trained(shared_host, folders, tmp_path_factory):
    """Three drawn phantoms trained on through the module's own buttons, and what it showed meanwhile. run: a copy of
    the run's folder, as every test begins without runs."""
    import slicer

    host, shown = shared_host, SimpleNamespace()
    panel = _open_panel(host)
    for number in range(3):
        _pair(number)
    begun = time.monotonic()
    host.click(panel.ui.addAllButton)
    shown.pairs, shown.labels = panel.ui.pairsTable.rowCount, _texts(panel.ui.labelsTable, 0)
    panel.ui.nameLineEdit.text = "Phantom organ"
    host.click(panel.ui.proposeButton)
    _wait(host, panel)
    shown.states, shown.proposal = _texts(panel.ui.pairsTable, 1), panel.ui.planLabel.text
    panel.ui.detailsCollapsibleButton.collapsed = False  # to change the plan in the editor
    proposed = json.loads(panel.ui.planEdit.plainText)
    smaller = phantom_plan().architecture.to_json()
    changes = {"architecture": proposed["architecture"] | smaller, "iterations": 60, "validate_every": 30,
               "learning_rate": 6e-3, "batch": 2}  # fmt: skip
    panel.ui.planEdit.plainText = json.dumps(proposed | changes)
    host.click(panel.ui.applyPlanButton)
    _wait(host, panel)
    shown.plan, shown.reasons = panel.ui.planLabel.text, panel.ui.planReasonsLabel.text
    host.click(panel.ui.trainButton)
    shown.isToPause = host.wait(lambda: panel.ui.trainButton.text == "Pause", 30)
    shown.isPlotted = host.wait(lambda: panel.logic.plot.table.GetNumberOfRows() > 2, 60)
    _wait(host, panel, 250)
    shown.seconds, shown.dialogs, shown.log = time.monotonic() - begun, list(host.dialogs), panel.ui.logText.plainText
    charts = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    shown.series = [chart.GetNumberOfPlotSeriesNodes() for chart in charts]
    shown.rows, result = _texts(panel.ui.resultTable, 0), panel.logic.status.result
    assert result, shown.log
    shown.report, shown.run = result.report, tmp_path_factory.mktemp("trained") / "run"
    shutil.copytree(result.run, shown.run)
    _clean(host)
    return shown


def test_who_has_no_cases_may_try_it_on_made_up_ones(host, panel):
    import slicer

    assert panel.ui.sampleButton.visible
    host.click(panel.ui.sampleButton)
    assert not panel.ui.sampleButton.visible and panel.ui.pairsTable.rowCount == 6
    assert _texts(panel.ui.labelsTable, 0) == ["Organ"]
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    assert host.dialogs == [] and panel.ui.datasetLabel.text.startswith("6 of 6")
    slicer.mrmlScene.Clear(0)
    assert host.wait(lambda: panel.ui.sampleButton.visible, 10)


def test_the_drawings_of_the_scene_are_the_cases(trained):
    assert trained.pairs == 3 and trained.labels == ["Back", "Front"]
    assert set(trained.states) == {"ready"}


def test_a_plan_says_why_and_what_it_costs(trained):
    for text in (trained.proposal, trained.plan):
        assert "MB" in text and "Back, Front from 3 cases" in text and "median" not in text
    assert "median" in trained.reasons
    assert trained.plan.startswith("With your changes") and not trained.proposal.startswith("With your changes")


def test_a_training_can_be_watched_and_paused(trained):
    assert trained.isToPause and trained.isPlotted and 2 in trained.series


def test_drawings_become_a_good_model_within_minutes(trained):
    assert trained.dialogs == [], trained.log
    assert trained.report.mean.dice["union"] > 0.9 and trained.seconds < 400  # 60 s with nothing else to do
    assert trained.rows == ["Back", "Front", "together"]


def test_a_trained_model_is_clicked_with(host, panel, folders, trained):
    """From the trainer's list of runs to the other module's segments. Nothing of the cases stands in the model."""
    shutil.copytree(trained.run, panel.logic.trainer.runs.folder / "trained")
    panel._show()
    host.click(panel.ui.resumeButton)  # Open
    host.click(panel.ui.addButton)
    model = folders / "Models" / "phantom-organ" / "model.json"
    assert model.exists() and "Scan" not in model.read_text() and str(folders) not in model.read_text()
    segment = host.openModule("MedNCASegment")
    combo = segment.ui.modelComboBox
    segment.models.fill()
    assert combo.findData("phantom-organ") >= 0
    volume, _drawing = _pair(20)
    added = segment.logic.segment(volume, "phantom-organ")
    names = [added.segmentationNode.GetSegmentation().GetNthSegment(n).GetName() for n in range(2)]
    assert sorted(names) == ["Back", "Front"]


def test_the_script_of_the_user_guide(host, panel, folders):
    """Both modules from Slicer's Python console, word for word, with a shorter training."""
    pytest.importorskip("nilearn", reason="nilearn is not installed")
    import slicer

    host.openModule("MedNCASegment")
    add_mni152(slicer).SetName("head")
    (script,) = scripts(ROOT / "docs" / "user-guide.md")
    short = script.replace('"iterations": 1000', '"iterations": 20, "batch": 1, "patch": [12, 12, 12]')
    assert short != script
    names = {"slicer": slicer, "pairs": [_pair(number) for number in range(3)]}
    exec(compile(short, "user-guide.md", "exec"), names)
    assert names["added"].report.findings[0].side == "left" and len(names["places"]) == 2
    assert names["report"].mean.cases == 1 and (folders / "Models" / "my-model" / "model.json").is_file()


@pytest.mark.slow
def test_pause_a_closed_scene_and_resume(host, panel):
    import slicer

    for number in range(3):
        _pair(number)
    host.click(panel.ui.addAllButton)
    _propose(host, panel, **QUICK | {"iterations": 400})
    host.click(panel.ui.trainButton)
    assert host.wait(lambda: panel.ui.statusLabel.text.startswith("Training"), 60)
    slicer.mrmlScene.Clear(0)  # the training needs no node
    host.processEvents()
    assert panel.logic.status.isBusy and panel.logic.plot.isThere
    host.click(panel.ui.trainButton)  # Pause
    _wait(host, panel)
    assert panel.ui.runsComboBox.count == 1 and "of 400" in panel.ui.runsComboBox.currentText
    (run,) = panel.logic.runs()
    assert run.state == RunState.PAUSED and 0 < run.iteration < 400
    write_plan(run.folder, replace(read_plan(run.folder), iterations=run.iteration + 3))  # not to wait for 400
    host.click(panel.ui.resumeButton)
    _wait(host, panel)
    assert panel.logic.status.result.report.mean.cases >= 1 and panel.ui.resumeButton.text == "Open"


def test_a_killed_worker_costs_little(host, panel, tmp_path):
    for number in range(2):
        _pair(number)
    host.click(panel.ui.addAllButton)
    _propose(host, panel, **QUICK | SMALL | {"iterations": 2000, "checkpoint_every": 5})
    host.click(panel.ui.trainButton)

    def iteration():
        return max((run.iteration for run in panel.logic.runs()), default=-1)

    assert host.wait(lambda: iteration() >= 5, 90)
    os.killpg(panel.logic.trainer.client.pid, signal.SIGKILL)
    _wait(host, panel)
    assert "ended unexpectedly" in host.dialogs[-1][1]
    host.dialogs.clear()
    (run,) = panel.logic.runs()
    assert run.iteration >= 5 and run.state == RunState.TRAINING
    assert panel.ui.resumeButton.enabled
    moved = run.folder.rename(tmp_path / "moved")  # goes on with what was exported for it
    panel.logic.trainer.forget()
    panel.logic.trainer.runs.dropUnused()
    assert all(case.image.exists() for case in run_folder.read_cases(moved))
    moved.rename(run.folder)
    host.click(panel.ui.deleteRunButton)
    assert panel.logic.runs() == [] and panel.ui.runsComboBox.count == 0
    panel.logic.trainer.runs.dropUnused()  # and the files that were made for it
    assert list((panel.logic.trainer.runs.folder / "datasets").iterdir()) == []


def test_mistakes_are_told_before_training(host, panel):
    import slicer

    for number in range(3):
        _pair(number)
    volume, node = _pair(3)
    node.GetSegmentation().RemoveAllSegments()
    host.click(panel.ui.addAllButton)
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    states = dict(zip(_texts(panel.ui.pairsTable, 0), _texts(panel.ui.pairsTable, 1), strict=True))
    assert "empty" in states["Scan_3"] and states["Scan_0"] == "ready"
    assert panel.ui.datasetLabel.text == "3 of 4 cases can be used."
    panel._setPairs([(volume, node), panel._pairs[0]])
    host.click(panel.ui.trainButton)
    _wait(host, panel)
    assert host.wait(lambda: host.dialogs, 5) and "two usable cases" in host.dialogs[-1][1]
    slicer.mrmlScene.RemoveNode(volume)
    assert len(panel._pairs) == 1  # a pair that lost a node is none


def test_a_folder_and_what_two_segments_have_in_common(host, panel, tmp_path):
    for number in range(3):
        write_case(tmp_path, f"case_{number}", *organ_case(number))
    host.answer = str(tmp_path)
    host.click(panel.ui.folderButton)
    _wait(host, panel)
    assert _texts(panel.ui.pairsTable, 0) == ["case_0", "case_1", "case_2"]
    assert [kind for kind, _text in host.dialogs] == ["directory"]
    host.dialogs.clear()
    for number in range(3):
        _pair(number)
    host.click(panel.ui.addAllButton)
    panel.ui.labelsTable.item(0, 1).setText("Organ")
    panel.ui.labelsTable.item(1, 1).setText("Organ")
    _propose(host, panel, **SMALL)
    assert [label.name for label in _plan(panel).labels] == ["Organ"]


@pytest.mark.slow
def test_fine_tuning_a_bundled_model(host, panel):
    """Its own labels are called as before, and the result stands beside the base model's."""
    for number in range(2):
        _pair(number, names=("Posterior hippocampus", "Anterior hippocampus"), spacing=1.0)
    host.click(panel.ui.addAllButton)
    panel.ui.startComboBox.setCurrentIndex(panel.ui.startComboBox.findData("hippocampus-m3dnca"))
    _propose(host, panel, **QUICK | {"iterations": 2, "validate_every": 2, "patch": [16, 16, 16], "batch": 1})
    names = {label.value: label.name for label in _plan(panel).labels}
    assert names == {1: "Anterior hippocampus", 2: "Posterior hippocampus"}
    host.click(panel.ui.trainButton)
    _wait(host, panel)
    assert host.dialogs == [], panel.ui.logText.plainText
    assert all(_texts(panel.ui.resultTable, 2)) and "Fine-tuning" in panel.ui.resultLabel.text


CALIBRATION = {
    "nqm": [0, 1], "dice": [0.9, 0.1], "low": [0.8, 0], "high": [1, 0.2],
    "members": 10, "samples": 40, "linear": [-0.8, 0.9], "detection": {"failures": 3, "failures_not_green": 1.0},
}  # fmt: skip


def _done_run(panel, name):
    """A run as the worker leaves it, without the training."""
    run = panel.logic.trainer.runs.folder / f"run-{name}"
    id = name.lower().replace(" ", "-")
    model = bright_model(id)
    model.info |= {"name": name}
    save(model, run / run_folder.RESULT)
    mean = {"cases": 2, "dice": {"Label 1": 0.9, "union": 0.9}, "dice_sd": {"Label 1": 0.0, "union": 0.0}}
    run_folder.write_cases(run, [])
    run_folder.write_metadata(run, {"name": name, "id": id}, run_folder.RunOptions())
    run_folder.write_status(run, run_folder.RunStatus(RunState.DONE, 9, 9, 0.9))
    run_folder.write_report(run, ValidationReport.from_json({"mean": mean, "calibration": CALIBRATION}))
    (run / run_folder.PLAN).write_text("{}")
    panel._show()
    return run


def _checked(host, panel, count=2):
    """Some pairs of the scene that were examined. Returns them."""
    made = [_pair(number) for number in range(count)]
    panel._setPairs(made)
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    assert panel.logic.status.preparation.data and host.dialogs == []
    return made


def test_a_pair_that_loses_a_node_takes_no_other_one(host, panel):
    import slicer

    first, second, third = (_pair(number) for number in range(3))
    panel._setPairs([first, second, third])
    slicer.mrmlScene.RemoveNode(first[0])
    assert panel._pairs == [second, third]
    host.processEvents()
    assert panel.ui.pairsTable.rowCount == 2
    slicer.mrmlScene.RemoveNode(third[1])
    assert panel._pairs == [second]


def test_a_volume_that_is_removed_is_not_replaced_by_the_next_of_the_list(host, panel):
    import slicer

    pairs = [_pair(number) for number in range(3)]
    selectors = (panel.ui.volumeSelector, panel.ui.segmentationSelector)
    for selector, node in zip(selectors, pairs[1], strict=True):
        selector.setCurrentNode(node)
    panel.ui.channelSelector.setCurrentNode(pairs[0][0])
    for node in (*pairs[1], pairs[0][0]):
        slicer.mrmlScene.RemoveNode(node)
    assert [selector.currentNode() for selector in (*selectors, panel.ui.channelSelector)] == [None] * 3


def test_what_changed_since_the_check_is_checked_again(host, panel):
    import slicer

    from NCATrainerLib.trainer import Preparation

    def rename(volume, node):
        node.GetSegmentation().GetNthSegment(0).SetName("Front and more")

    def paint(volume, node):
        node.GetSegmentation().GetNthSegment(0).GetRepresentation("Binary labelmap").Modified()

    def scan(volume, node):
        slicer.util.arrayFromVolume(volume)[0] = 7
        slicer.util.arrayFromVolumeModified(volume)

    def move(volume, node):
        volume.SetOrigin(1, 2, 3)

    def label(volume, node):
        panel.ui.labelsTable.item(0, 1).setText("Organ")

    def start(volume, node):
        panel.ui.startComboBox.setCurrentIndex(1)

    pair, trainer = _checked(host, panel)[0], panel.logic.trainer
    for change in (rename, paint, scan, move, label, start):
        panel.enter()
        assert trainer.preparation.data is not None
        _set_plan(panel)
        change(*pair)
        panel.enter()
        assert trainer.preparation == Preparation(), change.__name__
        assert "changed" in panel.ui.datasetLabel.text
        host.click(panel.ui.examineButton)
        assert not panel.ui.labelsTable.enabled and not panel.ui.startComboBox.enabled
        _wait(host, panel)
    assert host.dialogs == []
    paint(*pair)
    host.answer = False
    host.click(panel.ui.trainButton)  # by a plan that nobody has read? no
    assert "changed" in host.dialogs.pop()[1] and not trainer.isBusy
    slicer.mrmlScene.Clear(0)
    assert trainer.preparation.data is None and panel.ui.pairsTable.rowCount == 0


def test_cancel_deletes_no_result(host, panel):
    run = _done_run(panel, "Kept")
    host.click(panel.ui.resumeButton)
    panel.logic.trainer.run = run  # as after its training
    panel._setPairs([_pair(0), _pair(1)])
    host.click(panel.ui.examineButton)
    panel.onCancelButton()
    panel.onCancelButton()
    _wait(host, panel)
    status = panel.logic.status
    assert run.exists() and status.result and status.preparation.data is None


def test_exported_data_sets_live_as_long_as_they_are_needed(host, panel):
    trainer = panel.logic.trainer
    fresh, old = (trainer.runs.folder / "datasets" / name for name in ("of-another-slicer", "forgotten"))
    for folder in (fresh, old):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    _checked(host, panel)
    mine = trainer.preparation.export
    assert mine.exists() and fresh.exists() and not old.exists()
    case = Case("Scan_0", mine / "images" / "Scan_0.nrrd", mine / "labels" / "Scan_0.nrrd")
    run = trainer.run = _done_run(panel, "Stopped")
    run_folder.write_cases(run, [case])
    trainer._discard = True
    trainer._end()
    assert not run.exists() and mine.exists()  # to train again
    run = _done_run(panel, "Done")
    run_folder.write_cases(run, [case])
    other = mine.with_name(mine.name.rpartition("-")[0])  # as one of the same second begins
    other.mkdir()
    os.utime(other, (0, 0))
    trainer.forget()
    trainer.runs.dropUnused()
    assert mine.exists() and not other.exists()
    host.click(panel.ui.deleteRunButton)
    assert not run.exists() and not mine.exists()


@pytest.mark.parametrize(
    "signal, title",
    [
        ("nqm", "NQM"),
        ("nqm field", "NQM of the whole"),
        ("worst member", "how far the run"),
        ("mean member", "how far a"),
    ],
)
def test_the_chart_of_the_verdict_says_what_it_goes_by(panel, signal, title):
    """In the words of the other module."""
    from NCATrainerLib.plots import calibrationPlot

    curve = JUDGED["curves"]["crop"] | {"signal": signal}
    chart = calibrationPlot(Calibration.from_json(JUDGED | {"curves": {"crop": curve}}), "Calibration")
    assert chart.GetXAxisTitle().startswith(title)


def test_a_run_that_is_done_can_be_opened_added_exported_and_deleted(host, panel, folders, tmp_path):
    import slicer

    run = _done_run(panel, "Found again")
    assert panel.ui.runsComboBox.currentText.startswith("Found again: done") and panel.ui.resumeButton.text == "Open"
    host.click(panel.ui.resumeButton)
    assert "Found again" in panel.ui.resultLabel.text and panel.ui.resultTable.rowCount == 2
    host.click(panel.ui.calibrationButton)
    assert "Calibration" in [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLPlotChartNode")]
    host.click(panel.ui.addButton)
    model = folders / "Models" / "found-again" / "model.json"
    assert model.exists() and len(host.dialogs) == 1
    model.write_text("{}")
    host.answer = False
    host.click(panel.ui.addButton)  # replace it? no
    assert "Replace" in host.dialogs[-1][1] and model.read_text() == "{}"
    host.answer = True
    host.click(panel.ui.addButton)
    assert model.read_text() != "{}"
    host.answer = str(tmp_path / "model.zip")
    for _again in range(2):
        host.click(panel.ui.exportButton)
    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]
    host.answer = True
    host.click(panel.ui.deleteRunButton)
    assert not run.exists() and panel.logic.status.result is None and not panel.ui.addButton.enabled
    assert model.exists() and "error" not in [kind for kind, _text in host.dialogs]


def test_a_name_that_could_not_be_added_is_told_before_the_training(host, panel):
    _checked(host, panel)
    for name, told in (("  ", "name"), ("Hippocampus M3DNCA", "another name")):
        panel.ui.nameLineEdit.text = name
        host.click(panel.ui.trainButton)
        assert host.wait(lambda: host.dialogs, 5) and told in host.dialogs.pop()[1]
        assert not panel.logic.status.isBusy


def test_a_training_that_does_not_begin_leaves_nothing_and_takes_nothing(host, panel, monkeypatch):
    run, trainer = _done_run(panel, "Before"), panel.logic.trainer
    host.click(panel.ui.resumeButton)
    _checked(host, panel)
    _set_plan(panel)
    monkeypatch.setattr(Plan, "to_json", lambda plan: {"iterations": "no plan at all"})
    panel.ui.planEdit.plainText = json.dumps(trainer.preparation.planned.plan.to_json(), indent=1)
    host.click(panel.ui.trainButton)
    _wait(host, panel)
    assert host.wait(lambda: host.dialogs, 5) and "not valid" in host.dialogs[-1][1]
    assert [folder for folder in trainer.runs.folder.iterdir() if folder.name != "datasets"] == [run]
    assert list((trainer.preparation.export / "runs").iterdir()) == []  # nothing was begun on it
    monkeypatch.undo()
    assert trainer.result.run == run and "Before" in panel.ui.resultLabel.text


def test_a_bad_pair_is_left_out_with_its_reason_and_namesakes_are_joined(host, panel):
    import slicer

    def nodes():
        return {slicer.mrmlScene.GetNthNode(n).GetID() for n in range(slicer.mrmlScene.GetNumberOfNodes())}

    good, other = _pair(0, names=("Organ", "Organ")), _pair(1, names=("Organ", "Organ"))
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing")
    panel._setPairs([good, (empty, good[1]), other])
    before = nodes()
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    assert nodes() == before
    assert _texts(panel.ui.pairsTable, 0) == ["Scan_0", "Nothing", "Scan_1"]
    assert _texts(panel.ui.pairsTable, 1) == ["ready", "The volume has no voxels; choose another one.", "ready"]
    facts = panel.logic.status.preparation.facts
    assert facts[0].labels == {1: int((organ_case(0)[1] > 0).sum())}
    _set_plan(panel)
    host.answer = False
    host.click(panel.ui.trainButton)
    assert "Train without" in host.dialogs[-1][1] and "no voxels" in host.dialogs[-1][1]
    assert not panel.logic.status.isBusy


def test_what_belongs_together_by_name(host, panel):
    import slicer

    from MedNCASegmentLib.record import RUNS_ATTRIBUTE

    def add(kind, name):
        return slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}Node", name)

    volumes = [add("ScalarVolume", name) for name in ("case_1", "case_10", "case_2")]
    ten, one, result = (add("Segmentation", name) for name in ("case_10_label", "Case_1 label", "case_2 segmentation"))
    result.SetAttribute(RUNS_ATTRIBUTE, json.dumps([{"id": 1, "segments": [], "report": {}}]))
    host.click(panel.ui.addAllButton)
    assert panel._pairs == [(volumes[0], one), (volumes[1], ten)]
    assert "case_2 segmentation" in host.dialogs[-1][1]


def test_label_maps_are_counted_once(host, panel, monkeypatch):
    import slicer

    from NCATrainerLib import pairs

    values = np.arange(8, dtype=np.uint8).reshape(2, 2, 2) % 3
    node = slicer.util.addVolumeFromArray(values, nodeClassName="vtkMRMLLabelMapVolumeNode")
    assert pairs.segmentNames([(None, node)]) == ["Label 1", "Label 2"]
    monkeypatch.setattr(pairs, "voxels", None)
    assert pairs.segmentNames([(None, node)]) == ["Label 1", "Label 2"]


def test_the_list_of_trainings_follows_the_latest_one(host, panel):
    """What a person chose there stays, until another training has run; Open and Delete act on what is chosen."""
    old, new = _done_run(panel, "Old"), _done_run(panel, "New")

    def choose(name):
        panel.ui.runsComboBox.setCurrentIndex(panel.ui.runsComboBox.findText(name, host.qt.Qt.MatchStartsWith))

    def shown():
        panel._show()
        return panel.runs.chosen.folder

    shown()
    choose("New")
    assert shown() == new
    panel.logic.trainer.run = old
    assert shown() == old
    choose("New")
    assert shown() == new
    panel.logic.trainer.run = None
    assert shown() == new
    panel.logic.trainer.run = new
    choose("Old")
    assert shown() == new


def test_a_label_map_must_lie_on_its_volume(host, tmp_path):
    """Of the same size is not enough: one whose first axis runs the other way would teach another place."""
    import slicer
    import vtk

    from NCATrainerLib.pair_export import exportPairs

    values = np.zeros((6, 6, 6), np.uint8)
    values[..., :2] = 1
    volume = slicer.util.addVolumeFromArray(
        np.random.default_rng(0).normal(values, 0.1).astype(np.float32), name="scan"
    )
    same, turned = (
        slicer.util.addVolumeFromArray(array, name=name, nodeClassName="vtkMRMLLabelMapVolumeNode")
        for name, array in (("same", values), ("turned", values[..., ::-1].copy()))
    )
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((-1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1))
    turned.SetIJKToRASMatrix(matrix)
    told = _exported(exportPairs([(volume, same), (volume, turned)], {"Label 1": 1}, tmp_path))
    assert [case.name for case in told.cases] == ["scan"]
    assert "turned: image and label map differ" in str(told.problems["scan_2"])


def _exported(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_cases_get_files_of_their_own(host, tmp_path):
    """Whatever their volumes are called, on any system; also their further channels."""
    import SimpleITK as sitk
    import slicer

    from MedNCASegmentLib.channels import setChannel
    from NCATrainerLib.pair_export import exportPairs
    from NCATrainerLib.pairs import caseNames

    def volume(value, name):
        array = np.random.default_rng(value).normal(value, 1, (6, 6, 6)).astype(np.float32)
        return slicer.util.addVolumeFromArray(array, name=name)

    labels = slicer.util.addVolumeFromArray(np.ones((6, 6, 6), np.uint8), nodeClassName="vtkMRMLLabelMapVolumeNode")
    pairs = []
    for number, name in enumerate(("T1", "T1_0001", "t1", "aux")):
        first = volume(100 * number, name)
        setChannel(first, 1, volume(100 * number + 50, "ADC"))
        pairs.append((first, labels))
    assert caseNames(pairs) == ["T1", "T1_0001", "t1_2", "aux_1"]
    told = _exported(exportPairs(pairs, {"Label 1": 1}, tmp_path))
    means = [
        [sitk.GetArrayFromImage(sitk.ReadImage(str(file))).mean() for file in case.channels] for case in told.cases
    ]
    assert np.allclose(means, [[100 * number, 100 * number + 50] for number in range(4)], atol=1)


def test_what_the_user_made_of_the_plan_is_trained(host, panel, monkeypatch):
    _checked(host, panel)
    trainer, asked = panel.logic.trainer, []
    _set_plan(panel)
    monkeypatch.setattr(trainer, "propose", lambda request, changes=None, then=None: asked.append(changes))
    panel.ui.planEdit.plainText = '{"iterations": 5}'
    host.click(panel.ui.trainButton)
    assert asked == [{"iterations": 5}]
    panel.ui.planEdit.plainText = "[5"
    host.click(panel.ui.trainButton)
    assert host.wait(lambda: host.dialogs, 5) and "no plan" in host.dialogs[-1][1] and len(asked) == 1


def test_mistakes_between_two_steps_are_told(host, panel):
    panel._setPairs([_pair(0), _pair(1)])

    def full_disk():
        raise OSError("No space left on device")

    panel.logic.trainer.examine(panel._request(), full_disk)
    _wait(host, panel)
    assert host.wait(lambda: host.dialogs, 5) and "No space left" in host.dialogs[-1][1]


def test_a_script_leaves_the_panel_as_it_was(host, panel):
    from mednca.errors import MedNCAError

    with pytest.raises(MedNCAError, match="Add volumes"):
        panel.logic.trainPairs([], "nothing")
    assert panel.logic.trainer.failed == panel._onFailed


def test_the_start_is_a_model_that_is_here_on_its_terms_with_its_labels(host, panel, folders):
    model = bright_model("narrow", labels=2)
    model.info |= {"name": "Narrow", "terms": "For science only."}
    save(model, folders / "Models" / "narrow")
    panel._parameterNode.start = "narrow"
    panel.enter()
    panel._setPairs([_pair(number, names=("label 2", "Tumor")) for number in range(2)])
    assert panel.ui.startInfoLabel.text.endswith("It goes on with label 2. New to it: Tumor.")
    host.answer = False
    host.click(panel.ui.examineButton)
    assert host.wait(lambda: len(host.dialogs) == 2, 5), host.dialogs
    assert "For science only" in host.dialogs[0][1]
    assert "not accepted" in host.dialogs[1][1] and not panel.logic.status.isBusy
    panel._parameterNode.start = "gone"
    panel.enter()
    assert panel._parameterNode.start == panel.ui.startComboBox.currentData == "m3d-nca"
    assert "no model gone here" in panel.ui.logText.plainText


def _fits(host, panel, width, path):
    """No wider than this, with no table that scrolls sideways, nor a button that hides its text."""
    ui = panel.ui
    assert panel.parent.minimumSizeHint.width() <= width
    host.grab(panel.parent, str(path), width)
    host.processEvents()
    for table in (ui.pairsTable, ui.labelsTable, ui.resultTable):
        assert table.visible == (table.rowCount > 0)
        assert not table.visible or table.horizontalHeader().length() <= table.width <= width
    for name in dir(ui):
        button = getattr(ui, name)
        if name.endswith("Button") and hasattr(button, "fontMetrics") and button.visible:
            assert button.fontMetrics().horizontalAdvance(button.text) < button.width, name
    return True


@pytest.mark.parametrize("width", [350, 500])
def test_nothing_is_wider_than_the_panel(host, panel, width, tmp_path):
    """Empty, with cases of long names and troubles, with a plan and its details, while it trains, and with a result."""
    from NCATrainerLib.trainer import TrainerState

    ui, picture = panel.ui, tmp_path / "panel.png"
    assert _fits(host, panel, width, picture) and not ui.labelsLabel.visible and not ui.runsComboBox.visible
    ui.exampleCollapsibleButton.collapsed = ui.detailsCollapsibleButton.collapsed = False
    made = [_pair(number, names=("Anterior part of the left hippocampus", "Back")) for number in range(2)]
    made += [_pair(9, name="A_scan_with_a_very_long_name_that_has_no_spaces_20251101_T1w")]
    made[-1][1].GetSegmentation().RemoveAllSegments()
    panel._setPairs(made)
    assert _fits(host, panel, width, picture)
    host.click(ui.examineButton)
    _wait(host, panel)
    _set_plan(panel)
    assert _fits(host, panel, width, picture)
    table = ui.pairsTable
    needed = table.fontMetrics().horizontalAdvance(table.item(2, 1).text())  # the reason is read in full
    assert table.columnWidth(1) > needed or table.rowHeight(2) > 1.5 * table.rowHeight(0)
    assert sum(table.rowHeight(row) for row in range(3)) <= table.height
    trainer = panel.logic.trainer
    trainer.state, trainer.progress = TrainerState.TRAINING, Progress("training", 1, 9, seconds_left=11_000)
    panel._show()
    assert _fits(host, panel, width, picture) and "about 3.1 h left" in ui.statusLabel.text
    trainer.state = TrainerState.IDLE
    _done_run(panel, "The anterior part of the left hippocampus of old people")
    host.click(ui.resumeButton)
    assert _fits(host, panel, width, picture) and ui.resultTable.rowCount == 2


def test_a_long_path_of_a_data_set_goes_on_in_the_next_line(host, panel, tmp_path):
    panel._parameterNode.folder = "/home/somebody" + "/a_folder_of_labelled_volumes" * 6
    panel._show()
    assert _fits(host, panel, 350, tmp_path / "panel.png")
    assert panel.ui.datasetLabel.text.replace("\u200b", "") == panel._parameterNode.folder


def test_a_picture_shows_what_a_good_data_set_looks_like(host, panel):
    label = panel.ui.examplePicture
    assert 200 < label.pixmap.width() < 280
    assert "same size" in label.accessibleDescription and "Ten cases" in panel.ui.exampleLabel.text


def test_each_section_leads_to_its_part_of_the_help_page(host, panel):
    import qt

    page = Path(panel.resourcePath("Help/NCATrainer.html")).read_text(encoding="utf-8")
    links = [label for label in panel.parent.findChildren(qt.QLabel) if label.text.startswith('<a href="')]
    anchors = [label.text.split('"')[1] for label in links]
    assert sorted(anchors) == sorted(re.findall(r'<a name="(\w+)">', page)) and len(anchors) == 5
    host.click(links[anchors.index("plan")])
    assert panel.help._dialog.visible and "how much time there is" in panel.help._browser.toPlainText()
    panel.help.close()


def test_a_plan_that_takes_hours_asks_for_the_time_there_is(host, panel):
    from MedNCASegmentLib.worker_client import RequestState
    from NCATrainerLib.trainer import TrainerState

    _checked(host, panel)
    _set_plan(panel)
    trainer, asked = panel.logic.trainer, []
    planned = trainer.preparation.planned
    for seconds, free, visible in ((60.0, 60.0, False), (40_000.0, 9_000.0, False), (40_000.0, 30_000.0, True)):
        estimate = Estimate(seconds, 1.0, 500.0, 300.0, free)
        trainer.preparation = replace(trainer.preparation, planned=replace(planned, estimate=estimate))
        panel._show()
        assert ("how much time" in panel.ui.planLabel.text) is visible
        assert ("busy" in panel.ui.planLabel.text) is estimate.is_busy is (free < 40_000 / 1.25 and seconds > 60)
    assert "11.1 h on this computer" in panel.ui.planLabel.text and "8.3 h at most" in panel.ui.planLabel.text
    job = SimpleNamespace(state=RequestState.RUNNING, request={"command": "plan"})
    trainer.client.submit = lambda **request: asked.append(request) or job
    try:
        panel.ui.timeComboBox.setCurrentIndex(panel.ui.timeComboBox.findData(1.0))
        assert trainer.preparation.planned is None  # it was for another time
        host.click(panel.ui.proposeButton)
        trainer.job, trainer.state = None, TrainerState.IDLE
        planned = replace(_set_plan(panel), iterations=777)  # as by a plan for an hour
        trainer.preparation = replace(
            trainer.preparation, planned=PlanAnswer(planned, {"time": Sentence("1 h")}, None, 3)
        )
        panel._show()
        panel.ui.planEdit.plainText = panel.ui.planEdit.plainText.replace('"batch": ', '"batch": 1')
        host.click(panel.ui.applyPlanButton)
    finally:
        del trainer.client.submit
        trainer.job, trainer.state = None, TrainerState.IDLE
    first, second = map(PlanRequest.from_json, asked)
    assert first.hours == 1.0 and first.shown is None
    assert second.shown == PlanAnswer(planned, {"time": Sentence("1 h")}, None, 3)  # it is changed, not measured anew
    assert second.changes["batch"] == int(f"1{planned.batch}")


def test_a_changed_plan_keeps_its_reasons_and_its_time(folders):
    """By the worker: what was shown is changed, and nothing else of it."""
    from mednca_train.worker import TrainingWorker

    shown = PlanAnswer(phantom_plan(iterations=777), {"time": Sentence("1 h")}, None, 3)
    asked = PlanRequest(Fingerprint(()), changes={"batch": 1}, hours=1.0, shown=shown).to_json()
    answer = PlanAnswer.from_json(TrainingWorker(None, io.StringIO())._plan(json.loads(json.dumps(asked)), "1"))
    assert answer.plan == replace(shown.plan, batch=1) and answer.estimate is not None
    assert (answer.reasons, answer.calibration_cases) == (shown.reasons, 3)


def test_a_second_channel_of_a_pair(host, panel):
    """It is chosen with the pair, written beside the image, and planned with."""
    import slicer

    from MedNCASegmentLib.channels import channelsOf

    for number in range(2):
        volume, drawn = _pair(number)
        other = add_volume(slicer, organ_case(number + 10)[0], np.diag([3.0, 3.0, 3.0, 1.0]), name=f"ADC {number}")
        panel.ui.volumeSelector.setCurrentNode(volume)
        assert panel.ui.channelSelector.currentNode() is None  # of this one none is chosen yet
        panel.ui.channelSelector.setCurrentNode(other)
        panel.ui.segmentationSelector.setCurrentNode(drawn)
        host.click(panel.ui.addPairButton)
        assert channelsOf(volume) == [volume, other]
    panel.logic.examine(panel._request())
    _wait(host, panel)
    data = panel.logic.trainer.preparation.data
    assert [len(case.channels) for case in data.cases] == [2, 2] and data.fingerprint.problems == {}
    assert propose(data.fingerprint).plan.architecture.input_channels == 2
    for case in data.cases:
        arrays = [sitk.GetArrayFromImage(sitk.ReadImage(str(path))) for path in case.channels]
        assert arrays[0].shape == arrays[1].shape and not np.array_equal(*arrays)


def test_a_second_channel_that_was_chosen_elsewhere_meanwhile_stays(host, panel):
    """As in MedNCA Segment, from which one comes back."""
    import slicer

    from MedNCASegmentLib.channels import channelsOf, setChannel

    volume, drawn = _pair(0)
    other = add_volume(slicer, organ_case(10)[0], np.diag([3.0, 3.0, 3.0, 1.0]), name="ADC")
    panel.ui.volumeSelector.setCurrentNode(volume)
    panel.ui.segmentationSelector.setCurrentNode(drawn)
    setChannel(volume, 1, other)
    panel.enter()
    assert panel.ui.channelSelector.currentNode() is other
    host.click(panel.ui.addPairButton)
    assert channelsOf(volume) == [volume, other]


def test_a_chosen_folder_stays_where_no_pair_takes_its_place(host, panel, tmp_path):
    panel._parameterNode.folder = str(tmp_path)
    host.processEvents()
    panel._show()
    assert not panel.ui.removePairButton.enabled  # there is none to be removed
    host.click(panel.ui.addAllButton)
    assert "No volume" in host.dialogs.pop()[-1] and panel._parameterNode.folder == str(tmp_path)
    _pair(0)
    host.click(panel.ui.addAllButton)
    assert panel.ui.removePairButton.enabled and panel._parameterNode.folder == ""


def _watched_run(panel, folder):
    """A run as it is after a validation that found what was drawn. Returns it and the drawing, (i, j, k)."""
    run, (image, labels) = _done_run(panel, "Watched"), organ_case(0)
    write_case(folder, "case_0", image, labels)
    case = Case("case_0", folder / "images" / "case_0.nii.gz", folder / "labels" / "case_0.nii.gz")
    run_folder.write_cases(run, [case])
    write_plan(run, phantom_plan())
    ((_image, found),) = CaseReader(phantom_plan())(case)
    WatchedCase(run, case, phantom_plan()).write(found, 1.0)
    return run, labels


def test_a_validation_image_is_watched_as_the_training_goes_on(host, panel, tmp_path):
    """Over the image that was held out, where the drawing is; it outlives whatever happens to the scene."""
    import slicer

    from NCATrainerLib.pairs import pairsByName

    run, labels = _watched_run(panel, tmp_path)
    logic = panel.logic
    host.click(panel.ui.watchCheckBox)
    assert "next validation" in panel.ui.watchLabel.text
    logic.trainer.run = run
    logic._onRow(_row(25, 1.0, 0.5))
    panel._show()
    assert panel.ui.watchLabel.text == "case_0: overlap with what was drawn (Dice) 1.00."
    volume, node = logic.watch._image, logic.watch._segmentation
    for number, name in enumerate(("Front", "Back")):
        assert node.GetSegmentation().GetNthSegment(number).GetName() == name
        assert np.array_equal(segment_mask(slicer, node, volume, number), labels == number + 1)
    assert pairsByName()[0] == []  # it is no truth to learn from
    empty = sitk.ReadImage(str(run / run_folder.WATCHED_LABELS)) * 0
    sitk.WriteImage(empty, str(run / run_folder.WATCHED_LABELS))
    logic._onRow(_row(50, 1.0, 0.6))  # the same nodes, with what is found now
    assert logic.watch._segmentation is node and not segment_mask(slicer, node, volume, 0).any()
    slicer.mrmlScene.RemoveNode(node)
    logic._onRow(_row(75, 1.0, 0.6))
    panel._show()
    assert not panel.ui.watchCheckBox.checked and panel.ui.watchLabel.text == ""


def test_segments_of_the_user_stay_beside_those_that_are_watched(host, panel, tmp_path):
    """One of their own is not written into, one that they removed shifts none."""
    import slicer

    from MedNCASegmentLib.volumes import orientedImageData

    panel.logic.trainer.run, labels = _watched_run(panel, tmp_path)
    watch = panel.logic.watch
    watch.start(panel.logic.trainer.run)
    segmentation, mine = watch._segmentation.GetSegmentation(), slicer.vtkSegment()
    mine.SetName("Mine")
    drawn = np.zeros_like(labels)
    drawn[2:5, 2:6, 2:7] = 1
    mask = drawn.astype(np.uint8).transpose(2, 1, 0)
    mine.AddRepresentation("Binary labelmap", orientedImageData(mask, watch._image, watch._segmentation))
    segmentation.AddSegment(mine)
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    panel.logic._onRow(_row(50, 1.0, 0.6))
    assert [segmentation.GetNthSegment(n).GetName() for n in range(2)] == ["Back", "Mine"]
    for number, expected in enumerate((labels == 2, drawn == 1)):
        assert np.array_equal(segment_mask(slicer, watch._segmentation, watch._image, number), expected)


def test_a_validation_that_comes_while_the_image_is_loaded_waits(host, panel, tmp_path, monkeypatch):
    """Slicer shows a progress dialog meanwhile, in which events go on."""
    import slicer

    run, _labels = _watched_run(panel, tmp_path)
    load = slicer.util.loadVolume
    monkeypatch.setattr(slicer.util, "loadVolume", lambda *a: panel.logic._onRow(_row(50, 1.0, 0.6)) or load(*a))
    panel.logic.trainer.run = run
    panel.logic.watch.start(run)
    assert panel.logic.watch._isThere
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_who_closes_the_scene_or_damages_a_run_watches_no_more(host, panel, tmp_path):
    import slicer

    run, _labels = _watched_run(panel, tmp_path)
    logic = panel.logic
    logic.trainer.run = run
    logic.watch.start(run)
    assert logic.watch._isThere
    slicer.mrmlScene.Clear(0)
    logic._onRow(_row(100, 1.0, 0.6))
    assert not logic.watch.isOn and slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []
    (run / run_folder.WATCHED).write_text("{}", encoding="utf-8")
    logic.watch.isOn = True
    logic._onRow(_row(125, 1.0, 0.6))  # told, and the training goes on
    assert not logic.watch.isOn and "watched.json" in panel.ui.logText.plainText


def _row(iteration, loss, dice=None):
    return run_folder.HistoryRow(iteration, loss, gradient_norm=1.0, learning_rate=0.01, dice_union=dice)


def test_the_axes_follow_the_growing_table(host, monkeypatch):
    """Of the plot view that shows the chart; where there is no plot view, nothing is asked of any."""
    import slicer

    from NCATrainerLib.plots import TrainingPlot

    plot, fitted = TrainingPlot(), []
    plot.start("Growing")

    def plotWidget(number):
        shown = plot.chart.GetID() if number else "another"
        return SimpleNamespace(
            mrmlPlotViewNode=lambda: SimpleNamespace(GetPlotChartNodeID=lambda: shown),
            plotView=lambda: SimpleNamespace(fitToContent=lambda: fitted.append(number)),
        )

    monkeypatch.setattr(slicer.app, "_layout", SimpleNamespace(plotViewCount=2, plotWidget=plotWidget))
    plot.add(_row(1, 1.0))
    plot.add(_row(2, 0.5))
    assert fitted == [1, 1]


def test_a_label_map_takes_its_display_along_once(host, monkeypatch):
    """Slicer removes the display of a node that goes: it must not be removed once more."""
    import slicer

    from NCATrainerLib import pair_export

    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    labelmap.CreateDefaultDisplayNodes()
    display = labelmap.GetDisplayNode()
    scene, removed = slicer.mrmlScene, []

    class Scene:
        IsNodePresent = scene.IsNodePresent

        def RemoveNode(self, node):
            assert scene.IsNodePresent(node)
            removed.append(node)
            scene.RemoveNode(node)
            if node is labelmap:
                scene.RemoveNode(display)  # as Slicer's application does

    monkeypatch.setattr(pair_export, "slicer", SimpleNamespace(mrmlScene=Scene()))  # others go on with the real one
    pair_export._remove(labelmap)
    assert removed == [labelmap] and not scene.IsNodePresent(display)


def test_a_worker_that_fails_within_its_start_is_told(host, panel, monkeypatch):
    """As on Windows: the error comes before start() returns."""
    import qt

    _pair(0)
    panel.logic.trainer.client.shutdown()
    host.click(panel.ui.addAllButton)
    with monkeypatch.context() as patch:
        failed = qt.QProcess.FailedToStart
        patch.setattr(qt.QProcess, "start", lambda self, program, arguments: self.errorOccurred.emit(failed))
        host.click(panel.ui.examineButton)
        assert host.wait(lambda: host.dialogs, 10) and "could not be started" in host.dialogs[-1][1]
        assert not panel.logic.status.isBusy


def test_a_collapse_is_seen_in_the_plot(host):
    from NCATrainerLib.plots import TrainingPlot

    plot = TrainingPlot()
    plot.start("Collapsing")
    for iteration, dice in enumerate((0.8, 0.0, None)):
        plot.add(_row(iteration, 1.0, dice))
    table = plot.table.GetTable()
    assert [table.GetValue(row, 2).ToDouble() for row in range(3)] == [0.8, 0.0, 0.0]


def test_two_programs_do_not_share_a_run(host, panel):
    run = _done_run(panel, "Shared")
    code = (
        f"from mednca_train.run_lock import run_lock\nwith run_lock({str(run)!r}): print('held', flush=True); input()"
    )
    paths = os.pathsep.join(str(ROOT / name) for name in ("MedNCASegment", "NCATrainer"))
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert other.stdout.readline() == b"held\n"
    host.click(panel.ui.deleteRunButton)
    assert host.wait(lambda: len(host.dialogs) == 2, 5) and "another program" in host.dialogs[-1][1] and run.exists()
    other.communicate(b"\n")
    host.click(panel.ui.deleteRunButton)
    assert not run.exists()


def test_self_tests_of_the_module(host, panel):
    import unittest

    from NCATrainer import NCATrainerTest

    shutil.rmtree(panel.logic.trainer.runs.folder, ignore_errors=True)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(NCATrainerTest).run(result)
    assert result.testsRun and result.wasSuccessful(), result.errors + result.failures
    assert not panel.logic.trainer.runs.folder.exists()  # the user's own


def test_labels_keep_the_values_of_the_model_that_is_fine_tuned():
    from NCATrainerLib.training_request import labelValuesOf

    known = {"Anterior": 1, "Posterior": 2}
    assert labelValuesOf({"p": "Posterior", "x": "Tumor", "y": "", "q": "Posterior"}, known) == {
        "Posterior": 2, "Tumor": 3,
    }  # fmt: skip
    assert labelValuesOf({"b": "B", "a": "A"}, {}) == {"B": 1, "A": 2}


def test_who_works_in_another_module_keeps_the_slice_views(host, panel, tmp_path):
    """Until the trainer is opened again: a click must not land on a training's image."""
    import slicer

    image = add_volume(slicer, np.ones((8, 8, 8), np.int16), name="mine")
    slicer.util.setSliceViewerLayers(background=image)
    run, _labels = _watched_run(panel, tmp_path)
    slicer.util.selectModule("Data")
    panel.logic.watch.start(run)
    (composite, *_others) = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert panel.logic.watch._isThere and composite.GetBackgroundVolumeID() == image.GetID()
    host.openModule("NCATrainer")
    assert composite.GetBackgroundVolumeID() == panel.logic.watch._image.GetID()


def test_a_run_that_another_program_trains_is_not_deleted(host, panel):
    """Whoever resumes it here, and cancels at once."""
    run = _done_run(panel, "Taken")
    begun, end = threading.Event(), threading.Event()

    def train():
        with run_lock(run):
            begun.set()
            end.wait(10)

    other = threading.Thread(target=train)
    other.start()
    assert begun.wait(10)
    panel.logic.trainer._delete(run)
    assert run_folder.holds_run(run)
    end.set()
    other.join()
    panel.logic.trainer._delete(run)
    assert not run.exists()


def test_what_followed_a_failed_step_does_not_follow_another(host, panel, monkeypatch):
    trainer, went_on = panel.logic.trainer, []
    _checked(host, panel)
    monkeypatch.setattr(trainer.runs, "newExport", _full_disk)
    trainer.forget()
    with pytest.raises(OSError, match="disk"):
        trainer.examine(panel._request(), lambda: went_on.append(True))
    assert trainer._then is None and not trainer.isBusy


def _full_disk():
    raise OSError("the disk is full")


def test_labels_that_are_no_labels_count_as_none(host, panel):
    for text in ("garbage", "[1]", '{"Front": 3}'):
        panel._parameterNode.labels = text
        panel._setPairs([_pair(0)])
        panel._show()
        assert panel.ui.labelsTable.rowCount == 2

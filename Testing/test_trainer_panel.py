"""The trainer as a person uses it: real widgets and buttons, real nodes, the real worker process, real training."""

import json
import os
import signal
import time

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from test_trainer import write_case

import slicerhost
from conftest import ROOT
from phantoms import organ_case
from test_slicer import _volume

QUICK = {"iterations": 24, "validate_every": 12, "freeze_norm": 0.0, "patience": 0}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The user's models and trainings, for the whole module: the worker keeps the environment it was started with."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDNCA_MODELS", str(folder / "Models"))
        patch.setenv("MEDNCA_RUNS", str(folder / "Runs"))
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
def host(shared_host):
    import slicer

    slicer.mrmlScene.Clear(0)
    shared_host.dialogs.clear()
    shared_host.answer = True
    shared_host.errors.clear()
    yield shared_host
    panel = slicer.util.getModuleWidget("NCATrainer")
    panel.logic.trainer.cancel()
    shared_host.wait(lambda: not panel.logic.trainer.isBusy, 60)
    panel.logic.trainer.dataset = panel.logic.trainer.plan = panel.logic.trainer.report = None
    assert shared_host.errors == []


@pytest.fixture
def panel(host):
    return host.openModule(ROOT / "NCATrainer" / "NCATrainer.py")


def drawn_pair(image, labels, name, names=("Front", "Back")):
    """A volume (i, j, k) in the scene and the segmentation that was drawn on it."""
    import slicer

    from MedNCASegmentLib.volumes import orientedImageData

    volume = _volume(slicer, image, np.eye(4), name=name)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{name}, drawn")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for value, segment_name in enumerate(names, start=1):
        mask = (labels == value).astype(np.uint8).transpose(2, 1, 0)
        segment = slicer.vtkSegment()
        segment.SetName(segment_name)
        segment.AddRepresentation("Binary labelmap", orientedImageData(mask, volume, node))
        node.GetSegmentation().AddSegment(segment)
    return volume, node


def _pair(number, **options):
    return drawn_pair(*organ_case(number), f"Scan {number}", **options)


def _wait(host, panel, seconds=170):
    """Until nothing is done any more and nothing follows."""
    quiet = []

    def over():
        quiet.append(not panel.logic.trainer.isBusy)
        return len(quiet) > 3 and all(quiet[-3:])

    assert host.wait(over, seconds), panel.ui.logText.plainText


def _plan(host, panel, **changes):
    """Propose a plan, and change it in the editor as a user would."""
    host.click(panel.ui.proposeButton)
    _wait(host, panel)
    panel.ui.advancedCollapsibleButton.collapsed = False
    panel.ui.planEdit.plainText = json.dumps(json.loads(panel.ui.planEdit.plainText) | changes)
    host.click(panel.ui.applyPlanButton)
    _wait(host, panel)
    assert host.dialogs == []


def _texts(table, column):
    return [table.item(row, column).text() for row in range(table.rowCount)]


def test_from_drawings_to_a_model(host, panel, folders):
    """Phantoms, through the module's own buttons: Dice above 0.9 within three minutes, and a model to click with."""
    import slicer

    for number in range(6):
        _pair(number)
    begun = time.monotonic()
    host.click(panel.ui.addAllButton)
    assert panel.ui.pairsTable.rowCount == 6 and _texts(panel.ui.labelsTable, 0) == ["Back", "Front"]
    panel.ui.nameLineEdit.text = "Phantom organ"
    _plan(host, panel, iterations=70, validate_every=35, learning_rate=5e-3)
    assert set(_texts(panel.ui.pairsTable, 2)) == {"ready"}
    assert "MB" in panel.ui.planLabel.text and "median" in panel.ui.planLabel.text
    host.click(panel.ui.trainButton)
    assert host.wait(lambda: panel.ui.trainButton.text == "Pause", 30)
    assert host.wait(lambda: panel.logic.plot.table.GetNumberOfRows() > 2, 60)  # it can be watched
    _wait(host, panel)
    seconds = time.monotonic() - begun
    assert host.dialogs == [], panel.ui.logText.plainText
    report = panel.logic.trainer.report
    assert report["mean"]["dice"]["union"] > 0.9 and seconds < 180
    assert _texts(panel.ui.resultTable, 0) == ["Back", "Front", "together"]
    charts = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    assert any(chart.GetNumberOfPlotSeriesNodes() == 2 for chart in charts)

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


def test_pause_a_closed_scene_and_resume(host, panel):
    import slicer

    for number in range(4):
        _pair(number)
    host.click(panel.ui.addAllButton)
    _plan(host, panel, **QUICK | {"iterations": 400})
    host.click(panel.ui.trainButton)
    assert host.wait(lambda: panel.ui.statusLabel.text.startswith("Training"), 60)
    slicer.mrmlScene.Clear(0)  # the training needs no node
    host.processEvents()
    assert panel.logic.trainer.isBusy
    host.click(panel.ui.trainButton)  # Pause
    _wait(host, panel)
    assert panel.ui.runsComboBox.count == 1 and "of 400" in panel.ui.runsComboBox.currentText
    (run,) = panel.logic.trainer.unfinishedRuns()
    assert run["state"] == "paused" and 0 < run["iteration"] < 400
    plan = json.loads((panel.logic.trainer.run / "plan.json").read_text()) | {"iterations": run["iteration"] + 3}
    (panel.logic.trainer.run / "plan.json").write_text(json.dumps(plan))  # not to wait for 400
    host.click(panel.ui.resumeButton)
    _wait(host, panel)
    assert panel.logic.trainer.report["mean"]["cases"] >= 1 and panel.ui.runsComboBox.count == 0


def test_a_killed_worker_costs_little(host, panel):
    for number in range(4):
        _pair(number)
    host.click(panel.ui.addAllButton)
    _plan(host, panel, **QUICK | {"iterations": 400, "checkpoint_every": 5})
    host.click(panel.ui.trainButton)

    def iteration():
        state = panel.logic.trainer.run / "state.json"
        return json.loads(state.read_text())["iteration"] if state.exists() else -1

    assert host.wait(lambda: iteration() >= 5, 90)
    os.killpg(panel.logic.trainer.client.pid, signal.SIGKILL)
    _wait(host, panel)
    assert "ended unexpectedly" in host.dialogs[-1][1]
    host.dialogs.clear()
    (run,) = panel.logic.trainer.unfinishedRuns()
    assert run["iteration"] >= 5 and run["state"] == "training"
    assert panel.ui.resumeButton.enabled
    host.click(panel.ui.deleteRunButton)
    assert panel.logic.trainer.unfinishedRuns() == [] and panel.ui.runsComboBox.count == 0
    panel.logic.trainer._dropUnused()  # and the files that were made for it
    datasets = {path.name for path in (panel.logic.trainer.runsFolder / "datasets").iterdir()}
    used = "".join(path.read_text() for path in panel.logic.trainer.runsFolder.glob("*/cases.json"))
    assert all(name in used for name in datasets)


def test_mistakes_are_told_before_training(host, panel):
    import slicer

    for number in range(3):
        _pair(number)
    volume, node = _pair(3)
    node.GetSegmentation().RemoveAllSegments()
    host.click(panel.ui.addAllButton)
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    states = dict(zip(_texts(panel.ui.pairsTable, 0), _texts(panel.ui.pairsTable, 2), strict=True))
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
    host.click(panel.ui.proposeButton)
    _wait(host, panel)
    assert [label["value"] for label in panel.logic.trainer.plan["labels"]] == [1, 2]

    for number in range(3):
        _pair(number)
    host.click(panel.ui.addAllButton)
    panel.ui.labelsTable.item(0, 1).setText("Organ")
    panel.ui.labelsTable.item(1, 1).setText("Organ")
    host.click(panel.ui.proposeButton)
    _wait(host, panel)
    assert [label["name"] for label in panel.logic.trainer.plan["labels"]] == ["Organ"]


def test_fine_tuning_a_bundled_model(host, panel):
    """Its own labels are called as before, and the result stands beside the base model's."""
    for number in range(3):
        _pair(number, names=("Posterior hippocampus", "Anterior hippocampus"))
    host.click(panel.ui.addAllButton)
    panel.ui.startComboBox.setCurrentIndex(panel.ui.startComboBox.findData("hippocampus-m3dnca"))
    _plan(host, panel, **QUICK | {"iterations": 2, "validate_every": 2, "patch": [16, 16, 16], "batch": 1})
    names = {label["value"]: label["name"] for label in panel.logic.trainer.plan["labels"]}
    assert names == {1: "Anterior hippocampus", 2: "Posterior hippocampus"}
    host.click(panel.ui.trainButton)
    _wait(host, panel)
    assert host.dialogs == [], panel.ui.logText.plainText
    assert all(_texts(panel.ui.resultTable, 2)) and "Fine-tuning" in panel.ui.resultLabel.text


def test_self_tests_of_the_module(host, panel):
    import unittest

    from NCATrainer import NCATrainerTest

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(NCATrainerTest).run(result)
    assert result.testsRun and result.wasSuccessful(), result.errors + result.failures


def test_labels_keep_the_values_of_the_model_that_is_fine_tuned():
    from NCATrainer import labelNumbers

    known = {"Anterior": 1, "Posterior": 2}
    assert labelNumbers({"p": "Posterior", "x": "Tumor", "y": "", "q": "Posterior"}, known) == {
        "Posterior": 2, "Tumor": 3,
    }  # fmt: skip
    assert labelNumbers({"b": "B", "a": "A"}) == {"B": 1, "A": 2}

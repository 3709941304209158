"""The trainer as a person uses it: real widgets and buttons, real nodes, the real worker process, real training."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from test_trainer import write_case

import slicerhost
from conftest import ROOT
from nodes import add_volume as _volume
from phantoms import bright_model, organ_case, save

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
    panel.logic.trainer.forget()
    panel.logic.trainer.result = None
    for run in panel.logic.trainer.runs():
        panel.logic.trainer.deleteRun(run["folder"])
    assert shared_host.errors == []


@pytest.fixture
def panel(host):
    panel = host.openModule(ROOT / "NCATrainer" / "NCATrainer.py")
    panel.parent.resize(500, 1500)  # Slicer's panel scrolls; squeezed, some buttons would be too flat to hit
    return panel


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
    assert host.dialogs == [] and panel.ui.planLabel.text.startswith("With your changes")


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
    report = panel.logic.trainer.result.report
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
    assert panel.logic.trainer.isBusy and panel.logic.plot.isThere
    host.click(panel.ui.trainButton)  # Pause
    _wait(host, panel)
    assert panel.ui.runsComboBox.count == 1 and "of 400" in panel.ui.runsComboBox.currentText
    (run,) = panel.logic.trainer.runs()
    assert run["state"] == "paused" and 0 < run["iteration"] < 400
    plan = json.loads((panel.logic.trainer.run / "plan.json").read_text()) | {"iterations": run["iteration"] + 3}
    (panel.logic.trainer.run / "plan.json").write_text(json.dumps(plan))  # not to wait for 400
    host.click(panel.ui.resumeButton)
    _wait(host, panel)
    assert panel.logic.trainer.result.report["mean"]["cases"] >= 1 and panel.ui.resumeButton.text == "Open"


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
    (run,) = panel.logic.trainer.runs()
    assert run["iteration"] >= 5 and run["state"] == "training"
    assert panel.ui.resumeButton.enabled
    host.click(panel.ui.deleteRunButton)
    assert panel.logic.trainer.runs() == [] and panel.ui.runsComboBox.count == 0
    panel.logic.trainer.forget()
    panel.logic.trainer._dropUnused()  # and the files that were made for it
    assert list((panel.logic.trainer.runsFolder / "datasets").iterdir()) == []


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


CALIBRATION = {
    "nqm": [0, 1], "dice": [0.9, 0.1], "low": [0.8, 0], "high": [1, 0.2],
    "detection": {"failures": 3, "failures_not_green": 1.0},
}  # fmt: skip


def _done_run(panel, name):
    """A run as the worker leaves it, without the training."""
    run = panel.logic.trainer.runsFolder / f"run-{name}"
    id = name.lower().replace(" ", "-")
    model = bright_model(id)
    model.info |= {"name": name}
    save(model, run / "result")
    mean = {"cases": 2, "dice": {"Label 1": 0.9, "union": 0.9}, "dice_sd": {"Label 1": 0.0, "union": 0.0}}
    for file, content in {
        "plan": {},
        "texts": {"texts": {"name": name, "id": id}, "options": {}},
        "state": {"state": "done", "iteration": 9, "of": 9, "best_dice": 0.9},
        "report": {"mean": mean, "calibration": CALIBRATION},
        "cases": [],
    }.items():
        (run / f"{file}.json").write_text(json.dumps(content))
    panel._show()
    return run


def _checked(host, panel, count=2):
    """Some pairs of the scene that were looked at. Returns them."""
    made = [_pair(number) for number in range(count)]
    panel._setPairs(made)
    host.click(panel.ui.examineButton)
    _wait(host, panel)
    assert panel.logic.trainer.dataset and host.dialogs == []
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


def test_what_changed_since_the_check_is_checked_again(host, panel):
    import slicer

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
        assert trainer.dataset is not None
        trainer.plan = {"iterations": 3}
        change(*pair)
        panel.enter()
        assert trainer.dataset is None and trainer.plan is None, change.__name__
        assert "changed" in panel.ui.datasetLabel.text
        host.click(panel.ui.examineButton)
        assert not panel.ui.labelsTable.enabled and not panel.ui.startComboBox.enabled
        _wait(host, panel)
    assert host.dialogs == []
    paint(*pair)
    host.answer = False
    host.click(panel.ui.trainButton)  # by a plan that nobody has seen? no
    assert "changed" in host.dialogs.pop()[1] and not trainer.isBusy
    slicer.mrmlScene.Clear(0)
    assert trainer.dataset is None and panel.ui.pairsTable.rowCount == 0


def test_cancel_deletes_no_result(host, panel):
    run = _done_run(panel, "Kept")
    host.click(panel.ui.resumeButton)
    panel.logic.trainer.run = run  # as after its training
    panel._setPairs([_pair(0), _pair(1)])
    host.click(panel.ui.examineButton)
    panel.onCancelButton()
    panel.onCancelButton()
    _wait(host, panel)
    assert run.exists() and panel.logic.trainer.result and panel.logic.trainer.dataset is None


def test_exported_data_sets_live_as_long_as_they_are_needed(host, panel):
    trainer = panel.logic.trainer
    fresh, old = (trainer.runsFolder / "datasets" / name for name in ("of-another-slicer", "forgotten"))
    for folder in (fresh, old):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    _checked(host, panel)
    mine = trainer._export
    assert mine.exists() and fresh.exists() and not old.exists()
    run = trainer.run = _done_run(panel, "Stopped")
    (run / "cases.json").write_text(json.dumps([{"image": str(mine / "images" / "Scan_0.nrrd")}]))
    trainer._discard = True
    trainer._end()
    assert not run.exists() and mine.exists()  # to train again
    run = _done_run(panel, "Done")
    (run / "cases.json").write_text(json.dumps([{"image": str(mine / "images" / "Scan_0.nrrd")}]))
    trainer.forget()
    trainer._dropUnused()
    assert mine.exists()
    host.click(panel.ui.deleteRunButton)
    assert not run.exists() and not mine.exists()


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
    assert not run.exists() and panel.logic.trainer.result is None and not panel.ui.addButton.enabled
    assert model.exists() and "error" not in [kind for kind, _text in host.dialogs]


def test_a_name_that_could_not_be_added_is_told_before_the_training(host, panel):
    _checked(host, panel)
    for name, told in (("  ", "name"), ("Hippocampus M3DNCA", "another name")):
        panel.ui.nameLineEdit.text = name
        host.click(panel.ui.trainButton)
        assert host.wait(lambda: host.dialogs, 5) and told in host.dialogs.pop()[1]
        assert not panel.logic.trainer.isBusy


def test_a_training_that_does_not_begin_leaves_nothing_and_takes_nothing(host, panel):
    run, trainer = _done_run(panel, "Before"), panel.logic.trainer
    host.click(panel.ui.resumeButton)
    _checked(host, panel)
    trainer.plan = {"iterations": "no plan at all"}
    panel._show()
    host.click(panel.ui.trainButton)
    _wait(host, panel)
    assert host.wait(lambda: host.dialogs, 5) and "not valid" in host.dialogs[-1][1]
    assert [folder for folder in trainer.runsFolder.iterdir() if folder.name != "datasets"] == [run]
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
    assert _texts(panel.ui.pairsTable, 2) == ["ready", "The volume has no voxels; choose another one.", "ready"]
    rows = panel.logic.trainer.dataset.rows
    assert rows[0]["labels"] == {"1": int((organ_case(0)[1] > 0).sum())}
    panel.logic.trainer.plan = {"iterations": 3}
    panel._show()
    host.answer = False
    host.click(panel.ui.trainButton)
    assert "Train without" in host.dialogs[-1][1] and "no voxels" in host.dialogs[-1][1]
    assert not panel.logic.trainer.isBusy


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


def test_what_the_user_made_of_the_plan_is_trained(host, panel, monkeypatch):
    _checked(host, panel)
    trainer, asked = panel.logic.trainer, []
    trainer.plan = {"iterations": 3}
    panel._show()
    monkeypatch.setattr(trainer, "propose", lambda wanted, changes=None, then=None: asked.append(changes))
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

    panel.logic.trainer.examine(panel._wanted(), full_disk)
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
    assert "not accepted" in host.dialogs[1][1] and not panel.logic.trainer.isBusy
    panel._parameterNode.start = "gone"
    panel.enter()
    assert panel._parameterNode.start == panel.ui.startComboBox.currentData == "m3d-nca"
    assert "no model gone here" in panel.ui.logText.plainText


def test_the_axes_follow_the_growing_table(host, monkeypatch):
    """Of the plot view that shows the chart; where there is no plot view, nothing is asked of any."""
    from types import SimpleNamespace

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
    plot.add({"iteration": 1, "loss": 1.0})
    plot.add({"iteration": 2, "loss": 0.5})
    assert fitted == [1, 1]


def test_a_label_map_takes_its_display_along_once(host, monkeypatch):
    """Slicer removes the display of a node that goes: it must not be removed once more."""
    import slicer

    from NCATrainerLib import pairs

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

    monkeypatch.setattr(slicer, "mrmlScene", Scene())
    pairs._remove(labelmap)
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
        assert not panel.logic.trainer.isBusy


def test_a_collapse_is_seen_in_the_plot(host):
    from NCATrainerLib.plots import TrainingPlot

    plot = TrainingPlot()
    plot.start("Collapsing")
    for iteration, dice in enumerate((0.8, 0.0, None)):
        plot.add({"iteration": iteration, "loss": 1.0, "dice_union": dice})
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

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(NCATrainerTest).run(result)
    assert result.testsRun and result.wasSuccessful(), result.errors + result.failures


def test_labels_keep_the_values_of_the_model_that_is_fine_tuned():
    from NCATrainerLib.training_request import labelNumbers

    known = {"Anterior": 1, "Posterior": 2}
    assert labelNumbers({"p": "Posterior", "x": "Tumor", "y": "", "q": "Posterior"}, known) == {
        "Posterior": 2, "Tumor": 3,
    }  # fmt: skip
    assert labelNumbers({"b": "B", "a": "A"}, {}) == {"B": 1, "A": 2}

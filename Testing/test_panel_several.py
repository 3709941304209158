"""Several heads of a scene in one go: a table of all, as if each had been chosen and segmented by itself."""

import csv

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume
from panel import CALIBRATION, LEFT, alive, choose_model, click_view, segment_names, set_members, worker_pid
from phantoms import head_case, head_seeds, save, standout_model


@pytest.fixture()
def heads(host, panel):
    """The section is open; there are the phantom of the panel (too small to search in), two heads, and an empty one."""
    import slicer

    save(standout_model("finder", seeds=head_seeds()), panel.logic.library.user / "finder")
    panel.models.fill()
    choose_model(panel, "finder")
    found = []
    for name, sides in (("first", ("left", "right")), ("second", ("right",)), ("empty", ())):
        found.append(add_volume(slicer, (head_case(sides)[0] * 10).astype(np.int16), name=name))
    panel.ui.severalCollapsibleButton.collapsed = False
    assert host.wait(lambda: panel.ui.severalTable.rowCount == 4, 10)
    return found


def _rows(panel):
    table = panel.ui.severalTable
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def _check(panel, row, isChecked):
    import qt

    panel.ui.severalTable.item(row, 0).setCheckState(qt.Qt.Checked if isChecked else qt.Qt.Unchecked)


def _all(host, panel):
    host.click(panel.ui.severalButton)
    assert panel.batch.isRunning and panel.ui.severalButton.text == "Cancel"
    assert host.wait(lambda: not panel.batch.isRunning, 120), panel.ui.logText.plainText


def test_all_heads_by_one_press(host, panel, heads, tmp_path, monkeypatch):
    """Each with a segmentation of its own, only the chosen one's seen; what failed says why; no dialog."""
    import qt
    import slicer

    assert [row[0] for row in _rows(panel)] == ["head", "first", "second", "empty"]
    assert [row[-1] for row in _rows(panel)] == ["-"] * 4 and panel.ui.severalButton.enabled
    _check(panel, 0, False)
    panel.ui.inputSelector.setCurrentNode(heads[1])
    _all(host, panel)
    assert host.dialogs == [] and panel._parameterNode.inputVolume is heads[1]
    table = {row[0]: row[1:] for row in _rows(panel)}
    left, right, word = table["first"]
    assert float(left) == pytest.approx(head_case()[1][:60].sum() / 1000, rel=0.03)
    assert float(right) == pytest.approx(head_case()[1][60:].sum() / 1000, rel=0.03)
    assert word not in ("-", "Running") and table["second"][0] == "-" and float(table["second"][1]) > 0
    assert table["empty"] == ["-", "-", "Not segmented"] and table["head"] == ["-", "-", "-"]
    assert "found nothing" in panel.ui.severalTable.item(3, 0).toolTip()
    segmentations = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    shown = [bool(node.GetDisplayNode().GetVisibility()) for node in segmentations]
    assert [len(segment_names(node)) for node in segmentations] == [2, 1] and shown == [False, True]
    clicks = slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
    assert [bool(node.GetDisplayNode().GetVisibility()) for node in clicks] == [False, True]

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a: str(tmp_path / "all.csv")))
    host.click(panel.ui.saveSeveralButton)
    host.click(panel.ui.copySeveralButton)
    with open(tmp_path / "all.csv", encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))
    assert written == [line.split("\t") for line in slicer.app.clipboard().text().splitlines()]
    assert written[0] == ["Volume", "Part", "Left", "Right", "Sum", "Asymmetry", "Verdict"]
    assert [row[0] for row in written[1:]] == ["head", "first", "second", "empty"]

    panel.ui.inputSelector.setCurrentNode(heads[0])  # as if clicked by itself
    host.processEvents()
    assert panel._parameterNode.segmentation is segmentations[0] and panel.ui.verdictTable.rowCount == 2
    host.click(panel.ui.undoButton)  # the last result is that of the second head
    assert "last result of second" in panel.ui.noticeLabel.text and segment_names(segmentations[1]) == []


def test_again_replaces(host, panel, heads):
    import slicer

    for row in (0, 2, 3):
        _check(panel, row, False)
    for _ in range(2):
        _all(host, panel)
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert len(segment_names(segmentation)) == 2


def test_the_table_follows_an_undo_and_the_target(host, panel, heads):
    import json

    for row in (0, 2, 3):
        _check(panel, row, False)
    panel.ui.inputSelector.setCurrentNode(heads[0])
    _all(host, panel)
    before = _rows(panel)[1]
    assert before[3] == "No verdict"  # a phantom's model has no calibration
    segmentation = panel._parameterNode.segmentation
    entries = json.loads(segmentation.GetAttribute("MedNCA.Runs"))
    for entry in entries:
        entry["report"]["model"]["calibration"] = CALIBRATION
        entry["report"]["findings"][0]["objection"] = None
    segmentation.SetAttribute("MedNCA.Runs", json.dumps(entries))
    words = []
    for target in (0.5, 0.95):
        host.drag(panel.ui.targetSlider, target)
        host.wait(lambda: False, 0.3)
        words.append(_rows(panel)[1][3])
    assert len(set(words)) == 2 and "No verdict" not in words
    host.click(panel.ui.undoButton)
    assert host.wait(lambda: len(_rows(panel)[1]) == 3, 5)  # nobody has a right one any more
    assert _rows(panel)[1][1] == before[1]


def test_a_click_meanwhile_is_segmented_too(host, panel, heads):
    """On the chosen volume, which is none of those; neither waits for the other for ever."""
    for row in (0, 3):
        _check(panel, row, False)
    set_members(panel, 40)
    host.click(panel.ui.severalButton)
    assert host.wait(lambda: len(panel.logic.queue.pending) == 2, 60)  # both sides of the first head
    host.click(panel.ui.placeButton)
    click_view(host, LEFT)
    assert host.wait(lambda: len(panel.logic.queue.pending) == 3, 5)
    set_members(panel, 0)
    assert host.wait(lambda: not panel.batch.isRunning and not panel.logic.isBusy, 60)
    assert {row[0]: row[-1] for row in _rows(panel)}["second"] not in ("-", "Running", "Not segmented")


@pytest.mark.parametrize("button", ["severalButton", "applyButton"])
def test_cancel_ends_all(host, panel, heads, button):
    host.click(panel.ui.severalButton)
    assert host.wait(lambda: panel.logic.current is not None, 30)
    host.click(getattr(panel.ui, button))
    assert host.wait(lambda: not panel.logic.isBusy and not panel.batch.isRunning, 30)
    assert not panel.ui.severalLabel.visible and panel.ui.severalButton.text != "Cancel"
    assert "Running" not in [row[-1] for row in _rows(panel)] and host.dialogs == []


def test_a_volume_that_goes_and_a_scene_that_closes(host, panel, heads):
    import slicer

    host.click(panel.ui.severalButton)
    slicer.mrmlScene.RemoveNode(heads[1])
    assert host.wait(lambda: not panel.batch.isRunning, 120)
    assert [row[0] for row in _rows(panel)] == ["head", "first", "empty"]
    host.click(panel.ui.severalButton)
    slicer.mrmlScene.Clear(0)
    assert not panel.batch.isRunning
    assert host.wait(lambda: not panel.logic.isBusy and panel.ui.severalTable.rowCount == 0, 30)
    assert host.dialogs == []


def test_the_next_scene_has_its_own_choice(host, panel, heads):
    """Though its nodes have the IDs of the last one's."""
    import slicer

    _check(panel, 1, False)
    assert heads[0] not in panel.several.chosen
    id = heads[0].GetID()
    slicer.mrmlScene.Clear(0)
    for _ in range(2):
        volume = add_volume(slicer, np.zeros((4, 4, 4), np.int16), name="new")
    assert volume.GetID() == id and host.wait(lambda: volume in panel.several.chosen, 10)


def test_a_worker_that_dies_fails_one_volume_only(host, panel, heads):
    import os
    import signal

    for row in (0, 3):
        _check(panel, row, False)
    host.click(panel.ui.severalButton)
    assert host.wait(lambda: panel.batch.number == 1 and panel.logic.current.progress.stage == "finding", 60)
    pid = worker_pid(panel)
    os.kill(pid, signal.SIGKILL)
    assert host.wait(lambda: not panel.batch.isRunning, 120) and not alive(pid)
    words = {row[0]: row[-1] for row in _rows(panel)}
    assert words["first"] == "Not segmented" and words["second"] not in ("-", "Not segmented")
    assert host.dialogs == []


@pytest.mark.slow
def test_the_table_fits(host, panel, heads, tmp_path):
    _all(host, panel)
    for width in (350, 500):
        host.grab(panel.parent, str(tmp_path / "panel.png"), width)
        table = panel.ui.severalTable
        assert table.horizontalHeader().length() <= table.width <= width

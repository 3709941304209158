"""A review that ends: each uncertain region is looked at, accepted or corrected, and the scene keeps that."""

import json

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from panel import CALIBRATION, LEFT, RIGHT, click, correct


def _states(panel):
    table = panel.ui.hotspotsTable
    return [table.item(row, 2).text() for row in range(table.rowCount)]


def _edited(host, segmentation):
    """As the Segment Editor tells of a stroke."""
    correct(segmentation)
    segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)


def _two_results(host, panel):
    click(host, panel, LEFT)
    segmentation = click(host, panel, RIGHT)
    assert panel.ui.hotspotsTable.rowCount >= 2
    return segmentation


def test_accepting_all_ends_the_review(host, panel):
    assert not panel.ui.hotspotsLabel.visible and not panel.ui.acceptButton.enabled
    _two_results(host, panel)
    count = panel.ui.hotspotsTable.rowCount
    assert f"0 of {count}" in panel.ui.hotspotsLabel.text and set(_states(panel)) == {"-"}
    assert not panel.ui.acceptButton.enabled  # nobody looked yet
    host.click(panel.ui.nextButton)
    assert _states(panel)[:2] == ["looked at", "-"] and f"0 of {count}" in panel.ui.hotspotsLabel.text
    for number in range(count):
        assert panel.ui.hotspotsTable.selectedIndexes()[0].row() == number
        host.click(panel.ui.acceptButton)  # on to the next
    assert set(_states(panel)) == {"accepted"} and f"all {count}" in panel.ui.hotspotsLabel.text
    host.click(panel.ui.nextButton)  # looking again takes nothing back
    assert set(_states(panel)) == {"accepted"}


def test_accepting_goes_on_to_what_is_left(host, panel):
    _two_results(host, panel)
    count = panel.ui.hotspotsTable.rowCount
    host.click(panel.ui.previousButton)  # the last
    host.click(panel.ui.acceptButton)
    assert panel.ui.hotspotsTable.selectedIndexes()[0].row() == 0
    assert _states(panel) == ["looked at", *["-"] * (count - 2), "accepted"]


def test_the_arrow_keys_walk_too(host, panel):
    """The views and Accept go along; that the table gets the focus moves nothing."""
    import qt

    _two_results(host, panel)
    table, count = panel.ui.hotspotsTable, panel.ui.hotspotsTable.rowCount
    panel.parent.activateWindow()
    table.setFocus()
    host.processEvents()
    assert set(_states(panel)) == {"-"}
    host.click(panel.ui.nextButton)
    for row in range(1, count):
        host.key(table, qt.Qt.Key_Down)
        assert table.selectedIndexes()[0].row() == row and _states(panel)[row] == "looked at"
        place = host.view("Red").mrmlSliceNode().GetSliceToRAS().GetElement(2, 3)
        assert place == pytest.approx(panel.hotspots.hotspot.position[2], abs=1)
    host.click(panel.ui.acceptButton)
    assert _states(panel)[count - 1] == "accepted"
    panel.ui.placeButton.setFocus()


def test_what_was_edited_at_a_hotspot_is_corrected(host, panel):
    segmentation = click(host, panel, LEFT)
    _edited(host, segmentation)  # nobody is at a hotspot
    assert host.wait(lambda: "Corrected" in panel.ui.lightLabel.text, 5) and set(_states(panel)) == {"-"}
    host.click(panel.ui.nextButton)
    segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)
    host.wait(lambda: False, 0.5)  # told of a change that changed nothing
    assert _states(panel)[0] == "looked at"
    _edited(host, segmentation)
    assert host.wait(lambda: _states(panel)[0] == "corrected", 5)
    host.click(panel.ui.acceptButton)
    assert _states(panel)[0] == "corrected" and set(_states(panel)[1:]) <= {"-", "looked at"}


def test_another_structures_correction_is_not_this_ones(host, panel):
    segmentation = _two_results(host, panel)
    rows = {doubt.run: row for row, doubt in reversed(list(enumerate(panel.hotspots._doubts)))}
    host.view("Red")
    panel.hotspots._goTo(rows[2])
    _edited(host, segmentation)  # of the first segment, which the first run brought
    host.wait(lambda: False, 0.5)
    assert _states(panel)[rows[2]] == "looked at" and "corrected" not in _states(panel)


def _delete_first(host, panel, segmentation):
    """As the Segment Editor does; returns once the panel has noticed."""
    rows = panel.ui.volumesTable.columnCount
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(0))
    assert host.wait(lambda: panel.ui.volumesTable.columnCount != rows, 5)


def test_what_was_deleted_has_no_verdict(host, panel):
    """Neither by its light nor by its hotspots, nor among several volumes; nothing grows from its click."""
    panel.ui.severalCollapsibleButton.collapsed = False
    segmentation = click(host, panel, LEFT)
    entries = json.loads(segmentation.GetAttribute("MedNCA.Runs"))
    entries[0]["report"]["model"]["calibration"] = CALIBRATION | {
        "curves": {"scan": CALIBRATION["curves"]["scan"] | {key: [0.3, 0.2] for key in ("low", "dice", "high")}}
    }
    segmentation.SetAttribute("MedNCA.Runs", json.dumps(entries))
    click(host, panel, RIGHT)
    red, table = panel.ui.lightLabel.text, panel.ui.severalTable
    assert "Likely not good enough" in red and host.wait(lambda: table.rowCount and table.item(0, 3), 5)
    assert table.item(0, 3).text() in red
    host.click(panel.ui.nextButton)
    count = panel.ui.hotspotsTable.rowCount
    _delete_first(host, panel, segmentation)
    assert "Likely good enough" in panel.ui.lightLabel.text and panel.ui.verdictTable.rowCount == 1
    assert {doubt.run for doubt in panel.hotspots._doubts} == {2} and panel.ui.hotspotsTable.rowCount < count
    assert not panel.ui.acceptButton.enabled  # nobody looked at one of those that are left
    assert host.wait(lambda: table.item(0, 2) and table.item(0, 2).text() == "Likely good enough", 5)
    panel.ui.watchCollapsibleButton.collapsed = False
    assert panel.ui.growthButton.enabled
    _delete_first(host, panel, segmentation)
    assert "No result" in panel.ui.lightLabel.text and panel.ui.hotspotsTable.rowCount == 0
    assert not panel.ui.editButton.enabled and not panel.ui.growthButton.enabled and not panel.ui.dicomButton.enabled


def test_the_scene_keeps_the_review(host, panel, tmp_path):
    """Also what a later result replaces comes back with its review by an undo."""
    import slicer

    _two_results(host, panel)
    host.click(panel.ui.nextButton)
    host.click(panel.ui.acceptButton)
    states, told = _states(panel), panel.ui.hotspotsLabel.text
    assert states[:2] == ["accepted", "looked at"]
    for place in (LEFT, RIGHT):
        click(host, panel, place)
    assert set(_states(panel)) == {"-"}
    for _ in range(2):
        host.click(panel.ui.undoButton)
    assert _states(panel) == states
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert not panel.ui.hotspotsLabel.visible and not panel.ui.acceptButton.enabled
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    host.processEvents()
    assert _states(panel) == states and panel.ui.hotspotsLabel.text == told


@pytest.mark.parametrize("reviewed", [{"0": "burnt"}, {"x": "accepted"}, ["accepted"], None])
def test_a_damaged_review_is_told(host, panel, reviewed):
    """As any damaged record: the run is left out, and that is said."""
    segmentation = click(host, panel, LEFT)
    entries = json.loads(segmentation.GetAttribute("MedNCA.Runs"))
    entries[0]["reviewed"] = reviewed
    segmentation.SetAttribute("MedNCA.Runs", json.dumps(entries))
    panel._onParametersModified()
    assert "No result" in panel.ui.lightLabel.text and "is not shown" in panel.ui.logText.plainText


def test_a_key_outlives_its_own_signal(host, panel):
    """E leads to the Segment Editor: the module is left, and takes its keys away, while E calls it."""
    import weakref

    pressed = weakref.ref(panel.shortcuts.shortcuts[0])
    panel.exit()
    assert panel.shortcuts.shortcuts == [] and pressed() is not None
    host.processEvents()
    assert pressed() is None
    panel.enter()

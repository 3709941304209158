"""A review that ends: each uncertain region is looked at, accepted or corrected, and the scene keeps that."""

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from panel import LEFT, RIGHT, click, correct


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
    import json

    segmentation = click(host, panel, LEFT)
    entries = json.loads(segmentation.GetAttribute("MedNCA.Runs"))
    entries[0]["reviewed"] = reviewed
    segmentation.SetAttribute("MedNCA.Runs", json.dumps(entries))
    panel._onParametersModified()
    assert "No result" in panel.ui.lightLabel.text and "is not shown" in panel.ui.logText.plainText

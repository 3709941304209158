"""Clicking again on a structure that is there: it is replaced, and undo walks back, click by click."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume, segment_mask, state_of
from panel import (
    BALLS,
    LEFT,
    RIGHT,
    apply_again,
    ball_model,
    busy_whole,
    choose_model,
    click,
    correct,
    segment_names,
    set_members,
)
from phantoms import save

PLACES = [(LEFT[0] + step, LEFT[1], LEFT[2] + step) for step in (0, 2, -2)]  # on one ball


@pytest.fixture
def volume(panel):
    return panel.ui.inputSelector.currentNode()


def _points(panel):
    return panel._parameterNode.points.GetNumberOfControlPoints()


def _shave(volume, thickness):
    """Another image of the same patient: the left ball is thinner, so that results differ."""
    import slicer

    slicer.util.arrayFromVolume(volume)[:, :, : LEFT[0] - 5 + thickness] = 20
    slicer.util.arrayFromVolumeModified(volume)


def _save_and_load(host, tmp_path):
    import slicer

    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    host.processEvents()


def _table(panel):
    """Texts and tool tips, which hold the NQM, of each row."""
    table = panel.ui.verdictTable
    items = [[table.item(row, column) for column in range(table.columnCount)] for row in range(table.rowCount)]
    return [[(item.text(), item.toolTip()) for item in row] for row in items]


def test_three_clicks_on_one_structure_leave_one_set_and_undo_walks_back(host, panel, volume):
    import slicer

    states, tables, images = [], [], []
    panel.ui.keepProbabilityCheckBox.checked = True
    for number, place in enumerate(PLACES):
        panel.ui.seedSpinBox.value = number
        _shave(volume, number)
        images.append(slicer.util.arrayFromVolume(volume).copy())
        segmentation = click(host, panel, place)
        states.append(state_of(slicer, segmentation))
        tables.append(_table(panel))
        assert segment_names(segmentation) == ["Label 1"] and len(tables[-1]) == 1
    panel.ui.keepProbabilityCheckBox.checked = False
    panel.ui.seedSpinBox.value = -1
    assert len({str(state) for state in states}) == 3 and len({str(table) for table in tables}) == 3
    assert _points(panel) == 3 and np.count_nonzero(segment_mask(slicer, segmentation, volume)) < BALLS[0].sum()
    for number in (1, 0):
        host.click(panel.ui.undoButton)
        slicer.util.updateVolumeFromArray(volume, images[number])  # whose result is there again
        assert host.wait(lambda number=number: _table(panel) == tables[number], 5)
        assert state_of(slicer, segmentation) == states[number]
        assert _points(panel) == number + 1
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == [] and not panel.ui.undoButton.enabled and _points(panel) == 0
    for role in ("variance", "probability"):
        assert not slicer.util.arrayFromVolume(segmentation.GetNodeReference(f"MedNCA.{role}")).any()
    assert host.dialogs == []


def test_two_structures_stay_two(host, panel, volume):
    import slicer

    click(host, panel, LEFT)
    segmentation = click(host, panel, RIGHT)
    before = state_of(slicer, segmentation)
    click(host, panel, PLACES[1])
    assert segment_names(segmentation) == ["Label 1 2", "Label 1"] and panel.ui.verdictTable.rowCount == 2
    assert np.array_equal(segment_mask(slicer, segmentation, volume, 0), BALLS[1])
    assert np.array_equal(segment_mask(slicer, segmentation, volume, 1), BALLS[0])
    host.click(panel.ui.undoButton)
    assert state_of(slicer, segmentation) == before


def test_a_corrected_segment_survives_a_second_click(host, panel):
    import slicer

    segmentation = click(host, panel, LEFT)
    correct(segmentation)
    before = state_of(slicer, segmentation)
    click(host, panel, PLACES[1])
    assert segment_names(segmentation) == ["Label 1", "Label 1 2"] and panel.ui.verdictTable.rowCount == 1
    assert state_of(slicer, segmentation)[0][0] == before[0][0]
    host.click(panel.ui.undoButton)
    assert state_of(slicer, segmentation) == before and host.dialogs == []
    host.click(panel.ui.undoButton)  # asks
    assert segment_names(segmentation) == [] and "corrected" in host.dialogs[-1][1]


@pytest.mark.parametrize("corrected", [False, True])
def test_a_result_of_a_loaded_scene_is_replaced(host, panel, tmp_path, corrected):
    """In nobody's history: undo brings it back, and goes no further."""
    import slicer

    segmentation = click(host, panel, LEFT)
    if corrected:
        correct(segmentation)
    _save_and_load(host, tmp_path)
    segmentation = panel._parameterNode.segmentation
    before = state_of(slicer, segmentation)
    assert not panel.ui.undoButton.enabled
    panel.ui.seedSpinBox.value = 7
    assert click(host, panel, PLACES[1]) is segmentation
    panel.ui.seedSpinBox.value = -1
    assert segment_names(segmentation) == (["Label 1", "Label 1 2"] if corrected else ["Label 1"])
    assert panel.ui.verdictTable.rowCount == 1 and state_of(slicer, segmentation) != before
    host.click(panel.ui.undoButton)
    assert state_of(slicer, segmentation) == before and not panel.ui.undoButton.enabled
    assert _points(panel) == 1


def test_another_volume_on_the_same_grid_is_untouched(host, panel, volume):
    import slicer

    one = click(host, panel, LEFT)
    before = state_of(slicer, one)
    other = add_volume(slicer, BALLS[0] * np.int16(500) + np.int16(20), name="other")
    other.CreateDefaultDisplayNodes()
    panel.ui.inputSelector.setCurrentNode(other)
    host.processEvents()
    second = click(host, panel, LEFT)
    click(host, panel, PLACES[1])
    assert second is not one and segment_names(second) == ["Label 1"] and state_of(slicer, one) == before
    host.click(panel.ui.undoButton)
    host.click(panel.ui.undoButton)
    assert segment_names(second) == [] and state_of(slicer, one) == before


def test_a_failure_in_the_middle_is_told_and_all_is_as_it_was(host, panel, monkeypatch):
    import slicer

    from MedNCASegmentLib import results

    def fail(*arguments):
        raise RuntimeError("in the middle")

    segmentation = click(host, panel, LEFT)
    before = state_of(slicer, segmentation)
    with monkeypatch.context() as patch:
        patch.setattr(results, "updateTable", fail)
        click(host, panel, PLACES[1])
        assert host.wait(lambda: host.dialogs, 5) and "in the middle" in host.dialogs[-1][1]
    assert state_of(slicer, segmentation) == before and _table(panel)[0][0][0] == "Label 1"
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == []


def test_a_request_that_is_canceled_misses_or_fails_replaces_nothing(host, panel, volume):
    import slicer

    segmentation = click(host, panel, LEFT)
    before = state_of(slicer, segmentation)
    busy_whole(host, panel)
    host.click(panel.ui.applyButton)
    assert host.wait(lambda: not panel.logic.isBusy, 10) and state_of(slicer, segmentation) == before
    set_members(panel, 0)
    for side in (slice(30), slice(None)):
        slicer.util.arrayFromVolume(volume)[:, :, side] = 20
        slicer.util.arrayFromVolumeModified(volume)
        click(host, panel, PLACES[1])
        assert state_of(slicer, segmentation) == before
        if side.stop:
            assert "no contrast" in panel.ui.noticeLabel.text and host.dialogs == []
        else:
            assert host.wait(lambda: host.dialogs, 5) and "constant" in host.dialogs[-1][1]


def test_another_model_replaces_and_undo_brings_the_first_one_s_back(host, panel, models):
    import slicer

    save(ball_model("other", name="Another"), models / "other")
    panel.models.fill()
    choose_model(panel, "bright")
    segmentation = click(host, panel, LEFT)
    before = state_of(slicer, segmentation)
    choose_model(panel, "other")
    click(host, panel, PLACES[1])
    assert segment_names(segmentation) == ["Label 1"] and segmentation.GetAttribute("MedNCA.Model") == "other"
    host.click(panel.ui.undoButton)
    assert state_of(slicer, segmentation) == before and segmentation.GetAttribute("MedNCA.Model") == "bright"


def test_again_at_a_point_that_finds_something_else(host, panel, volume):
    """No voxel in common with what it gave before: replaced all the same, and the point stays with the first one."""
    import slicer

    segmentation = click(host, panel, LEFT)
    before, values = state_of(slicer, segmentation), slicer.util.arrayFromVolume(volume)
    values[:] = 20
    values[LEFT[2] - 3 : LEFT[2] + 4, LEFT[1] + 7 : LEFT[1] + 11, LEFT[0] - 3 : LEFT[0] + 4] = 520
    slicer.util.arrayFromVolumeModified(volume)
    apply_again(host, panel)
    assert segment_names(segmentation) == ["Label 1"] and panel.ui.verdictTable.rowCount == 1
    assert not (segment_mask(slicer, segmentation, volume) & BALLS[0]).any()
    host.click(panel.ui.undoButton)
    assert state_of(slicer, segmentation) == before and _points(panel) == 1
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == [] and _points(panel) == 0


def test_a_script_replaces_too_and_says_so(host, panel, volume):
    """What it replaced cannot be taken back by the panel any more; what else was clicked can."""
    import slicer

    click(host, panel, RIGHT)
    segmentation = click(host, panel, LEFT)
    clicked = panel.logic.history.requests
    added = panel.logic.segment(volume, "bright", [PLACES[1]], segmentation, members=3)
    assert [taken.run for taken in added.replaced] == [clicked[1].brought.run]
    assert segment_names(segmentation) == ["Label 1", "Label 1 2"] and panel.logic.last is clicked[0]
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == ["Label 1 2"] and not panel.logic.last
    assert np.array_equal(segment_mask(slicer, segmentation, volume), BALLS[0])
    click(host, panel, PLACES[2])
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == ["Label 1 2"] and not panel.logic.last

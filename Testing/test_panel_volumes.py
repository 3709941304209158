"""The card of volumes, and a panel that fits: what a person reads off, copies and saves, and at which width."""

import csv

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from mednca.models.description import LEFT, RIGHT
from nodes import add_volume
from panel import BALLS, choose_model, click, correct, open_all_sections, wait_for_result
from panel import LEFT as LEFT_BALL
from panel import RIGHT as RIGHT_BALL
from phantoms import head_case, head_seeds, save, standout_model


def _texts(table):
    """Header and rows."""
    columns = range(table.columnCount)
    header = [table.horizontalHeaderItem(column).text() for column in columns]
    return [header, *([table.item(row, column).text() for column in columns] for row in range(table.rowCount))]


def test_the_card_of_a_pair(host):
    """Left before right whatever was found first, the sum, the asymmetry index, of each part and of all."""
    from MedNCASegmentLib.volume_card import Structure, asymmetry, tableOf

    left, right = Structure(LEFT, 2, {"Head": 2.0, "Tail": 1.0}), Structure(RIGHT, 1, {"Head": 3.0, "Tail": 1.0})
    assert tableOf([left, right]) == [
        ["ml", "Left", "Right", "Sum", "Asymmetry"],
        ["Head", "2.00", "3.00", "5.00", "-40.0 %"],
        ["Tail", "1.00", "1.00", "2.00", "+0.0 %"],
        ["Together", "3.00", "4.00", "7.00", "-28.6 %"],
    ]
    assert asymmetry(3, 1) == 1 and asymmetry(0, 0) is None


def test_the_card_of_anything_else(host):
    """One structure, two on one side, a part that somebody deleted: no asymmetry is made up."""
    from MedNCASegmentLib.volume_card import Structure, tableOf

    assert tableOf([Structure(None, 1, {"Organ": 2.0})]) == [["ml", "Volume"], ["Organ", "2.00"]]
    parts = Structure(LEFT, 1, {"Anterior hippocampus": 2.0, "Posterior hippocampus": 1.0})
    assert [row[0] for row in tableOf([parts])] == ["ml", "Anterior", "Posterior", "Together"]
    twice = [Structure(LEFT, 1, {"Head": 2.0, "Tail": 1.0}), Structure(LEFT, 3, {"Head": 2.5})]
    assert tableOf(twice)[:3] == [["ml", "1", "3"], ["Head", "2.00", "2.50"], ["Tail", "1.00", "-"]]
    pair = [Structure(LEFT, 1, {"Head": 2.0}), Structure(RIGHT, 2, {"Tail": 1.0})]
    assert tableOf(pair)[1:3] == [["Head", "2.00", "-", "-", "-"], ["Tail", "-", "1.00", "-", "-"]]


def test_volumes_of_both_sides_copied_saved_and_measured_further(host, panel, tmp_path, monkeypatch):
    import qt
    import slicer

    assert not panel.ui.volumesTable.visible and not panel.ui.copyVolumesButton.enabled
    save(standout_model("finder", seeds=head_seeds()), panel.logic.library.user / "finder")
    panel.models.fill()
    image, organs = head_case()
    volume = add_volume(slicer, (image * 10).astype(np.int16), name="whole head")
    panel.ui.inputSelector.setCurrentNode(volume)
    choose_model(panel, "finder")
    host.click(panel.ui.findButton)
    wait_for_result(host, panel)
    rows = _texts(panel.ui.volumesTable)
    halves = [organs[:60].sum() / 1000, organs[60:].sum() / 1000]
    assert rows[0] == ["ml", "Left", "Right", "Sum", "Asymmetry"]
    assert [float(text) for text in rows[1][1:4]] == pytest.approx([*halves, sum(halves)], rel=0.03)
    assert rows[1][4].endswith(" %") and abs(float(rows[1][4][:-2])) < 2
    assert _texts(panel.ui.verdictTable)[1][0] == "Left" and _texts(panel.ui.verdictTable)[2][0] == "Right"
    host.click(panel.ui.copyVolumesButton)
    assert [line.split("\t") for line in slicer.app.clipboard().text().splitlines()] == rows
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a: str(tmp_path / "volumes.csv")))
    host.click(panel.ui.saveVolumesButton)
    with open(tmp_path / "volumes.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == rows
    for name, answer, told in (("bare", True, 0), ("volumes", False, 1), ("volumes", True, 1)):  # Qt adds no suffix
        host.dialogs.clear()
        host.answer = answer
        before = (tmp_path / "volumes.csv").stat().st_mtime_ns
        monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a, n=name: str(tmp_path / n)))
        host.click(panel.ui.saveVolumesButton)
        assert len(host.dialogs) == told and (tmp_path / f"{name}.csv").exists()
        is_same = before == (tmp_path / "volumes.csv").stat().st_mtime_ns
        assert is_same == (name == "bare" or not answer) and not (tmp_path / name).exists()
    host.click(panel.ui.statisticsButton)
    statistics = slicer.modules.segmentstatistics.widgetRepresentation().self()
    assert slicer.util.selectedModule() == "SegmentStatistics"
    assert statistics.segmentationSelector.currentNode() is panel._parameterNode.segmentation
    assert statistics.scalarSelector.currentNode() is volume


def test_volumes_follow_a_correction_by_hand(host, panel):
    """And an undo, and another volume without results."""
    import slicer

    segmentation = click(host, panel, LEFT_BALL)
    before = _texts(panel.ui.volumesTable)
    assert before[0] == ["ml", "Volume"] and float(before[1][1]) == pytest.approx(BALLS[0].sum() / 1000, abs=0.005)
    correct(segmentation)
    segmentation.GetSegmentation().GetNthSegment(0).Modified()
    segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)
    assert host.wait(lambda: _texts(panel.ui.volumesTable) != before, 5)
    assert _texts(panel.ui.verdictTable)[1][1:] == ["Corrected by hand", "-"]
    assert "Corrected by hand" in panel.ui.lightLabel.text and "there before" in panel.ui.reasonLabel.text
    click(host, panel, RIGHT_BALL)
    assert _texts(panel.ui.volumesTable)[0] == ["ml", "1", "2"]
    assert [row[1] for row in _texts(panel.ui.verdictTable)[1:]] == ["Corrected by hand", "Likely good enough"]
    assert "Likely good enough" in panel.ui.lightLabel.text  # of what nobody corrected
    empty = add_volume(slicer, (BALLS[0] * 500 + 20).astype(np.int16), name="other")
    panel.ui.inputSelector.setCurrentNode(empty)
    host.processEvents()
    assert not panel.ui.volumesTable.visible and not panel.ui.statisticsButton.enabled


@pytest.mark.parametrize("width", [350, 500])
def test_nothing_is_wider_than_the_panel(host, panel, width, tmp_path):
    """With two structures and a list of hotspots: no table scrolls sideways, none that is empty takes room."""
    assert not panel.ui.verdictTable.visible and not panel.ui.hotspotsTable.visible
    click(host, panel, LEFT_BALL)
    click(host, panel, RIGHT_BALL)
    open_all_sections(panel)
    host.processEvents()
    assert panel.parent.minimumSizeHint.width() <= width
    host.grab(panel.parent, str(tmp_path / "panel.png"), width)
    for table in (panel.ui.verdictTable, panel.ui.volumesTable, panel.ui.hotspotsTable):
        assert table.rowCount > 0 and table.visible
        assert table.horizontalHeader().length() <= table.width <= width
        assert sum(table.rowHeight(row) for row in range(table.rowCount)) <= table.viewport().height()
    for name in (
        "findButton",
        "placeButton",
        "undoButton",
        "wholeButton",
        "applyButton",
        "statisticsButton",
        "reportButton",
        "dicomButton",
        "editButton",
    ):
        button = getattr(panel.ui, name)
        assert button.fontMetrics().horizontalAdvance(button.text) < button.width, name


def test_a_list_with_the_focus_keeps_its_letters(host, panel):
    """Not so the table of hotspots, beside which one reviews."""
    click(host, panel, LEFT_BALL)
    models, keys = panel.ui.modelComboBox, dict(zip(panel.shortcuts.actions, panel.shortcuts.shortcuts, strict=True))
    panel.parent.activateWindow()
    models.setFocus()
    host.processEvents()
    keys["P"].activated.emit()
    assert models.currentText.lower().startswith("p") and panel.ui.hotspotsTable.selectedIndexes() == []
    panel.ui.verdictTable.setFocus()
    keys["N"].activated.emit()
    assert panel.ui.hotspotsTable.selectedIndexes() == []
    panel.ui.hotspotsTable.setFocus()
    keys["P"].activated.emit()
    assert panel.ui.hotspotsTable.selectedIndexes()[0].row() == panel.ui.hotspotsTable.rowCount - 1
    panel.ui.placeButton.setFocus()


def test_keys_do_what_the_buttons_do_as_long_as_the_module_is_open(host, panel):
    import slicer

    segmentation = click(host, panel, LEFT_BALL)
    assert panel.ui.placeButton.checked
    keys = dict(zip(panel.shortcuts.actions, panel.shortcuts.shortcuts, strict=True))
    assert {shortcut.key.toString() for shortcut in keys.values()} == set("CUNPAEO")
    keys["C"].activated.emit()
    assert not panel.ui.placeButton.checked
    for key, row in (("N", 0), ("P", panel.ui.hotspotsTable.rowCount - 1)):
        keys[key].activated.emit()
        assert panel.ui.hotspotsTable.selectedIndexes()[0].row() == row
    display = segmentation.GetDisplayNode()
    assert not display.GetVisibility2DFill()
    keys["O"].activated.emit()
    assert display.GetVisibility2DFill()
    keys["U"].activated.emit()
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 0
    keys["U"].activated.emit()  # nothing is left to undo
    slicer.util.selectModule("Data")
    assert panel.shortcuts.shortcuts == []
    host.openModule("MedNCASegment")
    assert len(panel.shortcuts.shortcuts) == 7

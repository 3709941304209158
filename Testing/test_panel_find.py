"""Segmenting without a click, as a person uses it: both sides of a head by one button, and what the buttons say."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from mednca.models.description import Label
from mednca.quality.hotspots import Hotspot
from nodes import add_volume, segment_mask
from panel import choose_model, click, segment_names, wait_for_result
from phantoms import ORGANS, head_case, head_seeds, save, standout_model

TERMINOLOGY = {
    "category": {"scheme": "SCT", "code": "123037004", "meaning": "Anatomical Structure"},
    "type": {"scheme": "SCT", "code": "5366008", "meaning": "Hippocampus"},
}


@pytest.fixture()
def head(host, panel):
    """A head in the views and a model that says where its organs lie, chosen; returns a function of its sides."""
    import slicer

    model = standout_model("finder", seeds=head_seeds(), name="Finder")
    model.labels = (Label(1, "Organ", (200, 0, 0), TERMINOLOGY),)
    save(model, panel.logic.library.user / "finder")
    panel.models.fill()

    def shown(sides=("left", "right"), name="whole head"):
        image, organs = head_case(sides)
        volume = add_volume(slicer, (image * 10).astype(np.int16), name=name)
        volume.CreateDefaultDisplayNodes()
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
        panel.ui.inputSelector.setCurrentNode(volume)
        choose_model(panel, "finder")
        host.processEvents()
        return volume, organs

    return shown


def test_one_press_segments_both_sides(host, panel, head):
    """A segment of each side, with its name and code, as if both had been clicked; undone one by one."""
    import slicer

    volume, organs = head()
    assert panel.ui.findButton.enabled and panel.ui.findButton.text == "Segment both sides"
    host.click(panel.ui.findButton)
    wait_for_result(host, panel)
    segmentation = panel._parameterNode.segmentation
    assert segment_names(segmentation) == ["Left organ", "Right organ"] and panel.ui.verdictTable.rowCount == 2
    for number, side in enumerate(("left", "right")):
        mask = segment_mask(slicer, segmentation, volume, number)
        half = organs[:60] if side == "left" else organs[60:]
        assert mask.any() and not mask[60:].any() if side == "left" else not mask[:60].any()
        assert abs(int(mask.sum()) - int(half.sum())) < 0.02 * half.sum()
        tag = segmentation.GetSegmentation().GetNthSegment(number)
        entry = slicer.vtkSegment.GetTerminologyEntryTagName()
        assert f"{side.capitalize()}" in _tag(tag, entry)
    points = panel._parameterNode.points
    assert [points.GetNthControlPointLabel(n) for n in range(points.GetNumberOfControlPoints())] == ["left", "right"]
    assert not panel.ui.noticeLabel.visible and host.dialogs == []
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == ["Left organ"] and points.GetNumberOfControlPoints() == 1
    assert not panel.logic.isBusy  # the points were not taken for clicks


def _tag(segment, name):
    import vtk

    value = vtk.reference("")
    assert segment.GetTag(name, value)
    return str(value)


def test_a_missing_side_is_said(host, panel, head):
    head(sides=["right"])
    host.click(panel.ui.findButton)
    wait_for_result(host, panel)
    assert segment_names(panel._parameterNode.segmentation) == ["Right organ"]
    assert "Nothing was found on the left" in panel.ui.logText.plainText
    assert panel.ui.noticeLabel.visible and "Nothing was found on the left" in panel.ui.noticeLabel.text


def test_nothing_found_leaves_nothing(host, panel, head):
    import slicer

    head(sides=[])
    host.click(panel.ui.findButton)
    wait_for_result(host, panel)
    assert "Nothing was found in whole head" in panel.ui.noticeLabel.text
    assert panel._parameterNode.points is None or panel._parameterNode.points.GetNumberOfControlPoints() == 0
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode") and host.dialogs == []


def test_another_volume_meanwhile_gets_nothing(host, panel, head):
    """The search was on a volume that is not chosen any more: what it finds belongs to that one, and is not shown."""
    import slicer

    first, _organs = head()
    host.click(panel.ui.findButton)
    second, _organs = head(name="second head")
    assert host.wait(lambda: not panel.logic.isBusy, 60) and panel._parameterNode.inputVolume is second
    assert panel._parameterNode.segmentation is None and panel._parameterNode.points is None
    (clicks,) = slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert not clicks.GetDisplayNode().GetVisibility() and not segmentation.GetDisplayNode().GetVisibility()
    panel.ui.inputSelector.setCurrentNode(first)
    host.processEvents()
    assert panel._parameterNode.segmentation is segmentation and panel._parameterNode.points is clicks
    assert segment_names(segmentation) == ["Left organ", "Right organ"] and clicks.GetDisplayNode().GetVisibility()


def test_another_model_meanwhile_changes_nothing(host, panel, head):
    """One with terms of its own, which nobody accepts: they were not asked for when the search began."""
    import slicer

    slicer.app.userSettings().remove("MedNCA/Terms/terms")
    head(sides=["right"])
    host.answer = False
    host.click(panel.ui.findButton)
    choose_model(panel, "terms")
    assert host.wait(lambda: not panel.logic.isBusy, 60) and host.dialogs == []
    assert segment_names(panel._parameterNode.segmentation) == ["Right organ"]
    assert "Nothing was found on the left" in panel.ui.noticeLabel.text  # as the model of the search has two sides


def test_what_cannot_be_segmented_after_all_leaves_no_click(host, panel, head, monkeypatch):
    """PyTorch is gone, once the structures are found."""
    head()
    host.click(panel.ui.findButton)
    monkeypatch.setattr("MedNCASegment.missingPackages", lambda: {"torch": "PyTorch"})
    wait_for_result(host, panel)
    assert host.wait(lambda: host.dialogs, 5) and "PyTorch not installed" in host.dialogs[0][1]
    assert len(host.dialogs) == 1  # of both structures
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 0


@pytest.mark.parametrize("whole", [False, True])
def test_a_scene_imported_in_another_module_stops_nothing(host, panel, head, tmp_path, whole):
    """Neither a search nor several volumes in one go; what is found is there when the module is opened again."""
    import slicer

    volume, _organs = head()
    other = slicer.vtkMRMLScene()
    other.SetURL(str(tmp_path / "scene.mrml"))
    assert other.Commit()
    if whole:
        panel.ui.severalCollapsibleButton.collapsed = False
        assert host.wait(lambda: panel.several.chosen, 5)
    host.click(panel.ui.severalButton if whole else panel.ui.findButton)
    slicer.util.selectModule("Data")
    slicer.mrmlScene.SetURL(str(tmp_path / "scene.mrml"))
    assert slicer.mrmlScene.Import() and panel._parameterNode is None
    assert host.wait(lambda: not panel.logic.isBusy and not panel.batch.isRunning, 120)
    host.openModule("MedNCASegment")
    assert panel._parameterNode.inputVolume is volume and host.dialogs == []
    assert segment_names(panel._parameterNode.segmentation) == ["Left organ", "Right organ"]
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 2


def test_cancel_ends_the_search(host, panel, head):
    head()
    host.click(panel.ui.findButton)
    host.click(panel.ui.applyButton)  # says Cancel now
    assert host.wait(lambda: not panel.logic.isBusy, 30)
    assert panel._parameterNode.segmentation is None


def test_a_way_that_cannot_end_well_is_not_offered_and_says_why(host, panel, head):
    """Whole head: no whole volume, where the model was made for crops. Crop: no search. No seeds: neither."""
    import slicer

    head()
    assert panel.ui.wholeButton.enabled  # this model has no domain: nothing stands against it
    index = panel.ui.modelComboBox.findData("hippocampus-m3dnca")
    panel.ui.modelComboBox.setCurrentIndex(index)
    host.processEvents()
    assert not panel.ui.wholeButton.enabled and "the model was trained on" in panel.ui.wholeButton.toolTip
    assert panel.ui.findButton.enabled
    crop = add_volume(slicer, (head_case()[0][22:58, 44:96, 42:78] * 10).astype(np.int16), name="crop")
    panel.ui.inputSelector.setCurrentNode(crop)
    host.processEvents()
    assert panel.ui.wholeButton.enabled
    assert not panel.ui.findButton.enabled and "little more than one organ" in panel.ui.findButton.toolTip
    choose_model(panel, "bright")
    assert not panel.ui.findButton.enabled and "does not say where" in panel.ui.findButton.toolTip
    assert panel.ui.findButton.text == "Find and segment"


def test_a_click_tells_the_side_too(host, panel, head):
    """However the volume lies in the scene: under a transform that turns the head half round."""
    import slicer
    import vtk

    volume, _organs = head()
    segmentation = click(host, panel, tuple(ORGANS["right"]))
    assert segment_names(segmentation) == ["Right organ"]
    turn = vtk.vtkTransform()
    turn.RotateZ(180)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "turned")
    node.SetMatrixTransformToParent(turn.GetMatrix())
    turned = add_volume(slicer, slicer.util.arrayFromVolume(volume).transpose(2, 1, 0).copy(), name="turned head")
    turned.SetAndObserveTransformNodeID(node.GetID())
    places = panel.logic.find(turned, "finder")
    assert {place.side: place.point[0] < -60 for place in places} == {"left": True, "right": False}


def test_from_a_script(host, head, panel):
    from MedNCASegmentLib.hotspot_list import doubtsOf
    from MedNCASegmentLib.record import runsOf

    volume, _organs = head()
    places = panel.logic.find(volume, "finder")
    assert [place.side for place in places] == ["left", "right"]
    added = panel.logic.segment(volume, "finder", [place.point for place in places])
    assert segment_names(added.segmentationNode) == ["Organ"]  # one run found both: no side is its name
    assert [finding.side for finding in added.report.findings] == ["left", "right"]
    (run,) = runsOf(added.segmentationNode)
    shell = dict.fromkeys(("volume_mm3", "deviation", "weight"), 0.25)
    hotspots = tuple(Hotspot(place.point, surface="inside", **shell) for place in reversed(places))
    told = doubtsOf([replace(run, report=replace(run.report, hotspots=hotspots))])
    assert [doubt.side for doubt in told] == ["right", "left"]


def test_the_sample_head_by_one_press(host, tmp_path, monkeypatch):
    """An empty scene: one press loads a head and segments both sides; the download is a file of this machine."""
    import SampleData
    import slicer

    from MedNCASegmentLib import sample_data

    panel = host.openModule("MedNCASegment")
    *_others, source = [each for each in SampleData.SampleDataLogic.sources if each["sampleName"] == sample_data.NAME]
    assert source["checksums"].removeprefix("SHA256:") in source["uris"] and source["category"] == "MedNCA"
    assert panel.ui.sampleButton.visible
    host.click(panel.ui.sampleButton)
    assert "could not be downloaded (no connection" in host.dialogs.pop()[1] and not panel.logic.isBusy
    model = standout_model("finder", seeds=head_seeds())
    save(model, panel.logic.library.user / "finder")
    panel.models.fill()
    monkeypatch.setattr("MedNCASegment.MODEL", "finder")

    def make():
        return add_volume(slicer, (head_case()[0] * 10).astype(np.int16), name="MRHead")

    monkeypatch.setitem(SampleData.SampleDataLogic.files, sample_data.NAME, make)
    host.click(panel.ui.sampleButton)
    wait_for_result(host, panel)
    assert segment_names(panel._parameterNode.segmentation) == ["Left label 1", "Right label 1"]
    assert panel.ui.volumesTable.columnCount == 5 and not panel.ui.sampleButton.visible

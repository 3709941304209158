"""*Watch it think*, as a person uses it: a run played step by step over the image, and a copy made worse."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume, segment_mask
from panel import BALLS, LEFT, RIGHT, choose_model, click, composites, wait_for_result
from phantoms import bright_model, save


@pytest.fixture
def watched(host, panel):
    """A model of two levels, chosen, and the section open."""
    from panel import CALIBRATION

    model = bright_model("levels", field_of_view=(20.0, 20.0, 20.0), fire_rate=0.9, levels=2)
    model.info |= {"quality": {"calibration": CALIBRATION}}
    save(model, panel.logic.library.user / "levels")
    panel.models.fill()
    choose_model(panel, "levels")
    panel.ui.watchCollapsibleButton.collapsed = False
    host.processEvents()
    return panel


def of_class(name):
    import slicer

    return slicer.util.getNodesByClass(name)


def browsers():
    return of_class("vtkMRMLSequenceBrowserNode")


def legend_of(node):
    import slicer

    return slicer.modules.colors.logic().GetColorLegendDisplayNode(node)


def grow(host, panel):
    host.click(panel.ui.growthButton)
    wait_for_result(host, panel)
    (browser,) = browsers()
    return browser, browser.GetProxyNode(browser.GetMasterSequenceNode())


def foregrounds():
    return {composite.GetForegroundVolumeID() for composite in composites()}


def test_press_and_it_plays_to_the_last_step(host, watched):
    """Two steps; the last one is what the first member says, in the image's place; the toolbar shows the browser."""
    import slicer

    from MedNCASegmentLib.volumes import ijkToRAS

    assert not watched.ui.growthButton.enabled and "Segment something first" in watched.ui.growthButton.toolTip
    click(host, watched, LEFT)
    assert watched.ui.growthButton.enabled and not watched.ui.removeGrowthButton.enabled
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *RIGHT, slicer.vtkMRMLSliceNode.OffsetJumpSlice)
    browser, seen = grow(host, watched)
    place = host.view("Yellow").mrmlSliceNode().GetSliceToRAS().GetElement(0, 3)
    assert place == pytest.approx(LEFT[0], abs=1)  # where it is seen
    assert browser.GetNumberOfItems() == 2 and browser.GetPlaybackActive()
    assert slicer.modules.sequences.activeBrowserNode is browser and slicer.modules.sequences.toolBarVisible
    assert foregrounds() == {seen.GetID()}
    first = slicer.util.arrayFromVolume(seen).copy()
    assert host.wait(lambda: not browser.GetPlaybackActive(), 10)
    assert host.wait(lambda: browser.GetSelectedItemNumber() == 1, 2)  # the last one stays
    assert host.wait(lambda: not np.array_equal(slicer.util.arrayFromVolume(seen), first), 2)
    mask = segment_mask(slicer, watched._parameterNode.segmentation, watched._parameterNode.inputVolume)
    found = np.argwhere(slicer.util.arrayFromVolume(seen) > 50)[:, ::-1] @ ijkToRAS(seen)[:3, :3].T
    places = np.rint(found + ijkToRAS(seen)[:3, 3]).astype(int)  # the phantom's geometry is plain
    assert mask[tuple(places.T)].sum() > 0.9 * max(mask.sum(), len(places))
    assert not watched.logic.isBusy and host.dialogs == []


def test_it_lies_where_the_image_does_under_a_transform(host, watched):
    import slicer
    import vtk

    from MedNCASegmentLib.volumes import ijkToRAS, matrixToWorld

    turn = vtk.vtkTransform()
    turn.RotateZ(30)
    turn.Translate(5, 6, 7)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "turned")
    node.SetMatrixTransformToParent(turn.GetMatrix())
    watched._parameterNode.inputVolume.SetAndObserveTransformNodeID(node.GetID())
    click(host, watched, turn.TransformPoint(LEFT))
    browser, seen = grow(host, watched)
    browser.SetPlaybackActive(False)
    browser.SelectLastItem()
    assert host.wait(lambda: slicer.util.arrayFromVolume(seen).any(), 5)
    middle = np.argwhere(slicer.util.arrayFromVolume(seen) > 50).mean(0)[::-1]
    world = matrixToWorld(seen) @ ijkToRAS(seen) @ (*middle, 1)
    assert np.linalg.norm(world[:3] - turn.TransformPoint(LEFT)) < 1.5


def test_a_second_press_replaces_and_remove_leaves_nothing(host, watched):
    click(host, watched, LEFT)
    volumes = len(of_class("vtkMRMLScalarVolumeNode"))
    first, _seen = grow(host, watched)
    again, seen = grow(host, watched)
    assert again is not first and len(of_class("vtkMRMLSequenceNode")) == 1
    assert len(of_class("vtkMRMLScalarVolumeNode")) == volumes + 1
    assert foregrounds() == {seen.GetID()} and again.GetPlaybackActive()
    variance = watched._parameterNode.segmentation.GetNodeReference("MedNCA.variance")
    watched.ui.targetSlider.value = 0.7  # the panel shows everything anew
    assert not legend_of(variance).GetVisibility()
    host.click(watched.ui.removeGrowthButton)
    assert browsers() == [] and of_class("vtkMRMLSequenceNode") == []
    assert len(of_class("vtkMRMLScalarVolumeNode")) == volumes and not watched.ui.removeGrowthButton.enabled
    assert foregrounds() == {variance.GetID()}  # the overlay is back
    assert legend_of(variance).GetVisibility()
    assert watched._parameterNode.inputVolume.GetName() == "head"


def test_another_volume_hides_it_and_a_removed_one_takes_it_along(host, watched):
    import slicer

    head = watched._parameterNode.inputVolume
    click(host, watched, LEFT)
    browser, seen = grow(host, watched)
    other = add_volume(slicer, BALLS[1] * np.int16(300), name="other")
    other.CreateDefaultDisplayNodes()
    watched.ui.inputSelector.setCurrentNode(other)
    host.processEvents()
    assert seen.GetID() not in foregrounds() and not browser.GetPlaybackActive()
    assert not watched.ui.growthButton.enabled and not watched.ui.removeGrowthButton.enabled
    watched.ui.inputSelector.setCurrentNode(head)
    host.processEvents()
    assert watched.ui.removeGrowthButton.enabled
    slicer.mrmlScene.RemoveNode(head)
    host.processEvents()
    assert browsers() == [] and of_class("vtkMRMLSequenceNode") == []
    assert seen not in of_class("vtkMRMLScalarVolumeNode")


def test_the_scene_may_close_while_it_plays_and_while_it_is_made(host, watched):
    import slicer

    click(host, watched, LEFT)
    grow(host, watched)
    host.click(watched.ui.growthButton)
    slicer.mrmlScene.Clear(0)
    assert host.wait(lambda: not watched.logic.isBusy, 30)
    assert browsers() == [] and host.dialogs == []
    assert not watched.ui.growthButton.enabled and not watched.ui.disturbButton.enabled


@pytest.mark.parametrize("button", ["growthButton", "disturbButton"])
def test_it_is_of_the_volume_that_was_chosen_when_it_was_pressed(host, watched, monkeypatch, button):
    """Though installing takes minutes, in which another one is chosen, or all are gone."""
    import slicer

    import MedNCASegment

    click(host, watched, LEFT)
    head = watched.ui.inputSelector.currentNode()
    host.drag(watched.ui.noiseSlider, 0.3)
    other = add_volume(slicer, BALLS[0].astype(np.float32), name="other")
    monkeypatch.setattr(MedNCASegment, "ensureDependencies", lambda: watched.ui.inputSelector.setCurrentNode(other))
    host.click(getattr(watched.ui, button))
    assert watched.logic.current.volumeNode is head
    assert host.wait(lambda: not watched.logic.isBusy, 60) and host.dialogs == []
    watched.ui.inputSelector.setCurrentNode(head)
    monkeypatch.setattr(MedNCASegment, "ensureDependencies", lambda: slicer.mrmlScene.Clear(0))
    host.click(getattr(watched.ui, button))
    assert not watched.logic.isBusy and browsers() == []
    host.drag(watched.ui.noiseSlider, 0)


def test_saved_and_loaded_it_is_still_the_volume_s(host, watched, tmp_path):
    import slicer

    click(host, watched, LEFT)
    browser, _seen = grow(host, watched)
    browser.SetPlaybackActive(False)
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), False)
    host.processEvents()
    (browser,) = browsers()
    assert browser.GetNumberOfItems() == 2
    assert watched.ui.removeGrowthButton.enabled and watched._parameterNode.inputVolume.GetName() == "head"
    host.click(watched.ui.removeGrowthButton)
    assert browsers() == []


def test_a_model_that_is_gone_is_said(host, watched):
    import shutil

    click(host, watched, LEFT)
    shutil.rmtree(watched.logic.library.user / "levels")
    host.click(watched.ui.growthButton)
    wait_for_result(host, watched)
    host.processEvents()
    assert host.wait(lambda: host.dialogs, 5) and "levels" in host.dialogs.pop()[1]
    assert browsers() == []


def disturb(host, panel, **severities):
    for name, severity in severities.items():
        host.drag(getattr(panel.ui, f"{name}Slider"), severity)
    host.click(panel.ui.disturbButton)
    assert host.wait(lambda: panel.logic.isBusy, 5)
    assert host.wait(lambda: not panel.logic.isBusy, 60), panel.ui.logText.plainText


def test_a_disturbed_copy_is_segmented_where_the_image_was(host, watched):
    """A copy with results and a light of its own; the image keeps its voxels, its segments and its light."""
    import slicer

    head = watched._parameterNode.inputVolume
    assert "Segment the image first" in watched.ui.disturbButton.toolTip
    for place in (LEFT, RIGHT):
        click(host, watched, place)
    light, own, voxels = (
        watched.ui.lightLabel.text,
        watched._parameterNode.segmentation,
        slicer.util.arrayFromVolume(head).copy(),
    )
    assert not watched.ui.disturbButton.enabled and watched.ui.disturbButton.toolTip == "Move a slider first."
    host.view("Red").mrmlSliceNode().SetFieldOfView(30, 30, 1)
    disturb(host, watched, noise=0.2)
    assert host.view("Red").mrmlSliceNode().GetFieldOfView()[0] == 30  # one compares with what was seen
    copy = watched._parameterNode.inputVolume
    assert copy is not head and copy.GetName() == "head (disturbed)"
    assert np.array_equal(slicer.util.arrayFromVolume(head), voxels)
    assert not np.array_equal(slicer.util.arrayFromVolume(copy), voxels)
    segmentation = watched._parameterNode.segmentation
    assert segmentation is not own and segmentation.GetSegmentation().GetNumberOfSegments() == 2
    assert own.GetSegmentation().GetNumberOfSegments() == 2 and not own.GetDisplayVisibility()
    for number, ball in enumerate(BALLS):
        mask = segment_mask(slicer, segmentation, copy, number)
        assert (mask & ball).sum() > 0.9 * ball.sum()
    assert "expected Dice" in light and watched.ui.verdictTable.rowCount == 2
    assert watched.ui.lightLabel.text != light and "No result" not in watched.ui.lightLabel.text
    assert watched.ui.undisturbedLabel.text == f"Undisturbed: {light}"
    assert watched._parameterNode.points.GetNumberOfControlPoints() == 2 and host.dialogs == []
    watched.ui.inputSelector.setCurrentNode(head)
    host.processEvents()
    assert watched.ui.lightLabel.text == light and watched.ui.undisturbedLabel.text == ""


def test_the_next_copy_is_made_of_the_image_and_not_of_the_copy(host, watched):
    import slicer

    click(host, watched, LEFT)
    disturb(host, watched, bias=0.5)
    first = watched._parameterNode.inputVolume
    assert watched.ui.disturbButton.enabled
    disturb(host, watched, bias=0.5)
    second = watched._parameterNode.inputVolume
    assert second is not first and second.GetName().startswith("head (disturbed)")
    assert "(disturbed) (disturbed)" not in second.GetName()
    assert np.array_equal(slicer.util.arrayFromVolume(first), slicer.util.arrayFromVolume(second))  # the same seed


def test_the_whole_volume_is_disturbed_and_segmented_as_a_whole(host, watched):
    host.click(watched.ui.wholeButton)
    wait_for_result(host, watched)
    disturb(host, watched, ghosting=0.3)
    assert watched._parameterNode.inputVolume.GetName() == "head (disturbed)"
    assert watched._parameterNode.points is None or watched._parameterNode.points.GetNumberOfControlPoints() == 0
    assert watched._parameterNode.segmentation.GetSegmentation().GetNumberOfSegments() == 1


def test_cancel_and_another_volume_meanwhile(host, watched):
    import slicer

    head = watched._parameterNode.inputVolume
    click(host, watched, LEFT)
    host.drag(watched.ui.motionSlider, 0.5)
    host.click(watched.ui.disturbButton)
    host.click(watched.ui.applyButton)  # says Cancel now
    assert host.wait(lambda: not watched.logic.isBusy, 30)
    assert watched._parameterNode.inputVolume is head
    assert [node for node in of_class("vtkMRMLScalarVolumeNode") if "disturbed" in node.GetName()] == []
    other = add_volume(slicer, BALLS[1] * np.int16(300), name="other")
    other.CreateDefaultDisplayNodes()
    host.click(watched.ui.disturbButton)
    watched.ui.inputSelector.setCurrentNode(other)
    assert host.wait(lambda: not watched.logic.isBusy, 60)
    assert watched._parameterNode.inputVolume is other and "head (disturbed)" in watched.ui.noticeLabel.text
    assert watched._parameterNode.segmentation is None and host.dialogs == []


def test_it_fits_a_narrow_panel(host, watched):
    click(host, watched, LEFT)
    assert watched.ui.watchCollapsibleButton.minimumSizeHint.width() <= 350

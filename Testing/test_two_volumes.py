"""Two patients in one scene, as a person has them: nothing of one gets into, or is drawn over, the other."""

import gc

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume, affine, segment_mask
from panel import (
    BALLS,
    LEFT,
    RIGHT,
    SHAPE,
    apply_again,
    ball_model,
    choose_model,
    click,
    click_view,
    composites,
    correct,
    segment_names,
    set_members,
    wait_for_result,
)
from phantoms import ellipsoid, save

OTHER = (14, 18, 20)  # where the second patient has it
OTHER_BALL = ellipsoid(SHAPE, OTHER, (4, 7, 5))
NOWHERE = (30, 3, 3)  # nothing bright in the field of view around it, nor 15 mm off in those beside it


def _picky_model(id="picky"):
    """Finds only what is much brighter than the field of view: where there is just noise, nothing."""
    model = ball_model(id)
    cell = model.pyramid.cells[0]
    cell.hidden.bias[2] = 1.0
    cell.update.weight[1, 2] = -40.0  # logit = 20 (x - 2)
    return model


@pytest.fixture
def noisy(host, panel, first, models):
    """Noise around the balls, and a model that finds nothing in it."""
    import slicer

    save(_picky_model(), models / "picky")
    voxels = slicer.util.arrayFromVolume(first)
    voxels += np.random.default_rng(0).integers(0, 9, voxels.shape).astype(voxels.dtype)
    slicer.util.arrayFromVolumeModified(first)
    panel.models.fill()
    choose_model(panel, "picky")
    return first


@pytest.fixture
def first(panel):
    volume = panel.ui.inputSelector.currentNode()
    volume.SetName("first")
    return volume


@pytest.fixture
def second(first):
    """Another patient's volume, on the very same grid."""
    return _patient("second")


def _patient(name, matrix=None):
    import slicer

    volume = add_volume(slicer, OTHER_BALL * np.int16(500) + np.int16(20), matrix, name=name)
    volume.CreateDefaultDisplayNodes()
    return volume


def _choose(host, panel, volume):
    panel.ui.inputSelector.setCurrentNode(volume)
    host.processEvents()


def _shown(panel):
    """All that the panel and the slice views say of a result."""
    foregrounds = {composite.GetForegroundVolumeID() for composite in composites()}
    return panel.ui.lightLabel.text, panel.ui.verdictTable.rowCount, panel.ui.hotspotsTable.rowCount, foregrounds


def _backgrounds():
    return {composite.GetBackgroundVolumeID() for composite in composites()}


def _visible(segmentation):
    return bool(segmentation.GetDisplayNode().GetVisibility())


def test_another_volume_gets_another_segmentation_and_switching_back_brings_the_first(host, panel, first, second):
    import slicer

    one = click(host, panel, LEFT)
    shown = _shown(panel)
    points = panel._parameterNode.points
    _choose(host, panel, second)
    assert panel._parameterNode.segmentation is None and _shown(panel)[1:] == (0, 0, {None})
    assert "No result" in panel.ui.lightLabel.text
    assert _backgrounds() == {second.GetID()} and not _visible(one)
    assert not points.GetDisplayNode().GetVisibility() and not panel.ui.editButton.enabled
    colors = slicer.modules.colors.logic()
    assert not colors.GetColorLegendDisplayNode(one.GetNodeReference("MedNCA.variance")).GetVisibility()

    other = click(host, panel, OTHER)
    assert other is not one and _visible(other) and not _visible(one)
    assert segment_names(one) == segment_names(other) == ["Label 1"]
    assert np.array_equal(segment_mask(slicer, one, first), BALLS[0])
    assert np.array_equal(segment_mask(slicer, other, second), OTHER_BALL)
    assert other.GetNodeReference("MedNCA.table").GetNumberOfRows() == 1 == panel.ui.verdictTable.rowCount
    assert _shown(panel)[3] == {other.GetNodeReference("MedNCA.variance").GetID()}

    _choose(host, panel, first)
    assert panel._parameterNode.segmentation is one and panel._parameterNode.points is points
    assert _shown(panel) == shown and _backgrounds() == {first.GetID()}
    assert _visible(one) and not _visible(other) and points.GetDisplayNode().GetVisibility()
    assert len(segment_names(click(host, panel, RIGHT))) == 2 and segment_names(other) == ["Label 1"]
    assert host.dialogs == []


def test_the_other_patients_mask_is_really_not_drawn(host, panel, first, second):
    """Not a pixel of the first one's mask, variance or click in the picture of the second one."""
    view = host.view("Red")
    click(host, panel, LEFT)
    host.click(panel.ui.placeButton)

    def colors(center):
        return [int(np.ptp(view.colorAt(*(center + np.array(step))))) for step in np.ndindex(6, 7, 1)]

    view.sliceOffset = LEFT[2]
    assert max(colors(LEFT)) > 30
    _choose(host, panel, second)
    view.sliceOffset = LEFT[2]
    assert max(colors(LEFT)) == 0


def test_a_result_that_arrives_late_goes_where_it_belongs(host, panel, first, second):
    """Also into a segmentation that was chosen for it, and while the second one has a result of its own."""
    import slicer

    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    panel.ui.segmentationSelector.setCurrentNode(mine)
    set_members(panel, 40)
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: panel.ui.progressBar.maximum == 40, 60)
    _choose(host, panel, second)
    assert panel._parameterNode.segmentation is None
    assert host.wait(lambda: not panel.logic.isBusy, 60)
    assert panel._parameterNode.segmentation is None and "No result" in panel.ui.lightLabel.text
    assert segment_names(mine) == ["Label 1"] and not _visible(mine) and _shown(panel)[3] == {None}
    assert panel.ui.noticeLabel.visible and "first" in panel.ui.noticeLabel.text
    set_members(panel, 5)
    other = click(host, panel, OTHER)
    assert other is not mine and segment_names(mine) == ["Label 1"]
    _choose(host, panel, first)
    assert panel._parameterNode.segmentation is mine and _visible(mine) and not _visible(other)
    assert not panel.ui.noticeLabel.visible
    assert np.array_equal(segment_mask(slicer, mine, first), BALLS[0] | BALLS[1])
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2


def test_two_late_results_of_one_volume_share_a_new_segmentation(host, panel, first, second):
    import slicer

    set_members(panel, 30)
    host.click(panel.ui.placeButton)
    click_view(host, LEFT)
    click_view(host, RIGHT)
    assert host.wait(lambda: len(panel.logic.queue.pending) == 2, 5)
    _choose(host, panel, second)
    assert host.wait(lambda: not panel.logic.isBusy, 60)
    (made,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert len(segment_names(made)) == 2 and not _visible(made) and panel._parameterNode.segmentation is None


def test_undo_takes_the_last_result_back_wherever_it_is(host, panel, first, second):
    one = click(host, panel, LEFT)
    _choose(host, panel, second)
    other = click(host, panel, OTHER)
    _choose(host, panel, first)
    shown = _shown(panel)
    host.click(panel.ui.undoButton)
    assert segment_names(other) == [] and other.GetNodeReference("MedNCA.table").GetNumberOfRows() == 0
    assert segment_names(one) == ["Label 1"] and one.GetNodeReference("MedNCA.table").GetNumberOfRows() == 1
    assert _shown(panel) == shown and "second" in panel.ui.noticeLabel.text
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 1
    _choose(host, panel, second)
    assert panel._parameterNode.segmentation is other and panel._parameterNode.points.GetNumberOfControlPoints() == 0
    host.click(panel.ui.undoButton)
    assert segment_names(one) == [] and not panel.ui.undoButton.enabled
    _choose(host, panel, first)
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 0 and "No result" in panel.ui.lightLabel.text


def test_clicks_belong_to_a_volume_too(host, panel, first, second):
    """Segmenting again is done at the chosen volume's own points, and replaces its own results."""
    one = click(host, panel, LEFT)
    host.click(panel.ui.placeButton)
    _choose(host, panel, second)
    assert not panel.ui.placeButton.checked and not panel.ui.applyButton.enabled  # no points here yet
    other = click(host, panel, OTHER)
    for volume, segmentation in ((second, other), (first, one)):
        _choose(host, panel, volume)
        apply_again(host, panel)
        assert panel._parameterNode.segmentation is segmentation
        assert len(segment_names(one)) == len(segment_names(other)) == 1


def test_whoever_is_clicking_goes_on_clicking_on_the_other_volume(host, panel, first, second):
    one = click(host, panel, LEFT)
    _choose(host, panel, second)
    assert panel.ui.placeButton.checked
    click_view(host, OTHER)
    wait_for_result(host, panel)
    assert segment_names(one) == ["Label 1"] and panel._parameterNode.segmentation is not one
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 1


def test_choosing_a_segmentation_of_another_volume_brings_that_volume(host, panel, first, second):
    """As in Slicer's Segment Editor; also one that was drawn there."""
    import slicer

    one = click(host, panel, LEFT)
    drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    drawn.CreateDefaultDisplayNodes()
    drawn.SetReferenceImageGeometryParameterFromVolumeNode(second)
    panel.ui.segmentationSelector.setCurrentNode(drawn)
    assert panel.ui.inputSelector.currentNode() is second and panel._parameterNode.segmentation is drawn
    assert "second" in panel.ui.noticeLabel.text and _backgrounds() == {second.GetID()} and not _visible(one)
    assert click(host, panel, OTHER) is drawn and segment_names(one) == ["Label 1"]
    panel.ui.segmentationSelector.setCurrentNode(one)
    assert panel.ui.inputSelector.currentNode() is first and _visible(one) and not _visible(drawn)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2


def test_a_segmentation_from_a_file_of_another_grid_is_not_added_to(host, panel, first, tmp_path):
    """It came without its volume: then results go into a segmentation of their own, and that is told."""
    import slicer

    loaded = []
    for name, matrix in (("elsewhere", affine(np.diag([2.0, 1, 1]))), ("here", None)):
        volume = _patient(name, matrix)
        saved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        saved.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        saved.GetSegmentation().AddEmptySegment("tumor", "Tumor")
        assert slicer.util.saveNode(saved, str(tmp_path / f"{name}.seg.nrrd"))
        slicer.mrmlScene.RemoveNode(saved)
        slicer.mrmlScene.RemoveNode(volume)
        loaded.append(slicer.util.loadSegmentation(str(tmp_path / f"{name}.seg.nrrd")))
    _choose(host, panel, first)
    panel.ui.segmentationSelector.setCurrentNode(loaded[0])
    assert panel._parameterNode.segmentation is None and panel._parameterNode.inputVolume is first
    assert "elsewhere" in panel.ui.noticeLabel.text
    assert click(host, panel, LEFT) not in loaded
    panel.ui.segmentationSelector.setCurrentNode(loaded[1])
    assert click(host, panel, RIGHT) is loaded[1]


def test_a_script_is_refused_another_volumes_segmentation(host, panel, first, second):
    from mednca.errors import MedNCAError

    one = click(host, panel, LEFT)
    with pytest.raises(MedNCAError, match=r"belongs to first.*Choose a segmentation of second"):
        panel.logic.segment(second, "bright", [OTHER], segmentationNode=one)
    with pytest.raises(MedNCAError, match="belongs to first"):
        panel.logic.segmentInProcess(second, "bright", [OTHER], segmentationNode=one)
    assert not panel.logic.isBusy and segment_names(one) == ["Label 1"]


def test_the_volume_goes_its_results_are_nobodys(host, panel, first, second):
    """What is left of the first patient is neither shown over the second one, on the same grid, nor added to."""
    import slicer

    one = click(host, panel, LEFT)
    host.click(panel.ui.placeButton)
    slicer.mrmlScene.RemoveNode(first)
    host.processEvents()
    _choose(host, panel, second)
    assert panel._parameterNode.segmentation is None and not _visible(one) and _shown(panel)[3] == {None}
    assert not panel._parameterNode.points
    panel.ui.segmentationSelector.setCurrentNode(one)
    assert panel._parameterNode.segmentation is None and panel.ui.noticeLabel.visible
    other = click(host, panel, OTHER)
    assert other is not one and segment_names(one) == ["Label 1"]
    host.click(panel.ui.undoButton)
    host.click(panel.ui.undoButton)
    assert segment_names(one) == segment_names(other) == []


def test_all_is_right_after_saving_and_loading_and_after_a_reload(host, panel, first, second, tmp_path):
    import slicer

    click(host, panel, LEFT)
    light = panel.ui.lightLabel.text
    _choose(host, panel, second)
    click(host, panel, OTHER)
    host.click(panel.ui.placeButton)
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    host.processEvents()
    for again in ("loaded", "reloaded"):
        if again == "reloaded":
            panel = host.reloadModule("MedNCASegment")
            panel.parent.resize(500, 1500)  # Slicer's panel scrolls; squeezed, some buttons would be too flat to hit
            host.processEvents()
        first, second = (slicer.util.getNode(name) for name in ("first", "second"))
        one, other = (slicer.util.getNode(f"{name} segmentation") for name in ("first", "second"))
        assert panel._parameterNode.inputVolume is second and panel._parameterNode.segmentation is other
        assert _visible(other) and not _visible(one) and _backgrounds() == {second.GetID()}
        _choose(host, panel, first)
        assert panel._parameterNode.segmentation is one and panel.ui.lightLabel.text == light
        assert _visible(one) and not _visible(other)
        assert panel._parameterNode.points.GetNumberOfControlPoints() == 1
        _choose(host, panel, second)
        assert panel._parameterNode.segmentation is other and not panel.logic.isBusy
    assert click(host, panel, OTHER) is other and segment_names(one) == ["Label 1"]


def test_clicks_of_a_scene_of_before_stay_with_their_volume(host, panel, first, second):
    """They said of no volume that they are its own."""
    import slicer

    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "MedNCA clicks")
    points.CreateDefaultDisplayNodes()
    points.AddControlPoint(LEFT)
    panel._parameterNode.points = points
    panel.exit()
    panel.enter()
    _choose(host, panel, second)
    assert panel._parameterNode.points is None and not points.GetDisplayNode().GetVisibility()
    _choose(host, panel, first)
    assert panel._parameterNode.points is points and points.GetDisplayNode().GetVisibility()


def test_the_panel_follows_what_the_views_show(host, panel, first, second):
    """A volume that is loaded comes up in all slice views: then it is the one that is clicked on, too."""
    import slicer

    one = click(host, panel, LEFT)
    slicer.util.setSliceViewerLayers(background=second)
    host.processEvents()
    assert panel.ui.inputSelector.currentNode() is second and not _visible(one)
    assert "second" in panel.ui.noticeLabel.text
    slicer.util.setSliceViewerLayers(background=one.GetNodeReference("MedNCA.variance"))  # no image
    host.processEvents()
    assert panel.ui.inputSelector.currentNode() is second
    slicer.util.selectModule("SegmentEditor")
    slicer.util.setSliceViewerLayers(background=first)
    host.processEvents()
    assert panel.ui.inputSelector.currentNode() is second  # another module's views are its own business
    host.openModule("MedNCASegment")
    assert panel.ui.inputSelector.currentNode() is first and _visible(one)


def test_the_first_volume_is_the_one_that_is_seen(host, models):
    import slicer

    slicer.util.selectModule("SegmentEditor")
    slicer.mrmlScene.Clear(0)
    _patient("first")
    second = _patient("second")
    slicer.util.setSliceViewerLayers(background=second)
    panel = host.openModule("MedNCASegment")
    assert panel.ui.inputSelector.currentNode() is second


def test_a_click_on_an_image_that_is_not_chosen_is_refused(host, panel, first, second):
    """Side by side: one view shows the second patient, the first one is chosen."""
    one = click(host, panel, LEFT)
    host.view("Green").logic.GetSliceCompositeNode().SetBackgroundVolumeID(second.GetID())
    host.processEvents()
    assert panel.ui.inputSelector.currentNode() is first
    click_view(host, OTHER, "Green")
    host.processEvents()
    assert not panel.logic.isBusy and segment_names(one) == ["Label 1"]
    assert "second" in panel.ui.noticeLabel.text and panel._parameterNode.points.GetNumberOfControlPoints() == 1
    assert len(segment_names(click(host, panel, RIGHT, "Red"))) == 2


def test_opening_the_panel_leaves_views_side_by_side_alone(host, panel, first, second):
    host.view("Green").logic.GetSliceCompositeNode().SetBackgroundVolumeID(second.GetID())
    host.processEvents()
    panel = host.reloadModule("MedNCASegment")
    host.processEvents()
    assert panel._parameterNode.inputVolume is first and _backgrounds() == {first.GetID(), second.GetID()}
    _choose(host, panel, second)
    assert _backgrounds() == {second.GetID()}


def test_opening_the_panel_shows_no_image_in_place_of_those_that_are_seen(host, panel, first, second):
    """Two of three side by side, of which the scene's first is none."""
    import slicer

    third, panel._parameterNode.inputVolume = add_volume(slicer, BALLS[0] * np.int16(500), name="third"), None
    host.processEvents()
    for name, shown in (("Red", third), ("Yellow", third), ("Green", second)):
        host.view(name).logic.GetSliceCompositeNode().SetBackgroundVolumeID(shown.GetID())
    host.processEvents()
    panel = host.reloadModule("MedNCASegment")
    host.processEvents()
    assert panel._parameterNode.inputVolume is third and _backgrounds() == {third.GetID(), second.GetID()}


def test_a_script_that_asks_for_the_logic_leaves_the_views_alone(host, panel, first):
    """Slicer makes the panel for it, which is not opened."""
    import slicer

    slicer.util.selectModule("Data")
    slicer.util.setSliceViewerLayers(background=None)
    panel = host.reloadModule("MedNCASegment")
    host.processEvents()
    assert panel._parameterNode.inputVolume is first and _backgrounds() == {None}
    host.openModule("MedNCASegment")
    assert _backgrounds() == {first.GetID()}


def test_nothing_of_another_volume_is_drawn_over_what_is_corrected(host, panel, first, second):
    one = click(host, panel, LEFT)
    _choose(host, panel, second)
    other = click(host, panel, OTHER)
    host.click(panel.ui.editButton)
    assert _visible(other) and not _visible(one)


def test_what_was_over_one_person_does_not_come_back_over_another(host, panel, first, second):
    import slicer

    own = add_volume(slicer, BALLS[1] * np.int16(500), name="PET")
    slicer.util.setSliceViewerLayers(foreground=own)
    click(host, panel, LEFT)
    _choose(host, panel, second)
    assert {each.GetForegroundVolumeID() for each in composites()} == {None}


def test_a_volume_that_was_chosen_does_not_stay_in_memory(host, panel, first, second):
    import slicer

    third, gone = add_volume(slicer, BALLS[0] * np.int16(500), name="third"), []
    third.AddObserver("DeleteEvent", lambda *_: gone.append(True))
    _choose(host, panel, third)
    _choose(host, panel, second)
    slicer.mrmlScene.RemoveNode(third)
    del third
    assert host.wait(lambda: gc.collect() is not None and bool(gone), 5)


def test_surfaces_are_wanted_of_the_other_volume_too(host, panel, first, second):
    one = click(host, panel, LEFT)
    _choose(host, panel, second)
    other = click(host, panel, OTHER)
    host.click(panel.ui.show3DCheckBox)
    assert other.GetSegmentation().ContainsRepresentation("Closed surface")
    _choose(host, panel, first)
    assert one.GetSegmentation().ContainsRepresentation("Closed surface") and not _visible(other)


def test_undo_of_a_corrected_result_names_its_volume(host, panel, first, second):

    one = click(host, panel, LEFT)
    correct(one)
    _choose(host, panel, second)
    host.answer = False
    host.click(panel.ui.undoButton)
    assert "first" in host.dialogs[-1][1] and segment_names(one) == ["Label 1"]


# --- nothing found


def test_a_click_where_nothing_is_changes_nothing(host, panel, noisy):
    """Not a segment, a row, a map, a verdict, nor a step of undo; and it is told where one looks."""
    import slicer

    segmentation = click(host, panel, LEFT)
    variance = slicer.util.arrayFromVolume(segmentation.GetNodeReference("MedNCA.variance"))
    shown, before = _shown(panel), variance.copy()
    assert click(host, panel, NOWHERE) is segmentation
    assert panel.ui.noticeLabel.visible and "Nothing was found at the click in first" in panel.ui.noticeLabel.text
    assert _shown(panel) == shown and segment_names(segmentation) == ["Label 1"]
    assert segmentation.GetNodeReference("MedNCA.table").GetNumberOfRows() == 1
    assert np.array_equal(variance, before) and panel._parameterNode.points.GetNumberOfControlPoints() == 1
    assert host.dialogs == [] and "Nothing was found" in panel.ui.logText.plainText
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == [] and not panel.ui.undoButton.enabled
    assert not panel.ui.noticeLabel.visible


def test_a_first_click_where_nothing_is_leaves_nothing(host, panel, noisy):
    import slicer

    assert click(host, panel, NOWHERE) is None
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
    assert "No result" in panel.ui.lightLabel.text and panel._parameterNode.points.GetNumberOfControlPoints() == 0
    assert len(segment_names(click(host, panel, LEFT))) == 1 and not panel.ui.noticeLabel.visible


def test_a_click_in_the_air_is_told_at_the_click(host, panel, first):
    """Where all voxels are alike nothing can be looked for: no dialog stands in the way of the next click."""
    import slicer

    assert click(host, panel, NOWHERE) is None
    assert "no contrast" in panel.ui.noticeLabel.text and panel.ui.noticeLabel.visible and host.dialogs == []
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert len(segment_names(click(host, panel, LEFT))) == 1 and not panel.ui.noticeLabel.visible


def test_again_at_a_click_where_nothing_is_found_any_more(host, panel, noisy):
    """The volume changed since: the click and its result of before stay."""
    import slicer

    segmentation = click(host, panel, LEFT)
    slicer.util.arrayFromVolume(noisy)[:] = np.random.default_rng(0).integers(0, 9, SHAPE[::-1])
    slicer.util.arrayFromVolumeModified(noisy)
    apply_again(host, panel)
    assert "Nothing was found" in panel.ui.noticeLabel.text and host.dialogs == []
    assert segment_names(segmentation) == ["Label 1"] and panel.ui.undoButton.enabled
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 1


def test_a_script_is_told_that_nothing_was_found(host, panel, noisy):
    import slicer

    from mednca.errors import MedNCAError

    with pytest.raises(MedNCAError, match="Nothing was found at the click in first"):
        panel.logic.segment(noisy, "picky", [NOWHERE])
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    added = panel.logic.segment(noisy, "picky", [LEFT, NOWHERE])
    assert len(added.report.findings) == 1 and added.tableNode.GetNumberOfRows() == 1


def test_a_day_at_the_panel(host, panel, noisy, second, tmp_path):
    """Two volumes, three clicks on each of two structures, a miss, an undo, save, close, load: the scene holds exactly
    the segments that a person expects, with their volumes, clicks, verdicts and maps."""
    import slicer

    for _ in range(3):
        for place in (LEFT, RIGHT):
            click(host, panel, place)
    click(host, panel, NOWHERE)
    assert "Nothing was found" in panel.ui.noticeLabel.text
    host.click(panel.ui.undoButton)  # of the third click on the right: the second one's result is back
    _choose(host, panel, second)
    click(host, panel, OTHER)
    volumes = {"first": [BALLS[1], BALLS[0]], "second": [OTHER_BALL]}  # the right one is older again

    def check():
        segmentations = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        assert len(segmentations) == len(volumes)
        for name, balls in volumes.items():
            _choose(host, panel, slicer.util.getNode(name))
            segmentation = panel._parameterNode.segmentation
            assert segmentation in segmentations and len(segment_names(segmentation)) == len(balls)
            for number, ball in enumerate(balls):
                assert np.array_equal(
                    segment_mask(slicer, segmentation, panel._parameterNode.inputVolume, number), ball
                )
            table = panel.ui.volumesTable
            told = [float(table.item(0, column).text()) for column in range(1, table.columnCount)]
            assert told == [pytest.approx(ball.sum() / 1000, abs=0.006) for ball in balls]
            assert (
                panel.ui.verdictTable.rowCount
                == len(balls)
                == segmentation.GetNodeReference("MedNCA.table").GetNumberOfRows()
            )
            variance = slicer.util.arrayFromVolume(segmentation.GetNodeReference("MedNCA.variance"))
            for ball in balls:
                assert variance[ball.transpose(2, 1, 0)].max() > 0
        assert host.dialogs == []

    check()
    clicks = [node.GetNumberOfControlPoints() for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")]
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "day.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "day.mrb"))
    host.processEvents()
    check()
    again = [node.GetNumberOfControlPoints() for node in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")]
    assert again == clicks == [5, 1]

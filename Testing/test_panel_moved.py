"""An image that is moved, or gets other voxels, after it was segmented: what the panel says of its results then."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import put_under
from panel import LEFT, RIGHT, apply_again, choose_model, click, segment_names
from phantoms import rotation, save

MOVE = np.eye(4)
MOVE[:3, :3], MOVE[:3, 3] = rotation(20, 2), (30, -12, 7)


def _crosshair(slicer):
    return np.array(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode").GetCrosshairRAS())


def _light(panel):
    return panel.ui.lightLabel.text


@pytest.mark.parametrize("hardened", [False, True])
def test_the_places_go_along_with_a_volume_that_is_moved(host, panel, hardened):
    import slicer

    segmentation, volume = click(host, panel, LEFT), panel.ui.inputSelector.currentNode()
    host.click(panel.ui.nextButton)
    before, light = _crosshair(slicer), _light(panel)
    transform = put_under(slicer, volume, MOVE)
    for node in (segmentation, segmentation.GetNodeReference("MedNCA.variance")):
        node.SetAndObserveTransformNodeID(transform.GetID())
    if hardened:
        for node in (volume, segmentation, segmentation.GetNodeReference("MedNCA.variance")):
            node.HardenTransform()
        segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)
    host.wait(lambda: False, 0.6)
    host.click(panel.ui.previousButton)
    host.click(panel.ui.nextButton)
    assert np.allclose(_crosshair(slicer), (MOVE @ (*before, 1))[:3], atol=0.01)
    assert _light(panel) == light and "Corrected" not in light
    states = {panel.ui.hotspotsTable.item(row, 2).text() for row in range(panel.ui.hotspotsTable.rowCount)}
    assert "corrected" not in states


def test_milliliters_are_those_of_the_world(host, panel):
    import slicer

    segmentation, volume = click(host, panel, LEFT), panel.ui.inputSelector.currentNode()
    before = float(panel.volumes.rows[1][1])
    transform = put_under(slicer, volume, np.diag([1.1, 1.1, 1.1, 1.0]))
    segmentation.SetAndObserveTransformNodeID(transform.GetID())
    segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)
    assert host.wait(lambda: float(panel.volumes.rows[1][1]) == pytest.approx(1.331 * before, abs=0.02), 5)


def test_a_light_goes_out_over_other_voxels_and_comes_back_over_its_own(host, panel, tmp_path):
    """As where somebody scrubs through a sequence; and what was saved is known again."""
    import slicer

    segmentation, volume = click(host, panel, LEFT), panel.ui.inputSelector.currentNode()
    light, frame = _light(panel), slicer.util.arrayFromVolume(volume).copy()
    slicer.util.updateVolumeFromArray(volume, np.roll(frame, 3, axis=2))
    assert host.wait(lambda: "Image has changed" in _light(panel), 5)
    assert (
        "Segment again" in panel.ui.reasonLabel.text and panel.ui.verdictTable.item(0, 1).text() == "Image has changed"
    )
    slicer.util.updateVolumeFromArray(volume, frame)
    assert host.wait(lambda: _light(panel) == light, 5)
    slicer.util.updateVolumeFromArray(volume, frame.astype(np.float32))  # in another type, as a file may hold it
    host.wait(lambda: False, 0.5)
    assert _light(panel) == light
    assert segment_names(segmentation) == ["Label 1"]


def test_segmenting_into_another_segmentation_leaves_the_first_one(host, panel):
    first = click(host, panel, LEFT)
    panel.ui.segmentationSelector.setCurrentNode(None)
    apply_again(host, panel)
    second = panel._parameterNode.segmentation
    assert second is not first and segment_names(first) == segment_names(second) == ["Label 1"]


def test_a_click_while_a_worker_is_being_ended_goes_to_the_next_one(host, panel, monkeypatch):
    """It does not listen for as long as it takes to end it."""
    import os
    import signal

    from MedNCASegmentLib import worker_client
    from panel import busy_whole, click_view, set_members, worker_pid

    monkeypatch.setattr(worker_client.WorkerClient, "cancelPatience", 1500)
    busy_whole(host, panel)
    pid = worker_pid(panel)
    os.kill(pid, signal.SIGSTOP)
    host.click(panel.ui.applyButton)  # cancel
    set_members(panel, 2)
    host.click(panel.ui.placeButton)
    click_view(host, RIGHT)
    assert host.wait(lambda: not panel.logic.isBusy, 60)
    segmentation = panel._parameterNode.segmentation
    assert segmentation and segment_names(segmentation) == ["Label 1"] and host.dialogs == []
    assert worker_pid(panel) != pid


def test_what_fails_at_once_is_told_once(host, panel):
    import os

    from panel import set_members, worker_pid

    click(host, panel, LEFT)
    click(host, panel, RIGHT)
    set_members(panel, 100)
    host.click(panel.ui.applyButton)  # both points again
    assert host.wait(lambda: panel.ui.progressBar.maximum == 100, 60)
    os.kill(worker_pid(panel), 9)
    assert host.wait(lambda: not panel.logic.isBusy and host.dialogs, 10)
    host.processEvents()
    assert len(host.dialogs) == 1


def test_a_disturbed_copy_is_segmented_by_the_same_model_only(host, panel, models):
    from panel import ball_model

    save(ball_model("other", name="Another"), models / "other")
    panel.models.fill()
    click(host, panel, LEFT)
    choose_model(panel, "other")
    assert not panel.ui.disturbButton.enabled and "two models" in panel.ui.disturbButton.toolTip
    choose_model(panel, "bright")
    assert "two models" not in panel.ui.disturbButton.toolTip


def test_a_click_that_is_nowhere_is_refused(host, panel):
    from mednca.errors import MedNCAError

    volume = panel.ui.inputSelector.currentNode()
    with pytest.raises(MedNCAError, match="has no place"):
        panel.logic.segment(volume, "bright", [(float("nan"), 0, 0)])


def test_several_volumes_need_none_that_is_chosen(host, panel, monkeypatch):
    import slicer

    from panel import open_all_sections

    open_all_sections(panel)
    host.wait(lambda: False, 0.5)
    panel.ui.inputSelector.setCurrentNode(None)
    slicer.util.setSliceViewerLayers(background=None)
    host.processEvents()
    assert panel.ui.inputSelector.currentNode() is None and panel.ui.severalButton.enabled
    began = []
    monkeypatch.setattr(panel.batch, "begin", lambda volumes, segment: began.append(volumes))
    host.click(panel.ui.severalButton)
    assert began


def test_files_of_images_go_with_their_scene(host, panel):
    import slicer

    click(host, panel, LEFT)
    scratch = panel.logic.queue.client.scratch
    assert list(scratch.glob("volume-*.nrrd"))
    slicer.mrmlScene.Clear(0)
    host.processEvents()
    assert not list(scratch.glob("volume-*.nrrd"))


def test_all_that_waits_for_a_worker_that_is_being_ended_goes_to_the_next_one(host, panel, monkeypatch):
    """With the files of its images, also of several volumes."""
    import os
    import signal

    import slicer

    from MedNCASegmentLib import worker_client
    from nodes import add_volume
    from panel import BALLS, busy_whole, worker_pid

    monkeypatch.setattr(worker_client.WorkerClient, "cancelPatience", 2500)
    others = [add_volume(slicer, BALLS[n] * np.int16(500) + np.int16(20), name=f"other {n}") for n in range(2)]
    busy_whole(host, panel)
    os.kill(worker_pid(panel), signal.SIGSTOP)
    panel.logic.cancel()
    places = [(LEFT,), (RIGHT,)]
    asked = [
        panel.logic.segment(volume, "bright", place, wait=False, members=2)
        for volume, place in zip(others, places, strict=True)
    ]
    assert host.wait(lambda: not panel.logic.isBusy, 60)
    assert [request.state for request in asked] == [worker_client.RequestState.DONE] * 2, [r.error for r in asked]


def test_points_that_hold_a_result_stay(host, panel):
    """Of a search, and segmented at again since; only those go whose structure another search has found."""
    from types import SimpleNamespace

    from MedNCASegmentLib import undo

    history, gone = undo.UndoHistory(), {"first"}
    point, other = SimpleNamespace(id=1), SimpleNamespace(id=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undo, "_isThere", lambda added: added not in gone)
        first = SimpleNamespace(isFound=True, points=[point, other], brought="first")
        again = SimpleNamespace(isFound=False, points=[point], brought="again")
        history.requests = [first, again]
        assert history.replacedPoints() == [other]

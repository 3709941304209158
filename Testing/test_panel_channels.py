"""A model of several channels at the panel: its further volumes are chosen, and everything takes them along."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from mednca.errors import MedNCAError
from nodes import add_volume, segment_mask
from panel import BALLS, LEFT, SHAPE, choose_model, click, wait_for_result
from phantoms import difference_model, save


@pytest.fixture(scope="module")
def models(models):
    save(difference_model(field_of_view=(30.0, 30.0, 30.0), keep_largest=True), models / "difference")
    return models


@pytest.fixture(scope="module")
def shared_host(fresh_host):
    return fresh_host


@pytest.fixture
def second(panel):
    """A volume on another grid, in which the left ball alone is bright."""
    import slicer

    array = np.zeros(SHAPE, np.int16)
    array[:30] = 3 * BALLS[0][:30]
    geometry = np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)
    return add_volume(slicer, array[::-1], geometry, name="ADC map")


def channelsOf(volumeNode):
    from MedNCASegmentLib import channels

    return channels.channelsOf(volumeNode)


def setChannel(*choice):
    from MedNCASegmentLib import channels

    channels.setChannel(*choice)


def _selector(panel, number=1):
    return panel.ui.channelsWidget.findChild(type(panel.ui.inputSelector), f"channelSelector{number}")


def test_the_volume_of_each_channel_is_asked_for(host, panel, second):
    assert not panel.ui.channelsWidget.visible  # of a model of one channel nothing is asked
    choose_model(panel, "difference")
    host.processEvents()
    assert panel.ui.channelsWidget.visible and not panel.ui.placeButton.enabled
    assert panel.ui.placeButton.toolTip == "Choose the volume of the channel ADC first."
    assert panel.ui.wholeButton.toolTip == "Choose the volume of the channel ADC first."
    _selector(panel).setCurrentNode(second)
    host.processEvents()
    assert panel.ui.placeButton.enabled and panel.ui.placeButton.toolTip.startswith("Then click on the organ")
    assert channelsOf(panel.ui.inputSelector.currentNode()) == [panel.ui.inputSelector.currentNode(), second]
    choose_model(panel, "bright")
    assert not panel.ui.channelsWidget.visible and panel.ui.placeButton.enabled


def test_a_click_takes_all_channels(host, panel, second):
    """The first channel shows something else here: what is found comes from the second one."""
    import slicer

    volume = panel.ui.inputSelector.currentNode()
    slicer.util.arrayFromVolume(volume)[:] = 20
    slicer.util.arrayFromVolume(volume)[5:13, 5:15, 3:7] = 500
    slicer.util.arrayFromVolumeModified(volume)
    choose_model(panel, "difference")
    _selector(panel).setCurrentNode(second)
    segmentation = click(host, panel, LEFT)
    found = segment_mask(slicer, segmentation, volume)
    assert np.abs(found.astype(int) - BALLS[0]).sum() < 0.1 * BALLS[0].sum()
    host.click(panel.ui.applyButton)  # the files are there already
    wait_for_result(host, panel)
    assert len(list(panel.logic.queue.client.scratch.glob("volume-*.nrrd"))) == 2


def test_a_channel_that_is_removed_is_none(host, panel, second):
    """Slicer's selector would choose the next volume of its list, and nobody would see that."""
    import slicer

    choose_model(panel, "difference")
    host.processEvents()
    _selector(panel).setCurrentNode(second)
    add_volume(slicer, np.zeros(SHAPE, np.int16), name="another patient")
    slicer.mrmlScene.RemoveNode(second)
    volume = panel.ui.inputSelector.currentNode()
    assert volume.GetName() == "head" and channelsOf(volume) == [volume]
    assert _selector(panel).currentNode() is None and "channel ADC" in panel.ui.placeButton.toolTip


def test_the_scene_keeps_them(host, panel, second, tmp_path):
    import slicer

    setChannel(panel.ui.inputSelector.currentNode(), 1, second)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    volume, other = (slicer.util.getNode(name) for name in ("head", "ADC map"))
    assert channelsOf(volume) == [volume, other]
    slicer.mrmlScene.RemoveNode(other)
    assert channelsOf(volume) == [volume]


def test_from_a_script(host, panel, second):
    volume = panel.ui.inputSelector.currentNode()
    with pytest.raises(MedNCAError, match="needs 2 image channel"):
        panel.logic.segment(volume, "difference", [LEFT])
    setChannel(volume, 1, second)
    added, result = panel.logic.segmentInProcess(volume, "difference", [LEFT], members=2)
    same = panel.logic.segment(volume, "difference", [LEFT], members=2)
    assert same.report.findings[0].nqm == added.report.findings[0].nqm == result.report.findings[0].nqm
    assert panel.logic.segment(volume, "bright", [LEFT], members=2).report.findings[0].volume_mm3["union"] > 0


def test_only_what_the_model_takes_is_handed_over(host, panel, second):
    """What it does not take may change meanwhile, or be of another place."""
    volume, scratch = panel.ui.inputSelector.currentNode(), panel.logic.queue.client.scratch
    setChannel(volume, 1, second)
    before = set(scratch.glob("volume-*.nrrd"))
    request = panel.logic.segment(volume, "bright", [LEFT], members=2, wait=False)
    second.GetImageData().Modified()
    panel.logic.queue.wait(request)
    assert request.error == "" and len(set(scratch.glob("volume-*.nrrd")) - before) == 1


def test_a_volume_may_be_two_channels(host, panel):
    """One file, given twice: they do not differ, so that nothing is found."""
    volume = panel.ui.inputSelector.currentNode()
    setChannel(volume, 1, volume)
    with pytest.raises(MedNCAError, match="Nothing was found"):
        panel.logic.segment(volume, "difference", [LEFT], members=2)


def test_a_disturbed_copy_has_them_too(host, panel, second):
    volume = panel.ui.inputSelector.currentNode()
    setChannel(volume, 1, second)
    request = panel.logic.startDisturbing(volume, noise=0.1)
    panel.logic.queue.wait(request)
    assert channelsOf(request.copyNode) == [request.copyNode, second]

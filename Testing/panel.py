"""Steps of a person at the segmentation module's panel, on the test host, and what is segmented there.

The fixtures `host` and `panel` are in conftest.
"""

import os

import numpy as np

from nodes import add_volume
from phantoms import bright_model, ellipsoid

SHAPE = (60, 40, 36)  # (i, j, k) = (R, A, S) where the geometry is plain
LEFT, RIGHT = (14, 20, 18), (45, 20, 18)
BALLS = [ellipsoid(SHAPE, center, (5, 6, 4)) for center in (LEFT, RIGHT)]
_CURVE = {
    "signal": "nqm field", "knots": [0.0, 20.0], "dice": [0.95, 0.5], "low": [0.9, 0.4], "high": [1.0, 0.6],
    "samples": 50,
}  # fmt: skip
CALIBRATION = {
    "curves": {"crop": _CURVE, "scan": _CURVE}, "members": 10, "linear": [0.0, 0.0], "detection": {},
}  # fmt: skip


def ball_model(id="bright", **info):
    """Finds the bright ball in its field of view; a few cells pause, so that members differ."""
    model = bright_model(id, field_of_view=(20.0, 20.0, 20.0), fire_rate=0.9)
    model.info |= {"quality": {"calibration": CALIBRATION}} | info
    return model


def open_panel(host):
    """The module, the two balls in the views, and the phantom's model chosen."""
    import slicer

    widget = host.openModule("MedNCASegment")
    volume = add_volume(slicer, (BALLS[0] | BALLS[1]) * np.int16(500) + np.int16(20), name="head")
    volume.CreateDefaultDisplayNodes()
    widget.ui.inputSelector.setCurrentNode(volume)
    choose_model(widget, "bright")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    host.processEvents()
    return widget


def choose_model(widget, id):
    widget.ui.modelComboBox.setCurrentIndex(widget.ui.modelComboBox.findData(id))


def click(host, widget, ras, view="Red"):
    """Press the button, click with the mouse, wait for the result; returns the segmentation node."""
    if not widget.ui.placeButton.checked:
        host.click(widget.ui.placeButton)
    click_view(host, ras, view)
    wait_for_result(host, widget)
    return widget._parameterNode.segmentation


def click_view(host, ras, view="Red"):
    import slicer

    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *ras, slicer.vtkMRMLSliceNode.OffsetJumpSlice)
    host.processEvents()
    host.view(view).clickRas(*ras)


def wait_for_result(host, widget):
    """Something was asked for: until it is over."""
    assert host.wait(lambda: widget.logic.isBusy, 5)
    assert host.wait(lambda: not widget.logic.isBusy, 60), widget.ui.logText.plainText


def apply_again(host, widget):
    """Segment at all points again."""
    host.click(widget.ui.applyButton)
    wait_for_result(host, widget)


def correct(segmentation):
    """A little of the first segment, as the Segment Editor does."""
    import slicer

    segmentId = segmentation.GetSegmentation().GetNthSegmentID(0)
    slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segmentId)[5:7, 5:7, 5:7] ^= 1


def open_all_sections(widget):
    for name in dir(widget.ui):
        if name.endswith("CollapsibleButton"):
            getattr(widget.ui, name).collapsed = False


def set_members(widget, number):
    widget.ui.membersSpinBox.value = number


def busy_whole(host, widget):
    """Begin something long."""
    set_members(widget, 100)
    host.click(widget.ui.wholeButton)
    assert host.wait(lambda: widget.ui.progressBar.maximum == 100, 60)


def segment_names(segmentation):
    segments = segmentation.GetSegmentation()
    return [segments.GetNthSegment(n).GetName() for n in range(segments.GetNumberOfSegments())]


def composites():
    import slicer

    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def alive(pid):
    """Zombies, whose parent did not ask for them yet, are dead."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return "Z (zombie)" not in status.read()
    except (ProcessLookupError, FileNotFoundError):
        return False


def worker_pid(widget):
    return int(widget.logic.queue.client.process.processId())

"""The test host itself: a green test of a module says little if its host is lax."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("qt", reason="PySide6 is not installed")

import slicerhost

MODULE = """
from typing import Annotated

import slicer
import vtk
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin


class Sample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "Sample"
        self.started = 0
        slicer.app.connect("startupCompleted()", self.onStarted)

    def onStarted(self):
        self.started += 1


@parameterNodeWrapper
class SampleParameters:
    volume: slicer.vtkMRMLScalarVolumeNode
    amount: Annotated[float, WithinRange(0, 10)] = 2.5
    invert: bool = False
    speed: Annotated[str, Choice(["fast", "accurate"])] = "fast"
    marks: list[float]


class SampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.parameters = self.tag = None
        self.applied = self.changed = 0
        self.cleaned = False

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/Sample.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.setParameters(SampleLogic().getParameterNode())

    def setParameters(self, parameters):
        if self.parameters:
            self.parameters.disconnectGui(self.tag)
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.onChange)
        self.parameters = parameters
        if parameters:
            self.tag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.onChange)

    def onChange(self, caller=None, event=None):
        self.changed += 1
        self.ui.applyButton.enabled = self.parameters.volume is not None

    def onStartClose(self, caller, event):
        self.setParameters(None)

    def onEndClose(self, caller, event):
        if self.parent.isEntered:
            self.setParameters(SampleLogic().getParameterNode())

    def onApply(self):
        self.applied += 1
        with slicer.util.tryWithErrorDisplay("Failed."):
            raise ValueError("no reason")

    def cleanup(self):
        self.removeObservers()
        self.cleaned = True


class SampleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return SampleParameters(super().getParameterNode())
"""

_ROWS = [  # class, name, parameter, properties
    ("qMRMLNodeComboBox", "selector", "volume", '<property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property><property name="noneEnabled"><bool>true</bool></property><property name="renameEnabled"><bool>true</bool></property>'),
    ("ctkSliderWidget", "amountSlider", "amount", '<property name="singleStep"><double>0.1</double></property>'),
    ("QCheckBox", "invertCheckBox", "invert", '<property name="text"><string>Invert</string></property>'),
    ("QComboBox", "speedBox", "speed", ""),
]  # fmt: skip


def _ui():
    items = "".join(
        f'<item row="{row}" column="1"><widget class="{cls}" name="{name}">{properties}'
        f'<property name="SlicerParameterName" stdset="0"><string>{parameter}</string></property></widget></item>'
        f'<item row="{row}" column="0"><widget class="QLabel" name="l{row}"><property name="text">'
        f"<string>{parameter.capitalize()}:</string></property></widget></item>"
        for row, (cls, name, parameter, properties) in enumerate(_ROWS)
    )
    customs = "".join(
        f"<customwidget><class>{cls}</class><extends>QWidget</extends><header>{cls}.h</header>"
        f"<container>{container}</container></customwidget>"
        for cls, container in [
            ("qMRMLWidget", 1),
            ("ctkCollapsibleButton", 1),
            ("qMRMLNodeComboBox", 0),
            ("ctkSliderWidget", 0),
        ]
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?><ui version="4.0"><class>Sample</class>
    <widget class="qMRMLWidget" name="Sample"><layout class="QVBoxLayout" name="verticalLayout"><item>
    <widget class="ctkCollapsibleButton" name="inputs"><property name="text"><string>Inputs</string></property>
    <layout class="QFormLayout" name="formLayout">{items}</layout></widget></item>
    <item><widget class="QPushButton" name="applyButton"><property name="enabled"><bool>false</bool></property>
    <property name="text"><string>Apply</string></property></widget></item>
    <item><spacer name="spacer"><property name="orientation"><enum>Qt::Vertical</enum></property></spacer></item>
    </layout></widget><customwidgets>{customs}</customwidgets><resources/><connections>
    <connection><sender>Sample</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
    <receiver>selector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection>
    <connection><sender>invertCheckBox</sender><signal>toggled(bool)</signal>
    <receiver>speedBox</receiver><slot>setDisabled(bool)</slot></connection></connections></ui>"""


@pytest.fixture
def host():
    running = slicerhost.startApplication()
    yield running
    running.quit()


@pytest.fixture
def sample(host, tmp_path):
    """The small module above, opened."""
    (tmp_path / "Resources" / "UI").mkdir(parents=True)
    (tmp_path / "Resources" / "UI" / "Sample.ui").write_text(_ui())
    (tmp_path / "Sample.py").write_text(MODULE)
    return host.openModule(tmp_path / "Sample.py")


def _volume(host, name="head", array=None):
    node = host.slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.int16) if array is None else array)
    node.SetName(name)
    return node


# --- Qt as PythonQt shows it


def test_properties_are_attributes_and_nothing_else(host):
    import qt

    button = qt.QPushButton("Go")
    assert (button.text, button.enabled, button.checked) == ("Go", True, False)
    with pytest.raises(TypeError):
        button.text()
    with pytest.raises(AttributeError):
        button.tooltip = "misspelled"
    button.toolTip = "right"
    assert button.toolTip == "right"
    button.setText("Stop")
    assert button.text == "Stop"
    box = qt.QComboBox()
    box.addItem("a", "data")
    assert (box.count, box.currentIndex, box.itemData(0)) == (1, 0, "data")
    table = qt.QTableWidget()
    table.rowCount = 3
    assert table.rowCount == 3 and qt.QTableWidgetItem("x").text() == "x"
    assert qt.Qt.LeftButton == 1 and qt.QMessageBox.Ok == 1024


def test_slots_get_what_they_accept(host):
    import qt

    got = []

    class Receiver:
        def nothing(self):
            got.append(())

        def one(self, checked):
            got.append((checked,))

        def maybe(self, caller=None, event=None):
            got.append((caller, event))

    receiver, button = Receiver(), qt.QPushButton()
    button.checkable = True
    button.connect("clicked(bool)", receiver.one)
    button.connect("clicked(bool)", receiver.nothing)
    button.clicked.connect(receiver.maybe)
    button.connect("clicked()", receiver.maybe)
    button.click()
    assert got == [(True,), (), (True, None), (None, None)]
    got.clear()
    button.disconnect("clicked(bool)", receiver.one)
    button.clicked.disconnect(receiver.maybe)
    button.click()
    assert got == [(), (None, None)]
    with pytest.raises(ValueError, match="no signal"):
        button.connect("pushed()", receiver.nothing)


def test_a_process_speaks(host):
    import qt

    output, ends = [], []
    process = qt.QProcess()
    assert process.state() == qt.QProcess.NotRunning
    process.connect("readyReadStandardOutput()", lambda: output.append(process.readAllStandardOutput().data()))
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ends.append((code, status)))
    process.start(sys.executable, ["-c", "print('hello', flush=True)"])
    assert host.wait(lambda: ends, 20)
    assert b"".join(output).strip() == b"hello"
    assert ends == [(0, qt.QProcess.NormalExit)]


def test_freezes_are_measured(host):
    import time

    with host.longestTick() as calm:
        host.wait(lambda: False, 0.1)
    with host.longestTick() as frozen:
        host.wait(lambda: False, 0.05)
        time.sleep(0.3)
    assert frozen.seconds >= 0.3 > calm.seconds


def test_dialogs_are_recorded_and_answered(host):
    import qt

    util = host.slicer.util
    util.errorDisplay("Bad luck")
    assert util.confirmOkCancelDisplay("Really?") is True
    host.answer = False
    assert util.confirmOkCancelDisplay("Really?") is False
    assert util.confirmYesNoDisplay("Sure?") is False
    host.answer = lambda kind, text: "/tmp/x.nrrd" if kind == "save file" else True
    assert qt.QFileDialog.getSaveFileName(None, "Save") == "/tmp/x.nrrd"
    box = qt.QMessageBox()
    keep = box.addButton("Keep", qt.QMessageBox.AcceptRole)
    box.addButton("Drop", qt.QMessageBox.RejectRole)
    box.exec_()
    assert box.clickedButton() is keep
    assert [kind for kind, _ in host.dialogs] == ["error", "question", "question", "question", "save file", "message"]
    assert host.dialogs[0][1] == "Bad luck"


# --- a module


def test_gui_and_parameters_follow_each_other(host, sample):
    import qt

    assert type(sample.ui.invertCheckBox) is qt.QCheckBox
    assert sample.ui.amountSlider.value == 2.5 and sample.ui.amountSlider.maximum == 10
    sample.parameters.amount = 7
    assert sample.ui.amountSlider.value == 7
    host.drag(sample.ui.amountSlider, 4.2)
    assert sample.parameters.amount == pytest.approx(4.2)
    assert sample.ui.speedBox.enabled
    host.click(sample.ui.invertCheckBox)
    assert sample.parameters.invert is True
    assert not sample.ui.speedBox.enabled  # a connection of the .ui file
    sample.ui.speedBox.currentIndex = 1
    assert sample.parameters.speed == "accurate"
    volume = _volume(host)
    sample.ui.selector.setCurrentNode(volume)
    assert sample.parameters.volume is volume and sample.ui.applyButton.enabled
    host.slicer.mrmlScene.RemoveNode(volume)
    assert sample.parameters.volume is None and sample.ui.selector.currentNode() is None
    with pytest.raises(ValueError, match="range"):
        sample.parameters.amount = 11
    with pytest.raises(TypeError):
        sample.parameters.invert = 1
    assert not host.errors


def test_parameters_survive_an_mrb(host, sample, tmp_path):
    volume = _volume(host)
    sample.parameters.volume, sample.parameters.amount, sample.parameters.marks = volume, 9.0, [1.0, 2.0]
    sample.parameters.marks.append(3.0)
    assert host.slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    host.slicer.mrmlScene.Clear(0)
    assert sample.parameters.amount == 2.5 and sample.parameters.volume is None
    host.slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert sample.parameters.amount == 9.0 and sample.parameters.volume.GetName() == "head"
    assert list(sample.parameters.marks) == [1.0, 2.0, 3.0]
    assert sample.ui.amountSlider.value == 9.0 and sample.ui.selector.currentNode().GetName() == "head"


def test_errors_are_shown_once_and_noted(host, sample):
    with pytest.raises(RuntimeError, match="hidden or disabled"):
        host.click(sample.ui.applyButton)
    sample.parameters.volume = _volume(host)
    host.click(sample.ui.applyButton)
    assert sample.applied == 1
    assert host.dialogs == [("error", "Failed.\n\nno reason")]
    assert [str(error) for error in host.errors] == ["no reason"]


def test_reload_leave_and_quit(host, sample):
    sample.parameters.amount = 3
    new = host.reloadModule("Sample")
    assert new is not sample and sample.cleaned
    assert new.ui.amountSlider.value == 3
    host.slicer.util.selectModule("SegmentEditor")
    assert not new.parent.isEntered
    assert host.mainWindow.moduleSelector().asked == ["Sample", "SegmentEditor"]
    assert host.slicer.modules.sample._described.started == 1
    quits = []
    host.app.connect("aboutToQuit()", lambda: quits.append(1))
    host.quit()
    assert new.cleaned and quits == [1]


def test_collapsing_hides_what_is_inside(host, sample):
    assert sample.ui.amountSlider.visible
    host.click(sample.ui.inputs)
    assert sample.ui.inputs.collapsed and not sample.ui.amountSlider.visible
    sample.ui.inputs.collapsed = False
    assert sample.ui.amountSlider.visible


def test_the_node_selector_follows_the_scene(host, sample):
    selector, changes = sample.ui.selector, []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: changes.append(node and node.GetName()))
    selector.connect("currentNodeChanged(bool)", changes.append)
    first, second = _volume(host, "first"), _volume(host, "second")
    assert selector.nodeCount() == 2 and selector.currentNode() is None  # "None" is allowed here
    selector.setCurrentNodeID(second.GetID())
    assert changes == ["second", True] and selector.currentNodeID == second.GetID()
    second.SetName("other")
    assert selector.currentNode().GetName() == "other" and "other" in _texts(selector)
    added = selector.addNode()
    assert selector.currentNode() is added and selector.nodeCount() == 3
    host.slicer.mrmlScene.RemoveNode(added)
    assert selector.currentNode() is second and selector.nodeCount() == 2  # as Slicer's does: the next one, or the last
    first.SetHideFromEditors(True)
    host.slicer.mrmlScene.Clear(0)
    assert selector.nodeCount() == 0


def _texts(selector):
    import qt

    box = selector.findChildren(qt.QComboBox)[0]
    return [box.itemText(number) for number in range(box.count)]


def test_the_panel_is_drawn(host, sample, tmp_path):
    import qt

    host.grab(sample, tmp_path / "panel.png", width=420)
    image = qt.QImage(str(tmp_path / "panel.png"))
    assert image.width() == 420
    colors = {image.pixelColor(x, y).name() for x in range(0, 420, 3) for y in range(0, image.height(), 3)}
    assert len(colors) > 8  # text, frames, buttons


# --- views


@pytest.fixture
def scene(host):
    """A head with an organ on its left side, in front."""
    k, j, i = np.mgrid[0:40, 0:60, 0:50]
    organ = ((i - 15) / 7) ** 2 + ((j - 40) / 8) ** 2 + ((k - 20) / 9) ** 2 < 1
    volume = _volume(host, array=(100 + 100 * organ).astype(np.int16))
    volume.SetOrigin(-25, -30, -20)  # i 15 is x -10: the patient's left; j 40 is y 10: in front
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().AutoWindowLevelOff()
    volume.GetDisplayNode().SetWindowLevelMinMax(0, 200)
    host.slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume, organ


def test_the_image_is_drawn_the_right_way_round(host, scene):
    red = host.view("Red")
    assert list(red.colorAt(-10, 10, 0)) == [255, 255, 255]
    assert red.colorAt(10, 10, 0) == pytest.approx([127] * 3, abs=2)
    (left_x, front_y), (x, y) = red.xyOf((-10, 10, 0)), red.xyOf((10, -10, 0))
    assert left_x > x and front_y > y  # the patient's left is on the right, the front is up
    picture = red.render()
    assert picture.shape == (512, 512, 3)
    row, column = 511 - round(front_y), round(left_x)
    assert list(picture[row, column]) == [255, 255, 255]
    for view in ("Yellow", "Green"):
        host.view(view).jumpTo(-10, 10, 0)
        assert list(host.view(view).colorAt(-10, 10, 0)) == [255, 255, 255]


def test_overlay_segmentation_and_legend_are_drawn(host, scene):
    volume, organ = scene
    slicer, red = host.slicer, host.view("Red")
    plain = red.render()
    overlay = _volume(host, "overlay", organ.astype(np.float32))
    overlay.CopyOrientation(volume)
    overlay.CreateDefaultDisplayNodes()
    display = overlay.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 1)
    slicer.util.setSliceViewerLayers(foreground=overlay, foregroundOpacity=1)
    assert list(red.colorAt(-10, 10, 0)) == [255, 0, 0]
    slicer.util.setSliceViewerLayers(foregroundOpacity=0)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = segmentation.GetSegmentation().AddEmptySegment("organ", "organ", (0.0, 1.0, 0.0))
    slicer.util.updateSegmentBinaryLabelmapFromArray(organ.astype(np.uint8), segmentation, segment, volume)
    red_part, green_part, _ = red.colorAt(-10, 10, 0)
    assert green_part > red_part + 50
    without = red.render()
    legend = slicer.modules.colors.logic().AddDefaultColorLegendDisplayNode(overlay)
    legend.SetTitleText("Overlay")
    assert (red.render() != without).any() and (without != plain).any()
    segmentation.CreateClosedSurfaceRepresentation()
    slicer.util.resetThreeDViews()
    middle = host.view("3D").render()[256, 256].astype(int)
    assert middle[1] > middle[0] + 50 and middle[1] > middle[2] + 50


def test_a_click_in_place_mode_places_a_point(host, scene):
    slicer = host.slicer
    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    points.CreateDefaultDisplayNodes()
    seen = []
    points.AddObserver(points.PointPositionDefinedEvent, lambda caller, event: seen.append(event))
    logic = slicer.modules.markups.logic()
    logic.SetActiveList(points)
    logic.StartPlaceMode(False)
    red = host.view("Red")
    red.clickRas(-10, 10, 0)
    assert len(seen) == 1 and points.GetNumberOfDefinedControlPoints() == 1
    pixel = red.rasOf(1, 0)[0] - red.rasOf(0, 0)[0]
    assert np.abs(np.array(points.GetNthControlPointPositionWorld(0)) - (-10, 10, 0)).max() <= abs(pixel) / 2
    red.clickRas(5, 5, 0)  # placing one point at a time: this click is not one
    assert points.GetNumberOfDefinedControlPoints() == 1


def test_a_sequence_is_played(host, scene):
    """By Slicer's own logic, at its own rate; the toolbar takes a browser of the scene, and nothing else."""
    slicer = host.slicer
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "steps")
    for step in range(4):
        data = slicer.vtkMRMLTextNode()
        data.SetText(str(step))
        sequence.SetDataNodeAtValue(data, str(step))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    seen = browser.GetProxyNode(sequence)
    assert seen.GetText() == "0" and slicer.modules.sequences.showSequenceBrowser(browser)
    assert slicer.modules.sequences.activeBrowserNode is browser
    browser.SetPlaybackLooped(False)
    browser.SetPlaybackRateFps(20)
    browser.SetPlaybackActive(True)
    assert host.wait(lambda: seen.GetText() == "3", 5)
    assert host.wait(lambda: not browser.GetPlaybackActive(), 5)
    with pytest.raises(TypeError):
        slicer.modules.sequences.showSequenceBrowser(sequence)


def test_loading_and_saving(host, scene, tmp_path):
    volume, _ = scene
    util = host.slicer.util
    assert util.saveNode(volume, str(tmp_path / "head.nii.gz"))
    loaded = util.loadVolume(str(tmp_path / "head.nii.gz"))
    assert np.array_equal(util.arrayFromVolume(loaded), util.arrayFromVolume(volume))
    composite = host.layoutManager.sliceWidget("Green").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == loaded.GetID()
    with pytest.raises(RuntimeError, match="Failed to load"):
        util.loadVolume(str(tmp_path / "absent.nrrd"))


def test_every_start_is_a_fresh_one(host, scene):
    old = host.slicer.mrmlScene
    again = slicerhost.startApplication()
    assert again.slicer.mrmlScene is not old
    assert again.slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
    assert again.view("Red").render().max() == 0
    again.quit()


# --- Slicer's Python layer


def test_packages_are_never_installed_unasked(host, tmp_path):
    from slicer import packaging

    if not Path(packaging.__file__).is_relative_to(slicerhost.HOST):
        pytest.skip("runs on Slicer's own layer")
    (tmp_path / "requirements.txt").write_text("# comment\nnumpy>=1\n-c x\nnot-a-package-of-anyone>=2\n")
    requirements = packaging.load_requirements(tmp_path / "requirements.txt")
    assert packaging.pip_check(requirements[0]) and not packaging.pip_check(requirements)
    host.answer = False
    with pytest.raises(RuntimeError):
        packaging.pip_ensure(requirements, requester="Sample")
    assert "not-a-package-of-anyone" in host.dialogs[0][1]

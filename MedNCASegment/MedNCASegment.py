"""MedNCASegment, the scripted module: click on an organ, get a segmentation, its uncertainty and a verdict.

This file stays thin: the engine is mednca, what touches MRML and Qt beside the panel is MedNCASegmentLib. It
imports neither torch nor anything that Slicer does not bring.
"""

import time
from typing import Annotated

import qt
import slicer
import vtk
from slicer import vtkMRMLMarkupsFiducialNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from mednca.errors import MedNCAError
from mednca.models.library import Library
from mednca.quality.verdict import DEFAULT_TARGET
from MedNCASegmentLib.click_placement import Placer, adoptClicks, createClicks, pointsOf, removePoints
from MedNCASegmentLib.dependencies import ensureDependencies, missingPackages
from MedNCASegmentLib.messages import progressText
from MedNCASegmentLib.model_chooser import ModelChooser
from MedNCASegmentLib.pairing import Pairing
from MedNCASegmentLib.record import checkFits, isImage, runsOf
from MedNCASegmentLib.requests import Engine, Request
from MedNCASegmentLib.result_view import ResultView
from MedNCASegmentLib.results import addResult, editedSegments, removeResult
from MedNCASegmentLib.review import editInSegmentEditor, hide
from MedNCASegmentLib.slice_views import SliceViews, imageUnderMouse, shownImage

_UNDO_STEPS = 20  # each keeps its part of the variance


class MedNCASegment(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MedNCA Segment")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MedNCA developers"]
        self.parent.helpText = _(
            "Click on an organ: a neural cellular automaton of a few thousand parameters segments it, shows where it "
            "is unsure and says whether to trust the result. Everything is computed on this computer."
        )
        self.parent.acknowledgementText = _(
            "After M3D-NCA and Med-NCA by Kalkhof, Gonz\u00e1lez and Mukhopadhyay, TU Darmstadt."
        )


@parameterNodeWrapper
class MedNCASegmentParameterNode:
    """What the user chose, kept with the scene. members 0, seed -1, memoryLimit 0: as the model or the machine says."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = "hippocampus-m3dnca"
    points: vtkMRMLMarkupsFiducialNode
    segmentation: vtkMRMLSegmentationNode
    show3D: bool = False
    targetDice: Annotated[float, WithinRange(0.5, 0.95)] = 0.8
    showOverlay: bool = True
    showLegend: bool = True
    opacity: Annotated[float, WithinRange(0, 1)] = 0.5
    threshold: Annotated[float, WithinRange(0.001, 0.25)] = 0.005
    members: Annotated[int, WithinRange(0, 100)] = 0
    seed: Annotated[int, WithinRange(-1, 999999)] = -1
    device: Annotated[str, Choice(["auto", "cpu", "cuda", "mps"])] = "auto"
    memoryLimit: Annotated[int, WithinRange(0, 1000000)] = 0
    keepProbability: bool = False


class MedNCASegmentWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: binds the parameter node, starts requests, shows what is being done."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._guiTag = None
        self._shown3D = False

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MedNCASegment.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MedNCASegmentLogic(changed=self._onRequestChanged, log=self._log)
        self.models = ModelChooser(self.ui, self.logic.library, self._onModelChosen, self._log)
        self.placer = Placer(self.ui.placeButton, self._onPlaced, self._onPointsRemoved)
        self.results = ResultView(self.ui)
        self.pairing = Pairing(self._tell)
        self.views = SliceViews(self._onViewsChanged)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.EndBatchProcessEvent, self._onParametersModified)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        slicer.app.connect("aboutToQuit()", self.onQuit)

        self.ui.placeButton.connect("clicked(bool)", self.onPlaceButton)
        self.ui.undoButton.connect("clicked(bool)", self.onUndoButton)
        self.ui.wholeButton.connect("clicked(bool)", self.onWholeButton)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.editButton.connect("clicked(bool)", self.onEditButton)
        self.ui.copyLogButton.connect("clicked(bool)", self.onCopyLogButton)
        self.initializeParameterNode()

    def cleanup(self):
        """Called when the application closes and when the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onQuit)
        self.logic.shutdown()
        self.views.cleanup()
        self.placer.cleanup()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()
        self._onViewsChanged()

    def exit(self):
        """Another module is opened: stop placing, keep computing."""
        self.placer.stop()

    def onQuit(self):
        self.logic.shutdown()

    def onSceneStartClose(self, caller, event):
        self.logic.forgetScene()
        self.placer.stop()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneStartImport(self, caller, event):
        """Nodes come one by one: a selector would choose the first one, and the scene's own choice be lost."""
        self.placer.stop()
        self.setParameterNode(None)

    def onSceneEndImport(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onNodeRemoved(self, caller, event):
        self.logic.forgetRemovedNodes()
        self._showState()

    # --- the parameter node

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            volumeNode = shownImage() or self.logic.firstImage()
            if volumeNode:
                self._parameterNode.inputVolume = volumeNode

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameterNode = parameterNode
        if parameterNode is None:
            self.pairing.forget()
        else:
            adoptClicks(parameterNode.points, parameterNode.inputVolume)
            self._guiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
            self._showModelOf(parameterNode)
        self._onParametersModified()

    def _showModelOf(self, parameterNode):
        """A scene may name a model that this computer lacks: then another one is chosen, and that is said."""
        wanted = parameterNode.model
        shown = self.models.select(wanted)
        if shown and shown != wanted:
            told = _("There is no model {wanted} here; {shown} is chosen instead.")
            self._log(told.format(wanted=wanted, shown=shown))
            parameterNode.model = shown

    def _onParametersModified(self, caller=None, event=None):
        """Show everything as the parameter node has it, once what it has belongs together."""
        node = self._parameterNode
        if node and node.inputVolume is not self.pairing.volumeNode:
            self._tell("")  # what was told was about the other one
        isAnotherVolume = bool(node) and self.pairing.settle(node)
        if isAnotherVolume:
            self._shown3D = False  # its segments want surfaces, too
        self.placer.follow(node.points if node else None)
        self.results.show(node.segmentation if node else None, node.targetDice if node else DEFAULT_TARGET)
        if node:
            self.results.showOverlay(node.segmentation, node.showOverlay, node.opacity, node.threshold, node.showLegend)
            self._show3D(node)
        if isAnotherVolume:
            self._placeOn(node)
        self._showState()

    def _placeOn(self, node):
        """Another volume was chosen: whoever is clicking goes on clicking, on that one."""
        if self.ui.placeButton.checked and node.inputVolume:
            self._place()
        elif node.inputVolume is None:
            self.placer.stop()

    def _onViewsChanged(self):
        """What is seen is what is segmented: the image that all slice views show is the volume."""
        node, shown = self._parameterNode, shownImage()
        if node and shown and shown is not node.inputVolume and self.parent.isEntered:
            before, node.inputVolume = node.inputVolume, shown
            if before:
                self._tell(_("The slice views show {name}: it is chosen now.").format(name=shown.GetName()))

    def _show3D(self, node):
        """Only where the user changed it here, or made a result: surfaces of other makers are their own business."""
        if node.segmentation and node.show3D != self._shown3D:
            self.logic.show3D(node.segmentation, node.show3D)
            self._shown3D = node.show3D

    def _onModelChosen(self, id):
        if self._parameterNode:
            self._parameterNode.model = id
        self._showState()

    # --- what the user does

    def onPlaceButton(self, checked=None):
        if not self.ui.placeButton.checked:
            self.placer.stop()
            return
        self._place()

    def _place(self):
        if not self._parameterNode.points:
            self._parameterNode.points = createClicks(self._parameterNode.inputVolume)
        self.placer.start()

    def _onPlaced(self, points):
        """Each click is segmented at once, one after the other; but not on an image that is not the one clicked on."""
        seen, chosen = imageUnderMouse(), self._parameterNode.inputVolume if self._parameterNode else None
        if seen and chosen and seen is not chosen:
            told = _("That view shows {seen}, but {chosen} is chosen: choose {seen} as the volume, then click.")
            self._tell(told.format(seen=seen.GetName(), chosen=chosen.GetName()))
            removePoints(points)
            return
        for point in points:
            if not self._start([point]):
                removePoints([point])

    def _onPointsRemoved(self, ids):
        self.logic.release(ids)
        self._showState()

    def onUndoButton(self):
        last, chosen = self.logic.last, self._parameterNode.inputVolume
        name = last.volumeNode.GetName()
        question = _("The last result, of {volume}, was corrected by hand. Take it back all the same?")
        if editedSegments(last.added) and not slicer.util.confirmOkCancelDisplay(question.format(volume=name)):
            return
        self.logic.undo()
        removePoints(last.points)
        told = _("The last result of {volume} was taken back.").format(volume=name)
        self._tell(told if last.volumeNode is not chosen else "")
        self._onParametersModified()

    def onWholeButton(self):
        self._start([])

    def onApplyButton(self):
        """Cancel what runs; otherwise segment at all points again, with what is chosen now."""
        if self.logic.isBusy:
            self.logic.cancel()
            return
        for point in pointsOf(self._parameterNode.points):
            if not self._start([point]):
                break

    def onEditButton(self):
        editInSegmentEditor(self._parameterNode.segmentation, self._parameterNode.inputVolume)

    def onCopyLogButton(self):
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def _start(self, points):
        """Start a request for some points, or for the whole volume; returns whether it was started."""
        try:
            self.models.check()
            ensureDependencies()
            node = self._parameterNode  # not before: installing takes minutes, in which the scene may be closed
            volumeNode = node.inputVolume if node else None
            if volumeNode is None:
                return False
            self._tell("")
            self.logic.start(
                volumeNode,
                node.model,
                points=points,
                target=lambda: self.pairing.target(volumeNode),
                keepProbability=node.keepProbability,
                members=node.members or None,
                seed=node.seed if node.seed >= 0 else None,
                device=node.device,
                target_dice=node.targetDice,
                memory_limit=node.memoryLimit or None,
            )
            return True
        except MedNCAError as error:
            self._log(str(error))
            slicer.util.errorDisplay(str(error))
            return False

    # --- what is shown

    def _onRequestChanged(self, request):
        if request.state == "done" and self._parameterNode:
            self._onDone(request)
        elif request.state == "missed":
            self._onMissed(request)
        elif request.state == "failed":
            told = _("Segmentation failed: {error}").format(error=request.error)
            qt.QTimer.singleShot(0, lambda: slicer.util.errorDisplay(told))  # not within the worker's own signal
        self._showState()

    def _onDone(self, request):
        """Show it, unless another volume was chosen meanwhile."""
        self._log(_("Done in {seconds:.1f} s.").format(seconds=time.monotonic() - request.started))
        added = request.added.segmentationNode
        if request.volumeNode is self._parameterNode.inputVolume:
            self.results.forgetOverlay()
            self._parameterNode.segmentation = added
            self._shown3D = False  # new segments want surfaces, too
            self._onParametersModified()
        else:
            hide(added)
            told = _("The result of {volume} is in {segmentation}: choose that volume to see it.")
            self._tell(told.format(volume=request.volumeNode.GetName(), segmentation=added.GetName()))

    def _onMissed(self, request):
        """The click goes, unless an earlier result is its own."""
        self._showNotice(request.error)
        if not self.logic.isAnswered(request.points):
            removePoints(request.points)

    def _showState(self):
        """Buttons and progress: what can be done now, and what is being done."""
        ui, node, busy = self.ui, self._parameterNode, self.logic.isBusy
        ready = bool(node and node.inputVolume and self.models.isUsable)
        hasPoints = bool(node and node.points and pointsOf(node.points))
        ui.placeButton.enabled = ready
        ui.wholeButton.enabled = ready and not busy
        ui.undoButton.enabled = self.logic.last is not None and not busy
        ui.applyButton.text = _("Cancel") if busy else _("Apply")
        ui.applyButton.enabled = busy or (ready and hasPoints)
        if busy:
            ui.applyButton.toolTip = _("Stop what is being computed.")
        elif ui.applyButton.enabled:
            ui.applyButton.toolTip = _("Segment at all points again, with what is chosen now.")
        else:
            ui.applyButton.toolTip = _("Choose a volume and a model, then click on the organ.")
        self._showProgress(self.logic.progress if busy else None)

    def _showProgress(self, progress):
        ui = self.ui
        ui.progressBar.visible = progress is not None
        ui.statusLabel.visible = progress is not None
        if progress:
            stage, step, total, _seconds = progress
            known = bool(total) and stage.startswith("ensemble")
            ui.progressBar.maximum = total if known else 0  # 0: busy, nobody knows how long
            ui.progressBar.value = step if known else 0
            ui.statusLabel.text = progressText(*progress)

    def _tell(self, text):
        """Something that the user should know at once, beside the buttons; nothing, where there is nothing to tell."""
        self._showNotice(text)
        if text:
            self._log(text)

    def _showNotice(self, text):
        self.ui.noticeLabel.text = text
        self.ui.noticeLabel.visible = bool(text)

    def _log(self, text):
        self.ui.logText.appendPlainText(time.strftime("%H:%M:%S  ") + text)


def _sameQuestion(one, other):
    """Whether two requests are for the same click, or both for the same whole volume."""
    if one.clicks or other.clicks:
        return bool({id for id, _position in one.points} & {id for id, _position in other.points})
    sameTarget = one.added.segmentationNode is other.added.segmentationNode
    return one.volumeNode is other.volumeNode and sameTarget


class MedNCASegmentLogic(ScriptedLoadableModuleLogic):
    """Segments volume nodes, with or without the panel.

    From a script, in one call:
        added = slicer.util.getModuleLogic("MedNCASegment").segment(volumeNode, "hippocampus-m3dnca", [(-27, -22, -14)])
        added.segmentationNode, added.varianceNode, added.tableNode, added.report
    """

    def __init__(self, changed=lambda request: None, log=lambda text: None):
        ScriptedLoadableModuleLogic.__init__(self)
        self.library = Library(check_tensors=False)
        self.engine = Engine(changed, log)
        self._undo = []  # requests that are done, oldest first, as long as their result can be taken back

    def getParameterNode(self):
        return MedNCASegmentParameterNode(super().getParameterNode())

    def segment(self, volumeNode, model, clicks=(), segmentationNode=None, wait=True, finished=None, **options):
        """Segment a volume node in the worker and put the result into the scene.

        model: id of the library, or folder. clicks: points in world RAS mm; without any the whole volume is one field
        of view. options: members, seed, device, target_dice, memory_limit as of `mednca.segment.segment_image`,
        and keepProbability. segmentationNode: to add to; it must not belong to another volume. Returns a
        `MedNCASegmentLib.results.AddedRun`; with wait=False at once the `MedNCASegmentLib.requests.Request`, which
        finished(request) is called with at its end.
        Raises MedNCAError with a sentence for the user, also where nothing was found; nothing is added to the scene
        then.
        """
        request = Request(volumeNode, model, clicks, lambda: segmentationNode, finished, **options)
        self._run(request)
        if not wait:
            return request
        self.engine.wait(request)
        if request.state != "done":
            raise MedNCAError(request.error or _("The segmentation was cancelled."))
        return request.added

    def segmentInProcess(self, volumeNode, model, clicks=(), segmentationNode=None, progress=None, **options):
        """The same in this process, which loads torch into it: for Python outside Slicer.

        model: as above, or a `mednca.models.weights.Model`. Returns (AddedRun, `mednca.segment.Segmentation`).
        """
        from mednca.imaging.reading import check_image
        from mednca.segment import segment_image
        from MedNCASegmentLib.volumes import imageFromVolumeNode

        image = check_image(imageFromVolumeNode(volumeNode), volumeNode.GetName())
        checkFits(segmentationNode, volumeNode)
        loaded = self.library.load(model) if isinstance(model, str) else model
        result = segment_image(image, loaded, clicks, progress=progress, **options)
        images = {name: result.parts[name] for name in ("labels", "variance")}
        return addResult(volumeNode, images, result.report, segmentationNode), result

    def start(self, volumeNode, model, points=(), target=lambda: None, **options):
        """For the panel: segment at points of `placing`. What they gave before is replaced."""
        request = Request(volumeNode, model, [position for _id, position in points], target, self._onOver, **options)
        request.points = points
        return self._run(request)

    def _run(self, request):
        missing = ", ".join(missingPackages().values())
        if missing:
            told = _("{names} not installed; segment once from the panel, which installs what is missing.")
            raise MedNCAError(told.format(names=missing))
        request.started = time.monotonic()
        return self.engine.start(request)

    def _onOver(self, request):
        """Keep it for undo. An earlier result of the same click gives way, but for what was corrected by hand."""
        if request.state != "done":
            return
        for earlier in [each for each in self._undo if _sameQuestion(each, request)]:
            self._undo.remove(earlier)
            removeResult(earlier.added, [each.added for each in (*self._undo, request)], keepEdited=True)
        self._undo = [*self._undo, request][-_UNDO_STEPS:]

    @property
    def isBusy(self):
        return bool(self.engine.requests)

    @property
    def progress(self):
        """stage, step, total, seconds left of what is being worked on."""
        return self.engine.requests[0].progress

    @property
    def last(self):
        """The `MedNCASegmentLib.requests.Request` whose result `undo` takes back, of whatever volume; or None."""
        return self._undo[-1] if self._undo else None

    def undo(self):
        """Take the last result back."""
        request = self._undo.pop()
        removeResult(request.added, [each.added for each in self._undo])

    def isAnswered(self, points):
        """Whether one of the points has a result."""
        ids = {id for id, _position in points}
        return any(ids & {id for id, _position in request.points} for request in self._undo)

    def release(self, ids):
        """Points are gone: their results stay, but belong to no point any more."""
        for request in (*self._undo, *self.engine.requests):
            request.points = [point for point in request.points if point[0] not in ids]

    def cancel(self):
        self.engine.cancel()

    def shutdown(self):
        self.engine.shutdown()

    def forgetScene(self):
        """The scene is about to lose all nodes: nothing of what runs can be used, nothing be undone."""
        self.engine.cancel()
        self._undo = []

    def forgetRemovedNodes(self):
        """What lost its segmentation node cannot be undone any more."""
        isThere = slicer.mrmlScene.IsNodePresent
        self._undo = [request for request in self._undo if isThere(request.added.segmentationNode)]

    def show3D(self, segmentationNode, visible):
        """Surfaces of the segments, made when first wanted. Hiding keeps them: they may be somebody's only geometry."""
        if visible:
            segmentationNode.CreateClosedSurfaceRepresentation()
        segmentationNode.GetDisplayNode().SetVisibility3D(visible)

    def firstImage(self):
        """The first volume of the scene that is an image, or None."""
        return next(filter(isImage, slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")), None)


class MedNCASegmentTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        if missingPackages():
            self.skipTest(_("Needs {names}.").format(names=", ".join(missingPackages().values())))

    def runTest(self):
        for test in (self.test_segmentPhantom, self.test_badVolume, self.test_cancel):
            self.setUp()
            test()

    def test_segmentPhantom(self):
        """A phantom goes in; a segmentation, a variance volume and a table come out, on its own grid."""
        logic = MedNCASegmentLogic()
        try:
            added = logic.segment(self._phantom(), "hippocampus-m3dnca", members=2)
            self.assertEqual(added.segmentationNode.GetSegmentation().GetNumberOfSegments(), 2)
            self.assertEqual(added.varianceNode.GetImageData().GetDimensions(), (36, 52, 36))
            self.assertEqual(added.tableNode.GetNumberOfRows(), 2)
            self.assertEqual(runsOf(added.segmentationNode)[0]["report"]["members"], 2)
            self.assertEqual(added.report["findings"][0]["verdict"]["color"], "grey")  # two members say too little
        finally:
            logic.shutdown()
        self.delayDisplay(_("A phantom was segmented."))

    def test_badVolume(self):
        """What cannot be segmented is told, and leaves nothing behind."""
        logic = MedNCASegmentLogic()
        try:
            volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
            with self.assertRaises(MedNCAError):
                logic.segment(volumeNode, "hippocampus-m3dnca")
            with self.assertRaises(MedNCAError):
                logic.segment(self._phantom(), "no such model")
            self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"), 0)
        finally:
            logic.shutdown()
        self.delayDisplay(_("Bad requests were refused."))

    def test_cancel(self):
        """A cancelled request ends soon and adds nothing."""
        logic = MedNCASegmentLogic()
        try:
            request = logic.segment(self._phantom(), "hippocampus-m3dnca", members=100, wait=False)
            logic.cancel()
            logic.engine.wait(request)
            self.assertEqual(request.state, "cancelled")
            self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"), 0)
        finally:
            logic.shutdown()
        self.delayDisplay(_("A request was cancelled."))

    def _phantom(self):
        import numpy as np

        from MedNCASegmentLib.volumes import imageDataFromArray

        k, j, i = np.mgrid[0:36, 0:52, 0:36]
        blob = np.exp(-(((i - 18) / 6) ** 2 + ((j - 26) / 14) ** 2 + ((k - 18) / 6) ** 2))
        volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "phantom")
        volumeNode.SetAndObserveImageData(imageDataFromArray((1000 * blob).astype(np.int16)))
        volumeNode.CreateDefaultDisplayNodes()
        return volumeNode

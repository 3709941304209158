"""MedNCASegment, the scripted module: click on an organ, get a segmentation, its uncertainty and a verdict.

This file stays thin: the engine is mednca, what touches MRML and Qt beside the panel is MedNCASegmentLib. It
imports neither torch nor anything that Slicer does not bring.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from mednca.messages import Progress
from mednca.models.library import Library
from mednca.quality.verdict import DEFAULT_TARGET
from mednca.result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Place
from MedNCASegmentLib import messages
from MedNCASegmentLib.added_run import AddedRun
from MedNCASegmentLib.batch import Batch
from MedNCASegmentLib.channels import ChannelChooser, channelsOf, whatLacks
from MedNCASegmentLib.click_placement import (
    ClickPlacement,
    Point,
    adoptClicks,
    clicksOf,
    createClicks,
    pointsOf,
    removePoints,
)
from MedNCASegmentLib.dependencies import Declined, ensureDependencies, missingPackages
from MedNCASegmentLib.help_page import HelpPage
from MedNCASegmentLib.hotspot_list import HotspotList
from MedNCASegmentLib.model_chooser import ModelChooser
from MedNCASegmentLib.pairing import Pairing
from MedNCASegmentLib.record import checkFits, isImage, runsOf, whyNoImage
from MedNCASegmentLib.removal import editedSegments
from MedNCASegmentLib.requests import AnyRequest, Disturbing, Growing, Request, RequestQueue, Search
from MedNCASegmentLib.result_files import ResultFiles
from MedNCASegmentLib.result_view import ResultView
from MedNCASegmentLib.results import addResult
from MedNCASegmentLib.review import editInSegmentEditor, hide
from MedNCASegmentLib.sample_data import MODEL, loadSampleHead, registerSampleData
from MedNCASegmentLib.selectors import letGo
from MedNCASegmentLib.sentences import sentenceText
from MedNCASegmentLib.several_volumes import SeveralVolumes
from MedNCASegmentLib.shortcuts import Shortcuts
from MedNCASegmentLib.slice_views import SliceViews, imageUnderMouse, shownImage, shownImages
from MedNCASegmentLib.undo import UndoHistory
from MedNCASegmentLib.volume_card import VolumeCard
from MedNCASegmentLib.watching import Places, Watching
from MedNCASegmentLib.ways import whyNot
from MedNCASegmentLib.worker_client import RequestState

if TYPE_CHECKING:
    from mednca.models.weights import Model
    from mednca.result import Segmentation


_ICON = Path(__file__).parent / "Resources" / "Icons" / "MedNCASegment.png"
# Addresses: nothing in them is translated. Testing/test_docs.py holds them to the extension's homepage.
_HOMEPAGE = (
    '<p><a href="https://github.com/MedNCA/SlicerMedNCA">https://github.com/MedNCA/SlicerMedNCA</a>'
    '<br><a href="https://github.com/MedNCA/SlicerMedNCA/blob/main/docs/user-guide.md">'
    "https://github.com/MedNCA/SlicerMedNCA/blob/main/docs/user-guide.md</a></p>"
)
_REFERENCES = (
    '<br><a href="https://doi.org/10.1007/978-3-031-43898-1_17">M3D-NCA: doi 10.1007/978-3-031-43898-1_17</a>'
    '<br><a href="https://doi.org/10.1007/978-3-031-34048-2_54">Med-NCA: doi 10.1007/978-3-031-34048-2_54</a>'
    '<br><a href="https://doi.org/10.1038/s41467-022-30695-9">Decathlon: doi 10.1038/s41467-022-30695-9</a>'
    '<br><a href="https://doi.org/10.1016/j.media.2013.12.002">PROMISE12: doi 10.1016/j.media.2013.12.002</a>'
    '<br><a href="https://doi.org/10.1162/jocn.2007.19.9.1498">OASIS: doi 10.1162/jocn.2007.19.9.1498</a>'
)
# The sections of the panel, as their buttons and their anchors on the help page are called.
_SECTIONS = ("inputs", "segment", "verdict", "volumes", "several", "review", "outputs", "advanced", "watch")


class MedNCASegment(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        slicer.app.loadTranslations(str(Path(__file__).parent / "Resources" / "Translations"))
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MedNCA Segment")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MedNCA developers"]
        self.parent.helpText = _(
            "Click on an organ: a neural cellular automaton of 12 to 70 thousand parameters segments it, shows where "
            "it is unsure and how far to trust the result. Everything is computed on this computer. For research "
            "and education only: a person must review every result."
        )
        self.parent.helpText += _HOMEPAGE
        self.parent.acknowledgementText = _(
            "Methods: M3D-NCA (Kalkhof, Mukhopadhyay) and Med-NCA (Kalkhof, Gonz\u00e1lez, Mukhopadhyay), TU "
            "Darmstadt. "
            "Bundled models: learned from the Medical Segmentation Decathlon (CC BY-SA 4.0) and PROMISE12 (research "
            "use), calibrated with OASIS, labels by Neuromorphometrics (CC BY-NC), too."
        )
        self.parent.acknowledgementText += _REFERENCES
        slicer.app.connect("startupCompleted()", lambda: registerSampleData(_ICON))


@parameterNodeWrapper
class MedNCASegmentParameterNode:
    """What the user chose, kept with the scene. members 0, seed -1, memoryLimit 0: as the model or the machine says."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = "hippocampus-m3dnca"
    points: vtkMRMLMarkupsFiducialNode
    segmentation: vtkMRMLSegmentationNode
    show3D: bool = False
    targetDice: Annotated[float, WithinRange(0.5, 0.95)] = DEFAULT_TARGET
    showOverlay: bool = True
    showLegend: bool = True
    opacity: Annotated[float, WithinRange(0, 1)] = 0.5
    threshold: Annotated[float, WithinRange(0.001, VARIANCE_LIMIT)] = VARIANCE_SHOWN_FROM
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
        self._volumeEvents = VTKObservationMixin()
        self._watched = None  # the volume whose voxels and place decide what can be done
        self._seen = None  # the request at work that changed last, and the state in which it was
        self._failures = []  # sentences that are about to be told
        self._soon = qt.QTimer()
        self._soon.setSingleShot(True)
        self._soon.setInterval(200)
        self._soon.connect("timeout()", self._onVolumeSettled)

    def setup(self) -> None:
        """Called once, when the module is first opened."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MedNCASegment.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = MedNCASegmentLogic(changed=self._onRequestChanged, log=self._log)
        self.models = ModelChooser(self.ui, self.logic.library, self._onModelChosen, self._log)
        self._placeTip = self.ui.placeButton.toolTip
        self.channels = ChannelChooser(self.ui.channelsWidget, self._showState)
        self.placement = ClickPlacement(self.ui.placeButton, self._onPlaced, self._onPointsRemoved)
        self.results = ResultView(self.ui, self._log)
        self.hotspots = HotspotList(self.ui)
        self.volumes = VolumeCard(self.ui, self._onSegmentsEdited, self._log)
        self.files = ResultFiles(self.ui, self.logic.library, self._target, self._log)
        self.watching = Watching(self.ui, self.logic, self._askOnChosen, self._segmentCopy, self._tell)
        self.pairing = Pairing(self._tell, lambda: self.parent.isEntered)
        self.views = SliceViews(self._onViewsChanged)
        self.batch = Batch(self._onBatchChanged)
        self.several = SeveralVolumes(self.ui, self.batch, self.pairing.target, self._target, self._log)
        self.shortcuts = Shortcuts(
            {
                "C": lambda: _press(self.ui.placeButton),
                "U": lambda: _press(self.ui.undoButton),
                "N": lambda: _press(self.ui.nextButton),
                "P": lambda: _press(self.ui.previousButton),
                "A": lambda: _press(self.ui.acceptButton),
                "E": lambda: _press(self.ui.editButton),
                "O": self.onFillKey,
            },
            self.ui.hotspotsTable,
        )

        self.help = HelpPage(self.resourcePath("Help/MedNCASegment.html"))
        for section in _SECTIONS:
            self.help.addLink(getattr(self.ui, section + "CollapsibleButton").layout(), section)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.EndBatchProcessEvent, self._onParametersModified)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        slicer.app.connect("aboutToQuit()", self.onQuit)

        self.ui.placeButton.connect("clicked(bool)", self.onPlaceButton)
        self.ui.undoButton.connect("clicked(bool)", self.onUndoButton)
        self.ui.sampleButton.connect("clicked(bool)", self.onSampleButton)
        self.ui.findButton.connect("clicked(bool)", self.onFindButton)
        self.ui.wholeButton.connect("clicked(bool)", self.onWholeButton)
        self.ui.severalButton.connect("clicked(bool)", self.onSeveralButton)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.editButton.connect("clicked(bool)", self.onEditButton)
        self.ui.copyLogButton.connect("clicked(bool)", self.onCopyLogButton)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes and when the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onQuit)
        self._soon.stop()
        self.logic.shutdown()
        self.views.cleanup()
        self.shortcuts.remove()
        self.help.close()
        self.placement.cleanup()
        self.setParameterNode(None)
        self.volumes.cleanup()  # after it: without a volume their tables would be filled once more
        self.several.cleanup()
        self._watch(None)
        self.removeObservers()

    def enter(self) -> None:
        """The module is opened."""
        self.models.fill()  # one may have been trained meanwhile
        self.initializeParameterNode()
        self._onViewsChanged()
        self.pairing.show()
        self.shortcuts.install()

    def exit(self) -> None:
        """Another module is opened: stop placing, keep computing. What is of other volumes stays out of sight: it lies
        where another person's image would be."""
        self.placement.stop()
        self.shortcuts.remove()

    def onQuit(self) -> None:
        """The application ends: leave no process behind."""
        self.logic.shutdown()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """All nodes are about to go."""
        self.batch.stop()
        self.several.forget()
        self.logic.forgetScene()
        self.placement.stop()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """An empty scene has a parameter node, too."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneStartImport(self, caller: Any, event: Any) -> None:
        """Nodes come one by one: a selector would choose the first one, and the scene's own choice be lost."""
        self.placement.stop()
        self.setParameterNode(None)

    def onSceneEndImport(self, caller: Any, event: Any) -> None:
        """All nodes are there."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """Perhaps one that is chosen."""
        letGo((self.ui.inputSelector, self.ui.segmentationSelector, *self.channels.selectors), node)

    def onNodeRemoved(self, caller: Any, event: Any) -> None:
        """Perhaps a result that could be undone."""
        self.logic.forgetRemovedNodes()
        self._showState()
        self.several.fillSoon()

    def onNodeAdded(self, caller: Any, event: Any) -> None:
        """Perhaps a volume."""
        self.several.fillSoon()

    # --- the parameter node

    def initializeParameterNode(self) -> None:
        """Take the scene's parameter node; the image that is seen is the volume, where none is chosen yet."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            volumeNode = next(iter(shownImages()), None) or self.logic.firstImage()
            if volumeNode:
                self._parameterNode.inputVolume = volumeNode

    def setParameterNode(self, parameterNode: "MedNCASegmentParameterNode | None") -> None:
        """Follow a parameter node, or none."""
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
        asked = parameterNode.model
        chosen = self.models.select(asked)
        if chosen and chosen != asked:
            self._log(messages.otherModelText(asked, chosen))
            parameterNode.model = chosen

    def _onParametersModified(self, caller=None, event=None):
        """Show everything as the parameter node has it, once what it has belongs together."""
        node = self._parameterNode
        if node and node.inputVolume is not self.pairing.volumeNode:
            self._tell("")  # what was told was about the other one
        self._watch(node.inputVolume if node else None)
        isAnotherVolume = bool(node) and self.pairing.reconcile(node)
        if isAnotherVolume:
            self._shown3D = False  # its segments want surfaces, too
        if not node or not node.inputVolume:
            self.placement.stop()
        self.placement.follow(node.points if node else None)
        self.results.show(node.segmentation if node else None, node.targetDice if node else DEFAULT_TARGET)
        self.hotspots.show(node.segmentation if node else None)
        self.volumes.follow(node.segmentation if node else None)
        self.several.fillSoon()
        self.files.follow(node.segmentation if node else None)
        if node:
            self.results.showOverlay(node.segmentation, node.showOverlay, node.opacity, node.threshold, node.showLegend)
            self._show3D(node)
        if isAnotherVolume:
            self._placeOn(node)
        self._showState()

    def _watch(self, volumeNode):
        """A volume may get its voxels, or another place, after it was chosen."""
        if volumeNode is self._watched:
            return
        self._volumeEvents.removeObservers()  # all at once: removed one by one they would keep it in memory
        for event in (
            slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
            slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        ):
            if volumeNode:
                self._volumeEvents.addObserver(volumeNode, event, self._onVolumeChanged)
        self._watched = volumeNode

    def _onVolumeChanged(self, caller, event):
        """Its results may lie elsewhere now, or be of other voxels; a moment later, as a slider moves it often, and
        a sequence plays."""
        self._showState()
        if not self._soon.isActive():
            self._soon.start()

    def _onVolumeSettled(self):
        self.results.noticeEdit()
        self._onParametersModified()

    def _placeOn(self, node):
        """Another volume was chosen: whoever is clicking goes on clicking, on that one."""
        if self.ui.placeButton.checked and node.inputVolume:
            self._place()
        elif node.inputVolume is None:
            self.placement.stop()

    def _target(self):
        return self._parameterNode.targetDice if self._parameterNode else DEFAULT_TARGET

    def _onSegmentsEdited(self):
        self.results.noticeEdit()
        self.hotspots.noticeEdit()
        self._onParametersModified()

    def _onViewsChanged(self):
        """What is seen is what is segmented: the image that all slice views show is the volume."""
        node, shown = self._parameterNode, shownImage()
        if node and shown and shown is not node.inputVolume and self.parent.isEntered:
            before, node.inputVolume = node.inputVolume, shown
            if before:
                self._tell(messages.otherVolumeText(shown.GetName()))

    def _show3D(self, node):
        """Only where the user changed it here, or made a result: surfaces of other makers are their own business."""
        if node.segmentation and node.show3D != self._shown3D:
            self.logic.show3D(node.segmentation, node.show3D)
            self._shown3D = node.show3D

    def _onModelChosen(self, id):
        if self._parameterNode:
            self._parameterNode.model = id
        self._showState()

    @property
    def _chosen(self):
        """The parameter node, also while a scene is imported or after that in another module, when none is followed:
        what is being computed goes on."""
        return self._parameterNode or self.logic.getParameterNode()

    # --- what the user does

    def onPlaceButton(self) -> None:
        """Begin or end placing clicks."""
        if not self.ui.placeButton.checked:
            self.placement.stop()
            return
        self._place()

    def _place(self):
        if not self._parameterNode.points:
            self._parameterNode.points = createClicks(self._parameterNode.inputVolume)
        self.placement.start()

    def _onPlaced(self, points):
        """Each click is segmented at once, one after the other; but not on an image that is not the one clicked on, and
        not what was placed in another module."""
        if not self.parent.isEntered:
            return
        seen, chosen = imageUnderMouse(), self._parameterNode.inputVolume if self._parameterNode else None
        if seen and chosen and seen is not chosen:
            self._tell(messages.otherViewText(seen.GetName(), chosen.GetName()))
            removePoints(points)
            return
        for point in points:
            if not self._start([point]):
                removePoints([point])

    def _onPointsRemoved(self, ids):
        self.logic.release(ids)
        self._showState()

    def onUndoButton(self) -> None:
        """Take the last result back, of whatever volume."""
        last, chosen = self.logic.last, self._parameterNode.inputVolume
        name = last.volumeNode.GetName()
        isEdited = editedSegments(last.brought.segmentationNode, last.brought.run)
        if isEdited and not slicer.util.confirmOkCancelDisplay(messages.undoQuestion(name)):
            return
        self.logic.undo()
        removePoints([point for point in last.points if not self.logic.isAnswered([point])])
        self._tell(messages.undoneText(name) if last.volumeNode is not chosen else "")
        self._onParametersModified()

    def onSampleButton(self) -> None:
        """Load a head, and segment both hippocampi in it."""
        try:
            volumeNode = loadSampleHead()
        except MedNCAError as error:
            self._log(sentenceText(error))
            slicer.util.errorDisplay(sentenceText(error))
            return
        node = self._parameterNode
        if node and volumeNode:
            node.inputVolume = volumeNode
            node.model = self.models.select(MODEL) or node.model
            self.onFindButton()

    def onFindButton(self) -> None:
        """Find the organ, on both sides where there are two, and segment what is found, without a click."""
        self._askOnChosen(
            lambda node, volumeNode, model: self.logic.startSearch(volumeNode, model, **self._options(node))
        )

    def onWholeButton(self) -> None:
        """Segment the whole volume."""
        self._start([])

    def onSeveralButton(self) -> None:
        """Segment all volumes that are checked; or cancel that."""
        if self.batch.isRunning:
            self.logic.cancel()
            self.batch.stop()
        else:
            model = self.models.description
            self._ask(
                lambda node: self.batch.begin(
                    self.several.chosen, lambda volumeNode: self._segmentByItself(volumeNode, model)
                )
            )

    def onApplyButton(self) -> None:
        """Cancel what runs; otherwise segment at all points again, with what is chosen now."""
        if self.logic.isBusy:
            self.logic.cancel()
            return
        for point in pointsOf(self._parameterNode.points):
            if not self._start([point]):
                break

    def onEditButton(self) -> None:
        """Go to the Segment Editor, with the segment at the place that is looked at."""
        node = self._parameterNode
        editInSegmentEditor(node.segmentation, node.inputVolume, self.hotspots.hotspot)

    def onFillKey(self) -> None:
        """Outlines, or filled segments."""
        segmentation = self._parameterNode.segmentation if self._parameterNode else None
        if segmentation and segmentation.GetDisplayNode():
            display = segmentation.GetDisplayNode()
            display.SetVisibility2DFill(not display.GetVisibility2DFill())

    def onCopyLogButton(self) -> None:
        """Put the log on the clipboard."""
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def _start(self, points):
        """Start a request for some points, or for the whole volume; returns whether it was started."""
        return self._askOnChosen(lambda node, volumeNode, model: self._segment(node, volumeNode, model, points))

    def _segment(self, node, volumeNode, model, points, isFound=False):
        self.logic.start(
            volumeNode,
            model,
            points=points,
            target=lambda: self.pairing.target(volumeNode),
            keepProbability=node.keepProbability,
            isFound=isFound,
            members=node.members or None,
            target_dice=node.targetDice,
            **self._options(node),
        )

    def _segmentByItself(self, volumeNode, model):
        """Without a click, in whichever way can end well. Raises MedNCAError where there is none."""
        node = self._chosen
        whyNotFind, whyNotWhole = whyNot(volumeNode, model)
        if not whyNotFind:
            self.logic.startSearch(volumeNode, model.id, **self._options(node))
        elif not whyNotWhole:
            self._segment(node, volumeNode, model.id, [])
        else:
            raise MedNCAError(whyNotFind)

    def _options(self, node):
        """Of every request."""
        return {
            "seed": node.seed if node.seed >= 0 else None,
            "device": node.device,
            "memory_limit": node.memoryLimit or None,
        }

    def _askOnChosen(self, begin):
        """As `_ask`, for the volume and the model that are chosen now: another one may be, once all is installed."""
        node = self._parameterNode
        volumeNode, model = (node.inputVolume, node.model) if node else (None, "")
        return bool(volumeNode) and self._ask(lambda node: begin(node, volumeNode, model))

    def _ask(self, begin):
        """Begin something, once all that it needs is there; returns whether it was begun."""
        try:
            self.models.check()
            ensureDependencies()
            node = self._parameterNode  # not before: installing takes minutes, in which the scene may be closed
            if not node:
                return False
            self._tell("")
            begin(node)
            return True
        except Declined as error:
            self._tell(str(error))
        except MedNCAError as error:
            self._log(sentenceText(error))
            slicer.util.errorDisplay(sentenceText(error))
        return False

    # --- what is shown

    def _onRequestChanged(self, request):
        seen = (request, request.state)
        if seen == self._seen:  # it got on, many times a second, and nothing else can be done than before
            self._showProgress(self.logic.current)
            return
        self._seen = None if request.isOver else seen  # what is over must not keep its volume in memory
        if request.isOfScript and not self._isOfChosen(request):
            pass  # whoever asked has what came of it, or is told
        elif request.state is RequestState.DONE and isinstance(request, Search):
            self._onFound(request)
        elif request.state is RequestState.DONE and isinstance(request, Request):
            self._onDone(request)
        elif request.state is RequestState.MISSED:
            self._onMissed(request)
        elif request.state is RequestState.FAILED:
            told = messages.failedText(request.error) if isinstance(request, Request) else request.error
            self._onFailed(request, told)
        if self.batch.owns(request):  # somebody may have clicked on another volume meanwhile
            others = [each for each in self.logic.queue.pending if isinstance(each, (Request, Search))]
            self.batch.note(request, any(map(self.batch.owns, others)))
        self._showState()

    def _isOfChosen(self, request):
        """Whether it brought a result for the volume that is chosen, which is shown whoever asked for it."""
        isResult = request.state is RequestState.DONE and isinstance(request, Request)
        return isResult and request.volumeNode is self._chosen.inputVolume

    def _onDone(self, request):
        """Show it, unless another volume was chosen meanwhile."""
        self._log(messages.doneText(time.monotonic() - request.started))
        if request.isFound:  # what a search found before is not to be segmented at twice
            removePoints(self.logic.replacedPoints())
        added = request.brought.segmentationNode
        node = self._chosen
        if request.volumeNode is node.inputVolume:
            self.results.forgetOverlay()
            node.segmentation = added
            self._shown3D = False  # new segments want surfaces, too
            self._onParametersModified()
        else:
            hide(added)
            if not self.batch.owns(request):
                self._tell(messages.elsewhereText(request.volumeNode.GetName(), added.GetName()))

    def _onFound(self, search):
        """Each structure is segmented as if somebody had clicked into its middle; what its model needs was asked for
        when the search began, whichever model is chosen now."""
        volumeNode, model = search.volumeNode, search.asked.model
        for place in search.places:
            point = self._addClick(volumeNode, place.point, messages.sideText(place.side))
            try:
                self._segment(self._chosen, volumeNode, model, [point], isFound=True)
            except MedNCAError as error:
                removePoints([point])
                self._onFailed(search, sentenceText(error))
        if volumeNode is self._chosen.inputVolume:
            self._tell(messages.foundText(search.places, self.models.sidesOf(model)))

    def _segmentCopy(self, volumeNode: vtkMRMLScalarVolumeNode, places: Places) -> None:
        """A disturbed copy is chosen, and segmented as if somebody had clicked where its original was segmented."""
        if self._parameterNode:
            slicer.util.setSliceViewerLayers(background=volumeNode)  # before it is chosen: the views stay as they are
            self._parameterNode.inputVolume = volumeNode
            for place in places:
                self._start([self._addClick(volumeNode, place, "")] if place else [])

    def _addClick(self, volumeNode, position, name):
        """A point of the volume's clicks; those of a volume that is not chosen are out of sight."""
        clicks, node = clicksOf(volumeNode) or createClicks(volumeNode), self._chosen
        if volumeNode is node.inputVolume:
            node.points = clicks
        else:
            hide(clicks)
        return self.placement.add(clicks, position, name)

    def _onBatchChanged(self):
        self.several.fill()
        self._showState()

    def _onMissed(self, request):
        """The click goes, unless an earlier result is its own."""
        name = request.volumeNode.GetName()
        self._showNotice(messages.notFoundText(name) if isinstance(request, Search) else request.error)
        if not self.logic.isAnswered(request.points):
            removePoints(request.points)

    def _onFailed(self, request, told):
        """Told in the table of a batch, otherwise in a dialog, which must not open within the worker's own signal."""
        if self.batch.owns(request):
            self.batch.told[request.volumeNode.GetID()] = told
        else:
            if not self._failures:
                qt.QTimer.singleShot(0, self._showFailures)
            self._failures.append(told)

    def _showFailures(self):
        """Of all that failed at once, as where the worker died, in one dialog."""
        failures, self._failures = self._failures, []
        slicer.util.errorDisplay("\n".join(dict.fromkeys(failures)))

    def _showState(self):
        """Buttons and progress: what can be done now, and what is being done."""
        ui, node, busy = self.ui, self._parameterNode, self.logic.isBusy
        hasPoints = bool(node and node.points and pointsOf(node.points))
        ui.sampleButton.visible = node is None or node.inputVolume is None
        volumeNode, model = node.inputVolume if node else None, self.models.description
        noImage = whyNoImage(volumeNode)
        lacking = noImage or whatLacks(volumeNode, model)
        ready = bool(volumeNode and model and not noImage)
        self.channels.follow(volumeNode, model)
        ui.placeButton.enabled = ready and not lacking
        ui.placeButton.toolTip = lacking or self._placeTip
        self._showWays(volumeNode, busy)
        self.several.showState(messages.whyNotSeveral(self.models.isUsable, busy))
        self.watching.follow(node, ready)
        ui.undoButton.enabled = self.logic.last is not None and not busy
        canApply = ready and hasPoints and not lacking
        ui.applyButton.enabled = busy or canApply
        ui.applyButton.text, ui.applyButton.toolTip = messages.applyText(busy, canApply)
        self._showProgress(self.logic.current)

    def _showWays(self, volumeNode, busy):
        """The ways to segment without a click: each is offered only where it can end well, and says why not."""
        ui, model = self.ui, self.models.description
        ui.findButton.text = messages.findText(self.models.sides)
        whyNotFind, whyNotWhole = whyNot(volumeNode, model)
        for button, reason, tip in (
            (ui.findButton, whyNotFind, messages.findTip()),
            (ui.wholeButton, whyNotWhole, messages.wholeTip()),
        ):
            button.enabled = volumeNode is not None and not reason and not busy
            button.toolTip = reason or tip

    def _showProgress(self, request):
        ui = self.ui
        ui.progressBar.visible = request is not None
        ui.statusLabel.visible = request is not None
        if request:
            progress, state = request.progress, request.state
            known = state is RequestState.RUNNING and progress.stage == "ensemble" and bool(progress.total)
            ui.progressBar.maximum = progress.total if known else 0  # 0: busy, nobody knows how long
            ui.progressBar.value = progress.step if known else 0
            ui.statusLabel.text = messages.progressText(state, progress)

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


def _press(button):
    """What the key of a button does: as a click on it, where it can be clicked on."""
    if button.enabled:
        button.click()


class MedNCASegmentLogic(ScriptedLoadableModuleLogic):
    """Segments volume nodes, with or without the panel.

    From a script, in one call:
        added = slicer.util.getModuleLogic("MedNCASegment").segment(volumeNode, "hippocampus-m3dnca", [(-27, -22, -14)])
        added.segmentationNode, added.varianceNode, added.tableNode, added.report
    """

    def __init__(
        self,
        changed: Callable[[Request], None] = lambda request: None,
        log: Callable[[str], None] = lambda text: None,
    ):
        ScriptedLoadableModuleLogic.__init__(self)
        self.library = Library(check_tensors=False)
        self.history = UndoHistory()
        self.queue = RequestQueue(changed, log, self.history.addResult)

    def getParameterNode(self) -> MedNCASegmentParameterNode:
        """What the user chose, of this scene."""
        return MedNCASegmentParameterNode(super().getParameterNode())  # pyright: ignore[reportCallIssue] a wrapper

    def segment(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        model: str,
        clicks: Iterable[tuple[float, float, float]] = (),
        segmentationNode: vtkMRMLSegmentationNode | None = None,
        wait: bool = True,
        finished: Callable[[Request], None] | None = None,
        **options: Any,
    ) -> AddedRun | Request:
        """Segment a volume node in the worker and put the result into the scene.

        Earlier results in the segmentation that it overlaps with (a Dice above 0.7, all labels together) are replaced;
        segments of theirs that were corrected by hand stay.

        Args:
            volumeNode: the volume to segment; under a linear transform or none. Further channels, where the model needs
                them, are what `MedNCASegmentLib.channels.setChannel` chose for it.
            model: an id of the library, or a model's folder.
            clicks: points in world RAS, mm; without any the whole volume is one field of view.
            segmentationNode: to add to; it must not belong to another volume. Default, a new one.
            wait: return when it is over. Otherwise at once, and it goes on by the event loop.
            finished: called with the request when it is over, however it ended.
            options: members, seed, device, target_dice and memory_limit as of `mednca.segment.segment_image`; and
                keepProbability, to add the mean probability as a volume, too.

        Returns:
            What was added, and what it replaced (`replaced`); with wait=False the request, whose `state`, `progress`,
            `error` and `added` tell how it stands.

        Raises:
            MedNCAError: with a sentence for the user, also where nothing was found; nothing is added to the scene then.
        """
        request = Request(volumeNode, model, clicks, lambda: segmentationNode, finished, **options)
        request.isOfScript = True
        self._run(request)
        if not wait:
            return request
        self.queue.wait(request)
        if request.state is not RequestState.DONE:
            raise MedNCAError(request.error or _("The segmentation was canceled."))
        return request.brought

    def segmentInProcess(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        model: "str | Model",
        clicks: Iterable[tuple[float, float, float]] = (),
        segmentationNode: vtkMRMLSegmentationNode | None = None,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> "tuple[AddedRun, Segmentation]":
        """The same as `segment` in this process, which loads torch into it: for Python outside Slicer.

        Args:
            volumeNode, clicks, segmentationNode: as of `segment`.
            model: as of `segment`, or a model with its weights.
            progress, options: as of `mednca.segment.segment_image`.

        Returns:
            What was added, and the engine's own result.

        Raises:
            MedNCAError: as `segment`.
        """
        from mednca.imaging.reading import check_image, join_channels
        from mednca.segment import segment_image
        from MedNCASegmentLib.volumes import imageFromVolumeNode

        checkFits(segmentationNode, volumeNode)
        loaded = self.library.load(model) if isinstance(model, str) else model
        channels = channelsOf(volumeNode)[: loaded.architecture.input_channels]
        read = [(imageFromVolumeNode(node), node.GetName()) for node in channels]
        image = join_channels([(name, check_image(each, name)) for each, name in read])
        result = segment_image(image, loaded, clicks, progress=progress, **options)
        images = {name: result.parts[name] for name in ("labels", "variance")}
        return addResult(volumeNode, images, result.report, segmentationNode, self.history.known), result

    def start(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        model: str,
        points: Iterable[Point] = (),
        target: Callable[[], vtkMRMLSegmentationNode | None] = lambda: None,
        **options: Any,
    ) -> Request:
        """For the panel: segment at control points, so that it can be undone.

        What they gave before is replaced, as is what the result overlaps with; see `segment`.

        Args:
            volumeNode, model, options: as of `segment`.
            points: where to segment; without any the whole volume is one field of view.
            target: called when the result is there, for the segmentation to add to; None for a new one.

        Returns:
            The request, which goes on by the event loop.

        Raises:
            MedNCAError: at once, for a volume that cannot be segmented or packages that are missing.
        """
        points = list(points)
        request = Request(volumeNode, model, [point.position for point in points], target, self._onOver, **options)
        request.points = points
        return self._run(request)

    def startSearch(self, volumeNode: vtkMRMLScalarVolumeNode, model: str, **options: Any) -> Search:
        """Find a model's structures where it says that they usually lie, such as both hippocampi in a head.

        Args:
            volumeNode, model: as of `segment`; the model has `seeds` in its model.json.
            options: seed, device and memory_limit as of `mednca.segment.find_structures`.

        Returns:
            The search, which goes on by the event loop; its `places` say where to segment once it is done.

        Raises:
            MedNCAError: at once, for a volume that cannot be segmented or packages that are missing.
        """
        return self._run(Search(volumeNode, model, **options))

    def find(self, volumeNode: vtkMRMLScalarVolumeNode, model: str, **options: Any) -> list[Place]:
        """The same, and wait until it is over.

        Returns:
            The places, to be segmented at by `segment`.

        Raises:
            MedNCAError: with a sentence for the user, also where nothing was found.
        """
        search = Search(volumeNode, model, **options)
        search.isOfScript = True
        self.queue.wait(self._run(search))
        if search.state is not RequestState.DONE:
            raise MedNCAError(search.error or _("The search was canceled."))
        return search.places

    def startGrowth(self, volumeNode: vtkMRMLScalarVolumeNode, model: str, **options: Any) -> Growing:
        """Watch how one run of a segmentation comes to its result; see `MedNCASegmentLib.growth` for how it is shown.

        Args:
            volumeNode, model: as of `segment`.
            options: finished, as of `segment`; click, members, seed and memory_limit as of
                `mednca.growth.watch_growth`.

        Returns:
            The request, which goes on by the event loop; its `browserNode` plays the steps once it is done.

        Raises:
            MedNCAError: at once, for a volume that cannot be segmented or packages that are missing.
        """
        return self._run(Growing(volumeNode, model, **options))

    def startDisturbing(self, volumeNode: vtkMRMLScalarVolumeNode, **options: Any) -> Disturbing:
        """Make a copy of a volume with artifacts.

        Args:
            volumeNode: as of `segment`.
            options: finished, as of `segment`; severities and seed as of `mednca.messages.DisturbRequest`.

        Returns:
            The request, which goes on by the event loop; its `copyNode` is the copy once it is done.

        Raises:
            MedNCAError: at once, for a volume that cannot be segmented or packages that are missing.
        """
        return self._run(Disturbing(volumeNode, **options))

    def _run(self, request):
        missing = ", ".join(missingPackages().values())
        if missing:
            told = _("{names} not installed; segment once from the panel, which installs what is missing.")
            raise MedNCAError(told.format(names=missing))
        request.channelCount = self._channelCount(getattr(request.asked, "model", None))
        self.queue.start(request)
        return request

    def _channelCount(self, model):
        """How many images a model takes; None where there is none, of which the worker says what is wrong."""
        try:
            entry = self.library.check_folder(self.library.find(model), False) if model else None
        except MedNCAError:
            return None
        return len(entry.description.preprocessing.channels) if entry and entry.description else None

    def _onOver(self, request):
        if request.state is RequestState.DONE:
            self.history.add(request)

    @property
    def isBusy(self) -> bool:
        """Whether a request is not over."""
        return bool(self.queue.pending)

    @property
    def current(self) -> AnyRequest | None:
        """What is being worked on, or None."""
        return self.queue.pending[0] if self.queue.pending else None

    @property
    def last(self) -> Request | None:
        """The request whose result `undo` takes back, of whatever volume; or None."""
        return self.history.last

    def undo(self) -> None:
        """Take the last result back; what it replaced comes back."""
        self.history.undo()

    def isAnswered(self, points: Iterable[Point]) -> bool:
        """Whether one of the points has a result."""
        return self.history.isAnswered(points)

    def replacedPoints(self) -> list[Point]:
        """Points of searches whose result another one replaced."""
        return self.history.replacedPoints()

    def release(self, ids: set[tuple]) -> None:
        """Points are gone: their results stay, but belong to no point any more."""
        for request in (*self.history.requests, *self.queue.pending):
            request.points = [point for point in request.points if point.id not in ids]

    def cancel(self) -> None:
        """Cancel all that is being computed."""
        self.queue.cancel()

    def shutdown(self) -> None:
        """End the worker and drop all requests without a word; the logic can be used again afterward."""
        self.queue.shutdown()

    def forgetScene(self) -> None:
        """The scene is about to lose all nodes: nothing of what runs can be used, nothing be undone."""
        self.queue.cancel()
        self.queue.forgetFiles()
        self.history.forget()

    def forgetRemovedNodes(self) -> None:
        """What lost its segmentation node cannot be undone any more."""
        self.history.forgetRemovedNodes()

    def show3D(self, segmentationNode: vtkMRMLSegmentationNode, visible: bool) -> None:
        """Show or hide the segments' surfaces, made when first shown.

        Hiding keeps them: they may be somebody's only geometry.
        """
        if visible:
            segmentationNode.CreateClosedSurfaceRepresentation()
        segmentationNode.GetDisplayNode().SetVisibility3D(visible)

    def firstImage(self) -> vtkMRMLScalarVolumeNode | None:
        """The first volume of the scene that is an image, or None."""
        return next(filter(isImage, slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")), None)


class MedNCASegmentTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)
        if why := self._lacking():
            self.skipTest(why)

    def _lacking(self) -> str:
        names = ", ".join(missingPackages().values())
        return _("Needs {names}.").format(names=names) if names else ""

    def runTest(self) -> None:
        if why := self._lacking():  # Slicer calls this itself, where a skipped test would count as a failed one
            self.delayDisplay(why)
            return
        for test in (self.test_segmentPhantom, self.test_badVolume, self.test_cancel):
            self.setUp()
            test()

    def test_segmentPhantom(self) -> None:
        """A phantom goes in; a segmentation, a variance volume and a table come out, on its own grid."""
        logic = MedNCASegmentLogic()
        try:
            added = logic.segment(self._phantom(), "hippocampus-m3dnca", members=2)
            self.assertEqual(added.segmentationNode.GetSegmentation().GetNumberOfSegments(), 2)
            self.assertEqual(added.varianceNode.GetImageData().GetDimensions(), (36, 52, 36))
            self.assertEqual(added.tableNode.GetNumberOfRows(), 2)
            self.assertEqual(runsOf(added.segmentationNode)[0].report.members, 2)
            self.assertEqual(added.report.findings[0].verdict.color, "grey")  # two members say too little
        finally:
            logic.shutdown()
        self.delayDisplay(_("A phantom was segmented."))

    def test_badVolume(self) -> None:
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

    def test_cancel(self) -> None:
        """A canceled request ends soon and adds nothing."""
        logic = MedNCASegmentLogic()
        try:
            request = logic.segment(self._phantom(), "hippocampus-m3dnca", members=100, wait=False)
            assert isinstance(request, Request)
            logic.cancel()
            logic.queue.wait(request)
            self.assertIs(request.state, RequestState.CANCELED)
            self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"), 0)
        finally:
            logic.shutdown()
        self.delayDisplay(_("A request was canceled."))

    def _phantom(self):
        import numpy as np

        from MedNCASegmentLib.volumes import imageDataFromArray

        k, j, i = np.mgrid[0:36, 0:52, 0:36]
        blob = np.exp(-(((i - 18) / 6) ** 2 + ((j - 26) / 14) ** 2 + ((k - 18) / 6) ** 2))
        volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "phantom")
        volumeNode.SetAndObserveImageData(imageDataFromArray((1000 * blob).astype(np.int16)))
        volumeNode.CreateDefaultDisplayNodes()
        return volumeNode

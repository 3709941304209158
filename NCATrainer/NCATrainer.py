"""NCATrainer, the scripted module: train and fine-tune models on one's own labeled volumes, without a server.

This file stays thin: the engine is mednca_train, which runs in a process of its own; what touches MRML and Qt beside
the panel is NCATrainerLib. It imports neither torch nor anything that Slicer does not bring.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

_SIBLING = Path(__file__).resolve().parents[1] / "MedNCASegment"  # in the source tree; installed, all lie together
if _SIBLING.is_dir() and str(_SIBLING) not in sys.path:
    sys.path.append(str(_SIBLING))

from mednca.errors import MedNCAError  # noqa: E402
from mednca.models.library import Entry, Library  # noqa: E402
from mednca_train.plan.fingerprint import CaseFacts  # noqa: E402
from mednca_train.plan.metadata import slug  # noqa: E402
from mednca_train.run_folder import RunState, RunSummary, read_history, read_name  # noqa: E402
from mednca_train.validation_report import ValidationReport  # noqa: E402
from MedNCASegmentLib.channels import secondChannelOf, setChannel  # noqa: E402
from MedNCASegmentLib.dependencies import Declined, ensureDependencies, missingPackages  # noqa: E402
from MedNCASegmentLib.help_page import HelpPage  # noqa: E402
from MedNCASegmentLib.model_chooser import checkTerms  # noqa: E402
from MedNCASegmentLib.save_dialog import askForFile  # noqa: E402
from MedNCASegmentLib.selectors import letGo  # noqa: E402
from MedNCASegmentLib.sentences import sentenceText  # noqa: E402
from NCATrainerLib import messages, pairs  # noqa: E402
from NCATrainerLib.choosers import RunChooser, StartChooser, TimeChooser  # noqa: E402
from NCATrainerLib.plan_editor import PlanEditor  # noqa: E402
from NCATrainerLib.plots import TrainingPlot, calibrationPlot, showChart  # noqa: E402
from NCATrainerLib.runs import Runs, runsFolder  # noqa: E402
from NCATrainerLib.sample_cases import addSampleCases  # noqa: E402
from NCATrainerLib.tables import CaseTable, LabelTable, ResultTable  # noqa: E402
from NCATrainerLib.trainer import Trainer, TrainerState, TrainerStatus  # noqa: E402
from NCATrainerLib.training_request import TrainingRequest, labelsOf, trainingRequestOf  # noqa: E402
from NCATrainerLib.watch import Watch  # noqa: E402

REQUIREMENTS = Path(pairs.__file__).with_name("requirements.txt")
# Addresses: nothing in them is translated. Testing/test_docs.py holds them to the extension's homepage.
_HOMEPAGE = (
    '<p><a href="https://github.com/MedNCA/SlicerMedNCA">https://github.com/MedNCA/SlicerMedNCA</a>'
    '<br><a href="https://github.com/MedNCA/SlicerMedNCA/blob/main/docs/user-guide.md#nca-trainer">'
    "https://github.com/MedNCA/SlicerMedNCA/blob/main/docs/user-guide.md#nca-trainer</a></p>"
)
_REFERENCES = (
    '<br><a href="https://doi.org/10.1007/978-3-031-43898-1_17">M3D-NCA: doi 10.1007/978-3-031-43898-1_17</a>'
    '<br><a href="https://doi.org/10.1007/978-3-031-34048-2_54">Med-NCA: doi 10.1007/978-3-031-34048-2_54</a>'
)


class NCATrainer(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent) -> None:
        slicer.app.loadTranslations(str(Path(__file__).parent / "Resources" / "Translations"))
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("NCA Trainer")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["MedNCASegment"]
        self.parent.contributors = ["The MedNCA developers"]
        self.parent.helpText = _(
            "Train a neural cellular automaton of some ten thousand parameters on your own labeled volumes, or "
            "fine-tune one that is there, on this computer. The model appears in MedNCA Segment, with its own verdict. "
            "For research and education only."
        )
        self.parent.helpText += _HOMEPAGE
        self.parent.acknowledgementText = _(
            "Methods: M3D-NCA (Kalkhof, Mukhopadhyay) and Med-NCA (Kalkhof, Gonz\u00e1lez, Mukhopadhyay), TU Darmstadt."
        )
        self.parent.acknowledgementText += _REFERENCES


@parameterNodeWrapper
class NCATrainerParameterNode:
    """What the user chose, kept with the scene; the pairs are node references (`pairs.pairsOf`).

    folder: of a data set, in place of pairs. start: m3d-nca, med-nca, or a model's id. labels: JSON, {segment: label}.
    hours: that there are for a new model; 0 for as long as it takes.
    """

    folder: str = ""
    start: str = "m3d-nca"
    modelName: str = "My model"
    labels: str = "{}"
    hours: float = 0.0
    device: Annotated[str, Choice(["auto", "cpu", "cuda", "mps"])] = "auto"


class NCATrainerWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: shows the logic's status, and hands over what the user asks for."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self._parameterNode = self._guiTag = None
        self._shownPairs = 0

    def setup(self) -> None:
        """Called once, when the module is first opened."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/NCATrainer.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = NCATrainerLogic(changed=self._show, failed=self._onFailed, log=self._log)
        self.logic.watch.isInFront = lambda: self.parent.isEntered
        self.cases = CaseTable(ui.pairsTable)
        self.labels = LabelTable(ui.labelsTable, self._onLabelsEdited)
        self.result = ResultTable(ui.resultTable)
        self.starts = StartChooser(ui.startComboBox)
        self.times = TimeChooser(ui.timeComboBox)
        self.runs = RunChooser(ui.runsComboBox, ui.resumeButton, ui.deleteRunButton)
        self.plan = PlanEditor(ui.planEdit)
        self._showSoon = qt.QTimer()  # many nodes may go at once
        self._showSoon.setSingleShot(True)
        self._showSoon.connect("timeout()", self._show)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        slicer.app.connect("aboutToQuit()", self.onQuit)
        for name in (
            "addPair", "addAll", "removePair", "folder", "sample", "examine", "propose", "applyPlan", "train", "cancel",
            "resume", "deleteRun", "calibration", "add", "export", "copyLog",
        ):  # fmt: skip
            handler = getattr(self, f"on{name[0].upper()}{name[1:]}Button")
            getattr(ui, f"{name}Button").connect("clicked(bool)", handler)
        ui.startComboBox.connect("currentIndexChanged(int)", self._onStartChosen)
        ui.timeComboBox.connect("currentIndexChanged(int)", self._onTimeChosen)
        ui.volumeSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onVolumeChosen)
        ui.watchCheckBox.connect("clicked(bool)", self.onWatchCheckBox)
        ui.examplePicture.setPixmap(qt.QPixmap(self.resourcePath("NCATrainerGoodDataSet.png")))
        self.help = HelpPage(self.resourcePath("Help/NCATrainer.html"))
        for section in ("dataset", "start", "plan", "train", "result"):
            self.help.addLink(getattr(ui, section + "CollapsibleButton").layout(), section)
        self.enter()

    def cleanup(self) -> None:
        """Called when the application closes and when the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onQuit)
        self._showSoon.stop()
        self.help.close()
        self.logic.shutdown()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        """The module is opened: models may have come or gone."""
        self.starts.fill(self.logic.library.entries())
        self.initializeParameterNode()
        self._onVolumeChosen(self.ui.volumeSelector.currentNode())  # MedNCA Segment may have given it another channel
        self.logic.restorePlot()
        self.logic.watch.bringUp()

    def onQuit(self) -> None:
        """The application ends: leave no process behind."""
        self.logic.shutdown()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """All nodes are about to go."""
        self.logic.forgetScene()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """An empty scene, or one that was imported, has a parameter node, too."""
        if self.parent.isEntered:
            self.initializeParameterNode()
            self.logic.restorePlot()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller: Any, event: Any, node: Any) -> None:
        """Perhaps one that is chosen."""
        letGo((self.ui.volumeSelector, self.ui.channelSelector, self.ui.segmentationSelector), node)

    def onNodeRemoved(self, caller: Any, event: Any) -> None:
        """Perhaps one of a pair."""
        if len(self._pairs) != self._shownPairs:
            self._showSoon.start(0)

    # --- the parameter node

    def initializeParameterNode(self) -> None:
        """Take the scene's parameter node."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode: "NCATrainerParameterNode | None") -> None:
        """Follow a parameter node, or none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
        self._parameterNode = parameterNode
        if parameterNode:
            self._guiTag = parameterNode.connectGui(self.ui)
            self._showStartOf(parameterNode)
        self._show()

    def _showStartOf(self, parameterNode):
        """A scene may name a model that this computer lacks: then a new one is begun, and that is said."""
        self.times.choose(parameterNode.hours)
        if not self.starts.choose(parameterNode.start):
            told = _("There is no model {start} here; the training starts from a new one.")
            self._log(told.format(start=parameterNode.start))
            parameterNode.start = self.starts.chosen

    @property
    def _pairs(self):
        return pairs.pairsOf(self._parameterNode.parameterNode) if self._parameterNode else []

    def _setPairs(self, chosen):
        """Pairs take the place of a folder."""
        if chosen:
            self._parameterNode.folder = ""
        pairs.setPairs(self._parameterNode.parameterNode, chosen)
        self._show()

    # --- what the user does

    def onAddPairButton(self) -> None:
        """Add the chosen volume and segmentation to the data set."""
        pair = (self.ui.volumeSelector.currentNode(), self.ui.segmentationSelector.currentNode())
        if pair[0]:
            setChannel(pair[0], 1, self.ui.channelSelector.currentNode())
        if all(pair) and pair not in self._pairs:
            self._setPairs([*self._pairs, pair])

    def _onVolumeChosen(self, volumeNode: Any) -> None:
        """Show its second channel, where it has one."""
        self.ui.channelSelector.setCurrentNode(secondChannelOf(volumeNode))

    def onAddAllButton(self) -> None:
        """Add every volume that has a segmentation of its own, or of its name."""
        found, ownResults = pairs.pairsByName()
        if ownResults:
            told = _("Left out, as MedNCA made them itself: {names}. Add those that you corrected one by one.")
            slicer.util.infoDisplay(told.format(names=", ".join(node.GetName() for node in ownResults)))
        elif not found:
            slicer.util.infoDisplay(_("No volume of the scene has a segmentation that was made on it."))
        self._setPairs([*self._pairs, *(pair for pair in found if pair not in self._pairs)])

    def onRemovePairButton(self) -> None:
        """Take the selected pairs out of the data set."""
        self._show()  # the rows are those of the pairs now
        gone = self.cases.selectedRows
        self._setPairs([pair for number, pair in enumerate(self._pairs) if number not in gone])

    def onFolderButton(self) -> None:
        """Take a folder in place of pairs, and examine it."""
        title, last = _("Folder of labeled volumes"), self._parameterNode.folder
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, last)
        if folder:
            self._setPairs([])
            self._parameterNode.folder = folder
            self.onExamineButton()

    def onSampleButton(self) -> None:
        """Add cases that were made up to the scene, and to the data set; show the first one."""
        chosen = addSampleCases()
        self._setPairs(chosen)
        slicer.util.setSliceViewerLayers(background=chosen[0][0], fit=True)

    def onExamineButton(self) -> None:
        """Examine the data set."""
        self._try(lambda: self.logic.examine(self._request()))

    def onProposeButton(self) -> None:
        """Have a plan proposed."""
        self._try(lambda: self.logic.propose(self._request()))

    def onApplyPlanButton(self) -> None:
        """Have the plan made anew with what was changed in the editor."""
        self._try(lambda: self.logic.propose(self._request(), self.plan.changes()))

    def onTrainButton(self) -> None:
        """One button: what is missing before the training is done first. While it trains: pause."""
        if self.logic.status.isBusy:
            self.logic.pause()
        else:
            self._try(self._train)

    def _train(self):
        request = self._request()
        question = _(
            "Something changed since the data set was checked. Check it again, make a new plan and train by that?"
        )
        if not self.logic.status.isStale or slicer.util.confirmOkCancelDisplay(question):
            self.logic.train(request, self.plan.changes(), self._mayLeaveOut)

    def onCancelButton(self) -> None:
        """Stop what is being done; what was trained is deleted."""
        question = _("Stop the training and delete what was trained so far?")
        if not self.logic.status.isTraining or slicer.util.confirmOkCancelDisplay(question):
            self.logic.cancel()

    def onWatchCheckBox(self, isOn: bool) -> None:
        """Show a validation image of the training that runs, or will; or no longer."""
        self._try(lambda: self.logic.setWatched(isOn), install=False)
        self._show()

    def onResumeButton(self) -> None:
        """Go on with the chosen training; open one that is done."""
        run = self.runs.chosen
        if run.state == RunState.DONE:
            self._try(lambda: self.logic.openRun(run.folder), install=False)
        else:
            self._try(lambda: self.logic.resume(run.folder, self._parameterNode.device))

    def onDeleteRunButton(self) -> None:
        """Delete the chosen training."""
        run = self.runs.chosen
        question = _(
            "Delete the training of {name}, its result and the images that were written for it for good? What was "
            "added to your models stays there."
        )
        if slicer.util.confirmOkCancelDisplay(question.format(name=run.name)):
            self._try(lambda: self.logic.deleteRun(run.folder), install=False)

    def onCalibrationButton(self) -> None:
        """Show the result's calibration."""
        self.logic.showCalibration()

    def onAddButton(self) -> None:
        """Put the result among the user's models."""
        self._try(self._add, install=False)

    def _add(self):
        existing = self.logic.replacedModel()
        question = _("There already is a model {name} among your models. Replace it by this one?")
        if existing and not slicer.util.confirmOkCancelDisplay(question.format(name=existing)):
            return
        entry = self.logic.addToModels(replace=existing is not None)
        self.starts.fill(self.logic.library.entries())
        self._log(_("{name} was added to your models.").format(name=entry.id))
        slicer.util.infoDisplay(_("The model is in your models now; MedNCA Segment lists it."))

    def onExportButton(self) -> None:
        """Write the result as a zip file."""
        title, name = _("Export the model"), f"{slug(self.logic.status.result.name)}.zip"
        path = askForFile(title, name, _("Models (*.zip)"))
        if path:
            self._try(lambda: self.logic.exportModel(path), install=False)

    def onCopyLogButton(self) -> None:
        """Put the log on the clipboard."""
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def _onStartChosen(self, index):
        if self._parameterNode and self.starts.chosen:
            self._parameterNode.start = self.starts.chosen
        self._show()

    def _onTimeChosen(self, index):
        if self._parameterNode:
            self._parameterNode.hours = self.times.chosen
        self._show()

    def _onLabelsEdited(self, labels):
        if self._parameterNode:
            self._parameterNode.labels = json.dumps(labelsOf(self._parameterNode) | labels)
            self._show()

    def _request(self) -> TrainingRequest:
        """What is on the panel, to be worked on. Raises MedNCAError where the base model's terms are not accepted."""
        assert self._parameterNode is not None  # no button can be pressed without one
        request = trainingRequestOf(self._parameterNode, self.logic.library)
        if request.base and request.base.description:
            checkTerms(request.base.description)
        self.logic.keep(request)
        return request

    def _mayLeaveOut(self, cases: list[CaseFacts]) -> bool:
        question = _("These cases cannot be used. Train without them?") + "\n\n" + messages.leftOutText(cases)
        return slicer.util.confirmOkCancelDisplay(question)

    def _try(self, action, install=True):
        """Do it; a mistake that the user can do something about is told."""
        try:
            if install:
                ensureDependencies(REQUIREMENTS)
            if self._parameterNode is not None:
                action()
        except Declined as error:
            self._log(str(error))
        except (MedNCAError, OSError) as error:
            self._onFailed(sentenceText(error))

    # --- what is shown

    def _show(self):
        """Everything as the logic and the parameter node have it."""
        if self.logic is None:
            return
        request = None
        if self._parameterNode and not self.logic.status.isBusy:
            request = trainingRequestOf(self._parameterNode, self.logic.library)
            self.logic.keep(request)
        self._shownPairs = len(self._pairs)
        status = self.logic.status
        self._showButtons(status, request)
        if not status.isBusy:  # with what the tables show it is done; they, and the runs, stay as they are
            self._showInputs(status, request)
            self.runs.show(self.logic.runs(), self.logic.trainer.run)
        self.runs.setEnabled(not status.isBusy)
        self.plan.show(status.preparation.planned.plan if status.preparation.planned else None)
        self.ui.planLabel.text = messages.planText(status.preparation)
        _tell(self.ui.planReasonsLabel, messages.planReasonsText(status.preparation))
        self._showWatch()
        self._showProgress(status)
        self._showResult(status)

    def _showButtons(self, status: TrainerStatus, request: TrainingRequest | None):
        ui, isFree = self.ui, self._parameterNode is not None and not status.isBusy
        for widget in (
            ui.volumeSelector, ui.channelSelector, ui.segmentationSelector, ui.addPairButton, ui.addAllButton,
            ui.folderButton, ui.labelsTable, ui.startComboBox, ui.nameLineEdit, ui.planEdit,
            ui.deviceComboBox, ui.timeComboBox,
        ):  # fmt: skip
            widget.enabled = isFree
        ui.removePairButton.enabled = isFree and bool(self._pairs)
        hasData = request is not None and request.hasData
        ui.sampleButton.visible = isFree and not hasData
        for button in (ui.examineButton, ui.proposeButton):
            button.enabled = hasData
        ui.applyPlanButton.enabled = status.preparation.planned is not None and not status.isBusy
        ui.trainButton.enabled = hasData or status.state == TrainerState.TRAINING
        ui.trainButton.text = _("Pause") if status.state == TrainerState.TRAINING else _("Train")
        ui.cancelButton.enabled = status.isBusy

    def _showInputs(self, status: TrainerStatus, request: TrainingRequest | None):
        if request:
            self.labels.show(request.labels)
        self.ui.labelsLabel.visible = self.ui.labelsTable.rowCount > 0
        if status.preparation.data:
            self.cases.showCases(status.preparation.facts)
        else:
            self.cases.showPairs(request.pairs if request else [])
        _tell(self.ui.datasetLabel, messages.datasetText(request, status.preparation, status.isStale))
        _tell(self.ui.startInfoLabel, messages.startText(request))
        for widget in (self.ui.timeLabel, self.ui.timeComboBox):  # fine-tuning takes minutes
            widget.visible = request is None or request.isNew

    def _showWatch(self):
        watch = self.logic.watch
        self.ui.watchCheckBox.checked = watch.isOn
        _tell(self.ui.watchLabel, watch.text)

    def _showProgress(self, status: TrainerStatus):
        bar, progress = self.ui.progressBar, status.progress
        bar.visible = status.isBusy
        bar.maximum = int(progress.total or 0)
        bar.value = int(progress.step or 0)
        _tell(self.ui.statusLabel, messages.statusText(status))

    def _showResult(self, status: TrainerStatus):
        ui, result = self.ui, status.result
        self.result.show(result)
        ui.resultLabel.text = messages.resultText(result)
        ui.addButton.enabled = ui.exportButton.enabled = result is not None and not status.isBusy
        ui.calibrationButton.enabled = result is not None and result.report.calibration is not None

    def _onFailed(self, text):
        self._log(text)
        qt.QTimer.singleShot(0, lambda: slicer.util.errorDisplay(text))  # not within the worker's own signal

    def _log(self, text):
        self.ui.logText.appendPlainText(time.strftime("%H:%M:%S  ") + text)


def _tell(label, text):
    """A label without a text takes no room."""
    label.text, label.visible = text, bool(text)


class NCATrainerLogic(ScriptedLoadableModuleLogic):
    """Trains models, with or without the panel.

    From a script:
        logic = slicer.util.getModuleLogic("NCATrainer")
        report = logic.trainPairs([(volumeNode, segmentationNode), ...], "My model")     # waits; returns the report
        logic.addToModels()

    Args:
        changed: called whenever the status changes.
        failed: called with a sentence when something went wrong.
        log: called with lines for people.
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        failed: Callable[[str], None] = lambda text: None,
        log: Callable[[str], None] = lambda text: None,
    ) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.library = Library(check_tensors=False)
        self.plot, self.watch, self.log = TrainingPlot(), Watch(), log
        self.trainer = Trainer(Runs(runsFolder(self.library)), changed, self._onRow, failed, log)

    def getParameterNode(self) -> NCATrainerParameterNode:
        """What the user chose in this scene."""
        return NCATrainerParameterNode(super().getParameterNode())  # pyright: ignore[reportCallIssue] a wrapper

    @property
    def status(self) -> TrainerStatus:
        """What is being done, how far it is, and what came of it so far."""
        return self.trainer.status

    # --- from a training request to a model; each of these goes on after it returned, and `status` tells how far it is

    def keep(self, request: TrainingRequest) -> None:
        """Forget what was made of another request."""
        self.trainer.keep(request)

    def examine(self, request: TrainingRequest) -> None:
        """Examine the cases of a data set: which can be used, and why others cannot.

        Args:
            request: whose pairs, or folder, are examined.

        Raises:
            MedNCAError: where it has neither, or something is being done already.
        """
        self.trainer.examine(request)

    def propose(self, request: TrainingRequest, changes: dict | None = None) -> None:
        """Make a plan, and measure what it costs on this computer. The data set is examined first if it was not.

        Args:
            request: what is to be trained.
            changes: to fields of the plan (`mednca_train.plan.plan.Plan`), as JSON has them.

        Raises:
            MedNCAError: where there is no data, or something is being done already.
        """
        self.trainer.propose(request, changes)

    def train(
        self,
        request: TrainingRequest,
        changes: dict | None = None,
        mayLeaveOut: Callable[[list[CaseFacts]], bool] = lambda cases: True,
    ) -> None:
        """Train; what is missing before is done first.

        Args:
            request: what is to be trained.
            changes: to fields of the plan, as JSON has them; with any a new plan is made.
            mayLeaveOut: asked whether to train without the cases that cannot be used, which it is given.

        Raises:
            MedNCAError: where the model has no name, or one that could not be added to the user's models in the end;
                there is no data; or something is being done already.
        """
        trainer = self.trainer
        trainer.checkIdle()
        self._checkName(request.name)
        trainer.keep(request)
        if trainer.preparation.planned is None or changes:
            trainer.propose(request, changes, lambda: self.train(request, None, mayLeaveOut))
            return
        unusable = trainer.preparation.unusable
        if unusable and not mayLeaveOut(unusable):
            return
        if unusable:
            self.log(_("Left out:") + "\n" + messages.leftOutText(unusable, len(unusable)))
        trainer.train(request)
        self._startPlot(request.name)

    def pause(self) -> None:
        """Stop a training so that it can be resumed; other work is dropped."""
        self.trainer.pause()

    def cancel(self) -> None:
        """Stop what is being done; what was trained is deleted."""
        self.trainer.cancel()

    # --- the trainings that are there

    def runs(self) -> list[RunSummary]:
        """The trainings of this computer, the one saved last first."""
        return self.trainer.runs.all()

    def resume(self, run: Path, device: str = "auto") -> None:
        """Go on with a training that was paused, or interrupted.

        Args:
            run: its folder.
            device: "auto" (the one that it was begun on), "cpu", "cuda" or "mps".

        Raises:
            MedNCAError: where the folder holds no run, or something is being done already.
        """
        title = read_name(run)
        self.trainer.resume(run, device)
        self._startPlot(title)

    def openRun(self, run: Path) -> None:
        """Make the model of a training that is done the result. Raises MedNCAError where there is none."""
        self.trainer.open(run)

    def deleteRun(self, run: Path) -> None:
        """Delete a training of this computer, its model and what was exported for it alone.

        Args:
            run: its folder.

        Raises:
            MedNCAError: where it is none of `runs`, another program trains it, or something is being done already.
        """
        self.trainer.deleteRun(run)

    def trainPairs(
        self,
        chosen: list[pairs.Pair],
        name: str,
        start: str = "m3d-nca",
        labels: dict[str, str] | None = None,
        changes: dict | None = None,
        seconds: float = 36_000,
    ) -> ValidationReport:
        """For scripts: train on pairs of nodes, and wait for the end.

        Pairs, labels, start and name take the place of what the panel had chosen; the time for a new model and the
        device are the panel's.

        Args:
            chosen: (volume node, segmentation or label map node) each.
            name: of the model to be made.
            start: a model family, "m3d-nca" or "med-nca", for a new model, or the id of one to be fine-tuned.
            labels: {segment name: label name}; others are left out. None: all segments, by their own names.
            changes: to fields of the plan, as JSON has them.
            seconds: after which the training is paused.

        Returns:
            The validation report: the mean Dice by label and of the union, the calibration, and more.

        Raises:
            MedNCAError: with the reason where there is none.
        """
        missing = ", ".join(missingPackages(REQUIREMENTS).values())
        if missing:
            raise MedNCAError(_("{names} not installed; train once from the panel.").format(names=missing))
        node, trainer, errors = self.getParameterNode(), self.trainer, []
        pairs.setPairs(node.parameterNode, chosen)
        names = pairs.segmentNames(chosen)
        node.labels = json.dumps({segment: labels.get(segment, "") if labels else segment for segment in names})
        node.start, node.modelName, node.folder = start, name, ""
        told, trainer.failed = trainer.failed, errors.append
        try:
            if not trainer.isBusy:
                trainer.forget()
                trainer.result = None
            self.train(trainingRequestOf(node, self.library), changes)
            trainer.wait(seconds)
            if trainer.isBusy:
                trainer.pause()
                raise MedNCAError(_("The training was not done in time; it can be resumed."))
        finally:
            trainer.failed = told
        if errors or trainer.result is None:
            raise MedNCAError(errors[0] if errors else _("The training was stopped."))
        return trainer.result.report

    # --- the result

    def replacedModel(self) -> str | None:
        """The id of the user's model whose place the result would take, or None. Raises MedNCAError where there is no
        result."""
        id = self.library.check_folder(self._resultFolder(), False).id
        return id if (self.library.user / id).exists() else None

    def addToModels(self, replace: bool = False) -> Entry:
        """Put the result among the user's models.

        Args:
            replace: whether a model of the same id may go.

        Returns:
            The library's entry of it.

        Raises:
            MedNCAError: where there is no result, or its place is taken.
        """
        return self.library.add_model(self._resultFolder(), replace)

    def exportModel(self, path: str) -> None:
        """Write the result as a file that others can import.

        Args:
            path: of the zip file; one that is there is replaced.

        Raises:
            MedNCAError: where there is no result, or the file cannot be written.
        """
        self.library.export_model(str(self._resultFolder()), path, replace=True)

    def showCalibration(self) -> None:
        """Expected Dice against NQM of the result, in the layout."""
        calibration = self.trainer.result.report.calibration if self.trainer.result else None
        if calibration:
            showChart(calibrationPlot(calibration, _("Calibration")))

    # --- the scene and the application

    def setWatched(self, isOn: bool) -> None:
        """Show one validation image of the training that runs, or is begun next, and what the model finds in it.

        Raises:
            MedNCAError: where it cannot be loaded.
        """
        if not isOn:
            self.watch.stop()
            return
        self.watch.start(self.trainer.run if self.trainer.isTraining else None)

    def _onRow(self, row):
        self.plot.add(row)
        if row.dice_union is not None:
            try:
                self.watch.update(self.trainer.run)
            except MedNCAError as error:
                self.watch.stop()
                self.log(sentenceText(error))

    def restorePlot(self) -> None:
        """The chart of the training that runs, where it went with a scene."""
        if not self.plot.isThere:
            self._startPlot(self.plot.title)

    def forgetScene(self) -> None:
        """A training goes on: it needs no node. What reads nodes ends."""
        self.plot.forget()
        self.watch.stop()
        if self.trainer.isBusy and not self.trainer.isTraining:
            self.trainer.cancel()
        self.trainer.forget()

    def shutdown(self) -> None:
        """End the worker, silently; a training that runs can be resumed."""
        self.trainer.shutdown()

    def _startPlot(self, title):
        if not self.trainer.isTraining or self.trainer.run is None:  # it could not even be started
            return
        self.plot.start(title)
        try:
            self.plot.load(read_history(self.trainer.run))
        except MedNCAError as error:  # its last row may just be written; the rows to come are shown
            self.log(sentenceText(error))
        showChart(self.plot.chart)

    def _resultFolder(self) -> Path:
        if self.trainer.result is None:
            raise MedNCAError(_("There is no result yet."))
        return self.trainer.result.folder

    def _checkName(self, name):
        """Before hours of training: whether the model can be added to the user's models in the end."""
        if not name:
            raise MedNCAError(_("Give the model a name."))
        for entry in self.library.entries():
            if entry.id == slug(name) and entry.folder != self.library.user / entry.id:
                told = _("{folder} holds a model {id} already; choose another name.")
                raise MedNCAError(told.format(folder=entry.folder, id=entry.id))


class NCATrainerTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)
        if why := self._lacking():
            self.skipTest(why)

    def _lacking(self) -> str:
        names = ", ".join(missingPackages(REQUIREMENTS).values())
        return _("Needs {names}.").format(names=names) if names else ""

    def runTest(self) -> None:
        if why := self._lacking():  # Slicer calls this itself, where a skipped test would count as a failed one
            self.delayDisplay(why)
            return
        for test in (self.test_badDataset, self.test_sampleCases):
            self.setUp()
            test()

    def test_badDataset(self) -> None:
        """What cannot be trained on is refused, with a reason."""
        logic = NCATrainerLogic()
        try:
            with self.assertRaises(MedNCAError):
                logic.trainPairs([], "nothing")
            self.assertFalse(logic.status.isBusy)
        finally:
            logic.shutdown()
        self.delayDisplay(_("An empty data set was refused."))

    def test_sampleCases(self) -> None:
        """The worker reads the cases that the panel offers to try, and finds nothing wrong with them."""
        logic, place = NCATrainerLogic(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        logic.trainer.runs = Runs(Path(place.name))  # not among the user's own
        try:
            node = logic.getParameterNode()
            pairs.setPairs(node.parameterNode, addSampleCases())
            logic.examine(trainingRequestOf(node, logic.library))
            logic.trainer.wait(120)
            self.assertEqual([case.problem for case in logic.status.preparation.facts], [None] * 6)
        finally:
            logic.shutdown()
            place.cleanup()
        self.delayDisplay(_("Six made-up cases were examined."))

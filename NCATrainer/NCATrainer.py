"""NCATrainer, the scripted module: train and fine-tune models on one's own labelled volumes, without a server.

This file stays thin: the engine is mednca_train, which runs in a process of its own; what touches MRML and Qt beside
the panel is NCATrainerLib. It imports neither torch nor anything that Slicer does not bring.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import qt
import slicer
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
from mednca.models.library import Library  # noqa: E402
from MedNCASegmentLib.dependencies import ensureDependencies, missingPackages  # noqa: E402
from MedNCASegmentLib.model_chooser import checkTerms  # noqa: E402
from NCATrainerLib import messages, pairs  # noqa: E402
from NCATrainerLib.plots import TrainingPlot, calibrationPlot, showChart  # noqa: E402
from NCATrainerLib.tables import CaseTable, LabelTable, ResultTable  # noqa: E402
from NCATrainerLib.trainer import IDLE, TRAINING, Trainer, nameOf, slug  # noqa: E402
from NCATrainerLib.training_request import NEW, wantedOf  # noqa: E402

REQUIREMENTS = Path(pairs.__file__).with_name("requirements.txt")


class NCATrainer(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("NCA Trainer")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["MedNCASegment"]
        self.parent.contributors = ["The MedNCA developers"]
        self.parent.helpText = _(
            "Train a neural cellular automaton of a few thousand parameters on your own labelled volumes, or fine-tune "
            "one that is there, on this computer. The model appears in MedNCA Segment, with its own verdict."
        )
        self.parent.acknowledgementText = _(
            "After M3D-NCA and Med-NCA by Kalkhof, Gonz\u00e1lez and Mukhopadhyay, TU Darmstadt."
        )


@parameterNodeWrapper
class NCATrainerParameterNode:
    """What the user chose, kept with the scene; the pairs are node references (`pairs.pairsOf`).

    folder: of a data set, in place of pairs. start: m3d-nca, med-nca, or a model's id. labels: JSON, {segment: label}.
    """

    folder: str = ""
    start: str = "m3d-nca"
    modelName: str = "My model"
    labels: str = "{}"
    device: Annotated[str, Choice(["auto", "cpu", "cuda", "mps"])] = "auto"


class NCATrainerWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: shows the trainer's state, and hands over what the user wants."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self._parameterNode = self._guiTag = self._shownPlan = None
        self._shownPairs, self._shownRuns = 0, []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/NCATrainer.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = NCATrainerLogic(changed=self._show, failed=self._onFailed, log=self._log)
        self.cases = CaseTable(ui.pairsTable)
        self.labels = LabelTable(ui.labelsTable, self._onLabelsEdited)
        self.result = ResultTable(ui.resultTable)
        self._showSoon = qt.QTimer()  # many nodes may go at once
        self._showSoon.setSingleShot(True)
        self._showSoon.connect("timeout()", self._show)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        slicer.app.connect("aboutToQuit()", self.onQuit)
        for name in (
            "addPair", "addAll", "removePair", "folder", "examine", "propose", "applyPlan", "train", "cancel", "resume",
            "deleteRun", "calibration", "add", "export", "copyLog",
        ):  # fmt: skip
            handler = getattr(self, f"on{name[0].upper()}{name[1:]}Button")
            getattr(ui, f"{name}Button").connect("clicked(bool)", handler)
        ui.startComboBox.connect("currentIndexChanged(int)", self._onStartChosen)
        ui.runsComboBox.connect("currentIndexChanged(int)", self._onRunChosen)
        self.enter()

    def cleanup(self):
        """Called when the application closes and when the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onQuit)
        self._showSoon.stop()
        self.logic.shutdown()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self._fillStart()
        self.initializeParameterNode()
        self.logic.restorePlot()

    def onQuit(self):
        self.logic.shutdown()

    def onSceneStartClose(self, caller, event):
        self.logic.forgetScene()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()
            self.logic.restorePlot()

    def onNodeRemoved(self, caller, event):
        if len(self._pairs) != self._shownPairs:
            self._showSoon.start(0)

    # --- the parameter node

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
        self._parameterNode = parameterNode
        if parameterNode:
            self._guiTag = parameterNode.connectGui(self.ui)
            self._showStartOf(parameterNode)
        self._show()

    def _showStartOf(self, parameterNode):
        """A scene may name a model that this computer lacks: then a new one is begun, and that is said."""
        combo = self.ui.startComboBox
        index = combo.findData(parameterNode.start)
        wasBlocked = combo.blockSignals(True)
        combo.setCurrentIndex(max(index, 0))
        combo.blockSignals(wasBlocked)
        if index < 0:
            told = _("There is no model {wanted} here; the training starts from a new one.")
            self._log(told.format(wanted=parameterNode.start))
            parameterNode.start = combo.currentData

    @property
    def _pairs(self):
        return pairs.pairsOf(self._parameterNode.parameterNode) if self._parameterNode else []

    def _setPairs(self, chosen):
        self._parameterNode.folder = ""
        pairs.setPairs(self._parameterNode.parameterNode, chosen)
        self._show()

    # --- what the user does

    def onAddPairButton(self, checked=None):
        pair = (self.ui.volumeSelector.currentNode(), self.ui.segmentationSelector.currentNode())
        if all(pair) and pair not in self._pairs:
            self._setPairs([*self._pairs, pair])

    def onAddAllButton(self, checked=None):
        found, ownResults = pairs.pairsByName()
        if ownResults:
            told = _("Left out, as MedNCA made them itself: {names}. Add those that you corrected one by one.")
            slicer.util.infoDisplay(told.format(names=", ".join(node.GetName() for node in ownResults)))
        elif not found:
            slicer.util.infoDisplay(_("No volume of the scene has a segmentation that was made on it."))
        self._setPairs([*self._pairs, *(pair for pair in found if pair not in self._pairs)])

    def onRemovePairButton(self, checked=None):
        self._show()  # the rows are those of the pairs now
        gone = self.cases.selectedRows()
        self._setPairs([pair for number, pair in enumerate(self._pairs) if number not in gone])

    def onFolderButton(self, checked=None):
        title, last = _("Folder of labelled volumes"), self._parameterNode.folder
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, last)
        if folder:
            self._setPairs([])
            self._parameterNode.folder = folder
            self.onExamineButton()

    def onExamineButton(self, checked=None):
        self._try(lambda: self.logic.trainer.examine(self._wanted()))

    def onProposeButton(self, checked=None):
        self._try(lambda: self.logic.trainer.propose(self._wanted()))

    def onApplyPlanButton(self, checked=None):
        self._try(lambda: self.logic.trainer.propose(self._wanted(), self._planChanges()))

    def onTrainButton(self, checked=None):
        """One button: what is missing before the training is done first. While it trains: pause."""
        if self.logic.trainer.isBusy:
            self.logic.trainer.pause()
        else:
            self._try(self._train)

    def _train(self):
        wanted = self._wanted()
        question = _(
            "Something changed since the data set was checked. Check it again, make a new plan and train by that?"
        )
        if not self.logic.trainer.isStale or slicer.util.confirmOkCancelDisplay(question):
            self.logic.train(wanted, self._planChanges(), self._mayLeaveOut)

    def onCancelButton(self, checked=None):
        question = _("Stop the training and delete what was trained so far?")
        if not self.logic.trainer.isTraining or slicer.util.confirmOkCancelDisplay(question):
            self.logic.trainer.cancel()

    def onResumeButton(self, checked=None):
        run = self._shownRuns[self.ui.runsComboBox.currentIndex]
        if run["state"] == "done":
            self._try(lambda: self.logic.trainer.open(run["folder"]), install=False)
        else:
            self._try(lambda: self.logic.resume(run["folder"], self._parameterNode.device))

    def onDeleteRunButton(self, checked=None):
        run = self._shownRuns[self.ui.runsComboBox.currentIndex]
        question = _(
            "Delete the training of {name}, its result and the images that were written for it for good? What was "
            "added to your models stays there."
        )
        if slicer.util.confirmOkCancelDisplay(question.format(name=run["name"])):
            self._try(lambda: self.logic.trainer.deleteRun(run["folder"]), install=False)

    def onCalibrationButton(self, checked=None):
        self.logic.showCalibration()

    def onAddButton(self, checked=None):
        self._try(self._add, install=False)

    def _add(self):
        existing = self.logic.replaced()
        question = _("There already is a model {name} among your models. Replace it by this one?")
        if existing and not slicer.util.confirmOkCancelDisplay(question.format(name=existing)):
            return
        entry = self.logic.addToModels(replace=existing is not None)
        self._fillStart()
        self._log(_("{name} was added to your models.").format(name=entry.id))
        slicer.util.infoDisplay(_("The model is in your models now; MedNCA Segment lists it."))

    def onExportButton(self, checked=None):
        title, name = _("Export the model"), f"{slug(self.logic.trainer.result.name)}.zip"
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name, _("Models (*.zip)"))
        if path:
            self._try(lambda: self.logic.exportModel(path), install=False)

    def onCopyLogButton(self, checked=None):
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def _onStartChosen(self, index):
        if self._parameterNode and self.ui.startComboBox.currentData:
            self._parameterNode.start = self.ui.startComboBox.currentData
        self._show()

    def _onRunChosen(self, index):
        isDone = 0 <= index < len(self._shownRuns) and self._shownRuns[index]["state"] == "done"
        self.ui.resumeButton.text = _("Open") if isDone else _("Resume")

    def _onLabelsEdited(self, labels):
        if self._parameterNode:
            self._parameterNode.labels = json.dumps(json.loads(self._parameterNode.labels) | labels)
            self._show()

    def _wanted(self):
        """What is on the panel, to be worked on. Raises MedNCAError where the base model's terms are not accepted."""
        wanted = wantedOf(self._parameterNode, self.logic.library)
        if wanted.base:
            checkTerms(wanted.base.description)
        self.logic.trainer.keep(wanted)
        return wanted

    def _planChanges(self):
        """What the user made of the plan, or None. Raises MedNCAError where that is no plan."""
        plan, text = self.logic.trainer.plan, self.ui.planEdit.plainText
        if plan is None or text == _planAsText(plan):
            return None
        try:
            changes = json.loads(text)
        except ValueError as error:
            raise MedNCAError(_("This is no plan: {error}").format(error=error)) from error
        if not isinstance(changes, dict):
            raise MedNCAError(_("This is no plan: it must stand in braces."))
        return changes

    def _mayLeaveOut(self, rows):
        question = _("These cases cannot be used. Train without them?") + "\n\n" + messages.leftOutText(rows)
        return slicer.util.confirmOkCancelDisplay(question)

    def _try(self, action, install=True):
        """Do it; a mistake that the user can do something about is told."""
        try:
            if install:
                ensureDependencies(REQUIREMENTS)
            if self._parameterNode is not None:
                action()
        except (MedNCAError, OSError) as error:
            self._onFailed(str(error))

    # --- what is shown

    def _fillStart(self):
        combo, chosen = self.ui.startComboBox, self.ui.startComboBox.currentData
        wasBlocked = combo.blockSignals(True)
        combo.clear()
        for family, text in NEW.items():
            combo.addItem(_(text), family)
        for entry in self.logic.library.entries():
            if entry.description:
                combo.addItem(_("Fine-tune {name}").format(name=entry.description.name), entry.id)
        combo.setCurrentIndex(max(combo.findData(chosen), 0))
        combo.blockSignals(wasBlocked)

    def _show(self):
        """Everything as the trainer and the parameter node have it."""
        if self.logic is None:
            return
        trainer, busy = self.logic.trainer, self.logic.trainer.isBusy
        self._showInputs(busy)
        self._showPlan()
        self._showProgress(trainer, busy)
        self._showRuns(busy)
        self._showResult(busy)

    def _showInputs(self, busy):
        """While something is done, the tables stay as they are: it is done with what they show."""
        ui, trainer, node = self.ui, self.logic.trainer, self._parameterNode
        for widget in (
            ui.volumeSelector, ui.segmentationSelector, ui.addPairButton, ui.addAllButton, ui.removePairButton,
            ui.folderButton, ui.labelsTable, ui.startComboBox, ui.nameLineEdit, ui.planEdit, ui.deviceComboBox,
        ):  # fmt: skip
            widget.enabled = node is not None and not busy
        wanted = wantedOf(node, self.logic.library) if node and not busy else None
        hasData = wanted is not None and bool(wanted.pairs or wanted.folder)
        for button in (ui.examineButton, ui.proposeButton):
            button.enabled = hasData
        ui.applyPlanButton.enabled = trainer.plan is not None and not busy
        ui.trainButton.enabled = hasData or trainer.state == TRAINING
        self._shownPairs = len(self._pairs)
        if busy:
            return
        if wanted:
            trainer.keep(wanted)
            self.labels.show(wanted.labels)
        if trainer.dataset:
            self.cases.showRows(trainer.dataset.rows)
        else:
            self.cases.showPairs(wanted.pairs if wanted else [])
        ui.datasetLabel.text = messages.datasetText(wanted, trainer.dataset, trainer.isStale)
        ui.startInfoLabel.text = messages.startText(wanted)

    def _showPlan(self):
        trainer = self.logic.trainer
        self.ui.planLabel.text = messages.planText(trainer.plan, trainer.reasons, trainer.estimate, trainer.isChanged)
        if trainer.plan is not self._shownPlan:
            self._shownPlan = trainer.plan
            self.ui.planEdit.plainText = _planAsText(trainer.plan) if trainer.plan else ""

    def _showProgress(self, trainer, busy):
        ui = self.ui
        ui.trainButton.text = _("Pause") if trainer.state == TRAINING else _("Train")
        ui.cancelButton.enabled = busy
        ui.progressBar.visible = busy
        stage, step, total, seconds = trainer.progress
        ui.progressBar.maximum = int(total or 0)
        ui.progressBar.value = int(step or 0)
        ui.statusLabel.text = messages.progressText(trainer.state, stage, step, total, seconds) if busy else ""

    def _showRuns(self, busy):
        """The list stands still while something is done."""
        combo = self.ui.runsComboBox
        if not busy:
            runs, chosen = self.logic.trainer.runs(), combo.currentData
            if runs != self._shownRuns:
                self._shownRuns = runs
                wasBlocked = combo.blockSignals(True)
                combo.clear()
                for run in runs:
                    combo.addItem(messages.runText(run), run["folder"])
                combo.setCurrentIndex(max(combo.findData(chosen), 0))
                combo.blockSignals(wasBlocked)
            self._onRunChosen(combo.currentIndex)
        for widget in (combo, self.ui.resumeButton, self.ui.deleteRunButton):
            widget.enabled = bool(self._shownRuns) and not busy

    def _showResult(self, busy):
        ui, result = self.ui, self.logic.trainer.result
        self.result.show(result.report if result else None)
        ui.resultLabel.text = messages.resultText(result)
        ui.addButton.enabled = ui.exportButton.enabled = result is not None and not busy
        ui.calibrationButton.enabled = result is not None and bool(result.report.get("calibration"))

    def _onFailed(self, text):
        self._log(text)
        qt.QTimer.singleShot(0, lambda: slicer.util.errorDisplay(text))  # not within the worker's own signal

    def _log(self, text):
        self.ui.logText.appendPlainText(time.strftime("%H:%M:%S  ") + text)


def _planAsText(plan):
    return json.dumps(plan, indent=1)


class NCATrainerLogic(ScriptedLoadableModuleLogic):
    """Trains models, with or without the panel.

    From a script:
        logic = slicer.util.getModuleLogic("NCATrainer")
        report = logic.trainPairs([(volumeNode, segmentationNode), ...], "My model")     # waits; returns the report
        logic.addToModels()
    """

    def __init__(self, changed=lambda: None, failed=lambda text: None, log=lambda text: None):
        ScriptedLoadableModuleLogic.__init__(self)
        self.library = Library(check_tensors=False)
        self.plot, self.log = TrainingPlot(), log
        self.trainer = Trainer(runsFolder(self.library), changed, self.plot.add, failed, log)

    def getParameterNode(self):
        return NCATrainerParameterNode(super().getParameterNode())

    def train(self, wanted, changes=None, mayLeaveOut=lambda rows: True):
        """Train; what is missing before is done first. changes: to the plan. mayLeaveOut(rows): whether to train
        without the cases that cannot be used."""
        trainer = self.trainer
        self._checkName(wanted.name)
        trainer.keep(wanted)
        if trainer.plan is None or changes:
            trainer.propose(wanted, changes, lambda: self.train(wanted, None, mayLeaveOut))
            return
        unusable = trainer.dataset.unusable
        if unusable and not mayLeaveOut(unusable):
            return
        if unusable:
            self.log(_("Left out:") + "\n" + messages.leftOutText(unusable, len(unusable)))
        trainer.train(wanted)
        self._startPlot(wanted.name)

    def resume(self, run, device="auto"):
        title = nameOf(run)
        self.trainer.resume(run, device)
        self._startPlot(title)

    def trainPairs(self, chosen, name, start="m3d-nca", labels=None, changes=None, seconds=36_000):
        """For scripts: train on pairs of nodes and wait. labels: {segment name: label name}, None for all by their own
        names. changes: to the plan. Returns the report; raises MedNCAError with the reason where there is none."""
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
            self.train(wantedOf(node, self.library), changes)
            trainer.wait(seconds)
            if trainer.isBusy:
                trainer.pause()
                raise MedNCAError(_("The training was not done in time; it can be resumed."))
        finally:
            trainer.failed = told
        if errors or trainer.result is None:
            raise MedNCAError(errors[0] if errors else _("The training was stopped."))
        return trainer.result.report

    def replaced(self):
        """The id of the user's model whose place the result would take, or None."""
        id = self.library.check_folder(self._resultFolder(), False).id
        return id if (self.library.user / id).exists() else None

    def addToModels(self, replace=False):
        """Put the result among the user's models. Returns its `mednca.models.library.Entry`."""
        return self.library.add_model(self._resultFolder(), replace)

    def exportModel(self, path):
        """Write the result as a zip file that others can import; a file that is there is replaced."""
        self.library.export_model(str(self._resultFolder()), path, replace=True)

    def showCalibration(self):
        """Expected Dice against NQM of the result, in the layout."""
        showChart(calibrationPlot(self.trainer.result.report["calibration"], _("Calibration")))

    def restorePlot(self):
        """The chart of the training that runs, where it went with a scene."""
        if not self.plot.isThere:
            self._startPlot(self.plot.title)

    def forgetScene(self):
        """A training goes on: it needs no node. What looks at nodes ends."""
        self.plot.forget()
        if self.trainer.isBusy and not self.trainer.isTraining:
            self.trainer.cancel()
        self.trainer.forget()

    def shutdown(self):
        self.trainer.shutdown()

    def _startPlot(self, title):
        if not self.trainer.isTraining:  # it could not even be started
            return
        self.plot.start(title)
        self.plot.load(self.trainer.run / "history.csv")
        showChart(self.plot.chart)

    def _resultFolder(self):
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


def runsFolder(library):
    """Where trainings are kept: beside the user's models, or in $MEDNCA_RUNS."""
    chosen = os.environ.get("MEDNCA_RUNS")
    return Path(chosen) if chosen else Path(library.user).parent / "Runs"


class NCATrainerTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        if missingPackages(REQUIREMENTS):
            self.skipTest(_("Needs {names}.").format(names=", ".join(missingPackages(REQUIREMENTS).values())))

    def runTest(self):
        for test in (self.test_badDataset,):
            self.setUp()
            test()

    def test_badDataset(self):
        """What cannot be trained on is refused, with a reason."""
        logic = NCATrainerLogic()
        try:
            with self.assertRaises(MedNCAError):
                logic.trainPairs([], "nothing")
            self.assertEqual(logic.trainer.state, IDLE)
        finally:
            logic.shutdown()
        self.delayDisplay(_("An empty data set was refused."))

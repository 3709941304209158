"""NCATrainer, the scripted module: train and fine-tune models on one's own labelled volumes, without a server.

This file stays thin: the engine is NCATrainerLib, which runs in a process of its own; what touches MRML and Qt beside
the panel is NCATrainerPanel. It imports neither torch nor anything that Slicer does not bring.
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

from NCATrainerPanel import pairs, texts  # noqa: E402
from NCATrainerPanel.plots import TrainingPlot, calibrationPlot, showChart  # noqa: E402
from NCATrainerPanel.tables import CaseTable, LabelTable, ResultTable  # noqa: E402
from NCATrainerPanel.trainer import IDLE, TRAINING, Trainer, slug  # noqa: E402

from MedNCALib.errors import MedNCAError  # noqa: E402
from MedNCALib.library import Library  # noqa: E402
from MedNCASegmentLib.dependencies import ensureDependencies, missingPackages  # noqa: E402

REQUIREMENTS = Path(pairs.__file__).with_name("requirements.txt")
NEW = {"m3d-nca": "A new model (M3D-NCA, 3D)", "med-nca": "A new model (Med-NCA, slice by slice)"}


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
    device: Annotated[str, Choice(["cpu", "cuda", "mps"])] = "cpu"


class NCATrainerWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: shows the trainer's state, and hands over what the user wants."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self._parameterNode = self._guiTag = None

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

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        slicer.app.connect("aboutToQuit()", self.onQuit)
        for name in (
            "addPair", "addAll", "removePair", "folder", "examine", "propose", "applyPlan", "train", "cancel", "resume",
            "deleteRun", "add", "export", "copyLog",
        ):  # fmt: skip
            handler = getattr(self, f"on{name[0].upper()}{name[1:]}Button")
            getattr(ui, f"{name}Button").connect("clicked(bool)", handler)
        ui.startComboBox.connect("currentIndexChanged(int)", self._onStartChosen)
        self._fillStart()
        self.initializeParameterNode()

    def cleanup(self):
        """Called when the application closes and when the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onQuit)
        self.logic.shutdown()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self._fillStart()
        self.initializeParameterNode()

    def onQuit(self):
        self.logic.shutdown()

    def onSceneStartClose(self, caller, event):
        """A training goes on: it needs no node."""
        self.logic.plot.forget()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onNodeRemoved(self, caller, event):
        self._show()

    # --- the parameter node

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
        self._parameterNode = parameterNode
        if parameterNode:
            self._guiTag = parameterNode.connectGui(self.ui)
            self.ui.startComboBox.setCurrentIndex(max(self.ui.startComboBox.findData(parameterNode.start), 0))
        self._show()

    @property
    def _pairs(self):
        return pairs.pairsOf(self._parameterNode.parameterNode) if self._parameterNode else []

    def _setPairs(self, chosen):
        self._parameterNode.folder = ""
        pairs.setPairs(self._parameterNode.parameterNode, chosen)
        self.logic.trainer.dataset = self.logic.trainer.plan = None
        self._show()

    # --- what the user does

    def onAddPairButton(self, checked=None):
        pair = (self.ui.volumeSelector.currentNode(), self.ui.segmentationSelector.currentNode())
        if all(pair) and pair not in self._pairs:
            self._setPairs([*self._pairs, pair])

    def onAddAllButton(self, checked=None):
        found = [pair for pair in pairs.pairsByName() if pair not in self._pairs]
        if not found:
            slicer.util.infoDisplay(_("No volume of the scene has a segmentation that was made on it."))
        self._setPairs([*self._pairs, *found])

    def onRemovePairButton(self, checked=None):
        gone = self.cases.selectedRows()
        self._setPairs([pair for number, pair in enumerate(self._pairs) if number not in gone])

    def onFolderButton(self, checked=None):
        folder = qt.QFileDialog.getExistingDirectory(None, _("Folder of labelled volumes"), self._parameterNode.folder)
        if folder:
            self._setPairs([])
            self._parameterNode.folder = folder
            self.onExamineButton()

    def onExamineButton(self, checked=None):
        self._try(lambda: self.logic.examine(self._parameterNode, self.labels.values()))

    def onProposeButton(self, checked=None):
        self._try(lambda: self.logic.propose(self._parameterNode, self.labels.values()))

    def onApplyPlanButton(self, checked=None):
        def apply():
            try:
                changes = json.loads(self.ui.planEdit.plainText)
            except ValueError as error:
                raise MedNCAError(_("This is no plan: {error}").format(error=error)) from error
            self.logic.propose(self._parameterNode, self.labels.values(), changes)

        self._try(apply)

    def onTrainButton(self, checked=None):
        """One button: what is missing before the training is done first. While it trains: pause."""
        if self.logic.trainer.isBusy:
            self.logic.trainer.pause()
        else:
            self._try(lambda: self.logic.train(self._parameterNode, self.labels.values()))

    def onCancelButton(self, checked=None):
        question = _("Stop the training and delete what was trained so far?")
        if self.logic.trainer.state != TRAINING or slicer.util.confirmOkCancelDisplay(question):
            self.logic.trainer.cancel()

    def onResumeButton(self, checked=None):
        self._try(lambda: self.logic.resume(self.ui.runsComboBox.currentData, self._parameterNode.device))

    def onDeleteRunButton(self, checked=None):
        if slicer.util.confirmOkCancelDisplay(_("Delete this training for good?")):
            self._try(lambda: self.logic.trainer.deleteRun(self.ui.runsComboBox.currentData), install=False)
            self._show()

    def onAddButton(self, checked=None):
        def add():
            entry = self.logic.addToModels()
            self._log(_("{name} was added to your models.").format(name=entry.id))
            slicer.util.infoDisplay(_("The model is in your models now; MedNCA Segment lists it."))

        self._try(add, install=False)

    def onExportButton(self, checked=None):
        name = f"{slug(self._parameterNode.modelName)}.zip"
        path = qt.QFileDialog.getSaveFileName(None, _("Export the model"), name, _("Models (*.zip)"))
        if path:
            self._try(lambda: self.logic.exportModel(path), install=False)

    def onCopyLogButton(self, checked=None):
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def _onStartChosen(self, index):
        if self._parameterNode and self.ui.startComboBox.currentData:
            self._parameterNode.start = self.ui.startComboBox.currentData
            self.logic.trainer.dataset = self.logic.trainer.plan = None  # its labels' values may be others
        self._show()

    def _onLabelsEdited(self, labels):
        if self._parameterNode:
            self._parameterNode.labels = json.dumps(labels)
            self.logic.trainer.dataset = self.logic.trainer.plan = None

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
        ui, trainer, node = self.ui, self.logic.trainer, self._parameterNode
        chosen, busy = self._pairs, trainer.isBusy
        hasData = bool(node and (chosen or node.folder))
        if trainer.dataset:
            self.cases.showRows(trainer.dataset.rows)
            usable, all_ = len(trainer.dataset.usable), len(trainer.dataset.rows)
            ui.datasetLabel.text = _("{usable} of {all} cases can be used.").format(usable=usable, all=all_)
        else:
            self.cases.showPairs(chosen)
            ui.datasetLabel.text = node.folder if node else ""
        labels = json.loads(node.labels) if node else {}
        self.labels.show(pairs.segmentNames(chosen) if not busy else None, labels)
        for button in (ui.addPairButton, ui.addAllButton, ui.removePairButton, ui.folderButton):
            button.enabled = bool(node) and not busy
        for button in (ui.examineButton, ui.proposeButton):
            button.enabled = hasData and not busy
        ui.applyPlanButton.enabled = trainer.plan is not None and not busy
        self._showPlan()
        ui.trainButton.enabled = (hasData and not busy) or trainer.state == TRAINING
        ui.trainButton.text = _("Pause") if trainer.state == TRAINING else _("Train")
        ui.cancelButton.enabled = busy
        ui.progressBar.visible = busy
        stage, step, total, seconds = trainer.progress
        ui.progressBar.maximum = int(total or 0)
        ui.progressBar.value = int(step or 0)
        ui.statusLabel.text = texts.progressText(trainer.state, stage, step, total, seconds) if busy else ""
        self._showRuns(busy)
        self._showResult(busy)

    def _showPlan(self):
        plan = self.logic.trainer.plan
        self.ui.planLabel.text = texts.planText(plan, self.logic.trainer.reasons, self.logic.trainer.estimate)
        if plan is not self.logic.shownPlan:
            self.logic.shownPlan = plan
            self.ui.planEdit.plainText = json.dumps(plan, indent=1) if plan else ""

    def _showRuns(self, busy):
        combo = self.ui.runsComboBox
        runs = [] if busy else self.logic.trainer.unfinishedRuns()
        if [run["folder"] for run in runs] != [combo.itemData(n) for n in range(combo.count)]:
            combo.clear()
            for run in runs:
                combo.addItem(texts.runText(run), run["folder"])
        self.ui.resumeButton.enabled = self.ui.deleteRunButton.enabled = bool(runs) and not busy

    def _showResult(self, busy):
        report = self.logic.trainer.report
        self.result.show(report)
        self.ui.resultLabel.text = texts.resultText(report)
        self.ui.addButton.enabled = self.ui.exportButton.enabled = report is not None and not busy

    def _onFailed(self, text):
        self._log(text)
        qt.QTimer.singleShot(0, lambda: slicer.util.errorDisplay(text))  # not within the worker's own signal

    def _log(self, text):
        self.ui.logText.appendPlainText(time.strftime("%H:%M:%S  ") + text)


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
        self.plot, self.shownPlan = TrainingPlot(), None
        self.trainer = Trainer(runsFolder(self.library), changed, self.plot.add, failed, log)
        self._changed = changed
        self.trainer.changed = self._onChanged

    def getParameterNode(self):
        return NCATrainerParameterNode(super().getParameterNode())

    def examine(self, node, labels, then=None):
        """Look at the data set that a parameter node names. labels: {segment name: label name}."""
        chosen = pairs.pairsOf(node.parameterNode)
        if chosen:
            numbers = labelNumbers(labels, self._labelsOf(node.start))
            values = {segment: numbers[name] for segment, name in labels.items() if name}
            self.trainer.examinePairs(chosen, values, then)
        elif node.folder:
            self.trainer.examineFolder(node.folder, then)
        else:
            raise MedNCAError(_("Add volumes and their segmentations, or choose a folder."))

    def propose(self, node, labels, changes=None, then=None):
        """A plan; the data set is looked at first where that was not done."""
        if self.trainer.dataset is None:
            self.examine(node, labels, lambda: self.propose(node, labels, changes, then))
            return
        numbers = labelNumbers(labels, self._labelsOf(node.start))
        names = {value: label for label, value in numbers.items()} or self.trainer.dataset.labelNames
        base = None if node.start in NEW else node.start
        self.trainer.propose(base, node.start if base is None else "m3d-nca", names, changes, then)

    def train(self, node, labels, changes=None):
        """Train; what is missing before is done first."""
        if self.trainer.plan is None:
            self.propose(node, labels, changes, lambda: self.train(node, labels))
            return
        base = None if node.start in NEW else node.start
        self.plot.start(node.modelName)
        showChart(self.plot.chart)
        self.trainer.train(node.modelName, base, node.device)

    def resume(self, run, device="cpu"):
        self.plot.start(Path(run).name)
        self.plot.load(Path(run) / "history.csv")
        showChart(self.plot.chart)
        self.trainer.resume(run, device)

    def trainPairs(self, chosen, name, start="m3d-nca", labels=None, changes=None, seconds=36_000):
        """For scripts: train on pairs of nodes and wait. labels: {segment name: label name}, None for all by their own
        names. changes: to the plan. Returns the report; raises MedNCAError with the reason where there is none."""
        missing = ", ".join(missingPackages(REQUIREMENTS))
        if missing:
            raise MedNCAError(_("{names} not installed; train once from the panel.").format(names=missing))
        node, errors = self.getParameterNode(), []
        pairs.setPairs(node.parameterNode, chosen)
        node.start, node.modelName, node.folder = start, name, ""
        self.trainer.failed = errors.append
        self.train(node, labels or {segment: segment for segment in pairs.segmentNames(chosen)}, changes)
        self._wait(seconds)
        if errors or self.trainer.report is None:
            raise MedNCAError(errors[0] if errors else _("The training was stopped."))
        return self.trainer.report

    def addToModels(self, replace=False):
        """Put the result among the user's models. Returns its `MedNCALib.library.Entry`."""
        if self.trainer.resultFolder is None:
            raise MedNCAError(_("There is no result yet."))
        return self.library.add_model(self.trainer.resultFolder, replace)

    def exportModel(self, path):
        """Write the result as a zip file that others can import."""
        if self.trainer.resultFolder is None:
            raise MedNCAError(_("There is no result yet."))
        self.library.export_model(str(self.trainer.resultFolder), path)

    def shutdown(self):
        self.trainer.shutdown()

    def _labelsOf(self, start):
        """{label name: value} of the model that is gone on from; nothing for a new one."""
        entries = [entry for entry in self.library.entries() if entry.id == start and entry.description]
        return {label.name: label.value for label in entries[0].description.labels} if entries else {}

    def _wait(self, seconds):
        """A step ends before the next one begins: wait until nothing follows."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.trainer.wait(1)
            for _turn in range(3):
                slicer.app.processEvents()
            if not self.trainer.isBusy:
                return

    def _onChanged(self):
        if self.trainer.state == IDLE and self.trainer.report and self.trainer.report.get("calibration"):
            calibrationPlot(self.trainer.report["calibration"], _("Calibration"))
        self._changed()


def runsFolder(library):
    """Where trainings are kept: beside the user's models, or in $MEDNCA_RUNS."""
    chosen = os.environ.get("MEDNCA_RUNS")
    return Path(chosen) if chosen else Path(library.user).parent / "Runs"


def labelNumbers(labels, known=None):
    """{label name: value} of {segment name: label name}; segments without a label are left out.

    known: {label name: value} of the model that is fine-tuned: a label of its name is its label, whatever the order.
    """
    known, numbers = known or {}, {}
    free = (value for value in range(1, 256) if value not in known.values())
    for name in dict.fromkeys(filter(None, labels.values())):
        numbers[name] = known[name] if name in known else next(free)
    return numbers


class NCATrainerTest(ScriptedLoadableModuleTest):
    """Self-tests that run in Slicer and, unchanged, on the test host."""

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        if missingPackages(REQUIREMENTS):
            self.skipTest(_("Needs {names}.").format(names=", ".join(missingPackages(REQUIREMENTS))))

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

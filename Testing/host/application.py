"""What modules use of Slicer's application: slicer.app, slicer.modules, the main window, loading and saving.

The scene is scene.py's, the views are views.py's; slicerhost.py puts all of it together for tests.
"""

import importlib.util
import os
import sys
from pathlib import Path

import qt
import slicer
import vtk
from PySide6.QtCore import Property, QTranslator, Signal
from qmrml import qMRMLNodeComboBox, qMRMLWidget
from qt import standing_for_cpp
from scene import temporary_folder

_EXTENSIONS = {  # file type: node class, and endings of its files
    "SegmentationFile": ("vtkMRMLSegmentationNode", (".seg.nrrd", ".seg.nhdr", ".vtm")),
    "MarkupsFile": ("vtkMRMLMarkupsFiducialNode", (".mrk.json", ".fcsv")),
    "TransformFile": ("vtkMRMLTransformNode", (".h5", ".tfm", ".mat")),
    "ModelFile": ("vtkMRMLModelNode", (".vtk", ".vtp", ".stl", ".ply", ".obj")),
    "TableFile": ("vtkMRMLTableNode", (".tsv", ".csv")),
    "TextFile": ("vtkMRMLTextNode", (".txt", ".json", ".xml")),
    "VolumeFile": ("vtkMRMLScalarVolumeNode", (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")),
    "SceneFile": ("", (".mrb", ".mrml")),
}


class CoreIOManager:
    """Loading and saving by the nodes' own storage nodes."""

    def fileType(self, path):
        return next((kind for kind, (_, ends) in _EXTENSIONS.items() if str(path).lower().endswith(ends)), "NoFile")

    def fileWriterFileType(self, node):
        return next((kind for kind, (name, _) in _EXTENSIONS.items() if name and node.IsA(name)), "NoFile")

    def loadNodes(self, kind, properties, loaded=None, messages=None):
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._load_scene(path, properties.get("clear", False))
        class_name, _ = _EXTENSIONS[kind]
        if properties.get("labelmap"):
            class_name = "vtkMRMLLabelMapVolumeNode"
        name = properties.get("name") or slicer.mrmlScene.GenerateUniqueName(os.path.basename(path).split(".")[0])
        node = slicer.mrmlScene.AddNewNodeByClass(class_name, name)
        node.AddDefaultStorageNode(path)
        if not os.path.isfile(path) or not node.GetStorageNode().ReadData(node):
            slicer.mrmlScene.RemoveNode(node)
            return False
        node.CreateDefaultDisplayNodes()
        if kind == "VolumeFile" and properties.get("show", True):
            slicer.util.setSliceViewerLayers(background=node, fit=True)
        if loaded is not None:
            loaded.AddItem(node)
        return True

    def saveNodes(self, kind, properties, messages=None):
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        node.AddDefaultStorageNode(path)
        node.GetStorageNode().SetFileName(path)
        return bool(node.GetStorageNode().WriteData(node))

    def _load_scene(self, path, clear):
        if clear:
            slicer.mrmlScene.Clear(0)
        if path.endswith(".mrb"):
            return bool(slicer.mrmlScene.ReadFromMRB(path, False))
        slicer.mrmlScene.SetURL(path)
        return bool(slicer.mrmlScene.Import())

    def _save_scene(self, path):
        if path.endswith(".mrb"):
            return bool(slicer.mrmlScene.WriteToMRB(path))
        return bool(slicer.mrmlScene.Commit(path))


# --- modules ----------------------------------------------------------------------------------------------------------


class Module:
    """A module of Slicer's own: a name and a logic."""

    def __init__(self, name, logic=None):
        self.name = self.title = name
        self._logic, self._widget = logic, None

    def logic(self):
        return self._logic

    def widgetRepresentation(self):
        if self._widget is None and self.name == "SegmentEditor":
            self._widget = SegmentEditorModuleWidget()
        if self._widget is None and self.name == "SegmentStatistics":
            self._widget = SegmentStatisticsWidget()
        return self._widget

    createNewWidgetRepresentation = widgetRepresentation


class SequencesModule(Module):
    """The module that plays sequences: as in Slicer a timer, while there is a browser, and a toolbar that shows one."""

    def __init__(self, name, logic):
        super().__init__(name, logic)
        self.activeBrowserNode, self.toolBarVisible = None, False
        self._timer = qt.QTimer()
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._update)
        self._timer.start()

    def showSequenceBrowser(self, browser):
        if not browser.IsA("vtkMRMLSequenceBrowserNode") or not slicer.mrmlScene.IsNodePresent(browser):
            raise TypeError("not a sequence browser of the scene")
        self.activeBrowserNode, self.toolBarVisible = browser, True
        return True

    def _update(self):
        if slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode"):
            self._logic.UpdateAllProxyNodes()


@standing_for_cpp
class SegmentEditorWidget(qMRMLWidget):
    """The editor's selectors, so that tests see what a module opened for editing."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._segmentation = self._source = self._segment = self._effect = None

    def setSegmentationNode(self, node):
        self._segmentation = node

    def segmentationNode(self):
        return self._segmentation

    def setSourceVolumeNode(self, node):
        self._source = node

    setMasterVolumeNode = setSourceVolumeNode

    def sourceVolumeNode(self):
        return self._source

    def setCurrentSegmentID(self, segment_id):
        self._segment = segment_id

    def currentSegmentID(self):
        return self._segment

    def setActiveEffectByName(self, name):
        self._effect = name


class SegmentEditorModuleWidget:
    def __init__(self):
        self.editor = SegmentEditorWidget()

    def self(self):
        return self


class SegmentStatisticsWidget:
    """The selectors of Slicer's scripted module, so that tests see what was chosen there."""

    def __init__(self):
        self.segmentationSelector, self.scalarSelector = qMRMLNodeComboBox(), qMRMLNodeComboBox()
        self.segmentationSelector.nodeTypes = ["vtkMRMLSegmentationNode"]
        self.scalarSelector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        for selector in (self.segmentationSelector, self.scalarSelector):
            selector.setMRMLScene(slicer.mrmlScene)

    def self(self):
        return self


class ScriptedModule:
    """qSlicerScriptedLoadableModule: what the module file describes itself to."""

    def __init__(self, path):
        self.path = str(path)
        self.name = Path(path).stem
        self.title = self.helpText = self.acknowledgementText = ""
        self.categories, self.dependencies, self.contributors, self.associatedNodeTypes = [], [], [], []
        self.icon, self.hidden, self.index = None, False, -1
        self._widget = None

    def logic(self):
        return None

    def widgetRepresentation(self):
        if self._widget is None:
            self._widget = ScriptedModuleWidget(self)
            self._widget.fill()
        return self._widget

    def createNewWidgetRepresentation(self):
        widget = ScriptedModuleWidget(self)
        widget.fill()
        return widget


@standing_for_cpp
class ScriptedModuleWidget(qMRMLWidget):
    """qSlicerScriptedLoadableModuleWidget: the frame that holds a module's panel."""

    def __init__(self, module):
        super().__init__()
        self._module, self._panel, self._entered = module, None, False
        self.setObjectName(f"{module.name}ModuleWidget")
        qt.QVBoxLayout(self)

    def fill(self):
        """Make the panel, from whatever the module's file says now."""
        panel_class = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")
        self.setMRMLScene(slicer.mrmlScene)
        self._panel = panel_class(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._panel)
        self._panel.setup()

    def reload(self):
        self.fill()
        if self._entered:
            self._call("enter")

    def self(self):
        return self._panel

    def enter(self):
        self._entered = True
        self._call("enter")

    def exit(self):
        self._entered = False
        self._call("exit")

    def _call(self, name):
        getattr(self._panel, name, lambda: None)()

    isEntered = Property(bool, lambda self: self._entered)


class Modules:
    """slicer.modules: modules by their names in lower case."""


def load_module(path):
    """Import a module's file and have it describe itself."""
    path = Path(path)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    specification = importlib.util.spec_from_file_location(path.stem, path)
    sys.modules[path.stem] = file = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(file)
    module = ScriptedModule(path)
    module._described = getattr(file, path.stem)(module)
    setattr(slicer.modules, path.stem.lower(), module)
    return module


@standing_for_cpp
class ModuleManager(qt.QObject):
    moduleAboutToBeUnloaded = Signal(str)
    moduleLoaded = Signal(str)

    def module(self, name):
        return getattr(slicer.modules, name.lower(), None)

    def modulesNames(self):
        return [one.name for one in vars(slicer.modules).values() if isinstance(one, (Module, ScriptedModule))]

    loadedModuleNames = modulesNames

    def factoryManager(self):
        return self


# --- the main window --------------------------------------------------------------------------------------------------


class ModuleSelector:
    """Which module is shown; those that were asked for, in order, in `asked`."""

    def __init__(self):
        self.selectedModule, self.asked = "", []

    def selectModule(self, name):
        new = slicer.app.moduleManager().module(name)
        if new is None:
            raise RuntimeError(f"no such module: {name}")
        self.asked.append(name)
        old = slicer.app.moduleManager().module(self.selectedModule) if self.selectedModule else None
        if isinstance(old, ScriptedModule):
            old.widgetRepresentation().exit()
        self.selectedModule = name
        if isinstance(new, ScriptedModule):
            new.widgetRepresentation().enter()


@standing_for_cpp
class MainWindow(qt.QMainWindow):
    def __init__(self):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer")
        self._selector = ModuleSelector()

    def moduleSelector(self):
        return self._selector

    def statusBar(self):
        return qt.adopt(qt.QtWidgets.QMainWindow.statusBar(self))


# --- slicer.app -------------------------------------------------------------------------------------------------------


@standing_for_cpp
class Application(qt.QObject):
    """slicer.app. What it does not say itself, Qt's application says."""

    startupCompleted = Signal()
    aboutToQuit = Signal()
    lastWindowClosed = Signal()

    applicationName, applicationVersion = "Slicer", "5.13.0"
    majorVersion, minorVersion, revision = 5, 13, "0"
    applicationLocaleName = "en_US"
    os = {"linux": "linux", "darwin": "macosx", "win32": "win"}.get(sys.platform, "linux")

    def __init__(self, application_logic):
        super().__init__()
        self._logic = application_logic
        self._io, self._modules, self._layout = CoreIOManager(), ModuleManager(), None
        self._folder = temporary_folder("app")
        self._testing = False
        self._translators = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(qt.QApplication.instance(), name)

    def loadTranslations(self, directory):
        """The .qm files of a folder that are of the application's language: of the country, otherwise of any."""
        language = self.applicationLocaleName
        for ending in (language, language.split("_")[0]):
            files = sorted(Path(directory).glob(f"*{ending}.qm"))
            for file in files:
                translator = QTranslator(qt.QApplication.instance())
                if translator.load(str(file)):
                    qt.QApplication.instance().installTranslator(translator)
                    self._translators.append(translator)
            if files:
                return

    def dropTranslations(self):
        """The next application of this process starts without."""
        while self._translators:
            qt.QApplication.instance().removeTranslator(self._translators.pop())

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layout

    def moduleManager(self):
        return self._modules

    def coreIOManager(self):
        return self._io

    ioManager = coreIOManager

    def mrmlScene(self):
        return slicer.mrmlScene

    def settings(self):
        return qt.QSettings()

    userSettings = revisionUserSettings = settings

    def testingEnabled(self):
        return self._testing

    def commandOptions(self):
        return self

    def pauseRender(self):
        """Nothing is drawn before someone looks."""

    def resumeRender(self):
        """See pauseRender."""

    def moduleDocumentationUrl(self, name):
        return ""

    def startupEnvironment(self):
        return dict(os.environ)

    def restart(self):
        qt.dialogs.recorded.append(("restart", ""))

    def topLevelWidgets(self):
        return qt.QApplication.topLevelWidgets()

    def setOverrideCursor(self, cursor):
        qt.QApplication.setOverrideCursor(qt.QCursor(cursor))

    @property
    def slicerHome(self):
        return self._folder

    @property
    def temporaryPath(self):
        return self._folder

    @property
    def documentationBaseUrl(self):
        return ""


def publish(application_logic, logics):
    """Put slicer.app, slicer.modules and the widget classes into the `slicer` package."""
    import qmrml

    slicer.app = Application(application_logic)
    slicer.modules = Modules()
    slicer.selfTests = {}
    slicer.qSlicerScriptedLoadableModule = ScriptedModule
    slicer.qSlicerScriptedLoadableModuleWidget = ScriptedModuleWidget
    for name, cls in vars(qmrml).items():
        if name.startswith(("qMRML", "qSlicer")):
            setattr(slicer, name, cls)
    for name in {*logics, "SegmentEditor", "SegmentStatistics", "Data", "Models"}:
        kind = SequencesModule if name == "Sequences" else Module
        setattr(slicer.modules, name.lower(), kind(name, logics.get(name)))
    vtk.vtkObject.GlobalWarningDisplayOn()
    return slicer.app

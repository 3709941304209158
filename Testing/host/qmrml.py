"""Stand-ins for the qMRML widgets that scripted modules use: a widget with a scene, and the node selector.

Their views are in views.py. What they do is Slicer's; how they do it is as short as it can be.
"""

import ctk
import qt
import shiboken6
from PySide6.QtCore import Property, Signal
from qt import standing_for_cpp

_SCENE = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged(PyObject)"}


@standing_for_cpp
class qMRMLWidget(qt.QWidget):
    mrmlSceneChanged = Signal(object)
    signatures = _SCENE

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@standing_for_cpp
class qSlicerWidget(qMRMLWidget):
    pass


def _flag(name):
    """One of the selector's switches."""

    def change(self, value):
        self._flags[name] = bool(value)
        self._read_scene()

    return Property(bool, lambda self: self._flags[name], change)


@standing_for_cpp
class qMRMLNodeComboBox(qt.QWidget):
    """A combo box of the scene's nodes that follows the scene."""

    currentNodeChanged = Signal(object)
    currentNodeExists = Signal(bool)  # Slicer's currentNodeChanged(bool)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    signatures = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged(PyObject)",
        "currentNodeChanged(bool)": "currentNodeExists(bool)",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded(PyObject)",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser(PyObject)",
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = self._node = self._awaited = None
        self._nodes, self._observed, self._attributes = [], [], []
        self._types, self._base, self._none = [], "", "None"
        on = ("addEnabled", "removeEnabled", "showChildNodeTypes", "selectNodeUponCreation")
        off = ("noneEnabled", "editEnabled", "renameEnabled", "showHidden")
        self._flags = {name: name in on for name in on + off}
        self._box = qt.QComboBox()
        self._box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self._box.setMinimumContentsLength(12)
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.activated.connect(self._choose)

    # --- the current node

    def currentNode(self):
        return self._node

    def setCurrentNode(self, node):
        """A node, the ID of one, or None."""
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node) if self._scene else None
        if node is not None and node not in self._nodes:
            self._awaited = node  # the scene is being read: its nodes are listed when that is done
        else:
            self._awaited = None
            self._select(node)

    def setCurrentNodeID(self, node_id):
        self.setCurrentNode(node_id or None)

    def setCurrentNodeIndex(self, index):
        self._select(self._nodes[index] if 0 <= index < len(self._nodes) else None)

    def nodeCount(self):
        return len(self._nodes)

    def nodeFromIndex(self, index):
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def _select(self, node):
        changed, self._node = node is not self._node, node
        self._show()
        if changed:
            self.currentNodeChanged.emit(node)
            self.currentNodeExists.emit(node is not None)
            self.currentNodeIDChanged.emit(node.GetID() if node else "")

    # --- what the user may do

    def addNode(self, node_type=None):
        node_type = node_type or self._types[0]
        node = self._scene.CreateNodeByClass(node_type)
        node.UnRegister(None)
        node.SetName(self._scene.GenerateUniqueName(self._base or node.GetNodeTagName()))
        for wanted_type, name, value in self._attributes:
            if node.IsA(wanted_type):
                node.SetAttribute(name, value)
        node = self._scene.AddNode(node)
        self._read_scene()
        if self._flags["selectNodeUponCreation"]:
            self._select(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self):
        if self._node:
            self._scene.RemoveNode(self._node)

    def renameCurrentNode(self):
        name = qt.QInputDialog.getText(self, "Rename", "New name:", qt.QLineEdit.Normal, self._node.GetName())
        if name:
            self._node.SetName(name)

    def addAttribute(self, node_type, name, value=None):
        self._attributes.append((node_type, name, value))
        self._read_scene()

    def _choose(self, index):
        kind, value = self._box.itemData(index) or (None, None)
        if kind == "node":
            self._select(self._scene.GetNodeByID(value) if value else None)
        elif kind == "do":
            self._show()
            getattr(self, value)()

    # --- following the scene

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        self._forget(self._observed)
        self._scene = scene
        events = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent", "EndCloseEvent", "EndImportEvent")
        for event in events if scene else ():
            self._observe(scene, getattr(scene, event), self._read_scene)
        self._read_scene()

    def _observe(self, subject, event, react):
        def observed(caller, name):
            if shiboken6.isValid(self):
                react()

        self._observed.append((subject, subject.AddObserver(event, observed)))

    def _forget(self, observed):
        for subject, tag in list(observed):
            subject.RemoveObserver(tag)
            self._observed.remove((subject, tag))

    def _read_scene(self):
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        count = self._scene.GetNumberOfNodes() if self._scene else 0
        before = self._nodes
        self._nodes = [n for n in map(self._scene.GetNthNode, range(count)) if self._wanted(n)] if count else []
        for node in self._nodes:
            if node not in before:
                self._observe(node, "ModifiedEvent", self._show)
                self.nodeAdded.emit(node)
        self._forget([one for one in self._observed if one[0] in before and one[0] not in self._nodes])
        if self._awaited in self._nodes:
            awaited, self._awaited = self._awaited, None
            return self._select(awaited)
        if self._node in self._nodes or self._scene is None or self._scene.IsClosing():
            return self._select(self._node if self._node in self._nodes else None)
        self._select(self._instead(before))

    def _instead(self, before):
        """Of a node that is gone Slicer's selector chooses the next one in its list, or the last one; where none was
        there yet, and one must be, the first."""
        if self._node in before and self._nodes:
            return self._nodes[min(before.index(self._node), len(self._nodes) - 1)]
        return self._nodes[0] if self._nodes and not before and not self._flags["noneEnabled"] else None

    def _wanted(self, node):
        if node is None or (node.GetHideFromEditors() and not self._flags["showHidden"]):
            return False
        subtypes = self._flags["showChildNodeTypes"]
        if not any(node.IsA(t) if subtypes else node.GetClassName() == t for t in self._types):
            return False
        return all(
            node.GetAttribute(name) is not None and value in (None, node.GetAttribute(name))
            for node_type, name, value in self._attributes
            if node.IsA(node_type)
        )

    def _show(self):
        items = [(self._none, ("node", ""))] if self._flags["noneEnabled"] else []
        items += [(node.GetName() or node.GetID(), ("node", node.GetID())) for node in self._nodes]
        actions = []
        if self._flags["addEnabled"]:
            label = self._scene.GetTagByClassName(self._types[0]) if self._scene and self._types else ""
            actions.append((f"Create new {label or 'node'}", ("do", "addNode")))
        if self._node and self._flags["renameEnabled"]:
            actions.append(("Rename current node", ("do", "renameCurrentNode")))
        if self._node and self._flags["removeEnabled"]:
            actions.append(("Delete current node", ("do", "removeCurrentNode")))
        self._box.clear()
        for text, data in items:
            self._box.addItem(text, data)
        if actions:
            self._box.insertSeparator(self._box.count)
            for text, data in actions:
                self._box.addItem(text, data)
        current = ("node", self._node.GetID() if self._node else "")
        self._box.setCurrentIndex(next((n for n, (_, data) in enumerate(items) if data == current), -1))

    # --- properties

    def setNodeTypes(self, types):
        self._types = [types] if isinstance(types, str) else list(types)
        self._read_scene()

    def setBaseName(self, name, node_type=""):
        self._base = name

    def setNoneDisplay(self, text):
        self._none = text
        self._show()

    nodeTypes = Property("QStringList", lambda self: self._types, setNodeTypes)
    baseName = Property(str, lambda self: self._base, setBaseName)
    noneDisplay = Property(str, lambda self: self._none, setNoneDisplay)
    currentNodeID = Property(str, lambda self: self._node.GetID() if self._node else "", setCurrentNodeID)
    noneEnabled = _flag("noneEnabled")
    addEnabled = _flag("addEnabled")
    removeEnabled = _flag("removeEnabled")
    editEnabled = _flag("editEnabled")
    renameEnabled = _flag("renameEnabled")
    showHidden = _flag("showHidden")
    showChildNodeTypes = _flag("showChildNodeTypes")
    selectNodeUponCreation = _flag("selectNodeUponCreation")


@standing_for_cpp
class qMRMLSliderWidget(ctk.ctkSliderWidget):
    """Without units."""


@standing_for_cpp
class qMRMLSpinBox(ctk.ctkDoubleSpinBox):
    """Without units."""


@standing_for_cpp
class qMRMLRangeWidget(ctk.ctkRangeWidget):
    """Only so that Slicer's own layer can name it."""

"""PySide6 standing for PythonQt's flat `qt` module, PythonQt's strictness included.

Qt properties are attributes (`w.text`; calling `w.text()` raises), `connect("clicked(bool)", f)` works beside
`w.clicked.connect(f)`, misspelled attributes raise. Classes are made on first use. Dialogs ask `dialogs.py`.
Nothing of Slicer in here: ctk.py and qmrml.py build upon this file.
"""

import ctypes
import inspect
import os
import sys
import xml.etree.ElementTree as ElementTree

os.environ.setdefault("PYSIDE6_OPTION_PYTHON_ENUM", "0x02")  # enums compare with ints, as PythonQt's do

import dialogs
from PySide6 import QtCore, QtGui, QtWidgets

try:
    from PySide6 import QtUiTools
except ImportError:  # a Qt without Designer's loader still serves widgets made in code
    QtUiTools = None

# This PySide6 returns None without a reference of its own from whatever returns nothing. Before Python 3.12, where None
# became immortal, some ten thousand calls later the process dies of it.
if sys.version_info < (3, 12):
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40

_HOMES = [home for home in (QtCore, QtGui, QtWidgets, QtUiTools) if home is not None]

# Methods through which Qt hands out objects of its own making; these become ours on the way. Not `children`: to change
# the class of the helpers inside a combo box crashes PySide6 when the process ends.
_GIVERS = ("addAction", "addMenu", "addButton", "addToolBar", "button", "buttons", "horizontalHeader", "verticalHeader",
           "lineEdit", "statusBar", "menu", "menuBar", "action", "actions", "defaultAction", "clipboard",
           "instance")  # fmt: skip


# --- signals and slots ------------------------------------------------------------------------------------------------


def _accepted(slot):
    """How many positional arguments a slot takes; PythonQt passes no more than that."""
    try:
        parameters = inspect.signature(slot).parameters.values()
    except ValueError:  # a slot of Qt's own
        return _accepted_by_qt(slot)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _accepted_by_qt(slot):
    receiver = slot.__self__
    if not isinstance(receiver, QtCore.QObject):
        return 0
    methods = (receiver.metaObject().method(number) for number in range(receiver.metaObject().methodCount()))
    return max((m.parameterCount() for m in methods if m.name() == slot.__name__.encode()), default=0)


class BoundSignal:
    """`widget.clicked`: a signal of one object. Slots are held strongly, as PythonQt holds them."""

    def __init__(self, owner, signature):
        self._owner, self._signature = owner, signature
        self._connections = owner.__dict__.setdefault("_host_connections", [])

    def connect(self, slot, method=None):
        slot = _slot(slot, method)
        accepted = _accepted(slot)

        def relay(*arguments):
            slot(*arguments[:accepted])

        self._connections.append((self._signature, slot, relay))
        return bool(QtCore.QObject.connect(self._owner, f"2{self._signature}", relay))

    def disconnect(self, slot=None, method=None):
        slot = slot and _slot(slot, method)
        mine = [one for one in self._connections if one[0] == self._signature and slot in (None, one[1])]
        for connection in mine[-1:] if slot else mine:
            self._connections.remove(connection)
            QtCore.QObject.disconnect(self._owner, f"2{self._signature}", connection[2])
        return bool(mine)

    def emit(self, *arguments):
        name = self._signature.partition("(")[0]
        signal = inspect.getattr_static(type(self._owner), name).raw.__get__(self._owner, type(self._owner))
        signal.emit(*arguments)

    __call__ = emit


def _slot(slot, method):
    if method is not None:  # connect(signal, receiver, "method(int)")
        slot = getattr(slot, method.split("(")[0])
    if not callable(slot):
        raise ValueError(f"not a slot: {slot!r}")
    return slot


class SignalAttribute:
    """A signal as class attribute: of several with one name, the one that says most."""

    def __init__(self, raw, name):
        self.raw, self.name = raw, name

    def __get__(self, owner, kind=None):
        return self if owner is None else BoundSignal(owner, max(_signatures(owner, self.name), key=len))

    def __set__(self, owner, value):
        if type(value) is not QtCore.SignalInstance:  # which PySide6 lays there itself when a signal is emitted
            raise AttributeError(f"{self.name} is a signal of {type(owner).__name__}")


def _signatures(owner, name):
    meta = owner.metaObject()
    methods = (meta.method(number) for number in range(meta.methodCount()))
    named = [bytes(method.methodSignature().data()).decode() for method in methods if method.name() == name.encode()]
    return [signature for signature in named if meta.indexOfSignal(signature) >= 0]


def _find_signal(owner, signature):
    """The signal a PythonQt signature such as "finished(int,QProcess::ExitStatus)" names."""
    normal = bytes(QtCore.QMetaObject.normalizedSignature(signature).data()).decode()
    normal = getattr(type(owner), "signatures", {}).get(normal, normal)  # types Qt does not know, as vtkMRMLNode*
    if owner.metaObject().indexOfSignal(normal) < 0:
        raise ValueError(f"{type(owner).__name__} has no signal {signature}")
    return BoundSignal(owner, normal)


def _connect(self, signal, slot, method=None):
    return _find_signal(self, signal).connect(slot, method)


def _disconnect(self, signal, slot=None, method=None):
    return _find_signal(self, signal).disconnect(slot, method)


# --- properties -------------------------------------------------------------------------------------------------------


class PropertyAttribute:
    """A Q_PROPERTY as Python attribute. On the class, what Qt has by that name (the static QTimer.singleShot)."""

    def __init__(self, original, name, writable):
        capital = name[0].upper() + name[1:]
        self.name, self.original = name, original
        self.read = getattr(original, f"is{capital}", None) or getattr(original, name, None)
        self.write = getattr(original, f"set{capital}", None) if writable else None
        self.writable = writable

    def __get__(self, owner, kind=None):
        if owner is None:
            return getattr(self.original, self.name, self)
        if inspect.ismethoddescriptor(self.read):
            return self.read(owner)
        return QtCore.QObject.property(owner, self.name)

    def __set__(self, owner, value):
        if not self.writable:
            raise AttributeError(f"property {self.name} of {type(owner).__name__} is read-only")
        if self.write is None:
            QtCore.QObject.setProperty(owner, self.name, value)
        else:
            self.write(owner, value)


class NameAttribute:
    """PythonQt's `name`, another word for objectName."""

    def __get__(self, owner, kind=None):
        return self if owner is None else QtCore.QObject.objectName(owner)

    def __set__(self, owner, value):
        QtCore.QObject.setObjectName(owner, value)


def _reach_subclass(cls, **options):
    cls.connect, cls.disconnect = _connect, _disconnect  # shiboken looks these two up in the exact class only


def _initializer(original):
    def initialize(self, *arguments, **options):
        original.__init__(self, *arguments, **options)
        _drop_native_signals(self)

    return initialize


def _drop_native_signals(made):
    """PySide6 lays its own signals into every instance, where they would hide ours."""
    for name in [name for name in made.__dict__ if not name.startswith("_")]:
        if isinstance(inspect.getattr_static(type(made), name, None), SignalAttribute):
            del made.__dict__[name]


def _attribute_setter(original):
    """C++ objects take no new attributes in PythonQt: a misspelled property must not pass unnoticed."""

    def set_attribute(self, name, value):
        if "_original" in type(self).__dict__ and not name.startswith("_"):
            if isinstance(value, QtCore.QObject) and QtCore.QObject.objectName(value) == name:
                return  # PySide6's loader hangs the children of a .ui file on its top widget; PythonQt's does not
            attribute = inspect.getattr_static(type(self), name, None)
            if not (hasattr(type(attribute), "__set__") or isinstance(attribute, QtCore.Property)):
                raise AttributeError(f"{type(self).__name__} has no property {name}")
        original.__setattr__(self, name, value)

    return set_attribute


# --- classes ----------------------------------------------------------------------------------------------------------


class _Kind(type(QtCore.QObject)):
    """Objects that Qt itself made count as instances of our classes too."""

    def __instancecheck__(cls, instance):
        original = cls.__dict__.get("_original", cls)
        return super().__instancecheck__(instance) if original is cls else isinstance(instance, original)

    def __subclasscheck__(cls, other):
        original = cls.__dict__.get("_original", cls)
        return super().__subclasscheck__(other) if original is cls else issubclass(other, original)


_classes = {}  # PySide6's class -> ours
widget_classes = {}  # stand-ins by the class names that .ui files have for them


def expose(original):
    """Our class for one of PySide6's; the same one every time."""
    if original not in _classes:
        members = {"_original": original, "__module__": __name__, "__setattr__": _attribute_setter(original)}
        members.update(__init__=_initializer(original), __init_subclass__=classmethod(_reach_subclass))
        members.update({name: _giver(getattr(original, name)) for name in _GIVERS if hasattr(original, name)})
        members.update(_signals(original))
        members.update(_properties(original.staticMetaObject, original))
        members.update(name=NameAttribute(), connect=_connect, disconnect=_disconnect, className=_class_name)
        members.update(findChildren=_find_children, findChild=_find_child, delete=lambda self: self.deleteLater())
        for kind, more in _SPECIAL.items():
            if issubclass(original, kind):
                members.update(more)
        _classes[original] = _Kind(original.__name__, (original,), members)
    return _classes[original]


def standing_for_cpp(cls):
    """Decorator for stand-ins written in Python: as strict, and with the same signals, as the exposed classes."""
    for name, value in list(vars(cls).items()):
        if type(value) is QtCore.Signal:
            setattr(cls, name, SignalAttribute(value, name))
    cls._original = cls
    widget_classes[cls.__name__] = cls
    return cls


def adopt(value):
    """Objects that Qt made become objects of our classes, so that they are as strict as all others."""
    if isinstance(value, (list, tuple)):
        return type(value)([adopt(one) for one in value])
    if isinstance(value, QtCore.QObject) and type(value).__module__.startswith("PySide6."):
        value.__class__ = expose(type(value))
        _drop_native_signals(value)
    return value


def _giver(function):
    def give(*arguments, **options):
        return adopt(function(*arguments, **options))

    static = inspect.isbuiltin(function)  # a static function; methods of the class are descriptors
    return staticmethod(give) if static else give


def _signals(original):
    found = ((name, inspect.getattr_static(original, name, None)) for name in dir(original))
    return {name: SignalAttribute(value, name) for name, value in found if type(value) is QtCore.Signal}


def _properties(meta, original):
    properties = (meta.property(number) for number in range(meta.propertyCount()))
    return {p.name(): PropertyAttribute(original, p.name(), p.isWritable()) for p in properties}


def _class_name(self):
    return type(self).__name__


def _find_children(self, kind=QtCore.QObject, name="", *options):
    if isinstance(kind, str):
        found = QtCore.QObject.findChildren(self, QtCore.QObject, name, *options)
        return [child for child in found if child.inherits(kind)]
    wanted = kind.__dict__.get("_original", kind)
    return list(QtCore.QObject.findChildren(self, wanted, name or None, *options))


def _find_child(self, kind=QtCore.QObject, name=""):
    found = _find_children(self, kind, name)
    return found[0] if found else None


# --- dialogs ----------------------------------------------------------------------------------------------------------

_BOX_KINDS = {1: "info", 2: "warning", 3: "error", 4: "question", 0: "message"}  # by QMessageBox.Icon
_YES = ("Ok", "Yes", "Save", "Open", "Retry", "YesToAll", "Apply")
_NO = ("Cancel", "No", "Close", "Abort", "Discard", "Ignore")


def _exec_dialog(self):
    title = QtWidgets.QWidget.windowTitle(self)
    text = " ".join(
        [title, *(QtWidgets.QLabel.text(label) for label in _find_children(self, QtWidgets.QLabel))]
    ).strip()
    accepted = bool(dialogs.ask("dialog", text, self))
    (self.accept if accepted else self.reject)()
    return int(accepted)


def _exec_message_box(self):
    box = QtWidgets.QMessageBox
    text = "\n".join(part for part in (box.text(self), box.informativeText(self)) if part)
    answer = dialogs.ask(_BOX_KINDS[int(box.icon(self).value)], text, self)
    standard = _standard_for(self, answer)
    if standard is not None:
        self._clicked = lambda: box.button(self, standard)
        return int(standard)
    button = _button_for(self, answer)
    self._clicked = lambda: button
    standard = box.standardButton(self, button) if button is not None else box.StandardButton.NoButton
    return int(standard)


def _standard_for(box, answer):
    """The standard button for yes or no, found without a wrapper of the button itself: PySide6 now and then takes a
    dead object's wrapper for one that lies at the same address."""
    if not isinstance(answer, bool):
        return None
    raw = QtWidgets.QMessageBox
    there = raw.standardButtons(box)
    kinds = (raw.StandardButton[name] for name in (_YES if answer else _NO))
    return next((kind for kind in kinds if there & kind), None)


def _button_for(box, answer):
    """The button that stands for an answer: a button's text, a standard button, or yes or no."""
    raw = QtWidgets.QMessageBox
    buttons = raw.buttons(box) or [raw.addButton(box, raw.StandardButton.Ok)]
    if isinstance(answer, str):
        return next(button for button in buttons if QtWidgets.QAbstractButton.text(button).replace("&", "") == answer)
    if isinstance(answer, raw.StandardButton):
        return raw.button(box, answer)
    for name in _YES if answer else _NO:
        if raw.button(box, raw.StandardButton[name]) is not None:
            return raw.button(box, raw.StandardButton[name])
    roles = raw.ButtonRole
    wanted = (roles.AcceptRole, roles.YesRole) if answer else (roles.RejectRole, roles.NoRole)
    return next((button for button in buttons if raw.buttonRole(box, button) in wanted), buttons[0 if answer else -1])


def _ask_box(kind):
    def ask(parent, title, text, buttons=QtWidgets.QMessageBox.StandardButton.Ok, default=None):
        box = expose(QtWidgets.QMessageBox)(parent)
        box.setIcon(QtWidgets.QMessageBox.Icon(kind))
        box.setText(text)
        box.setStandardButtons(buttons)
        return _exec_message_box(box)

    return staticmethod(ask)


def _ask_path(kind, many=False):
    def ask(parent=None, caption="", *rest):
        answer = dialogs.ask(kind, caption)
        chosen = [] if isinstance(answer, bool) or not answer else answer
        if many:
            return [str(path) for path in ([chosen] if isinstance(chosen, (str, os.PathLike)) else chosen)]
        return str(chosen) if chosen else ""

    return staticmethod(ask)


def _ask_text(parent, title, label, mode=None, text=""):
    answer = dialogs.ask("input", f"{title} {label}".strip())
    return answer if isinstance(answer, str) else (text if answer else "")


def _open_url(url):
    dialogs.recorded.append(("url", url.toString()))
    return True


_EXECUTE = {"exec": _exec_dialog, "exec_": _exec_dialog}
_EXECUTE_BOX = {"exec": _exec_message_box, "exec_": _exec_message_box}
_SPECIAL = {  # what more, or else, the classes below do here than in PySide6
    QtWidgets.QDialog: _EXECUTE,
    QtWidgets.QMessageBox: {
        **_EXECUTE_BOX,
        "clickedButton": lambda self: adopt(self.__dict__.get("_clicked", lambda: None)()),
        "information": _ask_box(1),
        "warning": _ask_box(2),
        "critical": _ask_box(3),
        "question": _ask_box(4),
    },
    QtWidgets.QFileDialog: {
        "getOpenFileName": _ask_path("open file"),
        "getOpenFileNames": _ask_path("open files", many=True),
        "getSaveFileName": _ask_path("save file"),
        "getExistingDirectory": _ask_path("directory"),
    },
    QtWidgets.QInputDialog: {"getText": staticmethod(_ask_text)},
}


class QDesktopServices:
    """Opens nothing; says what would have been opened."""

    openUrl = staticmethod(_open_url)


# --- .ui files --------------------------------------------------------------------------------------------------------


class QUiLoader(QtUiTools.QUiLoader if QtUiTools else object):
    """Designer's loader, making widgets of our classes; it joins signals and slots itself, all types known or not."""

    def load(self, device, parent=None):
        tree = ElementTree.fromstring(bytes(device.readAll().data()))
        parts = tree.findall("connections")
        for part in parts:
            tree.remove(part)
        self._made = []  # keeps Python's halves alive until their parents do
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(tree))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer, parent)
        for connection in (one for part in parts for one in part):
            _join(widget, connection)
        return widget

    def createWidget(self, class_name, parent=None, name=""):
        cls = widget_classes.get(class_name)
        if cls is None and hasattr(QtWidgets, class_name):
            cls = expose(getattr(QtWidgets, class_name))
        if cls is None and class_name != "Line":
            raise ValueError(f"the host has no widget class {class_name}")
        widget = adopt(super().createWidget(class_name, parent, name)) if cls is None else cls(parent)
        widget.setObjectName(name)
        self._made.append(widget)
        return widget

    def createLayout(self, class_name, parent=None, name=""):
        return self._named(expose(getattr(QtWidgets, class_name))(), name, parent)

    def createAction(self, parent=None, name=""):
        return self._named(expose(QtGui.QAction)(parent), name)

    def _named(self, made, name, owner=None):
        made.setObjectName(name)
        if isinstance(owner, QtWidgets.QWidget) and QtWidgets.QWidget.layout(owner) is None:
            QtWidgets.QWidget.setLayout(owner, made)
        self._made.append(made)
        return made


def _join(root, connection):
    """One <connection> of a .ui file; Qt's own loader would not know vtkMRMLScene*."""
    part = {child.tag: child.text for child in connection}
    ends = [root if root.objectName == part[end] else _find_child(root, QtCore.QObject, part[end])
            for end in ("sender", "receiver")]  # fmt: skip
    if None in ends:
        raise ValueError(f"no such widget: {part['sender']} or {part['receiver']}")
    ends[0].connect(part["signal"], ends[1], part["slot"])


# --- the flat namespace -----------------------------------------------------------------------------------------------


def __getattr__(name):
    for home in _HOMES:
        if hasattr(home, name):
            found = getattr(home, name)
            if inspect.isclass(found) and issubclass(found, QtCore.QObject):
                found = expose(found)
            setattr(sys.modules[__name__], name, found)
            return found
    raise AttributeError(f"module 'qt' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *(name for home in _HOMES for name in dir(home) if not name.startswith("_"))})

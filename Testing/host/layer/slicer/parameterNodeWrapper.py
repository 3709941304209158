"""Stand-in for slicer.parameterNodeWrapper: typed parameters in a parameter node, and widgets bound to them.

Values are kept under the names, and in the form, in which Slicer keeps them, so that scenes are exchangeable.
Parameter packs, unions, dictionaries and colors are not offered.
"""

import abc
import collections.abc
import dataclasses
import enum
import pathlib
import typing

import slicer
import vtk

SlicerParameterNamePropertyName = "SlicerParameterName"


# --- annotations ------------------------------------------------------------------------------------------------------


class Default:
    """The value of a parameter never set: given, or made anew by a generator."""

    def __init__(self, value=None, *, generator=None):
        self._value, self._generator = value, generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value


@dataclasses.dataclass
class Decimals:
    value: int


@dataclasses.dataclass
class SingleStep:
    value: float


class Validator(abc.ABC):
    @abc.abstractmethod
    def validate(self, value):
        """Raise a ValueError if the value will not do."""


class _Limits(Validator):
    """Lower and upper bound, either of them possibly infinite."""

    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


class WithinRange(_Limits):
    pass


class Minimum(_Limits):
    def __init__(self, minimum):
        super().__init__(minimum, float("inf"))


class Maximum(_Limits):
    def __init__(self, maximum):
        super().__init__(float("-inf"), maximum)


class Choice(Validator):
    def __init__(self, choices):
        self.choices = choices

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be one of {self.choices}")


class Exclude(Validator):
    def __init__(self, excludedValues):
        self.excludedValues = excludedValues

    def validate(self, value):
        if value in self.excludedValues:
            raise ValueError(f"Value must not be {value}")


# --- values in the node -----------------------------------------------------------------------------------------------


class _Plain:
    """A value written as text: bool, int, float, str, paths, enumerations."""

    _written = {"bool": lambda value: "True" if value else "False"}

    def __init__(self, kind):
        self.kind = kind
        self.default = next(iter(kind)) if issubclass(kind, enum.Enum) else kind()

    def check(self, value):
        if value is None:
            raise ValueError("Value must not be None")
        if not isinstance(value, (int, float) if self.kind is float else self.kind):
            raise TypeError(f"Value must be of type {self.kind}, is {value!r}")

    def isIn(self, node, name):
        return node.HasParameter(name)

    def write(self, node, name, value):
        node.SetParameter(name, value.name if isinstance(value, enum.Enum) else str(value))

    def read(self, node, name):
        text = node.GetParameter(name)
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)

    def remove(self, node, name):
        node.UnsetParameter(name)


class _Node:
    """A node: a reference, and an empty parameter that says that there is, or was, one."""

    default = None

    def __init__(self, kind):
        self.kind = kind

    def check(self, value):
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f"Value must be of type {self.kind}, is {value!r}")

    def isIn(self, node, name):
        return node.HasParameter(name)

    def write(self, node, name, value):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node, name):
        return node.GetNodeReference(name)

    def remove(self, node, name):
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class _List:
    """A list: its length and each of its elements."""

    def __init__(self, element):
        self.element = element

    @property
    def default(self):
        return []

    def check(self, values):
        for value in values:
            self.element.check(value)

    def isIn(self, node, name):
        return node.HasParameter(f"{name}.len")

    def write(self, node, name, values):
        values = list(values)
        before = self._length(node, name)
        for number, value in enumerate(values):
            self.element.write(node, f"{name}.{number}", value)
        for number in range(len(values), before):
            self.element.remove(node, f"{name}.{number}")
        node.SetParameter(f"{name}.len", str(len(values)))

    def read(self, node, name):
        values = [self.element.read(node, f"{name}.{number}") for number in range(self._length(node, name))]
        return ObservedList(self, node, name, values)

    def _length(self, node, name):
        return int(node.GetParameter(f"{name}.len") or 0)


class ObservedList(collections.abc.MutableSequence):
    """A list that writes itself to the node whenever it is changed."""

    def __init__(self, kind, node, name, values):
        self._place, self._values = (kind, node, name), values

    def __repr__(self):
        return f"ObservedList({self._values})"

    def __eq__(self, other):
        return self._values == (other._values if isinstance(other, ObservedList) else other)

    def __len__(self):
        return len(self._values)

    def __getitem__(self, index):
        return self._values[index]

    def __setitem__(self, index, value):
        self._values[index] = value
        self._write()

    def __delitem__(self, index):
        del self._values[index]
        self._write()

    def insert(self, index, value):
        self._values.insert(index, value)
        self._write()

    def _write(self):
        kind, node, name = self._place
        kind.check(self._values)
        with slicer.util.NodeModify(node):
            kind.write(node, name, self._values)


def _keeper(kind):
    """What keeps values of a type in a node."""
    if typing.get_origin(kind) is list:
        return _List(_keeper(_split(typing.get_args(kind)[0])[0]))
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return _Node(kind)
    if isinstance(kind, type) and issubclass(kind, (bool, int, float, str, pathlib.PurePath, enum.Enum)):
        return _Plain(kind)
    raise TypeError(f"the host's parameterNodeWrapper keeps no {kind}")


def _split(datatype):
    """A type without its annotations, and these."""
    if typing.get_origin(datatype) is typing.Annotated:
        return typing.get_args(datatype)[0], typing.get_args(datatype)[1:]
    return datatype, ()


class _Parameter:
    """One parameter of a wrapper: a property that reads from, and writes to, its node."""

    def __init__(self, name, datatype, default):
        self.name, self.unalteredType = name, datatype
        self.kind, self.annotations = _split(datatype)
        self.keeper = _keeper(self.kind)
        self.validators = [one for one in self.annotations if isinstance(one, Validator)]
        given = [one for one in self.annotations if isinstance(one, Default)]
        self.default = default or (given[0] if given else Default(generator=lambda: self.keeper.default))

    def __get__(self, wrapper, owner=None):
        if wrapper is None:
            return self
        node = wrapper.parameterNode
        if not self.keeper.isIn(node, self.name):
            self.__set__(wrapper, self.default.value)
        return self.keeper.read(node, self.name)

    def __set__(self, wrapper, value):
        self.keeper.check(value)
        for validator in self.validators:
            validator.validate(value)
        with slicer.util.NodeModify(wrapper.parameterNode):
            self.keeper.write(wrapper.parameterNode, self.name, value)

    def find(self, kind):
        return next((one for one in self.annotations if isinstance(one, kind)), None)


# --- widgets ----------------------------------------------------------------------------------------------------------


class _Connector:
    """A widget and how to read, write and watch it."""

    def __init__(self, widget, signal, read, write):
        self.widget, self.read, self._write = widget, read, write
        self._signal, self._slot = signal, None

    def write(self, value):
        self._write(value)

    def watch(self, react):
        self._slot = lambda: react(self)
        if self._signal:
            getattr(self.widget, self._signal).connect(self._slot)

    def stop(self):
        if self._signal and self._slot:
            getattr(self.widget, self._signal).disconnect(self._slot)
        self._slot = None


def _connector(widget, parameter):
    """The connector for a widget of exactly these classes; Slicer's takes no others either."""
    import ctk
    import qt

    def is_a(*classes):
        return type(widget) in classes

    def simple(signal, name):
        return _Connector(widget, signal, lambda: getattr(widget, name), lambda value: setattr(widget, name, value))

    kind = parameter.kind
    if kind is bool and is_a(qt.QCheckBox, ctk.ctkCheckBox):
        return simple("stateChanged", "checked")
    if kind is bool and is_a(qt.QPushButton, ctk.ctkCheckablePushButton):
        widget.checkable = True
        return simple("toggled", "checked")
    if kind is int and is_a(qt.QSlider, qt.QSpinBox):
        _limit(widget, parameter, must=is_a(qt.QSlider), lowest=-(2**31), highest=2**31 - 1)
        return simple("valueChanged", "value")
    numbers = (qt.QDoubleSpinBox, ctk.ctkSliderWidget, slicer.qMRMLSliderWidget, ctk.ctkDoubleSlider)
    if kind in (float, int) and is_a(*numbers, ctk.ctkDoubleSpinBox, slicer.qMRMLSpinBox):
        return _number(widget, parameter, must=is_a(ctk.ctkSliderWidget, slicer.qMRMLSliderWidget))
    if is_a(qt.QComboBox, ctk.ctkComboBox):
        return _choice(widget, parameter)
    if kind is str and is_a(qt.QLineEdit):
        return _Connector(widget, "textChanged", lambda: widget.text, lambda value: _set_text(widget, value))
    if kind is str and is_a(qt.QLabel):
        return simple(None, "text")
    if kind is str and is_a(qt.QTextEdit):
        return _Connector(widget, "textChanged", widget.toPlainText, widget.setPlainText)
    if is_a(ctk.ctkPathLineEdit) and issubclass(kind, pathlib.PurePath):
        return _path(widget, "currentPath", kind)
    if is_a(ctk.ctkDirectoryButton) and issubclass(kind, pathlib.PurePath):
        return _path(widget, "directory", kind)
    if is_a(slicer.qMRMLNodeComboBox) and isinstance(parameter.keeper, _Node):
        widget.nodeTypes = (kind().GetClassName(),)
        return _Connector(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)
    raise RuntimeError(f"Unable to create GUI connector from datatype '{kind}' to widget type '{type(widget)}'.")


def _limit(widget, parameter, must, lowest, highest):
    limits = [one for one in parameter.annotations if isinstance(one, _Limits)]
    low = max([limit.minimum for limit in limits], default=float("-inf"))
    high = min([limit.maximum for limit in limits], default=float("inf"))
    if must and (low == float("-inf") or high == float("inf")):
        raise RuntimeError(f"{parameter.name} has no bounds, which {type(widget).__name__} needs.")
    for name, kind in (("decimals", Decimals), ("singleStep", SingleStep)):
        wanted = parameter.find(kind)
        if wanted is not None:
            setattr(widget, name, wanted.value)
    widget.minimum, widget.maximum = max(low, lowest), min(high, highest)


def _number(widget, parameter, must):
    if parameter.kind is int and hasattr(widget, "decimals"):
        widget.decimals = 0
    _limit(widget, parameter, must, lowest=float("-inf"), highest=float("inf"))
    return _Connector(
        widget, "valueChanged", lambda: parameter.kind(widget.value), lambda value: setattr(widget, "value", value)
    )


def _choice(widget, parameter):
    kind, choice = parameter.kind, parameter.find(Choice)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        values = list(kind)
        labels = [getattr(kind, "label", lambda one: one.name)(value) for value in values]
    elif choice is not None:
        values, labels = list(choice.choices), [str(value) for value in choice.choices]
    else:
        raise RuntimeError(f"{parameter.name} needs the Choice annotation for a combo box.")
    widget.clear()
    widget.addItems(labels)

    def write(value):
        widget.currentIndex = values.index(value)

    return _Connector(widget, "currentIndexChanged", lambda: values[widget.currentIndex], write)


def _path(widget, name, kind):
    return _Connector(
        widget, f"{name}Changed", lambda: kind(getattr(widget, name)), lambda value: setattr(widget, name, str(value))
    )


def _set_text(widget, text):
    if text != widget.text:  # writing moves the cursor to the end
        widget.text = text


def _bound_widgets(gui):
    if getattr(gui, "isWidgetType", lambda: False)():
        import qt

        return gui.findChildren(qt.QWidget)
    return list(vars(gui).values())


# --- the wrapper ------------------------------------------------------------------------------------------------------


class _Wrapper:
    """What the decorator adds to a class of parameters."""

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._guis, self._writing = {}, False
        for parameter in self.allParameters.values():
            if not parameter.keeper.isIn(parameterNode, parameter.name):
                setattr(self, parameter.name, parameter.default.value)

    def _parameter(self, name):
        if name not in self.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}")
        return self.allParameters[name]

    def getValue(self, name):
        return getattr(self, self._parameter(name).name)

    def setValue(self, name, value):
        setattr(self, self._parameter(name).name, value)

    def default(self, name):
        return self._parameter(name).default

    def dataType(self, name):
        return self._parameter(name).unalteredType

    def isCached(self, name):
        self._parameter(name)
        return False

    def connectGui(self, gui):
        mapping = {widget.property(SlicerParameterNamePropertyName): widget for widget in _bound_widgets(gui)}
        return self.connectParametersToGui({name: widget for name, widget in mapping.items() if name})

    def connectParametersToGui(self, mapping):
        connectors = {name: _connector(widget, self._parameter(name)) for name, widget in mapping.items()}
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.watch(lambda one, name=name: self._read_widget(name, one))
        tag = max(self._guis, default=-1) + 1
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._write_widgets())
        self._guis[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, guiTag):
        connectors, observer = self._guis.pop(guiTag, ({}, None))
        for connector in connectors.values():
            connector.stop()
        if observer is not None:
            self.RemoveObserver(observer)

    def _read_widget(self, name, connector):
        if not self._writing:
            with slicer.util.NodeModify(self):
                self.setValue(name, connector.read())

    def _write_widgets(self):
        if self._writing:
            return
        self._writing = True
        try:
            for connectors, _ in self._guis.values():
                for name, connector in connectors.items():
                    connector.write(self.getValue(name))
        finally:
            self._writing = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        return self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        return self.parameterNode.Modified()


def parameterNodeWrapper(classtype=None):
    """Class decorator: typed fields become parameters of the node given to the constructor."""
    return _wrap if classtype is None else _wrap(classtype)


def _wrap(classtype):
    parameters = {}
    for name, datatype in typing.get_type_hints(classtype, include_extras=True).items():
        default = Default(getattr(classtype, name)) if hasattr(classtype, name) else None
        parameters[name] = _Parameter(name, datatype, default)
    reserved = [name for name in parameters if hasattr(_Wrapper, name)]
    if reserved:
        raise ValueError(f"Cannot use reserved name '{reserved[0]}' in a parameterNodeWrapper")
    for name, member in {**vars(_Wrapper), **parameters}.items():
        if not name.startswith("__") or name == "__init__":
            setattr(classtype, name, member)
    classtype.allParameters, classtype._is_parameter_node_wrapper = parameters, True
    return classtype


def isParameterNodeWrapper(classOrObj):
    return getattr(classOrObj, "_is_parameter_node_wrapper", False)

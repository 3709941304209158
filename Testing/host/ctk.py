"""The few CTK widgets that Slicer's modules use, written anew in Python on qt.py: what they do, not how CTK does it.

Nothing that knows MRML: see qmrml.py.
"""

import qt
from PySide6.QtCore import Property, Signal
from qt import standing_for_cpp

HEADER = 26  # height of a collapsible button's header, pixels


@standing_for_cpp
class ctkCollapsibleButton(qt.QWidget):
    """A header to click on, and below it what a layout lays into this widget."""

    toggled = Signal(bool)
    clicked = Signal(bool)
    contentsCollapsed = Signal(bool)

    def __init__(self, text="", parent=None):
        super().__init__(parent if isinstance(text, str) else text)
        self._text = text if isinstance(text, str) else ""
        self._collapsed = False
        self._hidden = []  # the children that collapsing hid
        self.setContentsMargins(1, HEADER, 1, 1)
        self.setMinimumHeight(HEADER)
        self.setSizePolicy(qt.QSizePolicy.Preferred, qt.QSizePolicy.Preferred)

    def setText(self, text):
        self._text = text
        self.update()

    def setCollapsed(self, collapsed):
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        if collapsed:
            for child in self.children():
                self._hide(child)
        else:
            shown, self._hidden = self._hidden, []
            for child in shown:
                child.show()
        self.setMaximumHeight(HEADER if collapsed else 16777215)
        self.updateGeometry()
        self.update()
        type(self).toggled.__get__(self).emit(not collapsed)
        self.contentsCollapsed.emit(collapsed)

    def click(self):
        self.setCollapsed(not self._collapsed)
        self.clicked.emit(not self._collapsed)

    def isChecked(self):
        return not self._collapsed

    def setChecked(self, checked):
        self.setCollapsed(not checked)

    text = Property(str, lambda self: self._text, setText)
    collapsed = Property(bool, lambda self: self._collapsed, setCollapsed)
    checked = Property(bool, isChecked, setChecked)
    checkable = Property(bool, lambda self: True, lambda self, value: None)
    flat = Property(bool, lambda self: False, lambda self, value: None)

    def _hide(self, child):
        if isinstance(child, qt.QWidget) and not child.isHidden():
            self._hidden.append(child)
            child.hide()

    def childEvent(self, event):
        if self._collapsed and event.type() == qt.QEvent.ChildPolished:
            self._hide(event.child())

    def mouseReleaseEvent(self, event):
        if event.button() == qt.Qt.LeftButton and 0 <= event.position().y() < HEADER:
            self.click()

    def paintEvent(self, event):
        painter = qt.QPainter(self)
        painter.setRenderHint(qt.QPainter.Antialiasing)
        palette, width = self.palette, self.width
        painter.setPen(palette.color(qt.QPalette.Mid))
        if not self._collapsed:
            painter.drawRoundedRect(qt.QRectF(0.5, 0.5, width - 1, self.height - 1), 3, 3)
        painter.setBrush(palette.color(qt.QPalette.Button))
        painter.drawRoundedRect(qt.QRectF(0.5, 0.5, width - 1, HEADER - 3), 3, 3)
        painter.setPen(palette.color(qt.QPalette.ButtonText))
        painter.setBrush(palette.color(qt.QPalette.ButtonText))
        middle = HEADER / 2 - 1
        arrow = [(9, -4), (14, 0), (9, 4)] if self._collapsed else [(7, -2), (15, -2), (11, 3)]
        painter.drawPolygon(qt.QPolygonF([qt.QPointF(x, middle + y) for x, y in arrow]))
        painter.drawText(qt.QRectF(22, 0, width - 26, HEADER - 3), int(qt.Qt.AlignVCenter), self._text)
        painter.end()


@standing_for_cpp
class ctkSliderWidget(qt.QWidget):
    """A slider and a spin box that show one number."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._minimum, self._maximum, self._step, self._value = 0.0, 99.0, 1.0, 0.0
        self._slider, self._box = qt.QSlider(qt.Qt.Horizontal), qt.QDoubleSpinBox()
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._follow()
        self._slider.valueChanged.connect(lambda place: self.setValue(self._minimum + place * self._step))
        self._box.valueChanged.connect(self.setValue)

    def setValue(self, value):
        value = min(max(float(value), self._minimum), self._maximum)
        changed, self._value = value != self._value, value
        self._follow()
        if changed:
            self.valueChanged.emit(value)

    def setMinimum(self, minimum):
        self.setRange(minimum, max(minimum, self._maximum))

    def setMaximum(self, maximum):
        self.setRange(min(maximum, self._minimum), maximum)

    def setRange(self, minimum, maximum):
        self._minimum, self._maximum = float(minimum), float(maximum)
        self.setValue(self._value)

    def setSingleStep(self, step):
        self._step = float(step)
        self._follow()

    def setDecimals(self, decimals):
        self._box.setDecimals(decimals)

    def setSuffix(self, suffix):
        self._box.setSuffix(suffix)

    def setPrefix(self, prefix):
        self._box.setPrefix(prefix)

    def slider(self):
        return self._slider

    def spinBox(self):
        return self._box

    value = Property(float, lambda self: self._value, setValue)
    minimum = Property(float, lambda self: self._minimum, setMinimum)
    maximum = Property(float, lambda self: self._maximum, setMaximum)
    singleStep = Property(float, lambda self: self._step, setSingleStep)
    pageStep = Property(float, lambda self: self._step, lambda self, step: None)
    decimals = Property(int, lambda self: self._box.decimals, setDecimals)
    suffix = Property(str, lambda self: self._box.suffix, setSuffix)
    prefix = Property(str, lambda self: self._box.prefix, setPrefix)
    tracking = Property(bool, lambda self: True, lambda self, value: None)

    def _follow(self):
        """Both parts show the value; neither may answer."""
        for part in (self._slider, self._box):
            part.blockSignals(True)
        steps = (self._maximum - self._minimum) / self._step if self._step > 0 else 0
        self._slider.setRange(0, min(round(steps), 1_000_000))
        self._slider.setValue(round((self._value - self._minimum) / self._step) if self._step > 0 else 0)
        self._box.setRange(self._minimum, self._maximum)
        self._box.setSingleStep(self._step)
        self._box.setValue(self._value)
        for part in (self._slider, self._box):
            part.blockSignals(False)


@standing_for_cpp
class ctkDoubleSlider(ctkSliderWidget):
    """Without a spin box."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box.hide()


@standing_for_cpp
class ctkPathLineEdit(qt.QWidget):
    """A path to type, or to choose in a dialog."""

    currentPathChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._line, self._button = qt.QLineEdit(), qt.QToolButton()
        self._button.text = "..."
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._button)
        self._line.textChanged.connect(self.currentPathChanged.emit)
        self._button.clicked.connect(self.browse)

    def setCurrentPath(self, path):
        self._line.text = path

    def browse(self):
        path = qt.QFileDialog.getExistingDirectory(self, "Choose a folder")
        if path:
            self.setCurrentPath(path)

    currentPath = Property(str, lambda self: self._line.text, setCurrentPath)


@standing_for_cpp
class ctkDirectoryButton(qt.QPushButton):
    directoryChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._directory = ""
        self.clicked.connect(self.browse)

    def setDirectory(self, directory):
        changed, self._directory = directory != self._directory, directory
        self.text = directory
        if changed:
            self.directoryChanged.emit(directory)

    def browse(self):
        directory = qt.QFileDialog.getExistingDirectory(self, "Choose a folder")
        if directory:
            self.setDirectory(directory)

    directory = Property(str, lambda self: self._directory, setDirectory)


@standing_for_cpp
class ctkMessageBox(qt.QMessageBox):
    """Qt's, which is asked of dialogs.py, with the setting not to show again that this host never heeds."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._key = ""

    dontShowAgainSettingsKey = Property(
        str, lambda self: self._key, lambda self, key: setattr(self, "_key", key)
    )  # fmt: skip
    dontShowAgainVisible = Property(bool, lambda self: False, lambda self, value: None)


@standing_for_cpp
class ctkCheckBox(qt.QCheckBox):
    pass


@standing_for_cpp
class ctkComboBox(qt.QComboBox):
    pass


@standing_for_cpp
class ctkDoubleSpinBox(qt.QDoubleSpinBox):
    pass


@standing_for_cpp
class ctkPushButton(qt.QPushButton):
    pass


@standing_for_cpp
class ctkCheckablePushButton(qt.QPushButton):
    checkBoxControlsButtonToggleState = Property(bool, lambda self: False, lambda self, value: None)


@standing_for_cpp
class ctkRangeWidget(qt.QWidget):
    """Only so that Slicer's own layer can name it."""


@standing_for_cpp
class ctkDoubleRangeSlider(qt.QWidget):
    """Only so that Slicer's own layer can name it."""


@standing_for_cpp
class ctkColorPickerButton(qt.QPushButton):
    """Only so that Slicer's own layer can name it."""


class ctkWidgetsUtils:
    @staticmethod
    def grabWidget(widget, rectangle=None):
        return (widget.grab(rectangle) if rectangle else widget.grab()).toImage()

"""The test host: runs Slicer's scripted modules, unmodified files with real widgets and real MRML, without Slicer.

`start()` gives only a scene. `startApplication()` gives a Host: modules are opened, clicked on and looked at through
it. This file is what tests use; what stands for what of Slicer is in the files beside it.
"""

import atexit
import gc
import os
import sys
import time
import traceback

from scene import HOST, ROOT, clear_temporary
from scene import start as start_scene

__all__ = ["HOST", "ROOT", "Host", "runningApplication", "start", "startApplication"]

_current = None


def start():
    """A fresh scene alone. An application whose scene it would replace quits first."""
    _quit()
    return start_scene()


def startApplication(size=(512, 512)):
    """A fresh scene, fresh views of a size, an application without modules. What was there before is taken down.

    From then on Python looks for cycles only where it is told to, when an application quits and after each file of
    tests: it would do so in whatever thread it is in, and a widget that is deleted in another thread than Qt's corrupts
    memory.
    """
    global _current
    gc.disable()
    _quit()
    _current = Host(size)
    return _current


def runningApplication():
    """The one that was started last, or None where it has quit."""
    return _current


@atexit.register  # a module may have processes to end
def _quit():
    if _current is not None:
        _current.quit()


def leave(status=0):
    """End the process here and now. Qt's and VTK's Python objects outlive what they hang on when the interpreter
    takes itself down, and crash; Slicer never gets that far."""
    _quit()
    clear_temporary()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _one_qapplication():
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import qt

    app = qt.QApplication.instance()
    if app is None:
        qt.qInstallMessageHandler(_say_qt)
        app = qt.QApplication(["Slicer"])
        app.setStyle("Fusion")
        app.setFont(qt.QFont("DejaVu Sans", 9))
        app.setQuitOnLastWindowClosed(False)
        app.setOrganizationName("NA-MIC")
        app.setApplicationName("Slicer")
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    return app


def _say_qt(kind, context, message):
    if "propagateSizeHints" not in message:  # which the offscreen platform says at every window
        print("Qt:", message, file=sys.stderr)


class Host:
    """Slicer as a person has it before them: modules, buttons, views, dialogs."""

    def __init__(self, size):
        self._application = _one_qapplication()
        self.slicer = start_scene()
        import application
        import dialogs
        import qt
        import scene
        import views

        self.qt, self._dialogs, self._load = qt, dialogs, application.load_module
        dialogs.reset()
        self.app = application.publish(scene.application_logic, scene.logics)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, self.app.temporaryPath)
        self.layoutManager = views.LayoutManager(scene.application_logic, self.slicer.mrmlScene, size)
        self.app._layout = self.layoutManager
        self.mainWindow = application.MainWindow()
        self.errors = []  # exceptions nobody caught, in slots and observers
        self._excepthook, sys.excepthook = sys.excepthook, self._note_error
        self._running = True

    # --- modules

    def openModule(self, path_or_name):
        """Go to a module, loading it at first. Returns its widget instance (the Python class)."""
        path = self._path(path_or_name)
        name = os.path.basename(path).removesuffix(".py")
        if self.app.moduleManager().module(name) is None:
            self._load(path)
            self.app.startupCompleted.emit()
            self.app.startupCompleted.disconnect()  # to each module it comes once
            self.app.moduleManager().moduleLoaded.emit(name)
        self.slicer.util.selectModule(name)
        frame = self.app.moduleManager().module(name).widgetRepresentation()
        frame.show()
        return frame.self()

    def closeModule(self, name):
        """The user leaves the module, and it is unloaded."""
        module = self.app.moduleManager().module(name)
        selector = self.mainWindow.moduleSelector()
        if selector.selectedModule == name:
            module.widgetRepresentation().exit()
            selector.selectedModule = ""
        self.app.moduleManager().moduleAboutToBeUnloaded.emit(name)
        module.widgetRepresentation().deleteLater()
        delattr(self.slicer.modules, name.lower())
        delattr(self.slicer.modules, f"{name}Widget")
        self.processEvents()

    def reloadModule(self, name):
        """What the Reload button does. Returns the new widget instance."""
        self.slicer.util.getModuleWidget(name).onReload()
        return self.slicer.util.getModuleWidget(name)

    def quit(self):
        """Slicer closes: aboutToQuit is emitted, modules are cleaned up, views are taken down."""
        global _current
        if not self._running:
            return
        self._running = False
        self.app.aboutToQuit.emit()
        for name in self.app.moduleManager().modulesNames():
            if hasattr(self.app.moduleManager().module(name), "path"):
                self.closeModule(name)
        self.layoutManager.close()
        self.mainWindow.deleteLater()
        self.app.dropTranslations()
        self.processEvents()
        self.slicer.mrmlScene.Clear(1)
        sys.excepthook = self._excepthook
        _current = None
        gc.collect()

    def _path(self, path_or_name):
        text = str(path_or_name)
        if text.endswith(".py"):
            return text
        loaded = self.app.moduleManager().module(text)
        return getattr(loaded, "path", None) or str(ROOT / text / f"{text}.py")

    # --- dialogs and errors

    @property
    def dialogs(self):
        """What was asked or said: list of (kind, text)."""
        return self._dialogs.recorded

    @property
    def answer(self):
        return self._dialogs.settings["answer"]

    @answer.setter
    def answer(self, answer):
        """True, False, a button's text, a path, or a function of (kind, text)."""
        self._dialogs.settings["answer"] = answer

    def _note_error(self, kind, error, trace):
        self.errors.append(error)
        traceback.print_exception(kind, error, trace)

    # --- time

    def processEvents(self):
        self._application.processEvents()
        self._application.sendPostedEvents(None, int(self.qt.QEvent.DeferredDelete))

    def wait(self, until, timeout_s=10.0):
        """Run Qt's event loop until a condition holds. Says whether it came to hold."""
        loop, timer, end = self.qt.QEventLoop(), self.qt.QTimer(), time.monotonic() + timeout_s

        def look():
            over = True  # also if the condition raises: then it does so again below
            try:
                over = until() or time.monotonic() > end
            finally:
                if over:
                    timer.stop()
                    loop.quit()

        timer.setInterval(5)
        timer.timeout.connect(look)
        timer.start()
        loop.exec()
        return bool(until())

    def longestTick(self):
        """`with host.longestTick() as tick: ...`; then tick.seconds is how long the panel was frozen at worst."""
        return LongestTick(self.qt)

    # --- the mouse

    def click(self, widget):
        """A click of the left mouse button on the middle of a widget that is shown."""
        for _ in range(2):  # a widget must be shown, then laid out, before it can be hit
            self.processEvents()
        self._scroll_to(widget)
        if not widget.isVisible() or not widget.isEnabled():
            raise RuntimeError(f"nobody can click on {widget.objectName}: it is hidden or disabled")
        self._press(widget, self._place(widget))

    def _scroll_to(self, widget):
        """In Slicer a panel scrolls; here it gets as high as it wants to be."""
        window = widget.window()
        if window.height < window.sizeHint.height():
            window.resize(window.width, window.sizeHint.height())
            self.processEvents()

    def drag(self, slider, value):
        """Put a slider's handle to a value: the mouse takes the handle, the keys do the last step."""
        self._scroll_to(slider)
        inner = slider.slider() if hasattr(slider, "slider") else slider
        scale = (lambda v: round((v - slider.minimum) / slider.singleStep)) if inner is not slider else round
        target, qt = min(max(scale(value), inner.minimum), inner.maximum), self.qt
        start, end = (self._handle(inner, one) for one in (inner.value, target))
        self._mouse(inner, qt.QEvent.MouseButtonPress, start)
        self._mouse(inner, qt.QEvent.MouseMove, end)
        self._mouse(inner, qt.QEvent.MouseButtonRelease, end)
        step = max(inner.singleStep, 1)
        for _ in range(abs(target - inner.value) // step):
            self.key(inner, qt.Qt.Key_Right if target > inner.value else qt.Qt.Key_Left)
        self.processEvents()

    def key(self, widget, key, text=""):
        """Press and let go a key."""
        from PySide6.QtTest import QTest

        QTest.keyClick(widget, self.qt.Qt.Key(key))

    def type(self, widget, text):
        """Type into a widget."""
        from PySide6.QtTest import QTest

        QTest.keyClicks(widget, text)

    def _press(self, widget, place):
        qt = self.qt
        self._mouse(widget, qt.QEvent.MouseButtonPress, place)
        self._mouse(widget, qt.QEvent.MouseButtonRelease, place)
        self.processEvents()

    def _place(self, widget):
        """Where one clicks: on a check box or radio button its mark, on a text where it is, elsewhere the middle."""
        qt = self.qt
        if isinstance(widget, (qt.QCheckBox, qt.QRadioButton)):
            return qt.QPoint(10, widget.height // 2)
        if widget.className() == "ctkCollapsibleButton":
            return qt.QPoint(widget.width // 2, 8)
        if isinstance(widget, qt.QLabel) and widget.alignment & qt.Qt.AlignRight:
            return qt.QPoint(widget.width - 8, widget.height // 2)
        return widget.rect.center()

    def _handle(self, slider, value):
        qt = self.qt
        option = qt.QStyleOptionSlider()
        slider.initStyleOption(option)
        option.sliderPosition = int(value)
        style = slider.style()
        return style.subControlRect(qt.QStyle.CC_Slider, option, qt.QStyle.SC_SliderHandle, slider).center()

    def _mouse(self, widget, kind, place):
        qt = self.qt
        left, none = qt.Qt.LeftButton, qt.Qt.NoButton
        button = none if kind == qt.QEvent.MouseMove else left
        held = none if kind == qt.QEvent.MouseButtonRelease else left
        where = qt.QPointF(place)
        far = qt.QPointF(widget.mapToGlobal(place))
        event = qt.QMouseEvent(kind, where, far, button, held, qt.Qt.NoModifier)
        qt.QApplication.sendEvent(widget, event)

    # --- pictures

    def view(self, name):
        """A slice view by its name, or the 3D view ("3D")."""
        if name == "3D":
            return self.layoutManager.threeDWidget(0).threeDView()
        return self.layoutManager.sliceWidget(name).sliceView()

    def grab(self, widget, path, width=None):
        """The picture of a widget, or of a module's panel, as PNG."""
        widget = getattr(widget, "parent", widget) if not hasattr(widget, "grab") else widget
        widget.show()
        if width:
            widget.resize(width, max(widget.sizeHint.height(), widget.heightForWidth(width)))
        self.processEvents()
        if not widget.grab().save(str(path)):
            raise RuntimeError(f"cannot write {path}")
        return path


class LongestTick:
    """Measures the longest gap between two turns of the event loop, by a timer of 10 ms."""

    def __init__(self, qt):
        self._timer = qt.QTimer()
        self._timer.setInterval(10)
        self._timer.setTimerType(qt.Qt.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.seconds = 0.0

    def __enter__(self):
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *exception):
        self._tick()
        self._timer.stop()

    def _tick(self):
        now = time.perf_counter()
        self.seconds, self._last = max(self.seconds, now - self._last), now

"""Slicer's real core (slicer-core: MRML scene, module logics, storage) brought up without its application.

`start()` gives a fresh scene. Nothing of Qt, no views: those are application.py's and views.py's.
"""

import ctypes.util
import os
import sys
import tempfile
from pathlib import Path

HOST = Path(__file__).resolve().parent
ROOT = HOST.parents[1]
LAYER = HOST / "layer" / "slicer"  # stand-ins for Slicer's Python files

# In Slicer's own order; each needs those before it.
_LOGICS = {
    "Volumes": "vtkSlicerVolumesLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "Sequences": "vtkSlicerSequencesLogic",
}

application_logic = None
_temporary = tempfile.TemporaryDirectory(prefix="slicer-host-", ignore_cleanup_errors=True)
logics = {}  # by module name; the application logic itself does not keep them alive


def start():
    """A fresh scene with the module logics attached. Returns the `slicer` package."""
    global application_logic
    for folder in (HOST, ROOT / "MedNCASegment", ROOT / "NCATrainer"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    _leave_folder_called_slicer()
    _draw_off_screen()
    import slicer

    _add_python_layer(slicer)
    logics.clear()
    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene = scene
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(temporary_folder("cache"))
    scene.SetCacheManager(cache)
    data_io = slicer.vtkDataIOManager()
    data_io.SetCacheManager(cache)
    scene.SetDataIOManager(data_io)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    application_logic = _start_logics(slicer, scene)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return slicer


def temporary_folder(name):
    """A new folder that goes with the process."""
    return tempfile.mkdtemp(prefix=f"{name}-", dir=_temporary.name)


def clear_temporary():
    _temporary.cleanup()


def _start_logics(slicer, scene):
    import vtk

    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    share = temporary_folder("share")
    application.SetHomeDirectory(share)
    application.SetShareDirectory(share)
    vtk.vtkObject.GlobalWarningDisplayOff()  # slicer-core brings no terminology files, and says so at length
    colors = slicer.vtkSlicerColorLogic()
    colors.SetMRMLApplicationLogic(application)
    colors.SetMRMLScene(scene)
    application.SetModuleLogic("Colors", colors)
    application.SetColorLogic(colors)
    colors.AddDefaultColorNodes()
    logics["Colors"] = colors
    for name, class_name in _LOGICS.items():
        logic = getattr(slicer, class_name)()
        if hasattr(logic, "SetModuleShareDirectory"):
            logic.SetModuleShareDirectory(share)
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application)
        application.SetModuleLogic(name, logic)
        logics[name] = logic
    vtk.vtkObject.GlobalWarningDisplayOn()
    return application


def _add_python_layer(slicer):
    """slicer-core has only `slicer.util` of Slicer's Python files. SLICER_PYTHON_LAYER names a folder with the rest."""
    layer = os.environ.get("SLICER_PYTHON_LAYER", str(LAYER))
    if layer not in slicer.__path__:
        slicer.__path__.append(layer)


def _draw_off_screen():
    """VTK would look for an X server first, and complain."""
    if not os.environ.get("DISPLAY") and ctypes.util.find_library("EGL"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def _leave_folder_called_slicer():
    """slicer-core imports what lies in any folder called `slicer` on the path, the current directory included."""
    if Path("slicer").is_dir():
        raise RuntimeError(f"Run from another folder: {Path('slicer').resolve()} would be taken for a part of Slicer.")

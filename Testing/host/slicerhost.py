"""Slicer's real core (slicer-core: MRML scene, module logics, storage) brought up without its application.

`start()` gives the scene; afterwards `slicer.mrmlScene` and the helpers of `slicer.util` that need only a scene
work as in Slicer. This folder must be on sys.path before `slicer` is imported: see ScriptedLoadableModule.py.
"""

import os
import sys
import tempfile
from pathlib import Path

HOST = Path(__file__).resolve().parent
ROOT = HOST.parents[1]

# In Slicer's own order; each needs those before it.
_LOGICS = {
    "Volumes": "vtkSlicerVolumesLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Transforms": "vtkSlicerTransformLogic",
}

_application_logic = None  # kept alive as long as the process


def start():
    """A fresh scene with the module logics attached. Returns the `slicer` package."""
    global _application_logic
    for folder in (HOST, ROOT / "MedNCASegment", ROOT / "NCATrainer"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    _leave_folder_called_slicer()
    import slicer

    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene = scene
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(tempfile.mkdtemp(prefix="slicer-cache-"))
    scene.SetCacheManager(cache)
    data_io = slicer.vtkDataIOManager()
    data_io.SetCacheManager(cache)
    scene.SetDataIOManager(data_io)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    _application_logic = _start_logics(slicer, scene)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return slicer


def _start_logics(slicer, scene):
    import vtk

    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    share = tempfile.mkdtemp(prefix="slicer-share-")
    application.SetHomeDirectory(share)
    application.SetShareDirectory(share)
    vtk.vtkObject.GlobalWarningDisplayOff()  # slicer-core brings no terminology files, and says so at length
    colors = slicer.vtkSlicerColorLogic()
    colors.SetMRMLApplicationLogic(application)
    colors.SetMRMLScene(scene)
    application.SetModuleLogic("Colors", colors)
    application.SetColorLogic(colors)
    colors.AddDefaultColorNodes()
    for name, class_name in _LOGICS.items():
        logic = getattr(slicer, class_name)()
        if hasattr(logic, "SetModuleShareDirectory"):
            logic.SetModuleShareDirectory(share)
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application)
        application.SetModuleLogic(name, logic)
    vtk.vtkObject.GlobalWarningDisplayOn()
    return application


def _leave_folder_called_slicer():
    """slicer-core imports what lies in any folder called `slicer` on the path, the current directory included."""
    here = Path(os.getcwd())
    if (here / "slicer").is_dir() and here != HOST:
        raise RuntimeError(f"Run from another folder: {here}/slicer would be taken for a part of Slicer.")

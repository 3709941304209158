"""What goes wrong while the module is used: canceled, closed, killed, not installed; each told, and nothing left behind."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from conftest import ROOT
from mednca.errors import MedNCAError
from nodes import add_volume, affine, put_under, segment_mask
from panel import (
    BALLS,
    LEFT,
    RIGHT,
    alive,
    busy_whole,
    click,
    open_panel,
    segment_names,
    set_members,
    wait_for_result,
    worker_pid,
)


def test_cancel_in_the_middle(host, panel):
    import slicer

    click(host, panel, LEFT)
    busy_whole(host, panel)
    assert panel.ui.applyButton.text == "Cancel" and panel.ui.statusLabel.text
    pid = worker_pid(panel)
    host.click(panel.ui.applyButton)
    assert host.wait(lambda: not panel.logic.isBusy, 10)
    assert panel.ui.applyButton.text == "Segment again" and not panel.ui.progressBar.visible
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1 and host.dialogs == []
    set_members(panel, 2)
    assert len(segment_names(click(host, panel, RIGHT))) == 2 and worker_pid(panel) == pid  # still warm


def test_close_the_scene_in_the_middle(host, panel):
    import slicer

    busy_whole(host, panel)
    slicer.mrmlScene.Clear(0)
    assert host.wait(lambda: not panel.logic.isBusy, 10)
    host.processEvents()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0 and host.dialogs == []
    panel = open_panel(host)
    assert np.array_equal(
        segment_mask(slicer, click(host, panel, LEFT), panel.ui.inputSelector.currentNode()), BALLS[0]
    )


def test_remove_the_volume_in_the_middle(host, panel):
    import slicer

    set_members(panel, 40)
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: panel.ui.progressBar.maximum == 40, 60)
    slicer.mrmlScene.RemoveNode(panel.ui.inputSelector.currentNode())
    assert host.wait(lambda: host.dialogs, 60) and not panel.logic.isBusy
    assert "removed meanwhile" in host.dialogs[-1][1]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_what_is_removed_is_not_replaced_by_the_next_of_the_list(host, panel):
    """Which may be another patient's: Slicer's selectors choose it."""
    import slicer

    head, ui = panel.ui.inputSelector.currentNode(), panel.ui
    other = add_volume(slicer, BALLS[0].astype(np.float32), name="another patient")
    ui.inputSelector.setCurrentNode(other)
    click(host, panel, LEFT)
    ui.inputSelector.setCurrentNode(head)
    segmentation = click(host, panel, LEFT)
    slicer.mrmlScene.RemoveNode(segmentation)
    assert ui.segmentationSelector.currentNode() is None and ui.inputSelector.currentNode() is head
    assert ui.placeButton.checked  # whoever has clicked clicks on
    slicer.mrmlScene.RemoveNode(head)
    assert ui.inputSelector.currentNode() is None and panel._parameterNode.inputVolume is None
    assert not ui.placeButton.checked and not ui.wholeButton.enabled
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform


@pytest.mark.parametrize("what", ["voxels", "place"])
def test_change_the_volume_in_the_middle(host, panel, what):
    """A result of other voxels is none; a volume that was moved takes its result along."""
    import slicer

    volume = panel.ui.inputSelector.currentNode()
    set_members(panel, 40)
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: panel.ui.progressBar.maximum == 40, 60)
    if what == "voxels":
        slicer.util.arrayFromVolume(volume)[:] //= 2
        slicer.util.arrayFromVolumeModified(volume)
        assert host.wait(lambda: host.dialogs, 60) and "changed meanwhile" in host.dialogs[-1][1]
    else:
        put_under(slicer, volume, affine(np.eye(3), (5, 0, 0)))
        assert host.wait(lambda: not panel.logic.isBusy, 60) and host.dialogs == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == (what == "place")


def test_a_result_is_no_image(host, panel):
    """As the selector offers it: nothing is offered for it, and that is said."""
    volume = panel.ui.inputSelector.currentNode()
    variance = click(host, panel, LEFT).GetNodeReference("MedNCA.variance")
    panel.ui.inputSelector.setCurrentNode(variance)
    host.processEvents()
    ui = panel.ui
    for button in (ui.placeButton, ui.wholeButton, ui.findButton):
        assert not button.enabled and "is a result, not an image" in button.toolTip
    assert not ui.applyButton.enabled
    with pytest.raises(MedNCAError, match="not an image"):
        panel.logic.segment(variance, "bright")
    ui.inputSelector.setCurrentNode(volume)
    host.processEvents()
    assert ui.placeButton.enabled and ui.wholeButton.enabled


def test_remove_the_results(host, panel):
    """What is gone cannot be undone, and the next click makes a new one."""
    import slicer

    segmentation = click(host, panel, LEFT)
    slicer.mrmlScene.RemoveNode(segmentation.GetNodeReference("MedNCA.variance"))
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == []
    segmentation = click(host, panel, LEFT)
    slicer.mrmlScene.RemoveNode(segmentation)
    assert not panel.ui.undoButton.enabled and "No result" in panel.ui.lightLabel.text
    assert segment_names(click(host, panel, RIGHT)) == ["Label 1"]


def test_kill_the_worker_in_the_middle(host, panel):
    busy_whole(host, panel)
    os.kill(worker_pid(panel), 9)
    assert host.wait(lambda: host.dialogs, 10) and not panel.logic.isBusy
    assert "ended unexpectedly" in host.dialogs[-1][1]
    set_members(panel, 2)
    assert segment_names(click(host, panel, LEFT)) == ["Label 1"]  # a new one is started


def test_a_worker_that_does_not_listen_is_ended_with_its_children(host, panel, monkeypatch, tmp_path):
    from MedNCASegmentLib import worker_client

    script, stubborn = tmp_path / "script.py", tmp_path / "launcher"  # as PythonSlicer is one
    stubborn.write_text(f"#!/bin/sh\n{sys.executable} {script}\nexit $?\n", encoding="utf-8")
    script.write_text(
        "import os, subprocess, sys, time\nos.setpgid(0, 0)\n"
        'print(\'{"event": "started", "pid": %d}\' % os.getpid(), flush=True)\n'
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\ntime.sleep(600)\n",
        encoding="utf-8",
    )
    stubborn.chmod(0o755)
    panel.logic.queue.client.shutdown()
    monkeypatch.setattr(worker_client, "pythonExecutable", lambda: str(stubborn))
    monkeypatch.setattr(worker_client.WorkerClient, "cancelPatience", 300)
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: (tmp_path / "child").is_file() and (tmp_path / "child").read_text(encoding="utf-8"), 10)
    assert "loading PyTorch" in panel.ui.statusLabel.text
    assert host.wait(lambda: panel.logic.queue.client.pid, 5)
    pid, child = panel.logic.queue.client.pid, int((tmp_path / "child").read_text(encoding="utf-8"))
    host.click(panel.ui.applyButton)
    assert host.wait(lambda: not panel.logic.isBusy, 5)
    assert host.wait(lambda: not alive(pid) and not alive(child), 5)
    assert host.dialogs == []


def test_a_python_that_cannot_be_started(host, panel, monkeypatch):
    from MedNCASegmentLib import worker_client

    panel.logic.queue.client.shutdown()
    monkeypatch.setattr(worker_client, "pythonExecutable", lambda: "/nowhere/python")
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: host.dialogs, 10) and "could not be started" in host.dialogs[-1][1]
    assert not panel.logic.isBusy


def test_a_python_that_fails_within_its_start(host, panel, monkeypatch):
    """As on Windows: the error comes before start() returns, while the job is being handed over."""
    import qt

    from MedNCASegmentLib.worker_client import RequestState, WorkerClient

    panel.logic.queue.client.shutdown()
    with monkeypatch.context() as patch:
        patch.setattr(
            qt.QProcess, "start", lambda self, program, arguments: self.errorOccurred.emit(qt.QProcess.FailedToStart)
        )
        host.click(panel.ui.wholeButton)
        assert host.wait(lambda: host.dialogs, 10) and "could not be started" in host.dialogs[-1][1]
        assert not panel.logic.isBusy and panel.ui.applyButton.text == "Segment again"
        told = []
        client = WorkerClient(lambda job: told.append(job.state))
        assert client.submit(image="x").state.isOver and told == [RequestState.FAILED] and client.jobs == {}
        client.shutdown()
    assert len(segment_names(click(host, panel, LEFT))) == 1


def test_a_process_outlives_its_own_last_signal(host, models, monkeypatch):
    """PythonQt deletes an object with its last reference: not in the middle of saying that it ended."""
    from MedNCASegmentLib import worker_client

    def again(job):
        if job.state is worker_client.RequestState.FAILED and not seen:
            seen.append((client.process, client.process.state()))
            client.start()
            seen.append(list(client._retired))

    seen = []
    monkeypatch.setattr(worker_client, "pythonExecutable", lambda: "/bin/false")
    client = worker_client.WorkerClient(again)
    client.submit(image="x")
    assert host.wait(lambda: seen, 10)
    assert seen[1] == [seen[0][0]] and client.process is not seen[0][0]
    assert host.wait(lambda: client._retired == [], 5)
    client.shutdown()


def test_bad_volumes_are_told(host, panel):
    import slicer
    import vtk

    sheared = add_volume(slicer, BALLS[0].astype(np.float32), name="sheared")
    put_under(slicer, sheared, affine([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]))
    bent = add_volume(slicer, BALLS[0].astype(np.float32), name="bent")
    grid = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    points = [vtk.vtkPoints(), vtk.vtkPoints()]
    for seed, each in enumerate(points):
        for point in np.random.default_rng(seed).normal(size=(6, 3)):
            each.InsertNextPoint(*point)
    spline.SetSourceLandmarks(points[0])
    spline.SetTargetLandmarks(points[1])
    grid.SetAndObserveTransformToParent(spline)
    bent.SetAndObserveTransformNodeID(grid.GetID())
    constant = add_volume(slicer, np.zeros((9, 9, 9), np.float32), name="constant")
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    for node, word in ((sheared, "perpendicular"), (bent, "non-linear"), (empty, "no voxels")):  # before anything runs
        panel.ui.inputSelector.setCurrentNode(node)
        assert not panel.ui.wholeButton.enabled and word in panel.ui.wholeButton.toolTip
        assert not panel.ui.findButton.enabled and word in panel.ui.findButton.toolTip
        with pytest.raises(MedNCAError, match=word):
            panel.logic.segment(node, "bright")
    panel.ui.inputSelector.setCurrentNode(constant)
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: bool(host.dialogs), 60) and "constant" in host.dialogs[-1][1]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


@pytest.fixture
def missing(monkeypatch):
    """Two packages that the module believes to be missing, until they are taken off this list."""
    from MedNCASegmentLib import dependencies

    missing = ["torch", "safetensors"]
    monkeypatch.setattr(dependencies, "missingPackages", lambda *file: {name: name for name in missing})
    return missing


@pytest.fixture
def press(host, panel):
    """Asks for a segmentation; returns what the dialogs said."""

    def press():
        said = len(host.dialogs)
        host.click(panel.ui.wholeButton)
        return [text for _kind, text in host.dialogs[said:]]

    return press


def test_missing_packages_are_asked_for_and_may_be_declined(host, panel, missing, press, monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", type("M", (), {}))
    host.answer = False
    (question,) = press()  # and no second dialog: who said no knows that
    assert "MB" in question and "torch, safetensors" in question
    assert "not installed" in panel.ui.noticeLabel.text and not panel.logic.isBusy


def test_torch_is_missing_and_so_is_the_extension_that_installs_it(host, missing, press, monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    """Told before anybody is asked to download something."""
    (told,) = press()
    assert "Extensions Manager" in told


def test_missing_packages_are_installed_and_the_volume_is_segmented(host, panel, missing, press, monkeypatch):
    """At the second try; at the first one, pip installs nothing."""
    import slicer

    from MedNCASegmentLib import dependencies

    calls = []

    class Utilities:
        def installTorch(self, **options):
            calls.append(options)
            missing.remove("torch")
            return object()

    monkeypatch.setitem(sys.modules, "PyTorchUtils", type("M", (), {"PyTorchUtilsLogic": Utilities}))
    monkeypatch.setattr(dependencies, "_install", lambda file: None)
    assert "cannot be found" in press()[-1] and calls[0]["torchVersionRequirement"] == ">=2.1"
    monkeypatch.setattr(dependencies, "_install", lambda file: missing.clear())
    assert len(press()) == 1
    wait_for_result(host, panel)
    assert press() == []  # and never again
    assert host.wait(lambda: not panel.logic.isBusy, 60)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_what_was_asked_for_is_segmented_though_installing_takes_minutes(host, panel, missing, press, monkeypatch):
    """In which another volume is chosen, or the first one removed."""
    import slicer

    from MedNCASegmentLib import dependencies
    from MedNCASegmentLib.record import volumeOf

    head = panel.ui.inputSelector.currentNode()
    other = add_volume(slicer, BALLS[0].astype(np.float32), name="other")
    missing.remove("torch")

    def chosen(file):
        missing.clear()
        panel.ui.inputSelector.setCurrentNode(other)

    monkeypatch.setattr(dependencies, "_install", chosen)
    press()
    wait_for_result(host, panel)
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert volumeOf(segmentation) is head and panel._parameterNode.segmentation is None

    def removed(file):
        chosen(file)
        panel.ui.inputSelector.setCurrentNode(head)
        slicer.mrmlScene.RemoveNode(other)

    missing.append("safetensors")
    monkeypatch.setattr(dependencies, "_install", removed)
    assert "removed before" in press()[-1] and not panel.logic.isBusy


def test_pip_that_fails_is_told(host, panel, monkeypatch):
    import slicer.packaging

    from MedNCASegmentLib import dependencies

    monkeypatch.setattr(dependencies, "missingPackages", lambda *file: {"safetensors": "safetensors"})
    monkeypatch.setattr(slicer.packaging, "pip_ensure", _raise(RuntimeError("no network")))
    host.click(panel.ui.wholeButton)
    assert "no network" in host.dialogs[-1][1] and not panel.logic.isBusy


def test_packages_that_are_too_old_are_told_and_renewed(host, panel, monkeypatch):
    """Also by a Slicer before 5.12, which has no slicer.packaging: then pip is given the file."""
    import importlib.metadata

    import slicer

    from MedNCASegmentLib import dependencies

    versions = {"safetensors": "0.3.3", "jsonschema": "4.18.0", "torch": "2.2.2+cpu", "numpy": "1.26.4"}
    monkeypatch.setattr(importlib.metadata, "version", lambda name: versions.get(name))
    assert dependencies.missingPackages() == {"safetensors": "safetensors >=0.4 (now 0.3.3)"}
    host.answer = False
    host.click(panel.ui.wholeButton)
    assert "too old: safetensors >=0.4 (now 0.3.3)" in host.dialogs[0][1] and not panel.logic.isBusy
    host.answer = True
    asked = []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.delattr(slicer, "packaging", raising=False)

    def install(asking):
        asked.append([*asking[:-1], Path(asking[-1]).read_text(encoding="utf-8")])
        versions.update(safetensors="0.8.0")

    monkeypatch.setattr(slicer.util, "pip_install", install)
    host.click(panel.ui.wholeButton)
    wait_for_result(host, panel)
    kept = "numpy==1.26.4\ntorch==2.2.2+cpu\n"  # what others brought is not replaced
    assert asked == [["-r", str(dependencies.REQUIREMENTS), "-c", kept]]
    versions["torch"] = "2.0.1"
    assert dependencies.missingPackages() == {"torch": "torch >=2.1 (now 2.0.1)"}


def test_a_package_that_tells_no_version_is_taken_at_its_word(monkeypatch):
    import importlib.metadata

    import slicer  # noqa: F401

    from MedNCASegmentLib import dependencies

    monkeypatch.setattr(importlib.metadata, "version", _raise(importlib.metadata.PackageNotFoundError()))
    assert dependencies.missingPackages() == {}


def test_the_requirements_can_be_read_with_what_pip_carries():
    """Where `packaging` is not installed."""
    import subprocess

    code = f"""
import sys
sys.path[:0] = [{str(ROOT / "Testing" / "host")!r}]
sys.modules["packaging"] = None
import scene
scene.start()
from MedNCASegmentLib import dependencies
assert dependencies.Requirement.__module__.startswith("pip."), dependencies.Requirement
assert dependencies.missingPackages() == {{}}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def _raise(error):
    def raiser(*arguments, **options):
        raise error

    return raiser

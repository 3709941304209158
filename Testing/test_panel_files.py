"""Results that leave Slicer: the report as a page."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume
from panel import BALLS, LEFT, click


def _saved_at(monkeypatch, path):
    """The file that the dialog is answered with; returns what it was asked."""
    import qt

    asked = []
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a: asked.append(a) or str(path)))
    return asked


def test_save_the_report_and_open_it(host, panel, tmp_path, monkeypatch):
    assert not panel.ui.reportButton.enabled
    click(host, panel, LEFT)
    path = tmp_path / "page.html"
    asked = _saved_at(monkeypatch, path)
    host.click(panel.ui.reportButton)
    assert asked[0][2] == "head report.html"
    assert "Segmentation of head" in path.read_text(encoding="utf-8")
    assert str(path) in host.dialogs[0][1] and host.dialogs[1] == ("url", path.as_uri())
    assert f"Report written to {path}" in panel.ui.logText.plainText
    host.dialogs.clear()
    host.answer = False
    host.click(panel.ui.reportButton)  # written over the first one, as the dialog asked; not opened
    assert len(host.dialogs) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_the_report_follows_the_target_dice(host, panel, tmp_path, monkeypatch):
    click(host, panel, LEFT)
    _saved_at(monkeypatch, tmp_path / "page.html")
    host.drag(panel.ui.targetSlider, 0.95)
    host.answer = False
    host.click(panel.ui.reportButton)
    assert "target is 0.95" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_leaves_nothing(host, panel, tmp_path, monkeypatch):
    click(host, panel, LEFT)
    (tmp_path / "file").write_text("")
    _saved_at(monkeypatch, tmp_path / "file" / "page.html")
    host.click(panel.ui.reportButton)
    (dialog,) = host.dialogs
    assert dialog[0] == "error" and "was not saved" in dialog[1]
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_no_report_without_results(host, panel):
    """Taken back, or another volume chosen."""
    import slicer

    click(host, panel, LEFT)
    assert panel.ui.reportButton.enabled
    other = add_volume(slicer, (BALLS[0] * 500 + 20).astype(np.int16), name="other")
    panel.ui.inputSelector.setCurrentNode(other)
    host.processEvents()
    assert not panel.ui.reportButton.enabled
    slicer.mrmlScene.RemoveNode(other)
    host.processEvents()
    panel.ui.inputSelector.setCurrentNode(slicer.util.getNode("head"))
    host.processEvents()
    assert panel.ui.reportButton.enabled
    host.click(panel.ui.undoButton)
    assert not panel.ui.reportButton.enabled

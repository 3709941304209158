"""Results that leave Slicer: the report as a page, DICOM SEG, and a scene that brings all of it back."""

import json

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume, affine, put_under, report_of, segment_mask, state_of
from panel import BALLS, LEFT, RIGHT, choose_model, click, correct, wait_for_result
from phantoms import head_case, head_seeds, rotation, save, standout_model

UIDS = [f"1.2.826.0.1.{n}" for n in range(5)]


def _saved_at(monkeypatch, path):
    """The file that the dialog is answered with; returns what it was asked."""
    import qt

    asked = []
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a: asked.append(a) or str(path)))
    return asked


def _tag(segment, name):
    import vtk

    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else None


def _from_dicom(slicer, volume):
    """As Slicer loads a series: the instances in an attribute, the volume under a study of a patient."""
    volume.SetAttribute("DICOM.instanceUIDs", " ".join(UIDS))
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient")
    study = hierarchy.CreateStudyItem(patient, "study")
    item = hierarchy.GetItemByDataNode(volume)
    if item:
        hierarchy.SetItemParent(item, study)
    else:
        hierarchy.CreateItem(study, volume)
    return hierarchy, study


def _written(folder):
    """What the plugin would hand to dcmqi of each segment."""
    meta = json.loads((folder / "seg_meta.json").read_text(encoding="utf-8"))
    return [segment for (segment,) in meta["segmentAttributes"]]


@pytest.fixture
def dicom(host):
    """Slicer with the plugin, and the files in its database."""
    import dicom

    yield dicom.install(UIDS)
    dicom.install((), plugin=False)


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
    assert not panel.ui.reportButton.enabled and not panel.ui.dicomButton.enabled
    slicer.mrmlScene.RemoveNode(other)
    host.processEvents()
    panel.ui.inputSelector.setCurrentNode(slicer.util.getNode("head"))
    host.processEvents()
    assert panel.ui.reportButton.enabled
    host.click(panel.ui.undoButton)
    assert not panel.ui.reportButton.enabled


def test_no_dicom_of_what_was_no_dicom(host, panel):
    assert not panel.ui.dicomButton.enabled and "no result" in panel.ui.dicomButton.toolTip
    click(host, panel, LEFT)
    assert not panel.ui.dicomButton.enabled and "head was not loaded from DICOM" in panel.ui.dicomButton.toolTip


def test_dicom_without_the_plugin_names_the_extension(host, panel, tmp_path):
    import slicer

    _from_dicom(slicer, panel.ui.inputSelector.currentNode())
    click(host, panel, LEFT)
    host.answer = lambda kind, text: str(tmp_path) if kind == "directory" else True
    host.click(panel.ui.dicomButton)
    assert "QuantitativeReporting" in host.dialogs[-1][1]


def test_dicom_of_a_click(host, panel, dicom, tmp_path):
    """On an oblique volume under a transform: what the plugin reads is there, and the voxels are the volume's own."""
    import SimpleITK as sitk
    import slicer

    matrix = affine(rotation(20, 2) @ np.diag([-1.0, 1.0, 1.0]), (5, 6, 7))
    move = affine(rotation(10, 0), (3, 2, 1))
    volume = add_volume(slicer, (BALLS[0] | BALLS[1]).astype(np.uint8) * 200, matrix, "series")
    put_under(slicer, volume, move)
    hierarchy, study = _from_dicom(slicer, volume)
    panel.ui.inputSelector.setCurrentNode(volume)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    segmentation = click(host, panel, (move @ matrix @ (*LEFT, 1))[:3])
    assert panel.ui.dicomButton.enabled and "SEG" in panel.ui.dicomButton.toolTip
    item = hierarchy.GetItemByDataNode(segmentation)
    assert hierarchy.GetItemParent(item) == study
    hierarchy.SetItemParent(item, hierarchy.GetSceneItemID())  # somebody moved it away
    host.answer = str(tmp_path)
    host.click(panel.ui.dicomButton)
    assert [kind for kind, _text in host.dialogs] == ["directory"]
    assert hierarchy.GetItemParent(item) == study
    (data,) = _written(tmp_path)
    assert data["SegmentAlgorithmType"] == "SEMIAUTOMATIC" and data["SegmentAlgorithmName"].startswith("MedNCA bright ")
    (written,) = tmp_path.glob("*.nrrd")
    read = sitk.ReadImage(str(written))
    assert np.array_equal(sitk.GetArrayFromImage(read).transpose(2, 1, 0) > 0, BALLS[0])
    lps = np.diag([-1.0, -1.0, 1.0]) @ matrix[:3, :3]  # of the files: without the transform
    assert np.allclose(np.array(read.GetDirection()).reshape(3, 3), lps, atol=1e-6)
    assert dicom.inserted and str(tmp_path) in panel.ui.logText.plainText


def test_dicom_of_both_sides_is_automatic_until_somebody_corrects_it(host, panel, dicom, tmp_path):
    import slicer

    labels = {"category": ("123037004", "Anatomical Structure"), "type": ("5366008", "Hippocampus")}
    codes = {key: {"scheme": "SCT", "code": code, "meaning": meaning} for key, (code, meaning) in labels.items()}
    model = standout_model("coded", seeds=head_seeds())
    model.labels[0].__dict__["terminology"] = codes
    save(model, panel.logic.library.user / "coded")
    panel.models.fill()
    volume = add_volume(slicer, (head_case()[0] * 10).astype(np.int16), name="series")
    _from_dicom(slicer, volume)
    panel.ui.inputSelector.setCurrentNode(volume)
    choose_model(panel, "coded")
    host.click(panel.ui.findButton)
    wait_for_result(host, panel)
    host.answer = str(tmp_path)
    host.click(panel.ui.dicomButton)
    assert [kind for kind, _text in host.dialogs] == ["directory"]
    segments = _written(tmp_path)
    assert [each["SegmentAlgorithmType"] for each in segments] == ["AUTOMATIC"] * 2
    for each in segments:
        side = each["SegmentLabel"].split()[0]
        assert each["SegmentedPropertyTypeCodeSequence"]["CodeMeaning"] == "Hippocampus"
        assert each["SegmentedPropertyTypeModifierCodeSequence"]["CodeMeaning"] == side
    assert {each["SegmentLabel"].split()[0] for each in segments} == {"Left", "Right"}
    correct(panel._parameterNode.segmentation)
    host.click(panel.ui.dicomButton)
    segments = _written(tmp_path)
    assert [each["SegmentAlgorithmType"] for each in segments] == ["SEMIAUTOMATIC", "AUTOMATIC"]
    segmentation = panel._parameterNode.segmentation
    segmentation.GetSegmentation().GetNthSegment(0).SetTag(
        "DICOM.SegmentAlgorithmType", "AUTOMATIC"
    )  # as before export
    host.click(panel.ui.findButton)  # what was corrected stays, but its result is replaced
    wait_for_result(host, panel)
    host.click(panel.ui.dicomButton)
    assert [each["SegmentAlgorithmType"] for each in _written(tmp_path)] == ["SEMIAUTOMATIC", "AUTOMATIC", "AUTOMATIC"]


def test_dicom_of_a_scene_that_another_version_made(host, panel, dicom, tmp_path):
    """Without tags, with voxels of another name, without a reference volume; and drawn segments beside it."""
    import slicer

    from MedNCASegmentLib.volumes import orientedImageData

    volume = panel.ui.inputSelector.currentNode()
    _from_dicom(slicer, volume)
    segmentation = click(host, panel, LEFT)
    segment = segmentation.GetSegmentation().GetNthSegment(0)
    segment.RemoveTag("DICOM.SegmentAlgorithmType")
    segment.RemoveTag("DICOM.SegmentAlgorithmName")
    segment.GetRepresentation("Binary labelmap").GetPointData().GetScalars().SetName("other")
    segmentation.SetNodeReferenceID(segmentation.GetReferenceImageGeometryReferenceRole(), None)
    drawn = slicer.vtkSegment()
    drawn.SetName("Drawn")
    mask = BALLS[1].astype(np.uint8).transpose(2, 1, 0)
    drawn.AddRepresentation("Binary labelmap", orientedImageData(mask, volume, segmentation))
    segmentation.GetSegmentation().AddSegment(drawn)
    host.answer = str(tmp_path)
    host.click(panel.ui.dicomButton)
    ours, theirs = _written(tmp_path)
    assert ours["SegmentAlgorithmType"] == "SEMIAUTOMATIC" and ours["SegmentAlgorithmName"].startswith("MedNCA")
    assert theirs["SegmentAlgorithmType"] == "MANUAL" and "SegmentAlgorithmName" not in theirs


@pytest.mark.parametrize("what", ["files", "transform"])
def test_dicom_is_refused_with_what_to_do(host, panel, dicom, tmp_path, what):
    import slicer

    volume = panel.ui.inputSelector.currentNode()
    _from_dicom(slicer, volume)
    segmentation = click(host, panel, LEFT)
    if what == "files":
        dicom.files.popitem()
    else:
        put_under(slicer, segmentation, affine(np.eye(3), (1, 2, 3)))
    host.answer = lambda kind, text: str(tmp_path) if kind == "directory" else True
    host.click(panel.ui.dicomButton)
    told = {"files": "not in Slicer's DICOM database", "transform": "under different transforms"}[what]
    assert host.dialogs[-1][0] == "error" and told in host.dialogs[-1][1]
    assert list(tmp_path.iterdir()) == [] and dicom.inserted == []


def test_a_scene_brings_everything_back(host, panel, tmp_path, monkeypatch):
    """Segments, variance, mean probability, table, record, clicks, what was reviewed; and the report is the same."""
    import slicer

    from MedNCASegmentLib.click_placement import clicksOf, pointsOf
    from MedNCASegmentLib.record import VOLUME_ROLE, runsOf

    def everything():
        segmentation, volume = panel._parameterNode.segmentation, panel._parameterNode.inputVolume
        roles = ("MedNCA.variance", "MedNCA.probability")
        reports = [report_of(node) for node in (segmentation, *map(segmentation.GetNodeReference, roles))]
        segments = segmentation.GetSegmentation()
        tags = [
            [_tag(segments.GetNthSegment(n), f"DICOM.SegmentAlgorithm{what}") for what in ("Type", "Name")]
            for n in range(2)
        ]
        masks = [segment_mask(slicer, segmentation, volume, n).tobytes() for n in range(2)]
        clicks = [tuple(round(x, 3) for x in point.position) for point in pointsOf(clicksOf(volume))]
        _segments, maps, rows, attributes = state_of(slicer, segmentation)
        assert segmentation.GetNodeReference(VOLUME_ROLE) is volume and len(maps) == 2 and len(rows) == 30
        assert len(clicks) == 2 and runsOf(segmentation)[0].reviewed == {0: "accepted"}
        return reports, tags, masks, clicks, maps, rows, attributes, _page()

    def _page():
        host.click(panel.ui.reportButton)
        lines = (tmp_path / "page.html").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if "Report of" not in line]  # the date

    _saved_at(monkeypatch, tmp_path / "page.html")
    host.answer = False  # open it
    panel.ui.keepProbabilityCheckBox.checked = True
    panel.ui.inputSelector.currentNode().GetDisplayNode().SetWindowLevelMinMax(0, 700)
    click(host, panel, LEFT)
    click(host, panel, RIGHT)
    host.click(panel.ui.placeButton)
    host.click(panel.ui.nextButton)
    host.click(panel.ui.acceptButton)
    before = everything()
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert not panel.ui.reportButton.enabled
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    host.processEvents()
    for old, new in zip(before, everything(), strict=True):
        assert old == new

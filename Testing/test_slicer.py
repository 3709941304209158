"""The module's logic on Slicer's real core: known answers in any geometry, and everything back from an MRB."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

import slicerhost
from nodes import add_volume, affine, put_under, report_of, segment_mask
from phantoms import bright_model, ellipsoid, rotation

BALL = ellipsoid((20, 24, 18), (8, 14, 7), (5, 6, 4))  # (i, j, k)


@pytest.fixture
def slicer():
    return slicerhost.start()


def _reference_geometry(slicer, segmentation):
    """4x4, voxel index to the segmentation's own space, as the Segment Editor will take it."""
    import vtk

    image, matrix = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    converter = slicer.vtkSegmentationConverter
    text = segmentation.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    assert converter.DeserializeImageGeometry(text, image)
    image.GetImageToWorldMatrix(matrix)
    return [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)]


def _logic():
    from MedNCASegment import MedNCASegmentLogic

    return MedNCASegmentLogic()


def _segment(volume, model, clicks=(), **options):
    added, _ = _logic().segmentInProcess(volume, model, clicks, **options)
    return added.segmentationNode, added.varianceNode


GEOMETRIES = {
    "plain": np.eye(4),
    "left-handed": affine(np.diag([-1.0, 1.0, 1.0]), (5, 6, 7)),
    "anisotropic": affine(np.diag([0.7, 0.9, 2.5])),
    "oblique": affine(rotation(25, 0) @ rotation(10, 1) @ np.diag([0.8, 0.8, 1.5]), (-30, 12, 40)),
}


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("moved", [False, True], ids=["", "under a transform"])
def test_the_mask_lands_on_the_right_voxels(slicer, matrix, dtype, moved):
    volume = add_volume(slicer, (BALL * 90 + 10).astype(dtype), matrix)
    if moved:
        put_under(slicer, volume, affine(rotation(15, 2), (10, -20, 30)))
    segmentation, variance = _segment(volume, bright_model(), members=1)
    assert np.array_equal(segment_mask(slicer, segmentation, volume), BALL)
    assert np.allclose(_reference_geometry(slicer, segmentation), matrix, atol=1e-4)
    assert segmentation.GetTransformNodeID() == volume.GetTransformNodeID() == variance.GetTransformNodeID()
    assert variance.GetImageData().GetDimensions() == volume.GetImageData().GetDimensions()


def test_a_click_in_world_space(slicer):
    """The click is where the user sees the organ: in world space, after the parent transform."""
    shape = (50, 30, 30)
    ball, twin = ellipsoid(shape, (12, 15, 15), (5, 5, 5)), ellipsoid(shape, (38, 15, 15), (5, 5, 5))
    volume = add_volume(slicer, (ball | twin).astype(np.float32))
    move = affine(rotation(10, 2), (100, 50, -20))
    put_under(slicer, volume, move)
    click = (move @ (12, 15, 15, 1))[:3]
    segmentation, _ = _segment(volume, bright_model(field_of_view=(18.0, 18.0, 18.0)), [click], members=1)
    assert np.array_equal(segment_mask(slicer, segmentation, volume), ball)


def test_other_segments_stay(slicer):
    volume = add_volume(slicer, BALL.astype(np.float32))
    segmentation, _ = _segment(volume, bright_model(), members=1)
    segments, mine = segmentation.GetSegmentation(), slicer.vtkSegment()
    mine.DeepCopy(segments.GetNthSegment(0))
    mine.SetName("Mine")
    segments.AddSegment(mine)
    _segment(volume, bright_model(labels=2), members=1, segmentationNode=segmentation)  # replaces its own, not mine
    names = [segments.GetNthSegment(n).GetName() for n in range(segments.GetNumberOfSegments())]
    assert names == ["Mine", "Label 1", "Label 2"]
    assert np.array_equal(segment_mask(slicer, segmentation, volume, 0), BALL)


def test_a_segmentation_under_another_transform(slicer):
    """The volume is moved, the segmentation is not: the segment still lies on the organ."""
    volume = add_volume(slicer, BALL.astype(np.float32))
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    put_under(slicer, volume, affine(np.eye(3), (3, 0, -2)))
    _segment(volume, bright_model(), members=1, segmentationNode=segmentation)
    assert np.array_equal(segment_mask(slicer, segmentation, volume), BALL)


def test_everything_comes_back_from_an_mrb(slicer, tmp_path):
    volume = add_volume(slicer, BALL.astype(np.float32), GEOMETRIES["oblique"])
    added, result = _logic().segmentInProcess(volume, bright_model(), members=3, seed=5)
    segmentation, variance = added.segmentationNode, added.varianceNode
    names = [node.GetName() for node in (segmentation, variance)]
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    segmentation, variance = (slicer.mrmlScene.GetFirstNodeByName(name) for name in names)
    volume = slicer.mrmlScene.GetFirstNodeByName("phantom")
    assert np.array_equal(segment_mask(slicer, segmentation, volume), BALL)
    assert report_of(variance).seed == 5 and variance.GetAttribute("MedNCA.Members") == "3"
    assert report_of(segmentation).findings[0].nqm["union"] == pytest.approx(result.findings[0].nqm["union"])
    low, high = variance.GetDisplayNode().GetWindowLevelMin(), variance.GetDisplayNode().GetWindowLevelMax()
    assert (low, high) == (0, 0.25)


def test_what_is_made_has_a_name_in_the_users_language(slicer, monkeypatch):
    """Columns of the table are for scripts, too, and keep theirs."""
    for file in ("results", "quality_table"):
        monkeypatch.setattr(f"MedNCASegmentLib.{file}._", lambda text: text.replace("{volume} ", "{volume}: "))
    volume = add_volume(slicer, BALL.astype(np.float32))
    added = _logic().segmentInProcess(volume, bright_model(), members=1)[0]
    assert added.varianceNode.GetName() == "phantom: variance"
    assert added.tableNode.GetName() == "phantom: quality" and added.tableNode.GetColumnName(2) == "NQM"


def test_results_lie_beside_the_input(slicer, tmp_path):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    volume = add_volume(slicer, BALL.astype(np.float32))
    hierarchy.CreateItem(study, volume)
    added = _logic().segmentInProcess(volume, bright_model(), members=1)[0]
    for node in (added.segmentationNode, added.varianceNode, added.tableNode):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
    names = [node.GetName() for node in (added.segmentationNode, added.varianceNode, added.tableNode)]
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    for name in names:
        item = hierarchy.GetItemByDataNode(slicer.mrmlScene.GetFirstNodeByName(name))
        assert hierarchy.GetItemName(hierarchy.GetItemParent(item)) == "Study"


def test_bad_volumes_add_nothing(slicer):
    import vtk

    from mednca.errors import MedNCAError

    logic, model = _logic(), bright_model()
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    sheared = add_volume(slicer, BALL.astype(np.float32), name="sheared")
    put_under(slicer, sheared, affine([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]))
    bent = add_volume(slicer, BALL.astype(np.float32), name="bent")
    grid = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    points = vtk.vtkPoints()
    for point in np.random.default_rng(0).normal(size=(6, 3)):
        points.InsertNextPoint(*point)
    target = vtk.vtkPoints()
    for point in np.random.default_rng(1).normal(size=(6, 3)):
        target.InsertNextPoint(*point)
    spline.SetSourceLandmarks(points)
    spline.SetTargetLandmarks(target)
    grid.SetAndObserveTransformToParent(spline)
    bent.SetAndObserveTransformNodeID(grid.GetID())
    constant = add_volume(slicer, np.zeros((9, 9, 9), np.float32), name="constant")
    for node, word in (
        (None, "voxels"),
        (empty, "voxels"),
        (sheared, "perpendicular"),
        (bent, "linear"),
        (constant, "constant"),
    ):
        with pytest.raises(MedNCAError, match=word):
            logic.segmentInProcess(node, model, members=1)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0

"""A result replaces earlier ones of the same structure, by overlap, and what it replaced can be put back exactly."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

import slicerhost
from mednca.errors import NothingFound
from nodes import add_volume, affine, put_under, segment_mask, state_of
from panel import segment_names
from phantoms import bright_model, ellipsoid, rotation

SHAPE = (44, 24, 18)
LEFT, RIGHT = (9, 12, 9), (31, 12, 9)
BALLS = [ellipsoid(SHAPE, center, (5, 6, 4)) for center in (LEFT, RIGHT)]
FIELD = (18.0, 18.0, 18.0)
WIDE = (26.0, 20.0, 18.0)  # the fields of both balls overlap


@pytest.fixture
def slicer():
    return slicerhost.start()


@pytest.fixture
def volume(slicer):
    return add_volume(slicer, (BALLS[0] | BALLS[1]) * np.float32(100))


@pytest.fixture
def logic(slicer):
    from MedNCASegment import MedNCASegmentLogic

    return MedNCASegmentLogic()


@pytest.fixture
def run(logic, volume):
    """Segment at a click, some cells pausing, so that each seed has a variance of its own."""

    def run(click, segmentation=None, seed=1, field=FIELD, labels=1, model=None):
        model = model or bright_model(field_of_view=field, labels=labels, fire_rate=0.9)
        added, _result = logic.segmentInProcess(volume, model, [click], segmentation, members=4, seed=seed)
        return added

    return run


def _shifted(click, step):
    return (click[0] + step, click[1], click[2] - 1)


def _restart(slicer, tmp_path):
    """Save the scene, close it, load it; returns its segmentation and volume."""
    from MedNCASegmentLib.record import volumeOf

    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    return segmentation, volumeOf(segmentation)


def _values(slicer, added):
    return slicer.util.arrayFromVolume(added.varianceNode)


def _edit(slicer, segmentation, number=0):
    segmentId = segmentation.GetSegmentation().GetNthSegmentID(number)
    slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segmentId)[5:7, 5:7, 5:7] ^= 1


def _put_back(added):
    """As undo does: the run goes, what it replaced comes back."""
    from MedNCASegmentLib.removal import putBack, takeRunOut

    takeRunOut(added.segmentationNode, added.run, [added])
    for taken in reversed(added.replaced):
        putBack(taken)


def test_the_same_structure_is_replaced_and_put_back_exactly(slicer, volume, run):
    """Names, colors, tags, order, display, voxels, maps, record, table: with another structure's between."""
    first = run(LEFT)
    node = first.segmentationNode
    segment = node.GetSegmentation().GetSegment(first.segmentIds[0])
    segment.SetName("Mine")
    segment.SetColor(0.25, 0.5, 0.75)
    segment.SetTag("mine", "yes")
    node.GetDisplayNode().SetSegmentVisibility(first.segmentIds[0], False)
    node.GetDisplayNode().SetSegmentOpacity3D(first.segmentIds[0], 0.5)
    other = run(RIGHT, node, seed=2)
    assert segment_names(node) == ["Mine", "Label 1"] and other.replaced == []
    before = state_of(slicer, node)
    again = run(_shifted(LEFT, 3), node, seed=3)
    assert [taken.run for taken in again.replaced] == [first.run] and again.run.id == 3
    assert segment_names(node) == ["Label 1", "Label 1 2"]  # the other one's, and a new one
    assert np.array_equal(segment_mask(slicer, node, volume, 0), BALLS[1])
    assert np.array_equal(segment_mask(slicer, node, volume, 1), BALLS[0])
    assert node.GetDisplayNode().GetSegmentVisibility(again.segmentIds[0])
    assert state_of(slicer, node) != before
    _put_back(again)
    assert state_of(slicer, node) == before


def test_what_lies_far_from_its_click_does_not_replace_what_was_found_near_one(slicer, logic):
    """Its verdict is grey, whatever the structure is worth; it is told, and the scene is as it was. Whatever is near
    replaces what is far, and so does what is far, too."""
    volume = add_volume(slicer, BALLS[0] * np.float32(100))
    model = bright_model(field_of_view=(60.0, 20.0, 18.0), fire_rate=0.9)

    def segment(click, segmentation=None, seed=1):
        return logic.segmentInProcess(volume, model, [click], segmentation, members=5, seed=seed)[0]

    far = segment(RIGHT)
    node = far.segmentationNode
    assert far.run.report.findings[0].objection.key == "far"
    again = segment(_shifted(RIGHT, 1), node, seed=2)
    near = segment(LEFT, node, seed=3)
    assert [taken.run for taken in (*again.replaced, *near.replaced)] == [far.run, again.run]
    before = state_of(slicer, node)
    with pytest.raises(NothingFound, match=r"lies 1[67] mm from the click and is segmented already"):
        segment(RIGHT, node, seed=4)
    assert state_of(slicer, node) == before and segment_names(node) == ["Label 1"]


def test_the_new_one_takes_the_name(slicer, run):
    first = run(LEFT)
    run(RIGHT, first.segmentationNode)
    again = run(LEFT, first.segmentationNode, seed=2)
    assert segment_names(first.segmentationNode) == ["Label 1 2", "Label 1"]
    assert again.segmentIds == first.segmentIds and again.tableNode.GetNumberOfRows() == 2


def test_another_model_s_result_is_replaced_too(slicer, run):
    """With all its segments, also where the new one has fewer; and two earlier ones at once."""
    first = run(LEFT, labels=2)
    node = first.segmentationNode
    again = run(LEFT, node, seed=2)
    assert segment_names(node) == ["Label 1"]
    assert len(again.replaced) == 1 and again.tableNode.GetNumberOfRows() == 1


def test_little_overlap_replaces_nothing(slicer, volume, run):
    from MedNCASegmentLib.overlap import SAME_STRUCTURE, Piece, overlappingRuns, pieceOf

    added = run(LEFT)
    for step, isSame in ((0, True), (1, True), (5, False), (11, False), (90, False)):
        piece = pieceOf(BALLS[0].transpose(2, 1, 0), (step, 0, 0))
        assert bool(overlappingRuns(added.segmentationNode, volume, piece)) == isSame
    mine = Piece(np.ones((4, 4, 4), bool), (0, 0, 0))
    assert mine.dice(Piece(np.ones((4, 4, 4), bool), (0, 2, 0))) == 0.5 < SAME_STRUCTURE
    assert pieceOf(np.zeros((3, 3, 3)), (1, 1, 1)) is None


def test_a_click_on_one_of_two_that_a_result_holds_both_leaves_the_other(slicer, logic, volume, run):
    both, _result = logic.segmentInProcess(volume, bright_model(field_of_view=FIELD), [LEFT, RIGHT], members=3)
    run(LEFT, both.segmentationNode)
    mask = segment_mask(slicer, both.segmentationNode, volume, 0)
    assert mask[30:].any() and len(segment_names(both.segmentationNode)) == 2


@pytest.mark.parametrize("scale", [0.5, 1.7])
@pytest.mark.parametrize("offset", [0, 8])
def test_overlap_is_measured_on_the_volume_s_voxels(slicer, scale, offset):
    """A segment on a grid of its own, as after oversampling; the volume is oblique, the segmentation elsewhere."""
    from MedNCASegmentLib.contents import LABELMAP
    from MedNCASegmentLib.overlap import _pieceOfRun, overlappingRuns, pieceOf
    from MedNCASegmentLib.record import runsOf
    from MedNCASegmentLib.volumes import orientedImageData

    matrix = affine(rotation(25, 0) @ rotation(10, 1) @ np.diag([0.8, 0.8, 1.5]), (-30, 12, 40))
    volume = add_volume(slicer, BALLS[0].astype(np.float32), matrix)
    put_under(slicer, volume, affine(rotation(15, 2), (10, -20, 30)))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    added = _logic_segment(slicer, volume, node)
    size = tuple(int(np.ceil(n / scale)) for n in SHAPE)
    center, radii = (np.array(LEFT) + (offset, 0, 0)) / scale, np.array((5, 6, 4)) / scale
    fine = add_volume(slicer, np.zeros(size, np.uint8), matrix @ np.diag([scale, scale, scale, 1]), name="fine")
    fine.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    ball = ellipsoid(size, center, radii)
    segment = node.GetSegmentation().GetSegment(added.segmentIds[0])
    image = orientedImageData(ball.transpose(2, 1, 0).astype(np.uint8), fine, node)
    segment.RemoveRepresentation(LABELMAP)
    segment.AddRepresentation(LABELMAP, image)
    (run,) = runsOf(node)
    piece = _pieceOfRun(node, volume, run)
    wanted = pieceOf(ellipsoid(SHAPE, np.array(LEFT) + (offset, 0, 0), (5, 6, 4)).transpose(2, 1, 0), (0, 0, 0))
    assert piece.dice(wanted) > 0.85
    new = pieceOf(BALLS[0].transpose(2, 1, 0), (0, 0, 0))
    assert overlappingRuns(node, volume, new) == ([run] if offset == 0 else [])


def _logic_segment(slicer, volume, node):
    from MedNCASegment import MedNCASegmentLogic

    return MedNCASegmentLogic().segmentInProcess(volume, bright_model(), (), node, members=1)[0]


# --- corrected by hand


def test_corrected_segments_stay_the_others_go(slicer, run):
    model = bright_model(field_of_view=FIELD, labels=2)
    first = run(LEFT, model=model)
    node = first.segmentationNode
    _edit(slicer, node)
    before = state_of(slicer, node)
    again = run(_shifted(LEFT, 1), node, model=model)
    assert segment_names(node) == ["Label 1", "Label 1 2", "Label 2"]
    assert state_of(slicer, node)[0][0] == before[0][0] and again.tableNode.GetNumberOfRows() == 2
    _put_back(again)
    assert state_of(slicer, node) == before


def test_a_result_of_which_a_part_was_removed_is_corrected(slicer, run):
    """Its verdict was on all of it; a part that was empty is not missed. What is gone as a whole is no result."""
    from MedNCASegmentLib.record import presentRuns
    from MedNCASegmentLib.removal import editedSegments

    added = run(LEFT, labels=2)
    node, (organ, empty) = added.segmentationNode, added.segmentIds
    assert added.run.contents[empty] is None
    for removed, edited in ((empty, []), (organ, [organ])):
        assert presentRuns(node) == [added.run]
        node.GetSegmentation().RemoveSegment(removed)
        assert editedSegments(node, added.run) == edited
    assert presentRuns(node) == [] == presentRuns(None)


@pytest.mark.parametrize("record", ["of this version", "without fingerprints"])
def test_what_was_corrected_is_known_after_loading(slicer, logic, volume, run, tmp_path, record):
    from MedNCASegmentLib.record import RUNS_ATTRIBUTE
    from MedNCASegmentLib.removal import editedSegments

    first = run(LEFT)
    run(RIGHT, first.segmentationNode)
    _edit(slicer, first.segmentationNode)
    if record == "without fingerprints":
        entries = json.loads(first.segmentationNode.GetAttribute(RUNS_ATTRIBUTE))
        entries = [{key: value for key, value in entry.items() if key != "contents"} for entry in entries]
        first.segmentationNode.SetAttribute(RUNS_ATTRIBUTE, json.dumps(entries))
    node, loaded = _restart(slicer, tmp_path)
    model = bright_model(field_of_view=FIELD)
    names = []
    for click in (LEFT, RIGHT):
        before = state_of(slicer, node)
        added, _result = logic.segmentInProcess(loaded, model, [click], node, members=2)
        assert editedSegments(node, added.run) == []
        names.append(segment_names(node))
        _put_back(added)
        assert state_of(slicer, node) == before
    kept = [["Label 1", "Label 1 2", "Label 1 3"], ["Label 1", "Label 1 2"]]
    assert names == (kept if record == "of this version" else [["Label 1 2", "Label 1"], ["Label 1", "Label 1 2"]])


# --- scenes that were loaded


def test_a_loaded_result_is_replaced_and_its_neighbor_keeps_its_voxels(slicer, logic, volume, run, tmp_path):
    """Both may be in one shared label map; nobody knows which of them had what in the variance."""
    node = run(LEFT, field=WIDE).segmentationNode
    run(RIGHT, node, seed=2, field=WIDE)
    node, loaded = _restart(slicer, tmp_path)
    node.GetSegmentation().CollapseBinaryLabelmaps(False)
    assert node.GetSegmentation().GetNumberOfLayers() == 1
    before = state_of(slicer, node)
    model = bright_model(field_of_view=WIDE, fire_rate=0.9)
    for click, ball, other in ((LEFT, 0, 1), (RIGHT, 1, 0)):
        added, _result = logic.segmentInProcess(loaded, model, [click], node, members=4, seed=9)
        assert sorted(segment_names(node)) == ["Label 1", "Label 1 2"] and len(added.replaced) == 1
        assert np.array_equal(segment_mask(slicer, node, loaded, 1), BALLS[ball])
        assert np.array_equal(segment_mask(slicer, node, loaded, 0), BALLS[other])
        assert added.tableNode.GetNumberOfRows() == 2
        _put_back(added)
        assert state_of(slicer, node) == before


def test_a_record_of_another_version_comes_back_as_it_was_written(slicer, run):
    from MedNCASegmentLib.record import RUNS_ATTRIBUTE

    first = run(LEFT)
    node = first.segmentationNode
    (entry,) = json.loads(node.GetAttribute(RUNS_ATTRIBUTE))
    del entry["contents"]
    node.SetAttribute(RUNS_ATTRIBUTE, json.dumps([entry | {"of a version to come": 1}]))
    before = node.GetAttribute(RUNS_ATTRIBUTE)
    again = run(LEFT, node, seed=2)
    assert len(again.replaced) == 1
    _put_back(again)
    assert node.GetAttribute(RUNS_ATTRIBUTE) == before


# --- maps


@pytest.mark.parametrize("which", ["known", "unknown", "one of them"])
def test_maps_that_overlap(slicer, volume, run, which):
    """What a run had goes and comes back, what its neighbor has stays."""
    from MedNCASegmentLib.removal import putBack, takeRunOut

    first = run(LEFT, field=WIDE)
    alone = _values(slicer, first).copy()
    second = run(RIGHT, first.segmentationNode, seed=2, field=WIDE)
    both = _values(slicer, first).copy()
    own = second.maps[0].values
    assert second.replaced == [] and (alone > 0).any() and (both > alone).any() and own.shape == WIDE[::-1]
    known = {"known": [first, second], "unknown": [], "one of them": [second]}[which]
    taken = takeRunOut(second.segmentationNode, second.run, known)
    if which == "unknown":  # where both lie, what is there may be the other one's
        i = first.report.region.start[0] + first.report.region.size[0]
        assert np.array_equal(_values(slicer, first)[:, :, :i], both[:, :, :i])
        assert not _values(slicer, first)[:, :, i:].any()
    else:
        assert np.array_equal(_values(slicer, first), alone)
    putBack(taken)
    assert np.array_equal(_values(slicer, first), both)
    if which == "known":
        taken = takeRunOut(first.segmentationNode, first.run, known)
        start, size = second.report.region.start, second.report.region.size
        rest = np.zeros_like(both)
        rest[tuple(slice(a, a + n) for a, n in zip(start[::-1], size[::-1], strict=True))] = own
        assert np.array_equal(_values(slicer, first), rest)
        putBack(taken)
        assert np.array_equal(_values(slicer, first), both)


def test_a_map_that_was_removed_meanwhile(slicer, run):
    first = run(LEFT)
    again = run(LEFT, first.segmentationNode, seed=2)
    slicer.mrmlScene.RemoveNode(first.varianceNode)
    _put_back(again)
    assert segment_names(first.segmentationNode) == ["Label 1"] and again.tableNode.GetNumberOfRows() == 1


# --- what goes wrong


def _fail(*arguments, **options):
    raise RuntimeError("in the middle")


STEPS = [
    (f"results.{name}", target)
    for name in ("makeSegment", "mapNode", "raiseMap", "contentOf", "addRun", "updateTable", "setReport")
    for target in ("replaced", "beside", "new")
] + [("results.placeBeside", "new"), ("removal.takeOut", "replaced"), ("removal.removeRun", "replaced")]


@pytest.mark.parametrize(("step", "target"), STEPS)
def test_a_failure_in_the_middle_leaves_all_as_it_was(slicer, run, monkeypatch, step, target):
    """Where a result is replaced, where one is added beside another, and in a new segmentation."""
    node = run(LEFT).segmentationNode
    if target == "replaced":
        run(RIGHT, node, seed=2)
    nodes, before = slicer.mrmlScene.GetNumberOfNodes(), state_of(slicer, node)
    with monkeypatch.context() as patch:
        patch.setattr(f"MedNCASegmentLib.{step}", _fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            run(RIGHT if target == "beside" else LEFT, None if target == "new" else node, seed=3)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes and state_of(slicer, node) == before
    assert len(run(LEFT, node, seed=4).replaced) == 1


def test_an_id_that_somebody_took_meanwhile(slicer, volume, run):
    """What comes back gets another id then, and nothing of the other one's is taken for it."""
    from MedNCASegmentLib.record import isInRecord, runsOf

    first = run(LEFT)
    node = first.segmentationNode
    other = bright_model(field_of_view=FIELD)
    other.labels = (replace(other.labels[0], name="Organ"),)
    again = run(LEFT, node, model=other)
    assert segment_names(node) == ["Organ"]
    mine = slicer.vtkSegment()
    mine.DeepCopy(node.GetSegmentation().GetNthSegment(0))
    mine.SetName("Mine")
    node.GetSegmentation().AddSegment(mine, first.segmentIds[0])
    _put_back(again)
    assert segment_names(node) == ["Mine", "Label 1"]
    (back,) = runsOf(node)
    assert back.segmentIds == (node.GetSegmentation().GetNthSegmentID(1),) and not isInRecord(node, first.run)
    assert len(run(LEFT, node, seed=2).replaced) == 1 and segment_names(node) == ["Mine", "Label 1"]


def test_another_segmentation_is_not_looked_at(slicer, run):
    first = run(LEFT)
    before = state_of(slicer, first.segmentationNode)
    second = run(LEFT, seed=2)
    assert second.replaced == [] and state_of(slicer, first.segmentationNode) == before

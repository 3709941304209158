"""The record of runs in a scene: what another version wrote is read, or left out with a sentence; never lost."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

import slicerhost
from nodes import add_volume
from panel import LEFT, RIGHT, click, segment_names
from phantoms import bright_model, ellipsoid

OLD = (Path(__file__).parent / "data" / "record-0.1.json").read_text(encoding="utf-8")  # of two clicks, by 0.1
BALL = ellipsoid((20, 24, 18), (8, 14, 7), (5, 6, 4))


@pytest.fixture
def slicer():
    return slicerhost.start()


@pytest.fixture
def segmentation(slicer):
    """Of the two segments that the old record is about."""
    return _segmentation(slicer, OLD)


def _segmentation(slicer, record):
    from MedNCASegmentLib.record import RUNS_ATTRIBUTE

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "old")
    for name in ("Label 1", "Label 1 2"):
        node.GetSegmentation().AddEmptySegment(name, name)
    node.SetAttribute(RUNS_ATTRIBUTE, record)
    return node


def _damaged(change):
    """The old record, its second run changed."""
    runs = json.loads(OLD)
    runs[1] = change(runs[1])
    return json.dumps(runs)


def _without(*keys):
    def change(run):
        inner = run
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]
        return run

    return change


def _with_finding(**changes):
    def change(run):
        run["report"]["findings"][0] |= changes
        return run

    return change


def _with_hotspot(**changes):
    def change(run):
        hotspot = {"position": [0, 0, 0], "volume_mm3": 1, "deviation": 0.2, "weight": 1} | changes
        run["report"]["places"] = [hotspot]
        return run

    return change


def _with_content(content):
    return lambda run: run | {"contents": {"Label 1 2": content}}


def _with_coverage(coverage):
    def change(run):
        run["report"]["model"]["calibration"]["coverage"] = coverage
        return run

    return change


def test_a_record_of_version_0_1(segmentation):
    from MedNCASegmentLib.record import problemsOf, runsOf

    first, second = runsOf(segmentation)
    assert problemsOf(segmentation) == []
    assert (first.id, first.segmentIds, second.segmentIds) == (1, ("Label 1",), ("Label 1 2",))
    assert first.report.model.id == "bright" and first.report.members == 10 and first.report.region.start == (4, 10, 8)
    verdict = first.report.findings[0].verdict
    assert verdict.color == "green" and verdict.predicted_dice == pytest.approx(0.9271654822557381)
    again = first.rejudged(0.8).report.findings[0].verdict  # by its calibration, called otherwise then
    assert replace(again, signal=None, ceiling=None) == verdict and again.signal == "nqm field"
    assert first.rejudged(0.95).report.findings[0].verdict.color == "red"
    assert second.report.findings[0].verdict.objection.key == "members"
    assert len(first.report.hotspots) == len(json.loads(OLD)[0]["report"]["places"]) > 0


def test_what_the_changes_of_these_tests_leave_can_be_read(slicer):
    """So that each of the damages below is what a run is refused for."""
    from MedNCASegmentLib.record import problemsOf

    for change in (
        _with_finding(context="scan", distance_mm=3.5, dropped_mm3=20.0),
        _with_finding(distance_mm=None),
        _with_hotspot(surface="inside", outward_mm=1.0, inward_mm=0.5),
        _with_hotspot(surface="of a version to come"),
        _with_coverage(0.8),
        _with_content([[0, 0.5, 0], [1, 1, 1], "0f"]),
        _with_content(None),
    ):
        assert problemsOf(_segmentation(slicer, _damaged(change))) == []


def test_what_is_written_is_what_is_read(segmentation):
    from mednca.content import Content
    from MedNCASegmentLib.record import RUNS_ATTRIBUTE, Run, addRun, isInRecord, newRunId, removeRun, restoreRun, runsOf

    first, second = runsOf(segmentation)
    content = Content((1.5, -2.0, 0.1), (3, 4, 5), "0f")
    third = Run(newRunId(segmentation), ("Label 1",), replace(first.report, seed=9), {"Label 1": content, "gone": None})
    addRun(segmentation, third)
    assert third.id == 3 and runsOf(segmentation) == [first, second, third]
    assert Run.fromJSON(json.loads(json.dumps(third.toJSON()))) == third
    before = segmentation.GetAttribute(RUNS_ATTRIBUTE)
    entry = removeRun(segmentation, second)
    assert runsOf(segmentation) == [first, third] and not isInRecord(segmentation, second)
    assert removeRun(segmentation, second) is None
    restoreRun(segmentation, second, entry)
    assert segmentation.GetAttribute(RUNS_ATTRIBUTE) == before and isInRecord(segmentation, second)
    removeRun(segmentation, second)
    renamed = replace(second, id=7, segmentIds=("Label 1 3",))
    restoreRun(segmentation, renamed, entry)
    assert runsOf(segmentation) == [first, renamed, third]


@pytest.mark.parametrize(
    "record",
    [
        _damaged(_without("report", "model")),
        _damaged(_without("report", "findings")),
        _damaged(_without("segments")),
        _damaged(_without("id")),
        _damaged(lambda run: run | {"segments": []}),
        _damaged(lambda run: run | {"report": run["report"] | {"of a version to come": 1}}),
        _damaged(lambda run: run | {"report": run["report"] | {"findings": [{}]}}),
        _damaged(lambda run: run | {"report": run["report"] | {"places": [{"position": [0, 0]}]}}),
        _damaged(_with_finding(context="elsewhere")),
        _damaged(_with_finding(context=["crop"])),
        _damaged(_with_finding(distance_mm="near")),
        _damaged(_with_finding(dropped_mm3=None)),
        _damaged(_with_hotspot(surface=7)),
        _damaged(_with_hotspot(outward_mm="far")),
        _damaged(_with_hotspot(inward_mm=None)),
        _damaged(_with_coverage("most")),
        _damaged(_with_coverage(7)),
        _damaged(_with_content([[0, 0], [1, 1, 1], "0f"])),
        _damaged(_with_content([[0, 0, 0], [1, 1, 1], 7])),
        _damaged(_with_content("of another version")),
        _damaged(lambda run: run | {"contents": ["Label 1"]}),
        _damaged(lambda run: "another program's"),
        _damaged(lambda run: None),
    ],
)
def test_a_run_that_cannot_be_read_is_left_out_and_kept(slicer, record):
    from MedNCASegmentLib.record import RUNS_ATTRIBUTE, Run, addRun, hasRuns, newRunId, problemsOf, removeRun, runsOf

    node = _segmentation(slicer, record)
    (first,) = runsOf(node)
    (problem,) = problemsOf(node)
    assert first.id == 1 and problem.startswith("A result in old is not shown: ")
    added = Run(newRunId(node), ("Label 1",), first.report)
    addRun(node, added)
    assert added.id > 1 and runsOf(node) == [first, added] and hasRuns(node)
    removeRun(node, added)
    removeRun(node, first)
    assert runsOf(node) == [] and hasRuns(node)
    assert json.loads(node.GetAttribute(RUNS_ATTRIBUTE)) == json.loads(record)[1:]


@pytest.mark.parametrize("record", ["not JSON", "{}", '"text"', "[[]]", "7"])
def test_a_record_that_is_none(slicer, record):
    """Whose it is cannot be told: nothing is added to such a segmentation unless it says so itself."""
    from MedNCASegmentLib.record import fits, problemsOf, runsOf

    node = _segmentation(slicer, record)
    volume = add_volume(slicer, BALL.astype(np.float32))
    assert runsOf(node) == [] and len(problemsOf(node)) == 1 and not fits(node, volume)


def test_results_are_added_beside_a_run_that_cannot_be_read(slicer):
    from MedNCASegment import MedNCASegmentLogic
    from MedNCASegmentLib.record import VOLUME_ROLE, runsOf

    node = _segmentation(slicer, _damaged(_without("report")))
    volume = add_volume(slicer, BALL.astype(np.float32))
    node.SetNodeReferenceID(VOLUME_ROLE, volume.GetID())
    added, _result = MedNCASegmentLogic().segmentInProcess(volume, bright_model(), members=1, segmentationNode=node)
    assert [run.id for run in runsOf(node)] == [1, added.run.id] and added.run.id == 3
    assert added.tableNode.GetNumberOfRows() == 2


def test_a_report_that_cannot_be_read_still_marks_a_result(slicer):
    from MedNCASegmentLib.record import REPORT_ATTRIBUTE, isImage

    volume = add_volume(slicer, BALL.astype(np.float32))
    assert isImage(volume)
    volume.SetAttribute(REPORT_ATTRIBUTE, "{}")
    assert not isImage(volume)


def test_the_panel_shows_an_old_scene(host, panel):
    """Its verdicts, its table and its hotspots; what cannot be read is told in the log, once."""
    import slicer

    from MedNCASegmentLib.record import RUNS_ATTRIBUTE

    click(host, panel, LEFT)
    segmentation = click(host, panel, RIGHT)
    assert segment_names(segmentation) == ["Label 1", "Label 1 2"]
    for record, rows in ((OLD, 2), (_damaged(_without("report", "model")), 1)):
        segmentation.SetAttribute(RUNS_ATTRIBUTE, record)
        volume = panel._parameterNode.inputVolume
        panel.ui.inputSelector.setCurrentNode(None)
        panel.ui.inputSelector.setCurrentNode(volume)
        panel.ui.segmentationSelector.setCurrentNode(segmentation)
        host.processEvents()
        assert panel.ui.verdictTable.rowCount == rows and panel.ui.hotspotsTable.rowCount > 0
        assert ("No verdict" in panel.ui.lightLabel.text) == (rows == 2)  # two members of the second run say too little
        assert panel.ui.logText.plainText.count("A result in") == 2 - rows
    assert slicer.mrmlScene.IsNodePresent(segmentation) and host.dialogs == []

"""The module as a person uses it: real widgets, real mouse events in real slice views, the real worker process."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from conftest import ROOT
from nodes import add_volume, segment_mask
from panel import (
    BALLS,
    LEFT,
    RIGHT,
    SHAPE,
    apply_again,
    ball_model,
    choose_model,
    click,
    click_view,
    composites,
    correct,
    segment_names,
    set_members,
    wait_for_result,
)
from phantoms import save


@pytest.mark.parametrize("view", ["Red", "Green", "Yellow"])
def test_a_click_in_any_view(host, panel, view):
    """Mask, variance, light, table: all there, on the organ that was clicked."""
    import slicer

    from MedNCASegmentLib.volumes import arrayFromVolumeNode

    volume = panel.ui.inputSelector.currentNode()
    segmentation = click(host, panel, LEFT, view)
    assert np.array_equal(segment_mask(slicer, segmentation, volume), BALLS[0])
    variance = segmentation.GetNodeReference("MedNCA.variance")
    values = arrayFromVolumeNode(variance).transpose(2, 1, 0)
    assert values.shape == SHAPE and 0 < values.max() <= 0.25
    assert not values[30:].any()  # the other side was not computed
    assert "Likely good enough" in panel.ui.lightLabel.text
    assert panel.ui.verdictTable.rowCount == 1 and panel.ui.verdictTable.item(0, 0).text() == "Label 1"
    table = segmentation.GetNodeReference("MedNCA.table")
    assert table.GetNumberOfRows() == 1 and float(table.GetTable().GetValueByName(0, "NQM").ToDouble()) > 0
    assert host.dialogs == []


@pytest.mark.parametrize("how", ["button", "right click", "another module places"])
@pytest.mark.parametrize("before", [0, 1])
def test_place_mode_is_left_as_it_was(host, panel, how, before):
    import slicer

    interaction = slicer.app.applicationLogic().GetInteractionNode()
    interaction.SetPlaceModePersistence(before)
    host.click(panel.ui.placeButton)
    assert interaction.GetPlaceModePersistence() == 1 and panel.ui.placeButton.checked
    if how == "button":
        host.click(panel.ui.placeButton)
    elif how == "right click":  # what Slicer's views do then, as at Escape
        interaction.SwitchToViewTransformMode()
    else:
        other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "other")
        slicer.app.applicationLogic().GetSelectionNode().SetActivePlaceNodeID(other.GetID())
    assert interaction.GetPlaceModePersistence() == before and not panel.ui.placeButton.checked
    isOver = interaction.GetCurrentInteractionMode() != interaction.Place
    assert isOver or how == "another module places"


def test_what_is_placed_in_another_module_is_not_segmented(host, panel):
    """Slicer's own tool makes points of its own there; and a point that somebody adds to our clicks is no click."""
    import slicer

    click(host, panel, LEFT)
    clicks, interaction = panel._parameterNode.points, slicer.app.applicationLogic().GetInteractionNode()
    slicer.util.selectModule("Data")
    assert not slicer.app.applicationLogic().GetSelectionNode().GetActivePlaceNodeID()
    interaction.SetCurrentInteractionMode(interaction.Place)
    click_view(host, RIGHT)
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    assert clicks.GetNumberOfControlPoints() == 1 and not panel.logic.isBusy
    clicks.AddControlPoint(*RIGHT)
    assert not host.wait(lambda: panel.logic.isBusy, 0.3) and clicks.GetNumberOfControlPoints() == 2
    host.openModule("MedNCASegment")
    assert not host.wait(lambda: panel.logic.isBusy, 0.3)


def test_a_model_that_was_trained_meanwhile_can_be_chosen(host, panel):
    import slicer

    choose_model(panel, "terms")
    slicer.util.selectModule("Data")
    save(ball_model("trained"), panel.logic.library.user / "trained")
    host.openModule("MedNCASegment")
    assert panel.ui.modelComboBox.findData("trained") >= 0
    assert panel.ui.modelComboBox.currentData == panel._parameterNode.model == "terms"


def test_left_and_right_then_undo(host, panel):
    import slicer

    volume = panel.ui.inputSelector.currentNode()
    click(host, panel, LEFT)
    segmentation = click(host, panel, RIGHT)
    assert segment_names(segmentation) == ["Label 1", "Label 1 2"]
    for number, ball in enumerate(BALLS):
        assert np.array_equal(segment_mask(slicer, segmentation, volume, number), ball)
    assert panel.ui.verdictTable.rowCount == 2
    variance = slicer.util.arrayFromVolume(segmentation.GetNodeReference("MedNCA.variance"))
    assert variance[:, :, 30:].any() and variance[:, :, :30].any()
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == ["Label 1"] and panel.ui.verdictTable.rowCount == 1
    assert not variance[:, :, 30:].any() and variance[:, :, :30].any()
    assert panel._parameterNode.points.GetNumberOfControlPoints() == 1
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == [] and not panel.ui.undoButton.enabled
    assert "No result" in panel.ui.lightLabel.text


def test_two_quick_clicks_are_both_segmented(host, panel):
    host.click(panel.ui.placeButton)
    click_view(host, LEFT)
    click_view(host, RIGHT)
    wait_for_result(host, panel)
    assert len(segment_names(panel._parameterNode.segmentation)) == 2


def test_whole_volume(host, panel):
    import slicer

    host.click(panel.ui.wholeButton)
    wait_for_result(host, panel)
    mask = segment_mask(slicer, panel._parameterNode.segmentation, panel.ui.inputSelector.currentNode())
    assert np.array_equal(mask, BALLS[0] | BALLS[1])


def test_apply_again_replaces_its_own_result(host, panel, tmp_path):
    import slicer

    segmentation = click(host, panel, LEFT)
    assert len(segment_names(segmentation)) == 1
    apply_again(host, panel)
    assert len(segment_names(segmentation)) == 1
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))  # saving is no correction
    apply_again(host, panel)
    assert len(segment_names(segmentation)) == 1
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_apply_again_replaces_no_corrected_result(host, panel):
    import slicer

    segmentation = click(host, panel, LEFT)
    correct(segmentation)
    apply_again(host, panel)
    assert len(segment_names(segmentation)) == 2
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_my_own_segments_stay(host, panel):
    """A segmentation that the user made is chosen as output; only something is added to it."""
    import slicer

    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    mine.GetSegmentation().AddEmptySegment("tumor", "Tumor")
    assert mine.GetDisplayNode() is None
    panel.ui.segmentationSelector.setCurrentNode(mine)
    assert click(host, panel, LEFT) is mine
    assert segment_names(mine) == ["Tumor", "Label 1"]
    assert mine.GetDisplayNode() and mine.GetSegmentation().GetConversionParameter("Reference image geometry")
    host.click(panel.ui.undoButton)
    assert segment_names(mine) == ["Tumor"]


def test_the_target_slider_judges_again_at_once(host, panel):
    click(host, panel, LEFT)
    submitted = panel.logic.queue.client._count
    lights = []
    for target in (0.6, 0.88, 0.95):
        host.drag(panel.ui.targetSlider, target)
        assert panel._parameterNode.targetDice == pytest.approx(target, abs=0.02)
        lights.append(panel.ui.verdictTable.item(0, 1).text())
    assert lights[0] == "Likely good enough" and lights[-1] == "Likely not good enough" and len(set(lights)) == 3
    assert "0.95" in panel.ui.reasonLabel.text and "model's low end" in panel.ui.reasonLabel.text  # plain text
    assert panel.logic.queue.client._count == submitted and not panel.logic.isBusy


def test_walking_the_hotspots_moves_all_views(host, panel):
    for place in (LEFT, RIGHT):
        click(host, panel, place)
    table = panel.ui.hotspotsTable
    assert table.rowCount >= 2

    def views_at():
        red, green, yellow = (host.view(name).mrmlSliceNode().GetSliceToRAS() for name in ("Red", "Green", "Yellow"))
        return [yellow.GetElement(0, 3), green.GetElement(1, 3), red.GetElement(2, 3)]

    rows = []
    for button in (panel.ui.nextButton, panel.ui.nextButton, panel.ui.previousButton):
        host.click(button)
        row = table.selectedIndexes()[0].row()
        told = table.item(row, 0).toolTip().split("R, A, S: ")[1].removesuffix(" mm.")
        assert views_at() == pytest.approx([float(x) for x in told.split(",")], abs=0.51)
        rows.append(row)
    assert rows == [0, 1, 0]
    host.click(panel.ui.previousButton)  # before the first comes the last
    assert table.selectedIndexes()[0].row() == table.rowCount - 1


def test_a_hotspot_says_where_it_is_and_how_far_the_outline_may_move(host, panel, tmp_path):
    """Also in a narrow panel: nothing of it lies beside the table."""
    from mednca.quality.hotspots import Hotspot
    from MedNCASegmentLib.hotspot_list import Doubt

    click(host, panel, LEFT)
    shell = dict.fromkeys(("volume_mm3", "deviation", "weight"), 0.25)
    hotspots = [
        Hotspot((-118.0, -104.0, -115.0), distance=0.0, surface="posterior", outward_mm=1.5, inward_mm=0.5, **shell),
        Hotspot((8.0, 9.0, 10.0), distance=0.0, surface="superior", outward_mm=2.0, **shell),
        Hotspot((8.0, 9.0, 10.0), distance=0.0, surface="inside", **shell | {"volume_mm3": 120.4}),
        Hotspot((8.0, 9.0, 10.0), **shell),  # as version 0.1 told of it
    ]
    sides = ("left", None, None, "right")
    doubts = [Doubt(1, number, *each) for number, each in enumerate(zip(hotspots, [None] * 4, sides, strict=True))]
    panel.hotspots._doubts = doubts
    panel.hotspots._fill()
    table = panel.ui.hotspotsTable
    rows = [[table.item(row, column).text().replace("\u00a0", " ") for column in range(2)] for row in range(4)]
    assert rows[0] == ["Left, posterior", "1.5 mm out, 0.5 mm in"]
    assert table.item(0, 1).text() == "1.5\u00a0mm\u00a0out, 0.5\u00a0mm\u00a0in"
    assert rows[1:] == [["superior surface", "2.0 mm out"], ["inside", "-"], ["-", "-"]]
    assert "120 mm\u00b3" in table.item(2, 0).toolTip() and "\u00b125%" in table.item(2, 1).toolTip()
    assert "-118, -104, -115 mm" in table.item(0, 0).toolTip()
    host.grab(panel.parent, str(tmp_path / "narrow.png"), 350)
    assert table.horizontalHeader().length() <= table.width < 350
    longest = table.fontMetrics().horizontalAdvance(table.item(0, 1).text())
    assert table.columnWidth(1) > 1.05 * longest or table.rowHeight(0) > 1.5 * table.rowHeight(1)


@pytest.mark.parametrize(
    ("side", "surface", "told"),
    [
        ("left", "left", "Left, lateral"), ("left", "right", "Left, medial"), ("right", "right", "Right, lateral"),
        ("right", "left", "Right, medial"), ("right", "inferior", "Right, inferior"), ("left", "inside", "Left, inside"),
        (None, "left", "left surface"), ("left", None, "-"), ("left", "of a version to come", "of a version to come"),
    ],
)  # fmt: skip
def test_on_two_sided_organs_left_and_right_are_lateral_and_medial(host, side, surface, told):
    from mednca.quality.hotspots import Hotspot
    from MedNCASegmentLib.messages import placeText

    hotspot = Hotspot((0.0, 0.0, 0.0), volume_mm3=1.0, deviation=0.1, weight=1.0, surface=surface)
    assert placeText(hotspot, side) == told


def test_a_click_beside_the_organ_says_how_far_it_was(host, panel):
    """In the sentence below the light and in the row's tool tip; where it was in the organ nothing is said of that."""
    click(host, panel, (RIGHT[0] - 9, RIGHT[1], RIGHT[2]))
    assert panel.ui.reasonLabel.text.count(" It lies 4 mm from the click.") == 1
    click(host, panel, LEFT)
    table = panel.ui.verdictTable
    assert " It lies 4 mm from the click. NQM" in table.item(0, 1).toolTip()
    assert "from the click" not in table.item(1, 1).toolTip()
    node = panel._parameterNode.segmentation.GetNodeReference("MedNCA.table").GetTable()
    distances, contexts = node.GetColumnByName("Distance (mm)"), node.GetColumnByName("Context")
    assert [distances.GetValue(row) for row in range(2)] == [pytest.approx(3.5, abs=0.3), 0]
    assert [contexts.GetValue(row) for row in range(2)] == ["scan", "scan"]


def test_what_is_said_of_distance_and_dropped_pieces(host, panel):
    """Once: the objections that are about them say it themselves."""
    from dataclasses import replace

    from mednca.quality.domain import Objection
    from mednca.quality.verdict import judge
    from MedNCASegmentLib.messages import coverageText, findingFullText, findingText, findingTip, reasonText
    from MedNCASegmentLib.record import runsOf

    click(host, panel, LEFT)
    (run,) = runsOf(panel._parameterNode.segmentation)
    finding = replace(run.report.findings[0], distance_mm=9.2, dropped_mm3=21.0)
    assert findingText(finding).endswith(" It lies 9 mm from the click.")
    for told in (findingFullText(finding), findingTip(finding)):
        assert told.endswith(" Other pieces of 0.021 ml were found and left out.")
    assert findingText(replace(finding, distance_mm=0.4)).endswith(" It lies 0.4 mm from the click.")
    for key, values in (("far", {"distance": 9.2}), ("rival", {"volume": 0.021})):
        objection = Objection(key, values)
        told = findingTip(replace(finding, verdict=judge({}, 9, None, 0.8, objection)))
        assert told.count("from the click") == 1 and told.count("0.021 ml") == 1
    plain = findingTip(replace(finding, distance_mm=None, dropped_mm3=0.0))
    assert plain.startswith(f"{reasonText(finding.verdict)} NQM") and plain.count(".") == 7
    signal = replace(finding.verdict, signal="mean member")
    assert " on average (1 - Dice): 0." in findingTip(replace(finding, verdict=signal))  # NQM is not what it goes by
    calibration = run.report.model.calibration
    high = judge(finding.signals, 10, calibration, 0.995, None, finding.context)
    told = reasonText(high)
    assert "so that it is never green there" in told and f"is {high.ceiling:.3f} at most" in told
    assert "never green" not in reasonText(finding.verdict)
    assert coverageText([calibration, None]) == "Dice, 90 %"
    assert coverageText([replace(calibration, coverage=0.8)]) == "Dice, 80 %"
    assert coverageText([calibration, replace(calibration, coverage=0.8)]) == coverageText([None]) == "Dice interval"


def test_overlay_is_a_layer_of_its_own(host, panel):
    """On, off, opacity, threshold, legend; the background and its window are not touched."""
    volume = panel.ui.inputSelector.currentNode()
    volume.GetDisplayNode().AutoWindowLevelOff()
    volume.GetDisplayNode().SetWindowLevel(123, 45)
    segmentation = click(host, panel, LEFT)
    variance = segmentation.GetNodeReference("MedNCA.variance")
    for composite in composites():
        assert composite.GetForegroundVolumeID() == variance.GetID() and composite.GetForegroundOpacity() == 0.5
        assert composite.GetBackgroundVolumeID() == volume.GetID()
    host.drag(panel.ui.opacitySlider, 0.8)
    assert composites()[0].GetForegroundOpacity() == pytest.approx(0.8, abs=0.05)
    host.drag(panel.ui.thresholdSlider, 0.1)
    assert variance.GetDisplayNode().GetLowerThreshold() == pytest.approx(0.1, abs=0.02)
    assert variance.GetDisplayNode().GetWindowLevelMax() == 0.25
    host.click(panel.ui.legendCheckBox)
    import slicer

    assert not slicer.modules.colors.logic().GetColorLegendDisplayNode(variance).GetVisibility()
    host.click(panel.ui.overlayCheckBox)
    assert all(composite.GetForegroundVolumeID() is None for composite in composites())
    assert volume.GetDisplayNode().GetWindow() == 123 and volume.GetDisplayNode().GetLevel() == 45


@pytest.mark.parametrize("name", ["MedNCASegment", "NCATrainer"])
def test_no_parameter_is_offered_to_translators(name):
    """Its name connects a widget with the parameter node: a translated one would connect nothing."""
    text = (ROOT / name / "Resources" / "UI" / f"{name}.ui").read_text(encoding="utf-8")
    strings = re.findall(r'name="SlicerParameterName"[^>]*>\s*<string([^>]*)>', text)
    assert strings and set(strings) == {' notr="true"'}


def test_what_was_in_the_foreground_comes_back(host, panel):
    """The user's own layer, with its opacity, view by view; the opacity of the overlay is the overlay's."""
    import slicer

    own = add_volume(slicer, BALLS[1] * np.int16(500), name="PET")
    for composite, opacity in zip(composites(), (0.2, 0.3, 0.4), strict=True):
        composite.SetForegroundOpacity(opacity)
    composites()[0].SetForegroundVolumeID(own.GetID())
    before = [(each.GetForegroundVolumeID(), each.GetForegroundOpacity()) for each in composites()]
    segmentation = click(host, panel, LEFT)
    variance = segmentation.GetNodeReference("MedNCA.variance")
    host.drag(panel.ui.opacitySlider, 0.8)
    click(host, panel, RIGHT)  # it is brought to the front again
    assert {each.GetForegroundVolumeID() for each in composites()} == {variance.GetID()}
    host.click(panel.ui.overlayCheckBox)
    assert [(each.GetForegroundVolumeID(), each.GetForegroundOpacity()) for each in composites()] == before
    host.click(panel.ui.overlayCheckBox)
    composites()[1].SetForegroundVolumeID(own.GetID())  # in front of the overlay
    host.click(panel.ui.overlayCheckBox)
    assert [each.GetForegroundVolumeID() for each in composites()] == [own.GetID(), own.GetID(), None]


def test_the_overlay_is_really_drawn(host, panel):
    """Color where the members disagree, none in the middle of the ball or far from it."""
    from MedNCASegmentLib.volumes import arrayFromVolumeNode

    segmentation = click(host, panel, LEFT)
    segmentation.GetDisplayNode().SetVisibility(False)
    host.click(panel.ui.placeButton)
    panel._parameterNode.points.GetDisplayNode().SetVisibility(False)
    values = arrayFromVolumeNode(segmentation.GetNodeReference("MedNCA.variance")).transpose(2, 1, 0)
    r, a = np.unravel_index(values[:, :, LEFT[2]].argmax(), SHAPE[:2])
    view = host.view("Red")
    view.sliceOffset = LEFT[2]

    def colorful(ras):
        color = np.asarray(view.colorAt(*ras), int)
        return color.max() - color.min() > 30

    assert colorful((r, a, LEFT[2]))
    assert not colorful((RIGHT[0], RIGHT[1], LEFT[2]))


def test_show_3d_and_edit(host, panel):
    import slicer

    segmentation = click(host, panel, LEFT)
    host.click(panel.ui.show3DCheckBox)
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    host.click(panel.ui.show3DCheckBox)
    assert not segmentation.GetDisplayNode().GetVisibility3D()
    click(host, panel, RIGHT)
    host.click(panel.ui.editButton)
    assert slicer.util.selectedModule() == "SegmentEditor"
    editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
    assert editor.segmentationNode() is segmentation and editor.currentSegmentID() is None
    for place, number in ((RIGHT, 1), (LEFT, 0)):  # the segment at the place that is looked at
        while (
            np.linalg.norm(np.subtract(panel.hotspots.hotspot.position if panel.hotspots.hotspot else 99, place)) > 12
        ):
            host.openModule("MedNCASegment")
            host.click(panel.ui.nextButton)
        host.click(panel.ui.editButton)
        assert editor.currentSegmentID() == segmentation.GetSegmentation().GetNthSegmentID(number)
        assert editor._effect == "Paint"
    host.openModule("MedNCASegment")


def test_the_log_can_be_copied(host, panel):
    import slicer

    click(host, panel, LEFT)
    panel.ui.logCollapsibleButton.collapsed = False
    host.click(panel.ui.copyLogButton)
    panel.ui.logCollapsibleButton.collapsed = True  # the host's panel does not scroll: it would squeeze the buttons
    assert "Done in" in slicer.app.clipboard().text()


def test_keep_the_mean_probability(host, panel):
    panel.ui.keepProbabilityCheckBox.checked = True
    segmentation = click(host, panel, LEFT)
    panel.ui.keepProbabilityCheckBox.checked = False
    from MedNCASegmentLib.volumes import arrayFromVolumeNode

    values = arrayFromVolumeNode(segmentation.GetNodeReference("MedNCA.probability")).transpose(2, 1, 0)
    assert values[LEFT] >= 0.9 and values[RIGHT] == 0


def test_members_seed_and_memory_limit_reach_the_engine(host, panel):
    import slicer

    set_members(panel, 7)
    panel.ui.seedSpinBox.value = 5
    panel.ui.memoryLimitSpinBox.value = 2  # in tiles, then
    segmentation = click(host, panel, LEFT)
    report = json.loads(segmentation.GetAttribute("MedNCA.Report"))
    assert (report["members"], report["seed"]) == (7, 5)
    variance = segmentation.GetNodeReference("MedNCA.variance")
    assert variance.GetAttribute("MedNCA.Seed") == "5" and variance.GetAttribute("MedNCA.ModelSHA256")
    panel.ui.memoryLimitSpinBox.value = 0
    values = slicer.util.arrayFromVolume(variance).copy()
    apply_again(host, panel)
    assert np.allclose(slicer.util.arrayFromVolume(segmentation.GetNodeReference("MedNCA.variance")), values, atol=1e-5)
    panel.ui.memoryLimitSpinBox.value = 1
    host.click(panel.ui.wholeButton)
    assert host.wait(lambda: host.dialogs, 30) and "memory limit of 1 MB" in host.dialogs[-1][1]


def test_another_clicks_node_counts_from_one_again(host, panel):
    """The user deletes the clicks; the next one has the id of the first, and must not replace its result."""
    import slicer

    segmentation = click(host, panel, LEFT)
    host.click(panel.ui.placeButton)
    slicer.mrmlScene.RemoveNode(panel._parameterNode.points)
    assert len(segment_names(click(host, panel, RIGHT))) == 2
    assert panel._parameterNode.segmentation is segmentation


def test_undo_asks_before_it_throws_corrections_away(host, panel):
    segmentation = click(host, panel, LEFT)
    correct(segmentation)
    host.answer = False
    host.click(panel.ui.undoButton)
    assert len(segment_names(segmentation)) == 1 and "corrected" in host.dialogs[-1][1]
    host.answer = True
    host.click(panel.ui.undoButton)
    assert segment_names(segmentation) == []


def test_whole_volume_again_replaces(host, panel):
    for _again in range(2):
        host.click(panel.ui.wholeButton)
        wait_for_result(host, panel)
    assert len(segment_names(panel._parameterNode.segmentation)) == 1


def test_surfaces_of_others_are_left_alone(host, panel):
    """A segmentation that is made of surfaces is chosen as output: nothing of it is lost."""
    import slicer
    import vtk

    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "surfaces")
    mine.CreateDefaultDisplayNodes()
    sphere = vtk.vtkSphereSource()
    sphere.Update()
    mine.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "Sphere")
    panel.ui.segmentationSelector.setCurrentNode(mine)
    panel.exit()
    panel.enter()
    segment = mine.GetSegmentation().GetNthSegment(0)
    assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 0


def test_the_overlay_goes_with_its_segmentation(host, panel):
    import slicer

    segmentation = click(host, panel, LEFT)
    panel.ui.segmentationSelector.setCurrentNode(None)
    assert all(composite.GetForegroundVolumeID() is None for composite in composites())
    panel.ui.segmentationSelector.setCurrentNode(segmentation)
    assert all(composite.GetForegroundVolumeID() for composite in composites())
    slicer.mrmlScene.RemoveNode(segmentation)
    assert all(composite.GetForegroundVolumeID() is None for composite in composites())


def test_a_scene_with_a_model_that_is_not_here(host, panel):
    panel._parameterNode.model = "elsewhere"
    panel.enter()
    assert panel._parameterNode.model == panel.ui.modelComboBox.currentData != "elsewhere"
    assert "elsewhere" in panel.ui.logText.plainText


def test_a_grey_light_says_why(host, panel):
    """In the panel's own, translatable words, for every reason that the engine has."""
    from string import Formatter

    from mednca.quality.domain import OBJECTIONS, Objection
    from MedNCASegmentLib.messages import objectionText

    set_members(panel, 2)
    click(host, panel, LEFT)
    assert "No verdict" in panel.ui.lightLabel.text and "2 ensemble member(s)" in panel.ui.reasonLabel.text
    for key, sentence in OBJECTIONS.items():
        names = [name for _text, name, _format, _kind in Formatter().parse(sentence) if name]
        assert objectionText(Objection(key, dict.fromkeys(names, 7.0)))


# --- models


def test_models_say_what_they_are(host, panel):
    choose_model(panel, "hippocampus-m3dnca")
    assert "hippocampus" in panel.ui.modelInfoLabel.text and "0.8" in panel.ui.modelInfoLabel.text
    choose_model(panel, "broken")
    assert "missing" in panel.ui.modelInfoLabel.text
    assert not panel.ui.placeButton.enabled and not panel.ui.wholeButton.enabled


def test_terms_are_asked_for_once(host, panel):
    import slicer

    slicer.app.userSettings().remove("MedNCA/Terms/terms")
    choose_model(panel, "terms")
    assert "Research only." in panel.ui.modelInfoLabel.text
    host.answer = False
    host.click(panel.ui.wholeButton)
    assert not panel.logic.isBusy and "not accepted" in host.dialogs[-1][1]
    host.answer = True
    for _again in range(2):
        host.click(panel.ui.wholeButton)
        wait_for_result(host, panel)
    assert sum("Do you accept" in text for _kind, text in host.dialogs) == 2  # refused once, accepted once


def test_import_and_export(host, panel, tmp_path, monkeypatch, models):
    import qt

    panel.ui.advancedCollapsibleButton.collapsed = False
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *a: str(tmp_path / "bright.zip")))
    host.click(panel.ui.exportButton)
    assert (tmp_path / "bright.zip").is_file()
    (tmp_path / "bright.zip").write_text("old", encoding="utf-8")
    host.click(panel.ui.exportButton)  # the dialog asked whether to replace it
    assert (tmp_path / "bright.zip").stat().st_size > 1000 and host.dialogs == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panel.logic.library, "user", tmp_path / "others")
        patch.setattr(qt.QFileDialog, "getOpenFileName", staticmethod(lambda *a: str(tmp_path / "bright.zip")))
        host.click(panel.ui.importButton)
        assert panel.ui.modelComboBox.currentData == "bright" and (tmp_path / "others" / "bright").is_dir()
        host.click(panel.ui.importButton)  # once more: it is there already
        assert "already" in host.dialogs[-1][1]

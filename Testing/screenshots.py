"""Pictures of the panels and of the command line at work: for README and tutorials, and of every state of each panel.

Both hippocampi of the MNI152 brain are segmented by one press on the test host, and it and a noisy copy on the command
line; a model is trained on phantoms. A sheet shows a state at 350 and 500 pixels, light and dark; a text that its
widget cuts off ends the run. Run it by `make screenshots`. It waits for whatever a slow machine needs, and replaces
nothing before all is made; then look at what it made: Resources/Screenshots, docs/tutorials, and the sheets in
runs/screenshots.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "Testing"), str(ROOT / "MedNCASegment")]
README, SHEETS = ROOT / "Resources" / "Screenshots", ROOT / "runs" / "screenshots"
# The tutorials' pictures, and the sheets whose light panel of the full width they are.
TUTORIALS = ROOT / "docs" / "tutorials"
STEPS = {
    "segment-2-ready": "click-ready",
    "segment-3-running": "click-running",
    "segment-5-review-several": "click-review",
    "train-2-pairs": "train-pairs",
    "train-3-planned": "train-plan",
    "train-4-training": "train-training",
    "train-6-fine-tune": "fine-tune-start",
    "train-7-fine-tuned": "fine-tune-result",
}
PANEL_WIDTH, VIEW = 500, 700
WIDTHS = (350, 500)
PATIENCE = 3600  # seconds: the machine may be busy
GAP, GRAY = 12, 239


def main():
    """Everything into a folder of its own first."""
    from drawn import browser_program

    browser_program()  # there, or the end
    with tempfile.TemporaryDirectory() as made:
        os.environ["MEDNCA_MODELS"] = str(Path(made) / "models")  # no model of whoever runs this
        os.environ["MEDNCA_RUNS"] = str(Path(made) / "trainings")
        import slicerhost

        host = slicerhost.startApplication(size=(VIEW, VIEW))
        album = Album(host, Path(made))
        segment(host, album)
        folder(host, album, Path(made) / "folder")
        train(host, album)
        album.publish()
        slicerhost.leave()


class Album:
    """Makes pictures in three folders; `publish` puts them where they belong, all together."""

    def __init__(self, host, made):
        self.host, self.sheets, self.readme, self.tutorials = host, made / "sheets", made / "readme", made / "tutorials"
        for folder in (self.sheets, self.readme, self.tutorials):
            folder.mkdir()

    def sheet(self, name, panel):
        """A state of a panel, at each width, light and dark."""
        pictures = []
        self.host.wait(lambda: False, 0.5)  # what is filled a moment later
        for palette in (None, dark_palette(self.host.qt)):
            standard = self.host.qt.QApplication.palette()
            if palette:
                self.host.qt.QApplication.setPalette(palette)
                color_links_anew(self.host.qt, panel.parent)
            pictures += [picture(self.host, panel, width) for width in WIDTHS]
            self.host.qt.QApplication.setPalette(standard)
            color_links_anew(self.host.qt, panel.parent)
        cut = cut_off(self.host.qt, panel.parent)
        assert not cut, f"{name}: cut off: {cut}"
        save(self.sheets / f"{name}.png", side_by_side(pictures))
        if name in STEPS:
            save(self.tutorials / f"{STEPS[name]}.png", pictures[WIDTHS.index(PANEL_WIDTH)])

    def publish(self):
        """Replace what was made before."""
        for made, folder in ((self.readme, README), (self.tutorials, TUTORIALS), (self.sheets, SHEETS)):
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(made.iterdir()):
                shutil.copy(path, folder / path.name)
                print(f"Made {(folder / path.name).relative_to(ROOT)}; look at it.")


def segment(host, album):
    """The segmentation module, from an empty scene to a review."""
    import slicer

    from demo import CLICKS, add_mni152
    from panel import click

    panel = host.openModule("MedNCASegment")
    album.sheet("segment-1-empty", panel)
    volume = add_mni152(slicer)
    panel.ui.inputSelector.setCurrentNode(volume)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    zoom(host, 190)
    overview(album, volume)
    album.sheet("segment-2-ready", panel)
    host.click(panel.ui.findButton)
    wait(host, lambda: panel.logic.isBusy)
    album.sheet("segment-3-running", panel)
    wait(host, lambda: not panel.logic.isBusy)
    assert host.dialogs == [], host.dialogs
    album.sheet("segment-4-both-sides", panel)
    host.click(panel.ui.nextButton)
    center(host, CLICKS[0])
    host.click(panel.ui.show3DCheckBox)
    host.view("3D").resetFocalPoint()
    host.view("3D").rotateToViewAxis(3)
    views = [
        [lettered(host, "Red"), host.view("3D").render()],
        [lettered(host, name) for name in ("Green", "Yellow")],
    ]
    sheet = beside(picture(host, panel, PANEL_WIDTH), tiled(views))
    save(album.readme / "MedNCASegment.png", sheet)
    host.click(panel.ui.acceptButton)
    host.click(panel.ui.acceptButton)
    panel.ui.severalCollapsibleButton.collapsed = False
    album.sheet("segment-5-review-several", panel)
    report(album, panel)
    host.drag(panel.ui.targetSlider, 0.95)
    host.click(panel.ui.undoButton)
    for name in ("advanced", "watch", "log"):
        getattr(panel.ui, f"{name}CollapsibleButton").collapsed = False
    album.sheet("segment-6-red-all-open", panel)
    host.drag(panel.ui.targetSlider, 0.8)
    for name in ("several", "advanced", "watch", "log"):
        getattr(panel.ui, f"{name}CollapsibleButton").collapsed = True
    click(host, panel, (-10, -20, 8))  # the thalamus: what is found is far from the click, and there already
    album.sheet("segment-7-missed", panel)
    watch(host, album, panel)
    correct_by_hand(host, album, panel)
    several(host, album, panel)
    panel.logic.shutdown()


def overview(album, volume):
    """The picture that the command line leaves of a result."""
    from demo import CLICKS, MODEL
    from mednca.imaging.reading import check_image
    from mednca.models.library import Library
    from mednca.overview import draw_overview
    from mednca.segment import segment_image
    from MedNCASegmentLib.volumes import imageFromVolumeNode

    image, model = check_image(imageFromVolumeNode(volume), "MNI152"), Library().load(MODEL)
    draw_overview(segment_image(image, model, CLICKS), album.readme / "overview.png")


def report(album, panel):
    """The page that *Save report* writes, in a browser."""
    from drawn import browser

    from demo import MODEL
    from mednca.models.library import Library
    from MedNCASegmentLib.html_report import reportOf

    node = panel._parameterNode.segmentation
    page = album.sheets.parent / "report.html"
    page.write_text(reportOf(node, 0.8, [Library().load(MODEL)]), encoding="utf-8")
    save(album.tutorials / "click-report.png", browser(page, 760, 4000))


def folder(host, album, place):
    """The commands of the tutorial on a folder, what they leave, and what is doubtful in Slicer."""
    import slicer
    from drawn import browser, terminal

    from docs_check import make_data
    from documents import commands
    from MedNCASegmentLib.record import volumeOf

    make_data(place)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for name, begin in (("models", "mednca models"), ("segment", "mednca segment heads/"), ("review", "mednca review")):
        (command,) = (each for each in commands(TUTORIALS / "a-folder.md") if each.startswith(begin))
        shown = terminal(command, place, environment)
        if name != "review":
            save(album.tutorials / f"folder-{name}.png", shown)
    save(album.tutorials / "folder-summary.png", browser(place / "results" / "summary.html", 1300, 1200))
    assert slicer.mrmlScene.ReadFromMRB(str(place / "doubtful.mrb"), True)
    panel = host.openModule("MedNCASegment")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    panel.ui.inputSelector.setCurrentNode(volumeOf(segmentation))
    slicer.util.setSliceViewerLayers(background=volumeOf(segmentation), fit=True)
    zoom(host, 190)
    panel.ui.severalCollapsibleButton.collapsed = True
    host.click(panel.ui.nextButton)
    views = [[lettered(host, name)] for name in ("Red", "Green")]
    save(album.tutorials / "folder-doubtful.png", beside(picture(host, panel, PANEL_WIDTH), tiled(views)))
    panel.logic.shutdown()


def watch(host, album, panel):
    """How the run grew, played over the image; a picture of its end beside the panel."""
    import slicer

    panel.ui.watchCollapsibleButton.collapsed = False
    host.click(panel.ui.growthButton)
    wait(host, lambda: panel.logic.isBusy)
    wait(host, lambda: not panel.logic.isBusy)
    album.sheet("segment-8-growth", panel)
    (browser,) = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    wait(host, lambda: not browser.GetPlaybackActive())
    wait(host, lambda: browser.GetSelectedItemNumber() == browser.GetNumberOfItems() - 1)
    host.wait(lambda: False, 0.5)  # what is seen follows
    views = [lettered(host, name) for name in ("Red", "Yellow")]
    save(
        album.sheets / "segment-8-growth-views.png",
        beside(picture(host, panel, PANEL_WIDTH), tiled([[view] for view in views])),
    )
    host.click(panel.ui.removeGrowthButton)
    panel.ui.watchCollapsibleButton.collapsed = True


def correct_by_hand(host, album, panel):
    """A few voxels at an uncertain region, as the Segment Editor changes them."""
    from panel import correct

    host.click(panel.ui.nextButton)
    segmentation = panel._parameterNode.segmentation
    correct(segmentation)
    segmentation.GetSegmentation().InvokeEvent(segmentation.GetSegmentation().SourceRepresentationModified)
    wait(host, lambda: "Corrected" in panel.ui.lightLabel.text)
    album.sheet("segment-9-corrected", panel)


def several(host, album, panel):
    """Another head, and both in one go."""
    import slicer

    from demo import add_mni152

    add_mni152(slicer).SetName("Another head")
    panel.ui.severalCollapsibleButton.collapsed = False
    wait(host, lambda: panel.ui.severalTable.rowCount > 1)
    host.click(panel.ui.severalButton)
    wait(host, lambda: panel.logic.isBusy)
    album.sheet("segment-10-several-running", panel)
    wait(host, lambda: not panel.batch.isRunning)
    album.sheet("segment-11-several", panel)


def train(host, album):
    """The trainer: a model trained on phantoms, from an empty scene, and fine-tuned on those of another scanner."""
    import slicer

    slicer.mrmlScene.Clear(0)
    panel = host.openModule(ROOT / "NCATrainer" / "NCATrainer.py")
    album.sheet("train-1-empty", panel)
    drawn_scans(slicer)
    panel.ui.nameLineEdit.text = "Phantom organ"
    host.click(panel.ui.addAllButton)
    album.sheet("train-2-pairs", panel)
    panel.ui.detailsCollapsibleButton.collapsed = False
    press(host, panel, "proposeButton")
    album.sheet("train-3-planned", panel)
    shorten(host, panel, iterations=120, validate_every=40)
    host.click(panel.ui.trainButton)
    wait(host, lambda: panel.logic.plot.table.GetNumberOfRows() > 3 or not panel.logic.status.isBusy)
    album.sheet("train-4-training", panel)
    panel.ui.detailsCollapsibleButton.collapsed = True
    wait(host, lambda: not panel.logic.status.isBusy)
    album.sheet("train-5-trained", panel)
    save(album.readme / "NCATrainer.png", picture(host, panel, PANEL_WIDTH))
    host.click(panel.ui.addButton)
    fine_tune(host, album, panel)


def fine_tune(host, album, panel):
    """The new model, on scans in which the organ is dark."""
    import slicer

    slicer.mrmlScene.Clear(0)
    drawn_scans(slicer, contrast=-1)
    host.click(panel.ui.addAllButton)
    panel.ui.startComboBox.setCurrentIndex(panel.ui.startComboBox.findData("phantom-organ"))
    panel.ui.nameLineEdit.text = "Phantom organ, our scanner"
    album.sheet("train-6-fine-tune", panel)
    press(host, panel, "proposeButton")
    shorten(host, panel, iterations=120, validate_every=40)
    panel.ui.detailsCollapsibleButton.collapsed = True
    press(host, panel, "trainButton")
    album.sheet("train-7-fine-tuned", panel)


def drawn_scans(slicer, contrast=1):
    """Six phantoms and what was drawn on them."""
    from nodes import drawn_pair
    from phantoms import organ_case

    for number in range(6):
        image, labels = organ_case(number)
        drawn_pair(slicer, contrast * image, labels, f"Scan {number + 1}")


def shorten(host, panel, **changes):
    """The plan, in its editor."""
    panel.ui.detailsCollapsibleButton.collapsed = False
    panel.ui.planEdit.plainText = json.dumps(json.loads(panel.ui.planEdit.plainText) | changes)
    press(host, panel, "applyPlanButton")


def press(host, panel, button):
    """And wait until it is over."""
    host.click(getattr(panel.ui, button))
    wait(host, lambda: not panel.logic.status.isBusy)


def wait(host, condition):
    """As long as it takes."""
    assert host.wait(condition, PATIENCE), host.dialogs


def zoom(host, millimeters):
    """A field of view in which the hippocampi are seen."""
    for name in ("Red", "Yellow", "Green"):
        node = host.view(name).mrmlSliceNode()
        node.SetFieldOfView(millimeters, millimeters, node.GetFieldOfView()[2])


def center(host, place):
    """The slices through a place, mm RAS; the axial and the coronal one show both sides."""
    for name in ("Red", "Yellow", "Green"):
        node = host.view(name).mrmlSliceNode()
        node.JumpSliceByCentering(place[0] if name == "Yellow" else 0.0, *place[1:])
        node.JumpSliceByOffsetting(*place)


def lettered(host, name):
    """A slice view with the letters of its sides, (rows, columns, 3) of 0..255."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = Image.fromarray(host.view(name).render())
    matrix = host.view(name).mrmlSliceNode().GetXYToRAS()
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(size=22)
    (width, height), margin = drawn.size, 16
    for axis, ends in ((0, ((margin, height / 2), (width - margin, height / 2))),
                       (1, ((width / 2, height - margin), (width / 2, margin)))):  # fmt: skip
        direction = np.array([matrix.GetElement(row, axis) for row in range(3)])
        across = int(np.abs(direction).argmax())
        low, high = ("LR", "PA", "IS")[across][:: 1 if direction[across] > 0 else -1]
        for letter, place in zip((low, high), ends, strict=True):
            pen.text(place, letter, (255, 220, 90), font, anchor="mm")
    return np.asarray(drawn)


def dark_palette(qt):
    """As Slicer's dark style has it, about."""
    palette = qt.QPalette()
    for roles, color in (
        (("Window", "Button", "AlternateBase", "ToolTipBase"), (60, 60, 60)),
        (("Base",), (35, 35, 35)),
        (("WindowText", "Text", "ButtonText", "ToolTipText", "BrightText"), (240, 240, 240)),
        (("Highlight", "Link"), (100, 160, 230)),
    ):
        for role in roles:
            palette.setColor(getattr(qt.QPalette, role), qt.QColor(*color))
    for role in ("WindowText", "Text", "ButtonText"):
        palette.setColor(qt.QPalette.Disabled, getattr(qt.QPalette, role), qt.QColor(130, 130, 130))
    return palette


def color_links_anew(qt, widget):
    """Links have the color of the palette that was there when their text was set."""
    for label in widget.findChildren(qt.QLabel):
        if "<a " in label.text:
            text, label.text = label.text, ""
            label.text = text


def cut_off(qt, widget):
    """Texts of buttons and one-line labels that are wider than what shows them."""
    found = []
    for kind in (qt.QPushButton, qt.QCheckBox, qt.QLabel):
        for each in widget.findChildren(kind):
            isLine = kind is not qt.QLabel or not (each.wordWrap or "<" in each.text)
            if each.isVisible() and isLine and each.fontMetrics().horizontalAdvance(each.text) > each.width:
                found.append(each.text)
    return found


def picture(host, panel, width):
    """The panel, (rows, columns, 3) of 0..255."""
    from drawn import without_what_is_below

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.png"
        for _ in range(3):  # narrower: texts break, and tables get higher
            host.grab(panel.parent, str(path), width)
            host.wait(lambda: False, 0.2)
        return without_what_is_below(path)


def side_by_side(pictures):
    """On white, with gaps."""
    height = max(map(len, pictures))
    columns = []
    for each in pictures:
        column = np.full((height, each.shape[1] + GAP, 3), 255, np.uint8)
        column[: len(each), : each.shape[1]] = each
        columns.append(column)
    return np.hstack(columns)


def tiled(rows):
    """Views of one size, row by row, with gaps, on gray."""
    height, width, _colors = rows[0][0].shape
    sheet = np.full((len(rows) * (height + GAP) - GAP, len(rows[0]) * (width + GAP) - GAP, 3), GRAY, np.uint8)
    for top, row in enumerate(rows):
        for left, view in enumerate(row):
            y, x = top * (height + GAP), left * (width + GAP)
            sheet[y : y + height, x : x + width] = view
    return sheet


def beside(panel, views):
    """The panel to the left of the views, on a common gray background."""
    height = max(len(panel), len(views))
    sheet = np.full((height, panel.shape[1] + views.shape[1], 3), GRAY, np.uint8)
    sheet[: len(panel), : panel.shape[1]] = panel
    sheet[: len(views), panel.shape[1] :] = views
    return sheet


def save(path, array):
    """As PNG."""
    import matplotlib.image

    matplotlib.image.imsave(path, array)


if __name__ == "__main__":
    main()

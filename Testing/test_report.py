"""The report as one page: well-formed, escaped, with the numbers of the panel and pictures that show the right side."""

import base64
import io
import json
from html.parser import HTMLParser

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from nodes import add_volume, affine, put_under
from panel import BALLS, LEFT, RIGHT, ball_model, correct
from phantoms import ORGANS, ellipsoid, head_case, head_seeds, rotation, standout_model

NASTY = "<script>alert('x')</script> \"A\" & B"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a browser finds on a page; fails where it is not well-formed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.tables, self.images, self.words = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _value in attributes]
        assert len(set(names)) == len(names)
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.images.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "th" in self.open or "td" in self.open:
            self.tables[-1][-1][-1] += data

    def pictures(self):
        """(alternative text, (rows, columns, 3) of 0 to 1) of each."""
        import matplotlib.image

        found = []
        for image in self.images:
            kind, data = image["src"].split(",")
            assert kind == "data:image/png;base64"
            picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(data, validate=True)))
            assert picture.shape[:2] == (int(image["height"]), int(image["width"]))
            found.append((image["alt"], picture[..., :3]))
        return found


def _segmented(volume, clicks, model=None):
    """A segmentation with a result at each click, (i, j, k) of a volume whose geometry is plain."""
    from MedNCASegment import MedNCASegmentLogic

    logic, model, node = MedNCASegmentLogic(), model or ball_model(), None
    for each in clicks:
        added, _result = logic.segmentInProcess(volume, model, [each], node, members=10)
        node = added.segmentationNode
    return node


def _balls(slicer, name="head", clicks=(LEFT, RIGHT)):
    """The two balls, segmented; the first one is further to the left."""
    volume = add_volume(slicer, (BALLS[0] | BALLS[1]) * np.int16(500) + np.int16(20), name=name)
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().AutoWindowLevelOff()
    volume.GetDisplayNode().SetWindowLevelMinMax(0, 1040)
    return volume, _segmented(volume, clicks)


def _report(node, target=0.8, models=()):
    from MedNCASegmentLib.html_report import reportOf

    return reportOf(node, target, models)


def test_one_page_that_needs_nothing_else(host):
    import slicer

    _volume, node = _balls(slicer)
    text = _report(node)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>") and ("html", {"lang": "en"}) in page.tags
    assert not {tag for tag, _attributes in page.tags} & {"script", "link", "iframe", "object", "base"}
    for tag, attributes in page.tags:
        assert "href" not in attributes and (tag == "img" or "src" not in attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in text and "@import" not in text and "http:" not in text and "https:" not in text
    assert all(image["alt"] for image in page.images)
    assert "not for clinical decisions" in text
    assert "color-scheme: light dark" in text and "size: A4" in text


def test_names_are_escaped(host):
    """Of the volume, the model and the segments: whatever somebody wrote there is text on the page."""
    import slicer

    _volume, node = _balls(slicer, NASTY, (LEFT,))
    node.GetSegmentation().GetNthSegment(0).SetName(NASTY)
    text = _report(node)
    page = Page(text)
    assert "script" not in {tag for tag, _attributes in page.tags} and "<script" not in text
    assert f"Segmentation of {NASTY}" in page.words
    assert page.tables[0][1][0] == NASTY
    assert any(NASTY in image["alt"] for image in page.images)


def test_it_says_what_the_panel_says(host):
    """Volumes by side, verdicts, and what is needed to make the result again."""
    import slicer

    from MedNCASegmentLib import messages
    from MedNCASegmentLib.record import runsOf
    from MedNCASegmentLib.volume_card import structuresOf, tableOf

    image, _organs = head_case()
    model = standout_model("finder", seeds=head_seeds())
    model.sha256 = "5" * 64
    volume = add_volume(slicer, (image * 10).astype(np.int16), name="whole head")
    node = _segmented(volume, [ORGANS["right"], ORGANS["left"]], model)
    page = Page(_report(node, 0.7, [model]))
    verdicts, volumes, making, card = page.tables[:2] + page.tables[-2:]
    assert volumes == tableOf(structuresOf(node)) and volumes[0] == ["ml", "Left", "Right", "Sum", "Asymmetry"]
    assert [row[0] for row in verdicts[1:]] == ["Right", "Left"]  # in the order in which they were made
    for row, run in zip(verdicts[1:], runsOf(node), strict=True):
        finding = run.rejudged(0.7).report.findings[0]
        assert row[1].endswith(messages.word(finding.verdict.color)) and row[1].startswith("\u25cf")
        assert row[4] == f"{finding.nqm['union']:.3f}" and row[5] == messages.findingFullText(finding)
    assert making[1] == ["Right", "finder", "10", "0", "cpu", "80.0, 70.0, 60.0"]
    assert ["SHA-256 of the weights", "5" * 64] in card
    assert ["Parameters", str(model.architecture.parameter_count())] in card
    assert ["Parameters", str(model.architecture.parameter_count())] not in Page(_report(node)).tables[-1]


def test_it_says_what_was_left_out(host):
    import slicer

    from MedNCASegmentLib.record import RUNS_ATTRIBUTE

    _volume, node = _balls(slicer, "head", (LEFT,))
    runs = json.loads(node.GetAttribute(RUNS_ATTRIBUTE))
    runs[0]["report"]["findings"][0]["dropped_mm3"] = 21.0
    node.SetAttribute(RUNS_ATTRIBUTE, json.dumps(runs))
    why = Page(_report(node)).tables[0][1][5]
    assert why.endswith(" Other pieces of 0.021 ml were found and left out.")


def test_uncertain_regions_and_what_was_done_there(host):
    import slicer

    from MedNCASegmentLib import messages
    from MedNCASegmentLib.hotspot_list import doubtsOf
    from MedNCASegmentLib.record import ACCEPTED, LOOKED_AT, runsOf, setReviewed

    _volume, node = _balls(slicer)
    setReviewed(node, 1, 0, LOOKED_AT)
    setReviewed(node, 2, 0, ACCEPTED)
    text = _report(node)
    doubts, rows = doubtsOf(runsOf(node)), Page(text).tables[2][1:]
    assert len(rows) == len(doubts) >= 2 and f"1 of {len(doubts)} were accepted" in text
    for row, doubt in zip(rows, doubts, strict=True):
        assert row[0].startswith(f"{doubt.run}: ") and row[1] == messages.placeText(doubt.hotspot, doubt.side)
        assert row[2] == messages.outlineText(doubt.hotspot) and row[5] == messages.reviewedText(doubt.state)
        assert [float(x) for x in row[3].split(",")] == pytest.approx(doubt.hotspot.position, abs=0.5)
    assert {"looked at", "accepted"} <= {row[5] for row in rows}


def test_a_correction_by_hand_takes_the_verdict_away(host):
    import slicer

    _volume, node = _balls(slicer)
    before = Page(_report(node))
    assert before.tables[0][1][0].startswith("1: ") and before.tables[1][0] == ["ml", "1", "2"]
    assert [row[1] for row in before.tables[0][1:]] == ["\u25cf\u00a0Likely good enough"] * 2
    correct(node)
    page = Page(_report(node))
    assert [row[1] for row in page.tables[0][1:]] == ["\u25cf\u00a0Corrected by hand", "\u25cf\u00a0Likely good enough"]
    assert page.tables[0][1][2:5] == ["-", "-", "-"] and page.tables[1][1][1] != before.tables[1][1][1]


def test_what_was_deleted_is_not_told(host):
    import slicer

    _volume, node = _balls(slicer)
    node.GetSegmentation().RemoveSegment(node.GetSegmentation().GetNthSegmentID(0))
    page = Page(_report(node))
    assert len(page.tables[0]) == 2 and page.tables[0][1][0] == "Label 1 2" and page.tables[1][0] == ["ml", "Volume"]


def test_left_is_on_the_right_of_the_pictures(host):
    """Axial and coronal, the other ball lies further to the person's right: on the left of the picture, beside the R."""
    import slicer

    _volume, node = _balls(slicer)
    pictures = Page(_report(node)).pictures()
    assert [alt.split()[0] for alt, _picture in pictures[:7]] == ["Axial", "Coronal", "Sagittal"] * 2 + ["Scale"]
    assert all(min(picture.shape[:2]) >= 300 for alt, picture in pictures if "slice" in alt)
    for alt, picture in pictures[:2]:
        assert "1: Label 1" in alt and "outlines" in alt
        outlined = np.argwhere(np.all(np.abs(picture - (200 / 255, 0, 0)) < 0.01, axis=2))[:, 1] / picture.shape[1]
        assert ((outlined > 0.4) & (outlined < 0.6)).any()  # itself, in the middle
        assert ((outlined > 0.1) & (outlined < 0.3)).any()  # the other one, 31 mm of 100 away
        assert not (outlined > 0.65).any()
    sagittal = np.argwhere(np.all(np.abs(pictures[2][1] - (200 / 255, 0, 0)) < 0.01, axis=2))
    assert np.ptp(sagittal[:, 1]) > np.ptp(sagittal[:, 0])  # longer from front to back than it is high


def test_the_picture_has_the_window_of_the_display(host):
    """20 and 520 of 0 to 1040."""
    import slicer

    from MedNCASegmentLib.record import runsOf
    from MedNCASegmentLib.result_pictures import ResultPictures

    volume, node = _balls(slicer)
    (axial, *_others) = ResultPictures(node, volume).of(runsOf(node)[0])
    middle = axial.outlines.shape[0] // 2
    assert axial.outlines[middle, middle].tolist() == [128] * 3  # 520
    volume.GetDisplayNode().SetWindowLevelMinMax(0, 520)
    (axial, *_others) = ResultPictures(node, volume).of(runsOf(node)[0])
    assert axial.outlines[middle, middle].tolist() == [255] * 3


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.6, 1.0, 2.5)])
def test_a_ball_is_round_whatever_the_voxels(host, spacing):
    """Oblique, mirrored, anisotropic: the picture has square pixels of the world, and the front is where it says."""
    import SimpleITK as sitk

    from MedNCASegmentLib.slice_pictures import AXIAL, CORONAL, SAGITTAL, SIZE, Section
    from MedNCASegmentLib.volumes import imageOf

    matrix = affine(rotation(25, 0) @ rotation(15, 2) @ np.diag(spacing) @ np.diag([-1, 1, 1]), (12, -30, 8))
    middle = (matrix @ (50, 30, 12, 1))[:3]
    places = np.stack(np.meshgrid(*(np.arange(n) for n in (100, 60, 24)), indexing="ij"), -1)
    distance = places @ matrix[:3, :3].T + matrix[:3, 3] - middle
    inside = np.linalg.norm(distance, axis=-1) < 10
    front = inside & (distance[..., 1] > 2)
    images = [imageOf(each.astype(np.uint8).transpose(2, 1, 0), matrix) for each in (inside, front)]
    for plane in (AXIAL, CORONAL, SAGITTAL):
        ball, half = (Section(plane, tuple(middle), 60.0).of(image) >= 0.5 for image in images)
        rows, columns = (np.flatnonzero(ball.any(axis)) for axis in (1, 0))
        for found in (rows, columns):
            assert np.ptp(found) * 60 / SIZE == pytest.approx(20, abs=max(spacing))
            assert found.mean() == pytest.approx(SIZE / 2, abs=max(spacing) / 2 * SIZE / 60)
        if plane is AXIAL:
            assert np.flatnonzero(half.any(1)).max() < SIZE / 2  # anterior is up
        if plane is SAGITTAL:
            assert np.flatnonzero(half.any(0)).max() < SIZE / 2  # and on the left
    assert isinstance(images[0], sitk.Image)


def test_a_png_is_the_picture_it_was_made_of(host):
    import matplotlib.image

    from MedNCASegmentLib.slice_pictures import png

    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(np.round(matplotlib.image.imread(io.BytesIO(png(picture)))[..., :3] * 255), picture)


def test_letters_stand_where_the_directions_are(host):
    from MedNCASegmentLib.slice_pictures import AXIAL, SIZE, Section, _glyph, drawMarks

    picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
    drawMarks(picture, Section(AXIAL, (0.0, 0.0, 0.0), 100.0))
    ink = np.all(picture == (255, 213, 74), axis=2)
    upper, middle = slice(SIZE // 8, SIZE // 3), slice(SIZE // 3, 2 * SIZE // 3)
    for letter, part in (
        ("R", ink[upper, : SIZE // 3]),  # beside the middle there is the structure of the other side
        ("L", ink[upper, 2 * SIZE // 3 :]),
        ("A", ink[: SIZE // 3, middle]),
        ("P", ink[2 * SIZE // 3 :, middle]),
    ):
        rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
        cut = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert np.array_equal(cut, _glyph(letter)), letter
    assert ink[-20:, -60:].any(0).sum() == SIZE // 10  # the bar: 10 mm of 100


def test_under_a_transform_the_picture_is_the_same(host):
    """Volume, variance and segments are moved together."""
    import slicer

    from MedNCASegmentLib.record import VARIANCE_ROLE, runsOf
    from MedNCASegmentLib.result_pictures import ResultPictures

    volume, node = _balls(slicer)
    before = ResultPictures(node, volume).of(runsOf(node)[0])
    moved = put_under(slicer, volume, affine(np.eye(3), (10, -20, 30)))
    for each in (node, node.GetNodeReference(VARIANCE_ROLE)):
        each.SetAndObserveTransformNodeID(moved.GetID())
    after = ResultPictures(node, volume).of(runsOf(node)[0])
    for old, new in zip(before, after, strict=True):
        assert np.allclose(np.subtract(new.section.middle, old.section.middle), (10, -20, 30))
        assert np.mean(old.outlines != new.outlines) < 0.001 and np.mean(old.doubt != new.doubt) < 0.001


def test_the_uncertainty_has_the_colors_of_the_overlay(host):
    import slicer

    from MedNCASegmentLib.record import VARIANCE_ROLE, runsOf
    from MedNCASegmentLib.result_pictures import ResultPictures
    from MedNCASegmentLib.volumes import voxels

    volume, node = _balls(slicer)
    variance = node.GetNodeReference(VARIANCE_ROLE)
    voxels(variance)[:] = 0
    (axial, *_others) = ResultPictures(node, volume).of(runsOf(node)[0])
    gray = axial.doubt.copy()
    ball = ellipsoid((60, 40, 36), LEFT, (2, 2, 2)).transpose(2, 1, 0)
    voxels(variance)[ball] = 0.25
    pictures = ResultPictures(node, volume)
    (axial, *_others) = pictures.of(runsOf(node)[0])
    changed = np.argwhere((axial.doubt != gray).any(2))
    assert np.ptp(changed, axis=0).max() * 100 / len(gray) == pytest.approx(4, abs=2)
    strongest = axial.doubt[len(gray) // 2, len(gray) // 2].astype(float)
    assert strongest == pytest.approx(0.8 * pictures.scale.colors[-1] + 0.2 * 128, abs=1)


def test_a_volume_that_never_was_shown_has_pictures(host):
    import slicer

    volume = add_volume(slicer, (BALLS[0]) * np.int16(500) + np.int16(20), name="plain")
    node = _segmented(volume, [LEFT])
    slicer.mrmlScene.RemoveNode(node.GetNodeReference("MedNCA.variance"))
    page = Page(_report(node))
    assert len(page.images) == 3 and "uncertainty in color" not in page.images[0]["alt"]


def test_the_name_of_the_file(host):
    from MedNCASegmentLib.result_files import fileName

    assert fileName("2: T1 MPRAGE report") == "2_ T1 MPRAGE report"
    assert fileName("../../etc/passwd") == "_.._etc_passwd"
    assert fileName(NASTY) and not set(fileName(NASTY)) & set('<>:"/\\|?*')
    assert fileName("...") == "_" and fileName("Kopf \u00e4") == "Kopf \u00e4"

"""The report of a result for people: one page that says what the panel says, of the segments as they are now.

It names nobody: of the volume it knows the node's name, and nothing of its DICOM headers. How a page is made is the
business of `html_page`, how the pictures are drawn that of `result_pictures`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

import slicer
from slicer.i18n import tr as _

import mednca
from mednca.models.description import Description
from mednca.quality.verdict import COLORS
from mednca.result import ModelIdentity

from . import messages
from .hotspot_list import doubtsOf
from .html_page import cells, element, figure, image, mark, page, table
from .record import Run, presentRuns, problemsOf, volumeOf
from .result_pictures import PlanePictures, ResultPictures
from .result_view import verdictRows
from .sentences import modelsText, sentenceText
from .slice_pictures import ColorScale
from .validity import unjudged
from .volume_card import structuresOf, tableOf

_DOT, _SQUARE = "&#9679;", "&#9632;"


def reportOf(
    segmentationNode: slicer.vtkMRMLSegmentationNode, targetDice: float, models: Iterable[Description] = ()
) -> str:
    """The page on all results in a segmentation.

    Args:
        segmentationNode: with results that have segments; the volume that it belongs to is in the scene.
        targetDice: against which the verdicts are.
        models: that this computer has, for what only they can say of themselves.

    Returns:
        HTML, which holds its style and its pictures.

    Raises:
        MedNCAError: where the pictures cannot be drawn, as under a transform that is not linear.
    """
    segments, volumeNode = segmentationNode.GetSegmentation(), volumeOf(segmentationNode)
    runs = [run.rejudged(targetDice) for run in presentRuns(segmentationNode)]
    volumes = tableOf(structuresOf(segmentationNode))
    names = {run.id: _nameOf(run, segments, volumes[0]) for run in runs}
    language = _("en")  # of these sentences, as a language tag: it is translated by the tag of the translation
    parts = (
        element("p", _("Report of {date}.").format(date=time.strftime("%Y-%m-%d %H:%M"))),
        f'<p class="limits">{escape(limitsText())}</p>',
        *_verdicts(segmentationNode, runs, names),
        *_volumes(volumes),
        *_hotspots(runs, names),
        *_pictures(segmentationNode, volumeNode, runs, names),
        *_making(segmentationNode, runs, names, {model.sha256: model for model in models}),
    )
    return page(_("Segmentation of {volume}").format(volume=volumeNode.GetName()), language, parts)


def limitsText() -> str:
    """What such a result must not be used for."""
    return _(
        "For research and education only; not for clinical decisions. Not a medical device: a person must review every "
        "result."
    )


def _nameOf(run, segments, header):
    """By its side or its segments; with its number, where the table of volumes calls it by that."""
    name = next(name for _finding, name, *_rest in verdictRows(run, segments))
    return f"{run.id}: {name}" if str(run.id) in header else name


def _verdicts(segmentationNode, runs, names):
    header = (
        _("Structure"), _("Verdict"), _("Expected Dice"),
        messages.coverageText(run.report.model.calibration for run in runs), _("NQM"), _("Why"),
    )  # fmt: skip
    told = _(
        "Dice is the overlap with what an expert would have drawn, from 0 to 1; here it is estimated, not measured. "
        "The target is {target}. NQM is how much the runs of the model disagree: 0 is not at all."
    ).format(target=f"{runs[0].report.target_dice:.2f}")
    rows = [row for run in runs for row in _verdictRowsOf(segmentationNode, run, names[run.id])]
    return element("h2", _("Verdict")), table(cells(*header), rows), element("p", told)


def _verdictRowsOf(segmentationNode, run, name):
    why = unjudged(segmentationNode, [run]).get(run.id)
    for finding, _name, word, interval in verdictRows(run, segmentationNode.GetSegmentation()):
        if why:
            light = mark(_DOT, COLORS["grey"], messages.unjudgedWord(why))
            yield [escape(name), light, *cells("-", "-", "-", messages.unjudgedText(why))]
        else:
            light, dice = mark(_DOT, COLORS[finding.verdict.color], word), _number(finding.verdict.predicted_dice, 2)
            told = cells(dice, interval, _number(finding.nqm["union"], 3), messages.findingFullText(finding))
            yield [escape(name), light, *told]


def _number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def _volumes(volumes):
    header, *rows = volumes
    told = _(
        "In ml, measured on the segments as they are. Left and right are the person's. Asymmetry: left minus right, "
        "over the mean of both."
    )
    listed = table(cells(*header), [cells(*row) for row in rows], numbersFrom=1)
    return element("h2", _("Volumes")), listed, element("p", told)


def _hotspots(runs: list[Run], names):
    title, doubts = element("h2", _("Most uncertain regions")), doubtsOf(runs)
    if not doubts:
        return title, element("p", _("There is none."))
    header = _("Structure"), _("Where"), _("May move"), _("R, A, S (mm)"), _("Doubtful"), _("Reviewed")
    rows = [cells(names[doubt.run], *_hotspotTexts(doubt)) for doubt in doubts]
    done = sum(doubt.isReviewed for doubt in doubts)
    told = _(
        "{done} of {count} were accepted or corrected by a person. May move: how far further out or in the outline may "
        "lie, where the runs that differ by one standard deviation have it. Doubtful: how much of the region is, and "
        "by how much the runs differ there at most (standard deviation of the probability). R, A, S: to the right, to "
        "the front, up; less than 0 is to the left, to the back, down."
    )
    return title, table(cells(*header), rows), element("p", told.format(done=done, count=len(doubts)))


def _hotspotTexts(doubt):
    hotspot = doubt.hotspot
    doubtful = _("{volume} mm\u00b3, \u00b1{deviation}").format(
        volume=f"{hotspot.volume_mm3:.0f}", deviation=f"{hotspot.deviation:.0%}"
    )
    where, move = messages.placeText(hotspot, doubt.side), messages.outlineText(hotspot)
    return where, move, _place(hotspot.position, 0), doubtful, messages.reviewedText(doubt.state)


def _place(position, digits):
    return ", ".join(f"{x:.{digits}f}" for x in position)


def _pictures(segmentationNode, volumeNode, runs, names):
    """Of each structure, its outlines and its uncertainty."""
    pictures = ResultPictures(segmentationNode, volumeNode)
    told = _(
        "Each picture cuts through the middle of the structure. R right, L left, A anterior, P posterior, S superior, "
        "I inferior, of the person; the bar at the lower right is 1 cm."
    )
    parts = [element("h2", _("Pictures")), element("p", told), f"<p>{_legend(segmentationNode, runs)}</p>"]
    for run in runs:
        planes = pictures.of(run)
        if planes:
            parts += [element("h3", names[run.id]), _outlines(planes, names[run.id])]
        if planes and pictures.scale:
            parts.append(_doubts(planes, names[run.id], pictures.scale))
    return parts


def _outlines(planes: list[PlanePictures], name):
    alt = _("{plane} slice through {structure}, with the outlines of the segments")
    return figure([plane.outlines for plane in planes], _alts(alt, name), escape(_("Outlines")))


def _doubts(planes: list[PlanePictures], name, scale: ColorScale):
    alt = _("{plane} slice through {structure}, with the uncertainty in color")
    told = _("Uncertainty: the variance of the runs, from {low} (left) to {high}.").format(
        low=f"{scale.lowest:.3g}", high=f"{scale.high:.3g}"
    )
    pictures = [plane.doubt for plane in planes if plane.doubt is not None]
    return figure(pictures, _alts(alt, name), f"{image(scale.bar(), _('Scale of colors'))} {escape(told)}")


def _alts(text, name):
    return [text.format(plane=plane, structure=name) for plane in (_("Axial"), _("Coronal"), _("Sagittal"))]


def _legend(segmentationNode, runs):
    """Which color is which segment."""
    segments = filter(
        None, (segmentationNode.GetSegmentation().GetSegment(id) for run in runs for id in run.segmentIds)
    )
    marks = (mark(_SQUARE, _css(segment.GetColor()), segment.GetName()) for segment in segments)
    return " &ensp; ".join(f'<span class="entry">{each}</span>' for each in marks)


def _css(color):
    return "#" + "".join(f"{round(255 * each):02x}" for each in color)


def _making(segmentationNode, runs: list[Run], names, models: dict[str, Description]):
    """How the results were made, so that they can be made again, and what else must be told of them."""
    header = _("Structure"), _("Model"), _("Members"), _("Seed"), _("Device"), _("Clicks: R, A, S (mm)")
    rows = [cells(names[run.id], *_settings(run.report)) for run in runs]
    used = {run.report.model.sha256: run.report.model for run in runs}
    size, spacing = runs[0].report.image.size, runs[0].report.image.spacing_mm
    notes = [
        _("The volume has {size} voxels of {spacing} mm.").format(
            size=" x ".join(map(str, size)), spacing=" x ".join(f"{each:g}" for each in spacing)
        ),
        *dict.fromkeys(sentenceText(note) for run in runs for note in run.report.notes),
        *problemsOf(segmentationNode),
        _("Made by MedNCA {version} in Slicer {slicer}.").format(
            version=mednca.__version__, slicer=slicer.app.applicationVersion
        ),
    ]
    return (
        element("h2", _("How it was made")),
        table(cells(*header), rows),
        *(part for sha256, model in used.items() for part in _model(model, models.get(sha256))),
        *(element("p", note) for note in notes),
    )


def _settings(report):
    clicks = "; ".join(_place(finding.click, 1) for finding in report.findings if finding.click)
    return report.model.id, str(report.members), str(report.seed), report.device, clicks or "-"


def _model(identity: ModelIdentity, description: Description | None):
    """description: of the very same weights; None where this computer has none."""
    rows = [
        cells(_("Id and version"), f"{identity.id}, {identity.version or '-'}"),
        [escape(_("SHA-256 of the weights")), f"<code>{escape(identity.sha256)}</code>"],
    ]
    if identity.terms:
        rows.append(cells(_("Terms of use"), modelsText(identity.terms)))
    if description:
        rows.append(cells(_("Parameters"), f"{description.architecture.parameter_count():,}"))
        told = (
            (_("Intended use"), description.info["intended_use"]),
            (_("Limits, of its card"), description.info.get("limits", "")),
        )
        rows += [cells(title, modelsText(text)) for title, text in told if text]
    return element("h3", _("Model: {name}").format(name=identity.name)), table((), rows)

"""What the panel says, in sentences and in rich text: the verdict, a model, how far the work has come. No widgets.

The engine has sentences of its own, in English; those that a person sees in Slicer stand here once more, written
out, because translators find nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from slicer.i18n import tr as _

from mednca.messages import Progress
from mednca.models.description import SIDES, Description
from mednca.quality.calibration import Calibration
from mednca.quality.domain import Objection, milliliters
from mednca.quality.hotspots import Hotspot
from mednca.quality.verdict import COLORS, Verdict
from mednca.result import Finding, Place

from .record import ACCEPTED, CORRECTED, LOOKED_AT, OTHER_VOXELS
from .sentences import modelsText
from .worker_client import RequestState


def word(color: str) -> str:
    """What a light means."""
    return {
        "green": _("Likely good enough"),
        "amber": _("Check before use"),
        "red": _("Likely not good enough"),
        "grey": _("No verdict"),
    }[color]


def lightText(verdict: Verdict | None) -> str:
    """Rich text: the light, its word, and the expected Dice."""
    if verdict is None:
        return f'<span style="color:{COLORS["grey"]}">&#9679;</span> ' + _("No result yet")
    style = f"color:{COLORS[verdict.color]}; font-size:x-large"
    light = f'<span style="{style}">&#9679;</span> <b>{word(verdict.color)}</b>'
    if verdict.predicted_dice is None:
        return light
    return light + " &mdash; " + _("expected Dice {dice}").format(dice=diceText(verdict))


def diceText(verdict: Verdict) -> str:
    """Expected Dice and its interval."""
    return f"{verdict.predicted_dice:.2f} ({intervalText(verdict)})"


def intervalText(verdict: Verdict) -> str:
    """Where the Dice of most such results lies: of as many as `coverageText` says."""
    return "-" if verdict.low is None else f"{verdict.low:.2f}\u2013{verdict.high:.2f}"


def coverageText(calibrations: Iterable[Calibration | None]) -> str:
    """What the intervals of results are called: by the share of results that they hold, where it is one for all."""
    shares = {f"{100 * each.coverage:.0f}" for each in calibrations if each is not None}
    return _("Dice, {share} %").format(share=shares.pop()) if len(shares) == 1 else _("Dice interval")


def correctedWord() -> str:
    """In place of a verdict, of a result that somebody changed."""
    return _("Corrected by hand")


def unjudgedWord(why: str) -> str:
    """In place of a verdict. why: of `validity.unjudged`."""
    return _("Image has changed") if why == OTHER_VOXELS else correctedWord()


def unjudgedLight(why: str) -> str:
    """Rich text: the light of results of which none has a verdict any more."""
    return f'<span style="color:{COLORS["grey"]}; font-size:x-large">&#9679;</span> <b>{unjudgedWord(why)}</b>'


def unjudgedText(why: str) -> str:
    """Why there is no verdict on such a result."""
    if why == OTHER_VOXELS:
        return _(
            "The volume has changed since it was segmented (another frame of a sequence, or a filter): the verdict was "
            "on what it held before. Segment again."
        )
    return _("Corrected by hand since it was segmented: the verdict was on what was there before.")


def reasonText(verdict: Verdict | None) -> str:
    """One sentence. It never says that a result is correct."""
    if verdict is None:
        return _("Press a button above, or click on the organ.")
    if verdict.objection is not None:
        return _("No verdict: {why}.").format(why=objectionText(verdict.objection))
    why = {
        "green": _("Even the low end of the interval reaches the target of {target}. Please look at it all the same."),
        "amber": _(
            "The expected Dice reaches the target of {target}, the low end does not: check the most uncertain regions "
            "below."
        ),
        "red": _("The expected Dice is below the target of {target}: correct it, or do not use it."),
    }[verdict.color]
    if verdict.color == "amber" and verdict.is_borrowed:
        why = _("The model was calibrated on other images than this one: look at the result before you use it.")
    if verdict.is_out_of_reach:
        why += " " + _("In such an image this model's low end is {ceiling} at most, so that it is never green there.")
    return why.format(target=f"{verdict.target:.2f}", ceiling=f"{verdict.ceiling or 0:.3f}")


def findingText(finding: Finding | None) -> str:
    """Why a finding has its verdict, and how far from the click it lies."""
    sentences = [reasonText(finding.verdict if finding else None)]
    if finding and finding.distance_mm and not _objectsWith(finding, "far"):  # which says so itself
        distance = f"{finding.distance_mm:.{0 if finding.distance_mm >= 1 else 1}f}"
        sentences.append(_("It lies {distance} mm from the click.").format(distance=distance))
    if finding and finding.again:
        told = _("It is the structure of click {number} again: do not count it twice.")
        sentences.append(told.format(number=finding.again))
    return " ".join(sentences)


def findingFullText(finding: Finding) -> str:
    """The same, with the signal that it goes by, and what was left out of the result."""
    return " ".join((findingText(finding), *_remarks(finding)))


def findingTip(finding: Finding) -> str:
    """The same with NQM."""
    sentences = [findingText(finding)]
    if finding.nqm["union"] is not None:
        told = _("NQM (how much the runs disagree; 0 is not at all): {nqm}.")
        sentences.append(told.format(nqm=f"{finding.nqm['union']:.3f}"))
    return " ".join((*sentences, *_remarks(finding)))


def _remarks(finding):
    if len(finding.volume_mm3) > 2:  # several labels, and their union
        yield _("The verdict is on all parts together; it says nothing about the border between them.")
    if (name := finding.verdict.signal) in signals():
        told = _("The verdict goes by another figure, {name}: {value}.")
        yield told.format(name=signals()[name], value=f"{finding.signals[name] or 0:.3f}")
    if finding.dropped_mm3 and not _objectsWith(finding, "rival"):  # which says so itself
        told = _("Other pieces of {volume} ml were found and left out.")
        yield told.format(volume=f"{milliliters(finding.dropped_mm3):g}")


def signals() -> dict[str, str]:
    """What the signals of `mednca.quality.signals` are, beside NQM near the result, which is always shown."""
    return {
        "nqm field": _("NQM of the whole field of view"),
        "worst member": _("how far the run that differs most is from the result (1 - Dice)"),
        "mean member": _("how far a run is from the result on average (1 - Dice)"),
    }


def _objectsWith(finding, key):
    objection = finding.verdict.objection
    return objection is not None and objection.key == key


def surfaceText(hotspot: Hotspot) -> str:
    """Where at the structure a hotspot lies."""
    words = {
        None: "-",  # nothing was found, or version 0.1 did not tell
        "inside": _("inside"),
        "right": _("right surface"),
        "left": _("left surface"),
        "anterior": _("anterior surface"),
        "posterior": _("posterior surface"),
        "inferior": _("inferior surface"),
        "superior": _("superior surface"),
    }
    return words.get(hotspot.surface, str(hotspot.surface))


def placeText(hotspot: Hotspot, side: str | None) -> str:
    """The same, with the side of the body that the structure is on, where there is one of it on each: there left and
    right are lateral and medial."""
    title = sideTitle(side)
    places = {
        side: _("lateral"),
        "left" if side == "right" else "right": _("medial"),
        "inside": _("inside"),
        "anterior": _("anterior"),
        "posterior": _("posterior"),
        "inferior": _("inferior"),
        "superior": _("superior"),
    }
    if not title or hotspot.surface not in places:
        return surfaceText(hotspot)
    return _("{side}, {place}").format(side=title, place=places[hotspot.surface])


def outlineText(hotspot: Hotspot) -> str:
    """How far the outline may lie elsewhere at a hotspot."""
    ways = [(hotspot.outward_mm, _("{distance} mm out")), (hotspot.inward_mm, _("{distance} mm in"))]
    told = [text.format(distance=f"{mm:.1f}").replace(" ", "\u00a0") for mm, text in ways if mm]  # no line ends within
    return ", ".join(told) or "-"


def hotspotTip(hotspot: Hotspot) -> str:
    """How much is doubtful at a hotspot, how doubtful it is, and the place in numbers."""
    told = _(
        "{volume} mm\u00b3 are doubtful; the runs differ there by up to \u00b1{deviation}. R, A, S: {position} mm."
    )
    position = ", ".join(f"{x:.0f}" for x in hotspot.position)
    return told.format(volume=f"{hotspot.volume_mm3:.0f}", deviation=f"{hotspot.deviation:.0%}", position=position)


def reviewedText(state: str | None) -> str:
    """What a person did at a hotspot."""
    return {LOOKED_AT: _("looked at"), ACCEPTED: _("accepted"), CORRECTED: _("corrected")}.get(state or "", "-")


def reviewText(done: int, count: int) -> str:
    """How far the review is: how many of the hotspots were accepted or corrected."""
    if count and done == count:
        return _("Most uncertain regions: all {count} reviewed.").format(count=count)
    return _("Most uncertain regions: {done} of {count} reviewed.").format(done=done, count=count)


def objectionText(objection: Objection) -> str:
    """Why there is no verdict: the sentences of `mednca.quality.domain.OBJECTIONS`, translated."""
    field = _(", but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ instead")
    sentences = {
        "members": _("{members} ensemble member(s) are too few to measure uncertainty; use {least} or more"),
        "nothing": _("nothing was found"),
        "calibration": _("this model has no calibration: nobody measured what its uncertainty means"),
        "edge": _(
            "the result reaches the edge of the image or of the field of view, so part of the structure may be missing"
        ),
        "far": _("the structure found lies {distance:.0f} mm from the click; it may not be what was clicked on"),
        "clicked": _(
            "the click lies in another piece, of {volume:g} ml, than the one that is kept; it may be what was meant"
        ),
        "rival": _("other pieces of {volume:g} ml were found beside the one that is kept; the wrong one may be kept"),
        "spacing": _("the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)"),
        "extent R": _("the image field is {extent:.0f} mm left-right") + field,
        "extent A": _("the image field is {extent:.0f} mm front-back") + field,
        "extent S": _("the image field is {extent:.0f} mm up-down") + field,
        "volume": _("the result has {volume:g} ml, outside the {low:g} to {high:g} ml of plausible structures"),
    }
    return sentences[objection.key].format(**objection.values)


def sideText(side: str | None) -> str:
    """A side of the body."""
    return {"left": _("left"), "right": _("right")}.get(side or "", "")


def sideTitle(side: str | None) -> str:
    """A side of the body, as the name of a column or a row."""
    return {"left": _("Left"), "right": _("Right")}.get(side or "", "")


def findText(sides: int) -> str:
    """What the button says that segments without a click."""
    return _("Segment both sides") if sides == 2 else _("Find and segment")


def findTip() -> str:
    """What that button does."""
    return _("Looks for the organ where it usually lies, and segments what it finds. No click is needed.")


def wholeTip() -> str:
    """What segmenting the whole volume is for."""
    return _("For a volume that is already cropped around one organ, or a model that needs no click.")


def foundText(places: list[Place], sides: int) -> str:
    """After a search: what is missing; nothing where all was found."""
    found = {place.side for place in places}
    missing = [sideText(side) for side in SIDES if side not in found]
    if sides == 2 and len(missing) == 1:
        return _("Nothing was found on the {side}: click on it.").format(side=missing[0])
    return ""


def notFoundText(volume: str) -> str:
    """After a search that found nothing."""
    return _("Nothing was found in {volume} where the organ usually lies: click on it.").format(volume=volume)


def whyNotSeveral(isUsable: bool, isBusy: bool) -> str:
    """Why several volumes cannot be segmented now; nothing where they can."""
    if isBusy:
        return _("Something else is being computed.")
    return "" if isUsable else _("Choose a model first.")


def batchText(number: int, count: int) -> str:
    """How far several volumes are."""
    return _("Volume {number} of {count}").format(number=number, count=count)


def modelText(description: Description) -> str:
    """Rich text: what a model is for, how good it was measured to be, its license and its terms."""
    info, architecture = description.info, description.architecture
    lines = [escape(modelsText(info["description"]))]
    measured = info.get("eval_metrics", {}).get("dice", {})
    if measured:
        parts = ", ".join(f"{escape(partText(name))} {value:.2f}" for name, value in measured.items())
        told = _("Measured Dice on {cases} held-out cases: {parts}.")
        if info.get("training", {}).get("folds"):
            told = _(
                "Measured Dice of models of the same plan, on {cases} cases, each by one that had not seen it: {parts}."
                " This one has learned from all of them."
            )
        lines.append(told.format(cases=info["eval_metrics"].get("cases", "?"), parts=parts))
    else:
        lines.append(_("Nobody has measured how good it is."))
    lines.append(
        _("{count} parameters.").format(count=f"{architecture.parameter_count():,}")
        + " "
        + escape(modelsText(info["intended_use"]))
    )
    if description.calibration is None:
        lines.append("<b>" + _("Not calibrated: there will be no verdict.") + "</b>")
    if license := info.get("license"):
        lines.append(_("License: {license}").format(license=escape(modelsText(license))))
    if description.terms:
        lines.append("<b>" + _("Terms: {terms}").format(terms=escape(modelsText(description.terms))) + "</b>")
    return "<br>".join(lines)


def partText(name: str) -> str:
    """What a figure is of: a label, or the union of all."""
    return _("together") if name == "union" else modelsText(name)


def progressText(state: RequestState, progress: Progress) -> str:
    """What the worker is doing, for the progress bar."""
    if state is RequestState.CANCELING:
        return _("Canceling")
    words = {
        "starting": _("Starting: loading PyTorch (some seconds, once per session)"),
        "waiting": _("Waiting"),
        "sending": _("Handing over the volume"),
        "reading": _("Reading the volume"),
        "locating": _("Looking for the organ"),
        "finding": _("Looking for the organ"),
        "ensemble": _("Running the ensemble"),
        "growing": _("Watching one run"),
        "disturbing": _("Disturbing a copy"),
        "writing": _("Handing back the result"),
    }
    text = words.get(progress.stage, progress.stage)
    if progress.fields > 1:
        text += _(", click {which}").format(which=f"{progress.field}/{progress.fields}")
    if progress.stage == "ensemble" and progress.total:
        text += f": {progress.step}/{progress.total}"
    if progress.seconds_left is not None:
        text += _(", {seconds} s left").format(seconds=max(1, round(progress.seconds_left)))
    return text


def applyText(isBusy: bool, isReady: bool) -> tuple[str, str]:
    """What the button that applies and cancels says, and its tool tip."""
    if isBusy:
        return _("Cancel"), _("Stop what is being computed.")
    if isReady:
        return _("Segment again"), _("At all points, with what is chosen now.")
    return _("Segment again"), _("Choose a volume and a model, then click on the organ.")


def growthTip() -> str:
    """What the button does that shows a run's steps."""
    return _(
        "Plays one run of the last result step by step, over the image: first the coarse level, then the fine one. "
        "Cyan is unlikely, green is likely."
    )


def disturbTip() -> str:
    """What the button does that segments a disturbed copy."""
    return _(
        "Makes a copy of the image that is as bad as the sliders say, and segments it where the image was segmented. "
        "The image itself stays as it is."
    )


def copyText(name: str) -> str:
    """A disturbed copy was made of a volume that is not chosen any more."""
    return _("The disturbed copy is {name}: choose it as the volume to segment it.").format(name=name)


def otherModelText(asked: str, chosen: str) -> str:
    """A scene names a model that this computer lacks."""
    return _("There is no model {asked} here; {chosen} is chosen instead.").format(asked=asked, chosen=chosen)


def otherVolumeText(name: str) -> str:
    """The slice views were made to show another volume."""
    return _("The slice views show {name}: it is chosen now.").format(name=name)


def otherViewText(seen: str, chosen: str) -> str:
    """A click on an image that is not the chosen one."""
    told = _("That view shows {seen}, but {chosen} is chosen: choose {seen} as the volume, then click.")
    return told.format(seen=seen, chosen=chosen)


def undoQuestion(volume: str) -> str:
    """Before a corrected result is taken back."""
    told = _("The last result, of {volume}, was corrected by hand. Take it back all the same?")
    return told.format(volume=volume)


def undoneText(volume: str) -> str:
    """After a result of a volume that is not shown was taken back."""
    return _("The last result of {volume} was taken back.").format(volume=volume)


def doneText(seconds: float) -> str:
    """A request was answered."""
    return _("Done in {seconds:.1f} s.").format(seconds=seconds)


def failedText(error: str) -> str:
    """A request failed."""
    return _("Segmentation failed: {error}").format(error=error)


def elsewhereText(volume: str, segmentation: str) -> str:
    """A result of a volume that is not chosen any more."""
    told = _("The result of {volume} is in {segmentation}: choose that volume to see it.")
    return told.format(volume=volume, segmentation=segmentation)

"""What the panel says, in sentences and in rich text: the verdict, a model, how far the work has come. No widgets.

The engine has sentences of its own, in English; those that a person sees in Slicer stand here once more, written
out, because translators find nothing else.
"""

from __future__ import annotations

from html import escape

from slicer.i18n import tr as _

from mednca.messages import Progress
from mednca.models.description import Description
from mednca.quality.domain import Objection
from mednca.quality.verdict import COLORS, Verdict

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
    """Where the Dice of nine in ten such results lies."""
    return "-" if verdict.low is None else f"{verdict.low:.2f}\u2013{verdict.high:.2f}"


def reasonText(verdict: Verdict | None) -> str:
    """One sentence. It never says that a result is correct."""
    if verdict is None:
        return _("Click on the organ, or segment the whole volume.")
    if verdict.objection is not None:
        return _("No verdict: {why}.").format(why=objectionText(verdict.objection))
    why = {
        "green": _("Even the low end of the interval reaches the target of {target}. Please look at it all the same."),
        "amber": _("The target of {target} lies within the interval: check the most uncertain regions below."),
        "red": _("The expected Dice is below the target of {target}: correct it, or do not use it."),
    }[verdict.color]
    return why.format(target=f"{verdict.target:.2f}")


def objectionText(objection: Objection) -> str:
    """Why there is no verdict: the sentences of `mednca.quality.domain.OBJECTIONS`, translated."""
    field = _(", but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ instead")
    sentences = {
        "members": _("{members} ensemble member(s) are too few to measure uncertainty; use {least} or more"),
        "nothing": _("nothing was found"),
        "calibration": _("this model has no calibration: nobody measured what its uncertainty means"),
        "edge": _("the result reaches the edge of the field of view, so part of the structure may be missing"),
        "spacing": _("the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)"),
        "extent R": _("the image field is {extent:.0f} mm left-right") + field,
        "extent A": _("the image field is {extent:.0f} mm front-back") + field,
        "extent S": _("the image field is {extent:.0f} mm up-down") + field,
        "volume": _("the result has {volume:.2g} ml, outside the {low:.2g} to {high:.2g} ml of plausible structures"),
    }
    return sentences[objection.key].format(**objection.values)


def modelText(description: Description) -> str:
    """Rich text: what a model is for, how good it was measured to be, and its terms."""
    info, architecture = description.info, description.architecture
    lines = [escape(info["description"])]
    measured = info.get("eval_metrics", {}).get("dice", {})
    if measured:
        parts = ", ".join(f"{escape(name)} {value:.2f}" for name, value in measured.items())
        cases = info["eval_metrics"].get("cases", "?")
        lines.append(_("Measured Dice on {cases} unseen cases: {parts}.").format(cases=cases, parts=parts))
    else:
        lines.append(_("Nobody has measured how good it is."))
    lines.append(
        _("{count} parameters.").format(count=f"{architecture.parameter_count():,}")
        + " "
        + escape(info["intended_use"])
    )
    if description.calibration is None:
        lines.append("<b>" + _("Not calibrated: there will be no verdict.") + "</b>")
    if description.terms:
        lines.append("<b>" + _("Terms: {terms}").format(terms=escape(description.terms)) + "</b>")
    return "<br>".join(lines)


def progressText(state: RequestState, progress: Progress) -> str:
    """What the worker is doing, for the progress bar."""
    if state is RequestState.CANCELLING:
        return _("Cancelling")
    words = {
        "starting": _("Starting: loading PyTorch (some seconds, once per session)"),
        "waiting": _("Waiting"),
        "sending": _("Handing over the volume"),
        "reading": _("Reading the volume"),
        "locating": _("Looking for the organ"),
        "ensemble": _("Running the ensemble"),
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
        return _("Apply"), _("Segment at all points again, with what is chosen now.")
    return _("Apply"), _("Choose a volume and a model, then click on the organ.")


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

"""The verdict in words and colors for people, and what the panel says about a model. Text only, no widgets."""

from html import escape

from slicer.i18n import tr as _

from mednca.quality.verdict import rejudge

LIGHTS = {"green": "#2e9e44", "amber": "#e09000", "red": "#d0342c", "grey": "#808080"}
_GRAVITY = ("grey", "red", "amber", "green")  # the gravest first


def word(color):
    return {
        "green": _("Likely good enough"),
        "amber": _("Check before use"),
        "red": _("Likely not good enough"),
        "grey": _("No verdict"),
    }[color]


def judgeRuns(runs, target):
    """(run, number of the finding, verdict) of every finding, against a target Dice; nothing is run again."""
    return [
        (run, number, rejudge(run["report"], number, target))
        for run in runs
        for number in range(len(run["report"]["findings"]))
    ]


def gravest(verdicts):
    """The verdict that a set of results must be treated by."""
    return min(verdicts, key=lambda verdict: (_GRAVITY.index(verdict.color), verdict.predicted_dice or 0))


def lightText(verdict):
    """Rich text: the light, its word, and the expected Dice."""
    if verdict is None:
        return '<span style="color:#808080">&#9679;</span> ' + _("No result yet")
    style = f"color:{LIGHTS[verdict.color]}; font-size:x-large"
    light = f'<span style="{style}">&#9679;</span> <b>{word(verdict.color)}</b>'
    if verdict.predicted_dice is None:
        return light
    return light + " &mdash; " + _("expected Dice {dice}").format(dice=diceText(verdict))


def diceText(verdict):
    """Expected Dice and its interval."""
    return f"{verdict.predicted_dice:.2f} ({intervalText(verdict)})"


def intervalText(verdict):
    """Where the Dice of nine in ten such results lies."""
    return "-" if verdict.low is None else f"{verdict.low:.2f}\u2013{verdict.high:.2f}"


def reasonText(verdict):
    """One sentence. It never says that a result is correct."""
    if verdict is None:
        return _("Click on the organ, or segment the whole volume.")
    if verdict.color == "grey":
        return _("No verdict: {why}.").format(why=objectionText(verdict.objection))
    why = {
        "green": _("Even the low end of the interval reaches the target of {target}. Please look at it all the same."),
        "amber": _("The target of {target} lies within the interval: check the doubtful places below."),
        "red": _("The expected Dice is below the target of {target}: correct it, or do not use it."),
    }[verdict.color]
    return why.format(target=f"{verdict.target:.2f}")


def objectionText(objection):
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


def modelText(description):
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


def progressText(stage, step, total, secondsLeft):
    """What the worker is doing, for the progress bar."""
    key, _space, which = stage.partition(" ")
    words = {
        "starting": _("Starting: loading PyTorch (some seconds, once per session)"),
        "waiting": _("Waiting"),
        "sending": _("Handing over the volume"),
        "reading": _("Reading the volume"),
        "locating": _("Looking for the organ"),
        "ensemble": _("Running the ensemble"),
        "writing": _("Handing back the result"),
        "cancelling": _("Cancelling"),
    }
    text = words.get(key, key)
    if which:
        text += _(", click {which}").format(which=which)
    if key == "ensemble" and total:
        text += f": {step}/{total}"
    if secondsLeft is not None:
        text += _(", {seconds} s left").format(seconds=max(1, round(secondsLeft)))
    return text

"""What the panel says, in sentences."""

from slicer.i18n import tr as _

from .trainer import EXAMINING, EXPORTING, PAUSING, PLANNING


def progressText(state, stage, step, total, seconds):
    """What is being done, and how long it will take."""
    if state == EXPORTING:
        return _("Writing the volumes ({step} of {total})").format(step=step or 0, total=total or "?")
    if state == EXAMINING:
        return _("Looking at the cases")
    if state == PLANNING:
        return _("Planning, and measuring what an iteration takes here")
    if state == PAUSING:
        return _("Stopping; what was done is being saved")
    if stage == "training" and step:
        left = _(", {time} left").format(time=duration(seconds)) if seconds else ""
        return _("Training: iteration {step} of {total}").format(step=step, total=total) + left
    if stage in ("starting", "waiting", "preparing", None):
        return _("Starting")
    return f"{stage[:1].upper()}{stage[1:]}" + (f" ({step}/{total})" if total else "")


def duration(seconds):
    if seconds < 90:
        return _("{n} s").format(n=round(seconds))
    if seconds < 5400:
        return _("{n} min").format(n=round(seconds / 60))
    return _("{n} h").format(n=f"{seconds / 3600:.1f}")


def datasetText(wanted, dataset, isStale):
    """What is known of the data set; wanted may be None."""
    lines = [wanted.folder] if wanted and wanted.folder else []
    if dataset:
        told = _("{usable} of {all} cases can be used.")
        lines.append(told.format(usable=len(dataset.usable), all=len(dataset.rows)))
    elif isStale:
        lines.append(_("Something changed since the data set was checked; check it again."))
    return "\n".join(lines)


def startText(wanted):
    """Which labels a model that is fine-tuned brings along, and which are new to it."""
    if wanted is None or wanted.base is None:
        return ""
    known = {name.casefold() for name in wanted.known}
    text = _("It knows {labels}. A label that is called the same goes on from it.").format(
        labels=", ".join(wanted.known)
    )
    if wanted.folder:
        return text + " " + _("Labels of the folder that have no name are taken by their value.")
    old = [name for name in wanted.numbers if name.casefold() in known]
    new = [name for name in wanted.numbers if name.casefold() not in known]
    if old:
        text += " " + _("It goes on with {labels}.").format(labels=", ".join(old))
    if new:
        text += " " + _("New to it: {labels}.").format(labels=", ".join(new))
    return text


def leftOutText(rows, most=8):
    """Which cases are not trained with, and why."""
    lines = [f"{row['name']}: {row['problem']}" for row in rows[:most]]
    if len(rows) > most:
        lines.append(_("and {n} more").format(n=len(rows) - most))
    return "\n".join(lines)


def planText(plan, reasons, estimate, isChanged):
    """The plan's reasons, and what it costs; HTML. isChanged: the user changed what was proposed."""
    if plan is None:
        return _("No plan yet.")
    heading = _("With your changes. What was proposed without them:") if isChanged else ""
    lines = "".join(f"<li>{_escape(reason)}</li>" for reason in (reasons or {}).values())
    cost = ""
    if estimate:
        cost = _("About {time} on this computer ({each} an iteration), {memory} MB of memory.").format(
            time=duration(estimate["seconds"]), each=f"{estimate['seconds_per_iteration']:.2f} s",
            memory=round(estimate["peak_mb"] + estimate["loader_mb"]),
        )  # fmt: skip
    return f"{_escape(heading)}<ul>{lines}</ul><b>{_escape(cost)}</b>"


def runText(run):
    """A run in the list."""
    if run["state"] == "done":
        text = _("{name}: done").format(name=run["name"])
    else:
        text = _("{name}: iteration {done} of {of}").format(name=run["name"], done=run["iteration"], of=run["of"])
    return text + (_(", Dice {dice}").format(dice=run["best_dice"]) if run.get("best_dice") else "")


def resultText(result):
    """What came out, in words; HTML."""
    if result is None:
        return _("No result yet.")
    report = result.report
    told = _("{name}. Cases held out to measure it on: {n}.")
    lines = [told.format(name=result.name, n=report["mean"]["cases"])]
    if "helped" in report:
        lines.append(
            _("Fine-tuning helped.") if report["helped"] else _("Fine-tuning did not help; keep the model before.")
        )
    calibration = report.get("calibration")
    if calibration:
        found = calibration["detection"]
        lines.append(
            _("Calibrated. Of {n} failures among degraded cases, {share} were not called good.").format(
                n=found["failures"], share=_share(found["failures_not_green"])
            )
        )
    else:
        lines.append(report.get("calibration_note") or _("There is no calibration: the verdict stays grey."))
    return "<br>".join(_escape(line) for line in lines)


def _share(value):
    return _("none") if value is None else f"{value:.0%}"


def _escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

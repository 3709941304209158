"""What the panel says, in sentences. Everything here is a text made of data; nothing is shown or asked here."""

from __future__ import annotations

from html import escape

from slicer.i18n import tr as _

from mednca.messages import Progress
from mednca_train.plan.fingerprint import CaseFacts
from mednca_train.run_folder import RunResult, RunState, RunSummary

from .trainer import Preparation, TrainerState, TrainerStatus
from .training_request import TrainingRequest


def familyText(family: str) -> str:
    """A model family as a start of a training; one that is new here goes by its own name."""
    known = {
        "m3d-nca": _("A new model (M3D-NCA, 3D)"),
        "med-nca": _("A new model (Med-NCA, slice by slice)"),
    }
    return known.get(family) or _("A new model ({family})").format(family=family)


def statusText(status: TrainerStatus) -> str:
    """What is being done, and how long it will take; "" where nothing is."""
    progress = status.progress
    if status.state == TrainerState.IDLE:
        return ""
    if status.state == TrainerState.EXPORTING:
        told = _("Writing the volumes ({step} of {total})")
        return told.format(step=progress.step or 0, total=progress.total or "?")
    if status.state == TrainerState.EXAMINING:
        return _("Looking at the cases")
    if status.state == TrainerState.PLANNING:
        return _("Planning, and measuring what an iteration takes here")
    if status.state == TrainerState.PAUSING:
        return _("Stopping; what was done is being saved")
    return _trainingText(progress)


def _trainingText(progress: Progress) -> str:
    if progress.stage == "training" and progress.step:
        told = _("Training: iteration {step} of {total}").format(step=progress.step, total=progress.total)
        left = progress.seconds_left
        return told + (_(", {time} left").format(time=duration(left)) if left else "")
    stages = {
        "measuring": _("Measuring the model on the cases that were held out"),
        "comparing": _("Comparing with the model that was fine-tuned"),
        "calibrating": _("Calibrating, on clean and degraded cases"),
    }
    if progress.stage not in stages:
        return _("Starting")
    return stages[progress.stage] + (f" ({progress.step}/{progress.total})" if progress.total else "")


def duration(seconds: float) -> str:
    """In the unit that people would take."""
    if seconds < 90:
        return _("{n} s").format(n=round(seconds))
    if seconds < 5400:
        return _("{n} min").format(n=round(seconds / 60))
    return _("{n} h").format(n=f"{seconds / 3600:.1f}")


def datasetText(request: TrainingRequest | None, preparation: Preparation, isStale: bool) -> str:
    """What is known of the data set."""
    lines = [request.folder] if request and request.folder else []
    if preparation.data:
        told = _("{usable} of {all} cases can be used.")
        all = len(preparation.facts)
        lines.append(told.format(usable=all - len(preparation.unusable), all=all))
    elif isStale:
        lines.append(_("Something changed since the data set was checked; check it again."))
    return "\n".join(lines)


def startText(request: TrainingRequest | None) -> str:
    """Which labels a model that is fine-tuned brings along, and which are new to it."""
    if request is None or request.base is None:
        return ""
    own = {name.casefold() for name in request.baseValues}
    text = _("It knows {labels}. A label that is called the same goes on from it.").format(
        labels=", ".join(request.baseValues)
    )
    if request.folder:
        return text + " " + _("Labels of the folder that have no name are taken by their value.")
    old = [name for name in request.labelValues if name.casefold() in own]
    new = [name for name in request.labelValues if name.casefold() not in own]
    if old:
        text += " " + _("It goes on with {labels}.").format(labels=", ".join(old))
    if new:
        text += " " + _("New to it: {labels}.").format(labels=", ".join(new))
    return text


def leftOutText(cases: list[CaseFacts], most: int = 8) -> str:
    """Which cases are not trained with, and why."""
    lines = [f"{case.name}: {case.problem}" for case in cases[:most]]
    if len(cases) > most:
        lines.append(_("and {n} more").format(n=len(cases) - most))
    return "\n".join(lines)


def planText(preparation: Preparation) -> str:
    """The plan's reasons, and what it costs; HTML."""
    planned = preparation.planned
    if planned is None:
        return _("No plan yet.")
    heading = _("With your changes. What was proposed without them:") if preparation.isChanged else ""
    lines = "".join(f"<li>{escape(reason)}</li>" for reason in planned.reasons.values())
    cost = ""
    if planned.estimate:
        cost = _("About {time} on this computer ({each} an iteration), {memory} MB of memory.").format(
            time=duration(planned.estimate.seconds),
            each=f"{planned.estimate.seconds_per_iteration:.2f} s",
            memory=round(planned.estimate.peak_mb + planned.estimate.loader_mb),
        )
    return f"{escape(heading)}<ul>{lines}</ul><b>{escape(cost)}</b>"


def runText(run: RunSummary) -> str:
    """A run in the list."""
    if run.state == RunState.DONE:
        text = _("{name}: done").format(name=run.name)
    else:
        text = _("{name}: iteration {done} of {of}").format(name=run.name, done=run.iteration, of=run.of)
    return text + (_(", Dice {dice}").format(dice=run.best_dice) if run.best_dice else "")


def resultText(result: RunResult | None) -> str:
    """What came out, in words; HTML."""
    if result is None:
        return _("No result yet.")
    report = result.report
    told = _("{name}. Cases held out to measure it on: {n}.")
    lines = [told.format(name=result.name, n=report.mean.cases)]
    if report.comparison:
        helped = report.comparison.helped
        lines.append(_("Fine-tuning helped.") if helped else _("Fine-tuning did not help; keep the model before."))
    if report.calibration:
        found = report.calibration.detection
        lines.append(
            _("Calibrated. Of {n} failures among degraded cases, {share} were not called good.").format(
                n=found["failures"], share=_share(found["failures_not_green"])
            )
        )
    else:
        lines.append(report.calibration_note or _("There is no calibration: the verdict stays grey."))
    return "<br>".join(escape(line) for line in lines)


def _share(value: float | None) -> str:
    return _("none") if value is None else f"{value:.0%}"

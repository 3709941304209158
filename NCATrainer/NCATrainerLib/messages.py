"""What the panel says, in sentences. Everything here is a text made of data; nothing is shown or asked here."""

from __future__ import annotations

from html import escape

from slicer.i18n import tr as _

from mednca.messages import Progress
from mednca_train.plan.estimate import Estimate
from mednca_train.plan.fingerprint import CaseFacts
from mednca_train.run_folder import RunResult, RunState, RunSummary
from mednca_train.validation_report import Comparison
from MedNCASegmentLib.sentences import sentenceText

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
        if status.isDiscarding:
            return _("Stopping; what was trained is deleted then")
        return _("Stopping; what was done is being saved") if status.isTraining else _("Stopping")
    return _trainingText(progress)


def _trainingText(progress: Progress) -> str:
    if progress.stage == "training" and progress.step:
        told = _("Training: iteration {step} of {total}").format(step=progress.step, total=progress.total)
        left = progress.seconds_left
        about = _(", about {time} left, then it is measured").format(time=duration(left)) if left else ""
        return told + about
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
    lines = [_breakable(request.folder)] if request and request.folder else []
    if preparation.data:
        told = _("{usable} of {all} cases can be used.")
        all = len(preparation.facts)
        lines.append(told.format(usable=all - len(preparation.unusable), all=all))
    elif isStale:
        lines.append(_("Something changed since the data set was checked; check it again."))
    return "\n".join(lines)


def _breakable(path: str) -> str:
    """That may go on in the next line after each folder."""
    return path.replace("/", "/\u200b").replace("\\", "\\\u200b")


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
    lines = [f"{case.name}: {sentenceText(case.problem)}" for case in cases[:most] if case.problem]
    if len(cases) > most:
        lines.append(_("and {n} more").format(n=len(cases) - most))
    return "\n".join(lines)


def planText(preparation: Preparation) -> str:
    """What is trained, and what that costs; HTML."""
    planned = preparation.planned
    if planned is None:
        return _("No plan yet.")
    names = ", ".join(label.name for label in planned.plan.labels)
    told = _("Learns {labels} from {cases} cases, some of which are held out to check with.")
    lines = [_("With your changes.")] if preparation.isChanged else []
    lines.append(told.format(labels=names, cases=len(preparation.usableCases)))
    cost = f"<br><b>{escape(_costText(planned.estimate))}</b>" if planned.estimate else ""
    busy = _busyText(planned.estimate) if planned.estimate else ""
    long = _("Say how much time you have, and the plan is one that fits into it.") if preparation.isLong else ""
    return escape(" ".join(lines)) + cost + "".join(f"<br>{escape(text)}" for text in (busy, long) if text)


def _costText(estimate: Estimate) -> str:
    told = _("About {time} on this computer, {memory} MB of memory.")
    return told.format(time=duration(estimate.seconds), memory=round(estimate.peak_mb + estimate.loader_mb))


def _busyText(estimate: Estimate) -> str:
    """What the time is worth, where it was measured beside other work."""
    if not estimate.is_busy:
        return ""
    told = _("The computer was busy while that was measured; with nothing else to do it takes {time} at most.")
    return told.format(time=duration(estimate.seconds_free or 0.0))


def planReasonsText(preparation: Preparation) -> str:
    """Why the plan is so, in the field's words; HTML."""
    planned = preparation.planned
    if planned is None:
        return ""
    heading = _("What was proposed without your changes:") if preparation.isChanged else ""
    reasons = [sentenceText(reason) for reason in planned.reasons.values()]
    if planned.estimate:
        each = f"{planned.estimate.seconds_per_iteration:.2f}"
        reasons.append(_("An iteration took {each} s when that was measured.").format(each=each))
    return escape(heading) + "<ul>{}</ul>".format("".join(f"<li>{escape(reason)}</li>" for reason in reasons))


def runText(run: RunSummary) -> str:
    """A run in the list."""
    if run.state == RunState.DONE:
        text = _("{name}: done").format(name=run.name)
    else:
        text = _("{name}: iteration {done} of {of}").format(name=run.name, done=run.iteration, of=run.of)
    return text + (_(", best Dice on the way {dice}").format(dice=f"{run.best_dice:.2f}") if run.best_dice else "")


def resultText(result: RunResult | None) -> str:
    """What came out, in words; HTML."""
    if result is None:
        return _("No result yet.")
    report = result.report
    told = _("{name}. Cases held out to measure it on: {n}.")
    lines = [told.format(name=result.name, n=report.mean.cases)]
    if report.comparison:
        lines.append(_comparisonText(report.comparison))
    if result.chosen:
        lines.append(_("These cases also chose which weights are kept, so that their figures flatter a little."))
    if report.calibration:
        lines.append(_detectionText(report.calibration.detection))
    elif report.calibration_note:
        lines.append(sentenceText(report.calibration_note))
    else:
        lines.append(_("There is no calibration: the verdict stays grey."))
    return "<br>".join(escape(line) for line in lines)


def _comparisonText(comparison: Comparison) -> str:
    """Whether fine-tuning bettered the model, and by how much."""
    if not comparison.helped:
        return _("Fine-tuning did not help; keep the model before.")
    gain = comparison.own.dice["union"] - comparison.base.dice["union"]
    return _("On these cases fine-tuning bettered the Dice by {gain}.").format(gain=f"{gain:.3f}")


def _detectionText(detection: dict) -> str:
    """What the light was worth on cases that were degraded."""
    if not detection["failures"]:
        return _("Calibrated. None of the degraded cases failed, so that nothing is known of failures.")
    told = _(
        "Calibrated. Failures among degraded cases: {n}; of these not called good: {caught}. The light was made with "
        "cases that the model learned from: on others it may promise a little too much."
    )
    caught = round(detection["failures_not_green"] * detection["failures"])
    return told.format(n=detection["failures"], caught=caught)

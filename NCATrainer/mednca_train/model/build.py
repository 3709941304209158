"""From a finished run to a model folder: weights, measured quality, calibration, and the model card."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mednca import __version__
from mednca.axes import triple
from mednca.errors import MedNCAError, Sentence
from mednca.files import staged
from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import read_image, read_labels
from mednca.imaging.structures import is_one_field, middle, separate
from mednca.models.description import SCHEMA_VERSION, Description, model_json, read_description
from mednca.models.schema import check_model_json
from mednca.models.weights import Model, save_model
from mednca.pool import Pool
from mednca.quality.calibration import CONTEXTS, CROP, Calibration
from mednca.quality.domain import Domain
from mednca.quality.verdict import COLORS

from ..data.cases import Case
from ..plan.plan import Plan
from ..progress import ProgressCallback, counter
from ..run_folder import CALIBRATION_CASES, SAMPLES
from ..training.loop import Run
from ..validation_report import Comparison, ValidationReport
from .calibration import COVERAGE, MIN_SAMPLES, fit, found_by, triable, usable_of, verdicts_apart
from .card import HELD_OUT, OTHERS, SAID_OTHERS, model_card
from .measure import compare, validate
from .privacy import check_names, hidden_names, holds_hidden, learned_names
from .provenance import code_version
from .samples import CLEAN, Sample, conditions, measure_degraded, samples_json, samples_of
from .seeds import SeedCollector

# Of the failures on cases that a calibration is tried on: so many, and such a share, that are green are too many.
_FEW_GREEN, _MOST_GREEN = 3, 0.1


def finish(
    run: Run,
    cases: list[Case],
    metadata: dict,
    folder: str | Path,
    command: str,
    calibration_cases: int = CALIBRATION_CASES,
    progress: ProgressCallback | None = None,
    base: Path | None = None,
    salt: str | None = None,
    replace: bool = False,
) -> ValidationReport:
    """Build, measure and calibrate the model of a run, and write its folder, whole.

    Args:
        run: that is over.
        cases: all of the run; those that its split names are used.
        metadata: id, name, description and the rest of model.json's (`plan.metadata`).
        folder: where the model goes.
        command: what made it, for the card.
        calibration_cases: to make the calibration with, at most, and to try it on.
        progress: called in the stages "calibrating", "measuring" and "comparing" (with the base).
        base: folder of the model that was fine-tuned, to be compared with on the same cases.
        salt: of the hashes that stand in the model for the cases' names; None writes the names, for public data.
        replace: whether a folder that is there may go.

    Returns:
        The validation report, with the comparison where there is a base.

    Raises:
        MedNCAError: where a case's name must not go into a model, no validation case can be measured, no training case
            holds a label, or the folder cannot be written.
    """
    plan = run.plan
    if salt is None:
        check_names(name for part in run.split.values() for name in part)
    by_name = {case.name: case for case in cases}
    training = [by_name[name] for name in run.split["training"] if name in by_name]
    validation = [by_name[name] for name in run.split["validation"] if name in by_name]
    model = untested_model(run, training, metadata, command, salt)
    if base:
        model.info["training"]["learned_before"] = sorted(learned_names(read_description(base).info))
    with staged(folder, replace) as made:
        save_model(model, made, "Being measured.")
        with Pool() as pool:
            wanted = Wanted(
                training, validation, cases=calibration_cases, seed=plan.seed, salt=salt, kept=run.folder / SAMPLES
            )
            failed, note = _calibrate(pool, model, made, wanted, progress)
            save_model(model, made, "Being measured.")  # with its light, which is then told of each case
            report = validate(pool, made, validation, counter(progress, "measuring", len(validation)))
            compared = compare(pool, model, made, base, validation, report, progress) if base else None
        report = _completed(report, model, failed, note, compared)
        model.info["eval_metrics"] = report.mean.to_json()
        save_model(model, made, model_card(model, report, command))
    return report


NQM = "M3D-NCA Eq. (1), union of the labels, on and near the kept piece"  # what is measured, as model.json tells it


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a calibration is to be made with.

    Attributes:
        training: cases that it is made with (M3D-NCA, section 2.3), clean and degraded.
        validation: cases that it is tried on, and the model measured.
        scans: cases larger than a field of view that it is made with, too; each is clicked at the middle of its
            structures, and judged by what was made without it. All of their label maps' values count.
        cases: of the training to make it with, and of the validation to try it on, at most.
        seed: of the choice of cases, and of the artifacts.
        signals: of `mednca.quality.signals`, that the verdict goes by, by context; default: those that serve best.
        coverage: of the interval.
        salt: of the hashes that stand in the model for the cases' names; None writes the names, for public data.
        reuse: the samples that the model carries are taken instead of measuring the cases again; those of the scans are
            measured, and take the place of what it carries of them.
        kept: a file that keeps what was measured, so that who was killed goes on.
        is_unseen_known: whether it is known, not only said, that the model was trained with none of the validation.
    """

    training: list[Case]
    validation: list[Case]
    scans: list[Case] = dataclasses.field(default_factory=list)
    cases: int = CALIBRATION_CASES
    seed: int = 0
    signals: Mapping[str, str] | None = None
    coverage: float = COVERAGE
    salt: str | None = None
    reuse: bool = False
    kept: Path | None = None
    is_unseen_known: bool = True


def calibrate(
    model: Model, wanted: Wanted, folder: str | Path, command: str, progress: ProgressCallback | None = None
) -> ValidationReport:
    """Make a model's calibration anew on other cases, and write the model with it to a folder.

    Args:
        model: to be calibrated; its `info` takes the calibration and the figures.
        wanted: the cases, and how.
        folder: where the model goes; nothing may be there.
        command: what made it, for the card.
        progress: called in the stages "calibrating" and "measuring".

    Returns:
        The validation report.

    Raises:
        MedNCAError: where no light can be made of these cases (a model without one would take the place of one that has
            it), no validation case can be measured, or the folder cannot be written.
    """
    if wanted.salt is None:
        check_names(case.name for part in (wanted.training, wanted.validation, wanted.scans) for case in part)
    with staged(folder) as made:
        save_model(model, made, "Being measured.")
        with Pool() as pool:
            failed, note = _calibrate(pool, model, made, wanted, progress)
            if note:
                raise MedNCAError(
                    "{why} Nothing is written: {model} stays as it is.",
                    why=_with_first(failed, note.values["why"]), model=model.name,
                )  # fmt: skip
            save_model(model, made, "Being measured.")  # with its light, which is then told of each case
            report = validate(pool, made, wanted.validation, counter(progress, "measuring", len(wanted.validation)))
        tell_command(model, command, anew=not wanted.reuse)
        report = _completed(report, model, failed, None)
        model.info["eval_metrics"] = report.mean.to_json()
        made_by = model.info["quality"]["calibration_command"].split("; ")
        commands = [model.info.get("training", {}).get("command"), *made_by]
        own = set(model.info.get("training", {}).get("split", {}).get("validation", ()))
        others = not own >= {case.name for case in wanted.validation}
        measured_on = (OTHERS if wanted.is_unseen_known else SAID_OTHERS) if others else HELD_OUT
        save_model(model, made, model_card(model, report, "\n    ".join(filter(None, commands)), measured_on))
    return report


def _with_first(failed: dict[str, str], why: str | Sentence) -> str | Sentence:
    """Why there is no light, and the first case that could not be measured, which may be the reason."""
    if not failed:
        return why
    case, cause = next(iter(failed.items()))
    return Sentence("{why} {case} cannot be measured: {cause}", why=why, case=case, cause=cause)


def tell_command(model: Model, command: str, anew: bool = False) -> None:
    """Write down what made a model's calibration. anew: alone, and not of what the commands before it measured."""
    before = None if anew else model.info["quality"].get("calibration_command")
    model.info["quality"]["calibration_command"] = "; ".join(filter(None, (before, command)))


def recalibrate(model: Model, signals: Mapping[str, str] | None, coverage: float) -> None:
    """Make a model's calibration anew of the samples that were saved with it, by other signals or another coverage;
    nothing is measured again.

    Raises:
        MedNCAError: where it has no samples, too few, or such as lack a signal; or the calibration would mislead.
    """
    made_with, tried = samples_of(model.info["quality"].get("samples"))
    _check_measured(model, made_with, signals)
    calibration = _tried(model, made_with, tried, signals, coverage)
    if calibration is None:
        raise MedNCAError("{model} has too few saved samples to be calibrated anew; give it cases.", model=model.name)
    if why := _misled(calibration.detection):
        raise MedNCAError.of(why)
    made = {"calibration": calibration.to_json(), "calibration_code": code_version()}
    model.info["quality"] = model.info["quality"] | made
    _count_colors(model, calibration)


def _check_measured(model: Model, made_with: list[Sample], signals: Mapping[str, str] | None) -> None:
    """Raises MedNCAError where a signal is asked for that some saved samples lack, as one that is newer than they are:
    their context would lose its curve."""
    for context, signal in (signals or {}).items():
        if any(s.signals.get(signal) is None for s in usable_of(made_with) if s.context == context):
            raise MedNCAError(
                "The saved samples of {model} lack the signal {signal}; give it cases, without --reuse, to measure it.",
                model=model.name,
                signal=repr(signal),
            )


def _count_colors(model: Model, calibration: Calibration) -> None:
    """The colors among a model's figures, where these are of the cases that its calibration was tried on."""
    made_with, tried = samples_of(model.info["quality"]["samples"])
    clean = [sample for sample in tried if (sample.condition, sample.context) == (CLEAN, CROP)]
    metrics = model.info.get("eval_metrics", {})
    if len(clean) == metrics.get("structures"):
        colors = [verdict.color for verdict in verdicts_apart(calibration, made_with, clean)]
        metrics["verdicts"] = {color: colors.count(color) for color in COLORS}
    else:  # those that stand there are of the calibration before
        metrics.pop("verdicts", None)


def check_description(plan: Plan, metadata: dict) -> None:
    """Raises MedNCAError where a model of this plan and this metadata could not be written: before it is trained."""
    info = {key: value for key, value in metadata.items() if key != "id"} | {"quality": {"calibration": None}}
    described = Description(
        metadata["id"], plan.architecture, plan.preprocessing, plan.labels, info=info, sha256="0" * 64
    )
    check_model_json(model_json(described), Sentence("The model to be made"), SCHEMA_VERSION)


def untested_model(run: Run, training: list[Case], metadata: dict, command: str, salt: str | None) -> Model:
    """The model of a run that is over, before anything was measured.

    Args:
        training: cases of the run that it was trained with.
        Else as of `finish`.

    Raises:
        MedNCAError: where none of them holds a label.
    """
    plan = run.plan
    anchor, domain, seeds = _geometry(training, plan)
    told = {"seeds": seeds} if seeds else {}  # otherwise those of the metadata, where it has any
    info = (
        {key: value for key, value in metadata.items() if key != "id"}
        | told
        | {
            "quality": {"nqm": NQM, "calibration": None, "domain": domain.to_json()},
            "network_data_format": _data_format(plan),
            "training": _training_record(run, command, salt),
        }
    )
    preprocessing = dataclasses.replace(plan.preprocessing, anchor=anchor)
    return Model(
        metadata["id"], plan.architecture, preprocessing, plan.labels, info=info, pyramid=run.result.cpu().eval()
    )  # fmt: skip


def _calibrate(
    pool: Pool, model: Model, folder, wanted: Wanted, progress
) -> tuple[dict[str, str], Sentence | None]:  # fmt: skip
    """`with_calibration` of what was measured. Returns, by case, why one could not be, and what that returns.
    folder: of the model."""
    failed: dict[str, str] = {}
    saved = model.info["quality"].get("samples")
    if wanted.scans:
        model.info["quality"].pop("scans", None)  # said of those before
    if not wanted.reuse:
        saved = _measured(pool, folder, wanted, failed, progress)
    elif not saved:
        raise MedNCAError("The model carries no samples; leave out --reuse.")
    else:
        _check_measured(model, samples_of(saved)[0], wanted.signals)
        if wanted.scans:
            saved = _with_scans(pool, folder, saved, wanted, failed, progress)
    return failed, with_calibration(model, saved, wanted.signals, wanted.coverage)


def with_calibration(
    model: Model, saved: dict, signals: Mapping[str, str] | None, coverage: float
) -> Sentence | None:  # fmt: skip
    """Put a calibration into model.info with the samples that it is made of, or the reason why there is none.

    Args:
        model: whose `info` takes it.
        saved: as `samples_json` has them.
        signals, coverage: as of `Wanted`.

    Returns:
        Why there is none; None where there is one.
    """
    calibration = _tried(model, *samples_of(saved), signals, coverage)
    quality = {
        key: value
        for key, value in model.info["quality"].items()
        if key not in ("calibration", "calibration_code", "calibration_note", "samples")
    }
    note = _misled(calibration.detection) if calibration else _too_few(samples_of(saved)[0])
    if calibration and not note:
        quality |= {"calibration": calibration.to_json(), "samples": saved, "calibration_code": code_version()}
    else:
        note = Sentence("{why} The verdict stays grey.", why=note)
        quality |= {"calibration": None, "calibration_note": str(note)}
    model.info["quality"] = quality
    return note


def _misled(detection: dict) -> Sentence | None:
    """Why a calibration must not ship: where it was tried it called failures good. No light is better than that one."""
    failures, green = detection["failures"], detection["failures_green"]
    if green < _FEW_GREEN or green <= _MOST_GREEN * failures:
        return None
    return Sentence(
        "No light: of {failures} failures on cases that were held out, it would have called {green} good. More cases "
        "may mend that, or mednca train --folds 5, which calibrates with all of them.",
        failures=failures,
        green=green,
    )


# What `quality.domain.OBJECTIONS` says, of several results at once: each had values of its own. A literal each, for
# translators.
OBJECTED = {
    "members": Sentence("... ensemble member(s) are too few to measure uncertainty; use ... or more"),
    "nothing": Sentence("nothing was found"),
    "edge": Sentence(
        "the result reaches the edge of the image or of the field of view, so part of the structure may be missing"
    ),
    "far": Sentence("the structure found lies ... mm from the click; it may not be what was clicked on"),
    "clicked": Sentence(
        "the click lies in another piece, of ... ml, than the one that is kept; it may be what was meant"
    ),
    "rival": Sentence("other pieces of ... ml were found beside the one that is kept; the wrong one may be kept"),
    "spacing": Sentence("the voxels (... mm) are outside the range accepted for this model (... to ... mm)"),
    "extent R": Sentence(
        "the image field is ... mm left-right, but the model was trained on ... to ... mm; click on the organ to take "
        "a field of the right size"
    ),
    "extent A": Sentence(
        "the image field is ... mm front-back, but the model was trained on ... to ... mm; click on the organ to take "
        "a field of the right size"
    ),
    "extent S": Sentence(
        "the image field is ... mm up-down, but the model was trained on ... to ... mm; click on the organ to take a "
        "field of the right size"
    ),
    "volume": Sentence("the result has ... ml, outside the ... to ... ml of plausible structures"),
}


def _too_few(made_with: list[Sample]) -> Sentence:
    """Why there is no calibration."""
    judged = usable_of(made_with)
    if made_with and not judged:
        ((objection, count),) = Counter(sample.objection or "nothing" for sample in made_with).most_common(1)
        return Sentence(
            "No light: in none of {samples} images did it find anything that could be judged; in {count} of "
            "{samples} {why}. It must be trained better first.",
            samples=len(made_with),
            count=count,
            why=OBJECTED.get(objection, objection),  # a file's may be another version's
        )
    return Sentence(
        "Too few cases for a calibration: {samples} samples of {cases} cases. {needed} are needed, also without each "
        "case that it is tried on.",
        samples=max(sum(sample.context == context for sample in judged) for context in CONTEXTS),
        cases=len({sample.case for sample in made_with}),
        needed=MIN_SAMPLES,
    )


def _measured(pool: Pool, folder, wanted: Wanted, failed: dict[str, str], progress) -> dict:
    """The samples that a calibration is made with and tried on, as `samples_json` has them."""
    chosen, others = (
        sorted(random.Random(wanted.seed).sample(cases, min(wanted.cases, len(cases))), key=lambda case: case.name)
        for cases in (wanted.training, wanted.validation)
    )
    step = counter(progress, "calibrating", (len(chosen) + len(others) + len(wanted.scans)) * len(conditions()))
    samples = measure_degraded(pool, folder, chosen, wanted.seed, step, failed, kept=wanted.kept)
    tried = measure_degraded(pool, folder, others, wanted.seed + 1, step, failed, kept=wanted.kept)
    scans = _scans(pool, folder, wanted, step, failed)
    return samples_json([*samples, *scans], [*tried, *scans], wanted.salt)


def _scans(pool: Pool, folder, wanted: Wanted, step, failed: dict[str, str]) -> list[Sample]:
    return measure_degraded(
        pool, folder, wanted.scans, wanted.seed + 2, step, failed, all_values=True, kept=wanted.kept
    )  # fmt: skip


def _with_scans(pool: Pool, folder, saved: dict, wanted: Wanted, failed: dict[str, str], progress) -> dict:
    """The samples that a model carries, with those of the scans in place of what it has of them."""
    made_with, tried = samples_of(saved)
    if holds_hidden(sample.case for sample in (*made_with, *tried)):
        raise MedNCAError("The model has only hashes of the names of its samples; leave out --reuse.")
    step = counter(progress, "calibrating", len(wanted.scans) * len(conditions()))
    scans, names = _scans(pool, folder, wanted, step, failed), {case.name for case in wanted.scans}
    made_with, tried = ([each for each in some if each.case not in names] + scans for some in (made_with, tried))
    return samples_json(made_with, tried, wanted.salt)


def _tried(model: Model, made_with: list[Sample], tried: list[Sample], signals, coverage: float) -> Calibration | None:
    """A calibration, and what it detects on the samples that it is tried on; None where there are too few samples."""
    calibration = fit(made_with, model.members, signals, coverage)
    calibration = triable(calibration, made_with, tried) if calibration else None
    if calibration is None:
        return None
    detected = found_by(tried, verdicts_apart(calibration, made_with, tried))
    return dataclasses.replace(calibration, detection=detected)


def _completed(
    report: ValidationReport, model: Model, failed: dict[str, str], note: Sentence | None,
    comparison: Comparison | None = None,
) -> ValidationReport:  # fmt: skip
    """The report with the model's calibration or why there is none, and what failed when it was made and is not among
    the failures yet."""
    known = {failure["image"] for failure in report.failures}
    others = ({"image": name, "error": why} for name, why in failed.items() if name not in known)
    return dataclasses.replace(
        report,
        failures=(*report.failures, *others),
        comparison=comparison,
        calibration=model.calibration,
        calibration_note=note,
    )


def _geometry(cases: list[Case], plan: Plan):
    """(anchor, domain, seeds): where the structure lies in the training fields, the limits of what was trained, and
    where the structures lie in larger images."""
    offsets, extents, volumes, spacings = [], [], [], []
    seeds = SeedCollector(plan.preprocessing.field_of_view)
    values = [label.value for label in plan.labels]
    field = np.array(plan.preprocessing.field_of_view or np.inf, dtype=float)
    for case in cases:
        image, labels = CanonicalImage.of(read_image(*case.channels)), CanonicalImage.of(read_labels(case.labels))
        mask = np.isin(labels.array, values)
        if not mask.any():
            continue
        structures = separate(mask, image.spacing, plan.preprocessing.field_of_view)
        seeds.add(image, structures)
        grid = Grid.whole(image, plan.preprocessing.spacing)
        extent = np.array(grid.size) * grid.spacing
        # Of larger images a field around the labels is trained on, where the structure lies in the middle.
        offset = (middle(structures[0]) - (np.array(mask.shape) - 1) / 2) * image.spacing
        offsets.append(np.where(extent <= 1.5 * field, offset, 0.0))
        is_whole = plan.preprocessing.field_of_view is None or is_one_field(field, extent)
        extents.append(extent if is_whole else np.minimum(extent, field))
        volumes += [structure.sum() * np.prod(image.spacing) for structure in structures]
        spacings.append(image.spacing)
    if not volumes:
        raise MedNCAError("No training case holds any of the labels.")
    fields = np.array([*extents, plan.preprocessing.field_of_view or extents[0]])
    domain = Domain(
        spacing=(_significant(np.min(spacings) * 0.4), _significant(np.max(spacings) * 1.6)),
        extent=(_rounded(fields.min(0) * 0.85), _rounded(fields.max(0) * 1.15)),
        volume=(_significant(np.min(volumes) * 0.5), _significant(np.max(volumes) * 1.5)),
    )
    return _rounded(np.mean(offsets, axis=0)), domain, seeds.seeds()


def _significant(value: float) -> float:
    """A limit with four digits, however small: some organs have less than a mm^3."""
    return float(f"{value:.4g}")


def _rounded(values) -> tuple[float, float, float]:
    return triple(round(float(v), 1) for v in values)


def _data_format(plan: Plan) -> dict:
    """As in a MONAI bundle's metadata."""
    return {
        "inputs": {
            "image": {
                "type": "image",
                "num_channels": plan.architecture.input_channels,
                "channel_def": {str(n): name for n, name in enumerate(plan.preprocessing.channels)},
                "axes": "R, A, S",
            }
        },
        "outputs": {
            "pred": {
                "type": "probabilities",
                "num_channels": plan.architecture.labels,
                "channel_def": {str(n): label.name for n, label in enumerate(plan.labels)},
            }
        },
    }


def _training_record(run: Run, command: str, salt: str | None) -> dict:
    record = {
        "command": command,
        "code_version": __version__,
        "iterations": run.iteration,
        "plan": run.plan.to_json(),
        "split": run.split if salt is None else hidden_names(run.split, salt),
    }
    if run.plan.keep == "best":
        record["best_iteration"] = run.best_iteration
    return record

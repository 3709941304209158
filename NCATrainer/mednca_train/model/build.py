"""From a finished run to a model folder: weights, measured quality, calibration, and the model card."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np

from mednca import __version__
from mednca.errors import MedNCAError
from mednca.files import staged
from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import read_image, read_labels
from mednca.imaging.structures import middle, separate
from mednca.models.description import SCHEMA_VERSION, Description, model_json
from mednca.models.weights import Model, save_model
from mednca.quality.domain import Domain
from mednca.schema import check_model_json

from ..data.cases import Case
from ..plan.plan import Plan
from ..pool import Pool
from ..training.loop import Run
from .calibration import MIN_SAMPLES, fit, measure
from .card import model_card
from .measure import compare, validate
from .privacy import check_names, hidden_names

CALIBRATION_CASES = 90


def finish(
    run: Run, cases: list[Case], metadata: dict, folder, command: str, calibration_cases: int = CALIBRATION_CASES,
    progress=None, base: Path | None = None, salt: str | None = None, replace: bool = False,
) -> dict:  # fmt: skip
    """Build, measure and calibrate the model of a run and write its folder, whole. Returns the validation report.

    metadata: id, name, description and the rest of model.json's. command: what made it, for the card. base: folder of
    the model that was fine-tuned, to be compared with on the same cases. salt: of the hashes that stand in the model
    for the cases' names; None writes the names, for public data. progress(stage, done, total). replace: a folder that
    is there.
    """
    tell = progress or (lambda stage, done, total: None)
    plan = run.plan
    if salt is None:
        check_names(name for part in run.split.values() for name in part)
    by_name = {case.name: case for case in cases}
    training = [by_name[name] for name in run.split["training"] if name in by_name]
    validation = [by_name[name] for name in run.split["validation"] if name in by_name]
    model = _untested_model(run, training, metadata, command, salt)
    with staged(folder, replace) as made:
        save_model(model, made, "Being measured.")
        with Pool() as pool:
            report = validate(pool, made, validation, lambda d, t: tell("measuring on validation cases", d, t))
            if base:
                report |= compare(pool, model, made, base, validation, report, tell)
            _calibrate(pool, model, made, training, validation, plan.seed, calibration_cases, tell, report["failures"])
        model.info["eval_metrics"] = report["mean"]
        report["calibration"] = model.info["quality"]["calibration"]
        report["calibration_note"] = model.info["quality"].get("calibration_note")
        save_model(model, made, model_card(model, report, command))
    return report


def calibrate(
    model: Model, training: list[Case], validation: list[Case], folder, command: str, seed: int = 0,
    calibration_cases: int = CALIBRATION_CASES, progress=None,
) -> dict:  # fmt: skip
    """Make a model's calibration anew on other cases and write it to a folder. Returns the validation report."""
    tell = progress or (lambda stage, done, total: None)
    with staged(folder) as made:
        save_model(model, made, "Being measured.")
        with Pool() as pool:
            report = validate(pool, made, validation, lambda d, t: tell("measuring on validation cases", d, t))
            _calibrate(pool, model, made, training, validation, seed, calibration_cases, tell, report["failures"])
        model.info["eval_metrics"] = report["mean"]
        save_model(model, made, model_card(model, report, command))
    return report


def check_description(plan: Plan, metadata: dict) -> None:
    """Raises MedNCAError where a model of this plan and this metadata could not be written: before it is trained."""
    info = {key: value for key, value in metadata.items() if key != "id"} | {"quality": {"calibration": None}}
    described = Description(
        metadata["id"], plan.architecture, plan.preprocessing, plan.labels, info=info, sha256="0" * 64
    )
    check_model_json(model_json(described), "The model to be made", SCHEMA_VERSION)


def _untested_model(run: Run, training, metadata, command: str, salt: str | None) -> Model:
    plan = run.plan
    anchor, domain = _geometry(training, plan)
    info = {key: value for key, value in metadata.items() if key != "id"} | {
        "quality": {"nqm": "M3D-NCA Eq. (1), union of the labels", "calibration": None, "domain": domain.to_json()},
        "network_data_format": _data_format(plan),
        "training": _training_record(run, command, salt),
    }
    preprocessing = replace(plan.preprocessing, anchor=anchor)
    return Model(
        metadata["id"], plan.architecture, preprocessing, plan.labels, info=info, pyramid=run.result.cpu().eval()
    )  # fmt: skip


def _calibrate(
    pool: Pool, model: Model, folder, training, validation, seed: int, most_cases: int, tell, failures: list
) -> None:
    """Put a calibration into model.info, or the reason why there is none. folder: folder of the model; most_cases: to
    make it with, and to try it on. failures: takes the cases that could not be measured."""
    failed: dict[str, str] = {}
    chosen, others = (
        sorted(random.Random(seed).sample(cases, min(most_cases, len(cases))), key=lambda c: c.name)
        for cases in (training, validation)
    )
    samples = measure(
        pool, folder, chosen, seed, None, lambda d, t: tell("calibrating on training cases", d, t), failed
    )
    tried = measure(pool, folder, others, seed + 1, None, lambda d, t: tell("trying on validation cases", d, t), failed)
    known = {failure["image"] for failure in failures}
    failures += [{"image": name, "error": why} for name, why in failed.items() if name not in known]
    calibration = fit(samples, model.members, tried)
    quality = model.info["quality"] | {"calibration": calibration.to_json() if calibration else None}
    quality.pop("calibration_note", None)
    if calibration is None:
        usable = sum(sample.nqm is not None for sample in samples)
        quality["calibration_note"] = (
            f"Too few cases for a calibration: {usable} samples of {len(chosen)} cases, {MIN_SAMPLES} are needed. The "
            "verdict stays grey."
        )
    model.info["quality"] = quality


def _geometry(cases: list[Case], plan: Plan):
    """(anchor, domain): where the structure lies in the training fields, and the limits of what was trained."""
    offsets, extents, volumes, spacings = [], [], [], []
    values = [label.value for label in plan.labels]
    field = np.array(plan.preprocessing.field_of_view or np.inf, dtype=float)
    for case in cases:
        image, labels = CanonicalImage.of(read_image(case.image)), CanonicalImage.of(read_labels(case.labels))
        mask = np.isin(labels.array, values)
        if not mask.any():
            continue
        structures = separate(mask, image.spacing, plan.preprocessing.field_of_view)
        box = Grid.whole(image, plan.preprocessing.spacing)
        extent = np.array(box.size) * box.spacing
        # Of larger images a field around the labels is trained on, where the structure lies in the middle.
        offset = (middle(structures[0]) - (np.array(mask.shape) - 1) / 2) * image.spacing
        offsets.append(np.where(extent <= 1.5 * field, offset, 0.0))
        extents.append(np.minimum(extent, field) if plan.preprocessing.field_of_view else extent)
        volumes += [structure.sum() * np.prod(image.spacing) for structure in structures]
        spacings.append(image.spacing)
    if not volumes:
        raise MedNCAError("No training case holds any of the labels.")
    fields = np.array([*extents, plan.preprocessing.field_of_view or extents[0]])
    domain = Domain(
        spacing=(round(float(np.min(spacings)) * 0.4, 2), round(float(np.max(spacings)) * 1.6, 2)),
        extent=(_rounded(fields.min(0) * 0.85), _rounded(fields.max(0) * 1.15)),
        volume=(round(float(np.min(volumes)) * 0.5), round(float(np.max(volumes)) * 1.5)),
    )
    return _rounded(np.mean(offsets, axis=0)), domain


def _rounded(values):
    return tuple(round(float(v), 1) for v in values)


def _data_format(plan: Plan) -> dict:
    """As in a MONAI bundle's metadata."""
    return {
        "inputs": {"image": {"type": "image", "num_channels": plan.architecture.input_channels, "axes": "R, A, S"}},
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

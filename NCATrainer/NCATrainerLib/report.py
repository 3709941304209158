"""From a finished run to a model folder: weights, measured quality, calibration, and the model card."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np

from MedNCALib import __version__
from MedNCALib.evaluate import evaluate_case, summarize
from MedNCALib.images import read_image, read_labels
from MedNCALib.model import Model, load_model, save_model
from MedNCALib.quality import Calibration, Domain
from MedNCALib.space import Box, View

from .calibration import COVERAGE, fit, measure, worker_pool
from .dataset import Case
from .loop import Run
from .plan import Plan


def finish(
    run: Run, cases: list[Case], texts: dict, folder, command: str, calibration_cases: int = 90, progress=None
) -> dict:
    """Build, measure and calibrate the model of a run and write its folder. Returns the validation report.

    texts: id, name, description and the other texts of model.json. command: what made it, for the card.
    progress(stage, done, total).
    """
    tell = progress or (lambda stage, done, total: None)
    folder, plan = Path(folder), run.plan
    by_name = {case.name: case for case in cases}
    training = [by_name[name] for name in run.split["training"] if name in by_name]
    validation = [by_name[name] for name in run.split["validation"] if name in by_name]
    anchor, domain = _geometry(training, plan)
    preprocessing = plan.preprocessing.__class__(**{**plan.preprocessing.__dict__, "anchor": anchor})
    info = {key: value for key, value in texts.items() if key != "id"} | {
        "quality": {"nqm": "M3D-NCA Eq. (1), union of the labels", "calibration": None, "domain": domain.to_json()},
        "network_data_format": _data_format(plan),
        "training": _training_record(run, command),
    }
    model = Model(texts["id"], plan.architecture, preprocessing, plan.labels, info=info, pyramid=run.average.eval())
    staged = run.folder / "model"
    shutil.rmtree(staged, ignore_errors=True)
    save_model(model, staged, "Being measured.")
    chosen = sorted(
        random.Random(plan.seed).sample(training, min(calibration_cases, len(training))), key=lambda c: c.name
    )
    samples = measure(staged, chosen, plan.seed, progress=lambda d, t: tell("calibrating on training cases", d, t))
    tried = measure(staged, validation, plan.seed + 1, progress=lambda d, t: tell("trying on validation cases", d, t))
    calibration = fit(samples, model.members, tried)
    model.info["quality"]["calibration"] = calibration.to_json() if calibration else None
    save_model(model, staged, "Being measured.")
    report = validate(staged, validation, lambda d, t: tell("measuring on validation cases", d, t))
    model.info["eval_metrics"] = report["mean"]
    save_model(model, folder, model_card(model, report, command))
    return report


def validate(folder, cases: list[Case], progress=None) -> dict:
    """The report of `mednca evaluate` for some cases, made in parallel."""
    rows = []
    with worker_pool() as pool:
        for row in pool.map(_evaluate_one, [(str(folder), case) for case in cases]):
            rows.append(row)
            if progress:
                progress(len(rows), len(cases))
    return {"cases": rows, "mean": summarize(rows)}


def _evaluate_one(job) -> dict:
    folder, case = job
    return evaluate_case(case.name, case.image, case.labels, load_model(folder), device="cpu")


def _geometry(cases: list[Case], plan: Plan):
    """(anchor, domain): where the structure lies in the training fields, and the limits of what was trained."""
    offsets, extents, volumes, spacings = [], [], [], []
    values = [label.value for label in plan.labels]
    for case in cases:
        image, labels = View.of(read_image(case.image)), View.of(read_labels(case.labels))
        mask = np.isin(labels.array, values)
        if not mask.any():
            continue
        corners = [np.flatnonzero(mask.any(axis=other))[[0, -1]] for other in ((1, 2), (0, 2), (0, 1))]
        middle = np.array([corner.mean() for corner in corners])
        offsets.append((middle - (np.array(mask.shape) - 1) / 2) * image.spacing)
        box = Box.whole(image, plan.preprocessing.spacing)
        extents.append(np.array(box.size) * box.spacing)
        volumes.append(mask.sum() * np.prod(image.spacing))
        spacings.append(image.spacing)
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


def _training_record(run: Run, command: str) -> dict:
    return {
        "command": command,
        "code_version": __version__,
        "iterations": run.iteration,
        "plan": run.plan.to_json(),
        "split": run.split,
    }


def model_card(model: Model, report: dict, command: str) -> str:
    """MODEL_CARD.md: what a person must know before trusting the model."""
    info, mean = model.info, report["mean"]
    dice, spread, hd95 = mean["dice"], mean["dice_sd"], mean["hd95_mm"]
    worst = min(report["cases"], key=lambda case: case["dice"]["union"])
    split = info["training"]["split"]
    rows = "\n".join(f"| {key} | {dice[key]:.3f} +- {spread[key]:.3f} | {_text(hd95[key])} |" for key in dice)
    levels = "; ".join(
        f"scale {' x '.join(map(str, level.scale))}, kernel {level.kernel}, {level.steps} steps"
        for level in model.architecture.levels
    )
    return f"""# {info["name"]}

{info["description"]}

**Intended use.** {info["intended_use"]}

**License.** {info["license"]} {info.get("terms") or ""}

**Authors.** {info.get("authors", "")}

## What it is
{model.architecture.family}, {model.architecture.parameter_count():,} trainable parameters: {levels};
{model.architecture.channels} channels, {model.architecture.hidden} hidden, fire rate {model.architecture.fire_rate}.
Weights: SHA-256 `{model.sha256}`.

## Data
{info["data_source"]}

{len(split["training"])} cases for training, {len(split["validation"])} held out for validation; every case is listed in
`model.json` under `training.split`.

## How good it is
On the {mean["cases"]} validation cases, {model.members} members, seed {model.seed}, hard Dice on native voxels:

| | Dice (mean +- sd) | HD95, mm (mean) |
|---|---|---|
{rows}

Worst case: {worst["case"]}, union Dice {worst["dice"]["union"]:.3f}. The validation cases chose no weights:
training runs to its planned end.

## When it is unsure
{_calibration_text(model)}

## Where it fails
{info.get("limits", "")}

## How it was made
    {command}

## References
{chr(10).join("- " + reference for reference in info.get("references", []))}
"""


def _text(value) -> str:
    return "-" if value is None else f"{value:.2f}"


def _calibration_text(model: Model) -> str:
    if not model.calibration:
        return "It has no calibration: the verdict stays grey."
    calibration = Calibration.from_json(model.calibration)
    found = calibration.detection
    slope, intercept = calibration.linear
    shares = {key: _share(value) for key, value in found.items() if key.startswith(("failures_", "good_", "interval"))}
    rows = "\n".join(
        f"| {name} | {values['dice']:.3f} | {_text(values['nqm'])} |" for name, values in found["conditions"].items()
    )
    return f"""Dice was regressed on NQM over {calibration.samples} clean and degraded training samples (monotone, with
an interval of {COVERAGE:.0%}; the paper's straight line would be Dice = {intercept:.3f} {slope:+.3f} NQM).

Tried on {found["samples"]} clean and degraded samples of the validation cases:
- {found["failures"]} failed (Dice < {found["target_dice"]}); of these {shares["failures_below_target"]} were
  predicted to fail, {shares["failures_not_green"]} were not green;
- of the good ones, {shares["good_called_red"]} were called red, {shares["good_not_green"]} were not green;
- the interval held the true Dice in {shares["interval_coverage"]}.

| condition, random severity | mean Dice | mean NQM |
|---|---|---|
{rows}"""


def _share(value) -> str:
    return "none" if value is None else f"{value:.1%}"

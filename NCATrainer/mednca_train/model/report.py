"""From a finished run to a model folder: weights, measured quality, calibration, and the model card."""

from __future__ import annotations

import hmac
import random
from dataclasses import replace
from pathlib import Path

import numpy as np

from mednca import __version__
from mednca.errors import MedNCAError
from mednca.evaluate import evaluate_case, summarize
from mednca.files import staged
from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import read_image, read_labels
from mednca.imaging.structures import middle, separate
from mednca.models.description import SCHEMA_VERSION, Description, model_json, read_description
from mednca.models.weights import Model, load_model, save_model
from mednca.quality.calibration import Calibration
from mednca.quality.domain import Domain
from mednca.schema import check_model_json

from ..data.dataset import Case
from ..data.fingerprint import check_names
from ..plan.plan import Plan
from ..pool import Pool
from ..training.finetune import own_labels
from ..training.loop import Run
from .calibration import COVERAGE, MIN_SAMPLES, fit, measure

CALIBRATION_CASES = 90
_HELPED = 0.005  # Dice by which fine-tuning must better the base model to be said to have helped


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
                report |= _compare(pool, model, made, base, validation, report, tell)
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


def validate(pool: Pool, folder, cases: list[Case], progress=None, truth_values=None) -> dict:
    """The report of `mednca evaluate` for some cases, made in parallel. truth_values: see `evaluate_case`.

    Raises MedNCAError where none of them can be measured.
    """
    rows, failures = [], []
    jobs = [(str(folder), case, truth_values) for case in cases]
    for done, outcome in enumerate(pool.run(_evaluate_one, jobs), start=1):
        rows += outcome.result or ()
        if outcome.error:
            failures.append({"image": outcome.job[1].name, "error": outcome.error})
        if progress:
            progress(done, len(cases))
    if not rows:
        raise MedNCAError(f"None of the validation cases can be measured: {failures[0]['error'] if failures else ''}")
    return {"cases": rows, "mean": summarize(rows), "failures": failures}


def _evaluate_one(job) -> list[dict]:
    folder, case, truth_values = job
    return evaluate_case(
        case.name, case.image, case.labels, load_model(folder), device="cpu", truth_values=truth_values
    )  # fmt: skip


def _compare(pool, model: Model, folder, base, cases, report: dict, tell) -> dict:
    """The base model on the same cases, judged by the labels that both models know, under the new model's names.

    base: its measures; own: the new model's on those labels alone; helped: whether the union's Dice is better by more
    than its noise. Nothing where they have no label in common.
    """
    original = read_description(base)
    common = own_labels(original, model.labels)
    if not common:
        return {}
    values = {label.value: value for value, label in common.items()}
    old = validate(pool, base, cases, lambda d, t: tell("measuring the base model", d, t), values)["mean"]
    names = {label.name: name.name for name in model.labels if (label := common.get(name.value))}
    old = {key: {names.get(name, name): number for name, number in value.items()} if isinstance(value, dict) else value
           for key, value in old.items()}  # fmt: skip
    own = report["mean"]
    if len(common) < len(model.labels):
        same = {value: value for value in common}
        own = validate(pool, folder, cases, lambda d, t: tell("measuring the common labels", d, t), same)["mean"]
    return {"base": old, "own": own, "helped": own["dice"]["union"] - old["dice"]["union"] > _HELPED}


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
        "split": run.split if salt is None else _hidden(run.split, salt),
    }
    if run.plan.keep == "best":
        record["best_iteration"] = run.best_iteration
    return record


def _hidden(split: dict[str, list[str]], salt: str) -> dict[str, list[str]]:
    """Case names as short keyed hashes: who has the run's folder, which keeps the salt, can find a case again; others
    cannot even find out by trying all names."""

    def hidden(name):
        return "case-" + hmac.new(salt.encode(), name.encode(), "sha256").hexdigest()[:10]

    return {part: [hidden(name) for name in names] for part, names in split.items()}


def model_card(model: Model, report: dict, command: str) -> str:
    """MODEL_CARD.md: what a person must know before trusting the model."""
    info, mean = model.info, report["mean"]
    dice, spread, hd95 = mean["dice"], mean["dice_sd"], mean["hd95_mm"]
    worst = min(report["cases"], key=lambda case: case["dice"]["union"])
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
{info.get("data_source", "")}

{_split_text(info)}
## How good it is
On the {mean["cases"]} validation cases, {model.members} members, seed {model.seed}, hard Dice on native
voxels{_how_clicked(report)}:

| | Dice (mean +- sd) | HD95, mm (mean) |
|---|---|---|
{rows}

Worst case: union Dice {worst["dice"]["union"]:.3f}. {_how_chosen(info.get("training"))}
{_comparison(report)}
## When it is unsure
{_calibration_text(model)}

## Where it fails
{info.get("limits", "")}

## How it was made
    {command}

## References
{chr(10).join("- " + reference for reference in info.get("references", []))}
"""


def _how_clicked(report: dict) -> str:
    clicked = sum(bool(case.get("clicked")) for case in report["cases"])
    return f" ({clicked} of them larger than the field of view: one click into the middle)" if clicked else ""


def _split_text(info: dict) -> str:
    split = info.get("training", {}).get("split")
    if not split:
        return ""
    training, validation = len(split["training"]), len(split["validation"])
    return f"""{training} cases for training, {validation} held out for validation; every case is listed in `model.json`
under `training.split`.
"""


def _how_chosen(training: dict | None) -> str:
    if not training:
        return ""
    if training.get("best_iteration"):
        return (
            "The weights are those that were best on the validation cases while training went on (iteration "
            f"{training['best_iteration']:,}), so these figures are a little flattering."
        )
    return "The validation cases chose no weights: training runs to its planned end."


def _comparison(report: dict) -> str:
    if "base" not in report:
        return ""
    base, own = report["base"]["dice"], report["own"]["dice"]
    rows = "\n".join(f"| {key} | {_text(base[key])} | {_text(own[key])} |" for key in own)
    verdict = "Fine-tuning helped." if report["helped"] else "Fine-tuning did not help: the base model is as good."
    return f"""
## Against the model it was made from
On the same cases, by the labels that both know. {verdict}

| Dice | base | this model |
|---|---|---|
{rows}
"""


def _text(value) -> str:
    return "-" if value is None else f"{value:.3f}"


def _calibration_text(model: Model) -> str:
    if not model.calibration:
        return model.info["quality"].get("calibration_note") or "It has no calibration: the verdict stays grey."
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

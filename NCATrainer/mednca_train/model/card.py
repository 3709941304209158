"""MODEL_CARD.md: what a person must know before trusting a model. The figures come from `measure`."""

from __future__ import annotations

from mednca.models.weights import Model
from mednca.quality.calibration import CROP, SCAN, Calibration
from mednca.quality.signals import SIGNALS

from ..validation_report import Comparison, ValidationReport
from .calibration import CAUTION
from .privacy import holds_hidden
from .samples import samples_of

_UNSURE = "## When it is unsure"
# What a model was measured on.
HELD_OUT = "Cases held out for validation"
BY_FOLDS = "Cases, each measured by the fold that has not seen it"
OTHERS = "Cases of its calibration, with none of which it was trained"
SAID_OTHERS = "Cases of its calibration, with none of which it was trained, as whoever calibrated it says"


def model_card(model: Model, report: ValidationReport, command: str, measured_on: str = HELD_OUT) -> str:
    """Write the text of MODEL_CARD.md.

    Args:
        model: measured and, where it could be, calibrated.
        report: the model's.
        command: what made the model.
        measured_on: `HELD_OUT`, `BY_FOLDS`, `OTHERS` or `SAID_OTHERS`; the latter two are of a calibration.

    Returns:
        Markdown.
    """
    info, mean = model.info, report.mean
    dice, spread, hd95 = mean.dice, mean.dice_sd, mean.hd95_mm
    chosen = _how_chosen(info.get("training"), report) if measured_on in (HELD_OUT, BY_FOLDS) else ""
    worst = min(report.cases, key=lambda score: score.dice["union"])
    rows = "\n".join(f"| {key} | {dice[key]:.3f} +- {spread[key]:.3f} | {_text(hd95[key])} |" for key in dice)
    levels = "; ".join(
        f"scale {' x '.join(map(str, level.scale))}, kernel {level.kernel}, {level.steps} steps"
        for level in model.architecture.levels
    )
    return f"""# {info["name"]}

{info["description"]}

{_about(info)}

## What it is
{model.architecture.family}, {model.architecture.parameter_count():,} trainable parameters: {levels};
{model.architecture.channels} channels{_inputs(model)}, {model.architecture.hidden} hidden, fire rate
{model.architecture.fire_rate}.
Weights: SHA-256 `{model.sha256}`.

## Data
{info.get("data_source", "")}

{_split_text(info)}
## How good it is
{measured_on}: {mean.cases}; members: {model.members}; seed: {model.seed}; hard Dice on native
voxels{_how_clicked(report)}:

| | Dice (mean +- sd) | HD95, mm (mean) |
|---|---|---|
{rows}

Worst case: union Dice {worst.dice["union"]:.3f}. {chosen}
{_folds(report)}{_comparison(report.comparison)}
{_UNSURE}
{_calibration_text(model)}

## Where it fails
{info.get("limits", "")}

## How it was made
    {command}

## References
{chr(10).join("- " + reference for reference in info.get("references", []))}
"""


def recalibrated_card(card: str, model: Model, command: str) -> str:
    """A model's card after nothing but its calibration was made anew.

    Args:
        card: the text as it was.
        model: with the new calibration.
        command: what made it.

    Returns:
        Markdown.
    """
    before, _, after = card.partition(_UNSURE)
    _, heading, after = after.partition("\n## ")
    section = f"{_UNSURE}\n{_calibration_text(model)}\n\nMade anew of saved samples by `{command}`.\n"
    return f"{before.rstrip()}\n\n{section}{heading}{after}"


def _how_clicked(report: ValidationReport) -> str:
    clicked = sum(score.clicked for score in report.cases)
    return f" ({clicked} of them larger than the field of view: one click into the middle)" if clicked else ""


def _about(info: dict) -> str:
    """What its maker says of it; what is empty is left out."""
    told = {
        "Intended use": info["intended_use"],
        "License": " ".join(filter(None, (info["license"], info.get("terms")))),
        "Authors": info.get("authors"),
    }
    return "\n\n".join(f"**{title}.** {text}" for title, text in told.items() if text)


def _folds(report: ValidationReport) -> str:
    if not report.folds:
        return ""
    rows = "\n".join(
        f"| {number} | {fold.cases} | {fold.dice['union']:.3f} +- {fold.dice_sd['union']:.3f} |"
        for number, fold in enumerate(report.folds, start=1)
    )
    return f"\n| fold | cases | Dice, union |\n|---|---|---|\n{rows}\n"


def _inputs(model: Model) -> str:
    """Which channels of an image it needs, where they are several."""
    names = model.preprocessing.channels
    return f" ({len(names)} of them the image's: {', '.join(names)})" if len(names) > 1 else ""


def _split_text(info: dict) -> str:
    split = info.get("training", {}).get("split")
    if not split:
        return ""
    if folds := info["training"].get("folds"):
        count = len(split["training"])
        return f"""{count} cases, all of which the model that ships was trained with; before it {len(folds)} folds were
trained, each without the cases that `training.folds` in `model.json` lists, {_how_named(split)}.
"""
    training, validation = len(split["training"]), len(split["validation"])
    return f"""Cases for training: {training}; held out for validation: {validation}. `model.json` lists each of them
under `training.split`, {_how_named(split)}.
"""


def _how_named(split: dict) -> str:
    if not holds_hidden(name for names in split.values() for name in names):
        return "by name"
    return "by keyed hashes of their names (the names stay in the `split.json` of the run)"


def _how_chosen(training: dict | None, report: ValidationReport) -> str:
    if not training:
        return ""
    if report.folds:
        told = (
            "The figures are the folds' models', trained with fewer cases than the one that ships, which nobody has "
            "measured"
        )
        if training.get("plan", {}).get("keep") == "best":
            return told + "; a fold's weights are those that were best on its own cases, which flatters them a little."
        return told + "; no case chose their weights, as training ran to its planned end."
    if training.get("best_iteration"):
        return (
            "The weights are those that were best on the validation cases while training went on (iteration "
            f"{training['best_iteration']:,}), so these figures are a little flattering."
        )
    return "The validation cases chose no weights: training runs to its planned end."


def _comparison(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    base, own = comparison.base.dice, comparison.own.dice
    rows = "\n".join(f"| {key} | {_text(base[key])} | {_text(own[key])} |" for key in own)
    verdict = "helped." if comparison.helped else "did not help: the base model is as good or better."
    return f"""
## Against the model it was made from
On the same cases, by the labels that both know. Fine-tuning {verdict}

| Dice | base | this model |
|---|---|---|
{rows}
"""


def _text(value) -> str:
    return "-" if value is None else f"{value:.3f}"


def _calibration_text(model: Model) -> str:
    calibration = model.calibration
    if calibration is None:
        return model.info["quality"].get("calibration_note") or "It has no calibration: the verdict stays grey."
    found = calibration.detection
    slope, intercept = calibration.linear
    made = "\n".join(
        f"- on {_title(curve.signal)} over {curve.samples} {CONTEXT_NAMES[context]};"
        for context, curve in calibration.curves.items()
    )
    text = f"""Dice was regressed

{made}

monotone, with an interval of {calibration.coverage:.0%} (the paper's straight line, on NQM of the whole field of view,
would be Dice = {intercept:.3f} {slope:+.3f} NQM). A failure counts {CAUTION:.0f} times, so that the expected Dice errs
to the careful side where failures begin.

The interval's low end is at most {_ceilings(calibration)}:
no result is green at a target above it.
"""
    if not found.get("groups"):
        return text + "\nIt was not tried on other cases."
    columns = ("samples", "failures", *_SHARES)
    rows = "\n".join(
        "| " + " | ".join([group, *(_cell(shares[key]) for key in columns)]) + " |"
        for group, shares in {"all": found, **found["groups"]}.items()
    )
    conditions = "\n".join(
        f"| {name} | {values['dice']:.3f} | {_text(values['nqm'])} |" for name, values in found["conditions"].items()
    )
    return f"""{text}
Tried on {found["samples"]} clean and degraded samples, each judged by a calibration without its case; a failure
is a Dice below {found["target_dice"]}:

| | samples | failures | {" | ".join(_SHARES.values())} |
{"|---" * (len(columns) + 1)}|
{rows}

{_told_apart(model)}All of these samples by condition{_of_both(calibration)}:

| condition, random severity | mean Dice | mean NQM |
|---|---|---|
{conditions}"""


def _title(signal: str) -> str:
    return (signal in SIGNALS and SIGNALS[signal].title) or signal


def _ceilings(calibration: Calibration) -> str:
    """The highest target that a result can reach, in each context."""
    return " and ".join(
        f"{curve.low[0]:.3f} in {IMAGE_NAMES[context]}" for context, curve in calibration.curves.items()
    )


def _of_both(calibration: Calibration) -> str:
    return ", of crops and of larger images together" if len(calibration.curves) > 1 else ""


def _told_apart(model: Model) -> str:
    """What a case that is judged apart has touched all the same."""
    made_with, tried = ({sample.case for sample in some} for some in samples_of(model.info["quality"].get("samples")))
    if not made_with & tried:
        return ""
    return f"""Cases that the calibration was made with, too: {len(made_with & tried)}. To judge each of them it was
made without it, but which signal it goes by was chosen with them.

"""


IMAGE_NAMES = {CROP: "images of about one field of view", SCAN: "larger images"}
CONTEXT_NAMES = {
    CROP: "samples of images of about one field of view",
    SCAN: "samples of larger images, clicked at the structure's middle",
}
_SHARES = {
    "failures_below_target": "of the failures red or grey",
    "failures_not_green": "not green",
    "good_called_red": "of the good ones red",
    "good_not_green": "not green",
    "interval_coverage": "interval holds",
    "mean_absolute_error": "mean error of the expected Dice",
}


def _cell(value) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"

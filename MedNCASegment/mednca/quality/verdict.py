"""The verdict: a traffic light from the predicted Dice and its interval against a target Dice.

It is grey, with the reason, where no honest verdict can be given. It never says that a segmentation is correct.
"""

from __future__ import annotations

from dataclasses import dataclass

from .calibration import Calibration
from .domain import Objection

DEFAULT_TARGET = 0.8  # Dice below which the paper calls a segmentation failed

WORDS = {
    "green": "Likely good enough",
    "amber": "Check before use",
    "red": "Likely not good enough",
    "grey": "No verdict",
}


@dataclass(frozen=True)
class Verdict:
    """color: green, amber, red or grey; word: the same for people; reason: one sentence; Dice: None when grey."""

    color: str
    word: str
    reason: str
    predicted_dice: float | None = None
    low: float | None = None
    high: float | None = None
    target: float = DEFAULT_TARGET
    objection: Objection | None = None


def judge(
    value: float | None, members: int, calibration: Calibration | None, target: float, objection: Objection | None
) -> Verdict:
    """The verdict on one result.

    value: NQM of the union, of so many members. objection: why no verdict would be honest whatever the NQM (see
    `objection_to`).
    Green: even the low end of the interval reaches the target. Red: the expected Dice does not. Amber: between.
    """
    if value is None:
        objection = objection or Objection("nothing", {})
    elif calibration is None:
        objection = objection or Objection("calibration", {})
    if objection:
        return Verdict("grey", WORDS["grey"], f"No verdict: {objection.text}.", target=target, objection=objection)
    dice, low, high = calibration.predict(value, members)
    if low >= target:
        color, reason = "green", "even the low end of the interval reaches the target"
    elif dice < target:
        color, reason = "red", "the expected Dice is below the target"
    else:
        color, reason = "amber", "the target lies within the interval"
    text = f"Expected Dice {dice:.2f} ({low:.2f} to {high:.2f}), target {target:.2f}: {reason}."
    return Verdict(color, WORDS[color], text, dice, low, high, target)


def rejudge(report: dict, number: int, target: float) -> Verdict:
    """The verdict on a finding of a result's report against another target; nothing is run again."""
    finding, calibration = report["findings"][number], report["model"]["calibration"]
    calibration = Calibration.from_json(calibration) if calibration else None
    objection = Objection(**finding["objection"]) if finding["objection"] else None
    return judge(finding["nqm"]["union"], report["members"], calibration, target, objection)

"""The verdict: a traffic light from the predicted Dice and its interval against a target Dice.

It is grey, with the reason, where no honest verdict can be given. It never says that a segmentation is correct.
"""

from __future__ import annotations

from dataclasses import dataclass

from .calibration import CROP, Calibration
from .domain import Objection
from .signals import SIGNALS

DEFAULT_TARGET = 0.8  # Dice below which the paper calls a segmentation failed

COLORS = {"green": "#2e9e44", "amber": "#e09000", "red": "#d0342c", "grey": "#808080"}
WORDS = {
    "green": "Likely good enough",
    "amber": "Check before use",
    "red": "Likely not good enough",
    "grey": "No verdict",
}


@dataclass(frozen=True)
class Verdict:
    """What is told of a result.

    Attributes:
        color: green, amber, red or grey.
        word: the same for people.
        reason: one sentence.
        predicted_dice, low, high: expected Dice and the ends of its interval; None when grey.
        target: Dice that it was measured against.
        objection: why it is grey; None otherwise.
        signal: of `signals.SIGNALS`, that it goes by; None when grey.
        ceiling: the highest low end that the calibration has for such an image: above it no target can be reached; None
            when grey.
        is_borrowed: whether it goes by a calibration of other images (`calibration.CONTEXTS`); then it is never green.
    """

    color: str
    word: str
    reason: str
    predicted_dice: float | None = None
    low: float | None = None
    high: float | None = None
    target: float = DEFAULT_TARGET
    objection: Objection | None = None
    signal: str | None = None
    ceiling: float | None = None
    is_borrowed: bool = False

    @property
    def is_out_of_reach(self) -> bool:
        """Whether no result in such an image can be green at this target, however steady it is."""
        return self.ceiling is not None and self.ceiling < self.target and not self.is_borrowed


def judge(
    signals: dict[str, float | None],
    members: int,
    calibration: Calibration | None,
    target: float,
    objection: Objection | None,
    context: str = CROP,
) -> Verdict:
    """The verdict on one result.

    Green: even the low end of the interval reaches the target. Red: the expected Dice does not. Amber: between, or the
    calibration was measured on images of another kind alone. Grey: no verdict is honest.

    Args:
        signals: of the union, by name, measured with `members` members.
        members: of the ensemble.
        calibration: of the model; None where it has none.
        target: Dice that the result should reach.
        objection: why no verdict would be honest whatever the signals say (see `domain.objection_to`).
        context: that the structure was found in (`calibration.CONTEXTS`).

    Returns:
        The verdict.
    """
    signal = calibration.curve(context).signal if calibration else "nqm"
    value = signals.get(signal)
    if signal not in SIGNALS:
        objection = objection or Objection("calibration", {})
    elif value is None:
        objection = objection or Objection("nothing", {})
    elif calibration is None:
        objection = objection or Objection("calibration", {})
    elif members < calibration.members and SIGNALS[signal].scale is None:
        objection = objection or Objection("members", {"members": members, "least": calibration.members})
    if objection:
        return Verdict("grey", WORDS["grey"], f"No verdict: {objection.text}.", target=target, objection=objection)
    assert calibration is not None and value is not None  # otherwise there is an objection
    dice, low, high = calibration.predict(value, members, context)
    ceiling, is_borrowed = calibration.curve(context).low[0], context not in calibration.curves
    if low >= target and is_borrowed:
        color, reason = "amber", "even the low end reaches the target, but the model was calibrated on other images"
    elif low >= target:
        color, reason = "green", "even the low end of the interval reaches the target"
    elif dice < target:
        color, reason = "red", "the expected Dice is below the target"
    else:
        color, reason = "amber", "the target lies within the interval"
    text = f"Expected Dice {dice:.2f} ({low:.2f} to {high:.2f}), target {target:.2f}: {reason}."
    if ceiling < target and not is_borrowed:
        text += f" In such an image this model's low end is {ceiling:.3f} at most, so that it is never green there."
    return Verdict(color, WORDS[color], text, dice, low, high, target, None, signal, ceiling, is_borrowed)

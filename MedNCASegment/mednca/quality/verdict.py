"""How far to trust a result: the NCA quality metric, its calibration, and the verdict.

The verdict is a traffic light from the predicted Dice and its interval against a target Dice. It is grey, with
the reason, where no honest verdict can be given. It never says that a segmentation is correct.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

MIN_MEMBERS = 5  # fewer members say too little about their spread
DEFAULT_TARGET = 0.8  # Dice below which the paper calls a segmentation failed

WORDS = {
    "green": "Likely good enough",
    "amber": "Check before use",
    "red": "Likely not good enough",
    "grey": "No verdict",
}


def nqm(mean: np.ndarray, variance: np.ndarray) -> float | None:
    """NCA quality metric, M3D-NCA Eq. (1): sum of the members' standard deviation over the sum of their mean.

    mean, variance: of the members' probabilities, any equal shape. None where nothing was found at all.
    """
    return nqm_of_sums(*nqm_sums(mean, variance))


def nqm_sums(mean: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """The two sums of `nqm`, so that a large volume can be added up in parts."""
    return float(np.sqrt(variance).sum(dtype=np.float64)), float(mean.sum(dtype=np.float64))


def nqm_of_sums(deviation: float, mean: float) -> float | None:
    """`nqm` from the two sums over the voxels."""
    return None if mean < 0.5 else deviation / mean  # less than half a voxel is nothing


@dataclass(frozen=True)
class Calibration:
    """What Dice to expect at a given NQM, from cases with known answers.

    nqm: ascending knots; dice: expected Dice there; low, high: its 90 % interval; all three are monotone in NQM
    and interpolated linearly, held beyond the ends. members: of the ensemble it was made with. linear: slope and
    intercept of the paper's linear regression (section 2.3), kept for comparison. detection: what the verdict
    found on cases it was not made with.
    """

    nqm: tuple[float, ...]
    dice: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    members: int
    samples: int
    linear: tuple[float, float]
    detection: dict

    def __post_init__(self):
        """Raises ValueError where the curves are no calibration: a wrong one would make a wrong verdict."""
        curves = np.array([self.nqm, self.dice, self.low, self.high], dtype=float)
        if curves.ndim != 2 or curves.shape[1] < 1 or not np.isfinite(curves).all() or self.members < 2:
            raise ValueError("a calibration needs four equally long, finite curves and two members or more")
        ordered = np.all(np.diff(curves[0]) > 0) and np.all(np.diff(curves[1:]) <= 0)
        if not ordered or np.any(curves[2] > curves[1]) or np.any(curves[1] > curves[3]):
            raise ValueError("a calibration's NQM must ascend, its Dice fall, and low <= dice <= high")

    def predict(self, value: float, members: int) -> tuple[float, float, float]:
        """(expected Dice, low, high) at an NQM measured with a number of members.

        The population deviation of Eq. (1) grows with the number of members as sqrt((N - 1) / N); it is brought to
        that of the calibration first.
        """
        value *= np.sqrt((1 - 1 / self.members) / (1 - 1 / members))
        return tuple(float(np.interp(value, self.nqm, knots)) for knots in (self.dice, self.low, self.high))

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Calibration:
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})


# Why no verdict would be honest; Slicer's panel has the same sentences in the user's language.
_FIELD = (
    ", but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ to take a field of the right size"
)
OBJECTIONS = {
    "members": "{members} ensemble member(s) are too few to measure uncertainty; use {least} or more",
    "nothing": "nothing was found",
    "calibration": "this model has no calibration: nobody measured what its uncertainty means",
    "edge": "the result reaches the edge of the field of view, so part of the structure may be missing",
    "spacing": "the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)",
    "extent R": "the image field is {extent:.0f} mm left-right" + _FIELD,
    "extent A": "the image field is {extent:.0f} mm front-back" + _FIELD,
    "extent S": "the image field is {extent:.0f} mm up-down" + _FIELD,
    "volume": "the result has {volume:.2g} ml, outside the {low:.2g} to {high:.2g} ml of plausible structures",
}


@dataclass(frozen=True)
class Objection:
    """A key of OBJECTIONS and the values of its sentence."""

    key: str
    values: dict

    @property
    def text(self) -> str:
        return OBJECTIONS[self.key].format(**self.values)


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


@dataclass(frozen=True)
class Domain:
    """How far from its training data a model is still judged, as limits; outside, the verdict is grey.

    spacing: mm, of the image's voxels along any axis; extent: mm (R, A, S) of the field of view; volume: mm^3 of
    the union. Each is (low, high).
    """

    spacing: tuple[float, float]
    extent: tuple[tuple[float, float, float], tuple[float, float, float]]
    volume: tuple[float, float]

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Domain:
        return cls(tuple(data["spacing"]), tuple(tuple(e) for e in data["extent"]), tuple(data["volume"]))


def objection_to(
    members: int, spacing, extent, volume: float, touches: bool, domain: Domain | None
) -> Objection | None:
    """Why no verdict on this result would be honest, or None.

    spacing: mm (R, A, S) of the image; extent: mm of the field of view; volume: mm^3 found; touches: whether the
    result runs into a cut side of the field of view.
    """
    if members < MIN_MEMBERS:
        return Objection("members", {"members": members, "least": MIN_MEMBERS})
    if volume == 0:
        return Objection("nothing", {})
    if touches:
        return Objection("edge", {})
    if domain is None:
        return None
    low, high = domain.spacing
    if min(spacing) < low or max(spacing) > high:
        shown = " x ".join(f"{s:.2g}" for s in spacing)
        return Objection("spacing", {"shown": shown, "low": low, "high": high})
    for axis, name in enumerate("RAS"):
        low, high = domain.extent[0][axis], domain.extent[1][axis]
        if not low <= extent[axis] <= high:
            return Objection(f"extent {name}", {"extent": float(extent[axis]), "low": low, "high": high})
    low, high = domain.volume
    if not low <= volume <= high:
        return Objection("volume", {"volume": volume / 1000, "low": low / 1000, "high": high / 1000})
    return None

"""Where no verdict would be honest: what lies outside what a model was made for, and why.

Which images a model is made for stands in its model.json; the verdict itself is `verdict`'s business.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from ..axes import triple

MIN_MEMBERS = 5  # fewer members say too little about their spread
RIVAL = 0.25  # of the kept piece's volume: a dropped piece, or several, of that size might as well be the structure
MEANT = 0.05  # of the kept piece's volume: a dropped piece of that size that was clicked on may be what was meant
FAR = 15.0  # mm from the click to the nearest voxel of the structure, beyond which another one may have been meant

# Why no verdict would be honest; Slicer's panel has the same sentences in the user's language.
_FIELD = (
    ", but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ to take a field of the right size"
)
OBJECTIONS = {
    "members": "{members} ensemble member(s) are too few to measure uncertainty; use {least} or more",
    "nothing": "nothing was found",
    "calibration": "this model has no calibration: nobody measured what its uncertainty means",
    "edge": "the result reaches the edge of the image or of the field of view, so part of the structure may be missing",
    "far": "the structure found lies {distance:.0f} mm from the click; it may not be what was clicked on",
    "clicked": (
        "the click lies in another piece, of {volume:g} ml, than the one that is kept; it may be what was meant"
    ),
    "rival": "other pieces of {volume:g} ml were found beside the one that is kept; the wrong one may be kept",
    "spacing": "the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)",
    "extent R": "the image field is {extent:.0f} mm left-right" + _FIELD,
    "extent A": "the image field is {extent:.0f} mm front-back" + _FIELD,
    "extent S": "the image field is {extent:.0f} mm up-down" + _FIELD,
    "volume": "the result has {volume:g} ml, outside the {low:g} to {high:g} ml of plausible structures",
}


def milliliters(cubic_millimeters: float) -> float:
    """A volume in ml, of as many digits as a sentence needs (0.341, 5.3, 163)."""
    return float(f"{cubic_millimeters / 1000:.3g}")


@dataclass(frozen=True)
class Objection:
    """Why no verdict would be honest.

    Attributes:
        key: of OBJECTIONS.
        values: that its sentence is filled with.
    """

    key: str
    values: dict

    @property
    def text(self) -> str:
        """The sentence, without a full stop."""
        return OBJECTIONS[self.key].format(**self.values)


@dataclass(frozen=True)
class Domain:
    """How far from its training data a model is still judged, as limits; outside, the verdict is grey.

    Attributes:
        spacing: lowest and highest mm of the image's voxels, along whichever axis.
        extent: smallest and largest field of view, each in mm along R, A, S.
        volume: smallest and largest mm^3 of the union.
    """

    spacing: tuple[float, float]
    extent: tuple[tuple[float, float, float], tuple[float, float, float]]
    volume: tuple[float, float]

    def to_json(self) -> dict:
        """As model.json has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Domain:
        """Read what `to_json` made.

        Raises:
            TypeError, KeyError, ValueError: it is no domain.
        """
        low, high = data["extent"]
        return cls(tuple(data["spacing"]), (triple(low), triple(high)), tuple(data["volume"]))


@dataclass(frozen=True)
class Circumstances:
    """What is known of a result beside its voxels, and could stand against a verdict.

    Attributes:
        members: of the ensemble.
        spacing: mm of the image along R, A, S.
        extent: mm of the field of view along R, A, S.
        volume: mm^3 that were found.
        touches: whether the result reaches a side of the field of view, behind which the structure may go on.
        dropped: mm^3 of the pieces that were found beside the one that was kept.
        distance: mm from the click to the result, 0 inside it; None where nobody clicked.
        clicked: mm^3 of the piece that was found and dropped where somebody clicked; 0 where there is none.
    """

    members: int
    spacing: tuple[float, float, float]
    extent: tuple[float, float, float]
    volume: float
    touches: bool
    dropped: float = 0.0
    distance: float | None = None
    clicked: float = 0.0


def objection_to(result: Circumstances, domain: Domain | None) -> Objection | None:
    """Find the first reason why no verdict on a result would be honest.

    Args:
        result: what is known of it.
        domain: of the model; None where it has none.

    Returns:
        The reason; None where there is none.
    """
    if result.members < MIN_MEMBERS:
        return Objection("members", {"members": result.members, "least": MIN_MEMBERS})
    if result.volume == 0:
        return Objection("nothing", {})
    if objection := objection_to_image(result.spacing, result.extent, domain):
        return objection
    if result.distance is not None and result.distance > FAR:
        return Objection("far", {"distance": round(result.distance, 1)})
    if result.touches:
        return Objection("edge", {})
    if result.clicked > MEANT * result.volume:
        return Objection("clicked", {"volume": milliliters(result.clicked)})
    if result.dropped > RIVAL * result.volume:
        return Objection("rival", {"volume": milliliters(result.dropped)})
    low, high = domain.volume if domain else (0, math.inf)
    if not low <= result.volume <= high:
        told = {"volume": result.volume, "low": low, "high": high}
        return Objection("volume", {name: milliliters(value) for name, value in told.items()})
    return None


def objection_to_image(
    spacing: tuple[float, float, float], extent: tuple[float, float, float], domain: Domain | None
) -> Objection | None:
    """Find what is known to stand against a verdict before anything is computed: another kind of image.

    Args:
        spacing: mm of the image along R, A, S.
        extent: mm of the field of view along R, A, S.
        domain: of the model; None where it has none.

    Returns:
        The reason; None where there is none.
    """
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
    return None

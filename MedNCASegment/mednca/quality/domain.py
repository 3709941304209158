"""Where no verdict would be honest: what lies outside what a model was made for, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..axes import triple

MIN_MEMBERS = 5  # fewer members say too little about their spread

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
        low, high = data["extent"]
        return cls(tuple(data["spacing"]), (triple(low), triple(high)), tuple(data["volume"]))


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

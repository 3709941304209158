"""What a study changes along an axis: in the case, in the click, or in how a model is run.

A new axis is a line in `AXES`. A change of a case is made in the image and in its label map alike, so that the answer
stays known.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from mednca.imaging.geometry import CanonicalImage

from ..data.artifacts import ARTIFACTS, Artifact, degrade
from ..data.clicks import click_beside

# From image, label map, value and seed to the changed image and label map.
Change = Callable[[sitk.Image, sitk.Image, float, int], tuple[sitk.Image, sitk.Image]]


@dataclass(frozen=True)
class Axis:
    """What is varied.

    Attributes:
        title: with its unit, as figures have it.
        change: of a case; None where that stays as it is.
        of_run: field of `plan.Contender` that takes the values instead.
        of_click: whether the values are mm that the clicks are moved off the structures' middles.
        neutral: the value that changes nothing in case and click.
    """

    title: str
    change: Change | None = None
    of_run: str | None = None
    of_click: bool = False
    neutral: float = 0.0


def scaled(image: sitk.Image, truth: sitk.Image, value: float, seed: int) -> tuple[sitk.Image, sitk.Image]:
    """The same voxels, each `value` times as large: a larger body."""
    return _spaced(image, value), _spaced(truth, value)


def rotated(image: sitk.Image, truth: sitk.Image, value: float, seed: int) -> tuple[sitk.Image, sitk.Image]:
    """Turned by `value` degrees about its middle, around an axis that the seed draws; beyond it its edge goes on."""
    axis = np.random.default_rng(seed).normal(size=3)
    turn = sitk.VersorRigid3DTransform()
    turn.SetCenter(_middle(image))
    turn.SetRotation((axis / np.linalg.norm(axis)).tolist(), float(np.deg2rad(value)))
    return _moved(image, turn, sitk.sitkLinear), _moved(truth, turn, sitk.sitkNearestNeighbor)


def translated(image: sitk.Image, truth: sitk.Image, value: float, seed: int) -> tuple[sitk.Image, sitk.Image]:
    """Moved by `value` mm in a direction that the seed draws; beyond the image its edge goes on."""
    direction = np.random.default_rng(seed).normal(size=3)
    move = sitk.TranslationTransform(3, (value * direction / np.linalg.norm(direction)).tolist())
    return _moved(image, move, sitk.sitkLinear), _moved(truth, move, sitk.sitkNearestNeighbor)


def padded(image: sitk.Image, truth: sitk.Image, value: float, seed: int) -> tuple[sitk.Image, sitk.Image]:
    """`value` voxels more along each axis, mirrored, on sides that the seed draws: another shape."""
    draw = random.Random(seed)
    lower = [draw.randint(0, round(value)) for _ in range(3)]
    upper = [round(value) - n for n in lower]
    return sitk.MirrorPad(image, lower, upper), sitk.ConstantPad(truth, lower, upper, 0)


def artifact(make: Artifact) -> Change:
    """An artifact of `data.artifacts` of a given severity, 0 to 1; 0 is the image as it is."""

    def change(image, truth, value, seed):
        return (degrade(image, lambda _drawn: make(value), seed), truth) if value > 0 else (image, truth)

    return change


def _spaced(image: sitk.Image, factor: float) -> sitk.Image:
    copy = sitk.Image(image)
    copy.SetSpacing([factor * mm for mm in image.GetSpacing()])
    return copy


def _middle(image: sitk.Image) -> tuple[float, ...]:
    return image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])


def _moved(image: sitk.Image, transform: sitk.Transform, interpolator: int) -> sitk.Image:
    """An image's content under a transform, on the same voxels."""
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(image)
    resample.SetTransform(transform.GetInverse())
    resample.SetInterpolator(interpolator)
    resample.SetUseNearestNeighborExtrapolator(interpolator == sitk.sitkLinear)
    return resample.Execute(image)


def beside(
    image: sitk.Image, click: tuple[float, float, float], mm: float, seed: int
) -> tuple[float, float, float]:  # fmt: skip
    """A click, RAS mm, moved so far in a direction that the seed draws."""
    return click_beside(image, click, mm, np.random.default_rng((seed, *CanonicalImage.of(image).array.shape)))


AXES: dict[str, Axis] = {
    "none": Axis(""),
    **{name: Axis(f"{name}, severity", artifact(make)) for name, make in ARTIFACTS.items()},
    "scale": Axis("size of the body, relative", scaled, neutral=1.0),
    "rotation": Axis("rotation, degrees", rotated),
    "translation": Axis("translation, mm", translated),
    "shape": Axis("voxels added along each axis", padded),
    "click": Axis("click beside the middle, mm", of_click=True),
    "members": Axis("ensemble members", of_run="members"),
    "steps": Axis("steps, relative to the training", of_run="steps"),
    "fire rate": Axis("fire rate", of_run="fire_rate"),
}

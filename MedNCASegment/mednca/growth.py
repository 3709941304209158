"""How one member of the ensemble comes to its result, step by step, for people to look at.

It knows one field of view, as `finding` does, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .axes import triple
from .field import Field, first_grid
from .locate import locate
from .messages import Progress
from .models.weights import Model
from .quality.verdict import DEFAULT_TARGET
from .segment import new_request

MEMBER = 0  # that is watched; each is as good as another


@dataclass(frozen=True)
class Growth:
    """The probability of the labels' union after each step of a member.

    A cell that has not fired yet has said nothing: but for the last step, which is the result, it counts as 0.

    Attributes:
        image: uint8, percent (`to_percent`), of four axes: R, A, S of the part of the field of view that was
            computed, and the steps.
        levels: the level that each step is of, from 0, coarsest first.
    """

    image: sitk.Image
    levels: tuple[int, ...]


def watch_growth(
    image: sitk.Image,
    model: Model,
    click: tuple[float, float, float] | None = None,
    members: int | None = None,
    seed: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    memory_limit: float | None = None,
) -> Growth:
    """Run the first member of an ensemble once more, and keep what it says after each step.

    The field of view, the seed and so the member are those of `segment_image` with the same arguments; on a processor,
    where this runs, the last step has that member's own numbers. Pieces that the result leaves out are in it.

    Args:
        image, model, click, members, seed: as of `segment.segment_image`; click is one, or None.
        progress: called often, with the stages "locating" and "growing"; may raise to cancel.
        memory_limit: MB that it may take, the image included; None for `nca.memory.DEFAULT_LIMIT`.

    Returns:
        The steps, on the model's grid in the image's place.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a click outside the image, an image too small, one with other channels than the model's, a
            number that cannot be, or too little memory.
    """
    request = new_request(image, model, members, seed, "cpu", DEFAULT_TARGET, progress, memory_limit, None)
    click = triple(float(x) for x in click) if click else None
    grid = first_grid(request, click)
    if click:
        field, _moves = locate(request, grid, click, lambda *told: request.progress(Progress(*told)))
    else:
        field = Field(request, grid)
    total = sum(level.steps for level in model.architecture.levels)
    frames, levels = [], []
    for level, probability, has_fired in field.ensemble.each_step(MEMBER):
        levels.append(level)
        frames.append(to_percent(probability if len(levels) == total else probability * has_fired))
        request.progress(Progress("growing", len(levels), total))
    assert field.ensemble.region is not None  # it is known from the first step on
    where = field.grid.cut(field.ensemble.region)
    return Growth(sitk.JoinSeries([request.canonical.image_on(where, frame) for frame in frames]), tuple(levels))


def to_percent(probability: np.ndarray) -> np.ndarray:
    """Whole percents of probabilities (0 to 1), rounded up, so that more than 50 is what lies in the mask: uint8 of the
    same shape."""
    return np.ceil(100 * probability).astype(np.uint8)

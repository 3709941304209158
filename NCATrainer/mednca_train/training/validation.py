"""How good the weights are while a training goes on: one member, some cases. `model.measure` does it thoroughly."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mednca.errors import MedNCAError, NothingFound
from mednca.imaging.geometry import normalize_channels
from mednca.imaging.metrics import dice
from mednca.models.description import Preprocessing
from mednca.nca.ensemble import run_ensemble
from mednca.nca.labels import to_labels
from mednca.nca.pyramid import Pyramid

from ..data.case_reader import CaseReader
from ..data.cases import Case
from ..plan.plan import Plan
from .watching import WatchedCase


@dataclass(frozen=True)
class Scores:
    """Mean Dice over the cases that were validated on: of the union, and of each label over those that hold it."""

    dice_union: float
    dice_labels: tuple[float, ...]


def validator(
    plan: Plan, split: dict[str, list[str]], cases: list[Case], folder: str | Path | None = None
) -> Callable[[Pyramid], Scores]:
    """A function that measures a pyramid on some validation cases, the same ones each time.

    Args:
        plan: says how many (validation_cases), and on which grid.
        split: case names, under "training" and "validation".
        cases: all of the run.
        folder: of the run, which what is found in one of them is left in, to be watched; None to leave nothing.

    Returns:
        A function of a pyramid, for `Run.train`.
    """
    held = sorted(split["validation"])
    names = set(random.Random(plan.seed).sample(held, min(plan.validation_cases, len(held))))
    chosen, reader = [case for case in cases if case.name in names], CaseReader(plan)
    watched = WatchedCase(folder, chosen[0], plan) if folder and chosen else None

    def validate(pyramid: Pyramid) -> Scores:
        scores, holds = [], []
        with torch.inference_mode():
            for image, labels in (window for case in chosen for window in reader(case)):
                mask = _found(pyramid, image, plan.preprocessing)
                per_label = [dice(mask == n, labels == n) for n in range(1, len(plan.labels) + 1)]
                scores.append([dice(mask > 0, labels > 0), *per_label])
                holds.append([True, *((labels == n).any() for n in range(1, len(plan.labels) + 1))])
                if watched and len(scores) == 1:
                    with suppress(MedNCAError):  # what is only watched ends no training
                        watched.write(mask, scores[0][0])
        table, held_by = np.array(scores), np.array(holds)
        held_by |= ~held_by.any(axis=0)  # a label that no case holds is rightly found in none
        union, *per_label = np.mean(table, axis=0, where=held_by).round(4).tolist()
        return Scores(union, tuple(per_label))

    return validate


def _found(pyramid: Pyramid, image: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Labels (R, A, S) that one member finds; nothing where a channel (R, A, S, channels) shows nothing."""
    try:
        seen = normalize_channels(np.moveaxis(image, -1, 0), preprocessing.percentiles, preprocessing.gamma)
    except NothingFound:
        return np.zeros(image.shape[:3], np.uint8)
    return to_labels(run_ensemble(pyramid, seen, 1, 0).mean)

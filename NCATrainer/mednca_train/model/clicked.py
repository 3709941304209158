"""What clicks do that miss a structure's middle, or the structure: whether the mask and its light stay the same, and
whether nothing is called good where nothing of the kind is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mednca.errors import MedNCAError
from mednca.evaluate import structures_of, values_in
from mednca.imaging.metrics import dice
from mednca.imaging.reading import read_image, read_labels
from mednca.models.weights import Model, load_model
from mednca.nca.firing import mix
from mednca.pool import Pool
from mednca.segment import segment_image

from ..data.cases import Case
from ..data.clicks import Click, click_beside, clicks_elsewhere

DISPLACEMENTS = (8.0, 14.0, 20.0)  # mm that a click is moved off a structure's middle
REFUSED = "refused"  # in place of a color, where a sentence said why nothing is segmented
_SAME = 0.98  # Dice from which two masks are the same
_STREAM = 78


@dataclass(frozen=True)
class DisplacedClick:
    """A click beside a structure's middle, against one into it.

    Attributes:
        distance: mm that the click was moved.
        dice: of the two masks.
        colors: of the light, clicked in the middle and beside it.
        seconds: that segmenting took, and its verdict.
    """

    distance: float
    dice: float
    colors: tuple[str, str]
    seconds: tuple[float, float]


@dataclass(frozen=True)
class ElsewhereClick:
    """A click far from every structure.

    Attributes:
        place: as `data.clicks.clicks_elsewhere` has them.
        color: of the light, or `REFUSED`.
    """

    place: str
    color: str


def measure_clicks(
    pool: Pool, folder: Path, cases: list[Case], seed: int, step: Callable[[], None], failed: dict[str, str]
) -> dict:
    """Click beside the middle of every structure of some cases, and elsewhere in their images.

    Args:
        pool: whose processes do it.
        folder: of the model.
        cases: larger images; all their label values count.
        seed: of the clicks.
        step: called after each case; it may raise to stop.
        failed: takes, by case, why one could not be measured.

    Returns:
        As JSON has it: by distance how many clicks gave the same mask and color; by place elsewhere the colors; and the
        verdict's share of the time.
    """
    displaced, elsewhere = [], []
    for outcome in pool.run(_click, [(str(folder), case, mix((seed, _STREAM, i))) for i, case in enumerate(cases)]):
        if outcome.result:
            displaced += outcome.result[0]
            elsewhere += outcome.result[1]
        if outcome.error:
            failed[outcome.job[1].name] = str(outcome.error)
        step()
    spent = np.sum([click.seconds for click in displaced], axis=0) if displaced else None
    return {
        "distances": {
            f"{distance:g} mm": _same([click for click in displaced if click.distance == distance])
            for distance in dict.fromkeys(click.distance for click in displaced)
        },
        "elsewhere": {
            place: dict(Counter(click.color for click in elsewhere if click.place == place))
            for place in dict.fromkeys(click.place for click in elsewhere)
        },
        "verdict_share_of_time": None if spent is None else round(float(spent[1] / spent[0]), 4),
    }


def _same(clicks: list[DisplacedClick]) -> dict:
    return {
        "clicks": len(clicks),
        "same_mask": sum(click.dice >= _SAME for click in clicks),
        "same_color": sum(click.colors[0] == click.colors[1] for click in clicks),
        "least_dice": round(min(click.dice for click in clicks), 4),
    }


def _click(job) -> tuple[list[DisplacedClick], list[ElsewhereClick]]:
    folder, case, seed = job
    model, image, truth = load_model(folder), read_image(*case.channels), read_labels(case.labels)
    draw, displaced = np.random.default_rng(seed), []
    for structure in structures_of(model.preprocessing.field_of_view, truth, values_in(truth)):
        if structure.clicks:
            displaced += _displaced(model, image, structure.clicks[0], draw)
    elsewhere = clicks_elsewhere(image, truth, draw) if displaced else {}
    return displaced, [ElsewhereClick(place, _color(model, image, click))
                       for place, clicks in elsewhere.items() for click in clicks]  # fmt: skip


def _displaced(model: Model, image: sitk.Image, middle: Click, draw: np.random.Generator) -> list[DisplacedClick]:
    centered, found = segment_image(image, model, [middle], device="cpu", with_hotspots=False), []
    mask = sitk.GetArrayFromImage(centered.labels) > 0
    for distance in DISPLACEMENTS:
        beside = segment_image(image, model, [click_beside(image, middle, distance, draw)], device="cpu")
        seconds = beside.report.seconds  # with the uncertain regions, as people get it
        colors = centered.findings[0].verdict.color, beside.findings[0].verdict.color
        same = dice(mask, sitk.GetArrayFromImage(beside.labels) > 0)
        found.append(DisplacedClick(distance, same, colors, (sum(seconds.values()), seconds["verdict"])))
    return found


def _color(model: Model, image: sitk.Image, click: Click) -> str:
    try:
        result = segment_image(image, model, [click], device="cpu", with_hotspots=False)
    except MedNCAError:
        return REFUSED
    return result.findings[0].verdict.color

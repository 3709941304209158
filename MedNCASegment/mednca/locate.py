"""Where in an image a structure lies: around a click, or where the model says that it usually is.

A few members of the ensemble look; what all of them say there is `finding`'s business.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .axes import triple
from .errors import NothingFound
from .field import Field, Request, grid_around, kept_labels, touches_side
from .imaging.geometry import Grid
from .imaging.structures import distance_to, middle
from .models.description import LEFT, RIGHT, Seed
from .quality.domain import FAR, MIN_MEMBERS, Circumstances, objection_to
from .result import Place

LOCATE_MEMBERS = 2  # members that locate the structure before the whole ensemble runs
LOCATE_ROUNDS = 5
# mm: a field of view that would move less than this stays where it is. Less than a voxel: so clicks beside a structure
# end in the same field, and have the same result.
LOCATE_TOLERANCE = 0.5
# mm beside a seed, where nothing fitting was found at the seed itself: heads differ, and lie tilted.
AROUND_SEED = ((0, 0, 0), (0, 0, -15), (0, 0, 15), (0, -15, 0), (0, 15, 0), (-10, 0, 0), (10, 0, 0))
SURE_OF_SIDE = 8.0  # mm from the middle of the body, from which a structure's side can be told


def locate(
    request: Request,
    grid: Grid,
    click: tuple[float, float, float],
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> tuple[Field, tuple[float, ...]]:
    """Re-center a field of view on what is found in it until it stays.

    A few members run in each round; those of the last field are the ensemble's first ones.

    Args:
        request: that it is a field of.
        grid: where it begins.
        click: RAS mm, that it is around.
        progress: called with the stage "locating", rounds done and rounds at most; may raise to stop.

    Returns:
        The field, and what each round moved it, mm.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a field too small for the model, or too little memory.
    """
    moves: list[float] = []
    field = Field(request, grid, click)
    if request.model.preprocessing.field_of_view is None:
        return field, ()
    for attempt in range(LOCATE_ROUNDS):
        progress("locating", attempt, LOCATE_ROUNDS)
        mask, there = _glance(field)
        if mask.any():
            following = grid_around(request, there.image_index(middle(mask > 0)))
        else:
            following = _look_around(request, field) if attempt == 0 else field.grid
        move = float(np.linalg.norm((following.start - field.grid.start) * request.canonical.spacing))
        moves.append(round(move, 2))
        if move < LOCATE_TOLERANCE:
            break
        field = Field(request, following, click)
    return field, tuple(moves)


def _glance(field: Field) -> tuple[np.ndarray, Grid]:
    """What a few members find in a field, and the grid of that."""
    request = field.request
    statistics = field.run(min(LOCATE_MEMBERS, request.members))
    mask, _dropped = kept_labels(request.model, statistics, is_single=True)
    return mask, field.grid.cut(statistics.region)


def _look_around(request: Request, field: Field) -> Grid:
    """Where nothing was found: of the fields a quarter of one beside it, the one in which most is found, near enough to
    the click to be what was meant; the field's own grid where there is none."""
    p, canonical, grid = request.model.preprocessing, request.canonical, field.grid
    center = grid.image_index((np.array(grid.size) - 1) / 2) + np.asarray(p.anchor) / canonical.spacing
    quarter = np.array(grid.size) * grid.spacing / canonical.spacing / 4
    best, most = grid, 0
    for direction in (*np.eye(3), *-np.eye(3)):
        beside = grid_around(request, center + direction * quarter)
        try:
            mask, there = _glance(Field(request, beside, field.click))
        except NothingFound:
            continue
        distance = distance_from(request, mask, there, field.click)
        if distance is not None and distance <= FAR and np.count_nonzero(mask) > most:
            best, most = beside, int(np.count_nonzero(mask))
    return best


def find_place(request: Request, seed: Seed, step: Callable[[int], None] = lambda tried: None) -> Place | None:
    """Look for a structure where the model says that it usually lies.

    Args:
        request: on an image larger than a field of view.
        seed: of the model.
        step: called often, with how many of `AROUND_SEED` were tried; may raise to stop.

    Returns:
        The first place at or beside the seed at which what is found can be the structure: on the seed's side, in one
        piece, as large as such structures are, and not cut. None where there is none.

    Raises:
        NothingFound: for an image without contrast.
        MedNCAError: for a field too small for the model, or too little memory.
    """
    canonical, last = request.canonical, np.array(request.canonical.array.shape) - 1
    start = request.body.at(seed.position)
    for tried, beside in enumerate(AROUND_SEED):
        index = np.clip(start + np.array(beside) / canonical.spacing, 0, last)
        try:
            grid, click = grid_around(request, index), triple(canonical.ras_of(index).tolist())
            field, _moves = locate(request, grid, click, lambda *_told: step(tried))  # noqa: B023 called at once
        except NothingFound:
            continue
        mask, there = _glance(field)
        if not mask.any():
            continue
        center = there.image_index(middle(mask > 0))
        if side_of(request, center) == seed.side and _is_plausible(field, mask, there):
            return Place(triple(round(float(x), 2) for x in canonical.ras_of(center)), seed.side)
    return None


def _is_plausible(field: Field, mask: np.ndarray, grid: Grid) -> bool:
    """Whether nothing that a few members can tell stands against what they found."""
    request = field.request
    size = np.array(field.grid.size) * field.grid.spacing
    circumstances = Circumstances(
        members=MIN_MEMBERS,
        spacing=triple(request.canonical.spacing.tolist()),
        extent=triple(size.tolist()),
        volume=float(np.count_nonzero(mask) * np.prod(grid.spacing)),
        touches=touches_side(mask, grid, request.canonical, is_single=True),
    )
    return objection_to(circumstances, request.model.domain) is None


def side_of(request: Request, index: np.ndarray) -> str | None:
    """On which side of the body a structure lies.

    Args:
        request: whose model says whether there is one on each side.
        index: of its middle, a continuous voxel index (R, A, S) of the canonical image.

    Returns:
        `LEFT` or `RIGHT`; None where there is only one such structure, too near to the middle to tell, or in an image
        that shows no middle: of about one field of view, or of one side of the body.
    """
    if request.is_one_field or not {seed.side for seed in request.model.seeds} >= {LEFT, RIGHT}:
        return None
    try:
        body = request.body
    except NothingFound:  # nearly all of the image is air
        return None
    if not body.shows_middle:
        return None
    right = body.right_of_middle(index)
    if abs(right) < SURE_OF_SIDE:
        return None
    return RIGHT if right > 0 else LEFT


def distance_from(
    request: Request, mask: np.ndarray, grid: Grid, click: tuple[float, float, float] | None
) -> float | None:
    """How far a click lies from what was found.

    Args:
        request: on whose image both are.
        mask: labels (R, A, S) on the grid.
        grid: on the image.
        click: RAS mm, or None.

    Returns:
        mm to the nearest voxel found, 0 inside; None where nobody clicked or nothing was found.
    """
    if click is None:
        return None
    canonical = request.canonical
    return distance_to(
        mask, grid.spacing, (canonical.index_of(click) - grid.image_index((0, 0, 0))) * canonical.spacing
    )

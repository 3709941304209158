"""What the ensemble says in one field of view: run it, paint it, measure it, judge it.

It knows one field at a time; what a request is made of, and the report, is `segment`'s business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .axes import triple
from .field import ROI_FROM_VOXELS, Field, Request, kept_labels, touches_side
from .imaging.geometry import Grid
from .imaging.structures import middle, piece_at
from .locate import distance_from, locate, side_of
from .messages import Progress
from .models.weights import Model
from .nca.ensemble import Statistics
from .nca.memory import trim_heap
from .quality.calibration import CROP, SCAN
from .quality.domain import Circumstances, objection_to
from .quality.evidence import Evidence, gather
from .quality.signals import UNION, measure_signals, nqm_near
from .quality.verdict import judge
from .result import Finding

_AT_CLICK = 2.0  # mm from a voxel's middle to the click that lies in it, or beside it


def segment_field(request: Request, grid: Grid, click: tuple[float, float, float] | None, number: int = 1) -> Finding:
    """Find the structure in one field of view, run the ensemble, paint and judge it.

    Args:
        request: the request; its canvas is painted on.
        grid: where the field begins (`first_grid`); around a click it is re-centered on what is found.
        click: RAS mm, or None for the whole image.
        number: of the field among the request's, from 1 on.

    Returns:
        What was found.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a field too small for the model, or too little memory.
    """

    def progress(stage, done, total):
        request.progress(Progress(stage, done, total, number, request.fields))

    moves, field = (), None
    if click:
        with request.timed("locate"):
            field, moves = locate(request, grid, click, progress)
    with request.timed("ensemble"):
        field = field or Field(request, grid, click)
        statistics = field.run(request.members, lambda done, total: progress("ensemble", done, total))
        grid, is_single = field.grid, field.is_single
        del field  # its voxels and sums: a large one has to make room for its results
        _make_room(grid)
    with request.timed("verdict"):
        result = _look(request, grid, is_single, click, statistics)
    mean, variance = statistics.mean, statistics.variance
    del statistics  # the labels' variances and the members' masks: the same
    _make_room(grid)
    with request.timed("restore"):
        painted = request.canvas.paint(result.grid, mean, variance)
    return _judged(request, result, painted, moves)


def _make_room(grid: Grid) -> None:
    if math.prod(grid.size) > ROI_FROM_VOXELS:
        trim_heap()


@dataclass(frozen=True)
class _Result:
    """What the statistics of one field of view say, on the model's grid.

    Attributes:
        grid: of the mask; of a region of interest where only that was computed.
        extent: mm of the whole field of view.
        mask: labels, without the pieces that were dropped.
        is_single: whether one structure was looked for.
        click, context, nqm, signals, distance_mm, dropped_mm3, computed_share: as of `Finding`.
        clicked_mm3: of the piece that was dropped where somebody clicked.
    """

    grid: Grid
    extent: tuple[float, float, float]
    mask: np.ndarray
    is_single: bool
    click: tuple[float, float, float] | None
    context: str
    nqm: dict[str, float | None]
    signals: dict[str, float | None]
    distance_mm: float | None
    dropped_mm3: float
    computed_share: float
    clicked_mm3: float


def _look(request: Request, grid: Grid, is_single: bool, click, statistics: Statistics) -> _Result:
    """Measure what the members say of the piece that is kept; the others are cleared in the statistics' mean."""
    model = request.model
    extent = triple(float(n * s) for n, s in zip(grid.size, grid.spacing, strict=True))
    mask, dropped = kept_labels(model, statistics, is_single)
    grid = grid.cut(statistics.region)  # a region of interest is all that was computed
    evidence = gather(statistics, mask > 0, grid.spacing)
    nqm, signals = _nqm_by_name(model, evidence), measure_signals(evidence)
    np.copyto(statistics.mean, 0, where=dropped[..., None])
    return _Result(
        grid, extent, mask, is_single, click,
        context=SCAN if click and not request.is_one_field else CROP,
        nqm=nqm,
        signals=signals,
        distance_mm=distance_from(request, mask, grid, click),
        dropped_mm3=round(float(np.count_nonzero(dropped) * np.prod(grid.spacing)), 1),
        computed_share=round(statistics.computed_share, 4),
        clicked_mm3=_clicked(request, dropped, grid, click),
    )  # fmt: skip


def _clicked(request: Request, dropped: np.ndarray, grid: Grid, click: tuple[float, float, float] | None) -> float:
    """mm^3 of the piece that was dropped where somebody clicked."""
    if click is None or not dropped.any():
        return 0.0
    beside = (request.canonical.index_of(click) - grid.image_index((0, 0, 0))) * request.canonical.spacing
    return float(piece_at(dropped, grid.spacing, beside, _AT_CLICK) * np.prod(grid.spacing))


def _judged(request: Request, result: _Result, painted: np.ndarray, moves) -> Finding:
    """The finding. painted: labels on the image's voxels, whose volumes are told."""
    canonical, model, mask = request.canonical, request.model, result.mask
    voxel = float(np.prod(canonical.spacing))
    volumes = {label.name: float(np.count_nonzero(painted == label.value) * voxel) for label in model.labels}
    volumes["union"] = float(np.count_nonzero(painted) * voxel)
    circumstances = Circumstances(
        members=request.members,
        spacing=triple(canonical.spacing.tolist()),
        extent=result.extent,
        volume=volumes["union"],
        touches=touches_side(mask, result.grid, canonical, result.is_single),
        dropped=result.dropped_mm3,
        distance=result.distance_mm,
        clicked=result.clicked_mm3,
    )
    objection = objection_to(circumstances, model.domain)
    center = middle(mask > 0) if mask.any() else (np.array(mask.shape) - 1) / 2
    center = result.grid.image_index(center)
    return Finding(
        click=result.click,
        center=triple(round(float(x), 2) for x in canonical.ras_of(center)),
        side=side_of(request, center) if mask.any() else None,
        field_of_view=result.extent,
        nqm=result.nqm,
        volume_mm3=volumes,
        verdict=judge(
            result.signals, request.members, request.identity.calibration, request.target_dice, objection,
            result.context,
        ),
        objection=objection,
        signals=result.signals,
        context=result.context,
        distance_mm=result.distance_mm,
        dropped_mm3=result.dropped_mm3,
        moves=moves,
        computed_share=result.computed_share,
    )  # fmt: skip


def _nqm_by_name(model: Model, evidence: Evidence | None) -> dict[str, float | None]:
    """Eq. (1) near the kept piece, per label name and of the union; None where nothing was found."""
    channels = {**{label.name: number for number, label in enumerate(model.labels)}, "union": UNION}
    return {name: nqm_near(evidence, channel) if evidence else None for name, channel in channels.items()}

"""One field of view: find the structure, run the ensemble in it, and judge what it says.

It knows one field at a time; what a request is made of, and the report, is `segment`'s business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch

from .axes import triple
from .canvas import Canvas
from .errors import MedNCAError, NothingFound
from .imaging.geometry import CanonicalImage, Grid, normalize
from .imaging.structures import is_one_field, middle
from .messages import Progress
from .models.weights import Model
from .nca.ensemble import Ensemble, Statistics
from .nca.labels import to_labels
from .nca.memory import trim_heap
from .quality.calibration import CROP, SCAN
from .quality.domain import FAR, Circumstances, objection_to
from .quality.evidence import Evidence, gather
from .quality.signals import UNION, measure_signals, nqm_near
from .quality.verdict import judge
from .result import Finding, ModelIdentity

LOCATE_MEMBERS = 2  # members that locate the structure before the whole ensemble runs
LOCATE_ROUNDS = 5
ROI_FROM_VOXELS = 1_000_000
# mm: a field of view that would move less than this stays where it is. Less than a voxel: so clicks beside a structure
# end in the same field, and have the same result.
LOCATE_TOLERANCE = 0.5


@dataclass
class Request:
    """What is asked for in one image, and what its fields share on their way.

    Attributes:
        canvas: what each field painted so far.
        identity: of the model, as the report names it.
        device: where it is computed; the processor once an accelerator has run out of memory.
        seconds: per stage; notes: sentences for people. Both are added to.
        Else as of `segment.segment_image`.
    """

    canvas: Canvas
    model: Model
    identity: ModelIdentity
    members: int
    seed: int
    target_dice: float
    progress: Callable[[Progress], None]
    memory_limit: float | None
    roi: bool | None
    device: torch.device
    seconds: dict[str, float]
    notes: list[str]
    fields: int = 1

    @property
    def canonical(self) -> CanonicalImage:
        """The image that is segmented."""
        return self.canvas.canonical

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what the block takes to the seconds of a stage."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def first_grid(request: Request, click: tuple[float, float, float] | None) -> Grid:
    """The field of view of a request's click, or the whole image without one.

    Args:
        request: the request.
        click: RAS mm.

    Returns:
        The field around the click, with the structure where the training cases had it.

    Raises:
        MedNCAError: for a click outside the image.
    """
    canonical = request.canonical
    if click is None:
        return Grid.whole(canonical, request.model.preprocessing.spacing)
    index, last = canonical.index_of(click), np.array(canonical.array.shape) - 1
    if not np.isfinite(index).all() or np.any(index < -0.5) or np.any(index > last + 0.5):
        shown = ", ".join(f"{x:g}" for x in click)
        corners = zip("RAS", canonical.ras_of((0, 0, 0)), canonical.ras_of(last), strict=True)
        span = "; ".join(f"{axis} {min(a, b):.0f} to {max(a, b):.0f}" for axis, a, b in corners)
        raise MedNCAError(f"The click ({shown}) mm RAS lies outside the image ({span} mm); click inside it.")
    return _grid_around(request, index)


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
            field, moves = _locate(request, grid, click, progress)
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


class Field:
    """One grid and its ensemble.

    Args:
        request: that it is a field of.
        grid: on the image.
        click: RAS mm that it is around; None for a whole image.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a field too small for the model.
    """

    def __init__(self, request: Request, grid: Grid, click: tuple[float, float, float] | None = None):
        _check_size(request.model, grid)
        self.request, self.grid, self.click, p = request, grid, click, request.model.preprocessing
        image = normalize(grid.extract(request.canonical.array), p.percentiles, p.gamma)
        roi = image.size > ROI_FROM_VOXELS if request.roi is None else request.roi
        self.is_single = is_single(request.model, grid, click)
        choose = _largest_piece if self.is_single and p.keep_largest else None
        held = request.canonical.array.nbytes + request.canvas.nbytes
        self.ensemble = Ensemble(request.model.pyramid, image, request.seed, request.memory_limit, roi, choose, held)

    def run(self, members: int, progress: Callable[[int, int], None] | None = None) -> Statistics:
        """Run the ensemble. An accelerator that runs out of memory is given up for the processor.

        Args:
            members: how many; those that ran before are not run again.
            progress: called with (done, total) after each member; may raise to stop.

        Returns:
            Their statistics.

        Raises:
            MedNCAError: where the processor's memory is too small, or the memory limit cannot be met.
        """
        request = self.request
        while True:
            try:
                return self.ensemble.run(members, progress)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
                    raise
                if request.device.type == "cpu":
                    size = " x ".join(str(n) for n in self.grid.size)
                    raise MedNCAError(
                        f"There is not enough memory for a field of {size} voxels; click on the organ, or close other "
                        "programs."
                    ) from error
            request.notes.append(f"The {request.device} device ran out of memory; the processor (cpu) is used instead.")
            request.device = torch.device("cpu")
            request.model.pyramid.to(request.device)
            self.ensemble.start_over()


def _make_room(grid: Grid) -> None:
    if math.prod(grid.size) > ROI_FROM_VOXELS:
        trim_heap()


def is_single(model: Model, grid: Grid, click: tuple[float, float, float] | None) -> bool:
    """Whether one structure is to be found in a grid, rather than whatever there is.

    Args:
        model: whose field of view tells.
        grid: on the image.
        click: RAS mm; None where nobody clicked.

    Returns:
        True around a click, and in an image of about the model's field of view.
    """
    extent = [n * mm for n, mm in zip(grid.size, grid.spacing, strict=True)]
    return click is not None or is_one_field(model.preprocessing.field_of_view, extent)


def _grid_around(request: Request, index) -> Grid:
    p = request.model.preprocessing
    if p.field_of_view is None:
        return Grid.whole(request.canonical, p.spacing)
    center = np.asarray(index) - np.asarray(p.anchor) / request.canonical.spacing
    return Grid.around(request.canonical, p.spacing, center, p.field_of_view)


def _check_size(model: Model, grid: Grid) -> None:
    """Refuse an image with fewer voxels along an axis than the largest kernel: most that it perceives were mirrored."""
    architecture = model.architecture
    for level in architecture.levels:
        kernel = architecture.kernel_shape(level)
        if any(n < k for n, k in zip(grid.size, kernel, strict=True)):
            size, needed = (" x ".join(str(n) for n in shape) for shape in (grid.size, kernel))
            raise MedNCAError(
                f"The image has only {size} voxels (R, A, S) on the model's grid; this model needs at least {needed}."
            )


def _locate(request: Request, grid: Grid, click, progress) -> tuple[Field, tuple[float, ...]]:
    """Re-center a clicked field of view on what is found in it until it stays; returns it and its moves in mm.

    A few members run in each round; those of the last field are the ensemble's first ones.
    """
    moves: list[float] = []
    field = Field(request, grid, click)
    if request.model.preprocessing.field_of_view is None:
        return field, ()
    for attempt in range(LOCATE_ROUNDS):
        progress("locating", attempt, LOCATE_ROUNDS)
        mask, there = _glance(field)
        if mask.any():
            following = _grid_around(request, there.image_index(middle(mask > 0)))
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
    mask, _dropped = _kept_labels(request.model, statistics, is_single=True)
    return mask, field.grid.cut(statistics.region)


def _look_around(request: Request, field: Field) -> Grid:
    """Where nothing was found: of the fields a quarter of one beside it, the one in which most is found, near enough to
    the click to be what was meant; the field's own grid where there is none."""
    p, canonical, grid = request.model.preprocessing, request.canonical, field.grid
    center = grid.image_index((np.array(grid.size) - 1) / 2) + np.asarray(p.anchor) / canonical.spacing
    quarter = np.array(grid.size) * grid.spacing / canonical.spacing / 4
    best, most = grid, 0
    for direction in (*np.eye(3), *-np.eye(3)):
        beside = _grid_around(request, center + direction * quarter)
        try:
            mask, there = _glance(Field(request, beside, field.click))
        except NothingFound:
            continue
        distance = _distance(mask, there, canonical, field.click)
        if distance is not None and distance <= FAR and np.count_nonzero(mask) > most:
            best, most = beside, int(np.count_nonzero(mask))
    return best


@dataclass(frozen=True)
class _Result:
    """What the statistics of one field of view say, on the model's grid.

    Attributes:
        grid: of the mask; of a region of interest where only that was computed.
        extent: mm of the whole field of view.
        mask: labels, without the pieces that were dropped.
        is_single: whether one structure was looked for.
        click, context, nqm, signals, distance_mm, dropped_mm3, computed_share: as of `Finding`.
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


def _look(request: Request, grid: Grid, is_single: bool, click, statistics: Statistics) -> _Result:
    """Measure what the members say of the piece that is kept; the others are cleared in the statistics' mean."""
    model, canonical = request.model, request.canonical
    extent = triple(float(n * s) for n, s in zip(grid.size, grid.spacing, strict=True))
    mask, dropped = _kept_labels(model, statistics, is_single)
    grid = grid.cut(statistics.region)  # a region of interest is all that was computed
    evidence = gather(statistics, mask > 0, grid.spacing)
    nqm, signals = _nqm_by_name(model, evidence), measure_signals(evidence)
    np.copyto(statistics.mean, 0, where=dropped[..., None])
    return _Result(
        grid, extent, mask, is_single, click,
        context=SCAN if click and not _is_one_field(model, canonical) else CROP,
        nqm=nqm,
        signals=signals,
        distance_mm=_distance(mask, grid, canonical, click),
        dropped_mm3=round(float(np.count_nonzero(dropped) * np.prod(grid.spacing)), 1),
        computed_share=round(statistics.computed_share, 4),
    )  # fmt: skip


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
        touches=_touches_side(mask, result.grid, canonical, result.is_single),
        dropped=result.dropped_mm3,
        distance=result.distance_mm,
    )
    objection = objection_to(circumstances, model.domain)
    center = middle(mask > 0) if mask.any() else (np.array(mask.shape) - 1) / 2
    return Finding(
        click=result.click,
        center=triple(round(float(x), 2) for x in canonical.ras_of(result.grid.image_index(center))),
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


def _is_one_field(model: Model, canonical: CanonicalImage) -> bool:
    """Whether the whole image is about one field of view."""
    extent = np.array(canonical.array.shape) * canonical.spacing
    return model.preprocessing.field_of_view is None or is_one_field(model.preprocessing.field_of_view, extent)


def _distance(mask: np.ndarray, grid: Grid, canonical: CanonicalImage, click) -> float | None:
    """mm from the click to the nearest voxel found, 0 inside; None where nobody clicked or nothing was found."""
    if click is None or not mask.any():
        return None
    first = grid.image_index((0, 0, 0))
    axes = zip(mask.shape, grid.spacing, (canonical.index_of(click) - first) * canonical.spacing, strict=True)
    # From a voxel's side, not its middle; squares along each axis, and plane by plane.
    r, a, s = (np.maximum(np.abs(np.arange(n) * mm - at) - mm / 2, 0) ** 2 for n, mm, at in axes)
    within = a[:, None] + s
    nearest = min(float(off + within[plane > 0].min()) for off, plane in zip(r, mask, strict=True) if plane.any())
    return round(math.sqrt(nearest), 1)


def _kept_labels(model: Model, statistics: Statistics, is_single: bool) -> tuple[np.ndarray, np.ndarray]:
    """The labels on the model's grid without the pieces that are dropped, and where those are (bool)."""
    mask = to_labels(statistics.mean)
    if not (is_single and model.preprocessing.keep_largest):
        return mask, np.broadcast_to(False, mask.shape)
    dropped = _small_pieces(mask)
    mask[dropped] = 0
    return mask, dropped


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    """Bool: the largest 26-connected piece of a mask."""
    return (mask > 0) & ~_small_pieces(mask)


def _small_pieces(mask: np.ndarray) -> np.ndarray:
    """Bool, True in all but the largest 26-connected piece of a mask."""
    components = sitk.ConnectedComponent(sitk.GetImageFromArray((mask > 0).astype(np.uint8)), True)
    components = sitk.RelabelComponent(components, sortByObjectSize=True)
    return sitk.GetArrayFromImage(components) > 1


def _touches_side(mask: np.ndarray, grid: Grid, canonical: CanonicalImage, is_single: bool) -> bool:
    """Whether the mask reaches a side of the field of view behind which the structure may go on: one where the image
    goes on, or, where one structure is looked for, any."""
    step = grid.spacing / grid.image_spacing
    last = grid.start + (np.array(grid.size) - 1) * step
    for axis in range(3):
        plane = np.moveaxis(mask, axis, 0)
        if plane.shape[0] == 1 and canonical.array.shape[axis] == 1:
            continue  # a single slice has no sides
        if (is_single or grid.start[axis] > step[axis]) and plane[0].any():
            return True
        if (is_single or last[axis] < canonical.array.shape[axis] - 1 - step[axis]) and plane[-1].any():
            return True
    return False

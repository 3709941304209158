"""One field of view: find the structure, run the ensemble, paint and judge what it says."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import SimpleITK as sitk
import torch

from .errors import MedNCAError
from .imaging.geometry import CanonicalImage, Grid, normalize
from .imaging.structures import is_one_field
from .models.weights import Model
from .nca.ensemble import Ensemble, Statistics
from .nca.labels import to_labels, union
from .nca.memory import trim_heap
from .quality.calibration import Calibration
from .quality.domain import Domain, Objection, objection_to
from .quality.verdict import Verdict, judge

LOCATE_MEMBERS = 2  # members that look for the structure before the whole ensemble runs
LOCATE_ROUNDS = 3
ROI_FROM_VOXELS = 1_000_000
SETTLED = 2.5  # mm: the field of view has settled when it moves less than this


@dataclass(frozen=True)
class Finding:
    """The result within one field of view (one click, or the whole image).

    click: RAS mm or None; center: RAS mm of the middle of what was found, or of the field of view; nqm: per label
    name and "union"; volume_mm3: likewise; moves: how far each round moved the field of view, mm.
    computed_share: of the finest level's cells, margins included; less than 1 where a region of interest was used.
    """

    click: tuple[float, float, float] | None
    center: tuple[float, float, float]
    field_of_view: tuple[float, float, float]
    nqm: dict[str, float | None]
    volume_mm3: dict[str, float]
    verdict: Verdict
    objection: Objection | None
    moves: tuple[float, ...] = ()
    computed_share: float = 1.0


@dataclass
class _Job:
    """One request on its way: what is asked for, and what each field of view has painted so far.

    painted: (region of the canonical as slices, [labels, variance, probability]), in the order of the clicks.
    """

    canonical: CanonicalImage
    model: Model
    members: int
    seed: int
    target_dice: float
    progress: Callable[[str, int, int], None]
    seconds: dict[str, float]
    memory_limit: float | None
    roi: bool | None
    device: torch.device
    notes: list[str]
    painted: list = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str):
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _segment_field(job: _Job, box: Grid, click, which: str) -> Finding:
    """One field of view: find it, run the ensemble, paint and judge. which: of several clicks, for the progress."""
    moves, field_of_view = (), None
    if click:
        with job.timed("locate"):
            field_of_view, moves = _locate(job, box, click, f"locating{which}")
    with job.timed("ensemble"):
        field_of_view = field_of_view or _Field(job, box, click)
        statistics = field_of_view.run(job.members, lambda done, of: job.progress(f"ensemble{which}", done, of))
        box, single = field_of_view.box, field_of_view.single
        del field_of_view  # its voxels and sums: a large one has to make room for its results
        if math.prod(box.size) > ROI_FROM_VOXELS:
            trim_heap()
    with job.timed("restore"):
        return _finish(job, box, single, click, moves, statistics)


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    """Bool: the largest 26-connected piece of a mask."""
    return (mask > 0) & ~_small_pieces(mask)


def _small_pieces(mask: np.ndarray) -> np.ndarray:
    """Bool, True in all but the largest 26-connected piece of a mask."""
    components = sitk.ConnectedComponent(sitk.GetImageFromArray((mask > 0).astype(np.uint8)), True)
    components = sitk.RelabelComponent(components, sortByObjectSize=True)
    return sitk.GetArrayFromImage(components) > 1


class _Field:
    """One box and its ensemble."""

    def __init__(self, job: _Job, box: Grid, click=None):
        _check_size(job.model, box)
        self.job, self.box, p = job, box, job.model.preprocessing
        image = normalize(box.extract(job.canonical.array), p.percentiles, p.gamma)
        roi = image.size > ROI_FROM_VOXELS if job.roi is None else job.roi
        self.single = _is_single(job.model, box, click)
        choose = _largest_piece if self.single and p.keep_largest else None
        held = job.canonical.array.nbytes + sum(part.nbytes for _region, parts in job.painted for part in parts)
        self.ensemble = Ensemble(job.model.pyramid, image, job.seed, job.memory_limit, roi, choose, held)

    def run(self, members: int, progress=None) -> Statistics:
        """The ensemble's statistics. An accelerator that runs out of memory is given up for the processor; where that
        runs out, too, it becomes a sentence."""
        job = self.job
        while True:
            try:
                return self.ensemble.run(members, progress)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
                    raise
                if job.device.type == "cpu":
                    size = " x ".join(str(n) for n in self.box.size)
                    raise MedNCAError(
                        f"There is not enough memory for a field of {size} voxels; click on the organ, or close other "
                        "programs."
                    ) from error
            job.notes.append(f"The {job.device} device ran out of memory; the processor (cpu) is used instead.")
            job.device = torch.device("cpu")
            job.model.pyramid.to(job.device)
            self.ensemble.start_over()


def _first_box(job: _Job, click) -> Grid:
    """The field of view around a click, with the structure where the training cases had it."""
    index, last = job.canonical.index_of(click), np.array(job.canonical.array.shape) - 1
    if not np.isfinite(index).all() or np.any(index < -0.5) or np.any(index > last + 0.5):
        shown = ", ".join(f"{x:g}" for x in click)
        corners = zip("RAS", job.canonical.ras_of((0, 0, 0)), job.canonical.ras_of(last), strict=True)
        span = "; ".join(f"{axis} {min(a, b):.0f} to {max(a, b):.0f}" for axis, a, b in corners)
        raise MedNCAError(f"The click ({shown}) mm RAS lies outside the image ({span} mm); click inside it.")
    return _box_around(job, index)


def _box_around(job: _Job, index) -> Grid:
    p = job.model.preprocessing
    if p.field_of_view is None:
        return Grid.whole(job.canonical, p.spacing)
    center = np.asarray(index) - np.asarray(p.anchor) / job.canonical.spacing
    return Grid.around(job.canonical, p.spacing, center, p.field_of_view)


def _check_size(model: Model, box: Grid) -> None:
    """Refuse an image with fewer voxels along an axis than the largest kernel: it would see mostly mirrored ones."""
    architecture = model.architecture
    for level in architecture.levels:
        kernel = architecture.kernel_shape(level)
        if any(n < k for n, k in zip(box.size, kernel, strict=True)):
            size, needed = (" x ".join(str(n) for n in shape) for shape in (box.size, kernel))
            raise MedNCAError(
                f"The image has only {size} voxels (R, A, S) on the model's grid; this model needs at least {needed}."
            )


def _locate(job: _Job, box: Grid, click, stage: str) -> tuple[_Field, tuple[float, ...]]:
    """Re-center a clicked field of view on what is found in it until it settles; returns it and its moves in mm.

    A few members look; in the field where it settles they are the ensemble's first ones.
    """
    moves = []
    field_of_view = _Field(job, box, click)
    if job.model.preprocessing.field_of_view is None:
        return field_of_view, ()
    for attempt in range(LOCATE_ROUNDS):
        job.progress(stage, attempt, LOCATE_ROUNDS)
        statistics = field_of_view.run(min(LOCATE_MEMBERS, job.members))
        mask = _mask(job.model, statistics, single=True)
        if not mask.any():
            break
        box = field_of_view.box
        following = _box_around(job, box.cut(statistics.region).image_index(_middle(mask)))
        move = float(np.linalg.norm((following.start - box.start) * job.canonical.spacing))
        moves.append(round(move, 2))
        if move < SETTLED:
            break
        field_of_view = _Field(job, following, click)
    return field_of_view, tuple(moves)


def _middle(mask) -> np.ndarray:
    """Middle of the bounding box: unlike the centroid it does not follow the thin end of a structure."""
    return np.array([(np.flatnonzero(mask.any(axis=others))[[0, -1]]).mean() for others in ((1, 2), (0, 2), (0, 1))])


def _mask(model: Model, statistics: Statistics, single: bool):
    """The settled mask on the model's grid. Small pieces that are dropped are cleared in the statistics' mean, too."""
    mask = to_labels(statistics.mean)
    if single and model.preprocessing.keep_largest:
        dropped = _small_pieces(mask)
        mask[dropped] = 0
        np.copyto(statistics.mean, 0, where=dropped[..., None])
    return mask


def _finish(job: _Job, box: Grid, single: bool, click, moves, statistics: Statistics) -> Finding:
    """Paint one field of view onto the canonical image's voxels and judge it."""
    canonical, model = job.canonical, job.model
    extent = tuple(float(n * s) for n, s in zip(box.size, box.spacing, strict=True))
    mask = _mask(model, statistics, single)
    box = box.cut(statistics.region)  # a region of interest is all that was computed
    painted = _paint(job, box, statistics)
    voxel = float(np.prod(canonical.spacing))
    volumes = {label.name: float(np.count_nonzero(painted == label.value) * voxel) for label in model.labels}
    volumes["union"] = float(np.count_nonzero(painted) * voxel)
    quality = dict(zip([label.name for label in model.labels] + ["union"], statistics.nqm, strict=True))
    domain = model.info.get("quality", {}).get("domain")
    objection = objection_to(
        statistics.members,
        canonical.spacing,
        extent,
        volumes["union"],
        _touches_cut_side(mask, box, canonical),
        Domain.from_json(domain) if domain else None,
    )
    calibration = Calibration.from_json(model.calibration) if model.calibration else None
    verdict = judge(quality["union"], statistics.members, calibration, job.target_dice, objection)
    middle = _middle(mask) if mask.any() else (np.array(box.size) - 1) / 2
    center = tuple(round(float(x), 2) for x in canonical.ras_of(box.image_index(middle)))
    share = round(statistics.computed_share, 4)
    return Finding(click, center, extent, quality, volumes, verdict, objection, moves, share)


def _is_single(model: Model, box: Grid, click) -> bool:
    """Whether one structure is to be found in a box: around a click, or in an image of about the model's field."""
    extent = [n * mm for n, mm in zip(box.size, box.spacing, strict=True)]
    return click is not None or is_one_field(model.preprocessing.field_of_view, extent)


def _touches_cut_side(mask, box: Grid, canonical: CanonicalImage) -> bool:
    """Whether the mask reaches a side of the field of view behind which the image goes on."""
    last = box.start + (np.array(box.size) - 1) * box.spacing / box.image_spacing
    step = box.spacing / box.image_spacing
    for axis in range(3):
        plane = np.moveaxis(mask, axis, 0)
        if box.start[axis] > step[axis] and plane[0].any():
            return True
        if last[axis] < canonical.array.shape[axis] - 1 - step[axis] and plane[-1].any():
            return True
    return False


def _paint(job: _Job, box: Grid, statistics: Statistics) -> np.ndarray:
    """Interpolate to the image's voxels and make labels there; a later click adds, it does not erase. Returns them."""
    shape = job.canonical.array.shape
    variance, mean = box.insert(statistics.variance, shape), box.insert(statistics.mean, shape)
    values = np.array([0] + [label.value for label in job.model.labels], dtype=np.uint8)
    labels, probability = to_labels(mean), np.empty_like(variance)
    for i in range(len(labels)):  # plane by plane, as in `to_labels`
        labels[i], probability[i] = values[labels[i]], union(mean[i])
    job.painted.append((box.region(shape), [labels, variance, probability]))
    return labels

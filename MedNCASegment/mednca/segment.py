"""The one function that segments. The module, the command line, the trainer and the tests all call it.

image -> canonical (R, A, S voxels) -> box around each click -> normalize -> ensemble -> mask -> image's own voxels
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np
import SimpleITK as sitk
import torch

from .errors import MedNCAError
from .field_memory import results_peak
from .imaging.geometry import CanonicalImage, Grid, normalize
from .imaging.structures import is_one_field
from .models.weights import Model
from .nca.devices import choose_device
from .nca.ensemble import Ensemble, Statistics
from .nca.labels import to_labels, union
from .nca.memory import count, too_little_memory, trim_heap
from .quality.hotspots import find_hotspots
from .quality.verdict import DEFAULT_TARGET, Calibration, Domain, Objection, Verdict, judge, objection_to

LOCATE_MEMBERS = 2  # members that look for the structure before the whole ensemble runs
LOCATE_ROUNDS = 3
ROI_FROM_VOXELS = 1_000_000
RESULT, JOINING = 9, 17  # bytes a voxel of a field's results, and of joining and restoring those of several
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


@dataclass(frozen=True)
class Segmentation:
    """A result on the input image's own voxel grid.

    report: plain data: how it was made, the findings, the region (first voxel and size, i, j, k) that was computed,
    the most uncertain places. parts: the images "labels", "variance" and "probability", cut to that region; a click in
    a large image computes little. image: the input. The images on the whole grid live as long as the result does: an
    array that views one of them (`sitk.GetArrayViewFromImage`) needs an owner.
    """

    parts: dict[str, sitk.Image]
    image: sitk.Image
    findings: tuple[Finding, ...]
    report: dict

    @cached_property
    def labels(self) -> sitk.Image:
        """uint8, the labels' values, on the whole grid."""
        return self._whole("labels")

    @cached_property
    def variance(self) -> sitk.Image:
        """float32, voxelwise variance of the members' probabilities, largest over the labels, 0 to 0.25."""
        return self._whole("variance")

    @cached_property
    def probability(self) -> sitk.Image:
        """float32, mean probability of the union."""
        return self._whole("probability")

    def _whole(self, name: str) -> sitk.Image:
        part = self.parts[name]
        if part.GetSize() == self.image.GetSize():
            return part
        whole = sitk.Image(self.image.GetSize(), part.GetPixelID())
        whole.CopyInformation(self.image)
        return sitk.Paste(whole, part, part.GetSize(), destinationIndex=self.report["region"]["start"])


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


def segment_image(
    image: sitk.Image,
    model: Model,
    clicks=(),
    members: int | None = None,
    seed: int | None = None,
    device: str = "auto",
    target_dice: float = DEFAULT_TARGET,
    progress=None,
    memory_limit: float | None = None,
    roi: bool | None = None,
) -> Segmentation:
    """Segment a checked 3D image (`images.read_image`, `images.check_image`) with a model.

    clicks: points in RAS mm; around each a field of view of the model's size is taken and re-centered on what was
    found. Without clicks the whole image is one field of view. members, seed: default to the model's own. The
    same image, model, clicks, members and seed give the same result on the same device.
    progress(stage, done, total) is called often and may raise to cancel; stage is "locating" or "ensemble", with
    " 1/2" and so on behind where there are several clicks.
    memory_limit: MB that all of it may take, the image included, the interpreter not (`memory`); never changes the
    result.
    roi: run the finest level only where the coarser one found something (`Pyramid.region_of_interest`); None: in
    fields of more than ROI_FROM_VOXELS voxels. The finding's computed_share says what it saved.
    Raises NothingFound for a field without contrast; MedNCAError for a click outside the image, an image too small, a
    model that needs several image channels, or too little memory.
    """
    if model.architecture.input_channels != 1:
        n = model.architecture.input_channels
        raise MedNCAError(f"{model.name} needs {n} image channels; only single volumes can be segmented so far.")
    _check_request(members, seed, target_dice, memory_limit)
    torch_device, note = choose_device(device)
    model.pyramid.to(torch_device)
    canonical = CanonicalImage.of(image)
    job = _Job(
        canonical,
        model,
        model.members if members is None else members,
        model.seed if seed is None else seed,
        target_dice,
        progress or (lambda stage, done, total: None),
        {},
        memory_limit,
        roi,
        torch_device,
        [note] if note else [],
    )
    if len(clicks):
        clicks = [tuple(float(x) for x in click) for click in clicks]
        fields = [_first_box(job, click) for click in clicks]  # all are checked before the first one runs
        _check_memory(job, fields, clicks[-1])
        findings = [
            _segment_field(job, box, click, f" {number}/{len(clicks)}" if len(clicks) > 1 else "")
            for number, (click, box) in enumerate(zip(clicks, fields, strict=True), start=1)
        ]
    else:
        whole = Grid.whole(canonical, model.preprocessing.spacing)
        _check_memory(job, [whole], None)
        findings = [_segment_field(job, whole, None, "")]
    with job.timed("restore"):
        start, size, parts = _assemble(job, image)
    report = _report(image, job, findings)
    report["region"] = {"start": start, "size": size}
    report["places"] = [place.to_json() for place in find_hotspots(parts["variance"], parts["labels"])]
    return Segmentation(parts, image, tuple(findings), report)


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


def _check_request(members, seed, target_dice, memory_limit) -> None:
    if members is not None and (not isinstance(members, int) or members < 1 or members > 1000):
        raise MedNCAError(f"The number of ensemble members must be a whole number from 1 to 1000, not {members}.")
    if not 0 < target_dice < 1:
        raise MedNCAError(f"The target Dice must lie between 0 and 1, not {target_dice}.")
    if seed is not None and not -(2**63) <= seed < 2**63:
        raise MedNCAError(f"The seed must be a number of at most 63 bits, not {seed}.")
    if memory_limit is not None and not 0 < memory_limit < math.inf:
        raise MedNCAError(f"The memory limit must be a number of MB above 0, not {memory_limit}.")


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


def _check_memory(job: _Job, boxes: list[Grid], click) -> None:
    """Refuse what has no room for its results, before anything is computed."""
    if job.memory_limit is None:
        return
    held, regions = job.canonical.array.nbytes, [box.region(job.canonical.array.shape) for box in boxes]
    shown = [count(region) for region in regions]
    pieces = job.model.preprocessing.keep_largest and _is_single(job.model, boxes[-1], click)
    last = results_peak(job.model.architecture, boxes[-1].size, shown[-1], boxes[-1].aligned, pieces)
    joining = JOINING * count([slice(a, b) for a, b in zip(*_around(regions), strict=True)])
    peak = held + RESULT * sum(shown[:-1]) + max(last, joining if len(boxes) > 1 else 0)
    if peak > job.memory_limit * 1e6:
        raise too_little_memory(boxes[-1].size, peak, job.memory_limit, held)


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


def _assemble(job: _Job, image: sitk.Image):
    """All that was painted in one box: its first voxel and size in the image (i, j, k), and the images by name."""
    low, high = _around([region for region, _parts in job.painted])
    start, size = job.canonical.image_region(low, high)
    # One after another, each dropped as it is joined: a large volume has no room for all of them twice.
    return start, size, {name: job.canonical.restore(_joined(job, low, high), image, start)
                         for name in ("labels", "variance", "probability")}  # fmt: skip


def _joined(job: _Job, low, high) -> np.ndarray:
    """The next of what each field painted, on the voxels [low, high) of the canonical image."""
    painted = [(region, parts.pop(0)) for region, parts in job.painted]
    if len(painted) == 1:
        return painted[0][1]
    joined = np.zeros(high - low, painted[0][1].dtype)
    for region, values in painted:
        there = joined[tuple(slice(s.start - a, s.stop - a) for s, a in zip(region, low, strict=True))]
        # A later click adds labels where it found some, and does not erase.
        np.copyto(there, values, where=values > (0 if joined.dtype == np.uint8 else there))
    return joined


def _around(regions) -> tuple[np.ndarray, np.ndarray]:
    """The box [low, high) around regions, given as slices."""
    return (np.min([[part.start for part in region] for region in regions], axis=0),
            np.max([[part.stop for part in region] for region in regions], axis=0))  # fmt: skip


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


def _report(image: sitk.Image, job: _Job, findings) -> dict:
    """Everything that is needed to repeat and to judge the result; plain data."""
    model = job.model
    return {
        "model": {
            "id": model.id,
            "name": model.name,
            "version": model.info.get("version"),
            "sha256": model.sha256,
            "terms": model.terms,
            "labels": [asdict(label) for label in model.labels],
            "calibration": model.calibration,
        },
        "members": job.members,
        "seed": job.seed,
        "device": str(job.device),
        "target_dice": job.target_dice,
        "image": {
            "size": list(image.GetSize()),
            "spacing_mm": [round(s, 6) for s in image.GetSpacing()],
        },
        "findings": [asdict(finding) for finding in findings],
        "seconds": {stage: round(seconds, 3) for stage, seconds in job.seconds.items()},
        "notes": job.notes,
    }

"""The one function that segments, and the one that says where to, where nobody clicked.

The module, the command line, the trainer and the tests all call them.

image -> canonical image (R, A, S) -> grid around each click -> normalize -> ensemble ->
probabilities on the image's voxels -> labels -> image's own axes
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from . import __version__
from .axes import triple
from .canvas import Canvas, around
from .errors import MedNCAError, NothingFound, Sentence
from .field import Request, first_grid, is_single
from .field_memory import results_peak
from .finding import segment_field
from .imaging.geometry import CanonicalImage, Grid
from .locate import AROUND_SEED, find_place
from .messages import Progress
from .models.weights import Model
from .nca.devices import choose_device
from .nca.memory import count, too_little_memory
from .quality.calibration import CROP, SCAN
from .quality.hotspots import find_hotspots
from .quality.verdict import DEFAULT_TARGET
from .result import Finding, ImageIdentity, ModelIdentity, Place, Report, Segmentation

_SAME = 3.0  # mm that the middles of one structure lie apart, found by several clicks
_KINDS = {
    CROP: Sentence("images of about one field of view"),
    SCAN: Sentence("clicks in larger images"),
}
RESULT, JOINING = 9, 17  # bytes a voxel of a field's results, and of joining and restoring those of several


def segment_image(
    image: sitk.Image,
    model: Model,
    clicks: Iterable[tuple[float, float, float]] = (),
    members: int | None = None,
    seed: int | None = None,
    device: str = "auto",
    target_dice: float = DEFAULT_TARGET,
    progress: Callable[[Progress], None] | None = None,
    memory_limit: float | None = None,
    roi: bool | None = None,
    with_hotspots: bool = True,
) -> Segmentation:
    """Segment an image with a model: M3D-NCA and Med-NCA as a pseudo-ensemble, with NQM and verdict.

    The same image, model, clicks, members and seed give the same result on the same device.

    Args:
        image: a checked 3D float32 image (`imaging.reading.read_image`, `check_image`), of any orientation, with a
            component for each channel of the model's where those are several.
        model: a model with its weights (`models.library.Library.load`), which move to the device.
        clicks: points in RAS mm; around each a field of view of the model's size is taken and re-centered on what was
            found. Without clicks the whole image is one field of view.
        members: of the ensemble; default, the model's own.
        seed: of the fire masks; default, the model's own.
        device: as of `nca.devices.choose_device`.
        target_dice: what the verdict is measured against, above 0 and below 1.
        progress: called often, with the stages "locating" and "ensemble"; may raise to cancel.
        memory_limit: MB that all of it may take, the image included, the interpreter not; on an accelerator what the
            ensemble may take of the device's memory, without the image. It never changes the result. None:
            `nca.memory.DEFAULT_LIMIT` for the ensemble, on CUDA 80 % of what is free.
        roi: run the finest level only where the coarser one found something (`Pyramid.region_of_interest`); None: in
            fields of more than `field.ROI_FROM_VOXELS` voxels. The finding's computed_share says what it saved.
        with_hotspots: look for the most uncertain regions; left out where only figures are wanted.

    Returns:
        Labels, variance and mean probability on the image's own grid, and the report.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a click outside the image, an image too small, one with other channels than the model's, a
            number that cannot be, an unknown device, or too little memory.
    """
    points = [triple(float(x) for x in click) for click in clicks] or [None]
    request = new_request(
        image, model, members, seed, device, target_dice, progress, memory_limit, roi, fields=len(points)
    )
    grids = [first_grid(request, point) for point in points]  # all are checked before the first one runs
    _check_memory(request, grids, points[-1])
    findings = tuple(
        segment_field(request, grid, point, number)
        for number, (point, grid) in enumerate(zip(points, grids, strict=True), start=1)
    )
    findings = _with_repeats(findings)
    request.notes += _on_the_light(model, findings)
    with request.timed("restore"):
        region, parts = request.canvas.put_back(image)
    with request.timed("verdict"):
        hotspots = find_hotspots(parts["variance"], parts["labels"], parts["probability"]) if with_hotspots else ()
    report = Report(
        model=request.identity,
        image=ImageIdentity.of(image),
        members=request.members,
        seed=request.seed,
        device=str(request.device),
        target_dice=target_dice,
        findings=findings,
        region=region,
        hotspots=tuple(hotspots),
        seconds={stage: round(seconds, 3) for stage, seconds in request.seconds.items()},
        notes=tuple(request.notes),
        program=f"mednca {__version__}",
    )
    return Segmentation(parts, image, report)


def _on_the_light(model: Model, findings: tuple[Finding, ...]) -> list[Sentence]:
    """What is to be known of the calibration in images as these findings are from."""
    if model.calibration is None:
        return []
    contexts = {finding.context for finding in findings if finding.objection is None}
    known = set(model.calibration.curves)
    notes = [
        Sentence(
            "The model was calibrated on {kind} only: here the verdict goes by these, and is never green.", kind=kind
        )
        for kind in map(_KINDS.__getitem__, known)
        if contexts - known
    ]
    scans = model.info["quality"].get("scans")
    if scans and SCAN in contexts & known:
        notes.append(
            Sentence(
                "In larger images this light was measured on {scans} only; on others do not rely on it.",
                scans=Sentence.from_json(scans),  # the model's own words, which a panel may know in others
            )
        )
    return notes


def _with_repeats(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that an earlier click has found already say so: a table of volumes would count them twice."""
    marked: list[Finding] = []
    for finding in findings:
        near = (number for number, other in enumerate(marked, start=1)
                if not other.is_empty and math.dist(other.center, finding.center) < _SAME)  # fmt: skip
        marked.append(replace(finding, again=None if finding.is_empty else next(near, None)))
    return tuple(marked)


def find_structures(
    image: sitk.Image,
    model: Model,
    seed: int | None = None,
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    memory_limit: float | None = None,
) -> list[Place]:
    """Look for a model's structures where it says that they usually lie, as the hippocampi in a head.

    What is found is a place to click on: `segment_image` with these clicks segments it.

    Args:
        image, model, seed, device, memory_limit: as of `segment_image`.
        progress: called often, with the stage "finding"; may raise to cancel.

    Returns:
        A place for each structure that was found, in the order of the model's seeds.

    Raises:
        NothingFound: where none was found, or the image has no contrast.
        MedNCAError: where the model does not say where its structures lie, the image shows one field of view only, its
            voxels or channels are none that the model accepts; for a number that cannot be, an unknown device, or too
            little memory.
    """
    if not model.seeds:
        raise MedNCAError("{model} does not say where its structures usually lie; click on them.", model=model.name)
    request = new_request(image, model, None, seed, device, DEFAULT_TARGET, progress, memory_limit, None)
    if request.is_one_field:
        raise MedNCAError("The image is about one field of view: segment it as a whole, without clicks.")
    _check_spacing(request)
    places = []
    total = len(model.seeds) * len(AROUND_SEED)
    for number, each in enumerate(model.seeds):
        before = number * len(AROUND_SEED)
        place = find_place(
            request,
            each,
            lambda tried: request.progress(Progress("finding", before + tried, total)),  # noqa: B023
        )
        places += [place] if place else []
    if not places:
        raise NothingFound(
            "{model} found nothing where its structures usually lie; click on the organ.", model=model.name
        )
    return places


def _check_spacing(request: Request) -> None:
    """What is found in other voxels is never taken for a structure: that is told before all is searched."""
    spacing = request.canonical.spacing
    low, high = request.model.domain.spacing if request.model.domain else (0, np.inf)
    if spacing.min() < low or spacing.max() > high:
        raise MedNCAError(
            "The voxels ({shown} mm) are outside the range that {model} accepts ({low} to {high} mm); without a click "
            "nothing is looked for there.",
            shown=" x ".join(f"{mm:.2g}" for mm in spacing),
            model=request.model.name,
            low=f"{low:g}",
            high=f"{high:g}",
        )


def new_request(
    image: sitk.Image,
    model: Model,
    members: int | None,
    seed: int | None,
    device: str,
    target_dice: float,
    progress: Callable[[Progress], None] | None,
    memory_limit: float | None,
    roi: bool | None,
    fields: int = 1,
) -> Request:
    """What is asked for, checked.

    Args:
        fields: how many fields of view it has. Else as of `segment_image`.

    Raises:
        MedNCAError: for an image with other channels than the model's, a device that is not there, or a number that
            cannot be.
    """
    check_channels(image, model)
    canonical = CanonicalImage.of(image)
    check_numbers(members, seed, target_dice, memory_limit)
    torch_device, note = choose_device(device)
    model.pyramid.to(torch_device)
    return Request(
        canvas=Canvas(canonical, [label.value for label in model.labels]),
        model=model,
        identity=ModelIdentity.of(model),
        members=model.members if members is None else members,
        seed=model.seed if seed is None else seed,
        target_dice=target_dice,
        progress=progress or (lambda progress: None),
        memory_limit=memory_limit,
        roi=roi,
        device=torch_device,
        seconds={},
        notes=[note] if note else [],
        fields=fields,
    )


def check_channels(image: sitk.Image, model: Model) -> None:
    """Refuse an image of other channels than the model's. Raises MedNCAError."""
    count, needed = image.GetNumberOfComponentsPerPixel(), model.preprocessing.channels
    if count != len(needed):
        raise MedNCAError(
            "{model} needs {needed} image channel(s) ({names}), and this image has {count}; of a 4D image give one "
            "volume.",
            model=model.name,
            needed=len(needed),
            names=", ".join(needed),
            count=count,
        )


def check_numbers(members: int | None, seed: int | None, target_dice: float, memory_limit: float | None) -> None:
    """Refuse numbers of a request (`segment_image`) that cannot be. Raises MedNCAError."""
    if members is not None and (not isinstance(members, int) or members < 1 or members > 1000):
        raise MedNCAError(
            "The number of ensemble members must be a whole number from 1 to 1000, not {members}.", members=members
        )
    if not 0 < target_dice < 1:
        raise MedNCAError("The target Dice must lie between 0 and 1, not {target_dice}.", target_dice=target_dice)
    if seed is not None and not -(2**63) <= seed < 2**63:
        raise MedNCAError("The seed must be a number of at most 63 bits, not {seed}.", seed=seed)
    if memory_limit is not None and not 0 < memory_limit < math.inf:
        raise MedNCAError(
            "The memory limit must be a number of MB above 0, not {memory_limit}.", memory_limit=memory_limit
        )


def _check_memory(request: Request, grids: list[Grid], click) -> None:
    """Refuse what has no room for its results, before anything is computed. click: of the last field."""
    if request.memory_limit is None:
        return
    model, shape = request.model, request.canonical.array.shape
    held, regions = request.canonical.nbytes, [grid.region(shape) for grid in grids]
    shown = [count(region) for region in regions]
    pieces = model.preprocessing.keep_largest and is_single(model, grids[-1], click)
    last = results_peak(model.architecture, grids[-1].size, shown[-1], grids[-1].aligned, pieces, request.members)
    joining = JOINING * count(around(regions))
    peak = held + RESULT * sum(shown[:-1]) + max(last, joining if len(grids) > 1 else 0)
    if peak > request.memory_limit * 1e6:
        raise too_little_memory(grids[-1].size, peak, request.memory_limit, held)

"""The one function that segments. The module, the command line, the trainer and the tests all call it.

image -> canonical (R, A, S voxels) -> box around each click -> normalize -> ensemble -> mask -> image's own voxels
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property

import SimpleITK as sitk

from .canvas import _around, _assemble
from .errors import MedNCAError
from .field import Finding, _first_box, _is_single, _Job, _segment_field
from .field_memory import results_peak
from .imaging.geometry import CanonicalImage, Grid
from .models.weights import Model
from .nca.devices import choose_device
from .nca.memory import count, too_little_memory
from .quality.hotspots import find_hotspots
from .quality.verdict import DEFAULT_TARGET

RESULT, JOINING = 9, 17  # bytes a voxel of a field's results, and of joining and restoring those of several


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


def _check_request(members, seed, target_dice, memory_limit) -> None:
    if members is not None and (not isinstance(members, int) or members < 1 or members > 1000):
        raise MedNCAError(f"The number of ensemble members must be a whole number from 1 to 1000, not {members}.")
    if not 0 < target_dice < 1:
        raise MedNCAError(f"The target Dice must lie between 0 and 1, not {target_dice}.")
    if seed is not None and not -(2**63) <= seed < 2**63:
        raise MedNCAError(f"The seed must be a number of at most 63 bits, not {seed}.")
    if memory_limit is not None and not 0 < memory_limit < math.inf:
        raise MedNCAError(f"The memory limit must be a number of MB above 0, not {memory_limit}.")


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

"""One volume of many: from its file to the folder of its result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import MedNCAError, Sentence
from ..files import held, staged, write_json
from ..imaging.geometry import nearest_axes
from ..imaging.reading import checksum, file_name, read_image, read_labels, read_map, write_image
from ..imaging.structures import is_one_field
from ..messages import Progress
from ..models.description import JSON_NAME
from ..models.weights import Model, load_model
from ..overview import draw_overview
from ..quality.verdict import DEFAULT_TARGET
from ..result import ImageIdentity, ModelIdentity, Place, Report, Segmentation
from ..schema import read_json
from ..segment import check_channels, find_structures, segment_image

RESULT_FILES = ("segmentation.nii.gz", "variance.nii.gz", "report.json", "overview.png")
SEGMENTATION, VARIANCE, REPORT, OVERVIEW = RESULT_FILES
_OF_BROWSERS = (".ds_store", "thumbs.db", "desktop.ini")
_PATIENCE = 300.0  # seconds that a worker waits for another one, which was given up and is at its volume all the same
_PAUSE = 0.5


@dataclass(frozen=True)
class Request:
    """How all volumes of a call are segmented.

    Attributes:
        model: its folder.
        sha256: of its weights: a process that has the folder's model in memory must have this one.
        members, seed: None for the model's own.
        device: as of `segment.segment_image`.
        target: Dice that the verdict is measured against.
        memory_limit: MB; None for the default.
        roi: whether only a region of interest is refined; None: in large fields of view.
        find: whether the organs are looked for where the model says that they usually lie.
        overwrite: whether a result that is there may go.
        missing: whether a result of this request that is there is taken instead.
        patience: seconds to wait where another process is making the result.
    """

    model: str
    sha256: str
    members: int | None = None
    seed: int | None = None
    device: str = "cpu"
    target: float = DEFAULT_TARGET
    memory_limit: float | None = None
    roi: bool | None = None
    find: bool = False
    overwrite: bool = False
    missing: bool = False
    patience: float = 0.0


@dataclass(frozen=True)
class Job:
    """A volume, where its result goes, and where to look in it.

    Attributes:
        request: of the call.
        name: of the case.
        image: file, or folder of a DICOM series; of several channels, that of the first.
        folder: of the result.
        clicks: RAS mm.
        others: files of the image's further channels.
    """

    request: Request
    name: str
    image: str
    folder: str
    clicks: tuple[tuple[float, float, float], ...] = ()
    others: tuple[str, ...] = ()


def repeatable(job: Job) -> Job:
    """A job that may be done twice, as where its process dies between the result and the answer: then it takes the
    result that is there.

    Raises:
        MedNCAError: where something is there beforehand that may not go.
    """
    request = job.request
    if request.missing or request.overwrite:
        return job
    _check_target(Path(job.folder), request)
    return replace(job, request=replace(request, missing=True))


def for_cluster(job: Job) -> Job:
    """A job for workers elsewhere: they begin in folders of their own, and one that dask has given up, as where the
    network was gone for a while, may still be at the volume that another one is given."""
    return replace(
        job,
        request=replace(job.request, patience=_PATIENCE),
        image=os.path.abspath(job.image),
        folder=os.path.abspath(job.folder),
        others=tuple(map(os.path.abspath, job.others)),
    )


@contextmanager
def held_soon(target: Path, patience: float) -> Iterator[None]:
    """Hold a file or folder, as `files.held` does, after a wait of some seconds where another program has it.

    Raises:
        MedNCAError: another has it for longer, or it cannot be written.
    """
    end = time.monotonic() + patience
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(target))
                break
            except MedNCAError as error:
                if error.__cause__ or time.monotonic() >= end:  # what has a cause does not go by waiting
                    raise
                time.sleep(_PAUSE)
        yield


def segment_volume(job: Job, progress: Callable[[Progress], None] | None = None) -> Report:
    """Segment a volume and write its result, whole or not at all; any process can do it.

    Args:
        job: of a call.
        progress: called with the stages "reading", with `Request.find` "finding", and those of `segment.segment_image`.

    Returns:
        The report of the result; with `Request.missing`, of the one that is there where it is the same, judged anew
        where only its target differs.

    Raises:
        MedNCAError: where it cannot be read, segmented or written, or something is there that may not go.
    """
    request, folder = job.request, Path(job.folder)
    with held_soon(folder, request.patience):
        there = _same_result(job) if request.missing else None
        if there and not _lacks_some(folder):
            return there if there.target_dice == request.target else _rejudge(job, there)
        if not there:
            _check_target(folder, request)
        sums, missed = _checksums(job), ()  # first: an image that takes its place meanwhile was not seen
        image, model, clicks = _read(job, progress), _model(request), list(job.clicks)
        check_channels(image, model)
        _check_size(job, image, model)
        if request.find:
            places = find_structures(
                image, model, request.seed, request.device, progress, request.memory_limit
            )  # fmt: skip
            clicks, missed = [place.point for place in places], _missed(model, places)
        result = segment_image(
            image, model, clicks, request.members, request.seed, request.device, request.target, progress,
            request.memory_limit, request.roi,
        )  # fmt: skip
        report = replace(
            result.report,
            image=ImageIdentity.of(image, file_name(job.image), sums),
            notes=(*result.report.notes, *missed),
            found=request.find,
        )
        if not there:
            _check_target(folder, request)  # once more: somebody may have put something there meanwhile
        write_result(replace(result, report=report), folder, bool(there) or request.overwrite)
    return report


def _check_size(job: Job, image: sitk.Image, model: Model) -> None:
    """Refuse a large image without a click, which would be segmented as a whole, for minutes, and end grey; and looking
    for the organ in one that shows little else."""
    axes = list(nearest_axes(np.reshape(image.GetDirection(), (3, 3))))
    extent = np.array(image.GetSize())[axes] * np.array(image.GetSpacing())[axes]
    field, file = model.preprocessing.field_of_view, file_name(job.image)
    is_small = is_one_field(field, extent)
    if is_small and job.request.find:
        raise MedNCAError("{file} shows about one field of view: segment it without --find.", file=file)
    if is_small or job.request.find or job.clicks:
        return
    shown = " x ".join(f"{mm:.0f}" for mm in extent)
    raise MedNCAError(
        "{file} ({extent} mm) shows more than one organ: give a {how}.",
        file=file, extent=shown, how="--click, or --find" if model.seeds else "--click",
    )  # fmt: skip


def write_result(result: Segmentation, folder: Path, replace: bool = False) -> None:
    """Write the four files of a result, in a folder that appears whole or not at all.

    Args:
        result: of an image.
        folder: where it goes.
        replace: whether a folder that is there may go.

    Raises:
        MedNCAError: where it cannot be written.
    """
    with staged(folder, replace) as made:
        write_image(result.labels, made / SEGMENTATION)
        write_image(result.variance, made / VARIANCE)
        write_json(made / REPORT, result.report.to_json())
        draw_overview(result, made / OVERVIEW)


def read_result(folder: Path) -> Report | None:
    """The report of a folder that is what `write_result` makes: its regular files, nothing else but what a file
    browser left when somebody looked; None of another."""
    try:
        whole = not folder.is_symlink() and all(
            (path.name in RESULT_FILES or _is_of_browser(path.name)) and path.is_file() and not path.is_symlink()
            for path in list(folder.iterdir())
        )
        report = Report.from_json(read_json(folder / REPORT)) if whole else None
        return report if report and report.findings else None
    except (OSError, MedNCAError):
        return None


def _is_of_browser(name: str) -> bool:
    """Whether a file is one that Finder or Explorer puts into folders that they show."""
    return name.startswith("._") or name.lower() in _OF_BROWSERS


def _model(request: Request) -> Model:
    """Read once by each process, and again where it was calibrated anew meanwhile: a cluster's workers live long."""
    changed = 0
    with suppress(OSError):  # of which loading tells
        changed = (Path(request.model) / JSON_NAME).stat().st_mtime_ns
    return _loaded(request.model, request.sha256, changed)


@lru_cache(maxsize=1)
def _loaded(folder: str, sha256: str, _changed: int) -> Model:
    model = load_model(Path(folder))
    if model.sha256 != sha256:
        raise MedNCAError("The model in {folder} is another one by now; start again.", folder=folder)
    return model


def _missed(model: Model, places: Sequence[Place]) -> tuple[Sentence, ...]:
    """Of which sides nothing was found: a table of both would not show it."""
    found = {place.side for place in places}
    sides = dict.fromkeys(seed.side for seed in model.seeds if seed.side and seed.side not in found)
    return tuple(Sentence("Nothing was found on the {side} side.", side=side) for side in sides)


def _read(job: Job, progress) -> sitk.Image:
    if progress:
        progress(Progress("reading", 0, 1))
    return read_image(job.image, *job.others)


def _same_result(job: Job) -> Report | None:
    """What is there, perhaps not whole, where this job would make it again."""
    folder, request = Path(job.folder), job.request
    report = read_result(folder)
    if report is None or report.model.sha256 != request.sha256:
        return None
    model = _model(request)
    if report.model != ModelIdentity.of(model):  # the same weights, calibrated anew
        return None
    is_same = (
        report.members == (model.members if request.members is None else request.members)
        and report.seed == (model.seed if request.seed is None else request.seed)
        and _has_same_places(job, report)
    )
    return report if is_same and report.image.sha256 == _checksums(job) else None  # which takes longest


def _has_same_places(job: Job, report: Report) -> bool:
    """Whether a result lies where this job looks: at its clicks, or where it was found. What is not told counts."""
    clicks = [finding.click for finding in report.findings]
    if job.request.find:
        return None not in clicks and report.found is not False
    return clicks == list(job.clicks or (None,))


def _checksums(job: Job) -> tuple[str, ...]:
    return tuple(map(checksum, (job.image, *job.others)))


def _lacks_some(folder: Path) -> bool:
    """Whether somebody took a file out of a result."""
    return any(not os.path.lexists(folder / name) for name in RESULT_FILES)


def _rejudge(job: Job, report: Report) -> Report:
    """Let a result that is there be judged against the target of its job: its report and its picture say so."""
    folder, told = Path(job.folder), report.rejudged(job.request.target)
    parts = {"labels": read_labels(folder / SEGMENTATION), "variance": read_map(folder / VARIANCE)}
    write_result(Segmentation(parts, _read(job, None), told), folder, replace=True)
    return told


def _check_target(folder: Path, request: Request) -> None:
    """Raises MedNCAError where something is there that may not go."""
    if not os.path.lexists(folder):
        return
    if not request.overwrite:
        if request.missing:
            raise MedNCAError(
                "{folder} already exists and is of another request; choose another --out, or add --overwrite.",
                folder=folder,
            )
        raise MedNCAError("{folder} already exists; choose another --out, or add --overwrite.", folder=folder)
    if read_result(folder) is None:
        raise MedNCAError(
            "{folder} is no result of MedNCA, so it is not replaced; choose another --out.", folder=folder
        )

"""One measurement of a study: a contender on a case that was changed in one way.

How good the result is, and what the light says of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from mednca import __version__
from mednca.evaluate import Truth
from mednca.imaging.reading import check_same_grid, read_image, read_labels
from mednca.models.weights import Model, load_model
from mednca.nca.architecture import Architecture, Level
from mednca.nca.firing import mix
from mednca.nca.pyramid import Pyramid
from mednca.quality.signals import SIGNALS
from mednca.result import Finding
from mednca.segment import segment_image

from ..data.cases import Case
from ..model.samples import state_of
from .changes import AXES, beside
from .networks import Network, holds_network, load_network
from .plan import Contender, Measurement

_STREAM = 79  # keeps a study's draws apart from others


@dataclass(frozen=True)
class Job:
    """A measurement, and where what it needs lies.

    Attributes:
        what: is measured.
        case: with the paths of image and label map.
        folder: of the contender's model.
    """

    what: Measurement
    case: Case
    folder: str


@dataclass(frozen=True)
class Result:
    """One structure of a case, as a contender found it.

    Attributes:
        row: as `measure` returns it.
        image: of the case, changed as the measurement says.
        truth, found: bool, (k, j, i), on its voxels.
    """

    row: dict
    image: sitk.Image
    truth: np.ndarray
    found: np.ndarray


def measure(job: Job) -> list[dict]:
    """Do a measurement.

    Args:
        job: of a study.

    Returns:
        A row, as JSON has it, for each structure of the case: `scores.CaseScore` with the interval, the objection, the
        signals, and the seconds that segmenting took, on the clock and of all processors. What has no light has no
        verdict: None.

    Raises:
        MedNCAError: where the case cannot be measured.
    """
    return [result.row for result in results(job)]


def results(job: Job) -> Iterator[Result]:
    """What `measure` makes its rows of, structure by structure."""
    what, axis = job.what, AXES[job.what.axis]
    image, truth = read_image(*job.case.channels), read_labels(job.case.labels)
    drawn = mix((what.seed, _STREAM, *what.case.encode(), *what.axis.encode()))
    if axis.change:
        image, truth = axis.change(image, truth, what.value, drawn)
    check_same_grid(what.case, image, truth)
    contender = _network(job.folder) if holds_network(Path(job.folder)) else _as_run(job.folder, what.contender)
    known = Truth(what.case, truth, contender.labels, contender.preprocessing.field_of_view, None, what.scans)
    for structure in known.structures:
        clicks = [
            beside(image, click, what.value, drawn) if axis.of_click else click for click in structure.clicks
        ]  # fmt: skip
        begun, own = time.perf_counter(), time.process_time()
        if isinstance(contender, Network):
            found, light, finding = contender.segment(image, clicks[0] if clicks else None), _NO_LIGHT, None
        else:
            result = segment_image(image, contender, clicks, what.contender.members, what.seed, "cpu")
            finding = result.findings[0]
            found, light = sitk.GetArrayFromImage(result.labels), _light(finding)
        taken = {"seconds": time.perf_counter() - begun, "processor_seconds": time.process_time() - own}
        row = known.score(structure, found, finding).to_json() | light | taken
        yield Result({key: _rounded(value) for key, value in row.items()}, image, structure.mask, found > 0)


_NO_LIGHT = {"verdict": None, "interval": [None, None], "objection": None, "signals": {}}


def _light(finding: Finding) -> dict:
    return {
        "interval": [finding.verdict.low, finding.verdict.high],
        "objection": finding.objection.key if finding.objection else None,
        "signals": finding.signals,
    }


@lru_cache(maxsize=4)
def _network(folder: str) -> Network:
    return load_network(Path(folder))


def _rounded(value):
    """Five digits are plenty, and make small files."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 5) if isinstance(value, float) else value


@lru_cache(maxsize=4)
def _as_run(folder: str, contender: Contender) -> Model:
    """A model as the contender runs it: other steps, another fire rate or a live norm, the same weights."""
    model = load_model(Path(folder))
    changed = _architecture(model.architecture, contender)
    if changed == model.architecture and not contender.live_norm:
        return model
    pyramid = Pyramid(changed)
    pyramid.load_state_dict(model.pyramid.state_dict())
    for cell in pyramid.cells:
        cell.live_norm = contender.live_norm and cell.norm is not None
    return replace(model, architecture=changed, pyramid=pyramid.eval().requires_grad_(False))


def _architecture(own: Architecture, contender: Contender) -> Architecture:
    levels = tuple(Level(each.scale, each.kernel, max(round(contender.steps * each.steps), 1)) for each in own.levels)
    return replace(own, levels=levels, fire_rate=contender.fire_rate or own.fire_rate)


def identity(job: Job, model: Any) -> dict:
    """What makes a measurement the same one in another run: what is measured, however it is called, by which version,
    and all of a model that a result depends on. model: a `Description` or a `Network`."""
    what = asdict(job.what) | {"code": __version__, "signals": list(SIGNALS)}
    del what["contender"]["name"]
    what["files"] = [state_of(file) for file in (*job.case.channels, job.case.labels)]
    if isinstance(model, Network):
        return what | {"weights": model.sha256}
    return what | {
        "weights": model.sha256,
        "architecture": model.architecture.to_json(),
        "preprocessing": asdict(model.preprocessing),
        "labels": [asdict(label) for label in model.labels],
        "ensemble": [model.members, model.seed],
        "quality": {key: model.info["quality"].get(key) for key in ("calibration", "domain")},
    }

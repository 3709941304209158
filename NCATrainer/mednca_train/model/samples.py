"""How good results are, and how steady, on cases with known answers, clean and degraded.

What a calibration makes of these samples is `calibration`'s business. Cases are run in several processes, one thread
each.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import SimpleITK as sitk

from mednca import __version__
from mednca.errors import MedNCAError, NothingFound
from mednca.evaluate import structures_of, values_in
from mednca.imaging.metrics import dice
from mednca.imaging.reading import check_same_grid, read_image, read_labels
from mednca.models.weights import Model, load_model
from mednca.nca.firing import mix
from mednca.pool import Pool
from mednca.quality.calibration import CROP, SCAN
from mednca.quality.domain import Objection
from mednca.quality.signals import SIGNALS
from mednca.segment import segment_image

from ..data.artifacts import ARTIFACTS, NONSENSE, PAPER_ARTIFACTS, Artifact, degrade, shift
from ..data.cases import Case
from ..kept_rows import append_rows, read_rows
from .privacy import hidden_people

CLEAN, SHIFTED = "clean", "shifted"
_STREAM = 77  # keeps this module's draws apart from the training's
_DIGITS = 5  # of a sample's numbers in files


@dataclass(frozen=True)
class Sample:
    """One structure of a case under one condition: how good the result was, and how steady.

    Attributes:
        case: its name.
        condition: of `conditions()`, or of `artifacts.NONSENSE`.
        context: of `quality.calibration.CONTEXTS`, that it was found in.
        dice: of the union, on native voxels.
        signals: of the union, by name (`quality.signals`); None where nothing was found.
        objection: key of `quality.domain.OBJECTIONS` where no verdict would be honest, whatever the signals say.
    """

    case: str
    condition: str
    dice: float
    signals: dict[str, float | None]
    context: str = CROP
    objection: str | None = None

    @property
    def nqm(self) -> float | None:
        """Eq. (1) of M3D-NCA, which the card's tables show whatever the verdict goes by."""
        return self.signals["nqm"]

    @property
    def group(self) -> str:
        """In which an interval is to hold, and is told of: what was found in one context, clean or degraded."""
        return f"{self.context}, {CLEAN if self.condition == CLEAN else 'degraded'}"

    @property
    def grey(self) -> Objection | None:
        """The objection, as a verdict takes it."""
        return Unnamed(self.objection, {}) if self.objection else None


class Unnamed(Objection):
    """An objection of which only the key was kept."""

    @property
    def text(self) -> str:
        """Its key."""
        return self.key


def conditions() -> tuple[str, ...]:
    """The names of all conditions that a calibration is made and tried with."""
    return (CLEAN, SHIFTED, *ARTIFACTS, *PAPER_ARTIFACTS)


def measure_degraded(
    pool: Pool,
    folder: Path,
    cases: list[Case],
    seed: int,
    step: Callable[[], None] = lambda: None,
    failed: dict[str, str] | None = None,
    only: Iterable[str] | None = None,
    all_values: bool = False,
    kept: Path | None = None,
) -> list[Sample]:
    """Segment every structure of every case under every condition.

    Args:
        pool: whose processes do it.
        folder: of the model.
        cases: with known answers.
        seed: of the artifacts' severity and chance.
        step: called after each case under each condition; it may raise to stop.
        failed: takes, by case, why one could not be measured.
        only: these conditions; default: all of `conditions()`.
        all_values: whether every value of the label maps counts, not only those of the model's labels.
        kept: a file that keeps each sample as it comes, so that who was killed goes on; what is there is taken.

    Returns:
        A sample for each structure of each case under each condition.
    """
    jobs = [
        _Job(str(folder), case, name, _artifact(name), mix((seed, _STREAM, i, *name.encode())), all_values)
        for i, case in enumerate(cases)
        for name in (conditions() if only is None else only)
    ]
    model = _identity(load_model(folder)) if kept else ""
    known = read_rows(kept) if kept else {}
    for job in jobs:
        if job.key(model) in known:
            step()
    for outcome in pool.run(_measure_one, [job for job in jobs if job.key(model) not in known]):
        if outcome.error and failed is not None:
            failed[outcome.job.case.name] = str(outcome.error)
        if outcome.result is not None:
            key = outcome.job.key(model)
            known[key] = [asdict(sample) for sample in outcome.result]
            if kept:
                append_rows(kept, key, known[key])
        step()
    return [Sample(**row) for job in jobs for row in known.get(job.key(model), ())]


def samples_json(made_with: Sequence[Sample], tried: Sequence[Sample], salt: str | None = None) -> dict:
    """As model.json has them, a row each, so that a calibration can be made, and tried, anew.

    Args:
        made_with: the samples that it is made with.
        tried: those that it is tried on.
        salt: of the hashes that the cases are called there (`privacy.hidden_people`); None for their names.
    """
    hidden = hidden_people({sample.case for sample in (*made_with, *tried)}, salt) if salt else {}

    def row(sample: Sample) -> list:
        values = (sample.signals.get(signal) for signal in SIGNALS)
        return [
            hidden.get(sample.case, sample.case), sample.condition, sample.context, sample.objection,
            round(sample.dice, _DIGITS),
            *(None if value is None else round(value, _DIGITS) for value in values),
        ]  # fmt: skip

    return {"signals": list(SIGNALS), "made_with": [*map(row, made_with)], "tried": [*map(row, tried)]}


def samples_of(data: dict | None) -> tuple[list[Sample], list[Sample]]:
    """Read what `samples_json` made: the samples that a calibration was made with, and those that it was tried on;
    none of None.

    Raises:
        MedNCAError: they are damaged.
    """
    if data is None:
        return [], []
    try:
        made_with, tried = ([_sample(row, data["signals"]) for row in data[part]] for part in ("made_with", "tried"))
    except (TypeError, KeyError, ValueError) as error:
        raise MedNCAError("The model's calibration samples are damaged ({cause}).", cause=repr(error)) from error
    return made_with, tried


def _sample(row: list, signals: list[str]) -> Sample:
    case, condition, context, objection, score, *values = row
    return Sample(case, condition, float(score), dict(zip(signals, values, strict=True)), context, objection)


@dataclass(frozen=True)
class _Job:
    """One case under one condition. The artifact itself goes along: a process may know fewer of them by name."""

    folder: str
    case: Case
    condition: str
    artifact: Artifact | None
    seed: int
    all_values: bool

    def key(self, model: str) -> str:
        """What its samples are kept by: files that have changed are measured anew. model: of `_identity`."""
        files = [state_of(path) for path in (*self.case.channels, self.case.labels)]
        return json.dumps([model, self.case.name, self.condition, self.seed, self.all_values, files])


def _identity(model: Model) -> str:
    """A checksum of what a model's samples depend on.

    Of the code it is the version, not the commit: whoever develops may commit while a calibration is stopped, and would
    measure an hour's work again for it.
    """
    how = [
        __version__,
        list(SIGNALS),
        model.sha256,
        model.members,
        model.seed,
        asdict(model.preprocessing),
        model.domain and model.domain.to_json(),
    ]
    return f"{zlib.crc32(json.dumps(how).encode()):08x}"


def state_of(path: Path) -> int:
    """A checksum of a file, or of a folder's files; 0 of one that cannot be read: measuring it will say so."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return _state_of(tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))
    except OSError:
        return 0


@lru_cache(maxsize=4096)
def _state_of(files: tuple[tuple[Path, int, int], ...]) -> int:
    state = 0
    for file, _changed, _bytes in files:
        state = zlib.crc32(file.read_bytes(), state)
    return state


_loaded: dict = {}  # model folder -> model, one per worker process


def _measure_one(job: _Job) -> list[Sample]:
    if job.folder not in _loaded:
        _loaded[job.folder] = load_model(job.folder)
    model, name = _loaded[job.folder], job.case.name
    image, truth = read_image(*job.case.channels), read_labels(job.case.labels)
    check_same_grid(name, image, truth)
    image, truth = _under(job, image, truth)
    values, samples = values_in(truth) if job.all_values else [label.value for label in model.labels], []
    for structure in structures_of(model.preprocessing.field_of_view, truth, values):
        try:
            result = segment_image(image, model, structure.clicks, device="cpu", with_hotspots=False)
        except NothingFound:
            if job.condition not in NONSENSE:
                raise
            nothing = dict.fromkeys(SIGNALS)  # refused in a sentence, as a click into air: right where nothing is
            samples.append(Sample(name, job.condition, 0.0, nothing, SCAN if structure.clicks else CROP, "nothing"))
            continue
        found, finding = sitk.GetArrayFromImage(result.labels) > 0, result.findings[0]
        score = 0.0 if job.condition in NONSENSE else dice(found, structure.mask)
        objection = finding.objection.key if finding.objection else None
        samples.append(Sample(name, job.condition, score, finding.signals, finding.context, objection))
    return samples


def _artifact(condition: str) -> Artifact | None:
    """What a condition puts on an image; None where it leaves the voxels as they are."""
    return {CLEAN: None, SHIFTED: None, **ARTIFACTS, **PAPER_ARTIFACTS, **NONSENSE}[condition]


def _under(job: _Job, image: sitk.Image, truth: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """A case under its job's condition."""
    if job.condition == SHIFTED:
        return shift(image, truth, job.seed)
    as_scan = job.condition not in PAPER_ARTIFACTS and job.condition not in NONSENSE
    return degrade(image, job.artifact, job.seed, as_scan), truth

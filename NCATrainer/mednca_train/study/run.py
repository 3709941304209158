"""A study from its plan to the rows of all measurements: what is missing is measured, what is there is taken.

A part's rows lie in a file of its folder, a line each, which grows as the work goes on: a study that was killed goes on
where it was, and one that is changed measures what it did not know.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from mednca import __version__
from mednca.errors import MedNCAError
from mednca.files import write_bytes, write_json
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.pool import Pool
from mednca.schema import read_json

from ..data.cases import Case, CaseSet, of_same_people
from ..kept_rows import append_rows, read_rows
from ..model.privacy import holds_hidden, known_of, readable_split
from ..model.samples import samples_of, state_of
from .machine import Trial, try_out
from .measure import Job, identity, measure
from .networks import holds_network, load_network
from .pictures import PictureJob, draw
from .plan import Machine, Part, Study, Trained, measurements
from .training import job_of, train

ROWS = "rows.jsonl"


@dataclass
class Answer:
    """What was measured of a part.

    Attributes:
        part: of the study.
        cases: names of those that it was measured on.
        models: by id, those of its contenders: `Description`s, or `networks.Network`s.
        rows: with "contender", "value", "seed", and what `measure.measure` says; "verdict" is None of people whom the
            model's calibration has seen, and where it has none.
        failed: by case, why a measurement could not be made.
        pictures: by contender, a PNG of its best, median and worst case, where they are wanted.
    """

    part: Part
    cases: list[str]
    models: Mapping[str, Any]
    rows: list[dict] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)


def run_study(
    study: Study,
    data: Mapping[str, CaseSet],
    out: Path,
    library: Library,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> list[Answer]:
    """Measure what is missing of a study.

    Args:
        study: what is asked for.
        data: by name, the data sets of its parts.
        out: folder of the study; each part has one of its own there.
        library: that has the models.
        step: called with how many measurements are there, and how many there will be; it may raise to stop.

    Returns:
        The answer of each part, in their order.

    Raises:
        MedNCAError: where a data set or a model is not there, no case of a part was never trained with, or the folder
            cannot be written.
    """
    with Pool() as pool:
        models = _Models(study, data, out / "models", library)
        models.train_missing(pool)
        answers = [_prepared(part, data, models, study.seeds[0]) for part in study.parts]
        known = {key: rows for part in study.parts for key, rows in read_rows(out / part.name / ROWS).items()}
        work = [_Work.of(answer, data[answer.part.data], models, out / answer.part.name, known) for answer in answers]
        asked = {key for each in work for key in each.jobs}
        done, total = len(asked & set(known)), len(asked)
        step(done, total)
        for answer, each in zip(answers, work, strict=True):
            missing = [key for key in each.jobs if key not in each.known]
            outcomes = pool.run(measure, [each.jobs[key] for key in missing])
            for key, outcome in zip(missing, outcomes, strict=True):
                if outcome.error:
                    answer.failed[outcome.job.case.name] = str(outcome.error)
                else:
                    each.add(key, outcome.result)
                done += 1
                step(done, total)
            answer.rows = each.rows()
            if answer.part.pictures:
                _draw(pool, answer, each)
    return answers


@dataclass
class Tried:
    """What was tried of a machine.

    Attributes:
        machine: of the study.
        cases: names of those that it was tried on.
        models: as of `Answer`.
        bytes: by model, that its folder takes.
        is_seen: whether they were trained with, as none was left out: seconds and memory are the same, Dice is not.
        rows: with "contender", "case", "threads", and what `machine.try_out` says.
        failed: by contender, why it could not be tried.
    """

    machine: Machine
    cases: list[str]
    models: Mapping[str, Any]
    bytes: dict[str, int]
    is_seen: bool
    rows: list[dict] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def try_machines(
    study: Study,
    data: Mapping[str, CaseSet],
    out: Path,
    library: Library,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> list[Tried]:
    """Try what is missing of a study's machines, one trial at a time. Arguments and errors as of `run_study`, after it.

    What was tried once is taken, even where this is another computer by now.
    """
    models, found = _Models(study, data, out / "models", library), []
    total = done = 0
    for machine in study.machines:
        own = {each.model: models.load(each.model) for each in machine.contenders}
        sizes = {id: sum(file.stat().st_size for file in models.find(id).iterdir()) for id in own}
        cases, names = {case.name: case for case in data[machine.data].cases}, _untrained(data[machine.data], own)
        drawn = _drawn(names or sorted(cases), machine.cases, study.seeds[0])
        tried = Tried(machine, drawn, own, sizes, is_seen=not names)
        file, known = out / machine.name / ROWS, read_rows(out / machine.name / ROWS)
        wanted = list(product(machine.contenders, machine.threads, tried.cases))
        total += len(wanted)
        for contender, threads, name in wanted:
            case = cases[name]
            trial = Trial(
                str(models.find(contender.model)), name, str(case.image), str(case.labels), machine.scans, threads,
                machine.memory_mb, study.seeds[0], tuple(map(str, case.others)),
            )  # fmt: skip
            files = [state_of(file) for file in (*case.channels, case.labels)]
            how = [machine.scans, threads, machine.memory_mb, trial.seed]
            key = _hash([__version__, own[contender.model].sha256, name, *how, files])
            if key not in known:
                try:
                    known[key] = [try_out(trial)]
                    append_rows(file, key, known[key])
                except MedNCAError as error:
                    tried.failed[contender.name] = str(error)
            tried.rows += [
                {"contender": contender.name, "case": name, "threads": threads, **row} for row in known.get(key, ())
            ]
            done += 1
            step(done, total)
        found.append(tried)
    return found


def unseen(part: Part, data: CaseSet, models: Mapping[str, Any], seed: int) -> list[str]:
    """The cases that a part is measured on: none of them was trained with by any of its contenders.

    Args:
        part: of the study.
        data: its data set.
        models: of its contenders.
        seed: draws which, where there are more than the part wants.

    Returns:
        Names, sorted.

    Raises:
        MedNCAError: where none is left, or a model does not know its cases by name.
    """
    names = _untrained(data, models)
    if not names:
        raise MedNCAError(
            "The part {part} has no cases: its models were trained with all of {data}.", part=part.name, data=part.data
        )
    return _drawn(names, part.cases, seed)


def _untrained(data: CaseSet, models: Mapping[str, Any]) -> list[str]:
    for model in models.values():
        readable_split(model.info)
    names = {case.name for case in data.cases}
    return sorted(names - set(known_of(names, *(model.info for model in models.values()))))


def _drawn(names: list[str], most: int | None, seed: int) -> list[str]:
    return sorted(random.Random(seed).sample(names, min(most or len(names), len(names))))


class _Models:
    """Those of a study: the library's, and those that it trains for itself."""

    def __init__(self, study: Study, data: Mapping[str, CaseSet], folder: Path, library: Library):
        self.study, self.data, self.folder, self.library = study, data, folder, library
        for name in {each.data for each in (*study.parts, *study.trained, *study.machines)} - set(data):
            raise MedNCAError("The study needs the data set {name}; give it by --data {name}=FOLDER.", name=name)
        self.own = {each.id for each in study.trained}
        unets = {each.id for each in study.trained if each.unet}
        for each in study.trained:
            if each.teacher and (each.unet or each.teacher not in unets):
                raise MedNCAError(
                    "{teacher} cannot teach {model}: a U-Net of the study teaches an NCA.",
                    teacher=each.teacher,
                    model=each.id,
                )
        for id in self._contenders() - self.own:
            library.find(id)  # before anything is trained

    def _contenders(self) -> set[str]:
        parts = (*self.study.parts, *self.study.machines)
        return {contender.model for part in parts for contender in part.contenders}

    def train_missing(self, pool: Pool) -> None:
        """Train those that are not there yet. Raises MedNCAError where one cannot be, or was trained as the study said
        before it was changed."""
        for each in self.study.trained:
            self._check_described(each)
        jobs = [
            job_of(each, self.library.load(each.like), list(self.data[each.data].cases), self.find(each.id))
            for each in self.study.trained
            if not self.find(each.id).is_dir()
        ]
        taught = [job for job in jobs if job.teacher]
        for some in ([job for job in jobs if not job.teacher], taught):  # teachers first
            for outcome in pool.run(train, some):
                if outcome.error:
                    raise MedNCAError(
                        "{model} cannot be trained: {cause}", model=outcome.job.what.id, cause=outcome.error
                    )

    def _check_described(self, what: Trained) -> None:
        told, file = asdict(what), self.folder / f"{what.id}.json"
        del told["name"]
        told = json.loads(json.dumps(told))
        if not any((self.folder / name).is_dir() for name in (what.id, f"{what.id}.training")):
            write_json(file, told)
        elif file.is_file() and read_json(file) != told:
            raise MedNCAError(
                "The study says otherwise by now how {model} is trained; call it something else, or remove {folder}.",
                model=what.id,
                folder=self.folder / what.id,
            )

    def find(self, id: str) -> Path:
        """Its folder."""
        return self.folder / id if id in self.own else self.library.find(id)

    def load(self, id: str) -> Any:
        """A `Description` or a `Network`."""
        folder = self.find(id)
        return load_network(folder) if holds_network(folder) else load_model(folder)


def _prepared(part: Part, data: Mapping[str, CaseSet], models: _Models, seed: int) -> Answer:
    own = {contender.model: models.load(contender.model) for contender in part.contenders}
    return Answer(part, unseen(part, data[part.data], own, seed), own)


@dataclass
class _Work:
    """A part's measurements by their keys, and the rows of those that are known, of all parts: they share some."""

    file: Path
    jobs: dict[str, Job]
    known: dict[str, list[dict]]
    places: list[tuple[str, float, str]]  # contender and value, and the key of what was measured there
    mute: dict[str, set[str]]  # by model, the cases of which its light counts for nothing

    @classmethod
    def of(cls, answer: Answer, data: CaseSet, models: _Models, folder: Path, known: dict[str, list[dict]]) -> _Work:
        cases: dict[str, Case] = {case.name: case for case in data.cases}
        jobs, places = {}, []
        for name, value, what in measurements(answer.part, answer.cases):
            model = what.contender.model
            job = Job(what, cases[what.case], str(models.find(model)))
            key = _hash(identity(job, answer.models[model]))
            jobs[key] = job
            places.append((name, value, key))
        mute = {id: _mute(model, set(cases)) for id, model in answer.models.items()}
        return cls(folder / ROWS, jobs, known, places, mute)

    def add(self, key: str, rows: list[dict]) -> None:
        """Keep what was measured, on disk, too."""
        self.known[key] = rows
        append_rows(self.file, key, rows)

    def extremes(self, contender: str, part: Part) -> list[tuple[str, str, dict]]:
        """Of a contender's rows at the part's first value and seed the best, the median and the worst: (which, key,
        row); none where nothing was measured."""
        own = [
            (row["dice"]["union"], row["case"], key, row)
            for name, value, key in self.places
            if name == contender and value == part.values[0] and self.jobs[key].what.seed == part.seeds[0]
            for row in self.known.get(key, ())
        ]
        own.sort(key=lambda each: each[:3])
        if not own:
            return []
        chosen = {"best": own[-1], "median": own[len(own) // 2], "worst": own[0]}
        return [(f"{which}, {row['case']}", key, row) for which, (_dice, _case, key, row) in chosen.items()]

    def rows(self) -> list[dict]:
        """Those of all places that were measured, as `Answer` has them."""
        rows = []
        for name, value, key in self.places:
            what = self.jobs[key].what
            for row in self.known.get(key, ()):
                rows.append({"contender": name, "value": value, "seed": what.seed, **row})
                if what.case in self.mute[what.contender.model]:
                    rows[-1] |= {"verdict": None, "predicted_dice": None, "interval": [None, None]}
        return rows


def _mute(model: Any, names: set[str]) -> set[str]:
    """Of which cases the light of a model would know the answer, as its calibration has seen an image of the person;
    all where it has no light, or where of hashes nobody can tell. model: as of `Answer`."""
    seen = {sample.case for sample in samples_of(model.info.get("quality", {}).get("samples"))[0]}
    if holds_hidden(seen) or not getattr(model, "calibration", None):
        return names
    return of_same_people(names, seen)


def _draw(pool: Pool, answer: Answer, work: _Work) -> None:
    """The pictures of a part; those that were drawn before are taken."""
    wanted = {each.name: work.extremes(each.name, answer.part) for each in answer.part.contenders}
    files = {}
    for name, rows in wanted.items():
        if rows:
            shown = _hash([(title, key, row["structure"]) for title, key, row in rows])
            files[name] = work.file.with_name("pictures") / f"{shown}.png"
    jobs = [
        PictureJob(name, tuple((title, work.jobs[key], row["structure"]) for title, key, row in wanted[name]))
        for name, file in files.items()
        if not file.is_file()
    ]
    for outcome in pool.run(draw, jobs):
        if outcome.error:
            answer.failed[outcome.job.title] = str(outcome.error)
        else:
            write_bytes(files[outcome.job.title], outcome.result)
    answer.pictures = {name: file.read_bytes() for name, file in files.items() if file.is_file()}


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode("ascii")).hexdigest()[:16]

"""A run folder as a whole: begun, opened again, and brought to its end, by the command line and the module.

plan.json, split.json, cases.json (where the cases lie), texts.json, base/ (the model that is fine-tuned),
history.csv, checkpoint.safetensors, state.json; at the end report.json and result/, the model.
"""

from __future__ import annotations

import os
import random
import secrets
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mednca.errors import MedNCAError
from mednca.files import alone, held, remove_folder, write_json
from mednca.imaging.geometry import normalize
from mednca.imaging.metrics import dice
from mednca.models.description import read_model_json
from mednca.models.weights import Model, checksum, save_model
from mednca.nca.ensemble import run_ensemble
from mednca.nca.labels import to_labels
from mednca.schema import TEXT, read_json, record

from .data.dataset import Case, CaseReader, check_structures, read_cases, split, write_cases
from .data.fingerprint import check_names
from .model.report import CALIBRATION_CASES, check_description, finish
from .plan.plan import Plan
from .training import distributed
from .training.estimate import check_affordable
from .training.finetune import starting_weights
from .training.loop import Run, check_begun, check_new

CASES, TEXTS, BASE, REPORT, RESULT = "cases.json", "texts.json", "base", "report.json", "result"
_TEXTS_SCHEMA = record(
    {"texts": {"type": "object"}, "options": record({"device": TEXT, "salt": TEXT}, ("device", "salt"), others=True)},
    ("texts", "options"),
)


@dataclass
class Work:
    """A run with all it needs to be brought to its end."""

    run: Run
    cases: list[Case]
    metadata: dict
    base: Path | None
    options: dict


def begin(
    folder, plan: Plan, cases: list[Case], metadata: dict, base: Model | None = None, options: dict | None = None,
    device: str = "cpu",
) -> Work:  # fmt: skip
    """A new run folder; plan.json is written last, so that there is a run only once it is whole.

    options: keep_names (write the cases' names into the model, for public data; default: keyed hashes of them),
    calibration_cases of `report.finish`, the command that the card shows, and out, the model's folder. Raises
    MedNCAError where the folder holds a run already, a case name must not go into a model, the labels cannot be
    learned in one field of view, a batch does not fit into memory, or the model could not be written in the end.
    """
    folder, options = Path(folder), {"device": device, "salt": secrets.token_hex(16)} | (options or {})
    check_new(folder)
    check_description(plan, metadata)
    check_affordable(plan)
    if options.get("keep_names"):
        check_names(case.name for case in cases)
    check_structures(cases, plan)
    divided = split(cases, plan.validation_share, plan.seed)
    if not divided["training"] or not divided["validation"]:
        raise MedNCAError("Training needs two cases at least: one to learn from, one to check with.")
    start = starting_weights(base, plan.labels) if base else None
    with working_in(folder, make=True):
        check_new(folder)  # once more: now nobody else can begin one
        if distributed.is_first():
            if (folder / BASE).exists():  # of a beginning that was killed
                remove_folder(folder / BASE)
            write_cases(cases, folder / CASES)
            write_json(folder / TEXTS, {"texts": metadata, "options": options})
            if base:
                save_model(base, folder / BASE, "The model that is fine-tuned.")
        run = Run.create(folder, plan, divided, start, device)
    return Work(run, list(cases), metadata, folder / BASE if base else None, options)


def working_in(folder, make: bool = False):
    """Within it no other program works in a run's folder (`files.alone`); of several processes the first one sees to
    it."""
    return alone(folder, make) if distributed.is_first() else nullcontext()


def begun_on(folder) -> str:
    """The device of a run; the processor where that cannot be read, which `reopen` tells."""
    try:
        return read_json(Path(folder) / TEXTS, _TEXTS_SCHEMA)["options"]["device"]
    except MedNCAError:
        return "cpu"


def reopen(folder, device: str | None = None) -> Work:
    """The run of a folder, at its last checkpoint. device: default, the one that it was begun on. Raises MedNCAError
    with the reason where it cannot go on."""
    folder = Path(folder)
    check_begun(folder)
    kept = read_json(folder / TEXTS, _TEXTS_SCHEMA)
    metadata, options = kept["texts"], kept["options"]
    with working_in(folder):
        run = Run.resume(folder, device or begun_on(folder))
    base = folder / BASE
    return Work(run, read_cases(folder / CASES), metadata, base if base.is_dir() else None, options)


def complete(work: Work, out=None, report=None, tell=lambda text: None, progress=None) -> dict | None:
    """Train to the end, measure, calibrate, write the model to `result_folder`. Returns the validation report.

    report, tell: as of `Run.train`. progress(stage, done, total) while measuring; it may raise to stop, the measuring
    then begins again at the next try. Of several processes only the first one measures; the others get None. Raises
    MedNCAError where the model's folder is there already and not of this run, or another program makes it.
    """
    run, place, options = work.run, result_folder(work, out), work.options
    if not distributed.is_first():
        run.train(work.cases, validator(run, work.cases), report, tell)
        return None
    with working_in(run.folder), held(place):
        _check_place(place, run)
        run.train(work.cases, validator(run, work.cases), report, tell)
        _check_place(place, run)
        result = finish(
            run, work.cases, work.metadata, place, options.get("command", ""),
            options.get("calibration_cases", CALIBRATION_CASES), progress, work.base,
            None if options.get("keep_names") else options["salt"], replace=True,
        )  # fmt: skip
        write_json(run.folder / REPORT, result)
        run.set_state("done")
    return result


def result_folder(work: Work, out=None) -> Path:
    """Where a run's model goes: what is asked for now, or was when it was begun, or result/ in the run's folder."""
    return Path(out or work.options.get("out") or work.run.folder / RESULT)


def _check_place(place: Path, run: Run) -> None:
    """Raises MedNCAError where something is there that this run did not make: a model of its weights is one that it
    wrote before it was killed, and result/ in its folder is its own."""
    if not os.path.lexists(place) or place == run.folder / RESULT:
        return
    try:
        is_own = run.is_over and read_model_json(place)["sha256"] == checksum(run.result)
    except MedNCAError:
        is_own = False
    if not is_own:
        raise MedNCAError(f"{place} exists already and is not of this run; choose another folder with --out.")


def validator(run: Run, cases: list[Case]):
    """Union and label Dice of one member on some validation cases, while training goes on."""
    held = sorted(run.split["validation"])
    wanted = random.Random(run.plan.seed).sample(held, min(run.plan.validation_cases, len(held)))
    chosen, reader = [case for case in cases if case.name in set(wanted)], CaseReader(run.plan)
    preprocessing = run.plan.preprocessing

    def validate(pyramid) -> dict:
        scores = []
        with torch.inference_mode():
            for image, labels in (window for case in chosen for window in reader(case)):
                image = normalize(image, preprocessing.percentiles, preprocessing.gamma)
                mask = to_labels(run_ensemble(pyramid, image, 1, 0).mean)
                per_label = [dice(mask == n, labels == n) for n in range(1, len(run.plan.labels) + 1)]
                scores.append([dice(mask > 0, labels > 0), *per_label])
        union, *per_label = np.mean(scores, axis=0).round(4).tolist()
        return {"dice_union": union, "dice_labels": per_label}

    return validate


def metadata_for(id: str, name: str, base: Model | None = None) -> dict:
    """The metadata of a model that somebody trains on data of their own; nothing in them names a person or a place."""
    made_from, license, source = "", "As its maker decides.", "The user's own labelled volumes."
    references = ["Kalkhof, Mukhopadhyay: M3D-NCA: Robust 3D Segmentation with Built-in Quality Control. MICCAI 2023."]
    if base:
        made_from = f" Fine-tuned from {base.name}."
        license = f"As its maker decides; of the model that it was made from: {base.info.get('license', '')}"
        source += f" Before that: {base.info.get('data_source', '')}"
        references = list(base.info.get("references", references))
    return {
        "id": id,
        "name": name,
        "version": "1.0.0",
        "task": f"Segmentation of {name}",
        "description": f"{name}, trained on the user's own labelled volumes.{made_from}",
        "authors": "",
        "copyright": "",
        "license": license,
        "terms": base.terms if base else None,
        "intended_use": "Research and education. Not a medical device; a person must review every result.",
        "data_source": source,
        "limits": "Images like those that it was trained on.",
        "references": references,
    }

"""A run folder as a whole: begun, opened again, and brought to its end, by the command line and the module.

plan.json, split.json, cases.json (where the cases lie), texts.json, base/ (the model that is fine-tuned),
history.csv, checkpoint.safetensors, state.json; at the end report.json and result/, the model.
"""

from __future__ import annotations

import json
import random
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from MedNCALib.description import write_bytes
from MedNCALib.ensemble import run_ensemble, settle
from MedNCALib.errors import MedNCAError
from MedNCALib.metrics import dice
from MedNCALib.model import Model, save_model
from MedNCALib.schema import TEXT, read_json, record
from MedNCALib.space import normalize

from . import processes
from .dataset import Case, CaseReader, check_structures, read_cases, split, write_cases
from .estimate import check_affordable
from .finetune import starting_weights
from .fingerprint import check_names
from .loop import PLAN, Run, check_new
from .plan import Plan
from .report import CALIBRATION_CASES, check_description, finish, write_report

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
    texts: dict
    base: Path | None
    options: dict


def begin(
    folder, plan: Plan, cases: list[Case], texts: dict, base: Model | None = None, options: dict | None = None,
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
    check_description(plan, texts)
    check_affordable(plan)
    if options.get("keep_names"):
        check_names(case.name for case in cases)
    check_structures(cases, plan)
    divided = split(cases, plan.validation_share, plan.seed)
    if not divided["training"] or not divided["validation"]:
        raise MedNCAError("Training needs two cases at least: one to learn from, one to check with.")
    start = starting_weights(base, plan.labels) if base else None
    if processes.is_first():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / BASE, ignore_errors=True)  # of a beginning that was killed
        write_cases(cases, folder / CASES)
        write_bytes(folder / TEXTS, json.dumps({"texts": texts, "options": options}, indent=1).encode())
        if base:
            save_model(base, folder / BASE, "The model that is fine-tuned.")
    run = Run.create(folder, plan, divided, start, device)
    return Work(run, list(cases), texts, folder / BASE if base else None, options)


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
    if not (folder / PLAN).exists():
        raise MedNCAError(f"{folder} holds no training run (no {PLAN}).")
    kept = read_json(folder / TEXTS, _TEXTS_SCHEMA)
    texts, options = kept["texts"], kept["options"]
    run = Run.resume(folder, device or begun_on(folder))
    base = folder / BASE
    return Work(run, read_cases(folder / CASES), texts, base if base.is_dir() else None, options)


def complete(work: Work, out=None, report=None, tell=lambda text: None, progress=None) -> dict | None:
    """Train to the end, measure, calibrate, write the model. Returns the validation report.

    out: the model's folder (default: the options', or result/ in the run's folder). report, tell: as of `Run.train`.
    progress(stage, done, total) while measuring; it may raise to stop, the measuring then begins again at the next
    try. Of several processes only the first one measures; the others get None.
    """
    run = work.run
    run.train(work.cases, validator(run, work.cases), report, tell)
    if not processes.is_first():
        return None
    options = work.options
    result = finish(
        run, work.cases, work.texts, out or options.get("out") or run.folder / RESULT, options.get("command", ""),
        options.get("calibration_cases", CALIBRATION_CASES), progress, work.base,
        None if options.get("keep_names") else options["salt"],
    )  # fmt: skip
    write_report(result, run.folder / REPORT)
    run.set_state("done")
    return result


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
                mask = settle(run_ensemble(pyramid, image, 1, 0).mean)
                per_label = [dice(mask == n, labels == n) for n in range(1, len(run.plan.labels) + 1)]
                scores.append([dice(mask > 0, labels > 0), *per_label])
        union, *per_label = np.mean(scores, axis=0).round(4).tolist()
        return {"dice_union": union, "dice_labels": per_label}

    return validate


def texts_for(id: str, name: str, base: Model | None = None) -> dict:
    """The texts of a model that somebody trains on data of their own; nothing in them names a person or a place."""
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

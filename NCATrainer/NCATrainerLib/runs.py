"""A run folder as a whole: begun, opened again, and brought to its end, by the command line and the module.

plan.json, split.json, cases.json (where the cases lie), texts.json, base/ (the model that is fine-tuned),
history.csv, checkpoint.safetensors, state.json; at the end report.json and result/, the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from MedNCALib.description import write_bytes
from MedNCALib.ensemble import run_ensemble, settle
from MedNCALib.errors import MedNCAError
from MedNCALib.metrics import dice
from MedNCALib.model import Model, save_model
from MedNCALib.space import normalize

from . import processes
from .dataset import Case, CaseReader, read_cases, split, write_cases
from .finetune import starting_weights
from .loop import Run
from .plan import Plan
from .report import CALIBRATION_CASES, finish, write_report

CASES, TEXTS, BASE, REPORT, RESULT = "cases.json", "texts.json", "base", "report.json", "result"


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
    """A new run folder. options: keep_names and calibration_cases of `report.finish`, and the command that the card
    shows. Raises MedNCAError where the folder holds a run already, or a case name must not go into a model."""
    folder = Path(folder)
    divided = split(cases, plan.validation_share, plan.seed)
    if not divided["training"] or not divided["validation"]:
        raise MedNCAError("Training needs two cases at least: one to learn from, one to check with.")
    start = starting_weights(base, plan.labels) if base else None
    run = Run.create(folder, plan, divided, start, device)
    if processes.is_first():
        write_cases(cases, folder / CASES)
        write_bytes(folder / TEXTS, json.dumps({"texts": texts, "options": options or {}}, indent=1).encode())
        if base:
            save_model(base, folder / BASE, "The model that is fine-tuned.")
    processes.wait()
    return Work(run, list(cases), texts, folder / BASE if base else None, options or {})


def reopen(folder, device: str = "cpu") -> Work:
    """The run of a folder, at its last checkpoint. Raises MedNCAError with the reason where it cannot go on."""
    folder = Path(folder)
    run = Run.resume(folder, device)
    try:
        kept = json.loads((folder / TEXTS).read_text())
    except (OSError, ValueError) as error:
        raise MedNCAError(f"{folder / TEXTS} cannot be read: {error}.") from error
    base = folder / BASE
    return Work(run, read_cases(folder / CASES), kept["texts"], base if base.is_dir() else None, kept["options"])


def complete(work: Work, out=None, report=None, tell=lambda text: None, progress=None) -> dict | None:
    """Train to the end, measure, calibrate, write the model. Returns the validation report.

    out: the model's folder (default: result/ in the run's folder). report, tell: as of `Run.train`. progress(stage,
    done, total) while measuring; it may raise to stop, the measuring then begins again at the next try. Of several
    processes only the first one measures; the others get None.
    """
    run = work.run
    run.train(work.cases, validator(run, work.cases), report, tell)
    if not processes.is_first():
        return None
    out = Path(out) if out else run.folder / RESULT
    result = finish(
        run, work.cases, work.texts, out, work.options.get("command", ""),
        work.options.get("calibration_cases", CALIBRATION_CASES), progress, work.base,
        work.options.get("keep_names", True),
    )  # fmt: skip
    write_report(result, run.folder / REPORT)
    run.set_state("done")
    return result


def validator(run: Run, cases: list[Case]):
    """Union and label Dice of one member on some validation cases, while training goes on."""
    wanted = run.split["validation"][: run.plan.validation_cases]
    chosen, reader = [case for case in cases if case.name in set(wanted)], CaseReader(run.plan)
    preprocessing = run.plan.preprocessing

    def validate(pyramid) -> dict:
        scores = []
        with torch.inference_mode():
            for case in chosen:
                image, labels = reader(case)
                image = normalize(image, preprocessing.percentiles, preprocessing.gamma)
                mask = settle(run_ensemble(pyramid, image, 1, 0).mean)
                per_label = [dice(mask == n, labels == n) for n in range(1, len(run.plan.labels) + 1)]
                scores.append([dice(mask > 0, labels > 0), *per_label])
        union, *per_label = np.mean(scores, axis=0).round(4).tolist()
        return {"dice_union": union, "dice_labels": per_label}

    return validate


def texts_for(id: str, name: str, organ: str = "", base: Model | None = None) -> dict:
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
        "task": f"Segmentation of {organ or name}",
        "description": f"{organ or name}, trained on the user's own labelled volumes.{made_from}",
        "authors": "",
        "copyright": "",
        "license": license,
        "terms": base.terms if base else None,
        "intended_use": "Research and education. Not a medical device; a person must review every result.",
        "data_source": source,
        "limits": "Images like those that it was trained on.",
        "references": references,
    }

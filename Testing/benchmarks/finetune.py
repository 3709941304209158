"""Ten cases with a changed contrast, on which the bundled model fails: what fine-tuning wins back, and how fast.

Run it by `make study-finetuning`; DATA holds images/ and labels/ of the Decathlon's hippocampus set. The images are
inverted, or given a gamma of 4. Ten of the bundled model's training cases are learned from; the Dice is of others, on
which neither model was trained. Each contrast is an entry of docs/finetuning.json.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mednca.files import write_json
from mednca.imaging.reading import read_image, write_image
from mednca.models.library import Library
from mednca.models.weights import Model, save_model
from mednca.pool import Pool
from mednca_train import training_run
from mednca_train.data.cases import Case
from mednca_train.data.examine import fingerprint
from mednca_train.data.layouts import pair_folders
from mednca_train.model.measure import validate
from mednca_train.plan.finetuning import finetuning_plan
from mednca_train.plan.metadata import metadata_for
from mednca_train.training.validation import validator

REPORT = Path(__file__).parents[2] / "docs" / "finetuning.json"
CONTRASTS = {"inverted": lambda unit: 1 - unit, "gamma 4": lambda unit: unit**4}


def main(arguments) -> None:
    base = Library().load("hippocampus-m3dnca")
    split = base.info["training"]["split"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        names = {"training": split["training"][:: len(split["training"]) // 10][:10],
                 "test": split["validation"][: arguments.tested]}  # fmt: skip
        for part, chosen in names.items():
            _write(arguments.data, folder / part, chosen, CONTRASTS[arguments.contrast])
        tested = list(pair_folders(folder / "test" / "images", folder / "test" / "labels").cases)
        clean = [Case(c.name, arguments.data / "images" / f"{c.name}.nii.gz", c.labels) for c in tested]
        save_model(base, folder / "base", "base")
        whole, lost = (_dice(folder / "base", cases) for cases in (clean, tested))

        dataset = pair_folders(folder / "training" / "images", folder / "training" / "labels")
        cases = list(dataset.cases)
        start = time.perf_counter()
        plan = finetuning_plan(base, fingerprint(dataset), seed=arguments.seed)
        work = training_run.begin(folder / "run", plan, cases, metadata_for("tuned", "Tuned", base, plan.labels), base)
        work.run.train(work.cases, validator(plan, work.run.split, work.cases), lambda row: _tell(row, start))
        seconds = time.perf_counter() - start
        tuned = Model("tuned", plan.architecture, plan.preprocessing, plan.labels,
                      info=dict(work.metadata, quality={}), pyramid=work.run.result.eval())  # fmt: skip
        save_model(tuned, folder / "tuned", "tuned")
        won = _dice(folder / "tuned", tested)
    figures = {
        "cases": len(cases), "tested": len(tested), "seed": arguments.seed,
        "dice_base_clean": round(whole, 4), "dice_base": round(lost, 4), "dice_tuned": round(won, 4),
        "recovered": round((won - lost) / (whole - lost), 3), "minutes": round(seconds / 60, 1),
        "iterations": work.run.iteration,
    }  # fmt: skip
    print(json.dumps(figures))
    known = json.loads(REPORT.read_text("utf-8")) if REPORT.exists() else {}
    write_json(REPORT, known | {arguments.contrast: figures})
    if figures["recovered"] < 0.9 or seconds > 600:
        sys.exit("The floor is 90 % within 10 minutes.")


def _write(data, folder, names, contrast) -> None:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for name in names:
        image = read_image(data / "images" / f"{name}.nii.gz")
        array = sitk.GetArrayFromImage(image)
        low, high = np.percentile(array, (0.5, 99.5))
        changed = sitk.GetImageFromArray(contrast(np.clip((array - low) / (high - low), 0, 1)).astype(np.float32))
        changed.CopyInformation(image)
        write_image(changed, folder / "images" / f"{name}.nii.gz")
        shutil.copy(data / "labels" / f"{name}.nii.gz", folder / "labels")


def _dice(folder, cases) -> float:
    with Pool() as pool:
        return validate(pool, folder, cases).mean.dice["union"]


def _tell(row, start) -> None:
    if row.dice_union is not None:
        seconds = time.perf_counter() - start
        print(f"{seconds:5.0f} s, iteration {row.iteration}, Dice {row.dice_union}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--contrast", choices=CONTRASTS, default="inverted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tested", type=int, default=12, help="cases that the Dice is measured on")
    main(parser.parse_args())

"""The `mednca` command: the engine's commands, and training."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from MedNCALib import cli
from MedNCALib.errors import MedNCAError


@cli.app.command()
def train(
    preset: Annotated[str, typer.Option(help="Name of a training plan.")],
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of label maps with the same names.")],
    run: Annotated[Path, typer.Option(help="Run folder: plan, split, history, checkpoints. Resumed where it exists.")],
    out: Annotated[Path, typer.Option(help="Where the model folder goes.")],
    iterations: Annotated[int | None, typer.Option(help="Instead of the plan's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the plan's.")] = None,
    calibration_cases: Annotated[int, typer.Option(help="Training cases used for the calibration.")] = 90,
) -> None:
    """Train a model from labelled volumes, measure and calibrate it, and write its folder."""
    _require_training_packages()
    from .dataset import check_cases, find_cases, split
    from .loop import Run
    from .presets import PRESETS
    from .report import finish

    if preset not in PRESETS:
        raise MedNCAError(f"There is no preset {preset!r}; known are {', '.join(PRESETS)}.")
    plan, texts = PRESETS[preset].plan, PRESETS[preset].texts
    changes = {key: value for key, value in (("iterations", iterations), ("seed", seed)) if value is not None}
    plan = dataclasses.replace(plan, **changes)
    cases = find_cases(images, labels)
    if len(cases) < 2:
        raise MedNCAError("Training needs two cases at least: one to learn from, one to check with.")
    if (run / "plan.json").exists():
        training = Run.resume(run)
        _check_resumed(training, plan, cases)
        cli.err.print(f"Resuming {run} at iteration {training.iteration}.")
    else:
        check_cases(cases, plan)
        training = Run.create(run, plan, split(cases, plan.validation_share, plan.seed))
    with cli._progress() as bar:
        task = bar.add_task("Training", total=training.plan.total_iterations, completed=training.iteration)

        def report(row):
            bar.update(task, completed=row["iteration"], description=f"Training, loss {row['loss']:.3f}")

        training.train(cases, _validator(training, cases), report)
        bar.update(task, description="Training")
        stage = bar.add_task("", total=1)
        result = finish(
            training, cases, texts, out, _command(), calibration_cases,
            lambda name, done, total: bar.update(stage, description=name, completed=done, total=total),
        )  # fmt: skip
    (run / "validation.json").write_text(json.dumps(result, indent=1))
    cli._table(result["cases"], result["mean"])
    cli.out.print(f"Model written to {out}", highlight=False)


def main() -> None:
    """Entry point of `mednca`."""
    cli.main()


def _validator(run, cases):
    """Union and label Dice of one member on some validation cases, while training goes on."""
    import numpy as np
    import torch

    from MedNCALib.ensemble import run_ensemble, settle
    from MedNCALib.metrics import dice
    from MedNCALib.space import normalize

    from .dataset import CaseReader

    preprocessing = run.plan.preprocessing
    wanted = run.split["validation"][: run.plan.validation_cases]
    chosen, reader = [case for case in cases if case.name in set(wanted)], CaseReader(run.plan)

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


def _check_resumed(run, plan, cases) -> None:
    """What is asked for now must be what the run was begun with."""
    if run.plan != plan:
        raise MedNCAError(f"{run.folder} was begun with another plan (see its plan.json); choose another --run.")
    names = {case.name for case in cases}
    missing = [name for part in run.split.values() for name in part if name not in names]
    if missing:
        raise MedNCAError(
            f"{len(missing)} case(s) of the run's split.json are not in the folders: {missing[0]} for one."
        )


def _command() -> str:
    """The command line as the card shows it, with folders by their names only: no path of this machine."""

    def short(word):
        key, equals, value = word.partition("=")
        if equals and key.startswith("--"):
            return f"{key}={Path(value).name}"
        return Path(word).name if os.sep in word else word

    return "mednca " + shlex.join(short(word) for word in sys.argv[1:])


def _require_training_packages() -> None:
    try:
        import scipy  # noqa: F401
        import torchio  # noqa: F401
    except ImportError as error:
        raise MedNCAError(
            f"Training needs the package {error.name}; install it with: pip install 'mednca[train]'."
        ) from error

"""The commands that measure: a model on cases with known answers, and what a pass takes."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from ..batch.failures import apart, failure
from ..errors import MedNCAError, plain
from ..imaging.reading import pair_by_name
from ..models.description import Description
from ..models.library import Library
from ..models.schema import SPLIT_SCHEMA
from ..schema import read_json
from ..scores import CaseScore, Summary
from ..terminal import json_output, progress, remark, tell_scores
from . import options, shown

# Elsewhere --json says how to print; here it stays as the name that version 0.1 gave to --out.
_FIGURES = typer.Option("--out", "--json", help="The .json file where the figures go (--json FILE is the same).")


def evaluate(
    model: options.ModelOption,
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of label maps with the same names.")],
    out: Annotated[Path, _FIGURES],
    members: options.MembersOption = None,
    seed: options.SeedOption = None,
    device: options.DeviceOption = "auto",
    cases: Annotated[Path | None, typer.Option(help="A split.json; only its validation cases are used.")] = None,
    union: Annotated[
        bool, typer.Option("--union", help="Every value of the label maps is the organ; measure the union only.")
    ] = False,
) -> None:
    """Measure a model on cases with known answers.

    An image larger than the model's field of view is measured structure by structure (left and right organ), each with
    a click into its middle, as a person would. Where each structure has a label value of its own, the values tell
    structures apart, not parts, and the union alone is measured.
    """
    from ..evaluate import evaluate_case

    loaded = Library().load(model)
    pairs, problems = pair_by_name(images, labels)
    if cases:
        validation = set(read_json(cases, SPLIT_SCHEMA)["validation"])
        pairs = [pair for pair in pairs if pair[0] in validation]
        problems = {name: why for name, why in problems.items() if name in validation}
        if lacking := sorted(validation - {pair[0] for pair in pairs} - set(problems)):
            remark(f"{len(lacking)} validation cases of {cases} are not there, as {lacking[0]}; they are left out.")
        if not pairs:
            raise MedNCAError("None of the validation cases of {cases} lies in {images}.", cases=cases, images=images)
    scores: list[CaseScore] = []
    failures = [failure(*problem) for problem in problems.items()]
    with json_output(out) as write:
        with progress(pace=math.inf) as bar:
            task = bar.add_task("Cases", total=len(pairs))
            for pair in pairs:
                bar.update(task, description=plain(pair[0]))
                with apart(failures, pair[0]):
                    scores += evaluate_case(*pair, loaded, members, seed, device, union_only=union)
                bar.update(task, advance=1)
        if scores:
            mean = Summary.of(scores)
            tell_scores(scores, mean)
            _tell_uncounted(scores)
            learned = _learned(loaded, scores)
            rows = [score.to_json() for score in scores]
            told = {"model": loaded.id, "sha256": loaded.sha256, "trained_with": learned}
            write(told | {"cases": rows, "mean": mean.to_json(), "failures": failures})
    shown.tell_failures(failures)
    raise typer.Exit(1 if failures or not scores else 0)


def _learned(model: Description, scores: list[CaseScore]) -> list[str]:
    """The cases that a model was trained with, as far as it names its own: their figures flatter it, which is said."""
    trained = set(model.info.get("training", {}).get("split", {}).get("training", ()))
    learned = sorted({score.case for score in scores} & trained)
    if learned:
        told = f"Cases among these that the model was trained with, by their names: {len(learned)}, as {learned[0]}."
        remark(f"{told} Their figures say nothing of others.", "Note: ", "bold yellow")
    return learned


def _tell_uncounted(scores: list[CaseScore]) -> None:
    """Say which values of the label maps counted nowhere."""
    values = sorted({value for score in scores for value in score.uncounted})
    if values:
        told = ", ".join(map(str, values))
        remark(
            f"The label maps hold the value(s) {told}, which the model does not know and which counted nowhere; "
            "--union takes every value as the organ.",
            "Note: ",
            "bold yellow",
        )


def benchmark(
    preset: Annotated[str | None, typer.Option(help="A model of the papers at its paper's size.")] = None,
    model: Annotated[str | None, typer.Option(help="A model of the library; needs --shape.")] = None,
    shape: Annotated[str | None, typer.Option(help="X,Y,Z: voxels of the image (R, A, S).")] = None,
    members: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Ensemble members; default: as many as there are cores.")
    ] = None,
    memory_limit: Annotated[float | None, typer.Option(help="MB the ensemble may take.")] = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="Timed runs, after one that is not.")] = 5,
    roi: Annotated[bool, typer.Option("--roi", help="Compute only a region of the size of an organ.")] = False,
    training: Annotated[bool, typer.Option("--training", help="Also time a pass with its way back.")] = False,
    reference: Annotated[bool, typer.Option(help="Also time the papers' text written down plainly.")] = True,
    out: Annotated[Path | None, _FIGURES] = None,
) -> None:
    """Measure seconds and memory of one pass, with untrained weights."""
    from ..benchmark.timing import PRESETS, benchmark

    if preset is not None and model is None:
        if preset not in PRESETS:
            raise MedNCAError(
                "There is no preset {preset}; known are {known}.", preset=repr(preset), known=", ".join(PRESETS)
            )
        architecture, size = PRESETS[preset].architecture, PRESETS[preset].shape
    elif model is not None and preset is None:
        architecture, size = Library().load(model).architecture, None
    else:
        raise MedNCAError("Give either --preset or --model.")
    size = options.shape(shape) if shape else size
    if size is None:
        raise MedNCAError("--model needs --shape X,Y,Z.")
    with json_output(out) if out else nullcontext(shown.print_json) as write:
        figures = {"preset": preset, "model": model} | benchmark(
            architecture, size, members, memory_limit, repeats, reference, roi, training,
            remark,
        )  # fmt: skip
        write(figures)

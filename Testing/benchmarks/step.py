"""What a training step costs: beside torch's plain step, beside what the processor can do, and beside busy programs.

    python Testing/benchmarks/step.py [--repeats 5]

The plans are those of the bundled hippocampus and prostate models, and what is proposed for left atria of the
Decathlon's size. "plain" is the cell as the papers write it under autograd, the batch as a whole. Useful
multiplications are those of the cells that fire, three times for the way there and back, beside torch's own product
of large matrices in the same turns. "busy" is beside two programs that never rest. Writes docs/step.json. Run it by
`make benchmark-training`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch

from mednca.nca.cells import Cell
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.plan import Plan
from mednca_train.plan.presets import PRESETS
from mednca_train.plan.propose import propose
from mednca_train.training.estimate import made_up_batch
from mednca_train.training.loop import Run

ROOT = Path(__file__).parents[2]
_BUSY = 2  # programs
_EDGE = 2048  # of the matrices whose product says what the processor can do
_PATIENCE = 60.0  # seconds, for a plan's turns


def plans() -> dict[str, Plan]:
    atrium = CaseFacts(
        "atrium", (183, 140, 88), (0.625,) * 3, {1: 150_000}, (75.0, 55.0, 50.0), {1: 0.0}, "a"
    )  # fmt: skip
    atria = propose(Fingerprint((atrium, replace(atrium, name="other", digest="b")))).plan
    named = {name.split("-")[0]: PRESETS[name].plan for name in ("hippocampus-m3dnca", "prostate-m3dnca")}
    return {
        name: replace(plan, freeze_norm=0.0, coarse_first=0, second_phase=None, iterations=1000)
        for name, plan in {**named, "atria": atria}.items()
    }


def multiplications(plan: Plan) -> float:
    """Of a step: what the cells that fire need, there and, twice that, back."""
    a, total = plan.architecture, 0.0
    for number, level in enumerate(a.levels):
        frame = math.prod(a.frame(level, plan.field_of_view))
        cells = min(frame, math.prod(plan.patch)) if number else frame
        total += cells * level.steps * a.fire_rate * a.multiplications(level)
    return 3 * total * plan.batch * plan.duplication


def measured(plan: Plan, repeats: int) -> dict[str, float]:
    """Seconds of a step by each way, in turns."""
    run = Run("", plan, {"training": [], "validation": []})
    images, labels = made_up_batch(plan)

    def apart():
        run.step(images, labels)

    def together():
        with mock.patch.object(run, "_apart", run._together):
            run.step(images, labels)

    def plain():
        with mock.patch.object(Cell, "forward", Cell.plain):
            together()

    ways = {"seconds": apart, "together": together, "plain": plain, "product": _product()}
    return _in_turns(ways, repeats)


def _in_turns(ways: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Their median seconds, each as often as the others, until there are so many turns or time is up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    until = time.perf_counter() + _PATIENCE
    for turn in range(repeats + 1):
        if turn > 1 and time.perf_counter() > until:
            break
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            if turn:  # the first one warms up
                seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in seconds.items()}


def _product() -> Callable[[], None]:
    """torch's own product of large matrices, of `_EDGE`^3 multiplications."""
    a, b = torch.randn(_EDGE, _EDGE), torch.randn(_EDGE, _EDGE)
    into = torch.empty(_EDGE, _EDGE)

    def multiply() -> None:
        torch.mm(a, b, out=into)

    return multiply


def main(repeats: int) -> None:
    written = {"cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__, "plans": {}}
    for name, plan in plans().items():
        alone = measured(plan, repeats)
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_BUSY)]
        try:
            beside = measured(plan, repeats)
        finally:
            for process in busy:
                process.kill()
                process.wait()
        figures = {
            "samples": plan.batch * plan.duplication,
            "seconds": round(alone["seconds"], 3),
            "times_faster_than_plain": round(alone["plain"] / alone["seconds"], 2),
            "times_faster_than_together": round(alone["together"] / alone["seconds"], 2),
            "share_of_product": round(multiplications(plan) / alone["seconds"] / (_EDGE**3 / alone["product"]), 3),
            "busy": {
                "seconds": round(beside["seconds"], 3),
                "times_faster_than_plain": round(beside["plain"] / beside["seconds"], 2),
                "times_faster_than_together": round(beside["together"] / beside["seconds"], 2),
            },
        }
        written["plans"][name] = figures
        print(name, json.dumps(figures), flush=True)
    (ROOT / "docs" / "step.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    main(parser.parse_args().repeats)

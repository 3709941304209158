"""Tables and a figure of what a pass costs, for docs/speed.md. Run it by `make benchmark`, on an idle machine.

Untrained weights with a moving state; the papers' sizes, each in turns beside the papers' text written down plainly,
and how the cost grows with voxels, members, steps and threads.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.ticker import MaxNLocator

from mednca.benchmark.timing import PRESETS, benchmark

DOCS = Path(__file__).resolve().parents[2] / "docs"
# preset, members, options
TABLE = (
    ("paper-hippocampus", 1, {"repeats": 9}),
    ("paper-hippocampus", 10, {"repeats": 7}),
    ("paper-hippocampus", 1, {"repeats": 5, "reference": False, "training": True}),
    ("paper-mednca", 1, {"repeats": 3}),
    ("paper-mednca", 2, {"repeats": 3}),
    ("paper-prostate", 2, {"repeats": 2, "roi": True}),
    ("paper-prostate", 2, {"repeats": 2, "memory_limit": 700, "reference": False}),
)
EDGES = (24, 32, 48, 64, 80, 96)
MEMBERS = (1, 2, 4, 8, 12, 16)
STEPS = (5, 10, 20, 30, 40)
COLOR, FIT = "#1f6f8b", "#c06c2b"


def main(folder: Path = DOCS) -> None:
    folder.mkdir(exist_ok=True)
    rows = [_measure(*row) for row in TABLE]
    growth = _growth()
    (folder / "speed.json").write_text(
        json.dumps({"machine": _machine(), "table": rows, "growth": growth}, indent=1), encoding="utf-8"
    )
    (folder / "speed.md").write_text(_page(rows, growth), encoding="utf-8")
    _draw(growth, folder / "speed.png")


def _measure(name, members, options) -> dict:
    """The figures of `mednca benchmark`, in a process of its own: what ran before leaves the allocator warm, and code
    that allocates as much as the reference one profits from that."""
    command = [sys.executable, "-c", "from mednca.cli import main; main()", "benchmark", "--preset", name]
    command += ["--members", str(members)]
    for key, value in options.items():
        flag = key.replace("_", "-")
        command += [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", str(value)]
    print(*command[3:], file=sys.stderr)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _growth() -> dict:
    """Median seconds of an ensemble against one thing at a time; the hippocampus model of the paper."""
    architecture = PRESETS["paper-hippocampus"].architecture

    def seconds(shape=(48, 48, 48), members=2, steps=10, threads=None):
        kept = torch.get_num_threads()
        torch.set_num_threads(threads or kept)
        try:
            levels = tuple(replace(level, steps=steps) for level in architecture.levels)
            figures = benchmark(replace(architecture, levels=levels), shape, members, repeats=5, reference=False)
        finally:
            torch.set_num_threads(kept)
        print(shape, members, steps, threads, figures["seconds_ensemble"], file=sys.stderr)
        return figures["seconds_ensemble"]["median"]

    cores = torch.get_num_threads()
    return {
        "voxels": {edge**3: seconds((edge,) * 3) for edge in EDGES},
        "members": {n: seconds(members=n) for n in MEMBERS},
        "steps": {n: seconds(steps=n) for n in STEPS},
        "threads": {n: seconds(members=8, threads=n) for n in range(1, cores + 1)},
    }


def exponent(points: dict) -> float:
    """Slope in the double logarithm: 1 where the cost grows linearly."""
    x, y = (np.log([float(value) for value in values]) for values in (points.keys(), points.values()))
    return float(np.polyfit(x, y, 1)[0])


def _draw(growth, path) -> None:
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.4), constrained_layout=True)
    texts = {
        "voxels": "voxels (thousands)",
        "members": "ensemble members",
        "steps": "steps a level",
        "threads": "threads",
    }
    for axis, (name, points) in zip(axes, growth.items(), strict=True):
        unit = 1000 if name == "voxels" else 1
        x, y = np.array([float(n) for n in points]) / unit, np.array(list(points.values()))
        if name == "threads":
            axis.bar(x, y, width=0.5, color=COLOR)
        else:
            slope, start = np.polyfit(x, y, 1)
            axis.plot([0, x.max()], [start, start + slope * x.max()], color=FIT, linewidth=1.5, label="straight line")
            axis.plot(x, y, "o", color=COLOR, label="measured (median)")
            axis.set_xlim(left=0)
            axis.set_title(f"grows with {name} to the power {exponent(points):.2f}", fontsize=10)
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.set_ylim(bottom=0)
        axis.set_xlabel(texts[name])
    axes[3].set_title("8 members, by threads", fontsize=10)
    axes[0].set_ylabel("seconds an ensemble")
    axes[0].legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=110)


def _row(row: dict, exact: bool) -> str:
    """One line of the table: of the whole frame, or of the region of interest that was timed beside it."""
    prefix = "exact_" if exact and "exact_seconds_per_pass" in row else ""
    seconds = row[f"{prefix}seconds_per_pass"]
    reference = row.get("reference_seconds_per_pass")
    cells = [
        f"{row['preset']}, {_size(row)}" + ("" if exact else ", region of interest"),
        f"{row['members']}",
        f"{row['memory_limit_mb']:g} MB" if row["memory_limit_mb"] else "none",
        f"{seconds['median']:.3f} ({seconds['min']:.3f} to {seconds['max']:.3f})",
        f"{reference['median']:.3f}" if reference else "-",
        f"{row['times_faster']['exact' if exact else 'roi']:g}" if reference else "-",
        f"{row[f'{prefix}useful_flops_share']:g}",
        f"{row['peak_resident_mb']['added']} MB" if exact else "-",
    ]
    return f"| {' | '.join(cells)} |"


def _training_row(row: dict) -> str:
    ours, plain = (row[key]["median"] for key in ("training_pass_seconds", "plain_training_pass_seconds"))
    return f"| {row['preset']}, {_size(row)} | {ours:.3f} | {plain:.3f} | {row['training_times_faster']:g} |"


def _size(row: dict) -> str:
    return " x ".join(str(n) for n in row["shape"])


def _page(rows, growth) -> str:
    lines = ["| model, image | members | memory limit | seconds a pass | reference | times faster | "
             "useful FLOP share | memory added |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in [row for row in rows if "training_times_faster" not in row]:
        lines += [_row(row, exact) for exact in ((True, False) if "exact_seconds_per_pass" in row else (True,))]
    train_lines = ["| model, image | seconds | plain cell | times faster |", "|---|---|---|---|"]
    train_lines += [_training_row(row) for row in rows if "training_times_faster" in row]
    matrix = statistics.median(row["matrix_product_gflops"] for row in rows)
    exponents = ", ".join(f"{name} {exponent(growth[name]):.2f}" for name in ("voxels", "members", "steps"))
    threads = growth["threads"]
    gain = threads[1] / threads[max(threads)]
    return f"""# What a pass costs

Made by `make benchmark`; the same figures as data are in [speed.json](speed.json). Untrained weights with a moving
state, float32, medians (and spread). {_machine()}; its own product of large matrices ran at {matrix:.0f} GFLOP/s
(median over the rows). "Reference" is the papers' text written down plainly (`mednca/benchmark/reference.py`): channels
first, every layer for every cell, batch norm on live statistics; timed in turns with ours. The machine's speed varies,
so compare within a row.

{chr(10).join(lines)}

- *Useful FLOP share*: perception, hidden layer and update of the cells that fire, over the time, as a share of the
  matrix product's FLOP/s.
- Members run one a core. A single one shares its operations out to the cores, which small images do not fill.
- Each row is a process of its own. In one that is warm from other work the reference code takes a third less.
- *Memory added*: peak resident memory of a fresh process above what it had with torch loaded.
- *Region of interest*: a quarter of each axis of 64 voxels or more, with the room that the search leaves; the search is
  timed, too.

A training pass (full frame, forward and backward):

{chr(10).join(train_lines)}

The cost grows linearly: the exponents of a power law fitted to the points below are {exponents}. {max(threads)} threads
do the work of one {gain:.1f} times as fast.

![Seconds of an ensemble against voxels, members, steps and threads](speed.png)
"""


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), torch {torch.__version__.split('+')[0]}"
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

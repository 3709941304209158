"""How fast and how small: seconds and memory of one pass, beside the papers' text written down literally.

Untrained weights with a moving state; only the arithmetic is measured, so no weights and no images are needed. The
machine's own matrix product, timed in the same run, says what could be had at best.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .architecture import Architecture, Level
from .ensemble import computed_share, run_ensemble
from .errors import MedNCAError
from .literal import LiteralPyramid
from .memory import plan_memory, predicted_peak
from .pyramid import Pyramid

_MATRIX = 2048  # edge of the matrices whose product is timed


@dataclass(frozen=True)
class Preset:
    """A model of the papers and the image it was used on, (R, A, S) voxels."""

    architecture: Architecture
    shape: tuple[int, int, int]


def _m3d(scale, steps):
    levels = (Level((scale, scale, min(scale, 4)), 7, steps[0]), Level((1, 1, 1), 3, steps[1]))
    return Architecture("m3d-nca", 16, 64, levels, norm="batch")


PRESETS = {
    "paper-hippocampus": Preset(_m3d(2, (10, 10)), (36, 52, 36)),
    "paper-prostate": Preset(_m3d(4, (20, 40)), (320, 320, 24)),
    "paper-mednca": Preset(
        Architecture("med-nca", 32, 128, (Level((4, 4, 1), 3, 64), Level((1, 1, 1), 3, 64)), slice_axis=2),
        (256, 256, 1),
    ),
}


def benchmark(
    architecture: Architecture, shape, members: int = 1, memory_limit: float | None = None, repeats: int = 5,
    literal: bool = True, roi: bool = False, tell=lambda text: None,
) -> dict:  # fmt: skip
    """Figures of one pass (and of an ensemble of `members`) on an image of `shape` voxels (R, A, S).

    memory_limit: MB, as of `segment.segment_image`. literal: also time `literal.LiteralPyramid`, in the same run.
    roi: run the last level in `organ_region` only, as a region of interest would.
    """
    if any(n < 1 for n in shape) or members < 1 or repeats < 1:
        raise MedNCAError("Shape, members and repeats must be positive.")
    pyramid, image = moving_pyramid(architecture), noise(shape, architecture)
    plan = plan_memory(architecture, shape, memory_limit, torch.get_num_threads())
    region = organ_region(architecture, shape) if roi else False
    matrix = matrix_flops()
    tell(f"matrix product: {matrix / 1e9:.0f} GFLOP/s")
    times = _time(lambda: _pass(pyramid, image, members, memory_limit, region), repeats)
    tell(f"{members} pass(es): {statistics.median(times):.3f} s")
    seconds = [t / members for t in times]
    steps = cell_steps(architecture, shape)  # of the whole frame, also where a region spares most of them
    share = computed_share(architecture, shape, region) if region else 1.0
    useful = useful_flops(architecture, shape, share)
    figures = {
        "shape": list(shape),
        "parameters": architecture.parameter_count(),
        "members": members,
        "threads": torch.get_num_threads(),
        "memory_limit_mb": memory_limit,
        "tile": list(plan.tile) if plan.tile else None,
        "members_at_a_time": min(plan.parallel, members),
        "seconds_per_pass": _summary(seconds),
        "seconds_ensemble": _summary(times),
        "voxel_steps_per_second": round(steps / statistics.median(seconds)),
        "computed_share": round(share, 3),
        "useful_gflop_per_pass": round(useful / 1e9, 3),
        "useful_flops_share": round(useful / statistics.median(seconds) / matrix, 3),
        "matrix_product_gflops": round(matrix / 1e9, 1),
        "predicted_peak_mb": round(predicted_peak(architecture, shape, plan.tile, min(plan.parallel, members)) / 1e6),
        "peak_resident_mb": peak_resident(architecture, shape, members, memory_limit),
    }
    if literal:
        reference = LiteralPyramid(architecture)
        with torch.inference_mode():
            slow = _time(lambda: reference(image), min(repeats, 3))
        figures["literal_seconds_per_pass"] = _summary(slow)
        figures["times_faster"] = round(statistics.median(slow) / statistics.median(seconds), 1)
    return figures


def moving_pyramid(architecture: Architecture) -> Pyramid:
    """Untrained, but its state moves: the update is not zero."""
    torch.manual_seed(0)
    pyramid = Pyramid(architecture).eval().requires_grad_(False)
    for cell in pyramid.cells:
        torch.nn.init.normal_(cell.update.weight, std=0.02)
    return pyramid


def noise(shape, architecture: Architecture) -> torch.Tensor:
    """An image, (R, A, S, input_channels)."""
    torch.manual_seed(1)
    return torch.randn(*shape, architecture.input_channels)


def matrix_flops(repeats: int = 5) -> float:
    """FLOP/s of a large float32 matrix product on this machine, now."""
    a, b = torch.randn(_MATRIX, _MATRIX), torch.randn(_MATRIX, _MATRIX)
    return 2 * _MATRIX**3 / min(_time(lambda: a @ b, repeats))


def cell_steps(architecture: Architecture, shape) -> int:
    """Cells times steps over all levels, fired or not."""
    return sum(_cells(level, shape) * level.steps for level in architecture.levels)


def useful_flops(architecture: Architecture, shape, share: float = 1.0) -> float:
    """FLOP of one pass that cannot be left out: perception, hidden and update of the cells that fire.

    share: of the last level's cells that are computed.
    """
    c, h = architecture.channels, architecture.hidden
    total = 0.0
    for level in architecture.levels:
        kernel = int(np.prod(architecture.kernel_shape(level)))
        perceived = 1 if architecture.family == "m3d-nca" else 2
        sight = kernel * c if architecture.family != "med-nca" else kernel * c * 2 * c
        per_cell = 2 * (sight + (1 + perceived) * c * h + h * c)
        cells = _cells(level, shape) * (share if level is architecture.levels[-1] else 1)
        total += architecture.fire_rate * cells * level.steps * per_cell
    return total


def peak_resident(architecture: Architecture, shape, members: int, memory_limit) -> dict | None:
    """Resident memory of a fresh process, MB: before the run, at its peak, and what the run added."""
    if sys.platform == "win32":
        return None
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure_memory, (architecture, tuple(shape), members, memory_limit, torch.get_num_threads()))


def _measure_memory(architecture, shape, members, memory_limit, threads) -> dict:
    torch.set_num_threads(threads)
    small = tuple(min(n, 16) for n in shape)
    _pass(moving_pyramid(architecture), noise(small, architecture), 1, None)  # what torch itself takes
    before = _resident()
    _pass(moving_pyramid(architecture), noise(shape, architecture), members, memory_limit)
    peak = _resident()
    return {"before": round(before), "peak": round(peak), "added": round(peak - before)}


def _resident() -> float:
    """Peak so far, MB."""
    if sys.platform == "linux":  # getrusage would give the parent's peak where that was higher
        (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1e3
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _pass(pyramid, image, members, memory_limit, region=False):
    return run_ensemble(pyramid, image.numpy(), members, seed=0, memory_limit=memory_limit, roi=region)


def organ_region(architecture: Architecture, shape) -> tuple[slice, slice, slice]:
    """A box in the middle of the last level's frame as wide as a prostate in its volume: a quarter of each axis (of
    those with fewer than 64 cells, all)."""
    frame = [-(-n // s) for n, s in zip(shape, architecture.levels[-1].scale, strict=True)]
    return tuple(slice(0, n) if n < 64 else slice(n // 2 - n // 8, n // 2 + n // 8) for n in frame)


def _cells(level: Level, shape) -> int:
    return int(np.prod([-(-n // s) for n, s in zip(shape, level.scale, strict=True)]))


def _time(run, repeats: int) -> list[float]:
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def _summary(times) -> dict:
    return {name: round(f(times), 4) for name, f in (("median", statistics.median), ("min", min), ("max", max))}

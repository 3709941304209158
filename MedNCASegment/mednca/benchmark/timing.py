"""How fast and how small: seconds and memory of one pass, beside the papers' text written down plainly (`reference`).

Untrained weights with a moving state; only the arithmetic is measured, so no weights and no images are needed. The
machine's own matrix product, timed in the same run, says what could be had at best.
"""

from __future__ import annotations

import math
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import torch

from ..axes import Box, triple, whole
from ..errors import MedNCAError
from ..nca.architecture import Architecture, Level, Shape
from ..nca.cells import Cell
from ..nca.ensemble import ROI_MEMBERS, computed_share, run_ensemble
from ..nca.memory import count, plan_memory
from ..nca.pyramid import ROI_PADDING, Pyramid
from ..nca.tensors import to_numpy
from ..pool import end_with_parent
from .reference import ReferencePyramid

_MATRIX = 2048  # edge of the matrices whose product is timed
_LONG = 20.0  # seconds from which a job is timed once


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
    architecture: Architecture, shape: Shape, members: int | None = None, memory_limit: float | None = None,
    repeats: int = 5, reference: bool = True, roi: bool = False, training: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict:  # fmt: skip
    """Time one pass of a model, and an ensemble, and measure their memory; all in turns, in the same run.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).
        members: of the ensemble; None for as many as there are cores, each on a core of its own as in any ensemble.
        memory_limit: MB, as of `segment.segment_image`.
        repeats: times that each job is timed, after a first one that is not counted.
        reference: also time `reference.ReferencePyramid`.
        roi: also compute only what a region of the size of an organ needs, the search for it included.
        training: also time a pass with its way back, and the same through the plain cell.
        tell: called with a sentence after each round.

    Returns:
        The figures, as JSON has them; times in seconds, memory in MB.

    Raises:
        MedNCAError: where a number is not positive, or the memory limit cannot be met.
    """
    threads = torch.get_num_threads()
    members = threads if members is None else members
    if any(n < 1 for n in shape) or members < 1 or repeats < 1:
        raise MedNCAError("Shape, members and repeats must be positive.")
    pyramid, image = moving_pyramid(architecture), noise(shape, architecture)
    frame, region = whole(shape), organ_region(architecture, shape)
    plan = plan_memory(architecture, shape, memory_limit, threads, members=members)
    jobs = {"matrix": _matrix_product(), "exact": lambda: _pass(pyramid, image, members, memory_limit)}
    if roi:
        jobs["roi"] = lambda: _pass_in_region(pyramid, image, members, memory_limit, region)
    if reference:
        jobs["reference"] = _reference_pass(architecture, image)
    if training:
        jobs["training"] = lambda: _training_pass(pyramid, image)
        jobs["plain training"] = lambda: _training_pass(pyramid, image, plain=True)
    times = _in_turns(jobs, repeats, tell)
    matrix = 2 * _MATRIX**3 / min(times["matrix"])
    seconds = {name: [t / members for t in times[name]] for name in ("exact", "roi") if name in times}
    used, share = ("roi", computed_share(architecture, shape, region)) if roi else ("exact", 1.0)
    typical = statistics.median(seconds[used])
    useful = useful_flops(architecture, shape, region if roi else frame)
    figures = {
        "shape": list(shape),
        "parameters": architecture.parameter_count(),
        "members": members,
        "threads": threads,
        "memory_limit_mb": memory_limit,
        "tile": list(plan.tile) if plan.tile else None,
        "blocks": len(list(plan.blocks(frame))),
        "members_at_a_time": min(plan.parallel, members),
        "seconds_per_pass": _summary(seconds[used]),
        "seconds_ensemble": _summary(times[used]),
        "voxel_steps_per_second": round(cell_steps(architecture, shape) / typical),  # of the whole frame, region or not
        "computed_share": round(share, 3),
        "useful_gflop_per_pass": round(useful / 1e9, 3),
        "useful_flops_share": round(useful / typical / matrix, 3),
        "matrix_product_gflops": round(matrix / 1e9, 1),
        "predicted_peak_mb": round(plan.peak / 1e6),
        "peak_resident_mb": peak_resident(architecture, shape, members, memory_limit),
    }
    if roi:
        figures["exact_seconds_per_pass"] = _summary(seconds["exact"])
        exact = useful_flops(architecture, shape, frame) / statistics.median(seconds["exact"])
        figures["exact_useful_flops_share"] = round(exact / matrix, 3)
    if reference:
        figures["reference_seconds_per_pass"] = _summary(times["reference"])
        figures["times_faster"] = {name: _ratio(times["reference"], seconds[name]) for name in seconds}
    if training:
        figures["training_pass_seconds"] = _summary(times["training"])
        figures["plain_training_pass_seconds"] = _summary(times["plain training"])
        figures["training_times_faster"] = _ratio(times["plain training"], times["training"])
    return figures


def _pass(pyramid, image, members, memory_limit, region=False):
    return run_ensemble(pyramid, to_numpy(image), members, seed=0, memory_limit=memory_limit, roi=region)


def _pass_in_region(pyramid, image, members, memory_limit, region):
    """As a region of interest takes it; the one that untrained weights find is not used, but the search is timed."""
    with torch.inference_mode():
        pyramid.region_of_interest(image, 0, range(min(members, ROI_MEMBERS)))
    return _pass(pyramid, image, members, memory_limit, region)


def _reference_pass(architecture, image):
    reference = ReferencePyramid(architecture)

    @torch.inference_mode()
    def run():
        return reference(image)

    return run


def _training_pass(pyramid, image, plain: bool = False):
    """Forward and backward over the full frame."""
    pyramid.requires_grad_(True)
    forward = Cell.forward
    Cell.forward = Cell.plain if plain else forward
    try:
        pyramid(image, 0, [0]).square().mean().backward()
    finally:
        Cell.forward = forward
        pyramid.zero_grad(set_to_none=True)
        pyramid.requires_grad_(False)


def _matrix_product():
    """FLOP/s of a large float32 matrix product are what this machine can do at best, now."""
    a, b = torch.randn(_MATRIX, _MATRIX), torch.randn(_MATRIX, _MATRIX)
    return lambda: a @ b


def _in_turns(jobs, repeats: int, tell) -> dict[str, list[float]]:
    """Seconds of each job, in turns, so that all meet the same noise. A first round is not counted, except for jobs
    that take long."""
    times = {name: [] for name in jobs}
    for round_number in range(repeats + 1):
        for name, job in jobs.items():
            if len(times[name]) >= (1 if sum(times[name]) > _LONG else repeats):
                continue
            start = time.perf_counter()
            job()
            seconds = time.perf_counter() - start
            if round_number or seconds > _LONG:
                times[name].append(seconds)
        tell(", ".join(f"{name} {min(each):.3f} s" for name, each in times.items() if each))
    return times


def _ratio(slow, fast) -> float:
    return round(statistics.median(slow) / statistics.median(fast), 1)


def moving_pyramid(architecture: Architecture) -> Pyramid:
    """Make an untrained pyramid whose state moves: its update is not zero, as it would be before training."""
    torch.manual_seed(0)
    pyramid = Pyramid(architecture).eval().requires_grad_(False)
    for cell in pyramid.cells:
        torch.nn.init.normal_(cell.update.weight, std=0.02)
    return pyramid


def noise(shape: Shape, architecture: Architecture) -> torch.Tensor:
    """Make an image of random numbers, the same each time.

    Args:
        shape: voxels (R, A, S).
        architecture: of the model that it is for.

    Returns:
        float32 (R, A, S, input_channels), normally distributed.
    """
    torch.manual_seed(1)
    return torch.randn(*shape, architecture.input_channels)


def cell_steps(architecture: Architecture, shape: Shape) -> int:
    """Count the steps of all cells of all levels, fired or not.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).

    Returns:
        Cells times steps, summed over the levels.
    """
    return sum(math.prod(architecture.frame(level, shape)) * level.steps for level in architecture.levels)


def useful_flops(architecture: Architecture, shape: Shape, region: Box) -> float:
    """FLOP of one pass that cannot be left out: those of the cells that fire, where the region needs them.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).
        region: slices of the image.

    Returns:
        FLOP; a multiplication and an addition are two.
    """
    fired = (
        architecture.fire_rate * level.steps * count(box) * architecture.multiplications(level)
        for level, box in zip(architecture.levels, architecture.boxes(shape, region), strict=True)
    )
    return 2.0 * sum(fired)


def peak_resident(architecture: Architecture, shape: Shape, members: int, memory_limit: float | None) -> dict:
    """Measure the memory of an ensemble in a fresh process.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).
        members: of the ensemble.
        memory_limit: MB, as of `segment.segment_image`.

    Returns:
        Resident MB before the run, at its peak, and what the run added.
    """
    context = multiprocessing.get_context("spawn")
    asked = architecture, tuple(shape), members, memory_limit, torch.get_num_threads()
    with ProcessPoolExecutor(1, context, initializer=end_with_parent) as process:
        try:
            return process.submit(_measure_memory, *asked).result()
        except BrokenProcessPool as error:
            raise MedNCAError("The process that measured the memory died; it may have needed too much.") from error


def _measure_memory(architecture, shape, members, memory_limit, threads) -> dict:
    torch.set_num_threads(threads)
    small = triple(min(n, 16) for n in shape)
    _pass(moving_pyramid(architecture), noise(small, architecture), 1, None)  # what torch itself takes
    before = resident_peak()
    _pass(moving_pyramid(architecture), noise(shape, architecture), members, memory_limit)
    peak = resident_peak()
    return {"before": round(before), "peak": round(peak), "added": round(peak - before)}


def resident_peak() -> float:
    """The most memory that this process had resident so far, MB."""
    if sys.platform == "linux":  # getrusage would give the parent's peak where that was higher
        (line,) = [
            line
            for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
            if line.startswith("VmHWM")
        ]
        return int(line.split()[1]) / 1e3
    if sys.platform == "win32":
        import ctypes

        class Counters(ctypes.Structure):  # PROCESS_MEMORY_COUNTERS
            _fields_ = (
                ("size", ctypes.c_uint32), ("faults", ctypes.c_uint32), ("peak", ctypes.c_size_t),
                ("others", ctypes.c_size_t * 7),
            )  # fmt: skip

        counters, kernel = Counters(ctypes.sizeof(Counters)), ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.K32GetProcessMemoryInfo.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
        kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size)
        return counters.peak / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def organ_region(architecture: Architecture, shape: Shape) -> Box:
    """Make up a region of interest: a box in the middle of the image, as wide as a prostate in its volume.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).

    Returns:
        A quarter of each axis, and the padding that a region of interest has; all of those with fewer than 64 voxels.
    """
    scale = architecture.levels[max(len(architecture.levels) - 2, 0)].scale
    return triple(
        slice(0, n) if n < 64 else slice(n // 2 - n // 8 - ROI_PADDING * s, n // 2 + n // 8 + ROI_PADDING * s)
        for n, s in zip(shape, scale, strict=True)
    )


def _summary(times) -> dict:
    return {name: round(f(times), 4) for name, f in (("median", statistics.median), ("min", min), ("max", max))}

"""What a plan will cost here, measured: some iterations of it on made-up data, in a fresh process."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import asdict, dataclass, replace

import torch

from MedNCALib.benchmark import resident_peak

from .plan import Plan

_VALIDATION_SHARE = 0.1  # of the time, that validation and checkpoints take beside the iterations


@dataclass(frozen=True)
class Estimate:
    """seconds: of the whole plan; seconds_per_iteration: after the norm is frozen. peak_mb: resident memory of the
    training process, Python and torch included; loader_mb: of the one that reads and augments the cases."""

    seconds: float
    seconds_per_iteration: float
    peak_mb: float
    loader_mb: float

    def to_json(self) -> dict:
        return {key: round(value, 3) for key, value in asdict(self).items()}


def estimate(plan: Plan, largest_case: int = 0) -> Estimate:
    """largest_case: voxels of the largest case on the model's grid, for what the loader keeps."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        live, frozen, peak, base = pool.apply(_probe, (plan, torch.get_num_threads()))
    live_iterations = plan.freeze_norm * plan.iterations if plan.architecture.norm == "batch" else 0
    seconds = live_iterations * live + (plan.total_iterations - live_iterations) * frozen
    from .dataset import CACHED_VOXELS

    sample = 1
    for n, room in zip(plan.field_of_view, plan.room, strict=True):
        sample *= n + 2 * room
    cached = min(CACHED_VOXELS, 200 * max(largest_case, sample)) * 6  # bytes: float32 image, int16 labels
    loader = base + (cached + 40 * sample) / 1e6
    return Estimate(seconds * (1 + _VALIDATION_SHARE), frozen, peak, loader)


def _probe(plan: Plan, threads: int):
    """(seconds of an iteration with live norm, with frozen norm, peak MB, MB before it began)."""
    from .loop import Run

    torch.set_num_threads(threads)
    base = resident_peak()
    run = Run("", replace(plan, iterations=1000, freeze_norm=0.002, polish=None), {"training": [], "validation": []})
    count = plan.batch * plan.duplication
    images = torch.randn(count, *plan.field_of_view, plan.architecture.input_channels)
    labels = torch.zeros(count, *plan.field_of_view, dtype=torch.int16)
    labels[(slice(None), *(slice(n // 3, max(2 * n // 3, n // 3 + 1)) for n in plan.field_of_view))] = 1
    seconds = []
    for _iteration in range(5):  # two with live norm, the first to warm up; three with frozen norm
        start = time.perf_counter()
        run.step(images, labels)
        seconds.append(time.perf_counter() - start)
    return seconds[1], min(seconds[2:]), resident_peak(), base

"""What a plan will cost here, measured: some iterations of it on made-up data, in a fresh process."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import torch

from mednca.benchmark.timing import resident_peak
from mednca.errors import MedNCAError
from mednca.imaging.header import physical_memory
from mednca.pool import end_with_parent

from ..data.augmentation import training_sample
from ..data.case_reader import CACHED_VOXELS
from ..data.cases import held_out
from ..plan.estimate import Estimate
from ..plan.fingerprint import Fingerprint
from ..plan.plan import Plan
from .loop import Run, lack_of_memory

_VALIDATION_SHARE = 0.1  # of the time, that validation and checkpoints take beside the iterations
_SAMPLES, _SAMPLING = 8, 3.0  # that are augmented, as each has other artifacts; fewer, where they take so many seconds


def check_affordable(plan: Plan) -> None:
    """Raises MedNCAError where a plan's iteration cannot fit into this computer's memory."""
    needed, there = least_bytes(plan), physical_memory()
    if there and needed > there:
        raise MedNCAError(
            "A batch of this plan needs {needed} GB at least, and this computer has {there} GB; make batch, patch or "
            "field_of_view smaller, or set recompute.",
            needed=f"{needed / 1e9:.1f}",
            there=f"{there / 1e9:.1f}",
        )


def least_bytes(plan: Plan) -> float:
    """Of one iteration: the batch's samples, and what the steps keep of the cells that fire for the way back."""
    a, count = plan.architecture, plan.batch * plan.duplication
    kept = a.channels if plan.recompute else (2 + a.family_record.perceived) * a.channels + a.hidden
    voxels = math.prod(plan.field_of_view)
    total = voxels * (a.input_channels + 1)
    for number, level in enumerate(a.levels):
        frame = math.prod(a.frame(level, plan.field_of_view))
        cells = min(frame, math.prod(plan.patch)) if number else frame
        total += cells * (a.channels + a.fire_rate * level.steps * kept)
    return 4.0 * count * total


def estimate(plan: Plan, found: Fingerprint) -> Estimate:
    """Measure what a plan costs here, in a process of its own.

    Args:
        plan: to be carried out.
        found: the data set's fingerprint.

    Raises:
        MedNCAError: where the plan does not fit into memory, or no case is left for its fold.
    """
    check_affordable(plan)
    held = held_out(found.usable, plan)
    live, frozen, coarse, second_phase, share, peak, base = _probed(plan)
    live_iterations = plan.freeze_norm * plan.iterations if plan.architecture.norm == "batch" else 0
    coarse_iterations = min(plan.coarse_first, plan.iterations)
    seconds = coarse_iterations * coarse + (plan.iterations - coarse_iterations) * frozen
    seconds += live_iterations * (live - frozen) * (1 + coarse / frozen if coarse_iterations else 1)
    seconds += second_phase * (plan.total_iterations - plan.iterations)
    sample = math.prod(n + 2 * pad for n, pad in zip(plan.field_of_view, plan.padding, strict=True))
    sample *= plan.architecture.input_channels

    def cached(number):
        """MB of cases that are kept: float32 image, int16 labels."""
        return min(CACHED_VOXELS, number * sample) * 6 / 1e6

    loader = base + cached(len(found.usable) - held) + 40 * sample / 1e6
    seconds *= 1 + _VALIDATION_SHARE
    return Estimate(seconds, frozen, peak + cached(min(plan.validation_cases, held)), loader, seconds * share)


def _probed(plan: Plan):
    """`_probe` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=end_with_parent) as process:
        try:
            return process.submit(_probe, plan, torch.get_num_threads()).result()
        except BrokenProcessPool as error:
            raise MedNCAError(
                "The process that tried this plan died; it may need too much memory. Make batch, patch or "
                "field_of_view smaller, or set recompute."
            ) from error
        except (MemoryError, RuntimeError) as error:
            if lack := lack_of_memory(error, torch.device("cpu")):
                raise MedNCAError.of(lack) from error
            raise


def made_up_batch(plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch as `Batches` makes it, by which the time of an iteration is measured: noise, a label in the middle."""
    count = plan.batch * plan.duplication
    labels = torch.zeros(count, *plan.field_of_view, dtype=torch.int16)
    labels[(slice(None), *(slice(n // 3, max(2 * n // 3, n // 3 + 1)) for n in plan.field_of_view))] = 1
    return torch.randn(count, *plan.field_of_view, plan.architecture.input_channels), labels


def _probe(plan: Plan, threads: int):
    """(seconds of an iteration with live norm, with frozen norm, of the coarsest level alone, in the second phase; the
    share of the time that other programs left it; peak MB, MB before it began)."""
    torch.set_num_threads(threads)
    base = resident_peak()
    run = Run(
        "", replace(plan, iterations=1000, freeze_norm=0.002, coarse_first=0, second_phase=None),
        {"training": [], "validation": []},
    )  # fmt: skip
    images, labels = made_up_batch(plan)
    seconds = []
    for _iteration in range(5):  # two with live norm, the first to warm up; three with frozen norm
        start = time.perf_counter()
        run.step(images, labels)
        seconds.append(time.perf_counter() - start)
    live, frozen, coarse, second_phase = seconds[1], min(seconds[2:]), 0.0, 0.0
    if plan.coarse_first:
        coarse = _seconds_of(run, images, labels, coarse_first=1000)
    if plan.second_phase:
        second_phase = _seconds_of(run, images, labels, patch=plan.second_phase.patch)
    peak = resident_peak()  # before samples are made here, which a process of their own makes in a training
    making = _seconds_of_making(plan)
    busy = min(threads, plan.batch * plan.duplication)  # cores: a sample takes one (`apart`)
    live, frozen, coarse, second_phase = (
        max(each + (making / busy if busy >= (os.cpu_count() or 1) else 0.0), making) if each else 0.0
        for each in (live, frozen, coarse, second_phase)
    )
    # While another program has its turn, only the clock on the wall goes on.
    return live, frozen, coarse, second_phase, run.threads.share(), peak, base


def _seconds_of_making(plan: Plan) -> float:
    """Processor seconds that a batch's samples take to be augmented: beside the iterations, by one process, which where
    these use all cores takes its share of each."""
    size = tuple(n + 2 * pad for n, pad in zip(plan.field_of_view, plan.padding, strict=True))
    image = np.random.default_rng(0).normal(size=(*size, plan.architecture.input_channels)).astype(np.float32)
    labels = np.zeros(size, np.int16)
    training_sample(image, labels, plan, 0)  # the first one takes longer
    start, made, took = time.process_time(), 0, 0.0
    while made < _SAMPLES and took < _SAMPLING:
        made += 1
        training_sample(image, labels, plan, made)
        took = time.process_time() - start
    return took / made * plan.batch


def _seconds_of(run: Run, images, labels, **changes) -> float:
    """Of one more iteration of a probe, with its plan changed for it."""
    plan, run.plan = run.plan, replace(run.plan, **changes)
    start = time.perf_counter()
    run.step(images, labels)
    run.plan = plan
    return time.perf_counter() - start

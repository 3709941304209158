"""The pseudo-ensemble: one model run N times, as a streaming mean and variance, and the mask that follows.

M3D-NCA, section 2.1 ("Pseudo Ensemble"). Memory does not grow with the number of members.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from .memory import plan_memory
from .pyramid import Pyramid
from .tensors import to_numpy, to_tensor


@dataclass(frozen=True)
class Statistics:
    """What the members say together, on the model's grid; float32.

    mean, variance: (R, A, S, labels), of the members' probabilities (population variance, 0 to 0.25).
    union_mean, union_variance: (R, A, S), of the probability that a voxel belongs to any label.
    """

    mean: np.ndarray
    variance: np.ndarray
    union_mean: np.ndarray
    union_variance: np.ndarray
    members: int
    computed_share: float = 1.0  # of the last level's cells; less than 1 where a region of interest was used


ROI_MEMBERS = 3  # members whose coarser levels say where the region of interest is


class Moments:
    """Mean and population variance of a stream of equally shaped tensors (Welford 1962)."""

    def __init__(self):
        self.count, self.mean, self.squares = 0, None, None

    def add(self, value: torch.Tensor) -> None:
        self.count += 1
        if self.mean is None:
            self.mean, self.squares = value.clone(), torch.zeros_like(value)
            return
        before = value - self.mean
        self.mean += before / self.count
        self.squares.addcmul_(before, value - self.mean)

    @property
    def variance(self) -> torch.Tensor:
        return self.squares / self.count


def union(probability: torch.Tensor | np.ndarray):
    """Probability of any label, from the last axis: the labels exclude each other, so theirs add up, to 1 at most.

    Without this a voxel between two structures, half one and half the other, would belong to neither.
    """
    return probability.sum(-1).clip(max=1.0)


def run_ensemble(
    pyramid: Pyramid,
    image: np.ndarray,
    members: int,
    seed: int,
    progress=None,
    memory_limit: float | None = None,
    roi: bool | tuple[slice, slice, slice] = False,
) -> Statistics:
    """Run members 0 .. N-1 on a normalized image (R, A, S) or (R, A, S, channels).

    progress(done, total) is called after each member and may raise to stop. memory_limit: MB, see `memory`.
    roi: run the last level only where the one before found something (`Pyramid.region_of_interest`, the same region
    for all members), or within a given region of its frame. Raises MedNCAError where the limit cannot be met.
    """
    device = next(pyramid.parameters()).device
    tensor = to_tensor(image if image.ndim == 4 else image[..., None]).to(device)
    plan = plan_memory(pyramid.architecture, image.shape[:3], memory_limit, _cores(device))

    region = roi if isinstance(roi, tuple) else None
    if roi is True:
        with torch.inference_mode():
            region = pyramid.region_of_interest(tensor, seed, range(min(members, ROI_MEMBERS)))

    @torch.inference_mode()
    def run(member):
        return torch.sigmoid(pyramid(tensor, seed, [member], plan.tile, region)[0])

    labels, whole = Moments(), Moments()
    single = pyramid.architecture.labels == 1  # then the label is the union
    with torch.inference_mode():
        for number, probability in enumerate(_in_order(run, members, plan.parallel), start=1):
            labels.add(probability)
            if not single:
                whole.add(union(probability))
            if progress:
                progress(number, members)
    mean, variance = to_numpy(labels.mean), to_numpy(labels.variance)
    wholes = (mean[..., 0], variance[..., 0]) if single else (to_numpy(whole.mean), to_numpy(whole.variance))
    return Statistics(mean, variance, *wholes, members, computed_share(pyramid, image.shape[:3], region))


def computed_share(pyramid: Pyramid, shape, region) -> float:
    """Share of the last level's cells that are computed for a region, margins included."""
    if region is None:
        return 1.0
    architecture = pyramid.architecture
    level = architecture.levels[-1]
    frame = [-(-n // s) for n, s in zip(shape, level.scale, strict=True)]
    sides = [
        min(part.stop + margin, n) - max(part.start - margin, 0)
        for part, margin, n in zip(region, architecture.reach(level), frame, strict=True)
    ]
    return float(np.prod(sides) / np.prod(frame))


def _cores(device) -> int:
    """Members that can run at a time."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def _in_order(run, members: int, parallel: int):
    """The members' results in their order; on a processor one member per core at a time, each on one thread.

    Members need nothing of each other, so no thread ever waits for another within a step, as it would where the
    cores share one member; on a busy machine that is worth several times the speed.
    """
    threads = torch.get_num_threads()
    cores = min(parallel, members)
    if cores == 1:
        yield from map(run, range(members))
        return
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,))
    try:
        running = deque(pool.submit(run, member) for member in range(cores))
        for member in range(members):
            probability = running.popleft().result()
            if member + cores < members:
                running.append(pool.submit(run, member + cores))
            yield probability
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def settle(mean: np.ndarray) -> np.ndarray:
    """The mask of mean probabilities (R, A, S, labels): uint8, 0 or 1 + the index of the likeliest label.

    The one place where overlaps are settled: foreground is where the union's mean exceeds 1/2.
    """
    winner = mean.argmax(-1).astype(np.uint8) + 1
    return np.where(union(mean) > 0.5, winner, 0).astype(np.uint8)

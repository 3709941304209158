"""The pseudo-ensemble: one model run N times over one image, as the members' means, variances and masks.

M3D-NCA, section 2.1 ("Pseudo Ensemble"). All that is kept of a single member is its mask, a bit a voxel. The mask of
all (`labels`) and what the statistics say about quality are made of this by others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from ..axes import Box, whole, within
from .architecture import Architecture, widen
from .labels import union
from .memory import BATCH, check_watching, plan_locating, plan_memory
from .moments import Moments
from .pyramid import Pyramid
from .tensors import to_numpy, to_tensor

ROI_MEMBERS = 3  # members whose coarser levels say where the region of interest is


@dataclass(frozen=True)
class Statistics:
    """What the members say together, on the model's grid, within the region that was computed.

    Attributes:
        means: of the members' probabilities, float32 (R, A, S, labels), and where there are several labels, of their
            union after them.
        variances: population variances of the same, 0 to 0.25.
        masks: of each member, where its union exceeds 1/2, eight voxels of a row in a byte: uint8 (members, R, A,
            ceil(S / 8)); see `members_masks`.
        labels: how many.
        members: how many.
        region: slices (R, A, S) of the image.
        computed_share: of the last level's cells, margins included; less than 1 where a region of interest was used.
    """

    means: np.ndarray
    variances: np.ndarray
    masks: np.ndarray
    labels: int
    members: int
    region: Box
    computed_share: float = 1.0

    @property
    def mean(self) -> np.ndarray:
        """Of the members' probabilities, of the labels alone: (R, A, S, labels)."""
        return self.means[..., : self.labels]

    @property
    def variance(self) -> np.ndarray:
        """The largest variance over the labels, (R, A, S)."""
        return self.variances[..., 0] if self.labels == 1 else self.variances[..., : self.labels].max(-1)

    def members_masks(self, box: Box) -> Iterator[np.ndarray]:
        """Each member's own mask of the union, bool, in a box (slices) of the region."""
        rows, columns, depths = box
        for mask in self.masks:
            yield np.unpackbits(mask[rows, columns], axis=-1, count=depths.stop)[..., depths].view(bool)


def run_ensemble(
    pyramid: Pyramid,
    image: np.ndarray,
    members: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    memory_limit: float | None = None,
    roi: bool | Box = False,
) -> Statistics:
    """Run an ensemble of members 0 .. N-1 over an image; see `Ensemble`, which can also run more of them later.

    Raises:
        MedNCAError: where the memory limit cannot be met.
    """
    return Ensemble(pyramid, image, seed, memory_limit, roi).run(members, progress)


class Ensemble:
    """The members of one image (M3D-NCA, section 2.1, "Pseudo Ensemble"), to be run some now and more later.

    Args:
        pyramid: on the device where it is to run.
        image: normalized, (R, A, S) or (R, A, S, channels).
        seed: of the firing; the same one gives the same members.
        memory_limit: MB that the run may take (`memory`); never changes the result. None: `memory.DEFAULT_LIMIT`, on
            CUDA 80 % of the free memory.
        roi: True to compute only where the level before the last found something (`Pyramid.region_of_interest`), or
            the region itself, as slices of the image.
        choose: of what was found there, see `Pyramid.region_of_interest`.
        held: bytes that the caller has in memory; they count against a limit that was set, on a processor.
    """

    def __init__(
        self, pyramid: Pyramid, image: np.ndarray, seed: int, memory_limit: float | None = None,
        roi: bool | Box = False, choose: Callable[[np.ndarray], np.ndarray] | None = None, held: float = 0,
    ):  # fmt: skip
        self.pyramid, self.image, self.seed = pyramid, image, seed
        self.memory_limit, self.held, self.roi, self.choose = memory_limit, held, roi, choose
        self.region: Box | None = roi if isinstance(roi, tuple) else None
        self.start_over()

    def run(self, members: int, progress: Callable[[int, int], None] | None = None) -> Statistics:
        """Statistics of members 0 .. N-1.

        Those that ran before are not run again, unless memory is so short that the region is done in blocks.

        Args:
            members: how many (N), not fewer than ran before.
            progress: called with (done, total) after each member; may raise to stop.

        Returns:
            What they say together.

        Raises:
            MedNCAError: where the memory limit cannot be met.
        """
        architecture, shape = self.pyramid.architecture, self.image.shape[:3]
        device = next(self.pyramid.parameters()).device
        image = to_tensor(self.image if self.image.ndim == 4 else self.image[..., None]).to(device)
        with torch.inference_mode():
            self.region = self.region or self._find_region(image, min(members, ROI_MEMBERS))
            plan = _plan(architecture, shape, self.memory_limit, device, self.region, self.held, members)
            result, blocks = _Result(architecture.labels, members, self.region), list(plan.blocks(self.region))
            for number, block in enumerate(blocks):
                if len(blocks) > 1:
                    self.start_over()
                ran = range(self.moments.count, members)
                for probability in _probabilities(self.pyramid, image, self.seed, ran, plan, block):
                    probability = _with_union(probability)
                    self.moments.add(probability)
                    self.masks.append(np.packbits(to_numpy(probability[..., -1] > 0.5), axis=-1))
                    if progress:
                        progress(number * members + self.moments.count, len(blocks) * members)
                result.add(within(block, self.region), self.moments, self.masks)
        if len(blocks) > 1:
            self.start_over()  # what is left is of one block: more members would not fit to it
        share = computed_share(architecture, shape, self.region)
        return Statistics(
            result.means, result.variances, result.masks, architecture.labels, members, self.region, share
        )

    @torch.inference_mode()
    def each_step(self, member: int = 0) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """What one member says after each of its steps; what `run` remembers is not touched.

        Args:
            member: its number.

        Yields:
            The number of the level; the probability of the labels' union, float32 (R, A, S) of the region, which is in
            `region` from the first step on; and where a cell has fired at all, bool of the same shape.

        Raises:
            MedNCAError: where it would take more than the memory limit, or than the default one.
        """
        architecture, shape = self.pyramid.architecture, self.image.shape[:3]
        image = to_tensor(self.image if self.image.ndim == 4 else self.image[..., None])
        self.region = self.region or self._find_region(image, 1)
        check_watching(architecture, shape, self.region, self.memory_limit, self.held)
        with _one_thread():  # as each member has in an ensemble
            for level, logits in self.pyramid.each_step(image, self.seed, member, self.region):
                yield level, to_numpy(union(torch.sigmoid(logits))), to_numpy((logits != 0).any(-1))

    def start_over(self) -> None:
        """Forget the members that ran, as where the model has moved to another device."""
        self.moments, self.masks = Moments(), []

    def _find_region(self, image: torch.Tensor, members: int) -> Box:
        architecture, shape = self.pyramid.architecture, self.image.shape[:3]
        if not self.roi or len(architecture.levels) == 1:
            return whole(shape)
        on_device = image.device.type != "cpu"  # what the caller holds is not there
        plan = plan_locating(architecture, shape, self.memory_limit, on_device, 0 if on_device else self.held)
        return self.pyramid.region_of_interest(image, self.seed, range(members), plan.tile, self.choose)


def _with_union(probability: torch.Tensor) -> torch.Tensor:
    """Probabilities (..., labels) with that of their union behind them, where they are several."""
    if probability.shape[-1] == 1:
        return probability
    return torch.cat((probability, union(probability)[..., None]), -1)


class _Result:
    """The region's arrays, filled block by block."""

    def __init__(self, labels: int, members: int, region):
        shape = [part.stop - part.start for part in region]
        channels = labels + (labels > 1)
        self.means = np.empty((*shape, channels), np.float32)
        self.variances = np.empty((*shape, channels), np.float32)
        self.masks = np.empty((members, *shape[:2], math.ceil(shape[2] / 8)), np.uint8)

    def add(self, block: Box, moments: Moments, masks: list[np.ndarray]) -> None:
        """Take in a block (slices of the region, whole rows of it). masks: of the members that ran, packed."""
        self.means[block], self.variances[block] = to_numpy(moments.mean), to_numpy(moments.variance)
        for whole_mask, mask in zip(self.masks, masks, strict=False):
            whole_mask[block[:2]] = mask


def computed_share(architecture: Architecture, shape: Sequence[int], region: Box) -> float:
    """Share of the last level's cells that are computed for a region of the image, margins included."""
    level = architecture.levels[-1]
    frame = architecture.frame(level, shape)
    outer = widen(architecture.boxes(shape, region)[-1], architecture.reach(level), frame)
    return float(np.prod([part.stop - part.start for part in outer]) / np.prod(frame))


def _plan(architecture, shape, limit, device, region, held, members):
    """On an accelerator, its own memory is the limit where nobody sets one."""
    if device.type == "cpu":
        return plan_memory(architecture, shape, limit, torch.get_num_threads(), region, held=held, members=members)
    if limit is None and device.type == "cuda":
        limit = 0.8 * torch.cuda.mem_get_info(device)[0] / 1e6
    return plan_memory(architecture, shape, limit, BATCH, region, dense=True, members=0)  # masks are not kept there


def _probabilities(pyramid, image, seed, members: range, plan, block):
    """The members' probabilities in a block, in their order."""
    if image.device.type != "cpu":
        yield from _batches(pyramid, image, seed, members, plan, block)
        return

    @torch.inference_mode()
    def run(member):
        return torch.sigmoid(pyramid(image, seed, [member], plan.tile, block)[0])

    yield from _in_order(run, members, plan.parallel)


def _batches(pyramid, image, seed, members: range, plan, block):
    """On an accelerator, as many members as a batch as the plan allows."""
    for first in range(0, len(members), plan.parallel):
        yield from torch.sigmoid(pyramid(image, seed, members[first : first + plan.parallel], plan.tile, block))


def _in_order(run, members: range, parallel: int):
    """On a processor, one member per core at a time, each on one thread; the results in the members' order.

    Members need nothing of each other, so no thread ever waits for another within a step, as it would where the
    cores share one member; on a busy machine that is worth several times the speed.
    """
    cores = min(parallel, len(members))
    if cores <= 1:
        yield from map(run, members)
        return
    pool = ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,))
    with _one_thread():
        try:
            running = deque(pool.submit(run, member) for member in members[:cores])
            for following in (*members[cores:], *[None] * cores):
                probability = running.popleft().result()
                if following is not None:
                    running.append(pool.submit(run, following))
                yield probability
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

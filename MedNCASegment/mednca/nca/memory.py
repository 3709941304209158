"""How much memory a run will take, and how to stay below a limit, at the least cost.

Three things can be given up, none of which changes the result: members that run at a time; full frames, for tiles with
the exact margin of their level (`Architecture.reach`); and the whole region at once, for blocks in which all members
run one after another, so that the statistics in hand are a block's. Tiles and blocks compute margins several times.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from ..axes import Box, whole
from ..errors import MedNCAError
from .architecture import Architecture, Shape, widen

MEMBERS = 10  # of an ensemble, where nobody says
DEFAULT_LIMIT = 2000.0  # MB, where nobody asks for less or more
_FULL = 0.85  # of a limit that is planned for: what the C library keeps of freed memory differs from run to run
SLAB_CELLS = 24_576  # cells that one thread of `fast` has in hand at once
BATCH = 10  # members at a time on an accelerator
_FLOAT, _INDEX = 4, 20  # bytes of a number; of a cell's numbers in its frame and in the padded state
_EDGES = (512, 384, 256, 192, 128, 96, 64, 48, 32, 24, 16)
_BLOCKS = (2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True)
class MemoryPlan:
    """How a run stays below a limit.

    Attributes:
        tile: edge lengths (R, A, S) of the tiles, in cells; None for full frames.
        parallel: members at a time.
        thickness: of the blocks along R, voxels; None for one block.
        peak: bytes that the run is predicted to add to the process.
    """

    tile: Shape | None
    parallel: int
    thickness: int | None
    peak: float

    def blocks(self, region: Box) -> Iterator[Box]:
        """A region of the image (slices R, A, S) cut into this plan's blocks."""
        along, second, third = region
        step = self.thickness or along.stop - along.start
        for start in range(along.start, along.stop, step):
            yield (slice(start, min(start + step, along.stop)), second, third)


def plan_locating(
    architecture: Architecture, shape: Sequence[int], limit: float | None = None, dense: bool = False, held: float = 0
) -> MemoryPlan:
    """How to run all levels but the last, one member at a time, to find the region of interest.

    Args and what is returned are those of `plan_memory`; where nothing fits, the plan that takes least.
    """
    coarser = replace(architecture, levels=architecture.levels[:-1])
    frame = coarser.frame(coarser.levels[-1], shape)
    outputs = 3 * math.prod(frame) * (architecture.labels + 1) * _FLOAT
    image = math.prod(shape) * architecture.input_channels * _FLOAT
    ways = []
    for tile in _tiles(max(frame)):
        ways.append(MemoryPlan(tile, 1, None, image + outputs + _working(coarser, shape, whole(shape), tile, dense)))
        if ways[-1].peak <= _allowed(limit, held, _FULL):
            return ways[-1]
    return min(ways, key=lambda way: way.peak)


def plan_memory(
    architecture: Architecture, shape: Sequence[int], limit: float | None = None, parallel: int = 1,
    region: Box | None = None, dense: bool = False, held: float = 0, members: int = MEMBERS,
) -> MemoryPlan:  # fmt: skip
    """The cheapest way to run an ensemble within a memory limit.

    Args:
        architecture: of the model.
        shape: voxels of the image (R, A, S).
        limit: MB; None for DEFAULT_LIMIT, beyond which a run that cannot be smaller is not refused.
        parallel: members that could run at a time.
        region: slices of the image, None for all of it.
        dense: on an accelerator, where every cell has its hidden layer in memory.
        held: bytes that are in memory already and count against a limit that somebody set.
        members: of the ensemble; each leaves its mask.

    Returns:
        The plan that computes least, of those that fit.

    Raises:
        MedNCAError: where the limit cannot be met.
    """
    allowed = _allowed(limit, held, _FULL)
    region = region or whole(shape)

    def peak(tile, at_a_time, thickness):
        return predicted_peak(architecture, shape, tile, at_a_time, region, thickness, dense, members)

    best = peak(None, parallel, None)
    if best <= allowed:
        return MemoryPlan(None, parallel, None, best)
    tiles = _tiles(max(shape))
    rows = region[0].stop - region[0].start
    thicknesses = [None, *(math.ceil(rows / count) for count in _BLOCKS if count <= rows)]
    ways = [MemoryPlan(tile, at_a_time, thickness, peak(tile, at_a_time, thickness))
            for tile, at_a_time, thickness in product(tiles, range(parallel, 0, -1), thicknesses)]  # fmt: skip
    fitting = [way for way in ways if way.peak <= allowed]
    if fitting:
        return min(fitting, key=lambda way: _cost(architecture, shape, region, way))
    least = min(ways, key=lambda way: way.peak)
    if limit is None or least.peak <= _allowed(limit, held):
        return least
    raise too_little_memory(shape, least.peak + held, limit, held)


def check_watching(
    architecture: Architecture, shape: Sequence[int], region: Box, limit: float | None = None, held: float = 0
) -> None:
    """Refuse to watch one member step by step where that takes too much: it runs without tiles, and a byte a voxel is
    kept of each step.

    Args:
        architecture, shape, region, limit, held: as of `plan_memory`.

    Raises:
        MedNCAError: where it would take more than the limit; than DEFAULT_LIMIT, where nobody set one.
    """
    kept = count(region) * sum(level.steps for level in architecture.levels)
    peak = held + 2 * kept + predicted_peak(architecture, shape, None, 1, region, members=1)  # 2: and as an image
    limit = DEFAULT_LIMIT if limit is None else limit
    if peak > limit * 1e6:
        raise too_little_memory(shape, peak, limit, held)


def trim_heap() -> None:
    """Return freed memory to the system: glibc keeps what was freed in pieces of less than 32 MB, which after a large
    ensemble are hundreds of MB."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def too_little_memory(shape: Sequence[int], needed: float, limit: float, held: float = 0) -> MedNCAError:
    """The error that says so. needed: bytes, those held included; limit: MB."""
    if held:
        return MedNCAError(
            "{size} voxels need {needed} MB at least, {held} MB of it for the image, more than the memory limit of "
            "{limit} MB; raise the limit, crop the image or, where you have not, click on the organ to take a smaller "
            "field.",
            size=" x ".join(map(str, shape)), needed=math.ceil(needed / 1e6), held=f"{held / 1e6:.0f}",
            limit=f"{limit:g}",
        )  # fmt: skip
    return MedNCAError(
        "{size} voxels need {needed} MB at least, more than the memory limit of {limit} MB; raise the limit, crop the "
        "image or, where you have not, click on the organ to take a smaller field.",
        size=" x ".join(map(str, shape)), needed=math.ceil(needed / 1e6), limit=f"{limit:g}",
    )  # fmt: skip


def _allowed(limit: float | None, held: float, share: float = 1.0) -> float:
    """Bytes that a run may add, of this share of the limit."""
    return DEFAULT_LIMIT * 1e6 if limit is None else share * limit * 1e6 - held


def predicted_peak(
    architecture: Architecture, shape: Sequence[int], tile: Shape | None, parallel: int, region: Box | None = None,
    thickness: int | None = None, dense: bool = False, members: int = MEMBERS,
) -> float:  # fmt: skip
    """Bytes that `ensemble.run_ensemble` adds to the process; the arguments are those of `MemoryPlan` and
    `plan_memory`."""
    region = region or whole(shape)
    blocks = list(MemoryPlan(tile, parallel, thickness, 0).blocks(region))
    voxels = count(blocks[0])
    outputs = voxels * architecture.labels * _FLOAT
    joined = voxels * channels(architecture) * _FLOAT
    results = statistics_bytes(architecture, region, members)
    shared = math.prod(shape) * architecture.input_channels * _FLOAT + results
    shared += 2 * joined + members * masks_bytes(blocks[0])  # moments and masks of the block in hand
    finishing = outputs * (architecture.labels > 1) + 3 * joined  # a member's probabilities while they join them
    thickest = blocks[0], blocks[len(blocks) // 2]  # the second has a margin on both sides
    working = max(_working(architecture, shape, block, tile, dense) for block in thickest)
    return shared + parallel * (working + finishing)


def channels(architecture: Architecture) -> int:
    """Whose means and variances an ensemble keeps: each label's, and their union's where they are several."""
    return architecture.labels + (architecture.labels > 1)


def masks_bytes(box: Box) -> int:
    """Bytes of one member's packed mask of a box."""
    rows, columns, depths = (part.stop - part.start for part in box)
    return rows * columns * math.ceil(depths / 8)


def statistics_bytes(architecture: Architecture, region: Box, members: int) -> int:
    """Bytes of what an ensemble says of a region (`ensemble.Statistics`): means, variances and packed masks."""
    return 2 * count(region) * channels(architecture) * _FLOAT + members * masks_bytes(region)


def _working(architecture: Architecture, shape, block, tile, dense) -> float:
    """Bytes that one member's way down the levels takes."""
    coarser, working = 0.0, 0.0
    for number, (level, box) in enumerate(zip(architecture.levels, architecture.boxes(shape, block), strict=True)):
        frame = architecture.frame(level, shape)
        state = count(box) * architecture.channels * _FLOAT
        is_last = number == len(architecture.levels) - 1
        kept = state if tile and not is_last else 0
        working = max(working, coarser + kept + _tile_bytes(architecture, level, frame, box, tile, dense))
        coarser = state
    return working


def _tiles(longest: int) -> list[Shape | None]:
    return [None, *((edge, edge, edge) for edge in _EDGES if edge < longest)]


def _cost(architecture: Architecture, shape, region, plan: MemoryPlan) -> float:
    """What a plan computes, margins included, in multiplications per member, over the members at a time."""
    total = 0.0
    for block in plan.blocks(region):
        for level, box in zip(architecture.levels, architecture.boxes(shape, block), strict=True):
            frame = architecture.frame(level, shape)
            sides = [
                _with_margins(part, tile, margin, n)
                for part, tile, margin, n in zip(
                    box, plan.tile or frame, architecture.reach(level), frame, strict=True
                )
            ]  # fmt: skip
            total += math.prod(sides) * level.steps * architecture.multiplications(level)
    return total / plan.parallel


def _with_margins(part: slice, tile: int, margin: int, size: int) -> int:
    """Cells along one axis that the tiles of a box compute, counted as often as they are computed."""
    starts = range(part.start, part.stop, tile)
    return sum(min(min(a + tile, part.stop) + margin, size) - max(a - margin, 0) for a in starts)


def _tile_bytes(architecture, level, frame, box, tile, dense) -> float:
    """Working memory of one tile with its margin: the state twice, the cells' numbers, and the slab in hand."""
    margin = architecture.reach(level)
    if tile is None:
        sides = [part.stop - part.start for part in widen(box, margin, frame)]
    else:
        sides = [min(t + 2 * m, n) for t, m, n in zip(tile, margin, frame, strict=True)]
    radius = [k // 2 for k in architecture.kernel_shape(level)]
    padded = math.prod(n + 2 * r for n, r in zip(sides, radius, strict=True))
    cells = math.prod(sides)
    perceived = architecture.family_record.perceived
    slab = cells if dense else min(max(SLAB_CELLS, sides[1] * sides[2]), cells)
    in_hand = slab * (2 * perceived * architecture.channels + architecture.hidden + 2 * architecture.channels)
    return (cells + padded) * architecture.channels * _FLOAT + (cells + padded) * _INDEX + in_hand * _FLOAT


def count(box: Sequence[slice]) -> int:
    """Cells of a box, given as slices."""
    return math.prod(part.stop - part.start for part in box)

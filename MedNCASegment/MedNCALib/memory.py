"""How much memory a run will take, and how to stay below a limit: fewer members at a time, then tiles.

A tile is computed with the exact margin of its level (`Architecture.reach`), so the result does not change; smaller
tiles take longer, because their margins are computed several times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from .architecture import Architecture
from .errors import MedNCAError

DEFAULT_LIMIT = 2000.0  # MB, where nobody asks for less or more
SLAB_CELLS = 16_384  # cells that `fast` has in hand at once
_FLOAT, _INDEX = 4, 20  # bytes of a number; of a cell's place and index, as they are made
_EDGES = (512, 384, 256, 192, 128, 96, 64, 48, 32, 24, 16)


@dataclass(frozen=True)
class MemoryPlan:
    """tile: edge lengths (R, A, S) of the tiles, None for full frames; parallel: members at a time; peak: bytes that
    the run is predicted to add to the process."""

    tile: tuple[int, int, int] | None
    parallel: int
    peak: float


def plan_memory(architecture: Architecture, shape, limit: float | None, parallel: int = 1) -> MemoryPlan:
    """The fastest way to run an ensemble on an image of `shape` voxels (R, A, S) within so many MB.

    parallel: members that could run at a time. Raises MedNCAError where the limit cannot be met.
    """
    allowed = (DEFAULT_LIMIT if limit is None else limit) * 1e6
    tiles = [None, *((edge,) * 3 for edge in _EDGES if edge < max(shape))]
    for tile, at_a_time in product(tiles, range(parallel, 0, -1)):
        peak = predicted_peak(architecture, shape, tile, at_a_time)
        if peak <= allowed:
            return MemoryPlan(tile, at_a_time, peak)
    if limit is None:
        return MemoryPlan(tiles[-1], 1, predicted_peak(architecture, shape, tiles[-1], 1))
    least = predicted_peak(architecture, shape, tiles[-1], 1) / 1e6
    size = " x ".join(str(n) for n in shape)
    raise MedNCAError(
        f"{size} voxels need {math.ceil(least)} MB at least, more than the memory limit of {limit:g} MB; raise the "
        "limit, or click on the organ to take a smaller field."
    )


def predicted_peak(architecture: Architecture, shape, tile, parallel: int) -> float:
    """Bytes that `ensemble.run_ensemble` adds to the process."""
    voxels = math.prod(shape)
    outputs = voxels * architecture.labels * _FLOAT
    unions = voxels * _FLOAT
    shared = voxels * architecture.input_channels * _FLOAT + 2 * outputs + 2 * unions * (architecture.labels > 1)
    finishing = 3 * outputs + 2 * unions  # a member's logits and probabilities while they join the statistics
    coarser, working = 0.0, 0.0
    for number, level in enumerate(architecture.levels):
        frame = [math.ceil(n / s) for n, s in zip(shape, level.scale, strict=True)]
        cells = math.prod(frame)
        state = cells * architecture.channels * _FLOAT
        working = max(working, coarser + _tile_bytes(architecture, level, frame, tile))
        if number < len(architecture.levels) - 1:
            working = max(working, coarser + state + _tile_bytes(architecture, level, frame, tile) * bool(tile))
            coarser = state
    return shared + parallel * (working + finishing)


def _tile_bytes(architecture, level, frame, tile) -> float:
    """Working memory of one tile with its margin: the state twice, places, and the slab in hand."""
    margin = architecture.reach(level)
    sides = frame if tile is None else [min(t + 2 * m, n) for t, m, n in zip(tile, margin, frame, strict=True)]
    radius = [k // 2 for k in architecture.kernel_shape(level)]
    padded = math.prod(n + 2 * r for n, r in zip(sides, radius, strict=True))
    cells = math.prod(sides)
    perceived = 1 if architecture.family == "m3d-nca" else 2
    slab = min(max(SLAB_CELLS, sides[1] * sides[2]), cells)
    in_hand = slab * (2 * perceived * architecture.channels + architecture.hidden + 2 * architecture.channels)
    return (cells + padded) * architecture.channels * _FLOAT + (cells + padded) * _INDEX + in_hand * _FLOAT

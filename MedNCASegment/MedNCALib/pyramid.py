"""The pyramid: levels from coarse to fine over one image. It knows tensors, not files, spaces or labels' names.

Images and states are channels last: (B, R, A, S, channels). Every level is local, so it may be run whole or in
tiles, alone or in a batch, with the same result.
"""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from .architecture import Architecture
from .cells import CELLS
from .firing import frame_index

ROI_FROM = 0.05  # probability, on the coarser level, from which the finer one has something to refine
ROI_ROOM = 2  # cells of the coarser level around that


class Pyramid(nn.Module):
    """A whole model: one cell per level of the architecture (M3D-NCA, section 2.1; Med-NCA, section 3.3)."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.cells = nn.ModuleList(CELLS[architecture.family](architecture, level) for level in architecture.levels)

    def forward(self, image, seed: int, members, tile=None, region=None) -> torch.Tensor:
        """Logits of some ensemble members for one image.

        image: (R, A, S, input_channels), normalized. members: their numbers. tile: edge lengths (R, A, S) of
        the tiles each level is run in, or None for full frames; the result is the same. region: slices (R, A, S) of
        the last level's frame outside of which it is not run (`region_of_interest`); there the coarser level's
        logits stand.
        Returns (members, R, A, S, labels).
        """
        members = list(members)
        image = image[None]
        state, last = None, len(self.cells) - 1
        for number, level in enumerate(self.architecture.levels):
            begin = self.beginning(number, state, pool(image, level.scale), len(members))
            state = self.run_level(number, begin, seed, members, tile, region if number == last else None)
        return upsample(state, self.architecture.levels[-1].scale, image.shape[1:4])

    def region_of_interest(self, image, seed: int, members) -> tuple[slice, slice, slice] | None:
        """Where the last level has something to refine: the box around what the level before found in some members,
        with room. None (everywhere) where there is one level only, or where nothing was found.

        image: as of `forward`. Returns slices of the last level's frame.
        """
        members, state = list(members), None
        if len(self.cells) == 1:
            return None
        for number, level in enumerate(self.architecture.levels[:-1]):
            begin = self.beginning(number, state, pool(image[None], level.scale), len(members))
            state = self.run_level(number, begin, seed, members)
        found = (torch.sigmoid(self.logits(state)).sum(-1) > ROI_FROM).any(0)
        if not found.any():
            return None
        ratio = self.architecture.ratio(len(self.cells) - 2)
        frame = pool(image[None], self.architecture.levels[-1].scale).shape[1:4]
        box = []
        for axis, (factor, size) in enumerate(zip(ratio, frame, strict=True)):
            along = found.movedim(axis, 0).flatten(1).any(1).nonzero()
            low, high = int(along.min()) - ROI_ROOM, int(along.max()) + 1 + ROI_ROOM
            box.append(slice(max(low * factor, 0), min(high * factor, size)))
        return tuple(box)

    def beginning(self, number: int, coarser, image, batch: int) -> Beginning:
        """How a level begins. coarser: the state of the level before, or None; image: (1, R, A, S, input_channels)."""
        ratio = self.architecture.ratio(number - 1) if coarser is not None else None
        return Beginning(image, coarser, ratio, self.architecture.channels, batch)

    def run_level(self, number: int, begin: Beginning, seed: int, members, tile=None, region=None) -> torch.Tensor:
        """Apply one level to its frame, in tiles where `tile` is given, or only within a `region` of it.

        Returns the state (B, R, A, S, c); of the last level only the logits, so that a large frame's other channels
        exist a tile at a time.
        """
        level, cell = self.architecture.levels[number], self.cells[number]
        is_last = number == len(self.cells) - 1
        frame = tuple(begin.frame)
        result = begin.logits(self) if region is not None else None
        for core, seen, inner in tiles(frame, tile or frame, self.architecture.reach(level), region):
            origin, size = [s.start for s in seen], [s.stop - s.start for s in seen]
            index = frame_index(size, origin, frame, begin.device)
            part = cell(begin(seen), index, members, (seed, number), level.steps)
            part = self.logits(part) if is_last else part
            if size == list(frame) and region is None:
                return part
            if result is None:
                result = part.new_empty((len(members), *frame, part.shape[-1]))
            result[(slice(None), *core)] = part[(slice(None), *inner)]
        return result

    def logits(self, state) -> torch.Tensor:
        """The outputs stand right after the image channels."""
        first = self.architecture.input_channels
        return state[..., first : first + self.architecture.labels]


class Beginning:
    """The state with which a level begins, made for any region of its frame when it is asked for.

    The first level begins with the image and zeros; a finer one with all channels of the coarser level upsampled
    (nearest) and the image channels replaced by the finer image.
    """

    def __init__(self, image, coarser, ratio, channels: int, batch: int):
        self.image, self.coarser, self.ratio, self.channels, self.batch = image, coarser, ratio, channels, batch
        self.frame, self.device = image.shape[1:4], image.device

    def logits(self, pyramid: Pyramid) -> torch.Tensor:
        """The coarser level's logits on this level's frame."""
        return upsample(pyramid.logits(self.coarser), self.ratio, self.frame).clone()

    def __call__(self, region=(slice(None),) * 3) -> torch.Tensor:
        """(B, R, A, S, c), contiguous, of a region given as slices."""
        image = self.image[(slice(None), *region)].expand(self.batch, -1, -1, -1, -1)
        count = image.shape[-1]
        if self.coarser is None:
            return F.pad(image, (0, self.channels - count)).contiguous()
        starts = [s.start or 0 for s in region]
        low = [start // factor for start, factor in zip(starts, self.ratio, strict=True)]
        stops = [start + n for start, n in zip(starts, image.shape[1:4], strict=True)]
        high = [-(-stop // factor) for stop, factor in zip(stops, self.ratio, strict=True)]
        part = self.coarser[(slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))]
        skip = [start - a * factor for start, a, factor in zip(starts, low, self.ratio, strict=True)]
        part = upsample(part[..., count:], self.ratio, [k + n for k, n in zip(skip, image.shape[1:4], strict=True)])
        return torch.cat((image, part[(slice(None), *(slice(k, None) for k in skip))]), -1)


def tiles(frame, tile, margin, region=None):
    """Cut a frame, or a region of it, into tiles: (core slices in the frame, core + margin, core's place in that)."""
    bounds = [(0, n) for n in frame] if region is None else [(s.start, s.stop) for s in region]
    starts = [range(low, high, t) for (low, high), t in zip(bounds, tile, strict=True)]
    for corner in product(*starts):
        core, seen, inner = [], [], []
        for start, (_, end), n, t, m in zip(corner, bounds, frame, tile, margin, strict=True):
            stop = min(start + t, end)
            low, high = max(start - m, 0), min(stop + m, n)
            core.append(slice(start, stop))
            seen.append(slice(low, high))
            inner.append(slice(start - low, stop - low))
        yield tuple(core), tuple(seen), tuple(inner)


def pool(image, scale) -> torch.Tensor:
    """Average over blocks of `scale` voxels; an incomplete last block averages what it has.

    image: (B, R, A, S, channels). Returns (B, ceil(R / scale), ...), so that any size works. The papers' code
    samples linearly for Med-NCA; the average is the same idea without aliasing, for both families.
    """
    if tuple(scale) == (1, 1, 1):
        return image
    block = [min(factor, n) for factor, n in zip(scale, image.shape[1:4], strict=True)]
    pooled = F.avg_pool3d(image.movedim(-1, 1), block, ceil_mode=True, count_include_pad=False)
    return pooled.movedim(1, -1)


def upsample(state, ratio, shape) -> torch.Tensor:
    """Nearest upsampling by whole numbers, cut to `shape` (R, A, S)."""
    for axis, (factor, size) in enumerate(zip(ratio, shape, strict=True)):
        if factor > 1:
            state = state.repeat_interleave(factor, axis + 1)
        if state.shape[axis + 1] > size:
            state = state.narrow(axis + 1, 0, size)
    return state

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


class Pyramid(nn.Module):
    """A whole model: one cell per level of the architecture (M3D-NCA, section 2.1; Med-NCA, section 3.3)."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.cells = nn.ModuleList(CELLS[architecture.family](architecture, level) for level in architecture.levels)

    def forward(self, image, seed: int, members, tile=None) -> torch.Tensor:
        """Logits of some ensemble members for one image.

        image: (R, A, S, input_channels), normalized. members: their numbers. tile: edge lengths (R, A, S) of
        the tiles each level is run in, or None for full frames; the result is the same.
        Returns (members, R, A, S, labels).
        """
        members = list(members)
        image = image[None]
        state = None
        for number, level in enumerate(self.architecture.levels):
            level_image = pool(image, level.scale).expand(len(members), -1, -1, -1, -1)
            if state is None:
                state = self.start(level_image)
            else:
                state = self.descend(state, level_image, self.architecture.ratio(number - 1))
            state = self.run_level(number, state, seed, members, tile)
        logits = self.logits(state)
        return upsample(logits, self.architecture.levels[-1].scale, image.shape[1:4])

    def start(self, image) -> torch.Tensor:
        """The first state: the image, then zeros. image: (B, R, A, S, input_channels)."""
        rest = self.architecture.channels - image.shape[-1]
        return F.pad(image, (0, rest)).contiguous()

    def descend(self, state, image, ratio) -> torch.Tensor:
        """State for the next finer level: all channels upsampled (nearest), the image replaced by the finer."""
        state = upsample(state, ratio, image.shape[1:4])
        return torch.cat((image, state[..., image.shape[-1] :]), -1)

    def run_level(self, number: int, state, seed: int, members, tile=None) -> torch.Tensor:
        """Apply one level to a full frame, in tiles where `tile` is given; state: (B, R, A, S, c)."""
        level, cell = self.architecture.levels[number], self.cells[number]
        frame = tuple(state.shape[1:4])
        if tile is None or all(t >= n for t, n in zip(tile, frame, strict=True)):
            index = frame_index(frame, device=state.device)
            return cell(state, index, members, (seed, number), level.steps)
        result = torch.empty_like(state)
        for core, region, inner in tiles(frame, tile, self.architecture.reach(level)):
            index = frame_index([s.stop - s.start for s in region], [s.start for s in region], frame, state.device)
            part = cell(state[(slice(None), *region)].contiguous(), index, members, (seed, number), level.steps)
            result[(slice(None), *core)] = part[(slice(None), *inner)]
        return result

    def logits(self, state) -> torch.Tensor:
        """The outputs stand right after the image channels."""
        first = self.architecture.input_channels
        return state[..., first : first + self.architecture.labels]


def tiles(frame, tile, margin):
    """Cut a frame into tiles: (core slices in the frame, region = core + margin, core's place in the region)."""
    starts = [range(0, n, t) for n, t in zip(frame, tile, strict=True)]
    for corner in product(*starts):
        core, region, inner = [], [], []
        for start, n, t, m in zip(corner, frame, tile, margin, strict=True):
            stop = min(start + t, n)
            low, high = max(start - m, 0), min(stop + m, n)
            core.append(slice(start, stop))
            region.append(slice(low, high))
            inner.append(slice(start - low, stop - low))
        yield tuple(core), tuple(region), tuple(inner)


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

"""The pyramid: levels from coarse to fine over one image. It knows tensors, not files, spaces or labels' names.

Images and states are channels last: (B, R, A, S, channels). Every level is local, so it may be run whole or in
tiles, alone or in a batch, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..axes import Box, bounding_box, triple, whole, within
from . import fast
from .architecture import Architecture, Shape, widen
from .cells import CELLS, Cell
from .firing import frame_index
from .tensors import to_numpy

ROI_FROM = 0.05  # probability, on the coarser level, from which the finer one has something to refine
ROI_PADDING = 2  # cells of the coarser level around that


class Pyramid(nn.Module):
    """A whole model: one cell per level of the architecture (M3D-NCA, section 2.1; Med-NCA, section 3.3).

    Untrained, with weights from torch's generator.
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        cells = nn.ModuleList(CELLS[architecture.family](architecture, level) for level in architecture.levels)
        self.cells = cast("Sequence[Cell]", cells)  # torch's list of modules does not say of what kind they are

    def forward(
        self, image: torch.Tensor, seed: int, members: Sequence[int], tile: Shape | None = None,
        region: Box | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """Logits of some ensemble members for one image.

        Args:
            image: normalized, (R, A, S, input_channels).
            seed: of the firing.
            members: their numbers.
            tile: edge lengths (R, A, S), in cells, of the tiles that each level is run in; None for full frames.
            region: slices (R, A, S) of the image; only what they depend on is computed. Neither changes the result.

        Returns:
            (members, R, A, S, labels), of the region where one is given.
        """
        shape = image.shape[:3]
        region = region or whole(shape)
        boxes = self.architecture.boxes(shape, region)
        logits = self._descend(image, seed, members, boxes, tile)
        return _on_image(logits, self.architecture.levels[-1].scale, boxes[-1], region)

    @torch.inference_mode()
    def each_step(
        self, image: torch.Tensor, seed: int, member: int, region: Box | None = None
    ) -> Iterator[tuple[int, torch.Tensor]]:
        """Logits of one member after each step of each level; the last ones are those of `forward`.

        It is for looking at: full boxes, on a processor.

        Args:
            image, seed, region: as of `forward`.
            member: its number.

        Yields:
            The number of the level, and (R, A, S, labels), of the region: a coarse cell fills all its voxels.
        """
        architecture, shape = self.architecture, image.shape[:3]
        region = region or whole(shape)
        coarser, origin = None, None
        for number, box in enumerate(architecture.boxes(shape, region)):
            level = architecture.levels[number]
            begin = self.beginning(number, coarser, pool(image[None], level.scale), 1, origin)
            outer = widen(box, architecture.reach(level), begin.frame)
            index = frame_index([s.stop - s.start for s in outer], [s.start for s in outer], tuple(begin.frame))
            for state in fast.each_step(self.cells[number], begin(outer), index, member, (seed, number), level.steps):
                coarser = state[within(box, outer)][None]
                yield number, _on_image(self.logits(coarser), level.scale, box, region)[0]
            origin = [part.start for part in box]

    def region_of_interest(
        self, image: torch.Tensor, seed: int, members: Iterable[int], tile: Shape | None = None,
        choose: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Box:  # fmt: skip
        """Where the last level has something to refine: the box, with padding, around what the level before found in
        some members. Where it found nothing, around its likeliest cell.

        Args:
            image, seed, members, tile: as of `forward`; there must be two levels or more.
            choose: which of the found cells count, from a bool array (R, A, S) to one, as where only the largest piece
                will be kept; None for all.

        Returns:
            Slices (R, A, S) of the image.
        """
        number, shape = len(self.cells) - 2, image.shape[:3]
        frames = [whole(self.architecture.frame(level, shape)) for level in self.architecture.levels]
        likeliest = torch.zeros((), device=image.device)
        for member in members:
            probability = torch.sigmoid(self._descend(image, seed, [member], frames[: number + 1], tile))
            likeliest = torch.maximum(probability[0].sum(-1), likeliest)
        found = to_numpy(likeliest >= min(ROI_FROM, float(likeliest.max())))
        found = choose(found) if choose else found
        ends, scales = bounding_box(found).T.tolist(), self.architecture.levels[number].scale
        return triple(
            slice(max((first - ROI_PADDING) * scale, 0), min((last + 1 + ROI_PADDING) * scale, size))
            for (first, last), scale, size in zip(ends, scales, shape, strict=True)
        )

    def _descend(self, image: torch.Tensor, seed: int, members, boxes: list[Box], tile: Shape | None) -> torch.Tensor:
        """The first levels, each on its box (`Architecture.boxes`); returns the logits of the last of these."""
        members, state, origin = list(members), None, None
        for number, box in enumerate(boxes):
            begin = self.beginning(number, state, pool(image[None], self.architecture.levels[number].scale),
                                   len(members), origin)  # fmt: skip
            state = self.run_level(number, begin, seed, members, tile, box, logits_only=number == len(boxes) - 1)
            origin = [part.start for part in box]
        assert state is not None  # there is one level at least
        return state

    def beginning(
        self, number: int, coarser: torch.Tensor | None, image: torch.Tensor, batch: int,
        origin: Sequence[int] | None = None,
    ) -> Beginning:  # fmt: skip
        """The state with which a level begins.

        Args:
            number: of the level.
            coarser: the state of the level before, (B, R, A, S, c), or None for the first level.
            image: (1, R, A, S, input_channels), the level's whole frame.
            batch: how many samples begin alike (B).
            origin: the first cell of `coarser` in its frame, where it is only a part of it.
        """
        ratio = self.architecture.ratio(number - 1) if coarser is not None else None
        return Beginning(image, coarser, ratio, self.architecture.channels, batch, origin or (0, 0, 0))

    def run_level(
        self, number: int, begin: Beginning, seed: int, members: Sequence[int], tile: Shape | None = None,
        box: Box | None = None, logits_only: bool = False,
    ) -> torch.Tensor:  # fmt: skip
        """Apply one level to its frame or to a box of it.

        Args:
            number: of the level.
            begin: the state with which it begins, see `beginning`.
            seed, members, tile: as of `forward`.
            box: slices of the level's frame; None for all of it.
            logits_only: return only these, so that a large frame's other channels exist a tile at a time.

        Returns:
            The state (B, R, A, S, c) of the box, or its logits (B, R, A, S, labels).
        """
        level, cell = self.architecture.levels[number], self.cells[number]
        frame = tuple(begin.frame)
        box = box or whole(frame)
        sizes = [part.stop - part.start for part in box]
        result = None
        for core, outer, inner in tiles(frame, tile or sizes, self.architecture.reach(level), box):
            origin, size = [s.start for s in outer], [s.stop - s.start for s in outer]
            part = cell(
                begin(outer), frame_index(size, origin, frame, begin.device), members, (seed, number), level.steps
            )
            part = (self.logits(part) if logits_only else part)[(slice(None), *inner)]
            if list(part.shape[1:4]) == sizes:
                return part
            if result is None:
                result = part.new_empty((len(members), *sizes, part.shape[-1]))
            result[(slice(None), *within(core, box))] = part
        assert result is not None  # there is one tile at least
        return result

    def logits(self, state: torch.Tensor) -> torch.Tensor:
        """Those of a state (..., c), (..., labels): the outputs stand right after the image channels."""
        first = self.architecture.input_channels
        return state[..., first : first + self.architecture.labels]


class Beginning:
    """The state with which a level begins, made for any region of its frame when it is asked for.

    The first level begins with the image and zeros; a finer one with all channels of the coarser level upsampled
    (nearest) and the image channels replaced by the finer image.

    Args:
        image, coarser, batch, origin: as of `Pyramid.beginning`.
        ratio: how many cells lie in one of `coarser`, per axis; None for the first level.
        channels: of the state (c).
    """

    def __init__(
        self, image: torch.Tensor, coarser: torch.Tensor | None, ratio: Shape | None, channels: int, batch: int,
        origin: Sequence[int] = (0, 0, 0),
    ):  # fmt: skip
        self.image, self.coarser, self.ratio, self.channels, self.batch = image, coarser, ratio, channels, batch
        self.origin = origin  # first cell of `coarser` in its frame
        self.frame, self.device = image.shape[1:4], image.device

    def __call__(self, region: Box = (slice(None), slice(None), slice(None))) -> torch.Tensor:
        """(B, R, A, S, c), contiguous, of a region given as slices."""
        image = self.image[(slice(None), *region)].expand(self.batch, -1, -1, -1, -1)
        count = image.shape[-1]
        if self.coarser is None:
            return F.pad(image, (0, self.channels - count)).contiguous()
        assert self.ratio is not None  # known where there is a coarser level
        state = self.coarser
        for axis, (part, n, factor, origin) in enumerate(
            zip(region, image.shape[1:4], self.ratio, self.origin, strict=True), start=1
        ):
            start = part.start or 0
            cells = torch.arange(start, start + n, device=self.device) // factor - origin
            state = state.index_select(axis, cells)
        state[..., :count] = image
        return state


def tiles(frame: Sequence[int], tile: Sequence[int], margin: Sequence[int], box: Box) -> Iterator[tuple[Box, Box, Box]]:
    """Cut a box of a frame into tiles: the core (slices of the frame), it with its margin, and its place in that."""
    starts = [range(part.start, part.stop, t) for part, t in zip(box, tile, strict=True)]
    for corner in product(*starts):
        core = triple(slice(first, min(first + t, part.stop)) for first, t, part in zip(corner, tile, box, strict=True))
        outer = widen(core, margin, frame)
        yield core, outer, within(core, outer)


def _on_image(logits: torch.Tensor, scale: Sequence[int], box: Box, region: Box) -> torch.Tensor:
    """Logits (B, R, A, S, labels) of a box of a level's frame, on the voxels of a region of the image that it holds."""
    inside = [slice(s.start - b.start * f, s.stop - b.start * f)
              for s, b, f in zip(region, box, scale, strict=True)]  # fmt: skip
    return upsample(logits, scale, [part.stop for part in inside])[(slice(None), *inside)]


def pool(image: torch.Tensor, scale: Sequence[int]) -> torch.Tensor:
    """Average over blocks of voxels; an incomplete last block averages what it has, so that any size works.

    The papers' code samples linearly for Med-NCA; the average is the same idea without aliasing, for all families.

    Args:
        image: (B, R, A, S, channels).
        scale: voxels of a block along R, A, S.

    Returns:
        (B, ceil(R / scale), ceil(A / scale), ceil(S / scale), channels).
    """
    if tuple(scale) == (1, 1, 1):
        return image
    block = [min(factor, n) for factor, n in zip(scale, image.shape[1:4], strict=True)]
    pooled = F.avg_pool3d(image.movedim(-1, 1), block, ceil_mode=True, count_include_pad=False)
    return pooled.movedim(1, -1)


def upsample(state: torch.Tensor, ratio: Sequence[int], shape: Sequence[int]) -> torch.Tensor:
    """Nearest upsampling of a state (B, R, A, S, channels) by whole numbers, cut to `shape` (R, A, S)."""
    for axis, (factor, size) in enumerate(zip(ratio, shape, strict=True)):
        if factor > 1:
            state = state.repeat_interleave(factor, axis + 1)
        if state.shape[axis + 1] > size:
            state = state.narrow(axis + 1, 0, size)
    return state

"""Perception: convolutions with reflect padding over a channels-last state.

States are (batch, R, A, S, channels), contiguous. Seen as (batch, channels, R, A, S) this is torch's
channels-last memory format, in which the convolution runs on its fast path without a transpose.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F


def perceive(state: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, groups: int) -> torch.Tensor:
    """Same-size convolution with reflect padding.

    Args:
        state: (B, R, A, S, c).
        weight: (out, c / groups, kR, kA, kS), of odd extents.
        bias: (out,).
        groups: into which the channels are divided; c for a depthwise convolution.

    Returns:
        (B, R, A, S, out).
    """
    for axis, k in enumerate(weight.shape[2:], start=1):
        if k > 1:
            state = state.index_select(axis, mirrored(state.shape[axis], k // 2, state.device))
    return convolve(state, weight, bias, groups)


def convolve(padded: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, groups: int) -> torch.Tensor:
    """Convolution of a channels-last state that has its margins already: (B, R, A, S, out), smaller by them."""
    return F.conv3d(padded.movedim(-1, 1), weight, bias, groups=groups).movedim(1, -1)


def mirrored(size: int, radius: int, device: torch.device | None = None) -> torch.Tensor:
    """Which cell stands at each place of a row of `size` cells with `radius` cells of margin on both sides.

    Reflection without repeating the edge cell, bounced as often as needed, so that rows shorter than the
    radius work; a row of one cell repeats it.
    """
    period = max(2 * (size - 1), 1)
    place = torch.arange(-radius, size + radius, device=device).remainder(period)
    return torch.minimum(place, period - place) if size > 1 else torch.zeros_like(place)


class Padded:
    """A state with padding around it, to be updated in place: values (B, R + 2r, A + 2r, S + 2r, c).

    Args:
        like: a state of the same shape, type and device (B, R, A, S, c); its values are not copied.
        radius: width of the margins along R, A, S.
        zero: begin with zeros; otherwise with whatever memory holds.
    """

    def __init__(self, like: torch.Tensor, radius: Iterable[int], zero: bool = False):
        batch, *self.sizes, channels = like.shape
        self.radius = tuple(radius)
        shape = [batch, *(n + 2 * r for n, r in zip(self.sizes, self.radius, strict=True)), channels]
        self.values = like.new_zeros(shape) if zero else like.new_empty(shape)
        self._planes = list(self._mirrored_planes())
        self._pairs = [(self.values.select(dim, to), self.values.select(dim, of)) for dim, to, of in self._planes]

    @property
    def rows(self) -> torch.Tensor:
        """The same memory, one row per cell: (cells, c)."""
        return self.values.view(-1, self.values.shape[-1])

    @property
    def inside(self) -> torch.Tensor:
        """The view without the margins: (B, R, A, S, c)."""
        return self.without_margins(self.values)

    def without_margins(self, values: torch.Tensor) -> torch.Tensor:
        """The view of other values of this shape without the margins."""
        inside = tuple(slice(r, r + n) for n, r in zip(self.sizes, self.radius, strict=True))
        return values[(slice(None), *inside)]

    def row_numbers(self) -> torch.Tensor:
        """The number, in `rows`, of each cell inside: int64 (B, R, A, S)."""
        shape = self.values.shape[:4]
        numbers = torch.arange(shape.numel(), device=self.values.device).view(*shape, 1)
        return self.without_margins(numbers)[..., 0].contiguous()

    def mirror(self) -> None:
        """Make the margins mirror the inside."""
        for margin, source in self._pairs:
            margin.copy_(source)  # the other axes' margins are filled by their own turn, earlier ones are complete

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """The transpose of `mirror` for other values of this shape, in place: each margin is added to what it mirrors.

        Returns the view of them without the margins.
        """
        for dim, margin, source in reversed(self._planes):
            values.select(dim, source).add_(values.select(dim, margin))
        return self.without_margins(values)

    def _mirrored_planes(self):
        """(dimension, index of a margin's plane, index of the plane it mirrors), in order."""
        for axis, (size, r) in enumerate(zip(self.sizes, self.radius, strict=True), start=1):
            order = mirrored(size, r).tolist()
            for i in (*range(r), *range(r + size, r + size + r)):
                yield axis, i, r + order[i]


class Blocks:
    """A state (B, R, A, S, c) in blocks of channels, each of which lies in memory as a frame of its own, with margins.

    A depthwise convolution of torch is up to half as fast again where a cell's channels fill one line of the cache.

    Args:
        state: what the cells begin with; its values are copied.
        radius: width of the margins along R, A, S.
        width: channels of a block.
        zero: begin with zeros instead, also in the margins.
    """

    def __init__(self, state: torch.Tensor, radius: Iterable[int], width: int, zero: bool = False):
        self.batch, self.width, self.count = len(state), width, state.shape[-1] // width
        blocks = state.unflatten(-1, (self.count, width)).movedim(-2, 0).flatten(0, 1)
        self.padded = Padded(blocks, radius, zero)
        if not zero:
            self.padded.inside.copy_(blocks)
        self._rows = self.padded.row_numbers().view(self.count, -1).t().contiguous()  # of each cell, in each block

    def rows(self, cells: torch.Tensor) -> torch.Tensor:
        """Where cells lie in `padded.rows`, those of a cell side by side."""
        return self._rows.index_select(0, cells).view(-1)

    def get(self, cells: torch.Tensor) -> torch.Tensor:
        """(n, c), of these of the B x R x A x S cells."""
        return self.padded.rows.index_select(0, self.rows(cells)).view(len(cells), -1)

    def put(self, cells: torch.Tensor, values: torch.Tensor) -> None:
        """Set cells to values (n, c)."""
        self.padded.rows.index_copy_(0, self.rows(cells), values.reshape(-1, self.width))

    def split(self, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The blocks of such values as `padded.values`, each (B, ...)."""
        return values.split(self.batch)

    def whole(self) -> torch.Tensor:
        """A copy of the state, (B, R, A, S, c)."""
        blocks = self.padded.inside.unflatten(0, (self.count, self.batch))
        return blocks.movedim(0, -2).flatten(-2).clone(memory_format=torch.contiguous_format)

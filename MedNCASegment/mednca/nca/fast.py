"""The step that does only useful work: what `cells.Cell` says, without gradients, on a processor.

Same numbers as the plain path to rounding; the plain path is where the papers' equations are. What it saves:
- one padded buffer, updated in place; only its margins are copied each step;
- slabs of rows along R, small enough that a slab's perception, hidden layer and update stay in the cache. A slab's
  update waits until the next slab has perceived its old rows, so no second buffer is needed;
- the dense layers run for the cells that fire only, and without joining state and perception first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from .firing import fire_mask
from .memory import SLAB_CELLS
from .perception import Padded, convolve

if TYPE_CHECKING:
    from .cells import Cell

_PATCH_ROWS = 2048  # cells whose neighborhoods are gathered at once


def run(
    cell: Cell, state: torch.Tensor, index: torch.Tensor, members: Sequence[int], address: tuple[int, int], steps: int,
) -> torch.Tensor:  # fmt: skip
    """As `cells.Cell.forward` of this cell, without gradients."""
    weights = Weights(cell)
    index = index.expand(state.shape[:4])
    states = [
        _last(_each_step(cell, weights, state[b : b + 1], index[b], (address[0], member, address[1]), steps))
        for b, member in enumerate(members)
    ]
    return states[0][None] if len(states) == 1 else torch.stack(states)  # no copy of a large one


def each_step(
    cell: Cell, state: torch.Tensor, index: torch.Tensor, member: int, address: tuple[int, int], steps: int,
) -> Iterator[torch.Tensor]:  # fmt: skip
    """The state of one member after each step, with the numbers of `run`.

    Args:
        cell, address, steps: as of `run`.
        state: (1, R, A, S, c).
        index: int32 (R, A, S).
        member: its number.

    Yields:
        (R, A, S, c): always the same memory, which the next step overwrites.
    """
    return _each_step(cell, Weights(cell), state, index, (address[0], member, address[1]), steps)


class Weights:
    """The weights of a `cells.Cell` in the form that the step multiplies with.

    Attributes:
        from_state, from_perception, bias: of the hidden layer with the norm folded in, (c, h), (perceived, h), (h,).
        update: (h, c), zeros for the image channels.
        perception: kernel, bias and groups, see `Cell.perception_kernel`.
        patch: the kernel of a full convolution as a matrix (neighborhood * c, perceived); None if depthwise.
    """

    def __init__(self, cell: Cell):
        weight, self.bias = cell.folded_hidden()
        channels = cell.update.weight.shape[0]
        self.from_state = weight[:, :channels].t().contiguous()
        self.from_perception = weight[:, channels:].t().contiguous()
        update = cell.update.weight.clone()
        update[: cell.image_channels] = 0  # the image is never written
        self.update = update.t().contiguous()
        self.perception = cell.perception_kernel()
        kernel, _bias, groups = self.perception
        # A full convolution (2D cells) as a matrix product, so that only the cells that fire perceive.
        self.patch = kernel.permute(2, 3, 4, 1, 0).flatten(0, 3).contiguous() if groups == 1 else None


def _last(states):
    for state in states:
        last = state
    return last


def _each_step(cell, weights, state, index, address, steps):
    """One member. state: (1, R, A, S, c), index: (R, A, S)."""
    radius = tuple(k // 2 for k in weights.perception[0].shape[2:])
    padded = Padded(state, radius)
    padded.inside.copy_(state)
    rows, row_numbers = padded.rows, padded.row_numbers()[0]
    slabs = _slabs(padded.sizes, radius[0])
    for step in range(steps):
        padded.mirror()
        waiting = None
        for start, stop in slabs:
            fired = fire_mask(index[start:stop], cell.fire_rate, (*address, step)).view(-1).nonzero().squeeze(1)
            fired_rows = row_numbers[start:stop].view(-1).index_select(0, fired)
            if weights.patch is None:
                perceived = convolve(padded.values[:, start : stop + 2 * radius[0]], *weights.perception)
                perceived = perceived.reshape(-1, perceived.shape[-1]).index_select(0, fired)
            else:
                perceived = _perceive_some(rows, fired_rows, padded.values.shape[1:], weights)
            change = fired_rows, _step(rows.index_select(0, fired_rows), perceived, weights)
            if waiting is not None:
                rows.index_copy_(0, *waiting)
            waiting = change
        assert waiting is not None  # there is one slab at least
        rows.index_copy_(0, *waiting)
        yield padded.inside[0]


def _perceive_some(rows, fired_rows, shape, weights):
    """Perception of some cells only, (cells, perceived channels), by their rows in the padded buffer of this shape."""
    kernel, bias, _groups = weights.perception
    steps = [torch.arange(k) - k // 2 for k in kernel.shape[2:]]
    r, a, s = torch.meshgrid(*steps, indexing="ij")
    around = ((r * shape[1] + a) * shape[2] + s).flatten()
    parts = []
    for some in fired_rows.split(_PATCH_ROWS):
        patches = rows.index_select(0, (some[:, None] + around).flatten()).view(len(some), len(weights.patch))
        parts.append(torch.addmm(bias, patches, weights.patch))
    return torch.cat(parts)


def _step(state, perceived, weights):
    """The new states of cells that fire. state: (cells, c), changed in place; perceived: (cells, perceived)."""
    hidden = torch.addmm(weights.bias, state, weights.from_state)
    return state.addmm_(hidden.addmm_(perceived, weights.from_perception).relu_(), weights.update)


def _slabs(sizes, radius):
    """Rows along R in slabs, none thinner than the radius: each perceives only one slab back. Several threads share a
    slab, each in its own cache."""
    thick = max(SLAB_CELLS * torch.get_num_threads() // (sizes[1] * sizes[2]), radius, 1)
    starts = list(range(0, sizes[0], thick))
    if len(starts) > 1 and sizes[0] - starts[-1] < radius:
        starts.pop()
    return list(zip(starts, [*starts[1:], sizes[0]], strict=True))

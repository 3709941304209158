"""The step that does only useful work, with gradients: what training runs on a processor.

Same numbers as `cells.Cell.plain` under autograd, to rounding. What it saves:
- the dense layers run for the cells that fire only, forward and backward;
- the state is one padded buffer that is updated in place. A step keeps the old values of the cells that fired; going
  backward they are put back, so that no step keeps a whole state;
- the perception's backward pass is written as the convolutions that it is, which run on the fast path: torch's own
  takes 4 (k=3) to 8 (k=7) times longer for a depthwise convolution on a processor;
- with `recompute`, a step keeps nothing else: perception and hidden layer are computed once more on the way back
  (checkpointing over steps), for a fifth of the memory and a fifth more time.

While batch norm is live, it takes the statistics of each sample's fired cells (`cells.Cell.live_norm`), so that this
holds then, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from .fast import Weights
from .firing import fire_keys, fire_masks
from .perception import Padded, convolve

if TYPE_CHECKING:
    from .cells import Cell

NORM_EPS = 1e-5  # of every batch norm
_SLAB_CELLS = 1 << 14


def run(
    cell: Cell, state: torch.Tensor, index: torch.Tensor, members: Sequence[int], address: tuple[int, int], steps: int,
    recompute: bool = False,
) -> torch.Tensor:  # fmt: skip
    """As `cells.Cell.forward` of this cell; differentiable in the state and the cell's weights."""
    weights, index = Weights(cell), index.expand(state.shape[:4])
    inward = torch.cat((weights.from_state, weights.from_perception))
    if cell.live_norm and len(members) > 1:  # a sample's cells are normalized by themselves
        parts = [(state[b : b + 1], index[b : b + 1], [member]) for b, member in enumerate(members)]
        return torch.cat([run(cell, *part, address, steps, recompute) for part in parts])
    masks = [fire_masks(index, cell.fire_rate, keys) for keys in fire_keys(members, address, steps)]
    live = cell.norm if cell.live_norm else None
    norm = torch.stack((live.weight, live.bias)) if live else weights.bias.new_empty(0)
    seen = cell.seen.setdefault(members[0], []) if live else []
    kernel, kernel_bias, groups = weights.perception
    return _Steps.apply(
        masks, groups, recompute, seen, state,
        inward, weights.bias, weights.update, norm, kernel, kernel_bias,
    )  # fmt: skip


class _Rule(NamedTuple):
    """What the loss is differentiated by, as `fast.Weights` has it: `inward` is `from_state` above `from_perception`;
    norm: a live one's scale and shift, (2, h), of a frozen one nothing, (0,)."""

    inward: torch.Tensor
    bias: torch.Tensor
    update: torch.Tensor
    norm: torch.Tensor
    kernel: torch.Tensor
    kernel_bias: torch.Tensor


class _Steps(torch.autograd.Function):
    """All steps of a level at once."""

    @staticmethod
    def forward(ctx, masks, groups, recompute, seen, state, *weights):
        rule = _Rule(*weights)
        padded = Padded(state, (k // 2 for k in rule.kernel.shape[2:]))
        padded.inside.copy_(state)
        row_numbers, kept = padded.row_numbers().view(-1), []
        for mask in masks:
            fired = mask.view(-1).nonzero().squeeze(1)
            fired_rows = row_numbers.index_select(0, fired)
            before = padded.rows.index_select(0, fired_rows)
            taken, active, normed = _hidden(padded, before, fired, rule, groups)
            padded.rows.index_copy_(0, fired_rows, torch.addmm(before, active, rule.update))
            kept.append((fired, fired_rows, before) if recompute else (fired, fired_rows, taken, active, normed))
            if normed:
                seen.append((normed.mean, normed.inverse_deviation**-2 - NORM_EPS))
        ctx.save_for_backward(*weights)
        ctx.groups, ctx.padded, ctx.kept = groups, padded, kept
        return padded.inside.clone()

    @staticmethod
    def backward(ctx, gradient):
        rule = _Rule(*ctx.saved_tensors)
        by = _Rule(*map(torch.zeros_like, rule))  # the gradients
        padded, kept = ctx.padded, ctx.kept
        if kept is None:
            raise RuntimeError("The steps can be gone back once only: the state was changed in place.")
        ctx.kept = None
        flow = gradient.clone(memory_format=torch.contiguous_format)  # of the loss by the state, going backward
        rows = flow.view(-1, flow.shape[-1])
        perception_backward = _PerceptionBackward(padded, rule.kernel, ctx.groups)
        channels = flow.shape[-1]
        while kept:
            fired, fired_rows, taken, *rest = kept.pop()  # `taken` begins with the state that was
            before = taken[:, :channels].contiguous()
            padded.rows.index_copy_(0, fired_rows, before)
            padded.mirror()
            taken, active, normed = (taken, *rest) if rest else _hidden(padded, before, fired, rule, ctx.groups)
            change = rows.index_select(0, fired)
            by.update.addmm_(active.t(), change)
            hidden = torch.mm(change, rule.update.t())
            torch.ops.aten.threshold_backward.grad_input(hidden, active, 0, grad_input=hidden)
            if normed:
                hidden, *d_norm = normed.backward(hidden, rule.norm[0])
                by.norm.add_(torch.stack(d_norm))
            by.inward.addmm_(taken.t(), hidden)
            by.bias.add_(hidden.sum(0))
            d_before, d_perceived = (hidden @ rule.inward.t()).tensor_split([channels], 1)
            by.kernel_bias.add_(d_perceived.sum(0))
            d_state, d_kernel = perception_backward(d_perceived, fired)
            by.kernel.add_(d_kernel)
            rows.index_add_(0, fired, d_before.contiguous())  # several times faster than of every other row's half
            flow += d_state
        return None, None, None, None, flow, *by


class _Normed(NamedTuple):
    """What a live norm took, (fired, h), and the statistics that it normalized it with, (h,)."""

    taken: torch.Tensor
    mean: torch.Tensor
    inverse_deviation: torch.Tensor

    def backward(self, gradient, scale):
        """The gradients by what it took, its scale and its shift."""
        return torch.ops.aten.native_batch_norm_backward(
            gradient, self.taken, scale, None, None, self.mean, self.inverse_deviation, True, NORM_EPS, [True] * 3
        )


def _hidden(padded, before, fired, rule: _Rule, groups):
    """What the cells that fire take, their state and perception, (fired, c + perceived); their active hidden layer,
    (fired, h); and what a live norm did, None where it is frozen."""
    padded.mirror()
    perceived = convolve(padded.values, rule.kernel, rule.kernel_bias, groups)
    perceived = perceived.reshape(-1, perceived.shape[-1]).index_select(0, fired)
    taken = torch.cat((before, perceived), 1)
    hidden = torch.addmm(rule.bias, taken, rule.inward)
    if not len(rule.norm) or not len(fired):  # of no cell there are no statistics
        return taken, hidden.relu_(), None
    scale, shift = rule.norm
    active, *statistics = torch.native_batch_norm(hidden, scale, shift, None, None, True, 0.0, NORM_EPS)
    return taken, active.relu_(), _Normed(hidden, *statistics)


class _PerceptionBackward:
    """The backward pass of the perception: from the gradient by what the fired cells perceived to the gradients by the
    state and by the kernel. Holds the buffers that all steps share."""

    def __init__(self, padded: Padded, kernel, groups: int):
        self.padded, self.kernel, self.groups = padded, kernel, groups
        self.depthwise = groups == kernel.shape[0] == padded.values.shape[-1]
        batch, *sizes = padded.inside.shape[:4]
        like = padded.values.new_empty(1).expand(batch, *sizes, len(kernel))
        # Zeros around, so that the transposed convolution is an ordinary one over a larger frame.
        radius = [2 * r if self.depthwise else 0 for r in padded.radius]
        self.gradient = Padded(like, radius, zero=True)
        self.row_numbers = self.gradient.row_numbers().view(-1)
        self.filled = self.row_numbers[:0]

    def __call__(self, d_perceived, fired):
        """d_perceived: (fired, perceived). Returns the gradients by the state (B, R, A, S, c) and by the kernel."""
        self.gradient.rows.index_fill_(0, self.filled, 0)
        self.filled = self.row_numbers.index_select(0, fired)
        self.gradient.rows.index_copy_(0, self.filled, d_perceived)
        if self.depthwise:
            d_state = convolve(self.gradient.values, self.kernel.flip(2, 3, 4), None, self.groups)
            d_kernel = self._correlate()
        else:
            d_state, d_kernel, _ = torch.ops.aten.convolution_backward(
                self.gradient.values.movedim(-1, 1), self.padded.values.movedim(-1, 1), self.kernel, None,
                [1] * 3, [0] * 3, [1] * 3, False, [0] * 3, self.groups, [True, True, False],
            )  # fmt: skip
            d_state = d_state.movedim(1, -1)
        return self.padded.gather(d_state), d_kernel

    def _correlate(self):
        """The kernel's gradient: each sample's state, convolved with its gradient as if that were the kernel; slab by
        slab along R, since torch's convolution is three times slower with kernels that do not fit into the cache."""
        total, around = self.padded.values.new_zeros(()), self.kernel.shape[2] - 1
        rows, *plane = self.padded.sizes
        thick = max(_SLAB_CELLS // math.prod(plane), 1)
        for state, gradient in zip(self.padded.values, self.gradient.inside, strict=True):
            for start in range(0, rows, thick):
                slab = gradient[start : start + thick]
                seen = state[None, start : start + len(slab) + around]
                total = total + convolve(seen, slab.movedim(-1, 0)[:, None], None, self.groups)[0]
        return total.movedim(-1, 0)[:, None]

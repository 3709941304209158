"""The step that does only useful work, with gradients: what training runs on a processor.

Same numbers as `cells.Cell.plain` under autograd, to rounding. What it saves:
- the dense layers run for the cells that fire only, forward and backward;
- the state is one padded buffer that is updated in place. A step keeps the old values of the cells that fired; going
  backward they are put back, so that no step keeps a whole state;
- the perception's backward pass is written as the convolutions that it is, which run on the fast path: torch's own
  takes 4 (k=3) to 8 (k=7) times longer for a depthwise convolution on a processor;
- with `recompute`, a step keeps nothing else: perception and hidden layer are computed once more on the way back
  (checkpointing over steps), for a fifth of the memory and a fifth more time.
"""

from __future__ import annotations

import torch

from .fast import Weights
from .firing import fire_keys, fire_masks
from .perception import Padded, look


def run(cell, state, index, members, address, steps: int, recompute: bool = False) -> torch.Tensor:
    """As `Cell.forward`; differentiable in the state and the cell's weights."""
    weights = Weights(cell)
    masks = [
        fire_masks(index.expand(state.shape[:4]), cell.fire_rate, keys) for keys in fire_keys(members, address, steps)
    ]
    return _Steps.apply(
        state, weights.own, weights.seen, weights.bias, weights.update, *weights.sight, masks, recompute
    )  # fmt: skip


class _Steps(torch.autograd.Function):
    """All steps of a level at once."""

    @staticmethod
    def forward(ctx, state, own, seen, bias, update, kernel, kernel_bias, groups, masks, recompute):
        padded = Padded(state, (k // 2 for k in kernel.shape[2:]))
        padded.inside.copy_(state)
        places, kept = padded.places().view(-1), []
        for mask in masks:
            fired = mask.view(-1).nonzero().squeeze(1)
            where = places.index_select(0, fired)
            before = padded.rows.index_select(0, where)
            around, active = _hidden(padded, before, fired, own, seen, bias, kernel, kernel_bias, groups)
            padded.rows.index_copy_(0, where, torch.addmm(before, active, update))
            kept.append((fired, where, before) + (() if recompute else (around, active)))
        ctx.save_for_backward(own, seen, bias, update, kernel, kernel_bias)
        ctx.groups, ctx.padded, ctx.kept = groups, padded, kept
        return padded.inside.clone()

    @staticmethod
    def backward(ctx, gradient):
        own, seen, bias, update, kernel, kernel_bias = ctx.saved_tensors
        d_own, d_seen, d_bias, d_update, d_kernel, d_kernel_bias = map(torch.zeros_like, ctx.saved_tensors)
        padded, kept = ctx.padded, ctx.kept
        if kept is None:
            raise RuntimeError("The steps can be gone back once only: the state was changed in place.")
        ctx.kept = None
        flow = gradient.clone(memory_format=torch.contiguous_format)  # of the loss by the state, going backward
        rows = flow.view(-1, flow.shape[-1])
        look_back = _LookBack(padded, kernel, ctx.groups)
        while kept:
            fired, where, before, *rest = kept.pop()
            padded.rows.index_copy_(0, where, before)
            padded.mirror()
            around, active = rest or _hidden(
                padded, before, fired, own, seen, bias, kernel, kernel_bias, ctx.groups
            )  # fmt: skip
            change = rows.index_select(0, fired)
            d_update.addmm_(active.t(), change)
            hidden = torch.ops.aten.threshold_backward(change @ update.t(), active, 0)
            d_own.addmm_(before.t(), hidden)
            d_seen.addmm_(around.t(), hidden)
            d_bias += hidden.sum(0)
            sight = hidden @ seen.t()
            d_kernel_bias += sight.sum(0)
            d_state, d_weight = look_back(sight, fired)
            d_kernel += d_weight
            rows.index_add_(0, fired, hidden @ own.t())
            flow += d_state
        return flow, d_own, d_seen, d_bias, d_update, d_kernel, d_kernel_bias, None, None, None


def _hidden(padded, before, fired, own, seen, bias, kernel, kernel_bias, groups):
    """What the cells that fire see, (fired, perceived), and their active hidden layer, (fired, h)."""
    padded.mirror()
    around = look(padded.values, kernel, kernel_bias, groups).reshape(-1, len(seen)).index_select(0, fired)
    return around, torch.addmm(bias, before, own).addmm_(around, seen).relu_()


class _LookBack:
    """The backward pass of the perception: from the gradient by what the fired cells saw to those by the state and by
    the kernel. Holds the buffers that all steps share."""

    def __init__(self, padded: Padded, kernel, groups: int):
        self.padded, self.kernel, self.groups = padded, kernel, groups
        self.depthwise = groups == kernel.shape[0] == padded.values.shape[-1]
        batch, *sizes = padded.inside.shape[:4]
        like = padded.values.new_empty(1).expand(batch, *sizes, len(kernel))
        # Zeros around, so that the transposed convolution is an ordinary one over a larger frame.
        radius = [2 * r if self.depthwise else 0 for r in padded.radius]
        self.seen = Padded(like, radius, zero=True)
        self.places = self.seen.places().view(-1)

    def __call__(self, sight, fired):
        """sight: (fired, perceived). Returns the gradients by the state (B, R, A, S, c) and by the kernel."""
        self.seen.values.zero_()
        self.seen.rows.index_copy_(0, self.places.index_select(0, fired), sight)
        if self.depthwise:
            by_state = look(self.seen.values, self.kernel.flip(2, 3, 4), None, self.groups)
            d_kernel = self._correlate()
        else:
            by_state, d_kernel, _ = torch.ops.aten.convolution_backward(
                self.seen.values.movedim(-1, 1), self.padded.values.movedim(-1, 1), self.kernel, None,
                [1] * 3, [0] * 3, [1] * 3, False, [0] * 3, self.groups, [True, True, False],
            )  # fmt: skip
            by_state = by_state.movedim(1, -1)
        return self.padded.gather(by_state), d_kernel

    def _correlate(self):
        """The kernel's gradient: each sample's state, convolved with its gradient as if that were the kernel."""
        total = 0
        for state, seen in zip(self.padded.values, self.seen.inside, strict=True):
            total = total + look(state[None], seen.movedim(-1, 0)[:, None], None, self.groups)[0]
        return total.movedim(-1, 0)[:, None]

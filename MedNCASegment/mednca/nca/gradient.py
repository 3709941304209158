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

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .fast import Weights
from .firing import fire_keys, fire_masks
from .perception import Padded, convolve

if TYPE_CHECKING:
    from .cells import Cell


def run(
    cell: Cell, state: torch.Tensor, index: torch.Tensor, members: Sequence[int], address: tuple[int, int], steps: int,
    recompute: bool = False,
) -> torch.Tensor:  # fmt: skip
    """As `cells.Cell.forward` of this cell; differentiable in the state and the cell's weights."""
    weights = Weights(cell)
    masks = [
        fire_masks(index.expand(state.shape[:4]), cell.fire_rate, keys) for keys in fire_keys(members, address, steps)
    ]
    return _Steps.apply(
        state, weights.from_state, weights.from_perception, weights.bias, weights.update, *weights.perception, masks,
        recompute,
    )  # fmt: skip


class _Steps(torch.autograd.Function):
    """All steps of a level at once."""

    @staticmethod
    def forward(ctx, state, from_state, from_perception, bias, update, kernel, kernel_bias, groups, masks, recompute):
        padded = Padded(state, (k // 2 for k in kernel.shape[2:]))
        padded.inside.copy_(state)
        row_numbers, kept = padded.row_numbers().view(-1), []
        for mask in masks:
            fired = mask.view(-1).nonzero().squeeze(1)
            fired_rows = row_numbers.index_select(0, fired)
            before = padded.rows.index_select(0, fired_rows)
            perceived, active = _hidden(
                padded, before, fired, from_state, from_perception, bias, kernel, kernel_bias, groups
            )
            padded.rows.index_copy_(0, fired_rows, torch.addmm(before, active, update))
            kept.append((fired, fired_rows, before) + (() if recompute else (perceived, active)))
        ctx.save_for_backward(from_state, from_perception, bias, update, kernel, kernel_bias)
        ctx.groups, ctx.padded, ctx.kept = groups, padded, kept
        return padded.inside.clone()

    @staticmethod
    def backward(ctx, gradient):
        from_state, from_perception, bias, update, kernel, kernel_bias = ctx.saved_tensors
        d_from_state, d_from_perception, d_bias, d_update, d_kernel, d_kernel_bias = map(
            torch.zeros_like, ctx.saved_tensors
        )
        padded, kept = ctx.padded, ctx.kept
        if kept is None:
            raise RuntimeError("The steps can be gone back once only: the state was changed in place.")
        ctx.kept = None
        flow = gradient.clone(memory_format=torch.contiguous_format)  # of the loss by the state, going backward
        rows = flow.view(-1, flow.shape[-1])
        perception_backward = _PerceptionBackward(padded, kernel, ctx.groups)
        while kept:
            fired, fired_rows, before, *rest = kept.pop()
            padded.rows.index_copy_(0, fired_rows, before)
            padded.mirror()
            perceived, active = rest or _hidden(
                padded, before, fired, from_state, from_perception, bias, kernel, kernel_bias, ctx.groups
            )  # fmt: skip
            change = rows.index_select(0, fired)
            d_update.addmm_(active.t(), change)
            hidden = torch.ops.aten.threshold_backward(change @ update.t(), active, 0)
            d_from_state.addmm_(before.t(), hidden)
            d_from_perception.addmm_(perceived.t(), hidden)
            d_bias += hidden.sum(0)
            d_perceived = hidden @ from_perception.t()
            d_kernel_bias += d_perceived.sum(0)
            d_state, d_weight = perception_backward(d_perceived, fired)
            d_kernel += d_weight
            rows.index_add_(0, fired, hidden @ from_state.t())
            flow += d_state
        return flow, d_from_state, d_from_perception, d_bias, d_update, d_kernel, d_kernel_bias, None, None, None


def _hidden(padded, before, fired, from_state, from_perception, bias, kernel, kernel_bias, groups):
    """What the cells that fire perceive, (fired, perceived), and their active hidden layer, (fired, h)."""
    padded.mirror()
    perceived = convolve(padded.values, kernel, kernel_bias, groups)
    perceived = perceived.reshape(-1, len(from_perception)).index_select(0, fired)
    return perceived, torch.addmm(bias, before, from_state).addmm_(perceived, from_perception).relu_()


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

    def __call__(self, d_perceived, fired):
        """d_perceived: (fired, perceived). Returns the gradients by the state (B, R, A, S, c) and by the kernel."""
        self.gradient.values.zero_()
        self.gradient.rows.index_copy_(0, self.row_numbers.index_select(0, fired), d_perceived)
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
        """The kernel's gradient: each sample's state, convolved with its gradient as if that were the kernel."""
        total = self.padded.values.new_zeros(())
        for state, gradient in zip(self.padded.values, self.gradient.inside, strict=True):
            total = total + convolve(state[None], gradient.movedim(-1, 0)[:, None], None, self.groups)[0]
        return total.movedim(-1, 0)[:, None]

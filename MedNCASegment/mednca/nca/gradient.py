"""The step that does only useful work, with gradients: what training runs on a processor.

Same numbers as `cells.Cell.plain` under autograd, to rounding. What it saves:
- the dense layers run for the cells that fire only, forward and backward;
- the state is one padded buffer that is updated in place. A step keeps the old values of the cells that fired; going
  backward they are put back, so that no step keeps a whole state;
- the perception's backward pass is written as the convolutions that it is, which run on the fast path: torch's own
  takes 4 (k=3) to 8 (k=7) times longer for a depthwise convolution on a processor;
- the dense layers take some cells at a time, so that what they make stays in the cache, and a wide state lies in blocks
  of channels (`Blocks`), by which torch's depthwise convolution is faster;
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
from .perception import Blocks, convolve

if TYPE_CHECKING:
    from .cells import Cell

NORM_EPS = 1e-5  # of every batch norm
_VALUES = 3 << 18  # that the dense layers make at once
_BLOCK = 16  # channels
_SLAB_CELLS = 1 << 14  # that a kernel's gradient is taken of at once


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

    def parts(self, fired: torch.Tensor) -> list[slice]:
        """Some of the fired cells at a time; all at once where a live norm takes their statistics."""
        size = max(len(fired), 1) if len(self.norm) else _VALUES // (len(self.inward) + len(self.bias))
        return [slice(start, start + size) for start in range(0, len(fired), size)]


class _Steps(torch.autograd.Function):
    """All steps of a level at once."""

    @staticmethod
    def forward(ctx, masks, groups, recompute, seen, state, *weights):
        rule = _Rule(*weights)
        perception, kept = _Perception(state, rule, groups), []
        for mask in masks:
            fired = mask.view(-1).nonzero().squeeze(1)
            step = _step(perception, fired, rule)
            kept.append((fired, step.before.clone(), None) if recompute else (fired, step.before, step))
            if step.normed:
                seen.append((step.normed.mean, step.normed.inverse_deviation**-2 - NORM_EPS))
        ctx.save_for_backward(*weights)
        ctx.perception, ctx.kept = perception, kept
        return perception.cells.whole()

    @staticmethod
    def backward(ctx, gradient):
        rule = _Rule(*ctx.saved_tensors)
        by = _Rule(*map(torch.zeros_like, rule))  # the gradients
        perception, kept = ctx.perception, ctx.kept
        if kept is None:
            raise RuntimeError("The steps can be gone back once only: the state was changed in place.")
        ctx.kept = None
        cells, back = perception.cells, _PerceptionBackward(perception)
        flow = Blocks(gradient, (0, 0, 0), cells.width)  # of the loss by the state, going backward
        while kept:
            fired, before, step = kept.pop()
            cells.put(fired, before)
            if step is None:
                step = _step(perception, fired, rule)
                cells.put(fired, before)
            back.begin(fired)
            for part in rule.parts(fired):
                by_perceived = _dense_backward(step, fired, part, flow, rule, by)
                by.kernel_bias.add_(by_perceived.sum(0))
                back.gradient.put(fired[part], by_perceived)
            by.kernel.add_(back(flow))
        return None, None, None, None, flow.whole(), *by


class _Perception:
    """What the cells perceive, and the state that they perceive it of.

    Attributes:
        cells: the state.
        kernels, groups: of its blocks.
        depthwise: whether a channel is perceived by itself.
    """

    def __init__(self, state: torch.Tensor, rule: _Rule, groups: int):
        channels = state.shape[-1]
        self.depthwise = groups == len(rule.kernel) == channels
        width = _BLOCK if self.depthwise and channels % _BLOCK == 0 else channels
        self.groups = width if self.depthwise else groups
        self.cells = Blocks(state, (k // 2 for k in rule.kernel.shape[2:]), width)
        perceived = len(rule.kernel) // self.cells.count
        self.kernels, self.biases = rule.kernel.split(perceived), rule.kernel_bias.split(perceived)

    def __call__(self) -> list[torch.Tensor]:
        """Of each block, (B x R x A x S, perceived)."""
        self.cells.padded.mirror()
        blocks = self.cells.split(self.cells.padded.values)
        return [
            convolve(block, kernel, bias, self.groups).reshape(-1, len(kernel))
            for block, kernel, bias in zip(blocks, self.kernels, self.biases, strict=True)
        ]


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


class _Step(NamedTuple):
    """What the cells that fire took, their state and perception, (fired, c + perceived); their active hidden layer,
    (fired, h); and what a live norm did, None where it is frozen."""

    before: torch.Tensor  # the state alone, (fired, c), a part of `taken`
    taken: torch.Tensor
    active: torch.Tensor
    normed: _Normed | None


def _step(perception: _Perception, fired, rule: _Rule) -> _Step:
    """One step of the cells that fire, there."""
    cells, perceived, normed = perception.cells, perception(), None
    taken = rule.bias.new_empty(len(fired), len(rule.inward))
    active = rule.bias.new_empty(len(fired), len(rule.bias))
    before = taken[:, : rule.update.shape[1]]
    for part in rule.parts(fired):
        some = fired[part]
        torch.cat([cells.get(some), *(block.index_select(0, some) for block in perceived)], 1, out=taken[part])
        torch.addmm(rule.bias, taken[part], rule.inward, out=active[part])
        if len(rule.norm):
            active, *statistics = torch.native_batch_norm(
                hidden := active, rule.norm[0], rule.norm[1], None, None, True, 0.0, NORM_EPS
            )
            normed = _Normed(hidden, *statistics)
        active[part].relu_()
        cells.put(some, torch.addmm(before[part], active[part], rule.update))
    return _Step(before, taken, active, normed)


def _dense_backward(step: _Step, fired, part: slice, flow: Blocks, rule: _Rule, by: _Rule) -> torch.Tensor:
    """The way back through the dense layers, of a part of the cells that fired: adds to the gradients, and to that by
    the state; returns that by what they perceived."""
    some, active = fired[part], step.active[part]
    change = flow.get(some)
    by.update.addmm_(active.t(), change)
    hidden = torch.mm(change, rule.update.t())
    torch.ops.aten.threshold_backward.grad_input(hidden, active, 0, grad_input=hidden)
    if step.normed:
        hidden, *by_norm = step.normed.backward(hidden, rule.norm[0])
        by.norm.add_(torch.stack(by_norm))
    by.inward.addmm_(step.taken[part].t(), hidden)
    by.bias.add_(hidden.sum(0))
    by_before, by_perceived = (hidden @ rule.inward.t()).tensor_split([change.shape[1]], 1)
    flow.put(some, change.add_(by_before))
    return by_perceived


class _PerceptionBackward:
    """The way back through the perception, from the gradient by what the fired cells perceived to those by the state
    and by the kernel. Holds the buffers that all steps share.

    Attributes:
        gradient: by what was perceived, zero where no cell fired.
    """

    def __init__(self, perception: _Perception):
        self.perception, self.cells = perception, perception.cells
        width, padded = len(perception.kernels[0]), perception.cells.padded
        # Zeros around, so that the transposed convolution is an ordinary one over a larger frame.
        radius = [2 * r if perception.depthwise else 0 for r in padded.radius]
        like = padded.values.new_empty(1).expand(self.cells.batch, *padded.sizes, width * self.cells.count)
        self.gradient = Blocks(like, radius, width, zero=True)
        self._filled: torch.Tensor | None = None

    def begin(self, fired: torch.Tensor) -> None:
        """Forget the last step's gradient; that of these cells is to be put into `gradient`."""
        if self._filled is not None:
            self.gradient.padded.rows.index_fill_(0, self._filled, 0)
        self._filled = self.gradient.rows(fired)

    def __call__(self, flow: Blocks) -> torch.Tensor:
        """Add the gradient by the state to `flow`; returns that by the kernel."""
        self.cells.padded.mirror()
        way, by_kernel = self._depthwise if self.perception.depthwise else self._full, []
        states, frames = self.cells.split(self.cells.padded.values), self.gradient.split(self.gradient.padded.values)
        for parts in zip(states, frames, self.perception.kernels, flow.split(flow.padded.values), strict=True):
            *block, into = parts
            by_state, by_block = way(*block)
            into.add_(self.cells.padded.gather(by_state))
            by_kernel.append(by_block)
        return torch.cat(by_kernel)

    def _full(self, state, gradient, kernel):
        """Of one block: the gradients by the state and its margins, and by the kernel."""
        by_state, by_kernel, _ = torch.ops.aten.convolution_backward(
            gradient.movedim(-1, 1), state.movedim(-1, 1), kernel, None,
            [1] * 3, [0] * 3, [1] * 3, False, [0] * 3, self.perception.groups, [True, True, False],
        )  # fmt: skip
        return by_state.movedim(1, -1), by_kernel

    def _depthwise(self, state, gradient, kernel):
        """The same. By the kernel: each sample's state, convolved with its gradient as if that were the kernel; slab by
        slab along R, since torch's convolution is three times slower with kernels that do not fit into the cache."""
        by_kernel, around = torch.zeros_like(kernel), kernel.shape[2] - 1
        thick = max(_SLAB_CELLS // math.prod(self.cells.padded.sizes[1:]), 1)
        inside = self.gradient.padded.without_margins(gradient)
        for own_state, own in zip(state, inside, strict=True):
            for start in range(0, len(own), thick):
                slab = own[start : start + thick]
                seen = own_state[None, start : start + len(slab) + around]
                by_slab = convolve(seen, slab.movedim(-1, 0)[:, None], None, len(kernel))[0]
                by_kernel += by_slab.movedim(-1, 0)[:, None]
        return convolve(gradient, kernel.flip(2, 3, 4), None, len(kernel)), by_kernel

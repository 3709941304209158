"""Perception: convolutions with reflect padding over a channels-last state, fast in both directions.

States are (batch, R, A, S, channels), contiguous. Seen as (batch, channels, R, A, S) this is torch's
channels-last memory format, in which the convolution runs on its fast path without a transpose.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

# From this many kernel elements on, the weight gradient of a depthwise convolution is cheaper by FFT
# (measured on a CPU at 18x26x18 and 24x24x24 cells: 2.5 times at 343 elements, a third at 27).
_FFT_FROM = 125


def perceive(state: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, groups: int) -> torch.Tensor:
    """Same-size convolution with reflect padding.

    state: (B, R, A, S, c). weight: (out, c / groups, kR, kA, kS), odd extents. Returns (B, R, A, S, out).
    """
    radius = tuple(k // 2 for k in weight.shape[2:])
    padded = _ReflectPad.apply(state, radius).movedim(-1, 1)
    if groups == weight.shape[0] == state.shape[-1] and torch.is_grad_enabled():
        out = _DepthwiseConvolution.apply(padded, weight, bias)
    else:
        out = F.conv3d(padded, weight, bias, groups=groups)
    return out.movedim(1, -1)


def reflect_margins(size: int, radius: int) -> tuple[list[int], list[int]]:
    """Which cells stand in for the `radius` cells before and after a row of `size` cells.

    Reflection without repeating the edge cell, bounced as often as needed, so that rows shorter than the
    radius work; a row of one cell repeats it.
    """
    period = max(2 * (size - 1), 1)

    def bounce(i):
        i %= period
        return i if i < size else period - i

    return [bounce(i) for i in range(-radius, 0)], [bounce(i) for i in range(size, size + radius)]


class _ReflectPad(torch.autograd.Function):
    """Pads R, A and S of a channels-last state by reflection; one copy, then only the margins move."""

    @staticmethod
    def forward(ctx, state, radius):
        ctx.radius = radius
        sizes = state.shape[1:4]
        ctx.sizes = sizes
        shape = [state.shape[0], *(n + 2 * r for n, r in zip(sizes, radius, strict=True)), state.shape[4]]
        padded = state.new_empty(shape)
        interior(padded, sizes, radius).copy_(state)
        fill_margins(padded, sizes, radius)
        return padded

    @staticmethod
    def backward(ctx, gradient):
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        for dim, target, source in reversed(list(_margins(ctx.sizes, ctx.radius))):
            gradient.select(dim, source).add_(gradient.select(dim, target))
        return interior(gradient, ctx.sizes, ctx.radius).contiguous(), None


def fill_margins(padded, sizes, radius) -> None:
    """Make the margins of a padded state (..., R, A, S, c) mirror its interior of `sizes`, in place."""
    for dim, target, source in _margins(sizes, radius):
        # The other axes' margins are filled by their own turn, earlier ones are complete already.
        padded.select(dim, target).copy_(padded.select(dim, source))


def interior(padded, sizes, radius):
    """The view of a padded tensor (R, A, S), (R, A, S, c) or (B, R, A, S, c) without its margins."""
    inside = tuple(slice(r, r + n) for n, r in zip(sizes, radius, strict=True))
    return padded[(slice(None), *inside)] if padded.ndim == 5 else padded[inside]


def _margins(sizes, radius):
    """(dimension from the end, index of a padding plane, index of the plane it mirrors), in order."""
    for axis, (size, r) in enumerate(zip(sizes, radius, strict=True)):
        before, after = reflect_margins(size, r)
        for i, source in enumerate(before):
            yield axis - 4, i, r + source
        for i, source in enumerate(after):
            yield axis - 4, r + size + i, r + source


class _DepthwiseConvolution(torch.autograd.Function):
    """Depthwise 3D convolution (no padding) whose backward pass is as fast as its forward pass on a CPU.

    torch's own backward takes 4 (k=3) to 8 (k=7) times longer here: the input's gradient is written as the
    forward convolution that it is, and a large kernel's gradient as a cross-correlation by FFT.
    """

    @staticmethod
    def forward(ctx, padded, weight, bias):
        ctx.save_for_backward(padded, weight)
        return F.conv3d(padded, weight, bias, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, gradient):
        padded, weight = ctx.saved_tensors
        kernel = weight.shape[2:]
        gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        margins = [m for k in reversed(kernel) for m in (k - 1, k - 1)]
        spread = F.pad(gradient, margins).contiguous(memory_format=torch.channels_last_3d)
        grad_input = F.conv3d(spread, weight.flip(2, 3, 4), groups=weight.shape[0])
        correlate = _correlate_fft if kernel.numel() >= _FFT_FROM else _correlate
        return grad_input, correlate(padded, gradient, weight), gradient.sum((0, 2, 3, 4))


def _correlate_fft(padded, gradient, weight):
    size, kernel = padded.shape[2:], weight.shape[2:]
    product = torch.fft.rfftn(padded, dim=(2, 3, 4))
    product = (product * torch.fft.rfftn(gradient, s=size, dim=(2, 3, 4)).conj()).sum(0)
    full = torch.fft.irfftn(product, s=size, dim=(1, 2, 3))
    return full[:, None, : kernel[0], : kernel[1], : kernel[2]]


def _correlate(padded, gradient, weight):
    channels = weight.shape[0]
    mask = [False, True, False]
    one, zero = [1, 1, 1], [0, 0, 0]
    return torch.ops.aten.convolution_backward(
        gradient, padded, weight, [channels], one, zero, one, False, zero, channels, mask
    )[1]

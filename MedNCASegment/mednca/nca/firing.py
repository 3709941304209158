"""Which cells fire: randomness that is addressed, not drawn.

Whether a cell fires is a pure function of (seed, member, level, step) and of the cell's place in the full
frame of its level. A tile therefore sees exactly its slice of the frame's mask, a member is the same in any
batch, and every device computes the same bits (integers only). Nothing here knows models or images.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

_BITS = 24  # of the hash that are compared with the fire rate


def frame_index(
    shape: Sequence[int],
    origin: Sequence[int] = (0, 0, 0),
    frame: Sequence[int] | None = None,
    device: torch.device | None = None,
) -> torch.Tensor:
    """Number of each cell of a tile in its full frame.

    Args:
        shape: of the tile, cells (R, A, S).
        origin: where the tile starts in the frame.
        frame: the frame's shape; None where the tile is all of it.
        device: where the result is to be.

    Returns:
        int32 of `shape`. Frames of more than 2^32 cells wrap around, which only repeats randomness.
    """
    frame = tuple(frame or shape)
    axes = [torch.arange(o, o + n, device=device, dtype=torch.int64) for o, n in zip(origin, shape, strict=True)]
    r, a, s = axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :]
    index = (r * frame[1] + a) * frame[2] + s
    return _wrap32(index)


def fire_mask(index: torch.Tensor, fire_rate: float, address: tuple[int, ...]) -> torch.Tensor:
    """Which cells fire in one step.

    Args:
        index: from `frame_index`.
        fire_rate: probability with which a cell fires.
        address: whole numbers that name the draw: (seed, member, level, step).

    Returns:
        Bool of index's shape.
    """
    return _fires(index, fire_rate, *_key(address))


def fire_keys(members: Sequence[int], address: tuple[int, int], steps: int) -> torch.Tensor:
    """What `fire_masks` needs for each of some steps: int32 (steps, members, 2). address: (seed, level)."""
    seed, level = address
    return torch.tensor(
        [[_key((seed, member, level, step)) for member in members] for step in range(steps)], dtype=torch.int32
    )


def fire_masks(index: torch.Tensor, fire_rate: float, keys: torch.Tensor) -> torch.Tensor:
    """`fire_mask` of some members at once, without asking the device anything.

    index: int32 (members, R, A, S). keys: one step's of `fire_keys`, on the index's device.
    """
    key, offset = keys.view(-1, 1, 1, 1, 2).unbind(-1)
    return _fires(index, fire_rate, key, offset)


def _fires(index, fire_rate, key, offset):
    if fire_rate >= 1:
        return torch.ones_like(index, dtype=torch.bool)
    x = index + key
    # A 32-bit integer finalizer (two multiply-xorshift rounds); the mask after >> makes the shift logical.
    x.bitwise_xor_((x >> 16).bitwise_and_(0xFFFF)).mul_(0x7FEB352D)
    x.add_(offset)
    x.bitwise_xor_((x >> 15).bitwise_and_(0x1FFFF)).mul_(_signed(0x846CA68B))
    x.bitwise_xor_((x >> 16).bitwise_and_(0xFFFF))
    return x.bitwise_and_((1 << _BITS) - 1) < round(fire_rate * (1 << _BITS))


def mix(address: tuple[int, ...]) -> int:
    """A 64-bit hash of whole numbers: the seed of whatever else must be addressed (augmentation, patches)."""
    state = 0x9E3779B97F4A7C15
    for number in address:
        state = _splitmix(state ^ (int(number) & _MASK64))
    return state


_MASK64 = (1 << 64) - 1


def _splitmix(z: int) -> int:
    z = (z + 0x9E3779B97F4A7C15) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    return z ^ (z >> 31)


def _key(address: tuple[int, ...]) -> tuple[int, int]:
    z = mix(address)
    return _signed(z & 0xFFFFFFFF), _signed(z >> 32)


def _signed(x: int) -> int:
    return x - (1 << 32) if x >= 1 << 31 else x


def _wrap32(x: torch.Tensor) -> torch.Tensor:
    return ((x + (1 << 31)) % (1 << 32) - (1 << 31)).to(torch.int32)

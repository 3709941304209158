"""The update rules: what one cell does in one step. One class per family; nothing here knows pyramids or images.

A step, for the cells that fire (both papers, "core architecture" / "backbone"):

    state += update(relu(norm(hidden(state ++ perceive(state)))))

The image channels (the first ones) are never written: the papers put the image back after every step, which
is the same. `update` has no bias and starts at zero, so an untrained cell does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from . import fast, gradient
from .architecture import Architecture, Level
from .firing import fire_keys, fire_masks
from .perception import perceive

CELLS: dict[str, type[Cell]] = {}  # of each family, by its name


def cell_of(*families: str) -> Callable[[type[Cell]], type[Cell]]:
    """Class decorator: the cell of these families (`families.FAMILIES`)."""

    def register(cell: type[Cell]) -> type[Cell]:
        CELLS.update(dict.fromkeys(families, cell))
        return cell

    return register


def current_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A file's tensors under the names that cells give them today; before version 0.2 the perception was "sight".

    `load_state_dict` does this by itself; who reads a file's names in another way asks for it here.

    Args:
        tensors: of a model's weights or a training's checkpoint, by name, with whatever prefix.

    Returns:
        The same tensors in the same order.
    """
    return {name.replace(".sight.", ".perception."): tensor for name, tensor in tensors.items()}


class Cell(nn.Module):
    """Shared part of all families: the dense layers, the norm, the firing. Subclasses perceive.

    States are (B, R, A, S, c) float, contiguous.

    Args:
        architecture: of the model.
        level: whose rule this is.
    """

    perception: nn.Conv2d | nn.Conv3d  # where the family's filters are learned

    def __init__(self, architecture: Architecture, level: Level):
        super().__init__()
        c, h, self.family = architecture.channels, architecture.hidden, architecture.family_record
        self.image_channels = architecture.input_channels
        self.fire_rate = architecture.fire_rate
        self.kernel_shape = architecture.kernel_shape(level)
        self.hidden = nn.Linear((1 + self.family.perceived) * c, h)
        self.norm = nn.BatchNorm1d(h, gradient.NORM_EPS) if architecture.norm == "batch" else None
        self.update = nn.Linear(h, c, bias=False)
        nn.init.zeros_(self.update.weight)
        self.live_norm = False  # True only early in training: statistics of what is seen instead of frozen ones
        self.seen: dict[int, list[tuple[torch.Tensor, torch.Tensor]]] = {}  # by a live norm; see `learn_norm`

    def perceive(self, state: torch.Tensor) -> torch.Tensor:
        """(B, R, A, S, perceived * c): what the cells perceive of their neighborhood."""
        return perceive(state, *self.perception_kernel())

    def perception_kernel(self) -> tuple[torch.Tensor, torch.Tensor, int]:
        """The perception's convolution as one in 3D: weight (perceived * c, c / groups, kR, kA, kS), bias, groups.

        A family with learned filters keeps them as a convolution in `self.perception`.
        """
        raise NotImplementedError

    def forward(
        self, state: torch.Tensor, index: torch.Tensor, members: Sequence[int], address: tuple[int, int], steps: int,
        recompute: bool = False,
    ) -> torch.Tensor:  # fmt: skip
        """Apply the rule `steps` times.

        Args:
            state: (B, R, A, S, c).
            index: int32 (R, A, S) or (B, R, A, S), each cell's number in its frame (`firing.frame_index`).
            members: B whole numbers that name the samples, so that a member is the same in any batch.
            address: (seed, level), what else the firing depends on.
            steps: how often.
            recompute: with gradients, keep little of each step and compute it again on the way back.

        Returns:
            The new state, (B, R, A, S, c).
        """
        if state.device.type == "cpu" and torch.is_grad_enabled():
            return gradient.run(self, state, index, members, address, steps, recompute)
        if self.live_norm or state.device.type != "cpu":
            return self.plain(state, index, members, address, steps, recompute)
        return fast.run(self, state, index, members, address, steps)

    def plain(
        self, state: torch.Tensor, index: torch.Tensor, members: Sequence[int], address: tuple[int, int], steps: int,
        recompute: bool = False,
    ) -> torch.Tensor:  # fmt: skip
        """`forward` as the papers write it, every layer for every cell; `fast` and `gradient` say the same faster.

        On an accelerator this is what runs: nothing here waits for the device.
        """
        weights = self.folded_hidden()
        index = index.expand(state.shape[:4])
        for keys in fire_keys(members, address, steps).to(state.device, non_blocking=True):
            fire = fire_masks(index, self.fire_rate, keys)
            if recompute and torch.is_grad_enabled():
                state = checkpoint(self.step, state, fire, *weights, members, use_reentrant=False)
            else:
                state = self.step(state, fire, *weights, members)
        return state

    def step(
        self, state: torch.Tensor, fire: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor,
        members: Sequence[int] = (),
    ) -> torch.Tensor:  # fmt: skip
        """One step. fire: bool (B, R, A, S); weight, bias: from `folded_hidden`; members: as of `forward`, for a norm
        that is live."""
        hidden = F.linear(torch.cat((state, self.perceive(state)), -1), weight, bias)
        if self.live_norm and self.norm is not None:
            hidden = self._normalized(hidden, fire[..., None], members, self.norm)
        change = F.linear(F.relu(hidden), self.update.weight[self.image_channels :])
        change = F.pad(change, (self.image_channels, 0))
        return state + change * fire[..., None]

    def _normalized(self, hidden: torch.Tensor, fire: torch.Tensor, members, norm: nn.BatchNorm1d) -> torch.Tensor:
        """By the statistics of each sample's cells that fire. The papers' code takes those of all cells of the batch;
        so no sample needs another, and no cell that does nothing is computed (`gradient`)."""
        where, inner = fire.to(hidden.dtype), (1, 2, 3)
        count = where.sum(inner, keepdim=True).clamp(min=1)
        mean = (hidden * where).sum(inner, keepdim=True) / count
        variance = ((hidden - mean).square() * where).sum(inner, keepdim=True) / count
        if torch.is_grad_enabled():  # a study that tries a live norm learns nothing
            for member, center, spread in zip(members, mean.detach(), variance.detach(), strict=True):
                self.seen.setdefault(member, []).append((center.flatten(), spread.flatten()))
        return (hidden - mean) / torch.sqrt(variance + norm.eps) * norm.weight + norm.bias

    @torch.no_grad()
    def learn_norm(self) -> None:
        """Move the statistics that the norm is frozen with by what it has seen: by each sample step after step, and
        then to the mean over the samples. Forgets what it has seen."""
        norm, samples = self.norm, [self.seen[member] for member in sorted(self.seen)]
        self.seen = {}
        if norm is None or not samples:
            return
        for number, learned in enumerate((norm.running_mean, norm.running_var)):
            assert learned is not None and norm.momentum is not None  # this norm keeps its statistics
            each = []
            for steps in samples:
                moved = learned
                for statistics in steps:
                    moved = torch.lerp(moved, statistics[number], norm.momentum)
                each.append(moved)
            learned.copy_(torch.stack(each).mean(0))

    @torch.no_grad()
    def reorder_channels(self, order: torch.Tensor) -> None:
        """Renumber the state's channels, so that the rule stays the same: channel n is then what channel order[n] was.

        Args:
            order: int64 (c,), a permutation that leaves the image channels, the first ones, where they are.
        """
        channels, family = len(order), self.family
        perceived = torch.arange(family.perceived * channels)
        if family.depthwise:  # what is perceived of a channel lies side by side, and goes with it
            perceived = perceived.view(channels, -1)[order].flatten()
        if family.learned:
            weight, bias = self.perception.weight, bias_of(self.perception)
            weight.copy_(weight[perceived] if family.depthwise else weight[:, order])
            bias.copy_(bias[perceived])
        self.hidden.weight.copy_(self.hidden.weight[:, torch.cat((order, channels + perceived))])
        self.update.weight.copy_(self.update.weight[order])

    def _load_from_state_dict(self, state_dict, *arguments):
        """torch's own, for old files' names, too."""
        renamed = current_names(state_dict)
        state_dict.clear()
        state_dict.update(renamed)
        super()._load_from_state_dict(state_dict, *arguments)

    def folded_hidden(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of the hidden layer with the frozen norm folded in; unfolded while it is live."""
        weight, bias = self.hidden.weight, self.hidden.bias
        if self.norm is None or self.live_norm:
            return weight, bias
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None and variance is not None  # this norm keeps its statistics
        factor = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        return weight * factor[:, None], (bias - mean) * factor + self.norm.bias


def bias_of(layer: nn.Conv2d | nn.Conv3d) -> torch.Tensor:
    """The bias of a learned perception; every one has it."""
    assert layer.bias is not None
    return layer.bias


@cell_of("m3d-nca")
class M3DCell(Cell):
    """M3D-NCA, section 2.2: one depthwise convolution of size k, 3D."""

    perception: nn.Conv3d

    def __init__(self, architecture: Architecture, level: Level):
        super().__init__(architecture, level)
        c, k = architecture.channels, level.kernel
        self.perception = nn.Conv3d(c, c, k, groups=c)

    def perception_kernel(self) -> tuple[torch.Tensor, torch.Tensor, int]:
        return self.perception.weight, bias_of(self.perception), self.perception.groups


@cell_of("med-nca", "backbone-nca")
class BackboneCell(Cell):
    """Med-NCA, section 3.2: two learned convolutions c -> c side by side, 2D, kept as one c -> 2c."""

    perception: nn.Conv2d

    def __init__(self, architecture: Architecture, level: Level):
        super().__init__(architecture, level)
        self.slice_axis = architecture.flat_axis
        self.perception = nn.Conv2d(architecture.channels, 2 * architecture.channels, level.kernel)

    def perception_kernel(self) -> tuple[torch.Tensor, torch.Tensor, int]:
        return self.perception.weight.unsqueeze(2 + self.slice_axis), bias_of(self.perception), 1


@cell_of("seg-nca")
class SegCell(Cell):
    """Seg-NCA: the fixed Sobel filters of Growing NCA (Mordvintsev et al. 2020) for perception, 2D."""

    filters: torch.Tensor
    no_bias: torch.Tensor

    def __init__(self, architecture: Architecture, level: Level):
        super().__init__(architecture, level)
        self.slice_axis = architecture.flat_axis
        smooth, difference = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
        sobel = torch.outer(smooth, difference) / 8
        filters = torch.stack((sobel, sobel.T)).repeat(architecture.channels, 1, 1)[:, None]
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("no_bias", torch.zeros(len(filters)), persistent=False)

    def perception_kernel(self) -> tuple[torch.Tensor, torch.Tensor, int]:
        return self.filters.unsqueeze(2 + self.slice_axis), self.no_bias, self.update.weight.shape[0]

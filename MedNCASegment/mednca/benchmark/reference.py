"""The papers' text written down plainly, to time ours against. Only the benchmark uses this file; it is never trained.

Channels first, every layer for every cell, batch norm on the statistics of whatever it is given, one random number
per cell and step, no fusing and no slabs: what one would write from the papers' text alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..nca.architecture import Architecture


class ReferenceCell(nn.Module):
    """M3D-NCA, section 2.2 (3D, one depthwise convolution, batch norm), or Med-NCA, 3.2 (2D, two convolutions).

    Any other family as its record says, with weights where its filters are fixed: these take as long.
    """

    def __init__(self, architecture: Architecture, kernel: int):
        super().__init__()
        c, h, family = architecture.channels, architecture.hidden, architecture.family_record
        self.fire_rate, self.image_channels = architecture.fire_rate, architecture.input_channels
        conv, norm = (nn.Conv2d, nn.BatchNorm2d) if family.dims == 2 else (nn.Conv3d, nn.BatchNorm3d)
        options = {"padding": kernel // 2, "padding_mode": "reflect", "groups": c if family.depthwise else 1}
        self.perceptions = nn.ModuleList(conv(c, c, kernel, **options) for _ in range(family.perceived))
        self.hidden, self.update = conv((1 + family.perceived) * c, h, 1), conv(h, c, 1, bias=False)
        self.norm = norm(h, track_running_stats=False) if architecture.norm == "batch" else None
        nn.init.normal_(self.update.weight, std=0.02)  # the papers' zeros would leave the state as it is

    def forward(self, state: torch.Tensor, steps: int) -> torch.Tensor:
        """Apply the rule.

        Args:
            state: (1, c, X, Y[, Z]), the image in its first channels.
            steps: how often.

        Returns:
            The new state, of the same shape.
        """
        image = state[:, : self.image_channels].clone()
        for _ in range(steps):
            change = self.hidden(torch.cat([state, *(perceive(state) for perceive in self.perceptions)], 1))
            if self.norm is not None:
                change = self.norm(change)
            change = self.update(F.relu(change))
            fire = torch.rand(1, 1, *state.shape[2:], device=state.device) < self.fire_rate
            state = state + change * fire
            state = torch.cat([image, state[:, self.image_channels :]], 1)
        return state


class ReferencePyramid(nn.Module):
    """M3D-NCA, section 2.1; Med-NCA, section 3.3: levels from coarse to fine, full frames."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.cells = nn.ModuleList(ReferenceCell(architecture, level.kernel) for level in architecture.levels)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The logits (labels, X, Y[, Z]) of an image (R, A, S, input_channels), one slice of it where cells are 2D."""
        architecture, flat = self.architecture, self.architecture.dims == 2
        image = image.movedim(-1, 0)[None]
        if flat:  # drop the axis along which 2D cells perceive nothing
            image = image.squeeze(2 + architecture.flat_axis)
        state = None
        for level, cell in zip(architecture.levels, self.cells, strict=True):
            scale = [s for axis, s in enumerate(level.scale) if not (flat and axis == architecture.slice_axis)]
            pool = F.avg_pool2d if flat else F.avg_pool3d
            level_image = pool(image, scale) if max(scale) > 1 else image
            if state is None:
                zeros = level_image.new_zeros(1, architecture.channels - image.shape[1], *level_image.shape[2:])
                state = torch.cat([level_image, zeros], 1)
            else:
                state = F.interpolate(state, size=level_image.shape[2:], mode="nearest")
                state = torch.cat([level_image, state[:, image.shape[1] :]], 1)
            state = cell(state, level.steps)
        assert state is not None  # there is one level at least
        return state[0, architecture.input_channels : architecture.input_channels + architecture.labels]

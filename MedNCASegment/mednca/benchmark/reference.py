"""The papers' update rules written down literally, as a yardstick for the benchmarks. Nothing else uses this file.

Channels first, every layer for every cell, batch norm on the statistics of whatever it is given, one random number
per cell and step, no fusing and no slabs: what one would write from the papers' text alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..nca.architecture import Architecture


class ReferenceCell(nn.Module):
    """M3D-NCA, section 2.2 (3D, one depthwise convolution, batch norm), or Med-NCA, 3.2 (2D, two convolutions)."""

    def __init__(self, architecture: Architecture, kernel: int):
        super().__init__()
        c, h = architecture.channels, architecture.hidden
        self.flat = architecture.family != "m3d-nca"
        self.fire_rate, self.image_channels = architecture.fire_rate, architecture.input_channels
        options = {"padding": kernel // 2, "padding_mode": "reflect"}
        if self.flat:
            self.sights = nn.ModuleList(nn.Conv2d(c, c, kernel, **options) for _ in range(2))
            self.hidden, self.update, self.norm = nn.Conv2d(3 * c, h, 1), nn.Conv2d(h, c, 1, bias=False), None
        else:
            self.sights = nn.ModuleList([nn.Conv3d(c, c, kernel, groups=c, **options)])
            self.hidden, self.update = nn.Conv3d(2 * c, h, 1), nn.Conv3d(h, c, 1, bias=False)
            self.norm = nn.BatchNorm3d(h, track_running_stats=False)
        nn.init.normal_(self.update.weight, std=0.02)  # the papers' zeros would leave the state as it is

    def forward(self, state, steps: int):
        """state: (1, c, X, Y[, Z]), the image in the first channels."""
        image = state[:, : self.image_channels].clone()
        for _ in range(steps):
            seen = torch.cat([state, *(sight(state) for sight in self.sights)], 1)
            change = self.hidden(seen)
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

    def forward(self, image):
        """image: (R, A, S, input_channels). Returns the logits (labels, X, Y[, Z])."""
        architecture, flat = self.architecture, self.cells[0].flat
        image = image.movedim(-1, 0)[None]
        if flat:  # one slice: drop the axis along which 2D cells do not look
            image = image.squeeze(2 + architecture.slice_axis)
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
        return state[0, architecture.input_channels : architecture.input_channels + architecture.labels]

"""One pass of a training: the coarsest level over the whole field of view, each finer one over a patch of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch

from mednca.axes import Box, triple
from mednca.nca.firing import frame_index, mix
from mednca.nca.pyramid import Pyramid, pool

from ..data.augmentation import IGNORE
from ..plan.plan import Plan
from .streams import PATCH, STEPS


@dataclass
class Patch:
    """What one level of a training pass covers: per sample the first cell, and the common size, in its cells."""

    origins: list[tuple[int, int, int]]
    size: tuple[int, int, int]


def training_pass(
    pyramid: Pyramid,
    images: torch.Tensor,
    labels: torch.Tensor,
    plan: Plan,
    iteration: int,
    numbers: list[int] | None = None,
    targets: torch.Tensor | None = None,
) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """One pass of the patch pyramid (M3D-NCA, section 2.1).

    The coarsest level runs over the whole field of view, each finer one a patch of `plan.patch` cells; of the levels,
    those that the plan trains in this iteration.

    Args:
        pyramid: that is trained.
        images: (B, R, A, S, channels), of the field of view.
        labels: (B, R, A, S), indices 0, 1, ... of plan.labels, and IGNORE.
        plan: of the run.
        iteration: addresses all that is random, with the samples' numbers.
        numbers: the samples', in the whole batch; default: they are the whole batch.
        targets: (B, R, A, S, labels), 0 to 1; default: the labels', 0 or 1.

    Returns:
        Per level, finest last: logits and targets, (B, R, A, S, labels), of its patch's cells; valid,
        (B, R, A, S, 1), where the loss counts.
    """
    architecture = pyramid.architecture
    frame, numbers = tuple(images.shape[1:4]), list(range(len(images)) if numbers is None else numbers)
    members = [iteration * plan.batch * plan.duplication + number for number in numbers]
    targets = label_targets(labels, len(plan.labels)) if targets is None else targets
    valid = (labels != IGNORE).float()[..., None]
    points = _patch_points(labels, plan, iteration, numbers)
    state, patch, outputs = None, None, []
    for number, level in enumerate(architecture.levels[: plan.levels_at(iteration)]):
        level_frame, level_image = architecture.frame(level, frame), pool(images, level.scale)
        if patch is None:
            patch = Patch([(0, 0, 0)] * len(images), level_frame)
            state = pyramid.beginning(0, None, level_image, len(images))()
        else:
            state, patch = _finer_patch(pyramid, state, patch, number, level_image, points, plan, iteration, numbers)
        index = torch.stack([frame_index(patch.size, origin, level_frame, images.device) for origin in patch.origins])
        steps = _steps(level.steps, plan, iteration, number)
        state = pyramid.cells[number](state, index, members, (plan.seed, number), steps, plan.recompute)
        # A patch's outer cells perceive nothing beyond where it was cut; along the slice axis 2D cells never do.
        cut = [size < n and axis != architecture.slice_axis
               for axis, (size, n) in enumerate(zip(patch.size, level_frame, strict=True))]  # fmt: skip
        outputs.append(_outputs(pyramid, state, level, patch, targets, valid, cut, plan.loss_margin))
    return outputs


def label_targets(labels: torch.Tensor, count: int) -> torch.Tensor:
    """One target per label, 0 or 1: (B, R, A, S, labels) of indices (B, R, A, S)."""
    return torch.stack([(labels == n + 1) for n in range(count)], -1).float()


def _patch_points(labels, plan: Plan, iteration: int, numbers):
    """Per sample a voxel that the patches must contain: foreground with plan.foreground_share, else anywhere."""
    points = []
    for b, number in enumerate(numbers):
        draw = random.Random(mix((plan.seed, PATCH, iteration, number)))
        foreground = (labels[b] > 0).nonzero()
        if len(foreground) and draw.random() < plan.foreground_share:
            points.append(tuple(foreground[draw.randrange(len(foreground))].tolist()))
        else:
            points.append(tuple(draw.randrange(n) for n in labels.shape[1:]))
    return points


def _finer_patch(
    pyramid: Pyramid, state, patch: Patch, number: int, image, points, plan: Plan, iteration: int, numbers
):
    """How level `number` begins: its state in a patch of the coarser level's, and that patch.

    image: of the level, (B, R, A, S, channels)."""
    architecture = pyramid.architecture
    ratio, frame = architecture.ratio(number - 1), image.shape[1:4]
    finer = _next_patch(patch, ratio, architecture.levels[number], frame, points, plan, iteration, numbers)
    begin = [
        pyramid.beginning(number, state[b : b + 1], image[b : b + 1], 1, origin)(_region(finer, b))
        for b, origin in enumerate(patch.origins)
    ]
    return torch.cat(begin), finer


def _next_patch(patch: Patch, ratio, level, frame, points, plan: Plan, iteration: int, numbers):
    """The patch of the next finer level inside the last one, around each sample's point."""
    sizes = [
        min(most, have * r, n)
        for most, have, r, n in zip(plan.patch_at(iteration), patch.size, ratio, frame, strict=True)
    ]
    origins = []
    for b, (point, number) in enumerate(zip(points, numbers, strict=True)):
        draw = random.Random(mix((plan.seed, PATCH, iteration, number, *level.scale)))
        origin = []
        for axis in range(3):
            first = patch.origins[b][axis] * ratio[axis]
            last = min(first + patch.size[axis] * ratio[axis], frame[axis])
            cell = point[axis] // level.scale[axis]
            start = cell - draw.randrange(sizes[axis])
            origin.append(min(max(start, first), last - sizes[axis]))
        origins.append(tuple(origin))
    return Patch(origins, triple(sizes))


def _region(patch: Patch, b: int) -> Box:
    return triple(slice(o, o + n) for o, n in zip(patch.origins[b], patch.size, strict=True))


def _steps(steps: int, plan: Plan, iteration: int, number: int) -> int:
    """A random number of steps around the level's: what makes the rule stable beside its exact count."""
    spread = round(plan.steps_jitter * steps)
    return max(steps + random.Random(mix((plan.seed, STEPS, iteration, number))).randint(-spread, spread), 1)


def _outputs(pyramid, state, level, patch: Patch, targets, valid, cut, margin: int):
    """(logits, targets, valid) of one level's patch on that level's cells."""
    logits = pyramid.logits(state)
    target, counts = (
        torch.stack([each[_region(patch, b)] for b, each in enumerate(pool(whole, level.scale))])
        for whole in (targets, valid)
    )
    counts = (counts == 1).float()
    for axis, is_cut in enumerate(cut):
        if is_cut and margin and patch.size[axis] > 2 * margin:
            counts.narrow(axis + 1, 0, margin).zero_()
            counts.narrow(axis + 1, patch.size[axis] - margin, margin).zero_()
    return logits, target, counts

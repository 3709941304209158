"""The losses of the papers. logits: (B, R, A, S, labels); targets: same shape, 0..1; valid: (B, R, A, S, 1), 0 or 1.

Every loss is made of sums over the batch, which `distributed.total` adds up over the processes of a run: so several
processes with a part of the batch each have the loss, and the gradient, of one with the whole.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from ..plan.plan import LOSSES, Plan
from .distributed import total

_SMOOTH = 1.0
_FOCUS = 2.0  # gamma of Lin et al.: how much less an easy voxel counts


def dice_loss(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice, over the batch, averaged over the labels (a patch may lack one)."""
    p = torch.sigmoid(logits) * valid
    t = targets * valid
    dims = tuple(range(logits.ndim - 1))
    overlap, predicted, true = total(torch.stack([(p * t).sum(dims), p.sum(dims), t.sum(dims)]))
    return 1 - ((2 * overlap + _SMOOTH) / (predicted + true + _SMOOTH)).mean()


def bce_loss(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy over the valid voxels and labels."""
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return _mean(loss, valid)


def focal_loss(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Binary focal loss (Lin et al. 2017): cross-entropy weighted by (1 - p_true)^gamma, voxel by voxel.

    The weight of the paper's public code is a softmax over all voxels, which leaves the term near zero; this
    one weighs, and is scaled up by the mean weight (tenfold at most), so that it does not vanish as voxels get easy.
    """
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p = torch.sigmoid(logits)
    weight = (targets * (1 - p) + (1 - targets) * p) ** _FOCUS
    return _mean(weight * loss, valid) / _mean(weight, valid).detach().clamp_min(0.1)


def dice_bce(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Med-NCA, section 3.3: Dice and binary cross-entropy."""
    return dice_loss(logits, targets, valid) + bce_loss(logits, targets, valid)


def dice_focal(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """M3D-NCA, section 2.1: Dice and focal."""
    return dice_loss(logits, targets, valid) + focal_loss(logits, targets, valid)


def _mean(loss, valid):
    summed, count = total(torch.stack([(loss * valid).sum(), valid.sum() * loss.shape[-1]]))
    return summed / count.clamp_min(1)


_LOSSES: dict[str, Callable[..., torch.Tensor]] = dict(zip(LOSSES, (dice_bce, dice_focal), strict=True))


def total_loss(outputs: list, plan: Plan) -> torch.Tensor:
    """Loss of the finest level plus coarse_weight times that of the others.

    Args:
        outputs: of `patch_pyramid.training_pass`, finest last.
        plan: says which loss, and the weight.
    """
    loss = _LOSSES[plan.loss]
    summed = loss(*outputs[-1])
    for output in outputs[:-1]:
        if plan.coarse_weight > 0:
            summed = summed + plan.coarse_weight * loss(*output)
    return summed

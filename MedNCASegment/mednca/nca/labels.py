"""From the labels' probabilities to one mask: the one place where overlaps and gaps between labels are resolved."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import torch


@overload
def union(probability: torch.Tensor) -> torch.Tensor: ...
@overload
def union(probability: np.ndarray) -> np.ndarray: ...
def union(probability: Any) -> Any:
    """Probability of any label: the labels exclude each other, so theirs add up, to 1 at most.

    Without this a voxel between two structures, half one and half the other, would belong to neither.

    Args:
        probability: (..., labels), 0 to 1.

    Returns:
        (...), of the same kind.
    """
    return probability.sum(-1).clip(max=1.0)


def to_labels(mean: np.ndarray) -> np.ndarray:
    """The mask that mean probabilities make: foreground is where their union exceeds 1/2.

    Args:
        mean: of the members' probabilities, (R, A, S, labels).

    Returns:
        uint8 (R, A, S): 0, or 1 + the index of the likeliest label.
    """
    mask = np.empty(mean.shape[:-1], np.uint8)
    for i in range(len(mean)):  # plane by plane: argmax gives eight bytes a voxel
        mask[i] = np.where(union(mean[i]) > 0.5, mean[i].argmax(-1) + 1, 0)
    return mask

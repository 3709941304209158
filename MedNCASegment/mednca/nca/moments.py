"""What is kept of an ensemble's members: their mean and variance, one member after another, and sums over the voxels.

Memory does not grow with the number of members. What the sums say about a result's quality is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


class Moments:
    """Mean and population variance of a stream of equally shaped tensors (Welford 1962).

    Attributes:
        count: tensors so far.
        mean: theirs.
    """

    def __init__(self):
        self.count = 0
        self.mean = self.squares = torch.empty(0)  # until there is a first one

    def add(self, value: torch.Tensor) -> None:
        """Take in one more tensor."""
        self.count += 1
        if self.count == 1:
            self.mean, self.squares = value.clone(), torch.zeros_like(value)
            return
        before = value - self.mean
        self.mean += before / self.count
        self.squares.addcmul_(before, value - self.mean)

    @property
    def variance(self) -> torch.Tensor:
        """Of the tensors so far; there must be one."""
        return self.squares / self.count


@dataclass(frozen=True)
class Sums:
    """The two sums over the voxels of a region that M3D-NCA, Eq. (1), is made of, for one label or the union.

    Attributes:
        deviation: of the members' standard deviation.
        mean: of the members' mean probability; the expected volume in voxels.
    """

    deviation: float
    mean: float

    @classmethod
    def of(cls, mean: np.ndarray, variance: np.ndarray) -> Sums:
        """The sums of a region. mean, variance: of the members' probabilities there, of any equal shape."""
        return cls(float(np.sqrt(variance).sum(dtype=np.float64)), float(mean.sum(dtype=np.float64)))

    def __add__(self, other: Sums) -> Sums:
        """The sums of two regions together."""
        return Sums(self.deviation + other.deviation, self.mean + other.mean)

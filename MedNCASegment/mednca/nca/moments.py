"""What is kept of an ensemble's members: their mean and variance, one member after another.

Memory does not grow with the number of members. What they say about a result's quality is not known here.
"""

from __future__ import annotations

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

"""Mean and variance of the ensemble's members, one after another, so that memory does not grow with their number."""

from __future__ import annotations

import torch


class Moments:
    """Mean and population variance of a stream of equally shaped tensors (Welford 1962)."""

    def __init__(self):
        self.count, self.mean, self.squares = 0, None, None

    def add(self, value: torch.Tensor) -> None:
        self.count += 1
        if self.mean is None:
            self.mean, self.squares = value.clone(), torch.zeros_like(value)
            return
        before = value - self.mean
        self.mean += before / self.count
        self.squares.addcmul_(before, value - self.mean)

    @property
    def variance(self) -> torch.Tensor:
        return self.squares / self.count

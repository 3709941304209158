"""What a plan costs on a computer, as data. `training.estimate` measures it."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Estimate:
    """What a plan costs here.

    Attributes:
        seconds: of the whole plan.
        seconds_per_iteration: after the norm is frozen.
        peak_mb: resident memory of the training process, Python and torch included.
        loader_mb: of the process that reads and augments the cases.
    """

    seconds: float
    seconds_per_iteration: float
    peak_mb: float
    loader_mb: float

    def to_json(self) -> dict:
        """Rounded."""
        return {key: round(value, 3) for key, value in asdict(self).items()}

"""What a plan costs on a computer, as data. `training.estimate` measures it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

_BUSY = 1.25  # times as long as on a free computer


@dataclass(frozen=True)
class Estimate:
    """What a plan costs here.

    Attributes:
        seconds: of the whole plan, with as much else to do for the computer as while it was measured.
        seconds_per_iteration: after the norm is frozen, likewise.
        peak_mb: resident memory of the training process, Python and torch included.
        loader_mb: of the process that reads and augments the cases.
        seconds_free: of the whole plan on a computer that does nothing else; None where that was not measured.
    """

    seconds: float
    seconds_per_iteration: float
    peak_mb: float
    loader_mb: float
    seconds_free: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the computer had so much else to do that it matters."""
        return self.seconds_free is not None and self.seconds > _BUSY * self.seconds_free

    def to_json(self) -> dict:
        """Rounded."""
        return {key: None if value is None else round(value, 3) for key, value in asdict(self).items()}

"""What Dice to expect where a signal has a value: measured on cases with known answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """What Dice to expect at a given NQM, from cases with known answers.

    nqm: ascending knots; dice: expected Dice there; low, high: its 90 % interval; all three are monotone in NQM
    and interpolated linearly, held beyond the ends. members: of the ensemble it was made with. linear: slope and
    intercept of the paper's linear regression (section 2.3), kept for comparison. detection: what the verdict
    found on cases it was not made with.
    """

    nqm: tuple[float, ...]
    dice: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    members: int
    samples: int
    linear: tuple[float, float]
    detection: dict

    def __post_init__(self):
        """Raises ValueError where the curves are no calibration: a wrong one would make a wrong verdict."""
        curves = np.array([self.nqm, self.dice, self.low, self.high], dtype=float)
        if curves.ndim != 2 or curves.shape[1] < 1 or not np.isfinite(curves).all() or self.members < 2:
            raise ValueError("a calibration needs four equally long, finite curves and two members or more")
        ordered = np.all(np.diff(curves[0]) > 0) and np.all(np.diff(curves[1:]) <= 0)
        if not ordered or np.any(curves[2] > curves[1]) or np.any(curves[1] > curves[3]):
            raise ValueError("a calibration's NQM must ascend, its Dice fall, and low <= dice <= high")

    def predict(self, value: float, members: int) -> tuple[float, float, float]:
        """(expected Dice, low, high) at an NQM measured with a number of members.

        The population deviation of Eq. (1) grows with the number of members as sqrt((N - 1) / N); it is brought to
        that of the calibration first.
        """
        value *= np.sqrt((1 - 1 / self.members) / (1 - 1 / members))
        return tuple(float(np.interp(value, self.nqm, knots)) for knots in (self.dice, self.low, self.high))

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Calibration:
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})

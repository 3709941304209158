"""What Dice to expect where a signal has a value: measured on cases with known answers.

How it is measured and fitted is the trainer's business (`mednca_train.model.calibration`), what follows for the user
`verdict`'s.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ..axes import triple
from ..schema import tuples
from .signals import SIGNALS


@dataclass(frozen=True)
class Calibration:
    """What Dice to expect at a given value of a signal, from cases with known answers (M3D-NCA, section 2.3).

    Attributes:
        knots: ascending values of the signal.
        dice, low, high: expected Dice there, and its 90 % interval; monotone in the signal, interpolated linearly and
            held beyond the ends.
        members: of the ensemble that it was made with.
        samples: cases and conditions that it was made with.
        linear: slope and intercept of the paper's linear regression, kept for comparison.
        detection: what the verdict found on cases that it was not made with.
        signal: its name in `signals.SIGNALS`.
    """

    knots: tuple[float, ...]
    dice: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    members: int
    samples: int
    linear: tuple[float, float]
    detection: dict
    signal: str = "nqm"

    def __post_init__(self):
        """Raises ValueError where the curves are no calibration: a wrong one would make a wrong verdict."""
        curves = np.array([self.knots, self.dice, self.low, self.high], dtype=float)
        if curves.ndim != 2 or curves.shape[1] < 1 or not np.isfinite(curves).all() or self.members < 2:
            raise ValueError("a calibration needs four equally long, finite curves and two members or more")
        ordered = np.all(np.diff(curves[0]) > 0) and np.all(np.diff(curves[1:]) <= 0)
        if not ordered or np.any(curves[2] > curves[1]) or np.any(curves[1] > curves[3]):
            raise ValueError("a calibration's knots must ascend, its Dice fall, and low <= dice <= high")

    @property
    def is_usable(self) -> bool:
        """Whether this program knows the signal that it was made with."""
        return self.signal in SIGNALS

    def predict(self, value: float, members: int) -> tuple[float, float, float]:
        """What Dice to expect.

        Args:
            value: of the signal, measured with `members` members.
            members: of that ensemble; the value is brought to the members of the calibration first.

        Returns:
            Expected Dice, and the low and high end of its interval.
        """
        value *= SIGNALS[self.signal].scale(members, self.members)
        return triple(float(np.interp(value, self.knots, curve)) for curve in (self.dice, self.low, self.high))

    def to_json(self) -> dict:
        """As model.json has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Calibration:
        """Read what `to_json` made; before version 0.2 the knots were called "nqm".

        Raises:
            TypeError, ValueError: it is no calibration.
        """
        return cls(**tuples({"knots" if key == "nqm" else key: value for key, value in data.items()}))

"""What Dice to expect where a signal has a value: measured on cases with known answers.

How it is measured and fitted is the trainer's business (`mednca_train.model.calibration`), what follows for the user
`verdict`'s.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ..axes import triple
from ..errors import Sentence
from ..schema import tuples
from .signals import SIGNALS

# In which surroundings a structure is looked for: in an image of about one field of view, as most training cases are,
# or by a click in a larger one, which comes from other scanners and whose labels, where it has any, from others' hands.
CROP, SCAN = CONTEXTS = ("crop", "scan")


@dataclass(frozen=True)
class Curve:
    """What Dice to expect at each value of a signal, in one context.

    Attributes:
        signal: its name in `signals.SIGNALS`.
        knots: ascending values of the signal.
        dice, low, high: expected Dice there, and its interval; monotone in the signal, interpolated linearly and held
            beyond the ends.
        samples: that it was made with.

    Raises:
        ValueError: where the curves are no calibration: a wrong one would make a wrong verdict.
    """

    signal: str
    knots: tuple[float, ...]
    dice: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    samples: int

    def __post_init__(self):
        curves = np.array([self.knots, self.dice, self.low, self.high], dtype=float)
        if curves.ndim != 2 or curves.shape[1] < 1 or not np.isfinite(curves).all():
            raise ValueError(Sentence("a calibration needs four equally long, finite curves"))
        ordered = np.all(np.diff(curves[0]) > 0) and np.all(np.diff(curves[1:]) <= 0)
        if not isinstance(self.signal, str):
            raise ValueError(Sentence("a calibration's signal must be a name"))
        if not ordered or np.any(curves[2] > curves[1]) or np.any(curves[1] > curves[3]):
            raise ValueError(Sentence("a calibration's knots must ascend, its Dice fall, and low <= dice <= high"))


@dataclass(frozen=True)
class Calibration:
    """What Dice to expect at a given value of a signal, from cases with known answers (M3D-NCA, section 2.3).

    Attributes:
        curves: by context (`CONTEXTS`), those that it was measured in, one at least.
        members: of the ensemble that it was made with.
        linear: slope and intercept of the paper's linear regression of Dice on NQM, kept for comparison.
        detection: what the verdict found on samples that were each judged by a calibration without their case.
        coverage: of the interval, 0 to 1.

    Raises:
        ValueError: where there is no curve, one of an unknown context, fewer than two members, or no such coverage.
    """

    curves: dict[str, Curve]
    members: int
    linear: tuple[float, float]
    detection: dict
    coverage: float = 0.9

    def __post_init__(self):
        if not self.curves or not set(self.curves) <= set(CONTEXTS) or self.members < 2:
            raise ValueError(
                Sentence(
                    "a calibration needs two members or more, and a curve for one of {known}", known=", ".join(CONTEXTS)
                )
            )
        if not 0 <= self.coverage <= 1:
            raise ValueError(Sentence("a calibration's coverage must lie between 0 and 1"))

    @property
    def samples(self) -> int:
        """Structures, each under one condition, that it was made with."""
        return sum(curve.samples for curve in self.curves.values())

    def curve(self, context: str = CROP) -> Curve:
        """The curve of a context; one that nothing was measured in counts as the other."""
        return self.curves.get(context) or next(iter(self.curves.values()))

    def predict(self, value: float, members: int, context: str = CROP) -> tuple[float, float, float]:
        """What Dice to expect.

        Args:
            value: of the signal of the context's curve, measured with `members` members.
            members: of that ensemble; the value is brought to the members of the calibration first.
            context: that the structure was found in.

        Returns:
            Expected Dice, and the low and high end of its interval.

        Raises:
            KeyError: this program does not know the signal.
        """
        curve = self.curve(context)
        if scale := SIGNALS[curve.signal].scale:
            value *= scale(members, self.members)
        return triple(float(np.interp(value, curve.knots, ends)) for ends in (curve.dice, curve.low, curve.high))

    def to_json(self) -> dict:
        """As model.json has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Calibration:
        """Read what `to_json` made, also in version 0.1, which had one curve, of Eq. (1) over the whole field.

        Raises:
            TypeError, KeyError, ValueError, AttributeError: it is no calibration.
        """
        data = tuples(data)
        if "curves" not in data:
            knots = data.pop("nqm") if "nqm" in data else data.pop("knots")
            ends = {name: data.pop(name) for name in ("dice", "low", "high", "samples")}
            data["curves"] = {CROP: {"signal": "nqm field", "knots": knots, **ends}}
        curves = {context: Curve(**tuples(curve)) for context, curve in data.pop("curves").items()}
        return cls(curves=curves, **data)

"""Telling how far work has come whose steps are all alike. The stages of the trainer are fixed words:

"examining"     the cases, before anything is planned
"estimating"    what an iteration takes here
"preparing"     a run, before its first iteration
"training"      iterations
"measuring"     the model on validation cases
"comparing"     with the model that was fine-tuned, on the same cases
"calibrating"   on clean and degraded cases
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from mednca.messages import Progress

_LATEST = 30  # iterations that a pace is taken from
ProgressCallback = Callable[[Progress], None]  # it may raise, to stop the work


def counter(progress: ProgressCallback | None, stage: str, total: int) -> Callable[[], None]:
    """A function to call after each of `total` steps of a stage; it tells how many were done."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(Progress(stage, done, total))

    return step


class Pace:
    """How long a training will still take, by its latest iterations: the computer may have had more or less else to do
    before. What lies between two iterations counts, reading and saving; validations are counted by themselves.

    Args:
        of: iterations of the whole training.
        validate_every: iterations.
    """

    def __init__(self, of: int, validate_every: int):
        self.of, self.validate_every = of, validate_every
        self._seconds: deque[float] = deque(maxlen=_LATEST)
        self._validation: float | None = None
        self._last: float | None = None

    def seconds_left(self, iteration: int, validated: bool) -> float | None:
        """To be called after each iteration.

        Args:
            iteration: its number, from 1 on.
            validated: whether a validation followed it.

        Returns:
            Seconds; None before there is anything to go by.
        """
        now, last = time.monotonic(), self._last
        self._last = now
        if last is not None and validated:
            self._validation = now - last
        elif last is not None:
            self._seconds.append(now - last)
        if not self._seconds:
            return None
        each, left = median(self._seconds), self.of - iteration
        validations = self.of // self.validate_every - iteration // self.validate_every
        return left * each + validations * max((self._validation or each) - each, 0.0)

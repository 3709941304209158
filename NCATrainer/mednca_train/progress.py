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

from collections.abc import Callable

from mednca.messages import Progress

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

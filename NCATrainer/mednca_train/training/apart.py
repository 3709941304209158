"""The gradient of a batch, sample by sample, on a processor.

Samples need nothing of each other but their share of the loss. So each goes forward by itself, the loss of all is
made of what came out, and each goes back by itself: shared out to threads of one core each, which never wait for each
other within a step. Where other programs take a core, that costs a core; threads in lockstep would all wait for the
slowest one. The numbers do not depend on how many threads there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import TypeVar

import torch

Outputs = list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]  # of `patch_pyramid.training_pass`
_T = TypeVar("_T")
_R = TypeVar("_R")


class SampleThreads:
    """As many threads as torch has, one core each; what samples there are keeps so many of them busy."""

    def __init__(self):
        count = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) if count > 1 else None
        self._clock = self._own = 0.0  # seconds of all items: on the clock, on a processor

    def map(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """The function of each item, in their order."""

        def timed(item: _T) -> tuple[_R, float, float]:
            clock, own = time.perf_counter(), time.thread_time()
            result = function(item)
            return result, time.perf_counter() - clock, time.thread_time() - own

        done = list(self._pool.map(timed, items) if self._pool else map(timed, items))
        self._clock += sum(clock for _result, clock, _own in done)
        self._own += sum(own for _result, _clock, own in done)
        return [result for result, _clock, _own in done]

    def share(self) -> float:
        """Of the time on the clock, how much the threads had a processor: what other programs left them. Forgets what
        was before."""
        clock, own = self._clock, self._own
        self._clock = self._own = 0.0
        return min(own / clock, 1.0) if clock else 1.0


def loss_and_gradients(
    passes: Sequence[Callable[[], Outputs]],
    parameters: Sequence[torch.Tensor],
    loss: Callable[[Outputs], torch.Tensor],
    threads: SampleThreads,
) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
    """The loss of a batch, and its gradient.

    Args:
        passes: a sample's each.
        parameters: by which the gradient is taken.
        loss: of the outputs of all samples.
        threads: that do it.

    Returns:
        The loss, and the gradient by each parameter; None by one that no sample's output depends on.
    """
    outputs = threads.map(lambda one: one(), passes)
    levels = [[torch.cat(parts) for parts in zip(*of_level, strict=True)] for of_level in zip(*outputs, strict=True)]
    logits = [level[0].detach().requires_grad_() for level in levels]
    value = loss([(own, targets, valid) for own, (_, targets, valid) in zip(logits, levels, strict=True)])
    flows = torch.autograd.grad(value, logits, allow_unused=True)  # a level that weighs nothing has none

    def back(number: int) -> tuple[torch.Tensor | None, ...]:
        used = [(level[0], flow[number : number + 1]) for level, flow in zip(outputs[number], flows, strict=True)
                if flow is not None]  # fmt: skip
        own, flowing = zip(*used, strict=True)
        return torch.autograd.grad(own, parameters, flowing, allow_unused=True)

    found = threads.map(back, range(len(passes)))
    # Added up in the samples' order: whoever resumes gets the same numbers.
    return value.detach(), [
        _added_up([part for part in parts if part is not None]) for parts in zip(*found, strict=True)
    ]


def _added_up(parts: list[torch.Tensor]) -> torch.Tensor | None:
    return reduce(torch.add, parts) if parts else None

"""Many small jobs over several processes, one thread each; a job that fails, or kills its process, costs no other one.

For many small cases this is faster than one process with all cores.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import torch

from mednca.errors import MedNCAError

from .training.distributed import end_with_parent

_MOST_PROCESSES = 8  # each has a torch of its own in memory


@dataclass(frozen=True)
class Outcome:
    """Of one job: what it returned, or the sentence that tells why it returned nothing."""

    job: Any
    result: Any = None
    error: str | None = None


class Pool:
    """Processes that stay for several rounds of jobs. Use it as a context manager."""

    def __init__(self):
        self.processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
        self._executor = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_):
        self._end()

    def run(self, function: Callable, jobs: Iterable) -> Iterator[Outcome]:
        """Do some jobs.

        Args:
            function: called with each job; of a module, as other processes must find it.
            jobs: whatever can be sent to another process.

        Yields:
            The outcome of every job, in their order.
        """
        waiting, suspects = deque(jobs), deque()
        while waiting or suspects:
            # Of the jobs at hand when a process died nobody knows which one killed it: each is tried alone.
            alone = bool(suspects)
            source = suspects if alone else waiting
            taken = [source.popleft() for _ in range(1 if alone else min(2 * self.processes, len(source)))]
            futures = [self._submit(function, job) for job in taken]
            for number, (job, future) in enumerate(zip(taken, futures, strict=True)):
                try:
                    yield Outcome(job, result=future.result())
                except BrokenProcessPool:
                    self._end()
                    if alone:
                        yield Outcome(job, error="The process that worked on it died; it may need too much memory.")
                        break
                    suspects.extend(taken[number:])
                    break
                except MedNCAError as error:
                    yield Outcome(job, error=str(error))
                except Exception as error:  # a bug in one case must not cost the others their results
                    yield Outcome(job, error=f"{type(error).__name__}: {error}")

    def _submit(self, function, job):
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.processes, context, initializer=_begin)
        try:
            return self._executor.submit(function, job)
        except BrokenProcessPool:  # it died between two rounds
            self._end()
            return self._submit(function, job)

    def _end(self) -> None:
        executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(cancel_futures=True)


def _begin() -> None:
    torch.set_num_threads(1)
    end_with_parent()

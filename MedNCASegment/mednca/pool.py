"""Many small jobs over several processes, one thread each; a job that fails, or kills its process, costs no other one.

For many small cases this is faster than one process with all cores.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from .errors import MedNCAError, Sentence, unforeseen
from .files import utf8_names

_MOST_PROCESSES = 8  # each has a torch of its own in memory
_MOST_ON_WINDOWS = 61  # that it can wait for
_ATTEMPTS = 3  # at a job whose process dies
DIED = Sentence("The process that worked on it died; it may need too much memory.")


@dataclass(frozen=True)
class Outcome:
    """Of one job: what it returned, or the sentence that tells why it returned nothing."""

    job: Any
    result: Any = None
    error: Sentence | None = None


def outcome_of(function: Callable, job: Any) -> Outcome:
    """Do a job here; what goes wrong with it is its outcome."""
    try:
        return Outcome(job, result=function(job))
    except MedNCAError as error:
        return Outcome(job, error=error.sentence)
    except Exception as error:  # a bug in one case must not cost the others their results
        return Outcome(job, error=unforeseen(error))


@dataclass(eq=False)
class _Task:
    """A job, how often a process died while it was at hand, and what is to come of it, once somebody has it."""

    job: Any
    deaths: int = 0
    future: Future | None = None

    def outlive(self) -> None:
        """A process died. What was done before stays done: it may not be possible twice."""
        if self.future is None or self.future.cancelled() or self.future.exception():
            self.deaths, self.future = self.deaths + 1, None


class Pool:
    """Processes that stay for several rounds of jobs. Use it as a context manager.

    Args:
        processes: default: as many as there are cores, eight at most.
    """

    def __init__(self, processes: int | None = None):
        wanted = processes or min(os.cpu_count() or 1, _MOST_PROCESSES)
        self.processes = min(wanted, _MOST_ON_WINDOWS) if sys.platform == "win32" else wanted
        self._executor = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_):
        self._end()

    def run(self, function: Callable, jobs: Iterable, as_done: bool = False) -> Iterator[Outcome]:
        """Do some jobs.

        Args:
            function: called with each job; of a module, as other processes must find it.
            jobs: whatever can be sent to another process.
            as_done: whether an outcome comes as soon as it is there: a slow job holds back no other one's.

        Yields:
            The outcome of every job, in their order, or as they are done.
        """
        waiting = deque(_Task(job) for job in jobs)
        suspects: deque[_Task] = deque()
        running: deque[_Task] = deque()
        while waiting or suspects or running:
            # Of the jobs at hand when a process died nobody knows which one killed it: each is tried alone.
            source, most = (suspects, 1) if suspects else (waiting, 2 * self.processes)
            while source and len(running) < most:
                task = source.popleft()
                task.future = task.future or self._submit(outcome_of, function, task.job)
                running.append(task)
            task = _first_done(running) if as_done else running[0]
            running.remove(task)
            try:
                assert task.future is not None
                yield task.future.result()
            except BrokenProcessPool:
                self._end()
                at_hand = [task, *running]
                for each in at_hand:
                    each.outlive()
                if task.deaths >= _ATTEMPTS:
                    yield Outcome(task.job, error=DIED)
                else:
                    suspects.extendleft(reversed(at_hand))
                    running.clear()
            except Exception as error:  # as of a job or a result that cannot be sent
                yield Outcome(task.job, error=unforeseen(error))

    def _submit(self, *work):
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.processes, context, initializer=_begin)
        try:
            return self._executor.submit(*work)
        except BrokenProcessPool:  # it died between two rounds
            self._end()
            return self._submit(*work)

    def _end(self) -> None:
        executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(cancel_futures=True)


def _first_done(running: Iterable[_Task]) -> _Task:
    done = wait([task.future for task in running if task.future], return_when=FIRST_COMPLETED).done
    return next(task for task in running if task.future in done)


def end_with_parent() -> None:
    """Called in a pool's process, which would wait for work forever where its parent was killed."""

    def watch():
        if parent := multiprocessing.parent_process():
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _begin() -> None:
    utf8_names()
    os.environ["OMP_NUM_THREADS"] = "1"  # which torch heeds; reading cases needs none, and it takes seconds to import
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    end_with_parent()

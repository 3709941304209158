"""The same jobs on a cluster of dask's (dask.distributed, an optional extra): one task a volume.

How workers are started is dask's business, and its neighbors': by hand, over SSH, by SLURM, on Kubernetes
(docs/scale.md). They must see the same files under the same paths.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import MedNCAError, Sentence, unforeseen
from ..pool import DIED, Outcome, outcome_of

_ATTEMPTS = 3  # at a volume whose worker dies
_WAIT = 60.0  # seconds, for the scheduler
_LOOK_SECONDS = 60.0  # between two looks whether there are workers


def run_on_cluster(
    address: str, function: Callable, jobs: Iterable, tell: Callable[[Sentence], Any] | None = None
) -> Iterator[Outcome]:
    """Do some jobs on a cluster.

    A worker that dies is the cluster's to replace; its job is tried again, by whoever comes. Dask has jobs wait at
    workers, and blames all of them for a death: so the last of three attempts is one without others beside it.

    Args:
        address: of the scheduler, as tcp://host:8786, or the file that it wrote for its clients.
        function: called with each job; of a module that the workers have, too.
        jobs: whatever can be sent to another computer.
        tell: called, in a thread of its own, where there are no workers, or none any more: they are waited for.

    Yields:
        The outcome of every job, as they are done.

    Raises:
        MedNCAError: where dask is missing, or there is no scheduler, or none any more.
    """
    try:
        from distributed import Client

        from .cluster_worker import undisturbed
    except ImportError as error:
        raise MedNCAError(
            "A cluster needs dask; install it, in MedNCA's unpacked repository, with: pip install '.[cluster]'."
        ) from error
    is_file = address.endswith(".json")
    try:
        if is_file:
            _wait_for(Path(address))
        client: Any = Client(None if is_file else address, scheduler_file=address if is_file else None, timeout=_WAIT)
    except (OSError, ValueError) as error:
        raise MedNCAError(
            "There is no scheduler of dask at {address} ({cause}).", address=address, cause=error
        ) from error
    with client, undisturbed(client), _workers_watched(client, address, tell or (lambda _told: None)):
        suspects = []
        with _attempts(client, _ATTEMPTS - 1):
            futures = {client.submit(_done, function, job, pure=False): job for job in jobs}
            for outcome in _outcomes(address, futures):
                if outcome.error is DIED:
                    suspects.append(outcome.job)
                else:
                    yield outcome
        with _attempts(client, 1):
            while suspects:
                client.wait_for_workers(1)
                workers = list(client.nthreads())
                some, suspects = suspects[: len(workers)], suspects[len(workers) :]
                yield from _outcomes(address, _one_each(client, function, some, workers))


def _one_each(client: Any, function: Callable, jobs: list, workers: list[str]) -> dict[Any, Any]:
    """Futures of jobs, each at a worker of its own; of another where that one is gone. By future, the job."""
    return {
        client.submit(_done, function, job, pure=False, workers=[worker], allow_other_workers=True): job
        for job, worker in zip(jobs, workers, strict=False)
    }


def _outcomes(address: str, waiting: dict[Any, Any]) -> Iterator[Outcome]:
    """The outcomes of futures, as they are done. waiting: by future, the job."""
    from distributed import CancelledError, as_completed

    for future in as_completed(list(waiting)):
        job = waiting.pop(future)
        try:
            outcome = _outcome_of(future, job)
        except CancelledError as error:  # nobody cancels anything: all futures are lost with a scheduler
            raise MedNCAError(
                "The scheduler of dask at {address} is gone. What was done is kept; --missing does the rest.",
                address=address,
            ) from error
        yield outcome
        future.release()


def _wait_for(file: Path) -> None:
    """The client itself would wait forever. Raises OSError where the scheduler does not write it."""
    end = time.monotonic() + _WAIT
    while not file.exists():
        if time.monotonic() > end:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        time.sleep(0.1)


def _outcome_of(future: Any, job: Any) -> Outcome:
    from distributed import KilledWorker

    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(job, error=DIED if isinstance(error, KilledWorker) else unforeseen(error))


@contextmanager
def _attempts(client: Any, count: int) -> Iterator[None]:
    """So many attempts at a volume whose worker dies; the scheduler, which may be others', too, has its own back."""
    before = client.run_on_scheduler(_allow_failures, count - 1)
    try:
        yield
    finally:
        if client.status == "running":  # there may be no scheduler any more
            client.run_on_scheduler(_allow_failures, before)


def _allow_failures(count: int, dask_scheduler: Any) -> int:
    """On a scheduler. Returns how many were allowed before."""
    before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, count
    return before


@contextmanager
def _workers_watched(client: Any, address: str, tell: Callable[[Sentence], Any]) -> Iterator[None]:
    """Within it, a cluster that has no workers, or none any more, is told, once until some come: dask would wait
    without a word."""
    ended = threading.Event()

    def watch() -> None:
        told = False
        while not ended.wait(_LOOK_SECONDS):
            try:
                lacking = not client.nthreads()
            except Exception:  # the scheduler is gone, or the client: whoever waits for the volumes is told
                return
            if lacking and not told:
                tell(Sentence("The cluster at {address} has no workers; they are waited for.", address=address))
            told = lacking

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _done(function: Callable, job: Any) -> Outcome:
    """On a worker: what goes wrong with a volume is its outcome, and no reason for dask to try it again."""
    import torch

    torch.set_num_threads(1)  # what a worker does beside each other is volumes
    return outcome_of(function, job)

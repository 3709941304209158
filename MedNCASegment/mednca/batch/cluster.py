"""The same jobs on a cluster of dask's (dask.distributed, an optional extra): one task a volume.

How workers are started is dask's business, and its neighbors': by hand, over SSH, by SLURM, on Kubernetes
(docs/scale.md). They must see the same files under the same paths.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import MedNCAError, unforeseen
from ..pool import DIED, Outcome, outcome_of

_ATTEMPTS = 3  # at a volume whose worker dies
_WAIT = 60.0  # seconds, for the scheduler


def run_on_cluster(address: str, function: Callable, jobs: Iterable) -> Iterator[Outcome]:
    """Do some jobs on a cluster.

    A worker that dies is the cluster's to replace; its job is tried twice again, by whoever comes, and then told.

    Args:
        address: of the scheduler, as tcp://host:8786, or the file that it wrote for its clients.
        function: called with each job; of a module that the workers have, too.
        jobs: whatever can be sent to another computer.

    Yields:
        The outcome of every job, as they are done.

    Raises:
        MedNCAError: where dask is missing, or there is no scheduler, or none any more.
    """
    try:
        from distributed import CancelledError, Client, as_completed

        from .cluster_worker import undisturbed
    except ImportError as error:
        raise MedNCAError(
            "A cluster needs dask; install it, in MedNCA's unpacked repository, with: pip install '.[cluster]'."
        ) from error
    is_file = address.endswith(".json")
    try:
        if is_file:
            _wait_for(Path(address))
        client = Client(None if is_file else address, scheduler_file=address if is_file else None, timeout=_WAIT)
    except (OSError, ValueError) as error:
        raise MedNCAError(
            "There is no scheduler of dask at {address} ({cause}).", address=address, cause=error
        ) from error
    with client:
        client.run_on_scheduler(_allow_failures)
        with undisturbed(client):
            waiting = {client.submit(_done, function, job, pure=False): job for job in jobs}
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


def _allow_failures(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = _ATTEMPTS - 1


def _done(function: Callable, job: Any) -> Outcome:
    """On a worker: what goes wrong with a volume is its outcome, and no reason for dask to try it again."""
    import torch

    torch.set_num_threads(1)  # what a worker does beside each other is volumes
    return outcome_of(function, job)

"""What is set on dask's workers while they segment. A module of its own, as it needs dask to be read."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Client, NannyPlugin, WorkerPlugin

_PERIOD = 1000.0  # ms; dask looks at what a worker does a hundred, fifty and ten times a second
_SOONER: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()  # ms, of what was made slower
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt(3)
_KEPT = {_M_TRIM_THRESHOLD: 128 << 20, _M_MMAP_THRESHOLD: 32 << 20}  # bytes; 32 MiB is the most that glibc takes


@contextmanager
def undisturbed(client: Client) -> Iterator[None]:
    """Leave a cluster's workers, and those to come, their processors (docs/scale.md has what it brings).

    An ensemble is thousands of short operations, between which Python's lock passes to whoever waits for it: to dask,
    that looks a hundred times a second what is being done. And dask has its workers give memory back to the system with
    every array, to take it again, page by page, for the next.
    """
    client.register_plugin(_Worker())
    client.register_plugin(_Nanny())
    try:
        yield
    finally:
        if client.status == "running":  # there may be no scheduler any more
            client.unregister_worker_plugin(_Worker.name)
            client.unregister_worker_plugin(_Nanny.name, nanny=True)


class _Worker(WorkerPlugin):
    name = "mednca-worker"

    def setup(self, worker: Any) -> None:
        _slow(worker)
        if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
            for parameter, size in _KEPT.items():
                library.mallopt(parameter, size)

    def teardown(self, worker: Any) -> None:
        _restore(worker)


class _Nanny(NannyPlugin):
    name = "mednca-nanny"

    def setup(self, nanny: Any) -> None:
        _slow(nanny)

    def teardown(self, nanny: Any) -> None:
        _restore(nanny)


def _slow(server: Any) -> None:
    for callback in server.periodic_callbacks.values():
        if callback.callback_time < _PERIOD:
            _SOONER[callback] = callback.callback_time
            _each(callback, _PERIOD)


def _restore(server: Any) -> None:
    for callback in server.periodic_callbacks.values():
        if callback in _SOONER:
            _each(callback, _SOONER.pop(callback))


def _each(callback: Any, milliseconds: float) -> None:
    callback.callback_time = milliseconds
    if callback.is_running():
        callback.stop()
        callback.start()

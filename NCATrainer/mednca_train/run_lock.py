"""One worker in a run's folder at a time, whatever program, computer or container it belongs to. No torch here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.files import LOCK, explained, locked, sweep


@contextmanager
def run_lock(folder: str | Path, make: bool = False) -> Iterator[None]:
    """Nobody else works in a run's folder within the block: the lock lies inside, where all who share it see it.

    Several may lie within each other in one thread.

    Args:
        folder: of the run.
        make: make it where it is not there; it goes again where nothing came into it.

    Raises:
        MedNCAError: where somebody else has it, or there is no such folder.
    """
    folder = Path(folder)
    made = make and not os.path.lexists(folder)
    if make:
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
    if not os.path.isdir(folder):
        raise MedNCAError("{folder} is no folder, or it is gone.", folder=folder)
    try:
        with locked(folder / LOCK, folder) as lock:
            if lock:
                sweep(folder)
            yield
    finally:
        if made:
            with suppress(OSError):
                folder.rmdir()

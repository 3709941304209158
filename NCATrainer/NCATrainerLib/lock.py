"""One program at a time works on a run's folder."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

from MedNCALib.errors import MedNCAError

_LOCK = "lock"  # in a run's folder


@contextmanager
def alone(folder):
    """Nobody else may train or delete a run meanwhile; it ends with this process, however that ends.

    Raises MedNCAError where somebody else has it, or it is gone.
    """
    if not Path(folder).is_dir():
        raise MedNCAError(f"{folder} is gone.")
    with open(Path(folder) / _LOCK, "a+b") as file:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise MedNCAError("This training goes on in another program; wait until that has ended.") from error
        except OSError:
            pass  # a file system without locks
        yield

"""Bytes, JSON and folders on disk, whole or not at all, and one maker of each at a time; not what they hold.

What is not finished lies beside its target under a name that only this room gives:

    .mednca-partial-RANDOM.NAME     being made; takes the place of NAME at the end
    .mednca-replaced-RANDOM.NAME    what stood at NAME, until the new one stands there
    .mednca-lock.NAME               open and locked while somebody makes NAME; its lock ends with that process, however
                                    that ends, on a shared network folder and in another container, too
    .mednca-lock                    in a folder: the same for whoever works in it

All is staged under the lock of its target. So whoever has the lock knows that what lies there under such a name was
left by a process that is dead, and removes it, or takes back what was being replaced.

An `OSError` of writing becomes a `MedNCAError` here, and nowhere else.
"""

from __future__ import annotations

import errno
import json
import locale
import os
import re
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .errors import MedNCAError, Sentence

_PARTIAL, _REPLACED, LOCK = ".mednca-partial", ".mednca-replaced", ".mednca-lock"
_LEFT = re.compile(rf"(?:({re.escape(_PARTIAL)}|{re.escape(_REPLACED)})-[0-9a-f]{{8}}|{re.escape(LOCK)})\.(.+)", re.S)
_STAGED = re.compile(rf"{re.escape(_PARTIAL)}-[0-9a-f]{{8}}\.")
_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_PATIENCE = 1.0  # seconds to wait for a lock: who only cleans up, or writes a small file, is done sooner
_PAUSE = 0.02
_READERS_FORBID = os.name == "nt"  # that what they read is replaced


# --- errors


def utf8_names() -> None:
    """Let C libraries take file names as UTF-8, as ITK hands them over. On Windows they would take them in the system's
    own encoding, in which nobody called Jürgen can write a file below his own folder. For processes of ours alone;
    Slicer's has this already."""
    if sys.platform == "win32":
        with suppress(locale.Error):  # before Windows 10 of 2018
            locale.setlocale(locale.LC_CTYPE, ".UTF-8")


def check_name(path: str | Path) -> None:
    """Refuse a name that is no text: it can be neither told nor written down, and C++ libraries end the process.

    Raises:
        MedNCAError: it cannot be written in UTF-8.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MedNCAError("{path} is a name that is not text; rename it.", path=ascii(str(path))) from error


@contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn an OSError of the block into one sentence with a remedy.

    Args:
        path: what is written in the block.

    Raises:
        MedNCAError: in its place; or before the block, of a name that is no text.
    """
    check_name(path)
    try:
        yield
    except OSError as error:
        raise _unwritten(_STAGED.sub("", str(path)), error) from error


def _unwritten(path: str, error: OSError) -> MedNCAError:
    """What went wrong with a file, and what to do."""
    cause: object = error.strerror or str(error)
    if error.errno in _FULL:
        return MedNCAError(
            "There is no room for {path} on its disk ({cause}); free some space and try again. What stood there "
            "before is unchanged.",
            path=path,
            cause=cause,
        )
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        cause = Sentence("a file stands where a folder is needed")
    elif isinstance(error, NotWhole):
        cause = Sentence("the file did not become whole; the disk may be full or broken")
    return MedNCAError(
        "{path} cannot be written ({cause}); choose another place, or make this one writable.", path=path, cause=cause
    )


class NotWhole(OSError):
    """A library wrote less than it should and does not say why."""


def not_whole(path: str | Path, size: int) -> OSError:
    """Find what to raise where a library wrote less than it should and does not say why.

    Args:
        path: the file.
        size: bytes that it needed at most.

    Returns:
        An error of a full disk where so much is not free, otherwise one of a file that is not whole.
    """
    if shutil.disk_usage(Path(path).parent).free < size:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return NotWhole(errno.EIO, os.strerror(errno.EIO))


# --- files and folders


def write_json(path: str | Path, data: Any, replace: bool = True) -> None:
    """Write plain data as JSON in ASCII, which every reader takes, whatever encoding it expects. A list of numbers or
    texts stands in one line.

    Args:
        path: the file.
        data: what `json.dumps` takes.
        replace: what is there.

    Raises:
        MedNCAError: it cannot be written, or, without replace, something is there.
    """
    write_bytes(path, (_json(data, "\n") + "\n").encode("ascii"), replace)


def _json(data: Any, line: str) -> str:
    """line: how a line begins at this depth."""
    inner = line + " "
    if isinstance(data, dict) and data:
        rows, ends = [f"{json.dumps(str(key))}: {_json(item, inner)}" for key, item in data.items()], "{}"
    elif isinstance(data, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in data):
        rows, ends = [_json(item, inner) for item in data], "[]"
    else:
        return json.dumps(data)
    return ends[0] + inner + ("," + inner).join(rows) + line + ends[1]


def write_bytes(path: str | Path, data: bytes, replace: bool = True) -> None:
    """Write a file, whole or not at all.

    Args:
        path: the file.
        data: all of its content.
        replace: what is there.

    Raises:
        MedNCAError: it cannot be written, or, without replace, something is there.
    """
    with written(path, replace) as staged:
        staged.write_bytes(data)


@contextmanager
def written(path: str | Path, replace: bool = True) -> Iterator[Path]:
    """Let the block write a file under another name; at the end it takes the place of `path`.

    Args:
        path: the file.
        replace: what is there.

    Yields:
        The other name, which ends as `path` does. The block writes this file and does nothing else.

    Raises:
        MedNCAError: it cannot be written, or, without replace, something is there; nothing is left then.
    """
    path = Path(path)
    with held(path), explained(path):
        staged = _beside(path, _PARTIAL)
        try:
            yield staged
            _flush(staged)
            if not replace:
                _refuse(path)
            _put_file(staged, path)
        finally:
            with suppress(OSError):
                staged.unlink()


def _put_file(made: Path, path: Path) -> None:
    """Let a file take the place of another."""
    _patiently(os.replace, made, path)


def _patiently(move: Callable[[Path, Path], None], source: Path, target: Path) -> None:
    """Rename; where a program that reads what is there, or looks for viruses, forbids it, it will be done soon."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return move(source, target)
        except PermissionError:
            if not _READERS_FORBID or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


@contextmanager
def staged(target: str | Path, replace: bool = False) -> Iterator[Path]:
    """Let the block fill a new folder; at the end it becomes `target`, as a whole.

    Args:
        target: the folder.
        replace: whether a folder that is there goes, once the new one stands ready.

    Yields:
        The folder to fill.

    Raises:
        MedNCAError: it cannot be made, or something is there that may not go; nothing is left then.
    """
    target = Path(target)
    with held(target):
        made = _beside(target, _PARTIAL)
        try:
            with explained(target):
                made.mkdir()
            yield made
            with explained(target):
                _put(made, target, replace)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def remove_folder(folder: str | Path) -> None:
    """Delete a folder so that no part of it is ever seen under its name.

    Args:
        folder: it must be there.

    Raises:
        MedNCAError: it cannot be removed, or another program is making it.
    """
    folder = Path(folder)
    with held(folder), explained(folder):
        gone = _beside(folder, _PARTIAL)
        _patiently(os.rename, folder, gone)
        _remove(gone)


def _put(made: Path, target: Path, replace: bool) -> None:
    """A folder into its place. On Windows none can be renamed over another."""
    if not os.path.lexists(target):
        _patiently(os.rename, made, target)
        return
    if not replace or target.is_symlink() or not target.is_dir():
        _refuse(target)
    old = _beside(target, _REPLACED)
    _patiently(os.rename, target, old)
    try:
        _patiently(os.rename, made, target)
    except OSError:
        _patiently(os.rename, old, target)
        raise
    _remove(old)


def _refuse(path: Path) -> None:
    """Raises MedNCAError where something is there."""
    if os.path.lexists(path):
        raise MedNCAError(
            "{path} already exists, so it is not replaced; choose another name, or remove it first.", path=path
        )


def _flush(path: Path) -> None:
    """Onto the disk: some file systems tell only now that they are full."""
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _beside(path: Path, kind: str) -> Path:
    """A name of this room that nothing has yet."""
    return path.with_name(f"{kind}-{secrets.token_hex(4)}.{path.name}")


def _remove(path: Path) -> None:
    """A file or a folder, as far as that goes; a link, not what it leads to."""
    if path.is_symlink() or not path.is_dir():
        with suppress(OSError):
            path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


# --- one at a time


@contextmanager
def held(target: str | Path) -> Iterator[None]:
    """Keep all others from making `target` within the block; what dead processes left beside it goes.

    Of one thread several may lie within each other.

    Args:
        target: a file or folder; its parent folders are made.

    Raises:
        MedNCAError: another has it, or it cannot be written.
    """
    target = Path(target)
    with explained(target):
        if not target.name:
            raise MedNCAError("{target} is no name of a file or folder; choose another place.", target=target)
        target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f"{LOCK}.{target.name}"), target) as lock:
        if lock and lock.certain:
            _clean(target)
        if lock:
            sweep(target.parent)
        yield


def sweep(folder: str | Path) -> None:
    """Remove what processes that are dead left in a folder, as far as that is certain; never raises."""
    folder = Path(folder)
    with suppress(OSError):
        for name in {found[2] for found in map(_LEFT.fullmatch, os.listdir(folder)) if found}:
            with suppress(OSError):
                if lock := _take(folder / f"{LOCK}.{name}", 0.0):
                    try:
                        if lock.certain:
                            _clean(folder / name)
                    finally:
                        lock.release()


def _clean(target: Path) -> None:
    """What lies beside a target whose lock is ours was left by the dead: the old one comes back where no new one
    stands there, the rest goes."""
    found = [match for match in map(_LEFT.fullmatch, os.listdir(target.parent)) if match and match[2] == target.name]
    for match in found:
        left = target.with_name(match[0])
        if match[1] == _REPLACED and not os.path.lexists(target):
            with suppress(OSError):
                os.rename(left, target)
        elif match[1]:
            _remove(left)


@dataclass
class _Lock:
    """A lock file of ours. certain: the file system has locks, so that nobody else can think that it is theirs."""

    path: Path
    key: str
    file: BinaryIO
    certain: bool

    def release(self) -> None:
        """Give it away, and remove its file."""
        if os.name == "nt":  # where no open file can be removed
            self.file.close()
            with suppress(OSError):
                self.path.unlink()
        else:  # where another could have it between closing and removing
            with suppress(OSError):
                self.path.unlink()
            self.file.close()
        with _guard:
            del _ours[self.key]


# Lock files of this process -> whose they are (process, thread). POSIX locks keep only other processes out, and closing
# any handle of a file gives its lock away: a file that is listed here must not be opened again.
_ours: dict[str, tuple[int, int]] = {}
_guard = threading.Lock()


def _me() -> tuple[int, int]:
    """This process and thread."""
    return os.getpid(), threading.get_ident()


@contextmanager
def locked(path: Path, what: Path) -> Iterator[_Lock | None]:
    """Keep everybody else from a lock file within the block.

    Args:
        path: of the lock file.
        what: it protects, for messages.

    Yields:
        The lock; None where this thread has it already.

    Raises:
        MedNCAError: where another has it.
    """
    if _ours.get(os.path.realpath(path)) == _me():
        yield None
        return
    with explained(what):
        lock = _take(path, _PATIENCE)
    if lock is None:
        raise MedNCAError(
            "{what} is in use by another program; wait until that has ended, or choose another place.", what=what
        )
    try:
        yield lock
    finally:
        lock.release()


def _take(path: Path, patience: float) -> _Lock | None:
    """A lock, or None where somebody else has it for longer than `patience` seconds."""
    key, end = os.path.realpath(path), time.monotonic() + patience
    while True:
        lock = _try(path, key)
        if lock or time.monotonic() >= end:
            return lock
        time.sleep(_PAUSE)


def _try(path: Path, key: str) -> _Lock | None:
    """A lock, or None where somebody else has it now."""
    with _guard:
        if key in _ours:
            return None
        _ours[key] = _me()
    lock = None
    try:
        lock = _open(path, key)
    finally:
        if lock is None:
            with _guard:
                del _ours[key]
    return lock


def _open(path: Path, key: str) -> _Lock | None:
    """The lock file, opened and locked; None where somebody else has it, or its last owner has just removed it."""
    try:
        file = open(path, "ab")  # noqa: SIM115  closed by `release`
    except PermissionError:
        if os.name == "nt" and path.exists():  # it is being removed
            return None
        raise
    with suppress(OSError):  # whoever shares the folder must be able to find out that its owner is dead
        os.chmod(path, 0o666)
    with suppress(BlockingIOError, FileNotFoundError):
        certain = _lock(file)
        if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
            return _Lock(path, key, file, certain)
    file.close()
    return None


def _lock(file: BinaryIO) -> bool:
    """Lock an open file; False where its file system has no locks. Raises BlockingIOError where somebody else did."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise BlockingIOError from error
    except OSError:
        return False
    return True

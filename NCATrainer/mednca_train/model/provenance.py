"""Which code measured something, so that a figure can be made again."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mednca import __version__

_CHANGED = "+"  # behind a commit: a file of the repository is another one by now


def code_version() -> str:
    """The program's version and, where it is known, the commit."""
    known = commit()
    return __version__ + (f" ({short(known)})" if known else "")


def commit() -> str | None:
    """Of the program, where it runs from its repository; with "+" behind it where a file of that has changed since.
    None where nobody knows, as of a copy in another repository's folder."""
    here = Path(__file__)

    def git(*words: str) -> str:
        command = ["git", "-C", str(here.parent), *words]
        told = subprocess.run(command, capture_output=True, check=True, timeout=10).stdout
        return told.decode("utf-8", "replace").strip()

    try:
        git("ls-files", "--error-unmatch", here.name)
        return git("rev-parse", "HEAD") + (_CHANGED if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def short(commit: str) -> str:
    """As people write it."""
    return commit[:12] + (_CHANGED if commit.endswith(_CHANGED) else "")

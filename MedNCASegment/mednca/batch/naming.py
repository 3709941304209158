"""Which images a call is for, and what their results are called."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import MedNCAError
from ..imaging.reading import case_name, file_name, find_images, group_channels
from .failures import Failure, apart, failure

_CHANNEL = re.compile(r"_\d{4}\Z")  # behind a name, as nnU-Net has it

Named = list[tuple[str, tuple[Path, ...]]]  # the name of each image's result, and the files of its channels


def named_images(paths: Iterable[Path], has_channels: bool = False) -> tuple[list[tuple[str, Path]], list[Failure]]:
    """Find images; names decide the result folders. Where those of several folders have the same name, as T1 of each
    patient, the folders' names stand before it.

    Args:
        paths: images, folders of images, or folders with a DICOM series.
        has_channels: whether the number of a channel stands behind a name, and is no part of it.

    Returns:
        (name, path) of every image, and what cannot be one.
    """
    found, failures = [], []
    for given in paths:
        with apart(failures, given):
            found += find_images(given)

    def alike(path: Path) -> str:  # some file systems tell them apart, others do not
        name = case_name(file_name(path)).casefold()
        return _CHANNEL.sub("", name) if has_channels else name

    folders: dict[str, set[str]] = {}
    for path in found:
        folders.setdefault(alike(path), set()).add(_folder_name(path))
    named, taken = [], {}
    for path in found:
        name = _with_folder(path) if len(folders[alike(path)]) > 1 else case_name(file_name(path))
        if other := taken.get(name.casefold()):
            told = f"{path} and {other} would both be called {name!r}; give one of them another --out."
            failures.append(failure(path, told))
            continue
        taken[name.casefold()] = path
        named.append((name, path))
    return named, failures


def with_channels(
    images: Iterable[Path], others: Sequence[Path], channels: Sequence[str]
) -> tuple[Named, list[Failure]]:
    """Find images with their channels.

    Args:
        images: as of `named_images`.
        others: files of the further channels of the one image; empty where the names say which belong together.
        channels: what the model calls them.

    Returns:
        The images, and what cannot be one.

    Raises:
        MedNCAError: others are given, but not one for each further channel of one image.
    """
    named, failures = named_images(images, len(channels) > 1 and not others)
    if not others:
        whole, problems = group_channels(named, channels)
        return whole, failures + [failure(*problem) for problem in problems.items()]
    if len(named) != 1 or len(channels) != 1 + len(others):
        raise MedNCAError(
            "--channel is for one image and each further channel of the model's ({channels}); name the channels of "
            "several images NAME_0000, NAME_0001, ...",
            channels=", ".join(channels),
        )
    return [(name, (path, *others)) for name, path in named], failures


def called(files: Mapping[str, Path], failures: Iterable[Failure]) -> dict[str, str | None]:
    """What a file of clicks may call the images: a result's name, or that of the image's first file, with its folder's
    before it where several have the same.

    Args:
        files: the first of each image, by the result's name.
        failures: of what is no image.

    Returns:
        The result's name, by what may be said; None for what has no result.
    """
    often = Counter(map(case_name, files.values()))
    alone = {case_name(file): name for name, file in files.items() if often[case_name(file)] == 1}
    with_folder = {_with_folder(file): name for name, file in files.items()}
    own = {name: name for name in files}
    return {case_name(each["image"]): None for each in failures} | with_folder | alone | own


def _folder_name(path: Path) -> str:
    return Path(os.path.abspath(path)).parent.name


def _with_folder(path: Path) -> str:
    """A case's name, with that of the folder that it lies in before it."""
    return f"{_folder_name(path)}_{case_name(file_name(path))}"

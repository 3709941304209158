"""Which images a call is for, and what their results are called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import MedNCAError
from ..imaging.reading import case_name, file_name, find_images, group_channels
from .failures import Failure, apart, failure

Named = list[tuple[str, tuple[Path, ...]]]  # the name of each image's result, and the files of its channels


def named_images(paths: Iterable[Path], with_folder: bool = False) -> tuple[list[tuple[str, Path]], list[Failure]]:
    """Find images; names decide the result folders.

    Args:
        paths: images, folders of images, or folders with a DICOM series.
        with_folder: whether the name of the folder that an image lies in stands before its own, as where each patient
            has a T1.

    Returns:
        (name, path) of every image, and what cannot be one.
    """
    found, failures = [], []
    for given in paths:
        with apart(failures, given):
            found += find_images(given)

    named, taken = [], {}
    for path in found:
        name = result_name(path, with_folder)
        other = taken.get(name.casefold())  # some file systems tell upper case from lower case, others do not
        if other and os.path.abspath(other) == os.path.abspath(path):  # given by itself, and with its folder
            continue
        if other:
            other_way = "" if with_folder else "--with-folder, or "
            told = f"{path} and {other} would both be called {name!r}; give {other_way}one of them another --out."
            failures.append(failure(path, told))
            continue
        taken[name.casefold()] = path
        named.append((name, path))
    return named, failures


def with_channels(
    images: Iterable[Path], others: Sequence[Path], channels: Sequence[str], with_folder: bool = False
) -> tuple[Named, list[Failure]]:
    """Find images with their channels.

    Args:
        images, with_folder: as of `named_images`.
        others: files of the further channels of the one image; empty where the names say which belong together.
        channels: what the model calls them.

    Returns:
        The images, and what cannot be one.

    Raises:
        MedNCAError: others are given, but not one for each further channel of one image.
    """
    named, failures = named_images(images, with_folder)
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
    """What a file of clicks may call the images: a result's name, or that of the image's first file where it has it
    alone.

    Args:
        files: the first of each image, by the result's name.
        failures: of what is no image.

    Returns:
        The result's name, by what may be said; None for what has no result.
    """
    often = Counter(map(case_name, files.values()))
    alone = {case_name(file): name for name, file in files.items() if often[case_name(file)] == 1}
    with_folder = {result_name(file, True): name for name, file in files.items()}
    own = {name: name for name in files}
    failed = {result_name(Path(each["image"]), also): None for each in failures for also in (False, True)}
    return failed | with_folder | alone | own


def result_name(path: Path, with_folder: bool) -> str:
    """What an image's result is called. with_folder: as of `named_images`."""
    name = case_name(file_name(path))
    return f"{Path(os.path.abspath(path)).parent.name}_{name}" if with_folder else name

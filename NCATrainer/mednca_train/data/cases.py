"""Labeled volumes, and which of them are held out. Where they lie is `layouts`' business; no voxel is read here."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mednca.errors import MedNCAError, Sentence
from mednca.imaging.reading import count_channels
from mednca.models.description import Preprocessing

_MANY_PEOPLE, _MANY_IMAGES = 4, 10  # so few names, or so many images of each on average, are not those of people
ONE_CHANNEL = Preprocessing(None).channels  # what the channel of an image that has only one is called


@dataclass(frozen=True)
class Case:
    """One labeled volume.

    Attributes:
        name: unique within a data set.
        image, labels: files on the same voxel grid.
        others: files of the image's further channels, on whatever grid; none where one file holds them all.
    """

    name: str
    image: Path
    labels: Path
    others: tuple[Path, ...] = ()

    @property
    def channels(self) -> tuple[Path, ...]:
        """Files of the image's channels, as `imaging.reading.read_image` takes them."""
        return (self.image, *self.others)


@dataclass(frozen=True)
class CaseSet:
    """The labeled volumes of a data set.

    Attributes:
        cases: in the order of their names.
        label_names: what the labels' values are called, where the folder says so.
        problems: by name, why others are no case.
        channels: what the images' channels are called.
    """

    cases: tuple[Case, ...]
    label_names: dict[int, str]
    problems: dict[str, Sentence] = field(default_factory=dict)
    channels: tuple[str, ...] = ONE_CHANNEL


def channel_names(count: int, given: Sequence[str] = ()) -> tuple[str, ...]:
    """What the channels of images are called.

    Args:
        count: how many there are.
        given: what a data set calls them, where it does; without it a single one is the image, several are numbered.
    """
    if len(given) == count and count > 1:
        return tuple(given)
    return ONE_CHANNEL if count == 1 else tuple(f"channel {n}" for n in range(count))


def case_set_of(cases: tuple[Case, ...]) -> CaseSet:
    """Cases that come without names of labels and channels."""
    count = max((count_channels(*case.channels) for case in cases), default=1)
    return CaseSet(cases, {}, channels=channel_names(count))


def split(cases: list[Case], share: float, seed: int, fold: int = 0) -> dict[str, list[str]]:
    """Which cases are trained with, and which are held out, balanced over groups.

    Args:
        cases: names like prostate_UCL_01 are grouped by what stands before the number; images of one person, as their
            names tell, stay together.
        share: of each group that is held out; at least one person, where the group has two.
        seed: of the choice; the order of the cases does not matter.
        fold: of cross-validation, 0, 1, ...: each holds out other cases, the last one those that are left.

    Returns:
        Case names, sorted, under "training" and "validation", as split.json holds them.

    Raises:
        MedNCAError: where there are no cases left for a fold.
    """
    training, validation = [], []
    for people in groups(cases):
        random.Random(seed).shuffle(people)
        held = max(round(share * len(people)), 1) if len(people) > 1 else 0
        for number, names in enumerate(people):
            (validation if fold * held <= number < (fold + 1) * held else training).extend(names)
    if fold and not validation:
        raise MedNCAError("There is no fold {fold}: all cases were held out by those before it.", fold=fold)
    return {"training": sorted(training), "validation": sorted(validation)}


def groups(cases: list[Case]) -> list[list[list[str]]]:
    """Cases by center and person, as their names tell.

    Args:
        cases: in whatever order.

    Returns:
        The centers, sorted: what stands before the number in prostate_UCL_01 names one; it is one of all where that
        says nothing. Each has its people, sorted, and each of these the names of its images: sub-01_ses-1 and
        sub-01_ses-2, say.
    """
    people = _people([case.name for case in cases])
    centers: dict[str, list[list[str]]] = {}
    for person, names in sorted(people.items()):
        centers.setdefault(person.rstrip("0123456789"), []).append(sorted(names))
    if len(centers) > len(people) / 2:
        return [[sorted(names) for _person, names in sorted(people.items())]]
    return [everyone for _center, everyone in sorted(centers.items())]


def _people(names: list[str]) -> dict[str, list[str]]:
    """Names by that of a person: what ends with the first number by which many have a few images each. One number less
    may be a center, or the data set, of which there are few with many; where no number does, each image is a person."""
    numbers = {name: [found.end() for found in re.finditer(r"\d+", name)] for name in names}
    for which in range(max(map(len, numbers.values()), default=0)):
        found: dict[str, list[str]] = {}
        for name, ends in numbers.items():
            found.setdefault(name[: ends[which]] if which < len(ends) else name, []).append(name)
        if _MANY_PEOPLE <= len(found) < len(names) < _MANY_IMAGES * len(found):
            return found
    return {name: [name] for name in names}

"""Labeled volumes, and which of them are held out. Where they lie is `layouts`' business; no voxel is read here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mednca.errors import MedNCAError, Sentence
from mednca.imaging.reading import count_channels
from mednca.models.description import Preprocessing

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
        cases: names like prostate_UCL_01 are grouped by what stands before the number.
        share: of each group that is held out; at least one case, where the group has two.
        seed: of the choice; the order of the cases does not matter.
        fold: of cross-validation, 0, 1, ...: each holds out other cases, the last one those that are left.

    Returns:
        Case names, sorted, under "training" and "validation", as split.json holds them.

    Raises:
        MedNCAError: where there are no cases left for a fold.
    """
    training, validation = [], []
    for _group, names in sorted(groups(cases).items()):
        names = sorted(names)
        random.Random(seed).shuffle(names)
        held = max(round(share * len(names)), 1) if len(names) > 1 else 0
        validation += names[fold * held : (fold + 1) * held]
        training += names[: fold * held] + names[(fold + 1) * held :]
    if fold and not validation:
        raise MedNCAError("There is no fold {fold}: all cases were held out by those before it.", fold=fold)
    return {"training": sorted(training), "validation": sorted(validation)}


def groups(cases: list[Case]) -> dict[str, list[str]]:
    """Case names by what stands before their number, as the center in prostate_UCL_01; one group where that says
    nothing."""
    found: dict[str, list[str]] = {}
    for case in cases:
        found.setdefault(case.name.rstrip("0123456789"), []).append(case.name)
    return found if len(found) <= len(cases) / 2 else {"": [case.name for case in cases]}

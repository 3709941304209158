"""Labeled volumes, and which of them are held out. Where they lie is `layouts`' business; no voxel is read here."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mednca.errors import MedNCAError, Sentence
from mednca.imaging.reading import count_channels
from mednca.models.description import Preprocessing

from ..plan.fingerprint import CaseFacts
from ..plan.plan import Plan

_MANY_PEOPLE, _MANY_IMAGES = 4, 10  # so few names, or so many images of each on average, are not those of people
_FEW_IMAGES = 3  # on average, of each of many names before a number: those are people, not centers
_BIDS = re.compile(r"(sub-[A-Za-z0-9]+)(?:_|$)")
_SIDE = re.compile(r"(?:^|(?<=[-_. ]))(?:l|r|lh|rh|left|right)(?:[-_. ]|$)", re.IGNORECASE)
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


def held_out(cases: Iterable[Case | CaseFacts], plan: Plan) -> int:
    """How many of some cases a plan holds out. Raises MedNCAError where there are none left for its fold."""
    return len(split(cases, plan.validation_share, plan.seed, plan.fold)["validation"])


def split(cases: Iterable[Case | CaseFacts], share: float, seed: int, fold: int = 0) -> dict[str, list[str]]:
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


def groups(cases: Iterable[Case | CaseFacts]) -> list[list[list[str]]]:
    """Cases by center and person, as their names tell.

    Args:
        cases: in whatever order.

    Returns:
        The centers, sorted: what stands before the number in prostate_UCL_01 names one; it is one of all where that
        says nothing. Each has its people, sorted, and each of these the names of its images: sub-01_ses-1 and
        sub-01_ses-2, say.
    """
    people: dict[str, list[str]] = {}
    for name, person in people_of(case.name for case in cases).items():
        people.setdefault(person, []).append(name)
    centers: dict[str, list[list[str]]] = {}
    for person, names in sorted(people.items()):
        centers.setdefault(person.rstrip("0123456789"), []).append(sorted(names))
    if len(centers) > len(people) / 2:
        return [[sorted(names) for _person, names in sorted(people.items())]]
    return [everyone for _center, everyone in sorted(centers.items())]


def of_same_people(names: Iterable[str], others: Iterable[str]) -> set[str]:
    """Which of some names are those of people who have an image among others, as far as the names tell."""
    names, others = set(names), set(others)
    person = people_of(names | others)
    people = {person[name] for name in others}
    return {name for name in names if person[name] in people}


def people_of(names: Iterable[str]) -> dict[str, str]:
    """Whose image each is, as far as the names tell: name -> that of a person, which is its own where they do not.

    BIDS names say it (sub-01_ses-2). Elsewhere left and right of one name are one person's, and a person is what ends
    with the first number, or stands before it, by which many have a few images each. Of centers, or data sets, there
    are few with many.
    """
    unsided = {name: _SIDE.sub("", name).rstrip("-_. ") or name for name in names}
    if all(map(_BIDS.match, unsided)):
        return {name: name.split("_")[0] for name in unsided}
    for which in range(max((len(re.findall(r"\d+", bare)) for bare in unsided.values()), default=0)):
        for with_number, many in ((True, _MANY_IMAGES), (False, _FEW_IMAGES)):
            people = {name: _cut(bare, which, with_number) for name, bare in unsided.items()}
            if _MANY_PEOPLE <= (count := len(set(people.values()))) < len(people) < many * count:
                return people
    return unsided


def _cut(name: str, which: int, with_number: bool) -> str:
    """A name up to its first, second, ... number; all of it where it has none."""
    found = list(re.finditer(r"\d+", name))
    return name[: found[which].span()[with_number]] if which < len(found) else name

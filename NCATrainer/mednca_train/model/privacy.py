"""What of the cases' names may stand in a model: keyed hashes, or names that name nobody."""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from mednca.errors import MedNCAError

from ..data.cases import of_same_people, people_of

# What a case must not be called where its name goes into a model: DICOM's person names, dates of birth, paths.
_PERSONAL = re.compile(r"\^|,|[/\\]|(?<!\d)(19|20)\d{2}[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def check_names(names: Iterable[str]) -> None:
    """Whether cases' names may be written into a model.

    Raises:
        MedNCAError: where one looks like a person's name, a date or a path.
    """
    for name in names:
        if _PERSONAL.search(name):
            raise MedNCAError(
                "The case name {name} looks like a person's name, a date or a path, and would be written into the "
                "model. Rename the case, or keep names out of the model.",
                name=repr(name),
            )


_HIDDEN = re.compile(r"case-[0-9a-f]{10}")


def holds_hidden(names: Iterable[str]) -> bool:
    """Whether any of them is a hash, so that nobody can tell which case it is."""
    return any(_HIDDEN.fullmatch(name) for name in names)


def learned_names(info: Mapping) -> set[str]:
    """The names, or their hashes, of all cases that a model was trained with, and that models were trained with before
    it that it was fine-tuned from. info: of its model.json."""
    training = info.get("training", {})
    return {*training.get("split", {}).get("training", ()), *training.get("learned_before", ())}


def known_of(names: Iterable[str], *infos: Mapping) -> list[str]:
    """Of which cases, sorted, one of some models has learned, or of another image of the same person, as far as the
    names tell (`data.cases.people_of`); of hashes nobody can tell.

    Args:
        names: of the cases.
        infos: of each model, its model.json.
    """
    learned = {name for info in infos for name in learned_names(info) if not holds_hidden([name])}
    return sorted(of_same_people(names, learned))


def revealed(info: Mapping, names: Iterable[str], salt: str | None) -> dict:
    """A model's info in which those of its cases that have one of some names are called by it.

    Args:
        info: of its model.json.
        names: that its cases may have.
        salt: that its names were hashed with; None where nobody knows it.
    """
    if salt is None or not learned_names(info):
        return dict(info)
    of_hash = {hidden_name(name, salt): name for name in names}
    training = dict(info["training"])
    split = {part: [of_hash.get(name, name) for name in some] for part, some in training.get("split", {}).items()}
    before = [of_hash.get(name, name) for name in training.get("learned_before", ())]
    return {**info, "training": {**training, "split": split, "learned_before": before}}


def tells_its_cases(info: Mapping) -> bool:
    """Whether a model names all cases that it has learned from. info: of its model.json."""
    learned = learned_names(info)
    return bool(learned) and not holds_hidden(learned)


def check_unseen(names: Iterable[str], info: Mapping, by_person: bool = True) -> None:
    """Whether a model has learned from none of some cases.

    Args:
        names: of the cases.
        info: of its model.json.
        by_person: whether another image of the same person counts, too. Not where somebody says that these are other
            people, as where the numbers of another center begin anew.

    Raises:
        MedNCAError: where it has.
    """
    seen = known_of(names, info) if by_person else sorted(set(names) & learned_names(info))
    if seen:
        raise MedNCAError(
            "{case} was trained with, or another image of the same person; give cases that the model has not seen.",
            case=seen[0],
        )


def readable_split(info: Mapping) -> dict[str, list[str]]:
    """Which cases a model was trained and validated with, by their names; nothing of a model that does not say.

    Args:
        info: of its model.json.

    Raises:
        MedNCAError: where it has only hashes of their names, so that nobody can tell which cases it has seen.
    """
    split = info.get("training", {}).get("split", {})
    if holds_hidden((*learned_names(info), *split.get("validation", ()))):
        raise MedNCAError(
            "{name} has only hashes of the names of its cases, so that nobody can tell which ones it has seen; give "
            "the split.json of its run by --cases, or say by --unseen that these are others.",
            name=info["name"],
        )
    return split


def hidden_name(name: str, salt: str) -> str:
    """A case's name as a short keyed hash.

    Who has the salt, which a run's folder keeps, can find a case again; others cannot even by trying all names.
    """
    return "case-" + hmac.new(salt.encode(), name.encode(), "sha256").hexdigest()[:10]


def hidden_people(names: Iterable[str], salt: str) -> dict[str, str]:
    """What cases are called among a calibration's samples: those of one person alike, so that whoever makes it anew
    leaves them out together."""
    people = people_of(names)
    images = Counter(people.values())
    return {name: hidden_name(person if images[person] > 1 else name, salt) for name, person in people.items()}


def hidden_names(split: dict[str, list[str]], salt: str) -> dict[str, list[str]]:
    """A split with the cases' hidden names."""
    return {part: [hidden_name(name, salt) for name in names] for part, names in split.items()}

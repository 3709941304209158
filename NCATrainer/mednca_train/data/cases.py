"""Labelled volumes on disk: which there are, and which of them are held out. Their voxels are not read here."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.imaging.reading import case_name, find_images, pair_by_name
from mednca.schema import LINE, named, read_json, record

# As much as is used of the dataset.json of the Decathlon and of nnU-Net.
_DESCRIPTION_SCHEMA = record(
    {
        "labels": named({"anyOf": [LINE, {"type": "integer", "minimum": 0, "maximum": 255}]}),
        "channel_names": {"type": "object"},
        "modality": {"type": "object"},
    },
    others=True,
)


@dataclass(frozen=True)
class Case:
    """One labelled volume.

    Attributes:
        name: unique within a data set.
        image, labels: files on the same voxel grid.
    """

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class CaseSet:
    """The labelled volumes of a data set.

    Attributes:
        cases: in the order of their names.
        label_names: what the labels' values are called, where the folder says so.
        problems: by name, why others are no case.
    """

    cases: tuple[Case, ...]
    label_names: dict[int, str]
    problems: dict[str, str] = field(default_factory=dict)


def find_dataset(folder: str | Path) -> CaseSet:
    """The labelled volumes of a folder.

    Args:
        folder: in the layout of the Medical Segmentation Decathlon or nnU-Net (dataset.json, imagesTr, labelsTr), or
            with images and labels of the same names in two folders, images and labels or imagesTr and labelsTr.

    Returns:
        The cases, and the labels' names where dataset.json gives them.

    Raises:
        MedNCAError: where there is nothing of the kind, or the images have several channels.
    """
    folder = Path(folder)
    if (folder / "dataset.json").is_file():
        return _described(folder)
    for images, labels in (("images", "labels"), ("imagesTr", "labelsTr")):
        if (folder / images).is_dir() and (folder / labels).is_dir():
            return pair_folders(folder / images, folder / labels)
    raise MedNCAError(
        f"{folder} holds no data set: it needs the folders images and labels with the same file names in both, or "
        "dataset.json, imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them."
    )


def _described(folder: Path) -> CaseSet:
    described = read_json(folder / "dataset.json", _DESCRIPTION_SCHEMA)
    names = {}
    for key, value in described.get("labels", {}).items():  # Decathlon: "1": "name"; nnU-Net: "name": 1
        number, name = (int(key), value) if key.isdecimal() else (value, key)
        if not isinstance(number, int) or not isinstance(name, str):
            raise MedNCAError(f"{folder / 'dataset.json'} cannot be understood: the label {key!r} is {value!r}.")
        names[number] = name
    names.pop(0, None)
    channels = described.get("channel_names", described.get("modality"))
    if channels is not None and len(channels) != 1:
        raise MedNCAError(f"{folder} has {len(channels)} image channels a case; only one can be trained on so far.")
    images = {image.name: image for image in find_images(folder / "imagesTr")}
    cases, problems = [], {}
    for labels in find_images(folder / "labelsTr"):
        name = case_name(labels)
        ending = labels.name[len(name) :]
        image = images.get(labels.name) or images.get(f"{name}_0000{ending}")
        if image is None:
            problems[name] = f"{labels.name} has no image of its name in {folder / 'imagesTr'}."
            continue
        cases.append(Case(name, image, labels))
    if not cases:
        raise MedNCAError(f"{folder / 'labelsTr'} holds no label map with an image of its name in imagesTr.")
    return CaseSet(tuple(cases), names, problems)


def pair_folders(images: str | Path, labels: str | Path) -> CaseSet:
    """The labelled volumes of two folders, paired by name. Raises MedNCAError where there is none."""
    pairs, problems = pair_by_name(images, labels)
    return CaseSet(tuple(Case(*pair) for pair in pairs), {}, problems)


def split(cases: list[Case], share: float, seed: int) -> dict[str, list[str]]:
    """Which cases are trained with, and which are held out, balanced over groups.

    Args:
        cases: names like prostate_UCL_01 are grouped by what stands before the number.
        share: of each group that is held out; at least one case, where the group has two.
        seed: of the choice; the order of the cases does not matter.

    Returns:
        Case names, sorted, under "training" and "validation", as split.json holds them.
    """
    groups: dict[str, list[str]] = {}
    for case in cases:
        groups.setdefault(case.name.rstrip("0123456789"), []).append(case.name)
    if len(groups) > len(cases) / 2:  # the names say nothing about groups
        groups = {"": [case.name for case in cases]}
    training, validation = [], []
    for group in sorted(groups):
        names = sorted(groups[group])
        random.Random(seed).shuffle(names)
        held = max(round(share * len(names)), 1) if len(names) > 1 else 0
        validation += names[:held]
        training += names[held:]
    return {"training": sorted(training), "validation": sorted(validation)}

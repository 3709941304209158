"""How the labeled volumes of a data set lie in its folder: a function a layout, in `LAYOUTS`.

What is done with the cases is not known here, and no voxel is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.imaging.reading import count_channels, pair_by_name
from mednca.schema import LINE, named, read_json, record

from .cases import Case, CaseSet, channel_names

# As much as is used of the dataset.json of the Decathlon and of nnU-Net.
_DESCRIPTION_SCHEMA = record(
    {
        "labels": named({"anyOf": [LINE, {"type": "integer", "minimum": 0, "maximum": 255}, {"type": "array"}]}),
        "channel_names": {"type": "object"},
        "modality": {"type": "object"},
    },
    others=True,
)


def find_dataset(folder: str | Path) -> CaseSet:
    """The labeled volumes of a folder.

    Args:
        folder: in one of `LAYOUTS`: as the Medical Segmentation Decathlon or nnU-Net have it (dataset.json, imagesTr,
            labelsTr), or with images and labels of the same names in two folders, images and labels or imagesTr and
            labelsTr.

    Returns:
        The cases, and the labels' names where dataset.json gives them.

    Raises:
        MedNCAError: where there is no such folder, or nothing of the kind in it, dataset.json cannot be understood or
            has regions or the label ignore, a folder cannot be read, or no image has its label map.
    """
    folder = Path(folder)
    for read in LAYOUTS:
        found = read(folder)
        if found is not None:
            return found
    if not folder.exists():
        raise MedNCAError("{folder} is not there; check the path.", folder=folder)
    raise MedNCAError(
        "{folder} holds no data set: it needs the folders images and labels with the same file names in both, or "
        "dataset.json, imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them.",
        folder=folder,
    )


def _described(folder: Path) -> CaseSet | None:
    """dataset.json, imagesTr and labelsTr, of the Decathlon and of nnU-Net, which numbers the channels of an image."""
    if not (folder / "dataset.json").is_file():
        return None
    described = read_json(folder / "dataset.json", _DESCRIPTION_SCHEMA)
    names = {}
    _check_learnable(described.get("labels", {}), folder / "dataset.json")
    for key, value in described.get("labels", {}).items():  # Decathlon: "1": "name"; nnU-Net: "name": 1
        number, name = (int(key), value) if key.isdecimal() and len(key) < 10 else (value, key)
        if not isinstance(number, int) or not isinstance(name, str):
            raise MedNCAError(
                "{file} cannot be understood: the label {key} is {value}.",
                file=folder / "dataset.json",
                key=repr(key),
                value=repr(value),
            )
        names[number] = name
    names.pop(0, None)
    channels = described.get("channel_names", described.get("modality")) or {}
    called = tuple(str(channel) for _number, channel in sorted(channels.items(), key=lambda each: each[0].zfill(4)))
    found = pair_folders(folder / "imagesTr", folder / "labelsTr", called)
    return replace(found, label_names=names)


def _check_learnable(labels: Mapping[str, object], file: Path) -> None:
    """Raises MedNCAError for what nnU-Net has and is not learned here."""
    if any(isinstance(value, list) for value in labels.values()):
        raise MedNCAError(
            "{file} has regions that several labels make up together; give each structure one label of its own.",
            file=file,
        )
    if "ignore" in labels:
        raise MedNCAError(
            "{file} has the label ignore, and voxels to be left out are not supported; leave out such cases.", file=file
        )


def pair_folders(images: str | Path, labels: str | Path, channels: Sequence[str] = ()) -> CaseSet:
    """The labeled volumes of two folders, paired by name (`imaging.reading.pair_by_name`). Raises MedNCAError where
    there is none, or a folder cannot be read."""
    pairs, problems = pair_by_name(images, labels, channels)
    cases = tuple(Case(name, paths[0], label_map, paths[1:]) for name, paths, label_map in pairs)
    return CaseSet(cases, {}, problems, channel_names(count_channels(*cases[0].channels), channels))


def _two_folders(folder: Path) -> CaseSet | None:
    """Images and label maps of the same names."""
    for images, labels in (("images", "labels"), ("imagesTr", "labelsTr")):
        if (folder / images).is_dir() and (folder / labels).is_dir():
            return pair_folders(folder / images, folder / labels)
    return None


# Each takes a folder and gives its cases, or None where it is in another layout; the first that knows it is taken.
LAYOUTS: list[Callable[[Path], CaseSet | None]] = [_described, _two_folders]

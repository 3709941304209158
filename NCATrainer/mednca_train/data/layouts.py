"""How the labelled volumes of a data set lie in its folder: a function a layout, in `LAYOUTS`.

What is done with the cases is not known here, and no voxel is read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.imaging.reading import case_name, find_images, pair_by_name
from mednca.schema import LINE, named, read_json, record

from .cases import Case, CaseSet

# As much as is used of the dataset.json of the Decathlon and of nnU-Net.
_DESCRIPTION_SCHEMA = record(
    {
        "labels": named({"anyOf": [LINE, {"type": "integer", "minimum": 0, "maximum": 255}]}),
        "channel_names": {"type": "object"},
        "modality": {"type": "object"},
    },
    others=True,
)


def find_dataset(folder: str | Path) -> CaseSet:
    """The labelled volumes of a folder.

    Args:
        folder: in one of `LAYOUTS`: as the Medical Segmentation Decathlon or nnU-Net have it (dataset.json, imagesTr,
            labelsTr), or with images and labels of the same names in two folders, images and labels or imagesTr and
            labelsTr.

    Returns:
        The cases, and the labels' names where dataset.json gives them.

    Raises:
        MedNCAError: where there is nothing of the kind, or the images have several channels.
    """
    folder = Path(folder)
    for read in LAYOUTS:
        found = read(folder)
        if found is not None:
            return found
    raise MedNCAError(
        f"{folder} holds no data set: it needs the folders images and labels with the same file names in both, or "
        "dataset.json, imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them."
    )


def _described(folder: Path) -> CaseSet | None:
    """dataset.json, imagesTr and labelsTr, of the Decathlon and of nnU-Net."""
    if not (folder / "dataset.json").is_file():
        return None
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


def _two_folders(folder: Path) -> CaseSet | None:
    """Images and label maps of the same names."""
    for images, labels in (("images", "labels"), ("imagesTr", "labelsTr")):
        if (folder / images).is_dir() and (folder / labels).is_dir():
            return pair_folders(folder / images, folder / labels)
    return None


# Each takes a folder and gives its cases, or None where it is in another layout; the first that knows it is taken.
LAYOUTS: list[Callable[[Path], CaseSet | None]] = [_described, _two_folders]

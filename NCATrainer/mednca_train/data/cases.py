"""Labelled volumes on disk: pairing by name, the recorded split, and reading a case onto the model's grid."""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mednca.errors import MedNCAError
from mednca.files import write_json
from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import case_name, check_same_grid, find_images, pair_by_name, read_image, read_labels
from mednca.imaging.structures import separate
from mednca.schema import LINE, TEXT, named, read_json, record

from ..plan.plan import Plan

CACHED_VOXELS = 64_000_000  # of images kept in memory, whatever the number of cases

_CASES_SCHEMA = {
    "type": "array",
    "items": record({"name": LINE, "image": TEXT, "labels": TEXT}, ("name", "image", "labels")),
}
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
    """One labelled volume."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class Dataset:
    """Labelled volumes, what the labels' values are called, where the folder says so, and, by name, why others are no
    case."""

    cases: tuple[Case, ...]
    label_names: dict[int, str]
    problems: dict[str, str] = field(default_factory=dict)


def find_dataset(folder) -> Dataset:
    """The labelled volumes of a folder: the Medical Segmentation Decathlon's or nnU-Net's layout (dataset.json,
    imagesTr, labelsTr), or the folders images and labels. Raises MedNCAError where there is nothing of the kind.
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


def _described(folder: Path) -> Dataset:
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
    return Dataset(tuple(cases), names, problems)


def pair_folders(images, labels) -> Dataset:
    """The labelled volumes of two folders, paired by name. Raises MedNCAError where there is none."""
    pairs, problems = pair_by_name(images, labels)
    return Dataset(tuple(Case(*pair) for pair in pairs), {}, problems)


def write_cases(cases, path: Path) -> None:
    """Where the cases lie, for a run that is resumed. It stays in the run's folder: a model holds no paths."""
    rows = [{"name": c.name, "image": str(c.image.resolve()), "labels": str(c.labels.resolve())} for c in cases]
    write_json(path, rows)


def read_cases(path: Path) -> list[Case]:
    """What `write_cases` wrote; raises MedNCAError where a file is gone."""
    rows = read_json(path, _CASES_SCHEMA)
    cases = [Case(row["name"], Path(row["image"]), Path(row["labels"])) for row in rows]
    for case in cases:
        for file in (case.image, case.labels):
            if not file.exists():
                raise MedNCAError(f"{case.name}: {file} is gone; put it back to go on.")
    return cases


def split(cases: list[Case], share: float, seed: int) -> dict[str, list[str]]:
    """A split by seed that is balanced over groups: names like prostate_UCL_01 are grouped by what stands before
    the number. Returns {"training": names, "validation": names}."""
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


def check_structures(cases, plan: Plan) -> None:
    """Raises MedNCAError where labels mark structures that lie farther apart than a field of view, each by a value of
    its own, such as left and right: a cell sees one of them at a time and cannot tell which."""
    for case in cases:
        labels = CanonicalImage.of(read_labels(case.labels))
        field = training_field(plan, Grid.whole(labels, plan.preprocessing.spacing).spacing)
        structures = separate(labels.array > 0, labels.spacing, field)
        values = [set(np.unique(labels.array[structure])) for structure in structures[1:] and structures]
        if any(each != values[0] for each in values):
            raise MedNCAError(
                f"{case.name}: its labels mark {len(structures)} structures by different values, farther apart than "
                "one field of view. Give them one value (each is then learned in a field of its own), or take a larger "
                "field."
            )


class CaseReader:
    """Reads cases onto the model's grid and keeps some of them, up to a bound in voxels."""

    def __init__(self, plan: Plan, bound: int = CACHED_VOXELS):
        self.plan = plan
        self.bound = bound
        self.cache: OrderedDict[str, list[tuple[np.ndarray, np.ndarray]]] = OrderedDict()

    def __call__(self, case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each separate structure of a case (`structures`), the largest first: image (R, A, S) float32 as it is, not
        normalized, and labels int16 as indices 0, 1, ... of plan.labels."""
        if case.name not in self.cache:
            self.cache[case.name] = self._read(case)
            while self._held() > self.bound and len(self.cache) > 1:
                self.cache.popitem(last=False)
        self.cache.move_to_end(case.name)
        return self.cache[case.name]

    def _held(self) -> int:
        return sum(image.size for windows in self.cache.values() for image, _labels in windows)

    def _read(self, case: Case):
        image, labels = read_image(case.image), read_labels(case.labels)
        check_same_grid(case.name, image, labels)
        canonical, label_view = CanonicalImage.of(image), CanonicalImage.of(labels)
        box = Grid.whole(canonical, self.plan.preprocessing.spacing)
        values = box.extract(label_view.array, nearest=True)
        indices = np.zeros(values.shape, dtype=np.int16)
        for number, label in enumerate(self.plan.labels, start=1):
            indices[values == label.value] = number
        resampled = box.extract(canonical.array)
        structures = separate(indices > 0, box.spacing, training_field(self.plan, box.spacing)) or [indices > 0]
        windows = [_around(structure, self.plan) for structure in structures]
        # Copies: a view would keep the whole volume in memory.
        return [(resampled[window].copy(), indices[window].copy()) for window in windows]


def training_field(plan: Plan, spacing) -> tuple[float, ...]:
    """mm (R, A, S) of a training sample on a grid of `spacing` mm."""
    return tuple(n * mm for n, mm in zip(plan.field_of_view, spacing, strict=True))


def _around(structure: np.ndarray, plan: Plan):
    """Slices of a case that is larger than a training sample with its room: around a structure, as by a click."""
    window = []
    for axis, (have, want, room) in enumerate(zip(structure.shape, plan.field_of_view, plan.padding, strict=True)):
        size = min(want + 2 * room, have)
        along = np.flatnonzero(structure.any(axis=tuple({0, 1, 2} - {axis})))
        middle = (along[0] + along[-1] + 1) // 2 if len(along) else have // 2
        start = min(max(middle - size // 2, 0), have - size)
        window.append(slice(start, start + size))
    return tuple(window)

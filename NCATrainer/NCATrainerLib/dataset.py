"""Labelled volumes on disk: pairing by name, the recorded split, and reading a case onto the model's grid."""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from MedNCALib.description import write_bytes
from MedNCALib.errors import MedNCAError
from MedNCALib.images import case_name, check_same_grid, find_images, pair_by_name, read_image, read_labels
from MedNCALib.space import Box, View

from .plan import Plan

CACHED_VOXELS = 64_000_000  # of images kept in memory, whatever the number of cases


@dataclass(frozen=True)
class Case:
    """One labelled volume."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class Dataset:
    """Labelled volumes and what the labels' values are called, where the folder says so."""

    cases: tuple[Case, ...]
    label_names: dict[int, str]


def find_dataset(folder) -> Dataset:
    """The labelled volumes of a folder: the Medical Segmentation Decathlon's or nnU-Net's layout (dataset.json,
    imagesTr, labelsTr), or the folders images and labels. Raises MedNCAError where there is nothing of the kind.
    """
    folder = Path(folder)
    if (folder / "dataset.json").is_file():
        return _described(folder)
    for images, labels in (("images", "labels"), ("imagesTr", "labelsTr")):
        if (folder / images).is_dir() and (folder / labels).is_dir():
            return Dataset(tuple(find_cases(folder / images, folder / labels)), {})
    raise MedNCAError(
        f"{folder} holds no data set: it needs the folders images and labels with the same file names in both, or "
        "dataset.json, imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them."
    )


def _described(folder: Path) -> Dataset:
    try:
        described = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        names = {}
        for key, value in described.get("labels", {}).items():  # Decathlon: "1": "name"; nnU-Net: "name": 1
            number, name = (int(key), str(value)) if str(key).isdigit() else (int(value), str(key))
            names[number] = name
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise MedNCAError(f"{folder / 'dataset.json'} cannot be understood: {error}.") from error
    names.pop(0, None)
    if "channel_names" in described or "modality" in described:
        channels = described.get("channel_names", described.get("modality"))
        if len(channels) != 1:
            raise MedNCAError(f"{folder} has {len(channels)} image channels a case; only one can be trained on so far.")
    images = {image.name: image for image in find_images(folder / "imagesTr")}
    cases = []
    for labels in find_images(folder / "labelsTr"):
        name = case_name(labels)
        ending = labels.name[len(name) :]
        image = images.get(labels.name) or images.get(f"{name}_0000{ending}")
        if image is None:
            raise MedNCAError(f"{labels} has no image of its name in {folder / 'imagesTr'}.")
        cases.append(Case(name, image, labels))
    if not cases:
        raise MedNCAError(f"{folder / 'labelsTr'} holds no label maps.")
    return Dataset(tuple(cases), names)


def find_cases(images, labels) -> list[Case]:
    """The labelled volumes of two folders, paired by name. Raises MedNCAError where one has no partner."""
    return [Case(*pair) for pair in pair_by_name(images, labels)]


def write_cases(cases, path: Path) -> None:
    """Where the cases lie, for a run that is resumed. It stays in the run's folder: a model holds no paths."""
    rows = [{"name": c.name, "image": str(c.image.resolve()), "labels": str(c.labels.resolve())} for c in cases]
    write_bytes(path, json.dumps(rows, indent=1).encode())


def read_cases(path: Path) -> list[Case]:
    """What `write_cases` wrote; raises MedNCAError where a file is gone."""
    try:
        rows = json.loads(path.read_text())
        cases = [Case(row["name"], Path(row["image"]), Path(row["labels"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MedNCAError(f"{path} cannot be read: {error}.") from error
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


class CaseReader:
    """Reads cases onto the model's grid and keeps some of them, up to a bound in voxels."""

    def __init__(self, plan: Plan, bound: int = CACHED_VOXELS):
        self.plan = plan
        self.bound = bound
        self.cache: OrderedDict[str, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def __call__(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Image (R, A, S) float32 as it is, not normalized, and labels int16 as indices 0, 1, ... of plan.labels."""
        if case.name not in self.cache:
            self.cache[case.name] = self._read(case)
            while sum(image.size for image, _ in self.cache.values()) > self.bound and len(self.cache) > 1:
                self.cache.popitem(last=False)
        self.cache.move_to_end(case.name)
        return self.cache[case.name]

    def _read(self, case: Case):
        image, labels = read_image(case.image), read_labels(case.labels)
        check_same_grid(case.name, image, labels)
        view, label_view = View.of(image), View.of(labels)
        box = Box.whole(view, self.plan.preprocessing.spacing)
        values = box.extract(label_view.array, nearest=True)
        indices = np.zeros(values.shape, dtype=np.int16)
        for number, label in enumerate(self.plan.labels, start=1):
            indices[values == label.value] = number
        window = _around_the_labels(indices, self.plan)
        # Copies: a view would keep the whole volume in memory.
        return box.extract(view.array)[window].copy(), indices[window].copy()


def _around_the_labels(indices, plan: Plan):
    """Slices of a case that is larger than a training sample with its room: around the labels, as by a click."""
    window = []
    for axis, (have, want, room) in enumerate(zip(indices.shape, plan.field_of_view, plan.room, strict=True)):
        size = min(want + 2 * room, have)
        along = np.flatnonzero(indices.any(axis=tuple({0, 1, 2} - {axis})))
        middle = (along[0] + along[-1] + 1) // 2 if len(along) else have // 2
        start = min(max(middle - size // 2, 0), have - size)
        window.append(slice(start, start + size))
    return tuple(window)

"""Labelled volumes on disk: pairing by name, the recorded split, and reading a case onto the model's grid."""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from MedNCALib.errors import MedNCAError
from MedNCALib.images import check_same_grid, pair_by_name, read_image, read_labels
from MedNCALib.space import Box, View

from .plan import Plan

CACHED_VOXELS = 64_000_000  # of images kept in memory, whatever the number of cases


@dataclass(frozen=True)
class Case:
    """One labelled volume."""

    name: str
    image: Path
    labels: Path


def find_cases(images, labels) -> list[Case]:
    """The labelled volumes of two folders, paired by name. Raises MedNCAError where one has no partner."""
    return [Case(*pair) for pair in pair_by_name(images, labels)]


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
        return box.extract(view.array), indices


def check_cases(cases: list[Case], plan: Plan, progress=None) -> None:
    """Read every case once, so that mistakes are told before hours of training, each with its name."""
    reader, seen = CaseReader(plan, bound=0), set()
    for done, case in enumerate(cases, start=1):
        seen |= set(np.unique(reader(case)[1]).tolist())
        if progress:
            progress(done, len(cases))
    missing = [label for number, label in enumerate(plan.labels, start=1) if number not in seen]
    if missing:
        raise MedNCAError(f"No case holds the label {missing[0].value} ({missing[0].name}) that the plan trains.")

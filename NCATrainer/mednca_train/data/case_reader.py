"""A case on the model's grid: read, resampled, cut around each of its structures. Not how samples are made of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np

from mednca.axes import bounding_box
from mednca.errors import MedNCAError
from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import check_same_grid, count_channels, read_image, read_labels
from mednca.imaging.structures import are_told_apart, separate

from ..plan.plan import Plan
from .cases import Case

CACHED_VOXELS = 64_000_000  # of images kept in memory, whatever the number of cases


def check_cases(cases: Iterable[Case], plan: Plan) -> None:
    """Whether a model can be made of cases by a plan, as far as can be told before hours are spent on it.

    Raises:
        MedNCAError: where a case has another number of channels, is smaller than a kernel, or its labels mark
            structures that lie farther apart than a field of view, each by a value of its own, such as left and right:
            a cell perceives one of them at a time and cannot tell which.
    """
    for case in cases:
        try:
            _check_case(case, plan)
        except MedNCAError as error:
            raise MedNCAError("{case}: {problem}", case=case.name, problem=error) from error


def _check_case(case: Case, plan: Plan) -> None:
    count, needed = count_channels(*case.channels), len(plan.preprocessing.channels)
    if count != needed:
        raise MedNCAError("It has {count} channel(s), and the plan is for {needed}.", count=count, needed=needed)
    labels = CanonicalImage.of(read_labels(case.labels))
    grid = Grid.whole(labels, plan.preprocessing.spacing)
    plan.architecture.check_size(grid.size)
    structures = separate(labels.array > 0, labels.spacing, training_field(plan, grid.spacing))
    if are_told_apart([set(np.unique(labels.array[structure]).tolist()) for structure in structures]):
        raise MedNCAError(
            "Its labels mark {count} structures by different values, farther apart than one field of view. Give them "
            "one value (each is then learned in a field of its own), or take a larger field.",
            count=len(structures),
        )


class CaseReader:
    """Reads cases onto the model's grid and keeps some of them, up to a bound in voxels."""

    def __init__(self, plan: Plan, bound: int = CACHED_VOXELS):
        self.plan = plan
        self.bound = bound
        self.cache: OrderedDict[str, list[tuple[np.ndarray, np.ndarray]]] = OrderedDict()

    def __call__(self, case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each separate structure of a case (`structures`), the largest first: image (R, A, S, channels) float32 as
        it is, not normalized, and labels (R, A, S) int16 as indices 0, 1, ... of plan.labels."""
        if case.name not in self.cache:
            self.cache[case.name] = self._read(case)
            while self._held() > self.bound and len(self.cache) > 1:
                self.cache.popitem(last=False)
        self.cache.move_to_end(case.name)
        return self.cache[case.name]

    def _held(self) -> int:
        return sum(image.size for windows in self.cache.values() for image, _labels in windows)

    def _read(self, case: Case):
        canonical, grid, indices, windows = _laid_out(case, self.plan)
        resampled = np.stack([grid.extract(channel) for channel in canonical.channels], axis=-1)
        # Copies: a view would keep the whole volume in memory.
        return [(resampled[window].copy(), indices[window].copy()) for window in windows]


def first_grid(case: Case, plan: Plan) -> tuple[CanonicalImage, Grid]:
    """Where the first of a case's arrays lies that `CaseReader` makes: on a grid inside the case's image."""
    canonical, grid, _indices, windows = _laid_out(case, plan)
    return canonical, grid.cut(windows[0])


def _laid_out(case: Case, plan: Plan):
    """A case's image, the model's grid in it, indices of plan.labels on that, and a window around each structure."""
    image, labels = read_image(*case.channels), read_labels(case.labels)
    check_same_grid(case.name, image, labels)
    canonical, canonical_labels = CanonicalImage.of(image), CanonicalImage.of(labels)
    grid = Grid.whole(canonical, plan.preprocessing.spacing)
    values = grid.extract(canonical_labels.array, nearest=True)
    indices = np.zeros(values.shape, dtype=np.int16)
    for number, label in enumerate(plan.labels, start=1):
        indices[values == label.value] = number
    structures = separate(indices > 0, grid.spacing, training_field(plan, grid.spacing)) or [indices > 0]
    return canonical, grid, indices, [_around(structure, plan) for structure in structures]


def training_field(plan: Plan, spacing: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """mm (R, A, S) of a training sample on a grid of `spacing` mm."""
    return tuple(n * mm for n, mm in zip(plan.field_of_view, spacing, strict=True))


def _around(structure: np.ndarray, plan: Plan):
    """Slices of a case that is larger than a training sample with its padding: around a structure, as by a click."""
    window = []
    shape = structure.shape
    middles = (bounding_box(structure).sum(0) + 1) // 2 if structure.any() else np.array(shape) // 2
    for have, want, padding, middle in zip(shape, plan.field_of_view, plan.padding, middles.tolist(), strict=True):
        size = min(want + 2 * padding, have)
        start = min(max(middle - size // 2, 0), have - size)
        window.append(slice(start, start + size))
    return tuple(window)

"""How good a model is on cases with known answers: hard Dice, HD95, NQM and the verdict, on native voxels.

What comes out is `scores`; which cases there are, and tables of them, are the callers' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .axes import triple
from .errors import MedNCAError
from .imaging.geometry import CanonicalImage
from .imaging.metrics import dice, hd95
from .imaging.reading import check_same_grid, read_image, read_labels
from .imaging.structures import are_told_apart, is_one_field, middle, separate
from .models.description import Label
from .models.weights import Model
from .result import Finding
from .scores import CaseScore
from .segment import segment_image


@dataclass(frozen=True, eq=False)
class Structure:
    """One structure of a label map, and how a person would ask for it.

    Attributes:
        clicks: one point in RAS mm; none where the image is one field of view.
        mask: bool (k, j, i), on the image's own voxels.
    """

    clicks: tuple[tuple[float, float, float], ...]
    mask: np.ndarray


def evaluate_case(
    name: str, image_paths: Sequence[Path], labels_path: str | Path, model: Model, members: int | None = None,
    seed: int | None = None, device: str = "auto", truth_values: Mapping[int, int] | None = None,
    union_only: bool = False,
) -> list[CaseScore]:  # fmt: skip
    """Measure a model on one case, structure by structure.

    An image of about the model's field of view is one structure. In a larger one each structure of the label map gets
    a click into its middle and is measured by itself; where every structure has label values of its own (1 the left,
    2 the right one), these tell structures apart, not parts, and the union alone is measured.

    Args:
        name: of the case.
        image_paths: of the image's channels.
        labels_path: of its label map, on the same grid.
        model: what is measured.
        members, seed, device: as of `segment.segment_image`.
        truth_values: a label's value in the model -> its value in the label map; labels that are not in it count
            nowhere. None: all of them, under the same value.
        union_only: every value of the label map is the organ, and the union alone is measured.

    Returns:
        A score for each structure, the largest first.

    Raises:
        MedNCAError: where the case cannot be measured.
    """
    image, truth = read_image(*image_paths), read_labels(labels_path)
    check_same_grid(name, image, truth)
    known = Truth(name, truth, model.labels, model.preprocessing.field_of_view, truth_values, union_only)
    scores = []
    for structure in known.structures:
        result = segment_image(
            image, model, structure.clicks, members=members, seed=seed, device=device, with_hotspots=False
        )
        scores.append(known.score(structure, sitk.GetArrayFromImage(result.labels), result.findings[0]))
    return scores


class Truth:
    """A label map that results are measured by, whatever made them.

    Args:
        name, truth, truth_values, union_only: as of `evaluate_case`.
        labels: those that results have.
        field: of view, mm along R, A, S, that parts structures.

    Raises:
        MedNCAError: as `structures_of`; or the label map has values, but none of those that count.

    Attributes:
        name: of the case.
        structures: the largest first.
    """

    def __init__(
        self, name: str, truth: sitk.Image, labels: Iterable[Label], field: tuple[float, float, float] | None,
        truth_values: Mapping[int, int] | None = None, union_only: bool = False,
    ):  # fmt: skip
        self.name, self._spacing, self._expected = name, truth.GetSpacing(), sitk.GetArrayFromImage(truth)
        self._labels = list(labels)
        self._values = truth_values or {label.value: label.value for label in self._labels}
        self._counted = values_in(truth) if union_only else list(self._values.values())
        if (others := values_in(truth)) and not set(others) & set(self._counted):
            raise MedNCAError(
                "Its label map holds none of the model's labels ({wanted}), but {others}.",
                wanted=", ".join(map(str, self._counted)), others=", ".join(map(str, others)),
            )  # fmt: skip
        self.structures = structures_of(field, truth, self._counted)
        values_of_each = [set(np.unique(self._expected[structure.mask])) for structure in self.structures]
        self._union_only = union_only or are_told_apart(values_of_each)

    def score(self, structure: Structure, found: np.ndarray, finding: Finding | None = None) -> CaseScore:
        """Measure a result.

        Args:
            structure: of `structures`, that was asked for.
            found: label values, (k, j, i), on the label map's voxels.
            finding: what the result says of itself; None of what has no light.

        Returns:
            Dice and HD95 (mm) on native voxels, NQM and color as the finding has them.
        """
        masks = {} if self._union_only else {
            label.name: (found == label.value, structure.mask & (self._expected == self._values[label.value]))
            for label in self._labels if label.value in self._values
        }  # fmt: skip
        masks = {name: (own, true) for name, (own, true) in masks.items() if true.any()}  # of others nothing overlaps
        masks["union"] = (found > 0 if self._union_only else np.isin(found, list(self._values)), structure.mask)
        return CaseScore(
            case=self.name,
            structure=self.structures.index(structure) + 1 if len(self.structures) > 1 else None,
            dice={key: dice(*pair) for key, pair in masks.items()},
            hd95_mm={key: hd95(*pair, self._spacing) for key, pair in masks.items()},
            nqm=finding.nqm["union"] if finding else None,
            predicted_dice=finding.verdict.predicted_dice if finding else None,
            verdict=finding.verdict.color if finding else "grey",
            clicked=bool(structure.clicks),
            uncounted=tuple(sorted({int(value) for value in np.unique(self._expected)} - {0, *self._counted})),
        )


def values_in(truth: sitk.Image) -> list[int]:
    """The values of a label map, without the background's, ascending."""
    return [int(value) for value in np.unique(sitk.GetArrayViewFromImage(truth)) if value]


def structures_of(
    field: tuple[float, float, float] | None, truth: sitk.Image, values: Iterable[int]
) -> list[Structure]:
    """The structures that a label map's voxels of some values make, as far as a model's field of view parts them.

    Args:
        field: of view, mm along R, A, S; None where every image is one.
        truth: the label map.
        values: of it, that count.

    Returns:
        The structures, the largest first; a single one in an image of about the field of view.

    Raises:
        MedNCAError: where there is none, so that nothing can be measured.
    """
    canonical = CanonicalImage.of(truth)
    mask = np.isin(canonical.array, list(values))
    if not mask.any():
        raise MedNCAError("Its label map holds none of the labels, so that there is nothing to measure.")
    if is_one_field(field, np.array(canonical.array.shape) * canonical.spacing):
        return [Structure((), _in_image(canonical, mask, truth))]
    parts = separate(mask, canonical.spacing, field)
    return [
        Structure((triple(float(x) for x in canonical.ras_of(middle(part))),), _in_image(canonical, part, truth))
        for part in parts
    ]


def _in_image(canonical: CanonicalImage, mask: np.ndarray, image: sitk.Image) -> np.ndarray:
    """A mask (R, A, S) on the image's own voxels, (k, j, i)."""
    restored = canonical.restore(mask.astype(np.uint8), image)
    return sitk.GetArrayFromImage(restored) > 0

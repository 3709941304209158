"""How good a model is on cases with known answers: hard Dice, HD95, NQM and the verdict, on native voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from .errors import MedNCAError
from .imaging.geometry import CanonicalImage
from .imaging.metrics import dice, hd95
from .imaging.reading import check_same_grid, read_image, read_labels
from .imaging.structures import is_one_field, middle, separate
from .models.weights import Model
from .segment import segment_image


@dataclass(frozen=True)
class Structure:
    """One structure of a label map, and how a person would ask for it.

    clicks: one RAS point, mm; none where the image is one field of view. mask: bool (k, j, i) of the image.
    """

    clicks: tuple[tuple[float, float, float], ...]
    mask: np.ndarray


def evaluate_case(
    name: str, image_path, labels_path, model: Model, members=None, seed=None, device="auto",
    truth_values: dict[int, int] | None = None, union_only: bool = False,
) -> list[dict]:  # fmt: skip
    """One case as plain data, a row for each of its structures.

    An image of about the model's field of view is one structure. In a larger one each structure of the label map gets
    a click into its middle and is measured by itself; where every structure has label values of its own (1 the left,
    2 the right one), these tell structures apart, not parts, and the union alone is measured.

    Of each row: case; structure (1, 2, ... the largest first; None for the only one); dice and hd95_mm per label name
    and "union"; nqm, predicted_dice, verdict, clicked; uncounted: values of the label map that the model does not know.
    truth_values: a label's value in the model -> its value in the label map; labels that are not in it count nowhere
    (default: all, under the same value). union_only: every value of the label map is the organ, and the union is
    measured. Raises MedNCAError where the case cannot be measured.
    """
    image, truth = read_image(image_path), read_labels(labels_path)
    check_same_grid(name, image, truth)
    wanted = sitk.GetArrayFromImage(truth)
    values = truth_values or {label.value: label.value for label in model.labels}
    counted = [int(value) for value in np.unique(wanted) if value] if union_only else list(values.values())
    found_structures = structures_of(model, truth, counted)
    told = [set(np.unique(wanted[structure.mask])) for structure in found_structures]
    union_only = union_only or any(one != told[0] for one in told)
    rows = []
    for number, structure in enumerate(found_structures, start=1):
        result = segment_image(image, model, structure.clicks, members=members, seed=seed, device=device)
        found = sitk.GetArrayFromImage(result.labels)
        masks = {} if union_only else {
            label.name: (found == label.value, structure.mask & (wanted == values[label.value]))
            for label in model.labels if label.value in values
        }  # fmt: skip
        masks["union"] = (found > 0 if union_only else np.isin(found, list(values)), structure.mask)
        finding = result.findings[0]
        rows.append({
            "case": name,
            "structure": number if len(found_structures) > 1 else None,
            "dice": {key: dice(*pair) for key, pair in masks.items()},
            "hd95_mm": {key: hd95(*pair, image.GetSpacing()) for key, pair in masks.items()},
            "nqm": finding.nqm["union"],
            "predicted_dice": finding.verdict.predicted_dice,
            "verdict": finding.verdict.color,
            "clicked": bool(structure.clicks),
            "uncounted": sorted({int(value) for value in np.unique(wanted)} - {0, *counted}),
        })  # fmt: skip
    return rows


def structures_of(model: Model, truth: sitk.Image, values) -> list[Structure]:
    """The structures that a label map's voxels of some values make, as far as the model sees them apart.

    Raises MedNCAError for a large image without any: nobody would know where to click.
    """
    canonical = CanonicalImage.of(truth)
    mask = np.isin(canonical.array, list(values))
    field = model.preprocessing.field_of_view
    if field is None or is_one_field(field, np.array(canonical.array.shape) * canonical.spacing):
        return [Structure((), _in_image(canonical, mask, truth))]
    parts = separate(mask, canonical.spacing, field)
    if not parts:
        raise MedNCAError("Its label map holds none of the labels, so that there is nothing to click on.")
    return [
        Structure((tuple(float(x) for x in canonical.ras_of(middle(part))),), _in_image(canonical, part, truth))
        for part in parts
    ]


def _in_image(canonical: CanonicalImage, mask: np.ndarray, image: sitk.Image) -> np.ndarray:
    restored = canonical.restore(mask.astype(np.uint8), image)
    return sitk.GetArrayFromImage(restored) > 0


def row_name(row: dict) -> str:
    """What a row of `evaluate_case` is called in tables."""
    return row["case"] if row["structure"] is None else f"{row['case']}, structure {row['structure']}"


def summarize(rows: list[dict]) -> dict:
    """Mean and spread over rows, of what all of them have."""
    summary: dict = {"cases": len({row["case"] for row in rows}), "structures": len(rows)}
    for measure in ("dice", "hd95_mm"):
        keys = [key for key in (rows[0][measure] if rows else {}) if all(key in row[measure] for row in rows)]
        columns = {key: [row[measure][key] for row in rows if row[measure][key] is not None] for key in keys}
        summary[measure] = {key: float(np.mean(column)) if column else None for key, column in columns.items()}
        summary[f"{measure}_sd"] = {key: float(np.std(column)) if column else None for key, column in columns.items()}
    summary["without_hd95"] = sum(row["hd95_mm"]["union"] is None for row in rows)  # nothing found: no distance
    quality = [row["nqm"] for row in rows if row["nqm"] is not None]
    summary["nqm"] = float(np.mean(quality)) if quality else None
    summary["verdicts"] = {
        color: sum(row["verdict"] == color for row in rows) for color in ("green", "amber", "red", "grey")
    }
    return summary

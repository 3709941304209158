"""How good a model is on cases with known answers: hard Dice, HD95, NQM and the verdict, on native voxels."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from .images import check_same_grid, read_image, read_labels
from .metrics import dice, hd95
from .model import Model
from .segment import is_one_field, segment_image
from .space import View


def evaluate_case(
    name: str, image_path, labels_path, model: Model, members=None, seed=None, device="auto",
    truth_values: dict[int, int] | None = None,
) -> dict:  # fmt: skip
    """One case as plain data: dice and hd95_mm per label name and "union", nqm, predicted_dice, verdict, clicked.

    truth_values: a label's value in the model -> its value in the truth; labels that are not in it count nowhere
    (default: all, under the same value).
    """
    values = truth_values or {label.value: label.value for label in model.labels}
    image, truth = read_image(image_path), read_labels(labels_path)
    check_same_grid(name, image, truth)
    clicks = truth_clicks(model, truth, values.values())
    result = segment_image(image, model, clicks, members=members, seed=seed, device=device)
    found = sitk.GetArrayViewFromImage(result.labels)
    wanted = sitk.GetArrayViewFromImage(truth)
    masks = {label.name: (found == label.value, wanted == values[label.value])
             for label in model.labels if label.value in values}  # fmt: skip
    masks["union"] = (np.isin(found, list(values)), np.isin(wanted, list(values.values())))
    finding = result.findings[0]
    return {
        "case": name,
        "dice": {key: dice(*pair) for key, pair in masks.items()},
        "hd95_mm": {key: hd95(*pair, image.GetSpacing()) for key, pair in masks.items()},
        "nqm": finding.nqm["union"],
        "predicted_dice": finding.verdict.predicted_dice,
        "verdict": finding.verdict.color,
        "clicked": bool(clicks),
    }


def truth_clicks(model: Model, truth: sitk.Image, values) -> list[tuple[float, float, float]]:
    """Where a person would click: in an image that is larger than the model's field of view, into the middle of the
    truth's voxels of some values (RAS mm). None where the image is one field of view, where the model takes whole
    images, or without truth."""
    view = View.of(truth)
    if model.preprocessing.field_of_view is None or is_one_field(model, np.array(view.array.shape) * view.spacing):
        return []
    mask = np.isin(view.array, list(values))
    if not mask.any():
        return []
    corners = [np.flatnonzero(mask.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))]
    return [tuple(float(x) for x in view.ras_of([corner.mean() for corner in corners]))]


def summarize(cases: list[dict]) -> dict:
    """Mean and spread over cases, of what each has."""
    summary: dict = {"cases": len(cases)}
    for measure in ("dice", "hd95_mm"):
        keys = cases[0][measure] if cases else {}
        columns = {key: [c[measure][key] for c in cases if c[measure][key] is not None] for key in keys}
        summary[measure] = {key: float(np.mean(column)) if column else None for key, column in columns.items()}
        summary[f"{measure}_sd"] = {key: float(np.std(column)) if column else None for key, column in columns.items()}
    summary["without_hd95"] = sum(c["hd95_mm"]["union"] is None for c in cases)  # nothing found: no distance
    quality = [c["nqm"] for c in cases if c["nqm"] is not None]
    summary["nqm"] = float(np.mean(quality)) if quality else None
    summary["verdicts"] = {
        color: sum(c["verdict"] == color for c in cases) for color in ("green", "amber", "red", "grey")
    }
    return summary

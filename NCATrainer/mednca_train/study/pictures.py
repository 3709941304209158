"""The best, the median and the worst case of a contender, as outlines: what a figure of Dice looks like."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import SimpleITK as sitk
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mednca.axes import bounding_box
from mednca.imaging.geometry import CanonicalImage

from .measure import Job, Result, results

_PLANES = (("sagittal", 0), ("coronal", 1), ("axial", 2))
_TRUE, _FOUND = "#56b4e9", "#e69f00"
_MARGIN = 15.0  # mm shown around the outlines


@dataclass(frozen=True)
class PictureJob:
    """A picture to be drawn.

    Attributes:
        title: of it.
        rows: what each row is called, what is measured for it, and which structure of that is shown.
    """

    title: str
    rows: tuple[tuple[str, Job, int | None], ...]


def draw(job: PictureJob) -> bytes:
    """Segment what a picture shows, and draw it: a row for each result, three planes through the structure's middle.

    Args:
        job: of `run._draw`.

    Returns:
        PNG.

    Raises:
        MedNCAError: where a case cannot be measured.
    """
    figure = Figure(figsize=(7.2, 2.6 * len(job.rows) + 0.5), facecolor="white", layout="constrained")
    grid = figure.subplots(len(job.rows), len(_PLANES), squeeze=False)
    for (name, measured, structure), line in zip(job.rows, grid, strict=True):
        (result,) = (each for each in results(measured) if each.row["structure"] == structure)
        _draw_row(line, result, f"{name}: {result.row['dice']['union']:.3f}")
    lines = [Line2D([], [], color=_TRUE, label="drawn by a person"), Line2D([], [], color=_FOUND, label="found")]
    figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(job.title, fontsize=11)
    data = BytesIO()
    figure.savefig(data, dpi=90, format="png", metadata={"Software": None})
    return data.getvalue()


def _draw_row(line, result: Result, name: str) -> None:
    image = CanonicalImage.of(result.image)
    true, found = (_canonical(mask, result.image) for mask in (result.truth, result.found))
    middle = np.argwhere(true).mean(0).round().astype(int) if true.any() else np.array(true.shape) // 2
    first, last = bounding_box(true | found) if (true | found).any() else (middle, middle)
    window = []
    for axis in range(3):
        margin = round(_MARGIN / image.spacing[axis])
        window.append(slice(max(first[axis] - margin, 0), last[axis] + 1 + margin))
    gray = np.percentile(image.array[tuple(window)], (1, 99))
    for axes, (plane, axis) in zip(line, _PLANES, strict=True):
        index = [*window]
        index[axis] = int(middle[axis])
        across, up = (each for each in range(3) if each != axis)
        picture = image.array[tuple(index)].T
        shape = {"origin": "lower", "aspect": image.spacing[up] / image.spacing[across]}
        axes.imshow(picture, cmap="gray", vmin=gray[0], vmax=gray[1], interpolation="nearest", **shape)
        for mask, color in ((true, _TRUE), (found, _FOUND)):
            cut = mask[tuple(index)].T
            if cut.any() and min(cut.shape) > 1:  # a contour needs an area
                axes.contour(cut.astype(float), levels=[0.5], colors=[color], linewidths=1.3)
        axes.invert_xaxis()  # the patient's right on the left; sagittal planes look toward it
        axes.set(xticks=[], yticks=[])
        axes.set_title(plane if axis else f"{name}, {plane}", fontsize=8, loc="left")


def _canonical(mask: np.ndarray, image: sitk.Image) -> np.ndarray:
    """(R, A, S) of a mask (k, j, i)."""
    there = sitk.GetImageFromArray(mask.astype(np.uint8))
    there.CopyInformation(image)
    return CanonicalImage.of(there).array > 0

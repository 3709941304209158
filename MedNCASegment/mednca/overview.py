"""One picture of a result for people: three planes through each finding, outlines, variance and the verdict.

Drawn by matplotlib without a display. It shows what a result says, and computes nothing of its own.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from textwrap import fill

import numpy as np
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .axes import Box, triple
from .files import write_bytes
from .imaging.geometry import CanonicalImage
from .models.description import Label
from .models.weights import Model
from .quality.verdict import COLORS
from .result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Finding, Segmentation

# name, axis it cuts, axes shown (across, up), letters at the left, right, top and bottom: the radiological
# convention, the patient's right on the left of the picture; sagittal planes look toward the patient's right
_PLANES = (("Sagittal", 0, (1, 2), "APSI"), ("Coronal", 1, (0, 2), "RLSI"), ("Axial", 2, (0, 1), "RLAP"))
_MARGIN = 6.0  # mm shown around a field of view


def draw_overview(image: sitk.Image, result: Segmentation, model: Model, path: str | Path) -> Path:
    """Write the picture of a result, two rows of planes for each finding: labels, then variance.

    Args:
        image: the one that was segmented.
        result: of it.
        model: whose labels have names and colors.
        path: of the PNG.

    Returns:
        The path.

    Raises:
        MedNCAError: where it cannot be written.
    """
    canonical = CanonicalImage.of(image)
    labels, variance = (CanonicalImage.of(part).array for part in (result.labels, result.variance))
    rows = 2 * len(result.findings)
    figure = Figure(figsize=(13, 3.5 * rows), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(rows, 4, width_ratios=(1.25, 1, 1, 0.95))
    for number, finding in enumerate(result.findings):
        center = np.clip(
            np.round(canonical.index_of(finding.center)).astype(int), 0, np.array(canonical.array.shape) - 1
        )
        window = _window(canonical, finding, center)
        gray = np.percentile(canonical.array[window], (1, 99))
        for column, plane in enumerate(_PLANES):
            plain = figure.add_subplot(grid[2 * number, column])
            unsure = figure.add_subplot(grid[2 * number + 1, column])
            _show(plain, canonical, window, center, plane, gray)
            _outline(plain, labels, window, center, canonical, plane, model)
            _show(unsure, canonical, window, center, plane, gray)
            overlay = _overlay(unsure, variance, window, center, canonical, plane)
            for axes, title in ((plain, plane[0]), (unsure, f"{plane[0]}, variance")):
                axes.set_title(title, fontsize=11)
                _turn(axes, plane)
        bar = figure.colorbar(overlay, ax=unsure, fraction=0.05, pad=0.03)
        bar.set_label("Variance of the members' probabilities", fontsize=9)
        _words(figure.add_subplot(grid[2 * number : 2 * number + 2, 3]), finding, number, result, model)
    picture = BytesIO()
    figure.savefig(picture, dpi=100, format="png")
    write_bytes(path, picture.getvalue())
    return Path(path)


def _window(canonical: CanonicalImage, finding: Finding, center: np.ndarray) -> Box:
    """The part of the image that is shown: the field of view and a margin."""
    window = []
    for axis in range(3):
        half = (finding.field_of_view[axis] / 2 + _MARGIN) / canonical.spacing[axis]
        low = max(int(center[axis] - half), 0)
        high = min(int(np.ceil(center[axis] + half)) + 1, canonical.array.shape[axis])
        window.append(slice(low, high))
    return triple(window)


def _plane(array, window, center, plane):
    """The part of an array that one picture shows, (up, across)."""
    _, axis, (_across, _up), _ = plane
    index = list(window)
    index[axis] = int(center[axis])
    return array[tuple(index)].T


def _extent(window, canonical: CanonicalImage, plane):
    """Its left, right, bottom and top, mm."""
    _, _, (across, up), _ = plane
    return [
        bound
        for axis in (across, up)
        for bound in (window[axis].start * canonical.spacing[axis], window[axis].stop * canonical.spacing[axis])
    ]


def _turn(axes, plane):
    """The patient's right on the left, and letters at the sides."""
    axes.invert_xaxis()
    axes.set_xticks([])
    axes.set_yticks([])
    left, right, top, bottom = plane[3]
    style = {"color": "#ffd54a", "fontsize": 9, "transform": axes.transAxes, "weight": "bold"}
    axes.text(0.02, 0.5, left, va="center", **style)
    axes.text(0.98, 0.5, right, va="center", ha="right", **style)
    axes.text(0.5, 0.98, top, va="top", ha="center", **style)
    axes.text(0.5, 0.02, bottom, va="bottom", ha="center", **style)


def _show(axes, canonical, window, center, plane, gray):
    picture, extent = _plane(canonical.array, window, center, plane), _extent(window, canonical, plane)
    low, high = gray
    axes.imshow(picture, cmap="gray", vmin=low, vmax=high, origin="lower", extent=extent, interpolation="nearest")


def _outline(axes, labels, window, center, canonical, plane, model):
    picture = _plane(labels, window, center, plane)
    extent = _extent(window, canonical, plane)
    for label in model.labels:
        mask = (picture == label.value).astype(float)
        if mask.any() and min(mask.shape) > 1:  # a contour needs an area
            axes.contour(mask, levels=[0.5], colors=[_shade(label)], linewidths=1.6, extent=extent, origin="lower")


def _shade(label: Label) -> tuple[float, float, float]:
    """A label's color as matplotlib takes it: r, g, b from 0 to 1."""
    return triple(c / 255 for c in label.color)


def _overlay(axes, variance, window, center, canonical, plane):
    picture = _plane(variance, window, center, plane)
    return axes.imshow(
        np.ma.masked_less(picture, VARIANCE_SHOWN_FROM), cmap="plasma", vmin=0, vmax=VARIANCE_LIMIT, alpha=0.9,
        origin="lower", extent=_extent(window, canonical, plane), interpolation="nearest",
    )  # fmt: skip


def _words(axes, finding: Finding, number: int, result: Segmentation, model: Model):
    axes.axis("off")
    verdict = finding.verdict
    where = "Whole image"
    if finding.click:
        side = f"{finding.side.capitalize()}: c" if finding.side else "C"
        where = f"{side}lick {number + 1} at {', '.join(f'{x:.0f}' for x in finding.click)} mm"
    axes.text(0, 0.99, where, fontsize=12, weight="bold", va="top")
    axes.scatter([0.05], [0.88], s=420, color=COLORS[verdict.color], transform=axes.transAxes, clip_on=False)
    axes.text(0.14, 0.88, verdict.word, fontsize=13, weight="bold", va="center")
    lines = [fill(sentence, 38) for sentence in (verdict.reason, *finding.remarks)] + [""]
    lines += [f"{name}: {volume / 1000:.2f} ml" for name, volume in finding.volume_mm3.items() if name != "union"]
    lines += [f"Together: {finding.volume_mm3['union'] / 1000:.2f} ml", ""]
    if finding.nqm["union"] is not None:
        lines += [f"NQM {finding.nqm['union']:.3f} (lower is steadier)"]
    lines += [f"{result.report.members} members, seed {result.report.seed}", "", model.name]
    axes.text(0, 0.79, "\n".join(lines), fontsize=10, va="top", linespacing=1.45)
    handles = [Line2D([], [], color=_shade(label), lw=2, label=label.name) for label in model.labels]
    axes.legend(handles=handles, loc="lower left", fontsize=10, frameon=False, borderaxespad=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)

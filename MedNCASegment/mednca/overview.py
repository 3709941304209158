"""One picture of a result for people: three planes through each finding, outlines, variance and the verdict.

Drawn by matplotlib without a display, on one pair of axes in pixels: axes of their own for every plane take longer than
the ensemble. It shows what a result says, and computes nothing of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .axes import Box, triple
from .files import write_bytes
from .imaging.geometry import CanonicalImage
from .models.description import Label
from .quality.signals import SIGNALS
from .quality.verdict import COLORS
from .result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Finding, Report, Segmentation

_UNSURE = LinearSegmentedColormap.from_list("unsure", ["#ff0000", "#ff00ff"])  # as in Slicer (`MedNCASegmentLib.maps`)
# name, axis it cuts, axes shown (across, up), letters at the left, right, top and bottom: the radiological
# convention, the patient's right on the left of the picture; sagittal planes look toward the patient's right
_PLANES = (("Sagittal", 0, (1, 2), "APSI"), ("Coronal", 1, (0, 2), "RLSI"), ("Axial", 2, (0, 1), "RLAP"))
_MARGIN = 6.0  # mm shown around a field of view
_DPI, _WIDTH, _ROW = 100, 1360, 350  # pixels; a finding has two rows
_COLUMNS = ((0, 380), (380, 310), (690, 310))  # left, width of the planes' cells
_BAR, _WORDS = 1020, 1085  # left of what stands beside them
_TITLE, _LETTER = 26, 18  # pixels above a plane, and at its sides


@dataclass(frozen=True)
class _Scene:
    """What is shown of a finding: the image's part through a place, both indices (R, A, S) of the canonical image."""

    canonical: CanonicalImage
    center: np.ndarray
    window: Box

    def plane(self, array: np.ndarray, plane: tuple) -> np.ndarray:
        """The part of an array that one picture shows, (up, across), the patient's right, or front, first."""
        _, axis, _shown, _letters = plane
        index: list[slice | int] = list(self.window)
        index[axis] = int(self.center[axis])
        return array[tuple(index)].T[:, ::-1]

    def extent(self, plane: tuple, left: float, bottom: float, width: float, height: float) -> list[float]:
        """Where it is drawn within a cell, as large as it fits: left, right, bottom and top, pixels."""
        sizes = [(self.window[axis].stop - self.window[axis].start) * self.canonical.spacing[axis] for axis in plane[2]]
        scale = min(width / sizes[0], height / sizes[1])
        across, up = (scale * size / 2 for size in sizes)
        x, y = left + width / 2, bottom + height / 2
        return [x - across, x + across, y - up, y + up]


def draw_overview(result: Segmentation, path: str | Path) -> Path:
    """Write the picture of a result, two rows of planes for each finding: labels, then variance.

    Args:
        result: what is shown; its report's model says the labels' names and colors.
        path: of the PNG.

    Returns:
        The path.

    Raises:
        MedNCAError: where it cannot be written.
    """
    with rc_context({"text.parse_math": False}):  # names may hold dollar signs
        picture = _picture(result)
    write_bytes(path, picture)
    return Path(path)


def _picture(result: Segmentation) -> bytes:
    """The PNG."""
    canonical, model = CanonicalImage.of(result.image), result.report.model
    labels, variance = (CanonicalImage.of(part).array for part in (result.labels, result.variance))
    height = 2 * _ROW * len(result.findings)
    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, _WIDTH), ylim=(0, height), autoscale_on=False)
    axes.set_axis_off()
    for number, finding in enumerate(result.findings):
        top = height - 2 * _ROW * number
        scene = _scene(canonical, finding)
        low, high = np.percentile(canonical.array[scene.window], (1, 99))
        for (left, width), plane in zip(_COLUMNS, _PLANES, strict=True):
            for row, title in enumerate((plane[0], f"{plane[0]}, variance")):
                cell = (left + _LETTER, top - _ROW * (row + 1) + _LETTER)
                size = (width - 2 * _LETTER, _ROW - _TITLE - 2 * _LETTER)
                extent = scene.extent(plane, *cell, *size)
                picture = scene.plane(canonical.array, plane)
                axes.imshow(picture, cmap="gray", vmin=low, vmax=high, **_placed(extent))
                if row == 0:
                    _outline(axes, scene.plane(labels, plane), extent, model.labels)
                else:
                    _overlay(axes, scene.plane(variance, plane), extent)
                _name(axes, extent, title, plane[3])
        _bar(axes, top - 2 * _ROW)
        _words(axes, top, finding, number, result.report)
    picture = BytesIO()
    figure.savefig(picture, dpi=_DPI, format="png", pil_kwargs={"compress_level": 3})
    return picture.getvalue()


def _scene(canonical: CanonicalImage, finding: Finding) -> _Scene:
    """Through a finding's center: the field of view and a margin."""
    shape = canonical.array.shape
    center = np.clip(np.round(canonical.index_of(finding.center)).astype(int), 0, np.array(shape) - 1)
    window = []
    for axis in range(3):
        half = (finding.field_of_view[axis] / 2 + _MARGIN) / canonical.spacing[axis]
        low = max(int(center[axis] - half), 0)
        high = min(int(np.ceil(center[axis] + half)) + 1, shape[axis])
        window.append(slice(low, high))
    return _Scene(canonical, center, triple(window))


def _placed(extent: list[float]) -> dict:
    return {"origin": "lower", "extent": extent, "interpolation": "nearest", "aspect": "auto"}


def _outline(axes: Axes, picture: np.ndarray, extent: list[float], shown: tuple[Label, ...]) -> None:
    for label in shown:
        mask = (picture == label.value).astype(float)
        if mask.any() and min(mask.shape) > 1:  # a contour needs an area
            axes.contour(mask, levels=[0.5], colors=[_shade(label)], linewidths=1.6, extent=extent, origin="lower")


def _shade(label: Label) -> tuple[float, float, float]:
    """A label's color as matplotlib takes it: r, g, b from 0 to 1."""
    return triple(c / 255 for c in label.color)


def _overlay(axes: Axes, picture: np.ndarray, extent: list[float]) -> None:
    shown = np.ma.masked_less(picture, VARIANCE_SHOWN_FROM)
    axes.imshow(shown, cmap=_UNSURE, vmin=0, vmax=VARIANCE_LIMIT, alpha=0.9, **_placed(extent))


def _name(axes: Axes, extent: list[float], title: str, letters: str) -> None:
    """A picture's name above it, and the letters of its sides."""
    left, right, bottom, top = extent
    x, y, half = (left + right) / 2, (bottom + top) / 2, _LETTER / 2
    axes.text(x, top + _LETTER + 2, title, fontsize=11, ha="center")
    places = ((left - half, y), (right + half, y), (x, top + half), (x, bottom - half))
    for letter, place in zip(letters, places, strict=True):
        axes.text(*place, letter, fontsize=8, color="#555555", ha="center", va="center")


def _bar(axes: Axes, bottom: float) -> None:
    """What the variance's colors mean."""
    low, high = bottom + 2 * _LETTER, bottom + _ROW - _TITLE - 2 * _LETTER
    axes.imshow(np.linspace(0, 1, 128)[:, None], cmap=_UNSURE, **_placed([_BAR, _BAR + 12, low, high]))
    for share in (0.0, 0.5, 1.0):
        axes.text(_BAR + 16, low + share * (high - low), f"{share * VARIANCE_LIMIT:.3g}", fontsize=8, va="center")
    axes.text(_BAR - 8, (low + high) / 2, "Variance of the members", fontsize=8, rotation=90, ha="center", va="center")


def _words(axes: Axes, top: float, finding: Finding, number: int, report: Report) -> None:
    verdict = finding.verdict
    where = "Whole image"
    if finding.click:
        side = f"{finding.side.capitalize()}: c" if finding.side else "C"
        where = f"{side}lick {number + 1} at\n{', '.join(f'{x:.0f}' for x in finding.click)} mm"
    axes.text(_WORDS, top - 14, where, fontsize=11, weight="bold", va="top")
    axes.scatter([_WORDS + 9], [top - 80], s=180, color=COLORS[verdict.color])
    axes.text(_WORDS + 26, top - 80, verdict.word, fontsize=11, weight="bold", va="center")
    lines = [fill(sentence, 36) for sentence in (verdict.reason, *finding.remarks)] + [""]
    lines += [f"{name}: {volume / 1000:.2f} ml" for name, volume in finding.volume_mm3.items() if name != "union"]
    lines += [f"Together: {finding.volume_mm3['union'] / 1000:.2f} ml", ""]
    if finding.nqm["union"] is not None:
        lines += [f"NQM {finding.nqm['union']:.3f} (lower is steadier)"]
    if verdict.signal not in (None, "nqm"):
        title = SIGNALS[verdict.signal].title or verdict.signal
        lines += [fill(f"The verdict goes by {title}: {finding.signals[verdict.signal]:.3f}", 36)]
    lines += [f"{report.members} members, seed {report.seed}", "", report.model.name]
    axes.text(_WORDS, top - 110, "\n".join(lines), fontsize=9, va="top", linespacing=1.45)
    for place, label in enumerate(reversed(report.model.labels)):
        y = top - 2 * _ROW + 20 + 22 * place
        axes.plot([_WORDS, _WORDS + 24], [y, y], color=_shade(label), linewidth=2)
        axes.text(_WORDS + 32, y, label.name, fontsize=9, va="center")

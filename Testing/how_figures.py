"""The figures of docs/how-it-works.md: what a bundled model does in the MNI152 head, drawn of its own numbers.

    python Testing/how_figures.py

Run it by `make figures`, then look at what it made: docs/how-it-works-*.png. The calibration's curves are those of the
model's model.json, so that they are drawn anew where the model is.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from demo import CLICKS, MODEL, ROOT
from mednca.axes import triple, whole
from mednca.field import Field, first_grid, kept_labels
from mednca.imaging.reading import read_image
from mednca.locate import locate
from mednca.models.library import Library
from mednca.models.weights import Model
from mednca.nca.ensemble import Statistics
from mednca.nca.pyramid import pool
from mednca.nca.tensors import to_numpy, to_tensor
from mednca.quality.calibration import CONTEXTS, CROP, SCAN, Curve
from mednca.quality.verdict import COLORS, DEFAULT_TARGET
from mednca.result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Finding
from mednca.segment import new_request, segment_image
from mednca_train.model.samples import samples_of

DOCS = ROOT / "docs"
MEMBERS, SHOWN = 10, 4  # members that run, and those that have a picture of their own
STEPS = (1, 3, 6, 10)  # of each level that are shown
# As in Slicer: what a run says while it grows, and where the runs disagree.
_GROWTH = LinearSegmentedColormap.from_list("growth", ["#00ffff", "#00ff00"])
_UNSURE = LinearSegmentedColormap.from_list("unsure", ["#ff0000", "#ff00ff"])
_PERCENTS = {0.1: "10 %", 0.5: "50 %", 1.0: "100 %"}  # probabilities, from the least that is drawn
_OUTLINE, _CURVE, _MARK = "#ffd84d", "#10307c", "#7b2d8b"
_PLACED = {"origin": "lower", "interpolation": "nearest", "extent": (0, 1, 0, 1), "aspect": "auto"}
_WHERE = {CROP: "Image of about one field of view", SCAN: "Click in a whole brain"}
_SIGNALS = {"nqm": "NQM: how much the runs disagree on and near the result"}


def main() -> None:
    """All three."""
    image, model = mni152(), Library().load(MODEL)
    field = field_of(image, model)
    statistics = field.run(MEMBERS)
    look = Look.of(field, statistics)
    draw_pyramid(field, look).savefig(DOCS / "how-it-works-pyramid.png", dpi=110)
    draw_ensemble(statistics, look).savefig(DOCS / "how-it-works-ensemble.png", dpi=110)
    (finding,) = segment_image(image, model, CLICKS[:1], members=MEMBERS).findings
    draw_light(model, finding).savefig(DOCS / "how-it-works-light.png", dpi=110)
    for path in sorted(DOCS.glob("how-it-works-*.png")):
        print(f"Made {path.name}; look at it.")


def mni152() -> sitk.Image:
    """The template that nilearn carries."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        from nilearn.datasets import load_mni152_template

        path = Path(folder) / "MNI152.nii.gz"
        load_mni152_template(resolution=1).to_filename(path)
        return read_image(path)


def field_of(image: sitk.Image, model: Model) -> Field:
    """The field of view that a click on the left hippocampus comes to."""
    request = new_request(image, model, MEMBERS, None, "cpu", DEFAULT_TARGET, None, None, None)
    return locate(request, first_grid(request, CLICKS[0]), CLICKS[0])[0]


@dataclass(frozen=True)
class Look:
    """How a field is looked at: the sagittal plane in which most of the structure lies, in front at the left.

    Attributes:
        image: normalized, (R, A, S).
        plane: along R.
        kept: the piece that is kept, bool (R, A, S).
    """

    image: np.ndarray
    plane: int
    kept: np.ndarray

    @classmethod
    def of(cls, field: Field, statistics: Statistics) -> Look:
        """Of a field and what its ensemble says there, all of it."""
        kept = kept_labels(field.request.model, statistics, is_single=True)[0] > 0
        return cls(field.ensemble.image[..., 0], int(kept.sum((1, 2)).argmax()), kept)

    def cut(self, array: np.ndarray) -> np.ndarray:
        """(up, across) of an array (R, A, S) of the field's voxels, or of coarser ones."""
        return array[self.plane * array.shape[0] // self.image.shape[0]].T[:, ::-1]


def draw_pyramid(field: Field, look: Look) -> Figure:
    """The image as each level sees it, and what the first member says after some of its steps there."""
    levels = field.request.model.architecture.levels
    said: list[list[np.ndarray]] = [[] for _ in levels]
    for level, probability, has_fired in field.ensemble.each_step(0):
        said[level].append(np.where(has_fired, probability, 0))
    figure = _figure(width=11, height=1.95 * len(levels) + 0.3)
    grid = figure.subplots(len(levels), 1 + len(STEPS), squeeze=False)
    for line, level, steps in zip(grid, levels, said, strict=True):
        seen = to_numpy(pool(to_tensor(look.image[None, ..., None]), level.scale)[0, ..., 0])
        _gray(line[0], look, f"Image, {level.scale[0] * field.grid.spacing[0]:g} mm voxels", seen)
        for axes, number in zip(line[1:], STEPS, strict=True):
            _gray(axes, look, f"After {_steps(number)} of {len(steps)}", seen)
            drawn = _probability(axes, look.cut(steps[number - 1]))
    _letters(grid[0, 0])
    bar = figure.colorbar(drawn, ax=grid, shrink=0.6, ticks=list(_PERCENTS), label="probability of hippocampus")
    bar.ax.set_yticklabels(_PERCENTS.values())
    return figure


def draw_ensemble(statistics: Statistics, look: Look) -> Figure:
    """Some members' masks; then all outlines together, the mean, the variance, and what is kept."""
    masks = [look.cut(mask) for mask in statistics.members_masks(whole(look.image.shape))]
    figure = _figure(width=11, height=5.2)
    grid = figure.subplots(2, SHOWN)
    for number, (axes, mask) in enumerate(zip(grid[0], masks, strict=False), start=1):
        _gray(axes, look, f"Run {number} of {len(masks)}")
        _contour(axes, mask, width=1.8)
    every, mean, variance, result = grid[1]
    _gray(every, look, f"All {len(masks)} outlines")
    for mask in masks:
        _contour(every, mask, width=0.8)
    _gray(mean, look, "Mean of the runs")
    _bar(figure, mean, _probability(mean, look.cut(statistics.means[..., -1])), _PERCENTS)
    _gray(variance, look, "Variance: where they disagree")
    shown = np.ma.masked_less(look.cut(statistics.variances[..., -1]), VARIANCE_SHOWN_FROM)
    drawn = variance.imshow(shown, cmap=_UNSURE, vmin=0, vmax=VARIANCE_LIMIT, alpha=0.9, **_PLACED)
    _bar(figure, variance, drawn, {0: "0, agreed", VARIANCE_LIMIT: f"{VARIANCE_LIMIT:g}, split"})
    _gray(result, look, "The result")
    _contour(result, look.cut(look.kept), width=1.8)
    _letters(grid[0, 0])
    return figure


def draw_light(model: Model, finding: Finding) -> Figure:
    """The calibration's curves, what they were made of, and where each light begins for the standard target.

    Args:
        model: with a calibration.
        finding: a result that is drawn in, where the context is its own.
    """
    told = finding.verdict
    assert told.predicted_dice is not None and told.low is not None and told.high is not None, told.reason
    ends = [[told.predicted_dice - told.low], [told.high - told.predicted_dice]]
    samples, _tried = samples_of(model.info["quality"]["samples"])
    figure = _figure(width=11, height=5.2)
    panels = figure.subplots(1, len(CONTEXTS), sharey=True)
    for axes, context in zip(panels, CONTEXTS, strict=True):
        curve = model.calibration.curve(context)
        _draw_curve(axes, curve)
        used = [each for each in samples if each.context == context and each.objection is None]
        signals, dice = [each.signals[curve.signal] for each in used], [each.dice for each in used]
        axes.scatter(signals, dice, s=4, color="#222222", alpha=0.3, linewidths=0)
        if context == finding.context:
            axes.errorbar(finding.signals[curve.signal], told.predicted_dice, ends, color=_MARK, fmt="o", capsize=4)
        axes.set_title(f"{_WHERE[context]}: {curve.samples:,} results", fontsize=11)
    panels[0].set_ylabel("Dice: overlap with an expert's drawing")
    share = f"{100 * model.calibration.coverage:.0f} %"
    legend = [
        Line2D([], [], marker="o", linestyle="", color="#222222", markersize=3, label="a result with a known answer"),
        Line2D([], [], color=_CURVE, linewidth=2, label="expected Dice"),
        Patch(facecolor=_pale(_CURVE), edgecolor=_CURVE, label=f"interval, meant to hold {share} of results"),
        Line2D([], [], color="black", linewidth=1, linestyle="--", label=f"target Dice {DEFAULT_TARGET:g}"),
        Line2D([], [], marker="o", color=_MARK, label="the result of the pictures above"),
        *(Patch(color=_pale(COLORS[color]), label=f"{color} light") for color in ("green", "amber", "red")),
    ]
    figure.legend(handles=legend, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _draw_curve(axes: Axes, curve: Curve) -> None:
    """Expected Dice and its interval, on the colors of the lights."""
    x = np.linspace(0, curve.knots[-1], 4000)
    dice, low, high = (np.interp(x, curve.knots, ends) for ends in (curve.dice, curve.low, curve.high))
    axes.axvspan(0, x[-1], color=_pale(COLORS["red"]))
    for color, reaches in (("amber", dice >= DEFAULT_TARGET), ("green", low >= DEFAULT_TARGET)):
        if reaches.any():
            axes.axvspan(0, x[reaches][-1], color=_pale(COLORS[color]))
    axes.fill_between(x, low, high, color=_CURVE, alpha=0.16, linewidth=0)
    for end in (low, high):
        axes.plot(x, end, color=_CURVE, linewidth=0.8)
    axes.plot(x, dice, color=_CURVE, linewidth=2.2)
    axes.axhline(DEFAULT_TARGET, color="black", linewidth=1, linestyle="--")
    axes.set(xlim=(0, x[-1]), ylim=(0, 1), xlabel=_SIGNALS.get(curve.signal, curve.signal))


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), facecolor="white", layout="constrained")


def _steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number} steps"


def _gray(axes: Axes, look: Look, title: str, seen: np.ndarray | None = None) -> None:
    """The image, or what a level sees of it, (R, A, S)."""
    low, high = np.percentile(look.image, (1, 99.5))
    picture = look.cut(look.image if seen is None else seen)
    axes.imshow(picture, cmap="gray", vmin=low, vmax=high, **_PLACED)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=10)
    axes.set_box_aspect(look.image.shape[2] / look.image.shape[1])  # the model's voxels are cubes


def _probability(axes: Axes, picture: np.ndarray) -> AxesImage:
    least, most = min(_PERCENTS), max(_PERCENTS)
    shown = np.ma.masked_less(picture, least)
    return axes.imshow(shown, cmap=_GROWTH, vmin=least, vmax=most, alpha=0.75, **_PLACED)


def _contour(axes: Axes, mask: np.ndarray, width: float) -> None:
    if mask.any():
        axes.contour(mask.astype(float), levels=[0.5], colors=[_OUTLINE], linewidths=width, extent=(0, 1, 0, 1))


def _bar(figure: Figure, axes: Axes, drawn: AxesImage, ticks: dict[float, str]) -> None:
    """What colors mean, below a picture."""
    bar = figure.colorbar(drawn, cax=axes.inset_axes((0.1, -0.13, 0.8, 0.06)), orientation="horizontal")
    bar.set_ticks(list(ticks), labels=list(ticks.values()), fontsize=8)


def _letters(axes: Axes) -> None:
    """Those of the sides, which are the same in every picture here."""
    for letter, place in (("A", (0.05, 0.5)), ("P", (0.95, 0.5)), ("S", (0.5, 0.92)), ("I", (0.5, 0.08))):
        text = axes.text(*place, letter, color="white", fontsize=10, ha="center", va="center")
        text.set_path_effects([withStroke(linewidth=2, foreground="black")])


def _pale(color: str) -> str:
    """A color to draw on."""
    return to_hex(triple(0.76 + 0.24 * part for part in to_rgb(color)))


if __name__ == "__main__":
    main()

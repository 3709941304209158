"""The picture of a good data set in the trainer's panel, drawn of phantoms: no patient is in it, and no work of others.

Run it by `python Testing/good_data_set.py`, then look at what it made. It has no words but file names, as it is not
translated, and a ground of its own, so that it is read in a light panel and in a dark one.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from phantoms import ellipsoid

OUT = Path(__file__).resolve().parents[1] / "NCATrainer" / "Resources" / "NCATrainerGoodDataSet.png"
SIZE, DPI = (248, 290), 100  # pixels: less than a panel of 350 leaves
GROUND, TEXT, FAINT = "#1f262b", "#e8edf0", "#8fa0aa"
COLORS = np.array([(0, 0, 0), (241, 214, 64), (64, 156, 255)]) / 255
EDGE = 64


def case(seed):
    """A slice of a noisy head with an organ of two halves: (image in 0..1, labels), both (rows, columns)."""
    random = np.random.default_rng(seed)
    shape, tilt = (EDGE, EDGE, 1), random.uniform(-2, 2, 3)
    middle = np.array((EDGE / 2, EDGE / 2, 0)) + tilt * (1, 1, 0)
    head, skull = (ellipsoid(shape, middle, (r, r * 0.84, 1)) for r in (27 + tilt[2], 24 + tilt[2]))
    organ = ellipsoid(shape, middle + (5 + tilt[1], tilt[0], 0), np.array((8, 14, 1)) * random.uniform(0.85, 1.15))
    front = np.arange(EDGE)[None, :, None] > middle[1]
    labels = np.where(organ, np.where(front, 1, 2), 0)
    image = 0.75 * head - 0.4 * skull + 0.25 * organ + 0.12 * (labels == 2)
    image = image + 0.035 * random.normal(size=shape) * (head + 0.3)
    return np.clip(image[..., 0], 0, 1), labels[..., 0]


def draw():
    """The whole picture, as a figure."""
    figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI, facecolor=GROUND)
    for x, folder in ((0.26, "images/"), (0.74, "labels/")):
        figure.text(x, 0.955, folder, color=TEXT, ha="center", va="center", fontsize=8, weight="bold")
    for row, number in enumerate((1, 2, 10)):
        image, labels = case(number)
        bottom = 0.685 - 0.312 * row
        for x, shown in ((0.26, plt.get_cmap("gray")(image)[..., :3]), (0.74, COLORS[labels])):
            axes = figure.add_axes((x - 0.21, bottom, 0.42, 0.235))
            axes.imshow(shown, interpolation="bilinear" if x < 0.5 else "nearest")
            axes.set(xticks=[], yticks=[])
            plt.setp(axes.spines.values(), color=FAINT, linewidth=0.8)
            figure.text(
                x, bottom - 0.03, f"case_{number:02}.nii.gz", color=TEXT, ha="center", va="center", fontsize=6.3
            )
        figure.text(0.5, bottom + 0.117, "=", color=TEXT, ha="center", va="center", fontsize=10)
    figure.text(0.5, 0.338, "...", color=TEXT, ha="center", va="center", fontsize=9)
    return figure


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    draw().savefig(OUT, facecolor=GROUND)
    print(f"Made {OUT}; look at it.")

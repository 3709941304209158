"""What a plan for an hour is worth: trained on twenty phantoms of left atria, tried on others, or on data of one's own.

    python Testing/benchmarks/hour.py [--hours 1] [--data FOLDER --unseen FOLDER] [--name atria] [--out FOLDER]

The phantoms have the size of the Decathlon's left atria (183 x 140 x 88 voxels of 0.625 mm): four chambers and the
aorta of nearly the same intensity, with thin walls between them, veins, a lung and a spine, each deformed, noisy, and
under a coil's field, so that place and shape must be learned, not brightness. Writes docs/hour-NAME.json. Run it by
`make check-hour`; it takes the time that it is given, and as little else as possible should run beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter, zoom

from phantoms import image_of

ROOT = Path(__file__).parents[2]
SHAPE, SPACING = (183, 140, 88), 0.625
_TRAINED, _TRIED = 20, 8  # phantoms
_BLOOD, _MUSCLE, _FAT, _LUNG, _BONE = 300.0, 150.0, 210.0, 40.0, 120.0
_WALL = 2.5  # mm of muscle around a chamber
_DEFORMATION = 2.5  # mm, standard deviation
_PLACE = (4.0, 4.0, 1.0)  # mm, the same of where the atrium is: the image is hardly higher than it


def atrium(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A phantom: image, float32, and the left atrium, bool; both (R, A, S)."""
    draw = np.random.default_rng(seed)
    extent = np.array(SHAPE) * SPACING
    place = (
        np.stack(np.meshgrid(*(np.arange(n) * SPACING for n in SHAPE), indexing="ij")) - extent[:, None, None, None] / 2
    )
    place += _smooth(draw.normal(0, _DEFORMATION, (3, 6, 5, 4))) - draw.normal(0, _PLACE)[:, None, None, None]
    size = draw.uniform(0.85, 1.1)

    def ellipsoid(center, radii, wall=0.0):
        parts = (((x - c * size) / (r * size + wall)) ** 2 for x, c, r in zip(place, center, radii, strict=True))
        return sum(parts) <= 1

    def vessel(start, end, radius, wall=0.0):
        first, along = np.array(start) * size, (np.array(end) - start) * size
        share = sum((x - a) * d for x, a, d in zip(place, first, along, strict=True)) / (along @ along)
        share = np.clip(share, 0, 1)
        beside = sum((x - a - share * d) ** 2 for x, a, d in zip(place, first, along, strict=True))
        return beside <= (radius * size + wall) ** 2

    def left_atrium(wall=0.0):
        found = ellipsoid((0, -8, 2), (21, 14, 17), wall)
        for side in (-1, 1):
            for height in (-7, 9):
                found |= vessel((side * 12, -12, height * 0.6), (side * 30, -22, height * 1.4), 5.0, wall)
        return found | vessel((-16, 0, 8), (-26, 12, 10), 6.0, wall)  # the appendage

    def others(wall=0.0):
        return (
            ellipsoid((28, 8, -2), (17, 18, 20), wall)  # right atrium
            | ellipsoid((-22, 24, -16), (19, 24, 20), wall)  # left ventricle
            | ellipsoid((12, 30, -12), (22, 14, 18), wall)  # right ventricle
            | vessel((6, 10, 0), (10, 14, 40), 12.0, wall)  # aorta, upward
            | vessel((-14, -36, -40), (-14, -36, 40), 10.0, wall)  # aorta, downward
        )

    atrium, rest = left_atrium(), others()
    rest &= ~left_atrium(_WALL)  # a wall between them, though a thin one
    image = np.full(SHAPE, _FAT, np.float32)
    image[np.abs(place[0]) > 44] = _LUNG
    image[ellipsoid((4, -42, 0), (14, 10, 60))] = _BONE
    image[left_atrium(_WALL) | others(_WALL)] = _MUSCLE
    image[rest] = _BLOOD * draw.uniform(0.92, 1.08)
    image[atrium] = _BLOOD
    coil = np.exp(_smooth(draw.normal(0, 0.25, (1, 4, 3, 3)))[0])
    image = gaussian_filter(image, 0.7) * coil
    return (image + draw.normal(0, 30, SHAPE)).astype(np.float32), atrium


def _smooth(coarse: np.ndarray) -> np.ndarray:
    """Fields (n, R, A, S) that vary slowly, of their values at few places."""
    factors = [m / n for m, n in zip(SHAPE, coarse.shape[1:], strict=True)]
    return np.stack([zoom(each, factors, order=3, mode="nearest", grid_mode=True) for each in coarse])


def write(folder: Path, seeds: range) -> Path:
    """The phantoms of some seeds as a data set. Returns its folder."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for seed in seeds:
        for part, array in zip(("images", "labels"), atrium(seed), strict=True):
            image = image_of(array, (SPACING,) * 3, np.diag([-1.0, -1.0, 1.0]))
            sitk.WriteImage(image, str(folder / part / f"atrium_{seed:02}.nii.gz"), useCompression=True)
    return folder


def main(hours: float, data: Path | None, unseen: Path | None, name: str, out: Path | None) -> None:
    with nullcontext(out) if out else tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        data = data or write(folder / "data", range(_TRAINED))
        unseen = unseen or write(folder / "unseen", range(100, 100 + _TRIED))
        begun = time.monotonic()
        _mednca("train", "--data", data, "--run", folder / "run", "--hours", hours, "--name", name)
        seconds = time.monotonic() - begun
        told = json.loads((folder / "run" / "result" / "model.json").read_text("utf-8"))
        options = ("--images", unseen / "images", "--labels", unseen / "labels", "--out", folder / "unseen.json")
        _mednca("evaluate", "--model", folder / "run" / "result", *options)
        figures = json.loads((folder / "unseen.json").read_text("utf-8"))
    plan = told["training"]["plan"]
    written = {
        "hours": hours,
        "cores": os.cpu_count(),
        "seconds": round(seconds),
        "cases": {part: len(names) for part, names in told["training"]["split"].items()},
        "plan": {
            "spacing": plan["preprocessing"]["spacing"],
            "field_of_view": plan["field_of_view"],
            "patch": plan["patch"],
            "iterations": plan["iterations"],
            "trained": told["training"]["iterations"],
        },
        "validation": told["eval_metrics"]["dice"],
        "unseen": {"mean": figures["mean"], "cases": {row["case"]: row["dice"]["union"] for row in figures["cases"]}},
    }
    (ROOT / "docs" / f"hour-{name}.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(written, indent=1))


def _mednca(*words) -> None:
    paths = [str(ROOT / part) for part in ("MedNCASegment", "NCATrainer")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([sys.executable, "-m", "mednca_train", *map(str, words)], env=environment, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--unseen", type=Path)
    parser.add_argument("--name", default="atria")
    parser.add_argument("--out", type=Path, help="a new folder that keeps phantoms, run and model")
    given = parser.parse_args()
    main(given.hours, given.data, given.unseen, given.name, given.out)

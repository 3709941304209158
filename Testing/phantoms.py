"""Phantoms and models with known answers, made by code.

The bright-or-not model is a real one-level M3D-NCA whose weights are set by hand: after one step its logit is a
multiple of the normalized intensity, so that it segments what is brighter than the mean of the field of view.
"""

from __future__ import annotations

import functools

import numpy as np
import SimpleITK as sitk
import torch

from mednca.models.description import Label, Preprocessing
from mednca.models.weights import Model, save_model
from mednca.nca.architecture import Architecture, Level
from mednca.nca.pyramid import Pyramid
from mednca.pool import outcome_of

METADATA = {
    "name": "Phantom",
    "version": "0",
    "task": "test",
    "description": "bright things",
    "intended_use": "tests",
    "license": "none",
    "quality": {},
}


def random_pyramid(architecture: Architecture, seed: int = 0) -> Pyramid:
    """Untrained, but moving: the update is not zero."""
    torch.manual_seed(seed)
    pyramid = Pyramid(architecture).eval().requires_grad_(False)
    for cell in pyramid.cells:
        torch.nn.init.normal_(cell.update.weight, std=0.1)
        if cell.norm is not None:
            cell.norm.running_mean.normal_(std=0.1)
            cell.norm.running_var.uniform_(0.5, 1.5)
    return pyramid


def m3d(scales=(2, 1), kernels=(7, 3), steps=(4, 4), **options) -> Architecture:
    levels = tuple(Level((s, s, s), k, n) for s, k, n in zip(scales, kernels, steps, strict=True))
    return Architecture("m3d-nca", **({"channels": 8, "hidden": 16, "levels": levels} | options))


_FLAT = (Level((4, 4, 1), 3, 4), Level((1, 1, 1), 3, 4))
ARCHITECTURES = {
    "m3d two levels, batch norm, two labels": m3d(norm="batch", labels=2),
    "m3d three levels": m3d((4, 2, 1), (7, 5, 3), (2, 3, 4)),
    "m3d anisotropic scale": Architecture("m3d-nca", 8, 16, (Level((4, 4, 2), 5, 3), Level((1, 1, 1), 3, 3))),
    "med-nca axial": Architecture("med-nca", 8, 16, _FLAT, slice_axis=2),
    "med-nca sagittal": Architecture("med-nca", 8, 16, (Level((1, 2, 2), 3, 3), Level((1, 1, 1), 3, 3)), slice_axis=0),
    "backbone": Architecture("backbone-nca", 8, 16, (Level((1, 1, 1), 3, 5),), slice_axis=1),
    "seg-nca below full resolution": Architecture("seg-nca", 8, 16, (Level((2, 2, 1), 3, 5),), slice_axis=2),
    "two image channels": m3d(input_channels=2),
}


def bright_model(
    id="bright", spacing=None, field_of_view=None, labels=1, fire_rate=1.0, levels=1, **preprocessing
) -> Model:
    """Segments what is brighter than the mean; with two labels the second one never wins. Two levels both do it."""
    scales = tuple(Level((s, s, s), 3, 1) for s in (2, 1)[-levels:])
    architecture = Architecture("m3d-nca", channels=4, hidden=4, levels=scales, fire_rate=fire_rate, labels=labels)
    pyramid = Pyramid(architecture).eval().requires_grad_(False)
    for cell in pyramid.cells:
        for parameter in cell.parameters():
            parameter.zero_()
        cell.hidden.weight[0, 0], cell.hidden.weight[1, 0] = 1.0, -1.0  # relu(x), relu(-x) of the image
        cell.update.weight[1, 0], cell.update.weight[1, 1] = 20.0, -20.0  # logit = 20 x
        if labels == 2:
            cell.hidden.bias[2] = 1.0
            cell.update.weight[2, 2] = -20.0
    values = tuple(Label(n + 1, f"Label {n + 1}", (200, 50 * n, 0)) for n in range(labels))
    options = Preprocessing(spacing, (0.0, 100.0), field_of_view, **preprocessing)
    return Model(id, architecture, options, values, info=dict(METADATA), pyramid=pyramid)


def standout_model(id="standout", field_of_view=(36.0, 44.0, 36.0), fire_rate=1.0, **info) -> Model:
    """Segments what stands out by more than two standard deviations: in a field without the organ, nothing."""
    spacing = (1.0, 1.0, 1.0)
    model = bright_model(id, spacing, field_of_view, fire_rate=fire_rate, keep_largest=True)
    with torch.no_grad():
        for cell in model.pyramid.cells:
            cell.hidden.bias[0] = -2.0
            cell.update.weight[1, 1] = 0.0
            cell.hidden.bias[2] = 1.0
            cell.update.weight[1, 2] = -4.0  # logit = 20 max(x - 2, 0) - 4
    model.info |= info
    return model


def difference_model(id="difference", **preprocessing) -> Model:
    """Segments where the second channel is brighter than the first one by more than a standard deviation."""
    architecture = Architecture("m3d-nca", 4, 4, (Level((1, 1, 1), 3, 1),), fire_rate=1.0, input_channels=2)
    pyramid = Pyramid(architecture).eval().requires_grad_(False)
    (cell,) = pyramid.cells
    for parameter in cell.parameters():
        parameter.zero_()
    cell.hidden.weight[0, 0], cell.hidden.weight[0, 1], cell.hidden.bias[0] = -1.0, 1.0, -1.0
    cell.hidden.bias[1] = 1.0
    cell.update.weight[2, 0], cell.update.weight[2, 1] = 20.0, -1.0  # logit = 20 max(second - first - 1, 0) - 1
    preprocessing = Preprocessing((1.0, 1.0, 1.0), (0.0, 100.0), channels=("T2", "ADC"))
    return Model(
        id, architecture, preprocessing, (Label(1, "Organ", (0, 200, 0)),), info=dict(METADATA), pyramid=pyramid
    )


def save(model: Model, folder):
    save_model(model, folder, "# A phantom's card")
    return folder


def ellipsoid(shape, center, radii) -> np.ndarray:
    """Bool (R, A, S)."""
    grid = np.ogrid[tuple(slice(n) for n in shape)]
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radii, strict=True)) <= 1


HEAD, HEAD_MIDDLE, HEAD_HALF = (120, 150, 130), np.array((60.0, 75.0, 75.0)), np.array((50.0, 65.0, 50.0))
ORGANS = {"left": np.array((40.0, 70.0, 60.0)), "right": np.array((80.0, 70.0, 60.0))}
ORGAN_RADII = (6, 12, 7)


def head_case(sides=("left", "right"), neck=0):
    """(image, organs), (R, A, S), 1 mm: a noisy head in air, with a neck of so many voxels, ears, and bright organs."""
    return tuple(array.copy() for array in _head_case(tuple(sides), neck))


@functools.cache
def _head_case(sides, neck):
    head = ellipsoid(HEAD, HEAD_MIDDLE, HEAD_HALF) | ellipsoid(HEAD, HEAD_MIDDLE, (58, 6, 8))
    head[50:70, 60:90, 30 - neck : 40] = True
    organs = np.zeros(HEAD, bool)
    for side in sides:
        organs |= ellipsoid(HEAD, ORGANS[side], ORGAN_RADII)
    noise = np.random.default_rng(0).uniform(-1, 1, HEAD)
    return np.where(head, 30 + noise, 0.2 * noise + 0.2) + 12 * organs, organs


def head_seeds(shift=(0, 0, 0)) -> list[dict]:
    """Where the organs are in the head's box, or so many mm beside that."""
    low, size = HEAD_MIDDLE - HEAD_HALF, 2 * HEAD_HALF
    return [
        {"position": ((center + shift - low) / size).round(3).tolist(), "side": side} for side, center in ORGANS.items()
    ]


def image_of(array_ijk, spacing=(1, 1, 1), direction=None, origin=(0, 0, 0)) -> sitk.Image:
    """A SimpleITK image of an array (i, j, k)."""
    array = np.asarray(array_ijk)
    array = array.astype(np.uint8) if array.dtype == bool else array
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(o) for o in origin])
    if direction is not None:
        image.SetDirection(np.asarray(direction, float).ravel().tolist())
    return image


def array_of(image: sitk.Image) -> np.ndarray:
    """(i, j, k)."""
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0)


def rotation(degrees, axis) -> np.ndarray:
    """3x3."""
    a = np.deg2rad(degrees)
    c, s = np.cos(a), np.sin(a)
    i, j = [x for x in range(3) if x != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def organ_case(seed: int, shape=(24, 26, 22), noise=0.1):
    """A bright organ of two halves in a noisy box: (image float32, labels uint8), both (i, j, k)."""
    rng = np.random.default_rng(seed)
    center = np.array(shape) / 2 + rng.uniform(-2, 2, 3)
    organ = ellipsoid(shape, center, np.array([6, 8, 5]) * rng.uniform(0.85, 1.15))
    front = np.arange(shape[1])[None, :, None] > center[1]
    labels = np.where(organ, np.where(front, 1, 2), 0).astype(np.uint8)
    image = 100 + 60 * organ + 25 * (labels == 2) + 100 * noise * rng.normal(size=shape)
    return image.astype(np.float32), labels


def crop_case(seed: int):
    """A blob in noise, of the hippocampus model's field of view: (image float32, labels uint8), both (i, j, k)."""
    shape = (36, 52, 36)
    blob = ellipsoid(shape, (18, 26, 18), (7, 16, 7))
    front = np.arange(shape[1])[None, :, None] > 26
    image = 60 * blob + np.random.default_rng(seed).normal(0, 5, shape)
    return image.astype(np.float32), np.where(blob, np.where(front, 1, 2), 0).astype(np.uint8)


BALL = ellipsoid((24, 26, 22), (12, 13, 11), (5, 6, 4))


def write_balls(folder, names, spacing=(1, 1, 1)):
    """Images of a bright ball, `BALL`, in noise, each another; returns the folder."""
    folder.mkdir()
    noise = np.random.default_rng(0)
    for name in names:
        values = (BALL * 50 + noise.normal(0, 0.2, BALL.shape)).astype(np.float32)
        sitk.WriteImage(image_of(values, spacing), str(folder / f"{name}.nii.gz"))
    return folder


class InlinePool:
    """Does the jobs of a `mednca.pool.Pool` here: where how processes are shared is not what is tried, and each takes
    seconds to start."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, function, jobs):
        for job in jobs:
            yield outcome_of(function, job)

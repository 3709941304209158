"""From a case to a training sample: geometry, artifacts, crop, normalization. torchio does the transforms."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from mednca.errors import NothingFound
from mednca.imaging.geometry import normalize
from mednca.nca.tensors import to_numpy, to_tensor

from ..plan.plan import Augmentation, Plan
from .elastic import RandomElastic
from .transforms import tio

IGNORE = -1  # label of voxels that the loss leaves out: padding, not anatomy


def training_sample(
    image: np.ndarray, labels: np.ndarray, plan: Plan, seed: int, iteration: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """One random crop of a case.

    Args:
        image: (R, A, S, channels) float32 on the model's grid, of a structure with padding around it (`case_reader`).
        labels: (R, A, S), int16.
        plan: says what is done to it, and how large the crop is.
        seed: the same one gives the same sample.
        iteration: of the training; a second phase is milder.

    Returns:
        The crop's image, float32 (R, A, S, channels), normalized, and labels, int16 (R, A, S), with IGNORE outside the
        case; both of the size of the plan's field of view.
    """
    augmentation = plan.augmentation_at(iteration)
    pads = _pads(labels.shape, plan.field_of_view, plan.padding)
    channels = [np.pad(to_unit(channel), pads, mode="reflect") for channel in np.moveaxis(image, -1, 0)]
    labels = np.pad(labels, pads, constant_values=IGNORE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        subject = _subject(channels, labels, plan.preprocessing.spacing)
        subject = _geometry(augmentation)(subject)
        subject = tio.Compose([_center_crop(subject, plan.field_of_view), _artifacts(augmentation)])(subject)
    p, found = plan.preprocessing, (to_numpy(channel.data[0]) for channel in subject.get_images(intensity_only=True))
    labels = to_numpy(subject.get_images_dict(intensity_only=False)["labels"].data[0]).astype(np.int16)
    return np.stack([_normalized(channel, p.percentiles, p.gamma) for channel in found], axis=-1), labels


def _normalized(channel: np.ndarray, percentiles: tuple[float, float], gamma: float) -> np.ndarray:
    """As a model perceives it. A crop may show nothing in one of the channels: zeros then, and no reason to end a
    training."""
    try:
        return normalize(channel, percentiles, gamma)
    except NothingFound:
        return np.zeros(channel.shape, np.float32)


def _geometry(a: Augmentation):
    affine = tio.RandomAffine(
        scales=(1 - a.scaling, 1 + a.scaling),
        degrees=a.rotation,
        translation=a.shift,
        default_pad_value="minimum",
        default_pad_label=IGNORE,
    )
    elastic = RandomElastic(num_control_points=7, max_displacement=3.5, locked_borders=2, p=a.elastic)
    flips = [tio.RandomFlip(axes=(axis,), flip_probability=0.5) for axis in a.flip]
    return tio.Compose([*flips, affine, elastic])


def _artifacts(a: Augmentation):
    return tio.Compose(
        [
            tio.RandomGamma(log_gamma=(-0.4, 0.4), p=a.gamma),
            tio.RandomBiasField(coefficients=0.4, p=a.bias_field),
            tio.RandomAnisotropy(axes=(0, 1, 2), downsampling=(1.5, 3), p=a.anisotropy),
            tio.RandomBlur(std=(0.3, 1.0), p=a.blur),
            tio.RandomMotion(degrees=4, translation=3, num_transforms=1, p=a.motion),
            tio.RandomGhosting(num_ghosts=(3, 7), intensity=(0.2, 0.9), p=a.ghosting),
            tio.RandomSpike(intensity=(0.2, 1.0), p=a.spike),
            tio.RandomNoise(std=(0.0, 0.15), p=a.noise),
        ]
    )


def _subject(channels, labels, spacing):
    """Channels as images of one subject: they move together, and each has artifacts of its own."""
    affine = np.diag([*(spacing or (1.0, 1.0, 1.0)), 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tio.Subject(
            {f"channel {n}": tio.ScalarImage(tensor=to_tensor(c)[None], affine=affine) for n, c in enumerate(channels)},
            labels=tio.LabelMap(tensor=to_tensor(labels)[None], affine=affine),
        )


def _center_crop(subject, size):
    """Exactly `size` voxels from the middle."""
    crop = []
    for have, want in zip(subject.spatial_shape, size, strict=True):
        before = (have - want) // 2
        crop += [before, have - want - before]
    return tio.Crop(tuple(int(n) for n in crop))


def _pads(shape, size, padding):
    """By how many voxels a case is mirrored outward on each side, to at least size + 2 padding."""
    pads = []
    for have, want, around in zip(shape, size, padding, strict=True):
        lack = max(want + 2 * around - have, 0)
        pads.append((lack // 2, lack - lack // 2))
    return pads


def to_unit(image: np.ndarray) -> np.ndarray:
    """Intensities between the percentiles 0.5 and 99.5 as 0..1, clipped there; float32."""
    low, high = np.percentile(image, (0.5, 99.5))
    return np.clip((image - low) / max(high - low, 1e-12), 0, 1).astype(np.float32)

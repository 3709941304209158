"""What cases are degraded with to calibrate a model, and to try it: what may go wrong with a scan, by name.

A new artifact is a function here, of a severity from 0 to 1, with its line in `ARTIFACTS`; calibrations take all that
stand there. The milder ones of training are the plan's (`augmentation`).

A scanner's artifacts belong to the whole scan: a coil's field that varies over a head hardly varies over 50 mm, and a
ghost comes from elsewhere in the head. So a small crop is mirrored outward to the size of a scan before it is degraded.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK as sitk
import torch

from mednca.imaging.geometry import CanonicalImage
from mednca.nca.firing import mix
from mednca.nca.tensors import to_numpy, to_tensor

from .augmentation import to_unit
from .transforms import tio

SCAN = 150.0  # mm along each axis, to which a crop is mirrored outward
_MOST_VOXELS = 1 << 25  # of an image with what is mirrored outward: a float32 copy has 128 MB
_MOST_CUT = 0.25  # of the image along an axis, that a shifted crop loses

# From a severity in 0..1 to a transform of images whose intensities lie in 0..1. It must be a function of a module:
# other processes take it by its name.
Artifact = Callable[[float], tio.Transform]


def _always(value: float) -> tuple[float, float]:
    """As a range, which torchio draws from."""
    return value, value


def noise(severity: float) -> tio.Transform:
    """Gaussian noise."""
    return tio.RandomNoise(std=_always(0.02 + 0.48 * severity))


def spike(severity: float) -> tio.Transform:
    """A spike in k-space: stripes."""
    return tio.RandomSpike(num_spikes=1, intensity=_always(0.03 + 0.7 * severity))


def ghosting(severity: float) -> tio.Transform:
    """Ghosts along the phase encoding direction."""
    return tio.RandomGhosting(num_ghosts=(4, 8), intensity=_always(0.1 + 1.4 * severity))


def bias_field(severity: float) -> tio.Transform:
    """Intensities that change slowly over the scan."""
    return tio.RandomBiasField(coefficients=0.1 + 0.5 * severity)


def motion(severity: float) -> tio.Transform:
    """Two movements while the image was taken."""
    return tio.RandomMotion(degrees=1 + 10 * severity, translation=1 + 9 * severity, num_transforms=2)


def darker(severity: float) -> tio.Transform:
    """Another contrast: middle gray is darker."""
    return tio.RandomGamma(log_gamma=_always(0.1 + 0.6 * severity))


def brighter(severity: float) -> tio.Transform:
    """Another contrast: middle gray is brighter."""
    return tio.RandomGamma(log_gamma=_always(-0.1 - 0.6 * severity))


def blur(severity: float) -> tio.Transform:
    """A low resolution in all directions; mm."""
    return tio.RandomBlur(std=_always(0.3 + 1.4 * severity))


def thick_slices(severity: float) -> tio.Transform:
    """A low resolution in one direction."""
    return tio.RandomAnisotropy(axes=(0, 1, 2), downsampling=_always(1 + 3 * severity))


# By the names that calibrations and cards show.
ARTIFACTS: dict[str, Artifact] = {
    "noise": noise,
    "spike": spike,
    "ghosting": ghosting,
    "bias field": bias_field,
    "motion": motion,
    "darker": darker,
    "brighter": brighter,
    "blur": blur,
    "thick slices": thick_slices,
}


def paper_noise(severity: float) -> tio.Transform:
    """M3D-NCA, section 3.2: noise of standard deviation 0.5, whatever the severity."""
    return tio.RandomNoise(std=_always(0.5))


def paper_spike(severity: float) -> tio.Transform:
    """M3D-NCA, section 3.2: a spike of intensity 5."""
    return tio.RandomSpike(num_spikes=1, intensity=_always(5.0))


def paper_ghosting(severity: float) -> tio.Transform:
    """M3D-NCA, section 3.2: six ghosts of intensity 2.5."""
    return tio.RandomGhosting(num_ghosts=6, intensity=_always(2.5))


# The paper's own test artifacts, put on the image as it is, crop or not.
PAPER_ARTIFACTS: dict[str, Artifact] = {
    "paper's noise": paper_noise,
    "paper's spike": paper_spike,
    "paper's ghosting": paper_ghosting,
}


class Rewrite(tio.IntensityTransform):
    """A transform that is no scan any more: from an array (R, A, S) in 0..1 to one of the same shape."""

    def __init__(self, change: Callable[[np.ndarray], np.ndarray]):
        super().__init__()
        self.change = change
        self.args_names = ["change"]

    def apply_transform(self, subject: tio.Subject) -> tio.Subject:
        """Change every image of a subject."""
        for image in self.get_images(subject):
            image.set_data(to_tensor(np.ascontiguousarray(self.change(to_numpy(image.data[0]))))[None])
        return subject


def inverted(severity: float) -> tio.Transform:
    """Dark for bright, as T2-weighted images are to T1-weighted ones."""
    return Rewrite(lambda image: 1 - image)


def ramps(severity: float) -> tio.Transform:
    """Intensities that wrap around, as where a CT window is too narrow."""
    return Rewrite(lambda image: (4 * image) % 1)


def pure_noise(severity: float) -> tio.Transform:
    """No anatomy at all."""
    return Rewrite(lambda image: to_numpy(torch.randn(image.shape)))


def front_to_back(severity: float) -> tio.Transform:
    """Mirrored along A, as by a wrong header."""
    return Rewrite(lambda image: image[:, ::-1])


def upside_down(severity: float) -> tio.Transform:
    """Mirrored along S, as by a wrong header."""
    return Rewrite(lambda image: image[:, :, ::-1])


def rolled(severity: float) -> tio.Transform:
    """The image's halves exchanged along A and S: there is anatomy, but none that belongs together."""
    return Rewrite(lambda image: np.roll(image, (image.shape[1] // 2, image.shape[2] // 2), (1, 2)))


# What no verdict may call good. Known answers mean nothing in them; a result counts as a failure.
NONSENSE: dict[str, Artifact] = {
    "inverted": inverted,
    "ramps": ramps,
    "pure noise": pure_noise,
    "front to back": front_to_back,
    "upside down": upside_down,
    "rolled": rolled,
}


def degrade(image: sitk.Image, artifact: Artifact | None, seed: int, as_scan: bool = True) -> sitk.Image:
    """A copy of an image with an artifact, on the same voxel grid.

    Args:
        image: a volume, of any orientation; each of its channels is degraded by itself, as strongly as the others.
        artifact: None for the image as it is.
        seed: draws the severity, of which mild ones come more often, and all else that is random.
        as_scan: whether an image smaller than SCAN is mirrored outward to that size first.

    Returns:
        float32, its intensities rescaled to 0..1 (percentiles 0.5 and 99.5) before the artifact, as the paper does.
    """
    if artifact is None:
        return image
    canonical = CanonicalImage.of(image)
    transform = artifact((mix((seed, 1)) / 2**64) ** 2)
    pads = [(0, 0)] * 3
    if as_scan:
        pads = [(lack // 2, lack - lack // 2) for lack in _lacks(canonical.array.shape, canonical.spacing)]
    inside = tuple(slice(before, before + n) for (before, _after), n in zip(pads, canonical.array.shape, strict=True))
    degraded = []
    for number, channel in enumerate(canonical.channels):
        padded = np.pad(to_unit(channel), pads, mode="reflect")
        seen = _transformed(padded, canonical.spacing, transform, mix((seed, number)) if number else seed)[inside]
        degraded.append(canonical.restore(np.ascontiguousarray(seen), image))
    return degraded[0] if len(degraded) == 1 else sitk.Compose(degraded)


def _lacks(shape: Sequence[int], spacing: Sequence[float] | np.ndarray) -> list[int]:
    """Voxels that an image lacks along R, A, S to be as long as SCAN, or as near to it as memory allows."""
    length, lacks = SCAN, [0, 0, 0]
    while length > 1:
        lacks = [max(round(length / mm) - n, 0) for n, mm in zip(shape, spacing, strict=True)]
        if math.prod(n + lack for n, lack in zip(shape, lacks, strict=True)) <= _MOST_VOXELS:
            return lacks
        length *= 0.9
    return [0, 0, 0]


def shift(image: sitk.Image, labels: sitk.Image, seed: int) -> tuple[sitk.Image, sitk.Image]:
    """A crop of an image that was taken off center, and its labels: one or two sides are cut by up to a quarter.

    Args:
        image: a volume.
        labels: on the same grid.
        seed: draws the sides, and how much is cut; little more often.
    """
    draw = random.Random(seed)
    first, size = [0, 0, 0], list(image.GetSize())
    for axis in draw.sample(range(3), draw.choice((1, 2))):
        cut = int(_MOST_CUT * draw.random() ** 2 * image.GetSize()[axis])
        first[axis] = cut if draw.random() < 0.5 else 0
        size[axis] -= cut
    return (
        sitk.RegionOfInterest(image, size, first),
        sitk.RegionOfInterest(labels, size, first),
    )


def _transformed(image: np.ndarray, spacing, transform: tio.Transform, seed: int) -> np.ndarray:
    scan = tio.ScalarImage(tensor=to_tensor(image)[None], affine=np.diag([*spacing, 1.0]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        return to_numpy(transform(scan).data[0]).astype(np.float32)

"""The artifacts that cases are degraded with to calibrate a model: what may go wrong with a scan, by name.

A new one is a function here, of a severity from 0 to 1, with its line in `ARTIFACTS`; calibrations take all that stand
there. The milder ones of training are the plan's (`augmentation`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
import torch
import torchio as tio

from mednca.imaging.geometry import CanonicalImage
from mednca.nca.firing import mix
from mednca.nca.tensors import to_numpy, to_tensor

from .augmentation import to_unit

# From a severity in 0..1 to a transform of images whose intensities lie in 0..1. It must be a function of a module:
# other processes take it by its name. The worst are the paper's own test artifacts (M3D-NCA, section 3.2).
Artifact = Callable[[float], tio.Transform]


def _always(value: float) -> tuple[float, float]:
    """As a range, which torchio draws from."""
    return value, value


def noise(severity: float) -> tio.Transform:
    """Gaussian noise."""
    return tio.RandomNoise(std=_always(0.05 + 0.45 * severity))


def spike(severity: float) -> tio.Transform:
    """A spike in k-space: stripes."""
    return tio.RandomSpike(num_spikes=1, intensity=_always(0.3 + 4.7 * severity))


def ghosting(severity: float) -> tio.Transform:
    """Ghosts along the phase encoding direction."""
    return tio.RandomGhosting(num_ghosts=6, intensity=_always(0.3 + 2.2 * severity))


def bias_field(severity: float) -> tio.Transform:
    """Intensities that change slowly over the image."""
    return tio.RandomBiasField(coefficients=_always(0.2 + 0.8 * severity))


def motion(severity: float) -> tio.Transform:
    """Two movements while the image was taken."""
    return tio.RandomMotion(degrees=2 + 10 * severity, translation=1 + 8 * severity, num_transforms=2)


# By the names that calibrations and cards show. A condition's position decides its seed: new ones come last.
ARTIFACTS: dict[str, Artifact] = {
    "noise": noise,
    "spike": spike,
    "ghosting": ghosting,
    "bias field": bias_field,
    "motion": motion,
}


def degrade(image: sitk.Image, artifact: Artifact | None, seed: int) -> sitk.Image:
    """A copy of an image with an artifact, on the same voxel grid.

    Args:
        image: a scalar volume, of any orientation.
        artifact: None for the image as it is.
        seed: draws the severity, and all else that is random.

    Returns:
        float32, its intensities rescaled to 0..1 (percentiles 0.5 and 99.5) before the artifact, as the paper does.
    """
    if artifact is None:
        return image
    canonical = CanonicalImage.of(image)
    severity = mix((seed, 1)) / 2**64
    return canonical.restore(_transformed(canonical.array, artifact(severity), seed), image)


def _transformed(image: np.ndarray, transform: tio.Transform, seed: int) -> np.ndarray:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        return to_numpy(transform(to_tensor(to_unit(image))[None])[0]).astype(np.float32)

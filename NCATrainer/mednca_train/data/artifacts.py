"""The artifacts that cases are degraded with to calibrate a model, and to try its calibration."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import torch
import torchio as tio

from mednca.imaging.geometry import CanonicalImage
from mednca.nca.firing import mix
from mednca.nca.tensors import to_numpy, to_tensor

from .augmentation import to_unit

# Each takes a severity in 0..1; the worst are the paper's own test artifacts (section 3.2).
CONDITIONS = {
    "clean": None,
    "noise": lambda s: tio.RandomNoise(std=(0.05 + 0.45 * s,) * 2),
    "spike": lambda s: tio.RandomSpike(num_spikes=1, intensity=(0.3 + 4.7 * s,) * 2),
    "ghosting": lambda s: tio.RandomGhosting(num_ghosts=6, intensity=(0.3 + 2.2 * s,) * 2),
    "bias field": lambda s: tio.RandomBiasField(coefficients=(0.2 + 0.8 * s,) * 2),
    "motion": lambda s: tio.RandomMotion(degrees=2 + 10 * s, translation=1 + 8 * s, num_transforms=2),
}


def degrade(image: sitk.Image, condition: str, seed: int) -> sitk.Image:
    """A copy of an image with an artifact whose severity the seed draws."""
    if CONDITIONS[condition] is None:
        return image
    canonical = CanonicalImage.of(image)
    severity = mix((seed, 1)) / 2**64
    return canonical.restore(apply_artifact(canonical.array, CONDITIONS[condition](severity), seed), image)


def apply_artifact(image: np.ndarray, transform, seed: int) -> np.ndarray:
    """A torchio intensity transform on an (R, A, S) array rescaled to 0..1, as the paper degrades its test data."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        return to_numpy(transform(to_tensor(to_unit(image))[None])[0]).astype(np.float32)

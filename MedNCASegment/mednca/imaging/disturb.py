"""What may go wrong while an MR image is taken, put on a copy of it, to see what the model and its verdict make of it.

In the order of a scanner: the head moves, the coil's field weighs the signal, k-space is sampled unevenly, noise is
added, and the magnitude is taken. Calibrations have artifacts of their own (`mednca_train.data.artifacts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import SimpleITK as sitk
from numpy.polynomial import legendre

from ..errors import MedNCAError
from .geometry import CanonicalImage

# What a severity of 1 is.
NOISE = 0.5  # standard deviation, of the image's contrast (percentiles 0.5 to 99.5)
GHOSTS, GHOSTING = 5, 1.5  # every so manieth line of k-space is weaker by this factor of itself
BIAS, BIAS_ORDER = 1.2, 3  # logarithm of the largest factor; order of the polynomials
SHIFT, TURN = 10.0, 10.0  # mm and degrees of each of two movements
# Of k-space, whose lines go from -0.5 to 0.5: up to where nothing moves, at a severity of 0 and of 1; up to where there
# are no ghosts.
STILL, KEPT = (0.25, 0.04), 0.01
SLAB = 16  # planes along R that are in hand at once


@dataclass(frozen=True)
class Disturbance:
    """How strongly each artifact is put on an image, 0 (not at all) to 1.

    Attributes:
        noise: Rician.
        ghosting: along A, the phase encoding direction.
        bias: a field that varies slowly over the whole image.
        motion: two movements, early and late in the scan.
    """

    noise: float = 0.0
    ghosting: float = 0.0
    bias: float = 0.0
    motion: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether nothing is done at all."""
        return not any(asdict(self).values())


def disturb_image(
    image: sitk.Image,
    disturbance: Disturbance,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> sitk.Image:
    """A copy of an image with artifacts, made in slabs: it takes the memory of two more images at most.

    Args:
        image: a checked 3D float32 image, of any orientation.
        disturbance: what is put on it. Nothing at all gives the same voxels.
        seed: of all that is random; 0 or more.
        progress: called with (planes done, planes) after each slab; may raise to stop.

    Returns:
        float32, on the same voxel grid.

    Raises:
        MedNCAError: for a severity outside 0 to 1, or an image of several channels.
    """
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise MedNCAError("An image of several channels is not disturbed; choose one of them.")
    for name, severity in asdict(disturbance).items():
        if not 0 <= severity <= 1:
            raise MedNCAError(
                "The severity of {name} must lie between 0 and 1, not {severity}.", name=name, severity=severity
            )
    if disturbance.is_none:
        return sitk.Image(image)
    canonical = CanonicalImage.of(image)
    scan = _Scan(canonical, disturbance, seed)
    result = np.empty(canonical.array.shape, np.float32)
    for start in range(0, len(result), SLAB):
        slab = slice(start, min(start + SLAB, len(result)))
        result[slab] = scan.slab(slab)
        progress(slab.stop, len(result))
    return canonical.restore(result, image)


class _Scan:
    """What is drawn once for the whole image. A slab is (R, A, S), all of A and S; A is the phase encoding direction,
    along which k-space is taken line by line."""

    def __init__(self, canonical: CanonicalImage, disturbance: Disturbance, seed: int):
        self.array, self.severity, self.seed = canonical.array, disturbance, seed
        low, high = np.percentile(self.array, (0.5, 99.5))
        self.floor, self.contrast = float(self.array.min()), float(high - low)
        self.lines = np.fft.fftfreq(self.array.shape[1])[:, None]
        rng = np.random.default_rng(seed)  # all is drawn: no severity changes what another one draws
        self.movements = [_movement(rng, canonical, disturbance.motion) for _ in range(2)]
        self.coefficients = BIAS * disturbance.bias * _bias(rng)
        self.image = _local(canonical) if disturbance.motion else None

    def slab(self, slab: slice) -> np.ndarray:
        """(R, A, S) of the disturbed image. slab: along R."""
        signal = self.array[slab] - self.floor
        if self.severity.motion:
            signal = self._mixed(signal, slab)
        if self.severity.bias:
            signal = signal * np.exp(self._field(slab))
        if self.severity.ghosting:
            signal = self._ghosted(signal)
        if self.severity.noise:
            real, imaginary = np.random.default_rng((self.seed, slab.start)).normal(size=(2, *signal.shape))
            signal = signal + self.severity.noise * NOISE * self.contrast * (real + 1j * imaginary)
        return np.abs(signal) + self.floor

    def _mixed(self, signal, slab):
        """Lines of k-space in the order in which they are taken: moved once, still, moved in another way."""
        early, late = (np.fft.fft(self._moved(each, slab), axis=1) for each in self.movements)
        still = np.interp(self.severity.motion, (0, 1), STILL)
        mixed = np.where(self.lines < -still, early, np.where(self.lines > still, late, np.fft.fft(signal, axis=1)))
        return np.fft.ifft(mixed, axis=1)

    def _moved(self, movement, slab):
        """A slab of the moved image; what comes from outside is dark."""
        image, size = self.image, (slab.stop - slab.start, *self.array.shape[1:])
        assert image is not None  # there is motion
        origin = image.TransformIndexToPhysicalPoint((slab.start, 0, 0))
        moved = sitk.Resample(
            image, size, movement, sitk.sitkLinear, origin, image.GetSpacing(), image.GetDirection(), self.floor
        )
        return sitk.GetArrayFromImage(moved).transpose(2, 1, 0) - self.floor

    def _field(self, slab):
        """Logarithm of the coil's field in a slab."""
        r, a, s = (np.linspace(-1, 1, n) for n in self.array.shape)
        return legendre.leggrid3d(r[slab], a, s, self.coefficients)

    def _ghosted(self, signal):
        """Every so manieth line is weaker, as where something pulsates."""
        numbers = np.rint(self.lines * len(self.lines)).astype(int)
        weaker = (numbers % GHOSTS == 0) & (np.abs(self.lines) > KEPT)
        lines = np.fft.fft(signal, axis=1) * np.where(weaker, 1 - GHOSTING * self.severity.ghosting, 1.0)
        return np.fft.ifft(lines, axis=1)


def _local(canonical: CanonicalImage) -> sitk.Image:
    """The voxels as an image whose axes are R, A, S."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(canonical.array.transpose(2, 1, 0)))
    image.SetSpacing(canonical.spacing.tolist())
    return image


def _movement(rng: np.random.Generator, canonical: CanonicalImage, severity: float) -> sitk.Euler3DTransform:
    """A turn around the image's middle and a shift, both of random direction."""
    turn, shift = (direction / np.linalg.norm(direction) * severity for direction in rng.normal(size=(2, 3)))
    middle = (np.array(canonical.array.shape) - 1) / 2 * canonical.spacing
    return sitk.Euler3DTransform(middle.tolist(), *np.deg2rad(TURN * turn).tolist(), (SHIFT * shift).tolist())


def _bias(rng: np.random.Generator) -> np.ndarray:
    """Coefficients of Legendre polynomials along R, A, S; 1 is the largest magnitude of their sum in the ellipsoid that
    fills the image, outside of which there is air."""
    coefficients = rng.normal(size=(BIAS_ORDER + 1,) * 3)
    order = np.indices(coefficients.shape).sum(0)
    coefficients[(order == 0) | (order > BIAS_ORDER)] = 0
    places = np.linspace(-1, 1, 17)
    inside = sum(np.square(axis) for axis in np.ix_(places, places, places)) <= 1
    return coefficients / np.abs(legendre.leggrid3d(places, places, places, coefficients)[inside]).max()

"""Between an image's own voxel grid and the model's space: orientation, spacing, crop, intensity, and back.

Two steps lie between them. `CanonicalImage` turns the voxel array so that its axes run nearest to R, A, S: a
permutation and flips, no interpolation, undone exactly. `Grid` is a regular grid inside the canonical image at the
model's spacing; where image and model agree on the spacing it is a slice of the canonical image's voxels. Oblique
images stay on their own axes. Reading files and segmenting are not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from ..axes import Box, triple
from ..errors import NothingFound

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
_SAME_SPACING = 0.01  # relative difference below which no resampling is worth its blur


@dataclass(frozen=True)
class CanonicalImage:
    """An image's voxels with axes R, A, S.

    Attributes:
        channels: (R, A, S) each, not copies, read-only.
        spacing: mm along R, A, S.
        order: the image's axis (i, j, k) that runs along R, along A, along S.
        flipped: whether that one runs backward.
        to_ras: 4x4, from a voxel index (R, A, S) to RAS mm.
    """

    channels: tuple[np.ndarray, ...]
    spacing: np.ndarray
    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    to_ras: np.ndarray

    @classmethod
    def of(cls, image: sitk.Image) -> CanonicalImage:
        """Turn an image's axes.

        Args:
            image: 3D, of one channel or, as a component each, of several.

        Returns:
            Its voxels, in its own memory.
        """
        direction = _LPS_TO_RAS @ np.array(image.GetDirection()).reshape(3, 3)
        order = nearest_axes(direction)
        flipped = triple(bool(direction[axis, order[axis]] < 0) for axis in range(3))
        channels = tuple(_flip(channel.transpose(order), flipped) for channel in _voxels(image))
        spacing = np.array(image.GetSpacing())[list(order)]
        signs = np.where(flipped, -1.0, 1.0)
        to_ras = np.eye(4)
        to_ras[:3, :3] = direction[:, order] * signs * spacing
        corner = [0, 0, 0]
        for axis in range(3):
            corner[order[axis]] = image.GetSize()[order[axis]] - 1 if flipped[axis] else 0
        to_ras[:3, 3] = _LPS_TO_RAS @ np.array(image.TransformIndexToPhysicalPoint([int(c) for c in corner]))
        return cls(channels, spacing, order, flipped, to_ras)

    @property
    def array(self) -> np.ndarray:
        """The first channel, by which places are found and which is shown: (R, A, S)."""
        return self.channels[0]

    @property
    def nbytes(self) -> int:
        """Of all channels."""
        return sum(channel.nbytes for channel in self.channels)

    def index_of(self, ras: ArrayLike) -> np.ndarray:
        """The continuous voxel index (R, A, S) of a point in RAS mm."""
        return (np.linalg.inv(self.to_ras) @ np.append(np.asarray(ras, dtype=float), 1.0))[:3]

    def ras_of(self, index: ArrayLike) -> np.ndarray:
        """The point in RAS mm of a continuous voxel index (R, A, S)."""
        return (self.to_ras @ np.append(np.asarray(index, dtype=float), 1.0))[:3]

    def image_region(self, low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[int]]:
        """Say where a box of voxels lies in the image that they are of.

        Args:
            low, high: the box's first voxel and one after its last, (R, A, S).

        Returns:
            Its first voxel and its size, in the image's (i, j, k).
        """
        start, size = [0, 0, 0], [0, 0, 0]
        for axis in range(3):
            n = self.array.shape[axis]
            first = n - high[axis] if self.flipped[axis] else low[axis]
            start[self.order[axis]], size[self.order[axis]] = int(first), int(high[axis] - low[axis])
        return start, size

    def restore(self, array: np.ndarray, image: sitk.Image, start: Sequence[int] = (0, 0, 0)) -> sitk.Image:
        """Put an array on these voxels, or on a box of them, back on the grid of the image that they are of.

        Args:
            array: (R, A, S).
            image: the one that this was made `of`.
            start: its voxel (i, j, k) where the box begins (`image_region`).

        Returns:
            An image on that part of the image's grid.
        """
        array = _flip(array, self.flipped).transpose(np.argsort(self.order))
        restored = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
        restored.SetSpacing(image.GetSpacing())
        restored.SetDirection(image.GetDirection())
        restored.SetOrigin(image.TransformIndexToPhysicalPoint([int(i) for i in start]))
        return restored

    def image_on(self, grid: Grid, array: np.ndarray) -> sitk.Image:
        """Make an image of an array on a grid inside this one.

        Args:
            grid: where it lies.
            array: (R, A, S) of the grid's size.

        Returns:
            An image with the same values, of the array's type, whose axes i, j, k are the canonical R, A, S.
        """
        image = _local_image(array, grid.spacing)
        axes = self.to_ras[:3, :3] / self.spacing
        image.SetDirection((_LPS_TO_RAS @ axes).ravel().tolist())
        image.SetOrigin((_LPS_TO_RAS @ self.ras_of(grid.start)).tolist())
        return image


def grid_size(extent: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Voxels of `spacing` mm that cover an image of `extent` mm, along each axis: no rim of it is left out."""
    return np.maximum(np.ceil(extent / spacing - 1e-6).astype(int), 1)


@dataclass(frozen=True)
class Grid:
    """A regular grid inside a canonical image. All in (R, A, S).

    Attributes:
        start: continuous voxel index, in the canonical image, of the center of its first voxel.
        size: voxels.
        spacing: mm.
        image_spacing: mm, of the canonical image.
    """

    start: np.ndarray
    size: tuple[int, int, int]
    spacing: np.ndarray
    image_spacing: np.ndarray

    @classmethod
    def whole(cls, canonical: CanonicalImage, spacing: ArrayLike | None) -> Grid:
        """Cover a whole canonical image.

        Args:
            canonical: the image.
            spacing: mm along R, A, S that the model wants; None keeps the image's own.

        Returns:
            A grid that leaves no rim of the image out.
        """
        spacing = _model_spacing(canonical, spacing)
        extent = np.array(canonical.array.shape) * canonical.spacing
        size = grid_size(extent, spacing)
        start = ((extent - size * spacing) / 2 + spacing / 2) / canonical.spacing - 0.5
        return cls(start, triple(int(n) for n in size), spacing, canonical.spacing)

    @classmethod
    def around(cls, canonical: CanonicalImage, spacing: ArrayLike | None, center: ArrayLike, extent: ArrayLike) -> Grid:
        """Cover a field of view.

        Args:
            canonical: the image.
            spacing: mm along R, A, S that the model wants; None keeps the image's own.
            center: continuous voxel index (R, A, S) of its middle.
            extent: mm along R, A, S.

        Returns:
            A grid on the voxels of the whole image's grid, moved inside the image where it would stick out, and cut to
            the image where that is smaller.
        """
        whole = cls.whole(canonical, spacing)
        spacing = whole.spacing
        size = np.minimum(np.maximum(np.round(np.asarray(extent) / spacing).astype(int), 1), whole.size)
        step = spacing / canonical.spacing
        first = (np.asarray(center) - whole.start) / step - (size - 1) / 2
        first = np.clip(np.round(first), 0, np.array(whole.size) - size)  # stay on the whole grid's voxels
        return cls(whole.start + first * step, triple(int(n) for n in size), spacing, canonical.spacing)

    def cut(self, region: Box) -> Grid:
        """The part of the grid in a box of its voxels."""
        first = np.array([part.start for part in region])
        size = triple(part.stop - part.start for part in region)
        return Grid(self.start + first * self.spacing / self.image_spacing, size, self.spacing, self.image_spacing)

    @property
    def aligned(self) -> bool:
        """Whether the grid's voxels are the canonical image's own."""
        return np.array_equal(self.spacing, self.image_spacing)

    def extract(self, array: np.ndarray, nearest: bool = False) -> np.ndarray:
        """Bring voxels of the canonical image onto the grid.

        Args:
            array: (R, A, S), on all of the canonical image's voxels.
            nearest: take the nearest value, for labels, instead of interpolating linearly.

        Returns:
            A copy, (R, A, S) of the grid's size: float32, or the array's type where `nearest` or `aligned`.
        """
        if self.aligned:
            return np.array(array[self._slices()], order="C")
        if not nearest:
            array = self._smoothed(array)
        interpolator = sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear
        image = _local_image(array, self.image_spacing)
        origin = self.start * self.image_spacing
        return _resample(image, self.size, origin, self.spacing, interpolator)

    def region(self, shape: Sequence[int]) -> Box:
        """The voxels of a canonical image of `shape` (R, A, S) whose centers lie inside the grid's voxels."""
        if self.aligned:
            return self._slices()
        low, high = self._covered(shape)
        return triple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))

    def insert(self, values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """Bring values on the grid back onto the canonical image's voxels, interpolated linearly.

        Args:
            values: (R, A, S) of the grid's size, or (R, A, S, n).
            shape: of the canonical image, (R, A, S).

        Returns:
            Values on the voxels of the grid's `region`.
        """
        if self.aligned:
            return values
        if values.ndim == 3:
            return self._resampled(values, shape)
        region = self.region(shape)
        inserted = np.empty([*(part.stop - part.start for part in region), values.shape[-1]], values.dtype)
        for n in range(values.shape[-1]):
            inserted[..., n] = self._resampled(values[..., n], shape)
        return inserted

    def _resampled(self, values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """`insert` for one volume."""
        low, high = self._covered(shape)
        image = _local_image(values, self.spacing, self.start * self.image_spacing)
        return _resample(image, high - low, low * self.image_spacing, self.image_spacing, sitk.sitkLinear)

    def image_index(self, index: ArrayLike) -> np.ndarray:
        """The continuous index in the canonical image, (R, A, S), of one in the grid."""
        return self.start + np.asarray(index, dtype=float) * self.spacing / self.image_spacing

    def _slices(self) -> Box:
        """The image's voxels where they are the grid's own."""
        first = np.round(self.start).astype(int)
        return triple(slice(a, a + n) for a, n in zip(first, self.size, strict=True))

    def _covered(self, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The image's voxels whose centers lie inside the grid's voxels: [low, high)."""
        step = self.spacing / self.image_spacing
        low = np.ceil(self.start - step / 2 - 1e-6)
        high = np.floor(self.start + (np.array(self.size) - 0.5) * step + 1e-6) + 1
        return np.clip(low, 0, shape).astype(int), np.clip(high, 0, shape).astype(int)

    def _smoothed(self, array: np.ndarray) -> np.ndarray:
        """Against aliasing: a Gaussian on the axes that get coarser, matched to the lost resolution."""
        image = _local_image(array, self.image_spacing)
        for axis in range(3):
            fine, coarse = self.image_spacing[axis], self.spacing[axis]
            if coarse > 1.2 * fine and array.shape[axis] >= 4:
                sigma = 0.5 * np.sqrt(coarse**2 - fine**2)
                image = sitk.RecursiveGaussian(image, sigma=float(sigma), direction=axis)
        return sitk.GetArrayFromImage(image).transpose(2, 1, 0)


def normalize(array: np.ndarray, percentiles: tuple[float, float] = (0.5, 99.5), gamma: float = 1.0) -> np.ndarray:
    """Clip to two percentiles, then zero mean and unit variance: intensity scales of MR differ wildly.

    Args:
        array: of any shape and type; it is not changed.
        percentiles: where values are clipped.
        gamma: exponent of the clipped values, scaled to 0..1; below 1 it lifts the dark, where a coil's hot spots would
            leave the organ without contrast.

    Returns:
        The values as float32.

    Raises:
        NothingFound: the array has no contrast.
    """
    array = np.array(array, dtype=np.float32, order="C")  # ours from here on: changed in place, and plane by plane
    low, high = np.percentile(array, percentiles)
    np.clip(array, low, high, out=array)
    if gamma != 1 and high > low:
        array -= low
        array /= high - low
        np.clip(array, 0, 1, out=array)  # rounding leaves some a trifle below 0, where a power is none
        np.power(array, gamma, out=array)
        low, high = 0.0, 1.0
    mean = array.mean(dtype=np.float64)
    deviation = np.sqrt(np.mean([np.square(plane - mean).mean() for plane in array]))  # planes: no copy in doubles
    if not deviation > 1e-6 * max(abs(low), abs(high)):
        raise NothingFound("The field of view has no contrast (all voxels alike); is the click outside the anatomy?")
    for plane in array:
        plane[...] = (plane - mean) / deviation
    return array


def normalize_channels(
    channels: Iterable[np.ndarray], percentiles: tuple[float, float] = (0.5, 99.5), gamma: float = 1.0
) -> np.ndarray:
    """What a model perceives: each channel normalized by itself, as their units have nothing in common.

    Args:
        channels: (R, A, S) each.
        percentiles, gamma: as of `normalize`.

    Returns:
        float32, (R, A, S, channels).

    Raises:
        NothingFound: a channel has no contrast.
    """
    normalized = [normalize(channel, percentiles, gamma) for channel in channels]
    return normalized[0][..., None] if len(normalized) == 1 else np.stack(normalized, axis=-1)


def _model_spacing(canonical: CanonicalImage, spacing: ArrayLike | None) -> np.ndarray:
    """The spacing that a model wants, or the image's own where that is as good as the same."""
    if spacing is None:
        return canonical.spacing
    spacing = np.asarray(spacing, dtype=float)
    if np.all(np.abs(spacing - canonical.spacing) <= _SAME_SPACING * spacing):
        return canonical.spacing
    return spacing


def nearest_axes(direction: np.ndarray) -> tuple[int, int, int]:
    """Find which image axis runs nearest to R, to A, to S: the assignment with the largest sum of cosines.

    Args:
        direction: 3x3, the image's axes (i, j, k) as columns of RAS directions.

    Returns:
        The image's axis along R, along A, along S.
    """
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    return max(orders, key=lambda order: sum(abs(direction[axis, order[axis]]) for axis in range(3)))


class _Voxels:
    """A buffer (i, j, k, channels), kept: SimpleITK's own array view is a dead pointer once the image is gone."""

    def __init__(self, image: sitk.Image):
        view = sitk.GetArrayViewFromImage(image)
        view = view if view.ndim == 4 else view[..., None]
        self.__array_interface__ = view.transpose(2, 1, 0, 3).__array_interface__
        self.image = sitk.Image(image)  # shares the buffer: from here on, who writes to `image` gets a copy


def _voxels(image: sitk.Image) -> Iterator[np.ndarray]:
    """(i, j, k) of each channel, not a copy, read-only."""
    yield from np.moveaxis(np.asarray(_Voxels(image)), 3, 0)


def _flip(array: np.ndarray, flipped: Sequence[bool]) -> np.ndarray:
    """Turned around along some axes, not a copy."""
    return array[tuple(slice(None, None, -1 if f else 1) for f in flipped)]


def _local_image(array: np.ndarray, spacing: np.ndarray, origin: Any = (0.0, 0.0, 0.0)) -> sitk.Image:
    """The voxels as an unrotated image: oblique axes need no care where everything stays on them."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.asarray(array).transpose(2, 1, 0)))
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(o) for o in origin])
    return image


def _resample(image: sitk.Image, size: Any, origin: Any, spacing: Any, interpolator: int) -> np.ndarray:
    """Values at the given grid; beyond the image's last voxel centers, its edge values."""
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in size])
    resampler.SetOutputOrigin([float(o) for o in origin])
    resampler.SetOutputSpacing([float(s) for s in spacing])
    resampler.SetInterpolator(interpolator)
    resampler.UseNearestNeighborExtrapolatorOn()
    return sitk.GetArrayFromImage(resampler.Execute(image)).transpose(2, 1, 0)

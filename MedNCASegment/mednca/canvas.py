"""What the fields of a request painted, joined and put back on the image's own voxels."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk


def _assemble(job, image: sitk.Image):
    """All that was painted in one box: its first voxel and size in the image (i, j, k), and the images by name."""
    low, high = _around([region for region, _parts in job.painted])
    start, size = job.canonical.image_region(low, high)
    # One after another, each dropped as it is joined: a large volume has no room for all of them twice.
    return start, size, {name: job.canonical.restore(_joined(job, low, high), image, start)
                         for name in ("labels", "variance", "probability")}  # fmt: skip


def _joined(job, low, high) -> np.ndarray:
    """The next of what each field painted, on the voxels [low, high) of the canonical image."""
    painted = [(region, parts.pop(0)) for region, parts in job.painted]
    if len(painted) == 1:
        return painted[0][1]
    joined = np.zeros(high - low, painted[0][1].dtype)
    for region, values in painted:
        there = joined[tuple(slice(s.start - a, s.stop - a) for s, a in zip(region, low, strict=True))]
        # A later click adds labels where it found some, and does not erase.
        np.copyto(there, values, where=values > (0 if joined.dtype == np.uint8 else there))
    return joined


def _around(regions) -> tuple[np.ndarray, np.ndarray]:
    """The box [low, high) around regions, given as slices."""
    return (np.min([[part.start for part in region] for region in regions], axis=0),
            np.max([[part.stop for part in region] for region in regions], axis=0))  # fmt: skip

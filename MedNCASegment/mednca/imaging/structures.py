"""Structures in a mask: the left and the right organ of a head apart, the largest piece, how far a point is from one.

What the labels' values mean is not its business: it knows one mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ..axes import bounding_box

Lengths = Sequence[float] | np.ndarray  # mm along R, A, S
_SPECK = 0.1  # of the largest piece's voxels; smaller ones are no structure, but stray bits of the nearest one


def is_one_field(field: Lengths | None, extent: Lengths) -> bool:
    """Tell whether an image is about the size of one field of view, as the training cases are.

    Args:
        field: mm along R, A, S of the field of view, or None for a model that takes whole images.
        extent: mm along R, A, S of the image.

    Returns:
        Whether no axis of the image is longer than one and a half fields; to a model of whole images each is one.
    """
    return field is None or all(mm <= 1.5 * f for mm, f in zip(extent, field, strict=True))


def separate(mask: np.ndarray, spacing: Lengths, field: Lengths | None) -> list[np.ndarray]:
    """Take a mask apart into structures.

    Pieces that fit into one field of view together are one structure, and so are all in an image of about that size, or
    where there is no field.

    Args:
        mask: bool (R, A, S), of a whole image.
        spacing: mm along R, A, S.
        field: mm along R, A, S of the field of view, or None for a model that takes whole images.

    Returns:
        A bool mask of the image's size for each structure, the largest first; none where the mask is empty.
    """
    if not mask.any():
        return []
    if (
        field is None
        or is_one_field(field, np.array(mask.shape) * spacing)
        or _fits(bounding_box(mask), spacing, field)
    ):
        return [mask]
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.Execute(pieces)
    boxes = [_box_of(shapes, number) for number in shapes.GetLabels()]  # the largest first
    sizes = [shapes.GetNumberOfPixels(number) for number in shapes.GetLabels()]
    owner = np.array([0, *_owners(boxes, sizes, spacing, field)])[sitk.GetArrayViewFromImage(pieces)]
    return [owner == number for number in range(1, owner.max() + 1)]


def are_told_apart(values: Sequence[set[int]]) -> bool:
    """Tell whether structures have label values of their own each, as left and right; not where they share some, as
    where one lacks a part. values: of each structure."""
    return len(values) > 1 and sum(map(len, values)) == len(set().union(*values))


def middle(mask: np.ndarray) -> np.ndarray:
    """Find the middle of a mask's bounding box: unlike the centroid it does not follow a structure's thin end.

    Args:
        mask: bool (R, A, S), not empty.

    Returns:
        Its continuous voxel index (R, A, S).
    """
    return bounding_box(mask).mean(axis=0)


def small_pieces(mask: np.ndarray) -> np.ndarray:
    """Find what is not of the largest piece.

    Args:
        mask: bool or labels, (R, A, S).

    Returns:
        Bool, True in all but the largest 26-connected piece.
    """
    components = sitk.ConnectedComponent(sitk.GetImageFromArray((mask > 0).astype(np.uint8)), True)
    components = sitk.RelabelComponent(components, sortByObjectSize=True)
    return sitk.GetArrayFromImage(components) > 1


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """Bool (R, A, S): the largest 26-connected piece of a mask (R, A, S)."""
    return (mask > 0) & ~small_pieces(mask)


def distance_to(mask: np.ndarray, spacing: Lengths, point: Lengths) -> float | None:
    """Measure how far a point lies from a mask.

    Args:
        mask: bool or labels, (R, A, S).
        spacing: mm along R, A, S.
        point: mm along R, A, S from the middle of the mask's first voxel; it may lie outside the mask's array.

    Returns:
        mm to the nearest voxel's side, 0 inside; None of an empty mask.
    """
    if not mask.any():
        return None
    axes = zip(mask.shape, spacing, point, strict=True)
    # From a voxel's side, not its middle; squares along each axis, and plane by plane.
    r, a, s = (np.maximum(np.abs(np.arange(n) * mm - at) - mm / 2, 0) ** 2 for n, mm, at in axes)
    within = a[:, None] + s
    nearest = min(float(off + within[plane > 0].min()) for off, plane in zip(r, mask, strict=True) if plane.any())
    return round(math.sqrt(nearest), 1)


def piece_at(mask: np.ndarray, spacing: Lengths, point: Lengths, within: float) -> int:
    """Measure the piece that a point lies in, or beside.

    Args:
        mask: bool (R, A, S).
        spacing: mm along R, A, S.
        point: mm along R, A, S from the middle of the mask's first voxel.
        within: mm from the middle of a voxel, beyond which it is not at the piece.

    Returns:
        Voxels of the 26-connected piece; 0 where none is so near.
    """
    places = np.argwhere(mask)
    distances = np.linalg.norm(places * spacing - point, axis=1)
    if not len(places) or distances.min() > within:
        return 0
    pieces = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
    return int(np.count_nonzero(pieces == pieces[tuple(places[distances.argmin()])]))


def _owners(boxes: list[np.ndarray], sizes: list[int], spacing: Lengths, field: Lengths) -> list[int]:
    """The structure, from 1 on, that each piece belongs to."""
    owners, around = [], []
    for box, size in zip(boxes, sizes, strict=True):
        joined = [np.array([np.minimum(box[0], other[0]), np.maximum(box[1], other[1])]) for other in around]
        extents = [_extent(both, spacing) for both in joined]
        fitting = [n for n, both in enumerate(joined) if _fits(both, spacing, field)]
        if around and not fitting and size < _SPECK * sizes[0]:
            owners.append(1 + int(np.argmin([extent.sum() for extent in extents])))
        elif fitting:
            around[fitting[0]] = joined[fitting[0]]
            owners.append(1 + fitting[0])
        else:
            around.append(box)
            owners.append(len(around))
    return owners


def _box_of(shapes: sitk.LabelShapeStatisticsImageFilter, number: int) -> np.ndarray:
    """As `bounding_box`; SimpleITK's axes run backward."""
    box = np.array(shapes.GetBoundingBox(number))
    first, size = box[2::-1], box[:2:-1]
    return np.array([first, first + size - 1])


def _extent(ends: np.ndarray, spacing: Lengths) -> np.ndarray:
    """mm from the first to behind the last voxel."""
    return (ends[1] - ends[0] + 1) * np.asarray(spacing, dtype=float)


def _fits(ends: np.ndarray, spacing: Lengths, field: Lengths) -> bool:
    """Whether a box lies within one field of view."""
    return bool(np.all(_extent(ends, spacing) <= field))

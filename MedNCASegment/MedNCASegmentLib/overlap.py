"""Which earlier runs of a segmentation a new result is the same structure as: those that it overlaps with.

Masks are small, volumes are not: everything is compared within the boxes where something is. What is done with such a
run is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer

from mednca.axes import triple

from .contents import Voxels, boxOf, voxelsOf
from .record import Run, runsOf
from .volumes import geometryIn

# Dice of two results above which they are of one structure. Two clicks on one agree far better, as their fields of view
# settle at the same place, and neighbors share next to nothing. A click on one of two equal structures that an earlier
# result holds both has 2/3, and must not take the other one with it.
SAME_STRUCTURE = 0.7


@dataclass(frozen=True)
class Piece:
    """A mask, bool (k, j, i), on a volume's voxels from `start`, (i, j, k), on."""

    mask: np.ndarray
    start: tuple[int, int, int]

    def dice(self, other: Piece) -> float:
        """How much both overlap, 0 to 1; they lie on the same volume."""
        total = np.count_nonzero(self.mask) + np.count_nonzero(other.mask)
        mine, others = _common(self, other), _common(other, self)
        return 2 * np.count_nonzero(mine & others) / total if total else 0.0


def _common(piece, other):
    """The part of a piece's mask that lies in the other one's box."""
    box = []
    for axis in range(3):
        a, b = piece.start[2 - axis], other.start[2 - axis]
        low, high = max(a, b), min(a + piece.mask.shape[axis], b + other.mask.shape[axis])
        box.append(slice(low - a, max(high, low) - a))
    return piece.mask[tuple(box)]


def pieceOf(labels: np.ndarray, start: tuple[int, int, int]) -> Piece | None:
    """All labels, (k, j, i), that begin at a volume's voxel (i, j, k), cut to where they are; None where none is."""
    box = boxOf(labels)
    if box is None:
        return None
    first = triple(a + part.start for a, part in zip(start, reversed(box), strict=True))
    return Piece(labels[box] != 0, first)


def overlappingRuns(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode, piece: Piece
) -> list[Run]:
    """The runs of a segmentation whose segments, as far as they are still there, are the same structure as a piece.

    Args:
        segmentationNode: whose record is gone through, also as it came with a scene.
        volumeNode: on whose voxels the piece lies.
        piece: of all labels of the new result.
    """
    found = []
    for run in runsOf(segmentationNode):
        earlier = _pieceOfRun(segmentationNode, volumeNode, run)
        if earlier is not None and piece.dice(earlier) > SAME_STRUCTURE:
            found.append(run)
    return found


def _pieceOfRun(segmentationNode, volumeNode, run):
    """All segments of a run that are still there, on the volume's voxels; None where nothing is left."""
    segments = map(segmentationNode.GetSegmentation().GetSegment, run.segmentIds)
    voxels = [each for each in map(voxelsOf, filter(None, segments)) if each is not None]
    pieces = [_onVolume(each, segmentationNode, volumeNode) for each in voxels]
    if not pieces:
        return None
    low = np.min([piece.start for piece in pieces], axis=0)
    high = np.max([np.add(piece.start, piece.mask.shape[::-1]) for piece in pieces], axis=0)
    whole = Piece(np.zeros(tuple(reversed(high - low)), bool), triple(int(x) for x in low))
    for piece in pieces:
        part = _common(whole, piece)
        part |= piece.mask
    return whole


def _onVolume(voxels: Voxels, segmentationNode, volumeNode):
    """A segment's voxels as a piece of the volume; as they are where both have the same grid, otherwise resampled."""
    toVolume = np.linalg.inv(geometryIn(segmentationNode, volumeNode)) @ voxels.geometry
    size = voxels.mask.shape[::-1]
    if np.allclose(toVolume[:3, :3], np.eye(3), atol=1e-3):
        return Piece(voxels.mask, triple(int(x) for x in np.rint((toVolume @ (*voxels.start, 1))[:3])))
    corners = np.array([(*np.add(voxels.start, np.multiply(corner, size) - 0.5), 1) for corner in np.ndindex(2, 2, 2)])
    within = (toVolume @ corners.T)[:3]
    low, high = np.floor(within.min(1)).astype(int), np.ceil(within.max(1)).astype(int) + 1
    return Piece(_resampled(voxels, np.linalg.inv(toVolume), low, high), triple(int(x) for x in low))


def _resampled(voxels, fromVolume, low, high):
    """The nearest voxels of a segment at the volume's voxels from `low` up to `high`, a slice at a time."""
    j, i = np.mgrid[low[1] : high[1], low[0] : high[0]]
    slices = []
    for k in range(low[2], high[2]):
        at = [np.rint(row[0] * i + row[1] * j + row[2] * k + row[3]).astype(int) for row in fromVolume[:3]]
        at = [index - start for index, start in zip(at, voxels.start, strict=True)]
        isWithin = np.all([(x >= 0) & (x < n) for x, n in zip(at, reversed(voxels.mask.shape), strict=True)], axis=0)
        safe = tuple(np.where(isWithin, x, 0) for x in reversed(at))
        slices.append(voxels.mask[safe] & isWithin)
    return np.array(slices)

"""The volumes of variance and mean probability that a segmentation's runs share: made, raised, taken out of.

How they are laid over the image is `review`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import slicer

from mednca.result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Region

from .record import VARIANCE_ROLE
from .volumes import addVolumeNode, ijkToRAS, voxels


@dataclass(frozen=True)
class MapPart:
    """What one run has in a map, which is the largest of what its runs have.

    Attributes:
        node: the map.
        region: of the run.
        values: the run's own, (k, j, i); None where they are not known, as of a run that came with a scene: then all
            that the map has there may be its own.
        under: what was there before the run was added, where it is known.
        age: the run's id: later runs have larger ones.
    """

    node: slicer.vtkMRMLScalarVolumeNode
    region: Region
    values: np.ndarray | None
    under: np.ndarray | None
    age: int

    @property
    def isThere(self) -> bool:
        """Whether the map is still in the scene, and as large as it was."""
        if not slicer.mrmlScene.IsNodePresent(self.node) or self.node.GetImageData() is None:
            return False
        ends = np.add(self.region.start, self.region.size)
        return bool(np.all(ends <= self.node.GetImageData().GetDimensions()))


def mapNode(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode, role: str, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """The volume that a segmentation's runs share for a map; a new one of zeros where there is none that fits.

    Args:
        segmentationNode: which refers to it.
        volumeNode: on whose grid it lies.
        role: of the reference, `record.VARIANCE_ROLE` or `record.PROBABILITY_ROLE`.
        name: of a new one.
    """
    node = segmentationNode.GetNodeReference(role)
    if node and node.GetImageData() and _sameGrid(node, volumeNode):
        return node
    shape = tuple(reversed(volumeNode.GetImageData().GetDimensions()))
    node = addVolumeNode(np.zeros(shape, np.float32), volumeNode, name)
    segmentationNode.SetNodeReferenceID(role, node.GetID())
    if role == VARIANCE_ROLE:
        _setVarianceDisplay(node)
    else:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(0.0, 1.0)
    return node


def _sameGrid(node, volumeNode):
    close = np.allclose(ijkToRAS(node), ijkToRAS(volumeNode), atol=1e-4)
    sameSize = node.GetImageData().GetDimensions() == volumeNode.GetImageData().GetDimensions()
    return close and sameSize and node.GetTransformNodeID() == volumeNode.GetTransformNodeID()


def raiseMap(part: MapPart) -> None:
    """Raise a map to a run's own values."""
    assert part.values is not None
    region = _regionOf(part)
    np.maximum(region, part.values, out=region)
    _touch(part.node)


def takeOut(part: MapPart, others: Iterable[MapPart]) -> np.ndarray:
    """Take a run out of a map again; what other runs have there stays.

    Args:
        part: of the run.
        others: the parts that stay, of the same map.

    Returns:
        What was there, (k, j, i): `putBack` raises the map to it.
    """
    region = _regionOf(part)
    before = region.copy()
    own = before if part.values is None else part.values
    np.copyto(region, 0, where=before <= own)  # what is larger came from another run
    for other in others:
        mine, its = _common(part.region, other.region), _common(other.region, part.region)
        rest = np.minimum(_possible(other, its, part, before, mine), before[mine])
        np.maximum(region[mine], rest, out=region[mine])
    _touch(part.node)
    return before


def _possible(other, its, part, before, mine):
    """What another run has where both lie, as far as that is known: at most what was there when it was the only one."""
    if other.values is not None:
        return other.values[its]
    atMost = part.under if other.age < part.age and part.under is not None else before
    return atMost[mine]


def whatIsThere(part: MapPart) -> np.ndarray:
    """A copy of a map, (k, j, i), in the region of a part. Where there is nothing, as mostly, it takes no memory."""
    region = _regionOf(part)
    return region.copy() if region.any() else np.broadcast_to(region.dtype.type(0), region.shape)


def overwrite(part: MapPart, values: np.ndarray) -> None:
    """Give a map these values in the region of a part."""
    _regionOf(part)[:] = values
    _touch(part.node)


def _common(region, other):
    """Where in a region's voxels, (k, j, i), another region lies."""
    box = []
    for start, size, otherStart, otherSize in zip(region.start, region.size, other.start, other.size, strict=True):
        low, high = max(start, otherStart), min(start + size, otherStart + otherSize)
        box.append(slice(low - start, max(high, low) - start))
    return tuple(reversed(box))


def _regionOf(part):
    """A writable view, (k, j, i), of a map's voxels in the region of a part."""
    box = [slice(start, start + size) for start, size in zip(part.region.start, part.region.size, strict=True)]
    return voxels(part.node)[tuple(reversed(box))]


def _touch(node):
    node.GetImageData().GetPointData().GetScalars().Modified()
    node.GetImageData().Modified()


def _setVarianceDisplay(node):
    """Fixed window, so that two results compare; zero is not shown; from red to magenta, no segment's color."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeCool3")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, VARIANCE_LIMIT)
    display.SetThreshold(VARIANCE_SHOWN_FROM, VARIANCE_LIMIT)
    display.ApplyThresholdOn()

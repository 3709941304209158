"""The volumes of variance and mean probability that a segmentation's runs share: made, pasted into, taken out of.

How they are laid over the image is `review`'s business.
"""

from __future__ import annotations

import numpy as np
import slicer

from mednca.result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM

from .record import VARIANCE_ROLE
from .volumes import addVolumeNode, ijkToRAS, voxels


def mapNode(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode, role: str, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """The volume that a segmentation's runs share for a map; a new one of zeros where there is none that fits.

    Args:
        segmentationNode: which refers to it.
        volumeNode: on whose grid it lies.
        role: of the reference, `record.VARIANCE_ROLE` or `record.PROBABILITY_ROLE`.
        name: of the map, for people.
    """
    node = segmentationNode.GetNodeReference(role)
    if node and node.GetImageData() and _sameGrid(node, volumeNode):
        return node
    shape = tuple(reversed(volumeNode.GetImageData().GetDimensions()))
    node = addVolumeNode(np.zeros(shape, np.float32), volumeNode, f"{volumeNode.GetName()} {name}")
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


def paste(node: slicer.vtkMRMLScalarVolumeNode, values: np.ndarray, start: tuple[int, int, int]) -> None:
    """Raise a map to the given values, (k, j, i), from voxel `start`, (i, j, k), on."""
    region = _regionOf(node, values, start)
    np.maximum(region, values, out=region)
    _touch(node)


def takeOut(node: slicer.vtkMRMLScalarVolumeNode, values: np.ndarray, start: tuple[int, int, int]) -> None:
    """Undo `paste`: 0 again, but for what is larger, which came from another run, perhaps of another session."""
    region = _regionOf(node, values, start)
    region[region <= values] = 0
    _touch(node)


def _regionOf(node, values, start):
    """A writable view, (k, j, i), of a node's voxels where the values lie."""
    return voxels(node)[tuple(slice(a, a + n) for a, n in zip(reversed(start), values.shape, strict=True))]


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

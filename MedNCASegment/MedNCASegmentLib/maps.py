"""The volumes of variance and mean probability that a segmentation's runs share: made, pasted into, taken out of.

How they are laid over the image is `review`'s business.
"""

import numpy as np
import slicer

from .record import VARIANCE_ROLE
from .volumes import addVolumeNode, ijkToRAS, voxels

VARIANCE_LIMIT = 0.25  # the largest variance of a probability; the fixed window of every variance volume
VARIANCE_SHOWN_FROM = 0.005


def mapNode(segmentationNode, volumeNode, role, name, dtype):
    """The volume that a segmentation's runs share for a map; a new one of zeros where there is none that fits."""
    node = segmentationNode.GetNodeReference(role)
    if node and node.GetImageData() and _sameGrid(node, volumeNode):
        return node
    shape = tuple(reversed(volumeNode.GetImageData().GetDimensions()))
    node = addVolumeNode(np.zeros(shape, dtype), volumeNode, f"{volumeNode.GetName()} {name}")
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


def paste(node, values, start):
    """Raise the node's values to the given ones from voxel `start` on."""
    region = regionOf(node, start, values.shape)
    np.maximum(region, values, out=region)
    touch(node)


def regionOf(node, start, shape):
    """A writable view, (k, j, i), of a node's voxels from `start` (i, j, k) on."""
    return voxels(node)[tuple(slice(a, a + n) for a, n in zip(reversed(start), shape, strict=True))]


def touch(node):
    node.GetImageData().GetPointData().GetScalars().Modified()
    node.GetImageData().Modified()


def _setVarianceDisplay(node):
    """Fixed window, so that two results compare; zero is not shown; Inferno where Slicer has it."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    for colors in ("vtkMRMLColorTableNodeFileInferno.txt", "vtkMRMLColorTableNodeInferno", "vtkMRMLColorTableNodeIron"):
        if slicer.mrmlScene.GetNodeByID(colors):
            display.SetAndObserveColorNodeID(colors)
            break
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, VARIANCE_LIMIT)
    display.SetThreshold(VARIANCE_SHOWN_FROM, VARIANCE_LIMIT)
    display.ApplyThresholdOn()

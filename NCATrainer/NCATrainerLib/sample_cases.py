"""Cases to try the trainer on: an organ that was made up, so that nothing is downloaded and nobody's data is needed."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from MedNCASegmentLib.volumes import imageDataFromArray, orientedImageData

from .pairs import Pair

_COUNT = 6
_SHAPE, _SPACING = (28, 30, 24), 3.0  # voxels (i, j, k), mm, so that a plan takes less than half an hour
_ORGAN_MM, _OTHER_MM = np.array([13.0, 17.0, 11.0]), 8.0  # half axes; radius of what looks like the organ
_SPREAD_MM, _NOISE = 5.0, 12.0


def addSampleCases() -> list[Pair]:
    """Six volumes with a bright organ, and beside it a ball as bright that is none, and the segmentations of the organ.

    Returns:
        The nodes, as the trainer takes them.
    """
    return [_addCase(number) for number in range(1, _COUNT + 1)]


def _addCase(number: int) -> Pair:
    image, organ = _made(np.random.default_rng(number))
    name = slicer.mrmlScene.GenerateUniqueName(_("Sample {number}").format(number=number))
    volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    volumeNode.SetAndObserveImageData(imageDataFromArray(image))
    toRas = vtk.vtkMatrix4x4()
    for axis in range(3):
        toRas.SetElement(axis, axis, _SPACING)
    volumeNode.SetIJKToRASMatrix(toRas)
    volumeNode.CreateDefaultDisplayNodes()
    drawn = _("{name} segmentation").format(name=name)
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", drawn)
    segmentationNode.CreateDefaultDisplayNodes()
    segmentationNode.GetDisplayNode().SetVisibility(number == 1)  # that of the volume that is shown
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segment = slicer.vtkSegment()
    segment.SetName(_("Organ"))
    segment.AddRepresentation("Binary labelmap", orientedImageData(organ, volumeNode, segmentationNode))
    segmentationNode.GetSegmentation().AddSegment(segment)
    return volumeNode, segmentationNode


def _made(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An image, float32, and the organ in it, uint8, both (k, j, i)."""
    place = np.stack(np.meshgrid(*(_SPACING * (np.arange(n) - n / 2) for n in _SHAPE), indexing="ij"), -1)
    center = draw.uniform(-_SPREAD_MM, _SPREAD_MM, 3)
    half = _ORGAN_MM * draw.uniform(0.85, 1.15, 3)
    hollow = center + [half[0], 0, 0]  # on one side, as a kidney's
    organ = (((place - center) / half) ** 2).sum(-1) < 1
    organ &= (((place - hollow) / (half / 2)) ** 2).sum(-1) > 1
    other = np.linalg.norm(place - center + [0, 0, 1.6 * half[2] + _OTHER_MM], axis=-1) < _OTHER_MM
    bias = 1 + place @ draw.uniform(-0.004, 0.004, 3)
    image = (100 + 60 * (organ | other)) * bias + draw.normal(0, _NOISE, _SHAPE)
    return np.ascontiguousarray(image.T, np.float32), np.ascontiguousarray(organ.T, np.uint8)

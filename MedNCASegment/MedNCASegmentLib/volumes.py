"""Between MRML volume nodes and the engine's images. Parent transforms are dealt with here and nowhere else.

What the voxels mean, and whose volume is whose, is not asked here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util import numpy_support

from mednca.errors import MedNCAError
from mednca.imaging.geometry import nearest_axes
from mednca.imaging.reading import check_geometry

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SAMPLED = 1_000_000  # voxels, about, that a fingerprint is made of
_CHUNK = 16_000_000  # bytes written at once: a few milliseconds, so that the window goes on answering
_NRRD_TYPES = {"int8": "int8", "float32": "float", "float64": "double"}


def imageFromVolumeNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> sitk.Image:
    """The volume as a SimpleITK image in world space: a linear parent transform is part of its geometry.

    Raises MedNCAError for what cannot be segmented: no voxels, several components, a non-linear or shearing
    transform.
    """
    geometry = lpsGeometry(volumeNode)
    image = sitk.GetImageFromArray(arrayFromVolumeNode(volumeNode))
    _setGeometry(image, geometry)
    return image


def imageOf(array: np.ndarray, toRAS: np.ndarray, start: Sequence[int] = (0, 0, 0)) -> sitk.Image:
    """An array (k, j, i) as a SimpleITK image. toRAS: 4x4, voxel -> world RAS mm; start: the array's first voxel."""
    image, geometry = sitk.GetImageFromArray(array), _RAS_TO_LPS @ toRAS
    geometry[:3, 3] += geometry[:3, :3] @ start
    _setGeometry(image, geometry)
    return image


def writeVolume(volumeNode: slicer.vtkMRMLScalarVolumeNode, path: Path) -> Iterator[None]:
    """Write the volume in world space as NRRD, a chunk at a time: iterate over it, and stop where you like.

    The worker reads the file. Raises MedNCAError before the first chunk for what cannot be segmented.
    """
    geometry = lpsGeometry(volumeNode)
    array = arrayFromVolumeNode(volumeNode)  # a copy: the node may change or vanish between two chunks
    axes = ["(" + ",".join(repr(float(x)) for x in geometry[:3, axis]) + ")" for axis in range(4)]
    header = (
        "NRRD0004",
        f"type: {_NRRD_TYPES.get(array.dtype.name, array.dtype.name)}",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(n) for n in reversed(array.shape)),
        "space directions: " + " ".join(axes[:3]),
        "kinds: domain domain domain",
        f"endian: {sys.byteorder}",
        "encoding: raw",
        f"space origin: {axes[3]}",
    )
    data = array.reshape(-1).data.cast("B")
    with open(path, "wb") as file:
        file.write(("\n".join(header) + "\n\n").encode("ascii"))
        for start in range(0, len(data), _CHUNK):
            file.write(data[start : start + _CHUNK])
            yield


def lpsGeometry(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> np.ndarray:
    """4x4: voxel index (i, j, k) -> world LPS mm. Raises MedNCAError for what cannot be segmented."""
    imageData = volumeNode.GetImageData() if volumeNode is not None else None
    if imageData is None or imageData.GetNumberOfPoints() == 0:
        raise MedNCAError(_("The volume has no voxels; choose another one."))
    name = volumeNode.GetName()
    if imageData.GetNumberOfScalarComponents() != 1:
        raise MedNCAError(_("{name} is a color or vector volume; a scalar volume is needed.").format(name=name))
    geometry = _RAS_TO_LPS @ matrixToWorld(volumeNode) @ ijkToRAS(volumeNode)
    sample = sitk.Image([1, 1, 1], sitk.sitkUInt8)
    try:
        _setGeometry(sample, geometry)
    except RuntimeError as error:
        raise MedNCAError(
            _("The axes of {name} do not span a volume; check its transform.").format(name=name)
        ) from error
    check_geometry(sample, name)
    return geometry


def spacingAndExtent(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> tuple[tuple, tuple]:
    """mm between voxels, and mm of the whole volume, both along R, A, S in the world.

    Raises MedNCAError for what cannot be segmented.
    """
    axes = (_RAS_TO_LPS @ lpsGeometry(volumeNode))[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    order = list(nearest_axes(axes / lengths))
    extent = lengths * volumeNode.GetImageData().GetDimensions()
    return tuple(lengths[order].tolist()), tuple(extent[order].tolist())


def voxelStamp(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> tuple:
    """Changes whenever the volume's voxels do."""
    imageData = volumeNode.GetImageData()
    return volumeNode.GetID(), imageData.GetMTime() if imageData else 0


def volumeStamp(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> tuple:
    """Changes whenever the volume's voxels or its place in the world do."""
    return (*voxelStamp(volumeNode), *ijkToWorld(volumeNode).ravel().tolist())


def ijkToWorld(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """4x4: voxel index (i, j, k) -> world RAS mm. Raises MedNCAError under a transform that is not linear."""
    return matrixToWorld(volumeNode) @ ijkToRAS(volumeNode)


def fingerprintOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Of the volume's voxels: another one where they were filtered, or are another frame's; the same once the scene was
    saved and loaded. "" without voxels."""
    return _fingerprint(voxelStamp(volumeNode)) if volumeNode.GetImageData() else ""


@lru_cache(maxsize=64)
def _fingerprint(stamp):
    """Of some of the voxels, as a large volume has many; as numbers, since a file may hold them in another type."""
    values = voxels(slicer.mrmlScene.GetNodeByID(stamp[0]))
    some = values.reshape(-1)[:: max(values.size // _SAMPLED, 1)].astype(np.float32)
    return f"{crc32(np.array(values.shape, np.int64).tobytes()):08x}{crc32(some.tobytes()):08x}"


def arrayFromVolumeNode(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """A copy of the voxels, (k, j, i)."""
    return voxels(volumeNode).copy()


def voxels(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """The voxels themselves, (k, j, i); call volumeNode.GetImageData().Modified() after writing."""
    imageData = volumeNode.GetImageData()
    shape = tuple(reversed(imageData.GetDimensions()))
    return numpy_support.vtk_to_numpy(imageData.GetPointData().GetScalars()).reshape(shape)


def addVolumeNode(array: np.ndarray, like: slicer.vtkMRMLScalarVolumeNode, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """A scalar volume node of an array (k, j, i) on the grid of another volume, under the same transform."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    node.SetAndObserveImageData(imageDataFromArray(array))
    matrix = vtk.vtkMatrix4x4()
    like.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveTransformNodeID(like.GetTransformNodeID())
    return node


def orientedImageData(
    array: np.ndarray,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    inSpaceOf: slicer.vtkMRMLSegmentationNode,
    start: tuple[int, int, int] = (0, 0, 0),
) -> slicer.vtkOrientedImageData:
    """vtkOrientedImageData of an array (k, j, i) on a volume's grid, as segments are made of.

    Args:
        array: the voxels.
        volumeNode: on whose grid they lie.
        inSpaceOf: the segmentation node that it is for; it may be under another parent transform than the volume.
        start: the volume's voxel (i, j, k) where the array begins.
    """
    data = slicer.vtkOrientedImageData()
    data.ShallowCopy(imageDataFromArray(array, start))
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(geometryIn(inSpaceOf, volumeNode).ravel().tolist())
    data.SetGeometryFromImageToWorldMatrix(matrix)
    return data


def geometryIn(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode
) -> np.ndarray:
    """4x4: voxel index (i, j, k) of a volume -> mm in a segmentation's own space, which may be under another parent."""
    return np.linalg.inv(matrixToWorld(segmentationNode)) @ matrixToWorld(volumeNode) @ ijkToRAS(volumeNode)


def imageDataFromArray(array: np.ndarray, start: tuple[int, int, int] = (0, 0, 0)) -> vtk.vtkImageData:
    """vtkImageData with unit geometry and the array's (k, j, i) values, copied; its extent begins at `start`."""
    data = vtk.vtkImageData()
    sizes = reversed(array.shape)
    data.SetExtent([end for first, n in zip(start, sizes, strict=True) for end in (first, first + n - 1)])
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True)
    scalars.SetName("ImageScalars")  # as VTK calls them; DICOM's export takes a segment without such for empty
    data.GetPointData().SetScalars(scalars)
    return data


def _setGeometry(image, geometry):
    spacing = np.linalg.norm(geometry[:3, :3], axis=0)
    direction = geometry[:3, :3] / np.where(spacing > 0, spacing, 1)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(geometry[:3, 3].tolist())
    image.SetDirection(direction.ravel().tolist())


def ijkToRAS(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """4x4: voxel index (i, j, k) -> RAS mm, without the parent transform."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return asArray(matrix)


def matrixToWorld(node: slicer.vtkMRMLTransformableNode) -> np.ndarray:
    """4x4: a node's own mm -> world RAS mm. Raises MedNCAError where its transform is not linear."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        raise MedNCAError(
            _("{name} is under a non-linear transform; harden the transform or remove it, then segment.").format(
                name=node.GetName()
            )
        )
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(matrix)
    return asArray(matrix)


def asArray(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """4x4 of a vtkMatrix4x4."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])

"""Between MRML volume nodes and the engine's images. Parent transforms are dealt with here and nowhere else."""

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util import numpy_support

from MedNCALib.errors import MedNCAError

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def imageFromVolumeNode(volumeNode):
    """The volume as a SimpleITK image in world space: a linear parent transform is part of its geometry.

    Raises MedNCAError for what cannot be segmented: no voxels, several components, a non-linear or shearing
    transform.
    """
    imageData = volumeNode.GetImageData() if volumeNode is not None else None
    if imageData is None or imageData.GetNumberOfPoints() == 0:
        raise MedNCAError(_("The volume has no voxels; choose another one."))
    name = volumeNode.GetName()
    if imageData.GetNumberOfScalarComponents() != 1:
        raise MedNCAError(_("{name} is a color or vector volume; a scalar volume is needed.").format(name=name))
    ijkToWorld = _matrixToWorld(volumeNode) @ _ijkToRAS(volumeNode)
    spacing = np.linalg.norm(ijkToWorld[:3, :3], axis=0)
    direction = (_RAS_TO_LPS @ ijkToWorld)[:3, :3] / np.where(spacing > 0, spacing, 1)
    image = sitk.GetImageFromArray(arrayFromVolumeNode(volumeNode))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin((_RAS_TO_LPS @ ijkToWorld)[:3, 3].tolist())
    try:
        image.SetDirection(direction.ravel().tolist())
    except RuntimeError as error:
        raise MedNCAError(
            _("The axes of {name} do not span a volume; check its transform.").format(name=name)
        ) from error
    return image


def arrayFromVolumeNode(volumeNode):
    """A copy of the voxels, (k, j, i)."""
    imageData = volumeNode.GetImageData()
    shape = tuple(reversed(imageData.GetDimensions()))
    return numpy_support.vtk_to_numpy(imageData.GetPointData().GetScalars()).reshape(shape).copy()


def addVolumeNode(array, like, name):
    """A scalar volume node of an array (k, j, i) on the grid of another volume, under the same transform."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    node.SetAndObserveImageData(imageDataFromArray(array))
    matrix = vtk.vtkMatrix4x4()
    like.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveTransformNodeID(like.GetTransformNodeID())
    return node


def orientedImageData(array, volumeNode, inSpaceOf):
    """vtkOrientedImageData of an array (k, j, i) on a volume's grid, as segments are made of.

    inSpaceOf: the segmentation node that it is for; it may be under another parent transform than the volume.
    """
    data = slicer.vtkOrientedImageData()
    data.ShallowCopy(imageDataFromArray(array))
    geometry = np.linalg.inv(_matrixToWorld(inSpaceOf)) @ _matrixToWorld(volumeNode) @ _ijkToRAS(volumeNode)
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(geometry.ravel().tolist())
    data.SetGeometryFromImageToWorldMatrix(matrix)
    return data


def imageDataFromArray(array):
    """vtkImageData with unit geometry and the array's (k, j, i) values, copied."""
    data = vtk.vtkImageData()
    data.SetDimensions(*reversed(array.shape))
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True)
    data.GetPointData().SetScalars(scalars)
    return data


def _ijkToRAS(volumeNode):
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return _asArray(matrix)


def _matrixToWorld(volumeNode):
    parent = volumeNode.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        raise MedNCAError(
            _("{name} is under a non-linear transform; harden the transform or remove it, then segment.").format(
                name=volumeNode.GetName()
            )
        )
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(matrix)
    return _asArray(matrix)


def _asArray(matrix):
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])

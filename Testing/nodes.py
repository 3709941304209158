"""MRML nodes with known contents, and what lies in them, for the tests on Slicer's core."""

import numpy as np


def add_volume(slicer, array_ijk, matrix=None, name="phantom"):
    import vtk

    from MedNCASegmentLib.volumes import imageDataFromArray

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetAndObserveImageData(imageDataFromArray(np.ascontiguousarray(array_ijk.transpose(2, 1, 0))))
    if matrix is not None:
        ijk_to_ras = vtk.vtkMatrix4x4()
        ijk_to_ras.DeepCopy(np.asarray(matrix, float).ravel().tolist())
        node.SetIJKToRASMatrix(ijk_to_ras)
    return node


def drawn_pair(slicer, image, labels, name, names=("Front", "Back")):
    """A volume (i, j, k) in the scene and the segmentation that was drawn on it."""
    from MedNCASegmentLib.volumes import orientedImageData

    volume = add_volume(slicer, image, np.eye(4), name=name)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{name}, drawn")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for value, segment_name in enumerate(names, start=1):
        mask = (labels == value).astype(np.uint8).transpose(2, 1, 0)
        segment = slicer.vtkSegment()
        segment.SetName(segment_name)
        segment.AddRepresentation("Binary labelmap", orientedImageData(mask, volume, node))
        node.GetSegmentation().AddSegment(segment)
    return volume, node


def put_under(slicer, volume, matrix):
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    values = vtk.vtkMatrix4x4()
    values.DeepCopy(np.asarray(matrix, float).ravel().tolist())
    node.SetMatrixTransformToParent(values)
    volume.SetAndObserveTransformNodeID(node.GetID())
    return node


def affine(matrix3, offset=(0, 0, 0)):
    matrix = np.eye(4)
    matrix[:3, :3] = matrix3
    matrix[:3, 3] = offset
    return matrix


def segment_mask(slicer, segmentation, volume, number=0):
    """Voxels (i, j, k) of a segment on the volume's grid, by Slicer's own export."""
    import vtk

    from MedNCASegmentLib.volumes import arrayFromVolumeNode

    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    ids = vtk.vtkStringArray()
    ids.InsertNextValue(segmentation.GetSegmentation().GetNthSegmentID(number))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(segmentation, ids, labelmap, volume)
    return arrayFromVolumeNode(labelmap).transpose(2, 1, 0) > 0

"""MRML nodes with known contents, and what lies in them, for the tests on Slicer's core."""

import json

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


def drawn_pair(slicer, image, labels, name, names=("Front", "Back"), spacing=1.0):
    """A volume (i, j, k) in the scene, of voxels of so many mm, and the segmentation that was drawn on it."""
    from MedNCASegmentLib.volumes import orientedImageData

    volume = add_volume(slicer, image, np.diag([spacing] * 3 + [1.0]), name=name)
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


def report_of(node):
    """The report of the last run, that a result node carries."""
    from mednca.result import Report

    return Report.from_json(json.loads(node.GetAttribute("MedNCA.Report")))


def state_of(slicer, segmentation):
    """All that a result is in the scene, to be compared: segments, maps, table, record and report."""
    from MedNCASegmentLib.contents import contentOf

    segments, display = segmentation.GetSegmentation(), segmentation.GetDisplayNode()
    told = []
    for id in segments.GetSegmentIDs():
        segment = segments.GetSegment(id)
        shown = (
            display.GetSegmentVisibility(id),
            display.GetSegmentOpacity3D(id),
            display.GetSegmentVisibility2DFill(id),
        )
        told.append((id, segment.GetName(), segment.GetColor(), contentOf(segmentation, id), _tags_of(segment), shown))
    maps = [segmentation.GetNodeReference(f"MedNCA.{role}") for role in ("variance", "probability")]
    table = segmentation.GetNodeReference("MedNCA.table").GetTable()
    rows = [str(table.GetValue(row, column)) for row in range(table.GetNumberOfRows()) for column in range(15)]
    attributes = segmentation.GetAttribute("MedNCA.Runs"), segmentation.GetAttribute("MedNCA.Report")
    return told, [slicer.util.arrayFromVolume(node).tobytes() for node in maps if node], rows, attributes


def _tags_of(segment):
    """Tags and terminology of a segment."""
    import vtk

    values = []
    for name in (segment.GetTerminologyEntryTagName(), "MedNCA.Model", "MedNCA.MembersAndSeed", "mine"):
        value = vtk.reference("")
        values.append((segment.GetTag(name, value), str(value)))
    return values

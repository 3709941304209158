"""Volumes and their segmentations in the scene, and how they become the files that the training reads.

Pairs are node references of the parameter node, so they are saved with the scene and follow what happens to the nodes.
"""

import re

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from MedNCALib.errors import MedNCAError
from MedNCASegmentLib.volumes import arrayFromVolumeNode, imageFromVolumeNode, writeVolume

_VOLUME, _SEGMENTATION = "NCATrainer.volume", "NCATrainer.segmentation"


def pairsOf(parameterNode):
    """[(volume node, segmentation or label map node)]; pairs that lost a node are left out."""
    count = parameterNode.GetNumberOfNodeReferences(_VOLUME)
    pairs = [
        (parameterNode.GetNthNodeReference(_VOLUME, n), parameterNode.GetNthNodeReference(_SEGMENTATION, n))
        for n in range(count)
    ]
    return [pair for pair in pairs if all(pair)]


def setPairs(parameterNode, pairs):
    parameterNode.RemoveNodeReferenceIDs(_VOLUME)
    parameterNode.RemoveNodeReferenceIDs(_SEGMENTATION)
    for volumeNode, segmentationNode in pairs:
        parameterNode.AddNodeReferenceID(_VOLUME, volumeNode.GetID())
        parameterNode.AddNodeReferenceID(_SEGMENTATION, segmentationNode.GetID())


def pairsByName():
    """Volumes of the scene with the segmentation that was made on them, or that is called like them."""
    pairs = []
    segmentations = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    for volumeNode in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if volumeNode.GetClassName() != "vtkMRMLScalarVolumeNode":
            continue
        name = volumeNode.GetName().lower()
        for segmentationNode in segmentations:
            role = segmentationNode.GetReferenceImageGeometryReferenceRole()
            reference = segmentationNode.GetNodeReference(role)
            if reference is volumeNode or (reference is None and segmentationNode.GetName().lower().startswith(name)):
                pairs.append((volumeNode, segmentationNode))
                break
    return pairs


def caseNames(pairs):
    """A file name for each pair, from the volume's name; equal ones are numbered."""
    names = []
    for volumeNode, _segmentationNode in pairs:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", volumeNode.GetName()).strip("_") or "case"
        name, number = stem, 2
        while name in names:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return names


def segmentNames(pairs):
    """Names of all segments of the pairs, sorted. A label map's values are its segments."""
    return sorted({name for _volumeNode, node in pairs for name in _segments(node)})


def _segments(node):
    """{name: segment id, or value of a label map}"""
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        values = np.unique(arrayFromVolumeNode(node))
        return {_("Label {value}").format(value=int(value)): int(value) for value in values if value}
    segmentation = node.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    return {segmentation.GetSegment(id).GetName(): id for id in ids}


def export(pairs, values, folder):
    """Write all pairs to folder/images and folder/labels; a generator, so that the window goes on answering.

    values: {segment name: label value}; segments that are not in it are background. Yields (done, total); at the end
    it returns [(case name, image file, label file)]. Raises MedNCAError with the pair's name.
    """
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    files = []
    for number, (name, (volumeNode, node)) in enumerate(zip(caseNames(pairs), pairs, strict=True)):
        yield number, len(pairs)
        image, labels = folder / "images" / f"{name}.nrrd", folder / "labels" / f"{name}.nrrd"
        try:
            yield from ((number, len(pairs)) for _chunk in writeVolume(volumeNode, image))
            _writeLabels(volumeNode, node, values, labels)
        except MedNCAError as error:
            raise MedNCAError(f"{volumeNode.GetName()}: {error}") from error
        files.append((name, str(image), str(labels)))
    return files


def _writeLabels(volumeNode, node, values, path):
    import SimpleITK as sitk

    image = imageFromVolumeNode(volumeNode)
    labels = np.zeros(tuple(reversed(volumeNode.GetImageData().GetDimensions())), np.uint8)
    for name, segment in _segments(node).items():
        if name in values:
            labels[_mask(volumeNode, node, segment)] = values[name]
    written = sitk.GetImageFromArray(labels)
    written.CopyInformation(image)
    sitk.WriteImage(written, str(path), useCompression=True)


def _mask(volumeNode, node, segment):
    """Bool (k, j, i) on the volume's grid: of a label map's value, or of a segment, resampled where it must be."""
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        array = arrayFromVolumeNode(node)
        if array.shape != tuple(reversed(volumeNode.GetImageData().GetDimensions())):
            raise MedNCAError(_("the label map {name} has another grid.").format(name=node.GetName()))
        return array == segment
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    try:
        ids = vtk.vtkStringArray()
        ids.InsertNextValue(segment)
        if not slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(node, ids, labelmap, volumeNode):
            raise MedNCAError(_("the segmentation {name} cannot be put on its grid.").format(name=node.GetName()))
        return arrayFromVolumeNode(labelmap) > 0
    finally:
        slicer.mrmlScene.RemoveNode(labelmap)

"""How pairs of the scene become the files that the training reads. Which pairs there are is `pairs`' business."""

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from MedNCASegmentLib.volumes import arrayFromVolumeNode, imageFromVolumeNode, writeVolume

from .pairs import caseNames, segmentsOf


def export(pairs, values, folder):
    """Write all pairs to folder/images and folder/labels; a generator, so that the window goes on answering.

    values: {segment name: label value}; segments that are not in it are background. Yields (done, total); at the end
    it returns ([(case name, image file, label file)], {case name: why that pair cannot be used, or None}).
    """
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    files, problems = [], {}
    for number, (name, (volumeNode, node)) in enumerate(zip(caseNames(pairs), pairs, strict=True)):
        yield number, len(pairs)
        image, labels = folder / "images" / f"{name}.nrrd", folder / "labels" / f"{name}.nrrd"
        try:
            yield from ((number, len(pairs)) for _chunk in writeVolume(volumeNode, image))
            _writeLabels(volumeNode, node, values, labels)
            files.append((name, str(image), str(labels)))
            problems[name] = None
        except OSError:  # a full disk is no fault of this pair
            raise
        except Exception as error:  # one bad pair must not cost the others their place
            problems[name] = str(error) if isinstance(error, MedNCAError) else f"{type(error).__name__}: {error}"
            image.unlink(missing_ok=True)
    return files, problems


def _writeLabels(volumeNode, node, values, path):
    import SimpleITK as sitk

    image = imageFromVolumeNode(volumeNode)
    labels = np.zeros(tuple(reversed(volumeNode.GetImageData().GetDimensions())), np.uint8)
    for name, segment in segmentsOf(node):
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
            raise MedNCAError(_("The label map {name} has another grid.").format(name=node.GetName()))
        return array == segment
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    try:
        ids = vtk.vtkStringArray()
        ids.InsertNextValue(segment)
        if not slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(node, ids, labelmap, volumeNode):
            raise MedNCAError(_("The segmentation {name} cannot be put on its grid.").format(name=node.GetName()))
        return arrayFromVolumeNode(labelmap) > 0
    finally:
        _remove(labelmap)


def _remove(labelmap):
    """With the display and the color table that the export made for it, as far as the scene does not do so itself."""
    display = labelmap.GetDisplayNode()
    colors = display.GetColorNode() if display else None
    for node in (labelmap, display, colors):
        isThere = node is not None and slicer.mrmlScene.IsNodePresent(node)
        if isThere and node.GetSingletonTag() is None:  # Slicer's own color tables are singletons
            slicer.mrmlScene.RemoveNode(node)

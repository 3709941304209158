"""Volumes and their segmentations in the scene, and how they become the files that the training reads.

Pairs are node references of the parameter node, so they are saved with the scene and follow what happens to the nodes.
"""

import re

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from MedNCASegmentLib.record import hasRuns, isImage
from MedNCASegmentLib.volumes import arrayFromVolumeNode, imageFromVolumeNode, volumeStamp, voxels, writeVolume

# Each pair has two roles of its own, with its number: of a shared role the references close up when a node goes, and
# a volume would get its neighbor's segmentation.
_VOLUME, _SEGMENTATION = "NCATrainer.volume.", "NCATrainer.segmentation."

_labelMapValues = {}  # modification time of a label map's voxels, which no two ever share -> its values


def pairsOf(parameterNode):
    """[(volume node, segmentation or label map node)]; pairs that lost a node are left out."""
    numbers = _numbers(parameterNode)
    pairs = [tuple(parameterNode.GetNodeReference(f"{role}{n}") for role in (_VOLUME, _SEGMENTATION)) for n in numbers]
    return [pair for pair in pairs if all(pair)]


def setPairs(parameterNode, pairs):
    for number in _numbers(parameterNode):
        for role in (_VOLUME, _SEGMENTATION):
            parameterNode.RemoveNodeReferenceIDs(f"{role}{number}")
    for number, (volumeNode, segmentationNode) in enumerate(pairs):
        parameterNode.SetNodeReferenceID(f"{_VOLUME}{number}", volumeNode.GetID())
        parameterNode.SetNodeReferenceID(f"{_SEGMENTATION}{number}", segmentationNode.GetID())


def _numbers(parameterNode):
    count = parameterNode.GetNumberOfNodeReferenceRoles()
    roles = [parameterNode.GetNthNodeReferenceRole(n) for n in range(count)]
    return sorted(int(role.removeprefix(_VOLUME)) for role in roles if role.startswith(_VOLUME))


def pairsByName():
    """(pairs, segmentation nodes left out): volumes of the scene with the segmentation that was made on them, or that
    is called like them. What MedNCA itself made is no truth to learn from, and is left out."""
    pairs, ownResults = [], []
    for volumeNode in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if not isImage(volumeNode):
            continue
        found = _segmentationsOf(volumeNode)
        drawn = [node for node in found if not hasRuns(node)]
        pairs += [(volumeNode, node) for node in drawn[:1]]
        ownResults += [] if drawn else found
    return pairs, ownResults


def _segmentationsOf(volumeNode):
    """Those that were made on the volume first, then those that are called like it."""
    called = re.compile(re.escape(volumeNode.GetName()) + r"(?![^\W_])", re.IGNORECASE)  # case_1, but not case_10
    made, named = [], []
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        if reference is volumeNode:
            made.append(node)
        elif reference is None and called.match(node.GetName()):
            named.append(node)
    return made + named


def stampOf(pair):
    """Changes whenever anything of a pair changes that the training sees."""
    volumeNode, node = pair
    stamp = _gridStamp if node.IsA("vtkMRMLLabelMapVolumeNode") else _segmentationStamp
    return volumeNode.GetName(), _gridStamp(volumeNode), stamp(node)


def _gridStamp(node):
    try:
        return volumeStamp(node)
    except (MedNCAError, AttributeError):  # no voxels, or no place in the world; the examination says so
        return node.GetID()


def _segmentationStamp(node):
    segmentation, transform = node.GetSegmentation(), node.GetParentTransformNode()
    representation = segmentation.GetSourceRepresentationName()
    segments = []
    for name, id in _segments(node):
        data = segmentation.GetSegment(id).GetRepresentation(representation)
        segments.append((id, name, data.GetMTime() if data else None))
    return node.GetID(), transform and (transform.GetID(), transform.GetTransformToWorldMTime()), tuple(segments)


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
    return sorted({name for _volumeNode, node in pairs for name, _segment in _segments(node)})


def _segments(node):
    """[(name, segment id, or value of a label map)]; a name may come twice."""
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return [(_("Label {value}").format(value=value), value) for value in _valuesOf(node)]
    segmentation = node.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    return [(segmentation.GetSegment(id).GetName(), id) for id in ids]


def _valuesOf(labelMapNode):
    imageData = labelMapNode.GetImageData()
    if imageData is None or imageData.GetNumberOfPoints() == 0:
        return []
    stamp = imageData.GetMTime()
    if stamp not in _labelMapValues:
        found = set().union(*(np.unique(part).tolist() for part in voxels(labelMapNode)))
        _labelMapValues[stamp] = sorted(int(value) for value in found if value)
    return _labelMapValues[stamp]


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
    for name, segment in _segments(node):
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

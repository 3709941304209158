"""Volumes and their segmentations in the scene that a training learns from. `pair_export` writes them to files.

Pairs are node references of the parameter node, so they are saved with the scene and follow what happens to the nodes.
"""

from __future__ import annotations

import re

import numpy as np
import slicer
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.schema import RESERVED
from MedNCASegmentLib.channels import channelsOf
from MedNCASegmentLib.record import hasRuns, isImage
from MedNCASegmentLib.volumes import volumeStamp, voxels

# A volume, and a segmentation or a label map that says what is to be found in it.
Pair = tuple["slicer.vtkMRMLScalarVolumeNode", "slicer.vtkMRMLNode"]

# Each pair has two roles of its own, with its number: of a shared role the references close up when a node goes, and
# a volume would get its neighbor's segmentation.
_WATCHED = "NCATrainer.watched"
_VOLUME, _SEGMENTATION = "NCATrainer.volume.", "NCATrainer.segmentation."

# By the modification time of a label map's voxels, which no two ever share: the values in it.
_labelMapValues: dict[int, list[int]] = {}


def pairsOf(parameterNode: slicer.vtkMRMLScriptedModuleNode) -> list[Pair]:
    """Those that the parameter node refers to; pairs that lost a node are left out."""
    numbers = _numbers(parameterNode)
    pairs = [tuple(parameterNode.GetNodeReference(f"{role}{n}") for role in (_VOLUME, _SEGMENTATION)) for n in numbers]
    return [pair for pair in pairs if all(pair)]


def setPairs(parameterNode: slicer.vtkMRMLScriptedModuleNode, pairs: list[Pair]) -> None:
    """Let the parameter node refer to these, and to no others."""
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


def pairsByName() -> tuple[list[Pair], list[slicer.vtkMRMLSegmentationNode]]:
    """Volumes of the scene with the segmentation that was made on them, or that is called like them.

    Returns:
        The pairs, and the segmentations that were left out: what MedNCA itself made is no truth to learn from.
    """
    pairs, ownResults = [], []
    for volumeNode in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if not isImage(volumeNode):
            continue
        found = _segmentationsOf(volumeNode)
        drawn = [node for node in found if not (hasRuns(node) or node.GetAttribute(_WATCHED))]
        pairs += [(volumeNode, node) for node in drawn[:1]]
        ownResults += [] if drawn else found
    return pairs, ownResults


def markWatched(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """What a model finds while it is trained is no truth to learn from, either."""
    segmentationNode.SetAttribute(_WATCHED, "1")


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


def stampOf(pair: Pair) -> tuple:
    """The state of a pair: changes whenever anything of it changes that the training depends on."""
    volumeNode, node = pair
    stamp = _gridStamp if node.IsA("vtkMRMLLabelMapVolumeNode") else _segmentationStamp
    return volumeNode.GetName(), *map(_gridStamp, channelsOf(volumeNode)), stamp(node)


def _gridStamp(node):
    try:
        return volumeStamp(node)
    except (MedNCAError, AttributeError):  # no voxels, or no usable geometry; the examination says so
        return node.GetID()


def _segmentationStamp(node):
    segmentation, transform = node.GetSegmentation(), node.GetParentTransformNode()
    representation = segmentation.GetSourceRepresentationName()
    segments = []
    for name, id in segmentsOf(node):
        data = segmentation.GetSegment(id).GetRepresentation(representation)
        segments.append((id, name, data.GetMTime() if data else None))
    return node.GetID(), transform and (transform.GetID(), transform.GetTransformToWorldMTime()), tuple(segments)


def caseNames(pairs: list[Pair]) -> list[str]:
    """A file name for each pair, from the volume's name; those that are one name on some system are numbered."""
    names: dict[str, str] = {}
    for volumeNode, _segmentationNode in pairs:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", volumeNode.GetName()).strip("_") or "case"
        if re.fullmatch(RESERVED, stem.lower()):
            stem = f"{stem}_1"
        name, number = stem, 2
        while name.lower() in names:
            name, number = f"{stem}_{number}", number + 1
        names[name.lower()] = name
    return list(names.values())


def segmentNames(pairs: list[Pair]) -> list[str]:
    """Names of all segments of the pairs, sorted. A label map's values are its segments."""
    return sorted({name for _volumeNode, node in pairs for name, _segment in segmentsOf(node)})


def segmentsOf(node: slicer.vtkMRMLNode) -> list[tuple[str, str | int]]:
    """[(name, segment id, or value of a label map)] of a segmentation or label map; a name may come twice."""
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

"""What a segmentation node says of itself: its runs, their report, and the volume that it belongs to.

Nothing of one patient gets into another's segmentation, or is drawn over another's image: whoever adds to a
segmentation, chooses one or shows one asks here whose it is.
"""

import json

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError

from .volumes import asArray, ijkToRAS

RUNS_ATTRIBUTE = "MedNCA.Runs"
REPORT_ATTRIBUTE = "MedNCA.Report"
VOLUME_ROLE, VARIANCE_ROLE, TABLE_ROLE, PROBABILITY_ROLE = (
    f"MedNCA.{name}" for name in ("volume", "variance", "table", "probability")
)


def runsOf(segmentationNode):
    """The runs of a segmentation node, oldest first: {"id", "segments": segment ids, "report"}."""
    text = segmentationNode.GetAttribute(RUNS_ATTRIBUTE) if segmentationNode else None
    return json.loads(text) if text else []


def setRuns(segmentationNode, runs):
    segmentationNode.SetAttribute(RUNS_ATTRIBUTE, json.dumps(runs))


def reportFromNode(node):
    """The report of the last run that a result node carries, or None."""
    text = node.GetAttribute(REPORT_ATTRIBUTE)
    return json.loads(text) if text else None


def isImage(node):
    """Whether a node is a volume to segment: no label map, no result of ours."""
    return node is not None and node.GetClassName() == "vtkMRMLScalarVolumeNode" and reportFromNode(node) is None


def ownResults():
    """All segmentation nodes with a record of ours."""
    return [
        node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if node.GetAttribute(RUNS_ATTRIBUTE)
    ]


def volumeOf(node):
    """The volume that a segmentation or clicks belong to; None where nobody said, or it is not in the scene any more.

    A segmentation without a record of ours belongs to the image that it was made on.
    """
    volumeNode = node.GetNodeReference(VOLUME_ROLE)
    if volumeNode is None and node.IsA("vtkMRMLSegmentationNode"):
        madeOn = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        volumeNode = madeOn if isImage(madeOn) else None
    return volumeNode


def segmentationOf(volumeNode):
    """The segmentation with a record of ours that belongs to a volume, the latest of several; or None."""
    return next((node for node in reversed(ownResults()) if volumeOf(node) is volumeNode), None)


def fits(segmentationNode, volumeNode):
    """Whether a volume's results may be added to a segmentation: it belongs to that volume, or to nobody yet."""
    owner = volumeOf(segmentationNode)
    if owner is not None:
        return owner is volumeNode
    return not runsOf(segmentationNode) and _isOnGrid(segmentationNode, volumeNode)


def checkFits(segmentationNode, volumeNode):
    """Raises MedNCAError where a segmentation belongs to another volume."""
    if segmentationNode is None or fits(segmentationNode, volumeNode):
        return
    owner = volumeOf(segmentationNode)
    if owner:
        why = _("{segmentation} belongs to {owner}, not to {name}.")
    else:
        why = _("{segmentation} was made on another volume than {name}.")
    remedy = _("Choose a segmentation of {name}, or none, and a new one is made.")
    names = {"segmentation": segmentationNode.GetName(), "owner": owner and owner.GetName()}
    raise MedNCAError(f"{why} {remedy}".format(name=volumeNode.GetName(), **names))


def _isOnGrid(segmentationNode, volumeNode):
    """Whether a segmentation that came without its volume, from a file, could have been made on this one."""
    converter = slicer.vtkSegmentationConverter
    name = converter.GetReferenceImageGeometryParameterName()
    text = segmentationNode.GetSegmentation().GetConversionParameter(name)
    grid, image = slicer.vtkOrientedImageData(), volumeNode.GetImageData() if volumeNode else None
    if not text or image is None or not converter.DeserializeImageGeometry(text, grid):
        return True
    matrix = vtk.vtkMatrix4x4()
    grid.GetImageToWorldMatrix(matrix)
    isSameSize = grid.GetDimensions() == image.GetDimensions()
    return isSameSize and np.allclose(asArray(matrix), ijkToRAS(volumeNode), atol=1e-3)

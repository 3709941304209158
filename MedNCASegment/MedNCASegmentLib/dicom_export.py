"""Results on a DICOM series as DICOM SEG, by Slicer's own export: what that needs to find is made right here.

The plugin that writes the file is Slicer's (5.12 and later) or that of the extension QuantitativeReporting. It takes a
segment's codes and how it was made from its tags, and the series from the volume of the reference geometry.
"""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError

from .contents import LABELMAP
from .record import presentRuns, runsOf, volumeOf
from .removal import editedSegments
from .segments import ALGORITHM_NAME_TAG, tagAlgorithm, tagCorrected
from .subject_hierarchy import placeBeside

_PLUGIN = "DICOMSegmentationPlugin"
_UIDS = "DICOM.instanceUIDs"  # attribute of a volume that came from DICOM
_SCALARS = "ImageScalars"  # a label map whose voxels are called otherwise counts as empty


def whyNoDICOM(segmentationNode: slicer.vtkMRMLSegmentationNode | None) -> str:
    """Why a segmentation cannot become DICOM SEG, for a tool tip; "" where it can."""
    volumeNode = volumeOf(segmentationNode) if segmentationNode else None
    if volumeNode is None or not presentRuns(segmentationNode):
        return _("There is no result yet.")
    if not volumeNode.GetAttribute(_UIDS):
        told = _("{volume} was not loaded from DICOM; only a result on a DICOM series can be exported as DICOM.")
        return told.format(volume=volumeNode.GetName())
    return ""


def exportDICOM(segmentationNode: slicer.vtkMRMLSegmentationNode, folder: str) -> None:
    """Write all segments of a segmentation as one DICOM SEG into a folder, and into Slicer's DICOM database.

    Raises MedNCAError where that cannot be done, with what to do.
    """
    plugin = _plugin()
    _checkSeries(volumeOf(segmentationNode))
    item = prepare(segmentationNode)
    exportables = plugin.examineForExport(item)
    if not exportables:
        raise MedNCAError(_("Slicer's export does not take this segmentation; see its error log."))
    for exportable in exportables:
        exportable.directory = folder
    error = plugin.export(exportables)
    if error:
        raise MedNCAError(error)


def prepare(segmentationNode: slicer.vtkMRMLSegmentationNode) -> int:
    """Make right what the export reads: the study, the series, and of each segment its voxels and how it was made.

    Returns:
        The segmentation's item in the subject hierarchy.

    Raises:
        MedNCAError: where the segmentation does not lie on the series as that is in the files.
    """
    volumeNode = volumeOf(segmentationNode)
    if segmentationNode.GetTransformNodeID() != volumeNode.GetTransformNodeID():
        told = _("{segmentation} and {volume} are under different transforms: put both under the same one, or harden.")
        raise MedNCAError(told.format(segmentation=segmentationNode.GetName(), volume=volumeNode.GetName()))
    if segmentationNode.GetNodeReference(segmentationNode.GetReferenceImageGeometryReferenceRole()) is not volumeNode:
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentation = segmentationNode.GetSegmentation()
    for number in range(segmentation.GetNumberOfSegments()):
        _nameScalars(segmentation.GetNthSegment(number))
    for run in runsOf(segmentationNode):
        _tagRun(segmentationNode, run)
    return placeBeside(segmentationNode, volumeNode)  # from the study Slicer takes whose it is


def _plugin():
    plugins = getattr(slicer.modules, "dicomPlugins", {})
    if _PLUGIN not in plugins:
        raise MedNCAError(
            _(
                "This Slicer cannot write DICOM segmentations: install the extension QuantitativeReporting (View > "
                "Extensions Manager), restart Slicer, then export."
            )
        )
    return plugins[_PLUGIN]()


def _checkSeries(volumeNode):
    """The export copies the geometry and the patient from the files."""
    database = getattr(slicer, "dicomDatabase", None)
    uids = volumeNode.GetAttribute(_UIDS).split()
    if database is None or not all(map(database.fileForInstance, uids)):
        told = _("The files of {volume} are not in Slicer's DICOM database: import them there, then export.")
        raise MedNCAError(told.format(volume=volumeNode.GetName()))


def _nameScalars(segment):
    labelmap = segment.GetRepresentation(LABELMAP)
    scalars = labelmap.GetPointData().GetScalars() if labelmap else None
    if scalars:
        scalars.SetName(_SCALARS)


def _tagRun(segmentationNode, run):
    """Also of results that were made before there were such tags, or corrected since."""
    edited = editedSegments(segmentationNode, run)
    for id in run.segmentIds:
        segment = segmentationNode.GetSegmentation().GetSegment(id)
        if segment and not segment.GetTag(ALGORITHM_NAME_TAG, vtk.reference("")):
            tagAlgorithm(segment, run.report)
        if segment and id in edited:
            tagCorrected(segment)

"""What a DICOM export meets in Slicer: the database, exportables, and the plugin that writes segmentations.

The plugin reads and refuses what Slicer's does (DICOMSegmentationPlugin.py of Slicer 5.13, and of the extension
QuantitativeReporting before), in the same order. Instead of a DICOM file it leaves what that one hands to dcmqi:
`seg_meta.json` and a label map of each segment.
"""

import json
from pathlib import Path

import slicer
import vtk


class qSlicerDICOMExportable:
    __slots__ = ("_tags", "confidence", "directory", "name", "pluginClass", "subjectHierarchyItemID", "tooltip")

    def __init__(self):
        self.name = self.tooltip = self.pluginClass = self.directory = ""
        self.subjectHierarchyItemID, self.confidence, self._tags = 0, 0.0, {}

    def tag(self, name):
        return self._tags.get(name, "")

    def setTag(self, name, value):
        self._tags[name] = value


class Database:
    """ctkDICOMDatabase: which file an instance is in."""

    def __init__(self, uids):
        self.files = {uid: f"/database/{uid}.dcm" for uid in uids}
        self.inserted = []

    def fileForInstance(self, uid):
        return self.files.get(uid, "")

    def insert(self, path):
        self.inserted.append(path)


class DICOMSegmentationPlugin:
    def examineForExport(self, item):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        node = hierarchy.GetItemDataNode(item)
        uids = hierarchy.GetItemAttribute(item, "DICOM.ReferencedInstanceUIDs").split()
        if (
            not node
            or not node.IsA("vtkMRMLSegmentationNode")
            or not all(map(slicer.dicomDatabase.fileForInstance, uids))
        ):
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.confidence, exportable.subjectHierarchyItemID = 1.0, item
        for name, value in (("Modality", "SEG"), ("SeriesDescription", node.GetName()), ("SeriesNumber", "100")):
            exportable.setTag(name, value)
        return [exportable]

    def export(self, exportables):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        for exportable in exportables:
            try:
                node = hierarchy.GetItemDataNode(exportable.subjectHierarchyItemID)
                self._write(node, Path(exportable.directory), exportable.tag("SeriesDescription"))
            except ValueError as error:
                return str(error)
        return ""

    def _write(self, node, folder, description):
        segmentation = node.GetSegmentation()
        ids = [id for id in segmentation.GetSegmentIDs() if not _is_empty(segmentation.GetSegment(id))]
        if not ids:
            raise ValueError("No non empty segments found.")
        if len(ids) != segmentation.GetNumberOfSegments():
            raise ValueError("Empty segments found in segmentation.")
        attributes = [[_segment_data(segmentation.GetSegment(id))] for id in ids]
        volume = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        if not volume:
            raise ValueError("Referenced volume is not found for the segmentation.")
        uids = volume.GetAttribute("DICOM.instanceUIDs")
        if not uids:
            raise ValueError(f"VolumeNode {volume.GetName()} has no attribute DICOM.instanceUIDs")
        if not all(map(slicer.dicomDatabase.fileForInstance, uids.split())):
            raise ValueError("Referenced volume files were not found in the DICOM database")
        for id in ids:
            _write_label_map(node, id, folder / f"{id}_label.nrrd")
        meta = {"SeriesDescription": description, "segmentAttributes": attributes}
        (folder / "seg_meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        slicer.dicomDatabase.insert(str(folder / "seg_meta.json"))


def install(uids, plugin=True):
    """A database with these instances, and the plugin, or a Slicer without it. Returns the database."""
    slicer.qSlicerDICOMExportable = qSlicerDICOMExportable
    slicer.dicomDatabase = Database(uids)
    slicer.modules.dicomPlugins = {"DICOMSegmentationPlugin": DICOMSegmentationPlugin} if plugin else {}
    return slicer.dicomDatabase


def _is_empty(segment):
    """By an array of that name, and no other."""
    scalars = segment.GetRepresentation("Binary labelmap").GetPointData().GetArray("ImageScalars")
    return scalars is None or scalars.GetValueRange() == (0, 0)


def _segment_data(segment):
    entry, tag = slicer.vtkSlicerTerminologyEntry(), _tag(segment, segment.GetTerminologyEntryTagName())
    slicer.modules.terminologies.logic().DeserializeTerminologyEntry(tag, entry)
    kind, name = _tag(segment, "DICOM.SegmentAlgorithmType") or "MANUAL", _tag(segment, "DICOM.SegmentAlgorithmName")
    if kind not in ("MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"):
        raise ValueError(f"Segment {segment.GetName()} has invalid attribute for SegmentAlgorithmType.")
    if kind != "MANUAL" and not name:
        raise ValueError(f"Segment {segment.GetName()} has missing SegmentAlgorithmName")
    data = {"labelID": 1, "SegmentLabel": segment.GetName(), "SegmentAlgorithmType": kind}
    data |= {"SegmentAlgorithmName": name} if name else {}
    data["SegmentDescription"] = entry.GetCategoryObject().GetCodeMeaning()
    data["recommendedDisplayRGBValue"] = [255 * each for each in segment.GetColor()]
    for key, code in (
        ("SegmentedPropertyCategoryCodeSequence", entry.GetCategoryObject()),
        ("SegmentedPropertyTypeCodeSequence", entry.GetTypeObject()),
        ("SegmentedPropertyTypeModifierCodeSequence", entry.GetTypeModifierObject()),
        ("AnatomicRegionSequence", entry.GetRegionObject()),
        ("AnatomicRegionModifierSequence", entry.GetRegionModifierObject()),
    ):
        values = (code.GetCodeValue(), code.GetCodingSchemeDesignator(), code.GetCodeMeaning())
        if None not in values:
            data[key] = dict(zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), values, strict=True))
    for key in ("SegmentedPropertyCategoryCodeSequence", "SegmentedPropertyTypeCodeSequence"):
        if key not in data:  # where Slicer only warns, and dcmqi fails
            raise ValueError(f"Segment {segment.GetName()} has missing attributes. Make sure to set terminology.")
    return data


def _tag(segment, name):
    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else ""


def _write_label_map(node, id, path):
    """On the grid of the reference geometry."""
    merged, ids = slicer.vtkOrientedImageData(), vtk.vtkStringArray()
    ids.InsertNextValue(id)
    node.GenerateMergedLabelmapForAllSegments(merged, 0, None, ids)
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"{id}_label")
    slicer.modules.segmentations.logic().CreateLabelmapVolumeFromOrientedImageData(merged, label_map)
    if not slicer.util.saveNode(label_map, str(path)):
        raise ValueError(f"{path} was not written")
    slicer.mrmlScene.RemoveNode(label_map)

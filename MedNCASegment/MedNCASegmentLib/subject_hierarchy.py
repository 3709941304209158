"""Where a node stands among patients, studies and folders: results stand beside their volume."""

from __future__ import annotations

import slicer


def placeBeside(node: slicer.vtkMRMLNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> int:
    """Put a node under the same study or folder as a volume.

    Returns:
        Its item; 0 in a scene that has no hierarchy.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is None:
        return 0
    volumeItem = hierarchy.GetItemByDataNode(volumeNode)
    parent = hierarchy.GetItemParent(volumeItem) if volumeItem else hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if not item:  # where no subject hierarchy plugin makes items for new nodes
        return hierarchy.CreateItem(parent, node)
    hierarchy.SetItemParent(item, parent)
    return item

"""How pairs of the scene become the files that the training reads. Which pairs there are is `pairs`' business."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import qt
import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError, Sentence, unforeseen
from mednca.imaging.reading import check_same_grid
from mednca.messages import Progress
from mednca_train.data.cases import Case
from MedNCASegmentLib.channels import channelsOf
from MedNCASegmentLib.sentences import sentenceText
from MedNCASegmentLib.volumes import arrayFromVolumeNode, imageFromVolumeNode, writeVolume

from .pairs import Pair, caseNames, segmentsOf


@dataclass(frozen=True)
class ExportedPairs:
    """What became of some pairs.

    Attributes:
        names: the cases' names of all pairs, in their order.
        cases: those that were written.
        problems: by name, why the others cannot be used.
    """

    names: tuple[str, ...]
    cases: tuple[Case, ...]
    problems: dict[str, Sentence]


class PairExport:
    """Writes pairs whenever the event loop has nothing else to do, so that the window goes on answering.

    Args:
        advanced: called with the `Progress` of the stage "exporting".
        ended: called with the `ExportedPairs`.
        failed: called with a sentence, where nothing can be written at all.
    """

    def __init__(
        self,
        advanced: Callable[[Progress], None],
        ended: Callable[[ExportedPairs], None],
        failed: Callable[[str], None],
    ):
        self.advanced, self.ended, self.failed = advanced, ended, failed
        self._steps = None
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._goOn)

    @property
    def isRunning(self) -> bool:
        return self._steps is not None

    def start(self, pairs: list[Pair], values: dict[str, int], folder: Path) -> None:
        """Begin to write; arguments as of `exportPairs`."""
        self._steps = exportPairs(pairs, values, folder)
        self._timer.start()

    def stop(self) -> None:
        """Write no more, silently."""
        self._timer.stop()
        self._steps = None

    def _goOn(self) -> None:
        if self._steps is None:
            return
        try:
            progress = next(self._steps)
        except StopIteration as end:
            self.stop()
            self.ended(end.value)
        except Exception as error:  # the person waiting must hear of whatever it is
            self.stop()
            self.failed(sentenceText(error) or type(error).__name__)
        else:
            self.advanced(progress)


def exportPairs(pairs: list[Pair], values: dict[str, int], folder: Path) -> Generator[Progress, None, ExportedPairs]:
    """Write all pairs to folder/images and folder/labels, in small steps; further channels to folder/channel-1 and on.

    Args:
        pairs: (volume node, segmentation or label map node) each.
        values: {segment name: label value}; segments that are not in it are background.
        folder: made where it is not there.

    Yields:
        How far it is.

    Returns:
        What became of the pairs.

    Raises:
        OSError: where the disk is full, or the folder cannot be written.
    """
    names, cases, problems = caseNames(pairs), [], {}
    for number, (name, (volumeNode, node)) in enumerate(zip(names, pairs, strict=True)):
        progress = Progress("exporting", number, len(pairs))
        yield progress
        channels, file = channelsOf(volumeNode), f"{name}.nrrd"
        others = tuple(folder / f"channel-{number}" / file for number in range(1, len(channels)))
        case = Case(name, folder / "images" / file, folder / "labels" / file, others)
        for path in (*case.channels, case.labels):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            for channel, path in zip(channels, case.channels, strict=True):
                yield from (progress for _chunk in writeVolume(channel, path))
            _writeLabels(volumeNode, node, values, case.labels)
            cases.append(case)
        except OSError:  # a full disk is no fault of this pair
            raise
        except Exception as error:  # one bad pair must cost the others nothing
            problems[name] = error.sentence if isinstance(error, MedNCAError) else unforeseen(error)
            for path in case.channels:
                path.unlink(missing_ok=True)
    return ExportedPairs(tuple(names), tuple(cases), problems)


def _writeLabels(volumeNode, node, values, path):
    import SimpleITK as sitk

    image = imageFromVolumeNode(volumeNode)
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        check_same_grid(node.GetName(), image, imageFromVolumeNode(node))
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
        return arrayFromVolumeNode(node) == segment
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

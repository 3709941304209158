"""The pictures of a result: three planes through the middle of each structure, once with outlines, once with the doubt.

Of the segments as they are now, in the window in which the volume is shown. How a picture is drawn is the business of
`slice_pictures`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
from vtk.util import numpy_support

from mednca.axes import triple

from .contents import Voxels, voxelsOf
from .record import VARIANCE_ROLE, Run, runsOf
from .slice_pictures import AXIAL, CORONAL, SAGITTAL, ColorScale, Section, drawMarks, drawOutline, grayPicture
from .volumes import imageFromVolumeNode, imageOf, matrixToWorld

PLANES = (AXIAL, CORONAL, SAGITTAL)
_AROUND = 60.0  # mm shown beside what a structure takes up
_LEAST = 100.0  # mm


@dataclass(frozen=True)
class Shape:
    """A segment as it is drawn. image: 1 inside, with a rim of 0; color: 0 to 255."""

    image: sitk.Image
    color: tuple[int, int, int]


@dataclass(frozen=True)
class PlanePictures:
    """A plane through a structure.

    Attributes:
        section: what both pictures show.
        outlines: with the outlines of all results, (down, across, 3).
        doubt: the same with the variance over it, without outlines; None where there is no variance.
    """

    section: Section
    outlines: np.ndarray
    doubt: np.ndarray | None


class ResultPictures:
    """Draws the results in a segmentation over their volume. Raises MedNCAError where that cannot be drawn.

    Attributes:
        scale: the colors of the variance; None where there is none.
    """

    def __init__(self, segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLScalarVolumeNode):
        self.node = segmentationNode
        self._image, self._window = imageFromVolumeNode(volumeNode), _windowOf(volumeNode)
        varianceNode = segmentationNode.GetNodeReference(VARIANCE_ROLE)
        self.scale = _scaleOf(varianceNode)
        self._variance = imageFromVolumeNode(varianceNode) if self.scale else None
        ids = [id for run in runsOf(segmentationNode) for id in run.segmentIds]
        self._shapes = list(filter(None, (_shapeOf(segmentationNode, id) for id in ids)))

    def of(self, run: Run) -> list[PlanePictures]:
        """Axial, coronal, sagittal; nothing of a run whose segments are gone or empty."""
        places = _placesOf(self.node, run)
        if not len(places):
            return []
        middle = places[np.linalg.norm(places - places.mean(0), axis=1).argmin()]  # within it, even if it is bent
        width = max(_LEAST, float(np.ptp(places, axis=0).max()) + _AROUND)
        return [self._draw(Section(plane, triple(middle.tolist()), width)) for plane in PLANES]

    def _draw(self, section):
        plain = grayPicture(section.of(self._image), *self._window)
        outlines, doubt = plain.copy(), None
        for shape in self._shapes:
            drawOutline(outlines, section.of(shape.image) >= 0.5, shape.color)
        drawMarks(outlines, section)
        if self.scale and self._variance is not None:
            doubt = plain
            self.scale.draw(doubt, section.of(self._variance))
            drawMarks(doubt, section)
        return PlanePictures(section, outlines, doubt)


def _windowOf(volumeNode):
    """From black to white, as the volume is shown; of one that never was shown, all but its extremes."""
    display = volumeNode.GetDisplayNode()
    if display is None or display.GetWindow() <= 0:
        return tuple(np.percentile(slicer.util.arrayFromVolume(volumeNode), (1, 99)))
    return display.GetWindowLevelMin(), display.GetWindowLevelMax()


def _scaleOf(varianceNode):
    """As the overlay is shown."""
    display = varianceNode.GetDisplayNode() if varianceNode and varianceNode.GetImageData() else None
    if display is None or display.GetColorNode() is None:
        return None
    colors = numpy_support.vtk_to_numpy(display.GetColorNode().GetLookupTable().GetTable())[:, :3]
    low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
    return ColorScale(colors.astype(float), low, high, max(display.GetLowerThreshold(), np.finfo(float).tiny))


def _shapeOf(segmentationNode, segmentId):
    segment = segmentationNode.GetSegmentation().GetSegment(segmentId)
    voxels = voxelsOf(segment) if segment else None
    if voxels is None:
        return None
    start = [first - 1 for first in voxels.start]
    geometry = matrixToWorld(segmentationNode) @ voxels.geometry
    image = imageOf(np.pad(voxels.mask, 1).astype(np.uint8), geometry, start)
    return Shape(image, triple(round(255 * each) for each in segment.GetColor()))


def _placesOf(segmentationNode, run) -> np.ndarray:
    """The voxels of a run's segments, (n, 3), world RAS mm."""
    toWorld = matrixToWorld(segmentationNode)
    return np.concatenate([np.zeros((0, 3)), *(each.places(toWorld) for each in _voxelsOf(segmentationNode, run))])


def _voxelsOf(segmentationNode, run) -> Iterator[Voxels]:
    segments = filter(None, map(segmentationNode.GetSegmentation().GetSegment, run.segmentIds))
    yield from filter(None, map(voxelsOf, segments))

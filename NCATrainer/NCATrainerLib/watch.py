"""One validation image of a training in the scene, and over it what the model finds in it now, growing better.

The training process leaves it in the run folder after each validation; here it is only shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.imaging.reading import read_labels
from mednca_train.run_folder import WATCHED, WATCHED_LABELS, read_cases, read_plan, read_watched
from MedNCASegmentLib.volumes import imageDataFromArray

from .pairs import markWatched

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Watch:
    """Shows it for as long as it is on.

    Attributes:
        isOn: whether anything is shown.
        text: what is seen, in a sentence; "" where nothing is.
        isInFront: tells whether somebody looks at the training; otherwise the slice views, in which somebody may work
            on something else, are left alone until `bringUp`.
    """

    def __init__(self) -> None:
        self.isOn, self.text = False, ""
        self.isInFront: Callable[[], bool] = lambda: True
        self._middle: list[float] | None = None  # world RAS mm, that the views are to be moved to
        self._run: Path | None = None
        self._isLoading = False  # meanwhile Slicer's progress dialog lets the next validation in
        self._image = self._segmentation = None
        self._segments: list[str] = []  # ids, in the order of the plan's labels

    def start(self, run: Path | None) -> None:
        """Show what a training has found so far, and what it will find. run: None where there is none yet."""
        self.isOn, self.text = True, _("It is shown after the next validation.")
        self.update(run)

    def stop(self) -> None:
        """Show nothing more; what is in the scene stays there, as an image and a segmentation like others."""
        self.isOn, self.text = False, ""
        self._run = self._image = self._segmentation = self._middle = None

    def update(self, run: Path | None) -> None:
        """After a validation. Whoever removed one of the nodes does not want to watch any more.

        Raises:
            MedNCAError: what was left in the run folder cannot be read, or the image cannot be loaded.
        """
        if not self.isOn or self._isLoading or run is None or not (run / WATCHED).is_file():
            return
        if run == self._run and not self._isThere:
            self.stop()
            return
        watched, labels = read_watched(run), read_labels(run / WATCHED_LABELS)
        if run != self._run:
            self._begin(run, watched.case, labels)
        self._show(labels)
        told = _("{case}: overlap with what was drawn (Dice) {dice}.")
        self.text = told.format(case=watched.case, dice=f"{watched.dice:.2f}")

    @property
    def _isThere(self) -> bool:
        return all(node and slicer.mrmlScene.IsNodePresent(node) for node in (self._image, self._segmentation))

    def _begin(self, run: Path, name: str, labels: sitk.Image) -> None:
        """Load the image, and make an empty segmentation on it; look at the middle of what is segmented."""
        paths = [case.image for case in read_cases(run) if case.name == name]
        self._isLoading = True
        try:
            self._image = slicer.util.loadVolume(str(paths[0]), {"show": False, "singleFile": True})
        except (RuntimeError, IndexError) as error:
            raise MedNCAError(_("The validation image {name} cannot be loaded.").format(name=name)) from error
        finally:
            self._isLoading = False
        self._run = run
        self._segmentation = node = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLSegmentationNode", _("{name}, as the model sees it now").format(name=name)
        )
        markWatched(node)
        node.CreateDefaultDisplayNodes()
        node.SetReferenceImageGeometryParameterFromVolumeNode(self._image)
        self._segments = [
            node.GetSegmentation().AddEmptySegment("", label.name, [part / 255 for part in label.color])
            for label in read_plan(run).labels
        ]
        middle = _geometryOf(labels) @ [*((n - 1) / 2 for n in labels.GetSize()), 1.0]
        self._middle = middle[:3].tolist()
        if self.isInFront():
            self.bringUp()

    def bringUp(self) -> None:
        """Show the image in the slice views, where that waits for somebody to look."""
        middle, self._middle = self._middle, None
        if middle is None or not self._isThere:
            return
        slicer.util.setSliceViewerLayers(background=self._image, fit=True)
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *middle, slicer.vtkMRMLSliceNode.OffsetJumpSlice)

    def _show(self, labels: sitk.Image) -> None:
        """Put the labels into the segments, whose looks stay as the user made them, as do segments of their own; one
        that they removed stays away."""
        values, matrix = sitk.GetArrayFromImage(labels), vtk.vtkMatrix4x4()
        matrix.DeepCopy(_geometryOf(labels).ravel().tolist())
        logic, segments = slicer.vtkSlicerSegmentationsModuleLogic, self._segmentation.GetSegmentation()
        for value, id in enumerate(self._segments, start=1):
            if segments.GetSegment(id) is None:
                continue
            data = slicer.vtkOrientedImageData()
            data.ShallowCopy(imageDataFromArray((values == value).astype(np.uint8)))
            data.SetGeometryFromImageToWorldMatrix(matrix)
            logic.SetBinaryLabelmapToSegment(data, self._segmentation, id, logic.MODE_REPLACE)


def _geometryOf(image: sitk.Image) -> np.ndarray:
    """4x4: voxel index (i, j, k) -> RAS mm."""
    geometry = np.eye(4)
    geometry[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    geometry[:3, 3] = image.GetOrigin()
    return _LPS_TO_RAS @ geometry

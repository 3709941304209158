"""What a model finds in one validation case while it is trained, left in the run folder for whoever watches.

Nothing of it comes into the model: it shows, it decides nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import write_image

from ..data.case_reader import first_grid
from ..data.cases import Case
from ..plan.plan import Plan
from ..run_folder import WATCHED_LABELS, Watched, write_watched

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


class WatchedCase:
    """A validation case and the run folder that its labels go to."""

    def __init__(self, folder: str | Path, case: Case, plan: Plan):
        self.folder, self.case, self.plan = Path(folder), case, plan
        self._place: tuple[CanonicalImage, Grid] | None = None

    def write(self, labels: np.ndarray, dice: float) -> None:
        """Leave what was found now.

        Args:
            labels: (R, A, S), indices of the plan's labels, on the first of the arrays that `CaseReader` makes.
            dice: of the union with what was drawn there.

        Raises:
            MedNCAError: where the folder cannot be written.
        """
        if self._place is None:
            self._place = first_grid(self.case, self.plan)
        write_image(_image_of(labels.astype(np.uint8), *self._place), self.folder / WATCHED_LABELS)
        write_watched(self.folder, Watched(self.case.name, round(float(dice), 4)))


def _image_of(array: np.ndarray, canonical: CanonicalImage, grid: Grid) -> sitk.Image:
    """An image of an array (R, A, S) on a grid, where the grid lies."""
    axes = canonical.to_ras[:3, :3] / canonical.spacing
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection((_RAS_TO_LPS @ axes).ravel().tolist())
    image.SetOrigin((_RAS_TO_LPS @ canonical.ras_of(grid.start)).tolist())
    return image

"""What a model finds in one validation case while it is trained, left in the run folder for whoever watches.

Nothing of it comes into the model: it shows, it decides nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mednca.imaging.geometry import CanonicalImage, Grid
from mednca.imaging.reading import write_image

from ..data.case_reader import first_grid
from ..data.cases import Case
from ..plan.plan import Plan
from ..run_folder import WATCHED_LABELS, Watched, write_watched


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
        canonical, grid = self._place
        write_image(canonical.image_on(grid, labels.astype(np.uint8)), self.folder / WATCHED_LABELS)
        write_watched(self.folder, Watched(self.case.name, round(float(dice), 4)))

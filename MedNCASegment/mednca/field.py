"""One field of view of a request, and the ensemble in it.

How a structure is found is `locate`'s business, what the ensemble says of it `finding`'s.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from .canvas import Canvas
from .errors import MedNCAError, Sentence
from .imaging.body import Body
from .imaging.geometry import CanonicalImage, Grid, normalize_channels
from .imaging.structures import is_one_field, largest_piece, small_pieces
from .messages import Progress
from .models.weights import Model
from .nca.ensemble import Ensemble, Statistics
from .nca.labels import to_labels
from .result import ModelIdentity

ROI_FROM_VOXELS = 1_000_000


@dataclass
class Request:
    """What is asked for in one image, and what its fields share on their way.

    Attributes:
        canvas: what each field painted so far.
        identity: of the model, as the report names it.
        device: where it is computed; the processor once an accelerator has run out of memory.
        seconds: per stage; notes: sentences for people. Both are added to.
        Else as of `segment.segment_image`.
    """

    canvas: Canvas
    model: Model
    identity: ModelIdentity
    members: int
    seed: int
    target_dice: float
    progress: Callable[[Progress], None]
    memory_limit: float | None
    roi: bool | None
    device: torch.device
    seconds: dict[str, float]
    notes: list[Sentence]
    fields: int = 1

    @property
    def canonical(self) -> CanonicalImage:
        """The image that is segmented."""
        return self.canvas.canonical

    @cached_property
    def body(self) -> Body:
        """The box of the body part in the image. Raises NothingFound where there is no contrast."""
        return Body.of(self.canonical)

    @property
    def is_one_field(self) -> bool:
        """Whether the whole image is about one field of view."""
        extent = np.array(self.canonical.array.shape) * self.canonical.spacing
        return is_one_field(self.model.preprocessing.field_of_view, extent)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what the block takes to the seconds of a stage."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def first_grid(request: Request, click: tuple[float, float, float] | None) -> Grid:
    """The field of view of a request's click, or the whole image without one.

    Args:
        request: the request.
        click: RAS mm.

    Returns:
        The field around the click, with the structure where the training cases had it.

    Raises:
        MedNCAError: for a click outside the image.
    """
    canonical = request.canonical
    if click is None:
        return Grid.whole(canonical, request.model.preprocessing.spacing)
    index, last = canonical.index_of(click), np.array(canonical.array.shape) - 1
    if not np.isfinite(index).all() or np.any(index < -0.5) or np.any(index > last + 0.5):
        shown = ", ".join(f"{x:g}" for x in click)
        corners = zip("RAS", canonical.ras_of((0, 0, 0)), canonical.ras_of(last), strict=True)
        span = "; ".join(f"{axis} {min(a, b):.0f} to {max(a, b):.0f}" for axis, a, b in corners)
        raise MedNCAError(
            "The click ({shown}) mm RAS lies outside the image ({span} mm); click inside it.", shown=shown, span=span
        )
    return grid_around(request, index)


class Field:
    """One grid and its ensemble.

    Args:
        request: that it is a field of.
        grid: on the image.
        click: RAS mm that it is around; None for a whole image.

    Raises:
        NothingFound: for a field without contrast.
        MedNCAError: for a field too small for the model.
    """

    def __init__(self, request: Request, grid: Grid, click: tuple[float, float, float] | None = None):
        request.model.architecture.check_size(grid.size)
        self.request, self.grid, self.click, p = request, grid, click, request.model.preprocessing
        channels = (grid.extract(channel) for channel in request.canonical.channels)
        image = normalize_channels(channels, p.percentiles, p.gamma)
        roi = math.prod(grid.size) > ROI_FROM_VOXELS if request.roi is None else request.roi
        self.is_single = is_single(request.model, grid, click)
        choose = largest_piece if self.is_single and p.keep_largest else None
        held = request.canonical.nbytes + request.canvas.nbytes
        self.ensemble = Ensemble(request.model.pyramid, image, request.seed, request.memory_limit, roi, choose, held)

    def run(self, members: int, progress: Callable[[int, int], None] | None = None) -> Statistics:
        """Run the ensemble. An accelerator that runs out of memory is given up for the processor.

        Args:
            members: how many; those that ran before are not run again.
            progress: called with (done, total) after each member; may raise to stop.

        Returns:
            Their statistics.

        Raises:
            MedNCAError: where the processor's memory is too small, or the memory limit cannot be met.
        """
        request = self.request
        while True:
            try:
                return self.ensemble.run(members, progress)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
                    raise
                if request.device.type == "cpu":
                    size = " x ".join(str(n) for n in self.grid.size)
                    raise MedNCAError(
                        "There is not enough memory for a field of {size} voxels; click on the organ, or close other "
                        "programs.",
                        size=size,
                    ) from error
            request.notes.append(
                Sentence(
                    "The {device} device ran out of memory; the processor (cpu) is used instead.", device=request.device
                )
            )
            request.device = torch.device("cpu")
            request.model.pyramid.to(request.device)
            self.ensemble.start_over()


def is_single(model: Model, grid: Grid, click: tuple[float, float, float] | None) -> bool:
    """Whether one structure is to be found in a grid, rather than whatever there is.

    Args:
        model: whose field of view tells.
        grid: on the image.
        click: RAS mm; None where nobody clicked.

    Returns:
        True around a click, and in an image of about the model's field of view; of a model of whole images where it
        keeps the largest piece, as it may be made for many structures otherwise.
    """
    extent, p = [n * mm for n, mm in zip(grid.size, grid.spacing, strict=True)], model.preprocessing
    is_one = p.keep_largest if p.field_of_view is None else is_one_field(p.field_of_view, extent)
    return click is not None or is_one


def grid_around(request: Request, index: np.ndarray) -> Grid:
    """The field of view in which the structure lies as in the training cases.

    Args:
        request: the request.
        index: of the structure's middle, a continuous voxel index (R, A, S) of the canonical image.

    Returns:
        The field; the whole image where the model knows no field of view.
    """
    p = request.model.preprocessing
    if p.field_of_view is None:
        return Grid.whole(request.canonical, p.spacing)
    center = np.asarray(index) - np.asarray(p.anchor) / request.canonical.spacing
    return Grid.around(request.canonical, p.spacing, center, p.field_of_view)


def kept_labels(model: Model, statistics: Statistics, is_single: bool) -> tuple[np.ndarray, np.ndarray]:
    """What is found, without the pieces that are dropped.

    Args:
        model: which says whether only the largest piece is kept.
        statistics: of a field.
        is_single: whether one structure was looked for in it.

    Returns:
        Labels and, bool, the dropped pieces, both (R, A, S) on the statistics' region.
    """
    mask = to_labels(statistics.mean)
    if not (is_single and model.preprocessing.keep_largest):
        return mask, np.broadcast_to(False, mask.shape)
    dropped = small_pieces(mask)
    mask[dropped] = 0
    return mask, dropped


def touches_side(mask: np.ndarray, grid: Grid, canonical: CanonicalImage, is_single: bool) -> bool:
    """Whether a mask reaches a side of the field of view behind which the structure may go on.

    Args:
        mask: bool or labels, (R, A, S), on the grid.
        grid: of the field.
        canonical: the image.
        is_single: whether one structure was looked for: then any side counts, also that of the image.
    """
    step = grid.spacing / grid.image_spacing
    last = grid.start + (np.array(grid.size) - 1) * step
    for axis in range(3):
        plane = np.moveaxis(mask, axis, 0)
        if plane.shape[0] == 1 and canonical.array.shape[axis] == 1:
            continue  # a single slice has no sides
        if (is_single or grid.start[axis] > step[axis]) and plane[0].any():
            return True
        if (is_single or last[axis] < canonical.array.shape[axis] - 1 - step[axis]) and plane[-1].any():
            return True
    return False

"""Where the structures of larger training images lie, so that the model can find them in others without a click."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from mednca.axes import triple
from mednca.errors import NothingFound
from mednca.imaging.body import Body
from mednca.imaging.geometry import CanonicalImage
from mednca.imaging.structures import is_one_field, middle
from mednca.models.description import LEFT, RIGHT, Seed

MIN_CASES = 5  # fewer say too little about where a structure lies in others
MOST_SPREAD = 12.0  # mm, standard deviation: a click twice as far off still finds its structure
_DIGITS = 3


class SeedCollector:
    """Takes case after case, and says what they have in common.

    Args:
        field: mm along R, A, S of the model's field of view; None of a model of whole images, which needs no seeds.
    """

    def __init__(self, field: tuple[float, float, float] | None):
        self.field = field
        self.places: list[dict[str, np.ndarray]] = []  # of each case: fractions by side
        self.sizes: list[np.ndarray] = []  # of each case's box, mm
        self.usable = field is not None

    def add(self, image: CanonicalImage, structures: list[np.ndarray]) -> None:
        """Take in a case.

        Args:
            image: of the case.
            structures: bool masks (R, A, S) of it, as `imaging.structures.separate` makes them.
        """
        if not self.usable or is_one_field(self.field, np.array(image.array.shape) * image.spacing):
            self.usable = False
            return
        try:
            body = Body.of(image)
        except NothingFound:
            return
        middles = [middle(structure) for structure in structures]
        sides = [RIGHT if body.right_of_middle(each) > 0 else LEFT for each in middles]
        if len(sides) != len(set(sides)):
            self.usable = False  # more than one on a side: nobody knows which is which
            return
        self.places.append(dict(zip(sides, map(body.fractions_of, middles), strict=True)))
        self.sizes.append((body.high - body.low) * body.spacing)

    def seeds(self) -> list[dict]:
        """The seeds as model.json has them: left and right where every case has both, one where every case has one;
        none where cases are few, differ in that, or have their structures in different places."""
        counts = {len(place) for place in self.places}
        if not self.usable or len(self.places) < MIN_CASES or len(counts) != 1:
            return []
        if counts == {2}:
            groups = {side: [place[side] for place in self.places] for side in (LEFT, RIGHT)}
        else:
            groups = {None: [next(iter(place.values())) for place in self.places]}
        size = np.mean(self.sizes, axis=0)
        if any(np.max(np.std(group, axis=0) * size) > MOST_SPREAD for group in groups.values()):
            return []
        return [asdict(_seed(np.mean(group, axis=0), side)) for side, group in groups.items()]


def _seed(position: np.ndarray, side: str | None) -> Seed:
    return Seed(triple(round(float(x), _DIGITS) for x in np.clip(position, 0, 1)), side)

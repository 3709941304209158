"""What measuring a model on cases with known answers says: plain dataclasses, without torch.

How it is measured is `evaluate`'s business. Their `to_json` is what the figures' files, the validation report of a
training and a model's eval_metrics hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np

from .quality.verdict import COLORS
from .schema import tuples

T = TypeVar("T")


@dataclass(frozen=True)
class CaseScore:
    """One structure of a case: how good the result was, and what the model thought of it.

    Attributes:
        case: its name.
        structure: 1, 2, ... the largest first; None for the case's only one.
        dice: on native voxels, per name of a label that the structure has, and "union".
        hd95_mm: the same; None where one of the two masks is empty.
        nqm: Eq. (1) of M3D-NCA, of the union; None where nothing was found.
        predicted_dice: the verdict's; None where it is grey.
        verdict: its color.
        clicked: whether it was found by a click, as in an image larger than the field of view.
        uncounted: values of the label map that the model does not know.
    """

    case: str
    structure: int | None
    dice: dict[str, float]
    hd95_mm: dict[str, float | None]
    nqm: float | None
    predicted_dice: float | None
    verdict: str
    clicked: bool
    uncounted: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return self.case if self.structure is None else f"{self.case}, structure {self.structure}"

    def to_json(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"uncounted": list(self.uncounted)}

    @classmethod
    def from_json(cls, data: dict) -> CaseScore:
        """Raises TypeError where it is none."""
        return cls(**{"structure": None, "clicked": False} | tuples(data))


@dataclass(frozen=True)
class Summary:
    """Scores together.

    Attributes:
        cases, structures: how many.
        dice, dice_sd: mean and standard deviation over the structures, per label name, over those that have the label,
            and "union".
        hd95_mm, hd95_mm_sd: the same, over the structures that have a distance; None where none has.
        without_hd95: structures without a distance, of the union, as nothing was found.
        nqm: mean over those that have one; None where none has.
        verdicts: how many structures got each color.
    """

    cases: int
    structures: int
    dice: dict[str, float]
    dice_sd: dict[str, float]
    hd95_mm: dict[str, float | None]
    hd95_mm_sd: dict[str, float | None]
    without_hd95: int
    nqm: float | None
    verdicts: dict[str, int]

    @classmethod
    def of(cls, scores: Sequence[CaseScore]) -> Summary:
        """Sum some scores up.

        Args:
            scores: one at least.

        Returns:
            Their summary.
        """
        names = names_of([score.dice for score in scores])
        dice = {name: [score.dice[name] for score in scores if name in score.dice] for name in names}
        distances = {name: _known(score.hd95_mm.get(name) for score in scores) for name in names}
        quality = _known(score.nqm for score in scores)
        return cls(
            cases=len({score.case for score in scores}),
            structures=len(scores),
            dice={name: float(np.mean(column)) for name, column in dice.items()},
            dice_sd={name: float(np.std(column)) for name, column in dice.items()},
            hd95_mm={name: float(np.mean(column)) if column else None for name, column in distances.items()},
            hd95_mm_sd={name: float(np.std(column)) if column else None for name, column in distances.items()},
            without_hd95=sum(score.hd95_mm["union"] is None for score in scores),
            nqm=float(np.mean(quality)) if quality else None,
            verdicts={color: sum(score.verdict == color for score in scores) for color in COLORS},
        )

    def renamed(self, names: Mapping[str, str]) -> Summary:
        """The same under other names of the labels. names: old name -> new one; others stay."""

        def new(figures: dict[str, T]) -> dict[str, T]:
            return {names.get(name, name): figure for name, figure in figures.items()}

        return replace(
            self,
            dice=new(self.dice),
            dice_sd=new(self.dice_sd),
            hd95_mm=new(self.hd95_mm),
            hd95_mm_sd=new(self.hd95_mm_sd),
        )

    def to_json(self) -> dict:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Summary:
        """Raises TypeError where it is none. Structures and distances may be missing, as where version 0.1 wrote it."""
        missing = {
            "structures": data.get("cases"), "hd95_mm": {}, "hd95_mm_sd": {}, "without_hd95": 0, "nqm": None,
            "verdicts": {},
        }  # fmt: skip
        return cls(**missing | data)


def names_of(figures: Iterable[Mapping[str, object]]) -> list[str]:
    """The labels that any structure was measured by, as they come, and "union" in the end. figures: by label."""
    names = dict.fromkeys(name for each in figures for name in each)
    return [name for name in names if name != "union"] + ["union"]


def _known(figures: Iterable[float | None]) -> list[float]:
    """Those that there are."""
    return [figure for figure in figures if figure is not None]

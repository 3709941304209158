"""Quality control over all parts of a study: the failures that the light tells, and those that the paper's line would.

M3D-NCA, section 2.3, regresses Dice on NQM by a straight line; a result is a failure where the line is below 0.8. Both
are made with the samples that travel with the model, and tried on the cases of the study that are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mednca.models.description import Description
from mednca.quality.verdict import DEFAULT_TARGET

from ..data.artifacts import ARTIFACTS
from ..model.calibration import PAPER_SIGNAL
from ..model.samples import samples_of
from .changes import AXES
from .plan import Contender, Part
from .run import Answer


@dataclass(frozen=True)
class Judged:
    """All that a study knows of a model's light.

    Attributes:
        model: that was judged.
        rows: of its own runs, as it is, on cases that its calibration was not made with; "group" says of what kind.
        line: slope and intercept of the paper's regression of Dice on NQM.
    """

    model: Description
    rows: list[dict]
    line: tuple[float, float]

    @property
    def threshold(self) -> float:
        """The NQM at which the line says 0.8."""
        slope, intercept = self.line
        return (DEFAULT_TARGET - intercept) / slope

    def figures(self) -> dict[str, dict]:
        """By who tells: failures, those told, and good results called failures, as shares; coverage and error of ours.

        Nothing found counts as told by both.
        """
        true = np.array([row["dice"]["union"] for row in self.rows])
        light = np.array([row["verdict"] for row in self.rows])
        metric = [row["signals"][PAPER_SIGNAL] for row in self.rows]
        paper = np.array([value is None or value > self.threshold for value in metric])
        failed = true < DEFAULT_TARGET
        told = {"light, red or grey": np.isin(light, ("red", "grey")), "light, not green": light != "green",
                "the paper's line": paper}  # fmt: skip
        return {
            name: {
                "failures": int(failed.sum()),
                "failures_told": _share(says[failed]),
                "good": int((~failed).sum()),
                "good_called_failures": _share(says[~failed]),
            }
            for name, says in told.items()
        }

    def intervals(self) -> dict[str, dict]:
        """As of `interval`, by group."""
        groups = dict.fromkeys(row["group"] for row in self.rows)
        return {group: self.interval(group) for group in groups}

    def interval(self, group: str | None = None) -> dict:
        """How often the interval holds, and how far off the expected Dice is, where there is one. group: one alone."""
        told = [(row["dice"]["union"], *row["interval"], row["predicted_dice"]) for row in self.rows
                if row["predicted_dice"] is not None and group in (None, row["group"])]  # fmt: skip
        held = [low <= true <= high for true, low, high, _expected in told]
        errors = [abs(true - expected) for true, _low, _high, expected in told]
        return {
            "rows": len(told),
            "coverage": _share(np.array(held)),
            "mean_absolute_error": round(float(np.mean(errors)), 4) if errors else None,
        }


def judged(answers: list[Answer]) -> list[Judged]:
    """What a study says of its models' lights.

    Args:
        answers: of all parts.

    Returns:
        One for each model that has a calibration with its samples and was measured on cases that are not among them.
    """
    rows: dict[str, dict[tuple, dict]] = {}  # by what was measured: several parts show the same undisturbed cases
    models: dict[str, Description] = {}
    for answer in answers:
        as_they_are = {each.name: each.model for each in answer.part.contenders if _is_plain(each)}
        if AXES[answer.part.axis].of_run:
            continue
        models |= answer.models
        for row in answer.rows:
            if row["contender"] in as_they_are and row["verdict"] is not None:
                is_neutral = row["value"] == AXES[answer.part.axis].neutral
                changed = None if is_neutral else (answer.part.axis, row["value"])
                key = (answer.part.data, row["case"], row["structure"], row["seed"], changed)
                grouped = row | {"group": _group(answer.part, row["value"])}
                rows.setdefault(as_they_are[row["contender"]], {})[key] = grouped
    found = []
    for id, own in rows.items():
        line = _line(models[id])
        if models[id].calibration and line:
            found.append(Judged(models[id], list(own.values()), line))
    return found


def _group(part: Part, value: float) -> str:
    """What kind of case a row is of."""
    if value == AXES[part.axis].neutral:
        changed = "as they are"
    else:
        changed = "artifacts" if part.axis in ARTIFACTS else "size, place or shape"
    return f"{'whole scans' if part.scans else 'crops'}, {changed}"


def _is_plain(contender: Contender) -> bool:
    return contender == Contender(contender.model, contender.name)


def _line(model: Description) -> tuple[float, float] | None:
    """Slope and intercept, by least squares over the samples that the model's calibration was made with."""
    samples = samples_of(model.info["quality"].get("samples"))[0]
    pairs = [(s.signals[PAPER_SIGNAL], s.dice) for s in samples if s.signals.get(PAPER_SIGNAL) is not None]
    if len({metric for metric, _dice in pairs}) < 2:
        return None
    metric, dice = np.array(pairs).T
    slope, intercept = np.polyfit(metric, dice, 1)
    return float(slope), float(intercept)


def _share(answers: np.ndarray) -> float | None:
    return round(float(np.mean(answers)), 4) if len(answers) else None

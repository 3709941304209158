"""A plan for the time that there is: the finest grid on which enough iterations fit into it, and what that gives up.

Nothing is computed here; how long an iteration takes is measured by whoever asks (`training.estimate`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mednca.axes import triple
from mednca.errors import MedNCAError, Sentence

from .estimate import Estimate
from .fingerprint import CaseFacts, Fingerprint
from .plan import Plan
from .propose import Proposal, propose

_FIELDS = (160, 128, 112, 96, 80, 64, 56, 48, 40)  # most voxels along an axis of the field of view, fine to coarse
# Fewer iterations, or passes over the fields of view, and a finer grid is worth less than more of them: of the bundled
# models' trainings, where a Dice of .87 took 840 iterations, and 550 passes (hippocampus).
ENOUGH, _PASSES = 1000, 500
_SCARCE = 0.8  # of enough, below which a coarser grid is taken, or, where there is none, it is told
_MOST = 6000  # beyond it more iterations bring little
_FEWEST = 50
_RESERVE = 1 / 12  # of the time, for what no estimate foresees: half an hour of prostates took 8 % more than planned
_FINISH, _LONGEST_FINISH = 0.2, 0.4  # of the rest, for measuring and calibrating in the end
_CALIBRATED = 4  # cases at least: of their samples, those without an objection must be 40 (`calibration.fit`)
_CONDITIONS, _MEMBERS = 14, 10  # a calibration runs so many members, so often
_BACKWARD = 3.0  # times a pass, that a pass with its way back takes


@dataclass(frozen=True)
class Budgeted:
    """A plan for a time, and what it takes.

    Attributes:
        proposal: the plan with its reasons; of them "time", "resolution" and "more time" say what the time did to it.
        estimate: of this plan, by what was measured of an iteration.
        calibration_cases: that can be measured in what is left after the training.
    """

    proposal: Proposal
    estimate: Estimate
    calibration_cases: int


def plan_for(
    fingerprint: Fingerprint,
    seconds: float,
    measure: Callable[[Plan], Estimate],
    held_out: Callable[[list[CaseFacts], Plan], int],
    label_names: dict[int, str] | None = None,
    family: str = "m3d-nca",
    seed: int = 0,
) -> Budgeted:
    """The plan of the finest grid on which enough iterations fit into a time.

    Args:
        fingerprint, label_names, family, seed: as of `propose`.
        seconds: from the first case that is read to the model.
        measure: of a plan, what it costs here; called twice, and once more for each coarser grid that has to be tried.
        held_out: of usable cases and a plan, how many it holds out: `data.cases.held_out`, of a floor above this one.

    Returns:
        The plan.

    Raises:
        MedNCAError: as of `propose`; where not even a few iterations of the coarsest plan fit.
    """
    ladder = _ladder(fingerprint, label_names, family, seed)
    planned = (1 - _RESERVE) * seconds
    usable = (1 - _FINISH) * planned
    coarsest = ladder[-1].plan
    pace = _seconds(measure(coarsest), coarsest) / work_of(coarsest)
    fits = [usable / (pace * work_of(each.plan)) / enough_of(each.plan) for each in ladder]
    chosen = next((n for n, share in enumerate(fits) if share >= 1), len(ladder) - 1)
    while True:
        estimate = measure(ladder[chosen].plan)
        iterations = usable / _seconds(estimate, ladder[chosen].plan)
        if iterations >= _SCARCE * enough_of(ladder[chosen].plan) or chosen == len(ladder) - 1:
            break
        chosen += 1  # a larger patch may be slower than the coarsest plan foretold
    if iterations < _FEWEST:
        least = _FEWEST * _seconds(estimate, ladder[chosen].plan) / usable * seconds
        raise MedNCAError(
            "{time} is too little here, even for the coarsest plan; {least} is the least.",
            time=_time(seconds),
            least=_time(least),
        )
    held = held_out(fingerprint.usable, ladder[chosen].plan)
    measured = 2 * _CALIBRATED * _CONDITIONS + held  # the calibration's samples, and the cases that are held out
    finish = measured * _MEMBERS * _pass_seconds(estimate, ladder[chosen].plan)
    left = planned * (1 - min(max(finish / planned, _FINISH), _LONGEST_FINISH))
    iterations = min(left / _seconds(estimate, ladder[chosen].plan), _MOST)
    cases = len(fingerprint.usable)
    return _told(ladder, chosen, round(iterations), seconds, estimate, fits, held, cases - held)


def _pass_seconds(estimate: Estimate, plan: Plan) -> float:
    """Of a member's pass over the whole field of view."""
    return estimate.seconds_per_iteration * work_of(plan, plan.field_of_view) / work_of(plan) / _BACKWARD


def _sample_seconds(estimate: Estimate, plan: Plan) -> float:
    """Of a case in a calibration, under all conditions."""
    return _CONDITIONS * _MEMBERS * max(_pass_seconds(estimate, plan), 1e-9)


def _seconds(estimate: Estimate, plan: Plan) -> float:
    """Of an iteration, on the average: with the slow ones at the beginning, validations and checkpoints."""
    return estimate.seconds / plan.total_iterations


def enough_of(plan: Plan) -> int:
    """Iterations that are enough for a plan: a finer grid needs more, as a patch is a smaller share of its field."""
    share = math.prod(min(n, m) for n, m in zip(plan.patch, plan.field_of_view, strict=True)) / math.prod(
        plan.field_of_view
    )
    return max(ENOUGH, math.ceil(_PASSES / (plan.batch * share)))


def work_of(plan: Plan, field: Sequence[int] | None = None) -> float:
    """What an iteration computes, in some unit: cells times steps times parameters, over the levels and the batch.

    Args:
        plan: whose coarsest level runs over the whole field of view, each finer one over a patch.
        field: voxels; given, of a pass without patches over it instead, of one sample.
    """
    a, total = plan.architecture, 0.0
    per_cell = a.parameter_count() / len(a.levels)
    for number, level in enumerate(a.levels):
        frame = math.prod(a.frame(level, triple(field or plan.field_of_view)))
        cells = frame if field or not number else min(frame, math.prod(plan.patch))
        total += cells * level.steps * per_cell
    return total if field else total * plan.batch * plan.duplication


def _ladder(fingerprint, label_names, family, seed) -> list[Proposal]:
    """From the finest plan to the coarsest; those that are alike once. On a coarser grid images may be too thin."""
    found: list[Proposal] = []
    for largest in _FIELDS:
        try:
            proposal = propose(fingerprint, label_names, family, seed=seed, largest=largest)
        except MedNCAError:
            if found:
                break
            raise
        if not found or proposal.plan.field_of_view != found[-1].plan.field_of_view:
            found.append(proposal)
    return found


def _told(
    ladder, chosen: int, iterations: int, seconds: float, estimate: Estimate, fits, held: int, others: int
) -> Budgeted:
    """held, others: cases that are held out, and that are learned from."""
    proposal, finest = ladder[chosen], ladder[0]
    plan = replace(
        proposal.plan, iterations=iterations, validate_every=max(min(250, iterations // 8), 1), patience=0
    )  # fmt: skip
    each = _seconds(estimate, proposal.plan)
    trained = iterations * each
    finish = (1 - _RESERVE) * seconds - trained - held * _MEMBERS * _pass_seconds(estimate, plan)
    calibration, taken = max(int(finish / _sample_seconds(estimate, plan) - held), _CALIBRATED), seconds
    if calibration > others:  # there are no more to calibrate with: it takes less time than there is
        measured = (others + held) * _sample_seconds(estimate, plan) + held * _MEMBERS * _pass_seconds(estimate, plan)
        calibration, taken = others, min(seconds, (trained + measured) / (1 - _RESERVE))
    reasons = dict(proposal.reasons)
    reasons["iterations"] = Sentence(
        "{iterations} iterations of {batch} samples, the best of them is kept.", iterations=iterations, batch=plan.batch
    )
    if iterations < _SCARCE * (enough := enough_of(plan)):
        reasons["iterations"] = Sentence(
            "{told} That is little for a good model: {enough} would be enough, in {time}.",
            told=reasons["iterations"],
            enough=enough,
            time=_time(seconds * enough / iterations),
        )
    reasons["time"] = Sentence(
        "{time}: {trained} of training at {each} s an iteration, the rest for measuring and calibrating.",
        time=_time(taken),
        trained=_time(trained),
        each=f"{each:.2f}",
    )
    if estimate.is_busy:
        reasons["time"] = Sentence("{time} The computer was busy while that was measured.", time=reasons["time"])
    if plan.preprocessing.spacing != finest.plan.preprocessing.spacing:
        ours, theirs = (" x ".join(f"{mm:g}" for mm in p.preprocessing.spacing) for p in (plan, finest.plan))
        more = seconds / fits[0]
        reasons["resolution"] = Sentence(
            "Given up for it: the grid is {ours} mm, not {theirs} mm.", ours=ours, theirs=theirs
        )
        reasons["more time"] = Sentence("{time} would do for {theirs} mm.", time=_time(more), theirs=theirs)
    elif iterations < _MOST:
        reasons["more time"] = Sentence("It would bring more iterations; the grid is as fine as it can be.")
    share, free = plan.total_iterations / proposal.plan.total_iterations, estimate.seconds_free
    cost = replace(estimate, seconds=share * estimate.seconds, seconds_free=None if free is None else share * free)
    return Budgeted(Proposal(plan, reasons), cost, calibration)


def _time(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"

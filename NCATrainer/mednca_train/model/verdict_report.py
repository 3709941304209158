"""How far a model's light can be trusted: one measurement of all that is claimed of it, as a table and a figure.

Cases that its calibration was made with are judged by one that was made without them. What is measured is `samples`'
and `calibration`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from mednca import __version__
from mednca.errors import MedNCAError
from mednca.files import explained, write_bytes, write_json
from mednca.models.weights import Model
from mednca.pool import Pool
from mednca.quality.verdict import COLORS, DEFAULT_TARGET, Verdict

from ..data.artifacts import NONSENSE
from ..data.cases import Case
from .calibration import found_by, verdicts_apart
from .clicked import measure_clicks
from .privacy import check_unseen, holds_hidden
from .provenance import commit, short
from .samples import Sample, conditions, measure_degraded, samples_of

_ORDER = ("green", "amber", "red", "grey")


def count_steps(cases: list[Case], scans: list[Case], clicked: list[Case], reuse: bool = False) -> int:
    """How often `measure_verdicts` calls its step."""
    degraded = 0 if reuse else (len(cases) + len(scans)) * len(conditions())
    return degraded + (len(cases) + len(scans)) * len(NONSENSE) + len(clicked)


def measure_verdicts(
    model: Model,
    folder: Path,
    cases: list[Case],
    scans: list[Case],
    clicked: list[Case],
    seed: int,
    step: Callable[[], None] = lambda: None,
    reuse: bool = False,
    unseen: bool = False,
) -> tuple[dict, list[tuple[Sample, Verdict]]]:
    """Measure what the light says, and what is true.

    Args:
        model: with a calibration.
        folder: of the model.
        cases: that neither training nor calibration has seen; or, where samples are reused, of the model's folds.
        scans: larger images, clicked at the middle of their structures; all their label values count.
        clicked: of the scans, those in which clicks beside the middle and elsewhere are tried, too.
        seed: of the artifacts and the clicks.
        step: called now and then, `count_steps` times.
        reuse: the samples that the model carries of these cases, which its calibration was tried on, are taken instead
            of measuring them again; nonsense and clicks are measured. Samples of folds are of models that had not seen
            their cases, whatever the one that ships has learned from.
        unseen: whether somebody says that these are other people than those that it has learned from.

    Returns:
        The report as JSON has it, and each sample with its verdict.

    Raises:
        MedNCAError: where the model has no calibration, a case was trained with, or the model carries no sample of a
            case where they are to be reused.
    """
    if model.calibration is None:
        raise MedNCAError(
            "{model} has no calibration, so that it has no verdict to be tried; make one with more cases by mednca "
            "calibrate, or train the model longer.",
            model=model.name,
        )
    folds = model.info.get("training", {}).get("folds", ()) if reuse else ()
    check_unseen((case.name for case in (*scans, *(() if folds else cases))), model.info, not unseen)
    own, carried = samples_of(model.info["quality"].get("samples"))
    code = commit()  # that is running: files may change while it does
    failed: dict[str, str] = {}
    with Pool() as pool:
        if reuse:
            samples = _carried(carried, [*cases, *scans])
        else:
            samples = measure_degraded(pool, folder, cases, seed, step, failed)
            samples += measure_degraded(pool, folder, scans, seed, step, failed, all_values=True)
        nonsense = measure_degraded(pool, folder, cases, seed, step, failed, NONSENSE)
        nonsense += measure_degraded(pool, folder, scans, seed, step, failed, NONSENSE, all_values=True)
        clicks = measure_clicks(pool, folder, clicked, seed, step, failed)
    if not samples:
        raise MedNCAError(
            "None of the cases could be measured: {why}", why=next(iter(failed.values()), "there are none")
        )
    judged = verdicts_apart(model.calibration, own, samples)
    lights = verdicts_apart(model.calibration, own, nonsense)
    report = {
        "model": model.id,
        "sha256": model.sha256,
        "members": model.members,
        "code_version": __version__,
        "commit": code,
        "seed": seed,
        "folds": len(folds),
        "made_with_hidden": not reuse and holds_hidden(sample.case for sample in own),
        "cases": sorted({sample.case for sample in nonsense} - {case.name for case in scans}),
        "scans": sorted(case.name for case in scans),
        "failed": failed,
        "signals": {context: curve.signal for context, curve in model.calibration.curves.items()},
        "coverage": model.calibration.coverage,
        **found_by(samples, judged),
        "with_nonsense": _with_nonsense([*zip(samples, judged, strict=True)], lights),
        **_nonsense([*zip(nonsense, lights, strict=True)], {case.name for case in scans}),
        "colors": {
            group: dict(Counter(v.color for s, v in zip(samples, judged, strict=True) if s.group == group))
            for group in dict.fromkeys(s.group for s in samples)
        },
        "clicks": clicks,
    }
    return report, [*zip(samples, judged, strict=True), *zip(nonsense, lights, strict=True)]


def _carried(samples: list[Sample], cases: list[Case]) -> list[Sample]:
    """Of the samples that a model carries, those of some cases."""
    names = {case.name for case in cases}
    if lacking := sorted(names - {sample.case for sample in samples}):
        raise MedNCAError("The model carries no samples of {missing}; measure it.", missing=lacking[0])
    return [sample for sample in samples if sample.case in names]


def write_verdicts(report: dict, judged: list[tuple[Sample, Verdict]], folder: Path, command: str) -> None:
    """Write a report: verdicts.json, with each sample in it, verdicts.md and verdicts.png.

    Raises:
        MedNCAError: where the folder cannot be written.
    """
    rows = [
        {"case": s.case, "condition": s.condition, "context": s.context, "dice": round(s.dice, 4), "color": v.color,
         "predicted": _rounded(v.predicted_dice), "low": _rounded(v.low), "high": _rounded(v.high),
         "objection": s.objection,
         "signals": {name: _rounded(value) for name, value in s.signals.items()}}
        for s, v in judged
    ]  # fmt: skip
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "verdicts.json", report | {"command": command, "samples_judged": rows})
    write_bytes(folder / "verdicts.md", _table(report, command).encode("utf-8"))
    write_bytes(folder / "verdicts.png", _figure(report, judged))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _nonsense(lights: list[tuple[Sample, Verdict]], scans: set[str]) -> dict[str, dict[str, dict[str, int]]]:
    """How often which nonsense had which color, in the cases and in the scans. scans: their names."""
    return {
        key: {
            name: dict(Counter(v.color for s, v in lights if s.condition == name and (s.case in scans) == of_scans))
            for name in NONSENSE
        }
        for key, of_scans in (("nonsense", False), ("nonsense_in_scans", True))
    }


def _with_nonsense(judged: list[tuple[Sample, Verdict]], lights: list[Verdict]) -> dict:
    """Failures of all kinds together: those of the conditions, and all nonsense."""
    colors = [v.color for s, v in judged if s.dice < DEFAULT_TARGET] + [v.color for v in lights]
    below = sum(color in ("red", "grey") for color in colors)
    return {
        "failures": len(colors),
        "failures_green": colors.count("green"),
        "failures_below_target": round(below / len(colors), 4) if colors else None,
    }


_HIDDEN = (
    " The calibration's own cases are known by hashes alone: were some of these among them, it has judged them all the "
    "same."
)
_WORDS = """\
*Good*: a Dice of the target or more; *failure*: less. *crop*: an image of about one field of view; *scan*: a click in
a larger one. *interval holds*: the share of results whose Dice lies in it. *grey*: no verdict, and no expected Dice. Of
the nonsense *ramps* are wrapped intensities, *front to back* and *upside down* are mirrored, in *rolled* the halves are
exchanged; what a row lacks was refused before it was judged."""
_ERROR = "mean_absolute_error"  # in Dice; all else is a count or a share
_COLUMNS = (
    ("samples", "samples"), ("failures", "failures"), ("failures_green", "failures green"),
    ("failures_below_target", "failures red or grey"), ("good_not_green", "good not green"),
    ("good_called_red", "good red"), ("interval_coverage", "interval holds"),
    (_ERROR, "mean error of the expected Dice"),
)  # fmt: skip


def _table(report: dict, command: str) -> str:
    """The report for people, as Markdown."""
    lines = [
        f"# What the light of {report['model']} is worth",
        "",
        _on_what(report),
        "",
        f"    {command}",
        "",
        *_rows(
            [title for _key, title in _COLUMNS],
            {"all": report, **report["groups"]},
            lambda found: [_dice(found[key]) if key == _ERROR else _text(found[key]) for key, _title in _COLUMNS],
        ),
        "",
        *_rows(
            list(_ORDER),
            {**report["colors"], **report["nonsense"], **_of_scans(report)},
            lambda colors: [str(colors.get(color, 0)) for color in _ORDER],
        ),
        "",
        _WORDS,
        "",
        f"With the nonsense there are {report['with_nonsense']['failures']} failures: "
        f"{report['with_nonsense']['failures_green']} green, "
        f"{_text(report['with_nonsense']['failures_below_target'])} red or grey.",
        "",
    ]
    for distance, found in report["clicks"]["distances"].items():
        lines.append(
            f"- {found['clicks']} clicks {distance} beside the middle: {found['same_mask']} gave the same mask (Dice "
            f".98 or more; the least {found['least_dice']:.3f}), {found['same_color']} the same color."
        )
    for place, colors in report["clicks"]["elsewhere"].items():
        told = ", ".join(f"{count} {color}" for color, count in colors.items())
        lines.append(f"- Clicks {place}: {told}.")
    if report["clicks"]["verdict_share_of_time"] is not None:
        lines.append(f"- The verdict took {report['clicks']['verdict_share_of_time']:.1%} of the time.")
    return "\n".join(lines) + "\n"


def _of_scans(report: dict) -> dict[str, dict[str, int]]:
    """The rows of the nonsense in scans, where there are any."""
    return {f"scan, {name}": colors for name, colors in report["nonsense_in_scans"].items() if colors}


def _on_what(report: dict) -> str:
    """One sentence: the cases, and how they were measured."""
    unseen = "in folds, each by a model that has not seen it" if report["folds"] else "that it has not seen"
    scans = f" and {len(report['scans'])} whole scans, each judged by a calibration without it"
    code = report["code_version"] + (f" ({short(report['commit'])})" if report["commit"] else "")
    signals = "; ".join(f"{context}: {signal}" for context, signal in report["signals"].items())
    return (
        f"{len(report['cases'])} cases {unseen}{scans if report['scans'] else ''}, "
        f"{len(report['conditions'])} conditions, target Dice {report['target_dice']}, {report['members']} members, "
        f"seed {report['seed']}, weights `{report['sha256'][:12]}`, code {code}. The light goes by: {signals}."
        + (_HIDDEN if report["made_with_hidden"] else "")
    )


def _rows(columns: list[str], rows: dict[str, dict], cells: Callable[[dict], list[str]]) -> list[str]:
    """The lines of a table in Markdown. rows: by their names; cells: of a row's value."""
    return [
        "| | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        *("| " + " | ".join([name, *cells(row)]) + " |" for name, row in rows.items()),
    ]


def _text(value) -> str:
    """A count, or a share."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.1%}"


def _dice(value) -> str:
    return "-" if value is None else f"{value:.3f}"


def _figure(report: dict, judged: list[tuple[Sample, Verdict]]) -> bytes:
    """Expected against true Dice, a panel for each group, each result in its light's color."""
    groups = list(report["groups"])
    figure = Figure(figsize=(4.6 * len(groups), 4.8), facecolor="white", layout="constrained")
    for number, group in enumerate(groups, start=1):
        axes = figure.add_subplot(1, len(groups), number)
        rows = [(s, v) for s, v in judged if s.group == group and s.condition not in NONSENSE]
        told = [(s, v) for s, v in rows if v.predicted_dice is not None]
        axes.plot((0, 1), (0, 1), color="#bbbbbb", linewidth=1, zorder=0)
        axes.axvline(report["target_dice"], color="#bbbbbb", linewidth=1, linestyle=":", zorder=0)
        axes.axhline(report["target_dice"], color="#bbbbbb", linewidth=1, linestyle=":", zorder=0)
        for color in _ORDER[:3]:
            x, y = [[f(s, v) for s, v in told if v.color == color]
                    for f in (lambda s, v: s.dice, lambda s, v: v.predicted_dice)]  # fmt: skip
            axes.scatter(x, y, s=14, color=COLORS[color], alpha=0.7, label=f"{color} ({len(x)})", linewidths=0)
        grey = [s.dice for s, v in rows if v.color == "grey"]
        label = f"grey, none expected ({len(grey)})"  # at the bottom, as they have no place on this axis
        axes.scatter(grey, [0.02] * len(grey), s=14, marker="|", color=COLORS["grey"], label=label)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="true Dice", ylabel="expected Dice", aspect="equal")
        axes.set_title(
            f"{group}: the interval holds in {_text(report['groups'][group]['interval_coverage'])}", fontsize=10
        )
        axes.legend(loc="upper left", fontsize=8, frameon=False)
    figure.suptitle(f"{report['model']}: what the light says, and what is true", fontsize=11)
    data = BytesIO()
    figure.savefig(data, dpi=110, format="png")
    return data.getvalue()

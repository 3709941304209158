"""A study's report: its answers as tables and figures, in a page of HTML, one of Markdown, and a file of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from mednca import __version__
from mednca.files import write_bytes, write_json
from mednca.quality.verdict import COLORS, DEFAULT_TARGET
from mednca.scores import names_of

from ..model.calibration import PAPER_SIGNAL
from .changes import AXES
from .networks import Network
from .plan import Part, Study
from .quality import Judged, judged
from .run import Answer, Tried

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito: for all eyes
_LINES = ("-", (0, (3, 2)), (0, (1, 1.5)))
_BAND = (10, 90)  # percentiles of the cases that a curve's band holds
_MANY = 5  # contenders, from which on a figure over their parameters says something
_GOOD = ("green", "amber", "red", "grey")


@dataclass(frozen=True)
class Table:
    """Rows of texts under a header."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Picture:
    """A PNG, and what it shows."""

    name: str
    alt: str
    png: bytes


Block = str | Table | Picture  # of a page; a text is a paragraph, "# ..." and "## ..." are headings


def write_report(study: Study, answers: list[Answer], tried: list[Tried], folder: Path, command: str) -> None:
    """Write study.json, and study.md and study.html with the PNGs that both show.

    Args:
        study: that was asked.
        answers: of its parts.
        tried: of its machines.
        folder: of the study.
        command: that made it.

    Raises:
        MedNCAError: where the folder cannot be written.
    """
    figures = {answer.part.name: summaries(answer) for answer in answers}
    lights = judged(answers)
    machines = {each.machine.name: machine_summaries(each) for each in tried}
    blocks = [*_page(study, answers, figures, command), *_machines(tried, machines), *_quality(lights)]
    write_json(
        folder / "study.json",
        {
            "command": command,
            "code_version": __version__,
            "study": study.to_json(),
            "parts": {
                answer.part.name: {
                    "cases": answer.cases,
                    "models": {id: model.sha256 for id, model in answer.models.items()},
                    "failed": answer.failed,
                    "figures": {_place(answer.part, each): each for each in figures[answer.part.name]},
                }
                for answer in answers
            },
            "machines": {
                each.machine.name: {
                    "cases": each.cases,
                    "models": {id: model.sha256 for id, model in each.models.items()},
                    "bytes": each.bytes,
                    "failed": each.failed,
                    "figures": {
                        f"{row['contender']}, {_counted(row['threads'], 'thread')}": row
                        for row in machines[each.machine.name]
                    },
                }
                for each in tried
            },
            "quality": {
                each.model.id: {
                    "told": each.figures(),
                    "interval": each.interval(),
                    "intervals": each.intervals(),
                    "line": each.line,
                }
                for each in lights
            },
        },
    )
    for block in blocks:
        if isinstance(block, Picture):
            write_bytes(folder / f"{block.name}.png", block.png)
    write_bytes(folder / "study.md", _markdown(blocks).encode("utf-8"))
    write_bytes(folder / "study.html", _html(study.title, blocks).encode("utf-8"))


def _place(part: Part, figures: dict) -> str:
    """Where the figures of a contender, at one value of an axis, stand in study.json."""
    return figures["contender"] if part.axis == "none" else f"{figures['contender']} at {figures['value']:g}"


def summaries(answer: Answer) -> list[dict]:
    """The figures of a part, one entry for each contender at each value of its axis.

    Args:
        answer: of the part.

    Returns:
        As JSON has them: Dice (mean, standard deviation, least, over all structures, cases and seeds; per label and of
        the union), HD95 in mm, NQM, failures (Dice below the usual target) and what the light says of them, and the
        processor's seconds of a structure.
    """
    part, found = answer.part, []
    for contender in part.contenders:
        for value in part.values:
            rows = [r for r in answer.rows if r["contender"] == contender.name and r["value"] == value]
            if rows:
                found.append({"contender": contender.name, "value": value, **_summary(rows)})
    return found


def _summary(rows: list[dict]) -> dict:
    names = names_of([row["dice"] for row in rows])
    judged = [row for row in rows if row["verdict"] is not None]
    failures = [row for row in judged if row["dice"]["union"] < DEFAULT_TARGET]
    return {
        "rows": len(rows),
        "dice": {name: _of([row["dice"].get(name) for row in rows]) for name in names},
        "hd95_mm": _of([row["hd95_mm"]["union"] for row in rows]),
        "nqm": _of([row["nqm"] for row in rows]),
        "processor_seconds": _of([row["processor_seconds"] for row in rows]),
        "judged": len(judged),
        "failures": len(failures),
        "failures_green": sum(row["verdict"] == "green" for row in failures),
        "verdicts": {color: sum(row["verdict"] == color for row in judged) for color in _GOOD},
    }


def _of(values: list[float | None]) -> dict | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    figures = {"mean": np.mean(known), "sd": np.std(known), "least": min(known), "most": max(known)}
    return {name: round(float(figure), 4) for name, figure in figures.items()}


def parameter_count(model: Any) -> int:
    """Trainable numbers of a model or a network."""
    return model.parameter_count if isinstance(model, Network) else model.architecture.parameter_count()


# --- the page


def _page(study: Study, answers: list[Answer], figures: dict, command: str) -> Iterator[Block]:
    seconds = sum(row["processor_seconds"] for answer in answers for row in answer.rows)
    yield f"# {study.title}"
    if study.text:
        yield study.text
    yield (
        f"Seeds, stated before: {', '.join(map(str, study.seeds))}. Dice is hard, on native voxels. "
        f"{seconds / 3600:.1f} hours of segmenting on one core; seconds are the processor's, of one structure. "
        f"Code {__version__}. Numbers: study.json."
    )
    yield f"    {command}"
    for answer in answers:
        yield f"## {answer.part.title}"
        if answer.part.text:
            yield answer.part.text
        yield _measured_on(answer)
        if answer.failed:
            yield "Not measured: " + "; ".join(f"{case}: {why}" for case, why in sorted(answer.failed.items()))
        if not answer.rows:
            continue
        yield _table(answer, figures[answer.part.name])
        yield Picture(answer.part.name, answer.part.title, _figure(answer))
        if _is_over_parameters(answer):
            title = f"{answer.part.title}: Dice over parameters"
            yield Picture(f"{answer.part.name}-parameters", title, _over_parameters(answer))
        for number, (contender, png) in enumerate(answer.pictures.items(), start=1):
            name = f"{answer.part.name}-pictures-{number}"
            yield Picture(name, f"Best, median and worst case of {contender}", png)


def _measured_on(answer: Answer) -> str:
    part = answer.part
    return (
        f"{len(answer.cases)} cases of {part.data} that no contender was trained with, "
        f"{'seed' if len(part.seeds) == 1 else 'seeds'} {', '.join(map(str, part.seeds))}."
    )


def _table(answer: Answer, figures: list[dict]) -> Table:
    """A row for each contender and value; labels where all of them have the same."""
    part, axis = answer.part, AXES[answer.part.axis]
    names = [name for name in figures[0]["dice"] if all(name in each["dice"] for each in figures)]
    names = names if len(names) > 2 else ["union"]  # of one label that is the same
    varied = part.axis != "none"
    header = [
        "", *([axis.title] if varied else ["parameters"]), *(f"Dice, {name}" for name in names), "least", "HD95, mm",
        "NQM", "green / amber / red / grey", "failures, green", "s",
    ]  # fmt: skip
    parameters = {each.name: f"{parameter_count(answer.models[each.model]):,}" for each in part.contenders}
    rows = [
        [
            each["contender"],
            f"{each['value']:g}" if varied else parameters[each["contender"]],
            *(f"{each['dice'][name]['mean']:.3f} ± {each['dice'][name]['sd']:.3f}" for name in names),
            f"{each['dice']['union']['least']:.3f}",
            *(_mean(each[key], digits) for key, digits in (("hd95_mm", 2), ("nqm", 3))),
            " / ".join(str(each["verdicts"][color]) for color in _GOOD) if each["judged"] else "-",
            f"{each['failures']}, {each['failures_green']}" if each["judged"] else "-",
            _mean(each["processor_seconds"], 1),
        ]
        for each in figures
    ]
    return Table(header, rows)


def _mean(figures: dict | None, digits: int) -> str:
    return f"{figures['mean']:.{digits}f}" if figures else "-"


def _figure(answer: Answer) -> bytes:
    """Dice of the union: curves along the axis, with the band of most cases, or all cases of each contender."""
    figure = Figure(figsize=(7.2, 4.2), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    (_curves if len(answer.part.values) > 1 else _strips)(axes, answer)
    axes.set_ylabel("Dice, union")
    least = min(row["dice"]["union"] for row in answer.rows)
    axes.set_ylim(0 if len(answer.part.values) > 1 else max(np.floor(10 * least - 0.2) / 10, 0), 1.02)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    data = BytesIO()
    figure.savefig(data, dpi=110, format="png", metadata={"Software": None})
    return data.getvalue()


def _scores(answer: Answer, contender: str, value: float) -> list[float]:
    return [r["dice"]["union"] for r in answer.rows if r["contender"] == contender and r["value"] == value]


def _curves(axes, answer: Answer) -> None:
    for number, contender in enumerate(answer.part.contenders):
        color = _COLORS[number % len(_COLORS)]
        columns = {value: _scores(answer, contender.name, value) for value in answer.part.values}
        values = [value for value, scores in columns.items() if scores]
        means = [np.mean(columns[v]) for v in values]
        line = _LINES[number % len(_LINES)]  # alike curves lie on each other; the one beneath shows through the gaps
        axes.plot(values, means, marker="o", linestyle=line, color=color, markersize=4, label=contender.name)
        low, high = ([np.percentile(columns[v], share) for v in values] for share in _BAND)
        axes.fill_between(values, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set_xlabel(AXES[answer.part.axis].title)
    axes.legend(frameon=False, loc="best", title=f"mean, and {_BAND[0]} to {_BAND[1]} % of the cases", alignment="left")


def _strips(axes, answer: Answer) -> None:
    names = [contender.name for contender in answer.part.contenders]
    spread = np.random.default_rng(0)
    for number, name in enumerate(names):
        scores = _scores(answer, name, answer.part.values[0])
        color = _COLORS[number % len(_COLORS)]
        axes.scatter(
            number + spread.uniform(-0.15, 0.15, len(scores)), scores, s=14, color=color, alpha=0.6, linewidths=0
        )
        if scores:
            axes.hlines(np.mean(scores), number - 0.3, number + 0.3, color=color, linewidth=2)
    many = {"rotation": 40, "horizontalalignment": "right", "rotation_mode": "anchor"} if len(names) > 3 else {}
    axes.set_xticks(range(len(names)), names, **many)
    axes.set_xlim(-0.6, len(names) - 0.4)


def _is_over_parameters(answer: Answer) -> bool:
    """Whether there are enough contenders, of sizes that differ enough, for a figure over them to say something."""
    sizes = [parameter_count(answer.models[each.model]) for each in answer.part.contenders]
    differ = 2 * len(set(sizes)) >= len(sizes)  # else most marks lie above one another
    return answer.part.axis == "none" and len(sizes) >= _MANY and differ and max(sizes) >= 2 * min(sizes)


def _over_parameters(answer: Answer) -> bytes:
    """Mean Dice of the union of each contender, with the band of most cases, over its trainable numbers."""
    figure = Figure(figsize=(7.2, 4.8), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    value = answer.part.values[0]
    for number, contender in enumerate(answer.part.contenders):
        scores, model = _scores(answer, contender.name, value), answer.models[contender.model]
        if scores:
            mean, (low, high) = np.mean(scores), np.percentile(scores, _BAND)
            marker = "s" if isinstance(model, Network) else "o"
            color = colormaps["tab20"](number % 20)  # more than there are colors for all eyes: the marks help
            axes.errorbar(
                parameter_count(model), mean, [[max(mean - low, 0)], [max(high - mean, 0)]], fmt=marker, color=color,
                capsize=2, linewidth=1, label=contender.name, alpha=0.9,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelsize=8)
    axes.set(xlabel="parameters", ylabel="Dice, union")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    title = f"circles NCAs, squares U-Nets; mean, and {_BAND[0]} to {_BAND[1]} % of the cases"
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8,
                  title=title, title_fontsize=8)  # fmt: skip
    return _png(figure)


# --- machines


def machine_summaries(tried: Tried) -> list[dict]:
    """The figures of a machine, one entry for each contender with each number of threads that it was tried with.

    Args:
        tried: of the machine.

    Returns:
        As JSON has them: the cores it had, mean seconds of a structure on the clock and of all processors, the most
        memory over the cases and what of it was there before a model was read, in MB, the least Dice (None where
        the cases were trained with).
    """
    found = []
    for contender in tried.machine.contenders:
        for threads in tried.machine.threads:
            rows = [r for r in tried.rows if r["contender"] == contender.name and r["threads"] == threads]
            if rows:
                found.append(
                    {
                        "contender": contender.name,
                        "threads": threads,
                        "cores": min(row["cores"] for row in rows),
                        **{
                            name: round(float(np.mean([row[name] for row in rows])), 2)
                            for name in ("seconds", "processor_seconds")
                        },
                        **{name: max(row[name] for row in rows) for name in ("peak_mb", "before_mb")},
                        "least_dice": None if tried.is_seen else min(row["dice"] for row in rows),
                    }
                )
    return found


def _machines(tried: list[Tried], figures: dict[str, list[dict]]) -> Iterator[Block]:
    for each in tried:
        machine = each.machine
        yield f"## {machine.title}"
        if machine.text:
            yield machine.text
        yield (
            f"{_counted(len(each.cases), 'case')} of {machine.data} "
            f"{'that contenders were trained with' if each.is_seen else 'that no contender was trained with'}, each in "
            f"a process of its own that may hold {machine.memory_mb:,} MB. Seconds are of one structure, the first "
            "that the process segments, without starting and reading; what is held before a model is read is Python "
            "and its libraries."
        )
        if each.failed:
            yield "Not done: " + "; ".join(f"{name}: {why}" for name, why in sorted(each.failed.items()))
        models = {contender.name: contender.model for contender in machine.contenders}
        yield Table(
            ["", "on disk, KB", "threads", "cores", "s", "processor s", "memory before, MB", "memory at most, MB",
             "least Dice"],
            [
                [
                    row["contender"], f"{each.bytes[models[row['contender']]] / 1e3:,.0f}", str(row["threads"]),
                    str(row["cores"]), f"{row['seconds']:.1f}", f"{row['processor_seconds']:.1f}",
                    str(row["before_mb"]), str(row["peak_mb"]), "-" if each.is_seen else f"{row['least_dice']:.3f}",
                ]
                for row in figures[machine.name]
            ],
        )  # fmt: skip


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


# --- quality control


def _quality(lights: list[Judged]) -> Iterator[Block]:
    if lights:
        yield "## Quality control"
        yield (
            "All of the above in which a model ran as it is, on cases that its calibration was not made with. A "
            f"failure is a Dice below {DEFAULT_TARGET}. The paper's line (M3D-NCA, section 2.3) is straight, Dice over "
            "NQM of the whole field, by least squares over the samples of that calibration."
        )
    for each in lights:
        interval = each.interval()
        rows = [
            [
                name,
                str(told["failures"]),
                _percent(told["failures_told"]),
                str(told["good"]),
                _percent(told["good_called_failures"]),
            ]
            for name, told in each.figures().items()
        ]
        yield Table([each.model.name, "failures", "told", "good results", "called failures"], rows)
        yield (
            f"The interval of {each.model.id} holds in {_percent(interval['coverage'])} of {interval['rows']} results; "
            f"the expected Dice is off by {_number(interval['mean_absolute_error'])} on average."
        )
        groups = [
            [group, str(own["rows"]), _percent(own["coverage"]), _number(own["mean_absolute_error"])]
            for group, own in each.intervals().items()
        ]
        yield Table(["where", "results", "interval holds", "error of the expected Dice"], groups)
        yield Picture(f"quality-{each.model.id}", f"What is said of {each.model.name}, and what is true", _lights(each))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _lights(light: Judged) -> bytes:
    """Dice over NQM with the paper's line, and expected against true Dice, each result in its light's color."""
    figure = Figure(figsize=(9.6, 4.6), facecolor="white", layout="constrained")
    over_metric, expected = figure.subplots(1, 2)
    for color in _GOOD:
        rows = [row for row in light.rows if row["verdict"] == color]
        pairs = [(row["signals"][PAPER_SIGNAL], row["dice"]["union"]) for row in rows]
        pairs = [pair for pair in pairs if pair[0] is not None]
        style = {"s": 12, "color": COLORS[color], "alpha": 0.6, "linewidths": 0}
        over_metric.scatter(*(zip(*pairs, strict=True) if pairs else ([], [])), label=f"{color} ({len(rows)})", **style)
        told = [(row["dice"]["union"], row["predicted_dice"]) for row in rows if row["predicted_dice"] is not None]
        expected.scatter(*(zip(*told, strict=True) if told else ([], [])), **style)
    slope, intercept = light.line
    least, most = over_metric.get_xlim()
    over_metric.plot((least, most), (intercept + slope * least, intercept + slope * most), color="#555555", linewidth=1)
    over_metric.axvline(light.threshold, color="#555555", linewidth=1, linestyle=":")
    over_metric.set(xlim=(least, most), ylim=(0, 1.02), xlabel="NQM of the whole field", ylabel="true Dice, union")
    over_metric.legend(frameon=False, fontsize=8, loc="upper right")
    expected.plot((0, 1), (0, 1), color="#bbbbbb", linewidth=1, zorder=0)
    for line in (expected.axvline, expected.axhline):
        line(DEFAULT_TARGET, color="#bbbbbb", linewidth=1, linestyle=":", zorder=0)
    expected.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="true Dice, union", ylabel="expected Dice", aspect="equal")
    return _png(figure)


# --- its two forms


def _markdown(blocks: list[Block]) -> str:
    return "\n\n".join(map(_in_markdown, blocks)) + "\n"


def _in_markdown(block: Block) -> str:
    if isinstance(block, Picture):
        return f"![{block.alt}]({block.name}.png)"
    if isinstance(block, Table):
        lines = [block.header, ["---"] * len(block.header), *block.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return block


_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;font-size:.85rem;display:block;overflow-x:auto}
td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:right}
td:first-child{text-align:left}
img{max-width:100%}
pre{background:#f4f4f4;padding:.5rem;overflow-x:auto}"""


def _html(title: str, blocks: list[Block]) -> str:
    body = "\n".join(map(_in_html, blocks))
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n{body}\n</html>\n"
    )


def _in_html(block: Block) -> str:
    if isinstance(block, Picture):
        return f'<p><img alt="{escape(block.alt)}" src="{block.name}.png"></p>'
    if isinstance(block, Table):
        lines = [("th", block.header), *(("td", row) for row in block.rows)]
        rows = ("<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line) + "</tr>" for tag, line in lines)
        return "<table>\n" + "\n".join(rows) + "\n</table>"
    for mark, tag in (("## ", "h2"), ("# ", "h1"), ("    ", "pre")):
        if block.startswith(mark):
            return f"<{tag}>{escape(block.removeprefix(mark))}</{tag}>"
    return f"<p>{escape(block)}</p>"

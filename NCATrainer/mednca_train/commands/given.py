"""What the options of the commands name: cases, plans, devices; and what is to be said against them."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mednca import terminal
from mednca.errors import MedNCAError
from mednca.files import held
from mednca.models.description import Description, Label, Preprocessing
from mednca.schema import read_json

from ..plan.fingerprint import Fingerprint, check_channels
from ..plan.plan import Plan
from . import shown

if TYPE_CHECKING:
    from ..data.cases import Case, CaseSet

_FOLDERS = (
    "--data", "--images", "--labels", "--scan-images", "--scan-labels", "--run", "--run-folder", "--out", "--plan",
    "--cases",
)  # fmt: skip
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder in the layout of the Medical Segmentation Decathlon or nnU-Net, or with "
                 "images/ and labels/."),
]  # fmt: skip
ImagesOption = Annotated[Path | None, typer.Option(help="Folder of images, in place of --data.")]
LabelsOption = Annotated[Path | None, typer.Option(help="Folder of label maps with the same names.")]
RunOption = Annotated[
    Path,
    typer.Option("--run", "--run-folder", help="Run folder: plan, history, checkpoints; a new one."),
]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Where the model's folder goes; default: where the run was to put it, else result/ in the run."),
]
IterationsOption = Annotated[int | None, typer.Option(min=1, max=10_000_000, help="Instead of the plan's.")]
SeedOption = Annotated[int | None, typer.Option(help="Instead of the plan's.")]
FoldOption = Annotated[int | None, typer.Option(min=0, help="Of cross-validation, from 0; instead of the plan's.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
HoursOption = Annotated[
    float | None,
    typer.Option(min=0.02, max=1000, help="The time that there is, to the model: grid and iterations fit into it."),
]
NameOption = Annotated[str | None, typer.Option(help="What people call the model.")]
LabelNames = Annotated[list[str] | None, typer.Option("--label", help="VALUE=NAME of a label; may be repeated.")]
KeepNames = Annotated[
    bool, typer.Option("--keep-names", help="Write the cases' names into the model: for public data only.")
]
CalibrationOption = Annotated[
    int, typer.Option(min=1, help="Cases to make the calibration with, at most, and to try it on.")
]
ScanImages = Annotated[
    Path | None,
    typer.Option(help="Folder of larger images, such as whole heads: clicked at the middle of their structures."),
]
ScanLabels = Annotated[Path | None, typer.Option(help="Folder of their label maps; all their values count.")]
Unseen = Annotated[
    bool, typer.Option("--unseen", help="The model was neither trained nor calibrated with any of these cases.")
]


def require_training_packages() -> None:
    """Raises MedNCAError where the engine was installed without what only training needs."""
    try:
        import scipy  # noqa: F401
        import torchio  # noqa: F401
    except ImportError as error:
        raise MedNCAError(
            "Training needs the package {package}; install it, in MedNCA's unpacked repository, with: "
            "pip install '.[train]'.",
            package=error.name,
        ) from error


def case_set(data: Path | None, images: Path | None, labels: Path | None) -> CaseSet:
    """The cases that the options name. Raises MedNCAError where they name none, or too much."""
    from ..data.layouts import find_dataset, pair_folders

    if (data is None) == (images is None and labels is None):
        raise MedNCAError("Give either --data, or --images and --labels.")
    if data is not None:
        return find_dataset(data)
    if images is None or labels is None:
        raise MedNCAError("--images and --labels belong together.")
    return pair_folders(images, labels)


def scans(images: Path | None, labels: Path | None) -> list[Case]:
    """The larger images with their label maps, or none."""
    if images is None and labels is None:
        return []
    return list(case_set(None, images, labels).cases)


def fingerprint(case_set: CaseSet, values: Collection[int] | None = None) -> Fingerprint:
    """What a data set is like, with a bar for people meanwhile. values: of the labels to be trained; None: all."""
    from ..data.examine import fingerprint
    from ..training import distributed

    with shown.bar(quiet=not distributed.is_first()) as (_, stage):
        return fingerprint(case_set, values, stage)


def usable(case_set: CaseSet, found: Fingerprint, strict: bool = False) -> list[Case]:
    """The cases without a problem; the others are told by name, or, where strict, end it."""
    if strict and found.problems:
        name, problem = next(iter(found.problems.items()))
        raise MedNCAError("{name}: {problem}", name=name, problem=problem)
    shown.tell_left_out(found)
    bad = set(found.problems)
    usable = [case for case in case_set.cases if case.name not in bad]
    if len(usable) < 2:
        raise MedNCAError(
            "Two usable cases at least are needed, one of them to check with; there are {count}.",
            count=len(usable),
        )
    return usable


def check_fits(taker: str, labels: Sequence[Label], preprocessing: Preprocessing, found: Fingerprint) -> None:
    """Each label of a plan or a model must occur in a case, and the images have its channels. taker: what people call
    it. Raises MedNCAError."""
    check_channels(taker, preprocessing.channels, found.channels)
    missing = [label for label in labels if label.value not in found.values]
    if missing:
        raise MedNCAError("No case holds the label {value} ({name}).", value=missing[0].value, name=missing[0].name)


def warn_of_known(base: Description, found: Fingerprint) -> None:
    """A model is better on what it learned from: measured on that, it would seem that fine-tuning brings nothing."""
    from ..model.privacy import known_of, readable_split

    try:
        readable_split(base.info)
    except MedNCAError:  # only hashes of their names
        return
    if known := known_of((case.name for case in found.usable), base.info):
        terminal.remark(
            f"{base.name} has learned from {len(known)} of these cases, or of these people ({', '.join(known[:3])}, "
            "...): what is measured on them says little. Give it cases that it has not seen."
        )


def label_names(texts: Iterable[str] | None) -> dict[int, str]:
    """By value, of VALUE=NAME. Raises MedNCAError where one is not."""
    names = {}
    for text in texts or ():
        value, equals, name = text.partition("=")
        if not equals or not value.strip().isdecimal() or not name.strip():
            raise MedNCAError("--label {text} is not VALUE=NAME.", text=repr(text))
        names[int(value)] = name.strip()
    return names


def with_names(plan: Plan, names: dict[int, str]) -> Plan:
    """A plan whose labels have these names, by value. Raises MedNCAError where it has no such label."""
    unknown = sorted(set(names) - {label.value for label in plan.labels})
    if unknown:
        raise MedNCAError(
            "There is no label {value} to be called {name}.", value=unknown[0], name=repr(names[unknown[0]])
        )
    return replace(plan, labels=tuple(replace(each, name=names.get(each.value, each.name)) for each in plan.labels))


def read_plan(path: Path) -> Plan:
    """Raises MedNCAError where the file is not there, cannot be read, or is no plan."""
    if not path.exists():
        raise MedNCAError("{path} is not there; check the path.", path=path)
    try:
        return Plan.from_json(read_json(path))
    except MedNCAError as error:
        raise MedNCAError("{path} is no plan: {cause}", path=path, cause=error) from error


def device(name: str) -> str:
    """The one that a name means here; where another one must do, it is said."""
    from mednca.nca.devices import choose_device

    device, note = choose_device(name)
    if note:
        terminal.remark(note)
    return str(device)


def command() -> str:
    """The command line as the card shows it: in place of folders, which may be called after people, what they are."""
    words, told = iter(sys.argv[1:]), []
    for word in words:
        option, equals, _value = word.partition("=")
        if option not in _FOLDERS:
            told.append(re.split(r"[/\\]", word)[-1])
            continue
        if not equals:
            next(words, None)
        told += [option, option.removeprefix("--").upper()]
    return "mednca " + shlex.join(told)


def holding(out: Path | None) -> AbstractContextManager:
    """Within it no other program makes a model there; of several processes the first one sees to it."""
    from ..training import distributed

    return distributed.in_first(lambda: held(out)) if out else nullcontext()


def check_free(out: Path | None) -> None:
    """Raises MedNCAError where something is there already."""
    if out and os.path.lexists(out):
        raise MedNCAError("{out} exists already; choose another folder.", out=out)

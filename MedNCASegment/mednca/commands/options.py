"""What commands can be given: the options that several of them have, and how the words behind options are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from ..errors import MedNCAError
from ..imaging.header import MAX_VOXELS

_LABELS = ("--participant-label", "--participant_label")

ModelOption = Annotated[str, typer.Option("--model", help="A model of the library, or a model folder.")]
MembersOption = Annotated[int | None, typer.Option(help="Ensemble members; default: the model's own.")]
SeedOption = Annotated[int | None, typer.Option(help="Seed of the fire masks; default: the model's own.")]
MemoryOption = Annotated[float | None, typer.Option(help="MB it may take, image and results included.")]
RoiOption = Annotated[bool | None, typer.Option(help="Refine only where something was found; default: if large.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
ClicksOption = Annotated[Path | None, typer.Option(help="CSV file of clicks: columns image, r, a, s in mm.")]
FindOption = Annotated[
    bool, typer.Option("--find", help="Find the organs where the model says that they usually lie; no clicks.")
]
TargetOption = Annotated[float, typer.Option(help="Dice that the verdict is measured against.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace results that are already there.")]
MissingOption = Annotated[
    bool, typer.Option("--missing", help="Take results that are there, and segment what has none yet.")
]
SuffixOption = Annotated[
    list[str] | None, typer.Option(help="Of a BIDS data set's images; default: T1w. Of several channels one for each.")
]
ParticipantOption = Annotated[
    list[str] | None, typer.Option(*_LABELS, help="Of a BIDS data set: only this participant; may be repeated.")
]
FolderOption = Annotated[
    bool, typer.Option("--with-folder", help="Call results FOLDER_IMAGE, where each patient's folder has a T1.nii.gz.")
]
JobsOption = Annotated[int, typer.Option(min=1, max=1000, help="Images at a time, a process and a core each.")]
SchedulerOption = Annotated[
    str | None, typer.Option(help="Address, or scheduler file, of a dask cluster that does the work.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print plain data instead of text.")]


class BidsApp(TyperCommand):
    """A command as BIDS apps have it: several labels may follow one option."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """As of click's."""
        return super().parse_args(ctx, list(_one_by_one(args)))


def _one_by_one(words: Iterable[str]) -> Iterator[str]:
    """The same words with the option of labels before each of them."""
    option, is_first = None, True
    for word in words:
        if word.startswith("-"):
            option, is_first = (word if word in _LABELS else None), True
        elif option and not is_first:
            yield option
        else:
            is_first = False
        yield word


def point(text: str) -> tuple[float, float, float]:
    """A click, RAS mm. Raises MedNCAError where it is none."""
    try:
        r, a, s = (float(part) for part in text.split(","))
        if not all(map(math.isfinite, (r, a, s))):
            raise ValueError(text)
    except ValueError as error:
        raise MedNCAError(
            "--click {text} is not three numbers R,A,S in mm, like --click=-27,-22,-14.", text=repr(text)
        ) from error
    return r, a, s


def shape(text: str) -> tuple[int, int, int]:
    """Voxels of an image (R, A, S). Raises MedNCAError where they are none, or more than an image may have."""
    try:
        r, a, s = (int(part) for part in text.split(","))
        if min(r, a, s) < 1 or r * a * s > MAX_VOXELS:
            raise ValueError
    except ValueError as error:
        raise MedNCAError(
            "--shape {text} is not three whole numbers X,Y,Z above 0 of an image.", text=repr(text)
        ) from error
    return r, a, s

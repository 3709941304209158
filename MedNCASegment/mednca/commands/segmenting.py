"""The commands that segment many images, and the one that shows again what is doubtful: segment, bids, review."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import MedNCAError, plain
from ..models.library import Library
from ..quality.verdict import DEFAULT_TARGET
from ..terminal import complain, say
from . import options, shown

if TYPE_CHECKING:
    from ..batch.call import Call, Work


def segment(
    images: Annotated[list[Path], typer.Argument(help="Images, folders of images, or folders with a DICOM series.")],
    model: options.ModelOption,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the result folders go, one per image.")],
    click: Annotated[list[str] | None, typer.Option(help="R,A,S in mm: a point in the organ; may be repeated.")] = None,
    clicks: options.ClicksOption = None,
    channel: Annotated[
        list[Path] | None,
        typer.Option(help="The image's next channel, for a model of several; or name them NAME_0000, NAME_0001."),
    ] = None,
    find: options.FindOption = False,
    members: options.MembersOption = None,
    seed: options.SeedOption = None,
    device: options.DeviceOption = "auto",
    target: options.TargetOption = DEFAULT_TARGET,
    overwrite: options.OverwriteOption = False,
    bids: Annotated[
        bool, typer.Option("--bids", help="The folder is a BIDS data set, and --out becomes one of its derivatives.")
    ] = False,
    suffix: options.SuffixOption = None,
    participant_label: options.ParticipantOption = None,
    missing: options.MissingOption = False,
    with_folder: options.FolderOption = False,
    memory_limit: options.MemoryOption = None,
    roi: options.RoiOption = None,
    jobs: options.JobsOption = 1,
    scheduler: options.SchedulerOption = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Segment images: per image a folder with segmentation, variance, report and overview, and a table of them all."""
    if not bids and (suffix or participant_label):
        raise MedNCAError("--suffix and --participant-label belong to --bids.")
    call = _call(
        model, out_folder, [options.point(text) for text in click or ()], clicks, find, members, seed, device, target,
        overwrite, missing, memory_limit, roi, jobs, scheduler, as_json,
    )  # fmt: skip
    if bids:
        if len(images) != 1 or channel:
            raise MedNCAError("--bids takes one folder, that of the data set, and no --channel.")
        if with_folder:
            raise MedNCAError("--with-folder is not for --bids, whose names tell everything.")
        _segment_data_set(call, images[0], suffix, participant_label)
    else:
        from ..batch.call import work_of_images

        call = replace(call, with_folder=with_folder)
        _segment_all(call, work_of_images(call, images, channel or []))


def bids_app(
    bids_dir: Annotated[Path, typer.Argument(help="A BIDS data set.")],
    output_dir: Annotated[Path, typer.Argument(help="Becomes one of its derivatives.")],
    analysis_level: Annotated[str, typer.Argument(help="participant: there is no other one.")],
    model: options.ModelOption,
    clicks: options.ClicksOption = None,
    find: options.FindOption = False,
    members: options.MembersOption = None,
    seed: options.SeedOption = None,
    device: options.DeviceOption = "auto",
    target: options.TargetOption = DEFAULT_TARGET,
    overwrite: options.OverwriteOption = False,
    suffix: options.SuffixOption = None,
    participant_label: options.ParticipantOption = None,
    missing: options.MissingOption = False,
    memory_limit: options.MemoryOption = None,
    roi: options.RoiOption = None,
    jobs: options.JobsOption = 1,
    scheduler: options.SchedulerOption = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Segment a BIDS data set, called as BIDS apps are: `segment --bids` in other words."""
    if analysis_level != "participant":
        raise MedNCAError(
            "There is no level {level}: each participant is segmented alone; give participant.",
            level=repr(analysis_level),
        )
    call = _call(
        model, output_dir, (), clicks, find, members, seed, device, target, overwrite, missing, memory_limit, roi,
        jobs, scheduler, as_json,
    )  # fmt: skip
    _segment_data_set(call, bids_dir, suffix, participant_label)


def review(
    summary: Annotated[Path, typer.Argument(help="summary.csv of a folder of results.")],
    images: Annotated[Path, typer.Option(help="Folder of the images.")],
    out_file: Annotated[Path, typer.Option("--out", help="Scene for Slicer, an .mrb file.")],
    most: Annotated[int, typer.Option(min=1, help="So many images at most.")] = 20,
) -> None:
    """Put the doubtful results of a table into one scene for Slicer, where MedNCA Segment shows their verdicts."""
    from ..batch.review import doubtful, write_review

    doubts = doubtful(summary, images, most)
    lacking = f" Images without a result: {len(doubts.failed)}{_some(doubts.failed)}." if doubts.failed else ""
    if not doubts.shown:
        say(f"No result is doubtful, so no scene is written.{lacking}")
        return
    write_review(doubts.shown, out_file)
    left = f"; doubtful beside these: {doubts.more} (--most)" if doubts.more else ""
    say(f"Written: {out_file}. Images, the most doubtful first: {len(doubts.shown)}{left}.{lacking}")
    for image, error in doubts.problems.items():
        complain({"image": image, "error": str(error)}, "Left out: ")
    raise typer.Exit(1 if doubts.problems else 0)


def _some(names: list[str]) -> str:
    """The first of some names."""
    return f" ({', '.join(map(plain, names[:3]))}{', ...' if len(names) > 3 else ''})"


def _call(
    model: str, out: Path, points: Sequence, clicks: Path | None, find: bool, members: int | None, seed: int | None,
    device: str, target: float, overwrite: bool, missing: bool, memory_limit: float | None, roi: bool | None,
    jobs: int, scheduler: str | None, as_json: bool,
) -> Call:  # fmt: skip
    """What the options ask for. Raises MedNCAError where they contradict each other, or cannot be met."""
    from ..batch.call import Call
    from ..batch.jobs import Request
    from ..nca.devices import choose_device
    from ..segment import check_numbers

    library = Library()
    loaded = library.load(model)
    if find and not loaded.seeds:
        raise MedNCAError(
            "--find cannot be used: {model} does not say where its organs usually lie; give --click or --clicks.",
            model=loaded.name,
        )
    if find and (points or clicks):
        raise MedNCAError("--find cannot be used: clicks say where.")
    if scheduler and jobs > 1:
        raise MedNCAError("Give either --jobs or --scheduler.")
    check_numbers(members, seed, target, memory_limit)
    if not scheduler:  # whose workers have devices of their own
        choose_device(device)
    if os.path.isfile(out):
        raise MedNCAError("{out} is no folder; choose another --out.", out=out)
    request = Request(
        str(library.find(model).resolve()), loaded.sha256, members, seed, device, target, memory_limit, roi, find,
        overwrite, missing,
    )  # fmt: skip
    return Call(request, loaded, out, points, clicks, jobs, scheduler, as_json)


def _segment_data_set(
    call: Call, folder: Path, suffixes: Sequence[str] | None, participants: Sequence[str] | None
) -> None:
    """Segment a BIDS data set into derivatives."""
    from ..batch.call import work_of_data_set

    _segment_all(call, work_of_data_set(call, folder, suffixes or ("T1w",), participants or ()))


def _segment_all(call: Call, work: Work) -> None:
    """Do a call's work, say what came out, and end."""
    from ..batch.call import segment_all

    shown.tell_all(call, work, segment_all(call, work))
    raise typer.Exit(1 if work.failures else 0)

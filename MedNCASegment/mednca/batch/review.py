"""The doubtful ones of a folder of results as one scene for Slicer (MRB): volumes, segments, variance, verdicts.

In the module MedNCA Segment they look as if they had been made there: the record of each segmentation holds the report,
so that verdict, uncertain regions and review are there. A scene is XML (MRML) and the files beside it, in one zip.
"""

from __future__ import annotations

import glob
import json
import shutil
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from xml.sax.saxutils import quoteattr

import SimpleITK as sitk

from ..axes import bounding_box
from ..content import Content
from ..errors import MedNCAError
from ..files import held, written
from ..imaging.reading import check_same_grid, checksum, read_image, read_labels, write_image
from ..models.description import Label
from ..result import VARIANCE_LIMIT, VARIANCE_SHOWN_FROM, Report
from .csv_file import read_rows, unquoted
from .jobs import SEGMENTATION, VARIANCE, read_result
from .rows import doubt
from .summary import CSV

# As the module's record has them; what has a report is a result, and no image to segment.
_RUNS, _REPORT, _VOLUME, _VARIANCE = "MedNCA.Runs", "MedNCA.Report", "MedNCA.volume", "MedNCA.variance"
_SEGMENT = "MedNCA_{}"  # id of a label's segment


@dataclass(frozen=True)
class Doubtful:
    """A volume to be looked at.

    Attributes:
        title: for people, with its verdict.
        image: its file or DICOM folder, of several channels the first one's.
        folder: of the result.
        report: of it.
    """

    title: str
    image: Path
    folder: Path
    report: Report


@dataclass(frozen=True)
class Doubts:
    """What is doubtful in a table.

    Attributes:
        shown: the most doubtful first.
        more: how many images are beside these.
        failed: names of the images without a result.
        problems: by the name of a result that is as doubtful and cannot be shown, why.
    """

    shown: list[Doubtful]
    more: int
    failed: list[str]
    problems: dict[str, MedNCAError]


def doubtful(summary: Path, images: Path, most: int) -> Doubts:
    """Those of a table whose light is not green, the most doubtful first; none where every result is green.

    Args:
        summary: summary.csv of a folder of results, which lie beside it; or the folder.
        images: the folder of the images, or one above, as of a BIDS data set.
        most: so many at most.

    Raises:
        MedNCAError: where the table cannot be read; or none of the results can, or none of their images is there.
    """
    summary = summary / CSV if summary.is_dir() else summary
    rows = [{key: unquoted(value) for key, value in row.items()} for row in read_rows(summary)[1]]
    try:
        wanted = [row | {"expected_dice": float(row["expected_dice"] or 0), "file": _named(row["file"])} for row in rows
                  if not row["error"] and row["verdict"] != "green" and _named(row["image"])]  # fmt: skip
    except (KeyError, ValueError) as error:
        raise MedNCAError(
            "{summary} is no table of results; give the summary.csv of a folder of results.", summary=summary
        ) from error
    first = {row["image"]: row for row in sorted(wanted, key=doubt, reverse=True)}  # of an image the most doubtful row
    chosen = sorted(first.values(), key=doubt)[:most]
    shown, problems = [], {}
    for row in chosen:
        try:
            shown.append(_one(len(shown) + 1, row, summary.parent, images))
        except MedNCAError as error:
            problems[row["image"]] = error
    if problems and not shown:
        raise MedNCAError(
            "{images} is not the folder of the images, or nothing can be shown of them: {why}", images=images,
            why=next(iter(problems.values())),
        )  # fmt: skip
    failed, there = ({row["image"] for row in rows if bool(row["error"]) == is_failure} for is_failure in (True, False))
    return Doubts(shown, len(first) - len(chosen), sorted(failed - there), problems)


def _named(text: str | None) -> str:
    """A name of a file in a folder. Raises ValueError of what is none."""
    if not text or text in (".", "..") or Path(text).name != text or "\0" in text:
        raise ValueError(text)
    return text


def _one(number: int, row: dict, results: Path, images: Path) -> Doubtful:
    folder = results / row["image"]
    report = read_result(folder)
    if report is None:
        raise MedNCAError(
            "{folder} is no result; the table tells of another state. Segment again with --missing.", folder=folder
        )
    image = _image(images, row["file"], report.image.sha256[:1], row["image"])
    return Doubtful(f"{number:03} {row['image']} ({row['verdict']})", image, folder, report)


def _image(images: Path, name: str, sha256: tuple[str, ...], result: str) -> Path:
    """The file or folder of this name below the images' folder: of several, the one of this checksum; where that is not
    known, as of results of version 0.1, the one that lies there itself, or the only one. result: its folder's name,
    which may begin with that of the folder that the image is in, where it is looked for first."""
    path = images / name
    if sha256 and _is_of(path, sha256):
        return path
    found = sorted(images.rglob(glob.escape(name)), key=lambda each: not result.startswith(each.parent.name))
    if not found:
        raise MedNCAError("{image} is not there; give the folder of the images by --images.", image=path)
    if sha256:
        found = list(islice((each for each in found if _is_of(each, sha256)), 1))
    elif path in found:
        found = [path]
    if not found:
        raise MedNCAError(
            "{image} is another image by now than the one that was segmented; give its folder by --images.", image=path
        )
    if len(found) > 1:
        raise MedNCAError(
            "{folder} holds several files named {name}; give the folder that this one is in.", folder=images, name=name
        )
    return found[0]


def _is_of(path: Path, sha256: tuple[str, ...]) -> bool:
    with suppress(MedNCAError):  # another of the same name may be damaged
        return checksum(path) in sha256
    return False


def write_review(chosen: list[Doubtful], path: Path) -> None:
    """Write them as a scene.

    Args:
        chosen: of `doubtful`.
        path: of the .mrb file; nothing may be there.

    Raises:
        MedNCAError: where the name does not end in .mrb, something is there, one cannot be read or does not lie on its
            result's voxels, or the file cannot be written.
    """
    if path.suffix != ".mrb":
        raise MedNCAError("{path} is no name of a scene that Slicer reads; it must end in .mrb.", path=path)
    with held(path), tempfile.TemporaryDirectory() as place, written(path, replace=False) as made:
        folder, scene, root = Path(place), [], path.stem
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:  # the volumes are packed already
            for number, each in enumerate(chosen, start=1):
                labels = sitk.Cast(read_labels(each.folder / SEGMENTATION), sitk.sitkUInt8)
                for file in _files(each, labels, folder, number):
                    archive.write(file, f"{root}/Data/{file.name}")
                    file.unlink()
                scene += _nodes(each, labels, number)
            text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<MRML version="Slicer" userTags="">', *scene])
            archive.writestr(f"{root}/{root}.mrml", text + "\n</MRML>\n", zipfile.ZIP_DEFLATED)


def _files(each: Doubtful, labels: sitk.Image, folder: Path, number: int) -> tuple[Path, Path, Path]:
    """The volume, the segmentation and the variance, as Slicer reads them."""
    volume, segments, variance = (folder / f"{number:03}-{name}" for name in _names())
    image = read_image(each.image)  # of several channels in one file the first is shown
    check_same_grid(each.title, image, labels)
    write_image(sitk.VectorIndexSelectionCast(image, 0) if image.GetNumberOfComponentsPerPixel() > 1 else image, volume)
    extent = " ".join(f"0 {n - 1}" for n in labels.GetSize())
    labels.SetMetaData("Segmentation_MasterRepresentation", "Binary labelmap")
    for index, label in enumerate(each.report.model.labels):
        for key, value in _segment(label, extent).items():
            labels.SetMetaData(f"Segment{index}_{key}", value)
    write_image(labels, segments)
    shutil.copyfile(each.folder / VARIANCE, variance)
    return volume, segments, variance


def _names() -> tuple[str, str, str]:
    return "volume.nii.gz", "segments.seg.nrrd", "variance.nii.gz"


def _segment(label: Label, extent: str) -> dict[str, str]:
    color = " ".join(f"{c / 255:.4f}" for c in label.color)
    return {
        "ID": _SEGMENT.format(label.value), "Name": label.name, "Color": color, "LabelValue": str(label.value),
        "Layer": "0", "Extent": extent,
    }  # fmt: skip


def _content(labels: sitk.Image, value: int) -> Content | None:
    """Of a label's segment, None of an empty one: what Slicer shows differs from it once somebody has corrected it."""
    mask = sitk.GetArrayViewFromImage(labels) == value
    if not mask.any():
        return None
    low, high = bounding_box(mask).tolist()
    x, y, z = labels.TransformIndexToPhysicalPoint(low[::-1])
    return Content.of(mask[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))], (-x, -y, z))


def _nodes(each: Doubtful, labels: sitk.Image, number: int) -> list[str]:
    """The MRML elements of a volume, its segments and its variance, with what Slicer shows of them at first."""
    volume, segments, variance = (f"Data/{number:03}-{name}" for name in _names())
    contents = {_SEGMENT.format(label.value): _content(labels, label.value) for label in each.report.model.labels}
    report = each.report.to_json()
    run = {
        "id": 1,
        "segments": list(contents),
        "report": report,
        "contents": {name: content and content.to_json() for name, content in contents.items()},
    }
    storage, display = (f"vtkMRMLSegmentation{part}Node{number}" for part in ("Storage", "Display"))
    references = {
        "storage": storage,
        "display": display,
        "referenceImageGeometryRef": _volume_id(f"Volume{number}"),
        _VOLUME: _volume_id(f"Volume{number}"),
        _VARIANCE: _volume_id(f"Variance{number}"),
    }
    return [
        *_volume(f"Volume{number}", each.title, volume, _AS_IMAGE),
        *_volume(f"Variance{number}", f"{each.title} variance", variance, _AS_VARIANCE, {_REPORT: json.dumps(report)}),
        _element(
            "Segmentation", f"vtkMRMLSegmentationNode{number}", f"{each.title} segments", {}, references,
            {_RUNS: json.dumps([run])},
        ),
        _element("SegmentationStorage", storage, "SegmentationStorage", {"fileName": segments}),
        _element("SegmentationDisplay", display, "SegmentationDisplay", {"visibility": "true"}),
    ]  # fmt: skip


def _volume_id(name: str) -> str:
    return f"vtkMRMLScalarVolumeNode{name}"


# As the panel shows it: a fixed window, in which zero is not shown.
_AS_VARIANCE = {
    "colorNodeID": "vtkMRMLColorTableNodeCool3",
    "autoWindowLevel": "0", "window": str(VARIANCE_LIMIT), "level": str(VARIANCE_LIMIT / 2),
    "applyThreshold": "1", "lowerThreshold": str(VARIANCE_SHOWN_FROM), "upperThreshold": str(VARIANCE_LIMIT),
}  # fmt: skip
_AS_IMAGE = {"colorNodeID": "vtkMRMLColorTableNodeGrey"}


def _volume(
    name: str, title: str, file: str, shown: dict[str, str], attributes: dict[str, str] | None = None
) -> list[str]:
    storage, display = f"vtkMRMLVolumeArchetypeStorageNode{name}", f"vtkMRMLScalarVolumeDisplayNode{name}"
    stored = {"fileName": file, "UseOrientationFromFile": "1"}
    return [
        _element("Volume", _volume_id(name), title, {}, {"storage": storage, "display": display}, attributes),
        _element("VolumeArchetypeStorage", storage, "VolumeArchetypeStorage", stored),
        _element("VolumeDisplay", display, "VolumeDisplay", shown),
    ]


def _element(
    kind: str, id: str, title: str, others: dict[str, str], references: dict[str, str] | None = None,
    attributes: dict[str, str] | None = None,
) -> str:  # fmt: skip
    """A node as MRML has it."""
    told = {"id": id, "name": title}
    if attributes:
        told["attributes"] = ";".join(f"{key}:{_encoded(value)}" for key, value in attributes.items())
    if references:
        told["references"] = "".join(f"{role}:{target};" for role, target in references.items())
    told |= others
    return f" <{kind} " + " ".join(f"{key}={quoteattr(value)}" for key, value in told.items()) + f"></{kind}>"


def _encoded(value: str) -> str:
    """An attribute's value: a semicolon would end it, and a percent sign begin a code."""
    return value.replace("%", "%25").replace(";", "%3B")

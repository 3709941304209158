"""A folder with one DICOM series, read in a process of its own.

The decoders are native code: where a file makes them crash, hang or take all memory, the caller gets a sentence about
this file, and goes on. Other formats are the business of their own modules.

`python -m mednca.imaging.dicom FOLDER` writes one line of JSON, {"size", "type", "spacing", "direction", "origin"}
or {"error"}, and the voxels behind it. Headers are pydicom's, voxels SimpleITK's.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MedNCAError, Sentence
from ..files import utf8_names
from .header import Header, checked, shown

if TYPE_CHECKING:
    import SimpleITK as sitk
    from pydicom import Dataset

    _Slice = tuple[Path, Dataset]

MAX_FILES = 20_000
_SECONDS, _BYTES_PER_SECOND = 60, 2_000_000  # that a series may take to read, at most
_SAME_PLACE = 1e-3  # mm: slices nearer to each other lie at one position
_UNEVEN = 0.02  # relative, of distances between slices
_ASIDE = 0.1  # mm that a slice may lie beside the line of the others
_MARK = (128, b"DICM")
_MEMORY = 1_000_000_000  # bytes of the process beside the voxels
_ALIKE = ("SeriesInstanceUID", "Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "PixelRepresentation")


class _Refused(MedNCAError):
    """Part of the sentence about the series."""


def is_series(folder: Path) -> bool:
    """Tell whether a folder holds DICOM files; False where it cannot be read."""
    with suppress(OSError):
        return any(_is_dicom(Path(entry.path)) for entry in os.scandir(folder) if entry.is_file())
    return False


def files_of(folder: Path) -> list[Path]:
    """The DICOM files of a folder, by name.

    Raises:
        OSError: it cannot be read.
    """
    return sorted(path for path in folder.iterdir() if path.is_file() and _is_dicom(path))


def read_series(folder: Path) -> tuple[Header, np.ndarray]:
    """Read a series in a process of its own.

    Args:
        folder: that holds its files.

    Returns:
        Its geometry, `header.checked`, and its voxels (k, j, i).

    Raises:
        MedNCAError: with one sentence for whatever is wrong with it.
        OSError: the folder cannot be read.
    """
    told, voxels = _run(folder)
    if "error" in told:
        raise MedNCAError.of(Sentence.from_json(told["error"]))
    dtype, size = np.dtype(told["type"]), tuple(told["size"])
    header = checked(Header(
        file=folder, size=size, dtype=dtype, spacing=tuple(told["spacing"]), origin=tuple(told["origin"]),
        direction=np.array(told["direction"]), data=folder,
    ))  # fmt: skip
    if len(voxels) != header.nbytes:
        raise MedNCAError("The DICOM series in {folder} cannot be read: its reader left off half-way.", folder=folder)
    return header, np.frombuffer(voxels, dtype).reshape(size[::-1])


def _run(folder: Path) -> tuple[dict, memoryview]:
    """What the other process tells, and the bytes behind it."""
    package = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([package, *([others] if others else [])])}
    amount = sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
    seconds = _SECONDS + amount / _BYTES_PER_SECOND
    command = [sys.executable, "-m", __name__, str(folder)]
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise MedNCAError(
            "The DICOM series in {folder} cannot be read: its reader had not ended after {seconds} s.",
            folder=folder,
            seconds=f"{seconds:.0f}",
        ) from error
    line, _, rest = ended.stdout.partition(b"\n")
    with suppress(ValueError):
        return json.loads(line), memoryview(rest)
    how = Sentence("exit status {number}", number=ended.returncode)
    if ended.returncode < 0:
        how = Sentence("signal {number}", number=-ended.returncode)
    raise MedNCAError(
        "The DICOM series in {folder} made its reader end ({how}); a file in it is damaged.", folder=folder, how=how
    )


def _is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    with suppress(OSError), open(path, "rb") as file:
        file.seek(_MARK[0])
        return file.read(len(_MARK[1])) == _MARK[1]
    return False


# --- in the other process


def main(folder: str) -> None:
    """Tell about the series in a folder on standard output."""
    utf8_names()
    sink = os.fdopen(os.dup(1), "wb")
    voxels: memoryview | bytes
    os.dup2(2, 1)  # libraries print
    try:
        slices = _slices(Path(folder))
        _check_alike(slices)
        names, step = _in_order(slices)
        image = _decoded(names, Path(folder), slices)  # alive until its voxels are written: they are a view of it
        told, voxels = _described(image, step)
    except _Refused as refusal:
        error = Sentence("The DICOM series in {folder} cannot be read: {refusal}.", folder=folder, refusal=refusal)
        told, voxels = {"error": error.to_json()}, b""
    except Exception as problem:  # of a library, about a file that it does not understand
        cause = shown(f"{type(problem).__name__}: {' '.join(str(problem).split())[-150:]}", 200)
        error = Sentence("The DICOM series in {folder} cannot be read ({cause}).", folder=folder, cause=cause)
        told, voxels = {"error": error.to_json()}, b""
    sink.write(json.dumps(told).encode() + b"\n")
    sink.write(voxels)
    sink.flush()


def _slices(folder: Path) -> list[_Slice]:
    """(path, data set) of the folder's DICOM files; every file called .dcm must be one."""
    import pydicom

    warnings.simplefilter("ignore")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if len(files) > MAX_FILES:
        raise _Refused(
            "the folder holds {count} files, more than the {limit} that are read",
            count=f"{len(files):,}",
            limit=f"{MAX_FILES:,}",
        )
    slices = []
    for path in files:
        if not _is_dicom(path):
            if path.suffix.lower() == ".dcm":
                raise _Refused("{name} cannot be read as DICOM", name=path.name)
            continue
        try:
            data = pydicom.dcmread(path)
            if "Rows" in data or "SeriesInstanceUID" in data or path.suffix.lower() == ".dcm":  # no DICOMDIR
                _check_slice(path, data)
                slices.append((path, data))
        except _Refused:
            raise
        except Exception as error:
            raise _Refused("{name} cannot be read ({cause})", name=path.name, cause=shown(error, 120)) from error
    if not slices:
        raise _Refused("the folder holds no DICOM image")
    return slices


def _check_slice(path: Path, data: Dataset) -> None:
    """One file: a gray slice that says where it lies and holds all its voxels."""
    if int(data.get("NumberOfFrames", 1) or 1) != 1:
        raise _Refused("{name} holds several frames; convert it to NIfTI or NRRD", name=path.name)
    for key in ("Rows", "Columns", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "PixelData"):
        if key not in data:
            raise _Refused("{name} lacks {key}", name=path.name, key=key)
    if int(data.SamplesPerPixel) != 1 or not str(data.PhotometricInterpretation).startswith("MONOCHROME"):
        raise _Refused("{name} is in color; a scalar volume is needed", name=path.name)
    expected = int(data.Rows) * int(data.Columns) * int(data.BitsAllocated) // 8
    if not data.file_meta.TransferSyntaxUID.is_compressed and not expected <= len(data.PixelData) <= expected + 1:
        raise _Refused(
            "{name} is damaged: {there} of {needed} bytes of voxels",
            name=path.name,
            there=f"{len(data.PixelData):,}",
            needed=f"{expected:,}",
        )
    row, column = _axes(data)
    if not np.allclose([row @ row, column @ column, row @ column], [1, 1, 0], atol=1e-3):
        raise _Refused("{name} has an orientation that is none", name=path.name)
    data.PixelData = b""  # SimpleITK decodes it again, from the file


def _axes(data: Dataset) -> np.ndarray:
    """2x3: along a row, along a column."""
    axes = np.array([float(x) for x in data.ImageOrientationPatient]).reshape(2, 3)
    if not np.isfinite(axes).all():
        raise _Refused("an orientation is not a number")
    return axes


def _check_alike(slices: list[_Slice]) -> None:
    """All of one series, one size, one orientation."""
    first = slices[0][1]
    series = {str(data.get("SeriesInstanceUID")) for _path, data in slices}
    if len(series) > 1:
        raise _Refused("the folder holds {count} DICOM series; give a folder with one", count=len(series))
    for path, data in slices[1:]:
        for key in _ALIKE:
            if data.get(key) != first.get(key):
                raise _Refused("{name} and {other} differ in {key}", name=path.name, other=slices[0][0].name, key=key)
        spacing = [float(a) for a in data.PixelSpacing], [float(b) for b in first.PixelSpacing]
        if not np.allclose(*spacing, rtol=1e-3) or not np.allclose(_axes(data), _axes(first), atol=1e-3):
            raise _Refused(
                "{name} and {other} differ in voxel size or orientation", name=path.name, other=slices[0][0].name
            )


def _in_order(slices: list[_Slice]) -> tuple[list[str], float]:
    """The files along the normal, and the distance between slices, mm, which must be the same everywhere."""
    if len(slices) == 1:
        raise _Refused("it has one slice only; a volume is needed")
    normal = np.cross(*_axes(slices[0][1]))
    rows = []
    for path, data in slices:
        position = np.array([float(x) for x in data.ImagePositionPatient])
        if position.shape != (3,) or not np.isfinite(position).all():
            raise _Refused("{name} has a position that is none", name=path.name)
        rows.append((float(position @ normal), position, str(path)))
    rows.sort(key=lambda row: row[0])
    steps = np.diff([row[0] for row in rows])
    if steps.min() < _SAME_PLACE:
        twice = rows[int(steps.argmin())][2]
        raise _Refused("several slices lie at one position, {name} for one", name=Path(twice).name)
    if steps.max() - steps.min() > max(_UNEVEN * np.median(steps), _SAME_PLACE):
        raise _Refused("its slices are not evenly spaced; one may be missing")
    line = rows[-1][1] - rows[0][1]
    aside = [row[1] - rows[0][1] - line * n / (len(rows) - 1) for n, row in enumerate(rows)]
    if np.linalg.norm(aside, axis=1).max() > _ASIDE or np.linalg.norm(np.cross(line, normal)) > _ASIDE:
        raise _Refused("its slices do not lie straight above each other (gantry tilt); resample it first")
    return [row[2] for row in rows], float(np.mean(steps))


def _decoded(names: list[str], folder: Path, slices: list[_Slice]) -> sitk.Image:
    """The voxels, through GDCM."""
    import SimpleITK as sitk

    first = slices[0][1]
    size = (int(first.Columns), int(first.Rows), len(slices))
    checked(Header(
        file=folder, size=size, dtype=np.dtype("f4"), spacing=(1.0,) * 3, direction=np.eye(3), origin=(0.0,) * 3,
        data=folder,
    ))  # fmt: skip
    _limit_memory(4 * math.prod(size) * np.dtype("f8").itemsize)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(names)
    # Else the first slice's slope and intercept would say which type the others' values are squeezed into.
    reader.SetOutputPixelType(sitk.sitkFloat32)
    image = reader.Execute()
    if image.GetSize() != size:
        raise _Refused("{decoded} voxels were decoded, {size} are told of", decoded=image.GetSize(), size=size)
    return image


def _described(image: sitk.Image, step: float) -> tuple[dict, memoryview]:
    """What `read_series` needs to know of the image, and its voxels."""
    import SimpleITK as sitk

    if abs(image.GetSpacing()[2] - step) > max(_UNEVEN * step, _SAME_PLACE):
        raise _Refused("the distance between its slices cannot be told for certain")
    values = sitk.GetArrayViewFromImage(image)
    told = {
        "size": image.GetSize(),
        "type": values.dtype.str,
        "spacing": image.GetSpacing(),
        "direction": np.array(image.GetDirection()).reshape(3, 3).tolist(),
        "origin": image.GetOrigin(),
    }
    return told, np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def _limit_memory(voxels: int) -> None:
    """Bytes that this process may take, where the system can hold it to that."""
    if sys.platform == "linux":
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)  # which only the system's administrator may raise
        allowed = _MEMORY + voxels if hard == resource.RLIM_INFINITY else min(_MEMORY + voxels, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


if __name__ == "__main__":
    _limit_memory(0)
    main(sys.argv[1])

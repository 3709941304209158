"""What ITK forgives silently and a clinician must know: files cut short, senseless spacings, no orientation.

ITK fills the missing part of a truncated NIfTI with zeros, takes a zero spacing for 1, turns a negative one into a
flip, and gives a NIfTI without orientation one of its own. Nothing here keeps voxels in memory.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import MedNCAError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Nifti:
    """What matters of a NIfTI header. sform: 3x3, or None where its code is 0; oriented: qform or sform is set."""

    spacing: tuple[float, ...]
    size: int
    oriented: bool
    sform: np.ndarray | None


def check_header(path: Path) -> None:
    """Raises MedNCAError for a NIfTI file that is cut short or has no or two different geometries, and for a NIfTI,
    NRRD or MetaImage with a senseless spacing."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        _check_nifti(path)
    elif name.endswith((".mha", ".mhd")):
        _check_spacing(path, _meta_spacing(path))
    elif name.endswith((".nrrd", ".nhdr")):
        _check_spacing(path, _nrrd_spacing(path))


def _check_nifti(path: Path) -> None:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            start = file.read(544)
            header = _nifti_header(start)
            if header is None:
                raise MedNCAError(f"{path} cannot be read as an image: it has no NIfTI header.")
            size = len(start)
            while chunk := file.read(_CHUNK):
                size += len(chunk)
    except (EOFError, OSError, zlib.error) as error:
        raise MedNCAError(f"{path} cannot be read as an image ({error}); it may be cut short or damaged.") from error
    if size < header.size:
        raise MedNCAError(
            f"{path} cannot be read as an image: it is cut short ({size} of {header.size} bytes); copy it again."
        )
    _check_spacing(path, header.spacing)
    if not header.oriented:
        raise MedNCAError(f"{path} does not say how it is oriented (its qform and sform codes are 0); export it again.")
    if header.sform is not None and len(header.spacing) == 3:
        _check_sform(path, header)


def _check_sform(path: Path, header: _Nifti) -> None:
    """ITK drops a sheared sform, and takes its voxel size from elsewhere; both must not pass silently."""
    lengths = np.linalg.norm(header.sform, axis=0)
    if not np.allclose(lengths, header.spacing, rtol=0.02):
        raise MedNCAError(
            f"{path} contradicts itself: its sform and its pixdim give different voxel sizes; correct it."
        )
    axes = header.sform / lengths
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-2):
        raise MedNCAError(f"{path} has axes that are not perpendicular (gantry tilt or shear); resample it first.")


def _nifti_header(data: bytes) -> _Nifti | None:
    """Of NIfTI-1 or NIfTI-2, either byte order; None where it is neither."""
    for order in "<>":
        if len(data) >= 348 and struct.unpack_from(order + "i", data)[0] == 348:
            places = ("8h", 40, "h", 72, "3f", 80, "f", 108, "2h", 252, "12f", 280)
        elif len(data) >= 540 and struct.unpack_from(order + "i", data)[0] == 540:
            places = ("8q", 16, "h", 14, "3d", 112, "q", 168, "2i", 344, "12d", 400)
        else:
            continue
        dims, (bits,), spacing, (offset,), codes, sform = (
            struct.unpack_from(order + kind, data, place) for kind, place in zip(places[::2], places[1::2], strict=True)
        )
        if not 1 <= dims[0] <= 7 or not math.isfinite(offset):
            return None
        size = int(offset) + math.prod(max(n, 1) for n in dims[1 : dims[0] + 1]) * bits // 8
        matrix = np.array(sform).reshape(3, 4)[:, :3] if codes[1] > 0 else None
        return _Nifti(spacing[: min(dims[0], 3)], size, max(codes) > 0, matrix)
    return None


def _nrrd_spacing(path: Path):
    """The numbers of `spacings`, or the lengths of `space directions`."""
    with open(path, "rb") as file:
        head = file.read(16384).split(b"\n\n", 1)[0].decode("latin-1")
    for line in head.splitlines():
        key, _, value = line.partition(":")
        try:
            if key == "spacings":
                return [float(part) for part in value.split()]
            if key == "space directions":
                vectors = re.findall(r"\(([^)]*)\)", value)
                return [math.hypot(*(float(x) for x in vector.split(","))) for vector in vectors]
        except ValueError:
            return [math.nan]
    return []


def _meta_spacing(path: Path):
    with open(path, "rb") as file:
        head = file.read(4096).split(b"ElementDataFile", 1)[0]
    for line in head.decode("latin-1").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "ElementSpacing":
            try:
                return [float(part) for part in value.split()]
            except ValueError:
                return [math.nan]
    return []


def _check_spacing(path: Path, spacing) -> None:
    if not all(math.isfinite(s) and s > 0 for s in spacing):
        shown = " x ".join(f"{s:g}" for s in spacing)
        raise MedNCAError(f"{path} has a voxel spacing of {shown} mm in its header; it must be positive. Correct it.")

"""What ITK forgives silently and a clinician must know: NIfTI files cut short, spacings that are zero or negative.

ITK fills the missing part of a truncated NIfTI with zeros, takes a zero spacing for 1 and turns a negative one
into a flip. Nothing here reads voxels into memory.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

from .errors import MedNCAError

_CHUNK = 1 << 20


def check_header(path: Path) -> None:
    """Raises MedNCAError for a NIfTI file that is cut short, and for a NIfTI or MetaImage with a senseless spacing."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        _check_nifti(path)
    elif name.endswith((".mha", ".mhd")):
        _check_spacing(path, _meta_spacing(path))


def _check_nifti(path: Path) -> None:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            header = file.read(544)
            parsed = _nifti_header(header)
            if parsed is None:
                raise MedNCAError(f"{path} cannot be read as an image: it has no NIfTI header.")
            spacing, expected = parsed
            size = len(header)
            while chunk := file.read(_CHUNK):
                size += len(chunk)
    except (EOFError, OSError, zlib.error) as error:
        raise MedNCAError(f"{path} cannot be read as an image ({error}); it may be cut short or damaged.") from error
    if size < expected:
        raise MedNCAError(
            f"{path} cannot be read as an image: it is cut short ({size} of {expected} bytes); copy or export it again."
        )
    _check_spacing(path, spacing)


def _nifti_header(header: bytes):
    """(spacing of the first three axes, bytes of the whole file) of a NIfTI-1 or NIfTI-2 header, or None."""
    for order in "<>":
        if len(header) >= 348 and struct.unpack_from(order + "i", header)[0] == 348:
            dims = struct.unpack_from(order + "8h", header, 40)
            bits = struct.unpack_from(order + "h", header, 72)[0]
            spacing = struct.unpack_from(order + "3f", header, 80)
            offset = struct.unpack_from(order + "f", header, 108)[0]
        elif len(header) >= 540 and struct.unpack_from(order + "i", header)[0] == 540:
            dims = struct.unpack_from(order + "8q", header, 16)
            bits = struct.unpack_from(order + "h", header, 14)[0]
            spacing = struct.unpack_from(order + "3d", header, 112)
            offset = struct.unpack_from(order + "q", header, 168)[0]
        else:
            continue
        if not 1 <= dims[0] <= 7 or not math.isfinite(offset):
            return None
        used = min(dims[0], 3)
        return spacing[:used], int(offset) + math.prod(max(n, 1) for n in dims[1 : dims[0] + 1]) * bits // 8
    return None


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

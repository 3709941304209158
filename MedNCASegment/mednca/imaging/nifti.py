"""The headers of NIfTI-1 and NIfTI-2 in one file, compressed or not, in either byte order.

Decoding voxels is not its business (`payload`).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MedNCAError
from .header import Header

# datatype code: (type, bits, values per voxel)
_TYPES = {
    2: ("u1", 8, 1), 4: ("i2", 16, 1), 8: ("i4", 32, 1), 16: ("f4", 32, 1), 32: ("c8", 64, 1), 64: ("f8", 64, 1),
    128: ("u1", 24, 3), 256: ("i1", 8, 1), 512: ("u2", 16, 1), 768: ("u4", 32, 1), 1024: ("i8", 64, 1),
    1280: ("u8", 64, 1), 1792: ("c16", 128, 1), 2304: ("u1", 32, 4),
}  # fmt: skip
_MILLIMETERS = (0, 2)  # xyzt_units & 7: unknown, mm
_VECTORS = (1004, 1005, 1007)  # intents whose fifth dimension counts the values of a voxel
_SCANNER = 1  # sform code: the scanner's own space
_LPS = np.diag([-1.0, -1.0, 1.0])
_START = 544  # bytes that hold the header of either version
_GZIP = b"\x1f\x8b"  # how compressed files begin
_MAX_OFFSET = 64_000_000  # bytes of extensions before the voxels


@dataclass(frozen=True)
class _Layout:
    """Where a version keeps its fields: (struct format without byte order, offset)."""

    length: int
    magic: tuple[bytes, int]
    least_offset: int
    fields: dict[str, tuple[str, int]]


_LAYOUTS = (
    _Layout(348, (b"n+1\0", 344), 352, {
        "dim": ("8h", 40), "intent": ("h", 68), "datatype": ("h", 70), "bitpix": ("h", 72), "pixdim": ("8f", 76),
        "offset": ("f", 108), "slope": ("f", 112), "intercept": ("f", 116), "units": ("B", 123), "qform": ("h", 252),
        "sform": ("h", 254), "quaternion": ("6f", 256), "rows": ("12f", 280),
    }),
    _Layout(540, (b"n+2\0\r\n\x1a\n", 4), 544, {
        "dim": ("8q", 16), "intent": ("i", 504), "datatype": ("h", 12), "bitpix": ("h", 14), "pixdim": ("8d", 104),
        "offset": ("q", 168), "slope": ("d", 176), "intercept": ("d", 184), "units": ("i", 500), "qform": ("i", 344),
        "sform": ("i", 348), "quaternion": ("6d", 352), "rows": ("12d", 400),
    }),
)  # fmt: skip


def read_header(path: Path) -> Header:
    """Read what a NIfTI file says of its volume.

    Args:
        path: the file.

    Returns:
        Its header, not yet `header.checked`.

    Raises:
        MedNCAError: it is no NIfTI file, or contradicts itself.
        OSError: it cannot be read at all.
    """
    packed = path.name.lower().endswith(".gz")
    _check_packed(path, packed)
    try:
        with (gzip.open if packed else open)(path, "rb") as file:
            start = file.read(_START)
    except (OSError, EOFError, zlib.error) as error:
        raise MedNCAError(
            "{path} cannot be read as an image ({cause}); it is damaged or cut short.", path=path, cause=error
        ) from error
    fields, layout, order = _fields(path, start)
    size, components = _size(path, fields)
    name, _bits, values = _type(path, fields)
    offset = _offset(path, fields["offset"][0], layout)
    if fields["units"][0] & 7 not in _MILLIMETERS:
        raise MedNCAError(
            "{path} measures lengths in another unit than mm (xyzt_units in its header); convert it.", path=path
        )
    slope, intercept = fields["slope"][0], fields["intercept"][0]
    if slope == 0 and intercept != 0:  # by the standard nothing is scaled then; ITK and Slicer add the intercept
        raise MedNCAError(
            "{path} has a slope of 0 beside an intercept (scl_slope, scl_inter), which programs read in different ways;"
            " correct the header.",
            path=path,
        )
    matrix, spacing = _geometry(path, fields)
    direction = matrix[:, :3] / np.linalg.norm(matrix[:, :3], axis=0) if len(size) >= 3 else np.eye(3)
    return Header(
        file=path, size=size, dtype=np.dtype(order + name), components=values * components,
        spacing=spacing, direction=_LPS @ direction,
        origin=tuple((_LPS @ matrix[:, 3]).tolist()), data=path, offset=0 if packed else offset,
        encoding="gzip" if packed else "raw", skip=offset if packed else 0, slope=slope or 1.0, intercept=intercept,
    )  # fmt: skip


def _check_packed(path: Path, packed: bool) -> None:
    """Raises MedNCAError where the file is compressed and its name does not say so, or the other way round."""
    with open(path, "rb") as file:
        start = file.read(4)
    if not packed and start.startswith(_GZIP):
        raise MedNCAError("{path} is compressed; rename it, so that its name ends in .nii.gz.", path=path)
    lengths = [struct.pack(order + "i", layout.length) for layout in _LAYOUTS for order in "<>"]
    if packed and start.startswith(tuple(lengths)):
        raise MedNCAError("{path} is not compressed; rename it, so that its name ends in .nii.", path=path)


def _fields(path: Path, start: bytes) -> tuple[dict[str, tuple], _Layout, str]:
    """(field name -> numbers, layout, byte order)."""
    for layout in _LAYOUTS:
        magic, place = layout.magic
        for order in "<>":
            if len(start) >= layout.length and struct.unpack_from(order + "i", start)[0] == layout.length:
                if start[place : place + len(magic)] != magic:
                    raise MedNCAError("{path} cannot be read as an image: it is no NIfTI file in one piece.", path=path)
                fields = {key: struct.unpack_from(order + form, start, at) for key, (form, at) in layout.fields.items()}
                return fields, layout, order
    raise MedNCAError("{path} cannot be read as an image: it has no NIfTI header.", path=path)


def _size(path: Path, fields: dict[str, tuple]) -> tuple[tuple[int, ...], int]:
    """Voxels, without the trailing axes of one beyond the third, and values per voxel."""
    count, *size = fields["dim"]
    if not 1 <= count <= 7:
        raise MedNCAError(
            "{path} cannot be read as an image: its header tells of {count} dimensions.", path=path, count=count
        )
    size = size[:count]
    components = 1
    if fields["intent"][0] in _VECTORS and count >= 5:
        components = size[4]
        size = [*size[:4], *size[5:]]
    while len(size) > 3 and size[-1] == 1:
        size.pop()
    return tuple(size), components


def _type(path: Path, fields: dict[str, tuple]) -> tuple[str, int, int]:
    """Type, bits and values of a voxel, where the header does not contradict itself."""
    code, bits = fields["datatype"][0], fields["bitpix"][0]
    if code not in _TYPES:
        raise MedNCAError(
            "{path} holds voxels of a type (NIfTI code {code}) that cannot be read; convert it.", path=path, code=code
        )
    if _TYPES[code][1] != bits:
        raise MedNCAError(
            "{path} contradicts itself: its voxels of NIfTI type {code} have {expected} bits, its header says {bits}; "
            "export it again.",
            path=path,
            code=code,
            expected=_TYPES[code][1],
            bits=bits,
        )
    return _TYPES[code]


def _offset(path: Path, offset: float, layout: _Layout) -> int:
    """Bytes before the voxels."""
    if not math.isfinite(offset) or offset != int(offset) or not layout.least_offset <= offset <= _MAX_OFFSET:
        raise MedNCAError(
            "{path} cannot be read as an image: its voxels would begin at byte {offset}, within or far behind its "
            "header; export it again.",
            path=path,
            offset=f"{offset:g}",
        )
    return int(offset)


def _geometry(path: Path, fields: dict[str, tuple]) -> tuple[np.ndarray, tuple[float, ...]]:
    """3x4: voxel index -> RAS mm, and the voxel's size, mm.

    The sform where it is the scanner's space, stands alone, or agrees with the qform; otherwise the qform. This is the
    choice of ITK, and so of Slicer.
    """
    spacing = fields["pixdim"][1:4][: fields["dim"][0]]
    if not all(math.isfinite(s) and s > 0 for s in spacing):
        shown = " x ".join(f"{s:g}" for s in spacing)
        raise MedNCAError(
            "{path} has a voxel spacing of {shown} mm in its header; it must be positive. Correct it.",
            path=path,
            shown=shown,
        )
    q_code, s_code = fields["qform"][0], fields["sform"][0]
    if q_code <= 0 and s_code <= 0:
        raise MedNCAError(
            "{path} does not say how it is oriented (its qform and sform codes are 0); export it again.", path=path
        )
    sform = np.array(fields["rows"], dtype=float).reshape(3, 4)
    if s_code > 0 and len(spacing) == 3:
        _check_sform(path, sform, spacing)
    if q_code <= 0:
        return sform, spacing
    qform = _qform(path, fields, spacing)
    if s_code <= 0:
        return qform, spacing
    return (sform if s_code == _SCANNER or np.allclose(sform, qform, atol=1e-3) else qform), spacing


def _check_sform(path: Path, sform: np.ndarray, spacing: tuple[float, ...]) -> None:
    """ITK drops a sheared sform, and takes its voxel size from elsewhere; both must not pass silently."""
    lengths = np.linalg.norm(sform[:, :3], axis=0)
    if not np.isfinite(sform).all() or not np.allclose(lengths, spacing, rtol=0.02):
        raise MedNCAError(
            "{path} contradicts itself: its sform and its pixdim give different voxel sizes; correct it.", path=path
        )
    axes = sform[:, :3] / lengths
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-2):
        raise MedNCAError(
            "{path} has axes that are not perpendicular (gantry tilt or shear); resample it first.", path=path
        )


def _qform(path: Path, fields: dict[str, tuple], spacing: tuple[float, ...]) -> np.ndarray:
    """3x4 of the quaternion b, c, d, the offset, and the handedness that pixdim[0] keeps (NIfTI-1, method 2)."""
    b, c, d, *offset = fields["quaternion"]
    rest = 1.0 - (b * b + c * c + d * d)
    if not all(map(math.isfinite, fields["quaternion"])) or rest < -1e-3:
        raise MedNCAError("{path} has an orientation (qform) that is none; export it again.", path=path)
    a = math.sqrt(max(rest, 0.0))
    if a == 0.0:
        norm = math.sqrt(b * b + c * c + d * d)
        b, c, d = b / norm, c / norm, d / norm
    rotation = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])  # fmt: skip
    third = -1.0 if fields["pixdim"][0] < 0 else 1.0
    steps = [*spacing, 1.0, 1.0][:3]
    return np.column_stack([rotation * (np.array(steps) * [1.0, 1.0, third]), offset])

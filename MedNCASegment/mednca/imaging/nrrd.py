"""The headers of NRRD (.nrrd), detached ones too (.nhdr): raw, gzip or text, as ITK, Slicer and pynrrd write them.

Decoding voxels is not its business (`payload`).
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np

from ..errors import MedNCAError, Sentence
from .header import BLANK, Header, data_file, numbers, shown, understood

_MAX_HEADER = 1 << 20  # bytes; Slicer keeps what belongs to a segmentation or a sequence there
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "text": "text", "txt": "text", "ascii": "text"}
_MILLIMETERS = ("", "mm", "millimeter", "millimeters", "???")
_SPACES = {  # -> LPS
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
    "scanner-xyz": (1, 1, 1), "3d-right-handed": (1, 1, 1),
}  # fmt: skip

# Axes of space among the file's, spacing, origin, direction; LPS.
_Geometry = tuple[list[int], tuple[float, ...], tuple[float, ...], np.ndarray]


def read_header(path: Path) -> Header:
    """Read what a NRRD file says of its volume.

    Args:
        path: the file.

    Returns:
        Its header, not yet `header.checked`.

    Raises:
        MedNCAError: it is no NRRD file, or cannot be understood for certain.
        OSError: it cannot be read at all.
    """
    fields, length = _fields(path)
    with understood(path):
        return _header(path, fields, length)


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """Field -> value, and the header's length in bytes, the empty line included."""
    with open(path, "rb") as file:
        head = file.read(_MAX_HEADER)
    if not re.match(rb"NRRD000[1-6]\r?\n", head):
        raise MedNCAError("{path} cannot be read as an image: it has no NRRD header.", path=path)
    end = re.search(rb"\r?\n\r?\n", head)
    if end is None and not path.name.lower().endswith(".nhdr"):
        raise MedNCAError("{path} cannot be read as an image: its header does not end.", path=path)
    fields: dict[str, str] = {}
    for line in head[: end.start() if end else len(head)].decode("latin-1").split("\n")[1:]:
        key, separator, value = line.partition(": ")
        if line.startswith("#") or ":=" in line.split(": ")[0] or not separator:
            continue
        key = key.strip(BLANK).lower()
        if key in fields:
            raise MedNCAError(
                "{path} cannot be read as an image: its header has the field {field} twice.",
                path=path,
                field=repr(shown(key)),
            )
        fields[key] = value.strip(BLANK)
    return fields, end.end() if end else len(head)


def _header(path: Path, fields: dict[str, str], length: int) -> Header:
    """Raises KeyError and ValueError where the fields are no header."""
    sizes = numbers(fields["sizes"], int)
    if len(sizes) != int(fields["dimension"]):
        raise ValueError(Sentence("dimension and sizes differ"))
    if len(sizes) > 16:
        raise ValueError(Sentence("{count} dimensions", count=len(sizes)))
    dtype, encoding = _type(fields), _encoding(fields)
    axes, spacing, origin, direction = _geometry(fields, sizes)
    data, offset = path, length
    named = fields.get("data file", fields.get("datafile"))
    if named is not None:
        data, offset = data_file(path, named), 0
    elif path.name.lower().endswith(".nhdr"):
        raise ValueError(Sentence("it names no file of the voxels"))
    skip = int(fields.get("byte skip", fields.get("byteskip", "0")))
    if int(fields.get("line skip", fields.get("lineskip", "0"))) or skip < -1 or (skip and encoding != "raw"):
        raise ValueError(Sentence("lines or bytes that are skipped"))
    if skip == -1:
        offset = data.stat().st_size - math.prod(sizes) * dtype.itemsize
    elif skip > 0:
        offset += skip
    if offset < 0:
        raise ValueError(Sentence("more voxels than the file has bytes"))
    return Header(
        file=path, size=tuple(sizes[a] for a in axes), dtype=dtype, components=_components(sizes, axes),
        spacing=spacing, direction=direction, origin=origin, data=data, offset=offset, encoding=encoding,
    )  # fmt: skip


def _type(fields: dict[str, str]) -> np.dtype:
    """The type of a value, byte order included."""
    spelled = fields["type"].lower()
    name = next((name for name, known in _TYPES.items() if spelled in known), None)
    if name is None:
        raise ValueError(Sentence("voxels of type {type}", type=repr(spelled[:40])))
    order = fields.get("endian", "").lower()
    if order not in ("", "little", "big"):
        raise ValueError(Sentence("byte order {order}", order=repr(order[:20])))
    if not order and name[1] != "1" and _encoding(fields) != "text":
        raise ValueError(Sentence("it does not say its byte order"))
    return np.dtype({"little": "<", "big": ">", "": "<" if sys.byteorder == "little" else ">"}[order] + name)


def _encoding(fields: dict[str, str]) -> str:
    """How the voxels are written, as `Header` calls it."""
    spelled = fields["encoding"].lower()
    if spelled not in _ENCODINGS:
        raise ValueError(Sentence("encoding {type}; raw, gzip and text are read", type=repr(spelled[:40])))
    return _ENCODINGS[spelled]


def _geometry(fields: dict[str, str], sizes: tuple[int, ...]) -> _Geometry:
    """(axes of space among the file's, spacing, origin, direction), LPS."""
    units = re.findall(r'"([^"]*)"', fields.get("space units", ""))
    if any(unit.strip().lower() not in _MILLIMETERS for unit in units):
        raise ValueError(Sentence("space units other than mm"))
    vectors = [_vector(text) for text in re.findall(r"none|\([^)]*\)", fields.get("space directions", ""))]
    if not vectors:
        return _plain_geometry(fields, sizes)
    if len(vectors) != len(sizes):
        raise ValueError(Sentence("space directions and sizes differ"))
    axes = [axis for axis, vector in enumerate(vectors) if vector is not None]
    space = fields.get("space", "").lower()
    if space and space not in _SPACES:
        raise ValueError(Sentence("space {space}", space=repr(space[:40])))
    columns = np.array([vectors[axis] for axis in axes], dtype=float)
    if len(axes) == 3 and columns.shape != (3, 3):
        raise ValueError(Sentence("space directions that are not in three dimensions"))
    if len(axes) != 3:  # `header.checked` refuses another number of axes than three
        return axes, (1.0,) * len(axes), (0.0,) * 3, np.eye(3)
    columns = (columns * _SPACES.get(space, (1, 1, 1))).T
    lengths = np.linalg.norm(columns, axis=0)
    if not np.isfinite(columns).all() or not (lengths > 0).all():
        raise ValueError(Sentence("space directions that span no volume; the spacing must be positive"))
    origin = np.array(_vector(fields["space origin"]) if "space origin" in fields else (0.0,) * 3)
    if origin.shape != (3,):
        raise ValueError(Sentence("space origin"))
    return axes, tuple(lengths.tolist()), tuple((origin * _SPACES.get(space, (1, 1, 1))).tolist()), columns / lengths


def _plain_geometry(fields: dict[str, str], sizes: tuple[int, ...]) -> _Geometry:
    """Without directions: spacings, where there are any. What `axis mins` mean depends on unwritten conventions, and a
    space without directions would tell right from left without saying along which axis."""
    if told := [field for field in ("space", "space origin") if field in fields]:
        raise ValueError(Sentence("a {field} without space directions", field=told[0]))
    if "axis mins" in fields and set(fields["axis mins"].lower().split()) != {"nan"}:
        raise ValueError(Sentence("axis mins in place of a space origin"))
    kinds = fields.get("kinds", "").lower().split()
    axes = [a for a in range(len(sizes)) if len(kinds) != len(sizes) or kinds[a] in ("domain", "space", "time", "???")]
    spacing = numbers(fields["spacings"]) if "spacings" in fields else (1.0,) * len(sizes)
    if len(spacing) != len(sizes):
        raise ValueError(Sentence("spacings and sizes differ"))
    spacing = tuple(spacing[a] for a in axes)
    if not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ValueError(Sentence("a spacing of {spacing} mm", spacing=shown(" x ".join(f"{s:g}" for s in spacing))))
    return axes, spacing, (0.0,) * len(axes), np.eye(3)


def _vector(text: str) -> tuple[float, ...] | None:
    """(x, y, z), or none."""
    return None if text == "none" else tuple(float(x) for x in text.strip().strip("()").split(","))


def _components(sizes: tuple[int, ...], axes: list[int]) -> int:
    """Values per voxel: what the axes that are not in space hold."""
    return math.prod(n for axis, n in enumerate(sizes) if axis not in axes)

"""The headers of MetaImage (.mha), detached ones too (.mhd): raw, zlib or text.

Decoding voxels is not its business (`payload`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..errors import MedNCAError, Sentence
from .header import BLANK, Header, data_file, numbers, shown, understood

_MAX_HEADER = 1 << 20  # bytes; sequences keep a transform a frame there
_LAST = "ElementDataFile"
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


def read_header(path: Path) -> Header:
    """Read what a MetaImage says of its volume.

    Args:
        path: the file.

    Returns:
        Its header, not yet `header.checked`.

    Raises:
        MedNCAError: it is no MetaImage, or cannot be understood for certain.
        OSError: it cannot be read at all.
    """
    fields, length = _fields(path)
    with understood(path):
        return _header(path, fields, length)


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """Field -> value, and the header's length in bytes. ElementDataFile ends it."""
    with open(path, "rb") as file:
        head = file.read(_MAX_HEADER)
    fields: dict[str, str] = {}
    place = 0
    while _LAST not in fields:
        end = head.find(b"\n", place)
        end = len(head) if end < 0 else end
        key, equals, value = head[place:end].decode("latin-1").partition("=")
        if not equals:
            raise MedNCAError(
                "{path} cannot be read as an image: it has no MetaImage header that ends as one does.", path=path
            )
        key = key.strip(BLANK)
        if key in fields:
            raise MedNCAError(
                "{path} cannot be read as an image: its header has the field {field} twice.",
                path=path,
                field=repr(shown(key)),
            )
        fields[key] = value.strip(BLANK)
        place = end + 1
    return fields, min(place, len(head))


def _header(path: Path, fields: dict[str, str], length: int) -> Header:
    """Raises KeyError and ValueError where the fields are no header."""
    if fields.get("ObjectType", "Image").lower() != "image":
        raise ValueError(Sentence("it holds no image but a {type}", type=repr(fields["ObjectType"][:40])))
    size, dims = numbers(fields["DimSize"], int), int(fields["NDims"])
    if len(size) != dims:
        raise ValueError(Sentence("NDims and DimSize differ"))
    if dims > 10:
        raise ValueError(Sentence("{count} dimensions", count=dims))
    name = fields["ElementType"].upper()
    if name not in _TYPES:
        raise ValueError(Sentence("voxels of type {type}", type=repr(name[:40])))
    order = ">" if _flag(fields, "BinaryDataByteOrderMSB", "ElementByteOrderMSB") else "<"
    components = int(fields.get("ElementNumberOfChannels", "1"))
    dtype = np.dtype(order + _TYPES[name])
    data, offset, encoding = _place(path, fields, length, math.prod(size) * components * dtype.itemsize)
    spacing, direction, origin = _geometry(fields, dims)
    while len(size) > 3 and size[-1] == 1:
        size = size[:-1]
    return Header(
        file=path, size=size, dtype=dtype, components=components, spacing=spacing[:3],
        direction=direction[:3, :3], origin=origin[:3], data=data, offset=offset, encoding=encoding,
    )  # fmt: skip


def _place(path: Path, fields: dict[str, str], length: int, nbytes: int) -> tuple[Path, int, str]:
    """Where the voxels lie: file, offset, encoding."""
    named, skip = fields[_LAST], int(fields.get("HeaderSize", "0"))
    local = named.upper() == "LOCAL"
    if not local and (named.upper().startswith("LIST") or "%" in named):
        raise ValueError(Sentence("its voxels lie in a list of files; save it as one file"))
    if skip < -1 or (local and skip not in (0, -1)):
        raise ValueError(Sentence("HeaderSize {skip}", skip=skip))
    data, offset = (path, length) if local else (data_file(path, named), max(skip, 0))
    packed = _flag(fields, "CompressedData")
    if not _flag(fields, "BinaryData", default=True):
        if packed:
            raise ValueError(Sentence("text that is compressed"))
        return data, offset, "text"
    if packed:
        there, told = data.stat().st_size - offset, int(fields.get("CompressedDataSize", "0"))
        if skip == -1 or (told and told != there):
            raise ValueError(
                Sentence(
                    "its compressed voxels have {there} bytes, its header says {told}: it is cut short",
                    there=f"{there:,}",
                    told=f"{told:,}",
                )
            )
        return data, offset, "zlib"
    if skip == -1:
        offset = data.stat().st_size - nbytes
        if offset < (length if local else 0):
            raise ValueError(Sentence("it is cut short: more voxels than the file has bytes"))
    return data, offset, "raw"


def _geometry(fields: dict[str, str], dims: int) -> tuple[tuple[float, ...], np.ndarray, tuple[float, ...]]:
    """(spacing, direction, origin): LPS already; a row of the matrix is an axis."""
    spacing = _numbers_of(fields, ("ElementSpacing", "ElementSize"), dims, (1.0,) * dims)
    origin = _numbers_of(fields, ("Offset", "Position", "Origin"), dims, (0.0,) * dims)
    matrix = _numbers_of(fields, ("TransformMatrix", "Rotation", "Orientation"), dims * dims, np.eye(dims).ravel())
    if not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ValueError(Sentence("a spacing of {spacing} mm", spacing=shown(" x ".join(f"{s:g}" for s in spacing))))
    return spacing, np.array(matrix).reshape(dims, dims).T, origin


def _numbers_of(fields: dict[str, str], keys: Sequence[str], count: int, default: Iterable[float]) -> tuple[float, ...]:
    """The numbers of the first of some keys that is there."""
    for key in keys:
        if key in fields:
            found = numbers(fields[key])
            if len(found) != count:
                raise ValueError(
                    Sentence("{key} has {found} numbers, not {count}", key=key, found=len(found), count=count)
                )
            return found
    return tuple(default)


def _flag(fields: dict[str, str], *keys: str, default: bool = False) -> bool:
    """True or False, of the first of some keys that is there."""
    for key in keys:
        if key in fields:
            value = fields[key].lower()
            if value not in _TRUE + _FALSE:
                raise ValueError(Sentence("{key} is {value}", key=key, value=repr(value[:20])))
            return value in _TRUE
    return default

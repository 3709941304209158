"""From a checked header to its voxels: decoded once, of exactly the length that the header says, checksums verified.

What the header's words mean is not its business: the formats' own modules have told that.
"""

from __future__ import annotations

import gzip
import os
import zlib
from io import BufferedIOBase

import numpy as np

from ..errors import MedNCAError
from .header import Header, shown

_CHUNK = 1 << 20
_TEXT_BYTES_PER_VALUE = 32  # of voxels written as text, at most


def read_voxels(header: Header) -> np.ndarray:
    """Decode the voxels of a volume.

    Args:
        header: `header.checked`.

    Returns:
        (k, j, i), in native byte order, slope and intercept applied.

    Raises:
        MedNCAError: the file does not hold just these voxels, or there is no memory for them.
    """
    try:
        with open(header.data, "rb") as file:
            file.seek(header.offset)
            values = _DECODERS[header.encoding](file, header)
    except (OSError, EOFError, zlib.error) as error:
        raise MedNCAError(
            f"{header.data} cannot be read as an image ({_cause(error)}); it is damaged or cut short, copy it again."
        ) from error
    except MemoryError as error:
        raise MedNCAError(
            f"There is not enough memory to read {header.file}; close other programs, or crop the image."
        ) from error
    values = values.reshape(header.size[::-1])
    if header.slope != 1 or header.intercept != 0:
        with np.errstate(over="ignore"):  # infinite values are found by whoever checks the voxels
            return (values * np.float64(header.slope) + header.intercept).astype(np.float32)
    return values.astype(header.dtype.newbyteorder("="), copy=False)


def _raw(file: BufferedIOBase, header: Header) -> np.ndarray:
    """The bytes as they lie there, and nothing behind them."""
    length = os.fstat(file.fileno()).st_size - header.offset
    if length < header.nbytes:
        raise _wrong_length(header, f"it is cut short ({max(length, 0):,} of {header.nbytes:,} bytes)")
    if length > header.nbytes:
        raise _too_long(header)
    values, buffer = _space_for(header)
    _fill(file, buffer, header)
    return values


def _gzip(file: BufferedIOBase, header: Header) -> np.ndarray:
    """gzip's own checksum and length stand behind the data: it is read to its end."""
    values, buffer = _space_for(header)
    with gzip.GzipFile(fileobj=file) as stream:
        if len(stream.read(header.skip)) < header.skip:
            raise EOFError("the compressed data end within the header")
        _fill(stream, buffer, header)
        if stream.read(1):
            raise _too_long(header)
    return values


def _zlib(file: BufferedIOBase, header: Header) -> np.ndarray:
    """One zlib stream, whose checksum is verified at its end, and nothing behind it."""
    values, buffer = _space_for(header)
    engine, filled = zlib.decompressobj(), 0
    while not engine.eof:
        chunk = engine.unconsumed_tail or file.read(_CHUNK)
        decoded = engine.decompress(chunk, _CHUNK)
        if not chunk and not decoded:
            raise EOFError("the compressed data are cut short")
        if filled + len(decoded) > len(buffer):
            raise _too_long(header)
        buffer[filled : filled + len(decoded)] = decoded
        filled += len(decoded)
    if engine.unused_data or file.read(1):
        raise _too_long(header)
    if filled < len(buffer):
        raise _wrong_length(header, f"its voxels end early ({filled:,} of {len(buffer):,} bytes)")
    return values


def _text(file: BufferedIOBase, header: Header) -> np.ndarray:
    """Numbers separated by white space."""
    count = header.nbytes // header.dtype.itemsize
    text = file.read(count * _TEXT_BYTES_PER_VALUE + 1)
    if len(text) > count * _TEXT_BYTES_PER_VALUE:
        raise _too_long(header)
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError as error:
        raise _wrong_length(header, "its voxels are not numbers written as text") from error
    if values.size != count:
        raise _wrong_length(header, f"it has {values.size:,} of {count:,} voxels")
    with np.errstate(all="ignore"):
        stored = values.astype(header.dtype)
    if header.dtype.kind != "f" and not np.array_equal(stored, values):
        raise _wrong_length(header, f"some of its voxels are no {header.dtype.name}")
    return stored


_DECODERS = {"raw": _raw, "gzip": _gzip, "zlib": _zlib, "text": _text}


def _space_for(header: Header) -> tuple[np.ndarray, memoryview]:
    """Room for the voxels, and its bytes. Nothing is resident before it is written to, so that a header that promises
    more than the file holds costs nothing."""
    values = np.empty(header.nbytes // header.dtype.itemsize, header.dtype)
    return values, values.view(np.uint8).data


def _fill(stream: BufferedIOBase, buffer: memoryview, header: Header) -> None:
    """Read until the buffer is full."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled : filled + _CHUNK])
        if not count:
            raise _wrong_length(header, f"it is cut short ({filled:,} of {len(buffer):,} bytes of voxels)")
        filled += count


def _too_long(header: Header) -> MedNCAError:
    return _wrong_length(header, f"it holds more than the {header.nbytes:,} bytes of voxels that its header tells of")


def _wrong_length(header: Header, what: str) -> MedNCAError:
    return MedNCAError(f"{header.file} cannot be read as an image: {what}; copy or export it again.")


def _cause(error: Exception) -> str:
    """The system's or the library's own words, without file names."""
    return shown(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200).rstrip(".")

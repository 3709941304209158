"""From a checked header to its voxels: decoded once, of exactly the length that the header says, checksums verified.

What the header's words mean is not its business: the formats' own modules have told that.
"""

from __future__ import annotations

import gzip
import os
import zlib
from io import BufferedIOBase

import numpy as np

from ..errors import MedNCAError, Sentence, sentence_of
from .header import Header, shown

_CHUNK = 1 << 20
_TEXT_BYTES_PER_VALUE = 32  # of voxels written as text, at most


def read_voxels(header: Header) -> np.ndarray:
    """Decode the voxels of a volume.

    Args:
        header: `header.checked`.

    Returns:
        (k, j, i), or (frame, k, j, i), in native byte order, slope and intercept applied.

    Raises:
        MedNCAError: the file does not hold just these voxels, or there is no memory for them.
    """
    try:
        with open(header.data, "rb") as file:
            file.seek(header.offset)
            values = _DECODERS[header.encoding](file, header)
    except (OSError, EOFError, zlib.error) as error:
        raise MedNCAError(
            "{file} cannot be read as an image ({cause}); it is damaged or cut short, copy it again.",
            file=header.data,
            cause=_cause(error),
        ) from error
    except MemoryError as error:
        raise MedNCAError(
            "There is not enough memory to read {file}; close other programs, or crop the image.", file=header.file
        ) from error
    values = values.reshape(header.size[::-1])
    if header.slope != 1 or header.intercept != 0:
        return _scaled(values, header)
    return values.astype(header.dtype.newbyteorder("="), copy=False)


def _scaled(values: np.ndarray, header: Header) -> np.ndarray:
    """Slope and intercept applied in double precision, plane by plane: twice the voxels would be held otherwise."""
    scaled = np.empty(values.shape, np.float32)
    with np.errstate(over="ignore"):  # infinite values are found by whoever checks the voxels
        for index in np.ndindex(values.shape[:-2]):
            scaled[index] = values[index] * np.float64(header.slope) + header.intercept
    return scaled


def _raw(file: BufferedIOBase, header: Header) -> np.ndarray:
    """The bytes as they lie there, and nothing behind them."""
    length = os.fstat(file.fileno()).st_size - header.offset
    if length < header.nbytes:
        what = Sentence(
            "it is cut short ({there} of {needed} bytes)", there=f"{max(length, 0):,}", needed=f"{header.nbytes:,}"
        )
        raise _wrong_length(header, what)
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
            raise EOFError(Sentence("the compressed data end within the header"))
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
            raise EOFError(Sentence("the compressed data are cut short"))
        if filled + len(decoded) > len(buffer):
            raise _too_long(header)
        buffer[filled : filled + len(decoded)] = decoded
        filled += len(decoded)
    if engine.unused_data or file.read(1):
        raise _too_long(header)
    if filled < len(buffer):
        what = Sentence(
            "its voxels end early ({there} of {needed} bytes)", there=f"{filled:,}", needed=f"{len(buffer):,}"
        )
        raise _wrong_length(header, what)
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
        raise _wrong_length(header, Sentence("its voxels are not numbers written as text")) from error
    if values.size != count:
        what = Sentence("it has {there} of {needed} voxels", there=f"{values.size:,}", needed=f"{count:,}")
        raise _wrong_length(header, what)
    with np.errstate(all="ignore"):
        stored = values.astype(header.dtype)
    if header.dtype.kind != "f" and not np.array_equal(stored, values):
        raise _wrong_length(header, Sentence("some of its voxels are no {type}", type=header.dtype.name))
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
            what = Sentence(
                "it is cut short ({there} of {needed} bytes of voxels)", there=f"{filled:,}", needed=f"{len(buffer):,}"
            )
            raise _wrong_length(header, what)
        filled += count


def _too_long(header: Header) -> MedNCAError:
    what = Sentence(
        "it holds more than the {bytes} bytes of voxels that its header tells of", bytes=f"{header.nbytes:,}"
    )
    return _wrong_length(header, what)


def _wrong_length(header: Header, what: Sentence) -> MedNCAError:
    return MedNCAError(
        "{file} cannot be read as an image: {what}; copy or export it again.", file=header.file, what=what
    )


def _cause(error: Exception) -> str | Sentence:
    """Ours, or the system's or the library's own words, without file names."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return sentence_of(error) or shown(words, 200).rstrip(".")

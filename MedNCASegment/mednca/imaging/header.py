"""What a volume's header says, whatever its format, and what every header must hold before a voxel is decoded.

Reading a format's bytes is not its business: `nifti`, `nrrd` and `metaimage` do that.
"""

from __future__ import annotations

import math
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..errors import MedNCAError, Sentence, plain, sentence_of

BLANK = " \t\r"  # around the words of a header; of what Latin-1 has, a no-break space is none to other readers
MAX_VOXELS = 2**29  # 812 x 812 x 812; a whole body in CT has half of it
SPACING_LIMITS = (0.01, 100.0)  # mm; outside, the header is wrong or the unit is not mm
_MEMORY_SHARE = 0.8  # of this computer's memory that the voxels and their single-precision copy may take
_FLOAT_BYTES = 4

T = TypeVar("T")


@dataclass(frozen=True)
class Header:
    """A volume on disk. Axes are the file's own (i, j, k); the geometry is LPS, mm.

    Attributes:
        file: that holds the header, or what messages call an image that comes from no file.
        size: voxels along i, j, k.
        dtype: of one value on disk, byte order included.
        spacing: mm.
        direction: 3x3, its columns are the axes.
        origin: mm, the center of the first voxel.
        data: the file that holds the voxels.
        offset: its bytes before them.
        encoding: raw, gzip, zlib or text.
        skip: decoded bytes before the voxels.
        components: values per voxel.
        slope, intercept: value = slope * stored + intercept.
    """

    file: Path | str
    size: tuple[int, ...]
    dtype: np.dtype
    spacing: tuple[float, ...]
    direction: np.ndarray
    origin: tuple[float, ...]
    data: Path | str
    offset: int = 0
    encoding: str = "raw"
    skip: int = 0
    components: int = 1
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def nbytes(self) -> int:
        """Of the voxels, decoded."""
        return math.prod(self.size) * self.components * self.dtype.itemsize


def checked(header: Header, frames: int = 1) -> Header:
    """Pass a header on where it is that of a scalar 3D volume whose voxels may be decoded.

    Args:
        header: as the file has it.
        frames: that it may hold along a fourth axis, at most.

    Returns:
        The same.

    Raises:
        MedNCAError: the volume is not scalar or not 3D, its geometry makes no sense, or its voxels are more than
            `MAX_VOXELS` or than this computer's memory holds.
    """
    name = header.file
    if any(n < 1 for n in header.size):
        raise MedNCAError(
            "{name} has a size of {size} voxels in its header; that is no volume.", name=name, size=_times(header.size)
        )
    if header.components != 1:
        raise MedNCAError(
            "{name} has {count} values per voxel (color or vector); a scalar volume is needed.",
            name=name,
            count=header.components,
        )
    if header.dtype.kind == "c":
        raise MedNCAError("{name} is complex-valued; export its magnitude and segment that.", name=name)
    if len(header.size) != 3 and not (len(header.size) == 4 and header.size[3] <= frames):
        frame = Sentence("extract one frame as a 3D volume")
        hint = frame if len(header.size) > 3 else Sentence("a stack of slices in one file is needed")
        raise MedNCAError(
            "{name} is {dimensions}D; MedNCA segments 3D volumes: {hint}.",
            name=name,
            dimensions=len(header.size),
            hint=hint,
        )
    if not math.isfinite(header.slope) or not math.isfinite(header.intercept):
        raise MedNCAError(
            "{name} has a slope or intercept of its values that is not a number; correct the header.", name=name
        )
    _check_amount(header)
    check_grid(header.spacing, header.direction, header.origin, name)
    return header


def check_grid(spacing: Sequence[float], direction: ArrayLike, origin: Sequence[float], name: object) -> None:
    """Refuse what cannot be the voxel grid of a volume in mm.

    Args:
        spacing: mm along i, j, k.
        direction: 3x3, its columns are the axes; nine numbers, row by row, will do.
        origin: mm, the center of the first voxel.
        name: of the file, for messages.

    Raises:
        MedNCAError: a spacing lies outside `SPACING_LIMITS`, the axes are not perpendicular, or the origin is not a
            number.
    """
    low, high = SPACING_LIMITS
    if not all(math.isfinite(s) and low <= s <= high for s in spacing):
        shown = _times(f"{s:g}" for s in spacing)
        raise MedNCAError(
            "{name} has a voxel spacing of {shown} mm; every value must lie between {low} and {high} mm. Correct the "
            "header.",
            name=name,
            shown=shown,
            low=f"{low:g}",
            high=f"{high:g}",
        )
    direction = np.asarray(direction, dtype=float).reshape(3, 3)
    if not np.isfinite(direction).all() or not np.allclose(direction @ direction.T, np.eye(3), atol=1e-3):
        raise MedNCAError(
            "{name} has axes that are not perpendicular (gantry tilt or shear); resample it first.", name=name
        )
    if not np.isfinite(origin).all():
        raise MedNCAError("{name} has an origin that is not a number; correct the header.", name=name)


def _check_amount(header: Header) -> None:
    """Against the stated limit, and against the memory there is, before anything is decoded."""
    voxels = math.prod(header.size)
    if voxels > MAX_VOXELS:
        raise MedNCAError(
            "{file} has {size} voxels, more than the {limit} that are read; crop or resample it.",
            file=header.file,
            size=_times(header.size),
            limit=f"{MAX_VOXELS:,}",
        )
    is_scaled = header.slope != 1 or header.intercept != 0
    read, kept = header.dtype.itemsize, _FLOAT_BYTES if is_scaled else header.dtype.itemsize
    needed, there = voxels * max(read + _FLOAT_BYTES, 2 * kept), physical_memory()  # ITK's image is another copy
    if there and needed > _MEMORY_SHARE * there:
        raise MedNCAError(
            "{file} has {size} voxels, which need {needed} GB; this computer has {there} GB. Crop or resample it.",
            file=header.file,
            size=_times(header.size),
            needed=f"{needed / 1e9:.1f}",
            there=f"{there / 1e9:.1f}",
        )


def physical_memory() -> int | None:
    """Ask the system, a container's limit included, for the memory that this process may use.

    Returns:
        Bytes, or None where the system does not tell.
    """
    limits = []
    with suppress(ImportError, AttributeError, OSError, ValueError):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(ImportError):
        import resource

        limits += [limit for limit in resource.getrlimit(resource.RLIMIT_AS) if limit > 0]
    with suppress(OSError, ValueError):  # a container's limit
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8")))
    if sys.platform == "win32":
        import ctypes

        installed = ctypes.c_ulonglong(0)
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(installed))
        limits.append(installed.value * 1024 or sys.maxsize)
    return min(limits, default=None)


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a header's fields are interpreted into a sentence about the file.

    Args:
        path: the file.

    Raises:
        MedNCAError: in place of a KeyError, for a missing field, or a ValueError, for a senseless one.
    """
    try:
        yield
    except KeyError as error:
        raise MedNCAError(
            "{path} cannot be read as an image: its header lacks the field {cause}.", path=path, cause=error
        ) from error
    except ValueError as error:
        cause = sentence_of(error) or shown(error)
        raise MedNCAError(
            "{path} cannot be read as an image: its header is not valid ({cause}).", path=path, cause=cause
        ) from error


def data_file(header: Path, name: str) -> Path:
    """Find the file of the voxels that a detached header names.

    Args:
        header: the header's own file.
        name: what it says.

    Returns:
        The file.

    Raises:
        MedNCAError: it is anything but the plain name of a regular file beside the header.
    """
    if not name or name in (".", "..") or set(name) & set("/\\:\0") or not name.isprintable():
        raise MedNCAError(
            "{header} names {name} as the file of its voxels; only a file beside it is read, by its plain name.",
            header=header,
            name=repr(shown(name)),
        )
    path = header.with_name(name)
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise MedNCAError(
            "{header} needs the file {name} beside it for its voxels; copy it there.",
            header=header,
            name=repr(shown(name)),
        ) from error
    if not regular:
        raise MedNCAError(
            "{header} names {name} as the file of its voxels, which is no regular file.",
            header=header,
            name=repr(shown(name)),
        )
    return path


def shown(text: object, limit: int = 80) -> str:
    """Make text of a file fit to be quoted in a message: one plain line of at most about `limit` characters."""
    return plain(text, limit)


def numbers(text: str, kind: Callable[[str], T] = float) -> tuple[T, ...]:
    """Read the numbers of a header's line.

    Args:
        text: numbers with white space between them.
        kind: float or int.

    Returns:
        The numbers.

    Raises:
        ValueError: something is no number of this kind.
    """
    return tuple(kind(part) for part in text.split())


def _times(values: Iterable) -> str:
    """Sizes as people write them: 36 x 52 x 36."""
    return shown(" x ".join(str(value) for value in values))

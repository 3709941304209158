"""Images on disk: finding, reading, checking, writing. Models are not its business; `geometry` brings an image to one.

A `SimpleITK.Image` carries the image and its geometry through the engine, in SimpleITK's own LPS millimeters;
arrays elsewhere in the engine are (R, A, S).
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import MedNCAError, Sentence
from ..files import check_name, not_whole, written
from ..schema import MOST_CHANNELS
from . import metaimage, nifti, nrrd
from .dicom import files_of, is_series, read_series
from .header import Header, check_grid, checked
from .payload import read_voxels

_READERS = (
    (nifti.read_header, (".nii", ".nii.gz")),
    (nrrd.read_header, (".nrrd", ".nhdr")),
    (metaimage.read_header, (".mha", ".mhd")),
)
SUFFIXES = tuple(suffix for _reader, suffixes in _READERS for suffix in suffixes)
_SAME_PLACE = 0.3  # of a voxel, that two grids' corners may lie apart
_BLOCK = 1 << 20  # bytes
_WITH_FRAMES = (".nii", ".nii.gz")  # where a fourth axis may be that of the channels


def find_images(path: str | Path) -> list[Path]:
    """Find the images that a path stands for.

    Args:
        path: a file, a folder of image files, or a folder with one DICOM series.

    Returns:
        The file, the folder's image files in the order of their names, or the folder.

    Raises:
        MedNCAError: a folder cannot be read, or holds no image. A file is not looked at.
    """
    path = Path(path)
    try:
        if not path.is_dir():
            return [path]
        files = sorted(file for file in path.iterdir() if is_image_name(file.name))
    except OSError as error:
        raise MedNCAError(
            "{path} cannot be read ({cause}); check the path.", path=path, cause=error.strerror
        ) from error
    if files:
        return files
    if is_series(path):
        return [path]
    raise MedNCAError(
        "The folder {path} holds no image: no {suffixes} file and no DICOM series.",
        path=path,
        suffixes=", ".join(SUFFIXES),
    )


def is_image_name(name: str) -> bool:
    """Whether a file is called as the images are that can be read; hidden ones are not."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def case_name(path: str | Path) -> str:
    """The name of a case: its file's name without folder and suffix."""
    name = Path(path).name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def file_name(path: str | Path) -> str:
    """The name of a file or folder without the folders above it, which may be called after people; also of "."."""
    return Path(os.path.abspath(path)).name


def pair_by_name(
    images: str | Path, labels: str | Path, channels: Sequence[str] = ()
) -> tuple[list[tuple[str, tuple[Path, ...], Path]], dict[str, Sentence]]:
    """Pair the images of one folder with the label maps of another by their names.

    Args:
        images, labels: folders. The image of a label map has its name, or its name and the number of a channel behind
            it, as nnU-Net has them: case_1_0000, case_1_0001. One file may hold all channels (`count_channels`).
        channels: what an image's channels are called, to tell of one that is missing; empty: as many as most have.

    Returns:
        (case name, files of its channels, label map) of each pair, in the order of the names; and, by name, why others
        are no case.

    Raises:
        MedNCAError: there is no pair, or a folder cannot be read.
    """
    (image_files, bad_images), (label_files, bad_labels) = _by_name(images), _by_name(labels)
    found = {name: _channels_of(name, image_files) for name in label_files}
    used = {path for paths in found.values() for path in paths}
    problems = bad_images | bad_labels
    for name in sorted(name for name, path in image_files.items() if path not in used):
        problems.setdefault(name, Sentence("{name} has no label map; the names of the files must match.", name=name))
    counts = {name: count_channels(*paths) for name, paths in found.items()}
    names = list(channels) or [str(n) for n in range(_usual(counts.values()))]
    for name, count in sorted(counts.items()):
        if not count:
            problems.setdefault(name, Sentence("{name} has no image; the names of the files must match.", name=name))
        elif count != len(names):
            problems.setdefault(name, _wrong_channels(name, count, names))
    pairs = [(name, found[name], label_files[name]) for name in sorted(set(found) - set(problems))]
    if not pairs:
        why = next(iter(problems.values()), Sentence("They are empty."))
        raise MedNCAError("The folders hold no image with its label map. {why}", why=why)
    return pairs, problems


def group_channels(
    images: Sequence[tuple[str, Path]], channels: Sequence[str]
) -> tuple[list[tuple[str, tuple[Path, ...]]], dict[str, Sentence]]:
    """Put the files of each image's channels together.

    Args:
        images: (case name, file), named as nnU-Net has them: case_1_0000, case_1_0001; or of files that hold all
            channels (`count_channels`). Of a single channel, the files are images as they are.
        channels: what they are called.

    Returns:
        (case name, files of its channels), in the order in which they come; and, by name, why others are no image.
    """
    if len(channels) == 1:
        return [(name, (path,)) for name, path in images], {}
    problems, found = {}, []
    whole = {name: path for name, path in images if count_channels(path) == len(channels)}  # whatever it is called
    parts = {name: path for name, path in images if name not in whole}
    for name in dict.fromkeys(name if name in whole else _CHANNEL.sub("", name) for name, _path in images):
        paths = (whole[name],) if name in whole else _channels_of(name, parts)
        count = count_channels(*paths)
        if count == len(channels):
            found.append((name, paths))
        else:
            problems[name] = _wrong_channels(name, count, channels)
    return found, problems


_CHANNEL = re.compile(r"_\d{4}\Z")


def _channels_of(name: str, files: Mapping[str, Path]) -> tuple[Path, ...]:
    """The image of a case, or its channels from the first one on that are there without a gap."""
    if name in files:
        return (files[name],)
    numbered = itertools.takewhile(files.__contains__, (f"{name}_{n:04}" for n in range(MOST_CHANNELS + 1)))
    return tuple(files[channel] for channel in numbered)


def count_channels(*paths: str | Path) -> int:
    """Channels of an image, by the headers of its files: those of the Decathlon hold several, one after the other along
    a fourth axis. A file that cannot be read counts as one; whoever reads it tells why."""
    return sum(map(_frames, map(Path, paths)))


def _frames(path: Path) -> int:
    if not path.name.lower().endswith(_WITH_FRAMES) or not path.is_file():  # a pipe would be waited for
        return 1
    try:
        return max(math.prod(nifti.read_header(path).size[3:]), 1)
    except (OSError, ValueError, MedNCAError):
        return 1


def _usual(counts: Iterable[int]) -> int:
    """Channels that most images have; of two that are as common, the greater."""
    common = Counter(counts)
    return max((count for count in common if count), key=lambda count: (common[count], count), default=1)


def _wrong_channels(name: str, count: int, channels: Sequence[str]) -> Sentence:
    if count > len(channels):
        return Sentence(
            "{name} has {count} channels, more than {most} ({channels}).",
            name=name,
            count=count,
            most=len(channels),
            channels=", ".join(channels),
        )
    file = f"{name}_{count:04}"
    return Sentence(
        "{name} lacks its channel {channel}, the file {file}.", name=name, channel=channels[count], file=file
    )


def _by_name(folder: str | Path) -> tuple[dict[str, Path], dict[str, Sentence]]:
    """The images of a folder by case name, and what is wrong with names that two of them have."""
    folder = Path(folder)
    found: dict[str, Path] = {}
    problems: dict[str, Sentence] = {}
    try:
        files = sorted(file for file in folder.iterdir() if is_image_name(file.name))
    except OSError as error:
        raise MedNCAError(
            "{folder} is not a folder that can be read ({cause}); check the path.", folder=folder, cause=error.strerror
        ) from error
    for file in files:
        name = case_name(file)
        other = found.setdefault(name, file)
        if other is not file:
            problems[name] = Sentence(
                "{one} and {other} have the same name; keep one of them in the folder.", one=other.name, other=file.name
            )
    return found, problems


def check_same_grid(name: str, image: sitk.Image, labels: sitk.Image) -> None:
    """Refuse a label map that does not lie on its image's voxels.

    Args:
        name: of the case, for messages.
        image, labels: the two, both 3D.

    Raises:
        MedNCAError: they differ in size, spacing, origin or direction.
    """
    if not _same_grid(image, labels):
        raise MedNCAError("{name}: image and label map differ in size, spacing, origin or direction.", name=name)


def read_image(path: str | Path, *channels: str | Path) -> sitk.Image:
    """Read and check a volume, of one channel or of several.

    Args:
        path: a file in NIfTI, NRRD or MetaImage, or a folder with one DICOM series. A NIfTI file may hold several
            channels along a fourth axis, up to `MOST_CHANNELS`.
        channels: further ones, of the same body in the same place: its other channels, in the order of the model's.
            Where they have a grid of their own, they are resampled onto the first one's.

    Returns:
        A 3D float32 image; of several channels, with a component for each.

    Raises:
        MedNCAError: with one sentence for whatever cannot be segmented, or not be read for certain (`imaging`).
    """
    frames = [(str(each), image) for each in (path, *channels) for image in _read(Path(each), frames=MOST_CHANNELS)]
    return join_channels([(name, check_image(image, name)) for name, image in frames])


def checksum(path: str | Path) -> str:
    """SHA-256 of the bytes that an image is read from: the same wherever its files lie, whatever they are called.

    Args:
        path: as of `read_image`.

    Returns:
        64 hexadecimal digits: of one file's bytes; of several files of their sorted SHA-256 sums, joined as text.

    Raises:
        MedNCAError: it cannot be read.
    """
    path = Path(path)
    check_name(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            files = files_of(path)
        else:
            _check_regular(path, status)
            files = list(dict.fromkeys((path, Path(_reader_of(path)(path).data))))
        sums = sorted(map(_sum_of, files))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _sum_of(file: Path) -> str:
    total = hashlib.sha256()
    with open(file, "rb") as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def join_channels(images: Sequence[tuple[str, sitk.Image]]) -> sitk.Image:
    """Make one image of several channels.

    Args:
        images: what each is called in messages, and the image itself, of `check_image`.

    Returns:
        The first one, or an image on its voxels with a component for each; what lies on nearly the same grid takes over
        that of the first one.

    Raises:
        MedNCAError: one shows nothing of what the first one shows.
    """
    (first_name, first), *others = images
    if not others:
        return first
    return sitk.Compose(first, *(_on_grid(image, first, name, first_name) for name, image in others))


def read_labels(path: str | Path) -> sitk.Image:
    """Read and check a label map.

    Args:
        path: as of `read_image`.

    Returns:
        A 3D uint8 image.

    Raises:
        MedNCAError: it cannot be read for certain, or holds anything but whole numbers from 0 to 255.
    """
    image = read_map(path)
    values = sitk.GetArrayViewFromImage(image)
    if values.dtype != np.uint8:
        if not np.all((values >= 0) & (values <= 255)) or not np.array_equal(values, np.round(values)):
            raise MedNCAError("{path} is no label map: its values are not whole numbers from 0 to 255.", path=path)
        image = sitk.Cast(image, sitk.sitkUInt8)
    return image


def read_map(path: str | Path) -> sitk.Image:
    """Read a scalar volume of whatever values, as the variance of a result.

    Args:
        path: as of `read_image`.

    Returns:
        A 3D image of the type on disk; float32 where the header scales the values, and of DICOM.

    Raises:
        MedNCAError: it cannot be read for certain.
    """
    (image,) = _read(Path(path))
    return image


def check_image(image: sitk.Image, name: str) -> sitk.Image:
    """Check an image that is in memory already.

    Args:
        image: of any type and dimension.
        name: what it is called in messages.

    Returns:
        The image as 3D float32; a fourth axis of one frame is dropped.

    Raises:
        MedNCAError: it cannot be segmented: no scalar volume, a grid that makes no sense, NaN, infinity,
            values beyond float32, all voxels alike, or more of them than are read or memory holds.
    """
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[..., 0]
    checked(_header_of(image, name))
    values = sitk.GetArrayViewFromImage(image)
    low, high = (float(end) for end in (values.min(), values.max()))  # not a number where any voxel is none
    largest = np.finfo(np.float32).max
    if not -largest <= low <= high <= largest:
        raise MedNCAError("{name} holds NaN or infinite voxels; replace them before segmenting.", name=name)
    if low == high:
        raise MedNCAError(
            "{name} is constant (every voxel is {low}): there is nothing to segment.", name=name, low=f"{low:g}"
        )
    return sitk.Cast(image, sitk.sitkFloat32)


def _on_grid(image: sitk.Image, first: sitk.Image, name: str, first_name: str) -> sitk.Image:
    """A channel on the voxels of the first one; where it shows nothing, its darkest value."""
    if _same_grid(image, first):
        image.CopyInformation(first)
        return image
    values = sitk.GetArrayViewFromImage(image)
    moved = sitk.Resample(image, first, sitk.Transform(), sitk.sitkLinear, float(values.min()))
    if np.ptp(sitk.GetArrayViewFromImage(moved)) == 0:
        raise MedNCAError(
            "{name} shows nothing of what {first_name} shows, so that it is no channel of it.",
            name=name,
            first_name=first_name,
        )
    return moved


def _same_grid(image: sitk.Image, other: sitk.Image) -> bool:
    """Whether two 3D images lie on the same voxels: whether their corners do, as headers are rounded."""
    if image.GetSize() != other.GetSize():
        return False
    corners = [*itertools.product(*((0, n - 1) for n in image.GetSize()))]
    here, there = (np.array([each.TransformIndexToPhysicalPoint(c) for c in corners]) for each in (image, other))
    return bool(np.linalg.norm(here - there, axis=1).max() <= _SAME_PLACE * min(image.GetSpacing()))


def check_geometry(image: sitk.Image, name: str) -> None:
    """Refuse what cannot lie on the grid of a volume in mm.

    Args:
        image: 3D.
        name: what it is called in messages.

    Raises:
        MedNCAError: its spacing, axes or origin make no sense.
    """
    check_grid(image.GetSpacing(), image.GetDirection(), image.GetOrigin(), name)


def write_image(image: sitk.Image, path: str | Path, compress: bool = True) -> None:
    """Write a scalar volume, whole or not at all. It is read back, as ITK does not tell of every full disk.

    Args:
        image: 3D.
        path: the file; what stands there is replaced. Its suffix says the format.
        compress: the voxels.

    Raises:
        MedNCAError: that fails.
    """
    with written(path) as staged:
        try:
            sitk.WriteImage(image, str(staged), useCompression=compress)
            read_voxels(checked(_reader_of(staged)(staged)))
        except (RuntimeError, MedNCAError) as error:
            size = image.GetNumberOfPixels() * image.GetSizeOfPixelComponent()
            raise not_whole(staged, size) from error


def write_raw_nrrd(image: sitk.Image, path: str | Path) -> None:
    """Write an image quickly, for whoever reads it at once. The file's size is looked at, as ITK does not tell of every
    full disk.

    Args:
        image: of any dimension.
        path: the .nrrd file, in a folder that appears whole or not at all (`files.staged`).

    Raises:
        OSError: that fails.
    """
    size = image.GetNumberOfPixels() * image.GetNumberOfComponentsPerPixel() * image.GetSizeOfPixelComponent()
    try:
        sitk.WriteImage(image, str(path))
    except RuntimeError as error:
        raise not_whole(path, size) from error
    with open(path, "rb") as file:
        header = file.read(4096).partition(b"\n\n")[0]
    if Path(path).stat().st_size < len(header) + 2 + size:
        raise not_whole(path, size)


def _header_of(image: sitk.Image, name: str) -> Header:
    """What the header of a file with this image would say."""
    is_volume, complex_valued = image.GetDimension() == 3, "complex" in image.GetPixelIDTypeAsString()
    return Header(
        file=name, size=image.GetSize(), dtype=np.dtype(np.complex64 if complex_valued else np.float32),
        components=image.GetNumberOfComponentsPerPixel(), spacing=image.GetSpacing(),
        direction=np.array(image.GetDirection()).reshape(3, 3) if is_volume else np.eye(3),
        origin=image.GetOrigin(), data=name,
    )  # fmt: skip


def _read(path: Path, frames: int = 1) -> list[sitk.Image]:
    """Scalar 3D images of the type on disk, their voxels in native byte order: one, or of a file with a fourth axis as
    many as it has frames, of which there may be so many."""
    check_name(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            if not is_series(path):
                raise MedNCAError("The folder {path} holds no DICOM series.", path=path)
            return [_image_of(*read_series(path))]
        _check_regular(path, status)
        if status.st_size == 0:
            raise MedNCAError("{path} is empty (0 bytes); copy or export it again.", path=path)
        header = checked(_reader_of(path)(path), frames if path.name.lower().endswith(_WITH_FRAMES) else 1)
    except FileNotFoundError as error:
        raise MedNCAError("{path} does not exist; check the path.", path=path) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    voxels = read_voxels(header)
    return [_image_of(header, frame) for frame in (voxels if voxels.ndim == 4 else voxels[None])]


def _check_regular(path: Path, status: os.stat_result) -> None:
    """A pipe would be waited for."""
    if not stat.S_ISREG(status.st_mode):
        raise MedNCAError("{path} is no regular file; check the path.", path=path)


def _unreadable(path: Path, error: OSError | ValueError) -> MedNCAError:
    cause = getattr(error, "strerror", None) or error
    return MedNCAError("{path} cannot be read ({cause}); check the path.", path=path, cause=cause)


def _reader_of(path: Path) -> Callable[[Path], Header]:
    """What reads the header of a file of this name."""
    for reader, suffixes in _READERS:
        if path.name.lower().endswith(suffixes):
            return reader
    raise MedNCAError(
        "{path} cannot be read as an image: {suffixes} are read, and folders of DICOM.",
        path=path,
        suffixes=", ".join(SUFFIXES),
    )


def _image_of(header: Header, voxels: np.ndarray) -> sitk.Image:
    """Voxels (k, j, i) on the grid of their header."""
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(header.spacing)
    image.SetOrigin(header.origin)
    image.SetDirection(header.direction.ravel().tolist())
    return image

"""Images on disk: reading, checking, writing. Nothing here knows models; `space` brings an image to one.

A `SimpleITK.Image` carries the image and its geometry through the engine, in SimpleITK's own LPS millimeters;
arrays elsewhere in the engine are (R, A, S).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .errors import MedNCAError
from .headers import check_header

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
SPACING_LIMITS = (0.01, 100.0)  # mm; outside, the header is wrong or the unit is not mm
MAX_VOXELS = 2**31


def find_images(path) -> list[Path]:
    """The images that a path stands for: itself, the image files of a folder, or the folder as a DICOM series.

    Raises MedNCAError where there is nothing to read.
    """
    path = Path(path)
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.iterdir() if is_image_name(f.name))
    if files:
        return files
    if _series_ids(path):
        return [path]
    raise MedNCAError(f"The folder {path} holds no image: no {', '.join(SUFFIXES)} file and no DICOM series.")


def is_image_name(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def case_name(path) -> str:
    """File name without folder and suffix: the name of a case."""
    name = Path(path).name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def pair_by_name(images, labels) -> list[tuple[str, Path, Path]]:
    """(case name, image, label map) of two folders, sorted; raises MedNCAError where one has no partner."""
    images, labels = _by_name(images), _by_name(labels)
    alone = sorted(set(images) ^ set(labels))
    if alone:
        missing = "label map" if alone[0] in images else "image"
        raise MedNCAError(f"{len(alone)} file(s) have no partner: {alone[0]} has no {missing}. Names must match.")
    if not images:
        raise MedNCAError("The folders hold no images.")
    return [(name, images[name], labels[name]) for name in sorted(images)]


def _by_name(folder) -> dict[str, Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise MedNCAError(f"{folder} is not a folder; check the path.")
    found: dict[str, Path] = {}
    for file in sorted(f for f in folder.iterdir() if is_image_name(f.name)):
        other = found.setdefault(case_name(file), file)
        if other is not file:
            raise MedNCAError(f"{other} and {file} have the same name; keep one of them in the folder.")
    return found


def check_same_grid(name: str, image: sitk.Image, labels: sitk.Image) -> None:
    """Raises MedNCAError where a label map does not lie on its image's voxels."""
    same = image.GetSize() == labels.GetSize() and all(
        np.allclose(getattr(image, get)(), getattr(labels, get)(), atol=1e-2)
        for get in ("GetSpacing", "GetOrigin", "GetDirection")
    )
    if not same:
        raise MedNCAError(f"{name}: image and label map differ in size, spacing, origin or direction.")


def read_image(path) -> sitk.Image:
    """Read and check a scalar volume: NIfTI, NRRD, MetaImage, or a folder with one DICOM series.

    Returns a 3D float32 image. Raises MedNCAError with one sentence for whatever cannot be segmented.
    """
    return check_image(_read(Path(path)), str(path))


def read_labels(path) -> sitk.Image:
    """Read and check a label map (same formats): 3D, whole numbers from 0 to 255, returned as uint8."""
    image = _scalar_volume(_read(Path(path)), str(path))
    values = sitk.GetArrayViewFromImage(image)
    if not np.all((values >= 0) & (values <= 255)) or not np.array_equal(values, np.round(values)):
        raise MedNCAError(f"{path} is no label map: its values are not whole numbers from 0 to 255.")
    return sitk.Cast(image, sitk.sitkUInt8)


def check_image(image: sitk.Image, name: str) -> sitk.Image:
    """The image as 3D float32, or a MedNCAError that says why it cannot be segmented."""
    image = _scalar_volume(image, name)
    values = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(values).all():
        raise MedNCAError(f"{name} holds NaN or infinite voxels; replace them before segmenting.")
    if values.min() == values.max():
        raise MedNCAError(f"{name} is constant (every voxel is {values.flat[0]:g}): there is nothing to segment.")
    return image


def write_image(image: sitk.Image, path, compress: bool = True) -> None:
    """Write through a temporary name, so that a half-written file never stands under the real one."""
    path = Path(path)
    temporary = path.with_name("." + path.name)
    try:
        sitk.WriteImage(image, str(temporary), useCompression=compress)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> sitk.Image:
    if not path.exists():
        raise MedNCAError(f"{path} does not exist; check the path.")
    if path.is_dir():
        return _read_series(path)
    if path.stat().st_size == 0:
        raise MedNCAError(f"{path} is empty (0 bytes); copy or export it again.")
    check_header(path)
    try:
        with quiet_itk():
            return sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise MedNCAError(
            f"{path} cannot be read as an image ({_cause(error)}); it may be cut short, damaged or not an image."
        ) from error


def _read_series(folder: Path) -> sitk.Image:
    ids = _series_ids(folder)
    if not ids:
        raise MedNCAError(f"The folder {folder} holds no DICOM series.")
    if len(ids) > 1:
        raise MedNCAError(f"The folder {folder} holds {len(ids)} DICOM series; give a folder with one.")
    reader = sitk.ImageSeriesReader()
    names = reader.GetGDCMSeriesFileNames(str(folder), ids[0])
    lost = {f.name for f in folder.glob("*.dcm")} - {Path(name).name for name in names}
    if lost:
        raise MedNCAError(
            f"{len(lost)} file(s) of the DICOM series in {folder} cannot be read: {sorted(lost)[0]} for one."
        )
    reader.SetFileNames(names)
    try:
        with quiet_itk():
            image = reader.Execute()
    except RuntimeError as error:
        raise MedNCAError(f"The DICOM series in {folder} cannot be read ({_cause(error)}).") from error
    if image.HasMetaDataKey("ITK_non_uniform_sampling_deviation"):
        raise MedNCAError(f"The slices of the DICOM series in {folder} are not evenly spaced; one may be missing.")
    return image


def _series_ids(folder: Path) -> tuple[str, ...]:
    with quiet_itk():
        return sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))


def _scalar_volume(image: sitk.Image, name: str) -> sitk.Image:
    if image.GetNumberOfComponentsPerPixel() != 1:
        n = image.GetNumberOfComponentsPerPixel()
        raise MedNCAError(f"{name} has {n} values per voxel (color or vector); a scalar volume is needed.")
    if "complex" in image.GetPixelIDTypeAsString():
        raise MedNCAError(f"{name} is complex-valued; export its magnitude and segment that.")
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[..., 0]
    if image.GetDimension() != 3:
        d = image.GetDimension()
        hint = "extract one frame as a 3D volume" if d == 4 else "a stack of slices in one file is needed"
        raise MedNCAError(f"{name} is {d}D; MedNCA segments 3D volumes: {hint}.")
    if np.prod(image.GetSize(), dtype=float) > MAX_VOXELS:
        raise MedNCAError(f"{name} has {image.GetSize()} voxels, more than 2^31; crop or resample it.")
    check_geometry(image, name)
    return sitk.Cast(image, sitk.sitkFloat32)


def check_geometry(image: sitk.Image, name: str) -> None:
    """Raises MedNCAError where spacing, axes or origin cannot be those of a volume in mm."""
    spacing, low, high = image.GetSpacing(), *SPACING_LIMITS
    if not all(np.isfinite(s) and low <= s <= high for s in spacing):
        shown = " x ".join(f"{s:g}" for s in spacing)
        raise MedNCAError(
            f"{name} has a voxel spacing of {shown} mm; every value must lie between {low:g} and {high:g} mm. "
            "Correct the header."
        )
    direction = np.array(image.GetDirection()).reshape(3, 3)
    if not np.allclose(direction @ direction.T, np.eye(3), atol=1e-3):
        raise MedNCAError(f"{name} has axes that are not perpendicular (gantry tilt or shear); resample it first.")
    if not np.isfinite(image.GetOrigin()).all():
        raise MedNCAError(f"{name} has an origin that is not a number; correct the header.")


def _cause(error: Exception) -> str:
    """The last telling line of an ITK error, without source file names and addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.split("): ", 1)[-1] for line in lines if "ITK ERROR" in line or "Error" in line]
    cause = (told or lines or ["unknown cause"])[-1]
    return cause.removeprefix("ITK ERROR: ").strip().rstrip(".")[:200]


class quiet_itk:
    """ITK prints warnings of its own on standard error; what matters is raised."""

    def __enter__(self):
        self.shown = sitk.ProcessObject.GetGlobalWarningDisplay()
        sitk.ProcessObject.SetGlobalWarningDisplay(False)

    def __exit__(self, *_):
        sitk.ProcessObject.SetGlobalWarningDisplay(self.shown)

"""Bad input: one clear sentence each. Good input in every format and geometry."""

import gzip

import numpy as np
import pytest
import SimpleITK as sitk

from MedNCALib.errors import MedNCAError
from MedNCALib.images import find_images, pair_by_name, read_image, read_labels, write_image
from phantoms import image_of, rotation

ARRAY = np.random.default_rng(0).normal(size=(9, 8, 7)).astype(np.float32)


def _write(image, path):
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_formats(tmp_path, suffix):
    path = _write(image_of(ARRAY, (1, 2, 3), rotation(20, 0)), tmp_path / f"a{suffix}")
    image = read_image(path)
    assert image.GetSize() == (9, 8, 7)
    np.testing.assert_allclose(image.GetSpacing(), (1, 2, 3), atol=1e-5)


def test_dicom_folder(tmp_path):
    assert find_images(_series(tmp_path)) == [tmp_path]
    assert read_image(tmp_path).GetSize() == (9, 8, 7)


def _truncated(suffix):
    def make(folder):
        path = _write(image_of(ARRAY), folder / f"a{suffix}")
        path.write_bytes(path.read_bytes()[:-40])
        return path

    return make


def _nifti_bytes(changes):
    """A NIfTI-1 file with some header fields overwritten: byte offset -> number."""

    def make(folder):
        path = _write(image_of(ARRAY), folder / "a.nii")
        data = bytearray(path.read_bytes())
        for place, value in changes.items():
            data[place : place + value.nbytes] = value.tobytes()
        path.write_bytes(data)
        return path

    return make


def _nifti_spacing(value):
    return _nifti_bytes({84: np.float32(value)})  # pixdim[2]


def _nrrd_spacing(value):
    def make(folder):
        path = folder / "a.nrrd"
        header = (
            f"NRRD0004\ntype: float\ndimension: 3\nsizes: 9 8 7\nspacings: {value}\nendian: little\nencoding: raw\n\n"
        )
        path.write_bytes(header.encode() + ARRAY.tobytes())
        return path

    return make


def _series(folder):
    """One DICOM file a slice."""
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    volume = image_of((ARRAY * 100 + 500).astype(np.int16))
    for k in range(7):
        piece = volume[:, :, k]
        for tag, value in {
            "0008|0060": "MR", "0020|000e": "1.2.3.4", "0020|000d": "1.2.3", "0008|0018": f"1.2.3.4.{k}",
            "0020|0032": f"0\\0\\{k}", "0020|0037": "1\\0\\0\\0\\1\\0", "0020|0013": str(k),
        }.items():  # fmt: skip
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{k}.dcm"))
        writer.Execute(piece)
    return folder


def _gap(folder):
    (_series(folder) / "3.dcm").unlink()
    return folder


def _cut_slice(folder):
    path = _series(folder) / "3.dcm"
    path.write_bytes(path.read_bytes()[:200])
    return folder


def _text(folder):
    path = folder / "a.nii.gz"
    path.write_bytes(gzip.compress(b"not an image at all" * 100))
    return path


def _empty(folder):
    path = folder / "a.nrrd"
    path.touch()
    return path


def _with(value):
    array = ARRAY.copy()
    array[2, 3, 4] = value
    return image_of(array)


def _sheared(folder):
    """SimpleITK refuses to write it, so the header is made by hand."""
    path = folder / "a.nrrd"
    header = (
        "NRRD0005\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: 9 8 7\n"
        "space directions: (1,0,0) (0.5,1,0) (0,0,1)\nkinds: domain domain domain\nendian: little\n"
        "encoding: raw\nspace origin: (0,0,0)\n\n"
    )
    path.write_bytes(header.encode() + ARRAY.tobytes())
    return path


def _spacing(value):
    return lambda folder: _write(image_of(ARRAY, (1, 1, value)), folder / "a.mha")


def _zero_spacing(folder):
    path = _write(image_of(ARRAY), folder / "a.mha")
    path.write_bytes(path.read_bytes().replace(b"ElementSpacing = 1 1 1", b"ElementSpacing = 1 0 1"))
    return path


def _negative_spacing(folder):
    path = _write(image_of(ARRAY), folder / "a.mha")
    path.write_bytes(path.read_bytes().replace(b"ElementSpacing = 1 1 1", b"ElementSpacing = 1 -2 1"))
    return path


BAD = {
    "missing": (lambda f: f / "nowhere.nii", "does not exist"),
    "empty": (_empty, "empty"),
    "truncated nii": (_truncated(".nii"), "cut short"),
    "truncated nii.gz": (_truncated(".nii.gz"), "cut short"),
    "truncated nrrd": (_truncated(".nrrd"), "cut short"),
    "truncated mha": (_truncated(".mha"), "cut short"),
    "text": (_text, "cannot be read"),
    "2D": (lambda f: _write(sitk.GetImageFromArray(ARRAY[:, :, 0]), f / "a.mha"), "2D"),
    "4D": (lambda f: _write(sitk.GetImageFromArray(np.stack([ARRAY] * 3), isVector=False), f / "a.nii"), "4D"),
    "vector": (lambda f: _write(sitk.GetImageFromArray(np.stack([ARRAY] * 3, -1), isVector=True), f / "a.mha"), "values per voxel"),
    "complex": (lambda f: _write(sitk.GetImageFromArray(ARRAY.astype(np.complex64)), f / "a.nii"), "complex"),
    "NaN": (lambda f: _write(_with(np.nan), f / "a.nrrd"), "NaN"),
    "infinite": (lambda f: _write(_with(np.inf), f / "a.nrrd"), "NaN or infinite"),
    "constant": (lambda f: _write(image_of(np.full((9, 8, 7), 5.0)), f / "a.nii"), "constant"),
    "zero spacing": (_zero_spacing, "spacing"),
    "negative spacing": (_negative_spacing, "spacing"),
    "zero spacing, NIfTI": (_nifti_spacing(0), "spacing"),
    "negative spacing, NIfTI": (_nifti_spacing(-1), "spacing"),
    "no orientation, NIfTI": (_nifti_bytes({252: np.int16(0), 254: np.int16(0)}), "oriented"),
    "sheared sform, NIfTI": (_nifti_bytes({252: np.int16(1), 254: np.int16(1), 284: np.float32(0.2)}), "perpendicular"),
    "two geometries, NIfTI": (_nifti_bytes({254: np.int16(1), 280: np.float32(3)}), "contradicts"),
    "negative spacing, NRRD": (_nrrd_spacing("-1 1 1"), "spacing"),
    "NaN spacing, NRRD": (_nrrd_spacing("nan 1 1"), "spacing"),
    "a slice of the series missing": (_gap, "evenly"),
    "a slice of the series cut": (_cut_slice, "cannot be read"),
    "NaN spacing, NIfTI": (_nifti_spacing(np.nan), "spacing"),
    "tiny spacing": (_spacing(0.0001), "spacing"),
    "absurd spacing": (_spacing(5000), "spacing"),
    "sheared": (_sheared, "perpendicular|read"),
    "empty folder": (lambda f: f, "no DICOM series"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_images_get_one_sentence(tmp_path, kind):
    make, word = BAD[kind]
    path = make(tmp_path)
    with pytest.raises(MedNCAError, match=word) as error:
        read_image(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


def test_4d_of_one_frame_is_a_volume(tmp_path):
    path = _write(sitk.GetImageFromArray(ARRAY[None], isVector=False), tmp_path / "a.nii")
    assert read_image(path).GetDimension() == 3


def test_labels_must_be_whole_numbers(tmp_path):
    with pytest.raises(MedNCAError, match="label map"):
        read_labels(_write(image_of(ARRAY), tmp_path / "a.nii"))
    labels = read_labels(_write(image_of(np.round(abs(ARRAY))), tmp_path / "b.nii"))
    assert labels.GetPixelIDTypeAsString() == "8-bit unsigned integer"


def test_write_leaves_nothing_half_done(tmp_path):
    with pytest.raises(RuntimeError):
        write_image(sitk.Image(4, 4, sitk.sitkVectorFloat64), tmp_path / "a.unknown")
    assert list(tmp_path.iterdir()) == []


def test_pairs(tmp_path):
    for folder, names in (("images", "ab"), ("labels", "ab")):
        (tmp_path / folder).mkdir()
        for name in names:
            _write(image_of(ARRAY), tmp_path / folder / f"{name}.nii")
    assert [p[0] for p in pair_by_name(tmp_path / "images", tmp_path / "labels")] == ["a", "b"]
    (tmp_path / "labels" / "a.nii").unlink()
    with pytest.raises(MedNCAError, match="a has no label map"):
        pair_by_name(tmp_path / "images", tmp_path / "labels")

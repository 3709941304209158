"""Bad input: one clear sentence each. Good input in every format and geometry."""

import gzip
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from mednca.errors import MedNCAError
from mednca.imaging import dicom, header
from mednca.imaging.reading import (
    check_image,
    check_same_grid,
    checksum,
    find_images,
    pair_by_name,
    read_image,
    read_labels,
    write_image,
)
from phantoms import array_of, image_of, rotation

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


@pytest.mark.parametrize(
    ("tag", "values", "wanted"),
    [
        ("RescaleSlope", (1, 0.5), lambda stored: stored * 0.5),
        ("RescaleIntercept", (0, -1024), lambda stored: stored - 1024),
    ],
)
def test_dicom_slices_of_different_scales(tmp_path, tag, values, wanted):
    """As of PET, whose first slice is often empty: its scale says nothing of the others' type."""
    plain, scaled = tmp_path / "plain", tmp_path / "scaled"
    for folder in (plain, scaled):
        folder.mkdir()
        _series(folder)
    for k in range(7):
        data = pydicom.dcmread(scaled / f"{k}.dcm")
        data.RescaleSlope, data.RescaleIntercept = 1, 0
        setattr(data, tag, values[k > 0])
        data.save_as(scaled / f"{k}.dcm")
    stored, read = (array_of(read_image(folder)) for folder in (plain, scaled))
    np.testing.assert_allclose(read[..., 1:], wanted(stored[..., 1:]), rtol=1e-6)
    np.testing.assert_array_equal(read[..., 0], stored[..., 0])


TYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.float64)


def _same_as_itk(path):
    ours, theirs = read_image(path), sitk.ReadImage(str(path))
    assert ours.GetSize() == theirs.GetSize()
    for get in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(ours, get)(), getattr(theirs, get)(), atol=1e-4, err_msg=get)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs).astype(np.float32))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_every_format_and_type_as_itk_reads_it(tmp_path, suffix, compressed):
    for number, kind in enumerate(TYPES):
        values = np.random.default_rng(number).integers(0, 120, (5, 6, 7)).astype(kind)
        turned = rotation(11 * number, number % 3) @ np.diag([1, 1, (-1) ** number]) @ np.eye(3)[[2, 0, 1]]
        image = image_of(values, (0.5, 2, 3.25), turned, (10 * number, -20, 30))
        sitk.WriteImage(image, str(tmp_path / f"{number}{suffix}"), useCompression=compressed)
        _same_as_itk(tmp_path / f"{number}{suffix}")


def _nifti(folder, changes, order="<", name="a.nii"):
    """A NIfTI-1 file on oblique axes with some fields overwritten: byte offset -> (struct format, values)."""
    image = image_of((ARRAY * 100).astype(np.int16), (1, 2, 3), rotation(20, 0) @ rotation(50, 2), (10, -20, 30))
    data = bytearray(_write(image, folder / "base.nii").read_bytes())
    for place, (form, *values) in changes.items():
        struct.pack_into(order + form, data, place, *values)
    (folder / name).write_bytes(data)
    return folder / name


TURNED = np.column_stack([rotation(30, 1) @ np.diag([1, 2, 3]), [1, 2, 3]]).ravel().tolist()
_SLOPE = {112: ("2f", 2.5, -3)}
ORIENTATIONS = {
    "qform alone": {254: ("h", 0)},
    "sform alone": {252: ("h", 0)},
    "no unit": {123: ("B", 0)},
    "sform of the scanner differs": {280: ("12f", *TURNED)},
    "sform of another space differs": {280: ("12f", *TURNED), 254: ("h", 2)},
    "sform of a template differs": {280: ("12f", *TURNED), 254: ("h", 4)},
    "qform of another space": {280: ("12f", *TURNED), 252: ("h", 2)},
    "left-handed qform": {76: ("f", -1.0), 254: ("h", 0)},
    "slope and intercept": _SLOPE,
    "slope 0": {112: ("2f", 0, 0)},
    "one frame": {40: ("h", 4), 48: ("h", 1)},
}  # fmt: skip


@pytest.mark.parametrize("kind", ORIENTATIONS)
def test_nifti_as_itk_reads_it(tmp_path, kind):
    path = _nifti(tmp_path, ORIENTATIONS[kind])
    if kind == "one frame":
        assert read_image(path).GetSize() == (9, 8, 7)
    else:
        _same_as_itk(path)


def test_big_endian_nifti(tmp_path):
    """Every field and voxel swapped, as old scanners' computers wrote it."""
    path = _write(image_of((ARRAY * 100).astype(np.int16), (1, 2, 3)), tmp_path / "a.nii")
    data, expected = bytearray(path.read_bytes()), sitk.GetArrayFromImage(read_image(path))
    forms = {0: "i", 40: "8h", 68: "4h", 76: "8f", 108: "3f", 252: "2h", 256: "6f", 280: "12f"}
    for place, form in forms.items():
        struct.pack_into(">" + form, data, place, *struct.unpack_from("<" + form, data, place))
    data[352:] = np.frombuffer(bytes(data[352:]), "<i2").astype(">i2").tobytes()
    path.write_bytes(data)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(path)), expected)


def _header_and(folder, name, text, voxels):
    path = folder / name
    path.write_bytes(text.encode() + voxels)
    return path


_NRRD = "NRRD0005\ntype: {type}\ndimension: 3\nsizes: 2 2 2\nendian: {endian}\nencoding: {encoding}\n{more}\n"
_MHA = "ObjectType = Image\nNDims = 3\n{more}DimSize = 2 2 2\nElementType = {type}\nElementDataFile = {file}\n"
EIGHT = np.arange(8)


def _nrrd(voxels, type="short", endian="little", encoding="raw", more="", name="a.nrrd"):
    text = _NRRD.format(type=type, endian=endian, encoding=encoding, more=more)
    return lambda folder: _header_and(folder, name, text, voxels)


def _mha(voxels, type="MET_SHORT", file="LOCAL", more="BinaryData = True\n", name="a.mha"):
    return lambda folder: _header_and(folder, name, _MHA.format(type=type, file=file, more=more), voxels)


def _beside(make, name, voxels):
    def both(folder):
        (folder / name).write_bytes(voxels)
        return make(folder)

    return both


LITTLE, BIG = EIGHT.astype("<i2").tobytes(), EIGHT.astype(">i2").tobytes()
GOOD = {
    "NRRD big-endian": _nrrd(BIG, endian="big"),
    "NRRD text": _nrrd(b"0 1 2 3\n4 5 6 7\n", encoding="ascii"),
    "NRRD gzip": _nrrd(gzip.compress(LITTLE), encoding="gz"),
    "NRRD in RAS": _nrrd(LITTLE, more="space: RAS\nspace directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (4,5,6)\n"),
    "NRRD in millimeters": _nrrd(LITTLE, more='space: RAS\nspace units: "mm" "mm" "mm"\nspace directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (4,5,6)\n'),
    "NRRD with spacings": _nrrd(LITTLE, more="spacings: 1 2 3\naxis mins: NaN NaN NaN\n"),
    "NRRD with texts": _nrrd(LITTLE, more="# a comment\nwho:=nobody: at all\ncontent: a phantom\n"),
    "NRRD beside its header": _beside(_nrrd(b"", more="data file: v.raw\n", name="a.nhdr"), "v.raw", LITTLE),
    "NRRD with skipped bytes": _nrrd(b"12345" + LITTLE, more="byte skip: 5\n"),
    "MetaImage big-endian": _mha(BIG, more="BinaryDataByteOrderMSB = True\n"),
    "MetaImage old keys": _mha(LITTLE, more="BinaryData = True\nElementSize = 1 2 3\nPosition = 4 5 6\n"),
    "MetaImage text": _mha(b"0 1 2 3 4 5 6 7", more="BinaryData = False\n"),
    "MetaImage long": _mha(EIGHT.astype("<i4").tobytes(), "MET_LONG"),
    "MetaImage beside its header": _beside(_mha(b"", file="v.raw", name="a.mhd"), "v.raw", LITTLE),
    "MetaImage behind another header": _beside(_mha(b"", file="v.raw", more="HeaderSize = -1\n", name="a.mhd"), "v.raw", b"12345" + LITTLE),
    "MetaImage compressed, no size": _mha(zlib.compress(LITTLE), more="CompressedData = True\n"),
    "MetaImage with fields of others": _mha(LITTLE, more="BinaryData = True\nSeq_Frame0000_Status = OK\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_the_formats_other_ways(tmp_path, kind):
    image = read_image(GOOD[kind](tmp_path))
    assert sitk.GetArrayFromImage(image).ravel().tolist() == EIGHT.tolist()
    if kind not in ("MetaImage text", "MetaImage compressed, no size"):  # ITK fails at the first, garbles the second
        _same_as_itk(next(path for path in tmp_path.iterdir() if path.stem == "a"))


@pytest.mark.parametrize("suffix", [".mha", ".nrrd", ".nii.gz"])
def test_a_flipped_bit_in_the_compressed_part_is_refused(tmp_path, suffix):
    values = np.random.default_rng(3).integers(0, 50, (12, 12, 12)).astype(np.int16)
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image_of(values), str(path), useCompression=True)
    whole, good = path.read_bytes(), sitk.GetArrayFromImage(read_image(path))
    start = {".mha": whole.find(b"LOCAL\n") + 6, ".nrrd": whole.find(b"\n\n") + 2, ".nii.gz": 0}[suffix]
    for number in np.random.default_rng(4).choice((len(whole) - start) * 8, 100, replace=False):
        damaged = bytearray(whole)
        damaged[start + number // 8] ^= 1 << number % 8
        path.write_bytes(damaged)
        try:
            np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(path)), good)
        except MedNCAError:
            continue


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


def _series(folder, changes=None):
    """One DICOM file a slice. changes: slice -> {tag: value}."""
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    volume = image_of((ARRAY * 100 + 500).astype(np.int16))
    for k in range(7):
        piece = volume[:, :, k]
        for tag, value in {
            "0008|0060": "MR", "0020|000e": "1.2.3.4", "0020|000d": "1.2.3", "0008|0018": f"1.2.3.4.{k}",
            "0020|0032": f"0\\0\\{k}", "0020|0037": "1\\0\\0\\0\\1\\0", "0020|0013": str(k), **(changes or {}).get(k, {}),
        }.items():  # fmt: skip
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{k}.dcm"))
        writer.Execute(piece)
    return folder


def _gap(folder):
    (_series(folder) / "3.dcm").unlink()
    return folder


def _changed(changes):
    return lambda folder: _series(folder, changes)


def _cut_voxels(folder):
    path = _series(folder) / "3.dcm"
    path.write_bytes(path.read_bytes()[:-20])
    return folder


def _one_slice(folder):
    for path in list(_series(folder).iterdir())[1:]:
        path.unlink()
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


def _gzip_of(content):
    def make(folder):
        path = folder / "a.nii.gz"
        path.write_bytes(gzip.compress(content(_nifti(folder, {}).read_bytes())))
        return path

    return make


def _device(folder):
    (folder / "v.raw").symlink_to("/dev/urandom")
    return _mha(b"", file="v.raw", name="a.mhd")(folder)


def _fifo(folder):
    os.mkfifo(folder / "a.mha")
    return folder / "a.mha"


def _loop(folder):
    (folder / "a.mha").symlink_to(folder / "a.mha")
    return folder / "a.mha"


_HUGE = {42: ("3h", 1200, 1200, 1200)}
_ANY_PACKED = zlib.compress(LITTLE)
BAD = {
    "NaN, compressed NIfTI": (lambda f: _write(_with(np.nan), f / "a.nii.gz"), "NaN"),
    "NaN by its slope": (lambda f: _nifti(f, {112: ("f", np.nan)}), "slope"),
    "slope 0 beside an intercept": (lambda f: _nifti(f, {112: ("2f", 0, 5)}), "different ways"),
    "more bits than the type has": (lambda f: _nifti(f, {72: ("h", 32)}), "contradicts"),
    "an unknown type": (lambda f: _nifti(f, {70: ("h", 1536)}), "type"),
    "voxels within the header": (lambda f: _nifti(f, {108: ("f", 0)}), "begin at byte 0"),
    "voxels at no whole byte": (lambda f: _nifti(f, {108: ("f", np.nan)}), "begin at byte"),
    "half of a pair": (lambda f: _nifti(f, {344: ("4s", b"ni1")}), "in one piece"),
    "negative size": (lambda f: _nifti(f, {44: ("h", -8)}), "size"),
    "nine dimensions": (lambda f: _nifti(f, {40: ("h", 9)}), "9 dimensions"),
    "micrometers": (lambda f: _nifti(f, {123: ("B", 3)}), "mm"),
    "no rotation": (lambda f: _nifti(f, {254: ("h", 0), 256: ("f", 5)}), "orientation"),
    "a header that promises much": (lambda f: _nifti(f, _HUGE), "more than the"),
    "longer than its header says": (lambda f: _header_and(f, "a.nii", "", _nifti(f, {}).read_bytes() + b"more"), "more than"),
    "decodes to more than its header says": (_gzip_of(lambda data: data + bytes(10**6)), "more than"),
    "garbage behind the compressed part": (lambda f: _header_and(f, "a.nii.gz", "", gzip.compress(_nifti(f, {}).read_bytes()) + b"x" * 9), "cannot be read"),
    "compressed flag over raw voxels": (_mha(LITTLE, more="CompressedData = True\n"), "cannot be read"),
    "compressed part cut": (_mha(_ANY_PACKED[:-3], more="CompressedData = True\n"), "cut short"),
    "compressed size told wrong": (_mha(_ANY_PACKED, more="CompressedData = True\nCompressedDataSize = 7\n"), "cut short"),
    "compressed part with a tail": (_mha(_ANY_PACKED + b"tail", more="CompressedData = True\n"), "more than"),
    "compressed part of fewer voxels": (_mha(zlib.compress(LITTLE[:-2]), more="CompressedData = True\n"), "end early"),
    "LIST without files": (_mha(b"", file="LIST"), "list of files"),
    "a pattern of files": (_mha(b"", file="a%03d.raw 1 9 1"), "list of files"),
    "voxels in another folder": (_mha(b"", file="../v.raw", name="a.mhd"), "plain name"),
    "voxels at a path": (_mha(b"", file="/dev/urandom", name="a.mhd"), "plain name"),
    "voxels of a device": (_device, "no regular file"),
    "voxels that are not there": (_mha(b"", file="v.raw", name="a.mhd"), "beside it"),
    "negative dimensions": (lambda f: _header_and(f, "a.mha", "ObjectType = Image\nNDims = -1\nDimSize = 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n", b"12"), "NDims"),
    "a thousand dimensions": (lambda f: _header_and(f, "a.mha", f"NDims = 1000\nDimSize = {'1 ' * 1000}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n", b"1"), "1000 dimensions"),
    "a MetaImage of something else": (_mha(LITTLE, more="ObjectType2 = Tube\nObjectSubType = x\nBinaryData = maybe\n"), "BinaryData"),
    "the same field twice": (_mha(LITTLE, more="DimSize = 9 9 9\n"), "twice"),
    "text over binary voxels": (_nrrd(os.urandom(64), encoding="ascii"), "text|more than"),
    "text of too few voxels": (_nrrd(b"1 2 3", encoding="ascii"), "3 of 8"),
    "text of other numbers": (_nrrd(b"1 2 3 4 5 6 7 70000", encoding="ascii"), "int16"),
    "NRRD of an unknown type": (_nrrd(LITTLE, type="block"), "type"),
    "NRRD of an unknown encoding": (_nrrd(LITTLE, encoding="hex"), "encoding"),
    "NRRD without byte order": (_nrrd(LITTLE, endian=""), "byte order"),
    "NRRD with a corner of unknown meaning": (_nrrd(LITTLE, more="spacings: 1 2 3\naxis mins: 4 5 6\n"), "axis mins"),
    "NRRD in a space without directions": (_nrrd(LITTLE, more="space: RAS\nspacings: 1 2 3\n"), "a space without"),
    "NRRD with an origin without directions": (_nrrd(LITTLE, more="spacings: 1 2 3\nspace origin: (4,5,6)\n"), "origin without"),
    "NRRD without sizes": (lambda f: _header_and(f, "a.nrrd", "NRRD0005\ntype: short\ndimension: 3\n\n", LITTLE), "lacks the field"),
    "NRRD with voxels at a path": (_nrrd(b"", more="data file: ../../v.raw\n", name="a.nhdr"), "plain name"),
    "NRRD in centimeters": (_nrrd(LITTLE, more='space: RAS\nspace units: "cm" "cm" "cm"\nspace directions: (1,0,0) (0,2,0) (0,0,3)\n'), "units other than mm"),
    "NRRD in an unknown space": (_nrrd(LITTLE, more="space: here\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"), "space"),
    "NRRD whose directions lie in a plane": (_nrrd(LITTLE, more="space directions: (2,0) (0,3) (1,1)\n"), "three dimensions"),
    "a pipe": (_fifo, "no regular file"),
    "a link to itself": (_loop, "cannot be read|not exist"),
    "another suffix": (lambda f: _header_and(f, "a.png", "", b"png"), "are read"),
    "two slices at one position": (_changed({3: {"0020|0032": "0\\0\\2"}}), "one position"),
    "slices of two orientations": (_changed({3: {"0020|0037": "0\\1\\0\\1\\0\\0"}}), "orientation"),
    "slices of two series": (_changed({3: {"0020|000e": "1.2.9"}}), "2 DICOM series"),
    "tilted slices": (_changed({k: {"0020|0032": f"0\\{k}\\{k}"} for k in range(7)}), "tilt"),
    "a position that is none": (_changed({3: {"0020|0032": "0\\0"}}), "cannot be read|position"),
    "voxels of a slice cut": (_cut_voxels, "damaged|cannot be read"),
    "one slice": (_one_slice, "one slice"),
    "missing": (lambda f: f / "nowhere.nii", "does not exist"),
    "empty": (_empty, "empty"),
    "truncated nii": (_truncated(".nii"), "cut short"),
    "truncated nii.gz": (_truncated(".nii.gz"), "cut short"),
    "truncated nrrd": (_truncated(".nrrd"), "cut short"),
    "truncated mha": (_truncated(".mha"), "cut short"),
    "text": (_text, "cannot be read"),
    "2D": (lambda f: _write(sitk.GetImageFromArray(ARRAY[:, :, 0]), f / "a.mha"), "2D"),
    "4D": (lambda f: _write(sitk.GetImageFromArray(np.stack([ARRAY] * 3), isVector=False), f / "a.mha"), "4D"),
    "more frames than channels": (lambda f: _write(sitk.GetImageFromArray(np.stack([ARRAY] * 17), isVector=False), f / "a.nii"), "4D"),
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


def test_nan_in_a_label_map_is_told(tmp_path):
    with pytest.raises(MedNCAError, match="label map"):
        read_labels(_write(_with(np.nan), tmp_path / "a.nii.gz"))


def test_a_name_that_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.mha"
    Path(os.fsdecode(path)).write_bytes(_write(image_of(ARRAY), tmp_path / "a.mha").read_bytes())
    with pytest.raises(MedNCAError, match="not text") as error:
        read_image(os.fsdecode(path))
    assert str(error.value).isascii()


def test_a_name_that_says_another_packing_is_told(tmp_path):
    """Sound files both: renamed they are read."""
    packed, plain = _write(image_of(ARRAY), tmp_path / "a.nii.gz"), _write(image_of(ARRAY), tmp_path / "b.nii")
    for path, name, told in ((packed, "c.nii", "ends in .nii.gz"), (plain, "d.nii.gz", "ends in .nii.")):
        with pytest.raises(MedNCAError, match=told):
            read_image(path.rename(tmp_path / name))


def test_a_checksum_is_of_what_an_image_holds(tmp_path):
    """Not of its name or place; and of voxels in a file of their own, too."""
    for name in ("one", "two", "series"):
        (tmp_path / name).mkdir()
    one = _write(image_of(ARRAY), tmp_path / "one" / "a.mha")
    two = tmp_path / "two" / "b.mha"
    two.write_bytes(one.read_bytes())
    assert checksum(one) == checksum(two)
    header, voxels = _write(image_of(ARRAY), tmp_path / "one" / "a.nhdr"), tmp_path / "one" / "a.raw"
    before = checksum(header)
    voxels.write_bytes(voxels.read_bytes()[::-1])
    assert checksum(header) != before
    series = _series(tmp_path / "series")
    before = checksum(series)
    (series / "notes.txt").write_text("of a person", encoding="utf-8")
    (series / "3.dcm").rename(series / "0003.dcm")
    assert checksum(series) == before
    (series / "0003.dcm").rename(series / "3.dcm")
    (series / "3.dcm").unlink()
    assert checksum(series) != before
    with pytest.raises(MedNCAError, match="cannot be read"):
        checksum(tmp_path / "gone.nii")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.nii")  # nobody waits for what will come through it
        with pytest.raises(MedNCAError, match="no regular file"):
            checksum(tmp_path / "pipe.nii")


def test_limits_are_those_of_the_header_and_this_computer(tmp_path, monkeypatch):
    """They are checked before a voxel is decoded: the files are too short for what they promise."""
    path = _nifti(tmp_path, {42: ("3h", 900, 900, 900)})
    with pytest.raises(MedNCAError, match="536,870,912"):
        read_image(path)
    monkeypatch.setattr(header, "physical_memory", lambda: 1000)
    with pytest.raises(MedNCAError, match="GB"):
        read_image(_nifti(tmp_path, {}))
    assert check_image(image_of(ARRAY[:2, :2, :2]), "small").GetSize() == (2, 2, 2)


@pytest.mark.parametrize(
    ("kind", "slope", "bytes_"), [("i2", 1.0, 6), ("i2", 2.0, 8), ("f8", 1.0, 16), ("f8", 2.0, 12)]
)
def test_the_memory_that_reading_takes_is_known(monkeypatch, kind, slope, bytes_):
    """A voxel: as it is read, its single precision, and ITK's copy of what is kept of them."""
    small = header.Header(
        file="a", size=(10, 10, 10), dtype=np.dtype(kind), spacing=(1.0,) * 3, direction=np.eye(3), origin=(0.0,) * 3,
        data="a", slope=slope,
    )  # fmt: skip
    monkeypatch.setattr(header, "physical_memory", lambda: 1000 * bytes_ / header._MEMORY_SHARE + 1)
    assert header.checked(small) is small
    monkeypatch.setattr(header, "physical_memory", lambda: 1000 * bytes_ / header._MEMORY_SHARE - 1)
    with pytest.raises(MedNCAError, match="GB"):
        header.checked(small)


def test_memory_is_told():
    assert 1e8 < header.physical_memory() < 1e14


CRASHES = {
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "signal 11",
    "import time; time.sleep(60)": "had not ended",
    "print('no JSON')": "exit status 0",
    "x = [bytearray(10**8) for _ in range(50)]": "exit status 1|signal",
    'print(\'{"size": [9, 9, 9], "type": "<i2", "spacing": [1, 1, 1], "direction": [[1,0,0],[0,1,0],[0,0,1]], "origin": [0, 0, 0]}\')': "half-way",
}


@pytest.mark.parametrize("code", CRASHES)
def test_a_reader_that_dies_is_a_sentence(tmp_path, monkeypatch, code):
    python = tmp_path / "python"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_DATA, (10**9, 10**9)); "
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{limit + code}'\n" if "'" not in code else
                      f"#!{sys.executable}\n{code}\n")  # fmt: skip
    python.chmod(0o755)
    (tmp_path / "series").mkdir()
    folder = _series(tmp_path / "series")
    monkeypatch.setattr(dicom.sys, "executable", str(python))
    monkeypatch.setattr(dicom, "_SECONDS", 2 if "sleep" in code else 60)
    with pytest.raises(MedNCAError, match=CRASHES[code]) as error:
        read_image(folder)
    assert "\n" not in str(error.value)


def test_a_series_is_read_where_memory_is_limited_for_good(tmp_path):
    """As by a batch system, which nobody may raise again."""
    code = ("import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (6 * 10**9, 6 * 10**9)); "
            "from mednca.imaging.dicom import _limit_memory; _limit_memory(10**12); "
            "print(resource.getrlimit(resource.RLIMIT_DATA))")  # fmt: skip
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.strip() == str((6 * 10**9, 6 * 10**9)), told.stderr


def test_grids_are_compared_where_they_are_farthest_apart():
    image = sitk.Image(256, 256, 8, sitk.sitkFloat32)
    image.SetSpacing((0.9375, 0.9375, 3.0))
    for spacing, origin, is_same in (
        (0.938, 0.0, True),
        (0.945, 0.0, False),
        (0.9375, 0.2, True),
        (0.9375, 0.5, False),
    ):
        labels = sitk.Image(256, 256, 8, sitk.sitkUInt8)
        labels.SetSpacing((spacing, spacing, 3.0))
        labels.SetOrigin((origin, 0, 0))
        if is_same:  # to a third of a voxel, as headers are rounded
            check_same_grid("case", image, labels)
            continue
        with pytest.raises(MedNCAError, match="differ in size, spacing, origin"):
            check_same_grid("case", image, labels)


def test_write_leaves_nothing_half_done(tmp_path):
    with pytest.raises(MedNCAError, match="did not become whole"):
        write_image(sitk.Image(4, 4, sitk.sitkVectorFloat64), tmp_path / "a.unknown")
    assert list(tmp_path.iterdir()) == []


def test_pairs(tmp_path):
    for folder, names in (("images", "ab"), ("labels", "ab")):
        (tmp_path / folder).mkdir()
        for name in names:
            _write(image_of(ARRAY), tmp_path / folder / f"{name}.nii")
    pairs, problems = pair_by_name(tmp_path / "images", tmp_path / "labels")
    assert [pair[0] for pair in pairs] == ["a", "b"] and not problems
    (tmp_path / "labels" / "a.nii").unlink()
    pairs, problems = pair_by_name(tmp_path / "images", tmp_path / "labels")
    assert [pair[0] for pair in pairs] == ["b"] and "a has no label map" in str(problems["a"])
    _write(image_of(ARRAY), tmp_path / "images" / "b.mha")
    with pytest.raises(MedNCAError, match="no image with its label map"):
        pair_by_name(tmp_path / "images", tmp_path / "labels")

"""What is fuzzed: how a case is made, what is done with it, and how to know that the outcome is right.

A subject's `run(random, folder)` makes one case in the folder and tries it. It returns "correct" where the result is
what the file holds, "wrong" with a sentence where it is not; MedNCAError is "clear" where it is one sentence; any other
exception is a traceback that a person would meet.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mednca.errors import MedNCAError
from mednca.imaging import dicom
from mednca.imaging.reading import _read, read_image, read_labels

from . import mutations

_TYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.float64)
_ALTERED = 0.9  # share of the cases that are changed; the others must be read


def outcome(run, random, folder: Path) -> tuple[str, str]:
    """("clear", "correct", "wrong" or "traceback", what was told)."""
    try:
        return run(random, folder)
    except MedNCAError as error:
        told = error.args[0]
        plain = told and "\n" not in told and len(told) < 700 and told.isprintable()
        return ("clear", told) if plain else ("wrong", f"no plain sentence: {told[:300]!r}")
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"


# --- images and label maps


def _volume(random, labels: bool) -> sitk.Image:
    """A small volume on axes of its own, of any type."""
    numbers = np.random.default_rng(random.randrange(2**32))
    kind = random.choice(_TYPES)
    shape = [random.randrange(2, 12) for _ in range(3)]
    high = 4 if labels else 120
    image = sitk.GetImageFromArray(numbers.integers(0, high, shape).astype(kind))
    axes = np.linalg.qr(numbers.normal(size=(3, 3)))[0]
    if random.random() < 0.5:
        axes = np.eye(3)[numbers.permutation(3)] * numbers.choice([-1, 1], 3)
    image.SetDirection(axes.ravel().tolist())
    image.SetSpacing(numbers.uniform(0.3, 4, 3).tolist())
    image.SetOrigin(numbers.uniform(-200, 200, 3).tolist())
    return image


_FIELDS = (  # of a NIfTI-1 header: offset, struct format
    *((0, "i"), (40, "h"), (42, "h"), (44, "h"), (46, "h"), (48, "h"), (50, "h"), (68, "h"), (70, "h"), (72, "h")),
    *((76, "f"), (80, "f"), (84, "f"), (88, "f"), (108, "f"), (112, "f"), (116, "f"), (123, "B"), (252, "h")),
    *((254, "h"), (256, "f"), (260, "f"), (268, "f"), (280, "f"), (284, "f"), (292, "f"), (344, "i")),
)


class Volume:
    """One format, as images or as label maps."""

    def __init__(self, suffix: str, compressed: bool, labels: bool):
        self.suffix, self.compressed, self.labels = suffix, compressed, labels

    def run(self, random, folder: Path):
        image = _volume(random, self.labels)
        path = folder / f"case{self.suffix}"
        sitk.WriteImage(image, str(path), useCompression=self.compressed)
        good = {file.name: file.read_bytes() for file in folder.iterdir()}
        altered = random.random() < _ALTERED
        if altered:
            self._alter(random, path)
        return self._judge(path, image, good, altered)

    def _judge(self, path: Path, image, good, altered: bool):
        files = {file.name: file.read_bytes() for file in path.parent.iterdir()}
        try:
            found = (read_labels if self.labels else read_image)(path)
        except MedNCAError as error:
            if files == good and sitk.GetArrayViewFromImage(image).min() != sitk.GetArrayViewFromImage(image).max():
                return "wrong", f"a good file is refused: {error}"
            raise
        if files == good:
            return self._compare(found, image)
        return self._compare_voxels(path, found)

    def _compare(self, found, image):
        """With what was written."""
        kind = np.uint8 if self.labels else np.float32
        if not np.array_equal(sitk.GetArrayViewFromImage(found), sitk.GetArrayFromImage(image).astype(kind)):
            return "wrong", "other voxels than were written"
        for get in ("GetSpacing", "GetOrigin", "GetDirection"):
            if not np.allclose(getattr(found, get)(), getattr(image, get)(), atol=1e-3):
                return "wrong", f"{get} is another than was written"
        return "correct", ""

    def _compare_voxels(self, path: Path, found):
        """A changed file that is read: its voxels must be those that stand in it, whatever its header says now."""
        native = sitk.GetArrayFromImage(_read(path)[0])
        stored = self._stored(path, native)
        if stored is None:
            return "wrong", "read although its voxels cannot be decoded"
        if stored is not True and not any(self._are(native, stored, order) for order in "<>"):
            return "wrong", "other voxels than stand in the file"
        kind = np.uint8 if self.labels else np.float32
        if not np.array_equal(sitk.GetArrayViewFromImage(found), native.astype(kind)):
            return "wrong", "other values than the voxels have"
        return "correct", ""

    def _are(self, native, stored: bytes, order: str) -> bool:
        return native.astype(native.dtype.newbyteorder(order)).tobytes() == stored[-native.nbytes :]

    def _stored(self, path: Path, native):
        """The decoded bytes at whose end the voxels stand; True where this says nothing (rescaled values)."""
        data = path.read_bytes()
        try:
            if self.suffix.startswith(".nii"):
                data = gzip.decompress(data) if self.suffix.endswith(".gz") else data
                order = "<" if struct.unpack_from("<i", data)[0] in (348, 540) else ">"
                slope, intercept = struct.unpack_from(order + "2f", data, 112)
                return data if slope in (0, 1) and intercept == 0 else True
            head, _, voxels = self._parts(data)
            if self.suffix in (".mhd", ".nhdr"):
                voxels = next((f.read_bytes() for f in path.parent.iterdir() if f != path), b"")
            if _says(head, rb"encoding: *(ascii|text|txt)") or _says(head, rb"binarydata *= *(f|0)"):
                return True
            if _says(head, rb"encoding: *gz"):
                return gzip.decompress(voxels)
            return zlib.decompress(voxels) if _says(head, rb"compresseddata *= *(t|1)") else voxels
        except (OSError, EOFError, zlib.error, struct.error):
            return None

    def _parts(self, data: bytes) -> tuple[bytes, bytes, bytes]:
        """A header of text, what ends it, and the rest."""
        if self.suffix in (".nrrd", ".nhdr"):
            return data.partition(b"\n\n")
        end = data.find(b"\n", data.find(b"ElementDataFile")) + 1 or len(data)
        return data[:end], b"", data[end:]

    def _alter(self, random, path: Path) -> None:
        file = random.choice(sorted(path.parent.iterdir()))
        data = file.read_bytes()
        if self.suffix == ".nii.gz" and random.random() < 0.5:
            unpacked = gzip.decompress(data)
            file.write_bytes(gzip.compress(self._field_changed(random, unpacked), 1))
        elif self.suffix.startswith(".nii"):
            changed = self._field_changed(random, data) if self.suffix == ".nii" and random.random() < 0.6 else None
            file.write_bytes(changed or mutations.damaged(random, data))
        elif file != path or random.random() < 0.4:
            file.write_bytes(mutations.damaged(random, data))
        else:
            head, between, rest = self._parts(data)
            file.write_bytes(mutations.damaged_text(random, head) + between + rest)

    def _field_changed(self, random, data: bytes) -> bytes:
        """A NIfTI header with some fields of it set to numbers that such fields are not made for."""
        changed = bytearray(data)
        for _ in range(random.choice((1, 1, 2))):
            place, form = random.choice(_FIELDS)
            value = random.choice(
                (-1, 0, 1, 2, 3, 4, 5, 8, 16, 64, 255, 32767, 1e9, -1e9, float("nan"), float("inf"), 0.5)
            )
            whole = form != "f"
            if whole:
                bits = {"i": 31, "h": 15, "B": 8}[form]
                value = int(value) % 2**bits if value == value and abs(value) < 1e18 else 2**bits - 1
                value = -value if random.random() < 0.2 and form != "B" else value
            struct.pack_into("<" + form, changed, place, value)
        return bytes(changed)


def _says(head: bytes, line: bytes) -> bool:
    """Whether a header has a line that begins so."""
    return re.search(rb"^\s*" + line, head, re.IGNORECASE | re.MULTILINE) is not None


# --- DICOM


class Series:
    """A folder of slices. The reader's own process is a fork of this one here: thousands of new ones take hours."""

    def run(self, random, folder: Path):
        image = _volume(random, labels=False)
        kind = random.choice((np.int16, np.uint16))
        image = sitk.GetImageFromArray(sitk.GetArrayFromImage(image).astype(kind))
        self._write(image, folder)
        altered = random.random() < _ALTERED
        if altered:
            self._alter(random, folder)
        import pydicom  # noqa: F401  once, before the forks

        dicom._run = _forked
        found = read_image(folder)
        if not altered and not np.array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(image)):
            return "wrong", "other voxels than were written"
        if altered and not _among(sitk.GetArrayFromImage(found), _voxel_bytes(folder)):
            return "wrong", "a slice that no file holds"
        return "correct", ""

    def _write(self, image, folder: Path) -> None:
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        for k in range(image.GetSize()[2]):
            piece = image[:, :, k]
            for tag, value in {
                "0008|0060": "MR", "0020|000e": "1.2.3.4", "0020|000d": "1.2.3", "0008|0018": f"1.2.3.4.{k}",
                "0020|0032": f"0\\0\\{2 * k}", "0020|0037": "1\\0\\0\\0\\1\\0", "0020|0013": str(k),
            }.items():  # fmt: skip
                piece.SetMetaData(tag, value)
            writer.SetFileName(str(folder / f"{k}.dcm"))
            writer.Execute(piece)

    def _alter(self, random, folder: Path) -> None:
        files = sorted(folder.iterdir())
        file = random.choice(files)
        way = random.random()
        if way < 0.1:
            file.unlink()
        elif way < 0.2:
            shutil.copy(file, folder / "again.dcm")
        else:
            file.write_bytes(mutations.damaged(random, file.read_bytes()))


def _voxel_bytes(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def _among(found, files: list[bytes]) -> bool:
    """Whether every slice stands in one of the files, as signed or unsigned numbers of 16 bits, either byte order."""
    return all(
        any(piece.astype(np.int64).astype(kind).tobytes() in data for data in files for kind in ("<u2", ">u2"))
        for piece in found
    )


def _forked(folder: Path):
    """`dicom._run` with a fork of this process in place of a new interpreter."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        dicom._limit_memory(0)
        dicom.main(str(folder))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        output = source.read()
    _pid, status = os.waitpid(child, 0)
    line, _, rest = output.partition(b"\n")
    try:
        return json.loads(line), memoryview(rest)
    except ValueError as error:
        raise MedNCAError(
            f"The DICOM series made its reader end (status {status}); a file in it is damaged."
        ) from error


# --- models, plans, worker lines


def _model(folder: Path) -> Path:
    from phantoms import bright_model, save

    return save(bright_model("bright", (1.0, 1.0, 1.0), (24.0, 24.0, 24.0), labels=2, levels=2), folder)


class ModelFolder:
    """model.json, weights and card of a folder of the library."""

    def run(self, random, folder: Path):
        from mednca.models.description import model_json
        from mednca.models.library import Library

        model = _model(folder / "models" / "bright")
        path, good = model / "model.json", (model / "model.json").read_bytes()
        altered = random.random() < _ALTERED
        if altered and random.random() < 0.2:
            weights = model / "weights.safetensors"
            weights.write_bytes(mutations.damaged(random, weights.read_bytes()))
        elif altered:
            path.write_bytes(mutations.damaged_json(random, json.loads(good)))
        library = Library(folder / "none", folder / "models")
        loaded = library.load(str(model))
        told, written = model_json(loaded), json.loads(path.read_bytes())
        if not _holds(told, written):
            return "wrong", "the model is another than its file says"
        (entry,) = library.entries()
        return ("correct", "") if entry.problem is None else ("wrong", f"loaded, but listed as broken: {entry.problem}")


_STRANGE = (
    *("../evil", "/evil", "bright/../../evil", "con/model.json", "bright./model.json", "a\x1b[1m/model.json"),
    *("C:\\evil", "bright/sub/model.json", "bright/extra.py", "bright\\model.json", "BRIGHT/model.json"),
)


class Archive:
    """A zip file to be imported: whole or refused, and nothing left behind."""

    def run(self, random, folder: Path):
        from mednca.models.library import Library

        library = Library(folder / "none", folder / "models")
        archive = library.export_model(_model(folder / "made"), folder / "bright.zip")
        if random.random() < _ALTERED:
            self._alter(random, archive)
        before = set(folder.rglob("*"))
        try:
            entry = library.import_model(archive)
        finally:
            new = set(folder.rglob("*")) - before - {folder / "models"}
            outside = [path for path in new if folder / "models" not in path.parents]
        if outside or entry.problem or {path.name for path in entry.folder.iterdir()} - _MODEL_FILES:
            return "wrong", f"left {sorted(map(str, new))[:3]}, problem {entry.problem}"
        return "correct", ""

    def _alter(self, random, archive: Path) -> None:
        import zipfile

        if random.random() < 0.4:
            archive.write_bytes(mutations.damaged(random, archive.read_bytes()))
            return
        with zipfile.ZipFile(archive) as source:
            parts = {name: source.read(name) for name in source.namelist()}
        names = list(parts)
        name = random.choice(names)
        if random.random() < 0.5:
            parts[random.choice(_STRANGE)] = parts.pop(name)
        elif name.endswith("model.json"):
            parts[name] = mutations.damaged_json(random, json.loads(parts[name]))
        else:
            parts[name] = mutations.damaged(random, parts[name])
        with zipfile.ZipFile(archive, "w", random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as target:
            for name, data in parts.items():
                target.writestr(name, data)


_MODEL_FILES = {"model.json", "weights.safetensors", "MODEL_CARD.md"}


class PlanFile:
    """A plan as `mednca train --plan` reads it."""

    def run(self, random, folder: Path):
        from mednca_train.commands.given import read_plan
        from mednca_train.plan.presets import PRESETS

        plan = random.choice([PRESETS[name].plan for name in sorted(PRESETS)])
        path, good = folder / "plan.json", plan.to_json()
        altered = random.random() < _ALTERED
        path.write_bytes(mutations.damaged_json(random, good) if altered else json.dumps(good).encode())
        read = read_plan(path)
        if not _holds(json.loads(json.dumps(read.to_json())), json.loads(path.read_bytes())):
            return "wrong", "the plan is another than its file says"
        return "correct", ""


def _holds(told, written) -> bool:
    """Whether what was understood holds all that stands in the file (what the file leaves out may be added)."""
    if isinstance(written, dict):
        return isinstance(told, dict) and all(
            key in told and _holds(told[key], value) for key, value in written.items()
        )
    if isinstance(written, list):
        return isinstance(told, list) and len(told) == len(written) and all(map(_holds, told, written))
    return told == written or (told is None and written is None)


_REQUEST = {
    "command": "segment", "job": "j", "image": "no.nrrd", "model": "hippocampus-m3dnca", "clicks": [[0, 1, 2]],
    "out": "out", "members": 2, "seed": 3, "device": "cpu", "target_dice": 0.8, "memory_limit": 500,
}  # fmt: skip


_PLANNED = {
    "command": "plan", "job": "j", "base": None, "family": "m3d-nca", "labels": {"1": "Organ"}, "changes": {"batch": 2},
    "estimate": False, "cases": [
        {"name": f"case {n}", "size": [30 + n, 32, 28], "spacing": [1, 1, 1.5],
         "labels": {"1": 900}, "extent": [12, 14, 10], "sides": {"1": 2.5 * n}, "digest": f"{n}", "problem": None}
        for n in range(3)
    ],
}  # fmt: skip
_EXAMINED = {"command": "examine", "job": "j", "cases": [["a", "no.nrrd", "none.nrrd"]]}
_TRAINED = {"command": "train", "job": "j", "run": "nowhere/run", "device": "cpu"}


class WorkerLines:
    """Requests to one real worker, which must answer each with a sentence and go on.

    requests: (request, what stands in the answer to it where it is not altered).
    """

    def __init__(self, module: str, *requests):
        self.module, self.requests, self.process, self.folder = module, requests, None, None

    def run(self, random, folder: Path):
        import subprocess

        if self.process is None or self.process.poll() is not None:
            self.folder = tempfile.TemporaryDirectory()
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=self.folder.name,
            )  # fmt: skip
            self._hear("ready")
        request, expected = random.choice(self.requests)
        altered = random.random() < _ALTERED
        line = mutations.damaged_json(random, request) if altered else json.dumps(request).encode()
        line = line.replace(b"\n", b" ")
        self.process.stdin.write(line + b"\n")
        self.process.stdin.write(b'{"command": "unknown", "job": "behind"}\n')
        self.process.stdin.flush()
        told = self._hear(None)
        if told is None:
            return "wrong", "the worker went silent"
        bad = [message for message in told if message.get("bug")]
        if bad:
            return "traceback", bad[0]["error"][:300]
        if not altered:
            return ("correct", "") if expected in json.dumps(told) else ("wrong", json.dumps(told)[:300])
        if "error" in told[0]:
            raise MedNCAError(told[0]["error"])
        return "clear", ""

    def _hear(self, event):
        """Messages up to an event, or up to the answer to the line behind the case; None where the worker ended."""
        told = []
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("event") == event:
                return told
            if message.get("job") == "behind":
                return told or [message]
            if message["event"] not in ("started", "progress"):
                told.append(message)
        return None


SUBJECTS = {
    "nifti": Volume(".nii", False, False), "nifti gz": Volume(".nii.gz", True, False),
    "nrrd": Volume(".nrrd", False, False), "nrrd gz": Volume(".nrrd", True, False),
    "nhdr": Volume(".nhdr", False, False), "mha": Volume(".mha", False, False), "mha z": Volume(".mha", True, False),
    "mhd": Volume(".mhd", False, False), "mhd z": Volume(".mhd", True, False),
    "nifti labels": Volume(".nii.gz", True, True), "nrrd labels": Volume(".nrrd", True, True),
    "mha labels": Volume(".mha", True, True), "dicom": Series(), "model": ModelFolder(), "archive": Archive(),
    "plan": PlanFile(), "worker": WorkerLines("mednca.worker", (_REQUEST, "no.nrrd does not exist")),
    "trainer": WorkerLines(
        "mednca_train.worker", (_PLANNED, '"event": "done"'), (_EXAMINED, "no.nrrd does not exist"),
        (_TRAINED, "is gone"),
    ),
}  # fmt: skip

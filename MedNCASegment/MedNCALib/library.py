"""The models at hand: the bundled ones, read-only, and the user's own beside Slicer's settings.

A broken model is listed with the reason why it is broken; it never hides the others. Nothing here needs torch, but
for `Library.load` and for the check of the weights' tensors, which a caller without torch leaves out.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from .description import (
    CARD_NAME,
    JSON_NAME,
    MAX_JSON_BYTES,
    MAX_WEIGHTS_BYTES,
    WEIGHTS_NAME,
    Description,
    read_bytes,
    read_description,
    write_bytes,
)
from .errors import MedNCAError
from .schema import RESERVED

_NO_NAME = rf"(|.*[/\\:].*|({RESERVED})(\..*)?)\Z"
_LIMITS = {JSON_NAME: MAX_JSON_BYTES, WEIGHTS_NAME: MAX_WEIGHTS_BYTES, CARD_NAME: MAX_JSON_BYTES}


@dataclass(frozen=True)
class Entry:
    """One model folder. description is None and problem says why where it is broken."""

    id: str
    folder: Path
    bundled: bool
    description: Description | None
    problem: str | None

    def summary(self) -> dict:
        """What a list shows, as plain data."""
        shown = {"id": self.id, "folder": str(self.folder), "bundled": self.bundled, "problem": self.problem}
        if self.description:
            info = self.description.info
            shown |= {
                "name": self.description.name,
                "version": info.get("version"),
                "description": info.get("description"),
                "family": self.description.architecture.family,
                "parameters": self.description.architecture.parameter_count(),
                "labels": [label.name for label in self.description.labels],
                "metrics": info.get("eval_metrics", {}),
                "license": info.get("license"),
                "terms": info.get("terms"),
                "calibrated": self.description.calibration is not None,
            }
        return shown


def bundled_folder() -> Path:
    """Resources/Models of the checkout, of the installed extension, or of the wheel."""
    here = Path(__file__).resolve().parent
    for place in (here.parents[1] / "Resources" / "Models", here.parent / "Resources" / "Models"):
        if place.is_dir():
            return place
    return here.parent / "MedNCAModels"


def user_folder() -> Path:
    """The user's models: $MEDNCA_MODELS, or MedNCA/Models beside Slicer's user settings."""
    if os.environ.get("MEDNCA_MODELS"):
        return Path(os.environ["MEDNCA_MODELS"])
    settings = Path(os.environ["APPDATA"]) if sys.platform == "win32" else Path.home() / ".config"
    return settings / "slicer.org" / "MedNCA" / "Models"


class Library:
    """All models of the given folders; bundled ones first.

    check_tensors: also check the weights' tensors when listing and importing, which needs torch. Slicer's own
    process leaves it out; there the worker checks them before it runs a model.
    """

    def __init__(self, bundled: Path | None = None, user: Path | None = None, check_tensors: bool = True):
        self.check_tensors = check_tensors
        self.bundled = bundled or bundled_folder()
        self.user = user or user_folder()

    def entries(self) -> list[Entry]:
        """Every model folder, checked; one whose id is taken is reported, not shown twice."""
        _restore_replaced(self.user)
        found: dict[str, Entry] = {}
        broken = []
        for root, is_bundled in ((self.bundled, True), (self.user, False)):
            for folder in sorted(root.iterdir()) if root.is_dir() else ():
                if not folder.is_dir() or folder.name.startswith("."):
                    continue
                entry = self.check_folder(folder, is_bundled)
                if entry.description and entry.id in found:
                    taken = f"Its id {entry.id!r} is that of the model in {found[entry.id].folder}; rename one."
                    entry = Entry(folder.name, folder, is_bundled, None, taken)
                if entry.description:
                    found[entry.id] = entry
                else:
                    broken.append(entry)
        return [*found.values(), *broken]

    def load(self, id_or_folder: str):
        """A `model.Model` by its id, or by its folder. Raises MedNCAError with the reason where there is none."""
        from .model import load_model

        return load_model(self.find(id_or_folder))

    def find(self, id_or_folder: str) -> Path:
        """The folder of a model by its id, or the folder itself. Raises MedNCAError where there is none."""
        for root in (self.bundled, self.user):
            folder = root / str(id_or_folder)
            if _is_plain_name(str(id_or_folder)) and folder.is_dir():
                return folder
        if Path(id_or_folder).is_dir():
            return Path(id_or_folder)
        entries = self.entries()
        for entry in entries:
            if entry.description and entry.id == id_or_folder:
                return entry.folder
        known = ", ".join(entry.id for entry in entries if entry.description) or "none"
        raise MedNCAError(f"There is no model {id_or_folder!r}: neither a folder nor one of the library's ({known}).")

    def export_model(self, id_or_folder: str, path, replace: bool = False) -> Path:
        """Write a model as a zip file; it is checked first. replace: whether a file that is there gives way."""
        folder = self.find(id_or_folder)
        description = self._check(folder)
        path = Path(path)
        if (path.exists() and not (replace and path.is_file())) or not path.resolve().parent.is_dir():
            raise MedNCAError(f"{path} cannot be written: give a new file in a folder that exists.")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, limit in _LIMITS.items():
                if (folder / name).is_file():
                    archive.writestr(f"{description.id}/{name}", read_bytes(folder / name, limit))
        write_bytes(path, content.getvalue())
        return path

    def import_model(self, path, replace: bool = False) -> Entry:
        """Add a model from a zip file to the user's folder.

        Only the three files of a model are read, each up to its size limit; paths, links and anything else in the
        archive are refused; the model is loaded as a check before it appears under its name.
        """
        path = Path(path)
        if not path.is_file():
            raise MedNCAError(f"{path} does not exist; check the path.")
        self.user.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.user, prefix=".import-") as folder:
            folder = Path(folder)
            _unpack(path, folder)
            return self.add_model(folder, replace)

    def add_model(self, folder, replace: bool = False) -> Entry:
        """Add a model's folder, as training writes it, to the user's. Raises MedNCAError where it is broken, or where
        there is a model of its id that may not be replaced."""
        folder = Path(folder)
        id = self._check(folder).id
        self.user.mkdir(parents=True, exist_ok=True)
        target = self.user / id
        for entry in self.entries():
            if entry.id == id and entry.bundled:
                raise MedNCAError(f"{id!r} is the id of a bundled model, which is read-only; rename the model.")
            if entry.description and entry.id == id and entry.folder != target:
                raise MedNCAError(f"{entry.folder} already holds a model {id!r}; remove it first.")
        if target.exists() and not replace:
            raise MedNCAError(f"There already is a model {id!r}; remove it first, or ask to replace it.")
        replace_folder(folder, target)
        return self.check_folder(target, False)

    def remove_model(self, id: str) -> None:
        """Delete one of the user's models; bundled ones are read-only."""
        for entry in self.entries():
            if id in (entry.id, entry.folder.name) and not entry.bundled:
                shutil.rmtree(entry.folder)
                return
        raise MedNCAError(f"There is no model {id!r} among your own; bundled models cannot be removed.")

    def check_folder(self, folder: Path, bundled: bool) -> Entry:
        """The entry of one model folder."""
        try:
            description = self._check(folder)
            return Entry(description.id, folder, bundled, description, None)
        except MedNCAError as error:
            return Entry(folder.name, folder, bundled, None, str(error))
        except Exception as error:  # a model nobody foresaw must not hide the others
            problem = f"{folder} cannot be read: {type(error).__name__}: {error}."
            return Entry(folder.name, folder, bundled, None, problem)

    def _check(self, folder: Path) -> Description:
        if not self.check_tensors:
            return read_description(folder)
        from .model import load_model

        return load_model(folder)


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for name, info in _members(archive, path).items():
                with archive.open(info) as source:
                    data = source.read(_LIMITS[name] + 1)  # the declared size may lie
                if len(data) > _LIMITS[name]:
                    raise MedNCAError(f"{path}: {name} is larger than {_LIMITS[name]} bytes.")
                (folder / name).write_bytes(data)
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise MedNCAError(f"{path} is not a whole, plain zip file ({error}).") from error


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The model's files in an archive: in one folder or none. Anything else is refused."""
    found: dict[str, zipfile.ZipInfo] = {}
    tops = set()
    if len(archive.infolist()) > 8:
        raise MedNCAError(f"{path} holds {len(archive.infolist())} entries; a model has {len(_LIMITS)} files.")
    for info in archive.infolist():
        if info.filename.endswith("/"):
            continue
        parts = info.filename.replace("\\", "/").split("/")
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode) or len(parts) > 2 or not all(_is_plain_name(p) for p in parts):
            raise MedNCAError(f"{path} holds {info.filename!r}, which is no file of a model; not imported.")
        if parts[-1] not in _LIMITS or parts[-1] in found:
            raise MedNCAError(f"{path} holds {info.filename!r}; a model has only {', '.join(_LIMITS)}.")
        if info.file_size > _LIMITS[parts[-1]]:
            raise MedNCAError(f"{path}: {parts[-1]} would unpack to {info.file_size} bytes, which is too large.")
        tops.add(tuple(parts[:-1]))
        found[parts[-1]] = info
    if len(tops) > 1 or JSON_NAME not in found or WEIGHTS_NAME not in found:
        raise MedNCAError(f"{path} is no exported model: {JSON_NAME} and {WEIGHTS_NAME} must lie together in it.")
    return found


def _is_plain_name(name: str) -> bool:
    """Whether a file or folder may be called so on every system."""
    return name.isprintable() and not name.endswith((".", " ")) and re.match(_NO_NAME, name, re.IGNORECASE) is None


def replace_folder(folder: Path, target: Path) -> None:
    """Put a copy of a model's folder in place; an old model goes only once the new one stands ready."""
    staged = target.with_name(f".new-{target.name}")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(folder, staged)
    old = target.with_name(f".old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(staged, target)
    shutil.rmtree(old, ignore_errors=True)


def _restore_replaced(root: Path) -> None:
    """Bring back a model whose replacement was killed between the two moves of `replace_folder`."""
    for old in root.glob(".old-*") if root.is_dir() else ():
        target = root / old.name.removeprefix(".old-")
        if not target.exists():
            os.replace(old, target)

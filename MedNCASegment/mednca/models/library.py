"""The models at hand: the bundled ones, read-only, and the user's own beside Slicer's settings.

A broken model is listed with the reason why it is broken; it never hides the others. Nothing here needs torch, but
for `Library.load` and for the check of the weights' tensors, which a caller without torch leaves out.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MedNCAError, Sentence
from ..files import held, remove_folder, staged, sweep, write_bytes
from ..schema import RESERVED
from .description import (
    CARD_NAME,
    JSON_NAME,
    MAX_JSON_BYTES,
    MAX_WEIGHTS_BYTES,
    WEIGHTS_NAME,
    Description,
    parse_model_json,
    read_bytes,
    read_description,
)

if TYPE_CHECKING:
    from .weights import Model  # needs torch

_NO_NAME = rf"(|.*[/\\:].*|({RESERVED})(\..*)?)\Z"
_LIMITS = {JSON_NAME: MAX_JSON_BYTES, WEIGHTS_NAME: MAX_WEIGHTS_BYTES, CARD_NAME: MAX_JSON_BYTES}


@dataclass(frozen=True)
class Entry:
    """One model folder of a library.

    Attributes:
        id: of the model; of a broken one, its folder's name.
        folder: where it lies.
        bundled: whether it came with the program and is read-only.
        description: what it says about itself; None where it is broken.
        problem: why it is broken; None where it is not.
    """

    id: str
    folder: Path
    bundled: bool
    description: Description | None
    problem: Sentence | None

    def summary(self) -> dict:
        """What a list shows, as plain data."""
        problem = str(self.problem) if self.problem else None
        shown = {"id": self.id, "folder": str(self.folder), "bundled": self.bundled, "problem": problem}
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
    """Resources/Models of the checkout or of the installed extension; of a wheel MedNCAModels beside the package."""
    here = Path(__file__).resolve().parents[1]
    for place in (here.parents[1] / "Resources" / "Models", here.parent / "Resources" / "Models"):
        if place.is_dir():
            return place
    return here.parent / "MedNCAModels"


def user_folder() -> Path:
    """The user's models: $MEDNCA_MODELS, or MedNCA/Models beside Slicer's user settings."""
    if os.environ.get("MEDNCA_MODELS"):
        return Path(os.environ["MEDNCA_MODELS"])
    if sys.platform == "win32":
        settings = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return settings / "slicer.org" / "MedNCA" / "Models"


class Library:
    """All models of two folders; bundled ones first.

    Args:
        bundled: folder of the models that came with the program; None for `bundled_folder`.
        user: of the user's own; None for `user_folder`.
        check_tensors: also check the weights' tensors when listing and importing, which needs torch. Slicer's own
            process leaves it out; there the worker checks them before it runs a model.
    """

    def __init__(self, bundled: Path | None = None, user: Path | None = None, check_tensors: bool = True):
        self.check_tensors = check_tensors
        self.bundled = bundled or bundled_folder()
        self.user = user or user_folder()

    def entries(self) -> list[Entry]:
        """Every model folder, checked; one whose id is taken is reported, not shown twice."""
        sweep(self.user)
        found: dict[str, Entry] = {}
        broken = []
        for root, is_bundled in ((self.bundled, True), (self.user, False)):
            try:
                folders = _folders(root)
            except OSError as error:
                problem = Sentence(
                    "{path} cannot be read ({cause}); check who may read it.", path=root, cause=error.strerror
                )
                broken.append(Entry(root.name, root, is_bundled, None, problem))
                continue
            for folder in folders:
                entry = self.check_folder(folder, is_bundled)
                if entry.description and entry.id in found:
                    taken = Sentence(
                        "Its id {id} is that of the model in {folder}; rename one.",
                        id=repr(entry.id),
                        folder=found[entry.id].folder,
                    )
                    entry = Entry(folder.name, folder, is_bundled, None, taken)
                if entry.description:
                    found[entry.id] = entry
                else:
                    broken.append(entry)
        return [*found.values(), *broken]

    def load(self, id_or_folder: str | Path) -> Model:
        """Read a model with its weights; needs torch.

        Args:
            id_or_folder: of the model.

        Returns:
            The model, on the processor.

        Raises:
            MedNCAError: with the reason, where there is none or it is broken.
        """
        from .weights import load_model

        return load_model(self.find(id_or_folder))

    def find(self, id_or_folder: str | Path) -> Path:
        """Find a model's folder; it is not checked.

        Args:
            id_or_folder: of the model.

        Returns:
            The folder.

        Raises:
            MedNCAError: where there is none.
        """
        for root in (self.bundled, self.user):
            folder = root / str(id_or_folder)
            if _is_plain_name(str(id_or_folder)) and os.path.isdir(folder):
                return folder
        if os.path.isdir(id_or_folder):
            return Path(id_or_folder)
        entries = self.entries()
        for entry in entries:
            if entry.description and entry.id == id_or_folder:
                return entry.folder
        known = ", ".join(entry.id for entry in entries if entry.description) or "none"
        raise MedNCAError(
            "There is no model {model}: neither a folder nor one of the library's ({known}).",
            model=repr(id_or_folder),
            known=known,
        )

    def export_model(self, id_or_folder: str | Path, path: str | Path, replace: bool = False) -> Path:
        """Write a model as a zip file; it is checked first.

        Args:
            id_or_folder: of the model.
            path: of the zip file, in a folder that exists.
            replace: whether a file that is there may go.

        Returns:
            The path.

        Raises:
            MedNCAError: where the model is broken, or the file cannot be written.
        """
        folder = self.find(id_or_folder)
        path = Path(path)
        if os.path.lexists(path) and not replace:
            raise MedNCAError("{path} is there already; give the file another name.", path=path)
        if not os.path.isdir(path.parent):
            raise MedNCAError("{path} cannot be written: give a file in a folder that exists.", path=path)
        with held(path):
            description = self._check(folder)
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in _files_of(folder).items():
                    archive.writestr(f"{description.id}/{name}", data)
            write_bytes(path, content.getvalue(), replace)
        return path

    def import_model(self, path: str | Path, replace: bool = False) -> Entry:
        """Add a model from a zip file to the user's folder.

        Only the three files of a model are read, each up to its size limit; paths, links and anything else in the
        archive are refused; the model is checked, its tensors with `check_tensors`, before it appears under its name.

        Args:
            path: of the zip file.
            replace: whether a model of the same id may go.

        Returns:
            The model's entry.

        Raises:
            MedNCAError: where the archive is no model, is broken, or its id is taken.
        """
        content = _unpack(Path(path))
        id = parse_model_json(content[JSON_NAME], f"{path}/{JSON_NAME}")["id"]
        return self._add(id, content, replace, Path(path))

    def add_model(self, folder: str | Path, replace: bool = False) -> Entry:
        """Add a copy of a model's folder, as training writes it, to the user's.

        Args:
            folder: of the model.
            replace: whether a model of the same id may go.

        Returns:
            The entry of the copy.

        Raises:
            MedNCAError: where the model is broken, or its id is taken.
        """
        folder = Path(folder)
        return self._add(self._check(folder).id, _files_of(folder), replace, folder)

    def _add(self, id: str, content: dict[str, bytes], replace: bool, source: Path) -> Entry:
        """content: a model's files by name. It is checked where it is staged, and told of as `source`."""
        if not _is_plain_name(id):
            raise MedNCAError("{source}: {id} is no id of a model.", source=source, id=repr(id))
        target = self.user / id
        with held(target):
            self._check_place(id, target, replace)
            with staged(target, replace) as folder:
                for name, data in content.items():
                    write_bytes(folder / name, data)
                try:
                    self._check(folder)
                except MedNCAError as error:
                    told = error.sentence.mapped(value=lambda text: text.replace(str(folder), str(source)))
                    raise MedNCAError.of(told) from error
            return self.check_folder(target, False)

    def _check_place(self, id: str, target: Path, replace: bool) -> None:
        """Raises MedNCAError where a model of this id may not come to `target`."""
        for entry in self.entries():
            if entry.id == id and entry.bundled:
                raise MedNCAError(
                    "{id} is the id of a model that comes with MedNCA: it is there already, and read-only.", id=repr(id)
                )
            if entry.description and entry.id == id and entry.folder != target:
                raise MedNCAError(
                    "{folder} already holds a model {id}; remove it first.", folder=entry.folder, id=repr(id)
                )
        if os.path.lexists(target) and not replace:
            raise MedNCAError("There already is a model {id}; remove it first, or replace it (--replace).", id=repr(id))

    def remove_model(self, id: str) -> None:
        """Delete one of the user's models, by its id or its folder's name.

        Raises:
            MedNCAError: where the user has none; bundled ones are read-only.
        """
        for entry in self.entries():
            if id in (entry.id, entry.folder.name) and entry.folder.parent == self.user:
                remove_folder(entry.folder)
                return
        raise MedNCAError("There is no model {id} among your own; bundled models cannot be removed.", id=repr(id))

    def check_folder(self, folder: Path, bundled: bool) -> Entry:
        """Read one model folder for the list.

        Args:
            folder: of the model.
            bundled: whether it came with the program.

        Returns:
            Its entry, which says why where it is broken.
        """
        try:
            description = self._check(folder)
            return Entry(description.id, folder, bundled, description, None)
        except MedNCAError as error:
            return Entry(folder.name, folder, bundled, None, error.sentence)
        except Exception as error:  # a model nobody foresaw must not hide the others
            cause = f"{type(error).__name__}: {error}"
            problem = Sentence("{folder} cannot be read: {cause}.", folder=folder, cause=cause)
            return Entry(folder.name, folder, bundled, None, problem)

    def _check(self, folder: Path) -> Description:
        if not self.check_tensors:
            return read_description(folder)
        from .weights import load_model

        return load_model(folder)


def _folders(root: Path) -> list[Path]:
    """Those that models may lie in. Raises OSError where that cannot be told."""
    if not os.path.lexists(root):
        return []
    return sorted(Path(entry) for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))


def _files_of(folder: Path) -> dict[str, bytes]:
    """A model folder's files by name, each up to its limit."""
    return {name: read_bytes(folder / name, limit) for name, limit in _LIMITS.items() if (folder / name).is_file()}


def _unpack(path: Path) -> dict[str, bytes]:
    """A model's files by name, from an archive. Raises MedNCAError where it is anything else."""
    content = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, info in _members(archive, path).items():
                with archive.open(info) as source:
                    content[name] = source.read(_LIMITS[name] + 1)  # the declared size may lie
                if len(content[name]) > _LIMITS[name]:
                    raise MedNCAError(
                        "{path}: {name} is larger than {limit} bytes.", path=path, name=name, limit=_LIMITS[name]
                    )
    except FileNotFoundError as error:
        raise MedNCAError("{path} does not exist; check the path.", path=path) from error
    except OSError as error:
        raise MedNCAError(
            "{path} cannot be read ({cause}); check the path.", path=path, cause=error.strerror or error
        ) from error
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise MedNCAError("{path} is not a whole, plain zip file ({cause}).", path=path, cause=error) from error
    return content


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The model's files in an archive: in one folder or none. Anything else is refused."""
    found: dict[str, zipfile.ZipInfo] = {}
    tops = set()
    if len(archive.infolist()) > 8:
        raise MedNCAError(
            "{path} holds {count} entries; a model has {expected} files.",
            path=path,
            count=len(archive.infolist()),
            expected=len(_LIMITS),
        )
    for info in archive.infolist():
        if info.filename.endswith("/"):
            continue
        parts = info.filename.replace("\\", "/").split("/")
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode) or len(parts) > 2 or not all(_is_plain_name(p) for p in parts):
            raise MedNCAError(
                "{path} holds {name}, which is no file of a model; not imported.", path=path, name=repr(info.filename)
            )
        if parts[-1] not in _LIMITS or parts[-1] in found:
            raise MedNCAError(
                "{path} holds {name}; a model has only {known}.",
                path=path,
                name=repr(info.filename),
                known=", ".join(_LIMITS),
            )
        if info.file_size > _LIMITS[parts[-1]]:
            raise MedNCAError(
                "{path}: {name} would unpack to {size} bytes, which is too large.",
                path=path,
                name=parts[-1],
                size=info.file_size,
            )
        tops.add(tuple(parts[:-1]))
        found[parts[-1]] = info
    if len(tops) > 1 or JSON_NAME not in found or WEIGHTS_NAME not in found:
        raise MedNCAError(
            "{path} is no exported model: {json} and {weights} must lie together in it.",
            path=path,
            json=JSON_NAME,
            weights=WEIGHTS_NAME,
        )
    return found


def _is_plain_name(name: str) -> bool:
    """Whether a file or folder may be called so on every system."""
    return name.isprintable() and not name.endswith((".", " ")) and re.match(_NO_NAME, name, re.IGNORECASE) is None

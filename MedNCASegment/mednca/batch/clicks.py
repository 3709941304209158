"""Clicks for many volumes, from a file: columns image, r, a, s; a row a click, RAS mm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path, PurePath
from unicodedata import normalize

from ..errors import MedNCAError
from ..imaging.reading import case_name
from .csv_file import read_rows

COLUMNS = ("image", "r", "a", "s")


def read_clicks(
    path: str | Path, names: Mapping[str, str | None], files: Mapping[str, Path] | None = None
) -> dict[str, list[tuple[float, float, float]]]:
    """Read the clicks of some volumes.

    Args:
        path: of a CSV file with the columns image, r, a and s, in any order, others beside them; image is what a volume
            is called, with or without folder and suffix.
        names: of the volumes, by what they may be called; None for one that cannot be segmented, whose clicks are
            passed over.
        files: of the volumes, by name. Where a row names a folder, the file must lie in one that is called so: another
            patient's image may have the same name.

    Returns:
        By name, RAS mm, in the file's order; nothing of volumes without one.

    Raises:
        MedNCAError: where the file cannot be read, a column or a number is missing, or a row is of no volume.
    """
    path, found = Path(path), {name: [] for name in names.values() if name is not None}
    known = {normalize("NFC", name): volume for name, volume in names.items()}  # macOS writes an umlaut as two signs
    header, rows = read_rows(path)
    columns = {name.strip().lower(): name for name in header}
    if lacking := [name for name in COLUMNS if name not in columns]:
        raise MedNCAError(
            "{path} has no column {missing}; it needs {columns}.",
            path=path,
            missing=lacking[0],
            columns=", ".join(COLUMNS),
        )
    for number, row in enumerate(rows, start=2):
        given = (row[columns["image"]] or "").strip()
        meant = [known[name] for name in _names(given) if name in known]
        meant = [name for name in meant if _lies_there(given, (files or {}).get(name or ""))]
        if not meant:
            raise MedNCAError(
                "{path}, line {number}: none of the images is called {name}.",
                path=path,
                number=number,
                name=repr(given),
            )
        point = _point(path, number, [row[columns[axis]] for axis in COLUMNS[1:]])
        name = next((name for name in meant if name is not None), None)
        if name is not None:
            found[name].append(point)
    return {name: clicks for name, clicks in found.items() if clicks}


def _names(given: str) -> list[str]:
    """What a row may mean: its file's name, or that with its folder's before it, as results are called that are named
    `with_folder`."""
    name, folder = case_name(given), PurePath(given.replace("\\", "/")).parent.name
    return [normalize("NFC", each) for each in (name, f"{folder}_{name}" if folder else name)]


def _lies_there(given: str, file: Path | None) -> bool:
    """Whether a file lies in the folders that a row names, as far as it names some."""
    folders = [normalize("NFC", part) for part in PurePath(given.replace("\\", "/")).parts[:-1] if part != "."]
    if file is None or not folders:
        return True
    own = [normalize("NFC", part) for part in file.absolute().parts[:-1]]
    return own[-len(folders) :] == folders


def _point(path: Path, number: int, texts: list[str | None]) -> tuple[float, float, float]:
    try:
        r, a, s = (float((text or "").replace(",", ".")) for text in texts)
    except ValueError as error:
        raise MedNCAError(
            "{path}, line {number}: {texts} are not three numbers in mm.", path=path, number=number, texts=_shown(texts)
        ) from error
    if not all(map(math.isfinite, (r, a, s))):
        raise MedNCAError(
            "{path}, line {number}: {texts} are not three numbers in mm.", path=path, number=number, texts=_shown(texts)
        )
    return r, a, s


def _shown(texts: list[str | None]) -> str:
    return ", ".join(repr(text or "") for text in texts)

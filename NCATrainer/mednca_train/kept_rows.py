"""What was measured so far, in a file that a killed program leaves whole: a line each, by the key of what it is of."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.files import explained, write_bytes
from mednca.schema import TEXT, check_schema, parse_json, record

_LINE = record({"key": TEXT, "rows": {"type": "array", "items": {"type": "object"}}}, ("key", "rows"))


def append_rows(path: Path, key: str, rows: list[dict]) -> None:
    """Add the rows of a measurement, onto the disk. Raises MedNCAError where they cannot be written."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(json.dumps({"key": key, "rows": rows}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_rows(path: Path) -> dict[str, list[dict]]:
    """The rows of a file by their keys.

    A line that is damaged, as of a program that was killed or zeros after a power cut, is cut out of the file: what it
    was of is measured again.

    Raises:
        MedNCAError: where the file cannot be read, or not be mended.
    """
    if not path.is_file():
        return {}
    with explained(path):
        lines = path.read_bytes().splitlines(keepends=True)
    whole = [(line, told) for line in lines if (told := _told(line))]
    if len(whole) < len(lines):
        write_bytes(path, b"".join(line for line, _ in whole))
    return {told["key"]: told["rows"] for _, told in whole}


def _told(line: bytes) -> dict | None:
    """What a line holds; None of one that is damaged."""
    if not line.endswith(b"\n"):  # the next one would be written behind it
        return None
    try:
        told = parse_json(line, "")
        check_schema(told, _LINE, "")
    except MedNCAError:
        return None
    return told

"""What was measured so far, in a file that a killed program leaves whole: a line each, by the key of what it is of."""

from __future__ import annotations

import json
from pathlib import Path

from mednca.files import explained, write_bytes
from mednca.schema import TEXT, check_schema, parse_json, record

_LINE = record({"key": TEXT, "rows": {"type": "array", "items": {"type": "object"}}}, ("key", "rows"))


def append_rows(path: Path, key: str, rows: list[dict]) -> None:
    """Add the rows of a measurement. Raises MedNCAError where they cannot be written."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(json.dumps({"key": key, "rows": rows}) + "\n")


def read_rows(path: Path) -> dict[str, list[dict]]:
    """The rows of a file by their keys. A line that was cut off when the program was killed is cut out of the file.

    Raises:
        MedNCAError: where the file is damaged.
    """
    if not path.is_file():
        return {}
    with explained(path):
        lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    if whole != lines:
        write_bytes(path, b"".join(whole))
    each = [parse_json(line, str(path)) for line in whole]
    for row in each:
        check_schema(row, _LINE, str(path))
    return {row["key"]: row["rows"] for row in each}

"""Whatever is read as JSON: parsed with limits, and checked against a schema before anything is made of it.

The parts that schemas are made of stand here; a model's, a plan's and a request's schema stand beside what they
describe. JSON Schema, checked by jsonschema.

Slicer does not bring jsonschema. Until it is installed a panel can still list models, by what their constructors
check; nothing is computed with a model before the engine, which needs jsonschema, has checked it whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .errors import MedNCAError, Sentence

RESERVED = "con|prn|aux|nul|com[0-9]|lpt[0-9]"  # file names that Windows keeps for devices, with any suffix
_LARGEST = 1e30  # of any number that is not limited otherwise
_MAX_FILE_BYTES = 64_000_000

NUMBER = {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
MOST_CHANNELS = 16  # of an image
SEED = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
# No control characters; a text of several lines may have their ends.
LINE = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z"}
TEXT = {"type": "string", "maxLength": 20_000, "pattern": r"\A[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*\Z"}
ID = {"type": "string", "pattern": rf"\A(?!({RESERVED})(\.|\Z))[a-z0-9]([a-z0-9._-]{{0,62}}[a-z0-9_-])?\Z"}

SENTENCE = {  # of `Sentence.to_json`; a text is of one that cannot be translated
    "$id": "mednca:sentence",
    "type": ["string", "object"],
    "properties": {
        "template": TEXT,
        "values": {"type": "object", "additionalProperties": {"$ref": "mednca:sentence"}},
    },
    "required": ["template", "values"],
    "additionalProperties": False,
}


def numbers(count: int, low: float = -_LARGEST, high: float = _LARGEST, kind: str = "number") -> dict:
    """Make the schema of a list of numbers.

    Args:
        count: how many there are.
        low, high: bounds of each.
        kind: "number" or "integer".

    Returns:
        The schema.
    """
    item = {"type": kind, "minimum": low, "maximum": high}
    return {"type": "array", "items": item, "minItems": count, "maxItems": count}


def optional(schema: dict) -> dict:
    """Make the schema of the same or null. schema: of one type."""
    return schema | {"type": ["null", schema["type"]]}


def record(properties: dict, required: Sequence[str] = (), others: bool = False) -> dict:
    """Make the schema of an object.

    Args:
        properties: schema by name.
        required: names that must be there.
        others: whether there may be other names.

    Returns:
        The schema.
    """
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": others}


def named(schema: dict) -> dict:
    """Make the schema of an object of any names, each with a value of this schema."""
    return {"type": "object", "additionalProperties": schema}


def parse_json(data: bytes | str, what: str | Sentence) -> Any:
    """Parse JSON.

    Args:
        data: the text, or its bytes in UTF-8.
        what: it is, for messages.

    Returns:
        The value.

    Raises:
        MedNCAError: it is no JSON, nests deeper than any of ours, or holds what neither JSON nor text has: NaN,
            infinity, half a surrogate pair.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except (ValueError, RecursionError) as error:
        raise MedNCAError("{what} is not valid JSON: {cause}.", what=what, cause=error) from error


def read_json(path: str | Path, schema: dict | None = None) -> Any:
    """Read a JSON file.

    Args:
        path: the file.
        schema: that its value is checked against, or None.

    Returns:
        The value.

    Raises:
        MedNCAError: it cannot be read, is no JSON, or is not as the schema says.
    """
    path = Path(path)
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
            raise MedNCAError("{path} is no file of JSON; check the path.", path=path)
        data = path.read_bytes()
    except OSError as error:
        raise MedNCAError("{path} cannot be read ({cause}).", path=path, cause=error.strerror) from error
    value = parse_json(data, str(path))
    if schema:
        check_schema(value, schema, str(path))
    return value


def tuples(data: dict) -> dict[str, Any]:
    """The fields of a JSON object as a dataclass has them: tuples for lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def check_schema(value: Any, schema: dict, what: str | Sentence) -> None:
    """Compare a parsed JSON value with a schema. Without jsonschema only the names at the top are looked for.

    Args:
        value: what was parsed.
        schema: JSON Schema.
        what: the value is, for messages.

    Raises:
        MedNCAError: with the first place that is not as the schema says.
    """
    try:
        import jsonschema
        import jsonschema.exceptions
    except ImportError:
        missing = [key for key in schema.get("required", ()) if not isinstance(value, dict) or key not in value]
        if missing:
            raise MedNCAError("{what} is not valid: {name} is missing.", what=what, name=repr(missing[0])) from None
        return
    error = jsonschema.exceptions.best_match(_validator(jsonschema)(schema).iter_errors(value))
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path)
        cause = error.message[:300]
        if place:
            raise MedNCAError("{what} is not valid at {place}: {cause}.", what=what, place=place, cause=cause)
        raise MedNCAError("{what} is not valid: {cause}.", what=what, cause=cause)


def _validator(jsonschema: Any) -> Any:
    """2.0 is a whole number to JSON Schema, but not to what is made of it here."""
    base = jsonschema.Draft202012Validator
    whole = base.TYPE_CHECKER.redefine("integer", lambda _, x: isinstance(x, int) and not isinstance(x, bool))
    return jsonschema.validators.extend(base, type_checker=whole)


def _finite(text: str) -> float:
    """A number of JSON that is not too large to be one here."""
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    """What JSON does not have: NaN, infinity."""
    raise ValueError(f"{text} is not a JSON number")

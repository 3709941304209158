"""Whatever is read as JSON: parsed with limits, and checked against a schema before anything is made of it.

model.json (version 1) has its schema here; a plan and a worker's requests have theirs beside what they describe, made
of the same parts. JSON Schema, checked by jsonschema.

Slicer does not bring jsonschema. Until it is installed a panel can still list models, by what their constructors
check; nothing is computed with a model before the engine, which needs jsonschema, has checked it whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .errors import MedNCAError

RESERVED = "con|prn|aux|nul|com[0-9]|lpt[0-9]"  # file names that Windows keeps for devices, with any suffix
_LARGEST = 1e30  # of any number that is not limited otherwise
_MAX_FILE_BYTES = 64_000_000

NUMBER = {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}
SEED = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
# No control characters; a text of several lines may have their ends.
LINE = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"\A[^\x00-\x1f\x7f-\x9f]*\Z"}
TEXT = {"type": "string", "maxLength": 20_000, "pattern": r"\A[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*\Z"}
ID = {"type": "string", "pattern": rf"\A(?!({RESERVED})(\.|\Z))[a-z0-9]([a-z0-9._-]{{0,62}}[a-z0-9_-])?\Z"}


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


_CODE = {**record({}, ("scheme", "code", "meaning")), "additionalProperties": LINE}
PREPROCESSING = record(
    {
        "orientation": {"const": "RAS"},
        "spacing": optional(numbers(3, 0.05, 20)),
        "percentiles": numbers(2, 0, 100),
        "field_of_view": optional(numbers(3, 1, 2000)),
        "anchor": numbers(3, -2000, 2000),
        "gamma": {"type": "number", "minimum": 0.1, "maximum": 10},
        "keep_largest": {"type": "boolean"},
    },
    ("orientation", "spacing", "percentiles", "field_of_view"),
)
LABELS = {
    "type": "array", "minItems": 1, "maxItems": 255,
    "items": record(
        {
            "value": {"type": "integer", "minimum": 1, "maximum": 255},
            "name": LINE,
            "color": numbers(3, 0, 255, "integer"),
            "terminology": optional(named(_CODE)),
        },
        ("value", "name", "color"),
    ),
}  # fmt: skip
_CURVE = {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 10_000}
_CALIBRATION = record(
    {
        "knots": _CURVE, "nqm": _CURVE, "signal": LINE, "dice": _CURVE, "low": _CURVE, "high": _CURVE,
        "members": {"type": "integer", "minimum": 2, "maximum": 1000},
        "samples": {"type": "integer", "minimum": 0},
        "linear": numbers(2),
        "detection": {"type": "object"},
    },
    ("dice", "low", "high", "members", "samples", "linear", "detection"),
) | {"anyOf": [{"required": ["knots"]}, {"required": ["nqm"]}]}  # fmt: skip
_DOMAIN = record(
    {
        "spacing": numbers(2),
        "extent": {"type": "array", "items": numbers(3), "minItems": 2, "maxItems": 2},
        "volume": numbers(2),
    },
    ("spacing", "extent", "volume"),
)

MODEL_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **record(
        {
            "schema_version": {"type": "integer"},
            "id": ID,
            "name": LINE, "version": LINE, "task": TEXT, "description": TEXT, "authors": TEXT,
            "copyright": TEXT, "data_source": TEXT, "intended_use": TEXT, "license": TEXT, "limits": TEXT,
            "terms": optional(TEXT),
            "references": {"type": "array", "items": TEXT},
            "eval_metrics": record({"dice": named(optional(NUMBER))}, others=True),
            "network_data_format": {"type": "object"},
            "architecture": {
                "type": "object",
                "required": ["family", "channels", "hidden", "levels", "fire_rate", "norm", "input_channels", "labels"],
            },
            "preprocessing": PREPROCESSING,
            "labels": LABELS,
            "ensemble": record(
                {"members": {"type": "integer", "minimum": 1, "maximum": 1000}, "seed": SEED}, ("members", "seed")
            ),
            "quality": record(
                {"calibration": optional(_CALIBRATION), "domain": optional(_DOMAIN)}, others=True
            ),
            "training": {"type": "object"},
            "sha256": {"type": "string", "pattern": r"\A[0-9a-f]{64}\Z"},
        },
        (
            "schema_version", "id", "name", "version", "task", "description", "intended_use", "license",
            "architecture", "preprocessing", "labels", "ensemble", "quality", "sha256",
        ),
        others=True,
    ),
}  # fmt: skip
_NAMES = {"type": "array", "items": LINE}
SPLIT_SCHEMA = record({"training": _NAMES, "validation": _NAMES}, ("training", "validation"))  # split.json of a run


def parse_json(data: bytes | str, what: str) -> Any:
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
        raise MedNCAError(f"{what} is not valid JSON: {error}.") from error


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
            raise MedNCAError(f"{path} is no file of JSON; check the path.")
        data = path.read_bytes()
    except OSError as error:
        raise MedNCAError(f"{path} cannot be read ({error.strerror}).") from error
    value = parse_json(data, str(path))
    if schema:
        check_schema(value, schema, str(path))
    return value


def tuples(data: dict) -> dict[str, Any]:
    """The fields of a JSON object as a dataclass has them: tuples for lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def check_schema(value: Any, schema: dict, what: str) -> None:
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
            raise MedNCAError(f"{what} is not valid: {missing[0]!r} is missing.") from None
        return
    error = jsonschema.exceptions.best_match(_validator(jsonschema)(schema).iter_errors(value))
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path)
        raise MedNCAError(f"{what} is not valid{' at ' + place if place else ''}: {error.message[:300]}.")


def check_labels(labels: list[dict], what: str) -> None:
    """Check what the schema of labels cannot say.

    Args:
        labels: as `LABELS` has them.
        what: holds them, for messages.

    Raises:
        MedNCAError: two have the same value or name, or one is called "union".
    """
    values = [label["value"] for label in labels]
    if len(set(values)) != len(values):
        raise MedNCAError(f"{what}: two labels have the same value.")
    names = [label["name"] for label in labels]
    if len({*names, "union"}) != len(names) + 1:
        raise MedNCAError(f"{what}: label names must differ from each other and from 'union'.")


def check_percentiles(preprocessing: dict, what: str) -> None:
    """Check what the schema of a preprocessing cannot say.

    Args:
        preprocessing: as `PREPROCESSING` has it.
        what: holds it, for messages.

    Raises:
        MedNCAError: its percentiles do not ascend.
    """
    low, high = preprocessing.get("percentiles", (0, 100))
    if not low < high:
        raise MedNCAError(f"{what}: the percentiles are not ascending.")


def check_model_json(info: Any, path: str, version: int) -> None:
    """Check a parsed model.json.

    Args:
        info: what was parsed.
        path: of the file, for messages.
        version: of the schema that is read.

    Raises:
        MedNCAError: with the first place that is wrong.
    """
    if not isinstance(info, dict) or "schema_version" not in info:
        raise MedNCAError(f"{path} does not describe a MedNCA model: it has no schema_version.")
    if info["schema_version"] != version:
        raise MedNCAError(
            f"{path} has schema version {info['schema_version']!r}; this MedNCA reads version {version}. "
            "Update MedNCA, or get a model made for it."
        )
    check_schema(info, MODEL_SCHEMA, path)
    check_labels(info["labels"], path)
    check_percentiles(info["preprocessing"], path)


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

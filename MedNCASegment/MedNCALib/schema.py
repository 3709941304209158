"""The schema of model.json, version 1, and its check. JSON Schema, checked by jsonschema.

Slicer does not bring jsonschema. Until it is installed a panel can still list models, by what their constructors
check; nothing is computed with a model before the engine, which needs jsonschema, has checked it whole.
"""

from __future__ import annotations

from .errors import MedNCAError

_NUMBER = {"type": "number"}
_TEXT = {"type": "string", "maxLength": 20_000}
_AXES = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
_CODE = {
    "type": "object",
    "required": ["scheme", "code", "meaning"],
    "additionalProperties": {"type": "string", "maxLength": 200},
}

MODEL_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": [
        "schema_version", "id", "name", "version", "task", "description", "intended_use", "license",
        "architecture", "preprocessing", "labels", "ensemble", "quality", "sha256",
    ],
    "properties": {
        "schema_version": {"type": "integer"},
        "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"},
        "name": _TEXT, "version": _TEXT, "task": _TEXT, "description": _TEXT, "authors": _TEXT,
        "copyright": _TEXT, "data_source": _TEXT, "intended_use": _TEXT, "license": _TEXT,
        "terms": {"type": ["string", "null"], "maxLength": 20_000},
        "references": {"type": "array", "items": _TEXT},
        "eval_metrics": {"type": "object", "properties": {"dice": {"type": "object"}}},
        "network_data_format": {"type": "object"},
        "architecture": {
            "type": "object",
            "required": ["family", "channels", "hidden", "levels", "fire_rate", "norm", "input_channels", "labels"],
        },
        "preprocessing": {
            "type": "object",
            "required": ["orientation", "spacing", "percentiles", "field_of_view"],
            "additionalProperties": False,
            "properties": {
                "orientation": {"const": "RAS"},
                "spacing": {"anyOf": [
                    {"type": "null"},
                    {**_AXES, "items": {"type": "number", "minimum": 0.05, "maximum": 20}},
                ]},
                "percentiles": {
                    "type": "array", "minItems": 2, "maxItems": 2,
                    "items": {"type": "number", "minimum": 0, "maximum": 100},
                },
                "field_of_view": {"anyOf": [
                    {"type": "null"},
                    {**_AXES, "items": {"type": "number", "minimum": 1, "maximum": 2000}},
                ]},
                "anchor": _AXES,
                "gamma": {"type": "number", "minimum": 0.1, "maximum": 10},
                "keep_largest": {"type": "boolean"},
            },
        },
        "labels": {
            "type": "array", "minItems": 1, "maxItems": 255,
            "items": {
                "type": "object",
                "required": ["value", "name", "color"],
                "properties": {
                    "value": {"type": "integer", "minimum": 1, "maximum": 255},
                    "name": {"type": "string", "minLength": 1, "maxLength": 200},
                    "color": {
                        "type": "array", "minItems": 3, "maxItems": 3,
                        "items": {"type": "integer", "minimum": 0, "maximum": 255},
                    },
                    "terminology": {"type": ["object", "null"], "additionalProperties": _CODE},
                },
            },
        },
        "ensemble": {
            "type": "object",
            "required": ["members", "seed"],
            "properties": {
                "members": {"type": "integer", "minimum": 1, "maximum": 1000},
                "seed": {"type": "integer"},
            },
        },
        "quality": {
            "type": "object",
            "properties": {"calibration": {"type": ["object", "null"]}, "domain": {"type": ["object", "null"]}},
        },
        "training": {"type": "object"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}  # fmt: skip


def check_model_json(info, path: str, version: int) -> None:
    """Raises MedNCAError with the first place that is wrong."""
    if not isinstance(info, dict) or "schema_version" not in info:
        raise MedNCAError(f"{path} does not describe a MedNCA model: it has no schema_version.")
    if info["schema_version"] != version:
        raise MedNCAError(
            f"{path} has schema version {info['schema_version']!r}; this MedNCA reads version {version}. "
            "Update MedNCA, or get a model made for it."
        )
    _check_schema(info, path)
    values = [label["value"] for label in info["labels"]]
    if len(set(values)) != len(values):
        raise MedNCAError(f"{path}: two labels have the same value.")
    names = [label["name"] for label in info["labels"]]
    if len({*names, "union"}) != len(names) + 1:
        raise MedNCAError(f"{path}: label names must differ from each other and from 'union'.")
    low, high = info["preprocessing"]["percentiles"]
    if not low < high:
        raise MedNCAError(f"{path}: the percentiles are not ascending.")


def _check_schema(info, path: str) -> None:
    try:
        import jsonschema
    except ImportError:
        missing = [key for key in MODEL_SCHEMA["required"] if key not in info]
        if missing:
            raise MedNCAError(f"{path} is not a valid model description: {missing[0]!r} is missing.") from None
        return
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(MODEL_SCHEMA).iter_errors(info))
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "the top level"
        raise MedNCAError(f"{path} is not a valid model description at {place}: {error.message[:300]}.")

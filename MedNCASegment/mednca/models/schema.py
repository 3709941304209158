"""The schema of model.json, version 1, and of what training writes in the same words: labels, preprocessing, split."""

from __future__ import annotations

from typing import Any

from ..errors import MedNCAError, Sentence
from ..quality.calibration import CONTEXTS
from ..schema import ID, LINE, MOST_CHANNELS, NUMBER, SEED, TEXT, check_schema, named, numbers, optional, record

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
        "channels": {"type": "array", "items": LINE, "minItems": 1, "maxItems": MOST_CHANNELS, "uniqueItems": True},
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
_ENDS = {"dice": _CURVE, "low": _CURVE, "high": _CURVE, "samples": {"type": "integer", "minimum": 0}}
_IN_CONTEXT = record({"signal": LINE, "knots": _CURVE, **_ENDS}, ("signal", "knots", *_ENDS))
_CALIBRATION = record(
    {
        "curves": record(dict.fromkeys(CONTEXTS, _IN_CONTEXT)),
        "knots": _CURVE, "nqm": _CURVE, **_ENDS,  # the one curve of version 0.1
        "members": {"type": "integer", "minimum": 2, "maximum": 1000},
        "linear": numbers(2),
        "detection": {"type": "object"},
        "coverage": {"type": "number", "minimum": 0, "maximum": 1},
    },
    ("members", "linear", "detection"),
) | {"anyOf": [{"required": names} for names in (["curves"], ["knots", *_ENDS], ["nqm", *_ENDS])]}  # fmt: skip
_DOMAIN = record(
    {
        "spacing": numbers(2),
        "extent": {"type": "array", "items": numbers(3), "minItems": 2, "maxItems": 2},
        "volume": numbers(2),
    },
    ("spacing", "extent", "volume"),
)
_SEED = record({"position": numbers(3, 0, 1), "side": {"enum": ["left", "right", None]}}, ("position",))
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
            "seeds": {"type": "array", "items": _SEED, "maxItems": 16},
            "ensemble": record(
                {"members": {"type": "integer", "minimum": 1, "maximum": 1000}, "seed": SEED}, ("members", "seed")
            ),
            "quality": record(
                {"calibration": optional(_CALIBRATION), "domain": optional(_DOMAIN), "scans": TEXT}, others=True
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


def check_labels(labels: list[dict], what: str | Sentence) -> None:
    """Check what the schema of labels cannot say.

    Args:
        labels: as `LABELS` has them.
        what: holds them, for messages.

    Raises:
        MedNCAError: two have the same value or name, or one is called "union".
    """
    values = [label["value"] for label in labels]
    if len(set(values)) != len(values):
        raise MedNCAError("{what}: two labels have the same value.", what=what)
    names = [label["name"] for label in labels]
    if len({*names, "union"}) != len(names) + 1:
        raise MedNCAError("{what}: label names must differ from each other and from 'union'.", what=what)


def check_preprocessing(preprocessing: dict, architecture: dict, what: str | Sentence) -> None:
    """Check what the schema of a preprocessing cannot say.

    Args:
        preprocessing: as `PREPROCESSING` has it.
        architecture: of the same model.
        what: holds them, for messages.

    Raises:
        MedNCAError: its percentiles do not ascend, or it has other channels than the architecture.
    """
    low, high = preprocessing.get("percentiles", (0, 100))
    if not low < high:
        raise MedNCAError("{what}: the percentiles are not ascending.", what=what)
    names, count = preprocessing.get("channels", ["image"]), architecture.get("input_channels", 1)
    if len(names) != count:
        raise MedNCAError(
            "{what}: {names} channel(s) have names, and the architecture has {count}.",
            what=what,
            names=len(names),
            count=count,
        )


def check_model_json(info: Any, path: str | Sentence, version: int) -> None:
    """Check a parsed model.json.

    Args:
        info: what was parsed.
        path: of the file, for messages.
        version: of the schema that is read.

    Raises:
        MedNCAError: with the first place that is wrong.
    """
    if not isinstance(info, dict) or "schema_version" not in info:
        raise MedNCAError("{path} does not describe a MedNCA model: it has no schema_version.", path=path)
    if info["schema_version"] != version:
        raise MedNCAError(
            "{path} has schema version {found}; this MedNCA reads version {version}. Update MedNCA, or get a model "
            "made for it.",
            path=path,
            found=repr(info["schema_version"]),
            version=version,
        )
    check_schema(info, MODEL_SCHEMA, path)
    check_labels(info["labels"], path)
    check_preprocessing(info["preprocessing"], info["architecture"], path)

"""A model on disk: a folder of plain data, checked before use.

    model.json           what it is: architecture, preprocessing, labels, ensemble, quality, training; schema-checked
    weights.safetensors  the tensors, nothing else
    MODEL_CARD.md        the same for people

There is no code in a model and no pickle. Names, sizes, shapes, finiteness and the checksum are checked before a
tensor is handed to torch. Field names follow the MONAI bundle's metadata where it has them.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from .architecture import Architecture
from .errors import MedNCAError
from .pyramid import Pyramid
from .quality import Calibration, Domain
from .schema import check_model_json

SCHEMA_VERSION = 1
JSON_NAME, WEIGHTS_NAME, CARD_NAME = "model.json", "weights.safetensors", "MODEL_CARD.md"
MAX_JSON_BYTES = 4_000_000
MAX_WEIGHTS_BYTES = 64_000_000


@dataclass(frozen=True)
class Label:
    """One structure. value: in label maps; color: r, g, b 0..255; terminology: coded entries as DICOM SEG needs."""

    value: int
    name: str
    color: tuple[int, int, int]
    terminology: dict | None = None

    @classmethod
    def from_json(cls, data: dict) -> Label:
        return cls(data["value"], data["name"], tuple(data["color"]), data.get("terminology"))


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the model's input.

    spacing: mm per axis (R, A, S), None for the image's own. percentiles: where intensities are clipped before
    the z-score. field_of_view: mm (R, A, S) taken around a click. anchor: where the middle of the structure's
    bounding box lies in a field of view that is centered as the training cases were, mm from its center.
    keep_largest: only the largest connected piece of the union is kept within a field of view.
    """

    spacing: tuple[float, float, float] | None
    percentiles: tuple[float, float] = (0.5, 99.5)
    field_of_view: tuple[float, float, float] | None = None
    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keep_largest: bool = False
    orientation: str = "RAS"

    @classmethod
    def from_json(cls, data: dict) -> Preprocessing:
        data = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return cls(**data)


@dataclass
class Model:
    """A model in memory. `info` holds the rest of model.json: texts, quality, training record, metrics."""

    id: str
    architecture: Architecture
    preprocessing: Preprocessing
    labels: tuple[Label, ...]
    pyramid: Pyramid
    members: int = 10
    seed: int = 0
    info: dict = field(default_factory=dict)
    sha256: str = ""

    @property
    def name(self) -> str:
        return self.info.get("name", self.id)

    @property
    def calibration(self) -> dict | None:
        return self.info.get("quality", {}).get("calibration")


def read_model_json(folder) -> dict:
    """The checked model.json of a folder; raises MedNCAError with the reason where it is broken."""
    path = Path(folder) / JSON_NAME
    data = read_bytes(path, MAX_JSON_BYTES)
    try:
        info = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MedNCAError(f"{path} is not valid JSON: {error}.") from error
    check_model_json(info, str(path), SCHEMA_VERSION)
    if len(info["labels"]) != info["architecture"].get("labels", 1):
        raise MedNCAError(f"{path}: the architecture's number of labels is not the length of the label list.")
    Architecture.from_json(info["architecture"])
    try:
        quality = info["quality"]
        if quality.get("calibration"):
            Calibration.from_json(quality["calibration"])
        if quality.get("domain"):
            Domain.from_json(quality["domain"])
    except (TypeError, KeyError, ValueError) as error:
        raise MedNCAError(f"{path}: the quality record cannot be understood: {error}.") from error
    return info


def load_model(folder) -> Model:
    """Read a model folder into memory, on the CPU, ready for inference. Raises MedNCAError where it is broken."""
    folder = Path(folder)
    info = read_model_json(folder)
    architecture = Architecture.from_json(info["architecture"])
    weights = read_bytes(folder / WEIGHTS_NAME, MAX_WEIGHTS_BYTES)
    sha256 = hashlib.sha256(weights).hexdigest()
    if sha256 != info["sha256"]:
        raise MedNCAError(
            f"{folder / WEIGHTS_NAME} is not the file that {JSON_NAME} was written for (SHA-256 differs): it was "
            "changed or damaged. Copy the model again."
        )
    pyramid = Pyramid(architecture)
    pyramid.load_state_dict(_checked_tensors(weights, pyramid, folder / WEIGHTS_NAME))
    pyramid.eval().requires_grad_(False)
    keys = ("id", "architecture", "preprocessing", "labels", "ensemble", "sha256")
    return Model(
        id=info["id"],
        architecture=architecture,
        preprocessing=Preprocessing.from_json(info["preprocessing"]),
        labels=tuple(Label.from_json(label) for label in info["labels"]),
        pyramid=pyramid,
        members=info["ensemble"]["members"],
        seed=info["ensemble"]["seed"],
        info={key: value for key, value in info.items() if key not in keys},
        sha256=sha256,
    )


def save_model(model: Model, folder, card: str) -> None:
    """Write a model folder; each file is renamed into place, the description last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = save(_tensors(model.pyramid))
    model.sha256 = hashlib.sha256(weights).hexdigest()
    info = model_json(model)
    check_model_json(info, str(folder / JSON_NAME), SCHEMA_VERSION)
    write_bytes(folder / WEIGHTS_NAME, weights)
    write_bytes(folder / CARD_NAME, card.encode("utf-8"))
    write_bytes(folder / JSON_NAME, (json.dumps(info, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def model_json(model: Model) -> dict:
    """The content of model.json. As JSON has it: lists, no tuples."""
    preprocessing = asdict(model.preprocessing)
    info = {
        "schema_version": SCHEMA_VERSION,
        "id": model.id,
        **model.info,
        "architecture": model.architecture.to_json(),
        "preprocessing": preprocessing,
        "labels": [asdict(label) for label in model.labels],
        "ensemble": {"members": model.members, "seed": model.seed},
        "sha256": model.sha256,
    }
    return json.loads(json.dumps(info, allow_nan=False))


def read_bytes(path: Path, limit: int) -> bytes:
    """A file's content where it is a regular file of at most `limit` bytes; otherwise MedNCAError."""
    if not path.is_file():
        raise MedNCAError(f"{path} is missing; a model needs {JSON_NAME} and {WEIGHTS_NAME}.")
    size = path.stat().st_size
    if size == 0 or size > limit:
        raise MedNCAError(f"{path} has {size} bytes; between 1 and {limit} are allowed.")
    return path.read_bytes()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _tensors(pyramid: Pyramid) -> dict[str, torch.Tensor]:
    """What is saved: float32 only; batch norm's step counter is of no use once frozen."""
    state = pyramid.state_dict()
    return {name: value.detach().contiguous() for name, value in state.items() if value.is_floating_point()}


def _checked_tensors(data: bytes, pyramid: Pyramid, path) -> dict[str, torch.Tensor]:
    expected = pyramid.state_dict()
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise MedNCAError(f"{path} is not a whole safetensors file ({error}); copy the model again.") from error
    wanted = {name for name, value in expected.items() if value.is_floating_point()}
    if set(tensors) != wanted:
        odd = sorted(set(tensors) ^ wanted)
        raise MedNCAError(f"{path} does not hold the tensors of this architecture; {odd[0]} for one.")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape or tensor.dtype != torch.float32:
            raise MedNCAError(
                f"{path}: {name} is {tensor.dtype} of shape {tuple(tensor.shape)}, "
                f"the architecture needs float32 of {tuple(expected[name].shape)}."
            )
        if not torch.isfinite(tensor).all():
            raise MedNCAError(f"{path}: {name} holds NaN or infinite values.")
        if name.endswith("running_var") and (tensor < 0).any():
            raise MedNCAError(f"{path}: {name} holds negative variances.")
    return {**expected, **tensors}


def _no_constant(text):
    raise ValueError(f"{text} is not a JSON number")

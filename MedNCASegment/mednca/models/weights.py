"""A model on disk, with its weights: checked before any of them is used.

There is no code in a model and no pickle. Names, shapes, types, finiteness and the checksum are checked before use;
what the folder says about itself is `description`'s.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ..errors import MedNCAError
from ..files import explained, write_bytes, write_json
from ..nca.cells import current_names
from ..nca.pyramid import Pyramid
from .description import (
    CARD_NAME,
    JSON_NAME,
    SCHEMA_VERSION,
    WEIGHTS_NAME,
    Description,
    model_json,
    read_description,
    read_weights,
)
from .schema import check_model_json


@dataclass
class Model(Description):
    """A model in memory, ready to run. pyramid: its cells and their weights."""

    pyramid: Pyramid = field(kw_only=True)


def load_model(folder: str | Path) -> Model:
    """Read a model folder into memory.

    Args:
        folder: of the model.

    Returns:
        The model, on the processor, ready for inference.

    Raises:
        MedNCAError: with the reason, where the folder is broken.
    """
    folder = Path(folder)
    description = read_description(folder)
    weights = read_weights(folder, description.sha256)
    pyramid = Pyramid(description.architecture)
    pyramid.load_state_dict(_checked_tensors(weights, pyramid, folder / WEIGHTS_NAME))
    pyramid.eval().requires_grad_(False)
    return Model(**vars(description), pyramid=pyramid)


def save_model(model: Model, folder: str | Path, card: str) -> None:
    """Write a model folder; each file is renamed into place, the description last.

    Args:
        model: its `sha256` becomes that of the weights that are written.
        folder: made where it is not there.
        card: the text of MODEL_CARD.md.

    Raises:
        MedNCAError: where the description is not as the schema says, or the folder cannot be written.
    """
    folder = Path(folder)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    weights = save(_tensors(model.pyramid))
    model.sha256 = checksum(model.pyramid)
    info = model_json(model)
    check_model_json(info, str(folder / JSON_NAME), SCHEMA_VERSION)
    write_bytes(folder / WEIGHTS_NAME, weights)
    write_bytes(folder / CARD_NAME, card.encode("utf-8"))
    write_json(folder / JSON_NAME, info)


def checksum(pyramid: Pyramid) -> str:
    """SHA-256 of the weights' file that is written for a pyramid."""
    return hashlib.sha256(save(_tensors(pyramid))).hexdigest()


def _tensors(pyramid: Pyramid) -> dict[str, torch.Tensor]:
    """What is saved: float32 only; batch norm's step counter is of no use once frozen."""
    state = pyramid.state_dict()
    return {name: value.detach().contiguous() for name, value in state.items() if value.is_floating_point()}


def _checked_tensors(data: bytes, pyramid: Pyramid, path) -> dict[str, torch.Tensor]:
    expected = pyramid.state_dict()
    try:
        tensors = current_names(load(data))
    except (SafetensorError, ValueError, KeyError) as error:
        raise MedNCAError(
            "{path} is not a whole safetensors file ({cause}); copy the model again.", path=path, cause=error
        ) from error
    names = {name for name, value in expected.items() if value.is_floating_point()}
    if set(tensors) != names:
        odd = sorted(set(tensors) ^ names)
        raise MedNCAError(
            "{path} does not hold the tensors of this architecture; {name} for one.", path=path, name=odd[0]
        )
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape or tensor.dtype != torch.float32:
            raise MedNCAError(
                "{path}: {name} is {type} of shape {shape}, the architecture needs float32 of {expected}.",
                path=path,
                name=name,
                type=tensor.dtype,
                shape=tuple(tensor.shape),
                expected=tuple(expected[name].shape),
            )
        if not torch.isfinite(tensor).all():
            raise MedNCAError("{path}: {name} holds NaN or infinite values.", path=path, name=name)
        if name.endswith("running_var") and (tensor < 0).any():
            raise MedNCAError("{path}: {name} holds negative variances.", path=path, name=name)
    return {**expected, **tensors}

"""checkpoint.safetensors of a run: all that an iteration changes, so that a run goes on from it to the same numbers.

Random numbers need no place in it: they are addressed, not drawn (`streams`).

    model.*, average.*, best.*   three pyramids' tensors, by their names in the state dict
    adam.STATISTIC.PARAMETER     the optimizer's
    numbers                      float64: iteration, best score, iteration of the best score, rollbacks, bad gradients
                                 (which older files lack)
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import torch
from safetensors.torch import load, save

from mednca.files import write_bytes
from mednca.nca.cells import current_names
from mednca.nca.pyramid import Pyramid


@dataclass
class Counters:
    """Where a training is.

    Attributes:
        iteration: iterations done.
        best_score: Dice of the best validation so far; -1 before there is one.
        best_iteration: after which it was measured.
        rollbacks: times that the run was set back because it diverged; each halves the learning rate.
        bad_gradients: in a row, up to the last iteration, that were not finite.
    """

    iteration: int = 0
    best_score: float = -1.0
    best_iteration: int = 0
    rollbacks: int = 0
    bad_gradients: int = 0


def write_checkpoint(
    path: Path, pyramids: dict[str, Pyramid], optimizer: torch.optim.Optimizer, counters: Counters
) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: of the file; what is there is replaced.
        pyramids: "model", whose parameters the optimizer moves, "average" and "best".
        optimizer: Adam, over parameters of the model.
        counters: of the training.

    Raises:
        MedNCAError: where the file cannot be written; what was there before stays.
    """
    tensors = {}
    for name, pyramid in pyramids.items():
        tensors |= {f"{name}.{key}": value for key, value in pyramid.state_dict().items()}
    for name, parameter in pyramids["model"].named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"adam.{key}.{name}"] = value
    tensors["numbers"] = torch.tensor(astuple(counters), dtype=torch.float64)
    write_bytes(path, save({key: value.cpu().contiguous() for key, value in tensors.items()}))


def read_checkpoint(
    path: Path, pyramids: dict[str, Pyramid], optimizer: torch.optim.Optimizer, device: torch.device
) -> Counters:
    """Put what a checkpoint holds into the pyramids and the optimizer.

    Args:
        path: of the file.
        pyramids, optimizer: as of `write_checkpoint`, of the same architecture; they are changed.
        device: where the optimizer's tensors go.

    Returns:
        The counters.

    Raises:
        OSError, ValueError, KeyError, RuntimeError, SafetensorError: where it is damaged or of another architecture.
    """
    tensors = current_names(load(path.read_bytes()))  # mapped into memory it could not be replaced on Windows
    for name, pyramid in pyramids.items():
        pyramid.load_state_dict(_part(tensors, f"{name}."))
    parameters = dict(pyramids["model"].named_parameters())
    optimizer.state.clear()
    for key, value in _part(tensors, "adam.").items():
        statistic, name = key.split(".", 1)
        parameter = parameters[name]
        optimizer.state[parameter][statistic] = value if statistic == "step" else value.to(device)
    iteration, best_score, best_iteration, rollbacks, *newer = tensors["numbers"].tolist()
    (bad_gradients,) = newer or [0]
    return Counters(int(iteration), best_score, int(best_iteration), int(rollbacks), int(bad_gradients))


def _part(tensors: dict, prefix: str) -> dict:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}

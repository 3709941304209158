"""A model's steps as ONNX: one small graph a level, the way to a phone, a browser, or any runtime without torch.

A graph does one step of its level, whatever the size of the image:

    state (1, c, R, A, S) float32, fire (1, 1, R, A, S) float32, 0 or 1 -> next (1, c, R, A, S)

Pooling, upsampling and the loop are the caller's, and so are the masks of the cells that fire: docs/onnx has a runner
that gives the engine's own mask. Sides must be longer than the kernel's radius: ONNX mirrors once only.
"""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import MedNCAError
from ..files import staged, write_bytes, write_json
from ..nca.cells import Cell
from ..nca.tensors import to_numpy
from .description import JSON_NAME, model_json
from .weights import Model

_OPSET, _IR = 18, 9  # as onnxruntime has had since 1.15


def export_steps(model: Model, folder: str | Path) -> list[Path]:
    """Write a model's steps.

    Args:
        model: to be written.
        folder: that they go to, as step-0.onnx for the coarsest level and so on, with model.json; nothing may be there.

    Returns:
        The paths of the graphs.

    Raises:
        MedNCAError: where the package onnx is missing, or the folder is there or cannot be written.
    """
    names = [f"step-{number}.onnx" for number in range(len(model.pyramid.cells))]
    with staged(folder) as made:
        for name, cell in zip(names, model.pyramid.cells, strict=True):
            write_bytes(made / name, step_graph(cell))
        write_json(made / JSON_NAME, model_json(model))
    return [Path(folder) / name for name in names]


def step_graph(cell: Cell) -> bytes:
    """One step of a cell (`Cell.step`), the frozen norm folded in, as an ONNX file.

    Args:
        cell: of a pyramid.

    Raises:
        MedNCAError: where the package onnx is missing.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise MedNCAError("Exporting to ONNX needs a package; install it with: pip install onnx.") from error
    kernel, bias, groups = cell.perception_kernel()
    hidden, hidden_bias = (each.detach() for each in cell.folded_hidden())
    update = cell.update.weight.detach().clone()
    update[: cell.image_channels] = 0  # the image is never written
    margins = [k // 2 for k in kernel.shape[2:]]
    weights = {
        "margins": torch.tensor([0, 0, *margins, 0, 0, *margins]),
        "kernel": kernel.detach(), "kernel_bias": bias.detach(),
        "hidden": hidden[..., None, None, None], "hidden_bias": hidden_bias,
        "update": update[..., None, None, None],
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Pad", ["state", "margins"], ["padded"], mode="reflect"),
        node("Conv", ["padded", "kernel", "kernel_bias"], ["perceived"], group=groups),
        node("Concat", ["state", "perceived"], ["both"], axis=1),
        node("Conv", ["both", "hidden", "hidden_bias"], ["before"]),
        node("Relu", ["before"], ["within"]),
        node("Conv", ["within", "update"], ["change"]),
        node("Mul", ["change", "fire"], ["fired"]),
        node("Add", ["state", "fired"], ["next"]),
    ]
    sides = ["R", "A", "S"]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "step",
        [info("state", TensorProto.FLOAT, [1, len(update), *sides]), info("fire", TensorProto.FLOAT, [1, 1, *sides])],
        [info("next", TensorProto.FLOAT, [1, len(update), *sides])],
        [numpy_helper.from_array(to_numpy(value.contiguous()), name) for name, value in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="mednca")
    made.ir_version = _IR
    checker.check_model(made, full_check=True)
    return made.SerializeToString()

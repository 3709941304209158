"""The one place where numpy arrays and torch tensors cross.

torch 2.2, the last one for Slicer on a Mac, was built against numpy 1; beside numpy 2 its `from_numpy` and
`.numpy()` fail. DLPack needs neither side's C interface. torch 2.1 knows no bool there: those cross as bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """A tensor with the array's values; shares memory where the array is contiguous and writable."""
    array = np.asarray(array, order="C")
    if array.dtype == bool:
        return to_tensor(array.view(np.uint8)).view(torch.bool)
    return torch.from_dlpack(array if array.flags.writeable else array.copy())


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """An array with the tensor's values, on the CPU; copied, so that it is writable everywhere."""
    if tensor.dtype is torch.bool:
        return to_numpy(tensor.contiguous().view(torch.uint8)).view(bool)
    return np.array(np.from_dlpack(tensor.detach().cpu().contiguous()))


def bridge_numpy() -> None:
    """Let torch's own crossings go through here where torch lacks numpy: for libraries that know no other ones.

    To be called before such a library is imported. Elsewhere, and when called again, it changes nothing.
    """
    try:
        torch.from_numpy(np.zeros(1)).numpy()
    except RuntimeError:  # "Numpy is not available"
        as_tensor = torch.as_tensor

        def as_tensor_of_anything(data: Any, *args: Any, **options: Any) -> torch.Tensor:
            return as_tensor(to_tensor(data) if isinstance(data, np.ndarray) else data, *args, **options)

        torch.from_numpy, torch.as_tensor = to_tensor, as_tensor_of_anything
        torch.Tensor.numpy = lambda tensor, force=False: to_numpy(tensor)  # pyright: ignore[reportAttributeAccessIssue]
        torch.Tensor.__array__ = _array


def _array(self: torch.Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """What numpy asks a tensor for."""
    array = to_numpy(self)
    return array if dtype is None else array.astype(dtype, copy=False)

"""The one place where numpy arrays and torch tensors cross.

torch 2.2, the last one for Slicer on a Mac, was built against numpy 1; beside numpy 2 its `from_numpy` and
`.numpy()` fail. DLPack needs neither side's C interface.
"""

from __future__ import annotations

import numpy as np
import torch


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """A tensor with the array's values; shares memory where the array is contiguous and writable."""
    array = np.ascontiguousarray(array)
    return torch.from_dlpack(array if array.flags.writeable else array.copy())


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """An array with the tensor's values, on the CPU; copied, so that it is writable everywhere."""
    return np.array(np.from_dlpack(tensor.detach().cpu().contiguous()))

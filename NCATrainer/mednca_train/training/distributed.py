"""Several processes that train one model, as `torchrun` starts them: each takes a part of every batch.

Nothing of our own beside sums: torch.distributed adds up the losses' sums and the gradients. Where there is one process
only, everything here does nothing. The pools of processes that measure a model are the business of `mednca.pool`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
import torch.distributed as distributed

_T = TypeVar("_T")


def join(device: str = "cpu") -> None:
    """Meet the other processes where `torchrun` started some (it sets WORLD_SIZE). device: what they compute on."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized():
        on_cuda = device.startswith("cuda")
        distributed.init_process_group("nccl" if on_cuda else "gloo")
        if on_cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))


def leave() -> None:
    """The end of `join`."""
    if together():
        distributed.destroy_process_group()


def together() -> bool:
    """Whether there are other processes."""
    return distributed.is_available() and distributed.is_initialized()


def rank() -> int:
    """Number of this process; the first one's is 0."""
    return distributed.get_rank() if together() else 0


def count() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if together() else 1


def is_first() -> bool:
    """Whether this process writes files and tells people."""
    return rank() == 0


def wait() -> None:
    """Until all processes have come here."""
    if together():
        distributed.barrier()


def in_first(make: Callable[[], AbstractContextManager]) -> AbstractContextManager:
    """The context that `make()` returns in the first process, which acts for all; an empty one in the others."""
    return make() if is_first() else nullcontext()


def from_first(make: Callable[[], _T]) -> _T:
    """What `make()` returns in the first process, in all of them; the others do not call it."""
    if not together():
        return make()
    told: list = [make() if is_first() else None]
    distributed.broadcast_object_list(told)
    return told[0]


def total(sums: torch.Tensor) -> torch.Tensor:
    """Sums over all processes, differentiable."""
    return _Total.apply(sums) if together() else sums


def share_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Every process gets the sum of all processes' gradients, in one message."""
    if not together():
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def share_means(means: Sequence[torch.Tensor], samples: int) -> None:
    """Means over this process's samples become those over the samples of all processes, in one message.

    Args:
        means: float tensors, which are changed; they stay as they are where no process has a sample.
        samples: that they are of, which may be none: a batch need not divide evenly.
    """
    if not together():
        return
    sums = [mean.reshape(-1) * samples for mean in means]
    flat = torch.cat([*sums, sums[0].new_tensor([samples])])
    distributed.all_reduce(flat)
    if flat[-1] > 0:
        for mean, part in zip(means, flat[:-1].split([mean.numel() for mean in means]), strict=True):
            mean.copy_(part.view_as(mean) / flat[-1])


class _Total(torch.autograd.Function):
    """The loss made of the total is the same in every process; each contributes the gradient of its own part, and
    `share_gradients` adds these up."""

    @staticmethod
    def forward(ctx, sums):
        sums = sums.clone()
        distributed.all_reduce(sums)
        return sums

    @staticmethod
    def backward(ctx, gradient):
        return gradient

"""Where to compute: the processor, a CUDA card or Apple's MPS, chosen by the user or automatically."""

from __future__ import annotations

import re

import torch

from ..errors import MedNCAError, Sentence

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> tuple[torch.device, Sentence | None]:
    """The device for a name.

    Args:
        name: "cpu", "cuda", "cuda:1" and so on, "mps"; or "auto" for CUDA where there is a card and otherwise the
            processor, for which these models are small enough.

    Returns:
        The device, and None or a sentence that says why it is another one than asked for.

    Raises:
        MedNCAError: where there is no device of that name anywhere.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        raise MedNCAError(
            "Unknown device {name}; choose one of {known} (or cuda:1 and so on).",
            name=repr(name),
            known=", ".join(DEVICES),
        )
    # In ten bits a card would find other masks than the processor, on which models are calibrated.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu"), None
    kind, _, number = name.partition(":")
    cards = torch.cuda.device_count() if kind == "cuda" else 0
    available = {"cpu": True, "cuda": cards > int(number or 0), "mps": torch.backends.mps.is_available()}
    if not available[kind]:
        return torch.device("cpu"), Sentence(
            "No {name} device is available here; the processor (cpu) is used instead.", name=name
        )
    return torch.device(name), None

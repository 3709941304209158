"""Where to compute: the processor, a CUDA card or Apple's MPS, chosen by the user or automatically."""

from __future__ import annotations

import torch

from .errors import MedNCAError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> tuple[torch.device, str | None]:
    """The device for a name, and a sentence where it is another one than asked for.

    "auto" takes CUDA where there is one, otherwise the processor (these models are small enough for it).
    """
    if name.split(":")[0] not in DEVICES:
        raise MedNCAError(f"Unknown device {name!r}; choose one of {', '.join(DEVICES)}.")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu"), None
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available[name.split(":")[0]]:
        return torch.device("cpu"), f"No {name} device is available here; the processor (cpu) is used instead."
    return torch.device(name), None

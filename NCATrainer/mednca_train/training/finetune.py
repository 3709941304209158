"""The weights that a fine-tuning begins with: a model's, with its outputs in the order of the new labels.

Its plan is `plan.finetuning`'s business.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import cast

import torch

from mednca.models.description import Label
from mednca.models.weights import Model
from mednca.nca.cells import Cell
from mednca.nca.pyramid import Pyramid

from ..plan.finetuning import own_labels, with_labels


def starting_weights(model: Model, labels: tuple[Label, ...]) -> Pyramid:
    """The model's pyramid with the output channels in the order of `labels`.

    A label that the model knows (`own_labels`) brings its channel along; a new one takes over one that was hidden
    memory, the last ones first, and begins with whatever the rule wrote there. Which channel is which does not matter
    to the rule, so the known labels' outputs stay exactly as they were.

    Args:
        model: that is fine-tuned; it stays as it is.
        labels: of the plan, in their order.

    Returns:
        A new pyramid, all of whose weights can be trained.

    Raises:
        MedNCAError: where the model has fewer channels than there are labels.
    """
    first = model.architecture.input_channels
    channels = {label.value: first + n for n, label in enumerate(model.labels)}
    known = {value: channels[label.value] for value, label in own_labels(model, labels).items()}
    free = [c for c in range(model.architecture.channels - 1, first - 1, -1) if c not in known.values()]
    free.sort(key=lambda c: c in channels.values())  # what was a label, and is none any more, comes last
    outputs = [known[label.value] if label.value in known else free.pop(0) for label in labels]
    rest = [c for c in range(first, model.architecture.channels) if c not in outputs]
    order = torch.tensor([*range(first), *outputs, *rest])
    pyramid = Pyramid(with_labels(model.architecture, len(labels)))
    pyramid.load_state_dict(copy.deepcopy(model.pyramid.state_dict()))
    for cell in cast(Iterable[Cell], pyramid.cells):
        cell.reorder_channels(order)
    return pyramid.requires_grad_(True)

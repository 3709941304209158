"""From a trained model to the start of another training: its weights, with the labels that are wanted now."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from mednca.errors import MedNCAError
from mednca.models.description import Label
from mednca.models.weights import Model
from mednca.nca.architecture import Architecture
from mednca.nca.pyramid import Pyramid

from ..data.fingerprint import Fingerprint
from ..plan.plan import Augmentation, Plan
from ..plan.propose import COLORS, flip_axes

_ITERATIONS, _RATE = 600, 1e-3


def finetuning_plan(
    model: Model, fingerprint: Fingerprint, label_names: dict[int, str] | None = None, iterations: int | None = None,
    trained: str = "all", seed: int = 0,
) -> Plan:  # fmt: skip
    """A plan that goes on from a model: its grid, field of view and intensities stay, its norm stays frozen.

    The labels are those that occur in the data set. One that label_names calls as the model does is the model's,
    whatever its value; otherwise one whose value the model knows is, and takes the new name if there is one. The rest
    are new.
    """
    if not fingerprint.values:
        raise MedNCAError("No usable case holds a label.")
    names = label_names or {}
    plain = tuple(
        Label(value, names.get(value, f"Label {value}"), COLORS[n % len(COLORS)])
        for n, value in enumerate(fingerprint.values)
    )
    own = own_labels(model, plain, names)
    labels = []
    for label in plain:
        known = own.get(label.value)
        if known:
            label = replace(known, value=label.value, name=names.get(label.value, known.name))
        labels.append(label)
    architecture = with_labels(model.architecture, len(labels))
    preprocessing = replace(model.preprocessing, anchor=(0.0, 0.0, 0.0))
    spacing = preprocessing.spacing or fingerprint.usable[0].spacing
    field = _field(model, fingerprint, spacing)
    small = max(field) <= 64
    return Plan(
        architecture=architecture,
        preprocessing=preprocessing,
        labels=tuple(labels),
        field_of_view=field,
        patch=tuple(min(n, 24 if small else 48) for n in field),
        batch=4 if small else 2,
        iterations=iterations or _ITERATIONS,
        learning_rate=_RATE,
        freeze_norm=0.0,
        validate_every=100,
        keep="best",
        patience=4,
        trained=trained,
        augmentation=Augmentation(
            flip=flip_axes(fingerprint.usable), shift=4.0, rotation=8.0, scaling=0.1, elastic=0.05, noise=0.1,
            blur=0.05, bias_field=0.1, anisotropy=0.05, spike=0.02, ghosting=0.02, motion=0.02,
        ),
        seed=seed,
    )  # fmt: skip


def with_labels(architecture: Architecture, count: int) -> Architecture:
    """The same architecture with another number of outputs; they are channels that were there already."""
    if count > architecture.channels - architecture.input_channels:
        raise MedNCAError(f"The model has {architecture.channels} channels, too few for {count} labels.")
    return replace(architecture, labels=count)


def own_labels(model: Model, labels: tuple[Label, ...], named=None) -> dict[int, Label]:
    """Which of the model's labels each of `labels` goes on from, by the latter's value; new ones are not in it.

    First by name, as far as names are given (named: values that have one; default: all), then by value.
    """
    named = [label for label in labels if named is None or label.value in named]
    by_name = {label.name.casefold(): label for label in model.labels}
    found = {label.value: by_name[label.name.casefold()] for label in named if label.name.casefold() in by_name}
    taken = {label.value for label in found.values()}
    left = {label.value: label for label in model.labels if label.value not in taken}
    return found | {label.value: left[label.value] for label in labels
                    if label.value not in found and label.value in left}  # fmt: skip


def starting_weights(model: Model, labels: tuple[Label, ...]) -> Pyramid:
    """The model's pyramid with the output channels in the order of `labels`.

    A label that the model knows (`own_labels`) brings its channel along; a new one takes over one that was hidden
    memory, the last ones first, and begins with whatever the rule wrote there. Which channel is which does not matter
    to the rule, so the known labels' outputs stay exactly as they were.
    """
    first = model.architecture.input_channels
    place = {label.value: first + n for n, label in enumerate(model.labels)}
    known = {value: place[label.value] for value, label in own_labels(model, labels).items()}
    free = [c for c in range(model.architecture.channels - 1, first - 1, -1) if c not in known.values()]
    free.sort(key=lambda c: c in place.values())  # what was a label, and is none any more, comes last
    outputs = [known[label.value] if label.value in known else free.pop(0) for label in labels]
    rest = [c for c in range(first, model.architecture.channels) if c not in outputs]
    order = torch.tensor([*range(first), *outputs, *rest])
    pyramid = Pyramid(with_labels(model.architecture, len(labels)))
    pyramid.load_state_dict(copy.deepcopy(model.pyramid.state_dict()))
    for cell in pyramid.cells:
        cell.reorder_channels(order)
    return pyramid.requires_grad_(True)


def _field(model: Model, fingerprint: Fingerprint, spacing) -> tuple[int, int, int]:
    """Voxels of a training sample: the field of view that the model was trained with, where it tells; otherwise the
    one that it takes around a click, or the median image."""
    recorded = model.info.get("training", {}).get("plan", {}).get("field_of_view")
    if recorded:
        return tuple(recorded)
    if model.preprocessing.field_of_view:
        return tuple(max(round(mm / s), 8) for mm, s in zip(model.preprocessing.field_of_view, spacing, strict=True))
    sizes = sorted((case.size for case in fingerprint.usable), key=lambda size: size[0] * size[1] * size[2])
    return sizes[len(sizes) // 2]

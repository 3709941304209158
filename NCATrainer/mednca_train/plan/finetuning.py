"""The plan of a training that goes on from a model: its grid and intensities stay, its labels are the new data's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from mednca.axes import triple
from mednca.errors import MedNCAError
from mednca.models.description import Description, Label
from mednca.nca.architecture import Architecture

from .fingerprint import Fingerprint, check_channels
from .plan import Augmentation, Plan
from .propose import COLORS, cases_in_pieces, flip_axes

_ITERATIONS, _RATE = 600, 1e-3


def finetuning_plan(
    model: Description,
    fingerprint: Fingerprint,
    label_names: dict[int, str] | None = None,
    iterations: int | None = None,
    trained: str = "all",
    seed: int = 0,
) -> Plan:
    """A plan that goes on from a model: its grid, field of view and intensities stay, and its norm stays frozen.

    Args:
        model: whose weights are to be trained on, with or without them.
        fingerprint: of the data set; all labels that occur in it are learned.
        label_names: what the labels' values are called. A label that is called as one of the model's goes on from that
            one, whatever its value; otherwise one whose value the model knows does, and takes the new name if there is
            one. The rest are new.
        iterations: default: 600.
        trained: which weights change, "all" or "update" (`Plan`).
        seed: of everything random.

    Returns:
        The plan; its labels have the values of the data set.

    Raises:
        MedNCAError: where no usable case holds a label, there are more labels than the model has channels for, or the
            images have other channels than its, or in another order.
    """
    if not fingerprint.values:
        raise MedNCAError("No usable case holds a label.")
    check_channels(model.name, model.preprocessing.channels, fingerprint.channels)
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
    size = np.multiply(field, spacing)
    if all(np.all(np.array(case.extent) <= size) for case in fingerprint.usable):  # else each piece has a field
        keep = preprocessing.keep_largest and not cases_in_pieces(fingerprint.usable)
        preprocessing = replace(preprocessing, keep_largest=keep)
    small = max(field) <= 64
    return Plan(
        architecture=architecture,
        preprocessing=preprocessing,
        labels=tuple(labels),
        field_of_view=field,
        patch=triple(min(n, 24 if small else 48) for n in field),
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
    """The same architecture with another number of outputs, which are channels that were there already.

    Raises:
        MedNCAError: where it has too few channels.
    """
    if count > architecture.channels - architecture.input_channels:
        raise MedNCAError(
            "The model has {channels} channels, too few for {count} labels.",
            channels=architecture.channels,
            count=count,
        )
    return replace(architecture, labels=count)


def own_labels(model: Description, labels: tuple[Label, ...], named: Collection[int] | None = None) -> dict[int, Label]:
    """Which of the model's labels each of some labels goes on from: first by name, then by value.

    Args:
        model: that knows labels.
        labels: of the new data.
        named: values of those whose name was given by somebody; the others go by value alone. Default: all.

    Returns:
        The model's label by the value of the label that goes on from it; new ones are not in it.
    """
    called = [label for label in labels if named is None or label.value in named]
    by_name = {label.name.casefold(): label for label in model.labels}
    found = {label.value: by_name[label.name.casefold()] for label in called if label.name.casefold() in by_name}
    taken = {label.value for label in found.values()}
    left = {label.value: label for label in model.labels if label.value not in taken}
    return found | {label.value: left[label.value] for label in labels
                    if label.value not in found and label.value in left}  # fmt: skip


def _field(model: Description, fingerprint: Fingerprint, spacing) -> tuple[int, int, int]:
    """Voxels of a training sample: the field of view that the model was trained with, where it tells; otherwise the
    one that it takes around a click, or the median image."""
    recorded = model.info.get("training", {}).get("plan", {}).get("field_of_view")
    if recorded:
        return triple(recorded)
    if model.preprocessing.field_of_view:
        return triple(max(round(mm / s), 8) for mm, s in zip(model.preprocessing.field_of_view, spacing, strict=True))
    sizes = sorted((case.size for case in fingerprint.usable), key=lambda size: size[0] * size[1] * size[2])
    return sizes[len(sizes) // 2]

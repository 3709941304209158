"""What the user wants trained, as it is at one moment: read from the parameter node and the scene, kept with what is
made from it, and compared with what is wanted later."""

import json
from dataclasses import dataclass, field

from mednca.errors import MedNCAError

from .pairs import pairsOf, segmentNames, stampOf

NEW = {"m3d-nca": "A new model (M3D-NCA, 3D)", "med-nca": "A new model (Med-NCA, slice by slice)"}


@dataclass(frozen=True)
class Wanted:
    """Two are equal where the same data set and the same plan come of them.

    pairs: of nodes, and stamps: their state; or folder. labels: {segment name: label name}, "" for none. start: one of
    NEW, or a model's id; base: that model's `mednca.models.library.Entry`, or None.
    """

    pairs: list = field(compare=False)
    stamps: list
    folder: str
    labels: dict
    start: str
    base: object = field(compare=False)
    baseSHA256: str
    name: str = field(compare=False)
    device: str = field(compare=False)

    @property
    def numbers(self):
        """{label name: value}"""
        return labelNumbers(self.labels, self.known)

    @property
    def values(self):
        """{segment name: label value}, without the segments that are left out."""
        return {segment: self.numbers[label] for segment, label in self.labels.items() if label}

    @property
    def known(self):
        """{label name: value} of the model that is gone on from."""
        return {label.name: label.value for label in self.base.description.labels} if self.base else {}


def wantedOf(node, library):
    """A `Wanted` of a parameter node."""
    chosen = pairsOf(node.parameterNode)
    named = json.loads(node.labels)
    base = None if node.start in NEW else _entry(library, node.start)
    return Wanted(
        pairs=chosen,
        stamps=[stampOf(pair) for pair in chosen],
        folder="" if chosen else node.folder,
        labels={segment: named.get(segment, segment) for segment in segmentNames(chosen)},
        start=node.start,
        base=base,
        baseSHA256=base.description.sha256 if base else "",
        name=node.modelName.strip(),
        device=node.device,
    )


def _entry(library, id):
    """A whole model of the library, or None; without a look at all the others."""
    try:
        entry = library.check_folder(library.find(id), False)
    except MedNCAError:
        return None
    return entry if entry.description else None


def labelNumbers(labels, known):
    """{label name: value} of {segment name: label name}; segments without a label are left out.

    known: {label name: value} of the model that is fine-tuned: a label of its name is its label, whatever the order.
    """
    values = {name.casefold(): value for name, value in known.items()}
    free = (value for value in range(1, 256) if value not in values.values())
    names = dict.fromkeys(filter(None, labels.values()))
    return {name: values[name.casefold()] if name.casefold() in values else next(free) for name in names}

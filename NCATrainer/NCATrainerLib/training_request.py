"""What the user asks to have trained, as it is at one moment: read from the parameter node and the scene, kept with
what is made from it, and compared with what is asked for later. Nothing is written or trained here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from mednca.errors import MedNCAError
from mednca.models.library import Entry, Library
from mednca.nca.families import planned_families
from mednca.schema import parse_json

from .pairs import Pair, pairsOf, segmentNames, stampOf

if TYPE_CHECKING:
    from NCATrainer import NCATrainerParameterNode


@dataclass(frozen=True)
class TrainingRequest:
    """Two are equal where the same data set and the same plan come of them.

    Attributes:
        pairs: (volume node, segmentation or label map node) each; empty where a folder is trained on.
        stamps: the state of each pair, which changes with anything that the training depends on.
        folder: of a data set, in place of pairs; "" for none.
        labels: {segment name: label name}, "" for a segment that is left out.
        start: a model family of which a new model is begun, or the id of the model that is fine-tuned.
        base: that model, or None for a new one.
        baseSHA256: of its weights; "" for a new one.
        hours: that there are for a new model; None for as long as it takes.
        name: of the model to be made.
        device: "auto", "cpu", "cuda" or "mps".
    """

    pairs: list[Pair] = field(compare=False)
    stamps: list[tuple]
    folder: str
    labels: dict[str, str]
    start: str
    base: Entry | None = field(compare=False)
    baseSHA256: str
    hours: float | None
    name: str = field(compare=False)
    device: str = field(compare=False)

    @property
    def hasData(self) -> bool:
        """Whether there is anything to train on: pairs, or a folder."""
        return bool(self.pairs or self.folder)

    @property
    def isNew(self) -> bool:
        """Whether a new model is begun, and none fine-tuned."""
        return self.start in planned_families()

    @property
    def labelValues(self) -> dict[str, int]:
        """{label name: value}"""
        return labelValuesOf(self.labels, self.baseValues)

    @property
    def segmentValues(self) -> dict[str, int]:
        """{segment name: label value}, without the segments that are left out."""
        return {segment: self.labelValues[label] for segment, label in self.labels.items() if label}

    @property
    def baseValues(self) -> dict[str, int]:
        """{label name: value} of the model that is fine-tuned; empty for a new one."""
        return {label.name: label.value for label in self.base.description.labels} if self.base else {}


def trainingRequestOf(node: NCATrainerParameterNode, library: Library) -> TrainingRequest:
    """What the parameter node and the nodes that it refers to ask for now."""
    chosen = pairsOf(node.parameterNode)
    named = labelsOf(node)
    base = None if node.start in planned_families() else _entry(library, node.start)
    return TrainingRequest(
        pairs=chosen,
        stamps=[stampOf(pair) for pair in chosen],
        folder="" if chosen else node.folder,
        labels={segment: named.get(segment, segment) for segment in segmentNames(chosen)},
        start=node.start,
        base=base,
        baseSHA256=base.description.sha256 if base else "",
        hours=node.hours or None,
        name=node.modelName.strip(),
        device=node.device,
    )


def labelsOf(node: NCATrainerParameterNode) -> dict[str, str]:
    """{segment name: label name} as somebody chose them; nothing where a scene or a script has something else there."""
    try:
        named = parse_json(node.labels, _("The labels"))
    except MedNCAError:
        return {}
    return {key: value for key, value in named.items() if isinstance(value, str)} if isinstance(named, dict) else {}


def _entry(library: Library, id: str) -> Entry | None:
    """A model of the library that is not broken, or None; the others are not checked."""
    try:
        entry = library.check_folder(library.find(id), False)
    except MedNCAError:
        return None
    return entry if entry.description else None


def labelValuesOf(labels: dict[str, str], baseValues: dict[str, int]) -> dict[str, int]:
    """The value of each label that segments are given.

    Args:
        labels: {segment name: label name}; segments with "" are left out.
        baseValues: {label name: value} of the model that is fine-tuned: a label that is called as one of its labels
            has that one's value, whatever the order.

    Returns:
        {label name: value}
    """
    values = {name.casefold(): value for name, value in baseValues.items()}
    free = (value for value in range(1, 256) if value not in values.values())
    names = dict.fromkeys(filter(None, labels.values()))
    return {name: values[name.casefold()] if name.casefold() in values else next(free) for name in names}

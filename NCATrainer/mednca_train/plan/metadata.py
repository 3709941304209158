"""The metadata of a model that somebody trains on data of their own: what people read of it, and its id."""

from __future__ import annotations

import re

from mednca.models.description import Description, Label
from mednca.schema import RESERVED


def slug(name: str) -> str:
    """A model's id from a name that people chose: lower case letters, digits and hyphens, 64 at most, and none that
    Windows keeps for devices."""
    id = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64] or "model"
    return f"{id}-1" if re.fullmatch(RESERVED, id) else id


def metadata_for(id: str, name: str, base: Description | None = None, labels: tuple[Label, ...] = ()) -> dict:
    """The metadata of a model that somebody trains on data of their own; nothing in them names a person or a folder.

    Args:
        id, name: of the model.
        base: the model that it is fine-tuned from, whose license, terms and sources it inherits; None for a new one.
        labels: of the new model. Where one is called as one of the base's, it is looked for where those lie (`seeds`).

    Returns:
        Fields of model.json, and its id.
    """
    made_from, license, source = "", "As its maker decides.", "The user's own labeled volumes."
    references = ["Kalkhof, Mukhopadhyay: M3D-NCA: Robust 3D Segmentation with Built-in Quality Control. MICCAI 2023."]
    if base:
        made_from = f" Fine-tuned from {base.name}."
        license = base.info.get("license") or license
        source += f" Before that: {base.info.get('data_source', '')}"
        references = list(base.info.get("references", references))
    known = {label.name.casefold() for label in base.labels} if base else set()
    is_same_organ = any(label.name.casefold() in known for label in labels)
    seeds = {"seeds": base.info["seeds"]} if base and base.seeds and is_same_organ else {}
    return seeds | {
        "id": id,
        "name": name,
        "version": "1.0.0",
        "task": f"Segmentation of {name}",
        "description": f"{name}, trained on the user's own labeled volumes.{made_from}",
        "authors": "",
        "copyright": "",
        "license": license,
        "terms": base.terms if base else None,
        "intended_use": "Research and education. Not a medical device; a person must review every result.",
        "data_source": source,
        "limits": "Nobody knows how it does on images unlike those that it was trained on.",
        "references": references,
    }

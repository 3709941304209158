"""What a model folder says about itself: model.json, read and checked without torch.

    model.json           what it is: architecture, preprocessing, labels, ensemble, quality, training; schema-checked
    weights.safetensors  the tensors, nothing else; here only their checksum
    MODEL_CARD.md        the same for people

A list of models, a panel or a report needs no more than this; `weights` adds the tensors. Field names follow the MONAI
bundle's metadata where it has them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import MedNCAError, sentence_of
from ..nca.architecture import Architecture
from ..quality.calibration import Calibration
from ..quality.domain import Domain
from ..schema import parse_json, tuples
from .schema import check_model_json

SCHEMA_VERSION = 1
JSON_NAME, WEIGHTS_NAME, CARD_NAME = "model.json", "weights.safetensors", "MODEL_CARD.md"
MAX_JSON_BYTES = 4_000_000
MAX_WEIGHTS_BYTES = 64_000_000


@dataclass(frozen=True)
class Label:
    """One structure.

    Attributes:
        value: in label maps.
        name: for people.
        color: r, g, b from 0 to 255.
        terminology: coded entries as DICOM SEG needs them, or None.
    """

    value: int
    name: str
    color: tuple[int, int, int]
    terminology: dict | None = None

    @classmethod
    def from_json(cls, data: dict) -> Label:
        """From an entry of model.json's labels that the schema has checked."""
        return cls(data["value"], data["name"], tuple(data["color"]), data.get("terminology"))


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the model's input.

    Attributes:
        spacing: mm along R, A, S; None for the image's own.
        percentiles: where intensities are clipped before the z-score.
        field_of_view: mm along R, A, S that are taken around a click; None for whole images.
        anchor: where the middle of the structure's bounding box lies in a field of view that is centered as the
            training cases were: mm from its center along R, A, S.
        keep_largest: whether only the largest connected piece of the union is kept within a field of view.
        orientation: of the axes; always "RAS".
        gamma: exponent of the clipped intensities (`imaging.geometry.normalize`).
        channels: what the image's channels are called, as T2 and ADC, in their order; the first one has the voxels that
            the result lies on.
    """

    spacing: tuple[float, float, float] | None
    percentiles: tuple[float, float] = (0.5, 99.5)
    field_of_view: tuple[float, float, float] | None = None
    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keep_largest: bool = False
    orientation: str = "RAS"
    gamma: float = 1.0
    channels: tuple[str, ...] = ("image",)

    @classmethod
    def from_json(cls, data: dict) -> Preprocessing:
        """From model.json's preprocessing, which the schema has checked."""
        return cls(**tuples(data))


LEFT, RIGHT = SIDES = ("left", "right")


@dataclass(frozen=True)
class Seed:
    """Where a structure usually lies in an image that shows more than it.

    Attributes:
        position: fractions along R, A, S of the body's box (`imaging.body.Body`) at the middle of the structure.
        side: one of `SIDES` of a structure that there are two of, else None.
    """

    position: tuple[float, float, float]
    side: str | None = None


@dataclass
class Description:
    """A model without its weights.

    Attributes:
        id: by which a library knows it.
        architecture, preprocessing, labels: what it computes, from what, and what it finds.
        members, seed: of its ensemble, where nobody asks for others.
        info: the rest of model.json: metadata, quality, training record, metrics.
        sha256: of the weights' file.
    """

    id: str
    architecture: Architecture
    preprocessing: Preprocessing
    labels: tuple[Label, ...]
    members: int = 10
    seed: int = 0
    info: dict = field(default_factory=dict)
    sha256: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return self.info.get("name", self.id)

    @property
    def terms(self) -> str | None:
        """Terms of use narrower than the code's license, or None."""
        return self.info.get("terms")

    @property
    def calibration(self) -> Calibration | None:
        """What Dice to expect of its results; None where nobody measured that."""
        data = self.info.get("quality", {}).get("calibration")
        return Calibration.from_json(data) if data else None

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """Where its structures usually lie; empty where it does not say."""
        return tuple(Seed(**tuples(seed)) for seed in self.info.get("seeds", ()))

    @property
    def domain(self) -> Domain | None:
        """What images it is made for; None where it does not say."""
        data = self.info.get("quality", {}).get("domain")
        return Domain.from_json(data) if data else None


def read_description(folder: str | Path) -> Description:
    """Read and check what a model folder says about itself; the weights are only compared with their checksum.

    Args:
        folder: of the model.

    Returns:
        The description.

    Raises:
        MedNCAError: with the reason, where the folder is broken.
    """
    info = read_model_json(folder)
    read_weights(folder, info["sha256"])
    keys = ("id", "architecture", "preprocessing", "labels", "ensemble", "sha256")
    return Description(
        id=info["id"],
        architecture=Architecture.from_json(info["architecture"]),
        preprocessing=Preprocessing.from_json(info["preprocessing"]),
        labels=tuple(Label.from_json(label) for label in info["labels"]),
        members=info["ensemble"]["members"],
        seed=info["ensemble"]["seed"],
        info={key: value for key, value in info.items() if key not in keys},
        sha256=info["sha256"],
    )


def read_model_json(folder: str | Path) -> dict:
    """Read and check a folder's model.json.

    Args:
        folder: of the model.

    Returns:
        Its content.

    Raises:
        MedNCAError: with the reason, where it is broken.
    """
    path = Path(folder) / JSON_NAME
    return parse_model_json(read_bytes(path, MAX_JSON_BYTES), path)


def parse_model_json(data: bytes, path: str | Path) -> dict:
    """Parse and check the content of a model.json.

    Args:
        data: the file's bytes.
        path: what it is called in messages.

    Returns:
        The content.

    Raises:
        MedNCAError: with the reason, where it is broken.
    """
    info = parse_json(data, str(path))
    check_model_json(info, str(path), SCHEMA_VERSION)
    if len(info["labels"]) != info["architecture"].get("labels", 1):
        raise MedNCAError("{path}: the architecture's number of labels is not the length of the label list.", path=path)
    Architecture.from_json(info["architecture"])
    try:
        quality = info["quality"]
        if quality.get("calibration"):
            Calibration.from_json(quality["calibration"])
        if quality.get("domain"):
            Domain.from_json(quality["domain"])
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise MedNCAError(
            "{path}: the quality record cannot be understood: {cause}.",
            path=path,
            cause=sentence_of(error) or error,
        ) from error
    return info


def read_weights(folder: str | Path, sha256: str) -> bytes:
    """Read the weights' file of a model, not its tensors.

    Args:
        folder: of the model.
        sha256: the checksum that model.json has.

    Returns:
        The file's bytes.

    Raises:
        MedNCAError: where it cannot be read, or is another file than model.json was written for.
    """
    path = Path(folder) / WEIGHTS_NAME
    weights = read_bytes(path, MAX_WEIGHTS_BYTES)
    if hashlib.sha256(weights).hexdigest() != sha256:
        raise MedNCAError(
            "{path} is not the file that {json} was written for (SHA-256 differs): it was changed or damaged. Copy "
            "the model again.",
            path=path,
            json=JSON_NAME,
        )
    return weights


def model_json(model: Description) -> dict:
    """The content of model.json. As JSON has it: lists, no tuples."""
    preprocessing = asdict(model.preprocessing)
    info = {
        "schema_version": SCHEMA_VERSION,
        "id": model.id,
        **model.info,
        "architecture": model.architecture.to_json(),
        "preprocessing": preprocessing,
        "labels": [asdict(label) for label in model.labels],
        "ensemble": {"members": model.members, "seed": model.seed},
        "sha256": model.sha256,
    }
    return json.loads(json.dumps(info, allow_nan=False))


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a file of a model.

    Args:
        path: the file.
        limit: bytes that it may have.

    Returns:
        Its content.

    Raises:
        MedNCAError: it is no regular file, empty, too large, or cannot be read.
    """
    try:
        if not path.is_file():
            raise MedNCAError(
                "{path} is missing; a model needs {json} and {weights}.",
                path=path,
                json=JSON_NAME,
                weights=WEIGHTS_NAME,
            )
        size = path.stat().st_size
        if size == 0 or size > limit:
            raise MedNCAError(
                "{path} has {size} bytes; between 1 and {limit} are allowed.", path=path, size=size, limit=limit
            )
        return path.read_bytes()
    except OSError as error:
        raise MedNCAError(
            "{path} cannot be read ({cause}); check who may read it.", path=path, cause=error.strerror
        ) from error

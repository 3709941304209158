"""A training run as data: everything that decides its outcome beside the cases themselves."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field

from mednca.axes import triple
from mednca.errors import MedNCAError, Sentence
from mednca.models.description import Label, Preprocessing
from mednca.models.schema import LABELS, PREPROCESSING, check_labels, check_preprocessing
from mednca.nca.architecture import Architecture
from mednca.schema import SEED, check_schema, numbers, optional, record, tuples

KEEP, TRAINED = ("last", "best"), ("all", "update")
LOSSES = ("dice-bce", "dice-focal")  # `training.losses` has a function for each


def _number(low: float, high: float, kind: str = "number") -> dict:
    return {"type": kind, "minimum": low, "maximum": high}


_MANY = _number(1, 10_000_000, "integer")
_SIZE = numbers(3, 1, 1024, "integer")  # voxels
_RATE = {"type": "number", "exclusiveMinimum": 0, "maximum": 10}
_SHARE = _number(0, 1)
_CHANCES = ("elastic", "gamma", "noise", "blur", "bias_field", "anisotropy", "spike", "ghosting", "motion")
_AUGMENTATION = record(
    {
        "flip": {"type": "array", "items": _number(0, 2, "integer"), "maxItems": 3, "uniqueItems": True},
        "shift": _number(0, 200),
        "rotation": _number(0, 180),
        "scaling": _number(0, 0.9),
    }
    | dict.fromkeys(_CHANCES, _SHARE)
)
_SECOND_PHASE = record(
    {"iterations": _MANY, "learning_rate": _RATE, "patch": _SIZE, "augmentation": _AUGMENTATION},
    ("iterations", "learning_rate", "patch", "augmentation"),
)
PLAN_SCHEMA = record(
    {
        "architecture": {"type": "object"},  # checks itself
        "preprocessing": PREPROCESSING,
        "labels": LABELS,
        "field_of_view": _SIZE,
        "patch": _SIZE,
        "loss_margin": _number(0, 100, "integer"),
        "foreground_share": _SHARE,
        "batch": _number(1, 1024, "integer"),
        "duplication": _number(1, 1024, "integer"),
        "iterations": _MANY,
        "learning_rate": _RATE,
        "betas": {**numbers(2, 0), "items": {"type": "number", "minimum": 0, "exclusiveMaximum": 1}},
        "clip_norm": {"type": "number", "exclusiveMinimum": 0, "maximum": 1e9},
        "ema": _SHARE,
        "freeze_norm": _SHARE,
        "steps_jitter": _SHARE,
        "loss": {"enum": list(LOSSES)},
        "coarse_weight": _number(0, 1000),
        "coarse_first": _number(0, 10_000_000, "integer"),
        "augmentation": _AUGMENTATION,
        "second_phase": optional(_SECOND_PHASE),
        "validation_share": _SHARE,
        "fold": _number(0, 1000, "integer"),
        "validate_every": _MANY,
        "validation_cases": _MANY,
        "checkpoint_every": _MANY,
        "keep": {"enum": list(KEEP)},
        "patience": _number(0, 10_000_000, "integer"),
        "trained": {"enum": list(TRAINED)},
        "recompute": {"type": "boolean"},
        "seed": SEED,
    },
    ("architecture", "preprocessing", "labels", "field_of_view", "patch"),
)


@dataclass(frozen=True)
class Augmentation:
    """What is done to a training case, as ranges and, for the artifacts, probabilities (torchio's units).

    The artifacts are those that the verdict must know (M3D-NCA, section 3.2) and those of Med-NCA's robustness study,
    in mild forms.

    Attributes:
        flip: axes (0 R, 1 A, 2 S) that are mirrored with probability 1/2.
        shift: largest displacement of the field of view, mm.
        rotation: largest, degrees, about each axis.
        scaling: largest, relative to 1.
        elastic, gamma, noise, blur, bias_field, anisotropy, spike, ghosting, motion: probability of each.
    """

    flip: tuple[int, ...] = (0,)
    shift: float = 6.0
    rotation: float = 12.0
    scaling: float = 0.12
    elastic: float = 0.15
    gamma: float = 0.3
    noise: float = 0.25
    blur: float = 0.1
    bias_field: float = 0.15
    anisotropy: float = 0.1
    spike: float = 0.03
    ghosting: float = 0.05
    motion: float = 0.03


@dataclass(frozen=True)
class SecondPhase:
    """A phase after the plan's iterations: milder augmentation and larger patches, nearer to what inference sees.

    The learning rate begins anew at its own, and falls as a cosine once more.

    Attributes:
        iterations: of this phase.
        learning_rate: largest.
        patch: cells along R, A, S.
        augmentation: of every sample.
    """

    iterations: int
    learning_rate: float
    patch: tuple[int, int, int]
    augmentation: Augmentation


@dataclass(frozen=True)
class Plan:
    """One training run.

    Attributes:
        architecture, preprocessing, labels: of the model.
        field_of_view: voxels of a training crop on the model's grid (R, A, S).
        patch: cells (R, A, S) of a patch from the second level on (M3D-NCA, section 2.1).
        loss_margin: outer cells that the loss leaves out along each axis on which a patch is smaller than its field:
            beyond it they perceive nothing.
        foreground_share: of the samples, whose patches are placed on a label.
        batch, duplication: batch x duplication samples an iteration; duplication > 1 repeats each image with other fire
            masks and patches ("batch duplication", M3D-NCA, section 2.1).
        iterations: before a second phase.
        learning_rate: largest, after a short warm-up; it falls as a cosine.
        betas: of Adam.
        clip_norm: largest norm of the gradient.
        ema: decay of the moving average of the weights, which is what is kept.
        freeze_norm: share of the iterations after which a level's batch norm is frozen, from its first one on.
        steps_jitter: relative range of the random number of steps of a level.
        loss: one of `LOSSES`.
        coarse_weight: weight of the same loss on the coarser levels' outputs (0: last level only, as published).
        coarse_first: the first of the iterations, in which the coarsest level is trained alone: they are many times
            cheaper, and what the finer levels begin with is then good already (0: all from the start, as published).
        augmentation: of every sample.
        second_phase: an optional last phase after `iterations`.
        validation_share: of the cases, held out.
        fold: of cross-validation, from 0: which cases are held out.
        validate_every, validation_cases: iterations between validations, and cases of each, at most.
        checkpoint_every: iterations between checkpoints, at most.
        keep: "last" or "best", the weights of the end or of the best validation.
        patience: validations without a better one after which training ends early (0: never).
        trained: which weights move, "all" or "update" (the dense layers that say what follows from what is perceived,
            and the norm between them; perception stays).
        recompute: compute steps again on the way back instead of keeping them (less memory, a fifth more time).
        seed: of everything random.

    Raises:
        MedNCAError: where a field is out of bounds, in a sentence.
    """

    architecture: Architecture
    preprocessing: Preprocessing
    labels: tuple[Label, ...]
    field_of_view: tuple[int, int, int]
    patch: tuple[int, int, int]
    loss_margin: int = 2
    foreground_share: float = 0.7
    batch: int = 4
    duplication: int = 1
    iterations: int = 6000
    learning_rate: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.99)
    clip_norm: float = 1.0
    ema: float = 0.998
    freeze_norm: float = 0.08
    steps_jitter: float = 0.2
    loss: str = "dice-bce"
    coarse_weight: float = 0.25
    coarse_first: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    second_phase: SecondPhase | None = None
    validation_share: float = 0.2
    fold: int = 0
    validate_every: int = 500
    validation_cases: int = 12
    checkpoint_every: int = 100
    keep: str = "last"
    patience: int = 0
    trained: str = "all"
    recompute: bool = False
    seed: int = 0

    def __post_init__(self):
        data = self.to_json()
        check_schema(data, PLAN_SCHEMA, Sentence("The training plan"))
        check_labels(data["labels"], Sentence("The training plan"))
        check_preprocessing(data["preprocessing"], data["architecture"], Sentence("The training plan"))
        if self.architecture.labels != len(self.labels):
            raise MedNCAError(
                "The model has {outputs} outputs for {labels} labels.",
                outputs=self.architecture.labels,
                labels=len(self.labels),
            )

    def trains(self, parameter: str) -> bool:
        """Whether a parameter of the pyramid, by name, is changed by the training."""
        return self.trained == "all" or parameter.split(".")[2] in ("update", "hidden", "norm")

    @property
    def padding(self) -> tuple[int, int, int]:
        """Voxels around the field of view, so that shifts and rotations rarely meet emptiness."""
        spacing = self.preprocessing.spacing or (1.0, 1.0, 1.0)
        return triple(math.ceil(self.augmentation.shift / mm) + 2 for mm in spacing)

    @property
    def total_iterations(self) -> int:
        """Of both phases."""
        return self.iterations + (self.second_phase.iterations if self.second_phase else 0)

    def levels_at(self, iteration: int) -> int:
        """How many levels are trained, coarsest first."""
        return 1 if iteration < self.coarse_first else len(self.architecture.levels)

    def augmentation_at(self, iteration: int) -> Augmentation:
        """Of the iteration's phase."""
        return (
            self.second_phase.augmentation if self.second_phase and iteration >= self.iterations else self.augmentation
        )

    def patch_at(self, iteration: int) -> tuple[int, int, int]:
        """Of the iteration's phase."""
        return self.second_phase.patch if self.second_phase and iteration >= self.iterations else self.patch

    def learning_rate_at(self, iteration: int) -> float:
        """Short linear warm-up, then cosine to 2 %; once more for the second phase."""
        start, length, peak = 0, self.iterations, self.learning_rate
        if self.second_phase and iteration >= self.iterations:
            start, length, peak = self.iterations, self.second_phase.iterations, self.second_phase.learning_rate
        done = iteration - start
        warm = min(1.0, (done + 1) / 50)
        return peak * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done / length)))

    def to_json(self) -> dict:
        """As JSON has it once it is written and read: lists, no tuples."""
        data = asdict(self) | {"architecture": self.architecture.to_json()}
        return json.loads(json.dumps(data))

    @classmethod
    def from_json(cls, data: dict) -> Plan:
        """Raises MedNCAError where the plan cannot be understood."""
        if isinstance(data, dict) and "polish" in data:  # as it was called before version 0.2
            data = {"second_phase" if key == "polish" else key: value for key, value in data.items()}
        check_schema(data, PLAN_SCHEMA, Sentence("The training plan"))
        data = dict(data)
        data["architecture"] = Architecture.from_json(data["architecture"])
        data["preprocessing"] = Preprocessing.from_json(data["preprocessing"])
        data["labels"] = tuple(Label.from_json(label) for label in data["labels"])
        data["augmentation"] = Augmentation(**tuples(data.get("augmentation", {})))
        if data.get("second_phase"):
            phase = tuples(data["second_phase"])
            phase["augmentation"] = Augmentation(**tuples(phase["augmentation"]))
            data["second_phase"] = SecondPhase(**phase)
        return cls(**tuples(data))

"""What a model is made of, as data: family, channels, levels. Nothing here computes on tensors or imports torch.

Axes are always R, A, S (left to right, posterior to anterior, inferior to superior), in this order.
A 2D family is a 3D one whose cells perceive nothing along `slice_axis`: kernel and scale are 1 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite, prod

from ..axes import Box, triple, whole
from ..errors import MedNCAError, Sentence
from .families import FAMILIES, Family

Shape = tuple[int, int, int]  # along R, A, S

NORMS = ("none", "batch")

# Bounds of what a model file may ask for; checked before anything is allocated.
MAX_CHANNELS = 256
MAX_HIDDEN = 1024
MAX_LEVELS = 6
MAX_KERNEL = 15
MAX_STEPS = 1000
MAX_SCALE = 64


@dataclass(frozen=True)
class Level:
    """One level of the pyramid.

    Attributes:
        scale: how many voxels of the image one cell covers, per axis (R, A, S); (1, 1, 1) is full resolution.
        kernel: edge of the perception kernel (k), odd.
        steps: how often the cell is applied.
    """

    scale: Shape
    kernel: int
    steps: int


@dataclass(frozen=True)
class Architecture:
    """A pyramid of neural cellular automata, as data (M3D-NCA, section 2.1; Med-NCA, section 3.3).

    Attributes:
        family: a name of `families.FAMILIES`.
        channels: of the state (c): those of the image, then one logit per label, then hidden memory.
        hidden: units of the hidden layer (h).
        levels: coarsest first.
        fire_rate: probability with which a cell is updated in a step, above 0, at most 1.
        norm: "batch" for a batch norm whose statistics are frozen at inference, "none" for none.
        input_channels: of the image.
        labels: how many outputs.
        slice_axis: 0, 1 or 2 (R, A, S), the axis along which a 2D family perceives nothing; None in 3D.

    Raises:
        MedNCAError: where a value is out of its bounds, in a sentence.
    """

    family: str
    channels: int
    hidden: int
    levels: tuple[Level, ...]
    fire_rate: float = 0.5
    norm: str = "none"
    input_channels: int = 1
    labels: int = 1
    slice_axis: int | None = None

    def __post_init__(self):
        _check(self)

    @property
    def family_record(self) -> Family:
        """What the family's cells are like."""
        return FAMILIES[self.family]

    @property
    def dims(self) -> int:
        """2 or 3."""
        return self.family_record.dims

    @property
    def flat_axis(self) -> int:
        """The slice axis of a 2D family, which has one; not to be asked of a 3D one."""
        assert self.slice_axis is not None
        return self.slice_axis

    def kernel_shape(self, level: Level) -> Shape:
        """The perception kernel's extent along R, A, S."""
        return triple(1 if axis == self.slice_axis else level.kernel for axis in range(3))

    def check_size(self, size: Sequence[int]) -> None:
        """Refuse an image with fewer voxels along an axis than a kernel: most that it perceives were mirrored.

        Args:
            size: voxels along R, A, S on the model's grid.

        Raises:
            MedNCAError: which says how many are needed.
        """
        for kernel in map(self.kernel_shape, self.levels):
            if any(n < k for n, k in zip(size, kernel, strict=True)):
                shown, needed = (" x ".join(map(str, shape)) for shape in (size, kernel))
                raise MedNCAError(
                    "The image has only {size} voxels (R, A, S) on the model's grid; this model needs at least "
                    "{needed}.",
                    size=shown,
                    needed=needed,
                )

    def multiplications(self, level: Level) -> int:
        """How many one cell takes that fires, in one step: perception, hidden layer and update."""
        c, h, family = self.channels, self.hidden, self.family_record
        perception = family.perception_multiplications(c, prod(self.kernel_shape(level)))
        return perception + (1 + family.perceived) * c * h + h * c

    def ratio(self, index: int) -> Shape:
        """How many cells of level `index` + 1 lie in one cell of level `index`, per axis."""
        coarse, fine = self.levels[index].scale, self.levels[index + 1].scale
        return triple(c // f for c, f in zip(coarse, fine, strict=True))

    def reach(self, level: Level) -> Shape:
        """How far one level carries information, in its own cells: steps x radius, per axis.

        This is the margin of an exact tile; M3D-NCA, section 3.1, states it for a single step, (k - 1) / 2.
        """
        return triple(level.steps * (k // 2) for k in self.kernel_shape(level))

    def frame(self, level: Level, shape: Sequence[int]) -> Shape:
        """Cells of a level, along R, A, S, over an image of `shape` voxels (R, A, S)."""
        return triple(-(-n // s) for n, s in zip(shape, level.scale, strict=True))

    def boxes(self, shape: Sequence[int], region: Box | None = None) -> list[Box]:
        """What each level must compute so that a region of the image is exact.

        The last level computes the region; each level before, what the next one begins with over its own box and the
        margin of its reach.

        Args:
            shape: voxels of the image (R, A, S).
            region: slices of the image; None for all of it.

        Returns:
            Per level, coarsest first, slices of its frame.
        """
        last = self.levels[-1].scale
        region = region or whole(shape)
        boxes = [triple(slice(part.start // s, -(-part.stop // s)) for part, s in zip(region, last, strict=True))]
        for number in range(len(self.levels) - 2, -1, -1):
            needed = widen(boxes[0], self.reach(self.levels[number + 1]), self.frame(self.levels[number + 1], shape))
            ratio = self.ratio(number)
            boxes.insert(0, triple(slice(s.start // f, -(-s.stop // f)) for s, f in zip(needed, ratio, strict=True)))
        return boxes

    def parameter_count(self) -> int:
        """Trainable parameters of all levels."""
        return sum(self._level_parameters(level) for level in self.levels)

    def _level_parameters(self, level: Level) -> int:
        c, h, family = self.channels, self.hidden, self.family_record
        perception = family.perception_parameters(c, prod(self.kernel_shape(level)))
        norm = 2 * h if self.norm == "batch" else 0
        return perception + (1 + family.perceived) * c * h + h + norm + h * c

    def to_json(self) -> dict:
        """As model.json has it, the dimension with it."""
        data = asdict(self)
        data["dims"] = self.dims
        data["levels"] = [{**asdict(level), "scale": list(level.scale)} for level in self.levels]
        return data

    @classmethod
    def from_json(cls, data: dict) -> Architecture:
        """The architecture that `to_json` wrote.

        Raises:
            MedNCAError: where a field is missing, unknown or out of bounds, or the dimension is not the family's.
        """
        data = dict(data)
        says_dims, dims = "dims" in data, data.pop("dims", None)
        try:
            levels = tuple(Level(**level | {"scale": tuple(level["scale"])}) for level in data.pop("levels"))
            architecture = cls(levels=levels, **data)
        except (KeyError, TypeError) as error:
            raise MedNCAError("The model's architecture cannot be read: {cause}.", cause=error) from error
        if says_dims and dims != architecture.dims:
            raise MedNCAError(
                "The model says it is {dimensions}D, but {family} is {expected}D.",
                dimensions=dims,
                family=architecture.family,
                expected=architecture.dims,
            )
        return architecture


def widen(box: Box, margin: Sequence[int], frame: Sequence[int]) -> Box:
    """A box with a margin of so many cells along R, A, S around it, inside its frame."""
    return triple(
        slice(max(part.start - m, 0), min(part.stop + m, n)) for part, m, n in zip(box, margin, frame, strict=True)
    )


def _check(a: Architecture) -> None:
    if a.family not in FAMILIES:
        raise MedNCAError(
            "Unknown model family {family}; known are {known}.", family=repr(a.family), known=", ".join(FAMILIES)
        )
    family = a.family_record
    _require(
        a.norm in NORMS, Sentence("norm must be one of {known}, not {norm}", known=", ".join(NORMS), norm=repr(a.norm))
    )
    _whole(a.channels, 2, MAX_CHANNELS, "channels")
    _whole(a.hidden, 1, MAX_HIDDEN, "hidden")
    _whole(a.input_channels, 1, a.channels - 1, "input_channels")
    _whole(a.labels, 1, a.channels - a.input_channels, "labels")
    number = isinstance(a.fire_rate, (int, float)) and isfinite(a.fire_rate)
    _require(number and 0 < a.fire_rate <= 1, Sentence("fire_rate must lie in (0, 1]"))
    if family.dims == 2:
        _require(a.slice_axis in (0, 1, 2), Sentence("a 2D model needs slice_axis 0, 1 or 2 (R, A, S)"))
    else:
        _require(a.slice_axis is None, Sentence("a 3D model has no slice_axis"))
    _whole(len(a.levels), 1, MAX_LEVELS if family.several_levels else 1, Sentence("the number of levels"))
    for level in a.levels:
        _whole(level.kernel, 1, MAX_KERNEL, "kernel")
        _require(level.kernel % 2 == 1, Sentence("kernel must be odd"))
        fits = family.kernel in (None, level.kernel)
        _require(
            fits, Sentence("{family} has fixed filters: its kernel is {kernel}", family=a.family, kernel=family.kernel)
        )
        _whole(level.steps, 1, MAX_STEPS, "steps")
        _require(len(level.scale) == 3, Sentence("scale needs three numbers (R, A, S)"))
        for axis, scale in enumerate(level.scale):
            _whole(scale, 1, MAX_SCALE, "scale")
            _require(axis != a.slice_axis or scale == 1, Sentence("scale along slice_axis must be 1"))
    for coarse, fine in zip(a.levels, a.levels[1:], strict=False):
        divisible = all(c % f == 0 for c, f in zip(coarse.scale, fine.scale, strict=True))
        _require(divisible, Sentence("each level's scale must be a multiple of the next level's"))


def _whole(value, low: int, high: int, name: str | Sentence) -> None:
    _require(
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        Sentence(
            "{name} must be a whole number from {low} to {high}, not {value}",
            name=name,
            low=low,
            high=high,
            value=repr(value),
        ),
    )


def _require(holds: bool, why: Sentence) -> None:
    """why: what is told where it does not hold."""
    if not holds:
        raise MedNCAError("The model's architecture is not valid: {why}.", why=why)

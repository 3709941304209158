"""From a fingerprint to a plan, with a sentence for each decision. Every one of them may be changed: a plan is data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np

from mednca.axes import triple
from mednca.errors import MedNCAError, Sentence
from mednca.imaging.geometry import grid_size
from mednca.models.description import Label, Preprocessing
from mednca.nca.architecture import Architecture, Level
from mednca.nca.families import FAMILIES, Family, Planning, planned_families

from .fingerprint import CaseFacts, Fingerprint
from .plan import Augmentation, Plan

COLORS = (
    (241, 214, 64), (64, 156, 255), (87, 187, 96), (201, 92, 172), (230, 126, 34), (120, 105, 215), (216, 82, 82),
    (77, 190, 190),
)  # fmt: skip
_LARGEST_FIELD = 160  # voxels along an axis; beyond, the grid is made coarser
_PADDING = 14.0  # mm around the organ that a field of view has at least
_SAMPLE_VOXELS = 60_000  # of the patches of a batch, about
_ITERATIONS = 3000
_QUICK_FIELD, _QUICK_ITERATIONS = 64, 1500  # of a plan that gives a first answer
_STRAY = 0.1  # of a label's voxels: as many outside of the largest piece are no stray ones
_FEW = 0.1  # of the cases: as many may differ from what the others say
_SIDED = 0.15  # of the labels' width, that a label lies to one side of another one


@dataclass(frozen=True)
class Proposal:
    """A plan, and why it is so.

    Attributes:
        plan: what is proposed.
        reasons: a sentence for each decision, by what is decided ("spacing", "patch", ...), in their order.
    """

    plan: Plan
    reasons: dict[str, Sentence]


def propose(
    fingerprint: Fingerprint, label_names: dict[int, str] | None = None, family: str = "m3d-nca",
    iterations: int | None = None, seed: int = 0, quick: bool = False, largest: int | None = None,
) -> Proposal:  # fmt: skip
    """A plan for a new model of a data set.

    Args:
        fingerprint: of the data set; all labels that occur in it are learned.
        label_names: what the labels' values are called.
        family: of the model, one of `planned_families`.
        iterations: default: 3000, or 1500 of a quick one; training ends earlier where nothing gets better.
        seed: of everything random.
        quick: on a coarser grid, so that the whole field is at most 64 voxels long: for a first answer.
        largest: voxels along an axis of the field of view, beyond which the grid is made coarser; default: 160, or 64
            of a quick one.

    Returns:
        The plan, and a sentence for each of its decisions.

    Raises:
        MedNCAError: with fewer than two usable cases, an unknown family, images too thin for it, or what no plan can
            have, as two labels of one name.
    """
    cases, reasons = fingerprint.usable, {}
    if len(cases) < 2:
        few = Sentence(
            "Training needs two usable cases at least, one to learn from and one to check with; there are {count}.",
            count=len(cases),
        )
        if not fingerprint.problems:
            raise MedNCAError.of(few)
        raise MedNCAError("{few} {why}", few=few, why=_listed(list(fingerprint.problems.items())[:3]))
    record = FAMILIES.get(family)
    if record is None or record.planning is None:
        raise MedNCAError(
            "Unknown model family {family}; known are {known}.",
            family=repr(family),
            known=", ".join(planned_families()),
        )
    labels = tuple(
        Label(value, (label_names or {}).get(value, f"Label {value}"), COLORS[n % len(COLORS)])
        for n, value in enumerate(fingerprint.values)
    )
    reasons["labels"] = _told_labels(labels, cases)
    channels = fingerprint.channels
    if len(channels) > 1:
        reasons["channels"] = Sentence(
            "Each image has {count} channels: {channels}.", count=len(channels), channels=", ".join(channels)
        )
    largest = largest or (_QUICK_FIELD if quick else _LARGEST_FIELD)
    spacing, field = _grid(cases, largest, reasons)
    sizes = [grid_size(np.array(case.size) * case.spacing, np.array(spacing)) for case in cases]
    smallest = triple(np.minimum(np.min(sizes, axis=0), field).tolist())
    architecture = _architecture(record, record.planning, field, spacing, smallest, len(channels), len(labels), reasons)
    batch, patch = _patch(field, spacing, cases, reasons)
    in_pieces = cases_in_pieces(cases)
    is_one_piece = not in_pieces
    reasons["pieces"] = _told_pieces(in_pieces)
    flip = flip_axes(cases)
    reasons["flip"] = Sentence(
        "Images are not mirrored: a label lies on the same side in nearly all cases, or on the same side of another "
        "one."
    )
    if flip:
        reasons["flip"] = Sentence("Images are mirrored left to right now and then.")
    plan = Plan(
        architecture=architecture,
        preprocessing=Preprocessing(
            spacing=spacing,
            field_of_view=triple(round(n * mm, 1) for n, mm in zip(field, spacing, strict=True)),
            keep_largest=is_one_piece,
            channels=channels,
        ),
        labels=labels,
        field_of_view=field,
        patch=patch,
        batch=batch,
        iterations=iterations or (_QUICK_ITERATIONS if quick else _ITERATIONS),
        validate_every=250,
        keep="best",
        patience=6,
        augmentation=Augmentation(flip=flip, shift=_shift(field, spacing)),
        seed=seed,
    )
    reasons["iterations"] = Sentence(
        "{iterations} iterations of {batch} samples; training ends early when {patience} validations in a row bring "
        "nothing, and keeps the best.",
        iterations=plan.iterations,
        batch=batch,
        patience=plan.patience,
    )
    return Proposal(plan, reasons)


def _listed(problems: list[tuple[str, Sentence]]) -> Sentence:
    """What is wrong with some cases, in a row."""
    told = [Sentence("{case}: {problem}", case=name, problem=problem) for name, problem in problems]
    return reduce(lambda first, then: Sentence("{first}; {then}", first=first, then=then), told)


def _told_labels(labels: Sequence[Label], cases: Sequence[CaseFacts]) -> Sentence:
    """How many there are, and which of them few cases have, as where a voxel was painted by mistake."""
    told = Sentence("{labels} label(s) occur in the {cases} usable cases.", labels=len(labels), cases=len(cases))
    counts = [(label, sum(label.value in case.labels for case in cases)) for label in labels]
    rare = [f"{label.value} ({label.name}): {count}" for label, count in counts if count < len(cases)]
    if not rare:
        return told
    return Sentence(
        "{told} Not all cases have all of them (value, name, cases): {rare}. Is that meant?",
        told=told,
        rare="; ".join(rare),
    )


def cases_in_pieces(cases: Sequence[CaseFacts]) -> int:
    """In how many cases the labels lie in several pieces; none, where these are so few that it may be a mistake."""
    count = sum(case.beside > _STRAY for case in cases)
    return count if count > _FEW * len(cases) else 0


def _told_pieces(in_pieces: int) -> Sentence:
    if not in_pieces:
        return Sentence("The labels of a case are one piece: of a result the largest piece is kept.")
    return Sentence("All pieces of a result are kept: in {count} cases the labels lie in several.", count=in_pieces)


def _grid(cases, largest, reasons):
    """Spacing and field of view of the model: the median spacing; the largest organ with padding around it."""
    spacing = np.median([case.spacing for case in cases], axis=0)
    organ = np.max([case.extent for case in cases], axis=0)
    images = np.median([np.array(case.size) * case.spacing for case in cases], axis=0)
    needed = np.maximum(organ + 2 * _PADDING, 1.35 * organ)
    field_mm = np.where(images <= 1.35 * needed, images, needed)  # images that are crops already stay whole
    too_long = field_mm / spacing > largest
    # All axes as coarse as the longest one must be, so that cells stay about as long as wide.
    coarser = np.maximum(spacing, (field_mm / largest)[too_long].max(initial=0.0))
    is_coarser = bool((coarser > spacing).any())
    spacing = np.array([round(float(mm), 2) for mm in coarser])
    field = triple(int(n) for n in np.maximum(np.round(field_mm / spacing), 8))
    shown, size = " x ".join(f"{mm:g}" for mm in spacing), " x ".join(map(str, field))
    reasons["spacing"] = Sentence("{spacing} mm (R, A, S), the median of the cases.", spacing=shown)
    if is_coarser:
        reasons["spacing"] = Sentence(
            "{spacing} mm (R, A, S), the median of the cases, made coarser so that the field stays within {largest} "
            "voxels.",
            spacing=shown,
            largest=largest,
        )
    reasons["field_of_view"] = Sentence("{size} voxels: the largest organ with room around it.", size=size)
    if np.all(field_mm >= 0.95 * images):
        reasons["field_of_view"] = Sentence("{size} voxels: about the whole image.", size=size)
    return triple(spacing.tolist()), field


def _architecture(family: Family, planning: Planning, field, spacing, smallest, channels, labels, reasons):
    """Two levels; the coarse one perceives the whole field within its steps. smallest: voxels along each axis that the
    field of some case has only."""
    factor = 2 if max(field) <= 64 else 4
    if family.dims == 2:
        axis = int(np.argmax(spacing)) if max(spacing) > 1.2 * min(spacing) else 1
        if min(smallest) < planning.kernels[0]:  # the slices are those that there are
            axis = int(np.argmin(smallest))
        scale = [1 if a == axis else max(min(factor, n // 6), 1) for a, n in enumerate(field)]
    else:  # cells that are about as long as wide
        axis, fine = None, min(spacing)
        scale = [max(min(factor, round(factor * fine / mm), n // 6), 1) for mm, n in zip(spacing, field, strict=True)]
    coarse = max(math.ceil(n / s) for a, (n, s) in enumerate(zip(field, scale, strict=True)) if a != axis)
    thin = min(n for a, n in enumerate(smallest) if a != axis)
    coarse_kernel, fine_kernel = (min(kernel, thin - 1 + thin % 2) for kernel in planning.kernels)  # odd
    if min(coarse_kernel, fine_kernel) < 3:
        raise MedNCAError(
            "The smallest image has only {size} voxels (R, A, S) on the model's grid, too few for {family}. Choose "
            "another family of models, or leave out such images.",
            size=" x ".join(map(str, smallest)),
            family=family.title,
        )
    radius = coarse_kernel // 2
    steps = int(np.clip(math.ceil(coarse / radius), *planning.steps))  # M3D-NCA, section 3.1: max(size) / ((k - 1) / 2)
    levels = (
        Level(triple(scale), coarse_kernel, steps),
        Level((1, 1, 1), fine_kernel, min(steps, planning.fine_steps)),
    )
    architecture = Architecture(
        family.name, planning.channels, planning.hidden, levels, norm=planning.norm, input_channels=channels,
        labels=labels, slice_axis=axis,
    )  # fmt: skip
    reasons["architecture"] = Sentence(
        "{family} with two levels; {steps} steps carry information across the {cells} cells of the coarse one.",
        family=family.title,
        steps=steps,
        cells=coarse,
    )
    if family.dims == 2:
        reasons["architecture"] = Sentence(
            "{family}: slices along the axis with the thickest slices, two levels, {count} weights.",
            family=family.title,
            count=f"{architecture.parameter_count():,}",
        )
    return architecture


def _patch(field, spacing, cases, reasons):
    """A patch large enough to hold what it should learn, and as many in a batch as a small computer can hold."""
    edge = 28 if max(field) <= 64 else 48
    patch = triple(int(min(n, max(round(edge * min(spacing) / mm), 8))) for n, mm in zip(field, spacing, strict=True))
    batch = 4 if _SAMPLE_VOXELS / math.prod(patch) > 3 else 2  # even: most small computers have an even number of cores
    share = np.median([sum(case.labels.values()) / math.prod(case.size) for case in cases])
    reasons["patch"] = Sentence(
        "The fine level learns on patches of {size} voxels; the organ fills {share} of an image, so most of them are "
        "placed on it.",
        size=" x ".join(map(str, patch)),
        share=f"{share:.1%}",
    )
    return batch, patch


def flip_axes(cases: list[CaseFacts]) -> tuple[int, ...]:
    """Mirroring left and right is right for organs on the midline, or seen on both sides; not for one that always lies
    on the same side, nor for a left and a right one with labels of their own. cases: usable ones."""
    reach = np.median([case.size[0] * case.spacing[0] for case in cases])
    width = np.median([case.extent[0] for case in cases])
    values = sorted({value for case in cases for value in case.sides})
    offsets = [([case.sides[value] for case in cases if value in case.sides], 0.12 * reach) for value in values]
    offsets += [
        ([case.sides[one] - case.sides[other] for case in cases if {one, other} <= set(case.sides)], _SIDED * width)
        for one, other in combinations(values, 2)
    ]
    told = [(np.array(mm), least) for mm, least in offsets if len(mm) > _FEW * len(cases)]  # by more than a few cases
    return () if any(_is_sided(mm, least) for mm, least in told) else (0,)


def _is_sided(offsets: np.ndarray, least: float) -> bool:
    """Whether nearly all lie on one side, by so many mm at least."""
    beyond = max(np.mean(offsets > least), np.mean(offsets < -least))
    return bool(beyond >= 1 - _FEW)


def _shift(field, spacing) -> float:
    """mm by which samples are displaced: less where little is seen, so that the organ stays in sight."""
    shortest = min(n * mm for n, mm in zip(field, spacing, strict=True))
    return 10.0 if shortest >= 80 else min(6.0, round(0.15 * shortest, 2))


def with_changes(plan: Plan, changes: dict) -> Plan:
    """A plan with some of its fields replaced.

    Args:
        plan: stays as it is.
        changes: fields as JSON has them; of a field that has fields of its own, only some need be given.

    Raises:
        MedNCAError: where a field is unknown, or its value is out of bounds.
    """
    data = plan.to_json()
    for key, value in changes.items():
        if key not in data:
            raise MedNCAError("A plan has no {key}; it has {known}.", key=repr(key), known=", ".join(data))
        data[key] = data[key] | value if isinstance(data[key], dict) and isinstance(value, dict) else value
    return Plan.from_json(data)

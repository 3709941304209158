"""The families of cells, as data: one record each, and the one place that is asked what a family is like.

A new family is a record here and its cell in `cells`; what counts, plans or trains reads the record, never the name.
Nothing here computes on tensors or imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planning:
    """How a model of a family is laid out for a data set: two levels, the coarse one over the whole field of view.

    Attributes:
        channels, hidden, norm: of `Architecture`.
        kernels: of the coarse and of the fine level.
        steps: fewest and most of the coarse level; between them, as many as carry information across the field.
        fine_steps: most of the fine level, which never takes more than the coarse one.
    """

    channels: int
    hidden: int
    norm: str
    kernels: tuple[int, int]
    steps: tuple[int, int]
    fine_steps: int


@dataclass(frozen=True)
class Family:
    """What the cells of a family perceive, and what that takes.

    Perception is one convolution over the state's c channels, with `perceived` x c channels as its result; all else
    of a cell (`cells.Cell`) is the same in every family.

    Attributes:
        name: as model files say it.
        title: for people, as the papers write it.
        dims: 3, or 2 where cells perceive nothing along the slice axis.
        perceived: channels of the perception, in units of c.
        depthwise: each channel is perceived by itself, its results side by side; otherwise each result perceives all.
        learned: whether the convolution has trained weights and a bias; otherwise its filters are fixed.
        kernel: the only one that the filters have, or None where any odd one is possible.
        several_levels: whether the papers' pyramid of levels is part of the family.
        planning: None where no plans for it are proposed.
    """

    name: str
    title: str
    dims: int
    perceived: int
    depthwise: bool
    learned: bool = True
    kernel: int | None = None
    several_levels: bool = True
    planning: Planning | None = None

    def perception_multiplications(self, channels: int, kernel_cells: int) -> int:
        """Multiplications of one cell's perception. kernel_cells: how many cells the kernel covers."""
        return self.perceived * channels * kernel_cells * (1 if self.depthwise else channels)

    def perception_parameters(self, channels: int, kernel_cells: int) -> int:
        """Trained weights of the perception, the bias included. kernel_cells: how many cells the kernel covers."""
        return (
            self.perception_multiplications(channels, kernel_cells) + self.perceived * channels if self.learned else 0
        )


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "m3d-nca", "M3D-NCA", dims=3, perceived=1, depthwise=True,
            planning=Planning(16, 64, "batch", kernels=(7, 3), steps=(8, 20), fine_steps=12),
        ),
        Family(
            "med-nca", "Med-NCA", dims=2, perceived=2, depthwise=False,
            planning=Planning(32, 128, "none", kernels=(3, 3), steps=(16, 16), fine_steps=16),
        ),
        Family("backbone-nca", "Backbone-NCA", dims=2, perceived=2, depthwise=False, several_levels=False),
        Family(
            "seg-nca", "Seg-NCA", dims=2, perceived=2, depthwise=True, learned=False, kernel=3, several_levels=False,
        ),
    )
}  # fmt: skip


def planned_families() -> dict[str, Family]:
    """Those that plans are proposed for, by name."""
    return {name: family for name, family in FAMILIES.items() if family.planning}

"""A run in TensorBoard, where that is installed: loss, gradient, learning rate and Dice, in the run's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..plan.plan import Plan
from ..run_folder import TENSORBOARD, HistoryRow

_FLUSH_SECONDS = 30


@contextmanager
def board(folder: Path, plan: Plan, iteration: int) -> Iterator[Callable[[HistoryRow], None]]:
    """Write rows for TensorBoard within the block: `tensorboard --logdir RUN`.

    Args:
        folder: of the run.
        plan: of the run; its labels name the curves of Dice.
        iteration: that the run goes on from; what was written of later ones is about to be made again.

    Yields:
        A function of a row; it does nothing where TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield lambda row: None
        return
    try:
        writer = SummaryWriter(str(folder / TENSORBOARD), purge_step=iteration + 1, flush_secs=_FLUSH_SECONDS)
    except OSError:  # as where the disk is full, which the checkpoint tells: curves are no reason to stop
        yield lambda row: None
        return

    def add(row: HistoryRow) -> None:
        values = {"loss": row.loss, "gradient norm": row.gradient_norm, "learning rate": row.learning_rate}
        values |= {"Dice/union": row.dice_union}
        values |= {f"Dice/{label.name}": dice for label, dice in zip(plan.labels, row.dice_labels or (), strict=False)}
        for name, value in values.items():
            if value is not None:
                with suppress(OSError):
                    writer.add_scalar(name, value, row.iteration)

    try:
        yield add
    finally:
        with suppress(OSError):
            writer.close()

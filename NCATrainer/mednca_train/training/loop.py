"""The training loop: patches through the pyramid, one optimizer, checkpoints that resume to the same numbers.

Everything random is addressed by (plan.seed, iteration, sample): cases, augmentation, patches, step counts, fire
masks. A checkpoint therefore needs no generator's state, and several processes share a batch without a word.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import time
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch.utils.data import DataLoader

from mednca.errors import MedNCAError
from mednca.files import write_bytes, write_json
from mednca.nca.pyramid import Pyramid
from mednca.schema import SPLIT_SCHEMA, read_json

from ..data.cases import Case
from ..plan.plan import Plan
from . import distributed
from .batches import Batches, sample_numbers
from .history import append_rows, drop_rows_after
from .losses import total_loss
from .patch_pyramid import training_pass

CHECKPOINT, HISTORY, PLAN, SPLIT, STATE = (
    "checkpoint.safetensors", "history.csv", "plan.json", "split.json", "state.json",
)  # fmt: skip
CHECKPOINT_SECONDS = 45.0  # a killed run loses at most what it did since
_ROLLBACKS = 3  # times that a diverged run is set back before it is given up
_MOST_LOADERS = 4
_BAD_GRADIENTS = 10  # in a row; one now and then is left out


class Diverged(Exception):
    """The loss, or the gradient for a while, is not a number."""


def check_begun(folder: Path) -> None:
    """Raises MedNCAError where a folder holds no run."""
    if not os.path.exists(folder / PLAN):
        raise MedNCAError(f"{folder} holds no training run (no {PLAN}).")


def check_new(folder: Path) -> None:
    """Raises MedNCAError where a folder already holds a run."""
    exists = os.path.exists(folder / PLAN)
    distributed.wait()  # none may look when another has begun to write
    if exists:
        raise MedNCAError(f"{folder} already holds a training run; resume it or choose another folder.")


class Run:
    """A training run in a folder: plan.json, split.json, history.csv, checkpoint.safetensors, state.json.

    start: a pyramid whose weights it begins with, for fine-tuning. device: where it is computed; on CUDA in mixed
    precision (bfloat16).
    """

    def __init__(self, folder, plan: Plan, split: dict[str, list[str]], start: Pyramid | None = None, device="cpu"):
        self.folder, self.plan, self.split = Path(folder), plan, split
        self.device = torch.device(device)
        torch.manual_seed(plan.seed)
        self.pyramid = (copy.deepcopy(start) if start else Pyramid(plan.architecture)).to(self.device)
        for name, parameter in self.pyramid.named_parameters():
            parameter.requires_grad_(plan.trains(name))
        self.average = copy.deepcopy(self.pyramid).requires_grad_(False)
        self.best = copy.deepcopy(self.average)
        self.parameters = [p for p in self.pyramid.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=plan.learning_rate, betas=plan.betas)
        self.iteration, self.best_score, self.best_iteration = 0, -1.0, 0
        self.rollbacks, self.bad_gradients = 0, 0
        if plan.batch * plan.duplication < distributed.count():
            raise MedNCAError(
                f"{distributed.count()} processes cannot share {plan.batch * plan.duplication} samples an iteration; "
                "start fewer, or make the plan's batch larger."
            )

    @classmethod
    def create(cls, folder, plan: Plan, split, start: Pyramid | None = None, device="cpu") -> Run:
        """A new run; raises MedNCAError where the folder already holds one."""
        folder = Path(folder)
        check_new(folder)
        run = cls(folder, plan, split, start, device)
        if distributed.is_first():
            write_json(folder / SPLIT, split)
            run.save([], "waiting")
            write_json(folder / PLAN, plan.to_json())
        distributed.wait()
        return run

    @classmethod
    def resume(cls, folder, device="cpu") -> Run:
        """The run of a folder, at its last checkpoint."""
        folder = Path(folder)
        check_begun(folder)
        try:
            plan = Plan.from_json(read_json(folder / PLAN))
            run = cls(folder, plan, read_json(folder / SPLIT, SPLIT_SCHEMA), device=device)
            run.load()
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise MedNCAError(f"The training run in {folder} is damaged and cannot be resumed: {error}.") from error
        if distributed.is_first():
            drop_rows_after(folder / HISTORY, run.iteration)
        distributed.wait()
        return run

    @property
    def frozen_at(self) -> int:
        return math.ceil(self.plan.freeze_norm * self.plan.iterations)

    @property
    def is_over(self) -> bool:
        """Whether the plan is fulfilled, or nothing got better for as long as it waits."""
        patience = self.plan.patience * self.plan.validate_every
        waited = self.iteration - max(self.best_iteration, self.frozen_at)
        return self.iteration >= self.plan.total_iterations or (0 < patience <= waited and self.best_score >= 0)

    @property
    def result(self) -> Pyramid:
        """The averaged weights: of the end, or of the best validation where the plan keeps those."""
        return self.best if self.plan.keep == "best" and self.best_score >= 0 else self.average

    def train(self, cases: list[Case], validate=None, report=None, tell=lambda text: None) -> None:
        """Train to the end of the plan.

        validate(pyramid) -> dict of numbers, dice_union among them, called on the averaged weights now and then.
        report(row) is called after each iteration with the row that goes to the history; it may raise to stop, and
        what was done so far is saved. tell(text): what people should know. Raises MedNCAError where the training
        diverges again and again.
        """
        while not self.is_over:
            try:
                self._train_on(cases, validate, report)
            except Diverged:
                tell(self._roll_back())

    def _train_on(self, cases, validate, report) -> None:
        wanted = set(self.split["training"])
        loader = DataLoader(
            Batches([case for case in cases if case.name in wanted], self.plan, self.iteration),
            batch_size=None, num_workers=self._loaders(), prefetch_factor=4, persistent_workers=False,
        )  # fmt: skip
        rows, saved, between = [], time.monotonic(), True
        try:
            for batch in loader:
                if isinstance(batch, str):
                    raise MedNCAError(f"{batch} What was trained so far is kept; resume once that is mended.")
                images, labels = batch
                validates = bool(validate) and self._validates_after(self.iteration + 1)
                if rows and validates:  # it takes a while, in which the work before it must not be lost
                    self.save(rows, "training")
                    rows, saved = [], time.monotonic()
                between = False
                start = time.perf_counter()
                row = self.step(images, labels)
                row["seconds"] = round(time.perf_counter() - start, 3)
                if validates:
                    self._validate(validate, row)
                rows.append(row)
                between = True
                now = time.monotonic()
                if self.iteration % self.plan.checkpoint_every == 0 or now - saved > CHECKPOINT_SECONDS or self.is_over:
                    self.save(rows, "trained" if self.is_over else "training")
                    rows, saved = [], now
                if report:
                    report(row)
                if self.is_over:
                    return
        except Diverged:
            raise
        except torch.cuda.OutOfMemoryError as error:
            self.set_state("failed")
            raise MedNCAError(
                f"The memory of {self.device} is not enough for this plan. Make patch or batch smaller, or set "
                "recompute."
            ) from error
        except BaseException:
            if between:
                self.save(rows, "paused")
            else:  # half an iteration is no state to go on from: the last checkpoint is
                self.set_state("paused")
            raise

    def _loaders(self) -> int:
        """Processes that read and augment; a processor that trains has none to spare."""
        return 1 if self.device.type == "cpu" else min(os.cpu_count() or 1, _MOST_LOADERS)

    def _validates_after(self, iteration: int) -> bool:
        return iteration % self.plan.validate_every == 0 or iteration == self.plan.total_iterations

    def step(self, images, labels) -> dict:
        """One iteration; returns its row of the history. Raises Diverged."""
        plan, iteration = self.plan, self.iteration
        self.set_norm_live(iteration < self.frozen_at)
        rate = plan.learning_rate_at(iteration) * 0.5**self.rollbacks
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        half = self.device.type == "cuda"
        with torch.autocast("cuda", torch.bfloat16) if half else contextlib.nullcontext():
            outputs = training_pass(
                self.pyramid, images.to(self.device), labels.to(self.device), plan, iteration, sample_numbers(plan)
            )
        loss = total_loss([[part.float() for part in output] for output in outputs], plan)
        if not torch.isfinite(loss):
            raise Diverged
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        distributed.share_gradients(self.parameters)
        distributed.share_buffers(self.pyramid.buffers())
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, plan.clip_norm)
        self._move(norm)
        self._update_average()
        self.iteration += 1
        return {"iteration": self.iteration, "loss": loss.item(), "gradient_norm": norm.item(), "learning_rate": rate}

    def _move(self, norm) -> None:
        """Take the step, unless its gradient is not a number."""
        if torch.isfinite(norm):
            self.optimizer.step()
            self.bad_gradients = 0
            return
        self.bad_gradients += 1
        if self.bad_gradients >= _BAD_GRADIENTS:
            raise Diverged

    def set_norm_live(self, live: bool) -> None:
        for cell in self.pyramid.cells:
            cell.live_norm = live and self.plan.architecture.norm == "batch"

    def _validate(self, validate, row) -> None:
        row.update(distributed.from_first(lambda: validate(self.average)))
        score = row.get("dice_union", -1.0)
        if score > self.best_score and self.iteration > self.frozen_at:
            self.best_score, self.best_iteration = score, self.iteration
            self.best.load_state_dict(self.average.state_dict())

    def _roll_back(self) -> str:
        """Back to the last checkpoint, to go on with half the learning rate."""
        rollbacks, where = self.rollbacks + 1, self.iteration
        if rollbacks > _ROLLBACKS:
            self.set_state("failed")
            raise MedNCAError(
                f"Training diverged at iteration {where} (the loss is not a number), {_ROLLBACKS} times set back. "
                "Choose a smaller learning rate."
            )
        self.load()
        self.rollbacks, self.bad_gradients = rollbacks, 0
        self.save([], "training")
        return (
            f"The loss was not a number at iteration {where + 1}; back to iteration {self.iteration} with half the "
            "learning rate."
        )

    def _update_average(self):
        """Exponential moving average of the weights; short at first, so that it forgets the start."""
        decay = min(self.plan.ema, (1 + self.iteration) / (10 + self.iteration))
        with torch.no_grad():
            for average, value in zip(self.average.parameters(), self.pyramid.parameters(), strict=True):
                average.lerp_(value, 1 - decay)
            for average, value in zip(self.average.buffers(), self.pyramid.buffers(), strict=True):
                average.copy_(value)

    def save(self, rows, state: str) -> None:
        """Add rows to the history, then the checkpoint; each file is whole at any moment."""
        if not distributed.is_first():
            return
        tensors = {}
        for name, pyramid in (("model", self.pyramid), ("average", self.average), ("best", self.best)):
            tensors |= {f"{name}.{k}": v for k, v in pyramid.state_dict().items()}
        for name, parameter in self.pyramid.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"adam.{key}.{name}"] = value
        numbers = (self.iteration, self.best_score, self.best_iteration, self.rollbacks)
        tensors["numbers"] = torch.tensor(numbers, dtype=torch.float64)
        append_rows(self.folder / HISTORY, rows)
        write_bytes(self.folder / CHECKPOINT, save({k: v.cpu().contiguous() for k, v in tensors.items()}))
        self.set_state(state)

    def load(self) -> None:
        """Back to the folder's checkpoint."""
        tensors = load_file(self.folder / CHECKPOINT)

        def part(prefix):
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        for name, pyramid in (("model.", self.pyramid), ("average.", self.average), ("best.", self.best)):
            pyramid.load_state_dict(part(name))
        adam = part("adam.")
        self.optimizer.state.clear()
        for name, parameter in self.pyramid.named_parameters():
            values = {k.split(".", 1)[0]: v for k, v in adam.items() if k.split(".", 1)[1] == name}
            if values:
                self.optimizer.state[parameter] = {
                    k: v if k == "step" else v.to(self.device) for k, v in values.items()
                }
        iteration, self.best_score, best_iteration, rollbacks = tensors["numbers"].tolist()
        self.iteration, self.best_iteration, self.rollbacks = int(iteration), int(best_iteration), int(rollbacks)

    def set_state(self, state: str) -> None:
        """What others read of a run without opening its checkpoint."""
        if not distributed.is_first():
            return
        best = round(self.best_score, 4) if self.best_score >= 0 else None
        told = {"state": state, "iteration": self.iteration, "of": self.plan.total_iterations, "best_dice": best}
        write_json(self.folder / STATE, told | {"best_iteration": self.best_iteration})

"""The training loop: patches through the pyramid, one optimizer, checkpoints that resume to the same numbers.

Everything random is addressed by (plan.seed, iteration, sample): cases, augmentation, patches, step counts, fire
masks. A checkpoint therefore needs no generator's state, and several processes share a batch without a word.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import io
import math
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch.utils.data import DataLoader

from mednca.errors import MedNCAError
from mednca.files import write_bytes, write_json
from mednca.nca.architecture import Architecture
from mednca.nca.firing import frame_index, mix
from mednca.nca.pyramid import Pyramid, pool, upsample
from mednca.nca.tensors import to_tensor
from mednca.schema import SPLIT_SCHEMA, read_json

from ..data.augmentation import IGNORE, training_sample
from ..data.cases import Case, CaseReader
from ..plan.plan import Plan
from . import distributed
from .losses import LOSSES

# What an address is drawn for; keeps the streams apart.
_CASES, _AUGMENT, _PATCH, _STEPS, _STRUCTURE = 1, 2, 3, 4, 5
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


class Batches(torch.utils.data.Dataset):
    """Item i is this process's part of the batch of iteration `first` + i: images (B, R, A, S, 1), labels (B, R, A, S).

    Its samples' numbers in the whole batch are `sample_numbers`. Where a case cannot be read any more, the item is the
    sentence that says so: an error of another process would reach nobody as it is.
    """

    def __init__(self, cases: list[Case], plan: Plan, first: int):
        self.cases, self.plan, self.first = cases, plan, first
        self.numbers = sample_numbers(plan)
        self.reader = CaseReader(plan)

    def __len__(self):
        return self.plan.total_iterations - self.first

    def __getitem__(self, i):
        iteration, made = self.first + i, {}
        for number in self.numbers:
            image = number // self.plan.duplication
            if image not in made:
                try:
                    made[image] = self._sample(iteration, image)
                except MedNCAError as error:
                    return str(error)
        samples = [made[number // self.plan.duplication] for number in self.numbers]
        images, labels = zip(*samples, strict=True)
        return to_tensor(np.stack(images))[..., None], to_tensor(np.stack(labels))

    def _sample(self, iteration, number):
        """Cases come in shuffled epochs, each case once per epoch."""
        epoch, place = divmod(iteration * self.plan.batch + number, len(self.cases))
        order = list(range(len(self.cases)))
        random.Random(mix((self.plan.seed, _CASES, epoch))).shuffle(order)
        structures = self.reader(self.cases[order[place]])
        image, labels = structures[mix((self.plan.seed, _STRUCTURE, iteration, number)) % len(structures)]
        seed = mix((self.plan.seed, _AUGMENT, iteration, number))
        return training_sample(image, labels, self.plan, seed, iteration)


def sample_numbers(plan: Plan) -> list[int]:
    """Which samples of a batch are this process's."""
    return list(range(plan.batch * plan.duplication))[distributed.rank() :: distributed.count()]


@dataclass
class Patch:
    """What one level of a training pass covers: per sample the first cell, and the common size, in its cells."""

    origins: list[tuple[int, int, int]]
    size: tuple[int, int, int]


def training_pass(pyramid: Pyramid, images, labels, plan: Plan, iteration: int, numbers=None):
    """One pass of the patch pyramid (M3D-NCA, section 2.1).

    images: (B, R, A, S, channels), labels: (B, R, A, S) with IGNORE. numbers: the samples' in the whole batch (default:
    they are the whole batch). The coarsest level sees the whole field of view; each finer one a patch of `plan.patch`
    cells. Returns per level (logits, targets, valid), finest last.
    """
    architecture = pyramid.architecture
    frame, numbers = tuple(images.shape[1:4]), list(range(len(images)) if numbers is None else numbers)
    members = [iteration * plan.batch * plan.duplication + number for number in numbers]
    targets, valid = _targets(labels, len(plan.labels))
    points = _patch_points(labels, plan, iteration, numbers)
    state, patch, outputs = None, None, []
    for number, level in enumerate(architecture.levels):
        level_frame, level_image = architecture.frame(level, frame), pool(images, level.scale)
        if patch is None:
            patch = Patch([(0, 0, 0)] * len(images), level_frame)
            state = pyramid.beginning(0, None, level_image, len(images))()
        else:
            state, patch = _finer_patch(
                state, patch, architecture, number, level_image, points, plan, iteration, numbers
            )
        index = torch.stack([frame_index(patch.size, origin, level_frame, images.device) for origin in patch.origins])
        steps = _steps(level.steps, plan, iteration, number)
        state = pyramid.cells[number](state, index, members, (plan.seed, number), steps, plan.recompute)
        # Where a patch was cut its outer cells saw a false border, except along the axis that 2D cells do not look.
        cut = [size < n and axis != architecture.slice_axis
               for axis, (size, n) in enumerate(zip(patch.size, level_frame, strict=True))]  # fmt: skip
        outputs.append(_outputs(pyramid, state, level, patch, targets, valid, cut, plan.loss_margin))
    return outputs


def total_loss(outputs, plan: Plan):
    """Loss of the finest level plus coarse_weight times that of the others."""
    loss = LOSSES[plan.loss]
    total = loss(*outputs[-1])
    for output in outputs[:-1]:
        if plan.coarse_weight > 0:
            total = total + plan.coarse_weight * loss(*output)
    return total


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
            _cut_history(folder / HISTORY, run.iteration)
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
        _append_history(self.folder / HISTORY, rows)
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


def _targets(labels, count: int):
    """One target per label (B, R, A, S, labels) and where the loss counts (B, R, A, S, 1)."""
    targets = torch.stack([(labels == n + 1) for n in range(count)], -1).float()
    return targets, (labels != IGNORE).float()[..., None]


def _patch_points(labels, plan: Plan, iteration: int, numbers):
    """Per sample a voxel that the patches must contain: foreground with plan.foreground_share, else anywhere."""
    points = []
    for b, number in enumerate(numbers):
        draw = random.Random(mix((plan.seed, _PATCH, iteration, number)))
        foreground = (labels[b] > 0).nonzero()
        if len(foreground) and draw.random() < plan.foreground_share:
            points.append(tuple(foreground[draw.randrange(len(foreground))].tolist()))
        else:
            points.append(tuple(draw.randrange(n) for n in labels.shape[1:]))
    return points


def _finer_patch(state, patch: Patch, architecture, number: int, image, points, plan: Plan, iteration: int, numbers):
    """How level `number` begins: its state, the coarser level's upsampled in a patch of it, and the patch.

    image: of the level, (B, R, A, S, channels)."""
    ratio, frame = architecture.ratio(number - 1), image.shape[1:4]
    finer, inner = _next_patch(patch, ratio, architecture.levels[number], frame, points, plan, iteration, numbers)
    upsampled = upsample(state, ratio, _covered(patch, architecture, number, frame))
    state = torch.stack([whole[place] for whole, place in zip(upsampled, inner, strict=True)])
    image = torch.stack([whole[_region(finer, b)] for b, whole in enumerate(image)])
    return torch.cat((image, state[..., image.shape[-1] :]), -1), finer


def _next_patch(patch: Patch, ratio, level, frame, points, plan: Plan, iteration: int, numbers):
    """The patch of the next finer level inside the last one, around each sample's point; and its place therein."""
    sizes = [
        min(want, have * r, n)
        for want, have, r, n in zip(plan.patch_at(iteration), patch.size, ratio, frame, strict=True)
    ]
    origins, inner = [], []
    for b, (point, number) in enumerate(zip(points, numbers, strict=True)):
        draw = random.Random(mix((plan.seed, _PATCH, iteration, number, *level.scale)))
        origin, place = [], []
        for axis in range(3):
            first = patch.origins[b][axis] * ratio[axis]
            last = min(first + patch.size[axis] * ratio[axis], frame[axis])
            cell = point[axis] // level.scale[axis]
            start = cell - draw.randrange(sizes[axis])
            start = min(max(start, first), last - sizes[axis])
            origin.append(start)
            place.append(slice(start - first, start - first + sizes[axis]))
        origins.append(tuple(origin))
        inner.append(tuple(place))
    return Patch(origins, tuple(sizes)), inner


def _covered(patch: Patch, architecture: Architecture, number: int, frame):
    """Size of the upsampled last patch; only a patch that is the whole frame is cut to odd sizes."""
    ratio = architecture.ratio(number - 1)
    return tuple(min(n * r, f) for n, r, f in zip(patch.size, ratio, frame, strict=True))


def _region(patch: Patch, b: int):
    return tuple(slice(o, o + n) for o, n in zip(patch.origins[b], patch.size, strict=True))


def _steps(steps: int, plan: Plan, iteration: int, number: int) -> int:
    """A random number of steps around the level's: what makes the rule stable beside its exact count."""
    spread = round(plan.steps_jitter * steps)
    return max(steps + random.Random(mix((plan.seed, _STEPS, iteration, number))).randint(-spread, spread), 1)


def _outputs(pyramid, state, level, patch: Patch, targets, valid, cut, margin: int):
    """(logits, targets, valid) of one level's patch on that level's cells."""
    logits = pyramid.logits(state)
    want, counts = (
        torch.stack([each[_region(patch, b)] for b, each in enumerate(pool(whole, level.scale))])
        for whole in (targets, valid)
    )
    counts = (counts == 1).float()
    for axis, is_cut in enumerate(cut):
        if is_cut and margin and patch.size[axis] > 2 * margin:
            counts.narrow(axis + 1, 0, margin).zero_()
            counts.narrow(axis + 1, patch.size[axis] - margin, margin).zero_()
    return logits, want, counts


_FIELDS = ("iteration", "loss", "gradient_norm", "learning_rate", "seconds", "dice_union", "dice_labels")
_HEADER = (",".join(_FIELDS) + "\n").encode()


def _append_history(path: Path, rows) -> None:
    """Add rows to the history, in place of any that an interrupted saving added already."""
    kept = _rows_up_to(path, rows[0]["iteration"] - 1) if rows else []
    if rows or not path.exists():
        write_bytes(path, _HEADER + _history([*kept, *rows]))


def _cut_history(path: Path, iteration: int) -> None:
    """Drop rows after the checkpoint: they are about to be made again."""
    if path.exists():
        write_bytes(path, _HEADER + _history(_rows_up_to(path, iteration)))


def _rows_up_to(path: Path, iteration: int) -> list[dict]:
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["iteration"]) <= iteration]


def _history(rows) -> bytes:
    text = io.StringIO()
    csv.DictWriter(text, _FIELDS, restval="", extrasaction="ignore", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()

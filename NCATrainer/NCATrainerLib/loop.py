"""The training loop: patches through the pyramid, one optimizer, checkpoints that resume to the same numbers.

Everything random is addressed by (plan.seed, iteration, sample): cases, augmentation, patches, step counts, fire
masks. A checkpoint therefore needs no generator's state.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch.utils.data import DataLoader

from MedNCALib.architecture import Architecture
from MedNCALib.description import write_bytes
from MedNCALib.errors import MedNCAError
from MedNCALib.firing import frame_index, mix
from MedNCALib.pyramid import Pyramid, pool, upsample
from MedNCALib.tensors import to_tensor

from .augmentation import IGNORE, training_sample
from .dataset import Case, CaseReader
from .losses import LOSSES
from .plan import Plan

# What an address is drawn for; keeps the streams apart.
_CASES, _AUGMENT, _PATCH, _STEPS = 1, 2, 3, 4
_CHECKPOINT, _HISTORY, _PLAN, _SPLIT = "checkpoint.safetensors", "history.csv", "plan.json", "split.json"


class Batches(torch.utils.data.Dataset):
    """Item i is the batch of iteration `first` + i: images (B, R, A, S, 1) and labels (B, R, A, S)."""

    def __init__(self, cases: list[Case], plan: Plan, first: int):
        self.cases, self.plan, self.first = cases, plan, first
        self.reader = CaseReader(plan)

    def __len__(self):
        return self.plan.total_iterations - self.first

    def __getitem__(self, i):
        iteration = self.first + i
        samples = [self._sample(iteration, number) for number in range(self.plan.batch)]
        samples = [sample for sample in samples for _ in range(self.plan.duplication)]
        images, labels = zip(*samples, strict=True)
        return to_tensor(np.stack(images))[..., None], to_tensor(np.stack(labels))

    def _sample(self, iteration, number):
        """Cases come in shuffled epochs, each case once per epoch."""
        epoch, place = divmod(iteration * self.plan.batch + number, len(self.cases))
        order = list(range(len(self.cases)))
        random.Random(mix((self.plan.seed, _CASES, epoch))).shuffle(order)
        image, labels = self.reader(self.cases[order[place]])
        seed = mix((self.plan.seed, _AUGMENT, iteration, number))
        return training_sample(image, labels, self.plan, seed, iteration)


@dataclass
class Patch:
    """What one level of a training pass covers: per sample the first cell, and the common size, in its cells."""

    origins: list[tuple[int, int, int]]
    size: tuple[int, int, int]


def training_pass(pyramid: Pyramid, images, labels, plan: Plan, iteration: int):
    """One pass of the patch pyramid (M3D-NCA, section 2.1).

    images: (B, R, A, S, channels), labels: (B, R, A, S) with IGNORE. The coarsest level sees the whole field of
    view; each finer one a patch of `plan.patch` cells. Returns per level (logits, targets, valid), finest last.
    """
    architecture = pyramid.architecture
    count, frame = len(images), tuple(images.shape[1:4])
    members = [iteration * count + i for i in range(count)]
    targets, valid = _targets(labels, len(plan.labels))
    points = _patch_points(labels, plan, iteration)
    state, patch, outputs = None, None, []
    for number, level in enumerate(architecture.levels):
        level_frame = tuple(math.ceil(n / s) for n, s in zip(frame, level.scale, strict=True))
        level_image = pool(images, level.scale)
        if patch is None:
            patch = Patch([(0, 0, 0)] * count, level_frame)
            state = pyramid.beginning(0, None, level_image, count)()
            cut = [False] * 3
        else:
            finer, inner = _next_patch(
                patch, architecture.ratio(number - 1), level, level_frame, points, plan, iteration
            )
            upsampled = upsample(
                state, architecture.ratio(number - 1), _covered(patch, architecture, number, level_frame)
            )
            state = torch.stack([upsampled[b][inner[b]] for b in range(count)])
            patch = finer
            image = torch.stack([level_image[b][_region(patch, b)] for b in range(count)])
            state = torch.cat((image, state[..., image.shape[-1] :]), -1)
            cut = [size < n for size, n in zip(patch.size, level_frame, strict=True)]
        index = torch.stack([frame_index(patch.size, origin, level_frame) for origin in patch.origins])
        steps = _steps(level.steps, plan, iteration, number)
        state = pyramid.cells[number](state, index, members, (plan.seed, number), steps)
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
    """A training run in a folder: plan.json, split.json, history.csv, checkpoint.safetensors."""

    def __init__(self, folder, plan: Plan, split: dict[str, list[str]]):
        self.folder, self.plan, self.split = Path(folder), plan, split
        torch.manual_seed(plan.seed)
        self.pyramid = Pyramid(plan.architecture)
        self.average = copy.deepcopy(self.pyramid).requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.pyramid.parameters(), lr=plan.learning_rate, betas=plan.betas)
        self.iteration = 0

    @classmethod
    def create(cls, folder, plan: Plan, split) -> Run:
        """A new run; raises MedNCAError where the folder already holds one."""
        folder = Path(folder)
        if (folder / _PLAN).exists():
            raise MedNCAError(f"{folder} already holds a training run; resume it or choose another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / _SPLIT, json.dumps(split, indent=1).encode())
        write_bytes(folder / _PLAN, json.dumps(plan.to_json(), indent=1).encode())
        return cls(folder, plan, split)

    @classmethod
    def resume(cls, folder) -> Run:
        """The run of a folder, at its last checkpoint."""
        folder = Path(folder)
        if not (folder / _PLAN).exists():
            raise MedNCAError(f"{folder} holds no training run (no {_PLAN}).")
        try:
            plan = Plan.from_json(json.loads((folder / _PLAN).read_text()))
            run = cls(folder, plan, json.loads((folder / _SPLIT).read_text()))
            if (folder / _CHECKPOINT).exists():
                run._load()
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise MedNCAError(f"The training run in {folder} is damaged and cannot be resumed: {error}.") from error
        _cut_history(folder / _HISTORY, run.iteration)
        return run

    @property
    def frozen_at(self) -> int:
        return math.ceil(self.plan.freeze_norm * self.plan.iterations)

    def train(self, cases: list[Case], validate=None, report=None) -> None:
        """Train to the end of the plan.

        validate(pyramid) -> dict of numbers, called on the averaged weights now and then; report(row) is called
        after each iteration with the row that goes to the history.
        """
        wanted = set(self.split["training"])
        loader = DataLoader(
            Batches([case for case in cases if case.name in wanted], self.plan, self.iteration),
            batch_size=None, num_workers=1, prefetch_factor=4, persistent_workers=False,
        )  # fmt: skip
        rows = []
        for images, labels in loader:
            start = time.perf_counter()
            row = self.step(images, labels)
            row["seconds"] = round(time.perf_counter() - start, 3)
            last = self.iteration == self.plan.total_iterations
            if validate and (self.iteration % self.plan.validate_every == 0 or last):
                row.update(validate(self.average))
            rows.append(row)
            if report:
                report(row)
            if self.iteration % self.plan.checkpoint_every == 0 or last:
                self._save(rows)
                rows = []

    def step(self, images, labels) -> dict:
        """One iteration; returns its row of the history."""
        plan, iteration = self.plan, self.iteration
        self.set_norm_live(iteration < self.frozen_at)
        rate = plan.learning_rate_at(iteration)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        outputs = training_pass(self.pyramid, images, labels, plan, iteration)
        loss = total_loss(outputs, plan)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.pyramid.parameters(), plan.clip_norm)
        if torch.isfinite(norm):
            self.optimizer.step()
        self._update_average()
        self.iteration += 1
        return {"iteration": self.iteration, "loss": loss.item(), "gradient_norm": norm.item(), "learning_rate": rate}

    def set_norm_live(self, live: bool) -> None:
        for cell in self.pyramid.cells:
            cell.live_norm = live

    def _update_average(self):
        """Exponential moving average of the weights; short at first, so that it forgets the start."""
        decay = min(self.plan.ema, (1 + self.iteration) / (10 + self.iteration))
        with torch.no_grad():
            for average, value in zip(self.average.parameters(), self.pyramid.parameters(), strict=True):
                average.lerp_(value, 1 - decay)
            for average, value in zip(self.average.buffers(), self.pyramid.buffers(), strict=True):
                average.copy_(value)

    def _save(self, rows) -> None:
        tensors = {f"model.{k}": v for k, v in self.pyramid.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for name, parameter in self.pyramid.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"adam.{key}.{name}"] = value
        tensors["iteration"] = torch.tensor(self.iteration)
        _append_history(self.folder / _HISTORY, rows)
        write_bytes(self.folder / _CHECKPOINT, save({k: v.contiguous() for k, v in tensors.items()}))

    def _load(self) -> None:
        tensors = load_file(self.folder / _CHECKPOINT)

        def part(prefix):
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.pyramid.load_state_dict(part("model."))
        self.average.load_state_dict(part("average."))
        adam = part("adam.")
        for name, parameter in self.pyramid.named_parameters():
            keys = {k.split(".", 1)[0] for k in adam if k.split(".", 1)[1] == name}
            self.optimizer.state[parameter] = {key: adam[f"{key}.{name}"] for key in keys}
        self.iteration = int(tensors["iteration"])


def _targets(labels, count: int):
    """One target per label (B, R, A, S, labels) and where the loss counts (B, R, A, S, 1)."""
    targets = torch.stack([(labels == n + 1) for n in range(count)], -1).float()
    return targets, (labels != IGNORE).float()[..., None]


def _patch_points(labels, plan: Plan, iteration: int):
    """Per sample a voxel that the patches must contain: foreground with plan.foreground_share, else anywhere."""
    points = []
    for b in range(len(labels)):
        draw = random.Random(mix((plan.seed, _PATCH, iteration, b)))
        foreground = (labels[b] > 0).nonzero()
        if len(foreground) and draw.random() < plan.foreground_share:
            points.append(tuple(foreground[draw.randrange(len(foreground))].tolist()))
        else:
            points.append(tuple(draw.randrange(n) for n in labels.shape[1:]))
    return points


def _next_patch(patch: Patch, ratio, level, frame, points, plan: Plan, iteration: int):
    """The patch of the next finer level inside the last one, around each sample's point; and its place therein."""
    sizes = [
        min(want, have * r, n)
        for want, have, r, n in zip(plan.patch_at(iteration), patch.size, ratio, frame, strict=True)
    ]
    origins, inner = [], []
    for b, point in enumerate(points):
        draw = random.Random(mix((plan.seed, _PATCH, iteration, b, *level.scale)))
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
    want = torch.stack([pool(targets, level.scale)[b][_region(patch, b)] for b in range(len(targets))])
    counts = torch.stack([pool(valid, level.scale)[b][_region(patch, b)] for b in range(len(targets))])
    counts = (counts == 1).float()
    for axis, is_cut in enumerate(cut):
        if is_cut and margin and patch.size[axis] > 2 * margin:
            counts.narrow(axis + 1, 0, margin).zero_()
            counts.narrow(axis + 1, patch.size[axis] - margin, margin).zero_()
    return logits, want, counts


_FIELDS = ("iteration", "loss", "gradient_norm", "learning_rate", "seconds", "dice_union", "dice_labels")


def _append_history(path: Path, rows) -> None:
    """Add rows to the history, whole or not at all."""
    before = path.read_bytes() if path.exists() else b""
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, restval="", extrasaction="ignore", lineterminator="\n")
    if not before:
        writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, before + text.getvalue().encode())


def _cut_history(path: Path, iteration: int) -> None:
    """Drop rows after the checkpoint: they are about to be made again."""
    if not path.exists():
        return
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["iteration"]) <= iteration]
    path.unlink()
    _append_history(path, rows)

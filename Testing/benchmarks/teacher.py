"""A 3D U-Net on the same split: the baseline that an NCA is compared with, and the teacher that it may learn from.

MONAI's DynUNet, the network of nnU-Net, smaller. Its cases, crops and loss are the project's own, so that nothing but
the network differs. It goes on where it was stopped. What came of it: docs/experiments.md.

    python Testing/benchmarks/teacher.py hippocampus-m3dnca DATA OUT [--iterations 3000]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from monai.networks.nets.dynunet import DynUNet
from torch.utils.data import DataLoader

from mednca.imaging.geometry import normalize
from mednca.imaging.metrics import dice
from mednca.models.description import read_description
from mednca.models.library import bundled_folder
from mednca.nca.tensors import to_numpy, to_tensor
from mednca_train.data.case_reader import CaseReader
from mednca_train.data.cases import Case
from mednca_train.data.layouts import pair_folders
from mednca_train.plan.plan import Augmentation, Plan
from mednca_train.plan.presets import PRESETS
from mednca_train.training.batches import Batches
from mednca_train.training.losses import dice_bce

RATE, EMA, SAVE_SECONDS = 1e-3, 0.998, 120
# As much as nnU-Net does; an NCA of 12,480 parameters is given less.
STRONG = Augmentation(
    shift=6.0, rotation=20.0, scaling=0.2, elastic=0.3, gamma=0.4, noise=0.25, blur=0.15, bias_field=0.2, anisotropy=0.2
)
# Per model: crop in voxels, and the strides from level to level, each crop divisible by their product.
CROPS = {
    "hippocampus-m3dnca": ((40, 56, 40), ((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2))),
    "prostate-m3dnca": ((128, 128, 32), ((1, 1, 1), (2, 2, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2))),
}


def network(model: str, labels: int) -> torch.nn.Module:
    """The U-Net for a model's data; from (B, 1, R, A, S) to logits (B, labels, R, A, S)."""
    strides = CROPS[model][1]
    filters = [min(16 * 2**level, 160) for level in range(len(strides))]
    kernels = [(3, 3, 1) if level == 0 and model.startswith("prostate") else (3, 3, 3) for level in range(len(strides))]
    return DynUNet(3, 1, labels, kernels, strides, strides[1:], filters=filters, norm_name="instance", res_block=False)


def teacher_plan(model: str, iterations: int) -> Plan:
    """The crops and batches of a teacher's training."""
    plan, crop = PRESETS[model].plan, CROPS[model][0]
    strong = replace(STRONG, shift=plan.augmentation.shift, scaling=max(STRONG.scaling, plan.augmentation.scaling))
    return replace(plan, field_of_view=crop, batch=2, iterations=iterations, second_phase=None, augmentation=strong)


def padded(image: np.ndarray, model: str) -> tuple[np.ndarray, tuple[slice, ...]]:
    """An image mirrored outward to sides that the network's strides divide, and where it lies in it."""
    unit = np.prod(CROPS[model][1], axis=0)
    pads = [((-n % u) // 2, -n % u - (-n % u) // 2) for n, u in zip(image.shape, unit, strict=True)]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pads, image.shape, strict=True))
    return np.pad(image, pads, mode="reflect"), inside


def measure(net: torch.nn.Module, model: str, plan: Plan, cases: list[Case]) -> dict[str, list[float]]:
    """Hard Dice by case: of the union, and of each label, on the model's grid."""
    scores, reader, p = {}, CaseReader(plan), plan.preprocessing
    with torch.inference_mode():
        for case in cases:
            image, labels = reader(case)[0]
            image, inside = padded(normalize(image, p.percentiles, p.gamma), model)
            probability = to_numpy(torch.sigmoid(net(to_tensor(image)[None, None])))[0][(slice(None), *inside)]
            found = np.where(probability.max(0) > 0.5, probability.argmax(0) + 1, 0)
            each = [dice(found == n, labels == n) for n in range(1, len(plan.labels) + 1)]
            scores[case.name] = [dice(found > 0, labels > 0), *each]
    return scores


def train(net, average, optimizer, plan: Plan, cases: list[Case], start: int, save) -> None:
    """The iterations from `start` on; `save` is called with the number done, now and then and at the end."""
    loader = DataLoader(Batches(cases, plan, start), batch_size=None, num_workers=1, prefetch_factor=4)
    saved = began = time.monotonic()
    for iteration, (images, labels) in enumerate(loader, start=start):
        rate = RATE * min(1, (iteration + 1) / 50) * 0.5 * (1 + math.cos(math.pi * iteration / plan.iterations))
        for group in optimizer.param_groups:
            group["lr"] = rate
        logits = net(images.movedim(-1, 1)).movedim(1, -1)
        targets = torch.stack([(labels == n + 1) for n in range(len(plan.labels))], -1).float()
        loss = dice_bce(logits, targets, (labels >= 0).float()[..., None])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 12.0)
        optimizer.step()
        decay = min(EMA, (1 + iteration) / (10 + iteration))
        with torch.no_grad():
            for mean, value in zip(average.parameters(), net.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        done = iteration + 1
        if done % 20 == 0:
            print(f"{done} loss {loss.item():.4f} {(time.monotonic() - began) / (done - start):.2f} s", flush=True)
        if time.monotonic() - saved > SAVE_SECONDS or done == plan.iterations or done % plan.validate_every == 0:
            save(done)
            saved = time.monotonic()


def main() -> None:
    """Train, measure on the bundled model's own validation cases, and write OUT/teacher.pt and OUT/scores.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=CROPS)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--iterations", type=int, default=3000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    random.seed(0)
    torch.manual_seed(0)
    bundled = read_description(bundled_folder() / arguments.model)
    plan = teacher_plan(arguments.model, arguments.iterations)
    cases = {case.name: case for case in pair_folders(arguments.data / "images", arguments.data / "labels").cases}
    split = bundled.info["training"]["split"]
    training, validation = ([cases[name] for name in sorted(split[part])] for part in ("training", "validation"))
    net, average = (network(arguments.model, len(plan.labels)) for _ in range(2))
    average.load_state_dict(net.state_dict())
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-4)
    arguments.out.mkdir(parents=True, exist_ok=True)
    file, start = arguments.out / "teacher.pt", 0
    if file.exists():
        saved = torch.load(file, weights_only=True)
        start = saved["iteration"]
        for part, state in zip((net, average, optimizer), ("net", "average", "optimizer"), strict=True):
            part.load_state_dict(saved[state])

    def save(done: int) -> None:
        state = {"net": net.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state | {"iteration": done}, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)
        if done % plan.validate_every == 0 or done == plan.iterations:
            scores = measure(average.eval(), arguments.model, plan, validation)
            means = np.mean(list(scores.values()), axis=0).round(4).tolist()
            print(f"{done}: validation Dice, union and labels: {means}", flush=True)
            result = {"iterations": done, "parameters": sum(p.numel() for p in net.parameters()), "mean": means}
            (arguments.out / "scores.json").write_text(json.dumps(result | {"cases": scores}, indent=1), "utf-8")

    train(net, average, optimizer, plan, training, start, save)


if __name__ == "__main__":
    main()

"""Contenders that a study trains for itself: NCAs and U-Nets, on one split, by one budget of processor time.

How many iterations a budget is worth is measured once, by some of them, before a training begins; reading and
augmenting go beside and are not counted. What was trained lies in the study's folder, and is trained once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load, save
from torch.utils.data import DataLoader

from mednca.errors import MedNCAError, Sentence
from mednca.files import staged, write_bytes, write_json
from mednca.models.description import Description
from mednca.models.weights import save_model
from mednca.schema import read_json

from ..data.cases import Case
from ..model.build import untested_model
from ..plan.plan import Augmentation, Plan
from ..run_folder import holds_run
from ..training.batches import Batches
from ..training.estimate import made_up_batch
from ..training.loop import Run
from ..training.losses import total_loss
from ..training.patch_pyramid import label_targets
from .networks import Network, Spec, load_network, set_weights, weights_of
from .plan import Trained

_PROBED = 4  # iterations of which the fastest says what one takes, after one to warm up
_RATE = 5e-3  # of a U-Net; 1e-3 learns slower, 1e-2 about as fast (docs/experiments.md)
_CLIP = 12.0  # as nnU-Net has it
_SAVE_SECONDS = 60.0
_NONE = Augmentation((), 0.0, 0.0, 0.0, *[0.0] * 9)


@dataclass(frozen=True)
class TrainingJob:
    """What one process trains.

    Attributes:
        what: of the study.
        plan: with what the study changes of the plan of the model that it is like.
        split, metadata: of that model.
        cases: with the paths of all cases of the split.
        folder: that the model goes to; its teacher's lies beside it.
    """

    what: Trained
    plan: Plan
    split: dict[str, list[str]]
    metadata: dict
    cases: list[Case]
    folder: Path

    @property
    def teacher(self) -> Path | None:
        """Where its teacher lies."""
        return self.folder.with_name(self.what.teacher) if self.what.teacher else None


def job_of(what: Trained, like: Description, cases: list[Case], folder: Path) -> TrainingJob:
    """Prepare a training.

    Args:
        what: of the study.
        like: the model whose split it takes.
        cases: of the data set.
        folder: that the model goes to.

    Raises:
        MedNCAError: where that model has no plan or split, or a case of it is not there.
    """
    record = like.info.get("training", {})
    if "plan" not in record or "split" not in record:
        raise MedNCAError(
            "{like} does not say how it was trained; {model} cannot be trained like it.", like=like.id, model=what.id
        )
    names = {case.name for case in cases}
    lacking = sorted(set(record["split"]["training"]) - names)
    if lacking:
        raise MedNCAError(
            "{model} cannot be trained like {like}: {missing} is not in the data set.",
            model=what.id,
            like=like.id,
            missing=lacking[0],
        )
    if what.unet and len(like.preprocessing.channels) > 1:
        raise MedNCAError(
            "{model} is a U-Net, which a study has for images of one channel; {like} takes more.",
            model=what.id,
            like=like.id,
        )
    metadata = {**like.info, "id": what.id, "name": what.name, "version": "0"}
    for key in ("quality", "training", "eval_metrics", "network_data_format", "seeds"):
        metadata.pop(key, None)
    plan = replace(
        Plan.from_json(record["plan"]), second_phase=None, coarse_first=0, keep="last", patience=0, seed=what.seed
    )
    return TrainingJob(what, _changed(plan, what), record["split"], metadata, cases, folder)


def _changed(plan: Plan, what: Trained) -> Plan:
    data = plan.to_json() | what.plan | {"augmentation": plan.to_json()["augmentation"]}
    data["architecture"] = {**data["architecture"], **(what.architecture or {})}
    made = Plan.from_json(data)
    return made if what.plan.get("augmentation", True) else replace(made, augmentation=_NONE)


def train(job: TrainingJob) -> None:
    """Train a contender to its end, and write its folder; a training that was killed goes on.

    Args:
        job: of `job_of`.

    Raises:
        MedNCAError: where it cannot be trained.
    """
    work = job.folder.with_name(job.folder.name + ".training")
    with staged(job.folder) as made:
        if job.what.unet:
            _train_network(job, work).save(made)
        else:
            run = _run_of(job, work)
            run.train(job.cases)
            training = [case for case in job.cases if case.name in set(job.split["training"])]
            model = untested_model(run, training, job.metadata, "mednca study", None)
            save_model(model, made, f"Made by a study, for itself: {job.what.minutes:g} minutes of one core.\n")


class TaughtRun(Run):
    """A run that learns the labels and a U-Net's probabilities in halves: the mean of both is the target.

    Attributes:
        teacher: the U-Net; None for the labels alone.
    """

    teacher: Network | None = None

    def targets(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor | None:
        """As of `Run`."""
        if self.teacher is None:
            return None
        with torch.no_grad():
            taught = torch.sigmoid(self.teacher.spec.logits(self.teacher.network, images[..., 0]))
        return (taught + label_targets(labels, len(self.plan.labels))) / 2


def _run_of(job: TrainingJob, work: Path) -> Run:
    teacher = load_network(job.teacher) if job.teacher else None
    if not holds_run(work):
        iterations = max(round(60 * job.what.minutes / _seconds_of_an_iteration(job.plan, teacher)), 1)
        Run.create(work, replace(job.plan, iterations=iterations, validate_every=iterations), job.split)
    run = TaughtRun.resume(work)
    assert isinstance(run, TaughtRun)  # it says that it makes a Run
    run.teacher = teacher
    return run


def _seconds_of_an_iteration(plan: Plan, teacher: Network | None) -> float:
    """Of an NCA, on the average: while its batch norm is live, one takes a little longer."""
    live_share = (1 + _PROBED) / 1000
    probe = TaughtRun("", replace(plan, iterations=1000, freeze_norm=live_share), {"training": [], "validation": []})
    probe.teacher, samples = teacher, made_up_batch(plan)
    live, frozen = (_processor_seconds(lambda: probe.step(*samples)) for _ in range(2))
    share = plan.freeze_norm if plan.architecture.norm == "batch" else 0.0
    return share * live + (1 - share) * frozen


def _processor_seconds(step: Callable[[], object]) -> float:
    """That an iteration takes."""
    seconds = []
    for _ in range(1 + _PROBED):
        begun = time.process_time()
        step()
        seconds.append(time.process_time() - begun)
    return min(seconds[1:])


# --- U-Nets


class NetworkTraining:
    """A U-Net, its moving average and its optimizer, and how far they are."""

    def __init__(self, spec: Spec, plan: Plan):
        torch.manual_seed(plan.seed)
        self.spec, self.plan, self.iteration = spec, plan, 0
        self.network, self.average = spec.build(), spec.build()
        self.average.load_state_dict(self.network.state_dict())
        self.average.requires_grad_(False)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=_RATE, weight_decay=1e-4)

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        """One iteration on a batch, as `Batches` makes it."""
        rate = self.plan.learning_rate_at(self.iteration) / self.plan.learning_rate * _RATE
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        targets = label_targets(labels, len(self.plan.labels))
        logits = self.spec.logits(self.network, images[..., 0])
        loss = total_loss([[logits, targets, (labels >= 0).float()[..., None]]], self.plan)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self.optimizer.step()
        decay = min(self.plan.ema, (1 + self.iteration) / (10 + self.iteration))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        self.iteration += 1

    def save(self, path: Path) -> None:
        """All that an iteration changes, whole or not at all."""
        tensors = {f"network.{name}": value for name, value in weights_of(self.network).items()}
        tensors |= {f"average.{name}": value for name, value in weights_of(self.average).items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{key}": value for key, value in state.items()}
        write_bytes(path, save(tensors, {"iteration": str(self.iteration)}))

    def load(self, path: Path) -> None:
        """Go on where `save` left it."""
        tensors = load(path.read_bytes())
        for part, name in ((self.network, "network."), (self.average, "average.")):
            set_weights(part, {k.removeprefix(name): v for k, v in tensors.items() if k.startswith(name)})
        state: dict[int, dict] = {}
        for key, value in tensors.items():
            if key.startswith("adam."):
                _adam, number, name = key.split(".")
                state.setdefault(int(number), {})[name] = value
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state})
        with safe_open(path, "pt") as file:
            self.iteration = int(file.metadata()["iteration"])


def _train_network(job: TrainingJob, work: Path) -> Network:
    what, checkpoint, planned = job.what, work / "checkpoint.safetensors", work / "iterations.json"
    axis = job.plan.architecture.slice_axis if what.slices else None
    spacing = job.plan.preprocessing.spacing or (1.0, 1.0, 1.0)
    spec = Spec.for_field(job.plan.field_of_view, spacing, what.unet or 0, len(job.plan.labels), axis)
    if not planned.is_file():
        probe, samples = NetworkTraining(spec, job.plan), made_up_batch(job.plan)
        iterations = max(round(60 * what.minutes / _processor_seconds(lambda: probe.step(*samples))), 1)
        work.mkdir(parents=True, exist_ok=True)
        write_json(planned, iterations)
    plan = replace(job.plan, iterations=int(read_json(planned)))
    training = NetworkTraining(spec, plan)
    if checkpoint.is_file():
        training.load(checkpoint)
    cases = [case for case in job.cases if case.name in set(job.split["training"])]
    saved = time.monotonic()
    for batch in DataLoader(Batches(cases, plan, training.iteration), batch_size=None, num_workers=1):
        if isinstance(batch, Sentence):
            raise MedNCAError.of(batch)
        training.step(*batch)
        if time.monotonic() - saved > _SAVE_SECONDS or training.iteration == plan.iterations:
            training.save(checkpoint)
            saved = time.monotonic()
    info = {"name": what.name, "training": {"split": job.split, "plan": plan.to_json(), "iterations": plan.iterations}}
    return Network(
        what.id, spec, plan.preprocessing, plan.labels, json.loads(json.dumps(info)), training.average.eval()
    )  # fmt: skip

"""The training loop: one optimizer over the iterations of a plan, saved so that it goes on to the same numbers.

What an iteration computes is `patch_pyramid`'s business, on which samples `batches`'. Everything random is addressed by
(plan.seed, iteration, sample): cases, augmentation, patches, step counts, fire masks. A checkpoint therefore needs no
generator's state, and several processes share a batch without a word.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch.utils.data import DataLoader

from mednca.errors import MedNCAError, Sentence
from mednca.nca.pyramid import Pyramid

from ..data.cases import Case
from ..plan.plan import Plan
from ..run_folder import (
    CHECKPOINT,
    HISTORY,
    HistoryRow,
    RunState,
    RunStatus,
    check_begun,
    holds_run,
    read_plan,
    read_split,
    strangers_in,
    write_plan,
    write_split,
    write_status,
)
from . import distributed
from .apart import Outputs, SampleThreads, loss_and_gradients
from .batches import Batches, sample_numbers
from .checkpoint import Counters, read_checkpoint, write_checkpoint
from .history import append_rows, drop_rows_after
from .losses import total_loss
from .patch_pyramid import training_pass
from .validation import Scores

CHECKPOINT_SECONDS = 45.0  # a killed run loses at most what it did since
_ROLLBACKS = 3  # times that a diverged run is set back before it is given up
_MOST_LOADERS = 4
_BAD_GRADIENTS = 10  # in a row; one now and then is left out
_NO_MEMORY = ("out of memory", "not enough memory", "allocate memory")  # in torch's words, of any device


class Diverged(Exception):
    """The loss, or the gradient for a while, is not finite."""


def check_new(folder: Path) -> None:
    """Raises MedNCAError where a folder already holds a run, or anything that is no part of one."""
    exists, strangers = holds_run(folder), strangers_in(folder)
    distributed.wait()  # all have asked before one begins to write
    if exists:
        raise MedNCAError("{folder} already holds a training run; resume it or choose another folder.", folder=folder)
    if strangers:
        raise MedNCAError(
            "{folder} holds something else ({name}); choose a new folder for the run.", folder=folder, name=strangers[0]
        )


def lack_of_memory(error: BaseException, device: torch.device) -> Sentence | None:
    """What to say of an error that comes of too little memory, wherever it is noticed; None of another one."""
    text = str(error).lower() if isinstance(error, RuntimeError) else ""
    if isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY):
        return Sentence(
            "The memory of {device} is not enough for this plan. Make patch or batch smaller, or set recompute.",
            device=device,
        )
    if "dataloader worker" in text:
        return Sentence("The process that reads the cases died; it may need too much memory. Resume to go on.")
    return None


class Run:
    """A training with its weights, and the run folder that it is saved to (`run_folder`).

    `create` and `resume` make one; without them nothing is written, as for a probe of the cost.

    Args:
        folder: of the run.
        plan, split: as below.
        start: a pyramid whose weights it begins with, for fine-tuning; None: new ones.
        device: as torch names it.

    Raises:
        MedNCAError: where there are more processes than samples in a batch.

    Attributes:
        folder, plan, split: what decides it; split holds case names under "training" and "validation".
        device: where it is computed; on CUDA in mixed precision (bfloat16).
        pyramid: what is trained.
        average: the exponential moving average of its weights, which is validated and kept.
        best: the average at the best validation.
        counters: where it is.
        kept: where its checkpoint is, from which it would go on.
        threads: that do it, on a processor.
    """

    def __init__(
        self, folder: str | Path, plan: Plan, split: dict[str, list[str]], start: Pyramid | None = None,
        device: str | torch.device = "cpu",
    ):  # fmt: skip
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
        self.counters, self.kept = Counters(), Counters()
        self.threads = SampleThreads()
        if plan.batch * plan.duplication < distributed.count():
            raise MedNCAError(
                "{processes} processes cannot share {samples} samples an iteration; start fewer, or make the plan's "
                "batch larger.",
                processes=distributed.count(),
                samples=plan.batch * plan.duplication,
            )

    @classmethod
    def create(
        cls, folder: str | Path, plan: Plan, split: dict[str, list[str]], start: Pyramid | None = None,
        device: str | torch.device = "cpu",
    ) -> Run:  # fmt: skip
        """A new run, saved to its folder. Arguments as of the class.

        Raises:
            MedNCAError: where the folder already holds one or anything else, or it cannot be written; as the class.
        """
        folder = Path(folder)
        check_new(folder)
        run = cls(folder, plan, split, start, device)
        if distributed.is_first():
            write_split(folder, split)
            run.save([], RunState.WAITING)
            write_plan(folder, plan)
        distributed.wait()
        return run

    @classmethod
    def resume(cls, folder: str | Path, device: str | torch.device = "cpu") -> Run:
        """The run of a folder, at its last checkpoint; rows of its history after that go.

        Raises:
            MedNCAError: where there is none, or it is damaged.
        """
        folder = Path(folder)
        check_begun(folder)
        try:
            run = cls(folder, read_plan(folder), read_split(folder), device=device)
            run.load()
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise MedNCAError(
                "The training run in {folder} is damaged and cannot be resumed: {cause}.", folder=folder, cause=error
            ) from error
        if distributed.is_first():
            drop_rows_after(folder / HISTORY, run.iteration)
        distributed.wait()
        return run

    @property
    def iteration(self) -> int:
        """Iterations done."""
        return self.counters.iteration

    @property
    def best_score(self) -> float:
        """Dice of the best validation; -1 before there is one."""
        return self.counters.best_score

    @property
    def best_iteration(self) -> int:
        """After which the best validation was."""
        return self.counters.best_iteration

    @property
    def frozen_at(self) -> int:
        """The iteration from which on batch norm is frozen in all levels."""
        begins = self.plan.coarse_first if len(self.plan.architecture.levels) > 1 else 0
        return begins + self._live_for

    @property
    def _live_for(self) -> int:
        """Iterations that a level's batch norm lives."""
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

    def train(
        self,
        cases: list[Case],
        validate: Callable[[Pyramid], Scores] | None = None,
        report: Callable[[HistoryRow], None] | None = None,
        tell: Callable[[Sentence], None] = lambda sentence: None,
    ) -> None:
        """Train to the end of the plan.

        Args:
            cases: all of the run; those that its split trains with are used.
            validate: called with the averaged weights now and then (`validation.validator`).
            report: called after each iteration with the row that goes to the history. It may raise, whatever it likes,
                to stop; what was done so far is saved, and the exception goes on.
            tell: called with sentences for people.

        Raises:
            MedNCAError: where the training diverges again and again, a case cannot be read any more, the memory of
                the device is not enough, or the folder cannot be written.
            KeyboardInterrupt: somebody stopped it. It is saved after the iteration that was under way; where they did
                not wait for that, or several processes train, the last checkpoint is what it goes on from.
        """
        with _interrupts(tell) as interrupts:
            while not self.is_over:
                try:
                    self._train_on(cases, validate, report, interrupts)
                except Diverged:
                    tell(self._roll_back())

    def _train_on(self, cases, validate, report, interrupts: _Interrupts) -> None:
        names = set(self.split["training"])
        loader = DataLoader(
            Batches([case for case in cases if case.name in names], self.plan, self.iteration),
            batch_size=None, num_workers=self._loaders(), prefetch_factor=4, persistent_workers=False,
        )  # fmt: skip
        rows, saved, between = [], time.monotonic(), True
        try:
            self.set_state(RunState.TRAINING)  # whoever looks at it from outside sees at once that it goes on
            for batch in loader:
                if isinstance(batch, Sentence):
                    raise MedNCAError("{why} What was trained so far is kept; resume once that is mended.", why=batch)
                images, labels = batch
                validates = bool(validate) and self._validates_after(self.iteration + 1)
                if rows and validates:  # it takes a while, in which the work before it must not be lost
                    self.save(rows, RunState.TRAINING)
                    rows, saved = [], time.monotonic()
                between = False
                with interrupts.held():
                    rows.append(self._timed_step(images, labels))
                    between = not validates  # the validation is part of the iteration, and may take long
                if validates:
                    rows[-1] = replace(rows[-1], **asdict(self._validate(validate)))
                    between = True
                row, now = rows[-1], time.monotonic()
                if self.iteration % self.plan.checkpoint_every == 0 or now - saved > CHECKPOINT_SECONDS or self.is_over:
                    self.save(rows, self._or_trained(RunState.TRAINING))
                    rows, saved = [], now
                if report:
                    report(row)
                if self.is_over:
                    return
        except Diverged:
            raise
        except BaseException as error:
            lack = lack_of_memory(error, self.device)
            state = RunState.FAILED if lack else RunState.PAUSED
            with interrupts.held():
                if between:
                    self.save(rows, state if lack else self._or_trained(state))
                else:  # half an iteration is no state to go on from: the last checkpoint is
                    self.set_state(state)
            if lack:
                raise MedNCAError.of(lack) from error
            raise

    def _or_trained(self, state: RunState) -> RunState:
        return RunState.TRAINED if self.is_over else state

    def _loaders(self) -> int:
        """Processes that read and augment; a processor that trains has none to spare."""
        return 1 if self.device.type == "cpu" else min(os.cpu_count() or 1, _MOST_LOADERS)

    def _validates_after(self, iteration: int) -> bool:
        return iteration % self.plan.validate_every == 0 or iteration == self.plan.total_iterations

    def _timed_step(self, images: torch.Tensor, labels: torch.Tensor) -> HistoryRow:
        start = time.perf_counter()
        row = self.step(images, labels)
        return replace(row, seconds=round(time.perf_counter() - start, 3))

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> HistoryRow:
        """One iteration on this process's part of a batch, as `Batches` makes it. Raises Diverged.

        Args:
            images: (B, R, A, S, channels).
            labels: (B, R, A, S), indices.

        Returns:
            The row of the history, without its seconds.
        """
        plan, iteration = self.plan, self.iteration
        self._set_norms_live()
        rate = plan.learning_rate_at(iteration) * 0.5**self.counters.rollbacks
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss = (self._apart if self.device.type == "cpu" else self._together)(images, labels)
        distributed.share_gradients(self.parameters)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, plan.clip_norm)
        self._move(norm)
        self._update_average()
        self.counters.iteration += 1
        return HistoryRow(self.iteration, loss.item(), norm.item(), rate)

    def _together(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of a batch; leaves its gradient with the parameters. Raises Diverged."""
        plan, half = self.plan, self.device.type == "cuda"
        with torch.autocast("cuda", torch.bfloat16) if half else contextlib.nullcontext():
            images, labels = images.to(self.device), labels.to(self.device)
            targets = self.targets(images, labels)
            outputs = training_pass(self.pyramid, images, labels, plan, self.iteration, sample_numbers(plan), targets)
        self._learn_norms()
        loss = total_loss([[part.float() for part in output] for output in outputs], plan)
        if not torch.isfinite(loss):
            raise Diverged
        loss.backward()
        return loss.detach()

    def _apart(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The same, sample by sample."""
        plan, iteration, targets = self.plan, self.iteration, self.targets(images, labels)

        def one(place: int, number: int) -> Callable[[], Outputs]:
            part = slice(place, place + 1)
            own = None if targets is None else targets[part]
            return lambda: training_pass(self.pyramid, images[part], labels[part], plan, iteration, [number], own)

        passes = [one(place, number) for place, number in enumerate(sample_numbers(plan))]
        loss, gradients = loss_and_gradients(
            passes, self.parameters, lambda outputs: total_loss(outputs, plan), self.threads
        )
        self._learn_norms()
        if not torch.isfinite(loss):
            raise Diverged
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        return loss

    def targets(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor | None:
        """What is learned of a batch, (B, R, A, S, labels) in 0..1; None: its labels. A teacher may say otherwise."""
        return None

    def _move(self, norm) -> None:
        """Take the step, unless its gradient is not a number."""
        if torch.isfinite(norm):
            self.optimizer.step()
            self.counters.bad_gradients = 0
            return
        self.counters.bad_gradients += 1
        if self.counters.bad_gradients >= _BAD_GRADIENTS:
            raise Diverged

    def _set_norms_live(self) -> None:
        """Live, batch norm takes the statistics of each sample, and learns them; otherwise those it has learned."""
        for number, cell in enumerate(self.pyramid.cells):
            cell.seen = {}
            trained = self.iteration - (self.plan.coarse_first if number else 0)
            cell.live_norm = 0 <= trained < self._live_for and self.plan.architecture.norm == "batch"

    def _learn_norms(self) -> None:
        """Those that are live: a frozen one has nothing to learn, and its mean over the processes would round it."""
        for cell in self.pyramid.cells:
            if cell.live_norm and cell.norm is not None:
                samples = len(cell.seen)
                cell.learn_norm()
                statistics = [buffer for buffer in cell.norm.buffers() if buffer.is_floating_point()]
                distributed.share_means(statistics, samples)

    def _validate(self, validate) -> Scores:
        """Of the average, which is kept where it is the best so far."""
        scores = distributed.from_first(lambda: validate(self.average))
        if scores.dice_union > self.best_score and self.iteration > self.frozen_at:
            self.counters.best_score, self.counters.best_iteration = scores.dice_union, self.iteration
            self.best.load_state_dict(self.average.state_dict())
        return scores

    def _roll_back(self) -> Sentence:
        """Back to the last checkpoint, to go on with half the learning rate."""
        rollbacks, where = self.counters.rollbacks + 1, self.iteration
        if rollbacks > _ROLLBACKS:
            self.set_state(RunState.FAILED)
            raise MedNCAError(
                "Training diverged at iteration {iteration} (the loss is not a number), {times} times set back. "
                "Choose a smaller learning rate.",
                iteration=where,
                times=_ROLLBACKS,
            )
        self.load()
        self.counters.rollbacks, self.counters.bad_gradients = rollbacks, 0
        self.save([], RunState.TRAINING)
        return Sentence(
            "The loss was not a number at iteration {where}; back to iteration {iteration} with half the learning "
            "rate.",
            where=where + 1,
            iteration=self.iteration,
        )

    def _update_average(self) -> None:
        """Exponential moving average of the weights; short at first, so that it forgets the start."""
        decay = min(self.plan.ema, (1 + self.iteration) / (10 + self.iteration))
        with torch.no_grad():
            for average, value in zip(self.average.parameters(), self.pyramid.parameters(), strict=True):
                average.lerp_(value, 1 - decay)
            for average, value in zip(self.average.buffers(), self.pyramid.buffers(), strict=True):
                average.copy_(value)

    @property
    def _pyramids(self) -> dict[str, Pyramid]:
        """By their names in the checkpoint."""
        return {"model": self.pyramid, "average": self.average, "best": self.best}

    def save(self, rows: list[HistoryRow], state: RunState) -> None:
        """Add rows to the history, then write the checkpoint; each file is whole at any moment."""
        if not distributed.is_first():
            return
        append_rows(self.folder / HISTORY, rows)
        write_checkpoint(self.folder / CHECKPOINT, self._pyramids, self.optimizer, self.counters)
        self.kept = replace(self.counters)
        self.set_state(state)

    def load(self) -> None:
        """Back to the folder's checkpoint. Raises what `read_checkpoint` does where it is damaged."""
        self.counters = read_checkpoint(self.folder / CHECKPOINT, self._pyramids, self.optimizer, self.device)
        self.kept = replace(self.counters)

    def set_state(self, state: RunState) -> None:
        """What others read of a run without opening its checkpoint: of that, not of what was done since."""
        if not distributed.is_first():
            return
        kept, of = self.kept, self.plan.total_iterations
        best = round(kept.best_score, 4) if kept.best_score >= 0 else None
        write_status(self.folder, RunStatus(state, kept.iteration, of, best, kept.best_iteration))


class _Interrupts:
    """Ctrl-C, which waits while it is held. tell: takes the sentence that says so."""

    def __init__(self, tell: Callable[[Sentence], None]):
        self._tell, self._process = tell, os.getpid()
        self._is_held = self._is_asked = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within it Ctrl-C does nothing yet: it stops at the end. A second one stops at once."""
        self._is_held, self._is_asked = True, False
        try:
            yield
        finally:
            self._is_held = False
            if self._is_asked:
                raise KeyboardInterrupt

    def handle(self, *_signal) -> None:
        """As `signal.signal` takes it."""
        if os.getpid() != self._process:  # the one that reads the cases, which ends with this one
            return
        if self._is_asked or not self._is_held:
            raise KeyboardInterrupt
        self._is_asked = True
        self._tell(Sentence("Stopping after this iteration; Ctrl-C again stops at once."))


@contextlib.contextmanager
def _interrupts(tell: Callable[[Sentence], None]) -> Iterator[_Interrupts]:
    """Within it, Ctrl-C can be held. Not where somebody else listens to it; nor where several processes train, each of
    which would wait for the others, while `torchrun` ends them."""
    interrupts, is_ours = _Interrupts(tell), threading.current_thread() is threading.main_thread()
    if not is_ours or distributed.together() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupts.handle)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)

"""The batches of a training, each made for its iteration alone. Not what is done with them."""

from __future__ import annotations

import random

import numpy as np
import torch

from mednca.errors import MedNCAError
from mednca.nca.firing import mix
from mednca.nca.tensors import to_tensor

from ..data.augmentation import training_sample
from ..data.case_reader import CaseReader
from ..data.cases import Case
from ..plan.plan import Plan
from . import distributed
from .streams import AUGMENT, CASES, STRUCTURE


class Batches(torch.utils.data.Dataset):
    """Item i is this process's part of the batch of iteration `first` + i.

    That is images (B, R, A, S, channels) and labels (B, R, A, S).

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
                    return error.sentence
        samples = [made[number // self.plan.duplication] for number in self.numbers]
        images, labels = zip(*samples, strict=True)
        return to_tensor(np.stack(images)), to_tensor(np.stack(labels))

    def _sample(self, iteration, number):
        """Cases come in shuffled epochs, each case once per epoch."""
        epoch, position = divmod(iteration * self.plan.batch + number, len(self.cases))
        order = list(range(len(self.cases)))
        random.Random(mix((self.plan.seed, CASES, epoch))).shuffle(order)
        structures = self.reader(self.cases[order[position]])
        image, labels = structures[mix((self.plan.seed, STRUCTURE, iteration, number)) % len(structures)]
        seed = mix((self.plan.seed, AUGMENT, iteration, number))
        return training_sample(image, labels, self.plan, seed, iteration)


def sample_numbers(plan: Plan) -> list[int]:
    """Which samples of a batch are this process's."""
    return list(range(plan.batch * plan.duplication))[distributed.rank() :: distributed.count()]

"""A run that version 0.1 began and paused goes on: its files are read, and it comes to the numbers it would have had."""

import contextlib
import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from mednca_train import training_run
from mednca_train.training.validation import validator
from phantoms import image_of, organ_case

PAUSED = Path(__file__).parent / "data" / "paused_run_0_1"


@pytest.fixture
def two_threads():
    """As the numbers were made: how a sum is shared out rounds it."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def paused(tmp_path):
    """A copy of the run, with its cases where cases.json says."""
    folder = tmp_path / "run"
    shutil.copytree(PAUSED, folder, ignore=shutil.ignore_patterns("expected.json"))
    rows = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    for number, row in enumerate(rows):
        for part, array in zip(("image", "labels"), organ_case(number), strict=True):
            path = tmp_path / row[part]
            path.parent.mkdir(exist_ok=True)
            sitk.WriteImage(image_of(array, direction=np.diag([-1.0, -1.0, 1.0])), str(path))
            row[part] = str(path)
    (folder / "cases.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def _digest(pyramid) -> str:
    """Of the values alone, whatever the tensors are called."""
    each = [hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest() for value in pyramid.state_dict().values()]
    return hashlib.sha256("".join(sorted(each)).encode()).hexdigest()


def _processor() -> str:
    """What rounding depends on; "" where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return f"{torch.backends.cpu.get_cpu_capability()}, {line.partition(':')[2].strip()}"
    return ""


def test_a_run_that_version_0_1_paused_resumes_to_the_same_numbers(paused, two_threads):
    """To the last bit with the torch and the kind of processor that made them; another one rounds otherwise."""
    expected = json.loads((PAUSED / "expected.json").read_text(encoding="utf-8"))
    work = training_run.reopen(paused)
    assert work.run.iteration == 4 and work.metadata["name"] == "Phantom" and work.run.plan.second_phase.iterations == 4
    work.run.train(work.cases, validator(work.run.plan, work.run.split, work.cases))
    with open(paused / "history.csv", newline="", encoding="utf-8") as file:
        rows = [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]
    assert work.run.best_iteration == expected["best_iteration"] and len(rows) == len(expected["history"]) == 10
    for mine, theirs in zip(rows, expected["history"], strict=True):
        for key in ("loss", "gradient_norm", "learning_rate"):
            assert float(mine[key]) == pytest.approx(float(theirs[key]), rel=1e-3)
    if (torch.__version__, _processor()) == (expected["torch"], expected["cpu"]):
        assert rows == expected["history"]
        for name, pyramid in (("model", work.run.pyramid), ("average", work.run.average), ("best", work.run.best)):
            assert _digest(pyramid) == expected["sha256"][name]

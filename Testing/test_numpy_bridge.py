"""torchio beside a torch that was built against another numpy, as on a Mac: simulated in a process of its own."""

import os
import subprocess
import sys

import numpy as np

from conftest import ROOT
from mednca_train.data import artifacts
from mednca_train.data.augmentation import training_sample
from mednca_train.plan.plan import Augmentation
from phantoms import organ_case
from training_phantoms import plan

WITHOUT = """
import sys

import numpy as np
import torch

def missing(*_, **__):
    raise RuntimeError("Numpy is not available")

as_tensor = torch.as_tensor
torch.from_numpy = torch.Tensor.numpy = torch.Tensor.__array__ = missing
torch.as_tensor = lambda data, *a, **k: missing() if isinstance(data, np.ndarray) else as_tensor(data, *a, **k)

from test_numpy_bridge import all_made

np.savez(sys.argv[1], **all_made())
"""


def all_made():
    """{transform: what it makes of a phantom}."""
    image, labels = organ_case(0)
    chances = ("gamma", "bias_field", "anisotropy", "blur", "motion", "ghosting", "spike", "noise", "elastic")
    everything = plan(augmentation=Augmentation(flip=(0,), **dict.fromkeys(chances, 1.0)))
    sample = training_sample(image[..., None], labels.astype(np.int16), everything, seed=1)
    made = dict(zip(("sample", "sample's labels"), sample))
    for name, kind in (artifacts.ARTIFACTS | artifacts.PAPER_ARTIFACTS | artifacts.NONSENSE).items():
        made[name] = artifacts._transformed(artifacts.to_unit(image), (1.0, 1.0, 1.0), kind(0.5), seed=2)
    return {name: np.asarray(array) for name, array in made.items()}


def test_every_transform_does_the_same_without_torch_s_own_numpy(tmp_path):
    """But for rounding, which depends on how an array lies in memory."""
    folders = ("MedNCASegment", "NCATrainer", "Testing")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders)}
    file = tmp_path / "without.npz"
    subprocess.run([sys.executable, "-c", WITHOUT, str(file)], env=environment, check=True)
    made, expected = np.load(file), all_made()
    assert set(made) == set(expected) and len(expected) == 20
    for name, array in expected.items():
        np.testing.assert_allclose(made[name], array, atol=1e-4, err_msg=name)

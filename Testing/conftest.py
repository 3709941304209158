"""Shared fixtures. Real data is used where it lies beside the checkout, and skipped with a reason elsewhere."""

import os
import sys
from pathlib import Path

import pytest
import torch

from mednca_train.data.cases import pair_folders
from phantoms import organ_case
from training_phantoms import write_case

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDNCA_DATA", ROOT.parent / "shared" / "data"))

torch.set_num_threads(min(2, os.cpu_count() or 1))


@pytest.fixture(autouse=True)
def own_user_folder(tmp_path, monkeypatch):
    """No test sees or touches the models of whoever runs it."""
    monkeypatch.setenv("MEDNCA_MODELS", str(tmp_path / "user-models"))


@pytest.fixture(scope="session")
def hippocampus():
    folder = DATA / "hippocampus"
    if not folder.is_dir():
        pytest.skip(f"needs the Decathlon's hippocampus cases in {folder.name}/ of MEDNCA_DATA")
    return folder


@pytest.fixture(scope="session")
def cases(tmp_path_factory):
    """Eight phantoms as cases in images/ and labels/ of one folder."""
    folder = tmp_path_factory.mktemp("cases")
    for n in range(8):
        write_case(folder, f"case_{n}", *organ_case(n))
    return list(pair_folders(folder / "images", folder / "labels").cases)


_status = 0


def pytest_sessionfinish(session, exitstatus):
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Where the host ran, leave before the interpreter tears Qt's and VTK's wrappers down in an order of its own."""
    if "slicerhost" in sys.modules:
        sys.modules["slicerhost"].leave(_status)

"""Shared fixtures. Real data is used where it lies beside the checkout, and skipped with a reason elsewhere.

`models`, `host` and `panel` are the segmentation module on the test host, as its tests begin (see `panel`).
"""

import gc
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mednca_train.data.artifacts import ARTIFACTS, PAPER_ARTIFACTS
from mednca_train.data.layouts import pair_folders
from phantoms import InlinePool, organ_case
from training_phantoms import write_case

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MEDNCA_DATA", ROOT.parent / "shared" / "data"))

# Several processes of pytest share the cores (`-n`), each with a thread of its own, as the processes that it starts;
# alone, tests use two.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
else:
    torch.set_num_threads(min(2, os.cpu_count() or 1))


_LONGEST = (
    "test_trainer_panel", "test_trainer", "test_panel_scenes", "test_bundled", "test_memory", "test_study",
    "test_panel_several", "test_files", "test_many", "test_two_volumes", "test_training",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """The files that take longest first: several processes share the files, and none should be left alone with one."""
    order = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@pytest.fixture(autouse=True)
def own_user_folder(request, tmp_path, monkeypatch):
    """No test sees or touches the models of whoever runs it."""
    if "models" not in request.fixturenames:
        monkeypatch.setenv("MEDNCA_MODELS", str(tmp_path / "user-models"))


@pytest.fixture(scope="session")
def hippocampus():
    folder = DATA / "hippocampus"
    if not folder.is_dir():
        pytest.skip(f"needs the Decathlon's hippocampus cases in {folder.name}/ of MEDNCA_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_models(tmp_path_factory):
    """The user's model folder of all tests that share a host: the worker keeps the environment it was started with."""
    from panel import ball_model
    from phantoms import save

    folder = tmp_path_factory.mktemp("models")
    save(ball_model(), folder / "bright")
    save(ball_model("terms", name="Research only", terms="Research only."), folder / "terms")
    (folder / "broken").mkdir()
    return folder


@pytest.fixture(scope="module")
def models(shared_models):
    """That folder, for a module; what its tests put there goes."""
    there = set(shared_models.iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDNCA_MODELS", str(shared_models))
        yield shared_models
    for folder in set(shared_models.iterdir()) - there:
        shutil.rmtree(folder)


@pytest.fixture(scope="module", autouse=True)
def _collected():
    """After each file, where an application runs in this process: nothing else collects then (`startApplication`)."""
    yield
    if not gc.isenabled():
        gc.collect()


@pytest.fixture(scope="module")
def shared_host(models):
    """One for as many files as can have it: a worker takes seconds to start."""
    import slicerhost

    return slicerhost.runningApplication() or slicerhost.startApplication()


@pytest.fixture(scope="module")
def fresh_host(models):
    """A host of the module's own, in place of the shared one: for languages, and for models that a panel must know from
    its beginning."""
    import slicerhost

    host = slicerhost.startApplication()
    yield host
    host.quit()


@pytest.fixture
def host(shared_host):
    """A host with an empty scene and nothing said yet; the worker stays warm between the tests."""
    import slicer

    slicer.mrmlScene.Clear(0)
    shared_host.dialogs.clear()
    shared_host.answer = True
    shared_host.errors.clear()
    yield shared_host
    assert shared_host.errors == []  # nothing was thrown where nobody sees it


@pytest.fixture
def panel(host):
    from panel import open_panel

    return open_panel(host)


@pytest.fixture(scope="session")
def cases(tmp_path_factory):
    """Eight phantoms as cases in images/ and labels/ of one folder."""
    folder = tmp_path_factory.mktemp("cases")
    for n in range(8):
        write_case(folder, f"case_{n}", *organ_case(n))
    return list(pair_folders(folder / "images", folder / "labels").cases)


@pytest.fixture(scope="session")
def coarse_cases(tmp_path_factory):
    """The same of voxels of 3 mm, for `training_phantoms.COARSE`: a scan of 150 mm, in which a calibration's artifacts
    are made, has few voxels then, also in other processes."""
    folder = tmp_path_factory.mktemp("coarse")
    for n in range(8):
        write_case(folder, f"case_{n}", *organ_case(n), spacing=(3, 3, 3))
    return list(pair_folders(folder / "images", folder / "labels").cases)


@pytest.fixture
def inline_pool(monkeypatch):
    """The trainer's cases are measured in this process, and degraded in a scan of 45 mm, not of 150: for tests that try
    neither how processes share them nor what artifacts are like."""
    measure_here(monkeypatch)


@pytest.fixture
def few_conditions(inline_pool, monkeypatch):
    """The same, and under four conditions in place of fourteen: for tests that want a measured model, whatever its
    light is worth."""
    for kind in (ARTIFACTS, PAPER_ARTIFACTS):
        for name in list(kind)[1:]:
            monkeypatch.delitem(kind, name)


def measure_here(monkeypatch):
    """What `inline_pool` does, for fixtures of a whole module."""
    monkeypatch.setattr("mednca_train.data.artifacts.SCAN", 45.0)
    for module in ("model.build", "model.verdict_report", "folds", "study.run"):
        monkeypatch.setattr(f"mednca_train.{module}.Pool", InlinePool)


_status = 0


def pytest_sessionfinish(session, exitstatus):
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Where the host ran, leave before the interpreter tears Qt's and VTK's wrappers down in an order of its own."""
    if "slicerhost" in sys.modules:
        sys.modules["slicerhost"].leave(_status)


@pytest.fixture(scope="session")
def brain():
    """The MNI152 template that nilearn carries; no download."""
    import SimpleITK as sitk

    from mednca.imaging.reading import check_image

    datasets = pytest.importorskip("nilearn.datasets", reason="nilearn is not installed")
    template = datasets.load_mni152_template(resolution=1)
    image = sitk.GetImageFromArray(np.asarray(template.dataobj, np.float32).transpose(2, 1, 0).copy())
    image.SetDirection(np.diag([-1.0, -1.0, 1.0]).ravel().tolist())
    image.SetOrigin((template.affine[:3, 3] * (-1, -1, 1)).tolist())
    return check_image(image, "MNI152")

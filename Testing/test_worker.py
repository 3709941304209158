"""The worker as a real process: results, progress, cancel, errors, and no process left behind."""

import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import SimpleITK as sitk

from conftest import ROOT
from phantoms import array_of, bright_model, ellipsoid, image_of, save

BALL = ellipsoid((40, 44, 36), (20, 22, 18), (8, 9, 7))


class Process:
    """The worker with its two streams."""

    def __init__(self, **environment):
        environment = os.environ | {"PYTHONPATH": str(ROOT / "MedNCASegment")} | environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mednca.worker"], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def say(self, **request):
        self.write(json.dumps(request).encode() + b"\n")

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hear(self, *events):
        """Lines up to the first of the given events."""
        lines = []
        for line in self.process.stdout:
            lines.append(json.loads(line))
            if lines[-1]["event"] in events:
                return lines
        raise AssertionError(f"ended without {events}: {lines}")


@pytest.fixture(scope="module")
def worker():
    worker = Process()
    watchdog = threading.Timer(120, worker.process.kill)
    watchdog.start()
    worker.hear("ready")
    yield worker
    watchdog.cancel()
    worker.process.kill()


@pytest.fixture
def job(tmp_path):
    image = tmp_path / "image.nrrd"
    sitk.WriteImage(image_of(BALL.astype(np.float32)), str(image))
    model = save(bright_model(fire_rate=0.9), tmp_path / "bright")
    return {"command": "segment", "job": "7", "image": str(image), "model": str(model), "out": str(tmp_path / "out")}


def test_a_job(worker, job, tmp_path):
    worker.say(**job, members=6, seed=2)
    lines = worker.hear("done", "failed")
    assert lines[-1]["event"] == "done" and {line["job"] for line in lines} == {"7"}
    assert any(line.get("progress", {}).get("stage") == "ensemble" and line["progress"]["total"] == 6 for line in lines)
    assert np.array_equal(array_of(sitk.ReadImage(str(tmp_path / "out" / "labels.nrrd"))) > 0, BALL)
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["seed"] == 2


def test_cancel(worker, job, tmp_path):
    worker.say(**job, members=1000)
    while worker.hear("progress")[-1]["progress"]["step"] < 2:
        pass
    asked = time.monotonic()
    worker.say(command="cancel", job="7")
    assert worker.hear("canceled", "done")[-1]["event"] == "canceled"
    assert time.monotonic() - asked < 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bright", "image.nrrd"]
    worker.say(**job, members=1)  # and it is still there for the next click
    assert worker.hear("done", "failed", "canceled")[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"image": "/nowhere.nrrd"}, "does not exist"),
        ({"model": "nobody"}, "no model"),
        ({"clicks": [[900, 0, 0]]}, "outside"),
        ({"command": "dance"}, "Unknown command"),
        ({"members": 10**9}, "members"),
        ({"members": True}, "members"),
        ({"clicks": [[0, 1e300, 0]]}, "clicks"),
        ({"clicks": "here"}, "clicks"),
        ({"image": ""}, "image"),
        ({"image": "a\0b"}, "image"),
        ({"device": "abacus"}, "device"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_errors_carry_the_cause(worker, job, change, word):
    worker.say(**(job | change))
    told = worker.hear("failed", "done")[-1]
    assert told["event"] == "failed" and word in told["error"] and told["bug"] is False


@pytest.mark.parametrize(("line", "word"), [
    (b"{not json", "not valid JSON"), (b'{"command": "s\xff\xfe"}', "not valid JSON"), (b"[" * 100_000, "not valid JSON"),
    (b'{"command": "segment", "job": "\\ud800"}', "not valid JSON"), (b"[1]", "not valid"), (b'{"command": 3}', "command"),
    (b'{"command": "segment", "job": [1]}', "job"),
])  # fmt: skip
def test_nonsense_is_survived(worker, line, word):
    worker.write(line + b"\n")
    told = worker.hear("failed")[-1]
    assert word in told["error"] and told["bug"] is False and len(told["error"]) < 700


def _at_work(job, tmp_path):
    """A worker in the middle of a job, and its scratch folder, in which a volume lies."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "volume.nrrd").touch()
    worker = Process(MEDNCA_SCRATCH=str(scratch))
    worker.hear("ready")
    worker.say(**job, members=1000)
    worker.hear("progress")
    return worker, scratch


def test_it_ends_where_nobody_listens_any_more_and_leaves_no_images(job, tmp_path):
    """Slicer is killed in the middle of a job: both streams break."""
    worker, scratch = _at_work(job, tmp_path)
    worker.process.stdout.close()
    time.sleep(0.5)  # it tells of its progress to nobody
    worker.process.stdin.close()
    worker.process.wait(20)
    assert not scratch.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bright", "image.nrrd"]


def test_it_ends_with_its_input_even_at_work_and_leaves_no_images(job, tmp_path):
    worker, scratch = _at_work(job, tmp_path)
    worker.process.stdin.close()
    assert worker.process.wait(20) == 0
    assert not scratch.exists()

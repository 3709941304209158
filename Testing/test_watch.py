"""Watching one member at work, and disturbing an image: the engine's side of *Watch it think*."""

import json
import threading

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from mednca.errors import MedNCAError
from mednca.growth import to_percent, watch_growth
from mednca.imaging.disturb import Disturbance, disturb_image
from mednca.messages import DisturbRequest, GrowRequest
from mednca.nca.ensemble import Ensemble
from mednca.nca.labels import union
from mednca.nca.tensors import to_tensor
from mednca.segment import segment_image
from mednca.worker import Worker
from phantoms import ARCHITECTURES, array_of, bright_model, ellipsoid, image_of, random_pyramid, rotation, save

SHAPE = (40, 44, 36)
BALL = ellipsoid(SHAPE, (20, 22, 18), (8, 9, 7))


def ball(**geometry):
    return image_of((BALL * 500 + np.random.default_rng(0).normal(0, 5, SHAPE) + 100).astype(np.float32), **geometry)


# --- growth


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "two image channels"])
@pytest.mark.parametrize("region", [None, (slice(3, 17), slice(5, 20), slice(2, 15))])
def test_the_last_step_is_the_member_to_the_bit(name, region):
    pyramid = random_pyramid(ARCHITECTURES[name])
    image = np.random.default_rng(1).normal(size=(20, 23, 17)).astype(np.float32)
    ensemble = Ensemble(pyramid, image, seed=5, roi=region or False)
    steps = list(ensemble.each_step(member=1))
    assert [level for level, *_rest in steps] == [
        number for number, level in enumerate(pyramid.architecture.levels) for _step in range(level.steps)
    ]
    with torch.inference_mode():
        member = torch.sigmoid(pyramid(to_tensor(image[..., None]), 5, [1], region=region))[0]
    assert np.array_equal(steps[-1][1], union(member).numpy())
    assert not np.array_equal(steps[0][1], steps[-1][1])
    assert ensemble.moments.count == 0  # the ensemble itself has not begun


def test_watching_changes_no_result():
    """A step at a time, each step is what a shorter run ends with; and an ensemble before and after is the same."""
    pyramid = random_pyramid(ARCHITECTURES["m3d two levels, batch norm, two labels"])
    image = np.random.default_rng(1).normal(size=(20, 23, 17)).astype(np.float32)
    ensemble = Ensemble(pyramid, image, seed=5)
    before = Ensemble(pyramid, image, seed=5).run(3)
    list(ensemble.each_step())
    after = ensemble.run(3)
    assert np.array_equal(before.means, after.means) and np.array_equal(before.masks, after.masks)
    first = pyramid.cells[0]
    with torch.inference_mode():
        from mednca.nca.fast import each_step, run
        from mednca.nca.firing import frame_index

        state, index = torch.randn(1, 9, 10, 11, 8), frame_index((9, 10, 11))
        seen = [step.clone() for step in each_step(first, state, index, 2, (5, 0), 4)]
        for number in range(4):
            assert torch.equal(seen[number], run(first, state, index, [2], (5, 0), number + 1)[0])


@pytest.mark.parametrize("click", [None, (20.0, 22.0, 18.0)])
def test_growth_lies_where_the_result_does(click):
    """Oblique, in a field of view or the whole image: the last frame's voxels are those of a run of one member."""
    geometry = {"direction": rotation(20, 2) @ np.diag([-1.0, -1.0, 1.0]), "origin": (3, -5, 7)}
    image = ball(**geometry)
    model = bright_model(fire_rate=0.9, levels=2, field_of_view=(24.0, 26.0, 20.0) if click else None)
    if click:
        lps = image.TransformContinuousIndexToPhysicalPoint(click)
        click = (-lps[0], -lps[1], lps[2])
    growth = watch_growth(image, model, click, members=1)
    last = growth.image[:, :, :, -1]
    assert growth.image.GetSize()[3] == len(growth.levels) == 2 and growth.levels == (0, 1)
    result = segment_image(image, model, [click] if click else (), members=1, device="cpu")
    on_image = sitk.Resample(last, result.labels, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(array_of(on_image) > 50, array_of(result.labels) > 0)
    assert (array_of(result.labels) > 0).any()


def test_percents_keep_the_mask():
    values = np.array([0, 1e-6, 0.4999, 0.5, np.nextafter(np.float32(0.5), np.float32(1)), 1], np.float32)
    assert to_percent(values).tolist() == [0, 1, 50, 50, 51, 100]


def test_watching_stays_below_a_limit():
    with pytest.raises(MedNCAError, match="memory limit of 1 MB"):
        watch_growth(ball(), bright_model(), memory_limit=1)


# --- disturbing


def changed_by(image, **severities):
    difference = array_of(disturb_image(image, Disturbance(**severities), seed=3)) - array_of(image)
    return float(np.sqrt(np.mean(difference**2)))


@pytest.mark.parametrize("name", ["noise", "ghosting", "bias", "motion"])
def test_an_artifact_is_more_the_more_is_asked(name):
    image = ball()
    changes = [changed_by(image, **{name: severity}) for severity in (0.0, 0.1, 0.4, 0.7, 1.0)]
    assert changes[0] == 0 and changes == sorted(changes) and changes[1] > 0.5, changes


def test_a_disturbed_image_is_the_same_each_time_and_keeps_its_place():
    image = ball(direction=rotation(30, 1), spacing=(1, 1.5, 2), origin=(1, 2, 3))
    all_of_it = Disturbance(0.4, 0.5, 0.6, 0.7)
    first, again, other = (disturb_image(image, all_of_it, seed) for seed in (1, 1, 2))
    assert np.array_equal(array_of(first), array_of(again)) and not np.array_equal(array_of(first), array_of(other))
    for get in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(first, get)() == getattr(image, get)()
    assert first.GetPixelID() == sitk.sitkFloat32 and np.isfinite(array_of(first)).all()
    assert np.array_equal(array_of(disturb_image(image, Disturbance(), 1)), array_of(image))


def test_one_artifact_does_not_change_what_another_one_draws():
    """The bias field is the same field with and without motion: only stronger or weaker."""
    image = image_of(np.full(SHAPE, 100.0, np.float32) * (ellipsoid(SHAPE, (20, 22, 18), (19, 21, 17)) + 1e-3))
    weak, strong = (array_of(disturb_image(image, Disturbance(bias=s), 7)) for s in (0.5, 1.0))
    inside = array_of(image) > 1
    low = array_of(image).min()
    logs = [np.log((each[inside] - low) / (array_of(image)[inside] - low)) for each in (weak, strong)]
    assert np.allclose(2 * logs[0], logs[1], atol=1e-4) and 1.0 < np.abs(logs[1]).max() < 1.21


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_a_severity_that_cannot_be_is_refused(severity):
    with pytest.raises(MedNCAError, match="severity of motion"):
        disturb_image(ball(), Disturbance(motion=severity))
    with pytest.raises(MedNCAError, match="several channels"):
        disturb_image(sitk.Compose(ball(), ball()), Disturbance(motion=0.5))


def test_disturbing_can_be_stopped():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        disturb_image(ball(), Disturbance(noise=1), progress=stop)


# --- the worker


class Held:
    """A source that ends only once the worker has nothing left to do: the end of input would cancel the job."""

    def __init__(self, *requests):
        self.lines = [json.dumps(request).encode() + b"\n" for request in requests]
        self.over = threading.Event()

    def readline(self, limit):
        if self.lines:
            return self.lines.pop(0)
        self.over.wait(60)
        return b""


class Heard:
    """A sink that lets the source end after the last answer."""

    def __init__(self, source, jobs):
        self.source, self.jobs, self.events = source, jobs, []

    def write(self, text):
        self.events.append(json.loads(text))
        self.jobs -= self.events[-1]["event"] in ("done", "failed", "canceled")
        if not self.jobs:
            self.source.over.set()

    def flush(self):
        pass


def answers(*requests):
    source = Held(*requests)
    sink = Heard(source, len(requests))
    Worker(source, sink).run()
    return [event for event in sink.events if event["event"] in ("done", "failed", "canceled")], sink.events


@pytest.fixture
def files(tmp_path):
    sitk.WriteImage(ball(), str(tmp_path / "image.nrrd"))
    save(bright_model(fire_rate=0.9, levels=2), tmp_path / "bright")
    return tmp_path


def test_the_worker_grows_and_disturbs(files):
    grow = GrowRequest(str(files / "image.nrrd"), str(files / "bright"), seed=4, members=2)
    disturb = DisturbRequest(str(files / "image.nrrd"), noise=0.5, seed=4)
    told, events = answers(
        {"job": "1", "out": str(files / "grown")} | grow.to_json(),
        {"job": "2", "out": str(files / "noisy")} | disturb.to_json(),
    )
    assert [event["event"] for event in told] == ["done", "done"], told
    assert told[0]["answer"]["levels"] == [0, 1]
    assert sitk.ReadImage(str(files / "grown" / "growth.nrrd")).GetSize() == (*SHAPE, 2)
    expected = disturb_image(ball(), Disturbance(noise=0.5), 4)
    assert np.array_equal(array_of(sitk.ReadImage(str(files / "noisy" / "disturbed.nrrd"))), array_of(expected))
    assert {"growing", "disturbing"} <= {event["progress"]["stage"] for event in events if "progress" in event}


@pytest.mark.parametrize(("change", "word"), [
    ({"noise": 1.5}, "noise"), ({"noise": "much"}, "noise"), ({"blur": 0.5}, "blur"), ({"seed": -1}, "seed"),
    ({"image": "/nowhere.nrrd"}, "does not exist"), ({"command": "grow"}, "model"),
    ({"command": "grow", "model": "nobody", "noise": 1}, "noise"),
])  # fmt: skip
def test_what_the_worker_is_asked_is_checked(files, change, word):
    request = {"command": "disturb", "job": "1", "image": str(files / "image.nrrd"), "out": str(files / "out")}
    (told,), _events = answers(request | change)
    assert told["event"] == "failed" and word in told["error"] and told["bug"] is False
    assert not (files / "out").exists()


def test_requests_come_back_from_json():
    grow = GrowRequest("a.nrrd", "bright", (1.0, 2.0, 3.0), 10, 7, 500.0)
    disturb = DisturbRequest("a.nrrd", 0.1, 0.2, 0.3, 0.4, 9)
    for request in (grow, disturb, GrowRequest("a.nrrd", "bright")):
        assert type(request).from_json(json.loads(json.dumps(request.to_json()))) == request
    assert grow.options == {"click": (1.0, 2.0, 3.0), "members": 10, "seed": 7, "memory_limit": 500.0}

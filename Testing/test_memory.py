"""The fast step says what the plain one says; memory is planned before it is taken, and the plan is kept."""

import json
import multiprocessing
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

from mednca.benchmark.reference import ReferencePyramid
from mednca.benchmark.timing import PRESETS, peak_resident, resident_peak, useful_flops
from mednca.cli import app
from mednca.errors import MedNCAError
from mednca.nca import ensemble, fast
from mednca.nca.cells import Cell
from mednca.nca.ensemble import Ensemble, run_ensemble
from mednca.nca.memory import plan_memory, predicted_peak
from mednca.quality import hotspots
from mednca.segment import segment_image
from phantoms import ARCHITECTURES, bright_model, image_of, m3d, random_pyramid


@pytest.mark.parametrize("slab", [1, 300, 10**6])
@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(21, 26, 17), (5, 4, 3), (1, 9, 8)])
def test_fast_equals_plain(name, shape, slab, monkeypatch):
    """Odd sizes, frames smaller than the kernel, slabs thinner than it."""
    pyramid = random_pyramid(ARCHITECTURES[name])
    torch.manual_seed(0)
    image = torch.randn(*shape, pyramid.architecture.input_channels)
    monkeypatch.setattr(fast, "SLAB_CELLS", slab)
    with torch.inference_mode():
        result = pyramid(image, 3, [0, 7])
        monkeypatch.setattr(Cell, "forward", Cell.plain)
        plain = pyramid(image, 3, [0, 7])
    assert plain.std() > 1e-3
    assert torch.allclose(result, plain, atol=1e-4)


def test_threads_and_limits_do_not_change_the_result():
    pyramid = random_pyramid(m3d())
    image = np.random.default_rng(0).normal(size=(40, 36, 30)).astype(np.float32)
    before = torch.get_num_threads()
    whole = run_ensemble(pyramid, image, 3, seed=1)
    tiles = run_ensemble(pyramid, image, 3, seed=1, memory_limit=7)
    assert plan_memory(pyramid.architecture, image.shape, 7, 2).tile is not None
    torch.set_num_threads(1)
    try:
        one_thread = run_ensemble(pyramid, image, 3, seed=1)
    finally:
        torch.set_num_threads(before)
    for other in (tiles, one_thread):
        assert np.allclose(other.mean, whole.mean, atol=1e-5) and np.allclose(other.variance, whole.variance, atol=1e-5)


def test_the_plan_gives_up_speed_before_it_gives_up():
    prostate = PRESETS["paper-prostate"]
    plans = [plan_memory(prostate.architecture, prostate.shape, limit, parallel=2) for limit in (4000, 700, 200)]
    assert plans[0].tile is None and plans[0].parallel == 2
    assert plans[0].thickness is None and plans[1].thickness is not None and plans[1].peak <= 700e6
    assert plans[2].tile is not None and plans[2].parallel == 1 and plans[2].peak <= 200e6
    with pytest.raises(MedNCAError, match="memory limit of 20 MB"):
        plan_memory(prostate.architecture, prostate.shape, 20)


@pytest.mark.parametrize("limit", [None, pytest.param(60, marks=pytest.mark.slow)])
def test_the_predicted_peak_is_held(limit):
    """In a fresh process, at a size where the arrays outweigh torch's own ups and downs."""
    hippocampus = PRESETS["paper-hippocampus"].architecture
    shape = (96, 96, 64)
    plan = plan_memory(hippocampus, shape, limit, 1, members=2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        measured = peak_resident(hippocampus, shape, 2, limit)["added"]
    finally:
        torch.set_num_threads(threads)
    predicted = predicted_peak(hippocampus, shape, plan.tile, plan.parallel, members=2)
    assert predicted / 1e6 * 0.5 < measured < plan.peak / 1e6 * 1.15 + 15


def _segment_large(limit: float, spacing: float, labels: int, pieces: bool) -> float:
    """MB that segmenting adds to this process, image and results included. Runs in a process of its own."""
    field = (232.0, 200.0, 184.0) if pieces else None
    model = bright_model(spacing=(1, 1, 1), labels=labels, fire_rate=0.5, field_of_view=field, keep_largest=pieces)
    noise = np.random.default_rng(0)
    segment_image(image_of(noise.normal(size=(32, 32, 32)).astype(np.float32)), model, members=2)
    before = resident_peak()
    image = image_of(noise.random((232, 200, 184), np.float32), (spacing,) * 3)
    result = segment_image(image, model, members=2, memory_limit=limit)
    assert result.labels.GetSize() == image.GetSize()
    return resident_peak() - before


@pytest.mark.parametrize(
    ("limit", "spacing", "labels", "pieces"),
    [
        pytest.param(345, 1.0, 2, False, marks=pytest.mark.slow),
        pytest.param(310, 0.7, 2, False, marks=pytest.mark.slow),
        pytest.param(270, 1.0, 1, True, marks=pytest.mark.slow),
    ],
)
def test_the_limit_holds_for_all_that_segmenting_takes(limit, spacing, labels, pieces):
    """9 million voxels, 34 MB as an image; two labels' means and variances and their union's take 200 MB, in copies of
    everything 600."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_segment_large, (limit, spacing, labels, pieces)) < limit


def test_each_member_leaves_its_mask():
    """A bit a voxel in rows of whole bytes, in the block and in the result: 41 x 20 x 22 are 41 x 20 x 3 bytes."""
    architecture, shape = m3d(), (41, 20, 22)
    few, many = (predicted_peak(architecture, shape, None, 1, members=members) for members in (0, 100))
    assert many - few == 100 * 2 * 41 * 20 * 3
    statistics = run_ensemble(
        random_pyramid(architecture), np.eye(20, 22, dtype=np.float32) * np.ones((41, 1, 1), np.float32), 3, seed=0
    )
    assert statistics.masks.nbytes == 3 * 41 * 20 * 3


def test_too_little_memory_for_the_results_is_said_before_anything_runs(monkeypatch):
    monkeypatch.setattr(ensemble.Ensemble, "run", None)
    image = image_of(np.random.default_rng(0).random((60, 60, 60), np.float32))
    with pytest.raises(MedNCAError, match="more than the memory limit of 3 MB"):
        segment_image(image, bright_model(), memory_limit=3)


def test_pieces_are_only_counted_where_one_structure_is_located(monkeypatch):
    monkeypatch.setattr(hotspots, "BYTES_A_VOXEL", 0)
    image = image_of(np.random.default_rng(0).random((60, 60, 60), np.float32))
    needed = []
    for field_of_view in ((20.0, 20.0, 20.0), (60.0, 60.0, 60.0)):
        with pytest.raises(MedNCAError) as refused:
            segment_image(image, bright_model(field_of_view=field_of_view, keep_largest=True), memory_limit=1)
        needed.append(int(str(refused.value).split(" MB at least")[0].split()[-1]))
    assert needed[0] < needed[1]


def test_the_fields_of_several_clicks_are_counted_together(monkeypatch):
    monkeypatch.setattr(ensemble.Ensemble, "run", None)
    image = image_of(np.random.default_rng(0).random((100, 90, 80), np.float32))  # 2.9 MB
    model = bright_model(field_of_view=(20.0, 20.0, 20.0))
    with pytest.raises(MedNCAError, match="3 MB of it for the image, more than the memory limit of 7 MB"):
        segment_image(image, model, [(-20, -20, 20), (-80, -70, 60)], memory_limit=7)
    with pytest.raises(TypeError):  # one of them alone has room
        segment_image(image, model, [(-20, -20, 20)], memory_limit=7)


def test_useful_work_is_counted():
    """One level, one step, by hand: 8 channels, 16 hidden, k=3, half of 1000 cells fire."""
    architecture = m3d(scales=(1,), kernels=(3,), steps=(1,))
    assert useful_flops(architecture, (10, 10, 10), (slice(0, 10),) * 3) == 500 * 2 * (27 * 8 + 16 * 16 + 16 * 8)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_useful_work_is_what_the_papers_text_does_for_every_cell(name):
    """Counted by torch while the reference runs, for each family; all cells fire."""
    architecture = replace(ARCHITECTURES[name], fire_rate=1.0)
    shape = tuple(1 if axis == architecture.slice_axis else 16 for axis in range(3))
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        ReferencePyramid(architecture)(torch.randn(*shape, architecture.input_channels))
    assert useful_flops(architecture, shape, tuple(slice(0, n) for n in shape)) == counter.get_total_flops()


def test_the_benchmark_command(tmp_path):
    out = tmp_path / "figures.json"
    options = "--model hippocampus-m3dnca --shape 20,24,18 --repeats 2 --roi --training --json"
    command = ["benchmark", *options.split(), str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["seconds_per_pass"]["median"] > 0 and figures["reference_seconds_per_pass"]["median"] > 0
    assert figures["times_faster"]["exact"] > 0 and figures["times_faster"]["roi"] > 0
    assert figures["training_times_faster"] > 0
    assert figures["voxel_steps_per_second"] > 0 and 0 < figures["useful_flops_share"] < 1
    for wrong in (["benchmark"], ["benchmark", "--preset", "x"], ["benchmark", "--model", "hippocampus-m3dnca"]):
        assert isinstance(CliRunner().invoke(app, wrong).exception, MedNCAError)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("tile", [None, (7, 9, 8)])
def test_a_region_equals_the_full_frame_there(name, tile):
    pyramid = random_pyramid(ARCHITECTURES[name])
    torch.manual_seed(0)
    image = torch.randn(39, 33, 28, pyramid.architecture.input_channels)
    for region in ((slice(9, 20), slice(6, 22), slice(11, 20)), (slice(30, 39), slice(0, 3), slice(5, 6))):
        with torch.inference_mode():
            full, part = pyramid(image, 3, [0, 1]), pyramid(image, 3, [0, 1], tile, region)
        assert part.shape[1:4] == tuple(s.stop - s.start for s in region)
        assert torch.allclose(part, full[(slice(None), *region)], atol=1e-4)


def test_a_region_computes_no_more_than_it_needs():
    architecture = m3d((4, 2, 1), (7, 5, 3), (2, 3, 4))
    region = (slice(200, 210), slice(0, 400), slice(300, 400))
    boxes = architecture.boxes((400, 400, 400), region)
    assert boxes[2] == region
    assert boxes[1] == (slice(98, 107), slice(0, 200), slice(148, 200))  # + 4 cells, halved
    assert boxes[0] == (slice(46, 57), slice(0, 100), slice(71, 100))  # + 3 steps x 2, halved


def test_blocks_do_not_change_the_result():
    pyramid = random_pyramid(m3d(labels=2))
    image = np.random.default_rng(0).normal(size=(96, 20, 22)).astype(np.float32)
    whole, limit = run_ensemble(pyramid, image, 3, seed=1), 5.0
    plan = plan_memory(pyramid.architecture, image.shape, limit, torch.get_num_threads())
    assert plan.thickness and plan.peak <= limit * 1e6
    calls = []
    blocks = run_ensemble(pyramid, image, 3, 1, lambda *call: calls.append(call), memory_limit=limit)
    count = len(list(plan.blocks((slice(0, 96), slice(0, 20), slice(0, 22)))))
    assert calls == [(n, 3 * count) for n in range(1, 3 * count + 1)]
    assert np.allclose(blocks.mean, whole.mean, atol=1e-5) and np.allclose(blocks.variance, whole.variance, atol=1e-5)
    assert np.allclose(blocks.means, whole.means, atol=1e-5)
    assert np.array_equal(blocks.masks, whole.masks)
    ensemble = Ensemble(pyramid, image, 1, limit)  # more members later, when there is room for all of them at once
    ensemble.run(2)
    ensemble.memory_limit = None
    assert np.array_equal(ensemble.run(3).means, whole.means)


def test_the_region_holds_what_the_coarser_level_found():
    pyramid = random_pyramid(m3d())
    with torch.no_grad():
        for cell in pyramid.cells:
            cell.update.weight.zero_()  # logits stay 0, probability 1/2: found everywhere
    image = torch.randn(20, 20, 20, 1)
    assert pyramid.region_of_interest(image, 0, [0]) == (slice(0, 20),) * 3
    statistics = run_ensemble(pyramid, image[..., 0].numpy(), 2, 0, roi=True)
    assert statistics.computed_share == 1 and statistics.mean.shape == (20, 20, 20, 1)
    part = run_ensemble(pyramid, image[..., 0].numpy(), 2, 0, roi=(slice(9, 11),) * 3)
    assert part.computed_share == (10 / 20) ** 3 and part.mean.shape == (2, 2, 2, 1)
    one_level = random_pyramid(m3d((1,), (3,), (2,)))
    assert run_ensemble(one_level, np.zeros((9, 9, 9), np.float32), 1, 0, roi=True).computed_share == 1


def test_the_region_lies_around_the_likeliest_cell_where_nothing_was_found(monkeypatch):
    pyramid = random_pyramid(m3d())
    monkeypatch.setattr(pyramid, "logits", lambda state: state[..., :1] - 20)  # of the image itself, and very unlikely
    image = torch.zeros(40, 40, 40, 1)
    image[30:32, 20:22, 10:12] = 5
    assert pyramid.region_of_interest(image, 0, [0, 1]) == (slice(26, 36), slice(16, 26), slice(6, 16))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_accelerator_is_never_asked_anything_within_a_run(name):
    """Tensors on the meta device have no values: whatever waits for one (nonzero, item, a copy back) raises."""
    pyramid = random_pyramid(ARCHITECTURES[name]).to("meta")
    image = torch.empty(20, 22, 18, pyramid.architecture.input_channels, device="meta")
    with torch.inference_mode():
        assert pyramid(image, 0, range(3), tile=(9, 9, 9)).shape == (3, 20, 22, 18, pyramid.architecture.labels)
    with pytest.raises((RuntimeError, NotImplementedError)):
        image.nonzero()


def test_members_run_as_a_batch_on_an_accelerator(monkeypatch):
    """Its part of the plan, run on the processor."""
    pyramid = random_pyramid(m3d())
    image = np.random.default_rng(0).normal(size=(16, 15, 14)).astype(np.float32)
    expected, batches = run_ensemble(pyramid, image, 7, seed=1), []

    def forward(self, state, index, members, *arguments):
        batches.append(len(members))
        return Cell.plain(self, state, index, members, *arguments)

    monkeypatch.setattr(Cell, "forward", forward)
    plan = plan_memory(pyramid.architecture, image.shape, None, 4, dense=True)
    whole = tuple(slice(0, n) for n in image.shape)
    with torch.inference_mode():
        rows = torch.stack(
            list(ensemble._batches(pyramid, torch.from_numpy(image)[..., None], 1, range(7), plan, whole))
        )
    assert batches == [4, 4, 3, 3]
    assert np.allclose(rows.mean(0), expected.mean, atol=1e-4)

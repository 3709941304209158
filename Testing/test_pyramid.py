"""The cells and levels: local, reproducible, and any size works."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from mednca.nca import gradient
from mednca.nca.architecture import Architecture
from mednca.nca.firing import fire_mask, frame_index
from mednca.nca.perception import perceive
from mednca.nca.pyramid import pool, upsample
from phantoms import ARCHITECTURES, m3d, random_pyramid


@pytest.fixture(params=ARCHITECTURES, name="pyramid")
def _pyramid(request):
    return random_pyramid(ARCHITECTURES[request.param])


def _image(pyramid, *shape):
    torch.manual_seed(1)
    return torch.randn(*shape, pyramid.architecture.input_channels)


@torch.no_grad()
def test_tiles_equal_the_full_frame(pyramid):
    image = _image(pyramid, 21, 26, 17)
    full = pyramid(image, 3, [0, 1])
    assert full.std() > 1e-3  # the state moves, or the test says nothing
    assert torch.allclose(pyramid(image, 3, [0, 1], tile=(8, 9, 7)), full, atol=1e-5)


@torch.no_grad()
def test_a_tile_without_its_margin_differs():
    pyramid = random_pyramid(m3d())
    image = _image(pyramid, 21, 26, 17)
    full = pyramid(image, 3, [0])
    pyramid.architecture.__class__.reach, kept = (lambda self, level: (1, 1, 1)), Architecture.reach
    try:
        assert not torch.allclose(pyramid(image, 3, [0], tile=(8, 9, 7)), full, atol=1e-5)
    finally:
        Architecture.reach = kept


@torch.no_grad()
def test_a_member_is_the_same_in_any_batch(pyramid):
    image = _image(pyramid, 12, 13, 11)
    together = pyramid(image, 5, [0, 1, 2])
    assert torch.allclose(pyramid(image, 5, [2])[0], together[2], atol=1e-5)
    assert torch.allclose(pyramid(image, 5, [2, 0])[1], together[0], atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)
    assert not torch.allclose(pyramid(image, 6, [0])[0], together[0], atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("shape", [(1, 9, 8), (9, 8, 1), (1, 1, 1), (2, 3, 2), (35, 51, 35)])
def test_any_size(pyramid, shape):
    logits = pyramid(_image(pyramid, *shape), 0, [0])
    assert logits.shape == (1, *shape, pyramid.architecture.labels)
    assert torch.isfinite(logits).all()


@torch.no_grad()
def test_image_channels_stay():
    pyramid = random_pyramid(m3d(input_channels=2))
    begin = pyramid.beginning(0, None, _image(pyramid, 9, 9, 9)[None], 1)
    assert torch.equal(pyramid.run_level(0, begin, 0, [0])[..., :2], begin()[..., :2])


@torch.no_grad()
def test_slices_of_a_2d_model_do_not_talk():
    pyramid = random_pyramid(ARCHITECTURES["med-nca axial"])
    image = _image(pyramid, 16, 16, 3)
    changed = image.clone()
    changed[:, :, 0] += 5
    assert torch.equal(pyramid(image, 0, [0])[..., 1:, :], pyramid(changed, 0, [0])[..., 1:, :])


@torch.no_grad()
def test_frozen_norm_is_an_ordinary_batch_norm_in_evaluation():
    pyramid = random_pyramid(m3d((1,), (3,), (1,), norm="batch", fire_rate=1.0))
    cell = pyramid.cells[0]
    state = torch.randn(1, 5, 6, 7, 8)
    perceived = torch.cat((state, cell.perceive(state)), -1).reshape(-1, 16)
    change = cell.update(F.relu(cell.norm(cell.hidden(perceived)))).reshape(state.shape)
    change[..., :1] = 0
    index = frame_index((5, 6, 7))
    assert torch.allclose(cell(state, index, [0], (0, 0), 1), state + change, atol=1e-5)


TRAINED = ARCHITECTURES | {"two blocks of channels": replace(m3d(), channels=32)}
LIVE = [(name, True) for name, architecture in TRAINED.items() if architecture.norm == "batch"]


@pytest.mark.parametrize(("name", "live"), [(name, False) for name in TRAINED] + LIVE)
@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_equal_those_of_the_plain_path(name, live, recompute, monkeypatch):
    """Our backward pass against autograd through the papers' equations, for every family; the cells in several parts."""
    monkeypatch.setattr(gradient, "_VALUES", 1 << 13)
    pyramid = random_pyramid(TRAINED[name])
    cell = pyramid.cells[0].requires_grad_(True)
    cell.live_norm = live
    shape = (9, 10, 5)  # shorter than a kernel's reach on both sides, in part
    begin = torch.randn(2, *shape, pyramid.architecture.channels, requires_grad=True)
    weighting = torch.randn_like(begin)

    learned = []

    def gradients(run):
        state = run(begin, frame_index(shape), [4, 7], (1, 0), 3, recompute)
        learned.append(_learned(cell))
        inputs = [begin, *(p for p in cell.parameters() if p.requires_grad)]
        return state, torch.autograd.grad((state * weighting).sum(), inputs)

    state, ours = gradients(cell)
    plain, theirs = gradients(cell.plain)
    assert torch.allclose(state, plain, atol=1e-5)
    # What a live norm takes away again, as the bias before it, has no gradient but rounding.
    nothing = 1e-5 * max(float(each.abs().max()) for each in theirs) if live else 0.0
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.allclose(mine, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()) + nothing)
    assert torch.allclose(*learned, rtol=1e-4, atol=1e-6)


def _learned(cell) -> torch.Tensor:
    """The statistics of the cell's norm after what it has seen; puts them back."""
    if cell.norm is None:
        return torch.empty(0)
    before = {name: value.clone() for name, value in cell.norm.named_buffers()}
    cell.learn_norm()
    assert not cell.seen
    learned = torch.cat((cell.norm.running_mean, cell.norm.running_var))
    cell.norm.load_state_dict(before, strict=False)
    return learned


def test_a_live_norm_is_torch_s_where_all_cells_fire():
    """Its numbers and its running statistics, over three steps of two samples."""
    torch.manual_seed(0)
    cell = random_pyramid(m3d((1,), (3,), (1,), norm="batch", fire_rate=1.0)).cells[0].requires_grad_(True)
    cell.live_norm = True
    begin, index, norms = torch.randn(2, 5, 6, 7, 8), frame_index((5, 6, 7)), [deepcopy(cell.norm) for _ in range(2)]
    found = cell(begin, index, [3, 5], (0, 0), 3)
    for sample, norm in enumerate(norms):
        state = begin[sample : sample + 1]
        for _step in range(3):
            perceived = torch.cat((state, cell.perceive(state)), -1).reshape(-1, 16)
            change = cell.update(F.relu(norm.train()(cell.hidden(perceived)))).reshape(state.shape)
            state = state + F.pad(change[..., 1:], (1, 0))
        assert torch.allclose(found[sample], state[0], atol=1e-4)
    cell.learn_norm()
    for name in ("running_mean", "running_var"):
        expected = sum(getattr(norm, name) for norm in norms) / 2
        # torch's running variance is that of a sample, ours of the population: n / (n - 1)
        assert torch.allclose(getattr(cell.norm, name), expected, rtol=1 / 209 + 1e-3, atol=1e-4)


def test_a_live_norm_bears_a_step_in_which_no_cell_fires():
    """Nothing moves, and every number stays one; on the fast path and on the plain one."""
    cell = random_pyramid(m3d((1,), (3,), (1,), norm="batch", fire_rate=1e-6)).cells[0].requires_grad_(True)
    cell.live_norm = True
    begin = torch.randn(1, 1, 2, 1, 8, requires_grad=True)
    for run in (cell, cell.plain):
        state = run(begin, frame_index((1, 2, 1)), [0], (0, 0), 2)
        gradients = torch.autograd.grad(state.sum(), [begin, cell.update.weight])
        assert torch.equal(state, begin) and all(each.isfinite().all() for each in gradients)
        cell.learn_norm()
        assert all(value.isfinite().all() for value in cell.norm.buffers())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_family_can_be_trained(name):
    pyramid = random_pyramid(ARCHITECTURES[name]).requires_grad_(True)
    pyramid(_image(pyramid, 8, 9, 8), 0, [0]).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in pyramid.cells[-1].parameters())


def test_reflection_equals_torch():
    state = torch.randn(2, 5, 6, 7, 3)
    weight, bias = torch.randn(3, 1, 3, 5, 3), torch.zeros(3)
    padded = F.pad(state.movedim(-1, 1), (1, 1, 2, 2, 1, 1), mode="reflect")
    expected = F.conv3d(padded, weight, bias, groups=3).movedim(1, -1)
    with torch.no_grad():
        assert torch.allclose(perceive(state, weight, bias, 3), expected, atol=1e-5)


def test_pool_and_upsample_cover_odd_sizes():
    image = torch.arange(5.0)[None, :, None, None, None]
    pooled = pool(image, (2, 2, 2))
    assert pooled.flatten().tolist() == [0.5, 2.5, 4.0]
    assert upsample(pooled, (2, 2, 2), (5, 1, 1)).flatten().tolist() == [0.5, 0.5, 2.5, 2.5, 4.0]


def test_fire_mask_is_addressed():
    frame = (40, 41, 42)
    whole = fire_mask(frame_index(frame), 0.5, (1, 2, 3, 4))
    tile = fire_mask(frame_index((7, 8, 9), (3, 4, 5), frame), 0.5, (1, 2, 3, 4))
    assert torch.equal(tile, whole[3:10, 4:12, 5:14])
    for address in ((0, 2, 3, 4), (1, 0, 3, 4), (1, 2, 0, 4), (1, 2, 3, 0)):
        other = fire_mask(frame_index(frame), 0.5, address)
        assert abs((other == whole).float().mean() - 0.5) < 0.01  # independent of each part of the address
    for rate in (0.1, 0.5, 0.9):
        assert abs(fire_mask(frame_index(frame), rate, (7,)).float().mean() - rate) < 0.01
    for shift in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert abs((whole.roll(shift, (0, 1, 2)) == whole).float().mean() - 0.5) < 0.01

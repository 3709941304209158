"""Where to look first: the hotspots of a variance image with a known answer."""

import numpy as np
import pytest
import SimpleITK as sitk

from mednca.quality import hotspots
from mednca.quality.hotspots import find_hotspots
from phantoms import ellipsoid, image_of, rotation


def _bumps(*bumps, shape=(40, 36, 30)):
    """Variance (i, j, k) of Gaussian bumps: (center, radius in voxels, peak)."""
    grid = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return sum(
        peak * np.exp(-sum((g - c) ** 2 for g, c in zip(grid, center, strict=True)) / (2 * radius**2))
        for center, radius, peak in bumps
    ).astype(np.float32)


def _hotspots(variance):
    """With nothing found."""
    return find_hotspots(variance, variance > 1, variance * 0)


FAR, NEAR = ((8, 9, 7), 3.0, 0.24), ((30, 25, 20), 2.0, 0.12)


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1, -1]), rotation(30, 1) @ rotation(10, 0)])
def test_two_bumps_are_two_hotspots_heaviest_first(direction):
    image = image_of(_bumps(FAR, NEAR), (1.0, 1.2, 1.5), direction, (-5, 8, 20))
    found = _hotspots(image)
    assert len(found) == 2 and found[0].weight > found[1].weight
    for hotspot, (center, _radius, peak) in zip(found, (FAR, NEAR), strict=True):
        lps = image.TransformIndexToPhysicalPoint(center)
        assert np.allclose(hotspot.position, (-lps[0], -lps[1], lps[2]), atol=0.1)
        assert 0.6 * np.sqrt(peak) < hotspot.deviation <= np.sqrt(peak)  # smoothed


def test_a_shell_is_cut_into_its_thick_parts():
    """As around an organ: thin doubt everywhere, thick at two spots."""
    grid = np.meshgrid(*(np.arange(n) - n / 2 for n in (40, 36, 30)), indexing="ij")
    shell = 0.06 * np.exp(-((np.sqrt(sum(g**2 for g in grid)) - 10) ** 2) / 2)
    variance = np.maximum(shell, _bumps(((31, 18, 15), 2.5, 0.24), ((20, 9, 15), 2.5, 0.2)))
    found = _hotspots(image_of(variance.astype(np.float32)))
    thick = {tuple(round(abs(x)) for x in hotspot.position) for hotspot in found if hotspot.deviation > 0.3}
    assert thick == {(31, 18, 15), (20, 9, 15)}


def test_no_doubt_no_hotspot_and_not_too_many():
    assert _hotspots(image_of(np.zeros((20, 20, 20), np.float32))) == []
    rng = np.random.default_rng(0)
    many = _bumps(*((tuple(rng.uniform(4, 26, 3)), 1.5, 0.25) for _ in range(40)), shape=(30, 30, 30))
    assert len(_hotspots(image_of(np.minimum(many, 0.25)))) == 10


def test_a_thin_image():
    found = _hotspots(image_of(_bumps(((8, 9, 0), 3.0, 0.2), shape=(20, 20, 1))))
    assert len(found) == 1 and found[0].volume_mm3 > 5


def test_doubt_far_from_what_was_found_is_none(monkeypatch):
    """Also where the structure itself is sure, so that all doubt is far away."""
    image = image_of(_bumps(((48, 25, 20), 2.0, 0.2), shape=(60, 40, 30)))
    mask = sitk.Image(image) * 0
    assert find_hotspots(image, mask, image * 0)
    mask[8:16, 20:30, 15:25] = 1
    assert find_hotspots(image, mask, mask * 1.0) == []


@pytest.mark.parametrize("spacing", [(1.0, 1.2, 1.5), (0.5, 0.5, 3.0)])
def test_a_large_region_is_searched_on_a_coarser_grid(monkeypatch, spacing):
    """Odd sizes, doubt up to the last plane, and a structure with two pieces."""
    image = image_of(_bumps(FAR, ((40, 25, 20), 2.5, 0.2), shape=(41, 37, 31)), spacing, rotation(20, 2), (-5, 8, 20))
    mask = sitk.Image(image) * 0
    mask[4:12, 5:13, 3:11] = mask[30:41, 20:30, 15:25] = 1
    probability = mask * 0.7 + 0.1
    fine = find_hotspots(image, mask, probability)
    monkeypatch.setattr(hotspots, "MAX_VOXELS", 14_000)
    coarse = find_hotspots(image, mask, probability)
    assert len(fine) == len(coarse) == 2 and fine[0].distance == coarse[0].distance == 0
    for one, other in zip(fine, coarse, strict=True):
        assert np.linalg.norm(np.subtract(one.position, other.position)) < 1.5 * max(spacing)
        assert abs(one.distance - other.distance) < 2 * max(spacing) and abs(one.weight / other.weight - 1) < 0.3


@pytest.mark.parametrize("away", [3, 8])
def test_far_doubt_is_no_hotspot(away):
    """What is doubtful several millimeters from the structure was not taken for it."""
    ball = ellipsoid((40, 36, 30), (12, 18, 15), (6, 6, 6))
    variance = image_of(_bumps(((18, 18, 15), 1.5, 0.2), ((18 + away, 18, 15), 1.0, 0.25), ((34, 30, 25), 3.0, 0.25)))
    found = find_hotspots(variance, image_of(ball), image_of(np.where(ball, 0.9, 0.1).astype(np.float32)))
    assert all(hotspot.distance <= 4 and hotspot.position[0] > -23 for hotspot in found)
    assert any(np.allclose(hotspot.position, (-18, -18, 15), atol=3) for hotspot in found)


# --- the outline: a ball of 10 mm around which the members differ by 0.3, from 2 mm inside to 3 mm outside it

SIDES = {"right": (0, -1), "left": (0, 1), "anterior": (1, -1), "posterior": (1, 1), "inferior": (2, -1),
         "superior": (2, 1)}  # axis and sign in LPS, as SimpleITK has them  # fmt: skip
DIRECTIONS = {
    "plain": np.eye(3),
    "flipped": np.diag([-1.0, 1.0, -1.0]),
    "permuted": np.eye(3)[[2, 0, 1]],
    "oblique, flipped": rotation(25, 0) @ rotation(-20, 2) @ np.diag([1.0, -1.0, 1.0]),
}


def _ball(direction, spacing, doubt, outside=3.0, inside=2.0, mean=(0.6, 0.4)):
    """(variance, mask, probability): doubtful where doubt(points from the middle, LPS mm) says so, in the shell."""
    shape = np.ceil(32 / np.array(spacing)).astype(int)
    index = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij"), -1)
    points = (index * spacing) @ np.asarray(direction).T
    distance = np.linalg.norm(points, axis=-1) - 10
    there = doubt(points) & (distance < outside) & (distance > -inside)
    parts = np.where(there, 0.09, 0), distance <= 0, np.where(distance <= 0, *mean)
    return [image_of(part.astype(np.float32), spacing, direction, (5, -9, 30)) for part in parts]


def _towards(side):
    axis, sign = SIDES[side]
    return lambda points: sign * points[..., axis] > 0.7 * np.linalg.norm(points, axis=-1)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("side", SIDES)
def test_a_hotspot_says_on_which_surface_it_lies_and_how_far_the_outline_may_move(side, direction):
    spacing = (0.8, 1.0, 1.3)
    found = find_hotspots(*_ball(direction, spacing, _towards(side)))
    assert len(found) == 1 and found[0].surface == side
    assert found[0].outward_mm == pytest.approx(3, abs=max(spacing))
    assert found[0].inward_mm == pytest.approx(2, abs=max(spacing))


@pytest.mark.parametrize(("mean", "outward", "inward"), [((0.9, 0.4), 3, 0), ((0.6, 0.1), 0, 2), ((0.9, 0.1), 0, 0)])
def test_the_outline_moves_only_where_the_members_cross_one_half(mean, outward, inward):
    (found,) = find_hotspots(*_ball(np.eye(3), (1, 1, 1), _towards("left"), mean=mean))
    assert found.outward_mm == pytest.approx(outward, abs=1 if outward else 0)
    assert found.inward_mm == pytest.approx(inward, abs=1 if inward else 0)
    assert found.surface == ("left" if outward or inward else "inside")


def test_doubt_deep_inside_lies_on_no_surface():
    """As where two labels meet: the structure is sure, which part of it is not."""
    found = find_hotspots(
        *_ball(np.eye(3), (1, 1, 1), lambda points: np.linalg.norm(points, axis=-1) < 5, inside=10, mean=(0.9, 0.1))
    )
    assert [(each.surface, each.outward_mm, each.inward_mm, each.distance) for each in found] == [("inside", 0, 0, 0)]


def test_without_a_structure_there_is_no_surface():
    (found,) = _hotspots(image_of(_bumps(NEAR)))
    assert found.surface is None and found.distance is None and found.outward_mm == found.inward_mm == 0

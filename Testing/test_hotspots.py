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


def _hotspots(variance, **options):
    """With nothing found."""
    return find_hotspots(variance, variance > 1, **options)


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
    assert len(_hotspots(image_of(np.minimum(many, 0.25)), most=10)) == 10


def test_a_thin_image():
    found = _hotspots(image_of(_bumps(((8, 9, 0), 3.0, 0.2), shape=(20, 20, 1))))
    assert len(found) == 1 and found[0].volume_mm3 > 5


@pytest.mark.parametrize("spacing", [(1.0, 1.2, 1.5), (0.5, 0.5, 3.0)])
def test_a_large_region_is_searched_on_a_coarser_grid(monkeypatch, spacing):
    """Odd sizes, doubt up to the last plane, and a structure beside it."""
    image = image_of(_bumps(FAR, ((40, 25, 20), 2.5, 0.2), shape=(41, 37, 31)), spacing, rotation(20, 2), (-5, 8, 20))
    mask = sitk.Image(image) * 0
    mask[30:41, 20:30, 15:25] = 1
    fine = find_hotspots(image, mask)
    monkeypatch.setattr(hotspots, "MAX_VOXELS", 14_000)
    coarse = find_hotspots(image, mask)
    assert len(fine) == len(coarse) == 2 and fine[0].distance == coarse[0].distance == 0
    for one, other in zip(fine, coarse, strict=True):
        assert np.linalg.norm(np.subtract(one.position, other.position)) < 1.5 * max(spacing)
        assert abs(one.distance - other.distance) < 2 * max(spacing) and abs(one.weight / other.weight - 1) < 0.3


def test_doubt_at_the_structure_comes_first():
    variance = _bumps(FAR, NEAR)
    mask = image_of(ellipsoid((40, 36, 30), (30, 24, 20), (3, 3, 3)))
    near, far = find_hotspots(image_of(variance), mask)
    assert near.position == (-30, -25, 20) and near.distance == 0
    assert far.position == (-8, -9, 7) and 25 < far.distance < 33

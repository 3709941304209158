"""The models as data: exact sizes, and what is refused."""

import json

import pytest

from mednca.errors import MedNCAError
from mednca.nca.architecture import Architecture, Level
from mednca.nca.pyramid import Pyramid


def _m3d(*levels, **options):
    levels = tuple(Level((s, s, s), k, 10) for s, k in levels)
    return Architecture("m3d-nca", 16, 64, levels, **({"norm": "batch"} | options))


def _flat(family, channels, *scales, **options):
    levels = tuple(Level((s, s, 1), 3, 16) for s in scales)
    return Architecture(family, channels, 128, levels, slice_axis=2, **options)


SIZES = [
    (_m3d((2, 7), (1, 3)), 12_480),
    (_m3d((1, 7)), 8_768),
    (_m3d((4, 7), (2, 3), (1, 3)), 16_192),
    (_flat("med-nca", 32, 4, 1), 70_016),
    (_flat("med-nca", 16, 4, 1), 25_920),
    (_flat("backbone-nca", 32, 1), 35_008),
    (_flat("seg-nca", 32, 1), 16_512),
]


@pytest.mark.parametrize(("architecture", "size"), SIZES)
def test_trainable_parameters(architecture, size):
    assert sum(p.numel() for p in Pyramid(architecture).parameters()) == size == architecture.parameter_count()


@pytest.mark.parametrize("architecture", [a for a, _ in SIZES])
def test_json_round_trip(architecture):
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"family": "unet"}, "family"),
        ({"channels": 0}, "channels"),
        ({"channels": 10**9}, "channels"),
        ({"hidden": 0.5}, "hidden"),
        ({"labels": 16}, "labels"),
        ({"fire_rate": 0}, "fire_rate"),
        ({"fire_rate": float("nan")}, "fire_rate"),
        ({"norm": "group"}, "norm"),
        ({"slice_axis": 1}, "slice_axis"),
        ({"levels": []}, "levels"),
        ({"levels": [{"scale": [1, 1, 1], "kernel": 4, "steps": 1}]}, "odd"),
        ({"levels": [{"scale": [3, 3, 3], "kernel": 3, "steps": 1}, {"scale": [2, 2, 2], "kernel": 3, "steps": 1}]}, "multiple"),
        ({"levels": [{"scale": [1, 1, 1], "kernel": 3}]}, "read"),
        ({"unknown": 1}, "read"),
        ({"dims": 2}, "2D"),
    ],
)  # fmt: skip
def test_refusals(change, word):
    with pytest.raises(MedNCAError, match=word):
        Architecture.from_json(_m3d((2, 7), (1, 3)).to_json() | change)

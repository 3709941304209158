"""A part of `make fuzz`: a few damaged files and requests of some kinds, and that it finds faults where there are some."""

import random

import pytest

from fuzz import __main__ as fuzz
from fuzz import subjects
from mednca.errors import MedNCAError


def test_nothing_ends_other_than_clear_or_correct(capsys):
    kinds = ["nifti gz", "dicom", "model", "trainer"]
    assert fuzz.run(seconds=2, least=2, names=kinds), capsys.readouterr().out


class _Faulty:
    """A subject that does what it is told."""

    def __init__(self, fault):
        self.fault = fault

    def run(self, dice, folder):
        return self.fault()


def _crash():
    raise ValueError("a bug")


def _without_a_word():
    raise MedNCAError("")


@pytest.mark.parametrize(("fault", "kind"), [
    (lambda: ("correct", ""), "correct"), (lambda: ("wrong", "x"), "wrong"), (_crash, "traceback"), (_without_a_word, "wrong"),
])  # fmt: skip
def test_outcomes(tmp_path, fault, kind):
    assert subjects.outcome(_Faulty(fault).run, random.Random(0), tmp_path)[0] == kind


def test_the_fuzzer_finds_a_reader_that_hands_on_what_it_has(tmp_path, monkeypatch):
    """A reader without checksums, as ITK's is: some of its cases must be told as wrong."""
    read = subjects.sitk.ReadImage
    monkeypatch.setattr(subjects, "read_image", lambda path: read(str(path), subjects.sitk.sitkFloat32))
    monkeypatch.setattr(subjects, "_read", lambda path: read(str(path)))
    kinds = set()
    for number in range(60):
        (tmp_path / str(number)).mkdir()
        dice = random.Random(number)
        kinds.add(subjects.outcome(subjects.SUBJECTS["mha z"].run, dice, tmp_path / str(number))[0])
    assert "wrong" in kinds

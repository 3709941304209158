"""The rules of the house, checked on the tree itself."""

import ast
import subprocess

import pytest

from conftest import ROOT

ENGINES = {"MedNCASegment/MedNCALib": {"NCATrainerLib"}, "NCATrainer/NCATrainerLib": set()}
FORBIDDEN = {"slicer", "vtk", "qt", "ctk", "PySide6", "MedNCASegmentLib"}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_know_neither_slicer_nor_each_other_backward(engine):
    for path in (ROOT / engine).rglob("*.py"):
        assert not set(_imports(path)) & (FORBIDDEN | ENGINES[engine]), path.name


def test_every_file_says_what_room_it_is():
    for engine in ENGINES:
        for path in (ROOT / engine).rglob("*.py"):
            assert ast.get_docstring(ast.parse(path.read_text())), path.name


def _tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_volumes_pickles_or_large_files():
    suffixes = (".pth", ".pt", ".pkl", ".ckpt", ".nii", ".nii.gz", ".nrrd", ".mha", ".dcm", ".npy", ".mrb")
    for path in _tracked():
        assert not path.name.endswith(suffixes), path
        assert not path.exists() or path.stat().st_size < 1_500_000, path


def test_cmake_packages_every_script():
    module = ROOT / "MedNCASegment"
    listed = set((module / "CMakeLists.txt").read_text().split())
    for path in module.rglob("*.py"):
        assert str(path.relative_to(module)) in listed, path

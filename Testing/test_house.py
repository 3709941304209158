"""The rules of the house, checked on the tree itself."""

import ast
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

ENGINES = {"MedNCASegment/mednca": {"mednca_train"}, "NCATrainer/mednca_train": set()}
FORBIDDEN = {"slicer", "vtk", "qt", "ctk", "PySide6", "MedNCASegmentLib"}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_know_neither_slicer_nor_each_other_backward(engine):
    for path in (ROOT / engine).rglob("*.py"):
        assert not set(_imports(path)) & (FORBIDDEN | ENGINES[engine]), path.name


def test_no_array_views_a_temporary_image():
    """`sitk.GetArrayViewFromImage` keeps nothing alive: the image must be a local name, which outlives the view."""
    for folder in ("MedNCASegment", "NCATrainer", "Testing"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "GetArrayViewFromImage":
                    assert isinstance(node.args[0], (ast.Name, ast.Subscript)), f"{path.name}:{node.lineno}"


def test_every_file_says_what_room_it_is():
    for engine in ENGINES:
        for path in (ROOT / engine).rglob("*.py"):
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name


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


def _cmake_list(module, name):
    """The words of `set(NAME ...)` in a module's CMakeLists.txt."""
    text = (module / "CMakeLists.txt").read_text()
    words = text[text.index(f"set({name}") :].split("(", 1)[1].split(")", 1)[0].split()
    return words[1:]


MODULES = [path.parent for path in sorted(ROOT.glob("*/CMakeLists.txt"))]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_cmake_packages_every_file_and_nothing_else(module):
    listed = _cmake_list(module, "MODULE_PYTHON_SCRIPTS") + _cmake_list(module, "MODULE_PYTHON_RESOURCES")
    there = {
        str(path.relative_to(module))
        for path in module.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name not in ("CMakeLists.txt",)
    }
    assert sorted(listed) == sorted(there)


def test_packaged_files_do_not_collide():
    """Slicer installs all modules into one folder."""
    names = [
        name
        for module in MODULES
        for kind in ("MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES")
        for name in _cmake_list(module, kind)
    ]
    assert len({name.lower() for name in names}) == len(names)


def test_the_extension_builds_every_module_and_carries_the_models():
    top = (ROOT / "CMakeLists.txt").read_text()
    for module in MODULES:
        assert f"add_subdirectory({module.name})" in top
    assert "Resources/Models" in (ROOT / "MedNCASegment" / "CMakeLists.txt").read_text()


def test_models_are_copied_when_the_extension_is_built(tmp_path):
    """By CMake itself, with stand-ins for Slicer's macros: changed, new and removed files, too."""
    if not shutil.which("cmake"):
        pytest.skip("needs cmake")
    for folder in ("MedNCASegment", "Resources/Models"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(Standin NONE)\nset(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib)\n"
        "set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR lib)\nset(BUILD_TESTING OFF)\n"
        "function(slicerMacroBuildScriptedModule)\nendfunction()\nadd_subdirectory(MedNCASegment)\n"
    )
    models, built = tmp_path / "Resources" / "Models", tmp_path / "build" / "lib" / "Resources" / "Models"

    def build():
        subprocess.run(["cmake", "--build", "build"], cwd=tmp_path, check=True, capture_output=True)
        return {str(path.relative_to(built)): path.read_bytes() for path in built.rglob("*") if path.is_file()}

    def sources():
        return {str(path.relative_to(models)): path.read_bytes() for path in models.rglob("*") if path.is_file()}

    subprocess.run(["cmake", "-S", ".", "-B", "build"], cwd=tmp_path, check=True, capture_output=True)
    assert build() == sources()
    card = next(models.glob("*/MODEL_CARD.md"))
    card.write_text("changed")
    assert build() == sources()
    card.unlink()
    (models / "new.txt").write_text("new")
    assert build() == sources()


def test_slicer_s_process_needs_no_torch():
    """What the module's files import, and the list of models, without torch, safetensors and jsonschema."""
    code = """
import sys
for name in ("torch", "safetensors", "jsonschema", "torchio", "typer", "rich", "matplotlib"):
    sys.modules[name] = None
import mednca.imaging.reading, mednca.quality.hotspots, mednca.quality.verdict
from mednca.models.library import Library
(entry,) = [entry for entry in Library(check_tensors=False).entries() if entry.id == "hippocampus-m3dnca"]
assert entry.problem is None, entry.problem
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "MedNCASegment", check=True)

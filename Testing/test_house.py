"""The rules of the house, checked on the tree itself."""

import ast
import graphlib
import os
import re
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

ENGINES = {"mednca": ROOT / "MedNCASegment" / "mednca", "mednca_train": ROOT / "NCATrainer" / "mednca_train"}
SLICER_SIDES = [
    ROOT / "MedNCASegment" / "MedNCASegment.py", *(ROOT / "MedNCASegment" / "MedNCASegmentLib").glob("*.py"),
    ROOT / "NCATrainer" / "NCATrainer.py", *(ROOT / "NCATrainer" / "NCATrainerLib").glob("*.py"),
]  # fmt: skip
FORBIDDEN = {"slicer", "vtk", "qt", "ctk", "PySide6", "MedNCASegmentLib", "NCATrainerLib"}
# From the ground up: a room imports from its own floor's room or from lower floors, never from above.
FLOORS = {
    "mednca": (
        {"errors", "axes", "content"}, {"files", "schema", "pool"}, {"messages"}, {"nca", "imaging"}, {"quality"}, {"models"},
        {"result", "scores"}, {"canvas", "field", "field_memory", "locate", "finding", "growth", "segment", "evaluate", "overview"},
        {"batch", "terminal"}, {"worker", "benchmark", "commands"}, {"cli"},
    ),
    "mednca_train": (
        {"plan"}, {"progress", "validation_report"}, {"data"}, {"messages", "run_folder", "run_lock", "kept_rows"}, {"run_view"}, {"training"}, {"model"},
        {"training_run", "study"}, {"folds"}, {"worker", "commands"}, {"cli"}, {"__main__"},
    ),
}  # fmt: skip


def _modules(engine):
    """{dotted name: parsed file} of an engine."""
    folder = ENGINES[engine]
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def _imports(tree, name="", is_package=False, everywhere=True):
    """(module, names) of every import, absolute; those for type checking alone, and with everywhere=False those within
    functions, left out."""
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from ((each.name, ()) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[: len(name.split(".")) - node.level + is_package] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])]), [each.name for each in node.names]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            nodes += ast.iter_child_nodes(node)


def _graph(engine, everywhere):
    """{module: modules of the same engine that it imports}."""
    modules = _modules(engine)
    packages = {name for name in modules if any(other.startswith(name + ".") for other in modules)}
    graph = {}
    for name, tree in modules.items():
        graph[name] = set()
        for module, names in _imports(tree, name, name in packages, everywhere):
            of_names = {f"{module}.{each}" for each in names} & set(modules)
            graph[name] |= of_names or {module} & set(modules)
    return graph


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_know_neither_slicer_nor_each_other_backward(engine):
    forbidden = FORBIDDEN | ({"mednca_train"} if engine == "mednca" else set())
    for name, tree in _modules(engine).items():
        assert not {module.split(".")[0] for module, _names in _imports(tree)} & forbidden, name


@pytest.mark.parametrize("engine", ENGINES)
def test_no_two_modules_import_each_other_in_a_circle(engine):
    graphlib.TopologicalSorter(_graph(engine, everywhere=True)).prepare()


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_imports_from_a_floor_above(engine):
    floor_of = {room: number for number, rooms in enumerate(FLOORS[engine]) for room in rooms}
    for name, imported in _graph(engine, everywhere=True).items():
        room = name.split(".")[1] if "." in name else None
        for other in imported - {engine}:
            above = other.split(".")[1]
            if room is not None and room != above:
                assert floor_of[above] <= floor_of[room], f"{name} imports {other}"


def test_every_room_has_its_floor():
    for engine, floors in FLOORS.items():
        rooms = {name.split(".")[1] for name in _modules(engine) if "." in name}
        assert rooms == set().union(*floors)


def test_the_architecture_shows_the_floors():
    """Its table is FLOORS, from the top to the bottom."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").replace("\\", "")
    table = re.findall(r"^\| \d+ \|([^|]*)\|([^|]*)\|$", text, re.MULTILINE)
    for column, floors in enumerate(FLOORS.values()):
        shown = [set(re.findall(r"\w+", row[column].split(":")[0])) for row in reversed(table)]
        assert [rooms for rooms in shown if rooms] == list(floors)


def test_nobody_takes_another_package_s_private_names():
    files = [path for folder in ENGINES.values() for path in folder.rglob("*.py")] + SLICER_SIDES
    for path in files:
        for module, names in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            if module and not module.startswith("__"):
                assert not [each for each in names if each.startswith("_") and not each.startswith("__")], path.name


def _imported_by_slicer(path):
    """The engines' modules that a file of Slicer's side imports when it is loaded."""
    for module, names in _imports(ast.parse(path.read_text(encoding="utf-8")), everywhere=False):
        if module.split(".")[0] in ENGINES:
            yield module, names


def test_no_kind_of_widget_is_asked_for():
    """In Slicer a PythonQt class knows only its own objects, none of a class that inherits it: `inherits` does."""
    for path in SLICER_SIDES:
        assert not re.search(r"isinstance\([^\n]*\b(qt|ctk|slicer)\.[qc]?[A-Zq]", path.read_text(encoding="utf-8")), (
            path.name
        )


def test_slicer_s_process_needs_no_torch():
    """What the modules' files import when they are loaded, without torch and what else Slicer does not bring."""
    lines = sorted({
        f"from {module} import {', '.join(names)}" if names else f"import {module}"
        for path in SLICER_SIDES for module, names in _imported_by_slicer(path)
    })  # fmt: skip
    assert len(lines) > 10
    code = f"""
import sys
for name in ("torch", "torchio", "safetensors", "jsonschema", "scipy", "typer", "rich", "matplotlib"):
    sys.modules[name] = None
{chr(10).join(lines)}
from mednca.models.library import Library
(entry,) = [entry for entry in Library(check_tensors=False).entries() if entry.id == "hippocampus-m3dnca"]
assert entry.problem is None, entry.problem
"""
    paths = os.pathsep.join(str(folder.parent) for folder in ENGINES.values())
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths}, check=True)


def test_no_array_views_a_temporary_image():
    """`sitk.GetArrayViewFromImage` keeps nothing alive: the image must be a local name, or an entry of a dictionary, which
    outlive the view; a slice of an image does not."""
    for folder in ("MedNCASegment", "NCATrainer", "Testing"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "GetArrayViewFromImage":
                    seen = node.args[0]
                    is_entry = isinstance(seen, ast.Subscript) and isinstance(getattr(seen.slice, "value", 0), str)
                    assert isinstance(seen, ast.Name) or is_entry, f"{path.name}:{node.lineno}"


def test_every_file_says_what_room_it_is():
    for engine in ENGINES:
        for name, tree in _modules(engine).items():
            assert ast.get_docstring(tree), name
    for path in SLICER_SIDES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name


def _tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_volumes_pickles_or_large_files():
    report = ROOT / "docs" / "study"
    assert sum(path.stat().st_size for path in report.rglob("*") if path.is_file()) < 6_000_000
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
        if path.is_file() and "__pycache__" not in path.parts and path.name != "CMakeLists.txt" and path.suffix != ".ts"
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


def test_no_test_imports_from_another_test():
    for path in (ROOT / "Testing").rglob("*.py"):
        for module, _names in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            assert not module.startswith("test_"), path.name


def _public_functions(tree):
    """Functions and methods without an underscore, of public classes, too."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_functions(node)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_every_public_signature_says_its_types():
    files = [path for folder in ENGINES.values() for path in folder.rglob("*.py")] + SLICER_SIDES
    for path in files:
        for function in _public_functions(ast.parse(path.read_text(encoding="utf-8"))):
            arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            untyped = [each.arg for each in arguments if each.annotation is None and each.arg not in ("self", "cls")]
            assert not untyped and function.returns is not None, f"{path.name}: {function.name} {untyped}"

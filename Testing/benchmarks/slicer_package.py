"""The extension configured, built, installed and packaged by the CMake modules of Slicer's own sources, without Slicer.

    python Testing/benchmarks/slicer_package.py SLICER_SOURCES CTK_SOURCES

Slicer's and CTK's macros are taken from checkouts of both; Slicer's SlicerConfig.cmake and UseSlicer.cmake are made of
its own templates, as when Slicer is built. What a scripted extension has no use of is a stand-in here (`_STAND_INS`).
Fails where a file of the modules, or of the bundled models, does not come to its place in the build tree, the installed
tree and the package, where anything else does, or where the description is not what CMakeLists.txt says. Needs CMake
3.28 or later, as Slicer does. Run it by `make check-packaging`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("MedNCASegment", "NCATrainer")
SCRIPTED = "lib/Slicer-5.13/qt-scripted-modules"
# What is found in place of the packages that Slicer's configuration looks for: CTK's own modules, an empty rest.
_STAND_INS = {
    "CTKConfig.cmake": 'set(CTK_CMAKE_DIR "@CTK@/CMake")\nset(CTK_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/empty.cmake")\n'
    "include(${CTK_CMAKE_DIR}/ctkFunctionExtractOptimizedLibrary.cmake)\n",
    "CTKAppLauncherConfig.cmake": "function(ctkAppLauncherConfigureForExecutable)\nendfunction()\n",
    "PythonQtConfig.cmake": "",
    "SlicerExecutionModelConfig.cmake": (
        'set(SlicerExecutionModel_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/empty.cmake")\n'
    ),
    "vtkMacroKitPythonWrap.cmake": "",
    "empty.cmake": "",
}
# Makes the configuration that a build of Slicer leaves. The lines on Qt are taken out of it afterwards.
_CONFIGURE = """
cmake_minimum_required(VERSION 3.28)
set(Slicer_MAIN_PROJECT SlicerApp)
set(Slicer_MAIN_PROJECT_APPLICATION_NAME Slicer)
set(SlicerApp_APPLICATION_NAME Slicer)
set(Slicer_VERSION_MAJOR 5)
set(Slicer_VERSION_MINOR 13)
set(Slicer_REVISION 1)
set(Slicer_WC_ROOT "https://github.com/Slicer/Slicer.git")
set(Slicer_OS linux)
set(Slicer_ARCHITECTURE amd64)
set(Slicer_USE_PYTHONQT ON)
set(Slicer_BUILD_SHARED ON)
set(Slicer_USE_CTKAPPLAUNCHER OFF)
set(Slicer_CMAKE_DIR "${SLICER}/CMake")
set(Slicer_EXTENSIONS_CMAKE_DIR "${SLICER}/Extensions/CMake")
set(vtkAddon_CMAKE_DIR "${HERE}")
set(Slicer_LICENSE_FILE_CONFIG "${SLICER}/License.txt")
set(Slicer_README_FILE_CONFIG "${SLICER}/README.md")
set(Slicer_PYTHON_MODULE_TEST_TEMPLATES_DIR_CONFIG "${SLICER}/Base/QTCore/Testing/Python")
set(Slicer_EXTENSION_GENERATE_CONFIG "${SLICER}/CMake/SlicerExtensionGenerateConfig.cmake")
set(Slicer_EXTENSION_CPACK_CONFIG "${SLICER}/CMake/SlicerExtensionCPack.cmake")
set(Slicer_USE_FILE_CONFIG "${HERE}/UseSlicer.cmake")
set(Slicer_ExternalData_DATA_MANAGEMENT_TARGET SlicerData)
set(Slicer_LAUNCHER_EXECUTABLE_CONFIG Slicer)
set(CMAKE_SIZEOF_VOID_P 8)
find_package(Git REQUIRED)
set(Slicer_EXTERNAL_PROJECTS_CONFIG CTK)
function(mark_as_superbuild)
endfunction()
include("${SLICER}/CMake/SlicerDirectories.cmake")
configure_file("${SLICER}/CMake/SlicerConfig.cmake.in" "${HERE}/SlicerConfig.cmake" @ONLY)
configure_file("${SLICER}/CMake/UseSlicer.cmake.in" "${HERE}/UseSlicer.cmake" @ONLY)
"""


def main(slicer: Path, ctk: Path) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source, build, installed = folder / "source", folder / "build", folder / "installed"
        prepare(folder / "slicer", slicer, ctk)
        _call("git", "clone", "--quiet", ROOT, source)
        _call("git", "-C", source, "remote", "set-url", "origin", f"{_values(source)['EXTENSION_HOMEPAGE']}.git")
        _call("cmake", "-S", source, "-B", build, f"-DSlicer_DIR={folder / 'slicer'}", *_options(folder / "slicer"))
        _call("cmake", "--build", build, "--parallel", "2")
        _call("cmake", "--install", build, "--prefix", installed)
        _call("cmake", "--build", build, "--target", "package")
        (package,) = build.glob("*.tar.gz")
        with tarfile.open(package) as archive:
            packed = [each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()]
        expected = expected_files(source)
        wrong = [
            *_compared("the build tree", expected, _files(build / SCRIPTED)),
            *_compared("the installed tree", expected, _files(installed / SCRIPTED)),
            *_compared("the package", expected, _beneath(packed, SCRIPTED)),
            *_described(build / "MedNCA.s4ext", source),
            *_untested(build),
            *_without_models(installed / SCRIPTED),
        ]
        print(f"{len(expected)} files of modules and models, {len(packed)} in {package.name}")
        print(*wrong, sep="\n")
    return not wrong


def prepare(folder: Path, slicer: Path, ctk: Path) -> None:
    """A folder for CMake's Slicer_DIR: Slicer's configuration, and the stand-ins."""
    folder.mkdir()
    for name, text in _STAND_INS.items():
        (folder / name).write_text(text.replace("@CTK@", str(ctk.resolve())), encoding="utf-8")
    script = folder / "configure.cmake"
    script.write_text(_CONFIGURE, encoding="utf-8")
    _call("cmake", f"-DSLICER={slicer.resolve()}", f"-DHERE={folder}", "-P", script)
    made = folder / "SlicerConfig.cmake"
    text, count = re.subn(r"^include\(.*SlicerBlockFindQtAndCheckVersion.*$", "", made.read_text("utf-8"), flags=re.M)
    assert count == 1, "SlicerConfig.cmake looks for Qt in another way"
    made.write_text(text, encoding="utf-8")


def _options(stand_ins: Path) -> list[str]:
    """Where the packages are found, what of Slicer's checks is of compiled code only, and the Python that compiles."""
    return [
        *(f"-D{name}_DIR={stand_ins}" for name in ("CTK", "CTKAppLauncher", "PythonQt", "SlicerExecutionModel")),
        "-DSlicer_SKIP_ITKPlatformSpecificChecks=TRUE",
        "-DPYTHONINTERP_FOUND=TRUE",
        f"-DPYTHON_EXECUTABLE={sys.executable}",
        "-DPYTHONLIBS_FOUND=TRUE",
        "-DPYTHON_LIBRARIES=python",
        "-DBUILD_TESTING=ON",
    ]


def expected_files(source: Path) -> set[str]:
    """Where each tracked file of both modules and of the models belongs, under the folder of scripted modules."""
    tracked = _call("git", "-C", source, "ls-files", *MODULES, "Resources/Models").splitlines()
    inner = {re.sub(rf"^({'|'.join(MODULES)})/", "", path) for path in tracked}
    left_out = {path for path in inner if path == "CMakeLists.txt" or path.endswith(".ts")}  # of who builds it
    return inner - left_out


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _beneath(paths: Iterable[str], folder: str) -> set[str]:
    return {path.removeprefix(f"{folder}/") for path in paths if path.startswith(f"{folder}/")}


def _compared(where: str, expected: set[str], found: set[str]) -> list[str]:
    """What is wrong with a tree, a sentence each; compiled Python is not looked at."""
    found = {path for path in found if not path.endswith(".pyc")}
    missing = [f"{path} is missing in {where}" for path in sorted(expected - found)]
    return missing + [f"{path} has no business in {where}" for path in sorted(found - expected)]


def _values(source: Path) -> dict[str, str]:
    """What CMakeLists.txt sets, its own variables filled in."""
    values: dict[str, str] = {}
    for name, text in re.findall(r'^set\((\w+) "([^"]*)"\)', (source / "CMakeLists.txt").read_text("utf-8"), re.M):
        values[name] = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)
    return values


def _described(path: Path, source: Path) -> list[str]:
    """What is wrong with the description that Slicer's macros wrote, a sentence each."""
    lines = path.read_text(encoding="utf-8").splitlines()
    told = {word: rest for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")}
    said = {name.removeprefix("EXTENSION_").lower(): text for name, text in _values(source).items()}
    expected = {key: said[key] for key in told if key in said}
    expected |= {"scm": "git", "scmurl": f"{said['homepage']}.git"}
    expected["scmrevision"] = _call("git", "-C", source, "rev-parse", "--short", "HEAD").strip()
    print(*(f"{key}: {text}" for key, text in told.items()), sep="\n")
    missing = [f"The description has no {key}" for key in ("homepage", "iconurl", "depends") if key not in expected]
    return missing + [
        f"The description's {key} is {told.get(key)!r}, not {text!r}"
        for key, text in expected.items()
        if told.get(key) != text
    ]


def _untested(build: Path) -> list[str]:
    """The modules whose self-test CTest does not know."""
    known = _call("ctest", "--test-dir", build, "--show-only")
    return [f"CTest knows no py_{name}" for name in MODULES if not re.search(rf" py_{name}$", known, re.M)]


def _without_models(modules: Path) -> list[str]:
    """The bundled models that the engine does not find beside itself, where it was installed."""
    code = (
        f"import sys; sys.path.insert(0, {str(modules)!r})\n"
        "from mednca.models.library import Library\n"
        "print(*(each.folder for each in Library(check_tensors=False).entries() if not each.problem), sep='\\n')"
    )
    found = _call(sys.executable, "-I", "-c", code).splitlines()
    models = [
        modules / "Resources" / "Models" / path.parent.name for path in ROOT.glob("Resources/Models/*/model.json")
    ]
    return [f"The installed engine does not find {model}" for model in models if str(model) not in found]


def _call(*words) -> str:
    done = subprocess.run([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout[-6000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(0 if main(*map(Path, sys.argv[1:])) else 1)

"""The wheel in an empty environment of each Python: installed as the README says, and one image segmented.

    python Testing/benchmarks/wheels.py [python3.10 python3.13 ...]

Takes every supported Python that is here, where none is named, and names those that are not. Prints what was installed,
its size and how long it took; fails where a mask differs from that of the first one. Run it by `make check-wheel`
(minutes, and pip's network).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import SimpleITK as sitk
from how_figures import mni152

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.10", "python3.11", "python3.12", "python3.13")
LARGEST = 1_000_000  # bytes of the wheel
INDEX = "https://download.pytorch.org/whl/cpu"


def main(pythons: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        size = wheel.stat().st_size
        print(f"{wheel.name}: {size:,} bytes")
        image = folder / "head.nii.gz"
        sitk.WriteImage(mni152(), str(image))
        masks = {python: _tried(python, wheel, image, folder / python) for python in pythons}
    is_same = len(set(masks.values())) == 1
    print(f"The masks are {'the same' if is_same else 'not the same'}.")
    return size < LARGEST and is_same


def _tried(python: str, wheel: Path, image: Path, folder: Path) -> str:
    """Install and segment. Returns what the mask is, as a checksum."""
    begun = time.monotonic()
    _call(python, "-m", "venv", folder / "venv")
    own = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    has_own = any(f"PIP_{name}" in os.environ for name in ("INDEX_URL", "FIND_LINKS", "NO_INDEX"))  # of whoever runs it
    options = () if has_own else ("--extra-index-url", INDEX)
    _call(own / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options, wheel)
    installed = time.monotonic() - begun
    words = ("segment", image, "--model", "hippocampus-m3dnca", "--find", "--out", folder / "out", "--members", "2")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([own / "mednca", *words], env=environment, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    size = sum(file.stat().st_size for file in (folder / "venv").rglob("*") if file.is_file() and not file.is_symlink())
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "out" / "head" / "segmentation.nii.gz")))
    told = _call(own / "python", "-c", "import torch, numpy; print(torch.__version__, numpy.__version__)").strip()
    voxels = int((found > 0).sum())
    print(
        f"{python}: {size / 1e6:,.0f} MB, {installed:.0f} s to install; torch, numpy {told}; {voxels:,} voxels",
        flush=True,
    )
    shutil.rmtree(folder)
    return hashlib.sha256(found.tobytes()).hexdigest()


def _is_here(python: str) -> bool:
    """Whether it runs: a name on the path may stand for none."""
    return bool(shutil.which(python)) and not subprocess.run([python, "--version"], capture_output=True).returncode


def _call(*words) -> str:
    return subprocess.run([*map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    here = [python for python in PYTHONS if _is_here(python)]
    is_good = main(sys.argv[1:] or here)
    if not sys.argv[1:] and len(here) < len(PYTHONS):
        print(f"Not tried, as they are not here: {', '.join(python for python in PYTHONS if python not in here)}")
    sys.exit(0 if is_good else 1)

"""Every command and script that the documents tell people to type is typed, in an empty environment and home.

    python Testing/docs_check.py [docs/scale.md ...]

The environment has what README.md's `pip install` brings, and what the document itself installs. Each document has a
clone of the checkout of its own, in which its commands run as they stand, one after the other; what they read lies
there under the names that the documents use: the MNI152 template as the heads, phantoms as all else. A command that is
not in one of the tables below, and does not end well, fails the check. Run it by `make docs-check` (an hour, and pip's
network).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from documents import DOCUMENTS, ROOT, commands, name_of, scripts
from phantoms import crop_case, organ_case
from training_phantoms import plan, write_case

# Documents that are written by a command, and say which one it was, without the names of the folders.
RECORDS = ("docs/study/report/", "docs/verdicts/", "Resources/Models/", "CHANGELOG.md")
_FULL = (
    "mednca study docs/study/full.json --data hippocampus=FOLDER --data brains=FOLDER --data prostate=FOLDER --out DIR"
)
NOT_RUN = {
    "make test": "it checks the code, not the documents, for ten minutes",
    "make test-slow": "as `make test`, for longer",
    "mednca segment heads/ --model hippocampus-m3dnca --find --out results --scheduler ADDRESS": (
        "ADDRESS is of a cluster of yours; docs/scale.md has the same with a file in its place, which is run"
    ),
    "dask ssh --nworkers 16 --nthreads 1 host1 host2 host3": "it needs three hosts and SSH",
    _FULL: "it needs three data sets, and hours",
}
# Scripts, by the module that they need beside what the document installs.
SCRIPTS_NOT_RUN = {
    "dask_jobqueue": "it needs SLURM",
    "dask_kubernetes": "it needs Kubernetes",
    "slicer": "it is for Slicer's Python console; a test types it on the test host",
}
# Commands that are stopped as by Ctrl-C, after so many seconds: that they begin well is all that is tried.
STOPPED = {
    "mednca train --data my-dataset --hours 1 --run runs/mine --out my-model": (
        90,
        "it takes an hour",
    ),
    "mednca train --data my-dataset --folds 5 --run runs/mine --out my-model": (60, "it trains six times"),
    "mednca finetune hippocampus-m3dnca --data my-dataset --run runs/tuned": (60, "it trains 600 iterations"),
    "mednca finetune hippocampus-m3dnca --data my-dataset --run runs/tuned --out my-model": (
        60,
        "it trains 600 iterations",
    ),
}
# Commands that serve others until they are stopped: at the end of their document.
SERVES = (
    "dask scheduler --scheduler-file cluster.json",
    "dask worker --scheduler-file cluster.json --nworkers 16 --nthreads 1",
)
_LONGEST = 1200  # seconds that a command may take
_INDEX = "download.pytorch.org"


@dataclass
class Typed:
    """What came of a command."""

    command: str
    document: str
    seconds: float
    problem: str = ""
    note: str = ""

    def __str__(self) -> str:
        word = "FAILED" if self.problem else "ok"
        note = f"  ({self.note})" if self.note else ""
        return f"{self.seconds:7.1f} s  {word:6}  {self.document}: {self.command}{note}{self.problem}"


def main(names: list[str]) -> bool:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, which is inherited
    documents = [each for each in DOCUMENTS if not name_of(each).startswith(RECORDS)]
    documents = [each for each in documents if not names or name_of(each) in names]
    with tempfile.TemporaryDirectory(prefix="docs-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        make_data(folder / "data")
        environment = make_environment(folder)
        done = [typed for each in documents for typed in type_all(each, folder, environment)]
    wrong = [typed for typed in done if typed.problem]
    unmet = {name for each in documents for script in scripts(each) for name in needs(script)}
    asked = {command for each in documents for command in commands(each)}
    print(f"\n{len(done)} commands of {len(documents)} documents were run, {len(wrong)} failed")
    for command, why in NOT_RUN.items():
        if command in asked:
            print(f"not run: {command}\n    because {why}")
    for command, (seconds, why) in STOPPED.items():
        if command in asked:
            print(f"stopped after {seconds} s: {command}\n    because {why}")
    for name in sorted(unmet):
        print(f"not run: a script with {name}\n    because {SCRIPTS_NOT_RUN[name]}")
    for typed in wrong:
        print(f"FAILED: {typed.document}: {typed.command}")
    return not wrong


def type_all(document: Path, folder: Path, environment: dict[str, str]) -> list[Typed]:
    """Type a document's commands, then its scripts, and take away again what it installed beyond."""
    todo = [command for command in commands(document) if command not in NOT_RUN]
    if not todo and all(map(needs, scripts(document))):
        return []
    place = checkout(folder / "checkouts" / document.relative_to(ROOT).with_suffix(""))
    shutil.copytree(folder / "data", place, dirs_exist_ok=True)
    before, done = _installed(environment), []
    servers: list[tuple[subprocess.Popen, Typed]] = []
    try:
        for command in todo:
            if command in SERVES:
                typed = Typed(command, name_of(document), 0, note="serves until the end of the document")
                servers.append((_started(command, place, environment, subprocess.DEVNULL), typed))
            else:
                typed = type_one(command, name_of(document), place, environment)
            print(typed, flush=True)
            done.append(typed)
        for number, script in enumerate(scripts(document), start=1):
            if not needs(script):
                (place / f"script_{number}.py").write_text(script, encoding="utf-8")
                done.append(type_one(f"python script_{number}.py", name_of(document), place, environment))
                print(done[-1], flush=True)
    finally:
        for server, typed in servers:
            if server.poll() is not None:
                typed.problem = f"\nended by itself, with {server.returncode}"
            else:
                _stop(server)
    if more := _installed(environment) - before:
        subprocess.run(["pip", "uninstall", "--quiet", "--yes", *sorted(more)], env=environment, check=True)
    shutil.rmtree(place)
    return done


def needs(script: str) -> set[str]:
    """What it needs of SCRIPTS_NOT_RUN."""
    return {name for name in SCRIPTS_NOT_RUN if re.search(rf"\b{name}\b", script)}


def type_one(command: str, document: str, place: Path, environment: dict[str, str]) -> Typed:
    limit, _why = STOPPED.get(command, (None, ""))
    typed = Typed(command, document, 0)
    if prepare := BEFORE.get((document, command)):
        typed.note = prepare(place)
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = _started(command, place, environment, said)
        try:
            status = process.wait(limit or _LONGEST)
        except subprocess.TimeoutExpired:
            status = _stop(process)
        typed.seconds = time.monotonic() - begun
        said.seek(0)
        text = said.read()
    if limit and status in (130, -signal.SIGINT) and "Traceback" not in text:
        typed.note = f"stopped after {limit} s"
    elif status:
        typed.problem = f"\nended with {status}:\n{text[-2000:]}"
    return typed


def _started(command: str, place: Path, environment: dict[str, str], output) -> subprocess.Popen:
    """A shell that was given a command, in a group of processes of its own."""
    return subprocess.Popen(
        command, shell=True, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=output,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def _stop(process: subprocess.Popen) -> int:
    """As Ctrl-C does, which all of the group hear; what does not is killed. Returns the status."""
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGKILL, 60)):
        try:
            os.killpg(process.pid, number)
            return process.wait(seconds)
        except ProcessLookupError:
            return process.wait()
        except subprocess.TimeoutExpired:
            continue
    raise SystemExit(f"Process {process.pid} cannot be stopped.")


def _shorten(place: Path) -> str:
    """A plan is there to be changed. Returns what was done, in words."""
    small = plan(iterations=100, validate_every=50, batch=4, patch=(24, 26, 22))
    (place / "plan.json").write_text(json.dumps(small.to_json()), encoding="utf-8")
    return f"plan.json: {small.iterations} iterations of a smaller network"


def _put_away(place: Path) -> str:
    """The document offers several ways to the same results."""
    shutil.rmtree(place / "results")
    return "the results of the other way put away"


# What is done before a command of a document.
_PLANNED = "mednca train --data my-dataset --plan plan.json --run runs/mine --out my-model"
_WITHIN = (
    'mednca train --data my-dataset --plan plan.json --calibration-cases 4 --run runs/mine --name "My model" '
    "--out my-model"
)
BEFORE: dict[tuple[str, str], Callable[[Path], str]] = {
    ("docs/command-line.md", _PLANNED): _shorten,
    ("docs/tutorials/your-own-model.md", _WITHIN): _shorten,
    (
        "docs/scale.md",
        "mednca segment heads/ --model hippocampus-m3dnca --find --out results --scheduler cluster.json",
    ): _put_away,
}


def make_environment(folder: Path) -> dict[str, str]:
    """An empty home, and an empty environment that README.md's command installs into. Returns the variables."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "XDG_"))}
    programs = folder / "environment" / "bin"
    variables = kept | {"HOME": str(folder / "home"), "PATH": f"{programs}{os.pathsep}{kept['PATH']}"}
    (folder / "home").mkdir()
    try:
        socket.create_connection((_INDEX, 443), 10).close()
    except OSError:
        print(f"{_INDEX} cannot be reached: torch, as in requirements.txt, comes from where pip is configured to look.")
        variables |= {"PIP_RETRIES": "0", "PIP_CONSTRAINT": str(_pinned(folder / "constraints.txt"))}
    subprocess.run([sys.executable, "-m", "venv", programs.parent], check=True)
    (install,) = (each for each in commands(ROOT / "README.md") if each.startswith("pip install"))
    typed = type_one(install, "README.md", checkout(folder / "checkouts" / "first"), variables)
    print(typed, flush=True)
    if typed.problem:
        raise SystemExit(typed.problem)
    return variables


def _pinned(path: Path) -> Path:
    """A file of pip's constraints with the release of torch whose CPU build is at hand; else the newest one is taken,
    which brings CUDA."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.startswith("torch==")), encoding="utf-8")
    return path


def _installed(environment: dict[str, str]) -> set[str]:
    """Names of the packages."""
    told = subprocess.run(["pip", "list", "--format", "json"], env=environment, check=True, stdout=subprocess.PIPE)
    return {each["name"] for each in json.loads(told.stdout)}


def checkout(folder: Path) -> Path:
    """A clone of the checkout as it is, with changes that are not committed. Returns the folder."""
    changed = _git("-c", "user.name=check", "-c", "user.email=check@localhost", "stash", "create")
    _git("clone", "--quiet", "--shared", ROOT, folder)
    _git("-C", folder, "checkout", "--quiet", changed or _git("rev-parse", "HEAD"))
    return folder


def _git(*words) -> str:
    return subprocess.run(
        ["git", *map(str, words)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def make_data(folder: Path) -> None:
    """All that the commands read, under the names that the documents use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nilearn.datasets import load_mni152_template
        from nilearn.image import new_img_like

        head = load_mni152_template(resolution=1)
    values = head.get_fdata()
    noise = np.random.default_rng(0).normal(0, 0.2 * values.max(), values.shape)
    noisy = new_img_like(head, (values + noise).astype(np.float32))  # no green light: there is something to review
    heads = {"brain": head, "heads/head_1": head, "heads/head_2": noisy, "my-study/sub-01/anat/sub-01_T1w": head}
    for name, image in heads.items():
        path = folder / f"{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.to_filename(path)
    about = {"Name": "A study", "BIDSVersion": "1.10.0"}
    (folder / "my-study" / "dataset_description.json").write_text(json.dumps(about), encoding="utf-8")
    for number in range(2):
        write_case(folder, f"crop_{number + 1}", *crop_case(number))
    shutil.copytree(folder / "images", folder / "folder")
    shutil.copy(folder / "folder" / "crop_1.nii.gz", folder / "crop.nii.gz")
    for number in range(8):
        write_case(folder / "my-dataset", f"case_{number + 1}", *organ_case(number))
        write_case(folder / "other-cases", f"case_{number + 11}", *organ_case(number + 10))
    shutil.copytree(folder / "other-cases" / "images", folder / "new-cases")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)

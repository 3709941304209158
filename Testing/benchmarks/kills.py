"""Kills real commands at random moments, and counts what they leave: nothing half done, nothing that stays.

Every command runs in a process of its own, forked from this one, which has read all its code already, so that the
moments fall into its work. It is ended with SIGKILL, alone or with all its processes. Then under every real name there
must be something whole, or nothing; the same command must succeed; nothing hidden may be left; and a training must
come to the weights and the history of one that nobody killed.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from mednca.batch.jobs import RESULT_FILES
from mednca.imaging.reading import read_image, read_labels
from mednca.models.description import Label, Preprocessing
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.nca.architecture import Architecture, Level
from mednca_train import cli
from mednca_train.model import build  # noqa: F401  what the commands import, once for all of them
from mednca_train.plan.plan import Augmentation, Plan
from phantoms import bright_model, image_of, organ_case, save

SHARES = {"segment": 5, "import": 5, "calibrate": 2, "train": 4}  # of sixteen kills
_AT_WORK = 0.75  # share of the kills that wait for the first hidden name
_SECONDS = 240  # that a command may take


class Failed(Exception):
    """Something was left that must not be."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subject", action="append", choices=SHARES, help="only this one; may be repeated")
    options = parser.parse_args()
    torch.set_num_threads(1)  # a process with OpenMP's threads cannot be forked
    wanted = {name: share for name, share in SHARES.items() if not options.subject or name in options.subject}
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
        sys.exit(0 if run(Path(folder), wanted, options.kills, options.seed) else 1)


def run(folder: Path, shares: dict[str, int], kills: int, seed: int) -> bool:
    """Kill so many commands; returns whether all was well."""
    material, dice, counts, failures = _material(folder / "material"), random.Random(seed), Counter(), []
    subjects = {name: SUBJECTS[name](material, folder / f"{name}-whole") for name in shares}
    order = [name for turn in range(max(shares.values())) for name, share in shares.items() if turn < share]
    for number in range(kills):
        name, place = order[number % len(order)], folder / f"{number}"
        start = time.monotonic()
        try:
            moment = subjects[name].kill(dice, place)
        except Failed as failure:
            moment = f"FAILED: {failure}"
            failures.append(number)
        counts[name] += 1
        print(f"{number:3} {name:10} {moment} ({time.monotonic() - start:.1f} s)", flush=True)
    told = ", ".join(f"{count} of {name}" for name, count in counts.items())
    print(f"{kills} kills ({told}), {len(failures)} failures")
    return not failures


class Subject:
    """A command with its check."""

    def __init__(self, material: Path, whole: Path):
        """Runs it once as it is, in the folder `whole`, to know how long it takes, and works, from its first hidden
        name on."""
        self.material, self.whole = material, whole
        self.prepare(whole)
        start = time.monotonic()
        process = Process(self.words(whole), whole)
        process.wait_for_work()
        at_work = time.monotonic()
        if process.wait():
            raise SystemExit(f"It fails even when nobody kills it:\n{process.log.read_text()}")
        self.total, self.working = time.monotonic() - start, time.monotonic() - at_work
        self.check_done(whole)

    def kill(self, dice: random.Random, place: Path) -> str:
        """One kill and all that follows. Returns when it was, in words; raises Failed."""
        self.prepare(place, dice.random() < 0.5)
        process = Process(self.words(place), place)
        if dice.random() < _AT_WORK:
            process.wait_for_work()
            moment, what = dice.uniform(0, 1.02 * self.working), "of work"
        else:
            moment, what = dice.uniform(0, 1.02 * self.total), "after its start"
        time.sleep(moment)
        left = _hidden(place)
        process.kill(everything=dice.random() < 0.5)
        self.check_killed(place)
        self.again(place)
        self.check_done(place)
        if _hidden(place):
            raise Failed(f"{_hidden(place)} stay behind")
        return f"killed {moment:.2f} s {what}, with {len(left)} hidden names"

    def again(self, place: Path) -> None:
        process = Process(self.words(place), place)
        if status := process.wait():
            raise Failed(f"the next one ended with {status}:\n{process.log.read_text()}")

    def prepare(self, place: Path, replaces: bool = False) -> None:
        """Make the folder that it works in. replaces: with something whole under the real name already."""
        place.mkdir(parents=True)

    def words(self, place: Path) -> list:
        raise NotImplementedError

    def check_killed(self, place: Path) -> None:
        raise NotImplementedError

    def check_done(self, place: Path) -> None:
        raise NotImplementedError


class Segment(Subject):
    def prepare(self, place, replaces=False):
        super().prepare(place)
        if replaces and Process(self.words(place), place).wait():
            raise Failed("the first one fails")

    def words(self, place):
        return ["segment", *self._images(), "--model", self.material / "bright", "--out", place / "out",
                "--members", 3, "--overwrite"]  # fmt: skip

    def check_killed(self, place):
        for folder in self._results(place):
            if {file.name for file in folder.iterdir()} != set(RESULT_FILES):
                raise Failed(f"{folder.name} holds {sorted(file.name for file in folder.iterdir())}")
            read_labels(folder / "segmentation.nii.gz"), read_image(folder / "variance.nii.gz")
            json.loads((folder / "report.json").read_text())

    def check_done(self, place):
        self.check_killed(place)
        if len(self._results(place)) != len(self._images()):
            raise Failed("a result is missing")
        rows = list(csv.DictReader((place / "out" / "summary.csv").read_text(encoding="utf-8").splitlines()))
        if {row["image"] for row in rows} != {folder.name for folder in self._results(place)}:
            raise Failed("the table tells of others")

    def _results(self, place):
        return [path for path in _shown(place / "out") if not path.name.startswith("summary.")]

    def _images(self) -> list[Path]:
        return sorted((self.material / "images").iterdir())[:2]


class Import(Subject):
    def prepare(self, place, replaces=False):
        super().prepare(place)
        if replaces:
            save(bright_model(fire_rate=0.5), place / "models" / "bright")

    def words(self, place):
        return ["import", self.material / "bright.zip", "--replace"]

    def check_killed(self, place):
        for folder in _shown(place / "models"):
            load_model(folder)

    def check_done(self, place):
        if load_model(place / "models" / "bright").sha256 != load_model(self.material / "bright").sha256:
            raise Failed("another model was imported")


class Calibrate(Subject):
    def words(self, place):
        return ["calibrate", self.material / "bright", "--data", self.material, "--out", place / "made" / "calibrated",
                "--calibration-cases", 3]  # fmt: skip

    def check_killed(self, place):
        for folder in self._models(place):
            if "Being measured" in (folder / "MODEL_CARD.md").read_text():
                raise Failed("a half calibrated model stands under its name")

    def again(self, place):
        if not self._models(place):  # killed when all was done, it is not made again
            super().again(place)
        else:
            Library(self.material, place / "made").entries()

    def check_done(self, place):
        load_model(place / "made" / "calibrated")
        self.check_killed(place)

    def _models(self, place):
        """What is there beside the samples, with which the same command goes on."""
        return [path for path in _shown(place / "made") if path.name != "calibrated.samples.jsonl"]


class Train(Subject):
    def words(self, place):
        return ["train", "--data", self.material, "--plan", self.material / "plan.json", "--run", place / "run",
                "--out", place / "made" / "trained", "--calibration-cases", 1]  # fmt: skip

    def check_killed(self, place):
        for folder in _shown(place / "made"):
            load_model(folder)

    def check_done(self, place):
        weights = [(root / "made" / "trained" / "weights.safetensors").read_bytes() for root in (place, self.whole)]
        if weights[0] != weights[1]:
            raise Failed("the weights differ from those of a training that nobody killed")
        if _history(place) != _history(self.whole):
            raise Failed("the history differs from that of a training that nobody killed")


SUBJECTS = {"segment": Segment, "import": Import, "calibrate": Calibrate, "train": Train}


class Process:
    """A command in a process of its own, that leads a group."""

    def __init__(self, words: list, place: Path):
        self.place, self.log = place, place / "log.txt"
        self.pid = os.fork()
        if not self.pid:
            self._be(words)

    def _be(self, words) -> None:
        status = 70
        try:
            os.setsid()
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(log, stream)
            os.environ["MEDNCA_MODELS"] = str(self.place / "models")
            sys.argv = ["mednca", *map(str, words)]
            cli.main()
        except SystemExit as end:
            status = end.code or 0
        finally:
            sys.stdout.flush()
            os._exit(status)

    def wait_for_work(self) -> None:
        """Until there is a hidden name, or it has ended."""
        while not _hidden(self.place) and not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.001)

    def wait(self) -> int:
        """Its exit status."""
        end = time.monotonic() + _SECONDS
        while not (ended := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > end:
                self.kill(True)
                return -1
            time.sleep(0.01)
        return os.waitstatus_to_exitcode(ended[1])

    def kill(self, everything: bool) -> None:
        (os.killpg if everything else os.kill)(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _hidden(place: Path) -> list[str]:
    found = []
    for _folder, folders, files in os.walk(place):
        found += [name for name in (*folders, *files) if name.startswith(".")]
    return found


def _shown(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.exists() else []


def _history(place: Path) -> list[dict]:
    with open(place / "run" / "history.csv", newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


def _material(folder: Path) -> Path:
    """Phantoms with their labels, a model and its archive, a plan."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(4):
        image, labels = organ_case(number)
        for part, array in (("images", image), ("labels", (labels > 0).astype(np.uint8))):
            sitk.WriteImage(image_of(array), str(folder / part / f"case_{number}.nii.gz"))
    save(bright_model(fire_rate=0.9), folder / "bright")
    Library(folder / "none", folder / "none").export_model(str(folder / "bright"), folder / "bright.zip")
    levels = (Level((2, 2, 2), 3, 4), Level((1, 1, 1), 3, 4))
    plan = Plan(
        architecture=Architecture("m3d-nca", 8, 16, levels, norm="batch"),
        preprocessing=Preprocessing((1.0, 1.0, 1.0), field_of_view=(24.0, 26.0, 22.0), keep_largest=True),
        labels=(Label(1, "Organ", (255, 0, 0)),), field_of_view=(24, 26, 22), patch=(14, 14, 14), batch=2,
        iterations=30, checkpoint_every=2, validate_every=10, augmentation=Augmentation(shift=2, rotation=4),
    )  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(dataclasses.replace(plan, freeze_norm=0.5).to_json()))
    return folder


if __name__ == "__main__":
    main()

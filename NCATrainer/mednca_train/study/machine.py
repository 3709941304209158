"""What a contender needs where it runs: seconds, processor seconds and memory, in a process of its own with few cores
and little memory, as a small computer has.

As a program it is that process: it takes a `Trial` as JSON and says what it took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from mednca.benchmark.timing import resident_peak
from mednca.errors import MedNCAError

_PATIENCE = 3600.0  # seconds


@dataclass(frozen=True)
class Trial:
    """One case, segmented on a small computer.

    Attributes:
        folder: of the contender's model.
        case, image, labels: its name, and the paths of its files.
        scans: as of `plan.Machine`.
        threads: that it computes with, each on a core of its own as long as there are some.
        memory_mb: that the process may hold; more is refused by the system.
        seed: of the fire masks.
        others: paths of the image's further channels.
    """

    folder: str
    case: str
    image: str
    labels: str
    scans: bool
    threads: int
    memory_mb: int
    seed: int
    others: tuple[str, ...] = ()


def try_out(trial: Trial) -> dict:
    """Do a trial in a process of its own.

    Returns:
        As JSON has it: "cores" that it had; of the first structure "seconds" on the clock and "processor_seconds" over
        all cores, without starting and reading; "dice" of the union; "peak_mb" that the process held, and "before_mb",
        the part of it that Python and its libraries took before a model was read.

    Raises:
        MedNCAError: where it does not end well, as for lack of memory.
    """
    command = [sys.executable, "-m", __name__]
    own = {**os.environ, "OMP_NUM_THREADS": str(trial.threads), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, input=json.dumps(asdict(trial)), capture_output=True, text=True, env=own, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise MedNCAError("{case}: not done after {seconds} s.", case=trial.case, seconds=f"{_PATIENCE:g}") from error
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise MedNCAError(
            "{case}, {threads} threads, {memory} MB: {why}",
            case=trial.case,
            threads=trial.threads,
            memory=trial.memory_mb,
            why=why,
        )
    return json.loads(done.stdout.splitlines()[-1])


def _limit(trial: Trial) -> int:
    """Holds this process to its cores and memory, where the system can; returns its cores."""
    cores = trial.threads
    if hasattr(os, "sched_setaffinity"):
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, there[-trial.threads :])
        cores = min(trial.threads, len(there))
    try:
        import resource
    except ImportError:  # on Windows
        return cores
    held = trial.memory_mb * 10**6
    resource.setrlimit(resource.RLIMIT_DATA, (held, held))  # of addresses torch takes many more than it uses
    return cores


def _main() -> None:
    trial = Trial(**json.load(sys.stdin))
    cores = _limit(trial)
    import torch

    from ..data.cases import Case
    from .measure import Job, results
    from .plan import Contender, Measurement

    torch.set_num_threads(trial.threads)
    before = resident_peak()
    what = Measurement(Contender(Path(trial.folder).name, ""), "", trial.case, "none", 0.0, trial.scans, trial.seed)
    case = Case(trial.case, Path(trial.image), Path(trial.labels), tuple(map(Path, trial.others)))
    row = next(results(Job(what, case, trial.folder))).row
    taken = {"seconds": row["seconds"], "processor_seconds": row["processor_seconds"]}
    memory = {"peak_mb": round(resident_peak()), "before_mb": round(before)}
    print(json.dumps({"cores": cores, "dice": row["dice"]["union"], **taken, **memory}))


if __name__ == "__main__":
    _main()

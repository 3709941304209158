"""Runs the subjects in child processes, counts what became of the cases; fails on anything but clear and correct."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Thread

FINE, WORSE = ("clear", "correct"), ("wrong", "traceback", "crash", "slow", "hungry")
SLOW_SECONDS, HUNGRY_BYTES = 20.0, 1_000_000_000
_PATIENCE = 2 * SLOW_SECONDS  # after which a case is ended


def main() -> None:
    options = _options()
    if options.child:
        _be_child(options)
    elif options.case is not None:
        _one(options)
    else:
        sys.exit(0 if run(options.seconds, options.least, options.seed, options.subject, options.json) else 1)


def _options():
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="for all subjects together")
    parser.add_argument("--least", type=int, default=2000, help="cases of each subject, however long they take")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subject", action="append", help="only this one; may be repeated")
    parser.add_argument("--case", type=int, help="run one case in this process, and tell all")
    parser.add_argument("--keep", help="folder to leave its files in")
    parser.add_argument("--json", help="where the counts go")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def run(seconds: float, least: int, seed: int = 0, names=None, json_file=None) -> bool:
    """Fuzz for so long, at least so many cases a subject; returns whether all of them ended clear or correct."""
    from .subjects import SUBJECTS

    waiting = [name for name in SUBJECTS if not names or name in names]
    share, results = seconds * (os.cpu_count() or 1) / len(waiting), {}

    def work():
        while waiting:
            name = waiting.pop(0)
            results[name] = _fuzz(name, share, least, seed)

    threads = [Thread(target=work) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _tell(results, seed)
    if json_file:
        Path(json_file).write_text(
            json.dumps({name: dict(counts) for name, (counts, _bad) in results.items()}, indent=1)
        )
    return all(not counts[kind] for counts, _bad in results.values() for kind in WORSE)


def python_path() -> str:
    """What PYTHONPATH must hold for the child processes: this package and the engines."""
    root = Path(__file__).resolve().parents[2]
    return os.pathsep.join(str(root / part) for part in ("Testing", "MedNCASegment", "NCATrainer"))


def _fuzz(name: str, seconds: float, least: int, seed: int):
    """(counts, the first bad cases) of one subject."""
    counts, bad, number, end = Counter(), [], 0, time.monotonic() + seconds
    while number < least or time.monotonic() < end:
        for row in _child(name, number, end if number >= least else None, least, seed):
            number, kind, told = row["number"] + 1, row["kind"], row["told"]
            counts[kind] += 1
            if kind not in FINE and len(bad) < 5:
                bad.append((row["number"], kind, told))
    return counts, bad


def _child(name: str, first: int, end, least: int, seed: int):
    """The rows of one child process, from case `first` on; a case that ended it is its last row."""
    seconds = max(end - time.monotonic(), 0) if end else 0
    command = [sys.executable, "-m", "fuzz", "--child", f"{first}", "--subject", name, "--seed", str(seed),
               "--least", str(least), "--seconds", str(seconds)]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": python_path()}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    begun, watch = [None, time.monotonic()], Thread(target=_watch, args=(process, lambda: begun), daemon=True)
    watch.start()
    for line in process.stdout:
        row = json.loads(line)
        begun[:] = [row.get("begin"), time.monotonic()]
        if "kind" in row:
            yield row
    code = process.wait()
    if begun[0] is not None:
        kind = "slow" if code == -9 else "crash"
        yield {"number": begun[0], "kind": kind, "told": f"ended with {code}: {process.stderr.read()[-300:]}"}
    elif code:
        raise RuntimeError(f"the fuzzer's own process ended with {code}: {process.stderr.read()[-2000:]}")


def _watch(process, begun) -> None:
    """End a case that does not end."""
    while process.poll() is None:
        time.sleep(0.5)
        number, since = begun()
        if number is not None and time.monotonic() - since > _PATIENCE:
            process.kill()


def _be_child(options) -> None:
    """Run cases one after the other and tell of each before and after. A minute or so, so that a leak is no fault."""
    from .subjects import SUBJECTS

    name, number = options.subject[0], int(options.child)
    subject, end, sink = SUBJECTS[name], time.monotonic() + min(options.seconds or 60, 60), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries complain about every file

    def tell(**row):
        sink.write(json.dumps(row) + "\n")
        sink.flush()

    while time.monotonic() < end and not (not options.seconds and number >= options.least):
        tell(begin=number)
        kind, told, seconds, grown = _tried(subject, name, number, options.seed)
        if kind in FINE and seconds > SLOW_SECONDS:
            kind, told = "slow", f"{seconds:.0f} s"
        if kind in FINE and grown > HUNGRY_BYTES:
            kind, told = "hungry", f"{grown / 1e6:.0f} MB"
        tell(number=number, kind=kind, told=told)
        number += 1


def _tried(subject, name: str, number: int, seed: int, folder=None):
    """(outcome, what was told, seconds, bytes that the process grew by) of one case."""
    from .subjects import outcome

    dice = random.Random(f"{seed} {name} {number}")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-")) if folder is None else folder
    before, start = _peak(reset=True), time.monotonic()
    try:
        kind, told = outcome(subject.run, dice, folder)
        return kind, told, time.monotonic() - start, _peak() - before
    finally:
        if folder.name.startswith("fuzz-"):
            shutil.rmtree(folder, ignore_errors=True)


def _peak(reset: bool = False) -> int:
    """Largest resident size, bytes, since the last reset; 0 where the system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _one(options) -> None:
    from .subjects import SUBJECTS

    folder = Path(options.keep) if options.keep else None
    if folder:
        folder.mkdir(parents=True)
    print(_tried(SUBJECTS[options.subject[0]], options.subject[0], options.case, options.seed, folder))


def _tell(results, seed: int) -> None:
    print(f"{'subject':14}" + "".join(f"{kind:>11}" for kind in FINE + WORSE))
    for name, (counts, bad) in results.items():
        print(f"{name:14}" + "".join(f"{counts[kind]:11,}" for kind in FINE + WORSE))
        for number, kind, told in bad:
            print(f"    {kind}: --subject {name!r} --seed {seed} --case {number}: {told[:300]}")
    failed = sum(counts[kind] for counts, _bad in results.values() for kind in WORSE)
    print(f"{sum(sum(counts.values()) for counts, _bad in results.values()):,} cases, {failed} failed")


if __name__ == "__main__":
    main()

"""Many volumes through a local cluster of two processes, one of them killed three times; a plain loop in between.

    python Testing/benchmarks/many.py [--volumes 2000] [--kills 3] [--members 10] [--report FILE]
    python Testing/benchmarks/many.py --brains FOLDER

Phantoms of 24 x 26 x 22 voxels and a model made by hand, so that what is measured is everything but the model. Fails
where a volume failed, a result is missing or half, the table has no row of it or two, or more volumes were computed
again than the killed workers had at hand. Each number of members is an entry of docs/scale.json. With --brains, how
long a real one takes of a core: in eight of FOLDER/images both hippocampi are looked for. Run it by `make check-scale`.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from mednca.batch.cluster import run_on_cluster
from mednca.batch.jobs import RESULT_FILES, Job, Request, read_result, repeatable, segment_volume
from mednca.batch.summary import CSV, Summary
from mednca.models.weights import load_model
from phantoms import bright_model, ellipsoid, image_of, save

REPORT = Path(__file__).parents[2] / "docs" / "scale.json"
_PARTS = 5  # of the volumes, with a plain loop before, between and after: the machine is not the same at all times
_PLAIN = 840  # members of the volumes of each plain loop
_BRAINS = 8
_DIFFERENT = 20  # phantoms; the volumes are links to them
_BEGUN, _MADE = "begun.txt", "made.txt"  # a line for each time that a volume is


def main(volumes: int, kills: int, members: int, file: Path) -> bool:
    from distributed import LocalCluster

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = save(bright_model(fire_rate=0.9), folder / "bright")
        request = Request(str(model), load_model(model).sha256, members)
        paths = _images(folder / "images", volumes)

        def jobs(out: str, count: int) -> list[Job]:
            named = [(path.name.removesuffix(".nii.gz"), path) for path in paths[:count]]
            return [Job(request, name, str(path), str(folder / out / name)) for name, path in named]

        plain = [_plain_loop(jobs("plain 0", _PLAIN // members))]
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
        with LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None, env=environment, silence_logs=50
        ) as cluster:  # fmt: skip
            watch = Watch(cluster, folder / "out", volumes, kills)
            summary, done, failed, seconds, own = Summary(folder / "out"), [], 0, 0.0, 0.0
            wanted = [repeatable(job) for job in jobs("out", volumes)]
            for part in range(1, _PARTS + 1):
                begun, own_begun = time.perf_counter(), time.process_time()
                for outcome in run_on_cluster(cluster.scheduler_address, logged, wanted[part - 1 :: _PARTS]):
                    done.append(outcome.job.name)
                    if outcome.error:
                        failed += 1
                        print(f"{outcome.job.name}: {outcome.error}", flush=True)
                    else:
                        summary.add()
                if part == _PARTS:
                    summary.finish()
                seconds, own = seconds + time.perf_counter() - begun, own + time.process_time() - own_begun
                plain.append(_plain_loop(jobs(f"plain {part}", _PLAIN // members)))
            watch.end()
        rows = Counter(row["image"] for row in csv.DictReader((folder / "out" / CSV).read_text("utf-8").splitlines()))
        begun = Counter((folder / _BEGUN).read_text("utf-8").splitlines())
        made = Counter((folder / _MADE).read_text("utf-8").splitlines())
        whole = sum(_is_whole(folder / "out" / path.name.removesuffix(".nii.gz")) for path in paths)
        report = {
            "volumes": volumes,
            "members": members,
            "killed": watch.killed,
            "whole_results": whole,
            "results": sum(path.is_dir() for path in (folder / "out").iterdir()),
            "outcomes": len(done),
            "failed": failed,
            "told_twice": len(done) - len(set(done)),
            "rows": rows.total(),
            "volumes_with_a_row": len(rows),
            "volumes_begun_again": sum(count > 1 for count in begun.values()),
            "volumes_made_twice": sum(count > 1 for count in made.values()),
            "seconds": round(seconds, 1),
            "seconds_per_volume_and_process": round(2 * seconds / volumes, 4),
            "processor_seconds_of_client_and_scheduler": round(own, 1),
            "plain_seconds_per_volume_and_process": [round(each, 4) for each in plain],
            "overhead": round(2 * seconds / volumes / statistics.mean(plain) - 1, 4),
            "memory_mb": watch.memory(),
        }
    _keep(f"{members} members", report, file)
    all_of = ("whole_results", "results", "outcomes", "rows", "volumes_with_a_row")
    none_of = ("failed", "told_twice", "volumes_made_twice")
    return (
        all(report[name] == volumes for name in all_of)
        and not any(report[name] for name in none_of)
        and len(watch.killed) == kills >= report["volumes_begun_again"]
    )


def logged(job: Job):
    """Segment a volume on a worker, and write down where it is computed: not where a result is taken that is there."""
    folder = Path(job.folder)
    is_new = not folder.exists()
    if is_new:
        _log(folder.parents[1] / _BEGUN, job.name)
    report = segment_volume(job)
    if is_new:
        _log(folder.parents[1] / _MADE, job.name)
    return report


def _log(file: Path, name: str) -> None:
    """A line that no other process's comes into."""
    with open(file, "a", encoding="utf-8") as lines:
        lines.write(name + "\n")


def brains(folder: Path, file: Path) -> bool:
    """Seconds of a core that a brain takes, reading, writing and the processes' start included."""
    images = sorted((folder / "images").glob("*.nii.gz"))[:_BRAINS]
    with tempfile.TemporaryDirectory() as out:
        words = (*images, "--model", "hippocampus-m3dnca", "--find", "--jobs", "2", "--out", out)
        begun = time.perf_counter()
        code = subprocess.run([sys.executable, "-m", "mednca_train", "--quiet", "segment", *map(str, words)]).returncode
        seconds = time.perf_counter() - begun
    _keep("brains", {"volumes": len(images), "core_seconds_per_volume": round(2 * seconds / len(images), 1)}, file)
    return code == 0


def _keep(name: str, report: dict, file: Path) -> None:
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps(known | {name: report}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def _images(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    ball = ellipsoid((24, 26, 22), (12, 13, 11), (5, 6, 4))
    for number in range(_DIFFERENT):
        noise = np.random.default_rng(number).normal(0, 0.2, ball.shape)
        sitk.WriteImage(image_of((ball * 50 + noise).astype(np.float32)), str(folder / f"p{number}.nii.gz"))
    paths = [folder / f"volume_{number:05}.nii.gz" for number in range(count)]
    for number, path in enumerate(paths):
        os.link(folder / f"p{number % _DIFFERENT}.nii.gz", path)
    return paths


def _plain_loop(jobs: list[Job]) -> float:
    """Seconds of a volume in a plain loop, two processes beside each other, as the cluster's are."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        half = len(jobs) // 2
        return statistics.mean(pool.starmap(_timed, [(jobs[:half],), (jobs[half:],)], chunksize=1))


def _timed(jobs: list[Job]) -> float:
    import torch

    torch.set_num_threads(1)
    for job in jobs[:2]:
        segment_volume(job)
    begun = time.perf_counter()
    for job in jobs[2:]:
        segment_volume(job)
    return (time.perf_counter() - begun) / len(jobs[2:])


class Watch:
    """Kills a worker now and then, spread over the volumes, and looks at memory."""

    def __init__(self, cluster, out: Path, volumes: int, kills: int):
        self.cluster, self.out, self.killed, self._over = cluster, out, [], False
        self._at = [volumes * (number + 1) // (kills + 1) for number in range(kills)]
        self._memory: list[tuple[int, float, float]] = []  # results, MB of this process, of the largest worker
        self._dice = random.Random(0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over:
            there = len(list(self.out.iterdir())) if self.out.exists() else 0
            workers = [worker.pid for worker in self.cluster.workers.values() if worker.pid]
            self._memory.append((there, _resident("self"), max(map(_resident, workers), default=0.0)))
            if len(self.killed) < len(self._at) and there >= self._at[len(self.killed)] and len(workers) == 2:
                os.kill(self._dice.choice(workers), signal.SIGKILL)
                self.killed.append(there)
                print(f"killed a worker at {there} results", flush=True)
            time.sleep(1.0)

    def end(self) -> None:
        self._over = True
        self._thread.join()

    def memory(self) -> dict[str, float]:
        """MB of this process and of the largest worker: after a tenth of the volumes, and at the end."""
        last = self._memory[-1]
        early = next(row for row in self._memory if row[0] >= last[0] / 10)
        late = max(self._memory[-30:], key=lambda row: row[2])
        return {
            "client_early": round(early[1]),
            "client_late": round(last[1]),
            "worker_early": round(early[2]),
            "worker_late": round(late[2]),
        }


def _resident(process: int | str) -> float:
    try:
        (line,) = [x for x in Path(f"/proc/{process}/status").read_text().splitlines() if x.startswith("VmRSS")]
    except (OSError, ValueError):
        return 0.0
    return int(line.split()[1]) / 1e3


def _is_whole(folder: Path) -> bool:
    return {file.name for file in folder.iterdir()} == set(RESULT_FILES) and read_result(folder) is not None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volumes", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--brains", type=Path, metavar="FOLDER")
    parser.add_argument("--report", type=Path, metavar="FILE", default=REPORT)
    options = parser.parse_args()
    if options.brains:
        done = brains(options.brains, options.report)
    else:
        done = main(options.volumes, options.kills, options.members, options.report)
    sys.exit(0 if done else 1)

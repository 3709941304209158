"""Pools whose jobs fail, or kill their process. A file of its own: every process of a pool imports the file that its
jobs stand in, and this one imports nothing that takes time."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from mednca.errors import MedNCAError
from mednca.pool import Pool


def _job(job):
    if job == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if job == "fails":
        raise MedNCAError("This case is bad.")
    if job == "bug":
        raise ValueError("a bug")
    return job * 2


def test_a_job_that_kills_its_process_costs_no_other_one():
    with Pool() as pool:
        jobs = [1, "dies", 2, "fails", 3, "bug", 4, "dies", 5]
        told = list(pool.run(_job, jobs))
        again = list(pool.run(_job, [6]))
    assert [outcome.job for outcome in told] == jobs
    assert [outcome.result for outcome in told] == [2, None, 4, None, 6, None, 8, None, 10]
    errors = [str(outcome.error) for outcome in told]
    assert "died" in errors[1] and errors[3] == "This case is bad." and errors[5] == "ValueError: a bug"
    assert again[0].result == 12


def _die_while_told(job):
    """Kills its process as often as the file says."""
    file, name = job
    left = int(Path(file).read_text()) if name == "killer" else 0
    if left:
        Path(file).write_text(str(left - 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def test_a_job_is_tried_again_twice_where_its_process_dies(tmp_path):
    """That it is told where it dies once more is tried above."""
    file = tmp_path / "left"
    file.write_text("2")
    with Pool(2) as pool:
        outcomes = list(pool.run(_die_while_told, [(str(file), name) for name in ("a", "killer", "b", "c")]))
    assert [outcome.job[1] for outcome in outcomes] == ["a", "killer", "b", "c"]
    assert [outcome.result for outcome in outcomes] == ["a", "killer", "b", "c"] and file.read_text() == "0"


def _once(job):
    """A job that cannot be done twice; one waits until all others are done, and then dies."""
    folder, name = job
    if name == "killer" and not (folder / "killed").exists():
        _until(lambda: len(list(folder.iterdir())) == 3)
        (folder / "killed").touch()
        time.sleep(0.5)  # until what they return has come back
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / name).mkdir()
    return name


def test_what_was_done_when_a_process_died_stays_done(tmp_path):
    names = ["killer", "a", "b", "c"]
    with Pool(2) as pool:
        outcomes = list(pool.run(_once, [(tmp_path, name) for name in names]))
    assert [outcome.result for outcome in outcomes] == names


def _after_all_others(job):
    """The first one waits until all others are done."""
    folder, name = job
    if name == "slow":
        _until(lambda: len(list(folder.iterdir())) == 9)
    (folder / name).mkdir()
    return name


def test_a_slow_job_holds_back_no_other_one(tmp_path):
    """Of ten jobs for two processes, more than wait at a time."""
    names = ["slow", *(f"quick{number}" for number in range(9))]
    with Pool(2) as pool:
        outcomes = list(pool.run(_after_all_others, [(tmp_path, name) for name in names], as_done=True))
        again = list(pool.run(_job, [1, "dies", 2, "fails", 3], as_done=True))
    assert [outcome.result for outcome in outcomes][-1] == "slow" and {outcome.result for outcome in outcomes} == {
        *names
    }
    assert sorted(outcome.result for outcome in again if not outcome.error) == [2, 4, 6]
    assert {outcome.job for outcome in again if outcome.error} == {"dies", "fails"}


def _hold_a_pool(file):
    """Runs in a process of its own, which is killed while its pool works."""
    with Pool() as pool:
        (outcome,) = pool.run(_pid_of_this_process, [None])
        file.write_text(str(outcome.result))
        time.sleep(60)


def _pid_of_this_process(_job):
    return os.getpid()


def test_a_pool_ends_with_its_killed_parent(tmp_path):
    file = tmp_path / "pid"
    parent = multiprocessing.get_context("spawn").Process(target=_hold_a_pool, args=(file,))
    parent.start()
    _until(lambda: file.exists() and file.read_text())
    parent.kill()
    _until(lambda: not _alive(int(file.read_text())))


def _until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid) -> bool:
    """A zombie that nobody waits for is none."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"

"""Whole or not at all, one at a time, and a full disk is a sentence: files and folders, and every command that writes."""

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

import mednca_train.cli  # noqa: F401  adds its commands
from conftest import ROOT
from mednca import cli, files, segment, terminal
from mednca.batch import jobs
from mednca.errors import MedNCAError
from mednca.imaging import reading as images
from mednca.models.library import Library
from mednca.models.weights import load_model
from mednca.scores import Summary
from mednca.worker import Worker
from mednca_train import training_run
from mednca_train.data import examine
from mednca_train.model import build
from mednca_train.run_lock import run_lock
from mednca_train.validation_report import ValidationReport
from mednca_train.worker import TrainingWorker
from phantoms import bright_model, image_of, organ_case, save
from training_phantoms import METADATA, history, plan, write_case

PATHS = os.pathsep.join(str(ROOT / name) for name in ("MedNCASegment", "NCATrainer"))
LEFT = (".mednca-partial-0123abcd.x", ".mednca-replaced-0123abcd.x", ".mednca-lock.x")


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


@contextmanager
def other(code):
    """Another process that has run some code, and waits within its block."""
    lines = f"from mednca.files import *\nfrom mednca_train.run_lock import run_lock\n{code}\n print('here', flush=True)\n input()"
    process = subprocess.Popen(
        [sys.executable, "-c", lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": PATHS},
    )  # fmt: skip
    assert process.stdout.readline() == b"here\n"
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(files, "_PATIENCE", 0.1)


# --- whole or not at all


def _full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    files.write_json(target, {"ü": 1})
    assert json.loads(target.read_bytes()) == {"ü": 1}
    with pytest.raises(MedNCAError, match="already exists"):
        files.write_bytes(target, b"new", replace=False)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(MedNCAError, match=r"no room for .*/a.json on its disk .*free some space"):
            files.write_bytes(target, b"new")
    with pytest.raises(ZeroDivisionError), files.written(target) as staged:
        staged.write_bytes(b"half")
        1 / 0  # noqa: B018
    assert json.loads(target.read_bytes()) == {"ü": 1} and names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("soon", [True, False])
def test_a_file_is_replaced_once_its_reader_is_done(tmp_path, monkeypatch, soon):
    """As on Windows, where a file that somebody reads cannot be replaced."""
    moved, tries = os.replace, []

    def forbidden(made, path):
        tries.append(path)
        if len(tries) < 3 or not soon:
            raise PermissionError(13, "Access is denied", str(path))
        moved(made, path)

    files.write_json(tmp_path / "state.json", {"state": "old"})
    monkeypatch.setattr(files.os, "replace", forbidden)
    monkeypatch.setattr(files, "_READERS_FORBID", True)
    monkeypatch.setattr(files, "_PATIENCE", 0.2)
    if soon:
        files.write_json(tmp_path / "state.json", {"state": "new"})
    else:
        with pytest.raises(MedNCAError, match="cannot be written"):
            files.write_json(tmp_path / "state.json", {"state": "new"})
    assert json.loads((tmp_path / "state.json").read_text()) == {"state": "new" if soon else "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_folder_comes_as_a_whole_and_an_old_one_goes_last(tmp_path, monkeypatch):
    target = tmp_path / "result"
    with files.staged(target) as made:
        (made / "a").write_text("first")
        assert not target.exists()
    with pytest.raises(MedNCAError, match="already exists"), files.staged(target) as made:
        pass
    with pytest.raises(ZeroDivisionError), files.staged(target, replace=True) as made:
        1 / 0  # noqa: B018
    rename, calls = os.rename, []

    def second_fails(*places):
        calls.append(places)
        return _full() if len(calls) == 2 else rename(*places)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", second_fails)
        with pytest.raises(MedNCAError, match="no room"), files.staged(target, replace=True) as made:
            (made / "a").write_text("second")
    assert (target / "a").read_text() == "first" and names(tmp_path) == ["result"]
    with files.staged(target, replace=True) as made:
        (made / "b").write_text("second")
    assert names(target) == ["b"] and names(tmp_path) == ["result"]
    files.remove_folder(target)
    assert names(tmp_path) == []


def test_only_a_folder_is_replaced_by_a_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "link"):
        with pytest.raises(MedNCAError, match="not replaced"), files.staged(tmp_path / name, replace=True):
            pass
    with pytest.raises(MedNCAError, match="cannot be written"):
        files.write_bytes(tmp_path / "real", b"a file over a folder")
    assert names(tmp_path) == ["file", "link", "real"] and (tmp_path / "file").read_text() == "mine"


def test_an_image_that_itk_cut_short_is_not_taken(tmp_path, monkeypatch):
    """ITK ends without a word where the disk is full in the last bytes."""
    image, write = image_of(organ_case(0)[0]), sitk.WriteImage
    for name in ("a.nii.gz", "a.nrrd"):
        images.write_image(image, tmp_path / name)
        before = (tmp_path / name).read_bytes()

        def short(image, path, **options):
            write(image, path, **options)
            os.truncate(path, os.path.getsize(path) - 8)

        with monkeypatch.context() as patch:
            patch.setattr(sitk, "WriteImage", short)
            with pytest.raises(MedNCAError, match=f"{name} cannot be written .*did not become whole"):
                images.write_image(image, tmp_path / name)
            patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
            with pytest.raises(MedNCAError, match=f"no room for .*{name}"):
                images.write_image(image, tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    assert names(tmp_path) == ["a.nii.gz", "a.nrrd"]
    grown = sitk.JoinSeries([image, image])
    images.write_raw_nrrd(grown, tmp_path / "grown.nrrd")
    monkeypatch.setattr(sitk, "WriteImage", short)
    with pytest.raises(MedNCAError, match="did not become whole"), files.explained(tmp_path):
        images.write_raw_nrrd(grown, tmp_path / "grown.nrrd")


# --- one at a time


@pytest.mark.parametrize("way", ["held", "run_lock"])
def test_two_processes_do_not_share_a_target(tmp_path, impatient, way):
    target = tmp_path / "new" / "x"
    target.mkdir(parents=True)
    ours = {"held": files.held, "run_lock": run_lock}[way]
    with other(f"with {way}({str(target)!r}):") as process:
        with pytest.raises(MedNCAError, match="in use by another program"), ours(target):
            pass
        files.sweep(target.parent), files.sweep(target)
        with pytest.raises(MedNCAError, match="in use"), ours(target):  # what cleans up takes no lock away
            pass
        process.kill()
        process.wait()
        with ours(target), ours(target):
            pass
    assert names(target.parent) == ["x"] and names(target) == []


def test_what_is_ours_stays_ours(tmp_path, impatient):
    """Another thread is another; neither nested use nor cleaning up gives the lock to another process."""
    target, told = tmp_path / "x", []

    def try_it():
        try:
            with files.held(target):
                told.append("taken")
        except MedNCAError as error:
            told.append(str(error))

    code = f"try:\n with held({str(target)!r}): print('taken')\nexcept Exception as e: print(e)"
    with files.staged(target) as made:
        (made / "a").write_text("a")
        files.write_bytes(target.with_name("y"), b"y")  # sweeps the folder
        files.sweep(tmp_path)
        with files.held(target):
            pass
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        asked = subprocess.run(
            [sys.executable, "-c", f"from mednca.files import *\n{code}"], env=os.environ | {"PYTHONPATH": PATHS},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "in use" in told[0] and "in use" in asked.stdout
    assert names(tmp_path) == ["x", "y"] and names(target) == ["a"]


def test_who_only_cleans_up_disturbs_nobody(tmp_path):
    """A lock that is had for a moment is waited for."""
    with other(f"with held({str(tmp_path / 'x')!r}):") as process:
        threading.Timer(0.3, process.kill).start()
        files.write_bytes(tmp_path / "x", b"x")
    assert (tmp_path / "x").read_bytes() == b"x"


def test_what_the_dead_left_goes_and_what_the_living_make_stays(tmp_path):
    code = f"with staged({str(tmp_path / 'x')!r}) as made:\n (made / 'a').write_text('half')"
    with other(code) as process:
        before = names(tmp_path)
        files.write_bytes(tmp_path / "y", b"y")
        assert names(tmp_path) == [*before, "y"] and len(before) == 2
        process.kill()
        process.wait()
        files.write_bytes(tmp_path / "y", b"y")
    assert names(tmp_path) == ["y"]


def test_what_was_being_replaced_comes_back(tmp_path):
    for name in LEFT[:2]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "which").write_text(name)
    (tmp_path / LEFT[2]).touch()
    (tmp_path / ".mednca-partial-mine").touch()  # no name of ours
    files.sweep(tmp_path)
    assert names(tmp_path) == [".mednca-partial-mine", "x"] and (tmp_path / "x" / "which").read_text() == LEFT[1]
    (tmp_path / LEFT[1]).mkdir()
    files.sweep(tmp_path)
    assert names(tmp_path) == [".mednca-partial-mine", "x"] and (tmp_path / "x" / "which").read_text() == LEFT[1]


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """Nothing is removed that may be another's, and still nothing is overwritten silently."""
    monkeypatch.setattr(files, "_lock", lambda file: False)
    left = [LEFT[0], LEFT[0].replace(".x", ".z")]
    for name in left:
        (tmp_path / name).mkdir()
    with pytest.raises(MedNCAError, match="already exists"), files.staged(tmp_path / "x") as made:
        (made / "a").touch()
        with files.staged(tmp_path / "elsewhere") as faster:
            (faster / "theirs").touch()
        os.rename(tmp_path / "elsewhere", tmp_path / "x")
    assert names(tmp_path) == [*left, "x"] and names(tmp_path / "x") == ["theirs"]


def test_a_run_folder_that_nothing_came_into_goes(tmp_path):
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path / "run", make=True):
        1 / 0  # noqa: B018
    with pytest.raises(MedNCAError, match="gone"), run_lock(tmp_path / "run"):
        pass
    with run_lock(tmp_path / "run", make=True):
        files.write_bytes(tmp_path / "run" / "a", b"a")
    assert names(tmp_path / "run") == ["a"]


# --- the commands


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """What every command needs: data, a model and its archive, a plan, a run that waits."""
    folder = tmp_path_factory.mktemp("material")
    for number in range(3):
        write_case(folder, f"c{number}", *organ_case(number))
    save(bright_model(labels=2), folder / "bright")
    Library(folder / "none", folder / "none").export_model(str(folder / "bright"), folder / "bright.zip")
    (folder / "plan.json").write_text(json.dumps(plan(iterations=4, checkpoint_every=1).to_json()))
    return folder


def words_of(command, material, place):
    """The command with all that it writes at `place`, which has a fitting name."""
    model, data = material / "bright", ("--data", material)
    folders = ("--images", material / "images", "--labels", material / "labels")
    training = ("train", *data, "--plan", material / "plan.json", "--calibration-cases", 1)
    return {
        "segment": ("segment", material / "images" / "c0.nii.gz", "--model", model, "--out", place.parent),
        "evaluate": ("evaluate", "--model", model, *folders, "--members", 1, "--json", place),
        "plan": ("plan", *data, "--out", place, "--no-estimate"),
        "train": (*training, "--run", place.with_name("run"), "--out", place),
        "train, its run": (*training, "--run", place),
        "finetune": ("finetune", model, *data, "--run", place.with_name("run"), "--out", place),
        "calibrate": ("calibrate", model, *data, "--out", place, "--calibration-cases", 1),
        "export": ("export", model, place),
        "import": ("import", material / "bright.zip"),
    }[command]


NAMES = {"segment": "c0", "evaluate": "figures.json", "plan": "plan.json", "export": "bright.zip", "import": "bright"}
COMMANDS = ("segment", "evaluate", "plan", "train", "train, its run", "finetune", "calibrate", "export", "import")


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def refusal(command, result):
    """Its sentence, where it was refused as it should be."""
    if command == "segment":
        assert result.exit_code == 1, result.output
        return result.output
    assert isinstance(result.exception, MedNCAError), result.output
    return str(result.exception)


@pytest.fixture
def no_work(monkeypatch):
    """What takes long fails: what can be known before it must be told before it."""
    for module, name in ((jobs, "segment_image"), (examine, "fingerprint"), (training_run, "begin")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("it works although it could not write"))


@pytest.mark.parametrize("command", COMMANDS)
def test_two_at_once_one_wins(tmp_path, material, impatient, no_work, command):
    """The other says so at once, and touches nothing."""
    place = tmp_path / "user-models" / NAMES.get(command, "made")
    way = "run_lock" if command == "train, its run" else "held"
    place.parent.mkdir()
    if way == "run_lock":
        place.mkdir()
    with other(f"with {way}({str(place)!r}):"):
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        told = refusal(command, run(*words_of(command, material, place)))
        assert f"{place} is in use by another program" in told.replace("\n", "")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_two_trainings_begun_at_once_do_not_mix(tmp_path, material):
    """Two real processes: one says so, and the plan of the other stays."""
    environment, started = os.environ | {"PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}, {}
    for seed in (1, 2):
        path = tmp_path / f"{seed}.json"
        path.write_text(json.dumps(plan(iterations=500, seed=seed).to_json()))
        started[seed] = subprocess.Popen(
            [sys.executable, "-m", "mednca_train", "train", "--data", material, "--run", tmp_path / "run", "--plan",
             path], env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    while all(process.poll() is None for process in started.values()) or not (tmp_path / "run" / "plan.json").exists():
        time.sleep(0.05)
    (loser,) = (seed for seed in started if started[seed].poll() is not None)
    started[3 - loser].kill()
    told = {seed: process.communicate()[1] for seed, process in started.items()}
    assert started[loser].returncode == 2 and "another program" in told[loser] and "Traceback" not in told[loser]
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["seed"] == 3 - loser
    assert training_run.reopen(tmp_path / "run").run.plan.seed == 3 - loser


def test_what_appears_meanwhile_is_not_overwritten(tmp_path, material, monkeypatch):
    """By a program that knows nothing of locks, while the command works."""
    place = tmp_path / "out" / "c0"
    real = segment.segment_image

    def slow(*arguments, **options):
        result = real(*arguments, **options)
        place.mkdir(parents=True)
        (place / "thesis.txt").write_text("years of work")
        return result

    monkeypatch.setattr(jobs, "segment_image", slow)
    for more in ((), ("--overwrite",)):
        shutil.rmtree(place, ignore_errors=True)
        told = run(*words_of("segment", material, place), "--members", 1, *more)
        assert told.exit_code == 1 and names(place) == ["thesis.txt"] and names(place.parent) == ["c0"]
    figures = tmp_path / "figures.json"
    with terminal.json_output(figures) as write:
        figures.write_text("theirs")
        with pytest.raises(MedNCAError, match="already exists"):
            write({})
    assert figures.read_text() == "theirs"


def test_overwrite_replaces_nothing_but_a_result(tmp_path, material):
    place = tmp_path / "out" / "c0"
    words = (*words_of("segment", material, place), "--members", 1, "--overwrite")
    assert run(*words).exit_code == 0

    def folder():
        (place / "overview.png").unlink()
        (place / "overview.png").mkdir()
        (place / "overview.png" / "thesis.txt").write_text("years of work")

    def link():
        (place / "overview.png").unlink()
        (place / "overview.png").symlink_to(tmp_path)

    def linked():
        place.rename(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")

    changes = {
        "a folder called report.json": lambda: ((place / "report.json").unlink(), (place / "report.json").mkdir()),
        "a folder in it": folder, "a link in it": link, "a link to it": linked,
        "another's report": lambda: (place / "report.json").write_text('{"findings": []}'),
        "no report": lambda: (place / "report.json").unlink(),
        "no JSON": lambda: (place / "report.json").write_text("[" * 100_000),
        "one file more": lambda: (place / "notes.txt").write_text("mine"),
    }  # fmt: skip
    for kind, change in changes.items():
        change()
        before = _all_but_summaries(tmp_path)
        told = run(*words)
        assert told.exit_code == 1 and "is no result of MedNCA" in told.output.replace("\n", " "), kind
        assert _all_but_summaries(tmp_path) == before, kind
        place.unlink() if place.is_symlink() else shutil.rmtree(place)
        shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
        assert run(*words).exit_code == 0 and set(names(place)) == set(jobs.RESULT_FILES)


def _all_but_summaries(folder):
    """The table of a folder of results is made anew by every call."""
    return {
        path: path.is_file() and path.read_bytes() for path in folder.rglob("*") if not path.name.startswith("summary.")
    }


BAD_PLACES = {
    "a file where a folder is needed": lambda root: (root / "file").write_text("mine") and root / "file" / "new",
    "a link that leads to itself": lambda root: ((root / "loop").symlink_to(root / "loop"), root / "loop" / "new")[1],
    "a name too long": lambda root: root / ("n" * 300),
    "a folder that is not there": lambda root: Path("/proc/nothing"),
}


@pytest.mark.parametrize("kind", BAD_PLACES)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_written_is_told_before_the_work(tmp_path, material, monkeypatch, no_work, command, kind):
    folder = BAD_PLACES[kind](tmp_path)
    monkeypatch.setenv("MEDNCA_MODELS", str(folder))
    told = refusal(command, run(*words_of(command, material, folder / NAMES.get(command, "made"))))
    assert "cannot be written" in told.replace("\n", " ") and ".mednca" not in told
    assert not set(names(tmp_path)) - {"file", "loop"}


@contextmanager
def as_nobody():
    """Whoever may read and write everywhere tries it as somebody who may not."""
    if os.name == "nt" or os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def locked(request):
    """A folder that nobody may read or write, in one that everybody may read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    request.addfinalizer(lambda: shutil.rmtree(folder))
    (folder / "models" / "locked").mkdir(parents=True)
    (folder / "models" / "locked").chmod(0o000)
    return folder / "models"


def test_a_model_folder_that_may_not_be_read_is_listed_with_its_reason(locked, tmp_path):
    with as_nobody():
        (entry,) = Library(tmp_path / "none", locked, check_tensors=False).entries()
        assert entry.id == "locked" and "cannot be read (Permission denied)" in str(entry.problem)
        (entry,) = Library(tmp_path / "none", locked / "locked", check_tensors=False).entries()
        assert "cannot be read (Permission denied)" in str(entry.problem)
        with pytest.raises(MedNCAError, match="Permission denied"):
            files.write_bytes(locked / "a.zip", b"x")
        with pytest.raises(MedNCAError, match="Permission denied"), run_lock(locked / "run", make=True):
            pass
        with pytest.raises(MedNCAError, match="among your own"):
            Library(tmp_path / "none", locked / "locked", check_tensors=False).remove_model("locked")


# --- a full disk


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here ({error})")
    if mounted.returncode:
        pytest.skip("no disk may be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk, left=0):
    (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - left))


@pytest.mark.parametrize("command", [*COMMANDS, "resume"])
def test_a_full_disk_is_a_sentence(small_disk, material, monkeypatch, command):
    """It names what has no room, nothing is left, and once there is room it works."""
    monkeypatch.setenv("MEDNCA_MODELS", str(small_disk))
    place = small_disk / NAMES.get(command, "made")
    words = words_of(command, material, place) if command != "resume" else ("resume", place)
    if command == "resume":
        begun = training_run.begin(place, plan(iterations=1), *_cases_and_metadata(material))
        assert begun.run.iteration == 0
    fill(small_disk)
    before = {path: path.is_file() and path.read_bytes() for path in small_disk.rglob("*")}
    told = refusal(command, run(*words)).replace("\n", " ")
    assert f"There is no room for {small_disk}" in told and "free some space" in told and ".mednca" not in told
    after = {path: path.is_file() and path.read_bytes() for path in small_disk.rglob("*")}
    if "train" in command or command == "finetune":  # a run folder that was not begun may be there
        after = {path: content for path, content in after.items() if path in before}
        assert not list(small_disk.glob("*/plan.json"))
    assert after == before
    (small_disk / "ballast").unlink()
    if command in ("segment", "evaluate", "export", "import", "plan"):
        assert run(*words).exit_code == 0


def _cases_and_metadata(material):
    from mednca_train.data.layouts import pair_folders

    return list(pair_folders(material / "images", material / "labels").cases), METADATA


@pytest.mark.parametrize("room", [3_000, 30_000, 80_000])
def test_a_disk_that_fills_within_a_result_leaves_nothing(small_disk, material, room):
    """Whichever of its files is the first without room; what is there stays, also where it is to be replaced."""
    words = (*words_of("segment", material, small_disk / "c0"), "--members", 1, "--overwrite")
    assert run(*words).exit_code == 0
    before = {path: path.read_bytes() for path in (small_disk / "c0").iterdir()}
    fill(small_disk, room)
    told = run(*words)
    assert told.exit_code == 1 and "There is no room for" in told.output
    assert {path: path.read_bytes() for path in (small_disk / "c0").iterdir()} == before
    assert names(small_disk) == ["ballast", "c0", "summary.csv", "summary.html"]


def test_a_training_whose_disk_is_full_goes_on_when_there_is_room(small_disk, tmp_path, cases):
    """To the same numbers; the last checkpoint stays."""
    quick = plan(iterations=4, checkpoint_every=1)
    training_run.begin(tmp_path / "whole", quick, cases, METADATA).run.train(cases)
    work = training_run.begin(small_disk / "run", quick, cases, METADATA)
    size = (small_disk / "run" / "checkpoint.safetensors").stat().st_size
    for left in (0, size // 2):  # no room even for the history, and room for all but the checkpoint

        def report(row, left=left):
            if not (small_disk / "ballast").exists():
                fill(small_disk, left)

        with pytest.raises(MedNCAError, match=f"There is no room for {small_disk}/run/.*free some space"):
            work.run.train(cases, report=report)
        (small_disk / "ballast").unlink()
        assert not [name for name in names(small_disk / "run") if name.startswith(".")]
        work = training_run.reopen(small_disk / "run")
        assert work.run.iteration < 4
    work.run.train(cases)
    assert history(small_disk / "run") == history(tmp_path / "whole")
    for mine, theirs in zip(
        work.run.average.parameters(), training_run.reopen(tmp_path / "whole").run.average.parameters(), strict=True
    ):
        assert mine.equal(theirs)


def test_a_saving_that_failed_halfway_doubles_no_row(tmp_path, cases, monkeypatch):
    """The history is written before the checkpoint, and once more with the next try."""
    work, write, failed = (
        training_run.begin(tmp_path / "run", plan(iterations=4, checkpoint_every=2), cases, METADATA),
        files.write_bytes,
        [],
    )

    def once(path, data, replace=True):
        if path.name == "checkpoint.safetensors" and not failed:
            failed.append(path)
            raise MedNCAError("full")
        write(path, data, replace)

    monkeypatch.setattr("mednca_train.training.checkpoint.write_bytes", once)
    with pytest.raises(MedNCAError, match="full"):
        work.run.train(cases)
    training_run.reopen(tmp_path / "run").run.train(cases)
    assert [row[0] for row in history(tmp_path / "run")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("kind", [Worker, TrainingWorker])
def test_the_worker_tells_of_a_full_disk(small_disk, material, kind):
    sink = io.StringIO()
    job = {"command": "segment", "job": "1", "image": str(material / "images" / "c0.nii.gz"), "members": 1,
           "model": str(material / "bright"), "out": str(small_disk / "out")}  # fmt: skip
    if kind is TrainingWorker:
        found = [[case.name, str(case.image), str(case.labels)] for case in _cases_and_metadata(material)[0]]
        job = {"command": "train", "job": "1", "run": str(small_disk / "run"), "plan": plan(iterations=1).to_json(),
               "cases": found, "id": "x", "name": "x", "device": "cpu"}  # fmt: skip
    fill(small_disk)
    kind(io.StringIO(), sink)._do(job)
    told = json.loads(sink.getvalue().splitlines()[-1])
    assert told["event"] == "failed" and not told["bug"] and f"no room for {small_disk}" in told["error"]
    assert not (small_disk / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
@pytest.mark.parametrize("command", [pytest.param("segment", marks=pytest.mark.slow), "import"])
def test_a_file_that_may_not_grow_is_a_sentence(tmp_path, material, command):
    """The same where no disk may be mounted: in a process whose files are limited to a few bytes."""
    place = tmp_path / "user-models" / NAMES[command]
    code = f"""
import resource, sys
from mednca import cli
from mednca.batch.jobs import RESULT_FILES
sys.argv = ["mednca", *{[str(word) for word in words_of(command, material, place)]!r}]
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
cli.main()
"""
    told = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": PATHS}, capture_output=True, text=True
    )
    assert told.returncode == (1 if command == "segment" else 2), told.stderr
    assert "There is no room for" in told.stderr.replace("\n", " ") or "did not become whole" in told.stderr.replace(
        "\n", " "
    )
    assert "Traceback" not in told.stderr and names(place.parent) == []


# --- where the model went, and kills


def test_resume_tells_where_the_model_went(tmp_path, material, monkeypatch):
    """To the folder that was named when it was begun; what another made there is not replaced."""

    def finish(run, cases, metadata, folder, replace, **_):
        with files.staged(folder, replace) as made:
            save(build.untested_model(run, cases, metadata, "", None), made)
        return ValidationReport((), Summary(0, 0, {}, {}, {}, {}, 0, None, {}))

    monkeypatch.setattr(training_run, "finish", finish)
    (tmp_path / "plan.json").write_text(json.dumps(plan(iterations=1).to_json()))
    made, data = tmp_path / "made", ("--data", material, "--plan", tmp_path / "plan.json")
    assert run("train", *data, "--run", tmp_path / "run", "--out", made).exit_code == 0
    for _ in range(2):  # also where it was killed when all but its state was written
        told = run("resume", tmp_path / "run")
        assert told.exit_code == 0 and f"Model written to {made}" in told.output.replace("\n", "")
    assert not (tmp_path / "run" / "result").exists()
    shutil.rmtree(made)
    shutil.copytree(material / "bright", made)
    told = run("resume", tmp_path / "run")
    assert "not of this run" in str(told.exception) and load_model(made).id == "bright"


@pytest.mark.slow
def test_kills_leave_nothing_half_done():
    """A part of `make check-kills`."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "Testing" / "benchmarks" / "kills.py"), "--kills", "2", "--subject", "segment",
         "--subject", "import"], env=os.environ | {"PYTHONPATH": f"{PATHS}{os.pathsep}{ROOT / 'Testing'}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kills" in done.stdout and time.monotonic() - started < 200


def test_json_has_a_line_for_each_list_of_numbers(tmp_path):
    """A model's samples are read by people, too."""
    data = {
        "rows": [["a", None, 0.5], ["b", "]\n,[", 1]],
        "none": [],
        "nothing": {},
        "pair": (1, 2),
        "deep": [{"x": [1]}],
    }
    files.write_json(tmp_path / "x.json", data)
    text = (tmp_path / "x.json").read_text(encoding="ascii")
    assert json.loads(text) == json.loads(json.dumps(data))
    assert '\n  ["a", null, 0.5],\n' in text and '\n "pair": [1, 2],\n' in text

"""Many volumes: processes, a cluster whose worker dies, clicks from a file, what is missing only, and the table."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from mednca import __version__, cli
from mednca.batch import jobs, summary
from mednca.batch.clicks import read_clicks
from mednca.batch.cluster import run_on_cluster
from mednca.batch.csv_file import quoted, unquoted
from mednca.batch.jobs import RESULT_FILES, Job, Request, for_cluster, read_result, repeatable, segment_volume
from mednca.batch.review import doubtful
from mednca.batch.rows import as_csv, rows_of
from mednca.batch.summary import Summary
from mednca.batch.summary_page import as_html
from mednca.commands import shown
from mednca.errors import MedNCAError, Sentence
from mednca.files import held
from mednca.models.weights import load_model
from mednca.pool import DIED
from mednca.quality.verdict import COLORS
from panel import CALIBRATION
from phantoms import BALL, array_of, bright_model, save, write_balls


@pytest.fixture
def model(tmp_path):
    return str(save(bright_model(fire_rate=0.9), tmp_path / "bright"))


@pytest.fixture
def images(tmp_path):
    return write_balls(tmp_path / "images", ("v0", "v1", "v2"))


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def table(out):
    return list(csv.DictReader((out / "summary.csv").read_text("utf-8").splitlines()))


def test_two_processes_say_what_one_says(tmp_path, model, images):
    words = ("segment", images, "--model", model, "--members", 5, "--seed", 3)
    alone = run(*words, "--out", tmp_path / "alone")
    both = run(*words, "--out", tmp_path / "both", "--jobs", 2)
    assert alone.exit_code == both.exit_code == 0 and alone.stdout == both.stdout, both.output
    for number in range(3):
        one, two = (tmp_path / name / f"v{number}" for name in ("alone", "both"))
        assert {file.name for file in two.iterdir()} == set(RESULT_FILES)
        assert np.array_equal(_labels(one), _labels(two))
    again = run("segment", images / "v0.nii.gz", *words[2:], "--out", tmp_path / "both", "--jobs", 2)
    assert again.exit_code == 1 and "already exists; choose another --out" in again.output.replace("\n", " ")
    failed, rows = (
        [row for row in table(tmp_path / "both") if bool(row["error"]) == is_one] for is_one in (True, False)
    )
    assert [row["image"] for row in failed] == ["v0"] and "already exists" in failed[0]["error"]
    assert [row["image"] for row in rows] == [f"v{number}" for number in range(3)]
    assert [_without_times(row) for row in rows] == [_without_times(row) for row in table(tmp_path / "alone")]


def _labels(folder):
    return array_of(sitk.ReadImage(str(folder / "segmentation.nii.gz")))


def _without_times(row):
    return {key: value for key, value in row.items() if key != "seconds"}


def test_only_what_is_missing_is_segmented(tmp_path, model, images):
    """Results of the same request are taken; of another one they are not, and the table tells of all."""
    words = ("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 2, "--missing")
    held_back = [(images / f"v{number}.nii.gz", tmp_path / f"v{number}.nii.gz") for number in (0, 2)]
    for there, aside in held_back:
        there.rename(aside)
    assert run(*words).exit_code == 0
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.nii.gz")}
    for there, aside in held_back:
        aside.rename(there)
    again = run(*words)
    assert again.exit_code == 0, again.output
    assert times == {path: path.stat().st_mtime_ns for path in times}
    assert len(list((tmp_path / "out").rglob("report.json"))) == len(table(tmp_path / "out")) == 3
    other = run(*words, "--seed", 77)
    assert other.exit_code == 1 and "is of another request" in other.output.replace("\n", " ")
    rows = table(tmp_path / "out")  # what is there keeps its rows, and why nothing new came stands behind them
    assert [(row["image"], "of another request" in row["error"]) for row in rows] == [
        (f"v{number}", is_error) for number in range(3) for is_error in (False, True)
    ]
    assert run(*words, "--target", 0.5).exit_code == 0  # another target is no other result, but another verdict
    first, labels = tmp_path / "out" / "v0", _labels(tmp_path / "out" / "v0")
    assert {row["target_dice"] for row in table(tmp_path / "out")} == {"0.5"}
    assert json.loads((first / "report.json").read_text("utf-8"))["target_dice"] == 0.5
    assert {file.name for file in first.iterdir()} == set(RESULT_FILES) and np.array_equal(_labels(first), labels)
    (first / "segmentation.nii.gz").unlink()  # somebody wants it made again
    assert run(*words, "--target", 0.5).exit_code == 0 and np.array_equal(_labels(first), labels)
    described = json.loads((Path(model) / "model.json").read_text("utf-8"))
    described["quality"] = described.get("quality", {}) | {"calibration": CALIBRATION}
    shutil.copytree(model, tmp_path / "calibrated")
    (tmp_path / "calibrated" / "model.json").write_text(json.dumps(described), "utf-8")
    anew = run(*words[:3], tmp_path / "calibrated", *words[4:])  # the same weights, another light
    assert anew.exit_code == 1 and "is of another request" in anew.output.replace("\n", " ")


def test_a_result_of_another_person_is_not_taken(tmp_path, model):
    """Whose image has the same name, as those in folders of their own have; nor that of an image that was changed."""
    for person, names in (("p1", ("T1",)), ("p2", ("T0", "T1"))):
        write_balls(tmp_path / person, names)
    one, two = (tmp_path / person / "T1.nii.gz" for person in ("p1", "p2"))
    assert one.read_bytes() != two.read_bytes()
    words = ("--model", model, "--out", tmp_path / "out", "--members", 2, "--missing")
    assert run("segment", one, *words).exit_code == 0
    before = (tmp_path / "out" / "T1" / "report.json").read_bytes()
    again = run("segment", two, *words)
    assert again.exit_code == 1 and "is of another request" in again.output.replace("\n", " ")
    assert (tmp_path / "out" / "T1" / "report.json").read_bytes() == before
    picture = tmp_path / "out" / "T1" / "overview.png"
    picture.rename(tmp_path / "aside.png")  # nor does it go because somebody took a file out of it
    assert run("segment", two, *words).exit_code == 1 and not picture.exists()
    (tmp_path / "aside.png").rename(picture)
    (tmp_path / "elsewhere").mkdir()
    moved = one.rename(tmp_path / "elsewhere" / "T1.nii.gz")
    assert run("segment", moved, *words).exit_code == 0  # the same image, wherever it lies
    (chosen,) = doubtful(tmp_path / "out", tmp_path, 9).shown
    assert chosen.image == moved  # of two of this name
    with pytest.raises(MedNCAError, match="is another image by now"):
        doubtful(tmp_path / "out", tmp_path / "p2", 9)


def test_an_image_that_is_replaced_while_it_is_segmented_was_not_seen(tmp_path, model, images, monkeypatch):
    segment, (one, other) = jobs.segment_image, sorted(images.iterdir())[:2]

    def replaced(*arguments):
        shutil.copy(other, one)
        return segment(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "segment_image", replaced)
        assert run("segment", one, "--model", model, "--out", tmp_path / "out", "--members", 2).exit_code == 0
    again = run("segment", one, "--model", model, "--out", tmp_path / "out", "--members", 2, "--missing")
    assert again.exit_code == 1 and "is of another request" in again.output.replace("\n", " ")


def test_a_model_that_was_calibrated_meanwhile_is_read_again(tmp_path, model):
    """By a cluster's worker, which outlives calls: the weights are the same, the light is not."""
    request = Request(model, load_model(Path(model)).sha256)
    assert jobs._model(request).calibration is None and jobs._model(request) is jobs._model(request)
    described = json.loads((Path(model) / "model.json").read_text("utf-8"))
    described["quality"] = described.get("quality", {}) | {"calibration": CALIBRATION}
    (Path(model) / "model.json").write_text(json.dumps(described), "utf-8")
    assert jobs._model(request).calibration is not None


def test_the_table_and_the_page(tmp_path, model, images):
    """A row a structure and one for what failed; what is doubtful comes first; it is told where there is too much."""
    (images / "broken.nii.gz").write_bytes(b"no image")
    result = run("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 5)
    assert result.exit_code == 1
    rows = table(tmp_path / "out")
    assert [row["image"] for row in rows] == ["broken", *(f"v{number}" for number in range(3))]
    assert rows[0]["error"] and not rows[0]["verdict"]
    first = rows[1]
    assert (first["structure"], first["verdict"], first["members"], first["model"]) == ("1", "grey", "5", "bright")
    assert float(first["volume_ml"]) == pytest.approx(BALL.sum() / 1000) and float(first["seconds"]) > 0
    assert float(first["signal nqm"]) >= 0 and first["file"] == "v0.nii.gz" and first["sha256"]
    assert first["program"] == f"mednca {__version__}"
    page = (tmp_path / "out" / "summary.html").read_text("utf-8")
    assert page.index("broken") < page.index("v0/overview.png") and 'loading="lazy"' in page and "<script" not in page
    assert "Structures: 3 (0 green, 0 amber, 0 red, 3 grey). Volumes without a result: 1." in page


def test_a_failure_replaces_no_older_result_and_none_hides_it(tmp_path, model, images):
    """Its rows and the sentence stand beside each other, until the image is segmented again."""
    words = ("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert run(*words).exit_code == 0
    good = (images / "v1.nii.gz").read_bytes()
    (images / "v1.nii.gz").write_bytes(b"no image")
    assert run(*words, "--overwrite", "--seed", 5).exit_code == 1
    rows = table(tmp_path / "out")
    assert [(row["image"], row["seed"], bool(row["error"])) for row in rows] == [
        ("v0", "5", False), ("v1", rows[1]["seed"], False), ("v1", "", True), ("v2", "5", False),
    ]  # fmt: skip
    assert rows[1]["seed"] != "5" and "cannot be read" in rows[2]["error"]
    page = (tmp_path / "out" / "summary.html").read_text("utf-8")
    assert "Structures: 3 (" in page and "Volumes that failed, of which an older result is shown: 1." in page
    assert "No new result, an older one stands: " in page and "Volumes without a result: 0." in page
    told = run("review", tmp_path / "out", "--images", images, "--most", 1, "--out", tmp_path / "d.mrb")
    assert told.exit_code == 0 and "no result" not in told.output
    assert run("segment", images / "v0.nii.gz", *words[2:], "--missing", "--seed", 5).exit_code == 0
    assert len(table(tmp_path / "out")) == 4  # it was not tried again
    (images / "v1.nii.gz").write_bytes(good)
    assert run(*words, "--overwrite", "--seed", 5).exit_code == 0
    assert [(row["image"], row["seed"]) for row in table(tmp_path / "out")] == [("v0", "5"), ("v1", "5"), ("v2", "5")]


def test_notes_are_told_in_the_table_and_on_the_page(tmp_path, model, images):
    """As that on one side nothing was found: no row could say so."""
    job = Job(Request(model, load_model(Path(model)).sha256, 1), "v0", str(images / "v0.nii.gz"), str(tmp_path / "v0"))
    report = segment_volume(job)
    notes = (Sentence("Nothing was found on the {side} side.", side="left"), Sentence("And <so> on."))
    rows = rows_of("v0", replace(report, notes=notes))
    (row,) = csv.DictReader(as_csv(rows).splitlines())
    assert row["notes"] == "Nothing was found on the left side. And <so> on."
    assert "Note: Nothing was found on the left side. And &lt;so&gt; on." in as_html(rows)
    assert rows_of("v0", report)[0]["notes"] is None and "Note: " not in as_html(rows_of("v0", report))


def test_calls_with_one_table_lose_no_row(tmp_path, model, images, monkeypatch):
    """As one a participant: the table is of what lies there, whoever made it, and of what failed and was not made since."""
    out, sha256 = tmp_path / "out", load_model(Path(model)).sha256

    def make(name, **how):
        image = images / f"{name}.nii.gz"
        segment_volume(Job(Request(model, sha256, 1, **how), name, str(image), str(out / name)))

    for name in ("v0", "v1", "v2"):
        make(name)
    one, other = Summary(out), Summary(out)
    one.fail("gone", "gone.nii.gz", "It is gone.")
    other.fail("v1", "v1.nii.gz", "It is in use.")
    one.finish()
    assert [row["image"] for row in table(out)] == ["gone", "v0", "v1", "v2"]
    with monkeypatch.context() as patch:  # what has not changed is not read again
        patch.setattr(summary, "read_result", lambda folder: pytest.fail(f"{folder} was read again"))
        one.finish()
    other.finish()
    assert [(row["image"], row["error"]) for row in table(out) if row["error"]] == [
        ("gone", "It is gone."), ("v1", "It is in use."),
    ]  # fmt: skip
    with monkeypatch.context() as patch:  # while a third one writes
        patch.setattr(summary, "_PATIENCE", 0.0)
        with held_in_thread(out / "summary.csv"), pytest.raises(MedNCAError, match="in use by another"):
            other.finish()
    make("v1", seed=9, overwrite=True)  # by calls that are killed before they write the table
    (out / "v0").rename(out / "v3")
    (out / "v2").rename(out / "v0")
    (out / "v3").rename(out / "v2")
    for call in (other, one, Summary(out)):
        call.finish()
        rows = {row["image"]: row for row in table(out)}
        assert len(table(out)) == 4 and (rows["v1"]["seed"], rows["v1"]["error"]) == ("9", "")
        assert (rows["v0"]["file"], rows["v2"]["file"]) == ("v2.nii.gz", "v0.nii.gz") and rows["gone"]["error"]


def test_a_result_that_goes_while_the_table_is_written_costs_nothing(tmp_path, model, images, monkeypatch):
    """As where another call is replacing it."""
    result = run("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert result.exit_code == 0, result.output
    own = os.listdir
    monkeypatch.setattr(summary.os, "listdir", lambda folder: [*own(folder), "gone"])
    Summary(tmp_path / "out").finish()
    assert [row["image"] for row in table(tmp_path / "out")] == ["v0", "v1", "v2"]


@contextmanager
def held_in_thread(target):
    """Somebody else has a file or folder within it."""
    has, ended = threading.Event(), threading.Event()

    def hold():
        with held(target):
            has.set()
            ended.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(60)
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_worker_waits_for_one_that_was_given_up_and_is_at_its_volume(tmp_path, model, images, monkeypatch):
    """Its result is taken then; a call of its own is told at once."""
    monkeypatch.chdir(tmp_path)
    request = Request(model, load_model(Path(model)).sha256, 1, missing=True)
    job = Job(request, "v0", "images/v0.nii.gz", "out/v0")
    with held_in_thread(tmp_path / "out" / "v0"), pytest.raises(MedNCAError, match="in use by another program"):
        segment_volume(job)
    begun, told = time.monotonic(), []
    with held_in_thread(tmp_path / "out" / "v0"):
        second = threading.Thread(target=lambda: told.append(segment_volume(for_cluster(job))))
        second.start()
        time.sleep(2.0)  # longer than anybody waits who does not know better
    second.join()
    assert told and time.monotonic() - begun >= 2.0 and for_cluster(job).image == str(images / "v0.nii.gz")


def test_what_is_no_result_of_ours_stops_no_table(tmp_path, model, images):
    """A report with a color that there is not, and a folder whose name is no text."""
    out, sha256 = tmp_path / "out", load_model(Path(model)).sha256
    for name in ("v0", "v1"):
        image = images / f"{name}.nii.gz"
        segment_volume(Job(Request(model, sha256, 1), name, str(image), str(out / name)))
    text = (out / "v0" / "report.json").read_text("utf-8")
    assert '"grey"' in text
    (out / "v0" / "report.json").write_text(text.replace('"grey"', '"pink"'), "utf-8")
    with suppress(OSError):  # of a file system that has no such names
        shutil.copytree(out / "v1", os.fsdecode(os.fsencode(out) + b"/v\xff"))
    Summary(out).finish()
    assert [row["image"] for row in table(out)] == ["v1"]


def _row(name, verdict, expected, structure=1, **more):
    return {
        "image": name, "structure": structure, "side": None, "verdict": verdict, "reason": "<b>", "volume_ml": 1.0,
        "expected_dice": expected, "dice_low": 0.1, "dice_high": 0.95, "target_dice": 0.8, **more,
    }  # fmt: skip


def test_the_doubtful_come_first_and_no_cell_is_a_formula():
    rows = [_row("fine", "green", 0.93), _row("=cmd()", "red", 0.7), _row("worse", "red", 0.4),
            _row("who", "grey", None), _row("look", "amber", 0.85)]  # fmt: skip
    page = as_html([*rows, {"image": "none", "file": "none", "error": "It is gone."}])
    order = [page.index(f"<h2>{name}") for name in ("none", "who", "worse", "=cmd()", "look", "fine")]
    assert order == sorted(order) and "<b></p>" not in page and "&lt;b&gt;" in page
    assert page.count("<article") == 6 and page.count("<img") == 5 and "click 1" not in page
    text = as_csv(rows)
    assert "\n'=cmd()," in text and "0.93" in text


def test_an_image_has_one_card_with_all_its_structures():
    """In the order of its picture, the card in the color of the worst, a note once, and nothing that is no text."""
    nasty = '<i>"a#b%c'
    rows = [
        _row(nasty, "green", 0.93, 1, side="left", notes="Look."), _row(nasty, "red", 0.4, 2, side="left", notes="Look."),
        _row("other", "amber", 0.85),
    ]  # fmt: skip
    page = as_html(rows)
    card, other = re.findall("<article.*?</article>", page)
    assert COLORS["red"] in card.partition(">")[0] and COLORS["amber"] in other.partition(">")[0]
    assert 0 < card.index("left, click 1: green") < card.index("left, click 2: red")
    assert card.count("Note: Look.") == 1 and card.count("<img") == 1
    assert "<h2>&lt;i&gt;" in card and "<i>" not in page and 'src="%3Ci%3E%22a%23b%25c/overview.png"' in card
    assert "Structures: 3 (1 green, 1 amber, 1 red, 0 grey)" in page
    failed = as_html([rows[0], {"image": nasty, "file": "f", "error": "It <is> gone."}])
    (card,) = re.findall("<article.*?</article>", failed)
    assert COLORS["grey"] in card.partition(">")[0] and "an older one stands: It &lt;is&gt; gone." in card
    assert "left: green" in card


def test_a_table_of_many_is_told_in_a_line(tmp_path, model, images, monkeypatch):
    monkeypatch.setattr(shown, "_MOST_ROWS", 2)
    told = run("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1).stdout
    assert told.startswith("Structures: 3 (0 green, 0 amber, 0 red, 3 grey). See") and "summary.html" in told


def test_a_result_that_a_file_browser_has_shown_is_still_one(tmp_path, model, images):
    """What Finder and Explorer leave in it counts for nothing: it is taken, told of, and may be replaced."""
    words = ("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1)
    assert run(*words).exit_code == 0
    first = (tmp_path / "out" / "v0" / "segmentation.nii.gz").stat().st_mtime_ns
    for name in (".DS_Store", "._report.json", "Thumbs.db", "desktop.ini"):
        (tmp_path / "out" / "v0" / name).write_bytes(b"x")
    again = run(*words, "--missing")
    assert again.exit_code == 0 and len(table(tmp_path / "out")) == 3, again.output
    assert (tmp_path / "out" / "v0" / "segmentation.nii.gz").stat().st_mtime_ns == first
    assert run(*words, "--overwrite").exit_code == 0
    assert {file.name for file in (tmp_path / "out" / "v0").iterdir()} == set(RESULT_FILES)


def test_missing_takes_no_result_of_other_members_than_the_model_s(tmp_path, model, images):
    words = ("segment", images / "v0.nii.gz", "--model", model, "--out", tmp_path / "out")
    assert run(*words, "--members", 1).exit_code == 0
    result = run(*words, "--missing")
    assert result.exit_code == 1 and "is of another request" in " ".join(result.output.split())
    assert run(*words, "--missing", "--members", 1).exit_code == 0


def test_clicks_of_a_file(tmp_path, model, images):
    """Each volume gets its own; one that has none is told by the engine; names may have folders and suffixes."""
    clicks, folder = tmp_path / "clicks.csv", images.name
    rows = f"v0,-11,-13,10,x\n{folder}/v1.nii.gz,-11,-13,10,y\nv1,-12,-13,10,y\n"
    clicks.write_text(f"image,R,A,S,who\n{rows}", "utf-8")
    words = ("segment", images, "--model", model, "--out", tmp_path / "out", "--members", 1, "--clicks", clicks)
    assert run(*words).exit_code == 0
    found = [(row["image"], row["structure"], row["same_as"]) for row in table(tmp_path / "out")]
    assert found == [("v0", "1", ""), ("v1", "1", ""), ("v1", "2", "1"), ("v2", "1", "")]  # both hit one ball
    clicks.write_text("image,r,a,s\nMu\u0308ller,1,2,3\n", "utf-8")  # as macOS writes it
    assert read_clicks(clicks, {"M\u00fcller": "v0"}) == {"v0": [(1, 2, 3)]}
    clicks.write_text("\ufeffimage;r;a;s\nv0;-1,5;2;3\n", "utf-8")  # as spreadsheets write it in some countries
    assert read_clicks(clicks, {"v0": "v0"}) == {"v0": [(-1.5, 2, 3)]}
    assert read_result(tmp_path / "out" / "v0").findings[0].click == (-11, -13, 10)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("image,r,a\nv0,1,2\n", "has no column s"),
        ("image,r,a,s\nv9,1,2,3\n", "line 2: none of the images is called 'v9'"),
        ("image,r,a,s\nv0,1,2,3\nv0,1,x,3\n", "line 3: "),
        ("image,r,a,s\nv0,1,2\n", "line 2: '1', '2', '' are not three numbers"),
        ("image,r,a,s\nv0,1,2,inf\n", "line 2: "),
        ("", "has no column image"),
    ],
)
def test_a_wrong_file_of_clicks_is_one_sentence(tmp_path, text, told):
    path = tmp_path / "clicks.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(MedNCAError, match=told):
        read_clicks(path, {"v0": "v0", "v1": "v1"})
    path.write_text("image,r,a,s\np2/v0.nii,1,2,3\n", "utf-8")
    assert read_clicks(path, {"v0": "v0"}, {"v0": tmp_path / "p2" / "v0.nii"}) == {"v0": [(1, 2, 3)]}
    with pytest.raises(MedNCAError, match=r"none of the images is called 'p2/v0\.nii'"):  # but another patient's is
        read_clicks(path, {"v0": "v0"}, {"v0": tmp_path / "p1" / "v0.nii"})
    with pytest.raises(MedNCAError, match=r"nothing\.csv"):
        read_clicks(tmp_path / "nothing.csv", {"v0": "v0"})


def test_a_wrong_request_is_told_once(tmp_path, model, images):
    words = ("segment", images, "--model", model, "--out", tmp_path / "out")
    (tmp_path / "file").write_text("", encoding="utf-8")
    for wrong, told in ((("--target", 80), "target Dice"), (("--members", 0), "ensemble members"),
                        (("--out", tmp_path / "file"), "is no folder")):  # fmt: skip
        result = run(*words, *wrong)
        assert isinstance(result.exception, MedNCAError) and told in str(result.exception)
    assert not (tmp_path / "out").exists()


_ROW = "image,file,verdict,expected_dice,error\n"


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "image,verdict,expected_dice,error\nv0,red,0.2,\n", f"{_ROW}v0\n",
                                  f"{_ROW}v0,/etc/hosts,red,0.2,\n", f"{_ROW}../v0,v0,red,0.2,\n"])  # fmt: skip
def test_what_is_no_table_cannot_be_reviewed(tmp_path, images, text):
    (tmp_path / "summary.csv").write_text(text, encoding="utf-8")
    for what, told in ((tmp_path / "gone.csv", "cannot be read"), (images / "v0.nii.gz", "is no CSV file"),
                       (tmp_path, "is no table of results")):  # fmt: skip
        with pytest.raises(MedNCAError, match=told):
            doubtful(what, images, 9)


def test_a_table_that_a_spreadsheet_saved(tmp_path):
    """In its own code page, which is refused; and with cells that it shall not take for formulas, which come back."""
    path = tmp_path / "clicks.csv"
    path.write_bytes("image,r,a,s\nM\xfcller,1,2,3\n".encode("cp1252"))
    for read in (lambda: read_clicks(path, {"M\xfcller": "M\xfcller"}), lambda: doubtful(path, tmp_path, 9)):
        with pytest.raises(MedNCAError, match="save it as CSV UTF-8"):
            read()
    for name in ("-v0", "=v0", "'v0", "v0"):
        assert unquoted(quoted(name)) == name


def test_an_image_with_a_sign_before_its_name_is_reviewed(tmp_path, model):
    images = write_balls(tmp_path / "images", ("-v0",))
    assert run("segment", images, "--model", model, "--members", 2, "--out", tmp_path / "out").exit_code == 0
    assert table(tmp_path / "out")[0]["image"] == "'-v0"
    result = run("review", tmp_path / "out" / "summary.csv", "--images", images, "--out", tmp_path / "doubtful.mrb")
    assert result.exit_code == 0 and (tmp_path / "doubtful.mrb").is_file(), result.output


def test_a_review_with_another_folder_s_images_says_so(tmp_path, model, images):
    assert run("segment", images, "--model", model, "--members", 2, "--out", tmp_path / "out").exit_code == 0
    (tmp_path / "wrong").mkdir()
    result = run("review", tmp_path / "out", "--images", tmp_path / "wrong", "--out", tmp_path / "doubtful.mrb")
    assert "wrong is not the folder of the images" in str(result.exception) and not (tmp_path / "doubtful.mrb").exists()


def test_a_volume_that_is_done_twice_keeps_its_result(tmp_path, model, images):
    """As where its process dies between the result and the answer; what was there before is refused as ever."""
    job = Job(
        Request(model, load_model(Path(model)).sha256, members=2), "v0", str(images / "v0.nii.gz"), str(tmp_path / "v0")
    )
    again = repeatable(job)
    first, second = segment_volume(again), segment_volume(again)
    assert second == first  # its seconds, too: it was not computed again
    with pytest.raises(MedNCAError, match="already exists; choose another --out, or add --overwrite"):
        repeatable(job)


def _kill_at_work(out, processes):
    """All of them, once the first result is there."""
    until = time.monotonic() + 60
    while not list(out.glob("*/report.json")) and time.monotonic() < until:
        time.sleep(0.05)
    for process in processes:
        os.kill(process, signal.SIGKILL)


def test_a_cluster_whose_worker_is_killed_segments_all(tmp_path, model, images, monkeypatch):
    """By paths from the folder where one stands, in which no worker is. Real processes of dask's; whoever dies is
    replaced, and what it had is done by another; one bad image is told."""
    distributed = pytest.importorskip("distributed")
    (images / "broken.nii.gz").write_bytes(b"no image")
    paths = [str(Path(__file__).parents[1] / "MedNCASegment")]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    with distributed.LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None, env=environment, silence_logs=50
    ) as cluster:  # fmt: skip
        victims = [worker.pid for worker in cluster.workers.values()][:1]
        killer = threading.Thread(target=_kill_at_work, args=(tmp_path / "out", victims))
        killer.start()
        begun = time.monotonic()
        monkeypatch.chdir(tmp_path)
        words = ("segment", images.name, "--model", model, "--members", 2, "--out", "out")
        result = run(*words, "--scheduler", cluster.scheduler_address, "--json")
    killer.join()
    assert result.exit_code == 1 and result.stdout, repr(result.exception)
    assert time.monotonic() - begun < 120
    told = json.loads(result.stdout)
    assert len(told["results"]) == 3 and len(told["failures"]) == 1 and "broken" in told["failures"][0]["image"]
    for number in range(3):
        assert {file.name for file in (tmp_path / "out" / f"v{number}").iterdir()} == set(RESULT_FILES)
    assert len(table(tmp_path / "out")) == 4


def test_a_job_that_kills_its_workers_is_told_and_costs_no_other_one(monkeypatch):
    """Not even the one that waits at the same worker each time. Until there are workers it is told that there are none,
    and the scheduler, which may be others', too, allows as many failures afterwards as before."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("mednca.batch.cluster._LOOK_SECONDS", 0.2)
    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "MedNCASegment"), "OMP_NUM_THREADS": "1"}
    with distributed.LocalCluster(
        n_workers=0, processes=True, threads_per_worker=1, dashboard_address=None, env=environment, silence_logs=50
    ) as cluster:  # fmt: skip
        cluster.scheduler.allowed_failures, told = 7, []

        def die_or_double(job):
            if job == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if job == "fails":
                raise MedNCAError("This case is bad.")
            return job * 2

        def tell(sentence):
            told.append(str(sentence))
            cluster.scale(1)

        outcomes = list(run_on_cluster(cluster.scheduler_address, die_or_double, ["dies", 1, 2, "fails"], tell))
        assert cluster.scheduler.allowed_failures == 7
    assert {outcome.job: outcome.result for outcome in outcomes} == {"dies": None, 1: 2, 2: 4, "fails": None}
    errors = {outcome.job: str(outcome.error) for outcome in outcomes if outcome.error}
    assert errors == {"dies": str(DIED), "fails": "This case is bad."}
    assert told and told[0].endswith("has no workers; they are waited for.")


@pytest.mark.slow
def test_a_scheduler_that_is_gone_is_one_sentence(tmp_path, model):
    """What was done until then stays, and a second call does the rest."""
    pytest.importorskip("distributed")
    images = write_balls(tmp_path / "images", [f"v{number}" for number in range(30)])
    file = tmp_path / "cluster.json"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "MedNCASegment"), "OMP_NUM_THREADS": "1"}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(file), "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    started = [subprocess.Popen(words, env=environment, cwd=tmp_path) for words in (dask, worker)]
    try:
        killer = threading.Thread(target=_kill_at_work, args=(tmp_path / "out", [started[0].pid]))
        killer.start()
        while not file.exists():
            time.sleep(0.1)
        words = ("segment", images, "--model", model, "--members", 2, "--out", tmp_path / "out")
        result = run(*words, "--scheduler", file)
        killer.join()
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert isinstance(result.exception, MedNCAError) and "is gone" in str(result.exception), repr(result.exception)
    done = len(list((tmp_path / "out").glob("*/report.json")))
    assert 0 < done < 30
    assert run(*words, "--missing").exit_code == 0
    assert len(table(tmp_path / "out")) == 30


def test_workers_are_left_alone_while_they_work_and_only_then():
    """What dask does in them many times a second, their nannies' watch, too; those that come later are like them."""
    distributed = pytest.importorskip("distributed")
    from mednca.batch.cluster_worker import undisturbed

    def periods(server):
        every = server.periodic_callbacks.items()  # the heartbeat keeps to the number of workers
        return {name: each.callback_time for name, each in every if each.is_running() and name != "heartbeat"}

    environment = {"PYTHONPATH": str(Path(__file__).parents[1] / "MedNCASegment")}
    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None, "env": environment}
    with distributed.LocalCluster(n_workers=1, **options) as cluster, distributed.Client(cluster) as client:
        (nanny,) = cluster.workers.values()

        def all_periods():
            (worker,) = client.run(lambda dask_worker: periods(dask_worker)).values()
            return worker, periods(nanny)

        before = all_periods()
        assert min(before[0].values()) < 100 and min(before[1].values()) < 100
        with undisturbed(client):
            for _ in range(2):
                during = all_periods()
                assert min(during[0].values()) >= 1000 and min(during[1].values()) >= 1000
                assert [each.keys() for each in during] == [each.keys() for each in before]
                client.restart()
        assert all_periods() == before


def test_no_scheduler_is_one_sentence(tmp_path, model, images, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("mednca.batch.cluster._WAIT", 0.5)
    words = ("segment", images, "--model", model, "--out", tmp_path / "out")
    result = run(*words, "--scheduler", "tcp://127.0.0.1:9")
    assert isinstance(result.exception, MedNCAError) and "no scheduler" in str(result.exception)
    nowhere = run(*words, "--scheduler", str(tmp_path / "scheduler.json"))
    assert isinstance(nowhere.exception, MedNCAError) and "No such file" in str(nowhere.exception)
    assert isinstance(run(*words, "--scheduler", "x", "--jobs", 2).exception, MedNCAError)


def test_what_a_job_returns_is_small(tmp_path, model, images):
    """It goes through pipes and networks by the thousand."""
    import pickle

    from mednca.batch.jobs import Job, Request, segment_volume
    from mednca.models.weights import load_model

    request = Request(model, load_model(Path(model)).sha256, 2)
    job = Job(request, "v0", str(images / "v0.nii.gz"), str(tmp_path / "out" / "v0"))
    assert len(pickle.dumps(segment_volume(job))) < 20_000
    with pytest.raises(MedNCAError, match="another one by now"):
        segment_volume(Job(Request(model, "0" * 64, 2), "v1", str(images / "v1.nii.gz"), str(tmp_path / "out" / "v1")))

"""What lies in a run's folder, and what is said of runs between processes: each format is read as it was written."""

import csv
import json
import math
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ROOT
from mednca.errors import MedNCAError, Sentence
from mednca.schema import ID
from mednca_train import cli, kept_rows, run_folder
from mednca_train.data.cases import Case
from mednca_train.messages import (
    ExamineAnswer,
    ExamineRequest,
    NewRun,
    PlanAnswer,
    PlanRequest,
    TrainAnswer,
    TrainRequest,
)
from mednca_train.plan.estimate import Estimate
from mednca_train.plan.fingerprint import CaseFacts, Fingerprint
from mednca_train.plan.metadata import slug
from mednca_train.run_folder import HistoryRow, RunOptions, RunState, RunStatus
from mednca_train.run_view import is_going_on, view_runs
from mednca_train.training.board import board
from mednca_train.training.history import append_rows, drop_rows_after
from mednca_train.training.losses import total_loss
from mednca_train.validation_report import ValidationReport
from phantoms import bright_model, save
from training_phantoms import METADATA, plan

ROWS = [
    HistoryRow(1, 1.9446940422058105, 0.5, 1e-4, 0.1),
    HistoryRow(2, 1.5, math.inf, 5.138853128737502e-05, 0.2),
    HistoryRow(3, 1.25, 0.25, 2e-05, 0.3, 0.5, (0.25, 0.75)),
]


def test_what_the_panel_imports_needs_no_torch():
    code = """
import sys
import time
for name in ("torch", "safetensors", "jsonschema", "torchio", "scipy", "typer", "rich", "matplotlib"):
    sys.modules[name] = None
from mednca_train import messages, run_folder, run_lock
from mednca_train.plan import estimate, finetuning, fingerprint, metadata, plan, presets, propose
from mednca_train.data import cases, examine
"""
    paths = [str(ROOT / "MedNCASegment"), str(ROOT / "NCATrainer")]
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"], check=True)


def _begun(folder, name="Phantom", state=RunState.PAUSED):
    folder.mkdir(parents=True)
    run_folder.write_metadata(folder, METADATA | {"name": name}, RunOptions(device="cuda"))
    run_folder.write_status(folder, RunStatus(state, 4, 9, 0.5, 3))
    run_folder.write_plan(folder, plan())
    return folder


def test_each_file_is_read_as_it_was_written(tmp_path):
    folder = _begun(tmp_path / "run")
    options = RunOptions("cpu", "salt", "mednca train", "/out", True, 3)
    run_folder.write_metadata(folder, METADATA, options)
    run_folder.write_split(folder, {"training": ["a"], "validation": ["b"]})
    assert run_folder.read_metadata(folder) == (METADATA, options)
    assert run_folder.read_plan(folder) == plan()
    assert run_folder.read_split(folder) == {"training": ["a"], "validation": ["b"]}
    assert run_folder.read_status(folder) == RunStatus(RunState.PAUSED, 4, 9, 0.5, 3)
    assert run_folder.read_history(folder) == []
    append_rows(folder / run_folder.HISTORY, ROWS)
    assert run_folder.read_history(folder) == ROWS


def test_the_history_holds_each_row_once(tmp_path):
    path = tmp_path / run_folder.HISTORY
    append_rows(path, ROWS)
    before = path.read_bytes()
    append_rows(path, ROWS[1:])
    assert path.read_bytes() == before
    with open(path, newline="", encoding="utf-8") as file:
        assert [row["dice_labels"] for row in csv.DictReader(file)] == ["", "", "[0.25, 0.75]"]
    drop_rows_after(path, 2)
    assert run_folder.read_history(tmp_path) == ROWS[:2]
    path.write_text("iteration,loss\n1,x\n", encoding="utf-8")
    with pytest.raises(MedNCAError, match="cannot be read"):
        run_folder.read_history(tmp_path)
    for saved in ("iteration;loss\n1;0,5\n", "iteration,loss\none,0.5\n", "iteration,loss\n1.0,0.5\n"):  # a spreadsheet
        path.write_text(saved, encoding="utf-8")
        with pytest.raises(MedNCAError, match="restore it, or delete it"):
            drop_rows_after(path, 2)


@pytest.mark.parametrize("line", [
    "{}\n", "[]\n", "3\n", '{"key": "a"}\n', '{"key": "a", "rows": [1]}\n', '{"key": 1, "rows": []}\n', "\0\0\n",
    '\0\0": 0.5}]}\n', "\0\0", '{"key": "c", "ro', '{"key": "c", "rows": []}', "\udcff\n",
])  # fmt: skip
def test_kept_rows_that_are_damaged_are_cut_out(tmp_path, monkeypatch, line):
    """As of a kill or a power cut: what they were of is measured again, and the next row begins a line."""
    path, flushed = tmp_path / "rows.jsonl", []
    monkeypatch.setattr("os.fsync", flushed.append)
    kept_rows.append_rows(path, "a", [{"dice": 0.5}])
    whole = path.read_bytes()
    assert len(flushed) == 1
    for damaged in (line.encode(errors="surrogateescape") + whole, whole + line.encode(errors="surrogateescape")):
        if damaged.startswith(whole) or line.endswith("\n"):
            path.write_bytes(damaged)
            assert kept_rows.read_rows(path) == {"a": [{"dice": 0.5}]} and path.read_bytes() == whole
    kept_rows.append_rows(path, "b", [])
    assert kept_rows.read_rows(path) == {"a": [{"dice": 0.5}], "b": []}


def test_a_row_that_is_told_is_json():
    told = [json.loads(json.dumps(row.to_json(), allow_nan=False)) for row in ROWS]
    assert [HistoryRow.from_json(row) for row in told] == [ROWS[0], replace(ROWS[1], gradient_norm=None), ROWS[2]]


def test_runs_are_listed_the_newest_first_and_damaged_ones_left_out(tmp_path):
    for number, name in enumerate(("old", "new")):
        folder = _begun(tmp_path / name, name.title())
        state = folder / run_folder.STATE
        state.touch()
        _age(state, 100 - number)
    for name, file, text in (
        ("a", "state.json", "{"),
        ("b", "state.json", '{"state": "nonsense", "iteration": 1, "of": 2}'),
        ("c", "metadata.json", "{}"),
    ):
        (_begun(tmp_path / name) / file).write_text(text, encoding="utf-8")
    (_begun(tmp_path / "d") / run_folder.PLAN).unlink()
    first, second = run_folder.find_runs(tmp_path)
    assert (first.name, second.name) == ("New", "Old") and first.folder == tmp_path / "new"
    assert (first.state, first.iteration, first.of, first.best_dice) == (RunState.PAUSED, 4, 9, 0.5)
    assert run_folder.find_runs(tmp_path / "nothing") == []
    assert run_folder.begun_on(tmp_path / "new") == "cuda" and run_folder.begun_on(tmp_path / "c") == "cpu"


def test_curves_for_tensorboard(tmp_path):
    """What an interrupted run wrote beyond its checkpoint is replaced by what it makes again."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for gone_on_from, rows in ((0, ROWS), (2, [replace(ROWS[2], loss=0.75)])):
        with board(tmp_path, plan(), gone_on_from) as add:
            for row in rows:
                add(row)
        time.sleep(1.1)  # TensorBoard reads files by name, and the name has the second that a writer began in
    told = EventAccumulator(str(tmp_path / "tensorboard"))
    told.Reload()
    assert [(e.step, round(e.value, 3)) for e in told.Scalars("loss")] == [(1, 1.945), (2, 1.5), (3, 0.75)]
    assert [(e.step, e.value) for e in told.Scalars("Dice/union")] == [(3, 0.5)]
    assert told.Scalars("Dice/Back")[0].value == 0.75


def test_curves_are_no_reason_to_stop(tmp_path):
    (tmp_path / "tensorboard").write_text("a file where a folder is needed", encoding="utf-8")
    with board(tmp_path, plan(), 0) as add:
        add(ROWS[0])


def test_runs_are_seen_from_outside(tmp_path):
    """Pace and loss by the latest iterations; a run that was killed falls silent; the command says the same."""
    folder = _begun(tmp_path / "mine", "Mine", RunState.TRAINING)
    rows = [HistoryRow(n, 1.0 / n, 1.0, 1e-3, 2.0, 0.4 if n == 2 else None) for n in range(1, 5)]
    append_rows(folder / run_folder.HISTORY, rows)
    (view,) = view_runs(tmp_path)
    assert (view.name, view.state, view.iteration, view.of) == ("Mine", "training", 4, 9)
    assert view.loss == pytest.approx(25 / 48) and (view.dice, view.best_dice) == (0.4, 0.5)
    assert view.seconds_left == 10.0 and view.seconds_ago < 60 and is_going_on(view)
    _age(folder / run_folder.STATE, 4000)
    (view,) = view_runs(folder)
    assert view.state == "silent" and view.seconds_left is None and not is_going_on(view)
    (folder / run_folder.HISTORY).write_text("damaged", encoding="utf-8")
    assert view_runs(folder)[0].loss is None
    (folder / run_folder.CHECKPOINT).touch()
    _age(folder / run_folder.CHECKPOINT, 9000)
    assert 9000 <= view_runs(folder)[0].seconds_ago < 9060  # what is kept is that old, whoever writes the state since
    for nothing in (tmp_path / "nothing", folder / "base"):
        with pytest.raises(MedNCAError, match="is no folder"):
            view_runs(nothing)
    outside = tmp_path / "runs of folds"
    (outside / "mine").mkdir(parents=True)
    (outside / "mine" / "fold-1").symlink_to(folder)
    assert [view.folder for view in view_runs(outside)] == [str(outside / "mine" / "fold-1")]
    with pytest.raises(MedNCAError, match="holds several runs, as those of folds"):
        run_folder.check_begun(outside / "mine")
    told = CliRunner().invoke(cli.cli.app, ["runs", str(tmp_path), "--json", "--watch", "1"])
    assert told.exit_code == 0 and json.loads(told.output)[0]["state"] == "silent"
    assert "silent" in CliRunner().invoke(cli.cli.app, ["runs", str(folder)]).output


def test_without_a_folder_the_runs_of_the_panel_are_shown(tmp_path, monkeypatch):
    _begun(tmp_path / "Runs" / "mine", state=RunState.DONE)
    monkeypatch.setenv("MEDNCA_MODELS", str(tmp_path / "Models"))
    assert "mine" in CliRunner().invoke(cli.cli.app, ["runs"]).output
    monkeypatch.setenv("MEDNCA_RUNS", str(tmp_path / "elsewhere"))
    assert "elsewhere is no folder" in str(CliRunner().invoke(cli.cli.app, ["runs"]).exception)


def _age(path: Path, seconds: float) -> None:
    import os

    stat = path.stat()
    os.utime(path, (stat.st_atime - seconds, stat.st_mtime - seconds))


def test_the_result_of_a_run(tmp_path):
    folder = _begun(tmp_path / "run", state=RunState.DONE)
    report = {"mean": {"cases": 2, "dice": {"union": 0.9}, "dice_sd": {"union": 0.1}}}
    report = ValidationReport.from_json(report)
    run_folder.write_report(folder, report)
    with pytest.raises(MedNCAError, match="holds no model"):
        run_folder.read_result(folder)
    save(bright_model(), folder / run_folder.RESULT)
    result = run_folder.read_result(folder)
    assert (result.name, result.report, result.folder) == ("Phantom", report, folder / "result")


def test_metadata_of_before_version_0_2(tmp_path):
    told = {"texts": METADATA, "options": {"device": "cpu", "salt": "s", "command": "c", "more": 1}}
    (tmp_path / "texts.json").write_text(json.dumps(told), encoding="utf-8")
    assert run_folder.read_metadata(tmp_path) == (METADATA, RunOptions("cpu", "s", "c"))
    assert run_folder.read_name(tmp_path) == "Phantom"


def test_requests_and_answers_are_read_as_they_were_written():
    cases = (Case("a", Path("/i/a.nrrd"), Path("/l/a.nrrd")),)
    found = Fingerprint(
        (CaseFacts("a", labels={1: 5, 12: 7}, sides={1: -2.5, 12: 0.0}), CaseFacts("b", problem=Sentence("It.")))
    )
    usable = Fingerprint((CaseFacts("a", (9, 9, 9), (1.0, 1.0, 1.0), labels={1: 5}, sides={1: 0.0}),))
    for message in (
        ExamineRequest(data=Path("/x")),
        ExamineRequest(cases=cases),
        PlanRequest(usable, "base", "med-nca", {1: "One"}, {"batch": 2}, False),
        TrainRequest(Path("/run"), device="cpu"),
        TrainRequest(Path("/run"), NewRun(plan(), cases, "x", "X", "base", True)),
        ExamineAnswer(usable, cases, {1: "One"}),
        PlanAnswer(plan(), {"batch": Sentence("{what}.", what=Sentence("why"))}, Estimate(1.0, 2.0, 3.0, 4.0)),
        PlanAnswer(plan(), {}, None),
        TrainAnswer(Path("/out"), ValidationReport.from_json({"mean": {"cases": 2, "dice": {}, "dice_sd": {}}})),
    ):
        assert type(message).from_json(json.loads(json.dumps(message.to_json()))) == message
    with pytest.raises(MedNCAError, match="not valid"):
        Fingerprint.from_json(found.to_json())  # a case without a problem must have a size


def test_a_name_becomes_an_id():
    assert slug("Left Hippocampus (T1), 3 mm") == "left-hippocampus-t1-3-mm"
    assert slug("Ärzte & 日本") == "rzte" and slug("!!") == "model" and len(slug("x" * 99)) == 64
    for name in ("CON", "Aux", " lpt1 "):  # which Windows keeps for devices, and no model may be called
        assert slug(name) == f"{name.strip().lower()}-1" and re.match(ID["pattern"], slug(name))
    assert slug("Con 2") == "con-2" and slug("Auxiliary") == "auxiliary"


def test_every_loss_that_a_plan_may_name_is_there():
    import torch

    from mednca_train.plan.plan import LOSSES

    output = (torch.zeros(1, 2, 2, 2, 2), torch.zeros(1, 2, 2, 2, 2), torch.ones(1, 2, 2, 2, 1))
    for loss in LOSSES:
        assert total_loss([output], plan(loss=loss)).isfinite()

"""Model folders and archives: what is broken is named, what is hostile is refused, nothing half-done is left."""

import hashlib
import json
import os
import pickle
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from mednca.errors import MedNCAError
from mednca.models.description import MAX_WEIGHTS_BYTES
from mednca.models.library import Library
from mednca.models.weights import load_model
from phantoms import bright_model, save

WEIGHTS, JSON = "weights.safetensors", "model.json"


@pytest.fixture
def folder(tmp_path):
    return save(bright_model(spacing=(1.0, 1.0, 1.0), field_of_view=(20.0, 20.0, 20.0)), tmp_path / "bright")


def _rewrite(folder, weights: bytes):
    """Other weights with a matching checksum."""
    (folder / WEIGHTS).write_bytes(weights)
    _edit(folder, sha256=hashlib.sha256(weights).hexdigest())


def _edit(folder, **changes):
    info = json.loads((folder / JSON).read_text())
    (folder / JSON).write_text(json.dumps(info | changes))


def _tensors(folder, **changes):
    tensors = load_file(folder / WEIGHTS)
    _rewrite(folder, to_bytes({k: v for k, v in (tensors | changes).items() if v is not None}))


RISING = {
    "nqm": [0.1, 0.2], "dice": [0.5, 0.9], "low": [0.4, 0.8], "high": [0.6, 1.0], "members": 10, "samples": 50,
    "linear": [0, 0], "detection": {},
}  # fmt: skip
_CURVE = {
    "signal": "nqm",
    "knots": [0.1, 0.2],
    "dice": [0.9, 0.5],
    "low": [0.8, 0.4],
    "high": [1.0, 0.6],
    "samples": 50,
}
CONTEXTS = {
    "curves": {"crop": _CURVE, "scan": _CURVE | {"samples": 9}}, "members": 10, "linear": [0, 0],
    "detection": {}, "coverage": 0.9,
}  # fmt: skip


def _calibration(**changes):
    return lambda f: _edit(f, quality={"calibration": CONTEXTS | changes})


KEY = "cells.0.hidden.weight"
BROKEN = {
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "missing"),
    "no description": (lambda f: (f / JSON).unlink(), "missing"),
    "empty weights": (lambda f: (f / WEIGHTS).write_bytes(b""), "0 bytes"),
    "cut weights": (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-9]), "SHA-256"),
    "cut weights, new checksum": (lambda f: _rewrite(f, (f / WEIGHTS).read_bytes()[:-9]), "safetensors"),
    "oversized": (lambda f: os.truncate(f / WEIGHTS, MAX_WEIGHTS_BYTES + 1), "allowed"),
    "one bit changed": (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"\x01"), "SHA-256"),
    "pickle in disguise": (lambda f: _rewrite(f, pickle.dumps({"a": 1})), "safetensors"),
    "torch file in disguise": (lambda f: (torch.save({}, f / WEIGHTS), _rewrite(f, (f / WEIGHTS).read_bytes())), "safetensors"),
    "wrong shape": (lambda f: _tensors(f, **{KEY: torch.zeros(5, 8)}), "shape"),
    "wrong type": (lambda f: _tensors(f, **{KEY: torch.zeros(4, 8, dtype=torch.float64)}), "float64"),
    "missing tensor": (lambda f: _tensors(f, **{KEY: None}), "tensors"),
    "extra tensor": (lambda f: _tensors(f, extra=torch.zeros(3)), "tensors"),
    "NaN": (lambda f: _tensors(f, **{KEY: torch.full((4, 8), torch.nan)}), "NaN"),
    "unknown schema": (lambda f: _edit(f, schema_version=99), "version 99"),
    "not a model": (lambda f: (f / JSON).write_text("[]"), "does not describe"),
    "not JSON": (lambda f: (f / JSON).write_text("{"), "JSON"),
    "NaN in JSON": (lambda f: (f / JSON).write_text((f / JSON).read_text().replace('"version": "0"', '"version": NaN')), "NaN"),
    "unknown family": (lambda f: _edit(f, architecture={**bright_model().architecture.to_json(), "family": "x"}), "family"),
    "huge architecture": (lambda f: _edit(f, architecture={**bright_model().architecture.to_json(), "hidden": 10**9}), "hidden"),
    "id with a path": (lambda f: _edit(f, id="../evil"), "id"),
    "no labels": (lambda f: _edit(f, labels=[]), "labels"),
    "label count": (lambda f: _edit(f, labels=[{"value": n, "name": f"x{n}", "color": [0, 0, 0]} for n in (1, 2)]), "number of labels"),
    "equal label names": (lambda f: _edit(f, labels=[{"value": n, "name": "x", "color": [0, 0, 0]} for n in (1, 2)]), "names"),
    "half a calibration": (lambda f: _edit(f, quality={"calibration": {"nqm": [0.1, 0.2]}}), "quality"),
    "a calibration that rises": (lambda f: _edit(f, quality={"calibration": RISING}), "quality"),
    "half a curve": (_calibration(curves={"crop": {"knots": [0.1]}}), "quality"),
    "an unknown context": (_calibration(curves={"elsewhere": _CURVE}), "quality"),
    "no curve": (_calibration(curves={}), "quality"),
    "more than all are covered": (_calibration(coverage=1.5), "quality"),
    "deeply nested": (lambda f: (f / JSON).write_text("[" * 200_000), "JSON"),
    "odd metrics": (lambda f: _edit(f, eval_metrics={"dice": 0.9}), "eval_metrics"),
    "odd terminology": (lambda f: _edit(f, labels=[{"value": 1, "name": "x", "color": [0, 0, 0], "terminology": {"type": 5}}]), "labels"),
    "negative spacing": (lambda f: _edit(f, preprocessing={"orientation": "RAS", "spacing": [-1, 1, 1], "percentiles": [0, 100], "field_of_view": None}), "spacing"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_models_are_told_and_hide_nobody(folder, kind):
    damage, word = BROKEN[kind]
    save(bright_model("good"), folder.parent / "good")
    damage(folder)
    with pytest.raises(MedNCAError, match=word):
        load_model(folder)
    entries = {entry.id: entry for entry in Library(bundled=folder.parent, user=folder / "none").entries()}
    assert entries["good"].problem is None
    (broken,) = (entry for entry in entries.values() if entry.problem)
    assert broken.description is None and len(str(broken.problem)) < 600


def test_a_whole_model_comes_back(folder):
    kept, model = bright_model(), load_model(folder)
    assert model.labels == kept.labels and model.architecture == kept.architecture
    for name, value in kept.pyramid.state_dict().items():
        assert torch.equal(model.pyramid.state_dict()[name], value)


def test_a_calibration_may_have_a_curve_per_context(folder):
    _calibration()(folder)
    calibration = load_model(folder).calibration
    assert [calibration.curve(context).samples for context in ("crop", "scan")] == [50, 9]
    assert json.loads(json.dumps(calibration.to_json())) == CONTEXTS


def test_find_by_id_or_folder(folder):
    library = Library(bundled=folder.parent, user=folder / "none")
    assert library.load("bright").sha256 == library.load(str(folder)).sha256
    for name in ("nothing", "../bright", "", "."):
        with pytest.raises(MedNCAError):
            library.load(name)


def test_export_and_import(folder, tmp_path):
    library = Library(bundled=tmp_path / "none", user=tmp_path / "user")
    archive = library.export_model(str(folder), tmp_path / "bright.zip")
    with pytest.raises(MedNCAError, match="is there already; give the file another name"):
        library.export_model(str(folder), archive)
    archive.write_text("old")
    assert library.export_model(str(folder), archive, replace=True) == archive and archive.stat().st_size > 1000
    with pytest.raises(MedNCAError, match="cannot be written"):
        library.export_model(str(folder), tmp_path, replace=True)  # a folder does not give way
    entry = library.import_model(archive)
    assert entry.id == "bright" and entry.problem is None and not entry.bundled
    with pytest.raises(MedNCAError, match="already"):
        library.import_model(archive)
    library.import_model(archive, replace=True)
    assert [e.id for e in library.entries()] == ["bright"]
    assert sorted(p.name for p in (tmp_path / "user").iterdir()) == ["bright"]
    library.remove_model("bright")
    assert library.entries() == []


def test_a_replacement_that_was_killed_is_taken_back(tmp_path):
    save(bright_model(), tmp_path / ".mednca-replaced-01234567.bright")
    assert [entry.id for entry in Library(tmp_path / "none", tmp_path).entries()] == ["bright"]


def test_a_bundled_id_is_not_replaced(folder, tmp_path):
    library = Library(bundled=folder.parent, user=tmp_path / "user")
    archive = library.export_model("bright", tmp_path / "bright.zip")
    with pytest.raises(MedNCAError, match="comes with MedNCA"):
        library.import_model(archive, replace=True)
    with pytest.raises(MedNCAError, match="bundled"):
        library.remove_model("bright")


def _zip(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def _link(folder, path):
    info = zipfile.ZipInfo("bright/weights.safetensors")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _zip(path, [("bright/model.json", (folder / JSON).read_bytes()), (info, b"/etc/passwd")])


def _whole(folder, top):
    return [(f"{top}{name}", (folder / name).read_bytes()) for name in (JSON, WEIGHTS)]


HOSTILE = {
    "no zip": lambda f, p: (p.write_bytes(b"PK not really"), p)[1],
    "path upward": lambda f, p: _zip(p, [*_whole(f, ""), ("../evil.txt", b"x")]),
    "absolute path": lambda f, p: _zip(p, [*_whole(f, ""), ("/tmp/evil.txt", b"x")]),
    "backslashes": lambda f, p: _zip(p, [*_whole(f, ""), ("..\\evil.txt", b"x")]),
    "drive": lambda f, p: _zip(p, _whole(f, "C:")),
    "link": _link,
    "code": lambda f, p: _zip(p, [*_whole(f, "a/"), ("a/run.py", b"print(1)")]),
    "two models": lambda f, p: _zip(p, [*_whole(f, "a/")[:1], *_whole(f, "b/")[1:]]),
    "same file twice": lambda f, p: _zip(p, [*_whole(f, "a/"), *_whole(f, "a/")]),
    "bomb": lambda f, p: _zip(p, [*_whole(f, "a/")[:1], ("a/weights.safetensors", bytes(MAX_WEIGHTS_BYTES + 1))]),
    "many": lambda f, p: _zip(p, [(f"a/{n}", b"") for n in range(1000)]),
    "no weights": lambda f, p: _zip(p, _whole(f, "a/")[:1]),
    "wrong weights": lambda f, p: _zip(p, [*_whole(f, "a/")[:1], ("a/weights.safetensors", b"x" * 100)]),
    "nested": lambda f, p: _zip(p, _whole(f, "a/b/")),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_archives(folder, tmp_path, kind):
    user = tmp_path / "inbox" / "user"
    library = Library(bundled=tmp_path / "none", user=user)
    archive = HOSTILE[kind](folder, tmp_path / "a.zip")
    with pytest.raises(MedNCAError):
        library.import_model(archive)
    assert not set((tmp_path / "inbox").rglob("*")) - {user}
    assert not Path("/tmp/evil.txt").exists()


def test_a_lying_size_is_caught(folder, tmp_path):
    """An entry that declares fewer bytes than it holds."""
    archive = _zip(tmp_path / "a.zip", [("model.json", (folder / JSON).read_bytes()), (WEIGHTS, bytes(100_000))])
    data = bytearray(archive.read_bytes())
    place = data.rfind(np.uint32(100_000).tobytes())
    data[place : place + 4] = np.uint32(100).tobytes()
    archive.write_bytes(data)
    with pytest.raises(MedNCAError):
        Library(bundled=tmp_path / "none", user=tmp_path / "user").import_model(archive)

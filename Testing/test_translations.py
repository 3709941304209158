"""Every text that a person sees can be translated, and is in German: complete, in step with the code, and it fits."""

import ast
import re
from html import unescape

import numpy as np
import pytest
import torch

pytest.importorskip("slicer", reason="slicer-core is not installed")

from translations import MODULES, ROOT, messages, source, translations

from mednca.errors import MedNCAError, Sentence
from mednca.models.library import Library

# Names, keys of formats and of Slicer, markup: what nobody reads as a sentence.
_NO_SENTENCES = {
    "My model", "The MedNCA developers", "no such model", "Binary labelmap", "looked at", "mean member", "mean probability",
    "nqm field", "worst member", "Signal value", "NQM union", "Volume (ml)", "Expected Dice", "Dice low", "Dice high", "Distance (mm)", "dimension: 3",
    "space: left-posterior-superior", "kinds: domain domain domain", "encoding: raw", "space directions: ",
    "space origin: ", "Segmentation category and type - DICOM master list", "Anatomic codes - DICOM master list",
    "extent R", "extent A", "extent S",
}  # fmt: skip


def _markup(text):
    """Tags, entities, placeholders and line breaks, which a translation keeps."""
    return sorted(re.findall(r"<[^>]+>|&\w+;|\{[^}]*\}|\n", text))


def _literals(path):
    """Strings of a file that are neither docstrings nor hints nor handed to `_`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            known.add(id(node.body[0].value))
        calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "translate")
        hints = [node.annotation] if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation else []
        hints += [node.returns] if isinstance(node, ast.FunctionDef) and node.returns else []
        known |= {id(each) for part in ([node] if calls else hints) for each in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in known:
            yield node.lineno, node.value


@pytest.mark.parametrize("module", MODULES)
def test_no_sentence_goes_past_the_translators(module):
    files = [ROOT / module / f"{module}.py", *sorted((ROOT / module / MODULES[module]).glob("*.py"))]
    assert len(files) > 8
    told = [
        f"{path.name}:{line}: {text!r}"
        for path in files
        for line, text in _literals(path)
        if re.search(r"[A-Za-z]{2,} +[A-Za-z(]", text) and not re.search(r"[<>\[|]", text) and text not in _NO_SENTENCES
    ]
    assert told == []


@pytest.mark.parametrize("module", MODULES)
def test_german_is_complete_and_in_step(module):
    """`make translations` says what is missing; nothing that is shown may lose a placeholder or a tag."""
    german = translations(source(module, "de"))
    assert set(german) == set(messages(module)), "run `make translations`"
    assert [text for (_context, text), translation in german.items() if not translation] == []
    for (_context, text), translation in german.items():
        assert _markup(text) == _markup(translation), text
        assert text.strip()[-1:] in ".:?!" or translation.strip()[-1:] not in ".:?!" or "..." in translation, text
        assert (text[0], text[-1]) == (translation[0], translation[-1]) or " " not in (text[0], text[-1]), text


@pytest.mark.parametrize("module", MODULES)
def test_what_slicer_loads_is_what_was_translated(module):
    from PySide6.QtCore import QTranslator

    path = source(module, "de")
    translator = QTranslator()
    assert translator.load(str(path.with_suffix(".qm"))), "run `make translations`"
    for (context, text), translation in translations(path).items():
        assert translator.translate(context, text) == translation, text
    listed = (ROOT / module / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f"Resources/Translations/{module}_de.qm" in listed


@pytest.fixture(scope="module")
def shared_host(fresh_host):
    return fresh_host


@pytest.fixture()
def german(host, monkeypatch):
    """An application in German, from its start on."""
    import slicer

    monkeypatch.setattr(type(slicer.app), "applicationLocaleName", "de_DE")
    for module in MODULES:
        slicer.app.loadTranslations(str(source(module, "de").parent))
    return host


def test_the_engines_speak_german(german):
    """Sentences within sentences, too; what has no translation stays English, and what is no sentence stays as it is."""
    from MedNCASegmentLib.sentences import sentenceText

    empty = MedNCAError("{path} is empty (0 bytes); copy or export it again.", path="a.nii")
    assert sentenceText(empty) == "a.nii ist leer (0 Bytes); kopieren oder exportieren Sie die Datei erneut."
    kept = MedNCAError("{why} What was trained so far is kept; resume once that is mended.", why=empty)
    assert sentenceText(kept).startswith("a.nii ist leer") and "Das bisher Trainierte bleibt erhalten" in sentenceText(
        kept
    )
    assert sentenceText(Sentence("It is the same image as {other}.", other="b")) == "Das Bild ist dasselbe wie bei b."
    assert sentenceText(MedNCAError("Nobody translated {what}.", what=empty.sentence)).startswith(
        "Nobody translated a.nii ist"
    )
    assert sentenceText(OSError("disk")) == "disk"


def test_a_translation_with_other_fields_is_not_used(german, monkeypatch):
    from MedNCASegmentLib import sentences

    monkeypatch.setattr(sentences, "translate", lambda context, text: "{datei} ist leer.")
    assert sentences.sentenceText(Sentence("{path} is empty.", path="a.nii")) == "a.nii is empty."


def test_a_failure_of_the_worker_is_told_in_german(german):
    import slicer

    from nodes import add_volume
    from panel import open_panel

    panel = open_panel(german)
    panel.ui.inputSelector.setCurrentNode(add_volume(slicer, np.zeros((9, 9, 9), np.float32), name="constant"))
    german.click(panel.ui.wholeButton)
    assert german.wait(lambda: bool(german.dialogs), 60)
    assert "ist konstant (jeder Voxel ist 0): Es gibt nichts zu segmentieren." in german.dialogs[-1][1]
    assert "ist konstant" in panel.ui.logText.plainText


@pytest.mark.parametrize("width", [350, 500])
def test_the_panel_fits_in_german(german, width, tmp_path):
    """German words are long: no button's text is cut, nothing is wider than the panel."""
    import qt

    from panel import LEFT, RIGHT, click, open_all_sections, open_panel

    panel = open_panel(german)
    assert panel.ui.placeButton.text == "Klicken und segmentieren"
    for place in (LEFT, RIGHT):
        click(german, panel, place)
    open_all_sections(panel)
    german.processEvents()
    assert panel.parent.minimumSizeHint.width() <= width
    german.grab(panel.parent, str(tmp_path / "panel.png"), width)
    for button in panel.parent.findChildren(qt.QPushButton):
        if button.isVisible():
            assert button.fontMetrics().horizontalAdvance(button.text) < button.width, button.text
    for table in (panel.ui.verdictTable, panel.ui.volumesTable, panel.ui.hotspotsTable, panel.ui.severalTable):
        assert table.horizontalHeader().length() <= table.width <= width
    assert "Wahrscheinlich gut genug" in panel.ui.lightLabel.text


def test_the_report_tells_the_engines_notes_in_german(german):
    import slicer

    from MedNCASegment import MedNCASegmentLogic
    from MedNCASegmentLib.html_report import reportOf
    from nodes import add_volume
    from panel import BALLS, LEFT, ball_model

    if torch.cuda.is_available():
        pytest.skip("there is a device")
    volume = add_volume(slicer, BALLS[0] * np.int16(500) + np.int16(20), name="head")
    added, _result = MedNCASegmentLogic().segmentInProcess(volume, ball_model(), [LEFT], members=2, device="cuda")
    assert "Hier ist kein Gerät cuda verfügbar; stattdessen rechnet der Prozessor (cpu)." in reportOf(
        added.segmentationNode, 0.8, ()
    )


def test_the_bundled_models_speak_german_and_others_as_their_makers(german):
    """Also their terms, which a person is asked to accept."""
    from MedNCASegmentLib.messages import modelText
    from MedNCASegmentLib.sentences import modelsText

    library = Library()
    entries = [entry for entry in library.entries() if entry.folder.parent == library.bundled]
    assert len(entries) == 3
    for entry in entries:
        info = entry.description.info
        for text in (info["description"], info["intended_use"], info["license"], entry.description.terms):
            assert not text or (modelsText(text) != text and modelsText(text) in unescape(modelText(entry.description)))
        told = (info["limits"], info["quality"].get("scans"), *(label.name for label in entry.description.labels))
        assert all(text is None or modelsText(text) != text for text in told)
    assert modelsText("Somebody's own model.") == "Somebody's own model."

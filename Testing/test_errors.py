"""Messages that any terminal can show, whatever stands in the file that they tell of, and that can be translated."""

import ast
import json
import pickle
import re
import string

import pytest
from translations import ENGINES, ROOT, SAID_BY, said

from mednca.errors import MedNCAError, Sentence, fields, plain, sentence_of
from mednca.messages import Failed, Told, read_event
from mednca.schema import SENTENCE, check_schema

_WITHIN = MedNCAError("{path} is empty.", path="a.nii")
_NESTED = MedNCAError("{count} of them: {why}", count=2, why=_WITHIN)


@pytest.mark.parametrize(("text", "shown"), [
    ("a.nii is empty.", "a.nii is empty."), ("two\nlines\r\nhere", "two lines here"), ("\x1b[2Jgone", "\\x1b[2Jgone"),
    ("a\u202eb", "a\\u202eb"), ("half a pair: \ud800", "half a pair: \\ud800"), ("Köln, 上海", "Köln, 上海"), ("\0", "\\x00"),
])  # fmt: skip
def test_messages_are_plain(shown, text):
    assert str(MedNCAError(text)) == shown
    shown.encode("utf-8")


def test_long_messages_keep_their_ends():
    told = plain("begin " + "x" * 5000 + " end")
    assert told.startswith("begin xxx") and told.endswith("xxx end") and " ... " in told and len(told) < 700


def test_messages_come_back_from_other_processes():
    assert str(pickle.loads(pickle.dumps(MedNCAError("a\nb")))) == "a b"
    back = pickle.loads(pickle.dumps(_NESTED))
    assert back.sentence == _NESTED.sentence and str(back) == str(_NESTED) == "2 of them: a.nii is empty."


def test_a_sentence_keeps_what_is_filled_in_apart():
    assert _NESTED.sentence.template == "{count} of them: {why}"
    assert _NESTED.sentence.values == {"count": "2", "why": Sentence("{path} is empty.", path="a.nii")}
    assert str(MedNCAError("No {field} without its value")) == "No {field} without its value"
    assert str(Sentence("{path} is empty.", path="{path}")) == "{path} is empty."  # what is filled in is no template
    assert str(Sentence("{path} is empty.", path="\ud800\n")) == "\\ud800 is empty."
    assert str(MedNCAError.of(_NESTED.sentence)) == str(_NESTED)


def test_a_sentence_can_be_put_in_other_words():
    told = _NESTED.sentence.mapped(lambda template: template.replace("is empty", "ist leer"), str.upper)
    assert told == Sentence("{count} of them: {why}", count="2", why=Sentence("{path} ist leer.", path="A.NII"))


def test_another_error_may_carry_a_sentence():
    assert sentence_of(ValueError(_NESTED.sentence)) is _NESTED.sentence and sentence_of(ValueError("x")) is None


@pytest.mark.parametrize("event", [
    Failed("1", str(_NESTED), _NESTED.sentence, missed=True), Failed("1", "KeyError: 'x'", bug=True),
    Told("1", str(_WITHIN), _WITHIN.sentence),
])  # fmt: skip
def test_a_worker_tells_sentences(event):
    assert read_event(event.to_line()) == event


def test_a_worker_of_another_version_tells_english_alone():
    assert read_event('{"event": "failed", "job": "1", "error": "No."}') == Failed("1", "No.")


@pytest.mark.parametrize("sentence", [
    {"template": "x"}, {"template": 1, "values": {}}, {"template": "x", "values": {"a": 1}}, ["x"],
    {"template": "x", "values": {"a": {"template": "y"}}}, {"template": "x", "values": {}, "more": 1},
])  # fmt: skip
def test_a_worker_tells_nothing_else(sentence):
    line = json.dumps({"event": "failed", "job": "1", "error": "No.", "sentence": sentence})
    with pytest.raises(MedNCAError, match="A line of the worker is not valid"):
        read_event(line)
    with pytest.raises(MedNCAError):
        check_schema(sentence, SENTENCE, "It")


# --- what is not translatable


_FILES = [path for root, engine in ENGINES.items() for path in sorted((ROOT / root / engine).rglob("*.py"))]
_MACHINERY = {"errors.py"}  # where sentences are made of sentences


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_can_be_translated(path):
    """A template is a literal with named fields alone, and each is given a value."""
    for call in [] if path.name in _MACHINERY else said(path):
        place = f"{path.name}:{call.lineno}"
        assert len(call.args) == 1 and isinstance(call.args[0], ast.Constant), f"{place}: the template is no literal"
        template, given = call.args[0].value, {keyword.arg for keyword in call.keywords}
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
        assert all(name.isidentifier() and not how and not kind for _text, name, how, kind in parts), f"{place}: fields"
        assert "{{" not in template and "}}" not in template, f"{place}: braces"
        assert fields(template) == {part[1] for part in parts} == given, f"{place}: {given}"
        assert not [each for each in call.keywords if _has_words(each.value)], f"{place}: words that are no sentence"


def _has_words(value):
    """Whether what is filled in is a text of its own, which no translator finds."""
    texts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return any(isinstance(text, ast.Constant) and re.search("[A-Za-z]{2}", str(text.value)) for text in texts)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_kind_of_error_is_looked_at(path):
    """No subclass, and no other name of one, goes past the translators."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and {getattr(base, "id", "") for base in node.bases} & set(SAID_BY):
            assert node.name in SAID_BY
        if isinstance(node, ast.ImportFrom):
            assert not [each for each in node.names if each.name in SAID_BY and each.asname]

"""Messages that any terminal can show, whatever stands in the file that they tell of."""

import pickle

import pytest

from mednca.errors import MedNCAError, plain


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

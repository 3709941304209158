"""What the host's user would answer: no dialog may ever block a test, so all of them are asked here instead.

Recording and answering only; which widget asks, and what an answer means to it, is in qt.py.
"""

recorded = []  # (kind, text), oldest first
settings = {"answer": True}
current = None  # the dialog being asked about, for answers that look at it


def ask(kind, text, dialog=None):
    """Record a question and answer it: by a value, or by a function of (kind, text)."""
    global current
    current = dialog
    recorded.append((kind, text))
    answer = settings["answer"]
    return answer(kind, text) if callable(answer) else answer


def reset():
    recorded.clear()
    settings["answer"] = True

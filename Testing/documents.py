"""The documents, and what they tell people to type: for the tests that read it and the check that runs it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(path for folder in ("docs", "Resources") for path in sorted((ROOT / folder).rglob("*.md"))),
]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4,}((?:mednca|pip|python|make|git|dask|torchrun) .*)$", re.MULTILINE)


def name_of(document: Path) -> str:
    """A document's name: its path in the checkout, as docs/scale.md."""
    return document.relative_to(ROOT).as_posix()


def commands(document: Path) -> list[str]:
    """What is typed of a document, in its order: the lines of its fenced blocks of shell, and of indented ones."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    found = {match.start(1): match[1] for match in _INDENTED.finditer(_without_fences(text))}
    for block in FENCE.finditer(text):
        if block[1] in ("sh", "bash"):
            found |= {block.start(2) + line.start(): line[0] for line in re.finditer(r"^.+$", block[2], re.MULTILINE)}
    lines = (f" {found[place]}".partition(" #")[0].strip().removeprefix("$ ") for place in sorted(found))
    return [line for line in lines if line]


def scripts(document: Path) -> list[str]:
    """A document's fenced blocks of Python, in its order."""
    return [block[2] for block in FENCE.finditer(document.read_text(encoding="utf-8")) if block[1] == "python"]


def _without_fences(text: str) -> str:
    """The rest, each character at its place."""
    return FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)

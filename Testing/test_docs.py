"""What the documents tell people to type can be typed: commands, options, targets of make, links and anchors."""

import re
import shlex

import pytest
import typer

from conftest import ROOT
from mednca_train import cli

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")),
             *sorted((ROOT / "Resources").rglob("*.md"))]  # fmt: skip
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def _lines(document):
    """Lines of a document that are typed: in blocks, or by themselves."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        line = line.strip().removeprefix("$ ")
        yield line.partition(" #")[0].strip()


def _commands():
    return sorted(
        {(document.name, line) for document in DOCUMENTS for line in _lines(document) if line.startswith("mednca ")}
    )


@pytest.mark.parametrize(("document", "line"), _commands(), ids=lambda text: text[:70])
def test_a_command_is_understood(document, line):
    group = typer.main.get_command(cli.cli.app)
    words = shlex.split(line.replace("...", "x"))[1:]
    with group.make_context("mednca", words[:1]) as context:
        name, command, _rest = group.resolve_command(context, words)
        command.make_context(name, words[1:], parent=context)  # parses, and runs nothing


def test_every_target_of_make_is_there():
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = {
        (document.name, target)
        for document in DOCUMENTS
        for target in re.findall(
            r"`?make ([a-z][a-z-]+)`|^make ([a-z][a-z-]+)", document.read_text(encoding="utf-8"), re.M
        )
        for target in target
        if target
    }
    assert len(asked) > 10
    assert {each for each in asked if each[1] not in targets} == set()


def _anchors(document):
    """Of a document's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    for line in _FENCE.sub("", document.read_text(encoding="utf-8")).splitlines():
        if heading := re.match(r"#+ +(.*)", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
            number = found.get(anchor, -1) + 1
            found[anchor] = number
            yield f"{anchor}-{number}" if number else anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    wrong = []
    for target in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        place, _, anchor = target.partition("#")
        if "://" in target or place.startswith("mailto:"):
            continue
        path = (document.parent / place).resolve() if place else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in set(_anchors(path))):
            wrong.append(target)
    assert wrong == []

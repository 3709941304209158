"""What the documents tell people to type can be typed: commands, options, targets of make, links and anchors."""

import ast
import json
import re
import shlex
from xml.etree import ElementTree

import pytest
import typer

import docs_check
from documents import DOCUMENTS, FENCE, ROOT, commands, name_of
from mednca_train import cli

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _commands():
    return sorted(
        {(document.name, line) for document in DOCUMENTS for line in commands(document) if line.startswith("mednca ")}
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
    for line in FENCE.sub("", document.read_text(encoding="utf-8")).splitlines():
        if heading := re.match(r"#+ +(.*)", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
            number = found.get(anchor, -1) + 1
            found[anchor] = number
            yield f"{anchor}-{number}" if number else anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    wrong = []
    for target in _LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        place, _, anchor = target.partition("#")
        if "://" in target or place.startswith("mailto:"):
            continue
        path = (document.parent / place).resolve() if place else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in set(_anchors(path))):
            wrong.append(target)
    assert wrong == []


def test_the_catalogue_s_entry_is_that_of_cmake():
    """One public home, and pictures that are there."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    values = dict(re.findall(r'^set\((\w+) "([^"]*)"\)', text, re.MULTILINE))
    name = re.findall(r"project\((\w+)", text)[0]
    entry = json.loads((ROOT / "docs" / "catalogue" / f"{name}.json").read_text("utf-8"))
    home = values["EXTENSION_HOMEPAGE"]
    assert entry["scm_url"] == f"{home}.git" and home.endswith(f"/Slicer{name}")
    assert entry["build_dependencies"] == values["EXTENSION_DEPENDS"].split()
    assert entry["category"] == "Segmentation" and entry["scm_revision"] == "main"
    for url in (values["EXTENSION_ICONURL"], *values["EXTENSION_SCREENSHOTURLS"].split()):
        raw = home.replace("//github.com/", "//raw.githubusercontent.com/") + "/main/"
        assert url.startswith(raw) and (ROOT / url.removeprefix(raw)).is_file()


def _strings(node):
    """Texts that stand in a module's code, those with values filled in as their parts."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def test_what_is_quoted_in_troubleshooting_is_said():
    """Each message there is one that the program has."""
    sources = [path for part in ("MedNCASegment", "NCATrainer") for path in (ROOT / part).rglob("*.py")]
    said = "\n".join(text for path in sources for text in _strings(ast.parse(path.read_text(encoding="utf-8"))))
    said += "".join(
        path.read_text(encoding="utf-8")
        for part in ("MedNCASegment", "NCATrainer")
        for path in (ROOT / part).rglob("*.ui")
    )
    said = re.sub(r"\s+", " ", said)
    table = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = [
        piece.strip()
        for row in table.splitlines()
        if row.startswith("| ")
        for text in re.findall(r'"([^"]+)"', row.split("|")[1])
        for piece in text.split("...")
    ]
    assert len(quoted) > 8
    assert [piece for piece in quoted if piece not in said] == []


def test_every_button_of_the_tutorials_is_there():
    """What is pressed there, in bold letters, stands on a button, a section, a box or in a menu of a module."""
    texts = {
        element.text
        for part in ("MedNCASegment", "NCATrainer")
        for path in (ROOT / part).rglob("*.ui")
        for element in ElementTree.parse(path).iter("string")
    }
    texts |= {"Segment both sides", "Pause", "Segmentation > MedNCA Segment", "Segmentation > NCA Trainer"}
    colors = {"Green", "Amber", "Red", "Grey"}
    wrong = [
        (document.name, name)
        for document in sorted((ROOT / "docs" / "tutorials").glob("*.md"))
        for name in re.findall(r"\*\*([^*]+)\*\*", document.read_text(encoding="utf-8").replace("\n", " "))
        if not {name.rstrip(":."), f"{name}:"} & (texts | colors)
    ]
    assert wrong == []


def test_every_picture_of_the_tutorials_is_there():
    for document in (ROOT / "docs" / "tutorials").glob("*.md"):
        for source in re.findall(r'src="([^"]+)"', document.read_text(encoding="utf-8")):
            assert (document.parent / source).is_file(), source


def test_what_the_check_of_the_commands_leaves_out_is_in_the_documents():
    """Each entry of the tables of `make docs-check` is a command that is still typed somewhere."""
    typed = {command for document in DOCUMENTS for command in commands(document)}
    typed_there = {(name_of(document), command) for document in DOCUMENTS for command in commands(document)}
    assert {*docs_check.NOT_RUN, *docs_check.STOPPED, *docs_check.SERVES} - typed == set()
    assert set(docs_check.BEFORE) - typed_there == set()
    assert all(any(name_of(each).startswith(record) for each in DOCUMENTS) for record in docs_check.RECORDS)


def _row(document, name):
    """The numbers of a table's row, by what stands in its first cell."""
    (row,) = re.findall(rf"^\| {name}[^|]*\|(.*)\|$", (ROOT / "docs" / document).read_text("utf-8"), re.MULTILINE)
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\.?\d*", row.replace(", ", " "))]


def _rounded(value, like):
    """As a table has it: as many digits as the number there."""
    return round(value, len(str(like).split(".")[1].rstrip("0")))


def test_the_tables_of_speed_are_those_that_were_measured():
    """docs/step.json in the architecture's, docs/scale.json in that of many volumes."""
    for name, plan in json.loads((ROOT / "docs" / "step.json").read_text("utf-8"))["plans"].items():
        shown = _row("architecture.md", name)
        measured = [
            plan["seconds"],
            plan["times_faster_than_plain"],
            plan["busy"]["times_faster_than_plain"],
            plan["share_of_product"],
        ]
        assert [_rounded(value, like) for value, like in zip(measured, shown, strict=True)] == shown, name
    scale = json.loads((ROOT / "docs" / "scale.json").read_text("utf-8"))
    for key, name in (("10 members", "ten members"), ("60 members", "sixty members")):
        report, shown = scale[key], _row("scale.md", name)
        plain, memory = report["plain_seconds_per_volume_and_process"], report["memory_mb"]
        measured = [
            report["volumes"],
            len(report["killed"]),
            report["whole_results"],
            report["told_twice"],
            report["seconds_per_volume_and_process"],
            sum(plain) / len(plain),
            min(plain),
            max(plain),
            memory["worker_early"],
            memory["worker_late"],
        ]
        assert [_rounded(value, like) for value, like in zip(measured, shown, strict=True)] == shown, key

"""What the documents tell people to type can be typed: commands, options, targets of make, links and anchors."""

import ast
import json
import re
import shlex
import subprocess
from xml.etree import ElementTree

import how_figures
import make_docs
import pytest
import translations
import typer

import docs_check
from documents import DOCUMENTS, FENCE, ROOT, commands, name_of, scripts
from mednca.quality.domain import OBJECTIONS
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


def _mentions():
    """Commands that are named within sentences, mostly without their arguments."""
    return sorted(
        {
            (name_of(document), line)
            for document in DOCUMENTS
            if name_of(document) != "CHANGELOG.md"  # which tells of what is gone, too
            for line in re.findall(r"`mednca\s+([^`]+)`", FENCE.sub("", document.read_text(encoding="utf-8")))
        }
    )


@pytest.mark.parametrize(("document", "line"), _mentions())
def test_a_command_within_a_sentence_is_there_with_its_options(document, line):
    group = typer.main.get_command(cli.cli.app)
    name, *words = line.split()
    command = group if name.startswith("-") else group.commands.get(name)
    if name == "COMMAND":
        return
    assert command is not None
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
    assert {word for word in (name, *words) if word.startswith("-")} - known == set()


def test_every_extra_that_is_installed_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = text.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    named = {
        extra
        for document in DOCUMENTS
        for names in re.findall(r"(?:mednca|\.)\[([\w,]+)\]", document.read_text(encoding="utf-8"))
        for extra in names.split(",")
    }
    assert named and named - set(re.findall(r"^(\w+) = ", extras, re.MULTILINE)) == set()


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


def _files_with(text):
    """Tracked files that hold a text, sorted."""
    found = subprocess.run(["git", "grep", "-l", text], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return sorted(found.stdout.split())


def test_the_public_home_is_changed_by_one_line():
    """The line of docs/catalogue.md has all files that name it."""
    text = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    ((home, files),) = re.findall(r"`sed -i s,([^,]+),OWNER/NAME,g ([^`]+)`", text)
    assert sorted(files.split()) == _files_with(home)
    for name in ("pyproject.toml", "MedNCASegment/MedNCASegment.py", "NCATrainer/NCATrainer.py"):
        assert f"https://github.com/{home}" in (ROOT / name).read_text(encoding="utf-8")
    assert f'EXTENSION_HOMEPAGE "https://github.com/{home}"' in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_the_contributors_are_named_by_one_line():
    text = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    ((name, files),) = re.findall(r"`sed -i 's\|([^|]+)\|NAME [^|]+\|g' ([^`]+)`", text)
    presets = "NCATrainer/mednca_train/plan/presets.py"
    others = ("Resources/Models/", "Testing/", presets, "CITATION.cff", "pyproject.toml")
    assert sorted(files.split()) == [path for path in _files_with(name) if not path.startswith(others)]


def test_the_tutorial_s_head_is_that_of_the_panel():
    sample = (ROOT / "MedNCASegment" / "MedNCASegmentLib" / "sample_data.py").read_text(encoding="utf-8")
    (checksum,) = re.findall(r'^_SHA256 = "(\w+)"', sample, re.MULTILINE)
    tutorial = (ROOT / "docs" / "tutorials" / "a-folder.md").read_text(encoding="utf-8")
    assert re.findall(r"SlicerTestingData/releases/download/SHA256/(\w+)", tutorial) == [checksum]


DOIS = {
    "10.1007/978-3-031-43898-1_17", "10.1007/978-3-031-34048-2_54", "10.1038/s41467-022-30695-9",
    "10.1016/j.media.2013.12.002", "10.1162/jocn.2007.19.9.1498",
}  # fmt: skip


@pytest.mark.parametrize("name", ["CITATION.cff", "docs/citing.md", "README.md", "MedNCASegment/MedNCASegment.py"])
def test_papers_and_data_are_named_by_their_dois(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\b10\.\d{4}/[\w.-]*\w", text)) == DOIS


def _strings(node):
    """Texts that stand in a module's code, those with values filled in as their parts."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _quoted_in_troubleshooting():
    """What stands in quotation marks in the first column there; three points are whatever is filled in."""
    table = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| ")]
    return [text for row in rows for text in re.findall(r'"([^"]+)"', row)]


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
    quoted = [piece.strip() for text in _quoted_in_troubleshooting() for piece in text.split("...")]
    assert len(quoted) > 8
    assert [piece for piece in quoted if piece not in said] == []


def test_troubleshooting_answers_every_reason_for_grey():
    quoted = [".*".join(map(re.escape, text.split("..."))) for text in _quoted_in_troubleshooting()]
    unanswered = [key for key, text in OBJECTIONS.items() if not any(re.match(each, text) for each in quoted)]
    assert unanswered == []
    assert {"Corrected by hand", "Image has changed"} <= set(_quoted_in_troubleshooting())


def test_the_site_has_a_page_with_every_message():
    """Of the engines' sentences and errors, of what makes a light grey, and of the panels."""
    page = make_docs.every_message()
    for module, engine in translations.ENGINES.items():
        for path in sorted((ROOT / module / engine).rglob("*.py")):
            for text in translations.templates(path):
                assert " " not in text or _on_page(text) in page, f"{path.name}: {text}"
    panels = {
        text
        for module in translations.MODULES
        for context, text in translations.messages(module)
        if context.split(".")[0] in (module, translations.MODULES[module])
    }
    assert len(panels) > 400
    for text in (*OBJECTIONS.values(), *panels):
        assert " " not in text or _on_page(text) in page, text
    assert _on_page("No volume of the scene has a segmentation that was made on it.") in page


def _on_page(text):
    return "- " + text.replace("<", "&lt;").replace("\n", " ")


def test_the_start_of_the_site_is_called_by_its_name():
    """`make docs` fails where it is not there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (checked,) = re.findall(r"^\ttest -f (\S+)$", makefile, re.MULTILINE)
    assert "mkdocs build --quiet" not in makefile  # which would let broken links pass
    for text in (makefile, *(document.read_text(encoding="utf-8") for document in DOCUMENTS)):
        assert set(re.findall(r"build/site/\w+\.html", text)) <= {checked}


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


_TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
_PICTURE = re.compile(r'(?:src="|!\[[^\]]+\]\()([^")]+\.png)')


@pytest.mark.parametrize("document", _TUTORIALS, ids=lambda path: path.name)
def test_every_step_of_a_tutorial_has_a_picture(document):
    _begin, *steps = re.split(r"^## ", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(steps) >= 4 and [step.splitlines()[0] for step in steps if not _PICTURE.search(step)] == []
    for source in _PICTURE.findall("".join(steps)):
        assert (document.parent / source).is_file(), source


def test_no_picture_of_the_tutorials_is_left_over():
    shown = {source for document in _TUTORIALS for source in _PICTURE.findall(document.read_text(encoding="utf-8"))}
    assert {path.name for path in (ROOT / "docs" / "tutorials").glob("*.png")} - shown == set()


@pytest.mark.slow
def test_the_figures_of_how_it_works_are_drawn(tmp_path, monkeypatch):
    pytest.importorskip("nilearn", reason="nilearn is not installed")
    monkeypatch.setattr(how_figures, "DOCS", tmp_path)
    how_figures.main()
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((how-it-works-\w+\.png)\)", page)) == sorted(
        path.name for path in tmp_path.iterdir()
    )


def test_what_the_check_of_the_commands_leaves_out_is_in_the_documents():
    """Each entry of the tables of `make docs-check` is a command that is still typed somewhere."""
    typed = {command for document in DOCUMENTS for command in commands(document)}
    typed_there = {(name_of(document), command) for document in DOCUMENTS for command in commands(document)}
    assert {*docs_check.NOT_RUN, *docs_check.STOPPED, *docs_check.SERVES} - typed == set()
    assert set(docs_check.BEFORE) - typed_there == set()
    unmet = {name for document in DOCUMENTS for script in scripts(document) for name in docs_check.needs(script)}
    assert unmet == set(docs_check.SCRIPTS_NOT_RUN)
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

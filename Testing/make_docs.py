"""What the documentation site is made of: the repository's own pages, and a page for each public module.

    python Testing/make_docs.py build/docs-src
    python Testing/make_docs.py --look build/site

Pages lie in the copy as they lie in the repository, so that their links hold. `make docs` builds the site of it, and
looks for lists and tables that were not taken for such.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

from translations import MODULES as PANELS
from translations import messages, templates

ROOT = Path(__file__).parents[1]
SUFFIXES = (".md", ".png", ".json", ".html", ".py", ".csv", ".cff", ".txt", ".toml", ".yml", ".in", ".safetensors")
# What is called from outside; the rest of the house is described in docs/architecture.md.
MODULES = {
    "Segment": ("mednca.segment", "mednca.result", "mednca.imaging.reading", "mednca.evaluate", "mednca.growth"),
    "Models": ("mednca.models.library", "mednca.models.description", "mednca.models.weights"),
    "Quality": ("mednca.quality.verdict", "mednca.quality.signals", "mednca.quality.calibration"),
    "The automaton": ("mednca.nca.architecture", "mednca.nca.pyramid", "mednca.nca.ensemble"),
    "Many volumes": (
        "mednca.batch.jobs", "mednca.batch.rows", "mednca.batch.summary", "mednca.batch.summary_page",
        "mednca.batch.bids", "mednca.batch.review",
    ),
    "Train": (
        "mednca_train.plan.plan", "mednca_train.plan.propose", "mednca_train.plan.budget",
        "mednca_train.data.layouts", "mednca_train.training_run", "mednca_train.training.loop",
    ),
}  # fmt: skip


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        twin = name.endswith(".html") and name.removesuffix(".html") + ".md" in listed  # would be the same page
        if (name.endswith(SUFFIXES) or name == "Makefile") and not twin:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    reference = folder / "reference"
    reference.mkdir()
    (reference / "messages.md").write_text(every_message(), encoding="utf-8")
    for title, modules in MODULES.items():
        pages = "\n\n".join(f"::: {module}" for module in modules)
        name = title.lower().replace(" ", "-")
        (reference / f"{name}.md").write_text(f"# {title}\n\n{pages}\n", encoding="utf-8")


def every_message() -> str:
    """The page with every sentence that the program has: of the engines, and of the panels, file by file."""
    lines = [
        "# Every message",
        "",
        "Look for some words of it; what is in braces is filled in. Above it stands which file says it, and what for. "
        "[What helps](../docs/troubleshooting.md).",
        "",
    ]
    for name, texts in _by_file().items():
        told = dict.fromkeys(
            text.replace("<", "&lt;").replace("\n", " ") for text in texts if " " in text
        )  # no words alone
        if told:
            lines += [f"## {name}", "", _about(name), "", *(f"- {text}" for text in told), ""]
    return "\n".join(lines)


def _about(name: str) -> str:
    """The first paragraph of what a file says of itself."""
    (path,) = (ROOT / module / name for module in PANELS if (ROOT / module / name).is_file())
    about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return about.partition("\n\n")[0].replace("\n", " ").replace("<", "&lt;")


def _by_file() -> dict[str, list[str]]:
    """The texts of each file."""
    found: dict[str, list[str]] = {}
    for module in PANELS:
        for path in sorted((ROOT / module).rglob("*.py")):
            found[path.relative_to(ROOT / module).as_posix()] = templates(path)
        for context, text in messages(module):
            name = f"{context.replace('.', '/')}.py"
            if name in found:  # the engines' are there already
                found[name].append(text)
    found["mednca/quality/domain.py"] += _objections()
    return found


def _objections() -> list[str]:
    """Why a light is grey: `OBJECTIONS`, whose sentences on the field of view have one end. Read, as the engine needs
    packages that a site does not."""
    tree = ast.parse((ROOT / "MedNCASegment" / "mednca" / "quality" / "domain.py").read_text(encoding="utf-8"))
    values = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    end = ast.literal_eval(values["_FIELD"])
    sentences = values["OBJECTIONS"].values
    return [
        ast.literal_eval(each.left) + end if isinstance(each, ast.BinOp) else ast.literal_eval(each)
        for each in sentences
    ]


def look(site: Path) -> list[str]:
    """Lines of the site that are of a list or a table still: a blank line lacks before it, or spaces."""
    found = []
    for path in sorted(site.rglob("*.html")):
        text = re.sub(r"<pre.*?</pre>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path}: {line}" for line in re.findall(r"^(?:[-*|] |\d+\. |```).*", text, re.MULTILINE)]
    return found


if __name__ == "__main__":
    if sys.argv[1] == "--look":
        sys.exit("\n".join(look(Path(sys.argv[2]))) or 0)
    main(Path(sys.argv[1]))

"""What the documentation site is made of: the repository's own pages, and a page for each public module.

    python Testing/make_docs.py build/docs-src

Pages lie in the copy as they lie in the repository, so that their links hold. `make docs` builds the site of it.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from translations import said

ROOT = Path(__file__).parents[1]
SUFFIXES = (".md", ".png", ".json", ".html", ".py", ".csv", ".cff", ".txt", ".toml", ".yml", ".in", ".safetensors")
# What is called from outside; the rest of the house is described in docs/architecture.md.
MODULES = {
    "Segment": ("mednca.segment", "mednca.result", "mednca.imaging.reading", "mednca.evaluate", "mednca.growth"),
    "Models": ("mednca.models.library", "mednca.models.description", "mednca.models.weights"),
    "Quality": ("mednca.quality.verdict", "mednca.quality.signals", "mednca.quality.calibration"),
    "The automaton": ("mednca.nca.architecture", "mednca.nca.pyramid", "mednca.nca.ensemble"),
    "Many volumes": ("mednca.batch.jobs", "mednca.batch.summary", "mednca.batch.bids", "mednca.batch.review"),
    "Train": (
        "mednca_train.plan.plan", "mednca_train.plan.propose", "mednca_train.plan.budget",
        "mednca_train.data.layouts", "mednca_train.training_run", "mednca_train.training.loop",
    ),
}  # fmt: skip


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        twin = name.endswith(".html") and name.removesuffix(".html") + ".md" in listed  # would be the same page
        if (name.endswith(SUFFIXES) or name == "Makefile") and not twin:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    reference = folder / "reference"
    reference.mkdir()
    (reference / "messages.md").write_text(_messages(), encoding="utf-8")
    for title, modules in MODULES.items():
        pages = "\n\n".join(f"::: {module}" for module in modules)
        name = title.lower().replace(" ", "-")
        (reference / f"{name}.md").write_text(f"# {title}\n\n{pages}\n", encoding="utf-8")


def _messages() -> str:
    """Every sentence with which the engine refuses something, module by module; they say what to do themselves."""
    lines = [
        "# Every message",
        "",
        "What is in braces is filled in. [What people ask most](../docs/troubleshooting.md).",
        "",
    ]
    for root in ("MedNCASegment", "NCATrainer"):
        for path in sorted((ROOT / root).rglob("*.py")):
            errors = (call.args[0] for call in said(path) if call.func.id in ("MedNCAError", "NothingFound"))
            texts = dict.fromkeys(filter(None, map(_text, errors)))
            if texts:
                told = (f"- {text}" for text in texts)
                lines += [f"## {path.relative_to(ROOT / root).as_posix()}", "", *told, ""]
    return "\n".join(lines)


def _text(node: ast.expr) -> str:
    """Of a template, or of a panel's text with values filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("<", "&lt;")
    if isinstance(node, ast.Call) and node.args and not isinstance(node.func, ast.Attribute):
        return _text(node.args[0])  # _("...")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _text(node.func.value)
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The translations of both modules: what is translated, the .ts files for translators, the .qm files that Slicer loads.

`make translations` brings every MODULE_de.ts into step with the code (what is new is unfinished there, what is gone
goes) and compiles it. Contexts are Slicer's: of a Python file its package and name, of a .ui file its class; the
sentences of an engine are in one context, what the bundled models say of themselves in another, which
`MedNCASegmentLib.sentences` asks.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = {"MedNCASegment": "MedNCASegmentLib", "NCATrainer": "NCATrainerLib"}
LANGUAGES = ("de",)
ENGINES = {"MedNCASegment": "mednca", "NCATrainer": "mednca_train"}
SAID_BY = ("MedNCAError", "NothingFound", "Sentence", "_Refused")  # whose first argument is a template
_NOT_FOR_PANELS = {  # parts of the engines, and what they alone use
    "cli.py", "commands", "terminal.py", "batch", "benchmark", "study", "onnx_export.py", "folds.py", "run_view.py",
    "verdict_report.py",
}  # fmt: skip
_OF_MODELS = ("description", "intended_use", "license", "terms", "limits")  # keys of model.json
_KEYS = ("SlicerParameterName",)  # properties of .ui files


def messages(module: str) -> dict[tuple[str, str], None]:
    """(context, text) of all that a person sees of a module, in the order of the files."""
    folder = ROOT / module
    found: dict[tuple[str, str], None] = {}
    for path in (folder / f"{module}.py", *sorted((folder / MODULES[module]).glob("*.py"))):
        context = path.stem if path.parent == folder else f"{path.parent.name}.{path.stem}"
        found |= dict.fromkeys((context, text) for text in _of_python(path))
    for path in sorted((folder / "Resources" / "UI").glob("*.ui")):
        found |= dict.fromkeys(_of_form(path))
    for path in sorted((folder / ENGINES[module]).rglob("*.py")):
        if not _NOT_FOR_PANELS & set(path.relative_to(folder).parts):
            found |= dict.fromkeys((ENGINES[module], text) for text in templates(path))
    if module == "MedNCASegment":  # where models are chosen
        found |= dict.fromkeys(("models", text) for text in _of_models())
    return found


def _of_models():
    """What the panel shows of what the bundled models say of themselves."""
    for path in sorted((ROOT / "Resources" / "Models").glob("*/model.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        yield from (told[key] for key in _OF_MODELS if told.get(key))
        yield from (label["name"] for label in told["labels"])
        if scans := told["quality"].get("scans"):
            yield scans


def said(path: Path) -> list[ast.Call]:
    """Where a file of an engine makes a sentence or an error, which is one that is raised."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    found = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in SAID_BY]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def templates(path: Path) -> list[str]:
    """The templates of the sentences of an engine's file."""
    return [call.args[0].value for call in said(path) if isinstance(call.args[0], ast.Constant)]


def _of_python(path):
    """The texts of `_("...")`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if call.func.id == "_":
            (argument,) = call.args
            assert isinstance(argument, ast.Constant), f"{path.name}:{call.lineno}: translators find plain strings only"
            yield argument.value


def _of_form(path):
    """The strings of a .ui file that people read: names of parameters and of node classes are none."""
    tree = ElementTree.parse(path).getroot()
    for part in tree.iter():
        if part.get("name") not in _KEYS and part.tag != "stringlist":
            for string in part.findall("string"):
                if string.text and string.get("notr") != "true":
                    yield tree.findtext("class"), string.text


def source(module: str, language: str) -> Path:
    """The file that a translator edits."""
    return ROOT / module / "Resources" / "Translations" / f"{module}_{language}.ts"


def translations(path: Path) -> dict[tuple[str, str], str]:
    """(context, text) -> its translation, of a .ts file; "" where there is none yet."""
    if not path.exists():
        return {}
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            found[context.findtext("name"), message.findtext("source")] = message.findtext("translation") or ""
    return found


def write(path: Path, language: str, known: dict[tuple[str, str], str]) -> None:
    """A .ts file: (context, text) -> translation, "" where it is unfinished."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en_US")
    contexts: dict[str, ElementTree.Element] = {}
    for (name, text), translation in known.items():
        if name not in contexts:
            contexts[name] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[name], "name").text = name
        message = ElementTree.SubElement(contexts[name], "message")
        ElementTree.SubElement(message, "source").text = text
        told = ElementTree.SubElement(message, "translation", {} if translation else {"type": "unfinished"})
        told.text = translation
    ElementTree.indent(root, " ")
    path.parent.mkdir(exist_ok=True)
    text = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8")


def compile(path: Path) -> None:
    """The .qm file beside a .ts file, by Qt's lrelease."""
    release = Path(sys.executable).with_name("pyside6-lrelease")
    command = [sys.executable, str(release), "-silent", str(path), "-qm", str(path.with_suffix(".qm"))]
    subprocess.run(command, check=True)


def update() -> None:
    """Bring all files into step with the code."""
    for module in MODULES:
        for language in LANGUAGES:
            path = source(module, language)
            before = translations(path)
            by_text = {text: translation for (_context, text), translation in before.items()}
            known = {key: before.get(key) or by_text.get(key[1], "") for key in messages(module)}
            write(path, language, known)
            compile(path)
            missing = sum(not translation for translation in known.values())
            print(f"{path.relative_to(ROOT)}: {len(known)} texts, {missing} not translated")


if __name__ == "__main__":
    update()

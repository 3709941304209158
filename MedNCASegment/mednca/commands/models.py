"""The commands over the library: models, export, onnx, import, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..errors import plain
from ..models.library import Library
from ..terminal import say, show
from . import options, shown


def models(as_json: options.JsonFlag = False) -> None:
    """List the models at hand, and why any of them is broken."""
    entries = [entry.summary() for entry in Library().entries()]
    if as_json:
        shown.print_json(entries)
        return
    table = Table("Model", "What it is for", "Parameters", "Dice", "State")
    for entry in entries:
        dice = entry.get("metrics", {}).get("dice", {}).get("union")
        state = entry["problem"] or ("ready" if entry["calibrated"] else "ready, not calibrated")
        size = "" if entry["problem"] else f"{entry['parameters']:,}"
        table.add_row(
            plain(entry["id"]),
            plain(entry.get("description", "")),
            size,
            f"{dice:.3f}" if dice else "",
            plain(state),
        )
    if entries:
        show(table)
    else:
        say("No models found.")


def export_model(model: str, file: Path) -> None:
    """Write a model as a zip file that others can import."""
    say(f"Written: {Library().export_model(model, file)}")


def export_onnx(model: str, folder: Path) -> None:
    """Write the steps of a model's levels as ONNX graphs, for runtimes without torch (docs/onnx)."""
    from ..models.onnx_export import export_steps

    for path in export_steps(Library().load(model), folder):
        say(f"Written: {path}")


def import_model(
    file: Path, replace: Annotated[bool, typer.Option("--replace", help="Replace a model of the same id.")] = False
) -> None:
    """Add a model from a zip file to your own."""
    entry = Library().import_model(file, replace)
    say(f"Imported {entry.id} to {entry.folder}")


def remove_model(model: str) -> None:
    """Delete one of your own models; the bundled ones stay."""
    Library().remove_model(model)
    say(f"Removed {model}")

"""The command line over the engine: models, segment, bids, review, evaluate, benchmark, export, onnx, import, remove.

Training adds its own commands (`mednca_train.commands`).

Exit status: 0 all went well; 1 some image or case failed, each told in a sentence; 2 the request itself is wrong.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Annotated

import typer
from typer.core import TyperGroup

from . import __version__
from .commands import measuring, models, options, segmenting
from .errors import MedNCAError, Sentence
from .files import utf8_names
from .terminal import be_quiet, remark

# Of a path that nobody may look at, or that no file can have; another OSError is a bug.
_OF_PATHS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)


class _Commands(TyperGroup):
    """The commands; --quiet may stand behind a command as well as before it."""

    def parse_args(self, ctx, args):
        quiet = [word for word in args if word in ("--quiet", "-q")]
        return super().parse_args(ctx, [*quiet, *(word for word in args if word not in quiet)])

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:  # a command says how to go on
            remark(" ".join(["Stopped.", *map(str, stopped.args)]))
            raise typer.Exit(130) from None


app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
# In the order in which --help lists them.
app.command()(models.models)
app.command()(segmenting.segment)
app.command("bids", cls=options.BidsApp)(segmenting.bids_app)
app.command()(segmenting.review)
app.command()(measuring.evaluate)
app.command()(measuring.benchmark)
app.command("export")(models.export_model)
app.command("onnx")(models.export_onnx)
app.command("import")(models.import_model)
app.command("remove")(models.remove_model)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"mednca {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Say which one this is, and end.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not say how far the work is.")] = False,
) -> None:
    """MedNCA: tiny models that segment, say where they are unsure, and whether to trust them."""
    be_quiet(quiet)


def main() -> None:
    """Run a command; a problem the user can act on becomes one sentence and status 2."""
    utf8_names()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal's encoding lacks is told all the same
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_words(sys.argv[1:])
        app()
    except MedNCAError as error:
        remark(error, "Error: ", "bold red")
        sys.exit(2)
    except OSError as error:
        if not error.filename or error.errno not in _OF_PATHS:
            raise
        told = Sentence("{path} cannot be read ({cause}); check the path.", path=error.filename, cause=error.strerror)
        remark(told, "Error: ", "bold red")
        sys.exit(2)


def _check_words(words: Iterable[str]) -> None:
    """An empty path would be the current folder, which nobody asked for."""
    for number, word in enumerate(words, start=1):
        if not word or (word.startswith("--") and word.endswith("=")):
            raise MedNCAError(
                "Argument {number} ({word}) is empty; is a variable without a value behind it?",
                number=number,
                word=repr(word),
            )

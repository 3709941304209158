"""The `mednca` command: the engine's commands, and those of training, in the order in which --help lists them."""

from mednca import cli

from .commands import training, validation  # noqa: F401  they add themselves


def main() -> None:
    """Entry point of `mednca`."""
    cli.main()

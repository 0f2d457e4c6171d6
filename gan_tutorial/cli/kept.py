"""The option ``--checkpoint`` of the commands that use a run's generator."""

import argparse

from ..training import SavedRun
from ..training.kept import BEST, LAST

__all__ = ["add_checkpoint", "opened"]


def add_checkpoint(command: argparse.ArgumentParser) -> None:
    """Let a command choose among the generators of a run."""
    command.add_argument(
        "--checkpoint",
        metavar=f"{BEST}|{LAST}|STEP",
        type=_named,
        default=LAST,
        help=f"of a run of train --keep-best: the generator with the lowest KID on validation "
        f"pictures, or that of a step ({LAST})",
    )


def _named(text: str) -> str:
    if text not in (BEST, LAST) and not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"takes {BEST}, {LAST} or the number of a step, not {text!r}"
        )
    return str(int(text)) if text.isdecimal() else text


def opened(arguments: argparse.Namespace) -> SavedRun:
    """Open the run of a command's arguments, at the generator that they name."""
    return SavedRun(arguments.run, arguments.checkpoint)

"""What the commands that use a run's generator have in common: which one, and how to draw."""

import argparse

from ..training import SavedRun
from ..training.kept import BEST, LAST
from .numbers import number
from .own import made_by

__all__ = ["add_checkpoint", "add_network", "add_truncation", "opened"]


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


def add_network(command: argparse.ArgumentParser) -> None:
    """Let a command use a generator that is the reader's own."""
    command.add_argument(
        "--network",
        metavar="FILE.py:NAME",
        help="for a generator of your own: the program, which is run, and the class or function "
        "in it that makes the generator as it was for the training",
    )


def add_truncation(command: argparse.ArgumentParser) -> None:
    """Let a command draw samples nearer to the mean."""
    command.add_argument(
        "--truncation",
        metavar="PSI",
        type=number(0, 1),
        default=1.0,
        help="draw latent codes towards their mean: 1 is not at all, 0 is the mean alone. Codes "
        "from N(0, I), whose mean is 0, are scaled by PSI: less varied, not always better; of a "
        "run of train --network style it is the styles that are drawn to their mean (1)",
    )


def _named(text: str) -> str:
    if text not in (BEST, LAST) and not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"takes {BEST}, {LAST} or the number of a step, not {text!r}"
        )
    return str(int(text)) if text.isdecimal() else text


def opened(arguments: argparse.Namespace) -> SavedRun:
    """Open the run of a command's arguments, at the generator that they name."""
    saved = SavedRun(arguments.run, arguments.checkpoint)
    if getattr(arguments, "network", None) is not None:
        saved.load_into(made_by(arguments.network))
    return saved

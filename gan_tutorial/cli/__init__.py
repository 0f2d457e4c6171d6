"""The command line: train on pictures, sample from a run, measure it, and say what ails it.

Every error is one sentence on the standard error output and exit status 2. Set
``GAN_TUTORIAL_DEBUG=1`` to see the traceback behind it.
"""

import argparse
import os
import sys
import traceback
import warnings
from typing import Any, NoReturn

from . import doctor, evaluate, info, repair, sample, train, translate

__all__ = ["main", "parser"]

COMMANDS = (train, sample, evaluate, repair, translate, info, doctor)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}. See '{self.prog} --help'.")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, one sub-command a file of this package."""
    program = _Parser(
        prog="python -m gan_tutorial",
        description="Train generative networks on pictures and use them.",
    )
    commands = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands).set_defaults(run_command=command.run)
    return program


def _say(message: Any, *_: Any, **__: Any) -> None:
    """Show a warning as one sentence, without the line of code that it came from."""
    print(f"warning: {message}", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status.

    Parameters
    ----------
    argv : list of str, optional
        The arguments, without the program's name; those of the process by default.

    Returns
    -------
    int
        0 if all went well, 2 after an error, 130 after Ctrl-C.
    """
    try:
        arguments = parser().parse_args(argv)
        with warnings.catch_warnings():
            warnings.showwarning = _say
            return arguments.run_command(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("GAN_TUTORIAL_DEBUG"):
            traceback.print_exc()
        sentence = " ".join(str(error).split()) or type(error).__name__
        sentence = sentence.replace("on_error='skip'", "--on-error skip")
        print(f"error: {sentence}", file=sys.stderr)
        return 2

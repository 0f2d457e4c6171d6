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

from . import (
    animate,
    doctor,
    evaluate,
    export,
    info,
    project,
    repair,
    sample,
    show,
    train,
    translate,
)
from .words import flags_of, sentence_of, with_flags

__all__ = ["main", "parser", "program"]

COMMANDS = (
    train,
    sample,
    animate,
    evaluate,
    project,
    repair,
    translate,
    export,
    show,
    info,
    doctor,
)


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
    flags: set[str] = set()

    def say(message: Any, *_: Any, **__: Any) -> None:
        """Show a warning as one sentence, without the line of code that it came from."""
        print(f"warning: {with_flags(str(message), flags)}", file=sys.stderr)

    try:
        program = parser()
        arguments = program.parse_args(argv)
        flags |= flags_of(program, arguments.command)
        with warnings.catch_warnings():
            warnings.showwarning = say
            return arguments.run_command(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has seen enough
        sys.stdout = open(os.devnull, "w")
        return 0
    except Exception as error:
        if os.environ.get("GAN_TUTORIAL_DEBUG"):
            traceback.print_exc()
        print(f"error: {with_flags(sentence_of(error), flags)}", file=sys.stderr)
        return 2


def program() -> NoReturn:
    """Run the command line of this process: what ``gan-tutorial`` starts."""
    sys.exit(main())

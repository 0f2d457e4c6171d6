"""What went wrong, in one sentence, with the options that this command has."""

import argparse
import re

from ..training.files import in_words

__all__ = ["flags_of", "sentence_of", "with_flags"]

# Arguments of the library that errors speak of, and that are options of some command.
ARGUMENTS = (
    "on_error", "levels", "validation", "data_changed", "image_size", "channels", "count", "seed",
    "batch_size", "width", "latent_dim", "device", "data_dir",
)  # fmt: skip
_SAID = re.compile(rf"\b({'|'.join(ARGUMENTS)})=('?)(True|[\w.]*\w)\2(?!\w)")
OUT_OF_MEMORY = re.compile("(?i)out of memory|can't allocate memory|alloc_cpu|bad_alloc")


def flags_of(program: argparse.ArgumentParser, command: str | None) -> set[str]:
    """Return the options of one command of a program; none if there is no such command."""
    for action in program._actions:
        if isinstance(action, argparse._SubParsersAction) and command in action.choices:
            return set(action.choices[command]._option_string_actions)
    return set()


def with_flags(sentence: str, flags: set[str]) -> str:
    """Name options as this command has them: no advice may be one that it refuses.

    Examples
    --------
    >>> with_flags("leave them out with on_error='skip'.", {"--on-error"})
    'leave them out with --on-error skip.'
    >>> with_flags("Hold some out by validation=0.1.", set())
    'Hold some out by train --validation 0.1.'
    """

    def flag(found: re.Match) -> str:
        name = "--" + found[1].replace("_", "-")
        value = "" if found[3] == "True" else f" {found[3]}"
        return f"{name}{value}" if name in flags else f"train {name}{value}"

    return _SAID.sub(flag, sentence)


def sentence_of(error: BaseException) -> str:
    """Return an error's message as one sentence, the system's in our words."""
    if isinstance(error, OSError):
        text = in_words(error)
    elif isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
        text = (
            "There is not enough memory: ask for less at a time (--batch-size, --image-size, "
            "--width or --count), or close other programs."
        )
    elif isinstance(error, KeyError):
        text = f"{error.args[0]!r} is missing." if error.args else "Something is missing."
    else:
        text = str(error)
    text = " ".join(text.split()) or type(error).__name__
    return text.encode(errors="backslashreplace").decode()  # names can hold any bytes

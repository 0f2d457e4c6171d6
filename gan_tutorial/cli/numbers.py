"""Numbers on the command line: each says its range, and refuses what is outside."""

import argparse
import math
import re
from collections.abc import Callable

__all__ = ["SEED", "duration", "in_words", "number", "whole"]

UNITS = {"s": 1, "m": 60, "h": 3600}


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number from `low` to `high`; argparse tells of what it refuses."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(
                f"takes a whole number {_range(low, high)}, not {text!r}"
            )
        return value

    return read


def number(low: float, high: float | None = None, above: bool = False) -> Callable[[str], float]:
    """Return what reads a finite number from `low` to `high` (`above`: not `low` itself)."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        fits = math.isfinite(value) and (value > low if above else value >= low)
        if not fits or (high is not None and value > high):
            where = f"above {low:g}" if above and high is None else _range(low, high)
            raise argparse.ArgumentTypeError(f"takes a number {where}, not {text!r}")
        return value

    return read


def duration(text: str) -> float:
    """Read a time such as 90s, 10m or 1.5h; return seconds."""
    found = re.fullmatch(r"(\d+|\d*\.\d+)([smh])", text.strip())
    seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"takes a time such as 90s, 10m or 1.5h, not {text!r}")
    return seconds


def in_words(seconds: float) -> str:
    """Say how long a time is, to two digits or so.

    Examples
    --------
    >>> [in_words(seconds) for seconds in (4.2, 61, 600, 4000, 86400)]
    ['4 s', '60 s', '10 min', '1 h 7 min', '24 h']
    """
    if seconds < 100:
        return f"{round(seconds) if seconds < 20 else round(seconds, -1):.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h" + (f" {rest} min" if rest and hours < 10 else "")


def _range(low: float, high: float | None) -> str:
    return f"from {low:,} on" if high is None else f"from {low:,} to {high:,}"


SEED = whole(0, 2**32 - 1)

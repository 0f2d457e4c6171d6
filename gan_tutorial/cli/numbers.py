"""Numbers on the command line: each says its range, and refuses what is outside."""

import argparse
import math
from collections.abc import Callable

__all__ = ["SEED", "number", "whole"]


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


def _range(low: float, high: float | None) -> str:
    return f"from {low:,} on" if high is None else f"from {low:,} to {high:,}"


SEED = whole(0, 2**32 - 1)

"""One sentence for an option that is out of range.

The checks ask whether a value is *inside* its range, so that NaN, which is neither above nor below
anything, is refused like any other value outside.
"""

import math
import operator
from typing import Any

__all__ = ["LARGEST_SEED", "check_count", "check_number"]

LARGEST_SEED = 2**63 - 1  # what torch's random numbers can be started from


def check_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return a value as an int, or raise ValueError unless it is a whole number in a range.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : object
        Whole numbers of any type are accepted, NumPy's as well; True and False are none.
    least, most : int
        The ends of the range, which belong to it.

    Examples
    --------
    >>> check_count("steps", 0)
    Traceback (most recent call last):
    ...
    ValueError: steps must be a whole number of at least 1, got 0.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {bounds}, got {value!r}.")
    return number


def check_number(name: str, value: Any, least: float = 0.0, below: float = math.inf) -> None:
    """Raise ValueError unless a value is a finite number in a range.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : object
        Anything that is a number.
    least, below : float
        The ends of the range: `least` belongs to it, `below` does not.

    Examples
    --------
    >>> check_number("The weight r1", float("nan"))
    Traceback (most recent call last):
    ...
    ValueError: The weight r1 must be a finite number of at least 0, got nan.
    """
    try:
        inside = not isinstance(value, str) and least <= float(value) < below
    except (TypeError, ValueError):
        inside = False
    if not inside:
        kind = "a finite number" if math.isinf(below) else "a number"
        bounds = "" if math.isinf(below) else f" and below {below:g}"
        raise ValueError(f"{name} must be {kind} of at least {least:g}{bounds}, got {value!r}.")

"""Random numbers by position: number `i` of a stream is the same however many are drawn."""

from typing import Any

import numpy as np

from .ranges import check_count

__all__ = ["SPLITS", "check_split", "choose", "seed_of", "uniforms"]

SPLITS = ("train", "validation", "test")

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, made odd


def uniforms(seed: int, stream: int, index: np.ndarray, field: int) -> np.ndarray:
    """Return one uniform number in [0, 1) for each position in `index`.

    A generator that walks from number to number would give image 7 other numbers once image 3
    draws one more. Here each number is a hash of where it stands: SplitMix64 (Steele, Lea and
    Flood 2014, "Fast splittable pseudorandom number generators"), written out so that it depends
    on no version of any library.

    Parameters
    ----------
    seed : int
        Chooses the whole family of streams; any integer.
    stream : int
        Chooses one stream of the family, such as a split of a data set.
    index : ndarray of int, shape (n,)
        The positions.
    field : int
        Which of the several numbers that belong to one position.

    Returns
    -------
    ndarray of float64, shape (n,)
        Multiples of 2**-53.

    Examples
    --------
    >>> few, many = (uniforms(0, 0, np.arange(n), field=0) for n in (3, 1000))
    >>> bool((few == many[:3]).all())
    True
    """
    key: Any = np.uint64(seed % 2**64)
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is meant
        for word in (stream, field):
            key = _mix(key + GOLDEN) + np.uint64(word)
        bits = _mix(_mix(key) + (np.asarray(index).astype(np.uint64) + np.uint64(1)) * GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def seed_of(seed: int, stream: int) -> int:
    """Return a seed for a generator of another kind, different for each stream."""
    return int(uniforms(seed, stream, np.array([0]), 0)[0] * 2**53)


def _mix(bits: Any) -> Any:
    """Scatter each bit of a 64-bit number over all of them."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def check_split(split: str, allowed: tuple[str, ...] = SPLITS) -> str:
    """Return `split`, or raise a ValueError that names the splits there are."""
    if split not in allowed:
        names = ", ".join(repr(name) for name in allowed)
        raise ValueError(f"There is no split {split!r}: choose one of {names}.")
    return split


def choose(available: int, count: int | None, seed: int, what: str) -> np.ndarray:
    """Return which `count` of `available` rows to take, in order; all of them for None.

    With one seed, the rows of a smaller count are among those of a larger one.

    Raises
    ------
    ValueError
        If there are fewer; the message calls them `what`.
    """
    if count is None:
        return np.arange(available)
    if check_count("count", count) > available:
        raise ValueError(f"count={count} is more than the {available} samples of {what}.")
    return np.sort(np.argsort(uniforms(seed, 0, np.arange(available), 0))[:count])

"""Answers in words, and answers that are yes or no, in any reasonable form.

Neither the case of a name is what an exercise asks, nor what stands between two names. But a name
is a text, and a verdict is true or false: what merely can be compared, or merely counts as true in
Python, such as the text "no", is none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from .answers import Wrong

__all__ = ["chosen", "matched", "truth", "word", "words"]


def word(answer: Any) -> str:
    """Return a text in small letters, without spaces and points around it.

    Raises
    ------
    Wrong
        If it is no text, or an empty one.
    """
    if not isinstance(answer, str):
        raise Wrong(f"A text is expected, and this is a {type(answer).__name__}: {answer!r:.60}.")
    plain = answer.strip(" \t\n.\"'`").casefold()
    if not plain:
        raise Wrong("A text is expected, and this one is empty.")
    return plain


def words(answer: Any) -> set[str]:
    """Return the texts of a collection, as they are.

    Raises
    ------
    Wrong
        If it is no list, tuple, set or dict of texts; a single text is none either.
    """
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise Wrong(f"A collection of texts is expected, and this is a {type(answer).__name__}.")
    found = set()
    for part in answer:
        if not isinstance(part, str):
            raise Wrong(f"A collection of texts is expected; a {type(part).__name__} is in it.")
        found.add(str(part))
    return found


def truth(answer: Any) -> bool:
    """Return a verdict: True or False, of Python, NumPy or torch, or 1 or 0.

    Raises
    ------
    Wrong
        If it is anything else, such as the text "no", which Python takes for true.
    """
    size = answer.numel() if isinstance(answer, Tensor) else getattr(answer, "size", None)
    if isinstance(answer, np.ndarray | np.generic | Tensor) and size == 1:
        answer = answer.item()
    if isinstance(answer, int | float) and answer in (0, 1):
        return bool(answer)
    raise Wrong(
        f"True or False is expected, and this is a {type(answer).__name__}: {answer!r:.60}."
    )


def chosen(answer: Any, known: Any) -> set[str]:
    """Return names out of `known`, from a text, a collection, the keys of a dict, or classes.

    Case, spaces, hyphens and underscores do not count, nor what separates the names of a text.

    Raises
    ------
    Wrong
        If there is no name, or one that is not known.
    """
    by_plain = {_plain(name): name for name in known}
    if isinstance(answer, str):
        answer = re.split(r"\s*(?:[,;/+&|\n]|\band\b)\s*", answer.strip(" \t\n.{}[]()"))
        if len(answer) == 1 and _plain(answer[0]) not in by_plain:
            answer = answer[0].split()
    if not isinstance(answer, set | frozenset | list | tuple | Mapping) or not answer:
        raise Wrong(f"Hand in names out of {', '.join(known)}.")
    names = set()
    for part in answer:
        said = part if isinstance(part, str) else getattr(part, "__name__", str(part))
        said = said.strip(" \t\n\"'`.")
        if said and _plain(said) not in by_plain:
            raise Wrong(f"{said!r} is none of {', '.join(known)}.")
        if said:
            names.add(by_plain[_plain(said)])
    return names


def matched(answer: Any, left: str, right: str) -> dict[str, str]:
    """Return pairs such as ``{"1": "a", "2": "b"}`` from a dict, pairs, or a text "1a 2b".

    Parameters
    ----------
    answer : object
        What was handed in; case and separators do not count.
    left, right : str
        The characters that stand first in a pair, and those that stand second: "1234", "abcd".
    """
    if isinstance(answer, Mapping):
        answer = " ".join(f"{one}{other}" for one, other in answer.items())
    elif isinstance(answer, list | tuple):
        answer = " ".join(
            part if isinstance(part, str) else "".join(map(str, part)) for part in answer
        )
    return dict(re.findall(rf"([{left}])[\W_]*([{right}])", str(answer).lower()))


def _plain(name: Any) -> str:
    """Return a name without what does not count."""
    return re.sub(r"[\s_-]", "", str(name)).casefold()

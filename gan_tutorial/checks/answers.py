"""Answers in any reasonable form, and judged on copies.

Whether a number is a float, a fraction, a NumPy scalar or a tensor of one element is not what an
exercise asks.
"""

import copy
import functools
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "Wrong",
    "close",
    "guarded",
    "not_finite",
    "number",
    "numbers",
    "same_form",
    "undisturbed",
]


class Wrong(Exception):
    """Raised by a judge: the text is the sentence."""


# --- Numbers -----------------------------------------------------------------------------------


def numbers(answer: Any) -> Tensor:
    """Return numbers, nested lists of them, arrays or tensors as float64.

    Raises
    ------
    Wrong
        If there is something else among them: None, a complex number, a word.
    """
    if isinstance(answer, list | tuple):
        parts = [numbers(part) for part in answer]
        if len({part.shape for part in parts}) > 1 and all(part.numel() == 1 for part in parts):
            parts = [part.reshape(()) for part in parts]  # 1.0 beside tensor([2.0])
        if len({part.shape for part in parts}) > 1:
            raise Wrong("Numbers are expected, as many in each part, and these parts differ.")
        return torch.stack(parts) if parts else torch.zeros(0, dtype=torch.float64)
    value: Tensor | None
    if isinstance(answer, Tensor):
        value = answer.detach()
    elif isinstance(answer, np.ndarray | np.generic) and answer.dtype != object:
        value = torch.as_tensor(np.array(answer)) if answer.dtype.kind in "biufc" else None
    else:
        value = _one_number(answer)
    if value is None or value.is_complex():
        raise Wrong(f"Numbers are expected, and this is {_what(answer)}.")
    return value.to("cpu", torch.float64, copy=True)


def number(answer: Any) -> float:
    """Return the one number that an answer is."""
    values = numbers(answer).flatten()
    if len(values) != 1:
        raise Wrong(f"One number is expected, and these are {len(values)}.")
    return values.item()


def _one_number(answer: Any) -> Tensor | None:
    """Read a float, an int, a fraction, a symbolic number, or a text such as "1/2"."""
    if isinstance(answer, str):
        try:
            answer = Fraction(answer.strip())
        except (ValueError, ZeroDivisionError):
            return None
    if isinstance(answer, np.ndarray):  # of objects, such as fractions
        return numbers(answer.tolist())
    if hasattr(answer, "__array__"):
        return numbers(np.asarray(answer))
    if not hasattr(answer, "__float__"):
        return None
    try:
        return torch.tensor(float(answer), dtype=torch.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _what(answer: Any) -> str:
    return "None" if answer is None else f"a {type(answer).__name__}"


def same_form(value: Tensor, target: Tensor) -> Tensor | None:
    """Return the numbers in the shape of others; None if they are more or fewer, or a table.

    Axes of length 1 do not count beside a number or a list of numbers.
    """
    if value.shape == target.shape:
        return value
    flat = target.ndim <= 1 and value.squeeze().shape == target.squeeze().shape
    return value.reshape(target.shape) if flat else None


def close(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two answers have the same form and the same numbers; NaN equals nothing."""
    try:
        one, other = numbers(one), numbers(other)
    except Wrong:
        return False
    first, second = same_form(one, other), other
    if first is None:
        first, second = one, same_form(other, one)
    if second is None:
        return False
    return torch.allclose(first, second, rtol=tolerance, atol=tolerance)


def not_finite(answer: Any) -> str:
    """Return what there is in an answer that is no finite number, in words; "" if nothing is."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, list | tuple | set | frozenset):
        return next((flaw for part in answer if (flaw := not_finite(part))), "")
    if isinstance(answer, float | np.generic | np.ndarray | Tensor):
        with torch.no_grad():
            if isinstance(answer, np.generic | np.ndarray) and answer.dtype.kind not in "fc":
                return ""
            # an array may be a view that runs backwards, which no tensor does
            values = answer if isinstance(answer, Tensor) else torch.as_tensor(np.array(answer))
            if values.isnan().any():
                return "NaN"
            if values.isinf().any():
                return "an infinite number"
    return ""


# --- Copies ------------------------------------------------------------------------------------


def guarded(answer: Any, flaws: list[str]) -> Any:
    """Return an answer that can be judged without harm, to it or to the judge.

    Numbers are copied. A function is wrapped: it gets copies of its inputs, so that it may change
    them in place, and its result is copied, so that the next call does not change it. Written for
    tensors, it may be called with numbers. What is no finite number is noted in `flaws`.
    """
    if isinstance(answer, list | tuple) and any(map(callable, answer)):
        parts = [guarded(part, flaws) for part in answer]
        return tuple(parts) if isinstance(answer, tuple) else parts
    if not callable(answer) or isinstance(answer, type | nn.Module):
        return copied(answer)

    @functools.wraps(answer, updated=())
    def function(*inputs: Any) -> Any:
        try:
            result = answer(*copied(inputs))
        except (TypeError, AttributeError):
            if not any(_is_number(x) for x in inputs):
                raise
            result = _with_tensors(answer, inputs)
        if flaw := not_finite(result) or _missing(result):
            flaws.append(f"It returns {flaw}")
        return copied(result)

    return function


def _with_tensors(answer: Callable[..., Any], inputs: tuple) -> Any:
    """Call again with tensors for numbers: `torch.log` and ``p.log()`` take nothing else."""
    try:
        return answer(*(_as_tensor(x) if _is_number(x) else x for x in copied(inputs)))
    except Exception:
        return answer(*copied(inputs))  # it is not the numbers' form: fail as before


def _as_tensor(x: float) -> Tensor:
    return torch.tensor(x, dtype=torch.float64 if isinstance(x, float) else torch.int64)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _missing(result: Any) -> str:
    """Return "None" if it stands among the parts of a result."""
    parts = list(result.values()) if isinstance(result, Mapping) else result
    parts = parts if isinstance(parts, list | tuple) else []
    return "None" if any(part is None or _missing(part) for part in parts) else ""


def copied(x: Any) -> Any:
    """Return a copy; gradients still flow from it to the original."""
    if isinstance(x, Tensor):
        return x.clone()
    if isinstance(x, list | tuple | set | frozenset) and type(x) in (list, tuple, set, frozenset):
        return type(x)(copied(part) for part in x)
    if type(x) is dict:
        return {key: copied(part) for key, part in x.items()}
    try:
        return copy.deepcopy(x)
    except Exception:
        return x  # a file, a module, a lock: nothing that a check is about


@contextmanager
def undisturbed() -> Iterator[None]:
    """Judge with gradients and float32 as at the start of a program; leave no trace of it.

    The learner's random numbers go on as if nobody had asked.
    """
    dtype, numpys, pythons = torch.get_default_dtype(), np.random.get_state(), random.getstate()  # noqa: NPY002
    torch.set_default_dtype(torch.float32)
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        np.random.set_state(numpys)  # noqa: NPY002
        random.setstate(pythons)

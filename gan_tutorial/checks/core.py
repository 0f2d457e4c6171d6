"""How an answer is judged: the right one, the mistakes that have a name, and everything else."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from .answers import (
    Wrong,
    close,
    guarded,
    not_finite,
    number,
    numbers,
    same_form,
    undisturbed,
)
from .words import chosen, matched, truth, word, words

__all__ = [
    "Exercise",
    "Mistake",
    "Mistakes",
    "Verdict",
    "Wrong",
    "call",
    "chosen",
    "close",
    "compare_functions",
    "compare_values",
    "exercise",
    "judge",
    "matched",
    "number",
    "numbers",
    "truth",
    "word",
    "words",
]


@dataclass(frozen=True)
class Verdict:
    """The answer to an answer: true if it is right, and one sentence either way.

    Parameters
    ----------
    right : bool
        Whether the answer passed.
    sentence : str
        Why.
    """

    right: bool
    sentence: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right.' if self.right else 'Not yet.'} {self.sentence}"


class Mistake(NamedTuple):
    """A wrong answer that has a name.

    Parameters
    ----------
    why : str
        The sentence that the learner reads.
    answer : object
        An answer with this mistake, for the checks that compare and for the tests.
    """

    why: str
    answer: Any


Mistakes = dict[str, Mistake]  # by name


@dataclass(frozen=True)
class Exercise:
    """An exercise that can be checked.

    Parameters
    ----------
    number, label : str
        As in the book: ``"2.4"`` and ``"ex-ratio"``.
    expects : str
        What to hand in, as the end of the sentence "Nothing here yet: check expects ...".
    judge : callable
        Raises `Wrong` unless the answer is right.
    praise : str
        The sentence for a right answer: the thought to keep.
    mistakes : dict of str to Mistake
        At least two wrong answers and the sentence for each.
    """

    number: str
    label: str
    expects: str
    judge: Callable[[Any], None]
    praise: str
    mistakes: Mistakes


def judge(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict on an answer; an answer that breaks is wrong, and says how it broke.

    What is judged is a copy: the learner's tensors stay as they are, functions are handed copies
    of the inputs, and what they return is copied. Nothing in which there is a NaN, an infinity or
    (from a function) a None is ever right.
    """
    blank = answer is None or answer is Ellipsis or (isinstance(answer, str) and not answer.strip())
    if blank:
        return Verdict(False, f"Nothing here yet: check expects {exercise.expects}.")
    flaws: list[str] = []
    try:
        with undisturbed():
            if flaw := not_finite(answer):
                flaws.append(f"It holds {flaw}")
            exercise.judge(guarded(answer, flaws))
    except Wrong as wrong:
        # NaN differs from everything, itself included: what else was found may be due to that.
        flaws = [flaw for flaw in flaws if flaw.endswith("NaN")]
        return Verdict(False, _never_right(flaws) if flaws else str(wrong))
    except NotImplementedError:
        return Verdict(False, f"Nothing here yet: check expects {exercise.expects}.")
    except Exception as error:
        lines = str(error).splitlines() or ["no message"]
        return Verdict(
            False,
            f"It stopped with {type(error).__name__}: {lines[0]} (check expects "
            f"{exercise.expects}.)",
        )
    return Verdict(False, _never_right(flaws)) if flaws else Verdict(True, exercise.praise)


def _never_right(flaws: list[str]) -> str:
    return f"{flaws[0]}, and that is never right."


def call(function: Any, *inputs: Any) -> Any:
    """Call the learner's function; refuse what is no function and what returns nothing."""
    if not callable(function):
        raise Wrong(f"This is a {type(function).__name__}: hand in the function itself.")
    result = function(*inputs)
    if result is None:
        raise Wrong("The function returns nothing: does it end with `return`?")
    return result


def compare_values(
    right: Sequence[float], names: Sequence[str], tolerance: float = 2e-3
) -> Callable[[Any, Mistakes], None]:
    """Return the judge of a few numbers, each of which has a name."""

    def judge_values(answer: Any, mistakes: Mistakes) -> None:
        given = numbers(answer).flatten()
        if len(given) != len(right):
            raise Wrong(f"Hand in {len(right)} number(s), {', '.join(names)}, not {len(given)}.")
        if close(given, list(right), tolerance):
            return
        for mistake in mistakes.values():
            if close(given, numbers(mistake.answer).flatten(), tolerance):
                raise Wrong(mistake.why)
        for name, value, target in zip(names, given.tolist(), right, strict=True):
            if not math.isfinite(value):
                raise Wrong(f"{name} is {value:g}: some number was expected.")
            if not abs(value - target) <= tolerance * (1 + abs(target)):
                side = "large" if value > target else "small"
                raise Wrong(f"{name} is not right yet: {value:.5g} is too {side}.")
        raise Wrong("Nearly: one more digit, please.")

    return judge_values


def compare_functions(
    right: Callable, probes: Sequence[tuple], names: str, tolerance: float = 1e-4
) -> Callable[[Any, Mistakes], None]:
    """Return the judge of a function: its values at the probes decide, and name the mistake."""

    def judge_function(answer: Any, mistakes: Mistakes) -> None:
        # First what is right, then what the learner's function makes of it.
        expected = [numbers(right(*probe)) for probe in probes]
        given = [call(answer, *probe) for probe in probes]
        if all(map(close, given, expected, [tolerance] * len(probes))):
            return
        for mistake in mistakes.values():
            usual = [mistake.answer(*probe) for probe in probes]
            if all(map(close, given, usual, [tolerance] * len(probes))):
                raise Wrong(mistake.why)
        for probe, value, target in zip(probes, map(numbers, given), expected, strict=True):
            fitting = same_form(value, target)
            if fitting is None:
                raise Wrong(
                    f"It returns shape {tuple(value.shape)}, and {tuple(target.shape)} is expected."
                )
            if not close(value, target, tolerance):
                where = ", ".join(f"{torch.as_tensor(x).flatten()[0].item():.3g}" for x in probe)
                first = int((fitting - target).abs().flatten().nan_to_num(math.inf).argmax())
                raise Wrong(
                    f"At ({names}) = ({where}{', ...' if target.ndim else ''}) it returns "
                    f"{value.flatten()[first].item():.4g}, and that is not right."
                )

    return judge_function


def exercise(
    number: str,
    label: str,
    expects: str,
    judge: Callable[[Any, Mistakes], None],
    praise: str,
    **mistakes: Mistake,
) -> Exercise:
    """Put an exercise together; the judge is given the mistakes, to recognize them."""
    return Exercise(
        number, label, expects, lambda answer: judge(answer, mistakes), praise, mistakes
    )

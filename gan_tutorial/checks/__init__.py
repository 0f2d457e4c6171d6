"""Checks for the exercises of the book: is an answer right, and if it is not, why.

``check("2.4", my_function)`` answers in a sentence. It needs no package beyond the library's own.
The exercises of a chapter are in the file of that name (those of chapter 2 in `minimax` and
`dynamics`); a *mistake* is a wrong answer that is met often enough to have a sentence of its own.
"""

from . import (
    code,
    doctor,
    dynamics,
    improving,
    measuring,
    minimax,
    pitfalls,
    principles,
    repair,
    scaling,
    semi,
    sources,
    vae,
)
from .core import Exercise, Mistake, Verdict, judge

__all__ = ["EXERCISES", "Exercise", "Mistake", "Verdict", "check"]

EXERCISES: dict[str, Exercise] = {
    exercise.number: exercise
    for chapter in (
        *(principles, minimax, dynamics, code, measuring, repair, vae, semi),
        *(pitfalls, doctor, improving, scaling, sources),
    )
    for exercise in chapter.EXERCISES
}


def check(exercise: str, answer=None) -> Verdict:
    """Say whether an answer to an exercise of the book is right, and if it is not, why.

    Parameters
    ----------
    exercise : str
        The number that the exercise has in the book, such as ``"2.4"``, or its label, such as
        ``"ex-ratio"``.
    answer : object
        What the exercise asks for: numbers, a tensor, text or a function. Functions are called
        with a few inputs; the exercise says with which.

    Returns
    -------
    Verdict
        True if the answer is right. As the last line of a cell it shows its sentence.

    Raises
    ------
    ValueError
        If there is no such exercise, or none that can be checked: open-ended exercises and proofs
        have a solution only.

    Examples
    --------
    >>> check("2.4", lambda d, share: d / (1 - d) * (1 - share) / share)
    Right. The threshold for "more likely under the data" is the share, not one half.
    >>> check("2.4", lambda d, share: d / (1 - d))
    Not yet. That is the ratio for equal shares: the share of real data does not enter. Where does \
it stand in D*?
    """
    by_label = {entry.label: entry for entry in EXERCISES.values()}
    found = EXERCISES.get(str(exercise)) or by_label.get(str(exercise))
    if found is None:
        chapter = str(exercise).split(".")[0]
        known = [number for number in EXERCISES if number.split(".")[0] == chapter]
        raise ValueError(
            f"there is no check for exercise {exercise!r}; there are checks for "
            f"{', '.join(known or EXERCISES)}"
        )
    return judge(found, answer)

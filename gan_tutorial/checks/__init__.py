"""Checks for the exercises of the book: is an answer right, and if it is not, why.

``check("2.4", my_function)`` answers in a sentence. It needs no package beyond the library's own.
The exercises of a chapter are in the files that `CHAPTERS` names; a *mistake* is a wrong answer
that is met often enough to have a sentence of its own.
"""

import importlib
from collections.abc import Iterator, Mapping

from .core import Exercise, Mistake, Verdict, judge

__all__ = ["EXERCISES", "Exercise", "Mistake", "Verdict", "check"]

# Which files hold the exercises of a chapter. A file is loaded when one of them is asked for.
CHAPTERS: dict[int, tuple[str, ...]] = {
    1: ("classical", "principles"),
    2: ("minimax", "dynamics"),
    3: ("networks", "code", "clinic"),
    4: ("measuring", "measuring_spread"),
    5: ("repair",),
    6: ("vae",),
    7: ("semi", "semi_leak"),
    8: ("pitfalls",),
    9: ("doctor",),
    10: ("improving",),
    12: ("scaling", "scaling_out"),
    13: ("sources",),
}


class Exercises(Mapping[str, Exercise]):
    """The exercises by number, in the order of the book; a chapter is loaded when it is needed."""

    def __init__(self) -> None:
        self._loaded: dict[int, dict[str, Exercise]] = {}

    def chapter(self, number: int) -> dict[str, Exercise]:
        """Return the exercises of a chapter; none if no chapter has this number."""
        if number not in self._loaded:
            files = [
                importlib.import_module(f".{name}", __name__) for name in CHAPTERS.get(number, ())
            ]
            found = {entry.number: entry for file in files for entry in file.EXERCISES}
            in_order = sorted(found, key=lambda number: int(number.split(".")[1]))
            self._loaded[number] = {number: found[number] for number in in_order}
        return self._loaded[number]

    def find(self, name: str) -> Exercise | None:
        """Return the exercise with this number or label, if there is one."""
        chapter, _, _ = name.partition(".")
        if chapter.isdecimal():
            return self.chapter(int(chapter)).get(name)
        return next((entry for entry in self.values() if entry.label == name), None)

    def __getitem__(self, number: str) -> Exercise:
        found = self.find(number)
        if found is None or found.number != number:
            raise KeyError(number)
        return found

    def __iter__(self) -> Iterator[str]:
        for chapter in CHAPTERS:
            yield from self.chapter(chapter)

    def __len__(self) -> int:
        return sum(len(self.chapter(chapter)) for chapter in CHAPTERS)


EXERCISES = Exercises()


def check(exercise: str, answer: object = None) -> Verdict:
    """Say whether an answer to an exercise of the book is right, and if it is not, why.

    Parameters
    ----------
    exercise : str
        The number that the exercise has in the book, such as ``"2.4"``, or its label, such as
        ``"ex-ratio"``.
    answer : object
        What the exercise asks for: numbers, a tensor, text or a function. Functions are called
        with a few inputs; the exercise says with which. A number may be a float, a fraction, a
        NumPy scalar or a tensor of one element, and functions may be written with `math`, NumPy
        or `torch`. Nothing that is handed in is changed.

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
    found = EXERCISES.find(str(exercise).strip())
    if found is None:
        chapter = str(exercise).split(".")[0]
        known = list(EXERCISES.chapter(int(chapter))) if chapter.isdecimal() else []
        raise ValueError(
            f"there is no check for exercise {exercise!r}; there are checks for "
            f"{', '.join(known or EXERCISES)}"
        )
    return judge(found, answer)

"""The check for exercise 7.3, a test for leaks of hidden labels."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .core import Mistake, Mistakes, Wrong, call, exercise, truth

Program = Callable[[Tensor, Tensor, Tensor], Tensor]

# --- 7.3 Find the leak -----------------------------------------------------------------------


def _nearest(x: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Give each sample the class of the nearest of the labeled ones: honest."""
    return y[rows][torch.cdist(x, x[rows]).argmin(1)]


def _standardized(x: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Use all samples, but no label outside the rows: honest."""
    return _nearest((x - x.mean(0)) / (x.std(0) + 1e-6), y, rows)


def _corrected(x: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Repeat the labels of five samples outside the rows: a leak in few places."""
    outside = torch.ones(len(x), dtype=torch.bool)
    outside[rows] = False
    guess, five = _nearest(x, y, rows).clone(), outside.nonzero()[:5, 0]
    guess[five] = y[five]
    return guess


def _by_counts(x: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Guess the commonest class for every second sample: leaks the *counts* of hidden labels."""
    guess = _nearest(x, y, rows).clone()
    guess[::2] = y[y >= 0].bincount().argmax()
    return guess


def _all_labels(x: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Vote of the classes' means, over all labels: an ordinary leak."""
    means = torch.stack([x[y == k].mean(0) for k in y.unique()])
    return y.unique()[torch.cdist(x, means).argmin(1)]


_PROGRAMS = {
    "one that uses the nearest labeled picture": (_nearest, False),
    "one that standardizes by all pictures": (_standardized, False),
    "one that takes the mean picture of each class from all labels": (_all_labels, True),
    "one that looks at five hidden labels": (_corrected, True),
    "one that knows only how *often* each class occurs among all labels": (_by_counts, True),
}


def _found(answer: Any) -> dict[str, bool]:
    return {name: truth(call(answer, program)) for name, (program, _) in _PROGRAMS.items()}


def _leak(answer: Any, mistakes: Mistakes) -> None:
    found = _found(answer)
    right = {name: leaks for name, (_, leaks) in _PROGRAMS.items()}
    if found == right:
        return
    for mistake in mistakes.values():
        if found == _found(mistake.answer):
            raise Wrong(mistake.why)
    name = next(name for name in right if found[name] != right[name])
    said = "accuses" if found[name] else "acquits"
    raise Wrong(f"Your test {said} {name}, and should not.")


def _tester(spare_the_labeled: bool, one_class_too: bool) -> Callable[[Program], bool]:
    """Make a test for leaks, with or without two of the usual faults."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(120, 3, generator=generator)
    y = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    y[:60] = 0  # the commonest class
    rows = torch.arange(40, 80)
    changed = torch.ones(120, dtype=torch.bool)
    changed[rows] = not spare_the_labeled

    def leaks(program: Program) -> bool:
        before = program(x, y, rows)
        versions = [y.clone() for _ in range(4)]
        for labels in versions:
            labels[changed] = labels[changed][torch.randperm(int(changed.sum()))]
        if one_class_too:
            versions[0][changed] = 3
        return any(not torch.equal(program(x, labels, rows), before) for labels in versions)

    return leaks


EXERCISES = (
    exercise(
        "7.3",
        "ex-leak",
        "a function of a program(x, y, rows) that returns whether it leaks",
        _leak,
        "Without reading a line of code: what changes when hidden labels change has seen them.",
        shuffles_all=Mistake(
            "Your test accuses every program, the honest ones too. Do you change the labels of the "
            "50 as well? Who learns from them has to react.",
            _tester(spare_the_labeled=False, one_class_too=True),
        ),
        only_shuffles=Mistake(
            "A shuffle keeps the number of labels of each class, and a program that knows only "
            "those goes free. Change more than the order.",
            _tester(spare_the_labeled=True, one_class_too=False),
        ),
        never=Mistake("Your test accuses nobody.", lambda program: False),
    ),
)

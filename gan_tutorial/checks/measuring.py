"""Checks for the exercises of chapter 4, measuring."""

import math
from typing import Any

import torch
from torch import Tensor

from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    close,
    compare_functions,
    compare_values,
    exercise,
    number,
)

# --- 4.2 Every picture twice -----------------------------------------------------------------


def _row_set(*rows: int) -> Tensor:
    """Return a set of feature vectors; equal numbers are equal vectors."""
    return torch.stack([torch.linspace(0, 1, 5) + row for row in rows])


# Equal in one number, or in their sum: only two of these rows are the same.
_ALIKE = torch.tensor([[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [2.0, 1.0], [0.0, 1.0]])


def _near_pairs(x: Tensor) -> float:
    distances = torch.cdist(x, x)
    return (distances.amin(1) == 0).double().mean().item()


def _with_a_twin(x: Tensor) -> float:
    distances = torch.cdist(x, x) + torch.eye(len(x))
    return (distances.amin(1) < 1e-6).double().mean().item()


# --- 4.3 A negative distance -----------------------------------------------------------------


def _kernels(x: Tensor, y: Tensor, scale: float | None = None, power: int = 3) -> list[Tensor]:
    scale = x.shape[1] if scale is None else scale
    pairs = ((x, x), (y, y), (x, y))
    return [((p.double() @ q.double().T) / scale + 1) ** power for p, q in pairs]


def _biased(x: Tensor, y: Tensor, **options: Any) -> float:
    of_x, of_y, between = _kernels(x, y, **options)
    return float(of_x.mean() + of_y.mean() - 2 * between.mean())


def _unbiased(x: Tensor, y: Tensor) -> float:
    of_x, of_y, between = _kernels(x, y)
    n, m = len(x), len(y)
    within_x = (of_x.sum() - of_x.trace()) / (n * (n - 1))
    within_y = (of_y.sum() - of_y.trace()) / (m * (m - 1))
    return float(within_x + within_y - 2 * between.mean())


def _two_sets(seed: int, n: int, m: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 4, generator=generator), 1.5 * torch.randn(m, 4, generator=generator)


# --- 4.4 One constant ------------------------------------------------------------------------

_SPREAD = torch.linspace(-1, 1, 2001) ** 3
_SETS = (_SPREAD, 0.3 * _SPREAD, _SPREAD.exp() - 1)  # the last one is not symmetric


def _constant(answer: Any, mistakes: Mistakes) -> None:
    pictures = [pixels.view(3, 1, 23, 29) for pixels in _SETS]
    found = [number(call(answer, each)) for each in pictures]
    reached = [
        (each + constant >= 0.5).double().mean().item()
        for each, constant in zip(pictures, found, strict=True)
    ]
    if max(abs(share - 0.75) for share in reached) < 0.01:
        return
    for mistake in mistakes.values():
        if close(found, [mistake.answer(each) for each in pictures], 1e-3):
            raise Wrong(mistake.why)
    worst = max(reached, key=lambda share: abs(share - 0.75))
    raise Wrong(
        f"With your constant {worst:.0%} of the pixels of a set lie at or above one half, not 75%."
    )


EXERCISES = (
    exercise(
        "4.1",
        "ex-fid-by-hand",
        "the Fréchet distance of the two distributions, a number",
        compare_values([27.0], ["the distance"]),
        "The means give 25, and the spreads, one for each direction, 2 more.",
        means_only=Mistake(
            "25 is the part of the means. The covariances differ too: what do they add?", 25.0
        ),
        root=Mistake(
            "That is the root. FID is, by custom, the *squared* Fréchet distance.", math.sqrt(27)
        ),
        variances=Mistake(
            "You took the difference of the variances, 4 - 1; it is the one of the standard "
            "deviations, 2 - 1, that is squared.",
            43.0,
        ),
        no_cross_term=Mistake(
            "25 + 2 + 8: the traces are added, and twice the trace of the root of the product is "
            "still to be subtracted.",
            35.0,
        ),
        one_direction=Mistake(
            "The spreads add 1 *for each direction*, and the plane has two.", 26.0
        ),
    ),
    exercise(
        "4.2",
        "ex-recall-copies",
        "a function of features (N, F) that returns the share of rows that repeat an earlier row",
        compare_functions(
            lambda x: 1 - len(torch.unique(x, dim=0)) / len(x),
            [
                (_row_set(0, 1, 2, 3),),
                (_row_set(0, 1, 0, 1),),
                (_row_set(7, 7, 7, 7, 1),),
                (_row_set(5, 1, 2, 1, 3),),
                (_ALIKE,),
            ],
            "features",
        ),
        "It is the plainest instrument of the chapter, and the only one that sees this fault.",
        own_copy=Mistake(
            "Each row is at distance 0 from *itself*: compare it with the others.", _near_pairs
        ),
        first_ones_too=Mistake(
            "You count the first of each group as well. It repeats nothing; those after it do.",
            _with_a_twin,
        ),
        share_that_differs=Mistake(
            "That is the share of rows that are *new*: subtract it from 1.",
            lambda x: len(torch.unique(x, dim=0)) / len(x),
        ),
        neighbors_only=Mistake(
            "You compare each row with the one before it: repeats may lie far apart.",
            lambda x: (x[1:] == x[:-1]).all(1).double().sum().item() / len(x),
        ),
    ),
    exercise(
        "4.3",
        "ex-kid-negative",
        "a function of two sets of features, (n, F) and (m, F), that returns the biased KID",
        compare_functions(_biased, [_two_sets(0, 12, 9), _two_sets(1, 30, 30)], "x, y", 1e-3),
        "The pairs of a sample with itself only add: it can never be negative.",
        unbiased=Mistake(
            "That is the unbiased one: the exercise asks for the version that keeps the pairs of "
            "a sample with itself.",
            _unbiased,
        ),
        not_divided=Mistake(
            "The product of two feature vectors is divided by their length F before 1 is added.",
            lambda x, y: _biased(x, y, scale=1),
        ),
        squared=Mistake("The kernel's power is 3, not 2.", lambda x, y: _biased(x, y, power=2)),
        cross_once=Mistake(
            "The mean over pairs of one from each set is subtracted *twice*.",
            lambda x, y: _biased(x, y) + float(_kernels(x, y)[2].mean()),
        ),
    ),
    exercise(
        "4.4",
        "ex-accuracy-100",
        "a function of pixels, a tensor, that returns the constant to add",
        _constant,
        "Any accuracy can be had by one constant, and no picture is better for it.",
        wrong_quarter=Mistake(
            "With this constant a quarter of the pixels lie *above* one half. Which quantile has "
            "three quarters above it?",
            lambda x: 0.5 - torch.quantile(x.flatten(), 0.75).item(),
        ),
        no_half=Mistake(
            "You shift the quantile to 0; the threshold is one half.",
            lambda x: -torch.quantile(x.flatten(), 0.25).item(),
        ),
        sign=Mistake(
            "The sign is reversed: add what the quantile lacks to one half.",
            lambda x: torch.quantile(x.flatten(), 0.25).item() - 0.5,
        ),
        median=Mistake(
            "That brings the *median* to one half, and the accuracy to 50%.",
            lambda x: 0.5 - x.flatten().median().item(),
        ),
    ),
)

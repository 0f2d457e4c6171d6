"""Checks for the exercises of chapter 4, measuring: luck, matched moments, the scatter of KID."""

import math
from collections.abc import Callable
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
    exercise,
    number,
    numbers,
)

# --- 4.5 More candidates ---------------------------------------------------------------------


def expected_best(candidates: int) -> float:
    """Return the mean of the largest of some draws of N(0, 1), by its integral."""
    x = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    below = torch.special.ndtr(x) ** candidates
    return float(torch.trapezoid((x > 0).double() - below, x))


def _quantile(share: float) -> float:
    return float(torch.special.ndtri(torch.tensor(share, dtype=torch.float64)))


# What may be called the distance of the best: its mean, its median, and the quantiles of one
# draw that books put in their place.
_LAWS: tuple[Callable[[int], float], ...] = (
    expected_best,
    lambda m: _quantile(0.5 ** (1 / m)),
    lambda m: _quantile(m / (m + 1)),
    lambda m: _quantile(1 - 1 / m),
    lambda m: _quantile((m - 0.375) / (m + 0.25)),  # Blom's
)
_COUNTS = (5, 20, 80, 320)


def _growth(answer: Any, mistakes: Mistakes) -> None:
    found = [number(call(answer, m)) for m in _COUNTS]
    for law in _LAWS:  # a mean may be measured, with some scatter
        if close(found, [law(m) for m in _COUNTS], 0.04 if law is expected_best else 0.01):
            return
    for mistake in mistakes.values():
        if close(found, [mistake.answer(m) for m in _COUNTS], 1e-3):
            raise Wrong(mistake.why)
    if found[-1] <= found[0]:
        raise Wrong("It should grow: the best of more candidates lies farther from their mean.")
    raise Wrong(
        f"For 5 candidates it returns {found[0]:.2f} and for 320 {found[-1]:.2f} standard "
        f"deviations; the best of as many normal draws lies {expected_best(5):.2f} and "
        f"{expected_best(320):.2f} away."
    )


# --- 4.6 Fool FID on paper --------------------------------------------------------------------


def _clouds(seed: int, n: int, m: int, width: int) -> tuple[Tensor, Tensor]:
    """Return two clouds of features that depend on each other, the second not normal."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(2, width, width, generator=generator, dtype=torch.float64)
    x = torch.randn(n, width, generator=generator, dtype=torch.float64) @ mix[0] + 1
    y = torch.rand(m, width, generator=generator, dtype=torch.float64) @ mix[1] - 2
    return x, y


_CLOUDS = (_clouds(0, 30, 24, 2), _clouds(1, 50, 70, 5))


def _root(cloud: Tensor) -> Tensor:
    return torch.linalg.cholesky(torch.cov(cloud.T))


def _mapped(x: Tensor, y: Tensor, matrix: Tensor) -> Tensor:
    return x.mean(0) + (y - y.mean(0)) @ matrix.T


def _scaled(x: Tensor, y: Tensor) -> Tensor:
    return _mapped(x, y, torch.diag(x.std(0) / y.std(0)))


def _moved(answer: Any, mistakes: Mistakes) -> None:
    given = [numbers(call(answer, x, y)) for x, y in _CLOUDS]
    for mistake in mistakes.values():
        usual = [mistake.answer(x, y) for x, y in _CLOUDS]
        if all(map(close, given, usual, [1e-4] * len(usual))):
            raise Wrong(mistake.why)
    for found, (x, y) in zip(given, _CLOUDS, strict=True):
        if found.shape != y.shape:
            raise Wrong(
                f"It returns shape {tuple(found.shape)}: each of the {len(y)} points of y has to "
                f"be moved, {tuple(y.shape)}."
            )
        moved = found.double()
        if not close(moved.mean(0), x.mean(0), 1e-3):
            raise Wrong("The mean of what it returns is not the mean of x.")
        if not close(torch.cov(moved.T), torch.cov(x.T), 1e-3):
            raise Wrong("The covariance of what it returns is not the covariance of x.")
        affine = torch.cat([y, torch.ones(len(y), 1, dtype=y.dtype)], 1)
        left = moved - affine @ torch.linalg.lstsq(affine, moved).solution
        if left.norm() > 1e-3 * moved.norm():
            raise Wrong(
                "Mean and covariance are right, and the points are not those of y, moved by one "
                "affine map."
            )


# --- 4.7 The variance of KID ------------------------------------------------------------------


def _kid_deviation(n: int, width: int) -> float:
    return math.sqrt((4 / (n * (n - 1)) + 4 / n**2) / width)


EXERCISES = (
    exercise(
        "4.5",
        "ex-optimism",
        "a function of the number of candidates that returns how many standard deviations the "
        "best lies from the mean",
        _growth,
        "Like the root of the logarithm: ever more slowly, and without end.",
        proportional=Mistake(
            "In proportion to the number? Normal draws that far out are much too rare.",
            lambda m: float(m),
        ),
        root=Mistake(
            "A root is too fast: of 400 draws none lies 20 standard deviations out.",
            lambda m: math.sqrt(m),
        ),
        no_root=Mistake(
            "The tail falls like exp(-x^2 / 2): after the logarithm comes a root.",
            lambda m: 2 * math.log(m),
        ),
        standard_error=Mistake(
            "That is how the error of a *mean* shrinks. The best of many does not get nearer to "
            "the mean.",
            lambda m: 1 / math.sqrt(m),
        ),
        very_many=Mistake(
            "That is what it tends to for very many candidates. For 5 it says 1.79, and the best "
            "of five lies 1.16 away on average: use the distribution of the best itself.",
            lambda m: math.sqrt(2 * math.log(m)),
        ),
    ),
    exercise(
        "4.6",
        "ex-fool-fid",
        "a function of two clouds, (n, F) and (m, F), that returns the second one moved, (m, F)",
        _moved,
        "To FID the two are now one cloud, whatever the shape of either.",
        mean_only=Mistake(
            "The mean is that of x, and the covariance is still that of y: shape it as well.",
            lambda x, y: y - y.mean(0) + x.mean(0),
        ),
        each_feature=Mistake(
            "Each feature has the right mean and deviation, and the covariances *between* "
            "features are still those of y: a matrix has to mix them.",
            _scaled,
        ),
        not_whitened=Mistake(
            "You color y with the root of x's covariance, and y had one of its own: undo that "
            "first.",
            lambda x, y: _mapped(x, y, _root(x)),
        ),
        wrong_side=Mistake(
            "The points are rows: a map A of columns is multiplied from the right as its "
            "transpose.",
            lambda x, y: _mapped(x, y, (_root(x) @ torch.linalg.inv(_root(y))).T),
        ),
    ),
    exercise(
        "4.7",
        "ex-kid-variance",
        "a function of n and F that returns the standard deviation of KID with the linear kernel",
        compare_functions(_kid_deviation, [(10, 4), (150, 32), (300, 64)], "n, F", 1e-4),
        "Twice as many samples halve the scatter: there are four times as many pairs.",
        variance=Mistake(
            "That is the variance: the deviation is its root.",
            lambda n, width: _kid_deviation(n, width) ** 2,
        ),
        one_set=Mistake(
            "You have the pairs within both sets. The mixed pairs, which are subtracted, scatter "
            "too.",
            lambda n, width: math.sqrt(4 / (n * (n - 1)) / width),
        ),
        usual_root=Mistake(
            "That is how a mean of n numbers scatters. Here are about n^2 uncorrelated pairs.",
            lambda n, width: math.sqrt(8 / n / width),
        ),
        not_divided=Mistake(
            "The kernel is x . y / F: its variance is F / F^2.",
            lambda n, width: math.sqrt((4 / (n * (n - 1)) + 4 / n**2) * width),
        ),
    ),
)

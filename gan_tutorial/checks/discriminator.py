"""Checks for the exercises on the discriminator as a loss."""

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from .core import Mistake, compare_functions, exercise

# --- The best logit, and the best constant ------------------------------------------------------


def _logit(x: float, y: float, mu: float, nu: float) -> float:
    """Return log p(x | y) / q(x | y) for normal densities of variance 1 around y mu and y nu."""
    return y * (mu - nu) * x - (mu**2 - nu**2) / 2


def _median(values: Sequence[float], shares: Sequence[float]) -> float:
    ordered = sorted(zip(values, shares, strict=True))
    below = [sum(share for _, share in ordered[: k + 1]) for k in range(len(ordered))]
    return next(value for (value, _), share in zip(ordered, below, strict=True) if share >= 0.5)


def _mean(values: Sequence[float], shares: Sequence[float]) -> float:
    return sum(v * s for v, s in zip(values, shares, strict=True))


def _mode(values: Sequence[float], shares: Sequence[float]) -> float:
    return max(zip(shares, values, strict=True))[1]


# --- Super-resolution, cycles, and a flow in few steps ------------------------------------------


def _made(seed: int, side: int) -> tuple[Tensor, Tensor]:
    """Return pictures, and smaller ones that do not belong to them."""
    random = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(2, 1, n, n, generator=random) for n in (side, side // 2))  # type: ignore[return-value]


def _larger(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="nearest")


def _consistent(x: Tensor, a: Tensor) -> Tensor:
    return x + _larger(a - avg_pool2d(x, 2))


def _cycles(shares: Sequence[float]) -> int:
    """Count the one-to-one maps of colors that keep every share."""
    return math.prod(math.factorial(n) for n in Counter(shares).values())


def _width(steps: int, sigma: float, first: int = 0) -> float:
    """Return by which factor Euler's method stretches noise on its way to N(0, sigma^2)."""
    factor = 1.0
    for k in range(steps):
        t = (k + first) / steps
        slope = t * sigma**2 / ((1 - t) ** 2 + t**2 * sigma**2)
        factor *= 1 + (slope - 1) / (steps - k)
    return factor


def _floor(n: int, sigma: float, k: float) -> float:
    """Return which share of the unit circle is within k sigma of one of n points on it."""
    return min(1.0, 2 * n / math.pi * math.asin(min(1.0, k * sigma / 2)))


EXERCISES = (
    exercise(
        "11.1",
        "ex-disc-logit",
        "a function of (x, y, mu, nu) that returns the best logit",
        compare_functions(
            _logit,
            [(0.5, 1.0, 2.0, 1.0), (-1.0, -1.0, 2.0, 0.5), (3.0, 1.0, 0.0, 1.5), (0, -1.0, 1, 0)],
            "x, y, mu, nu",
        ),
        "An inner product of the class and the feature x, and a rest without the class: a "
        "projection discriminator can be exactly this.",
        no_rest=Mistake(
            "The inner product is right; the squares of the two means do not cancel.",
            lambda x, y, mu, nu: y * (mu - nu) * x,
        ),
        sign_of_rest=Mistake(
            "The rest has the wrong sign: a density far from 0 is lower at 0.",
            lambda x, y, mu, nu: y * (mu - nu) * x + (mu**2 - nu**2) / 2,
        ),
        upside_down=Mistake(
            "Upside down: the logit is high where *reals* are dense.",
            lambda x, y, mu, nu: -_logit(x, y, mu, nu),
        ),
    ),
    exercise(
        "11.2",
        "ex-disc-median",
        "a function of (values, shares), lists of numbers, that returns the best answers by "
        "absolute and by squared error",
        compare_functions(
            lambda values, shares: (_median(values, shares), _mean(values, shares)),
            [
                ([0.0, 100.0], [0.6, 0.4]),
                ([5.0, 1.0, 9.0], [0.2, 0.55, 0.25]),
                ([-1.0, 1.0, 2.0], [0.3, 0.3, 0.4]),
                ([7.0, 0.0, 1.0, 2.0], [0.4, 0.2, 0.2, 0.2]),
            ],
            "values, shares",
        ),
        "Median and mean. A game asks for neither: it asks for values in their shares.",
        swapped=Mistake(
            "Swapped: squares are balanced by the mean, absolute values by the median.",
            lambda values, shares: (_mean(values, shares), _median(values, shares)),
        ),
        mode=Mistake(
            "The most frequent value is not what an absolute error asks for: move the guess a "
            "little, and count how many values come nearer and how many go away.",
            lambda values, shares: (_mode(values, shares), _mean(values, shares)),
        ),
        unweighted=Mistake(
            "You forgot the shares: some values come more often.",
            lambda values, shares: (
                _median(values, [1 / len(values)] * len(values)),
                sum(values) / len(values),
            ),
        ),
    ),
    exercise(
        "11.3",
        "ex-disc-consistent",
        "a function of (x, a), pictures and pictures of half the side, that returns the nearest "
        "pictures to x whose small versions are a",
        compare_functions(
            _consistent, [_made(seed, side) for seed, side in ((0, 4), (1, 8))], "x, a"
        ),
        "One line, and no drawn detail contradicts the measurement any more.",
        replaced=Mistake(
            "That has the right small version, but nothing is left of x.", lambda x, a: _larger(a)
        ),
        added=Mistake(
            "That adds a to what is there; only what is *missing* has to be added.",
            lambda x, a: x + _larger(a),
        ),
        wrong_way=Mistake(
            "The correction has the wrong sign: it doubles the contradiction.",
            lambda x, a: x - _larger(a - avg_pool2d(x, 2)),
        ),
    ),
    exercise(
        "11.4",
        "ex-disc-cycles",
        "a function of the shares of the colors (a list) that returns how many translations are "
        "perfect",
        compare_functions(
            _cycles,
            [([0.5, 0.5],), ([0.2, 0.3, 0.5],), ([0.2] * 5,), ([0.3, 0.3, 0.2, 0.2],)],
            "shares",
        ),
        "Alike in share, alike to the judges. What differs in share cannot be swapped.",
        all_maps=Mistake(
            "Two colors may go to one by that count, and then there is no way back.",
            lambda shares: len(shares) ** len(shares),
        ),
        all_orders=Mistake(
            "One-to-one maps they are; but a judge sees how often each color comes.",
            lambda shares: math.factorial(len(shares)),
        ),
        unique=Mistake("More than one, wherever two shares are equal.", lambda shares: 1),
    ),
    exercise(
        "11.5",
        "ex-disc-euler",
        "a function of (n, sigma) that returns the standard deviation of what comes out",
        compare_functions(_width, [(1, 0.5), (2, 0.5), (4, 0.5), (8, 2.0), (32, 0.1)], "n, sigma"),
        "In one step everything lands on the mean; in many, where it should.",
        perfect=Mistake(
            "So it is in infinitely many steps. Here are n.", lambda n, sigma: float(sigma)
        ),
        late=Mistake(
            "You ask the denoiser at the *end* of each step, where the sample is not yet.",
            lambda n, sigma: _width(n, sigma, 1),
        ),
    ),
    exercise(
        "11.7",
        "ex-disc-floor",
        "a function of (n, sigma, k) that returns the share of a bare circle which is within k "
        "sigma of a clump",
        compare_functions(
            _floor,
            [(8, 0.1, 3), (5, 0.1, 2), (8, 0.02, 3.0), (3, 0.2, 1), (8, 0.2, 3), (4, 0.7, 2)],
            "n, sigma, k",
        ),
        "A measure whose floor is 77% can say little; make k or sigma smaller, and it can.",
        arc=Mistake(
            "Near, but a distance is straight and an arc is bent: on the circle a little more than "
            "k sigma is within k sigma.",
            lambda n, sigma, k: min(1.0, n * k * sigma / math.pi),
        ),
        one_side=Mistake(
            "A clump has points of the circle on both sides.",
            lambda n, sigma, k: _floor(n, sigma, k) / 2 if n * k * sigma < 3 else 0.5,
        ),
        clumps=Mistake(
            "That is the share of *real* points, normal around their clump; asked for is that of "
            "a circle which knows nothing of clumps.",
            lambda n, sigma, k: 1 - math.exp(-(k**2) / 2),
        ),
        no_end=Mistake(
            "Where clumps lie so close that their neighborhoods meet, that is more than all.",
            lambda n, sigma, k: 2 * n / math.pi * math.asin(min(1.0, k * sigma / 2)),
        ),
    ),
)

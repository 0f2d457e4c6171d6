"""Checks for the exercises of chapter 2, the minimax game: games of two numbers and the recipe."""

import math
from collections.abc import Callable
from typing import Any

import torch
from scipy.optimize import linear_sum_assignment

from ..theory import divergences as div
from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    compare_functions,
    compare_values,
    exercise,
    number,
    numbers,
)

# --- 2.11 A schedule for the noise -----------------------------------------------------------


def distance_left(schedule: Callable[[float], Any], steps: int = 200, h: float = 0.15) -> float:
    """Return how far the generator of exercise 2.11 is from the data after its steps."""
    line = torch.linspace(-14, 17, 1551, dtype=torch.float64)
    shift = 3.0
    for t in range(steps):
        noise = number(call(schedule, t / steps))
        if not (0 <= noise <= 4):
            raise Wrong(
                f"At t = {t / steps:g} the noise is {noise:g}: a standard deviation between 0 and "
                "4 is expected (beyond that the grid of the check is too short)."
            )
        width = math.hypot(0.1, noise)

        def value(s: float, width: float = width) -> float:
            data, fakes = (div.gaussian(line, mean, width) for mean in (0.0, s))
            data, fakes = (d.where(d > 1e-200, 0.0) for d in (data, fakes))  # half of 5e-324 is 0
            return 2 * div.jensen_shannon(data, fakes, 0.02).item()

        shift -= h * (value(shift + 1e-3) - value(shift - 1e-3)) / 2e-3
    return abs(shift)


def _schedule(answer: Any, mistakes: Mistakes) -> None:
    first, last = (number(call(answer, t)) for t in (0.0, 0.995))
    left = distance_left(answer)
    if left > 2.9:
        raise Wrong(mistakes["none"].why)
    if left > 0.5 * distance_left(lambda t: 2.0):
        if abs(first - last) < 0.05 * first:
            raise Wrong(mistakes["constant"].why)
        if last < 0.05 * first:
            raise Wrong(mistakes["too_soon"].why)
        raise Wrong(
            f"The generator ends {left:.2f} away, which is not half as far as with constant noise "
            "of 2. Start with noise as wide as the gap, and let it fall all the way."
        )


# --- 2.15 Make the ring collapse -------------------------------------------------------------


def _counts(answer: Any, mistakes: Mistakes) -> None:
    given = numbers(answer)
    if given.shape != (2, 3):
        raise Wrong("Hand in two lists of three counts, one count for each seed: (before, after).")
    before, after = given
    if ((given < 0) | (given > 8) | (given != given.round())).any():
        raise Wrong("A count is a whole number of clumps, from 0 to 8.")
    if before.min() == 8 and after.max() <= 3:
        raise Wrong(mistakes["swapped"].why)
    if before.max() > 3:
        raise Wrong(mistakes["not_collapsed"].why)
    if after.min() < 8:
        raise Wrong(mistakes["not_cured"].why)


# --- 2.16 Wasserstein distance in the plane --------------------------------------------------


def _distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x[:, None] - y[None, :]).norm(dim=2)


def _pairing(x: torch.Tensor, y: torch.Tensor, power: int = 1) -> float:
    cost = _distances(x, y) ** power
    return float(cost[linear_sum_assignment(cost.numpy())].mean())


def _clouds(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, count, 2, generator=rng, dtype=torch.float64)
    return x, y + torch.tensor([1.0, 0.5])


EXERCISES = (
    exercise(
        "2.9",
        "ex-rates",
        "three numbers: the steps of (a), the best h of (b), the steps of (c)",
        compare_values([140, 1 / math.sqrt(2), 17], ["(a)", "(b)", "(c)"], tolerance=1e-3),
        "Slow out, fast home: with the right step extragradient needs seventeen.",
        rounded_down=Mistake(
            "After 139 and after 16 steps it is not yet there: round up.",
            [139, 1 / math.sqrt(2), 16],
        ),
        no_root=Mistake(
            "1 + h^2 multiplies the *square* of the distance: take the root before the logarithm.",
            [70, 1 / math.sqrt(2), 17],
        ),
        edge=Mistake(
            "h = 1 is where extragradient stops converging; the best step is where 1 - h^2 + h^4 "
            "is smallest.",
            [140, 1.0, math.inf],
        ),
        half=Mistake(
            "h^2 = 1/2 is the minimum, not h = 1/2: you solved for the square.",
            [140, 0.5, 17],
        ),
    ),
    exercise(
        "2.10",
        "ex-best-r1",
        "the best gamma, a number",
        compare_values([1.0], ["gamma"], tolerance=0.04),
        "Beyond it the discriminator is over-damped, and tells the generator less.",
        strongest=Mistake(
            "More is not better: beyond some gamma the factor rises again. Scan further down.",
            3.0,
        ),
        no_penalty=Mistake(
            "Without a penalty the players circle for ever: the real part is gamma / 2.", 0.0
        ),
        double=Mistake("The eigenvalues stop being complex where gamma^2 / 4 = 1 / 4.", 2.0),
        half=Mistake(
            "One half is the real part of the eigenvalue at the best gamma, gamma / 2.", 0.5
        ),
    ),
    exercise(
        "2.11",
        "ex-noise",
        "a function of t, from 0 to 1, that returns the standard deviation of the noise",
        _schedule,
        "It ends less than half as far away as constant noise of 2, which is wide while far, as it "
        "must be, and still wide when near.",
        none=Mistake(
            "The generator does not move: without noise, or with too little, the densities do not "
            "overlap and the JSD is flat.",
            lambda t: 0.0,
        ),
        constant=Mistake(
            "Constant noise arrives slowly: a blurred JSD is flat at its bottom. Let the noise "
            "fall to zero.",
            lambda t: 2.0,
        ),
        too_soon=Mistake(
            "The noise is gone before the generator has arrived, and it is stranded.",
            lambda t: max(0.0, 2.0 - 20 * t),
        ),
    ),
    exercise(
        "2.12",
        "ex-pairs",
        "a function of (p_x, q_x, p_y, q_y), the densities at two points, that returns the best "
        "a(x) - a(y)",
        compare_functions(
            lambda p_x, q_x, p_y, q_y: math.log(p_x * q_y / (q_x * p_y)),
            [(0.3, 0.1, 0.2, 0.4), (0.1, 0.4, 0.3, 0.3), (0.2, 0.2, 0.5, 0.1)],
            "p_x, q_x, p_y, q_y",
        ),
        "The old logit, with a constant that nobody can see.",
        one_point=Mistake(
            "That is the best logit at x alone. The pair has a second member, y: subtract its "
            "log-ratio.",
            lambda p_x, q_x, p_y, q_y: math.log(p_x / q_x),
        ),
        reversed_sign=Mistake(
            "The sign is reversed: the difference is large if x looks real and y does not.",
            lambda p_x, q_x, p_y, q_y: math.log(q_x * p_y / (p_x * q_y)),
        ),
        probability=Mistake(
            "That is the probability that the pair was drawn as (real x, fake y): take its logit.",
            lambda p_x, q_x, p_y, q_y: p_x * q_y / (p_x * q_y + q_x * p_y),
        ),
        data_only=Mistake(
            "That compares the densities of the data only: where do the fakes enter?",
            lambda p_x, q_x, p_y, q_y: math.log(p_x / p_y),
        ),
    ),
    exercise(
        "2.13",
        "ex-r2",
        "two numbers, the entry of J and the best common weight",
        compare_values([0.6, 0.5], ["the entry", "gamma"], tolerance=0.02),
        "On a straight logit the two weights add.",
        one_of_two=Mistake(
            "That is the entry, and the weight, of one penalty alone: the slope is phi at the data "
            "and at the fakes, so both charge for it.",
            [0.3, 1.0],
        ),
        entry_only=Mistake("The entry is right. The best *sum* of both weights is 1.", [0.6, 1.0]),
        weight_only=Mistake(
            "The best weight is right. In the entry, too, both penalties count.", [0.3, 0.5]
        ),
        halved=Mistake(
            "The derivative of gamma / 2 phi^2 is gamma phi: one half is already used up.",
            [0.3, 2.0],
        ),
    ),
    exercise(
        "2.14",
        "ex-gp-dirac",
        "a function of the penalty's weight that returns how far from the data the fakes stop or "
        "swing",
        compare_functions(
            lambda weight: (
                2 * weight
                if weight >= 1
                else 2 * weight / math.tanh(math.pi * weight / (2 * math.sqrt(1 - weight**2)))
            ),
            [(0.1,), (0.5,), (0.9,), (1.0,), (10.0,)],
            "weight",
            tolerance=2e-3,
        ),
        "A slope of one is asked for where the equilibrium needs a slope of zero.",
        at_rest=Mistake(
            "Zero is where they should stop. Put theta = 0 and phi = 0 into the equation: does phi "
            "stay?",
            lambda weight: 0.0,
        ),
        no_loop=Mistake(
            "For weights of 1 and more that is right. Below, the swing passes through phi = 0, and "
            "the center jumps to the other side.",
            lambda weight: 2 * weight,
        ),
        one_swing=Mistake(
            "That is the distance from the *center* of the swing, 2 lambda, not from the data.",
            lambda weight: (
                2 * weight
                if weight >= 1
                else 2 * weight / math.tanh(math.pi * weight / (2 * math.sqrt(1 - weight**2)))
                - 2 * weight
            ),
        ),
        undamped=Mistake(
            "That is the limit of a small weight. The swing is damped, and its center moves.",
            lambda weight: 4 / math.pi,
        ),
    ),
    exercise(
        "2.15",
        "ex-collapse",
        "two lists of three counts of clumps, before and after your change",
        _counts,
        "The generator must not outrun the discriminator, and neither may carry momentum.",
        swapped=Mistake("These are the lists in the wrong order.", [[8, 8, 8], [1, 0, 2]]),
        not_collapsed=Mistake(
            "Not collapsed from every seed: at most three clumps may have points. Make the "
            "generator faster, or the discriminator slower.",
            [[1, 5, 2], [8, 8, 8]],
        ),
        not_cured=Mistake(
            "Not cured from every seed: all three counts have to be 8.", [[1, 0, 2], [8, 3, 8]]
        ),
    ),
    exercise(
        "2.16",
        "ex-assignment",
        "a function of two tensors of n points each, shape (n, 2), that returns their W1",
        compare_functions(_pairing, [_clouds(6, 0), _clouds(30, 1), _clouds(50, 2)], "x, y"),
        "Every point is used once: that is what makes it a distance between densities.",
        as_given=Mistake(
            "That pairs the points as they happen to stand. Find the cheapest pairing.",
            lambda x, y: float((x - y).norm(dim=1).mean()),
        ),
        nearest=Mistake(
            "Here many points may share one neighbor. In a plan each is used once.",
            lambda x, y: float(_distances(x, y).min(1).values.mean()),
        ),
        sorted_first=Mistake(
            "Sorting by the first coordinate is the best pairing on a line only.",
            lambda x, y: float((x[x[:, 0].argsort()] - y[y[:, 0].argsort()]).norm(dim=1).mean()),
        ),
        total=Mistake(
            "That is the sum. Each point carries one n-th of the mass: take the mean.",
            lambda x, y: _pairing(x, y) * len(x),
        ),
        squared=Mistake(
            "W1 carries mass at the cost of the distance, not of its square.",
            lambda x, y: _pairing(x, y, power=2),
        ),
    ),
)

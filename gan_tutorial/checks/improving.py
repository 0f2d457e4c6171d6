"""Checks for the exercises of chapter 10, improving a GAN."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

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

# --- 10.3 When does an augmentation leak? ----------------------------------------------------


def _shares(u: float, p: float) -> tuple[float, float]:
    up = (1 - p) * u + p * (1 - u)
    return up, 1 - up


# --- 10.4 The largest singular value ---------------------------------------------------------


def _iterate(W: Tensor, rounds: int, squared: bool = False, transpose: bool = True) -> Tensor:
    v = torch.ones(W.shape[1], dtype=W.dtype)
    for _ in range(rounds):
        u = normalize(W @ v, dim=0)
        v = normalize(W.T @ u, dim=0) if transpose else v
    return (W @ v).square().sum() if squared else u @ W @ v


def _matrix(rows: int, columns: int, first: float, last: float) -> Tensor:
    """Return a matrix whose singular values fall evenly from the first to the last."""
    generator = torch.Generator().manual_seed(rows)
    U, s, V = torch.linalg.svd(torch.randn(rows, columns, generator=generator), False)
    return U @ torch.diag(torch.linspace(first, last, len(s))) @ V


def _matrices() -> list[Tensor]:
    """Return matrices whose two largest singular values are well apart."""
    return [_matrix(6, 4, 3.0, 0.75), _matrix(3, 5, 0.5, 0.125), _matrix(8, 8, 10.0, 2.5)]


def _largest(answer: Any, mistakes: Mistakes) -> None:
    found = [number(call(answer, W, 100)) for W in _matrices()]
    if close(found, [3.0, 0.5, 10.0], 1e-3):
        # One round, and four, leave an error that no start but the solution itself avoids.
        slow = [number(call(answer, _matrix(20, 12, 1.0, 0.5), rounds)) for rounds in (1, 4)]
        if slow[0] > 0.995:
            raise Wrong(mistakes["by_decomposition"].why)
        if slow[1] > 0.9985:
            raise Wrong(
                "After four rounds it is nearer than four rounds can come: does it make more "
                "rounds than it is told to?"
            )
        if slow[1] < slow[0] - 0.05 or abs(slow[1] - slow[0]) < 1e-6:
            raise Wrong("More rounds do not bring it nearer: does each go on where the last ended?")
        return
    for mistake in mistakes.values():
        if close(found, [number(mistake.answer(W, 100)) for W in _matrices()], 1e-3):
            raise Wrong(mistake.why)
    raise Wrong(
        f"Of a matrix whose largest singular value is 3 it returns {found[0]:.3g} after 100 rounds."
    )


# --- 10.5 How far does the average look back? ------------------------------------------------


def _circle(alpha: float, period: float) -> float:
    omega = 2 * math.pi / period
    return abs((1 - alpha) / (1 - alpha * complex(math.cos(omega), -math.sin(omega))))


# --- 10.7 A network that grows ---------------------------------------------------------------


def _faded(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    return (1 - alpha) * interpolate(old, scale_factor=2) + alpha * new


def _pictures() -> list[tuple[Tensor, Tensor, float]]:
    """Return small pictures, large ones and the share of these."""
    generator = torch.Generator().manual_seed(7)
    small, large = (torch.randn(2, 3, side, side, generator=generator) for side in (3, 6))
    return [(small, large, alpha) for alpha in (0.0, 0.25, 1.0)]


EXERCISES = (
    exercise(
        "10.1",
        "ex-seeds",
        "a function of (n, m) that returns the bound",
        compare_functions(
            lambda n, m: 2 / math.comb(n + m, n), [(3, 3), (3, 5), (5, 5), (1, 4)], "n, m"
        ),
        "Three against three is one in ten: with fifty useless changes, five look useful.",
        one_sided=Mistake(
            "That is the chance of being the lowest. All higher would have been a verdict too: "
            "twice as much.",
            lambda n, m: 1 / math.comb(n + m, n),
        ),
        coin_tosses=Mistake(
            "Runs are not paired here, so these are no coin tosses: count the ways to choose which "
            "n of all n + m runs are the lowest.",
            lambda n, m: 2 / 2 ** (n + m),
        ),
        orders=Mistake(
            "The order within each group does not matter: a binomial coefficient, no factorial.",
            lambda n, m: 2 / math.factorial(n + m),
        ),
    ),
    exercise(
        "10.2",
        "ex-flips",
        "a function of q that returns the label of the smoothed loss",
        compare_functions(lambda q: 1 - q, [(0.1,), (0.25,), (0.4,)], "q"),
        "Same mean gradient, more variance: a flip is a smoothed label with noise.",
        other=Mistake(
            "That is the share of the flipped ones; the label of a real sample stays near one.",
            lambda q: q,
        ),
        signed=Mistake(
            "That is the mean of labels of plus and minus one. Here they are one and zero.",
            lambda q: 1 - 2 * q,
        ),
        half=Mistake(
            "A flipped label is 0, not one half: it takes away all of its share.",
            lambda q: 1 - q / 2,
        ),
    ),
    exercise(
        "10.3",
        "ex-augment-leak",
        "a function of (u, p) that returns the two shares that D sees, upright and turned over",
        compare_functions(_shares, [(0.9, 0.0), (0.9, 0.3), (0.2, 0.5), (0.2, 0.8)], "u, p"),
        "Only p = 1/2 cannot be undone, and there every generator looks the same.",
        one_way=Mistake(
            "Pictures that were upside down are turned, too, and come out upright.",
            lambda u, p: ((1 - p) * u, 1 - (1 - p) * u),
        ),
        swapped=Mistake(
            "These are the two in the wrong order: upright first.", lambda u, p: _shares(u, p)[::-1]
        ),
        always_half=Mistake(
            "One half is right at p = 1/2 only.", lambda u, p: (0.5, 0.5)
        ),
        unchanged=Mistake(
            "These are the shares in the data: the flips change what D sees.",
            lambda u, p: (u, 1 - u),
        ),
    ),
    exercise(
        "10.4",
        "ex-power",
        "a function of (W, rounds) that returns the estimate of the largest singular value",
        _largest,
        "Each round shrinks the error by (s2 / s1)^2, and rounds add up over training steps.",
        square=Mistake(
            "That is the *square*: the norm of W v, not the square of it.",
            lambda W, rounds: _iterate(W, rounds, squared=True),
        ),
        no_transpose=Mistake(
            "v stays where it began: after u = W v comes v = W^T u, both normalized.",
            lambda W, rounds: _iterate(W, rounds, transpose=False),
        ),
        frobenius=Mistake(
            "That is the Frobenius norm: the root of the sum of *all* squared singular values.",
            lambda W, rounds: W.norm(),
        ),
        by_decomposition=Mistake(
            "Right, and exact after a single round: that is a decomposition, not power iteration.",
            lambda W, rounds: torch.linalg.svdvals(W)[0],
        ),
    ),
    exercise(
        "10.5",
        "ex-halflife",
        "three numbers: the steps of (a) for 0.995 and for 0.9999, and by what factor the circle "
        "of (b) shrinks",
        compare_values(
            [math.log(2) / -math.log(0.995), math.log(2) / -math.log(0.9999),
             1 / _circle(0.995, 200)],
            ["the steps for 0.995", "the steps for 0.9999", "the factor"],
            tolerance=5e-3,
        ),
        "An average that looks back farther than the training is an average of its beginning.",
        mean_age=Mistake(
            "1 / (1 - alpha) is the mean age; half of the influence is gone earlier, by log 2.",
            [200.0, 10_000.0, 1 / _circle(0.995, 200)],
        ),
        size=Mistake(
            "The circle's size in the average is asked for as a factor by which it shrinks: its "
            "inverse.",
            [math.log(2) / -math.log(0.995), math.log(2) / -math.log(0.9999), _circle(0.995, 200)],
        ),
    ),
    exercise(
        "10.6",
        "ex-best-momentum",
        "two numbers: the best momentum of the bilinear game and of the quadratic one, of -0.9, "
        "-0.8 ... 0.9",
        compare_values(
            [-0.5, 0.4],
            ["the best of the bilinear game", "the best of the quadratic game"],
            tolerance=1e-6,
        ),
        "Momentum pays for as much as the players minimize, and costs for as much as they circle.",
        swapped=Mistake(
            "These two stand in the wrong order: the game that circles wants to be braked.",
            [0.4, -0.5],
        ),
        none=Mistake(
            "Without momentum the bilinear game neither converges nor diverges, and the quadratic "
            "one is slower than it could be.",
            [0.0, 0.0],
        ),
    ),
    exercise(
        "10.7",
        "ex-growing",
        "a function of (old, new, alpha) that returns the pictures that the generator shows",
        compare_functions(_faded, _pictures(), "old, new, alpha"),
        "At alpha = 0 the large pair plays the small pair's game, so nothing is lost in growing.",
        backward=Mistake(
            "alpha is the share of the new picture: at 0 the old one is shown, enlarged.",
            lambda old, new, alpha: _faded(old, new, 1 - alpha),
        ),
        copies=Mistake(
            "That puts four small copies side by side; each *pixel* becomes a square of four.",
            lambda old, new, alpha: (1 - alpha) * old.repeat(1, 1, 2, 2) + alpha * new,
        ),
        smooth=Mistake(
            "That enlarges smoothly; here each pixel becomes a square of four equal ones.",
            lambda old, new, alpha: (1 - alpha)
            * interpolate(old, scale_factor=2, mode="bilinear")
            + alpha * new,
        ),
        added=Mistake(
            "The shares are 1 - alpha and alpha; here the old picture stays whole.",
            lambda old, new, alpha: interpolate(old, scale_factor=2) + alpha * new,
        ),
    ),
)  # fmt: skip

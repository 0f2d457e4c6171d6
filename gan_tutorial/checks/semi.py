"""Checks for the exercises of chapter 7, semi-supervised learning."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

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

# --- 7.1 One logit ---------------------------------------------------------------------------


def _logits(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


_BATCHES = (
    (_logits(-3, -0.5, 0, 1, 4, 2), _logits(0, 1, 0, 1, 1, 0)),
    (_logits(2, -1, -1.5), _logits(1, 1, 0)),
)


def _one(a: Tensor, is_real: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(a, is_real)


def _two(a: Tensor, is_real: Tensor, fake: float = 0.0, swapped: bool = False) -> Tensor:
    columns = [torch.zeros_like(a) if fake == 0 else fake * a, a]
    return functional.cross_entropy(
        torch.stack(columns[:: -1 if swapped else 1], 1), is_real.long()
    )


def _alternatives(answer: Any, mistakes: Mistakes) -> None:
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("Hand in two functions, for one logit and for two: check(..., (one, two)).")
    right = [_one(*batch) for batch in _BATCHES]
    found = [_losses(function) for function in answer]
    if all(close(losses, right, 1e-4) for losses in found):
        return
    for mistake in mistakes.values():
        usual = [_losses(function) for function in mistake.answer]
        if any(
            close(losses, wrong, 1e-4) and not close(wrong, right, 1e-4)
            for losses, wrong in zip(found, usual, strict=True)
        ):
            raise Wrong(mistake.why)
    which, losses = next(
        (which, losses)
        for which, losses in zip(("first", "second"), found, strict=True)
        if not close(losses, right, 1e-4)
    )
    raise Wrong(
        f"The {which} returns {losses[0]:.4g} in the mean for six samples, three of them real, "
        f"and {losses[1]:.4g} for three; {right[0]:.4g} and {right[1]:.4g} are expected."
    )


def _losses(function: Callable) -> list[float]:
    """Return the mean loss of each batch."""
    return [numbers(call(function, *batch)).mean().item() for batch in _BATCHES]


# --- 7.2 What an unlabeled picture says ------------------------------------------------------


def _share_real(logits: Tensor) -> Tensor:
    return logits.logsumexp(1, keepdim=True).sigmoid()


# --- 7.4 One hundred percent -----------------------------------------------------------------


def _offset(answer: Any, mistakes: Mistakes) -> None:
    # The last one is so far down that only who looks at the logits knows how far.
    sets = [_logits(-3, -0.5, 1, 2.5), _logits(-40, -7, -1), _logits(0.5, 2, 9), _logits(-3e7, 1)]
    found = [number(call(answer, each)) for each in sets]
    shares = [
        (each + offset > 0).double().mean().item() for each, offset in zip(sets, found, strict=True)
    ]
    if min(shares) == 1:
        return
    for mistake in mistakes.values():
        if close(found, [number(mistake.answer(each)) for each in sets], 1e-6):
            raise Wrong(mistake.why)
    worst = shares.index(min(shares))
    raise Wrong(
        f"For logits {sets[worst].tolist()} you add {found[worst]:.3g}, and then {min(shares):.0%} "
        "of the fakes pass for real, not all."
    )


# --- 7.5 Break label spreading ---------------------------------------------------------------


def _broken(answer: Any, mistakes: Mistakes) -> None:
    if not isinstance(answer, dict) or not {0.0, 3.0, 10.0} <= {number(s) for s in answer}:
        raise Wrong("Hand in a dict {s: (spreading, linear)} with s = 0, 3 and 10.")
    pairs = {number(s): tuple(numbers(pair).flatten().tolist()) for s, pair in answer.items()}
    if any(len(pair) != 2 for pair in pairs.values()):
        raise Wrong("Two accuracies belong to each s: of label spreading, and of the linear one.")
    for mistake in mistakes.values():
        if all(close(pairs.get(s), pair, 1e-6) for s, pair in mistake.answer.items()):
            raise Wrong(mistake.why)
    values = [value for pair in pairs.values() for value in pair]
    if not all(0 <= value <= 1 for value in values):
        raise Wrong("Accuracies are shares between 0 and 1: this is not.")
    (spread_0, linear_0), (spread_10, linear_10) = pairs[0.0], pairs[10.0]
    if spread_10 > spread_0 - 0.2:
        raise Wrong(mistakes["one_noise"].why)
    if linear_10 < linear_0 - 0.2:
        raise Wrong(mistakes["not_standardized"].why)
    if spread_0 < linear_0:
        raise Wrong(mistakes["swapped"].why)


# --- 7.6 What subtracting is worth -----------------------------------------------------------


_SEEDS = (  # accuracies of two methods: four wins and a tie, five wins, two of four, a deviation
    (_logits(0.96, 0.94, 0.97, 0.93, 0.95), _logits(0.95, 0.92, 0.94, 0.93, 0.91)),
    (_logits(0.72, 0.81, 0.66, 0.78, 0.70), _logits(0.69, 0.71, 0.64, 0.66, 0.65)),
    (_logits(0.9, 0.8, 0.85, 0.7), _logits(0.88, 0.82, 0.8, 0.75)),
    (_logits(0.61, 0.72, 0.74), _logits(0.66, 0.73, 0.81)),
)


def _compared(
    a: Tensor,
    b: Tensor,
    *,
    paired: bool = True,
    correction: int = 1,
    root: bool = True,
    sides: int = 2,
    ties: bool = False,
) -> list[float]:
    """Return mean difference, standard error and the coin's probability; faults as switches."""
    d = a - b
    variance = d.var(correction=correction) if paired else a.var() + b.var()
    error = (variance / (len(d) if root else 1)).sqrt()
    won, tosses = int((d > 0).sum()), len(d) if ties else int((d != 0).sum())
    heads = range(max(won, tosses - won), tosses + 1)
    coin = sides * sum(math.comb(tosses, k) for k in heads) / 2**tosses
    return [d.mean().item(), error.item(), min(1.0, coin)]


EXERCISES = (
    exercise(
        "7.1",
        "ex-softmax-of-one",
        "two functions of (a, is_real), for one logit and for two, that return the loss",
        _alternatives,
        "One function in two notations: K + 1 classes for K = 1.",
        softmax_of_one=Mistake(
            "Your loss is 0 whatever the logits say: that is the softmax of one number, the fault "
            "of part (a).",
            (
                lambda a, is_real: functional.cross_entropy(a[:, None], 0 * is_real.long()),
                lambda a, is_real: functional.cross_entropy(a[:, None], 0 * is_real.long()),
            ),
        ),
        minus_a=Mistake(
            "With the logits a and -a the softmax is the sigmoid of *2a*: give the fakes 0.",
            (_one, lambda a, is_real: _two(a, is_real, fake=-1.0)),
        ),
        swapped=Mistake(
            "Two logits, in the wrong order: is class 1 the real one in both places?",
            (_one, lambda a, is_real: _two(a, is_real, swapped=True)),
        ),
        labels_ignored=Mistake(
            "The first calls every sample real: the fakes cost -log(1 - sigma(a)).",
            (lambda a, is_real: functional.softplus(-a).mean(), _two),
        ),
    ),
    exercise(
        "7.2",
        "ex-gradient",
        "a function of logits (N, K) that returns the slopes of -log D in each of them",
        compare_functions(
            lambda logits: -(1 - _share_real(logits)) * logits.softmax(1),
            [(torch.stack([_logits(-2, 0, 1), _logits(-1, -1, -1)]),), (_logits(3, -4)[None],)],
            "logits",
        ),
        "In proportion to what it believes already, and less the more real the picture looks.",
        of_log_z=Mistake(
            "That is the slope of log Z. Of -log D, by the chain rule, it is that times -(1 - D).",
            lambda logits: logits.softmax(1),
        ),
        of_the_fakes=Mistake(
            "That is what a *fake* does: the slope of -log(1 - D), which pushes the logits down.",
            lambda logits: _share_real(logits) * logits.softmax(1),
        ),
        sign=Mistake(
            "The sign is reversed: to lower -log D the logits must rise.",
            lambda logits: (1 - _share_real(logits)) * logits.softmax(1),
        ),
        d_for_one_minus_d=Mistake(
            "The slope is largest where D is *small*: the derivative of -log sigma(u) is "
            "sigma(u) - 1.",
            lambda logits: -_share_real(logits) * logits.softmax(1),
        ),
    ),
    exercise(
        "7.4",
        "ex-hundred",
        "a function of logits (N,) that returns the constant to add",
        _offset,
        "One hundred percent, and FID has not moved: a number must compare with right answers.",
        mean=Mistake(
            "That brings the *mean* to zero: about half of the fakes pass.",
            lambda logits: -logits.mean(),
        ),
        largest=Mistake(
            "Only the most convincing fake passes at best: lift the *least* convincing one.",
            lambda logits: -logits.max(),
        ),
        exactly_zero=Mistake(
            "Nearly: the worst fake now has the logit 0, which is one half, and not above it.",
            lambda logits: -logits.min(),
        ),
        nothing=Mistake(
            "That changes nothing: how far must the worst fake rise?", lambda logits: 0
        ),
    ),
    exercise(
        "7.5",
        "ex-break",
        "a dict from s = 0, 3, 10 to the two accuracies (spreading, linear)",
        _broken,
        "Distances count noise like ink; a linear classifier can learn to ignore it.",
        one_noise=Mistake(
            "Label spreading hardly suffers: does every picture get noise of its *own*? Equal "
            "numbers for all change no distance.",
            {0.0: (0.95, 0.89), 3.0: (0.95, 0.89), 10.0: (0.95, 0.89)},
        ),
        swapped=Mistake(
            "Without noise the first number is below the second: spreading comes first.",
            {0.0: (0.88, 0.95), 3.0: (0.85, 0.8), 10.0: (0.82, 0.3)},
        ),
        not_standardized=Mistake(
            "The linear classifier falls as far: standardize each number before it, so that the "
            "penalty weighs all alike.",
            {0.0: (0.95, 0.89), 3.0: (0.8, 0.7), 10.0: (0.3, 0.35)},
        ),
    ),
    exercise(
        "7.6",
        "ex-paired",
        "a function of (a, b), two tensors (n,), that returns mean difference, standard error and "
        "the coin's probability",
        compare_functions(_compared, _SEEDS, "a, b"),
        "Subtract first, and then ask whether the sign could be luck.",
        not_paired=Mistake(
            "The mean is right, and the error is that of two sets of seeds that have nothing to do "
            "with each other: take the deviation of the *differences*.",
            lambda a, b: _compared(a, b, paired=False),
        ),
        by_n=Mistake(
            "Your deviation divides by n: five seeds are a sample, so divide by n - 1.",
            lambda a, b: _compared(a, b, correction=0),
        ),
        no_root=Mistake(
            "That is the deviation of one difference. The error of the *mean* of n is smaller by "
            "the root of n.",
            lambda a, b: _compared(a, b, root=False),
        ),
        one_side=Mistake(
            "Your coin counts one side only; before the seeds ran, either method could have won.",
            lambda a, b: _compared(a, b, sides=1),
        ),
        ties=Mistake(
            "Your coin counts seeds without a difference: leave them out of the tosses.",
            lambda a, b: _compared(a, b, ties=True),
        ),
    ),
)

"""Checks for the exercises of chapter 12 on several processes and many modes, 12.5 to 12.7."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .core import Mistake, Mistakes, Wrong, call, close, compare_functions, exercise, numbers

Average = Callable[[Iterable[Tensor]], Tensor]

# --- 12.5 Batch norm across processes -------------------------------------------------------


def _average(parts: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(parts)).mean(0)


def _normalize(halves: list[Tensor], mean: Tensor, variance: Tensor) -> Tensor:
    shape = (1, -1, 1, 1)
    return torch.cat(
        [(h - mean.view(shape)) / (variance.view(shape) + 1e-5).sqrt() for h in halves]
    )


def _synchronized(halves: list[Tensor], average: Average) -> Tensor:
    mean = average([h.mean((0, 2, 3)) for h in halves])
    square = average([h.square().mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, square - mean**2)


def _mean_variances(halves: list[Tensor], average: Average) -> Tensor:
    mean = average([h.mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, average([h.var((0, 2, 3), correction=0) for h in halves]))


def _alone(halves: list[Tensor], average: Average) -> Tensor:
    return torch.cat(
        [_normalize([h], h.mean((0, 2, 3)), h.var((0, 2, 3), correction=0)) for h in halves]
    )


def _no_square(halves: list[Tensor], average: Average) -> Tensor:
    mean = average([h.mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, average([h.square().mean((0, 2, 3)) for h in halves]))


def _halves() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 3, 4, 4, generator=generator).double()
    return list((x + torch.arange(8).view(8, 1, 1, 1) / 3).chunk(2))


def _sync(answer: Any, mistakes: Mistakes) -> None:
    right = _synchronized(_halves(), _average)
    halves = [half.requires_grad_() for half in _halves()]
    found = _joined(call(answer, halves, _average))
    for mistake in mistakes.values():
        if close(found, mistake.answer(_halves(), _average), 1e-4):
            if mistake is mistakes["cut"] and found.requires_grad:
                continue
            raise Wrong(mistake.why)
    if not close(found, right, 1e-4):
        raise Wrong("The result is not that of batch norm on the whole batch.")
    # An all-reduce that returns the first part only must be felt.
    if close(_joined(call(answer, _halves(), lambda parts: next(iter(parts)))), right, 1e-4):
        raise Wrong("Two processes cannot look at each other's half: exchange by `average` only.")
    (reached,) = torch.autograd.grad(found[0].square().sum(), halves[1], allow_unused=True)
    if reached is None or not reached.any():
        raise Wrong(mistakes["cut"].why)


def _joined(halves: Any) -> Tensor:
    return torch.cat(list(halves)) if isinstance(halves, list | tuple) else halves


# --- 12.6 How many processes are worth it? --------------------------------------------------


def _computing(seconds: float, n: int, message: float, bandwidth: float) -> float:
    return seconds / (seconds + 2 * (n - 1) / n * message / bandwidth)


# --- 12.7 What does the counter see in noise? -----------------------------------------------


def _counted(answer: Any, mistakes: Mistakes) -> None:
    given = numbers(answer).flatten()
    if len(given) != 3:
        raise Wrong(f"Hand in three counts, for noise, black and collapsed, not {len(given)}.")
    for mistake in mistakes.values():
        if close(given, mistake.answer, 1e-9):
            raise Wrong(mistake.why)
    if not all(count.is_integer() and 0 <= count <= 1000 for count in given.tolist()):
        raise Wrong("Counts of modes are whole numbers, up to 1,000.")
    noise, black, collapsed = given.tolist()
    if black < 1:
        raise Wrong(mistakes["abstains"].why)
    if black != 1:
        raise Wrong("Black pictures are all the same: they are one mode, whichever it is.")
    if noise >= 100:
        raise Wrong(mistakes["every_mode"].why)
    if collapsed >= 100:
        raise Wrong("A little noise on one picture does not make a hundred others of it.")
    if min(noise, collapsed) < 1:
        raise Wrong(mistakes["abstains"].why)


EXERCISES = (
    exercise(
        "12.5",
        "ex-sync-norm",
        "a function of (halves, average) that returns the normalized batch, both halves joined",
        _sync,
        "Two numbers a channel, and a gradient that comes back the same way.",
        averaged_variances=Mistake(
            "Averaged variances miss the variance *between* the means: exchange the mean of the "
            "squares.",
            _mean_variances,
        ),
        alone=Mistake(
            "Each half is normalized by its own statistics: nothing is exchanged.", _alone
        ),
        not_subtracted=Mistake(
            "The mean of squares is the variance only around 0: subtract the squared mean.",
            _no_square,
        ),
        cut=Mistake(
            "The numbers are right, but no gradient flows through the exchange: the other half "
            "must learn what it does to this one.",
            lambda halves, average: _synchronized([h.detach() for h in halves], average),
        ),
    ),
    exercise(
        "12.6",
        "ex-allreduce",
        "a function of (seconds, n, message, bandwidth) that returns the share of the time left "
        "for computing",
        compare_functions(
            _computing,
            [(0.02, 8, 3e7, 1.25e9), (1.5, 2, 3e7, 1.25e9), (1.0, 1, 5e8, 1e9)],
            "seconds, n, message, bandwidth",
        ),
        "The faster the processor, the more the network costs.",
        one_message=Mistake(
            "In a ring each process sends 2 (n - 1) / n times the message, and none if it is "
            "alone.",
            lambda seconds, n, message, bandwidth: seconds / (seconds + message / bandwidth),
        ),
        everyone=Mistake(
            "All links of the ring work at the same time: do not multiply by the number of "
            "processes.",
            lambda seconds, n, message, bandwidth: (
                seconds / (seconds + 2 * (n - 1) * message / bandwidth)
            ),
        ),
        talking=Mistake(
            "That is the share that goes to the network: subtract it from 1.",
            lambda *inputs: 1 - _computing(*inputs),
        ),
        bits=Mistake(
            "The bandwidth is in bytes per second already: the factor 8 is too much.",
            lambda seconds, n, message, bandwidth: _computing(seconds, n, 8 * message, bandwidth),
        ),
    ),
    exercise(
        "12.7",
        "ex-noise-modes",
        "the three counts, of noise, of black pictures and of the collapsed generator",
        _counted,
        "It counts classes, and says nothing of pictures: report distances too, and look.",
        every_mode=Mistake(
            "Noise is not a random *class*: to the classifier all noise looks alike, and it is "
            "sure of what it sees.",
            [1000.0, 1.0, 1.0],
        ),
        abstains=Mistake(
            "A classifier cannot abstain: it names the likeliest of its classes, whatever it is "
            "shown. So at least one mode is found.",
            [0.0, 0.0, 1.0],
        ),
        in_proportion=Mistake(
            "Not every picture is a mode of its own: count *different* classes.",
            [2000.0, 50.0, 500.0],
        ),
    ),
)

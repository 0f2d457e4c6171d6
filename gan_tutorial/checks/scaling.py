"""Checks for the exercises of chapter 10, scaling up."""

import torch
from torch import nn
from torch.nn import functional

from ..losses import squared_gradient_norms
from .core import Mistake, Wrong, call, close, compare_functions, compare_values, exercise, numbers

# --- 10.2 Scaling a loss ---------------------------------------------------------------------

_TINY = 1e-8 * torch.linspace(0.5, 1.5, 101)


def _rescued(gradients, S):
    return (gradients * S).half().float() / S


# --- 10.3 From which batch size on? ----------------------------------------------------------


def _intensity(B, n, m, operations=2, size=4):
    return operations * B * n * m / (size * (B * n + B * m + n * m))


# --- 10.4 A large batch in small memory ------------------------------------------------------


def _discriminator() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)
        )


def _batches() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 24, 1, 2, 2, generator=generator)
    return real * torch.linspace(0.5, 2, 24)[:, None, None, None], fake


def _gradients(D, real, fake, parts, r1, divide=True, penalty=True, forget=False):
    D.zero_grad()
    for x, y in zip(real.chunk(parts), fake.chunk(parts), strict=True):
        if forget:
            D.zero_grad()
        x = x.clone().requires_grad_(True)
        logits = D(x)
        loss = functional.softplus(-logits).mean() + functional.softplus(D(y)).mean()
        if r1:
            share = 1 if penalty or not divide else parts
            loss = loss + share * r1 / 2 * squared_gradient_norms(logits, x).mean()
        (loss / parts if divide else loss).backward()
    return torch.cat([p.grad.flatten() for p in D.parameters() if p.grad is not None])


def _accumulated(answer, mistakes) -> None:
    for r1, parts in ((0.0, 3), (2.0, 3), (2.0, 8)):
        found = numbers(call(answer, _discriminator(), *_batches(), parts, r1))
        right = _gradients(_discriminator(), *_batches(), 1, r1)
        if found.shape != numbers(right).shape:
            raise Wrong(
                f"D has {len(right)} weights: return their gradients in one vector, not in shape "
                f"{tuple(found.shape)}."
            )
        if close(found, right, 1e-4):
            continue
        for mistake in mistakes.values():
            if close(found, mistake.answer(_discriminator(), *_batches(), parts, r1), 1e-4):
                raise Wrong(mistake.why)
        off = (found - numbers(right)).norm() / numbers(right).norm()
        term = "with R1" if r1 else "without R1"
        raise Wrong(f"From {parts} parts and {term} the gradient is {off:.0%} off.")


# --- 10.5 Batch norm across processes --------------------------------------------------------


def _average(parts):
    return torch.stack(list(parts)).mean(0)


def _normalize(halves, mean, variance):
    shape = (1, -1, 1, 1)
    return torch.cat(
        [(h - mean.view(shape)) / (variance.view(shape) + 1e-5).sqrt() for h in halves]
    )


def _synchronized(halves, average):
    mean = average([h.mean((0, 2, 3)) for h in halves])
    square = average([h.square().mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, square - mean**2)


def _mean_variances(halves, average):
    mean = average([h.mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, average([h.var((0, 2, 3), correction=0) for h in halves]))


def _alone(halves, average):
    return torch.cat(
        [_normalize([h], h.mean((0, 2, 3)), h.var((0, 2, 3), correction=0)) for h in halves]
    )


def _no_square(halves, average):
    mean = average([h.mean((0, 2, 3)) for h in halves])
    return _normalize(halves, mean, average([h.square().mean((0, 2, 3)) for h in halves]))


def _halves() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 3, 4, 4, generator=generator).double()
    return list((x + torch.arange(8).view(8, 1, 1, 1) / 3).chunk(2))


def _sync(answer, mistakes) -> None:
    exchanged = []

    def average(parts):
        exchanged.append(len(list(parts)))
        return _average(parts)

    halves = [h.requires_grad_() for h in _halves()]
    found = call(answer, halves, average)
    found = torch.cat(list(found)) if isinstance(found, (list, tuple)) else found
    for mistake in mistakes.values():
        if close(found, mistake.answer(_halves(), _average), 1e-4):
            if mistake is mistakes["cut"] and found.requires_grad:
                continue
            raise Wrong(mistake.why)
    if not close(found, _synchronized(_halves(), _average), 1e-4):
        raise Wrong("The result is not that of batch norm on the whole batch.")
    if not exchanged:
        raise Wrong("Two processes cannot look at each other's half: exchange by `average` only.")
    (reached,) = torch.autograd.grad(found[0].square().sum(), halves[1], allow_unused=True)
    if reached is None or not reached.any():
        raise Wrong(mistakes["cut"].why)


# --- 10.6 How many processes are worth it? ---------------------------------------------------


def _computing(seconds, n, message, bandwidth):
    return seconds / (seconds + 2 * (n - 1) / n * message / bandwidth)


# --- 10.7 What does the counter see in noise? ------------------------------------------------


def _counted(answer, mistakes) -> None:
    given = numbers(answer).flatten()
    if len(given) != 3:
        raise Wrong(f"Hand in three counts, for noise, black and collapsed, not {len(given)}.")
    for mistake in mistakes.values():
        if close(given, mistake.answer, 1e-9):
            raise Wrong(mistake.why)
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
        "10.1",
        "ex-bf16-counting",
        "two numbers: where the count stops, and where the average is after 2,000 steps",
        compare_values([256.0, 1.0], ["the count", "the average"], tolerance=1e-6),
        "A step of less than half the distance between two numbers is no step.",
        one_too_far=Mistake(
            "257 is half-way between 256 and 258, and a tie goes to the even one: back to 256.",
            [257.0, 1.0],
        ),
        bits=Mistake(
            "bfloat16 stores 7 bits of the fraction, and one more is implied: 2^8, not 2^7.",
            [128.0, 1.0],
        ),
        as_float32=Mistake(
            "The average of float32, 0.999^2000. In bfloat16 the next number below 1 is 0.004 "
            "away: what becomes of a step of 0.001?",
            [256.0, 0.999**2000],
        ),
        no_limit=Mistake(
            "A thousand additions do not make 1000 here: the numbers get sparser as they grow.",
            [1000.0, 1.0],
        ),
    ),
    exercise(
        "10.2",
        "ex-loss-scaling",
        "a function of (gradients, S) that returns them in float32 after a trip through float16",
        compare_functions(_rescued, [(_TINY, 2.0**16), (_TINY, 2.0**12)], "gradients, S", 1e-12),
        "Scale before the rounding, unscale after it, and in float32.",
        vanished=Mistake(
            "All of them are 0: scale *before* the conversion to half precision, and divide after "
            "the way back to float32, not within float16.",
            lambda gradients, S: gradients.half().float(),
        ),
        not_unscaled=Mistake(
            "These are S times as large: divide by S before the optimizer sees them.",
            lambda gradients, S: (gradients * S).half().float(),
        ),
        no_trip=Mistake(
            "Nothing was rounded: the gradients have to go through float16 in between.",
            lambda gradients, S: gradients * S / S,
        ),
    ),
    exercise(
        "10.3",
        "ex-ridge",
        "a function of (B, n, m) that returns operations per byte",
        compare_functions(
            _intensity, [(1, 512, 512), (64, 512, 512), (1000, 30, 7), (10**6, 64, 64)], "B, n, m"
        ),
        "One sample uses each weight once; a batch shares the reading.",
        half_the_work=Mistake(
            "A multiplication *and* an addition: two operations for each weight and sample.",
            lambda B, n, m: _intensity(B, n, m, operations=1),
        ),
        numbers=Mistake(
            "These are operations per *number*; a float32 has four bytes.",
            lambda B, n, m: _intensity(B, n, m, size=1),
        ),
        weights_free=Mistake(
            "The weights have to be read too: n m numbers, however small the batch.",
            lambda B, n, m: 2 * B * n * m / (4 * (B * n + B * m)),
        ),
        weights_only=Mistake(
            "You read the weights only: the inputs are read too, and the outputs written.",
            lambda B, n, m: 2 * B * n * m / (4 * n * m),
        ),
    ),
    exercise(
        "10.4",
        "ex-accumulate",
        "a function of (D, real, fake, parts, r1) that returns the gradients of all weights of D "
        "as one vector",
        _accumulated,
        "Gradients add up: parts in time are as good as processes in space.",
        not_divided=Mistake(
            "The gradient is `parts` times too large: the loss of the whole is the *mean* of the "
            "parts' losses.",
            lambda *inputs: _gradients(*inputs, divide=False),
        ),
        last_part=Mistake(
            "Only the last part is left: zero the gradients once, before the first part.",
            lambda *inputs: _gradients(*inputs, forget=True) * inputs[3] / inputs[3],
        ),
        penalty_not_divided=Mistake(
            "The loss is divided by the number of parts, and the penalty is not: it is a mean over "
            "samples like the rest.",
            lambda *inputs: _gradients(*inputs, penalty=False),
        ),
        no_penalty=Mistake(
            "The penalty is missing: add r1 / 2 times the mean of the squared gradient norms.",
            lambda D, real, fake, parts, r1: _gradients(D, real, fake, parts, 0),
        ),
    ),
    exercise(
        "10.5",
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
        "10.6",
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
        "10.7",
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

"""Checks for the exercises of chapter 12, scaling up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..losses import squared_gradient_norms
from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    close,
    compare_functions,
    compare_values,
    exercise,
    numbers,
)

# --- 12.2 Scaling a loss --------------------------------------------------------------------

_TINY = 1e-8 * torch.linspace(0.5, 1.5, 101)


def _rescued(gradients: Tensor, S: float) -> Tensor:
    return (gradients * S).half().float() / S


# --- 12.3 From which batch size on? ---------------------------------------------------------


def _intensity(B: int, n: int, m: int, operations: int = 2, size: int = 4) -> float:
    return operations * B * n * m / (size * (B * n + B * m + n * m))


# --- 12.4 A large batch in small memory -----------------------------------------------------


def _discriminator() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)
        )


def _batches() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 24, 1, 2, 2, generator=generator)
    return real * torch.linspace(0.5, 2, 24)[:, None, None, None], fake


def _gradients(
    D: nn.Module,
    real: Tensor,
    fake: Tensor,
    parts: int,
    r1: float,
    *,
    divide: bool = True,
    penalty: bool = True,
    forget: bool = False,
) -> Tensor:
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


def _accumulated(answer: Any, mistakes: Mistakes) -> None:
    for r1, parts in ((0.0, 3), (2.0, 3), (2.0, 8)):
        right = _gradients(_discriminator(), *_batches(), 1, r1)
        found = numbers(call(answer, _discriminator(), *_batches(), parts, r1))
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


EXERCISES = (
    exercise(
        "12.1",
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
        "12.2",
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
        "12.3",
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
        "12.4",
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
)

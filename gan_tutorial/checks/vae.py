"""Checks for the exercises of chapter 6, GAN, VAE and the rest."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    compare_functions,
    compare_values,
    exercise,
    truth,
)

# --- 6.2 The best decoder variance, and 6.3 where the mixture of guesses goes ----------------


def _draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def _reconstructions(seed: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return samples and reconstructions whose errors do not have mean 0."""
    x = _draw(seed, *shape)
    return x, x + 0.2 + 0.3 * _draw(seed + 1, *shape)


def _codes(seed: int) -> tuple[Tensor, Tensor]:
    """Return means and log variances of 2,000 codes."""
    return 0.8 * _draw(seed, 2000, 3) + 1, _draw(seed + 1, 2000, 3) - 1


# --- 6.4 Samplers of clusterings -------------------------------------------------------------

_NOISE = [1011 / 1197, 125 / 1197]  # of the training digits, by scikit-learn's DBSCAN

# --- 6.5 A program that does nothing ---------------------------------------------------------


class _Program:
    """What looks like a VAE from outside; the switches say what it really does."""

    latent_dim, std = 3, 1.0
    generator: Any

    def __init__(self, moves: bool, reads: bool, draws: bool):
        self.moves, self.reads, self.draws = moves, reads, draws
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.encoder, self.generator = nn.Linear(4, 6), nn.Linear(3, 4)
        self.generator.latent_dim = self.latent_dim
        self.networks = {"encoder": self.encoder, "generator": self.generator}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        if self.moves:
            with torch.no_grad():
                for network in self.networks.values():
                    for p in network.parameters():
                        p.sub_(0.01 * (1 + p.abs()))
        return self.objective(batch, torch.zeros(len(batch), self.latent_dim))

    def objective(self, batch: Tensor, noise: Tensor) -> dict[str, Tensor]:
        loss = self.encoder(batch).square().mean() if self.reads else torch.tensor(1.0)
        return {"loss": loss}

    @torch.no_grad()
    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        generator = torch.Generator().manual_seed(seed if self.draws else 0)
        return self.generator(torch.randn(count, self.latent_dim, generator=generator))


# name, and what it does: move its weights, read its data, use its code
_PROGRAMS = {
    "A VAE that works": (True, True, True),
    "A VAE whose weights stay": (False, True, True),
    "A VAE whose loss ignores the data": (True, False, True),
    "A VAE whose samples ignore the code": (True, True, False),
    "A program of empty functions": (False, False, False),
}
_PARTS = ("weights move", "the loss depends on the data", "samples depend on the code")


def _table(answer: Any) -> dict[str, tuple[bool, ...]]:
    """Return the three answers of the learner's checks for each program."""
    x, y = _draw(0, 5, 4).float(), _draw(1, 5, 4).float() + 1
    table = {}
    for name, what in _PROGRAMS.items():
        verdict = call(answer, _Program(*what), x, y)
        verdict = tuple(verdict.values() if isinstance(verdict, dict) else verdict)
        if len(verdict) != 3:
            raise Wrong(f"Return three answers, one for each check; these are {len(verdict)}.")
        table[name] = tuple(map(truth, verdict))
    return table


def _three_checks(answer: Any, mistakes: Mistakes) -> None:
    found = _table(answer)
    for mistake in mistakes.values():
        if found == _table(mistake.answer):
            raise Wrong(mistake.why)
    for name, right in _PROGRAMS.items():
        for part, passed, expected in zip(_PARTS, found[name], right, strict=True):
            if passed != expected:
                said = "passes" if passed else "fails"
                raise Wrong(f"{name} {said} your check that {part}.")


def _usual(
    task: _Program,
    x: Tensor,
    y: Tensor,
    *,
    copies: bool = True,
    other_batch: bool = True,
    other_seed: bool = True,
) -> tuple[bool, bool, bool]:
    before = [p.clone() if copies else p for p in task.encoder.parameters()]
    task.step(x)
    moved = any(not torch.equal(p, q) for p, q in zip(before, task.encoder.parameters()))  # noqa: B905
    noise = torch.zeros(len(x), task.latent_dim)
    losses = [task.objective(batch, noise)["loss"].item() for batch in (x, y if other_batch else x)]
    samples = [task.sample(2, seed=seed) for seed in (0, int(other_seed))]
    return moved, losses[0] != losses[1], not torch.equal(*samples)


EXERCISES = (
    exercise(
        "6.1",
        "ex-beta",
        "a function of (s, beta) that returns the other standard deviation, and the factor by "
        "which the first gradient is larger",
        compare_functions(
            lambda s, beta: (s * math.sqrt(beta), beta),
            [(0.5, 4.0), (1.0, 1.0), (0.1, 0.25), (2.0, 9.0)],
            "s, beta",
        ),
        "Two screws with one thread: quote beta without s, and nobody knows what you did.",
        no_root=Mistake(
            "The price of an error is 1 / (2 s^2): dividing by beta multiplies s by its *root*.",
            lambda s, beta: (s * beta, beta),
        ),
        wrong_way=Mistake(
            "The wrong way: a heavier divergence makes errors cheaper, as a *larger* s does.",
            lambda s, beta: (s / math.sqrt(beta), beta),
        ),
        no_factor=Mistake(
            "The standard deviation is right. But dividing the loss by beta divides its gradient.",
            lambda s, beta: (s * math.sqrt(beta), 1.0),
        ),
        inverse_factor=Mistake(
            "The factor is upside down: the first loss is beta times the second, and a constant.",
            lambda s, beta: (s * math.sqrt(beta), 1 / beta),
        ),
    ),
    exercise(
        "6.2",
        "ex-best-std",
        "a function of (x, reconstructions), tensors (N, ...), that returns the best s",
        compare_functions(
            lambda x, guess: (guess - x).square().mean().sqrt(),
            [_reconstructions(0, (40, 1, 8, 8)), _reconstructions(7, (30, 5))],
            "x, reconstructions",
            1e-3,
        ),
        "The root of the mean squared error: what the decoder cannot explain, it calls noise.",
        variance=Mistake(
            "That is the best s^2: take the root.", lambda x, guess: (guess - x).square().mean()
        ),
        per_picture=Mistake(
            "s is for each pixel, and you added up the pixels of a picture.",
            lambda x, guess: (guess - x).square().flatten(1).sum(1).mean().sqrt(),
        ),
        centered=Mistake(
            "You subtract the mean error first. The likelihood's center is the reconstruction: a "
            "bias is an error like any other.",
            lambda x, guess: (guess - x).std(correction=0),
        ),
        absolute=Mistake(
            "The mean *absolute* error is the best scale of a Laplace likelihood.",
            lambda x, guess: (guess - x).abs().mean(),
        ),
    ),
    exercise(
        "6.3",
        "ex-aggregate",
        "a function of (mean, log_var), tensors (N, codes), that returns the variance of the "
        "aggregate in each direction",
        compare_functions(
            lambda mean, log_var: mean.var(0) + log_var.exp().mean(0),
            [_codes(0), _codes(5)],
            "mean, log_var",
            2e-3,
        ),
        "Between and within: the law of total variance.",
        means_only=Mistake(
            "These are the codes' means only. Each code is a Gaussian, with a width of its own.",
            lambda mean, log_var: mean.var(0),
        ),
        widths_only=Mistake(
            "This is the mean width of one code. The means of different samples differ, too.",
            lambda mean, log_var: log_var.exp().mean(0),
        ),
        logarithm=Mistake(
            "The encoder gives the *logarithm* of the variance.",
            lambda mean, log_var: mean.var(0) + log_var.mean(0),
        ),
        deviations=Mistake(
            "Variances add, and standard deviations do not: exp(log_var), without the half.",
            lambda mean, log_var: mean.var(0) + (log_var / 2).exp().mean(0),
        ),
    ),
    exercise(
        "6.4",
        "ex-clusterings",
        "the two shares of noise, for the radii 2 and 3",
        compare_values(_NOISE, ["the share for radius 2", "the share for radius 3"], 5e-3),
        "So much of the data no sampler made of this clustering can ever draw.",
        clustered=Mistake(
            "That is the share that *is* in clusters; noise has the label -1.",
            [1 - share for share in _NOISE],
        ),
        percent=Mistake("Shares between 0 and 1, please.", [100 * share for share in _NOISE]),
        raw=Mistake(
            "All of them? These are pixels from 0 to 16; the book's digits lie in [-1, 1].",
            [1.0, 1.0],
        ),
        swapped=Mistake("In the other order: a larger radius leaves less noise.", _NOISE[::-1]),
    ),
    exercise(
        "6.5",
        "ex-noop",
        "a function of (task, x, y), a VAE and two batches, that returns the answers of the three "
        "checks",
        _three_checks,
        "Three lines, and a program that does nothing can no longer pass for a VAE.",
        always=Mistake(
            "All your checks pass for a program of empty functions.",
            lambda task, x, y: (True, True, True),
        ),
        no_copy=Mistake(
            "The optimizer changes weights in place, and you kept the weights themselves: clone "
            "them before the step.",
            lambda task, x, y: _usual(task, x, y, copies=False),
        ),
        one_batch=Mistake(
            "You compare the loss of one batch with itself: take two batches, and the same noise.",
            lambda task, x, y: _usual(task, x, y, other_batch=False),
        ),
        one_seed=Mistake(
            "You sample twice with one seed, and so with the same codes.",
            lambda task, x, y: _usual(task, x, y, other_seed=False),
        ),
    ),
)

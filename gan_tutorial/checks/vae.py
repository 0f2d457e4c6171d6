"""Checks for the exercises of chapter 6, GAN, VAE and the rest."""

import math

import numpy as np
import torch
from torch import Tensor

from .core import Mistake, compare_functions, exercise

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


# --- 6.4 The threshold of a linear VAE, and 6.5 a baseline ------------------------------------


def _spectrum(seed: int) -> np.ndarray:
    """Return the variances of data along their principal components, the largest first."""
    return np.sort(np.random.default_rng(seed).gamma(1.0, 1.0, 12))[::-1].copy()


def _estimates(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Return values of f, far from 0 on average, and scores."""
    return _draw(seed, count) + 5, 2 * _draw(seed + 1, count)


def _leave_one_out(f: Tensor, score: Tensor) -> Tensor:
    return (f - (f.sum() - f) / (len(f) - 1)) * score


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
        "a function of (mean, log_var), tensors (N, codes), that returns the mean and the variance "
        "of the aggregate in each direction",
        compare_functions(
            lambda mean, log_var: (mean.mean(0), mean.var(0) + log_var.exp().mean(0)),
            [_codes(0), _codes(5)],
            "mean, log_var",
            2e-3,
        ),
        "Between and within: the law of total variance. Two moments, and they see no hole.",
        means_only=Mistake(
            "This is the variance of the codes' means only. Each code is a Gaussian, with a width "
            "of its own.",
            lambda mean, log_var: (mean.mean(0), mean.var(0)),
        ),
        widths_only=Mistake(
            "This is the mean width of one code. The means of different samples differ, too.",
            lambda mean, log_var: (mean.mean(0), log_var.exp().mean(0)),
        ),
        logarithm=Mistake(
            "The encoder gives the *logarithm* of the variance.",
            lambda mean, log_var: (mean.mean(0), mean.var(0) + log_var.mean(0)),
        ),
        deviations=Mistake(
            "Variances add, and standard deviations do not: exp(log_var), without the half.",
            lambda mean, log_var: (mean.mean(0), mean.var(0) + (log_var / 2).exp().mean(0)),
        ),
        centered=Mistake(
            "The prior's mean is 0. That of the aggregate need not be: take the mean of the means.",
            lambda mean, log_var: (0 * mean.mean(0), mean.var(0) + log_var.exp().mean(0)),
        ),
    ),
    exercise(
        "6.4",
        "ex-linear-vae",
        "a function of (variances, s), an array (n,) and a number, that returns the activities",
        compare_functions(
            lambda variances, s: np.maximum(0, 1 - s**2 / variances),
            [(_spectrum(0), 0.5), (_spectrum(1), 1.2), (_spectrum(2), 0.9)],
            "variances, s",
        ),
        "What varies less than the noise is noise: that is the whole of this collapse.",
        negative=Mistake(
            "An activity is a variance and cannot be negative: where s^2 exceeds the data's "
            "variance, w = 0, and the code is not used.",
            lambda variances, s: 1 - s**2 / variances,
        ),
        deviation=Mistake(
            "Compare variances with the *variance* of the decoder, s^2, not with s.",
            lambda variances, s: np.maximum(0, 1 - s / variances),
        ),
        slope=Mistake(
            "That is w^2, the square of the best slope. The activity is the variance of the "
            "posterior's mean.",
            lambda variances, s: np.maximum(0, variances - s**2),
        ),
        width=Mistake(
            "That is the variance of the posterior. Its *mean* varies by what is left of 1.",
            lambda variances, s: np.minimum(1, s**2 / variances),
        ),
        switch=Mistake(
            "Active or not is right; but between the two lies a number, w^2 over the variance.",
            lambda variances, s: np.where(variances > s**2, 1.0, 0.0),
        ),
    ),
    exercise(
        "6.5",
        "ex-baseline",
        "a function of (f, score), tensors (n,), that returns the n estimates",
        compare_functions(_leave_one_out, [_estimates(0, 6), _estimates(3, 40)], "f, score", 1e-4),
        "Unbiased, and free of the square of the mean: the others tell what to expect.",
        none=Mistake("This has no baseline: f as it is.", lambda f, score: f * score),
        own=Mistake(
            "Your mean contains the draw itself, so it is no constant: the estimate is too small "
            "by (n - 1) / n. Leave each draw out of its own baseline.",
            lambda f, score: (f - f.mean()) * score,
        ),
        standardized=Mistake(
            "Dividing by the standard deviation changes the size of the gradient, not only its "
            "noise.",
            lambda f, score: (f - f.mean()) / f.std() * score,
        ),
        divided=Mistake(
            "The mean of the others is their sum over n - 1.",
            lambda f, score: (f - (f.sum() - f) / len(f)) * score,
        ),
        averaged=Mistake(
            "Return the estimate of each draw, n of them; their mean comes later.",
            lambda f, score: _leave_one_out(f, score).mean(),
        ),
    ),
)

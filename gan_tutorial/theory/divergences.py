"""Distances between two known densities, and which of them each adversarial loss descends.

A density is a tensor of its values at the points of a regular grid, in any number of dimensions,
and ``cell`` is the length (area, volume) that one point stands for, so that an integral is
``(values * cell).sum()``. ``p`` is the density of the data and ``q`` that of the fakes throughout.
Logarithms are natural, so divergences are in nats.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = [
    "DESCENTS",
    "Descent",
    "gaussian",
    "jensen_shannon",
    "kantorovich_potential",
    "kl",
    "log_ratio",
    "optimal_discriminator",
    "pearson_chi2",
    "total_variation",
    "wasserstein_1d",
]


def gaussian(grid: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Return the density of the normal distribution at the points of a one-dimensional grid."""
    z = (grid - mean) / std
    return torch.exp(-(z**2) / 2) / (std * math.sqrt(2 * math.pi))


def _check(p: Tensor, q: Tensor, cell: float) -> None:
    if p.shape != q.shape:
        raise ValueError(
            f"p and q must be values on the same grid, got shapes {tuple(p.shape)} and "
            f"{tuple(q.shape)}"
        )
    for name, density in (("p", p), ("q", q)):
        mass = float((density * cell).sum())
        if not abs(mass - 1) < 0.01 or not density.min() >= 0:
            raise ValueError(
                f"{name} is not a density on this grid: it integrates to {mass:.4g} and its "
                f"smallest value is {float(density.min()):.4g}; widen or refine the grid or "
                f"divide {name} by its sum times cell"
            )


def kl(p: Tensor, q: Tensor, cell: float) -> Tensor:
    r"""Return :math:`\mathrm{KL}(p\|q) = \int p \log (p / q)`, infinite where q misses mass of p.

    Examples
    --------
    >>> grid = torch.linspace(-9, 9, 1801, dtype=torch.float64)
    >>> round(kl(gaussian(grid), gaussian(grid, mean=1.0), 0.01).item(), 6)  # (1 - 0)^2 / 2
    0.5
    """
    _check(p, q, cell)
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * cell


def jensen_shannon(p: Tensor, q: Tensor, cell: float) -> Tensor:
    r"""Return :math:`\mathrm{JSD}(p, q)`, the mean KL of p and of q to their average.

    Between 0 (equal) and log 2 (no common support). Lin (1991).
    """
    _check(p, q, cell)
    middle = (p + q) / 2
    return (kl(p, middle, cell) + kl(q, middle, cell)) / 2


def pearson_chi2(p: Tensor, q: Tensor, cell: float) -> Tensor:
    r"""Return Pearson's :math:`\chi^2(p\|q) = \int (p - q)^2 / q`."""
    _check(p, q, cell)
    # Where both vanish nothing is added; where only q does, the ratio is infinite, as it should be.
    return torch.where(p == q, 0.0, (p - q).square() / q).sum() * cell


def total_variation(p: Tensor, q: Tensor, cell: float) -> Tensor:
    r"""Return :math:`\mathrm{TV}(p, q) = \tfrac12 \int |p - q|`, between 0 and 1."""
    _check(p, q, cell)
    return (p - q).abs().sum() * cell / 2


def wasserstein_1d(p: Tensor, q: Tensor, cell: float) -> Tensor:
    r"""Return the one-dimensional :math:`W_1(p, q) = \int |F_p(x) - F_q(x)| dx`.

    ``F`` is the cumulative distribution function; Vallender (1974). In the grid's units of length.
    """
    _check(p, q, cell)
    if p.dim() != 1:
        raise ValueError(
            f"this formula holds on a line only, got densities of shape {tuple(p.shape)}; "
            "use a one-dimensional grid"
        )
    return (p - q).cumsum(0).abs().sum() * cell**2


def optimal_discriminator(p: Tensor, q: Tensor, share: float = 0.5) -> Tensor:
    r"""Return :math:`D^*(x) = \pi p / (\pi p + (1 - \pi) q)`.

    Parameters
    ----------
    p, q : Tensor
        Densities of data and fakes at the same points, any shape.
    share : float
        :math:`\pi`, the share of real samples in what the discriminator sees; Goodfellow et al.
        (2014), proposition 1, is 1/2.

    Returns
    -------
    Tensor
        Probabilities in [0, 1]; NaN where neither density has mass, since nothing is known there.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share of real samples must lie between 0 and 1, got {share}")
    return share * p / (share * p + (1 - share) * q)


@dataclass(frozen=True)
class Descent:
    """What a loss does when its discriminator is optimal.

    Parameters
    ----------
    loss : str
        Name in `gan_tutorial.losses.LOSSES`.
    best_output : callable
        ``best_output(p, q, cell)``: the discriminator's best raw output at every grid point.
    discriminator_formula : str
        The value of the discriminator's smallest loss, in TeX.
    discriminator_value : callable
        The same as a function of ``(p, q, cell)``.
    generator_formula : str
        A functional of (p, q) whose gradient in q equals the generator's own gradient while the
        discriminator is held at its best output, in TeX.
    generator_value : callable
        The same as a function of ``(p, q, cell)``.
    """

    loss: str
    best_output: Callable[[Tensor, Tensor, float], Tensor]
    discriminator_formula: str
    discriminator_value: Callable[[Tensor, Tensor, float], Tensor]
    generator_formula: str
    generator_value: Callable[[Tensor, Tensor, float], Tensor]


def log_ratio(p: Tensor, q: Tensor, cell: float) -> Tensor:
    """Return log(p / q), the best logit under cross-entropy."""
    return p.log() - q.log()


def kantorovich_potential(p: Tensor, q: Tensor, cell: float) -> Tensor:
    """Return the best 1-Lipschitz critic on a line: it climbs towards the data everywhere.

    Its slope is +1 where ``F_q > F_p`` (mass has to move right) and -1 where ``F_q < F_p``.
    """
    slope = torch.sign((q - p).cumsum(0))
    return torch.cat([slope.new_zeros(1), slope[:-1].cumsum(0)]) * cell


def _cross_entropy_value(p: Tensor, q: Tensor, cell: float) -> Tensor:
    return 2 * math.log(2) - 2 * jensen_shannon(p, q, cell)


def _chi2_to_middle(p: Tensor, q: Tensor, cell: float) -> Tensor:
    return pearson_chi2(q, (p + q) / 2, cell)


def _least_squares_generator(p: Tensor, q: Tensor, cell: float) -> Tensor:
    # With u = q / p the f-divergence whose f'(u) is (u / (1 + u))^2 / 2, the generator's loss.
    u = q / p
    f = (u - 2 * torch.log1p(u) - 1 / (1 + u)) / 2 + math.log(2) - 0.25
    return (p * f).sum() * cell


def _pair_value(p: Tensor, q: Tensor, cell: float) -> Tensor:
    p_times_q = torch.outer(p, q)
    return math.log(2) - jensen_shannon(p_times_q, p_times_q.T, cell**2)


DESCENTS: dict[str, Descent] = {
    descent.loss: descent
    for descent in (
        Descent(
            "minimax",
            log_ratio,
            r"2\log 2 - 2\,\mathrm{JSD}(p, q)",
            _cross_entropy_value,
            r"2\,\mathrm{JSD}(p, q)",
            lambda p, q, cell: 2 * jensen_shannon(p, q, cell),
        ),
        Descent(
            "non-saturating",
            log_ratio,
            r"2\log 2 - 2\,\mathrm{JSD}(p, q)",
            _cross_entropy_value,
            r"\mathrm{KL}(q \Vert p) - 2\,\mathrm{JSD}(p, q)",
            lambda p, q, cell: kl(q, p, cell) - 2 * jensen_shannon(p, q, cell),
        ),
        Descent(
            "least-squares",
            lambda p, q, cell: optimal_discriminator(p, q),
            r"\tfrac14 - \tfrac14\chi^2(q \Vert \tfrac{p+q}{2})",
            lambda p, q, cell: (1 - _chi2_to_middle(p, q, cell)) / 4,
            r"\int p\,f(q/p),\ f'(u) = \tfrac12 (\tfrac{u}{1+u})^2",
            _least_squares_generator,
        ),
        Descent(
            "hinge",
            lambda p, q, cell: torch.sign(p - q),
            r"2 - 2\,\mathrm{TV}(p, q)",
            lambda p, q, cell: 2 - 2 * total_variation(p, q, cell),
            r"2\,\mathrm{TV}(p, q)",
            lambda p, q, cell: 2 * total_variation(p, q, cell),
        ),
        Descent(
            "wasserstein",
            kantorovich_potential,
            r"-W_1(p, q)",
            lambda p, q, cell: -wasserstein_1d(p, q, cell),
            r"W_1(p, q)",
            wasserstein_1d,
        ),
        Descent(
            "relativistic",
            log_ratio,
            r"\log 2 - \mathrm{JSD}(p \otimes q, q \otimes p)",
            _pair_value,
            r"\text{none known in closed form}",
            lambda p, q, cell: torch.full((), math.nan, dtype=p.dtype),
        ),
    )
}

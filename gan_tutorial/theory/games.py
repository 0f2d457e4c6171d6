"""Games with one number per player, and the update rules that play them.

What makes GAN training harder than minimization is already visible with two parameters. The first
player (the generator) owns ``theta`` and the second (the discriminator) owns ``phi``; each lowers
its own cost. A *game* says what the two gradients are, a *rule* turns gradients into moves, and the
matrix of a rule at the equilibrium says how fast it contracts.

References
----------
Mescheder, Geiger and Nowozin (2018), Which Training Methods for GANs Do Actually Converge? (the
Dirac-GAN, its regularized versions); Gidel et al. (2019), Negative Momentum for Improved Game
Dynamics; Daskalakis et al. (2018), Training GANs with Optimism; Korpelevich (1976), extragradient.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .rules import Rule, extragradient, gradient_descent, optimistic
from .two_players import Game, LossPair, bilinear, consensus, dirac, quadratic

__all__ = [
    "Game",
    "LossPair",
    "Rule",
    "bilinear",
    "consensus",
    "dirac",
    "extragradient",
    "gradient_descent",
    "measured_rate",
    "moving_average",
    "optimistic",
    "play",
    "quadratic",
    "running_mean",
    "spectral_radius",
]


def play(
    game: Game,
    rule: Rule,
    *,
    h: float = 0.1,
    steps: int = 1000,
    start: tuple[float, float] = (1.0, 1.0),
    decay: Callable[[int], float] | None = None,
) -> Tensor:
    """Play a game and return every position visited.

    Parameters
    ----------
    game, rule : Game, Rule
        What is played and how.
    h : float
        Step size, above 0.
    steps : int
        Number of moves, 1 or more.
    start : tuple of two floats
        Where both players begin, at rest.
    decay : callable, optional
        ``decay(t)`` multiplies ``h`` at move t = 0, 1, ...

    Returns
    -------
    Tensor
        Shape ``(steps + 1, 2)``, float64; row 0 is the start.

    Examples
    --------
    >>> path = play(bilinear(), gradient_descent(), h=0.1, steps=1, start=(1.0, 0.0))
    >>> path[-1].tolist()
    [1.0, 0.1]
    """
    if not 0 < h < math.inf or not steps >= 1:
        raise ValueError(f"h must be positive and steps at least 1, got h={h} and steps={steps}")
    position = torch.tensor(start, dtype=torch.float64)
    state = torch.stack([position, position])
    path = [position]
    for t in range(steps):
        state = rule.step(game, state, h * decay(t) if decay else h)
        path.append(state[0])
    return torch.stack(path)


def running_mean(path: Tensor) -> Tensor:
    """Return the mean of the first t + 1 positions for every t; shape (n, 2) in and out."""
    counts = torch.arange(1, len(path) + 1, dtype=path.dtype).unsqueeze(1)
    return path.cumsum(0) / counts


def moving_average(path: Tensor, decay: float = 0.99) -> Tensor:
    """Return the exponential moving average of a path, started at its first position.

    `decay`, in [0, 1), is the weight of what came before.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay must lie in [0, 1), got {decay}")
    averaged = [path[0]]
    for position in path[1:]:
        averaged.append(decay * averaged[-1] + (1 - decay) * position)
    return torch.stack(averaged)


def spectral_radius(game: Game, rule: Rule, h: float) -> float:
    """Return the largest absolute eigenvalue of the rule's matrix at the equilibrium.

    Below 1 the equilibrium attracts nearby players; above 1 it repels them. For a game with linear
    gradients (bilinear, quadratic) this is the exact rate everywhere, otherwise only nearby.

    Examples
    --------
    >>> round(spectral_radius(bilinear(), gradient_descent(), 0.1), 6)
    1.004988
    """
    return torch.linalg.eigvals(rule.matrix(game.jacobian(), h)).abs().max().item()


def measured_rate(path: Tensor) -> float:
    """Return the mean factor per step by which the distance to the origin changed.

    The first half of the path is left out as a transient. A Hann window weighs the logarithms of
    the factors, so that the wobble within one revolution cancels instead of leaving an error of
    the order of one over the number of steps.

    Raises
    ------
    ValueError
        If the path has fewer than 20 positions, or leaves the range of float64.
    """
    radius = path[len(path) // 2 :].norm(dim=1)
    if len(path) < 20 or not torch.isfinite(radius).all() or radius.min() == 0:
        raise ValueError(
            f"cannot measure a rate on {len(path)} positions with radii from {radius.min():g} to "
            f"{radius.max():g}; play at least 20 steps and fewer where numbers over- or underflow"
        )
    growth = radius.log().diff()
    window = torch.hann_window(len(growth) + 2, periodic=False, dtype=path.dtype)[1:-1]
    return torch.exp((window * growth).sum() / window.sum()).item()

"""Games with one number per player: what the two gradients are.

The first player (the generator) owns ``theta`` and the second (the discriminator) owns ``phi``;
each lowers its own cost.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Game", "LossPair", "bilinear", "consensus", "dirac", "quadratic"]

Cost = Callable[[Tensor, Tensor], Tensor]


class LossPair(Protocol):
    """What `dirac` needs of a loss: two functions of (real logits, fake logits)."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the discriminator's cost, a scalar."""

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the generator's cost, a scalar."""


@dataclass(frozen=True)
class Game:
    """Two players, one number each, and a cost for each; its equilibrium is the origin.

    Parameters
    ----------
    name : str
        For tables and legends.
    first_cost, second_cost : callable
        Costs as functions of the scalars ``(theta, phi)``; the first player lowers ``first_cost``
        by moving ``theta``, the second lowers ``second_cost`` by moving ``phi``.
    """

    name: str
    first_cost: Cost
    second_cost: Cost

    def gradients(self, point: Tensor) -> Tensor:
        """Return the gradient of each player's cost in that player's own number.

        Parameters
        ----------
        point : Tensor
            Shape ``(2,)`` for one position ``(theta, phi)``, or ``(..., 2)`` for many.

        Returns
        -------
        Tensor
            Same shape: ``(d first_cost / d theta, d second_cost / d phi)``.
        """
        if point.dim() == 0 or point.shape[-1] != 2:
            raise ValueError(
                f"a position holds two numbers (theta, phi), got shape {tuple(point.shape)}; "
                "pass a tensor of shape (2,) or (..., 2)"
            )
        if point.dim() > 1:
            return torch.stack([self._gradients(one) for one in point.reshape(-1, 2)]).view_as(
                point
            )
        return self._gradients(point)

    def slope(self, player: int, point: Tensor) -> Tensor:
        """Return the gradient of one player's cost in its own number, a scalar.

        Parameters
        ----------
        player : {0, 1}
            The first or the second.
        point : Tensor
            Shape ``(2,)``.
        """
        # A graph of the gradient itself is kept only for a caller who differentiates it.
        again = point.requires_grad
        with torch.enable_grad():
            numbers = [number.requires_grad_() for number in point.unbind(-1)]
            cost = (self.first_cost, self.second_cost)[player](*numbers)
        (found,) = torch.autograd.grad(
            cost, [numbers[player]], create_graph=again, allow_unused=True, materialize_grads=True
        )
        return found

    def _gradients(self, point: Tensor) -> Tensor:
        return torch.stack([self.slope(player, point) for player in (0, 1)])

    def jacobian(self, point: Tensor | None = None) -> Tensor:
        """Return the (2, 2) matrix of derivatives of `gradients`, at the origin by default."""
        if point is None:
            point = torch.zeros(2, dtype=torch.float64)
        return torch.autograd.functional.jacobian(self._gradients, point)


def bilinear() -> Game:
    """Return the game ``min_theta max_phi theta phi``, the smallest one that rotates.

    Examples
    --------
    >>> import torch
    >>> bilinear().gradients(torch.tensor([1.0, 2.0]))
    tensor([ 2., -1.])
    """
    return Game("bilinear", lambda theta, phi: theta * phi, lambda theta, phi: -theta * phi)


def quadratic(curvature: float = 0.5) -> Game:
    """Return the bilinear game plus ``curvature (theta^2 - phi^2) / 2``: both are pulled home."""

    def value(theta: Tensor, phi: Tensor) -> Tensor:
        return theta * phi + curvature * (theta**2 - phi**2) / 2

    return Game(f"quadratic, curvature {curvature:g}", value, lambda theta, phi: -value(theta, phi))


def dirac(
    loss: LossPair,
    *,
    name: str = "Dirac-GAN",
    r1: float = 0.0,
    r2: float = 0.0,
    gp: float = 0.0,
    noise: float = 0.0,
) -> Game:
    """Return the Dirac-GAN of Mescheder et al. (2018): data at 0, fakes at theta, logit phi x.

    Parameters
    ----------
    loss : LossPair
        Any loss on logits with ``discriminator`` and ``generator``, such as an entry of
        `gan_tutorial.losses.LOSSES`. At the equilibrium the logit is 0 everywhere, so the loss
        should be at rest there; a least-squares loss with targets 0 and 1 is not.
    name : str
        For tables and legends.
    r1, r2 : float
        Weights gamma of the penalties ``gamma / 2 |da/dx|^2`` at the data and at the fakes. The
        logit has the slope phi everywhere, so each is ``gamma phi^2 / 2`` on the second player.
    gp : float
        Weight lambda of WGAN-GP's penalty ``lambda (|da/dx| - 1)^2 = lambda (|phi| - 1)^2``. It has
        a kink at the equilibrium, where `Game.jacobian` therefore says nothing.
    noise : float
        Standard deviation of the instance noise added to data and fakes. The expectation over the
        noise is taken exactly over a nine-point stand-in for the Gaussian with the same mean and
        variance, every real point paired with every fake one.

    Returns
    -------
    Game
        First player: the generator's position; second player: the discriminator's slope.
    """
    for option, weight in {"r1": r1, "r2": r2, "gp": gp, "noise": noise}.items():
        if not 0 <= weight < math.inf:
            raise ValueError(f"{option} must not be negative, nor infinite; got {option}={weight}")
    if noise:
        levels = torch.linspace(0.5 / 9, 1 - 0.5 / 9, 9, dtype=torch.float64)
        spread = torch.special.ndtri(levels)
        spread = noise * spread / spread.square().mean().sqrt()
    else:
        spread = torch.zeros(1, dtype=torch.float64)
    real_points = spread.repeat_interleave(len(spread))
    shift = spread.repeat(len(spread))

    def logits(theta: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
        return phi * real_points.to(phi.dtype), phi * (theta + shift.to(theta.dtype))

    def generator_cost(theta: Tensor, phi: Tensor) -> Tensor:
        return loss.generator(*logits(theta, phi))

    def discriminator_cost(theta: Tensor, phi: Tensor) -> Tensor:
        penalty = (r1 + r2) / 2 * phi**2
        if gp:
            penalty = penalty + gp * (phi.abs() - 1) ** 2
        return loss.discriminator(*logits(theta, phi)) + penalty

    return Game(name, generator_cost, discriminator_cost)


def consensus(game: Game, weight: float = 0.1) -> Game:
    """Return the game with ``weight / 2 |v|^2`` added to both costs, where ``v = game.gradients``.

    Consensus optimization (Mescheder, Nowozin and Geiger 2017): both players also lower the length
    of the vector of all gradients, which is zero at an equilibrium.
    """

    def regularized(cost: Cost) -> Cost:
        def with_length(theta: Tensor, phi: Tensor) -> Tensor:
            slopes = [
                torch.autograd.grad(own(theta, phi), number, create_graph=True)[0]
                for own, number in ((game.first_cost, theta), (game.second_cost, phi))
            ]
            return cost(theta, phi) + weight / 2 * sum(slope**2 for slope in slopes)

        return with_length

    first, second = regularized(game.first_cost), regularized(game.second_cost)
    return Game(f"{game.name}, consensus {weight:g}", first, second)

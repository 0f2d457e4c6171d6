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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

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

    def _gradients(self, point: Tensor) -> Tensor:
        # A graph of the gradients themselves is kept only for a caller who differentiates them.
        again = point.requires_grad
        with torch.enable_grad():
            theta, phi = (number.requires_grad_() for number in point.unbind(-1))
            first, second = self.first_cost(theta, phi), self.second_cost(theta, phi)
        options = {"create_graph": again, "allow_unused": True, "materialize_grads": True}
        return torch.cat(
            [
                torch.stack(torch.autograd.grad(first, [theta], **options)),
                torch.stack(torch.autograd.grad(second, [phi], **options)),
            ]
        )

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
        if weight < 0:
            raise ValueError(f"{option} must not be negative, got {option}={weight}")
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


@dataclass(frozen=True)
class Rule:
    """One way to turn gradients into moves.

    Every rule here is a map from the last two positions to the next one, so a state is a tensor of
    shape ``(2, 2)``: the current position, then the previous one.

    Parameters
    ----------
    name : str
        For tables and legends.
    step : callable
        ``step(game, state, h) -> state``.
    matrix : callable
        ``matrix(J, h)``: the (4, 4) matrix, written down by hand, by which the rule multiplies
        ``(current, previous)`` when the gradients are ``J @ point``.
    """

    name: str
    step: Callable[[Game, Tensor, float], Tensor]
    matrix: Callable[[Tensor, float], Tensor]


def gradient_descent(
    *, alternate: bool = False, momentum: float = 0.0, nesterov: bool = False
) -> Rule:
    """Return gradient descent for both players.

    ``next = now - h gradient(look) + momentum (now - before)`` where ``look`` is ``now``, or, with
    ``nesterov``, ``now + momentum (now - before)``. Simultaneous players look at the same position;
    alternating ones move in turn, the second player (discriminator) first, as in Algorithm 1 of
    Goodfellow et al. (2014), and the first player sees the second's new number.
    """

    def step(game: Game, state: Tensor, h: float) -> Tensor:
        now, before = state
        drift = momentum * (now - before)
        look = now + drift if nesterov else now
        moved = now + drift - h * game.gradients(look)
        if alternate:
            seen = torch.stack([look[0], moved[1]])
            first = now[0] + drift[0] - h * game.gradients(seen)[0]
            moved = torch.stack([first, moved[1]])
        return torch.stack([moved, now])

    def matrix(jacobian: Tensor, h: float) -> Tensor:
        eye = torch.eye(2, dtype=jacobian.dtype)
        keep = torch.cat([(1 + momentum) * eye, -momentum * eye], dim=1)
        start = torch.cat([eye, 0 * eye], dim=1)
        look = keep if nesterov else start
        if not alternate:
            return torch.cat([keep - h * jacobian @ look, start])
        second = keep[1:] - h * jacobian[1:] @ look
        first = keep[:1] - h * jacobian[:1] @ torch.cat([look[:1], second])
        return torch.cat([first, second, start])

    return Rule(_describe(alternate, momentum, nesterov), step, matrix)


def _describe(alternate: bool, momentum: float, nesterov: bool) -> str:
    order = "alternating" if alternate else "simultaneous"
    if not momentum:
        return order
    kind = "Nesterov" if nesterov else "heavy ball" if momentum > 0 else "negative momentum"
    return f"{order}, {kind} {momentum:g}"


def extragradient() -> Rule:
    """Return Korpelevich's rule: look one step ahead, then move with the gradient seen there."""

    def step(game: Game, state: Tensor, h: float) -> Tensor:
        now = state[0]
        ahead = now - h * game.gradients(now)
        return torch.stack([now - h * game.gradients(ahead), now])

    def matrix(jacobian: Tensor, h: float) -> Tensor:
        eye = torch.eye(2, dtype=jacobian.dtype)
        move = eye - h * jacobian @ (eye - h * jacobian)
        return torch.cat([torch.cat([move, 0 * eye], 1), torch.cat([eye, 0 * eye], 1)])

    return Rule("extragradient", step, matrix)


def optimistic() -> Rule:
    """Return optimistic descent: ``next = now - 2 h gradient(now) + h gradient(before)``."""

    def step(game: Game, state: Tensor, h: float) -> Tensor:
        now, before = state
        moved = now - 2 * h * game.gradients(now) + h * game.gradients(before)
        return torch.stack([moved, now])

    def matrix(jacobian: Tensor, h: float) -> Tensor:
        eye = torch.eye(2, dtype=jacobian.dtype)
        top = torch.cat([eye - 2 * h * jacobian, h * jacobian], 1)
        return torch.cat([top, torch.cat([eye, 0 * eye], 1)])

    return Rule("optimistic", step, matrix)


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
        Step size.
    steps : int
        Number of moves.
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
    if h <= 0 or steps < 1:
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
    """Return the exponential moving average of a path, started at its first position."""
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

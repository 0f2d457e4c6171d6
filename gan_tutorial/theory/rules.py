"""Rules that turn the gradients of a game into moves."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .two_players import Game

__all__ = ["Rule", "extragradient", "gradient_descent", "optimistic"]


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
        if not alternate:
            return torch.stack([now + drift - h * game.gradients(look), now])
        second = now[1] + drift[1] - h * game.slope(1, look)
        seen = torch.stack([look[0], second])
        first = now[0] + drift[0] - h * game.slope(0, seen)
        return torch.stack([torch.stack([first, second]), now])

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

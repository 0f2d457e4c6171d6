"""Descent on latent codes: the codes whose pictures agree best with given ones."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["descend"]


def descend(
    generator: nn.Module,
    target: Tensor,
    weights: Tensor,
    codes: Tensor,
    *,
    steps: int,
    lr: float,
    prior: float,
    given: tuple[Tensor, ...] = (),
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Let Adam descend on :math:`\sum_i w_i |G(z) - x|_i + \lambda |z|^2 / d` from each code.

    Parameters
    ----------
    generator : nn.Module
        Maps codes (N, d) to pictures; it stays as it is.
    target : Tensor, shape (N, C, H, W)
        On the generator's device.
    weights : Tensor, shape (N, 1, H, W)
        How much each pixel counts.
    codes : Tensor, shape (N, d)
        Where to start.
    steps, lr, prior
        Steps of Adam and their size, and the weight :math:`\lambda`.
    given : tuple of Tensor
        What the generator takes besides, such as labels (N,).

    Returns
    -------
    codes : Tensor, shape (N, d)
    drawn : Tensor, shape (N, C, H, W)
    errors : Tensor, shape (N,)
        The weighted error alone.
    """
    network: Any = copy.deepcopy(generator).eval().requires_grad_(False)
    z = codes.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([z], lr=lr)

    def errors(drawn: Tensor) -> Tensor:
        return ((drawn - target).abs().mean(1, keepdim=True) * weights).flatten(1).sum(1)

    for _ in range(steps):
        loss = errors(network(z, *given)) + prior * z.square().mean(1)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()  # every picture has codes of its own: a sum keeps them apart
        optimizer.step()
    with torch.no_grad():
        drawn = network(z, *given)
        return z.detach(), drawn, errors(drawn)

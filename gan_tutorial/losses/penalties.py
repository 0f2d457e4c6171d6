r"""Gradient penalties on the discriminator, and what they are made of."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "gradient_penalty",
    "logits_and_gradients",
    "logits_and_squared_norms",
    "r1",
    "r2",
    "squared_gradient_norms",
]


# --- Gradient penalties ----------------------------------------------------------------------


def squared_gradient_norms(logits: Tensor, x: Tensor) -> Tensor:
    r"""Squared length of each sample's own gradient, :math:`\|\nabla_x a(x)\|^2`.

    Parameters
    ----------
    logits : Tensor, shape (N,) or (N, 1)
        ``a(x)``, computed from `x` with a graph.
    x : Tensor, shape (N, ...)
        The samples, with ``requires_grad``.

    Returns
    -------
    Tensor, shape (N,), float32
        One squared norm per sample, over *all* axes but the first, and differentiable again.

    Notes
    -----
    Summing the logits before differentiating gives each sample its own gradient only if the
    discriminator treats samples one by one; batch normalization in it breaks this.
    """
    (gradient,) = torch.autograd.grad(logits.float().sum(), x, create_graph=True)
    return gradient.float().flatten(1).square().sum(1)


def logits_and_gradients(
    discriminator: nn.Module | Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Logits :math:`a(x)` and each sample's own gradient :math:`\nabla_x a(x)`.

    Both can be differentiated with respect to the weights.

    Parameters
    ----------
    discriminator : callable
        Maps (N, ...) to logits (N,) or (N, 1), each sample by itself. If it has a method
        ``with_gradient``, and says in ``has_gradient`` that the method applies, that is asked;
        else autograd is.
    x : Tensor, shape (N, ...)
        The samples; their own graph, if any, is not followed.

    Returns
    -------
    logits : Tensor, shape (N,) or (N, 1)
    gradients : Tensor, shape (N, ...)
        One for each sample, in the shape of `x`.

    Examples
    --------
    The logit :math:`\|x\|^2 / 2` has gradient `x`:

    >>> import torch
    >>> x = torch.tensor([[3.0, 4.0]])
    >>> logits, gradients = logits_and_gradients(lambda x: x.square().sum(1) / 2, x)
    >>> gradients.tolist()
    [[3.0, 4.0]]
    """
    network: Any = discriminator
    if getattr(network, "has_gradient", False):
        return network.with_gradient(x.detach())
    x = x.detach().requires_grad_(True)
    logits = discriminator(x)
    (gradients,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return logits, gradients


def logits_and_squared_norms(
    discriminator: nn.Module | Callable[[Tensor], Tensor], *batches: Tensor, together: bool = False
) -> list[tuple[Tensor, Tensor]]:
    r"""Logits and :math:`\|\nabla_x a(x)\|^2`, in float32 at least whatever the precision around.

    Parameters
    ----------
    discriminator : callable
        As for `logits_and_gradients`.
    *batches : Tensor, shape (N, ...)
        Samples.
    together : bool
        Whether the batches may pass as one, which is faster: only if each sample's logit depends
        on that sample alone (`models.one_by_one`).

    Returns
    -------
    list of (Tensor, Tensor)
        For each batch what `logits_and_gradients` returns, with the squared length of each
        gradient, shape (N,).
    """
    if together and len(batches) > 1:
        sizes = [len(x) for x in batches]
        ((logits, norms),) = logits_and_squared_norms(discriminator, torch.cat(batches))
        return list(zip(logits.split(sizes), norms.split(sizes), strict=True))
    found = []
    for x in batches:
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(torch.promote_types(x.dtype, torch.float32))
            logits, gradients = logits_and_gradients(discriminator, x)
            found.append((logits, gradients.flatten(1).square().sum(1)))
    return found


def r1(discriminator: nn.Module | Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    r"""R1 penalty :math:`\tfrac12 E_x \|\nabla_x a(x)\|^2` on real samples.

    Multiply it by :math:`\gamma`, the penalty weight (Mescheder et al. 2018, equation 9).

    Parameters
    ----------
    discriminator : callable
        Maps (N, ...) to logits (N,) or (N, 1).
    real : Tensor, shape (N, ...)
        Real samples; their own graph, if any, is not followed.

    Returns
    -------
    Tensor
        A scalar in float32.

    Examples
    --------
    The logit of a linear discriminator :math:`w \cdot x` has gradient `w` everywhere:

    >>> import torch
    >>> w = torch.tensor([3.0, 4.0])
    >>> float(r1(lambda x: x @ w, torch.randn(8, 2)))
    12.5
    """
    ((_, squared_norms),) = logits_and_squared_norms(discriminator, real)
    return 0.5 * squared_norms.mean()


def r2(discriminator: nn.Module | Callable[[Tensor], Tensor], fake: Tensor) -> Tensor:
    r"""R2 penalty :math:`\tfrac12 E_z \|\nabla_x a(G(z))\|^2`: `r1` on generated samples.

    Mescheder et al. 2018, equation 10. The generator gets no gradient from it.
    """
    return r1(discriminator, fake)


def gradient_penalty(
    critic: nn.Module | Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    u: Tensor | None = None,
) -> Tensor:
    r"""WGAN-GP penalty :math:`E (\|\nabla_{\hat x} a(\hat x)\| - 1)^2`.

    The points :math:`\hat x = u x + (1 - u) G(z)` lie between a real and a fake sample, with one
    :math:`u` drawn uniformly from [0, 1] for each pair (Gulrajani et al. 2017, equation 3).

    Parameters
    ----------
    critic : callable
        Maps (N, ...) to logits (N,) or (N, 1).
    real, fake : Tensor, both of shape (N, ...)
        The samples between which the penalty is measured.
    u : Tensor, shape (N,), optional
        Where between them, in [0, 1]; drawn from torch's global random numbers by default.

    Returns
    -------
    Tensor
        A scalar in float32, to be multiplied by the weight (10 in the paper).

    Raises
    ------
    ValueError
        If `real` and `fake` have different shapes.
    """
    if real.shape != fake.shape:
        raise ValueError(
            f"The penalty walks from each real to a fake, got shapes {tuple(real.shape)} and "
            f"{tuple(fake.shape)}: draw batches of equal size."
        )
    u = torch.rand(len(real), device=real.device) if u is None else u
    u = u.view(-1, *[1] * (real.dim() - 1))
    between = u * real.detach().float() + (1 - u) * fake.detach().float()
    # The square root has an infinite slope at zero; the small number keeps the gradient finite.
    ((_, squared_norms),) = logits_and_squared_norms(critic, between)
    return ((squared_norms + 1e-12).sqrt() - 1).square().mean()

"""Fully connected networks: for points in the plane and for small images."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["MLPDiscriminator", "MLPGenerator", "mlp_pair"]


SLOPE = 0.2  # of the leaky ReLU for negative inputs


def _layers(inputs: int, width: int, depth: int, outputs: int) -> list[nn.Module]:
    """Return `depth` hidden layers of `width` units with leaky ReLUs, and a linear one behind them.

    The weights start as in He et al. (2015), which keeps the size of the signal from layer to
    layer. With PyTorch's own start it shrinks by about 0.4 a layer: a deep generator then begins
    almost constant, and spends much of its training getting away from there.
    """
    sizes = [inputs, *[width] * depth, outputs]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        linear = nn.Linear(before, after)
        nn.init.kaiming_normal_(linear.weight, a=SLOPE)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.LeakyReLU(SLOPE)]
    return layers[:-1]


class MLPGenerator(nn.Module):
    """A fully connected generator, :math:`G(z)`.

    Parameters
    ----------
    latent_dim : int
        Length of the latent code `z`.
    shape : sequence of int
        Shape of one sample: ``(2,)`` for points, ``(C, H, W)`` for images.
    width, depth : int
        Units of a hidden layer, and number of hidden layers.
    bounded : bool, optional
        Whether a tanh keeps the output in [-1, 1]. By default it does for images (whose range
        that is) and does not for points.
    """

    def __init__(
        self,
        latent_dim: int,
        shape: Sequence[int],
        width: int = 128,
        depth: int = 3,
        bounded: bool | None = None,
    ):
        super().__init__()
        shape = tuple(shape)
        bounded = len(shape) == 3 if bounded is None else bounded
        self.latent_dim, self.shape = latent_dim, shape
        self.config: dict[str, Any] = {
            "latent_dim": latent_dim,
            "shape": list(shape),
            "width": width,
            "depth": depth,
            "bounded": bounded,
        }
        self.net = nn.Sequential(
            *_layers(latent_dim, width, depth, math.prod(shape)),
            nn.Tanh() if bounded else nn.Identity(),
            nn.Unflatten(1, shape),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to samples (N, *shape)."""
        return self.net(z)


class MLPDiscriminator(nn.Module):
    """A fully connected discriminator, :math:`D(x)`: one logit per sample.

    Parameters
    ----------
    shape : sequence of int
        Shape of one sample: ``(2,)`` for points, ``(C, H, W)`` for images.
    width, depth : int
        Units of a hidden layer, and number of hidden layers.
    norm : {"none", "spectral"}
        Whether every layer's matrix is divided by its largest singular value (Miyato et al. 2018).

    Raises
    ------
    ValueError
        If the norm is unknown.
    """

    def __init__(self, shape: Sequence[int], width: int = 128, depth: int = 3, norm: str = "none"):
        super().__init__()
        if norm not in ("none", "spectral"):
            raise ValueError(f"Unknown norm {norm!r}; choose one of none, spectral.")
        shape = tuple(shape)
        self.shape = shape
        self.config: dict[str, Any] = {
            "shape": list(shape),
            "width": width,
            "depth": depth,
            "norm": norm,
        }
        layers = _layers(math.prod(shape), width, depth, 1)
        if norm == "spectral":
            layers = [spectral_norm(m) if isinstance(m, nn.Linear) else m for m in layers]
        self.net = nn.Sequential(nn.Flatten(), *layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, *shape) to logits (N,)."""
        return self.net(x).squeeze(1)

    @property
    def has_gradient(self) -> bool:
        """Whether `with_gradient` applies: to the layers made here, and none put in their place."""
        return (
            type(self) is MLPDiscriminator
            and not (self._forward_hooks or self._forward_pre_hooks)
            and all(type(layer) in (nn.Flatten, nn.Linear, nn.LeakyReLU) for layer in self.net)
        )

    def with_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return the logits and each one's gradient with respect to its sample.

        Between the corners of its leaky ReLUs the network is linear, with the slopes
        :math:`s_l(x)`, one or 0.2 for each unit, on the diagonals of matrices :math:`S_l`:

        .. math:: \nabla_x a(x)^\top = W_{L+1} S_L W_L \cdots S_1 W_1

        The slopes are constant but at the corners. So this product of matrices has all that a
        gradient penalty depends on: its slope with respect to the weights is found in one pass
        back through the product. Autograd, asked for the gradient of a gradient, would go back
        through the layers as well, to find zeros there.

        Parameters
        ----------
        x : Tensor, shape (N, *shape)

        Returns
        -------
        logits : Tensor, shape (N,)
        gradients : Tensor, shape (N, *shape)
            Both can be differentiated with respect to the weights.
        """
        shape = x.shape
        weights, slopes = [], []
        for layer in self.net:
            if isinstance(layer, nn.Linear):
                weights.append(layer.weight)
            elif isinstance(layer, nn.LeakyReLU):
                slopes.append(x.detach().sign().clamp_(min=layer.negative_slope))
            x = layer(x)
        product = weights.pop().expand(len(x), -1)  # W_{L+1}, once for each sample
        while slopes:
            product = (product * slopes.pop()) @ weights.pop()
        return x.squeeze(1), product.view(shape)


def mlp_pair(
    shape: Sequence[int],
    latent_dim: int = 8,
    width: int = 128,
    depth: int = 3,
    generator_depth: int | None = None,
) -> tuple[MLPGenerator, MLPDiscriminator]:
    """Return a fully connected generator and discriminator of equal width.

    They have equal depth, too, unless `generator_depth` says otherwise.

    Examples
    --------
    >>> import torch
    >>> g, d = mlp_pair((2,), latent_dim=4)
    >>> d(g(torch.randn(16, 4))).shape
    torch.Size([16])
    """
    return (
        MLPGenerator(latent_dim, shape, width=width, depth=generator_depth or depth),
        MLPDiscriminator(shape, width=width, depth=depth),
    )

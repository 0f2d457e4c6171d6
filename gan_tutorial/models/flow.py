r"""Networks of a flow from noise to data.

A flow moves a sample from noise at time 0 to data at time 1. The networks here guess where it will
arrive: :math:`\hat x(x_t, t) \approx E[x \mid x_t]`, the *denoiser*. The flow's velocity is what
leads there in the time that is left, :math:`(\hat x(x_t, t) - x_t) / (1 - t)`.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .mlp import _layers
from .unet import UNetGenerator
from .wrappers import Wrapper

__all__ = ["FlowSampler", "MLPDenoiser", "UNetDenoiser"]

WAVES = 4  # frequencies in which a network is told the time


class MLPDenoiser(nn.Module):
    r"""A fully connected denoiser, for points and small images.

    The layers give the velocity :math:`v`, and the guess is where it leads in the time left,
    :math:`\hat x(x_t, t) = x_t + (1 - t) v(x_t, t)`.

    Parameters
    ----------
    shape : sequence of int
        Shape of one sample: ``(2,)`` for points, ``(C, H, W)`` for images.
    width, depth : int
        Units of a hidden layer, and number of hidden layers.

    Examples
    --------
    >>> MLPDenoiser((2,))(torch.zeros(5, 2), torch.zeros(5)).shape
    torch.Size([5, 2])
    """

    def __init__(self, shape: Sequence[int], width: int = 256, depth: int = 3):
        super().__init__()
        self.shape = tuple(shape)
        self.config: dict[str, Any] = {"shape": list(shape), "width": width, "depth": depth}
        size = math.prod(self.shape)
        # the time, and waves of it: a network learns slowly what changes fast
        self.net = nn.Sequential(*_layers(size + 1 + 2 * WAVES, width, depth, size))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Map samples on their way (N, *shape) and times (N,) to where they will arrive."""
        angles = math.pi * t[:, None] * 2.0 ** torch.arange(WAVES, device=t.device)
        told = torch.cat([x.flatten(1), t[:, None], angles.sin(), angles.cos()], 1)
        left = (1 - t).view(-1, *[1] * (x.dim() - 1))
        return x + left * self.net(told).view_as(x)


class UNetDenoiser(Wrapper):
    r"""A U-Net as a denoiser of pictures; what told it of masks tells it the time.

    Parameters
    ----------
    network : UNetGenerator
        Without noise, and told of masks.

    Raises
    ------
    ValueError
        If it is another network.

    Examples
    --------
    >>> network = UNetDenoiser(UNetGenerator(3, 16, width=4, depth=2))
    >>> network(torch.zeros(5, 3, 16, 16), torch.zeros(5)).shape
    torch.Size([5, 3, 16, 16])
    """

    def __init__(self, network: nn.Module):
        unet: Any = network
        if not isinstance(network, UNetGenerator) or unet.noise_dim or not unet.mask_input:
            raise ValueError(
                "Pictures are denoised by a U-Net that is told the time in the place of a mask: "
                "give UNetGenerator(..., noise_dim=0, mask_input=True)."
            )
        super().__init__(network)
        self.shape: tuple[int, ...] = unet.shape

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Map pictures on their way (N, C, H, W) and times (N,) to where they will arrive."""
        return self.network(x, t[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype))


class FlowSampler(Wrapper):
    r"""A generator that follows a flow, :math:`G(z)`, in a number of equal steps.

    Euler's method with the velocity :math:`(\hat x(x_t, t) - x_t) / (1 - t)`:

    .. math:: x_{t + h} = x_t + h \, \frac{\hat x(x_t, t) - x_t}{1 - t}, \qquad x_0 = z .

    With one step it is :math:`G(z) = \hat x(z, 0)`: one pass through the network, as any other
    generator. In evaluation mode images are cut off at -1 and 1; in training mode they are not,
    since nothing could be learned from what is cut off.

    Parameters
    ----------
    network : nn.Module
        The denoiser; has ``shape``.
    steps : int
        How many, at least 1.

    Attributes
    ----------
    latent_dim : int
        Length of the latent code: a sample has as many numbers.
    shape : tuple of int

    Raises
    ------
    ValueError
        If `steps` is below 1.

    Examples
    --------
    >>> g = FlowSampler(MLPDenoiser((2,)), steps=4)
    >>> g(torch.randn(5, g.latent_dim)).shape
    torch.Size([5, 2])
    """

    def __init__(self, network: nn.Module, steps: int = 32):
        if steps < 1:
            raise ValueError(f"A flow is followed in 1 step or more, got {steps}.")
        super().__init__(network, steps=steps)
        self.steps = steps
        self.shape: tuple[int, ...] = tuple(network.shape)  # type: ignore[arg-type]
        self.latent_dim = math.prod(self.shape)

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to samples (N, *shape)."""
        x = z.view(-1, *self.shape)
        for k in range(self.steps):
            t = x.new_full((len(x),), k / self.steps)
            # h / (1 - t) is one over the number of steps that are left
            x = x + (self.network(x, t) - x) / (self.steps - k)
        return x.clamp(-1, 1) if len(self.shape) == 3 and not self.training else x

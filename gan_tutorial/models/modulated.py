"""Layers of a generator by style: the mapping of codes to styles, and convolutions they set."""

import itertools
import math

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear

from .upsample import UpsampleConv2d

__all__ = ["GAIN", "SLOPE", "MappingNetwork", "ModulatedConv2d"]

SLOPE = 0.2  # of the leaky ReLUs
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the size of what passes one
SLOW = 0.1  # times the learning rate, for the mapping (0.01 in the paper, whose mapping is deeper)
TINY = 1e-8


class _Slow(nn.Linear):
    """A linear layer whose weights move `SLOW` times as fast as they would (Karras et al. 2018)."""

    def __init__(self, before: int, after: int):
        super().__init__(before, after)
        nn.init.normal_(self.weight, std=before**-0.5 / SLOW)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight * SLOW, self.bias * SLOW)


class MappingNetwork(nn.Module):
    r"""Fully connected layers :math:`f` from latent codes to styles, :math:`w = f(z / |z|_{rms})`.

    Parameters
    ----------
    latent_dim, style_dim : int
        Length of `z` and of `w`.
    depth : int
        Number of layers (8 in the paper).

    Examples
    --------
    >>> import torch
    >>> f, z = MappingNetwork(8, 16), torch.randn(3, 8)
    >>> f(z).shape, torch.allclose(f(z), f(5 * z), atol=1e-5)
    (torch.Size([3, 16]), True)
    """

    def __init__(self, latent_dim: int, style_dim: int, depth: int = 4):
        super().__init__()
        widths = [latent_dim] + [style_dim] * depth
        self.layers = nn.ModuleList(_Slow(a, b) for a, b in itertools.pairwise(widths))

    def forward(self, z: Tensor) -> Tensor:
        """Map codes (N, latent_dim) to styles (N, style_dim)."""
        h = z * (z.square().mean(1, keepdim=True) + TINY).rsqrt()
        for layer in self.layers:
            h = GAIN * leaky_relu(layer(h), SLOPE)
        return h


class ModulatedConv2d(nn.Module):
    r"""A convolution whose weights are set by a style (Karras et al. 2020, equations 1 and 3).

    .. math::

        w'_{ijk} = s_i \, w_{ijk}, \qquad
        w''_{ijk} = w'_{ijk} \Big/ \sqrt{\textstyle\sum_{i,k} {w'_{ijk}}^2 + \epsilon}

    with :math:`s = A w + b`, a number for each input map :math:`i`; :math:`j` counts output maps
    and :math:`k` the places of the kernel. If the inputs are independent with variance 1, so are
    the outputs, whatever the style. Since `s` belongs to the inputs and the root to the outputs,
    both are multiplied there, and all pictures share one convolution.

    Parameters
    ----------
    before, after : int
        Channels of input and output.
    style_dim : int
        Length of `w`.
    kernel : {1, 3}
        Side of the kernel.
    up : bool
        Whether the side of the maps doubles first (`UpsampleConv2d`); needs a kernel of 3.
    demodulate : bool
        Whether outputs are divided by the root; the layers that make colors do without.

    Raises
    ------
    ValueError
        If the side is to double with another kernel.

    Examples
    --------
    >>> import torch
    >>> layer = ModulatedConv2d(4, 6, style_dim=8, up=True)
    >>> layer(torch.randn(2, 4, 5, 5), torch.randn(2, 8)).shape
    torch.Size([2, 6, 10, 10])
    """

    def __init__(
        self,
        before: int,
        after: int,
        style_dim: int,
        kernel: int = 3,
        up: bool = False,
        demodulate: bool = True,
    ):
        super().__init__()
        if up and kernel != 3:
            raise ValueError(f"Only kernels of 3x3 double the side, and this one has {kernel}.")
        self.style = nn.Linear(style_dim, before)
        nn.init.normal_(self.style.weight, std=style_dim**-0.5)
        nn.init.ones_(self.style.bias)  # at first the style changes a strength of 1
        self.conv: nn.Conv2d = (
            UpsampleConv2d(before, after, bias=False)
            if up
            else nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)
        )
        # what is not demodulated has the size of its inputs all the same
        nn.init.normal_(self.conv.weight, std=(before * kernel**2) ** -0.5)
        self.demodulate = demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Map maps (N, before, H, W) and styles (N, style_dim) to maps (N, after, ...)."""
        s = self.style(w)  # (N, before)
        h = self.conv(x * s[:, :, None, None])
        if self.demodulate:
            squares = self.conv.weight.square().sum((2, 3))  # (after, before)
            root = (linear(s.square(), squares) + TINY).rsqrt()  # (N, after)
            h = h * root[:, :, None, None]
        return h

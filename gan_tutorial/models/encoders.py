"""Encoders: the generators' mirror images, from samples back to a few numbers.

An encoder turns a sample into `outputs` numbers. What they mean is up to the task: the code itself
for an autoencoder, or mean and log variance of a Gaussian over codes for a variational one.
"""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from .dcgan import DCGANGenerator, _channels_at, _check, _frame, _normed
from .mlp import MLPGenerator, _layers
from .products import Conv2d
from .stairs import Size, plain, sides, stairs_of

__all__ = ["DCGANEncoder", "MLPEncoder", "encoder_for"]


class MLPEncoder(nn.Module):
    """A fully connected encoder, the mirror image of `MLPGenerator`.

    Parameters
    ----------
    shape : sequence of int
        Shape of one sample: ``(2,)`` for points, ``(C, H, W)`` for images.
    outputs : int
        Numbers that come out: the length of the latent code, or twice that for a variational
        autoencoder.
    width, depth : int
        Units of a hidden layer, and number of hidden layers.

    Examples
    --------
    >>> import torch
    >>> MLPEncoder((1, 8, 8), outputs=16)(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 16])
    """

    def __init__(self, shape: Sequence[int], outputs: int, width: int = 128, depth: int = 3):
        super().__init__()
        shape = tuple(shape)
        self.shape, self.outputs = shape, outputs
        self.config: dict[str, Any] = {
            "shape": list(shape),
            "outputs": outputs,
            "width": width,
            "depth": depth,
        }
        self.net = nn.Sequential(nn.Flatten(), *_layers(math.prod(shape), width, depth, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, *shape) to (N, outputs)."""
        return self.net(x)


class DCGANEncoder(nn.Module):
    """A convolutional encoder, the mirror image of `DCGANGenerator`.

    Strided convolutions halve the side and double the channels down to a 4x4 map; one more layer
    makes `outputs` numbers of it.

    Parameters
    ----------
    outputs : int
        Numbers that come out: the length of the latent code, or twice that for a variational
        autoencoder.
    size : int or (int, int)
        Side of the image, from 8 on, or height and width, multiples of 8.
    channels : {1, 3, 4}
        Gray, color, or color and opacity.
    width : int
        Channels of the first hidden map, of half the side.
    norm : {"batch", "spectral", "none"}
        Normalization of the hidden layers; the first and the last layer have no batch norm.

    Raises
    ------
    ValueError
        If the size, the channels or the norm is none of these.
    """

    def __init__(
        self,
        outputs: int = 100,
        size: Size = 64,
        channels: int = 3,
        width: int = 64,
        norm: str = "batch",
    ):
        super().__init__()
        _check(channels, norm)
        self.shape, self.outputs = (channels, *sides(size)), outputs
        self.config: dict[str, Any] = {
            "outputs": outputs,
            "size": plain(size),
            "channels": channels,
            "width": width,
            "norm": norm,
        }
        outer = "none" if norm == "batch" else norm
        layers: list[nn.Module] = _frame(size)
        before = channels
        for level, after in enumerate(_channels_at(size, width)[::-1]):
            bias = level == 0 or norm != "batch"  # batch norm has a bias of its own
            down = Conv2d(before, after, 4, 2, 1, bias=bias)
            layers += _normed(down, after, norm if level else outer)
            layers += [nn.LeakyReLU(0.2, inplace=True)]
            before = after
        # 4x4 -> outputs
        last = Conv2d(before, outputs, stairs_of(size).base, 1, 0)
        layers += _normed(last, outputs, outer)
        self.net = nn.Sequential(*layers, nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, height, width) to (N, outputs)."""
        return self.net(x)


def encoder_for(generator: nn.Module, outputs: int) -> nn.Module:
    """Make the encoder that mirrors a generator: as wide, as deep, for the same samples.

    Parameters
    ----------
    generator : MLPGenerator or DCGANGenerator
        What the encoder goes with.
    outputs : int
        Numbers that come out of the encoder.

    Raises
    ------
    ValueError
        If the generator is of another kind.

    Examples
    --------
    >>> from gan_tutorial.models import DCGANGenerator
    >>> encoder_for(DCGANGenerator(16, size=32, width=8), outputs=32).shape
    (3, 32, 32)
    """
    own = generator.config if isinstance(generator, MLPGenerator | DCGANGenerator) else None
    if own is None:
        raise ValueError(
            f"The library knows no mirror image of a {type(generator).__name__}: make an encoder "
            "for it yourself."
        )
    if isinstance(generator, MLPGenerator):
        return MLPEncoder(own["shape"], outputs, own["width"], own["depth"])
    return DCGANEncoder(outputs, own["size"], own["channels"], own["width"])

"""Convolutional networks after DCGAN (Radford, Metz and Chintala 2016).

Both networks are pyramids: the generator starts from a 4x4 map of many channels and doubles the
side while it halves the channels; the discriminator walks the same stairs down. The original has
64x64 pixels, maps of 1024, 512, 256 and 128 channels, and kernels of 5x5 (its Figure 1). These
classes have kernels of 4x4, as most later programs do: with a stride of 2 all pixels hear equally
many inputs. With ``size=64, width=128, norm="batch"`` the channels are those of the figure.

Other sides and other proportions begin with another map than 4x4, and some pictures get a border:
see `stairs`.
"""

import itertools
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .products import Conv2d, ConvTranspose2d
from .stairs import Size, plain, sides, stairs_of
from .upsample import UpsampleConv2d

__all__ = ["DCGANDiscriminator", "DCGANGenerator", "dcgan_pair"]

NORMS = ("batch", "spectral", "none")
UPS = ("transposed", "resize")


def _channels_at(size: Size, width: int) -> list[int]:
    """Channels of the maps from the first side on, up to half: at most 8 x width, last `width`."""
    levels = stairs_of(size).levels
    return [width * min(8, 2 ** (levels - 1 - level)) for level in range(levels)]


def _frame(size: Size, sign: int = 1) -> list[nn.Module]:
    """Make the layer that puts the border on (black, -1), or takes it off (`sign` -1), if any."""
    left, right, top, bottom = (sign * each for each in stairs_of(size).border)
    border = (left, right, top, bottom)
    return [nn.ConstantPad2d(border, -1.0)] if any(border) else []


def _check(channels: int, norm: str) -> None:
    if channels not in (1, 3, 4):
        raise ValueError(
            f"Images have 1 (gray) or 3 (color) channels, or 4 with their opacity, got {channels}."
        )
    if norm not in NORMS:
        raise ValueError(f"Unknown norm {norm!r}; choose one of {', '.join(NORMS)}.")


def _normed(layer: nn.Module, channels: int, norm: str) -> list[nn.Module]:
    """Put the normalization on or behind a layer."""
    if norm == "batch":
        return [layer, nn.BatchNorm2d(channels)]
    return [spectral_norm(layer) if norm == "spectral" else layer]


def _doubling(before: int, after: int, bias: bool, up: str) -> nn.Module:
    """Make the layer that doubles the side of a map."""
    if up == "resize":
        return UpsampleConv2d(before, after, bias=bias)
    return ConvTranspose2d(before, after, 4, 2, 1, bias=bias)


class DCGANGenerator(nn.Module):
    """A generator of transposed convolutions, :math:`G(z)`.

    Parameters
    ----------
    latent_dim : int
        Length of the latent code `z` (100 in the paper).
    size : int or (int, int)
        Side of the image, from 8 on, or height and width, multiples of 8.
    channels : {1, 3, 4}
        Gray, color, or color and opacity.
    width : int
        Channels of the last hidden map, of half the side (128 in the paper's Figure 1, 64 in most
        later programs).
    norm : {"batch", "spectral", "none"}
        Normalization of the hidden layers.
    up : {"transposed", "resize"}
        How the side doubles: by 4x4 transposed convolutions (5x5 in the paper), or by enlarging
        the map and convolving it (`UpsampleConv2d`), which cannot draw checkerboards and has
        9 weights in place of 16. The two take the same time.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        size: Size = 64,
        channels: int = 3,
        width: int = 64,
        norm: str = "batch",
        up: str = "transposed",
    ):
        super().__init__()
        _check(channels, norm)
        if up not in UPS:
            raise ValueError(f"Unknown way up {up!r}; choose one of {', '.join(UPS)}.")
        self.latent_dim, self.shape = latent_dim, (channels, *sides(size))
        self.config: dict[str, Any] = {
            "latent_dim": latent_dim,
            "size": plain(size),
            "channels": channels,
            "width": width,
            "norm": norm,
            "up": up,
        }
        maps = _channels_at(size, width)
        bias = norm != "batch"
        layers: list[nn.Module] = [nn.Unflatten(1, (latent_dim, 1, 1))]
        # 1x1 -> 4x4 (of squares of 8, 16, ...), then each step doubles the sides
        first = ConvTranspose2d(latent_dim, maps[0], stairs_of(size).base, 1, 0, bias=bias)
        layers += [*_normed(first, maps[0], norm), nn.ReLU(inplace=True)]
        for before, after in itertools.pairwise(maps):
            doubling = _doubling(before, after, bias, up)
            layers += [*_normed(doubling, after, norm), nn.ReLU(inplace=True)]
        layers += [_doubling(maps[-1], channels, bias, up), nn.Tanh(), *_frame(size, -1)]
        self.net = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to images (N, channels, height, width) in [-1, 1]."""
        return self.net(z)


class DCGANDiscriminator(nn.Module):
    """A discriminator of strided convolutions, :math:`D(x)`: one logit per image.

    Parameters
    ----------
    size, channels, width
        As for `DCGANGenerator`; `width` counts the channels of the first hidden map.
    norm : {"batch", "spectral", "none"}
        Normalization of the hidden layers. Batch norm couples the samples of a batch, so gradient
        penalties are not defined for it: use "none" or "spectral" with them.
    """

    def __init__(self, size: Size = 64, channels: int = 3, width: int = 64, norm: str = "none"):
        super().__init__()
        _check(channels, norm)
        self.shape = (channels, *sides(size))
        self.config: dict[str, Any] = {
            "size": plain(size),
            "channels": channels,
            "width": width,
            "norm": norm,
        }
        maps = _channels_at(size, width)[::-1]
        bias = norm != "batch"
        # The paper leaves the first and the last layer without batch norm.
        outer = "none" if norm == "batch" else norm
        layers: list[nn.Module] = _frame(size)
        before = channels
        for level, after in enumerate(maps):
            down = Conv2d(before, after, 4, 2, 1, bias=bias)
            layers += _normed(down, after, norm if level else outer)
            layers += [nn.LeakyReLU(0.2, inplace=True)]
            before = after
        # 4x4 -> one number
        last = Conv2d(before, 1, stairs_of(size).base, 1, 0, bias=bias)
        layers += _normed(last, 1, outer)
        self.net = nn.Sequential(*layers, nn.Flatten(0))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, height, width) to logits (N,)."""
        return self.net(x)


def dcgan_pair(
    size: Size = 64,
    channels: int = 3,
    latent_dim: int = 100,
    width: int = 64,
    generator_norm: str = "batch",
    discriminator_norm: str = "none",
    up: str = "transposed",
) -> tuple[DCGANGenerator, DCGANDiscriminator]:
    """Return a convolutional generator and discriminator of equal width.

    Examples
    --------
    >>> import torch
    >>> g, d = dcgan_pair(size=32, channels=1, latent_dim=64, width=16)
    >>> g(torch.randn(2, 64)).shape, d(g(torch.randn(2, 64))).shape
    (torch.Size([2, 1, 32, 32]), torch.Size([2]))
    """
    return (
        DCGANGenerator(latent_dim, size, channels, width, generator_norm, up),
        DCGANDiscriminator(size, channels, width, discriminator_norm),
    )

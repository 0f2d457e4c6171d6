"""From picture to picture: a U-Net that completes, and a discriminator that judges patches.

Both are convolutional throughout, so one network takes pictures of any size that its halvings
divide. They treat every picture on its own: there is no batch norm.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .products import Conv2d
from .upsample import UpsampleConv2d

__all__ = ["PatchDiscriminator", "UNetGenerator"]

SLOPE = 0.2  # of the leaky ReLUs
NORMS = ("none", "spectral")


class UNetGenerator(nn.Module):
    r"""A generator that completes pictures, :math:`G(m \odot x, m, z)`.

    A pyramid of strided convolutions down and of upsamplings back, in which every step up also
    sees the map of the same size on the way down (Ronneberger et al. 2015): what is known can
    pass through without a detour.

    Parameters
    ----------
    channels : {1, 3}
        Gray or color.
    size : int
        Side of the pictures it is trained on, in pixels.
    width : int
        Channels of the largest hidden map, of side ``size / 2``; they double with each halving, up
        to four times `width`.
    depth : int
        Number of halvings; sides must be multiples of ``2**depth``.
    noise_dim : int
        Length of the noise vector `z`, which joins at the smallest map; 0 for a network that
        completes each picture in one way only.
    mask_input : bool
        Whether the network is told which pixels are known. Without it, it has to guess.

    Raises
    ------
    ValueError
        If an argument is out of range, or the side cannot be halved so often.

    Examples
    --------
    >>> g = UNetGenerator(channels=3, size=32, width=8)
    >>> known, masks = torch.zeros(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    >>> g(known, masks).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        channels: int = 3,
        size: int = 32,
        width: int = 32,
        depth: int = 3,
        noise_dim: int = 0,
        mask_input: bool = True,
    ):
        super().__init__()
        if channels not in (1, 3):
            raise ValueError(f"Images have 1 (gray) or 3 (color) channels, got {channels}.")
        if depth < 1 or width < 1 or noise_dim < 0:
            raise ValueError(
                f"depth and width must be at least 1 and noise_dim at least 0, got {depth}, "
                f"{width} and {noise_dim}."
            )
        self.multiple = 2**depth
        if size < self.multiple or size % self.multiple:
            raise ValueError(
                f"A U-Net that halves {depth} times needs a side that is a multiple of "
                f"{self.multiple}, got {size}."
            )
        self.noise_dim, self.shape, self.mask_input = noise_dim, (channels, size, size), mask_input
        self.config: dict[str, Any] = {
            "channels": channels,
            "size": size,
            "width": width,
            "depth": depth,
            "noise_dim": noise_dim,
            "mask_input": mask_input,
        }
        inputs = channels + int(mask_input)
        maps = [width * min(4, 2**level) for level in range(depth)]
        before = [inputs, *maps]
        self.down = nn.ModuleList(
            Conv2d(before[level], maps[level], 4, 2, 1) for level in range(depth)
        )
        self.bottom = nn.Conv2d(maps[-1] + noise_dim, maps[-1], 3, 1, 1)
        # each step up takes the map from below and, from the second on, the one beside it
        into = [maps[-1], *(2 * maps[level] for level in range(depth - 2, -1, -1))]
        out = [*maps[-2::-1], width]
        self.up = nn.ModuleList(UpsampleConv2d(a, b) for a, b in zip(into, out, strict=True))
        self.last = nn.Conv2d(width + inputs, channels, 3, 1, 1)
        self.act = nn.LeakyReLU(SLOPE)

    def forward(self, known: Tensor, masks: Tensor, z: Tensor | None = None) -> Tensor:
        """Complete pictures.

        Parameters
        ----------
        known : Tensor, shape (N, channels, H, W)
            Pictures in [-1, 1] with zeros in their holes.
        masks : Tensor, shape (N, 1, H, W)
            1 where a pixel is known, 0 where it is missing.
        z : Tensor, shape (N, noise_dim), optional
            The noise, if the network takes any; zeros by default.

        Returns
        -------
        Tensor, shape (N, channels, H, W)
            Whole pictures in [-1, 1], the known parts redrawn too.
        """
        h = torch.cat([known, masks], 1) if self.mask_input else known
        beside = [h]
        for layer in self.down:
            h = self.act(layer(h))
            beside.append(h)
        beside.pop()
        if self.noise_dim:
            z = h.new_zeros(len(h), self.noise_dim) if z is None else z
            h = torch.cat([h, z.to(h.dtype)[..., None, None].expand(-1, -1, *h.shape[2:])], 1)
        h = self.act(self.bottom(h))
        for layer in self.up:
            h = torch.cat([self.act(layer(h)), beside.pop()], 1)
        return self.last(h).tanh()


class PatchDiscriminator(nn.Module):
    """A discriminator that gives one logit to each patch of a picture, :math:`D(x)`.

    It sees no more than a patch at a time, as in pix2pix (Isola et al. 2017, section 3.2.2): the
    texture and the seams are its business, and the picture as a whole is the reconstruction
    loss's.

    Parameters
    ----------
    channels : int
        Channels of a picture, plus those of what it is judged together with, if anything.
    width : int
        Channels of the first hidden map; they double with each halving.
    depth : int
        Number of halvings. A logit sees a square of ``reach`` pixels.
    norm : {"none", "spectral"}
        Normalization of all layers.

    Attributes
    ----------
    reach : int
        Side of the patch behind one logit: 12, 26 or 54 pixels for a depth of 1, 2 or 3.

    Examples
    --------
    >>> d = PatchDiscriminator(width=8)
    >>> d(torch.zeros(2, 3, 32, 32)).shape, d.reach
    (torch.Size([2, 8, 8]), 26)
    """

    def __init__(self, channels: int = 3, width: int = 32, depth: int = 2, norm: str = "none"):
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"Unknown norm {norm!r}; choose one of {', '.join(NORMS)}.")
        if channels < 1 or width < 1 or depth < 1:
            raise ValueError(
                f"channels, width and depth must be at least 1, got {channels}, {width}, {depth}."
            )
        self.config: dict[str, Any] = {
            "channels": channels,
            "width": width,
            "depth": depth,
            "norm": norm,
        }
        self.reach = 7 * 2**depth - 2
        normed = spectral_norm if norm == "spectral" else (lambda layer: layer)
        layers: list[nn.Module] = []
        before = channels
        for level in range(depth):
            after = width * 2**level
            layers += [normed(Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
            before = after
        layers += [normed(nn.Conv2d(before, before, 3, 1, 1)), nn.LeakyReLU(SLOPE)]
        layers += [normed(nn.Conv2d(before, 1, 3, 1, 1)), nn.Flatten(1, 2)]
        self.net = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures (N, channels, H, W) to logits (N, H / 2**depth, W / 2**depth)."""
        return self.net(x)

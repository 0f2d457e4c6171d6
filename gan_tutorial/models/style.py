r"""A generator by style, after StyleGAN2 (Karras et al. 2020), for small pictures.

A latent code :math:`z` is first mapped to :math:`w = f(z)`, and :math:`w` sets at every resolution
how strong each feature map is: the *style*. The picture itself starts from a learned constant, and
noise for each pixel decides what is left to chance, such as single blades of grass.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from .dcgan import _border, _channels_at, _check
from .modulated import GAIN, SLOPE, MappingNetwork, ModulatedConv2d
from .sampling import latent_codes

__all__ = ["StyleGenerator"]

CODES = 4096  # of which the mean style is taken


class _Level(nn.Module):
    """One resolution: a styled convolution with noise, and the colors that it adds."""

    def __init__(self, before: int, after: int, channels: int, style_dim: int, side: int):
        super().__init__()
        self.conv = ModulatedConv2d(before, after, style_dim, up=side > 4)
        self.colors = ModulatedConv2d(after, channels, style_dim, kernel=1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(after, 1, 1))
        self.color_bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.strength = nn.Parameter(torch.zeros(()))
        still = torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(side))
        self.still: Tensor
        self.register_buffer("still", still, persistent=False)

    def forward(self, h: Tensor, w: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        h = self.conv(h, w) + self.strength * noise + self.bias
        h = GAIN * leaky_relu(h, SLOPE)
        return h, self.colors(h, w) + self.color_bias


class StyleGenerator(nn.Module):
    r"""A mapping network and styled convolutions, :math:`G(z) = g(f(z))`.

    At each resolution from 4x4 on, one styled convolution, noise, and colors, which are added to
    those of the resolution before, enlarged.

    Parameters
    ----------
    latent_dim : int
        Length of `z`.
    size : int
        Side of the picture, from 8 on; powers of two need no border.
    channels : {1, 3}
        Gray or color.
    width : int
        Channels of the maps of half the side, as for `DCGANGenerator`; the last has half of it.
    style_dim : int, optional
        Length of `w`; by default that of `z`.
    depth : int
        Layers of the mapping network.
    mixing : float
        In training mode, the share of samples that take their coarse styles from one code and
        their fine ones from another, in [0, 1] (Karras et al. 2019, section 3.1).

    Attributes
    ----------
    levels : int
        How many resolutions, each with a style of its own.
    truncation : float
        What `styles` is told in evaluation mode; 1 until it is set.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    In training mode noise is drawn anew each time, from torch's own generator; in evaluation mode
    it is one fixed picture of noise a resolution, so that a code always gives the same sample.

    Examples
    --------
    >>> g = StyleGenerator(latent_dim=16, size=16, width=4).eval()
    >>> z = torch.randn(2, 16)
    >>> g(z).shape, g.levels
    (torch.Size([2, 3, 16, 16]), 3)
    """

    def __init__(
        self,
        latent_dim: int = 64,
        size: int = 32,
        channels: int = 3,
        width: int = 32,
        style_dim: int | None = None,
        depth: int = 4,
        mixing: float = 0.5,
    ):
        super().__init__()
        _check(channels, "none")
        for name, value in (("latent_dim", latent_dim), ("width", width), ("depth", depth)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        if not 0 <= mixing <= 1:
            raise ValueError(f"mixing is a share, from 0 to 1, got {mixing}.")
        style_dim = latent_dim if style_dim is None else style_dim
        self.latent_dim, self.shape, self.mixing = latent_dim, (channels, size, size), mixing
        self.config: dict[str, Any] = {
            "latent_dim": latent_dim, "size": size, "channels": channels, "width": width,
            "style_dim": style_dim, "depth": depth, "mixing": mixing,
        }  # fmt: skip
        self.mapping = MappingNetwork(latent_dim, style_dim, depth)
        maps = [*_channels_at(size, width), max(1, width // 2)]
        sides = [4 << level for level in range(len(maps))]
        self.constant = nn.Parameter(torch.randn(1, maps[0], 4, 4))
        self.stairs = nn.ModuleList(
            _Level(before, after, channels, style_dim, side)
            for before, after, side in zip([maps[0], *maps[:-1]], maps, sides, strict=True)
        )
        self.levels, self.truncation = len(maps), 1.0
        left, _, top, _ = _border(size)
        self._window = (slice(top, top + size), slice(left, left + size))

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to pictures (N, channels, size, size) in [-1, 1]."""
        styles = self.styles(z, 1.0 if self.training else self.truncation)
        if self.training and self.mixing:
            styles = self._mixed(styles)
        return self.draw(styles)

    def styles(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        r"""Map latent codes to styles, one a resolution, (N, levels, style_dim).

        Parameters
        ----------
        z : Tensor, shape (N, latent_dim)
        truncation : float
            The :math:`\psi` of :math:`\bar w + \psi (w - \bar w)`: below 1 samples are nearer to
            the mean style, and less varied (Karras et al. 2019, appendix B).
        """
        w = self.mapping(z)
        if truncation != 1.0:
            mean = self.mean_style()
            w = mean + truncation * (w - mean)
        return w[:, None].expand(-1, self.levels, -1)

    @torch.no_grad()
    def mean_style(self) -> Tensor:
        r"""Return the mean :math:`\bar w` of the styles of many codes, (style_dim,)."""
        z = latent_codes(CODES, self.latent_dim)
        return self.mapping(z.to(self.constant)).mean(0)

    def mix(self, coarse: Tensor, fine: Tensor, level: int) -> Tensor:
        """Return styles that are `coarse` in the first `level` resolutions, and `fine` from there.

        Parameters
        ----------
        coarse, fine : Tensor, shape (N, levels, style_dim)
        level : int
            From 0, all fine, to `levels`, all coarse.
        """
        if not 0 <= level <= self.levels:
            raise ValueError(f"Styles change at a resolution from 0 to {self.levels}, got {level}.")
        return torch.cat([coarse[:, :level], fine[:, level:]], 1)

    def draw(self, styles: Tensor) -> Tensor:
        """Map styles (N, levels, style_dim) to pictures (N, channels, size, size) in [-1, 1]."""
        h = self.constant.expand(len(styles), -1, -1, -1)
        picture: Tensor | None = None
        for level, w in zip(self.stairs, styles.unbind(1), strict=True):
            noise: Any = level.still
            if self.training:
                noise = torch.randn(len(styles), 1, *noise.shape[2:], device=noise.device)
            h, colors = level(h, w, noise)
            if picture is not None:
                colors = colors + interpolate(picture, scale_factor=2.0)
            picture = colors
        assert picture is not None
        return picture.tanh()[:, :, *self._window]

    def _mixed(self, styles: Tensor) -> Tensor:
        """Give some samples the fine styles of the sample before them."""
        count, device = len(styles), styles.device
        cut = torch.randint(1, self.levels, (count, 1, 1), device=device)
        own = torch.rand(count, 1, 1, device=device) >= self.mixing
        coarse = torch.arange(self.levels, device=device)[:, None] < cut
        return torch.where(own | coarse, styles, styles.roll(1, 0))

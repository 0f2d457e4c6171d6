r"""Networks of a tokenizer: a picture becomes a small map of numbers out of a list, and back.

An encoder gives one vector :math:`z_e` for each place of a coarse map. Of a list of vectors, the
*codebook*, the nearest one takes its place; its number in the list is the *token*. A decoder draws
the picture from the vectors that the tokens stand for (van den Oord et al. 2017).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from .products import Conv2d
from .quantizer import VectorQuantizer
from .upsample import UpsampleConv2d

__all__ = ["TokenDecoder", "TokenEncoder"]

SLOPE = 0.2  # of the leaky ReLUs


class _Residual(nn.Module):
    """Two convolutions beside a way that changes nothing."""

    def __init__(self, channels: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, h: Tensor) -> Tensor:
        return h + self.net(h)


def _maps(width: int, depth: int) -> list[int]:
    """Channels of the maps on the way down."""
    return [width * min(4, 2**level) for level in range(depth)]


class TokenEncoder(nn.Module):
    """Strided convolutions, from a picture to one vector for each place of a coarse map.

    Parameters
    ----------
    channels : {1, 3}
        Gray or color.
    size : int
        Side of the pictures, a multiple of ``2**depth``.
    width : int
        Channels of the first hidden map; they double with each halving, up to four times.
    depth : int
        Number of halvings.
    dim : int
        Numbers of a vector.

    Raises
    ------
    ValueError
        If an argument is out of range, or the side cannot be halved so often.

    Examples
    --------
    >>> TokenEncoder(1, 8, width=4, depth=1, dim=3)(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 3, 4, 4])
    """

    def __init__(
        self, channels: int = 3, size: int = 32, width: int = 32, depth: int = 2, dim: int = 16
    ):
        super().__init__()
        check_places(channels, size, width, depth)
        self.shape, self.dim = (channels, size, size), dim
        self.config: dict[str, Any] = {
            "channels": channels, "size": size, "width": width, "depth": depth, "dim": dim,
        }  # fmt: skip
        layers: list[nn.Module] = []
        before = channels
        for after in _maps(width, depth):
            layers += [Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(SLOPE)]
            before = after
        layers += [_Residual(before), nn.LeakyReLU(SLOPE), nn.Conv2d(before, dim, 1)]
        self.net = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures (N, channels, size, size) to vectors (N, dim, side, side)."""
        return self.net(x)


class TokenDecoder(nn.Module):
    r"""The mirror image of `TokenEncoder`, with the codebook: from tokens to pictures.

    Called with a latent code from N(0, I), one number for each place, it draws a token for each
    place by itself, as often as that token was met there, and decodes them: the simplest of
    samplers, which knows nothing of what goes together. A model of tokens that does would take
    its place (van den Oord et al. 2017 train one).

    Parameters
    ----------
    channels, size, width, depth, dim
        As for `TokenEncoder`.
    codes, learned, decay
        As for `VectorQuantizer`.

    Attributes
    ----------
    quantizer : VectorQuantizer
    net : nn.Sequential
        What draws pictures from vectors (N, dim, side, side).
    side : int
        Of the map of tokens.
    latent_dim : int
        How many tokens a picture has.
    met : Tensor, shape (latent_dim, codes)
        How often each token was met at each place lately.

    Examples
    --------
    >>> decoder = TokenDecoder(1, 8, width=4, depth=1, codes=5)
    >>> decoder.decode(torch.zeros(2, 4, 4, dtype=torch.long)).shape
    torch.Size([2, 1, 8, 8])
    >>> decoder(torch.randn(2, decoder.latent_dim)).shape
    torch.Size([2, 1, 8, 8])
    """

    met: Tensor

    def __init__(
        self,
        channels: int = 3,
        size: int = 32,
        width: int = 32,
        depth: int = 2,
        dim: int = 16,
        codes: int = 256,
        learned: str = "ema",
        decay: float = 0.99,
    ):
        super().__init__()
        check_places(channels, size, width, depth)
        self.shape = (channels, size, size)
        self.config: dict[str, Any] = {
            "channels": channels, "size": size, "width": width, "depth": depth, "dim": dim,
            "codes": codes, "learned": learned, "decay": decay,
        }  # fmt: skip
        self.quantizer = VectorQuantizer(codes, dim, learned, decay)
        self.side = size >> depth
        self.latent_dim = self.side**2
        self.register_buffer("met", torch.ones(self.latent_dim, codes) / codes)
        maps = _maps(width, depth)[::-1]
        layers: list[nn.Module] = [nn.Conv2d(dim, maps[0], 3, padding=1), _Residual(maps[0])]
        for before, after in zip(maps, [*maps[1:], width], strict=True):
            layers += [nn.LeakyReLU(SLOPE), UpsampleConv2d(before, after)]
        layers += [nn.LeakyReLU(SLOPE), nn.Conv2d(width, channels, 3, padding=1), nn.Tanh()]
        self.net = nn.Sequential(*layers)

    def decode(self, tokens: Tensor) -> Tensor:
        """Map tokens (N, side, side) to pictures (N, channels, size, size) in [-1, 1]."""
        return self.net(self.quantizer.vectors(tokens).movedim(-1, 1))

    def tokens(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) from N(0, I) to tokens (N, side, side)."""
        share = self.met / self.met.sum(1, keepdim=True)
        uniform = torch.special.ndtr(z.float()).T.contiguous()  # (places, N)
        drawn = torch.searchsorted(share.cumsum(1), uniform).clamp(max=self.quantizer.codes - 1)
        return drawn.T.unflatten(1, (self.side, self.side))

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) from N(0, I) to pictures; see the class."""
        return self.decode(self.tokens(z))

    @torch.no_grad()
    def note(self, tokens: Tensor) -> None:
        """Move the record of what is met where towards tokens (N, side, side) of a batch."""
        met = one_hot(tokens.flatten(1), self.quantizer.codes).float().mean(0)
        self.met.lerp_(met, 1 - self.quantizer.decay)


def check_places(channels: int, size: int, width: int, depth: int) -> None:
    """Raise ValueError unless pictures can be cut into places."""
    if channels not in (1, 3):
        raise ValueError(f"Images have 1 (gray) or 3 (color) channels, got {channels}.")
    if width < 1 or depth < 1:
        raise ValueError(f"width and depth must be at least 1, got {width} and {depth}.")
    if size < 2**depth or size % 2**depth:
        raise ValueError(
            f"A tokenizer that halves {depth} times needs a side that is a multiple of {2**depth}, "
            f"got {size}."
        )

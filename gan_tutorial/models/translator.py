"""A generator that starts from a picture instead of noise."""

from typing import Any

from torch import Tensor, nn

from .unet import UNetGenerator
from .wrappers import Wrapper

__all__ = ["Translator"]


class Translator(Wrapper):
    """A U-Net that turns a picture into another one, of the same size or enlarged.

    Parameters
    ----------
    network : UNetGenerator
        Without noise, and not told of masks: ``UNetGenerator(..., mask_input=False)``.
    factor : int
        How many times as large the result is, at least 1. A picture is enlarged first
        (bicubic interpolation), and the network draws the details.

    Attributes
    ----------
    shape : (int, int, int)
        Of the pictures that come out, at the size trained on.
    multiple : int
        What the sides of a picture that comes out must be multiples of.

    Raises
    ------
    ValueError
        If the network takes noise or masks, or its side is no multiple of `factor`.

    Examples
    --------
    >>> import torch
    >>> from gan_tutorial.models import UNetGenerator
    >>> g = Translator(UNetGenerator(3, 32, width=8, mask_input=False), factor=2)
    >>> g(torch.zeros(5, 3, 16, 16)).shape
    torch.Size([5, 3, 32, 32])
    """

    def __init__(self, network: nn.Module, factor: int = 1):
        unet: Any = network
        if not isinstance(network, UNetGenerator) or unet.noise_dim or unet.mask_input:
            raise ValueError(
                "A picture is translated by a U-Net that takes a picture alone: give "
                "UNetGenerator(..., noise_dim=0, mask_input=False)."
            )
        if factor < 1 or unet.shape[1] % factor:
            raise ValueError(
                f"factor must be at least 1 and divide the side of {unet.shape[1]} pixels, got "
                f"{factor}."
            )
        super().__init__(network, factor=factor)
        self.factor = factor
        self.shape: tuple[int, int, int] = unet.shape
        self.multiple: int = unet.multiple

    def enlarged(self, x: Tensor) -> Tensor:
        """Return pictures at the size of the result, (N, C, factor H, factor W), undrawn."""
        if self.factor == 1:
            return x
        large = nn.functional.interpolate(
            x, scale_factor=self.factor, mode="bicubic", align_corners=False
        )
        return large.clamp(-1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures (N, C, H, W) in [-1, 1] to (N, C, factor H, factor W) in [-1, 1]."""
        x = self.enlarged(x)
        return self.network(x, x[:, :0])  # the masks it would be told are none

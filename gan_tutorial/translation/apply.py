"""Translating batches, and whole pictures of any size."""

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..data.ranges import check_count
from ..models import Translator
from ..models.evaluating import evaluating

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["translate", "translate_picture"]


@torch.no_grad()
def translate(generator: nn.Module, images: Tensor, batch_size: int = 256) -> Tensor:
    """Translate pictures of one size.

    Parameters
    ----------
    generator : Translator
    images : Tensor, shape (N, C, H, W)
        In [-1, 1], of any size: what the network cannot halve is mirrored at the edge, and cut off
        again.
    batch_size : int
        How many go through the network at once, at least 1.

    Returns
    -------
    Tensor, shape (N, C, factor H, factor W), on the CPU

    Raises
    ------
    ValueError
        If the pictures have another number of channels, or `batch_size` is out of range.
    """
    check_count("batch_size", batch_size)
    network = cast(Translator, generator)
    if images.dim() != 4 or images.shape[1] != network.shape[0]:
        raise ValueError(
            f"The generator translates pictures (N, {network.shape[0]}, H, W), not "
            f"{tuple(images.shape)}."
        )
    device = next(network.parameters()).device
    height, width = images.shape[2:]
    # sides of the result are multiples of `multiple`, and those of what goes in of a part of it
    step = network.multiple // math.gcd(network.multiple, network.factor)
    missing = (0, -width % step, 0, -height % step)
    parts = []
    with evaluating(network):
        for part in images.split(batch_size):
            padded = _mirrored(part.to(device), missing)
            drawn = network(padded)[..., : height * network.factor, : width * network.factor]
            parts.append(drawn.float().cpu())
    return torch.cat(parts)


def _mirrored(images: Tensor, missing: tuple[int, int, int, int]) -> Tensor:
    """Continue pictures to the right and downwards; where they are too small to mirror, evenly."""
    small = min(images.shape[2:]) <= max(missing)
    return nn.functional.pad(images, missing, mode="replicate" if small else "reflect")


def translate_picture(
    picture: "Image.Image", generator: nn.Module, size: int | None = None
) -> "Image.Image":
    """Translate a picture of any size.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of mode L, LA, RGB or RGBA. Transparency is kept, and resized with the picture.
    generator : Translator
        What translates.
    size : int, optional
        The shorter side of the picture when it is translated, in pixels: by default that of the
        pictures the generator was trained on, which is where it knows what things look like. A
        generator that enlarges takes pictures as they are.

    Returns
    -------
    PIL.Image.Image
        With the proportions of `picture`; gray or color as the generator makes them.

    Raises
    ------
    ValueError
        If the picture is of another mode, or has color and the generator knows none; if `size` is
        out of range.
    """
    from PIL import Image

    network = cast(Translator, generator)
    if size is not None:
        check_count("size", size)
    elif network.factor == 1:
        size = network.shape[1]
    if picture.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ValueError(
            f"A picture to translate has mode L, LA, RGB or RGBA, not {picture.mode}: convert it."
        )
    channels = network.shape[0]
    if channels == 1 and picture.mode in ("RGB", "RGBA"):
        raise ValueError(
            "The generator translates gray pictures and this one has color: convert it to gray, or "
            "use a run trained on color pictures."
        )
    alpha = picture.getchannel("A") if "A" in picture.mode else None
    colors = picture.convert("L" if channels == 1 else "RGB")
    if size is not None and size != min(picture.size):
        scale = size / min(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        colors = colors.resize((width, height), Image.Resampling.LANCZOS)
    levels = np.asarray(colors).reshape(colors.height, colors.width, channels)
    images = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    drawn = translate(network, images)[0].add(1).mul(127.5).round().clamp(0, 255).byte()
    result = Image.fromarray(drawn.permute(1, 2, 0).squeeze(2).numpy())
    if alpha is not None:
        result.putalpha(alpha.resize(result.size, Image.Resampling.LANCZOS))
    return result

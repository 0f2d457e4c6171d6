"""Images of another size, other proportions, or another number of channels."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .dataset import Dataset
from .sides import sides_of

__all__ = ["LUMA", "shaped"]

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def shaped(images: Tensor, image_size: int | Sequence[int] | None, channels: int | None) -> Tensor:
    """Return images cut to the proportions asked for, of that size and number of channels."""
    if channels not in (None, 1, 3, 4):
        raise ValueError(f"channels must be 1 (gray), 3 (RGB) or 4, not {channels!r}.")
    height, width = images.shape[2:] if image_size is None else sides_of(image_size)
    channels = images.shape[1] if channels is None else channels
    if tuple(images.shape[1:]) == (channels, height, width):
        return images
    data = Dataset("", images)

    def change(batch: Tensor) -> Tensor:
        batch = _with_channels(batch, channels)
        tall, wide = batch.shape[2:]
        high, broad = min(tall, wide * height // width), min(wide, tall * width // height)
        top, left = (tall - high) // 2, (wide - broad) // 2
        batch = batch[:, :, top : top + max(1, high), left : left + max(1, broad)]
        if batch.shape[2:] == (height, width):
            return batch
        return interpolate(
            batch, size=(height, width), mode="bilinear", align_corners=False, antialias=True
        ).clamp(-1, 1)

    return data.map_images(change)._samples


def _with_channels(images: Tensor, channels: int) -> Tensor:
    """Return images in gray, in color, or in color with opacity."""
    if images.shape[1] == channels:
        return images
    if images.shape[1] == 4:  # laid on white
        opacity = (images[:, 3:] + 1) / 2
        images = images[:, :3] * opacity + (1 - opacity)
    if channels == 1:
        weights = torch.tensor(LUMA)[:, None, None]
        return (images * weights).sum(1, keepdim=True) if images.shape[1] == 3 else images
    images = images.expand(-1, 3, -1, -1)
    return images if channels == 3 else torch.cat([images, torch.ones_like(images[:, :1])], 1)

"""Changes of a picture that keep its class."""

import torch
from torch import Tensor
from torch.nn import functional

from ..models.augment import cutout

__all__ = ["AUGMENTATIONS", "augmented", "covered"]

AUGMENTATIONS = ("none", "shift", "shift-flip")


def augmented(images: Tensor, kind: str, u: Tensor) -> Tensor:
    """Change each image in a way that keeps its class.

    Parameters
    ----------
    images : Tensor, shape (n, C, H, W)
    kind : {"none", "shift", "shift-flip"}
        "shift" moves an image by up to one eighth of its side in each direction (pixels that
        come into view repeat the edge); "shift-flip" also mirrors it and, if it is square, turns
        it by multiples of 90 degrees.
    u : Tensor, shape (n, 5)
        Uniform random numbers in [0, 1), which decide what happens to each image.

    Returns
    -------
    Tensor, shape (n, C, H, W)
    """
    if kind == "none":
        return images
    n, _, height, width = images.shape
    most = max(1, height // 8)
    padded = functional.pad(images, (most,) * 4, mode="replicate")
    down, right = (u[:, :2] * (2 * most + 1)).long().unbind(1)
    rows = down[:, None] + torch.arange(height, device=images.device)
    columns = right[:, None] + torch.arange(width, device=images.device)
    each = torch.arange(n, device=images.device)[:, None, None]
    images = padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if kind == "shift-flip":
        yes = (u[:, 2:] < 0.5)[:, :, None, None, None]
        images = torch.where(yes[:, 0], images.flip(2), images)
        images = torch.where(yes[:, 1], images.flip(3), images)
        if height == width:
            images = torch.where(yes[:, 2], images.mT, images)
    return images


def covered(images: Tensor, u: Tensor) -> Tensor:
    """Cover a place of each image with gray; see `gan_tutorial.models.augment.cutout`.

    Parameters
    ----------
    images : Tensor, shape (n, C, H, W)
        In [-1, 1]; gray is 0.
    u : Tensor, shape (n, 2)
        Uniform random numbers in [0, 1): the middle of the place, which may reach over the edge.

    Returns
    -------
    Tensor, shape (n, C, H, W)
    """
    height, width = images.shape[2:]
    top = (u[:, :1] * height).long() - height // 4
    left = (u[:, 1:] * width).long() - width // 4
    return cutout(images, top, left)

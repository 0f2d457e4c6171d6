"""Changes of a picture that keep its class."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["AUGMENTATIONS", "augmented", "cutout"]

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


def cutout(images: Tensor, u: Tensor) -> Tensor:
    """Cover a square of each image with gray: half as long as its shorter side.

    DeVries and Taylor (2017).

    Parameters
    ----------
    images : Tensor, shape (n, C, H, W)
        In [-1, 1]; gray is 0.
    u : Tensor, shape (n, 2)
        Uniform random numbers in [0, 1): where the square is. It lies inside the image.

    Returns
    -------
    Tensor, shape (n, C, H, W)
    """
    covered = torch.ones_like(images[:, :1], dtype=torch.bool)
    for dim, length, place in ((2, images.shape[2], u[:, 0]), (3, images.shape[3], u[:, 1])):
        side = min(images.shape[2:]) // 2
        first = (place * (length - side + 1)).long().clamp_(max=length - side)
        at = torch.arange(length, device=images.device) - first[:, None]
        shape = (len(images), 1, length, 1) if dim == 2 else (len(images), 1, 1, length)
        covered &= ((at >= 0) & (at < side)).view(shape)
    return images.masked_fill(covered, 0.0)

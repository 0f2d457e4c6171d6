"""Masks: which pixels of a picture are known, and which are missing.

A mask is a float tensor (1, H, W): 1 where a pixel is known, 0 where it is missing. Every function
of `MASKS` makes many, ``(count, size, seed) -> (count, 1, H, W)``: the same seed gives the same
masks, the first masks do not depend on `count`, and each mask has known and missing pixels.

Picture editors and scikit-image, and with them the ``--mask`` of the command line, mark the
opposite: white, or True, where a pixel is missing. Here such an array is always called `missing`;
`from_missing` and `to_missing` turn one into the other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .mask_shapes import Size, boxes, center, dropout, half, outpainting
from .mask_strokes import scratches, strokes

__all__ = [
    "MASKS",
    "boxes",
    "center",
    "check_masks",
    "composite",
    "dropout",
    "from_missing",
    "half",
    "known_alone",
    "make",
    "outpainting",
    "scratches",
    "strokes",
    "to_missing",
]


# --- Using masks -----------------------------------------------------------------------------


def composite(known: Tensor, filled: Tensor, masks: Tensor) -> Tensor:
    """Take known pixels from one batch of pictures, and the missing ones from another.

    Known pixels come back bit for bit.

    Parameters
    ----------
    known, filled : Tensor, shape (N, C, H, W)
        The damaged pictures, whatever stands in their holes, and what to put there.
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Returns
    -------
    Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> known, filled = torch.full((1, 1, 4, 4), torch.nan), torch.zeros(1, 1, 4, 4)
    >>> composite(known, filled, torch.zeros(1, 1, 4, 4)).sum()
    tensor(0.)
    """
    if known.shape != filled.shape:
        raise ValueError(
            f"The pictures have shape {tuple(known.shape)} and what fills them "
            f"{tuple(filled.shape)}: they must be equal."
        )
    _check_shape(masks, known)
    return torch.where(masks > 0.5, known, filled)


def check_masks(masks: Tensor, images: Tensor) -> Tensor:
    """Return masks that fit these images as float32, or say what is wrong with them.

    Parameters
    ----------
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing, of any type.
    images : Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If a mask has another size or other values, has no hole, or covers everything.
    """
    _check_shape(masks, images)
    masks = masks.float()
    if not ((masks == 0) | (masks == 1)).all():
        raise ValueError(
            "A mask is 1 where a pixel is known, 0 where it is missing, and this one has other "
            "values."
        )
    known = masks.flatten(1).mean(1)
    for wrong, what in (
        (known == 1, "has no hole: there is nothing to fill in"),
        (known == 0, "covers everything: there is nothing to go by"),
    ):
        if wrong.any():
            raise ValueError(
                f"Mask {int(wrong.nonzero()[0])} {what}. A mask is 1 where a pixel is known, 0 "
                "where it is missing."
            )
    return masks


def _check_shape(masks: Tensor, images: Tensor) -> None:
    fits = (
        masks.dim() == images.dim() == 4
        and masks.shape[1] == 1
        and len(masks) in (1, len(images))
        and masks.shape[2:] == images.shape[2:]
    )
    if not fits:
        raise ValueError(
            f"Images of shape {tuple(images.shape)} need masks (N, 1, H, W) of the same N, H and "
            f"W, or one for all, got {tuple(masks.shape)}."
        )


def known_alone(images: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return images with zeros in their holes, and one mask for each, on the CPU.

    What stood in a hole leaves no trace, not even a NaN.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W)
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing, of any type.

    Returns
    -------
    known : Tensor, shape (N, C, H, W)
    masks : Tensor of float32, shape (N, 1, H, W)

    Raises
    ------
    ValueError
        If a mask does not fit, has no hole or covers everything.
    """
    masks = check_masks(masks, images).cpu().expand(len(images), -1, -1, -1)
    images = images.detach().cpu()
    return composite(images, torch.zeros_like(images), masks), masks


def from_missing(missing: np.ndarray | Tensor) -> Tensor:
    """Make masks of arrays that mark what is missing, as picture editors and scikit-image do.

    Parameters
    ----------
    missing : array or Tensor of bool, shape (H, W) or (N, H, W)
        True where a pixel is missing.

    Returns
    -------
    Tensor of float32, shape (1, 1, H, W) or (N, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Raises
    ------
    ValueError
        If the array has another shape, or other values than True and False.

    Examples
    --------
    >>> from_missing(np.array([[True, False]]))
    tensor([[[[0., 1.]]]])
    """
    missing = torch.as_tensor(missing)
    if missing.dtype != torch.bool or missing.dim() not in (2, 3):
        raise ValueError(
            "What is missing is said by True and False, an array (H, W) or (N, H, W) of bool, and "
            f"this is {missing.dtype} of shape {tuple(missing.shape)}: compare it first, as in "
            "picture > 127."
        )
    masks = (~missing).float()
    return masks[:, None] if missing.dim() == 3 else masks[None, None]


def to_missing(masks: Tensor) -> np.ndarray:
    """Say what is missing as picture editors and scikit-image do.

    Parameters
    ----------
    masks : Tensor, shape (N, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Returns
    -------
    ndarray of bool, shape (N, H, W)
        True where a pixel is missing.
    """
    return masks[:, 0].cpu().numpy() < 0.5


# --- Making them -----------------------------------------------------------------------------

MASKS: dict[str, Callable[..., Tensor]] = {
    "center": center,
    "boxes": boxes,
    "strokes": strokes,
    "half": half,
    "scratches": scratches,
    "dropout": dropout,
    "outpainting": outpainting,
}


def make(kind: str, count: int, size: Size, seed: int = 0, **options: Any) -> Tensor:
    """Make masks of the kind called `kind`.

    Parameters
    ----------
    kind : str
        A name in `MASKS`.
    count : int
        How many.
    size : int or (int, int)
        Side of a square picture, or height and width, at least 4.
    seed : int
        Decides the masks, where they differ.
    **options
        Further arguments of that kind's function; ``dtype`` is an argument of all of them.

    Returns
    -------
    Tensor, shape (count, 1, height, width)
        1 where a pixel is known, 0 where it is missing.

    Raises
    ------
    ValueError
        If there is no such kind; the message lists those there are. Or if an option is out of its
        range.

    Examples
    --------
    >>> masks = make("center", 2, 32)
    >>> masks.shape, int((1 - masks[0]).sum())  # a hole of 18x18 pixels
    (torch.Size([2, 1, 32, 32]), 324)
    """
    if kind not in MASKS:
        raise ValueError(f"Unknown kind of mask {kind!r}; choose one of {', '.join(MASKS)}.")
    return MASKS[kind](count, size, seed, **options)

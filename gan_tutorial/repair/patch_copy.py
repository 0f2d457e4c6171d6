"""Filling a hole with copies of patches of the same picture, in an order that continues edges."""

import numpy as np
import torch
from torch import Tensor

from ..data.ranges import check_count
from .masks import composite, known_alone, to_missing

__all__ = ["patches"]


def patches(images: Tensor, masks: Tensor, side: int = 7) -> Tensor:
    """Fill a hole from its edge inward with patches copied from the same picture.

    Criminisi, Perez and Toyama (2004): of the pixels at the edge of the hole, the patch around
    the one with the highest priority, confidence times strength of the edge that runs into the
    hole, is completed by the patch of known pixels that agrees best with its known part.

    Parameters
    ----------
    images, masks : Tensor
        As for `mean`.
    side : int
        Side of a patch, odd. A picture without one patch that is wholly known gets smaller ones.

    Returns
    -------
    Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If the side is even or below 3, or a mask does not fit, has no hole or covers everything.
    """
    check_count("The side of a patch", side, 3)
    if side % 2 == 0:
        raise ValueError(f"A patch has an odd side, so that a pixel is in its middle, got {side}.")
    known, masks = known_alone(images, masks)
    filled = [
        _exemplar(image.numpy().astype(np.float64), ~missing, side)
        for image, missing in zip(known, to_missing(masks), strict=True)
    ]
    return composite(known, torch.from_numpy(np.stack(filled)).to(known.dtype), masks)


def _exemplar(image: np.ndarray, known: np.ndarray, side: int) -> np.ndarray:
    """Complete one picture (C, H, W), of which some pixels (H, W) are known, by copying patches."""
    from scipy.ndimage import binary_erosion, distance_transform_edt

    source = known.copy()
    while side > 1 and not binary_erosion(source, np.ones((side, side))).any():
        side -= 2
    reach = side // 2
    pad = ((0, 0), (reach, reach), (reach, reach))
    image, known = np.pad(image, pad), np.pad(known, pad[1:])
    inside = np.pad(np.ones(source.shape, bool), pad[1:])
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), (1, 2))
    whole = binary_erosion(np.pad(source, pad[1:]), np.ones((side, side)))
    centers = np.argwhere(whole)
    examples = windows[:, centers[:, 0] - reach, centers[:, 1] - reach].copy()  # (C, P, s, s)
    confidence = known.astype(float)
    while (inside & ~known).any():
        missing = inside & ~known
        edge = np.argwhere(missing & ~binary_erosion(missing, border_value=1))
        # with no known pixel beside it, a hole at the picture's corner still has an edge
        trust = np.array(
            [_around(confidence, p, reach).sum() / max(1, _around(inside, p, reach).sum())
             for p in edge]
        )  # fmt: skip
        gray = image.mean(0)
        dy, dx = np.gradient(np.where(known, gray, np.nan))
        dy, dx = np.nan_to_num(dy), np.nan_to_num(dx)
        ny, nx = np.gradient(distance_transform_edt(missing))
        strength = []
        for p in edge:
            gy, gx = _around(dy, p, reach), _around(dx, p, reach)
            at = np.unravel_index((gy**2 + gx**2).argmax(), gy.shape)
            # isophotes run across the gradient
            strength.append(abs(-gx[at] * ny[tuple(p)] + gy[at] * nx[tuple(p)]))
        p = edge[(trust * (np.array(strength) + 1e-3)).argmax()]
        here = known[p[0] - reach : p[0] + reach + 1, p[1] - reach : p[1] + reach + 1]
        target = image[:, p[0] - reach : p[0] + reach + 1, p[1] - reach : p[1] + reach + 1]
        if here.any():
            error = ((examples - target[:, None]) ** 2 * here).sum((0, 2, 3))
            best = examples[:, error.argmin()]
        else:
            best = examples[:, len(centers) // 2]
        new = ~here & _around(inside, p, reach)
        target[:, new] = best[:, new]
        _around(confidence, p, reach)[new] = trust.max()
        here |= new
    return image[:, reach : image.shape[1] - reach, reach : image.shape[2] - reach]


def _around(values: np.ndarray, center: np.ndarray, reach: int) -> np.ndarray:
    """Return a view of the window around a pixel."""
    row, column = center
    return values[row - reach : row + reach + 1, column - reach : column + reach + 1]

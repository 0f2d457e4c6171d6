"""Repair of pictures of any size: find the holes, zoom in, complete, and put back.

Here a hole is given by what is missing, as picture editors have it: white in a file, True in an
array. `repair.masks` says how that goes with the masks of the rest of the library.

The region around each hole, or around each piece of a long one, is resampled to the resolution at
which the generator was trained, the generator completes it, and the result is resampled back. Only
missing pixels are written: all others keep their value bit for bit, and with them the file its
mode, size and transparency.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from ..data.ranges import LARGEST_SEED, check_count
from .baselines import harmonic
from .completion import complete, shape_of
from .mask_files import box_mask, read_mask
from .masks import from_missing
from .reading import KEPT, read_original

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["box_mask", "read_mask", "read_original", "retouch"]

Part: TypeAlias = tuple[slice, slice]  # rows and columns of a picture

CONTEXT = 16 / 9  # a region is this many times as wide as its hole: 32 for a hole of 18
MOST_HOLES = 50  # more are gathered into groups first


def retouch(
    picture: "Image.Image",
    missing: np.ndarray,
    generator: nn.Module,
    seed: int = 0,
    *,
    opaque: bool = False,
) -> "Image.Image":
    """Repair a picture of any size.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of mode L, LA, RGB or RGBA. The transparency of every pixel, missing or not, stays as it
        is, unless `opaque` is set.
    missing : ndarray of bool, shape (height, width)
        True where a pixel is missing.
    generator : nn.Module
        A generator as `UNetGenerator`; ``generator.shape`` says at which resolution it works.
    seed : int
        Decides the noise, where the generator takes any; at least 0.
    opaque : bool
        Whether what is filled becomes opaque: a hole that was erased shows its repair only then.

    Returns
    -------
    PIL.Image.Image
        A new picture of the same mode and size, and with the same `info`.

    Raises
    ------
    ValueError
        If `missing` has another size, no missing pixel, or no known one; if the picture's mode
        is another one, or the seed out of range.
    """
    from PIL import Image

    check_count("seed", seed, 0, LARGEST_SEED)
    if picture.mode not in KEPT:
        raise ValueError(
            f"A picture to repair has mode L, LA, RGB or RGBA, not {picture.mode}: convert it."
        )
    missing = np.asarray(missing, bool)
    if missing.shape != (picture.height, picture.width):
        raise ValueError(
            f"The mask is {missing.shape[1]}x{missing.shape[0]} and the picture "
            f"{picture.width}x{picture.height}: they must have one size."
        )
    if not missing.any():
        raise ValueError(
            "The mask is empty: it marks no pixel as missing, so nothing is repaired. White is "
            "where a pixel is missing, black where it is known."
        )
    if missing.all():
        raise ValueError(
            "The mask covers everything: there is nothing left to go by. White is where a pixel "
            "is missing, black where it is known."
        )
    levels = np.array(picture).reshape(picture.height, picture.width, -1)
    colors = 1 if picture.mode in ("L", "LA") else 3
    values = torch.from_numpy(levels[..., :colors]).permute(2, 0, 1).float() / 127.5 - 1
    if opaque and picture.mode in ("LA", "RGBA"):
        levels[..., -1][missing] = 255
    missing = missing.copy()
    for part, here in _regions(missing, max(shape_of(generator)[1:])):
        hole = torch.from_numpy(missing[part])
        filled = _complete_region(values[:, *part], hole, generator, seed)
        written = filled.add(1).mul(127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
        levels[part][..., :colors][here] = written[here]
        # the next region may look at what this one has filled
        values[:, *part] = torch.where(torch.from_numpy(here), filled, values[:, *part])
        missing[part] &= ~here
    repaired = Image.fromarray(levels.squeeze(2) if levels.shape[2] == 1 else levels)
    repaired.info = dict(picture.info)
    return repaired


def _regions(missing: np.ndarray, least: int) -> Iterator[tuple[Part, np.ndarray]]:
    """Say where to look, and what to fill there.

    A hole is cut into pieces at most twice as long as it is thick, so that a long scratch is
    repaired bit by bit from what lies beside it; around each piece there is a square, where the
    picture has room.

    Parameters
    ----------
    missing : ndarray of bool, shape (height, width)
    least : int
        Smallest side of a square, in pixels.

    Yields
    ------
    part : (slice, slice)
        Rows and columns of the region.
    here : ndarray of bool
        Which pixels of the region belong to the piece. Every missing pixel belongs to one.
    """
    from scipy.ndimage import binary_dilation, distance_transform_edt, find_objects, label

    touching = np.ones((3, 3))
    holes, count = label(missing, touching)
    reach = 1
    while count > MOST_HOLES:  # many small holes are taken in groups
        holes, count = label(binary_dilation(missing, touching, iterations=reach), touching)
        holes *= missing
        reach *= 2
    for number, (rows, columns) in enumerate(find_objects(holes), 1):
        hole = holes[rows, columns] == number
        thick = 2 * distance_transform_edt(np.pad(hole, 1)).max()
        longest = max(2 * thick, least / CONTEXT)
        for top, bottom in _pieces(rows, longest):
            for left, right in _pieces(columns, longest):
                piece = np.zeros_like(missing)
                piece[top:bottom, left:right] = holes[top:bottom, left:right] == number
                if piece.any():
                    part = _around((top, left, bottom, right), missing, least)
                    yield part, piece[part]


def _pieces(along: slice, longest: float) -> list[tuple[int, int]]:
    """Cut a stretch into equal pieces of about this length at most."""
    count = max(1, math.ceil((along.stop - along.start) / longest))
    edges = np.linspace(along.start, along.stop, count + 1).astype(int)
    return list(pairwise(edges.tolist()))


def _around(span: tuple[int, int, int, int], missing: np.ndarray, least: int) -> Part:
    """Return the region of a piece (top, left, bottom, right) that shows something known."""
    top, left, bottom, right = span
    side = max(math.ceil(CONTEXT * max(bottom - top, right - left)), least)
    height, width = missing.shape
    while True:
        part = _widened(top, bottom, side, height), _widened(left, right, side, width)
        if not missing[part].all():
            return part
        side *= 2


def _widened(start: int, stop: int, side: int, length: int) -> slice:
    """Widen a stretch to this side, or to the whole length, around its middle where it can be."""
    wide = min(side, length)
    first = min(max(0, (start + stop - wide) // 2), length - wide)
    return slice(first, first + wide)


def _complete_region(part: Tensor, hole: Tensor, generator: nn.Module, seed: int) -> Tensor:
    """Complete one region (C, h, w) at the generator's resolution, and bring it back."""
    channels, *size = shape_of(generator)
    if channels == 3 and len(part) == 1:
        images = part.expand(3, -1, -1)
    elif channels == 1 and len(part) == 3:
        raise ValueError(
            "The generator repairs gray pictures and this one has color: convert it to gray, or "
            "use a run trained on color pictures."
        )
    else:
        images = part
    known = from_missing(hole)
    share = _resize(known, size)  # of each of the generator's pixels, how much is known
    # a pixel of which a part is missing is missing, unless that leaves nothing to go by
    for least in (0.999, 0.5, 0.001):
        mask = (share > least).float()
        if 0 < mask.mean() < 1:
            break
    else:
        return harmonic(part[None], known)[0]
    # of a pixel that counts as known, what is known alone is averaged
    small = _resize((images * known[0])[None], size) / share.clamp(min=1e-6)
    drawn = complete(generator, small.clamp(-1, 1), mask, seed)
    # hole and surroundings are enlarged as one picture, so that colors join at the hole's edge
    large = nn.functional.interpolate(drawn, size=part.shape[1:], mode="bicubic").clamp(-1, 1)[0]
    return large.mean(0, keepdim=True) if len(part) == 1 else large


def _resize(images: Tensor, size: list[int]) -> Tensor:
    """Resample pictures (N, C, H, W), averaging where they shrink."""
    return nn.functional.interpolate(images, size=size, mode="bilinear", antialias=True)

"""What is missing of a picture, from a file that marks it or from the corners of a box."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.ranges import check_count
from .reading import open_picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["box_mask", "read_mask"]

FARTHEST = 10**9  # no picture has so many pixels on a side
# Pixels of a mask are of two values, but for the soft edges of strokes and the traces of JPEG.
NEAR = 0.15  # how far from one of the two, as a share of what lies between them
MOSTLY = 0.9  # share of the pixels that lie so near


def read_mask(path: str | Path, size: tuple[int, int]) -> np.ndarray:
    """Read what is missing from a file: white where a pixel is missing, black where it is known.

    White may be any color beside black (a red stroke, 1 beside 0, 65,535), or any color beside
    white; strokes on a transparent layer count as on black. A picture from which the missing part
    was erased is understood as well, by its transparency.

    Parameters
    ----------
    path : str or Path
        A picture of the same size, of nearly two values.
    size : (int, int)
        Width and height of the picture to repair.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where a pixel is missing.

    Raises
    ------
    ValueError
        If the file cannot be read, is no mask, or has another size.
    """
    path = Path(path).expanduser()
    mask = open_picture(path)
    if mask.size != tuple(size):
        raise ValueError(
            f"The mask {path} is {mask.size[0]}x{mask.size[1]} and the picture "
            f"{size[0]}x{size[1]}: draw the mask on a copy of the picture."
        )
    colors, alpha = _channels(mask)
    if alpha is not None and not alpha.any():  # an empty layer
        return np.zeros(alpha.shape, bool)
    if alpha is not None and alpha.min() < alpha.max():
        over_black = colors * (alpha / alpha.max())[..., None]
        if (painted := _two_valued(over_black.max(2))) is not None:
            return painted
        if (visible := _two_valued(alpha)) is not None:
            return ~visible  # of a picture with a part erased, what was erased is missing
    elif (marked := _marked(colors)) is not None:
        return marked
    raise ValueError(
        f"{path} does not look like a mask, which has two values: it has "
        f"{len(np.unique(colors.max(2))):,} levels. Paint what is missing white and all else "
        "black, or erase it, so that it is transparent."
    )


def _channels(mask: "Image.Image") -> tuple[np.ndarray, np.ndarray | None]:
    """Return colors (height, width, 1 or 3), of any range from 0 on, and the alpha channel."""
    if "transparency" in mask.info or mask.mode in ("PA", "La", "RGBa"):
        mask = mask.convert("RGBA")
    elif mask.mode in ("P", "CMYK", "YCbCr", "LAB", "HSV"):
        mask = mask.convert("RGB")
    values = np.asarray(mask).astype(np.float64).reshape(mask.height, mask.width, -1)
    if "A" in mask.mode:
        return values[..., :-1], values[..., -1]
    return values, None


def _marked(colors: np.ndarray) -> np.ndarray | None:
    """Return what is marked: what is lighter than black, or else what has a color beside white."""
    brightest, darkest = colors.max(2), colors.min(2)
    if brightest.min() == brightest.max() and darkest.min() < darkest.max():
        white = _two_valued(darkest)  # a red stroke on white is as bright as white
        return None if white is None else ~white
    return _two_valued(brightest)


def _two_valued(values: np.ndarray) -> np.ndarray | None:
    """Return which pixels have the larger of two values; None if there are more than two."""
    low, high = values.min(), values.max()
    if not np.isfinite(high - low):
        return None
    if low == high:  # all is marked, or nothing
        return np.full(values.shape, bool(low > 0))
    place = (values - low) / (high - low)
    return place > 0.5 if (np.minimum(place, 1 - place) < NEAR).mean() >= MOSTLY else None


def box_mask(box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """Say that the pixels within a box are missing.

    Parameters
    ----------
    box : (int, int, int, int)
        Left, top, width and height in pixels.
    size : (int, int)
        Width and height of the picture.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where a pixel is missing.

    Raises
    ------
    ValueError
        If the box is empty, does not lie within the picture, or is not given in whole pixels.
    """
    for name, value in zip(("left", "top", "width", "height"), box, strict=True):
        check_count(f"The box's {name}", value, -FARTHEST, FARTHEST)
    x, y, width, height = box
    if width < 1 or height < 1:
        raise ValueError(f"The box is empty: {width}x{height} pixels.")
    if x < 0 or y < 0 or x + width > size[0] or y + height > size[1]:
        raise ValueError(
            f"The box from ({x}, {y}) to ({x + width}, {y + height}) does not lie within the "
            f"picture of {size[0]}x{size[1]} pixels."
        )
    missing = np.zeros((size[1], size[0]), bool)
    missing[y : y + height, x : x + width] = True
    return missing

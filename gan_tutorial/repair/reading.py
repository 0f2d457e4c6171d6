"""Reading pictures to repair, and what is missing of them, from files."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..training.ranges import check_count

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["box_mask", "read_mask", "read_original"]

FARTHEST = 10**9  # no picture has so many pixels on a side
KEPT = ("L", "LA", "RGB", "RGBA")  # modes in which pixels can be repaired


def read_original(path: str | Path) -> "Image.Image":
    """Read a picture whole, in a mode in which its pixels can be repaired.

    Gray and color, with or without transparency, come as they are. Palettes become colors; other
    modes become RGB.

    Returns
    -------
    PIL.Image.Image
        Of mode L, LA, RGB or RGBA, turned as its camera noted.

    Raises
    ------
    ValueError
        If the file is missing, no picture, broken, too large, or of a kind that 8 bits cannot
        hold; the message is one sentence.
    """
    from PIL import Image, ImageOps

    path = Path(path)
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            image.load()
    except FileNotFoundError:
        raise ValueError(f"There is no picture {path}.") from None
    except Image.UnidentifiedImageError:
        raise ValueError(f"{path} cannot be read: it is not a picture.") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{path} is too large: it claims to hold too many pixels.") from None
    except Exception as error:  # a damaged file can fail in any way
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{path} cannot be read: {reason}.") from None
    if image.mode in KEPT:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        raise ValueError(
            f"{path} holds numbers of mode {image.mode}, which 8 bits a channel cannot keep: "
            "convert it to 8 bits first."
        )
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if "transparency" in image.info or "A" in image.mode else "RGB")


def read_mask(path: str | Path, size: tuple[int, int]) -> np.ndarray:
    """Read what is missing from a file: white where a pixel is missing, black where it is known.

    Parameters
    ----------
    path : str or Path
        A picture of the same size; what is lighter than middle gray counts as white.
    size : (int, int)
        Width and height of the picture to repair.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where a pixel is missing.

    Raises
    ------
    ValueError
        If the file cannot be read, or the sizes differ.
    """
    mask = read_original(path)
    if mask.size != tuple(size):
        raise ValueError(
            f"The mask {path} is {mask.size[0]}x{mask.size[1]} and the picture "
            f"{size[0]}x{size[1]}: draw the mask on a copy of the picture."
        )
    if "A" in mask.mode:  # transparent is not white
        from PIL import Image

        black = Image.new("RGBA", mask.size, (0, 0, 0, 255))
        black.alpha_composite(mask.convert("RGBA"))
        mask = black
    return np.asarray(mask.convert("L")) > 127


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

"""Pictures as files: the format is what the name says."""

import io
import os
from pathlib import Path
from typing import Any

from torch import Tensor

from ..training.files import write_atomically
from .images import check_images, laid_out, tile

__all__ = ["FORMATS", "TRANSPARENT", "format_of", "save_image_grid", "save_picture"]


def save_image_grid(
    images: Tensor, path: str | os.PathLike, columns: int | None = None, scale: int | None = None
) -> Path:
    """Write images as one picture, in the format that its name says.

    The file appears complete or not at all, and its folder is made if there is none.

    Parameters
    ----------
    images : Tensor
        Shape (N, C, H, W) with C of 1, 3 or 4 and values in [-1, 1]. Of four channels the last is
        opacity: it is kept where the format can (`TRANSPARENT`), else the images lie on white.
    path : str or path-like
        Where to write, ending in one of `FORMATS`; an existing file is replaced.
    columns : int, optional
        Images in a row; by default the grid is about square.
    scale : int, optional
        Every pixel becomes a square of this side; by default small images are enlarged until
        they are about 64 pixels wide.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    TypeError, ValueError
        As `tile`, and if the name ends in none of `FORMATS`.
    """
    from PIL import Image

    check_images(images)
    if scale is None:
        scale = max(1, 64 // images.shape[3])
    if images.shape[1] == 4 and Path(path).suffix.lower() in TRANSPARENT:
        return save_picture(Image.fromarray(laid_out(images, columns, scale, gap=2)), path)
    return save_picture(Image.fromarray(tile(images, columns, scale, gap=2)), path)


# What a picture's name may end in, and how Pillow writes it: without loss where there is a choice.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "optimize": True},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "lossless": True},
    ".gif": {"format": "GIF"},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
    ".bmp": {"format": "BMP"},
}
TRANSPARENT = (".png", ".webp", ".tif", ".tiff")  # formats that keep an opacity of 8 bits


def save_picture(picture: Any, path: str | os.PathLike) -> Path:
    """Write a Pillow image whole or not at all, in the format that the file's name says.

    Parameters
    ----------
    picture : PIL.Image.Image
    path : str or path-like
        Where to write, ending in one of `FORMATS`.

    Raises
    ------
    ValueError
        If the name ends in something else; the message lists the endings.
    """
    path = Path(path)
    buffer = io.BytesIO()
    picture.save(buffer, **format_of(path))
    write_atomically(path, buffer.getvalue())
    return path


def format_of(path: Path) -> dict[str, Any]:
    """Return how `FORMATS` says to write a picture of this name; refuse a name that says nothing.

    A command that works for long asks before it begins.
    """
    how = FORMATS.get(path.suffix.lower())
    if how is None:
        raise ValueError(
            f"The name {path.name!r} does not say which kind of picture to write: let it end in "
            f"one of {', '.join(FORMATS)}."
        )
    return how

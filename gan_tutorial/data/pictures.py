"""Reading picture files, whatever their size and mode, into squares of bytes."""

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .download import show_progress
from .sides import sides_of

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = [
    "MOST_PIXELS",
    "UnreadablePictureError",
    "as_bytes",
    "read_picture",
    "read_pictures",
    "why_unreadable",
]

# A file of a few kilobytes can claim to hold more pixels than there is memory for. Pillow itself
# refuses those above 178,956,970 pixels and warns, too late, of those above half as many.
MOST_PIXELS = 150_000_000
SIXTEEN_BITS = 65535
TOO_LARGE = f"too large: more than {MOST_PIXELS // 10**6} million pixels"

HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
AHEAD = 256  # pictures that wait for their turn, at most


class UnreadablePictureError(Exception):
    """A file that gives no picture; the message says in a few words why."""


def read_picture(
    path: Path,
    size: int | tuple[int, int],
    channels: int = 3,
    background: tuple[int, int, int] = (255, 255, 255),
    levels: float | None = None,
) -> np.ndarray:
    """Read a picture, turn it upright, lay it on a background, cut it, and scale it.

    Parameters
    ----------
    path : Path
        The file.
    size : int or (int, int)
        The side of the result, or its height and width.
    channels : {3, 1, 4}
        RGB, gray (the weights of ITU-R BT.601, as Pillow has them), or RGB and opacity.
    background : tuple of three int
        RGB in 0..255, seen where the picture is transparent.
    levels : float, optional
        Which value is white in pictures of 16 or 32 bits, or of fractions.

    Returns
    -------
    ndarray of uint8, shape (channels, height, width)

    Raises
    ------
    UnreadablePictureError
        If the file is empty, broken, no picture, or too large, or its numbers have an unknown
        range.
    """
    from PIL import Image, ImageOps

    height, width = sides_of(size)
    with _opened(path) as opened:
        # JPEG files can be decoded at a half, a quarter or an eighth of their size; which side
        # is which is known only once they are turned upright.
        opened.draft(None, (2 * max(height, width), 2 * max(height, width)))
        image: Picture = ImageOps.exif_transpose(opened)
        image = (
            _with_opacity(image, levels) if channels == 4 else _opaque(image, background, levels)
        )
        image = _cut(image, height, width).resize((width, height), Image.Resampling.LANCZOS)
        pixels = np.array(image.convert("L") if channels == 1 else image)
    if channels == 4:  # a color that nobody sees says nothing, and would be learned
        pixels[pixels[..., 3] == 0, :3] = background
    return pixels.reshape(height, width, channels).transpose(2, 0, 1)


@contextmanager
def _opened(path: Path) -> Iterator["Picture"]:
    """Open a file as a picture; whatever fails, then or while it is read, is an error of ours."""
    from PIL import Image

    try:
        if not path.is_file():
            raise UnreadablePictureError("not a regular file")
        if path.stat().st_size == 0:
            raise UnreadablePictureError("empty")
        with Image.open(path) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UnreadablePictureError(TOO_LARGE)
            yield opened
    except UnreadablePictureError:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadablePictureError(_what_it_is(path)) from None
    except Image.DecompressionBombError:
        raise UnreadablePictureError(TOO_LARGE) from None
    except Exception as error:  # a damaged file can fail in any way
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadablePictureError(f"broken: {reason}") from error


def _what_it_is(path: Path) -> str:
    """Say what a file is that Pillow does not know."""
    with open(path, "rb") as file:
        start = file.read(12)
    if start[4:8] == b"ftyp" and start[8:12] in HEIC:
        return "a HEIC photograph, which is not read here: export it as JPEG"
    return "not a picture"


def why_unreadable(path: Path) -> str | None:
    """Return why a file cannot be opened as a picture; None if it can, as far as its head says."""
    try:
        with warnings.catch_warnings(), _opened(path):
            return None
    except UnreadablePictureError as error:
        return str(error)


def read_pictures(
    folder: Path, names: Sequence[str], *settings: Any, progress: bool | None = None
) -> Iterator[tuple[str, np.ndarray | UnreadablePictureError]]:
    """Read many pictures in several threads, in order, under a progress bar.

    Parameters
    ----------
    folder : Path
        Where the files are.
    names : sequence of str
        The files.
    *settings
        What `read_picture` takes after the path.
    progress : bool, optional
        Whether to show the bar; by default where somebody is watching.

    Yields
    ------
    name : str
    picture : ndarray of uint8, shape (channels, height, width), or UnreadablePictureError
        The picture, or why there is none.
    """
    from tqdm.auto import tqdm

    def read(name: str) -> tuple[str, np.ndarray | UnreadablePictureError]:
        try:
            return name, read_picture(folder / name, *settings)
        except UnreadablePictureError as error:
            return name, error

    hide = not (show_progress() if progress is None else progress)
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(desc=folder.name, total=len(names), leave=False, disable=hide) as bar,
        warnings.catch_warnings(),
    ):
        # What Pillow warns of, odd notes in a file or many pixels, is no concern of the reader.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        for start in range(0, len(names), AHEAD):
            for result in pool.map(read, names[start : start + AHEAD]):
                bar.update()
                yield result


def _cut(image: "Picture", height: int, width: int) -> "Picture":
    """Return the largest part in the middle of `image` that has these proportions."""
    broad = max(1, min(image.width, image.height * width // height))
    high = max(1, min(image.height, image.width * height // width))
    left, top = (image.width - broad) // 2, (image.height - high) // 2
    return image.crop((left, top, left + broad, top + high))


def _opaque(
    image: "Picture", background: tuple[int, int, int], levels: float | None = None
) -> "Picture":
    """Return `image` in mode RGB, laid on `background` where it is transparent."""
    from PIL import Image

    image = _of_bytes(image, levels)
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        canvas = Image.new("RGBA", image.size, (*background, 255))
        canvas.alpha_composite(image.convert("RGBA"))
        image = canvas
    return image.convert("RGB")


def _with_opacity(image: "Picture", levels: float | None = None) -> "Picture":
    """Return `image` in mode RGBA, opaque where it says nothing of transparency."""
    return _of_bytes(image, levels).convert("RGBA")


def _of_bytes(image: "Picture", levels: float | None) -> "Picture":
    """Return `image` with 8 bits a channel."""
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(as_bytes(np.asarray(image), levels, image.mode == "F"))
    return image


def as_bytes(values: np.ndarray, levels: float | None, fractions: bool) -> np.ndarray:
    """Scale numbers of more than 8 bits to bytes, if it is known which of them is white."""
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise UnreadablePictureError("its pixels hold NaN or infinity")
    least, most = values.min(), values.max()
    if levels is None:
        if fractions:
            raise UnreadablePictureError(
                "its pixels are fractions of an unknown range: say which is white by levels=1"
            )
        # cameras and microscopes put 10, 12 or 14 bits into 16, which would look black
        if (least, most) != (0, 0) and not (least >= 0 and SIXTEEN_BITS / 4 < most <= SIXTEEN_BITS):
            raise UnreadablePictureError(
                f"its pixels are numbers of an unknown range, here from {least:g} to {most:g}: say "
                "which is white by levels=4095 or the like"
            )
        levels = SIXTEEN_BITS
    if least < 0 or most > levels:
        raise UnreadablePictureError(
            f"its pixels, from {least:g} to {most:g}, leave the range from 0 to levels={levels:g}"
        )
    return (values * (255 / levels)).round().astype(np.uint8)

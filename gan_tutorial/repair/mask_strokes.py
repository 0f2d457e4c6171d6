"""Holes that a pen draws: strokes and scratches. `repair.masks` lists them and says more."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ..data.ranges import check_count
from .mask_shapes import Size, check_share, gathered, integer, sides, streams

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["scratches", "strokes"]

Point: TypeAlias = tuple[float, float]  # row and column, in pixels

FINE = 5  # the pen moves on a sheet of so many points to a pixel's side: odd, to have a middle


class _Sheet:
    """A sheet of the picture's size, and a round pen that covers pixels on it.

    A pixel is covered if its center is, to about a quarter of a pixel.

    Parameters
    ----------
    height, width : int
        Of the picture, in pixels.
    """

    def __init__(self, height: int, width: int):
        from PIL import Image, ImageDraw

        self.size = width, height
        self.sheet = Image.new("L", (FINE * width, FINE * height))
        self.pen = ImageDraw.Draw(self.sheet)

    def draw(self, path: Sequence[Point], radius: float) -> None:
        """Move a pen of this radius, in pixels, from point to point (row, column).

        The center of the first pixel is (0, 0).
        """
        corners = [
            (round(FINE * column) + FINE // 2, round(FINE * row) + FINE // 2)
            for row, column in path
        ]
        reach = max(0, round(FINE * radius - 0.5))  # on either side of the middle point
        self.pen.line(corners, fill=1, width=2 * reach + 1)
        for x, y in corners:  # what a line has at its ends and corners is square
            self.pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=1)

    def covered(self) -> "Image.Image":
        """Return a picture of the pixels: 1 where the pen has been so far, 0 elsewhere."""
        from PIL import Image

        # of the points of a pixel, the one in its middle
        return self.sheet.resize(self.size, Image.Resampling.NEAREST)


def _share(covered: "Image.Image") -> float:
    """Return the share of pixels that the pen has covered."""
    pixels = covered.width * covered.height
    return (pixels - covered.histogram()[0]) / pixels


def _known(covered: "Image.Image") -> Tensor:
    """Return the mask (H, W), of bool, of the pixels that the pen has not covered."""
    return torch.from_numpy(np.asarray(covered) == 0)


def strokes(
    count: int,
    size: Size,
    seed: int = 0,
    share: float = 0.25,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks without free-form strokes, as of a thick brush that wanders about.

    Parameters
    ----------
    count, size, seed, dtype
        As for `center`; the seed decides the strokes.
    share : float
        Strokes are added until at least this share of the pixels is missing, in (0, 0.8].

    Notes
    -----
    A stroke is a chain of two to six segments whose direction turns by chance, after the idea of
    Yu et al. (2019, section 3.4).
    """
    height, width = sides(size)
    check_share(share)

    def drawn(generator: torch.Generator) -> Tensor:
        sheet = _Sheet(height, width)
        missing = sheet.covered()
        while _share(missing) < share:
            sheet.draw(*_stroke(height, width, generator))
            more = sheet.covered()
            if _share(more) == 1:  # possible in the smallest pictures
                break
            missing = more
        return _known(missing)

    return gathered(map(drawn, streams(count, seed)), dtype)


def _stroke(height: int, width: int, generator: torch.Generator) -> tuple[list[Point], float]:
    """Return the corners of one stroke, and the radius of its brush, in pixels."""
    unit = min(height, width)
    segments = integer(2, 6, generator)
    u = torch.rand(4 + 2 * segments, generator=generator).tolist()
    path = [(u[0] * (height - 1), u[1] * (width - 1))]
    angle = 2 * math.pi * u[2]
    for turn, length in zip(u[4 : 4 + segments], u[4 + segments :], strict=True):
        angle += 1.2 * (2 * turn - 1)  # up to about 70 degrees
        reach = unit * (0.08 + 0.12 * length)
        row, column = path[-1]
        path.append((row + reach * math.sin(angle), column + reach * math.cos(angle)))
    return path, max(0.75, unit * (0.03 + 0.05 * u[3]))


def scratches(
    count: int,
    size: Size,
    seed: int = 0,
    lines: int = 2,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks with lines of thin scribbles over the picture, like words written across it.

    Parameters
    ----------
    count, size, seed, dtype
        As for `center`; the seed decides the scribbles.
    lines : int
        Lines of writing, from 1 to as many as there is room for: about 7 in a square picture.
    """
    height, width = sides(size)
    letter = max(2.0, min(height, width) / 7)  # height of a letter
    room = int(height / letter)
    check_count(f"The number of lines written across {height}x{width} pixels", lines, 1, room)

    def drawn(generator: torch.Generator) -> Tensor:
        while True:
            sheet = _Sheet(height, width)
            for line in range(lines):
                top = line * height / lines
                for segment in _scribble(top, height / lines, letter, width, generator):
                    sheet.draw(segment, max(0.5, letter / 12))
            missing = sheet.covered()
            if 0 < _share(missing) < 1:  # once is enough but in the smallest pictures
                return _known(missing)

    return gathered(map(drawn, streams(count, seed)), dtype)


def _scribble(
    top: float, room: float, letter: float, width: int, generator: torch.Generator
) -> list[list[Point]]:
    """Return one line of writing as pairs of points, somewhere in a band of this room."""
    advance = 0.8 * letter  # from one letter to the next
    count = max(1, int((width - 1) / advance))
    baseline = top + (room - letter) * torch.rand((), generator=generator)
    # the ends of three pen strokes a letter, on a lattice of 3x3 points, as letters are built
    lattice = (torch.rand(count, 3, 2, 2, generator=generator) * 2).round() / 2
    rows = baseline + letter * lattice[..., 0]
    columns = torch.arange(count).view(-1, 1, 1) * advance + 0.6 * letter * lattice[..., 1]
    written = torch.rand(count, 3, generator=generator) < torch.tensor([0.85, 0.85, 0.5])
    written = written & written[:, :1]  # without its first stroke, a letter is a space
    return torch.stack([rows, columns], -1)[written].tolist()

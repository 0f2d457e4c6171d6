"""By which steps a convolutional network gets from a small map to a picture, for any proportions.

Both players walk the same stairs: the sides double at every step, or are halved. Of a picture whose
smaller side is a power of two, the first map is four wide there, as in the paper. Of others whose
sides are multiples of 8 it is four to seven wide: 48x64 pixels begin with 6x8, and where the larger
side does not come out even, a border is drawn that is narrower than one cell of that map. A square
whose side is no multiple of 8, such as the 28x28 of MNIST, gets a border up to the next power of
two. The generator draws the whole, and its middle is taken; the discriminator sees every picture in
a black frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Size", "Stairs", "plain", "sides", "size_of", "stairs_of"]

Size = int | Sequence[int]
MULTIPLE = 8


@dataclass(frozen=True)
class Stairs:
    """The way from the first map to the picture.

    Attributes
    ----------
    base : (int, int)
        Height and width of the first map.
    levels : int
        How often the sides double.
    border : (int, int, int, int)
        Pixels to the left, right, top and bottom that are no part of the picture.
    """

    base: tuple[int, int]
    levels: int
    border: tuple[int, int, int, int]


def sides(size: Size) -> tuple[int, int]:
    """Return height and width; one number is a square."""
    if isinstance(size, int):
        return size, size
    height, width = size
    return height, width


def plain(size: Size) -> int | list[int]:
    """Return a size as a file says it: one number for a square, else height and width."""
    height, width = sides(size)
    return height if height == width else [height, width]


def size_of(shape: Sequence[int]) -> int | list[int]:
    """Return the size of pictures of shape (C, H, W), as networks take it."""
    return plain(shape[1:])


def stairs_of(size: Size) -> Stairs:
    """Return the stairs to a picture of this size.

    Raises
    ------
    ValueError
        If a side is below 8, or the picture is no square and a side no multiple of 8; the message
        names the nearest sizes.

    Examples
    --------
    >>> stairs_of(64)
    Stairs(base=(4, 4), levels=4, border=(0, 0, 0, 0))
    >>> stairs_of((48, 64)).base, stairs_of(28).border
    ((6, 8), (2, 2, 2, 2))
    """
    height, width = sides(size)
    if min(height, width) < MULTIPLE:
        raise ValueError(
            f"A DCGAN doubles from 4x4 at least once, so its image side is 8 or more; got "
            f"{_named(height, width)}."
        )
    even = height % MULTIPLE == width % MULTIPLE == 0
    if not even and height != width:
        raise ValueError(
            f"Pictures of {height}x{width} (height x width) cannot be made: sides of other than "
            f"square pictures are multiples of 8. The nearest sizes are {_near(height, width)}."
        )
    levels = (min(height, width) // 4).bit_length() - 1
    if not even:
        levels = (height - 1).bit_length() - 2  # up to the next power of two
    cell = 2**levels
    base = (-(-height // cell), -(-width // cell)) if even else (4, 4)
    down, across = base[0] * cell - height, base[1] * cell - width
    border = (across // 2, across - across // 2, down // 2, down - down // 2)
    return Stairs(base, levels, border)


def _named(height: int, width: int) -> str:
    return str(height) if height == width else f"{height}x{width}"


def _near(height: int, width: int) -> str:
    """Name the sizes below and above whose sides are multiples of 8."""
    below = [max(MULTIPLE, side // MULTIPLE * MULTIPLE) for side in (height, width)]
    above = [-(-side // MULTIPLE) * MULTIPLE for side in (height, width)]
    return f"{below[0]}x{below[1]} and {above[0]}x{above[1]}"

"""Height and width of pictures: one number for a square, or two."""

from collections.abc import Sequence

from .ranges import check_count

__all__ = ["sides_of"]


def sides_of(image_size: int | Sequence[int]) -> tuple[int, int]:
    """Return height and width.

    Parameters
    ----------
    image_size : int or (int, int)
        The side of a square, or (height, width), as torchvision has it.

    Raises
    ------
    ValueError
        If it is neither, or a side is below 1.

    Examples
    --------
    >>> sides_of(32), sides_of((48, 64))
    ((32, 32), (48, 64))
    """
    if isinstance(image_size, str | bytes) or not isinstance(image_size, Sequence):
        side = check_count("image_size", image_size)
        return side, side
    if len(image_size) != 2:
        raise ValueError(
            f"image_size is one side, or (height, width), not {len(image_size)} numbers."
        )
    height, width = (check_count("image_size", side) for side in image_size)
    return height, width

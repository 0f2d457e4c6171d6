"""Holes of simple shapes: boxes, halves, single pixels. `repair.masks` lists them and says more."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ..data.ranges import LARGEST_SEED, check_count

__all__ = ["boxes", "center", "dropout", "half", "outpainting"]

Size: TypeAlias = int | tuple[int, int]

SMALLEST = 4  # side of a picture, in pixels
LARGEST_SHARE = 0.8  # of the pixels that may be missing


# --- What every kind needs -------------------------------------------------------------------


def sides(size: Size) -> tuple[int, int]:
    """Return height and width."""
    height, width = (size, size) if isinstance(size, int) else size
    for side in (height, width):
        check_count("A side of a picture to repair, in pixels,", side, SMALLEST)
    return height, width


def streams(count: int, seed: int) -> Iterator[torch.Generator]:
    """Yield one stream of random numbers `count` times: a mask draws when its turn has come."""
    check_count("The number of masks", count)
    check_count("The seed of the masks", seed, 0, LARGEST_SEED)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        yield generator


def gathered(masks: Iterable[Tensor], dtype: torch.dtype) -> Tensor:
    """Put masks of bool (H, W) together, (count, 1, H, W); they become numbers at the end only."""
    return torch.stack(list(masks))[:, None].to(dtype)


def check_share(share: float) -> None:
    """Raise ValueError unless this share of the pixels may be missing."""
    if not 0 < share <= LARGEST_SHARE:
        raise ValueError(f"The share of missing pixels lies in (0, {LARGEST_SHARE}], got {share}.")


def integer(low: int, high: int, generator: torch.Generator) -> int:
    """Draw from low, ..., high."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def _without(box: tuple[int, int, int, int], height: int, width: int) -> Tensor:
    """Return the mask (height, width) with a hole at box (top, left, height, width)."""
    mask = torch.ones(height, width, dtype=torch.bool)
    top, left, rows, columns = box
    mask[top : top + rows, left : left + columns] = False
    return mask


def _middle(side: int, share: float) -> tuple[int, int]:
    """Return start and length of the middle part of a side, this share of it."""
    length = min(side - 2, max(1, round(side * share)))
    return (side - length) // 2, length


# --- Boxes and halves ------------------------------------------------------------------------


def center(
    count: int,
    size: Size,
    seed: int = 0,
    side: float = 9 / 16,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks without their central box, all alike.

    Parameters
    ----------
    count : int
        How many.
    size : int or (int, int)
        Side of a square picture, or height and width, at least 4.
    seed : int
        Decides nothing here; every kind of mask has it.
    side : float
        Side of the hole, as a share of the picture's, in (0, 1): 18 of 32 pixels by default.
    dtype : torch.dtype
        Of the result; ``torch.bool`` takes a quarter of the memory.

    Returns
    -------
    Tensor, shape (count, 1, height, width)
        1 where a pixel is known, 0 where it is missing.
    """
    height, width = sides(size)
    if not 0 < side < 1:
        raise ValueError(f"The side of the hole is a share of the picture's in (0, 1), got {side}.")
    (top, rows), (left, columns) = _middle(height, side), _middle(width, side)
    hole = _without((top, left, rows, columns), height, width)
    return gathered((hole for _ in streams(count, seed)), dtype)


def outpainting(
    count: int,
    size: Size,
    seed: int = 0,
    side: float = 0.5,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks of which only the central box is known, all alike; arguments as for `center`."""
    return (~center(count, size, seed, side, dtype=torch.bool)).to(dtype)


def half(
    count: int,
    size: Size,
    seed: int = 0,
    missing: Literal["any", "left", "right", "top", "bottom"] = "any",
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks without one half.

    Parameters
    ----------
    count, size, seed, dtype
        As for `center`; the seed decides the halves.
    missing : {"any", "left", "right", "top", "bottom"}
        Which half is missing; "any" draws it for each mask.
    """
    height, width = sides(size)
    holes = {
        "left": (0, 0, height, width // 2),
        "right": (0, width - width // 2, height, width // 2),
        "top": (0, 0, height // 2, width),
        "bottom": (height - height // 2, 0, height // 2, width),
    }
    if missing != "any" and missing not in holes:
        raise ValueError(f"Unknown half {missing!r}; choose one of any, {', '.join(holes)}.")

    def drawn(generator: torch.Generator) -> Tensor:
        which = list(holes)[integer(0, 3, generator)] if missing == "any" else missing
        return _without(holes[which], height, width)

    return gathered(map(drawn, streams(count, seed)), dtype)


def boxes(
    count: int,
    size: Size,
    seed: int = 0,
    number: tuple[int, int] = (1, 3),
    side: tuple[float, float] = (0.2, 0.5),
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks without some boxes anywhere, which may overlap.

    Parameters
    ----------
    count, size, seed, dtype
        As for `center`; the seed decides the boxes.
    number : (int, int)
        Fewest and most boxes in a mask.
    side : (float, float)
        Shortest and longest side of a box, as a share of the picture's, within (0, 0.8].
    """
    height, width = sides(size)
    check_count("The fewest boxes in a mask", number[0])
    check_count("The most boxes in a mask", number[1], number[0])
    if not 0 < side[0] <= side[1] <= LARGEST_SHARE:
        raise ValueError(f"side is a range of shares within (0, {LARGEST_SHARE}], got {side}.")

    def drawn(generator: torch.Generator) -> Tensor:
        mask = torch.ones(height, width, dtype=torch.bool)
        for _ in range(integer(*number, generator)):
            shares = side[0] + (side[1] - side[0]) * torch.rand(2, generator=generator)
            rows, columns = (
                max(1, round(length * share))
                for length, share in zip((height, width), shares.tolist(), strict=True)
            )
            top = integer(0, height - rows, generator)
            left = integer(0, width - columns, generator)
            with_box = mask & _without((top, left, rows, columns), height, width)
            if with_box.any():  # many boxes could leave nothing to go by
                mask = with_box
        return mask

    return gathered(map(drawn, streams(count, seed)), dtype)


def dropout(
    count: int,
    size: Size,
    seed: int = 0,
    share: float = 0.5,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Make masks without single pixels: a share of them, the same in every mask, anywhere.

    Parameters
    ----------
    count, size, seed, dtype
        As for `center`; the seed decides the pixels.
    share : float
        How many pixels are missing, in (0, 0.8].
    """
    height, width = sides(size)
    check_share(share)
    missing = max(1, round(share * height * width))

    def drawn(generator: torch.Generator) -> Tensor:
        mask = torch.ones(height * width, dtype=torch.bool)
        mask[torch.randperm(height * width, generator=generator)[:missing]] = False
        return mask.view(height, width)

    return gathered(map(drawn, streams(count, seed)), dtype)

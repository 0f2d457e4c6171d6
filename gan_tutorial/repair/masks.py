"""Masks: which pixels of a picture are known, and which are missing.

A mask is a float tensor (1, H, W) of ones, where the picture is known, and zeros, where it is to be
filled in. Every function of `MASKS` makes many, ``(count, size, seed) -> (count, 1, H, W)``: the
same seed gives the same masks, the first masks do not depend on `count`, and each mask has known
and missing pixels.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = [
    "MASKS",
    "boxes",
    "center",
    "check_masks",
    "composite",
    "dropout",
    "half",
    "make",
    "outpainting",
    "scratches",
    "strokes",
]

SMALLEST = 4  # side of a picture, in pixels


# --- Using masks -----------------------------------------------------------------------------


def composite(known: Tensor, filled: Tensor, masks: Tensor) -> Tensor:
    """Take known pixels from one batch of pictures, and the missing ones from another.

    Known pixels come back bit for bit.

    Parameters
    ----------
    known, filled : Tensor, shape (N, C, H, W)
        The damaged pictures, whatever stands in their holes, and what to put there.
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where `known` is known.

    Returns
    -------
    Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> known, filled = torch.full((1, 1, 4, 4), torch.nan), torch.zeros(1, 1, 4, 4)
    >>> composite(known, filled, torch.zeros(1, 1, 4, 4)).sum()
    tensor(0.)
    """
    if known.shape != filled.shape:
        raise ValueError(
            f"The pictures have shape {tuple(known.shape)} and what fills them "
            f"{tuple(filled.shape)}: they must be equal."
        )
    _check_shape(masks, known)
    return torch.where(masks > 0.5, known, filled)


def check_masks(masks: Tensor, images: Tensor) -> Tensor:
    """Return masks that fit these images as float32, or say what is wrong with them.

    Parameters
    ----------
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        Zeros and ones, of any type.
    images : Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If a mask has another size or other values, has no hole, or covers everything.
    """
    _check_shape(masks, images)
    masks = masks.float()
    if not ((masks == 0) | (masks == 1)).all():
        raise ValueError("A mask holds only 1 (known) and 0 (missing), and this one has others.")
    known = masks.flatten(1).mean(1)
    for wrong, what in (
        (known == 1, "has no hole: there is nothing to fill in"),
        (known == 0, "covers everything: there is nothing to go by"),
    ):
        if wrong.any():
            raise ValueError(f"Mask {int(wrong.nonzero()[0])} {what}. 1 is known, 0 is missing.")
    return masks


def _check_shape(masks: Tensor, images: Tensor) -> None:
    fits = (
        masks.dim() == images.dim() == 4
        and masks.shape[1] == 1
        and len(masks) in (1, len(images))
        and masks.shape[2:] == images.shape[2:]
    )
    if not fits:
        raise ValueError(
            f"Images of shape {tuple(images.shape)} need masks (N, 1, H, W) of the same N, H and "
            f"W, or one for all, got {tuple(masks.shape)}."
        )


# --- What every kind needs -------------------------------------------------------------------


def _sides(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width."""
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"A picture to repair has sides of at least {SMALLEST} pixels, got {height}x{width}."
        )
    return height, width


def _streams(count: int, seed: int) -> Iterator[torch.Generator]:
    """Yield one stream of random numbers `count` times: a mask draws when its turn has come."""
    if count < 1:
        raise ValueError(f"The number of masks must be at least 1, got {count}.")
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        yield generator


def _check_share(share: float, name: str = "share") -> None:
    if not 0 < share <= 0.8:
        raise ValueError(f"The {name} of missing pixels lies in (0, 0.8], got {share}.")


def _integer(low: int, high: int, generator: torch.Generator) -> int:
    """Draw from low, ..., high."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def _without(box: tuple[int, int, int, int], height: int, width: int) -> Tensor:
    """Return the mask (1, height, width) with a hole at box (top, left, height, width)."""
    mask = torch.ones(1, height, width)
    top, left, rows, columns = box
    mask[:, top : top + rows, left : left + columns] = 0
    return mask


def _middle(side: int, share: float) -> tuple[int, int]:
    """Return start and length of the middle part of a side, this share of it."""
    length = min(side - 2, max(1, round(side * share)))
    return (side - length) // 2, length


# --- Boxes and halves ------------------------------------------------------------------------


def center(count: int, size: int | tuple[int, int], seed: int = 0, side: float = 9 / 16) -> Tensor:
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

    Returns
    -------
    Tensor, shape (count, 1, height, width)
    """
    height, width = _sides(size)
    if not 0 < side < 1:
        raise ValueError(f"The side of the hole is a share of the picture's in (0, 1), got {side}.")
    (top, rows), (left, columns) = _middle(height, side), _middle(width, side)
    hole = _without((top, left, rows, columns), height, width)
    return torch.stack([hole for _ in _streams(count, seed)])


def outpainting(
    count: int, size: int | tuple[int, int], seed: int = 0, side: float = 0.5
) -> Tensor:
    """Make masks of which only the central box is known, all alike; arguments as for `center`."""
    return 1 - center(count, size, seed, side)


def half(count: int, size: int | tuple[int, int], seed: int = 0, missing: str = "any") -> Tensor:
    """Make masks without one half.

    Parameters
    ----------
    count, size, seed
        As for `center`; the seed decides the halves.
    missing : {"any", "left", "right", "top", "bottom"}
        Which half is missing; "any" draws it for each mask.
    """
    height, width = _sides(size)
    holes = {
        "left": (0, 0, height, width // 2),
        "right": (0, width - width // 2, height, width // 2),
        "top": (0, 0, height // 2, width),
        "bottom": (height - height // 2, 0, height // 2, width),
    }
    if missing != "any" and missing not in holes:
        raise ValueError(f"Unknown half {missing!r}; choose one of any, {', '.join(holes)}.")
    masks = []
    for generator in _streams(count, seed):
        which = list(holes)[_integer(0, 3, generator)] if missing == "any" else missing
        masks.append(_without(holes[which], height, width))
    return torch.stack(masks)


def boxes(
    count: int,
    size: int | tuple[int, int],
    seed: int = 0,
    number: tuple[int, int] = (1, 3),
    side: tuple[float, float] = (0.2, 0.5),
) -> Tensor:
    """Make masks without some boxes anywhere, which may overlap.

    Parameters
    ----------
    count, size, seed
        As for `center`; the seed decides the boxes.
    number : (int, int)
        Fewest and most boxes in a mask.
    side : (float, float)
        Shortest and longest side of a box, as a share of the picture's, within (0, 0.8].
    """
    height, width = _sides(size)
    if not 1 <= number[0] <= number[1]:
        raise ValueError(f"number is a range of 1 or more boxes, got {number}.")
    if not 0 < side[0] <= side[1] <= 0.8:
        raise ValueError(f"side is a range of shares within (0, 0.8], got {side}.")
    masks = []
    for generator in _streams(count, seed):
        mask = torch.ones(1, height, width)
        for _ in range(_integer(*number, generator)):
            shares = side[0] + (side[1] - side[0]) * torch.rand(2, generator=generator)
            rows = max(1, round(height * float(shares[0])))
            columns = max(1, round(width * float(shares[1])))
            top = _integer(0, height - rows, generator)
            left = _integer(0, width - columns, generator)
            with_box = mask * _without((top, left, rows, columns), height, width)
            if with_box.any():  # many boxes could leave nothing to go by
                mask = with_box
        masks.append(mask)
    return torch.stack(masks)


def dropout(count: int, size: int | tuple[int, int], seed: int = 0, share: float = 0.5) -> Tensor:
    """Make masks without single pixels: a share of them, the same in every mask, anywhere."""
    height, width = _sides(size)
    _check_share(share)
    missing = max(1, round(share * height * width))
    masks = []
    for generator in _streams(count, seed):
        mask = torch.ones(height * width)
        mask[torch.randperm(height * width, generator=generator)[:missing]] = 0
        masks.append(mask.view(1, height, width))
    return torch.stack(masks)


# --- What a pen draws ------------------------------------------------------------------------


def _drawn(points: Tensor, radius: float, height: int, width: int) -> Tensor:
    """Return the pixels, (height, width) bool, that a round pen covers along line segments.

    Parameters
    ----------
    points : Tensor, shape (S, 2, 2)
        Start and end of each segment as (row, column); the center of the first pixel is (0, 0).
    radius : float
        Of the pen, in pixels.
    """
    rows, columns = torch.meshgrid(
        torch.arange(float(height)), torch.arange(float(width)), indexing="ij"
    )
    pixels = torch.stack([rows, columns], -1)[None]  # (1, H, W, 2)
    start, along = points[:, 0, None, None], (points[:, 1] - points[:, 0])[:, None, None]
    # the nearest point of a segment is where the pixel projects to, but not beyond its ends
    position = ((pixels - start) * along).sum(-1) / along.square().sum(-1).clamp(min=1e-9)
    nearest = start + position.clamp(0, 1)[..., None] * along
    return ((pixels - nearest).square().sum(-1) <= radius**2).any(0)


def strokes(count: int, size: int | tuple[int, int], seed: int = 0, share: float = 0.25) -> Tensor:
    """Make masks without free-form strokes, as of a thick brush that wanders about.

    Parameters
    ----------
    count, size, seed
        As for `center`; the seed decides the strokes.
    share : float
        Strokes are added until at least this share of the pixels is missing, in (0, 0.8].

    Notes
    -----
    A stroke is a chain of two to six segments whose direction turns by chance, after the idea of
    Yu et al. (2019, section 3.4).
    """
    height, width = _sides(size)
    _check_share(share)
    unit = min(height, width)
    masks = []
    for generator in _streams(count, seed):
        missing = torch.zeros(height, width, dtype=torch.bool)
        while missing.float().mean() < share:
            segments = _integer(2, 6, generator)
            u = torch.rand(4 + 2 * segments, generator=generator)
            place = u[:2] * torch.tensor([height - 1.0, width - 1.0])
            turns = 1.2 * (2 * u[4 : 4 + segments] - 1)  # up to about 70 degrees
            angles = 2 * math.pi * u[2] + turns.cumsum(0)
            lengths = unit * (0.08 + 0.12 * u[4 + segments :])
            moves = lengths[:, None] * torch.stack([angles.sin(), angles.cos()], 1)
            path = torch.cat([place[None], place + moves.cumsum(0)])
            radius = max(0.75, unit * (0.03 + 0.05 * float(u[3])))
            drawn = _drawn(torch.stack([path[:-1], path[1:]], 1), radius, height, width)
            if (missing | drawn).all():  # possible in the smallest pictures
                break
            missing |= drawn
        masks.append((~missing).float()[None])
    return torch.stack(masks)


def scratches(count: int, size: int | tuple[int, int], seed: int = 0, lines: int = 2) -> Tensor:
    """Make masks with lines of thin scribbles over the picture, like words written across it.

    Parameters
    ----------
    count, size, seed
        As for `center`; the seed decides the scribbles.
    lines : int
        Lines of writing, from 1 to as many as there is room for: about 7 in a square picture.
    """
    height, width = _sides(size)
    letter = max(2.0, min(height, width) / 7)  # height of a letter
    if not 1 <= lines <= height / letter:
        raise ValueError(
            f"A picture of {height}x{width} has room for 1 to {int(height / letter)} lines of "
            f"writing, not {lines}."
        )
    masks = []
    for generator in _streams(count, seed):
        missing = torch.ones(height, width, dtype=torch.bool)
        while missing.all() or not missing.any():  # once is enough but in the smallest pictures
            written = [
                _scribble(top, height / lines, letter, width, generator)
                for top in torch.arange(lines) * (height / lines)
            ]
            missing = _drawn(torch.cat(written), max(0.5, letter / 12), height, width)
        masks.append((~missing).float()[None])
    return torch.stack(masks)


def _scribble(
    top: float, room: float, letter: float, width: int, generator: torch.Generator
) -> Tensor:
    """Return one line of writing as segments (S, 2, 2), somewhere in a band of this room."""
    advance = 0.8 * letter  # from one letter to the next
    count = max(1, int((width - 1) / advance))
    top = top + (room - letter) * torch.rand((), generator=generator)
    # the ends of three pen strokes a letter, on a lattice of 3x3 points, as letters are built
    lattice = (torch.rand(count, 3, 2, 2, generator=generator) * 2).round() / 2
    rows = top + letter * lattice[..., 0]
    columns = torch.arange(count).view(-1, 1, 1) * advance + 0.6 * letter * lattice[..., 1]
    written = torch.rand(count, 3, generator=generator) < torch.tensor([0.85, 0.85, 0.5])
    written = written & written[:, :1]  # without its first stroke, a letter is a space
    return torch.stack([rows, columns], -1)[written]


MASKS: dict[str, Callable[..., Tensor]] = {
    "center": center,
    "boxes": boxes,
    "strokes": strokes,
    "half": half,
    "scratches": scratches,
    "dropout": dropout,
    "outpainting": outpainting,
}


def make(kind: str, count: int, size: int | tuple[int, int], seed: int = 0, **options) -> Tensor:
    """Make masks of the kind called `kind`, shape (count, 1, height, width).

    Raises
    ------
    ValueError
        If there is no such kind; the message lists those there are. Or if an option is out of its
        range.

    Examples
    --------
    >>> masks = make("center", 2, 32)
    >>> masks.shape, int((1 - masks[0]).sum())  # a hole of 18x18 pixels
    (torch.Size([2, 1, 32, 32]), 324)
    """
    if kind not in MASKS:
        raise ValueError(f"Unknown kind of mask {kind!r}; choose one of {', '.join(MASKS)}.")
    return MASKS[kind](count, size, seed, **options)

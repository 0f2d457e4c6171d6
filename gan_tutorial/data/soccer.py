"""Pictures of footballs, drawn by the library: endless, in color, with every factor known.

The scene is a ball resting on level ground in sunlight, seen obliquely from above. Its surface
is that of the truncated icosahedron, 12 black pentagons and 20 white hexagons, blown up to a
sphere. Balls of other `KINDS`, in the same black and white, make a set of pictures with classes.
Axes: x to the right of the picture, y up, z toward the viewer; lengths are in pictures, so that
the picture is 1 wide and 1 high.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .balls import KINDS, PATTERNS, panels
from .ranges import check_count
from .shading import UP, draw_balls
from .streams import uniforms

__all__ = ["FACTORS", "KINDS", "PATTERNS", "draw", "draw_factors", "panels", "soccer"]

GROUNDS = ("plain", "grass")

PIXELS_AT_ONCE = 2**14  # small enough for the arrays to stay in a processor's cache

FACTORS = {
    "rotation": "(N, 4), unit quaternion (w, x, y, z) with w >= 0, uniform over rotations",
    "light": "(N, 3), unit vector from the ball to the sun",
    "radius": "(N,), in pictures",
    "center": "(N, 2), x to the right and y down, from the upper left corner, in pictures",
    "ground": "(N, 3), display color of the ground in full light, RGB in [0, 1]",
    "patch": "(N, 4), which part of the lawn is seen, in [0, 1)^2, then angle (radians) and "
    "phase (turns) of the mown stripes; no effect on plain ground",
}


def soccer(
    count: int,
    size: int = 32,
    ground: str = "grass",
    seed: int = 0,
    stream: int = 0,
    kinds: Sequence[str] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw `count` pictures of footballs.

    Parameters
    ----------
    count : int
        How many. Picture i is the same for every `count` above i (to the last bit of float32,
        which may depend on the pictures drawn beside it).
    size : int
        Width and height in pixels. The same seed shows the same balls at every size.
    ground : {"grass", "plain"}
        What the ball lies on.
    seed : int
        Another seed gives other pictures.
    stream : int
        Numbers the independent sequences of one seed; the splits of `data.load` are three.
    kinds : sequence of str, optional
        Which of the `KINDS` of balls to draw, each as often as the others:

        - ``"football"``: 12 black pentagons and 20 white hexagons;
        - ``"octants"``: 8 triangles, alternately black and white;
        - ``"lunes"``: 6 of them from pole to pole, alternately black and white;
        - ``"strips"``: on each side of a cube three strips, the middle one black;
        - ``"band"``: a black belt around a white ball.

        By default all are footballs. Everything but the kind stays as it is without `kinds`.

    Returns
    -------
    images : Tensor of float32, shape (count, 3, size, size)
        RGB in [-1, 1].
    factors : dict of str to Tensor
        What each picture was drawn from; `FACTORS` says what each entry means. ``draw(factors)``
        draws the same pictures again, or changed ones. If `kinds` are given, the entry ``kind``,
        (N,) of int64, holds positions in `KINDS`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> images, factors = soccer(2, size=16, ground="plain")
    >>> images.shape
    torch.Size([2, 3, 16, 16])
    >>> factors["light"].shape
    torch.Size([2, 3])
    """
    factors = draw_factors(count, ground, seed, stream, kinds)
    return draw(factors, size, ground), factors


def draw_factors(
    count: int,
    ground: str = "grass",
    seed: int = 0,
    stream: int = 0,
    kinds: Sequence[str] | None = None,
) -> dict[str, Tensor]:
    """Draw what `count` pictures will show, without drawing the pictures; see `soccer`."""
    _check_ground(ground)
    _check_kinds(kinds)
    index = np.arange(check_count("count", count))
    fields = iter(range(100))

    def between(low: float, high: float) -> np.ndarray:
        return low + (high - low) * uniforms(seed, stream, index, next(fields))

    # A uniform rotation from three uniforms (Shoemake 1992, "Uniform random rotations").
    share, first, second = between(0, 1), between(0, 2 * math.pi), between(0, 2 * math.pi)
    rotation = np.stack(
        [
            np.sqrt(share) * np.cos(second),
            np.sqrt(1 - share) * np.sin(first),
            np.sqrt(1 - share) * np.cos(first),
            np.sqrt(share) * np.sin(second),
        ],
        axis=1,
    )
    rotation *= np.where(rotation[:, :1] < 0, -1, 1)  # q and -q are the same rotation

    # The sun: never low, never right behind the ball, where the visible side would be dark.
    azimuth, height = between(-2.0, 2.0), between(0.65, 1.25)
    light = (
        (np.cos(height) * np.sin(azimuth))[:, None] * np.array([1.0, 0.0, 0.0])
        + (np.cos(height) * np.cos(azimuth))[:, None] * np.array([0.0, -UP[2], UP[1]])
        + np.sin(height)[:, None] * np.array(UP)
    )

    radius = between(0.25, 0.40)
    room = 0.47 - radius  # the ball stays inside the picture
    center = 0.5 + np.stack([between(-1, 1) * room, between(-1, 1) * room], axis=1)

    if ground == "grass":
        hue, bright = between(-1, 1), between(0.85, 1.12)
        color = bright[:, None] * (
            np.array([0.38, 0.53, 0.22]) + hue[:, None] * np.array([0.06, 0.01, -0.02])
        )
    else:
        hue, gray, bright = between(0, 2 * math.pi), between(0.35, 1), between(0.55, 0.80)
        wheel = np.cos(hue[:, None] - np.array([0, 2, 4]) * math.pi / 3)
        color = bright[:, None] * (1 + 0.28 * (1 - gray[:, None]) * wheel)
    patch = [between(0, 1), between(0, 1), between(0, math.pi), between(0, 1)]

    factors = {
        "rotation": rotation,
        "light": light,
        "radius": radius,
        "center": center,
        "ground": color,
        "patch": np.stack(patch, axis=1),
    }
    drawn = {name: torch.from_numpy(rows).to(torch.float32) for name, rows in factors.items()}
    if kinds is not None:
        among = torch.tensor([KINDS.index(kind) for kind in kinds])
        # a field of its own: the other factors are the same with and without kinds
        chosen = np.floor(uniforms(seed, stream, index, 100) * len(kinds)).astype(np.int64)
        drawn["kind"] = among[torch.from_numpy(chosen)]
    return drawn


def draw(factors: dict[str, Tensor], size: int = 32, ground: str = "grass") -> Tensor:
    """Draw the pictures that `factors` describe.

    Parameters
    ----------
    factors : dict of str to Tensor
        As returned by `soccer`; `FACTORS` lists the entries. Change one, and see what it does.
        Without the entry ``kind`` all balls are footballs.
    size : int
        Width and height in pixels; at least 8.
    ground : {"grass", "plain"}
        What the ball lies on.

    Returns
    -------
    Tensor of float32, shape (N, 3, size, size)
        RGB in [-1, 1].

    Examples
    --------
    A ball that turns about its vertical axis:

    >>> _, factors = soccer(1)
    >>> film = {name: rows.repeat(8, *[1] * (rows.ndim - 1)) for name, rows in factors.items()}
    >>> half = torch.linspace(0, torch.pi / 2, 8)
    >>> film["rotation"] = torch.stack([half.cos(), 0 * half, half.sin(), 0 * half], dim=1)
    >>> draw(film, size=32).shape
    torch.Size([8, 3, 32, 32])
    """
    _check_ground(ground)
    if check_count("size", size) < 8:
        raise ValueError(f"size must be at least 8 pixels to show a football, not {size}.")
    missing = [name for name in FACTORS if name not in factors]
    if missing:
        raise ValueError(f"factors lacks {', '.join(missing)}; it needs {', '.join(FACTORS)}.")
    count = len(factors["radius"])
    images = torch.empty(count, 3, size, size)
    at_once = max(1, PIXELS_AT_ONCE // size**2)
    for start in range(0, count, at_once):
        rows = slice(start, start + at_once)
        draw_balls(
            images[rows],
            {name: factors[name][rows] for name in (*FACTORS, "kind") if name in factors},
            ground,
        )
    return images


def _check_ground(ground: str) -> None:
    if ground not in GROUNDS:
        raise ValueError(f"There is no ground {ground!r}: choose 'grass' or 'plain'.")


def _check_kinds(kinds: Sequence[str] | None) -> None:
    if kinds is None:
        return
    if isinstance(kinds, str) or not kinds or len(set(kinds)) < len(kinds):
        raise ValueError(f"kinds is a list of different kinds of balls, not {kinds!r}.")
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"There is no kind of ball {kind!r}: choose from {', '.join(KINDS)}.")

"""Pictures of footballs, drawn by the library: endless, in color, with every factor known.

The scene is a ball resting on level ground in sunlight, seen obliquely from above. Its surface
is that of the truncated icosahedron, 12 black pentagons and 20 white hexagons, blown up to a
sphere. Balls of other `KINDS`, in the same black and white, make a set of pictures with classes.
Axes: x to the right of the picture, y up, z toward the viewer; lengths are in pictures, so that
the picture is 1 wide and 1 high.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .lawn import lawn_patch
from .streams import check_count, uniforms

__all__ = ["FACTORS", "KINDS", "draw", "draw_factors", "soccer"]

GROUNDS = ("plain", "grass")

# The camera looks down at the ground under this angle; UP is the ground's normal, seen by it.
TILT = math.radians(52)
UP = (0.0, math.cos(TILT), math.sin(TILT))

# Light, in linear (not display) units.
SUN = (1.00, 0.96, 0.88)
SKY = (0.30, 0.34, 0.41)
BOUNCE = 0.40  # the share of the ground's light that reaches the ball from below
GLOSS = 0.13  # the strength of the highlight
GAMMA = 2.2

# Reflectance of the leather, and widths in ball radii.
WHITE, BLACK, SEAM = 0.72, 0.022, 0.03
SEAM_HALF_WIDTH = 0.022
PUFF_WIDTH = 0.06  # how far from a seam the leather curves down into it

# |n1 / d1 - n2 / d2| of neighboring faces with normals n at distances d, see `panels`.
PENTAGON_HEXAGON, HEXAGON_HEXAGON = 0.279207, 0.314757

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

# How the leather is cut: which panels are black, and where the seams are (see `PATTERNS`).
KINDS = ("football", "octants", "lunes", "strips", "band")


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
    index = np.arange(check_count(count))
    fields = iter(range(100))

    def between(low, high):
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
    if check_count(size, "size") < 8:
        raise ValueError(f"size must be at least 8 pixels to show a football, not {size}.")
    missing = [name for name in FACTORS if name not in factors]
    if missing:
        raise ValueError(f"factors lacks {', '.join(missing)}; it needs {', '.join(FACTORS)}.")
    count = len(factors["radius"])
    images = torch.empty(count, 3, size, size)
    at_once = max(1, PIXELS_AT_ONCE // size**2)
    for start in range(0, count, at_once):
        rows = slice(start, start + at_once)
        _draw_chunk(
            images[rows],
            {name: factors[name][rows] for name in (*FACTORS, "kind") if name in factors},
            ground,
        )
    return images


def _draw_chunk(images, factors, ground):
    """Draw one ball into each of `images`, shape (n, 3, size, size)."""
    size = images.shape[-1]
    radius = factors["radius"][:, None, None]
    ticks = (torch.arange(size) + 0.5) / size
    x = ((ticks - factors["center"][:, :1])[:, None, :] / radius).expand(-1, size, -1)
    y = ((factors["center"][:, 1:] - ticks)[:, :, None] / radius).expand(-1, -1, size)
    distance = (x * x + y * y).sqrt()  # from the center of the ball, in ball radii

    color = factors["ground"].clamp(0, 1) ** GAMMA  # linear light from here on
    picture = _shade_ground(x, y, factors, ground, color)  # (3, n, size, size)

    # Of pixels at the rim the ball covers a part.
    cover = ((1 - distance) * (radius * size) + 0.5).clamp(0, 1)
    image, row, column = cover.nonzero(as_tuple=True)
    ball = _shade_ball(
        x[image, row, column], y[image, row, column], image, factors, color, size
    )  # (3, pixels)
    cover = cover[image, row, column]
    picture[:, image, row, column] = torch.lerp(picture[:, image, row, column], ball, cover)

    picture = picture.clamp_(0, 1).pow_(1 / GAMMA)
    images.copy_(picture.transpose(0, 1)).mul_(2).sub_(1)


def _shade_ground(x, y, factors, ground, color):
    """Return the light that comes from the ground, shape (3, n, size, size).

    `x` and `y` say which point of the picture, seen from the ball's center, in ball radii.
    """
    light = factors["light"][:, :, None, None]
    # The plane through the point of contact: (x, y, z) . UP = -1.
    z = (-1 - y * UP[1]) / UP[2]
    along = x * light[:, 0] + y * light[:, 1] + z * light[:, 2]
    # How far the ray from here to the sun passes by the ball's center.
    passes = (x * x + y * y + z * z - along * along).clamp_(min=0).sqrt_()
    sun = _smoothstep(passes, 0.86, 1.14) * _dot(factors["light"], UP)[:, None, None]
    # Near the contact the ball hides much of the sky.
    contact = x * x + (y + UP[1]) ** 2 + (z + UP[2]) ** 2
    sky = 1 - 0.75 / (1 + 1.6 * contact)
    full = _dot(factors["light"], UP)[:, None, None] * torch.tensor(SUN) + torch.tensor(SKY)
    albedo = color[:, :, None, None] / full.transpose(1, 2)[..., None]
    if ground == "grass":
        albedo = albedo * lawn_patch(factors["patch"], x.shape[-1])
    albedo = albedo.transpose(0, 1)
    return torch.stack([albedo[c] * (sun * SUN[c] + sky * SKY[c]) for c in range(3)])


def _shade_ball(x, y, image, factors, color, size):
    """Return the light that comes from the ball at each of its pixels, shape (3, pixels)."""
    # The normal; pixels whose middle lies just outside the rim take the normal at the rim.
    z = (1 - x * x - y * y).clamp_(min=0).sqrt_()
    length = (x * x + y * y + z * z).sqrt_()
    x, y, z = x / length, y / length, z / length
    light = factors["light"][image]
    lambert = (x * light[:, 0] + y * light[:, 1] + z * light[:, 2]).clamp_(min=0)
    up = 0.5 + 0.5 * (y * UP[1] + z * UP[2])  # 1 where the normal sees only sky, 0 only ground
    # Blinn-Phong: a highlight where the normal is half-way between the sun and the viewer.
    half = factors["light"] + torch.tensor([0.0, 0.0, 1.0])
    half = (half / half.norm(dim=1, keepdim=True))[image]
    shine = (x * half[:, 0] + y * half[:, 1] + z * half[:, 2]).clamp_(min=0)
    for _ in range(4):  # to the 16th power
        shine = shine * shine
    leather, relief = _leather(x, y, image, factors, size)
    shine = GLOSS * shine * relief
    below = BOUNCE * color[image].T * (1 - up)
    return torch.stack(
        [leather * (SUN[c] * lambert + SKY[c] * up + below[c]) + SUN[c] * shine for c in range(3)]
    )


def _leather(x, y, image, factors, size):
    """Return reflectance and relief of the leather at each pixel, shape (pixels,) both.

    The pattern is finer than a pixel, so it is looked up at several points of each and averaged.
    Relief is 1 on a panel and falls to 0 in a seam.
    """
    pixel = 1 / (factors["radius"] * size)  # in ball radii
    turn = _rotation_matrix(factors["rotation"])  # from the ball's own axes to the picture's
    step = pixel[image]
    parts = 3 if size < 100 else 2
    offsets = [(k + 0.5) / parts - 0.5 for k in range(parts)]
    xs = torch.stack([x + dx * step for _ in offsets for dx in offsets])
    ys = torch.stack([y + dy * step for dy in offsets for _ in offsets])
    zs = (1 - xs * xs - ys * ys).clamp_(min=0).sqrt_()
    turn = turn.flatten(1)[image].T  # (9, pixels)
    points = torch.stack([xs * turn[k] + ys * turn[k + 3] + zs * turn[k + 6] for k in range(3)])
    kind = factors["kind"][image].expand(xs.shape).flatten() if "kind" in factors else None
    black, seam = _pattern(points.view(3, -1), kind)
    black, seam = black.view(xs.shape), seam.view(xs.shape)
    # A seam is never much thinner than a pixel, or small pictures would lose it.
    width = (0.35 * step).clamp_(min=SEAM_HALF_WIDTH)
    relief = (seam / width - 0.5).clamp_(0, 1)
    panel = WHITE + (BLACK - WHITE) * black
    leather = SEAM + (panel - SEAM) * relief
    leather *= 1 - 0.4 * torch.exp(seam * (-1 / PUFF_WIDTH))
    return leather.mean(dim=0), relief.mean(dim=0)


def panels(points: Tensor) -> tuple[Tensor, Tensor]:
    """Find the panel of a football under each point of the unit sphere.

    The ball is a truncated icosahedron blown up to a sphere: a point belongs to the face whose
    plane n . x = d its ray leaves through first, the one with the largest n . x / d.

    Parameters
    ----------
    points : Tensor of float, shape (3, n)
        Unit vectors in the ball's own axes.

    Returns
    -------
    pentagon : Tensor of bool, shape (n,)
        Whether the panel is one of the 12 black pentagons; else it is one of 20 white hexagons.
    seam : Tensor of float, shape (n,)
        The distance from the nearest seam, in ball radii.
    """
    pentagons, hexagons = _faces()
    # Faces come in opposite pairs: the absolute value looks at both at once.
    black = (pentagons.to(points) @ points).abs_().amax(dim=0)
    white = (hexagons.to(points) @ points).abs_()
    first = torch.maximum(white[0], white[1])
    second = torch.minimum(white[0], white[1])
    for score in white[2:]:
        second = torch.maximum(second, torch.minimum(first, score))
        first = torch.maximum(first, score)
    # Scores divided by |n1 / d1 - n2 / d2| are distances from the plane between two faces.
    to_pentagon = (black - first) / PENTAGON_HEXAGON
    to_hexagon = (first - second) / HEXAGON_HEXAGON
    pentagon = to_pentagon > 0
    return pentagon, torch.where(pentagon, to_pentagon, torch.minimum(-to_pentagon, to_hexagon))


def _pattern(points, kind):
    """Find the panel under points (3, n) of balls whose kinds have these numbers, (n,)."""
    if kind is None:
        return panels(points)
    black = torch.empty(points.shape[1], dtype=torch.bool)
    seam = torch.empty(points.shape[1])
    for number, name in enumerate(KINDS):
        (here,) = (kind == number).nonzero(as_tuple=True)
        if len(here):
            black[here], seam[here] = PATTERNS[name](points[:, here])
    return black, seam


def _octants(points):
    """Cut along three great circles; of two neighbors one is black."""
    return points.prod(dim=0) > 0, points.abs().amin(dim=0)


def _lunes(points):
    """Cut along three meridians."""
    x, y, _ = points
    wave = torch.sin(3 * torch.atan2(y, x))
    # the angle to the nearest meridian, and the distance from that plane
    return wave > 0, (x * x + y * y).sqrt() * torch.sin(torch.asin(wave.abs()) / 3)


def _strips(points):
    """Cut each side of a cube, blown up to a sphere, into three strips of equal angle."""
    sizes = points.abs()
    side = sizes.argmax(dim=0, keepdim=True)
    along = sizes.gather(0, side)[0]
    across = sizes.gather(0, (side + 1) % 3)[0]  # strips of neighboring sides are perpendicular
    edge = math.tan(math.pi / 12)
    to_strip = (across - edge * along) / math.hypot(1, edge)
    to_side = (along - sizes.scatter(0, side, -1.0).amax(dim=0)) / math.sqrt(2)
    return to_strip < 0, torch.minimum(to_strip.abs(), to_side)


def _band(points):
    """Cut along two parallels, 20 degrees north and south."""
    to_edge = torch.asin(points[2].clamp(-1, 1)).abs() - math.radians(20)
    return to_edge < 0, to_edge.abs()


# From points of the unit sphere (3, n) to whether the panel is black and the distance from the
# nearest seam, in ball radii; seams are the borders of panels.
PATTERNS = {
    "football": panels,
    "octants": _octants,
    "lunes": _lunes,
    "strips": _strips,
    "band": _band,
}


@functools.cache
def _faces():
    """Return n / d of the pentagons (6, 3) and hexagons (10, 3), one of each opposite pair."""
    golden = (1 + math.sqrt(5)) / 2
    # Pentagons face the corners of an icosahedron, hexagons the middles of its faces.
    pentagons, hexagons = [], [(1, 1, sign) for sign in (1, -1)] + [(1, -1, s) for s in (1, -1)]
    for sign in (1, -1):
        for turn in range(3):
            pentagons.append(np.roll((0, 1, sign * golden), turn))
            hexagons.append(np.roll((1 / golden, 0, sign * golden), turn))
    pentagons, hexagons = np.array(pentagons), np.array(hexagons, dtype=float)
    pentagons /= np.linalg.norm(pentagons, axis=1, keepdims=True)
    hexagons /= np.linalg.norm(hexagons, axis=1, keepdims=True)
    # Their distances from the center, for edges of length 1 (Coxeter, Regular Polytopes).
    pentagons /= math.sqrt((125 + 41 * math.sqrt(5)) / 10) / 2
    hexagons /= math.sqrt(1.5 * (7 + 3 * math.sqrt(5))) / 2
    return torch.from_numpy(pentagons), torch.from_numpy(hexagons)


def _rotation_matrix(q):
    """Return the rotation matrices (n, 3, 3) of unit quaternions (n, 4)."""
    w, x, y, z = (q / q.norm(dim=1, keepdim=True)).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def _smoothstep(value, low, high):
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    share = ((value - low) / (high - low)).clamp_(0, 1)
    return share * share * (3 - 2 * share)


def _dot(vectors, direction):
    """Return the scalar product of each row of `vectors` with one direction."""
    return vectors @ torch.tensor(direction)


def _check_ground(ground):
    if ground not in GROUNDS:
        raise ValueError(f"There is no ground {ground!r}: choose 'grass' or 'plain'.")


def _check_kinds(kinds):
    if kinds is None:
        return
    if isinstance(kinds, str) or not kinds or len(set(kinds)) < len(kinds):
        raise ValueError(f"kinds is a list of different kinds of balls, not {kinds!r}.")
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"There is no kind of ball {kind!r}: choose from {', '.join(KINDS)}.")

"""How the leather of a ball is cut: which panels are black, and where the seams are.

A point of the unit sphere, in the ball's own axes, belongs to a panel; `PATTERNS` finds it for each
of the `KINDS` of balls.
"""

import functools
import math

import numpy as np
import torch
from torch import Tensor

__all__ = ["KINDS", "PATTERNS", "panels", "panels_of"]

KINDS = ("football", "octants", "lunes", "strips", "band")

# |n1 / d1 - n2 / d2| of neighboring faces with normals n at distances d, see `panels`.
PENTAGON_HEXAGON, HEXAGON_HEXAGON = 0.279207, 0.314757


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


def panels_of(points: Tensor, kind: Tensor | None) -> tuple[Tensor, Tensor]:
    """Find the panel under points (3, n) of balls of these kinds, (n,); None is a football."""
    if kind is None:
        return panels(points)
    black = torch.empty(points.shape[1], dtype=torch.bool)
    seam = torch.empty(points.shape[1])
    for number, name in enumerate(KINDS):
        (here,) = (kind == number).nonzero(as_tuple=True)
        if len(here):
            black[here], seam[here] = PATTERNS[name](points[:, here])
    return black, seam


def _octants(points: Tensor) -> tuple[Tensor, Tensor]:
    """Cut along three great circles; of two neighbors one is black."""
    return points.prod(dim=0) > 0, points.abs().amin(dim=0)


def _lunes(points: Tensor) -> tuple[Tensor, Tensor]:
    """Cut along three meridians."""
    x, y, _ = points
    wave = torch.sin(3 * torch.atan2(y, x))
    # the angle to the nearest meridian, and the distance from that plane
    return wave > 0, (x * x + y * y).sqrt() * torch.sin(torch.asin(wave.abs()) / 3)


def _strips(points: Tensor) -> tuple[Tensor, Tensor]:
    """Cut each side of a cube, blown up to a sphere, into three strips of equal angle."""
    sizes = points.abs()
    side = sizes.argmax(dim=0, keepdim=True)
    along = sizes.gather(0, side)[0]
    across = sizes.gather(0, (side + 1) % 3)[0]  # strips of neighboring sides are perpendicular
    edge = math.tan(math.pi / 12)
    to_strip = (across - edge * along) / math.hypot(1, edge)
    to_side = (along - sizes.scatter(0, side, -1.0).amax(dim=0)) / math.sqrt(2)
    return to_strip < 0, torch.minimum(to_strip.abs(), to_side)


def _band(points: Tensor) -> tuple[Tensor, Tensor]:
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
def _faces() -> tuple[Tensor, Tensor]:
    """Return n / d of the pentagons (6, 3) and hexagons (10, 3), one of each opposite pair."""
    golden = (1 + math.sqrt(5)) / 2
    # Pentagons face the corners of an icosahedron, hexagons the middles of its faces.
    pentagons: list = []
    hexagons: list = [(1, 1, sign) for sign in (1, -1)] + [(1, -1, s) for s in (1, -1)]
    for sign in (1, -1):
        for turn in range(3):
            pentagons.append(np.roll((0, 1, sign * golden), turn))
            hexagons.append(np.roll((1 / golden, 0, sign * golden), turn))
    black, white = (np.array(faces, dtype=float) for faces in (pentagons, hexagons))
    black /= np.linalg.norm(black, axis=1, keepdims=True)
    white /= np.linalg.norm(white, axis=1, keepdims=True)
    # Their distances from the center, for edges of length 1 (Coxeter, Regular Polytopes).
    black /= math.sqrt((125 + 41 * math.sqrt(5)) / 10) / 2
    white /= math.sqrt(1.5 * (7 + 3 * math.sqrt(5))) / 2
    return torch.from_numpy(black), torch.from_numpy(white)

"""Light on a ball that rests on level ground: from what a picture shows to its pixels.

Axes: x to the right of the picture, y up, z toward the viewer; lengths are in pictures, so that
the picture is 1 wide and 1 high, or in radii of the ball where it says so.
"""

import math

import torch
from torch import Tensor

from .balls import panels_of
from .lawn import lawn_patch

__all__ = ["UP", "draw_balls", "rotation_matrix"]

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


def draw_balls(images: Tensor, factors: dict[str, Tensor], ground: str) -> None:
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


def _shade_ground(
    x: Tensor, y: Tensor, factors: dict[str, Tensor], ground: str, color: Tensor
) -> Tensor:
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


def _shade_ball(
    x: Tensor, y: Tensor, image: Tensor, factors: dict[str, Tensor], color: Tensor, size: int
) -> Tensor:
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


def _leather(
    x: Tensor, y: Tensor, image: Tensor, factors: dict[str, Tensor], size: int
) -> tuple[Tensor, Tensor]:
    """Return reflectance and relief of the leather at each pixel, shape (pixels,) both.

    The pattern is finer than a pixel, so it is looked up at several points of each and averaged.
    Relief is 1 on a panel and falls to 0 in a seam.
    """
    pixel = 1 / (factors["radius"] * size)  # in ball radii
    turn = rotation_matrix(factors["rotation"])  # from the ball's own axes to the picture's
    step = pixel[image]
    parts = 3 if size < 100 else 2
    offsets = [(k + 0.5) / parts - 0.5 for k in range(parts)]
    xs = torch.stack([x + dx * step for _ in offsets for dx in offsets])
    ys = torch.stack([y + dy * step for dy in offsets for _ in offsets])
    zs = (1 - xs * xs - ys * ys).clamp_(min=0).sqrt_()
    turn = turn.flatten(1)[image].T  # (9, pixels)
    points = torch.stack([xs * turn[k] + ys * turn[k + 3] + zs * turn[k + 6] for k in range(3)])
    kind = factors["kind"][image].expand(xs.shape).flatten() if "kind" in factors else None
    black, seam = panels_of(points.view(3, -1), kind)
    black, seam = black.view(xs.shape), seam.view(xs.shape)
    # A seam is never much thinner than a pixel, or small pictures would lose it.
    width = (0.35 * step).clamp_(min=SEAM_HALF_WIDTH)
    relief = (seam / width - 0.5).clamp_(0, 1)
    panel = WHITE + (BLACK - WHITE) * black
    leather = SEAM + (panel - SEAM) * relief
    leather *= 1 - 0.4 * torch.exp(seam * (-1 / PUFF_WIDTH))
    return leather.mean(dim=0), relief.mean(dim=0)


def rotation_matrix(q: Tensor) -> Tensor:
    """Return the rotation matrices (n, 3, 3) of unit quaternions (n, 4)."""
    w, x, y, z = (q / q.norm(dim=1, keepdim=True)).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def _smoothstep(value: Tensor, low: float, high: float) -> Tensor:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    share = ((value - low) / (high - low)).clamp_(0, 1)
    return share * share * (3 - 2 * share)


def _dot(vectors: Tensor, direction: tuple[float, float, float]) -> Tensor:
    """Return the scalar product of each row of `vectors` with one direction."""
    return vectors @ torch.tensor(direction)

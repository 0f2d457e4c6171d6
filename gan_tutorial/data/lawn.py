"""The lawn under the footballs of `soccer`: painted once, then cut into patches."""

import functools
import math

import numpy as np
import torch
from torch import Tensor

from .streams import uniforms

__all__ = ["lawn_patch"]

SIDE = 1024  # pixels of the painted lawn
PICTURES = 4  # how many pictures fit side by side on it
BLADES = 60_000
STRIPES = 1.1  # mown stripes, there and back, in the width of a picture


def lawn_patch(patch: Tensor, size: int) -> Tensor:
    """Cut one patch of lawn for each picture.

    Parameters
    ----------
    patch : Tensor, shape (n, 4)
        The entry "patch" of the factors of `soccer`.
    size : int
        Width and height of the pictures in pixels.

    Returns
    -------
    Tensor, shape (n, 3, size, size)
        What the grass multiplies the color of the ground by, in linear light; about 1 on average.
    """
    lawn = _lawn(size)
    side = lawn.shape[-1]
    corner = (patch[:, :2] * side).long()
    columns = (corner[:, :1] + torch.arange(size)) % side
    rows = (corner[:, 1:] + torch.arange(size)) % side
    blades = lawn[:, rows[:, :, None], columns[:, None, :]].transpose(0, 1)
    # Stripes, as a mower leaves them going to and fro.
    ticks = torch.arange(size) / size
    angle, phase = patch[:, 2, None, None], patch[:, 3, None, None]
    across = angle.cos() * ticks + angle.sin() * ticks[:, None]
    stripes = 1 + 0.11 * torch.tanh(5 * torch.sin(2 * math.pi * (STRIPES * across + phase)))
    return blades * stripes[:, None]


@functools.lru_cache(maxsize=4)
def _lawn(size: int) -> Tensor:
    """Return the painted lawn at the resolution of pictures of `size` pixels."""
    if size < SIDE // PICTURES:
        lawn = torch.nn.functional.adaptive_avg_pool2d(_painted()[None], PICTURES * size)
    else:
        lawn = torch.nn.functional.interpolate(
            _painted()[None], size=(PICTURES * size,) * 2, mode="bilinear", align_corners=False
        )
    return lawn[0]


@functools.cache
def _painted() -> Tensor:
    """Paint the blades one over the other, shape (3, SIDE, SIDE); the edges fit together."""
    number = np.arange(BLADES)
    column, row, tall, lean, shade, tint = (
        uniforms(0, 0, number, field).astype(np.float32)[:, None, None] for field in range(6)
    )
    along = np.linspace(0, 1, 28, dtype=np.float32)[:, None]  # from the root to the tip
    wide = np.linspace(-1.4, 1.4, 3, dtype=np.float32)
    length = 9 + 18 * tall
    x = SIDE * column + length * 2.4 * (lean - 0.5) * along**1.6 + wide * (1 - along)
    y = SIDE * row - length * along + 0 * wide
    spot = ((np.floor(y) % SIDE) * SIDE + np.floor(x) % SIDE).astype(np.int64).ravel()
    # Lighter toward the tip, and each blade in its own green.
    bright = (0.25 + 0.95 * along) * (0.55 + 0.9 * shade**2) + 0 * wide
    lawn = np.full((3, SIDE * SIDE), 0.25, dtype=np.float32)  # the shade between the blades
    for channel, yellow in zip(lawn, (1.0, 0.25, -0.6), strict=True):
        channel[spot] = (bright * (1 + yellow * 0.3 * (tint - 0.5))).ravel()  # the last is on top
    lawn = lawn.reshape(3, SIDE, SIDE) * _clumps()
    return torch.from_numpy(lawn / lawn.mean(axis=(1, 2), keepdims=True))


def _clumps() -> np.ndarray:
    """Return smooth periodic noise around 1, shape (SIDE, SIDE): grass grows in clumps."""
    ticks = np.arange(SIDE) / SIDE
    waves = np.stack([uniforms(0, 1, np.arange(40), field) for field in range(3)], axis=1)
    total = np.ones((SIDE, SIDE), dtype=np.float32)
    for across, down, phase in waves:
        fx, fy = round(60 * across - 30), round(60 * down - 30)  # whole waves: periodic
        # cos(a + b) from its parts: an outer product instead of a million cosines.
        a, b = 2 * np.pi * (fx * ticks + phase), 2 * np.pi * fy * ticks[:, None]
        total += 0.04 * (np.cos(a) * np.cos(b) - np.sin(a) * np.sin(b))
    return total

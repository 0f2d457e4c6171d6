"""Grids of images, and walks between latent codes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data.ranges import check_count
from ..models.sampling import sample_generator

__all__ = [
    "image_grid",
    "interpolate",
    "interpolation",
    "tile",
]


# --- Images ----------------------------------------------------------------------------------


def tile(images: Tensor, columns: int | None = None, scale: int = 1, gap: int = 1) -> np.ndarray:
    """Lay images out in one picture.

    Parameters
    ----------
    images : Tensor
        Shape (N, C, H, W) with C of 1, 3 or 4 and values in [-1, 1]. Of four channels the last is
        opacity, from -1 (none) to 1; such images are laid on white.
    columns : int, optional
        Images in a row; by default the grid is about square.
    scale : int
        Every pixel becomes a square of `scale` by `scale`.
    gap : int
        White pixels between neighbors, counted after scaling.

    Returns
    -------
    numpy.ndarray
        Shape (rows * (H * scale + gap) - gap, columns * (W * scale + gap) - gap, 3), uint8.

    Raises
    ------
    TypeError
        If `images` is not a tensor.
    ValueError
        If the shape or the range is another one, or `columns`, `scale` or `gap` is out of range.

    Examples
    --------
    >>> tile(torch.zeros(6, 1, 8, 8), columns=3).shape
    (17, 26, 3)
    """
    check_images(images)
    return laid_out(on_white(images), columns, scale, gap)


def on_white(images: Tensor) -> Tensor:
    """Return images as they look on white paper: those of four channels get three."""
    if images.shape[1] != 4:
        return images
    opacity = (images[:, 3:] + 1) / 2
    return images[:, :3] * opacity + (1 - opacity)


def laid_out(images: Tensor, columns: int | None, scale: int, gap: int) -> np.ndarray:
    """Lay images out in one picture, as `tile`; of four channels, in a transparent one."""
    columns = _columns(len(images), columns)
    check_count("scale", scale)
    check_count("gap", gap, 0)
    levels = ((images.detach().cpu().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    channels = max(3, levels.shape[1])
    pixels = levels.expand(-1, channels, -1, -1).permute(0, 2, 3, 1).numpy()
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = pixels.shape[1] + gap, pixels.shape[2] + gap
    rows = math.ceil(len(pixels) / columns)
    canvas = np.full((rows * height - gap, columns * width - gap, channels), 255, np.uint8)
    canvas[..., 3:] = 0  # between transparent images, nothing
    for index, image in enumerate(pixels):
        top, left = index // columns * height, index % columns * width
        canvas[top : top + height - gap, left : left + width - gap] = image
    return canvas


def image_grid(
    images: Tensor,
    columns: int | None = None,
    ax: Any = None,
    title: str | None = None,
    labels: Sequence[Any] | None = None,
) -> Any:
    """Draw images in a grid.

    Parameters
    ----------
    images : Tensor
        Shape (N, C, H, W) with C of 1 or 3 and values in [-1, 1].
    columns : int, optional
        Images in a row; by default the grid is about square.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure of fitting size.
    title : str, optional
        Written above the grid.
    labels : sequence, optional
        One short label an image, written above it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        As `tile`, and if there is not one label an image.
    """
    import matplotlib.pyplot as plt

    check_images(images)
    height, width = images.shape[2:]
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"{len(labels)} labels for {len(images)} images: give one for each")
    columns = _columns(len(images), columns)
    gap = max(1, round(width / 12))
    label_room = 0 if labels is None else max(2, math.ceil(height * 0.35))
    images = on_white(images)
    if label_room:  # white rows above each image, to write on
        images = torch.nn.functional.pad(images, (0, 0, label_room, 0), value=1.0)
    picture = tile(images, columns, gap=gap)
    if ax is None:
        inches = min(7.0, max(1.5, 0.55 * columns))
        tall = inches * picture.shape[0] / picture.shape[1]
        _, ax = plt.subplots(figsize=(inches, tall + (0.3 if title else 0.0)))
    ax.imshow(picture)
    for index, label in enumerate(labels or ()):
        left = index % columns * (width + gap) + (width - 1) / 2
        top = index // columns * (height + label_room + gap) + (label_room - 1) / 2
        ax.text(left, top, str(label), ha="center", va="center", fontsize=7)
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a tensor, not {type(images).__name__}")
    if images.ndim != 4 or images.shape[1] not in (1, 3, 4) or 0 in images.shape:
        raise ValueError(
            f"images must have shape (N, C, H, W) with C of 1, 3 or 4 and not be empty, not "
            f"{tuple(images.shape)}"
        )
    low, high = images.min().item(), images.max().item()
    if not (low >= -1.001 and high <= 1.001):  # also true of NaN
        raise ValueError(
            f"image values must lie in [-1, 1], not [{low:.3g}, {high:.3g}]: "
            "scale them, or clamp what is only a little outside"
        )


def _columns(images: int, columns: int | None) -> int:
    if columns is None:
        return math.ceil(math.sqrt(images))
    check_count("columns", columns)
    return min(columns, images)


# --- Between two latent codes ----------------------------------------------------------------


def interpolate(z0: Tensor, z1: Tensor, steps: int = 8, path: str = "spherical") -> Tensor:
    """Walk from one latent code to another.

    Parameters
    ----------
    z0, z1 : Tensor
        Two codes of shape (k,).
    steps : int
        Codes on the way, both ends included; at least 2.
    path : {"spherical", "linear"}
        A straight line between two Gaussian codes passes through codes much shorter than the
        generator was trained on; the spherical path (White 2016) turns the direction and the
        length separately and stays where Gaussian codes live.

    Returns
    -------
    Tensor
        Shape (steps, k).

    Raises
    ------
    ValueError
        If the codes are not two vectors of one size, or `steps` or `path` is unknown.

    Examples
    --------
    >>> middle = interpolate(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), steps=3)[1]
    >>> middle.norm().round(decimals=4)
    tensor(2.)
    """
    if z0.ndim != 1 or z0.shape != z1.shape:
        raise ValueError(
            f"z0 and z1 must be vectors of one size, not {tuple(z0.shape)} and {tuple(z1.shape)}"
        )
    check_count("steps", steps, 2)
    t = torch.linspace(0, 1, steps, dtype=z0.dtype, device=z0.device)[:, None]
    if path == "linear":
        return (1 - t) * z0 + t * z1
    if path != "spherical":
        raise ValueError(f'path must be "spherical" or "linear", not {path!r}')
    n0, n1 = z0.norm(), z1.norm()
    u0, u1 = z0 / n0.clamp_min(1e-12), z1 / n1.clamp_min(1e-12)
    angle = torch.arccos((u0 @ u1).clamp(-1, 1))
    if min(n0, n1) == 0 or angle < 1e-3 or angle > math.pi - 1e-3:
        return (1 - t) * z0 + t * z1  # no angle to turn, or no single way to turn it
    turned = (torch.sin((1 - t) * angle) * u0 + torch.sin(t * angle) * u1) / torch.sin(angle)
    return ((1 - t) * n0 + t * n1) * turned


def interpolation(
    sample: Callable[[Tensor], Tensor] | Any,
    z0: Tensor,
    z1: Tensor,
    steps: int = 8,
    path: str = "spherical",
    ax: Any = None,
) -> Any:
    """Draw what a generator makes of the codes between two codes.

    Parameters
    ----------
    sample : callable or task
        A function from codes (N, k) to images (N, C, H, W) in [-1, 1], or a task with a
        ``generator`` (its averaged generator is taken where it has one).
    z0, z1, steps, path
        As `interpolate`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    codes = interpolate(z0, z1, steps, path)
    if hasattr(sample, "generator"):
        sample = getattr(sample, "average", {}).get("generator", sample.generator)
    if isinstance(sample, torch.nn.Module):
        images = sample_generator(sample, codes)
    else:
        images = sample(codes)
    return image_grid(images, columns=steps, ax=ax)

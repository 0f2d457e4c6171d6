"""Pictures of data, samples and training: every figure of the book is drawn with these functions.

Importing this module costs nothing: matplotlib, Pillow and IPython are imported by the functions
that need them.
"""

import io
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .animation import Recorder, animation, frame
from .files import write_atomically
from .sampling import sample_generator

__all__ = [
    "DISCRIMINATOR",
    "FAKE",
    "GENERATOR",
    "REAL",
    "Recorder",
    "animation",
    "curves",
    "frame",
    "image_grid",
    "interpolate",
    "interpolation",
    "samples_2d",
    "save_image_grid",
    "tile",
    "use_style",
]

# Four of the eight colors of Okabe and Ito (2008), which color-blind readers tell apart too.
REAL = "#0072B2"  # blue
FAKE = "#D55E00"  # vermillion
DISCRIMINATOR = "#CC79A7"  # reddish purple
GENERATOR = "#009E73"  # bluish green

_DPI = 130
_INK = "#1a1a1a"
_PAPER = "#ffffff"


def use_style() -> None:
    """Give all figures of a session the book's look: call it once, at the top of a notebook.

    The background is opaque and light and the text is dark, so that a figure stays legible on a
    dark page; the line colors are those of Okabe and Ito, in an order that begins with `REAL` and
    `FAKE`. In a notebook, a figure of lines and text is also offered as vectors (SVG), which stay
    sharp at any size and on paper; one with pictures or thousands of points in it is not.
    """
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.dpi": _DPI,
            "savefig.dpi": _DPI,
            "svg.hashsalt": "gan_tutorial",  # the same figure gives the same file
            "figure.figsize": (7.0, 3.0),
            "figure.constrained_layout.use": True,
            "figure.facecolor": _PAPER,
            "savefig.facecolor": _PAPER,
            "axes.facecolor": _PAPER,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "axes.edgecolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "axes.prop_cycle": mpl.cycler(
                color=[REAL, FAKE, GENERATOR, DISCRIMINATOR, "#E69F00", "#56B4E9", "#000000"]
            ),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "axes.titlesize": 10,
            "axes.labelsize": 9,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "font.size": 9,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "lines.linewidth": 1.6,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )
    _offer_vectors()


def _offer_vectors() -> None:
    """Where IPython displays figures in a notebook, let it have the SVG of light ones as well."""
    try:
        import matplotlib_inline.backend_inline  # noqa: F401 (it resets the formatters)
        from IPython import get_ipython
        from matplotlib.figure import Figure
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, _vectors)


def _vectors(figure: Any) -> str | None:
    """Return a figure as SVG of its PNG's size, or nothing if it has images or is heavier."""
    if any(ax.images for ax in figure.axes) or figure.images:
        return None
    buffer, pixels = io.StringIO(), io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    figure.savefig(pixels, format="png", bbox_inches="tight")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", buffer.getvalue(), flags=re.DOTALL)
    svg = re.sub(r"\n\s*", "\n", svg)
    if len(svg) > len(pixels.getvalue()) or "<image" in svg:
        return None
    return re.sub(
        r'(width|height)="([\d.]+)pt"',
        lambda size: f'{size[1]}="{float(size[2]) * _DPI / 72:.2f}px"',
        svg,
        count=2,
    )


# --- Images ----------------------------------------------------------------------------------


def tile(images: Tensor, columns: int | None = None, scale: int = 1, gap: int = 1) -> np.ndarray:
    """Lay images out in one picture.

    Parameters
    ----------
    images : Tensor
        Shape (N, C, H, W) with C of 1 or 3 and values in [-1, 1].
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
    _check_images(images)
    columns = _columns(len(images), columns)
    if scale < 1 or gap < 0:
        raise ValueError(f"scale must be at least 1 and gap at least 0, not {scale} and {gap}")
    pixels = ((images.detach().cpu().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    pixels = pixels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = pixels.shape[1] + gap, pixels.shape[2] + gap
    rows = math.ceil(len(pixels) / columns)
    canvas = np.full((rows * height - gap, columns * width - gap, 3), 255, np.uint8)
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

    _check_images(images)
    height, width = images.shape[2:]
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"{len(labels)} labels for {len(images)} images: give one for each")
    columns = _columns(len(images), columns)
    gap = max(1, round(width / 12))
    label_room = 0 if labels is None else max(2, math.ceil(height * 0.35))
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


def save_image_grid(
    images: Tensor, path: str | os.PathLike, columns: int | None = None, scale: int | None = None
) -> Path:
    """Write images as one PNG.

    The file appears complete or not at all, and its folder is made if there is none.

    Parameters
    ----------
    images : Tensor
        Shape (N, C, H, W) with C of 1 or 3 and values in [-1, 1].
    path : str or path-like
        Where to write; an existing file is replaced.
    columns : int, optional
        Images in a row; by default the grid is about square.
    scale : int, optional
        Every pixel becomes a square of this side; by default small images are enlarged until
        they are about 64 pixels wide.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    TypeError, ValueError
        As `tile`.
    """
    from PIL import Image

    _check_images(images)
    if scale is None:
        scale = max(1, 64 // images.shape[3])
    buffer = io.BytesIO()
    picture = Image.fromarray(tile(images, columns, scale, gap=2))
    picture.save(buffer, format="PNG", optimize=True)
    write_atomically(path, buffer.getvalue())
    return Path(path)


def _check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a tensor, not {type(images).__name__}")
    if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise ValueError(
            f"images must have shape (N, 1 or 3, H, W) and not be empty, not {tuple(images.shape)}"
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
    if columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    return min(columns, images)


# --- Points in the plane, and training curves ------------------------------------------------


def samples_2d(
    real: Tensor | None = None,
    fake: Tensor | None = None,
    density: Any = None,
    discriminator: Callable[[Tensor], Tensor] | None = None,
    ax: Any = None,
    *,
    extent: float | None = None,
    center: float = 0.0,
) -> Any:
    """Draw points of the plane: real and fake, over the exact density or the discriminator's view.

    Parameters
    ----------
    real, fake : Tensor, optional
        Shape (N, 2).
    density : object, optional
        Something with ``log_prob(points) -> (N,)``, such as `gan_tutorial.data.ring()`; drawn in
        shades of gray.
    discriminator : callable, optional
        ``discriminator(points)`` gives logits of shape (N,) or (N, 1). Blue ground is where it
        says real, orange where it says fake, and the black line is where it cannot tell.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    extent : float, optional
        The picture shows [-extent, extent] in both directions; by default all that is given.
    center : float
        The logit that counts as undecided. Losses that look only at differences of logits leave
        their level free: give them the mean logit here.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If points have another shape, or there is nothing to draw.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    points = [p.detach().cpu().float() for p in (real, fake) if p is not None]
    for p in points:
        if p.ndim != 2 or p.shape[1] != 2:
            raise ValueError(f"points must have shape (N, 2), not {tuple(p.shape)}")
    if not points and density is None and discriminator is None:
        raise ValueError("nothing to draw: give real, fake, density or discriminator")
    if extent is None:
        known = [p.abs().max().item() for p in points if len(p)]
        means = getattr(density, "means", None)
        if means is not None:
            known.append(means.abs().max().item())
        extent = 1.25 * max(known) if known else 1.5
    if ax is None:
        _, ax = plt.subplots(figsize=(3.4, 3.4))

    side = torch.linspace(-extent, extent, 160)
    mesh = torch.cartesian_prod(side, side)  # rows run along x: transposed for imshow below
    if discriminator is not None:
        with torch.no_grad():
            logits = discriminator(mesh).detach().cpu().reshape(160, 160).T.numpy() - center
        belief = 1 / (1 + np.exp(-logits.clip(-30, 30)))
        colors = LinearSegmentedColormap.from_list("verdict", ["#f3b58a", _PAPER, "#8fc1e3"])
        # In ten bands: their edges show the slope, and flat colors make small files.
        ax.contourf(side, side, belief, levels=np.linspace(0, 1, 11), cmap=colors, vmin=0, vmax=1)
        if logits.min() < 0 < logits.max():
            ax.contour(side, side, logits, levels=[0.0], colors="black", linewidths=0.9)
    elif density is not None:
        with torch.no_grad():
            field = density.log_prob(mesh).cpu().reshape(160, 160).T.double().exp().numpy()
        look = {
            "extent": (-extent, extent) * 2,
            "origin": "lower",
            "interpolation": "bilinear",
            "cmap": "Greys",
        }
        # The square root keeps the flanks of narrow modes visible.
        ax.imshow(np.sqrt(field / field.max()), vmin=0, vmax=1.6, **look)
    small = {"s": 5, "alpha": 0.6, "linewidths": 0}
    if real is not None:
        ax.scatter(*points[0].T.numpy(), color=REAL, label="real", **small)
    if fake is not None:
        ax.scatter(*points[-1].T.numpy(), color=FAKE, label="generated", **small)
    ax.set(xlim=(-extent, extent), ylim=(-extent, extent), xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set(visible=True, color="#999999", linewidth=0.6)
    return ax


def curves(history: Any, columns: Sequence[str] | None = None, ax: Any = None) -> Any:
    """Draw columns of a training history against the step.

    Parameters
    ----------
    history : History or mapping
        What `gan_tutorial.fit` returns, or a mapping from names to equally long sequences. A
        column called ``step`` is the horizontal axis.
    columns : sequence of str, optional
        Which to draw; by default the two players' losses if they are there, else everything.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    KeyError
        If a column is not there.
    """
    import matplotlib.pyplot as plt

    known = list(getattr(history, "columns", None) or history.keys())
    if columns is None:
        columns = [c for c in ("d_loss", "g_loss") if c in known]
        columns = columns or [c for c in known if c not in ("step", "seconds")]
    for column in columns:
        if column not in known:
            raise KeyError(f"no column {column!r} in the history; it has {', '.join(known)}")
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 2.6))
    fixed = {"d_loss": DISCRIMINATOR, "g_loss": GENERATOR}
    names = {"d_loss": "discriminator's loss", "g_loss": "generator's loss"}
    for column in columns:
        values = np.asarray(history[column], dtype=float)
        steps = np.asarray(history["step"]) if "step" in known else np.arange(1, len(values) + 1)
        ax.plot(steps, values, color=fixed.get(column), label=names.get(column, column), lw=1)
    ax.set_xlabel("step")
    if len(columns) == 1:
        ax.set_ylabel(names.get(columns[0], columns[0]))
    else:
        ax.legend()
    return ax


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
    if steps < 2:
        raise ValueError(f"steps must be at least 2, not {steps}")
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

"""Clouds of points in the plane."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .style import _PAPER, FAKE, REAL

__all__ = ["samples_2d"]


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
        The picture shows [-extent, extent] in both directions, above 0; by default all that is
        given.
    center : float
        The logit that counts as undecided. Losses that look only at differences of logits leave
        their level free: give them the mean logit here.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If points have another shape, there is nothing to draw, or `extent` or `center` is no
        finite number.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    points = [p.detach().cpu().float() for p in (real, fake) if p is not None]
    for p in points:
        if p.ndim != 2 or p.shape[1] != 2:
            raise ValueError(f"points must have shape (N, 2), not {tuple(p.shape)}")
    if not points and density is None and discriminator is None:
        raise ValueError("nothing to draw: give real, fake, density or discriminator")
    if not -math.inf < center < math.inf:
        raise ValueError(f"center must be a finite number, got {center}.")
    if extent is not None and not 0 < extent < math.inf:
        raise ValueError(f"extent must be a finite number above 0, got {extent}.")
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

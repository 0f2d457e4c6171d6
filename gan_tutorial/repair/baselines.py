"""Filling holes without a neural network: the baselines that a repair GAN has to beat.

Every function takes damaged pictures, masks and, where it learns from examples, training
pictures, and returns finished pictures in which the known pixels are those given, bit for bit.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..data.ranges import check_count
from .masks import composite, known_alone, to_missing
from .patch_copy import patches

__all__ = ["BASELINES", "PCARegression", "biharmonic", "harmonic", "mean", "nearest", "patches"]


def _alike(masks: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return each different mask (1, H, W), with the rows that have it."""
    different, which = masks.unique(dim=0, return_inverse=True)
    return [(mask, (which == i).nonzero().squeeze(1)) for i, mask in enumerate(different)]


def mean(images: Tensor, masks: Tensor) -> Tensor:
    """Fill each hole with the mean color of what is known of the picture.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W)
        In [-1, 1]. What stands in the holes is not looked at.
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Returns
    -------
    Tensor, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If a mask does not fit, has no hole or covers everything.

    Examples
    --------
    >>> picture = torch.tensor([[1.0, 0.0], [torch.nan, 0.5]])[None, None]
    >>> mean(picture, torch.tensor([[1, 1], [0, 1]])[None, None])[0, 0]
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    known, masks = known_alone(images, masks)
    color = known.sum((2, 3), keepdim=True) / masks.sum((2, 3), keepdim=True)
    return composite(known, color.expand_as(known), masks)


def harmonic(images: Tensor, masks: Tensor) -> Tensor:
    r"""Fill holes as a soap film would: every missing pixel is the mean of its neighbors.

    That is the discrete Laplace equation :math:`\Delta u = 0` in the hole, with the known pixels
    around it as boundary values, and at the picture's edge only the neighbors there are. One
    sparse linear system for each different mask. Arguments and result are those of `mean`.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import splu

    known, masks = known_alone(images, masks)
    filled = known.clone()
    height, width = known.shape[2:]
    place = np.arange(height * width).reshape(height, width)
    pairs = np.concatenate(
        [
            np.stack([place[:, 1:].ravel(), place[:, :-1].ravel()], 1),
            np.stack([place[1:].ravel(), place[:-1].ravel()], 1),
        ]
    )
    pairs = np.concatenate([pairs, pairs[:, ::-1]])  # each pixel with each of its neighbors
    neighbors = np.bincount(pairs[:, 0])
    for mask, rows in _alike(masks):
        missing = to_missing(mask[None]).ravel()
        number = np.cumsum(missing) - 1  # of each missing pixel in the system
        into = pairs[missing[pairs[:, 0]]]
        inside = missing[into[:, 1]]
        n = int(missing.sum())
        a, b = number[into[inside]].T
        system = coo_matrix((-np.ones(len(a)), (a, b)), (n, n)).tolil()
        system.setdiag(neighbors[missing])
        values = known[rows].double().flatten(2).numpy().reshape(-1, height * width)
        around = into[~inside]
        right = coo_matrix(
            (np.ones(len(around)), (number[around[:, 0]], around[:, 1])), (n, height * width)
        )
        solution = splu(system.tocsc()).solve(right @ values.T).T
        whole = values.copy()
        whole[:, missing] = solution
        filled[rows] = torch.from_numpy(whole).to(filled.dtype).view_as(filled[rows])
    return composite(known, filled, masks)


def biharmonic(images: Tensor, masks: Tensor) -> Tensor:
    r"""Fill holes as a thin plate would: :math:`\Delta^2 u = 0`, by scikit-image.

    Unlike `harmonic` it also continues slopes across the edge of a hole. A plate may overshoot;
    scikit-image cuts it off at the darkest and lightest known value of each channel. Arguments and
    result are those of `mean`.

    Raises
    ------
    ModuleNotFoundError
        If scikit-image is not installed.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Biharmonic filling is done by the package scikit-image, which is not installed: "
            "pip install scikit-image."
        ) from None
    known, masks = known_alone(images, masks)
    filled = known.clone()
    for mask, rows in _alike(masks):
        # pictures with one mask are channels of one picture: the system is solved once
        layers = known[rows].double().flatten(0, 1).permute(1, 2, 0).numpy()
        solved = inpaint_biharmonic(layers, to_missing(mask[None])[0], channel_axis=-1)
        part = torch.from_numpy(solved).permute(2, 0, 1).view_as(known[rows])
        filled[rows] = part.to(filled.dtype).clamp(-1, 1)
    return composite(known, filled, masks)


def nearest(images: Tensor, masks: Tensor, training: Tensor, batch_size: int = 64) -> Tensor:
    """Copy the hole's content from the training picture that agrees best with what is known.

    The distance is the mean square over known pixels. Arguments and result are those of `mean`;
    `training` has shape (M, C, H, W), and `batch_size` damaged pictures are compared with all of
    these at once.
    """
    check_count("batch_size", batch_size)
    known, masks = known_alone(images, masks)
    _check_training(training, known)
    x = training.detach().cpu().flatten(1)
    parts = []
    for k, m in zip(known.split(batch_size), masks.split(batch_size), strict=True):
        m = m.expand_as(k).flatten(1)
        k = k.flatten(1)
        # |m (x - k)|^2 = m . x^2 - 2 (m k) . x + const
        distance = m @ x.square().T - 2 * (m * k) @ x.T
        parts.append(training[distance.argmin(1)].cpu())
    return composite(known, torch.cat(parts), masks)


class PCARegression:
    r"""Predict the hole from a few linear features of pictures.

    Pictures are modeled as :math:`\mu + V c + \varepsilon` with `components` principal
    directions, Gaussian coefficients and equal noise in all directions left (Tipping and Bishop
    1999); the hole is filled with its expectation given the known pixels. It is the best linear
    guess under that model, computed from means and covariances alone.

    Parameters
    ----------
    components : int
        How many directions, at least 1.

    Raises
    ------
    ValueError
        If `components` is out of range.

    Examples
    --------
    >>> line = torch.linspace(-1, 1, 9).view(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    >>> mask = torch.ones(1, 1, 4, 4)
    >>> mask[..., 0] = 0
    >>> filled = PCARegression(1).fit(line)(line[:2], mask)
    >>> torch.allclose(filled, line[:2], atol=1e-3)
    True
    """

    def __init__(self, components: int = 64):
        check_count("components", components)
        self.components = components

    def fit(self, images: Tensor) -> "PCARegression":
        """Learn from training pictures (M, C, H, W).

        Raises
        ------
        ValueError
            If there is no picture.
        """
        if images.dim() != 4 or len(images) == 0:
            raise ValueError(
                f"Learning takes pictures (M, C, H, W), at least one, got {tuple(images.shape)}."
            )
        from scipy.linalg import eigh

        x = images.detach().cpu().double().flatten(1)
        self.shape = tuple(images.shape[1:])
        self.mu = x.mean(0)
        x = x - self.mu
        covariance = x.T @ x / len(x)
        size = len(covariance)
        count = min(self.components, size - 1)
        largest = (size - count, size - 1)  # the others are needed by their sum only
        found = eigh(covariance.numpy(), subset_by_index=largest)
        values, directions = (torch.from_numpy(part) for part in found)
        self.noise = max(float(covariance.trace() - values.sum()) / (size - count), 1e-6)
        spread = (values - self.noise).clamp(min=1e-9).sqrt()
        self.loadings = directions * spread  # the coefficients are N(0, I)
        return self

    def __call__(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill holes; arguments and result are those of `mean`."""
        known, masks = known_alone(images, masks)
        if tuple(known.shape[1:]) != self.shape:
            raise ValueError(
                f"The training pictures have shape {self.shape} and these {tuple(known.shape[1:])}."
            )
        filled = known.clone()
        for mask, rows in _alike(masks):
            here = mask.expand(self.shape).flatten() > 0.5
            seen = self.loadings[here]
            # E[c | known] = (W'W + s^2 I)^-1 W' (x - mu), in the known pixels' rows of W
            normal = seen.T @ seen + self.noise * torch.eye(seen.shape[1], dtype=seen.dtype)
            x = known[rows].double().flatten(1)
            c = torch.linalg.solve(normal, seen.T @ (x[:, here] - self.mu[here]).T)
            x[:, ~here] = (self.mu[~here, None] + self.loadings[~here] @ c).T
            filled[rows] = x.clamp(-1, 1).to(filled.dtype).view_as(filled[rows])
        return composite(known, filled, masks)


def _check_training(training: Tensor, known: Tensor) -> None:
    if training.dim() != 4 or training.shape[1:] != known.shape[1:]:
        raise ValueError(
            f"The training pictures have shape {tuple(training.shape)} and the damaged ones "
            f"{tuple(known.shape)}: they must agree but in number."
        )


# What needs no training pictures.
BASELINES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": mean,
    "harmonic": harmonic,
    "biharmonic": biharmonic,
    "patches": patches,
}

"""Two-dimensional data whose density is known exactly: mixtures of round Gaussians."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from .ranges import check_count

__all__ = ["Mixture", "grid", "ring", "swiss_roll"]

PAIRS_AT_ONCE = 2**21  # points times components: bounds the memory of `log_prob`


class Mixture:
    r"""A mixture of K isotropic Gaussians in the plane.

    .. math:: p(x) = \sum_{k=1}^K w_k \, \mathcal{N}(x;\, \mu_k,\, \sigma^2 I)

    Because the density is known, everything theory says about a GAN on such data can be computed
    and compared: the optimal discriminator, divergences, covered modes.

    Parameters
    ----------
    means : Tensor or array, shape (K, 2)
        The centers.
    std : float
        The standard deviation of every component along each axis; positive.
    weights : Tensor or array, shape (K,), optional
        How often each component is drawn; non-negative, scaled to sum to 1. Equal by default.
    name : str
        What messages call this mixture.

    Attributes
    ----------
    means : Tensor of float32, shape (K, 2)
    std : float
    weights : Tensor of float32, shape (K,)
    name : str

    Raises
    ------
    ValueError
        If a shape, a value or the sum of the weights makes no mixture.

    Examples
    --------
    >>> two = Mixture([[-1.0, 0.0], [1.0, 0.0]], std=0.1, weights=[3, 1])
    >>> two.sample(4, seed=0).shape
    torch.Size([4, 2])
    >>> two.component(torch.tensor([[-0.9, 0.1], [1.2, 0.0]]))
    tensor([0, 1])
    """

    def __init__(
        self,
        means: Tensor | np.ndarray | Sequence,
        std: float,
        weights: Tensor | np.ndarray | Sequence | None = None,
        name: str = "mixture",
    ):
        self.means = torch.as_tensor(means, dtype=torch.float32)
        if self.means.ndim != 2 or self.means.shape[1] != 2 or len(self.means) == 0:
            raise ValueError(f"means must have shape (K, 2), not {tuple(self.means.shape)}.")
        if not self.means.isfinite().all():
            raise ValueError("means must be finite numbers.")
        self.std = _positive("std", std)
        count = len(self.means)
        if weights is None:
            weights = torch.ones(count)
        self.weights = torch.as_tensor(weights, dtype=torch.float32)
        if self.weights.shape != (count,):
            raise ValueError(
                f"weights must have shape ({count},), one for each mean, "
                f"not {tuple(self.weights.shape)}."
            )
        total = self.weights.sum()
        if not (self.weights >= 0).all() or not 0 < total < math.inf:
            raise ValueError("weights must be non-negative and sum to a positive number.")
        self.weights = self.weights / total
        self.name = name

    def __len__(self) -> int:
        """Return K, the number of components."""
        return len(self.means)

    def __repr__(self) -> str:
        return f"Mixture({self.name!r}, components={len(self)}, std={self.std:g})"

    def sample(
        self, n: int, seed: int | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw `n` points.

        Parameters
        ----------
        n : int
            How many.
        seed : int, optional
            The same seed gives the same points.
        generator : torch.Generator, optional
            Draws from this CPU generator and moves it on. With neither `seed` nor `generator`,
            torch's global generator is used.

        Returns
        -------
        Tensor of float32, shape (n, 2)
        """
        return self.sample_with_components(n, seed, generator)[0]

    def sample_with_components(
        self, n: int, seed: int | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Draw `n` points as `sample` does, and say which component each one came from.

        Returns
        -------
        points : Tensor of float32, shape (n, 2)
        components : Tensor of int64, shape (n,)
            Row numbers of `means`.
        """
        check_count("n", n)
        if seed is not None:
            if generator is not None:
                raise ValueError("Give either seed or generator, not both.")
            generator = torch.Generator().manual_seed(seed)
        components = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, 2, generator=generator)
        return self.means[components] + self.std * noise, components

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the exact log density at each point.

        Parameters
        ----------
        x : Tensor of float, shape (n, 2)
            Points on any device; gradients flow through.

        Returns
        -------
        Tensor, shape (n,)
            Natural logarithms, in the precision of `x`.
        """
        return self._by_chunks(x, lambda logits: logits.logsumexp(dim=1))

    def component(self, x: Tensor) -> Tensor:
        """Return the component that most probably produced each point.

        With equal weights it is the one with the nearest mean.

        Parameters
        ----------
        x : Tensor of float, shape (n, 2)

        Returns
        -------
        Tensor of int64, shape (n,)
            Row numbers of `means`.
        """
        return self._by_chunks(x, lambda logits: logits.argmax(dim=1))

    def _by_chunks(self, x: Tensor, reduce: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply `reduce` to log(w_k N(x; mu_k, std^2 I)), shape (n, K), a few rows at a time."""
        if x.ndim != 2 or x.shape[1] != 2:
            raise ValueError(f"x must have shape (n, 2), not {tuple(x.shape)}.")
        means = self.means.to(x)
        log_scale = self.weights.to(x).log() - math.log(2 * math.pi * self.std**2)
        results = []
        for part in x.split(max(1, PAIRS_AT_ONCE // len(self))):
            # The difference first: |x|^2 - 2 x.mu + |mu|^2 would lose all digits near a mean.
            squares = (part[:, None, :] - means).square().sum(dim=2)
            results.append(reduce(log_scale - squares / (2 * self.std**2)))
        return torch.cat(results)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.02) -> Mixture:
    """Return equal Gaussians evenly spaced on a circle.

    Parameters
    ----------
    modes : int
        How many.
    radius : float
        The radius of the circle around the origin.
    std : float
        Their standard deviation.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> ring()
    Mixture('ring', components=8, std=0.02)
    """
    angles = np.arange(check_count("modes", modes)) * (2 * math.pi / modes)
    means = _positive("radius", radius) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Mixture(means, std, name="ring")


def grid(side: int = 5, spacing: float = 1.0, std: float = 0.05) -> Mixture:
    """Return ``side * side`` equal Gaussians on a square lattice around the origin.

    Parameters
    ----------
    side : int
        Gaussians in a row.
    spacing : float
        The distance between neighbors.
    std : float
        Their standard deviation.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> grid(side=2, spacing=2).means
    tensor([[-1., -1.],
            [-1.,  1.],
            [ 1., -1.],
            [ 1.,  1.]])
    """
    ticks = (np.arange(check_count("side", side)) - (side - 1) / 2) * _positive("spacing", spacing)
    means = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    return Mixture(means, std, name="grid")


def swiss_roll(turns: float = 1.5, std: float = 0.03, components: int | None = None) -> Mixture:
    """Return a spiral, *defined* as a mixture of many small Gaussians along it.

    A spiral with noise around it has no density in closed form. This one has: it is a mixture
    whose means stand on the spiral at equal distances, so close together that no gap between
    them can be seen. Density, divergences and the optimal discriminator are exact for it, not
    approximations of something else.

    Parameters
    ----------
    turns : float
        How often the spiral winds around the origin, from radius 0.2 out to radius 1.
    std : float
        The standard deviation of the Gaussians: half the thickness of the band, roughly.
    components : int, optional
        How many Gaussians. By default as many as bring neighbors within half a standard
        deviation of each other.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> swiss_roll()
    Mixture('swiss_roll', components=383, std=0.03)
    """
    angle = np.linspace(0, 2 * math.pi * _positive("turns", turns), 10_001)
    radius = np.linspace(0.2, 1.0, len(angle))
    curve = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])  # from the start to each point
    if components is None:
        components = math.ceil(length[-1] / (_positive("std", std) / 2)) + 1
    places = np.linspace(0, length[-1], check_count("components", components))
    means = np.stack([np.interp(places, length, axis) for axis in curve.T], axis=1)
    return Mixture(means, std, name="swiss_roll")


def _positive(what: str, value: float) -> float:
    """Return `value` as a float, or raise a ValueError unless it is positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{what} must be a positive number, not {value!r}.")
    return float(value)

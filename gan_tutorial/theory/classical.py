"""Generators without a neural network: the baselines that a GAN has to be compared with.

Each has two methods. ``fit(images)`` looks at the data, ``sample(count, seed)`` makes new images:
that pair is what makes a method a *generator*. They are as short as they can be, so that one can
read what each of them knows about the data, and what it does not.
"""

import math

import numpy as np

from .generator import Classical
from .resampling import IndependentPixels, Recombination, Templates

__all__ = [
    "Classical",
    "GaussianMixture",
    "IndependentPixels",
    "KMeansCentroids",
    "PCAGaussian",
    "Recombination",
    "Templates",
]


class PCAGaussian(Classical):
    r"""One Gaussian along the main directions of variation.

    Principal component analysis finds the orthogonal directions :math:`u_1, u_2, \dots` along
    which images differ most, and the variance :math:`v_i` along each. A new image is the mean image
    plus :math:`\sum_i \sqrt{v_i} \, \epsilon_i u_i` with :math:`\epsilon_i \sim N(0, 1)`: the
    simplest generator that turns a latent vector into an image, and a linear one.

    Parameters
    ----------
    components : int
        Number of directions, at least 1.

    Raises
    ------
    ValueError
        If `components` is below 1; on `fit`, if the data have fewer directions.
    """

    def __init__(self, components: int = 30):
        super().__init__()
        if not components >= 1:
            raise ValueError(f"components must be at least 1, not {components}")
        self.components = components

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        if self.components > min(x.shape):
            raise ValueError(
                f"{self.components} components were asked for, and {len(x)} images of "
                f"{x.shape[1]} values have at most {min(x.shape)}"
            )
        self.mean = x.mean(axis=0)
        _, singular, directions = np.linalg.svd(x - self.mean, full_matrices=False)
        self.directions = directions[: self.components]
        self.variances = singular[: self.components] ** 2 / (len(x) - 1)

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        return self.decode(rng.standard_normal((count, self.components)))

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Map images as rows (N, C * H * W) to codes (N, components) of unit variance."""
        return (rows - self.mean) @ self.directions.T / np.sqrt(self.variances)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Map codes (N, components) to images as rows (N, C * H * W)."""
        return self.mean + (codes * np.sqrt(self.variances)) @ self.directions


class GaussianMixture(Classical):
    """Several Gaussians: first draw which one, then draw from it.

    Parameters
    ----------
    components : int
        Number of Gaussians, at least 1. Each has a full covariance matrix.
    floor : float
        Added to every variance: pixels that never vary would otherwise have none.
    seed : int
        The fit (expectation maximization, from a k-means start) depends on it.

    Raises
    ------
    ValueError
        If `components` is below 1 or `floor` negative; on `fit`, if there are fewer images than
        components.
    """

    def __init__(self, components: int = 10, floor: float = 1e-3, seed: int = 0):
        super().__init__()
        if not components >= 1:
            raise ValueError(f"components must be at least 1, not {components}")
        if not 0 <= floor < math.inf:
            raise ValueError(f"floor must not be negative, nor infinite; got {floor}")
        self.components, self.floor, self.seed = components, floor, seed

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        from sklearn import mixture

        _enough(x, self.components)
        fitted = mixture.GaussianMixture(
            self.components, covariance_type="full", reg_covar=self.floor, random_state=self.seed
        ).fit(x)
        self.weights = fitted.weights_ / fitted.weights_.sum()
        self.means = fitted.means_
        self.roots = np.linalg.cholesky(fitted.covariances_)

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        chosen = rng.choice(self.components, size=count, p=self.weights)
        noise = rng.standard_normal((count, self.means.shape[1]))
        return self.means[chosen] + np.einsum("nij,nj->ni", self.roots[chosen], noise)


class KMeansCentroids(Classical):
    """The mean image of a cluster, drawn in proportion to its size, with the cluster's noise.

    Parameters
    ----------
    clusters : int
        Number of clusters, at least 1.
    noise : float
        How much of the spread of the cluster's pixels is added: 0 gives the bare centroids, 1 the
        Gaussian with the cluster's own variance in each pixel.
    seed : int
        The clustering depends on it.

    Raises
    ------
    ValueError
        If `clusters` is below 1 or `noise` is negative; on `fit`, if there are fewer images than
        clusters.
    """

    def __init__(self, clusters: int = 100, noise: float = 0.0, seed: int = 0):
        super().__init__()
        if not clusters >= 1 or not 0 <= noise < math.inf:
            raise ValueError(
                f"clusters must be at least 1 and noise not negative, not {clusters} and {noise}"
            )
        self.clusters, self.noise, self.seed = clusters, noise, seed

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        from sklearn.cluster import KMeans

        _enough(x, self.clusters)
        fitted = KMeans(self.clusters, n_init=1, random_state=self.seed).fit(x)
        sizes = np.bincount(fitted.labels_, minlength=self.clusters)
        self.centroids, self.shares = fitted.cluster_centers_, sizes / len(x)
        self.spreads = np.stack([x[fitted.labels_ == k].std(axis=0) for k in range(self.clusters)])

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        chosen = rng.choice(self.clusters, size=count, p=self.shares)
        noise = rng.standard_normal((count, self.centroids.shape[1]))
        return self.centroids[chosen] + self.noise * self.spreads[chosen] * noise


def _enough(x: np.ndarray, parts: int) -> None:
    if len(x) < parts:
        raise ValueError(f"{len(x)} images cannot be divided into {parts} parts: ask for fewer")

"""Generators without a neural network: the baselines that a GAN has to be compared with.

Each has two methods. ``fit(images)`` looks at the data, ``sample(count, seed)`` makes new images:
that pair is what makes a method a *generator*. They are as short as they can be, so that one can
read what each of them knows about the data, and what it does not.
"""

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Classical",
    "GaussianMixture",
    "IndependentPixels",
    "KMeansCentroids",
    "PCAGaussian",
    "Recombination",
    "Templates",
]


class Classical:
    """What the generators of this module have in common.

    A subclass writes ``_fit(x)``, which is given the images as float64 rows (N, C * H * W), and
    ``_sample(count, rng)``, which returns such rows.
    """

    def __init__(self):
        self.shape: tuple[int, ...] | None = None

    def fit(self, images: Tensor) -> "Classical":
        """Learn from images.

        Parameters
        ----------
        images : Tensor
            Shape (N, C, H, W), with at least two images and values in [-1, 1].

        Returns
        -------
        Classical
            The generator itself.

        Raises
        ------
        ValueError
            If the images have another shape or range, or are fewer than the method needs.
        """
        if images.ndim != 4 or len(images) < 2:
            raise ValueError(
                f"images must have shape (N, C, H, W) with N of 2 or more, not "
                f"{tuple(images.shape)}"
            )
        if not (images.min() >= -1.001 and images.max() <= 1.001):  # also true of NaN
            raise ValueError(
                f"image values must lie in [-1, 1], not [{images.min():.3g}, {images.max():.3g}]"
            )
        self._fit(images.detach().cpu().double().flatten(1).numpy(), tuple(images.shape[1:]))
        self.shape = tuple(images.shape[1:])
        return self

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Make new images.

        Parameters
        ----------
        count : int
            How many, at least 1.
        seed : int
            The same seed gives the same images.

        Returns
        -------
        Tensor
            Shape (count, C, H, W), float32; values that fell outside [-1, 1] are clamped.

        Raises
        ------
        RuntimeError
            If `fit` was not called before.
        ValueError
            If `count` is below 1.
        """
        if self.shape is None:
            raise RuntimeError(f"this {type(self).__name__} has seen no data: call fit first")
        if count < 1:
            raise ValueError(f"count must be at least 1, not {count}")
        rows = self._sample(count, np.random.default_rng(seed))
        return torch.from_numpy(rows.clip(-1, 1)).float().reshape(count, *self.shape)

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        raise NotImplementedError

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError


class IndependentPixels(Classical):
    """Every pixel takes its value from some training image, each pixel from another one.

    It knows the histogram of each pixel exactly, and nothing of how pixels belong together.
    """

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        self.x = x

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        pixels = self.x.shape[1]
        return self.x[rng.integers(len(self.x), size=(count, pixels)), np.arange(pixels)]


class Templates(Classical):
    """Copy and paste: a training image, shifted a little.

    Parameters
    ----------
    shift : int
        Largest shift in pixels, in each direction. What comes in at the border is background,
        the value -1.

    Raises
    ------
    ValueError
        If `shift` is negative.
    """

    def __init__(self, shift: int = 1):
        super().__init__()
        if shift < 0:
            raise ValueError(f"shift must not be negative, got {shift}")
        self.shift = shift

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        self.images = x.reshape(-1, *shape)

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        room, (height, width) = self.shift, self.images.shape[2:]
        chosen = self.images[rng.integers(len(self.images), size=count)]
        border = ((0, 0), (0, 0), (room, room), (room, room))
        padded = np.pad(chosen, border, constant_values=-1.0)
        down, right = rng.integers(2 * room + 1, size=(2, count))
        return np.stack(
            [
                image[:, top : top + height, left : left + width].ravel()
                for image, top, left in zip(padded, down, right, strict=True)
            ]
        )


class Recombination(Classical):
    """Cut images into an upper and a lower half, and join halves of different images that fit.

    Two halves fit if they agree in the two rows on both sides of the cut: the lower half is drawn
    from the `candidates` images whose two rows there are nearest to those of the upper half's
    image. Quilting (Efros and Freeman 2001) is the same idea with small overlapping patches.

    Parameters
    ----------
    candidates : int
        Among how many fitting images to choose, at least 1.

    Raises
    ------
    ValueError
        If `candidates` is below 1; on `fit`, if there are too few images or rows.
    """

    def __init__(self, candidates: int = 10):
        super().__init__()
        if candidates < 1:
            raise ValueError(f"candidates must be at least 1, not {candidates}")
        self.candidates = candidates

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        if len(x) <= self.candidates or shape[1] < 2:
            raise ValueError(
                f"recombining among {self.candidates} candidates needs more images than that, of "
                f"2 rows or more; got {len(x)} images with {shape[1]} rows"
            )
        self.images = x.reshape(-1, *shape)

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        cut = self.images.shape[2] // 2
        seams = self.images[:, :, cut - 1 : cut + 1].reshape(len(self.images), -1)
        uppers = rng.integers(len(self.images), size=count)
        joined = []
        for upper in uppers:
            distance = ((seams - seams[upper]) ** 2).sum(axis=1)
            distance[upper] = np.inf  # not the same image again
            lower = rng.choice(np.argsort(distance)[: self.candidates])
            halves = (self.images[upper][:, :cut], self.images[lower][:, cut:])
            joined.append(np.concatenate(halves, axis=1).ravel())
        return np.stack(joined)


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
        if components < 1:
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
        If `components` is below 1; on `fit`, if there are fewer images than components.
    """

    def __init__(self, components: int = 10, floor: float = 1e-3, seed: int = 0):
        super().__init__()
        if components < 1:
            raise ValueError(f"components must be at least 1, not {components}")
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
        if clusters < 1 or noise < 0:
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

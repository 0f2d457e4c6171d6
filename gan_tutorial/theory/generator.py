"""What makes a method a generator: it looks at images, and makes new ones."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["Classical"]


class Classical:
    """What the generators of this module have in common.

    A subclass writes ``_fit(x)``, which is given the images as float64 rows (N, C * H * W), and
    ``_sample(count, rng)``, which returns such rows.
    """

    def __init__(self) -> None:
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
        if not count >= 1:
            raise ValueError(f"count must be at least 1, not {count}")
        rows = self._sample(count, np.random.default_rng(seed))
        return torch.from_numpy(rows.clip(-1, 1)).float().reshape(count, *self.shape)

    def _fit(self, x: np.ndarray, shape: tuple[int, ...]) -> None:
        raise NotImplementedError

    def _sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError

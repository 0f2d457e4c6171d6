"""Generators that join pieces of training images."""

import numpy as np

from .generator import Classical

__all__ = ["IndependentPixels", "Recombination", "Templates"]


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
        if not shift >= 0:
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
        if not candidates >= 1:
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

"""Stacked MNIST: three digits in one picture, and so a thousand modes that can be counted."""

from pathlib import Path

import numpy as np
import torch

from .dataset import Dataset
from .mnist import MNIST, read_split
from .ranges import check_count
from .streams import SPLITS, uniforms

__all__ = ["stacked_mnist"]

COUNTS = {"train": 128_000, "validation": 10_000, "test": 10_000}


def stacked_mnist(
    split: str = "train",
    data_dir: str | Path | None = None,
    count: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Draw pictures whose red, green and blue are three random digits of MNIST.

    Metz et al. (2017, section 3.3.1), in the protocol of Srivastava et al. (2017) and Lin et al.
    (2018): 128,000 pictures for training. The digits are independent, so a picture shows one of
    1,000 triples, all about equally often, and a generator's samples can be checked for each
    (`metrics.stacked_report`).

    Parameters
    ----------
    split : {"train", "validation", "test"}
        The digits come from this split of `mnist`, so no digit is in two splits.
    data_dir : str or Path, optional
        Where to look for MNIST's files first.
    count : int, optional
        How many pictures; 128,000 for "train" and 10,000 for the others by default. Picture i is
        the same for every `count` above i.
    seed : int
        Another seed stacks other digits.

    Returns
    -------
    Dataset
        8-bit images (N, 3, 28, 28), background -1; 301 MB for the 128,000. The label of a picture
        with the digits r, g and b is 100 r + 10 g + b, and its class is called by the three
        digits: ``"042"``.

    Raises
    ------
    FileNotFoundError
        If MNIST's files are nowhere and no mirror gives them.
    ValueError
        If a file is not the one published, or `count` is below 1.
    """
    digits, names = read_split(MNIST, split, data_dir)
    count = COUNTS[split] if count is None else check_count("count", count)
    where, stream = np.arange(count), SPLITS.index(split)
    images = torch.empty(count, 3, *digits.shape[2:], dtype=torch.uint8)
    labels = torch.zeros(count, dtype=torch.int64)
    for channel in range(3):
        chosen = uniforms(seed, stream, where, field=channel) * len(digits)
        rows = torch.from_numpy(chosen.astype(np.int64))
        images[:, channel] = digits[rows, 0]
        labels = 10 * labels + names[rows]
    classes = tuple(f"{label:03d}" for label in range(1000))
    return Dataset("stacked_mnist", images, labels=labels, classes=classes, source="stacked_mnist")

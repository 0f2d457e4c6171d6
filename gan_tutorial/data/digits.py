"""Handwritten digits that come with scikit-learn: small, real, and always at hand."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from .dataset import Dataset
from .streams import check_split

__all__ = ["digits"]


def digits(split: str = "train") -> Dataset:
    """Return scikit-learn's 1,797 scans of handwritten digits.

    They are the test part of the "Optical Recognition of Handwritten Digits" data (Alpaydin and
    Kaynak 1998, UCI Machine Learning Repository).

    Parameters
    ----------
    split : {"train", "validation", "test"}
        1,197, 300 and 300 images: fixed, disjoint, and with every class in proportion. Each
        split keeps the order of the file, in which neighbors come from one writer: draw a part
        of it by `Dataset.random_subset`.

    Returns
    -------
    Dataset
        Images (N, 1, 8, 8), the ink levels 0..16 scaled to [-1, 1]; ten classes.

    Examples
    --------
    >>> digits("test")
    Dataset('digits', 300 samples of 1x8x8)
    """
    check_split(split)
    scans, labels = _scans()
    rows = torch.from_numpy(_split_rows(labels)[split])
    images = torch.from_numpy(scans).to(torch.float32).unsqueeze(1) / 8 - 1
    return Dataset(
        "digits",
        images[rows],
        labels=torch.from_numpy(labels).to(torch.int64)[rows],
        classes=tuple("0123456789"),
        source="digits",
    )


def _scans() -> tuple[np.ndarray, np.ndarray]:
    """Return all scans (1797, 8, 8), of 0..16, and their labels, in the order of the file.

    The file is read where scikit-learn keeps it: to import scikit-learn would take a second.
    """
    package = find_spec("sklearn")
    folders = (package and package.submodule_search_locations) or []
    for file in (Path(folder, "datasets", "data", "digits.csv.gz") for folder in folders):
        if file.is_file():
            table = np.loadtxt(file, delimiter=",")
            return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits  # where another version keeps it elsewhere

    source = load_digits()
    return source.images, source.target


def _split_rows(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the row numbers of each split."""
    # RandomState, unlike default_rng, promises the same numbers in every version of NumPy.
    shuffled = np.random.RandomState(0).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    # 600 places at equal distances in this order hold every class in proportion.
    held_out = by_class[np.arange(600) * len(labels) // 600]
    return {
        "train": np.setdiff1d(by_class, held_out),
        "validation": np.sort(held_out[::2]),
        "test": np.sort(held_out[1::2]),
    }

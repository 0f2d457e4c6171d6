"""Two sets of pictures, of which one is to be turned into the other."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..data import Dataset, folder
from ..data.listing import list_pictures

__all__ = ["Pairs", "load_paired_folders", "shrunk"]

LISTED = 5  # names that a message lists


class Pairs(Dataset):
    """Pictures to translate from, the origin, with those to translate to, the target.

    As a data set it is the origin: its length, shape and rows are the origin's. Whether row k of
    the target belongs to row k of the origin is for the task to say: `PairedTranslation` takes it
    so, `UnpairedTranslation` does not.

    Parameters
    ----------
    origin, target : Dataset
        Pictures of one shape.

    Attributes
    ----------
    origin, target : Dataset
        As given.

    Raises
    ------
    ValueError
        If they are no pictures, or of different shapes, or there are none.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> both = (data.load("soccer", count=9, ground=ground) for ground in ("plain", "grass"))
    >>> Pairs(*both)
    Dataset('soccer to soccer', 9 samples of 3x32x32)
    """

    def __init__(self, origin: Dataset, target: Dataset):
        for each in (origin, target):
            if len(each.shape) != 3:
                raise ValueError(f"Translation is of pictures, and {each.name} holds {each.shape}.")
            if not len(each):
                raise ValueError(f"{each.name} is empty: there is nothing to learn from.")
        if origin.shape != target.shape:
            raise ValueError(
                f"The pictures of {origin.name} are {_size(origin)} and those of {target.name} "
                f"{_size(target)}: give both one image size and one number of channels."
            )
        super().__init__(f"{origin.name} to {target.name}", origin._samples)
        self.origin, self.target, self.device = origin, target, origin.device

    def __getitem__(self, index: Tensor | slice | int) -> Tensor:
        """Return pictures of the origin; see `Dataset`."""
        return self.origin[index]

    @property
    def rows_device(self) -> torch.device:
        """Where row numbers of the origin are looked up."""
        return self.origin.rows_device

    def to(self, device: torch.device | str) -> "Pairs":
        """Return both sets with their batches on `device`."""
        return Pairs(self.origin.to(device), self.target.to(device))

    def subset(self, index: Tensor | slice) -> "Pairs":
        """Return these rows of both sets, which must be paired."""
        return Pairs(self.origin.subset(index), self.target.subset(index))


def _size(data: Dataset) -> str:
    return "x".join(map(str, data.shape))


def load_paired_folders(
    origin: str | Path, target: str | Path, split: str = "train", **options: Any
) -> Pairs:
    """Load two folders in which files of the same name show the same thing.

    Parameters
    ----------
    origin, target : str or Path
        The folders. The names within them, subfolders included, must be the same.
    split, **options
        As for `data.folder`; a file that cannot be read is always an error, since to leave it out
        would leave its partner alone.

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        If a picture has no partner, or cannot be read.
    FileNotFoundError
        If there is no such folder.
    """
    names = [set(list_pictures(Path(path).expanduser()).names) for path in (origin, target)]
    if alone := sorted(names[0] ^ names[1]):
        listed = ", ".join(alone[:LISTED]) + (", ..." if len(alone) > LISTED else "")
        raise ValueError(
            f"Pairs are files of one name in {origin} and in {target}, and {len(alone)} of the "
            f"names are in one of them only: {listed}; rename or remove these, or train without "
            "pairs."
        )
    both = [folder(path, split=split, on_error="raise", **options) for path in (origin, target)]
    return Pairs(*both)


def shrunk(images: Tensor, factor: int) -> Tensor:
    """Make pictures (N, C, H, W) smaller: each pixel is the mean of `factor` x `factor`.

    Examples
    --------
    >>> shrunk(torch.tensor([[[[0.0, 1.0], [0.5, 0.5]]]]), 2)
    tensor([[[[0.5000]]]])
    """
    return avg_pool2d(images, factor)

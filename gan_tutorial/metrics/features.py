"""Features: what a picture is, in a few dozen numbers that mean more than pixels.

Distances between sets of pictures are measured between their features.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from ..data import Dataset, Samples, as_tensor
from ..models.evaluating import evaluating
from .networks import load_network

__all__ = ["Features", "check_pictures", "extract"]

TOLERANCE = 0.01  # how far a picture may leave [-1, 1], for rounding and interpolation


@dataclass(frozen=True)
class Features:
    """The features of a set of pictures, and where they come from.

    Attributes
    ----------
    values : Tensor of float, shape (N, F)
        One row a picture.
    extractor : str
        The network's name. Features of two extractors cannot be compared.
    outputs : dict of str to Tensor
        What the network predicts besides, by the names of its heads: ``class`` are logits (N, K);
        for footballs there are the estimated factors. Empty if the network predicts nothing.
    picture : tuple of int or None
        Shape (C, H, W) of one picture, if known.
    span : (float, float) or None
        Smallest and largest value of the pictures, if known.

    Examples
    --------
    Anything with one row a sample can be measured, for example points:

    >>> Features(torch.randn(100, 2), "points")
    Features(100 x 2 of 'points')
    """

    values: Tensor
    extractor: str
    outputs: dict[str, Tensor] = field(default_factory=dict)
    picture: tuple[int, int, int] | None = None
    span: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ValueError(
                f"Features have shape (N, F), one row a sample, not {tuple(self.values.shape)}."
            )

    def __len__(self) -> int:
        """Return N, the number of samples."""
        return len(self.values)

    def __repr__(self) -> str:
        return f"Features({len(self)} x {self.values.shape[1]} of {self.extractor!r})"

    def __getitem__(self, index: Tensor | slice) -> "Features":
        """Return the features of some of the samples."""
        outputs = {name: rows[index] for name, rows in self.outputs.items()}
        return Features(self.values[index], self.extractor, outputs, self.picture, self.span)


@torch.no_grad()
def extract(images: Samples, network: str | Path | nn.Module, batch_size: int = 256) -> Features:
    """Map pictures to features.

    Parameters
    ----------
    images : Dataset, Tensor or ndarray
        Pictures (N, C, H, W), float, in [-1, 1].
    network : str, Path or nn.Module
        One of `NETWORKS`, a file that `save_network` wrote, or a network of your own that maps
        pictures to features (N, F). An attribute ``name`` is its name in results; give it one.
    batch_size : int
        How many pictures go through the network at once; it has no influence on the result but
        for the last bits.

    Returns
    -------
    Features
        On the CPU, as float64.

    Raises
    ------
    TypeError
        If the pictures are not float.
    ValueError
        If there are none, their values are not finite or leave [-1, 1], or they are of a shape
        that the network is not made for.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> extract(data.load("digits", "test"), "digits")
    Features(300 x 32 of 'digits-32@...')
    """
    if not batch_size >= 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    if isinstance(network, str | Path):
        network = load_network(network)
    if not isinstance(images, Dataset):  # of which batches are read: it may be on a disk
        images = as_tensor(images)
    check_pictures(images[:1])
    channels, height, width = images.shape[-3:]
    check, predict = getattr(network, "check", None), getattr(network, "predict", None)
    if check is not None:
        check((channels, height, width))
    where = next((p.device for p in network.parameters()), torch.device("cpu"))
    values, outputs, low, high = [], [], float("inf"), float("-inf")
    with evaluating(network):
        for batch in _batches(images, batch_size):
            check_pictures(batch)
            low, high = min(low, float(batch.min())), max(high, float(batch.max()))
            rows = network(batch.to(where))
            values.append(rows.double().cpu())
            if predict is not None:
                outputs.append({name: v.double().cpu() for name, v in predict(rows).items()})
    return Features(
        torch.cat(values),
        getattr(network, "name", type(network).__name__),
        {name: torch.cat([part[name] for part in outputs]) for name in (outputs or [{}])[0]},
        (channels, height, width),
        (low, high),
    )


def _batches(images: Dataset | Tensor, batch_size: int) -> Iterator[Tensor]:
    for start in range(0, len(images), batch_size):
        yield images[start : start + batch_size]


def check_pictures(images: Tensor, what: str = "Pictures") -> None:
    """Refuse anything but finite float pictures (N, C, H, W) in [-1, 1]."""
    if not isinstance(images, Tensor) or not images.is_floating_point():
        kind = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(
            f"{what} must be float tensors in [-1, 1], not {kind}: levels 0..255 become that by "
            "x / 127.5 - 1."
        )
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"{what} must have shape (N, C, H, W) with N > 0, not {tuple(images.shape)}."
        )
    if not images.isfinite().all():
        bad = int((~images.isfinite()).flatten(1).any(1).sum())
        raise ValueError(f"{bad} of {len(images)} pictures have values that are not finite.")
    if images.min() < -1 - TOLERANCE or images.max() > 1 + TOLERANCE:
        raise ValueError(
            f"{what} must lie in [-1, 1], not in [{images.min():.3g}, {images.max():.3g}]: scale "
            "them as the data are scaled."
        )

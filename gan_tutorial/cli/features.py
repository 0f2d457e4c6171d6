"""With which features a command measures, and what."""

from typing import Any

from torch import Tensor, nn

from .. import metrics
from ..conditional import labels_like
from ..data import Dataset, as_tensor
from ..metrics import Features, extract
from ..metrics.networks import name_for
from ..metrics.report import fitted
from ..models import latent_codes, sample_generator

__all__ = ["FEATURES", "PIXELS", "drawn", "feature_network", "features_by", "own_network"]

PIXELS = "pixels"
FEATURES = (*metrics.NETWORKS, PIXELS)


def feature_network(name: str | None, samples: Dataset) -> nn.Module | None:
    """Return the feature network to measure with; None for plain numbers.

    Parameters
    ----------
    name : str or None
        One of `FEATURES`; by default the network of this data set of the library.
    samples : Dataset

    Raises
    ------
    ValueError
        If the network looks at other pictures, the samples are points, or nothing was named and
        there is no network for such pictures.
    """
    if len(samples.shape) == 1:
        if name not in (None, PIXELS):
            raise ValueError(f"--features {name} looks at pictures, and {samples.name} are points.")
        return None
    if name == PIXELS:
        return None
    name = name_for(samples) if name is None else name
    if name is None:
        raise ValueError(
            f"The library has no feature network for {samples.name!r}. --features pixels measures "
            "without one, which says little of what pictures show; "
            f"{' or '.join(f'--features {each}' for each in metrics.NETWORKS)} can be used for "
            "pictures like those it was trained on."
        )
    return fitted(metrics.load_network(name), samples.shape)


def own_network(samples: Dataset) -> nn.Module | None:
    """Return the library's network for these pictures, or None where none fits."""
    name = name_for(samples)
    if name is None:
        return None
    try:
        return fitted(metrics.load_network(name), samples.shape)
    except ValueError:  # gray footballs, digits of 4x4
        return None


def features_by(network: nn.Module | None, pictures: Dataset | Tensor) -> Features:
    """Return the features of pictures; without a network, their pixels."""
    if network is not None:
        return extract(pictures, network)
    return Features(as_tensor(pictures).flatten(1).double(), PIXELS)


def drawn(generator: Any, like: Dataset, count: int, seed: int) -> Tensor:
    """Draw samples; of a conditional generator, of each class as many as the data have."""
    labels = None
    if getattr(generator, "classes", None) and like.classes:
        labels = labels_like(like, count, seed)
    codes = latent_codes(count, generator.latent_dim, seed)
    return sample_generator(generator, codes, labels=labels)

"""With which features a command measures, and what."""

from typing import Any

from torch import Tensor, nn

from .. import metrics
from ..conditional import labels_like
from ..data import Dataset
from ..metrics.choosing import GENERAL, fitted
from ..models import latent_codes, sample_generator

__all__ = ["FEATURES", "PIXELS", "drawn", "feature_network"]

PIXELS = "pixels"
FEATURES = (*metrics.NETWORKS, PIXELS)


def feature_network(name: str | None, samples: Dataset) -> nn.Module | None:
    """Return the feature network to measure with; None for plain numbers.

    Parameters
    ----------
    name : str or None
        One of `FEATURES`; by default the one that `metrics.network_for` chooses.
    samples : Dataset

    Raises
    ------
    ValueError
        If the network that was named looks at other pictures, or the samples are points.
    """
    if len(samples.shape) == 1:
        if name not in (None, PIXELS):
            raise ValueError(f"--features {name} looks at pictures, and {samples.name} are points.")
        return None
    if name == PIXELS:
        return None
    if name is None:
        return metrics.network_for(samples)
    return fitted(metrics.load_network(name), samples.shape, any_shape=name == GENERAL)


def drawn(generator: Any, like: Dataset, count: int, seed: int) -> Tensor:
    """Draw samples; of a conditional generator, of each class as many as the data have."""
    labels = None
    if getattr(generator, "classes", None) and like.classes:
        labels = labels_like(like, count, seed)
    codes = latent_codes(count, generator.latent_dim, seed)
    return sample_generator(generator, codes, labels=labels)

"""The training pictures that are nearest to samples: to be looked at."""

import torch
from torch import Tensor

from ..data import Samples, as_tensor
from .features import Features

__all__ = ["nearest"]

ROWS = 512


def nearest(
    samples: Samples | Features, among: Samples | Features, count: int = 3
) -> tuple[Tensor, Tensor]:
    """Find the nearest of some pictures to each of others.

    A distance says nothing alone: `memorization` tells whether samples are nearer to what was
    trained on than held-out pictures are. This shows which they are.

    Parameters
    ----------
    samples : Dataset, Tensor, ndarray or Features
        N samples.
    among : Dataset, Tensor, ndarray or Features
        M others, of the same shape: both pictures, or both features of one network.
    count : int
        How many to find for each, from 1 to M.

    Returns
    -------
    rows : Tensor of int, shape (N, count)
        Which of the others they are, the nearest first.
    distances : Tensor, shape (N, count)
        Euclidean, of pixels or of features.

    Raises
    ------
    TypeError
        If pictures and features are mixed.
    ValueError
        If the two cannot be compared, or there are not so many.

    Examples
    --------
    >>> points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    >>> nearest(torch.tensor([[0.9, 0.0]]), points, 2)[0]
    tensor([[1, 0]])
    """
    if isinstance(samples, Features) != isinstance(among, Features):
        raise TypeError("Give both sets as samples, or both as Features.")
    x, y = _rows(samples), _rows(among)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"Samples of {x.shape[1]} numbers, and others of {y.shape[1]}.")
    if not 1 <= count <= len(y):
        raise ValueError(f"count must be from 1 to {len(y)}, as many as there are; got {count}.")
    found = [torch.cdist(part, y).topk(count, largest=False).indices for part in x.split(ROWS)]
    rows = torch.cat(found)
    # matrix products find the nearest fast and to some digits; the distances are then exact
    distances = (x[:, None] - y[rows]).norm(dim=2)
    order = distances.argsort(1)
    return rows.gather(1, order), distances.gather(1, order)


def _rows(samples: Samples | Features) -> Tensor:
    values = samples.values if isinstance(samples, Features) else as_tensor(samples)
    return values.double().flatten(1)

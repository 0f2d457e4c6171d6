"""What needs no training of a network: a linear probe, and labels spread to neighbors."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..data import Samples, as_tensor
from .labels import FewLabels, labels_of

__all__ = ["linear_probe", "spread_labels"]


def linear_probe(features: Tensor, labels: Tensor, C: float = 1.0) -> Callable[[Tensor], Tensor]:
    """Fit a linear classifier to features; return a function from features to class numbers.

    Parameters
    ----------
    features : Tensor, shape (n, F)
    labels : Tensor of int64, shape (n,)
    C : float
        Inverse strength of the penalty on the weights, of features with unit variance.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
    probe.fit(features.double().numpy(), labels.numpy())
    return lambda new: torch.from_numpy(probe.predict(new.double().numpy()))


def spread_labels(
    few: FewLabels,
    new: Samples,
    neighbors: int = 7,
    alpha: float = 0.2,
    features: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Let labels spread over the graph of nearest neighbors; return the classes of new samples.

    Zhou et al. (2004), as in scikit-learn's ``LabelSpreading``. A new sample takes the class of
    its nearest neighbors among the samples; where no label has arrived, the first class.

    Parameters
    ----------
    few : FewLabels
        Samples, some of them labeled.
    new : Dataset, Tensor or ndarray, shape (n, *shape)
        What to classify.
    neighbors : int
        Edges from each sample.
    alpha : float
        In (0, 1): how much a sample takes from its neighbors.
    features : callable, optional
        What to measure distances of; the pixels by default.

    Returns
    -------
    Tensor of int64, shape (n,)
    """
    from sklearn.semi_supervised import LabelSpreading

    if features is None:
        features = _pixels
    labels = torch.full((len(few.unlabeled),), -1)
    labels[few.rows] = labels_of(few.labeled)
    spreading = LabelSpreading(kernel="knn", n_neighbors=neighbors, alpha=alpha, max_iter=100)
    with np.errstate(invalid="ignore"):  # 0/0 where no label has arrived
        spreading.fit(features(few.unlabeled[:]).double().numpy(), labels.numpy())
        classes = spreading.predict(features(as_tensor(new)).double().numpy())
    return torch.from_numpy(classes)


def _pixels(x: Tensor) -> Tensor:
    return x.flatten(1)

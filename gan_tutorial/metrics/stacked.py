"""Counting the thousand modes of Stacked MNIST in generated pictures."""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn

from ..data import Dataset, Samples, as_tensor
from .features import extract
from .networks import load_network

__all__ = ["StackedReport", "stacked_report"]

MODES = 1000
AT_ONCE = 4096  # pictures


@dataclass(frozen=True)
class StackedReport:
    r"""What `stacked_report` found.

    Attributes
    ----------
    modes : int
        Triples of digits that at least one picture shows, of 1,000.
    kl : float
        :math:`KL(\\hat q \\| u)` in nats between the shares of the triples and equal shares: 0 is
        perfect, log 1000 = 6.9 is one triple only. In N perfect samples it is about 500 / N.
    confidence : float
        Mean probability, over pictures and channels, of the digit decided on. Low if strokes are
        ambiguous. It cannot be relied on for pictures unlike digits: the shipped classifier is
        quite sure that uniform noise is an 8.
    labels : Tensor of int64, shape (N,)
        The triple of each picture, 100 r + 10 g + b.
    extractor : str
        The classifier.
    samples : int
        Number of pictures examined.
    """

    modes: int
    kl: float
    confidence: float
    labels: Tensor
    extractor: str
    samples: int

    def __str__(self) -> str:
        return (
            f"{self.modes:,} of {MODES:,} modes, KL {self.kl:.3f}, confidence "
            f"{self.confidence:.3f} ({self.extractor}, {self.samples:,} pictures)"
        )


def stacked_report(images: Samples, network: str | nn.Module = "mnist") -> StackedReport:
    """Count the triples of digits that pictures show, by a classifier of single digits.

    The protocol of Srivastava et al. (2017) and Lin et al. (2018): each channel is classified on
    its own, and 26,000 samples are looked at. The published numbers come from another classifier
    than ours, so small differences of the KL mean nothing. The count says which digits there
    are, and nothing about how good they look: look at them, too.

    Parameters
    ----------
    images : Dataset, Tensor or ndarray
        Pictures (N, 3, 28, 28), or (N, 3, 32, 32) with a margin, float, in [-1, 1].
    network : str or nn.Module
        The classifier of gray digits: a name or file for `load_network`, or a network of your
        own with ``predict(features)["class"]``, ten logits.

    Returns
    -------
    StackedReport

    Raises
    ------
    ValueError
        If the pictures do not have three channels, the network does not tell ten classes, or
        `extract` refuses the pictures.

    Examples
    --------
    >>> stacked_report(torch.full((5, 3, 28, 28), -1.0)).modes
    1
    """
    if not isinstance(images, Dataset):  # of which batches are read: it may be on a disk
        images = as_tensor(images)
    shape = tuple(images.shape[-3:])
    if len(shape) != 3 or shape[0] != 3:
        raise ValueError(
            f"Stacked MNIST has three digits in the three channels, and these pictures have shape "
            f"{shape}: give (N, 3, 28, 28) or (N, 3, 32, 32)."
        )
    network = network if isinstance(network, nn.Module) else load_network(network)
    labels, confidence = [], []
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        label = torch.zeros(len(part), dtype=torch.int64)
        for channel in part.split(1, dim=1):
            features = extract(channel, network)
            logits = features.outputs.get("class", torch.empty(0, 0))
            if logits.shape[1] != 10:
                raise ValueError(
                    f"The network {features.extractor} does not tell ten digits apart: use "
                    "'mnist', or one that does."
                )
            sure, digit = logits.softmax(1).max(1)
            label = 10 * label + digit
            confidence.append(sure)
        labels.append(label)
    if not labels:
        raise ValueError("There are no pictures: nothing to count.")
    triples = torch.cat(labels)
    shares = torch.bincount(triples, minlength=MODES).double() / len(triples)
    found = shares[shares > 0]  # 0 log 0 = 0: a mode without pictures adds nothing to the sum
    return StackedReport(
        modes=len(found),
        kl=float((found * found.log()).sum()) + log(MODES),
        confidence=float(torch.cat(confidence).mean()),
        labels=triples,
        extractor=getattr(network, "name", type(network).__name__),
        samples=len(triples),
    )

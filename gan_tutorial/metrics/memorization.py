"""Whether a generator copies its training pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data import Samples, as_tensor
from .features import Features, check_pictures
from .pairs import check_kinds, check_pair, check_spans
from .ranking import share_above
from .results import PIXELS, jackknife

__all__ = ["MemorizationReport", "memorization"]

ROWS = 512


@dataclass(frozen=True)
class MemorizationReport:
    """What `memorization` found.

    Attributes
    ----------
    closer : float
        Probability that a generated sample is nearer to its nearest training sample than a
        held-out real one is to its own. 0.5 is what the true distribution gives, and 1 what
        copying gives. Below 0.5 samples are far from the data.
    spread : float
        Standard error (jackknife) of `closer`.
    copies : float
        Share of generated samples nearer to a training sample than 99% of the held-out ones
        are: 0.01 for the true distribution.
    copies_spread : float
        Standard error (jackknife) of `copies`.
    distance : Tensor, shape (fake,)
        Distance of each generated sample from its nearest training sample.
    nearest : Tensor of int, shape (fake,)
        Which training sample that is: to be looked at.
    extractor : str
        The feature network, or "pixels".
    train, held_out, fake : int
        Sample sizes.
    """

    closer: float
    spread: float
    copies: float
    copies_spread: float
    distance: Tensor
    nearest: Tensor
    extractor: str
    train: int
    held_out: int
    fake: int

    def __str__(self) -> str:
        return (
            f"nearer to the training set than held-out samples: {self.closer:.3f} ± "
            f"{self.spread:.2g} (0.5 is fair), copies: {self.copies:.3f} ± "
            f"{self.copies_spread:.2g} ({self.extractor}, {self.train} train, "
            f"{self.held_out} held-out, {self.fake} generated)"
        )


def memorization(
    train: Samples | Features, held_out: Samples | Features, fake: Samples | Features
) -> MemorizationReport:
    """Compare how near generated and held-out samples come to the training set.

    The distance of a generated picture from its nearest training picture says nothing alone:
    digits are near to digits. Held-out real pictures are the measure (Meehan et al. 2020, "A
    non-parametric test to detect data-copying in generative models", whose statistic `closer`
    is the Mann-Whitney one).

    Parameters
    ----------
    train, held_out, fake : Dataset, Tensor, ndarray or Features
        What the generator was trained on, real samples that it never saw, and what it made; all
        three as pictures (N, C, H, W) in [-1, 1], or all three as features of one network. In
        pixels a blurred picture is near to everything, and a shifted copy is near to nothing:
        look at both.

    Returns
    -------
    MemorizationReport

    Raises
    ------
    TypeError
        If pictures and features are mixed.
    ValueError
        If values are not finite, or the three sets cannot be compared.

    Examples
    --------
    >>> points = Features(torch.randn(300, 2), "points")
    >>> train, held_out = points[:200], points[200:]
    >>> memorization(train, held_out, train[:50]).closer
    1.0
    """
    given = (train, held_out, fake)
    features = [samples for samples in given if isinstance(samples, Features)]
    pictures = [as_tensor(samples) for samples in given if not isinstance(samples, Features)]
    if features and pictures:
        raise TypeError("Give all three sets as pictures, or all three as Features.")
    if features:
        for other in features[1:]:
            check_pair(features[0], other)
        rows = [samples.values.double() for samples in features]
        extractor = features[0].extractor
    else:
        first = pictures[0]
        for what, samples in zip(("Training", "Held-out", "Generated"), pictures, strict=True):
            check_pictures(samples, f"{what} pictures")
            check_kinds(tuple(first.shape[1:]), tuple(samples.shape[1:]))
            check_spans(*((float(x.min()), float(x.max())) for x in (first, samples)))
        rows = [samples.double().flatten(1) for samples in pictures]
        extractor = PIXELS
    if min(len(held_out), len(fake)) < 2:
        raise ValueError("Memorization needs two held-out and two generated samples at least.")
    distance, nearest = _nearest(rows[2], rows[0])
    usual, _ = _nearest(rows[1], rows[0])
    return MemorizationReport(
        closer=_closer(distance, usual),
        spread=float(jackknife(_closer, distance, usual)),
        copies=_copies(distance, usual),
        copies_spread=float(jackknife(_copies, distance, usual)),
        distance=distance,
        nearest=nearest,
        extractor=extractor,
        train=len(train),
        held_out=len(held_out),
        fake=len(fake),
    )


def _nearest(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distance of each row of x from the nearest row of y, and which one it is."""
    # Matrix products find the nearest row fast, and to some digits; the distance is then exact,
    # so that a copy is at 0.
    nearest = torch.cat([torch.cdist(part, y).argmin(dim=1) for part in x.split(ROWS)])
    return (x - y[nearest]).norm(dim=1), nearest


def _copies(distance: Tensor, usual: Tensor) -> float:
    """Return the share of distances below the first percentile of the usual ones."""
    return float((distance < usual.quantile(0.01)).double().mean())


def _closer(distance: Tensor, usual: Tensor) -> float:
    """Return the probability that the first is smaller than the second; a tie counts half."""
    return share_above(usual, distance)

"""Counting the modes that points cover, where the true density is known."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["ModeReport", "mode_report"]


@dataclass(frozen=True)
class ModeReport:
    r"""What `mode_report` found.

    Attributes
    ----------
    modes : int
        Modes with at least one sample of high quality.
    high_quality : float
        Share of samples of high quality, in [0, 1].
    reverse_kl : float
        :math:`KL(\\hat q \\| w)` in nats between the shares of the high-quality samples that fall
        to each mode and the true weights; 0 is perfect, infinite if no sample is of high quality.
    counts : tuple of int
        High-quality samples of each mode.
    samples : int
        Number of samples examined.
    """

    modes: int
    high_quality: float
    reverse_kl: float
    counts: tuple[int, ...]
    samples: int


def mode_report(samples: Tensor, mixture, within: float = 3.0) -> ModeReport:
    """Count the modes of a mixture that samples cover, and how well.

    The protocol of Srivastava et al. (2017) and Lin et al. (2018): a sample belongs to the mode
    with the nearest mean, and is of high quality if it lies within three standard deviations of
    it.

    Parameters
    ----------
    samples : Tensor, shape (N, d)
        The generated points.
    mixture : Mixture
        The true density: ``means`` (K, d), ``std``, ``weights`` (K,).
    within : float
        Largest distance of a high-quality sample, in standard deviations. A Gaussian in the plane
        has 98.9% of its mass within three.

    Raises
    ------
    ValueError
        If the samples are not finite points of the mixture's dimension, or there are none.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> ring = data.ring()
    >>> mode_report(ring.means[:3], ring).modes
    3
    """
    means = mixture.means.to(samples.device, samples.dtype)
    if samples.dim() != 2 or samples.shape[1] != means.shape[1] or len(samples) == 0:
        raise ValueError(
            f"Expected samples of shape (N, {means.shape[1]}) with N > 0, "
            f"got {tuple(samples.shape)}."
        )
    if not samples.isfinite().all():
        bad = int((~samples.isfinite()).any(1).sum())
        raise ValueError(f"{bad} of {len(samples)} samples are not finite: nothing to measure.")
    distance, nearest = torch.cdist(samples, means).min(1)
    good = nearest[distance <= within * mixture.std]
    counts = torch.bincount(good, minlength=len(means)).double()
    shares = counts / counts.sum()
    weights = mixture.weights.to(shares)
    # 0 log 0 = 0: a mode without samples adds nothing to the sum
    terms = torch.where(counts > 0, shares * (shares / weights).log(), torch.zeros_like(shares))
    return ModeReport(
        modes=int((counts > 0).sum()),
        high_quality=len(good) / len(samples),
        reverse_kl=float(terms.sum()) if len(good) else float("inf"),
        counts=tuple(int(count) for count in counts),
        samples=len(samples),
    )

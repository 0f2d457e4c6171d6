"""Counting the modes that points cover, where the true density is known."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..data import Mixture, Samples, as_tensor
from .results import jackknife

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
    spread : dict of str to float
        Standard errors (jackknife) of `high_quality` and `reverse_kl` by their names, where
        they are finite. That of `modes` is not known: a mode that one sample covers is one that
        other samples may miss.
    """

    modes: int
    high_quality: float
    reverse_kl: float
    counts: tuple[int, ...]
    samples: int
    spread: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        quality, kl = (
            f"{getattr(self, name):.3f}"
            + (f" ± {self.spread[name]:.2g}" if name in self.spread else "")
            for name in ("high_quality", "reverse_kl")
        )
        return (
            f"{self.modes} of {len(self.counts)} modes, high quality {quality}, reverse KL {kl} "
            f"({self.samples} samples)"
        )


def mode_report(samples: Samples, mixture: Mixture, within: float = 3.0) -> ModeReport:
    """Count the modes of a mixture that samples cover, and how well.

    The protocol of Srivastava et al. (2017) and Lin et al. (2018): a sample belongs to the mode
    with the nearest mean, and is of high quality if it lies within three standard deviations of
    it.

    Parameters
    ----------
    samples : Dataset, Tensor or ndarray, shape (N, d)
        The generated points.
    mixture : Mixture
        The true density: ``means`` (K, d), ``std``, ``weights`` (K,).
    within : float
        Largest distance of a high-quality sample, in standard deviations, above 0. A Gaussian in
        the plane has 98.9% of its mass within three.

    Raises
    ------
    ValueError
        If the samples are not finite points of the mixture's dimension, or there are none, or
        `within` is not positive.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> ring = data.ring()
    >>> mode_report(ring.means[:3], ring).modes
    3
    """
    if not within > 0:
        raise ValueError(f"within must be a positive number of standard deviations, got {within}.")
    samples = as_tensor(samples)
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
    # The number of a sample's mode, or one more than there are if it is in none.
    mode = torch.where(distance <= within * mixture.std, nearest, len(means)).cpu()
    weights = mixture.weights.double().cpu()
    counts = torch.bincount(mode, minlength=len(means) + 1)[:-1]
    high_quality, reverse_kl = _values(mode, weights)
    errors = [math.nan, math.nan]
    if len(mode) > 1 and counts.any():
        errors = jackknife(lambda rows: _values(rows, weights), mode).tolist()
    return ModeReport(
        modes=int((counts > 0).sum()),
        high_quality=high_quality,
        reverse_kl=reverse_kl,
        counts=tuple(counts.tolist()),
        samples=len(samples),
        spread={
            name: error
            for name, error in zip(("high_quality", "reverse_kl"), errors, strict=True)
            if math.isfinite(error)
        },
    )


def _values(mode: Tensor, weights: Tensor) -> tuple[float, float]:
    """Return the share of samples in a mode, and the reverse KL of the modes' shares."""
    counts = torch.bincount(mode, minlength=len(weights) + 1)[:-1].double()
    if not counts.any():
        return 0.0, math.inf
    shares = counts / counts.sum()
    # 0 log 0 = 0: a mode without samples adds nothing to the sum
    terms = torch.where(counts > 0, shares * (shares / weights).log(), torch.zeros_like(shares))
    return float(counts.sum()) / len(mode), float(terms.sum())

"""Distances between the distributions of two sets of features: FID and KID.

Both are zero in expectation only between infinite samples of one distribution: FID is too large
on finite ones, and more so the fewer they are. Compare values at equal sample sizes, and with the
floor that real pictures have against other real pictures.
"""

import math
import warnings

import numpy as np
import torch
from torch import Tensor

from .features import Features
from .pairs import Given, check_pair, needs_torchmetrics
from .results import Measurement, jackknife

__all__ = ["fid", "fid_infinity", "kid"]

SIZES = 8  # of the subsets from which fid_infinity extrapolates
DRAWS = 4  # subsets of each size
HELD = 4000  # samples of a set up to which all products between features are kept for KID


def fid(real: Features, fake: Features, spread: bool = True) -> Measurement:
    r"""Measure the Frechet distance between two sets of features (FID).

    The squared Wasserstein-2 distance between the Gaussians with their means and covariances
    (Heusel et al. 2017, equation 6),

    .. math:: |\mu - \mu'|^2 + \operatorname{tr}(\Sigma + \Sigma' - 2 (\Sigma \Sigma')^{1/2}),

    computed by torchmetrics in float64.

    Parameters
    ----------
    real, fake : Features
        More samples than features in each.
    spread : bool
        Whether to estimate the standard error (twenty more distances).

    Returns
    -------
    Measurement
        With the jackknife's standard error.

    Raises
    ------
    ValueError
        If one set has no more samples than features (its covariance is then singular and the
        distance means little), features are not finite, or the two sets cannot be compared:
        different extractors, gray against color, different sizes or ranges.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> from gan_tutorial.metrics import extract
    >>> one, other = (extract(data.load("digits", s), "digits") for s in ("validation", "test"))
    >>> fid(one, other).value < fid(one, other[:40]).value
    True
    """
    check_pair(real, fake)
    _check_sizes("FID", real, fake)
    x, y = real.values.double(), fake.values.double()
    error = float(jackknife(_frechet, x, y)) if spread else None
    return Measurement(
        metric="FID",
        value=_frechet(x, y),
        extractor=real.extractor,
        real=len(x),
        fake=len(y),
        spread=error,
        spread_of="standard error",
    )


def _frechet(x: Tensor, y: Tensor) -> float:
    needs_torchmetrics()
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(Given(x.shape[1]))
    metric.update(x, real=True)
    metric.update(y, real=False)
    return float(metric.compute())


def _check_sizes(metric: str, real: Features, fake: Features) -> None:
    for what, features in (("real", real), ("generated", fake)):
        count, width = features.values.shape
        if count <= width:
            raise ValueError(
                f"{metric} needs more samples than features, and there are {count} {what} samples "
                f"for {width} features: measure more samples, or use KID."
            )


def fid_infinity(real: Features, fake: Features, seed: int = 0, spread: bool = True) -> Measurement:
    """Extrapolate the FID to infinitely many samples.

    The bias of the FID is close to a constant over the number of samples. So it is measured on
    subsets of several sizes n, from half of the samples to all, and a straight line through the
    values over 1 / n is read off at 0 (Chong and Forsyth 2020, section 4). Here both sets shrink
    together, so that the floor, real pictures against real ones, comes out near 0; a value may
    be a little below.

    Parameters
    ----------
    real, fake : Features
        More than twice as many samples as features in each. Of the larger set as many samples
        are used as the smaller has.
    seed : int
        Decides the subsets.
    spread : bool
        Whether to estimate the standard error.

    Returns
    -------
    Measurement
        With a standard error from two parts, added as squares: that of the line's intercept
        among the subsets drawn, and the one that `fid` has for other samples.

    Raises
    ------
    ValueError
        As `fid`, or if half of the samples are not more than the features.
    """
    check_pair(real, fake)
    count, width = min(len(real), len(fake)), real.values.shape[1]
    if count // 2 <= width:
        raise ValueError(
            f"fid_infinity needs more than {2 * width} samples of each kind for {width} features, "
            f"and there are {count}: measure more samples, or use KID."
        )
    generator = torch.Generator().manual_seed(seed)
    inverses, values = [], []
    # Sizes at equal distances in 1 / n, where the line is drawn.
    for size in (1 / np.linspace(2 / count, 1 / count, SIZES)).round().astype(int):
        for _ in range(DRAWS):
            rows = [torch.randperm(len(f), generator=generator)[:size] for f in (real, fake)]
            values.append(_frechet(real.values[rows[0]].double(), fake.values[rows[1]].double()))
            inverses.append(1 / size)
    (_, at_zero), covariance = np.polyfit(inverses, values, 1, cov=True)
    error = None
    if spread:
        other_samples = jackknife(_frechet, real.values.double(), fake.values.double())
        error = math.hypot(covariance[1, 1] ** 0.5, float(other_samples))
    return Measurement(
        metric="FID infinity",
        value=float(at_zero),
        extractor=real.extractor,
        real=len(real),
        fake=len(fake),
        spread=error,
        spread_of="standard error",
    )


def kid(
    real: Features,
    fake: Features,
    subsets: int = 100,
    subset_size: int | None = None,
    seed: int = 0,
) -> Measurement:
    r"""Measure the squared maximum mean discrepancy with a cubic kernel (KID).

    Binkowski et al. (2018), section 4: the kernel is :math:`(x \cdot y / F + 1)^3` on F features,
    the estimator unbiased, and the value a mean over subsets, computed by torchmetrics in
    float64. It needs no more samples than features, and may be a little below 0.

    Parameters
    ----------
    real, fake : Features
        At least four samples in each.
    subsets : int
        How many subsets, 1 or more.
    subset_size : int, optional
        Samples of each kind in a subset; by default half of the smaller set, at most 1,000.
    seed : int
        Decides the subsets.

    Returns
    -------
    Measurement
        With the standard deviation over subsets. For halves of the samples that is close to the
        standard error of the mean (half-sampling; Efron and Tibshirani 1993, section 11.7).

    Raises
    ------
    ValueError
        If a subset is larger than a set, features are not finite, or the two sets cannot be
        compared, as in `fid`.
    """
    check_pair(real, fake)
    smaller = min(len(real), len(fake))
    if subset_size is None:
        subset_size = min(1000, smaller // 2)
    if not 2 <= subset_size <= smaller:
        raise ValueError(
            f"KID needs subsets of 2 samples or more, and no larger than the smaller set: got "
            f"subset_size {subset_size} for {len(real)} real and {len(fake)} generated samples."
        )
    if not subsets >= 1:
        raise ValueError(f"KID needs 1 subset or more, got subsets={subsets}.")
    needs_torchmetrics()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # that all features are kept in memory
        torch.manual_seed(seed)  # the subsets come from the global random numbers
        compute = _kid_from_kernels if max(len(real), len(fake)) <= HELD else _kid
        value, deviation = compute(real.values.double(), fake.values.double(), subsets, subset_size)
    return Measurement(
        metric="KID",
        value=float(value),
        extractor=real.extractor,
        real=len(real),
        fake=len(fake),
        spread=float(deviation),
        spread_of=f"standard deviation over {subsets} subsets of {subset_size}",
    )


def _kid(x: Tensor, y: Tensor, subsets: int, size: int) -> tuple[Tensor, Tensor]:
    """Return mean and deviation over subsets, whose kernels are computed one after the other."""
    from torchmetrics.image.kid import KernelInceptionDistance

    metric = KernelInceptionDistance(Given(x.shape[1]), subsets=subsets, subset_size=size)
    metric.update(x, real=True)
    metric.update(y, real=False)
    return metric.compute()


def _kid_from_kernels(x: Tensor, y: Tensor, subsets: int, size: int) -> tuple[Tensor, Tensor]:
    """Return the same, from the kernels of all samples: subsets share most of the work.

    A hundred subsets of 500 pictures of 3,072 pixels take a minute one after the other, and a
    second like this. The subsets are those of `_kid`.
    """
    from torchmetrics.image.kid import poly_kernel

    in_x, in_y = (torch.zeros(subsets, len(each), dtype=x.dtype) for each in (x, y))
    for k in range(subsets):
        in_x[k, torch.randperm(len(x))[:size]] = 1
        in_y[k, torch.randperm(len(y))[:size]] = 1
    in_x, in_y = in_x.to(x.device), in_y.to(y.device)

    def sums(kernel: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        return (rows @ kernel * columns).sum(1)  # of each subset, over all its pairs

    def pairs(each: Tensor, chosen: Tensor) -> Tensor:
        kernel = poly_kernel(each, each)
        return (sums(kernel, chosen, chosen) - chosen @ kernel.diagonal()) / (size * (size - 1))

    between = sums(poly_kernel(x, y), in_x, in_y) / size**2
    values = pairs(x, in_x) + pairs(y, in_y) - 2 * between
    return values.mean(), values.std(unbiased=False)

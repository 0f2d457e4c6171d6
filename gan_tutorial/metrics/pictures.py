"""What can be measured on the pictures themselves: sharpness, diversity, PSNR and SSIM."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from ..data import Samples, as_tensor
from .features import Features, check_pictures
from .pairs import check_features, check_kinds, check_spans, needs_torchmetrics
from .results import PIXELS, Measurement, jackknife

__all__ = ["diversity", "psnr", "sharpness", "ssim"]

RANGE = 2.0  # from -1 to 1
REACH = 3.5  # torchmetrics cuts the window of SSIM at so many standard deviations
ROWS = 256


# --- Of one set ------------------------------------------------------------------------------


def sharpness(images: Samples) -> Measurement:
    """Measure how strongly neighboring pixels differ: the size of the Laplacian.

    The root mean square of the discrete Laplacian (four neighbors minus four times the pixel) of
    each picture, averaged over pictures; a measure of focus in microscopes and cameras
    (Pech-Pacheco et al. 2000). Noise is sharp too: the goal is the value of real pictures, not
    a large one.

    Parameters
    ----------
    images : Dataset, Tensor or ndarray, shape (N, C, H, W)
        In [-1, 1], 3x3 pixels or larger.

    Returns
    -------
    Measurement
        With the standard error of the mean.

    Examples
    --------
    A slope without edges has no curvature; a chessboard of -1 and 1 has 8 at every pixel.

    >>> slope = torch.linspace(-1, 1, 8).expand(1, 1, 8, 8)
    >>> round(sharpness(slope).value, 5)
    0.0
    >>> board = (-1.0) ** (torch.arange(8)[:, None] + torch.arange(8))
    >>> sharpness(board.expand(1, 1, 8, 8)).value
    8.0
    """
    images = as_tensor(images)
    check_pictures(images)
    if min(images.shape[-2:]) < 3:
        raise ValueError(
            f"Sharpness needs pictures of 3x3 pixels or more, not {tuple(images.shape[-2:])}."
        )
    kernel = images.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    laplacian = functional.conv2d(images.flatten(0, 1)[:, None], kernel)
    each = laplacian.view(len(images), -1).square().mean(1).sqrt()
    return _mean_of("sharpness", each, real=0, fake=len(images))


def diversity(samples: Samples | Features, spread: bool = True) -> Measurement:
    """Measure how different the samples of one set are: their mean distance from each other.

    Noise is diverse too, and a set of two extremes as well: compare with the value of real
    samples.

    Parameters
    ----------
    samples : Dataset, Tensor, ndarray or Features
        Pictures (N, C, H, W) in [-1, 1], whose distance is the root mean square difference of
        their pixels; or features, whose distance is Euclidean. At least two.
    spread : bool
        Whether to estimate the standard error.

    Returns
    -------
    Measurement
        With the jackknife's standard error.

    Examples
    --------
    >>> diversity(torch.zeros(10, 1, 8, 8)).value
    0.0
    """
    if isinstance(samples, Features):
        check_features(samples, "The")
        rows, extractor, scale = samples.values.double(), samples.extractor, 1.0
    else:
        samples = as_tensor(samples)
        check_pictures(samples)
        rows, extractor = samples.double().flatten(1), PIXELS
        scale = rows.shape[1] ** -0.5
    if len(rows) < 2:
        raise ValueError("The diversity of one sample is nothing: give two or more.")

    def mean_distance(x: Tensor) -> float:
        total = sum(float(torch.cdist(part, x).sum()) for part in x.split(ROWS))
        return scale * total / (len(x) * (len(x) - 1))

    error = float(jackknife(mean_distance, rows)) if spread and len(rows) > 2 else None
    return Measurement(
        metric="diversity",
        value=mean_distance(rows),
        extractor=extractor,
        real=0,
        fake=len(rows),
        spread=error,
        spread_of="standard error",
    )


# --- Of pairs: a picture and its reconstruction ----------------------------------------------


def psnr(real: Samples, fake: Samples) -> Measurement:
    r"""Measure the peak signal-to-noise ratio of pictures against their originals, in decibels.

    :math:`10 \log_{10}(2^2 / \mathrm{MSE})` for values in [-1, 1], by torchmetrics, averaged
    over pictures. Infinite if a picture equals its original.

    Parameters
    ----------
    real, fake : Dataset, Tensor or ndarray, shape (N, C, H, W)
        Originals and reconstructions in [-1, 1], one for one.

    Returns
    -------
    Measurement
        With the standard error of the mean.

    Raises
    ------
    ValueError
        If the two sets differ in number, kind, size or range.

    Examples
    --------
    >>> black = torch.full((1, 1, 8, 8), -1.0)
    >>> round(psnr(black, black + 0.5).value, 2)
    12.04
    """
    real, fake = _pictures_pair(real, fake)
    from torchmetrics.functional.image import peak_signal_noise_ratio

    each = peak_signal_noise_ratio(
        fake.double(), real.double(), data_range=RANGE, reduction="none", dim=(1, 2, 3)
    )
    return _mean_of("PSNR", each, len(real), len(fake))


def ssim(real: Samples, fake: Samples, sigma: float = 1.5) -> Measurement:
    """Measure the structural similarity of pictures and their originals; 1 if they are equal.

    Wang et al. (2004) with a Gaussian window, by torchmetrics, averaged over the positions at
    which the window lies inside the picture, and over pictures. Values are mapped to [0, 1]
    first, because the index is made for levels that start from a black of 0: on [-1, 1] it
    would compare products of negative means.

    Parameters
    ----------
    real, fake : Dataset, Tensor or ndarray, shape (N, C, H, W)
        Originals and reconstructions in [-1, 1], one for one.
    sigma : float
        Standard deviation of the window in pixels. The published 1.5 looks through a window of
        11x11, and pictures must be at least as large; 0.5 looks through 5x5.

    Returns
    -------
    Measurement
        With the standard error of the mean.

    Raises
    ------
    ValueError
        If the two sets differ in number, kind, size or range, or are smaller than the window.
    """
    real, fake = _pictures_pair(real, fake)
    if not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be a positive number of pixels, got {sigma}.")
    window = 2 * int(REACH * sigma + 0.5) + 1
    if min(real.shape[-2:]) < window:
        raise ValueError(
            f"SSIM with sigma {sigma} looks through windows of {window}x{window}, and the pictures "
            f"are {real.shape[-2]}x{real.shape[-1]}: choose a smaller sigma."
        )
    from torchmetrics.functional.image import structural_similarity_index_measure

    made, original = ((images.double() + 1) / 2 for images in (fake, real))
    # Versions of torchmetrics differ in what they do at the edge: take the map, and cut it here.
    _, everywhere = structural_similarity_index_measure(
        made, original, sigma=sigma, data_range=1.0, reduction="none", return_full_image=True
    )
    edge = window // 2
    inside = everywhere[..., edge : -edge or None, edge : -edge or None]
    each = inside.mean((1, 2, 3))
    return _mean_of(f"SSIM (sigma {sigma})", each, len(real), len(fake))


def _pictures_pair(real: Samples, fake: Samples) -> tuple[Tensor, Tensor]:
    """Return originals and reconstructions as tensors, if they may be compared one for one."""
    real, fake = as_tensor(real), as_tensor(fake)
    check_pictures(real, "The originals")
    check_pictures(fake, "The reconstructions")
    check_kinds(tuple(real.shape[1:]), tuple(fake.shape[1:]))
    if len(real) != len(fake):
        raise ValueError(
            f"There are {len(real)} originals and {len(fake)} reconstructions: give one for one."
        )
    check_spans(*((float(x.min()), float(x.max())) for x in (real, fake)))
    needs_torchmetrics()
    return real, fake


def _mean_of(metric: str, each: Tensor, real: int, fake: int) -> Measurement:
    each = each.double()
    error = float(each.std() / len(each) ** 0.5) if len(each) > 1 else None
    return Measurement(
        metric=metric,
        value=float(each.mean()),
        extractor=PIXELS,
        real=real,
        fake=fake,
        spread=error,
        spread_of="standard error",
    )

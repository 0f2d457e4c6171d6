"""What can be measured of a repair: in the hole, outside it, and at its edge."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.ranges import check_count
from ..metrics.features import check_pictures
from ..metrics.networks import load_network
from ..metrics.pictures import REACH
from .masks import check_masks, to_missing

ROWS = 256  # pictures whose SSIM is computed at once: the maps are large

__all__ = ["HoleTexture", "RepairReport", "hole_psnr", "repair_report", "seam"]


@dataclass(frozen=True)
class RepairReport:
    """What `repair_report` found; each number is a mean over pictures.

    Attributes
    ----------
    psnr : float
        Peak signal-to-noise ratio over the missing pixels, in decibels. Over the whole picture
        it would be larger by the same amount for every method.
    ssim : float
        Structural similarity over windows around missing pixels.
    hole_l1 : float
        Mean absolute error of the missing pixels.
    known_l1 : float
        Mean absolute error of the known pixels; 0 if they were copied.
    gradient_ratio : float
        Mean size of the differences between neighbors within the hole, over that of the
        originals: below 1 is smoother than real, above 1 rougher.
    seam : float
        Mean size of the differences across the hole's edge, over that of the originals.
    pictures : int
        How many pictures.
    """

    psnr: float
    ssim: float
    hole_l1: float
    known_l1: float
    gradient_ratio: float
    seam: float
    pictures: int


def hole_psnr(real: Tensor, repaired: Tensor, masks: Tensor) -> Tensor:
    r"""Measure :math:`10 \log_{10}(2^2 / \mathrm{MSE})` over missing pixels, for each picture.

    Parameters
    ----------
    real, repaired : Tensor, shape (N, C, H, W)
        Originals and repairs in [-1, 1].
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Returns
    -------
    Tensor of float64, shape (N,)

    Examples
    --------
    >>> mask = torch.ones(1, 1, 4, 4)
    >>> mask[..., 0] = 0
    >>> x = torch.zeros(1, 3, 4, 4)
    >>> hole_psnr(x, x + 0.2, mask).round(decimals=4)
    tensor([20.], dtype=torch.float64)
    """
    missing = (1 - masks).double().expand(len(real), -1, -1, -1)
    error = (real.double() - repaired.double()).square() * missing
    count = missing.flatten(1).sum(1) * real.shape[1]
    return 10 * torch.log10(4 / (error.flatten(1).sum(1) / count))


def repair_report(
    real: Tensor, repaired: Tensor, masks: Tensor, sigma: float = 1.5
) -> RepairReport:
    """Compare repaired pictures with their originals.

    Parameters
    ----------
    real, repaired : Tensor, shape (N, C, H, W)
        Originals and repairs in [-1, 1], one for one.
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.
    sigma : float
        Of the window of SSIM, in pixels and above 0, as for `ssim`.

    Returns
    -------
    RepairReport

    Raises
    ------
    ValueError
        If the shapes or ranges do not fit, or `sigma` is out of range.
    """
    if not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be a finite number above 0, got {sigma}.")
    check_pictures(real, "The originals")
    check_pictures(repaired, "The repairs")
    if real.shape != repaired.shape:
        raise ValueError(
            f"The originals have shape {tuple(real.shape)} and the repairs "
            f"{tuple(repaired.shape)}: give one for one."
        )
    masks = check_masks(masks, real).expand(len(real), -1, -1, -1)
    missing = 1 - masks
    error = (real - repaired).abs().mean(1, keepdim=True)
    within, across = {}, {}
    for name, x in (("real", real), ("repaired", repaired)):
        within[name], across[name] = _steps(x, masks)
    return RepairReport(
        psnr=float(hole_psnr(real, repaired, masks).mean()),
        ssim=float(_ssim_where(real, repaired, missing, sigma).mean()),
        hole_l1=float(_mean_over(error, missing).mean()),
        known_l1=float(_mean_over(error, masks).mean()),
        gradient_ratio=float(within["repaired"] / within["real"]),
        seam=float(across["repaired"] / across["real"]),
        pictures=len(real),
    )


def seam(real: Tensor, repaired: Tensor, masks: Tensor) -> float:
    """Measure how visible the holes' edges are, as `RepairReport.seam` says.

    Parameters
    ----------
    real, repaired : Tensor, shape (N, C, H, W)
        Originals and repairs in [-1, 1].
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.

    Returns
    -------
    float
        1 is as in the originals.
    """
    masks = masks.expand(len(real), -1, -1, -1)
    return float(_steps(repaired, masks)[1] / _steps(real, masks)[1])


def _mean_over(values: Tensor, where: Tensor) -> Tensor:
    """Mean of each picture over some of its pixels, (N,)."""
    return (values * where).flatten(1).sum(1) / where.flatten(1).sum(1)


def _steps(x: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute difference of neighbors, both missing, and one missing and one known."""
    total, pairs = x.new_zeros(2), x.new_zeros(2)  # within the hole, and across its edge
    for axis in (2, 3):
        step = x.diff(dim=axis).abs().mean(1, keepdim=True)
        length = masks.shape[axis]
        a, b = masks.narrow(axis, 0, length - 1), masks.narrow(axis, 1, length - 1)
        for k, where in enumerate(((1 - a) * (1 - b), (a - b).abs())):
            total[k] += (step * where).sum()
            pairs[k] += where.sum()
    within, across = total / pairs
    return within, across


def _ssim_where(real: Tensor, repaired: Tensor, where: Tensor, sigma: float) -> Tensor:
    """Mean SSIM of each picture over some of its pixels, (N,)."""
    parts = zip(*(x.split(ROWS) for x in (real, repaired, where)), strict=True)
    return torch.cat([_mean_over(_ssim_map(a, b, sigma), w) for a, b, w in parts])


def _ssim_map(real: Tensor, repaired: Tensor, sigma: float) -> Tensor:
    """SSIM around each pixel, (N, 1, H, W); at the picture's edge the window is reflected.

    Wang et al. (2004), with Gaussian windows, in double precision. `metrics.ssim` has the index
    from torchmetrics; taking the windows apart, as here, is forty times as fast.
    """
    reach = int(REACH * sigma + 0.5)
    if min(real.shape[-2:]) < 2 * reach + 1:
        raise ValueError(
            f"SSIM with sigma {sigma} looks through windows of {2 * reach + 1}x{2 * reach + 1}, "
            f"and the pictures are {real.shape[-2]}x{real.shape[-1]}: choose a smaller sigma."
        )
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / sigma) ** 2)
    taps = taps / taps.sum()

    def seen(images: Tensor) -> Tensor:  # a Gaussian window is one column times one row
        wide = nn.functional.pad(images, (reach,) * 4, mode="reflect").flatten(0, 1)[:, None]
        columns = nn.functional.conv2d(wide, taps.view(1, 1, -1, 1))
        return nn.functional.conv2d(columns, taps.view(1, 1, 1, -1)).view_as(images)

    x, y = ((images.double() + 1) / 2 for images in (real, repaired))
    mean_x, mean_y = seen(x), seen(y)
    var_x, var_y = seen(x * x) - mean_x**2, seen(y * y) - mean_y**2
    together = seen(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    structure = (2 * together + 0.03**2) / (var_x + var_y + 0.03**2)
    return (light * structure).mean(1, keepdim=True)


class HoleTexture(nn.Module):
    """Features of the texture in a hole: how strongly the first filters of a network respond.

    The shipped feature networks were trained to say *what* a picture shows; their last layer can
    do so on a blurred picture, too, and a Frechet distance between last layers hardly notices
    blur. Their first layers respond to edges, blades and seams. Here the responses of the first
    `layers` convolutions are averaged over the box that the hole fills: how much of each kind of
    texture there is, and not where.

    Parameters
    ----------
    mask : Tensor, shape (1, H, W)
        One mask for all pictures, 1 where a pixel is known, 0 where it is missing; the bounding
        box of its hole is what is looked at.
    network : str
        A shipped feature network, see `metrics.NETWORKS`.
    layers : int
        After how many convolutions, from 1 to as many as the network has.

    Raises
    ------
    ValueError
        If the mask has no hole, or there are not so many layers.

    Examples
    --------
    >>> from gan_tutorial import data, masks, metrics
    >>> texture = HoleTexture(masks.center(1, 32)[0])
    >>> metrics.extract(data.load("soccer", "test", count=4), texture)
    Features(4 x 64 of 'soccer-64@... texture 2')
    """

    def __init__(self, mask: Tensor, network: str = "soccer", layers: int = 2):
        super().__init__()
        whole = load_network(network)
        self.name = f"{whole.name} texture {layers}"
        self.shape = whole.shape
        self.check = whole.check
        check_count("layers", layers, 1, len(whole.body) // 3)
        self.body = whole.body[: 3 * layers]  # each convolution with its norm and its nonlinearity
        missing = torch.from_numpy(to_missing(mask[None])[0])
        if not missing.any():
            raise ValueError("The mask has no hole: there is no texture to look at.")
        rows, columns = missing.nonzero().T
        self.box = tuple(
            (int(along.min()) / side, (int(along.max()) + 1) / side)
            for along, side in zip((rows, columns), mask.shape[1:], strict=True)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map pictures (N, C, H, W) to features (N, F)."""
        h = self.body(images)
        for axis, (start, end) in zip((2, 3), self.box, strict=True):
            first = int(start * h.shape[axis])
            last = -int(-end * h.shape[axis] // 1)  # rounded up
            h = h.narrow(axis, first, last - first)
        return h.mean((2, 3))

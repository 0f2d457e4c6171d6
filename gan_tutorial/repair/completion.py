"""Complete pictures with a trained generator, or by search in the latent space of one."""

from typing import cast

import torch
from torch import Tensor, nn

from ..data.ranges import LARGEST_SEED, check_count, check_number
from ..models.evaluating import evaluating
from ..models.sampling import latent_codes
from .descent import descend
from .masks import composite, known_alone

__all__ = ["complete", "latent_search"]


@torch.no_grad()
def complete(
    generator: nn.Module, images: Tensor, masks: Tensor, seed: int = 0, batch_size: int = 256
) -> Tensor:
    r"""Fill the holes of pictures, :math:`m \odot x + (1 - m) \odot G(m \odot x, m, z)`.

    Known pixels come back bit for bit, whatever the network draws.

    Parameters
    ----------
    generator : nn.Module
        As of `Repair`.
    images : Tensor, shape (N, C, H, W)
        In [-1, 1]. What stands in the holes is never looked at.
    masks : Tensor, shape (N, 1, H, W) or (1, 1, H, W)
        1 where a pixel is known, 0 where it is missing.
    seed : int
        Decides the noise, where the generator takes any.
    batch_size : int
        How many pictures go through the network at once, at least 1.

    Returns
    -------
    Tensor, shape (N, C, H, W)
        On the CPU.

    Raises
    ------
    ValueError
        If a mask does not fit, has no hole or covers everything, or `seed` or `batch_size` is out
        of range.
    """
    check_count("seed", seed, 0, LARGEST_SEED)
    check_count("batch_size", batch_size)
    known, masks = known_alone(images, masks)
    device = next(generator.parameters()).device
    codes = latent_codes(len(images), noise_dim_of(generator), seed)
    batches = zip(*(part.split(batch_size) for part in (known, masks, codes)), strict=True)
    with evaluating(generator):
        drawn = [
            generator(k.to(device), m.to(device), z.to(device)).float().cpu() for k, m, z in batches
        ]
    return composite(known, torch.cat(drawn), masks)


def noise_dim_of(generator: nn.Module) -> int:
    """Return the length of the noise that a generator of repairs takes; 0 for none."""
    return cast(int, generator.noise_dim)


def shape_of(generator: nn.Module) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the pictures that a generator was trained on."""
    return cast(tuple[int, int, int], generator.shape)


def latent_search(
    generator: nn.Module,
    images: Tensor,
    masks: Tensor,
    *,
    starts: int = 1,
    steps: int = 200,
    lr: float = 0.05,
    prior: float = 0.01,
    window: int = 7,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    r"""Look for latent codes whose pictures agree with what is known; the generator stays fixed.

    Adam descends from each start on

    .. math:: \sum_i w_i m_i |G(z) - x|_i \big/ \sum_i w_i m_i + \lambda |z|^2 / d,

    where :math:`w_i` is the share of missing pixels in a window around pixel `i`: those beside a
    hole say most about it (Yeh et al. 2017, equations 1 to 3). In place of their discriminator,
    the prior of the codes keeps `z` where the generator was trained, and in place of blending
    gradients, known pixels are copied.

    Parameters
    ----------
    generator : nn.Module
        Maps latent codes (N, d) to whole pictures (N, C, H, W).
    images, masks : Tensor
        As for `complete`.
    starts : int
        From how many random codes to search for each picture, at least 1; each gives a completion.
    steps : int
        Steps of Adam, at least 1.
    lr : float
        Their size, at least 0.
    prior : float
        The weight :math:`\lambda`, at least 0.
    window : int
        Side of the window in pixels, odd.
    seed : int
        Decides the starts.

    Returns
    -------
    filled : Tensor, shape (starts, N, C, H, W)
        Completions on the CPU, for each picture the best first.
    errors : Tensor, shape (starts, N)
        Their weighted mean absolute errors on known pixels.

    Raises
    ------
    ValueError
        If a mask does not fit, has no hole or covers everything, or a number is out of range.
    """
    for name, count in (("starts", starts), ("steps", steps), ("window", window)):
        check_count(name, count)
    if window % 2 == 0:
        raise ValueError(f"window must be odd, so that a pixel is in its middle, got {window}.")
    for name, value in (("lr", lr), ("prior", prior)):
        check_number(name, value)
    check_count("seed", seed, 0, LARGEST_SEED)
    known, masks = known_alone(images, masks)
    device = next(generator.parameters()).device
    target = known.repeat(starts, 1, 1, 1).to(device)
    holes_near = nn.functional.avg_pool2d(1 - masks, window, 1, window // 2)
    # a picture whose known pixels all lie far from its hole counts them equally
    weights = masks * torch.where(
        (masks * holes_near).flatten(1).sum(1)[:, None, None, None] > 0, holes_near, 1.0
    )
    weights = weights / weights.flatten(1).sum(1)[:, None, None, None]
    weights = weights.repeat(starts, 1, 1, 1).to(device)
    begin = latent_codes(starts * len(images), cast(int, generator.latent_dim), seed).to(device)
    _, drawn, errors = descend(generator, target, weights, begin, steps=steps, lr=lr, prior=prior)
    found = errors.view(starts, -1).cpu()
    order = found.argsort(0)
    drawn = drawn.float().cpu().view(starts, *known.shape)
    drawn = drawn.gather(0, order.view(*order.shape, 1, 1, 1).expand_as(drawn))
    filled = torch.stack([composite(known, one, masks) for one in drawn])
    return filled, found.gather(0, order)

"""Projection of pictures into the latent space of a generator."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ..data.ranges import LARGEST_SEED, check_count, check_number
from ..models.adopt import adopt_generator
from ..models.sampling import latent_codes, sample_generator
from .descent import descend

__all__ = ["Projection", "project"]

USUAL = 256  # random samples with which a projection is compared


@dataclass(frozen=True)
class Projection:
    """What `project` found, for each picture the best start first.

    Attributes
    ----------
    codes : Tensor, shape (starts, N, d)
    pictures : Tensor, shape (starts, N, C, H, W)
        What the generator makes of them, on the CPU.
    errors : Tensor, shape (starts, N)
        Mean absolute difference from the picture, of a range of 2.
    by_chance : Tensor, shape (N,)
        The same for the nearest of 256 random samples: a search that comes no nearer has found
        nothing.
    """

    codes: Tensor
    pictures: Tensor
    errors: Tensor
    by_chance: Tensor


def project(
    generator: nn.Module,
    images: Tensor,
    *,
    labels: Tensor | None = None,
    starts: int = 4,
    steps: int = 300,
    lr: float = 0.05,
    prior: float = 0.01,
    seed: int = 0,
) -> Projection:
    r"""Find the latent codes whose pictures come nearest to given ones.

    It is the search of `latent_search` with every pixel known: Adam on the mean absolute
    difference, with a weight on the size of the codes that keeps them where the generator was
    trained (compare Abdal, Qin and Wonka 2019). What a generator cannot make, it cannot find: the
    result says what of a picture it knows.

    Parameters
    ----------
    generator : nn.Module
        Maps latent codes (N, d) to pictures (N, C, H, W); one of the reader's own is taken up as by
        `adopt_generator`.
    images : Tensor, shape (N, C, H, W)
        In [-1, 1], of the size that the generator makes.
    labels : Tensor of int, shape (N,), optional
        For a generator of classes: which each picture is to be made as.
    starts : int
        From how many random codes to search for each picture, at least 1.
    steps : int
        Steps of Adam, at least 1.
    lr, prior : float
        Their size, and the weight of :math:`|z|^2 / d`; at least 0.
    seed : int
        Decides the starts.

    Returns
    -------
    Projection

    Raises
    ------
    ValueError
        If the pictures have another shape than the generator's, labels are missing, or a number is
        out of range.

    Examples
    --------
    >>> from gan_tutorial.models import mlp_pair
    >>> generator, _ = mlp_pair((1, 8, 8), latent_dim=4, width=8)
    >>> project(generator, torch.zeros(2, 1, 8, 8), starts=3, steps=5).pictures.shape
    torch.Size([3, 2, 1, 8, 8])
    """
    check_count("starts", starts)
    check_count("steps", steps)
    for name, value in (("lr", lr), ("prior", prior)):
        check_number(name, value)
    check_count("seed", seed, 0, LARGEST_SEED)
    if (hasattr(generator, "classes")) != (labels is not None):
        raise ValueError("A generator of classes is told each picture's class as labels; no other.")
    latent_dim, count = cast(int, adopt_generator(generator).latent_dim), len(images)
    one = None if labels is None else labels[:1]
    shape = tuple(sample_generator(generator, latent_codes(1, latent_dim), labels=one).shape[1:])
    if images.dim() != 4 or tuple(images.shape[1:]) != shape or not len(images):
        raise ValueError(
            f"The generator makes pictures of {'x'.join(map(str, shape))}, and these are "
            f"{tuple(images.shape)}: scale them first."
        )
    device = next(generator.parameters()).device
    target = images.repeat(starts, 1, 1, 1).to(device)
    given = () if labels is None else (labels.repeat(starts).to(device),)
    weights = torch.full_like(target[:, :1], 1 / (shape[1] * shape[2]))
    begin = latent_codes(starts * count, latent_dim, seed).to(device)
    codes, drawn, errors = descend(
        generator, target, weights, begin, steps=steps, lr=lr, prior=prior, given=given
    )
    found = errors.cpu().view(starts, count)
    order = found.argsort(0)
    rows = (order * count + torch.arange(count)).to(device)
    return Projection(
        codes[rows].cpu(),
        drawn[rows].float().cpu(),
        found.gather(0, order),
        torch.stack([_by_chance(generator, image, seed) for image in images]),
    )


def _by_chance(generator: nn.Module, image: Tensor, seed: int) -> Tensor:
    """Return how near the nearest of many random samples comes to a picture."""
    latent_dim = cast(int, generator.latent_dim)
    samples = sample_generator(generator, latent_codes(USUAL, latent_dim, seed))
    return (samples - image.cpu()).abs().flatten(1).mean(1).min()

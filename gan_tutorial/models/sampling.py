"""From latent codes to samples."""

import torch
from torch import Tensor, nn

from .evaluating import evaluating

__all__ = ["latent_codes", "sample_generator", "truncated"]


def latent_codes(count: int, latent_dim: int, seed: int = 0) -> Tensor:
    """Draw `count` latent codes from N(0, I), shape (count, latent_dim), on the CPU.

    The same seed gives the same codes on every device, and the first codes do not depend on
    `count`.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(latent_dim, generator=generator) for _ in range(count)])


def truncated(generator: nn.Module, codes: Tensor, psi: float) -> Tensor:
    r"""Draw latent codes towards their mean, :math:`\bar z + \psi (z - \bar z)`.

    Samples become more usual and less varied, as `psi` falls from 1 to 0, where all are the one of
    the mean. This is the truncation of Karras et al. (2019, appendix B), on the codes themselves.
    Of codes from N(0, I), those of every generator of this library, the mean is 0: the codes are
    scaled by `psi`, and so come from a Gaussian of standard deviation `psi`. Where they are long
    vectors, the generator was hardly trained on ones so short: how much quality that buys, if any,
    has to be measured. A `StyleGenerator` is told `psi` instead, in its attribute ``truncation``,
    and draws its styles towards their mean, as in the paper; its codes stay as they are.

    Parameters
    ----------
    generator : nn.Module
        Its attribute ``latent_mean``, if there is one, is the mean, a tensor of shape (k,).
    codes : Tensor, shape (N, k)
    psi : float
        From 0 to 1; 1 changes nothing.

    Returns
    -------
    Tensor, shape (N, k)

    Raises
    ------
    ValueError
        If `psi` is out of range.

    Examples
    --------
    >>> truncated(nn.Identity(), torch.tensor([[2.0, -4.0]]), 0.5)
    tensor([[ 1., -2.]])
    """
    if not 0 <= psi <= 1:
        raise ValueError(f"The truncation psi is from 0 (the mean alone) to 1 (none), got {psi}.")
    if hasattr(generator, "truncation"):
        setattr(generator, "truncation", psi)  # noqa: B010 (a module's attributes have no type)
        return codes
    mean = getattr(generator, "latent_mean", None)
    if mean is None:
        return psi * codes
    return torch.lerp(mean.to(codes).expand_as(codes), codes, psi)


@torch.no_grad()
def sample_generator(
    generator: nn.Module, codes: Tensor, batch_size: int = 256, labels: Tensor | None = None
) -> Tensor:
    """Map latent codes (N, latent_dim) to samples (N, *shape) on the CPU, in evaluation mode.

    A conditional generator, which has ``classes``, makes the classes that `labels` (N,) say, or
    else one after the other in turn.
    """
    inputs = [codes]
    if (classes := getattr(generator, "classes", None)) is not None:
        in_turn = torch.arange(len(codes)) % len(classes)
        inputs.append(in_turn if labels is None else labels)
    device = next(generator.parameters()).device
    with evaluating(generator):
        parts = [
            generator(*(part.to(device) for part in rows)).float().cpu()
            for rows in zip(*(each.split(batch_size) for each in inputs), strict=True)
        ]
    return torch.cat(parts)

"""The check-up before training: facts about data and networks, none of them a guess.

Each check looks at one thing, on one batch, and changes nothing. `check_up` runs them all.
"""

from collections.abc import Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..gan import GAN
from ..models.sampling import latent_codes
from .checkup_networks import check_networks
from .checkup_pair import check_pair
from .checkup_samples import (
    check_bottleneck,
    check_data,
    check_discriminator,
    check_numbers,
    check_range,
    check_shapes,
)
from .findings import Finding
from .probe import undisturbed
from .trace import Trace

__all__ = ["check_up"]


@overload
def check_up(
    task: GAN, data: Dataset | Tensor, batch_size: int = 64, steps: int | None = None
) -> list[Finding]: ...


@overload
def check_up(
    task: nn.Module,
    data: nn.Module,
    batch_size: Tensor,
    *,
    noise: Tensor | tuple[Tensor, ...] | None = None,
    labels: Tensor | tuple[Tensor, ...] = (),
    optimizers: Iterable[torch.optim.Optimizer] = (),
    loss: str | None = None,
) -> list[Finding]: ...


def check_up(
    task: Any, data: Any, batch_size: Any = 64, steps: int | None = None, **pair: Any
) -> list[Finding]:
    """Look at a GAN and its data before a training, or in the middle of one.

    Either ``check_up(task, data)``, or for any two networks ``check_up(G, D, batch)``.

    Parameters
    ----------
    task : GAN or nn.Module
        Any task with a ``generator`` that has a ``latent_dim``, and a ``discriminator``; or a
        generator.
    data : Dataset, Tensor or nn.Module
        What it is to be trained on; or the discriminator.
    batch_size : int or Tensor, shape (N, ...)
        Samples in a batch; or a batch of data.
    steps : int, optional
        How long the training is to be; without it the share of the data seen is not looked at.
    noise : Tensor or tuple of Tensor, optional
        Of two networks: what the generator takes, as many as there are samples in the batch. Codes
        of shape (N, z) or (N, z, 1, 1) are drawn where its first layer shows how long they are.
    labels : Tensor or tuple of Tensor, optional
        Of two networks: what the discriminator takes beside the samples.
    optimizers : sequence of Optimizer, optional
        Of two networks: those that are to move them.
    loss : str, optional
        Of two networks: what they are to minimize, as `Watch` takes it.

    Returns
    -------
    list of Finding
        Empty if everything is in order. Of two networks, what depends on the loop is a remark, of
        confidence below one half.

    Raises
    ------
    TypeError
        If the task has no generator and discriminator, or a conditional one.
    ValueError
        If there are no data, or the generator's input cannot be guessed.

    Examples
    --------
    Gray levels from 0 to 255 in front of a tanh:

    >>> from gan_tutorial import GAN, models
    >>> gan = GAN(*models.mlp_pair((1, 8, 8)))
    >>> [finding.fault for finding in check_up(gan, 255 * torch.rand(1000, 1, 8, 8))]
    ['bytes-against-tanh']

    Two networks from elsewhere, and one optimizer that holds both:

    >>> G = nn.Sequential(nn.ConvTranspose2d(16, 1, 8), nn.Tanh())
    >>> D = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    >>> both = torch.optim.Adam([*G.parameters(), *D.parameters()], 1e-3)
    >>> [f.fault for f in check_up(G, D, 2 * torch.rand(64, 1, 8, 8) - 1, optimizers=[both])]
    ['shared-update']
    """
    if isinstance(task, nn.Module) and isinstance(data, nn.Module):
        return check_pair(task, data, batch_size, **pair)
    if pair:
        raise TypeError(f"{next(iter(pair))} is for two networks: check_up(G, D, batch, ...).")
    for part in ("generator", "discriminator"):
        if not isinstance(getattr(task, part, None), nn.Module):
            raise TypeError(
                f"The doctor looks at GANs, and a {type(task).__name__} has no {part}: give a "
                "task with a generator and a discriminator."
            )
    if hasattr(task.generator, "classes"):
        raise TypeError(
            f"The doctor looks at GANs without conditions, and a {type(task).__name__} tells its "
            "networks the class of each sample: train it without the doctor."
        )
    if len(data) == 0:
        raise ValueError("There is nothing to look at: the data set is empty.")
    generator: Any = task.generator
    discriminator = task.discriminator
    device = next(generator.parameters()).device
    real = data[: max(64, 2 * batch_size)].to(device).float()
    codes = latent_codes(len(real), generator.latent_dim).to(device)
    with undisturbed(generator, discriminator), torch.no_grad():
        made = Trace(generator, codes)
        found = [
            *check_numbers(made, real),
            *check_shapes(made, real),
            *check_range(made.last, real),
            *check_bottleneck(made, generator.latent_dim),
            *check_discriminator(discriminator, real),
        ]
    found += check_networks(task, batch_size)
    found += check_data(data, batch_size * getattr(task, "batches_per_step", 1), steps)
    return found

"""The check-up before training: facts about data and networks, none of them a guess.

Each check looks at one thing, on one batch, and changes nothing. `check_up` runs them all.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..gan import GAN
from ..models.sampling import latent_codes
from .checkup_networks import check_networks
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


def check_up(
    task: GAN, data: Dataset | Tensor, batch_size: int = 64, steps: int | None = None
) -> list[Finding]:
    """Look at a GAN and its data before a training, or in the middle of one.

    Parameters
    ----------
    task : GAN
        Or any task with a ``generator`` that has a ``latent_dim``, and a ``discriminator``.
    data : Dataset or Tensor
        What it is to be trained on.
    batch_size : int
        Samples in a batch.
    steps : int, optional
        How long the training is to be; without it the share of the data seen is not looked at.

    Returns
    -------
    list of Finding
        Empty if everything is in order.

    Raises
    ------
    TypeError
        If the task has no generator and discriminator, or a conditional one.
    ValueError
        If there are no data.

    Examples
    --------
    Gray levels from 0 to 255 in front of a tanh:

    >>> from gan_tutorial import GAN, models
    >>> gan = GAN(*models.mlp_pair((1, 8, 8)))
    >>> [finding.fault for finding in check_up(gan, 255 * torch.rand(1000, 1, 8, 8))]
    ['bytes-against-tanh']
    """
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
            *check_range(made, real),
            *check_bottleneck(made, generator.latent_dim),
            *check_discriminator(discriminator, real),
        ]
    found += check_networks(task, batch_size)
    found += check_data(data, batch_size * getattr(task, "batches_per_step", 1), steps)
    return found

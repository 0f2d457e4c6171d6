"""What the signs look at: training samples, fresh fakes, and the logits of both."""

from typing import Any

import torch
from torch import Tensor

from ...models.sampling import latent_codes
from ..case import Outcome

__all__ = ["COUNT", "codes", "fakes", "logits", "reals"]

COUNT = 512  # samples of each kind that are looked at


def reals(outcome: Outcome) -> Tensor:
    """Return the first training samples."""
    return outcome.case.data[:COUNT]


def fakes(outcome: Outcome) -> Tensor:
    """Return fresh fakes, of the latest weights."""
    return outcome.sample(COUNT, seed=1, averaged=False)


def codes(generator: Any, count: int) -> Tensor:
    """Return latent codes, the same for every generator with codes of that length."""
    return latent_codes(count, generator.latent_dim, seed=2)


@torch.no_grad()
def logits(outcome: Outcome) -> tuple[Tensor, Tensor]:
    """Return the discriminator's logits of training samples and of fresh fakes."""
    discriminator = outcome.task.discriminator
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # a discriminator may draw noise
        return discriminator(reals(outcome)), discriminator(fakes(outcome))
